"""An item that exists is valid, and its hash is the one of its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from item_bank.design import Design
from item_bank.errors import InvalidDesign, InvalidFramework, InvalidItem, InvalidTestlet
from item_bank.framework import Framework
from item_bank.item import Item, SingleChoiceKey, Testlet, read_item

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder


def test_the_dictionary_form_of_every_part_is_lossless(bank: BankFolder) -> None:
    content = bank.content()
    for item in content.items:
        assert Item.from_dict(item.to_dict()) == item
    for testlet in content.testlets:
        assert Testlet.from_dict(testlet.to_dict()) == testlet
    for design in content.designs:
        assert Design.from_dict(design.to_dict()) == design
    assert content.framework is not None
    assert Framework.from_dict(content.framework.to_dict()) == content.framework


def test_every_optional_field_survives_the_dictionary_form(bank: BankFolder) -> None:
    data: dict[str, Any] = {
        **bank.content().item("D1C1-001").to_dict(),
        "shuffle": False,
        "enemies": ["D1C1-002"],
        "doubt": "Un doute.",
        "language": "en",
        "translation_of": "D1C1-009",
        "testlet": "CAS-D1-1",
        "parameters": {
            "discrimination": 1.3,
            "difficulty": -0.25,
            "guessing": 0.2,
            "upper_asymptote": 0.98,
            "source": "essai",
            "se_discrimination": 0.1,
            "se_difficulty": 0.2,
            "se_guessing": 0.03,
            "se_upper_asymptote": 0.01,
        },
    }
    assert Item.from_dict(data).to_dict() == data


def test_all_the_faults_of_an_item_are_in_one_error(bank: BankFolder) -> None:
    data = {**bank.content().item("D1C1-001").to_dict(), "level": 7, "key": "z", "sources": []}
    with pytest.raises(InvalidItem) as caught:
        Item.from_dict(data)
    assert [fault.field for fault in caught.value.faults] == ["level", "sources", "key"]
    assert caught.value.subject == "D1C1-001"
    assert "D1C1-001" in str(caught.value)


def test_an_item_cannot_be_built_with_a_key_of_another_interaction(bank: BankFolder) -> None:
    numeric = bank.content().item("D1C1-002")
    values = {name: getattr(numeric, name) for name in Item.__dataclass_fields__}
    with pytest.raises(InvalidItem, match="is not a key for the interaction numeric"):
        Item(**{**values, "scoring_key": SingleChoiceKey("a")})


@pytest.mark.parametrize(
    "data", [None, [], "texte", 3, {}, {"id": 3}, {"interaction": "order", "options": 3}]
)
def test_any_wrong_shape_is_an_invalid_item_and_no_crash(data: Any) -> None:
    with pytest.raises(InvalidItem):
        Item.from_dict(data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.data())
def test_any_value_in_any_field_is_read_or_refused_and_never_crashes(
    bank: BankFolder, data: st.DataObject
) -> None:
    item = data.draw(st.sampled_from(bank.content().items)).to_dict()
    leaves: st.SearchStrategy[Any] = (
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just([[], {}])
    )
    values = st.recursive(
        leaves,
        lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from("abx"), parts),
        max_leaves=6,
    )
    item[data.draw(st.sampled_from([*item, "parameters", "enemies", "unknown"]))] = data.draw(values)
    read, faults = read_item(item)
    assert (read is None) == bool(faults)
    if read is not None:
        assert Item.from_dict(read.to_dict()) == read


def test_other_parts_refuse_wrong_shapes_too() -> None:
    with pytest.raises(InvalidTestlet):
        Testlet.from_dict({"id": "CAS-1", "items": "x"})
    with pytest.raises(InvalidDesign):
        Design.from_dict({"id": "x"})
    with pytest.raises(InvalidFramework):
        Framework.from_dict({})


def test_the_content_hash_ignores_status_doubt_and_parameters_and_nothing_else(bank: BankFolder) -> None:
    data = bank.content().item("D1C1-001").to_dict()
    reference = Item.from_dict(data).content_hash
    parameters = {"discrimination": 1.0, "difficulty": 0.0, "source": "essai"}
    same: list[dict[str, Any]] = [{"status": "draft"}, {"doubt": "Un doute."}, {"parameters": parameters}]
    for change in same:
        assert Item.from_dict({**data, **change}).content_hash == reference
    other: list[dict[str, Any]] = [
        {"stem": "Autre ?"},
        {"key": "c"},
        {"level": 3},
        {"recheck": "2028-01-01"},
        {"shuffle": False},
    ]
    for change in other:
        assert Item.from_dict({**data, **change}).content_hash != reference


def test_text_is_stored_in_one_form_whatever_the_editor_did(bank: BankFolder) -> None:
    data = bank.content().item("D1C1-001").to_dict()
    decomposed = Item.from_dict({**data, "stem": "e\u0301te\u0301\r\nfini \n\n"})
    assert decomposed.stem == "été\nfini"
