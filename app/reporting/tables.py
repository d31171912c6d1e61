"""Exports that institutions asked for, and the daily tallies that comparisons are made from."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json


class Export(Base):
    """One file that was asked for: what goes into it, who asked, and what became of it."""

    __tablename__ = "export"
    __table_args__ = (
        CheckConstraint("what IN ('results', 'responses', 'learners')", name="what"),
        CheckConstraint("format IN ('json', 'csv', 'xlsx', 'parquet')", name="format"),
        CheckConstraint("status IN ('pending', 'running', 'ready', 'failed', 'expired')", name="status"),
        CheckConstraint("(status IN ('ready', 'expired')) = (sha256 IS NOT NULL)", name="ready"),
        Index(
            "ix_export_waiting",
            "id",
            postgresql_where=text("status IN ('pending', 'running')"),
            sqlite_where=text("status IN ('pending', 'running')"),
        ),
        Index("ix_export_institution_id_id", "institution_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    what: Mapped[str] = mapped_column(String(16))
    format: Mapped[str] = mapped_column(String(16))
    # campaign and cohort may be deleted later; the export stays as the record of what left
    campaign_id: Mapped[UUID | None]
    cohort_id: Mapped[UUID | None]
    updated_since: Mapped[datetime | None] = mapped_column(Instant)
    bom: Mapped[bool] = mapped_column(default=False)
    requested_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None] = mapped_column(Instant)
    rows: Mapped[int | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    failure: Mapped[str | None] = mapped_column(String(32))
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant, index=True)


class ComparisonTally(Base):
    """What one institution's learners reached in one design, counted once a day; nobody can be told from it.

    Comparisons add up the rows of the other institutions, so that a page never reads another's results.
    """

    __tablename__ = "comparison_tally"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    design_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    # the levels and cuts the results were given on: another scale is another comparison
    scale: Mapped[str] = mapped_column(String(64), primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    levels: Mapped[list[Any]] = mapped_column(Json)
    domains: Mapped[dict[str, Any]] = mapped_column(Json)
