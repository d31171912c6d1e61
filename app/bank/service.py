"""The life of items, publishing releases, and having them at hand: immutable, cached as long as the process lives."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.bank import store
from app.bank.tables import (
    BankRelease,
    ItemImport,
    ItemParameter,
    ItemStatusChange,
    ItemVersion,
    ParameterSet,
    ReleaseItem,
)
from app.errors import NotFound
from app.identifiers import new_id
from item_bank import lifecycle
from item_bank.files import Content
from item_bank.framework import Domain, Framework
from item_bank.item import Item, Status, Testlet, canonical_hash
from item_bank.lifecycle import Change, Known, Reconciled, Role
from item_bank.readings import ReadVersions, Verdict, seen_hash
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

    def shown(self, index: int, language: str) -> tuple[Item, Testlet | None]:
        """The item at an index and its testlet, as a sitting in this language shows and scores them."""
        return self.snapshot.shown(index, language)

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
    entries = zip(snapshot.item_ids, snapshot.item_hashes, snapshot.records, strict=True)
    found = await _new_versions(db, list(entries), now)
    return [found[item_id] for item_id in snapshot.item_ids]


async def _new_versions(
    db: AsyncSession, entries: Sequence[tuple[str, str, Mapping[str, Any]]], now: datetime
) -> dict[str, UUID]:
    """The version of each item (id, content hash, dictionary form), stored if it is new."""
    known = await store.versions(db)
    numbers = await store.version_numbers(db)
    found = {}
    for item_id, content_hash, body in entries:
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
        found[item_id] = version_id
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
        origin={"note": values.note, "runs": sorted({found.run for found in values.evidence.values()})},
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


async def release_like(db: AsyncSession, prefix: str) -> PublishedRelease:
    """The release whose content hash begins with `prefix`; raises `NotFound` when none or several do."""
    found = await store.releases_by_prefix(db, prefix.lower())
    if len(found) != 1:
        how_many = "several releases" if found else "no release"
        raise NotFound(f"There is {how_many} whose content hash begins with {prefix}.")
    return await load(db, found[0])


# The life of items


@dataclass(frozen=True)
class Step:
    """One step in the life of an item."""

    number: int
    version: int
    content_hash: str
    before: Status | None
    after: Status
    by: str
    role: str | None
    why: str
    source: str
    at: datetime


async def import_content(
    db: AsyncSession,
    content: Content,
    *,
    verdicts: Mapping[str, Verdict],
    by: str,
    why: str,
    actor: str,
    now: datetime,
) -> Reconciled:
    """Take in what the text files say: new versions and statuses, each recorded; the workshop's changes stand.

    Raises
    ------
    RefusedImport
        Naming what both sides changed and the moves that are not allowed; nothing is written.
    """
    rows = await store.items(db)
    known = {key: _known(row) for key, row in rows.items()}
    merged = lifecycle.reconcile(content, known, verdicts=verdicts, by=by, why=why)
    version_ids = await _new_versions(
        db, [(item.id, item.content_hash, item.to_dict()) for item in content.items], now
    )
    for change in merged.changes:
        row = rows.get(change.item.id)
        _add_change(
            db,
            change,
            number=row.change.number + 1 if row else 1,
            version_id=version_ids[change.item.id],
            actor=by or actor,
            why=why,
            now=now,
        )
    for item in content.items:
        row, state = rows.get(item.id), known.get(item.id)
        said = (item.content_hash, item.status)
        # Files and database agree on what both have now; what the workshop alone changed is not agreed on yet.
        agreed = state is None or item.id not in merged.kept
        if agreed and (state is None or said != (state.common_version, state.common_status)):
            db.add(
                ItemImport(
                    item_key=item.id,
                    number=row.imports + 1 if row else 1,
                    item_version_id=version_ids[item.id],
                    status=item.status.value,
                    at=now,
                )
            )
    await db.flush()
    if merged.changes:
        first = sum(change.before is None for change in merged.changes)
        later = [change for change in merged.changes if change.before is not None]
        await audit.record(
            db,
            actor=by or actor,
            act="items.imported",
            subject="bank",
            facts={"first": first, "changed": [_said(change) for change in later], "why": why},
            now=now,
        )
    return merged


def _said(change: Change) -> str:
    return f"{change.item.id}: {change.before} to {change.after}" + (
        f", version {change.item.content_hash[:12]}" if change.new_version else ""
    )


def _known(row: store.ItemRow) -> Known:
    return Known(
        common_version=row.common_version,
        common_status=Status(row.common_status),
        version=row.version.content_hash,
        status=Status(row.change.after),
        record=row.version.body,
    )


def _add_change(
    db: AsyncSession,
    change: Change,
    *,
    number: int,
    version_id: UUID,
    actor: str,
    why: str,
    now: datetime,
    role: str | None = None,
    source: str = "files",
) -> None:
    db.add(
        ItemStatusChange(
            item_key=change.item.id,
            number=number,
            item_version_id=version_id,
            before=change.before.value if change.before else None,
            after=change.after.value,
            actor=actor,
            role=role,
            why=why,
            source=source,
            at=now,
        )
    )


async def change_status(
    db: AsyncSession,
    item_id: str,
    after: Status,
    *,
    by: str,
    why: str,
    readings: ReadVersions,
    now: datetime,
    role: Role | None = None,
) -> Step:
    """Move an item to another status, in somebody's name; it takes effect in the next release.

    Raises
    ------
    NotFound
        No such item.
    RefusedChange
        The table of transitions, the author or the blind readings do not allow it.
    """
    row = await _row(db, item_id)
    item = Item.from_dict(row.version.body)
    verdict = readings.verdict(item.id, row.version.content_hash, await _seen(db, row))
    before = Status(row.change.after)
    move = lifecycle.transition(item, before, after, by=by, why=why, verdict=verdict, role=role)
    _add_change(
        db,
        Change(item, before, after, False),
        number=row.change.number + 1,
        version_id=row.version.id,
        actor=by,
        role=role or move.roles[0],
        why=why,
        source="workshop",
        now=now,
    )
    await audit.record(
        db,
        actor=by,
        act="item.status",
        subject=item_id,
        facts={"before": before, "after": after, "version": row.version.content_hash, "why": why},
        now=now,
    )
    return (await history(db, item_id))[-1]


async def revise(db: AsyncSession, item: Item, *, by: str, why: str, now: datetime) -> Step:
    """Write a new version of an item in the workshop; it starts in draft or in review, whatever the old one was.

    Raises
    ------
    NotFound
        No such item.
    RefusedChange
        The text is the one that stands, the status is another, the item is retired, or the name is missing.
    """
    row = await _row(db, item.id)
    before = Status(row.change.after)
    if item.content_hash == row.version.content_hash:
        raise lifecycle.RefusedChange(item.id, "this is the version that stands.")
    if item.status not in lifecycle.UNSIGNED:
        raise lifecycle.RefusedChange(item.id, f"a new version is not {item.status} yet.")
    if before is Status.RETIRED:
        raise lifecycle.RefusedChange(item.id, "is retired: a new text takes a new id.")
    if not by.strip():
        raise lifecycle.RefusedChange(item.id, "a new version is written in somebody's name.")
    version_ids = await _new_versions(db, [(item.id, item.content_hash, item.to_dict())], now)
    _add_change(
        db,
        Change(item, before, item.status, True),
        number=row.change.number + 1,
        version_id=version_ids[item.id],
        actor=by,
        why=why,
        role=Role.AUTHOR,
        source="workshop",
        now=now,
    )
    await audit.record(
        db,
        actor=by,
        act="item.revised",
        subject=item.id,
        facts={"before": before, "after": item.status, "version": item.content_hash, "why": why},
        now=now,
    )
    return (await history(db, item.id))[-1]


async def history(db: AsyncSession, item_id: str) -> list[Step]:
    """The life of an item so far; raises `NotFound`."""
    steps = [
        Step(
            number=change.number,
            version=version,
            content_hash=content_hash,
            before=Status(change.before) if change.before else None,
            after=Status(change.after),
            by=change.actor,
            role=change.role,
            why=change.why,
            source=change.source,
            at=change.at,
        )
        for change, version, content_hash in await store.history(db, item_id)
    ]
    if not steps:
        raise NotFound(f"There is no item {item_id}. Run `palier bank publish` first.")
    return steps


async def has_item(db: AsyncSession, item_id: str) -> bool:
    """Whether any version of this item is stored."""
    return await store.has_item(db, item_id)


async def _row(db: AsyncSession, item_id: str) -> store.ItemRow:
    row = await store.item(db, item_id)
    if row is None:
        raise NotFound(f"There is no item {item_id}. Run `palier bank publish` first.")
    return row


async def _seen(db: AsyncSession, row: store.ItemRow) -> str:
    """The hash of what a blind reader sees of a version: with the document of its testlet, as last published."""
    name = row.version.body.get("testlet")
    release_id = await store.latest_release_id(db) if name else None
    release = await store.release_row(db, release_id) if release_id else None
    testlets: Sequence[Mapping[str, Any]] = release.payload["testlets"] if release else ()
    documents: Iterable[Mapping[str, Any]] = (
        testlet["document"] for testlet in testlets if testlet["id"] == name
    )
    return seen_hash(row.version.body, next(iter(documents), None))
