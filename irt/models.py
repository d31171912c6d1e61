r"""Item response functions: probability, likelihood, their derivatives, information.

Every function takes `ItemParameters` and `theta` of shape (n_theta,) and returns (n_theta, n_items); the
tables that serve a sitting are laid out (n_items, n_categories, n_quadrature), so that the answer of one
item is one contiguous row and a model with more categories fits the same shape.

Everything is computed from :math:`\log\sigma(z)` and :math:`\log\sigma(-z)`, :math:`z = a(\theta - b)`, so
that no function loses its digits or its finiteness in the tails (checked for \|theta\| <= 40).

References
----------
Birnbaum, A. (1968), in Lord & Novick, *Statistical Theories of Mental Test Scores*, ch. 17 (2PL, 3PL).
Barton, M. A. & Lord, F. M. (1981), ETS RR-81-20 (4PL).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_expit

from irt.types import FloatArray, ItemParameters

_BLOCK: Final = 256


class LogTerms(NamedTuple):
    """Logarithms from which every other function follows, each of shape (n_theta, n_items)."""

    wrong: FloatArray  # log(1 - P)
    right: FloatArray  # log P
    slope: FloatArray  # log P', P' = a (d - c) sigma(z) sigma(-z) > 0
    curvature: FloatArray  # P'' / P' = -a tanh(z / 2), in (-a, a)


def log_terms(parameters: ItemParameters, theta: ArrayLike) -> LogTerms:
    r"""Evaluate :math:`\log(1-P)`, :math:`\log P`, :math:`\log P'` and :math:`P''/P'`.

    Parameters
    ----------
    parameters : ItemParameters, n_items
    theta : array_like, shape (n_theta,), logits

    Returns
    -------
    LogTerms
        Four arrays of shape (n_theta, n_items).

    Notes
    -----
    With c = 0 (or d = 1) the logarithm of the asymptote is minus infinity, which `logaddexp` absorbs.

    Examples
    --------
    >>> bank = ItemParameters([1.0], [0.0], [0.25], [1.0])
    >>> terms = log_terms(bank, [0.0])
    >>> float(np.exp(terms.right)[0, 0])
    0.625
    """
    a, b, c, d = parameters.a, parameters.b, parameters.c, parameters.d
    z = a * (np.asarray(theta, dtype=np.float64)[:, None] - b)
    up, down = log_expit(z), log_expit(-z)
    spread = np.log(d - c)
    with np.errstate(divide="ignore"):  # log(0) of an absent asymptote is -inf on purpose
        floor, ceiling = np.log(c), np.log1p(-d)
    return LogTerms(
        wrong=np.logaddexp(ceiling, spread + down),
        right=np.logaddexp(floor, spread + up),
        slope=np.log(a) + spread + up + down,
        curvature=-a * np.tanh(z / 2),
    )


def probability(parameters: ItemParameters, theta: ArrayLike) -> FloatArray:
    """Probability of a right answer, shape (n_theta, n_items).

    Examples
    --------
    >>> probability(ItemParameters([1.0, 2.0], [0.0, 0.0], [0.0, 0.2], [1.0, 0.9]), [0.0])
    array([[0.5 , 0.55]])
    """
    return np.exp(log_terms(parameters, theta).right)


def category_probability(parameters: ItemParameters, theta: ArrayLike) -> FloatArray:
    """Probability of each score, shape (n_theta, n_items, n_categories); the last axis sums to 1."""
    terms = log_terms(parameters, theta)
    return np.exp(np.stack([terms.wrong, terms.right], axis=-1))


def probability_derivatives(parameters: ItemParameters, theta: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """First and second derivative of P with respect to theta, each of shape (n_theta, n_items)."""
    terms = log_terms(parameters, theta)
    first = np.exp(terms.slope)
    return first, first * terms.curvature


def log_likelihood_derivatives(
    parameters: ItemParameters, scores: ArrayLike, theta: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    r"""Log-likelihood of one response pattern with its first two derivatives.

    .. math:: \ell = \sum x\log P + (1-x)\log Q,\quad
              \ell' = \sum x\frac{P'}{P} - (1-x)\frac{P'}{Q}

    Parameters
    ----------
    parameters : ItemParameters, n_items
    scores : array_like of 0 and 1, shape (n_items,)
    theta : array_like, shape (n_theta,), logits

    Returns
    -------
    value, first, second : ndarray, shape (n_theta,)
    """
    terms = log_terms(parameters, theta)
    right = np.asarray(scores, dtype=np.int64) == 1
    value = np.where(right, terms.right, terms.wrong)
    first = np.where(right, 1.0, -1.0) * np.exp(terms.slope - value)
    second = first * terms.curvature - first**2
    return value.sum(axis=1), first.sum(axis=1), second.sum(axis=1)


def information(parameters: ItemParameters, theta: ArrayLike) -> FloatArray:
    r"""Fisher information :math:`I = P'^2 / (PQ)`, shape (n_theta, n_items), 1/logit^2.

    Examples
    --------
    >>> information(ItemParameters([1.0, 2.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0]), [0.0])
    array([[0.25, 1.  ]])
    """
    terms = log_terms(parameters, theta)
    return np.exp(2 * terms.slope - terms.right - terms.wrong)


class Tables(NamedTuple):
    """What a policy reads at every step, evaluated once on its grid."""

    log_probability: FloatArray  # (n_items, n_categories, n_quadrature)
    information: FloatArray  # (n_quadrature, n_items), 1/logit^2


def tables(parameters: ItemParameters, nodes: ArrayLike) -> Tables:
    """Log-probability of each score and Fisher information of each item at each node.

    Parameters
    ----------
    parameters : ItemParameters, n_items
    nodes : array_like, shape (n_quadrature,), logits

    Notes
    -----
    Item by item in blocks that stay in the cache: 0.3 s for 10,000 items on 161 nodes.
    """
    points = np.asarray(nodes, dtype=np.float64)
    log_probability = np.empty((len(parameters), 2, len(points)))
    expected = np.empty((len(points), len(parameters)))
    for start in range(0, len(parameters), _BLOCK):
        block = slice(start, start + _BLOCK)
        terms = log_terms(parameters.take(np.arange(len(parameters))[block]), points)
        log_probability[block, 0] = terms.wrong.T
        log_probability[block, 1] = terms.right.T
        expected[:, block] = np.exp(2 * terms.slope - terms.right - terms.wrong)
    return Tables(log_probability, expected)
