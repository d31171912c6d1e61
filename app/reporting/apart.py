"""Work that never runs in the process that serves: exports and tallies, each in a process of its own."""

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from app.db import Database
from app.reporting import service
from app.settings import Settings

log = structlog.get_logger(__name__)

PAUSE_SECONDS: Final = 2.0
RENEWED_EVERY: Final = 30.0
PURGE_EVERY: Final = timedelta(minutes=10)
TALLIES: Final = "tallies"


class Apart:
    """Looks for exports to be made, one at a time, for files to be removed and for the day's tallies."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._tallied_on: date | None = None
        self._purged_at: datetime | None = None

    async def round(self) -> int:
        """Do what is due; returns how much was done."""
        now = self._clock()
        if self._purged_at is None or now - self._purged_at >= PURGE_EVERY:
            self._purged_at = now
            await service.purge(self._database, self._settings, now)
        if self._tallied_on != now.date():
            self._tallied_on = now.date()
            if await service.tallies_due(self._database, now):
                await self._started(TALLIES, now)
        # looking costs no turn at the write gate
        async with self._database.reading() as db:
            if not await service.waiting(db, now):
                return 0
        async with self._database.transaction() as db:
            export_id = await service.claim(db, now)
        if export_id is not None:
            await self._make(export_id)
        return 1

    async def _make(self, export_id: UUID) -> None:
        if await self._started(str(export_id), self._clock()) != 0:
            log.error("export failed", export=str(export_id))
            async with self._database.transaction() as db:
                await service.let_go(db, export_id)

    async def _started(self, what: str, now: datetime) -> int:
        """Start a process, wait for its end; it ends with this task when the service stops."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.reporting.making",
            what,
            "--at",
            now.isoformat(),
            env={**os.environ, **_environment(self._settings)},
        )
        try:
            return await self._ended(process, what)
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise

    async def _ended(self, process: asyncio.subprocess.Process, what: str) -> int:
        """Wait for the end. A claim is renewed from here: the process itself may get no turn while learners do."""
        while True:
            try:
                return await asyncio.wait_for(process.wait(), RENEWED_EVERY)
            except TimeoutError:
                if what != TALLIES:
                    async with self._database.transaction() as db:
                        await service.renew(db, UUID(what), self._clock())

    async def run(self) -> None:
        """Round after round, until cancelled; a failure is logged and tried again."""
        while True:
            try:
                done = await self.round()
            except Exception:
                log.exception("round of exports failed")
                done = 0
            if not done:
                await asyncio.sleep(PAUSE_SECONDS)


def _environment(settings: Settings) -> dict[str, str]:
    """The settings this process really has, whatever the environment or a file says."""
    return {"DATABASE_URL": settings.database_url, "LOG_LEVEL": settings.log_level}
