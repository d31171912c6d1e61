"""Persons, items and answers for the tests of calibration."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from irt.calibration import Calibration, normal_weights
from irt.models import category_probability
from irt.mstep import log_probability
from irt.responses import Responses
from irt.types import FloatArray, Parameters


def answers(
    parameters: Parameters,
    theta: FloatArray,
    *,
    seed: int,
    share: float = 1.0,
    group: FloatArray | None = None,
) -> Responses:
    """Simulated answers; each cell is there with probability `share`."""
    rng = np.random.default_rng(seed)
    p = category_probability(parameters, theta)
    score = (rng.random(p.shape[:2])[:, :, None] > np.cumsum(p, axis=2)[:, :, :-1]).sum(axis=2)
    table = np.where(rng.random(score.shape) < share, score, np.nan)
    return Responses.from_wide(table, n_categories=parameters.n_categories, group=group)


def marginal(found: Calibration, responses: Responses, natural: Sequence[FloatArray] | None = None) -> float:
    """Log-likelihood by a second implementation: one column of the table of answers after the other."""
    rows = np.repeat(np.arange(responses.n_persons), responses.counts)
    table = np.full((responses.n_persons, responses.n_items), -1)
    table[rows, responses.item] = responses.score
    joint = found.ability.log_weight[responses.group].copy()
    for family, x in zip(found.families, natural or found.natural, strict=True):
        for item, own in zip(family.items.tolist(), log_probability(family, x, found.nodes), strict=True):
            answered = table[:, item] >= 0
            joint[answered] += own[table[answered, item]]
    values = np.logaddexp.reduce(joint, axis=1)
    return float(responses.weight @ np.where((table >= 0).any(axis=1), values, 0.0))


def two_parameter_optimum(table: FloatArray, nodes: FloatArray) -> tuple[FloatArray, float]:
    """Slopes and intercepts of a complete 2PL by a general-purpose optimiser: no EM, another likelihood."""
    weight = normal_weights(nodes, np.zeros(1), np.ones(1))[0]
    patterns, counts = np.unique(table, axis=0, return_counts=True)
    n_items = table.shape[1]

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        a, d = x[:n_items], x[n_items:]
        z = np.outer(nodes, a) + d
        p = expit(z)
        log_p, log_q = -np.logaddexp(0, -z), -np.logaddexp(0, z)
        joint = patterns @ log_p.T + (1 - patterns) @ log_q.T + weight
        value = np.logaddexp.reduce(joint, axis=1)
        posterior = np.exp(joint - value[:, None]) * counts[:, None]
        residual = patterns[:, None, :] - p[None]
        slope_d = (posterior[:, :, None] * residual).sum(axis=(0, 1))
        slope_a = (posterior[:, :, None] * residual * nodes[None, :, None]).sum(axis=(0, 1))
        return -float(counts @ value), -np.concatenate([slope_a, slope_d])

    start = np.concatenate([np.ones(n_items), np.zeros(n_items)])
    best = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 2000})
    return best.x.reshape(2, n_items), -float(best.fun)


def all_patterns(n_items: int) -> FloatArray:
    """Every right-or-wrong pattern."""
    return np.array(list(itertools.product([0.0, 1.0], repeat=n_items)))
