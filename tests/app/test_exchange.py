"""`palier bank export`, `import` and `template`, as an author runs them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import settings as settings_module
from app.cli import app
from item_bank.files import read

CONTENT = Path(__file__).parents[2] / "item_bank" / "content"


def palier(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/palier.db")
    settings_module.settings.cache_clear()
    yield
    settings_module.settings.cache_clear()


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    copy = tmp_path / "content"
    shutil.copytree(CONTENT, copy)
    return copy


def test_a_competence_leaves_by_qti_and_comes_back(bank: Path, tmp_path: Path) -> None:
    wanted = {
        item.id: item
        for item in read(CONTENT).content.items
        if item.competence == "D5C3" and not item.testlet
    }
    package = tmp_path / "d5c3.zip"
    exported = palier("bank", "export", package, "--only", "D5C3-", "--json")
    assert exported.exit_code == 0, exported.output
    assert json.loads(exported.stdout)["items"] == len(wanted)
    (bank / "items" / "D5C3.yaml").unlink()
    for path in (bank / "translations").glob("*/D5C3.yaml"):
        path.unlink()
    planned = palier("bank", "import", package, "--into", bank, "--dry-run", "--json")
    if planned.exit_code:
        pytest.fail(planned.output)
    assert set(json.loads(planned.stdout)["added"]) == set(wanted)
    assert not list(bank.glob("items/D5C3*"))
    done = palier("bank", "import", package, "--into", bank)
    assert done.exit_code == 0, done.output
    found, problems = read(bank)
    assert problems == ()
    assert {item.id: item for item in found.items if item.id in wanted} == wanted


def test_the_text_files_of_an_export_are_the_bank(tmp_path: Path) -> None:
    assert palier("bank", "export", tmp_path / "copy").exit_code == 0
    again, problems = read(tmp_path / "copy")
    assert problems == ()
    assert again == read(CONTENT).content
    assert palier("bank", "export", tmp_path / "copy").exit_code == 2


def test_a_template_is_filled_and_imported_once(bank: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "items.xlsx"
    assert palier("bank", "template", sheet).exit_code == 0
    first = palier("bank", "import", sheet, "--into", bank)
    assert "1 item added" in first.output, first.output
    assert "0 items added, 1 there already" in palier("bank", "import", sheet, "--into", bank).output


def test_a_refused_import_says_why_and_changes_nothing(bank: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in bank.rglob("*"))
    bad = tmp_path / "bad.csv"
    bad.write_text("id,stem,level\nD1C1-900,Quoi ?,9\n", encoding="utf-8")
    refused = palier("bank", "import", bad, "--into", bank)
    assert refused.exit_code == 1
    assert "nothing was imported" in refused.output
    assert "row 2, column level" in refused.output
    assert sorted(path.name for path in bank.rglob("*")) == before
    for name, data in (("a.zip", b"PK\x03\x04"), ("b.zip", b"no"), ("c.xml", b"<!DOCTYPE a><a/>")):
        (tmp_path / name).write_bytes(data)
        assert palier("bank", "import", tmp_path / name, "--into", bank).exit_code == 1
    assert palier("bank", "import", tmp_path / "absent.zip", "--into", bank).exit_code == 2


def test_a_foreign_item_arrives_as_a_draft_with_what_the_caller_says(bank: Path) -> None:
    source = Path(__file__).parents[1] / "item_bank" / "qti21_choice.xml"
    asked = palier("bank", "import", source, "--into", bank)
    assert asked.exit_code == 1
    assert "does not say its competence" in asked.output
    settings = ("competence=D3C1", "topic=D3C1.messagerie", "level=3", "stage=cycle1", "sources=CNIL | RGPD")
    topic = next(item.topic for item in read(bank).content.items if item.competence == "D3C1")
    given = [f"--set={setting}" for setting in (*settings[:1], f"topic={topic}", *settings[2:])]
    done = palier("bank", "import", source, "--into", bank, *given)
    assert done.exit_code == 0, done.output
    item = read(bank).content.item("QTI-SANTE-1")
    assert (item.status, item.sources, item.topic) == ("draft", ("CNIL", "RGPD"), topic)
    assert item.doubt
