"""`palier`: everything an operator, an author or a psychometrician does from a shell."""

import os

import typer

from app.commands import (
    bank,
    calibration,
    design,
    exchange,
    framework,
    governance,
    institutions,
    life,
    lti,
    privacy,
    psychometrics,
    review,
    server,
    sittings,
)

# Before numpy loads: products here are small, and threads of BLAS that wait for each other on a busy machine take
# three times the processor time. Processes that a command starts inherit it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

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
app.command("new-key")(institutions.new_key)
app.add_typer(institutions.app, name="institution", help="Institutions: make, list, limit; give access back.")
app.command("simulate")(bank.simulate)
app.command("replay")(sittings.replay)
app.add_typer(calibration.responses, name="responses", help="Responses on their way to calibration.")
app.command("calibrate")(calibration.calibrate)
app.command("fit")(calibration.fit)
app.command("dif")(calibration.dif)
app.command("drift")(calibration.drift)
app.command("link")(calibration.link)
app.command("diff")(calibration.diff)
app.command("parameters")(calibration.parameters)
app.command("propose")(governance.propose)
app.command("approve")(governance.approve)
app.command("promote")(governance.promote)
app.command("rollback")(governance.rollback)
app.command("runs")(governance.runs)
app.command("report")(psychometrics.report)
app.command("rehearse")(psychometrics.rehearse)
app.add_typer(psychometrics.sittings, name="sittings", help="Simulated sittings to try a calibration on.")
app.add_typer(
    design.app, name="design", help="Check a test design against the bank; fit its exposure control."
)
app.add_typer(framework.app, name="framework", help="Exchange the framework and its référentiels.")
bank.app.command("sheet")(review.sheet)
bank.app.command("record-reading")(review.record_reading)
bank.app.command("settle-reading")(review.settle_reading)
bank.app.command("status")(life.status)
bank.app.command("diff")(life.diff)
bank.app.command("withdraw")(life.withdraw)
bank.app.command("restore")(life.restore)
bank.app.command("withdrawn")(life.withdrawn)
bank.app.command("export")(exchange.export)
bank.app.command("import")(exchange.bring_in)
bank.app.command("template")(exchange.template)
app.add_typer(privacy.app, name="privacy", help="Personal data: purge, erasures after a restore.")
app.add_typer(lti.app, name="lti", help="Learning platforms: the tool's keys, registration links.")
app.add_typer(bank.app, name="bank", help="Check, count and publish the item bank.")


def main() -> None:
    """Entry point of the `palier` command."""
    app()
