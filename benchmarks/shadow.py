"""Cost of a shadow test, with and without testlets, against `scipy.optimize.milp` in the same run.

    python -m benchmarks.shadow [--steps 400] [--milp 12] [--json]

The bank has five domains, 18 competences and 90 topics, with item counts at all three levels: domains
7/6/6/7/6 (each +-1), competences 1 to 3, one item per topic at most, 32 items in all. The steps are those of
simulated sittings of 32 items, each with its own posterior and items given. With testlets (eleven, at most
two of them, three items each, 1.6 times as discriminating as the others so that they are worth their place)
only the steps at which a testlet can still be begun are timed: the others cost no more than without.
`+ information` adds the posterior-weighted Fisher information of every item (61 points); the ratio counts it
on both sides. One thread; the best of three passes for each step, then the median and the 95th percentile
over the steps. Every step solved by milp is also compared with it: the run stops at the first difference.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from functools import partial
from time import perf_counter

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from irt.shadow import BlueprintTree, Layout, ShadowTest, prepare, shadow_test, shadow_tests
from irt.types import FloatArray, IntArray

LENGTH = 32
COMPETENCES = (4, 3, 4, 4, 3)
DOMAIN_ITEMS = (7, 6, 6, 7, 6)
N_TOPICS = 90
N_TESTLETS = 11
TESTLET_DISCRIMINATION = 1.6
N_PERSONS = 256


def certification_tree(n_items: int, *, n_testlets: int, rng: np.random.Generator) -> BlueprintTree:
    """The shape of the certification design: bounds at three levels; testlets of three items of one domain."""
    parent, lower, upper = [-1], [LENGTH], [LENGTH]
    for items in DOMAIN_ITEMS:
        parent.append(0)
        lower.append(items - 1)
        upper.append(items + 1)
    for domain, count in enumerate(COMPETENCES):
        parent += [1 + domain] * count
        lower += [1] * count
        upper += [3] * count
    competence_of_topic = np.sort(np.arange(N_TOPICS) % sum(COMPETENCES)) + 1 + len(COMPETENCES)
    first_topic = len(parent)
    parent += competence_of_topic.tolist()
    lower += [0] * N_TOPICS
    upper += [1] * N_TOPICS
    topic = np.arange(n_items) % N_TOPICS
    testlet, position = np.full(n_items, -1), np.zeros(n_items, dtype=np.int64)
    domain_of_topic = np.array(parent)[competence_of_topic]
    for number in range(n_testlets):
        domain = 1 + number % len(COMPETENCES)
        topics = rng.choice(np.flatnonzero(domain_of_topic == domain), 3, replace=False)
        for place, one in enumerate(topics):
            item = rng.choice(np.flatnonzero((topic == one) & (testlet < 0)))
            testlet[item], position[item] = number, place
    return BlueprintTree(parent, lower, upper, first_topic + topic, testlet, position, 2 if n_testlets else 0)


class Bank:
    """Information of a 2PL bank on a grid, and the steps of simulated sittings through it."""

    def __init__(self, n_items: int, *, n_testlets: int, n_steps: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.tree = certification_tree(n_items, n_testlets=n_testlets, rng=rng)
        self.layout = prepare(self.tree)
        a = rng.lognormal(0.1, 0.3, n_items)
        # Testlets that lose against single items would be pruned at once: these are worth their place.
        a[self.tree.testlet >= 0] *= TESTLET_DISCRIMINATION
        b = rng.normal(0, 1.2, n_items)
        grid = np.linspace(-4, 4, 61)
        p = 1 / (1 + np.exp(-a[:, None] * (grid - b[:, None])))
        self.information: FloatArray = np.ascontiguousarray(a[:, None] ** 2 * p * (1 - p))
        self.weights: list[FloatArray] = []
        self.taken: list[list[int]] = []
        while len(self.taken) < n_steps:
            theta = rng.normal(0.0, 1.0)
            taken: list[int] = []
            for step in range(LENGTH):
                centre = theta + rng.normal(0, 1.2 / np.sqrt(1 + step))
                weight = np.exp(-0.5 * ((grid - centre) / (1.2 / np.sqrt(1 + step))) ** 2)
                weight /= weight.sum()
                self.weights.append(weight)
                self.taken.append(list(taken))
                test = shadow_test(self.layout, self.information @ weight, taken, LENGTH)
                taken.append(int(test.items[len(taken)]))


def milp_problem(tree: BlueprintTree) -> tuple[csr_array, FloatArray, FloatArray]:
    """Rows over (items, testlets): one per node, one per testlet item, one for the number of testlets."""
    n_items, n_testlets = len(tree.leaf), int(tree.testlet.max()) + 1
    rows: list[FloatArray] = []
    member = np.zeros((len(tree.parent), n_items + n_testlets))
    member[tree.leaf, np.arange(n_items)] = 1
    for node in range(len(tree.parent) - 1, 0, -1):
        member[tree.parent[node]] += member[node]
    rows += list(member)
    low, high = tree.lower.astype(float).tolist(), tree.upper.astype(float).tolist()
    for item in np.flatnonzero(tree.testlet >= 0):
        row = np.zeros(n_items + n_testlets)
        row[item], row[n_items + tree.testlet[item]] = 1, -1
        rows.append(row)
        low.append(0.0)
        high.append(0.0)
    if n_testlets:
        rows.append(np.concatenate([np.zeros(n_items), np.ones(n_testlets)]))
        low.append(0.0)
        high.append(float(tree.max_testlets))
    return csr_array(np.array(rows)), np.array(low), np.array(high)


def solve_milp(
    problem: tuple[csr_array, FloatArray, FloatArray], gain: FloatArray, taken: list[int]
) -> float:
    matrix, low, high = problem
    n = matrix.shape[1]
    cost = np.zeros(n)
    cost[: len(gain)] = -gain
    fixed = np.zeros(n)
    fixed[taken] = 1
    answer = milp(
        cost,
        integrality=np.ones(n, dtype=np.int64),
        bounds=Bounds(fixed, np.ones(n)),
        constraints=LinearConstraint(matrix, low, high),
        options={"mip_rel_gap": 0.0},
    )
    if answer.fun is None:
        raise SystemExit(f"milp: {answer.message}")
    return -float(answer.fun)


def times_us(calls: list[Callable[[], object]], *, repeats: int) -> FloatArray:
    """Best of `repeats` passes for each call, in microseconds: the machine's noise out, the steps' spread in."""
    best = np.full(len(calls), np.inf)
    for _ in range(repeats):
        for index, call in enumerate(calls):
            start = perf_counter()
            call()
            best[index] = min(best[index], perf_counter() - start)
    return best * 1e6


def measure(n_items: int, n_testlets: int, n_steps: int, n_milp: int) -> dict[str, float | int]:
    """One row of the table."""
    bank = Bank(n_items, n_testlets=n_testlets, n_steps=n_steps, seed=n_items)
    layout: Layout = bank.layout
    gains = [bank.information @ weight for weight in bank.weights]
    begun = [len(set(bank.tree.testlet[taken].tolist()) - {-1}) for taken in bank.taken]
    steps = [index for index, number in enumerate(begun) if number < bank.tree.max_testlets or not n_testlets]

    def alone(index: int) -> ShadowTest:
        return shadow_test(layout, gains[index], bank.taken[index], LENGTH)

    def informed(index: int) -> ShadowTest:
        return shadow_test(layout, bank.information @ bank.weights[index], bank.taken[index], LENGTH)

    problem = milp_problem(bank.tree)

    def by_milp(index: int) -> float:
        return solve_milp(problem, bank.information @ bank.weights[index], bank.taken[index])

    sample = [steps[k] for k in np.linspace(0, len(steps) - 1, n_milp).astype(int).tolist()]
    for index in sample:
        best, ours = by_milp(index), alone(index).objective
        if abs(ours - best) > 1e-9 * max(1.0, abs(best)):
            raise SystemExit(f"step {index}: {ours} here, {best} by milp")
    shadow = times_us([partial(alone, index) for index in steps], repeats=3)
    information = times_us([partial(informed, index) for index in steps], repeats=3)
    milp_us = times_us([partial(by_milp, index) for index in sample], repeats=3)

    middle = [index for index in steps if len(bank.taken[index]) == 4]
    persons = [middle[k % len(middle)] for k in range(N_PERSONS)]
    many_gains = np.array([gains[index] for index in persons])
    many_taken: IntArray = np.array([bank.taken[index] for index in persons])
    batch = times_us([lambda: shadow_tests(layout, many_gains, many_taken, LENGTH)], repeats=5)
    return {
        "items": n_items,
        "testlets": n_testlets,
        "steps": len(steps),
        "shadow_us": float(np.median(shadow)),
        "shadow_p95_us": float(np.quantile(shadow, 0.95)),
        "with_information_us": float(np.median(information)),
        "batch_us_per_person": float(batch[0]) / N_PERSONS,
        "milp_us": float(np.median(milp_us)),
        "milp_ratio": float(np.median(milp_us) / np.median(information)),
    }


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shadow")
    parser.add_argument("--steps", type=int, default=400, help="steps of simulated sittings per bank")
    parser.add_argument(
        "--milp", type=int, default=12, help="steps solved by milp too (three at 10,000 items)"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = [
        measure(n_items, n_testlets, options.steps, options.milp if n_items < 10_000 else 3)
        for n_items in (320, 800, 10_000)
        for n_testlets in (0, N_TESTLETS)
    ]
    if options.json:
        print(json.dumps({"python": platform.python_version(), "numpy": np.__version__, "rows": results}))
        return
    heads = "items testlets steps shadow|us p95|us +information|us batch|us/person milp|us milp|ratio"
    table = Table(*(head.replace("|", "\n") for head in heads.split()))
    for row in results:
        table.add_row(
            *(f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" for value in row.values())
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
