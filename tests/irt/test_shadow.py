"""The shadow test: what its rules promise, one by one; the oracles stand in test_shadow_oracle."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from irt.errors import InfeasibleBlueprint, InvalidBlueprint, InvalidParameters, InvalidResponses
from irt.shadow import (
    BlueprintTree,
    Layout,
    owed_items,
    prepare,
    shadow_test,
    shadow_tests,
    tree_minima_met,
    violations,
    violations_each,
)
from irt.types import FloatArray
from tests.irt.test_shadow_oracle import Instance, brute_force, highs, random_instance, solve


def small_tree(**changes: Any) -> BlueprintTree:
    """A root, two domains with two topics each, three items a topic: items 0-2, 3-5 | 6-8, 9-11."""
    fields: dict[str, Any] = {
        "parent": [-1, 0, 0, 1, 1, 2, 2],
        "lower": [3, 1, 1, 0, 0, 0, 0],
        "upper": [4, 3, 3, 2, 2, 2, 2],
        "leaf": [3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6],
        "testlet": [-1] * 12,
        "testlet_position": [0] * 12,
        "max_testlets": 0,
    }
    return BlueprintTree(**(fields | changes))


def testlet_tree(**changes: Any) -> BlueprintTree:
    """The small tree with testlet 0 = items 5, 8 (in the order 8, 5) and testlet 1 = items 10, 11."""
    testlet, position = [-1] * 12, [0] * 12
    testlet[5], testlet[8], testlet[10], testlet[11] = 0, 0, 1, 1
    position[5], position[8], position[10], position[11] = 2, 1, 1, 2
    return small_tree(**({"testlet": testlet, "testlet_position": position, "max_testlets": 1} | changes))


testlet_tree.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture(name="layout")
def small_layout() -> Layout:
    return prepare(small_tree())


def falling() -> FloatArray:
    return np.arange(12, 0, -1) / 10


def test_the_best_items_are_taken_within_the_bounds_of_every_node(layout: Layout) -> None:
    test = shadow_test(layout, falling(), [], 4)
    assert test.feasible
    assert test.items.tolist() == [0, 1, 3, 6]
    assert test.objective == pytest.approx(1.2 + 1.1 + 0.9 + 0.6)
    assert (test.node, test.needed, test.available_count) == (None, None, None)


def test_items_taken_come_first_in_their_order_then_new_items_by_decreasing_gain(layout: Layout) -> None:
    assert shadow_test(layout, falling(), [9, 2], 4).items.tolist() == [9, 2, 0, 3]


def test_an_item_taken_stays_even_when_it_is_withdrawn_afterwards(layout: Layout) -> None:
    available = np.ones(12, dtype=np.bool_)
    available[[0, 2]] = False
    test = shadow_test(layout, falling(), [2], 4, available=available)
    assert test.items.tolist() == [2, 1, 3, 6]


def test_ineligible_items_with_a_large_negative_gain_are_used_only_when_nothing_else_meets_the_rows(
    layout: Layout,
) -> None:
    gain = falling()
    gain[:6] -= 1e6
    test = shadow_test(layout, gain, [], 4)
    assert sorted(test.items.tolist()) == [0, 6, 7, 9]


def test_ties_go_to_the_lowest_index_or_to_the_lowest_rank_given() -> None:
    gain = np.ones(12)
    assert shadow_test(prepare(small_tree()), gain, [], 4).items.tolist() == [0, 1, 3, 6]
    backwards = prepare(small_tree(), rank=range(11, -1, -1))
    assert shadow_test(backwards, gain, [], 4).items.tolist() == [11, 10, 8, 5]


def test_among_equal_tests_the_one_of_lowest_ranks_is_found_whatever_the_shape_of_the_tree() -> None:
    compared = 0
    for index in range(200):
        rng = np.random.default_rng([11, index])
        drawn = random_instance(rng, tiny=True)
        n = len(drawn.gain)
        tree = BlueprintTree(
            drawn.tree.parent, drawn.tree.lower, drawn.tree.upper, drawn.tree.leaf, [-1] * n, [0] * n, 0
        )
        rank = rng.permutation(n)
        gain = rng.integers(0, 3, n).astype(float)
        plain = Instance(tree, gain, drawn.taken, drawn.length, drawn.available, rank)
        test = solve(plain)
        if test.feasible:
            compared += 1
            # One unit of gain outweighs all the ranks; a low rank outweighs all higher ones.
            broken = Instance(
                tree, gain * 2.0**n + 2.0 ** (n - 1 - rank), drawn.taken, drawn.length, drawn.available, None
            )
            assert brute_force(broken) == broken.gain[test.items].sum(), index
    assert compared > 100


def test_renumbering_the_items_and_carrying_their_ranks_along_gives_the_same_test() -> None:
    for index in range(150):
        rng = np.random.default_rng([12, index])
        drawn = random_instance(rng)
        n = len(drawn.gain)
        rank = np.arange(n)
        gain = np.round(drawn.gain)
        first = solve(Instance(drawn.tree, gain, drawn.taken, drawn.length, drawn.available, rank))
        new_of_old = rng.permutation(n)
        old_of_new = np.argsort(new_of_old)
        tree = BlueprintTree(
            drawn.tree.parent,
            drawn.tree.lower,
            drawn.tree.upper,
            drawn.tree.leaf[old_of_new],
            drawn.tree.testlet[old_of_new],
            drawn.tree.testlet_position[old_of_new],
            drawn.tree.max_testlets,
        )
        available = None if drawn.available is None else drawn.available[old_of_new]
        taken = new_of_old[drawn.taken].tolist()
        second = solve(Instance(tree, gain[old_of_new], taken, drawn.length, available, rank[old_of_new]))
        assert second.feasible == first.feasible
        assert second.items.tolist() == new_of_old[first.items].tolist()


@pytest.mark.parametrize(
    ("changes", "taken", "length", "node", "needed", "available"),
    [
        ({"lower": [3, 3, 1, 0, 0, 0, 0], "upper": [4, 3, 3, 1, 1, 2, 2]}, [], 4, 1, 3, 2),
        ({"lower": [3, 1, 1, 2, 2, 0, 0]}, [], 4, 1, 4, 3),
        ({"lower": [3, 3, 3, 0, 0, 0, 0]}, [], 4, 0, 6, 4),
        ({"upper": [4, 1, 1, 2, 2, 2, 2]}, [], 4, 0, 4, 2),
        ({}, [], 5, 0, 5, 4),
        ({}, [], 2, 0, 3, 2),
        ({}, [0, 1, 2], 4, 3, 3, 2),
        ({}, [0, 1, 3, 6, 9], 4, 0, 5, 4),
    ],
)
def test_the_row_that_cannot_be_met_is_named_with_what_it_needs_and_what_it_can_have(
    changes: dict[str, Any], taken: list[int], length: int, node: int, needed: int, available: int
) -> None:
    test = shadow_test(prepare(small_tree(**changes)), falling(), taken, length)
    assert not test.feasible
    assert (test.node, test.needed, test.available_count) == (node, needed, available)
    assert not len(test.items)
    assert np.isnan(test.objective)


def test_withdrawals_that_empty_a_topic_name_the_topic() -> None:
    layout = prepare(small_tree(lower=[3, 1, 1, 0, 0, 0, 2]))
    available = np.ones(12, dtype=np.bool_)
    available[[9, 10]] = False
    test = shadow_test(layout, falling(), [], 4, available=available)
    assert (test.node, test.needed, test.available_count) == (6, 2, 1)


def test_a_required_test_raises_when_there_is_none(layout: Layout) -> None:
    feasible = shadow_test(layout, falling(), [], 4)
    assert feasible.require() is feasible
    with pytest.raises(InfeasibleBlueprint) as caught:
        shadow_test(layout, falling(), [0, 1, 2], 4).require()
    assert (caught.value.node, caught.value.needed, caught.value.available) == (3, 3, 2)


def test_a_testlet_is_taken_whole_or_not_at_all() -> None:
    layout = prepare(testlet_tree())
    gain = falling()
    gain[[5, 8]] = 3.0, 0.0
    assert sorted(shadow_test(layout, gain, [], 4).items.tolist()) == [0, 1, 5, 8]
    gain[8] = -3.0
    assert sorted(shadow_test(layout, gain, [], 4).items.tolist()) == [0, 1, 3, 6]


def test_no_more_testlets_are_taken_than_the_blueprint_allows() -> None:
    gain = falling()
    gain[[5, 8, 10, 11]] = 5.0, 5.0, 4.0, 4.0
    assert sorted(shadow_test(prepare(testlet_tree()), gain, [], 4).items.tolist()) == [0, 1, 5, 8]
    two = prepare(testlet_tree(max_testlets=2))
    assert sorted(shadow_test(two, gain, [], 4).items.tolist()) == [5, 8, 10, 11]
    none = prepare(testlet_tree(max_testlets=0))
    assert sorted(shadow_test(none, gain, [], 4).items.tolist()) == [0, 1, 3, 6]


def test_a_testlet_begun_leaves_room_for_so_many_fewer_others() -> None:
    tree = BlueprintTree([-1], [8], [8], [0] * 14, [0, 0, 1, 1, 2, 2] + [-1] * 8, [0, 1] * 3 + [0] * 8, 2)
    gain = np.array([1.0, 1.0, 9.0, 9.0, 8.0, 8.0, *np.linspace(1.0, 0.3, 8)])
    test = shadow_test(prepare(tree), gain, [0], 8)
    assert test.items.tolist() == [0, 1, 2, 3, 6, 7, 8, 9]


def test_a_testlet_that_has_begun_is_finished_first_and_in_its_order() -> None:
    layout = prepare(testlet_tree())
    gain = falling()
    gain[[5, 8]] = -2.0
    assert shadow_test(layout, gain, [8], 4).items.tolist() == [8, 5, 0, 1]
    assert owed_items(layout, [8]).tolist() == [5]
    assert owed_items(layout, [8, 5]).tolist() == []
    three = prepare(
        small_tree(testlet=[0] * 3 + [-1] * 9, testlet_position=[3, 1, 2] + [0] * 9, max_testlets=1)
    )
    assert owed_items(three, [1]).tolist() == [2, 0]


def test_a_testlet_with_a_withdrawn_item_is_not_begun_and_one_begun_ends_with_what_is_left() -> None:
    layout = prepare(testlet_tree())
    gain = falling()
    gain[[5, 8]] = 9.0
    available = np.ones(12, dtype=np.bool_)
    available[5] = False
    assert sorted(shadow_test(layout, gain, [], 4, available=available).items.tolist()) == [0, 1, 3, 6]
    begun = shadow_test(layout, gain, [8], 4, available=available)
    assert begun.items.tolist() == [8, 0, 1, 3]
    assert owed_items(layout, [8], available=available).tolist() == []


def test_more_testlets_begun_than_allowed_is_infeasible_at_the_root() -> None:
    test = shadow_test(prepare(testlet_tree()), falling(), [8, 10], 4)
    assert (test.feasible, test.node, test.needed, test.available_count) == (False, 0, 2, 1)


def test_a_blueprint_that_only_a_testlet_can_meet_takes_it_whatever_its_gain() -> None:
    tree = testlet_tree(lower=[3, 1, 1, 0, 0, 0, 2], testlet=[-1] * 9 + [-1, 0, 0])
    available = np.ones(12, dtype=np.bool_)
    available[9] = False
    gain = falling()
    gain[[10, 11]] = -50.0
    test = shadow_test(prepare(tree), gain, [], 4, available=available)
    assert sorted(test.items.tolist()) == [0, 1, 10, 11]


def test_two_nodes_that_each_need_a_testlet_of_their_own_name_their_common_parent() -> None:
    tree = small_tree(
        lower=[3, 1, 1, 0, 0, 2, 2],
        upper=[4, 3, 4, 2, 2, 2, 2],
        testlet=[-1] * 6 + [0, 0, -1, 1, 1, -1],
        testlet_position=[0] * 6 + [1, 2, 0, 1, 2, 0],
        max_testlets=1,
    )
    available = np.ones(12, dtype=np.bool_)
    available[[8, 11]] = False
    test = shadow_test(prepare(tree), falling(), [], 4, available=available)
    assert not test.feasible
    assert test.node == 2
    assert test.needed == 2
    assert test.available_count == 0


def test_between_combinations_of_equal_value_the_smaller_then_the_lower_one_is_taken() -> None:
    gain = np.ones(12)
    assert not set(shadow_test(prepare(testlet_tree()), gain, [], 4).items.tolist()) & {5, 8, 10, 11}
    gain[[5, 8, 10, 11]] = 2.0
    assert set(shadow_test(prepare(testlet_tree()), gain, [], 4).items.tolist()) >= {5, 8}


def certification_like(n_items: int, n_testlets: int, seed: int) -> Instance:
    """Five domains, 18 competences, 90 topics of which one item each; testlets of three items of one domain."""
    rng = np.random.default_rng(seed)
    parent = [-1, *[0] * 5, *(1 + np.arange(18) % 5), *(6 + np.arange(90) % 18)]
    lower = [32, *[5] * 5, *[1] * 18, *[0] * 90]
    upper = [32, *[8] * 5, *[3] * 18, *[1] * 90]
    topic = rng.integers(0, 90, n_items)
    testlet, position = np.full(n_items, -1), np.zeros(n_items, dtype=np.int64)
    for number in range(n_testlets):
        domain = (6 + topic % 18 - 6) % 5 == number % 5
        members = rng.choice(np.flatnonzero(domain & (testlet < 0)), 3, replace=False)
        testlet[members], position[members] = number, range(3)
    tree = BlueprintTree(parent, lower, upper, 24 + topic, testlet, position, 2)
    gain = rng.gamma(4.0, 0.1, n_items)
    gain[testlet >= 0] *= 1.5
    taken: list[int] = []
    first = solve(Instance(tree, gain, [], 32, None, None))
    given = int(rng.integers(0, 30))
    for _ in range(given):
        test = shadow_test(prepare(tree), gain, taken, 32)
        taken.append(int(test.items[len(taken)]))
        gain = gain * rng.lognormal(0, 0.2, n_items)
    assert first.feasible
    return Instance(tree, gain, taken, 32, None, None)


@pytest.mark.parametrize(("n_items", "n_testlets"), [(320, 0), (320, 11), (800, 0), (800, 11)])
@pytest.mark.parametrize("seed", range(3))
def test_the_certification_blueprint_equals_highs_in_the_middle_of_a_sitting(
    n_items: int, n_testlets: int, seed: int
) -> None:
    instance = certification_like(n_items, n_testlets, seed)
    best = highs(instance)
    assert best is not None
    assert solve(instance).objective == pytest.approx(best, abs=1e-9)
    assert violations(instance.tree, solve(instance).items) == 0


def test_one_topic_far_larger_than_the_others_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    leaf = np.concatenate([np.full(500, 1), np.arange(2, 40)])
    tree = BlueprintTree(
        [-1] + [0] * 39,
        [20] + [0] * 39,
        [20, 7] + [1] * 38,
        leaf,
        [-1] * len(leaf),
        [0] * len(leaf),
        0,
    )
    gain = rng.normal(size=len(leaf))
    instance = Instance(tree, gain, [3, 510], 20, None, None)
    best = highs(instance)
    assert best is not None
    assert solve(instance).objective == pytest.approx(best, abs=1e-9)


def test_a_tree_of_the_root_alone_takes_the_best_items() -> None:
    tree = BlueprintTree([-1], [0], [3], [0] * 5, [-1] * 5, [0] * 5, 0)
    layout = prepare(tree)
    assert shadow_test(layout, [1.0, 5.0, 3.0, 4.0, 2.0], [0], 3).items.tolist() == [0, 1, 3]
    assert shadow_test(layout, [1.0, 5.0, 3.0, 4.0, 2.0], [], 0).items.tolist() == []


def test_a_bank_of_nothing_but_testlets_is_served() -> None:
    tree = BlueprintTree([-1], [4], [4], [0] * 6, [0, 0, 1, 1, 2, 2], [0, 1] * 3, 2)
    test = shadow_test(prepare(tree), [1.0, 1.0, 9.0, -9.0, 3.0, 0.0], [], 4)
    assert sorted(test.items.tolist()) == [0, 1, 4, 5]


def test_a_node_may_carry_items_beside_its_children() -> None:
    tree = BlueprintTree([-1, 0, 1], [3, 2, 0], [3, 2, 1], [0, 0, 1, 1, 2, 2], [-1] * 6, [0] * 6, 0)
    test = shadow_test(prepare(tree), [6.0, 5.0, 1.0, 2.0, 4.0, 3.0], [], 3)
    assert test.items.tolist() == [0, 4, 3]


def test_shadow_tests_of_many_persons_are_those_of_each_one_alone() -> None:
    rng = np.random.default_rng(9)
    for n_testlets in (0, 2):
        instance = certification_like(400, n_testlets, seed=5)
        layout = prepare(instance.tree)
        n_persons = 300
        gain = rng.gamma(4.0, 0.1, (n_persons, 400))
        available = rng.random((n_persons, 400)) < np.where(np.arange(n_persons) % 7, 0.97, 0.2)[:, None]
        taken = np.array([rng.choice(400, 2, replace=False) for _ in range(n_persons)])
        many = shadow_tests(layout, gain, taken, 32, available=available)
        assert 0 < many.feasible.sum() < n_persons
        for person in range(n_persons):
            one = shadow_test(layout, gain[person], taken[person], 32, available=available[person])
            assert one.feasible == many.feasible[person]
            if one.feasible:
                assert one.items.tolist() == many.items[person].tolist()
                assert one.objective == many.objective[person]
            else:
                assert np.isnan(many.objective[person])


def test_persons_who_may_begin_testlets_get_together_what_each_one_gets_alone() -> None:
    seen: Counter[str] = Counter()
    n_persons = 12
    for index in range(120):
        rng = np.random.default_rng([31, index])
        drawn = random_instance(rng)
        tree, n_items = drawn.tree, len(drawn.gain)
        layout = prepare(tree, drawn.rank)
        gain = np.array([rng.permutation(drawn.gain) for _ in range(n_persons)])
        gain[: n_persons // 2] = drawn.gain + np.round(rng.normal(size=(n_persons // 2, n_items)), 1)
        gain[-1] = np.round(gain[-1])
        number = int(rng.integers(0, 3)) if index % 2 else len(drawn.taken)
        taken = np.array([rng.choice(n_items, min(number, n_items), replace=False) for _ in range(n_persons)])
        taken[::2] = drawn.taken if not index % 2 else taken[:1]
        available = None if index % 3 else rng.random((n_persons, n_items)) < 0.95
        many = shadow_tests(layout, gain, taken, drawn.length, available=available)
        for person in range(n_persons):
            usable = None if available is None else available[person]
            one = shadow_test(layout, gain[person], taken[person], drawn.length, available=usable)
            assert one.feasible == many.feasible[person], (index, person)
            if one.feasible:
                assert one.items.tolist() == many.items[person].tolist(), (index, person)
                assert one.objective == many.objective[person], (index, person)
                fixed = len(taken[person]) + len(owed_items(layout, taken[person], available=usable))
                seen["feasible"] += 1
                seen["owed"] += fixed > len(taken[person])
                seen["begun by the test"] += bool((tree.testlet[one.items[fixed:]] >= 0).any())
    assert seen["feasible"] > 400
    assert seen["begun by the test"] > 200
    assert seen["owed"] > 50


def test_a_test_that_only_a_further_testlet_makes_possible_is_found_for_each_of_many_persons() -> None:
    tree = testlet_tree(lower=[3, 1, 1, 0, 0, 0, 2], testlet=[-1] * 9 + [-1, 0, 0])
    available = np.ones(12, dtype=np.bool_)
    available[9] = False
    gain = np.tile(falling(), (3, 1))
    gain[:, [10, 11]] = [[-50.0], [0.5], [9.0]]
    many = shadow_tests(prepare(tree), gain, np.zeros((3, 0), dtype=np.int64), 4, available=available)
    assert many.feasible.all()
    assert [sorted(items) for items in many.items.tolist()] == [[0, 1, 10, 11]] * 3


def test_a_testlet_displaces_the_only_item_that_its_topic_has_room_for() -> None:
    tree = BlueprintTree(
        [-1, 0, 0, 0, 0],
        [3, 0, 0, 0, 0],
        [3, 1, 1, 1, 1],
        [1, 2, 3, 4, 1, 2, 3, 4],
        [-1] * 4 + [0, 0, 1, 1],
        [0] * 4 + [0, 1, 0, 1],
        1,
    )
    gain = np.array([9.0, 8.0, 3.0, 2.0, 7.0, 7.0, 6.5, 0.5])
    instance = Instance(tree, gain, [], 3, None, None)
    assert sorted(solve(instance).items.tolist()) == [0, 1, 2]
    gain[[6, 7]] = 6.5, 6.0
    assert sorted(solve(instance).items.tolist()) == [0, 6, 7]
    assert brute_force(instance) == solve(instance).objective


def test_shadow_tests_of_nobody_are_none(layout: Layout) -> None:
    nobody = shadow_tests(layout, np.zeros((0, 12)), np.zeros((0, 0), dtype=np.int64), 4)
    assert nobody.items.shape == (0, 4)


def test_every_choice_along_a_sitting_leaves_the_blueprint_within_reach() -> None:
    rng = np.random.default_rng(21)
    instance = certification_like(320, 11, seed=8)
    layout = prepare(instance.tree)
    for _ in range(5):
        taken: list[int] = []
        for position in range(32):
            test = shadow_test(layout, rng.gamma(4.0, 0.1, 320), taken, 32)
            assert test.feasible
            assert tree_minima_met(layout, taken) == (position == 32)
            taken.append(int(test.items[position]))
        assert tree_minima_met(layout, taken)
        assert violations(instance.tree, taken) == 0


def test_minima_are_met_only_when_every_node_has_its_own_and_no_testlet_is_left_open() -> None:
    layout = prepare(small_tree())
    assert not tree_minima_met(layout, [0, 3])
    assert not tree_minima_met(layout, [0, 3, 4])
    assert tree_minima_met(layout, [0, 3, 6])
    open_testlet = prepare(testlet_tree())
    assert not tree_minima_met(open_testlet, [0, 3, 8])
    available = np.ones(12, dtype=np.bool_)
    available[5] = False
    assert tree_minima_met(open_testlet, [0, 3, 8], available=available)
    assert tree_minima_met(open_testlet, [0, 5, 8])


def test_violations_count_broken_nodes_broken_testlets_and_too_many_testlets() -> None:
    assert violations(small_tree(), [0, 1, 3, 6]) == 0
    assert violations(small_tree(), [0, 1, 2, 6]) == 1
    assert violations(small_tree(), [0, 1]) == 2
    assert violations(testlet_tree(), [0, 3, 8]) == 1
    assert violations(testlet_tree(), [5, 8, 10, 11]) == 1
    assert violations(testlet_tree(), [0, 5, 8, 10]) == 2


@pytest.mark.parametrize(
    ("changes", "field", "node"),
    [
        ({"parent": []}, "parent", None),
        ({"parent": [0, 0, 0, 1, 1, 2, 2]}, "parent", 0),
        ({"parent": [-1, 0, 0, 4, 1, 2, 2]}, "parent", 3),
        ({"parent": [-1, -1, 0, 1, 1, 2, 2]}, "parent", 1),
        ({"parent": [[-1]]}, "parent", None),
        ({"lower": [3, 1, 1, 0, 0, 0]}, "lower", None),
        ({"lower": [3, 1, 1, 0, -1, 0, 0]}, "lower", 4),
        ({"lower": [3, 1, 1, 0, 0.5, 0, 0]}, "lower", None),
        ({"upper": [4, 3, 0, 2, 2, 2, 2]}, "upper", 2),
        ({"leaf": []}, "leaf", None),
        ({"leaf": [3] * 11 + [7]}, "leaf", None),
        ({"testlet": [-1] * 11}, "testlet", None),
        ({"testlet": [-2] + [-1] * 11}, "testlet", None),
        ({"testlet": [12] + [-1] * 11}, "testlet", None),
        ({"testlet_position": [0] * 13}, "testlet_position", None),
        ({"testlet": [0, 0] + [-1] * 10}, "testlet_position", None),
        ({"max_testlets": -1}, "max_testlets", None),
    ],
)
def test_a_malformed_blueprint_is_refused_naming_the_field_and_the_node(
    changes: dict[str, Any], field: str, node: int | None
) -> None:
    with pytest.raises(InvalidBlueprint) as caught:
        small_tree(**changes)
    assert (caught.value.field, caught.value.node) == (field, node)


def test_more_combinations_of_testlets_than_can_be_enumerated_are_refused() -> None:
    tree = BlueprintTree([-1], [0], [80], [0] * 80, range(80), [0] * 80, 40)
    with pytest.raises(InvalidBlueprint) as caught:
        prepare(tree)
    assert caught.value.field == "max_testlets"


@pytest.mark.parametrize("gain", [np.zeros(11), np.zeros((12, 1)), ["a"] * 12])
def test_gains_of_another_shape_or_kind_are_refused(layout: Layout, gain: Any) -> None:
    with pytest.raises(InvalidParameters, match="gain"):
        shadow_test(layout, gain, [], 4)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_gain_that_is_not_finite_is_refused_naming_the_item(layout: Layout, value: float) -> None:
    gain = falling()
    gain[7] = value
    with pytest.raises(InvalidParameters) as caught:
        shadow_test(layout, gain, [], 4)
    assert (caught.value.argument, caught.value.index) == ("gain", 7)


def test_gains_whose_squares_overflow_are_still_finite(layout: Layout) -> None:
    assert shadow_test(layout, falling() * 1e200, [], 4).items.tolist() == [0, 1, 3, 6]


@pytest.mark.parametrize(
    ("taken", "position"), [([0, 12], 1), ([-1], 0), ([3, 4, 3], 2), ([0.0], None), ([[0]], None)]
)
def test_unknown_or_repeated_items_are_refused_naming_the_position(
    layout: Layout, taken: Any, position: int | None
) -> None:
    for call in (
        lambda: shadow_test(layout, falling(), taken, 4),
        lambda: tree_minima_met(layout, taken),
        lambda: owed_items(layout, taken),
    ):
        with pytest.raises(InvalidResponses) as caught:
            call()
        assert (caught.value.argument, caught.value.position) == ("taken", position)


def test_a_finished_test_with_an_unknown_or_repeated_item_is_refused() -> None:
    for items in ([0, 0], [12], [-1]):
        with pytest.raises(InvalidResponses):
            violations(small_tree(), items)


@pytest.mark.parametrize(
    "available", [np.ones(11, dtype=np.bool_), np.ones(12), np.ones((1, 12), dtype=np.bool_)]
)
def test_an_availability_that_is_no_mask_of_the_items_is_refused(layout: Layout, available: Any) -> None:
    with pytest.raises(InvalidParameters, match="available"):
        shadow_test(layout, falling(), [], 4, available=available)


@pytest.mark.parametrize("rank", [[0] * 12, range(11), [0.5] * 12])
def test_ranks_that_do_not_order_the_items_are_refused(rank: Any) -> None:
    with pytest.raises(InvalidParameters, match="rank"):
        prepare(small_tree(), rank=rank)


def test_persons_and_their_items_must_agree(layout: Layout) -> None:
    with pytest.raises(InvalidParameters, match="gain"):
        shadow_tests(layout, np.zeros((2, 12)), np.zeros((3, 0), dtype=np.int64), 4)
    with pytest.raises(InvalidResponses, match="taken"):
        shadow_tests(layout, np.zeros((2, 12)), [0, 1], 4)
    with pytest.raises(InvalidResponses, match="twice"):
        shadow_tests(layout, np.zeros((2, 12)), [[0, 1], [2, 2]], 4)


def test_the_gain_and_the_items_passed_are_not_changed(layout: Layout) -> None:
    gain, taken = falling(), np.array([4])
    shadow_test(layout, gain, taken, 4)
    assert gain.tolist() == falling().tolist()
    assert taken.tolist() == [4]


def test_all_subsets_agree_on_a_tree_of_nested_intervals() -> None:
    """Every bound pair of one middle node, checked against all subsets of the right size."""
    gain = np.array([4.0, 3.5, 3.0, -1.0, -2.0, 2.5])
    for low in range(4):
        for high in range(low, 4):
            tree = BlueprintTree([-1, 0], [3, low], [3, high], [0, 0, 0, 1, 1, 1], [-1] * 6, [0] * 6, 0)
            best = max(
                float(gain[list(chosen)].sum())
                for chosen in combinations(range(6), 3)
                if violations(tree, chosen) == 0
            )
            assert shadow_test(prepare(tree), gain, [], 3).objective == pytest.approx(best)


def test_broken_rows_of_many_tests_are_counted_as_of_each() -> None:
    rng = np.random.default_rng(6)
    seen: set[int] = set()
    for _ in range(40):
        n_nodes, n_items = int(rng.integers(1, 9)), int(rng.integers(4, 30))
        parent = [-1, *(int(rng.integers(0, node)) for node in range(1, n_nodes))]
        lower = rng.integers(0, 3, n_nodes)
        testlet = np.where(rng.random(n_items) < 0.5, rng.integers(0, 3, n_items), -1)
        tree = BlueprintTree(
            parent,
            lower,
            lower + rng.integers(0, 9, n_nodes),
            rng.integers(0, n_nodes, n_items),
            testlet,
            np.arange(n_items),
            int(rng.integers(0, 3)),
        )
        items = np.array([rng.permutation(n_items)[:4] for _ in range(8)])
        items[2, 1:] = -1
        items[3] = -1
        expected = [violations(tree, row[row >= 0]) for row in items]
        assert violations_each(tree, items).tolist() == expected
        seen.update(expected)
    assert {0, 1, 2, 3} <= seen
