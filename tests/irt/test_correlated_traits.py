"""Correlated traits: expectation propagation against a dense grid, recovery, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from irt.calibration import Calibration, calibrate
from irt.correlated_traits import calibrate_traits
from irt.errors import InvalidRules, NotReportable
from irt.responses import Responses
from irt.types import FloatArray, ItemParameters
from tests.irt.calibration_world import answers


def two_domains(n_persons: int, correlation: float, seed: int, sd: float = 1.0, each: int = 6) -> Responses:
    rng = np.random.default_rng(seed)
    theta = rng.multivariate_normal([0, 0], [[1, correlation * sd], [correlation * sd, sd**2]], n_persons)
    table = []
    for d in range(2):
        b = np.linspace(-1.2, 1.2, each)
        items = ItemParameters(np.full(each, 1.3), b, np.zeros(each), np.ones(each))
        table.append(answers(items, theta[:, d], seed=seed + d).score.reshape(n_persons, each))
    return Responses.from_wide(np.hstack(table))


def known(given: Responses, each: int = 6) -> Calibration:
    """A calibration whose items are the true ones."""
    items = ItemParameters(
        np.full(2 * each, 1.3),
        np.tile(np.linspace(-1.2, 1.2, each), 2),
        np.zeros(2 * each),
        np.ones(2 * each),
    )
    return calibrate(given, "2pl", fixed=items, fixed_items=np.arange(2 * each), max_cycles=1)


def by_grid(
    given: Responses, whole: Calibration, mean: FloatArray, covariance: FloatArray, each: int = 6
) -> float:
    """Log-likelihood of two domains on a grid of two dimensions."""
    nodes = whole.nodes
    log_p = whole.log_probability()
    codes = given.codes.reshape(-1, 2 * each)
    one, two = log_p[codes[:, :each]].sum(axis=1), log_p[codes[:, each:]].sum(axis=1)
    points = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1) - mean
    weight = -0.5 * np.einsum("abi,ij,abj->ab", points, np.linalg.inv(covariance), points)
    weight -= np.log(np.exp(weight).sum())
    return float(
        sum(np.logaddexp.reduce((x[:, None] + y + weight).ravel()) for x, y in zip(one, two, strict=True))
    )


def test_the_likelihood_is_that_of_a_dense_grid_and_its_maximum_is_there() -> None:
    given = two_domains(300, 0.6, 3, sd=1.4)
    whole = known(given)
    found = calibrate_traits(given, [0] * 6 + [1] * 6, fixed=whole, tolerance=1e-4).require()
    covariance = found.correlation * np.outer(found.sd, found.sd)
    best = by_grid(given, whole, found.mean, covariance)
    assert found.log_likelihood == pytest.approx(best, abs=0.3)

    def moved(factor: float) -> float:
        other = covariance.copy()
        other[0, 1] = other[1, 0] = covariance[0, 1] * factor
        return by_grid(given, whole, found.mean, other)

    low, high = moved(0.98), moved(1.02)
    peak = 0.01 * (high - low) / (2 * best - low - high)  # of the parabola through the three
    assert abs(peak) < 0.015


def test_correlation_and_sds_are_recovered_with_known_items() -> None:
    given = two_domains(3000, 0.6, 5, sd=1.4)
    found = calibrate_traits(given, [0] * 6 + [1] * 6, fixed=known(given)).require()
    assert abs(found.correlation[0, 1] - 0.6) < 3 * found.se[0, 1]
    np.testing.assert_allclose(found.sd, [1.0, 1.4], atol=0.1)
    np.testing.assert_allclose(found.mean, 0.0, atol=0.1)
    assert 0.01 < found.se[0, 1] < 0.05


def test_five_domains_are_recovered_with_their_items() -> None:
    wanted = 0.5 + 0.5 * np.eye(5) + 0.1 * (np.add.outer(np.arange(5), np.arange(5)) % 3 == 0)
    np.fill_diagonal(wanted, 1.0)
    rng = np.random.default_rng(8)
    theta = rng.multivariate_normal(np.zeros(5), wanted, 3000)
    domain = np.arange(60) % 5
    a, b = rng.lognormal(0.1, 0.2, 60), rng.normal(size=60)
    table = rng.random((3000, 60)) < 1 / (1 + np.exp(-a * (theta[:, domain] - b)))
    given = Responses.from_wide(np.where(rng.random((3000, 60)) < 0.6, table, np.nan))
    found = calibrate_traits(given, domain).require()
    np.testing.assert_allclose(found.correlation, wanted, atol=0.08)
    assert (np.linalg.eigvalsh(found.correlation) > 0).all()
    np.testing.assert_allclose(found.natural[0][:, 0], a, atol=0.35)
    np.testing.assert_allclose([found.mean, found.sd], [np.zeros(5), np.ones(5)], atol=1e-9)


def test_domains_that_are_one_trait_come_out_correlated_near_one() -> None:
    items = ItemParameters(np.full(20, 1.4), np.linspace(-1.5, 1.5, 20), np.zeros(20), np.ones(20))
    given = answers(items, np.random.default_rng(1).normal(size=2000), seed=2)
    found = calibrate_traits(given, np.arange(20) % 2, max_cycles=400)
    assert found.correlation[0, 1] > 0.95


def test_persons_who_met_one_domain_only_do_not_disturb() -> None:
    given = two_domains(2000, 0.7, 4)
    table = given.score.reshape(2000, 12).astype(np.float64)
    table[1500:, 6:] = np.nan
    table[1400:1500, :] = np.nan
    found = calibrate_traits(Responses.from_wide(table), [0] * 6 + [1] * 6).require()
    assert abs(found.correlation[0, 1] - 0.7) < 4 * found.se[0, 1]


def test_stopping_early_is_told() -> None:
    found = calibrate_traits(two_domains(300, 0.5, 6), [0] * 6 + [1] * 6, max_cycles=2)
    with pytest.raises(NotReportable, match="not converged"):
        found.require()


@pytest.mark.parametrize(
    ("domains", "message"),
    [
        ([0] * 5, "domains: must hold a domain from 0 for each of 12 items"),
        ([0] * 11 + [-1], "domains: must hold a domain from 0"),
        ([0] * 6 + [2] * 6, "domains: domain 1 has no item"),
    ],
)
def test_domains_that_do_not_fit_are_refused(domains: list[int], message: str) -> None:
    with pytest.raises(InvalidRules, match=message):
        calibrate_traits(two_domains(100, 0.5, 1), domains)
