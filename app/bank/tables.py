"""The bank at run time: item versions, parameter sets and releases, all append-only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json
from item_bank.item import Status

_STATUSES = ", ".join(f"'{status}'" for status in Status)


class ItemVersion(Base):
    """What an item said at one moment; never changed, never removed."""

    __tablename__ = "item_version"
    __table_args__ = (UniqueConstraint("item_key", "number"), UniqueConstraint("item_key", "content_hash"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    item_key: Mapped[str] = mapped_column(String(64), index=True)
    number: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)


class ItemStatusChange(Base):
    """One step in the life of an item: who, when, from where to where, on which version, and why."""

    __tablename__ = "item_status_change"
    __table_args__ = (
        CheckConstraint(f"after IN ({_STATUSES})", name="after"),
        CheckConstraint(f"before IN ({_STATUSES})", name="before"),
        CheckConstraint("source IN ('files', 'workshop')", name="source"),
    )

    item_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), index=True)
    before: Mapped[str | None] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(128))
    role: Mapped[str | None] = mapped_column(String(32))
    why: Mapped[str] = mapped_column(String(2000))
    source: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Instant)


class ItemImport(Base):
    """What the text files said of an item when they and the database last agreed; a row each time it changed."""

    __tablename__ = "item_import"
    __table_args__ = (CheckConstraint(f"status IN ({_STATUSES})", name="status"),)

    item_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), index=True)
    status: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Instant)


class ParameterSet(Base):
    """What one calibration, or the expert rule, produced; provisional until calibrated on real responses."""

    __tablename__ = "parameter_set"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), unique=True)
    provisional: Mapped[bool]
    origin: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)


class ItemParameter(Base):
    """One item's parameters in one set, D = 1."""

    __tablename__ = "item_parameter"
    # BETWEEN also refuses NaN: PostgreSQL sorts NaN above every number, SQLite stores it as NULL.
    __table_args__ = (
        CheckConstraint("discrimination > 0 AND discrimination <= 10", name="discrimination"),
        CheckConstraint("difficulty BETWEEN -20 AND 20", name="difficulty"),
        CheckConstraint(
            "guessing >= 0 AND guessing < upper_asymptote AND upper_asymptote <= 1", name="asymptotes"
        ),
    )

    parameter_set_id: Mapped[UUID] = mapped_column(ForeignKey("parameter_set.id"), primary_key=True)
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), primary_key=True)
    discrimination: Mapped[float]
    difficulty: Mapped[float]
    guessing: Mapped[float]
    upper_asymptote: Mapped[float]
    se_discrimination: Mapped[float | None]
    se_difficulty: Mapped[float | None]


class BankRelease(Base):
    """An immutable, content-hashed snapshot; a sitting pins one."""

    __tablename__ = "bank_release"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    content_hash: Mapped[str] = mapped_column(String(64), unique=True)
    parameter_set_id: Mapped[UUID] = mapped_column(ForeignKey("parameter_set.id"))
    demonstration: Mapped[bool]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    published_at: Mapped[datetime] = mapped_column(Instant)


class ReleaseItem(Base):
    """Which item version stands at which index of a release's arrays."""

    __tablename__ = "release_item"
    __table_args__ = (UniqueConstraint("release_id", "item_version_id"),)

    release_id: Mapped[UUID] = mapped_column(ForeignKey("bank_release.id"), primary_key=True)
    item_index: Mapped[int] = mapped_column(primary_key=True)
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"))
