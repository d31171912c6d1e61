"""Commands about learning platforms: the tool's keys, registration links."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from app.lti.keys import KeyState

app = typer.Typer(no_args_is_help=True)
console = Console(highlight=False)


@app.command("rotate-keys")
def rotate_keys(
    at_once: Annotated[
        bool,
        typer.Option("--at-once", help="a key is lost: sign with the new one now, withdraw the others"),
    ] = False,
    by: Annotated[str, typer.Option(help="who does this, for the audit log")] = "command line",
) -> None:
    """Publish a new key pair. It signs after a day, and the former one stays published for a week more."""

    async def rotated() -> "list[KeyState]":
        from app.db import Database
        from app.lti import keys
        from app.main import utc_now
        from app.secrets import Sealer
        from app.settings import settings

        config = settings()
        database = Database(config)
        try:
            now = utc_now()
            await keys.signing(database, Sealer.of(config), now)
            await keys.rotate(database, Sealer.of(config), now, actor=by, at_once=at_once)
            async with database.reading() as db:
                return await keys.states(db, now)
        finally:
            await database.close()

    _show(asyncio.run(rotated()))


@app.command("keys")
def show_keys() -> None:
    """The published keys: which one signs, until when the others are shown."""

    async def found() -> "list[KeyState]":
        from app.db import Database
        from app.lti import keys
        from app.main import utc_now
        from app.settings import settings

        database = Database(settings())
        try:
            async with database.reading() as db:
                return await keys.states(db, utc_now())
        finally:
            await database.close()

    _show(asyncio.run(found()))


@app.command("registration-link")
def registration_link(
    institution: Annotated[str, typer.Argument(help="short name of the institution")],
    by: Annotated[str, typer.Option(help="who does this, for the audit log")] = "command line",
) -> None:
    """Print a link good for one dynamic registration, for seven days."""
    from app.errors import AppError

    async def made() -> str:
        from app.db import Database
        from app.errors import NotFound
        from app.institutions import service as institutions
        from app.lti import registrations
        from app.main import utc_now
        from app.settings import settings

        config = settings()
        database = Database(config)
        try:
            async with database.transaction() as db:
                institution_id = await institutions.institution_id(db, institution)
                if institution_id is None:
                    raise NotFound(f"There is no institution {institution}.")
                _, secret = await registrations.create_link(db, institution_id, actor=by, now=utc_now())
            return registrations.ToolAddresses(config.public_url).registration(secret)
        finally:
            await database.close()

    try:
        typer.echo(asyncio.run(made()))
    except AppError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(2) from None


def _show(found: "Sequence[KeyState]") -> None:
    table = Table("key", "made", "signs from", "published until", "signs now")
    for key in found:
        until = f"{key.published_until:%Y-%m-%d %H:%M}" if key.published_until else "further notice"
        row = (key.kid, f"{key.created_at:%Y-%m-%d %H:%M}", f"{key.signs_from:%Y-%m-%d %H:%M}", until)
        table.add_row(*row, "yes" if key.signs else "")
    console.print(table)
