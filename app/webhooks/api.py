"""`/v1/webhooks` and `/v1/deliveries`: an institution says where its events go, and sees what became of them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Caller, Scope
from app.delivery.context import Context, given_context
from app.errors import InvalidInput
from app.webhooks import service
from app.webhooks.addresses import Reach
from app.webhooks.schemas import (
    AttemptOut,
    DeliveryListOut,
    DeliveryOut,
    WebhookChange,
    WebhookIn,
    WebhookListOut,
    WebhookOut,
    WebhookWithSecretOut,
)
from app.webhooks.tables import Webhook, WebhookAttempt, WebhookDelivery
from app.wire.callers import calling
from app.wire.etags import NOT_MODIFIED, IfMatch, conditional, require_match
from app.wire.idempotency import IdempotencyKey, once
from app.wire.paging import PageIn, Paging, page_of
from app.wire.problems import EVERYWHERE, problems

router = APIRouter(prefix="/v1", tags=["webhooks"], responses=EVERYWHERE)

Ctx = Annotated[Context, Depends(given_context)]
CanRead = Annotated[Caller, Depends(calling(Scope.WEBHOOKS_READ))]
CanWrite = Annotated[Caller, Depends(calling(Scope.WEBHOOKS_WRITE))]


def _reach(context: Ctx) -> Reach:
    return Reach(context.settings.webhook_ports, context.settings.webhook_loopback)


@router.post(
    "/webhooks",
    status_code=201,
    operation_id="createWebhook",
    response_model=WebhookWithSecretOut,
    responses=problems(400, 409, 413, 422),
)
async def create(
    request: Request, body: WebhookIn, context: Ctx, caller: CanWrite, idempotency_key: IdempotencyKey = None
) -> Response:
    """Have events sent to an address. The reply holds the secret that signs them, told only once."""

    async def effect(db: AsyncSession) -> WebhookWithSecretOut:
        made, secret = await service.create(
            db,
            caller.institution_id,
            url=body.url,
            events=body.events,
            description=body.description,
            reach=_reach(context),
            sealer=context.sealer,
            actor=caller.actor,
            now=context.now(),
        )
        return _with_secret(made, secret)

    return await once(request, caller, idempotency_key, effect)


@router.get("/webhooks", operation_id="listWebhooks", responses=problems(422))
async def list_all(request: Request, context: Ctx, caller: CanRead, paging: Paging) -> WebhookListOut:
    """The institution's webhooks, oldest first."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        rows = await service.owned(db, caller.institution_id, _after(paging), paging.limit + 1)
    shown, following = page_of(request, paging, rows, lambda found: (str(found.id),))
    return WebhookListOut(data=[_out(found) for found in shown], next=following)


@router.get(
    "/webhooks/{webhook_id}",
    operation_id="readWebhook",
    response_model=WebhookOut,
    responses=NOT_MODIFIED | problems(404, 422),
)
async def read(request: Request, webhook_id: UUID, context: Ctx, caller: CanRead) -> WebhookOut | Response:
    """One webhook."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require(db, caller.institution_id, webhook_id)
    return conditional(request, _out(found))


@router.patch(
    "/webhooks/{webhook_id}", operation_id="changeWebhook", responses=problems(400, 404, 409, 412, 413, 422)
)
async def change(
    webhook_id: UUID, body: WebhookChange, context: Ctx, caller: CanWrite, if_match: IfMatch = None
) -> WebhookOut:
    """Change what is given. Enabling one that a 410 disabled lets what has waited go."""
    async with context.database.transaction(tenant=caller.institution_id) as db:
        found = await service.require(db, caller.institution_id, webhook_id)
        require_match(if_match, _out(found))
        changed = await service.change(
            db,
            found,
            url=body.url,
            events=body.events,
            description=body.description,
            enabled=body.enabled,
            reach=_reach(context),
            actor=caller.actor,
            now=context.now(),
        )
    return _out(changed)


@router.delete(
    "/webhooks/{webhook_id}", status_code=204, operation_id="deleteWebhook", responses=problems(404, 412, 422)
)
async def delete(webhook_id: UUID, context: Ctx, caller: CanWrite, if_match: IfMatch = None) -> None:
    """Delete a webhook, what waits for it and its log."""
    async with context.database.transaction(tenant=caller.institution_id) as db:
        found = await service.require(db, caller.institution_id, webhook_id)
        require_match(if_match, _out(found))
        await service.remove(db, found, actor=caller.actor, now=context.now())


@router.post(
    "/webhooks/{webhook_id}/rotate-secret",
    operation_id="rotateWebhookSecret",
    response_model=WebhookWithSecretOut,
    responses=problems(404, 409, 422),
)
async def rotate_secret(
    request: Request,
    webhook_id: UUID,
    context: Ctx,
    caller: CanWrite,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Draw a new secret. For a day messages carry two signatures, by the new one and by the former one."""

    async def effect(db: AsyncSession) -> WebhookWithSecretOut:
        found = await service.require(db, caller.institution_id, webhook_id)
        secret = await service.rotate_secret(db, found, context.sealer, actor=caller.actor, now=context.now())
        return _with_secret(found, secret)

    return await once(request, caller, idempotency_key, effect, status=200)


@router.post(
    "/webhooks/{webhook_id}/test",
    status_code=202,
    operation_id="testWebhook",
    response_model=DeliveryOut,
    responses=problems(404, 409, 422),
)
async def ask_for_a_test(
    request: Request,
    webhook_id: UUID,
    context: Ctx,
    caller: CanWrite,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send a `webhook.ping`, like any other message; the log tells what came back."""

    async def effect(db: AsyncSession) -> DeliveryOut:
        found = await service.require(db, caller.institution_id, webhook_id)
        return _delivery(await service.ping(db, found, context.now()), ())

    return await once(request, caller, idempotency_key, effect, status=202)


@router.get("/webhooks/{webhook_id}/deliveries", operation_id="listDeliveries", responses=problems(404, 422))
async def deliveries(
    request: Request, webhook_id: UUID, context: Ctx, caller: CanRead, paging: Paging
) -> DeliveryListOut:
    """The delivery log, newest first."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require(db, caller.institution_id, webhook_id)
        rows = await service.deliveries(db, found, _after(paging), paging.limit + 1)
    shown, following = page_of(request, paging, rows, lambda row: (str(row[0].id),))
    return DeliveryListOut(data=[_delivery(message, attempts) for message, attempts in shown], next=following)


@router.post(
    "/deliveries/{delivery_id}/replay",
    status_code=202,
    operation_id="replayDelivery",
    response_model=DeliveryOut,
    responses=problems(404, 409, 422),
)
async def replay(
    request: Request,
    delivery_id: UUID,
    context: Ctx,
    caller: CanWrite,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send a message once more, with the same `webhook-id`."""

    async def effect(db: AsyncSession) -> DeliveryOut:
        message, attempts = await service.replay(db, caller.institution_id, delivery_id, context.now())
        return _delivery(message, attempts)

    return await once(request, caller, idempotency_key, effect, status=202)


def _after(paging: PageIn) -> UUID | None:
    """The identifier that a cursor holds."""
    if paging.after is None:
        return None
    try:
        [last] = map(UUID, paging.after)
    except ValueError:
        raise InvalidInput(
            "The cursor cannot be read.",
            errors=[{"field": "starting_after", "expected": "`next` of the page before, unchanged"}],
        ) from None
    return last


def _out(found: Webhook) -> WebhookOut:
    return WebhookOut.model_validate(_facts(found))


def _with_secret(found: Webhook, secret: str) -> WebhookWithSecretOut:
    return WebhookWithSecretOut.model_validate(
        {**_facts(found), "secret": secret, "former_secret_until": found.former_until}
    )


def _facts(found: Webhook) -> dict[str, object]:
    return {
        "id": found.id,
        "url": found.url,
        "events": found.events,
        "description": found.description,
        "enabled": found.enabled,
        "disabled_reason": found.disabled_reason,
        "created_at": found.created_at,
    }


def _delivery(message: WebhookDelivery, attempts: Sequence[WebhookAttempt]) -> DeliveryOut:
    return DeliveryOut.model_validate(
        {
            "id": message.id,
            "webhook": message.webhook_id,
            "message_id": f"msg_{message.id.hex}",
            "event": message.event,
            "body": message.body,
            "state": message.state,
            "created_at": message.created_at,
            "due_at": message.due_at if message.state == "pending" else None,
            "finished_at": message.finished_at,
            "attempts": [
                AttemptOut(
                    at=attempt.at,
                    status=attempt.status,
                    latency_ms=attempt.latency_ms,
                    excerpt=attempt.excerpt,
                    error=attempt.error,
                )
                for attempt in attempts
            ],
        }
    )
