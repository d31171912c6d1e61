"""SQL about sittings outside the hot path."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.delivery.tables import Sitting


async def by_resume_hash(db: AsyncSession, resume_hash: str) -> Sitting | None:
    """The sitting of a resume code, locked until the transaction ends."""
    query = select(Sitting).where(Sitting.resume_hash == resume_hash).with_for_update()
    return (await db.execute(query)).scalar()


async def by_idempotency_key(db: AsyncSession, institution_id: UUID, key: str) -> Sitting | None:
    """The sitting an institution created under a key."""
    query = select(Sitting).where(Sitting.institution_id == institution_id, Sitting.idempotency_key == key)
    return (await db.execute(query)).scalar()


async def overdue(db: AsyncSession, before: datetime, limit: int) -> list[UUID]:
    """Sittings in progress whose deadline has passed."""
    query = (
        select(Sitting.id)
        .where(Sitting.status == "in_progress", Sitting.deadline_at < before)
        .order_by(Sitting.deadline_at)
        .limit(limit)
    )
    return list((await db.execute(query)).scalars())
