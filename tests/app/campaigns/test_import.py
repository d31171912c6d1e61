"""Files of learners: what is read, what is refused in words, what is written."""

import io
import zipfile

import httpx2
import openpyxl
import pytest
import xlsxwriter

from app.campaigns import sheets
from app.institutions.facts import LearnerFacts
from tests.app.campaigns.university import University, assert_problem, names
from tests.conftest import Published

PROFESSIONS = frozenset({"ide", "medecin"})
FORMULAS = [
    f"{start}{rest}"
    for start in ("=", "+", "-", "@", "\t=", "\r=")
    for rest in (
        "1+1",
        "cmd|' /C calc'!A0",
        'HYPERLINK("http://x.example","x")',
        "SUM(A1:A9)",
        "IMPORTXML(A1)",
    )
]


@pytest.fixture
def university(client: httpx2.AsyncClient, published: Published) -> University:
    return University(client, published.authorization)


def workbook(*rows: tuple[object, ...]) -> bytes:
    binary = io.BytesIO()
    with xlsxwriter.Workbook(binary, {"in_memory": True, "strings_to_formulas": False}) as made:
        sheet = made.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return binary.getvalue()


def codes(sheet: sheets.Sheet) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.code) for fault in sheet.faults]


@pytest.mark.parametrize(
    "content",
    [
        "identifiant;profession;filière;année\netu-1;ide;IFSI;2027\n".encode(),
        "\ufeffIdentifiant,Profession,Filiere,Annee\r\netu-1,ide,IFSI,2027\r\n".encode(),
        b"external_id\tprofession\tcurriculum\tyear\netu-1\tide\tIFSI\t2027",
        "identifiant;profession;filière;année\n\n;;;\netu-1;ide;IFSI;2027\n".encode("cp1252"),
        "identifiant;profession;filière;année\netu-1;ide;IFSI;2027\n".encode("utf-16"),
        workbook(("identifiant", "profession", "filière", "année"), ("etu-1", "ide", "IFSI", 2027)),
    ],
)
def test_a_file_is_read_as_spreadsheets_write_it(content: bytes) -> None:
    found = sheets.read(content, PROFESSIONS)
    assert found.faults == []
    assert found.learners == [LearnerFacts("etu-1", "ide", "IFSI", "2027")]


def test_a_number_that_a_workbook_holds_is_an_identifier_without_a_point() -> None:
    found = sheets.read(workbook(("identifiant",), (20270042,), (20270043.0,)), PROFESSIONS)
    assert [one.external_id for one in found.learners] == ["20270042", "20270043"]


def test_every_wrong_cell_is_named_by_row_and_column_in_both_languages() -> None:
    content = (
        "identifiant;profession;prénom;nom;courriel\n"
        "etu-1;ide;;;\n"
        "jeanne.roux@example.org;;;;\n"
        "Jeanne Roux;alchimiste;;;\n"
        ";;;;x@example.org\n"
        "etu-1;;Jeanne;;\n"
        f"{'x' * 129};;Jeanne;Roux;pas une adresse\n"
    )
    found = sheets.read(content.encode(), PROFESSIONS)
    assert codes(found) == [
        (3, "external_id", "email_address"),
        (4, "external_id", "name"),
        (4, "profession", "profession"),
        (5, "external_id", "required"),
        (5, "given_name", "half_identity"),
        (6, "family_name", "half_identity"),
        (6, "external_id", "twice"),
        (7, "external_id", "too_long"),
        (7, "email", "no_address"),
    ]
    assert [one.external_id for one in found.learners] == ["etu-1"]
    twice = next(fault for fault in found.faults if fault.code == "twice")
    assert twice.words("fr") == "Cet identifiant est déjà à la ligne 2."
    assert twice.words("en") == "This identifier is already on row 2."
    assert (twice.column_name("fr"), twice.column_name("en")) == ("identifiant", "external_id")
    for fault in found.faults:
        assert fault.words("fr") != fault.words("en")


@pytest.mark.parametrize("code", sheets.WORDS)
def test_every_fault_has_words_without_a_hole(code: str) -> None:
    facts = dict.fromkeys(("limit", "known", "first", "name"), "x")
    for lang in ("fr", "en"):
        words = sheets.Fault(2, "external_id", code, facts).words(lang)
        assert words.endswith(".")
        assert "{" not in words


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (1, "external_id", "no_identifier")),
        (b"identifiant\n", (0, "", "empty")),
        (b"nom;profession\nRoux;ide", (1, "external_id", "no_identifier")),
        (b"identifiant;couleur\netu-1;bleu", (1, "couleur", "unknown_column")),
        (b"identifiant;external_id\netu-1;etu-1", (1, "external_id", "column_twice")),
        (b"identifiant\netu-1\0", (0, "", "unreadable")),
        (b"PK\x03\x04 not a workbook", (0, "", "unreadable")),
    ],
)
def test_a_file_that_is_no_list_of_learners_says_why(content: bytes, expected: tuple[int, str, str]) -> None:
    assert expected in codes(sheets.read(content, PROFESSIONS))
    assert sheets.read(content, PROFESSIONS).learners == ()


def test_a_workbook_that_unpacks_to_very_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    binary = io.BytesIO()
    with zipfile.ZipFile(binary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    monkeypatch.setattr(sheets, "LARGEST_UNPACKED", 1_000_000)
    assert codes(sheets.read(binary.getvalue(), PROFESSIONS)) == [(0, "", "unreadable")]


def test_a_file_with_too_many_rows_is_to_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    content = "identifiant\n" + "\n".join(f"etu-{number}" for number in range(4))
    assert codes(sheets.read(content.encode(), PROFESSIONS)) == [(0, "", "too_many_rows")]


@pytest.mark.parametrize("payload", FORMULAS)
def test_no_formula_comes_in_and_none_goes_out(payload: str) -> None:
    found = sheets.read(workbook(("identifiant", "filière"), ("etu-1", payload)), PROFESSIONS)
    assert [fault.code for fault in found.faults] == ["formula"]
    written = sheets.written([[payload]], "csv").decode("utf-8-sig")
    assert written.lstrip('"').startswith("'")
    cell = openpyxl.load_workbook(io.BytesIO(sheets.written([[payload]], "xlsx"))).worksheets[0]["A1"]
    assert cell.data_type == "s"


def test_the_apostrophe_that_an_export_adds_is_taken_off_and_the_value_still_refused() -> None:
    found = sheets.read(b"identifiant;fili\xc3\xa8re\netu-1;'=1+1", PROFESSIONS)
    assert codes(found) == [(2, "curriculum", "formula")]
    assert (
        sheets.read(b"identifiant;fili\xc3\xa8re\netu-1;'quote", PROFESSIONS).learners[0].curriculum
        == "'quote"
    )


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_template_is_a_file_that_can_be_imported(kind: str, lang: str) -> None:
    found = sheets.read(sheets.template(kind, lang), PROFESSIONS)  # type: ignore[arg-type]
    assert (found.faults, [one.external_id for one in found.learners]) == ([], ["etu-2026-0042"])


async def test_an_import_makes_changes_and_leaves_alone(university: University) -> None:
    cohort = (await university.made("/cohorts", {"name": "IFSI"}))["id"]
    first = "identifiant;profession;année\netu-1;ide;2026\netu-2;ide;2026\n"
    reply = await university.import_file(first, dry_run=True)
    assert (reply.json()["created"], reply.json()["dry_run"]) == (2, True)
    assert names(await university.read("/learners")) == []
    assert (await university.import_file(first)).json()["created"] == 2
    second = (
        "identifiant;profession;année;prénom;nom\netu-1;;2027;;\netu-2;ide;;;\netu-3;ide;2026;Jeanne;Roux\n"
    )
    expected = {"created": 1, "updated": 1, "unchanged": 1}
    for dry_run in (True, False):
        body = (await university.import_file(second, dry_run=dry_run, cohort=cohort)).json()
        assert {name: body[name] for name in expected} == expected
    rows = (await university.read(f"/learners?cohort={cohort}"))["data"]
    assert [(row["external_id"], row["profession"], row["year"]) for row in rows] == [
        ("etu-1", "ide", "2027"),
        ("etu-2", "ide", "2026"),
        ("etu-3", "ide", "2026"),
    ]
    assert (await university.read(f"/learners/{rows[2]['id']}/identity"))["family_name"] == "Roux"
    body = (await university.import_file(second)).json()
    assert (body["created"], body["updated"], body["unchanged"]) == (0, 0, 3)


async def test_one_wrong_cell_and_nothing_is_written(university: University) -> None:
    content = "identifiant;année\netu-1;2027\nJeanne Roux;2027\netu-3;=1+1\n"
    reply = await university.import_file(content, headers={"Accept-Language": "fr-FR, en;q=0.5"})
    problem = assert_problem(reply, 422, "invalid_input")
    assert [error["field"] for error in problem["errors"]] == ["row 3, identifiant", "row 4, année"]
    assert "pseudonyme" in problem["errors"][0]["expected"]
    assert names(await university.read("/learners")) == []
    body = (await university.import_file(content, dry_run=True)).json()
    assert (body["rows"], body["errors"], body["created"]) == (3, 2, 1)
    assert body["faults"][0]["message"].startswith("An identifier has no space")


async def test_a_retried_import_happens_once_whatever_the_boundary_of_the_form(
    university: University,
) -> None:
    key = {"Idempotency-Key": "k"}
    first = await university.import_file("identifiant\netu-1", headers=key)
    again = await university.import_file("identifiant\netu-1", headers=key)
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    assert_problem(
        await university.import_file("identifiant\netu-2", headers=key), 409, "idempotency_mismatch"
    )


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_form_without_a_file_is_refused_by_field(university: University) -> None:
    reply = await university.client.post(
        "/v1/learners/import", headers=university.authorization, data={"dry_run": "perhaps", "cohort": "x"}
    )
    problem = assert_problem(reply, 422, "invalid_input")
    assert [error["field"] for error in problem["errors"]] == ["file", "dry_run", "cohort"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_file_may_be_larger_than_an_answer_and_nothing_else_may(university: University) -> None:
    rows = "\n".join(f"etu-{number:08}" for number in range(8000))
    reply = await university.import_file(f"identifiant\n{rows}", dry_run=True)
    assert reply.json()["created"] == 8000
    reply = await university.client.post(
        "/v1/learners", headers=university.authorization, content=b"x" * 70_000
    )
    assert assert_problem(reply, 413, "payload_too_large")["limit"] == 65_536


async def test_the_template_is_downloaded(university: University) -> None:
    reply = await university.call("GET", "/learners/import/template?format=xlsx", **{"Accept-Language": "fr"})
    assert reply.content.startswith(b"PK")
    assert "learners.xlsx" in reply.headers["content-disposition"]
