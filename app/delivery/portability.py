"""Everything the service knows of one learner's sittings, for them to have."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assessments.service import Assessments
from app.delivery.tables import ProblemReport, Response, Result, Sitting


async def of_learner(
    db: AsyncSession, assessments: Assessments, institution_id: UUID, learner_id: UUID
) -> list[dict[str, Any]]:
    """Each sitting with what was entered and when, its reports and its results that may be told.

    What was right is left out: it would give the key of items that others still answer.
    """
    sittings = (
        await db.execute(
            select(Sitting)
            .where(Sitting.institution_id == institution_id, Sitting.learner_id == learner_id)
            .order_by(Sitting.id)
        )
    ).scalars()
    told = []
    for sitting in sittings.all():
        design = await assessments.in_use(sitting.design_id)
        responses = (
            await db.execute(
                select(Response).where(Response.sitting_id == sitting.id).order_by(Response.position)
            )
        ).scalars()
        reports = (
            await db.execute(select(ProblemReport).where(ProblemReport.sitting_id == sitting.id))
        ).scalars()
        results = (
            await db.execute(select(Result).where(Result.sitting_id == sitting.id).order_by(Result.number))
        ).scalars()
        withheld = sitting.held and sitting.published_at is None
        told.append(
            {
                "id": str(sitting.id),
                "design": design.key,
                "title": design.title,
                "language": sitting.language,
                "profession": sitting.profession,
                "created_at": sitting.created_at,
                "started_at": sitting.started_at,
                "finished_at": sitting.finished_at,
                "finish_reason": sitting.finish_reason,
                "responses": [
                    {
                        "position": response.position,
                        "entered": response.response,
                        "outcome": response.outcome,
                        "shown_at": response.presented_at,
                        "received_at": response.received_at,
                    }
                    for response in responses
                ],
                "reports": [
                    {"position": report.position, "text": report.text, "at": report.created_at}
                    for report in reports
                ],
                "results": [] if withheld else [result.body for result in results],
                "result_held": withheld,
            }
        )
    return told
