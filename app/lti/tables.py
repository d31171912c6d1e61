"""Learning platforms, what they link to, who came through them, and the grades they wait for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json


class LtiToolKey(Base):
    """A key pair of this installation: platforms check by it what Palier signs. The private part is sealed."""

    __tablename__ = "lti_tool_key"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_key: Mapped[dict[str, Any]] = mapped_column(Json)
    private_sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    # published before it signs, so that platforms that keep the key set a while already know it
    signs_from: Mapped[datetime] = mapped_column(Instant)
    published_until: Mapped[datetime | None] = mapped_column(Instant)


class LtiPlatform(Base):
    """A registration: one platform that one institution uses under one client identifier."""

    __tablename__ = "lti_platform"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(255))
    authorization_url: Mapped[str] = mapped_column(String(500))
    token_url: Mapped[str] = mapped_column(String(500))
    jwks_url: Mapped[str] = mapped_column(String(500))
    # some platforms want another audience than the address that gives the tokens
    token_audience: Mapped[str | None] = mapped_column(String(500))
    # none yet: the first launch fixes it
    deployments: Mapped[list[Any]] = mapped_column(Json)
    # where pages may be framed, beside the origins that the platform's own addresses name
    frame_origins: Mapped[list[Any]] = mapped_column(Json)
    # keys the pseudonyms of learners; the same for every registration of an issuer in an institution
    pseudonym_key_sealed: Mapped[str] = mapped_column(Text)
    shows_names: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(Instant)


class LtiRegistrationLink(Base):
    """An address good for one dynamic registration, kept as a hash."""

    __tablename__ = "lti_registration_link"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class LtiLink(Base):
    """A resource link: a place in a course that opens one test, and where its grades and its roster are."""

    __tablename__ = "lti_link"
    __table_args__ = (UniqueConstraint("platform_id", "deployment", "resource_link"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    platform_id: Mapped[UUID] = mapped_column(ForeignKey("lti_platform.id", ondelete="CASCADE"))
    deployment: Mapped[str] = mapped_column(String(255))
    resource_link: Mapped[str] = mapped_column(String(255))
    design_key: Mapped[str] = mapped_column(String(64))
    campaign_id: Mapped[UUID | None]
    line_item_url: Mapped[str | None] = mapped_column(String(500))
    line_items_url: Mapped[str | None] = mapped_column(String(500))
    memberships_url: Mapped[str | None] = mapped_column(String(500))
    grade_scopes: Mapped[list[Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    launched_at: Mapped[datetime] = mapped_column(Instant)


class LtiParticipation(Base):
    """A learner at a link: the sitting they are in or last took. The platform's identifier of them is sealed."""

    __tablename__ = "lti_participation"
    __table_args__ = (UniqueConstraint("link_id", "learner_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    link_id: Mapped[UUID] = mapped_column(ForeignKey("lti_link.id", ondelete="CASCADE"))
    learner_id: Mapped[UUID] = mapped_column(ForeignKey("learner.id", ondelete="CASCADE"), index=True)
    pseudonym: Mapped[str] = mapped_column(String(64))
    subject_sealed: Mapped[str] = mapped_column(Text)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class LtiGrade(Base):
    """What the platform should know of a participation: the newest only, sent until it is taken."""

    __tablename__ = "lti_grade"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'sent', 'failed')", name="state"),
        CheckConstraint("activity IN ('Initialized', 'InProgress', 'Completed')", name="activity"),
        CheckConstraint("grading IN ('NotReady', 'PendingManual', 'Failed', 'FullyGraded')", name="grading"),
        Index(
            "ix_lti_grade_due",
            "due_at",
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
    )

    participation_id: Mapped[UUID] = mapped_column(
        ForeignKey("lti_participation.id", ondelete="CASCADE"), primary_key=True
    )
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    version: Mapped[int]
    activity: Mapped[str] = mapped_column(String(16))
    grading: Mapped[str] = mapped_column(String(16))
    points: Mapped[int | None]
    indicative: Mapped[bool] = mapped_column(default=False)
    # of the fact told, strictly growing: a platform refuses what is older than what it has
    at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    claimed_until: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(String(300))
