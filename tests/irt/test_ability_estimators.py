"""ML, MAP, WLE and robust estimates: highest maxima, outcomes without one, and honest standard errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from irt import (
    InvalidParameters,
    InvalidResponses,
    InvalidRules,
    ItemParameters,
    NormalPrior,
    ability,
    models,
)
from irt.ability import JeffreysPrior, Maximum, UniformPrior
from irt.types import GradedParameters, MixedParameters, NominalParameters
from tests.irt.test_polytomous import answers, mixed_bank

RASCH = ItemParameters([1.0] * 3, [-1.0, 0.0, 1.0], [0.0] * 3, [1.0] * 3)
# With guessing and ceilings, the hardest right and the middle wrong: a likelihood with two maxima.
TWO_MAXIMA = ItemParameters(
    [2.7, 1.7, 2.4, 2.7, 2.3],
    [1.9, 0.0, 0.8, 1.5, -1.3],
    [0.29, 0.12, 0.26, 0.28, 0.2],
    [0.89, 0.84, 0.92, 0.97, 0.85],
)
LUCKY = [1, 0, 0, 1, 1]


@pytest.mark.parametrize(("scores", "sign"), [([0, 0, 0], -1), ([1, 1, 1], 1)])
def test_a_constant_pattern_has_its_maximum_at_infinity_and_says_so(scores: list[int], sign: int) -> None:
    estimate = ability.mle(RASCH, scores)
    assert estimate.theta == sign * math.inf
    assert estimate.se == math.inf
    assert estimate.maximum == sign
    bounded = ability.mle(RASCH, scores, low=-4, high=4)
    assert bounded.theta == 4 * sign
    assert bounded.maximum == sign
    assert bounded.se == pytest.approx(models.information(RASCH, [4.0 * sign]).sum() ** -0.5)


def test_the_higher_of_two_maxima_is_taken_and_the_other_reported() -> None:
    estimate = ability.mle(TWO_MAXIMA, LUCKY, low=-6, high=6)
    assert len(estimate.other_maxima) == 1
    candidates = np.array([estimate.theta, *estimate.other_maxima])
    height, slope, _ = models.log_likelihood_derivatives(TWO_MAXIMA, LUCKY, candidates)
    assert height[0] == height.max()
    assert np.abs(slope).max() < 1e-9
    fine = np.linspace(-6, 6, 20001)
    assert models.log_likelihood_derivatives(TWO_MAXIMA, LUCKY, fine)[0].max() <= height[0] + 1e-12


def test_a_uniform_prior_bounds_the_mode_and_without_bounds_inside_it_is_the_mle() -> None:
    free = ability.mle(RASCH, [1, 1, 0])
    same = ability.posterior_mode(RASCH, [1, 1, 0], prior=UniformPrior(-4, 4))
    assert (same.theta, same.se) == pytest.approx((free.theta, free.se), abs=1e-12)
    cut = ability.posterior_mode(RASCH, [1, 1, 0], prior=UniformPrior(-4, 0.5))
    assert (cut.theta, cut.maximum) == (0.5, Maximum.AT_HIGH)


@pytest.mark.parametrize(
    "bank",
    [
        RASCH,
        GradedParameters([1.0, 1.4, 0.8], [[-1.0, 0.3], [0.0, 1.0], [-0.5, 0.6]]),
        NominalParameters.partial_credit([[-1.0, 0.3], [0.0, 1.0], [-0.5, 0.6]], [1.0, 1.4, 0.8]),
    ],
)
def test_without_asymptotes_warms_estimate_is_the_mode_under_jeffreys_prior(bank: Any) -> None:
    warm = ability.wle(bank, [1, 0, 1])
    jeffreys = ability.posterior_mode(bank, [1, 0, 1], prior=JeffreysPrior())
    assert warm.theta == pytest.approx(jeffreys.theta, abs=1e-9)


def test_with_guessing_warms_estimate_is_not_the_mode_under_jeffreys_prior() -> None:
    guessed = ItemParameters([1.4] * 6, np.linspace(-1.5, 1.5, 6), [0.25] * 6, [1.0] * 6)
    scores = [1, 1, 1, 0, 1, 0]
    jeffreys = ability.posterior_mode(guessed, scores, prior=JeffreysPrior())
    assert abs(ability.wle(guessed, scores).theta - jeffreys.theta) > 0.02


def test_warms_correction_removes_the_bias_of_the_mle_of_graded_items() -> None:
    rng = np.random.default_rng(8)
    bank = GradedParameters([1.5] * 8, [[-1.2, -0.4, 0.4]] * 8)
    p = models.category_probability(bank, [1.6])[0]
    warm, likely = [], []
    for _ in range(400):
        scores = (rng.random(8)[:, None] > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
        warm.append(ability.wle(bank, scores).theta)
        likely.append(ability.mle(bank, scores, low=-5, high=5).theta)
    error = np.std(warm) / 20
    assert abs(np.mean(warm) - 1.6) < 0.12 + 3 * error
    assert np.mean(likely) - 1.6 > 0.3


def numerical_pull(g: Callable[[float], float], theta: float) -> float:
    return (g(theta + 1e-5) - g(theta - 1e-5)) / 2e-5


@pytest.mark.parametrize("seed", range(3))
def test_standard_errors_use_the_true_slope_of_what_the_estimator_adds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bank, theta = mixed_bank(rng, 12), float(rng.normal())

    def total(at: float) -> list[float]:
        return [float(value[0]) for value in models.information_totals(bank, [at])]

    info = total(theta)[0]
    jeffreys = numerical_pull(lambda at: total(at)[1] / (2 * total(at)[0]), theta)
    warm = numerical_pull(lambda at: total(at)[3] / (2 * total(at)[0]), theta)
    normal = NormalPrior(0.2, 0.8)
    error = ability.standard_error
    assert error(bank, theta) == pytest.approx(info**-0.5)
    assert error(bank, theta, prior=normal) == pytest.approx((info + 0.8**-2) ** -0.5)
    assert error(bank, theta, prior=normal, kind="asymptotic") == pytest.approx(info**0.5 / (info + 0.8**-2))
    assert error(bank, theta, prior=JeffreysPrior()) == pytest.approx((info - jeffreys) ** -0.5, rel=1e-6)
    asymptotic = error(bank, theta, warm=True, kind="asymptotic")
    assert asymptotic == pytest.approx(info**0.5 / abs(info - warm), rel=1e-6)
    scores = answers(rng, bank, theta)
    seen = -models.log_likelihood_derivatives(bank, scores, [theta])[2][0]
    observed = error(bank, theta, prior=normal, kind="observed", scores=scores)
    assert observed == pytest.approx((seen + 0.8**-2) ** -0.5)
    assert error(bank, math.inf) == math.inf


def test_the_exact_standard_error_is_what_a_simulation_finds() -> None:
    rng = np.random.default_rng(3)
    bank = MixedParameters(
        [RASCH, GradedParameters([1.2], [[-0.5, 0.5]]), NominalParameters.partial_credit([[0.2, -0.3]])]
    )

    def estimate(scores: np.ndarray) -> float:
        return ability.eap(bank, scores, prior=NormalPrior()).theta

    exact = ability.exact_standard_error(bank, 0.4, estimate)
    drawn = [estimate(answers(rng, bank, 0.4)) for _ in range(3000)]
    assert exact == pytest.approx(np.std(drawn), rel=4 / math.sqrt(2 * 3000))


def test_an_exact_standard_error_of_a_long_test_is_refused() -> None:
    bank = ItemParameters([1.0] * 17, [0.0] * 17, [0.0] * 17, [1.0] * 17)
    with pytest.raises(InvalidRules, match="65536"):
        ability.exact_standard_error(bank, 0.0, lambda scores: 0.0)


def test_a_robust_estimate_listens_less_to_one_lucky_answer() -> None:
    b = np.linspace(-2, 2, 21)
    bank = ItemParameters([1.7] * 21, b, [0.0] * 21, [1.0] * 21)
    honest = (b < 0.05).astype(int)
    careless = honest.copy()
    careless[0] = 0
    moved = ability.mle(bank, honest).theta - ability.mle(bank, careless).theta
    for weight in ("huber", "tukey"):
        kept = ability.robust(bank, honest, weight=weight).theta
        shaken = ability.robust(bank, careless, weight=weight).theta
        assert abs(kept - shaken) < 0.5 * moved


def test_a_robust_estimate_with_a_wide_tuning_is_the_mle() -> None:
    likely = ability.mle(RASCH, [1, 1, 0], low=-4, high=4)
    huber = ability.robust(RASCH, [1, 1, 0], weight="huber", tuning=50.0)
    assert huber.theta == pytest.approx(likely.theta, abs=1e-9)
    assert huber.se == pytest.approx(likely.se, abs=1e-9)


def test_where_no_item_has_weight_the_robust_error_is_infinite() -> None:
    one = ItemParameters([2.0], [0.0], [0.0], [1.0])
    estimate = ability.robust(one, [1], weight="tukey", tuning=4.0)
    assert estimate.theta == pytest.approx(2.0, abs=1e-6)
    assert estimate.maximum is Maximum.AT_HIGH
    assert estimate.se == math.inf


@pytest.mark.parametrize("theta", [-1.0, 2.5])
def test_five_thousand_answers_give_the_ability_back(theta: float) -> None:
    rng = np.random.default_rng(11)
    bank = mixed_bank(rng, 5000)
    scores = answers(rng, bank, theta)
    prior = NormalPrior()
    for estimate in (
        ability.eap(bank, scores, prior=prior),
        ability.mle(bank, scores),
        ability.posterior_mode(bank, scores, prior=prior),
        ability.wle(bank, scores),
    ):
        assert abs(estimate.theta - theta) < 4 * estimate.se
        assert 0 < estimate.se < 0.05


def test_the_eap_of_a_long_test_is_that_of_a_grid_as_fine_as_it_needs() -> None:
    rng = np.random.default_rng(13)
    bank = mixed_bank(rng, 900)
    scores = answers(rng, bank, 0.7)
    ours = ability.eap(bank, scores, prior=NormalPrior())
    fine = ability.eap(bank, scores, prior=NormalPrior(), grid=ability.Grid(-1, 2.4, 1201))
    assert (ours.theta, ours.se) == pytest.approx((fine.theta, fine.se), abs=1e-11)
    served = ability.eap(bank, scores, prior=NormalPrior(), grid=ability.DEFAULT_GRID)
    assert abs(served.se - fine.se) > 1e-4  # what the refinement is for


def test_extreme_answers_to_five_thousand_items_stay_finite() -> None:
    bank = mixed_bank(np.random.default_rng(12), 5000)
    for scores in (np.zeros(len(bank), int), bank.n_categories - 1):
        for estimate in (
            ability.eap(bank, scores, prior=NormalPrior()),
            ability.posterior_mode(bank, scores, prior=NormalPrior()),
            ability.wle(bank, scores),
        ):
            assert np.isfinite([estimate.theta, estimate.se]).all()


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: UniformPrior(1.0, 1.0), "prior"),
        (lambda: ability.mle(RASCH, [1, 0, 1], low=2, high=1), "low"),
        (lambda: ability.robust(RASCH, [1, 0, 1], tuning=-1), "tuning"),
        (lambda: ability.robust(RASCH, [1, 0, 1], weight="mean"), "weight"),  # type: ignore[arg-type]
        (lambda: ability.robust(RASCH, [1, 0, 1], low=-math.inf), "low"),
        (lambda: ability.standard_error(RASCH, 0.0, prior=NormalPrior(), warm=True), "warm"),
        (lambda: ability.standard_error(RASCH, 0.0, kind="observed"), "scores"),
        (lambda: ability.eap(RASCH, [1, 0, 1], prior=UniformPrior(10.5, 11)), "prior"),
    ],
)
def test_a_rule_out_of_range_is_named(call: Callable[[], Any], argument: str) -> None:
    with pytest.raises(InvalidRules, match=f"^{argument}"):
        call()


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InvalidResponses, match="numbers"):
        ability.mle(RASCH, ["right", "wrong", "right"])


# Item parameters known with error


def uncertain(count: int = 16) -> tuple[ItemParameters, np.ndarray]:
    rng = np.random.default_rng(21)
    bank = ItemParameters(rng.uniform(0.8, 2, count), rng.normal(0, 1, count), [0.2] * count, [1.0] * count)
    covariance = np.zeros((count, 4, 4))
    covariance[:, 0, 0], covariance[:, 1, 1], covariance[:, 2, 2] = 0.15**2, 0.25**2, 0.3**2
    covariance[:, 0, 1] = covariance[:, 1, 0] = 0.01
    return bank, covariance


def drawn_bank(bank: ItemParameters, covariance: np.ndarray, rng: np.random.Generator) -> ItemParameters:
    z = np.array([rng.multivariate_normal(np.zeros(3), one[:3, :3]) for one in covariance])
    floor = 1 / (1 + np.exp(-(np.log(bank.c / (1 - bank.c)) + z[:, 2])))
    return ItemParameters(bank.a * np.exp(z[:, 0]), bank.b + z[:, 1], floor, bank.d)


def test_an_eap_with_uncertain_items_is_the_average_over_what_they_may_be() -> None:
    bank, covariance = uncertain()
    rng = np.random.default_rng(5)
    scores = (rng.random(16) < models.probability(bank, [0.3])[0]).astype(int)
    draws = models.parameter_draws(bank, covariance)
    ours = ability.eap(bank, scores, prior=NormalPrior(), draws=draws)
    nodes = ability.DEFAULT_GRID.nodes()
    heights = np.array(
        [
            models.log_likelihood_derivatives(drawn_bank(bank, covariance, rng), scores, nodes)[0]
            for _ in range(1500)
        ]
    )
    average = np.log(np.exp(heights - heights.max()).mean(axis=0)) + NormalPrior().log_density(nodes)
    simulated = ability.posterior(average, nodes)
    assert ours.theta == pytest.approx(simulated.theta, abs=0.01)
    assert ours.se == pytest.approx(simulated.se, abs=0.005)
    assert ours.se > ability.eap(bank, scores, prior=NormalPrior()).se + 0.003


def test_the_error_of_calibration_widens_a_warm_estimate_as_much_as_a_simulation_says() -> None:
    bank, covariance = uncertain(32)
    rng = np.random.default_rng(6)
    scores = (rng.random(32) < models.probability(bank, [0.3])[0]).astype(int)
    warm = ability.wle(bank, scores)
    wider = ability.with_parameter_error(bank, scores, warm, models.parameter_draws(bank, covariance))
    simulated = np.std([ability.wle(drawn_bank(bank, covariance, rng), scores).theta for _ in range(200)])
    assert math.sqrt(wider.se**2 - warm.se**2) == pytest.approx(simulated, rel=0.25)
    assert abs(wider.theta - warm.theta) < simulated


def test_certain_items_change_nothing() -> None:
    bank, covariance = uncertain(6)
    draws = models.parameter_draws(bank, 0 * covariance)
    scores = [1, 0, 1, 1, 0, 0]
    plain = ability.eap(bank, scores, prior=NormalPrior())
    through = ability.eap(bank, scores, prior=NormalPrior(), draws=draws)
    assert through[:2] == pytest.approx(plain[:2], abs=1e-12)
    warm = ability.wle(bank, scores)
    same = ability.with_parameter_error(bank, scores, warm, draws)
    assert (same.theta, same.se) == pytest.approx((warm.theta, warm.se), abs=1e-12)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda c: c[:1], "shape"),
        (lambda c: c - np.eye(4), "positive"),
        (lambda c: c + np.triu(np.ones((4, 4)), 1), "symmetric"),
        (lambda c: c + np.diag([0, 0, 0, 0.1]), "asymptote"),
    ],
)
def test_a_covariance_that_cannot_be_is_refused(change: Callable[[Any], Any], rule: str) -> None:
    bank, covariance = uncertain(4)
    with pytest.raises(InvalidParameters, match=rule):
        models.parameter_draws(bank, change(covariance))


def test_draws_of_other_items_are_refused() -> None:
    bank, covariance = uncertain(4)
    draws = models.parameter_draws(bank, covariance)
    with pytest.raises(InvalidParameters, match="items answered"):
        ability.eap(bank.take([0, 1]), [1, 0], prior=NormalPrior(), draws=draws)
    assert ability.eap(bank.take([0, 1]), [1, 0], prior=NormalPrior(), draws=draws.take([0, 1])).se < 1
