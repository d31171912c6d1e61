"""Cost of a shadow test, with and without testlets, against `scipy.optimize.milp` in the same run.

    python -m benchmarks.shadow [--steps 400] [--milp 12] [--learners 512] [--json]

The bank has five domains, 18 competences and 90 topics, with item counts at all three levels: domains
7/6/6/7/6 (each +-1), competences 1 to 3, one item per topic at most, 32 items in all. The steps are those of
simulated sittings of 32 items, each with its own posterior and items given. With testlets (eleven, at most
two of them, three items each, 1.6 times as discriminating as the others so that they are worth their place)
only the steps at which a testlet can still be begun are timed: the others cost no more than without.
With eligibility, a third of the units (items, whole testlets) of each sitting are drawn ineligible: they lose
more gain than a test is worth, testlets fill the gaps, and bounds have to reckon with that loss.
`+ information` adds the posterior-weighted Fisher information of every item (61 points); the ratio counts it
on both sides. One thread; the best of three passes for each step, then the median and the 95th percentile
over the steps. Every step solved by milp is also compared with it: the run stops at the first difference.
`simulation` takes learners through the certification of the shipped bank, the full shadow test before every
item, without exposure control and with eligibility probabilities fitted to a highest exposure of 0.25 (300
learners, three rounds): learners per second in numpy, the best of three passes, by the clock and by
processor time; `benchmarks.engine` has the machine code too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from irt.ability import NormalPrior
from irt.shadow import BlueprintTree, Layout, ShadowTest, prepare, shadow_test, shadow_tests
from irt.simulate import fit_eligibility, population, simulate, with_eligibility
from irt.types import FloatArray, IntArray
from item_bank import blueprint

LENGTH = 32
COMPETENCES = (4, 3, 4, 4, 3)
DOMAIN_ITEMS = (7, 6, 6, 7, 6)
N_TOPICS = 90
N_TESTLETS = 11
TESTLET_DISCRIMINATION = 1.6
N_PERSONS = 256
INELIGIBLE = 1 / 3
BIG_M = 1e4
CONTENT = Path(__file__).resolve().parent.parent / "item_bank" / "content"


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

    def __init__(self, n_items: int, *, n_testlets: int, eligibility: bool, n_steps: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.tree = certification_tree(n_items, n_testlets=n_testlets, rng=rng)
        self.layout = prepare(self.tree)
        a = rng.lognormal(0.1, 0.3, n_items)
        # Testlets that lose against single items would be pruned at once: these are worth their place.
        a[self.tree.testlet >= 0] *= TESTLET_DISCRIMINATION
        b = rng.normal(0, 1.2, n_items)
        grid = np.linspace(-4, 4, 61)
        p = 1 / (1 + np.exp(-a[:, None] * (grid - b[:, None])))
        # (n_quadrature, n_items), as a policy keeps it
        self.information: FloatArray = np.ascontiguousarray((a[:, None] ** 2 * p * (1 - p)).T)
        unit = np.where(self.tree.testlet < 0, N_TESTLETS + np.arange(n_items), self.tree.testlet)
        self.weights: list[FloatArray] = []
        self.losses: list[FloatArray] = []
        self.taken: list[list[int]] = []
        while len(self.taken) < n_steps:
            theta = rng.normal(0.0, 1.0)
            barred = rng.random(N_TESTLETS + n_items) < (INELIGIBLE if eligibility else 0.0)
            loss: FloatArray = BIG_M * barred[unit].astype(np.float64)
            taken: list[int] = []
            for step in range(LENGTH):
                centre = theta + rng.normal(0, 1.2 / np.sqrt(1 + step))
                weight = np.exp(-0.5 * ((grid - centre) / (1.2 / np.sqrt(1 + step))) ** 2)
                weight /= weight.sum()
                self.weights.append(weight)
                self.losses.append(loss)
                self.taken.append(list(taken))
                test = shadow_test(self.layout, self.gain(len(self.taken) - 1), taken, LENGTH)
                taken.append(int(test.items[len(taken)]))

    def gain(self, step: int) -> FloatArray:
        """Posterior-weighted information, less what ineligible items lose."""
        gain: FloatArray = self.weights[step].dot(self.information) - self.losses[step]
        return gain


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


def measure(
    n_items: int, n_testlets: int, eligibility: bool, n_steps: int, n_milp: int
) -> dict[str, float | int | bool]:
    """One row of the table."""
    bank = Bank(n_items, n_testlets=n_testlets, eligibility=eligibility, n_steps=n_steps, seed=n_items)
    layout: Layout = bank.layout
    gains = [bank.gain(index) for index in range(len(bank.weights))]
    begun = [len(set(bank.tree.testlet[taken].tolist()) - {-1}) for taken in bank.taken]
    steps = [index for index, number in enumerate(begun) if number < bank.tree.max_testlets or not n_testlets]

    def alone(index: int) -> ShadowTest:
        return shadow_test(layout, gains[index], bank.taken[index], LENGTH)

    def informed(index: int) -> ShadowTest:
        return shadow_test(layout, bank.gain(index), bank.taken[index], LENGTH)

    problem = milp_problem(bank.tree)

    def by_milp(index: int) -> float:
        return solve_milp(problem, bank.gain(index), bank.taken[index])

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
        "eligibility": eligibility,
        "steps": len(steps),
        "shadow_us": float(np.median(shadow)),
        "shadow_p95_us": float(np.quantile(shadow, 0.95)),
        "with_information_us": float(np.median(information)),
        "batch_us_per_person": float(batch[0]) / N_PERSONS,
        "milp_us": float(np.median(milp_us)),
        "milp_ratio": float(np.median(milp_us) / np.median(information)),
    }


def simulation(n_learners: int) -> list[dict[str, float | int | bool]]:
    """Learners per second through the certification of the shipped bank."""
    release = blueprint.check(CONTENT).release
    if release is None:
        raise SystemExit(f"{CONTENT}: the content does not compile")
    design = blueprint.compile_design(release, release.design("certification"))
    plain = design.policy(release)
    fitting = population(300, prior=NormalPrior(), seed=3)
    eligibility = fit_eligibility(plain, fitting, target=0.25, seed=3, rounds=3)
    learners = population(n_learners, prior=NormalPrior(), seed=77)
    rows: list[dict[str, float | int | bool]] = []
    for policy in (plain, with_eligibility(plain, eligibility)):
        clock, processor = np.inf, np.inf
        for _ in range(3):
            start, busy = perf_counter(), process_time()
            simulate(policy, learners, seed=78, compiled=False)
            clock, processor = min(clock, perf_counter() - start), min(processor, process_time() - busy)
        rows.append(
            {
                "items": len(release),
                "testlets": int(plain.tree.testlet.max()) + 1,
                "eligibility": policy is not plain,
                "learners": n_learners,
                "learners_per_second": n_learners / clock,
                "learners_per_processor_second": n_learners / processor,
            }
        )
    return rows


def table(heads: str, rows: list[dict[str, float | int | bool]]) -> Table:
    """Lay rows out under heads parted by blanks; a bar in a head starts a new line."""
    laid = Table(*(head.replace("|", "\n") for head in heads.split()))
    for row in rows:
        cells = (("yes" if value else "no") if isinstance(value, bool) else value for value in row.values())
        laid.add_row(
            *(f"{c:,.1f}" if isinstance(c, float) else f"{c:,}" if isinstance(c, int) else c for c in cells)
        )
    return laid


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shadow")
    parser.add_argument("--steps", type=int, default=400, help="steps of simulated sittings per bank")
    parser.add_argument(
        "--milp", type=int, default=12, help="steps solved by milp too (three at 10,000 items)"
    )
    parser.add_argument("--learners", type=int, default=512, help="simulated learners; 0: no simulation")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = [
        measure(n_items, n_testlets, eligibility, options.steps, options.milp if n_items < 10_000 else 3)
        for n_items in (320, 800, 10_000)
        for n_testlets, eligibility in ((0, False), (0, True), (N_TESTLETS, False), (N_TESTLETS, True))
    ]
    simulated = simulation(options.learners) if options.learners else []
    if options.json:
        versions = {"python": platform.python_version(), "numpy": np.__version__}
        print(json.dumps({**versions, "rows": results, "simulation": simulated}))
        return
    heads = "items testlets eligi-|bility steps shadow|us p95|us +information|us batch|us/person milp|us milp|ratio"
    console = Console(width=110)
    console.print(table(heads, results))
    if simulated:
        heads = "items testlets eligi-|bility learners learners|per_second per_second|of_processor"
        console.print("simulation", table(heads, simulated), sep="\n")


if __name__ == "__main__":
    main()
