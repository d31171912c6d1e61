"""What tests share: real databases on both drivers, a clock one can move, the shipped bank published, the service.

`database_url` runs a test once on SQLite and once on PostgreSQL, each time on a fresh migrated database. A test that
also asks for `published` (or for `application`, `client`) finds the shipped bank, an institution, an API key and an
access code in it. Both are copies of templates made once per run, so that a database costs milliseconds.
"""

import asyncio
import os

# Arrays here are small: more BLAS threads than one only compete with the other test process.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Literal
from uuid import UUID

import httpx2
import hypothesis
import pytest
from fastapi import FastAPI

from app.assessments import service as assessments
from app.auth import service as auth
from app.commands.bank import publish_content
from app.commands.server import migrate
from app.db import Database
from app.delivery.entry import DEMO_INSTITUTION
from app.institutions import service as institutions
from app.main import create_app
from app.settings import Settings
from irt.policy import Policy
from item_bank.design import Design
from item_bank.release import Release
from tests.postgres import PostgresServer, running_server

# Laws are tried on the same examples in every run, so that a change is judged by what it changed; `make slow`
# (PALIER_EXAMPLES=new) looks for new counterexamples.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("new", deadline=None)
hypothesis.settings.load_profile(os.environ.get("PALIER_EXAMPLES", "same"))

ROOT = Path(__file__).resolve().parent.parent
START = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)

Backend = Literal["sqlite", "postgres"]
NAMES = count(1)

# Few tests, each of many seconds: begun first, so that no process is left alone with one at the end.
LONG = ("journeys", "qti", "faults", "security", "calibration", "clients")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of long tests come first; with `--no-loadscope-reorder` the processes take files in this order."""
    items.sort(
        key=lambda item: LONG.index(item.path.parent.name) if item.path.parent.name in LONG else len(LONG)
    )


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of async tests."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """Nobody's own DATABASE_URL or PORT reaches a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _designs_compiled_once() -> Iterator[None]:
    """A design compiled for a release stays so: the services of one run need not compile the shipped ones again."""
    compile_new = assessments._compiled
    known: dict[tuple[str, str, str], tuple[Design, Policy]] = {}

    def compiled(snapshot: Release, design: Design) -> tuple[Design, Policy]:
        key = snapshot.content_hash, design.id, design.content_hash
        if key not in known:
            known[key] = compile_new(snapshot, design)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assessments, "_compiled", compiled)
        yield


class Clock:
    """The time as the service sees it: stands still until moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Published:
    """What a published database holds beside the bank."""

    institution_id: UUID
    api_key: str
    access_code: str
    release_number: int

    @property
    def authorization(self) -> dict[str, str]:
        """The header of the institution's API calls."""
        return {"Authorization": f"Bearer {self.api_key}"}


def migrated(url: str, revision: str = "head") -> None:
    """Bring a database to a revision, by the command an operator uses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        migrate(revision)


def settings_for(url: str, state: Path | None = None) -> Settings:
    """Settings that name a database and nothing else of this machine; the worker runs only when a test runs it."""
    if state is None and not url.startswith("sqlite"):
        state = Path(tempfile.gettempdir()) / f"palier-tests-{os.getpid()}"  # never `var` of the checkout
    return Settings(database_url=url, state_dir=state, embedded_worker=False, log_level="ERROR")


async def _publish(url: str) -> Published:
    settings = settings_for(url)
    database = Database(settings)
    try:
        number, _ = await publish_content(database, settings.content_dir, actor="tests")
        async with database.transaction() as db:
            institution_id, _ = await institutions.ensure_institution(
                db, DEMO_INSTITUTION, "Établissement de démonstration", START
            )
            return Published(
                institution_id=institution_id,
                api_key=await auth.create_api_key(db, institution_id, "tests", START),
                access_code=await auth.create_access_code(
                    db, institution_id, label="tests", design_key="certification", now=START
                ),
                release_number=number,
            )
    finally:
        await database.close()


class SqliteTemplates:
    """Template files, and copies of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._migrated: Path | None = None
        self._published: tuple[Path, Published] | None = None

    def migrated(self) -> Path:
        """A migrated, empty database."""
        if self._migrated is None:
            self._migrated = self._folder / "migrated.db"
            migrated(self.url(self._migrated))
        return self._migrated

    def published(self) -> tuple[Path, Published]:
        """A database with the bank in it."""
        if self._published is None:
            path = self.copy(self.migrated(), self._folder / "published.db")
            self._published = path, asyncio.run(_publish(self.url(path)))
        return self._published

    @staticmethod
    def copy(template: Path, path: Path) -> Path:
        """A database like the template, which nobody has open."""
        return Path(shutil.copyfile(template, path))

    @staticmethod
    def url(path: Path) -> str:
        """The address as the settings want it."""
        return f"sqlite+aiosqlite:///{path}"


class PostgresTemplates:
    """Template databases on one server."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._migrated: str | None = None
        self._published: tuple[str, Published] | None = None

    def migrated(self) -> str:
        """A migrated, empty database."""
        if self._migrated is None:
            migrated(self.server.create("migrated"))
            self._migrated = "migrated"
        return self._migrated

    def published(self) -> tuple[str, Published]:
        """A database with the bank in it."""
        if self._published is None:
            url = self.server.create("published", self.migrated())
            self._published = "published", asyncio.run(_publish(url))
        return self._published


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplates:
    """SQLite files to copy."""
    return SqliteTemplates(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this run's own; an error, never a skip, where there is none."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_templates(postgres_server: PostgresServer) -> PostgresTemplates:
    """PostgreSQL databases to copy."""
    return PostgresTemplates(postgres_server)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Which of the two databases this run of the test uses."""
    chosen: Backend = request.param
    return chosen


@pytest.fixture
def _database(
    request: pytest.FixtureRequest, backend: Backend, tmp_path: Path
) -> Iterator[tuple[str, Published | None]]:
    with_bank = "published" in request.fixturenames
    if backend == "sqlite":
        files: SqliteTemplates = request.getfixturevalue("sqlite_templates")
        file, facts = files.published() if with_bank else (files.migrated(), None)
        yield files.url(files.copy(file, tmp_path / "palier.db")), facts
    else:
        databases: PostgresTemplates = request.getfixturevalue("postgres_templates")
        template, facts = databases.published() if with_bank else (databases.migrated(), None)
        name = f"test_{next(NAMES)}"
        yield databases.server.create(name, template), facts
        databases.server.drop(name)


@pytest.fixture
def database_url(_database: tuple[str, Published | None]) -> str:
    """A fresh migrated database, empty unless the test asks for `published`."""
    return _database[0]


@pytest.fixture
def published(_database: tuple[str, Published | None]) -> Published:
    """The shipped bank and its designs, a demonstration institution, an API key and an access code."""
    facts = _database[1]
    assert facts is not None
    return facts


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings on this test's database."""
    return settings_for(database_url, tmp_path)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """This test's database, for looking into what was written."""
    opened = Database(settings)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    """The time as the service sees it."""
    return Clock()


@cache
def _built(secure_cookies: bool, max_body_bytes: int) -> FastAPI:
    """The application and its routes, which cost half a second; what runs in it is started for each test anew."""
    never_opened = settings_for("sqlite+aiosqlite:///never-opened.db")
    chosen = {"secure_cookies": secure_cookies, "max_body_bytes": max_body_bytes}
    return create_app(never_opened.model_copy(update=chosen))


def service_of(settings: Settings, clock: Clock) -> FastAPI:
    """The service with these settings, one at a time, to be started by its lifespan."""
    app = _built(settings.secure_cookies, settings.max_body_bytes)
    app.state.settings, app.state.clock = settings, clock
    return app


@pytest.fixture
async def application(settings: Settings, clock: Clock, published: Published) -> AsyncIterator[FastAPI]:
    """The service, started."""
    app = service_of(settings, clock)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(application: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser or program that talks to the service, without a socket between them."""
    transport = httpx2.ASGITransport(app=application)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        yield opened


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Published data sets and values of other programs; kept outside the repository."""
    named = os.environ.get("PALIER_REFERENCE_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("reference data sets not found: set PALIER_REFERENCE_DATA to their folder")
    return folder
