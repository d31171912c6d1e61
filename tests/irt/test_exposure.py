"""Exposure statistics and the fit of eligibility probabilities."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from irt import Eligibility, InvalidParameters, InvalidRules, NormalPrior, item_exposure, population, simulate
from irt.exposure import adjusted, band_of
from irt.simulate import fit_eligibility, with_eligibility
from tests.irt.world import certification, provisional_bank

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
