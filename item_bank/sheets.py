"""Items in a spreadsheet: one row an item, for those who would rather not write YAML.

CSV (UTF-8, comma or semicolon) and XLSX, both ways. Nothing in an exported cell runs as a formula, and what a
cell holds comes back as it was. A case and the document of a zone item have several parts each: they stay in
the text files, and an export says which items it leaves out.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import openpyxl
from openpyxl.cell.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils.exceptions import InvalidFileException

from item_bank.archive import checked_xml, open_archive
from item_bank.errors import Fault, ImportProblem, RefusedImport
from item_bank.item import Interaction, Item, read_item

LARGEST_SHEET = 16 << 20
MOST_ROWS = 5_000
MOST_COLUMNS = 200
LONGEST_CELL = 20_000
OPTION_IDS = "abcdef"
LIST_MARK = " | "
_CREATED = datetime.datetime(2000, 1, 1)  # noqa: DTZ001  (a workbook's clock has no zone)


class Column(NamedTuple):
    """One column: its name, and what an author writes in it."""

    name: str
    meaning: str
    example: str = ""


def _columns() -> Iterator[Column]:
    yield Column("id", "competence, dash, three digits", "D2C3-901")
    yield Column("competence", "id of the competence", "D2C3")
    yield Column("topic", "id of the topic", "D2C3.hameconnage")
    yield Column("level", "1 to 6", "3")
    yield Column(
        "interaction", "single_choice, multiple_choice, order, match, short_text or numeric", "single_choice"
    )
    yield Column("stem", "the question, in simple Markdown", "Que faites-vous de ce courriel ?")
    for letter in OPTION_IDS:
        example = {"a": "Je le signale.", "b": "Je le supprime.", "c": "J’y réponds."}.get(letter, "")
        yield Column(f"option_{letter}", f"text of option {letter}; empty when there is none", example)
        yield Column(f"why_{letter}", "why it is right or wrong", "Parce que…" if example else "")
    yield Column("categories", "match: x=Autorisé | y=Interdit")
    yield Column("key", "b · a | c · in order: c | a | b · match: a=x | b=y · numeric: 72", "a")
    yield Column("accepted", f"short_text: accepted answers, parted by «{LIST_MARK}»")
    yield Column("edit_distance", "short_text: typing errors forgiven, 0 to 2; usually empty")
    yield Column("scoring", "partial gives credit for a part of the answer; empty is all or nothing")
    yield Column("tolerance", "numeric: how far from the key is still right")
    yield Column("unit", "numeric: unit shown after the field")
    yield Column("rationale", "the rule, its reason, what to do", "Un courriel douteux se signale.")
    yield Column("sources", f"what the key rests on, parted by «{LIST_MARK}»", "ANSSI, guide d’hygiène")
    yield Column("facts", f"source notes, not shown, parted by «{LIST_MARK}»")
    yield Column("professions", f"transversal, or ids parted by «{LIST_MARK}»", "transversal")
    yield Column("stage", "id of the stage", "cycle1")
    yield Column("recheck", "check the facts again by: year-month-day", "2028-12-31")
    yield Column("status", "draft or in_review", "draft")
    yield Column("author", "who wrote it", "rédaction")
    yield Column("language", "fr or en; empty is fr", "fr")
    yield Column("shuffle", "no keeps the order of the options; empty is yes")
    yield Column("enemies", f"items never asked with it, parted by «{LIST_MARK}»")
    yield Column("doubt", "what is not sure yet")


COLUMNS = tuple(_columns())
_NAMES = tuple(column.name for column in COLUMNS)
_LISTS = ("accepted", "sources", "facts", "professions", "enemies")
_INTEGERS = ("level", "edit_distance", "maximum")
_YES_NO = {"yes": True, "oui": True, "true": True, "vrai": True, "1": True} | {
    "no": False, "non": False, "false": False, "faux": False, "0": False
}  # fmt: skip
# what a spreadsheet takes for the beginning of a formula; a quote before it makes it a text again
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠", "'")
_NUMBER = re.compile(r"-?\d{1,15}([.,]\d{1,15})?")


class LeftOut(NamedTuple):
    """An item, or a field of it, that a spreadsheet cannot hold."""

    item_id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.item_id}: {self.reason}"


class Sheet(NamedTuple):
    """A written spreadsheet and what is not in it."""

    data: bytes
    left_out: tuple[LeftOut, ...]


# --- out -----------------------------------------------------------------------------------------------------


def write_csv(items: Iterable[Item]) -> Sheet:
    """Return items as CSV: UTF-8 with its mark, so that a spreadsheet opens it with the right letters."""
    rows, left_out = _rows(items)
    return Sheet(_csv([_NAMES, *rows]), left_out)


def write_xlsx(items: Iterable[Item]) -> Sheet:
    """Return items as a workbook: a sheet of items, and one that explains the columns."""
    rows, left_out = _rows(items)
    return Sheet(_workbook(rows), left_out)


def template(kind: str) -> bytes:
    """Return an empty spreadsheet, ``csv`` or ``xlsx``, with one example row."""
    example = tuple(column.example for column in COLUMNS)
    return _csv([_NAMES, example]) if kind == "csv" else _workbook([example])


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_safe(value) for value in row])
    return ("\ufeff" + text.getvalue()).encode()


def _workbook(rows: Iterable[Sequence[str]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    items = book.create_sheet("items")
    items.freeze_panes = "B2"
    for row in (_NAMES, *rows):
        cells = []
        for value in row:
            cell = WriteOnlyCell(items, value=_safe(value))
            cell.data_type = "s"  # whatever it begins with, it is a text
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=row is _NAMES)
            cells.append(cell)
        items.append(cells)
    columns = book.create_sheet("columns")
    for column in (Column("column", "what to write", "example"), *COLUMNS):
        columns.append([_safe(value) for value in column])
    book.properties.created = book.properties.modified = _CREATED
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _safe(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; a number stays a number."""
    return f"'{value}" if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value) else value


def _unsafe(value: str) -> str:
    """Return what :func:`_safe` was given."""
    return value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA) else value


def _rows(items: Iterable[Item]) -> tuple[list[tuple[str, ...]], tuple[LeftOut, ...]]:
    rows: list[tuple[str, ...]] = []
    left_out: list[LeftOut] = []
    for item in items:
        reason = _why_not(item)
        if reason:
            left_out.append(LeftOut(item.id, reason))
        else:
            rows.append(_row(item))
    return rows, tuple(left_out)


def _why_not(item: Item) -> str:
    if item.testlet:
        return f"belongs to the case {item.testlet}: it stays in its text file."
    if item.interaction is Interaction.ZONE:
        return "has a document with zones: it stays in its text file."
    data = item.to_dict()
    if "parameters" in data:
        return "has stated parameters: it stays in its text file."
    unknown = sorted(set(data) - {*_NAMES, "options", "categories"})
    if unknown:
        return f"has {', '.join(unknown)}: it stays in its text file."
    if any(option.id not in OPTION_IDS for option in item.options):
        return f"has options with other ids than {', '.join(OPTION_IDS)}."
    if [option.id for option in item.options] != sorted(option.id for option in item.options):
        return "has options in another order than a, b, c."
    listed = [value for name in _LISTS for value in data.get(name, ())]
    if any("|" in value for value in (*listed, *(category.text for category in item.categories))):
        return "has a «|» in a text that shares its cell with others."
    return ""


def _row(item: Item) -> tuple[str, ...]:
    data = item.to_dict()
    cells = dict.fromkeys(_NAMES, "")
    for name in _NAMES:
        value = data.get(name)
        if value is None or name == "key":
            continue
        if name in _LISTS:
            cells[name] = LIST_MARK.join(str(part) for part in value)
        elif name == "shuffle":
            cells[name] = "yes" if value else "no"
        else:
            cells[name] = str(value)
    key = data.get("key")
    if isinstance(key, Mapping):
        cells["key"] = LIST_MARK.join(f"{option}={category}" for option, category in key.items())
    elif isinstance(key, list):
        cells["key"] = LIST_MARK.join(key)
    elif key is not None:
        cells["key"] = str(key)
    for option in data.get("options", ()):
        cells[f"option_{option['id']}"] = option["text"]
        cells[f"why_{option['id']}"] = option.get("why", "")
    categories = (f"{category['id']}={category['text']}" for category in data.get("categories", ()))
    cells["categories"] = LIST_MARK.join(categories)
    return tuple(cells[name] for name in _NAMES)


# --- in ------------------------------------------------------------------------------------------------------


def read_sheet(data: bytes, *, place: str = "sheet") -> tuple[Item, ...]:
    """Read items from CSV or XLSX, whichever the bytes are.

    Raises
    ------
    RefusedImport
        With every mistake: its row, its column, what is expected and what to do.
    """
    if len(data) > LARGEST_SHEET:
        raise RefusedImport(
            [ImportProblem(place, f"is larger than {LARGEST_SHEET >> 20} MiB.", "Split it into several.")]
        )
    rows = _read_xlsx(data, place) if data.startswith(b"PK\x03\x04") else _read_csv(data, place)
    return _items(rows, place)


Row = tuple[int, list[str]]


def _read_csv(data: bytes, place: str) -> list[Row]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = ImportProblem(place, "is not in UTF-8.", "Save it as “CSV UTF-8”.")
        raise RefusedImport([problem]) from error
    if "\0" in text:
        raise RefusedImport([ImportProblem(place, "holds a NUL character.", "Save it again as “CSV UTF-8”.")])
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            rows.append((reader.line_num, row))
            if len(rows) > MOST_ROWS + 1:
                break
    except csv.Error as error:
        problem = ImportProblem(
            f"{place}, line {reader.line_num}", f"is not valid CSV: {error}.", "Check the quotes."
        )
        raise RefusedImport([problem]) from error
    # the number a spreadsheet shows is that of the row, not that of the line
    return [(number, row) for number, (_, row) in enumerate(rows, start=1)]


def _read_xlsx(data: bytes, place: str) -> list[Row]:
    archive = open_archive(data, place)
    for name in archive.names:
        if name.endswith((".xml", ".rels", ".vml")):
            checked_xml(archive.read(name), f"{place}: {name}")
        if "vbaproject" in name.lower():
            raise RefusedImport([ImportProblem(place, "holds macros.", "Save it as .xlsx, without macros.")])
    try:
        # openpyxl warns of what a workbook has and it ignores: formats, validation, damaged relations
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = _cells(data)
    except (RefusedImport, MemoryError):
        raise
    except _BROKEN_WORKBOOK as error:
        problem = ImportProblem(
            place, "is a damaged workbook.", "Open it in a spreadsheet and save it again."
        )
        raise RefusedImport([problem]) from error
    return rows


def _cells(data: bytes) -> list[Row]:
    book = openpyxl.load_workbook(
        io.BytesIO(data), read_only=True, data_only=True, keep_links=False, rich_text=False
    )
    try:
        sheet = book["items"] if "items" in book.sheetnames else book.worksheets[0]
        found = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS, values_only=True)
        return [(number, [_cell(value) for value in cells]) for number, cells in enumerate(found, start=1)]
    finally:
        book.close()


# openpyxl has no error of its own for most of what a damaged workbook can hold
_BROKEN_WORKBOOK = (
    *(
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        SyntaxError,
        OSError,
    ),
    *(NotImplementedError, AssertionError, ArithmeticError, RecursionError, EOFError, RuntimeError),
)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _items(rows: list[Row], place: str) -> tuple[Item, ...]:
    filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    if not filled:
        raise RefusedImport([ImportProblem(place, "is empty.", "Start from the template.")])
    if len(filled) > MOST_ROWS + 1:
        raise RefusedImport(
            [ImportProblem(place, f"has more than {MOST_ROWS} rows.", "Split it into several.")]
        )
    (first, heading), *rest = filled
    columns = _heading(heading, f"{place}, row {first}")
    problems: list[ImportProblem] = []
    items: list[Item] = []
    row_of: dict[str, int] = {}
    for number, cells in rest:
        item, wrong = _item(columns, cells, f"{place}, row {number}")
        problems += wrong
        if item is None:
            continue
        if item.id in row_of:
            where = f"{place}, row {number}, column id"
            problems.append(
                ImportProblem(where, f'"{item.id}" is already in row {row_of[item.id]}.', "Use another id.")
            )
        row_of[item.id] = number
        items.append(item)
    if not rest:
        problems.append(ImportProblem(place, "has a heading and no item.", "Write one row an item."))
    if problems:
        raise RefusedImport(problems)
    return tuple(items)


def _heading(cells: list[str], place: str) -> list[str]:
    names = [cell.strip().strip("\ufeff").lower() for cell in cells]
    problems = []
    for index, name in enumerate(names):
        if name and name not in _NAMES:
            problems.append(
                ImportProblem(
                    place, f'"{name[:40]}" is not a column.', "The template has the names of all columns."
                )
            )
        if name and name in names[:index]:
            problems.append(
                ImportProblem(place, f'the column "{name[:40]}" comes twice.', "Keep one of the two.")
            )
    if "id" not in names or "stem" not in names:
        problems.append(
            ImportProblem(place, "is not the heading of an item sheet.", "Its first row names the columns.")
        )
    if problems:
        raise RefusedImport(problems)
    return names


def _item(columns: list[str], cells: list[str], place: str) -> tuple[Item | None, list[ImportProblem]]:
    if any(cell.strip() for cell in cells[len(columns) :]):
        return None, [
            ImportProblem(place, "has more cells than the heading.", "Check quotes and separators.")
        ]
    problems = [
        ImportProblem(f"{place}, column {name}", f"has {len(cell)} characters; {LONGEST_CELL} at most.")
        for name, cell in zip(columns, cells, strict=False)
        if len(cell) > LONGEST_CELL
    ]
    if problems:
        return None, problems
    values = {
        name: _unsafe(cell.replace("\r\n", "\n").replace("\r", "\n")).strip(" \t\n")
        for name, cell in zip(columns, cells, strict=False)
        if name
    }
    data = _record({name: value for name, value in values.items() if value}, place, problems)
    item, faults = read_item(data)
    problems += [_problem(fault, data, place) for fault in faults]
    return (None if problems else item), problems


def _record(values: dict[str, str], place: str, problems: list[ImportProblem]) -> dict[str, Any]:
    """Return the dictionary form of a row; a cell that cannot be read is reported and left as it is."""
    data: dict[str, Any] = {}
    options, categories = [], []
    for letter in OPTION_IDS:
        text, why = values.pop(f"option_{letter}", ""), values.pop(f"why_{letter}", "")
        if text:
            options.append({"id": letter, "text": text} | ({"why": why} if why else {}))
        elif why:
            problems.append(
                ImportProblem(
                    f"{place}, column why_{letter}", "explains an option that is empty.", "Write the option."
                )
            )
    for part in _parts(values.pop("categories", "")):
        name, mark, text = (piece.strip() for piece in part.partition("="))
        if not mark:
            where = f"{place}, column categories"
            problems.append(
                ImportProblem(where, f'"{part[:40]}" is not an id and a name.', "Write x=Autorisé.")
            )
        categories.append({"id": name, "text": text})
    for name, value in values.items():
        if name in _LISTS:
            data[name] = _parts(value)
        elif name in _INTEGERS:
            data[name] = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else value
        elif name == "shuffle":
            if value.casefold() not in _YES_NO:
                where = f"{place}, column shuffle"
                problems.append(
                    ImportProblem(where, f'"{value[:40]}" is neither yes nor no.', "Write yes or no.")
                )
            data[name] = _YES_NO.get(value.casefold(), True)
        else:
            data[name] = value
    if options:
        data["options"] = options
    if categories:
        data["categories"] = categories
    for name in ("tolerance", *(("key",) if data.get("interaction") == Interaction.NUMERIC else ())):
        if name in data:
            data[name] = _number(data[name])
    if "key" in data:
        data["key"] = _key(str(data.get("interaction")), data["key"], place, problems)
    return data


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split("|") if part.strip()]


def _number(value: str) -> int | float | str:
    """Return a number as people write it; what is none stays a text, for the item to refuse."""
    if not _NUMBER.fullmatch(value):
        return value
    number = float(value.replace(",", "."))
    return int(number) if number.is_integer() else number


def _key(interaction: str, value: Any, place: str, problems: list[ImportProblem]) -> Any:
    if not isinstance(value, str) or interaction in (Interaction.SINGLE_CHOICE, Interaction.NUMERIC):
        return value
    parts = [part.strip() for part in re.split(r"[|,;\n]", value) if part.strip()]
    if interaction != Interaction.MATCH:
        return parts
    pairs: dict[str, str] = {}
    for part in parts:
        option, mark, category = (piece.strip() for piece in part.partition("="))
        if not mark or option in pairs:
            where = f"{place}, column key"
            problems.append(
                ImportProblem(where, f'"{part[:40]}" is not one option and its category.', "Write a=x | b=y.")
            )
        pairs[option] = category
    return pairs


def _problem(fault: Fault, data: Mapping[str, Any], place: str) -> ImportProblem:
    """Name the column in which a fault of the item stands."""
    path = fault.path
    name = str(path[0]) if path else ""
    if name in ("options", "categories") and len(path) > 1 and isinstance(path[1], int):
        parts = data.get(name, ())
        if name == "options" and path[1] < len(parts):
            name = f"{'why' if path[-1] == 'why' else 'option'}_{parts[path[1]]['id']}"
    elif name == "options":
        name = "option_a ..."
    advice = "" if fault.advice.startswith("Write `") else fault.advice
    where = f"{place}, column {name}" if name else place
    return ImportProblem(where, fault.message, advice or _MEANINGS.get(name, ""))


_MEANINGS = {column.name: f"Expected: {column.meaning}." for column in COLUMNS}
