"""Spreadsheets: one row an item, every mistake with its row and column, nothing that runs in a cell."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from item_bank import files, sheets
from item_bank.errors import RefusedImport
from item_bank.item import Interaction, Item
from tests.item_bank.conftest import BankFolder

CONTENT = files.read(Path(__file__).parents[2] / "item_bank" / "content").content
EXAMPLE = {column.name: column.example for column in sheets.COLUMNS}


def table(*rows: dict[str, str], columns: list[str] | None = None, separator: str = ",") -> bytes:
    """A CSV of the example row, each time with these cells."""
    names = columns or list(EXAMPLE)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(names)
    for row in rows:
        writer.writerow([(EXAMPLE | row).get(name, row.get(name, "")) for name in names])
    return text.getvalue().encode()


def problems(data: bytes) -> list[str]:
    with pytest.raises(RefusedImport) as refusal:
        sheets.read_sheet(data)
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize("write", [sheets.write_csv, sheets.write_xlsx])
def test_every_item_that_fits_a_row_comes_back_and_the_others_are_named(write: object) -> None:
    sheet = write(CONTENT.items)  # type: ignore[operator]
    left_out = {reason.item_id for reason in sheet.left_out}
    assert sheets.read_sheet(sheet.data) == tuple(item for item in CONTENT.items if item.id not in left_out)
    for item in CONTENT.items:
        alone = not item.testlet and item.interaction is not Interaction.ZONE
        assert (item.id not in left_out) == alone, item.id


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_is_itself_a_good_sheet(kind: str) -> None:
    (item,) = sheets.read_sheet(sheets.template(kind))
    assert item.id == EXAMPLE["id"]


def test_every_column_is_documented_and_known_to_the_template() -> None:
    assert all(column.meaning for column in sheets.COLUMNS)
    first = sheets.template("csv").decode("utf-8-sig").splitlines()[0]
    assert first.split(",") == [column.name for column in sheets.COLUMNS]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_of_any_spreadsheet_is_understood(separator: str) -> None:
    (item,) = sheets.read_sheet(table({}, separator=separator))
    assert item.options[0].text == EXAMPLE["option_a"]


@pytest.mark.parametrize(
    ("cells", "place", "words"),
    [
        ({"level": "7"}, "row 2, column level", "from 1 to 6"),
        ({"level": "trois"}, "row 2, column level", "whole number"),
        ({"interaction": "qcm"}, "row 2, column interaction", "not a known interaction"),
        ({"key": "z"}, "row 2, column key", 'names no option: "z"'),
        ({"why_b": ""}, "row 2, column why_b", "missing"),
        ({"option_b": ""}, "row 2, column why_b", "explains an option that is empty"),
        ({"stem": ""}, "row 2, column stem", "missing"),
        ({"topic": "D9C9.x"}, "row 2, column topic", "not a topic of the competence"),
        ({"recheck": "31/12/2028"}, "row 2, column recheck", "date is expected"),
        ({"shuffle": "peut-être"}, "row 2, column shuffle", "neither yes nor no"),
        ({"status": "validé"}, "row 2, column status", "not a known status"),
        ({"sources": ""}, "row 2, column sources", "missing"),
        ({"stem": "a" * 30_000}, "row 2, column stem", "20000 at most"),
        ({"interaction": "numeric", "key": "beaucoup"}, "row 2, column key", "number is expected"),
        (
            {"interaction": "match", "key": "a:x", "categories": "x=X | y=Y"},
            "row 2, column key",
            "option and its",
        ),
        (
            {"interaction": "match", "key": "a=x", "categories": "x"},
            "row 2, column categories",
            "an id and a name",
        ),
        ({"tolerance": "1"}, "row 2, column tolerance", "not a field"),
    ],
)
def test_a_mistake_is_told_with_its_row_and_column(cells: dict[str, str], place: str, words: str) -> None:
    told = problems(table(cells))
    assert any(place in line and words in line for line in told), told


def test_every_mistake_of_every_row_is_told_at_once_and_nothing_is_imported() -> None:
    told = problems(
        table({"level": "9"}, {"id": "D2C3-902", "stage": ""}, {"id": "D2C3-903"}, {"id": "D2C3-903"})
    )
    assert any("row 2, column level" in line for line in told)
    assert any("row 3, column stage" in line for line in told)
    assert any("row 5, column id" in line and "already in row 4" in line for line in told)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        ("é".encode("latin-1"), "UTF-8"),
        (b"id,stem\0", "NUL"),
        (b"a,b\n1,2\n", "heading"),
        (b"id,stem,stem\nx,y,z\n", "twice"),
        (b"id,stem,note\nx,y,z\n", '"note" is not a column'),
        (b"id,stem\n", "no item"),
        (b'id,stem\n"x,y\n', "not valid CSV"),
        (table({}) + b"," * 200 + b"x\n", "more cells"),
    ],
)
def test_a_file_that_is_no_item_sheet_is_refused_in_words(data: bytes, words: str) -> None:
    assert any(words in line for line in problems(data))


def test_matches_orders_numbers_and_texts_are_written_as_people_write_them(bank: BankFolder) -> None:
    rows = [
        {"interaction": "order", "key": "c | a | b"},
        {"id": "D2C3-902", "interaction": "match", "key": "a=x | b=y\nc=x", "categories": "x=Oui | y=Non"},
        {"id": "D2C3-903", "interaction": "numeric", "key": "72,5", "tolerance": "0,5", "unit": "kg"}
        | {name: "" for name in EXAMPLE if name.startswith(("option_", "why_"))},
        {"id": "D2C3-904", "interaction": "short_text", "key": "", "accepted": "MSSanté | mssante"}
        | {name: "" for name in EXAMPLE if name.startswith(("option_", "why_"))},
    ]
    order, match, numeric, text = (item.to_dict() for item in sheets.read_sheet(table(*rows)))
    assert order["key"] == ["c", "a", "b"]
    assert match["key"] == {"a": "x", "b": "y", "c": "x"}
    assert (numeric["key"], numeric["tolerance"], numeric["unit"]) == (72.5, 0.5, "kg")
    assert text["accepted"] == ["MSSanté", "mssante"]


FORMULAS = (
    *("=1+1", '=HYPERLINK("http://x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "=cmd|'/c calc'!A1"),
    *("'=déjà", "''", "＝1+1", "＋1", "－1", "＠x", "'texte", "-", "+", "=", "@", "=\tx"),
)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_an_export_is_a_formula_and_it_comes_back_as_it_was(text: str, bank: BankFolder) -> None:
    item = Item.from_dict(bank.content().item("D1C1-001").to_dict() | {"stem": text, "author": text})
    for sheet in (sheets.write_csv([item]), sheets.write_xlsx([item])):
        assert sheets.read_sheet(sheet.data) == (item,)
    rows = list(csv.reader(io.StringIO(sheets.write_csv([item]).data.decode("utf-8-sig"))))
    book = openpyxl.load_workbook(io.BytesIO(sheets.write_xlsx([item]).data))
    cells = [cell for row in book["items"].iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    for value in (*rows[1], *(str(cell.value or "") for cell in cells)):
        assert not value.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


def test_a_negative_number_stays_a_number(bank: BankFolder) -> None:
    item = Item.from_dict(bank.content().item("D1C1-002").to_dict() | {"key": -5})
    sheet = sheets.write_csv([item])
    assert ",-5," in sheet.data.decode("utf-8-sig")
    assert sheets.read_sheet(sheet.data) == (item,)


def test_the_same_items_give_the_same_csv() -> None:
    assert sheets.write_csv(CONTENT.items) == sheets.write_csv(CONTENT.items)
