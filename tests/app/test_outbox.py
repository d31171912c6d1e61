"""Events reach those who react to them: after their cause, in order for each subject, whatever fails meanwhile."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app import outbox
from app.db import Database
from app.identifiers import new_id
from app.outbox import OutboxEvent
from tests.conftest import Clock, Published

ONE, OTHER = new_id(), new_id()


async def happened(database: Database, published: Published, clock: Clock, *events: tuple[UUID, str]) -> None:
    async with database.transaction() as db:
        for subject, topic in events:
            await outbox.record(db, published.institution_id, topic, subject, {"a": 1}, clock())
            await db.flush()


class Reaction:
    """Keeps what it is told; fails on the topics of `broken`."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.broken: set[str] = set()

    async def __call__(self, event: OutboxEvent) -> None:
        if event.topic in self.broken:
            raise RuntimeError(event.topic)
        self.told.append(event.topic)


async def test_an_event_is_written_with_its_cause_or_not_at_all(
    database: Database, published: Published, clock: Clock
) -> None:
    async def fails() -> None:
        async with database.transaction() as db:
            await outbox.record(db, published.institution_id, "a.b", ONE, {}, clock())
            await db.flush()
            raise LookupError

    with pytest.raises(LookupError):
        await fails()
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(OutboxEvent))).scalar() == 0
    await happened(database, published, clock, (ONE, "a.b"))
    async with database.reading() as db:
        event = (await db.execute(select(OutboxEvent))).scalar_one()
    assert (event.topic, event.subject, event.payload, event.created_at) == ("a.b", ONE, {"a": 1}, clock())


async def test_later_events_of_a_subject_wait_for_the_one_that_failed_and_others_do_not(
    database: Database, published: Published, clock: Clock
) -> None:
    react = Reaction()
    react.broken = {"first"}
    await happened(database, published, clock, (ONE, "first"), (ONE, "second"), (OTHER, "elsewhere"))
    assert await outbox.drain(database, react, clock()) == 1
    await happened(database, published, clock, (ONE, "third"))
    assert await outbox.drain(database, react, clock()) == 0
    assert react.told == ["elsewhere"]
    react.broken = set()
    clock.advance(5)
    assert await outbox.drain(database, react, clock()) == 3
    assert react.told == ["elsewhere", "first", "second", "third"]


async def test_an_event_that_keeps_failing_is_tried_less_and_less_often(
    database: Database, published: Published, clock: Clock
) -> None:
    react = Reaction()
    react.broken = {"a.b"}
    await happened(database, published, clock, (ONE, "a.b"))
    waits = []
    for _ in range(16):
        await outbox.drain(database, react, clock())
        async with database.reading() as db:
            event = (await db.execute(select(OutboxEvent))).scalar_one()
        waits.append((event.due_at - clock()).total_seconds())
        clock.now = event.due_at
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 6 * 3600


async def test_an_event_of_a_time_that_has_not_come_is_told_at_once(
    database: Database, published: Published, clock: Clock
) -> None:
    """In test mode sittings travel in time; whoever builds on webhooks is not made to wait for it."""
    react = Reaction()
    present = clock()
    clock.advance(timedelta(days=7).total_seconds())
    await happened(database, published, clock, (ONE, "a.b"))
    assert await outbox.drain(database, react, present) == 1


async def test_events_done_long_ago_are_forgotten_but_never_the_last(
    database: Database, published: Published, clock: Clock
) -> None:
    """The embedded database would give the last number out again, and the event would pass for an old one."""
    react = Reaction()
    await happened(database, published, clock, *((ONE, f"a.{number}") for number in range(5)))
    await outbox.drain(database, react, clock())
    react.broken = {"b"}
    gone = []
    for _ in range(3):
        async with database.transaction() as db:
            gone.append(await outbox.purge(db, clock() + timedelta(seconds=1), 3))
    assert gone == [3, 1, 0]
    async with database.reading() as db:
        assert (await db.execute(select(OutboxEvent.topic))).scalars().all() == ["a.4"]
