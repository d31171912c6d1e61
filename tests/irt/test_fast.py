"""Compiled or not, every choice is the same; without numba everything works."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from irt import (
    Eligibility,
    ItemParameters,
    NormalPrior,
    Policy,
    PrecisionStop,
    Rules,
    compile_policy,
    fast,
    population,
)
from irt import simulate as simulated
from irt.selection import Criterion
from irt.shadow import prepare, shadow_tests
from tests.conftest import ROOT
from tests.irt.test_shadow_oracle import random_instance
from tests.irt.world import (
    CUTS,
    calibrated_bank,
    certification,
    flat_tree,
    provisional_bank,
)

INSTALLED = find_spec("numba") is not None
BANK, CALIBRATED = provisional_bank(180), calibrated_bank(270)
PEOPLE = population(100, prior=NormalPrior(sd=1.3), seed=5)
N_INSTANCES = 1_000

BANDS = Eligibility(np.random.default_rng(3).uniform(0.2, 1.0, (3, 180)), np.array([-0.5, 0.5]))
WIDE = Eligibility(np.full((1, 270), 0.4), np.zeros(0))


def stopping(**rules: Any) -> Policy:
    tree = flat_tree(180, 5, 32)
    return compile_policy(BANK, tree, Rules(length=32, minimum_length=5, cuts=CUTS, **rules))


def free(bank: ItemParameters, length: int) -> Policy:
    tree = flat_tree(len(bank), length, length)
    rules = Rules(length=length, minimum_length=length, cuts=CUTS, criterion=Criterion.MFI)
    return compile_policy(bank, tree, rules)


def plain_bank(n_items: int) -> ItemParameters:
    drawn = calibrated_bank(n_items)
    return ItemParameters(drawn.a, drawn.b, np.zeros(n_items), np.ones(n_items))


DESIGNS = {
    "provisional": certification(BANK),
    "calibrated": certification(CALIBRATED),
    "eligibility": certification(CALIBRATED, eligibility=WIDE),
    "eligibility by band": certification(BANK, eligibility=BANDS),
    "testlets": certification(CALIBRATED, testlets=9),
    "testlets preferred": certification(BANK, testlets=8, prefer_testlets=True),
    "testlets, eligibility by band": certification(BANK, testlets=8, eligibility=BANDS),
    "testlets preferred, eligibility": certification(
        CALIBRATED, testlets=11, prefer_testlets=True, eligibility=WIDE
    ),
    "randomesque": certification(BANK, randomesque=(5, 4, 3)),
    "progressive": certification(CALIBRATED, criterion=Criterion.PROGRESSIVE),
    "per second": certification(CALIBRATED, seconds=np.linspace(20.0, 90.0, 270)),
    "precision": stopping(stopping=(PrecisionStop(0.45),)),
    "most informative": stopping(criterion=Criterion.MFI),
    "most informative, 2PL": free(plain_bank(300), 40),
    "most informative, 4PL": free(CALIBRATED, 40),
    "most informative, the whole bank": free(plain_bank(60), 60),
    "most informative, far from everybody": free(
        ItemParameters(np.full(90, 0.4), np.linspace(11, 20, 90), np.zeros(90), np.ones(90)), 20
    ),
    "most informative, eligibility": stopping(criterion=Criterion.MFI, eligibility=BANDS),
}


@pytest.mark.skipif(not INSTALLED, reason="numba is not installed")
@pytest.mark.parametrize("design", DESIGNS)
def test_whole_sittings_are_the_same_to_the_last_item(design: str) -> None:
    policy = DESIGNS[design]
    one, two = (simulated(policy, PEOPLE, seed=7, compiled=compiled).sittings for compiled in (True, False))
    for name, compiled, arrays in zip(one._fields, one, two, strict=True):
        assert np.array_equal(compiled, arrays, equal_nan=True), name
    assert (one.length > 0).all()


@pytest.mark.skipif(not INSTALLED, reason="numba is not installed")
@pytest.mark.parametrize("design", ["most informative, 2PL", "testlets"])
def test_answers_may_come_from_other_parameters_than_the_choices(design: str) -> None:
    policy = DESIGNS[design]
    drawn = calibrated_bank(len(policy.parameters), seed=9)
    one, two = (
        simulated(policy, PEOPLE, seed=8, truth=drawn, compiled=compiled).sittings
        for compiled in (True, False)
    )
    assert np.array_equal(one.items, two.items)
    assert np.array_equal(one.scores, two.scores)


@pytest.mark.skipif(not INSTALLED, reason="numba is not installed")
@pytest.mark.parametrize("design", ["testlets preferred, eligibility", "eligibility by band"])
def test_withdrawn_items_make_no_difference_between_the_two(design: str) -> None:
    policy = DESIGNS[design]
    available = np.random.default_rng(2).random(len(policy.parameters)) < 0.55
    one, two = (
        simulated(policy, PEOPLE[:80], seed=7, available=available, compiled=compiled).sittings
        for compiled in (True, False)
    )
    assert np.array_equal(one.items, two.items)
    assert np.array_equal(one.relaxed, two.relaxed)


def assert_same_tests(n_instances: int, seed: int) -> tuple[int, int]:
    """Compare on random trees; how many could be served, and how many had testlets to choose from."""
    feasible = testlets = 0
    for index in range(n_instances):
        rng = np.random.default_rng([seed, index])
        instance = random_instance(rng)
        n_items = len(instance.gain)
        # Priorities: whole numbers, no two equal, ineligible items far below.
        order = np.argsort(np.argsort(instance.gain, kind="stable")).astype(float)
        order[instance.gain < -100] -= 64.0 * n_items
        gain = np.stack([order, np.where(order < 0, order, rng.permutation(n_items)), order[::-1]])
        gain[2] = np.argsort(np.argsort(gain[2]))
        layout = prepare(instance.tree, instance.rank)
        taken = np.tile(np.array(instance.taken, dtype=np.int64), (3, 1))
        assert fast.solves(layout)
        distinct = [len(set(row.tolist())) == n_items for row in gain]
        gain, taken = gain[distinct], taken[distinct]
        ours = fast.shadow_tests(layout, gain, taken, instance.length, available=instance.available)
        arrays = shadow_tests(layout, gain, taken, instance.length, available=instance.available)
        assert np.array_equal(ours.feasible, arrays.feasible), [seed, index]
        rows = arrays.feasible
        assert np.array_equal(ours.items[rows], arrays.items[rows]), [seed, index]
        assert np.array_equal(ours.objective[rows], arrays.objective[rows]), [seed, index]
        feasible += bool(rows[0])
        testlets += instance.tree.testlet.max() >= 0 and instance.tree.max_testlets > 0
    return feasible, testlets


@pytest.mark.skipif(not INSTALLED, reason="numba is not installed")
def test_shadow_tests_on_random_trees_are_those_of_the_arrays() -> None:
    feasible, testlets = assert_same_tests(N_INSTANCES, seed=11)
    assert feasible >= N_INSTANCES / 2
    assert testlets >= N_INSTANCES / 3


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="numba is not installed")
@pytest.mark.timeout(1800)
def test_shadow_tests_on_many_random_trees_are_those_of_the_arrays() -> None:
    feasible, testlets = assert_same_tests(20_000, seed=12)
    assert feasible >= 10_000
    assert testlets >= 20_000 / 3


@pytest.mark.skipif(not INSTALLED, reason="numba is not installed")
@pytest.mark.parametrize("largest", [0.0, 5e-320, 3e-200, 0.25, 0.3, 7e200])
def test_priorities_are_those_of_the_policy_for_gains_of_every_size(largest: float) -> None:
    policy = DESIGNS["testlets preferred, eligibility"]
    rng = np.random.default_rng(4)
    gain = rng.random((5, 270)) * largest
    gain[:, :9] = gain[:, :1]  # ties
    draws = policy.draws_each(np.arange(5, dtype=np.uint64))
    barred = rng.random((5, 270)) < 0.4
    for mask in (None, barred):
        expected = policy.priorities(gain, draws.ranks, mask)
        assert np.array_equal(fast.priorities(policy, gain, draws.ranks, mask), expected)
    assert draws.eligibility is not None
    one, two = (way(policy, np.zeros(5), draws.eligibility) for way in (Policy.ineligible, fast.ineligible))
    assert one is not None
    assert two is not None
    assert np.array_equal(one, two)


def test_a_function_whose_code_can_be_kept_nowhere_is_compiled_all_the_same() -> None:
    space: dict[str, Any] = {}
    exec("def double(x):\n    return 2 * x\n", space)  # has no file beside which it could be kept
    assert fast._compiled(space["double"])(21) == 42


WITHOUT_NUMBA = """
import hashlib, sys
sys.modules["numba"] = None
from irt import InvalidParameters, simulate
from tests.irt.test_fast import DESIGNS, INSTALLED, PEOPLE
assert not INSTALLED
for design in sys.argv[1:]:
    items = simulate(DESIGNS[design], PEOPLE[:40], seed=7, warm=False).sittings.items
    print(hashlib.sha256(items.tobytes()).hexdigest())
try:
    simulate(DESIGNS[design], PEOPLE[:1], seed=7, compiled=True)
except InvalidParameters as error:
    print(error)
"""


def test_without_numba_the_same_items_are_chosen_and_machine_code_is_refused() -> None:
    designs = ["testlets preferred, eligibility", "most informative"]
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMBA, *designs], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for design, line in zip(designs, told, strict=False):
        items = simulated(DESIGNS[design], PEOPLE[:40], seed=7, warm=False).sittings.items
        assert line == hashlib.sha256(items.tobytes()).hexdigest()
    assert told[-1] == "compiled: needs numba: install palier[fast]"


def test_a_process_that_serves_does_not_load_numba() -> None:
    code = "import sys, app.main; sys.exit('numba' in sys.modules)"
    assert not subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode
