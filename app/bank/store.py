"""SQL of the bank."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.bank.tables import (
    BankRelease,
    ItemImport,
    ItemStatusChange,
    ItemVersion,
    ParameterSet,
    ReleaseItem,
)


class ItemRow(NamedTuple):
    """An item's last version and status, and what the text files said when they last agreed."""

    item_key: str
    version: ItemVersion
    change: ItemStatusChange
    common_version: str
    common_status: str
    imports: int


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


async def has_item(db: AsyncSession, item_key: str) -> bool:
    """Whether any version of this item is stored."""
    query = select(ItemVersion.id).where(ItemVersion.item_key == item_key).limit(1)
    return (await db.execute(query)).scalar() is not None


async def releases_by_prefix(db: AsyncSession, prefix: str) -> list[UUID]:
    """The releases whose content hash begins so, two at most."""
    query = (
        select(BankRelease.id).where(BankRelease.content_hash.startswith(prefix, autoescape=True)).limit(2)
    )
    return list((await db.execute(query)).scalars())


async def items(db: AsyncSession) -> dict[str, ItemRow]:
    """Every item whose life is known."""
    return {row.item_key: row for row in await _items(db, _items_query())}


async def item(db: AsyncSession, item_key: str) -> ItemRow | None:
    """One of them."""
    found = await _items(db, _items_query().where(ItemStatusChange.item_key == item_key))
    return found[0] if found else None


def _items_query() -> Select[Any]:
    last_change = (
        select(ItemStatusChange.item_key, func.max(ItemStatusChange.number).label("number"))
        .group_by(ItemStatusChange.item_key)
        .subquery()
    )
    last_import = (
        select(ItemImport.item_key, func.max(ItemImport.number).label("number"))
        .group_by(ItemImport.item_key)
        .subquery()
    )
    common = select(ItemVersion.id, ItemVersion.content_hash).subquery()
    return (
        select(ItemStatusChange, ItemVersion, ItemImport, common.c.content_hash)
        .join(
            last_change,
            (last_change.c.item_key == ItemStatusChange.item_key)
            & (last_change.c.number == ItemStatusChange.number),
        )
        .join(ItemVersion, ItemVersion.id == ItemStatusChange.item_version_id)
        .join(ItemImport, ItemImport.item_key == ItemStatusChange.item_key)
        .join(
            last_import,
            (last_import.c.item_key == ItemImport.item_key) & (last_import.c.number == ItemImport.number),
        )
        .join(common, common.c.id == ItemImport.item_version_id)
    )


async def _items(db: AsyncSession, query: Select[Any]) -> list[ItemRow]:
    return [
        ItemRow(change.item_key, version, change, common, last.status, last.number)
        for change, version, last, common in await db.execute(query)
    ]


async def history(db: AsyncSession, item_key: str) -> list[tuple[ItemStatusChange, int, str]]:
    """The life of an item, with the number and the content hash of the version concerned."""
    query = (
        select(ItemStatusChange, ItemVersion.number, ItemVersion.content_hash)
        .join(ItemVersion, ItemVersion.id == ItemStatusChange.item_version_id)
        .where(ItemStatusChange.item_key == item_key)
        .order_by(ItemStatusChange.number)
    )
    return [(change, number, content_hash) for change, number, content_hash in await db.execute(query)]
