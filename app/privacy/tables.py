"""How long institutions keep what, and who was erased."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant


class RetentionRule(Base):
    """An institution's own length for a class of data; without one the default holds."""

    __tablename__ = "retention_rule"
    __table_args__ = (CheckConstraint("days >= 1", name="days"),)

    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    data_class: Mapped[str] = mapped_column(String(32), primary_key=True)
    days: Mapped[int]
    changed_by: Mapped[str] = mapped_column(String(128))
    changed_at: Mapped[datetime] = mapped_column(Instant)


class Erasure(Base):
    """A learner who was erased: enough to do it again after a backup was restored, nothing of who they were."""

    __tablename__ = "erasure"

    learner_id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    reason: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(Instant)
