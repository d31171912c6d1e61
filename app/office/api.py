"""`/v1/institutions`, `/v1/members`, `/v1/invitations`: what an institution says about itself, and who works for it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import accounts
from app.auth.permissions import GRANTS, Caller, Role, Scope
from app.delivery.context import Context, given_context
from app.errors import InvalidInput, NotFound
from app.institutions import service as institutions
from app.institutions import settings
from app.institutions.settings import Settings
from app.office.schemas import (
    BrandingOut,
    InstitutionChange,
    InstitutionListOut,
    InstitutionOut,
    InvitationIn,
    InvitationListOut,
    InvitationOut,
    InvitationWithLinkOut,
    MemberListOut,
    MemberOut,
)
from app.wire.branding import brand_of, checked_accents
from app.wire.callers import calling
from app.wire.etags import NOT_MODIFIED, IfMatch, conditional, require_match
from app.wire.idempotency import IdempotencyKey, once
from app.wire.paging import PageIn, Paging, after_id, page_of
from app.wire.problems import EVERYWHERE, problems

router = APIRouter(prefix="/v1", responses=EVERYWHERE)

Ctx = Annotated[Context, Depends(given_context)]
CanRead = Annotated[Caller, Depends(calling(Scope.INSTITUTION_READ))]
CanWrite = Annotated[Caller, Depends(calling(Scope.INSTITUTION_WRITE))]
CanReadMembers = Annotated[Caller, Depends(calling(Scope.MEMBERS_READ))]
CanWriteMembers = Annotated[Caller, Depends(calling(Scope.MEMBERS_WRITE))]

PICTURE = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/png", "image/jpeg")
        },
    }
}


@router.get(
    "/institutions",
    tags=["institutions"],
    operation_id="listInstitutions",
    summary="List your institutions",
    responses=problems(422),
)
async def list_institutions(
    request: Request, context: Ctx, caller: CanRead, paging: Paging
) -> InstitutionListOut:
    """Your own; a live key sees its twin of test mode as well, if anything was made in test mode yet."""
    after = after_id(paging)
    async with context.database.reading() as db:
        managed = sorted(await institutions.managed(db, caller.institution_id))
        found = [await settings.of(db, one) for one in managed if after is None or one > after]
    shown, following = page_of(request, paging, found, lambda one: (str(one.id),))
    return InstitutionListOut(data=[_institution(context, one) for one in shown], next=following)


@router.get(
    "/institutions/{institution_id}",
    tags=["institutions"],
    operation_id="readInstitution",
    summary="Read an institution",
    response_model=InstitutionOut,
    responses=NOT_MODIFIED | problems(404),
)
async def read_institution(
    request: Request, institution_id: UUID, context: Ctx, caller: CanRead
) -> InstitutionOut | Response:
    """Name, look, origins that may frame its pages, quotas."""
    async with context.database.reading() as db:
        kept = await _managed(db, caller, institution_id)
    return conditional(request, _institution(context, kept))


@router.patch(
    "/institutions/{institution_id}",
    tags=["institutions"],
    operation_id="changeInstitution",
    summary="Change an institution",
    responses=problems(400, 404, 412, 413, 422),
)
async def change_institution(
    institution_id: UUID,
    body: InstitutionChange,
    context: Ctx,
    caller: CanWrite,
    if_match: IfMatch = None,
) -> InstitutionOut:
    """What is absent stays. The look of a twin is that of its live institution."""
    wanted = body.branding
    accents = checked_accents(wanted.accent or "", wanted.accent_dark or "") if wanted else None
    async with context.database.transaction() as db:
        kept = await _managed(db, caller, institution_id)
        require_match(if_match, _institution(context, kept))
        changed = await settings.change(
            db,
            institution_id,
            actor=caller.actor,
            now=context.now(),
            name=body.name,
            accents=accents,
            frame_ancestors=body.frame_ancestors,
        )
    context.brands.forget()
    return _institution(context, changed)


@router.put(
    "/institutions/{institution_id}/logo",
    tags=["institutions"],
    operation_id="setLogo",
    summary="Set the logo",
    responses=problems(404, 413, 422),
    openapi_extra=PICTURE,
)
async def set_logo(request: Request, institution_id: UUID, context: Ctx, caller: CanWrite) -> InstitutionOut:
    """The body is the picture itself: PNG or JPEG, at most 50 kB."""
    return await _with_logo(context, caller, institution_id, await request.body())


@router.delete(
    "/institutions/{institution_id}/logo",
    tags=["institutions"],
    operation_id="removeLogo",
    summary="Remove the logo",
    responses=problems(404),
)
async def remove_logo(institution_id: UUID, context: Ctx, caller: CanWrite) -> InstitutionOut:
    """The pages wear the name alone again."""
    return await _with_logo(context, caller, institution_id, None)


async def _with_logo(
    context: Context, caller: Caller, institution_id: UUID, picture: bytes | None
) -> InstitutionOut:
    async with context.database.transaction() as db:
        await _managed(db, caller, institution_id)
        changed = await settings.set_logo(db, institution_id, picture, actor=caller.actor, now=context.now())
    context.brands.forget()
    return _institution(context, changed)


async def _managed(db: AsyncSession, caller: Caller, institution_id: UUID) -> Settings:
    if institution_id not in await institutions.managed(db, caller.institution_id):
        raise NotFound("This institution is unknown, or not yours.")
    return await settings.of(db, institution_id)


def _institution(context: Context, kept: Settings) -> InstitutionOut:
    brand = brand_of(kept)
    return InstitutionOut(
        id=kept.id,
        slug=kept.slug,
        name=kept.name,
        mode=kept.mode,
        branding=BrandingOut(
            accent=kept.accent or None,
            accent_dark=kept.accent_dark or None,
            logo_url=f"{context.settings.public_url}{brand.logo}" if brand and brand.logo else None,
        ),
        frame_ancestors=list(kept.frame_ancestors),
        quotas=dict(kept.quotas),
        created_at=kept.created_at,
    )


# Members


@router.get(
    "/members",
    tags=["members"],
    operation_id="listMembers",
    summary="List the members",
    responses=problems(422),
)
async def list_members(
    request: Request, context: Ctx, caller: CanReadMembers, paging: Paging
) -> MemberListOut:
    """By address. A test key sees who was invited with a test key: the live members have their own list."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        rows = await accounts.members(db, caller.institution_id, _after_member(paging), paging.limit + 1)
    shown, following = page_of(request, paging, rows, lambda row: (row[1].email, str(row[0].id)))
    found = [
        MemberOut(
            id=membership.id,
            email=account.email,
            name=account.name,
            role=Role(membership.role),
            verified_twice=account.totp_confirmed_at is not None,
            created_at=membership.created_at,
        )
        for membership, account in shown
    ]
    return MemberListOut(data=found, next=following)


def _after_member(paging: PageIn) -> tuple[str, UUID] | None:
    if paging.after is None:
        return None
    try:
        email, membership_id = paging.after
        return email, UUID(membership_id)
    except ValueError:
        raise InvalidInput(
            "The cursor cannot be read.",
            errors=[{"field": "starting_after", "expected": "`next` of the page before, unchanged"}],
        ) from None


@router.post(
    "/invitations",
    status_code=201,
    tags=["members"],
    operation_id="createInvitation",
    summary="Invite a member",
    response_model=InvitationWithLinkOut,
    responses=problems(400, 409, 413, 422),
)
async def create_invitation(
    request: Request,
    body: InvitationIn,
    context: Ctx,
    caller: CanWriteMembers,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A link to send yourself: it makes whoever holds it a member, once, within seven days."""
    caller.grant(GRANTS[body.role], caller.mode)

    async def effect(db: AsyncSession) -> InvitationWithLinkOut:
        made, token = await accounts.invite(
            db,
            caller.institution_id,
            email=body.email,
            role=body.role,
            actor=caller.actor,
            now=context.now(),
        )
        return InvitationWithLinkOut(
            id=made.id,
            email=made.email,
            role=body.role,
            invited_by=made.invited_by,
            created_at=made.created_at,
            expires_at=made.expires_at,
            link=f"{context.settings.public_url}/espace/invitation/{token}",
        )

    return await once(request, caller, idempotency_key, effect)


@router.get(
    "/invitations",
    tags=["members"],
    operation_id="listInvitations",
    summary="List the invitations",
    responses=problems(422),
)
async def list_invitations(
    request: Request, context: Ctx, caller: CanReadMembers, paging: Paging
) -> InvitationListOut:
    """Those that can still be accepted, newest first."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        rows = await accounts.invitations(
            db, caller.institution_id, context.now(), after_id(paging), paging.limit + 1
        )
    shown, following = page_of(request, paging, rows, lambda one: (str(one.id),))
    found = [
        InvitationOut(
            id=one.id,
            email=one.email,
            role=Role(one.role),
            invited_by=one.invited_by,
            created_at=one.created_at,
            expires_at=one.expires_at,
        )
        for one in shown
    ]
    return InvitationListOut(data=found, next=following)


@router.delete(
    "/invitations/{invitation_id}",
    status_code=204,
    tags=["members"],
    operation_id="withdrawInvitation",
    summary="Withdraw an invitation",
    responses=problems(404),
)
async def withdraw_invitation(invitation_id: UUID, context: Ctx, caller: CanWriteMembers) -> None:
    """Its link leads nowhere any more; one that was accepted stays so."""
    async with context.database.transaction(tenant=caller.institution_id) as db:
        await accounts.withdraw_invitation(
            db, caller.institution_id, invitation_id, caller.actor, context.now()
        )
