"""Conditional maximum likelihood against the likelihood written out pattern by pattern."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from irt.calibration import calibrate
from irt.conditional import calibrate_conditionally
from irt.errors import InvalidResponses, NotReportable
from irt.responses import Responses
from irt.types import FloatArray, ItemParameters, NominalParameters
from tests.irt.calibration_world import answers


def rasch(n_items: int) -> ItemParameters:
    return ItemParameters(
        np.ones(n_items), np.linspace(-1.5, 1.5, n_items), np.zeros(n_items), np.ones(n_items)
    )


def written_out(table: FloatArray, d: FloatArray) -> float:
    """Conditional log-likelihood by listing every pattern with the same score on the same items."""
    total = 0.0
    for row in table:
        given = np.flatnonzero(~np.isnan(row))
        score = int(row[given].sum())
        levels = [range(d.shape[1] + 1)] * len(given)
        padded = np.hstack([np.zeros((len(d), 1)), d])
        same = [
            sum(padded[item, k] for item, k in zip(given, pattern, strict=True))
            for pattern in itertools.product(*levels)
            if sum(pattern) == score
        ]
        own = sum(padded[item, int(row[item])] for item in given)
        total += own - float(np.logaddexp.reduce(same))
    return total


def test_rasch_difficulties_are_the_maximum_of_the_likelihood_written_out() -> None:
    given = answers(rasch(5), np.random.default_rng(1).normal(size=60), seed=2, share=0.8)
    table = np.full((60, 5), np.nan)
    table[np.repeat(np.arange(60), given.counts), given.item] = given.score
    found = calibrate_conditionally(given).require()
    assert found.log_likelihood == pytest.approx(written_out(table, found.intercepts), abs=1e-9)

    def loss(x: FloatArray) -> float:
        return -written_out(table, np.append(x, -x.sum())[:, None])

    best = minimize(loss, np.zeros(4))
    np.testing.assert_allclose(found.intercepts[:4, 0], best.x, atol=1e-4)
    full = np.zeros((5, 5))
    change = np.vstack([np.eye(4), -np.ones((1, 4))])
    h = 1e-3
    hessian = np.empty((4, 4))
    for i, j in itertools.product(range(4), repeat=2):
        e, f = h * np.eye(4)[i], h * np.eye(4)[j]
        four = [
            s * t * written_out(table, (change @ (best.x + s * e + t * f))[:, None])
            for s in (1, -1)
            for t in (1, -1)
        ]
        hessian[i, j] = -sum(four) / (4 * h * h)
    full = change @ np.linalg.inv(hessian) @ change.T
    np.testing.assert_allclose(found.covariance, full, rtol=1e-3, atol=1e-5)


def test_partial_credit_thresholds_are_the_maximum_of_the_likelihood_written_out() -> None:
    items = NominalParameters.partial_credit([[-0.5, 0.4], [0.0, 0.3], [-0.2, 0.1]])
    given = answers(items, np.random.default_rng(3).normal(size=80), seed=4)
    table = given.score.reshape(80, 3).astype(np.float64)
    found = calibrate_conditionally(given).require()
    best = found.log_likelihood
    assert best == pytest.approx(written_out(table, found.intercepts), abs=1e-9)
    for item, k, size in itertools.product(range(3), range(2), (0.01, -0.01)):
        moved = found.intercepts.copy()
        moved[item, k] += size
        assert written_out(table, moved) < best
    drifted = found.intercepts + 0.3 * np.array([1.0, 2.0])
    assert written_out(table, drifted) == pytest.approx(best, abs=1e-9)
    assert np.diff(found.intercepts, axis=1, prepend=0.0).sum() == pytest.approx(0.0, abs=1e-9)


def test_it_agrees_with_marginal_likelihood_where_ability_is_normal() -> None:
    given = answers(rasch(12), np.random.default_rng(5).normal(size=4000), seed=6)
    conditional = calibrate_conditionally(given).require().intercepts[:, 0]
    marginal = calibrate(given, "rasch").require().natural[0][:, 1]
    np.testing.assert_allclose(conditional, marginal - marginal.mean(), atol=0.02)


def test_booklets_with_common_items_are_on_one_scale() -> None:
    whole = answers(rasch(10), np.random.default_rng(7).normal(size=3000), seed=8)
    table = whole.score.reshape(3000, 10).astype(np.float64)
    table[:1500, 7:] = np.nan
    table[1500:, :3] = np.nan
    found = calibrate_conditionally(Responses.from_wide(table)).require()
    np.testing.assert_allclose(-found.intercepts[:, 0], np.linspace(-1.5, 1.5, 10), atol=0.2)
    assert isinstance(found.parameters, ItemParameters)


def test_booklets_without_a_common_item_are_refused() -> None:
    table = np.full((8, 4), np.nan)
    table[:4, :2] = [[0, 1], [1, 0], [0, 1], [1, 0]]
    table[4:, 2:] = [[0, 1], [1, 0], [0, 1], [1, 0]]
    with pytest.raises(InvalidResponses, match="no booklet connects the item in place 2 with the first"):
        calibrate_conditionally(Responses.from_wide(table))


def test_a_scale_that_separates_without_error_does_not_converge_and_says_so() -> None:
    table = np.repeat(np.tri(4)[:3] * 1.0, 20, axis=0)[:, :3]
    found = calibrate_conditionally(
        Responses.from_wide(np.vstack([table, np.zeros((1, 3))])), max_iterations=20
    )
    assert not found.converged
    with pytest.raises(NotReportable, match="not converged"):
        found.require()


def test_items_that_say_nothing_are_left_out_and_named() -> None:
    table = np.array([[1, 0, 1, np.nan], [0, 1, 1, np.nan], [1, 0, 1, np.nan], [0, 1, 1, np.nan]])
    found = calibrate_conditionally(Responses.from_wide(table, n_categories=[2] * 4))
    assert found.items.tolist() == [0, 1]
    assert [one.number for one in found.exclusions] == [2, 3]
