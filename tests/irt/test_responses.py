"""Sparse responses: what is kept, what is refused, by which name."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from irt.errors import InvalidResponses
from irt.responses import Responses

LONG = {"person": [0, 0, 1, 2], "item": [0, 1, 1, 0], "score": [1, 0, 1, 0]}


def test_long_and_wide_answers_are_the_same_responses() -> None:
    table = np.array([[1, np.nan, 0], [np.nan] * 3, [0, 2, 1]])
    rows, items = np.nonzero(~np.isnan(table))
    wide = Responses.from_wide(table, n_categories=[2, 3, 2])
    long = Responses.from_long(rows, items, table[rows, items], n_persons=3, n_categories=[2, 3, 2])
    assert wide.codes.tolist() == long.codes.tolist() == [1, 5, 0, 4, 6]
    assert wide.counts.tolist() == long.counts.tolist() == [2, 0, 3]


def test_rows_in_any_order_belong_to_their_persons() -> None:
    shuffled = Responses.from_long([2, 0, 1, 0], [0, 1, 1, 0], [0, 0, 1, 1])
    assert shuffled.indptr.tolist() == [0, 2, 3, 4]
    assert shuffled.item.tolist() == [1, 0, 1, 0]
    assert shuffled.score.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"item": [0, 1, 1, 7], "n_items": 3}, r"item\[3\]: unknown item, items are 0 to 2, is 7"),
        ({"item": [0, -1, 1, 0]}, r"item\[1\]: unknown item"),
        ({"person": [0, 0, 1, 5], "n_persons": 3}, r"person\[3\]: unknown person"),
        ({"score": [1, 0, -1, 0]}, r"score\[2\]: impossible score"),
        ({"score": [1, 0, 0.5, 0]}, r"score\[2\]: must be a whole number, is 0.5"),
        ({"score": [1, 0, np.nan, 0]}, r"score\[2\]: must be a whole number"),
        ({"score": ["a", 0, 1, 0]}, "score: must be whole numbers"),
        (
            {"score": [1, 0, 3, 0], "n_categories": [2, 2]},
            "impossible score, item 1 is scored 0 to 1, is 3",
        ),
        ({"item": [0, 0, 1, 0]}, r"item\[1\]: person 0 answered item 0 twice"),
        ({"score": [1, 0, 1]}, "score: holds 3 answers where person holds 4"),
        ({"weight": [1.0, -1.0, 1.0]}, r"weight\[1\]: must be finite and at least 0"),
        ({"weight": [1.0]}, "weight: must hold one number for each of 3 persons"),
        ({"group": [0, 2, 0]}, "group: group 1 holds nobody"),
        ({"n_categories": [2, 2, 2], "n_items": 2}, "n_categories: holds 3 items, not 2"),
        ({"n_categories": [2, 1]}, r"n_categories\[1\]: must be 2 to 64"),
        ({"score": [1, 0, 99, 0]}, "item 1 has a score of 99: a missing code"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidResponses, match=message):
        Responses.from_long(**(LONG | change))  # type: ignore[arg-type]


def test_an_item_scored_from_one_among_items_scored_from_zero_is_noticed() -> None:
    with pytest.raises(
        InvalidResponses, match="item 1 has scores up to 4 but never 0: state n_categories, or shift"
    ):
        Responses.from_wide([[0, 1], [1, 2], [0, 3], [1, 4]])


def test_stated_categories_that_never_occur_are_no_error_and_can_be_closed_up() -> None:
    given = Responses.from_wide([[0, 3], [1, 1], [0, 0], [1, 3]], n_categories=[2, 5])
    closed, changes = given.recoded()
    assert closed.n_categories.tolist() == [2, 3]
    assert closed.score[1::2].tolist() == [2, 1, 0, 2]
    assert [(change.number, change.reason) for change in changes] == [
        (1, "scores never given were closed up: 2, 4")
    ]


def test_scores_that_start_above_zero_close_down_to_zero() -> None:
    closed, _ = Responses.from_wide([[1], [2], [4]], n_categories=[5]).recoded()
    assert closed.score.tolist() == [0, 1, 2]


def test_parts_hold_every_person_once_and_keep_the_groups_numbers() -> None:
    rng = np.random.default_rng(0)
    whole = Responses.from_wide(rng.integers(0, 2, (103, 4)), group=np.arange(103) >= 90)
    parts = whole.parts(4)
    assert sum(part.n_persons for part in parts) == 103
    assert np.concatenate([part.codes for part in parts]).tolist() == whole.codes.tolist()
    assert {part.n_groups for part in parts} == {2}


def test_items_left_out_lose_their_answers_and_nothing_else() -> None:
    whole = Responses.from_wide(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, np.nan]]))
    rest = whole.without_items([1])
    assert rest.item.tolist() == [0, 2, 0]
    assert rest.score.tolist() == [1, 1, 0]
    assert rest.n_items == 3


def test_responses_travel_to_another_process_unchanged() -> None:
    whole = Responses.from_wide([[1, 0], [0, 1]], weight=[1.0, 2.0])
    whole.packed()
    there = pickle.loads(pickle.dumps(whole))
    assert there.codes.tolist() == whole.codes.tolist()
    assert there.weight.tolist() == [1.0, 2.0]


def test_nobody_can_write_to_checked_responses() -> None:
    whole = Responses.from_wide([[1, 0], [0, 1]])
    for array in (whole.indptr, whole.item, whole.score, whole.codes, whole.weight, whole.group):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_packed_patterns_hold_the_answers_of_each_person(missing: float) -> None:
    rng = np.random.default_rng(1)
    table = np.where(rng.random((50, 23)) < missing, np.nan, rng.integers(0, 3, (50, 23)))
    given = Responses.from_wide(table, n_categories=[3] * 23)
    packed = given.packed()
    assert packed is not None
    rows = packed.codes.reshape(50, -1)
    for person in (0, 7, 49):
        held = [
            codes[patterns[row - start] == 1]
            for row, start, codes, patterns in zip(
                rows[person].tolist(), packed.starts, packed.items, packed.patterns, strict=True
            )
        ]
        own = given.codes[given.indptr[person] : given.indptr[person + 1]]
        assert np.concatenate(held).tolist() == own.tolist()


def test_sparse_answers_are_not_packed() -> None:
    assert (
        Responses.from_long(np.arange(90) // 3, np.tile([0, 40, 80], 30), np.arange(90) % 2).packed() is None
    )
