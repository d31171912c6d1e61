"""The process that reads one file of learners: `python -m app.campaigns.reading`, started by `app.campaigns.apart`.

A file comes from outside: it may unpack to gigabytes, or name itself a million times. So this process has little of
everything (memory, time, nothing of the service's environment), gives way to whoever answers, and ends with its server:
its input stays open as long as the server lives.

In: a line of JSON (professions, size), then the file. Out: a line of JSON (what is said of the file), then the learners
packed as the database reads them, so that nobody has to take them apart again.
"""

import contextlib
import json
import os
import resource
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final

from app.campaigns import sheets
from app.campaigns.sheets import Fault
from app.institutions.facts import packed

MEMORY_BYTES: Final = 768 * 1024 * 1024
CPU_SECONDS: Final = 30
FAULTS_KEPT: Final = 200
STILL: Final = 5


@dataclass(frozen=True)
class Report:
    """What a file says: how many rows, how many of them sound, those packed, and the first of what is wrong."""

    rows: int
    learners: int
    packed: str
    n_faults: int
    faults: Sequence[Fault]


def report(content: bytes, professions: frozenset[str]) -> Report:
    """Read a file of learners."""
    sheet = sheets.read(content, professions)
    kept = sheet.faults[:FAULTS_KEPT]
    return Report(sheet.rows, len(sheet.learners), packed(sheet.learners), len(sheet.faults), kept)


def failed(code: str, name: str) -> Report:
    """The report on a file that could not be read to its end."""
    return Report(0, 0, "[]", 1, [Fault(0, "", code, {"name": name})])


def asked(content: bytes, professions: frozenset[str]) -> bytes:
    """The line before the file."""
    return json.dumps({"professions": sorted(professions), "size": len(content)}).encode() + b"\n"


def told(said: bytes) -> Report | str:
    """The report in what the process wrote, or what stopped it; raises ValueError for anything else."""
    line, _, rows = said.partition(b"\n")
    facts: dict[str, Any] = json.loads(line)
    if "stopped" in facts:
        return str(facts["stopped"])
    faults = [Fault(*values) for values in facts["faults"]]
    return Report(facts["rows"], facts["learners"], rows.decode(), facts["n_faults"], faults)


def _answer(content: bytes, professions: frozenset[str]) -> tuple[dict[str, Any], bytes]:
    try:
        found = report(content, professions)
        faults = [astuple(fault) for fault in found.faults]
        line = {"rows": found.rows, "learners": found.learners, "n_faults": found.n_faults, "faults": faults}
        return line, found.packed.encode()
    except MemoryError:
        return {"stopped": "MemoryError"}, b""
    except Exception as error:
        # the message may quote a cell: where it happened is told, what the file says is not
        place = traceback.extract_tb(error.__traceback__)[-1]
        return {"stopped": f"{type(error).__name__} at {place.filename}:{place.lineno}"}, b""


def _limit() -> None:
    """Take as little as reading needs; no core file, because it would hold names."""
    os.nice(STILL)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        _, hard = resource.getrlimit(what)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(
            ValueError, OSError
        ):  # a system without this limit: the server's clock remains
            resource.setrlimit(what, (least, least))


def _end_with_the_server() -> None:
    """Wait for the end of the input, which is the end of the server, however it came."""
    while os.read(0, 1):
        pass
    os._exit(1)


def main() -> None:
    """Read a file, say what it says."""
    _limit()
    line = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read(line["size"])
    if len(content) < line["size"]:
        sys.exit(1)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    facts, rows = _answer(content, frozenset(line["professions"]))
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + rows)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
