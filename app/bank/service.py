"""Publishing releases and having them at hand: immutable, so cached for as long as the process lives."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.bank import store
from app.bank.tables import BankRelease, ItemParameter, ItemVersion, ParameterSet, ReleaseItem
from app.errors import NotFound
from app.identifiers import new_id
from item_bank.framework import Domain, Framework
from item_bank.item import Item, Testlet, canonical_hash
from item_bank.release import Release


@dataclass(frozen=True, eq=False)
class PublishedRelease:
    """A release as sittings pin it: the snapshot, its number, and the item version at each index."""

    id: UUID
    number: int
    snapshot: Release
    item_version_ids: tuple[UUID, ...]

    @property
    def content_hash(self) -> str:
        """Hash of everything in it."""
        return self.snapshot.content_hash

    @property
    def demonstration(self) -> bool:
        """Whether any item is not operational yet."""
        return self.snapshot.demonstration

    @property
    def framework(self) -> Framework:
        """Domains, competences, topics, levels."""
        return self.snapshot.framework

    def item(self, index: int) -> Item:
        """The item at an index."""
        return self.snapshot.item(index)

    def testlet_of(self, index: int) -> Testlet | None:
        """The testlet of the item at an index."""
        return self.snapshot.testlet_of(index)

    def domain_of(self, index: int) -> Domain:
        """The domain of the item at an index."""
        return self.framework.domains[int(self.snapshot.domain[index])]

    @cached_property
    def _index_of(self) -> dict[UUID, int]:
        return {version: index for index, version in enumerate(self.item_version_ids)}

    def index_of(self, item_version_id: UUID) -> int | None:
        """The index of an item version."""
        return self._index_of.get(item_version_id)


async def publish(db: AsyncSession, snapshot: Release, *, actor: str, now: datetime) -> tuple[UUID, bool]:
    """Store a release and what is new in it; a content already published is left as it is.

    Returns
    -------
    The release's id, and whether it was published now.
    """
    known = await store.release_by_hash(db, snapshot.content_hash)
    if known is not None:
        return known.id, False
    version_ids = await _store_versions(db, snapshot, now)
    parameter_set_id = await _store_parameters(db, snapshot, version_ids, now)
    number = await store.latest_release_number(db) + 1
    release = BankRelease(
        id=new_id(),
        number=number,
        content_hash=snapshot.content_hash,
        parameter_set_id=parameter_set_id,
        demonstration=snapshot.demonstration,
        payload=snapshot.to_payload(),
        published_at=now,
    )
    db.add(release)
    await db.flush()
    db.add_all(
        ReleaseItem(release_id=release.id, item_index=index, item_version_id=version_id)
        for index, version_id in enumerate(version_ids)
    )
    await audit.record(
        db,
        actor=actor,
        act="release.published",
        subject=str(release.id),
        facts={"number": number, "content_hash": snapshot.content_hash, "items": len(snapshot)},
        now=now,
    )
    return release.id, True


async def _store_versions(db: AsyncSession, snapshot: Release, now: datetime) -> list[UUID]:
    known = await store.versions(db)
    numbers = await store.version_numbers(db)
    found = []
    for item_id, content_hash, body in zip(
        snapshot.item_ids, snapshot.item_hashes, snapshot.records, strict=True
    ):
        version_id = known.get((item_id, content_hash))
        if version_id is None:
            version_id = new_id()
            numbers[item_id] = numbers.get(item_id, 0) + 1
            db.add(
                ItemVersion(
                    id=version_id,
                    item_key=item_id,
                    number=numbers[item_id],
                    content_hash=content_hash,
                    body=dict(body),
                    created_at=now,
                )
            )
        found.append(version_id)
    await db.flush()
    return found


async def _store_parameters(
    db: AsyncSession, snapshot: Release, version_ids: list[UUID], now: datetime
) -> UUID:
    values = snapshot.parameter_set
    content_hash = canonical_hash([[str(version) for version in version_ids], values.to_dict()])
    known = await store.parameter_set_by_hash(db, content_hash)
    if known is not None:
        return known.id
    parameter_set = ParameterSet(
        id=new_id(),
        content_hash=content_hash,
        provisional=values.provisional,
        origin={"note": values.note},
        created_at=now,
    )
    db.add(parameter_set)
    await db.flush()
    known_values = values.parameters
    db.add_all(
        ItemParameter(
            parameter_set_id=parameter_set.id,
            item_version_id=version_id,
            discrimination=float(known_values.a[index]),
            difficulty=float(known_values.b[index]),
            guessing=float(known_values.c[index]),
            upper_asymptote=float(known_values.d[index]),
            se_discrimination=float(values.se_discrimination[index]),
            se_difficulty=float(values.se_difficulty[index]),
        )
        for index, version_id in enumerate(version_ids)
    )
    return parameter_set.id


async def load(db: AsyncSession, release_id: UUID) -> PublishedRelease:
    """Read a release back, checked against its content hash."""
    row = await store.release_row(db, release_id)
    if row is None:
        raise NotFound("This release is unknown.")
    return PublishedRelease(
        id=row.id,
        number=row.number,
        snapshot=Release.from_payload(row.payload),
        item_version_ids=await store.version_ids(db, release_id),
    )


async def latest(db: AsyncSession) -> UUID | None:
    """The release published last."""
    return await store.latest_release_id(db)
