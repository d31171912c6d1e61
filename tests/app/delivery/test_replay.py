"""Every finished sitting comes out again; a changed fact is found."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app import audit
from app.db import Database
from app.delivery.context import Context
from app.delivery.replay import replay
from app.delivery.tables import Response, Result, Sitting
from app.outbox import OutboxEvent
from app.worker import Worker
from tests.app.delivery.learner import Learner
from tests.conftest import Clock, Published


@pytest.fixture
async def learner(client: httpx2.AsyncClient, published: Published) -> Learner:
    return Learner(client, published.authorization)


@pytest.fixture
def context(application: FastAPI) -> Context:
    found: Context = application.state.context
    return found


@pytest.fixture
async def worker(context: Context) -> Worker:
    return Worker(context.database, context.delivery, context.clock)


@pytest.mark.parametrize("design", ["certification", "practice"])
async def test_a_finished_sitting_is_identical(learner: Learner, context: Context, design: str) -> None:
    replies = await learner.walk(design)
    found = await replay(context.delivery, learner.id)
    assert found.difference is None
    assert len(found.steps) == len(replies)


async def test_a_sitting_in_progress_or_cut_short_is_identical(
    learner: Learner, context: Context, clock: Clock
) -> None:
    question = (await learner.walk(answers=4))[-1]["question"]
    assert (await replay(context.delivery, learner.id)).identical
    clock.advance(4000)
    await learner.answer(question)
    found = await replay(context.delivery, learner.id)
    assert found.identical
    assert found.steps[-1].score is None


@pytest.mark.parametrize(
    ("values", "where", "said"),
    [
        ({"theta": 0.123}, Response.position == 2, "position 2: theta"),
        ({"item_index": 0, "next_item": 1}, Response.position == 3, "position 3: item 0 was shown"),
    ],
)
async def test_a_changed_fact_is_named(
    learner: Learner, context: Context, database: Database, values: dict[str, Any], where: Any, said: str
) -> None:
    await learner.walk("practice")
    async with database.transaction() as db:
        await db.execute(update(Response).where(where).values(**values))
    found = await replay(context.delivery, learner.id)
    assert found.difference is not None
    assert found.difference.startswith(said)


async def test_a_changed_score_is_named(learner: Learner, context: Context, database: Database) -> None:
    await learner.walk("practice")
    async with database.transaction() as db:
        first = (await db.execute(select(Response).where(Response.position == 1))).scalar_one()
        first.score = 1 - (first.score or 0)
    found = await replay(context.delivery, learner.id)
    assert found.difference is not None
    assert found.difference.startswith("position 1: scored")


async def test_a_changed_level_is_named(learner: Learner, context: Context, database: Database) -> None:
    await learner.walk("practice")
    async with database.transaction() as db:
        result = (await db.execute(select(Result))).scalar_one()
        level = 4 - result.body["measurement"]["level_index"]
        result.body = {**result.body, "measurement": {**result.body["measurement"], "level_index": level}}
    assert "level" in str((await replay(context.delivery, learner.id)).difference)


async def test_the_worker_verifies_what_is_finished(
    learner: Learner, worker: Worker, database: Database
) -> None:
    await learner.walk("practice")
    assert await worker.round() == 2
    assert await worker.round() == 0
    async with database.reading() as db:
        assert None not in (await db.execute(select(OutboxEvent.done_at))).scalars().all()
        assert (
            await db.execute(select(audit.AuditEntry).where(audit.AuditEntry.actor == "worker"))
        ).all() == []


async def test_the_worker_alarms_when_a_replay_differs(
    learner: Learner, worker: Worker, database: Database
) -> None:
    await learner.walk("practice")
    async with database.transaction() as db:
        await db.execute(update(Response).where(Response.position == 2).values(theta=3.0))
    await worker.round()
    async with database.reading() as db:
        alarm = (
            await db.execute(select(audit.AuditEntry).where(audit.AuditEntry.act == "replay.differs"))
        ).scalar_one()
        assert "position 2" in alarm.facts["difference"]
        assert await audit.first_broken_link(db) is None


async def test_the_worker_closes_sittings_nobody_looks_at(
    learner: Learner, worker: Worker, database: Database, clock: Clock
) -> None:
    await learner.walk(answers=2)
    await worker.round()
    clock.advance(3605)
    assert await worker.round() == 0
    clock.advance(1)
    assert await worker.round() == 2
    async with database.reading() as db:
        sitting = (await db.execute(select(Sitting))).scalar_one()
    assert (sitting.status, sitting.finish_reason) == ("finished", "time")


async def test_an_event_whose_handler_fails_is_tried_again_later(
    learner: Learner, context: Context, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await learner.walk("practice")
    worker = Worker(context.database, context.delivery, clock)

    async def broken(*_: object) -> None:
        raise RuntimeError("unreachable")

    with monkeypatch.context() as patch:
        patch.setattr("app.delivery.replay.replay", broken)
        assert await worker.round() == 1, "the start has no handler that could fail"
    assert await worker.round() == 0
    clock.advance(timedelta(seconds=6).total_seconds())
    assert await worker.round() == 1
    async with database.reading() as db:
        attempts = select(OutboxEvent.attempts).where(OutboxEvent.topic == "sitting.finished")
        assert (await db.execute(attempts)).scalar_one() == 1


async def test_the_audit_chain_shows_a_changed_removed_or_reordered_entry(
    database: Database, published: Published, clock: Clock
) -> None:
    async with database.transaction() as db:
        for number in range(5):
            await audit.record(db, actor="a", act="b", subject=str(number), facts={"n": number}, now=clock())
        assert await audit.first_broken_link(db) is None
        entries = (
            (await db.execute(select(audit.AuditEntry).order_by(audit.AuditEntry.number))).scalars().all()
        )
        facts = entries[2].facts
        entries[2].facts = {"n": 99}
        await db.flush()
        assert await audit.first_broken_link(db) == 3
        entries[2].facts = facts
        await db.flush()
        assert await audit.first_broken_link(db) is None
        await db.delete(entries[3])
        await db.flush()
        assert await audit.first_broken_link(db) == 4
