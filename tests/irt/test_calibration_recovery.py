"""Intervals hold the true parameters as often as they say: the study of `benchmarks.recovery`, smaller."""

from __future__ import annotations

import pytest

from benchmarks.recovery import DESIGNS, Design, lines
from irt.standard_errors import ParameterError, interval


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.name)
def test_intervals_hold_the_true_parameters_as_often_as_they_say(design: Design) -> None:
    for line in lines(design, 60):
        low, high = (0.90, 0.98) if design.guessing else (0.925, 0.975)
        assert low <= line.coverage <= high, line
        assert line.lowest >= 0.80, line
        assert line.rmse == pytest.approx(line.se, rel=0.25), line
        assert abs(line.bias) < 0.4 * line.rmse, line


def test_a_small_study_finds_no_bias_and_sound_intervals() -> None:
    (line,) = lines(Design("Rasch", "rasch", 300, 10), 25)
    assert 0.90 <= line.coverage <= 0.99
    assert line.rmse == pytest.approx(line.se, rel=0.15)
    assert abs(line.bias) < 0.05


def test_intervals_stay_in_the_range_of_their_parameter() -> None:
    assert interval(ParameterError(0, "b", 1.0, 0.5)) == pytest.approx((1 - 0.98, 1 + 0.98), abs=1e-3)
    low, high = interval(ParameterError(0, "a", 0.5, 0.6))
    assert 0 < low < 0.5 < high
    low, high = interval(ParameterError(0, "c", 0.1, 0.2))
    assert 0 < low < 0.1 < high < 1
