"""Laws of the estimators of ability, over the registry of models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irt import NormalPrior, ability, models
from irt.ability import DEFAULT_GRID, JeffreysPrior, UniformPrior
from tests.laws.registry import every_logistic, every_model, patterns, rescaled

NODES = DEFAULT_GRID.nodes()
LOG_PRIOR = NormalPrior().log_density(NODES)
short = settings(max_examples=15, deadline=None)


@every_model
@short
@given(data=st.data())
def test_the_posterior_does_not_depend_on_the_order_of_the_answers(model: str, data: st.DataObject) -> None:
    items, scores = data.draw(patterns(model))
    order = data.draw(st.permutations(range(len(scores))))
    straight = ability.eap(items, scores, prior=NormalPrior())
    shuffled = ability.eap(items.take(order), [scores[i] for i in order], prior=NormalPrior())
    assert shuffled.theta == pytest.approx(straight.theta, abs=1e-10)
    assert shuffled.se == pytest.approx(straight.se, abs=1e-10)


@every_model
@short
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
@short
@given(data=st.data())
def test_the_tables_of_a_policy_give_the_eap(model: str, data: st.DataObject) -> None:
    items, scores = data.draw(patterns(model))
    table = models.tables(items, NODES).log_probability
    sums = ability.log_posterior(LOG_PRIOR, table, np.arange(len(scores)), scores)
    served = ability.posterior(sums, NODES)
    alone = ability.eap(items, scores, prior=NormalPrior())
    assert served.theta == pytest.approx(alone.theta, abs=1e-12)
    assert served.se == pytest.approx(alone.se, abs=1e-12)


@every_logistic
@short
@given(data=st.data())
def test_a_right_answer_never_lowers_the_eap(model: str, data: st.DataObject) -> None:
    items, scores = data.draw(patterns(model))
    better = ability.eap(items, [1, *scores[1:]], prior=NormalPrior())
    worse = ability.eap(items, [0, *scores[1:]], prior=NormalPrior())
    assert better.theta >= worse.theta - 1e-12


@every_model
@short
@given(data=st.data())
def test_warms_estimate_is_finite_for_every_pattern(model: str, data: st.DataObject) -> None:
    items, scores = data.draw(patterns(model, 8))
    for pattern in (scores, [0] * len(scores), (items.n_categories - 1).tolist()):
        estimate = ability.wle(items, pattern)
        assert np.isfinite([estimate.theta, estimate.se]).all()
        assert estimate.se > 0


@every_model
@short
@given(data=st.data(), slope=st.floats(0.5, 2.0), shift=st.floats(-2.0, 2.0))
def test_estimates_follow_a_linear_change_of_scale(
    model: str, data: st.DataObject, slope: float, shift: float
) -> None:
    items, scores = data.draw(patterns(model, 8))
    moved = rescaled(items, slope, shift)
    pairs = [
        (ability.wle(items, scores), ability.wle(moved, scores)),
        (ability.mle(items, scores), ability.mle(moved, scores)),
        (
            ability.posterior_mode(items, scores, prior=NormalPrior(0.2, 1.1)),
            ability.posterior_mode(moved, scores, prior=NormalPrior(slope * 0.2 + shift, slope * 1.1)),
        ),
    ]
    for before, after in pairs:
        if not before.other_maxima and not after.other_maxima:
            assert after.maximum == before.maximum
            assert after.theta == pytest.approx(slope * before.theta + shift, rel=1e-6, abs=1e-6)
            assert after.se == pytest.approx(slope * before.se, rel=1e-4)


@every_model
@short
@given(data=st.data())
def test_no_point_of_a_fine_grid_is_higher_than_the_mode(model: str, data: st.DataObject) -> None:
    items, scores = data.draw(patterns(model, 8))
    theta = np.linspace(-12, 12, 1201)
    likelihood, _, _ = models.log_likelihood_derivatives(items, scores, theta)
    for prior in (NormalPrior(0.3, 1.2), UniformPrior(-12.0, 12.0), JeffreysPrior()):
        mode = ability.posterior_mode(items, scores, prior=prior, low=-12.0, high=12.0)
        height = likelihood + ability.log_prior_density(prior, items, theta)
        at = np.array([mode.theta])
        reached = models.log_likelihood_derivatives(items, scores, at)[0]
        reached = reached + ability.log_prior_density(prior, items, at)
        assert height.max() <= reached[0] + 1e-9


@every_model
@short
@given(data=st.data())
def test_a_maximum_likelihood_estimate_has_no_slope_or_is_infinite(model: str, data: st.DataObject) -> None:
    items, scores = data.draw(patterns(model, 8))
    estimate = ability.mle(items, scores)
    if estimate.maximum is ability.Maximum.INSIDE:
        _, slope, curvature = models.log_likelihood_derivatives(items, scores, [estimate.theta])
        assert abs(slope[0]) < 1e-9 * (1 + abs(curvature[0]))
    else:
        assert np.isinf(estimate.theta)
        assert np.isinf(estimate.se)
        assert (estimate.theta > 0) == (estimate.maximum is ability.Maximum.AT_HIGH)
