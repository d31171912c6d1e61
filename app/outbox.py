"""Events written in the transaction that causes them, drained by the worker: at least once, in order.

A handler that fails leaves its event for a later try; other events of other subjects go on.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, select, text
from sqlalchemy.orm import Mapped, mapped_column

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


Handler = Callable[[OutboxEvent], Awaitable[None]]


async def drain(database: Database, handlers: Mapping[str, Handler], now: datetime) -> int:
    """Handle what is due, oldest first; returns how many events were done."""
    async with database.reading() as db:
        due = (
            (
                await db.execute(
                    select(OutboxEvent)
                    .where(OutboxEvent.done_at.is_(None), OutboxEvent.due_at <= now)
                    .order_by(OutboxEvent.id)
                    .limit(BATCH)
                )
            )
            .scalars()
            .all()
        )
    done = 0
    for event in due:
        try:
            await handlers[event.topic](event)
        except Exception:
            log.exception("outbox event failed", topic=event.topic, subject=str(event.subject))
            wait = min(timedelta(seconds=5 * 2 ** min(event.attempts, 20)), LONGEST_WAIT)
            async with database.transaction() as db:
                stored = await db.get_one(OutboxEvent, event.id)
                stored.attempts += 1
                stored.due_at = now + wait
        else:
            async with database.transaction() as db:
                (await db.get_one(OutboxEvent, event.id)).done_at = now
            done += 1
    return done
