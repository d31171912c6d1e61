"""What a simulation says of its estimates, against the definitions and against shares known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from irt import InvalidParameters, population, simulate
from irt.ability import NormalPrior
from irt.recovery import inside_normal, inside_posterior, recovery
from tests.irt.world import calibrated_bank, certification


def test_each_band_has_the_figures_of_its_own_persons() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=400)
    estimates, se, covered = (
        truth + rng.normal(0.1, 0.3, 400),
        rng.uniform(0.2, 0.4, 400),
        rng.random(400) < 0.9,
    )
    found = recovery(truth, estimates, se, covered, edges=[-0.5, 0.5])
    for row, own in enumerate([truth < -0.5, (truth >= -0.5) & (truth < 0.5), truth >= 0.5]):
        error = (estimates - truth)[own]
        assert found.n_persons[row] == own.sum()
        assert found.theta[row] == pytest.approx(truth[own].mean())
        assert found.bias[row] == pytest.approx(error.mean())
        assert found.bias_error[row] == pytest.approx(error.std(ddof=1) / np.sqrt(own.sum()))
        assert found.rmse[row] == pytest.approx(np.sqrt((error**2).mean()))
        assert found.se[row] == pytest.approx(np.sqrt((se[own] ** 2).mean()))
        hits = int(covered[own].sum())
        low, high = binomtest(hits, int(own.sum())).proportion_ci(method="wilson")
        assert (found.coverage_low[row], found.coverage_high[row]) == pytest.approx((low, high))


def test_persons_without_an_estimate_and_bands_without_persons_are_left_out() -> None:
    found = recovery(
        [0.0, 0.1, 3.0], [0.2, np.nan, 3.1], [0.1, np.nan, 0.1], [True, False, True], edges=[1, 2]
    )
    assert found.n_persons.tolist() == [1, 1]
    assert found.bias == pytest.approx([0.2, 0.1])
    assert np.isnan(found.bias_error).all()
    assert recovery([0.0], [np.nan], [np.nan], [False]).n_persons.tolist() == []


def test_both_kinds_of_interval_agree_for_a_normal_posterior() -> None:
    rng = np.random.default_rng(2)
    truth, estimates, se = rng.normal(size=300), rng.normal(size=300), rng.uniform(0.3, 1.0, 300)
    below = norm.cdf((truth - estimates) / se)
    for probability in (0.5, 0.9, 0.95):
        assert (
            inside_posterior(below, probability) == inside_normal(truth, estimates, se, probability)
        ).all()


def test_arrays_of_another_length_are_named() -> None:
    with pytest.raises(InvalidParameters, match=r"^se"):
        recovery([0.0, 1.0], [0.0, 1.0], [0.1], [True, True])


def test_credible_intervals_keep_their_promise_for_learners_drawn_from_the_prior() -> None:
    people = population(400, prior=NormalPrior(), seed=2)
    held = simulate(certification(calibrated_bank(120)), people, seed=2, warm=False).sittings
    for probability in (0.5, 0.95):
        found = recovery(held.truth, held.theta, held.se, inside_posterior(held.below, probability))
        # Four standard errors of a share of 400.
        assert abs(found.coverage[0] - probability) < 4 * np.sqrt(probability * (1 - probability) / 400)
    assert found.se[0] == pytest.approx(found.rmse[0], rel=0.1)
