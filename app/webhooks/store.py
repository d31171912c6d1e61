"""SQL of webhooks: addresses, messages, attempts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.webhooks.tables import Webhook, WebhookAttempt, WebhookDelivery


def _pending(message: type[WebhookDelivery]) -> ColumnElement[bool]:
    # written out: an index of pending messages does not serve a state that is a parameter
    return message.state == literal_column("'pending'")


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(WebhookDelivery.claimed_until.is_(None), WebhookDelivery.claimed_until <= now)


PENDING = _pending(WebhookDelivery)


async def webhooks_of(
    db: AsyncSession, institution_id: UUID, after: UUID | None = None, limit: int | None = None
) -> Sequence[Webhook]:
    """An institution's addresses, oldest first."""
    query = select(Webhook).where(Webhook.institution_id == institution_id)
    if after is not None:
        query = query.where(Webhook.id > after)
    query = query.order_by(Webhook.id).limit(limit)
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


async def due(db: AsyncSession, now: datetime, *, limit: int, of_one_webhook: int) -> Sequence[UUID]:
    """Messages that may be tried now: at most so many of one address, and for each subject only its oldest.

    The address with the fewest calls under way comes first, so that one that is slow takes no place of the others.
    Each address is asked for on its own, by an index in the order of its queue: a statement over all of them reads
    every message that waits.
    """
    under_way = (
        select(func.count())
        .where(WebhookDelivery.webhook_id == Webhook.id, PENDING, WebhookDelivery.claimed_until > now)
        .scalar_subquery()
    )
    oldest = (
        select(func.min(WebhookDelivery.due_at))
        .where(WebhookDelivery.webhook_id == Webhook.id, PENDING)
        .scalar_subquery()
    )
    waiting = (
        select(Webhook.id, under_way.label("under_way"))
        .where(
            Webhook.enabled.is_(True),
            or_(Webhook.resting_until.is_(None), Webhook.resting_until <= now),
            oldest <= now,
            under_way < of_one_webhook,
        )
        .order_by("under_way", oldest)
        .limit(limit)
    )
    found: list[UUID] = []
    for webhook_id, calls in (await db.execute(waiting)).all():
        room = min(of_one_webhook - calls, limit - len(found))
        if room <= 0:
            break
        found.extend(await _heads(db, webhook_id, now, room))
    return found


async def _heads(db: AsyncSession, webhook_id: UUID, now: datetime, limit: int) -> Sequence[UUID]:
    # not `NOT EXISTS`: PostgreSQL makes it a join, and without statistics reads the whole queue for each of its rows
    same = aliased(WebhookDelivery)
    oldest = (
        select(func.min(same.event_id))
        .where(
            same.webhook_id == WebhookDelivery.webhook_id,
            same.subject == WebhookDelivery.subject,
            _pending(same),
        )
        .scalar_subquery()
    )
    query = (
        select(WebhookDelivery.id)
        .where(
            WebhookDelivery.webhook_id == webhook_id,
            PENDING,
            WebhookDelivery.due_at <= now,
            _free(now),
            or_(WebhookDelivery.event_id.is_(None), WebhookDelivery.event_id == oldest),
        )
        .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
        .limit(limit)
    )
    return (await db.execute(query)).scalars().all()


async def take(
    db: AsyncSession, chosen: Sequence[UUID], now: datetime, until: datetime
) -> Sequence[tuple[WebhookDelivery, Webhook]]:
    """Claim messages, except those that another worker has taken meanwhile.

    The claim is a moment: who dies while holding it gives it back by letting time pass.
    """
    taken = (
        await db.execute(
            select(WebhookDelivery, Webhook)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(WebhookDelivery.id.in_(chosen), PENDING, _free(now))
            .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
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
    """A message and its address, locked; None when the address was removed meanwhile.

    The address first, as its removal locks them: two that want both never wait for each other.
    """
    addressed = select(WebhookDelivery.webhook_id).where(WebhookDelivery.id == delivery_id).scalar_subquery()
    found = (await db.execute(select(Webhook).where(Webhook.id == addressed).with_for_update())).scalar()
    if found is None:
        return None
    query = select(WebhookDelivery).where(WebhookDelivery.id == delivery_id).with_for_update()
    message = (await db.execute(query)).scalar()
    return None if message is None else (message, found)


async def purge(db: AsyncSession, before: datetime, limit: int) -> int:
    """Delete old messages with their attempts, and old attempts at younger ones; returns how many rows."""
    messages = (
        select(WebhookDelivery.id)
        .where(
            WebhookDelivery.opened_at < before,
            or_(WebhookDelivery.finished_at.is_(None), WebhookDelivery.finished_at < before),
        )
        .order_by(WebhookDelivery.opened_at)
        .limit(limit)
    )
    old = (await db.execute(messages)).scalars().all()
    if old:
        await db.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(old)))
        await db.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(old)))
    attempts_at_younger = (
        select(WebhookAttempt.id)
        .where(WebhookAttempt.at < before)
        .order_by(WebhookAttempt.at)
        .limit(limit - len(old))
    )
    earlier = (await db.execute(attempts_at_younger)).scalars().all()
    if earlier:
        await db.execute(delete(WebhookAttempt).where(WebhookAttempt.id.in_(earlier)))
    return len(old) + len(earlier)
