"""Levels, their probabilities, the reporting scale and expected accuracy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from irt import InvalidRules, levels
from irt.ability import DEFAULT_GRID, posterior
from irt.types import FloatArray
from tests.irt.world import CUTS

NODES = DEFAULT_GRID.nodes()
BELOW = levels.below_weights(CUTS, DEFAULT_GRID)


@pytest.mark.parametrize("sd", [1.0, 0.5, 0.3, 0.25])
@pytest.mark.parametrize("mean", [-1.234, 0.0, 0.777])
def test_probabilities_of_reaching_a_level_are_those_of_the_normal_posterior(mean: float, sd: float) -> None:
    now = posterior(norm.logpdf(NODES, mean, sd), NODES)
    reached = levels.at_least(now, BELOW)
    assert reached[0] == 1.0
    assert reached[1:] == pytest.approx(norm.sf(CUTS, mean, sd), abs=1e-8)
    assert levels.level_probabilities(reached).sum() == pytest.approx(1.0)


def test_a_skewed_posterior_is_integrated_as_well_as_a_normal_one() -> None:
    dense = np.linspace(-10, 10, 200001)

    def log_density(theta: FloatArray) -> FloatArray:
        value: FloatArray = -0.5 * theta**2 - 20 * np.logaddexp(0.0, -(theta - 1.0))
        return value

    now = posterior(log_density(NODES), NODES)
    exact = np.exp(log_density(dense) - log_density(dense).max())
    exact /= exact.sum()
    cumulative = np.cumsum(exact) - exact / 2
    expected = 1 - np.interp(CUTS, dense, cumulative)
    assert levels.at_least(now, BELOW)[1:] == pytest.approx(expected, abs=1e-8)
    low, high = levels.interval(now, DEFAULT_GRID, 0.90)
    assert np.interp([low, high], dense, cumulative) == pytest.approx([0.05, 0.95], abs=1e-8)


def test_probabilities_of_reaching_levels_never_rise_from_one_level_to_the_next() -> None:
    for mean in np.linspace(-9, 9, 37):
        reached = levels.at_least(posterior(norm.logpdf(NODES, mean, 0.2), NODES), BELOW)
        assert (np.diff(reached) <= 0).all()
        assert ((reached >= 0) & (reached <= 1)).all()


@pytest.mark.parametrize(
    ("theta", "level"),
    [
        (-9, 0),
        (-0.8001, 0),
        (-0.8, 1),
        (-0.8 - 1e-10, 1),
        (-0.8 - 1e-8, 0),
        (0, 2),
        (0.799, 2),
        (1.6, 4),
        (9, 4),
    ],
)
def test_a_level_begins_at_its_cut_score(theta: float, level: int) -> None:
    assert levels.level_of(theta, CUTS) == level


@pytest.mark.parametrize(
    ("theta", "points"),
    [(-1.6, 0), (-5, 0), (-1.2, 100), (-0.8, 200), (0, 400), (0.4, 500), (1.6, 800), (2.4, 1000)],
)
def test_the_reporting_scale_puts_the_cuts_at_equal_distances(theta: float, points: float) -> None:
    assert levels.to_points(levels.reporting_scale(CUTS), theta) == pytest.approx(points)


def test_unequal_cuts_keep_the_slope_of_the_nearest_segment_outside() -> None:
    scale = levels.reporting_scale(np.array([-1.0, 0.0, 0.5]))
    assert scale.thetas.tolist() == [-2.0, -1.0, 0.0, 0.5, 1.0]
    assert scale.points.tolist() == [0.0, 250.0, 500.0, 750.0, 1000.0]


def test_a_single_cut_stands_in_the_middle_of_the_scale() -> None:
    scale = levels.reporting_scale(np.array([-0.8]))
    assert levels.to_points(scale, [-2.8, -0.8, 1.2]).tolist() == [0.0, 500.0, 1000.0]


@pytest.mark.parametrize("cuts", [[0.0, 0.0], [1.0, 0.0], [np.nan], [[0.0]]])
def test_cuts_that_do_not_increase_are_refused(cuts: list[float]) -> None:
    with pytest.raises(InvalidRules, match=r"^cuts"):
        levels.checked_cuts(cuts)


def test_a_design_without_cuts_has_one_level_and_no_scale() -> None:
    none = np.zeros(0)
    reached = levels.at_least(posterior(norm.logpdf(NODES), NODES), levels.below_weights(none, DEFAULT_GRID))
    assert reached.tolist() == [1.0]
    with pytest.raises(InvalidRules, match="at least one cut"):
        levels.reporting_scale(none)


def test_the_classification_matrix_agrees_with_simulated_estimates() -> None:
    rng = np.random.default_rng(3)
    theta = np.linspace(-4, 4, 401)
    weights = norm.pdf(theta) / norm.pdf(theta).sum()
    matrix = levels.classification_matrix(theta, weights, np.full(401, 0.33), CUTS)
    people = rng.choice(theta, 200_000, p=weights)
    seen = levels.level_of(people + rng.normal(0, 0.33, len(people)), CUTS)
    simulated = np.zeros((5, 5))
    np.add.at(simulated, (levels.level_of(people, CUTS), seen), 1 / len(people))
    assert matrix.sum() == pytest.approx(1.0)
    # sd of a simulated cell is at most sqrt(p (1 - p) / 200,000), 0.001.
    assert matrix == pytest.approx(simulated, abs=0.005)


def test_expected_accuracy_is_the_mean_probability_of_the_levels_given() -> None:
    probabilities = np.array([[0.7, 0.3], [0.4, 0.6]])
    assert levels.expected_accuracy(probabilities, np.array([0, 1])) == pytest.approx(0.65)


class TestClassification:
    THETA = np.linspace(-4, 4, 801)
    WEIGHTS = norm.pdf(THETA) / norm.pdf(THETA).sum()

    def test_accuracy_of_normal_estimates_is_the_trace_of_rudners_matrix(self) -> None:
        se = 0.2 + 0.05 * self.THETA**2
        observed = levels.rudner_levels(self.THETA, se, CUTS)
        found = levels.classification(self.THETA, self.WEIGHTS, observed, CUTS)
        matrix = levels.classification_matrix(self.THETA, self.WEIGHTS, se, CUTS)
        assert found.matrix == pytest.approx(matrix, abs=1e-12)
        assert found.accuracy == pytest.approx(np.trace(matrix), abs=1e-12)
        assert found.conditional_accuracy @ self.WEIGHTS == pytest.approx(found.accuracy)

    def test_consistency_is_the_agreement_of_two_independent_estimates(self) -> None:
        se = np.full(len(self.THETA), 0.35)
        observed = levels.rudner_levels(self.THETA, se, CUTS)
        found = levels.classification(self.THETA, self.WEIGHTS, observed, CUTS)
        rng = np.random.default_rng(1)
        true = rng.normal(size=200_000)
        one, two = (levels.level_of(true + 0.35 * rng.normal(size=200_000), CUTS) for _ in range(2))
        assert found.consistency == pytest.approx((one == two).mean(), abs=0.005)
        chance = (np.bincount(one) / len(one)) @ (np.bincount(two) / len(two))
        assert found.kappa == pytest.approx(((one == two).mean() - chance) / (1 - chance), abs=0.01)

    def test_sums_of_scores_follow_the_distribution_of_every_pattern(self) -> None:
        rng = np.random.default_rng(2)
        probability = rng.dirichlet([1.0, 1.0, 1.0], size=(3, 4))
        probability[:, 1, 2] = 0.0
        probability[:, 1] /= probability[:, 1].sum(axis=-1, keepdims=True)
        expected = np.zeros((3, 9))
        for pattern in np.ndindex(3, 3, 3, 3):
            chance = np.prod([probability[:, item, score] for item, score in enumerate(pattern)], axis=0)
            expected[:, sum(pattern)] += chance
        assert levels.score_distribution(probability) == pytest.approx(expected, abs=1e-14)

    def test_levels_by_sums_of_scores_add_up_the_scores_between_the_cuts(self) -> None:
        probability = np.random.default_rng(3).dirichlet([1.0, 2.0], size=(5, 6))
        held = levels.score_distribution(probability)
        observed = levels.lee_levels(probability, [2, 5])
        assert observed[:, 0] == pytest.approx(held[:, :2].sum(axis=1))
        assert observed[:, 1] == pytest.approx(held[:, 2:5].sum(axis=1))
        assert observed.sum(axis=1) == pytest.approx(1.0)

    @pytest.mark.parametrize("cuts", [[0, 3], [3, 3], [2, 7], [1.5]])
    def test_impossible_score_cuts_are_refused(self, cuts: list[int]) -> None:
        with pytest.raises(InvalidRules, match="score_cuts"):
            levels.lee_levels(np.full((1, 6, 2), 0.5), cuts)
