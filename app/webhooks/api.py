"""`/v1/webhooks` and `/v1/deliveries`: an institution says where its events go, and sees what became of them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.delivery.api import Caller, Ctx, problems
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

router = APIRouter(prefix="/v1", tags=["webhooks"], responses=problems(401, 503))


def _reach(context: Ctx) -> Reach:
    return Reach(context.settings.webhook_ports, context.settings.webhook_loopback)


@router.post(
    "/webhooks", status_code=201, operation_id="createWebhook", responses=problems(400, 409, 413, 422)
)
async def create(body: WebhookIn, context: Ctx, caller: Caller) -> WebhookWithSecretOut:
    """Have events sent to an address. The reply holds the secret that signs them, told only once."""
    async with context.database.transaction() as db:
        made = await service.create(
            db,
            caller,
            url=body.url,
            events=body.events,
            description=body.description,
            reach=_reach(context),
            now=context.now(),
        )
    return _with_secret(made)


@router.get("/webhooks", operation_id="listWebhooks")
async def list_all(context: Ctx, caller: Caller) -> WebhookListOut:
    """All webhooks of the institution."""
    async with context.database.reading() as db:
        return WebhookListOut(data=[_out(found) for found in await service.owned(db, caller)])


@router.get("/webhooks/{webhook_id}", operation_id="readWebhook", responses=problems(404, 422))
async def read(webhook_id: UUID, context: Ctx, caller: Caller) -> WebhookOut:
    """One webhook."""
    async with context.database.reading() as db:
        return _out(await service.require(db, caller, webhook_id))


@router.patch(
    "/webhooks/{webhook_id}", operation_id="changeWebhook", responses=problems(400, 404, 409, 413, 422)
)
async def change(webhook_id: UUID, body: WebhookChange, context: Ctx, caller: Caller) -> WebhookOut:
    """Change what is given. Enabling one that a 410 disabled lets what has waited go."""
    async with context.database.transaction() as db:
        found = await service.require(db, caller, webhook_id)
        changed = await service.change(
            db,
            found,
            url=body.url,
            events=body.events,
            description=body.description,
            enabled=body.enabled,
            reach=_reach(context),
        )
    return _out(changed)


@router.delete(
    "/webhooks/{webhook_id}", status_code=204, operation_id="deleteWebhook", responses=problems(404, 422)
)
async def delete(webhook_id: UUID, context: Ctx, caller: Caller) -> None:
    """Delete a webhook, what waits for it and its log."""
    async with context.database.transaction() as db:
        await service.remove(db, await service.require(db, caller, webhook_id))


@router.post(
    "/webhooks/{webhook_id}/rotate-secret", operation_id="rotateWebhookSecret", responses=problems(404, 422)
)
async def rotate_secret(webhook_id: UUID, context: Ctx, caller: Caller) -> WebhookWithSecretOut:
    """Draw a new secret. For a day messages carry two signatures, by the new one and by the former one."""
    async with context.database.transaction() as db:
        found = await service.require(db, caller, webhook_id)
        rotated = await service.rotate_secret(db, found, context.now())
    return _with_secret(rotated)


@router.post(
    "/webhooks/{webhook_id}/test",
    status_code=202,
    operation_id="testWebhook",
    responses=problems(404, 409, 422),
)
async def test(webhook_id: UUID, context: Ctx, caller: Caller) -> DeliveryOut:
    """Send a `webhook.ping`, like any other message; the log tells what came back."""
    async with context.database.transaction() as db:
        found = await service.require(db, caller, webhook_id)
        message = await service.ping(db, found, context.now())
    return _delivery(message, ())


@router.get("/webhooks/{webhook_id}/deliveries", operation_id="listDeliveries", responses=problems(404, 422))
async def deliveries(
    webhook_id: UUID,
    context: Ctx,
    caller: Caller,
    before: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> DeliveryListOut:
    """The delivery log, newest first."""
    async with context.database.reading() as db:
        found = await service.require(db, caller, webhook_id)
        rows = await service.deliveries(db, found, before, limit + 1)
    shown = rows[:limit]
    return DeliveryListOut(
        data=[_delivery(message, attempts) for message, attempts in shown],
        next=shown[-1][0].id if len(rows) > limit else None,
    )


@router.post(
    "/deliveries/{delivery_id}/replay",
    status_code=202,
    operation_id="replayDelivery",
    responses=problems(404, 409, 422),
)
async def replay(delivery_id: UUID, context: Ctx, caller: Caller) -> DeliveryOut:
    """Send a message once more, with the same `webhook-id`."""
    async with context.database.transaction() as db:
        message, attempts = await service.replay(db, caller, delivery_id, context.now())
    return _delivery(message, attempts)


def _out(found: Webhook) -> WebhookOut:
    return WebhookOut.model_validate(_facts(found))


def _with_secret(found: Webhook) -> WebhookWithSecretOut:
    return WebhookWithSecretOut.model_validate(
        {**_facts(found), "secret": found.secret, "former_secret_until": found.former_until}
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
