"""What `benchmarks.engine` asks of another program, and how it is timed; standard library only.

Each program runs in an environment of its own, reads one task as JSON from standard input and prints one
answer as JSON. Times are processor time (`time.process_time`), the median over the calls of one pass, then the
median of the passes. The first call of each kind is not counted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from statistics import median
from time import process_time
from typing import Any, NamedTuple, TypedDict


class Bank(TypedDict):
    """A bank of the two-parameter model."""

    a: list[float]
    b: list[float]


class Answers(TypedDict):
    """Items given to one person, in order, and the scores."""

    items: list[int]
    scores: list[int]


PASSES = 3


class StepTask(TypedDict):
    """Estimate from each of these states and choose the next item."""

    bank: Bank
    states: list[Answers]


class SimulationTask(TypedDict):
    """Take persons through a test of fixed length."""

    bank: Bank
    theta: list[float]
    responses: list[list[int]]  # (n_persons, n_items): score of each person on each item
    length: int


class Task(TypedDict):
    """Everything that one program is asked."""

    steps: dict[str, StepTask]  # by number of items
    rules: dict[str, StepTask]  # by criterion: MPWI, MEI, MEPV, KLP
    simulation: SimulationTask


class Chosen(NamedTuple):
    """One step's outcome."""

    theta: float
    se: float
    item: int


class StepAnswer(TypedDict):
    """Median processor time of a step, and what came out."""

    microseconds: float
    theta: list[float]
    se: list[float]
    item: list[int]


class SimulationAnswer(TypedDict):
    """Processor time of a simulation."""

    simulees: int
    seconds: float
    rmse: float


class Answer(TypedDict):
    """A program's answer."""

    version: str
    steps: dict[str, StepAnswer]
    rules: dict[str, StepAnswer]
    simulation: SimulationAnswer


def timed(
    states: Sequence[Answers], step: Callable[[Answers], Chosen], passes: int = PASSES, budget: float = 0.0
) -> StepAnswer:
    """Time a step from every state, in at least `passes` passes and until `budget` seconds are spent."""
    step(states[0])
    medians: list[float] = []
    chosen: list[Chosen] = []
    began = process_time()
    while len(medians) < passes or process_time() - began < budget:
        seconds = []
        chosen = []
        for state in states:
            start = process_time()
            outcome = step(state)
            seconds.append(process_time() - start)
            chosen.append(outcome)
        medians.append(median(seconds))
    return {
        "microseconds": median(medians) * 1e6,
        "theta": [float(one.theta) for one in chosen],
        "se": [float(one.se) for one in chosen],
        "item": [int(one.item) for one in chosen],
    }


def simulated(
    truth: Sequence[float], run: Callable[[], Sequence[float]], passes: int = PASSES
) -> SimulationAnswer:
    """Time a simulation that returns the final estimates."""
    seconds: list[float] = []
    estimates: Sequence[float] = ()
    for _ in range(passes):
        start = process_time()
        estimates = run()
        seconds.append(process_time() - start)
    squares = [(float(one) - other) ** 2 for one, other in zip(estimates, truth, strict=True)]
    return {
        "simulees": len(truth),
        "seconds": median(seconds),
        "rmse": float((sum(squares) / len(squares)) ** 0.5),
    }


def serve(
    package: str,
    step: Callable[[StepTask], StepAnswer],
    simulation: Callable[[SimulationTask], SimulationAnswer],
    rules: dict[str, Callable[[StepTask], StepAnswer]] | None = None,
) -> None:
    """Read a task, do what this program can, print the answer."""
    task: Task = json.load(sys.stdin)
    known: dict[str, Any] = rules or {}
    answer: Answer = {
        "version": version(package),
        "steps": {size: step(one) for size, one in task["steps"].items()},
        "rules": {name: known[name](one) for name, one in task["rules"].items() if name in known},
        "simulation": simulation(task["simulation"]),
    }
    print(json.dumps(answer))
