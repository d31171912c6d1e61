"""Cost of a shadow test, with and without testlets, against `scipy.optimize.milp` in the same run.

    python -m benchmarks.shadow [--steps 400] [--milp 12] [--json]

The bank has five domains, 18 competences and 90 topics, with item counts at all three levels: domains 7/6/6/7/6
(each +-1), competences 1 to 3, one item per topic at most, 32 items in all. The items taken grow from 0 to 31
along simulated sittings; each step has its own gains. Times are medians over the steps, on one thread.
`information` adds the posterior-weighted Fisher information of every item (61 points) to the step.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
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
    bank = Bank(n_items, n_testlets=n_testlets, n_steps=n_steps, seed=n_items)
    layout: Layout = bank.layout
    gains = [bank.information @ weight for weight in bank.weights]

    def alone(index: int) -> ShadowTest:
        return shadow_test(layout, gains[index], bank.taken[index], LENGTH)

    def informed(index: int) -> ShadowTest:
        return shadow_test(layout, bank.information @ bank.weights[index], bank.taken[index], LENGTH)

    steps = range(len(gains))
    shadow = median_us([lambda i=i: alone(i) for i in steps], repeats=3)  # type: ignore[misc]
    information = median_us([lambda i=i: informed(i) for i in steps], repeats=3)  # type: ignore[misc]

    problem = milp_problem(bank.tree)
    sample = np.linspace(0, len(gains) - 1, n_milp).astype(int).tolist()
    for index in sample:
        best = solve_milp(problem, gains[index], bank.taken[index])
        ours = alone(index).objective
        if abs(ours - best) > 1e-9 * max(1.0, abs(best)):
            raise SystemExit(f"step {index}: {ours} here, {best} by milp")
    by_milp = median_us(
        [lambda i=i: solve_milp(problem, gains[i], bank.taken[i]) for i in sample],  # type: ignore[misc]
        repeats=1,
    )
    twelve = [index for index in steps if len(bank.taken[index]) == 12]
    persons = [twelve[k % len(twelve)] for k in range(N_PERSONS)]
    many_gains = np.array([gains[index] for index in persons])
    many_taken: IntArray = np.array([bank.taken[index] for index in persons])
    batch = median_us([lambda: shadow_tests(layout, many_gains, many_taken, LENGTH)], repeats=5)
    return {
        "items": n_items,
        "testlets": n_testlets,
        "shadow_us": shadow,
        "with_information_us": information,
        "batch_us_per_person": batch / N_PERSONS,
        "milp_us": by_milp,
        "milp_ratio": by_milp / shadow,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=400, help="steps of simulated sittings per bank")
    parser.add_argument("--milp", type=int, default=12, help="steps solved by milp too")
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
    table = Table(
        "items", "testlets", "shadow us", "+ information us", "batch us/person", "milp us", "milp / shadow"
    )
    for row in results:
        table.add_row(
            *(
                f"{value:,.0f}" if isinstance(value, int) or value >= 200 else f"{value:,.1f}"
                for value in row.values()
            )
        )
    Console().print(table)


if __name__ == "__main__":
    main()
