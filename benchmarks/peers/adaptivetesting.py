"""adaptivetesting: EAP on 1,000 points and its standard error, maximum information."""

from __future__ import annotations

from adaptivetesting.implementations import TestAssembler  # type: ignore[import-not-found]
from adaptivetesting.math.estimators import (  # type: ignore[import-not-found]
    ExpectedAPosteriori,
    NormalPrior,
)
from adaptivetesting.math.item_selection import (  # type: ignore[import-not-found]
    maximum_information_criterion,
)
from adaptivetesting.models import (  # type: ignore[import-not-found]
    ItemPool,
    ResultOutputFormat,
    StoppingCriterion,
)
from adaptivetesting.simulation import Simulation  # type: ignore[import-not-found]

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

PRIOR = {"prior": NormalPrior(0.0, 1.0), "optimization_interval": (-10, 10)}


def _pool(bank: Bank, responses: list[int] | None = None) -> ItemPool:
    n_items = len(bank["a"])
    return ItemPool.load_from_list(
        a=bank["a"],
        b=bank["b"],
        c=[0.0] * n_items,
        d=[1.0] * n_items,
        ids=list(range(n_items)),
        simulated_responses=responses,
    )


def steps(task: StepTask) -> StepAnswer:
    items = _pool(task["bank"]).test_items

    def step(state: Answers) -> Chosen:
        given = set(state["items"])
        estimator = ExpectedAPosteriori(state["scores"], [items[item] for item in state["items"]], **PRIOR)
        theta = estimator.get_estimation()
        se = estimator.get_standard_error(theta)
        left = [item for item in items if item.id not in given]
        return Chosen(theta, se, maximum_information_criterion(left, theta).id)

    return timed(task["states"], step)


def simulation(task: SimulationTask) -> SimulationAnswer:
    def run() -> list[float]:
        estimates = []
        for person, responses in enumerate(task["responses"]):
            test = TestAssembler(
                _pool(task["bank"], list(responses)),
                "benchmark",
                str(person),
                ability_estimator=ExpectedAPosteriori,
                estimator_args=PRIOR,
            )
            Simulation(test, ResultOutputFormat.CSV).simulate(StoppingCriterion.LENGTH, task["length"])
            estimates.append(float(test.ability_level))
        return estimates

    return simulated(task["theta"], run, passes=1)


if __name__ == "__main__":
    serve("adaptivetesting", steps, simulation)
