r"""Person fit: does a response pattern look like one that the model makes at this ability?

Likelihood statistics (lz and lz*, which allows for theta having been estimated) and residual statistics
(infit, outfit), for every model and mixture. Small lz means answers less likely than they should be: easy items
missed and hard ones right.

The normal approximation holds for fixed tests only. In an adaptive test the items follow the answers, every
item has nearly the same difficulty for the person, and lz is far from N(0, 1): `replayed_p_value` compares
with statistics of replayed sittings of the same policy instead.

References
----------
Drasgow, F., Levine, M. V. & Williams, E. A. (1985). Appropriateness measurement with polychotomous item
response models. *British J. Mathematical and Statistical Psychology* 38, 67-86 (lz).
Snijders, T. A. B. (2001). Asymptotic null distribution of person fit statistics with estimated person
parameter. *Psychometrika* 66, 331-342 (lz*).
Sinharay, S. (2016). Asymptotically correct standardization of person-fit statistics beyond dichotomous items.
*Psychometrika* 81, 992-1013 (lz* with more categories and MAP or WLE).
Wright, B. D. & Masters, G. N. (1982). *Rating Scale Analysis*. MESA (infit, outfit).
van Krimpen-Stoop, E. & Meijer, R. R. (1999). The null distribution of person-fit statistics for conventional
and adaptive tests. *Applied Psychological Measurement* 23, 327-345.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.special import ndtr

from irt import models
from irt.ability import JeffreysPrior, NormalPrior, Prior, UniformPrior, checked_scores
from irt.errors import InvalidResponses, InvalidRules
from irt.responses import Responses
from irt.types import BoolArray, FloatArray, Indices, IntArray, Parameters

_LEAST_VARIANCE: Final = 1e-12
_POINTS: Final = 121  # at which the maximum is looked for before it is refined
_REACH: Final = 6.0  # of those points, in sds of the prior
_CLOSE: Final = 1e-10  # logits
_ROUNDS: Final = 60
_CHUNK: Final = 4000  # persons whose posterior is held at once


class Estimator(Enum):
    """What produced theta; the value is the name in a report. lz* has no form for the EAP."""

    MLE = "mle"
    MAP = "map"
    WLE = "wle"


class LikelihoodFit(NamedTuple):
    """Standardised log-likelihood; NaN where nothing could vary (theta infinite, or every answer certain)."""

    log_likelihood: float
    expected: float  # of the log-likelihood at theta
    sd: float
    statistic: float  # lz or lz*; about N(0, 1) in a fixed test when the model holds
    p_value: float  # one-sided: the chance of a value this small in a fixed test


class PatternFits(NamedTuple):
    """lz and lz* of many persons, each (n_persons,); NaN without answers, or where every answer is certain."""

    theta: FloatArray  # posterior mode, logits
    lz: FloatArray
    lz_star: FloatArray
    p_value: FloatArray  # of lz*, one-sided: the chance of a value this small in a fixed test


class ResidualFit(NamedTuple):
    """Mean squared residuals; 1 is what the model expects, more is misfit."""

    outfit: float  # unweighted: outlying answers dominate
    infit: float  # weighted by information: answers near theta dominate
    outfit_z: float  # cube-root transformed, about N(0, 1) in a fixed test
    infit_z: float
    residual: FloatArray  # standardised residual of each score, (n_items,)


def lz(parameters: Parameters, scores: ArrayLike, theta: float) -> LikelihoodFit:
    r"""Standardised log-likelihood with theta taken as known.

    .. math:: l_z = \frac{\ell - E\ell}{\sqrt{\mathrm{Var}\,\ell}},\quad
              E\ell = \sum_{ik} P_{ik}\log P_{ik},\quad
              \mathrm{Var}\,\ell = \sum_i\Big(\sum_k P_{ik}\log^2 P_{ik} - \big(\sum_k P_{ik}\log P_{ik}\big)^2\Big)

    Parameters
    ----------
    parameters : Parameters, n_items
        Of the items answered.
    scores : array_like of int, shape (n_items,)
    theta : float, logits

    Raises
    ------
    InvalidResponses
        A score that the item does not have, or another number of scores than of items.

    Notes
    -----
    At an *estimated* theta its variance is below 1 and misfit is missed: use `lz_star`.

    References
    ----------
    Drasgow, Levine & Williams (1985).

    Examples
    --------
    >>> from irt import ItemParameters
    >>> bank = ItemParameters([1.5] * 6, [-2.0, -1.5, -0.5, 0.5, 1.5, 2.0], [0.0] * 6, [1.0] * 6)
    >>> round(lz(bank, [1, 1, 1, 0, 0, 0], 0.0).statistic, 2), round(lz(bank, [0, 0, 0, 1, 1, 1], 0.0).statistic, 2)
    (0.86, -7.77)
    """
    return _standardised(parameters, scores, theta, projected=0.0, shift=0.0)


def lz_star(
    parameters: Parameters,
    scores: ArrayLike,
    theta: float,
    *,
    estimator: Estimator,
    prior: Prior | None = None,
) -> LikelihoodFit:
    r"""Standardised log-likelihood at an estimated theta.

    With :math:`w_{ik} = \log P_{ik}` and the estimating equation
    :math:`\sum_i r_{i x_i}(\theta) + r_0(\theta) = 0,\ r_{ik} = P_{ik}'/P_{ik}`,

    .. math:: \tilde w_{ik} = w_{ik} - c\,r_{ik},\quad
              c = \frac{\sum_{ik} P_{ik}' w_{ik}}{\sum_{ik} P_{ik}' r_{ik}},\quad
              l_z^* = \frac{\ell - E\ell + c\,r_0}{\sqrt{\sum_i \mathrm{Var}(\tilde w_i)}}

    where :math:`r_0` is 0 for the MLE, the slope of the log-prior for the MAP, and :math:`J/2I` for the WLE.

    Parameters
    ----------
    parameters : Parameters, n_items
    scores : array_like of int, shape (n_items,)
    theta : float, logits
        The estimate.
    estimator : Estimator
        What produced it; there is no such statistic for the EAP, which solves no estimating equation.
    prior : Prior, optional
        Of a MAP; required there and refused elsewhere.

    Raises
    ------
    InvalidResponses, InvalidRules

    References
    ----------
    Snijders (2001); Sinharay (2016).

    Examples
    --------
    >>> from irt import ItemParameters, wle
    >>> bank = ItemParameters([1.5] * 6, [-2.0, -1.5, -0.5, 0.5, 1.5, 2.0], [0.0] * 6, [1.0] * 6)
    >>> aberrant = [0, 0, 1, 0, 1, 1]
    >>> theta = wle(bank, aberrant).theta
    >>> round(lz_star(bank, aberrant, theta, estimator=Estimator.WLE).statistic, 2)
    -6.7
    """
    if not isinstance(estimator, Estimator):
        raise InvalidRules(
            "estimator", f"must be one of {[one.value for one in Estimator]}, is {estimator!r}"
        )
    if (estimator is Estimator.MAP) != (prior is not None):
        raise InvalidRules("prior", "goes with a MAP estimate, and only with it")
    if not math.isfinite(theta):
        return _standardised(parameters, scores, theta, projected=0.0, shift=0.0)
    log_p, slope, _, _ = models.category_terms(parameters, [theta])
    p, w = np.exp(log_p[0]), _finite(log_p[0])
    information = float((p * slope[0] ** 2).sum())
    projected = float((p * slope[0] * w).sum()) / information if information > 0 else 0.0
    shift = _estimating_term(parameters, theta, estimator, prior)
    return _standardised(parameters, scores, theta, projected=projected, shift=shift)


def lz_each(responses: Responses, parameters: Parameters, *, prior: NormalPrior) -> PatternFits:
    """`lz` and `lz_star` of every person at the posterior mode under one normal prior.

    Parameters
    ----------
    responses : Responses
    parameters : Parameters, n_items
    prior : NormalPrior

    Returns
    -------
    PatternFits
        Those of `posterior_mode`, `lz` and `lz_star`, within 1e-8.

    Raises
    ------
    InvalidResponses
        Responses to other items than the parameters have.

    Notes
    -----
    The mode is the highest of 121 points, refined with Fisher's scoring inside a bracket, all persons together and
    item by item: some 20 us a person and item answered.

    References
    ----------
    Snijders (2001); Sinharay (2016).

    Examples
    --------
    >>> from irt import ItemParameters, Responses
    >>> bank = ItemParameters([1.5] * 6, [-2.0, -1.5, -0.5, 0.5, 1.5, 2.0], [0.0] * 6, [1.0] * 6)
    >>> answers = Responses.from_wide([[1, 1, 1, 1, 0, 0], [0, 0, 1, 0, 1, 1]], n_categories=[2] * 6)
    >>> lz_each(answers, bank, prior=NormalPrior()).lz_star.round(2).tolist()
    [0.76, -6.7]
    """
    if (
        len(parameters) != responses.n_items
        or (np.asarray(parameters.n_categories) != responses.n_categories).any()
    ):
        raise InvalidResponses("n_categories", None, "differs between responses and parameters")
    rows = _rows_of_items(responses)
    theta = _modes(responses, parameters, rows, prior)
    value, expected, spread, cross, information = np.zeros((5, responses.n_persons))
    for item, (persons, scores) in rows.items():
        terms = models.category_terms(parameters.take([item]), theta[persons])
        log_p, slope = terms.log_probability[:, 0], terms.slope[:, 0]
        p, w = np.exp(log_p), _finite(log_p)
        mean = (p * w).sum(axis=1)
        value[persons] += log_p[np.arange(len(persons)), scores]
        expected[persons] += mean
        spread[persons] += (p * (w - mean[:, None]) ** 2).sum(axis=1)
        cross[persons] += (p * slope * w).sum(axis=1)
        information[persons] += (p * slope**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        projected = np.where(information > 0, cross / information, 0.0)
        left = spread - projected * cross
        shift = (prior.mean - theta) / prior.sd**2
        plain = np.where(spread >= _LEAST_VARIANCE, (value - expected) / np.sqrt(spread), np.nan)
        star = np.where(
            left >= _LEAST_VARIANCE,
            (value - expected + projected * shift) / np.sqrt(np.maximum(left, 0.0)),
            np.nan,
        )
    return PatternFits(theta, plain, star, np.asarray(ndtr(star)))


def _rows_of_items(responses: Responses) -> dict[int, tuple[IntArray, IntArray]]:
    """Who answered each item, and what; a person answers an item once."""
    persons = np.repeat(np.arange(responses.n_persons), responses.counts)
    order = np.argsort(responses.item, kind="stable")
    ends = np.cumsum(np.bincount(responses.item, minlength=responses.n_items))[:-1]
    own = zip(
        np.split(persons[order], ends), np.split(responses.score[order].astype(np.int64), ends), strict=True
    )
    return {item: pair for item, pair in enumerate(own) if len(pair[0])}


def _modes(
    responses: Responses,
    parameters: Parameters,
    rows: dict[int, tuple[IntArray, IntArray]],
    prior: NormalPrior,
) -> FloatArray:
    """Posterior modes, NaN without answers."""
    nodes = prior.mean + prior.sd * np.linspace(-_REACH, _REACH, _POINTS)
    logs = models.category_terms(parameters, nodes).log_probability
    by_code = np.concatenate(
        [logs[:, item, :count].T for item, count in enumerate(responses.n_categories.tolist())]
    )
    answered: BoolArray = responses.counts > 0
    best = np.zeros(responses.n_persons, dtype=np.int64)
    for first in range(0, responses.n_persons, _CHUNK):
        last = min(first + _CHUNK, responses.n_persons)
        low, high = responses.indptr[first], responses.indptr[last]
        chosen = csr_array(
            (np.ones(int(high - low)), responses.codes[low:high], responses.indptr[first : last + 1] - low),
            shape=(last - first, len(by_code)),
        )
        best[first:last] = (chosen @ by_code + prior.log_density(nodes)).argmax(axis=1)
    theta = nodes[best]
    step = nodes[1] - nodes[0]
    low_end, high_end = theta - step, theta + step
    active = answered.copy()
    for _ in range(_ROUNDS):
        slope, information = (prior.mean - theta) / prior.sd**2, np.full(len(theta), prior.sd**-2.0)
        for item, (persons, scores) in rows.items():
            some = active[persons]
            if not some.any():
                continue
            who, what = persons[some], scores[some]
            terms = models.category_terms(parameters.take([item]), theta[who])
            own = terms.slope[:, 0]
            slope[who] += own[np.arange(len(who)), what]
            information[who] += (np.exp(terms.log_probability[:, 0]) * own**2).sum(axis=1)
        low_end, high_end = np.where(slope > 0, theta, low_end), np.where(slope > 0, high_end, theta)
        moved = theta + slope / information
        inside = (moved > low_end) & (moved < high_end)
        moved = np.where(inside, moved, (low_end + high_end) / 2)
        change = np.abs(moved - theta)
        theta = np.where(active, moved, theta)
        active &= (change > _CLOSE) & (high_end - low_end > _CLOSE)
        if not active.any():
            break
    return np.where(answered, theta, np.nan)


def _estimating_term(
    parameters: Parameters, theta: float, estimator: Estimator, prior: Prior | None
) -> float:
    """What the estimator adds to the score: r_0."""
    total = models.information_totals(parameters, [theta])
    if estimator is Estimator.WLE:
        return float(0.5 * total.j[0] / total.information[0])
    match prior:
        case NormalPrior(mean=mean, sd=sd):
            return (mean - theta) / sd**2
        case JeffreysPrior():
            return float(0.5 * total.first[0] / total.information[0])
        case UniformPrior() | None:
            return 0.0


def _standardised(
    parameters: Parameters, scores: ArrayLike, theta: float, *, projected: float, shift: float
) -> LikelihoodFit:
    observed = checked_scores(parameters, scores)
    if not math.isfinite(theta):
        return LikelihoodFit(math.nan, math.nan, math.nan, math.nan, math.nan)
    log_p, slope, _, _ = models.category_terms(parameters, [theta])
    p, w = np.exp(log_p[0]), _finite(log_p[0])
    own = np.arange(len(observed))
    value, expected = float(log_p[0, own, observed].sum()), float((p * w).sum())
    adjusted = w - projected * slope[0]
    centre = (p * adjusted).sum(axis=1, keepdims=True)
    variance = float((p * (adjusted - centre) ** 2).sum())
    if variance < _LEAST_VARIANCE:
        return LikelihoodFit(value, expected, math.sqrt(variance), math.nan, math.nan)
    # At the estimate the slopes of the answers sum to -r_0: that is what projecting leaves of the mean.
    statistic = (value - expected + projected * shift) / math.sqrt(variance)
    return LikelihoodFit(value, expected, math.sqrt(variance), statistic, float(ndtr(statistic)))


def _finite(log_p: FloatArray) -> FloatArray:
    """Log-probabilities with 0 for the scores that an item does not have: P log P = 0 there."""
    return np.where(np.isneginf(log_p), 0.0, log_p)


def residual_fit(parameters: Parameters, scores: ArrayLike, theta: float) -> ResidualFit:
    r"""Infit and outfit of a person over the items answered.

    .. math:: \mathrm{outfit} = \frac1n\sum_i \frac{(x_i - E_i)^2}{V_i},\qquad
              \mathrm{infit} = \frac{\sum_i (x_i - E_i)^2}{\sum_i V_i}

    Parameters
    ----------
    parameters : Parameters, n_items
    scores : array_like of int, shape (n_items,)
    theta : float, logits

    Raises
    ------
    InvalidResponses, InvalidRules

    Notes
    -----
    Both z by the Wilson-Hilferty cube root with the model's variance of the mean square.

    References
    ----------
    Wright & Masters (1982), chapter 5.

    Examples
    --------
    >>> from irt import ItemParameters
    >>> bank = ItemParameters([1.0] * 4, [-1.5, -0.5, 0.5, 1.5], [0.0] * 4, [1.0] * 4)
    >>> fit = residual_fit(bank, [0, 0, 1, 1], 0.0)
    >>> round(fit.outfit, 2), round(fit.infit, 2)
    (3.07, 2.75)
    """
    observed = checked_scores(parameters, scores)
    if not math.isfinite(theta):
        raise InvalidRules("theta", f"must be finite, is {theta}")
    p = models.category_probability(parameters, [theta])[0]
    place = np.arange(p.shape[1], dtype=np.float64)
    expected = p @ place
    centred = place - expected[:, None]
    variance = (p * centred**2).sum(axis=1)
    fourth = (p * centred**4).sum(axis=1)
    square = (observed - expected) ** 2
    count = len(observed)
    outfit, infit = float((square / variance).mean()), float(square.sum() / variance.sum())
    outfit_spread = math.sqrt(max(float((fourth / variance**2).sum()) / count**2 - 1 / count, 0.0))
    infit_spread = math.sqrt(max(float((fourth - variance**2).sum()), 0.0)) / float(variance.sum())
    return ResidualFit(
        outfit,
        infit,
        _cube_root(outfit, outfit_spread),
        _cube_root(infit, infit_spread),
        (observed - expected) / np.sqrt(variance),
    )


def _cube_root(mean_square: float, spread: float) -> float:
    if spread <= 0:
        return math.nan
    return (math.cbrt(mean_square) - 1) * 3 / spread + spread / 3


def replayed_p_value(
    statistic: float,
    replay: Callable[[int], tuple[Indices, Indices]],
    evaluate: Callable[[Indices, Indices], float],
    *,
    replays: int = 500,
    seed: int = 0,
) -> float:
    r"""One-sided p-value of a person-fit statistic in an adaptive test, by replaying the sitting.

    .. math:: p = \frac{1 + \#\{r : T_r \le T\}}{1 + R}

    Parameters
    ----------
    statistic : float
        Of the sitting: small means misfit (lz, lz*; hand over minus an outfit).
    replay : callable
        Seed to (items, scores): a sitting of the same policy, by a person of the estimated theta whose answers
        follow the model.
    evaluate : callable
        (items, scores) to the statistic, with theta estimated anew: the same treatment as the sitting had.
    replays : int
        R.
    seed : int
        The replays use seed, seed + 1, ...

    Returns
    -------
    float
        Exact for any statistic, adaptive or not, up to theta being replaced by its estimate.

    Raises
    ------
    InvalidRules
        No replay.

    References
    ----------
    van Krimpen-Stoop & Meijer (1999): lz of adaptive tests is not N(0, 1) and needs simulation.
    Davison, A. C. & Hinkley, D. V. (1997). *Bootstrap Methods*, p. 140, for the 1 in the formula.

    Examples
    --------
    >>> from irt import ItemParameters
    >>> bank = ItemParameters([1.5] * 6, [-2.0, -1.5, -0.5, 0.5, 1.5, 2.0], [0.0] * 6, [1.0] * 6)
    >>> def answer(seed):
    ...     luck = np.random.default_rng(seed).random(6)
    ...     return list(range(6)), (luck < models.probability(bank, [0.0])[0]).astype(int)
    >>> def fit(items, scores):
    ...     return lz(bank.take(items), scores, 0.0).statistic
    >>> p = replayed_p_value(fit(range(6), [0, 0, 0, 1, 1, 1]), answer, fit, replays=199)
    >>> p
    0.005
    """
    if replays < 1:
        raise InvalidRules("replays", f"must be at least 1, is {replays}")
    null = np.array([evaluate(*replay(seed + one)) for one in range(replays)])
    return float((1 + (null <= statistic).sum()) / (1 + replays))
