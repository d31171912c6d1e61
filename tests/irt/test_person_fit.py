"""Person fit: the definitions, a null that holds, and power against what it is for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from irt import (
    InvalidResponses,
    InvalidRules,
    ItemParameters,
    NormalPrior,
    Rules,
    ability,
    compile_policy,
    models,
)
from irt.ability import JeffreysPrior, UniformPrior
from irt.person_fit import Estimator, lz, lz_each, lz_star, replayed_p_value, residual_fit
from irt.responses import Responses
from irt.types import GradedParameters, MixedParameters, Parameters
from tests.irt.test_polytomous import answers, mixed_bank
from tests.irt.world import CUTS, flat_tree

SPREAD = ItemParameters(
    np.linspace(0.9, 2.1, 30), np.linspace(-2.5, 2.5, 30), np.tile([0.0, 0.2], 15), np.ones(30)
)


@pytest.mark.parametrize("theta", [-1.0, 0.3, 2.0])
def test_lz_is_the_log_likelihood_less_its_mean_over_its_sd_by_enumeration(theta: float) -> None:
    bank = MixedParameters([SPREAD.take([3, 14, 21]), GradedParameters([1.2, 0.8], [[-0.5, 0.7], [0.4]])])
    p = models.category_probability(bank, [theta])[0]
    patterns = list(itertools.product(*(range(count) for count in bank.n_categories)))
    chance = np.array([np.prod([p[i, x] for i, x in enumerate(pattern)]) for pattern in patterns])
    height = np.log(chance)
    mean = chance @ height
    sd = math.sqrt(chance @ (height - mean) ** 2)
    for pattern, value in zip(patterns, height, strict=True):
        fit = lz(bank, pattern, theta)
        assert (fit.expected, fit.sd) == pytest.approx((mean, sd), rel=1e-12)
        assert fit.statistic == pytest.approx((value - mean) / sd, abs=1e-10)


def test_lz_star_has_the_same_mean_and_sd_as_the_formula_for_dichotomous_items() -> None:
    scores, theta = [1] * 12 + [0, 1] * 4 + [0] * 10, 0.37
    p = models.probability(SPREAD, [theta])[0]
    slope = models.probability_derivatives(SPREAD, [theta])[0][0]
    weight, r = np.log(p / (1 - p)), slope / (p * (1 - p))
    c = (slope @ weight) / (slope @ r)
    tilde = weight - c * r
    centred = np.array(scores) - p
    r0 = -(theta - 0.2) / 0.9**2
    expected = (centred @ weight + c * r0) / math.sqrt((tilde**2 * p * (1 - p)).sum())
    ours = lz_star(SPREAD, scores, theta, estimator=Estimator.MAP, prior=NormalPrior(0.2, 0.9))
    assert ours.statistic == pytest.approx(expected, rel=1e-12)


ESTIMATES: dict[Estimator, Callable[[Parameters, Any], float]] = {
    Estimator.WLE: lambda bank, x: ability.wle(bank, x).theta,
    Estimator.MLE: lambda bank, x: ability.mle(bank, x, low=-6, high=6).theta,
    Estimator.MAP: lambda bank, x: ability.posterior_mode(bank, x, prior=NormalPrior()).theta,
}


@pytest.mark.parametrize("estimator", Estimator)
def test_in_a_fixed_test_lz_star_has_unit_variance_where_lz_has_not(estimator: Estimator) -> None:
    rng = np.random.default_rng(list(Estimator).index(estimator))
    bank = mixed_bank(rng, 60)
    prior = NormalPrior() if estimator is Estimator.MAP else None
    star, plain = [], []
    for _ in range(200):
        scores = answers(rng, bank, float(rng.normal(0, 0.8)))
        theta = ESTIMATES[estimator](bank, scores)
        star.append(lz_star(bank, scores, theta, estimator=estimator, prior=prior).statistic)
        plain.append(lz(bank, scores, theta).statistic)
    assert np.mean(star) == pytest.approx(0, abs=0.25)
    assert np.std(star) == pytest.approx(1, abs=0.15)
    assert np.std(star) > np.std(plain)


def test_a_learner_who_misses_the_easy_and_gets_the_hard_is_found() -> None:
    rng = np.random.default_rng(2)
    regular: list[float] = []
    reversed_: list[float] = []
    for _ in range(40):
        scores = answers(rng, SPREAD, 0.0)
        for kept, pattern in ((regular, scores), (reversed_, scores[::-1])):
            theta = ability.wle(SPREAD, pattern).theta
            kept.append(lz_star(SPREAD, pattern, theta, estimator=Estimator.WLE).p_value)
    assert np.mean(np.array(reversed_) < 0.01) > 0.95
    assert np.mean(np.array(regular) < 0.01) < 0.1


def test_residual_fit_is_one_when_the_model_holds_and_more_when_it_does_not() -> None:
    rng = np.random.default_rng(3)
    fits = [residual_fit(SPREAD, answers(rng, SPREAD, 0.2), 0.2) for _ in range(600)]
    assert np.mean([fit.outfit for fit in fits]) == pytest.approx(1, abs=0.06)
    assert np.mean([fit.infit for fit in fits]) == pytest.approx(1, abs=0.03)
    assert np.std([fit.infit_z for fit in fits]) == pytest.approx(1, abs=0.15)
    odd = residual_fit(SPREAD, answers(rng, SPREAD, 0.2)[::-1], 0.2)
    assert odd.outfit > 3
    assert odd.infit > 1.5
    assert odd.infit_z > 3


def test_mean_squares_are_those_of_the_definition() -> None:
    bank = GradedParameters([1.2, 0.8, 1.5], [[-0.5, 0.7], [0.4], [-1.0, 0.0, 1.0]])
    fit = residual_fit(bank, [2, 0, 1], 0.3)
    p = models.category_probability(bank, [0.3])[0]
    place = np.arange(4)
    mean = p @ place
    variance = p @ place**2 - mean**2
    square = (np.array([2, 0, 1]) - mean) ** 2
    assert fit.outfit == pytest.approx((square / variance).mean())
    assert fit.infit == pytest.approx(square.sum() / variance.sum())
    assert fit.residual == pytest.approx((np.array([2, 0, 1]) - mean) / np.sqrt(variance))


def test_an_infinite_estimate_or_a_certain_pattern_has_no_statistic() -> None:
    assert math.isnan(lz(SPREAD, [1] * 30, math.inf).statistic)
    assert math.isnan(lz_star(SPREAD, [1] * 30, math.inf, estimator=Estimator.MLE).p_value)
    assert math.isnan(lz(SPREAD.take([0]), [1], 40.0).statistic)


# Adaptive tests

ADAPTIVE = ItemParameters([1.6] * 60, np.linspace(-3, 3, 60), [0.0] * 60, [1.0] * 60)
POLICY = compile_policy(
    ADAPTIVE, flat_tree(60, 12, 12), Rules(length=12, minimum_length=12, cuts=CUTS, minimum_responses=5)
)


def sitting(theta: float, seed: int) -> tuple[list[int], list[int]]:
    """A whole sitting of the policy by a person whose answers follow the model."""
    luck = np.random.default_rng(seed).random(60)
    right = luck < models.probability(ADAPTIVE, [theta])[0]
    items: list[int] = []
    scores: list[int] = []
    while (step := POLICY.step(items, scores, seed=seed)).item is not None:
        items.append(step.item)
        scores.append(int(right[step.item]))
    return items, scores


def fit(items: Any, scores: Any) -> float:
    given = ADAPTIVE.take(items)
    theta = ability.wle(given, scores).theta
    return lz_star(given, scores, theta, estimator=Estimator.WLE).statistic


def test_in_an_adaptive_test_the_normal_null_is_wrong_and_the_replayed_one_is_right() -> None:
    normal, replayed = [], []
    for person in range(30):
        items, scores = sitting(0.4, 1000 + person)
        statistic = fit(items, scores)
        theta = ability.wle(ADAPTIVE.take(items), scores).theta
        replayed.append(
            replayed_p_value(
                statistic,
                lambda seed, theta=theta: sitting(theta, seed),  # type: ignore[misc]
                fit,
                replays=29,
                seed=50_000 + 100 * person,
            )
        )
        normal.append(statistic)
    assert abs(np.mean(normal)) > 0.5 or abs(np.std(normal) - 1) > 0.3
    assert kstest(replayed, "uniform").pvalue > 0.001


def test_a_replayed_p_value_counts_the_replays_that_are_no_better() -> None:
    def nothing(seed: int) -> tuple[list[int], list[int]]:
        return [seed], [0]

    p = replayed_p_value(2.0, nothing, lambda items, scores: float(items[0]), replays=9, seed=0)
    assert p == (1 + 3) / 10


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: lz_star(SPREAD, [1] * 30, 0.0, estimator=Estimator.MAP), "prior"),
        (lambda: lz_star(SPREAD, [1] * 30, 0.0, estimator=Estimator.WLE, prior=JeffreysPrior()), "prior"),
        (lambda: lz_star(SPREAD, [1] * 30, 0.0, estimator="eap"), "estimator"),  # type: ignore[arg-type]
        (lambda: residual_fit(SPREAD, [1] * 30, math.nan), "theta"),
        (lambda: replayed_p_value(0.0, lambda seed: ([0], [0]), lambda i, s: 0.0, replays=0), "replays"),
    ],
)
def test_misuse_is_named(call: Callable[[], Any], argument: str) -> None:
    with pytest.raises(InvalidRules, match=f"^{argument}"):
        call()


def test_a_flat_prior_is_the_mle_and_jeffreys_prior_its_own() -> None:
    scores = [1] * 14 + [0] * 16
    flat = lz_star(SPREAD, scores, 0.2, estimator=Estimator.MAP, prior=UniformPrior(-4, 4))
    assert flat == lz_star(SPREAD, scores, 0.2, estimator=Estimator.MLE)
    jeffreys = lz_star(SPREAD, scores, 0.2, estimator=Estimator.MAP, prior=JeffreysPrior())
    assert jeffreys.statistic != flat.statistic


def test_a_score_that_no_item_has_is_refused() -> None:
    with pytest.raises(InvalidResponses):
        lz(SPREAD, [2] + [0] * 29, 0.0)


def test_many_persons_at_once_have_the_modes_and_the_statistics_of_one_after_the_other() -> None:
    rng = np.random.default_rng(3)
    bank, prior = mixed_bank(rng, 30), NormalPrior(0.2, 0.9)
    table = np.array([answers(rng, bank, float(rng.normal())) for _ in range(80)])
    seen = rng.random(table.shape) < 0.7
    seen[5] = False
    persons, items = np.nonzero(seen)
    responses = Responses.from_long(
        persons, items, table[persons, items], n_categories=bank.n_categories, n_persons=80
    )
    found = lz_each(responses, bank, prior=prior)
    assert np.isnan([found.theta[5], found.lz[5], found.lz_star[5]]).all()
    for person in (place for place in range(80) if place != 5):
        own, scores = np.flatnonzero(seen[person]), table[person, seen[person]]
        one = bank.take(own)
        theta = ability.posterior_mode(one, scores, prior=prior).theta
        star = lz_star(one, scores, theta, estimator=Estimator.MAP, prior=prior)
        assert found.theta[person] == pytest.approx(theta, abs=1e-8)
        assert found.lz[person] == pytest.approx(lz(one, scores, theta).statistic, abs=1e-7)
        assert found.lz_star[person] == pytest.approx(star.statistic, abs=1e-7)
        assert found.p_value[person] == pytest.approx(star.p_value, abs=1e-7)


def test_many_persons_are_refused_with_the_items_of_another_bank() -> None:
    responses = Responses.from_wide([[1, 0, 1], [0, 1, 1]], n_categories=[2, 2, 2])
    with pytest.raises(InvalidResponses, match="differs between responses and parameters"):
        lz_each(responses, SPREAD, prior=NormalPrior())
