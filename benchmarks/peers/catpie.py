"""catpie: EAP on 33 points and its standard error, maximum information; MPWI and KLP."""

from __future__ import annotations

import random
from collections.abc import Callable

import catpie  # type: ignore[import-not-found]

from benchmarks.peers.protocol import (
    Answers,
    Bank,
    Chosen,
    SimulationAnswer,
    SimulationTask,
    StepAnswer,
    StepTask,
    serve,
    simulated,
    timed,
)


def _bank(bank: Bank) -> list[tuple[float, float, float, float]]:
    return [(a, b, 0.0, 1.0) for a, b in zip(bank["a"], bank["b"], strict=True)]


def by(criterion: str) -> Callable[[StepTask], StepAnswer]:
    """The step with this criterion."""

    def steps(task: StepTask) -> StepAnswer:
        bank = _bank(task["bank"])

        def step(state: Answers) -> Chosen:
            items, scores = state["items"], state["scores"]
            now = catpie.estimateTheta(bank, items, scores)
            found = catpie.nextItem(bank, now.theta, items, criterion=criterion, x=scores)
            return Chosen(now.theta, now.se, found.item)

        return timed(task["states"], step)

    return steps


def simulation(task: SimulationTask) -> SimulationAnswer:
    bank = _bank(task["bank"])
    stop = {"rule": ["length"], "thr": [task["length"]], "alpha": 0.05}

    def run() -> list[float]:
        draw = random.Random(1)
        return [
            catpie.randomCAT(theta, bank, method="EAP", stop=stop, rng=draw.random).finalTheta
            for theta in task["theta"]
        ]

    return simulated(task["theta"], run)


if __name__ == "__main__":
    serve("catpie", by("MFI"), simulation, {name: by(name) for name in ("MPWI", "KLP")})
