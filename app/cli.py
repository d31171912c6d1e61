"""`palier`: everything an operator, an author or a psychometrician does from a shell."""

import typer

from app.commands import bank, design, server, sittings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Palier, adaptive assessment of digital-health skills.",
)
app.command("run")(server.run)
app.command("serve")(server.serve)
app.command("work")(server.work)
app.command("migrate")(server.migrate)
app.command("demo")(server.demo)
app.command("openapi")(server.openapi)
app.command("simulate")(bank.simulate)
app.command("replay")(sittings.replay)
app.add_typer(design.app, name="design", help="Fit the exposure control of a test design.")
app.add_typer(bank.app, name="bank", help="Check, count and publish the item bank.")


def main() -> None:
    """Entry point of the `palier` command."""
    app()
