"""Events written in the transaction that causes them, drained by the worker: at least once, in order.

A reaction that fails leaves its event, and the later ones of the same subject, for a later try; other subjects go on.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from app.db import Base, Database, Instant, Json

log = structlog.get_logger(__name__)

BATCH = 50
LONGEST_WAIT = timedelta(hours=6)


class OutboxEvent(Base):
    """Something that happened, waiting for those who react to it."""

    __tablename__ = "outbox_event"
    __table_args__ = (
        Index(
            "ix_outbox_event_due",
            "due_at",
            "id",
            postgresql_where=text("done_at IS NULL"),
            sqlite_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    topic: Mapped[str] = mapped_column(String(64))
    subject: Mapped[UUID]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(Instant)


Reaction = Callable[[OutboxEvent], Awaitable[None]]


async def record(
    db: AsyncSession,
    institution_id: UUID,
    topic: str,
    subject: UUID,
    payload: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write an event in the transaction of its cause: both happen or neither does.

    Events of one subject reach those who react to them in the order they were written. The payload names things,
    it never repeats what a person entered or was given.
    """
    db.add(
        OutboxEvent(
            institution_id=institution_id,
            topic=topic,
            subject=subject,
            payload=dict(payload),
            created_at=now,
            due_at=now,
            attempts=0,
        )
    )


async def drain(database: Database, react: Reaction, now: datetime) -> int:
    """Let what is due be reacted to, oldest first; returns how many events were done.

    A process that dies reacts again to its last batch: a reaction must bear being repeated.
    """
    async with database.reading() as db:
        due = await _due(db, now)
    done: list[int] = []
    held: set[UUID] = set()
    try:
        for event in due:
            if event.subject in held:
                continue
            try:
                await react(event)
            except Exception:
                log.exception("outbox event failed", topic=event.topic, subject=str(event.subject))
                held.add(event.subject)
                wait = min(timedelta(seconds=5 * 2 ** min(event.attempts, 20)), LONGEST_WAIT)
                async with database.transaction() as db:
                    await db.execute(
                        update(OutboxEvent)
                        .where(OutboxEvent.id == event.id)
                        .values(attempts=event.attempts + 1, due_at=now + wait)
                    )
            else:
                done.append(event.id)
    finally:
        if done:
            async with database.transaction() as db:
                await db.execute(update(OutboxEvent).where(OutboxEvent.id.in_(done)).values(done_at=now))
    return len(done)


async def purge(db: AsyncSession, before: datetime, limit: int) -> int:
    """Forget events done before a moment, at most so many; returns how many."""
    # the embedded database gives the number of a removed last row out again, and receivers count by numbers
    last = select(func.max(OutboxEvent.id)).scalar_subquery()
    old = (
        select(OutboxEvent.id)
        .where(OutboxEvent.done_at < before, OutboxEvent.id < last)
        .order_by(OutboxEvent.id)
        .limit(limit)
    )
    ids = (await db.execute(old)).scalars().all()
    await db.execute(delete(OutboxEvent).where(OutboxEvent.id.in_(ids)))
    return len(ids)


async def _due(db: AsyncSession, now: datetime) -> Sequence[OutboxEvent]:
    """The oldest events that may be handled: none whose subject has an older one waiting for its next try.

    A first try is due at once whatever the event's own moment is: in test mode time travels.
    """
    older = aliased(OutboxEvent)
    waits = (
        select(older.id)
        .where(
            older.subject == OutboxEvent.subject,
            older.id < OutboxEvent.id,
            older.done_at.is_(None),
            older.attempts > 0,
            older.due_at > now,
        )
        .exists()
    )
    query = (
        select(OutboxEvent)
        .where(
            OutboxEvent.done_at.is_(None),
            or_(OutboxEvent.attempts == 0, OutboxEvent.due_at <= now),
            ~waits,
        )
        .order_by(OutboxEvent.id)
        .limit(BATCH)
    )
    return (await db.execute(query)).scalars().all()
