"""From the answer form to a canonical response, and back into the form."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from app.web.forms import read_submission
from app.web.views import Entered, Interaction


def test_each_interaction_reads_its_own_fields() -> None:
    form = FormData(
        [
            ("position", "3"),
            ("choice", "b"),
            ("choices", "a"),
            ("choices", "c"),
            ("order-a", "2"),
            ("order-b", "1"),
            ("match-a", "x"),
            ("match-b", "y"),
            ("text", "  INS "),
            ("number", " 72,5 "),
            ("zones", "c"),
            ("zones", "a"),
        ]
    )
    read = {interaction: read_submission(interaction, form) for interaction in get_args(Interaction)}
    assert {interaction: submission.response for interaction, submission in read.items()} == {
        "single_choice": {"choice": "b"},
        "multiple_choice": {"choices": ["a", "c"]},
        "order": {"order": ["b", "a"]},
        "match": {"pairs": {"a": "x", "b": "y"}},
        "short_text": {"text": "INS"},
        "numeric": {"number": "72,5"},
        "zone": {"zones": ["c", "a"]},
    }
    assert {submission.problem for submission in read.values()} == {""}


@pytest.mark.parametrize("interaction", get_args(Interaction))
def test_an_empty_form_is_no_response_and_no_problem(interaction: Interaction) -> None:
    blank = FormData([("order-a", ""), ("order-b", ""), ("match-a", ""), ("text", " "), ("number", "")])
    submission = read_submission(interaction, blank)
    assert submission.response is None
    assert submission.problem == ""
    assert submission.entered == Entered()


@pytest.mark.parametrize("places", [("1", ""), ("1", "1"), ("1", "3"), ("un", "2"), ("0", "1")])
def test_places_that_are_no_order_are_told_and_shown_again(places: tuple[str, str]) -> None:
    submission = read_submission("order", FormData([("order-a", places[0]), ("order-b", places[1])]))
    assert submission.problem == "order_incomplete"
    assert submission.response is None
    assert submission.entered.positions["a"] == places[0]


def test_an_element_without_category_is_told_and_the_others_kept() -> None:
    submission = read_submission("match", FormData([("match-a", "x"), ("match-b", "")]))
    assert submission.problem == "match_incomplete"
    assert submission.response == {"pairs": {"a": "x"}}


@given(st.permutations(["a", "b", "c", "d", "e"]))
def test_a_draft_order_comes_back_as_the_same_response(order: list[str]) -> None:
    entered = Entered.from_response({"order": order})
    form = FormData([(f"order-{option}", place) for option, place in entered.positions.items()])
    assert read_submission("order", form).response == {"order": order}


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {},
        {"choice": 3},
        {"choices": "a"},
        {"order": [1, 2]},
        {"pairs": ["a"]},
        {"text": None},
        {"number": 4.5},
        {"zones": "a"},
    ],
)
def test_a_draft_that_cannot_be_read_leaves_the_form_empty(broken: dict[str, object] | None) -> None:
    assert Entered.from_response(broken) == Entered()
