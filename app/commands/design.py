"""Commands about test designs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

if TYPE_CHECKING:
    from irt.exposure import Eligibility

app = typer.Typer(no_args_is_help=True)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

HEADER = (
    "# Item eligibility, fitted by simulation (`palier design fit`); written by the command, not by hand.\n"
)


@app.command()
def fit(
    design: Annotated[str, typer.Argument(help="key of a design, such as certification")],
    target: Annotated[
        float, typer.Option(min=0.01, max=1, help="largest share of sittings an item may see")
    ] = 0.25,
    learners: Annotated[int, typer.Option(min=100)] = 4000,
    rounds: Annotated[int, typer.Option(min=2)] = 8,
    seed: int = 1,
    processes: Annotated[int, typer.Option(min=1)] = 1,
    content: Annotated[Path | None, typer.Option(help="folder of the bank's text files")] = None,
) -> None:
    """Fit the exposure control of a design by simulation and store it in the design's file."""
    from app.settings import settings
    from irt.ability import NormalPrior
    from irt.simulate import fit_eligibility, population
    from item_bank import blueprint
    from item_bank.errors import BankError

    folder = content or settings().content_dir
    checked = blueprint.check(folder)
    if checked.problems or checked.release is None:
        errors.print("The bank has mistakes; run `palier bank check`.")
        raise typer.Exit(1)
    try:
        chosen = checked.release.design(design)
    except BankError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from None
    policy = blueprint.compile_design(checked.release, chosen).policy(checked.release)
    theta = population(learners, prior=NormalPrior(), seed=seed)
    with Progress(console=errors, transient=True) as progress:
        task = progress.add_task(f"{design}: rounds", total=rounds)
        fitted = fit_eligibility(
            policy,
            theta,
            target=target,
            seed=seed,
            rounds=rounds,
            processes=processes,
            progress=lambda done, _total: progress.update(task, completed=done),
        )
    file = folder / checked.content.origins[design].file
    block = _block(target, checked.release.item_ids, fitted)
    file.write_text(_without_exposure(file.read_text(encoding="utf-8")) + block, encoding="utf-8")
    limited = int((fitted.probabilities < 1).any(axis=0).sum())
    console.print(f"{file.name}: {limited} of {len(checked.release)} items limited, target {target:g}")


def _block(target: float, item_ids: tuple[str, ...], fitted: "Eligibility") -> str:
    lines = [HEADER, "exposure:\n", f"  target: {target:g}\n"]
    if len(fitted.edges):
        lines.append(f"  edges: [{', '.join(f'{edge:g}' for edge in fitted.edges.tolist())}]\n")
    lines.append("  eligibility:\n")
    for item_id, column in zip(item_ids, fitted.probabilities.T.tolist(), strict=True):
        rounded = [round(value, 3) for value in column]
        if min(rounded) < 1:
            lines.append(f"    {item_id}: [{', '.join(f'{value:g}' for value in rounded)}]\n")
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
