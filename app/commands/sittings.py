"""Commands about sittings."""

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from app.delivery.replay import Replay

console = Console(highlight=False)


def replay(
    sitting: Annotated[UUID, typer.Argument(help="identifier of the sitting, as in its address")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Compute every theta, choice, stop and level of a sitting again; say `identical` or the first difference."""
    from app.errors import AppError

    try:
        found = asyncio.run(_replay(sitting))
    except AppError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(2) from None
    if as_json:
        steps = [vars(step) for step in found.steps]
        facts = {"identical": found.identical, "difference": found.difference, "steps": steps}
        typer.echo(json.dumps(facts, indent=2))
    else:
        table = Table("position", "item", "score", "theta", "se")
        for step in found.steps:
            score = "late" if step.score is None else str(step.score)
            table.add_row(str(step.position), step.item, score, f"{step.theta:+.4f}", f"{step.se:.4f}")
        console.print(table)
        console.print("identical" if found.identical else f"different: {found.difference}", markup=False)
    if not found.identical:
        raise typer.Exit(1)


async def _replay(sitting: UUID) -> "Replay":
    from app.assessments.service import Assessments
    from app.db import Database
    from app.delivery import replay as replays
    from app.delivery.postgres_store import PostgresStore
    from app.delivery.service import Delivery
    from app.delivery.sqlite_store import SqliteStore
    from app.settings import settings

    config = settings()
    database = Database(config)
    store = SqliteStore(database) if database.is_sqlite else PostgresStore(database)
    try:
        delivery = Delivery(store, Assessments(database), timedelta(seconds=config.grace_seconds))
        return await replays.replay(delivery, sitting)
    finally:
        await store.aclose()
        await database.close()
