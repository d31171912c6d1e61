"""Parameters of items by name, and their tables in and out: a and b, slope and intercept, those of R's mirt.

Inside, D = 1. A table on the normal metric (D = 1.702) is multiplied in and divided out here and nowhere else.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import polars as pl
from scipy.linalg import block_diag

from app.calibration.frames import DataError
from irt.errors import InvalidParameters
from irt.types import (
    FloatArray,
    GradedParameters,
    ItemParameters,
    MixedParameters,
    NominalParameters,
    OneModel,
    Parameters,
)
from item_bank.release import Release

Form = Literal["auto", "ab", "slope-intercept", "mirt"]
FORMS: Final = ("auto", "ab", "slope-intercept", "mirt")

LOGISTIC: Final = ("rasch", "1pl", "2pl", "3pl", "4pl")
DIVIDED: Final = ("pcm", "gpcm", "rsm")
GRADED: Final = "grm"
NOMINAL: Final = "nrm"
MODELS: Final = (*LOGISTIC, GRADED, *DIVIDED, NOMINAL)


@dataclass(frozen=True)
class OneItem:
    """Parameters of one item, D = 1."""

    item: str
    model: str
    a: float = np.nan
    b: tuple[float, ...] = ()  # difficulty, thresholds or steps
    c: float = 0.0
    d: float = 1.0
    slopes: tuple[float, ...] = ()  # of a nominal item, by score
    intercepts: tuple[float, ...] = ()

    @property
    def n_categories(self) -> int:
        """Number of scores."""
        return len(self.slopes) if self.model == NOMINAL else len(self.b) + 1


@dataclass(frozen=True, eq=False)
class Bank:
    """Parameters of named items, and the covariance of each item's where it is known.

    A block of `covariance` is in the order of `irt.linking.parameter_vector` of that item alone.
    """

    items: tuple[str, ...]
    rows: tuple[OneItem, ...]
    covariance: Mapping[str, FloatArray] | None
    name: str

    @classmethod
    def of(
        cls, rows: Sequence[OneItem], covariance: Mapping[str, FloatArray] | None = None, *, name: str = ""
    ) -> Bank:
        """From rows of any models."""
        return cls(tuple(row.item for row in rows), tuple(rows), covariance, name)

    def take(self, items: Sequence[str]) -> Bank:
        """The bank of some items, in that order."""
        place = dict(zip(self.items, self.rows, strict=True))
        return Bank(tuple(items), tuple(place[item] for item in items), self.covariance, self.name)

    @property
    def parameters(self) -> Parameters:
        """What the mathematics reads: of one model, or of several in the order logistic, graded, nominal."""
        return _parameters(self.rows)

    def joint_covariance(self) -> FloatArray | None:
        """Of `irt.linking.parameter_vector(self.parameters)`, block-diagonal; None where an item's is not known."""
        if self.covariance is None:
            return None
        blocks = []
        for kind in (LOGISTIC, (GRADED,), (*DIVIDED, NOMINAL)):
            for row in self.rows:
                if row.model in kind:
                    block = self.covariance.get(row.item)
                    if block is None or not np.isfinite(block).all():
                        return None
                    blocks.append(block)
        return np.asarray(block_diag(*blocks), dtype=np.float64)


def _parameters(rows: Sequence[OneItem]) -> Parameters:
    parts: list[OneModel] = []
    places: list[list[int]] = []
    try:
        own = [(place, row) for place, row in enumerate(rows) if row.model in LOGISTIC]
        if own:
            parts.append(
                ItemParameters(
                    [row.a for _, row in own],
                    [row.b[0] for _, row in own],
                    [row.c for _, row in own],
                    [row.d for _, row in own],
                )
            )
            places.append([place for place, _ in own])
        own = [(place, row) for place, row in enumerate(rows) if row.model == GRADED]
        if own:
            parts.append(GradedParameters([row.a for _, row in own], [row.b for _, row in own]))
            places.append([place for place, _ in own])
        own = [(place, row) for place, row in enumerate(rows) if row.model in (*DIVIDED, NOMINAL)]
        if own:
            both = [_nominal(row) for _, row in own]
            parts.append(NominalParameters([one[0] for one in both], [one[1] for one in both]))
            places.append([place for place, _ in own])
    except InvalidParameters as error:
        where = own[error.index][1].item if error.index is not None else ""
        raise DataError(f"{error.argument} {error.problem}", column=where or None) from None
    if not parts:
        raise DataError("there is no item in it")
    return parts[0] if len(parts) == 1 else MixedParameters(parts, places)


def _nominal(row: OneItem) -> tuple[list[float], list[float]]:
    if row.model == NOMINAL:
        return list(row.slopes), list(row.intercepts)
    steps = np.concatenate([[0.0], np.cumsum(row.b)])
    return (row.a * np.arange(len(steps))).tolist(), (-row.a * steps).tolist()


def rows_of(
    items: Sequence[str], parameters: Parameters, models: Sequence[str] | None = None
) -> list[OneItem]:
    """Rows of parameters the mathematics holds; items of no declared model are 4PL, graded or nominal."""
    if isinstance(parameters, MixedParameters):
        found: dict[int, OneItem] = {}
        for part, place in zip(parameters.parts, parameters.positions, strict=True):
            own = [items[index] for index in place.tolist()]
            named = None if models is None else [models[index] for index in place.tolist()]
            found.update(zip(place.tolist(), rows_of(own, part, named), strict=True))
        return [found[index] for index in range(len(items))]
    match parameters:
        case ItemParameters(a=a, b=b, c=c, d=d):
            table = np.stack([a, b, c, d], axis=1).tolist()
            return [
                OneItem(
                    item,
                    _logistic_name(row) if models is None else models[place],
                    row[0],
                    (row[1],),
                    *row[2:],
                )
                for place, (item, row) in enumerate(zip(items, table, strict=True))
            ]
        case GradedParameters(a=a, thresholds=thresholds):
            return [
                OneItem(item, GRADED, float(a[place]), tuple(row[~np.isnan(row)].tolist()))
                for place, (item, row) in enumerate(zip(items, thresholds, strict=True))
            ]
    rows = []
    for index, item in enumerate(items):
        slope, intercept = (
            row[index][~np.isnan(row[index])] for row in (parameters.slopes, parameters.intercepts)
        )
        steps = np.diff(slope)
        declared = None if models is None else models[index]
        if declared in DIVIDED or (declared is None and np.allclose(steps, steps[0]) and steps[0] > 0):
            location = tuple((-np.diff(intercept) / steps[0]).tolist())
            rows.append(OneItem(item, declared or "gpcm", float(steps[0]), location))
        else:
            rows.append(
                OneItem(item, NOMINAL, slopes=tuple(slope.tolist()), intercepts=tuple(intercept.tolist()))
            )
    return rows


def _logistic_name(row: list[float]) -> str:
    return "4pl" if row[3] < 1 else "3pl" if row[2] > 0 else "2pl"


# Tables


def read_parameters(path: str | Path, *, form: Form = "auto", scaling: float = 1.0) -> Bank:
    """Read a table of parameters, one row per item.

    Parameters
    ----------
    path : path of a CSV file
        `item` (or a first column without a name), then `a`, `b` (or `b1`, `b2`...), `c` (or `g`), `d` (or `u`); or
        slopes and intercepts: `a` or `a1` with `d` (or `d1`, `d2`...), which with `g` and `u` is what mirt's
        `coef(simplify = TRUE)` writes, `ak0`, `ak1`... for its partial credit and nominal items. A column `model`
        (or `class`) tells graded from partial credit; without it thresholds are those of graded items, `ak` of
        partial credit ones.
    form : {"auto", "ab", "slope-intercept", "mirt"}
        What `d` means: an asymptote of a table with b, an intercept of the others.
    scaling : float
        D of the table: 1, or 1.702 for the normal metric.

    Raises
    ------
    DataError
        Naming row and column.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{file.name} is not UTF-8") from None
    separator = max(";\t,", key=text.split("\n", 1)[0].count)
    table = list(csv.DictReader(text.splitlines(), delimiter=separator))
    if not table:
        raise DataError(f"{file.name} holds no row")
    columns = list(table[0])
    key = next((name for name in ("item", "name", "") if name in columns), columns[0])
    with_b = any(re.fullmatch(r"b\d*", name) for name in columns)
    chosen = (
        ("ab" if with_b else "slope-intercept")
        if form == "auto"
        else "slope-intercept"
        if form == "mirt"
        else form
    )
    rows = []
    for number, cells in enumerate(table, start=2):
        values = {name: _value(cell, number, name) for name, cell in cells.items() if _is_parameter(name)}
        known = {name: value for name, value in values.items() if not np.isnan(value)}
        model = (cells.get("model") or cells.get("class") or "").strip().lower()
        item = (cells.get(key) or "").strip()
        if not item:
            raise DataError("an item has no name", row=number, column=key or "1")
        make = _from_ab if chosen == "ab" else _from_slopes
        rows.append(make(item, _MIRT_NAMES.get(model, model), known, scaling, number))
    twice = [row.item for place, row in enumerate(rows) if row.item in {one.item for one in rows[:place]}]
    if twice:
        raise DataError(f"item {twice[0]} stands there twice", column=key)
    bank = Bank.of(rows, name=file.name)
    _ = bank.parameters  # what is out of range is told here
    return bank


_MIRT_NAMES: Final = {"dich": "", "graded": GRADED, "nominal": NOMINAL, "gpcmirt": "gpcm"}


def _is_parameter(name: str | None) -> bool:
    return (
        name is not None
        and re.fullmatch(r"a1?|b\d*|c|d\d*|g|u|guessing|ak\d+|upper_asymptote", name) is not None
    )


def _value(cell: str | None, row: int, column: str) -> float:
    text = (cell or "").strip().replace(",", ".")
    if text in ("", "NA"):
        return np.nan
    try:
        return float(text)
    except ValueError:
        raise DataError(f"“{text}” is not a number", row=row, column=column) from None


def _numbered(values: Mapping[str, float], letter: str) -> list[float]:
    found = sorted(
        (int(name[len(letter) :]), value)
        for name, value in values.items()
        if re.fullmatch(rf"{letter}\d+", name)
    )
    return [value for _, value in found]


def _from_ab(item: str, model: str, values: Mapping[str, float], scaling: float, row: int) -> OneItem:
    if "a" not in values:
        raise DataError("has no discrimination", row=row, column="a")
    a = values["a"] * scaling
    steps = _numbered(values, "b")
    if steps and not (len(steps) == 1 and not model):
        if "b" in values:
            raise DataError("has b and thresholds", row=row, column="b")
        return OneItem(item, model or GRADED, a, tuple(steps))
    if "b" not in values and not steps:
        raise DataError("has no difficulty", row=row, column="b")
    c = values.get("c", values.get("g", values.get("guessing", 0.0)))
    d = values.get("d", values.get("u", values.get("upper_asymptote", 1.0)))
    place = values.get("b", steps[0] if steps else np.nan)
    return OneItem(item, model or _logistic_name([a, 0, c, d]), a, (place,), c, d)


def _from_slopes(item: str, model: str, values: Mapping[str, float], scaling: float, row: int) -> OneItem:
    a = values.get("a1", values.get("a"))
    if a is None:
        raise DataError("has no slope", row=row, column="a1")
    a *= scaling
    scores, intercepts = _numbered(values, "ak"), [value * scaling for value in _numbered(values, "d")]
    if scores:
        if model == NOMINAL or (not model and not np.array_equal(scores, np.arange(len(scores)))):
            return OneItem(
                item, NOMINAL, slopes=tuple(a * score for score in scores), intercepts=tuple(intercepts)
            )
        return OneItem(item, model or "gpcm", a, tuple((-np.diff(intercepts) / a).tolist()))
    if intercepts:
        if model in DIVIDED:
            return OneItem(item, model, a, tuple((-np.diff([0.0, *intercepts]) / a).tolist()))
        return OneItem(item, GRADED, a, tuple(-value / a for value in intercepts))
    if "d" not in values:
        raise DataError("has no intercept", row=row, column="d")
    c, u = values.get("c", values.get("g", 0.0)), values.get("u", 1.0)
    return OneItem(item, model or _logistic_name([a, 0, c, u]), a, (-values["d"] * scaling / a,), c, u)


def parameter_table(bank: Bank, *, form: Form = "ab", scaling: float = 1.0) -> pl.DataFrame:
    """The table of a bank, one row per item, as `read_parameters` reads it.

    Examples
    --------
    >>> bank = Bank.of([OneItem("i", "2pl", 1.2, (0.5,))])
    >>> parameter_table(bank, form="mirt").to_dicts()
    [{'item': 'i', 'class': 'dich', 'a1': 1.2, 'd': -0.6, 'g': 0.0, 'u': 1.0}]
    """
    rows: list[dict[str, Any]] = []
    for row in bank.rows:
        a = row.a / scaling
        if form in ("auto", "ab"):
            own: dict[str, Any] = {"item": row.item, "model": row.model, "a": a}
            if row.model == NOMINAL:
                raise DataError("a nominal item has no a and b: write slopes and intercepts", column=row.item)
            own |= (
                {"b": row.b[0], "c": row.c, "d": row.d}
                if row.model in LOGISTIC
                else {f"b{k}": value for k, value in enumerate(row.b, start=1)}
            )
        else:
            name = row.model
            if form == "mirt":
                name = {GRADED: "graded", NOMINAL: "nominal"}.get(name, "gpcm" if name in DIVIDED else "dich")
            own = {"item": row.item, "class" if form == "mirt" else "model": name}
            if row.model in LOGISTIC:
                own |= {"a1": a, "d": -a * row.b[0], "g": row.c, "u": row.d}
            elif row.model == GRADED:
                own |= {"a1": a} | {f"d{k}": -a * value for k, value in enumerate(row.b, start=1)}
            else:
                slopes, intercepts = _nominal(row)
                scale = row.a if row.model in DIVIDED else (slopes[-1] - slopes[0]) / (len(slopes) - 1)
                own |= {"a1": scale / scaling}
                own |= {f"ak{k}": (value - slopes[0]) / scale for k, value in enumerate(slopes)}
                own |= {f"d{k}": (value - intercepts[0]) / scaling for k, value in enumerate(intercepts)}
        rows.append(own)
    columns = list(dict.fromkeys(name for one in rows for name in one))
    order = sorted(columns, key=lambda name: _place_of(name, columns))
    return pl.DataFrame([{name: one.get(name) for name in order} for one in rows], infer_schema_length=None)


def _place_of(name: str, columns: list[str]) -> tuple[int, int]:
    found = re.fullmatch(r"(ak|d|b)(\d+)", name)
    if found is None:
        return {"g": 3, "u": 3}.get(name, 0), columns.index(name)
    return (1 if found[1] == "ak" else 2), int(found[2])


def release_bank(snapshot: Release) -> Bank:
    """Parameters of a release; with the variances it states, unless they are an expert's."""
    known = snapshot.parameter_set
    rows = rows_of(snapshot.item_ids, snapshot.parameters)
    covariance: dict[str, FloatArray] | None = None
    if not known.provisional and not known.steps:
        errors = (known.se_discrimination, known.se_difficulty, known.se_guessing, known.se_upper_asymptote)
        covariance = {
            item: np.diag([float(column[place]) ** 2 for column in errors])
            for place, item in enumerate(snapshot.item_ids)
        }
    return Bank.of(rows, covariance, name=f"release {snapshot.content_hash[:12]}")
