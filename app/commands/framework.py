"""Commands about the framework: what it is exchanged as."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@app.callback()
def framework() -> None:
    """Exchange the framework of the bank."""


@app.command()
def case(
    folder: Annotated[Path, typer.Argument(help="folder to write into; made when it does not exist")],
    base_uri: Annotated[
        str, typer.Option(help="address under which the objects are, or will be, served")
    ] = "https://palier.example",
    creator: Annotated[str | None, typer.Option(help="who answers for it; by default the publisher")] = None,
    content: Annotated[Path | None, typer.Option(help="folder of the bank's text files")] = None,
) -> None:
    """Write the framework and each référentiel as 1EdTech CASE 1.1 packages, one JSON file each."""
    from app.settings import settings
    from item_bank import files
    from item_bank.case import packages
    from item_bank.errors import InvalidFramework

    read, _problems = files.read(content or settings().content_dir)
    if read.framework is None:
        errors.print("The bank has no framework that can be read; run `palier bank check`.")
        raise typer.Exit(1)
    try:
        written = packages(
            read.framework, base_uri=base_uri, creator=creator or settings().publisher or "Palier"
        )
    except InvalidFramework as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(1) from None
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in written.items():
        (folder / name).write_bytes(body)
        console.print(f"{folder / name}: {len(body):,} bytes", markup=False)
