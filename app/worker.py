"""Work that no request waits for: overdue sittings are closed, finished ones replayed and told to institutions.

`palier work` runs it in a process of its own; with SQLite the server runs it inside itself, because one process is
the rule there.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import structlog

from app import audit, outbox
from app.db import Database
from app.delivery import replay, service
from app.delivery.service import Delivery
from app.outbox import OutboxEvent
from app.settings import Settings
from app.webhooks import service as webhooks
from app.webhooks.addresses import Reach
from app.webhooks.dispatch import Dispatcher
from app.webhooks.sender import Sender

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 2.0
BATCH = 100


class Worker:
    """One round closes what is overdue, then drains the outbox."""

    def __init__(
        self,
        database: Database,
        delivery: Delivery,
        clock: Callable[[], datetime],
        dispatcher: Dispatcher | None = None,
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._clock = clock
        self._dispatcher = dispatcher

    async def round(self) -> int:
        """Do what is due; returns how much was done."""
        now = self._clock()
        done = await self._close_overdue(now)
        return done + await outbox.drain(self._database, {"sitting.finished": self._finished}, now)

    async def _close_overdue(self, now: datetime) -> int:
        async with self._database.reading() as db:
            due = await service.overdue(db, self._delivery, now, BATCH)
        for sitting_id in due:
            await service.settle(self._delivery, await service.require(self._delivery, sitting_id), now)
        return len(due)

    async def _finished(self, event: OutboxEvent) -> None:
        await webhooks.write_down(self._database, event, self._clock())
        await self._verify(event)

    async def _verify(self, event: OutboxEvent) -> None:
        """A finished sitting is replayed; a difference is an alarm in the audit log."""
        found = await replay.replay(self._delivery, event.subject)
        if found.identical:
            return
        log.error("replay differs", sitting=str(event.subject), difference=found.difference)
        async with self._database.transaction() as db:
            await audit.record(
                db,
                actor="worker",
                act="replay.differs",
                subject=str(event.subject),
                facts={"difference": found.difference},
                now=self._clock(),
            )

    async def run(self) -> None:
        """Round after round and webhook after webhook, until cancelled; a failure is logged and tried again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rounds())
            if self._dispatcher is not None:
                group.create_task(self._dispatcher.run())

    async def _rounds(self) -> None:
        while True:
            try:
                done = await self.round()
            except Exception:
                log.exception("worker round failed")
                done = 0
            if not done:
                await asyncio.sleep(PAUSE_SECONDS)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run beside something else."""
        task = asyncio.create_task(self.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def dispatcher_of(database: Database, settings: Settings, clock: Callable[[], datetime]) -> Dispatcher:
    """Deliver webhooks as far as the operator's settings reach."""
    timeout = settings.webhook_timeout_seconds
    sender = Sender(Reach(settings.webhook_ports, settings.webhook_loopback), timeout)
    return Dispatcher(database, sender, clock, timeout)
