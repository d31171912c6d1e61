"""Institutions and their learners."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identifiers import new_id
from app.institutions import store
from app.institutions.tables import Institution, Learner

SIMULATION = "simulation"  # slug of the institution of simulated learners


async def ensure_institution(db: AsyncSession, slug: str, name: str, now: datetime) -> tuple[UUID, bool]:
    """The institution of this slug, made if there is none; True when it was made."""
    found = await store.by_slug(db, slug)
    if found is not None:
        return found.id, False
    institution = Institution(id=new_id(), slug=slug, name=name, created_at=now)
    db.add(institution)
    await db.flush()
    return institution.id, True


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
    learner = Learner(id=new_id(), institution_id=institution_id, external_id=external_id, created_at=now)
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
            }
            for external_id, at in learners
        ],
    )
    return ids
