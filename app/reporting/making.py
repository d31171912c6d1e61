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

NICENESS: Final = 10
RENEWED_EVERY: Final = 30.0
# a breath between two pages: without it a machine of two processors has one left for learners
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
    path = service.path_of(settings, export.id, export.format)
    part = path.with_name(f"{path.name}.part")
    chosen = service.selection_of(export.institution_id, export)
    header = await contents.columns(database, export.what, chosen)
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w+b") as file:
                writer = writer_of(export.format, file, header, bom=export.bom, folder=scratch)
                try:
                    rows = await _write(database, export, chosen, header, writer, clock)
                    writer.close()
                except BaseException:
                    writer.abandon()
                    raise
                file.flush()
                os.fsync(file.fileno())
        os.replace(part, path)
    except TooManyRows:
        async with database.transaction() as db:
            await service.give_up(db, export_id, "too_many_rows", clock())
        return
    finally:
        part.unlink(missing_ok=True)
    async with database.transaction() as db:
        await service.finish(
            db, export_id, rows=rows, size=path.stat().st_size, sha256=_digest(path), now=clock()
        )


async def _write(
    database: Database,
    export: Export,
    chosen: Selection,
    header: Sequence[Column],
    writer: Writer,
    clock: Clock,
) -> int:
    rows, renewed, began = 0, time.monotonic(), time.monotonic()
    async for page in contents.pages(database, export.what, chosen, header):
        writer.write(page)
        rows += len(page)
        if time.monotonic() - renewed > RENEWED_EVERY:
            renewed = time.monotonic()
            async with database.transaction() as db:
                await service.renew(db, export.id, clock())
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


def main() -> None:
    """Make what is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", help="identifier of an export, or `tallies`")
    parser.add_argument("--at", required=True, type=datetime.fromisoformat, help="the present moment")
    given = parser.parse_args()
    os.umask(0o077)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    asyncio.run(_run(None if given.what == "tallies" else UUID(given.what), given.at))


if __name__ == "__main__":
    main()
