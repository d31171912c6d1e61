"""Frozen arrays that travel through the whole package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

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

    def take(self, items: Indices) -> ItemParameters:
        """Return the parameters of `items`, in that order."""
        index = np.asarray(items, dtype=np.int64)
        return ItemParameters(self.a[index], self.b[index], self.c[index], self.d[index])


def _refuse(name: str, values: FloatArray, wrong: BoolArray, rule: str) -> None:
    if wrong.any():
        index = int(np.argmax(wrong))
        raise InvalidParameters(name, index, f"{rule}, is {float(values[index])}")
