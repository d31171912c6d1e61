"""SQL of institutions and learners."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.institutions.tables import Institution, Learner


async def by_slug(db: AsyncSession, slug: str) -> Institution | None:
    """The institution of this slug."""
    return (await db.execute(select(Institution).where(Institution.slug == slug))).scalar()


async def learner_by_external_id(db: AsyncSession, institution_id: UUID, external_id: str) -> Learner | None:
    """The learner an institution calls so."""
    query = select(Learner).where(
        Learner.institution_id == institution_id, Learner.external_id == external_id
    )
    return (await db.execute(query)).scalar()
