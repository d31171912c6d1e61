"""The report of a calibration, the rehearsal of a launch, simulated sittings to try both on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.commands.bank import AsJson, Folder, console, errors, read_content
from app.commands.life import run_on_database

if TYPE_CHECKING:
    from app.calibration.rehearsal import Rehearsal
    from app.calibration.runs import Run
    from app.commands.run_report import Impact
    from app.db import Database
    from item_bank.release import Release

sittings = typer.Typer(no_args_is_help=True)


def report(
    run: Annotated[Path, typer.Argument(help="folder of a run")],
    html: Annotated[Path, typer.Option(help="the file to write")],
    against: Annotated[
        str | None,
        typer.Option(help="what drift is told against: a run, or the beginning of a release's content hash"),
    ] = None,
    group: Annotated[str | None, typer.Option(help="column of the data whose groups DIF compares")] = None,
    design: Annotated[
        str, typer.Option(help="test by which the impact of promoting is simulated")
    ] = "certification",
    learners: Annotated[int, typer.Option(min=100, help="simulated learners of the impact")] = 2000,
    seed: Annotated[int, typer.Option()] = 1,
    content: Folder = None,
) -> None:
    """Write the report of a calibration: one HTML file that needs nothing else."""
    from app.calibration.runs import RunError, load
    from app.commands import run_report

    try:
        loaded = load(run)
    except RunError as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task("reading", total=None)
        current = _release(content)
        former = _superseded(loaded.content_hash) if content is None and current is not None else None
        found = gathered(
            loaded,
            current=current,
            former=former,
            against=against,
            group=group,
            design=design,
            learners=learners,
            seed=seed,
            say=lambda words: progress.update(task, description=words),
        )
        progress.update(task, description="drawing")
        html.write_text(run_report.page(found), encoding="utf-8")
    flagged = {one.item for one in run_report.flags(found)}
    console.print(f"{html}: {len(flagged)} items to look at", markup=False, soft_wrap=True)


def gathered(
    run: Run,
    *,
    current: Release | None,
    former: Release | None = None,
    against: str | None = None,
    group: str | None = None,
    design: str = "certification",
    learners: int = 2000,
    seed: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> Any:
    """Everything the report tells about a run; what cannot be had is named with its reason.

    A run in force is compared with the set it superseded, `former`: with itself nothing would ever change.
    """
    from app.calibration import workshop
    from app.calibration.parameters import release_bank
    from app.commands.run_report import IN_FORCE, Report, in_force

    without: dict[str, str] = {}
    here = current is not None and in_force(run, current)
    compared_with = former if here else current

    def tried(name: str, words: str, work: Callable[[], Any]) -> Any:
        say(words)
        try:
            return work()
        except ValueError as error:
            without[name] = f"Not computed: {error}."
            return None

    fitted = tried("fit", "fit", lambda: workshop.fit(run))
    compared = tried("dif", "dif", lambda: workshop.dif(run, group)) if group else None
    if group is None:
        without["dif"] = "Not asked for: say --group COLUMN."
    drifted, named = None, against
    if against is not None:
        reference = release_bank(_released(against)) if not Path(against).exists() else Path(against)
        drifted = tried("drift", "drift", lambda: workshop.drift(run, reference))
    elif compared_with is not None and compared_with.parameter_set.evidence:
        named = f"release {compared_with.content_hash[:12]}"
        drifted = tried("drift", "drift", lambda: workshop.drift(run, release_bank(compared_with)))
    else:
        without["drift"] = "No calibrated set to compare with: say --against."
    impact = None
    if current is None:
        without["impact"] = "No release: publish the bank, or say --content."
    elif compared_with is None:
        without["impact"] = (
            f"{IN_FORCE}, and no earlier one is known here: there is nothing to compare it with."
        )
    else:
        impact = tried(
            "impact",
            "impact of promoting",
            lambda: impact_of(run, compared_with, design, learners, seed, say),
        )
    return Report(run, fitted, compared, group, drifted, named, impact, current, without, here)


def impact_of(
    run: Run,
    current: Release,
    design: str,
    learners: int,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
) -> Impact:
    """Simulate the test before and after a promotion; the new parameters generate the answers.

    Afterwards exposure control is fitted to the new parameters, as promoting does.

    Raises
    ------
    ValueError
        The release cannot take the run; says why.
    """
    import numpy as np

    from app.calibration import service
    from app.calibration.exposure import LEARNERS, ROUNDS, controlled, refitted
    from app.commands.run_report import Impact
    from app.errors import AppError
    from irt.ability import NormalPrior
    from irt.levels import level_of
    from irt.simulate import population, running_estimates, simulate
    from item_bank import promotion
    from item_bank.blueprint import compile_design
    from item_bank.errors import BankError

    try:
        estimates = service.estimates_of(run, current)
        promoted = promotion.with_estimates(current, estimates, run=run.content_hash, real=False, note="")
        compiled = compile_design(current, current.design(design))
    except AppError as error:
        raise ValueError(error.detail.rstrip(".")) from None
    except BankError as error:
        raise ValueError(str(error)) from None
    available = current.available(pool=compiled.design.pool)
    limited = None if available.all() else available
    theta = population(learners, prior=NormalPrior(), seed=seed)
    test = compiled.design
    if test in controlled(promoted):
        say("exposure control as promoting fits it")
        test = refitted(promoted, test, learners=min(learners, LEARNERS), rounds=ROUNDS, seed=seed)
    before, after = compiled.policy(current), compile_design(promoted, test).policy(promoted)

    def sat(policy: Any) -> Any:
        return simulate(policy, theta, seed=seed, truth=promoted.parameters, available=limited, warm=False)

    old, new = sat(before), sat(after)
    rescored, _ = running_estimates(after, old.sittings.items, old.sittings.scores)
    cuts = np.array(current.framework.cuts)
    labels = tuple(level.label for level in current.framework.certification_levels)
    given = np.zeros((len(labels), len(labels)))
    np.add.at(given, (level_of(old.sittings.theta, cuts), level_of(rescored[:, -1], cuts)), 1)
    return Impact(
        design=design,
        before=current.content_hash,
        learners=learners,
        seed=seed,
        labels=labels,
        given=given,
        old=old,
        new=new,
        old_rmse=old.rmse,
        old_bias=old.bias,
        exposure=(old.exposure.rates, new.exposure.rates),
    )


def _release(content: Path | None) -> Release | None:
    """The release in force, or that of a content folder; None where there is neither, nor a database."""
    if content is not None:
        from item_bank import release

        return release.compile(read_content(content))
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from app.bank import service as bank

    async def stored(database: Database) -> Release | None:
        try:
            async with database.reading() as db:
                release_id = await bank.latest(db)
                return None if release_id is None else (await bank.load(db, release_id)).snapshot
        except (
            OperationalError,
            ProgrammingError,
        ):  # a run of foreign data, reported where nothing is installed
            return None

    return run_on_database(stored)


def _superseded(run_hash: str) -> Release | None:
    """The release that a run took the place of when it was last promoted."""
    from app.bank import service as bank
    from app.calibration import service

    async def stored(database: Database) -> Release | None:
        async with database.reading() as db:
            own = [one for one in await service.promotions(db) if one.run_hash == run_hash]
            return (await bank.load(db, own[-1].former_release_id)).snapshot if own else None

    return run_on_database(stored)


def _released(prefix: str) -> Release:
    from app.bank import service as bank

    async def stored(database: Database) -> Release:
        async with database.reading() as db:
            return (await bank.release_like(db, prefix)).snapshot

    return run_on_database(stored)


def rehearse(
    learners: Annotated[int, typer.Option(min=200, max=1_000_000)] = 4000,
    seed: Annotated[int, typer.Option(help="the same seed gives the same launch")] = 1,
    design: Annotated[str, typer.Option(help="the test that is launched")] = "certification",
    html: Annotated[Path | None, typer.Option(help="write a page to this file")] = None,
    content: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Rehearse a launch: what opening on the experts' parameters alone would get wrong."""
    from app.calibration.rehearsal import rehearse as run_rehearsal
    from item_bank import release
    from item_bank.errors import BankError

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    snapshot = release.compile(read_content(content))
    with Progress(*columns, console=errors, transient=True, disable=as_json) as progress:
        task = progress.add_task("", total=None)
        try:
            found = run_rehearsal(
                snapshot,
                design=design,
                learners=learners,
                seed=seed,
                progress=lambda words: progress.update(task, description=words),
            )
        except BankError as error:
            errors.print(str(error), markup=False)
            raise typer.Exit(2) from None
    if html is not None:
        from app.commands.rehearsal_page import page

        html.write_text(page(found, in_words(found)), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(found.facts(), ensure_ascii=False, indent=2))
        return
    _print_rehearsal(found)


def _print_rehearsal(found: Rehearsal) -> None:
    table = Table(
        "launch", "levels wrong", "by two", "pass wrong", "passes, should not", "fails, should not", "bias", "rmse",
        "max exposure", "items used", title=f"{found.design}, {found.learners:,} learners", box=SIMPLE, padding=(0, 1),
    )  # fmt: skip
    for row in found.rows:
        shares = (row.levels, row.by_two, row.decisions, row.passed, row.failed)
        table.add_row(
            row.name, *(f"{share:.1%}" for share in shares), f"{row.bias:+.3f}", f"{row.rmse:.3f}",
            f"{row.max_exposure:.1%}", str(row.items_used),
        )  # fmt: skip
    console.print(table)
    table = Table("bias by true level, logits", *found.level_labels, box=SIMPLE, padding=(0, 1))
    for row in found.rows:
        table.add_row(row.name, *("–" if value != value else f"{value:+.2f}" for value in row.by_level))
    console.print(table)
    for name, own in found.recovery.items():
        console.print(
            f"{name}: b against the truth: correlation {own['b_correlation']:.3f}, bias {own['b_bias']:+.3f}, "
            f"rmse {own['b_rmse']:.3f}; log a rmse {own['log_a_rmse']:.3f}"
        )
    if not found.run.converged:
        console.print(found.run.facts["outcome"]["advice"], markup=False)
    console.print(
        f"{len(found.short)} items had fewer than 300 responses; standard error of the cuts at most "
        f"{max(found.cut_errors):.3f} logit"
    )
    for line in in_words(found):
        console.print(line, markup=False, soft_wrap=True)


def in_words(found: Rehearsal) -> list[str]:
    """What a launch on the experts' parameters alone would have got wrong, in sentences."""
    alone, _, held, after, known = found.rows
    n = found.learners
    worst = max((value for value in alone.by_level if value == value), key=abs)
    place = found.level_labels[alone.by_level.index(worst)]
    return [
        f"On the experts’ parameters alone, {round(alone.levels * n):,} of {n:,} learners get another "
        "level than theirs and "
        f"{round(alone.decisions * n):,} the wrong pass decision: {round(alone.failed * n):,} fail who should pass, "
        f"{round(alone.passed * n):,} pass who should not. Most biased: {place}, by {worst:+.2f} logit.",
        f"Held and published after calibration: {round(held.levels * n):,} and "
        f"{round(held.decisions * n):,}, with items spread "
        f"at random, which measures less sharply (rmse {held.rmse:.2f}) but without bias ({held.bias:+.2f}).",
        f"The test after promotion: {round(after.levels * n):,} and {round(after.decisions * n):,}; with "
        "everything known, "
        f"{round(known.levels * n):,} and {round(known.decisions * n):,}, which no test of this length can "
        "undercut by much.",
    ]


@sittings.command("simulate")
def simulate_sittings(
    count: Annotated[int, typer.Argument(min=1, max=200_000, metavar="N", help="how many sittings")] = 5000,
    design: Annotated[str, typer.Option(help="the test they take")] = "certification",
    seed: Annotated[int, typer.Option(help="the same seed gives the same learners, once per database")] = 1,
    as_json: AsJson = False,
) -> None:
    """Fill the database with finished sittings of simulated learners, marked as such wherever they go.

    Refused where a real institution has sittings.
    """
    from app.assessments.service import Assessments
    from app.calibration.simulated import fill

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}/{task.total:,}"))
    with Progress(*columns, console=errors, transient=True, disable=as_json) as progress:
        task = progress.add_task("sittings", total=count)

        async def act(database: Database) -> Mapping[str, Any]:
            return await fill(
                database,
                Assessments(database),
                design,
                count,
                seed=seed,
                now=datetime.now(UTC),
                progress=lambda done: progress.update(task, completed=done),
            )

        found = run_on_database(act)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        console.print(
            f"{found['sittings']:,} simulated sittings of {design}, {found['responses']:,} responses, "
            "under the institution "
            f"{found['institution']}; parameters calibrated on them stay provisional",
            soft_wrap=True,
        )
