"""Institutions and their learners. Identity lives here, apart from responses, in a table of its own."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json

EPOCH = "2026-01-01T00:00:00.000000Z"


class Institution(Base):
    """A tenant: every other row carries its id.

    Test mode is a twin: an institution whose `test_of` is the live one, with everything made by test keys in it.
    """

    __tablename__ = "institution"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    test_of: Mapped[UUID | None] = mapped_column(ForeignKey("institution.id"), index=True, unique=True)
    # how far a twin has travelled in time
    clock_offset_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    branding: Mapped[dict[str, Any]] = mapped_column(Json, server_default=text("'{}'"))
    quotas: Mapped[dict[str, Any]] = mapped_column(Json, server_default=text("'{}'"))
    # origins whose pages may frame ours
    frame_ancestors: Mapped[list[Any]] = mapped_column(Json, server_default=text("'[]'"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class InstitutionLogo(Base):
    """The picture an institution shows to its learners."""

    __tablename__ = "institution_logo"

    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(32))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class Learner(Base):
    """Somebody who sits tests: a pseudonym given by the institution, or nobody in particular."""

    __tablename__ = "learner"
    __table_args__ = (
        UniqueConstraint("institution_id", "external_id"),
        Index("ix_learner_institution_id_id", "institution_id", "id"),
        Index("ix_learner_institution_id_updated_at_id", "institution_id", "updated_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    external_id: Mapped[str | None] = mapped_column(String(128))
    profession: Mapped[str | None] = mapped_column(String(32))
    curriculum: Mapped[str | None] = mapped_column(String(100))
    year: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant, server_default=EPOCH)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class LearnerIdentity(Base):
    """Who a learner is, where the institution chose to say so: read by nothing that measures or exports responses."""

    __tablename__ = "learner_identity"

    learner_id: Mapped[UUID] = mapped_column(ForeignKey("learner.id", ondelete="CASCADE"), primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(254))
    updated_at: Mapped[datetime] = mapped_column(Instant)
