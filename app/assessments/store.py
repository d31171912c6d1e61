"""SQL of test designs."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assessments.tables import TestDesign


async def by_id(db: AsyncSession, design_id: UUID) -> TestDesign | None:
    """One version of a design."""
    return await db.get(TestDesign, design_id)


async def of_release(db: AsyncSession, release_id: UUID) -> list[TestDesign]:
    """The designs of a release, latest version of each key."""
    query = select(TestDesign).where(TestDesign.release_id == release_id).order_by(TestDesign.number)
    latest = {design.design_key: design for design in (await db.execute(query)).scalars()}
    return list(latest.values())


async def versions(db: AsyncSession, key: str) -> list[UUID]:
    """Every version of a design."""
    return list((await db.execute(select(TestDesign.id).where(TestDesign.design_key == key))).scalars())


async def next_number(db: AsyncSession, key: str) -> int:
    """The number of the next version of a design."""
    query = select(func.coalesce(func.max(TestDesign.number), 0)).where(TestDesign.design_key == key)
    return (await db.execute(query)).scalar_one() + 1
