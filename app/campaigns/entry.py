"""What delivery asks of campaigns, which stand above it: where a code leads, and on what terms a learner sits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.assessments.service import Assessments
from app.campaigns import service
from app.delivery.context import Admission
from app.errors import InvalidInput, NotFound, SittingOpen
from app.institutions import learners

JOIN = "/campagne"
INVITATION = "/invitation"


async def address_of(db: AsyncSession, typed: str) -> str | None:
    """The page of the campaign that is joined by a code; None when there is none."""
    try:
        found = await service.by_join_code(db, typed)
    except NotFound:
        return None
    return f"{JOIN}/{found.join_code}"


async def admit(
    db: AsyncSession,
    assessments: Assessments,
    institution_id: UUID,
    campaign_id: UUID,
    external_id: str,
    now: datetime,
) -> Admission:
    """On what terms a program may make a sitting of a campaign for a learner, who is made at first sight.

    Raises
    ------
    InvalidInput
        No such campaign.
    SittingOpen
        The learner has one that is not finished.
    Gone, RetakeRefused, QuotaReached
    """
    try:
        campaign = await service.require(db, institution_id, campaign_id)
    except NotFound:
        raise InvalidInput(
            "There is no such campaign.",
            errors=[{"field": "campaign", "expected": "a campaign of the institution"}],
        ) from None
    design = await assessments.current(campaign.design_key)
    learner = await learners.at_first_sight(db, institution_id, external_id, now)
    going_on = await service.open_sitting(db, campaign, learner.id, now)
    if going_on is not None:
        raise SittingOpen(
            "The learner has not finished a sitting of this campaign.", sitting=str(going_on.id)
        )
    terms = await service.terms(db, campaign, learner.id, now)
    return Admission(
        design=design,
        learner_id=learner.id,
        profession=service.profession_of(campaign, design, learner),
        language=campaign.language if campaign.language in design.languages else None,
        terms=terms,
    )
