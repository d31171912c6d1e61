"""The hot path on the embedded database: one writer thread that commits groups of answers.

An answer is acknowledged after its group's COMMIT returned with `synchronous=FULL`. Each job is a savepoint, so that
one refused job leaves its group alone. A failed COMMIT (a full disk) refuses its whole group with `Unavailable` and
the thread goes on: the next group may find space again.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from app.db import SQLITE_PRAGMAS, Database, WriteGate, instant_from_text, instant_to_text
from app.delivery.state import (
    Closure,
    DraftState,
    Ending,
    Move,
    SittingState,
    Start,
    StoredResponse,
    Withdrawal,
)
from app.delivery.store import LATEST_WITHDRAWAL_LIST, RESPONSE_COLUMNS, SITTING_COLUMNS, from_json, to_json
from app.errors import Unavailable

log = structlog.get_logger(__name__)

Job = Callable[[sqlite3.Connection], bool]

GROUP = 64
WAITING = 2_000
TAKEN = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


class GroupWriter:
    """A thread that runs jobs in groups, one COMMIT a group."""

    def __init__(self, path: str, gate: WriteGate) -> None:
        self._path = path
        self._gate = gate
        self._jobs: queue.Queue[tuple[Job, asyncio.Future[bool], asyncio.AbstractEventLoop] | None]
        self._jobs = queue.Queue(maxsize=WAITING)
        self._thread = threading.Thread(target=self._run, name="palier-writer", daemon=True)
        self._thread.start()

    async def write(self, job: Job) -> bool:
        """Run a job and wait for its COMMIT.

        Raises
        ------
        Unavailable
            The queue is full or the commit failed; nothing was written.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        try:
            self._jobs.put_nowait((job, future, loop))
        except queue.Full:
            raise Unavailable(
                "Too many answers at once. Send the same request again.", retry_after=2
            ) from None
        return await asyncio.shield(future)

    async def aclose(self) -> None:
        """Write what was accepted, then stop."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        stopping = False
        while not stopping:
            group = []
            entry = self._jobs.get()
            while entry is not None:
                group.append(entry)
                if len(group) == GROUP:
                    break
                try:
                    entry = self._jobs.get_nowait()
                except queue.Empty:
                    break
            stopping = entry is None
            if not group:
                continue
            outcomes: Sequence[bool | Exception]
            try:
                if connection is None:
                    connection = open_connection(self._path)
                with self._gate.entered_by_thread():
                    outcomes = _commit_group(connection, [job for job, _, _ in group])
            except sqlite3.Error as error:
                log.exception("group commit failed", jobs=len(group))
                refusal = Unavailable(
                    "The answer could not be stored. Send the same request again.", retry_after=2
                )
                refusal.__cause__ = error
                outcomes = [refusal] * len(group)
                if connection is not None:
                    with contextlib.suppress(sqlite3.Error):
                        connection.close()
                connection = None
            for (_, future, loop), outcome in zip(group, outcomes, strict=True):
                with contextlib.suppress(RuntimeError):  # the loop of a cancelled test or request is gone
                    loop.call_soon_threadsafe(_settle, future, outcome)
        if connection is not None:
            connection.close()


def _settle(future: asyncio.Future[bool], outcome: bool | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _commit_group(connection: sqlite3.Connection, jobs: list[Job]) -> list[bool | Exception]:
    outcomes: list[bool | Exception] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        for job in jobs:
            connection.execute("SAVEPOINT job")
            try:
                outcomes.append(job(connection))
            except sqlite3.IntegrityError as error:
                connection.execute("ROLLBACK TO job")
                # a position or an idempotency key that is already taken is an answer; anything else is a defect
                outcomes.append(False if error.sqlite_errorname in TAKEN else error)
            except sqlite3.Error:
                raise
            except Exception as error:
                connection.execute("ROLLBACK TO job")
                outcomes.append(error)
            connection.execute("RELEASE job")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def open_connection(path: str) -> sqlite3.Connection:
    """A connection in autocommit mode with the project's settings."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
    return connection


class SqliteStore:
    """Reads on one connection in the event loop (tens of microseconds), writes through the group writer."""

    def __init__(self, database: Database) -> None:
        path = str(database.sqlite_path)
        self._reader = open_connection(path)
        self._reader.execute("PRAGMA query_only=ON")
        self._writer = GroupWriter(path, database.gate)

    async def load(self, sitting_id: UUID) -> SittingState | None:
        """The row and its scored responses, as of one moment: the writer commits on another connection."""
        self._reader.execute("BEGIN")
        try:
            row = self._reader.execute(
                f"SELECT {LATEST_WITHDRAWAL_LIST}, {SITTING_COLUMNS} FROM sitting WHERE id = ?",
                (sitting_id.hex,),
            ).fetchone()
            pairs = self._reader.execute(
                "SELECT item_index, score FROM response"
                " WHERE sitting_id = ? AND score IS NOT NULL ORDER BY position",
                (sitting_id.hex,),
            ).fetchall()
        finally:
            self._reader.execute("COMMIT")
        if row is None:
            return None
        names = ("latest_withdrawal_list", *SITTING_COLUMNS.split(", "))
        values = dict(zip(names, row, strict=True))
        for name in ("id", "institution_id", "learner_id", "release_id", "design_id"):
            values[name] = UUID(values[name])
        values["campaign_id"] = values["campaign_id"] and UUID(values["campaign_id"])
        values["held"] = bool(values["held"])
        for name in (
            "created_at", "started_at", "deadline_at", "finished_at", "presented_at", "start_by", "published_at",
        ):  # fmt: skip
            values[name] = values[name] and instant_from_text(values[name])
        return SittingState(**values, items=tuple(i for i, _ in pairs), scores=tuple(s for _, s in pairs))

    async def response(self, sitting_id: UUID, position: int) -> StoredResponse | None:
        """By primary key."""
        found = self._responses("AND position = ?", sitting_id, position)
        return found[0] if found else None

    async def response_by_key(self, sitting_id: UUID, idempotency_key: str) -> StoredResponse | None:
        """By unique key."""
        found = self._responses("AND idempotency_key = ?", sitting_id, idempotency_key)
        return found[0] if found else None

    async def responses(self, sitting_id: UUID) -> list[StoredResponse]:
        """In order of position."""
        return self._responses("ORDER BY position", sitting_id)

    def _responses(self, rest: str, sitting_id: UUID, *values: Any) -> list[StoredResponse]:
        rows = self._reader.execute(
            f"SELECT {RESPONSE_COLUMNS} FROM response WHERE sitting_id = ? {rest}", (sitting_id.hex, *values)
        ).fetchall()
        return [_stored(dict(zip(RESPONSE_COLUMNS.split(", "), row, strict=True))) for row in rows]

    async def withdrawals(self) -> list[Withdrawal]:
        """In order of number."""
        rows = self._reader.execute(_WITHDRAWALS).fetchall()
        return [Withdrawal(number, item_id, bool(withdrawn)) for number, item_id, withdrawn in rows]

    async def start(self, start: Start) -> bool:
        """Sitting started and event, guarded by the status and the withdrawal list: one savepoint."""
        return await self._writer.write(lambda db: _start(db, start))

    async def record(self, move: Move) -> bool:
        """Sitting advanced, response inserted and, at the end, result and event: one savepoint."""
        return await self._writer.write(lambda db: _record(db, move))

    async def close_sitting(self, closure: Closure) -> bool:
        """Guarded by the status and the number of responses."""
        return await self._writer.write(lambda db: _close(db, closure))

    async def save_draft(self, sitting_id: UUID, draft: DraftState) -> bool:
        """Upsert, guarded by the position."""
        values = (
            draft.position,
            to_json(draft.response),
            instant_to_text(draft.saved_at),
            sitting_id.hex,
            draft.position,
        )
        return await self._writer.write(lambda db: db.execute(_SAVE_DRAFT, values).rowcount == 1)

    async def draft(self, sitting_id: UUID) -> DraftState | None:
        """By primary key."""
        row = self._reader.execute(
            "SELECT position, response, saved_at FROM draft WHERE sitting_id = ?", (sitting_id.hex,)
        ).fetchone()
        return DraftState(row[0], from_json(row[1]), instant_from_text(row[2])) if row else None

    async def result(self, sitting_id: UUID) -> Mapping[str, Any] | None:
        """The highest number."""
        row = self._reader.execute(
            "SELECT body FROM result WHERE sitting_id = ? ORDER BY number DESC LIMIT 1", (sitting_id.hex,)
        ).fetchone()
        return from_json(row[0]) if row else None

    async def aclose(self) -> None:
        """Write what was accepted, then close."""
        await self._writer.aclose()
        self._reader.close()


def _start(db: sqlite3.Connection, start: Start) -> bool:
    now = instant_to_text(start.now)
    moved = db.execute(
        _START,
        (
            now,
            instant_to_text(start.deadline),
            start.item,
            now,
            start.theta,
            start.se,
            start.language,
            start.withdrawal_list,
            start.sitting_id.hex,
            start.withdrawal_list,
        ),
    ).fetchone()
    if moved is None:
        return False
    _tell(db, UUID(moved[0]), "sitting.started", start.sitting_id, start.event, now)
    return True


def _record(db: sqlite3.Connection, move: Move) -> bool:
    now = instant_to_text(move.now)
    ending = move.ending
    status, finished_at, reason = ("finished", now, ending.reason) if ending else ("in_progress", None, None)
    presented_at = instant_to_text(move.presented_at) if ending else now
    moved = db.execute(
        "UPDATE sitting SET answered = ?, current_item = ?, theta = ?, se = ?, presented_at = ?, status = ?,"
        " finished_at = ?, finish_reason = ?"
        " WHERE id = ? AND status = 'in_progress' AND answered = ? AND current_item = ?"
        f" AND (? IS NULL OR {LATEST_WITHDRAWAL_LIST} = ?)",
        (
            move.position,
            move.next_item,
            move.theta,
            move.se,
            presented_at,
            status,
            finished_at,
            reason,
            move.sitting_id.hex,
            move.position - 1,
            move.item_index,
            move.next_item,
            move.withdrawal_list,
        ),
    )
    if moved.rowcount != 1:
        return False
    db.execute(
        "INSERT INTO response (sitting_id, position, institution_id, item_index, item_version_id, response,"
        " response_hash, outcome, score, presented_at, received_at, idempotency_key, theta, se, next_item,"
        " finish_reason, withdrawal_list) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            move.sitting_id.hex,
            move.position,
            move.institution_id.hex,
            move.item_index,
            move.item_version_id.hex,
            to_json(move.response),
            move.response_hash,
            move.outcome,
            move.score,
            instant_to_text(move.presented_at),
            now,
            move.idempotency_key,
            move.theta,
            move.se,
            move.next_item,
            reason,
            move.withdrawal_list,
        ),
    )
    if ending:
        _end(db, move.sitting_id, move.institution_id, now, ending)
    return True


def _close(db: sqlite3.Connection, closure: Closure) -> bool:
    now = instant_to_text(closure.now)
    moved = db.execute(
        "UPDATE sitting SET status = 'finished', current_item = NULL, finished_at = ?, finish_reason = ?"
        " WHERE id = ? AND status = 'in_progress' AND answered = ?",
        (now, closure.ending.reason, closure.sitting_id.hex, closure.answered),
    )
    if moved.rowcount != 1:
        return False
    _end(db, closure.sitting_id, closure.institution_id, now, closure.ending)
    return True


def _end(db: sqlite3.Connection, sitting_id: UUID, institution_id: UUID, now: str, ending: Ending) -> None:
    db.execute(
        "INSERT INTO result (sitting_id, number, institution_id, reason, body, created_at)"
        " VALUES (?, 1, ?, 'first', ?, ?)",
        (sitting_id.hex, institution_id.hex, to_json(ending.result), now),
    )
    _tell(db, institution_id, "sitting.finished", sitting_id, ending.event, now)


def _tell(
    db: sqlite3.Connection,
    institution_id: UUID,
    topic: str,
    sitting_id: UUID,
    payload: Mapping[str, Any],
    now: str,
) -> None:
    db.execute(
        "INSERT INTO outbox_event (institution_id, topic, subject, payload, created_at, due_at, attempts)"
        " VALUES (?, ?, ?, ?, ?, ?, 0)",
        (institution_id.hex, topic, sitting_id.hex, to_json(payload), now, now),
    )


_START = (
    "UPDATE sitting SET status = 'in_progress', started_at = ?, deadline_at = ?, current_item = ?,"
    " presented_at = ?, theta = ?, se = ?, language = ?, withdrawal_list = ?"
    f" WHERE id = ? AND status = 'created' AND {LATEST_WITHDRAWAL_LIST} = ?"
    " RETURNING institution_id"
)

_WITHDRAWALS = "SELECT number, item_key, withdrawn FROM withdrawal_entry ORDER BY number"

_SAVE_DRAFT = (
    "INSERT INTO draft (sitting_id, position, response, saved_at)"
    " SELECT id, ?, ?, ? FROM sitting WHERE id = ? AND status = 'in_progress' AND answered = ? - 1"
    " ON CONFLICT (sitting_id) DO UPDATE SET"
    " position = excluded.position, response = excluded.response, saved_at = excluded.saved_at"
)


def _stored(values: dict[str, Any]) -> StoredResponse:
    values["item_version_id"] = UUID(values["item_version_id"])
    values["response"] = from_json(values["response"])
    for name in ("presented_at", "received_at"):
        values[name] = instant_from_text(values[name])
    return StoredResponse(**values)
