"""Responses of many persons, as calibration reads them: sparse, one row of answers per person.

A bank of 1,000 items of which each person saw 30 is a table with 3 % of its cells filled. It is kept in compressed
sparse rows, so that memory and work grow with the answers and never with persons times items. An answer is one
`code`: the number of a (item, score) pair, `offsets[item] + score`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from irt.errors import InvalidResponses
from irt.types import BoolArray, FloatArray, IntArray

ItemArray: TypeAlias = NDArray[np.int32]
ScoreArray: TypeAlias = NDArray[np.int16]

BLOCK: Final = 1024  # persons whose posteriors are held at once: half a megabyte on 61 points
_PATTERNS: Final = 128  # of a run of items: their table stays in the cache
_SHORTER: Final = 0.7  # share of the walk that packing must save less than, to be worth its making
_MOST_CATEGORIES: Final = 64
_ROWS: Final = 1 << 20  # answers checked at a time


class Exclusion(NamedTuple):
    """Something that calibration left out, and why."""

    kind: str  # "item" or "persons"
    number: int  # which item; how many persons
    reason: str


class Packed(NamedTuple):
    """Answers of every person to runs of items, one number for each run: the pattern of its answers.

    With seven right-or-wrong items in a run, a person's hundred answers are fifteen numbers. A missing answer is one
    more score where there are any.
    """

    codes: ItemArray  # (n_persons * n_runs,): row of each pattern
    indptr: IntArray  # (n_persons + 1,)
    n_rows: int  # patterns of all runs
    starts: tuple[int, ...]  # first row of each run
    items: tuple[IntArray, ...]  # (item, score) codes that a run's patterns are made of
    patterns: tuple[FloatArray, ...]  # (n_patterns, n_codes of the run): 1 where the pattern holds the code


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Answers of persons to items, checked once; arrays nobody can write to.

    Made by `from_long` (one row per answer) or `from_wide` (one row per person).

    Attributes
    ----------
    indptr : ndarray of int64, shape (n_persons + 1,)
        Answers of person p stand at `indptr[p]:indptr[p + 1]`.
    item : ndarray of int32, shape (n_responses,)
    score : ndarray of int16, shape (n_responses,)
        0 to `n_categories[item] - 1`.
    n_categories : ndarray of int64, shape (n_items,)
        Number of scores of each item.
    weight : ndarray, shape (n_persons,)
        How many persons this one stands for, >= 0.
    group : ndarray of int64, shape (n_persons,)
        Population of each person, 0 to n_groups - 1; 0 is the reference.

    Raises
    ------
    InvalidResponses
        Naming the argument and the first position at fault.

    Notes
    -----
    Persons without an answer keep their place, so that results stay aligned; calibration leaves them out and says
    how many there were.

    Examples
    --------
    >>> answers = Responses.from_long(person=[0, 0, 1], item=[0, 2, 1], score=[1, 0, 2], n_categories=[2, 3, 2])
    >>> answers.n_persons, answers.n_items, answers.n_responses, answers.counts.tolist()
    (2, 3, 3, [2, 1])
    >>> Responses.from_long(person=[0, 0], item=[1, 1], score=[1, 0], n_categories=[2, 2])
    Traceback (most recent call last):
    irt.errors.InvalidResponses: item[1]: person 0 answered item 1 twice
    """

    indptr: IntArray
    item: ItemArray
    score: ScoreArray
    n_categories: IntArray
    weight: FloatArray
    group: IntArray
    n_groups: int
    codes: ItemArray
    _packed: list[Packed | None]  # empty until an E-step has asked for it

    @classmethod
    def from_long(
        cls,
        person: ArrayLike,
        item: ArrayLike,
        score: ArrayLike,
        *,
        n_categories: ArrayLike | None = None,
        n_items: int | None = None,
        n_persons: int | None = None,
        weight: ArrayLike | None = None,
        group: ArrayLike | None = None,
    ) -> Responses:
        """One row per answer, in any order; the answers of a person keep theirs.

        Parameters
        ----------
        person, item, score : array_like of int, shape (n_responses,)
            Persons and items by number from 0. A score that was not given is a row that is not there.
        n_categories : array_like of int, shape (n_items,), optional
            Number of scores of each item; one more than its highest score if absent, and then every score
            from 0 up must occur, so that an item scored 1 to 4 among items scored from 0 is noticed.
        n_items, n_persons : int, optional
            One more than the highest number if absent.
        weight : array_like, shape (n_persons,), optional
            1 if absent.
        group : array_like of int, shape (n_persons,), optional
            0 if absent.
        """
        rows, places, given = (
            _whole(name, values) for name, values in (("person", person), ("item", item), ("score", score))
        )
        if not len(rows) == len(places) == len(given):
            problem = f"holds {len(given)} answers where person holds {len(rows)} and item {len(places)}"
            raise InvalidResponses("score", None, problem)
        if not len(rows):
            raise InvalidResponses("score", None, "must hold at least one answer")
        stated = None if n_categories is None else _whole("n_categories", n_categories).astype(np.int64)
        known = n_items if n_items is not None else len(stated) if stated is not None else None
        persons = int(rows.max()) + 1 if n_persons is None else n_persons
        items = int(places.max()) + 1 if known is None else known
        _refuse(
            "person", rows, (rows < 0) | (rows >= persons), f"unknown person, persons are 0 to {persons - 1}"
        )
        _refuse("item", places, (places < 0) | (places >= items), f"unknown item, items are 0 to {items - 1}")
        _refuse("score", given, given < 0, "impossible score, must be at least 0")
        if (rows[1:] < rows[:-1]).any():
            order = np.argsort(rows, kind="stable")
            rows, places, given = rows[order], places[order], given[order]
        _refuse_twice(rows, places, items)
        indptr = np.zeros(persons + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=persons), out=indptr[1:])
        counts = _inferred(places, given, items) if stated is None else _checked_counts(stated, items)
        over = given >= counts.astype(np.int32)[places]
        if over.any():
            at = int(np.argmax(over))
            asked = f"item {places[at]} is scored 0 to {counts[places[at]] - 1}, is {given[at]}"
            raise InvalidResponses("score", at, f"impossible score, {asked}")
        return cls._made(indptr, places.astype(np.int32), given.astype(np.int16), counts, weight, group)

    @classmethod
    def from_wide(
        cls,
        table: ArrayLike | Sequence[Sequence[float | None]],
        *,
        n_categories: ArrayLike | None = None,
        weight: ArrayLike | None = None,
        group: ArrayLike | None = None,
    ) -> Responses:
        """One row per person, one column per item, NaN or None where there is no answer.

        Examples
        --------
        >>> Responses.from_wide([[1, 0, None], [0, 1, 1]]).n_responses
        5
        """
        try:
            cells = np.array(table, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidResponses("table", None, "must be numbers, one row per person") from error
        if cells.ndim != 2 or not cells.size:
            raise InvalidResponses("table", None, "must be one row per person and one column per item")
        rows, places = np.nonzero(~np.isnan(cells))
        return cls.from_long(
            rows,
            places,
            cells[rows, places],
            n_categories=n_categories,
            n_items=cells.shape[1],
            n_persons=len(cells),
            weight=weight,
            group=group,
        )

    @classmethod
    def _made(
        cls,
        indptr: IntArray,
        item: ItemArray,
        score: ScoreArray,
        n_categories: IntArray,
        weight: ArrayLike | None,
        group: ArrayLike | None,
        n_groups: int | None = None,
    ) -> Responses:
        persons = len(indptr) - 1
        own = np.ones(persons) if weight is None else np.array(weight, dtype=np.float64)
        if own.shape != (persons,):
            raise InvalidResponses("weight", None, f"must hold one number for each of {persons} persons")
        _refuse("weight", own, ~((own >= 0) & np.isfinite(own)), "must be finite and at least 0")
        whose = (
            np.zeros(persons, dtype=np.int64) if group is None else _whole("group", group).astype(np.int64)
        )
        if whose.shape != (persons,):
            raise InvalidResponses("group", None, f"must hold one number for each of {persons} persons")
        _refuse("group", whose, whose < 0, "must be at least 0")
        many = int(whose.max(initial=0)) + 1 if n_groups is None else n_groups
        if n_groups is None and (empty := np.flatnonzero(np.bincount(whose, minlength=many) == 0)).size:
            raise InvalidResponses("group", None, f"group {int(empty[0])} holds nobody")
        offsets = np.concatenate([[0], np.cumsum(n_categories)[:-1]]).astype(np.int32)
        codes = offsets[item] + score.astype(np.int32)
        for array in (indptr, item, score, n_categories, own, whose, codes):
            array.setflags(write=False)
        return cls(indptr, item, score, n_categories, own, whose, many, codes, [])

    @property
    def n_persons(self) -> int:
        """Number of persons, those without an answer included."""
        return len(self.indptr) - 1

    @property
    def n_items(self) -> int:
        """Number of items of the bank, those nobody saw included."""
        return len(self.n_categories)

    @property
    def n_responses(self) -> int:
        """Number of answers."""
        return len(self.codes)

    @property
    def n_codes(self) -> int:
        """Number of (item, score) pairs."""
        return int(self.n_categories.sum())

    @property
    def offsets(self) -> IntArray:
        """First code of each item, shape (n_items,)."""
        return np.concatenate([[0], np.cumsum(self.n_categories)[:-1]]).astype(np.int64)

    @property
    def counts(self) -> IntArray:
        """Number of answers of each person, shape (n_persons,)."""
        return np.diff(self.indptr)

    @property
    def complete(self) -> bool:
        """Whether everybody answered every item."""
        return self.n_responses == self.n_persons * self.n_items

    def persons(self, start: int, stop: int) -> Responses:
        """Return the persons `start` to `stop - 1`; groups keep their numbers."""
        low, high = int(self.indptr[start]), int(self.indptr[stop])
        return Responses(
            self.indptr[start : stop + 1] - low,
            self.item[low:high],
            self.score[low:high],
            self.n_categories,
            self.weight[start:stop],
            self.group[start:stop],
            self.n_groups,
            self.codes[low:high],
            [],
        )

    def parts(self, count: int) -> tuple[Responses, ...]:
        """Cut into `count` runs of persons of nearly the same size (fewer when there are fewer persons)."""
        edges = np.unique(np.linspace(0, self.n_persons, count + 1).astype(np.int64)).tolist()
        return tuple(self.persons(start, stop) for start, stop in pairwise(edges))

    def without_items(self, items: Sequence[int] | IntArray) -> Responses:
        """Drop the answers to `items`; the items keep their numbers."""
        dropped = np.zeros(self.n_items, dtype=np.bool_)
        dropped[np.asarray(items, dtype=np.int64)] = True
        kept = ~dropped[self.item]
        rows = np.repeat(np.arange(self.n_persons), self.counts)[kept]
        indptr = np.zeros(self.n_persons + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=self.n_persons), out=indptr[1:])
        arrays = (self.item[kept], self.score[kept], self.n_categories.copy())
        return Responses._made(indptr, *arrays, self.weight, self.group, self.n_groups)

    def recoded(self) -> tuple[Responses, tuple[Exclusion, ...]]:
        """Close the gaps left by scores that nobody got, and say for which items.

        Examples
        --------
        >>> answers, changes = Responses.from_wide([[0, 2], [1, 0]], n_categories=[2, 3]).recoded()
        >>> answers.score.tolist(), answers.n_categories.tolist(), changes[0].reason
        ([0, 1, 1, 0], [2, 2], 'scores never given were closed up: 1')
        """
        seen = np.bincount(self.codes, minlength=self.n_codes) > 0
        rank = np.cumsum(seen) - 1
        starts = self.offsets
        new = (rank[self.codes] - rank[starts[self.item]] - ~seen[starts[self.item]]).astype(np.int16)
        owner = np.repeat(np.arange(self.n_items), self.n_categories)
        kept = np.bincount(owner[seen], minlength=self.n_items)
        counts = np.where(kept < 2, np.where(kept == 0, self.n_categories, 2), kept).astype(np.int64)
        changes = []
        for item in np.flatnonzero((kept > 0) & (kept < self.n_categories)).tolist():
            row = seen[starts[item] : starts[item] + self.n_categories[item]]
            absent = ", ".join(map(str, np.flatnonzero(~row).tolist()))
            changes.append(Exclusion("item", item, f"scores never given were closed up: {absent}"))
        made = Responses._made(
            self.indptr.copy(), self.item.copy(), new, counts, self.weight, self.group, self.n_groups
        )
        return made, tuple(changes)

    def packed(self) -> Packed | None:
        """Answers several items at a time, made once; nothing where that is no shorter than one at a time.

        Examples
        --------
        >>> packed = Responses.from_wide([[1, 0, 1, 1], [0, 0, 1, 0]]).packed()
        >>> packed.codes.tolist(), packed.n_rows, packed.patterns[0].shape
        ([11, 2], 16, (16, 8))
        """
        if not self._packed:
            self._packed.append(_packed(self))
        return self._packed[0]

    def __reduce__(self) -> Any:
        """Travel to another process without what can be made again there."""
        fields = (
            self.indptr,
            self.item,
            self.score,
            self.n_categories,
            self.weight,
            self.group,
            self.n_groups,
        )
        return _rebuilt, fields


def _rebuilt(
    indptr: IntArray,
    item: ItemArray,
    score: ScoreArray,
    n_categories: IntArray,
    weight: FloatArray,
    group: IntArray,
    n_groups: int,
) -> Responses:
    return Responses._made(indptr, item, score, n_categories, weight, group, n_groups)


def _whole(name: str, values: ArrayLike) -> IntArray:
    """Whole numbers, or the first that is not one; of any integer type."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidResponses(name, None, f"must have one dimension, has {array.ndim}")
    if array.dtype.kind in "iub":
        return array if array.dtype.kind == "i" else array.astype(np.int64)  # narrow integers stay narrow
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidResponses(name, None, "must be whole numbers") from error
    wrong = ~np.isfinite(numbers) | (numbers != np.rint(numbers)) | (np.abs(numbers) > 2**31)
    _refuse(name, numbers, wrong, "must be a whole number")
    return numbers.astype(np.int64)


def _refuse(name: str, values: NDArray[Any], wrong: BoolArray, rule: str) -> None:
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InvalidResponses(name, at, f"{rule}, is {values[at].item()}")


def _refuse_twice(rows: IntArray, places: IntArray, n_items: int) -> None:
    start = 0
    while start < len(rows):
        stop = min(start + _ROWS, len(rows))
        stop = int(np.searchsorted(rows, rows[stop - 1], side="right"))  # whole persons; rows are in order
        keys = rows[start:stop].astype(np.int64) * n_items + places[start:stop]
        keys.sort()
        again = keys[1:] == keys[:-1]
        if again.any():
            person, item = divmod(int(keys[:-1][again][0]), n_items)
            at = int(np.flatnonzero((rows == person) & (places == item))[1])
            raise InvalidResponses("item", at, f"person {person} answered item {item} twice")
        start = stop


def _checked_counts(stated: IntArray, n_items: int) -> IntArray:
    if len(stated) != n_items:
        raise InvalidResponses("n_categories", None, f"holds {len(stated)} items, not {n_items}")
    wrong = (stated < 2) | (stated > _MOST_CATEGORIES)
    _refuse("n_categories", stated, wrong, f"must be 2 to {_MOST_CATEGORIES}")
    return stated.copy()


def _inferred(places: IntArray, given: IntArray, n_items: int) -> IntArray:
    """One more than the highest score of each item, when the scores below it all occur."""
    highest = np.zeros(n_items, dtype=np.int64)
    np.maximum.at(highest, places, given.astype(np.int64))
    if (highest >= _MOST_CATEGORIES).any():
        item = int(np.argmax(highest))
        raise InvalidResponses(
            "score", None, f"item {item} has a score of {int(highest[item])}: a missing code?"
        )
    counts = np.maximum(highest + 1, 2)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    seen = np.bincount(starts[places] + given, minlength=int(counts.sum())) > 0
    owner = np.repeat(np.arange(n_items), counts)
    level = np.arange(len(owner)) - starts[owner]
    # A right-or-wrong item that everybody got right or wrong is a constant item, which is another matter.
    gap = ~seen & (level < highest[owner]) & (highest[owner] > 1)
    if gap.any():
        at = int(np.argmax(gap))
        item, score = int(owner[at]), int(level[at])
        advice = "state n_categories, or shift or close up its scores"
        raise InvalidResponses(
            "score", None, f"item {item} has scores up to {int(highest[item])} but never {score}: {advice}"
        )
    return counts


def _packed(answers: Responses) -> Packed | None:
    """Runs of items of at most 128 patterns; nothing for sparse rows, or for fewer persons than patterns."""
    choices = answers.n_categories + (0 if answers.complete else 1)
    runs: list[list[int]] = [[]]
    size = 1
    for item, many in enumerate(choices.tolist()):
        if runs[-1] and size * many > _PATTERNS:
            runs.append([])
            size = 1
        runs[-1].append(item)
        size *= many
    if len(runs) * answers.n_persons > _SHORTER * answers.n_responses:
        return None
    stride, run_of = np.empty(answers.n_items, dtype=np.int64), np.empty(answers.n_items, dtype=np.int64)
    offsets = answers.offsets
    starts, items, patterns, row = [], [], [], 0
    for number, run in enumerate(runs):
        base = 1
        for item in reversed(run):
            stride[item], run_of[item] = base, number
            base *= int(choices[item])
        every = np.arange(base)
        codes = np.concatenate([offsets[item] + np.arange(answers.n_categories[item]) for item in run])
        held = np.hstack(
            [
                (every[:, None] // stride[item]) % choices[item] == np.arange(answers.n_categories[item])
                for item in run
            ]
        )
        starts.append(row)
        items.append(codes)
        patterns.append(held.astype(np.float64))
        row += base
    # A missing answer is the last choice: start from all missing and correct for each answer given.
    start = np.array(starts)
    if not answers.complete:
        start = start + np.bincount(run_of, stride * (choices - 1), minlength=len(runs)).astype(np.int64)
    shift = np.where(answers.complete, 0, choices - 1)
    person = np.repeat(np.arange(answers.n_persons), answers.counts)
    flat = person * len(runs) + run_of[answers.item]
    worth = stride[answers.item] * (answers.score - shift[answers.item])
    total = np.bincount(flat, worth, minlength=answers.n_persons * len(runs)).astype(np.int64)
    table = (total.reshape(-1, len(runs)) + start).astype(np.int32)
    indptr = np.arange(answers.n_persons + 1, dtype=np.int64) * len(runs)
    return Packed(table.ravel(), indptr, row, tuple(starts), tuple(items), tuple(patterns))
