"""SQL of webhooks: addresses, messages, attempts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.webhooks.tables import Webhook, WebhookAttempt, WebhookDelivery


async def webhooks_of(db: AsyncSession, institution_id: UUID) -> Sequence[Webhook]:
    """An institution's addresses, oldest first."""
    query = select(Webhook).where(Webhook.institution_id == institution_id).order_by(Webhook.id)
    return (await db.execute(query)).scalars().all()


async def webhook(db: AsyncSession, institution_id: UUID, webhook_id: UUID) -> Webhook | None:
    """One of them."""
    query = select(Webhook).where(Webhook.institution_id == institution_id, Webhook.id == webhook_id)
    return (await db.execute(query.with_for_update())).scalar()


async def remove(db: AsyncSession, found: Webhook) -> None:
    """Delete an address with its messages and their attempts."""
    messages = select(WebhookDelivery.id).where(WebhookDelivery.webhook_id == found.id)
    await db.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(messages)))
    await db.execute(delete(WebhookDelivery).where(WebhookDelivery.webhook_id == found.id))
    await db.delete(found)


async def heard(db: AsyncSession, webhook_id: UUID, event_id: int) -> bool:
    """Whether this event has already been written down for this address."""
    query = select(WebhookDelivery.id).where(
        WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.event_id == event_id
    )
    return (await db.execute(query)).first() is not None


async def delivery(db: AsyncSession, institution_id: UUID, delivery_id: UUID) -> WebhookDelivery | None:
    """One message."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.institution_id == institution_id, WebhookDelivery.id == delivery_id
    )
    return (await db.execute(query.with_for_update())).scalar()


async def deliveries(
    db: AsyncSession, webhook_id: UUID, before: UUID | None, limit: int
) -> Sequence[WebhookDelivery]:
    """Messages to one address, newest first."""
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    if before is not None:
        query = query.where(WebhookDelivery.id < before)
    return (await db.execute(query.order_by(WebhookDelivery.id.desc()).limit(limit))).scalars().all()


async def attempts(db: AsyncSession, delivery_ids: Sequence[UUID]) -> Sequence[WebhookAttempt]:
    """The attempts at several messages, oldest first."""
    query = select(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(delivery_ids))
    return (await db.execute(query.order_by(WebhookAttempt.id))).scalars().all()


async def claim(
    db: AsyncSession, now: datetime, until: datetime, *, limit: int, of_one_webhook: int
) -> Sequence[tuple[WebhookDelivery, Webhook]]:
    """Take messages that are due, at most so many of one address, and for each subject only its oldest.

    The claim is a moment: who dies while holding it gives it back by letting time pass.
    """
    older, live = aliased(WebhookDelivery), aliased(WebhookDelivery)
    waits = (
        select(older.id)
        .where(
            older.webhook_id == WebhookDelivery.webhook_id,
            older.subject == WebhookDelivery.subject,
            older.event_id < WebhookDelivery.event_id,
            older.state == "pending",
        )
        .exists()
    )
    under_way = (
        select(func.count())
        .where(live.webhook_id == Webhook.id, live.state == "pending", live.claimed_until > now)
        .scalar_subquery()
    )
    place = (
        func.row_number()
        .over(
            partition_by=WebhookDelivery.webhook_id,
            order_by=(WebhookDelivery.due_at, WebhookDelivery.id),
        )
        .label("place")
    )
    due = (
        select(WebhookDelivery.id, place, under_way.label("under_way"))
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(
            WebhookDelivery.state == "pending",
            WebhookDelivery.due_at <= now,
            or_(WebhookDelivery.claimed_until.is_(None), WebhookDelivery.claimed_until <= now),
            Webhook.enabled.is_(True),
            or_(Webhook.resting_until.is_(None), Webhook.resting_until <= now),
            ~waits,
        )
        .subquery()
    )
    # two statements: a planner that knows nothing of a new table asks the first again for every row of the second
    query = select(due.c.id).where(due.c.place + due.c.under_way <= of_one_webhook).limit(limit)
    chosen = (await db.execute(query)).scalars().all()
    if not chosen:
        return []
    taken = (
        await db.execute(
            select(WebhookDelivery, Webhook)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(
                WebhookDelivery.id.in_(chosen),
                # asked again of the locked row: another worker may have taken it meanwhile
                WebhookDelivery.state == "pending",
                or_(WebhookDelivery.claimed_until.is_(None), WebhookDelivery.claimed_until <= now),
            )
            .with_for_update(skip_locked=True, of=WebhookDelivery)
        )
    ).all()
    if taken:
        ids = [message.id for message, _ in taken]
        await db.execute(
            update(WebhookDelivery).where(WebhookDelivery.id.in_(ids)).values(claimed_until=until)
        )
    return [(message, found) for message, found in taken]


async def for_record(db: AsyncSession, delivery_id: UUID) -> tuple[WebhookDelivery, Webhook] | None:
    """A message and its address, locked; None when the address was removed meanwhile."""
    query = (
        select(WebhookDelivery, Webhook)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(WebhookDelivery.id == delivery_id)
        .with_for_update()
    )
    found = (await db.execute(query)).first()
    return None if found is None else (found[0], found[1])
