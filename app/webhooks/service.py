"""The rules of webhooks: whose they are, what is written down for them, when a message is tried again.

An event becomes one message per address that asked for it, in the order of the outbox; a message is signed and sent
until a 2xx answers it or three days have passed. The same `webhook-id` is kept through every try and replay.
"""

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Database, instant_to_text
from app.errors import Conflict, InvalidInput, NotFound
from app.identifiers import new_id
from app.institutions.learners import make_room
from app.outbox import OutboxEvent
from app.secrets import Sealer
from app.webhooks import addresses, store
from app.webhooks.addresses import Reach, Refused
from app.webhooks.sender import Answer
from app.webhooks.tables import Webhook, WebhookAttempt, WebhookDelivery

# What institutions are told of each event: names that its payload carries and the message may repeat. Any slice writes
# its own through `outbox.record`; a topic that is not here is nobody's business outside.
EVENTS: Mapping[str, tuple[str, ...]] = {
    "sitting.started": ("sitting_id", "campaign_id"),
    "sitting.finished": ("sitting_id", "campaign_id", "reason"),
    "result.published": ("sitting_id", "campaign_id"),
    "learner.erased": ("learner_id",),
    "export.ready": ("export_id",),
}
PING = "webhook.ping"

MOST_WEBHOOKS = 20
BOTH_SIGN = timedelta(days=1)
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=6)
LONGEST_REST = timedelta(minutes=5)
GIVEN_UP_AFTER = timedelta(days=3)


@dataclass(frozen=True)
class Message:
    """A claimed message: all that a call needs, and no row."""

    id: UUID
    url: str
    sealed_secrets: tuple[str, ...]
    body: str

    @property
    def message_id(self) -> str:
        """The `webhook-id`, the same for every try."""
        return f"msg_{self.id.hex}"


async def create(
    db: AsyncSession,
    institution_id: UUID,
    *,
    url: str,
    events: Sequence[str],
    description: str,
    reach: Reach,
    sealer: Sealer,
    actor: str,
    now: datetime,
) -> tuple[Webhook, str]:
    """Make a webhook; returns it with its secret, for the one reply that tells it.

    Raises
    ------
    InvalidInput
        An address that may not be called.
    Conflict
        This address is already known, or there are too many.
    """
    _check(url, reach)
    known = await store.webhooks_of(db, institution_id)
    if any(other.url == url for other in known):
        raise Conflict("A webhook with this address exists. Change or delete that one.")
    if len(known) >= MOST_WEBHOOKS:
        raise Conflict(f"An institution has at most {MOST_WEBHOOKS} webhooks.")

    async def used() -> int:
        return len(known)

    await make_room(db, institution_id, "webhooks", used)
    secret = new_signing_secret()
    made = Webhook(
        id=new_id(),
        institution_id=institution_id,
        url=url,
        events=sorted(set(events)),
        description=description,
        sealed_secret=sealer.seal(secret),
        enabled=True,
        failures=0,
        created_at=now,
    )
    db.add(made)
    await _flush_address(db)
    await _note(db, made, "webhook.created", actor, now)
    return made, secret


async def owned(db: AsyncSession, institution_id: UUID, after: UUID | None, limit: int) -> Sequence[Webhook]:
    """The institution's webhooks, oldest first."""
    return await store.webhooks_of(db, institution_id, after, limit)


async def require(db: AsyncSession, institution_id: UUID, webhook_id: UUID) -> Webhook:
    """The institution's webhook; raises `NotFound`."""
    found = await store.webhook(db, institution_id, webhook_id)
    if found is None:
        raise NotFound("This webhook is unknown.")
    return found


async def change(
    db: AsyncSession,
    found: Webhook,
    *,
    url: str | None,
    events: Sequence[str] | None,
    description: str | None,
    enabled: bool | None,
    reach: Reach,
    actor: str,
    now: datetime,
) -> Webhook:
    """Change what is given; enabling lets what has waited go."""
    if url is not None and url != found.url:
        _check(url, reach)
        if any(other.url == url for other in await store.webhooks_of(db, found.institution_id)):
            raise Conflict("A webhook with this address exists. Change or delete that one.")
        found.url = url
    if events is not None:
        found.events = sorted(set(events))
    if description is not None:
        found.description = description
    if enabled is not None:
        found.enabled = enabled
        found.disabled_reason = None if enabled else "institution"
    found.failures, found.resting_until = 0, None
    await _flush_address(db)
    await _note(db, found, "webhook.changed", actor, now)
    return found


async def rotate_secret(
    db: AsyncSession, found: Webhook, sealer: Sealer, *, actor: str, now: datetime
) -> str:
    """Draw a new secret; for a day both sign, so that the receiver can change over without losing a message."""
    secret = new_signing_secret()
    found.sealed_former_secret, found.former_until = found.sealed_secret, now + BOTH_SIGN
    found.sealed_secret = sealer.seal(secret)
    await db.flush()
    await _note(db, found, "webhook.secret_rotated", actor, now)
    return secret


async def remove(db: AsyncSession, found: Webhook, *, actor: str, now: datetime) -> None:
    """Delete a webhook, what waits for it and its log."""
    await _note(db, found, "webhook.removed", actor, now)
    await store.remove(db, found)


async def ping(db: AsyncSession, found: Webhook, now: datetime) -> WebhookDelivery:
    """Write a message that says nothing, to be delivered like any other."""
    if not found.enabled:
        raise Conflict("This webhook is disabled. Enable it first.")
    message_id = new_id()
    return await _write(db, found, PING, None, message_id, {"webhook_id": str(found.id)}, now)


async def deliveries(
    db: AsyncSession, found: Webhook, before: UUID | None, limit: int
) -> list[tuple[WebhookDelivery, list[WebhookAttempt]]]:
    """The log, newest first: messages with their attempts."""
    messages = await store.deliveries(db, found.id, before, limit)
    made: dict[UUID, list[WebhookAttempt]] = {message.id: [] for message in messages}
    for attempt in await store.attempts(db, list(made)):
        made[attempt.delivery_id].append(attempt)
    return [(message, made[message.id]) for message in messages]


async def replay(
    db: AsyncSession, institution_id: UUID, delivery_id: UUID, now: datetime
) -> tuple[WebhookDelivery, list[WebhookAttempt]]:
    """Send a message once more, with the same `webhook-id`, for three days again.

    Raises
    ------
    NotFound
        No such message of this institution.
    Conflict
        It is still being tried.
    """
    message = await store.delivery(db, institution_id, delivery_id)
    if message is None:
        raise NotFound("This delivery is unknown.")
    if message.state == "pending":
        raise Conflict("This message is still being delivered.")
    message.state, message.attempts = "pending", 0
    message.opened_at = message.due_at = now
    message.claimed_until = message.finished_at = None
    await db.flush()
    return message, list(await store.attempts(db, [message.id]))


async def write_down(database: Database, event: OutboxEvent, now: datetime) -> None:
    """One message per address that asked for this event before it happened; a second call adds nothing."""
    if event.topic not in EVENTS:
        return
    told = {name: event.payload[name] for name in EVENTS[event.topic] if event.payload.get(name) is not None}
    async with database.transaction() as db:
        for found in await store.webhooks_of(db, event.institution_id):
            asked = event.topic in found.events and found.created_at <= event.created_at
            if asked and not await store.heard(db, found.id, event.id):
                await _write(db, found, event.topic, event, event.subject, told, now)


async def claim(
    database: Database, now: datetime, hold: timedelta, *, limit: int, of_one_webhook: int
) -> list[Message]:
    """Take due messages for as long as a call may last."""
    # looked for without the right to write: nothing that answers learners waits for a long queue
    async with database.reading() as db:
        chosen = await store.due(db, now, limit=limit, of_one_webhook=of_one_webhook)
    if not chosen:
        return []
    async with database.transaction() as db:
        taken = await store.take(db, chosen, now, now + hold)
        return [
            Message(message.id, found.url, _signing(found, now), message.body) for message, found in taken
        ]


async def record(database: Database, message: Message, answer: Answer, now: datetime) -> None:
    """Write an attempt down and decide what follows."""
    async with database.transaction() as db:
        locked = await store.for_record(db, message.id)
        if locked is None:
            return
        stored, found = locked
        db.add(
            WebhookAttempt(
                id=new_id(),
                delivery_id=stored.id,
                at=now,
                status=answer.status,
                latency_ms=answer.latency_ms,
                excerpt=answer.excerpt,
                error=answer.error,
            )
        )
        if stored.state != "pending":
            return  # a slower copy of a message that another worker has settled
        stored.attempts += 1
        stored.claimed_until = None
        if answer.accepted:
            stored.state, stored.finished_at = "delivered", now
            found.failures, found.resting_until = 0, None
            return
        if answer.status == 410:
            found.enabled, found.disabled_reason = False, "gone"
            stored.state, stored.finished_at = "failed", now
            return
        last_moment = stored.opened_at + GIVEN_UP_AFTER
        if now >= last_moment:
            stored.state, stored.finished_at = "failed", now
        else:
            stored.due_at = min(now + waiting(stored.attempts), last_moment)
        resting = found.resting_until is not None and now < found.resting_until
        if not resting and (answer.status is None or answer.status >= 500 or answer.status == 429):
            # calls that were under way together fail together: they count as one failure;
            # the receiver is ill, not the message: one probe now and then instead of everything that waits
            found.failures += 1
            found.resting_until = now + min(waiting(found.failures), LONGEST_REST)


async def purge(db: AsyncSession, before: datetime, limit: int) -> int:
    """Delete what the log knows of the time before a moment, at most so many rows; returns how many.

    A message goes when its last try, or its replay, was before; one that waits for a disabled webhook goes too.
    """
    return await store.purge(db, before, limit)


async def _note(db: AsyncSession, found: Webhook, act: str, actor: str, now: datetime) -> None:
    await audit.record(
        db, actor=actor, act=act, subject=f"webhook:{found.id}", facts={"url": found.url}, now=now
    )


def waiting(tries: int) -> timedelta:
    """The wait after so many tries: 5 s, doubled each time, at most six hours."""
    doubled: int = 1 << min(tries - 1, 20)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def new_signing_secret() -> str:
    """192 random bits as Standard Webhooks write them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def _signing(found: Webhook, now: datetime) -> tuple[str, ...]:
    former = found.sealed_former_secret
    if former is not None and found.former_until is not None and now < found.former_until:
        return found.sealed_secret, former
    return (found.sealed_secret,)


async def _flush_address(db: AsyncSession) -> None:
    try:
        await db.flush()
    except IntegrityError:  # the same address at the same moment
        raise Conflict("A webhook with this address exists. Change or delete that one.") from None


def _check(url: str, reach: Reach) -> None:
    try:
        addresses.read(url, reach)
    except Refused as refused:
        raise InvalidInput(
            "This address may not be called.", errors=[{"field": "url", "expected": str(refused)}]
        ) from None


async def _write(
    db: AsyncSession,
    found: Webhook,
    topic: str,
    event: OutboxEvent | None,
    subject: UUID,
    told: Mapping[str, Any],
    now: datetime,
) -> WebhookDelivery:
    happened = now if event is None else event.created_at
    body = {"type": topic, "timestamp": instant_to_text(happened), "data": dict(told)}
    message = WebhookDelivery(
        id=new_id(),
        institution_id=found.institution_id,
        webhook_id=found.id,
        event_id=None if event is None else event.id,
        event=topic,
        subject=subject,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        state="pending",
        attempts=0,
        created_at=now,
        opened_at=now,
        due_at=now,
    )
    db.add(message)
    await db.flush()
    return message
