"""Files of learners are read in a process of their own: reading holds the interpreter, and learners wait for it.

A short CSV is read here, in a thread, in less time than a process takes to start. A workbook never is: what it unpacks
to is not known before. A reader that takes too much time or memory, or dies, is a fault that names the file.
"""

import asyncio
import contextlib
import signal
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, cast
from weakref import WeakKeyDictionary

import structlog

from app.campaigns import reading
from app.campaigns.reading import Report
from app.errors import Unavailable

log = structlog.get_logger(__name__)

SHORT: Final = 64 * 1024
SECONDS: Final = 60.0
PATIENCE: Final = 30.0
AT_ONCE: Final = 2
PIECE: Final = 256 * 1024
ROOT: Final = Path(__file__).resolve().parents[2]
# Nothing of ours, secrets least of all. Python's own reader of XML says when memory is short, and imports faster.
ENVIRONMENT: Final = {"OPENPYXL_LXML": "False", "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
# killed for want of memory, by a limit of processor time, or by ours
TOO_HEAVY: Final = frozenset({-signal.SIGKILL, -signal.SIGXCPU})

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def read(content: bytes, professions: frozenset[str], name: str) -> Report:
    """What a file of learners says, whatever it is; `name` is what its owner calls it.

    Raises
    ------
    Unavailable
        Others are reading files, and go on doing so.
    """
    if len(content) <= SHORT and not content.startswith(b"PK"):
        return await asyncio.to_thread(reading.report, content, professions)
    async with _turn():
        try:
            async with asyncio.timeout(SECONDS):
                said, code = await _told(content, professions)
        except TimeoutError:
            return _failed("too_heavy", name, f"{SECONDS:.0f} s")
    if code in TOO_HEAVY:
        return _failed("too_heavy", name, f"code {code}")
    try:
        found = reading.told(said)
    except ValueError:
        return _failed("not_read", name, f"code {code}")
    if isinstance(found, str):
        return _failed("too_heavy" if found == "MemoryError" else "not_read", name, found)
    return found


@contextlib.asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    """One of the few readers of this process."""
    turns = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
    try:
        await asyncio.wait_for(turns.acquire(), PATIENCE)
    except TimeoutError:
        message = "Other files are being read. Send this one again in a minute."
        raise Unavailable(message, retry_after=60) from None
    try:
        yield
    finally:
        turns.release()


def _failed(code: str, name: str, reason: str) -> Report:
    log.warning("file of learners not read", outcome=code, reason=reason)
    return reading.failed(code, name)


async def _told(content: bytes, professions: frozenset[str]) -> tuple[bytes, int]:
    """Start a process, give it the file, take what it writes; it does not outlive this call."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "ignore",  # what a workbook has and its reader does not know
        "-m",
        reading.__name__,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=PIPE,
        stdout=PIPE,
        limit=PIECE,
    )
    try:
        return await _exchanged(process, content, professions), await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _exchanged(process: Process, content: bytes, professions: frozenset[str]) -> bytes:
    """Give the file in pieces, so that nobody waits for a copy of it; the input stays open meanwhile."""
    taken, given = cast("StreamWriter", process.stdin), cast("StreamReader", process.stdout)
    try:
        with contextlib.suppress(ConnectionError):  # it died: its code says so
            taken.write(reading.asked(content, professions))
            whole = memoryview(content)
            for start in range(0, len(whole), PIECE):
                taken.write(whole[start : start + PIECE])
                await taken.drain()
        return await given.read()
    finally:
        taken.close()
