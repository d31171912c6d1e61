r"""The E-step: what each answer says about ability, summed over persons, exactly.

With :math:`T_{cq}` the log-probability of answer c at the point :math:`\theta_q` and :math:`w_{gq}` the weight of
the point in group g, the posterior of person p and the sums that an M-step needs are

.. math:: h_{pq} \propto w_{gq} \exp \sum_{c \in p} T_{cq}, \qquad
          R_{cq} = \sum_{p \ni c} h_{pq}, \qquad N_{gq} = \sum_{p \in g} h_{pq}.

Both sums are *exact*, therefore the same in any order, on any number of chunks, threads or machines, by numba,
scipy or BLAS: the table is rounded to a multiple of a power of two so small that no sum of a person's answers loses
a bit, posteriors are rounded to multiples of 2**-40 and added as whole numbers. The price is an error below
1e-10 in a log-likelihood and below 1e-12 in a posterior.

References
----------
Bock, R. D. & Aitkin, M. (1981). Marginal maximum likelihood estimation of item parameters: application of an EM
algorithm. *Psychometrika* 46, 443-459, eq. 14-18.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from irt.responses import BLOCK, Packed, Responses
from irt.types import FloatArray, IntArray

_POSTERIOR_BITS: Final = 40  # 8 blocks of 1,024 persons add up to at most 2**53
_TABLE_BITS: Final = 44
_LIKELIHOOD_BITS: Final = 34
_LOWEST: Final = -700.0
_EXACT_BLOCKS: Final = 8  # blocks whose float sums of multiples of 2**-40 are still exact
_COEFFICIENTS: Final = tuple(1.0 / math.factorial(k) for k in range(8, -1, -1))
_LOWEST_EXPONENT: Final = -32.0  # below, a density rounds to 0
_ROUNDER: Final = 64.0

Part: TypeAlias = Responses | Callable[[], Responses]
Executor: TypeAlias = Callable[
    ["Callable[[Part, Tables], Sums]", "Sequence[Part]", "Tables"], "Iterable[Sums]"
]


class Tables(NamedTuple):
    """What an E-step reads: small, the same for every chunk."""

    log_probability: FloatArray  # (n_codes, n_quadrature), rounded so that its sums are exact
    log_weight: FloatArray  # (n_groups, n_quadrature)
    largest_weight: float  # power of two, at least the weight of any person
    fast: bool  # whether to use numba where it is there


class Sums(NamedTuple):
    """What an E-step of one chunk of persons gives; sums of chunks add up in any order."""

    codes: IntArray  # (n_codes, n_quadrature): R in units of 2**-40 times the largest weight
    groups: IntArray  # (n_groups, n_quadrature): N in the same unit
    log_likelihood: int  # in units of 2**-34 times the largest weight
    unit: float  # the largest weight

    def counts(self) -> FloatArray:
        """R: expected number of persons at each point who gave each answer, (n_codes, n_quadrature)."""
        return self.codes.astype(np.float64) * (self.unit / 2.0**_POSTERIOR_BITS)

    def nodes(self) -> FloatArray:
        """N: expected number of persons of each group at each point, (n_groups, n_quadrature)."""
        return self.groups.astype(np.float64) * (self.unit / 2.0**_POSTERIOR_BITS)

    def value(self) -> float:
        """Marginal log-likelihood."""
        return self.log_likelihood * (self.unit / 2.0**_LIKELIHOOD_BITS)


def tables(
    log_probability: FloatArray,
    log_weight: FloatArray,
    *,
    longest: int,
    largest_weight: float = 1.0,
    fast: bool = True,
) -> Tables:
    """Round the table of log-probabilities so that sums over `longest` answers are exact.

    Parameters
    ----------
    log_probability : ndarray, shape (n_codes, n_quadrature)
    log_weight : ndarray, shape (n_groups, n_quadrature)
    longest : int
        Most answers of one person, over all chunks.
    largest_weight : float
        Largest weight of one person, over all chunks.
    fast : bool
        Use numba where it is there; the numbers are the same.
    """
    table = np.maximum(log_probability, _LOWEST)
    largest = max(float(-table.min()), 1.0) * max(longest, 1)
    bits = min(_TABLE_BITS, 52 - math.ceil(math.log2(largest)))
    table = np.rint(table * 2.0**bits) / 2.0**bits
    unit = 2.0 ** math.ceil(math.log2(largest_weight)) if largest_weight > 0 else 1.0
    return Tables(np.ascontiguousarray(table), np.ascontiguousarray(log_weight), unit, fast)


def estep(part: Part, given: Tables) -> Sums:
    """Sums of one chunk of persons: a pure function, to be called anywhere.

    Parameters
    ----------
    part : Responses, or a function without arguments that returns them
        The second form lets a worker read its own chunk.
    given : Tables

    Examples
    --------
    >>> answers = Responses.from_wide([[1, 0], [1, 1], [0, 0]])
    >>> even = tables(np.log(np.full((4, 3), 0.5)), np.log(np.full((1, 3), 1 / 3)), longest=2)
    >>> whole = estep(answers, even)
    >>> whole.nodes().round(9).tolist(), round(whole.value(), 6)
    ([[1.0, 1.0, 1.0]], -4.158883)
    """
    answers = part if isinstance(part, Responses) else part()
    way = walk(answers, given)
    codes = np.zeros(given.log_probability.shape, dtype=np.int64)
    groups = np.zeros(given.log_weight.shape, dtype=np.int64)
    held = np.zeros(way.table.shape)
    likelihood = 0
    scale = 2.0**_POSTERIOR_BITS / given.largest_weight
    for number, block in enumerate(_blocks(answers, given, way), start=1):
        share = block.density
        share *= (block.weight * (scale / block.total))[:, None]
        np.rint(share, out=share)
        way.scatter(block.start, block.start + len(share), share, held)
        if not number % _EXACT_BLOCKS:
            codes += way.unpacked(held)
            held[:] = 0.0
        if len(groups) == 1:
            groups[0] += share.sum(axis=0).astype(np.int64)
        else:
            for group in np.unique(block.group).tolist():
                groups[group] += share[block.group == group].sum(axis=0).astype(np.int64)
        own = block.weight * block.log_likelihood
        likelihood += int(
            np.rint(own * (2.0**_LIKELIHOOD_BITS / given.largest_weight)).astype(np.int64).sum()
        )
    codes += way.unpacked(held)
    return Sums(codes, groups, likelihood, given.largest_weight)


def add_up(sums: Iterable[Sums]) -> Sums:
    """Total over chunks; whole numbers, so that the order does not matter."""
    every = iter(sums)
    first = next(every)
    codes, groups, likelihood = first.codes.copy(), first.groups.copy(), first.log_likelihood
    for one in every:
        codes += one.codes
        groups += one.groups
        likelihood += one.log_likelihood
    return Sums(codes, groups, likelihood, first.unit)


def serial(function: Callable[[Part, Tables], Sums], parts: Sequence[Part], given: Tables) -> Iterator[Sums]:
    """One chunk after the other: the executor used when no other is named."""
    return (function(part, given) for part in parts)


class Block(NamedTuple):
    """Posteriors of up to 1,024 persons; `density / total` sums to 1 over the points."""

    start: int  # first person
    density: FloatArray  # (n, n_quadrature), largest 1
    total: FloatArray  # (n,)
    log_likelihood: FloatArray  # (n,)
    weight: FloatArray  # (n,), 0 for a person without an answer
    group: IntArray  # (n,)
    indptr: IntArray  # (n + 1,)
    codes: NDArray[np.int32]

    @property
    def posterior(self) -> FloatArray:
        """Posterior probability of each point, (n, n_quadrature)."""
        return self.density / self.total[:, None]


def blocks(answers: Responses, given: Tables) -> Iterator[Block]:
    """Posteriors of all persons, a block at a time."""
    return _blocks(answers, given, walk(answers, given))


def _blocks(answers: Responses, given: Tables, way: Walk) -> Iterator[Block]:
    for start in range(0, answers.n_persons, BLOCK):
        stop = min(start + BLOCK, answers.n_persons)
        values = way.log_density(start, stop)
        group = answers.group[start:stop]
        values += given.log_weight[0] if len(given.log_weight) == 1 else given.log_weight[group]
        top, total = _densities(values, given.fast)
        indptr = answers.indptr[start : stop + 1]
        weight = np.where(indptr[1:] > indptr[:-1], answers.weight[start:stop], 0.0)
        own = answers.codes[indptr[0] : indptr[-1]]
        yield Block(start, values, total, top + np.log(total), weight, group, indptr - indptr[0], own)


def _densities(values: FloatArray, fast: bool) -> tuple[FloatArray, FloatArray]:
    """Turn rows of log-densities into densities of largest value 1; return their maxima and their totals.

    An exponential of our own, exp(x) = (exp(x / 64))**64 by a Taylor series, wrong by less than 1e-15 of the largest
    density: numba compiles the same operations, and no processor has another. Densities are multiples of 2**-46, so
    that totals are exact.
    """
    compiled = kernels() if fast else None
    if compiled is not None:
        top, total = np.empty((2, len(values)))
        compiled.densities(values, top, total)
        return top, total
    top = values.max(axis=1)
    values -= top[:, None]
    np.maximum(values, _LOWEST_EXPONENT, out=values)
    values *= 1.0 / 64.0
    power = np.full_like(values, _COEFFICIENTS[0])
    for coefficient in _COEFFICIENTS[1:]:
        power *= values
        power += coefficient
    for _ in range(6):
        power *= power
    power += _ROUNDER
    np.subtract(power, _ROUNDER, out=values)
    return top, values.sum(axis=1)


class Walk(NamedTuple):
    """How the answers are walked over: one (item, score) at a time, or one pattern of several items at a time."""

    table: FloatArray
    indptr: IntArray
    codes: NDArray[np.int32]
    fast: bool
    packed: Packed | None
    n_codes: int

    def matrix(self, start: int, stop: int) -> csr_array:
        """Rows of ones at the codes of each person."""
        low, high = self.indptr[start], self.indptr[stop]
        within = self.indptr[start : stop + 1] - low
        shape = (stop - start, len(self.table))
        return csr_array((np.ones(high - low), self.codes[low:high], within), shape=shape)

    def log_density(self, start: int, stop: int) -> FloatArray:
        """Sum of the table's rows of each person."""
        compiled = kernels() if self.fast else None
        if compiled is None:
            product: FloatArray = self.matrix(start, stop) @ self.table
            return product
        values = np.empty((stop - start, self.table.shape[1]))
        compiled.add_rows(self.indptr[start : stop + 1], self.codes, self.table, values)
        return values

    def scatter(self, start: int, stop: int, share: FloatArray, out: FloatArray) -> None:
        """Add the row of each person to the rows of that person's codes."""
        compiled = kernels() if self.fast else None
        if compiled is None:
            out += self.matrix(start, stop).T @ share
        else:
            compiled.scatter_rows(self.indptr[start : stop + 1], self.codes, share, out)

    def unpacked(self, sums: FloatArray) -> IntArray:
        """Sums of the answers, as whole numbers, from sums of the patterns that hold them."""
        if self.packed is None:
            return sums.astype(np.int64)
        found = np.empty((self.n_codes, sums.shape[1]))
        for start, codes, patterns in zip(
            self.packed.starts, self.packed.items, self.packed.patterns, strict=True
        ):
            found[codes] = patterns.T @ sums[start : start + len(patterns)]
        return found.astype(np.int64)


def walk(answers: Responses, given: Tables) -> Walk:
    """Choose the shorter way over the answers: patterns of several items where rows are dense."""
    table, packed = given.log_probability, answers.packed()
    if packed is None:
        return Walk(table, answers.indptr, answers.codes, given.fast, None, len(table))
    rows = np.empty((packed.n_rows, table.shape[1]))
    for start, codes, patterns in zip(packed.starts, packed.items, packed.patterns, strict=True):
        np.matmul(patterns, table[codes], out=rows[start : start + len(patterns)])
    return Walk(rows, packed.indptr, packed.codes, given.fast, packed, len(table))


@functools.cache
def kernels() -> ModuleType | None:
    """Compiled walks, or nothing where numba is not installed."""
    try:
        from irt import fast_estep
    except ImportError:
        return None
    return fast_estep
