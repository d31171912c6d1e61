"""The log of webhooks is kept for a while and then forgotten, in small batches, by the worker."""

from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.db import Database
from app.delivery.context import Context
from app.outbox import OutboxEvent
from app.webhooks import service
from app.webhooks.dispatch import Dispatcher
from app.webhooks.tables import WebhookAttempt, WebhookDelivery
from app.worker import PURGE_EVERY, Worker
from tests.app.webhooks.institution import Institution
from tests.app.webhooks.receiver import Receiver
from tests.conftest import Clock, Published

DAY = 86_400
KEPT = timedelta(days=90)


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


async def rows(database: Database, *tables: type) -> list[int]:
    async with database.reading() as db:
        return [(await db.execute(select(func.count()).select_from(table))).scalar_one() for table in tables]


async def test_the_worker_forgets_what_is_older_than_the_setting_and_nothing_younger(
    institution: Institution, database: Database, clock: Clock
) -> None:
    await institution.finishes_a_sitting()
    await institution.worker.round()
    assert await institution.dispatcher.round() == 1
    clock.advance(60 * DAY)
    await institution.asks_for_a_test()
    assert await institution.dispatcher.round() == 1
    while await institution.worker.round():
        pass
    assert await rows(database, WebhookDelivery, WebhookAttempt) == [2, 2]
    clock.advance(31 * DAY)
    await institution.finishes_a_sitting()
    while await institution.worker.round():
        pass
    assert [(row["event"], row["state"]) for row in await institution.log()] == [
        ("sitting.finished", "pending"),
        ("webhook.ping", "delivered"),
    ]
    # the events of the first sitting went too, those of the second are young
    assert await rows(database, WebhookAttempt, OutboxEvent) == [1, 2]


async def test_an_operator_may_keep_the_log_for_another_time(
    institution: Institution, application: FastAPI, database: Database, clock: Clock
) -> None:
    await institution.asks_for_a_test()
    await institution.dispatcher.round()
    context: Context = application.state.context
    worker = Worker(context.database, context.delivery, clock, log_kept=timedelta(days=7))
    clock.advance(7 * DAY)
    assert await worker.round() == 0
    clock.advance(PURGE_EVERY.total_seconds())
    assert await worker.round() == 1
    assert await rows(database, WebhookDelivery, WebhookAttempt) == [0, 0]


async def test_a_purge_takes_at_most_its_limit_and_ends_with_nothing_left(
    institution: Institution, database: Database, clock: Clock
) -> None:
    for _ in range(7):
        await institution.asks_for_a_test()
    while await institution.dispatcher.round():
        pass
    before = clock() + timedelta(days=1)
    gone = []
    for _ in range(4):
        async with database.transaction() as db:
            gone.append(await service.purge(db, before, 3))
    assert gone == [3, 3, 1, 0]
    assert await rows(database, WebhookDelivery, WebhookAttempt) == [0, 0]


async def test_a_replayed_message_stays_and_only_its_old_attempts_go(
    institution: Institution, receiver: Receiver, database: Database, clock: Clock
) -> None:
    await institution.asks_for_a_test()
    await institution.dispatcher.round()
    clock.advance(80 * DAY)
    [row] = await institution.log()
    await institution.call("POST", f"/v1/deliveries/{row['id']}/replay")
    await institution.dispatcher.round()
    clock.advance(20 * DAY)
    async with database.transaction() as db:
        assert await service.purge(db, clock() - KEPT, 100) == 1
    [row] = await institution.log()
    assert (row["state"], len(row["attempts"])) == ("delivered", 1)


async def test_what_waits_for_a_disabled_webhook_is_forgotten_too(
    institution: Institution, database: Database, clock: Clock
) -> None:
    await institution.asks_for_a_test()
    await institution.call("PATCH", f"/v1/webhooks/{institution.webhook['id']}", json={"enabled": False})
    clock.advance(90 * DAY)
    async with database.transaction() as db:
        assert await service.purge(db, clock() - KEPT, 100) == 0
    clock.advance(1)
    async with database.transaction() as db:
        assert await service.purge(db, clock() - KEPT, 100) == 1
    assert await rows(database, WebhookDelivery) == [0]
