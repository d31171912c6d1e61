"""`/v1/launches`: signed links that open a sitting in a learner's browser, in a frame or not."""

import hashlib
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Caller, Scope
from app.delivery import entry
from app.delivery.context import Context, given_context
from app.embedding import service
from app.embedding.schemas import LaunchIn, LaunchOut
from app.errors import InvalidInput, SittingOpen
from app.wire.branding import checked_accents
from app.wire.callers import calling
from app.wire.idempotency import IdempotencyKey, once
from app.wire.problems import EVERYWHERE, problems

router = APIRouter(prefix="/v1/launches", tags=["embedding"], responses=EVERYWHERE)
Ctx = Annotated[Context, Depends(given_context)]
CanLaunch = Annotated[Caller, Depends(calling(Scope.SITTINGS_WRITE))]


@router.post(
    "",
    operation_id="createLaunch",
    summary="Make a launch link",
    status_code=201,
    response_model=LaunchOut,
    responses=problems(400, 409, 413, 422),
)
async def create(
    request: Request, body: LaunchIn, context: Ctx, caller: CanLaunch, key: IdempotencyKey = None
) -> Response:
    """A link good once, for an hour at most: send the learner's browser there, or open it in a frame by `embed.js`."""
    accents = checked_accents(body.accent) if body.accent else None
    if body.return_url:
        # before a sitting is made for nothing
        async with context.database.reading(tenant=caller.institution_id) as db:
            service.check_return(body.return_url, await service.origins_of(db, caller.institution_id))
    sitting_id = await _sitting(context, caller, body, key)
    sitting = await service.sitting_of(context.delivery, caller.institution_id, sitting_id)

    async def effect(db: AsyncSession) -> LaunchOut:
        token, expires_at = await service.link(
            db,
            context.sealer,
            sitting,
            lasts=timedelta(seconds=body.lasts),
            return_url=body.return_url or "",
            theme=body.theme or "",
            lang=body.lang or "",
            accents=accents,
            now=context.now(),
        )
        address = f"{context.settings.public_url}/lancement/{token}"
        return LaunchOut(sitting=sitting.id, launch_url=address, expires_at=expires_at)

    return await once(request, caller, key, effect)


async def _sitting(context: Context, caller: Caller, body: LaunchIn, key: str | None) -> UUID:
    """The sitting to open: made in a transaction of its own, under the same key, so that a retry finds it again."""
    wanted = (body.design, body.learner, body.profession, body.referentiel, body.language)
    if body.sitting is not None:
        if body.campaign is not None or any(value is not None for value in wanted):
            raise InvalidInput(
                "The sitting has decided that.",
                errors=[{"field": "sitting", "expected": "alone, or what makes a sitting in its place"}],
            )
        return body.sitting
    try:
        sitting_id, _ = await entry.by_api(
            context,
            caller.institution_id,
            design_key=body.design,
            campaign_id=body.campaign,
            external_id=body.learner,
            profession=body.profession,
            referentiel=body.referentiel,
            language=body.language,
            idempotency_key=None if key is None else f"launch:{hashlib.sha256(key.encode()).hexdigest()}",
            now=caller.now(context.now()),
        )
    except SittingOpen as going_on:
        return UUID(going_on.extra["sitting"])
    return sitting_id
