"""The simulator decides as `Policy.step` does, and its figures are those of the design."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from irt import (
    BlueprintTree,
    ClassificationStop,
    Eligibility,
    InvalidParameters,
    ItemParameters,
    NormalPrior,
    Policy,
    PrecisionStop,
    Reason,
    Rules,
    compile_policy,
    models,
    population,
    randomness,
    simulate,
)
from irt.randomness import Purpose
from tests.irt.world import (
    CUTS,
    calibrated_bank,
    certification,
    certification_tree,
    flat_tree,
    provisional_bank,
    sit,
)

BANK = provisional_bank(180)
CERTIFICATION = certification(BANK)
PEOPLE = population(300, prior=NormalPrior(), seed=21)


def stopping_early(*rules: Any) -> Policy:
    tree = certification_tree(180)
    lower = np.where(np.arange(len(tree.parent)) == 0, 5, np.where(tree.parent == 0, 1, 0))
    loose = BlueprintTree(tree.parent, lower, tree.upper, tree.leaf, tree.testlet, tree.testlet_position, 0)
    return compile_policy(BANK, loose, Rules(length=32, minimum_length=5, cuts=CUTS, stopping=rules))


DESIGNS = {
    "provisional": CERTIFICATION,
    "calibrated": certification(calibrated_bank(270)),
    "testlets": certification(BANK, testlets=8),
    "preferred testlets": certification(BANK, testlets=8, prefer_testlets=True),
    "exposure": certification(BANK, eligibility=Eligibility(np.full((2, 180), 0.5), np.zeros(1))),
    "randomesque": certification(BANK, randomesque=(5, 4, 3)),
    "precision": stopping_early(PrecisionStop(0.42)),
    "classification": stopping_early(ClassificationStop(-0.8, 0.95)),
}


@pytest.mark.parametrize("design", DESIGNS)
def test_every_simulated_choice_is_the_choice_of_a_step(design: str) -> None:
    policy, seed = DESIGNS[design], 6
    result = simulate(policy, PEOPLE[:40], seed=seed).sittings
    for person in range(40):
        own = randomness.derived_seed(seed, Purpose.PERSON, person)
        luck = randomness.uniform(own, Purpose.ANSWER, np.arange(len(policy.parameters)))
        answers = luck < models.category_probability(policy.parameters, PEOPLE[person : person + 1])[0, :, 1]
        items, scores = sit(policy, answers, seed=own)
        length = result.length[person]
        assert result.items[person, :length].tolist() == items
        assert result.scores[person, :length].tolist() == scores
        assert list(Reason)[result.reason[person]] is policy.step(items, scores, seed=own).reason
        measured = policy.score(items, scores)
        # A batch sums the same numbers in another order.
        assert result.theta[person] == pytest.approx(measured.theta, abs=1e-12)
        assert result.se[person] == pytest.approx(measured.se, abs=1e-12)
        assert result.wle[person] == pytest.approx(measured.wle, abs=1e-9)
        assert result.wle_se[person] == pytest.approx(measured.wle_se, abs=1e-9)
        assert result.level[person] == measured.level


def test_hundreds_of_persons_choose_as_single_steps_do() -> None:
    result = simulate(CERTIFICATION, PEOPLE, seed=8).sittings
    for person in range(0, 300):
        own = randomness.derived_seed(8, Purpose.PERSON, person)
        position = person % 32
        items, scores = result.items[person, :position], result.scores[person, :position]
        assert CERTIFICATION.step(items, scores, seed=own).item == result.items[person, position]


def test_results_do_not_depend_on_the_number_of_processes() -> None:
    many = np.tile(PEOPLE, 2)
    one, two = (simulate(CERTIFICATION, many, seed=3, processes=count) for count in (1, 2))
    for name, left, right in zip(one.sittings._fields, one.sittings, two.sittings, strict=True):
        assert np.array_equal(left, right), name


def test_a_person_does_not_depend_on_those_simulated_with_them() -> None:
    alone, together = (simulate(CERTIFICATION, PEOPLE[:count], seed=3).sittings for count in (5, 60))
    assert np.array_equal(alone.items, together.items[:5])
    assert np.array_equal(alone.theta, together.theta[:5])


def test_another_seed_gives_other_sittings() -> None:
    one, two = (simulate(CERTIFICATION, PEOPLE[:20], seed=seed).sittings for seed in (3, 4))
    assert not np.array_equal(one.items, two.items)


def test_progress_and_speed_are_reported_by_the_callers_own_means() -> None:
    seen: list[tuple[int, int]] = []
    ticks = iter([10.0, 14.0])
    result = simulate(
        CERTIFICATION,
        PEOPLE,
        seed=3,
        progress=lambda done, count: seen.append((done, count)),
        clock=lambda: next(ticks),
    )
    assert seen == [(256, 300), (300, 300)]
    assert result.learners_per_second == 75.0
    assert simulate(CERTIFICATION, PEOPLE[:2], seed=3).learners_per_second is None


def test_the_figures_are_those_of_the_sittings() -> None:
    result = simulate(CERTIFICATION, PEOPLE, seed=3)
    rows = result.sittings
    assert result.rmse == pytest.approx(math.sqrt(((rows.theta - PEOPLE) ** 2).mean()))
    assert result.bias == pytest.approx((rows.theta - PEOPLE).mean())
    assert result.classification_accuracy == pytest.approx((rows.level == rows.true_level).mean())
    assert result.mean_length == 32.0
    assert result.blueprint_violations == 0
    assert result.reasons == {Reason.LENGTH: 300}
    table = result.conditional
    assert table.n_persons.sum() == 300
    assert table.bias @ table.n_persons / 300 == pytest.approx(result.bias)
    assert math.sqrt(table.rmse**2 @ table.n_persons / 300) == pytest.approx(result.rmse)


def test_the_posterior_is_calibrated_when_ability_comes_from_the_prior() -> None:
    policy = compile_policy(BANK, flat_tree(180, 12, 12), Rules(length=12, minimum_length=12, cuts=CUTS))
    result = simulate(policy, population(1500, prior=NormalPrior(), seed=5), seed=12)
    # A true theta lies at a uniform place of its own posterior; adaptive selection does not change that.
    assert stats.kstest(result.sittings.below, "uniform").pvalue > 0.001
    assert result.coverage == pytest.approx(0.90, abs=4 * math.sqrt(0.09 / 1500))
    assert result.rmse == pytest.approx(math.sqrt((result.sittings.se**2).mean()), rel=0.05)
    assert result.classification_accuracy == pytest.approx(result.expected_accuracy, abs=0.05)


def test_a_wrong_bank_is_noticed() -> None:
    harder = ItemParameters(BANK.a, BANK.b + 0.5, BANK.c, BANK.d)
    right = simulate(CERTIFICATION, PEOPLE, seed=3)
    wrong = simulate(CERTIFICATION, PEOPLE, seed=3, truth=harder)
    assert wrong.wle_bias == pytest.approx(right.wle_bias - 0.5, abs=0.1)


def test_withdrawn_items_are_never_asked_and_relaxed_rows_are_counted() -> None:
    available = np.ones(180, dtype=bool)
    available[CERTIFICATION.tree.parent[CERTIFICATION.tree.leaf] == 6] = False
    result = simulate(CERTIFICATION, PEOPLE[:20], seed=3, available=available)
    assert available[result.sittings.items].all()
    assert result.sittings.relaxed.tolist() == [32] * 20
    assert result.blueprint_violations == 20


def test_a_population_is_normal_and_reproducible() -> None:
    people = population(5000, prior=NormalPrior(0.5, 1.7), seed=2)
    assert stats.kstest(people, "norm", args=(0.5, 1.7)).pvalue > 0.001
    assert np.array_equal(people[:10], population(10, prior=NormalPrior(0.5, 1.7), seed=2))


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"theta": []}, "theta"),
        ({"theta": [0.0, np.nan]}, "theta"),
        ({"theta": [[0.0]]}, "theta"),
        ({"processes": 0}, "processes"),
        ({"truth": provisional_bank(5)}, "truth"),
    ],
)
def test_a_simulation_out_of_range_is_refused(change: dict[str, Any], argument: str) -> None:
    arguments: dict[str, Any] = {"theta": [0.0], "seed": 1} | change
    with pytest.raises(InvalidParameters) as caught:
        simulate(CERTIFICATION, **arguments)
    assert caught.value.argument == argument


@pytest.mark.slow
def test_the_certification_meets_its_measurement_goals() -> None:
    policy = certification(provisional_bank(280))
    points = np.linspace(-1.5, 1.5, 7)
    edges = (points[1:] + points[:-1]) / 2
    grid = simulate(policy, np.repeat(points, 2000), seed=1, band_edges=edges, processes=2)
    # sd of a mean over 2,000 errors of sd 0.38: 0.0085.
    assert np.abs(grid.conditional.wle_bias).max() <= 0.05
    assert grid.conditional.se.max() <= 0.40
    people = simulate(policy, population(10_000, prior=NormalPrior(), seed=1), seed=2, processes=2)
    assert people.blueprint_violations == 0
    assert people.classification_accuracy >= 0.66
    assert people.mean_se <= 0.40
