"""Differential item functioning: what moved is found, what did not is left alone, and the sums are the textbook's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import chi2_contingency

from irt.dif import LogisticTest, logistic_regression, mantel_haenszel
from irt.errors import InvalidResponses, InvalidRules
from irt.responses import Responses


def _forms(
    shift: float = 0.0, *, impact: float = 0.0, seed: int = 3, n: int = 1500, items: int = 20
) -> Responses:
    """Complete forms of two groups; item 4 is harder by `shift` for the focal group, which is `impact` better."""
    rng = np.random.default_rng(seed)
    group = np.arange(n) % 2
    theta = rng.normal(size=n) + impact * group
    b = np.linspace(-1.5, 1.5, items) + shift * group[:, None] * (np.arange(items) == 4)
    return Responses.from_wide(rng.random((n, items)) < expit(theta[:, None] - b), group=group)


def test_one_stratum_is_the_textbook_fourfold_table() -> None:
    table = np.array([[30, 20], [15, 35]])  # reference and focal, right and wrong
    rows = [(g, r) for g in (0, 1) for r, n in zip((1, 0), table[g], strict=True) for _ in range(n)]
    group, right = np.array(rows).T
    answers = Responses.from_wide(np.stack([right, 1 - right], axis=1), group=group)
    found = mantel_haenszel(answers, matching=lambda kept: np.zeros(100))
    assert found.odds_ratio[0] == pytest.approx(30 * 35 / (20 * 15))
    assert found.delta[0] == pytest.approx(-2.35 * np.log(3.5))
    assert found.standardized[0] == pytest.approx(0.3 - 0.6)
    yates = chi2_contingency(table).statistic
    assert found.chi_square[0] == pytest.approx(yates * 99 / 100)
    se = np.sqrt((1 / table).sum())
    assert found.se_delta[0] == pytest.approx(2.35 * se, rel=0.02)


def test_an_item_that_moved_is_large_and_the_others_negligible() -> None:
    answers = _forms(1.0, impact=0.5)
    found = mantel_haenszel(answers, purify=True)
    assert found.category[4] == "C"
    assert (found.category != "A").sum() == 1
    assert found.delta[4] < 0  # harder for the focal group
    assert found.removed[4]
    assert found.rounds >= 1
    logistic = logistic_regression(answers, purify=True)
    assert np.argmin(logistic.p_value) == 4
    assert logistic.shift[4] < 0
    assert logistic.effect[4] == np.nanmax(logistic.effect)


def test_without_dif_the_tests_keep_their_level() -> None:
    p_mh, p_lr = [], []
    for seed in range(12):
        answers = _forms(impact=0.4, seed=seed, n=800)
        p_mh.append(mantel_haenszel(answers).p_value)
        p_lr.append(logistic_regression(answers).p_value)
    assert 0.02 <= np.mean(np.array(p_mh) < 0.05) <= 0.08
    assert 0.03 <= np.mean(np.array(p_lr) < 0.05) <= 0.09


def test_purification_clears_the_items_that_an_unfair_measure_accused() -> None:
    rng = np.random.default_rng(8)
    n, items = 3000, 15
    group = np.arange(n) % 2
    unfair = np.arange(items) < 5
    b = np.linspace(-1, 1, items) + 1.0 * group[:, None] * unfair
    answers = Responses.from_wide(rng.random((n, items)) < expit(rng.normal(size=(n, 1)) - b), group=group)
    before, after = mantel_haenszel(answers), mantel_haenszel(answers, purify=True)
    accused = [(found.p_value[~unfair] < 0.05).sum() for found in (before, after)]
    assert accused[1] < accused[0]
    assert (after.p_value[unfair] < 0.05).all()


def test_a_change_of_slope_is_seen_by_the_nonuniform_test() -> None:
    rng = np.random.default_rng(4)
    n = 3000
    group = np.arange(n) % 2
    slope = 1.0 + 1.5 * group[:, None] * (np.arange(12) == 6)
    answers = Responses.from_wide(rng.random((n, 12)) < expit(slope * rng.normal(size=(n, 1))), group=group)
    assert logistic_regression(answers, test=LogisticTest.NONUNIFORM).p_value[6] < 0.001
    assert logistic_regression(answers, test="uniform").p_value[6] > 0.001
    both = logistic_regression(answers)
    parts = [logistic_regression(answers, test=test).chi_square for test in ("uniform", "nonuniform")]
    np.testing.assert_allclose(both.chi_square, parts[0] + parts[1], rtol=1e-6)


def test_adaptive_rows_are_matched_on_theta() -> None:
    rng = np.random.default_rng(6)
    n, items = 6000, 60
    group = np.arange(n) % 2
    theta = rng.normal(size=n) + 0.5 * group
    b = rng.normal(size=items)
    person = np.repeat(np.arange(n), 20)
    near = np.argsort(np.abs(b - theta[:, None]) + rng.normal(scale=0.8, size=(n, items)), axis=1)[
        :, :20
    ].ravel()
    hard = 0.9 * (near == 7) * group[person]
    right = rng.random(len(near)) < expit(theta[person] - b[near] - hard)
    answers = Responses.from_long(person, near, right, n_items=items, n_persons=n, group=group)
    with pytest.raises(InvalidResponses, match="pass matching"):
        mantel_haenszel(answers)
    calls: list[int] = []

    def measured(kept: np.ndarray) -> np.ndarray:
        calls.append(int(kept.sum()))
        return theta + rng.normal(scale=0.3, size=n)

    found = mantel_haenszel(answers, matching=measured, purify=True)
    assert np.argmin(found.p_value) == 7
    assert found.category[7] in {"B", "C"}
    assert calls[0] == items
    assert calls[-1] < items
    assert np.argmin(logistic_regression(answers, matching=measured).p_value) == 7


def test_items_with_several_scores_are_tested_by_mantel() -> None:
    rng = np.random.default_rng(2)
    n = 2000
    group = np.arange(n) % 2
    theta = rng.normal(size=(n, 1))
    steps = np.stack([rng.random((n, 10)) < expit(theta - np.linspace(-1, 1, 10) + k) for k in (0.7, -0.7)])
    table = steps.sum(axis=0)
    table[:, 3] = np.where((group == 1) & (rng.random(n) < 0.35), np.maximum(table[:, 3] - 1, 0), table[:, 3])
    found = mantel_haenszel(Responses.from_wide(table, group=group))
    assert np.argmin(found.p_value) == 3
    assert found.category[3] in {"B", "C"}
    assert found.standardized[3] < -0.05
    assert np.isnan(found.delta).all()


def test_items_that_cannot_be_tested_are_named_by_nan() -> None:
    answers = _forms()
    table = np.ones((answers.n_persons, 3))
    table[:, 0] = answers.score[:: answers.n_items]
    table[0, 2] = 0
    found = mantel_haenszel(Responses.from_wide(table, group=answers.group, n_categories=[2, 2, 2]))
    assert found.category[1] == ""
    assert np.isnan(found.p_value[1])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"strata": 1, "matching": lambda kept: np.zeros(1500)}, InvalidRules),
        ({"significance": 0.0}, InvalidRules),
    ],
)
def test_numbers_out_of_range_are_refused(arguments: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        mantel_haenszel(_forms(), **arguments)  # type: ignore[arg-type]


def test_one_group_and_a_wrong_measure_are_refused() -> None:
    answers = _forms()
    alone = Responses.from_wide(answers.score.reshape(answers.n_persons, -1))
    with pytest.raises(InvalidResponses, match="two groups"):
        mantel_haenszel(alone)
    with pytest.raises(InvalidRules, match="matching"):
        logistic_regression(answers, matching=lambda kept: np.zeros(3))
    with pytest.raises(InvalidRules, match="uniform"):
        logistic_regression(answers, test="lasso")
