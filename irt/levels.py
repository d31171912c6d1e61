r"""Certification levels: cut scores on theta, probabilities of the levels, the reporting scale, accuracy.

The probability of lying below a cut score is an integral whose limit falls between two nodes of the grid.
The posterior is smooth, so it is the sinc interpolant of its own nodes to many digits, and the integral of
that interpolant is one dot product with weights that depend on the cut score alone:

.. math:: P(\theta < t) = \sum_q w_q \left(\tfrac12 + \tfrac1\pi \mathrm{Si}\frac{\pi(t-\theta_q)}{h}\right)

(error about exp(-(pi sd / h)^2 / 2): below 1e-8 for a posterior sd above twice the step).

References
----------
Stenger, F. (1993). *Numerical Methods Based on Sinc and Analytic Functions*. Springer, section 3.6.
Rudner, L. M. (2001). Computing the expected proportions of misclassified examinees. *PARE* 7(14).
Lee, W.-C. (2010). Classification consistency and accuracy for complex assessments using item response theory.
*Journal of Educational Measurement* 47, 1-17.
Lord, F. M. & Wingersky, M. S. (1984). Comparison of IRT true-score and equipercentile observed-score
equatings. *Applied Psychological Measurement* 8, 453-461.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr, sici

from irt.ability import Grid, Posterior
from irt.errors import InvalidRules
from irt.types import FloatArray, IntArray, frozen

TOLERANCE: Final = 1e-9  # theta within this below a cut score counts as reaching it, on every processor
_HIGHEST_POINT: Final = 1000.0
_WIDTH_OF_A_SINGLE_CUT: Final = 2.0
_NEGLIGIBLE: Final = 1e-18  # posterior probability of a node


class ReportingScale(NamedTuple):
    """Knots of the piecewise linear reporting scale; constant beyond both ends."""

    thetas: FloatArray  # (n_cuts + 2,), logits, increasing
    points: FloatArray  # (n_cuts + 2,), from 0 to 1000


def checked_cuts(cuts: ArrayLike) -> FloatArray:
    """Return cut scores as a frozen array (n_levels - 1,), or raise InvalidRules."""
    values = frozen(cuts)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise InvalidRules("cuts", "must be a list of finite numbers")
    if (np.diff(values) <= 0).any():
        raise InvalidRules("cuts", "must increase strictly")
    return values


def level_of(theta: ArrayLike, cuts: FloatArray) -> IntArray:
    """Level reached, 0..n_cuts: the number of cut scores at or below theta.

    Examples
    --------
    >>> level_of([-1.0, -0.8, 0.3, 2.0], np.array([-0.8, 0.0, 0.8, 1.6]))
    array([0, 1, 2, 4])
    """
    reached = np.asarray(theta, dtype=np.float64) + TOLERANCE
    return np.searchsorted(cuts, reached, side="right").astype(np.int64)


def below_weights(points: ArrayLike, grid: Grid) -> FloatArray:
    """Weights (n_points, n_quadrature) whose product with a posterior gives P(theta < point)."""
    distance = np.asarray(points, dtype=np.float64)[:, None] - grid.nodes()
    return 0.5 + sici(np.pi * distance / grid.step)[0] / np.pi


def below_each(points: FloatArray, weights: FloatArray, grid: Grid) -> FloatArray:
    """P(theta < point) under many posteriors, each with a point of its own, shape (n_persons,).

    Parameters
    ----------
    points : ndarray, shape (n_persons,), logits
    weights : ndarray, shape (n_persons, n_quadrature)

    Notes
    -----
    The product with `below_weights` of the nodes that hold any weight: a third of them after some answers.
    """
    person, node = np.nonzero(weights > _NEGLIGIBLE)
    share = 0.5 + sici(np.pi * (points[person] - grid.nodes()[node]) / grid.step)[0] / np.pi
    below = np.bincount(person, weights[person, node] * share, minlength=len(points))
    return below.astype(np.float64)


def at_least(posterior: Posterior, below: FloatArray) -> FloatArray:
    """Probability of reaching each level or a higher one, shape (n_levels,); the first is 1.

    Parameters
    ----------
    posterior : Posterior
    below : ndarray, shape (n_levels - 1, n_quadrature)
        From `below_weights` at the cut scores.
    """
    reached = np.ones(len(below) + 1)
    reached[1:] = np.minimum.accumulate(np.clip(1.0 - below @ posterior.weights, 0.0, 1.0))
    return reached


def level_probabilities(reached: FloatArray) -> FloatArray:
    """Probability of each level from `at_least`, last axis n_levels, sums to 1."""
    above = np.zeros_like(reached)
    above[..., :-1] = reached[..., 1:]
    return reached - above


def interval(posterior: Posterior, grid: Grid, probability: float) -> tuple[float, float]:
    """Equal-tailed credible interval of theta, logits.

    Notes
    -----
    Quantiles of the posterior, not theta +- 1.645 se: near the ends of the bank it is skewed.
    """
    tail = (1 - probability) / 2
    return _quantile(posterior, grid, tail), _quantile(posterior, grid, 1 - tail)


def reporting_scale(cuts: FloatArray) -> ReportingScale:
    """Scale 0-1000 with the cut scores at equal distances (four cuts: 200, 400, 600, 800).

    Notes
    -----
    Beyond the outer cuts the slope of the nearest segment goes on until 0 and 1000; a single cut stands at
    500 with 2 logits on each side.

    Examples
    --------
    >>> scale = reporting_scale(np.array([-0.8, 0.0, 0.8, 1.6]))
    >>> to_points(scale, [-3.0, -0.8, 0.4, 1.6]).tolist()
    [0.0, 200.0, 500.0, 800.0]
    """
    if not len(cuts):
        raise InvalidRules("cuts", "a reporting scale needs at least one cut score")
    first, last = (cuts[1] - cuts[0], cuts[-1] - cuts[-2]) if len(cuts) > 1 else (_WIDTH_OF_A_SINGLE_CUT,) * 2
    thetas = np.concatenate([[cuts[0] - first], cuts, [cuts[-1] + last]])
    return ReportingScale(frozen(thetas), frozen(np.linspace(0.0, _HIGHEST_POINT, len(thetas))))


def to_points(scale: ReportingScale, theta: ArrayLike) -> FloatArray:
    """Points of `theta` on the reporting scale, same shape, within [0, 1000]."""
    return np.interp(np.asarray(theta, dtype=np.float64), scale.thetas, scale.points)


def expected_accuracy(probabilities: FloatArray, levels: IntArray) -> float:
    """Mean posterior probability, over persons, of the level each was given.

    Parameters
    ----------
    probabilities : ndarray, shape (n_persons, n_levels)
    levels : ndarray of int, shape (n_persons,)
    """
    return float(probabilities[np.arange(len(levels)), levels].mean())


def classification_matrix(
    theta: FloatArray, weights: FloatArray, se: FloatArray, cuts: FloatArray
) -> FloatArray:
    """Joint probability of true level (rows) and observed level (columns), shape (n_levels, n_levels).

    Parameters
    ----------
    theta, weights, se : ndarray, shape (n_points,)
        Abilities, their share of the population (summing to 1) and the se of their estimates, logits.

    Notes
    -----
    Rudner's method: estimates are taken normal around theta. Its trace is the expected accuracy.
    """
    reached = ndtr((theta[:, None] - cuts) / se[:, None])
    reached = np.concatenate([np.ones((len(theta), 1)), reached], axis=1)
    observed = level_probabilities(reached)
    matrix = np.zeros((len(cuts) + 1, len(cuts) + 1))
    np.add.at(matrix, level_of(theta, cuts), weights[:, None] * observed)
    return matrix


class Classification(NamedTuple):
    """How well a test classifies a population, and persons of each ability."""

    accuracy: float  # probability that the observed level is the true one
    consistency: float  # that two independent tests give the same level
    kappa: float  # consistency beyond chance: (consistency - chance) / (1 - chance)
    matrix: FloatArray  # (n_levels, n_levels): joint probability of true level (rows) and observed level
    conditional_accuracy: FloatArray  # (n_points,)
    conditional_consistency: FloatArray  # (n_points,)


def classification(
    theta: FloatArray, weights: FloatArray, observed: FloatArray, cuts: FloatArray
) -> Classification:
    r"""Accuracy and consistency from the distribution of the observed level at each ability.

    .. math:: \gamma(\theta) = p_{true}(\theta),\qquad \phi(\theta) = \sum_l p_l(\theta)^2

    and their means over the population.

    Parameters
    ----------
    theta, weights : ndarray, shape (n_points,)
        Abilities, logits, and their share of the population, summing to 1.
    observed : ndarray, shape (n_points, n_levels)
        From `rudner_levels` or `lee_levels`.
    cuts : ndarray, shape (n_levels - 1,), logits

    References
    ----------
    Lee (2010), equations (8)-(13).
    """
    true = level_of(theta, cuts)
    accuracy = observed[np.arange(len(theta)), true]
    consistency = (observed * observed).sum(axis=1)
    matrix = np.zeros((len(cuts) + 1, len(cuts) + 1))
    np.add.at(matrix, true, weights[:, None] * observed)
    overall = float(weights @ consistency)
    chance = float((matrix.sum(axis=0) ** 2).sum())
    kappa = (overall - chance) / (1 - chance) if chance < 1 else 1.0
    return Classification(float(weights @ accuracy), overall, kappa, matrix, accuracy, consistency)


def rudner_levels(theta: FloatArray, se: FloatArray, cuts: FloatArray) -> FloatArray:
    """Probability of each observed level when estimates are normal around theta, (n_points, n_levels).

    Parameters
    ----------
    theta, se : ndarray, shape (n_points,), logits
        Abilities, and the se of their estimates: of a fixed test, or of an adaptive one by simulation.
    cuts : ndarray, shape (n_levels - 1,), logits

    Examples
    --------
    >>> rudner_levels(np.array([0.0]), np.array([0.5]), np.array([0.0])).tolist()
    [[0.5, 0.5]]
    """
    reached = ndtr((theta[:, None] - cuts) / se[:, None])
    return level_probabilities(np.concatenate([np.ones((len(theta), 1)), reached], axis=1))


def score_distribution(probability: FloatArray) -> FloatArray:
    """Distribution of the sum of the scores at each ability, shape (n_points, n_scores).

    Parameters
    ----------
    probability : ndarray, shape (n_points, n_items, n_categories)
        0 where an item has no such score.

    Notes
    -----
    The recursion of Lord and Wingersky: one item after the other.

    Examples
    --------
    >>> score_distribution(np.array([[[0.5, 0.5], [0.25, 0.75]]])).tolist()
    [[0.125, 0.5, 0.375]]
    """
    n_points, n_items, n_categories = probability.shape
    held = np.zeros((n_points, n_items * (n_categories - 1) + 1))
    held[:, 0] = 1.0
    for item in range(n_items):
        before = held
        held = before * probability[:, item, :1]
        for score in range(1, n_categories):
            held[:, score:] += before[:, :-score] * probability[:, item, score : score + 1]
    return held


def lee_levels(probability: FloatArray, score_cuts: ArrayLike) -> FloatArray:
    """Probability of each level observed by the sum of the scores of a fixed test, (n_points, n_levels).

    Parameters
    ----------
    probability : ndarray, shape (n_points, n_items, n_categories)
    score_cuts : array_like of int, shape (n_levels - 1,)
        Lowest sum of each level above the first, increasing.

    Raises
    ------
    InvalidRules
        Cuts that do not increase, or that no sum reaches.
    """
    held, bounds = score_distribution(probability), np.asarray(score_cuts)
    if bounds.ndim != 1 or not np.issubdtype(bounds.dtype, np.integer) or (np.diff(bounds) <= 0).any():
        raise InvalidRules("score_cuts", "must be whole numbers that increase strictly")
    if len(bounds) and not (bounds[0] > 0 and bounds[-1] < held.shape[1]):
        raise InvalidRules("score_cuts", f"must lie in 1..{held.shape[1] - 1}")
    edges = np.concatenate([[0], bounds]).astype(np.int64)
    return np.asarray(np.add.reduceat(held, edges, axis=1))


def _quantile(posterior: Posterior, grid: Grid, probability: float) -> float:
    nodes = grid.nodes()
    held = posterior.weights > posterior.weights.max() * 1e-17
    weights, near = posterior.weights[held], nodes[held]

    def excess(point: float) -> float:
        below = 0.5 + sici(np.pi * (point - near) / grid.step)[0] / np.pi
        return float(below @ weights) - probability

    reach = 12 * max(posterior.se, grid.step)
    return float(brentq(excess, posterior.theta - reach, posterior.theta + reach, xtol=1e-11))
