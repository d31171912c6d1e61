"""Criteria against their definitions written out item by item; the lean step against the full one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from irt import (
    InvalidParameters,
    InvalidResponses,
    InvalidRules,
    ItemParameters,
    NormalPrior,
    Policy,
    Reason,
    Rules,
    compile_policy,
    models,
    randomness,
    selection,
    simulate,
)
from irt.randomness import Purpose
from irt.selection import Criterion
from irt.types import FloatArray, GradedParameters, MixedParameters
from tests.irt.world import calibrated_bank, flat_tree, provisional_bank

NODES = np.linspace(-5, 5, 81)
BANK = calibrated_bank(12)
POLYTOMOUS = MixedParameters([BANK, GradedParameters([1.1, 0.8], [[-1.0, 0.3, 1.2], [0.5]])])


def tables(bank: ItemParameters | MixedParameters) -> tuple[models.Tables, FloatArray, FloatArray]:
    """Tables, a posterior after three answers, its probabilities."""
    held = models.tables(bank, NODES)
    log_density = NormalPrior().log_density(NODES) + held.log_probability[[1, 4, 7], [1, 0, 1]].sum(axis=0)
    weights = np.exp(log_density - log_density.max())
    return held, weights / weights.sum(), np.exp(held.log_probability)


@pytest.mark.parametrize("bank", [BANK, POLYTOMOUS], ids=["dichotomous", "mixed"])
class TestDefinitions:
    def test_expected_posterior_variance_is_the_variance_after_each_answer(
        self, bank: ItemParameters | MixedParameters
    ) -> None:
        _, weights, probability = tables(bank)
        after = selection.predictions(probability, weights, NODES)
        found = selection.expected_posterior_variance(after.mass, after.variance)
        for item in range(len(bank)):
            expected = 0.0
            for score in range(int(bank.n_categories[item])):
                joint = weights * probability[item, score]
                mean = joint @ NODES / joint.sum()
                assert after.mass[item, score] == pytest.approx(joint.sum(), rel=1e-12)
                assert after.theta[item, score] == pytest.approx(mean, rel=1e-12)
                expected += joint @ (NODES - mean) ** 2
            assert -found[item] == pytest.approx(expected, rel=1e-11)

    def test_an_answer_is_expected_to_lower_the_variance(
        self, bank: ItemParameters | MixedParameters
    ) -> None:
        _, weights, probability = tables(bank)
        after = selection.predictions(probability, weights, NODES)
        now = weights @ (NODES - weights @ NODES) ** 2
        assert (now + selection.expected_posterior_variance(after.mass, after.variance) > 0).all()

    def test_kullback_leibler_is_the_integral_of_the_divergence(
        self, bank: ItemParameters | MixedParameters
    ) -> None:
        held, weights, _ = tables(bank)
        log_chance = models.tables(bank, [0.4]).log_probability[:, :, 0]
        found = selection.kullback_leibler(log_chance, held.log_probability, weights)
        for item in range(len(bank)):
            scores = range(int(bank.n_categories[item]))
            expected = sum(
                np.exp(log_chance[item, score])
                * (weights @ (log_chance[item, score] - held.log_probability[item, score]))
                for score in scores
            )
            assert found[item] == pytest.approx(expected, rel=1e-10)
            low, high = (models.tables(bank, [x]).log_probability[item, :, 0] for x in (0.3, 0.5))
            near = selection.pointwise_kullback_leibler(high[None], low[None])[0]
            information = models.information(bank, [0.4])[0, item]
            assert near == pytest.approx(0.5 * 0.2**2 * information, rel=0.1)

    def test_global_discrimination_is_the_variance_of_the_probability(
        self, bank: ItemParameters | MixedParameters
    ) -> None:
        _, weights, probability = tables(bank)
        found = selection.global_discrimination(probability, weights * 3.0)
        for item in range(len(bank)):
            mean = probability[item] @ weights
            expected = 0.5 * ((probability[item] - mean[:, None]) ** 2 @ weights).sum()
            assert found[item] == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("criterion", [Criterion.MEI, Criterion.MEPV, Criterion.KLP, Criterion.GDIP])
    def test_gains_of_a_compiled_bank_follow_the_functions(
        self, bank: ItemParameters | MixedParameters, criterion: Criterion
    ) -> None:
        held, weights, probability = tables(bank)
        log_prior = NormalPrior().log_density(NODES)
        compiled = selection.compile_selector(
            criterion, bank, held, NODES, log_prior, length=5, cuts=np.array([0.0])
        )
        theta = float(weights @ NODES)
        found = compiled.gains(weights[None], np.array([theta]), 3)[0]
        after = selection.predictions(probability, weights, NODES)
        if criterion is Criterion.MEI:
            expected = np.zeros(len(bank))
            for item in range(len(bank)):
                for score in range(int(bank.n_categories[item])):
                    own = models.information(bank.take([item]), [after.theta[item, score]])[0, 0]
                    expected[item] += after.mass[item, score] * own
        elif criterion is Criterion.MEPV:
            expected = weights @ (NODES - theta) ** 2
            expected = expected + selection.expected_posterior_variance(after.mass, after.variance)
        elif criterion is Criterion.KLP:
            log_chance = models.tables(bank, [theta]).log_probability[:, :, 0]
            expected = selection.kullback_leibler(log_chance, held.log_probability, weights)
        else:
            expected = selection.global_discrimination(probability, weights)
        assert_allclose(found, expected, rtol=1e-4 if criterion is Criterion.MEI else 1e-9)


def test_the_likelihood_is_the_posterior_without_its_prior() -> None:
    held, _, _ = tables(BANK)
    likelihood = np.exp(held.log_probability[[1, 4, 7], [1, 0, 1]].sum(axis=0))
    log_prior = NormalPrior(0.5, 0.7).log_density(NODES)
    posterior = likelihood * np.exp(log_prior)
    compiled = selection.compile_selector(
        Criterion.MLWI, BANK, held, NODES, log_prior, length=5, cuts=np.zeros(0)
    )
    found = compiled.gains((posterior / posterior.sum())[None], np.zeros(1), 3)[0]
    assert_allclose(found, selection.weighted_information(held.information, likelihood / likelihood.sum()))


class TestInformation:
    @pytest.mark.parametrize("bank", [BANK, ItemParameters([0.3, 2.5], [0.0, -4.0], [0.0] * 2, [1.0] * 2)])
    def test_information_without_logarithms_is_the_information(self, bank: ItemParameters) -> None:
        theta = np.linspace(-40, 40, 161)
        found = selection.logistic_information(selection.logistic(bank), theta[:, None])
        assert_allclose(found, models.information(bank, theta), rtol=1e-12, atol=1e-300)

    def test_information_is_greatest_at_the_peak(self) -> None:
        peak = selection.information_peak(BANK)
        at = np.diagonal(models.information(BANK, peak))
        for step in (1e-4, -1e-4, 0.1, -0.1):
            assert (np.diagonal(models.information(BANK, peak + step)) < at).all()

    def test_the_peak_of_a_three_parameter_item_is_birnbaums(self) -> None:
        bank = ItemParameters([1.2, 0.7], [0.3, -1.0], [0.2, 0.25], [1.0, 1.0])
        birnbaum = bank.b + np.log((1 + np.sqrt(1 + 8 * bank.c)) / 2) / bank.a
        assert_allclose(selection.information_peak(bank), birnbaum, atol=1e-12)


class TestStrata:
    def test_strata_hold_the_discriminations_in_order_and_the_last_takes_the_rest(self) -> None:
        a = np.random.default_rng(1).permutation(np.linspace(0.5, 2.0, 11))
        stratum = selection.strata(a, 3)
        assert np.bincount(stratum).tolist() == [3, 3, 5]
        assert all(a[stratum == k].max() < a[stratum == k + 1].min() for k in range(2))

    def test_blocks_give_every_stratum_the_same_difficulties(self) -> None:
        rng = np.random.default_rng(2)
        b = rng.normal(size=400)
        a = np.exp(0.3 * b + rng.normal(0, 0.2, 400))
        plain, blocked = selection.strata(a, 4), selection.strata(a, 4, blocks_of=b)
        spread = [np.ptp([b[s == k].mean() for k in range(4)]) for s in (plain, blocked)]
        assert spread[1] < 0.05 < spread[0]
        assert np.diff([a[blocked == k].mean() for k in range(4)]).min() > 0

    def test_more_strata_than_items_are_refused(self) -> None:
        with pytest.raises(InvalidRules, match="strata"):
            selection.strata([1.0, 2.0], 3)


class TestRandomCriteria:
    def test_progressive_is_random_at_first_and_information_at_last(self) -> None:
        information, draws = np.array([0.5, 0.1]), np.array([0.1, 0.9])
        first = selection.progressive(information, draws, selection.progress(0, 10))
        last = selection.progressive(information, draws, selection.progress(9, 10))
        assert first.argmax() == 1
        assert last.tolist() == information.tolist()

    def test_proportional_draws_with_chances_in_proportion_to_the_power_of_information(self) -> None:
        information = np.array([0.2, 0.4, 0.1])
        rng = np.random.default_rng(5)
        draws = rng.random((20_000, 3))
        power = 4 * 0.5
        chosen = selection.proportional(np.tile(information, (20_000, 1)), draws, 0.5, 4).argmax(axis=1)
        expected = information**power / (information**power).sum()
        assert np.bincount(chosen) / 20_000 == pytest.approx(expected, abs=0.012)

    def test_more_acceleration_keeps_the_choice_random_for_longer(self) -> None:
        assert (
            selection.progress(5, 20, 2.0) < selection.progress(5, 20, 1.0) < selection.progress(5, 20, 0.5)
        )


def policy(bank: ItemParameters, criterion: Criterion, length: int = 12, **rules: Any) -> Policy:
    design: dict[str, Any] = {"length": length, "minimum_length": length, "cuts": np.array([-0.8, 0.8])}
    return compile_policy(
        bank, flat_tree(len(bank), length, length), Rules(**design | rules, criterion=criterion)
    )


@pytest.mark.parametrize("criterion", list(Criterion), ids=lambda rule: rule.value)
def test_every_criterion_serves_and_its_simulation_chooses_the_same(criterion: Criterion) -> None:
    bank = calibrated_bank(60)
    compiled = policy(bank, criterion)
    theta = np.linspace(-2, 2, 6)
    result = simulate(compiled, theta, seed=4).sittings
    for person in range(len(theta)):
        own = randomness.derived_seed(4, Purpose.PERSON, person)
        for position in range(12):
            items, scores = result.items[person, :position], result.scores[person, :position]
            step = compiled.step(items, scores, seed=own)
            assert step.item == result.items[person, position]
    assert all(len(set(row)) == 12 for row in result.items.tolist())


TWO_PARAMETERS = ItemParameters(
    np.linspace(0.5, 2.0, 300), 2 * np.sin(np.arange(300.0)), np.zeros(300), np.ones(300)
)


class TestLeanStep:
    @pytest.mark.parametrize(
        "bank",
        [calibrated_bank(300), provisional_bank(300), TWO_PARAMETERS, TWO_PARAMETERS.take(range(14))],
        ids=["4pl", "ties", "2pl", "small"],
    )
    def test_it_chooses_what_a_search_of_the_whole_bank_chooses(self, bank: ItemParameters) -> None:
        lean = policy(bank, Criterion.MFI)
        assert lean.shortlists is not None
        full = replace(lean, shortlists=None)
        rng = np.random.default_rng(3)
        for seed in range(60):
            count = int(rng.integers(0, 12))
            items = rng.choice(len(bank), count, replace=False).tolist()
            scores = rng.integers(0, 2, count).tolist()
            if seed % 2:  # the items that a sitting would have had, rather than any
                items, scores = [], []
                for _ in range(count):
                    items.append(int(full.step(items, scores, seed=seed).item or 0))
                    scores.append(int(rng.random() < 0.5))
            one, other = lean.step(items, scores, seed=seed), full.step(items, scores, seed=seed)
            assert one.item == other.item
            assert one[:2] == pytest.approx(other[:2], abs=1e-12)
            assert one.gain == pytest.approx(other.gain, rel=1e-12)

    def test_it_refuses_what_the_full_step_refuses(self) -> None:
        lean = policy(TWO_PARAMETERS, Criterion.MFI)
        wrong: list[tuple[list[Any], list[int]]] = [
            ([1, 1], [0, 1]),
            ([300], [0]),
            ([-1], [0]),
            ([1], [2]),
            ([1.5], [1]),
            ([1], []),
        ]
        for items, scores in wrong:
            with pytest.raises(InvalidResponses):
                lean.step(items, scores, seed=1)

    def test_a_bank_that_runs_out_ends_the_test(self) -> None:
        bank = TWO_PARAMETERS.take(range(3))
        lean = compile_policy(
            bank,
            flat_tree(3, 0, 3),
            Rules(length=3, minimum_length=0, cuts=np.zeros(0), criterion=Criterion.MFI),
        )
        available = np.array([True, True, False])
        assert lean.step([0, 1], [1, 1], seed=1, available=available).reason is Reason.EXHAUSTED
        assert lean.step([0, 1, 2], [1, 1, 0], seed=1).reason is Reason.LENGTH


def test_gains_per_second_prefer_the_faster_of_two_equal_items() -> None:
    bank = ItemParameters([1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0])
    timed = policy(bank, Criterion.MFI, length=1, seconds=np.array([60.0, 30.0]))
    assert {timed.step([], [], seed=seed).item for seed in range(20)} == {1}


def test_impossible_seconds_and_unfit_criteria_are_refused() -> None:
    bank = TWO_PARAMETERS.take(range(4))
    with pytest.raises(InvalidParameters, match="seconds"):
        policy(bank, Criterion.MFI, length=2, seconds=np.array([1.0, 2.0, 0.0, 1.0]))
    with pytest.raises(InvalidRules, match="cut"):
        policy(bank, Criterion.CUT, length=2, cuts=np.zeros(0))
    graded = GradedParameters([1.0, 1.0], [[-1.0, 1.0], [0.0]])
    with pytest.raises(InvalidRules, match="two categories"):
        compile_policy(
            graded,
            flat_tree(2, 2, 2),
            Rules(length=2, minimum_length=2, cuts=np.zeros(0), criterion=Criterion.B_OPT),
        )


def test_a_mixed_bank_is_served_and_simulated() -> None:
    parts: list[ItemParameters | GradedParameters] = [
        calibrated_bank(20),
        GradedParameters(np.full(10, 1.2), np.tile([-1.0, 0.0, 1.0], (10, 1))),
    ]
    compiled = compile_policy(
        MixedParameters(parts), flat_tree(30, 8, 8), Rules(length=8, minimum_length=8, cuts=np.array([0.0]))
    )
    result = simulate(compiled, np.linspace(-2, 2, 40), seed=1)
    assert result.sittings.scores.max() == 3
    assert np.corrcoef(result.sittings.theta, result.sittings.truth)[0, 1] > 0.85
    own = randomness.derived_seed(1, Purpose.PERSON, 7)
    items, scores = result.sittings.items[7], result.sittings.scores[7]
    assert compiled.step(items[:5], scores[:5], seed=own).item == items[5]
    dichotomous = next(item for item in range(20) if item not in items)
    with pytest.raises(InvalidResponses, match="no score 3"):
        compiled.step([dichotomous], [3], seed=1)


@pytest.mark.parametrize(
    "bank", [calibrated_bank(400), provisional_bank(400)], ids=["calibrated", "provisional"]
)
def test_a_short_list_names_the_items_that_a_search_of_the_whole_bank_finds(bank: ItemParameters) -> None:
    log_probability = models.tables(bank, NODES).log_probability
    lists = selection.shortlists(bank, log_probability, -(NODES**2) / 2, listed=70)
    rng, bits, found = np.random.default_rng(8), 30, 0
    for theta in rng.normal(0, 1.5, 400):
        information = selection.logistic_information(selection.logistic(bank), theta)
        # The most informative items are given first, as in a sitting; sometimes more than the list holds.
        given = set(np.argsort(-information)[: int(rng.integers(0, 80))].tolist()) - set(
            rng.integers(0, 400, 5).tolist()
        )
        cells, _ = lists.cells(np.array([theta]))
        best = lists.best(int(cells[0]), float(theta), given, bits)
        if best is None:
            continue
        found += 1
        whole = np.rint(np.ldexp(information, bits - np.frexp(information.max())[1]))
        whole[list(given)] = -1
        assert sorted(best[0]) == np.flatnonzero(whole == whole.max()).tolist()
    assert found > 200
