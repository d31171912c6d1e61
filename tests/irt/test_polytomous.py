"""Polytomous and mixed parameters: checked at the door, and the textbook's formulas in the middle."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from irt import InvalidParameters, InvalidResponses, ItemParameters, NormalPrior, eap, models, wle
from irt.types import GradedParameters, MixedParameters, NominalParameters, ParameterDraws, Parameters

TWO = ItemParameters([1.0, 1.3], [0.0, 0.6], [0.0, 0.2], [1.0, 1.0])


@pytest.mark.parametrize(
    ("make", "argument", "index", "rule"),
    [
        (lambda: GradedParameters([1.0, 0.0], [[0.0], [1.0]]), "a", 1, "greater than 0"),
        (lambda: GradedParameters([1.0, 1.0], [[0.0, 1.0], [1.0, 1.0]]), "thresholds", 1, "increase"),
        (lambda: GradedParameters([1.0], [[1.0, 0.5]]), "thresholds", 0, "increase"),
        (lambda: GradedParameters([1.0], [[np.nan, 0.5]]), "thresholds", 0, "finite"),
        (lambda: GradedParameters([1.0], [[0.0, np.inf]]), "thresholds", 0, "finite"),
        (lambda: GradedParameters([1.0, 1.0], [[0.0], []]), "thresholds", 1, "at least 1"),
        (lambda: GradedParameters([1.0], [[]]), "thresholds", 0, "at least 1"),
        (lambda: GradedParameters([1.0], [["easy"]]), "thresholds", None, "numbers"),
        (lambda: GradedParameters([1.0], [[0.0], [1.0]]), "thresholds", None, "not 1"),
        (lambda: GradedParameters([], []), "a", None, "at least one item"),
        (lambda: NominalParameters([[0.0, 0.0]], [[0.0, 1.0]]), "slopes", 0, "differ"),
        (lambda: NominalParameters([[0.0, 1.0, 2.0]], [[0.0, 1.0]]), "intercepts", 0, "2 categories"),
        (lambda: NominalParameters([[0.0]], [[0.0]]), "slopes", 0, "at least 2"),
        (lambda: NominalParameters([], []), "slopes", None, "at least one item"),
        (lambda: NominalParameters.partial_credit([[0.0]], [-1.0]), "a", 0, "greater than 0"),
        (lambda: NominalParameters.partial_credit([[0.0]], [1.0, 1.0]), "a", None, "not 1"),
        (lambda: NominalParameters.rating_scale([np.nan], [0.0]), "locations", 0, "finite"),
        (lambda: MixedParameters([]), "parts", None, "at least one model"),
        (lambda: MixedParameters([TWO], [[0, 2]]), "positions", None, "0 to 1"),
        (lambda: MixedParameters([TWO], [[0]]), "positions", None, "one place"),
        (lambda: ParameterDraws([]), "draws", None, "at least one"),
        (lambda: ParameterDraws([TWO, TWO.take([0])]), "draws", 1, "other items"),
        (lambda: ParameterDraws([TWO, TWO], [1.0, 0.0]), "weights", 1, "greater than 0"),
    ],
)
def test_a_bad_parameter_is_named_with_its_item(
    make: Callable[[], Any], argument: str, index: int | None, rule: str
) -> None:
    with pytest.raises(InvalidParameters, match=rule) as caught:
        make()
    assert (caught.value.argument, caught.value.index) == (argument, index)


def test_rows_of_unequal_length_may_be_padded_or_not() -> None:
    ragged = GradedParameters([1.0, 1.0], [[-1.0, 0.0, 1.0], [0.5]])
    for padding in (np.nan, None):
        padded = GradedParameters([1.0, 1.0], [[-1.0, 0.0, 1.0], [0.5, padding, padding]])
        assert np.array_equal(padded.thresholds, ragged.thresholds, equal_nan=True)
    assert ragged.take([1]).thresholds.tolist() == [[0.5]]
    assert ragged.n_categories.tolist() == [4, 2]


def test_parameters_cannot_be_changed_from_outside() -> None:
    for array in (
        GradedParameters([1.0], [[0.0, 1.0]]).thresholds,
        NominalParameters.partial_credit([[0.0, 1.0]]).slopes,
        MixedParameters([TWO]).positions[0],
        ParameterDraws([TWO]).weights,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 3.0


def test_taking_from_a_mixed_bank_keeps_the_order_asked_for_even_twice() -> None:
    graded = GradedParameters([1.0, 2.0], [[-1.0, 1.0], [0.0, 0.3]])
    bank = MixedParameters([TWO, graded], [[3, 0], [1, 2]])
    assert bank.n_categories.tolist() == [2, 3, 3, 2]
    taken = bank.take([2, 3, 2, 0])
    theta = [-0.7, 0.4]
    whole = models.category_probability(bank, theta)
    assert np.array_equal(models.category_probability(taken, theta), whole[:, [2, 3, 2, 0]])


THETA = (-3.1, -0.4, 0.0, 1.7)


def naive_graded(a: float, b: list[float], theta: float) -> list[float]:
    above = [1.0, *(1 / (1 + math.exp(-a * (theta - one))) for one in b), 0.0]
    return [above[k] - above[k + 1] for k in range(len(b) + 1)]


def naive_credit(a: float, b: list[float], theta: float) -> list[float]:
    terms = [math.exp(sum(a * (theta - one) for one in b[:k])) for k in range(len(b) + 1)]
    return [term / sum(terms) for term in terms]


@pytest.mark.parametrize("theta", THETA)
def test_the_models_are_those_of_the_textbook(theta: float) -> None:
    graded = models.category_probability(GradedParameters([1.3], [[-1.0, 0.2, 1.4]]), [theta])[0, 0]
    assert graded == pytest.approx(naive_graded(1.3, [-1.0, 0.2, 1.4], theta), rel=1e-12)
    credit = NominalParameters.partial_credit([[0.4, -0.7, 1.1]], [0.8])
    expected = naive_credit(0.8, [0.4, -0.7, 1.1], theta)
    assert models.category_probability(credit, [theta])[0, 0] == pytest.approx(expected, rel=1e-12)
    rating = NominalParameters.rating_scale([0.5], [-1.0, 0.3])
    expected = naive_credit(1.0, [-0.5, 0.8], theta)
    assert models.category_probability(rating, [theta])[0, 0] == pytest.approx(expected, rel=1e-12)
    nominal = NominalParameters([[0.0, 1.2, 0.4]], [[0.0, -0.3, 0.9]])
    terms = np.exp(np.array([0.0, 1.2, 0.4]) * theta + np.array([0.0, -0.3, 0.9]))
    assert models.category_probability(nominal, [theta])[0, 0] == pytest.approx(
        terms / terms.sum(), rel=1e-12
    )


@pytest.mark.parametrize("scores", [[0, 3, 1], [0, 0, 1], [-1, 0, 0], [0.5, 0, 0], [0, 0]])
def test_a_score_that_its_item_does_not_have_is_refused(scores: list[float]) -> None:
    bank = MixedParameters([TWO.take([0]), GradedParameters([1.0], [[-1.0, 1.0]]), TWO.take([1])])
    if scores == [0, 0, 1]:
        assert math.isfinite(wle(bank, scores).theta)
        return
    with pytest.raises(InvalidResponses):
        eap(bank, scores, prior=NormalPrior())


def mixed_bank(rng: np.random.Generator, count: int) -> Parameters:
    each = count // 3
    logistic = ItemParameters(
        rng.lognormal(0, 0.3, each), rng.normal(0, 1.5, each), np.full(each, 0.2), np.ones(each)
    )
    graded = GradedParameters(rng.lognormal(0, 0.3, each), np.sort(rng.normal(0, 1.5, (each, 3)), axis=1))
    credit = NominalParameters.partial_credit(rng.normal(0, 1.5, (each, 2)), rng.lognormal(0, 0.3, each))
    return MixedParameters([logistic, graded, credit]).take(rng.permutation(3 * each))


def answers(rng: np.random.Generator, bank: Parameters, theta: float) -> np.ndarray:
    p = models.category_probability(bank, [theta])[0]
    below = rng.random(len(bank))[:, None] > p.cumsum(axis=1)[:, :-1]
    return np.asarray(below.sum(axis=1))


@pytest.mark.parametrize("theta", [-1.5, 0.0, 2.0])
def test_a_mixed_bank_recovers_the_ability_that_made_the_answers(theta: float) -> None:
    rng = np.random.default_rng(int(10 * theta) + 40)
    bank = mixed_bank(rng, 150)
    scores = answers(rng, bank, theta)
    for estimate in (wle(bank, scores), eap(bank, scores, prior=NormalPrior(0, 2))):
        assert abs(estimate.theta - theta) < 3.5 * estimate.se
        assert estimate.se < 0.25
