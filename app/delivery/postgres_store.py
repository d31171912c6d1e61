"""The hot path on PostgreSQL: hand-written statements through asyncpg, each one round trip and one commit."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from app.db import Database
from app.delivery.state import Closure, DraftState, Move, SittingState, Start, StoredResponse, Withdrawal
from app.delivery.store import LATEST_WITHDRAWAL_LIST, RESPONSE_COLUMNS, SITTING_COLUMNS, from_json, to_json


class PostgresStore:
    """Statements on the engine's own pool; autocommit, so a statement is a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, sitting_id: UUID) -> SittingState | None:
        """One round trip: the row and its responses as two arrays."""
        row = await self._row(_PG_LOAD, sitting_id)
        if row is None:
            return None
        values = dict(row.items())
        values["items"] = tuple(values["items"] or ())
        values["scores"] = tuple(values["scores"] or ())
        return SittingState(**values)

    async def response(self, sitting_id: UUID, position: int) -> StoredResponse | None:
        """By primary key."""
        return _pg_response(await self._row(f"{_PG_RESPONSE} AND position = $2", sitting_id, position))

    async def response_by_key(self, sitting_id: UUID, idempotency_key: str) -> StoredResponse | None:
        """By unique key."""
        return _pg_response(
            await self._row(f"{_PG_RESPONSE} AND idempotency_key = $2", sitting_id, idempotency_key)
        )

    async def responses(self, sitting_id: UUID) -> list[StoredResponse]:
        """In order of position."""
        async with self._database.driver_connection() as connection:
            rows = await connection.fetch(f"{_PG_RESPONSE} ORDER BY position", sitting_id)
        return [found for row in rows if (found := _pg_response(row))]

    async def withdrawals(self) -> list[Withdrawal]:
        """In order of number."""
        async with self._database.driver_connection() as connection:
            rows = await connection.fetch(_PG_WITHDRAWALS)
        return [Withdrawal(*row) for row in rows]

    async def start(self, start: Start) -> bool:
        """Sitting started and event, guarded by the status and the withdrawal list: one statement."""
        return await self._wrote(
            _PG_START,
            start.sitting_id,
            start.now,
            start.deadline,
            start.item,
            start.theta,
            start.se,
            start.language,
            start.withdrawal_list,
            to_json(start.event),
        )

    async def record(self, move: Move) -> bool:
        """Sitting advanced, response inserted and, at the end, result and event: one statement."""
        ending = move.ending
        return await self._wrote(
            _PG_RECORD,
            move.sitting_id,
            move.position,
            move.item_index,
            move.next_item,
            move.now,
            move.theta,
            move.se,
            ending.reason if ending else None,
            move.item_version_id,
            to_json(move.response),
            move.response_hash,
            move.outcome,
            move.score,
            move.presented_at,
            move.idempotency_key,
            to_json(ending.result) if ending else None,
            to_json(ending.event) if ending else None,
            move.withdrawal_list,
        )

    async def close_sitting(self, closure: Closure) -> bool:
        """Guarded by the status and the number of responses."""
        ending = closure.ending
        return await self._wrote(
            _PG_CLOSE,
            closure.sitting_id,
            closure.answered,
            closure.now,
            ending.reason,
            to_json(ending.result),
            to_json(ending.event),
        )

    async def save_draft(self, sitting_id: UUID, draft: DraftState) -> bool:
        """Upsert, guarded by the position."""
        return await self._wrote(
            _PG_SAVE_DRAFT, sitting_id, draft.position, to_json(draft.response), draft.saved_at
        )

    async def draft(self, sitting_id: UUID) -> DraftState | None:
        """By primary key."""
        row = await self._row(
            "SELECT position, response, saved_at FROM draft WHERE sitting_id = $1", sitting_id
        )
        return DraftState(row[0], from_json(row[1]), row[2]) if row else None

    async def result(self, sitting_id: UUID) -> Mapping[str, Any] | None:
        """The highest number."""
        row = await self._row(
            "SELECT body FROM result WHERE sitting_id = $1 ORDER BY number DESC LIMIT 1", sitting_id
        )
        return from_json(row[0]) if row else None

    async def aclose(self) -> None:
        """Nothing is buffered."""

    async def _row(self, statement: str, *values: Any) -> Any:
        async with self._database.driver_connection() as connection:
            return await connection.fetchrow(statement, *values)

    async def _wrote(self, statement: str, *values: Any) -> bool:
        async with self._database.driver_connection() as connection:
            try:
                return bool(await connection.fetchval(statement, *values))
            except asyncpg.UniqueViolationError:  # a position or an idempotency key that is already taken
                return False


def _pg_response(row: Any) -> StoredResponse | None:
    if row is None:
        return None
    values = dict(row.items())
    values["response"] = from_json(values["response"])
    return StoredResponse(**values)


_PG_LOAD = f"""
SELECT {SITTING_COLUMNS},
    (SELECT array_agg(item_index ORDER BY position) FROM response
     WHERE sitting_id = sitting.id AND score IS NOT NULL) AS items,
    (SELECT array_agg(score ORDER BY position) FROM response
     WHERE sitting_id = sitting.id AND score IS NOT NULL) AS scores,
    {LATEST_WITHDRAWAL_LIST} AS latest_withdrawal_list
FROM sitting WHERE id = $1
"""

_PG_RESPONSE = f"SELECT {RESPONSE_COLUMNS} FROM response WHERE sitting_id = $1"

_PG_WITHDRAWALS = "SELECT number, item_key, withdrawn FROM withdrawal_entry ORDER BY number"

_PG_START = f"""
WITH moved AS (
    UPDATE sitting SET status = 'in_progress', started_at = $2, deadline_at = $3, current_item = $4,
        presented_at = $2, theta = $5, se = $6, language = $7, withdrawal_list = $8
    WHERE id = $1 AND status = 'created' AND {LATEST_WITHDRAWAL_LIST} = $8
    RETURNING id, institution_id
), told AS (
    INSERT INTO outbox_event (institution_id, topic, subject, payload, created_at, due_at, attempts)
    SELECT institution_id, 'sitting.started', id, $9::jsonb, $2, $2, 0 FROM moved
)
SELECT count(*) FROM moved
"""

_PG_RECORD = f"""
WITH moved AS (
    UPDATE sitting SET answered = $2, current_item = $4, theta = $6, se = $7,
        presented_at = CASE WHEN $8::text IS NULL THEN $5 ELSE presented_at END,
        status = CASE WHEN $8::text IS NULL THEN 'in_progress' ELSE 'finished' END,
        finished_at = CASE WHEN $8::text IS NULL THEN NULL ELSE $5::timestamptz END,
        finish_reason = $8
    WHERE id = $1 AND status = 'in_progress' AND answered = $2 - 1 AND current_item = $3
        AND ($4::integer IS NULL OR {LATEST_WITHDRAWAL_LIST} = $18)
    RETURNING id, institution_id
), inserted AS (
    INSERT INTO response (sitting_id, position, institution_id, item_index, item_version_id, response,
        response_hash, outcome, score, presented_at, received_at, idempotency_key, theta, se, next_item,
        finish_reason, withdrawal_list)
    SELECT id, $2, institution_id, $3, $9, $10::jsonb, $11, $12, $13, $14, $5, $15, $6, $7, $4, $8, $18 FROM moved
    RETURNING 1
), scored AS (
    INSERT INTO result (sitting_id, number, institution_id, reason, body, created_at)
    SELECT id, 1, institution_id, 'first', $16::jsonb, $5 FROM moved WHERE $8::text IS NOT NULL
), told AS (
    INSERT INTO outbox_event (institution_id, topic, subject, payload, created_at, due_at, attempts)
    SELECT institution_id, 'sitting.finished', id, $17::jsonb, $5, $5, 0 FROM moved WHERE $8::text IS NOT NULL
)
SELECT count(*) FROM inserted
"""

_PG_CLOSE = """
WITH moved AS (
    UPDATE sitting SET status = 'finished', current_item = NULL, finished_at = $3, finish_reason = $4
    WHERE id = $1 AND status = 'in_progress' AND answered = $2
    RETURNING id, institution_id
), scored AS (
    INSERT INTO result (sitting_id, number, institution_id, reason, body, created_at)
    SELECT id, 1, institution_id, 'first', $5::jsonb, $3 FROM moved
), told AS (
    INSERT INTO outbox_event (institution_id, topic, subject, payload, created_at, due_at, attempts)
    SELECT institution_id, 'sitting.finished', id, $6::jsonb, $3, $3, 0 FROM moved
)
SELECT count(*) FROM moved
"""

_PG_SAVE_DRAFT = """
INSERT INTO draft (sitting_id, position, response, saved_at)
SELECT id, $2, $3::jsonb, $4 FROM sitting WHERE id = $1 AND status = 'in_progress' AND answered = $2 - 1
ON CONFLICT (sitting_id) DO UPDATE
    SET position = excluded.position, response = excluded.response, saved_at = excluded.saved_at
RETURNING 1
"""
