"""Standard errors against derivatives of the marginal likelihood that know nothing of EM."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from irt.calibration import Calibration, calibrate, normal_weights
from irt.errors import InvalidRules
from irt.mstep import Beta, LogNormal, Priors, log_prior
from irt.responses import Responses
from irt.standard_errors import standard_errors
from irt.types import FloatArray, GradedParameters, ItemParameters, NominalParameters
from tests.irt.calibration_world import answers, marginal

MODELS: dict[str, Any] = {
    "rasch": ItemParameters(np.ones(5), np.linspace(-1, 1, 5), np.zeros(5), np.ones(5)),
    "2pl": ItemParameters([1.2, 0.8, 1.5, 1.0, 0.9], np.linspace(-1, 1, 5), np.zeros(5), np.ones(5)),
    "3pl": ItemParameters([1.2, 0.8, 1.5], [-0.5, 0.0, 0.7], [0.2] * 3, np.ones(3)),
    "grm": GradedParameters([1.2, 0.9, 1.5, 1.0], [[-1.0, 0.9], [-0.5, 0.2], [0.0, 1.0], [-0.7, 0.7]]),
    "gpcm": NominalParameters.partial_credit([[-0.8, 0.4], [0.1, -0.3], [0.0, 0.5]], [0.9, 1.2, 1.0]),
    "rsm": NominalParameters.rating_scale([-0.5, 0.0, 0.6], [-0.6, 0.6]),
    "nrm": NominalParameters([[0.0, 0.6, 2.2]] * 3, [[0.0, 0.3, 0.0], [0.0, -0.2, 0.1], [0.0, 0.4, 0.2]]),
    "1pl": ItemParameters(np.full(4, 1.3), np.linspace(-1, 1, 4), np.zeros(4), np.ones(4)),
}


def calibrated(model: str, n_persons: int = 400) -> tuple[Calibration, Responses]:
    rng = np.random.default_rng(3)
    given = answers(MODELS[model], rng.normal(0, 1.1, n_persons), seed=4, share=0.9)
    priors = Priors(a=LogNormal(0.0, 0.5), c=Beta(5, 17)) if model == "3pl" else None
    return calibrate(given, model, priors=priors, tolerance=1e-9, max_cycles=4000).require(), given


def by_differences(found: Calibration, given: Responses) -> FloatArray:
    """Minus the Hessian of the marginal log-posterior, parameters in the order of the covariance."""
    family = found.families[0]
    u, v = family.split(found.natural[0])
    start = np.concatenate([u.ravel(), v, found.ability.sd[list(found.free_sd)]])

    def value(x: FloatArray) -> float:
        natural = family.natural(x[: u.size].reshape(u.shape), x[u.size : u.size + v.size])
        sd = found.ability.sd.copy()
        sd[list(found.free_sd)] = x[u.size + v.size :]
        moved = found.ability._replace(log_weight=normal_weights(found.nodes, found.ability.mean, sd))
        object.__setattr__(found, "ability", moved)
        return marginal(found, given, [natural]) + float(log_prior(family, natural).sum())

    original, h, n = found.ability, 1e-3, len(start)
    hessian = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            e, f = h * np.eye(n)[i], h * np.eye(n)[j]
            four = value(start + e + f) - value(start + e - f) - value(start - e + f) + value(start - e - f)
            hessian[i, j] = hessian[j, i] = four / (4 * h * h)
    object.__setattr__(found, "ability", original)
    return -hessian


@pytest.mark.parametrize("model", sorted(MODELS))
def test_the_observed_information_is_the_curvature_of_the_marginal_likelihood(model: str) -> None:
    found, given = calibrated(model)
    errors = standard_errors(found, given)
    assert errors.positive_definite
    assert errors.covariance is not None
    wanted = by_differences(found, given)
    scale = np.sqrt(np.outer(np.diag(wanted), np.diag(wanted)))
    np.testing.assert_allclose(np.linalg.inv(errors.covariance) / scale, wanted / scale, atol=2e-5)


def test_the_cross_product_is_that_of_the_persons_scores() -> None:
    found, given = calibrated("2pl", 100)
    errors = standard_errors(found, given, "crossprod")
    assert errors.covariance is not None
    x, h = found.natural[0], 1e-5
    scores = np.empty((given.n_persons, x.size))
    for person in range(given.n_persons):
        alone = given.persons(person, person + 1)
        for j in range(x.size):
            shift = np.zeros(x.size)
            shift[j] = h
            up, down = (marginal(found, alone, [x + s * shift.reshape(x.shape)]) for s in (1, -1))
            scores[person, j] = (up - down) / (2 * h)
    np.testing.assert_allclose(np.linalg.inv(errors.covariance), scores.T @ scores, rtol=1e-4, atol=1e-4)


def test_the_sandwich_joins_both() -> None:
    found, given = calibrated("2pl")
    bread, meat, sandwich = (
        standard_errors(found, given, kind) for kind in ("oakes", "crossprod", "sandwich")
    )
    assert bread.covariance is not None
    assert meat.covariance is not None
    joined = bread.covariance @ np.linalg.inv(meat.covariance) @ bread.covariance
    assert sandwich.covariance is not None
    np.testing.assert_allclose(sandwich.covariance, joined, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", ["oakes", "crossprod", "sandwich"])
@pytest.mark.parametrize("model", ["2pl", "3pl", "grm", "rsm"])
def test_numba_and_numpy_agree(model: str, kind: Any) -> None:
    found, given = calibrated(model)
    for full in (True, False):
        one, two = (standard_errors(found, given, kind, full=full, fast=fast) for fast in (True, False))
        for first, second in zip(one.blocks, two.blocks, strict=True):
            np.testing.assert_allclose(first, second, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("full", [True, False])
def test_chunks_do_not_change_a_bit_of_the_errors(full: bool, fast: bool) -> None:
    found, given = calibrated("gpcm", 1500)
    whole = standard_errors(found, given, "sandwich", full=full, fast=fast)
    for count in (2, 3, 4):
        parts = standard_errors(found, given.parts(count), "sandwich", full=full, fast=fast)
        for one, two in zip(whole.blocks, parts.blocks, strict=True):
            assert np.array_equal(one, two)
        if whole.covariance is not None:
            assert parts.covariance is not None
            assert np.array_equal(whole.covariance, parts.covariance)


def test_blocks_are_a_little_smaller_than_the_whole_and_exact_for_one_item_among_fixed_ones() -> None:
    found, given = calibrated("2pl", 500)
    whole, block = standard_errors(found, given), standard_errors(found, given, full=False)
    for small, large in zip(block.rows(), whole.rows(), strict=True):
        assert 0.7 * large.se < small.se < 1.0001 * large.se
    items = MODELS["2pl"]
    anchored = calibrate(
        given, "2pl", fixed=items.take([0, 1, 2, 3]), fixed_items=[0, 1, 2, 3], latent="standard"
    )
    one, two = (standard_errors(anchored, given, full=full).blocks[1] for full in (True, False))
    np.testing.assert_allclose(one, two, rtol=1e-6)


def test_errors_of_a_and_b_follow_from_those_of_slope_and_intercept() -> None:
    found, given = calibrated("3pl", 400)
    errors = standard_errors(found, given)
    covariance, x = errors.blocks[0][1], found.natural[0][1]
    draws = np.random.default_rng(1).multivariate_normal(x, covariance * 1e-6, 40000)
    moved = np.stack([draws[:, 0], -draws[:, 1] / draws[:, 0], 1 / (1 + np.exp(-draws[:, 2]))])
    rows = {row.name: row for row in errors.parameter_rows() if row.item == 1}
    for name, values in zip(("a", "b", "c"), moved, strict=True):
        assert rows[name].value == pytest.approx(values.mean(), abs=1e-4)
        assert rows[name].se == pytest.approx(values.std() * 1e3, rel=0.02)
    np.testing.assert_allclose(np.sqrt(np.diag(errors.item_covariances()[1])), [rows[n].se for n in "abc"])


def test_thresholds_of_partial_credit_have_errors_too() -> None:
    found, given = calibrated("gpcm", 400)
    rows = {row.name: row for row in standard_errors(found, given).parameter_rows() if row.item == 0}
    x = found.natural[0][0]
    assert rows["b1"].value == pytest.approx(-x[1] / x[0])
    assert rows["b2"].value == pytest.approx((x[1] - x[2]) / x[0])
    assert 0 < rows["b1"].se < 1


def test_fixed_items_and_fixed_slopes_have_no_error() -> None:
    found, given = calibrated("rasch")
    rows = standard_errors(found, given).rows()
    assert all(np.isnan(row.se) == (row.name == "a") for row in rows)


def test_estimates_that_are_no_maximum_have_no_errors() -> None:
    found, given = calibrated("2pl")
    flat = dataclasses.replace(found, natural=tuple(x * 0.01 for x in found.natural))
    saddle = calibrate(given, "2pl", start=flat, max_cycles=1)
    errors = standard_errors(saddle, given)
    assert not errors.positive_definite
    assert np.isnan([row.se for row in errors.rows()]).all()


def test_the_error_of_the_sd_of_ability_is_told() -> None:
    found, given = calibrated("rasch", 400)
    errors = standard_errors(found, given)
    assert errors.ability.shape == (1,)
    assert 0.02 < errors.ability[0] < 0.3


def test_an_unknown_kind_is_refused() -> None:
    found, given = calibrated("2pl")
    with pytest.raises(InvalidRules, match="kind: must be oakes, crossprod or sandwich, is louis"):
        standard_errors(found, given, "louis")  # type: ignore[arg-type]
