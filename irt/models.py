r"""Item response functions: probability, likelihood, their derivatives, information.

One interface for every model and for banks that mix them (`Parameters`): `category_terms` gives
:math:`\log P_k` with three derivatives for each score of each item, shape (n_theta, n_items, max_categories),
and every other function follows from it. An item with fewer categories is masked: :math:`\log P = -\infty` and
derivatives 0 beyond its last score. The tables that serve a sitting are laid out (n_items, max_categories,
n_quadrature), so that the answer of one item is one contiguous row.

Everything is computed from :math:`\log\sigma(z)` and :math:`\log\sigma(-z)`, :math:`z = a(\theta - b)`, in
forms where nothing cancels, so that no function loses its digits or its finiteness in the tails (checked for
\|theta\| <= 40). With :math:`\ell = \log P` and dots for derivatives,

.. math:: P' = P\dot\ell,\quad I = \sum_k P_k\dot\ell_k^2,\quad
          J = \sum_k \frac{P_k' P_k''}{P_k} = \sum_k P_k\dot\ell_k(\ddot\ell_k + \dot\ell_k^2).

References
----------
Birnbaum, A. (1968), in Lord & Novick, *Statistical Theories of Mental Test Scores*, ch. 17 (2PL, 3PL).
Barton, M. A. & Lord, F. M. (1981), ETS RR-81-20 (4PL).
Samejima, F. (1969), *Psychometrika* Monograph 17 (graded). Bock, R. D. (1972), *Psychometrika* 37 (nominal).
Masters, G. N. (1982), *Psychometrika* 47 (PCM). Muraki, E. (1992), *Applied Psychological Measurement* 16.
Thissen, D. & Steinberg, L. (1986). A taxonomy of item response models. *Psychometrika* 51, 567-577.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit

from irt.errors import InvalidParameters
from irt.types import (
    FloatArray,
    GradedParameters,
    IntArray,
    ItemParameters,
    NominalParameters,
    ParameterDraws,
    Parameters,
)

_BLOCK: Final = 256
_CELLS: Final = 1 << 19  # numbers in one intermediate array: 4 MB


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


class CategoryTerms(NamedTuple):
    r"""Logarithm of a probability and its derivatives with respect to theta, all of the same shape.

    From `category_terms`: (n_theta, n_items, max_categories), masked beyond the last score of an item.
    From `response_terms`: (n_theta, n_items), of the score observed.
    """

    log_probability: FloatArray
    slope: FloatArray  # 1/logit
    curvature: FloatArray  # 1/logit^2
    third: FloatArray  # 1/logit^3


def category_terms(parameters: Parameters, theta: ArrayLike) -> CategoryTerms:
    """Log-probability of each score with its first three derivatives.

    Parameters
    ----------
    parameters : Parameters, n_items
        Any model, or a mixture.
    theta : array_like, shape (n_theta,), logits

    Returns
    -------
    CategoryTerms
        Four arrays of shape (n_theta, n_items, max_categories); -inf, 0, 0, 0 where an item has no such score.

    Examples
    --------
    >>> from irt.types import GradedParameters
    >>> graded = GradedParameters([1.0, 1.0], [[-1.0, 1.0], [0.0]])
    >>> np.exp(category_terms(graded, [0.0]).log_probability).round(3).tolist()
    [[[0.269, 0.462, 0.269], [0.5, 0.5, 0.0]]]
    """
    points = np.asarray(theta, dtype=np.float64)
    match parameters:
        case ItemParameters():
            return _logistic(parameters, points)
        case GradedParameters():
            return _graded(parameters, points)
        case NominalParameters():
            return _nominal(parameters, points)
    shape = (len(points), len(parameters), int(parameters.n_categories.max()))
    whole = CategoryTerms(np.full(shape, -np.inf), np.zeros(shape), np.zeros(shape), np.zeros(shape))
    for part, place in zip(parameters.parts, parameters.positions, strict=True):
        for target, source in zip(whole, category_terms(part, points), strict=True):
            target[:, place, : source.shape[-1]] = source
    return whole


def response_terms(parameters: Parameters, scores: ArrayLike, theta: ArrayLike) -> CategoryTerms:
    """`category_terms` of the observed `scores` (n_items,) only, shape (n_theta, n_items)."""
    points, observed = np.asarray(theta, dtype=np.float64), np.asarray(scores, dtype=np.int64)
    match parameters:
        case ItemParameters(a=a, b=b, c=c, d=d):
            sign = np.where(observed == 1, 1.0, -1.0)
            floor = np.where(observed == 1, c, 1 - d)
            return _logistic_category(a, sign, sign * a * (points[:, None] - b), floor, d - c)
        case GradedParameters():
            return _graded_category(parameters, points, observed[:, None], squeeze=True)
        case NominalParameters():
            every = _nominal(parameters, points)
            return CategoryTerms(*(values[:, np.arange(len(observed)), observed] for values in every))
    shape = (len(points), len(parameters))
    whole = CategoryTerms(np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape))
    for part, place in zip(parameters.parts, parameters.positions, strict=True):
        for target, source in zip(whole, response_terms(part, observed[place], points), strict=True):
            target[:, place] = source
    return whole


def _logistic_category(
    a: FloatArray, sign: FloatArray, z: FloatArray, floor: FloatArray, spread: FloatArray
) -> CategoryTerms:
    """Terms of floor + spread * sigma(z), z rising with theta if sign is 1 and falling if it is -1.

    `held` is the share of the probability that the floor holds: with it the derivatives need no subtraction
    of nearly equal numbers.
    """
    up, down = log_expit(z), log_expit(-z)
    with np.errstate(divide="ignore"):  # log(0) of an absent floor is -inf on purpose
        log_floor, log_spread = np.log(floor), np.log(spread)
    log_probability = np.logaddexp(log_floor, log_spread + up)
    held = np.exp(log_floor - log_probability)
    slope = a * np.exp(log_spread + up + down - log_probability)
    sigma, rest = np.exp(up), np.exp(down)
    curvature = slope * a * (held * rest - sigma)
    third = slope * a**2 * (sigma * (sigma - rest) + held * rest * (2 * held * rest - rest - 3 * sigma))
    return CategoryTerms(log_probability, sign * slope, curvature, sign * third)


def _logistic(parameters: ItemParameters, theta: FloatArray) -> CategoryTerms:
    a, b, c, d = parameters.a, parameters.b, parameters.c, parameters.d
    sign = np.array([-1.0, 1.0])
    z = (a * (theta[:, None] - b))[:, :, None] * sign
    floor = np.stack([1 - d, c], axis=-1)
    return _logistic_category(a[:, None], sign, z, floor, (d - c)[:, None])


def _graded(parameters: GradedParameters, theta: FloatArray) -> CategoryTerms:
    n_categories = parameters.thresholds.shape[1] + 1
    scores = np.broadcast_to(np.arange(n_categories), (len(parameters), n_categories))
    return _graded_category(parameters, theta, scores, squeeze=False)


def _graded_category(
    parameters: GradedParameters, theta: FloatArray, scores: IntArray, *, squeeze: bool
) -> CategoryTerms:
    r"""Terms of :math:`\sigma(x) - \sigma(y) = \sigma(x)\sigma(-y)(1 - e^{y - x})`, scores (n_items, any)."""
    edge = np.full((len(parameters), 1), np.inf)
    bounds = np.hstack(
        [-edge, np.where(np.isnan(parameters.thresholds), np.inf, parameters.thresholds), edge]
    )
    below, above = np.take_along_axis(bounds, scores, 1), np.take_along_axis(bounds, scores + 1, 1)
    exists = scores < parameters.n_categories[:, None]
    if squeeze:
        below, above, exists, a = below[:, 0], above[:, 0], exists[:, 0], parameters.a
        x, y = a * (theta[:, None] - below), a * (theta[:, None] - above)
    else:
        a = parameters.a[:, None]
        x, y = a * (theta[:, None, None] - below), a * (theta[:, None, None] - above)
    width = a * (np.where(exists, above, 1.0) - np.where(exists, below, 0.0))
    log_probability = log_expit(x) + log_expit(-y) + np.log(-np.expm1(-width))
    fall, rise = expit(-x), expit(y)
    low, high = fall * expit(x), rise * expit(-y)
    terms = (
        a * (fall - rise),
        -(a**2) * (low + high),
        -(a**3) * (low * (fall - expit(x)) + high * (expit(-y) - rise)),
    )
    return CategoryTerms(
        np.where(exists, log_probability, -np.inf), *(np.where(exists, term, 0.0) for term in terms)
    )


def _nominal(parameters: NominalParameters, theta: FloatArray) -> CategoryTerms:
    exists = ~np.isnan(parameters.slopes)
    slopes, intercepts = np.where(exists, parameters.slopes, 0.0), np.where(exists, parameters.intercepts, 0)
    weight = np.where(exists, theta[:, None, None] * slopes + intercepts, -np.inf)
    largest = weight.max(axis=-1, keepdims=True)
    log_probability = weight - largest
    log_probability -= np.log(np.exp(log_probability).sum(axis=-1, keepdims=True))
    p = np.exp(log_probability)
    # Centred slopes as sums of differences: the dominant category's own term is exactly 0.
    slope = np.einsum("tij,ikj->tik", p, slopes[:, :, None] - slopes[:, None, :])
    square = slope * slope
    curvature = np.broadcast_to(-(p * square).sum(axis=-1, keepdims=True), p.shape)
    third = np.broadcast_to(-(p * square * slope).sum(axis=-1, keepdims=True), p.shape)
    return CategoryTerms(
        log_probability, *(np.where(exists, term, 0.0) for term in (slope, curvature, third))
    )


def category_probability(parameters: Parameters, theta: ArrayLike) -> FloatArray:
    """Probability of each score, shape (n_theta, n_items, max_categories); the last axis sums to 1.

    Examples
    --------
    >>> from irt.types import NominalParameters
    >>> credit = NominalParameters.partial_credit([[-0.5, 0.5]])
    >>> category_probability(credit, [0.0]).round(3).tolist()
    [[[0.274, 0.452, 0.274]]]
    """
    if isinstance(parameters, ItemParameters):
        terms = log_terms(parameters, theta)
        return np.exp(np.stack([terms.wrong, terms.right], axis=-1))
    return np.exp(category_terms(parameters, theta).log_probability)


def expected_score(parameters: Parameters, theta: ArrayLike) -> FloatArray:
    """Expected score of each item (its true-score curve), shape (n_theta, n_items)."""
    p = category_probability(parameters, theta)
    expected: FloatArray = p @ np.arange(p.shape[-1], dtype=np.float64)
    return expected


def probability_derivatives(parameters: ItemParameters, theta: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """First and second derivative of P with respect to theta, each of shape (n_theta, n_items)."""
    terms = log_terms(parameters, theta)
    first = np.exp(terms.slope)
    return first, first * terms.curvature


class ProbabilityDerivatives(NamedTuple):
    """Probability of each score and its derivatives in theta, each (n_theta, n_items, max_categories)."""

    probability: FloatArray
    first: FloatArray
    second: FloatArray
    third: FloatArray


def category_probability_derivatives(parameters: Parameters, theta: ArrayLike) -> ProbabilityDerivatives:
    """Probability of each score with its first three derivatives; 0 where an item has no such score."""
    log_p, s, c, t = category_terms(parameters, theta)
    p = np.exp(log_p)
    return ProbabilityDerivatives(p, p * s, p * (c + s * s), p * (t + s * (3 * c + s * s)))


def log_likelihood_derivatives(
    parameters: Parameters, scores: ArrayLike, theta: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    r"""Log-likelihood of one response pattern with its first two derivatives.

    .. math:: \ell = \sum_i \log P_{i x_i}(\theta),\quad
              \ell' = \sum_i \frac{P_{i x_i}'}{P_{i x_i}},\quad -\ell'' = \text{observed information}

    Parameters
    ----------
    parameters : Parameters, n_items
    scores : array_like of int, shape (n_items,)
    theta : array_like, shape (n_theta,), logits

    Returns
    -------
    value, first, second : ndarray, shape (n_theta,)

    Notes
    -----
    In blocks of theta: 5,000 answers on 2,000 points need no more than a few megabytes.
    """
    points = np.asarray(theta, dtype=np.float64)
    total = np.empty((3, len(points)))
    for block in _blocks(len(points), parameters):
        terms = response_terms(parameters, scores, points[block])
        total[:, block] = [terms[order].sum(axis=1) for order in range(3)]
    return total[0], total[1], total[2]


def observed_information(parameters: Parameters, scores: ArrayLike, theta: ArrayLike) -> FloatArray:
    """Minus the second derivative of the log-likelihood of each answer, (n_theta, n_items), 1/logit^2."""
    return -response_terms(parameters, scores, theta).curvature


def information(parameters: Parameters, theta: ArrayLike) -> FloatArray:
    r"""Fisher information :math:`I = \sum_k P_k'^2 / P_k`, shape (n_theta, n_items), 1/logit^2.

    Examples
    --------
    >>> information(ItemParameters([1.0, 2.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0]), [0.0])
    array([[0.25, 1.  ]])
    """
    if isinstance(parameters, ItemParameters):
        terms = log_terms(parameters, theta)
        return np.exp(2 * terms.slope - terms.right - terms.wrong)
    log_p, slope, _, _ = category_terms(parameters, theta)
    expected: FloatArray = (np.exp(log_p) * slope**2).sum(axis=-1)
    return expected


class InformationTerms(NamedTuple):
    """Fisher information, Warm's J and their derivatives in theta, each (n_theta, n_items)."""

    information: FloatArray  # I, 1/logit^2
    first: FloatArray  # I'
    second: FloatArray  # I''
    j: FloatArray  # J = sum of P' P'' / P, 1/logit^3
    j_first: FloatArray  # J'


def information_terms(parameters: Parameters, theta: ArrayLike) -> InformationTerms:
    """Fisher information with two derivatives and Warm's J with one, shape (n_theta, n_items).

    References
    ----------
    Warm (1989) for J; the derivatives by the chain rule.
    """
    log_p, s, c, t = category_terms(parameters, theta)
    p, ss = np.exp(log_p), s * s
    return InformationTerms(
        (p * ss).sum(axis=-1),
        (p * s * (ss + 2 * c)).sum(axis=-1),
        (p * (ss * (ss + 5 * c) + 2 * c * c + 2 * s * t)).sum(axis=-1),
        (p * s * (ss + c)).sum(axis=-1),
        (p * ((ss + c) * (ss + c) + s * (t + 2 * s * c))).sum(axis=-1),
    )


def information_totals(parameters: Parameters, theta: ArrayLike) -> InformationTerms:
    """`information_terms` summed over the items, each of shape (n_theta,); blocked like the likelihood."""
    points = np.asarray(theta, dtype=np.float64)
    total = np.empty((5, len(points)))
    for block in _blocks(len(points), parameters):
        total[:, block] = [values.sum(axis=1) for values in information_terms(parameters, points[block])]
    return InformationTerms(*total)


def _blocks(n_theta: int, parameters: Parameters) -> list[slice]:
    size = max(1, _CELLS // (len(parameters) * int(parameters.n_categories.max())))
    return [slice(start, start + size) for start in range(0, n_theta, size)]


class Tables(NamedTuple):
    """What a policy reads at every step, evaluated once on its grid."""

    log_probability: (
        FloatArray  # (n_items, max_categories, n_quadrature), -inf where an item has no such score
    )
    information: FloatArray  # (n_quadrature, n_items), 1/logit^2


def tables(parameters: Parameters, nodes: ArrayLike) -> Tables:
    """Log-probability of each score and Fisher information of each item at each node.

    Parameters
    ----------
    parameters : Parameters, n_items
    nodes : array_like, shape (n_quadrature,), logits

    Notes
    -----
    Item by item in blocks that stay in the cache: 0.3 s for 10,000 dichotomous items on 161 nodes.
    """
    points = np.asarray(nodes, dtype=np.float64)
    n_items, every = len(parameters), np.arange(len(parameters))
    log_probability = np.full((n_items, int(parameters.n_categories.max()), len(points)), -np.inf)
    expected = np.empty((len(points), n_items))
    for start in range(0, n_items, _BLOCK):
        block = slice(start, start + _BLOCK)
        part = parameters.take(every[block])
        if isinstance(part, ItemParameters):
            terms = log_terms(part, points)
            log_probability[block, 0] = terms.wrong.T
            log_probability[block, 1] = terms.right.T
            expected[:, block] = np.exp(2 * terms.slope - terms.right - terms.wrong)
        else:
            log_p, slope, _, _ = category_terms(part, points)
            log_probability[block, : log_p.shape[-1]] = log_p.transpose(1, 2, 0)
            expected[:, block] = (np.exp(log_p) * slope**2).sum(axis=-1)
    return Tables(log_probability, expected)


def parameter_draws(parameters: ItemParameters, covariance: ArrayLike, *, points: int = 5) -> ParameterDraws:
    r"""Quadrature points over normal errors of calibration, in the scale log a, b, logit c, logit d.

    Parameters
    ----------
    parameters : ItemParameters, n_items
        The estimates.
    covariance : array_like, shape (n_items, 4, 4)
        Of (log a, b, logit c, logit d) of each item; rows of 0 for what is known, as c = 0 and d = 1 must be.
    points : int
        Gauss-Hermite points per uncertain parameter; `points` ** (number of uncertain parameters) draws.

    Returns
    -------
    ParameterDraws
        The same standard normal points for every item, each item with its own covariance.

    Raises
    ------
    InvalidParameters
        Another shape, not positive semidefinite, or a variance where an asymptote is absent.
    """
    cover = np.asarray(covariance, dtype=np.float64)
    if cover.shape != (len(parameters), 4, 4):
        raise InvalidParameters(
            "covariance", None, f"must have shape {(len(parameters), 4, 4)}, has {cover.shape}"
        )
    fixed = np.stack([parameters.c == 0, parameters.d == 1], axis=1)
    for index, (matrix, absent) in enumerate(zip(cover, fixed, strict=True)):
        if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
            raise InvalidParameters("covariance", index, "must be finite and symmetric")
        if np.linalg.eigvalsh(matrix)[0] < -1e-10:
            raise InvalidParameters("covariance", index, "must be positive semidefinite")
        if np.diag(matrix)[2:][absent].any():
            raise InvalidParameters("covariance", index, "an asymptote that is absent has no variance")
    used = np.flatnonzero(np.diagonal(cover, axis1=1, axis2=2).any(axis=0))
    if not len(used):
        return ParameterDraws([parameters])
    values, vectors = np.linalg.eigh(cover[:, used[:, None], used])
    spread = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    node, weight = np.polynomial.hermite_e.hermegauss(points)
    z = np.stack([axis.ravel() for axis in np.meshgrid(*[node] * len(used), indexing="ij")], axis=1)
    share = np.prod(np.meshgrid(*[weight] * len(used), indexing="ij"), axis=0).ravel()
    with np.errstate(divide="ignore"):
        centre = np.stack(
            [np.log(parameters.a), parameters.b, _logit(parameters.c), _logit(parameters.d)], axis=1
        )
    draws = []
    for point in z:
        moved = centre.copy()
        moved[:, used] += spread @ point
        floor = expit(moved[:, 2])
        ceiling = np.maximum(expit(moved[:, 3]), floor + 1e-6)
        draws.append(ItemParameters(np.exp(moved[:, 0]), moved[:, 1], floor, ceiling))
    return ParameterDraws(draws, share)


def _logit(probability: FloatArray) -> FloatArray:
    return np.log(probability) - np.log1p(-probability)


def expected_tables(draws: ParameterDraws, nodes: ArrayLike) -> Tables:
    r"""Tables of the expected response functions: probabilities averaged over what the parameters may be.

    .. math:: \bar P_{ik}(\theta) = \sum_m w_m P_{ik}(\theta;\xi_m),\qquad
              \bar I_i = \sum_k \bar P_{ik}'^2 / \bar P_{ik}

    Parameters
    ----------
    draws : ParameterDraws, n_items
    nodes : array_like, shape (n_quadrature,), logits

    Notes
    -----
    With errors independent between items, the likelihood averaged over the errors is the product of these
    probabilities: a posterior made with them is the exact one of a person whose items are known only so well.

    References
    ----------
    Lewis, C. (2001). Expected response functions. In Boomsma, van Duijn & Snijders, *Essays on Item Response
    Theory*, 163-171. Mislevy, R. J., Wingersky, M. S. & Sheehan, K. M. (1994), ETS RR-94-28.
    """
    points = np.asarray(nodes, dtype=np.float64)
    first = draws.draws[0]
    shape = (len(points), len(first), int(first.n_categories.max()))
    p, slope = np.zeros(shape), np.zeros(shape)
    for draw, weight in zip(draws.draws, draws.weights, strict=True):
        terms = category_terms(draw, points)
        chance = weight * np.exp(terms.log_probability)
        p += chance
        slope += chance * terms.slope
    with np.errstate(divide="ignore", invalid="ignore"):
        log_probability = np.log(p)
        known = np.where(p > 0, slope * slope / p, 0.0)
    return Tables(np.ascontiguousarray(log_probability.transpose(1, 2, 0)), known.sum(axis=-1))
