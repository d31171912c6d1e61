"""The domain profile: the right mode, honest intervals, and gates that hold back what says nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from irt import (
    InvalidResponses,
    InvalidRules,
    ItemParameters,
    NormalPrior,
    Profile,
    ProfileModel,
    Standing,
    domain_profile,
    models,
)

PRIOR = NormalPrior()


def correlated(rho: float, count: int = 5, **gates: float) -> ProfileModel:
    return ProfileModel(np.where(np.eye(count) > 0, 1.0, rho), **gates)


def precise(per_domain: int, scores: list[list[int]], rho: float, **gates: float) -> Profile:
    """A profile over `len(scores)` domains of discriminating items spread over difficulty."""
    count = len(scores)
    b = np.tile(np.linspace(-1.5, 1.5, per_domain), count)
    items = ItemParameters([2.0] * len(b), b, [0.0] * len(b), [1.0] * len(b))
    domains = np.repeat(np.arange(count), per_domain)
    return domain_profile(
        items, domains, np.ravel(scores), prior=PRIOR, model=correlated(rho, count, **gates)
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_estimate_is_the_mode_a_general_optimiser_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = ItemParameters(
        rng.uniform(0.6, 2, 32), rng.normal(0, 1, 32), rng.choice([0, 0.25], 32), np.ones(32)
    )
    domains, scores = np.arange(32) % 5, rng.integers(0, 2, 32)
    model, prior = correlated(0.7), NormalPrior(0.2, 1.1)
    precision = np.linalg.inv(model.correlation * 1.1**2)

    def loss(theta: np.ndarray) -> float:
        p = items.c + (items.d - items.c) / (1 + np.exp(-items.a * (theta[domains] - items.b)))
        likelihood = np.log(np.where(scores == 1, p, 1 - p)).sum()
        return float(0.5 * (theta - 0.2) @ precision @ (theta - 0.2) - likelihood)

    found = minimize(loss, np.full(5, 0.2), method="BFGS", options={"gtol": 1e-8})
    ours = domain_profile(items, domains, scores, prior=prior, model=model)
    assert ours.converged
    assert ours.theta == pytest.approx(found.x, abs=1e-4)
    assert loss(ours.theta) <= found.fun + 1e-10


def test_perfectly_related_domains_share_one_ability() -> None:
    rng = np.random.default_rng(0)
    items = ItemParameters(np.ones(30), rng.normal(0, 1, 30), np.zeros(30), np.ones(30))
    scores = rng.integers(0, 2, 30)
    ours = domain_profile(items, np.arange(30) % 3, scores, prior=PRIOR, model=correlated(0.99999, 3))
    theta = np.linspace(-4, 4, 80001)
    height = models.log_likelihood_derivatives(items, scores, theta)[0] - 0.5 * theta**2
    assert ours.theta == pytest.approx(np.full(3, theta[np.argmax(height)]), abs=1e-3)


def test_unrelated_domains_do_not_inform_each_other() -> None:
    rng = np.random.default_rng(1)
    items = ItemParameters(np.ones(20), rng.normal(0, 1, 20), np.zeros(20), np.ones(20))
    scores, domains = rng.integers(0, 2, 20), np.arange(20) % 2
    both = domain_profile(items, domains, scores, prior=PRIOR, model=correlated(0.0, 2))
    first = domains == 0
    alone = domain_profile(
        items.take(np.flatnonzero(first)),
        np.zeros(10, int),
        scores[first],
        prior=PRIOR,
        model=correlated(0, 1),
    )
    assert both.theta[0] == pytest.approx(alone.theta[0], abs=1e-9)
    assert both.se[0] == pytest.approx(alone.se[0], abs=1e-9)


def test_a_domain_without_answers_is_predicted_from_the_others() -> None:
    items = ItemParameters(np.full(20, 1.5), np.linspace(-1, 1, 20), np.zeros(20), np.ones(20))
    result = domain_profile(items, [0] * 20, [1] * 15 + [0] * 5, prior=PRIOR, model=correlated(0.6, 2))
    assert result.n_responses.tolist() == [20, 0]
    assert result.theta[1] == pytest.approx(0.6 * result.theta[0], abs=1e-6)
    assert result.ratio[1] == pytest.approx(1.0, abs=1e-9)
    assert not result.shown[1]


def test_a_typical_certification_is_too_short_to_pass_both_gates() -> None:
    # Perfectly targeted items with a = 1, two in five with a guessing floor: no correlation opens both gates.
    guessing = np.where(np.arange(32) % 5 < 2, 0.25, 0.0)
    items = ItemParameters(np.ones(32), np.zeros(32), guessing, np.ones(32))
    for rho in np.linspace(0.0, 0.95, 20):
        result = domain_profile(
            items, np.arange(32) // 7, np.arange(32) % 2, prior=PRIOR, model=correlated(float(rho))
        )
        assert not result.shown.any()
        assert result.homogeneous


def test_a_long_uneven_test_shows_the_domains_and_names_the_weak_one() -> None:
    strong, weak = [1] * 26 + [0] * 4, [1] * 6 + [0] * 24
    result = precise(30, [strong, strong, weak], rho=0.6)
    assert result.shown.all()
    assert result.standing.tolist() == [Standing.STRONG, Standing.STRONG, Standing.WEAK]
    assert not result.homogeneous
    assert result.deviation.sum() == pytest.approx(0.0, abs=1e-9)
    assert result.deviation_high[2] < 0 < result.deviation_low[0]


def test_an_even_learner_is_called_homogeneous_although_shown() -> None:
    even = [1] * 16 + [0] * 14
    result = precise(30, [even, even, even], rho=0.6)
    assert result.shown.all()
    assert result.homogeneous


def test_a_domain_held_back_is_never_called_strong() -> None:
    result = precise(30, [[1] * 30, [1] * 10 + [0] * 20], rho=0.5, least_prmse=0.99)
    assert result.deviation_low[0] > 0
    assert result.standing.tolist() == [Standing.NOT_DISTINCT] * 2


def test_intervals_of_domains_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(8)
    model = correlated(0.7)
    inside, rounds = 0, 300
    factor = np.linalg.cholesky(model.correlation)
    for _ in range(rounds):
        theta = factor @ rng.normal(size=5)
        domains = np.arange(40) % 5
        b = theta.mean() + rng.normal(0, 0.6, 40)
        items = ItemParameters(np.full(40, 1.2), b, np.zeros(40), np.ones(40))
        p = 1 / (1 + np.exp(-1.2 * (theta[domains] - b)))
        result = domain_profile(items, domains, rng.random(40) < p, prior=PRIOR, model=model)
        inside += int(((result.low <= theta) & (theta <= result.high)).sum())
    # 1,500 correlated intervals at 90 %: sd about 0.012; the Laplace approximation costs a little.
    assert 0.86 < inside / (5 * rounds) < 0.94


@pytest.mark.parametrize(
    "correlation",
    [
        [[1.0, 0.5]],
        [[1.0, 1.0], [1.0, 1.0]],
        [[1.0, 0.5], [0.4, 1.0]],
        [[2.0, 0.0], [0.0, 1.0]],
        [[1.0, np.nan], [np.nan, 1.0]],
        [],
    ],
)
def test_what_is_not_a_correlation_matrix_is_refused(correlation: Any) -> None:
    with pytest.raises(InvalidRules, match=r"^profile\.correlation"):
        ProfileModel(correlation)


def test_scores_out_of_range_are_refused() -> None:
    items = ItemParameters([1.0], [0.0], [0.0], [1.0])
    with pytest.raises(InvalidResponses, match=r"scores\[0\]"):
        domain_profile(items, [0], [3], prior=PRIOR, model=correlated(0.5))
