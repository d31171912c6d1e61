"""One behaviour, two databases: what the hot path's stores promise, whatever the driver."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import func, select

from app.assessments.service import Assessments
from app.db import Database
from app.delivery import service
from app.delivery.postgres_store import PostgresStore
from app.delivery.sqlite_store import SqliteStore
from app.delivery.state import Closure, DraftState, Ending, Move, Start
from app.delivery.store import DeliveryStore
from app.delivery.tables import Response, Result, Sitting
from app.institutions import service as institutions
from app.outbox import OutboxEvent
from tests.conftest import START, Published

ENDING = Ending("length", {"version": 1}, {"reason": "length"})


@pytest.fixture
async def store(database: Database) -> AsyncIterator[DeliveryStore]:
    opened: DeliveryStore = SqliteStore(database) if database.is_sqlite else PostgresStore(database)
    yield opened
    await opened.aclose()


@pytest.fixture
async def sitting_id(database: Database, published: Published) -> UUID:
    assessments = Assessments(database)
    await assessments.load_current()
    design = await assessments.current("certification")
    async with database.transaction() as db:
        learner_id = await institutions.learner_for(db, published.institution_id, "etu-1", START)
        created = await service.create(
            db, design, institution_id=published.institution_id, learner_id=learner_id, now=START
        )
    return created.id


@pytest.fixture
async def move(store: DeliveryStore, sitting_id: UUID, database: Database) -> Move:
    """The first answer of a started sitting, on item 0."""
    await store.start(Start(sitting_id, START, START + timedelta(hours=1), 0, 0.0, 1.0))
    sitting = await store.load(sitting_id)
    assert sitting is not None
    assessments = Assessments(database)
    design = await assessments.in_use(sitting.design_id)
    return Move(
        sitting_id=sitting_id,
        institution_id=sitting.institution_id,
        position=1,
        item_index=0,
        item_version_id=design.release.item_version_ids[0],
        response={"text": "œuf « à » 𝒳"},
        response_hash="a" * 64,
        outcome="answered",
        score=1,
        presented_at=START,
        now=START + timedelta(seconds=30, microseconds=7),
        idempotency_key="k1",
        theta=0.25,
        se=0.9,
        next_item=1,
        ending=None,
    )


async def rows(database: Database, table: type) -> int:
    async with database.reading() as db:
        return (await db.execute(select(func.count()).select_from(table))).scalar_one()


async def test_an_unknown_sitting_is_none(store: DeliveryStore, published: Published) -> None:
    assert await store.load(uuid4()) is None
    assert await store.response(uuid4(), 1) is None
    assert await store.draft(uuid4()) is None
    assert await store.result(uuid4()) is None


async def test_only_the_first_start_counts_and_is_told(
    store: DeliveryStore, sitting_id: UUID, database: Database
) -> None:
    start = Start(sitting_id, START, START + timedelta(hours=1), 5, 0.1, 0.9)
    assert await store.start(start) is True
    assert await store.start(replace(start, item=6, now=START + timedelta(seconds=1))) is False
    async with database.reading() as db:
        event = (await db.execute(select(OutboxEvent))).scalar_one()
    assert (event.topic, event.subject, event.created_at) == ("sitting.started", sitting_id, START)
    assert event.payload == {"sitting_id": str(sitting_id)}
    sitting = await store.load(sitting_id)
    assert sitting is not None
    assert (sitting.status, sitting.current_item, sitting.started_at) == ("in_progress", 5, START)
    assert sitting.deadline_at == START + timedelta(hours=1)


async def test_a_response_comes_back_as_it_went_in(store: DeliveryStore, move: Move) -> None:
    assert await store.record(move) is True
    sitting = await store.load(move.sitting_id)
    assert sitting is not None
    assert (sitting.answered, sitting.current_item, sitting.items, sitting.scores) == (1, 1, (0,), (1,))
    assert (sitting.theta, sitting.se, sitting.presented_at) == (0.25, 0.9, move.now)
    stored = await store.response(move.sitting_id, 1)
    assert stored == await store.response_by_key(move.sitting_id, "k1")
    assert stored is not None
    assert stored.response == {"text": "œuf « à » 𝒳"}
    assert (stored.received_at, stored.presented_at, stored.next_item) == (move.now, START, 1)
    assert await store.responses(move.sitting_id) == [stored]


async def test_a_position_is_answered_once(store: DeliveryStore, move: Move, database: Database) -> None:
    assert await store.record(move) is True
    assert await store.record(replace(move, idempotency_key="k2")) is False
    assert await rows(database, Response) == 1


@pytest.mark.parametrize("change", [{"position": 2}, {"item_index": 3}])
async def test_a_response_that_is_not_to_the_question_shown_changes_nothing(
    store: DeliveryStore, move: Move, database: Database, change: dict[str, Any]
) -> None:
    before = await store.load(move.sitting_id)
    assert await store.record(replace(move, **change)) is False
    assert await store.load(move.sitting_id) == before
    assert await rows(database, Response) == 0


async def test_a_key_is_used_once_in_a_sitting(store: DeliveryStore, move: Move, database: Database) -> None:
    assert await store.record(move) is True
    second = replace(move, position=2, item_index=1, next_item=2)
    before = await store.load(move.sitting_id)
    assert await store.record(second) is False
    assert await store.load(move.sitting_id) == before
    assert await store.record(replace(second, idempotency_key="k2")) is True
    assert await rows(database, Response) == 2


async def test_fifty_writers_of_one_position_leave_one(
    store: DeliveryStore, move: Move, database: Database
) -> None:
    outcomes = await asyncio.gather(
        *(store.record(replace(move, idempotency_key=f"k{number}")) for number in range(50))
    )
    assert sorted(outcomes) == [False] * 49 + [True]
    assert await rows(database, Response) == 1


async def test_the_last_response_writes_result_and_event(
    store: DeliveryStore, move: Move, database: Database
) -> None:
    assert await store.record(replace(move, next_item=None, ending=ENDING)) is True
    sitting = await store.load(move.sitting_id)
    assert sitting is not None
    assert (sitting.status, sitting.finish_reason, sitting.current_item) == ("finished", "length", None)
    assert sitting.finished_at == move.now
    assert await store.result(move.sitting_id) == {"version": 1}
    async with database.reading() as db:
        _, event = (await db.execute(select(OutboxEvent).order_by(OutboxEvent.id))).scalars()
    assert (event.topic, event.subject, event.payload) == (
        "sitting.finished",
        move.sitting_id,
        {"reason": "length"},
    )
    assert (event.attempts, event.done_at, event.due_at) == (0, None, move.now)


async def test_a_late_response_is_kept_without_a_score(store: DeliveryStore, move: Move) -> None:
    late = replace(move, outcome="late", score=None, next_item=None, ending=replace(ENDING, reason="time"))
    assert await store.record(late) is True
    sitting = await store.load(move.sitting_id)
    assert sitting is not None
    assert (sitting.items, sitting.scores, sitting.answered) == ((), (), 1)


async def test_a_sitting_is_closed_once_and_only_where_it_stood(
    store: DeliveryStore, move: Move, database: Database
) -> None:
    closure = Closure(move.sitting_id, move.institution_id, 1, move.now, ENDING)
    assert await store.close_sitting(closure) is False
    assert await store.close_sitting(replace(closure, answered=0)) is True
    assert await store.close_sitting(replace(closure, answered=0)) is False
    assert await store.record(move) is False
    assert await rows(database, Result) == 1


async def test_a_draft_belongs_to_the_question_shown(store: DeliveryStore, move: Move) -> None:
    saved_at = START + timedelta(seconds=3)
    assert await store.save_draft(move.sitting_id, DraftState(1, {"choice": "b"}, saved_at)) is True
    assert await store.save_draft(move.sitting_id, DraftState(2, {"choice": "c"}, saved_at)) is False
    assert await store.draft(move.sitting_id) == DraftState(1, {"choice": "b"}, saved_at)
    assert await store.save_draft(move.sitting_id, DraftState(1, None, saved_at)) is True
    assert await store.draft(move.sitting_id) == DraftState(1, None, saved_at)


async def test_orm_transactions_and_the_hot_path_share_the_database(
    store: DeliveryStore, move: Move, database: Database, published: Published
) -> None:
    async def enrol(number: int) -> None:
        async with database.transaction() as db:
            await institutions.learner_for(db, published.institution_id, f"autre-{number}", START)

    await asyncio.gather(
        *(enrol(number) for number in range(10)),
        *(
            store.save_draft(
                move.sitting_id, DraftState(1, {"choice": "b"}, START + timedelta(seconds=number))
            )
            for number in range(100)
        ),
        store.record(move),
    )
    assert await rows(database, Response) == 1


async def test_a_number_that_is_not_finite_is_never_written(store: DeliveryStore, move: Move) -> None:
    with pytest.raises(ValueError, match="Out of range float values"):
        await store.record(
            replace(move, next_item=None, ending=replace(ENDING, result={"theta": float("nan")}))
        )
    assert await store.save_draft(move.sitting_id, DraftState(1, None, START)) is True
    sitting = await store.load(move.sitting_id)
    assert sitting is not None
    assert sitting.answered == 0


async def test_a_broken_rule_of_the_database_is_a_defect_not_an_answer(
    store: DeliveryStore, move: Move
) -> None:
    with pytest.raises((sqlite3.IntegrityError, asyncpg.CheckViolationError)):
        await store.record(replace(move, ending=ENDING))
    assert await store.record(move) is True


def test_moments_are_stored_in_utc_with_microseconds() -> None:
    from app.db import instant_from_text, instant_to_text

    moment = datetime.fromisoformat("2026-10-25T02:30:00.000001+01:00")
    assert instant_to_text(moment) == "2026-10-25T01:30:00.000001Z"
    assert instant_from_text(instant_to_text(moment)) == moment
    with pytest.raises(ValueError, match="time zone"):
        instant_to_text(moment.replace(tzinfo=None))


def test_a_sitting_row_is_never_half_started() -> None:
    names = {str(constraint.name) for constraint in Sitting.__table__.constraints}  # type: ignore[attr-defined]
    assert {"ck_sitting_started", "ck_sitting_finished", "ck_sitting_current_item"} <= names


async def test_nothing_is_shown_under_a_withdrawal_list_that_is_no_longer_in_force(
    store: DeliveryStore, sitting_id: UUID, database: Database
) -> None:
    start = Start(sitting_id, START, START + timedelta(hours=1), 0, 0.0, 1.0)
    async with database.transaction() as db:
        await service.withdraw(db, "D1C1-002", by="Ana", why="leaked", now=START)
    assert await store.start(start) is False
    assert await store.start(replace(start, withdrawal_list=1)) is True
    sitting = await store.load(sitting_id)
    assert sitting is not None
    assert (sitting.withdrawal_list, sitting.latest_withdrawal_list) == (1, 1)


async def test_an_answer_decided_under_an_older_list_is_not_recorded_unless_it_is_the_last(
    store: DeliveryStore, move: Move, database: Database
) -> None:
    async with database.transaction() as db:
        await service.withdraw(db, "D1C1-002", by="Ana", why="leaked", now=START)
    assert await store.record(move) is False
    assert await rows(database, Response) == 0
    assert await store.record(replace(move, withdrawal_list=1)) is True
    last = replace(move, position=2, item_index=1, idempotency_key="k2", next_item=None, ending=ENDING)
    assert await store.record(last) is True
    stored = await store.response(move.sitting_id, 1)
    assert stored is not None
    assert stored.withdrawal_list == 1
    acts = await store.withdrawals()
    assert [(act.number, act.item_id, act.withdrawn) for act in acts] == [(1, "D1C1-002", True)]
