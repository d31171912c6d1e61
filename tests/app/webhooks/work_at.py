"""`palier work` at another time: the moment is the present plus the seconds that a file says.

python work_at.py FILE: what the tests start, kill and start again while they move the time under it.
"""

import mmap
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import app.main
from app.commands.server import work


class Ahead:
    """How far the clock is ahead, in a file that two processes have open at once."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(struct.pack("d", 0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 8)

    @property
    def seconds(self) -> float:
        found: float = struct.unpack("d", self._shared[:8])[0]
        return found

    def advance(self, seconds: float) -> None:
        self._shared[:8] = struct.pack("d", self.seconds + seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.seconds)


if __name__ == "__main__":
    app.main.utc_now = Ahead(Path(sys.argv[1])).now
    work()
