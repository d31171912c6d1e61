r"""Drift: which anchors no longer measure what they measured, and the link without them.

Each anchor is compared with itself after the new calibration was carried onto the old scale. Three views of the
same question: the robust z of its difficulty among the anchors' differences, which needs no standard error; D2, the
mean squared distance between its two curves, which says how much it matters; Lord's chi-square, which weighs the
difference by the standard errors of both calibrations. Flags control the false discovery rate over the anchors.

References
----------
Huynh, H. & Meyer, P. (2010). Use of robust z in detecting unstable items in item response theory models. *Practical
Assessment, Research & Evaluation* 15(2).
Wells, C. S., Hambleton, R. K., Kirkpatrick, R. & Meng, Y. (2014). An examination of two procedures for identifying
consequential item parameter drift. *Applied Measurement in Education* 27, 214-231 (D2).
Lord, F. M. (1980). *Applications of Item Response Theory to Practical Testing Problems*, 223-224.
Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. *J. Royal Statistical Society B* 57.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr

from irt.errors import InvalidRules
from irt.linking import (
    Linking,
    LinkingMethod,
    Weights,
    item_covariances,
    link,
    normal_weights,
    parameter_vector,
    rescale,
)
from irt.models import expected_score
from irt.types import (
    BoolArray,
    FloatArray,
    GradedParameters,
    Indices,
    IntArray,
    ItemParameters,
    MixedParameters,
    NominalParameters,
    Parameters,
)

_NORMAL_IQR: Final = 0.7413  # sd of a normal distribution in interquartile ranges
_LEAST_ANCHORS: Final = 3
_LEAST_SPREAD: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """One row per anchor, each array (n_anchors,), on the old scale; NaN where a view cannot be had."""

    item: IntArray
    delta_a: FloatArray  # new minus old, 1/logit
    delta_b: FloatArray  # new minus old, logits; of thresholds, their mean
    robust_z: FloatArray  # of delta_b
    d2: FloatArray  # of the expected score as a share of its maximum
    chi_square: FloatArray  # Lord's, NaN without covariances
    degrees: IntArray
    p_value: FloatArray  # Lord's where it can be had, else of the robust z
    q_value: FloatArray  # Benjamini-Hochberg over the anchors
    flagged: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class PurifiedLinking:
    """The link from the anchors that did not drift, and what was found on all of them with that link."""

    line: Linking
    drift: Drift
    removed: tuple[int, ...]  # in the order in which they were taken out
    outcome: str  # "converged", or what to do


def false_discovery(p_values: ArrayLike) -> FloatArray:
    """Benjamini-Hochberg q-values; NaN stays NaN and does not count.

    Examples
    --------
    >>> false_discovery([0.01, 0.04, 0.03, 0.5]).round(3).tolist()
    [0.04, 0.053, 0.053, 0.5]
    """
    p = np.asarray(p_values, dtype=np.float64)
    q = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def drift(
    new: Parameters,
    old: Parameters,
    line: Linking,
    *,
    anchors: Indices | None = None,
    weights: Weights | None = None,
    new_covariance: ArrayLike | None = None,
    old_covariance: ArrayLike | None = None,
    discovery_rate: float = 0.05,
) -> Drift:
    """Compare the anchors of two calibrations after linking.

    Parameters
    ----------
    new, old : Parameters, n_items
        The same items in the same order and model.
    line : Linking
        From the new scale to the old one.
    anchors : array_like of int, optional
        The items compared, at least three; all if absent.
    weights : Weights, optional
        Of D2; N(0, 1) on the old scale if absent.
    new_covariance, old_covariance : array_like, optional
        As of :func:`irt.linking.link`. Without both, Lord's chi-square is NaN and the robust z decides.
    discovery_rate : float
        Flag while the expected share of false flags stays below it.

    Raises
    ------
    InvalidRules
        Fewer than three anchors, or a rate outside (0, 1).

    Notes
    -----
    Lord's test takes the linking line as known; with many anchors its own error is small beside theirs.

    Examples
    --------
    >>> from irt.linking import link
    >>> old = ItemParameters([1.0] * 6, [-1.5, -1.0, -0.2, 0.1, 0.7, 1.4], [0.0] * 6, [1.0] * 6)
    >>> new = ItemParameters([1.0] * 6, [-1.48, -1.03, -0.2, 0.13, 1.5, 1.38], [0.0] * 6, [1.0] * 6)
    >>> found = drift(new, old, link(old, old))
    >>> found.flagged.tolist()
    [False, False, False, False, True, False]
    """
    if not 0 < discovery_rate < 1:
        raise InvalidRules("discovery_rate", f"must lie between 0 and 1, is {discovery_rate}")
    items = np.arange(len(old)) if anchors is None else np.asarray(anchors, dtype=np.int64)
    if len(items) < _LEAST_ANCHORS:
        raise InvalidRules("anchors", f"must name at least {_LEAST_ANCHORS} items, name {len(items)}")
    grid = normal_weights() if weights is None else weights
    moved, known = rescale(new.take(items), line.slope, line.intercept), old.take(items)
    delta_a, delta_b = (
        ours - theirs for ours, theirs in zip(_summaries(moved), _summaries(known), strict=True)
    )
    gap = (expected_score(moved, grid.theta) - expected_score(known, grid.theta)) / (known.n_categories - 1)
    chi_square, degrees = _lord(new, old, line, items, new_covariance, old_covariance)
    robust = _robust_z(delta_b)
    p_value = np.where(
        np.isnan(chi_square), 2 * ndtr(-np.abs(robust)), chdtrc(np.maximum(degrees, 1), chi_square)
    )
    q_value = false_discovery(p_value)
    return Drift(
        item=items,
        delta_a=delta_a,
        delta_b=delta_b,
        robust_z=robust,
        d2=grid.weight @ gap**2,
        chi_square=chi_square,
        degrees=degrees,
        p_value=p_value,
        q_value=q_value,
        flagged=np.asarray(q_value < discovery_rate),
    )


def purified_link(
    new: Parameters,
    old: Parameters,
    *,
    method: LinkingMethod | str = LinkingMethod.STOCKING_LORD,
    anchors: Indices | None = None,
    weights: Weights | None = None,
    new_covariance: ArrayLike | None = None,
    old_covariance: ArrayLike | None = None,
    discovery_rate: float = 0.05,
    least_d2: float = 0.0,
    most_removed: float = 0.3,
) -> PurifiedLinking:
    """Link, take the worst flagged anchor out, and again until none is flagged.

    Parameters
    ----------
    least_d2 : float
        A flagged anchor whose curves are closer than this stays: significant is not consequential.
    most_removed : float
        Share of the anchors that may go; beyond it the link itself is in doubt, and the outcome says so.

    See :func:`drift` for the others.

    Examples
    --------
    >>> old = ItemParameters([1.0] * 6, [-1.5, -1.0, -0.2, 0.1, 0.7, 1.4], [0.0] * 6, [1.0] * 6)
    >>> new = ItemParameters([1.0] * 6, [-1.48, -1.03, -0.2, 0.13, 1.5, 1.38], [0.0] * 6, [1.0] * 6)
    >>> purified_link(new, old).removed
    (4,)
    """
    items = np.arange(len(old)) if anchors is None else np.asarray(anchors, dtype=np.int64)
    kept = items.copy()
    removed: list[int] = []
    outcome = "converged"
    while True:
        line = link(
            new,
            old,
            method=method,
            anchors=kept,
            weights=weights,
            new_covariance=new_covariance,
            old_covariance=old_covariance,
        )
        found = drift(
            new,
            old,
            line,
            anchors=items,
            weights=weights,
            new_covariance=new_covariance,
            old_covariance=old_covariance,
            discovery_rate=discovery_rate,
        )
        guilty = found.flagged & (found.d2 > least_d2) & np.isin(items, kept)
        if not guilty.any():
            break
        if len(removed) + 1 > most_removed * len(items) or len(kept) <= _LEAST_ANCHORS:
            outcome = "more anchors drift than may be taken out: compare both administrations before linking"
            break
        suspicion = np.where(guilty, -found.p_value, -np.inf)
        tied = np.flatnonzero(suspicion == suspicion.max())
        worst = int(items[tied[np.argmax(found.d2[tied])]])
        removed.append(worst)
        kept = kept[kept != worst]
    return PurifiedLinking(line, found, tuple(removed), outcome)


def _summaries(parameters: Parameters) -> tuple[FloatArray, FloatArray]:
    """One discrimination and one location per item; NaN for nominal items."""
    match parameters:
        case ItemParameters(a=a, b=b):
            return a, b
        case GradedParameters(a=a, thresholds=thresholds):
            return a, np.nanmean(thresholds, axis=1)
        case NominalParameters():
            return np.full(len(parameters), np.nan), np.full(len(parameters), np.nan)
    slope, place = np.full((2, len(parameters)), np.nan)
    for part, position in zip(parameters.parts, parameters.positions, strict=True):
        slope[position], place[position] = _summaries(part)
    return slope, place


def _robust_z(difference: FloatArray) -> FloatArray:
    known = difference[~np.isnan(difference)]
    if len(known) < _LEAST_ANCHORS:
        return np.full(len(difference), np.nan)
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return np.asarray((difference - middle) / max(_NORMAL_IQR * (high - low), _LEAST_SPREAD))


def _lord(
    new: Parameters,
    old: Parameters,
    line: Linking,
    items: IntArray,
    of_new: ArrayLike | None,
    of_old: ArrayLike | None,
) -> tuple[FloatArray, IntArray]:
    chi_square, degrees = np.full(len(items), np.nan), np.zeros(len(items), dtype=np.int64)
    if of_new is None or of_old is None:
        return chi_square, degrees
    ours, theirs = item_covariances(new, items, of_new), item_covariances(old, items, of_old)
    for row, item in enumerate(items):
        before = new.take([item])
        turn = _derivative(before, line)
        gap = parameter_vector(rescale(before, line.slope, line.intercept)) - parameter_vector(
            old.take([item])
        )
        spread = turn @ ours[row] @ turn.T + theirs[row]
        free = np.diag(spread) > 0
        if not free.any():
            continue
        own = spread[np.ix_(free, free)]
        degrees[row] = int(np.linalg.matrix_rank(own))
        chi_square[row] = gap[free] @ np.linalg.pinv(own, hermitian=True) @ gap[free]
    return chi_square, degrees


def _derivative(item: Parameters, line: Linking) -> FloatArray:
    """Matrix of the change of scale on one item's parameter vector: it is affine."""
    match item:
        case ItemParameters():
            return np.diag([1 / line.slope, line.slope, 1.0, 1.0])
        case GradedParameters():
            return np.diag([1 / line.slope, *[line.slope] * (int(item.n_categories[0]) - 1)])
        case MixedParameters():
            return _derivative(item.parts[0], line)
    count = int(item.n_categories[0])
    turn = np.zeros((2 * count, 2 * count))
    turn[:count, :count] = np.eye(count) / line.slope
    turn[count:, :count] = -np.eye(count) * line.intercept / line.slope
    turn[count:, count:] = np.eye(count)
    return turn
