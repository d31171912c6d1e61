"""Laws of the estimators of ability, over the registry of models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irt import ItemParameters, NormalPrior, ability, models
from irt.ability import DEFAULT_GRID
from tests.laws.test_model_laws import MODELS

every_model = pytest.mark.parametrize("model", MODELS)
NODES = DEFAULT_GRID.nodes()
LOG_PRIOR = NormalPrior().log_density(NODES)


@st.composite
def patterns(draw: st.DrawFn, model: str) -> tuple[ItemParameters, list[int]]:
    """Between 1 and 20 items of the model and a score for each."""
    items = draw(st.lists(MODELS[model], min_size=1, max_size=20))
    scores = draw(st.lists(st.integers(0, 1), min_size=len(items), max_size=len(items)))
    return ItemParameters(*zip(*items, strict=True)), scores


@every_model
@settings(max_examples=50)
@given(data=st.data())
def test_the_posterior_does_not_depend_on_the_order_of_the_answers(model: str, data: st.DataObject) -> None:
    items, scores = data.draw(patterns(model))
    order = data.draw(st.permutations(range(len(scores))))
    straight = ability.eap(items, scores, prior=NormalPrior())
    shuffled = ability.eap(items.take(order), [scores[i] for i in order], prior=NormalPrior())
    assert shuffled.theta == pytest.approx(straight.theta, abs=1e-10)
    assert shuffled.se == pytest.approx(straight.se, abs=1e-10)


@every_model
@settings(max_examples=50)
@given(data=st.data())
def test_one_answer_at_a_time_gives_the_same_bits_as_all_at_once(model: str, data: st.DataObject) -> None:
    items, scores = data.draw(patterns(model))
    table = models.tables(items, NODES).log_probability
    running = LOG_PRIOR.copy()
    for item, score in enumerate(scores):
        running = running + table[item, score]
    replayed = ability.log_posterior(LOG_PRIOR, table, np.arange(len(scores)), scores)
    assert np.array_equal(running, replayed)


@every_model
@settings(max_examples=50)
@given(data=st.data())
def test_a_right_answer_never_lowers_the_eap(model: str, data: st.DataObject) -> None:
    items, scores = data.draw(patterns(model))
    better = ability.eap(items, [1, *scores[1:]], prior=NormalPrior())
    worse = ability.eap(items, [0, *scores[1:]], prior=NormalPrior())
    assert better.theta >= worse.theta - 1e-12


@every_model
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_warms_estimate_is_finite_for_every_pattern(model: str, data: st.DataObject) -> None:
    items, scores = data.draw(patterns(model))
    for pattern in (scores, [0] * len(scores), [1] * len(scores)):
        estimate = ability.wle(items, pattern)
        assert np.isfinite([estimate.theta, estimate.se]).all()
        assert estimate.se > 0


@every_model
@settings(max_examples=40, deadline=None)
@given(data=st.data(), slope=st.floats(0.5, 2.0), shift=st.floats(-2.0, 2.0))
def test_warms_estimate_follows_a_linear_change_of_scale(
    model: str, data: st.DataObject, slope: float, shift: float
) -> None:
    items, scores = data.draw(patterns(model))
    moved = ItemParameters(items.a / slope, slope * items.b + shift, items.c, items.d)
    before, after = ability.wle(items, scores), ability.wle(moved, scores)
    if not before.other_maxima:
        assert after.theta == pytest.approx(slope * before.theta + shift, rel=1e-6, abs=1e-6)
