"""Cohorts, campaigns, who is invited to them, and files of learners that wait for their confirmation."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant


class Cohort(Base):
    """Learners who go through something together: a class, a ward, a year of a curriculum."""

    __tablename__ = "cohort"
    __table_args__ = (UniqueConstraint("institution_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    name: Mapped[str] = mapped_column(String(200))
    curriculum: Mapped[str | None] = mapped_column(String(100))
    year: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)


class CohortMember(Base):
    """A learner of a cohort."""

    __tablename__ = "cohort_member"

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohort.id", ondelete="CASCADE"), primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(
        ForeignKey("learner.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    added_at: Mapped[datetime] = mapped_column(Instant)


class Campaign(Base):
    """An institution's assignment of a design: to whom, until when, how often, and who learns the result when."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("purpose IN ('practice', 'placement', 'certification')", name="purpose"),
        CheckConstraint("publication IN ('immediate', 'held')", name="publication"),
        CheckConstraint("identifier IN ('none', 'known', 'any')", name="identifier"),
        Index("ix_campaign_institution_id_id", "institution_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    name: Mapped[str] = mapped_column(String(200))
    design_key: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(16))
    publication: Mapped[str] = mapped_column(String(16))
    cohort_id: Mapped[UUID | None] = mapped_column(ForeignKey("cohort.id"), index=True)
    join_code: Mapped[str | None] = mapped_column(String(32), unique=True)
    # what who joins by the code must give: nothing, the identifier of a learner who is expected, any identifier
    identifier: Mapped[str] = mapped_column(String(16))
    opens_at: Mapped[datetime | None] = mapped_column(Instant)
    closes_at: Mapped[datetime | None] = mapped_column(Instant)
    max_sittings: Mapped[int | None]
    wait_days: Mapped[int] = mapped_column(server_default=text("0"))
    language: Mapped[str | None] = mapped_column(String(8))
    profession: Mapped[str | None] = mapped_column(String(32))
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    published_by: Mapped[str | None] = mapped_column(String(128))


class Enrolment(Base):
    """A learner of a campaign: invited, or who joined by the code. Of an adjustment only the effect is known."""

    __tablename__ = "enrolment"
    __table_args__ = (CheckConstraint("time_percent >= 100", name="time_percent"),)

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(
        ForeignKey("learner.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    time_percent: Mapped[int] = mapped_column(server_default=text("100"))
    # of the personal link; a new link replaces it
    link_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    invited_at: Mapped[datetime | None] = mapped_column(Instant)
    joined_at: Mapped[datetime | None] = mapped_column(Instant)


class LearnerFile(Base):
    """A file of learners that was read and waits for somebody's confirmation; its rows are sealed."""

    __tablename__ = "learner_file"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    cohort_id: Mapped[UUID | None] = mapped_column(ForeignKey("cohort.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    rows: Mapped[int]
    rows_sealed: Mapped[str] = mapped_column(Text)
    read_by: Mapped[str] = mapped_column(String(128))
    read_at: Mapped[datetime] = mapped_column(Instant, index=True)
