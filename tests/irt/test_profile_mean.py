"""The profile by quadrature: exact where one dimension is enough, and what the mode only approximates."""

from __future__ import annotations

import numpy as np
import pytest

from irt import (
    InvalidResponses,
    InvalidRules,
    ItemParameters,
    NormalPrior,
    ProfileModel,
    domain_profile,
    eap,
    models,
)
from irt.profile import profile_mean
from irt.types import GradedParameters, MixedParameters
from tests.irt.test_polytomous import answers, mixed_bank

PRIOR = NormalPrior(0.2, 1.1)


def independent(count: int) -> ProfileModel:
    return ProfileModel(np.eye(count))


@pytest.mark.parametrize(("count", "tolerance"), [(1, 1e-9), (2, 1e-8), (3, 1e-6), (5, 2e-4)])
def test_independent_domains_are_so_many_eaps(count: int, tolerance: float) -> None:
    rng = np.random.default_rng(count)
    bank = mixed_bank(rng, 36)
    domains, scores = np.arange(36) % count, answers(rng, bank, 0.5)
    found = profile_mean(bank, domains, scores, prior=PRIOR, model=independent(count))
    for domain in range(count):
        own = np.flatnonzero(domains == domain)
        alone = eap(bank.take(own), scores[own], prior=PRIOR)
        assert found.theta[domain] == pytest.approx(alone.theta, abs=tolerance)
        assert found.se[domain] == pytest.approx(alone.se, abs=tolerance)


def test_two_correlated_domains_agree_with_a_dense_grid() -> None:
    rng = np.random.default_rng(9)
    bank = MixedParameters(
        [
            ItemParameters(rng.uniform(0.8, 2, 8), rng.normal(0, 1, 8), [0.2] * 8, [1.0] * 8),
            GradedParameters(rng.uniform(0.8, 2, 6), np.sort(rng.normal(0, 1, (6, 2)), axis=1)),
        ]
    )
    domains, scores = np.arange(14) % 2, answers(rng, bank, 0.3)
    model = ProfileModel(np.array([[1.0, 0.7], [0.7, 1.0]]))
    nodes = np.linspace(-8, 8, 401)
    precision = np.linalg.inv(model.correlation * 1.1**2)
    height = np.zeros((401, 401))
    for domain, shape in ((0, (-1, 1)), (1, (1, -1))):
        own = np.flatnonzero(domains == domain)
        value, _, _ = models.log_likelihood_derivatives(bank.take(own), scores[own], nodes)
        height = height + value.reshape(shape)
    x, y = np.meshgrid(nodes - 0.2, nodes - 0.2, indexing="ij")
    height -= 0.5 * (precision[0, 0] * x * x + 2 * precision[0, 1] * x * y + precision[1, 1] * y * y)
    mass = np.exp(height - height.max())
    mass /= mass.sum()
    mean = np.array([(mass.sum(axis=1) * nodes).sum(), (mass.sum(axis=0) * nodes).sum()])
    cross = float(((x + 0.2 - mean[0]) * (y + 0.2 - mean[1]) * mass).sum())
    found = profile_mean(bank, domains, scores, prior=PRIOR, model=model)
    assert found.theta == pytest.approx(mean, abs=1e-8)
    assert found.covariance[0, 1] == pytest.approx(cross, abs=1e-8)


def test_the_mean_lies_near_the_mode_and_further_out_for_an_all_right_pattern() -> None:
    bank = ItemParameters([1.5] * 20, np.tile(np.linspace(-1.5, 1.5, 10), 2), [0.0] * 20, [1.0] * 20)
    domains, model = np.repeat([0, 1], 10), ProfileModel(np.array([[1.0, 0.6], [0.6, 1.0]]))
    mixed = [1, 0] * 10
    mean = profile_mean(bank, domains, mixed, prior=PRIOR, model=model)
    mode = domain_profile(bank, domains, mixed, prior=PRIOR, model=model)
    assert mean.theta == pytest.approx(mode.theta, abs=0.03)
    right = profile_mean(bank, domains, [1] * 20, prior=PRIOR, model=model)
    assert (
        right.theta > domain_profile(bank, domains, [1] * 20, prior=PRIOR, model=model).theta + 0.05
    ).all()


def test_a_domain_without_answers_borrows_from_the_others() -> None:
    bank = ItemParameters([1.5] * 10, np.linspace(-1.5, 1.5, 10), [0.0] * 10, [1.0] * 10)
    model = ProfileModel(np.array([[1.0, 0.6], [0.6, 1.0]]))
    found = profile_mean(bank, [0] * 10, [1] * 8 + [0] * 2, prior=NormalPrior(), model=model)
    assert found.theta[1] == pytest.approx(0.6 * found.theta[0], abs=1e-9)
    assert found.se[1] ** 2 == pytest.approx(1 - 0.36 * (1 - found.se[0] ** 2), abs=1e-9)


def test_misuse_is_named() -> None:
    bank = ItemParameters([1.0, 1.0], [0.0, 0.5], [0.0, 0.0], [1.0, 1.0])
    with pytest.raises(InvalidRules, match=r"^points"):
        profile_mean(bank, [0, 1], [1, 0], prior=PRIOR, model=independent(2), points=1001)
    with pytest.raises(InvalidResponses, match="domains"):
        profile_mean(bank, [0, 2], [1, 0], prior=PRIOR, model=independent(2))
    with pytest.raises(InvalidResponses, match="domains"):
        domain_profile(bank, [0], [1, 0], prior=PRIOR, model=independent(2))
