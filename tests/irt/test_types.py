"""Item parameters are checked at the door and cannot change afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from irt import InvalidParameters, ItemParameters


@pytest.mark.parametrize(
    ("argument", "values", "index", "rule"),
    [
        ("a", [1.0, 0.0], 1, "greater than 0"),
        ("a", [-1.0, 1.0], 0, "greater than 0"),
        ("a", [1.0, np.nan], 1, "finite"),
        ("b", [np.inf, 0.0], 0, "finite"),
        ("c", [0.0, -0.1], 1, "at least 0"),
        ("c", [1.0, 0.0], 0, "below 1"),
        ("d", [1.0, 1.1], 1, "at most 1"),
        ("d", [0.0, 1.0], 0, "above 0"),
    ],
)
def test_a_parameter_out_of_bounds_is_named_with_its_item(
    argument: str, values: list[float], index: int, rule: str
) -> None:
    parameters: dict[str, Any] = {"a": [1.0, 1.0], "b": [0.0, 0.0], "c": [0.0, 0.0], "d": [1.0, 1.0]}
    with pytest.raises(InvalidParameters, match=rule) as caught:
        ItemParameters(**parameters | {argument: values})
    assert (caught.value.argument, caught.value.index) == (argument, index)


def test_a_ceiling_must_lie_above_the_floor() -> None:
    with pytest.raises(InvalidParameters, match=r"d\[0\]: must be greater than c"):
        ItemParameters([1.0], [0.0], [0.5], [0.5])


def test_an_empty_bank_is_refused() -> None:
    with pytest.raises(InvalidParameters, match="at least one item"):
        ItemParameters([], [], [], [])


@pytest.mark.parametrize("b", [[0.0, 1.0], [[0.0]], ["easy"], 0.0])
def test_arrays_of_another_shape_or_kind_are_refused(b: Any) -> None:
    with pytest.raises(InvalidParameters, match=r"^b"):
        ItemParameters([1.0], b, [0.0], [1.0])


def test_parameters_cannot_be_changed_from_outside() -> None:
    given = np.array([1.0, 2.0])
    items = ItemParameters(given, [0.0, 0.0], [0.0, 0.0], [1.0, 1.0])
    given[0] = -1.0
    assert items.a[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        items.a[0] = 3.0


def test_taking_items_keeps_the_order_asked_for() -> None:
    items = ItemParameters([1.0, 2.0, 3.0], [0.0] * 3, [0.0] * 3, [1.0] * 3)
    assert items.take([2, 0]).a.tolist() == [3.0, 1.0]
