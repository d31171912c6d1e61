"""SQL of the bank."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.bank.tables import BankRelease, ItemVersion, ParameterSet, ReleaseItem


async def release_by_hash(db: AsyncSession, content_hash: str) -> BankRelease | None:
    """The release with this content."""
    return (await db.execute(select(BankRelease).where(BankRelease.content_hash == content_hash))).scalar()


async def latest_release_id(db: AsyncSession) -> UUID | None:
    """The release published last."""
    query = select(BankRelease.id).order_by(BankRelease.number.desc()).limit(1)
    return (await db.execute(query)).scalar()


async def latest_release_number(db: AsyncSession) -> int:
    """Its number; 0 when there is none."""
    return (await db.execute(select(func.coalesce(func.max(BankRelease.number), 0)))).scalar_one()


async def parameter_set_by_hash(db: AsyncSession, content_hash: str) -> ParameterSet | None:
    """The parameter set with these values."""
    return (await db.execute(select(ParameterSet).where(ParameterSet.content_hash == content_hash))).scalar()


async def versions(db: AsyncSession) -> dict[tuple[str, str], UUID]:
    """Every item version by item and content hash."""
    query = select(ItemVersion.item_key, ItemVersion.content_hash, ItemVersion.id)
    return {(key, content_hash): found for key, content_hash, found in await db.execute(query)}


async def version_numbers(db: AsyncSession) -> dict[str, int]:
    """The highest version number of each item."""
    query = select(ItemVersion.item_key, func.max(ItemVersion.number)).group_by(ItemVersion.item_key)
    return {row[0]: row[1] for row in await db.execute(query)}


async def release_row(db: AsyncSession, release_id: UUID) -> BankRelease | None:
    """One release."""
    return await db.get(BankRelease, release_id)


async def version_ids(db: AsyncSession, release_id: UUID) -> tuple[UUID, ...]:
    """The item versions of a release, in index order."""
    query = (
        select(ReleaseItem.item_version_id)
        .where(ReleaseItem.release_id == release_id)
        .order_by(ReleaseItem.item_index)
    )
    return tuple((await db.execute(query)).scalars())
