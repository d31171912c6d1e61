"""Rules that end a test early, each against its definition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from irt import (
    InvalidRules,
    ItemParameters,
    Policy,
    Reason,
    Rules,
    compile_policy,
    models,
    population,
    simulate,
)
from irt.ability import NormalPrior
from irt.shadow import BlueprintTree
from irt.stopping import (
    ChangeStop,
    ClassificationStop,
    InformationStop,
    IntervalStop,
    LevelStop,
    PrecisionStop,
    RatioStop,
    StoppingRule,
    TimeStop,
    log_ratio,
)
from tests.irt.world import calibrated_bank, flat_tree

BANK = calibrated_bank(80)
CUT = 0.3


def design(
    rule: StoppingRule, *, minimum: int = 2, tree: BlueprintTree | None = None, **rules: Any
) -> Policy:
    held: dict[str, Any] = {"length": 40, "minimum_length": minimum, "cuts": np.array([-0.8, 0.3])}
    shape = tree or flat_tree(80, minimum, 40)
    return compile_policy(BANK, shape, Rules(**held | rules, stopping=(rule,)))


def sitting(policy: Policy, seed: int, **facts: Any) -> tuple[list[int], list[int], Reason | None]:
    """Somebody of theta 0.9."""
    luck = np.random.default_rng(seed).random(80)
    answers = luck < models.probability(BANK, [0.9])[0]
    items: list[int] = []
    scores: list[int] = []
    while (step := policy.step(items, scores, seed=seed, **facts)).item is not None:
        items.append(step.item)
        scores.append(int(answers[step.item]))
    return items, scores, step.reason


def states(policy: Policy, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    items, scores, _ = sitting(policy, seed)
    return [(np.array(items[:n]), np.array(scores[:n])) for n in range(2, len(items) + 1)]


def wants_to_stop(policy: Policy, rule: StoppingRule, items: np.ndarray, scores: np.ndarray) -> bool:
    """The definitions, written out."""
    now = policy.posterior(items, scores)
    match rule:
        case PrecisionStop(se):
            return now.se <= se
        case ClassificationStop(cut, probability):
            lower = float(policy.stops[0].below[0] @ now.weights)
            return max(lower, 1 - lower) >= probability
        case IntervalStop(cut, probability):
            z = norm.ppf(0.5 + probability / 2)
            return bool(not now.theta - z * now.se <= cut <= now.theta + z * now.se)
        case LevelStop(probability):
            return bool(policy.measure(now).level_probabilities.max() >= probability)
        case InformationStop(minimum):
            left = np.setdiff1d(np.arange(80), items)
            return bool(models.information(BANK, [now.theta])[0, left].max() < minimum)
        case ChangeStop(delta):
            return abs(now.theta - policy.posterior(items[:-1], scores[:-1]).theta) <= delta
        case RatioStop(cut, half, alpha, beta, generalized):
            dense = np.linspace(-8, 8, 3201)
            value = models.log_likelihood_derivatives(BANK.take(items), scores, dense)[0]
            if generalized:
                ratio = value[dense >= cut + half].max() - value[dense <= cut - half].max()
            else:
                ends = models.log_likelihood_derivatives(BANK.take(items), scores, [cut - half, cut + half])[
                    0
                ]
                ratio = ends[1] - ends[0]
            return bool(ratio >= math.log((1 - beta) / alpha) or ratio <= math.log(beta / (1 - alpha)))
        case _:
            raise AssertionError


RULES = [
    PrecisionStop(0.36),
    ClassificationStop(CUT, 0.9),
    IntervalStop(CUT, 0.9),
    LevelStop(0.8),
    InformationStop(0.42),
    ChangeStop(0.03),
    RatioStop(CUT, 0.4, 0.1, 0.1),
    RatioStop(CUT, 0.4, 0.1, 0.1, generalized=True),
]


@pytest.mark.parametrize(
    "rule", RULES, ids=lambda rule: type(rule).__name__ + str(getattr(rule, "generalized", ""))
)
def test_a_rule_stops_at_the_first_answer_where_its_definition_holds(rule: StoppingRule) -> None:
    policy = design(rule)
    stopped = 0
    for seed in range(6):
        items, _, reason = sitting(policy, seed)
        *before, last = states(policy, seed)
        assert not any(wants_to_stop(policy, rule, *state) for state in before)
        if reason is not Reason.LENGTH:
            stopped += 1
            assert wants_to_stop(policy, rule, *last)
        else:
            assert len(items) == 40
    assert stopped >= 2


def test_time_left_stops_only_a_sitting_that_tells_it() -> None:
    policy = design(TimeStop(60.0))
    assert policy.step([1, 2, 3], [1, 0, 1], seed=1).reason is None
    assert policy.step([1, 2, 3], [1, 0, 1], seed=1, seconds_left=61.0).reason is None
    assert policy.step([1, 2, 3], [1, 0, 1], seed=1, seconds_left=59.0).reason is Reason.TIME


@pytest.mark.parametrize("rule", [*RULES[:1], TimeStop(60.0)], ids=lambda rule: type(rule).__name__)
def test_no_rule_ends_a_test_before_the_minima_of_its_blueprint(rule: StoppingRule) -> None:
    leaf = np.where(np.arange(80) < 76, 1, 2)
    tree = BlueprintTree([-1, 0, 0], [4, 0, 3], [40, 40, 4], leaf, [-1] * 80, [0] * 80, 0)
    for seed in range(3):
        items, _, _ = sitting(design(rule, tree=tree), seed, seconds_left=1.0)
        assert sum(item >= 76 for item in items) >= 3


def test_the_likelihood_ratio_is_that_of_the_ends_of_the_region() -> None:
    policy = design(RatioStop(CUT, 0.5))
    items, scores = np.array([3, 17, 40]), np.array([1, 1, 0])
    ends = models.log_likelihood_derivatives(BANK.take(items), scores, [CUT - 0.5, CUT + 0.5])[0]
    assert log_ratio(policy.stops[0], policy.kind[items], scores) == pytest.approx(
        ends[1] - ends[0], abs=1e-12
    )


def test_the_sequential_test_keeps_its_error_rates_at_the_ends_of_the_region() -> None:
    bank = ItemParameters(np.full(300, 1.5), np.tile(np.linspace(-1, 1, 30), 10), np.zeros(300), np.ones(300))
    rules = Rules(
        length=120, minimum_length=1, cuts=np.array([0.0]), stopping=(RatioStop(0.0, 0.5, 0.05, 0.05),)
    )
    policy = compile_policy(bank, flat_tree(300, 1, 120), rules)
    result = simulate(policy, np.repeat([-0.5, 0.5], 150), seed=2, warm=False).sittings
    errors = (result.level != result.true_level).reshape(2, 150).mean(axis=1)
    assert (errors < 0.1).all()
    assert 8 < result.length.mean() < 20  # Wald's formula, the overshoot neglected, gives 10


def test_rules_out_of_range_are_refused_by_name() -> None:
    for build, name in (
        (lambda: RatioStop(0.0, 0.0), "half_width"),
        (lambda: RatioStop(0.0, 0.3, alpha=0.6), "alpha"),
        (lambda: IntervalStop(math.nan, 0.9), "cut"),
        (lambda: LevelStop(0.4), "probability"),
        (lambda: InformationStop(0.0), "minimum"),
        (lambda: ChangeStop(-1.0), "delta"),
        (lambda: TimeStop(math.inf), "seconds"),
    ):
        with pytest.raises(InvalidRules, match=name):
            build()
    with pytest.raises(InvalidRules, match="cut scores"):
        design(LevelStop(0.9), cuts=np.zeros(0))


def test_a_classification_stop_saves_items_and_keeps_the_decision() -> None:
    theta = population(150, prior=NormalPrior(), seed=3)
    short = simulate(design(LevelStop(0.9)), theta, seed=3, warm=False)
    long = simulate(design(PrecisionStop(0.01)), theta, seed=3, warm=False)
    assert short.mean_length < 0.8 * long.mean_length
    assert short.classification_accuracy > long.classification_accuracy - 0.08
