"""Cost of one adaptive step and of a simulation, through the very policy that serves sittings.

    python -m benchmarks.step [--learners 512] [--json]

A step is everything between an answer and the next item: posterior, its mean and sd, stopping rules, gains,
random order of the ties, full shadow test, choice; nothing is cached between steps. The blueprint has bounds
at three levels (`benchmarks.shadow.certification_tree`) and every item its own parameters, except for the
row `provisional`, whose items share 12 sets of parameters as they do before a calibration. `milp` solves the
shadow tests of the same steps, gains of whole numbers included, and the run stops where the two disagree;
the ratio compares it with the whole step. One thread; best of three passes per step, then the median.
Learners per second are per second of processor time of one core, in numpy (`benchmarks.engine`
has the machine code too).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from functools import partial
from time import perf_counter, process_time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.shadow import certification_tree, milp_problem, solve_milp, times_us
from irt import ItemParameters, NormalPrior, Policy, Rules, compile_policy, population, simulate
from irt.shadow import shadow_test

LENGTH = 32
CUTS = np.array([-0.8, 0.0, 0.8, 1.6])


def bank(n_items: int, *, provisional: bool) -> ItemParameters:
    """3PL items: all different, or six difficulties, a = 1 and two guessing floors."""
    rng = np.random.default_rng(n_items)
    guessing = np.where(rng.random(n_items) < 0.4, 0.25, 0.0)
    if provisional:
        b = rng.choice([-2.0, -1.2, -0.4, 0.4, 1.2, 2.0], n_items)
        return ItemParameters(np.ones(n_items), b, guessing, np.ones(n_items))
    a, b = rng.lognormal(0.1, 0.3, n_items), rng.normal(0, 1.2, n_items)
    return ItemParameters(a, b, guessing, np.ones(n_items))


def sittings(policy: Policy, count: int) -> list[tuple[int, list[int], list[int]]]:
    """Every state in which a step is asked for: seed, items and scores so far."""
    rng = np.random.default_rng(1)
    states: list[tuple[int, list[int], list[int]]] = []
    for seed in range(count):
        items: list[int] = []
        scores: list[int] = []
        while (step := policy.step(items, scores, seed=seed)).item is not None:
            states.append((seed, list(items), list(scores)))
            items.append(step.item)
            scores.append(int(rng.random() < 0.6))
    return states


def measure(
    n_items: int, *, provisional: bool, n_testlets: int, learners: int, n_milp: int
) -> dict[str, float | int | str]:
    """One row of the table."""
    tree = certification_tree(n_items, n_testlets=n_testlets, rng=np.random.default_rng(0))
    parameters = bank(n_items, provisional=provisional)
    rules = Rules(length=LENGTH, minimum_length=LENGTH, cuts=CUTS)
    start = perf_counter()
    policy = compile_policy(parameters, tree, rules)
    compiled = perf_counter() - start
    states = sittings(policy, 6)

    def step(index: int) -> None:
        seed, items, scores = states[index]
        policy.step(items, scores, seed=seed)

    problem = milp_problem(tree)

    def by_milp(index: int) -> float:
        seed, items, scores = states[index]
        weights = policy.posterior(*policy.checked_responses(items, scores)).weights
        priority = policy.priorities(policy.gains(weights), policy.draws(seed).ranks, None)
        # In units of the largest, so that the solver's tolerances mean the same at every size.
        gain = priority / np.abs(priority).max()
        best = solve_milp(problem, gain, items)
        ours = shadow_test(policy.layout, gain, items, LENGTH).objective
        if abs(ours - best) > 1e-9 * max(1.0, abs(best)):
            raise SystemExit(f"step {index}: {ours} here, {best} by milp")
        return best

    step_us = times_us([partial(step, index) for index in range(len(states))], repeats=3)
    sample = np.linspace(0, len(states) - 1, n_milp).astype(int).tolist()
    milp_us = times_us([partial(by_milp, index) for index in sample], repeats=1)
    _, items, scores = states[-1]
    score_us = times_us([lambda: policy.score(items, scores)], repeats=20)
    people = population(learners, prior=NormalPrior(), seed=1)
    result = simulate(policy, people, seed=1, clock=process_time, compiled=False)
    return {
        "items": n_items,
        "parameters": "provisional" if provisional else "all different",
        "testlets": n_testlets,
        "compile_s": compiled,
        "step_us": float(np.median(step_us)),
        "step_p95_us": float(np.quantile(step_us, 0.95)),
        "score_us": float(score_us[0]),
        "milp_us": float(np.median(milp_us)),
        "milp_ratio": float(np.median(milp_us) / np.median(step_us)),
        "learners_per_second": result.learners_per_second or 0.0,
    }


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.step")
    parser.add_argument("--learners", type=int, default=512, help="simulated learners per row")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [
        measure(
            n_items,
            provisional=provisional,
            n_testlets=n_testlets,
            learners=options.learners if n_items < 10_000 else options.learners // 8,
            n_milp=8 if n_items < 10_000 else 2,
        )
        for n_items, provisional, n_testlets in (
            (280, True, 0),
            (280, True, 11),
            (800, False, 0),
            (800, False, 11),
            (10_000, False, 0),
        )
    ]
    if options.json:
        print(json.dumps({"python": platform.python_version(), "numpy": np.__version__, "rows": rows}))
        return
    heads = "items parameters testlets compile|s step|us p95|us score|us milp|us milp|ratio learners|per_s"
    table = Table(*(head.replace("|", "\n") for head in heads.split()))
    for row in rows:
        cells = [f"{value:,.2f}" if isinstance(value, float) else str(value) for value in row.values()]
        table.add_row(*cells)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
