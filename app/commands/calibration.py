"""The psychometrician's commands: export responses, calibrate, fit, DIF, drift, link, what changed."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from rich.box import SIMPLE
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.commands.bank import console, errors
from app.commands.life import run_on_database

if TYPE_CHECKING:
    import polars as pl

    from app.calibration import Bank, Run
    from app.calibration.estimation import Spoken
    from app.db import Database

responses = typer.Typer(no_args_is_help=True)
T = TypeVar("T")

BAD_INPUT, NOT_CONVERGED = 1, 2
SHOWN = 40  # rows of a table on screen; the file beside the run has all

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="folder of a run")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON instead of tables")]
Form = Annotated[
    str,
    typer.Option(
        "--format", help="of parameter tables: auto, ab, slope-intercept, or mirt for those of R's mirt"
    ),
]
Scaling = Annotated[float, typer.Option(help="D of parameter tables: 1, or 1.702 for the normal metric")]
Rows = Annotated[int, typer.Option(help="rows shown on screen; 0 for all")]
AGAINST = "folder of a run, a CSV table of parameters, or the beginning of a release's content hash"


class StandardError(StrEnum):
    """Kinds of standard errors."""

    OAKES = "oakes"
    CROSSPROD = "crossprod"
    SANDWICH = "sandwich"
    NONE = "none"


class Omitted(StrEnum):
    """What an omitted answer counts as."""

    WRONG = "wrong"
    MISSING = "missing"


class Layout(StrEnum):
    """One row per answer or one per person."""

    AUTO = "auto"
    LONG = "long"
    WIDE = "wide"


class Method(StrEnum):
    """Methods of DIF."""

    MH = "mh"
    LOGISTIC = "logistic"
    LORD = "lord"
    LRT = "lrt"


@responses.command("export")
def export_responses(
    out: Annotated[Path, typer.Option(help="the Parquet file to write")],
    design: Annotated[
        str | None, typer.Option(help="only sittings of this design, such as certification")
    ] = None,
    release: Annotated[
        str | None, typer.Option(help="only sittings on the release whose content hash begins so")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="only sittings created since (UTC)"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write every response that selected an item, under pseudonyms, to a Parquet file for `palier calibrate`.

    Filters choose sittings, never responses: adaptive data are missing at random only when all of them are there.
    """
    import secrets

    from app.assessments.service import Assessments
    from app.calibration.exports import export

    if not out.parent.is_dir():
        _refuse(f"there is no folder {out.parent}")

    async def write(database: "Database") -> dict[str, int]:
        async with database.reading() as db:
            return await export(
                db,
                Assessments(database),
                out,
                key=secrets.token_bytes(32),
                now=datetime.now(UTC),
                design=design,
                release=release,
                since=None if since is None else since.replace(tzinfo=UTC),
            )

    found = run_on_database(write)
    if as_json:
        typer.echo(json.dumps({"file": str(out), **found}))
    else:
        console.print(
            f"{out}: {found['responses']:,} responses of {found['persons']:,} sittings", markup=False
        )


def calibrate(
    data: Annotated[Path, typer.Argument(help="responses: CSV or Parquet, long or wide")],
    out: Annotated[Path, typer.Option(help="folder of the run, which must not exist yet")],
    model: Annotated[
        str,
        typer.Option(
            help="rasch, 1pl, 2pl, 3pl, 4pl, grm, pcm, gpcm, rsm, nrm; two joined by + for right or wrong and for "
            "several scores, such as 3pl+gpcm; mixed is 2pl+gpcm"
        ),
    ] = "2pl",
    models: Annotated[
        Path | None,
        typer.Option(help="CSV of items: item, model, and if wanted categories, b, level, options"),
    ] = None,
    anchors: Annotated[str | None, typer.Option(help=f"items kept as they are: {AGAINST}")] = None,
    group: Annotated[str | None, typer.Option(help="column of groups, each with its own ability")] = None,
    reference: Annotated[str | None, typer.Option(help="which group is N(0, 1); the first by name")] = None,
    priors: Annotated[
        str,
        typer.Option(
            help="none; launch (b around its level, a lognormal, c by options, from the bank's content or --models); "
            'or a JSON file such as {"c": {"beta": [5, 17]}}'
        ),
    ] = "none",
    seed: Annotated[int, typer.Option(help="of what is drawn at random after the estimation")] = 1,
    points: Annotated[int, typer.Option(min=5, help="points of ability")] = 61,
    bound: Annotated[float, typer.Option(help="they lie between minus and plus this, logits")] = 6.0,
    tolerance: Annotated[float, typer.Option(help="converged when no parameter moves by as much")] = 1e-4,
    max_cycles: Annotated[int, typer.Option(min=1, help="most passes over the data")] = 2000,
    latent: Annotated[
        str, typer.Option(help="ability: auto (normal), standard (N(0, 1)), histogram")
    ] = "auto",
    se: Annotated[StandardError, typer.Option(help="kind of standard errors")] = StandardError.OAKES,
    workers: Annotated[int, typer.Option(min=1, help="processes; the numbers are the same")] = 1,
    dask: Annotated[
        str | None, typer.Option(help="address of a Dask scheduler; the numbers are the same")
    ] = None,
    chunks: Annotated[
        int,
        typer.Option(
            min=1, help="read a long Parquet file, sorted by person, in so many parts: memory for one"
        ),
    ] = 1,
    layout: Annotated[Layout, typer.Option(help="of the responses")] = Layout.AUTO,
    column: Annotated[
        list[str] | None,
        typer.Option(help="OURS=THEIRS: their name of person, item, score, position, outcome..."),
    ] = None,
    items: Annotated[
        Path | None, typer.Option(help="text file of the items there are, one a line; others are unknown")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="column of a wide table that is no item; again for more")
    ] = None,
    na: Annotated[list[str] | None, typer.Option(help="more codes for no answer, such as 9 or 99")] = None,
    omitted_code: Annotated[
        list[str] | None, typer.Option(help="code of a question seen and left open")
    ] = None,
    omitted: Annotated[Omitted, typer.Option(help="what such an answer counts as")] = Omitted.WRONG,
    recode: Annotated[bool, typer.Option("--recode", help="close up scores that nobody got")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="go on with an interrupted run in --out")] = False,
    table_format: Form = "auto",
    scaling: Scaling = 1.0,
    content: Annotated[
        Path | None, typer.Option(help="folder of the bank's text files, for launch priors")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate item parameters by marginal maximum likelihood; write a run that is never changed.

    Exit status: 0 converged, 1 the input cannot be used, 2 not converged (the run is written, with advice).
    """
    from app import calibration as workshop
    from app.calibration.frames import NA

    def work(told: "Callable[[Spoken], None]") -> "Run":
        return workshop.calibrate(
            data,
            model,
            models=models,
            anchors=None if anchors is None else _bank(anchors, table_format, scaling),
            group=group,
            reference=reference,
            priors=priors,
            expected=_expected(content) if priors == "launch" else None,
            seed=seed,
            points=points,
            bound=bound,
            tolerance=tolerance,
            max_cycles=max_cycles,
            latent=latent,
            se=se.value,
            workers=workers,
            dask=dask,
            out=out,
            resume=resume,
            progress=told,
            made={"at": datetime.now(UTC).isoformat(timespec="seconds")},
            layout=layout.value,
            columns=_columns(column),
            items=None if items is None else items.read_text(encoding="utf-8").split(),
            keep=keep or (),
            na=(*NA, *(na or ())),
            omitted_codes=omitted_code or (),
            omitted=omitted.value,
            recode=recode,
            chunks=chunks,
        )

    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=errors,
        transient=True, disable=as_json,
    ) as progress:  # fmt: skip
        task = progress.add_task("reading", total=None)

        def told(spoken: "Spoken") -> None:
            words = f"{spoken.stage}: pass {spoken.cycle}, log-likelihood {spoken.objective:,.1f}"
            progress.update(task, description=f"{words}, moved {spoken.largest_change:.1e}")

        run = _tried(lambda: work(told))
    if as_json:
        typer.echo(json.dumps(dict(run.facts), ensure_ascii=False, indent=2))
    else:
        _say_run(run)
    if not run.converged:
        raise typer.Exit(NOT_CONVERGED)


def fit(
    run: RunFolder,
    rows: Rows = SHOWN,
    as_json: AsJson = False,
) -> None:
    """Fit of a run: infit and outfit, S-X2 or the chi-square of adaptive rows, Q3, M2 or C2, lz and lz* of persons.

    Tables are written beside the run: RUN.fit.parquet, RUN.pairs.parquet, RUN.patterns.parquet.
    """
    from app.calibration import workshop
    from app.calibration.runs import beside, load

    loaded = _tried(lambda: load(run))
    found = _tried(lambda: workshop.fit(loaded))
    found.items.write_parquet(beside(loaded, "fit"))
    found.pairs.write_parquet(beside(loaded, "pairs"))
    found.persons.write_parquet(beside(loaded, "patterns"))
    if as_json:
        facts = {
            "items": found.items.to_dicts(),
            "pairs": found.pairs.head(1000).to_dicts(),
            "model": found.model,
            "persons": found.persons.head(1000).to_dicts(),
            "patterns": found.patterns,
        }
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    sequential = found.items["s_x2"].null_count() == len(found.items)
    chi2 = ["x2", "x2_p", "bias"] if sequential else ["s_x2", "s_x2_df", "s_x2_p", "rmsea"]
    _print(found.items.select("item", "n_answers", "infit", "infit_z", "outfit", "outfit_z", *chi2), rows)
    dependent = found.pairs.filter(found.pairs["flagged"])
    console.print(
        f"{len(dependent)} of {len(found.pairs):,} pairs of items locally dependent (Q3 above its mean by more than "
        "0.2 and than chance)",
        markup=False,
        soft_wrap=True,
    )
    if len(dependent):
        _print(dependent.drop("flagged"), rows)
    people = found.patterns
    if people["flagged"]:
        _print(found.persons.filter(found.persons["flagged"]).drop("flagged"), min(rows, 10))
    console.print(workshop.told(people), markup=False, soft_wrap=True)
    model = found.model
    if "statistic" in model and model["statistic"] is not None:
        console.print(
            f"{model['name']} = {model['statistic']:.2f}, {model['degrees']} df, p = {model['p']:.4g}, RMSEA "
            f"{model['rmsea']:.3f} [{model['rmsea_low']:.3f}, {model['rmsea_high']:.3f}], SRMSR {model['srmsr']:.3f}, "
            f"TLI {model['tli']:.3f}, CFI {model['cfi']:.3f}",
            markup=False,
        )
    else:
        console.print(model["outcome"], markup=False)


def dif(
    run: RunFolder,
    group: Annotated[str, typer.Option(help="column with one value for each person")],
    focal: Annotated[str | None, typer.Option(help="the focal group; all others are the reference")] = None,
    method: Annotated[
        list[Method] | None, typer.Option(help="mh and logistic if absent; lord and lrt calibrate again")
    ] = None,
    purify: Annotated[bool, typer.Option(help="match without the items found guilty")] = True,
    significance: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="rate of false discoveries")
    ] = 0.05,
    rows: Rows = SHOWN,
    as_json: AsJson = False,
) -> None:
    """Differential item functioning between two groups of a run's persons; RUN.dif.parquet beside the run."""
    from app.calibration import workshop
    from app.calibration.runs import beside, load

    loaded = _tried(lambda: load(run))
    methods = [one.value for one in method or (Method.MH, Method.LOGISTIC)]
    with Progress(console=errors, transient=True, disable=as_json) as progress:
        task = progress.add_task("items", total=None)
        found = _tried(
            lambda: workshop.dif(
                loaded,
                group,
                focal=focal,
                methods=methods,  # type: ignore[arg-type]
                purify=purify,
                significance=significance,
                progress=lambda what, done, of: progress.update(
                    task, description=what, completed=done, total=of
                ),
            )
        )
    found.write_parquet(beside(loaded, "dif"))
    if as_json:
        typer.echo(json.dumps(found.to_dicts(), ensure_ascii=False, indent=2))
        return
    console.print(f"reference {found['reference'][0]}, focal {found['focal'][0]}", markup=False)
    wanted = [
        "item",
        "n_focal",
        "delta",
        "ets",
        "mh_q",
        "logistic_r2",
        "logistic_q",
        "lord_q",
        "lrt_q",
        "flagged",
    ]
    _print(found.select(name for name in wanted if name in found.columns), rows)
    console.print(f"{int(found['flagged'].sum())} of {len(found)} items flagged")


def drift(
    run: RunFolder,
    against: Annotated[str, typer.Option(help=AGAINST)],
    method: Annotated[
        str, typer.Option(help="stocking-lord, haebara, mean-sigma, mean-mean, mean-gmean")
    ] = "stocking-lord",
    purify: Annotated[bool, typer.Option(help="take drifting anchors out of the link")] = True,
    significance: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="rate of false discoveries")
    ] = 0.05,
    table_format: Form = "auto",
    scaling: Scaling = 1.0,
    rows: Rows = SHOWN,
    as_json: AsJson = False,
) -> None:
    """Which items no longer measure what they measured: robust z, D2, Lord; RUN.drift.parquet beside the run."""
    from app.calibration import workshop
    from app.calibration.runs import beside, load

    loaded = _tried(lambda: load(run))
    target = _bank(against, table_format, scaling)
    found = _tried(
        lambda: workshop.drift(loaded, target, method=method, purify=purify, significance=significance)
    )
    found.items.write_parquet(beside(loaded, "drift"))
    line = {
        "slope": found.line.slope,
        "intercept": found.line.intercept,
        "removed": list(found.removed),
        "outcome": found.outcome,
    }
    if as_json:
        typer.echo(json.dumps({"line": line, "items": found.items.to_dicts()}, ensure_ascii=False, indent=2))
        return
    _print(found.items.drop("df", "p"), rows)
    console.print(
        f"theta of {target.name} = {found.line.slope:.4f} theta {found.line.intercept:+.4f}; "
        f"{int(found.items['flagged'].sum())} of {len(found.items)} items drift; {found.outcome}",
        markup=False,
    )


def link(
    run: RunFolder,
    to: Annotated[str, typer.Option(help=AGAINST)],
    out: Annotated[Path, typer.Option(help="folder of the linked run, which must not exist yet")],
    method: Annotated[
        str, typer.Option(help="stocking-lord, haebara, mean-sigma, mean-mean, mean-gmean")
    ] = "stocking-lord",
    purify: Annotated[bool, typer.Option(help="take drifting anchors out of the link")] = True,
    significance: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="rate of false discoveries")
    ] = 0.05,
    table_format: Form = "auto",
    scaling: Scaling = 1.0,
    as_json: AsJson = False,
) -> None:
    """Carry a run onto the scale of another calibration, by the items they share: a new run."""
    from app.calibration import workshop
    from app.calibration.runs import load

    loaded = _tried(lambda: load(run))
    target = _bank(to, table_format, scaling)
    found = _tried(
        lambda: workshop.link(
            loaded,
            target,
            out=out,
            method=method,
            purify=purify,
            significance=significance,
            made={"at": datetime.now(UTC).isoformat(timespec="seconds")},
        )
    )
    line = found.facts["link"]
    if as_json:
        typer.echo(json.dumps(dict(found.facts), ensure_ascii=False, indent=2))
        return
    errors_of = (
        "" if line["se_slope"] is None else f" (se {line['se_slope']:.4f}, {line['se_intercept']:.4f})"
    )
    console.print(
        f"{out}: theta of {line['to']} = {line['slope']:.4f} theta {line['intercept']:+.4f}{errors_of}, "
        f"{len(line['anchors'])} anchors, {len(line['removed'])} removed; {line['outcome']}",
        markup=False,
        soft_wrap=True,
    )


def diff(
    run: RunFolder,
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="folder of the run it is compared with")],
    rows: Rows = SHOWN,
    as_json: AsJson = False,
) -> None:
    """What changed from OTHER to RUN: items that came and went, parameters that moved. No linking is done."""
    from app.calibration import workshop
    from app.calibration.runs import load

    loaded, before = _tried(lambda: load(run)), _tried(lambda: load(other))
    found = workshop.diff(loaded, before)
    settings = {
        name: [before.facts["settings"].get(name), value]
        for name, value in loaded.facts["settings"].items()
        if before.facts["settings"].get(name) != value
    }
    same_data = before.facts["data"]["hash"] == loaded.facts["data"]["hash"]
    if as_json:
        facts = {"same_data": same_data, "settings": settings, "items": found.to_dicts()}
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    console.print("the same responses" if same_data else "other responses")
    for name, (was, now) in settings.items():
        console.print(f"{name}: {was} then, {now} now", markup=False)
    columns = ["item", "change", "a", "a_new", "b", "b_new", "delta_a", "delta_b", "z_b"]
    _print(found.filter(found["change"] != "same").select(columns), rows)
    counts = found["change"].value_counts(sort=True).rows()
    console.print(", ".join(f"{count} {change}" for change, count in counts))


def parameters(
    run: RunFolder,
    out: Annotated[Path, typer.Option(help="the CSV file to write")],
    table_format: Form = "ab",
    scaling: Scaling = 1.0,
) -> None:
    """Write the parameters of a run as a table: a and b, slope and intercept, or that of R's mirt."""
    from app.calibration.parameters import FORMS, parameter_table
    from app.calibration.runs import load

    if table_format not in FORMS:
        _refuse(f"--format is {', '.join(FORMS)}, not {table_format}")
    loaded = _tried(lambda: load(run))
    table = _tried(lambda: parameter_table(loaded.bank, form=table_format, scaling=scaling))  # type: ignore[arg-type]
    table.write_csv(out)
    console.print(f"{out}: {len(table)} items", markup=False)


def _refuse(problem: str) -> NoReturn:
    errors.print(problem, markup=False, soft_wrap=True)
    raise typer.Exit(BAD_INPUT)


def _tried(work: Callable[[], T]) -> T:
    """What came of it, or what is wrong with the input and exit 1."""
    from app.calibration import CalibrationError, DataError, RunError

    try:
        return work()
    except (DataError, CalibrationError, RunError) as error:
        _refuse(str(error))


def _columns(pairs: Sequence[str] | None) -> dict[str, str]:
    found = {}
    for pair in pairs or ():
        ours, equals, theirs = pair.partition("=")
        if not equals:
            _refuse(f"--column takes OURS=THEIRS, such as person=id, not {pair}")
        found[ours] = theirs
    return found


def _bank(reference: str, table_format: str, scaling: float) -> "Bank":
    """Parameters of a run, of a table, or of a published release."""
    from app.calibration.parameters import FORMS, read_parameters
    from app.calibration.runs import load

    if table_format not in FORMS:
        _refuse(f"--format is {', '.join(FORMS)}, not {table_format}")
    path = Path(reference)
    if path.is_dir():
        return _tried(lambda: load(path).bank)
    if path.is_file():
        return _tried(lambda: read_parameters(path, form=table_format, scaling=scaling))  # type: ignore[arg-type]
    return _released(reference)


def _released(prefix: str) -> "Bank":
    from app.bank import service as bank
    from app.calibration.parameters import release_bank

    async def stored(database: "Database") -> "Bank":
        async with database.reading() as db:
            return release_bank((await bank.release_like(db, prefix)).snapshot)

    return run_on_database(stored)


def _expected(content: Path | None) -> dict[str, tuple[float, int, int]]:
    """Of each item of the bank's content: the difficulty its level stands for, its level, its number of options."""
    from app.settings import settings
    from item_bank import files, release

    folder = content or settings().content_dir
    if not folder.is_dir():
        return {}
    read, problems = files.read(folder)
    if problems:
        _refuse("The bank has mistakes; run `palier bank check`.")
    snapshot = release.compile(read)
    known = snapshot.parameter_set.parameters
    options = [round(1 / c) if c > 0 else 0 for c in known.c.tolist()]
    rows = zip(snapshot.item_ids, known.b.tolist(), snapshot.level.tolist(), options, strict=True)
    return {item: (b, level, count) for item, b, level, count in rows}


def _say_run(run: "Run") -> None:
    facts = run.facts
    data, outcome, found = facts["data"], facts["outcome"], facts["fit"]
    console.print(
        f"{data['persons']:,} persons, {len(data['items']):,} items, {data['answers']:,} answers; "
        f"data {data['hash'][:12]}",
        markup=False,
    )
    for left in outcome["exclusions"]:
        whose = f" ({', '.join(left['items'])})" if left["items"] else ""
        console.print(
            f"left out or changed: {left['count']}: {left['reason']}{whose}", markup=False, soft_wrap=True
        )
    for flag in outcome["flags"][:20]:
        console.print(f"look at {flag['item']}: {flag['problem']}", markup=False, soft_wrap=True)
    word = "converged" if outcome["converged"] else "NOT CONVERGED"
    console.print(
        f"{word} after {outcome['cycles']} passes; log-likelihood {found['log_likelihood']:,.2f}, "
        f"{found['parameters']} parameters, AIC {found['aic']:,.1f}, BIC {found['bic']:,.1f}, "
        f"SABIC {found['sabic']:,.1f}; reliability {found['reliability']:.3f}",
        markup=False,
        soft_wrap=True,
    )
    for group in facts["ability"]:
        name = "" if group["group"] is None else f" of {group['group']}"
        console.print(f"ability{name}: mean {group['mean']:+.3f}, sd {group['sd']:.3f}", markup=False)
    if outcome["advice"]:
        console.print(outcome["advice"], markup=False, soft_wrap=True)
    console.print(f"{run.path}: run {run.content_hash[:12]}", markup=False, soft_wrap=True)


def _print(table: "pl.DataFrame", rows: int) -> None:
    shown = Table(*table.columns, box=SIMPLE)
    for row in table.head(rows or len(table)).iter_rows():
        shown.add_row(*(_cell(value) for value in row))
    console.print(shown)
    if rows and len(table) > rows:
        console.print(f"{len(table) - rows} more rows; --rows 0 shows all")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) >= 0.001 or value == 0 else f"{value:.1e}"
    if isinstance(value, Mapping):
        return json.dumps(value)
    return str(value)
