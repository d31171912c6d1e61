"""Does calibration find the parameters that made the responses, and do its intervals hold them?

    python -m benchmarks.recovery [--replications 200] [--json]

For each model the same items meet new persons many times; with guessing, where priors are needed, the items are drawn
anew from the priors as well: an interval under a prior covers on average over that prior, and not for an item chosen to
contradict it. Each time parameters and standard errors (observed information) are estimated, and for each parameter of
each item it is noted whether the 95 % interval holds the true one: estimate ± 1.96 se, of a in its logarithm and of c
in its logit, so that no interval leaves the range of its parameter. *Coverage* pools the items of a model; *lowest* and
*highest* are those of a single parameter. *Bias* is the mean error over items and replications, *RMSE* its root mean
square, *se* the mean standard error: where se and RMSE agree, the standard errors are right.

Bars: pooled coverage 93-97 % (90-98 % with guessing, whose prior pulls), of each parameter 89-99 %. Exit status 1
where one is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from dataclasses import asdict, dataclass
from typing import Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from irt.calibration import calibrate
from irt.models import category_probability
from irt.mstep import Beta, LogNormal, Normal, Priors
from irt.responses import Responses
from irt.standard_errors import ParameterError, interval, standard_errors
from irt.types import FloatArray, GradedParameters, ItemParameters, NominalParameters, Parameters

SEED: Final = 2026


@dataclass(frozen=True)
class Design:
    """What is simulated; `share` of the items is given to each person."""

    name: str
    model: str
    n_persons: int
    n_items: int
    share: float = 1.0
    guessing: bool = False


DESIGNS: Final = (
    Design("Rasch", "rasch", 500, 20),
    Design("2PL", "2pl", 1_000, 20),
    Design("2PL, 40 % of the items each", "2pl", 2_500, 40, share=0.4),
    Design("3PL, priors on a, b and c", "3pl", 2_000, 30, guessing=True),
    Design("graded, 4 scores", "grm", 1_000, 12),
    Design("GPCM, 3 scores", "gpcm", 1_000, 12),
)
PRIORS: Final = Priors(a=LogNormal(0.1, 0.4), b=Normal(0.0, 1.2), c=Beta(5, 17))


@dataclass(frozen=True)
class Line:
    """One kind of parameter of one design."""

    design: str
    parameter: str
    coverage: float
    lowest: float
    highest: float
    bias: float
    rmse: float
    se: float
    guessing: bool

    @property
    def met(self) -> bool:
        """Whether the bars are reached."""
        low, high = (0.90, 0.98) if self.guessing else (0.93, 0.97)
        return low <= self.coverage <= high and self.lowest >= 0.89 and self.highest <= 0.99


def items(design: Design, number: int) -> Parameters:
    """The true parameters: fixed, spread evenly; with guessing drawn from the priors."""
    n = design.n_items
    if design.guessing:
        rng = np.random.default_rng([SEED, number, 1])
        a, b = rng.lognormal(0.1, 0.4, n), rng.normal(0, 1.2, n)
        return ItemParameters(a, b, rng.beta(5, 17, n), np.ones(n))
    rng = np.random.default_rng(SEED)
    a = np.ones(n) if design.model == "rasch" else rng.permutation(np.exp(np.linspace(-0.35, 0.5, n)))
    b = np.linspace(-1.5, 1.5, n)
    if design.model == "grm":
        return GradedParameters(a, b[:, None] * 0.5 + np.array([-1.0, 0.0, 1.0]))
    if design.model == "gpcm":
        return NominalParameters.partial_credit(b[:, None] * 0.5 + np.array([-0.5, 0.5]), a)
    return ItemParameters(a, b, np.zeros(n), np.ones(n))


def truth(parameters: Parameters) -> dict[tuple[int, str], float]:
    """True values by item and name, as `parameter_rows` names them."""
    found: dict[tuple[int, str], float] = {}
    for item in range(len(parameters)):
        if isinstance(parameters, ItemParameters):
            found[item, "a"], found[item, "b"] = float(parameters.a[item]), float(parameters.b[item])
            found[item, "c"] = float(parameters.c[item])
        elif isinstance(parameters, GradedParameters):
            found[item, "a"] = float(parameters.a[item])
            for k, value in enumerate(parameters.thresholds[item].tolist(), start=1):
                found[item, f"b{k}"] = value
        elif isinstance(parameters, NominalParameters):
            a = float(parameters.slopes[item, 1])
            found[item, "a"] = a
            for k, value in enumerate((-np.diff(parameters.intercepts[item]) / a).tolist(), start=1):
                found[item, f"b{k}"] = value
    return found


def replication(design: Design, parameters: Parameters, number: int) -> list[ParameterError]:
    """One set of persons: estimates with their errors."""
    rng = np.random.default_rng([SEED, number])
    theta = rng.normal(size=design.n_persons)
    p = category_probability(parameters, theta)
    score = (rng.random(p.shape[:2])[:, :, None] > np.cumsum(p, axis=2)[:, :, :-1]).sum(axis=2)
    table: FloatArray = score.astype(np.float64)
    if design.share < 1:
        given = rng.random(table.shape).argsort(axis=1) < round(design.share * design.n_items)
        table = np.where(given, table, np.nan)
    responses = Responses.from_wide(table, n_categories=parameters.n_categories)
    priors = PRIORS if design.guessing else None
    found = calibrate(responses, design.model, priors=priors, tolerance=1e-5)
    errors = standard_errors(found, responses)
    return [row for row in errors.parameter_rows() if not math.isnan(row.se)]


def lines(design: Design, replications: int, *, quiet: bool = True) -> list[Line]:
    """Coverage, bias and precision of one design."""
    gaps: dict[tuple[int, str], list[tuple[float, float, bool]]] = {}
    for number in track(range(replications), design.name, disable=quiet, transient=True):
        parameters = items(design, number)
        true = truth(parameters)
        for row in replication(design, parameters, number):
            actual = true[row.item, row.name]
            low, high = interval(row)
            entry = (row.value - actual, row.se, low <= actual <= high)
            gaps.setdefault((row.item, row.name), []).append(entry)
    found = []
    for name in sorted({name for _, name in gaps}):
        own = np.array(
            [values for (_, other), values in gaps.items() if other == name]
        )  # (items, replications, 3)
        inside = own[:, :, 2]
        each = inside.mean(axis=1)
        found.append(
            Line(
                design.name,
                name,
                float(inside.mean()),
                float(each.min()),
                float(each.max()),
                float(own[:, :, 0].mean()),
                float(np.sqrt((own[:, :, 0] ** 2).mean())),
                float(own[:, :, 1].mean()),
                design.guessing,
            )
        )
    return found


def main() -> int:
    """Run the study and print the table; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    every = [line for design in DESIGNS for line in lines(design, options.replications, quiet=options.json)]
    if options.json:
        print(json.dumps([asdict(line) for line in every], indent=1))
    else:
        table = Table(title=f"Recovery, {options.replications} replications", title_justify="left")
        for heading in ("design", "parameter", "coverage", "lowest", "highest", "bias", "RMSE", "se", "met"):
            table.add_column(heading, justify="left" if heading in ("design", "parameter") else "right")
        for line in every:
            table.add_row(
                line.design,
                line.parameter,
                *(f"{100 * value:.1f} %" for value in (line.coverage, line.lowest, line.highest)),
                *(f"{value:.3f}" for value in (line.bias, line.rmse, line.se)),
                "yes" if line.met else "NO",
            )
        Console(width=120).print(table)
    return int(not all(line.met for line in every))


if __name__ == "__main__":
    sys.exit(main())
