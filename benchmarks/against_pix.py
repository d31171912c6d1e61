"""Palier's policy against the incumbent's published algorithm, in one simulator, on one bank.

    python -m benchmarks.against_pix [--learners 20000] [--processes 1] [--json]

Bank: 400 items of the two-parameter model, 16 competences, 90 topics. Both give 32 items, at most one per topic
and at least one of every competence. Learners answer by common random numbers: the same person gives the same
answer to the same item under every policy. `tails` are the learners more than 1.5 sd from the mean of theirs;
`rmse / oracle` compares with a test that knows the true theta while it chooses; `se` is the root mean square of
the reported standard errors over the RMSE: 1 when they are honest. Levels are counted between the bounds that
the incumbent publishes for its own scale. `equal exposure` is our policy with eligibility probabilities fitted
so that no item is used more often than by the incumbent's configuration of the greatest exposure spread.
"""

from __future__ import annotations

import argparse
import json
import os
from time import perf_counter
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.table import Table

from irt import (
    BlueprintTree,
    ItemParameters,
    NormalPrior,
    Policy,
    Rules,
    Simulation,
    compile_policy,
    fit_eligibility,
    population,
    simulate,
)
from irt.pix import CONFIGURATIONS, PixPolicy
from irt.simulate import with_eligibility

N_ITEMS, N_COMPETENCES, N_TOPICS, LENGTH = 400, 16, 90, 32
PRIOR = NormalPrior(0.5, 1.7)
OTHERS = NormalPrior(-0.5, 1.2)
BOUNDS = np.array([-1.4, -0.519, 0.6, 1.5, 2.25, 3.1, 4.0])
TAIL = 1.5


def world(seed: int = 7) -> tuple[ItemParameters, np.ndarray, np.ndarray]:
    """Items, their competences and topics."""
    rng = np.random.default_rng(seed)
    topic = np.concatenate([np.arange(N_TOPICS), rng.integers(0, N_TOPICS, N_ITEMS - N_TOPICS)])
    competence = topic % N_COMPETENCES
    a = rng.lognormal(0.1, 0.3, N_ITEMS)
    b = rng.normal(0.5, 1.7, N_ITEMS)
    return ItemParameters(a, b, np.zeros(N_ITEMS), np.ones(N_ITEMS)), competence, topic


def ours(bank: ItemParameters, topic: np.ndarray, length: int = LENGTH, **rules: Any) -> Policy:
    """One item of every competence at least, at most one per topic."""
    parent = [-1, *([0] * N_COMPETENCES), *(1 + number % N_COMPETENCES for number in range(N_TOPICS))]
    lower = [length, *([1] * N_COMPETENCES), *([0] * N_TOPICS)]
    upper = [length, *([length] * N_COMPETENCES), *([1] * N_TOPICS)]
    leaf = 1 + N_COMPETENCES + topic
    tree = BlueprintTree(parent, lower, upper, leaf, [-1] * N_ITEMS, [0] * N_ITEMS, 0)
    design: dict[str, Any] = {"length": length, "minimum_length": length, "cuts": BOUNDS, "prior": PRIOR}
    return compile_policy(bank, tree, Rules(**design | rules))


def figures(result: Simulation, center: NormalPrior) -> dict[str, float]:
    """One row of the table."""
    held = result.sittings
    error = held.theta - held.truth
    tail = np.abs(held.truth - center.mean) > TAIL * center.sd
    return {
        "length": result.mean_length,
        "rmse": result.rmse,
        "tails": float(np.sqrt((error[tail] ** 2).mean())),
        "bias": result.bias,
        "se": float(np.sqrt((held.se**2).mean())) / result.rmse,
        "coverage": result.coverage,
        "misclassified": 1 - result.classification_accuracy,
        "max_exposure": result.max_exposure,
        "overlap": result.exposure.overlap,
        "unused": result.exposure.unused,
    }


def misclassified_more(one: Simulation, other: Simulation) -> tuple[float, float, float]:
    """Difference of the shares misclassified (one - other) with its paired 95 % interval."""
    wrong = [(r.sittings.level != r.sittings.true_level).astype(float) for r in (one, other)]
    difference = wrong[0] - wrong[1]
    mean, half = difference.mean(), 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
    return float(mean), float(mean - half), float(mean + half)


def compare(learners: int, processes: int, console: Console) -> dict[str, Any]:
    """Every run; rows by population and policy."""
    bank, competence, topic = world()
    incumbents = {
        name: PixPolicy(bank, competence, topic, configuration, BOUNDS)
        for name, configuration in CONFIGURATIONS.items()
    }
    own = ours(bank, topic)
    report: dict[str, Any] = {}
    for label, people in (("N(0.5, 1.7)", PRIOR), ("N(-0.5, 1.2)", OTHERS)):
        theta = population(learners, prior=people, seed=11)

        def run(policy: Policy | PixPolicy, theta: np.ndarray = theta, **options: Any) -> Simulation:
            return simulate(policy, theta, seed=5, warm=False, processes=processes, **options)

        start = perf_counter()
        results: dict[str, Simulation] = {f"Pix, {name}": run(each) for name, each in incumbents.items()}
        results["Palier"] = run(own)
        results["oracle"] = run(own, oracle=True)
        spread = min(results[f"Pix, {name}"].max_exposure for name in incumbents)
        few = population(min(learners, 2000), prior=people, seed=12)
        fitted = fit_eligibility(own, few, target=spread * 0.97, seed=6, rounds=8, processes=processes)
        results["Palier, equal exposure"] = run(with_eligibility(own, fitted))
        rows = {name: figures(result, people) for name, result in results.items()}
        for name, result in results.items():
            rows[name]["rmse_over_oracle"] = rows[name]["rmse"] / rows["oracle"]["rmse"]
            if name.startswith("Pix"):
                more = misclassified_more(results["Palier"], result)
                rows[name]["palier_rmse_lower"] = 1 - rows["Palier"]["rmse"] / rows[name]["rmse"]
                rows[name]["palier_tails_lower"] = 1 - rows["Palier"]["tails"] / rows[name]["tails"]
                rows[name]["palier_misclassifies_more"], *interval = more
                rows[name]["interval_low"], rows[name]["interval_high"] = interval
        if people is PRIOR:
            report["rmse_by_length"] = {LENGTH: rows["Palier"]["rmse"]}
            length, worst = LENGTH, max(rows[f"Pix, {name}"]["rmse"] for name in incumbents)
            while report["rmse_by_length"][length] <= worst and length > N_COMPETENCES:
                length -= 1
                report["rmse_by_length"][length] = run(ours(bank, topic, length)).rmse
            report["equal_rmse_length"] = {
                name: min(
                    (
                        count
                        for count, rmse in report["rmse_by_length"].items()
                        if rmse <= rows[f"Pix, {name}"]["rmse"]
                    ),
                    default=LENGTH,
                )
                for name in incumbents
            }
        report[label] = rows
        show(label, rows, learners, perf_counter() - start, console)
    return report


def show(
    label: str, rows: dict[str, dict[str, float]], learners: int, seconds: float, console: Console
) -> None:
    table = Table(title=f"{learners:,} learners {label}, {seconds:.0f} s")
    columns = (
        "rmse",
        "tails",
        "bias",
        "se",
        "coverage",
        "misclassified",
        "max_exposure",
        "overlap",
        "unused",
    )
    table.add_column("policy")
    for name in (*columns, "rmse / oracle", "rmse lower", "tails lower", "misclassifies more, 95 %"):
        table.add_column(name, justify="right")
    for name, row in rows.items():
        cells = [f"{row[column]:.4f}" if column != "unused" else f"{row[column]:.0f}" for column in columns]
        cells.append(f"{row['rmse_over_oracle']:.3f}")
        if "palier_rmse_lower" in row:
            cells += [f"{row['palier_rmse_lower']:.1%}", f"{row['palier_tails_lower']:.1%}"]
            cells.append(
                f"{row['palier_misclassifies_more']:+.4f} [{row['interval_low']:+.4f}, {row['interval_high']:+.4f}]"
            )
        table.add_row(name, *cells)
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--learners", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    console = Console(stderr=options.json, width=200)
    report = compare(options.learners, options.processes, console)
    if options.json:
        print(json.dumps(report, indent=2))
        return
    for name, length in report["equal_rmse_length"].items():
        console.print(
            f"Palier needs {length} items for the RMSE of Pix, {name}, with {LENGTH}: {1 - length / LENGTH:.0%} fewer."
        )


if __name__ == "__main__":
    main()
