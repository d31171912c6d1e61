"""The likelihood ratio of a split item: its null, its power, its degrees, and mirt's numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from irt.calibration import calibrate
from irt.dif_by_model import likelihood_ratio
from irt.errors import InvalidResponses
from irt.responses import Responses


def _responses(shift: float = 0.0, seed: int = 1, n: int = 800, items: int = 6) -> Responses:
    rng = np.random.default_rng(seed)
    group = np.repeat([0, 1], n)
    b = np.linspace(-1, 1, items) + shift * group[:, None] * (np.arange(items) == 2)
    theta = rng.normal(size=(2 * n, 1)) + 0.5 * group[:, None]
    return Responses.from_wide(rng.random((2 * n, items)) < 1 / (1 + np.exp(b - theta)), group=group)


def test_only_the_item_that_differs_is_significant_and_by_as_much_as_it_does() -> None:
    found = likelihood_ratio(_responses(0.9))
    assert found.chi_square[2] > 3 * np.delete(found.chi_square, 2).max()
    assert abs(found.delta_b[2] - 0.9) < 0.3
    assert found.converged.all()


def test_the_ratio_is_that_of_two_calibrations_made_by_hand() -> None:
    answers = _responses(0.4)
    found = likelihood_ratio(answers, items=[2], tolerance=1e-6)
    table = answers.score.reshape(-1, 6).astype(float)
    own = np.where(answers.group[:, None] == 0, table[:, 2:3], np.nan)
    other = np.where(answers.group[:, None] == 1, table[:, 2:3], np.nan)
    split = Responses.from_wide(np.hstack([np.delete(table, 2, axis=1), own, other]), group=answers.group)
    by_hand = 2 * (
        calibrate(split, tolerance=1e-6).log_likelihood - calibrate(answers, tolerance=1e-6).log_likelihood
    )
    assert found.chi_square[0] == pytest.approx(by_hand, abs=1e-3)


def test_degrees_are_the_parameters_of_the_item() -> None:
    answers = _responses()
    assert likelihood_ratio(answers, "rasch", items=[0]).degrees.tolist() == [1]
    several = Responses.from_wide(
        np.minimum(answers.score.reshape(-1, 6)[:, :3] + answers.score.reshape(-1, 6)[:, 3:], 2),
        group=answers.group,
    )
    assert likelihood_ratio(several, "grm", items=[0]).degrees.tolist() == [3]


def test_an_item_that_one_group_answers_alike_is_not_tested() -> None:
    answers = _responses()
    table = answers.score.reshape(-1, 6).astype(float)
    table[answers.group == 1, 0] = 1
    found = likelihood_ratio(Responses.from_wide(table, group=answers.group), items=[0, 1])
    assert np.isnan(found.p_value).tolist() == [True, False]


def test_one_group_is_refused() -> None:
    with pytest.raises(InvalidResponses, match="two groups"):
        likelihood_ratio(Responses.from_wide([[1, 0], [0, 1]]))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "column"), [("fims_aus_jpn", "country"), ("verbal_agg", "Gender")])
def test_the_ratios_are_those_of_mirt_within_one_per_cent(
    reference_data: Path, name: str, column: str
) -> None:
    with (reference_data / name / "golden" / "dif_LRT_drop_mirt.csv").open(newline="") as stream:
        golden = {row[""]: float(row["X2"]) for row in csv.DictReader(stream)}
    with (reference_data / name / "responses.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    values = sorted({row[column] for row in rows})
    table = [[float(row[item]) for item in golden] for row in rows]
    answers = Responses.from_wide(table, group=[values.index(row[column]) for row in rows])
    found = likelihood_ratio(answers)
    assert found.chi_square == pytest.approx(list(golden.values()), rel=0.01)
