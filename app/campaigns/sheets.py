"""Files of learners: CSV and XLSX read into rows, what is wrong said by row and column, and a template to fill in.

Everything here is pure and may take seconds: files are read in a process apart (`apart`), what is written by a thread.
What workbooks need is imported where it is needed, so that this process is ready early.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from app.institutions.facts import FORMULA, LONGEST, LearnerFacts, faults
from app.web.text import english, french

Lang = Literal["fr", "en"]

MOST_ROWS: Final = 50_000
MOST_COLUMNS: Final = 50
LARGEST_UNPACKED: Final = 512 * 1024 * 1024
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "external_id": ("identifiant", "external_id", "id externe", "numero etudiant", "matricule"),
    "profession": ("profession",),
    "curriculum": ("filiere", "curriculum", "cursus", "formation"),
    "year": ("annee", "year", "promotion"),
    "given_name": ("prenom", "given_name", "first name"),
    "family_name": ("nom", "family_name", "last name", "nom de famille"),
    "email": ("courriel", "email", "e-mail", "adresse electronique"),
}
PLAIN: Final = str.maketrans("éèêëàâîïôûùç", "eeeeaaiiouuc")

# What is wrong with a cell, or with the file, in words for those who filled it in.
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "required": ("L'identifiant manque.", "The identifier is missing."),
    "too_long": (
        "Le texte est trop long ({limit} caractères au plus).",
        "The text is too long ({limit} characters at most).",
    ),
    "email_address": (
        "C'est une adresse électronique. Donnez un pseudonyme, comme un numéro d'étudiant.",
        "This is an e-mail address. Give a pseudonym, such as a student number.",
    ),
    "name": (
        "Un identifiant n'a pas d'espace : cela ressemble à un nom. Donnez un pseudonyme.",
        "An identifier has no space: this looks like a name. Give a pseudonym.",
    ),
    "formula": (
        "Le texte commence par =, +, - ou @ : un tableur l'exécuterait.",
        "The text begins with =, +, - or @: a spreadsheet would run it.",
    ),
    "unprintable": ("Le texte contient un caractère invisible.", "The text holds an invisible character."),
    "no_address": ("Ce n'est pas une adresse électronique.", "This is not an e-mail address."),
    "half_identity": (
        "Le prénom et le nom vont ensemble.",
        "Given name and family name go together.",
    ),
    "profession": (
        "Cette profession est inconnue. Connues : {known}.",
        "This profession is unknown. Known: {known}.",
    ),
    "twice": ("Cet identifiant est déjà à la ligne {first}.", "This identifier is already on row {first}."),
    "unreadable": (
        "Ce fichier n'est ni un CSV ni un classeur XLSX lisible.",
        "This file is neither a readable CSV nor an XLSX workbook.",
    ),
    "no_identifier": (
        "La première ligne doit nommer les colonnes, dont « identifiant ».",
        "The first row must name the columns, among them “identifiant” or “external_id”.",
    ),
    "unknown_column": ("Cette colonne est inconnue : {name}.", "This column is unknown: {name}."),
    "column_twice": ("Cette colonne est là deux fois : {name}.", "This column is there twice: {name}."),
    "too_many_rows": (
        "Le fichier a plus de {limit} lignes. Coupez-le en plusieurs.",
        "The file has more than {limit} rows. Cut it into several.",
    ),
    "too_heavy": (
        "Le fichier « {name} » demande trop de temps ou de mémoire. Enregistrez-le en CSV, ou coupez-le en plusieurs.",
        "The file “{name}” takes too much time or memory. Save it as CSV, or cut it into several.",
    ),
    "not_read": (
        "La lecture du fichier « {name} » a été interrompue. Enregistrez-le en CSV, ou essayez encore.",
        "Reading the file “{name}” was interrupted. Save it as CSV, or try again.",
    ),
    "taken": ("Un apprenant a déjà cet identifiant.", "A learner has this identifier already."),
    "quota": (
        "L'établissement a atteint son nombre d'apprenants.",
        "The institution has reached its number of learners.",
    ),
    "empty": ("Le fichier ne contient aucun apprenant.", "The file holds no learner."),
}
COLUMN_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "external_id": ("identifiant", "external_id"),
    "profession": ("profession", "profession"),
    "curriculum": ("filière", "curriculum"),
    "year": ("année", "year"),
    "given_name": ("prénom", "given_name"),
    "family_name": ("nom", "family_name"),
    "email": ("courriel", "email"),
    "": ("", ""),
}


@dataclass(frozen=True)
class Fault:
    """What is wrong in a cell; row 1 is that of the headings, row 0 is the file."""

    row: int
    column: str
    code: str
    facts: Mapping[str, str] = field(default_factory=dict)

    def words(self, lang: Lang) -> str:
        """The same as a sentence."""
        typeset = english if lang == "en" else french
        return typeset(WORDS[self.code][_place(lang)].format(**self.facts))

    def column_name(self, lang: Lang) -> str:
        """The heading of the column."""
        return COLUMN_NAMES.get(self.column, (self.column,) * 2)[_place(lang)]


@dataclass(frozen=True)
class Sheet:
    """What a file says: sound learners, in order, and everything that is wrong."""

    learners: Sequence[LearnerFacts]
    faults: Sequence[Fault]
    rows: int


class _Unreadable(Exception):
    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(code)
        self.fault = Fault(0, "", code, facts)


def _place(lang: Lang) -> int:
    return 1 if lang == "en" else 0


def read(content: bytes, professions: frozenset[str]) -> Sheet:
    """Read a file of learners; whatever the file is, what is wrong with it is among the faults."""
    try:
        rows = _xlsx_rows(content) if content.startswith(b"PK") else _csv_rows(content)
        return _read(rows, professions)
    except _Unreadable as error:
        return Sheet((), (error.fault,), 0)


def _read(rows: Iterator[list[str]], professions: frozenset[str]) -> Sheet:
    headings = next(rows, [])
    columns, wrong = _columns(headings)
    if "external_id" not in columns:
        wrong.append(Fault(1, "external_id", "no_identifier"))
    if wrong:
        return Sheet((), wrong, 0)
    learners: list[LearnerFacts] = []
    found: list[Fault] = []
    first_rows: dict[str, int] = {}
    count = 0
    for number, cells in enumerate(rows, start=2):
        if not any(cells):
            continue
        count += 1
        if count > MOST_ROWS:
            raise _Unreadable("too_many_rows", limit=str(MOST_ROWS))
        values = {name: cells[place] if place < len(cells) else "" for name, place in columns.items()}
        facts = LearnerFacts(
            values.pop("external_id"), **{name: value or None for name, value in values.items()}
        )
        of_row = [
            Fault(number, name, code, facts_of(name, code, professions))
            for name, code in faults(facts, professions)
        ]
        first = first_rows.setdefault(facts.external_id, number)
        if facts.external_id and first != number:
            of_row.append(Fault(number, "external_id", "twice", {"first": str(first)}))
        found.extend(of_row)
        if not of_row:
            learners.append(facts)
    if not count:
        raise _Unreadable("empty")
    return Sheet(learners, found, count)


def facts_of(name: str, code: str, professions: frozenset[str]) -> Mapping[str, str]:
    """What the words of a fault name."""
    match code:
        case "too_long":
            return {"limit": str(LONGEST[name])}
        case "profession":
            return {"known": ", ".join(sorted(professions))}
        case _:
            return {}


def _columns(headings: Sequence[str]) -> tuple[dict[str, int], list[Fault]]:
    known = {heading: name for name, ways in HEADINGS.items() for heading in ways}
    columns: dict[str, int] = {}
    wrong = []
    for place, heading in enumerate(headings):
        if not heading:
            continue
        name = known.get(heading.casefold().translate(PLAIN).replace("_", " ")) or known.get(
            heading.casefold().translate(PLAIN)
        )
        if name is None:
            wrong.append(Fault(1, heading[:60], "unknown_column", {"name": heading[:60]}))
        elif name in columns:
            wrong.append(Fault(1, name, "column_twice", {"name": heading[:60]}))
        else:
            columns[name] = place
    return columns, wrong


def _cell(value: object) -> str:
    """A cell as text. The apostrophe that an export puts before what a spreadsheet would run is taken off again."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA) else text


def _csv_rows(content: bytes) -> Iterator[list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise _Unreadable("unreadable")
    first, _, _ = text.partition("\n")
    delimiter = max(";,\t", key=first.count)
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [_cell(cell) for cell in cells[:MOST_COLUMNS]]
    except csv.Error:
        raise _Unreadable("unreadable") from None


def _xlsx_rows(content: bytes) -> Iterator[list[str]]:
    from openpyxl import load_workbook
    from openpyxl.utils.escape import unescape
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
                raise _Unreadable("unreadable")
        # formulas are read as they are written, so that none passes for a value
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = workbook.worksheets[0]
        sheet.reset_dimensions()
        for cells in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
            yield [_cell(unescape(value) if isinstance(value, str) else value) for value in cells]
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        SyntaxError,  # what both readers of XML raise
        zlib.error,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
    ):
        raise _Unreadable("unreadable") from None


EXAMPLE: Final = ("etu-2026-0042", "ide", "IFSI", "2026", "", "", "")


def template(format_: Literal["csv", "xlsx"], lang: Lang) -> bytes:
    """A file to fill in: headings and one example."""
    headings = [COLUMN_NAMES[name][_place(lang)] for name in HEADINGS]
    return written([headings, list(EXAMPLE)], format_)


def written(rows: Iterable[Sequence[str]], format_: Literal["csv", "xlsx"]) -> bytes:
    """Rows as a file whose cells no spreadsheet runs."""
    if format_ == "csv":
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";").writerows([_harmless(cell) for cell in row] for row in rows)
        return text.getvalue().encode("utf-8-sig")
    import xlsxwriter

    binary = io.BytesIO()
    with xlsxwriter.Workbook(binary, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        text_format = workbook.add_format({"num_format": "@"})
        # a column of identifiers as text keeps its leading zeros
        sheet.set_column(0, MOST_COLUMNS, 18, text_format)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell, text_format)
    return binary.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
