"""`/v1/privacy`: how long data are kept; what is known of a learner, and its erasure."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Caller, Scope
from app.delivery.context import Context, given_context
from app.privacy import service
from app.privacy.schemas import (
    ErasureOut,
    LearnerExportOut,
    RetentionChange,
    RetentionListOut,
    RetentionOut,
)
from app.privacy.service import CLASSES, DataClass
from app.wire.callers import calling
from app.wire.etags import NOT_MODIFIED, IfMatch, conditional, require_match
from app.wire.idempotency import IdempotencyKey, once
from app.wire.problems import EVERYWHERE, problems

router = APIRouter(prefix="/v1/privacy", tags=["privacy"], responses=EVERYWHERE)
Ctx = Annotated[Context, Depends(given_context)]
CanReadInstitution = Annotated[Caller, Depends(calling(Scope.INSTITUTION_READ))]
CanProtect = Annotated[Caller, Depends(calling(Scope.PRIVACY_WRITE))]


@router.get(
    "/retention", operation_id="readRetention", response_model=RetentionListOut, responses=NOT_MODIFIED
)
async def read_retention(
    request: Request, context: Ctx, caller: CanReadInstitution
) -> RetentionListOut | Response:
    """How long each class of personal data is kept."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        kept = await service.retention(db, caller.institution_id)
    return conditional(request, _retention(kept))


@router.patch("/retention", operation_id="changeRetention", responses=problems(400, 412, 413, 422))
async def change_retention(
    body: RetentionChange, context: Ctx, caller: CanProtect, if_match: IfMatch = None
) -> RetentionListOut:
    """Choose how long classes are kept, within their bounds."""
    days = {DataClass(name): chosen for name, chosen in body.model_dump(exclude_none=True).items()}
    async with context.database.transaction(tenant=caller.institution_id) as db:
        require_match(if_match, _retention(await service.retention(db, caller.institution_id)))
        return _retention(
            await service.set_retention(
                db, caller.institution_id, days, actor=caller.actor, now=caller.now(context.now())
            )
        )


@router.get("/learners/{learner_id}/export", operation_id="exportLearner", responses=problems(404))
async def export_learner(learner_id: UUID, context: Ctx, caller: CanProtect) -> LearnerExportOut:
    """Everything that is known of a learner, for them to have (GDPR, articles 15 and 20)."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        known = await service.export(db, context.assessments, caller.institution_id, learner_id)
    return LearnerExportOut(**known)


@router.post(
    "/learners/{learner_id}/erasure",
    operation_id="eraseLearner",
    response_model=ErasureOut,
    responses=problems(400, 404, 409, 422),
)
async def erase_learner(
    learner_id: UUID, request: Request, context: Ctx, caller: CanProtect, key: IdempotencyKey = None
) -> Response:
    """Forget a learner for good (GDPR, article 17): identity, identifier, attributes, what they entered.

    Files that were exported before and may hold the learner are withdrawn.
    """

    async def effect(db: AsyncSession) -> ErasureOut:
        done = await service.erase(
            db,
            context.settings.state_folder,
            caller.institution_id,
            learner_id,
            reason="request",
            actor=caller.actor,
            now=caller.now(context.now()),
        )
        return ErasureOut(
            learner=done.learner_id,
            erased_at=done.at,
            sittings_kept=done.sittings_kept,
            sittings_removed=done.sittings_removed,
            exports_withdrawn=done.exports_withdrawn,
        )

    return await once(request, caller, key, effect, status=200)


def _retention(days: dict[DataClass, int]) -> RetentionListOut:
    return RetentionListOut(
        data=[
            RetentionOut(
                data_class=name.value,
                what=CLASSES[name].what,
                after=CLASSES[name].after,
                days=kept,
                least=CLASSES[name].least,
                most=CLASSES[name].most,
            )
            for name, kept in days.items()
        ]
    )
