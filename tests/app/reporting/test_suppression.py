"""Small cells are hidden, and nothing that is shown lets them be computed."""

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reporting.suppression import LEAST, rounded_share, shown_cells, shown_groups

counts = st.lists(st.integers(0, 60), min_size=1, max_size=6)


@given(counts)
def test_no_small_cell_is_shown(found: list[int]) -> None:
    visible = shown_cells(found)
    assert all(count == 0 or count >= LEAST for count, shown in zip(found, visible, strict=True) if shown)


@given(counts)
def test_what_is_hidden_is_never_one_cell_nor_a_small_sum(found: list[int]) -> None:
    visible = shown_cells(found)
    hidden = [count for count, shown in zip(found, visible, strict=True) if not shown]
    assert not hidden or not any(visible) or (len(hidden) >= 2 and sum(hidden) >= LEAST)


@pytest.mark.parametrize(("least", "cells", "top"), [(4, 3, 10), (5, 4, 8), (4, 4, 8)])
def test_who_knows_the_rule_and_the_total_cannot_compute_a_hidden_cell(
    least: int, cells: int, top: int
) -> None:
    """Every table there can be, by what would be shown of it: each hidden cell keeps at least two values."""
    tables = defaultdict(list)
    for table in product(range(top + 1), repeat=cells):
        visible = shown_cells(table, least=least)
        told = tuple(count if shown else None for count, shown in zip(table, visible, strict=True))
        tables[sum(table), told].append(table)
    checked = 0
    for (total, told), possible in tables.items():
        rest = total - sum(count for count in told if count is not None)
        # a hidden cell may be as large as the rest: tables beyond `top` were not made. With as many learners as
        # cells, all of them hidden, only the sizes are told, and no level of anybody.
        if total < least or rest > top or (total == cells and not any(told)):
            continue
        for place in range(cells):
            if told[place] is None:
                checked += 1
                assert len({table[place] for table in possible}) >= 2, (told, possible)
    assert checked > 100


def test_a_cell_of_one_institution_is_hidden_however_large() -> None:
    assert shown_cells([40, 30, 25], contributors=[2, 1, 2]) == [False, False, True]


def test_a_whole_under_ten_shows_nothing() -> None:
    assert shown_cells([4, 5, 0]) == [False, False, False]


def test_two_pages_about_the_same_learners_hide_the_same_groups() -> None:
    sizes = {"IFSI": 120, "IFAS": 60, "IBODE": 4, "Cadres": 30}
    other_order = dict(reversed(sizes.items()))
    assert shown_groups(sizes) == shown_groups(other_order)
    assert "IBODE" not in shown_groups(sizes)
    assert len(shown_groups(sizes)) == 2


def test_a_rounded_share_does_not_show_one_learner() -> None:
    assert rounded_share(123, 1000) == rounded_share(124, 1000) == 12
    assert rounded_share(0, 0) == 0
