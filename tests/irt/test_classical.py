"""Classical statistics agree with their definitions, and a design that falls apart is seen."""

from __future__ import annotations

import numpy as np
import pytest

from irt.classical import components, form_statistics, item_statistics, option_statistics
from irt.errors import InvalidResponses
from irt.responses import Responses


def _table(n: int = 400, items: int = 8, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(n, 1))
    return (theta + rng.logistic(size=(n, items)) > np.linspace(-1, 1, items)).astype(int)


def test_alpha_and_rest_correlations_are_the_textbook_ones() -> None:
    table = _table()
    answers = Responses.from_wide(table)
    cover = np.cov(table.T)
    k = table.shape[1]
    alpha = k / (k - 1) * (1 - np.trace(cover) / cover.sum())
    form = form_statistics(answers)
    assert form.alpha == pytest.approx(alpha)
    assert form.se_measurement == pytest.approx(np.sqrt(cover.sum() * (1 - alpha)))
    found = item_statistics(answers)
    rest = table.sum(axis=1) - table[:, 3]
    assert found.correlation[3] == pytest.approx(np.corrcoef(table[:, 3], rest)[0, 1])
    others = np.delete(table, 3, axis=1)
    assert found.alpha_without[3] == pytest.approx(form_statistics(Responses.from_wide(others)).alpha)


def test_sparse_rows_have_means_and_correlations_with_a_measure_but_no_alpha() -> None:
    rng = np.random.default_rng(2)
    table = _table().astype(float)
    table[rng.random(table.shape) < 0.5] = np.nan
    answers = Responses.from_wide(table)
    found = item_statistics(answers, np.nanmean(np.column_stack([table, np.full(len(table), 0.5)]), axis=1))
    np.testing.assert_allclose(found.mean, np.nanmean(table, axis=0))
    assert (found.correlation > 0.2).all()
    form = form_statistics(
        Responses.from_wide(np.where(np.arange(8) == 0, np.nan, table), n_categories=[2] * 8)
    )
    assert np.isnan(form.alpha)
    assert form.n_persons == 0


def test_scores_above_one_count_as_shares_of_the_maximum() -> None:
    answers = Responses.from_wide([[0, 3], [1, 1], [1, 0], [0, 2]])
    assert item_statistics(answers).mean.tolist() == [0.5, 0.5]


def test_a_distractor_that_draws_the_able_stands_out() -> None:
    rng = np.random.default_rng(3)
    theta = rng.normal(size=2000)
    chosen = np.where(theta > 1, 2, np.where(theta + rng.normal(size=2000) > 0, 0, 1))
    found = option_statistics(np.where(np.arange(2000) < 20, -1, chosen), theta, 4)
    assert found.correlation[2] > 0.3
    assert found.correlation[1] < 0
    assert found.n_chosen[3] == 0
    assert np.isnan(found.mean_measure[3])
    assert found.share.sum() == pytest.approx(0.99)


def test_one_person_who_saw_both_parts_connects_them() -> None:
    person, item = [0, 0, 1, 1], [0, 1, 2, 3]
    apart = Responses.from_long(person, item, [1] * 4, n_categories=[2] * 4)
    joined = Responses.from_long([*person, 2, 2], [*item, 1, 2], [1] * 6, n_categories=[2] * 4)
    assert [group.tolist() for group in components(apart)] == [[0, 1], [2, 3]]
    assert [group.tolist() for group in components(joined)] == [[0, 1, 2, 3]]


def test_constant_and_unseen_items_are_unknown_rather_than_wrong() -> None:
    answers = Responses.from_long([0, 1, 2], [0, 0, 0], [1, 1, 1], n_categories=[2, 2], n_items=2)
    found = item_statistics(answers)
    assert np.isnan(found.correlation).all()
    assert np.isnan(found.mean[1])
    assert found.n_answers.tolist() == [3, 0]


def test_bad_input_is_named() -> None:
    answers = Responses.from_wide(_table(10))
    with pytest.raises(InvalidResponses, match="measure"):
        item_statistics(answers, [0.0])
    with pytest.raises(InvalidResponses, match="options 0 to 1"):
        option_statistics([0, 2], [0.0, 1.0], 2)
    with pytest.raises(InvalidResponses, match="chosen"):
        option_statistics([0], [0.0, 1.0], 2)
