"""What the bank gives to each certification: exposure, items used, precision, beside what no selection can beat.

    python -m benchmarks.bank [--learners 10000] [--by-profession 2000] [--design KEY] [--seed 1] [--json]

One row for everybody and one for each profession that a design serves, learners from N(0, 1). `max`, `band` and
`overlap` are realised exposure: of any item over all learners, of any item within a band of theta (bounds at -1.5,
-0.5, 0.5, 1.5), and the mean share of items that two learners have in common. `used` counts items that anybody was
given. `se` is the mean posterior sd of the learners whose true theta lies in the range where the design wants a
precision. `knowing` is the same when items are chosen at the true theta and without exposure control, `bound` the
linear programme of `palier design check`: known theta, the design's rows and exposure targets. Seeds differ from those
of `palier design fit`. Bars: 0 violations everywhere; se within the design's precision; of `certification` for
everybody max 0.28, band 0.60, overlap 0.22, 65 % of the items used.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

import item_bank
from irt.ability import NormalPrior
from irt.simulate import population, simulate, with_eligibility
from item_bank.blueprint import check, compile_design
from item_bank.design import Design
from item_bank.release import Release
from item_bank.supply import supply

CONTENT = Path(item_bank.__file__).parent / "content"
BANDS = (-1.5, -0.5, 0.5, 1.5)
BARS = {"max": 0.28, "band": 0.60, "overlap": 0.22, "used": 0.65}
MAIN = "certification"


@dataclass(frozen=True)
class Row:
    """Figures of one design, for everybody or for one profession."""

    design: str
    profession: str
    items: int
    learners: int
    violations: int
    max: float
    band: float
    overlap: float
    used: float
    se: float
    knowing: float
    bound: float
    wanted: float
    exact_level: float
    missed: tuple[str, ...]
    unused: tuple[str, ...]


def rows(
    release: Release, designs: list[Design], learners: int, by_profession: int, seed: int
) -> Iterator[Row]:
    """Simulate each design, for everybody and for each profession whose items are others."""
    for design in designs:
        everybody = compile_design(release, design)
        yield measured(release, design, None, learners, seed)
        for profession in release.professions_of(design.pool) if by_profession else ():
            own = release.available(profession, pool=design.pool)
            if not (own == everybody.available).all():
                yield measured(release, design, profession, by_profession, seed)


def measured(release: Release, design: Design, profession: str | None, learners: int, seed: int) -> Row:
    """Simulate one design for one audience."""
    compiled = compile_design(release, design, profession=profession)
    policy = compiled.policy(release)
    # Another stream than the fit's, which counts its rounds from the same seed.
    theta = population(learners, prior=NormalPrior(), seed=seed + 1000)
    found = simulate(policy, theta, seed=seed + 1000, available=compiled.available, warm=False)
    few = theta[: min(learners, 2000)]
    knowing = simulate(
        with_eligibility(policy, None),
        few,
        seed=seed + 1000,
        available=compiled.available,
        warm=False,
        oracle=True,
    )
    precision = compiled.design.precision
    low, high = (-1.5, 1.5) if precision is None else (precision.lowest, precision.highest)

    def mean_se(sd: np.ndarray, truth: np.ndarray) -> float:
        return float(sd[(truth >= low) & (truth <= high)].mean())

    given, band = found.sittings.items, np.searchsorted(BANDS, theta)
    by_band = [
        np.bincount(given[band == number].ravel(), minlength=len(release)).max() / (band == number).sum()
        for number in range(len(BANDS) + 1)
    ]
    used = found.exposure.rates > 0
    offer = supply(release, compiled, profession)
    row = Row(
        design=design.id,
        profession=profession or "everybody",
        items=int(compiled.available.sum()),
        learners=learners,
        violations=found.blueprint_violations,
        max=found.max_exposure,
        band=float(max(by_band)),
        overlap=found.exposure.overlap,
        used=float(used.sum() / compiled.available.sum()),
        se=mean_se(found.sittings.se, theta),
        knowing=mean_se(knowing.sittings.se, few),
        bound=offer.standard_error,
        wanted=offer.wanted or float("nan"),
        exact_level=found.classification_accuracy,
        missed=(),
        unused=tuple(np.array(release.item_ids)[compiled.available & ~used].tolist()),
    )
    return replace(row, missed=missed(row))


def missed(row: Row) -> tuple[str, ...]:
    """Names of the bars that a row does not reach."""
    names = ["violations"] if row.violations else []
    names += ["se"] if row.se > row.wanted else []
    if row.design == MAIN and row.profession == "everybody":
        names += [name for name in ("max", "band", "overlap") if getattr(row, name) > BARS[name]]
        names += ["used"] if row.used < BARS["used"] else []
    return tuple(names)


def main() -> None:
    """Print the table, and the items that nobody was given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--learners", type=int, default=10_000)
    parser.add_argument(
        "--by-profession", type=int, default=2_000, help="learners of each; 0: everybody only"
    )
    parser.add_argument("--design", help="one design instead of every certification")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--content", type=Path, default=CONTENT)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    release = check(options.content).release
    if release is None:
        raise SystemExit("The bank cannot be compiled; run `palier bank check`.")
    designs = [
        design
        for design in release.designs
        if (
            design.id == options.design
            if options.design
            else design.issues_certificates and not design.spreads_items
        )
    ]
    if not designs:
        raise SystemExit("There is no such design.")
    found = list(rows(release, designs, options.learners, options.by_profession, options.seed))
    if options.json:
        print(json.dumps([row.__dict__ for row in found], indent=2))
        return
    console = Console(width=200)
    names = ("design", "for", "items", "learners", "broken rows", "max", "band", "overlap", "used", "se")
    table = Table(*names, "wanted", "knowing", "bound", "exact level", "missed", box=MARKDOWN)
    table.columns[0].no_wrap = True
    for row in found:
        numbers = (row.max, row.band, row.overlap)
        table.add_row(
            row.design,
            row.profession,
            str(row.items),
            f"{row.learners:,}",
            str(row.violations),
            *(f"{value:.3f}" for value in numbers),
            f"{row.used:.0%}",
            f"{row.se:.3f}",
            f"{row.wanted:.2f}",
            f"{row.knowing:.3f}",
            f"{row.bound:.3f}",
            f"{row.exact_level:.2f}",
            ", ".join(row.missed) or "–",
        )
    console.print(table)
    for row in found:
        if row.profession == "everybody" and row.unused:
            console.print(f"{row.design}, {len(row.unused)} items given to nobody: {', '.join(row.unused)}")


if __name__ == "__main__":
    main()
