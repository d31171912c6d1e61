"""Enemies and quotas against HiGHS; the cheaper methods against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from irt import BlueprintTree, InvalidRules, Policy, Rules, compile_policy, constraints, population, simulate
from irt.ability import NormalPrior
from irt.constraints import Constraints, absorb, assemble, kingsbury_zara, priority_index
from irt.policy import Method
from irt.shadow import prepare, shadow_test
from tests.irt.world import CUTS, calibrated_bank

N_ITEMS, LENGTH = 60, 10


def world(seed: int, *, testlets: bool = False) -> tuple[BlueprintTree, Constraints, np.ndarray]:
    """Three areas, five groups of enemies, two quotas of which one binds; whole gains, all different."""
    rng = np.random.default_rng(seed)
    area = rng.integers(0, 3, N_ITEMS)
    testlet, position = np.full(N_ITEMS, -1), np.zeros(N_ITEMS, dtype=np.int64)
    if testlets:
        for number in range(2):
            testlet[3 * number : 3 * number + 3], position[3 * number : 3 * number + 3] = number, [0, 1, 2]
    tree = BlueprintTree(
        [-1, 0, 0, 0], [LENGTH, 2, 2, 2], [LENGTH, 5, 5, 5], 1 + area, testlet, position, 1 if testlets else 0
    )
    words = rng.integers(20, 90, N_ITEMS).astype(np.float64)
    pictures = (rng.random(N_ITEMS) < 0.4).astype(np.float64)
    groups = list(rng.permutation(np.arange(6, N_ITEMS))[:20].reshape(5, 4))
    low, high = np.sort(rng.uniform(420, 620, 2))
    rows = Constraints(groups, np.stack([words, pictures]), [low, 3], [high + 30, 5])
    gain = np.rint(rng.lognormal(0, 0.5, N_ITEMS) * 2**20) * 64 + rng.permutation(N_ITEMS)
    return tree, rows, gain


def oracle(tree: BlueprintTree, rows: Constraints, gain: np.ndarray, taken: np.ndarray) -> float | None:
    """The value HiGHS finds, None when there is no test."""
    usable = np.ones(len(gain), dtype=np.bool_)
    members = constraints._members(rows, len(gain))
    problem = constraints._Problem(prepare(tree), rows, gain, taken, LENGTH, usable, members)
    found, sure = constraints._highs(problem, 60.0)
    assert sure or found is None
    return None if found is None else found.objective


@pytest.mark.parametrize("testlets", [False, True], ids=["items", "testlets"])
@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 200))]
)
def test_a_test_under_all_rows_is_as_good_as_the_one_of_highs(seed: int, testlets: bool) -> None:
    tree, rows, gain = world(seed, testlets=testlets)
    best = oracle(tree, rows, gain, np.zeros(0, dtype=np.int64))
    layout = prepare(tree)
    found = assemble(layout, rows, gain, [], LENGTH, max_solves=3000)
    if best is None:
        assert found.unmet or rows.broken(found.shadow.items)
        return
    assert found.proven
    assert found.unmet == ()
    assert rows.broken(found.shadow.items) == 0
    # HiGHS works to a relative tolerance; ours is exact, so it can only be better.
    assert found.shadow.objective >= best * (1 - 1e-9)
    taken = found.shadow.items[: seed % 8]
    other = gain[::-1].copy()
    again = assemble(layout, rows, other, taken, LENGTH, max_solves=3000)
    value = oracle(tree, rows, other, taken)
    assert value is not None
    assert set(taken) <= set(again.shadow.items)
    assert rows.broken(again.shadow.items) == 0
    assert again.shadow.objective >= value * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_enemies_across_areas_need_no_quota_beside_them(seed: int) -> None:
    tree, _, gain = world(seed)
    rng = np.random.default_rng(seed)
    rows = Constraints([rng.permutation(N_ITEMS)[:6] for _ in range(10)])
    wider, left = absorb(tree, rows)
    layout = prepare(wider)
    assert left.enemies
    assert rows.broken(shadow_test(layout, gain, [], LENGTH).items) > 0
    found = assemble(layout, left, gain, [], LENGTH)
    best = oracle(wider, left, gain, np.zeros(0, dtype=np.int64))
    assert best is not None
    assert rows.broken(found.shadow.items) == 0
    assert found.proven
    assert found.shadow.objective >= best * (1 - 1e-9)


def test_exchanges_prove_a_test_without_a_tree_of_branches() -> None:
    # 31 on average, 89 at worst, when only single exchanges are tried.
    solves = []
    for seed in range(12):
        tree, rows, gain = world(seed)
        found = assemble(prepare(tree), rows, gain, [], LENGTH, max_solves=3000)
        assert found.proven
        solves.append(found.solves)
    assert np.mean(solves) < 15
    assert max(solves) < 30


def test_highs_takes_over_where_the_search_is_cut_short() -> None:
    for seed in range(40):
        tree, rows, gain = world(seed)
        full = assemble(prepare(tree), rows, gain, [], LENGTH, max_solves=3000)
        if full.solves < 40 or full.unmet:
            continue
        short = assemble(prepare(tree), rows, gain, [], LENGTH, max_solves=5)
        assert short.proven
        assert short.shadow.objective == pytest.approx(full.shadow.objective, rel=1e-6)
        return
    raise AssertionError("no instance is hard")


def test_enemies_of_one_leaf_become_a_node_and_need_no_search() -> None:
    tree, _, gain = world(1)
    area = np.flatnonzero(tree.leaf == 1)
    other = np.flatnonzero(tree.leaf == 2)
    wider, rows = absorb(tree, Constraints([area[:4], [int(area[5]), int(other[0])]]))
    assert len(wider.parent) == len(tree.parent) + 1
    assert wider.leaf[area[:4]].tolist() == [4] * 4
    assert [group.tolist() for group in rows.enemies] == [sorted([int(area[5]), int(other[0])])]
    gain[area[:4]] += gain.max()
    test = shadow_test(prepare(wider), gain, [], LENGTH)
    assert np.isin(area[:4], test.items).sum() == 1


def test_quotas_that_no_test_meets_are_dropped_and_named() -> None:
    tree, rows, gain = world(2)
    table = np.concatenate([rows.coefficients[1:], np.ones((1, N_ITEMS))])
    found = assemble(
        prepare(tree), Constraints([], table, [0, LENGTH + 1], [LENGTH, LENGTH + 2]), gain, [], LENGTH
    )
    assert found.unmet == (1,)
    assert len(found.shadow.items) == LENGTH


def test_malformed_constraints_are_refused_by_name() -> None:
    tree, _, _ = world(1)
    for build, name in (
        (lambda: Constraints([[3]]), "enemies"),
        (lambda: Constraints([], [[1.0, 2.0]], [0.0], []), "coefficients"),
        (lambda: Constraints([], [[np.nan]], [0.0], [1.0]), "coefficients"),
        (lambda: Constraints([], [[1.0]], [2.0], [1.0]), "upper"),
        (lambda: absorb(tree, Constraints([[1, 600]])), "enemies"),
        (lambda: absorb(tree, Constraints([], [[1.0]], [0.0], [1.0])), "coefficients"),
    ):
        with pytest.raises(InvalidRules, match=name):
            build()


def design(**rules: Any) -> Policy:
    bank = calibrated_bank(N_ITEMS)
    tree, _, _ = world(3)
    held: dict[str, Any] = {"length": LENGTH, "minimum_length": LENGTH, "cuts": CUTS}
    return compile_policy(bank, tree, Rules(**held | rules))


PEOPLE = population(12, prior=NormalPrior(), seed=4)


def test_a_whole_simulation_keeps_enemies_apart_and_meets_the_quotas() -> None:
    _, rows, _ = world(3)
    groups = [*rows.enemies, np.flatnonzero(world(3)[0].leaf == 1)[:3]]
    held = Constraints(groups, rows.coefficients, [480.0, 3.0], [540.0, 5.0])
    result = simulate(design(constraints=held), PEOPLE, seed=4, warm=False)
    plain = simulate(design(), PEOPLE, seed=4, warm=False)
    assert all(held.broken(items) == 0 for items in result.sittings.items)
    assert any(held.broken(items) > 0 for items in plain.sittings.items)
    assert result.blueprint_violations == 0
    assert result.relaxed == 0


def test_steps_under_constraints_are_pure_and_say_what_was_proven() -> None:
    _, rows, _ = world(3)
    policy = design(constraints=Constraints(rows.enemies, rows.coefficients, [480.0, 3.0], [540.0, 5.0]))
    step = policy.step([4, 9], [1, 0], seed=3)
    assert step == policy.step([4, 9], [1, 0], seed=3)
    assert step.proven
    assert step.unmet == ()


def test_constraints_that_no_test_can_meet_are_refused_when_compiling() -> None:
    with pytest.raises(InvalidRules, match="quota 0"):
        design(constraints=Constraints([], np.ones((1, N_ITEMS)), [11.0], [12.0]))
    with pytest.raises(InvalidRules, match="constraints"):
        design(constraints=Constraints([[1, 2]]), method=Method.PRIORITY_INDEX)


def test_kingsbury_and_zara_ask_the_area_farthest_below_its_share() -> None:
    targets = np.array([0.5, 0.3, 0.2])
    every = np.ones(3, dtype=np.bool_)
    assert kingsbury_zara(targets, np.array([2, 4, 2]), every) == 0
    assert kingsbury_zara(targets, np.array([5, 3, 0]), every) == 2
    assert kingsbury_zara(targets, np.array([1, 4, 2]), np.array([False, True, True])) == 2
    assert kingsbury_zara(targets, np.array([1, 1, 1]), ~every) is None


def test_the_priority_index_is_the_gain_times_the_room_in_each_row() -> None:
    # 2 of 4 items given, both in row 1 (1 to 3 items), none in row 2 (2 to 4 items)
    value = priority_index(
        np.array([0.6, 0.5]),
        np.array([[1], [2]]),
        np.array([4, 1, 2]),
        np.array([4, 3, 4]),
        np.array([2, 2, 0]),
    )
    first = 0.6 * (3 - 2) / 3 * ((4 - 1) - (2 - 2)) / (4 - 1)
    second = 0.5 * (4 - 0) / 4 * ((4 - 2) - (2 - 0)) / (4 - 2)
    assert value == pytest.approx([first, second])


@pytest.mark.parametrize(
    "method", [Method.KINGSBURY_ZARA, Method.PRIORITY_INDEX], ids=lambda method: method.value
)
def test_cheaper_methods_balance_content_and_the_shadow_test_measures_better(method: Method) -> None:
    cheap = simulate(design(method=method), PEOPLE, seed=4, warm=False)
    tree, _, _ = world(3)
    counts = np.stack([np.bincount(tree.leaf[items], minlength=4)[1:] for items in cheap.sittings.items])
    assert (counts <= 5).all()
    assert (counts.mean(axis=0) > 2).all()
    assert len({tuple(sorted(row)) for row in cheap.sittings.items.tolist()}) > 3
