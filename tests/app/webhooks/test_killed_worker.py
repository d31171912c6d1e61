"""`palier work` is killed under a receiver that is down, then back: all arrives, in order, and nothing else does."""

import asyncio
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select
from standardwebhooks import Webhook as Verifier

from app import outbox
from app.db import Database
from app.outbox import OutboxEvent
from app.settings import Settings
from app.webhooks.tables import WebhookAttempt, WebhookDelivery
from tests.app.delivery.learner import Learner
from tests.app.webhooks import work_at
from tests.app.webhooks.receiver import Arrival, Receiver
from tests.app.webhooks.work_at import Ahead
from tests.conftest import ROOT, Clock, Published

HOUR = 3600
TOLERANCE = 300
QUIET_SECONDS = 2.0


class WorkerProcess:
    """`palier work` on one database, started again after each kill, at the time that `ahead` says."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        assert settings.master_keys is not None
        self.folder = folder
        self.ahead = Ahead(folder / "ahead")
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": settings.database_url,
            "MASTER_KEYS": settings.master_keys.get_secret_value(),
            "WEBHOOK_LOOPBACK": "true",
            "WEBHOOK_TIMEOUT_SECONDS": "1",
        }
        self.kills = 0
        self.process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, Path(work_at.__file__), self.folder / "ahead"],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def check(self) -> None:
        """It ends only by being killed."""
        assert self.process.poll() is None, (self.folder / "worker.log").read_text()[-4000:]

    def stop(self) -> None:
        self.check()
        self.process.kill()
        self.process.wait()

    def kill(self) -> None:
        self.stop()
        self.kills += 1
        self.process = self._started()


@pytest.fixture
def worker(settings: Settings, tmp_path: Path) -> Iterator[WorkerProcess]:
    made = WorkerProcess(settings, tmp_path)
    yield made
    made.stop()


async def sittings_with_events(
    client: httpx2.AsyncClient, published: Published, database: Database, clock: Clock, events: int
) -> None:
    """Finished sittings, each with the events of its start and its end and more behind them."""
    subjects: list[UUID] = []
    for _ in range(min(events // 5, 60)):
        learner = Learner(client, published.authorization)
        await learner.create("practice")
        await learner.start()
        reply = await learner.post(f"/v1/sittings/{learner.id}/finish")
        assert reply.status_code == 200
        subjects.append(learner.id)
    async with database.transaction() as db:
        for number in range(events - 2 * len(subjects)):
            subject = subjects[number % len(subjects)]
            told = {"sitting_id": str(subject), "reason": f"again-{number}"}
            await outbox.record(db, published.institution_id, "sitting.finished", subject, told, clock())
        await db.flush()
        assert (await db.execute(select(func.count()).select_from(OutboxEvent))).scalar() == events


@pytest.mark.parametrize(
    ("events", "kills"),
    [(300, 4), pytest.param(10_000, 20, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])],
)
async def test_a_killed_worker_and_a_receiver_down_for_an_hour_lose_and_invent_nothing(
    client: httpx2.AsyncClient,
    published: Published,
    database: Database,
    clock: Clock,
    receiver: Receiver,
    worker: WorkerProcess,
    events: int,
    kills: int,
) -> None:
    receiver.down = True
    asked = {"url": receiver.url, "events": ["sitting.started", "sitting.finished"]}
    reply = await client.post("/v1/webhooks", json=asked, headers=published.authorization)
    verifier = Verifier(reply.json()["secret"])
    await sittings_with_events(client, published, database, clock, events)
    began = time.monotonic()

    in_the_hour = kills // 4
    for _ in range(in_the_hour):
        tried = receiver.hung_up
        for _ in range(60 // in_the_hour):
            worker.ahead.advance(60)
            await asyncio.sleep(0.1)
        while receiver.hung_up == tried:
            worker.check()
            await asyncio.sleep(0.05)
        worker.kill()
    while await _count(database, WebhookDelivery) < events:
        worker.check()
        await asyncio.sleep(0.1)
    assert worker.ahead.seconds == HOUR
    assert receiver.arrivals == []
    assert 0 < receiver.hung_up < 150, "a receiver that is down is asked now and then, not for every message"

    receiver.down = False
    up = time.monotonic()
    left = list(range(events // (kills + 1), events, events // (kills + 1)))[: kills - in_the_hour]
    seen: list[Arrival] = []
    told: set[str] = set()
    last = time.monotonic()
    while len(told) < events:
        worker.check()
        fresh = receiver.arrivals[len(seen) :]
        for arrival in fresh:
            sent = datetime.fromtimestamp(int(arrival.headers["webhook-timestamp"]), UTC)
            assert abs((worker.ahead.now() - sent).total_seconds()) < TOLERANCE
            assert arrival.headers["webhook-signature"] == verifier.sign(
                arrival.message_id, sent, arrival.body
            )
            told.add(arrival.message_id)
        seen += fresh
        if fresh:
            last = time.monotonic()
        elif time.monotonic() - last > QUIET_SECONDS:  # it rests, or messages wait for their next try
            worker.ahead.advance(240)
            last = time.monotonic()
        if left and len(seen) >= left[0]:
            left.pop(0)
            worker.kill()
        await asyncio.sleep(0.02)
    assert worker.kills == kills
    ended = time.monotonic()

    async with database.reading() as db:
        stored = {row.id.hex: row for row in (await db.execute(select(WebhookDelivery))).scalars()}
    assert len(stored) == events
    assert {row.event_id for row in stored.values()} == set(range(1, events + 1))
    by_sitting: dict[UUID, list[int]] = defaultdict(list)
    for arrival in seen:
        row = stored[arrival.message_id.removeprefix("msg_")]
        assert arrival.body == row.body
        assert row.event_id is not None
        by_sitting[row.subject].append(row.event_id)
    assert all(numbers == sorted(numbers) for numbers in by_sitting.values())
    print(  # noqa: T201
        f"\n{events} events, {kills} kills: {len(seen)} arrivals, {receiver.broken_off} broken off, "
        f"{receiver.hung_up} calls refused in the hour, {await _count(database, WebhookAttempt)} attempts recorded; "
        f"{up - began:.0f} s down, {events / (ended - up):.0f} messages a second after"
    )


async def _count(database: Database, table: type[WebhookDelivery | WebhookAttempt]) -> int:
    async with database.reading() as db:
        return (await db.execute(select(func.count()).select_from(table))).scalar_one()
