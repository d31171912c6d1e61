"""Responses from a file or a data frame, checked, with every problem named by row and column.

Long (one row per answer) or wide (one row per person); CSV with comma, semicolon or tab, decimal point or comma;
Parquet; polars, pandas or anything that speaks Arrow. A Parquet file too large for memory is read in chunks of persons,
each by whoever works on it.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

from irt.errors import InvalidResponses
from irt.responses import BLOCK, Responses

Layout = Literal["auto", "long", "wide"]
Omitted = Literal["wrong", "missing"]
Source: TypeAlias = "str | Path | pl.DataFrame | Any"

PERSON, ITEM, SCORE = "person", "item", "score"
KNOWN: Final = ("person", "item", "score", "group", "weight", "position", "seconds", "response", "outcome")
METADATA: Final = b"palier"  # key of what an export says of itself
NA: Final = ("", "NA", "N/A")
OMITTED: Final = "omitted"
UNREACHED: Final = frozenset({"not_reached", "not_presented", "late"})
_MOST_SCORE: Final = 63
_BATCH: Final = 1 << 19
_HELD: Final = 2  # chunks that one process keeps: what it worked on last


class DataError(ValueError):
    """A table of responses that cannot be used; says where."""

    def __init__(self, problem: str, *, row: int | None = None, column: str | None = None) -> None:
        self.problem, self.row, self.column = problem, row, column
        where = ", ".join(
            ([] if row is None else [f"row {row}"]) + ([] if column is None else [f"column {column}"])
        )
        super().__init__(f"{where}: {problem}" if where else problem)


@dataclass(frozen=True)
class Left:
    """Something that was left out or changed on the way in, counted."""

    reason: str
    count: int
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chunk:
    """Some persons of a Parquet file, read by whoever calls it."""

    path: str
    start: int  # row
    rows: int
    items: tuple[str, ...]
    n_categories: tuple[int, ...]
    groups: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]  # our name, theirs
    omitted: Omitted

    def __call__(self) -> Responses:
        """The responses of these persons."""
        return _held(self)[0]

    def persons(self) -> list[str]:
        """Their identifiers, in the order of the responses."""
        return _held(self)[1]


@dataclass(frozen=True, eq=False)
class Data:
    """Responses that passed every check.

    `parts` is what calibration reads: one set of responses, or one loader for each chunk. `frame` holds the answers in
    the order of `parts`, with whatever else the source knew of them; None when the source is read in chunks.
    """

    items: tuple[str, ...]
    groups: tuple[str, ...]  # the reference first; empty when there are none
    n_categories: tuple[int, ...]
    parts: tuple[Responses | Chunk, ...]
    left: tuple[Left, ...]
    content_hash: str
    source: str
    frame: pl.DataFrame | None
    known_persons: tuple[str, ...] = field(default=(), repr=False)
    metadata: Mapping[str, Any] = field(default_factory=dict)  # what the file says of itself

    @cached_property
    def responses(self) -> Responses:
        """Everything at once; of chunks it is put together first."""
        first = self.parts[0]
        if isinstance(first, Responses) and len(self.parts) == 1:
            return first
        found = [part if isinstance(part, Responses) else part() for part in self.parts]
        counts = np.concatenate([one.counts for one in found])
        return Responses.from_long(
            np.repeat(np.arange(len(counts)), counts),
            np.concatenate([one.item for one in found]),
            np.concatenate([one.score for one in found]),
            n_categories=np.array(self.n_categories),
            n_persons=len(counts),
            weight=np.concatenate([one.weight for one in found]),
            group=np.concatenate([one.group for one in found]),
        )

    @cached_property
    def persons(self) -> tuple[str, ...]:
        """Identifier of each person, in the order of the responses."""
        if self.known_persons:
            return self.known_persons
        return tuple(name for part in self.parts if isinstance(part, Chunk) for name in part.persons())

    @property
    def chunked(self) -> bool:
        """Whether the source is read in chunks."""
        return isinstance(self.parts[0], Chunk)

    def cut(self, count: int) -> Data:
        """The same in at least `count` parts, for as many workers."""
        if self.chunked or len(self.parts) >= count:
            return self
        found = self.responses
        edges = _edges(found.n_persons, count)
        return replace(
            self,
            parts=tuple(found.persons(start, stop) for start, stop in itertools.pairwise(edges)),
        )

    def of_persons(self, column: str) -> list[str | None]:
        """A column that holds one value for each person, as text.

        Raises
        ------
        DataError
            No such column, or a person with two values.
        """
        frame = self.frame
        if frame is None:
            raise DataError("this needs the responses in memory: calibrate without --chunks", column=column)
        if column not in frame.columns:
            known = ", ".join(name for name in frame.columns if name not in (PERSON, ITEM, SCORE))
            raise DataError(f"there is no such column; there are: {known or 'none'}", column=column)
        found = frame.group_by(PERSON, maintain_order=True).agg(
            pl.col(column).first().cast(pl.String), pl.col(column).n_unique().alias("_many")
        )
        many = found.filter(pl.col("_many") > 1)
        if len(many):
            raise DataError(f"person {many[PERSON][0]} has more than one value", column=column)
        values = dict(zip(found[PERSON].to_list(), found[column].to_list(), strict=True))
        return [values.get(person) for person in self.persons]


def _edges(n_persons: int, count: int) -> list[int]:
    """Persons at which to cut: whole blocks of the E-step, so that sums are the same however many parts there are."""
    even = np.rint(np.linspace(0, n_persons, count + 1)[1:-1] / BLOCK).astype(np.int64) * BLOCK
    return [0, *(edge for edge in np.unique(even).tolist() if 0 < edge < n_persons), n_persons]


def read(
    data: Source,
    *,
    layout: Layout = "auto",
    columns: Mapping[str, str] | None = None,
    items: Sequence[str] | None = None,
    keep: Sequence[str] = (),
    group: str | None = None,
    reference: str | None = None,
    na: Iterable[str] = NA,
    omitted_codes: Iterable[str] = (),
    omitted: Omitted = "wrong",
    recode: bool = False,
    n_categories: Mapping[str, int] | None = None,
    chunks: int = 1,
) -> Data:
    """Read and check responses.

    Parameters
    ----------
    data : path, or a data frame of polars, pandas or Arrow
    layout : {"auto", "long", "wide"}
        Long if there are columns for person, item and score.
    columns : mapping, optional
        Their names for `person`, `item`, `score`, `group`, `weight`, `position`, `seconds`, `response`, `outcome`.
    items : sequence of str, optional
        The items there are; anything else in a long table is an unknown item, any other column of a wide one is none.
    keep : sequence of str
        Columns of a wide table that are not items but facts about persons.
    group, reference : str, optional
        Column of groups; which value is the reference group (the first in alphabetical order if absent).
    na : iterable of str
        What stands for no answer; 9 or 99 only if named here.
    omitted_codes : iterable of str
        What stands for a question that was seen and left open.
    omitted : {"wrong", "missing"}
        What an omitted answer counts as. A question that was not reached is missing in any case.
    recode : bool
        Close up the scores that nobody got, such as 1 to 4 to 0 to 3.
    n_categories : mapping, optional
        Number of scores of items, by item.
    chunks : int
        Read a long Parquet file, sorted by person, in so many parts, so that memory is bounded by one.

    Raises
    ------
    DataError
        Naming row and column: not a number, an impossible score, an unknown item, a duplicate answer, mixed encodings.

    Examples
    --------
    >>> table = pl.DataFrame({"person": ["p", "p", "q"], "item": ["i", "j", "i"], "score": [1, 0, 0]})
    >>> found = read(table)
    >>> found.items, found.responses.n_persons
    (('i', 'j'), 2)
    """
    names = {name: name for name in KNOWN} | dict(columns or {})
    if group is not None:
        names["group"] = group
    if unknown := sorted(set(names) - set(KNOWN)):
        raise DataError(f"columns may be mapped for {', '.join(KNOWN)}, not for {unknown[0]}")
    if chunks > 1:
        return _in_chunks(data, chunks, names, items, reference, omitted, n_categories, group is not None)
    frame, first_row, source = _loaded(data)
    absent = {text.strip() for text in na}
    blank = {text.strip() for text in omitted_codes}
    long = all(names[name] in frame.columns for name in (PERSON, ITEM, SCORE))
    if layout == "long" and not long:
        missing = next(names[name] for name in (PERSON, ITEM, SCORE) if names[name] not in frame.columns)
        raise DataError("a long table needs this column", column=missing)
    if group is not None and group not in frame.columns:
        raise DataError("there is no such column", column=group)
    if layout == "wide" or not long:
        answers, people = _from_wide(frame, names, items, [*keep], group, first_row)
    else:
        answers, people = _from_long(frame, names, items, first_row)
    answers, left = _scored(answers, absent, blank, omitted)
    _refuse_duplicates(answers)
    known = tuple(items) if items is not None else _items(answers, layout == "wide" or not long)
    if not len(answers):
        raise DataError("there is no answer in it")
    found = _put_together(
        answers, people, known, names, reference, recode, _stated(answers, n_categories), left, source
    )
    return replace(found, metadata=_metadata(data))


def _stated(answers: pl.DataFrame, n_categories: Mapping[str, int] | None) -> dict[str, int]:
    """Number of scores of items, as said or as a column `maximum` tells."""
    if "maximum" not in answers.columns:
        return dict(n_categories or {})
    most = answers.group_by(ITEM).agg(pl.col("maximum").cast(pl.Int64, strict=False).max()).drop_nulls()
    return {item: top + 1 for item, top in most.iter_rows()} | dict(n_categories or {})


def _metadata(data: Source) -> dict[str, Any]:
    if isinstance(data, (str, Path)) and Path(data).suffix in (".parquet", ".pq"):
        stored = (pq.read_schema(Path(data)).metadata or {}).get(METADATA)
        if stored is not None:
            return dict(json.loads(stored))
    return {}


# Getting at the table


def _loaded(data: Source) -> tuple[pl.DataFrame, int, str]:
    """The table, the number of its first row as its reader counts, and what to call it."""
    if isinstance(data, pl.LazyFrame):
        data = data.collect()
    if isinstance(data, pl.DataFrame):
        return data, 1, "data frame"
    if isinstance(data, (str, Path)):
        path = Path(data)
        if not path.is_file():
            raise DataError(f"there is no file {path}")
        if path.suffix in (".parquet", ".pq"):
            return pl.read_parquet(path), 1, path.name
        return _csv(path), 2, path.name
    if hasattr(data, "__arrow_c_stream__"):
        return pl.DataFrame(data), 1, "data frame"
    if hasattr(data, "__dataframe__"):
        return pl.from_dataframe(data), 1, "data frame"
    raise DataError(f"a path or a data frame is expected, this is {type(data).__name__}")


def _csv(path: Path) -> pl.DataFrame:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    text = _decoded(raw)
    head = text.split("\n", 1)[0]
    separator = max(";\t,", key=head.count)
    try:
        frame = pl.read_csv(text.encode(), separator=separator, infer_schema=False)
    except (pl.exceptions.ComputeError, pl.exceptions.NoDataError) as error:
        raise DataError(f"not a table: {str(error).splitlines()[0]}") from None
    return frame.rename({name: name.strip() for name in frame.columns})


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    lines = raw.split(b"\n")
    broken = [number for number, line in enumerate(lines, start=1) if not _is_utf8(line)]
    proper = [
        number
        for number, line in enumerate(lines, start=1)
        if _is_utf8(line) and any(byte > 127 for byte in line)
    ]
    if proper:
        raise DataError(
            f"mixed encodings: UTF-8 in row {proper[0]}, another one here; save the file again as UTF-8",
            row=broken[0],
        )
    return raw.decode("cp1252", errors="replace")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


# From both layouts to one: _row, _column, person, item, _text (or _score), and what else is known of an answer


def _from_long(
    frame: pl.DataFrame, names: Mapping[str, str], items: Sequence[str] | None, first_row: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    theirs = {names[name]: name for name in KNOWN if names[name] in frame.columns}
    clashes = [
        name for name in frame.columns if name in KNOWN and theirs.get(name) != name and name not in theirs
    ]
    frame = (
        frame.drop(clashes)
        .with_row_index("_row", offset=first_row)
        .rename({old: new for old, new in theirs.items() if old != new})
    )
    for name in (PERSON, ITEM):
        text = frame[name].cast(pl.String)
        if (where := _first(text.is_null() | (text.str.strip_chars() == ""))) is not None:
            raise DataError("is empty", row=first_row + where, column=names[name])
    frame = frame.with_columns(
        pl.col(PERSON, ITEM).cast(pl.String).str.strip_chars(), pl.lit(names[SCORE]).alias("_column")
    )
    if items is not None:
        strange = frame.filter(~pl.col(ITEM).is_in(list(items)))
        if len(strange):
            raise DataError(
                f"unknown item {strange[ITEM][0]}", row=int(strange["_row"][0]), column=names[ITEM]
            )
    people = frame.select(PERSON).unique(maintain_order=True)
    return frame.rename({SCORE: "_text"}), people


def _from_wide(
    frame: pl.DataFrame,
    names: Mapping[str, str],
    items: Sequence[str] | None,
    keep: list[str],
    group: str | None,
    first_row: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    about = [names[name] for name in ("person", "group", "weight") if names[name] in frame.columns]
    about += [name for name in keep if name not in about]
    for name in keep:
        if name not in frame.columns:
            raise DataError("there is no such column", column=name)
    if items is None:
        questions = [name for name in frame.columns if name not in about]
    else:
        questions = list(items)
        if absent := [name for name in questions if name not in frame.columns]:
            raise DataError("there is no such column", column=absent[0])
        about += [name for name in frame.columns if name not in about and name not in questions]
    if not questions:
        raise DataError("there is no column of an item")
    table = frame.with_row_index("_row", offset=first_row)
    if names[PERSON] in frame.columns:
        persons = table[names[PERSON]].cast(pl.String)
        again = _first(persons.is_duplicated())
        if again is not None:
            second = int(np.flatnonzero((persons == persons[again]).to_numpy())[1])
            raise DataError(
                f"person {persons[again]} has a row already", row=first_row + second, column=names[PERSON]
            )
    else:
        persons = (table["_row"] - first_row + 1).cast(pl.String)
    facts = {names[name]: name for name in ("group", "weight") if names[name] in about}
    table = table.with_columns(persons.alias("_person"))
    people = table.select(pl.col("_person").alias(PERSON))
    kept = [name for name in about if name != names[PERSON]]
    parts = [
        table.select(
            "_row",
            pl.lit(question).alias("_column"),
            pl.col("_person").alias(PERSON),
            pl.lit(question).alias(ITEM),
            pl.col(question).alias("_text"),
            *(pl.col(name).alias(facts.get(name, name)) for name in kept),
        )
        for question in questions
    ]
    if len({str(part["_text"].dtype) for part in parts}) > 1:
        parts = [part.with_columns(pl.col("_text").cast(pl.String)) for part in parts]
    return pl.concat(parts), people


def _scored(
    answers: pl.DataFrame, absent: set[str], blank: set[str], omitted: Omitted
) -> tuple[pl.DataFrame, list[Left]]:
    left = []
    text = answers["_text"]
    if text.dtype.is_numeric() or text.dtype == pl.Boolean:
        number = text.cast(pl.Float64)
        gone = number.is_null() | number.is_nan()
        # a code such as 9 names a value also where the column holds numbers
        for codes, mark in ((absent, "gone"), (blank, "blank")):
            values = [float(code) for code in codes if _number(code) is not None]
            hit = number.is_in(values).fill_null(False)
            if mark == "gone":
                gone = gone | hit
            else:
                open_ = hit
    else:
        plain = text.cast(pl.String).fill_null("").str.strip_chars()
        gone = plain.is_in(list(absent | {""}))
        open_ = plain.is_in(list(blank)) if blank else pl.Series(np.zeros(len(plain), dtype=np.bool_))
        number = plain.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        wrong = number.is_null() & ~gone & ~open_
        if (where := _first(wrong)) is not None:
            raise _at(
                answers,
                where,
                f"“{plain[where]}” is not a score: a code for no answer, or a column that is no item?",
            )
    if "outcome" in answers.columns:
        outcome = answers["outcome"].cast(pl.String).fill_null("")
        open_ = open_ | (outcome == OMITTED)
        gone = (gone | outcome.is_in(list(UNREACHED))) & ~open_
    score = pl.select(
        pl.when(open_)
        .then(pl.lit(0.0) if omitted == "wrong" else pl.lit(None, dtype=pl.Float64))
        .when(gone)
        .then(None)
        .otherwise(number)
    ).to_series()
    wrong = (
        score.is_not_null() & ((score < 0) | (score > _MOST_SCORE) | (score != score.round()))
    ).fill_null(False)
    if (where := _first(wrong)) is not None:
        raise _at(
            answers,
            where,
            f"impossible score {score[where]:g}: whole numbers from 0 to {_MOST_SCORE} are possible",
        )
    if count := int(open_.sum()):
        left.append(Left(f"omitted answers counted as {omitted}", count))
    answers = answers.with_columns(score.cast(pl.Int16).alias(SCORE)).drop("_text")
    return answers.filter(pl.col(SCORE).is_not_null()), left


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _at(answers: pl.DataFrame, where: int, problem: str) -> DataError:
    return DataError(problem, row=int(answers["_row"][where]), column=str(answers["_column"][where]))


def _first(wrong: pl.Series) -> int | None:
    found = wrong.arg_true()
    return int(found[0]) if len(found) else None


def _refuse_duplicates(answers: pl.DataFrame) -> None:
    again = ~answers.select(pl.struct(PERSON, ITEM).is_first_distinct().alias("_first"))["_first"]
    if (where := _first(again)) is not None:
        raise _at(
            answers,
            where,
            f"duplicate answer: person {answers[PERSON][where]} answered {answers[ITEM][where]} before",
        )


def _items(answers: pl.DataFrame, wide: bool) -> tuple[str, ...]:
    found = answers[ITEM].unique(maintain_order=True).to_list()
    return tuple(found if wide else sorted(found))


def _put_together(
    answers: pl.DataFrame,
    people: pl.DataFrame,
    items: tuple[str, ...],
    names: Mapping[str, str],
    reference: str | None,
    recode: bool,
    n_categories: Mapping[str, int] | None,
    left: list[Left],
    source: str,
) -> Data:
    answered = answers[PERSON].unique()
    kept = people.filter(pl.col(PERSON).is_in(answered.implode()))[PERSON]
    if without := len(people) - len(kept):
        left.append(Left("persons without an answer", without))
    place = pl.DataFrame({PERSON: kept, "_person": np.arange(len(kept))})
    answers = answers.join(place, on=PERSON, how="left", maintain_order="left")
    by = ["_person", "position"] if "position" in answers.columns else ["_person"]
    if "position" in answers.columns:
        answers = answers.with_columns(_numbers(answers, "position", names).cast(pl.Int32))
    answers = answers.sort(by, maintain_order=True)
    index = answers[ITEM].cast(pl.Enum(items)).to_physical().to_numpy().astype(np.int64)
    score = answers[SCORE].to_numpy().astype(np.int64)
    counts = _categories(items, index, score, n_categories, recode)
    persons = answers["_person"].to_numpy()
    starts = np.searchsorted(persons, np.arange(len(kept)))
    weight = None
    if "weight" in answers.columns:
        answers = answers.with_columns(_numbers(answers, "weight", names))
        weight = answers["weight"].to_numpy()[starts]
    groups: tuple[str, ...] = ()
    own: NDArray[np.int64] | None = None
    if "group" in answers.columns:
        text = answers["group"].cast(pl.String).str.strip_chars()
        if (where := _first(text.is_null() | (text == ""))) is not None:
            raise DataError("has no group", row=int(answers["_row"][where]), column=names["group"])
        answers = answers.with_columns(text.alias("group"))
        groups = _group_names(text.unique().to_list(), reference, names["group"])
        codes = text.cast(pl.Enum(groups)).to_physical().to_numpy().astype(np.int64)
        own = codes[starts]
        other = codes != own[persons]
        if other.any():
            at = int(np.argmax(other))
            raise DataError(
                f"person {answers[PERSON][at]} is in two groups",
                row=int(answers["_row"][at]),
                column=names["group"],
            )
    try:
        responses = Responses.from_long(
            persons, index, score, n_categories=counts, n_persons=len(kept), weight=weight, group=own
        )
        if recode:
            responses, changes = responses.recoded()
            left += [Left(change.reason, 1, (items[change.number],)) for change in changes]
    except InvalidResponses as error:
        raise DataError(str(error)) from None
    kept_columns = [name for name in answers.columns if name not in ("_row", "_column", "_person")]
    frame = answers.select(kept_columns).with_columns(pl.Series(SCORE, responses.score.astype(np.int16)))
    return Data(
        items=items,
        groups=groups,
        n_categories=tuple(responses.n_categories.tolist()),
        parts=(responses,),
        left=tuple(left),
        content_hash=_hash(items, groups, responses, kept.to_list()),
        source=source,
        frame=frame,
        known_persons=tuple(kept.to_list()),
    )


def _numbers(answers: pl.DataFrame, name: str, names: Mapping[str, str]) -> pl.Series:
    column = answers[name]
    if column.dtype == pl.String:
        found = column.str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    else:
        found = column.cast(pl.Float64)
    wrong = found.is_null() | found.is_nan() | (found < 0)
    if (where := _first(wrong)) is not None:
        raise DataError("must be a number, at least 0", row=int(answers["_row"][where]), column=names[name])
    return found.alias(name)


def _group_names(found: Iterable[str | None], reference: str | None, column: str) -> tuple[str, ...]:
    names = sorted(name for name in found if name is not None)
    if reference is None:
        return tuple(names)
    if reference not in names:
        raise DataError(f"there is no group {reference}; there are {', '.join(names)}", column=column)
    return (reference, *(name for name in names if name != reference))


def _categories(
    items: tuple[str, ...],
    index: NDArray[np.int64],
    score: NDArray[np.int64],
    stated: Mapping[str, int] | None,
    recode: bool,
) -> NDArray[np.int64]:
    highest = np.zeros(len(items), dtype=np.int64)
    np.maximum.at(highest, index, score)
    counts = np.maximum(highest + 1, 2)
    for place, item in enumerate(items):
        if stated is not None and item in stated:
            if highest[place] >= stated[item]:
                raise DataError(
                    f"impossible score {highest[place]}: the item is scored 0 to {stated[item] - 1}",
                    column=item,
                )
            counts[place] = stated[item]
    if not recode:
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        seen = np.bincount(starts[index] + score, minlength=int(counts.sum())) > 0
        for place in np.flatnonzero(highest > 1).tolist():
            own = seen[starts[place] : starts[place] + highest[place]]
            if not own.all() and not (stated is not None and items[place] in stated):
                raise DataError(
                    f"has scores up to {highest[place]} but never {int(np.argmin(own))}: "
                    "say --recode to close them up, or state how many scores it has",
                    column=items[place],
                )
    return counts


def _hash(items: tuple[str, ...], groups: tuple[str, ...], responses: Responses, persons: list[str]) -> str:
    digest = hashlib.sha256()
    for words in (items, groups, persons):
        digest.update("\x1f".join(words).encode() + b"\x1e")
    for array in (responses.indptr, responses.item, responses.score, responses.weight, responses.group):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


# Chunks


def _in_chunks(
    data: Source,
    chunks: int,
    names: Mapping[str, str],
    items: Sequence[str] | None,
    reference: str | None,
    omitted: Omitted,
    n_categories: Mapping[str, int] | None,
    grouped: bool,
) -> Data:
    path = Path(data) if isinstance(data, (str, Path)) else Path()
    if path.suffix not in (".parquet", ".pq"):
        raise DataError("only a Parquet file can be read in chunks")
    schema = pq.read_schema(path)
    for name in (PERSON, ITEM, SCORE, *(["group"] if grouped else [])):
        if names[name] not in schema.names:
            raise DataError("a long table needs this column", column=names[name])
    some = [name for name in ("group", "weight", "outcome") if names[name] in schema.names]
    if not grouped and "group" in some:
        some.remove("group")
    columns = tuple((name, names[name]) for name in (PERSON, ITEM, SCORE, *some))
    found = _surveyed(path, columns, omitted)
    known = tuple(items) if items is not None else tuple(sorted(found.highest))
    if strange := sorted(set(found.highest) - set(known)):
        raise DataError(f"unknown item {strange[0]}", column=names[ITEM])
    counts = tuple((n_categories or {}).get(item, max(found.highest.get(item, 0) + 1, 2)) for item in known)
    groups = _group_names(found.groups, reference, names["group"]) if found.groups else ()
    starts = [*found.starts, found.rows]
    edges = [starts[person] for person in _edges(len(found.starts), chunks)]
    parts = tuple(
        Chunk(str(path.resolve()), start, stop - start, known, counts, groups, columns, omitted)
        for start, stop in itertools.pairwise(edges)
    )
    with path.open("rb") as stream:
        content_hash = hashlib.file_digest(stream, "sha256").hexdigest()
    return Data(known, groups, counts, parts, (), content_hash, path.name, None, metadata=_metadata(data))


class _Surveyed(NamedTuple):
    highest: dict[str, int]
    groups: set[str]
    starts: list[int]  # row of the first answer of each person
    rows: int


def _surveyed(path: Path, columns: tuple[tuple[str, str], ...], omitted: Omitted) -> _Surveyed:
    """One pass over the file: items with their highest score, groups, and where each person begins."""
    highest: dict[str, int] = {}
    groups: set[str] = set()
    starts: list[int] = []
    seen: set[int] = set()
    last, rows = None, 0
    for batch in pq.ParquetFile(path).iter_batches(_BATCH, columns=[theirs for _, theirs in columns]):
        frame = pl.DataFrame(batch).rename({theirs: ours for ours, theirs in columns})
        persons = frame[PERSON].cast(pl.String)
        first = (persons != persons.shift(1)).fill_null(True)
        if len(persons) and persons[0] == last:
            first[0] = False
        begins = first.arg_true().to_list()
        for place, key in zip(begins, persons.gather(begins).hash(1).to_list(), strict=True):
            if key in seen:
                raise DataError(
                    "a file read in chunks must be sorted by person; this one comes back",
                    row=rows + place + 1,
                    column=dict(columns)[PERSON],
                )
            seen.add(key)
            starts.append(rows + place)
        scored = frame.filter(pl.col(SCORE).is_not_null())
        for item, top, low in (
            scored.group_by(ITEM).agg(pl.col(SCORE).max(), pl.col(SCORE).min().alias("_low")).iter_rows()
        ):
            if low < 0 or top > _MOST_SCORE:
                raise DataError(
                    f"item {item} has the impossible score {low if low < 0 else top}",
                    column=dict(columns)[SCORE],
                )
            highest[str(item)] = max(highest.get(str(item), 0), int(top))
        if "group" in frame.columns:
            groups |= set(frame["group"].cast(pl.String).drop_nulls().unique().to_list())
        last, rows = persons[-1], rows + len(frame)
    return _Surveyed(highest, groups, starts, rows)


@lru_cache(maxsize=_HELD)
def _held(chunk: Chunk) -> tuple[Responses, list[str]]:
    frame = (
        pl.scan_parquet(chunk.path)
        .select(theirs for _, theirs in chunk.columns)
        .slice(chunk.start, chunk.rows)
        .collect()
        .rename({theirs: ours for ours, theirs in chunk.columns})
    )
    frame = frame.with_columns(pl.col(PERSON, ITEM).cast(pl.String)).with_row_index(
        "_row", offset=chunk.start + 1
    )
    frame = frame.with_columns(pl.lit(dict(chunk.columns)[SCORE]).alias("_column")).rename({SCORE: "_text"})
    answers, _ = _scored(frame, set(), set(), chunk.omitted)
    _refuse_duplicates(answers)
    persons = answers[PERSON].unique(maintain_order=True)
    own = answers[PERSON].rle_id().to_numpy().astype(np.int64)
    first = np.searchsorted(own, np.arange(len(persons)))
    weight = answers["weight"].cast(pl.Float64).to_numpy()[first] if "weight" in answers.columns else None
    group = None
    if chunk.groups:
        named = answers["group"].cast(pl.String).cast(pl.Enum(chunk.groups)).to_physical()
        group = named.to_numpy().astype(np.int64)[first]
    indptr = np.append(first, len(answers)).astype(np.int64)
    made = Responses._made(
        indptr,
        answers[ITEM].cast(pl.Enum(chunk.items)).to_physical().to_numpy().astype(np.int32),
        answers[SCORE].to_numpy().astype(np.int16),
        np.array(chunk.n_categories, dtype=np.int64),
        weight,
        group,
        max(len(chunk.groups), 1),
    )
    return made, persons.to_list()
