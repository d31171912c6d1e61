"""Exposure statistics and the fit of eligibility probabilities."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from irt import (
    Eligibility,
    InvalidParameters,
    InvalidRules,
    NormalPrior,
    Rules,
    compile_policy,
    item_exposure,
    population,
    simulate,
)
from irt.exposure import SympsonHetter, adjusted, band_of, sympson_hetter_round
from irt.selection import Criterion
from irt.simulate import fit_eligibility, fit_sympson_hetter, with_eligibility
from tests.irt.world import calibrated_bank, certification, flat_tree, provisional_bank

POLICY = certification(provisional_bank(270))
PEOPLE = population(256, prior=NormalPrior(), seed=11)


def test_overlap_is_the_mean_share_of_common_items_over_all_pairs() -> None:
    rng = np.random.default_rng(2)
    given = np.array([rng.choice(15, 5, replace=False) for _ in range(12)])
    pairs = [len(set(one) & set(other)) / 5 for one, other in combinations(given.tolist(), 2)]
    used = item_exposure(given, 15)
    assert used.overlap == pytest.approx(np.mean(pairs))
    assert used.floor == pytest.approx(5 / 15)
    assert used.rates.sum() == pytest.approx(5.0)


def test_one_person_has_no_overlap() -> None:
    assert item_exposure(np.array([[0, 1, -1]]), 3).overlap == 0.0


def test_an_item_used_twice_too_often_is_made_eligible_half_as_often() -> None:
    before = Eligibility(np.array([[0.8, 0.5, 1.0, 0.5], [1.0, 1.0, 1.0, 1.0]]), np.zeros(1))
    rates = np.array([[0.4, 0.1, 0.0, 0.2], [np.nan] * 4])
    after = adjusted(before, rates, 0.2).probabilities
    assert after[0].tolist() == pytest.approx([0.4, 1.0, 1.0, 0.5])
    assert after[1].tolist() == [1.0] * 4


def test_an_edge_belongs_to_the_band_above_it() -> None:
    assert band_of([-1.0, -1.0 - 1e-6, 1.0], np.array([-1.0, 1.0])).tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("probabilities", "edges"),
    [([[0.5, 1.2]], []), ([[0.5, np.nan]], []), ([[0.5]], [0.0]), ([[0.5]] * 3, [1.0, 0.0]), ([0.5], [])],
)
def test_eligibility_out_of_range_is_refused(probabilities: Any, edges: Any) -> None:
    with pytest.raises(InvalidRules, match=r"^eligibility"):
        Eligibility(probabilities, edges)


def test_the_fit_brings_the_highest_exposure_near_its_target_and_keeps_the_precision() -> None:
    before = simulate(POLICY, PEOPLE, seed=99)
    fitted = fit_eligibility(POLICY, PEOPLE, target=0.25, seed=1, rounds=5)
    after = simulate(with_eligibility(POLICY, fitted), PEOPLE, seed=99)
    assert before.max_exposure > 0.35
    # A rate of 0.25 over 256 persons has sd 0.027, and the maximum is taken over 270 items.
    assert after.max_exposure < 0.25 + 4 * 0.027
    assert after.exposure.overlap < before.exposure.overlap
    assert after.blueprint_violations == 0
    assert after.mean_se < before.mean_se * 1.05


def test_the_fit_is_the_same_for_the_same_seed() -> None:
    few = PEOPLE[:64]
    one, two = (fit_eligibility(POLICY, few, target=0.3, seed=5, rounds=2, edges=[0.0]) for _ in range(2))
    assert np.array_equal(one.probabilities, two.probabilities)
    assert one.probabilities.shape == (2, 270)
    assert one.probabilities.min() < 1.0


def test_a_target_below_length_over_bank_is_refused() -> None:
    with pytest.raises(InvalidParameters, match=r"target: must lie above 0\.119"):
        fit_eligibility(POLICY, PEOPLE, target=0.1, seed=1)


class TestSympsonHetter:
    def test_a_round_lets_through_what_brings_every_item_to_the_target(self) -> None:
        control = sympson_hetter_round(np.array([0.8, 0.2, 0.0]), 0.4)
        assert control.probabilities.tolist() == [0.5, 1.0, 1.0]

    def test_the_fit_lowers_the_highest_exposure_towards_its_target(self) -> None:
        bank = calibrated_bank(120)
        rules = Rules(length=10, minimum_length=10, cuts=np.zeros(0), criterion=Criterion.MFI)
        policy = compile_policy(bank, flat_tree(120, 10, 10), rules)
        people = population(300, prior=NormalPrior(), seed=6)
        control = fit_sympson_hetter(policy, people, target=0.25, seed=6, rounds=6)
        fitted = compile_policy(bank, flat_tree(120, 10, 10), replace(rules, sympson_hetter=control))
        before = simulate(policy, people, seed=9, warm=False)
        after = simulate(fitted, people, seed=9, warm=False)
        assert before.max_exposure > 0.5
        assert after.max_exposure < 0.36
        assert after.exposure.overlap < before.exposure.overlap
        assert after.passed_over.max() > 0.1

    def test_an_item_passed_over_stays_out_for_the_rest_of_the_sitting(self) -> None:
        bank = calibrated_bank(40)
        control = SympsonHetter(np.full(40, 0.5))
        rules = Rules(length=8, minimum_length=8, cuts=np.zeros(0), sympson_hetter=control)
        policy = compile_policy(bank, flat_tree(40, 8, 8), rules)
        for seed in range(20):
            items: list[int] = []
            passed: set[int] = set()
            while (step := policy.step(items, [1] * len(items), seed=seed)).item is not None:
                passed.update(step.rejected)
                items.append(step.item)
            assert not passed & set(items)

    def test_probabilities_out_of_range_are_refused(self) -> None:
        for wrong in ([0.0, 1.0], [1.1], [[0.5]]):
            with pytest.raises(InvalidRules, match="sympson_hetter"):
                SympsonHetter(np.array(wrong))
        rules = Rules(length=8, minimum_length=8, cuts=np.zeros(0), sympson_hetter=SympsonHetter(np.ones(3)))
        with pytest.raises(InvalidRules, match="sympson_hetter"):
            compile_policy(calibrated_bank(40), flat_tree(40, 8, 8), rules)


def test_eligibility_reaches_a_design_whose_steps_are_lean() -> None:
    bank = calibrated_bank(120)
    rules = Rules(length=10, minimum_length=10, cuts=np.zeros(0), criterion=Criterion.MFI)
    policy = compile_policy(bank, flat_tree(120, 10, 10), rules)
    people = population(300, prior=NormalPrior(), seed=6)
    fitted = with_eligibility(policy, fit_eligibility(policy, people, target=0.3, seed=6, rounds=4))
    assert simulate(fitted, people, seed=9, warm=False).max_exposure < 0.42
