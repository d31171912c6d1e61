r"""Fit of items and of the whole model to the responses it was calibrated on.

Residual statistics (infit, outfit) and local dependence (Q3) work on any rows. S-X2 and M2 compare with what the
model says about whole forms, and use the persons who answered everything. Adaptive rows have no such form, and a
statistic that conditions on all the other answers is wrong there, because the later items were chosen after the
answer under test: :func:`sequential_fit` predicts each answer from the earlier ones only, which is exact under
any rule of selection that looks at answers and not at theta.

References
----------
Wright, B. D. & Masters, G. N. (1982). *Rating Scale Analysis*. MESA (infit, outfit).
Orlando, M. & Thissen, D. (2000). Likelihood-based item-fit indices for dichotomous item response theory models.
*Applied Psychological Measurement* 24, 50-64; Kang, T. & Chen, T. T. (2008). *J. Educational Measurement* 45
(several scores).
Lord, F. M. & Wingersky, M. S. (1984). Comparison of IRT true-score and equipercentile observed-score equatings.
*Applied Psychological Measurement* 8, 453-461.
Yen, W. M. (1984). Effects of local item dependence. *Applied Psychological Measurement* 8, 125-145 (Q3).
Maydeu-Olivares, A. & Joe, H. (2006). Limited information goodness-of-fit testing in multidimensional contingency
tables. *Psychometrika* 71, 713-732 (M2).
Cai, L. & Monroe, S. (2014). A new statistic for evaluating item response theory models for ordinal data. CRESST
Report 839 (C2).
Dawid, A. P. (1984). Present position and potential developments: the prequential approach. *J. Royal Statistical
Society A* 147, 278-292.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import block_diag, null_space
from scipy.optimize import brentq
from scipy.special import chdtrc, chndtr, ndtr

from irt.errors import InvalidResponses, InvalidRules
from irt.linking import Weights, parameter_vector
from irt.models import category_probability, category_terms
from irt.responses import Responses
from irt.types import (
    BoolArray,
    FloatArray,
    GradedParameters,
    IntArray,
    ItemParameters,
    MixedParameters,
    NominalParameters,
    Parameters,
)

_LEAST_EXPECTED: Final = 1.0
_CERTAIN: Final = 1e-100
_STEP: Final = 1e-5
_RANK: Final = 1e-9
_CHUNK: Final = 50_000  # answers whose tables are held at once


class Outcome(StrEnum):
    """What a global test came to."""

    DONE = "done"
    NO_DEGREES = "too few degrees of freedom: the model has as many parameters as there are margins"
    NO_COMPLETE_ROWS = "nobody answered every item: use sequential_fit"


class ResidualFit(NamedTuple):
    """Mean squared residuals of each item, (n_items,); 1 is what the model expects, NaN without answers."""

    outfit: FloatArray
    infit: FloatArray
    outfit_z: FloatArray
    infit_z: FloatArray
    n_answers: IntArray


class ScoreFit(NamedTuple):
    """S-X2 of each item, (n_items,); NaN where no degree of freedom is left."""

    statistic: FloatArray
    degrees: IntArray
    p_value: FloatArray
    rmsea: FloatArray
    n_persons: int  # with every item answered
    cells: IntArray  # left after collapsing


@dataclass(frozen=True, slots=True)
class GlobalFit:
    """M2 (items scored 0 and 1) or C2 (several scores) of the whole model; NaN unless `outcome` is done."""

    statistic: float
    degrees: int
    p_value: float
    rmsea: float
    rmsea_interval: tuple[float, float]  # 90 %
    srmsr: float
    tli: float
    cfi: float
    n_persons: int
    outcome: Outcome


class SequentialFit(NamedTuple):
    """Fit of each item to rows of an adaptive test, (n_items,); NaN where it was answered too seldom."""

    statistic: FloatArray
    bins: IntArray
    p_value: FloatArray  # against statistics simulated from the same predictions
    bias: FloatArray  # observed minus predicted mean score, as a share of the maximum
    n_answers: IntArray


class SequentialPersonFit(NamedTuple):
    """Fit of each person to an adaptive test, (n_persons,); NaN where every answer was certain, or there is none."""

    statistic: FloatArray  # about N(0, 1) whatever the rule of selection; small means unlikely answers
    p_value: FloatArray  # one-sided, by the normal distribution
    null: FloatArray  # (draws, n_persons): statistics of answers drawn from the same predictions


class Curve(NamedTuple):
    """An item's response function with its empirical points, each array (n_bins,)."""

    theta: FloatArray
    observed: FloatArray  # mean score as a share of the maximum
    expected: FloatArray
    se: FloatArray  # of the observed point, under the model
    n_answers: IntArray


def residual_fit(responses: Responses, parameters: Parameters, theta: ArrayLike) -> ResidualFit:
    r"""Infit and outfit of each item at the persons' estimates of ability.

    .. math:: \text{outfit} = \frac1N\sum_j \frac{(x_j - E_j)^2}{W_j},\quad
              \text{infit} = \frac{\sum_j (x_j - E_j)^2}{\sum_j W_j}

    Parameters
    ----------
    responses : Responses
    parameters : Parameters, n_items
    theta : array_like, shape (n_persons,), logits
        Estimates; persons whose estimate is not finite are left out.

    Raises
    ------
    InvalidResponses
        Another number of items, or of persons.

    Notes
    -----
    z by the cube root of Wilson and Hilferty. Estimates in place of true abilities make residuals a little smaller
    than 1 on short tests.
    """
    _same(responses, parameters)
    place = _abilities(responses, theta)
    outfit, infit, outfit_z, infit_z = np.full((4, responses.n_items), np.nan)
    count = np.zeros(responses.n_items, dtype=np.int64)
    for item, (persons, score) in enumerate(_by_item(responses)):
        known = np.isfinite(place[persons])
        if not known.any():
            continue
        n = count[item] = int(known.sum())
        moments = _central(_of_item(parameters, item, place[persons[known]]))
        square = (score[known] - moments.mean) ** 2
        w, kurtosis = moments.variance, moments.fourth
        if (w < _CERTAIN).any():  # an item so steep that an answer to it is certain: no residual is too large
            continue
        outfit[item], infit[item] = (square / w).mean(), square.sum() / w.sum()
        spread = np.sqrt(max((kurtosis / w**2).sum() / n**2 - 1 / n, 0.0))
        outfit_z[item] = _cube_root(outfit[item], spread)
        infit_z[item] = _cube_root(infit[item], np.sqrt((kurtosis - w**2).sum()) / w.sum())
    return ResidualFit(outfit, infit, outfit_z, infit_z, count)


def local_dependence(
    responses: Responses, parameters: Parameters, theta: ArrayLike, *, least: int = 30
) -> FloatArray:
    """Yen's Q3: correlations of the residuals of pairs of items, shape (n_items, n_items), 1 on the diagonal.

    Parameters
    ----------
    least : int
        Pairs answered by fewer persons are NaN.

    Notes
    -----
    The mean of Q3 is about -1 / (n_items - 1) when the model holds: look at the distance from it.
    """
    _same(responses, parameters)
    place = _abilities(responses, theta)
    residual = np.full((responses.n_persons, responses.n_items), 0.0)
    there = np.zeros(residual.shape)
    for item, (persons, score) in enumerate(_by_item(responses)):
        known = persons[np.isfinite(place[persons])]
        if len(known):
            expected = _central(_of_item(parameters, item, place[known])).mean
            residual[known, item] = score[np.isfinite(place[persons])] - expected
            there[known, item] = 1.0
    n = there.T @ there
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (residual.T @ there) / n  # of the row's item, over those who answered both
        square = ((residual**2).T @ there) / n - mean**2
        q3 = ((residual.T @ residual) / n - mean * mean.T) / np.sqrt(square * square.T)
    q3[n < least] = np.nan
    np.fill_diagonal(q3, 1.0)
    return np.asarray(q3)


def score_fit(
    responses: Responses,
    parameters: Parameters,
    grid: Weights,
    *,
    free: ArrayLike | None = None,
    least: float = _LEAST_EXPECTED,
) -> ScoreFit:
    r"""S-X2 of each item: observed and expected scores among the persons with the same sum score.

    .. math:: S\text{-}X^2 = \sum_k\sum_x \frac{(O_{kx} - E_{kx})^2}{E_{kx}},\quad
              E_{kx} = N_k\frac{\sum_q w_q P_x(\theta_q) f^{*}_{k-x}(\theta_q)}{\sum_q w_q f_k(\theta_q)}

    Parameters
    ----------
    responses : Responses
        Only the persons with every item answered are used.
    parameters : Parameters, n_items
    grid : Weights
        Points and weights of the ability distribution of these persons.
    free : array_like of int, shape (n_items,), optional
        Number of parameters estimated for each item; counted from the model if absent.
    least : float
        Smallest expected count of a cell.

    Notes
    -----
    Collapsing: score groups without persons, and 0 and the maximum, go. For items scored 0 and 1, a group with a cell
    below `least` joins its neighbour with fewer persons. For several scores, groups that cannot hold every score join
    the nearest group that can, then cells below `least` join the next score up within the group, or down at the top.
    """
    _same(responses, parameters)
    full = np.flatnonzero(responses.counts == responses.n_items)
    n_items = responses.n_items
    statistic, p_value, rmsea = np.full((3, n_items), np.nan)
    degrees, cells = np.zeros((2, n_items), dtype=np.int64)
    own = _estimated(parameters) if free is None else np.asarray(free, dtype=np.int64)
    if len(full) == 0:
        return ScoreFit(statistic, degrees, p_value, rmsea, 0, cells)
    table = _complete_table(responses, full)
    total = table.sum(axis=1)
    p = category_probability(parameters, grid.theta)
    whole = _score_distribution(p, range(n_items))
    everybody = grid.weight @ whole
    at = np.bincount(total, minlength=whole.shape[1])
    for item in range(n_items):
        count = int(responses.n_categories[item])
        rest = _score_distribution(p, [other for other in range(n_items) if other != item])
        observed = np.zeros((len(at), count))
        np.add.at(observed, (total, table[:, item]), 1)
        expected = np.zeros_like(observed)
        for score in range(count):
            joint = (grid.weight * p[:, item, score]) @ rest
            expected[score : score + len(joint), score] = joint
        expected *= (at / everybody)[:, None]
        kept_o, kept_e = _collapsed(observed[1:-1], expected[1:-1], least)
        inside = kept_e > 0
        cells[item] = int(inside.sum())
        degrees[item] = cells[item] - len(kept_e) - own[item]
        if len(kept_e):
            statistic[item] = float(((kept_o - kept_e)[inside] ** 2 / kept_e[inside]).sum())
    done = degrees > 0
    p_value[done] = chdtrc(degrees[done], statistic[done])
    rmsea[done] = np.sqrt(np.maximum(statistic[done] / degrees[done] - 1, 0) / max(len(full) - 1, 1))
    return ScoreFit(statistic, degrees, p_value, rmsea, len(full), cells)


def global_fit(
    responses: Responses, parameters: Parameters, grid: Weights, *, estimated: ArrayLike | None = None
) -> GlobalFit:
    r"""M2 or C2: do the margins of one and two items agree with the model?

    .. math:: M_2 = N\, e^\top \Delta_c(\Delta_c^\top \Xi \Delta_c)^{-1}\Delta_c^\top e

    with e the residuals of the univariate proportions and of the mean products of pairs, Xi their covariance under
    the model and Delta_c the complement of their derivatives in the parameters estimated.

    Parameters
    ----------
    responses : Responses
        Only the persons with every item answered are used.
    parameters : Parameters, n_items
    grid : Weights
        Points and weights of the ability distribution.
    estimated : array_like, shape (n_parameters, n_estimated), optional
        Derivatives of `irt.linking.parameter_vector` in the parameters that were estimated, such as one column of
        ones in the places of a for the common slope of a 1PL. Without it every a, b, threshold, slope and intercept
        counts as estimated, c where it is above 0, d where it is below 1; nominal items whose slopes rise in equal
        steps count as (generalised) partial credit, with one slope.
    """
    _same(responses, parameters)
    full = np.flatnonzero(responses.counts == responses.n_items)
    nothing = GlobalFit(
        *(np.nan, 0, np.nan, np.nan, (np.nan, np.nan), np.nan, np.nan, np.nan), 0, Outcome.NO_COMPLETE_ROWS
    )
    if len(full) == 0:
        return nothing
    table = _complete_table(responses, full)
    p = category_probability(parameters, grid.theta)
    margins = _Margins(p, parameters.n_categories, grid.weight)
    observed = margins.observed(table)
    slopes = margins.derivatives(parameters, grid.theta, _directions(parameters, estimated))
    statistic, degrees = _limited(observed - margins.expected, margins.covariance, slopes, len(full))
    if degrees <= 0:
        return GlobalFit(
            *(np.nan, 0, np.nan, np.nan, (np.nan, np.nan), np.nan, np.nan, np.nan),
            len(full),
            Outcome.NO_DEGREES,
        )
    share = np.stack([(table == k).mean(axis=0) for k in range(p.shape[2])], axis=1)
    null = _Margins(share[None], parameters.n_categories, np.ones(1))
    alone, alone_degrees = _limited(observed - null.expected, null.covariance, null.univariate, len(full))
    excess, alone_excess = statistic - degrees, alone - alone_degrees
    return GlobalFit(
        statistic=statistic,
        degrees=degrees,
        p_value=float(chdtrc(degrees, statistic)),
        rmsea=float(np.sqrt(max(excess, 0.0) / (degrees * (len(full) - 1)))),
        rmsea_interval=_rmsea_interval(statistic, degrees, len(full)),
        srmsr=_srmsr(table, p, grid.weight),
        tli=float((alone / alone_degrees - statistic / degrees) / (alone / alone_degrees - 1)),
        cfi=float(1 - max(excess, 0.0) / max(alone_excess, excess, 1e-12)),
        n_persons=len(full),
        outcome=Outcome.DONE,
    )


def sequential_fit(
    responses: Responses,
    parameters: Parameters,
    grid: Weights,
    *,
    bins: int = 8,
    draws: int = 499,
    least: int = 50,
    rng: np.random.Generator,
) -> SequentialFit:
    r"""Fit of items to adaptive rows: each answer against its prediction from the answers before it.

    .. math:: X^2_i = \sum_g \frac{(\sum_{j\in g} x_j - \hat x_j)^2}{\sum_{j\in g}\mathrm{Var}(x_j)},\quad
              P(x_j) = \sum_q P_{i x}(\theta_q)\, p(\theta_q \mid \text{earlier answers of } j)

    Parameters
    ----------
    responses : Responses
        The answers of each person in the order in which they were given, every answer that selected an item among
        them.
    parameters : Parameters, n_items
    grid : Weights
        Points and weights of the ability distribution, from which every row starts.
    bins : int
        Groups of about the same size by predicted score.
    draws : int
        Simulated statistics, from the same predictions, that make the null distribution.
    least : int
        Items answered less often are NaN.
    rng : Generator

    Notes
    -----
    The selection rule drops out of the predictions, whatever it was, because it saw the same earlier answers. Item
    parameters count as known: with few answers per parameter the test is conservative.
    """
    _same(responses, parameters)
    predicted, variance, probabilities = _predictions(responses, parameters, grid)
    statistic, p_value, bias = np.full((3, responses.n_items), np.nan)
    used, count = np.zeros((2, responses.n_items), dtype=np.int64)
    order = np.argsort(responses.item, kind="stable")
    ends = np.cumsum(np.bincount(responses.item, minlength=responses.n_items))
    for item in range(responses.n_items):
        rows = order[(ends[item - 1] if item else 0) : ends[item]]
        count[item] = len(rows)
        if len(rows) < least:
            continue
        rows = rows[np.argsort(predicted[rows], kind="stable")]
        group = np.arange(len(rows)) * bins // len(rows)
        spread = np.bincount(group, variance[rows], bins).astype(np.float64)
        score = responses.score[rows].astype(np.float64)
        statistic[item] = _grouped(score - predicted[rows], group, spread)
        simulated = _simulated(probabilities[rows], rng, draws) - predicted[rows]
        null = np.array([_grouped(row, group, spread) for row in simulated])
        p_value[item] = (1 + (null >= statistic[item] * (1 - 1e-12)).sum()) / (draws + 1)
        bias[item] = (score - predicted[rows]).mean() / (responses.n_categories[item] - 1)
        used[item] = bins
    return SequentialFit(statistic, used, p_value, bias, count)


def sequential_person_fit(
    responses: Responses,
    parameters: Parameters,
    grid: Weights,
    *,
    draws: int = 20,
    rng: np.random.Generator,
) -> SequentialPersonFit:
    r"""Fit of persons to adaptive rows: the log-probability of each answer, predicted from the answers before it.

    .. math:: T_j = \frac{\sum_t \log P_t(x_t) - \mathrm{E}_t}{\sqrt{\sum_t \mathrm{Var}_t}},\quad
              \mathrm{E}_t = \sum_k P_t(k)\log P_t(k),\quad
              \mathrm{Var}_t = \sum_k P_t(k)\big(\log P_t(k) - \mathrm{E}_t\big)^2

    with :math:`P_t` the prediction of :func:`sequential_fit`.

    Parameters
    ----------
    responses : Responses
        The answers of each person in the order in which they were given.
    parameters : Parameters, n_items
    grid : Weights
        Points and weights of the ability distribution, from which every row starts.
    draws : int
        Sets of simulated answers, from the same predictions, that tell what share of persons falls below a value.
    rng : Generator

    Notes
    -----
    lz and lz* take the items as given, which those of an adaptive test are not. Given the answers before it an item
    is, so the terms have mean 0 and the stated variance whatever the rule of selection: sums of martingale differences
    over the root of their conditional variances, which are about N(0, 1) in long rows.

    References
    ----------
    Dawid (1984).

    Examples
    --------
    >>> from irt import ItemParameters, Responses
    >>> bank = ItemParameters([1.5] * 6, [-2.0, -1.5, -0.5, 0.5, 1.5, 2.0], [0.0] * 6, [1.0] * 6)
    >>> answers = Responses.from_wide([[1, 1, 1, 0, 0, 0], [0, 0, 1, 0, 1, 1]], n_categories=[2] * 6)
    >>> grid = Weights(np.linspace(-4, 4, 41), np.full(41, 1 / 41))
    >>> found = sequential_person_fit(answers, bank, grid, rng=np.random.default_rng(1))
    >>> found.statistic.round(1).tolist()
    [0.3, -8.3]
    """
    _same(responses, parameters)
    chance = _predictions(responses, parameters, grid)[2]
    with np.errstate(divide="ignore"):
        logs = np.where(chance > 0, np.log(chance), 0.0)
    expected = (chance * logs).sum(axis=1)
    variance = (chance * (logs - expected[:, None]) ** 2).sum(axis=1)
    persons = np.repeat(np.arange(responses.n_persons), responses.counts)
    spread = np.sqrt(np.bincount(persons, variance, responses.n_persons))
    place = np.arange(len(chance))

    def standardised(scores: IntArray) -> FloatArray:
        above = np.bincount(persons, logs[place, scores] - expected, responses.n_persons)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(spread > _RANK, above / spread, np.nan)

    statistic = standardised(responses.score.astype(np.int64))
    null = np.array(
        [standardised(_simulated(chance, rng, 1)[0].astype(np.int64)) for _ in range(draws)]
    ).reshape(draws, responses.n_persons)
    return SequentialPersonFit(statistic, np.asarray(ndtr(statistic)), null)


def empirical_curve(
    responses: Responses, parameters: Parameters, theta: ArrayLike, item: int, *, bins: int = 10
) -> Curve:
    """An item's mean score in groups of persons of similar ability, beside what the model expects of them."""
    _same(responses, parameters)
    if not 0 <= item < responses.n_items or bins < 1:
        raise InvalidRules("item", f"must lie between 0 and {responses.n_items - 1}, and bins be at least 1")
    place = _abilities(responses, theta)
    persons = np.repeat(np.arange(responses.n_persons), responses.counts)
    rows = np.flatnonzero((responses.item == item) & np.isfinite(place[persons]))
    rows = rows[np.argsort(place[persons[rows]], kind="stable")]
    groups = [group for group in np.array_split(rows, min(bins, max(len(rows), 1))) if len(group)]
    maximum = float(responses.n_categories[item] - 1)
    columns = []
    for group in groups:
        own = place[persons[group]]
        moments = _central(_of_item(parameters, item, own))
        columns.append(
            (
                own.mean(),
                responses.score[group].mean() / maximum,
                moments.mean.mean() / maximum,
                np.sqrt(moments.variance.sum()) / len(group) / maximum,
                len(group),
            )
        )
    values = np.array(columns).reshape(-1, 5).T
    return Curve(values[0], values[1], values[2], values[3], values[4].astype(np.int64))


class _Moments(NamedTuple):
    mean: FloatArray
    variance: FloatArray
    fourth: FloatArray  # central


def _central(p: FloatArray) -> _Moments:
    score = np.arange(p.shape[-1], dtype=np.float64)
    mean = p @ score
    gap = score - mean[..., None]
    return _Moments(mean, (p * gap**2).sum(axis=-1), (p * gap**4).sum(axis=-1))


def _of_item(parameters: Parameters, item: int, theta: FloatArray) -> FloatArray:
    return np.asarray(category_probability(parameters.take([item]), theta)[:, 0])


def _same(responses: Responses, parameters: Parameters) -> None:
    if len(parameters) != responses.n_items:
        raise InvalidResponses(
            "responses", None, f"hold {responses.n_items} items, parameters {len(parameters)}"
        )
    other = parameters.n_categories != responses.n_categories
    if other.any():
        item = int(np.argmax(other))
        raise InvalidResponses("n_categories", item, "differs between responses and parameters")


def _abilities(responses: Responses, theta: ArrayLike) -> FloatArray:
    place = np.asarray(theta, dtype=np.float64)
    if place.shape != (responses.n_persons,):
        raise InvalidResponses(
            "theta", None, f"must hold one number for each of {responses.n_persons} persons"
        )
    return place


def _by_item(responses: Responses) -> list[tuple[IntArray, FloatArray]]:
    persons = np.repeat(np.arange(responses.n_persons), responses.counts)
    order = np.argsort(responses.item, kind="stable")
    ends = np.cumsum(np.bincount(responses.item, minlength=responses.n_items))[:-1]
    scores = responses.score[order].astype(np.float64)
    return list(zip(np.split(persons[order], ends), np.split(scores, ends), strict=True))


def _cube_root(mean_square: float, spread: float) -> float:
    if not spread > 0:
        return np.nan
    return float((np.cbrt(mean_square) - 1) * (3 / spread) + spread / 3)


def _complete_table(responses: Responses, full: IntArray) -> IntArray:
    rows = responses.indptr[full][:, None] + np.arange(responses.n_items)
    table = np.zeros((len(full), responses.n_items), dtype=np.int64)
    np.put_along_axis(
        table, responses.item[rows].astype(np.int64), responses.score[rows].astype(np.int64), axis=1
    )
    return table


def _estimated(parameters: Parameters) -> IntArray:
    match parameters:
        case ItemParameters(c=c, d=d):
            return np.asarray(2 + (c > 0) + (d < 1), dtype=np.int64)
        case GradedParameters():
            return parameters.n_categories
        case NominalParameters():
            count = parameters.n_categories
            return np.where(_partial_credit(parameters), count, 2 * (count - 1))
    counts = np.zeros(len(parameters), dtype=np.int64)
    for part, place in zip(parameters.parts, parameters.positions, strict=True):
        counts[place] = _estimated(part)
    return counts


def _score_distribution(p: FloatArray, items: range | list[int]) -> FloatArray:
    """Distribution of the sum score at each point, shape (n_points, highest + 1), item after item."""
    distribution = np.ones((len(p), 1))
    for item in items:
        own = p[:, item]
        width = int(np.flatnonzero((own > 0).any(axis=0))[-1])
        longer = np.zeros((len(p), distribution.shape[1] + width))
        for score in range(width + 1):
            longer[:, score : score + distribution.shape[1]] += own[:, score, None] * distribution
        distribution = longer
    return distribution


def _collapsed(observed: FloatArray, expected: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    there = observed.sum(axis=1) > 0
    o, e = observed[there], expected[there]
    if o.shape[1] == 2:
        while len(e) > 1 and (thin := np.flatnonzero((e < least).any(axis=1))).size:
            row = int(thin[0])
            if row in (0, len(e) - 1):
                other = 1 if row == 0 else row - 1
            else:
                other = row - 1 if o[row - 1].sum() <= o[row + 1].sum() else row + 1
            for table in (o, e):
                table[other] += table[row]
            o, e = np.delete(o, row, axis=0), np.delete(e, row, axis=0)
        return o, e
    possible = (e > 0).all(axis=1)
    if possible.any():
        first, last = np.flatnonzero(possible)[[0, -1]]
        for table in (o, e):
            table[first] = table[: first + 1].sum(axis=0)
            table[last] = (
                table[last:].sum(axis=0) if last > first else table[last] + table[last + 1 :].sum(axis=0)
            )
        o, e = o[first : last + 1], e[first : last + 1]
    top = e.shape[1] - 1
    for row in range(len(e)):
        for score in range(top):
            if e[row, score] < least:
                _move(o, e, row, score, score + 1)
        below = np.flatnonzero(e[row, :top] > 0)
        if e[row, top] < least and len(below):
            _move(o, e, row, top, int(below[-1]))
    return o, e


def _move(observed: FloatArray, expected: FloatArray, row: int, source: int, target: int) -> None:
    for table in (observed, expected):
        table[row, target] += table[row, source]
        table[row, source] = 0.0


class _Margins:
    """Proportions of scores above 0 and mean products of pairs: expected values, covariance, derivatives."""

    def __init__(self, p: FloatArray, n_categories: IntArray, weight: FloatArray) -> None:
        self.weight, self.n_items = weight, p.shape[1]
        self.item = np.repeat(np.arange(self.n_items), n_categories - 1)
        self.score = np.concatenate([np.arange(1, count) for count in n_categories.tolist()])
        self.first, self.second = np.triu_indices(self.n_items, 1)
        scores = np.arange(p.shape[2], dtype=np.float64)
        self.p, self.mean, self.square = p, p @ scores, p @ scores**2
        self.single = p[:, self.item, self.score]
        self.functions = np.hstack([self.single, self.mean[:, self.first] * self.mean[:, self.second]])
        self.expected = weight @ self.functions
        self.univariate = np.eye(len(self.expected))[:, : len(self.item)]
        if len(weight) == 1:
            self.univariate = self._independent()

    def _independent(self) -> FloatArray:
        """Derivatives of all margins in the proportions, when items are independent."""
        slopes = np.zeros((len(self.expected), len(self.item)))
        slopes[: len(self.item)] = np.eye(len(self.item))
        below = slopes[len(self.item) :]
        for column, (item, score) in enumerate(zip(self.item, self.score, strict=True)):
            for own, other in ((self.first, self.second), (self.second, self.first)):
                rows = own == item
                below[rows, column] = score * self.mean[0, other[rows]]
        return slopes

    def observed(self, table: IntArray) -> FloatArray:
        single = (table[:, self.item] == self.score).mean(axis=0)
        pairs = (table.T @ table) / len(table)
        return np.concatenate([single, pairs[self.first, self.second]])

    @property
    def covariance(self) -> FloatArray:
        """Of one person's margins under the model."""
        weighted = self.functions * self.weight[:, None]
        joint = self.functions.T @ weighted
        k = len(self.item)
        pair = np.zeros((self.n_items, self.n_items), dtype=np.int64)
        pair[self.first, self.second] = pair[self.second, self.first] = k + np.arange(len(self.first))
        both = self.square.T @ (self.square * self.weight[:, None])
        for item in range(self.n_items):
            others = np.delete(np.arange(self.n_items), item)
            rows = pair[item, others]
            mean = self.mean[:, others]
            block = mean.T @ (mean * (self.weight * self.square[:, item])[:, None])
            np.fill_diagonal(block, both[item, others])
            joint[np.ix_(rows, rows)] = block
            own = np.flatnonzero(self.item == item)
            single = self.single[:, own] * self.score[own] * self.weight[:, None]
            joint[np.ix_(own, rows)] = single.T @ mean
            joint[np.ix_(rows, own)] = joint[np.ix_(own, rows)].T
            joint[np.ix_(own, own)] = np.diag(self.expected[own])
        return np.asarray(joint - np.outer(self.expected, self.expected))

    def derivatives(self, parameters: Parameters, theta: FloatArray, directions: FloatArray) -> FloatArray:
        slopes = np.zeros((len(self.expected), len(directions)))
        scores = np.arange(self.p.shape[2], dtype=np.float64)
        for item, where in _places(parameters).items():
            own = np.flatnonzero(self.item == item)
            for place, change in zip(
                where, _item_derivatives(parameters.take([item]), theta, self.p.shape[2]), strict=True
            ):
                column = slopes[:, place]
                column[own] = self.weight @ change[:, self.score[own]]
                gain = self.weight * (change @ scores)
                for mine, other in ((self.first, self.second), (self.second, self.first)):
                    rows = np.flatnonzero(mine == item)
                    column[len(self.item) + rows] = gain @ self.mean[:, other[rows]]
        return np.asarray(slopes @ directions)


def _item_derivatives(item: Parameters, theta: FloatArray, width: int) -> list[FloatArray]:
    """Change of each score's probability with each entry of one item's parameter vector, by differences."""
    one = item.parts[0] if isinstance(item, MixedParameters) else item
    vector = parameter_vector(one)
    changes = []
    for place in range(len(vector)):
        low, high = vector.copy(), vector.copy()
        low[place], high[place] = vector[place] - _STEP, vector[place] + _STEP
        if isinstance(one, ItemParameters) and place >= 2:
            low[place], high[place] = max(low[place], 0.0), min(high[place], 1.0)
        ends = [category_probability(_rebuilt(one, moved), theta)[:, 0] for moved in (low, high)]
        change = np.zeros((len(theta), width))
        change[:, : ends[0].shape[1]] = (ends[1] - ends[0]) / (high[place] - low[place])
        changes.append(change)
    return changes


def _rebuilt(item: Parameters, vector: FloatArray) -> Parameters:
    match item:
        case ItemParameters():
            return ItemParameters(*vector[:, None])
        case GradedParameters():
            return GradedParameters(vector[:1], vector[None, 1:])
    half = len(vector) // 2
    return NominalParameters(vector[None, :half], vector[None, half:])


def _places(parameters: Parameters) -> dict[int, IntArray]:
    parts = parameters.parts if isinstance(parameters, MixedParameters) else (parameters,)
    positions = (
        parameters.positions if isinstance(parameters, MixedParameters) else (np.arange(len(parameters)),)
    )
    places: dict[int, IntArray] = {}
    start = 0
    for part, position in zip(parts, positions, strict=True):
        for row, item in enumerate(position.tolist()):
            size = len(parameter_vector(part.take([row])))
            places[item] = np.arange(start, start + size)
            start += size
    return places


def _directions(parameters: Parameters, estimated: ArrayLike | None) -> FloatArray:
    size = len(parameter_vector(parameters))
    if estimated is not None:
        directions = np.asarray(estimated, dtype=np.float64)
        if directions.ndim != 2 or len(directions) != size or not np.isfinite(directions).all():
            raise InvalidRules("estimated", f"must be finite, one row for each of {size} parameters")
        return directions
    parts = parameters.parts if isinstance(parameters, MixedParameters) else (parameters,)
    return np.asarray(block_diag(*[_own_directions(part) for part in parts]))


def _own_directions(part: Parameters) -> FloatArray:
    match part:
        case ItemParameters(c=c, d=d):
            one = np.ones(len(part), dtype=np.bool_)
            return np.eye(4 * len(part))[:, np.stack([one, one, c > 0, d < 1], axis=1).ravel()]
        case NominalParameters():
            blocks = []
            for count, partial in zip(part.n_categories.tolist(), _partial_credit(part), strict=True):
                slope = np.arange(count)[:, None] if partial else np.eye(count)[:, 1:]
                blocks += [slope, np.eye(count)[:, 1:]]
            return np.asarray(block_diag(*blocks))
    return np.eye(len(parameter_vector(part)))


def _partial_credit(part: NominalParameters) -> BoolArray:
    """Whose slopes rise in equal steps."""
    steps = np.diff(part.slopes, axis=1)
    return np.asarray(np.isclose(np.where(np.isnan(steps), steps[:, :1], steps), steps[:, :1]).all(axis=1))


def _limited(residual: FloatArray, covariance: FloatArray, slopes: FloatArray, n: int) -> tuple[float, int]:
    complement = null_space(slopes.T, rcond=_RANK)
    if complement.shape[1] == 0:
        return np.nan, 0
    own = complement.T @ residual
    middle = complement.T @ covariance @ complement
    return float(n * own @ np.linalg.solve(middle, own)), complement.shape[1]


def _rmsea_interval(statistic: float, degrees: int, n: int) -> tuple[float, float]:
    def bound(level: float) -> float:
        def gap(noncentrality: float) -> float:
            return float(chndtr(statistic, degrees, noncentrality)) - level

        if gap(0.0) <= 0:
            return 0.0
        high = max(statistic, 1.0)
        while gap(high) > 0:
            high *= 2
        return float(np.sqrt(brentq(gap, 0.0, high) / (n * degrees)))

    return bound(0.95), bound(0.05)


def _srmsr(table: IntArray, p: FloatArray, weight: FloatArray) -> float:
    """Root mean square of the differences between observed and expected correlations."""
    scores = np.arange(p.shape[2], dtype=np.float64)
    mean, square = p @ scores, p @ scores**2
    centre = weight @ mean
    covariance = mean.T @ (mean * weight[:, None]) - np.outer(centre, centre)
    np.fill_diagonal(covariance, weight @ square - centre**2)
    sd = np.sqrt(np.diag(covariance))
    gap = np.corrcoef(table.T) - covariance / np.outer(sd, sd)
    above = np.triu_indices(len(sd), 1)
    return float(np.sqrt((gap[above] ** 2).mean()))


def _predictions(
    responses: Responses, parameters: Parameters, grid: Weights
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, variance and distribution of each answer given the earlier ones of the same person."""
    logs = category_terms(parameters, grid.theta).log_probability
    width = logs.shape[2]
    table = np.exp(logs)
    by_code = np.concatenate(
        [logs[:, item, :count].T for item, count in enumerate(responses.n_categories.tolist())]
    )
    start = np.log(grid.weight)
    chance = np.empty((responses.n_responses, width))
    first = 0
    while first < responses.n_persons:
        last = int(np.searchsorted(responses.indptr, responses.indptr[first] + _CHUNK, side="right")) - 1
        last = min(max(last, first + 1), responses.n_persons)
        low, high = int(responses.indptr[first]), int(responses.indptr[last])
        own = by_code[responses.codes[low:high]]
        before = np.cumsum(own, axis=0) - own
        counts = np.diff(responses.indptr[first : last + 1])
        begins = (responses.indptr[first:last] - low)[counts > 0]
        before -= np.repeat(before[begins], counts[counts > 0], axis=0)
        before += start
        before -= before.max(axis=1, keepdims=True, initial=-np.inf)
        posterior = np.exp(before)
        posterior /= posterior.sum(axis=1, keepdims=True)
        for score in range(width):
            chance[low:high, score] = np.einsum(
                "rq,qr->r", posterior, table[:, responses.item[low:high], score]
            )
        first = last
    moments = _central(chance)
    return moments.mean, moments.variance, chance


def _grouped(residual: FloatArray, group: IntArray, spread: FloatArray) -> float:
    gap = np.bincount(group, residual, len(spread))
    some = spread > 0
    return float((gap[some] ** 2 / spread[some]).sum())


def _simulated(chance: FloatArray, rng: np.random.Generator, draws: int) -> FloatArray:
    """Answers drawn from their own predictions, shape (draws, n_answers)."""
    edges = np.cumsum(chance, axis=1)[:, :-1]
    uniform = rng.random((draws, len(chance)))
    scores = np.zeros(uniform.shape)
    for edge in edges.T:
        scores += uniform > edge
    return scores
