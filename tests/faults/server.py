"""`palier serve` in a process of its own, that a test may kill without warning and start again."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.postgres import free_port

PALIER = Path(sys.executable).with_name("palier")
PATIENCE = 60.0
# What the server logs when it meets something nobody foresaw.
BUGS = ("unexpected error", "worker round failed", "replay differs")


class ServerFailed(RuntimeError):
    """The server stopped by itself, or never got ready."""


class ServedDatabase:
    """The service on one database and one port; both stay the same from one life of the process to the next.

    It runs in an empty folder, with nothing of this machine's environment but the search path.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.kills = 0
        self._folder = folder
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if kind is None:
            assert not self.bugs(), "\n".join(self.bugs())

    def log(self) -> str:
        """What the server said, in all its lives."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def bugs(self) -> list[str]:
        """What it said about things nobody foresaw, one line each."""
        found: dict[str, None] = {}
        for line in self.log().splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if entry.get("event") in BUGS:
                    raised = [text for text in entry.get("exception", "").splitlines() if text[:1].strip()]
                    found[f"{entry['event']} {entry.get('path', '')}: {raised[-2:]}"] = None
        return list(found)

    def launch(self) -> None:
        """Start the process without waiting for it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [PALIER, "serve"],
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start(self) -> None:
        """Start the process and wait until it takes traffic."""
        self.launch()
        began = time.monotonic()
        while not self.is_ready():
            if time.monotonic() - began > PATIENCE:
                msg = f"not ready after {PATIENCE:.0f} s:\n{self.log()}"
                raise ServerFailed(msg)
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Whether `/readyz` says yes; raises if the process ended by itself."""
        assert self._process is not None
        if self._process.poll() is not None:
            msg = f"the server ended with code {self._process.returncode}:\n{self.log()}"
            raise ServerFailed(msg)
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=5) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False

    @property
    def pid(self) -> int:
        """The process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL: no goodbye, nothing flushed."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.kills += 1

    def restart(self) -> None:
        """Kill, then start again."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """End in good order."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def replay(self, sitting: object) -> str:
        """The last line of `palier replay`: `identical`, or the first difference."""
        ran = subprocess.run(
            [PALIER, "replay", str(sitting)],
            cwd=self._folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        lines = (ran.stdout or ran.stderr).strip().splitlines()
        return lines[-1] if lines else f"exit code {ran.returncode}"

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self._folder),
            "DATABASE_URL": self.url,
            "PORT": str(self.port),
            "LOG_LEVEL": "WARNING",
        }
