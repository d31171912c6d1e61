"""What changed between two releases is said in words, the keys first."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from item_bank.difference import Difference, FieldChange, difference, in_words
from item_bank.release import Release
from item_bank.release import compile as compile_release

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder

ITEMS = "items/D1C1.yaml"
CASE = "cases/D2-cas.yaml"
DESIGN = "designs/certification.yaml"
DOMAIN = "domains/D1.yaml"


def compiled(bank: BankFolder) -> Release:
    return compile_release(bank.content())


def changed(bank: BankFolder, *replacements: tuple[str, str, str]) -> Difference:
    """The difference that some replacements in the files make."""
    before = compiled(bank)
    for file, old, new in replacements:
        bank.replace(file, old, new)
    return difference(before, compiled(bank))


def lines(found: Difference) -> list[str]:
    return in_words(found).splitlines()


def test_a_release_does_not_differ_from_itself_or_from_what_it_is_stored_as(bank: BankFolder) -> None:
    release = compiled(bank)
    found = difference(release, Release.from_payload(json.loads(json.dumps(release.to_payload()))))
    assert not found
    assert in_words(found).endswith("nothing differs")


@pytest.mark.parametrize(
    ("old", "new", "item", "field"),
    [
        ("key: b", "key: c", "D1C1-001", FieldChange("key", "b", "c")),
        ("key: 72", "key: 48", "D1C1-002", FieldChange("key", 72, 48)),
        ("key: 72", "key: 72\n    tolerance: 2", "D1C1-002", FieldChange("tolerance", None, 2)),
        (
            'accepted: ["MSSanté", "messagerie sécurisée de santé"]',
            'accepted: ["MSSanté"]',
            "D1C1-003",
            FieldChange("accepted", ["MSSanté", "messagerie sécurisée de santé"], ["MSSanté"]),
        ),
    ],
)
def test_a_changed_key_comes_first_and_loudest(
    bank: BankFolder, old: str, new: str, item: str, field: FieldChange
) -> None:
    found = changed(bank, (ITEMS, old, new), (ITEMS, "rationale: La règle et", "rationale: Une règle et"))
    assert [change.id for change in found.keys] == [item]
    assert field in found.keys[0].fields
    said = lines(found)
    assert said[2] == "!!! KEYS CHANGED: 1"
    assert "D1C1-001" in in_words(found)


def test_a_right_option_that_says_something_else_is_a_changed_key(bank: BankFolder) -> None:
    found = changed(bank, (ITEMS, "Deuxième choix.", "Un autre choix."))
    assert found.keys[0].fields == (FieldChange("right answer", "Deuxième choix.", "Un autre choix."),)


def test_a_wrong_option_that_says_something_else_is_not(bank: BankFolder) -> None:
    found = changed(bank, (ITEMS, "Premier choix.", "Un autre choix."))
    assert found.keys == ()
    assert found.items.changed[0].fields == (
        FieldChange("options.a.text", "Premier choix.", "Un autre choix."),
    )


def test_a_text_is_shown_before_and_after(bank: BankFolder) -> None:
    long = "Une explication bien plus longue que la précédente, qui tient sur plusieurs mots."
    said = lines(changed(bank, (ITEMS, "La règle et sa raison.", long)))
    assert "1 item changed" in said
    assert "      - La règle et sa raison." in said
    assert f"      + {long}" in said


def test_an_option_added_removed_or_moved_is_told_by_its_letter(bank: BankFolder) -> None:
    a, b = '{id: a, text: "Un.", why: "Oui."}', '{id: b, text: "Deux.", why: "Non."}'
    found = changed(
        bank,
        ("items/D2C1.yaml", f"{a}\n      - {b}", f"{b}\n      - {a}"),
        (ITEMS, '      - {id: d, text: "Quatrième choix.", why: "Faux, parce que."}\n', ""),
    )
    assert [(change.id, [field.field for field in change.fields]) for change in found.items.changed] == [
        ("D1C1-001", ["options.d"]),
        ("D2C1-001", ["options (order)"]),
    ]
    assert "    options.d removed: id: d, text: Quatrième choix., why: Faux, parce que." in lines(found)


def test_items_that_come_and_go_and_change_status_are_listed(bank: BankFolder) -> None:
    bank.replace(ITEMS, "status: in_review", "status: draft")
    before = compiled(bank)
    bank.replace(ITEMS, "status: draft", "status: approved")
    bank.replace("items/D2C1.yaml", "status: in_review", "status: suspended")
    bank.replace(CASE, "status: in_review", "status: approved")
    found = difference(before, compiled(bank))
    assert (found.items.added, found.items.withdrawn) == (("D1C1-001",), ("D2C1-001",))
    assert [(change.id, change.fields[0].after) for change in found.statuses] == [("CAS-D2-1-1", "approved")]
    assert found.items.changed == ()
    said = lines(found)
    assert "1 item added: D1C1-001" in said
    assert "1 item withdrawn: D2C1-001" in said
    assert "  CAS-D2-1-1: in_review to approved" in said


def test_parameters_that_moved_are_listed_with_both_values(bank: BankFolder) -> None:
    stated = "parameters: {discrimination: 1.5, difficulty: -1.2, guessing: 0.25, source: essai}"
    found = changed(bank, (ITEMS, "    key: b\n", f"    key: b\n    {stated}\n"))
    assert [(change.id, change.fields) for change in found.parameters] == [
        ("D1C1-001", (FieldChange("discrimination", 1.0, 1.5),))
    ]
    assert found.items.changed == ()
    assert "  D1C1-001: discrimination 1 -> 1.5" in lines(found)


def test_a_set_that_is_no_longer_provisional_says_so(bank: BankFolder) -> None:
    content = bank.content()
    found = difference(compile_release(content), compile_release(content, provisional=False))
    assert found.parameter_set == (FieldChange("provisional", True, False),)
    assert "  provisional: yes -> no" in lines(found)


def test_documents_designs_and_the_framework_are_compared_too(bank: BankFolder) -> None:
    found = changed(
        bank,
        (CASE, "title: Courriel reçu", "title: Message reçu"),
        (DESIGN, "time_limit: 10", "time_limit: 12"),
        ("framework.yaml", "cut: 0.0", "cut: 0.1"),
        (DOMAIN, "heading: Gestes", "heading: Les gestes"),
    )
    assert found.testlets.changed[0].fields == (
        FieldChange("document.title", "Courriel reçu", "Message reçu"),
    )
    assert found.designs.changed[0].fields == (FieldChange("time_limit", 10, 12),)
    assert [change.field for change in found.framework] == [
        "certification.levels.haut.cut",
        "domains.D1.competences.D1C1.topics.D1C1.gestes.heading",
    ]
    said = in_words(found)
    assert "1 design changed" in said
    assert "framework changed" in said


def test_the_json_form_holds_everything_the_words_do(bank: BankFolder) -> None:
    found = changed(bank, (ITEMS, "key: b", "key: c"), (DESIGN, "time_limit: 10", "time_limit: 12"))
    facts = json.loads(json.dumps(found.to_dict(), ensure_ascii=False))
    assert facts["keys"][0]["fields"][0] == {"field": "key", "before": "b", "after": "c"}
    assert facts["designs"]["changed"][0]["id"] == "certification"
    assert set(facts) == {
        *("before", "after", "keys", "items", "statuses", "parameters", "testlets", "translations"),
        *("designs", "framework", "parameter_set"),
    }


def test_the_opposite_difference_swaps_what_came_and_what_went(bank: BankFolder) -> None:
    before = compiled(bank)
    bank.replace(ITEMS, "status: in_review", "status: retired")
    after = compiled(bank)
    forth, back = difference(before, after), difference(after, before)
    assert (forth.items.added, forth.items.withdrawn) == (back.items.withdrawn, back.items.added)
    assert replace(forth.items, added=(), withdrawn=()) == replace(back.items, added=(), withdrawn=())
