"""SQL about sittings outside the hot path."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import and_, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.delivery.state import CampaignSitting, Status, Tally, told_of
from app.delivery.tables import Sitting
from app.outbox import OutboxEvent


async def by_resume_hash(db: AsyncSession, resume_hash: str) -> Sitting | None:
    """The sitting of a resume code, locked until the transaction ends."""
    query = select(Sitting).where(Sitting.resume_hash == resume_hash).with_for_update()
    return (await db.execute(query)).scalar()


async def of_institution(db: AsyncSession, institution_id: UUID, sitting_id: UUID) -> Sitting | None:
    """One of an institution's sittings, locked until the transaction ends."""
    query = select(Sitting).where(Sitting.id == sitting_id, Sitting.institution_id == institution_id)
    return (await db.execute(query.with_for_update())).scalar()


async def by_idempotency_key(db: AsyncSession, institution_id: UUID, key: str) -> Sitting | None:
    """The sitting an institution created under a key."""
    query = select(Sitting).where(Sitting.institution_id == institution_id, Sitting.idempotency_key == key)
    return (await db.execute(query)).scalar()


updated_at = func.coalesce(
    Sitting.published_at, Sitting.finished_at, Sitting.presented_at, Sitting.started_at, Sitting.created_at
)


async def listed(
    db: AsyncSession,
    institution_id: UUID,
    *,
    status: Status | None,
    designs: Sequence[UUID] | None,
    learner_id: UUID | None,
    campaign_id: UUID | None,
    updated_since: datetime | None,
    after: UUID | None,
    limit: int,
) -> Sequence[tuple[Sitting, datetime]]:
    """An institution's sittings in the order they were created, each with the moment it last changed."""
    query = select(Sitting, updated_at).where(Sitting.institution_id == institution_id)
    for column, wanted in (
        (Sitting.status, status),
        (Sitting.learner_id, learner_id),
        (Sitting.campaign_id, campaign_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if designs is not None:
        query = query.where(Sitting.design_id.in_(designs))
    if updated_since is not None:
        query = query.where(updated_at >= updated_since)
    if after is not None:
        query = query.where(Sitting.id > after)
    rows = await db.execute(query.order_by(Sitting.id).limit(limit))
    return [(sitting, moment) for sitting, moment in rows]


async def overdue(
    db: AsyncSession, before: datetime, limit: int, institution_id: UUID | None = None
) -> list[UUID]:
    """Sittings in progress whose deadline has passed, of one institution or all."""
    query = (
        select(Sitting.id)
        .where(Sitting.status == "in_progress", Sitting.deadline_at < before)
        .order_by(Sitting.deadline_at)
        .limit(limit)
    )
    if institution_id is not None:
        query = query.where(Sitting.institution_id == institution_id)
    return list((await db.execute(query)).scalars())


async def by_id(db: AsyncSession, sitting_id: UUID) -> Sitting | None:
    """The sitting, locked until the transaction ends."""
    return (await db.execute(select(Sitting).where(Sitting.id == sitting_id).with_for_update())).scalar()


async def of_holder(db: AsyncSession, campaign_id: UUID, holder_hash: str) -> UUID | None:
    """The learner whose sitting of a campaign a browser holds."""
    query = (
        select(Sitting.learner_id)
        .where(Sitting.campaign_id == campaign_id, Sitting.holder_hash == holder_hash)
        .order_by(Sitting.created_at.desc(), Sitting.id.desc())
    )
    return (await db.execute(query.limit(1))).scalar()


async def of_learner(db: AsyncSession, campaign_id: UUID, learner_id: UUID) -> list[CampaignSitting]:
    """A learner's sittings of a campaign, oldest first."""
    return (await states(db, campaign_id, [learner_id])).get(learner_id, [])


async def states(
    db: AsyncSession, campaign_id: UUID, learner_ids: Sequence[UUID]
) -> dict[UUID, list[CampaignSitting]]:
    """The sittings of these learners in a campaign, oldest first."""
    query = (
        select(Sitting)
        .where(Sitting.campaign_id == campaign_id, Sitting.learner_id.in_(learner_ids))
        .order_by(Sitting.created_at, Sitting.id)
    )
    found: dict[UUID, list[CampaignSitting]] = {}
    for row in (await db.execute(query)).scalars():
        facts = CampaignSitting(
            id=row.id,
            learner_id=row.learner_id,
            status=cast("Status", row.status),
            holder_hash=row.holder_hash,
            start_by=row.start_by,
            finished_at=row.finished_at,
            result_held=row.held and row.published_at is None,
        )
        found.setdefault(row.learner_id, []).append(facts)
    return found


async def tally(db: AsyncSession, campaign_ids: Sequence[UUID]) -> dict[UUID, Tally]:
    """How far the learners of campaigns are."""
    furthest = func.max(case({"finished": 2, "in_progress": 1}, value=Sitting.status, else_=0))
    kept = func.sum(
        case((and_(Sitting.status == "finished", Sitting.held, Sitting.published_at.is_(None)), 1), else_=0)
    )
    by_learner = (
        select(Sitting.campaign_id, furthest.label("furthest"), kept.label("kept"))
        .where(Sitting.campaign_id.in_(campaign_ids))
        .group_by(Sitting.campaign_id, Sitting.learner_id)
        .subquery()
    )
    stages = [func.sum(case((by_learner.c.furthest == stage, 1), else_=0)) for stage in (0, 1, 2)]
    query = select(by_learner.c.campaign_id, *stages, func.sum(by_learner.c.kept)).group_by(
        by_learner.c.campaign_id
    )
    return {row[0]: Tally(*(int(value) for value in row[1:])) for row in await db.execute(query)}


async def reschedule(db: AsyncSession, campaign_id: UUID, start_by: datetime | None) -> None:
    """Move the last moment to start of sittings that wait for it."""
    await db.execute(
        update(Sitting)
        .where(Sitting.campaign_id == campaign_id, Sitting.status == "created")
        .values(start_by=start_by)
    )


async def publish(db: AsyncSession, institution_id: UUID, campaign_id: UUID, now: datetime) -> int:
    """Mark what is held as published, and tell of what is finished; both in the caller's transaction."""
    published = await db.execute(
        update(Sitting)
        .where(Sitting.campaign_id == campaign_id, Sitting.held, Sitting.published_at.is_(None))
        .values(published_at=now)
        .returning(Sitting.id, Sitting.status)
        .execution_options(synchronize_session=False)
    )
    finished = [row.id for row in published if row.status == "finished"]
    if finished:
        await db.execute(
            insert(OutboxEvent),
            [
                {
                    "institution_id": institution_id,
                    "topic": "result.published",
                    "subject": sitting_id,
                    "payload": told_of(sitting_id, campaign_id),
                    "created_at": now,
                    "due_at": now,
                    "attempts": 0,
                }
                for sitting_id in finished
            ],
        )
    return len(finished)


async def any_of(db: AsyncSession, *, campaign_id: UUID | None, learner_id: UUID | None) -> bool:
    """Whether there is a sitting of the campaign, of the learner."""
    query = select(Sitting.id)
    if campaign_id is not None:
        query = query.where(Sitting.campaign_id == campaign_id)
    if learner_id is not None:
        query = query.where(Sitting.learner_id == learner_id)
    return (await db.execute(query.limit(1))).first() is not None


async def count_of_year(db: AsyncSession, institution_id: UUID, now: datetime) -> int:
    """Sittings created since the first of January (UTC)."""
    new_year = now.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    query = select(func.count()).where(
        Sitting.institution_id == institution_id, Sitting.created_at >= new_year
    )
    return (await db.execute(query)).scalar_one()


async def reseed(db: AsyncSession, sitting_id: UUID) -> None:
    """Derive the seed of a sitting that waits from its learner and design."""
    sitting = await db.get(Sitting, sitting_id, with_for_update=True)
    if sitting is not None and sitting.status == "created":
        sitting.seed = (sitting.learner_id.int ^ sitting.design_id.int) & ((1 << 63) - 1)
