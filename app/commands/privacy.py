"""Personal data: what is past its length goes, erasures are applied again to a restored database."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.command("purge")
def purge(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Let go of everything past its length now; the worker does it by itself once an hour."""
    done = asyncio.run(_purge())
    if as_json:
        typer.echo(json.dumps(done, indent=2))
    else:
        for name, count in done.items():
            typer.echo(f"{name}: {count}")


@app.command("reapply")
def reapply(
    log: Annotated[
        Path | None, typer.Option(help="the erasure log; by default the one of this installation")
    ] = None,
) -> None:
    """After a backup was restored: erase again whom the erasure log names."""
    from app.privacy.log import FILE
    from app.settings import settings

    path = log or settings().state_folder / FILE
    if not path.exists():
        typer.echo(f"There is no erasure log at {path}.", err=True)
        raise typer.Exit(2)
    try:
        done = asyncio.run(_reapply(path))
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{done} erased again")


async def _purge() -> dict[str, int]:
    from app.db import Database
    from app.privacy import service
    from app.settings import settings

    config = settings()
    database = Database(config)
    try:
        return await service.purge(database, config.state_folder, datetime.now(UTC))
    finally:
        await database.close()


async def _reapply(path: Path) -> int:
    from app.db import Database
    from app.privacy import service
    from app.settings import settings

    config = settings()
    database = Database(config)
    try:
        return await service.reapply(database, config.state_folder, path, datetime.now(UTC))
    finally:
        await database.close()
