"""What an institution says of a learner, whether it may be kept, and many learners as one value.

Nothing here knows the database, so that the process that reads a file starts quickly.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.identifiers import new_id

# A spreadsheet runs a cell that begins so: such a value would be harmless here and harmful in every export.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
LONGEST: Final = {
    "external_id": 128,
    "profession": 32,
    "curriculum": 100,
    "year": 32,
    "given_name": 100,
    "family_name": 100,
    "email": 254,
}
# What is wrong with a value, in words for programs and their authors.
EXPECTED: Final = {
    "required": "a value",
    "too_long": "fewer characters",
    "email_address": "your own pseudonymous identifier: this looks like an e-mail address",
    "name": "your own pseudonymous identifier, without a space: this looks like a name",
    "formula": "a text that no spreadsheet runs: it may not begin with = + - or @",
    "unprintable": "characters that can be printed",
    "no_address": "an e-mail address",
    "half_identity": "given name and family name together",
    "profession": "one of the framework's professions",
}


@dataclass(frozen=True)
class LearnerFacts:
    """What an institution says of a learner; what is None is left as it is."""

    external_id: str
    profession: str | None = None
    curriculum: str | None = None
    year: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None


def faults(facts: LearnerFacts, professions: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Every wrong field with the code of what is wrong (`EXPECTED` has the words).

    Examples
    --------
    >>> list(faults(LearnerFacts("jeanne.roux@example.org"), frozenset()))
    [('external_id', 'email_address')]
    """
    for name, longest in LONGEST.items():
        value: str | None = getattr(facts, name)
        if value is None:
            continue
        if not value:
            yield name, "required"
        elif len(value) > longest:
            yield name, "too_long"
        elif value.startswith(FORMULA):
            yield name, "formula"
        elif not value.isprintable():
            yield name, "unprintable"
    if "@" in facts.external_id:
        yield "external_id", "email_address"
    elif any(letter.isspace() for letter in facts.external_id):
        yield "external_id", "name"
    if facts.profession and facts.profession not in professions:
        yield "profession", "profession"
    if (facts.given_name is None) != (facts.family_name is None):
        yield ("family_name" if facts.family_name is None else "given_name"), "half_identity"
    elif facts.email is not None and facts.given_name is None:
        yield "given_name", "half_identity"
    if facts.email and not _is_address(facts.email):
        yield "email", "no_address"


def _is_address(value: str) -> bool:
    local, _, host = value.rpartition("@")
    return bool(local) and "." in host and not any(letter.isspace() for letter in value) and "@" not in local


_ROW: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_BETWEEN: Final = ",\n"
_ID: Final = 32  # hexadecimal digits


def packed(rows: Sequence[LearnerFacts]) -> str:
    r"""Many learners as the one value that the database reads: JSON, a line a learner, each with a new identifier.

    Examples
    --------
    >>> packed([LearnerFacts("etu-1", year="2027")])[36:]
    ',"etu-1",null,null,"2027",null,null,null]]'
    """
    lines = (
        _ROW.encode(
            [
                new_id().hex,
                row.external_id,
                row.profession,
                row.curriculum,
                row.year,
                row.given_name,
                row.family_name,
                row.email,
            ]
        )
        for row in rows
    )
    return f"[{_BETWEEN.join(lines)}]"


def renewed(rows: str) -> str:
    """Packed learners under new identifiers: identifiers tell the order in which learners were made.

    Line by line, because reading the whole as JSON would let no other thread run meanwhile.
    """
    if rows == "[]":
        return rows
    again = (f'["{new_id().hex}{line[2 + _ID :]}' for line in rows[1:-1].split(_BETWEEN))
    return f"[{_BETWEEN.join(again)}]"
