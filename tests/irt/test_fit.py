"""Fit statistics: right size under the model, loud when it is wrong, exact where a second way of counting exists."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from irt.errors import InvalidResponses, InvalidRules
from irt.fit import (
    Outcome,
    empirical_curve,
    global_fit,
    local_dependence,
    residual_fit,
    score_fit,
    sequential_fit,
)
from irt.linking import Weights, parameter_vector
from irt.models import category_probability
from irt.responses import Responses
from irt.types import GradedParameters, ItemParameters, MixedParameters, NominalParameters, Parameters

THETA = np.linspace(-6, 6, 61)
NORMAL = Weights(THETA, np.exp(-(THETA**2) / 2) / np.exp(-(THETA**2) / 2).sum())
BANK = ItemParameters(np.linspace(0.8, 1.6, 12), np.linspace(-1.6, 1.6, 12), np.zeros(12), np.ones(12))
MIXED = MixedParameters(
    [
        BANK.take(range(4)),
        GradedParameters([1.2, 0.9], [[-1.0, 0.0, 1.0], [-0.5, 0.8]]),
        NominalParameters.partial_credit([[-0.7, 0.4], [0.1, 0.9]], [1.1, 0.8]),
    ]
)


def _answers(parameters: Parameters, theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    p = category_probability(parameters, theta)
    return np.asarray((rng.random((*p.shape[:2], 1)) > np.cumsum(p, axis=2)).sum(axis=2))


def _simulated(parameters: Parameters, n: int, seed: int) -> tuple[Responses, np.ndarray]:
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=n)
    return Responses.from_wide(_answers(parameters, theta, rng), n_categories=parameters.n_categories), theta


@pytest.mark.parametrize("bank", [BANK, MIXED])
def test_mean_squares_are_one_at_the_true_abilities(bank: Parameters) -> None:
    answers, theta = _simulated(bank, 4000, 1)
    found = residual_fit(answers, bank, theta)
    np.testing.assert_allclose(found.outfit, 1, atol=0.12)
    np.testing.assert_allclose(found.infit, 1, atol=0.06)
    assert np.abs(found.infit_z).max() < 3.5


def test_noisy_and_too_sharp_items_are_told_apart() -> None:
    answers, theta = _simulated(BANK, 4000, 2)
    believed = ItemParameters([1.0, *BANK.a[1:-1], 1.0], BANK.b, BANK.c, BANK.d)
    sharp = ItemParameters([3.0, *BANK.a[1:-1], 0.3], BANK.b, BANK.c, BANK.d)
    real, _ = _simulated(sharp, 4000, 2)
    found = residual_fit(real, believed, theta)
    assert found.infit[0] < 0.9
    assert found.infit[-1] > 1.1
    assert found.infit_z[-1] > 4
    assert answers.n_persons == found.n_answers[0]


def test_q3_finds_the_two_items_that_share_a_cause() -> None:
    rng = np.random.default_rng(3)
    theta = rng.normal(size=3000)
    table = _answers(BANK, theta, rng)
    table[:, 5] = np.where(rng.random(3000) < 0.4, table[:, 6], table[:, 5])
    q3 = local_dependence(Responses.from_wide(table), BANK, theta)
    pairs = np.triu_indices(12, 1)
    worst = int(np.argmax(q3[pairs]))
    assert (pairs[0][worst], pairs[1][worst]) == (5, 6)
    assert np.abs(np.delete(q3[pairs], worst)).max() < 0.1
    np.testing.assert_array_equal(q3, q3.T)


def test_q3_of_pairs_seldom_answered_together_is_unknown() -> None:
    answers = Responses.from_long([0, 0, 1, 1], [0, 1, 0, 2], [1, 0, 1, 0], n_items=3)
    q3 = local_dependence(answers, BANK.take([0, 1, 2]), [0.0, 0.5])
    assert np.isnan(q3[1, 2])
    assert q3[0, 0] == 1


def test_expected_counts_by_sum_score_are_those_of_enumerated_patterns() -> None:
    bank = BANK.take([1, 5, 9, 11])
    patterns = np.array(list(product([0, 1], repeat=4)))
    p = category_probability(bank, THETA)
    chance = np.array(
        [NORMAL.weight @ np.prod([p[:, i, x] for i, x in enumerate(row)], axis=0) for row in patterns]
    )
    counts = np.round(chance * 50_000).astype(int)
    answers = Responses.from_wide(np.repeat(patterns, counts, axis=0))
    found = score_fit(answers, bank, NORMAL)
    assert found.statistic.max() < 1e-3  # the data are the model, up to rounding
    assert found.degrees.tolist() == [1] * 4
    whole = global_fit(answers, bank, NORMAL)
    assert whole.statistic < 1e-3
    assert whole.degrees == 4 + 6 - 8


@pytest.mark.parametrize("bank", [BANK, MIXED])
def test_statistics_keep_their_level_when_the_model_holds(bank: Parameters) -> None:
    p_items, p_whole = [], []
    for seed in range(30):
        answers, _ = _simulated(bank, 1000, 100 + seed)
        # parameters are known here: nothing was estimated
        nothing = np.zeros((len(parameter_vector(bank)), 0))
        p_items.append(score_fit(answers, bank, NORMAL, free=np.zeros(len(bank))).p_value)
        p_whole.append(global_fit(answers, bank, NORMAL, estimated=nothing).p_value)
    assert 0.02 <= np.mean(np.array(p_items) < 0.05) <= 0.09
    assert 0.3 < np.mean(p_whole) < 0.7


def test_a_wrong_model_is_rejected_by_both() -> None:
    guessed = ItemParameters(BANK.a, BANK.b, np.full(12, 0.35), BANK.d)
    answers, _ = _simulated(guessed, 4000, 7)
    assert (score_fit(answers, BANK, NORMAL).p_value < 0.01).sum() >= 8
    whole = global_fit(answers, BANK, NORMAL)
    assert whole.p_value < 1e-6
    low, high = whole.rmsea_interval
    assert low < whole.rmsea < high
    assert whole.rmsea > 0.03
    assert 0 < whole.cfi < 1


def test_fixed_and_shared_parameters_change_the_degrees_of_freedom() -> None:
    answers, _ = _simulated(BANK, 500, 8)
    one_slope = np.zeros((12, 4, 13))
    one_slope[:, 0, 12] = 1
    one_slope[np.arange(12), 1, np.arange(12)] = 1
    assert global_fit(answers, BANK, NORMAL).degrees == 12 + 66 - 24
    assert global_fit(answers, BANK, NORMAL, estimated=one_slope.reshape(48, 13)).degrees == 12 + 66 - 13


def test_global_fit_says_why_there_is_none() -> None:
    answers, _ = _simulated(BANK.take([0, 1, 2]), 200, 9)
    assert global_fit(answers, BANK.take([0, 1, 2]), NORMAL).outcome is Outcome.NO_DEGREES
    holes = Responses.from_long([0, 1], [0, 1], [1, 1], n_items=2)
    assert global_fit(holes, BANK.take([0, 1]), NORMAL).outcome is Outcome.NO_COMPLETE_ROWS
    assert np.isnan(score_fit(holes, BANK.take([0, 1]), NORMAL).statistic).all()


def _adaptive(bank: ItemParameters, believed: ItemParameters, n: int, seed: int) -> Responses:
    """Rows of a test that picks the most informative item at the EAP of the earlier answers."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=n)
    logs = np.log(category_probability(believed, THETA))
    posterior = np.tile(np.log(NORMAL.weight), (n, 1))
    seen = np.zeros((n, len(bank)), dtype=bool)
    person, item, score = [], [], []
    for _ in range(12):
        weight = np.exp(posterior - posterior.max(axis=1, keepdims=True))
        eap = (weight @ THETA) / weight.sum(axis=1)
        gap = np.abs(believed.b - eap[:, None]) + np.where(seen, np.inf, 0)
        chosen = np.argmin(gap, axis=1)
        p = category_probability(bank, theta)[np.arange(n), chosen, 1]
        right = (rng.random(n) < p).astype(int)
        seen[np.arange(n), chosen] = True
        posterior += logs[:, chosen, right].T
        person.append(np.arange(n))
        item.append(chosen)
        score.append(right)
    return Responses.from_long(
        np.stack(person, 1).ravel(), np.stack(item, 1).ravel(), np.stack(score, 1).ravel(), n_items=len(bank)
    )


def test_adaptive_rows_keep_the_level_of_the_sequential_test_and_show_a_wrong_item() -> None:
    rng = np.random.default_rng(12)
    bank = ItemParameters(np.full(60, 1.2), rng.normal(size=60), np.zeros(60), np.ones(60))
    p_values, biases = [], []
    for seed in range(4):
        found = sequential_fit(_adaptive(bank, bank, 1500, seed), bank, NORMAL, draws=199, rng=rng)
        p_values.append(found.p_value[~np.isnan(found.p_value)])
        biases.append(found.bias)
    share = np.mean(np.concatenate(p_values) < 0.05)
    assert 0.02 <= share <= 0.09
    assert abs(np.nanmean(biases)) < 0.01
    harder = ItemParameters(bank.a, np.where(np.arange(60) == 20, bank.b + 0.7, bank.b), bank.c, bank.d)
    found = sequential_fit(_adaptive(harder, bank, 1500, 9), bank, NORMAL, draws=199, rng=rng)
    assert np.nanargmin(found.bias) == 20
    assert found.p_value[20] < 0.02
    assert found.bins[20] == 8


def test_conditioning_on_later_answers_would_be_wrong_where_the_sequential_test_is_right() -> None:
    """The reason for predicting from earlier answers: all-answers residuals of a true model are biased."""
    rng = np.random.default_rng(2)
    bank = ItemParameters(np.full(60, 1.2), rng.normal(size=60), np.zeros(60), np.ones(60))
    answers = _adaptive(bank, bank, 4000, 1)
    logs = np.log(category_probability(bank, THETA))
    posterior = np.tile(np.log(NORMAL.weight), (answers.n_persons, 1))
    persons = np.repeat(np.arange(answers.n_persons), answers.counts)
    np.add.at(posterior, persons, logs[:, answers.item, answers.score].T)
    weight = np.exp(posterior - posterior.max(axis=1, keepdims=True))
    eap = (weight @ THETA) / weight.sum(axis=1)
    naive = residual_fit(answers, bank, eap)
    assert np.nanmean(naive.infit) < 0.97
    found = sequential_fit(answers, bank, NORMAL, draws=99, rng=rng)
    assert np.nanmedian(found.p_value) > 0.3


def test_empirical_points_lie_on_the_curve_within_their_error() -> None:
    answers, theta = _simulated(MIXED, 3000, 4)
    for item in (0, 4, 7):
        curve = empirical_curve(answers, MIXED, theta, item, bins=12)
        assert len(curve.theta) == 12
        assert curve.n_answers.sum() == 3000
        assert np.abs((curve.observed - curve.expected) / curve.se).max() < 4
        assert (np.diff(curve.theta) > 0).all()


def test_bad_input_is_named() -> None:
    answers, theta = _simulated(BANK, 50, 5)
    with pytest.raises(InvalidResponses, match="items"):
        residual_fit(answers, BANK.take([0]), theta)
    with pytest.raises(InvalidResponses, match="theta"):
        residual_fit(answers, BANK, theta[:3])
    with pytest.raises(InvalidResponses, match="n_categories"):
        residual_fit(answers, GradedParameters(BANK.a, [[-1.0, 1.0]] * 12), theta)
    with pytest.raises(InvalidRules, match="item"):
        empirical_curve(answers, BANK, theta, 40)
    with pytest.raises(InvalidRules, match="estimated"):
        global_fit(answers, BANK, NORMAL, estimated=np.eye(3))
