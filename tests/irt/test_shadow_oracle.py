"""The greedy merge against two oracles that share nothing with it: HiGHS, and brute force when tiny."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from irt.shadow import BlueprintTree, ShadowTest, prepare, shadow_test, shadow_tests, violations
from irt.types import BoolArray, FloatArray, IntArray

N_DEFAULT = 600
N_SLOW = (5_000, 20_000)
N_TINY = 400
BIG_M = 1e4  # what an ineligible item loses


@dataclass(frozen=True)
class Instance:
    tree: BlueprintTree
    gain: FloatArray
    taken: list[int]
    length: int
    available: BoolArray | None
    rank: IntArray | None


def random_tree(rng: np.random.Generator, n_nodes: int) -> IntArray:
    """Half of the time the usual shape (children before grandchildren, leaves as deep), else any tree."""
    parent = np.full(n_nodes, -1)
    for node in range(1, n_nodes):
        shallow = rng.random() < 0.5
        parent[node] = rng.integers(0, max(1, node // 3) if shallow else node)
    return parent


def below(tree: BlueprintTree, node: int) -> BoolArray:
    """Items in the subtree of a node."""
    inside = {node}
    for child in range(node + 1, len(tree.parent)):
        if int(tree.parent[child]) in inside:
            inside.add(child)
    return np.isin(tree.leaf, list(inside))


def random_instance(rng: np.random.Generator, *, tiny: bool = False) -> Instance:
    n_nodes = int(rng.integers(1, 6 if tiny else 26))
    n_items = int(rng.integers(3, 11 if tiny else 90))
    parent = random_tree(rng, n_nodes)
    outer = np.setdiff1d(np.arange(n_nodes), parent) if rng.random() < 0.7 else np.arange(n_nodes)
    leaf = rng.choice(outer, n_items)
    testlet = np.full(n_items, -1)
    position = np.zeros(n_items, dtype=np.int64)
    max_testlets = 0
    barred = rng.random() < 0.4
    if barred or rng.random() < 0.6:
        n_testlets = int(rng.integers(1, 3 if tiny else 8))
        shuffled = rng.permutation(n_items)
        start = 0
        for number in range(n_testlets):
            size = int(rng.integers(1, 3 if tiny else 5))
            members = shuffled[start : start + size]
            if rng.random() < 0.5:
                leaf[members] = leaf[members[:1]]
            testlet[members], position[members] = number, rng.permutation(len(members))
            start += size
        max_testlets = int(rng.integers(barred, 4))

    gain = rng.normal(size=n_items) if rng.random() < 0.5 else rng.gamma(2.0, 0.1, size=n_items)
    if barred:
        # Drawn ineligible, a testlet as a whole; testlets are worth their place as often as not.
        unit = np.where(testlet < 0, n_items + np.arange(n_items), testlet)
        gain[testlet >= 0] *= rng.uniform(0.5, 3.0)
        gain[(rng.random(2 * n_items) < rng.uniform(0.1, 0.8))[unit]] -= BIG_M
    elif rng.random() < 0.3:
        gain[rng.random(n_items) < 0.3] -= BIG_M
    if rng.random() < 0.3:
        gain = np.round(gain * 4)
    available = rng.random(n_items) < rng.uniform(0.6, 1.0) if rng.random() < 0.5 else None

    # Bounds are drawn around a test that exists, so that most are feasible; then some are tightened.
    whole = [np.flatnonzero(testlet == number) for number in range(testlet.max() + 1)]
    usable = np.ones(n_items, dtype=bool) if available is None else available
    rng.shuffle(whole)
    begun = [members for members in whole if usable[members].all()][: int(rng.integers(0, max_testlets + 1))]
    alone = rng.permutation(np.flatnonzero((testlet < 0) & usable))
    witness = np.concatenate([*begun, alone[: int(rng.integers(0, len(alone) + 1))]]).astype(int)
    length = len(witness)
    taken: list[int] = []
    if length and rng.random() < 0.7:
        taken = rng.permutation(witness)[: int(rng.integers(0, length))].tolist()
    lower, upper = np.zeros(n_nodes, dtype=np.int64), np.zeros(n_nodes, dtype=np.int64)
    blank = BlueprintTree(parent, lower, upper, leaf, testlet, position, max_testlets)
    slack = int(rng.integers(0, 4))
    for node in range(n_nodes):
        count = int(below(blank, node)[witness].sum())
        lower[node] = max(0, count - int(rng.integers(0, slack + 1)))
        upper[node] = count + int(rng.integers(0, slack + 1))
        if rng.random() < 0.3:
            lower[node] = 0
        if rng.random() < 0.2:
            upper[node] = n_items
        if rng.random() < 0.02:
            upper[node] += 1
            lower[node] = upper[node]
        if rng.random() < 0.02:
            upper[node] = max(lower[node], upper[node] - 2)
    lower[0], upper[0] = min(int(lower[0]), length), max(length, 1)
    if rng.random() < 0.05 and available is not None:
        taken = rng.permutation(n_items)[: len(taken)].tolist()
    rank = rng.permutation(n_items) if rng.random() < 0.3 else None
    tree = BlueprintTree(parent, lower, upper, leaf, testlet, position, max_testlets)
    return Instance(tree, gain, taken, length, available, rank)


def solve(instance: Instance) -> ShadowTest:
    return shadow_test(
        prepare(instance.tree, instance.rank),
        instance.gain,
        instance.taken,
        instance.length,
        available=instance.available,
    )


def fixed_and_closed(instance: Instance) -> tuple[BoolArray, BoolArray]:
    """Items that must be in the test, and items that must not: the plain reading of the rules."""
    tree = instance.tree
    n_items = len(tree.leaf)
    usable = np.ones(n_items, dtype=bool) if instance.available is None else instance.available
    fixed, closed = np.zeros(n_items, dtype=bool), ~usable
    fixed[instance.taken] = True
    for number in np.unique(tree.testlet[tree.testlet >= 0]):
        members = tree.testlet == number
        if members[instance.taken].any():
            fixed |= members & usable
        elif not usable[members].all():
            closed |= members
    return fixed, closed & ~fixed


def highs(instance: Instance, node: int = 0) -> float | None:
    """Best sum of gains by mixed-integer programming over the rows of one subtree; None when infeasible."""
    tree = instance.tree
    n_items = len(tree.leaf)
    fixed, closed = fixed_and_closed(instance)
    numbers = np.unique(tree.testlet[tree.testlet >= 0])
    n_testlets = len(numbers)
    rows: list[FloatArray] = []
    low: list[float] = []
    high: list[float] = []
    inside = {node}
    for child in range(node + 1, len(tree.parent)):
        if int(tree.parent[child]) in inside:
            inside.add(child)
    for row in sorted(inside):
        rows.append(np.concatenate([below(tree, row), np.zeros(n_testlets)]).astype(float))
        low.append(float(tree.lower[row]))
        high.append(float(tree.upper[row]))
    if node == 0:
        rows.append(np.concatenate([np.ones(n_items), np.zeros(n_testlets)]))
        low.append(instance.length)
        high.append(instance.length)
    started = 0
    for index, number in enumerate(numbers):
        members = np.flatnonzero(tree.testlet == number)
        if fixed[members].any():
            started += 1
            continue
        for member in members:
            same = np.zeros(n_items + n_testlets)
            same[member], same[n_items + index] = 1, -1
            rows.append(same)
            low.append(0)
            high.append(0)
    rows.append(np.concatenate([np.zeros(n_items), np.ones(n_testlets)]))
    low.append(-np.inf)
    high.append(tree.max_testlets - started)
    if started > tree.max_testlets:
        return None
    answer = milp(
        -np.concatenate([instance.gain, np.zeros(n_testlets)]),
        integrality=np.ones(n_items + n_testlets, dtype=np.int64),
        bounds=Bounds(
            np.concatenate([fixed, np.zeros(n_testlets)]).astype(float),
            np.concatenate([~closed, np.ones(n_testlets)]).astype(float),
        ),
        constraints=LinearConstraint(np.array(rows), np.array(low), np.array(high)),
        options={"mip_rel_gap": 0.0},
    )
    if answer.status == 2:
        return None
    assert answer.status == 0, answer.message
    chosen = np.flatnonzero(np.round(answer.x[:n_items]) == 1)
    return float(instance.gain[chosen].sum())


def check(instance: Instance) -> Counter[str]:
    """Compare with HiGHS; what the instance exercised."""
    ours, theirs = solve(instance), highs(instance)
    assert ours.feasible == (theirs is not None)
    if theirs is None:
        assert ours.node is not None
        if ours.node or not started_too_many(instance):
            assert highs(instance, ours.node) is None
            for child in np.flatnonzero(instance.tree.parent == ours.node):
                assert highs(instance, int(child)) is not None
        assert ours.needed is not None
        assert ours.available_count is not None
        assert ours.needed > ours.available_count
    else:
        assert ours.objective == pytest.approx(theirs, abs=1e-9, rel=1e-9)
        assert_meets_every_rule(instance, ours)
    many = shadow_tests(
        prepare(instance.tree, instance.rank),
        np.array([instance.gain]),
        np.array([instance.taken], dtype=np.int64).reshape(1, -1),
        instance.length,
        available=instance.available,
    )
    assert bool(many.feasible[0]) == ours.feasible
    if ours.feasible:
        assert many.items[0].tolist() == ours.items.tolist()
        assert float(many.objective[0]) == ours.objective
    facts: dict[str, Any] = {
        "feasible": ours.feasible,
        "testlets": instance.tree.testlet.max() >= 0,
        "choice of testlets": instance.tree.testlet.max() >= 0 and instance.tree.max_testlets > 0,
        "taken": bool(instance.taken),
        "unavailable": instance.available is not None and not instance.available.all(),
        "negative": bool((instance.gain < 0).any()),
        "big M": bool((instance.gain < -BIG_M / 2).any()),
        "big M with a choice of testlets": bool(
            (instance.gain < -BIG_M / 2).any()
            and instance.tree.testlet.max() >= 0
            and instance.tree.max_testlets > 0
        ),
        "deep": len(instance.tree.parent) > 6,
    }
    return Counter(name for name, holds in facts.items() if holds)


def started_too_many(instance: Instance) -> bool:
    started = set(instance.tree.testlet[instance.taken].tolist()) - {-1}
    return len(started) > instance.tree.max_testlets


def assert_meets_every_rule(instance: Instance, test: ShadowTest) -> None:
    fixed, closed = fixed_and_closed(instance)
    assert len(set(test.items.tolist())) == instance.length
    assert test.items[: len(instance.taken)].tolist() == instance.taken
    assert set(np.flatnonzero(fixed)) <= set(test.items.tolist())
    assert not closed[test.items].any()
    new = instance.gain[test.items[int(fixed.sum()) :]]
    assert (np.diff(new) <= 0).all()
    withdrawn = fixed_testlets_cut_short(instance)
    assert violations(instance.tree, test.items) == withdrawn


def fixed_testlets_cut_short(instance: Instance) -> int:
    fixed, _ = fixed_and_closed(instance)
    started = set(instance.tree.testlet[instance.taken].tolist()) - {-1}
    return sum(not fixed[instance.tree.testlet == number].all() for number in started)


def sweep(n_instances: int, seed: int) -> Counter[str]:
    total: Counter[str] = Counter()
    for index in range(n_instances):
        instance = random_instance(np.random.default_rng([seed, index]))
        try:
            total += check(instance)
        except AssertionError as error:
            raise AssertionError(f"seed {[seed, index]}: {error}") from error
    return total


def assert_spread(total: Counter[str], n_instances: int) -> None:
    assert 0.5 <= total["feasible"] / n_instances <= 0.95
    assert total["testlets"] >= n_instances / 3
    assert total["big M with a choice of testlets"] >= 0.3 * n_instances
    for fact in ("choice of testlets", "taken", "unavailable", "negative", "deep"):
        assert total[fact] >= n_instances / 5, fact


def test_objective_and_feasibility_equal_those_of_highs() -> None:
    assert_spread(sweep(N_DEFAULT, seed=1), N_DEFAULT)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("n_instances", N_SLOW)
def test_objective_and_feasibility_equal_those_of_highs_on_many_instances(n_instances: int) -> None:
    assert_spread(sweep(n_instances, seed=n_instances), n_instances)


def brute_force(instance: Instance) -> float | None:
    """Best sum of gains over every subset of the right size."""
    fixed, closed = fixed_and_closed(instance)
    required = np.flatnonzero(fixed).tolist()
    free = np.flatnonzero(~fixed & ~closed).tolist()
    room = instance.length - len(required)
    allowed = fixed_testlets_cut_short(instance)
    if room < 0:
        return None
    sums = [
        float(instance.gain[[*required, *extra]].sum())
        for extra in combinations(free, room)
        if violations(instance.tree, [*required, *extra]) == allowed
    ]
    return max(sums, default=None)


def test_tiny_instances_equal_brute_force() -> None:
    feasible = 0
    for index in range(N_TINY):
        instance = random_instance(np.random.default_rng([7, index]), tiny=True)
        ours, best = solve(instance), brute_force(instance)
        assert ours.feasible == (best is not None), index
        if best is not None:
            feasible += 1
            assert ours.objective == pytest.approx(best, abs=1e-9, rel=1e-9), index
    assert feasible >= N_TINY / 2
