"""Laws that every item response model obeys, over the registry of models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irt import ItemParameters, models

DISCRIMINATION = st.floats(0.1, 4.0)
DIFFICULTY = st.floats(-6.0, 6.0)
GUESSING = st.floats(0.0, 0.5)
CEILING = st.floats(0.6, 1.0)
ONE, ZERO = st.just(1.0), st.just(0.0)

MODELS = {
    "1PL": st.tuples(ONE, DIFFICULTY, ZERO, ONE),
    "2PL": st.tuples(DISCRIMINATION, DIFFICULTY, ZERO, ONE),
    "3PL": st.tuples(DISCRIMINATION, DIFFICULTY, GUESSING, ONE),
    "4PL": st.tuples(DISCRIMINATION, DIFFICULTY, GUESSING, CEILING),
}
THETA = st.floats(-40.0, 40.0)
NEAR = st.floats(-6.0, 6.0)

every_model = pytest.mark.parametrize("model", MODELS)


def bank(draw: st.DataObject, model: str, count: int = 1) -> ItemParameters:
    """`count` items of the model."""
    return ItemParameters(*zip(*[draw.draw(MODELS[model]) for _ in range(count)], strict=True))


@every_model
@given(data=st.data(), theta=THETA)
def test_a_probability_stays_between_the_asymptotes(model: str, data: st.DataObject, theta: float) -> None:
    items = bank(data, model)
    p = models.probability(items, [theta])[0, 0]
    assert items.c[0] * (1 - 1e-12) <= p <= items.d[0] * (1 + 1e-12)


@every_model
@given(data=st.data(), theta=THETA, rise=st.floats(1e-3, 10.0))
def test_a_probability_never_falls_when_ability_rises(
    model: str, data: st.DataObject, theta: float, rise: float
) -> None:
    low, high = models.probability(bank(data, model), [theta, theta + rise])[:, 0]
    assert high >= low * (1 - 1e-14)


@every_model
@given(data=st.data(), theta=THETA)
def test_the_categories_sum_to_one(model: str, data: st.DataObject, theta: float) -> None:
    total = models.category_probability(bank(data, model), [theta]).sum(axis=-1)
    assert total == pytest.approx(1.0, abs=1e-14)


@every_model
@given(data=st.data(), theta=THETA)
def test_nothing_is_ever_infinite_within_forty_logits(model: str, data: st.DataObject, theta: float) -> None:
    items = bank(data, model, 3)
    for scores in ([0, 0, 0], [1, 1, 1], [0, 1, 0]):
        assert np.isfinite(models.log_likelihood_derivatives(items, scores, [theta])).all()
    assert np.isfinite(models.information(items, [theta])).all()
    assert np.isfinite(models.probability_derivatives(items, [theta])).all()


@every_model
@given(data=st.data(), theta=NEAR)
def test_the_derivatives_of_the_probability_are_the_numerical_ones(
    model: str, data: st.DataObject, theta: float
) -> None:
    items, h = bank(data, model), 1e-3
    points = models.probability(items, theta + h * np.arange(-2, 3))[:, 0]
    first, second = (value[0, 0] for value in models.probability_derivatives(items, [theta]))
    # Five-point differences err by h^4 a^5 and by rounding over h (h^2 for the second derivative).
    assert points @ [1, -8, 0, 8, -1] / (12 * h) == pytest.approx(first, abs=1e-9)
    assert points @ [-1, 16, -30, 16, -1] / (12 * h**2) == pytest.approx(second, abs=1e-7)


@every_model
@given(data=st.data(), theta=NEAR, score=st.integers(0, 1))
def test_the_derivatives_of_the_log_likelihood_are_the_numerical_ones(
    model: str, data: st.DataObject, theta: float, score: int
) -> None:
    items, h = bank(data, model), 1e-3
    points = models.log_likelihood_derivatives(items, [score], theta + h * np.arange(-2, 3))[0]
    _, first, second = (value[0] for value in models.log_likelihood_derivatives(items, [score], [theta]))
    assert points @ [1, -8, 0, 8, -1] / (12 * h) == pytest.approx(first, abs=1e-7)
    assert points @ [-1, 16, -30, 16, -1] / (12 * h**2) == pytest.approx(second, abs=1e-5)


@every_model
@given(data=st.data(), theta=NEAR)
def test_information_is_the_squared_slope_over_the_variance(
    model: str, data: st.DataObject, theta: float
) -> None:
    items = bank(data, model)
    p = models.category_probability(items, [theta])[0, 0]
    slope = models.probability_derivatives(items, [theta])[0][0, 0]
    assert models.information(items, [theta])[0, 0] == pytest.approx(slope**2 / (p[0] * p[1]), rel=1e-10)


@every_model
@given(data=st.data(), theta=NEAR)
def test_information_is_the_expected_negative_second_derivative(
    model: str, data: st.DataObject, theta: float
) -> None:
    items = bank(data, model)
    p = models.category_probability(items, [theta])[0, 0]
    seconds = [models.log_likelihood_derivatives(items, [score], [theta])[2][0] for score in (0, 1)]
    assert models.information(items, [theta])[0, 0] == pytest.approx(-(p @ seconds), rel=1e-6, abs=1e-9)


@every_model
@given(data=st.data(), theta=NEAR, slope=st.floats(0.25, 4.0), shift=st.floats(-3.0, 3.0))
def test_a_linear_change_of_scale_leaves_the_probability(
    model: str, data: st.DataObject, theta: float, slope: float, shift: float
) -> None:
    items = bank(data, model)
    moved = ItemParameters(items.a / slope, slope * items.b + shift, items.c, items.d)
    before = models.probability(items, [theta])
    after = models.probability(moved, [slope * theta + shift])
    assert after == pytest.approx(before, rel=1e-9)
    scaled = models.information(moved, [slope * theta + shift]) * slope**2
    assert scaled == pytest.approx(models.information(items, [theta]), rel=1e-6)


@every_model
@settings(max_examples=25)
@given(data=st.data())
def test_the_tables_of_a_policy_hold_the_functions_themselves(model: str, data: st.DataObject) -> None:
    items, nodes = bank(data, model, 3), np.linspace(-5, 5, 7)
    log_probability, information = models.tables(items, nodes)
    expected = models.category_probability(items, nodes).transpose(1, 2, 0)
    assert np.exp(log_probability) == pytest.approx(expected, rel=1e-12)
    assert information == pytest.approx(models.information(items, nodes), rel=1e-12)


@given(theta=THETA, a=DISCRIMINATION, b=DIFFICULTY)
def test_a_larger_model_without_its_asymptotes_is_the_smaller_one(theta: float, a: float, b: float) -> None:
    full = models.probability(ItemParameters([a], [b], [0.0], [1.0]), [theta])[0, 0]
    logistic = 1 / (1 + np.exp(-np.clip(a * (theta - b), -700, 700)))
    assert full == pytest.approx(logistic, rel=1e-10)
