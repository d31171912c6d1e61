"""The incumbent's algorithm against its formulas written out for one person."""

from __future__ import annotations

import numpy as np
import pytest

from irt import InvalidParameters, InvalidRules, NormalPrior, models, population, randomness, simulate
from irt.pix import CONFIGURATIONS, Configuration, PixPolicy
from irt.randomness import Purpose
from irt.simulate import Sittings
from irt.types import ItemParameters

N_ITEMS, N_COMPETENCES, N_TOPICS = 120, 6, 30
RNG = np.random.default_rng(3)
BANK = ItemParameters(
    RNG.lognormal(0.1, 0.3, N_ITEMS), RNG.normal(0.5, 1.7, N_ITEMS), np.zeros(N_ITEMS), np.ones(N_ITEMS)
)
TOPIC = np.arange(N_ITEMS) % N_TOPICS
COMPETENCE = TOPIC % N_COMPETENCES
CUTS = np.array([-0.5, 0.6, 1.5])


def sittings(configuration: Configuration, theta: np.ndarray, seed: int = 5) -> Sittings:
    return simulate(PixPolicy(BANK, COMPETENCE, TOPIC, configuration, CUTS), theta, seed=seed).sittings


PLANS = [
    Configuration(length=20),
    Configuration(length=20, variation=0.3, pick=1.0),
    Configuration(length=20, variation=1.0, start=0.0, apart=0),
]


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_every_estimate_follows_the_formulas(plan: Configuration) -> None:
    theta = population(12, prior=NormalPrior(0.5, 1.7), seed=2)
    result = sittings(plan, theta)
    grid = np.arange(-9, 9 + 1e-9, 0.225)
    assert len(grid) == 81
    for person in range(12):
        capacity, likelihood = plan.start, np.ones(81)
        for item, score in zip(result.items[person], result.scores[person], strict=True):
            p = 1 / (1 + np.exp(BANK.a[item] * (BANK.b[item] - grid)))
            likelihood = likelihood * (p if score else 1 - p)
            posterior = likelihood * np.exp(-((grid - capacity) ** 2) / 3.0)
            posterior /= posterior.sum()
            gap = plan.variation if abs(capacity) < plan.variation else abs(capacity * plan.variation)
            capacity = min(max(posterior @ grid, capacity - gap), capacity + gap)
        error = np.sqrt(posterior @ (grid - capacity) ** 2 - (9 / 80) ** 2 / 12)
        assert result.theta[person] == pytest.approx(capacity, abs=1e-10)
        assert result.se[person] == pytest.approx(error, abs=1e-10)


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_items_keep_the_rules_and_come_from_the_five_best_that_the_rules_leave(plan: Configuration) -> None:
    result = sittings(plan, population(30, prior=NormalPrior(0.5, 1.7), seed=2))
    for items in result.items:
        assert len(set(TOPIC[items])) == 20
        assert set(COMPETENCE[items[:N_COMPETENCES]]) == set(range(N_COMPETENCES))
        for position in range(1, 20):
            recent = set(COMPETENCE[items[max(0, position - plan.apart) : position]])
            assert COMPETENCE[items[position]] not in recent
        first = models.information(BANK, [plan.start])[0]
        assert items[0] in np.argsort(-first)[:5]


def test_the_pick_is_geometric_over_the_five_best() -> None:
    plan = Configuration(length=1)
    result = sittings(plan, np.zeros(4000))
    best = np.argsort(-models.information(BANK, [plan.start])[0])[:5]
    shares = np.array([(result.items[:, 0] == item).mean() for item in best])
    expected = 0.51 * 0.49 ** np.arange(5)
    expected[4] = 0.49**4
    assert shares == pytest.approx(expected, abs=0.03)


def test_persons_meet_the_same_luck_as_under_any_policy() -> None:
    theta = population(20, prior=NormalPrior(), seed=2)
    result = sittings(PLANS[0], theta, seed=9)
    for person in range(20):
        own = randomness.derived_seed(9, Purpose.PERSON, person)
        luck = randomness.uniform(own, Purpose.ANSWER, result.items[person])
        chance = models.probability(BANK, [theta[person]])[0, result.items[person]]
        assert (luck < chance).astype(int).tolist() == result.scores[person].tolist()


def test_a_pool_that_runs_dry_ends_the_test() -> None:
    result = simulate(PixPolicy(BANK, COMPETENCE, TOPIC, Configuration(length=32), CUTS), np.zeros(3), seed=1)
    assert result.sittings.length.tolist() == [N_TOPICS] * 3


def test_impossible_configurations_are_refused() -> None:
    for wrong, name in (
        ({"variation": 0.0}, "variation"),
        ({"pick": 0.0}, "pick"),
        ({"length": 0}, "length"),
    ):
        with pytest.raises(InvalidRules, match=name):
            Configuration(**wrong)
    with pytest.raises(InvalidParameters, match="topic"):
        PixPolicy(BANK, COMPETENCE, TOPIC[:5], CONFIGURATIONS["draft default"], CUTS)
