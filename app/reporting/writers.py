"""Rows into a file, batch after batch, in four formats; memory does not grow with the number of rows.

Text that a spreadsheet could take for a formula is disarmed in CSV and written as a string in XLSX; numbers stay
numbers, so that a negative theta can be added up.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, BinaryIO, Final, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from xlsxwriter import Workbook

Cell = str | int | float | bool | datetime | None
Row = Sequence[Cell]

XLSX_MOST_ROWS: Final = 1_000_000
PARQUET_GROUP: Final = 50_000


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    MOMENT = "moment"


class Column(NamedTuple):
    """One column of an export."""

    name: str
    kind: Kind = Kind.TEXT


class TooManyRows(Exception):
    """The format cannot hold so many rows."""


class Writer(Protocol):
    """Writes rows as they come."""

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows, each in the order of the columns."""

    def close(self) -> None:
        """Write what is left; the file stays open."""

    def abandon(self) -> None:
        """Let go of what is held: the file will not be used."""


# Spreadsheets look past white space and invisible characters, and take full-width signs for the ordinary ones.
_INVISIBLE = r"[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*"
_SIGN = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
_OPENS = re.compile(rf"^(?:[\t\r\n\x00]|{_INVISIBLE}{_SIGN})")
# A program that expects another separator cuts a cell at one it finds inside.
_AFTER_SEPARATOR = re.compile(rf"([;,|\t\r\n]{_INVISIBLE})(?={_SIGN})")


def disarmed(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe stands where one could begin.

    Examples
    --------
    >>> disarmed("=1+1"), disarmed("IFSI Paris-Nord"), disarmed("a;@SUM(1)")
    ("'=1+1", 'IFSI Paris-Nord', "a;'@SUM(1)")
    """
    inside = _AFTER_SEPARATOR.sub(r"\1'", text)
    return f"'{inside}" if _OPENS.match(inside) else inside


def moment(value: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class CsvWriter:
    """RFC 4180: commas, CRLF, quotes where needed, a decimal point."""

    def __init__(self, file: BinaryIO, columns: Sequence[Column], *, bom: bool = False) -> None:
        self._text = io.TextIOWrapper(
            file, encoding="utf-8-sig" if bom else "utf-8", newline="", write_through=True
        )
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow([disarmed(column.name) for column in columns])

    def write(self, rows: Sequence[Row]) -> None:
        self._writer.writerows([_csv_cell(cell) for cell in row] for row in rows)

    def close(self) -> None:
        self._text.flush()
        self._text.detach()

    def abandon(self) -> None:
        self.close()


def _csv_cell(cell: Cell) -> str | int | float | None:
    if isinstance(cell, str):
        return disarmed(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return moment(cell) if isinstance(cell, datetime) else cell


class JsonWriter:
    """One JSON object a line."""

    def __init__(self, file: BinaryIO, columns: Sequence[Column]) -> None:
        self._file = file
        self._names = [column.name for column in columns]

    def write(self, rows: Sequence[Row]) -> None:
        self._file.writelines(
            json.dumps(
                dict(zip(self._names, (_json_cell(cell) for cell in row), strict=True)),
                ensure_ascii=False,
                allow_nan=False,
                separators=(",", ":"),
            ).encode()
            + b"\n"
            for row in rows
        )

    def close(self) -> None:
        self._file.flush()

    def abandon(self) -> None:
        self.close()


def _json_cell(cell: Cell) -> str | int | float | None:
    return moment(cell) if isinstance(cell, datetime) else cell


class XlsxWriter:
    """One sheet, rows flushed as they are written; text is always text, never a formula or a link."""

    def __init__(self, file: BinaryIO, columns: Sequence[Column], *, folder: str | None = None) -> None:
        self._book = Workbook(
            file,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
                "tmpdir": folder or tempfile.gettempdir(),
            },
        )
        self._sheet = self._book.add_worksheet("Palier")
        self._sheet.freeze_panes(1, 0)
        heading = self._book.add_format({"bold": True})
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, min(40, max(12, len(column.name) + 2)))
        for place, column in enumerate(columns):
            self._sheet.write_string(0, place, column.name, heading)
        self._row = 0

    def write(self, rows: Sequence[Row]) -> None:
        if self._row + len(rows) > XLSX_MOST_ROWS:
            raise TooManyRows(f"a sheet holds at most {XLSX_MOST_ROWS} rows")
        for row in rows:
            self._row += 1
            for place, cell in enumerate(row):
                self._write_cell(place, cell)

    def _write_cell(self, place: int, cell: Cell) -> None:
        if isinstance(cell, str):
            self._sheet.write_string(self._row, place, cell[:32_767])
        elif isinstance(cell, bool):
            self._sheet.write_boolean(self._row, place, cell)
        elif isinstance(cell, datetime):
            # a sheet knows no time zone: every moment is UTC
            self._sheet.write_datetime(
                self._row, place, cell.astimezone(UTC).replace(tzinfo=None), self._date
            )
        elif cell is not None:
            self._sheet.write_number(self._row, place, cell)

    def close(self) -> None:
        self._book.close()

    def abandon(self) -> None:
        # the rows written so far are in a temporary file of the sheet
        self._sheet.row_data_fh.close()
        self._book.fileclosed = True


_ARROW: Final[dict[Kind, Any]] = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.MOMENT: pa.timestamp("us", tz="UTC"),
}


class ParquetWriter:
    """Row groups of `PARQUET_GROUP` rows, compressed by zstandard."""

    def __init__(self, file: BinaryIO, columns: Sequence[Column]) -> None:
        self._schema = pa.schema([(column.name, _ARROW[column.kind]) for column in columns])
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._batches: list[Any] = []
        self._held = 0

    def write(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        columns = zip(*rows, strict=True)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
        self._batches.append(pa.record_batch(arrays, schema=self._schema))
        self._held += len(rows)
        if self._held >= PARQUET_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches, self._schema))
        self._batches, self._held = [], 0

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def abandon(self) -> None:
        self._writer.close()


def writer_of(
    format_: str, file: BinaryIO, columns: Sequence[Column], *, bom: bool = False, folder: str | None = None
) -> Writer:
    """The writer of a format: json, csv, xlsx or parquet."""
    match format_:
        case "csv":
            return CsvWriter(file, columns, bom=bom)
        case "json":
            return JsonWriter(file, columns)
        case "xlsx":
            return XlsxWriter(file, columns, folder=folder)
        case "parquet":
            return ParquetWriter(file, columns)
    raise ValueError(format_)
