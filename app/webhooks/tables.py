"""Addresses to call, messages to deliver, and every attempt to do so."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json

STATES = ("pending", "delivered", "failed")


class Webhook(Base):
    """An institution's address, what it wants to hear, and the secret that signs it."""

    __tablename__ = "webhook"
    __table_args__ = (UniqueConstraint("institution_id", "url"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[list[Any]] = mapped_column(Json)
    description: Mapped[str] = mapped_column(String(200))
    # sealed: a dump of the database signs nothing
    sealed_secret: Mapped[str] = mapped_column(Text, server_default=text("''"))
    sealed_former_secret: Mapped[str | None] = mapped_column(Text)
    former_until: Mapped[datetime | None] = mapped_column(Instant)
    enabled: Mapped[bool]
    disabled_reason: Mapped[str | None] = mapped_column(String(32))
    failures: Mapped[int] = mapped_column(default=0)
    resting_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class WebhookDelivery(Base):
    """One message to one address; `body` is kept as it is signed, byte for byte."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
        UniqueConstraint("webhook_id", "event_id"),
        Index(
            "ix_webhook_delivery_due",
            "webhook_id",
            "subject",
            "event_id",
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
        Index(
            "ix_webhook_delivery_next",
            "webhook_id",
            "due_at",
            "id",
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
        Index(
            "ix_webhook_delivery_claimed",
            "webhook_id",
            "claimed_until",
            postgresql_where=text("claimed_until IS NOT NULL"),
            sqlite_where=text("claimed_until IS NOT NULL"),
        ),
        Index("ix_webhook_delivery_log", "webhook_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    event: Mapped[str] = mapped_column(String(64))
    subject: Mapped[UUID]
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    opened_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime] = mapped_column(Instant)
    claimed_until: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class WebhookAttempt(Base):
    """One call and what came back."""

    __tablename__ = "webhook_attempt"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(
        ForeignKey("webhook_delivery.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    status: Mapped[int | None]
    latency_ms: Mapped[int]
    excerpt: Mapped[str] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(String(300))
