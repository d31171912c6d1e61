"""Where a learner was enrolled, told to them and forgotten; files that nobody confirmed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.tables import Campaign, Cohort, CohortMember, Enrolment, LearnerFile

FILES_KEPT = timedelta(days=1)


async def of_learner(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> dict[str, Any]:
    """The cohorts and campaigns of a learner."""
    cohorts = await db.execute(
        select(Cohort.name, CohortMember.added_at)
        .join(CohortMember, CohortMember.cohort_id == Cohort.id)
        .where(CohortMember.institution_id == institution_id, CohortMember.learner_id == learner_id)
        .order_by(Cohort.id)
    )
    enrolments = await db.execute(
        select(Campaign.name, Enrolment.invited_at, Enrolment.joined_at, Enrolment.time_percent)
        .join(Enrolment, Enrolment.campaign_id == Campaign.id)
        .where(Enrolment.institution_id == institution_id, Enrolment.learner_id == learner_id)
        .order_by(Campaign.id)
    )
    return {
        "cohorts": [{"name": row.name, "added_at": row.added_at} for row in cohorts],
        "campaigns": [
            {
                "name": row.name,
                "invited_at": row.invited_at,
                "joined_at": row.joined_at,
                "time_percent": row.time_percent,
            }
            for row in enrolments
        ],
    }


async def forget_learner(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> None:
    """Take a learner out of every cohort and campaign."""
    for table in (CohortMember, Enrolment):
        await db.execute(
            delete(table).where(table.institution_id == institution_id, table.learner_id == learner_id)
        )


async def forget_files(db: AsyncSession, now: datetime) -> None:
    """Drop files of learners that were read a day ago and never confirmed."""
    await db.execute(delete(LearnerFile).where(LearnerFile.read_at < now - FILES_KEPT))
