"""Cost of choosing an item: the lean step, every criterion, simulation without rows, enemies and quotas.

    python -m benchmarks.selection [--json]

A step is `Policy.step` from the lists of items and scores: responses checked, posterior, its mean and sd, the
most informative item of the bank, ties by the seed; nothing is cached between steps. Criteria are timed for one
person after 20 answers. The simulation is `simulate` itself, the drawing of persons and answers included. The
constrained shadow tests are 500 items, 30 in the test, length, four areas, a sum of words and 20 groups of
enemies; each is compared with HiGHS at gap 0. One thread; steps are the best of many runs (the machine may be
shared), simulations per second of processor time.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from functools import partial
from time import perf_counter, process_time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import Bounds, LinearConstraint, milp

from irt import (
    BlueprintTree,
    ItemParameters,
    NormalPrior,
    Policy,
    Rules,
    compile_policy,
    population,
    simulate,
)
from irt.constraints import Constraints, absorb, assemble
from irt.selection import Criterion
from irt.shadow import prepare

LENGTH, ANSWERED = 30, 20


def bank(n_items: int) -> ItemParameters:
    """Two-parameter items."""
    rng = np.random.default_rng(n_items)
    a, b = rng.lognormal(0.1, 0.3, n_items), rng.normal(0, 1.2, n_items)
    return ItemParameters(a, b, np.zeros(n_items), np.ones(n_items))


def design(n_items: int, criterion: Criterion) -> Policy:
    """A test without rows."""
    alone = [-1] * n_items
    tree = BlueprintTree([-1], [LENGTH], [LENGTH], [0] * n_items, alone, [0] * n_items, 0)
    rules = Rules(length=LENGTH, minimum_length=LENGTH, cuts=np.array([0.0]), criterion=criterion)
    return compile_policy(bank(n_items), tree, rules)


def best_us(run: Callable[[], object], repeats: int) -> float:
    """Microseconds of the best of many runs."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return min(times) * 1e6


def states(policy: Policy) -> tuple[list[int], list[int]]:
    """Items and scores of a sitting after `ANSWERED` answers."""
    rng = np.random.default_rng(1)
    items: list[int] = []
    scores: list[int] = []
    for _ in range(ANSWERED):
        item = policy.step(items, scores, seed=3).item
        items.append(0 if item is None else item)
        scores.append(int(rng.random() < 0.5))
    return items, scores


def steps() -> dict[str, float]:
    found = {}
    for n_items in (1_000, 10_000):
        policy = design(n_items, Criterion.MFI)
        items, scores = states(policy)
        found[f"step, {n_items:,} items, us"] = best_us(partial(policy.step, items, scores, seed=3), 3000)
    return found


def criteria() -> dict[str, float]:
    found = {}
    for criterion in Criterion:
        policy = design(1_000, criterion)
        items, scores = states(policy)
        weights = policy.posterior(np.array(items), np.array(scores)).weights
        found[f"{criterion.value}, 1,000 items, us"] = best_us(partial(policy.gains, weights, ANSWERED), 60)
    return found


def simulation() -> dict[str, float]:
    policy = design(500, Criterion.MFI)
    people = population(4_000, prior=NormalPrior(), seed=1)
    found = {}
    for name, compiled in (("numpy", False), ("numba", True)):
        simulate(policy, people[:1], seed=1, warm=False, compiled=compiled)  # loads what has to be loaded
        speeds = []
        for _ in range(3):
            start = process_time()
            simulate(policy, people, seed=1, warm=False, compiled=compiled)
            speeds.append(len(people) / (process_time() - start))
        found[f"simulation, 500 items x 30, {name}, learners/s"] = float(np.median(speeds))
    return found


def instance(
    seed: int, *, binding: bool
) -> tuple[BlueprintTree, Constraints, np.ndarray, np.random.Generator]:
    """500 items; `binding` narrows the sum of words until about every third test breaks it."""
    rng = np.random.default_rng(seed)
    n_items = 500
    words = rng.integers(20, 120, n_items).astype(np.float64)
    area = rng.integers(0, 4, n_items)
    tree = BlueprintTree(
        [-1, 0, 0, 0, 0], [30, 6, 6, 6, 6], [30, 9, 9, 9, 9], 1 + area, [-1] * n_items, [0] * n_items, 0
    )
    low, high = (1900.0, 2250.0) if binding else (1500.0, 2600.0)
    rows = Constraints(list(rng.permutation(n_items)[:80].reshape(20, 4)), words[None], [low], [high])
    a, b, theta = rng.lognormal(0.1, 0.3, n_items), rng.normal(0, 1.2, n_items), rng.normal()
    information = a * a / (4 * np.cosh(a * (theta - b) / 2) ** 2)
    return tree, rows, np.rint(information * 2**29) * 512 + rng.permutation(n_items), rng


def constrained(instances: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for binding in (False, True):
        times, highs, solves, worse = [], [], [], 0
        for seed in range(instances):
            tree, rows, gain, rng = instance(seed, binding=binding)
            wider, left = absorb(tree, rows)
            layout = prepare(wider)
            taken = assemble(layout, left, gain, [], 30).shadow.items[: int(rng.integers(0, 25))]
            moved = np.where(rng.random(500) < 0.5, gain, np.rint(gain * 0.97))
            times.append(best_us(partial(assemble, layout, left, moved, taken, 30), 3) / 1000)
            test = assemble(layout, left, moved, taken, 30)
            solves.append(test.solves)
            start = perf_counter()
            value = by_highs(tree, rows, moved, taken)
            highs.append((perf_counter() - start) * 1000)
            worse += not test.proven or test.shadow.objective < value * (1 - 1e-9)
        name = "words binding" if binding else "words rarely binding"
        found |= {
            f"enemies and words, {name}, median ms": float(np.median(times)),
            f"enemies and words, {name}, mean ms": float(np.mean(times)),
            f"enemies and words, {name}, 95 % ms": float(np.quantile(times, 0.95)),
            f"enemies and words, {name}, mean shadow tests": float(np.mean(solves)),
            f"enemies and words, {name}, HiGHS median ms": float(np.median(highs)),
            f"enemies and words, {name}, unproven or worse than HiGHS": float(worse),
        }
    return found


def by_highs(tree: BlueprintTree, rows: Constraints, gain: np.ndarray, taken: np.ndarray) -> float:
    """Largest gain of a test, by mixed-integer programming from the rows themselves."""
    n_items = len(gain)
    areas = np.stack([np.ones(n_items), *(tree.leaf == node for node in range(1, len(tree.parent)))])
    groups = np.zeros((len(rows.enemies), n_items))
    for row, group in zip(groups, rows.enemies, strict=True):
        row[group] = 1.0
    table = np.concatenate([areas, groups, rows.coefficients])
    low = np.concatenate([tree.lower, np.zeros(len(groups)), rows.lower])
    high = np.concatenate([tree.upper, np.ones(len(groups)), rows.upper])
    fixed = np.zeros(n_items)
    fixed[taken] = 1.0
    answer = milp(
        -gain / gain.max(),
        constraints=LinearConstraint(table, low, high),
        integrality=np.ones(n_items, dtype=np.int64),
        bounds=Bounds(fixed, np.ones(n_items)),
        options={"mip_rel_gap": 0.0},
    )
    if answer.x is None:
        raise RuntimeError(answer.message)
    return float(gain[answer.x > 0.5].sum())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--instances", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict[str, Any] = steps() | criteria() | simulation() | constrained(options.instances)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    table = Table()
    table.add_column("what")
    table.add_column("figure", justify="right")
    for name, value in found.items():
        table.add_row(name, f"{value:,.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
