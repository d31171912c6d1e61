r"""Linking: the line that carries one calibration onto the scale of another, from the items they share.

.. math:: \theta_{old} = A\,\theta_{new} + B

Two calibrations of the same items differ by an origin and a unit, because each fixes its own. The moment methods
read A and B from means and standard deviations of the parameters, the characteristic-curve methods from the curves
themselves, and these do not mind that a, b and c trade off within an item.

References
----------
Kolen, M. J. & Brennan, R. L. (2014). *Test Equating, Scaling, and Linking*, 3rd ed., chapter 6.
Haebara, T. (1980). Equating logistic ability scales by a weighted least squares method. *Japanese Psychological
Research* 22, 144-149.
Stocking, M. L. & Lord, F. M. (1983). Developing a common metric in item response theory. *Applied Psychological
Measurement* 7, 201-210.
Ogasawara, H. (2000, 2001). Standard errors of the linking coefficients. *Applied Psychological Measurement* 25,
53-67 (delta method over the item parameters).
Kim, S. & Lee, W.-C. (2006). An extension of four IRT linking methods for mixed-format tests. *Journal of
Educational Measurement* 43, 53-76.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import block_diag
from scipy.optimize import least_squares

from irt.errors import InvalidParameters, InvalidRules, NotReportable
from irt.models import category_probability_derivatives
from irt.types import (
    FloatArray,
    GradedParameters,
    Indices,
    IntArray,
    ItemParameters,
    MixedParameters,
    NominalParameters,
    Parameters,
    frozen,
)

_POINTS: Final = 61
_STEP: Final = 1e-5  # of numerical derivatives in the item parameters: their scale is about 1
_LEAST_ANCHORS: Final = 2


class LinkingMethod(StrEnum):
    """How A and B are found."""

    MEAN_MEAN = "mean-mean"
    MEAN_GEOMETRIC_MEAN = "mean-gmean"
    MEAN_SIGMA = "mean-sigma"
    HAEBARA = "haebara"
    STOCKING_LORD = "stocking-lord"


class Weights(NamedTuple):
    """Points of theta on the old scale and their weights, over which curves are compared."""

    theta: FloatArray  # (n_points,), logits
    weight: FloatArray  # (n_points,), sum to 1


@dataclass(frozen=True, slots=True, eq=False)
class Linking:
    r"""The line :math:`\theta_{old} = A\theta_{new} + B`, with the standard errors that its anchors leave.

    `covariance` (2, 2) of (A, B) is NaN where no covariance of the item parameters was given. `loss` is the
    criterion at the solution, 0 for the moment methods. `outcome` is "converged", or says what to do.
    """

    slope: float
    intercept: float
    covariance: FloatArray
    method: LinkingMethod
    loss: float
    outcome: str

    @property
    def se(self) -> tuple[float, float]:
        """Standard errors of slope and intercept; NaN when they are not known."""
        own, other = np.sqrt(np.diag(self.covariance))
        return float(own), float(other)

    def require(self) -> Linking:
        """Return itself.

        Raises
        ------
        NotReportable
            If no minimum was found.
        """
        if self.outcome != "converged":
            raise NotReportable(self.outcome)
        return self


def normal_weights(points: int = _POINTS, mean: float = 0.0, sd: float = 1.0) -> Weights:
    """Gauss-Hermite points and weights of a normal distribution of ability on the old scale."""
    if points < 2 or not sd > 0:
        raise InvalidRules("points", "at least 2 points, and sd greater than 0, are expected")
    node, weight = np.polynomial.hermite_e.hermegauss(points)
    return Weights(mean + sd * node, weight / weight.sum())


def rescale(parameters: Parameters, slope: float, intercept: float) -> Parameters:
    r"""Express item parameters on the scale :math:`\theta' = A\theta + B`; every probability stays the same.

    Parameters
    ----------
    parameters : Parameters, n_items
        Any model, or a mixture.
    slope, intercept : float
        A > 0, and B in logits.

    Raises
    ------
    InvalidRules
        A not greater than 0, or not finite.

    Examples
    --------
    >>> moved = rescale(ItemParameters([1.0], [0.5], [0.2], [1.0]), 2.0, -1.0)
    >>> moved.a.tolist(), moved.b.tolist(), moved.c.tolist()
    ([0.5], [0.0], [0.2])
    """
    if not (np.isfinite(slope) and slope > 0 and np.isfinite(intercept)):
        raise InvalidRules("slope", f"must be finite and greater than 0, is {slope} (intercept {intercept})")
    match parameters:
        case ItemParameters(a=a, b=b, c=c, d=d):
            return ItemParameters(a / slope, slope * b + intercept, c, d)
        case GradedParameters(a=a, thresholds=thresholds):
            return GradedParameters(a / slope, slope * thresholds + intercept)
        case NominalParameters(slopes=slopes, intercepts=intercepts):
            return NominalParameters(slopes / slope, intercepts - slopes * (intercept / slope))
    parts = [rescale(part, slope, intercept) for part in parameters.parts]
    return MixedParameters(
        [part for part in parts if not isinstance(part, MixedParameters)], parameters.positions
    )


def parameter_vector(parameters: Parameters) -> FloatArray:
    """Flatten parameters item after item: a, b, c, d; or a and thresholds; or slopes then intercepts.

    The order of the covariance matrices of this module. A mixture follows the order of its parts.
    """
    match parameters:
        case ItemParameters(a=a, b=b, c=c, d=d):
            return np.stack([a, b, c, d], axis=1).ravel()
        case GradedParameters(a=a, thresholds=thresholds):
            table = np.hstack([a[:, None], thresholds])
        case NominalParameters(slopes=slopes, intercepts=intercepts):
            table = np.hstack([slopes, intercepts])
        case MixedParameters(parts=parts):
            return np.concatenate([parameter_vector(part) for part in parts])
    return table[~np.isnan(table)]


def link(
    new: Parameters,
    old: Parameters,
    *,
    method: LinkingMethod | str = LinkingMethod.STOCKING_LORD,
    anchors: Indices | None = None,
    weights: Weights | None = None,
    symmetric: bool = False,
    new_covariance: ArrayLike | None = None,
    old_covariance: ArrayLike | None = None,
) -> Linking:
    r"""Find the line from the new scale to the old one.

    .. math:: F_H = \sum_q w_q \sum_i \sum_k (P^{old}_{ik}(\theta_q) - P^{new}_{ik}((\theta_q - B)/A))^2,\quad
              F_{SL} = \sum_q w_q \Big(\sum_i \sum_k k (P^{old}_{ik} - P^{new}_{ik})\Big)^2

    Parameters
    ----------
    new, old : Parameters, n_items
        The same items in the same order and model, from the two calibrations.
    method : LinkingMethod
        The moment methods need a location and a discrimination per item: not for nominal items.
    anchors : array_like of int, optional
        Items that carry the link, at least two; all of them if absent.
    weights : Weights, optional
        Where curves are compared; 61 Gauss-Hermite points of N(0, 1) on the old scale if absent.
    symmetric : bool
        Compare on the new scale as well (Haebara's own criterion has both directions; most programs have one).
    new_covariance, old_covariance : array_like, shape (n_parameters, n_parameters), optional
        Of `parameter_vector(new)` and of `parameter_vector(old)`, the anchors' rows being used; rows of 0 for what
        is fixed. Without both, no standard errors; with one, the other calibration counts as known.

    Returns
    -------
    Linking

    Raises
    ------
    InvalidParameters
        Other models or numbers of categories, covariances of another shape.
    InvalidRules
        Fewer than two anchors, unknown method, a moment method for nominal items.

    Notes
    -----
    Standard errors by the delta method through the implicit function: the criterion's gradient stays 0 when an
    item parameter moves. The weights count as known.

    Examples
    --------
    >>> old = ItemParameters([1.0, 1.4, 0.8], [-1.0, 0.2, 1.1], [0.2, 0.0, 0.1], [1.0, 1.0, 1.0])
    >>> new = rescale(old, 1 / 1.2, -0.5 / 1.2)
    >>> line = link(new, old, method="haebara")
    >>> round(line.slope, 6), round(line.intercept, 6)
    (1.2, 0.5)
    """
    chosen = _method(method)
    _same_items(new, old)
    items = np.arange(len(old)) if anchors is None else np.asarray(anchors, dtype=np.int64)
    if len(items) < _LEAST_ANCHORS or len(np.unique(items)) != len(items):
        raise InvalidRules(
            "anchors", f"must name at least {_LEAST_ANCHORS} different items, name {items.tolist()}"
        )
    if items.min() < 0 or items.max() >= len(old):
        raise InvalidRules("anchors", f"must lie between 0 and {len(old) - 1}")
    grid = normal_weights() if weights is None else weights
    own, other = new.take(items), old.take(items)
    covariance = _joint_covariance(new, old, items, new_covariance, old_covariance)
    moments = _MOMENTS.get(chosen)
    if moments is not None:
        return _by_moments(moments, chosen, own, other, covariance)
    criterion = _Criterion(chosen, grid, symmetric)
    start = _start(own, other)
    found = least_squares(
        criterion.residuals,
        start,
        jac=criterion.jacobian,
        args=(own, other),
        method="lm",
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-14,
    )
    line = found.x
    outcome = "converged"
    if not (found.success and line[0] > 0 and np.isfinite(line).all()):
        outcome = "no minimum was found: look at the anchors' curves, or link by mean-sigma"
    spread = np.full((2, 2), np.nan)
    if covariance is not None and outcome == "converged":
        spread = criterion.covariance(line, own, other, covariance)
    return Linking(float(line[0]), float(line[1]), frozen(spread), chosen, float(2 * found.cost), outcome)


class _Criterion:
    """Weighted differences of curves as residuals of least squares in (A, B)."""

    def __init__(self, method: LinkingMethod, grid: Weights, symmetric: bool) -> None:
        self.total = method is LinkingMethod.STOCKING_LORD
        self.grid = grid
        self.root = np.sqrt(grid.weight)
        self.symmetric = symmetric

    def residuals(self, line: FloatArray, new: Parameters, old: Parameters) -> FloatArray:
        return self._both(line, new, old)[0]

    def jacobian(self, line: FloatArray, new: Parameters, old: Parameters) -> FloatArray:
        return self._both(line, new, old)[1]

    def _both(self, line: FloatArray, new: Parameters, old: Parameters) -> tuple[FloatArray, FloatArray]:
        sides = self._tables(line, new, old)
        parts = [[self._gathered(table) for table in side] for side in sides]
        residuals = np.concatenate([part[0] for part in parts])
        gradient = np.stack([np.concatenate([part[k] for part in parts]) for k in (1, 2)], axis=1)
        return residuals, gradient

    def _tables(
        self, line: FloatArray, new: Parameters, old: Parameters
    ) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
        """Differences of curves, their slopes in A and in B: (n_points, n_items, n_categories), one for each side."""
        slope, intercept = float(line[0]), float(line[1])
        theta = self.grid.theta
        inner = (theta - intercept) / slope
        there = category_probability_derivatives(old, theta)
        here = category_probability_derivatives(new, inner)
        sides = [
            (
                there.probability - here.probability,
                here.first * (inner / slope)[:, None, None],
                here.first / slope,
            )
        ]
        if self.symmetric:
            outer = slope * theta + intercept
            there = category_probability_derivatives(old, outer)
            here = category_probability_derivatives(new, theta)
            sides.append(
                (there.probability - here.probability, there.first * theta[:, None, None], there.first)
            )
        return sides

    def _each(self, line: FloatArray, new: Parameters, old: Parameters) -> tuple[FloatArray, FloatArray]:
        """Each item's own part of residuals and jacobian, (n_items, n_rows) and (n_items, n_rows, 2)."""
        tables: list[FloatArray] = []
        for which in range(3):
            own = [side[which] for side in self._tables(line, new, old)]
            if self.total:
                scores = np.arange(own[0].shape[-1], dtype=np.float64)
                rows = [(table @ scores).T * self.root for table in own]
            else:
                weighted = [table * self.root[:, None, None] for table in own]
                rows = [np.moveaxis(table, 1, 0).reshape(table.shape[1], -1) for table in weighted]
            tables.append(np.concatenate(rows, axis=1))
        return tables[0], np.stack(tables[1:], axis=-1)

    def _gathered(self, table: FloatArray) -> FloatArray:
        if self.total:
            scores = np.arange(table.shape[-1], dtype=np.float64)
            return np.asarray((table @ scores).sum(axis=1) * self.root)
        return np.asarray((table * self.root[:, None, None]).ravel())

    def gradient(self, line: FloatArray, new: Parameters, old: Parameters) -> FloatArray:
        residuals, jacobian = self._both(line, new, old)
        return np.asarray(jacobian.T @ residuals)

    def covariance(
        self, line: FloatArray, new: Parameters, old: Parameters, of_items: FloatArray
    ) -> FloatArray:
        bend = np.stack(
            [
                (self.gradient(line + step, new, old) - self.gradient(line - step, new, old)) / (2 * _STEP)
                for step in np.eye(2) * _STEP
            ],
            axis=1,
        )
        moved = self._moved(line, new, old)
        sensitivity = np.linalg.solve(bend, moved)
        return np.asarray(sensitivity @ of_items @ sensitivity.T)

    def _moved(self, line: FloatArray, new: Parameters, old: Parameters) -> FloatArray:
        """Derivatives of the gradient in all item parameters, new first, one column each.

        An item's parameter moves that item's curves alone: the k-th parameter of every item moves at once, and each
        item's part is replaced by itself.
        """
        residual, jacobian = self._each(line, new, old)
        whole, slopes = residual.sum(axis=0), jacobian.sum(axis=0)

        def gradients(own: Parameters, other: Parameters) -> FloatArray:
            there, bent = self._each(line, own, other)
            if self.total:
                bent, there = slopes - jacobian + bent, whole - residual + there
            return np.asarray(np.einsum("irk,ir->ik", bent, there))

        sides = []
        for side in (0, 1):
            vector, held = parameter_vector((new, old)[side]), _places((new, old)[side])
            places = [held[item] for item in range(len(held))]
            columns = np.zeros((2, len(vector)))
            for rank in range(max(len(own) for own in places)):
                items = np.array([item for item, own in enumerate(places) if len(own) > rank])
                at = np.array([places[item][rank] for item in items])
                steps = np.array([_around(vector[place], (new, old)[side], place) for place in at])
                ends = []
                for end in (0, 1):
                    moved = vector.copy()
                    moved[at] = steps[:, end]
                    both = [new, old]
                    both[side] = _with_vector((new, old)[side], moved)
                    ends.append(gradients(both[0], both[1])[items])
                columns[:, at] = ((ends[1] - ends[0]) / (steps[:, 1] - steps[:, 0])[:, None]).T
            sides.append(columns)
        return np.concatenate(sides, axis=1)


def _derivatives(
    function: Callable[[Parameters, Parameters], FloatArray], new: Parameters, old: Parameters
) -> FloatArray:
    """Derivatives of a function of both calibrations in all their parameters, new first, one column each."""
    columns: list[FloatArray] = []
    for side in (0, 1):
        both = [new, old]
        vector = parameter_vector(both[side])
        for place in range(len(vector)):
            low, high = vector.copy(), vector.copy()
            low[place], high[place] = _around(vector[place], (new, old)[side], place)
            ends = []
            for moved in (low, high):
                both[side] = _with_vector((new, old)[side], moved)
                ends.append(function(both[0], both[1]))
            columns.append((ends[1] - ends[0]) / (high[place] - low[place]))
    return np.stack(columns, axis=1)


def _around(value: float, parameters: Parameters, place: int) -> tuple[float, float]:
    """A step to either side, but not out of the range of an asymptote."""
    low, high = value - _STEP, value + _STEP
    if isinstance(parameters, MixedParameters):
        for part in parameters.parts:
            size = len(parameter_vector(part))
            if place < size:
                return _around(value, part, place)
            place -= size
    if isinstance(parameters, ItemParameters) and place % 4 >= 2:
        return max(low, 0.0), min(high, 1.0)
    return low, high


def _with_vector(parameters: Parameters, vector: FloatArray) -> Parameters:
    match parameters:
        case ItemParameters():
            return ItemParameters(*vector.reshape(-1, 4).T)
        case GradedParameters(a=a, thresholds=thresholds):
            table = np.hstack([a[:, None], thresholds])
            table = _filled(table, vector)
            return GradedParameters(table[:, 0], table[:, 1:])
        case NominalParameters(slopes=slopes, intercepts=intercepts):
            table = _filled(np.hstack([slopes, intercepts]), vector)
            width = slopes.shape[1]
            return NominalParameters(table[:, :width], table[:, width:])
        case MixedParameters(parts=parts, positions=positions):
            ends = np.cumsum([len(parameter_vector(part)) for part in parts])[:-1]
            moved_parts = [
                _with_vector(part, piece) for part, piece in zip(parts, np.split(vector, ends), strict=True)
            ]
            return MixedParameters([p for p in moved_parts if not isinstance(p, MixedParameters)], positions)


def _filled(table: FloatArray, vector: FloatArray) -> FloatArray:
    filled = table.copy()
    filled[~np.isnan(table)] = vector
    return filled


def _method(method: LinkingMethod | str) -> LinkingMethod:
    try:
        return LinkingMethod(method)
    except ValueError as error:
        known = ", ".join(LinkingMethod)
        raise InvalidRules("method", f"is {str(method)!r}; one of {known} is expected") from error


def _same_items(new: Parameters, old: Parameters) -> None:
    if type(new) is not type(old):
        raise InvalidParameters("new", None, f"holds {type(new).__name__}, old {type(old).__name__}")
    if len(new) != len(old):
        raise InvalidParameters("new", None, f"holds {len(new)} items, old {len(old)}")
    other = new.n_categories != old.n_categories
    if other.any():
        raise InvalidParameters("new", int(np.argmax(other)), "has another number of categories than in old")


def item_covariances(parameters: Parameters, items: Indices, covariance: ArrayLike) -> list[FloatArray]:
    """Cut the covariance of `parameter_vector(parameters)` into the blocks of the given items, in their order.

    Raises
    ------
    InvalidParameters
        Another shape, or not finite.
    """
    matrix = _checked("covariance", parameters, covariance)
    places = _places(parameters)
    return [matrix[np.ix_(places[int(item)], places[int(item)])] for item in items]


def _checked(name: str, parameters: Parameters, covariance: ArrayLike) -> FloatArray:
    matrix = np.asarray(covariance, dtype=np.float64)
    size = len(parameter_vector(parameters))
    if matrix.shape != (size, size) or not np.isfinite(matrix).all():
        raise InvalidParameters(name, None, f"must be finite, of shape {(size, size)}, has {matrix.shape}")
    return matrix


def _joint_covariance(
    new: Parameters, old: Parameters, items: Indices, of_new: ArrayLike | None, of_old: ArrayLike | None
) -> FloatArray | None:
    """Block-diagonal covariance of the anchors' parameters: the two calibrations had other persons."""
    if of_new is None and of_old is None:
        return None
    blocks: list[FloatArray] = []
    for name, parameters, given in (("new_covariance", new, of_new), ("old_covariance", old, of_old)):
        places = _places(parameters)
        kept = np.concatenate([places[item] for item in _as_taken(parameters, items)])
        if given is None:
            blocks.append(np.zeros((len(kept), len(kept))))
        else:
            blocks.append(_checked(name, parameters, given)[np.ix_(kept, kept)])
    return np.asarray(block_diag(*blocks))


def _places(parameters: Parameters) -> dict[int, IntArray]:
    """Where each item stands in the parameter vector."""
    parts = parameters.parts if isinstance(parameters, MixedParameters) else (parameters,)
    positions = (
        parameters.positions if isinstance(parameters, MixedParameters) else (np.arange(len(parameters)),)
    )
    places: dict[int, IntArray] = {}
    start = 0
    for part, position in zip(parts, positions, strict=True):
        match part:
            case ItemParameters():
                sizes = np.full(len(part), 4)
            case GradedParameters():
                sizes = part.n_categories
            case NominalParameters():
                sizes = 2 * part.n_categories
        for item, size in zip(position, sizes, strict=True):
            places[int(item)] = np.arange(start, start + size)
            start += int(size)
    return places


def _as_taken(parameters: Parameters, items: Indices) -> list[int]:
    """The items in the order in which `take` leaves them in the parameter vector: part after part."""
    index = [int(item) for item in items]
    if not isinstance(parameters, MixedParameters):
        return index
    return [item for place in parameters.positions for item in index if item in place]


class _Locations(NamedTuple):
    a: FloatArray  # one per item
    b: FloatArray  # one per item, or one per threshold


def _locations(parameters: Parameters) -> _Locations:
    match parameters:
        case ItemParameters(a=a, b=b):
            return _Locations(a, b)
        case GradedParameters(a=a, thresholds=thresholds):
            return _Locations(a, thresholds[~np.isnan(thresholds)])
        case MixedParameters(parts=parts):
            found = [_locations(part) for part in parts]
            return _Locations(np.concatenate([f.a for f in found]), np.concatenate([f.b for f in found]))
    raise InvalidRules(
        "method", "must be haebara or stocking-lord for items without location and discrimination"
    )


def _mean_mean(new: _Locations, old: _Locations) -> FloatArray:
    slope = new.a.mean() / old.a.mean()
    return np.array([slope, old.b.mean() - slope * new.b.mean()])


def _mean_geometric_mean(new: _Locations, old: _Locations) -> FloatArray:
    slope = np.exp(np.log(new.a).mean() - np.log(old.a).mean())
    return np.array([slope, old.b.mean() - slope * new.b.mean()])


def _mean_sigma(new: _Locations, old: _Locations) -> FloatArray:
    unit = new.b.std()
    slope = old.b.std() / unit if unit > 0 else np.nan
    return np.array([slope, old.b.mean() - slope * new.b.mean()])


_Moments = Callable[[_Locations, _Locations], FloatArray]
_MOMENTS: Final[dict[LinkingMethod, _Moments]] = {
    LinkingMethod.MEAN_MEAN: _mean_mean,
    LinkingMethod.MEAN_GEOMETRIC_MEAN: _mean_geometric_mean,
    LinkingMethod.MEAN_SIGMA: _mean_sigma,
}


def _by_moments(
    moments: _Moments, method: LinkingMethod, new: Parameters, old: Parameters, covariance: FloatArray | None
) -> Linking:
    line = moments(_locations(new), _locations(old))
    spread = np.full((2, 2), np.nan)
    if covariance is not None:
        moved = _derivatives(lambda own, other: moments(_locations(own), _locations(other)), new, old)
        spread = moved @ covariance @ moved.T
    outcome = "converged"
    if not (np.isfinite(line).all() and line[0] > 0):
        outcome = "the anchors' difficulties are all equal: choose anchors that differ, or link by haebara"
    return Linking(float(line[0]), float(line[1]), frozen(spread), method, 0.0, outcome)


def _start(new: Parameters, old: Parameters) -> FloatArray:
    try:
        line = _mean_sigma(_locations(new), _locations(old))
    except InvalidRules:
        return np.array([1.0, 0.0])
    return line if np.isfinite(line).all() and 0.2 < line[0] < 5 else np.array([1.0, 0.0])
