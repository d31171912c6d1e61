"""Two exposure targets at once: over all persons, and within each band of ability."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from irt.ability import NormalPrior
from irt.errors import InvalidParameters
from irt.exposure import Eligibility, band_of, jointly_adjusted
from irt.policy import Policy, Rules, compile_policy
from irt.shadow import BlueprintTree
from irt.simulate import fit_eligibility, population, simulate, with_eligibility
from irt.types import ItemParameters

SHARES = np.array([0.2, 0.5, 0.3])
EDGES = np.array([-0.8, 0.5])


def free(n_items: int) -> Eligibility:
    return Eligibility(np.ones((3, n_items)), EDGES)


def test_an_item_within_both_targets_stays_eligible() -> None:
    rates = np.array([[0.1], [0.2], [0.3]])
    assert jointly_adjusted(free(1), rates, SHARES, 0.25, 0.5).probabilities.tolist() == [[1.0], [1.0], [1.0]]


def test_a_band_above_its_target_is_cut_to_it_and_its_neighbour_a_little() -> None:
    rates = np.array([[0.8], [0.0], [0.0]])
    found = jointly_adjusted(free(1), rates, SHARES, 0.25, 0.5).probabilities
    assert found[:, 0] == pytest.approx([0.5 / 0.8, (0.5 / 0.8) ** 0.25, 1.0])


def test_an_item_above_its_target_over_all_is_cut_in_every_band_alike() -> None:
    """Rates .1, .6, .2 with shares .2, .5, .3 make .38."""
    rates = np.array([[0.1], [0.6], [0.2]])
    found = jointly_adjusted(free(1), rates, SHARES, 0.25, 0.9).probabilities
    assert found[:, 0] == pytest.approx([0.25 / 0.38] * 3)


@given(
    arrays(np.float64, (3, 4), elements=st.floats(0, 1)),
    arrays(np.float64, (3, 4), elements=st.floats(0.02, 1)),
    st.floats(0.05, 1),
    st.floats(0.05, 1),
)
def test_a_round_that_changes_nothing_has_met_both_targets(
    rates: np.ndarray, probabilities: np.ndarray, target: float, band_target: float
) -> None:
    after = jointly_adjusted(Eligibility(probabilities, EDGES), rates, SHARES, target, band_target)
    unchanged = np.abs(after.probabilities - probabilities) < 1e-12
    assert (rates[unchanged] <= band_target + 1e-9).all()
    settled = unchanged.all(axis=0)
    assert (SHARES @ rates[:, settled] <= target + 1e-9).all()
    # What no target holds back becomes eligible again.
    slack = (SHARES @ rates < target) & (rates < band_target).all(axis=0)
    assert (after.probabilities[:, slack] >= probabilities[:, slack]).all()


def test_a_band_without_persons_is_left_as_it_is() -> None:
    before = Eligibility(np.array([[0.3], [0.9], [0.9]]), EDGES)
    rates = np.array([[np.nan], [0.9], [0.1]])
    after = jointly_adjusted(before, rates, np.array([0.0, 0.6, 0.4]), 0.25, 0.5).probabilities
    assert after[0, 0] == 0.3
    assert after[1, 0] < 0.9


def small_policy() -> Policy:
    rng = np.random.default_rng(3)
    bank = ItemParameters(a=np.ones(80), b=rng.normal(0, 1.2, 80), c=np.zeros(80), d=np.ones(80))
    tree = BlueprintTree(
        parent=[-1, 0, 0],
        lower=[10, 4, 4],
        upper=[10, 6, 6],
        leaf=np.arange(80) % 2 + 1,
        testlet=[-1] * 80,
        testlet_position=[0] * 80,
        max_testlets=0,
    )
    return compile_policy(bank, tree, Rules(length=10, minimum_length=10, cuts=np.zeros(0)))


def test_the_fit_brings_both_rates_near_their_targets_on_other_learners() -> None:
    policy = small_policy()
    theta = population(1500, prior=NormalPrior(), seed=1)
    fitted = fit_eligibility(policy, theta, target=0.25, band_target=0.45, edges=EDGES, seed=1, rounds=6)
    others = population(1500, prior=NormalPrior(), seed=9)

    def highest(tried: Policy) -> tuple[float, float]:
        found = simulate(tried, others, seed=9, warm=False)
        band = band_of(others, EDGES)
        rates = [
            np.bincount(found.sittings.items[band == row].ravel(), minlength=80) / (band == row).sum()
            for row in range(3)
        ]
        return found.max_exposure, float(np.max(rates))

    before, after = highest(policy), highest(with_eligibility(policy, fitted))
    assert before[0] > 0.4
    assert before[1] > 0.7
    assert after[0] < 0.30
    assert after[1] < 0.53


def test_items_that_may_not_be_asked_are_neither_used_nor_counted_in_the_least_target() -> None:
    policy = small_policy()
    available = np.arange(80) < 40
    theta = population(200, prior=NormalPrior(), seed=1)
    fitted = fit_eligibility(policy, theta, target=0.4, seed=1, rounds=2, available=available)
    assert (fitted.probabilities[:, ~available] == 1).all()
    with pytest.raises(InvalidParameters, match=r"target: .*0\.250"):
        fit_eligibility(policy, theta, target=0.2, seed=1, rounds=2, available=available)
    with pytest.raises(InvalidParameters, match="band_target"):
        fit_eligibility(policy, theta, target=0.4, band_target=0.1, seed=1, rounds=2)
