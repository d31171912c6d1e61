"""Laws that every item response model obeys, over the registry of models."""

from __future__ import annotations

from decimal import Decimal, localcontext
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irt import ItemParameters, models
from irt.types import GradedParameters, MixedParameters, NominalParameters, Parameters
from tests.laws.registry import (
    DIFFICULTY,
    DISCRIMINATION,
    NEAR,
    THETA,
    banks,
    every_logistic,
    every_model,
    patterns,
    rescaled,
)

FIRST = np.array([1, -8, 0, 8, -1]) / 12
SECOND = np.array([-1, 16, -30, 16, -1]) / 12
STENCIL = np.arange(-2, 3)


def steepest(items: Parameters) -> float:
    """Largest slope of a log-probability anywhere: the scale of every higher derivative."""
    return float(np.abs(models.category_terms(items, np.linspace(-20, 20, 161)).slope).max())


quick = settings(max_examples=40, deadline=None)


@every_logistic
@given(data=st.data(), theta=THETA)
def test_a_probability_stays_between_the_asymptotes(model: str, data: st.DataObject, theta: float) -> None:
    items = data.draw(banks(model))
    assert isinstance(items, ItemParameters)
    p = models.probability(items, [theta])[0, 0]
    assert items.c[0] * (1 - 1e-12) <= p <= items.d[0] * (1 + 1e-12)


@every_model
@quick
@given(data=st.data(), theta=THETA)
def test_a_probability_of_any_category_is_one(model: str, data: st.DataObject, theta: float) -> None:
    items = data.draw(banks(model, 1, 3))
    p = models.category_probability(items, [theta])
    assert ((p >= 0) & (p <= 1)).all()
    assert p.sum(axis=-1) == pytest.approx(1.0, abs=1e-14)
    absent = np.arange(p.shape[-1]) >= items.n_categories[:, None]
    assert (p[0][absent] == 0).all()


@every_model
@quick
@given(data=st.data(), theta=THETA, rise=st.floats(1e-3, 10.0))
def test_what_is_expected_never_falls_when_ability_rises(
    model: str, data: st.DataObject, theta: float, rise: float
) -> None:
    items = data.draw(banks(model))
    if isinstance(items, NominalParameters):  # the order of nominal categories is that of their slopes
        p = models.category_probability(items, [theta, theta + rise])[:, 0]
        low, high = p @ items.slopes[0]
    elif isinstance(items, MixedParameters):
        return
    else:
        low, high = models.expected_score(items, [theta, theta + rise])[:, 0]
    assert high >= low - 1e-14 * abs(low)


@every_model
@quick
@given(data=st.data(), theta=THETA)
def test_nothing_is_ever_infinite_within_forty_logits(model: str, data: st.DataObject, theta: float) -> None:
    items, scores = data.draw(patterns(model, 3))
    for pattern in (scores, [0] * len(scores), (items.n_categories - 1).tolist()):
        assert np.isfinite(models.log_likelihood_derivatives(items, pattern, [theta])).all()
        assert np.isfinite(models.observed_information(items, pattern, [theta])).all()
    assert np.isfinite(models.information_terms(items, [theta])).all()
    assert np.isfinite(models.category_probability_derivatives(items, [theta])).all()


@every_model
@quick
@given(data=st.data(), theta=NEAR)
def test_the_derivatives_of_the_probability_are_the_numerical_ones(
    model: str, data: st.DataObject, theta: float
) -> None:
    items, h = data.draw(banks(model)), 1e-3
    p, first, second, third = models.category_probability_derivatives(items, theta + h * STENCIL)
    steep = 1 + steepest(items) ** 5
    # Five-point differences err by h^4 times the fifth derivative and by rounding over h.
    for value, derivative in ((p, first), (first, second), (second, third)):
        numerical = np.einsum("t,tik->ik", FIRST, value) / h
        assert numerical == pytest.approx(derivative[2], abs=1e-10 * steep)


@every_model
@quick
@given(data=st.data(), theta=NEAR)
def test_the_derivatives_of_the_log_likelihood_are_the_numerical_ones(
    model: str, data: st.DataObject, theta: float
) -> None:
    items, scores = data.draw(patterns(model, 1))
    h = 1e-3
    value, first, second = models.log_likelihood_derivatives(items, scores, theta + h * STENCIL)
    assert value @ FIRST / h == pytest.approx(first[2], abs=1e-7)
    assert value @ SECOND / h**2 == pytest.approx(second[2], abs=1e-5)


@every_model
@quick
@given(data=st.data(), theta=NEAR)
def test_information_and_warms_term_are_what_their_definitions_say(
    model: str, data: st.DataObject, theta: float
) -> None:
    items = data.draw(banks(model))
    p, first, second, _ = (
        values[0, 0][: items.n_categories[0]]
        for values in models.category_probability_derivatives(items, [theta])
    )
    seconds = [
        models.log_likelihood_derivatives(items, [score], [theta])[2][0]
        for score in range(items.n_categories[0])
    ]
    known = models.information_terms(items, [theta])
    assert models.information(items, [theta])[0, 0] == pytest.approx(known.information[0, 0], rel=1e-12)
    assert known.information[0, 0] == pytest.approx((first**2 / p).sum(), rel=1e-10)
    assert known.information[0, 0] == pytest.approx(-(p @ seconds), rel=1e-6, abs=1e-9)
    assert known.j[0, 0] == pytest.approx((first * second / p).sum(), rel=1e-9, abs=1e-12)


@every_model
@quick
@given(data=st.data(), theta=NEAR)
def test_the_derivatives_of_the_information_are_the_numerical_ones(
    model: str, data: st.DataObject, theta: float
) -> None:
    items, h = data.draw(banks(model)), 1e-3
    known = models.information_terms(items, theta + h * STENCIL)
    steep = 1 + steepest(items) ** 8
    for value, derivative in (
        (known.information, known.first),
        (known.first, known.second),
        (known.j, known.j_first),
    ):
        assert value[:, 0] @ FIRST / h == pytest.approx(derivative[2, 0], abs=1e-10 * steep)


@every_model
@quick
@given(data=st.data(), theta=NEAR, slope=st.floats(0.25, 4.0), shift=st.floats(-3.0, 3.0))
def test_a_linear_change_of_scale_leaves_the_probability(
    model: str, data: st.DataObject, theta: float, slope: float, shift: float
) -> None:
    items = data.draw(banks(model))
    moved = rescaled(items, slope, shift)
    before = models.category_probability(items, [theta])
    assert models.category_probability(moved, [slope * theta + shift]) == pytest.approx(before, rel=1e-8)
    scaled = models.information(moved, [slope * theta + shift]) * slope**2
    assert scaled == pytest.approx(models.information(items, [theta]), rel=1e-6)


@every_model
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_the_tables_of_a_policy_hold_the_functions_themselves(model: str, data: st.DataObject) -> None:
    items, nodes = data.draw(banks(model, 3, 3)), np.linspace(-5, 5, 7)
    log_probability, information = models.tables(items, nodes)
    expected = models.category_probability(items, nodes).transpose(1, 2, 0)
    assert np.exp(log_probability) == pytest.approx(expected, rel=1e-12)
    assert information == pytest.approx(models.information(items, nodes), rel=1e-12)
    assert (np.isneginf(log_probability) == (expected == 0)).all()


@every_model
@settings(max_examples=20, deadline=None)
@given(data=st.data(), theta=THETA)
def test_the_terms_of_the_answers_are_those_of_their_categories(
    model: str, data: st.DataObject, theta: float
) -> None:
    items, scores = data.draw(patterns(model, 4))
    every = models.category_terms(items, [theta])
    own = models.response_terms(items, scores, [theta])
    for whole, part in zip(every, own, strict=True):
        assert part[0] == pytest.approx(whole[0, np.arange(len(scores)), scores], rel=1e-12, abs=1e-300)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), theta=THETA)
def test_a_mixed_bank_is_its_items_one_by_one(data: st.DataObject, theta: float) -> None:
    items = data.draw(banks("mixed", 2, 5))
    whole = models.category_probability(items, [theta])
    for item in range(len(items)):
        alone = models.category_probability(items.take([item]), [theta])[0, 0]
        assert np.array_equal(whole[0, item, : len(alone)], alone)
        assert (whole[0, item, len(alone) :] == 0).all()


@given(theta=THETA, a=DISCRIMINATION, b=DIFFICULTY)
def test_a_larger_model_without_its_asymptotes_is_the_smaller_one(theta: float, a: float, b: float) -> None:
    full = models.probability(ItemParameters([a], [b], [0.0], [1.0]), [theta])[0, 0]
    logistic = 1 / (1 + np.exp(-np.clip(a * (theta - b), -700, 700)))
    assert full == pytest.approx(logistic, rel=1e-10)


@given(theta=THETA, a=DISCRIMINATION, b=DIFFICULTY)
def test_with_two_categories_every_ordered_model_is_the_2pl(theta: float, a: float, b: float) -> None:
    logistic = models.category_terms(ItemParameters([a], [b], [0.0], [1.0]), [theta])
    for same in (GradedParameters([a], [[b]]), NominalParameters.partial_credit([[b]], [a])):
        for ours, theirs in zip(models.category_terms(same, [theta]), logistic, strict=True):
            # The divide-by-total form subtracts the largest weight, which costs it digits of log P near 0.
            assert ours == pytest.approx(theirs, rel=1e-10, abs=1e-13)


@given(theta=NEAR, place=DIFFICULTY, steps=st.lists(DIFFICULTY, min_size=1, max_size=4))
def test_a_rating_scale_is_partial_credit_with_moved_steps(
    theta: float, place: float, steps: list[float]
) -> None:
    rating = NominalParameters.rating_scale([place], steps)
    credit = NominalParameters.partial_credit([[place + step for step in steps]])
    assert models.category_probability(rating, [theta]) == pytest.approx(
        models.category_probability(credit, [theta]), rel=1e-12
    )


@pytest.mark.parametrize("theta", [-40.0, -15.0, -3.0, 0.5, 15.0, 40.0])
def test_the_tails_keep_their_digits_against_fifty_digit_arithmetic(theta: float) -> None:
    a, b, c, d = 1.7, -0.3, 0.2, 0.95
    thresholds = [-1.1, 0.4, 2.0]
    items = ItemParameters([a, a], [b, b], [0.0, c], [1.0, d])
    graded = GradedParameters([a], [thresholds])
    with localcontext() as context:
        context.prec = 60

        def sigma(at: float) -> Decimal:
            return 1 / (1 + (-Decimal(a) * (Decimal(theta) - Decimal(at))).exp())

        s, big_a = sigma(b), Decimal(a)
        slope = big_a * s * (1 - s)
        spread = Decimal(d) - Decimal(c)
        p = Decimal(c) + spread * s
        information = [slope**2 / (s * (1 - s)), (spread * slope) ** 2 / (p * (1 - p))]
        observed = [big_a**2 * s * (1 - s)] * 2
        steps = [Decimal(1), *(sigma(one) for one in thresholds), Decimal(0)]
        chances = [float(upper - lower) for upper, lower in pairwise(steps)]
        expected = [float(value) for value in information]
        seen = [float(value) for value in observed]
    assert models.information(items, [theta])[0] == pytest.approx(expected, rel=1e-12)
    for score, value in enumerate(seen):
        ours = models.observed_information(items.take([0]), [score], [theta])[0, 0]
        assert ours == pytest.approx(value, rel=1e-12)
    assert models.category_probability(graded, [theta])[0, 0] == pytest.approx(chances, rel=1e-12)


def test_five_thousand_answers_stay_finite_at_forty_logits() -> None:
    rng = np.random.default_rng(4)
    logistic = ItemParameters(
        rng.lognormal(0, 0.3, 2000), rng.normal(0, 2, 2000), np.full(2000, 0.2), np.full(2000, 0.98)
    )
    graded = GradedParameters(rng.lognormal(0, 0.3, 1500), np.sort(rng.normal(0, 2, (1500, 3)), axis=1))
    credit = NominalParameters.partial_credit(rng.normal(0, 2, (1500, 2)), rng.lognormal(0, 0.3, 1500))
    bank = MixedParameters([logistic, graded, credit])
    scores = rng.integers(0, bank.n_categories)
    theta = np.linspace(-40, 40, 41)
    value, first, second = models.log_likelihood_derivatives(bank, scores, theta)
    assert np.isfinite([value, first, second]).all()
    assert value.max() > -1e5
    assert np.isfinite(models.information_totals(bank, theta)).all()
