"""How programs and platforms reach an institution's data: API keys, webhooks and their log, LTI platforms."""

from typing import Annotated, Any, Final, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from app.auth import keys
from app.auth.permissions import ALL, Mode, Scope
from app.delivery.context import Context, given_context
from app.errors import Conflict, InvalidInput
from app.lti import registrations
from app.office.sign_in import go
from app.web.render import render
from app.web.views_office import (
    AccessDone,
    AccessProblem,
    AccessView,
    DeliveriesView,
    DeliveryRow,
    KeyRow,
    LtiDone,
    LtiView,
    PlatformRow,
    WebhookRow,
)
from app.webhooks import service as webhooks
from app.webhooks.addresses import Reach
from app.wire.members import Member, frame_of, signed_in

router = APIRouter(prefix="/espace", include_in_schema=False, default_response_class=HTMLResponse)

ACCESS: Final = "/espace/cles"
LTI: Final = "/espace/lti"
SHOWN: Final = 50
# What an application that enrols learners and reads their results needs.
USUAL: Final = frozenset(
    {
        Scope.LEARNERS_READ,
        Scope.LEARNERS_WRITE,
        Scope.CAMPAIGNS_READ,
        Scope.CAMPAIGNS_WRITE,
        Scope.SITTINGS_READ,
        Scope.SITTINGS_WRITE,
        Scope.RESULTS_READ,
        Scope.WEBHOOKS_READ,
        Scope.WEBHOOKS_WRITE,
    }
)

Ctx = Annotated[Context, Depends(given_context)]
SeesKeys = Annotated[Member, Depends(signed_in(Scope.KEYS_READ))]
ChangesKeys = Annotated[Member, Depends(signed_in(Scope.KEYS_WRITE))]
SeesWebhooks = Annotated[Member, Depends(signed_in(Scope.WEBHOOKS_READ))]
ChangesWebhooks = Annotated[Member, Depends(signed_in(Scope.WEBHOOKS_WRITE))]
SeesLti = Annotated[Member, Depends(signed_in(Scope.LTI_READ))]
ChangesLti = Annotated[Member, Depends(signed_in(Scope.LTI_WRITE))]
Word = Annotated[str, Form(max_length=500)]
Words = Annotated[list[str], Form(max_length=len(ALL))]
Done = Annotated[str, Query(max_length=16)]


@router.get("/cles")
async def access(request: Request, context: Ctx, member: SeesKeys, fait: Done = "") -> Response:
    """Keys and webhooks."""
    done: AccessDone = fait if fait in get_args(AccessDone) else ""  # type: ignore[assignment]
    return render(request, await _access(context, member, done=done))


@router.post("/cles")
async def create_key(
    request: Request,
    context: Ctx,
    member: ChangesKeys,
    label: Word = "",
    mode: Word = "test",
    scopes: Words = [],  # noqa: B006
) -> Response:
    """A new key; the page shows it, once."""
    wanted: Mode = "live" if mode == "live" and member.mode == "live" else "test"
    asked = frozenset(Scope(name) for name in scopes if name in set(Scope))
    if not label.strip() or len(label) > 100 or not asked:
        problem: AccessProblem = "scopes" if label.strip() else "label"
        return render(request, await _access(context, member, problem=problem), status_code=422)
    async with context.database.transaction() as db:
        made, secret = await keys.create(
            db,
            member.caller,
            label=" ".join(label.split()),
            mode=wanted,
            scopes=asked,
            expires_at=None,
            now=context.now(),
        )
    return render(request, await _access(context, member, secret=secret, secret_of=made.label))


@router.post("/cles/{key_id}/renouveler")
async def rotate_key(request: Request, context: Ctx, member: ChangesKeys, key_id: UUID) -> Response:
    """A key like this one; the former one lives another day."""
    async with context.database.transaction() as db:
        made = await keys.rotate(db, member.caller, key_id, context.now())
    context.keys.forget()
    view = await _access(context, member, secret=made.secret, secret_of=made.key.label, done="rotated")
    return render(request, view)


@router.post("/cles/{key_id}/revoquer")
async def revoke_key(context: Ctx, member: ChangesKeys, key_id: UUID) -> Response:
    """End a key now."""
    async with context.database.transaction() as db:
        await keys.revoke(db, member.caller, key_id, context.now())
    context.keys.forget()
    return go(f"{ACCESS}?fait=revoked")


@router.post("/webhooks")
async def create_webhook(
    request: Request,
    context: Ctx,
    member: ChangesWebhooks,
    url: Word = "",
    events: Words = [],  # noqa: B006
) -> Response:
    """Have events sent to an address; the page shows the secret that signs them, once."""
    asked = [event for event in events if event in webhooks.EVENTS]
    problem: AccessProblem = "" if asked else "events"
    secret = ""
    if not problem:
        try:
            async with context.database.transaction(tenant=member.caller.institution_id) as db:
                _, secret = await webhooks.create(
                    db,
                    member.caller.institution_id,
                    url=url.strip(),
                    events=asked,
                    description="",
                    reach=_reach(context),
                    sealer=context.sealer,
                    actor=member.caller.actor,
                    now=context.now(),
                )
        except (InvalidInput, Conflict) as refused:
            problem = "address" if isinstance(refused, InvalidInput) else "known"
    if problem:
        view = await _access(context, member, problem=problem, url=url)
        return render(request, view, status_code=409 if problem == "known" else 422)
    return render(request, await _access(context, member, secret=secret, secret_of=url))


@router.post("/webhooks/{webhook_id}/essayer")
async def ping(context: Ctx, member: ChangesWebhooks, webhook_id: UUID) -> Response:
    """Send a message that says nothing."""
    async with context.database.transaction(tenant=member.caller.institution_id) as db:
        found = await webhooks.require(db, member.caller.institution_id, webhook_id)
        await webhooks.ping(db, found, context.now())
    return go(f"/espace/webhooks/{webhook_id}")


@router.post("/webhooks/{webhook_id}/supprimer")
async def remove_webhook(context: Ctx, member: ChangesWebhooks, webhook_id: UUID) -> Response:
    """Delete a webhook and its log."""
    async with context.database.transaction(tenant=member.caller.institution_id) as db:
        found = await webhooks.require(db, member.caller.institution_id, webhook_id)
        await webhooks.remove(db, found, actor=member.caller.actor, now=context.now())
    return go(f"{ACCESS}?fait=removed")


@router.get("/webhooks/{webhook_id}")
async def deliveries(request: Request, context: Ctx, member: SeesWebhooks, webhook_id: UUID) -> Response:
    """What was sent to an address lately, and what it answered."""
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        found = await webhooks.require(db, member.caller.institution_id, webhook_id)
        log = await webhooks.deliveries(db, found, None, SHOWN)
    rows = []
    for message, attempts in log:
        last = attempts[-1] if attempts else None
        rows.append(
            DeliveryRow(
                event=message.event,
                created_at=message.created_at,
                state=message.state,
                attempts=message.attempts,
                status=last.status if last else None,
                latency_ms=last.latency_ms if last else None,
                error=(last.error or "") if last else "",
            )
        )
    view = DeliveriesView(
        frame=frame_of(member, "keys"),
        webhook=_webhook(found),
        deliveries=rows,
        may_change=member.may(Scope.WEBHOOKS_WRITE),
    )
    return render(request, view)


def _reach(context: Context) -> Reach:
    return Reach(context.settings.webhook_ports, context.settings.webhook_loopback)


def _webhook(found: Any) -> WebhookRow:
    return WebhookRow(
        id=str(found.id),
        url=found.url,
        events=list(found.events),
        enabled=found.enabled,
        failures=found.failures,
        address=f"/espace/webhooks/{found.id}",
    )


async def _access(
    context: Context,
    member: Member,
    *,
    problem: AccessProblem = "",
    done: AccessDone = "",
    secret: str = "",
    secret_of: str = "",
    url: str = "",
) -> AccessView:
    institution_id, now = member.caller.institution_id, context.now()
    async with context.database.reading() as db:
        held = await keys.listed(db, member.caller, None, 1000)
        hooks = await webhooks.owned(db, institution_id, None, 200)
    return AccessView(
        frame=frame_of(member, "keys"),
        keys=[
            KeyRow(
                id=str(key.id),
                label=key.label,
                mode=key.mode,
                prefix=key.prefix,
                scopes=[str(scope) for scope in key.scopes],
                created_at=key.created_at,
                last_used_at=key.last_used_at,
                expires_at=key.expires_at,
            )
            for key in held
            if key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
        ],
        webhooks=[_webhook(hook) for hook in hooks],
        scopes=[str(scope) for scope in Scope if scope in member.caller.scopes],
        usual=[str(scope) for scope in USUAL],
        events=list(webhooks.EVENTS),
        may_change=member.may(Scope.KEYS_WRITE),
        problem=problem,
        done=done,
        secret=secret,
        secret_of=secret_of,
        url=url,
    )


# LTI


@router.get("/lti")
async def platforms(request: Request, context: Ctx, member: SeesLti, fait: Done = "") -> Response:
    """The learning platforms that are trusted."""
    done: LtiDone = "removed" if fait == "removed" else ""
    return render(request, await _lti(context, member, done=done))


@router.post("/lti/inscriptions")
async def create_registration_link(request: Request, context: Ctx, member: ChangesLti) -> Response:
    """A link for one dynamic registration; the page shows it, once."""
    async with context.database.transaction(tenant=member.caller.institution_id) as db:
        _, secret = await registrations.create_link(
            db, member.caller.institution_id, actor=member.caller.actor, now=context.now()
        )
    tool = registrations.ToolAddresses(context.settings.public_url)
    return render(request, await _lti(context, member, link=tool.registration(secret)))


@router.post("/lti/{platform_id}/supprimer")
async def remove_platform(context: Ctx, member: ChangesLti, platform_id: UUID) -> Response:
    """Trust a platform no more."""
    institution_id = member.caller.institution_id
    async with context.database.transaction(tenant=institution_id) as db:
        found = await registrations.require(db, institution_id, platform_id)
        await registrations.remove(db, found, actor=member.caller.actor, now=context.now())
    return go(f"{LTI}?fait=removed")


async def _lti(context: Context, member: Member, *, done: LtiDone = "", link: str = "") -> LtiView:
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        found = await registrations.owned(db, member.caller.institution_id, None, SHOWN)
    tool = registrations.ToolAddresses(context.settings.public_url)
    return LtiView(
        frame=frame_of(member, "lti"),
        platforms=[
            PlatformRow(
                id=str(one.id),
                name=one.name,
                issuer=one.issuer,
                client_id=one.client_id,
                enabled=one.enabled,
                since=one.created_at,
            )
            for one in found
        ],
        addresses=[("login", tool.login), ("launch", tool.launch), ("jwks", tool.jwks)],
        may_change=member.may(Scope.LTI_WRITE),
        done=done,
        link=link,
    )
