"""Typed reading of a plain mapping (from YAML or JSON) that collects every fault before giving up.

A reader of a structure asks for its fields one by one; each wrong one becomes a `Fault` and the reading goes
on with a harmless value, so that an author sees all the mistakes of a file at once.
"""

from __future__ import annotations

import contextlib
import datetime
import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from item_bank.errors import Fault, FieldPath

T = TypeVar("T")

_MISSING: Any = object()

# Unicode's categories Cc and Cs (controls, halves of a surrogate pair), a line end and a tab apart.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence naming the closest known word, or all of them when they are few."""
    names = sorted(str(name) for name in known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{close[0]}"?'
    if 0 < len(names) <= 12:
        return f"Known: {', '.join(names)}."
    return ""


def describe(value: Any) -> str:
    """Say what a value is in the words of someone who edits a text file."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, str):
        return f'the text "{value[:40]}{"…" if len(value) > 40 else ""}"'
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, datetime.date):
        return f"the date {value.isoformat()}"
    if isinstance(value, Mapping):
        return "a block of fields"
    if isinstance(value, Sequence):
        return "a list"
    return type(value).__name__


def clean_text(value: str) -> str:
    """Return text as it is stored: NFC, Unix line ends, no blank at either end."""
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip(" \t\n")


class Fields:
    """The fields of one mapping, read with their types, and the faults found on the way.

    Nested readers made with :meth:`block` and :meth:`blocks` share the same list of faults.
    """

    def __init__(self, data: Any, path: FieldPath = (), faults: list[Fault] | None = None) -> None:
        self.path = path
        self.faults: list[Fault] = [] if faults is None else faults
        self.data: Mapping[str, Any] = {}
        if isinstance(data, Mapping):
            self.data = data
        else:
            self.fault((), f"a block of fields (name: value) is expected, not {describe(data)}.")
        self._read: set[str] = set()

    def fault(self, path: FieldPath | str, message: str, advice: str = "") -> None:
        """Record a mistake at `path` (a field name, or a path below this mapping)."""
        below = (path,) if isinstance(path, str) else path
        self.faults.append(Fault((*self.path, *below), message, advice))

    def has(self, name: str) -> bool:
        """Say whether a field is present and not empty, without reading it."""
        return self.data.get(name) is not None

    def value(self, name: str, *, required: bool = True) -> Any:
        """Return a field as it is, or None when absent."""
        self._read.add(name)
        value = self.data.get(name)
        if value is None and required:
            where = "is empty" if name in self.data else "is missing"
            self.fault(name, f"{where}.", f"Write `{name}:` and its value.")
        return value

    def text(self, name: str, default: str = "", *, required: bool = True, longest: int = 20_000) -> str:
        """Return a text field, cleaned; a whole number is read as the text it was written as."""
        value = self.value(name, required=required)
        if value is None:
            return default
        return self._text((name,), value, default, longest, required)

    def _text(self, path: FieldPath, value: Any, default: str, longest: int, required: bool = True) -> str:
        if isinstance(value, bool):
            self.fault(
                path,
                f"a text is expected, and YAML reads this bare word as {describe(value)}.",
                'Put it in quotes: "no", "yes", "on", "off", "true", "false".',
            )
            return default
        if isinstance(value, int):
            return str(value)
        if not isinstance(value, str):
            self.fault(path, f"a text is expected, not {describe(value)}.", "Put the text in quotes.")
            return default
        text = clean_text(value)
        if not text and required:
            self.fault(path, "is empty.", "Write the text.")
        if len(text) > longest:
            self.fault(path, f"has {len(text)} characters; {longest} at most.")
        if _CONTROL.search(text):
            self.fault(path, "holds a control character.", "Type the text again without it.")
        return text

    def texts(self, name: str, *, required: bool = True) -> tuple[str, ...]:
        """Return a list of texts; a single text stands for a list of one."""
        value = self.value(name, required=required)
        if value is None:
            return ()
        if isinstance(value, str | int) and not isinstance(value, bool):
            value = [value]
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.fault(name, f"a list is expected, not {describe(value)}.", f"Write `{name}: [one, two]`.")
            return ()
        if not value and required:
            self.fault(name, "is an empty list.", "Give at least one element.")
        return tuple(self._text((name, index), element, "", 2_000) for index, element in enumerate(value))

    def integer(self, name: str, default: int = 0, *, required: bool = True, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        value = self.value(name, required=required)
        if value is None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(name, f"a whole number is expected, not {describe(value)}.")
            return default
        if not low <= value <= high:
            self.fault(name, f"is {value}; a whole number from {low} to {high} is expected.")
            return default
        return value

    def number(
        self,
        name: str,
        default: float = 0.0,
        *,
        required: bool = True,
        low: float,
        high: float,
        why: str = "",
    ) -> float:
        """Return a finite number within bounds."""
        value = self.value(name, required=required)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(
                name, f"a number is expected, not {describe(value)}.", "Write it with a decimal point."
            )
            return default
        if not math.isfinite(value):
            self.fault(name, f"is {value}; a finite number is expected.")
            return default
        if not low <= value <= high:
            self.fault(name, f"is {value}; a number from {low:g} to {high:g} is expected.", why)
            return default
        return float(value)

    def numbers(self, name: str, *, low: float, high: float, whole: bool = False) -> tuple[float, ...]:
        """Return an optional list of numbers within bounds."""
        values = self.value(name, required=False)
        if values is None:
            return ()
        if not isinstance(values, Sequence) or isinstance(values, str):
            self.fault(
                name, f"a list of numbers is expected, not {describe(values)}.", f"Write `{name}: [1, 2]`."
            )
            return ()
        kept: list[float] = []
        for index, value in enumerate(values):
            if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
                kind = "whole number" if whole else "number"
                self.fault((name, index), f"a {kind} is expected, not {describe(value)}.")
            elif not low <= value <= high:
                self.fault((name, index), f"is {value}; a number from {low:g} to {high:g} is expected.")
            else:
                kept.append(value)
        return tuple(kept)

    def boolean(self, name: str, default: bool) -> bool:
        """Return an optional yes or no."""
        value = self.value(name, required=False)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(name, f"true or false is expected, not {describe(value)}.")
            return default
        return value

    def day(self, name: str, default: datetime.date) -> datetime.date:
        """Return a date written year-month-day."""
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                value = datetime.date.fromisoformat(value.strip())
        if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
            self.fault(
                name,
                f"a date is expected, not {describe(value)}.",
                "Write an existing day as year-month-day: 2027-06-30.",
            )
            return default
        return value

    def one_of(self, name: str, choices: Mapping[str, T] | Sequence[T], default: T) -> T:
        """Return the member named by a field, among known ones."""
        known: dict[str, T] = (
            dict(choices) if isinstance(choices, Mapping) else {str(choice): choice for choice in choices}
        )
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, str) and value.strip() in known:
            return known[value.strip()]
        word = value if isinstance(value, str) else str(value)
        self.fault(
            name,
            f'"{word}" is not a known {name}.',
            did_you_mean(word, known) or f"Known: {', '.join(known)}.",
        )
        return default

    def block(self, name: str) -> Fields | None:
        """Return a reader of a nested block, or None when the field is absent."""
        value = self.value(name, required=False)
        return None if value is None else Fields(value, (*self.path, name), self.faults)

    def blocks(self, name: str, *, required: bool = True) -> list[Fields]:
        """Return a reader of each block of a list."""
        value = self.value(name, required=required)
        if value is None:
            return []
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.fault(name, f"a list is expected, not {describe(value)}.", "Start each element with `- `.")
            return []
        return [
            Fields(element, (*self.path, name, index), self.faults) for index, element in enumerate(value)
        ]

    def skip(self, *names: str) -> None:
        """Accept fields that someone else reads."""
        self._read.update(names)

    def no_other(self, known: Iterable[str] = ()) -> None:
        """Report each field that nobody read, with the known field it resembles."""
        names = self._read | set(known)
        for name in self.data:
            if name not in names:
                self.fault((str(name),), "is not a field of this block.", did_you_mean(str(name), names))


def build(faults: list[Fault], path: FieldPath, make: Callable[[], T], errors: type[Exception]) -> T | None:
    """Call a constructor that validates; turn the faults of its error into faults below `path`."""
    try:
        return make()
    except errors as error:
        faults.extend(fault.under(*path) for fault in getattr(error, "faults", ()))
        return None
