"""What of a learner's sittings is forgotten: what was entered and reported, whole sittings where few are alike.

Scores, items and times stay where they can no longer be traced to anybody: calibration needs every response of a
sitting or none.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.delivery.tables import Draft, ProblemReport, Response, Result, Sitting

FEWEST_ALIKE = 5
FORGOTTEN = "[effacé]"


async def of_learner(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> tuple[int, int]:
    """Forget what a learner entered; returns how many sittings stay without a name and how many are gone.

    A finished sitting stays when at least `FEWEST_ALIKE` learners of the institution finished the same design.
    """
    sittings = (
        await db.execute(
            select(Sitting.id, Sitting.design_id, Sitting.status).where(
                Sitting.institution_id == institution_id, Sitting.learner_id == learner_id
            )
        )
    ).all()
    gone = [
        row.id
        for row in sittings
        if row.status != "finished" or await _learners_of(db, institution_id, row.design_id) < FEWEST_ALIKE
    ]
    kept = [row.id for row in sittings if row.id not in gone]
    await _forget_entries(db, kept)
    await remove(db, gone)
    return len(kept), len(gone)


async def forget_entries_before(db: AsyncSession, institution_id: UUID, before: datetime, limit: int) -> int:
    """Forget what was entered in sittings finished before a moment, some at a time; returns in how many."""
    query = (
        select(Sitting.id)
        .where(
            Sitting.institution_id == institution_id,
            Sitting.finished_at < before,
            select(Response.position)
            .where(Response.sitting_id == Sitting.id, Response.response.is_not(None))
            .exists()
            | select(ProblemReport.id)
            .where(ProblemReport.sitting_id == Sitting.id, ProblemReport.text != FORGOTTEN)
            .exists(),
        )
        .limit(limit)
    )
    due = (await db.execute(query)).scalars().all()
    await _forget_entries(db, due)
    return len(due)


async def remove_never_started(db: AsyncSession, institution_id: UUID, before: datetime, limit: int) -> int:
    """Remove sittings that were created before a moment and never started; returns how many."""
    query = (
        select(Sitting.id)
        .where(
            Sitting.institution_id == institution_id, Sitting.status == "created", Sitting.created_at < before
        )
        .limit(limit)
    )
    due = (await db.execute(query)).scalars().all()
    await remove(db, due)
    return len(due)


async def remove_drafts(db: AsyncSession, now: datetime) -> None:
    """Drop the drafts of sittings that ended a day ago."""
    ended = select(Sitting.id).where(Sitting.finished_at < now - timedelta(days=1))
    await db.execute(delete(Draft).where(Draft.sitting_id.in_(ended)))


async def remove(db: AsyncSession, sittings: Sequence[UUID]) -> None:
    """Remove sittings whole, with everything that hangs on them here."""
    for table in (Draft, ProblemReport, Result, Response):
        await db.execute(delete(table).where(table.sitting_id.in_(sittings)))
    await db.execute(delete(Sitting).where(Sitting.id.in_(sittings)))


async def last_activity(db: AsyncSession, learner_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each learner last created, started or finished a sitting."""
    latest = func.max(func.coalesce(Sitting.finished_at, Sitting.started_at, Sitting.created_at))
    query = (
        select(Sitting.learner_id, latest.label("at"))
        .where(Sitting.learner_id.in_(learner_ids))
        .group_by(Sitting.learner_id)
    )
    return {row.learner_id: row.at for row in await db.execute(query)}


async def _forget_entries(db: AsyncSession, sittings: Sequence[UUID]) -> None:
    await db.execute(update(Response).where(Response.sitting_id.in_(sittings)).values(response=null()))
    await db.execute(
        update(ProblemReport).where(ProblemReport.sitting_id.in_(sittings)).values(text=FORGOTTEN)
    )
    await db.execute(delete(Draft).where(Draft.sitting_id.in_(sittings)))


async def _learners_of(db: AsyncSession, institution_id: UUID, design_id: UUID) -> int:
    query = select(func.count(func.distinct(Sitting.learner_id))).where(
        Sitting.institution_id == institution_id, Sitting.design_id == design_id, Sitting.status == "finished"
    )
    return (await db.execute(query)).scalar_one()
