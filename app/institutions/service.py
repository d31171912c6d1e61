"""Institutions and their learners."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.errors import NotFound
from app.identifiers import new_id
from app.institutions import store
from app.institutions.tables import Institution, Learner

SIMULATION = "simulation"  # slug of the institution of simulated learners
DEMONSTRATION = "demonstration"  # slug of the institution that anybody may try


async def ensure_institution(db: AsyncSession, slug: str, name: str, now: datetime) -> tuple[UUID, bool]:
    """The institution of this slug, made if there is none; True when it was made."""
    found = await store.by_slug(db, slug)
    if found is not None:
        return found.id, False
    return (await _add(db, slug, name, now)).id, True


async def ensure_twin(db: AsyncSession, institution_id: UUID, now: datetime) -> UUID:
    """The institution that holds everything made in test mode, made at first need."""
    found = await store.twin_of(db, institution_id)
    if found is not None:
        return found.id
    live = await require(db, institution_id)
    if live.test_of is not None:
        return live.id
    return (await _add(db, f"{live.slug[:58]}--test", live.name, now, test_of=live.id)).id


async def twin_id(db: AsyncSession, institution_id: UUID) -> UUID | None:
    """The institution that holds the test mode of this one, if anything was made in test mode yet."""
    found = await store.twin_of(db, institution_id)
    return found.id if found else None


async def managed(db: AsyncSession, institution_id: UUID) -> dict[UUID, Literal["live", "test"]]:
    """What is managed from an institution: itself, and from a live one its twin."""
    own = await require(db, institution_id)
    if own.test_of is not None:
        return {own.id: "test"}
    twin = await store.twin_of(db, institution_id)
    return {own.id: "live"} if twin is None else {own.id: "live", twin.id: "test"}


def is_demonstration(institution: Institution) -> bool:
    """Whether this is the institution that anybody may try, or its twin."""
    return institution.slug.partition("--")[0] == DEMONSTRATION


async def twins(db: AsyncSession) -> Sequence[UUID]:
    """Every institution that holds a test mode."""
    return await store.twins(db)


async def require(db: AsyncSession, institution_id: UUID) -> Institution:
    """The institution, or `NotFound`."""
    found = await store.by_id(db, institution_id)
    if found is None:
        raise NotFound("This institution is unknown.")
    return found


async def _add(
    db: AsyncSession, slug: str, name: str, now: datetime, test_of: UUID | None = None
) -> Institution:
    institution = Institution(
        id=new_id(),
        slug=slug,
        name=name,
        test_of=test_of,
        clock_offset_seconds=0,
        branding={},
        quotas={},
        frame_ancestors=[],
        created_at=now,
    )
    db.add(institution)
    await db.flush()
    return institution


async def institution_id(db: AsyncSession, slug: str) -> UUID | None:
    """The id behind a slug."""
    found = await store.by_slug(db, slug)
    return found.id if found else None


async def learner_for(db: AsyncSession, institution_id: UUID, external_id: str | None, now: datetime) -> UUID:
    """The learner an institution calls `external_id`, made at first sight; a new nameless one without it."""
    if external_id is not None:
        found = await store.learner_by_external_id(db, institution_id, external_id)
        if found is not None:
            return found.id
    learner = Learner(
        id=new_id(), institution_id=institution_id, external_id=external_id, created_at=now, updated_at=now
    )
    db.add(learner)
    await db.flush()
    return learner.id


async def add_learners(
    db: AsyncSession, institution_id: UUID, learners: Sequence[tuple[str, datetime]]
) -> Mapping[str, UUID]:
    """New learners by external id and moment, all at once; the id of each."""
    ids = {external_id: new_id() for external_id, _ in learners}
    await db.execute(
        insert(Learner),
        [
            {
                "id": ids[external_id],
                "institution_id": institution_id,
                "external_id": external_id,
                "created_at": at,
                "updated_at": at,
            }
            for external_id, at in learners
        ],
    )
    return ids


class KnownClocks:
    """How far the time of institutions is ahead: that of a live one never is, which is asked about once."""

    def __init__(self) -> None:
        self._live: set[UUID] = set()

    async def ahead(self, database: Database, institution_id: UUID) -> timedelta:
        """How far a twin has travelled in time; nothing for a live institution."""
        if institution_id in self._live:
            return timedelta()
        async with database.reading() as db:
            found = await require(db, institution_id)
        if found.test_of is None:
            self._live.add(institution_id)
        return timedelta(seconds=found.clock_offset_seconds)
