"""What the database holds once the dust has settled, read by the tests themselves rather than asked of the service."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from app.assessments.service import Assessments
from app.db import Database
from app.delivery import replay
from app.delivery.postgres_store import PostgresStore
from app.delivery.service import Delivery
from app.delivery.sqlite_store import SqliteStore
from app.delivery.tables import Response, Result, Sitting
from app.outbox import OutboxEvent
from tests.conftest import settings_for

T = TypeVar("T")
EVENTS = ("sitting.started", "sitting.finished")


@dataclass(frozen=True)
class History:
    """One sitting as stored."""

    sitting: Sitting
    responses: tuple[Response, ...]
    results: int
    events: tuple[str, ...]

    def faults(self) -> list[str]:
        """Every way in which this history is not linear and whole."""
        found = []
        positions = [response.position for response in self.responses]
        if positions != list(range(1, len(positions) + 1)):
            found.append(f"positions {positions}")
        for name in ("idempotency_key", "item_index"):
            doubled = [v for v, n in Counter(getattr(r, name) for r in self.responses).items() if n > 1]
            if doubled:
                found.append(f"{name} twice: {doubled}")
        if self.sitting.answered != len(positions):
            found.append(f"{len(positions)} responses, the sitting counts {self.sitting.answered}")
        finished = self.sitting.status == "finished"
        chosen = [response.next_item for response in self.responses]
        shown: list[int | None] = [response.item_index for response in self.responses[1:]]
        if not finished and chosen:
            shown.append(self.sitting.current_item)
        if chosen[: len(shown)] != shown:
            found.append(f"items chosen {chosen}, shown {shown}")
        steps = ("created", "in_progress", "finished").index(self.sitting.status)
        if (self.results, self.events) != (int(finished), EVENTS[:steps]):
            found.append(f"{self.sitting.status} with {self.results} results and events {self.events}")
        return [f"{self.sitting.id}: {fault}" for fault in found]


def histories(url: str) -> dict[UUID, History]:
    """Every sitting of a database."""
    return _elsewhere(_histories(url))


def history(url: str, sitting: UUID) -> History:
    """One sitting of a database."""
    return histories(url)[sitting]


def faults(stored: Iterable[History]) -> list[str]:
    """The faults of many histories; none is what every test hopes for."""
    return [fault for one in stored for fault in one.faults()]


def replay_differences(url: str, sittings: Iterable[UUID]) -> list[str]:
    """What `palier replay` would say of each sitting that is not identical."""
    return _elsewhere(_replay_differences(url, list(sittings)))


async def _histories(url: str) -> dict[UUID, History]:
    database = Database(settings_for(url))
    try:
        async with database.reading() as db:
            sittings = (await db.execute(select(Sitting))).scalars().all()
            responses: dict[UUID, list[Response]] = {sitting.id: [] for sitting in sittings}
            for response in (await db.execute(select(Response).order_by(Response.position))).scalars():
                responses[response.sitting_id].append(response)
            results = Counter((await db.execute(select(Result.sitting_id))).scalars())
            events: dict[UUID, list[str]] = defaultdict(list)
            for subject, topic in await db.execute(
                select(OutboxEvent.subject, OutboxEvent.topic).order_by(OutboxEvent.id)
            ):
                events[subject].append(topic)
    finally:
        await database.close()
    return {
        sitting.id: History(
            sitting, tuple(responses[sitting.id]), results[sitting.id], tuple(events[sitting.id])
        )
        for sitting in sittings
    }


async def _replay_differences(url: str, sittings: list[UUID]) -> list[str]:
    database = Database(settings_for(url))
    store = SqliteStore(database) if database.is_sqlite else PostgresStore(database)
    try:
        delivery = Delivery(store, Assessments(database), timedelta(seconds=5))
        found = [(sitting, await replay.replay(delivery, sitting)) for sitting in sittings]
    finally:
        await store.aclose()
        await database.close()
    return [f"{sitting}: {verdict.difference}" for sitting, verdict in found if not verdict.identical]


def _elsewhere(work: Coroutine[Any, Any, T]) -> T:
    # Playwright keeps an event loop running in the thread of a test.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
