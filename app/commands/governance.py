"""Putting calibrated parameters in force: propose, approve, promote, roll back, and what stands."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.commands.bank import AsJson, console, errors
from app.commands.life import run_on_database

if TYPE_CHECKING:
    from app.calibration.exposure import Refit
    from app.calibration.service import Promoted, Registered
    from app.db import Database
    from item_bank.release import Release

By = Annotated[str, typer.Option(help="in whose name")]
Which = Annotated[str, typer.Argument(metavar="RUN", help="folder of the run, or the beginning of its hash")]


def propose(
    run: Annotated[Path, typer.Argument(help="folder of a finished run")],
    by: By = "",
    why: Annotated[str, typer.Option(help="what the new parameters are for")] = "",
    real: Annotated[
        bool | None,
        typer.Option("--real/--simulated", help="whether people answered, where the data do not say"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register a run, whose every file is checked against its hash, and put it forward for approval."""
    from app.calibration import service
    from app.calibration.runs import RunError, load

    try:
        loaded = load(run)
    except RunError as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from None

    async def act(database: "Database") -> "Registered":
        async with database.transaction() as db:
            return await service.propose(db, loaded, by=by, why=why, real=real, now=datetime.now(UTC))

    _say_run(run_on_database(act), as_json)


def approve(
    run: Which,
    by: By = "",
    why: Annotated[str, typer.Option(help="what the approval rests on, or why it is sent back")] = "",
    send_back: Annotated[
        bool, typer.Option("--send-back", help="send the run back to its author instead")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Approve a proposed run; its author cannot. With --send-back, return it to the author with a reason."""
    from app.calibration import service

    async def act(database: "Database") -> "Registered":
        async with database.transaction() as db:
            now = datetime.now(UTC)
            if send_back:
                return await service.send_back(db, _hash(run), by=by, why=why, now=now)
            return await service.approve(db, _hash(run), by=by, why=why, now=now)

    _say_run(run_on_database(act), as_json)


def promote(
    run: Which,
    by: By = "",
    keep_exposure: Annotated[
        bool,
        typer.Option(
            "--keep-exposure", help="do not fit exposure control to the new parameters (not advised)"
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put an approved run in force: a new release with its parameters. Sittings that run keep theirs.

    The exposure control of every design that has one is fitted to the new parameters first, by simulation.
    """
    from app.calibration import exposure, service

    async def act(database: "Database") -> "Promoted":
        refit = None
        if not keep_exposure:
            async with database.reading() as db:
                ready = await service.promotable(db, _hash(run), by=by)
            # minutes of computing, outside any transaction; `promote` checks that nothing was published meanwhile
            refit = _refitted(ready, exposure.LEARNERS, exposure.ROUNDS, as_json)
        async with database.transaction() as db:
            return await service.promote(db, _hash(run), by=by, now=datetime.now(UTC), refit=refit)

    _say_promotion(run_on_database(act), as_json)


def _refitted(release: "Release", learners: int, rounds: int, as_json: bool) -> "Refit":
    from app.calibration import exposure

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=as_json) as progress:
        designs = [design.id for design in exposure.controlled(release)]
        task = progress.add_task("exposure control", total=len(designs) * rounds)
        return exposure.refit(
            release,
            learners=learners,
            rounds=rounds,
            progress=lambda design, done, whole: progress.update(
                task,
                description=f"exposure control of {design}",
                completed=designs.index(design) * whole + done,
            ),
        )


def rollback(
    by: By = "",
    why: Annotated[str, typer.Option(help="what is wrong with the set in force")] = "",
    as_json: AsJson = False,
) -> None:
    """Put the former parameters in force again, by a new release; doing it twice undoes it."""
    from app.calibration import service

    async def act(database: "Database") -> "Promoted":
        async with database.transaction() as db:
            return await service.rollback(db, by=by, why=why, now=datetime.now(UTC))

    _say_promotion(run_on_database(act), as_json)


def runs(as_json: AsJson = False) -> None:
    """List the registered runs with their states, and every promotion and rollback."""
    from app.calibration import service

    async def act(database: "Database") -> tuple[list[Any], list[Any]]:
        async with database.reading() as db:
            return await service.every_run(db), await service.promotions(db)

    registered, promotions = run_on_database(act)
    if as_json:
        facts = {
            "runs": [_facts(found) for found in registered],
            "promotions": [
                {
                    "number": one.number,
                    "release": str(one.release_id),
                    "run": one.run_hash,
                    "rollback": one.rollback,
                    "by": one.actor,
                    "why": one.why,
                    "at": one.at.isoformat(),
                }
                for one in promotions
            ],
        }
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    table = Table("run", "name", "state", "author", "responses", "since", title="registered runs")
    for found in registered:
        last = found.steps[-1]
        kind = "people" if found.real else "simulated"
        since = f"{last.at:%Y-%m-%d %H:%M}, {last.by}"
        table.add_row(found.content_hash[:12], found.name, found.state, found.author, kind, since)
    console.print(table)
    table = Table("number", "run", "how", "by", "when", "why", title="promotions")
    for one in promotions:
        how = "rollback" if one.rollback else "promotion"
        named = one.run_hash[:12] if one.run_hash else "the experts’ set"
        table.add_row(str(one.number), named, how, one.actor, f"{one.at:%Y-%m-%d %H:%M}", one.why)
    console.print(table)


def _hash(run: str) -> str:
    """The content hash of a run folder, or what was given."""
    facts = Path(run) / "run.json"
    if facts.is_file():
        return str(json.loads(facts.read_text(encoding="utf-8"))["content_hash"])
    return run


def _facts(found: "Registered") -> Mapping[str, Any]:
    return {
        "run": found.content_hash,
        "name": found.name,
        "state": found.state,
        "author": found.author,
        "real": found.real,
        "steps": [vars(step) | {"at": step.at.isoformat()} for step in found.steps],
    }


def _say_run(found: "Registered", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_facts(found), ensure_ascii=False, indent=2))
        return
    last = found.steps[-1]
    console.print(
        f"run {found.content_hash[:12]} ({found.name}) is {found.state}, by {last.by}", markup=False
    )
    if not found.real:
        console.print("its responses are simulated: promoted, it stays provisional")


def _say_promotion(found: "Promoted", as_json: bool) -> None:
    from app.calibration.service import told

    if as_json:
        facts = vars(found) | {"release_id": str(found.release_id), "at": found.at.isoformat()}
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2, default=dict))
        return
    what = "rollback" if found.rollback else "promotion"
    console.print(
        f"{what} {found.number}: release {found.release_number} ({found.content_hash[:12]}) is in force"
    )
    if found.provisional:
        console.print("provisional: it gives indicative results and no certificate. What is lacking:")
        for line in told(found.lacking):
            console.print(f"  {line}", markup=False, soft_wrap=True)
    elif found.demonstration:
        console.print("calibrated, but not every item is operational: no certificate until they are")
    else:
        console.print("calibrated on people’s responses: certificates can be issued")
    for design, (before, after) in found.exposure.items():
        console.print(
            f"{design}: at most {after:.1%} of the sittings see one item ({before:.1%} with the former control)"
        )
    if not (found.exposure or found.rollback):
        console.print(
            "exposure control was fitted to the former parameters and may let items through too often"
        )
    console.print("sittings that run keep their release; new ones take this one within seconds")
