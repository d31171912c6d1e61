"""The author's and the psychometrician's commands: check, count, publish, simulate."""

import asyncio
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from app.db import Database
    from irt.policy import Policy
    from irt.simulate import Simulation
    from item_bank.files import Content

app = typer.Typer(no_args_is_help=True)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

Folder = Annotated[Path | None, typer.Option("--content", help="folder of the bank's text files")]
RecordFile = Annotated[
    Path | None,
    typer.Option(
        "--records", help="file of the blind readings; by default reviews/ beside the content folder"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON instead of tables")]


def read_content(folder: Path | None) -> "Content":
    """The content, or every mistake in it and exit 1; a stale language version is said, and left out."""
    from app.settings import settings
    from item_bank import files

    content, problems = files.read(folder or settings().content_dir)
    for problem in problems:
        errors.print(str(problem), markup=False, soft_wrap=True)
    mistakes = sum(problem.blocking for problem in problems)
    if mistakes:
        errors.print(f"{mistakes} mistake{'s' if mistakes > 1 else ''} in the bank.")
        raise typer.Exit(1)
    return content


def records_of(folder: Path, records: Path | None = None) -> Path:
    """Where the blind readings of a content folder are recorded."""
    return records or folder.parent / "reviews" / "blind_readings.jsonl"


@app.command()
def check(content: Folder = None, records: RecordFile = None, as_json: AsJson = False) -> None:
    """Explain every mistake of the bank with file, line and field; try the designs; print the lint figures.

    An item that is approved, in pretest or operational must have been answered blind; those in review that
    still wait for it are counted.
    """
    from app.settings import settings
    from item_bank import blueprint, lint, readings

    folder = content or settings().content_dir
    checked = blueprint.check(folder)
    known = readings.read_records(records_of(folder, records))
    verdicts = readings.verdicts(checked.content, known.records)
    report = lint.lint(checked.content, datetime.now(UTC).date())
    problems = [
        *(str(problem) for problem in checked.problems),
        *(str(problem) for problem in known.problems),
        *(str(problem) for problem in readings.refusals(checked.content, verdicts)),
        *(str(error) for error in report.errors),
    ]
    figures = dict(report.figures) | {"blind_readings": readings.figures(checked.content, verdicts)}
    warnings = [str(warning) for warning in report.warnings]
    waiting = sum(len(ids) for ids in readings.waiting(checked.content, verdicts).values())
    if waiting:
        warnings.append(
            f"{waiting} item{'s' if waiting > 1 else ''} in review wait for a blind reading that stands: "
            "`palier bank sheet`, then `palier bank record-reading` [blind_reading]"
        )
    if as_json:
        facts = {
            "items": len(checked.content.items),
            "errors": problems,
            "figures": figures,
            "warnings": warnings,
        }
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            errors.print(f"error    {problem}", markup=False, soft_wrap=True)
        for warning in warnings:
            console.print(f"warning  {warning}", markup=False, soft_wrap=True)
        for name, value in figures.items():
            console.print(f"{name:<44} {value}", markup=False)
        console.print(f"{len(checked.content.items)} items, {len(problems)} errors, {len(warnings)} warnings")
    if problems:
        raise typer.Exit(1)


@app.command()
def stats(content: Folder = None, as_json: AsJson = False) -> None:
    """Count items by domain, competence, level, interaction, profession, stage, language and status."""
    from item_bank import release

    counts = release.stats(read_content(content))
    if as_json:
        typer.echo(json.dumps(counts, ensure_ascii=False, indent=2))
        return
    console.print(f"{counts['items']} items")
    for name, values in counts.items():
        if isinstance(values, dict):
            table = Table(name, "items", title=None)
            for key, count in values.items():
                table.add_row(key, str(count))
            console.print(table)


@app.command()
def publish(
    content: Folder = None,
    records: RecordFile = None,
    by: Annotated[str, typer.Option(help="who answers for the statuses that the files change")] = "",
    why: Annotated[str, typer.Option(help="why they change")] = "",
) -> None:
    """Publish the text files as a release; nothing happens when that content is published already.

    What the workshop has changed since the files were last read stands; what both have changed is refused.
    """
    from app.db import Database
    from app.settings import settings

    async def act() -> tuple[int, bool]:
        database = Database(settings())
        folder = content or settings().content_dir
        try:
            return await publish_content(
                database, folder, actor="command line", records=records, by=by, why=why
            )
        finally:
            await database.close()

    number, new = asyncio.run(act())
    console.print(f"release {number} {'published' if new else 'is up to date'}")


async def publish_content(
    database: "Database",
    folder: Path,
    *,
    actor: str,
    records: Path | None = None,
    by: str = "",
    why: str = "",
) -> tuple[int, bool]:
    """Check, take in the files, compile and publish; returns the release's number and whether it is new."""
    from app.assessments.service import publish_designs
    from app.bank import service as bank
    from app.calibration import service as calibration
    from item_bank import readings, release
    from item_bank.lifecycle import RefusedImport

    content = read_content(folder)
    known = readings.read_records(records_of(folder, records))
    now = datetime.now(UTC)
    try:
        async with database.transaction() as db:
            merged = await bank.import_content(
                db,
                content,
                verdicts=readings.verdicts(content, known.records),
                by=by,
                why=why,
                actor=actor,
                now=now,
            )
            verdicts = readings.verdicts(merged.content, known.records)
            refuse(str(problem) for problem in readings.refusals(merged.content, verdicts))
            snapshot = await calibration.carried_over(db, release.compile(merged.content))
            release_id, new = await bank.publish(db, snapshot, actor=by or actor, now=now)
            published = await bank.load(db, release_id)
            if new:
                await publish_designs(db, published, now)
    except RefusedImport as error:
        refuse(str(refusal) for refusal in error.refusals)
    if merged.kept:
        errors.print(f"the workshop's state stands for {len(merged.kept)}: {', '.join(merged.kept)}")
    return published.number, new


def refuse(reasons: Iterable[str]) -> None:
    """Print the reasons and exit 1, if there is any."""
    told = list(reasons)
    for reason in told:
        errors.print(reason, markup=False, soft_wrap=True)
    if told:
        raise typer.Exit(1)


def simulate(
    design: Annotated[str, typer.Argument(help="key of a design, such as certification")],
    learners: Annotated[int, typer.Option(min=1, max=10_000_000)] = 1000,
    seed: Annotated[int, typer.Option(help="the same seed gives the same learners and the same luck")] = 1,
    profession: Annotated[
        str | None, typer.Option(help="only the items this profession may be asked")
    ] = None,
    mean: Annotated[float, typer.Option(help="mean of true theta")] = 0.0,
    sd: Annotated[float, typer.Option(min=0.0, help="standard deviation of true theta")] = 1.0,
    processes: Annotated[int, typer.Option(min=1, max=256)] = 1,
    against: Annotated[
        str | None, typer.Option(help="`pix`: its published algorithm on the same bank, learners and luck")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="write a report with plots to this file")] = None,
    content: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Run simulated learners through a design, with the very policy and scoring that serve sittings."""
    import numpy as np

    from irt.ability import NormalPrior
    from irt.pix import CONFIGURATIONS, PixPolicy
    from irt.simulate import population
    from irt.simulate import simulate as run_simulation
    from item_bank import blueprint, release
    from item_bank.errors import BankError

    if against not in (None, "pix"):
        errors.print(f"There is no policy {against!r} to compare with; known: pix.", markup=False)
        raise typer.Exit(2)
    snapshot = release.compile(read_content(content))
    try:
        compiled = blueprint.compile_design(snapshot, snapshot.design(design))
        available = snapshot.available(profession, pool=compiled.design.pool)
        limited = profession is not None or bool(compiled.design.pool)
    except BankError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from None
    theta = population(learners, prior=NormalPrior(mean, sd), seed=seed)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    if against == "pix" and snapshot.parameter_set.steps:
        errors.print(
            "Items scored in part: the incumbent's algorithm knows right and wrong alone.", markup=False
        )
        raise typer.Exit(2)
    served = compiled.policy(snapshot)
    policies: dict[str, Policy | PixPolicy] = {design: served}
    if against == "pix":
        cuts = np.array(snapshot.framework.cuts)
        policies |= {
            f"pix, {name}": PixPolicy(
                snapshot.parameter_set.parameters, snapshot.competence, snapshot.topic, configuration, cuts
            )
            for name, configuration in CONFIGURATIONS.items()
        }
    results: dict[str, Simulation] = {}
    facts: dict[str, dict[str, Any]] = {}
    with Progress(*columns, console=errors, transient=True) as progress:
        for name, policy in policies.items():
            task = progress.add_task(f"{name}: learners", total=learners)
            found = run_simulation(
                policy,
                theta,
                seed=seed,
                available=available if limited and name == design else None,
                processes=processes,
                progress=lambda done, _total, task=task: progress.update(task, completed=done),  # type: ignore[misc]
                clock=time.perf_counter,
            )
            results[name] = found
            facts[name] = _facts(found, learners, len(snapshot))
    if html is not None:
        from app.commands import report

        own_result = results.pop(design)
        asked = available if limited else None
        run = report.Run(snapshot, compiled, served, own_result, seed, mean, sd, profession, asked, results)
        html.write_text(report.page(run), encoding="utf-8")
    own = facts.pop(design)
    if as_json:
        typer.echo(json.dumps(own | ({"against": facts} if facts else {}), indent=2))
        return
    _print_simulation(design, own)
    if facts:
        _print_comparison({design: own} | facts)


def _facts(found: "Simulation", learners: int, bank_size: int) -> dict[str, Any]:
    from app.commands import report

    rows = found.conditional
    names = [name for name in rows._fields if name != "n_persons"]
    middle = [
        index
        for index, theta in enumerate(rows.theta.tolist())
        if -1.5 <= theta <= 1.5 and rows.n_persons[index]
    ]
    return {
        "learners": learners,
        "bias": found.bias,
        "wle_bias": found.wle_bias,
        "rmse": found.rmse,
        "mean_se": found.mean_se,
        "mean_se_middle": _mean_se_between(found, -1.5, 1.5),
        "max_wle_bias_middle": max((abs(float(rows.wle_bias[index])) for index in middle), default=None),
        "coverage": found.coverage,
        "mean_length": found.mean_length,
        "classification_accuracy": found.classification_accuracy,
        "adjacent_accuracy": found.adjacent_accuracy,
        "pass_accuracy": found.pass_accuracy,
        "expected_accuracy": found.expected_accuracy,
        "max_exposure": found.max_exposure,
        "exposure_floor": found.mean_length / bank_size,
        "items_used": int((found.exposure.rates > 0).sum()),
        "bank": bank_size,
        "blueprint_violations": found.blueprint_violations,
        "relaxed_steps": found.relaxed,
        "reasons": {reason.name.lower(): count for reason, count in found.reasons.items()},
        "learners_per_second": found.learners_per_second,
        "recovery": report.recovery_facts(found.sittings),
        "conditional": [
            {"n": int(rows.n_persons[index])}
            | {name: _finite(float(getattr(rows, name)[index])) for name in names}
            for index in range(len(rows.theta))
        ],
    }


def _mean_se_between(found: "Simulation", low: float, high: float) -> float | None:
    inside = (found.sittings.truth >= low) & (found.sittings.truth <= high)
    return float(found.sittings.se[inside].mean()) if inside.any() else None


def _finite(value: float) -> float | None:
    return value if value == value and abs(value) != float("inf") else None


SHORT = {"wle_bias": "wle b", "wle_rmse": "wle r", "coverage": "cover", "classification_accuracy": "level"}


def _print_simulation(design: str, facts: dict[str, Any]) -> None:
    table = Table("figure", "value", title=f"{design}, {facts['learners']:,} simulated learners")
    for name, value in facts.items():
        if name not in ("conditional", "reasons", "learners", "recovery"):
            table.add_row(name.replace("_", " "), _written(value))
    table.add_row(
        "stopped", ", ".join(f"{count:,} {name}" for name, count in facts["reasons"].items() if count)
    )
    console.print(table)
    rows = facts["conditional"]
    if rows:
        table = Table(
            *(SHORT.get(name, name) for name in rows[0]), title="by true theta", box=SIMPLE, padding=0
        )
        for row in rows:
            table.add_row(*(_written(value) for value in row.values()))
        console.print(table)
    _print_recovery(facts["recovery"])


def _print_recovery(facts: dict[str, Any]) -> None:
    heads = ("estimate", "theta", "n", "bias", "se", "rmse", "coverage", "from", "to")
    table = Table(*heads, title=f"{facts['interval']:.0%} intervals by true theta", box=SIMPLE, padding=0)
    names = ("n_persons", "bias", "se", "rmse", "coverage", "coverage_low", "coverage_high")
    for estimate in ("eap", "wle"):
        rows = [(_written(row["theta"]), row) for row in facts[estimate]["by_theta"]]
        rows += [("all", facts[estimate]["all"])] if facts[estimate]["all"] else []
        for place, row in rows:
            table.add_row(estimate, place, *(_written(row[name]) for name in names))
    console.print(table)


def _print_comparison(policies: dict[str, dict[str, Any]]) -> None:
    names = (
        *("rmse", "bias", "mean_se", "mean_length", "classification_accuracy", "adjacent_accuracy"),
        *("pass_accuracy", "max_exposure", "items_used", "learners_per_second"),
    )
    table = Table("figure", *policies, title="same bank, same learners, same luck")
    for name in names:
        table.add_row(name.replace("_", " "), *(_written(facts[name]) for facts in policies.values()))
    console.print(table)


def _written(value: Any) -> str:
    if value is None:
        return "–"
    return (
        f"{value:,.3f}"
        if isinstance(value, float)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )
