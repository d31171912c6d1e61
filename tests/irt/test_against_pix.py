"""The intervals of the comparison with the incumbent, against resampling and against known answers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.against_pix import Interval, equal_length, lower_by, ours, root_ratio, scored_by, world
from irt import population, simulate
from irt.ability import NormalPrior


def paired_errors(rng: np.random.Generator, persons: int, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Squared errors of two policies over the same persons, correlated; RMSE of the first `ratio` of the other's."""
    luck = rng.normal(size=persons)
    one = 0.8 * luck + 0.6 * rng.normal(size=persons)
    return (ratio * one) ** 2, np.asarray(luck**2)


def test_the_interval_of_a_ratio_is_the_one_of_resampled_persons() -> None:
    rng = np.random.default_rng(4)
    one, other = paired_errors(rng, 4000, 0.9)
    found = root_ratio(one, other)
    draws = rng.integers(0, 4000, (1500, 4000))
    resampled = np.sqrt(one[draws].mean(axis=1) / other[draws].mean(axis=1))
    assert found.value == np.sqrt(one.mean() / other.mean())
    assert [found.low, found.high] == pytest.approx(
        np.quantile(resampled, [0.025, 0.975]).tolist(), abs=0.004
    )
    lead = lower_by(one, other)
    assert lead == pytest.approx((1 - found.value, 1 - found.high, 1 - found.low))


def test_the_interval_of_a_ratio_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    found = [root_ratio(*paired_errors(rng, 500, 0.9)) for _ in range(400)]
    held = np.mean([one.low <= 0.9 <= one.high for one in found])
    assert 0.91 < held < 0.99  # four standard errors of a share of 400


def test_the_length_at_equal_rmse_is_read_between_whole_numbers_of_items() -> None:
    rng = np.random.default_rng(6)
    luck = rng.normal(size=3000) ** 2
    errors = {length: luck * 32 / length for length in range(20, 33)}
    found = equal_length(errors, luck * 32 / 26)
    assert isinstance(found, Interval)
    # The same luck everywhere: nothing is left to chance.
    assert found == pytest.approx((26.0, 26.0, 26.0))
    between = equal_length(errors, luck * 32 / 25.5)
    assert 25 < between.value < 26
    noisy = equal_length(errors, rng.normal(size=3000) ** 2 * 32 / 26)
    assert noisy.low < noisy.value < noisy.high


def test_sittings_scored_again_by_their_own_policy_stay_as_they_are() -> None:
    bank, _, topic = world()
    policy = ours(bank, topic)
    result = simulate(policy, population(20, prior=NormalPrior(0.5, 1.7), seed=1), seed=1, warm=False)
    again = scored_by(policy, result)
    assert again.sittings.theta == pytest.approx(result.sittings.theta, abs=1e-9)
    assert (again.rmse, again.coverage) == pytest.approx((result.rmse, result.coverage))
    assert (again.sittings.level == result.sittings.level).all()
