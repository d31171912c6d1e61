"""The process that reads files of learners: what it refuses, how it ends, what it leaves behind."""

import asyncio
import contextlib
import io
import json
import os
import resource
import signal
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from app.campaigns import apart, reading
from app.campaigns.reading import Report
from app.errors import Unavailable
from app.institutions.facts import LearnerFacts, packed, renewed
from tests.app.campaigns.university import University, assert_problem, names
from tests.conftest import Published
from tests.faults.server import ServedDatabase

PROFESSIONS = frozenset({"ide"})
SHEET = "xl/worksheets/sheet1.xml"
NAME = "promotion d'automne.xlsx"
TOO_HEAVY = (
    "Le fichier «\N{NO-BREAK SPACE}promotion d’automne.xlsx\N{NO-BREAK SPACE}» demande trop de temps ou de mémoire. "
    "Enregistrez-le en CSV, ou coupez-le en plusieurs."
)
INTERRUPTED = (
    "La lecture du fichier «\N{NO-BREAK SPACE}promotion d’automne.xlsx\N{NO-BREAK SPACE}» a été interrompue. "
    "Enregistrez-le en CSV, ou essayez encore."
)
ONE_ROW = '<row><c t="inlineStr"><is><t>etu</t></is></c></row>'
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY l0 "ha">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
)


def workbook(*identifiers: str) -> bytes:
    binary = io.BytesIO()
    with xlsxwriter.Workbook(binary, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        for number, identifier in enumerate(("identifiant", *identifiers)):
            sheet.write_string(number, 0, identifier)
    return binary.getvalue()


SOUND = workbook("etu-1", "etu-2")


def with_part(part: str, change: tuple[str, str]) -> bytes:
    """A workbook with something else in one of its parts."""
    binary = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook("etu-1"))) as sound,
        zipfile.ZipFile(binary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
    ):
        for entry in sound.namelist():
            text = sound.read(entry).decode()
            made.writestr(entry, text.replace(*change, 1) if entry == part else text)
    return binary.getvalue()


def slow() -> bytes:
    """A workbook of empty rows that takes many seconds to read."""
    return with_part(SHEET, ("</sheetData>", "<row/>" * 5_000_000 + "</sheetData>"))


def readers(server: int) -> list[int]:
    """The processes below this one that read a file."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                above = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if above == server and reading.__name__.encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
    return found


async def reader_of(server: int) -> int:
    """The one process that reads, once it does more than start."""
    for _ in range(600):
        for pid in readers(server):
            with contextlib.suppress(OSError):
                if len(list(Path(f"/proc/{pid}/task").iterdir())) > 1:
                    return pid
        await asyncio.sleep(0.05)
    raise AssertionError("no process reads a file")


async def gone(pid: int) -> bool:
    """Whether a process ends within some seconds."""
    for _ in range(200):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                await asyncio.sleep(0.05)
                continue
        return True
    return False


@pytest.fixture
async def reads() -> AsyncIterator[asyncio.Task[Report]]:
    """A file is being read, for many seconds to come."""
    task = asyncio.create_task(apart.read(slow(), PROFESSIONS, NAME))
    yield task
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert readers(os.getpid()) == []


def words(found: Report) -> list[str]:
    return [fault.words("fr") for fault in found.faults]


async def test_a_workbook_read_apart_says_what_it_says_here() -> None:
    content = workbook("etu-1", "Jeanne Roux", "etu-é", "=1+1")
    here, there = reading.report(content, PROFESSIONS), await apart.read(content, PROFESSIONS, NAME)
    assert [row[36:] for row in there.packed.split(",\n")] == [row[36:] for row in here.packed.split(",\n")]
    assert (there.rows, there.learners, there.n_faults) == (4, 2, 2)
    assert list(there.faults) == list(here.faults)


async def test_a_long_csv_is_read_apart_and_a_thousand_faults_are_counted() -> None:
    rows = "\n".join(f"etu {number:08}" for number in range(6000))
    found = await apart.read(f"identifiant\n{rows}".encode(), PROFESSIONS, "a.csv")
    assert (found.rows, found.learners, found.n_faults) == (6000, 0, 6000)
    assert len(found.faults) == reading.FAULTS_KEPT


def laughing() -> bytes:
    """A workbook whose one text is a thousand million others."""
    binary = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook("etu-1"))) as sound,
        zipfile.ZipFile(binary, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for entry in sound.namelist():
            text = sound.read(entry).decode()
            if entry == "xl/sharedStrings.xml":
                text = text.replace("<sst", f"{LAUGHS}<sst").replace("etu-1", "&l11;")
            made.writestr(entry, text)
    return binary.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (laughing, "Ce fichier n’est ni un CSV ni un classeur XLSX lisible."),
        (
            lambda: with_part(SHEET, ("</sheetData>", ONE_ROW * 1_000_000 + "</sheetData>")),
            "Le fichier a plus de 50000 lignes. Coupez-le en plusieurs.",
        ),
        (
            lambda: with_part("[Content_Types].xml", ("</Types>", "<a/>" * 16_000_000 + "</Types>")),
            TOO_HEAVY,
        ),
    ],
    ids=["a thousand million laughs", "a million rows", "gigabytes once unpacked"],
)
async def test_a_file_that_would_fill_the_server_is_refused_in_words(
    content: Callable[[], bytes], said: str
) -> None:
    assert words(await apart.read(content(), PROFESSIONS, NAME)) == [said]


async def test_a_file_that_takes_too_long_is_a_fault_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "SECONDS", 0.5)
    assert words(await apart.read(slow(), PROFESSIONS, NAME)) == [TOO_HEAVY]
    assert readers(os.getpid()) == []


@pytest.mark.parametrize(("blow", "said"), [(signal.SIGKILL, TOO_HEAVY), (signal.SIGSEGV, INTERRUPTED)])
async def test_a_reader_that_dies_is_a_fault_that_names_the_file(
    reads: asyncio.Task[Report], blow: signal.Signals, said: str
) -> None:
    os.kill(await reader_of(os.getpid()), blow)
    assert words(await reads) == [said]


async def test_a_reader_is_nicer_than_the_server_and_may_take_little(reads: asyncio.Task[Report]) -> None:
    pid = await reader_of(os.getpid())
    assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, os.getpid())
    assert resource.prlimit(pid, resource.RLIMIT_AS)[0] <= reading.MEMORY_BYTES
    assert resource.prlimit(pid, resource.RLIMIT_CPU)[0] <= reading.CPU_SECONDS
    assert b"DATABASE_URL" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert not reads.done()


async def test_whoever_comes_while_others_read_for_long_is_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "AT_ONCE", 1)
    monkeypatch.setattr(apart, "PATIENCE", 0.05)
    first = asyncio.create_task(apart.read(slow(), PROFESSIONS, NAME))
    await reader_of(os.getpid())
    with pytest.raises(Unavailable) as refusal:
        await apart.read(workbook("etu-1"), PROFESSIONS, NAME)
    assert refusal.value.extra["retry_after"] == 60
    short = await apart.read(b"identifiant\netu-1", PROFESSIONS, "short.csv")
    assert short.learners == 1
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert readers(os.getpid()) == []
    assert (await apart.read(workbook("etu-1"), PROFESSIONS, NAME)).learners == 1


@settings(max_examples=150)
@given(st.data())
def test_a_spoilt_workbook_is_unreadable_or_read_and_never_a_failure(data: st.DataObject) -> None:
    content = bytearray(SOUND)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    found = reading.report(bytes(content), PROFESSIONS)
    assert found.learners + found.n_faults > 0


def test_learners_who_waited_get_identifiers_of_the_moment_and_keep_the_rest() -> None:
    rows = packed([LearnerFacts("etu-1", given_name="a,\n[", family_name="é"), LearnerFacts("etu-2")])
    again = renewed(rows)
    old, new = json.loads(rows), json.loads(again)
    assert [row[1:] for row in new] == [row[1:] for row in old]
    assert len({row[0] for row in (*old, *new)}) == 4
    assert renewed(packed([])) == packed([])


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_heavy_file_is_refused_by_name_and_the_next_one_is_taken(
    client: httpx2.AsyncClient, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    university = University(client, published.authorization)
    monkeypatch.setattr(apart, "SECONDS", 0.5)
    problem = assert_problem(await university.import_file(slow()), 422, "invalid_input")
    assert problem["detail"] == "The file cannot be used: nothing was written."
    assert problem["errors"][0]["field"] == "file"
    assert problem["errors"][0]["expected"].startswith(
        "The file “learners.csv” takes too much time or memory."
    )
    monkeypatch.setattr(apart, "SECONDS", 60.0)
    assert (await university.import_file(workbook("etu-1"))).json()["created"] == 1
    assert names(await university.read("/learners")) == ["etu-1"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_no_reader_outlives_a_server_that_is_killed(
    database_url: str, published: Published, tmp_path: Path
) -> None:
    with ServedDatabase(database_url, tmp_path) as server:
        async with httpx2.AsyncClient(base_url=server.address, timeout=60) as client:
            posting = asyncio.create_task(University(client, published.authorization).import_file(slow()))
            pid = await reader_of(server.pid)
            server.kill()
            with pytest.raises(httpx2.TransportError):
                await posting
        assert await gone(pid)
