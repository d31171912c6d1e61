"""The lognormal model of response times: closed forms, calibration, and rapid guesses found and not invented."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest, norm

from irt import InvalidParameters, InvalidResponses, InvalidRules, NormalPrior
from irt.response_time import (
    TimeParameters,
    calibrate_times,
    expected_seconds,
    rapid_guesses,
    residuals,
    speed,
)

PRIOR = NormalPrior(0.0, 0.35)


def bank(rng: np.random.Generator, count: int) -> TimeParameters:
    return TimeParameters(rng.uniform(1.4, 3.0, count), rng.normal(np.log(40), 0.4, count))


def times(rng: np.random.Generator, items: TimeParameters, tau: float) -> np.ndarray:
    return np.exp(items.beta - tau + rng.normal(size=len(items)) / items.alpha)


def test_expected_seconds_is_the_mean_of_the_lognormal() -> None:
    items = TimeParameters([1.6], [3.4])
    mean, _ = quad(lambda t: t * norm.pdf(math.log(t), 3.4 - 0.2, 1 / 1.6) / t, 0, 2000, limit=300)
    assert expected_seconds(items, 0.2)[0] == pytest.approx(mean, rel=1e-5)


def test_speed_is_the_maximum_of_the_posterior_and_its_sd_that_of_the_normal() -> None:
    rng = np.random.default_rng(1)
    items = bank(rng, 12)
    seconds = times(rng, items, 0.4)
    grid = np.linspace(-2, 2, 40_001)
    height = norm.logpdf(grid, 0, 0.35)
    for alpha, beta, second in zip(items.alpha, items.beta, seconds, strict=True):
        height += norm.logpdf(math.log(second), beta - grid, 1 / alpha)
    weight = np.exp(height - height.max())
    weight /= weight.sum()
    mean = weight @ grid
    found = speed(items, seconds, prior=PRIOR)
    assert found.tau == pytest.approx(mean, abs=1e-6)
    assert found.se == pytest.approx(math.sqrt(weight @ (grid - mean) ** 2), abs=1e-6)
    assert found.n_times == 12


def test_without_a_prior_twice_as_fast_is_log_two() -> None:
    items = TimeParameters([2.0, 1.0, 1.7], [3.0, 3.5, 4.0])
    found = speed(items, np.exp(items.beta) / 2)
    assert found.tau == pytest.approx(math.log(2))
    assert found.se == pytest.approx((4 + 1 + 1.7**2) ** -0.5)


def test_a_missing_time_counts_for_nothing() -> None:
    items = TimeParameters([2.0, 1.0, 1.7], [3.0, 3.5, 4.0])
    assert speed(items, [20.0, np.nan, 50.0], prior=PRIOR) == speed(
        items.take([0, 2]), [20.0, 50.0], prior=PRIOR
    )
    nothing = speed(items, [np.nan] * 3)
    assert math.isnan(nothing.tau)
    assert nothing.se == math.inf
    assert tuple(speed(items, [np.nan] * 3, prior=PRIOR)) == pytest.approx((0.0, 0.35, 0))


def test_residuals_are_standard_normal_under_the_model() -> None:
    rng = np.random.default_rng(2)
    items = bank(rng, 20)
    z = np.array(
        [residuals(items, times(rng, items, rng.normal(0, 0.35)), prior=PRIOR)[7] for _ in range(800)]
    )
    assert kstest(z, "norm").pvalue > 0.01


def test_a_residual_does_not_look_at_its_own_time() -> None:
    rng = np.random.default_rng(3)
    items = bank(rng, 6)
    seconds = times(rng, items, 0.1)
    others = speed(items.take([0, 1, 3, 4, 5]), seconds[[0, 1, 3, 4, 5]], prior=PRIOR)
    expected = (math.log(seconds[2]) - items.beta[2] + others.tau) / math.hypot(1 / items.alpha[2], others.se)
    assert residuals(items, seconds, prior=PRIOR)[2] == pytest.approx(expected)


def test_rapid_guesses_are_found_even_when_there_are_many() -> None:
    rng = np.random.default_rng(4)
    items = bank(rng, 30)
    there = caught = 0
    for _ in range(40):
        seconds = times(rng, items, rng.normal(0, 0.35))
        guessed = rng.choice(30, 8, replace=False)
        seconds[guessed] = rng.uniform(0.8, 2.0, 8)
        found = rapid_guesses(items, seconds, prior=PRIOR)
        assert set(np.flatnonzero(found.rapid)) <= set(guessed)
        assert found.effort == pytest.approx(1 - found.rapid.sum() / 30)
        there += int((seconds[guessed] < 0.1 * expected_seconds(items)[guessed]).sum())
        caught += int(found.rapid.sum())
    assert caught > 0.95 * there


def test_honest_learners_fast_or_slow_are_not_suspected() -> None:
    rng = np.random.default_rng(5)
    items = bank(rng, 30)
    flagged = [
        rapid_guesses(items, times(rng, items, tau), prior=PRIOR).rapid.sum()
        for tau in (-1.0, 0.0, 1.0)
        for _ in range(100)
    ]
    assert np.mean(flagged) < 0.05  # of 30 answers; two thirds of these learners are three sd from the mean


def test_an_unknown_time_is_neither_rapid_nor_effort() -> None:
    items = TimeParameters([2.0] * 4, [3.5] * 4)
    found = rapid_guesses(items, [30.0, np.nan, 1.0, 35.0], prior=PRIOR)
    assert found.rapid.tolist() == [False, False, True, False]
    assert np.isnan(found.residual[1])
    assert found.effort == pytest.approx(2 / 3)
    assert math.isnan(rapid_guesses(items, [np.nan] * 4, prior=PRIOR).effort)


def test_calibration_gives_the_parameters_back_from_adaptive_rows() -> None:
    rng = np.random.default_rng(6)
    items = bank(rng, 40)
    tau = rng.normal(0, 0.35, 900)
    table = np.exp(items.beta - tau[:, None] + rng.normal(size=(900, 40)) / items.alpha)
    table[rng.random((900, 40)) < 0.5] = np.nan
    found = calibrate_times(table)
    assert found.converged
    assert found.speed_sd == pytest.approx(0.35, abs=0.03)
    count = (~np.isnan(table)).sum(axis=0)
    # beta is known to the error of a mean, and all of them to the error of the mean of speed
    assert np.abs(found.parameters.beta - items.beta).max() < 4 * (0.8 / np.sqrt(count)).max()
    assert np.abs(found.parameters.alpha / items.alpha - 1).max() < 4 * (0.5 / count.min()) ** 0.5


def test_calibration_reaches_the_maximum_of_the_likelihood() -> None:
    rng = np.random.default_rng(7)
    items = bank(rng, 5)
    table = np.exp(items.beta - rng.normal(0, 0.35, 150)[:, None] + rng.normal(size=(150, 5)) / items.alpha)
    found = calibrate_times(table)

    def height(beta: Any, alpha: Any, sd: float) -> float:
        cover = np.diag(np.asarray(alpha) ** -2.0) + sd**2
        away = np.log(table) - beta
        _, log_det = np.linalg.slogdet(cover)
        return float(-0.5 * (150 * log_det + np.einsum("pi,ij,pj->", away, np.linalg.inv(cover), away)))

    best = height(found.parameters.beta, found.parameters.alpha, found.speed_sd)
    for step in (-1e-3, 1e-3):
        assert height(found.parameters.beta + step, found.parameters.alpha, found.speed_sd) < best
        assert height(found.parameters.beta, found.parameters.alpha * (1 + step), found.speed_sd) < best
        assert height(found.parameters.beta, found.parameters.alpha, found.speed_sd * (1 + step)) < best


@pytest.mark.parametrize(
    ("alpha", "beta", "argument", "index"),
    [
        ([1.0, 0.0], [3.0, 3.0], "alpha", 1),
        ([1.0, 1.0], [3.0, np.nan], "beta", 1),
        ([1.0], [3.0, 3.0], "beta", None),
        ([], [], "alpha", None),
        (["slow"], [3.0], "alpha", None),
    ],
)
def test_a_bad_parameter_is_named(alpha: Any, beta: Any, argument: str, index: int | None) -> None:
    with pytest.raises(InvalidParameters) as caught:
        TimeParameters(alpha, beta)
    assert (caught.value.argument, caught.value.index) == (argument, index)


@pytest.mark.parametrize("seconds", [[10.0, 0.0], [10.0, -1.0], [10.0, np.inf], [10.0], ["ten", "nine"]])
def test_a_time_that_cannot_be_is_refused(seconds: Any) -> None:
    items = TimeParameters([1.0, 1.0], [3.0, 3.0])
    for call in (speed, residuals, rapid_guesses):
        with pytest.raises(InvalidResponses):
            call(items, seconds, prior=PRIOR)


@pytest.mark.parametrize("table", [[1.0, 2.0], [[1.0, 2.0], [3.0, np.nan]], [[1.0, 0.0], [1.0, 1.0]]])
def test_a_table_that_cannot_be_calibrated_is_refused(table: Any) -> None:
    with pytest.raises(InvalidResponses):
        calibrate_times(table)


@pytest.mark.parametrize(
    ("rule", "call"),
    [
        ("significance", lambda items: rapid_guesses(items, [10.0], prior=PRIOR, significance=0.0)),
        ("share", lambda items: rapid_guesses(items, [10.0], prior=PRIOR, share=2.0)),
        ("share", lambda items: rapid_guesses(items, [10.0], prior=PRIOR, longest=0.0)),
    ],
)
def test_a_rule_out_of_range_is_named(rule: str, call: Callable[[TimeParameters], Any]) -> None:
    with pytest.raises(InvalidRules, match=f"^{rule}"):
        call(TimeParameters([1.0], [3.0]))
