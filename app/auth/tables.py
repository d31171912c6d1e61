"""Credentials: API keys, OAuth clients and their tokens, access codes; accounts, memberships, invitations, sessions.

What is checked is kept as a hash; what must be read again is sealed (`app.secrets`).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json


class ApiKey(Base):
    """An institution's key: 256 random bits shown once, kept as SHA-256."""

    __tablename__ = "api_key"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    label: Mapped[str] = mapped_column(String(100))
    # the first characters of the secret, by which people recognise it
    prefix: Mapped[str] = mapped_column(String(20), server_default="plk")
    scopes: Mapped[list[Any]] = mapped_column(Json, server_default=text("'[]'"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(String(128), server_default="command line")
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class OAuthClient(Base):
    """A program that asks for tokens: by a secret (kept as SHA-256) or by assertions under its public keys."""

    __tablename__ = "oauth_client"
    __table_args__ = (CheckConstraint("(secret_hash IS NULL) <> (jwks IS NULL)", name="method"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    label: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[Any]] = mapped_column(Json)
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    former_secret_hash: Mapped[str | None] = mapped_column(String(64))
    former_until: Mapped[datetime | None] = mapped_column(Instant)
    jwks: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class AccessToken(Base):
    """What a client was given for an hour."""

    __tablename__ = "access_token"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]] = mapped_column(Json)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class SpentToken(Base):
    """A value that may be used once (nonce, assertion, launch link) and has been."""

    __tablename__ = "spent_token"

    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    value_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class AccessCode(Base):
    """A code that lets learners start one design, in a window of time."""

    __tablename__ = "access_code"
    __table_args__ = (CheckConstraint("uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)", name="uses"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    label: Mapped[str] = mapped_column(String(200))
    design_key: Mapped[str] = mapped_column(String(64))
    profession: Mapped[str | None] = mapped_column(String(32))
    opens_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    max_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Account(Base):
    """A person who works for institutions: password and one-time passwords."""

    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # as `casefolded` writes it
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_sealed: Mapped[str | None] = mapped_column(Text)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    # the last step of time whose password was used: each is good once
    totp_last_step: Mapped[int | None]
    recovery_hashes: Mapped[list[Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)


class Membership(Base):
    """The role of an account in an institution."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("institution_id", "account_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Invitation(Base):
    """A link that makes whoever holds it a member, once, for a while."""

    __tablename__ = "invitation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(32))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class AccountSession(Base):
    """A browser in which a member is signed in; `institution_id` is where they are looking at the moment."""

    __tablename__ = "account_session"
    __table_args__ = (Index("ix_account_session_expires_at", "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
