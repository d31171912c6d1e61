"""What happens becomes a signed message, tried until it is taken, in order, and never twice by another name."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from app import outbox
from app.db import Database
from app.identifiers import new_id
from app.outbox import OutboxEvent
from app.secrets import Sealer
from app.settings import Settings
from app.webhooks.addresses import Reach
from app.webhooks.dispatch import AT_ONCE_PER_WEBHOOK, Dispatcher
from app.webhooks.sender import Sender
from app.webhooks.service import EVENTS
from app.webhooks.tables import Webhook, WebhookAttempt, WebhookDelivery
from tests.app.webhooks.institution import Institution
from tests.app.webhooks.receiver import Receiver
from tests.conftest import Clock, Published

DAY = 86_400


@pytest.fixture
async def institution(
    client: httpx2.AsyncClient,
    published: Published,
    application: FastAPI,
    dispatcher: Dispatcher,
    receiver: Receiver,
) -> Institution:
    made = Institution(client, published, application, dispatcher)
    await made.listens(receiver.url)
    return made


async def test_a_finished_sitting_is_told_and_the_library_verifies_it(
    institution: Institution, receiver: Receiver
) -> None:
    sitting = await institution.finishes_a_sitting()
    await institution.worker.round()
    receiver.status, receiver.reply = 200, b"thanks"
    assert await institution.dispatcher.round() == 1
    assert await institution.dispatcher.round() == 0
    [arrival] = receiver.arrivals
    told = Verifier(institution.webhook["secret"]).verify(arrival.body, dict(arrival.headers))
    assert told["type"] == "sitting.finished"
    assert told["data"] == {"sitting_id": sitting, "reason": "learner"}
    assert set(told) == {"type", "timestamp", "data"}
    [row] = await institution.log()
    assert (row["state"], row["message_id"], row["body"]) == ("delivered", arrival.message_id, arrival.body)
    [attempt] = row["attempts"]
    assert (attempt["status"], attempt["excerpt"], attempt["error"]) == (200, "thanks", None)


async def test_a_changed_message_is_refused_by_the_library(
    institution: Institution, receiver: Receiver
) -> None:
    await institution.call("POST", f"/v1/webhooks/{institution.webhook['id']}/test")
    await institution.dispatcher.round()
    [arrival] = receiver.arrivals
    verifier = Verifier(institution.webhook["secret"])
    assert verifier.verify(arrival.body, dict(arrival.headers))["type"] == "webhook.ping"
    for place in range(len(arrival.body)):
        changed = (
            arrival.body[:place] + ("x" if arrival.body[place] != "x" else "y") + arrival.body[place + 1 :]
        )
        with pytest.raises(WebhookVerificationError):
            verifier.verify(changed, dict(arrival.headers))
    for name, value in (
        ("webhook-id", "msg_0"),
        ("webhook-timestamp", str(int(datetime.now(UTC).timestamp()) + 7)),
    ):
        with pytest.raises(WebhookVerificationError):
            verifier.verify(arrival.body, {**arrival.headers, name: value})
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_" + "A" * 32).verify(arrival.body, dict(arrival.headers))


async def test_both_secrets_sign_for_a_day_after_a_rotation(
    institution: Institution, receiver: Receiver, clock: Clock
) -> None:
    path = f"/v1/webhooks/{institution.webhook['id']}"
    fresh = (await institution.call("POST", f"{path}/rotate-secret"))["secret"]
    await institution.call("POST", f"{path}/test")
    await institution.dispatcher.round()
    for secret in (fresh, institution.webhook["secret"]):
        Verifier(secret).verify(receiver.arrivals[0].body, dict(receiver.arrivals[0].headers))
    clock.advance(DAY)
    await institution.call("POST", f"{path}/test")
    await institution.dispatcher.round()
    signatures = [len(arrival.headers["webhook-signature"].split(" ")) for arrival in receiver.arrivals]
    assert signatures == [2, 1]


async def test_a_receiver_that_was_down_for_an_hour_gets_everything(
    institution: Institution, receiver: Receiver, clock: Clock
) -> None:
    receiver.status = 503
    sittings = [await institution.finishes_a_sitting() for _ in range(12)]
    while await institution.worker.round():
        pass
    began = clock.now
    while clock.now < began + timedelta(hours=1):
        await institution.dispatcher.round()
        clock.advance(60)
    assert len(receiver.arrivals) < 150, "an ill receiver is asked now and then, not for every message"
    receiver.arrivals.clear()
    receiver.status = 204
    while clock.now < began + timedelta(hours=4):
        await institution.dispatcher.round()
        clock.advance(60)
    told = [json.loads(arrival.body)["data"]["sitting_id"] for arrival in receiver.arrivals]
    assert sorted(told) == sorted(sittings)
    assert {row["state"] for row in await institution.log()} == {"delivered"}


async def test_events_of_one_sitting_wait_for_the_one_before(
    institution: Institution, receiver: Receiver, database: Database, clock: Clock
) -> None:
    first = await institution.finishes_a_sitting()
    async with database.transaction() as db:
        for number in range(3):
            db.add(
                OutboxEvent(
                    institution_id=institution.published.institution_id,
                    topic="sitting.finished",
                    subject=UUID(first),
                    payload={"sitting_id": first, "reason": str(number), "difficulty": 1.5},
                    created_at=clock(),
                    due_at=clock(),
                    attempts=0,
                )
            )
            await db.flush()
    await institution.finishes_a_sitting()
    await institution.worker.round()
    receiver.status = 500
    assert await institution.dispatcher.round() == 2
    receiver.status = 204
    for _ in range(8):
        clock.advance(10)
        await institution.dispatcher.round()
    told = [json.loads(arrival.body)["data"] for arrival in receiver.arrivals]
    assert all(set(data) == {"sitting_id", "reason"} for data in told)
    assert [data["reason"] for data in told if data["sitting_id"] == first] == ["learner"] * 2 + [
        "0",
        "1",
        "2",
    ]


async def test_a_message_is_given_up_after_three_days_and_can_be_replayed(
    institution: Institution, receiver: Receiver, clock: Clock
) -> None:
    receiver.status = 400
    await institution.call("POST", f"/v1/webhooks/{institution.webhook['id']}/test")
    began = clock.now
    while clock.now <= began + timedelta(days=3, hours=7):
        await institution.dispatcher.round()
        clock.advance(1800)
    tries = len(receiver.arrivals)
    assert 15 <= tries <= 30
    [row] = await institution.log()
    assert row["state"] == "failed"
    assert len(row["attempts"]) == tries
    last = datetime.fromisoformat(row["attempts"][-1]["at"])
    assert timedelta(days=3) <= last - began < timedelta(days=3, hours=1)
    receiver.status = 204
    replayed = await institution.call("POST", f"/v1/deliveries/{row['id']}/replay")
    assert (replayed["state"], replayed["message_id"]) == ("pending", row["message_id"])
    await institution.dispatcher.round()
    assert {arrival.message_id for arrival in receiver.arrivals} == {row["message_id"]}
    assert [row["state"] for row in await institution.log()] == ["delivered"]


async def test_an_address_that_is_gone_is_called_no_more_until_it_is_enabled(
    institution: Institution, receiver: Receiver, clock: Clock
) -> None:
    path = f"/v1/webhooks/{institution.webhook['id']}"
    receiver.status = 410
    await institution.call("POST", f"{path}/test")
    await institution.dispatcher.round()
    shown = await institution.call("GET", path)
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "gone")
    await institution.finishes_a_sitting()
    await institution.worker.round()
    clock.advance(3600)
    assert await institution.dispatcher.round() == 0
    receiver.status = 204
    await institution.call("PATCH", path, json={"enabled": True})
    assert await institution.dispatcher.round() == 1
    assert [row["state"] for row in await institution.log()] == ["delivered", "failed"]


async def test_an_event_is_written_down_once_and_only_for_who_was_listening(
    institution: Institution, receiver: Receiver, database: Database, clock: Clock
) -> None:
    await institution.finishes_a_sitting()
    clock.advance(1)
    late = await institution.call("POST", "/v1/webhooks", json={"url": f"{receiver.url}/late"})
    await institution.worker.round()
    async with database.transaction() as db:
        await db.execute(update(OutboxEvent).values(done_at=None))
    assert await institution.worker.round() == 2
    async with database.reading() as db:
        rows = (await db.execute(select(WebhookDelivery.webhook_id))).scalars().all()
    assert [str(row) for row in rows] == [institution.webhook["id"]]
    assert str(late["id"]) not in [str(row) for row in rows]


async def test_one_address_never_has_more_calls_at_once_than_its_share(
    institution: Institution, receiver: Receiver
) -> None:
    for _ in range(AT_ONCE_PER_WEBHOOK + 3):
        await institution.call("POST", f"/v1/webhooks/{institution.webhook['id']}/test")
    assert await institution.dispatcher.round() == AT_ONCE_PER_WEBHOOK
    assert await institution.dispatcher.round() == 3
    assert len({arrival.message_id for arrival in receiver.arrivals}) == AT_ONCE_PER_WEBHOOK + 3


async def test_a_claim_that_nobody_ended_expires(
    institution: Institution, receiver: Receiver, dispatcher: Dispatcher, clock: Clock
) -> None:
    await institution.call("POST", f"/v1/webhooks/{institution.webhook['id']}/test")
    assert len(await dispatcher._claim(10)) == 1
    assert await dispatcher.round() == 0
    clock.advance(7)
    assert await dispatcher.round() == 1
    assert len(receiver.arrivals) == 1


async def test_a_stored_address_that_may_no_longer_be_called_is_not(
    institution: Institution, receiver: Receiver, database: Database, settings: Settings, clock: Clock
) -> None:
    """The operator admitted loopback once and does so no longer: the check is made at each delivery."""
    await institution.call("POST", f"/v1/webhooks/{institution.webhook['id']}/test")
    sender = Sender(Reach(), 5)
    assert await Dispatcher(database, sender, Sealer.of(settings), clock, 5).round() == 1
    await sender.aclose()
    assert receiver.arrivals == []
    [row] = await institution.log()
    assert row["attempts"][0]["error"].startswith("refused: ")
    async with database.reading() as db:
        assert (await db.execute(select(func.max(Webhook.failures)))).scalar() == 1


async def test_a_start_an_end_and_events_of_other_slices_are_told_as_far_as_the_catalogue_goes(
    institution: Institution, receiver: Receiver, database: Database, clock: Clock
) -> None:
    await institution.listens(f"{receiver.url}/all", *EVENTS)
    sitting = await institution.finishes_a_sitting()
    learner, mine = new_id(), institution.published.institution_id
    async with database.transaction() as db:
        told = {"learner_id": str(learner), "name": "Zoé"}
        await outbox.record(db, mine, "learner.erased", learner, told, clock())
        await outbox.record(db, mine, "grade.moved", learner, {"grade": 3}, clock())
    while await institution.worker.round():
        pass
    while await institution.dispatcher.round():
        pass
    bodies = [json.loads(arrival.body) for arrival in receiver.arrivals if arrival.path.endswith("/all")]
    heard = {body["type"]: body["data"] for body in bodies}
    assert heard == {
        "sitting.started": {"sitting_id": sitting},
        "sitting.finished": {"sitting_id": sitting, "reason": "learner"},
        "learner.erased": {"learner_id": str(learner)},
    }
    order = [body["type"] for body in bodies if body["type"].startswith("sitting.")]
    assert order == ["sitting.started", "sitting.finished"]
    others = [arrival for arrival in receiver.arrivals if arrival.path.endswith("/hook")]
    assert [json.loads(arrival.body)["type"] for arrival in others] == ["sitting.finished"]


async def test_an_address_with_a_long_queue_leaves_places_for_the_others(
    institution: Institution, receiver: Receiver, database: Database, clock: Clock
) -> None:
    mine, long = institution.published.institution_id, 40
    first = institution.webhook["id"]
    async with database.transaction() as db:
        for _ in range(long):
            subject = new_id()
            told = {"sitting_id": str(subject), "reason": "length"}
            await outbox.record(db, mine, "sitting.finished", subject, told, clock())
    while await institution.worker.round():
        pass
    claimed = await institution.dispatcher._claim(16)
    assert len(claimed) == AT_ONCE_PER_WEBHOOK
    for number in range(4):
        clock.advance(1)
        await institution.listens(f"{receiver.url}/{number}")
        await institution.asks_for_a_test()
    others = await institution.dispatcher._claim(3)
    assert len({message.url for message in others}) == 3
    assert all(message.url != receiver.url for message in others), "its share is under way"
    async with database.reading() as db:
        waiting = select(func.count()).where(WebhookDelivery.webhook_id == UUID(first))
        assert (await db.execute(waiting)).scalar() == long


async def test_a_webhook_that_is_removed_while_it_is_called_leaves_nothing(
    institution: Institution, receiver: Receiver, database: Database
) -> None:
    await institution.asks_for_a_test()
    [message] = await institution.dispatcher._claim(1)
    await institution.call("DELETE", f"/v1/webhooks/{institution.webhook['id']}")
    await institution.dispatcher._attempt(message)
    assert len(receiver.arrivals) == 1
    async with database.reading() as db:
        for table in (Webhook, WebhookDelivery, WebhookAttempt):
            assert (await db.execute(select(func.count()).select_from(table))).scalar() == 0
