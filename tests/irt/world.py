"""Banks, trees and designs for the tests of `irt`."""

from __future__ import annotations

from typing import Any

import numpy as np

from irt import BlueprintTree, ItemParameters, Policy, Rules, compile_policy

LEVELS = (-2.0, -1.2, -0.4, 0.4, 1.2, 2.0)
CUTS = np.array([-0.8, 0.0, 0.8, 1.6])
COMPETENCES = (4, 4, 3, 4, 3)
QUOTAS = (7, 6, 6, 7, 6)


def provisional_bank(n_items: int, seed: int = 1) -> ItemParameters:
    """Parameters as a bank has them before calibration: six difficulties, a = 1, two guessing floors."""
    rng = np.random.default_rng(seed)
    guessing = np.where(rng.random(n_items) < 0.4, 0.25, 0.0)
    return ItemParameters(np.ones(n_items), rng.choice(LEVELS, n_items), guessing, np.ones(n_items))


def calibrated_bank(n_items: int, seed: int = 1) -> ItemParameters:
    """Parameters as a calibration leaves them: all different, 4PL."""
    rng = np.random.default_rng(seed)
    return ItemParameters(
        rng.lognormal(0.1, 0.3, n_items),
        rng.normal(0.0, 1.2, n_items),
        rng.choice([0.0, 0.2, 0.25], n_items),
        rng.choice([1.0, 0.98], n_items),
    )


def certification_tree(n_items: int, length: int = 32, testlets: int = 0) -> BlueprintTree:
    """5 domains (quotas +-1), 18 competences (1 to 3), 90 topics (at most one); testlets of three items."""
    parent, lower, upper = [-1], [length], [length]
    for quota in QUOTAS:
        parent.append(0)
        lower.append(quota - 1)
        upper.append(quota + 1)
    competences = []
    for domain, count in enumerate(COMPETENCES, start=1):
        for _ in range(count):
            competences.append(len(parent))
            parent.append(domain)
            lower.append(1)
            upper.append(3)
    topics = []
    for competence in competences:
        for _ in range(5):
            topics.append(len(parent))
            parent.append(competence)
            lower.append(0)
            upper.append(1)
    testlet, position = np.full(n_items, -1), np.zeros(n_items, dtype=np.int64)
    for number in range(testlets):
        testlet[3 * number : 3 * number + 3] = number
        position[3 * number : 3 * number + 3] = [1, 0, 2]
    leaf = np.array(topics)[np.arange(n_items) % len(topics)]
    return BlueprintTree(parent, lower, upper, leaf, testlet, position, 2 if testlets else 0)


def certification(parameters: ItemParameters, *, testlets: int = 0, **rules: Any) -> Policy:
    """Fixed-length certification of 32 items over `certification_tree`."""
    design: dict[str, Any] = {"length": 32, "minimum_length": 32, "cuts": CUTS, "minimum_responses": 20}
    tree = certification_tree(len(parameters), testlets=testlets)
    return compile_policy(parameters, tree, Rules(**design | rules))


def flat_tree(n_items: int, shortest: int, longest: int) -> BlueprintTree:
    """One node: any items, from `shortest` to `longest` of them."""
    alone = [-1] * n_items
    return BlueprintTree([-1], [shortest], [longest], [0] * n_items, alone, [0] * n_items, 0)


def sit(
    policy: Policy, answers: Any, *, seed: int, available: np.ndarray | None = None
) -> tuple[list[int], list[int]]:
    """Take a whole sitting through `Policy.step`; `answers[item]` is the score of each item."""
    items: list[int] = []
    scores: list[int] = []
    while True:
        step = policy.step(items, scores, seed=seed, available=available)
        if step.item is None:
            return items, scores
        items.append(step.item)
        scores.append(int(answers[step.item]))
