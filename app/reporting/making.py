"""The process that makes one export, or the day's tallies: `python -m app.reporting.making ...`.

It is started by `app.reporting.apart`, beside the worker or the server, so that a million rows never pass through a
process that serves learners. It yields the processor to others and leaves files that only the service can read.
"""

import argparse
import asyncio
import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog

from app import logs
from app.db import Database
from app.reporting import contents, service, store
from app.reporting.store import Selection
from app.reporting.tables import Export
from app.reporting.writers import Column, TooManyRows, Writer, writer_of
from app.settings import Settings

log = structlog.get_logger(__name__)

# a breath between two pages, as a share of the time that the last one took: the database server that reads them is no
# idle process
PAUSE_SHARE: Final = 0.15

Clock = Callable[[], datetime]


async def make(database: Database, settings: Settings, export_id: UUID, clock: Clock) -> None:
    """Write the file of a claimed export and say that it is ready."""
    async with database.reading() as db:
        export = await store.by_id(db, export_id)
    if export is None or export.status != "running":
        return
    folder = service.folder_of(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    chosen = service.selection_of(export.institution_id, export)
    header = await contents.columns(database, export.what, chosen)
    with tempfile.TemporaryDirectory(dir=folder, prefix=service.SCRATCH) as scratch:
        part = Path(scratch, "export")
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            writer = writer_of(export.format, file, header, bom=export.bom, folder=scratch)
            try:
                rows = await _write(database, export, chosen, header, writer)
                writer.close()
            except TooManyRows:
                writer.abandon()
                async with database.transaction() as db:
                    await service.give_up(db, export_id, "too_many_rows", clock())
                return
            except BaseException:
                writer.abandon()
                raise
            file.flush()
            os.fsync(file.fileno())
        digest, size = _digest(part), part.stat().st_size
        async with database.transaction() as db:
            # another maker may have been quicker: its file stands, with its digest
            if await service.finish(db, export_id, rows=rows, size=size, sha256=digest, now=clock()):
                os.replace(part, service.path_of(settings, export.id, export.format))


async def _write(
    database: Database, export: Export, chosen: Selection, header: Sequence[Column], writer: Writer
) -> int:
    rows, began = 0, time.monotonic()
    async for page in contents.pages(database, export.what, chosen, header):
        writer.write(page)
        rows += len(page)
        await asyncio.sleep(PAUSE_SHARE * (time.monotonic() - began))
        began = time.monotonic()
    return rows


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _run(export_id: UUID | None, at: datetime) -> None:
    settings = Settings()
    logs.configure(settings.log_level)
    began = time.monotonic()

    def clock() -> datetime:
        return at + timedelta(seconds=time.monotonic() - began)

    database = Database(settings)
    try:
        if export_id is None:
            await service.refresh_tallies(database, at)
        else:
            await make(database, settings, export_id, clock)
    finally:
        await database.close()


def _give_way() -> None:
    """Run only when nobody else wants the processor, where the system knows how; else at the lowest priority."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with contextlib.suppress(OSError):
        os.nice(19)


def main() -> None:
    """Make what is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", help="identifier of an export, or `tallies`")
    parser.add_argument("--at", required=True, type=datetime.fromisoformat, help="the present moment")
    given = parser.parse_args()
    os.umask(0o077)
    _give_way()
    asyncio.run(_run(None if given.what == "tallies" else UUID(given.what), given.at))


if __name__ == "__main__":
    main()
