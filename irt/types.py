"""Frozen arrays that travel through the whole package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from irt.errors import InvalidParameters

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
Indices: TypeAlias = IntArray | Sequence[int]


def frozen(values: ArrayLike) -> FloatArray:
    """Return a float64 copy of `values` that nobody can write to."""
    return read_only(np.array(values, dtype=np.float64))


def read_only(array: FloatArray) -> FloatArray:
    """Forbid writing to an array that nobody else holds, and return it."""
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True, eq=False)
class ItemParameters:
    r"""Parameters of dichotomous items on the bank scale (D = 1).

    .. math:: P(\theta) = c + \frac{d - c}{1 + e^{-a(\theta - b)}}

    Parameters
    ----------
    a : array_like, shape (n_items,), 1/logit
        Discrimination, > 0. All equal to 1: the 1PL of this package.
    b : array_like, shape (n_items,), logits
        Difficulty.
    c : array_like, shape (n_items,), probability
        Guessing (lower asymptote), 0 <= c < d.
    d : array_like, shape (n_items,), probability
        Upper asymptote, c < d <= 1.

    Raises
    ------
    InvalidParameters
        Naming the argument and the index of the first item at fault.

    Examples
    --------
    >>> bank = ItemParameters(a=[1.0, 1.4], b=[-0.4, 1.2], c=[0.25, 0.0], d=[1.0, 1.0])
    >>> len(bank)
    2
    >>> ItemParameters(a=[1.0, -1.0], b=[0, 0], c=[0, 0], d=[1, 1])
    Traceback (most recent call last):
    irt.errors.InvalidParameters: a[1]: must be greater than 0, is -1.0
    """

    a: FloatArray
    b: FloatArray
    c: FloatArray
    d: FloatArray

    def __init__(self, a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> None:
        for name, values in (("a", a), ("b", b), ("c", c), ("d", d)):
            try:
                array = frozen(values)
            except (TypeError, ValueError) as error:
                raise InvalidParameters(name, None, "must be numbers") from error
            object.__setattr__(self, name, array)
        self._check()

    def _check(self) -> None:
        for name in ("a", "b", "c", "d"):
            values: FloatArray = getattr(self, name)
            if values.ndim != 1:
                raise InvalidParameters(name, None, f"must have one dimension, has {values.ndim}")
            if len(values) != len(self.a):
                raise InvalidParameters(name, None, f"holds {len(values)} items where a holds {len(self.a)}")
            _refuse(name, values, ~np.isfinite(values), "must be finite")
        if not len(self.a):
            raise InvalidParameters("a", None, "must hold at least one item")
        _refuse("a", self.a, self.a <= 0, "must be greater than 0")
        _refuse("c", self.c, (self.c < 0) | (self.c >= 1), "must be at least 0 and below 1")
        _refuse("d", self.d, (self.d <= 0) | (self.d > 1), "must be above 0 and at most 1")
        _refuse("d", self.d, self.d <= self.c, "must be greater than c")

    def __len__(self) -> int:
        return len(self.a)

    @property
    def n_categories(self) -> IntArray:
        """Number of scores of each item, shape (n_items,): all 2."""
        return np.full(len(self), 2, dtype=np.int64)

    def take(self, items: Indices) -> ItemParameters:
        """Return the parameters of `items`, in that order."""
        index = np.asarray(items, dtype=np.int64)
        return ItemParameters(self.a[index], self.b[index], self.c[index], self.d[index])


@dataclass(frozen=True, slots=True, eq=False)
class GradedParameters:
    r"""Parameters of graded-response items: the probability of at least score k is a 2PL curve.

    .. math:: P(X \ge k) = \frac{1}{1 + e^{-a(\theta - b_k)}},\quad b_1 < b_2 < \dots

    Parameters
    ----------
    a : array_like, shape (n_items,), 1/logit
        Discrimination, > 0.
    thresholds : array_like or nested sequences, shape (n_items, max_categories - 1), logits
        Increasing in each row; NaN, None or nothing at the end of a row with fewer categories.

    Raises
    ------
    InvalidParameters
        Naming the argument and the index of the first item at fault.

    References
    ----------
    Samejima, F. (1969). Estimation of latent ability using a response pattern of graded scores.
    *Psychometrika* Monograph 17.

    Examples
    --------
    >>> bank = GradedParameters(a=[1.0, 1.4], thresholds=[[-1.0, 0.0, 1.2], [0.5]])
    >>> bank.n_categories.tolist()
    [4, 2]
    >>> GradedParameters(a=[1.0], thresholds=[[0.5, 0.2]])
    Traceback (most recent call last):
    irt.errors.InvalidParameters: thresholds[0]: must increase, are 0.5, 0.2
    """

    a: FloatArray
    thresholds: FloatArray

    def __init__(self, a: ArrayLike, thresholds: ArrayLike | Sequence[Any]) -> None:
        object.__setattr__(self, "a", _vector("a", a, None))
        object.__setattr__(self, "thresholds", _rows("thresholds", thresholds, len(self.a), 1))
        _refuse("a", self.a, self.a <= 0, "must be greater than 0")
        for index, row in enumerate(self.thresholds):
            own = row[~np.isnan(row)]
            if (np.diff(own) <= 0).any():
                named = ", ".join(str(float(value)) for value in own)
                raise InvalidParameters("thresholds", index, f"must increase, are {named}")

    def __len__(self) -> int:
        return len(self.a)

    @property
    def n_categories(self) -> IntArray:
        """Number of scores of each item, shape (n_items,)."""
        return _lengths(self.thresholds) + 1

    def take(self, items: Indices) -> GradedParameters:
        """Return the parameters of `items`, in that order."""
        index = np.asarray(items, dtype=np.int64)
        return GradedParameters(self.a[index], _trimmed(self.thresholds[index]))


@dataclass(frozen=True, slots=True, eq=False)
class NominalParameters:
    r"""Parameters of divide-by-total items: the nominal model, with PCM, GPCM and RSM as special cases.

    .. math:: P(X = k) = \frac{e^{s_k\theta + c_k}}{\sum_j e^{s_j\theta + c_j}}

    Parameters
    ----------
    slopes : array_like or nested sequences, shape (n_items, max_categories), 1/logit
        Not all equal within an item; NaN, None or nothing at the end of a row with fewer categories.
    intercepts : array_like or nested sequences, shape (n_items, max_categories)
        Only differences within an item matter, of slopes as of intercepts.

    Raises
    ------
    InvalidParameters
        Naming the argument and the index of the first item at fault.

    References
    ----------
    Bock, R. D. (1972). Estimating item parameters and latent ability when responses are scored in two or more
    nominal categories. *Psychometrika* 37, 29-51.

    Examples
    --------
    >>> NominalParameters(slopes=[[0.0, 0.9, 1.3]], intercepts=[[0.0, 0.2, -0.4]]).n_categories.tolist()
    [3]
    """

    slopes: FloatArray
    intercepts: FloatArray

    def __init__(self, slopes: ArrayLike | Sequence[Any], intercepts: ArrayLike | Sequence[Any]) -> None:
        object.__setattr__(self, "slopes", _rows("slopes", slopes, None, 2))
        object.__setattr__(self, "intercepts", _rows("intercepts", intercepts, len(self.slopes), 2))
        for index, (own, other) in enumerate(
            zip(_lengths(self.slopes), _lengths(self.intercepts), strict=True)
        ):
            if own != other:
                raise InvalidParameters("intercepts", index, f"holds {other} categories, slopes {own}")
        flat = np.nanmax(self.slopes, axis=1) == np.nanmin(self.slopes, axis=1)
        _refuse("slopes", self.slopes[:, 0], flat, "must differ between categories")

    @classmethod
    def partial_credit(
        cls, thresholds: ArrayLike | Sequence[Any], a: ArrayLike | None = None
    ) -> NominalParameters:
        r"""(Generalised) partial credit: :math:`\log P_k/P_{k-1} = a(\theta - b_k)`.

        Parameters
        ----------
        thresholds : array_like or nested sequences, shape (n_items, max_categories - 1), logits
            Step difficulties, in any order.
        a : array_like, shape (n_items,), optional
            Discrimination, > 0; 1 for every item in the PCM.

        References
        ----------
        Masters (1982), *Psychometrika* 47; Muraki (1992), *Applied Psychological Measurement* 16.
        """
        steps = _rows("thresholds", thresholds, None, 1)
        slope = _vector("a", np.ones(len(steps)) if a is None else a, len(steps))
        _refuse("a", slope, slope <= 0, "must be greater than 0")
        zero = np.zeros((len(steps), 1))
        place = np.where(np.isnan(steps), np.nan, np.arange(1.0, steps.shape[1] + 1))
        return cls(
            slope[:, None] * np.hstack([zero, place]),
            -slope[:, None] * np.hstack([zero, np.cumsum(steps, axis=1)]),
        )

    @classmethod
    def rating_scale(
        cls, locations: ArrayLike, steps: ArrayLike, a: ArrayLike | None = None
    ) -> NominalParameters:
        """Rating scale: partial credit with thresholds `locations` (n_items,) plus common `steps`, logits.

        References
        ----------
        Andrich (1978). A rating formulation for ordered response categories. *Psychometrika* 43, 561-573.
        """
        place, common = _vector("locations", locations, None), _vector("steps", steps, None)
        return cls.partial_credit(place[:, None] + common, a)

    def __len__(self) -> int:
        return len(self.slopes)

    @property
    def n_categories(self) -> IntArray:
        """Number of scores of each item, shape (n_items,)."""
        return _lengths(self.slopes)

    def take(self, items: Indices) -> NominalParameters:
        """Return the parameters of `items`, in that order."""
        index = np.asarray(items, dtype=np.int64)
        return NominalParameters(_trimmed(self.slopes[index]), _trimmed(self.intercepts[index]))


OneModel: TypeAlias = ItemParameters | GradedParameters | NominalParameters


@dataclass(frozen=True, slots=True, eq=False)
class MixedParameters:
    """A bank of several models, in any order.

    Parameters
    ----------
    parts : sequence of ItemParameters, GradedParameters or NominalParameters
    positions : sequence of array_like of int, optional
        Place in the bank of each item of each part, together 0..n_items-1; the parts one after the other if
        absent.

    Raises
    ------
    InvalidParameters
        No part, or positions that are not a permutation.

    Examples
    --------
    >>> right_or_wrong = ItemParameters([1.0, 1.2], [0.0, 0.5], [0.0, 0.0], [1.0, 1.0])
    >>> bank = MixedParameters([right_or_wrong, GradedParameters([1.0], [[-1.0, 1.0]])])
    >>> bank.n_categories.tolist(), bank.take([2, 0]).n_categories.tolist()
    ([2, 2, 3], [3, 2])
    """

    parts: tuple[OneModel, ...]
    positions: tuple[IntArray, ...]

    def __init__(self, parts: Sequence[OneModel], positions: Sequence[ArrayLike] | None = None) -> None:
        if not parts:
            raise InvalidParameters("parts", None, "must hold at least one model")
        sizes = [len(part) for part in parts]
        if positions is None:
            starts = np.cumsum([0, *sizes[:-1]])
            positions = [start + np.arange(size) for start, size in zip(starts, sizes, strict=True)]
        places = tuple(np.array(place, dtype=np.int64) for place in positions)
        if [len(place) for place in places] != sizes:
            raise InvalidParameters("positions", None, "must hold one place for each item of each part")
        if not np.array_equal(np.sort(np.concatenate(places)), np.arange(sum(sizes))):
            raise InvalidParameters("positions", None, f"must be 0 to {sum(sizes) - 1}, each once")
        for place in places:
            place.setflags(write=False)
        object.__setattr__(self, "parts", tuple(parts))
        object.__setattr__(self, "positions", places)

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    @property
    def n_categories(self) -> IntArray:
        """Number of scores of each item, shape (n_items,)."""
        counts = np.empty(len(self), dtype=np.int64)
        for part, place in zip(self.parts, self.positions, strict=True):
            counts[place] = part.n_categories
        return counts

    def take(self, items: Indices) -> MixedParameters:
        """Return the parameters of `items`, in that order."""
        index = np.asarray(items, dtype=np.int64)
        part_of, row_of = np.empty((2, len(self)), dtype=np.int64)
        for number, place in enumerate(self.positions):
            part_of[place], row_of[place] = number, np.arange(len(place))
        parts: list[OneModel] = []
        positions: list[IntArray] = []
        for number, part in enumerate(self.parts):
            place = np.flatnonzero(part_of[index] == number)
            if len(place):
                parts.append(part.take(row_of[index[place]]))
                positions.append(place)
        return MixedParameters(parts, positions)


Parameters: TypeAlias = ItemParameters | GradedParameters | NominalParameters | MixedParameters


@dataclass(frozen=True, slots=True, eq=False)
class ParameterDraws:
    """Item parameters that calibration leaves possible: draws of a posterior, or points of a quadrature rule.

    Parameters
    ----------
    draws : sequence of Parameters, n_draws
        Each holds the same items in the same order.
    weights : array_like, shape (n_draws,), optional
        Positive, scaled to sum to 1; equal if absent.

    Raises
    ------
    InvalidParameters
        No draw, draws of different banks, weights out of range.
    """

    draws: tuple[Parameters, ...]
    weights: FloatArray

    def __init__(self, draws: Sequence[Parameters], weights: ArrayLike | None = None) -> None:
        if not draws:
            raise InvalidParameters("draws", None, "must hold at least one draw")
        for index, draw in enumerate(draws):
            if not np.array_equal(draw.n_categories, draws[0].n_categories):
                raise InvalidParameters("draws", index, "holds other items than the first draw")
        share = _vector("weights", np.ones(len(draws)) if weights is None else weights, len(draws))
        _refuse("weights", share, share <= 0, "must be greater than 0")
        object.__setattr__(self, "draws", tuple(draws))
        object.__setattr__(self, "weights", read_only(share / share.sum()))

    def take(self, items: Indices) -> ParameterDraws:
        """Return the draws of `items`, in that order."""
        return ParameterDraws([draw.take(items) for draw in self.draws], self.weights)


def _vector(name: str, values: ArrayLike, length: int | None) -> FloatArray:
    """One finite number per item, at least one item."""
    try:
        array = frozen(values)
    except (TypeError, ValueError) as error:
        raise InvalidParameters(name, None, "must be numbers") from error
    if array.ndim != 1:
        raise InvalidParameters(name, None, f"must have one dimension, has {array.ndim}")
    if not len(array):
        raise InvalidParameters(name, None, "must hold at least one item")
    if length is not None and len(array) != length:
        raise InvalidParameters(name, None, f"holds {len(array)} items, not {length}")
    _refuse(name, array, ~np.isfinite(array), "must be finite")
    return array


def _rows(name: str, values: Any, length: int | None, least: int) -> FloatArray:
    """Rows of unequal length as a table padded with NaN at the right."""
    try:
        ragged = [list(row) for row in values]
        padded = list(zip(*zip_longest(*ragged, fillvalue=None), strict=True))
        table = np.array([[np.nan if x is None else float(x) for x in row] for row in padded])
    except (TypeError, ValueError) as error:
        raise InvalidParameters(name, None, "must be one row of numbers per item") from error
    if length is not None and len(ragged) != length:
        raise InvalidParameters(name, None, f"holds {len(ragged)} items, not {length}")
    if not len(ragged):
        raise InvalidParameters(name, None, "must hold at least one item")
    if table.ndim != 2:
        raise InvalidParameters(name, 0, f"needs at least {least}, holds 0")
    absent = np.isnan(table)
    for index in range(len(table)):
        count = int((~absent[index]).sum())
        if np.isinf(table[index]).any() or absent[index, :count].any():
            raise InvalidParameters(name, index, "must be finite")
        if count < least:
            raise InvalidParameters(name, index, f"needs at least {least}, holds {count}")
    return read_only(table)


def _lengths(table: FloatArray) -> IntArray:
    return np.asarray((~np.isnan(table)).sum(axis=1), dtype=np.int64)


def _trimmed(table: FloatArray) -> FloatArray:
    """Without the columns that only other items filled."""
    return table[:, : int(_lengths(table).max())]


def _refuse(name: str, values: FloatArray, wrong: BoolArray, rule: str) -> None:
    if wrong.any():
        index = int(np.argmax(wrong))
        raise InvalidParameters(name, index, f"{rule}, is {float(values[index])}")
