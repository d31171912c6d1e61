"""Institutions and their learners. Identity lives here, apart from responses."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant


class Institution(Base):
    """A tenant: every other row carries its id."""

    __tablename__ = "institution"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Learner(Base):
    """Somebody who sits tests: a pseudonym given by the institution, or nobody in particular."""

    __tablename__ = "learner"
    __table_args__ = (UniqueConstraint("institution_id", "external_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    external_id: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(Instant)
