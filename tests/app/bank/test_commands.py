"""The commands of a reviewer and of whoever answers for the bank: sheet, readings, status, diff, withdrawal."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import settings as settings_module
from app.cli import app
from item_bank import files, readings
from tests.conftest import ROOT, SqliteTemplates

CONTENT = ROOT / "item_bank" / "content"
RECORDS = ROOT / "item_bank" / "reviews" / "blind_readings.jsonl"

Command = Callable[..., Result]


@pytest.fixture
def palier(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_templates: SqliteTemplates
) -> Iterator[Command]:
    """The `palier bank` command, on a database of its own with the shipped bank in it."""
    template, _ = sqlite_templates.published()
    path = sqlite_templates.copy(template, tmp_path / "palier.db")
    monkeypatch.setenv("DATABASE_URL", sqlite_templates.url(path))
    monkeypatch.chdir(tmp_path)
    settings_module.settings.cache_clear()
    yield lambda *arguments: CliRunner().invoke(app, ["bank", *arguments])
    settings_module.settings.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped bank with its readings, to change."""
    shutil.copytree(CONTENT, tmp_path / "bank" / "content")
    shutil.copytree(RECORDS.parent, tmp_path / "bank" / "reviews")
    return tmp_path / "bank" / "content"


@pytest.fixture(scope="module")
def read_item() -> str:
    """An item whose present version was answered blind."""
    content = files.read(CONTENT).content
    verdicts = readings.verdicts(content, readings.read_records(RECORDS).records)
    return next(item_id for item_id, verdict in verdicts.items() if verdict is readings.Verdict.READ)


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_reader_answers_the_sheet_and_agreement_is_computed_and_recorded(
    palier: Command, folder: Path, tmp_path: Path
) -> None:
    where = ("--content", str(folder))
    sheet, form = tmp_path / "sheet.md", tmp_path / "form.jsonl"
    made = palier("sheet", "D1C1-001", "D1C1-002", "--out", str(sheet), "--form", str(form), *where)
    assert made.exit_code == 0, made.output
    assert "## D1C1-001" in sheet.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in form.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        line |= {"confidence": "guess", "note": "Je ne sais pas."}
    form.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    before = (folder.parent / "reviews" / "blind_readings.jsonl").read_text(encoding="utf-8")
    dry = palier("record-reading", str(form), "--dry-run", *where)
    assert "2 readings would be recorded, 0 agreed" in dry.output
    told = json.loads(palier("record-reading", str(form), "--json", "--reader", "Ana", *where).stdout)
    assert told["key_not_found"] == ["D1C1-001", "D1C1-002"]
    after = (folder.parent / "reviews" / "blind_readings.jsonl").read_text(encoding="utf-8")
    assert after.startswith(before)
    assert len(after.splitlines()) == len(before.splitlines()) + 2
    waiting = json.loads(palier("check", "--json", *where).stdout)["figures"]["blind_readings"]["waiting"]
    assert waiting["key_not_found"] == ["D1C1-001", "D1C1-002"]
    settled = palier("settle-reading", "D1C1-001", "--why", "Le texte le dit.", "--by", "B. Dupont", *where)
    assert settled.exit_code == 0, settled.output
    waiting = json.loads(palier("check", "--json", *where).stdout)["figures"]["blind_readings"]["waiting"]
    assert waiting["key_not_found"] == ["D1C1-002"]


def test_the_sheet_holds_the_unread_items_by_default_and_may_be_cut(palier: Command, folder: Path) -> None:
    where = ("--content", str(folder))
    (folder.parent / "reviews" / "blind_readings.jsonl").unlink()
    part = palier("sheet", "--skip", "3", "--limit", "2", *where).stdout
    assert part.count("\n## ") == 2


@pytest.mark.parametrize("text", ["not json\n", '{"item": "D9C9-999"}\n'])
def test_a_form_that_cannot_be_recorded_changes_nothing(
    palier: Command, folder: Path, tmp_path: Path, text: str
) -> None:
    form = tmp_path / "form.jsonl"
    form.write_text(text, encoding="utf-8")
    before = (folder.parent / "reviews" / "blind_readings.jsonl").read_bytes()
    refused = palier("record-reading", str(form), "--content", str(folder))
    assert (refused.exit_code, "Nothing was recorded." in refused.output) == (2, True)
    assert (folder.parent / "reviews" / "blind_readings.jsonl").read_bytes() == before


def test_an_item_past_review_that_nobody_read_is_refused_by_check_and_by_publish(
    palier: Command, folder: Path
) -> None:
    where = ("--content", str(folder))
    (folder.parent / "reviews" / "blind_readings.jsonl").unlink()
    change(folder, "items/D1C1.yaml", "status: in_review", "status: approved")
    checked = palier("check", *where)
    assert checked.exit_code == 1
    assert "is approved, but its present version was never answered blind." in checked.output
    refused = palier("publish", *where, "--by", "Dr A. Dupont")
    assert refused.exit_code == 1
    assert "never answered blind" in refused.output


def test_a_file_of_readings_that_cannot_be_read_is_an_error_of_the_check(
    palier: Command, folder: Path
) -> None:
    with (folder.parent / "reviews" / "blind_readings.jsonl").open("a", encoding="utf-8") as file:
        file.write("{\n")
    checked = palier("check", "--content", str(folder))
    assert checked.exit_code == 1
    assert "blind_readings.jsonl:" in checked.output


def test_a_status_moves_by_the_table_and_the_life_of_an_item_can_be_read(
    palier: Command, read_item: str
) -> None:
    refused = palier("status", read_item, "operational", "--by", "Dr A. Dupont")
    assert refused.exit_code == 1
    assert "does not go from in_review to operational" in refused.output
    assert palier("status", read_item, "approved", "--by", "Dr A. Dupont").exit_code == 0
    assert palier("status", read_item, "retired", "--by", "Ana").exit_code == 1
    life = json.loads(palier("status", read_item, "--json").stdout)
    assert [(step["after"], step["by"]) for step in life] == [
        ("in_review", "tests"),
        ("approved", "Dr A. Dupont"),
    ]
    assert palier("status", read_item, "gone").exit_code == 2
    assert palier("status", "D9C9-999").exit_code == 1


def test_publishing_keeps_what_the_workshop_decided_and_says_so(palier: Command, read_item: str) -> None:
    palier("status", read_item, "approved", "--by", "Dr A. Dupont")
    told = palier("publish")
    assert told.stdout.strip() == "release 2 published"
    assert f"the workshop's state stands for 1: {read_item}" in told.output


def test_publishing_refuses_a_status_that_nobody_answers_for(palier: Command, folder: Path) -> None:
    change(folder, "items/D1C1.yaml", "status: in_review", "status: draft")
    refused = palier("publish", "--content", str(folder))
    assert refused.exit_code == 1
    assert "needs a reason" in refused.output
    published = palier("publish", "--content", str(folder), "--by", "Ana", "--why", "à revoir")
    assert published.stdout.strip() == "release 2 published"


def test_two_releases_are_compared_by_hash_folder_and_name(palier: Command, folder: Path) -> None:
    shutil.rmtree(folder / "translations", ignore_errors=True)
    change(folder, "items/D1C1.yaml", "rationale: |\n", "rationale: |\n      Revu.\n")
    facts = json.loads(palier("diff", "content", str(folder), "--json").stdout)
    assert [change["id"] for change in facts["items"]["changed"]] == ["D1C1-001"]
    stored = palier("diff", facts["before"][:12], "content")
    assert stored.stdout.strip().endswith("nothing differs")
    said = palier("diff", facts["before"][:12], str(folder)).stdout
    assert "1 item changed" in said
    unknown = palier("diff", "0123456789ab", "content")
    assert (unknown.exit_code, "There is no release" in unknown.output) == (1, True)


def test_an_item_is_withdrawn_listed_and_restored(palier: Command) -> None:
    assert palier("withdrawn").stdout.strip() == "no item is withdrawn"
    assert palier("withdraw", "D1C1-001", "--why", "publiée").stdout.strip() == (
        "D1C1-001 withdrawn, withdrawal list 1"
    )
    assert palier("withdraw", "D1C1-001", "--why", "publiée").exit_code == 1
    assert palier("withdraw", "D9C9-999", "--why", "publiée").exit_code == 1
    assert palier("withdraw", "D1C1-002").exit_code == 2
    (entry,) = json.loads(palier("withdrawn", "--json").stdout)
    assert (entry["item"], entry["why"]) == ("D1C1-001", "publiée")
    assert palier("restore", "D1C1-001", "--why", "réécrite").exit_code == 0
    assert json.loads(palier("withdrawn", "--json").stdout) == []


def test_a_database_that_is_not_there_is_named_and_no_traceback(
    palier: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/other.db")
    settings_module.settings.cache_clear()
    told = palier("withdrawn")
    assert (told.exit_code, "palier migrate" in told.output) == (1, True)
