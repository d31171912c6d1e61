"""The audit log: staff acts, append-only, each entry hashed together with the one before it.

Learners' answers are their own record and do not pass here.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Instant, Json, instant_to_text

GENESIS = "0" * 64


class AuditEntry(Base):
    """One act: who, what, on what, when; `chain_hash` covers this entry and all before it."""

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(128))
    act: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(128))
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    chain_hash: Mapped[str] = mapped_column(String(64), unique=True)


async def record(
    db: AsyncSession, *, actor: str, act: str, subject: str, facts: dict[str, Any], now: datetime
) -> None:
    """Append one entry in the caller's transaction.

    The primary key makes two writers of the same number fail rather than fork the chain.
    """
    last = (await db.execute(select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1))).scalar()
    number = last.number + 1 if last else 1
    entry = AuditEntry(number=number, at=now, actor=actor, act=act, subject=subject, facts=facts)
    entry.chain_hash = _chained(last.chain_hash if last else GENESIS, entry)
    db.add(entry)
    await db.flush()


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
    body = json.dumps([previous, *facts], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()
