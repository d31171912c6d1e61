"""Work that no request waits for: overdue sittings are closed, finished ones replayed and told to institutions.

`palier work` runs it in a process of its own; with SQLite the server runs it inside itself, because one process is
the rule there.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from app import audit, outbox
from app.db import Database
from app.delivery import replay, service
from app.delivery.service import Delivery
from app.lti import grades
from app.lti.platforms import Platforms
from app.lti.sending import GradeSender
from app.outbox import OutboxEvent, Reaction
from app.privacy import log as erasures
from app.privacy import service as privacy
from app.reporting.apart import Apart
from app.secrets import Sealer
from app.settings import Settings
from app.webhooks import service as webhooks
from app.webhooks.addresses import Reach
from app.webhooks.dispatch import Dispatcher
from app.webhooks.sender import Sender

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 2.0
BATCH = 100
LOG_KEPT = timedelta(days=90)
PURGE_EVERY = timedelta(hours=1)
PURGE_BATCH = 500

Upkeep = Callable[[datetime], Awaitable[object]]


class Worker:
    """One round closes what is overdue, then drains the outbox."""

    def __init__(
        self,
        database: Database,
        delivery: Delivery,
        clock: Callable[[], datetime],
        dispatcher: Dispatcher | None = None,
        *,
        log_kept: timedelta = LOG_KEPT,
        upkeep: Sequence[Upkeep] = (),
        apart: Apart | None = None,
        grade_sender: GradeSender | None = None,
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._clock = clock
        self._dispatcher = dispatcher
        self._log_kept = log_kept
        self._purged_at: datetime | None = None
        self._upkeep = upkeep
        self._apart = apart
        self._grade_sender = grade_sender
        self._kept_up_at: datetime | None = None
        # each must bear being repeated: an event comes again when a later reaction to it fails
        self._reactions: Mapping[str, Sequence[Reaction]] = {
            "sitting.started": (self._tell_platform,),
            "sitting.finished": (self._verify, self._tell_platform),
            "result.published": (self._tell_platform,),
        }

    async def round(self) -> int:
        """Do what is due; returns how much was done."""
        now = self._clock()
        done = await self._close_overdue(now)
        done += await outbox.drain(self._database, self._react, now)
        await self._keep_up(now)
        return done + await self._purge(now)

    async def _keep_up(self, now: datetime) -> None:
        """Once an hour: what is past its length goes."""
        if self._kept_up_at is None or now - self._kept_up_at >= PURGE_EVERY:
            self._kept_up_at = now
            for act in self._upkeep:
                await act(now)

    async def _close_overdue(self, now: datetime) -> int:
        async with self._database.reading() as db:
            due = await service.overdue(db, self._delivery, now, BATCH)
        for sitting_id in due:
            await service.settle(self._delivery, await service.require(self._delivery, sitting_id), now)
        return len(due)

    async def _purge(self, now: datetime) -> int:
        """What was delivered long ago is forgotten, in batches so short that no answer waits for them."""
        if self._purged_at is not None and now - self._purged_at < PURGE_EVERY:
            return 0
        before = now - self._log_kept
        async with self._database.transaction() as db:
            gone = await webhooks.purge(db, before, PURGE_BATCH)
        async with self._database.transaction() as db:
            gone += await outbox.purge(db, before, PURGE_BATCH)
        if not gone:
            self._purged_at = now
        return gone

    async def _react(self, event: OutboxEvent) -> None:
        """Webhooks first, then who else reacts to this topic; a topic that nobody knows is done."""
        await webhooks.write_down(self._database, event, self._clock())
        for reaction in self._reactions.get(event.topic, ()):
            await reaction(event)

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

    async def send_grades(self) -> int:
        """Tell learning platforms what is due now, once; returns how many calls were made."""
        return await self._grade_sender.round() if self._grade_sender is not None else 0

    async def _tell_platform(self, event: OutboxEvent) -> None:
        """A learner who came from a learning platform: it is told how far they are."""
        await grades.react(self._database, self._delivery, event, self._clock())

    async def run(self) -> None:
        """Round after round and webhook after webhook, until cancelled; a failure is logged and tried again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rounds())
            if self._dispatcher is not None:
                group.create_task(self._dispatcher.run())
            if self._apart is not None:
                group.create_task(self._apart.run())
            if self._grade_sender is not None:
                group.create_task(self._grade_sender.run())

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
    return Dispatcher(database, sender, Sealer.of(settings), clock, timeout)


def grade_sender_of(
    database: Database, settings: Settings, delivery: Delivery, clock: Callable[[], datetime]
) -> GradeSender:
    """Tell learning platforms, as far as the operator's settings reach."""
    platforms = Platforms(Reach(settings.webhook_ports, settings.webhook_loopback))
    return GradeSender(database, Sealer.of(settings), platforms, delivery.assessments, clock)


def upkeep_of(database: Database, settings: Settings) -> Sequence[Upkeep]:
    """What the worker does once an hour and when it starts.

    Erasures are applied again first: the database may be a backup from before them.
    """
    folder = settings.state_folder

    async def erase_again(now: datetime) -> None:
        done = await privacy.reapply(database, folder, folder / erasures.FILE, now)
        if done:
            log.warning("learners of the erasure log were erased again", learners=done)

    async def let_go(now: datetime) -> None:
        await privacy.purge(database, folder, now)

    return erase_again, let_go
