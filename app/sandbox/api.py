"""`/v1/test`: learners who answer by themselves, and time that can be moved; test mode only."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Caller, Scope
from app.delivery import service as delivery
from app.delivery.context import Context, given_context
from app.errors import NotFound
from app.sandbox import service
from app.sandbox.schemas import ClockIn, ClockOut, TestLearnerIn, TestRunOut
from app.wire.callers import calling
from app.wire.idempotency import IdempotencyKey, once
from app.wire.problems import EVERYWHERE, problems

router = APIRouter(prefix="/v1/test", tags=["test mode"], responses=EVERYWHERE)
Ctx = Annotated[Context, Depends(given_context)]
CanSit = Annotated[Caller, Depends(calling(Scope.SITTINGS_WRITE))]


@router.post(
    "/sittings/{sitting_id}/run", operation_id="runTestSitting", responses=problems(400, 404, 409, 410, 422)
)
async def run(sitting_id: UUID, body: TestLearnerIn, context: Ctx, caller: CanSit) -> TestRunOut:
    """Let a learner of a known behaviour take the sitting, to its end or until it has `answers` answers in all.

    The same request again answers nothing more; with another behaviour, or more answers, it goes on.
    """
    service.require_test_mode(caller)
    sitting = await delivery.require(context.delivery, sitting_id)
    if sitting.institution_id != caller.institution_id:
        raise NotFound("This sitting is unknown.")
    after = await service.run(
        context.database,
        context.delivery,
        sitting,
        body.behaviour,
        caller.now(context.now()),
        theta=body.theta,
        answers=body.answers,
    )
    return TestRunOut(
        sitting=after.id, status=after.status, answered=after.answered, finish_reason=after.finish_reason
    )


@router.get("/clock", operation_id="readTestClock")
async def read_clock(context: Ctx, caller: CanSit) -> ClockOut:
    """The time in test mode."""
    service.require_test_mode(caller)
    return ClockOut(now=caller.now(context.now()), offset_seconds=int(caller.clock_offset.total_seconds()))


@router.post(
    "/clock",
    operation_id="moveTestClock",
    status_code=200,
    response_model=ClockOut,
    responses=problems(400, 409, 422),
)
async def move_clock(
    request: Request, body: ClockIn, context: Ctx, caller: CanSit, key: IdempotencyKey = None
) -> Response:
    """Move time forward for everything done with test keys; never back. Sittings whose time runs out are closed."""
    service.require_test_mode(caller)

    async def effect(db: AsyncSession) -> ClockOut:
        offset = await service.advance(db, caller, body.advance_seconds)
        return ClockOut(now=context.now() + timedelta(seconds=offset), offset_seconds=offset)

    reply = await once(request, caller, key, effect, status=200)
    context.keys.forget()
    await service.close_overdue(context.database, context.delivery, caller, context.now())
    return reply
