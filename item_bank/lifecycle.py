"""The life of an item: one table of who may move it from where to where, and what an import may not overwrite.

The table is data. A move that it does not hold, or that is made by the wrong person, without its reason or
without the blind reading it needs, is refused in words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from item_bank.errors import BankError, InvalidItem
from item_bank.files import Content
from item_bank.item import Item, Status
from item_bank.readings import READ_BEFORE, Verdict, refusal


class Role(StrEnum):
    """In what capacity somebody moves an item."""

    AUTHOR = "author"
    EXPERT = "expert"
    PSYCHOMETRICIAN = "psychometrician"
    OPERATOR = "operator"


class Transition(NamedTuple):
    """One move of the table: from where to where, by whom, whether it needs a reason, and what it means."""

    before: Status
    after: Status
    roles: tuple[Role, ...]
    needs_why: bool
    meaning: str


_D, _R, _A, _P = Status.DRAFT, Status.IN_REVIEW, Status.APPROVED, Status.PRETEST
_O, _S, _X = Status.OPERATIONAL, Status.SUSPENDED, Status.RETIRED
_AUTHOR, _EXPERT, _PSYCHOMETRICIAN = (Role.AUTHOR,), (Role.EXPERT,), (Role.PSYCHOMETRICIAN,)
_ANYBODY = tuple(Role)

TRANSITIONS: tuple[Transition, ...] = (
    Transition(_D, _R, (*_AUTHOR, *_EXPERT), False, "submitted to review"),
    Transition(_D, _X, (*_AUTHOR, *_EXPERT), True, "given up"),
    Transition(_R, _D, (*_AUTHOR, *_EXPERT), True, "sent back to its author"),
    Transition(_R, _A, _EXPERT, False, "approved by an expert who is not its author"),
    Transition(_R, _X, (*_AUTHOR, *_EXPERT), True, "given up"),
    Transition(_A, _R, _EXPERT, True, "approval taken back"),
    Transition(_A, _P, _PSYCHOMETRICIAN, False, "tried on learners, unscored"),
    Transition(_A, _O, _PSYCHOMETRICIAN, True, "scored without a pretest"),
    Transition(_A, _S, _ANYBODY, True, "stopped"),
    Transition(_A, _X, _EXPERT, True, "given up"),
    Transition(_P, _O, _PSYCHOMETRICIAN, False, "scored, calibrated on responses"),
    Transition(_P, _R, (*_EXPERT, *_PSYCHOMETRICIAN), True, "back to review: the pretest shows a defect"),
    Transition(_P, _S, _ANYBODY, True, "stopped"),
    Transition(_P, _X, _PSYCHOMETRICIAN, True, "given up"),
    Transition(_O, _S, _ANYBODY, True, "stopped: leaked, outdated or wrong"),
    Transition(_O, _X, _PSYCHOMETRICIAN, True, "at the end of its life"),
    Transition(_S, _R, (*_EXPERT, *_PSYCHOMETRICIAN), True, "back to review"),
    Transition(_S, _P, _PSYCHOMETRICIAN, True, "tried again"),
    Transition(_S, _O, _PSYCHOMETRICIAN, True, "in use again"),
    Transition(_S, _X, _PSYCHOMETRICIAN, True, "at the end of its life"),
)
_BY_MOVE = {(move.before, move.after): move for move in TRANSITIONS}
# What may be written in the files of an item, or of a new version of it, without anybody's name.
UNSIGNED = frozenset({Status.DRAFT, Status.IN_REVIEW})


class RefusedChange(BankError):
    """An item may not change in this way; `item` is its id, `reason` a sentence that says what is missing."""

    def __init__(self, item: str, reason: str) -> None:
        self.item = item
        self.reason = reason
        super().__init__(f"{item}: {reason}")


class RefusedImport(BankError):
    """An import changes nothing: it would overwrite the workshop or make moves that are not allowed."""

    def __init__(self, refusals: Iterable[RefusedChange]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("; ".join(str(refusal) for refusal in self.refusals))


def next_statuses(status: Status) -> tuple[Status, ...]:
    """Return where an item may go from a status."""
    return tuple(move.after for move in TRANSITIONS if move.before is status)


def transition(
    item: Item,
    before: Status,
    after: Status,
    *,
    by: str,
    why: str,
    verdict: Verdict,
    role: Role | None = None,
) -> Transition:
    """Return the move of an item that is allowed, in the name of `by`; `role` defaults to the table's first.

    Raises
    ------
    RefusedChange
        If the table has no such move, or not for this role; if the name or the reason is missing; if the
        author approves; if the blind reading does not stand.
    """
    move = _BY_MOVE.get((before, after))
    if move is None:
        allowed = ", ".join(next_statuses(before)) or "nowhere"
        raise RefusedChange(item.id, f"does not go from {before} to {after}; from there: {allowed}.")
    if not by.strip():
        raise RefusedChange(item.id, "a change of status is made in somebody's name.")
    if role is not None and role not in move.roles:
        raise RefusedChange(item.id, f"from {before} to {after} is for: {', '.join(move.roles)}; not {role}.")
    if move.needs_why and not why.strip():
        raise RefusedChange(item.id, f"from {before} to {after} needs a reason.")
    if after is Status.APPROVED and same_person(by, item.author):
        raise RefusedChange(item.id, "its author cannot approve it.")
    unread = refusal(verdict, after)
    if unread is not None:
        raise RefusedChange(item.id, " ".join(unread))
    if after in READ_BEFORE and item.doubt:
        raise RefusedChange(item.id, f"has a doubt written on it: {item.doubt}")
    return move


def same_person(one: str, other: str) -> bool:
    """Say whether two names are written alike, whatever their case and spaces."""
    return _name(one) == _name(other)


def _name(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


# --- what the files say, against what the database knows ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """An item as the database knows it.

    `common_version` and `common_status` are what files and database last agreed on; `record` (the dictionary
    form) and `version` (its content hash) are the workshop's, as is `status`.
    """

    common_version: str
    common_status: Status
    version: str
    status: Status
    record: Mapping[str, Any]


class Change(NamedTuple):
    """What an import changes of one item: a first or new version, a status, or both."""

    item: Item
    before: Status | None
    after: Status
    new_version: bool


class Reconciled(NamedTuple):
    """A content merged with what the workshop did since the files were last read.

    `changes` are those the files bring; `kept` the items where the workshop is ahead and its state stands.
    """

    content: Content
    changes: tuple[Change, ...]
    kept: tuple[str, ...]


def reconcile(
    content: Content,
    known: Mapping[str, Known],
    *,
    verdicts: Mapping[str, Verdict],
    by: str = "",
    why: str = "",
) -> Reconciled:
    """Merge the files with the database: each side's changes stand where the other made none.

    Raises
    ------
    RefusedImport
        Naming every item that both have changed since they last agreed, and every move that the files make
        and that is not allowed.
    """
    refused: list[RefusedChange] = []
    changes: list[Change] = []
    kept: list[str] = []
    items: list[Item] = []
    for item in content.items:
        state = known.get(item.id)
        try:
            change = (
                _first(item, verdicts, by) if state is None else _later(item, state, verdicts, by=by, why=why)
            )
            merged = item if state is None else _merged(item, state)
        except RefusedChange as error:
            refused.append(error)
            continue
        if change is not None:
            changes.append(change)
        if merged is not item:
            kept.append(item.id)
        items.append(merged)
    if refused:
        raise RefusedImport(refused)
    return Reconciled(replace(content, items=tuple(items)), tuple(changes), tuple(kept))


def _first(item: Item, verdicts: Mapping[str, Verdict], by: str) -> Change:
    if item.status in READ_BEFORE:
        if not by.strip():
            reason = f"is {item.status} in the files: say who answers for it (--by) and why (--why)."
            raise RefusedChange(item.id, reason)
        if same_person(by, item.author):
            raise RefusedChange(item.id, "its author cannot approve it.")
        unread = refusal(verdicts.get(item.id, Verdict.UNREAD), item.status)
        if unread is not None:
            raise RefusedChange(item.id, " ".join(unread))
    return Change(item, None, item.status, True)


def _later(item: Item, state: Known, verdicts: Mapping[str, Verdict], *, by: str, why: str) -> Change | None:
    version = item.content_hash
    files_moved = item.status is not state.common_status
    if version != state.version and version != state.common_version:
        if state.version != state.common_version:
            reason = (
                f"was changed in the files and in the workshop (version {state.version[:12]}) since they agreed "
                f"on {state.common_version[:12]}: take the one text into the other's place."
            )
            raise RefusedChange(item.id, reason)
        _check_new_version(item, state, by)
        return Change(item, state.status, item.status, True)
    if not files_moved or item.status is state.status:
        return None
    if version != state.version or state.status is not state.common_status:
        reason = (
            f"goes from {state.common_status} to {item.status} in the files, and the workshop has changed it "
            f"meanwhile (version {state.version[:12]}, {state.status}): take the workshop's state into the files."
        )
        raise RefusedChange(item.id, reason)
    if not by.strip() and (item.status not in UNSIGNED or (state.status, item.status) not in _BY_MOVE):
        reason = (
            f"goes from {state.status} to {item.status} in the files: say who answers for it (--by) and why "
            "(--why), or use `palier bank status`."
        )
        raise RefusedChange(item.id, reason)
    verdict = verdicts.get(item.id, Verdict.UNREAD)
    transition(item, state.status, item.status, by=by or item.author, why=why, verdict=verdict)
    return Change(item, state.status, item.status, False)


def _check_new_version(item: Item, state: Known, by: str) -> None:
    if state.status is Status.RETIRED:
        raise RefusedChange(item.id, "is retired: a new text takes a new id.")
    if item.status not in UNSIGNED:
        reason = (
            f"its text has changed, and a new version is not {item.status} yet: write `status: in_review`, "
            "then use `palier bank status`."
        )
        raise RefusedChange(item.id, reason)
    if state.status in READ_BEFORE and not by.strip():
        reason = (
            f"is {state.status}, and its text has changed: the new version goes back to {item.status}; say who "
            "answers for it (--by) and why (--why)."
        )
        raise RefusedChange(item.id, reason)


def _merged(item: Item, state: Known) -> Item:
    """The item of the files, but for what only the workshop changed."""
    version = item.content_hash
    try:
        if version != state.version and version == state.common_version:
            return Item.from_dict({**state.record, "status": str(state.status)})
        if version == state.version and item.status is state.common_status is not state.status:
            return replace(item, status=state.status)
    except InvalidItem as error:
        raise RefusedChange(item.id, f"cannot stay {state.status}: {error}") from error
    return item
