"""Who a learner is, told to them and forgotten."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFound
from app.institutions.tables import Institution, Learner, LearnerIdentity


async def every(db: AsyncSession) -> Sequence[UUID]:
    """Every institution, twins included."""
    return (await db.execute(select(Institution.id).order_by(Institution.id))).scalars().all()


async def has_learner(
    db: AsyncSession, institution_id: UUID, learner_id: UUID, *, erased: bool = True
) -> bool:
    """Whether the institution has this learner; `erased=False`: and they have not been erased."""
    query = select(Learner.id).where(Learner.institution_id == institution_id, Learner.id == learner_id)
    if not erased:
        query = query.where(Learner.erased_at.is_(None))
    return (await db.execute(query)).scalar() is not None


async def called(db: AsyncSession, institution_id: UUID, external_id: str) -> UUID | None:
    """The learner an institution calls so."""
    query = select(Learner.id).where(
        Learner.institution_id == institution_id, Learner.external_id == external_id
    )
    return (await db.execute(query)).scalar()


async def learner_facts(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> dict[str, Any]:
    """Who a learner is and what the institution said of them; raises `NotFound`."""
    learner = await db.get(Learner, learner_id)
    if learner is None or learner.institution_id != institution_id:
        raise NotFound("This learner is unknown.")
    identity = await db.get(LearnerIdentity, learner_id)
    return {
        "id": str(learner.id),
        "external_id": learner.external_id,
        "profession": learner.profession,
        "curriculum": learner.curriculum,
        "year": learner.year,
        "created_at": learner.created_at,
        "erased_at": learner.erased_at,
        "identity": identity
        and {
            "given_name": identity.given_name,
            "family_name": identity.family_name,
            "email": identity.email,
        },
    }


async def forget_learner(db: AsyncSession, institution_id: UUID, learner_id: UUID, now: datetime) -> None:
    """Leave of a learner an empty row that nothing names."""
    await forget_identities(db, institution_id, [learner_id])
    learner = await db.get(Learner, learner_id)
    if learner is None or learner.institution_id != institution_id:
        return
    learner.external_id = learner.profession = learner.curriculum = learner.year = None
    learner.erased_at = learner.erased_at or now
    learner.updated_at = now
    await db.flush()


async def forget_identities(db: AsyncSession, institution_id: UUID, learner_ids: Sequence[UUID]) -> None:
    """Forget names and addresses; the institution's own identifiers stay."""
    await db.execute(
        delete(LearnerIdentity).where(
            LearnerIdentity.institution_id == institution_id, LearnerIdentity.learner_id.in_(learner_ids)
        )
    )


async def identified(
    db: AsyncSession, institution_id: UUID, before: datetime, after: UUID | None, limit: int
) -> Sequence[UUID]:
    """Learners whose identity was written before a moment, in the order of their ids."""
    query = select(LearnerIdentity.learner_id).where(
        LearnerIdentity.institution_id == institution_id, LearnerIdentity.updated_at <= before
    )
    if after is not None:
        query = query.where(LearnerIdentity.learner_id > after)
    return (await db.execute(query.order_by(LearnerIdentity.learner_id).limit(limit))).scalars().all()


async def named_before(
    db: AsyncSession, institution_id: UUID, before: datetime, after: UUID | None, limit: int
) -> Sequence[UUID]:
    """Learners made before a moment whom an identifier still names, in the order of their ids."""
    query = select(Learner.id).where(
        Learner.institution_id == institution_id,
        Learner.created_at <= before,
        Learner.updated_at <= before,
        Learner.external_id.is_not(None),
    )
    if after is not None:
        query = query.where(Learner.id > after)
    return (await db.execute(query.order_by(Learner.id).limit(limit))).scalars().all()
