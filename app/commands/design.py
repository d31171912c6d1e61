"""Commands about test designs: what they cannot have, and their exposure control."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

if TYPE_CHECKING:
    from irt.exposure import Eligibility
    from item_bank.blueprint import Checked
    from item_bank.design import Design, Exposure
    from item_bank.supply import Diagnosis

app = typer.Typer(no_args_is_help=True)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

Folder = Annotated[Path | None, typer.Option("--content", help="folder of the bank's text files")]

INFEASIBLE, USAGE, THIN = 1, 2, 3
HEADER = (
    "# Item eligibility, fitted by simulation (`palier design fit`); written by the command, not by hand.\n"
)


def _checked(folder: Path) -> "Checked":
    """The bank, or exit 1: what is wrong with it is the business of `palier bank check`."""
    from item_bank import blueprint

    checked = blueprint.check(folder)
    if checked.problems or checked.release is None:
        errors.print("The bank has mistakes; run `palier bank check`.")
        raise typer.Exit(1)
    return checked


def _folder(content: Path | None) -> Path:
    from app.settings import settings

    return content or settings().content_dir


@app.command()
def check(
    design: Annotated[str, typer.Argument(help="key of a design, such as certification")],
    everybody: Annotated[
        bool, typer.Option("--everybody", help="not for each profession, only for everybody")
    ] = False,
    content: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
) -> None:
    """Say what a design cannot have, where the bank is thin for it, and what to write next.

    Exit status: 0 nothing missing, 1 a row cannot be met, 2 no such design, 3 feasible but thin.
    """
    from item_bank import files, release, supply
    from item_bank.errors import BankError

    # Not `_checked`: a row that cannot be met is what this command is asked about.
    read, problems = files.read(_folder(content))
    if problems:
        errors.print("The bank has mistakes; run `palier bank check`.")
        raise typer.Exit(USAGE)
    snapshot = release.compile(read)
    try:
        found = supply.diagnose(snapshot, snapshot.design(design), professions=not everybody)
    except BankError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(USAGE) from None
    if as_json:
        typer.echo(json.dumps(_facts(found), ensure_ascii=False, indent=2))
    else:
        _print(found)
    if found.infeasible:
        raise typer.Exit(INFEASIBLE)
    if found.thin:
        raise typer.Exit(THIN)


@app.command()
def fit(
    design: Annotated[
        str | None, typer.Argument(help="key of a design, such as certification; or --all")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="every certification of the bank but those that spread items")
    ] = False,
    target: Annotated[
        float | None,
        typer.Option(min=0.01, max=1, help="largest share of sittings an item may see; as stored, or 0.25"),
    ] = None,
    band_target: Annotated[
        float | None,
        typer.Option(min=0.01, max=1, help="the same within each band of theta; as stored, or none"),
    ] = None,
    learners: Annotated[int, typer.Option(min=100)] = 4000,
    rounds: Annotated[int, typer.Option(min=2)] = 10,
    seed: int = 1,
    processes: Annotated[int, typer.Option(min=1)] = 1,
    content: Folder = None,
) -> None:
    """Fit the exposure control of a design by simulation and store it in the design's file.

    Targets and bands not given are those that the file states. The same seed writes the same file.
    """
    from item_bank.errors import BankError

    folder = _folder(content)
    checked = _checked(folder)
    assert checked.release is not None  # noqa: S101  (_checked leaves without one)
    if every == (design is not None):
        errors.print("Name a design, or say --all.")
        raise typer.Exit(USAGE)
    try:
        chosen = (
            [checked.release.design(design)]
            if design is not None
            else [one for one in checked.release.designs if one.issues_certificates and not one.spreads_items]
        )
    except BankError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(USAGE) from None
    for one in chosen:
        stored = _targets(one, target, band_target)
        fitted = _fitted(checked, one, stored, learners, rounds, seed, processes)
        file = folder / checked.content.origins[one.id].file
        block = _block(stored, checked.release.item_ids, fitted)
        file.write_text(_without_exposure(file.read_text(encoding="utf-8")) + block, encoding="utf-8")
        limited = int((fitted.probabilities < 1).any(axis=0).sum())
        limits = f"target {stored.target:g}"
        limits += f", {stored.band_target:g} in a band" if stored.band_target < 1 else ""
        console.print(f"{file.name}: {limited} of {len(checked.release)} items limited, {limits}")


def _targets(design: "Design", target: float | None, band_target: float | None) -> "Exposure":
    """The limits asked for, else those of the design's file."""
    from dataclasses import replace

    stored = design.exposure
    wanted = target if target is not None else stored.target if stored.target < 1 else 0.25
    return replace(stored, target=wanted, band_target=band_target or stored.band_target)


def _fitted(
    checked: "Checked",
    design: "Design",
    exposure: "Exposure",
    learners: int,
    rounds: int,
    seed: int,
    processes: int,
) -> "Eligibility":
    from dataclasses import replace

    from irt.ability import NormalPrior
    from irt.errors import InvalidParameters
    from irt.simulate import fit_eligibility, population
    from item_bank.blueprint import compile_design

    assert checked.release is not None  # noqa: S101  (_checked leaves without one)
    # A fit starts from nothing, so that the same command writes the same file.
    blank = replace(design, exposure=replace(exposure, eligibility=(), sympson_hetter=()))
    compiled = compile_design(checked.release, blank)
    policy = compiled.policy(checked.release)
    theta = population(learners, prior=NormalPrior(), seed=seed)
    with Progress(console=errors, transient=True) as progress:
        task = progress.add_task(f"{design.id}: rounds", total=rounds)
        try:
            return fit_eligibility(
                policy,
                theta,
                target=exposure.target,
                band_target=exposure.band_target if exposure.band_target < 1 else None,
                edges=exposure.edges,
                available=compiled.available,
                seed=seed,
                rounds=rounds,
                processes=processes,
                progress=lambda done, _total: progress.update(task, completed=done),
            )
        except InvalidParameters as error:
            errors.print(f"{design.id}: {error}", markup=False)
            raise typer.Exit(USAGE) from None


def _block(exposure: "Exposure", item_ids: tuple[str, ...], fitted: "Eligibility") -> str:
    lines = [HEADER, "exposure:\n", f"  target: {exposure.target:g}\n"]
    if exposure.band_target < 1:
        lines.append(f"  band_target: {exposure.band_target:g}\n")
    if len(fitted.edges):
        lines.append(f"  edges: [{', '.join(f'{edge:g}' for edge in fitted.edges.tolist())}]\n")
    limited = [
        (item_id, [round(value, 3) for value in column])
        for item_id, column in zip(item_ids, fitted.probabilities.T.tolist(), strict=True)
    ]
    limited = [(item_id, column) for item_id, column in limited if min(column) < 1]
    if limited:
        lines.append("  eligibility:\n")
    lines += [
        f"    {item_id}: [{', '.join(f'{value:g}' for value in column)}]\n" for item_id, column in limited
    ]
    return "".join(lines)


def _without_exposure(text: str) -> str:
    """A design's file without its exposure block and the comment above it."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        if line.startswith(("exposure:", HEADER)):
            inside = True
            continue
        if inside and line[:1] in (" ", "\n"):
            continue
        inside = False
        kept.append(line)
    return "".join(kept).rstrip("\n") + "\n"


def _facts(found: "Diagnosis") -> dict[str, Any]:
    return {
        "design": found.design,
        "infeasible": [row._asdict() for row in found.infeasible],
        "thin": found.thin,
        "supplies": [
            {
                "profession": supply.profession,
                "items": supply.items,
                "items_needed": supply.items_needed,
                "standard_error": {
                    "wanted": supply.wanted,
                    "bound": round(supply.standard_error, 4),
                    "expected": round(supply.expected, 4),
                },
                "thin": supply.thin,
                "writing_is_enough": supply.enough,
                "cells": [cell._asdict() | {"thin": cell.thin} for cell in supply.cells],
                "competences": [part._asdict() | {"thin": part.thin} for part in supply.competences],
                "write": [item._asdict() for item in supply.writing],
            }
            for supply in found.supplies
        ],
    }


def _print(found: "Diagnosis") -> None:
    for row in found.infeasible:
        whom = f" for {row.profession}" if row.profession else ""
        console.print(
            f"infeasible{whom}: the row of {row.label} needs {row.needed} items and can have {row.available}",
            markup=False,
            soft_wrap=True,
        )
    table = Table("for", "items", "needed", "se wanted", "bound", "expected", "", box=SIMPLE)
    for supply in found.supplies:
        table.add_row(
            supply.profession or "everybody",
            str(supply.items),
            str(supply.items_needed),
            "–" if supply.wanted is None else f"{supply.wanted:.3f}",
            f"{supply.standard_error:.3f}",
            f"{supply.expected:.3f}",
            "thin" if supply.thin else "",
        )
    console.print(table)
    for supply in found.supplies:
        whom = supply.profession or "everybody"
        for cell in supply.cells:
            if cell.thin:
                console.print(
                    f"thin for {whom}: {cell.domain}, theta {cell.low:g} to {cell.high:g}: {cell.items} items "
                    f"suit, {cell.information:.3f} of {cell.needed:.3f} information an item",
                    markup=False,
                    soft_wrap=True,
                )
        for part in supply.competences:
            if part.thin:
                console.print(
                    f"thin for {whom}: {part.competence}: {part.items} items, {part.needed} would let every "
                    "sitting see another one within the exposure target",
                    markup=False,
                    soft_wrap=True,
                )
        if not supply.enough:
            console.print(
                f"for {whom} these items would not be enough: the precision is beyond the levels or the length "
                "of the design",
                markup=False,
                soft_wrap=True,
            )
        word = "write" if supply.thin else "would help most"
        for item in supply.writing:
            console.print(
                f"{word} for {whom}: {item.items} of level {item.level} in {item.competence}, "
                f"for instance {item.topic}",
                markup=False,
                soft_wrap=True,
            )
