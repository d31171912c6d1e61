"""SQL of retention and erasure."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.privacy.tables import Erasure, RetentionRule


async def rules(db: AsyncSession, institution_id: UUID) -> Sequence[RetentionRule]:
    """The institution's own lengths."""
    query = select(RetentionRule).where(RetentionRule.institution_id == institution_id)
    return (await db.execute(query)).scalars().all()


async def rule(db: AsyncSession, institution_id: UUID, data_class: str) -> RetentionRule | None:
    """The institution's own length for one class."""
    return await db.get(RetentionRule, (institution_id, data_class))


async def erasure(db: AsyncSession, learner_id: UUID) -> Erasure | None:
    """The trace of a learner's erasure."""
    return await db.get(Erasure, learner_id)
