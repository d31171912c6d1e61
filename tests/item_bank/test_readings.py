"""A reader who never saw the key answers; what the answers say holds for what was shown, and no longer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from item_bank.readings import (
    InvalidReading,
    Reading,
    Record,
    Verdict,
    form,
    read_records,
    recorded,
    refusals,
    settlement,
    sheet,
    verdicts,
    waiting,
)

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder

ITEMS = "items/D1C1.yaml"
CASE = "cases/D2-cas.yaml"
SHIPPED = Path(__file__).resolve().parents[2] / "item_bank" / "reviews" / "blind_readings.jsonl"
RIGHT: dict[str, Any] = {
    "D1C1-001": "b",
    "D1C1-002": 72,
    "D1C1-003": "mssante",
    "D2C1-001": "c, a",
    "CAS-D2-1-1": ["b", "c", "a"],
    "CAS-D2-1-2": {"a": "x", "b": "y", "c": "x"},
}


def filled(bank: BankFolder, changes: dict[str, dict[str, Any]] | None = None) -> str:
    """The form of every item with the right answers, but for some changes."""
    lines = [json.loads(line) for line in form(bank.content(), RIGHT).splitlines()]
    for line in lines:
        line |= {"answer": RIGHT[line["item"]], "confidence": "sure"} | (changes or {}).get(line["item"], {})
    return "".join(json.dumps(line) + "\n" for line in lines)


def read(bank: BankFolder, changes: dict[str, dict[str, Any]] | None = None) -> tuple[Reading, ...]:
    return recorded(bank.content(), filled(bank, changes), reading=1, date="2026-11-22", reader="Ana")


def verdict(bank: BankFolder, records: tuple[Record, ...], item: str = "D1C1-001") -> Verdict:
    return verdicts(bank.content(), records)[item]


def test_the_sheet_shows_stem_document_and_options_and_neither_key_nor_explanation(bank: BankFolder) -> None:
    text = sheet(bank.content(), RIGHT)
    assert "Quel est le bon geste ?" in text
    assert "- b) Deuxième choix." in text
    assert "support@securite.example" in text
    assert "Interdit" in text
    for hidden in ("parce que", "La règle", "MSSanté", "texte public", "in_review", "72"):
        assert hidden not in text


def test_the_options_of_a_second_round_stand_in_another_order(bank: BankFolder) -> None:
    orders = {sheet(bank.content(), ["D1C1-001", "D2C1-001"], reading=number) for number in range(1, 6)}
    assert len(orders) > 1


def test_a_sheet_of_an_unknown_item_is_refused(bank: BankFolder) -> None:
    with pytest.raises(InvalidReading, match="D9C9-999: there is no such item"):
        sheet(bank.content(), ["D9C9-999"])


def test_right_answers_of_every_interaction_are_agreements(bank: BankFolder) -> None:
    assert {line.item for line in read(bank) if line.agreed} == set(RIGHT)


@pytest.mark.parametrize(
    ("item", "answer"),
    [
        ("D1C1-001", "a"),
        ("D1C1-001", None),
        ("D1C1-002", "71"),
        ("D1C1-003", "Mailiz"),
        ("D2C1-001", ["a"]),
        ("CAS-D2-1-1", "a b c"),
        ("CAS-D2-1-2", {"a": "x", "b": "x", "c": "x"}),
    ],
)
def test_a_wrong_or_missing_answer_is_no_agreement(bank: BankFolder, item: str, answer: Any) -> None:
    lines = read(bank, {item: {"answer": answer}})
    assert [line.item for line in lines if not line.agreed] == [item]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"answer": "z"}, "the answer cannot be read"),
        ({"confidence": "certain"}, "confidence is one of sure, probable, guess"),
        ({"seen": "0" * 12}, "has changed since the sheet was made"),
        ({"seen": ""}, "has changed since the sheet was made"),
        ({"item": "D9C9-999"}, "there is no such item"),
    ],
)
def test_one_line_that_cannot_be_recorded_refuses_the_form(
    bank: BankFolder, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidReading, match=reason):
        read(bank, {"D1C1-001": change})


@pytest.mark.parametrize("line", ["not json", "[1]"])
def test_a_form_that_is_not_json_objects_is_refused(bank: BankFolder, line: str) -> None:
    with pytest.raises(InvalidReading):
        recorded(bank.content(), line, reading=1, date="2026-11-22")


def test_records_come_back_from_their_file_as_they_were(bank: BankFolder, tmp_path: Path) -> None:
    lines: tuple[Record, ...] = read(bank, {"D1C1-001": {"two_readings": True, "note": "« a » ?"}})
    lines += (settlement(bank.content(), lines, "D1C1-001", why="Le texte dit b.", by="B. Dupont", date="d"),)
    path = tmp_path / "readings.jsonl"
    path.write_text("".join(f"{line.to_line()}\n" for line in lines), encoding="utf-8")
    assert read_records(path) == (lines, ())


def test_the_shipped_records_are_all_readable() -> None:
    found = read_records(SHIPPED)
    assert found.problems == ()
    assert len(found.records) >= 446


@pytest.mark.parametrize(
    "line", ["{", "3", '{"item": "D1C1-001"}', '{"item": "a", "settled": "b", "surprise": 1}']
)
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "readings.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    found = read_records(path)
    assert [(problem.file, problem.line) for problem in found.problems] == [("readings.jsonl", 2)]


def test_an_item_nobody_read_is_unread_and_one_that_was_answered_is_read(bank: BankFolder) -> None:
    assert verdict(bank, ()) is Verdict.UNREAD
    assert verdict(bank, read(bank)) is Verdict.READ


@pytest.mark.parametrize(
    ("file", "before", "after", "item", "expected"),
    [
        (ITEMS, "rationale: La règle et sa raison.", "rationale: Autrement dite.", "D1C1-001", Verdict.READ),
        (ITEMS, "Juste, parce que.", "Juste, et voici pourquoi.", "D1C1-001", Verdict.READ),
        (ITEMS, "Quatrième choix.", "Un autre choix.", "D1C1-001", Verdict.UNREAD),
        (ITEMS, "Quel est le bon geste ?", "Quel est le geste ?", "D1C1-001", Verdict.UNREAD),
        (ITEMS, "key: b", "key: c", "D1C1-001", Verdict.UNREAD),
        (ITEMS, "key: 72", "key: 72\n    tolerance: 2", "D1C1-002", Verdict.UNREAD),
        (CASE, "sera **suspendue**", "a été suspendue", "CAS-D2-1-1", Verdict.UNREAD),
        (CASE, "sera **suspendue**", "a été suspendue", "D1C1-001", Verdict.READ),
    ],
)
def test_a_reading_holds_until_what_was_shown_or_the_key_changes(
    bank: BankFolder, file: str, before: str, after: str, item: str, expected: Verdict
) -> None:
    records = read(bank)
    bank.replace(file, before, after)
    assert verdict(bank, records, item) is expected


def test_an_old_record_without_a_hash_of_what_was_shown_holds_for_its_version(bank: BankFolder) -> None:
    old = read(bank)[0]
    version = bank.content().item(old.item).content_hash
    record = Reading(1, "2026-11-21", old.item, version, True, "sure", False, False, "", None)
    assert verdict(bank, (record,), old.item) is Verdict.READ
    bank.replace(CASE, "stem: Dans quel ordre ?", "stem: En quel ordre ?")
    assert verdict(bank, (record,), old.item) is Verdict.UNREAD


def test_a_missed_key_or_a_double_reading_stands_until_it_is_settled(bank: BankFolder) -> None:
    for change, doubt in (
        ({"answer": "a"}, Verdict.KEY_NOT_FOUND),
        ({"two_readings": True}, Verdict.TWO_READINGS),
    ):
        records: tuple[Record, ...] = read(bank, {"D1C1-001": change})
        assert verdict(bank, records) is doubt
        assert verdict(bank, (*records, *read(bank))) is doubt
        line = settlement(
            bank.content(), records, "D1C1-001", why="Le texte dit b.", by="B. Dupont", date="d"
        )
        assert verdict(bank, (*records, *read(bank), line)) is Verdict.READ
        assert verdict(bank, (line, *records)) is doubt


def test_settling_a_missed_key_does_not_replace_a_reader_who_finds_it(bank: BankFolder) -> None:
    records = read(bank, {"D1C1-001": {"answer": "a"}})
    line = settlement(bank.content(), records, "D1C1-001", why="Le texte dit b.", by="B. Dupont", date="d")
    assert verdict(bank, (*records, line)) is Verdict.UNREAD


@pytest.mark.parametrize(
    ("item", "why", "by"),
    [
        ("D1C1-002", "Parce que.", "B. Dupont"),
        ("D1C1-001", " ", "B. Dupont"),
        ("D1C1-001", "Parce que.", ""),
        ("D9C9-999", "Parce que.", "B. Dupont"),
    ],
)
def test_settling_takes_a_doubt_a_reason_and_a_name(bank: BankFolder, item: str, why: str, by: str) -> None:
    records = read(bank, {"D1C1-001": {"two_readings": True}})
    with pytest.raises(InvalidReading):
        settlement(bank.content(), records, item, why=why, by=by, date="d")


@pytest.mark.parametrize("status", ["approved", "pretest", "operational"])
def test_an_item_past_review_without_a_reading_is_a_problem_at_its_line(
    bank: BankFolder, status: str
) -> None:
    bank.replace(ITEMS, "status: in_review", f"status: {status}")
    content = bank.content()
    (problem,) = refusals(content, verdicts(content, ()))
    assert (problem.file, problem.line, problem.field, problem.subject) == (ITEMS, 3, "status", "D1C1-001")
    assert problem.message == f"is {status}, but its present version was never answered blind."
    assert refusals(content, verdicts(content, read(bank))) == ()


def test_items_in_review_wait_and_are_no_problem(bank: BankFolder) -> None:
    content = bank.content()
    found = verdicts(content, read(bank)[:4])
    assert refusals(content, found) == ()
    assert len(waiting(content, found)[Verdict.UNREAD]) == 2


@pytest.mark.parametrize("status", ["draft", "suspended", "retired"])
def test_drafts_and_items_out_of_use_wait_for_nobody(bank: BankFolder, status: str) -> None:
    bank.replace(ITEMS, "status: in_review", f"status: {status}")
    assert "D1C1-001" not in verdicts(bank.content(), ())
