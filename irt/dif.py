r"""Differential item functioning: do two groups of equal ability find an item equally hard?

Persons are matched on a measure and compared within. On complete forms the measure is the sum score, the studied
item included; on adaptive data, where everybody answered other items, it is theta, passed in as `matching`. With
`purify` the measure is made again without the items found guilty, until they no longer change.

References
----------
Holland, P. W. & Thayer, D. T. (1988). Differential item performance and the Mantel-Haenszel procedure. In *Test
Validity*, 129-145.
Phillips, A. & Holland, P. W. (1987). Estimators of the variance of the Mantel-Haenszel log-odds-ratio estimate.
*Biometrics* 43, 425-431.
Zieky, M. (1993). Practical questions in the use of DIF statistics in test development. In *Differential Item
Functioning*, 337-347 (classes A, B, C).
Dorans, N. J. & Kulick, E. (1986). Demonstrating the utility of the standardization approach. *Journal of
Educational Measurement* 23, 355-368.
Mantel, N. (1963). Chi-square tests with one degree of freedom. *J. American Statistical Association* 58, 690-700
(items with several scores).
Swaminathan, H. & Rogers, H. J. (1990). Detecting differential item functioning using logistic regression
procedures. *Journal of Educational Measurement* 27, 361-370.
Nagelkerke, N. J. D. (1991). A note on a general definition of the coefficient of determination. *Biometrika* 78.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, expit, ndtri

from irt.drift import false_discovery
from irt.errors import InvalidResponses, InvalidRules
from irt.responses import Responses
from irt.types import BoolArray, FloatArray, IntArray

ClassArray: TypeAlias = NDArray[np.str_]
Matching: TypeAlias = Callable[[BoolArray], ArrayLike]

_DELTA: Final = -2.35  # delta units of ETS per log odds
_MODERATE, _LARGE = 1.0, 1.5  # delta units
_MOST_ROUNDS: Final = 20
_NEWTON_STEPS: Final = 60
_CONVERGED: Final = 1e-10
_STRATA: Final = 20


class LogisticTest(StrEnum):
    """What the logistic regression may add: a shift, a change of slope, or either."""

    UNIFORM = "uniform"
    NONUNIFORM = "nonuniform"
    BOTH = "both"


@dataclass(frozen=True, slots=True, eq=False)
class MantelHaenszel:
    """One row per item, each array (n_items,); NaN where the item cannot be tested.

    `delta` > 0: easier for the focal group (ETS). For items with several scores the chi-square is Mantel's,
    `odds_ratio`, `delta` and `se_delta` are NaN, `standardized` is the difference of mean score as a share of the
    maximum, and the class follows it (0.05 and 0.10) instead of delta.
    """

    chi_square: FloatArray
    p_value: FloatArray
    q_value: FloatArray  # Benjamini-Hochberg over the items
    odds_ratio: FloatArray  # common, reference over focal
    delta: FloatArray
    se_delta: FloatArray
    standardized: FloatArray  # focal minus reference, weighted by the focal group
    category: ClassArray  # "A" negligible, "B" moderate, "C" large, "" not tested
    strata: IntArray  # that hold both groups
    removed: BoolArray  # from the matching measure, by purification
    rounds: int


@dataclass(frozen=True, slots=True, eq=False)
class LogisticDif:
    """One row per item, each array (n_items,); NaN where the item cannot be tested."""

    chi_square: FloatArray
    degrees: int
    p_value: FloatArray
    q_value: FloatArray
    effect: FloatArray  # gain of Nagelkerke's R2
    shift: FloatArray  # log odds of the focal group at the mean of the matching measure
    removed: BoolArray
    rounds: int


_Found = TypeVar("_Found", MantelHaenszel, LogisticDif)


class _Cells(NamedTuple):
    """Answers to one item."""

    persons: IntArray
    score: FloatArray


def mantel_haenszel(
    responses: Responses,
    *,
    matching: Matching | None = None,
    strata: int = _STRATA,
    purify: bool = False,
    correction: bool = True,
    significance: float = 0.05,
) -> MantelHaenszel:
    r"""Mantel-Haenszel test of each item between group 0 (reference) and group 1 (focal).

    .. math:: \alpha_{MH} = \frac{\sum_k A_k D_k / N_k}{\sum_k B_k C_k / N_k},\quad
              \Delta_{MH} = -2.35\,\log\alpha_{MH}

    Parameters
    ----------
    responses : Responses
        With two groups. Weights of persons are not used.
    matching : callable, optional
        From the items in use (n_items,) to one number per person (n_persons,), such as theta without the items
        left out; cut into `strata` of equal size. The sum score if absent, for which everybody must have answered
        every item; each of its values is a stratum, and the studied item always counts.
    strata : int
        Number of classes of `matching`.
    purify : bool
        Leave flagged items out of the measure and repeat until the same items are flagged.
    correction : bool
        Yates' continuity correction.
    significance : float
        Of one item, for flags and classes.

    Raises
    ------
    InvalidResponses
        Not two groups, or incomplete rows without `matching`.
    InvalidRules
        Numbers out of range.

    Notes
    -----
    Class C: |delta| >= 1.5 and significantly above 1; A: not different from 0, or |delta| < 1; B: the others.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> group = np.repeat([0, 1], 600)
    >>> easiness = np.linspace(-1, 1, 8) - 1.2 * group[:, None] * (np.arange(8) == 3)
    >>> right = rng.random((1200, 8)) < expit(rng.normal(size=(1200, 1)) + easiness)
    >>> mantel_haenszel(Responses.from_wide(right, group=group), purify=True).category.tolist()
    ['A', 'A', 'A', 'C', 'A', 'A', 'A', 'A']
    """
    _check(responses, matching, significance)
    if strata < 2:
        raise InvalidRules("strata", f"must be at least 2, is {strata}")
    cells = _by_item(responses)

    def tested(kept: BoolArray) -> MantelHaenszel:
        measure = _measure(responses, matching, kept)
        rows = [
            _one_item(
                responses,
                item,
                cells[item],
                _strata(responses, measure, item, kept, cells[item], matching, strata),
                correction,
            )
            for item in range(responses.n_items)
        ]
        table = np.array([row[:6] for row in rows])
        p_value = chdtrc(1, table[:, 0])
        dichotomous = responses.n_categories == 2
        return MantelHaenszel(
            chi_square=table[:, 0],
            p_value=p_value,
            q_value=false_discovery(p_value),
            odds_ratio=table[:, 1],
            delta=table[:, 2],
            se_delta=table[:, 3],
            standardized=table[:, 4],
            category=_classes(p_value, table[:, 2], table[:, 3], table[:, 4], dichotomous, significance),
            strata=table[:, 5].astype(np.int64),
            removed=~kept,
            rounds=0,
        )

    return _purified(tested, responses.n_items, purify, significance)


def logistic_regression(
    responses: Responses,
    *,
    matching: Matching | None = None,
    test: LogisticTest | str = LogisticTest.BOTH,
    purify: bool = False,
    significance: float = 0.05,
) -> LogisticDif:
    r"""Likelihood-ratio test of group terms in a logistic regression on the matching measure, item by item.

    .. math:: \operatorname{logit} P = \beta_0 + \beta_1 s + \beta_2 g + \beta_3 s g

    Parameters
    ----------
    responses : Responses
        With two groups; only items scored 0 and 1 are tested.
    matching : callable, optional
        As of :func:`mantel_haenszel`, but used as it is; the sum score if absent.
    test : LogisticTest
        "uniform" tests beta_2 alone (1 degree of freedom), "nonuniform" beta_3 beside beta_2 (1), "both" the two.
    purify, significance
        As of :func:`mantel_haenszel`.

    Raises
    ------
    InvalidResponses, InvalidRules
        As of :func:`mantel_haenszel`.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> group = np.repeat([0, 1], 600)
    >>> slope = 1.0 + 1.5 * group[:, None] * (np.arange(8) == 5)
    >>> right = rng.random((1200, 8)) < expit(slope * rng.normal(size=(1200, 1)))
    >>> found = logistic_regression(Responses.from_wide(right, group=group), test="nonuniform", purify=True)
    >>> int(np.argmin(found.p_value)), bool(found.q_value[5] < 0.01)
    (5, True)
    """
    _check(responses, matching, significance)
    try:
        wanted = LogisticTest(test)
    except ValueError as error:
        raise InvalidRules("test", f"is {test!r}; one of {', '.join(LogisticTest)} is expected") from error
    degrees = 2 if wanted is LogisticTest.BOTH else 1
    cells = _by_item(responses)

    def tested(kept: BoolArray) -> LogisticDif:
        measure = _measure(responses, matching, kept)
        table = np.full((responses.n_items, 3), np.nan)
        for item, own in enumerate(cells):
            if responses.n_categories[item] == 2 and len(own.persons):
                score = measure[own.persons] + (0.0 if matching or kept[item] else own.score)
                table[item] = _nested(score, responses.group[own.persons], own.score, wanted)
        p_value = chdtrc(degrees, table[:, 0])
        return LogisticDif(
            chi_square=table[:, 0],
            degrees=degrees,
            p_value=p_value,
            q_value=false_discovery(p_value),
            effect=table[:, 1],
            shift=table[:, 2],
            removed=~kept,
            rounds=0,
        )

    return _purified(tested, responses.n_items, purify, significance)


def _purified(
    tested: Callable[[BoolArray], _Found], n_items: int, purify: bool, significance: float
) -> _Found:
    kept = np.ones(n_items, dtype=np.bool_)
    found = tested(kept)
    for rounds in range(1, _MOST_ROUNDS + 1 if purify else 1):
        innocent = ~(found.p_value < significance)
        if (innocent == kept).all() or innocent.sum() < 2:
            break
        kept = innocent
        found = replace(tested(kept), rounds=rounds)
    return found


def _check(responses: Responses, matching: Matching | None, significance: float) -> None:
    if responses.n_groups != 2:
        raise InvalidResponses("group", None, f"must hold two groups, holds {responses.n_groups}")
    if matching is None and not responses.complete:
        raise InvalidResponses(
            "responses", None, "has persons who did not answer every item: pass matching, such as their theta"
        )
    if not 0 < significance < 1:
        raise InvalidRules("significance", f"must lie between 0 and 1, is {significance}")


def _by_item(responses: Responses) -> list[_Cells]:
    persons = np.repeat(np.arange(responses.n_persons), responses.counts)
    order = np.argsort(responses.item, kind="stable")
    ends = np.cumsum(np.bincount(responses.item, minlength=responses.n_items))[:-1]
    whose, what = np.split(persons[order], ends), np.split(responses.score[order].astype(np.float64), ends)
    return [_Cells(own, score) for own, score in zip(whose, what, strict=True)]


def _measure(responses: Responses, matching: Matching | None, kept: BoolArray) -> FloatArray:
    """The matching measure of every person; a sum score leaves out the items that purification took away."""
    if matching is None:
        counted = np.where(kept[responses.item], responses.score, 0)
        return np.add.reduceat(counted.astype(np.float64), responses.indptr[:-1])
    measure = np.asarray(matching(kept), dtype=np.float64)
    if measure.shape != (responses.n_persons,) or not np.isfinite(measure).all():
        raise InvalidRules(
            "matching", f"must give one finite number for each of {responses.n_persons} persons"
        )
    return measure


def _strata(
    responses: Responses,
    measure: FloatArray,
    item: int,
    kept: BoolArray,
    own: _Cells,
    matching: Matching | None,
    strata: int,
) -> IntArray:
    values = measure[own.persons]
    if matching is None:
        return (values + (0.0 if kept[item] else own.score)).astype(np.int64)
    edges = (
        np.unique(np.quantile(values, np.linspace(0, 1, strata + 1)[1:-1])) if len(values) else np.array([])
    )
    return np.searchsorted(edges, values, side="right").astype(np.int64)


def _one_item(
    responses: Responses, item: int, own: _Cells, stratum: IntArray, correction: bool
) -> tuple[float, ...]:
    nothing = (np.nan, np.nan, np.nan, np.nan, np.nan, 0.0)
    if not len(own.persons):
        return nothing
    focal = responses.group[own.persons] == 1
    count = int(stratum.max()) + 1
    n_focal = np.bincount(stratum, focal, count)
    n = np.bincount(stratum, minlength=count).astype(np.float64)
    both = (n_focal > 0) & (n_focal < n)
    if not both.any():
        return nothing
    total, square, sum_focal = (
        np.bincount(stratum, values, count)[both] for values in (own.score, own.score**2, own.score * focal)
    )
    n, n_focal = n[both], n_focal[both]
    n_reference, sum_reference = n - n_focal, total - sum_focal
    expected = n_reference * total / n
    # of the sum of the reference group, within each stratum (Mantel 1963); hypergeometric for right and wrong
    variance = n_reference * n_focal * (n * square - total**2) / (n**2 * np.maximum(n - 1, 1))
    if not variance.sum() > 0:
        return nothing
    gap = abs((sum_reference - expected).sum())
    chi_square = max(gap - 0.5 * correction, 0.0) ** 2 / variance.sum()
    maximum = float(responses.n_categories[item] - 1)
    difference = (
        (n_focal * (sum_focal / n_focal - sum_reference / n_reference)).sum() / n_focal.sum() / maximum
    )
    if maximum > 1:
        return float(chi_square), np.nan, np.nan, np.nan, float(difference), float(both.sum())
    right, wrong = sum_reference * (n_focal - sum_focal) / n, (n_reference - sum_reference) * sum_focal / n
    above, below = right.sum(), wrong.sum()
    with np.errstate(divide="ignore"):
        log_odds = np.log(above) - np.log(below)
    weight = (sum_reference + n_focal - sum_focal) / n, (n_reference - sum_reference + sum_focal) / n
    spread = np.nan
    if above > 0 and below > 0:
        spread = np.sqrt(
            (weight[0] * right).sum() / (2 * above**2)
            + (weight[0] * wrong + weight[1] * right).sum() / (2 * above * below)
            + (weight[1] * wrong).sum() / (2 * below**2)
        )
    return (
        float(chi_square),
        float(np.exp(log_odds)),
        float(_DELTA * log_odds),
        float(abs(_DELTA) * spread),
        float(difference),
        float(both.sum()),
    )


def _classes(
    p_value: FloatArray,
    delta: FloatArray,
    se: FloatArray,
    standardized: FloatArray,
    dichotomous: BoolArray,
    significance: float,
) -> ClassArray:
    size = np.where(dichotomous, np.abs(delta), np.abs(standardized) * 20)  # 0.05 and 0.10 as 1 and 2 units
    large = np.where(dichotomous, _LARGE, 2.0)
    beyond = np.where(dichotomous, np.abs(delta) - _MODERATE > -ndtri(significance) * se, True)
    category = np.where((size >= large) & beyond, "C", np.where(size >= _MODERATE, "B", "A"))
    category = np.where(p_value < significance, category, "A")
    return np.where(np.isnan(p_value), "", category)


def _nested(
    score: FloatArray, group: IntArray, right: FloatArray, test: LogisticTest
) -> tuple[float, float, float]:
    """Likelihood ratio, gain of R2 and shift of the focal group."""
    sd = score.std()
    if not (sd > 0 and 0 < right.mean() < 1 and 0 < group.mean() < 1):
        return np.nan, np.nan, np.nan
    z = (score - score.mean()) / sd  # the tests do not change, the Newton steps become safe
    g = group.astype(np.float64)
    design = np.stack([np.ones_like(z), z, g, z * g], axis=1)
    small, large = {
        LogisticTest.UNIFORM: (2, 3),
        LogisticTest.NONUNIFORM: (3, 4),
        LogisticTest.BOTH: (2, 4),
    }[test]
    without, _ = _logistic(design[:, :small], right)
    within, beta = _logistic(design[:, :large], right)
    share = right.mean()
    null = len(right) * (share * np.log(share) + (1 - share) * np.log(1 - share))
    gain = _r_squared(within, null, len(right)) - _r_squared(without, null, len(right))
    return 2 * (within - without), gain, float(beta[2])


def _r_squared(log_likelihood: float, null: float, n: int) -> float:
    return float(-np.expm1(2 * (null - log_likelihood) / n) / -np.expm1(2 * null / n))


def _logistic(design: FloatArray, right: FloatArray) -> tuple[float, FloatArray]:
    """Maximum of the likelihood by Newton steps, halved while they do not climb."""
    beta = np.zeros(design.shape[1])
    value = _log_likelihood(design, right, beta)
    for _ in range(_NEWTON_STEPS):
        p = expit(design @ beta)
        bend = (design * (p * (1 - p))[:, None]).T @ design
        step = np.linalg.solve(bend + 1e-12 * np.eye(len(bend)), design.T @ (right - p))
        length = 1.0
        while (ahead := _log_likelihood(design, right, beta + length * step)) < value and length > 1e-8:
            length /= 2
        beta = beta + length * step
        climbed, value = ahead - value, ahead
        if climbed < _CONVERGED * (1 + abs(value)):
            break
    return value, beta


def _log_likelihood(design: FloatArray, right: FloatArray, beta: FloatArray) -> float:
    logit = design @ beta
    return float((right * logit).sum() - np.logaddexp(0, logit).sum())
