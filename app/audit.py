"""The audit log: staff acts, append-only, each entry hashed together with the one before it.

Learners' answers are their own record and do not pass here.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, and_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json, instant_to_text

GENESIS = "0" * 64
# any number nobody else takes a lock on; SQLite has one writer anyway
ONE_WRITER = text("SELECT pg_advisory_xact_lock(7216429)")


class AuditEntry(Base):
    """One act: who, what, on what, when; `chain_hash` covers this entry and all before it.

    `tenant_id` is the institution in whose transaction it happened, if it was in one's.
    """

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(128))
    act: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(128), index=True)
    tenant_id: Mapped[UUID | None] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    chain_hash: Mapped[str] = mapped_column(String(64), unique=True)


async def record(
    db: AsyncSession,
    *,
    actor: str,
    act: str,
    subject: str,
    facts: dict[str, Any],
    now: datetime,
    tenant: UUID | None = None,
) -> None:
    """Append one entry in the caller's transaction.

    The institution is `tenant`, or else the one the transaction is held to. Writers wait for each other; if they did
    not, the primary key would make one of them fail rather than fork the chain.
    """
    if db.get_bind().dialect.name == "postgresql":
        await db.execute(ONE_WRITER)
    last = (await db.execute(select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1))).scalar()
    entry = AuditEntry(
        number=last.number + 1 if last else 1,
        at=now,
        actor=actor,
        act=act,
        subject=subject,
        tenant_id=tenant or db.info.get("tenant"),
        facts=facts,
    )
    entry.chain_hash = _chained(last.chain_hash if last else GENESIS, entry)
    db.add(entry)
    await db.flush()


async def of_institution(
    db: AsyncSession, tenants: Sequence[UUID], subjects: Sequence[str], before: int | None, limit: int
) -> Sequence[AuditEntry]:
    """The latest acts in these institutions, and those in none that were done to these subjects; newest first."""
    query = (
        select(AuditEntry)
        .where(
            or_(
                AuditEntry.tenant_id.in_(tenants),
                and_(AuditEntry.tenant_id.is_(None), AuditEntry.subject.in_(subjects)),
            )
        )
        .order_by(AuditEntry.number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(AuditEntry.number < before)
    return (await db.execute(query)).scalars().all()


async def first_broken_link(db: AsyncSession) -> int | None:
    """Number of the first entry that was altered, removed or reordered; None when the chain holds."""
    previous = GENESIS
    expected = 1
    for entry in (await db.execute(select(AuditEntry).order_by(AuditEntry.number))).scalars():
        if entry.number != expected or entry.chain_hash != _chained(previous, entry):
            return expected
        previous, expected = entry.chain_hash, expected + 1
    return None


def _chained(previous: str, entry: AuditEntry) -> str:
    facts = [entry.number, instant_to_text(entry.at), entry.actor, entry.act, entry.subject, entry.facts]
    if entry.tenant_id is not None:
        facts.append(str(entry.tenant_id))
    body = json.dumps([previous, *facts], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()
