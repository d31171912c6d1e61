"""Sittings and what happened in them. Facts are stored; theta and se are caches of facts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json


class Sitting(Base):
    """One learner's run of one design on one release."""

    __tablename__ = "sitting"
    __table_args__ = (
        UniqueConstraint("institution_id", "idempotency_key"),
        CheckConstraint("status IN ('created', 'in_progress', 'finished')", name="status"),
        CheckConstraint("(status = 'created') = (started_at IS NULL)", name="started"),
        CheckConstraint("(status = 'finished') = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("(status = 'in_progress') = (current_item IS NOT NULL)", name="current_item"),
        CheckConstraint("answered >= 0", name="answered"),
        Index(
            "ix_sitting_open_deadline",
            "deadline_at",
            postgresql_where=text("status = 'in_progress'"),
            sqlite_where=text("status = 'in_progress'"),
        ),
        Index(
            "ix_sitting_campaign_id",
            "campaign_id",
            "learner_id",
            postgresql_where=text("campaign_id IS NOT NULL"),
            sqlite_where=text("campaign_id IS NOT NULL"),
        ),
        Index("ix_sitting_institution_id_created_at", "institution_id", "created_at"),
        # HOT updates: every answer rewrites this row
        {"postgresql_with": {"fillfactor": 60}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    learner_id: Mapped[UUID] = mapped_column(ForeignKey("learner.id"), index=True)
    access_code_id: Mapped[UUID | None] = mapped_column(ForeignKey("access_code.id"))
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaign.id"))
    release_id: Mapped[UUID] = mapped_column(ForeignKey("bank_release.id"))
    design_id: Mapped[UUID] = mapped_column(ForeignKey("test_design.id"))
    profession: Mapped[str | None] = mapped_column(String(32))
    # None until it is chosen; a started sitting without one is in the language of the bank
    language: Mapped[str | None] = mapped_column(String(8))
    seed: Mapped[int] = mapped_column(BigInteger)
    holder_hash: Mapped[str | None] = mapped_column(String(64))
    resume_hash: Mapped[str] = mapped_column(String(64), unique=True)
    idempotency_key: Mapped[str | None] = mapped_column(String(128))
    request_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    # it cannot be started from then on
    start_by: Mapped[datetime | None] = mapped_column(Instant)
    # its result is kept from the learner until the campaign is published
    held: Mapped[bool] = mapped_column(server_default=false())
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    time_limit_seconds: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    deadline_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    finish_reason: Mapped[str | None] = mapped_column(String(32))
    answered: Mapped[int] = mapped_column(default=0)
    current_item: Mapped[int | None]
    presented_at: Mapped[datetime | None] = mapped_column(Instant)
    theta: Mapped[float | None]
    se: Mapped[float | None]
    # number of the withdrawal list under which the first item was chosen
    withdrawal_list: Mapped[int] = mapped_column(server_default=text("0"))


class WithdrawalEntry(Base):
    """One act on the withdrawal list: an item may no longer be shown, or may be again.

    The list of number n is what the entries 1 to n say; numbers have no gap.
    """

    __tablename__ = "withdrawal_entry"
    __table_args__ = (CheckConstraint("number >= 1", name="number"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_key: Mapped[str] = mapped_column(String(64))
    withdrawn: Mapped[bool]
    actor: Mapped[str] = mapped_column(String(128))
    why: Mapped[str] = mapped_column(String(2000))
    at: Mapped[datetime] = mapped_column(Instant)


class Response(Base):
    """What was entered at one position, its score, and what the engine decided next."""

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("sitting_id", "idempotency_key"),
        CheckConstraint("outcome IN ('answered', 'omitted', 'late')", name="outcome"),
        CheckConstraint("(outcome = 'late') = (score IS NULL)", name="score"),
        CheckConstraint("position >= 1", name="position"),
    )

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    item_index: Mapped[int]
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), index=True)
    response: Mapped[dict[str, Any] | None] = mapped_column(Json)
    response_hash: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    score: Mapped[int | None]
    presented_at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant)
    idempotency_key: Mapped[str] = mapped_column(String(128))
    theta: Mapped[float]
    se: Mapped[float]
    next_item: Mapped[int | None]
    finish_reason: Mapped[str | None] = mapped_column(String(32))
    # number of the withdrawal list under which what follows was decided
    withdrawal_list: Mapped[int] = mapped_column(server_default=text("0"))


class Draft(Base):
    """The unsent response of the question being shown."""

    __tablename__ = "draft"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), primary_key=True)
    position: Mapped[int]
    response: Mapped[dict[str, Any] | None] = mapped_column(Json)
    saved_at: Mapped[datetime] = mapped_column(Instant)


class Result(Base):
    """A result, never changed; a re-scoring adds the next number with its reason."""

    __tablename__ = "result"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    reason: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)


class ProblemReport(Base):
    """What a learner said was wrong with a question."""

    __tablename__ = "problem_report"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    position: Mapped[int]
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), index=True)
    text: Mapped[str] = mapped_column(String(1000))
    created_at: Mapped[datetime] = mapped_column(Instant)
