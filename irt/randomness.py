r"""Counter-based randomness: a draw is a pure function of (seed, purpose, counter).

Nothing is persisted, everything replays, any draw can be made without the ones before it, on any machine.
The generator is SplitMix64: output number `counter` of the stream whose state is the seed mixed with the
purpose. Integer arithmetic only, so that the draws are identical on every processor and numpy.

References
----------
Steele, G. L., Lea, D. & Flood, C. H. (2014). Fast splittable pseudorandom number generators. OOPSLA,
figure 16 (the mixing constants are Stafford's variant 13, as in java.util.SplittableRandom).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from irt.types import FloatArray, IntArray

Draws: TypeAlias = NDArray[np.uint64]

GAMMA: Final = 0x9E3779B97F4A7C15
_MASK: Final = 0xFFFFFFFFFFFFFFFF
MULTIPLY_1: Final = 0xBF58476D1CE4E5B9
MULTIPLY_2: Final = 0x94D049BB133111EB
INDEX_BITS: Final = np.uint64((1 << 20) - 1)


class Purpose(IntEnum):
    """What a stream of draws is for. Values are part of every stored replay: never renumber."""

    TIE_ORDER = 1
    ELIGIBILITY = 2
    RANDOMESQUE = 3
    ANSWER = 4
    PERSON = 5
    ABILITY = 6
    FITTING_ROUND = 7
    SELECTION = 8
    ADMISSION = 9


def stream_state(seed: int, purpose: Purpose) -> int:
    """Return the 64-bit state from which the stream of `purpose` counts."""
    return _mix((_mix((seed + GAMMA) & _MASK) + int(purpose) * GAMMA) & _MASK)


def stream_states(seeds: Draws, purpose: Purpose) -> Draws:
    """`stream_state` of many seeds."""
    # 64 bits throughout: Python's sum is reduced before, an array's wraps around by itself.
    return _mixed(_mixed(seeds + np.uint64(GAMMA)) + np.uint64(int(purpose) * GAMMA & _MASK))


def bits(seed: int, purpose: Purpose, counters: ArrayLike) -> Draws:
    """64 random bits for each counter, shape of `counters`, uint64."""
    counts = np.asarray(counters, dtype=np.uint64)
    z = counts.reshape(-1) + np.uint64(1)  # one axis: numpy warns of a wrap-around in scalars only
    z = z * np.uint64(GAMMA) + np.uint64(stream_state(seed, purpose))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MULTIPLY_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MULTIPLY_2)
    return (z ^ (z >> np.uint64(31))).reshape(counts.shape)


def uniform(seed: int, purpose: Purpose, counters: ArrayLike) -> FloatArray:
    """Uniform draws in [0, 1), multiples of 2**-53, shape of `counters`.

    Examples
    --------
    >>> uniform(7, Purpose.ANSWER, [0, 1]) == uniform(7, Purpose.ANSWER, [0, 1])
    array([ True,  True])
    """
    return (bits(seed, purpose, counters) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def order(seed: int, purpose: Purpose, count: int) -> IntArray:
    """Rank of each of `count` (< 2**20) things in a random order, shape (count,): a permutation.

    Notes
    -----
    Things are sorted by the high 44 bits of their draw, then by index: the index rides in the low bits, so
    that a plain sort gives one answer with every sorting algorithm, several times faster than `argsort`.
    """
    counters = np.arange(count, dtype=np.uint64)
    drawn = bits(seed, purpose, counters)
    drawn &= ~INDEX_BITS
    drawn |= counters
    drawn.sort()
    drawn &= INDEX_BITS
    ranks = np.empty(count, dtype=np.int64)
    ranks[drawn.astype(np.int64)] = np.arange(count)
    return ranks


def order_each(seeds: Draws, purpose: Purpose, count: int) -> IntArray:
    """`order` for each of many seeds, shape (n_seeds, count)."""
    counters = np.arange(count, dtype=np.uint64)
    drawn = _bits_each(seeds[:, None], purpose, counters)
    drawn &= ~INDEX_BITS
    drawn |= counters
    drawn.sort(axis=1)
    drawn &= INDEX_BITS
    ranks = np.empty((len(seeds), count), dtype=np.int64)
    np.put_along_axis(ranks, drawn.astype(np.int64), np.arange(count)[None], axis=1)
    return ranks


def places(seed: int, purpose: Purpose, items: ArrayLike) -> Draws:
    """Sort keys of a few items in the random order of `order`: the same comparisons without the whole order."""
    counters = np.asarray(items, dtype=np.uint64)
    return (bits(seed, purpose, counters) & ~INDEX_BITS) | counters


def derived_seeds(seed: int, purpose: Purpose, counters: ArrayLike) -> Draws:
    """`derived_seed` of many counters at once, uint64."""
    counts = np.asarray(counters, dtype=np.uint64).reshape(-1)
    return _mixed(np.uint64(stream_state(seed, purpose)) + (counts + np.uint64(1)) * np.uint64(GAMMA))


def uniform_each(seeds: Draws, purpose: Purpose, counters: ArrayLike) -> FloatArray:
    """`uniform` for each of many seeds, `seeds` broadcast against `counters`.

    Examples
    --------
    >>> seeds = derived_seeds(7, Purpose.PERSON, [0, 1])
    >>> uniform_each(seeds, Purpose.ANSWER, [3, 3])[1] == uniform(int(seeds[1]), Purpose.ANSWER, 3)
    np.True_
    """
    return (_bits_each(seeds, purpose, counters) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _bits_each(seeds: Draws, purpose: Purpose, counters: ArrayLike) -> Draws:
    counts = (np.asarray(counters, dtype=np.uint64) + np.uint64(1)) * np.uint64(GAMMA)
    return _mixed(stream_states(seeds, purpose) + counts)


def _mixed(z: Draws) -> Draws:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MULTIPLY_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MULTIPLY_2)
    return z ^ (z >> np.uint64(31))


def derived_seed(seed: int, purpose: Purpose, counter: int) -> int:
    """Return the seed of one member (a simulated learner, a round) of a family that has one seed."""
    return _mix((stream_state(seed, purpose) + (counter + 1) * GAMMA) & _MASK)


def _mix(z: int) -> int:
    z = ((z ^ (z >> 30)) * MULTIPLY_1) & _MASK
    z = ((z ^ (z >> 27)) * MULTIPLY_2) & _MASK
    return z ^ (z >> 31)
