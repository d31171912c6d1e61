"""Running the service: set-up, server, worker, migrations, demonstration."""

import asyncio
import contextlib
import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from app.settings import Settings

console = Console(stderr=True, highlight=False)

ROOT = Path(__file__).resolve().parents[2]
DEMO_OWNER = "camille@demonstration.example"


def migrate(
    to: Annotated[str, typer.Option(help="revision to go to; `base` undoes everything")] = "head",
) -> None:
    """Bring the database to a revision (default: the newest)."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    if to == "base" or to.startswith("-"):
        command.downgrade(config, to)
    else:
        command.upgrade(config, to)


def run() -> None:
    """Set up what is missing (database, release, demonstration), then serve. Safe to run again."""
    settings = _settings()
    migrate()
    facts = asyncio.run(_prepare(settings))
    address = settings.public_url
    lines = (
        ("[bold]Palier[/bold]  ", address),
        ("Code    ", f"{facts['code']}   (certification, demonstration release)"),
        ("Office  ", f"{address}/espace"),
        ("        ", f"{facts['owner']}   {facts['password']}"),
        ("API     ", f"{address}/v1/docs"),
        ("API key ", facts["api_key"]),
        ("Test key", f"{facts['test_api_key']}   (test mode: nothing it makes counts)"),
        ("Style   ", f"{address}/styleguide"),
    )
    console.print()
    for name, value in lines:  # a secret cut in two by the width of a window is a secret mistyped
        console.print(f"  {name}  {value}", soft_wrap=True)
    console.print("  Stop      Ctrl-C\n")
    serve()


def serve(
    workers: Annotated[int, typer.Option(min=1, help="processes (PostgreSQL only)")] = 1,
) -> None:
    """Serve pages and API on HOST:PORT."""
    import uvicorn

    settings = _settings()
    if settings.is_sqlite and workers > 1:
        console.print("SQLite has one writer: serve with one worker, or set DATABASE_URL to PostgreSQL.")
        raise typer.Exit(2)
    _check_database(settings)
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        log_level="warning",
        access_log=False,
        # learners think for a minute: a connection closed meanwhile costs them a retry
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
        server_header=False,
        proxy_headers=True,
    )


def work() -> None:
    """Run the worker: closes overdue sittings, verifies finished ones, delivers webhooks, has exports made."""

    async def forever() -> None:
        from datetime import timedelta

        from app import logs
        from app.assessments.service import Assessments
        from app.db import Database
        from app.delivery.postgres_store import PostgresStore
        from app.delivery.service import Delivery
        from app.delivery.sqlite_store import SqliteStore
        from app.main import utc_now
        from app.reporting.apart import Apart
        from app.worker import Worker, dispatcher_of, grade_sender_of, upkeep_of

        settings = _settings()
        logs.configure(settings.log_level)
        database = Database(settings)
        store = SqliteStore(database) if database.is_sqlite else PostgresStore(database)
        delivery = Delivery(store, Assessments(database), timedelta(seconds=settings.grace_seconds))
        try:
            dispatcher = dispatcher_of(database, settings, utc_now)
            log_kept = timedelta(days=settings.webhook_log_days)
            await Worker(
                database,
                delivery,
                utc_now,
                dispatcher,
                log_kept=log_kept,
                upkeep=upkeep_of(database, settings),
                grade_sender=grade_sender_of(database, settings, delivery, utc_now),
                apart=Apart(database, settings, utc_now),
            ).run()
        finally:
            await store.aclose()
            await database.close()

    async def until_told() -> None:
        task = asyncio.create_task(forever())
        loop = asyncio.get_running_loop()
        for told in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(told, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    _check_database(_settings())
    asyncio.run(until_told())


def demo() -> None:
    """Make (or show again) the demonstration institution, its access code and its API key."""
    facts = asyncio.run(_prepare(_settings()))
    typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))


def openapi() -> None:
    """Print the OpenAPI description of the API."""
    from app.main import create_app

    typer.echo(json.dumps(create_app(_settings()).openapi(), ensure_ascii=False, indent=2, sort_keys=True))


def _check_database(settings: Settings) -> None:
    """Say in one line what is missing before anything starts."""
    from sqlalchemy.exc import DBAPIError

    from app.assessments.service import Assessments
    from app.db import Database
    from app.errors import Unavailable

    async def look() -> None:
        database = Database(settings)
        try:
            await Assessments(database).load_current()
        finally:
            await database.close()

    try:
        asyncio.run(look())
    except Unavailable as error:
        console.print(error.detail, markup=False)
    except (DBAPIError, OSError) as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        console.print(
            f"The database cannot be used ({reason}). Run `palier migrate`, or mend DATABASE_URL.",
            markup=False,
        )
    else:
        return
    raise typer.Exit(1)


def _settings() -> Settings:
    from pydantic import ValidationError

    from app.settings import settings

    try:
        return settings()
    except ValidationError as error:
        for fault in error.errors():
            console.print(f"{'.'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}")
        raise typer.Exit(2) from None


async def _prepare(settings: Settings) -> dict[str, Any]:
    from app.commands.bank import publish_content
    from app.db import Database

    database = Database(settings)
    try:
        await publish_content(database, settings.content_dir, actor="command line")
        return await _demonstration(database, settings.state_folder)
    finally:
        await database.close()


async def _demonstration(database: Any, folder: Path) -> dict[str, Any]:
    """The demonstration's facts, kept beside the database so that a key made once can be shown again."""
    from app.auth import accounts
    from app.auth import service as auth
    from app.auth.credentials import new_code
    from app.delivery.entry import DEMO_INSTITUTION
    from app.institutions import service as institutions

    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "demo.json"
    now = datetime.now(UTC)
    password = f"{new_code()}-{new_code()}".lower()
    password_hash = await accounts.hash_password(password)
    async with database.transaction() as db:
        institution_id, _ = await institutions.ensure_institution(
            db, DEMO_INSTITUTION, "Établissement de démonstration", now
        )
        facts: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        if facts.get("institution") != str(institution_id):
            facts = {
                "institution": str(institution_id),
                "code": await auth.create_access_code(
                    db, institution_id, label="Démonstration", design_key="certification", now=now
                ),
                "api_key": await auth.create_api_key(db, institution_id, "Démonstration", now),
            }
        elif {"owner", "test_api_key"} <= set(facts):
            return facts
        if "test_api_key" not in facts:
            facts["test_api_key"] = await auth.create_api_key(
                db, institution_id, "Démonstration", now, mode="test"
            )
        if "owner" not in facts:
            facts |= {"owner": DEMO_OWNER, "password": password}
            await accounts.ensure_owner(
                db, institution_id, DEMO_OWNER, "Camille Démonstration", password_hash, "command line", now
            )
        # written before the commit: a crash between the two leaves a key nobody can use, never one nobody can see
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(facts, file, indent=2)
    return facts
