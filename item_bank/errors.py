"""What can go wrong with a bank, and the one form in which every mistake is described."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

FieldPath = tuple[str | int, ...]


def dotted(path: FieldPath) -> str:
    """Write a path as an author reads it: ``options[1].text``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a piece of content: where it is, what is wrong and what to do about it."""

    path: FieldPath
    message: str
    advice: str = ""

    @property
    def field(self) -> str:
        return dotted(self.path)

    def under(self, *prefix: str | int) -> Fault:
        """Return the same mistake seen from the enclosing structure."""
        return Fault((*prefix, *self.path), self.message, self.advice)

    def __str__(self) -> str:
        place = f"{self.field}: " if self.path else ""
        return f"{place}{self.message}" + (f" {self.advice}" if self.advice else "")


class BankError(Exception):
    """Any error of the item bank."""


class InvalidContent(BankError):
    """A piece of content breaks its rules; `faults` holds every mistake, not only the first."""

    kind = "content"

    def __init__(self, subject: str, faults: Iterable[Fault]) -> None:
        self.subject = subject
        self.faults: tuple[Fault, ...] = tuple(faults)
        details = "; ".join(str(fault) for fault in self.faults)
        super().__init__(f"{self.kind} {subject or '?'}: {details}")


class InvalidItem(InvalidContent):
    """An item breaks its rules."""

    kind = "item"


class InvalidTestlet(InvalidContent):
    """A testlet or its document breaks its rules."""

    kind = "testlet"


class InvalidFramework(InvalidContent):
    """The framework breaks its rules."""

    kind = "framework"


class InvalidDesign(InvalidContent):
    """A test design breaks its rules."""

    kind = "design"


class InvalidRelease(BankError):
    """A release cannot be compiled, or a stored payload is not what was published."""


class InvalidResponse(BankError):
    """A response cannot be read as an answer to its item.

    `field` is the field of the canonical form (``choice``, ``order``...); `expected` is a French sentence
    for the learner, who can mend the response.
    """

    def __init__(self, field: str, expected: str) -> None:
        self.field = field
        self.expected = expected
        super().__init__(f"{field}: {expected}")


class BlueprintInfeasible(BankError):
    """No test of this bank can meet the blueprint; the row that cannot be met is named."""

    def __init__(self, design: str, node: str, label: str, needed: int, available: int) -> None:
        self.design = design
        self.node = node
        self.label = label
        self.needed = needed
        self.available = available
        super().__init__(
            f"design {design}: the row of {label} cannot be met: it needs {needed} "
            f"item{'s' if needed != 1 else ''} and the bank can give {available}"
        )


class QuotaInfeasible(BlueprintInfeasible):
    """No test of this bank can meet a quota beside the rows of the blueprint and the quotas before it."""

    def __init__(self, design: str, index: int, label: str) -> None:
        super().__init__(design, f"quotas[{index}]", label, 0, 0)
        self.index = index
        self.args = (
            f"design {design}: the quota of {label} cannot be met beside the blueprint and the quotas before it",
        )


class ImportProblem(NamedTuple):
    """What is wrong with a file from outside: where, what, and what to do about it."""

    place: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" {self.advice}" if self.advice else "")


class RefusedImport(BankError):
    """A file from outside is refused as a whole; `problems` says all that is wrong with it."""

    def __init__(self, problems: Iterable[ImportProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


def raise_if(faults: Sequence[Fault], error: type[InvalidContent], subject: str) -> None:
    """Raise `error` about `subject` when there is at least one fault."""
    if faults:
        raise error(subject, faults)
