"""catsim: maximum likelihood by bounded search (it has no EAP), its standard error, maximum information."""

from __future__ import annotations

import numpy as np
from catsim import irt  # type: ignore[import-not-found]
from catsim.estimation import NumericalSearchEstimator  # type: ignore[import-not-found]
from catsim.initialization import FixedPointInitializer  # type: ignore[import-not-found]
from catsim.item_bank import ItemBank  # type: ignore[import-not-found]
from catsim.selection import MaxInfoSelector  # type: ignore[import-not-found]
from catsim.simulation import Simulator  # type: ignore[import-not-found]
from catsim.stopping import MinErrorStopper  # type: ignore[import-not-found]

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

NEVER = 1e-9  # a standard error that no test reaches: the test ends by its length


def _bank(bank: Bank) -> ItemBank:
    n_items = len(bank["a"])
    return ItemBank(np.column_stack([bank["a"], bank["b"], np.zeros(n_items), np.ones(n_items)]))


def steps(task: StepTask) -> StepAnswer:
    bank, estimator, selector = _bank(task["bank"]), NumericalSearchEstimator(), MaxInfoSelector()

    def step(state: Answers) -> Chosen:
        items, scores = state["items"], [score == 1 for score in state["scores"]]
        theta = estimator.estimate(
            item_bank=bank, administered_items=items, response_vector=scores, est_theta=0.0
        )
        se = irt.see(theta, bank.get_items(items))
        return Chosen(theta, se, selector.select(item_bank=bank, administered_items=items, est_theta=theta))

    return timed(task["states"], step)


def simulation(task: SimulationTask) -> SimulationAnswer:
    bank, theta = _bank(task["bank"]), np.array(task["theta"])

    def run() -> list[float]:
        simulator = Simulator(
            bank,
            theta,
            FixedPointInitializer(0.0),
            MaxInfoSelector(),
            NumericalSearchEstimator(),
            MinErrorStopper(NEVER, max_items=task["length"]),
            seed=1,
        )
        simulator.simulate()
        return list(simulator.latest_estimations)

    return simulated(task["theta"], run)


if __name__ == "__main__":
    serve("catsim", steps, simulation)
