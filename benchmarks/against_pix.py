"""Palier's policy against the incumbent's published algorithm, in one simulator, on one bank.

    python -m benchmarks.against_pix [--learners 20000] [--processes 1] [--variants] [--json]

Bank: 400 items of the two-parameter model, 16 competences, 90 topics. Both give 32 items, at most one per topic
and at least one of every competence. Learners answer by common random numbers: the same person gives the same
answer to the same item under every policy. `tails` are the learners more than 1.5 sd from the mean of theirs;
`rmse / oracle` compares with a test that knows the true theta while it chooses; `se` is the root mean square of
the reported standard errors over the RMSE: 1 when they are honest. Levels are counted between the bounds that
the incumbent publishes for its own scale. `equal exposure` is our policy with eligibility probabilities fitted
so that no item is used more often than by the incumbent's configuration of the greatest exposure spread.

Intervals are of 95 % and paired over persons: by the delta method for ratios of root mean squares and shares, by a
bootstrap of the persons for the number of items at equal RMSE, read between whole numbers of items.

`--variants` asks what else could have been done: other criteria, no rows, and the incumbent's items scored as ours.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.box import MARKDOWN
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
from irt.levels import below_weights, level_of
from irt.pix import CONFIGURATIONS, PixPolicy
from irt.selection import Criterion
from irt.simulate import with_eligibility

N_ITEMS, N_COMPETENCES, N_TOPICS, LENGTH = 400, 16, 90, 32
PRIOR = NormalPrior(0.5, 1.7)
OTHERS = NormalPrior(-0.5, 1.2)
BOUNDS = np.array([-1.4, -0.519, 0.6, 1.5, 2.25, 3.1, 4.0])
TAIL = 1.5
REPLICATES = 1000  # of the bootstrap
REPLICATES = 1000  # of the bootstrap


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


class Interval(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def squared_error(result: Simulation) -> np.ndarray:
    held = result.sittings
    return np.asarray((held.theta - held.truth) ** 2)


def in_tails(result: Simulation, center: NormalPrior) -> np.ndarray:
    return np.asarray(np.abs(result.sittings.truth - center.mean) > TAIL * center.sd)


def root_ratio(one: np.ndarray, other: np.ndarray) -> Interval:
    """Ratio of the root means of two paired positive samples: the logarithm by the delta method."""
    share = one / one.mean() - other / other.mean()
    ratio = float(np.sqrt(one.mean() / other.mean()))
    half = 1.96 * 0.5 * float(share.std(ddof=1)) / math.sqrt(len(one))
    return Interval(ratio, ratio * math.exp(-half), ratio * math.exp(half))


def lower_by(one: np.ndarray, other: np.ndarray) -> Interval:
    """By which part the root mean of `one` lies below that of `other`."""
    ratio = root_ratio(one, other)
    return Interval(1 - ratio.value, 1 - ratio.high, 1 - ratio.low)


def misclassified_more(one: Simulation, other: Simulation) -> Interval:
    """Difference of the shares misclassified, one - other."""
    wrong = [(r.sittings.level != r.sittings.true_level).astype(float) for r in (one, other)]
    difference = wrong[0] - wrong[1]
    mean, half = float(difference.mean()), 1.96 * float(difference.std(ddof=1)) / math.sqrt(len(difference))
    return Interval(mean, mean - half, mean + half)


def equal_length(errors: dict[int, np.ndarray], other: np.ndarray) -> Interval:
    """Items at which our mean squared error, a line between neighbouring lengths, is the other's."""
    lengths = np.array(sorted(errors))
    table = np.stack([*(errors[length] for length in lengths.tolist()), other], axis=1)

    def crossing(mean: np.ndarray) -> float:
        # Made monotone: a longer test is never worse than a shorter one.
        ours = np.minimum.accumulate(mean[:-1])
        return float(np.interp(mean[-1], ours[::-1], lengths[::-1]))

    rng = np.random.default_rng(3)
    persons = len(other)
    found = []
    for _ in range(REPLICATES // 50):
        counts = rng.multinomial(persons, np.full(persons, 1 / persons), size=50)
        found += [crossing(mean) for mean in counts @ table / persons]
    low, high = np.quantile(found, [0.025, 0.975])
    return Interval(crossing(table.mean(axis=0)), float(low), float(high))


def figures(result: Simulation, center: NormalPrior) -> dict[str, Any]:
    """One row of the table."""
    error = squared_error(result)
    return {
        "length": result.mean_length,
        "rmse": result.rmse,
        "tails": float(np.sqrt(error[in_tails(result, center)].mean())),
        "bias": result.bias,
        "se": root_ratio(result.sittings.se**2, error),
        "coverage": result.coverage,
        "misclassified": 1 - result.classification_accuracy,
        "max_exposure": result.max_exposure,
        "overlap": result.exposure.overlap,
        "unused": result.exposure.unused,
    }


def scored_by(policy: Policy, result: Simulation) -> Simulation:
    """The same sittings with the EAP, posterior sd and level of `policy` (other figures stay as they were)."""
    held = result.sittings
    scored = [policy.posterior(*row) for row in zip(held.items, held.scores, strict=True)]
    theta = np.array([now.theta for now in scored])
    level = level_of(theta, BOUNDS)
    at = below_weights(held.truth, policy.rules.grid)
    below = np.array([row @ now.weights for row, now in zip(at, scored, strict=True)])
    error = theta - held.truth
    return result._replace(
        rmse=float(np.sqrt((error**2).mean())),
        bias=float(error.mean()),
        coverage=float(((below >= 0.05) & (below <= 0.95)).mean()),
        classification_accuracy=float((level == held.true_level).mean()),
        sittings=held._replace(
            theta=theta, se=np.array([now.se for now in scored]), level=level, below=below
        ),
    )


def compare(learners: int, processes: int, variants: bool, console: Console) -> dict[str, Any]:
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
        results: dict[str, Simulation] = {"Palier": run(own)}
        rivals = {f"Pix, {name}": run(each) for name, each in incumbents.items()}
        if variants:
            others = other_ways(own, bank, topic, rivals["Pix, draft default"], run)
            rows = {name: figures(each, people) for name, each in (results | rivals | others).items()}
            for name, each in (results | rivals | others).items():
                rows[name]["rmse_lower_than"] = lower_by(
                    squared_error(results["Palier"]), squared_error(each)
                )
            report[label] = rows
            if people is PRIOR:
                name, mepv = "Pix, draft default", others["Palier, mepv"]
                report["equal_rmse"] = lengths_at_equal_rmse(
                    bank, topic, mepv, {name: rivals[name]}, run, criterion=Criterion.MEPV
                )
            show_variants(label, rows, learners, perf_counter() - start, console)
            continue
        spread = min(each.max_exposure for each in rivals.values())
        few = population(min(learners, 2000), prior=people, seed=12)
        fitted = fit_eligibility(own, few, target=spread * 0.97, seed=6, rounds=8, processes=processes)
        results["Palier, equal exposure"] = run(with_eligibility(own, fitted))
        results |= rivals
        results["oracle"] = run(own, oracle=True)
        rows = {name: figures(result, people) for name, result in results.items()}
        for name, result in results.items():
            rows[name]["rmse_over_oracle"] = root_ratio(
                squared_error(result), squared_error(results["oracle"])
            )
        leads = {}
        for mine in ("Palier", "Palier, equal exposure"):
            for name, rival in rivals.items():
                errors, theirs = squared_error(results[mine]), squared_error(rival)
                tail = in_tails(rival, people)
                leads[f"{mine} / {name}"] = {
                    "rmse_lower_by": lower_by(errors, theirs),
                    "tails_lower_by": lower_by(errors[tail], theirs[tail]),
                    "misclassified_more": misclassified_more(results[mine], rival),
                }
        report[label] = {"rows": rows, "leads": leads}
        if people is PRIOR:
            report["equal_rmse"] = lengths_at_equal_rmse(bank, topic, results["Palier"], rivals, run)
        show(label, rows, leads, learners, perf_counter() - start, console)
    if not variants:
        report["bars"] = bars(report)
    return report


def lengths_at_equal_rmse(
    bank: ItemParameters,
    topic: np.ndarray,
    full: Simulation,
    rivals: dict[str, Simulation],
    run: Callable[[Policy], Simulation],
    **rules: Any,
) -> dict[str, Any]:
    """RMSE of ever shorter tests, and the length at which each rival's RMSE is reached."""
    errors = {LENGTH: squared_error(full)}
    worst, length = max(each.rmse for each in rivals.values()), LENGTH
    # Some way beyond the crossing, for the ends of the intervals.
    while errors[length].mean() <= (1.03 * worst) ** 2 and length > N_COMPETENCES:
        length -= 1
        errors[length] = squared_error(run(ours(bank, topic, length, **rules)))
    return {
        "rmse_by_length": {count: float(np.sqrt(error.mean())) for count, error in errors.items()},
        "items": {name: equal_length(errors, squared_error(each)) for name, each in rivals.items()},
    }


def other_ways(
    own: Policy, bank: ItemParameters, topic: np.ndarray, rival: Simulation, run: Callable[..., Simulation]
) -> dict[str, Simulation]:
    """What a policy could change: the criterion, the rows, the estimate."""
    tree = BlueprintTree([-1], [LENGTH], [LENGTH], [0] * N_ITEMS, [-1] * N_ITEMS, [0] * N_ITEMS, 0)
    found = {"Pix's items (draft default), Palier's estimate": scored_by(own, rival)}
    for criterion in (Criterion.MFI, Criterion.KLP, Criterion.MEI, Criterion.MEPV):
        found[f"Palier, {criterion.value}"] = run(ours(bank, topic, criterion=criterion))
    free = compile_policy(bank, tree, replace(own.rules, criterion=Criterion.MEPV))
    found["Palier, mepv, no rows at all"] = run(free)
    found["oracle"] = run(own, oracle=True)
    return found


def bars(report: dict[str, Any]) -> dict[str, bool]:
    """The promises made for this comparison, and whether the figures keep them (points, not interval ends)."""
    first, second = report["N(0.5, 1.7)"], report["N(-0.5, 1.2)"]
    names = [f"Palier / Pix, {name}" for name in CONFIGURATIONS]
    leads, others = [first["leads"][name] for name in names], [second["leads"][name] for name in names]
    items = report["equal_rmse"]["items"]
    kept = {
        "RMSE >= 5 % lower than variation 0.5, pick 51": leads[0]["rmse_lower_by"].value >= 0.05,
        "RMSE >= 7 % lower than variation 0.3, pick 100": leads[1]["rmse_lower_by"].value >= 0.07,
        "tails >= 7 % lower than variation 0.5, pick 51": leads[0]["tails_lower_by"].value >= 0.07,
        "tails >= 12 % lower than variation 0.3, pick 100": leads[1]["tails_lower_by"].value >= 0.12,
        "RMSE within 4 % of the oracle": first["rows"]["Palier"]["rmse_over_oracle"].value <= 1.04,
        "reported se within 3 % of the error": abs(first["rows"]["Palier"]["se"].value - 1) <= 0.03,
        "misclassified no more than any": all(
            lead["misclassified_more"].high >= 0 > lead["misclassified_more"].low
            or lead["misclassified_more"].high < 0
            for lead in leads
        ),
        "second population: RMSE no higher than any": all(
            lead["rmse_lower_by"].value >= 0 for lead in others
        ),
    }
    for name in CONFIGURATIONS:
        kept[f">= 10 % fewer items at the RMSE of {name}"] = items[f"Pix, {name}"].value <= 0.9 * LENGTH
    return {name: bool(value) for name, value in kept.items()}


def written(found: Interval, form: str = ".1%") -> str:
    return f"{found.value:{form}} [{found.low:{form}}, {found.high:{form}}]"


COLUMNS = ("rmse", "tails", "bias", "se", "coverage", "misclassified", "max_exposure", "overlap", "unused")


def cells(row: dict[str, Any]) -> list[str]:
    forms = dict.fromkeys(COLUMNS, ".4f") | {
        "bias": "+.4f",
        "coverage": ".1%",
        "misclassified": ".2%",
        "max_exposure": ".3f",
        "overlap": ".3f",
        "unused": ".0f",
    }
    return [written(row[name], ".3f") if name == "se" else f"{row[name]:{forms[name]}}" for name in COLUMNS]


def show(
    label: str,
    rows: dict[str, dict[str, Any]],
    leads: dict[str, dict[str, Interval]],
    learners: int,
    seconds: float,
    console: Console,
) -> None:
    table = Table(
        "policy",
        *COLUMNS,
        "rmse / oracle",
        title=f"{learners:,} learners {label}, {seconds:.0f} s",
        box=MARKDOWN,
    )
    for name, row in rows.items():
        table.add_row(name, *cells(row), written(row["rmse_over_oracle"], ".3f"))
    console.print(table)
    table = Table("policies", "rmse lower by", "tails lower by", "misclassified more, points", box=MARKDOWN)
    for name, lead in leads.items():
        points = Interval(*(100 * value for value in lead["misclassified_more"]))
        table.add_row(
            name, written(lead["rmse_lower_by"]), written(lead["tails_lower_by"]), written(points, "+.2f")
        )
    console.print(table)


def show_variants(
    label: str, rows: dict[str, dict[str, Any]], learners: int, seconds: float, console: Console
) -> None:
    table = Table(
        "way",
        *COLUMNS,
        "Palier's rmse lower by",
        title=f"{learners:,} learners {label}, {seconds:.0f} s",
        box=MARKDOWN,
    )
    for name, row in rows.items():
        table.add_row(name, *cells(row), written(row["rmse_lower_than"]))
    console.print(table)


def plain(value: Any) -> Any:
    """Intervals as objects, for JSON."""
    if isinstance(value, Interval):
        return value._asdict()
    return {name: plain(one) for name, one in value.items()} if isinstance(value, dict) else value


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--learners", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--variants", action="store_true", help="other criteria, no rows, the estimate alone")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    console = Console(stderr=options.json, width=240)
    report = compare(options.learners, options.processes, options.variants, console)
    if options.json:
        print(json.dumps(plain(report), indent=2))
        return
    for name, items in report["equal_rmse"]["items"].items():
        fewer = Interval(*(1 - value / LENGTH for value in (items.value, items.high, items.low)))
        rival = f"{name} (ours by mepv)" if options.variants else name
        console.print(
            f"{rival}: {written(items, '.1f')} items for its RMSE with {LENGTH}, {written(fewer)} fewer"
        )
    for name, kept in report.get("bars", {}).items():
        console.print(f"{'kept' if kept else 'MISSED'}: {name}")


if __name__ == "__main__":
    main()
