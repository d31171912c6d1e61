"""Calibrations under governance: what was proposed, who decided what, which set went into force. All append-only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json

STATES = ("draft", "proposed", "approved", "promoted", "superseded")
_STATES = ", ".join(f"'{state}'" for state in STATES)


class CalibrationRun(Base):
    """One run as it was registered: its hash, what it was made of, and the parameters a promotion puts in force."""

    __tablename__ = "calibration_run"

    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    author: Mapped[str] = mapped_column(String(128))
    real: Mapped[bool]
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    estimates: Mapped[list[Any]] = mapped_column(Json)
    registered_at: Mapped[datetime] = mapped_column(Instant)


class CalibrationStep(Base):
    """One step in the life of a run: from where to where, by whom, why; `promotions` had taken place by then."""

    __tablename__ = "calibration_step"
    __table_args__ = (
        CheckConstraint(f"after IN ({_STATES})", name="after"),
        CheckConstraint(f"before IN ({_STATES})", name="before"),
    )

    run_hash: Mapped[str] = mapped_column(ForeignKey("calibration_run.content_hash"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    before: Mapped[str | None] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(128))
    why: Mapped[str] = mapped_column(String(2000))
    promotions: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)


class Promotion(Base):
    """A parameter set went into force: the release that carries it, the one before, and the run, None for the experts'.

    Numbers have no gap; that each is taken once is what lets one of two simultaneous promotions win.
    """

    __tablename__ = "promotion"
    __table_args__ = (CheckConstraint("number >= 1", name="number"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    release_id: Mapped[UUID] = mapped_column(ForeignKey("bank_release.id"), unique=True)
    former_release_id: Mapped[UUID] = mapped_column(ForeignKey("bank_release.id"))
    run_hash: Mapped[str | None] = mapped_column(ForeignKey("calibration_run.content_hash"), index=True)
    rollback: Mapped[bool]
    actor: Mapped[str] = mapped_column(String(128))
    why: Mapped[str] = mapped_column(String(2000))
    at: Mapped[datetime] = mapped_column(Instant)
