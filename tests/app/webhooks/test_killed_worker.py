"""`palier work` is killed while it delivers: everything arrives, in order for each sitting, and nothing else does."""

import asyncio
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select
from standardwebhooks import Webhook as Verifier

from app.db import Database
from app.outbox import OutboxEvent
from app.settings import Settings
from app.webhooks.tables import WebhookDelivery
from tests.app.delivery.learner import Learner
from tests.app.webhooks.receiver import Receiver, receiving
from tests.conftest import Clock, Published, settings_for

PALIER = Path(sys.executable).with_name("palier")
OF_ONE_SITTING = 5


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_for(database_url).model_copy(update={"webhook_loopback": True})


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


class WorkerProcess:
    """`palier work` on one database, started again after each kill."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": url,
            "WEBHOOK_LOOPBACK": "true",
            "WEBHOOK_TIMEOUT_SECONDS": "1",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [PALIER, "work"], cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "worker.log").read_text()
        self.process.kill()
        self.process.wait()


async def sittings_with_events(
    client: httpx2.AsyncClient, published: Published, database: Database, clock: Clock, events: int
) -> None:
    """Finished sittings, each with the event of its end and more behind it."""
    sittings = events // OF_ONE_SITTING
    made = min(sittings, 60)
    subjects: list[UUID] = []
    for _ in range(made):
        learner = Learner(client, published.authorization)
        await learner.create("practice")
        await learner.start()
        reply = await learner.post(f"/v1/sittings/{learner.id}/finish")
        assert reply.status_code == 200
        subjects.append(learner.id)
    async with database.transaction() as db:
        for number in range(events - made):
            subject = subjects[number % made]
            db.add(
                OutboxEvent(
                    institution_id=published.institution_id,
                    topic="sitting.finished",
                    subject=subject,
                    payload={"sitting_id": str(subject), "reason": f"again-{number}"},
                    created_at=clock(),
                    due_at=clock(),
                    attempts=0,
                )
            )


@pytest.mark.parametrize(
    ("events", "kills"),
    [(300, 3), pytest.param(10_000, 20, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])],
)
async def test_a_killed_worker_loses_doubles_and_invents_nothing(
    client: httpx2.AsyncClient,
    published: Published,
    database: Database,
    database_url: str,
    clock: Clock,
    receiver: Receiver,
    tmp_path: Path,
    events: int,
    kills: int,
) -> None:
    reply = await client.post("/v1/webhooks", json={"url": receiver.url}, headers=published.authorization)
    verifier = Verifier(reply.json()["secret"])
    await sittings_with_events(client, published, database, clock, events)
    worker = WorkerProcess(database_url, tmp_path)
    worker.start()
    left = list(range(events // (kills + 1), events, events // (kills + 1)))[:kills]
    try:
        while len({arrival.message_id for arrival in list(receiver.arrivals)}) < events:
            assert worker.process is not None
            assert worker.process.poll() is None, (tmp_path / "worker.log").read_text()
            if left and len(receiver.arrivals) >= left[0]:
                left.pop(0)
                worker.kill()
                worker.start()
            await asyncio.sleep(0.02)
    finally:
        worker.kill()
    assert left == []
    async with database.reading() as db:
        stored = {row.id.hex: row for row in (await db.execute(select(WebhookDelivery))).scalars()}
    assert len(stored) == events
    assert {row.event_id for row in stored.values()} == set(range(1, events + 1))
    by_sitting: dict[UUID, list[int]] = defaultdict(list)
    for arrival in receiver.arrivals:
        verifier.verify(arrival.body, dict(arrival.headers))
        row = stored[arrival.message_id.removeprefix("msg_")]
        assert arrival.body == row.body
        assert row.event_id is not None
        by_sitting[row.subject].append(row.event_id)
    assert all(numbers == sorted(numbers) for numbers in by_sitting.values())
    print(f"\n{events} events, {kills} kills: {len(receiver.arrivals)} arrivals")  # noqa: T201
