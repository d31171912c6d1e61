"""Blind readings: a second reader answers an item without its key, before it may count for anybody.

A reading holds for what the reader saw: stem, document, options, and the key that the answer was compared
with. A later version that differs elsewhere (a rationale, a source) is read already; one that shows another
text, or scores another answer, is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from item_bank.errors import BankError, InvalidResponse
from item_bank.files import Content, Origin, Problem
from item_bank.item import Document, Interaction, Item, Status, canonical_hash
from item_bank.presentation import option_order
from item_bank.scoring import FIELD_OF, parse, score

READ_BEFORE = frozenset({Status.APPROVED, Status.PRETEST, Status.OPERATIONAL})
CONFIDENCES = ("sure", "probable", "guess")
_SEEN = (
    *("interaction", "language", "stem", "unit", "maximum", "document"),
    *("key", "accepted", "tolerance"),
)


class InvalidReading(BankError):
    """A line of a reader's form cannot be recorded; `item` is empty when the line names none."""

    def __init__(self, item: str, reason: str) -> None:
        self.item = item
        self.reason = reason
        super().__init__(f"{item or 'a line'}: {reason}")


class Verdict(StrEnum):
    """What the readings of an item say about its present version."""

    READ = "read"
    UNREAD = "unread"
    KEY_NOT_FOUND = "key_not_found"
    TWO_READINGS = "two_readings"


_REFUSALS = {
    Verdict.UNREAD: ("its present version was never answered blind.", "Run `palier bank sheet`."),
    Verdict.KEY_NOT_FOUND: ("a blind reader did not find the key.", "Rewrite it, or settle the reading."),
    Verdict.TWO_READINGS: ("a blind reader saw two readings.", "Rewrite it, or settle the reading."),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One reader's answer to one item, as one line of ``blind_readings.jsonl``.

    `version` is the content hash of the version read; None when the item was changed because of this reading.
    `seen` is the hash of what was shown (:func:`seen_hash`); the oldest lines have none.
    """

    reading: int
    date: str
    item: str
    version: str | None
    agreed: bool
    confidence: str
    two_readings: bool
    looked_up: bool
    note: str
    changed: str | None
    seen: str | None = None
    answer: Any = None
    reader: str = ""

    def to_line(self) -> str:
        """Return the line of the file."""
        return _line(self, optional=("seen", "answer", "reader"))


@dataclass(frozen=True, slots=True)
class Settlement:
    """Why an item stays as it is after a reading that missed its key or saw two readings; it covers those above."""

    item: str
    version: str
    seen: str
    date: str
    by: str
    settled: str

    def to_line(self) -> str:
        """Return the line of the file."""
        return _line(self)


Record = Reading | Settlement


def _line(record: Record, optional: tuple[str, ...] = ()) -> str:
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    kept = {name: value for name, value in values.items() if name not in optional or value}
    return json.dumps(kept, ensure_ascii=False)


class Records(NamedTuple):
    """The records of a file in its order, and its lines that cannot be read."""

    records: tuple[Record, ...]
    problems: tuple[Problem, ...]


def read_records(path: Path | str) -> Records:
    """Read a file of readings; one that does not exist holds none."""
    path = Path(path)
    if not path.is_file():
        return Records((), ())
    found: list[Record] = []
    problems: list[Problem] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append(_record(json.loads(line)))
        except (ValueError, TypeError) as error:
            problems.append(Problem(path.name, number, "", f"is not a reading: {error}."))
    return Records(tuple(found), tuple(problems))


def _record(line: Any) -> Record:
    if not isinstance(line, dict):
        msg = "a JSON object is expected"
        raise TypeError(msg)
    if "settled" in line:
        return Settlement(**line)
    reading = Reading(**line)
    for name in ("agreed", "two_readings", "looked_up"):
        if not isinstance(getattr(reading, name), bool):
            msg = f"{name} is true or false"
            raise TypeError(msg)
    return reading


# --- what the readings say ---------------------------------------------------------------------------------


def seen_hash(record: Mapping[str, Any], document: Mapping[str, Any] | None = None) -> str:
    """Return the hash of what a reader sees of an item (its dictionary form) and of its key.

    `document` is that of its testlet, in dictionary form.
    """
    seen = {name: record[name] for name in _SEEN if name in record}
    for name in ("options", "categories"):
        if name in record:
            seen[name] = [[part["id"], part["text"]] for part in record[name]]
    if document is not None:
        seen["testlet_document"] = document
    return canonical_hash(seen)


class ReadVersions:
    """The records, ready to be asked about any version of any item."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._of_item: dict[str, list[Record]] = {}
        for record in records:
            self._of_item.setdefault(record.item, []).append(record)

    def verdict(self, item_id: str, version: str, seen: str) -> Verdict:
        """Return what the records say of a version: read, not read, or read with a doubt that stands."""
        found, missed, doubted = False, False, False
        for record in self._of_item.get(item_id, ()):
            # An old line knows its version alone. A newer one knows what was shown: the document of the testlet
            # may have changed since, and the version has not.
            if record.seen != seen if record.seen is not None else record.version != version:
                continue
            if isinstance(record, Settlement):
                missed = doubted = False
            else:
                found |= record.agreed
                missed |= not record.agreed
                doubted |= record.two_readings
        if missed:
            return Verdict.KEY_NOT_FOUND
        if doubted:
            return Verdict.TWO_READINGS
        return Verdict.READ if found else Verdict.UNREAD


def verdicts(content: Content, records: Iterable[Record]) -> dict[str, Verdict]:
    """Return what the records say of the present version of each item in review or further on in its life."""
    known = ReadVersions(records)
    documents = _documents(content)
    return {
        item.id: known.verdict(item.id, item.content_hash, _seen(item, documents))
        for item in content.items
        if item.status is Status.IN_REVIEW or item.status in READ_BEFORE
    }


def refusal(verdict: Verdict, status: Status) -> tuple[str, str] | None:
    """Return why a version may not have this status, and what to do; None when it may."""
    if status not in READ_BEFORE or verdict is Verdict.READ:
        return None
    reason, advice = _REFUSALS[verdict]
    return f"is {status}, but {reason}", advice


def refusals(content: Content, found: Mapping[str, Verdict]) -> tuple[Problem, ...]:
    """Return a problem for each item whose status asks for a blind reading that does not stand."""
    problems = []
    for item in content.items:
        why = refusal(found[item.id], item.status) if item.id in found else None
        if why is not None:
            origin = content.origins.get(item.id, Origin("items", 1))
            problems.append(Problem(origin.file, origin.line, "status", *why, item.id))
    return tuple(problems)


def waiting(content: Content, found: Mapping[str, Verdict]) -> dict[Verdict, tuple[str, ...]]:
    """Return the items in review that may not go on yet, by what keeps them."""
    return {
        verdict: tuple(
            item.id
            for item in content.items
            if item.status is Status.IN_REVIEW and found.get(item.id) is verdict
        )
        for verdict in Verdict
        if verdict is not Verdict.READ
    }


def figures(content: Content, found: Mapping[str, Verdict]) -> dict[str, Any]:
    """Return how many items have a blind reading that stands, and which in review wait for one, and why."""
    counts = {str(verdict): list(ids) for verdict, ids in waiting(content, found).items()}
    return {"read": sum(verdict is Verdict.READ for verdict in found.values()), "waiting": counts}


def _documents(content: Content) -> dict[str, Document]:
    return {item_id: testlet.document for testlet in content.testlets for item_id in testlet.items}


def _seen(item: Item, documents: Mapping[str, Document]) -> str:
    document = documents.get(item.id)
    return seen_hash(item.to_dict(), document.to_dict() if document else None)


# --- the reader's sheet ------------------------------------------------------------------------------------

_HOW = {
    "single_choice": "une lettre",
    "multiple_choice": "toutes les lettres justes, et elles seules",
    "order": "les lettres dans l’ordre, de la première étape à la dernière",
    "match": "la catégorie de chaque élément",
    "short_text": "un mot, un sigle ou un nom court",
    "numeric": "un nombre",
    "zone": "les lettres de toutes les zones à repérer, et elles seules",
}
_BLANK: Mapping[str, Any] = {"multiple_choice": [], "order": [], "match": {}, "zone": []}


def sheet(content: Content, item_ids: Iterable[str], *, reading: int = 1) -> str:
    """Return what a blind reader is given, as Markdown: stem, document, options; no key, no explanation.

    The options stand in an order drawn for this round of reading; the items of a case stand together.
    """
    documents = _documents(content)
    lines = [
        "# Lecture à l’aveugle",
        "",
        "Répondez à chaque question d’après ce qui est écrit ici. Dites si vous êtes sûr, si deux réponses se "
        "défendent, ce que vous avez cherché ailleurs, et ce qui vous a gêné.",
    ]
    shown = ""
    for item in _in_sheet_order(content, item_ids):
        if item.testlet and item.testlet != shown and item.id in documents:
            lines += ["", f"# Cas {item.testlet}", "", *_document_lines(documents[item.id].to_dict())]
        shown = item.testlet or ""
        lines += ["", f"## {item.id}", "", *_question_lines(item, reading)]
    return "\n".join(lines) + "\n"


def form(content: Content, item_ids: Iterable[str]) -> str:
    """Return the reader's form, one JSON line an item, for :func:`recorded` once it is filled in."""
    documents = _documents(content)
    lines = [
        {
            "item": item.id,
            "seen": _seen(item, documents)[:12],
            "answer": _BLANK.get(str(item.interaction)),
            "confidence": "",
            "two_readings": False,
            "looked_up": False,
            "note": "",
        }
        for item in _in_sheet_order(content, item_ids)
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _in_sheet_order(content: Content, item_ids: Iterable[str]) -> Iterator[Item]:
    wanted = set(item_ids)
    unknown = wanted - {item.id for item in content.items}
    if unknown:
        raise InvalidReading(min(unknown), "there is no such item.")
    place = {item_id: index for testlet in content.testlets for index, item_id in enumerate(testlet.items)}
    items = [item for item in content.items if item.id in wanted]
    return iter(sorted(items, key=lambda item: (item.testlet or item.id, place.get(item.id, 0))))


def _document_lines(document: Mapping[str, Any]) -> list[str]:
    lines = [f"> **{document['title']}**"]
    lines += [f"> {label}\u00a0: {value}" for label, value in document["fields"]]
    return [*lines, ">", *(f"> {line}".rstrip() for line in document["body"].splitlines())]


def _question_lines(item: Item, reading: int) -> list[str]:
    lines = [item.stem.strip()]
    record = item.to_dict()
    if "document" in record:
        lines += ["", *_document_lines(record["document"])]
    if item.categories:
        lines += [
            "",
            "Catégories",
            *(f"- {category.id}) {category.text}" for category in item.categories),
            "",
        ]
    if item.options:
        order = option_order(item, reading)
        lines += ["", *(f"- {option_id}) {item.option(option_id).text}" for option_id in order)]
    unit = f", en {item.unit}" if item.unit else ""
    maximum = f" ({item.maximum} au plus)" if item.maximum else ""
    return [*lines, "", f"*Réponse\u00a0: {_HOW[str(item.interaction)]}{unit}{maximum}.*"]


# --- recording ---------------------------------------------------------------------------------------------


def recorded(
    content: Content, lines: str, *, reading: int, date: str, reader: str = ""
) -> tuple[Reading, ...]:
    """Return the readings of a filled-in form: each answer is compared with the key.

    Raises
    ------
    InvalidReading
        At the first line that is not an answer to the present version of an item; nothing is recorded then.
    """
    documents = _documents(content)
    known = {item.id: item for item in content.items}
    found: list[Reading] = []
    for line in lines.splitlines():
        if not line.strip():
            continue
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise InvalidReading("", f"is not JSON: {error}") from error
        if not isinstance(answer, dict) or answer.get("item") not in known:
            name = str(answer.get("item", "")) if isinstance(answer, dict) else ""
            raise InvalidReading(name, "there is no such item.")
        item = known[answer["item"]]
        found.append(_judged(item, _seen(item, documents), answer, reading, date, reader))
    return tuple(found)


def _judged(
    item: Item, seen: str, answer: Mapping[str, Any], reading: int, date: str, reader: str
) -> Reading:
    shown = answer.get("seen")
    if shown is not None and (len(str(shown)) < 8 or not seen.startswith(str(shown))):
        raise InvalidReading(item.id, "its text or its key has changed since the sheet was made.")
    confidence = str(answer.get("confidence") or "")
    if confidence not in CONFIDENCES:
        raise InvalidReading(item.id, f"confidence is one of {', '.join(CONFIDENCES)}.")
    try:
        response = parse(item, _canonical(item, answer.get("answer")))
    except InvalidResponse as error:
        raise InvalidReading(item.id, f"the answer cannot be read: {error}") from error
    result = score(item, response)
    return Reading(
        reading=reading,
        date=date,
        item=item.id,
        version=item.content_hash,
        agreed=result.score == result.maximum,
        confidence=confidence,
        two_readings=bool(answer.get("two_readings")),
        looked_up=bool(answer.get("looked_up")),
        note=str(answer.get("note") or ""),
        changed=None,
        seen=seen,
        answer=answer.get("answer"),
        reader=reader or str(answer.get("reader") or ""),
    )


def _canonical(item: Item, answer: Any) -> Mapping[str, Any] | None:
    """Return the canonical response of what a reader wrote: ``b``, ``[a, c]``, ``"a, c"``, ``{a: x}``, ``72``."""
    if answer is None or answer in ("", [], {}):
        return None
    listed = item.interaction.has_options and item.interaction is not Interaction.SINGLE_CHOICE
    if listed and isinstance(answer, str):
        answer = answer.replace(",", " ").split()
    elif item.interaction is Interaction.NUMERIC:
        answer = str(answer)
    return {FIELD_OF[item.interaction]: answer}


def settlement(
    content: Content, records: Iterable[Record], item_id: str, *, why: str, by: str, date: str
) -> Settlement:
    """Return the line by which an editor settles the doubts about an item's present version.

    Raises
    ------
    InvalidReading
        If there is no such item or doubt, no reason or no name.
    """
    if not why.strip() or not by.strip():
        raise InvalidReading(item_id, "settling a doubt takes a reason and a name.")
    item = next((item for item in content.items if item.id == item_id), None)
    if item is None:
        raise InvalidReading(item_id, "there is no such item.")
    seen = _seen(item, _documents(content))
    verdict = ReadVersions(records).verdict(item_id, item.content_hash, seen)
    if verdict not in (Verdict.KEY_NOT_FOUND, Verdict.TWO_READINGS):
        raise InvalidReading(item_id, "no reading of its present version leaves a doubt.")
    return Settlement(item_id, item.content_hash, seen, date, by.strip(), why.strip())
