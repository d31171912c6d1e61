"""The life of items and releases from a shell: status, withdrawal list, differences."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table

from app.commands.bank import AsJson, Folder, RecordFile, console, errors, read_content, records_of

if TYPE_CHECKING:
    from app.bank.service import Step
    from app.db import Database
    from item_bank.release import Release

T = TypeVar("T")

By = Annotated[str, typer.Option(help="in whose name")]


def status(
    item: Annotated[str, typer.Argument(help="id of an item, such as D2C3-001")],
    after: Annotated[
        str | None, typer.Argument(metavar="[STATUS]", help="its next status; without one, its life so far")
    ] = None,
    by: By = "",
    why: Annotated[str, typer.Option(help="the reason, where the move needs one")] = "",
    role: Annotated[
        str | None,
        typer.Option(help="author, expert, psychometrician or operator; by default the first allowed"),
    ] = None,
    content: Folder = None,
    records: RecordFile = None,
    as_json: AsJson = False,
) -> None:
    """Move an item to another status, in somebody's name, or show its life; the next release takes it up."""
    from app.bank import service as bank
    from app.settings import settings
    from item_bank.item import Status
    from item_bank.lifecycle import Role
    from item_bank.readings import ReadVersions, read_records

    to = _one_of(after, [status.value for status in Status])
    as_role = _one_of(role, [role.value for role in Role])
    known = read_records(records_of(content or settings().content_dir, records))

    async def act(database: "Database") -> "list[Step]":
        if to is None:
            async with database.reading() as db:
                return await bank.history(db, item)
        async with database.transaction() as db:
            step = await bank.change_status(
                db,
                item,
                Status(to),
                by=by,
                why=why,
                role=Role(as_role) if as_role else None,
                readings=ReadVersions(known.records),
                now=datetime.now(UTC),
            )
            return [step]

    steps = run_on_database(act)
    if as_json:
        facts = [vars(step) | {"at": step.at.isoformat()} for step in steps]
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    table = Table("when", "version", "from", "to", "by", "as", "why")
    for step in steps:
        version = f"{step.version} ({step.content_hash[:8]})"
        when = step.at.strftime("%Y-%m-%d %H:%M")
        table.add_row(when, version, step.before or "", step.after, step.by, step.role or "", step.why)
    console.print(table)


def _one_of(value: str | None, known: list[str]) -> str | None:
    if value is not None and value not in known:
        errors.print(f"There is no {value!r}; known: {', '.join(known)}.", markup=False)
        raise typer.Exit(2)
    return value


def run_on_database(act: "Callable[[Database], Awaitable[T]]") -> T:
    """Do something with the database; an expected refusal is told, and exit 1."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from app import registry  # noqa: F401 - every table, for the foreign keys between rooms
    from app.db import Database
    from app.errors import AppError
    from app.settings import settings
    from item_bank.errors import BankError

    async def acted() -> T:
        database = Database(settings())
        try:
            return await act(database)
        finally:
            await database.close()

    try:
        return asyncio.run(acted())
    except (AppError, BankError) as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except (OperationalError, ProgrammingError) as error:
        errors.print(
            f"{error.orig}. Is the database there and up to date? Run `palier migrate`.", markup=False
        )
        raise typer.Exit(1) from None


def diff(
    before: Annotated[
        str, typer.Argument(help="beginning of a release's content hash, a folder, or `content`")
    ],
    after: Annotated[str, typer.Argument(help="the same, for what it is compared with")] = "content",
    as_json: AsJson = False,
) -> None:
    """Say in words what changed between two releases: keys first, then texts, parameters, designs, statuses."""
    from item_bank import difference

    found = difference.difference(_release(before), _release(after))
    if as_json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
    else:
        typer.echo(difference.in_words(found))


def _release(name: str) -> "Release":
    from app.bank import service as bank
    from app.settings import settings
    from item_bank import release
    from item_bank.errors import BankError

    folder = settings().content_dir if name == "content" else Path(name)
    if not folder.is_dir():

        async def stored(database: "Database") -> "Release":
            async with database.reading() as db:
                return (await bank.release_like(db, name)).snapshot

        return run_on_database(stored)
    try:
        return release.compile(read_content(folder))
    except BankError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from None


def withdraw(
    item: Annotated[str, typer.Argument(help="id of an item that leaked, or must not be asked any more")],
    why: Annotated[str, typer.Option(help="the reason")],
    by: By = "command line",
) -> None:
    """Show an item to nobody from the next question on, in every sitting and every process."""
    _list_anew(item, withdrawn=True, by=by, why=why)


def restore(
    item: Annotated[str, typer.Argument(help="id of an item on the withdrawal list")],
    why: Annotated[str, typer.Option(help="the reason")],
    by: By = "command line",
) -> None:
    """Take an item off the withdrawal list."""
    _list_anew(item, withdrawn=False, by=by, why=why)


def _list_anew(item: str, *, withdrawn: bool, by: str, why: str) -> None:
    from app.delivery import service as delivery

    change = delivery.withdraw if withdrawn else delivery.restore

    async def act(database: "Database") -> int:
        async with database.transaction() as db:
            return await change(db, item, by=by, why=why, now=datetime.now(UTC))

    number = run_on_database(act)
    console.print(f"{item} {'withdrawn' if withdrawn else 'restored'}, withdrawal list {number}")


def withdrawn(as_json: AsJson = False) -> None:
    """List the items nobody is shown, and why."""
    from app.delivery import service as delivery

    async def act(database: "Database") -> list[dict[str, str]]:
        async with database.reading() as db:
            return [
                {
                    "item": entry.item_key,
                    "at": entry.at.isoformat(timespec="seconds"),
                    "by": entry.actor,
                    "why": entry.why,
                }
                for entry in await delivery.withdrawn_items(db)
            ]

    found = run_on_database(act)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    table = Table("item", "since", "by", "why")
    for entry in found:
        table.add_row(entry["item"], entry["at"], entry["by"], entry["why"])
    console.print(table if found else "no item is withdrawn")
