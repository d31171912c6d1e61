"""The database: one engine, one transaction per request, one write gate on SQLite.

Everything but the hot path goes through `Database.transaction()` or `Database.reading()`. The hot path
(`delivery.store`) uses the driver's own connection; on SQLite both share `WriteGate`, because SQLite has one
writer and a busy time-out inside one process would only be a slow lock.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Dialect, MetaData, String, TypeDecorator, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import JSON

from app.settings import Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Json = JSON().with_variant(JSONB(), "postgresql")


HELD_TO_TENANT = text(
    "SELECT set_config('role', 'palier_tenant', true), set_config('palier.institution', :tenant, true)"
)


class Base(DeclarativeBase):
    """Parent of every table; constraint names are derived so that migrations can name them."""

    metadata = MetaData(naming_convention=NAMING)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: `timestamptz` on PostgreSQL, sortable ISO text with microseconds on SQLite."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Pick the native type where there is one."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive moments; write text on SQLite."""
        if value is None or dialect.name == "postgresql":
            return value
        return instant_to_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read text back as an aware moment."""
        if value is None or isinstance(value, datetime):
            return value
        return instant_from_text(value)


def instant_to_text(value: datetime) -> str:
    """Fixed-width UTC text, so that comparing texts compares moments."""
    if value.tzinfo is None:
        msg = "a moment needs a time zone"
        raise ValueError(msg)
    # strftime would write the year 2 with one digit, which neither sorts nor is read again
    return value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def instant_from_text(value: str) -> datetime:
    """The inverse of `instant_to_text`."""
    return datetime.fromisoformat(value)


class WriteGate:
    """One writer at a time inside this process (SQLite only).

    A lock rather than SQLite's own busy time-out: waiting is fair to ORM transactions, which are few and
    short, while the writer thread of the hot path commits group after group.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = 0

    @contextlib.asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Hold the gate from a coroutine; safe to cancel while waiting."""
        self._waiting += 1
        try:
            while not self._lock.acquire(blocking=False):
                await asyncio.sleep(0.001)
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def entered_by_thread(self) -> Iterator[None]:
        """Hold the gate from the writer thread, after letting a waiting coroutine pass first."""
        patience = time.monotonic() + 0.05
        while self._waiting and time.monotonic() < patience:
            time.sleep(0.0005)
        with self._lock:
            yield


class Database:
    """The engine and the only place where transactions are committed outside the hot path."""

    def __init__(self, settings: Settings) -> None:
        self.url = make_url(settings.database_url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.gate = WriteGate()
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgres_engine(self.url, settings)

    @property
    def sqlite_path(self) -> Path:
        """The file of the embedded database."""
        return Path(str(self.url.database))

    @contextlib.asynccontextmanager
    async def transaction(self, tenant: UUID | None = None) -> AsyncIterator[AsyncSession]:
        """One unit of work: committed when the block ends, rolled back when it raises.

        With a `tenant`, PostgreSQL itself holds the transaction to the rows of that institution.
        """
        async with contextlib.AsyncExitStack() as stack:
            if self.is_sqlite:
                await stack.enter_async_context(self.gate.entered())
            connection = await stack.enter_async_context(self.engine.connect())
            connection = await connection.execution_options(palier_write=True)
            session = await stack.enter_async_context(AsyncSession(connection, expire_on_commit=False))
            async with session.begin():
                await self._hold(session, tenant)
                yield session

    @contextlib.asynccontextmanager
    async def reading(self, tenant: UUID | None = None) -> AsyncIterator[AsyncSession]:
        """A session that only reads; nothing is committed. `tenant` as in `transaction`."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            await self._hold(session, tenant)
            yield session

    async def _hold(self, session: AsyncSession, tenant: UUID | None) -> None:
        """Take, until the transaction ends, the role whom row-level security shows one institution only."""
        session.info["tenant"] = tenant
        if tenant is not None and not self.is_sqlite:
            await session.execute(HELD_TO_TENANT, {"tenant": str(tenant)})

    @contextlib.asynccontextmanager
    async def driver_connection(self) -> AsyncIterator[Any]:
        """The driver's own connection (asyncpg) from the engine's pool, for the hot path on PostgreSQL."""
        connection: AsyncConnection
        async with self.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            yield raw.driver_connection

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


def _sqlite_engine(url: Any) -> AsyncEngine:
    path = Path(str(url.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, by us
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        immediate = connection.get_execution_options().get("palier_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


# FULL: an acknowledged answer survives a power cut (NORMAL loses the last commits in WAL mode).
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
)


def _postgres_engine(url: Any, settings: Settings) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=2,
        connect_args={"server_settings": {"application_name": "palier", "timezone": "UTC"}},
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def refuse_dead_connection(connection: Any, _record: Any, _proxy: Any) -> None:
        # The driver hears at once when the server closes a connection: asking costs nothing, a ping a round trip.
        if connection.driver_connection.is_closed():
            raise DisconnectionError

    return engine
