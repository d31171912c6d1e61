"""`/v1/lti`: an institution says which learning platforms it trusts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Caller, Scope
from app.delivery.context import Context, given_context
from app.errors import InvalidInput
from app.lti import registrations
from app.lti.pages import reach_of, tool_of
from app.lti.registrations import PlatformFacts
from app.lti.schemas import (
    PlatformChange,
    PlatformIn,
    PlatformListOut,
    PlatformOut,
    RegistrationLinkOut,
    ToolOut,
)
from app.lti.tables import LtiPlatform
from app.wire.callers import calling
from app.wire.etags import IfMatch, conditional, require_match
from app.wire.idempotency import IdempotencyKey, once
from app.wire.paging import PageIn, Paging, page_of
from app.wire.problems import EVERYWHERE, problems

router = APIRouter(prefix="/v1/lti", tags=["lti"], responses=EVERYWHERE)

Ctx = Annotated[Context, Depends(given_context)]
CanRead = Annotated[Caller, Depends(calling(Scope.LTI_READ))]
CanWrite = Annotated[Caller, Depends(calling(Scope.LTI_WRITE))]


@router.get("/tool", operation_id="readLtiTool")
async def tool(context: Ctx, caller: CanRead) -> ToolOut:
    """What to tell a platform that is registered by hand."""
    known = tool_of(context)
    return ToolOut(
        login_url=known.login,
        launch_url=known.launch,
        jwks_url=known.jwks,
        custom_parameters={"design": "certification"},
    )


@router.post(
    "/registrations",
    status_code=201,
    operation_id="createLtiRegistration",
    response_model=RegistrationLinkOut,
    responses=problems(409, 413, 422),
)
async def create_link(
    request: Request, context: Ctx, caller: CanWrite, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make a link for one dynamic registration: paste it where the platform asks for the tool's address."""

    async def effect(db: AsyncSession) -> RegistrationLinkOut:
        made, secret = await registrations.create_link(
            db, caller.institution_id, actor=caller.actor, now=context.now()
        )
        return RegistrationLinkOut(url=tool_of(context).registration(secret), expires_at=made.expires_at)

    return await once(request, caller, idempotency_key, effect)


@router.post(
    "/platforms",
    status_code=201,
    operation_id="createLtiPlatform",
    response_model=PlatformOut,
    responses=problems(400, 409, 413, 422),
)
async def create(
    request: Request, body: PlatformIn, context: Ctx, caller: CanWrite, idempotency_key: IdempotencyKey = None
) -> Response:
    """Register a platform by hand, with what it shows beside the tool."""

    async def effect(db: AsyncSession) -> PlatformOut:
        made = await registrations.create(
            db,
            context.sealer,
            caller.institution_id,
            PlatformFacts(**body.model_dump()),
            reach_of(context),
            actor=caller.actor,
            now=context.now(),
        )
        return _out(made)

    return await once(request, caller, idempotency_key, effect)


@router.get("/platforms", operation_id="listLtiPlatforms", responses=problems(422))
async def list_all(request: Request, context: Ctx, caller: CanRead, paging: Paging) -> PlatformListOut:
    """The institution's platforms, oldest first."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        rows = await registrations.owned(db, caller.institution_id, _after(paging), paging.limit + 1)
    shown, following = page_of(request, paging, rows, lambda found: (str(found.id),))
    return PlatformListOut(data=[_out(found) for found in shown], next=following)


@router.get(
    "/platforms/{platform_id}",
    operation_id="readLtiPlatform",
    response_model=PlatformOut,
    responses={304: {"description": "The version named by `If-None-Match`"}, **problems(404, 422)},
)
async def read(request: Request, platform_id: UUID, context: Ctx, caller: CanRead) -> PlatformOut | Response:
    """One platform."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await registrations.require(db, caller.institution_id, platform_id)
    return conditional(request, _out(found))


@router.patch(
    "/platforms/{platform_id}",
    operation_id="changeLtiPlatform",
    responses=problems(400, 404, 409, 412, 413, 422),
)
async def change(
    platform_id: UUID, body: PlatformChange, context: Ctx, caller: CanWrite, if_match: IfMatch = None
) -> PlatformOut:
    """Change what is given. A deployment that is launched must be in the list."""
    given = body.model_dump(exclude_unset=True)
    empty = sorted(name for name, value in given.items() if value is None and name != "token_audience")
    if empty:
        raise InvalidInput(
            "Some fields are wrong.", errors=[{"field": name, "expected": "a value"} for name in empty]
        )
    async with context.database.transaction(tenant=caller.institution_id) as db:
        found = await registrations.require(db, caller.institution_id, platform_id)
        require_match(if_match, _out(found))
        changed = await registrations.change(
            db, found, given, reach_of(context), actor=caller.actor, now=context.now()
        )
        return _out(changed)


@router.delete(
    "/platforms/{platform_id}",
    status_code=204,
    operation_id="deleteLtiPlatform",
    responses=problems(404, 412, 422),
)
async def delete(platform_id: UUID, context: Ctx, caller: CanWrite, if_match: IfMatch = None) -> None:
    """Trust a platform no more. Its links and waiting grades go; sittings and results stay."""
    async with context.database.transaction(tenant=caller.institution_id) as db:
        found = await registrations.require(db, caller.institution_id, platform_id)
        require_match(if_match, _out(found))
        await registrations.remove(db, found, actor=caller.actor, now=context.now())


def _after(paging: PageIn) -> UUID | None:
    if paging.after is None:
        return None
    try:
        return UUID(paging.after[0])
    except ValueError:
        raise InvalidInput(
            "The cursor cannot be read.",
            errors=[{"field": "starting_after", "expected": "`next` of the page before, unchanged"}],
        ) from None


def _out(found: LtiPlatform) -> PlatformOut:
    return PlatformOut(
        id=found.id,
        name=found.name,
        issuer=found.issuer,
        client_id=found.client_id,
        authorization_url=found.authorization_url,
        token_url=found.token_url,
        jwks_url=found.jwks_url,
        token_audience=found.token_audience,
        deployments=list(found.deployments),
        frame_origins=list(found.frame_origins),
        shows_names=found.shows_names,
        enabled=found.enabled,
        created_at=found.created_at,
    )
