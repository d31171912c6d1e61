"""Test designs, versioned: blueprint, selection, stopping, timing, cut scores."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json


class TestDesign(Base):
    """One version of a design, bound to the release it was checked against."""

    __tablename__ = "test_design"
    __table_args__ = (
        UniqueConstraint("design_key", "number"),
        UniqueConstraint("design_key", "release_id", "content_hash"),
        CheckConstraint("purpose IN ('practice', 'certification')", name="purpose"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    design_key: Mapped[str] = mapped_column(String(64), index=True)
    number: Mapped[int]
    release_id: Mapped[UUID] = mapped_column(ForeignKey("bank_release.id"))
    content_hash: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(16))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
