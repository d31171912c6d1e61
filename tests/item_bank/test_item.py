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


ZONE: dict[str, Any] = {
    "interaction": "zone",
    "document": {
        "title": "Courriel reçu",
        "kind": "email",
        "fields": [["De", "[[a|Support]]"], ["Objet", "Avis"]],
        "body": "Bonjour,\n\n[[b|Cliquez ici.]] Merci à [[c|tous]].",
    },
    "options": [{"id": letter, "text": f"Zone {letter}", "why": "Parce que."} for letter in "abc"],
    "key": ["a", "b"],
}


def zone(bank: BankFolder, **changes: Any) -> dict[str, Any]:
    """An item with zones, with some fields changed or, where None, left out."""
    data = {**bank.content().item("D1C1-001").to_dict(), **ZONE, **changes}
    return {name: value for name, value in data.items() if value is not None}


def in_document(**changes: Any) -> dict[str, Any]:
    return {"document": {**ZONE["document"], **changes}}


def test_an_item_with_zones_survives_the_dictionary_form(bank: BankFolder) -> None:
    data = zone(bank, maximum=2)
    item = Item.from_dict(data)
    assert item.to_dict() == data
    assert item.document is not None
    assert item.document.zones == (("a", "Support"), ("b", "Cliquez ici."), ("c", "tous"))
    assert item.guessing_floor == 0
    assert Item.from_dict(zone(bank, key=["a"], maximum=1)).guessing_floor == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"document": None}, "document", "is missing"),
        ({"key": []}, "key", "is an empty list"),
        ({"key": ["a", "b", "c"]}, "key", "makes every zone right"),
        ({"key": ["a", "z"]}, "key", "names no option"),
        ({"key": ["a", "a"]}, "key", "2 times"),
        ({"maximum": 1}, "maximum", "the key has 2 zones"),
        ({"maximum": 4}, "maximum", "1 to 3 zones"),
        ({"maximum": 0}, "maximum", "a whole number from 1 to 8"),
        ({"options": ZONE["options"][:2]}, "options", "3 to 8 are expected"),
        ({"testlet": "CAS-D2-1"}, "interaction", "cannot stand in a case"),
        (in_document(kind="fax"), "document.kind", "is not a known kind"),
        (in_document(title="[[a|Courriel]]"), "document.title", "where no zone can stand"),
        (in_document(fields=[["[[a|De]]", "Support"]]), "document.fields[0]", "where no zone can stand"),
        (in_document(fields=[]), "options[0].id", "marks nothing in the document"),
        (in_document(fields=[["De", "[[a|Support"]]), "document.fields[0]", "not whole"),
        (in_document(body="[[b|un]] [[c|deux]] [[d|trois]]"), "document", "that no option names"),
        (in_document(body="[[b|un]] [[c|deux]] [[c|trois]]"), "document", "2 times"),
        (in_document(body="[[b|un]] [[c| ]]"), "document.body", "without words"),
        (in_document(body="[[b|un]] [[c|deux\n\ntrois]]"), "document.body", "over two paragraphs"),
        (in_document(body=f"[[b|un]] [[c|{'deux ' * 70}]]"), "document.body", "300 at most"),
        (in_document(body="[[b|un]] [[c|deux]] \ue0000\ue001"), "document.body", "private use"),
        (in_document(body="[[b|un [[c|deux]]]]"), "document.body", "not whole"),
    ],
)
def test_what_is_wrong_with_zones_is_told_with_its_place(
    bank: BankFolder, changes: dict[str, Any], field: str, words: str
) -> None:
    _, faults = read_item(zone(bank, **changes))
    assert (field, True) in [(fault.field, words in fault.message) for fault in faults], faults


def test_a_document_and_a_maximum_belong_to_zones_alone(bank: BankFolder) -> None:
    choice = bank.content().item("D1C1-001")
    values = {name: getattr(choice, name) for name in Item.__dataclass_fields__}
    document = Item.from_dict(zone(bank)).document
    with pytest.raises(InvalidItem, match="document: has no place") as caught:
        Item(**{**values, "document": document, "maximum": 1})
    assert [fault.field for fault in caught.value.faults] == ["document", "maximum"]


def test_the_document_of_a_testlet_has_no_zones(bank: BankFolder) -> None:
    data = bank.content().testlets[0].to_dict()
    data["document"]["body"] = "[[a|Cliquez]]"
    with pytest.raises(InvalidTestlet, match="the document of a case has none"):
        Testlet.from_dict(data)


@pytest.mark.parametrize(("item_id", "points"), [("D2C1-001", 2), ("CAS-D2-1-1", 2), ("CAS-D2-1-2", 3)])
def test_an_item_scored_in_part_is_worth_its_points(bank: BankFolder, item_id: str, points: int) -> None:
    data = {**bank.content().item(item_id).to_dict(), "scoring": "partial"}
    item = Item.from_dict(data)
    assert item.to_dict() == data
    assert item.maximum_score == points
    assert item.content_hash != bank.content().item(item_id).content_hash
    whole = Item.from_dict({**data, "scoring": "all_or_nothing"})
    assert whole == bank.content().item(item_id)


def test_partial_credit_is_refused_where_nothing_lies_between_wrong_and_right(bank: BankFolder) -> None:
    _, faults = read_item(zone(bank, key=["a"], scoring="partial"))
    assert [fault.field for fault in faults] == ["scoring"]
    _, faults = read_item({**bank.content().item("D1C1-001").to_dict(), "scoring": "partial"})
    assert [fault.field for fault in faults] == ["scoring"]


def test_the_stated_parameters_of_an_item_scored_in_part_are_its_steps(bank: BankFolder) -> None:
    data = {**bank.content().item("D2C1-001").to_dict(), "scoring": "partial"}
    stated = {"discrimination": 0.8, "steps": [-1.0, 0.5], "source": "essai"}
    item = Item.from_dict({**data, "parameters": stated})
    assert item.parameters is not None
    assert item.parameters.difficulty == -0.25
    assert Item.from_dict(item.to_dict()) == item
    for wrong in (
        {"steps": [1.0]},
        {"steps": None, "difficulty": 0.0},
        {"difficulty": 2.0},
        {"guessing": 0.2},
    ):
        assert read_item({**data, "parameters": {**stated, **wrong}})[1]
    whole = {**data, "scoring": None, "parameters": stated}
    assert read_item({name: value for name, value in whole.items() if value is not None})[1]
