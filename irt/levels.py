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


def _quantile(posterior: Posterior, grid: Grid, probability: float) -> float:
    nodes = grid.nodes()
    held = posterior.weights > posterior.weights.max() * 1e-17
    weights, near = posterior.weights[held], nodes[held]

    def excess(point: float) -> float:
        below = 0.5 + sici(np.pi * (point - near) / grid.step)[0] / np.pi
        return float(below @ weights) - probability

    reach = 12 * max(posterior.se, grid.step)
    return float(brentq(excess, posterior.theta - reach, posterior.theta + reach, xtol=1e-11))
