"""Estimates of ability against slow, different implementations, and at the edges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from irt import (
    GradedParameters,
    Grid,
    InvalidResponses,
    InvalidRules,
    ItemParameters,
    MixedParameters,
    NormalPrior,
    eap,
    models,
    wle,
)
from irt.ability import DEFAULT_GRID, wle_each

PRIOR = NormalPrior()


def slow_probability(a: float, b: float, c: float, d: float, theta: float) -> float:
    return c + (d - c) / (1 + math.exp(-a * (theta - b)))


def slow_warm_criterion(items: ItemParameters, scores: list[int], theta: float) -> float:
    """Log-likelihood plus the integral from 0 of J / 2I, all by the textbook formulas."""

    def bias(point: float) -> float:
        information = j = 0.0
        for a, b, c, d in zip(items.a, items.b, items.c, items.d, strict=True):
            p = slow_probability(a, b, c, d, point)
            first = a * (p - c) * (d - p) / (d - c)
            second = a * first * (c + d - 2 * p) / (d - c)
            information += first**2 / (p * (1 - p))
            j += first * second / (p * (1 - p))
        return j / (2 * information)

    value = quad(bias, 0, theta, epsabs=1e-12, limit=200)[0]
    for a, b, c, d, score in zip(items.a, items.b, items.c, items.d, scores, strict=True):
        p = slow_probability(a, b, c, d, theta)
        value += math.log(p if score else 1 - p)
    return float(value)


def random_bank(rng: np.random.Generator, count: int, *, asymptotes: bool) -> ItemParameters:
    floor = rng.choice([0.0, 0.2, 0.25], count) if asymptotes else np.zeros(count)
    ceiling = rng.choice([1.0, 0.95], count) if asymptotes else np.ones(count)
    return ItemParameters(rng.uniform(0.5, 2.2, count), rng.normal(0, 1.2, count), floor, ceiling)


def test_the_default_grid_agrees_with_dense_quadrature_for_32_items() -> None:
    rng = np.random.default_rng(5)
    dense = Grid(-15.0, 15.0, 1921)
    worst = 0.0
    for theta in (-4.0, -2.0, 0.0, 2.0, 4.0):
        for repeat in range(6):
            b = rng.uniform(-4, 4, 32) if repeat % 2 else np.clip(rng.normal(theta, 0.7, 32), -4, 4)
            a = np.ones(32) if repeat % 3 == 0 else rng.uniform(0.4, 2.5, 32)
            items = ItemParameters(a, b, rng.choice([0, 0.25], 32), rng.choice([1, 0.95], 32))
            scores = (rng.random(32) < models.probability(items, [theta])[0]).astype(int)
            for pattern in (scores, np.ones(32, int), np.zeros(32, int)):
                ours, reference = (
                    eap(items, pattern, prior=PRIOR),
                    eap(items, pattern, prior=PRIOR, grid=dense),
                )
                worst = max(worst, abs(ours.theta - reference.theta), abs(ours.se - reference.se))
    assert worst < 1e-9


def test_a_grid_cut_at_eight_would_not_be_good_enough() -> None:
    hard = ItemParameters([1.0] * 32, [4.0] * 32, [0.0] * 32, [1.0] * 32)
    dense = eap(hard, [1] * 32, prior=PRIOR, grid=Grid(-15.0, 15.0, 1921))
    assert abs(eap(hard, [1] * 32, prior=PRIOR, grid=Grid(-8.0, 8.0, 129)).theta - dense.theta) > 1e-6
    assert abs(eap(hard, [1] * 32, prior=PRIOR).theta - dense.theta) < 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_the_eap_is_the_mean_of_the_posterior_by_adaptive_quadrature(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items, prior = random_bank(rng, 10, asymptotes=True), NormalPrior(0.5, 1.3)
    scores = rng.integers(0, 2, 10).tolist()

    def density(theta: float) -> float:
        value = math.exp(-0.5 * ((theta - 0.5) / 1.3) ** 2)
        for a, b, c, d, score in zip(items.a, items.b, items.c, items.d, scores, strict=True):
            p = slow_probability(a, b, c, d, theta)
            value *= p if score else 1 - p
        return value

    mass, first, second = (
        quad(lambda t, power=power: t**power * density(t), -9, 9, epsabs=0, epsrel=1e-11, limit=400)[0]
        for power in range(3)
    )
    ability = eap(items, scores, prior=prior)
    assert ability.theta == pytest.approx(first / mass, abs=1e-8)
    assert ability.se == pytest.approx(math.sqrt(second / mass - (first / mass) ** 2), abs=1e-8)


@pytest.mark.parametrize("asymptotes", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_warms_estimate_is_the_global_maximum_of_his_criterion(seed: int, asymptotes: bool) -> None:
    rng = np.random.default_rng(seed)
    items = random_bank(rng, 12, asymptotes=asymptotes)
    scores = rng.integers(0, 2, 12).tolist() if seed else [1] * 12
    estimate = wle(items, scores)
    coarse = np.linspace(-9, 9, 61)
    start = coarse[np.argmax([slow_warm_criterion(items, scores, theta) for theta in coarse])]
    found = minimize_scalar(
        lambda theta: -slow_warm_criterion(items, scores, theta),
        bounds=(start - 0.3, start + 0.3),
        method="bounded",
        options={"xatol": 1e-9},
    )
    # The maximum of a smooth function is only located to the square root of its rounding error.
    assert estimate.theta == pytest.approx(found.x, abs=2e-6)
    assert estimate.se == pytest.approx(models.information(items, [estimate.theta]).sum() ** -0.5)


def test_warms_general_bias_term_is_not_jeffreys_prior_with_guessing() -> None:
    items = ItemParameters([1.5] * 8, np.linspace(-1.5, 1.5, 8), [0.25] * 8, [1.0] * 8)
    scores = [1, 1, 1, 0, 1, 0, 0, 0]
    theta = np.linspace(-3, 3, 60001)
    log_likelihood = models.log_likelihood_derivatives(items, scores, theta)[0]
    jeffreys = theta[np.argmax(log_likelihood + 0.5 * np.log(models.information(items, theta).sum(axis=1)))]
    assert abs(wle(items, scores).theta - jeffreys) > 0.01


def test_a_second_maximum_is_reported_and_the_highest_one_taken() -> None:
    # One hard discriminating item answered right among easy ones answered wrong: two stories fit.
    items = ItemParameters([1.0] * 6 + [6.0], [-1.0] * 6 + [3.0], [0.0] * 6 + [0.001], [1.0] * 7)
    scores = [0, 0, 0, 0, 1, 0, 1]
    estimate = wle(items, scores)
    heights = [slow_warm_criterion(items, scores, t) for t in (estimate.theta, *estimate.other_maxima)]
    assert len(heights) == 2
    assert heights[0] > heights[1]


@pytest.mark.parametrize("score", [0, 1])
@pytest.mark.parametrize("count", [1, 32, 2000])
def test_constant_patterns_have_finite_estimates(score: int, count: int) -> None:
    b = np.linspace(-2, 2, count) if count > 1 else np.zeros(1)
    items = ItemParameters([1.0] * count, b, [0.25] * count, [1.0] * count)
    for ability in (wle(items, [score] * count), eap(items, [score] * count, prior=PRIOR)):
        assert np.isfinite([ability.theta, ability.se]).all()
        assert (ability.theta > 0) == bool(score)


def test_warms_estimate_survives_discriminations_a_hundredfold_apart() -> None:
    estimate = wle(ItemParameters([0.1, 10.0], [0.0, 30.0], [0.2, 0.0], [1.0, 1.0]), [1, 0])
    assert np.isfinite([estimate.theta, estimate.se]).all()


@pytest.mark.parametrize(("scores", "position"), [([0, 2], 1), ([-1, 0], 0), ([0, 0.5], 1), ([1], None)])
def test_a_score_the_item_does_not_have_is_named(scores: list[float], position: int | None) -> None:
    items = ItemParameters([1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0])
    with pytest.raises(InvalidResponses) as caught:
        eap(items, scores, prior=PRIOR)
    assert caught.value.position == position
    with pytest.raises(InvalidResponses) as caught:
        wle(items, scores)
    assert caught.value.position == position


def test_priors_and_grids_out_of_range_are_refused() -> None:
    for build, name in (
        (lambda: NormalPrior(sd=0.0), "prior.sd"),
        (lambda: NormalPrior(mean=math.nan), "prior.mean"),
        (lambda: Grid(1.0, 1.0, 10), "grid"),
        (lambda: Grid(-1.0, 1.0, 1), "grid.points"),
    ):
        with pytest.raises(InvalidRules) as caught:
            build()
        assert caught.value.argument == name


def test_the_default_grid_is_symmetric_and_holds_zero() -> None:
    nodes = DEFAULT_GRID.nodes()
    assert np.array_equal(nodes, -nodes[::-1])
    assert 0.0 in nodes


def answered(rng: np.random.Generator, n_persons: int, n_items: int, longest: int) -> tuple[Any, Any]:
    """Items and scores of persons whose answers have little to do with difficulty; rows end early."""
    items = np.array([rng.permutation(n_items)[:longest] for _ in range(n_persons)])
    items[np.arange(longest) >= rng.integers(1, longest + 1, n_persons)[:, None]] = -1
    scores = np.where(items >= 0, rng.random(items.shape) < rng.random((n_persons, 1)), -1).astype(np.int64)
    scores[0][items[0] >= 0], scores[1][items[1] >= 0] = 1, 0
    return items, scores


@pytest.mark.parametrize("asymptotes", [False, True])
@pytest.mark.parametrize("n_items", [40, 2_100])
def test_warm_estimates_of_many_persons_are_those_of_each(asymptotes: bool, n_items: int) -> None:
    rng = np.random.default_rng([7, n_items])
    bank = random_bank(rng, n_items, asymptotes=asymptotes)
    items, scores = answered(rng, 120, n_items, 30)
    found = wle_each(bank, items, scores)
    several = 0
    for person in range(120):
        given = items[person] >= 0
        alone = wle(bank.take(items[person, given]), scores[person, given])
        several += bool(alone.other_maxima)
        assert found.theta[person] == pytest.approx(alone.theta, abs=1e-9)
        assert found.se[person] == pytest.approx(alone.se, rel=1e-9)
    assert (several > 0) == asymptotes, "patterns with several maxima are among them where there can be any"


def test_warm_estimates_of_many_persons_take_banks_of_every_model() -> None:
    rng = np.random.default_rng(9)
    graded = GradedParameters(rng.uniform(0.8, 2.0, 12), np.sort(rng.normal(size=(12, 3)), axis=1).tolist())
    mixed = MixedParameters([random_bank(rng, 8, asymptotes=True), graded])
    items = np.array([rng.permutation(20)[:9] for _ in range(6)])
    scores = (rng.random(items.shape) * mixed.n_categories[items]).astype(np.int64)
    found = wle_each(mixed, items, scores)
    for person in range(6):
        alone = wle(mixed.take(items[person]), scores[person])
        assert (found.theta[person], found.se[person]) == (alone.theta, alone.se)


def test_a_person_without_answers_has_no_warm_estimate() -> None:
    bank = ItemParameters([1.0, 1.0], [0.0, 1.0], [0.0, 0.0], [1.0, 1.0])
    found = wle_each(bank, np.array([[-1, -1], [0, 1]]), np.array([[-1, -1], [1, 0]]))
    assert np.isnan(found.theta).tolist() == np.isnan(found.se).tolist() == [True, False]


def test_answers_of_many_persons_are_checked() -> None:
    bank = ItemParameters([1.0, 1.0], [0.0, 1.0], [0.0, 0.0], [1.0, 1.0])
    for items, scores, name in (
        ([[0, 2]], [[1, 1]], "items"),
        ([[0, 1]], [[1]], "items"),
        ([[0, 1]], [[1, 2]], "scores"),
        ([[0, 1]], [[1, -1]], "scores"),
    ):
        with pytest.raises(InvalidResponses, match=name):
            wle_each(bank, np.array(items), np.array(scores))
