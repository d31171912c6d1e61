"""A PostgreSQL server of the test run's own: found on the machine, started on a free port, thrown away at the end.

Nothing of an existing installation is touched: the cluster lives in a temporary folder, listens on the loopback
address only and is owned by an unprivileged account, since `initdb` refuses to run as root.
"""

import asyncio
import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

ROLE = "palier"

# A cluster that is thrown away needs no durability; everything that changes behaviour keeps its default.
OPTIONS = (
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=64MB",
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "timezone=UTC",
)


class PostgresMissing(RuntimeError):
    """No server programs on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "PostgreSQL's server programs (initdb, pg_ctl, postgres) were not found. "
            "`make test` installs them when run as root; otherwise: apt-get install postgresql"
        )


def programs() -> Path:
    """The folder of the newest server programs: Debian's layout first, then the PATH.

    Raises
    ------
    PostgresMissing
        There are none.
    """
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if versions:
        return max(versions, key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    if found is None:
        raise PostgresMissing
    return Path(found).resolve().parent


def unprivileged() -> str | None:
    """The account to run the server as; None when the tests themselves run unprivileged."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@dataclass(frozen=True)
class PostgresServer:
    """A running cluster; its databases are made from templates, which costs a copy of a few megabytes."""

    programs: Path
    folder: Path
    port: int
    account: str | None

    def url(self, database: str) -> str:
        """The address as the settings want it."""
        return f"postgresql+asyncpg://{ROLE}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database and return its address."""
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected."""
        self._execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = " ".join(f"-c {option}" for option in (*OPTIONS, f"port={self.port}"))
        log = self.folder / "log"
        try:
            self._run(
                *("pg_ctl", "-D", str(self.folder / "data"), "-l", str(log), "-w", "-t", "60"),
                *("-o", f"{settings} -k {self.folder}", "start"),
            )
        except subprocess.CalledProcessError as error:
            said = log.read_text(errors="replace") if log.exists() else error.stderr
            msg = f"PostgreSQL did not start on port {self.port}:\n{said}"
            raise RuntimeError(msg) from error

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: `immediate` as a crash would, `fast` in good order."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def initialise(self) -> None:
        """Write an empty cluster."""
        self._run(
            *("initdb", "-D", str(self.folder / "data"), "-U", ROLE, "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", "--locale=C.UTF-8"),
        )

    def _execute(self, statement: str) -> None:
        async def act() -> None:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.port, user=ROLE, database="postgres", ssl=False
            )
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(act())

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.programs / program), *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            # a file, not a pipe: the server inherits it and would keep a pipe open for as long as it runs
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE,
            text=True,
            cwd=self.folder,
            user=self.account,
            group=pwd.getpwnam(self.account).pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
        )


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A cluster for as long as the block lasts.

    Raises
    ------
    PostgresMissing
        There is no PostgreSQL on this machine.
    """
    found = programs()
    folder = Path(tempfile.mkdtemp(prefix="palier-postgres-"))
    account = unprivileged()
    try:
        if account is not None:
            shutil.chown(folder, account)
        server = PostgresServer(found, folder, free_port(), account)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            # a test of faults may have stopped it already
            with contextlib.suppress(subprocess.CalledProcessError):
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
