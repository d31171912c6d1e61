"""The command line, as an operator, an author and a psychometrician use it."""

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, func, select
from typer.testing import CliRunner, Result

from app import settings as settings_module
from app.auth.tables import AccessCode, ApiKey
from app.bank.tables import BankRelease, ItemVersion
from app.cli import app
from app.institutions.tables import Institution
from app.settings import Settings
from tests.app.delivery.learner import Learner
from tests.conftest import ROOT, Published

CONTENT = ROOT / "item_bank" / "content"


@pytest.fixture
def palier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator["Palier"]:
    """The command, on a database and a content folder of its own."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/palier.db")
    monkeypatch.chdir(tmp_path)
    settings_module.settings.cache_clear()
    yield Palier(tmp_path)
    settings_module.settings.cache_clear()


class Palier:
    """Runs commands in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    def content(self) -> Path:
        """A copy of the shipped bank, to break."""
        copy = self.folder / "content"
        shutil.copytree(CONTENT, copy)
        return copy

    def count(self, table: type) -> int:
        engine = create_engine(f"sqlite:///{self.folder}/palier.db")
        with engine.connect() as connection:
            found = connection.execute(select(func.count()).select_from(table)).scalar_one()
        engine.dispose()
        return found


def test_the_shipped_bank_has_no_mistake(palier: Palier) -> None:
    result = palier("bank", "check", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["errors"] == []
    assert facts["items"] >= 80
    assert facts["figures"]["key_longest_share"] <= 0.30


def test_the_shipped_bank_covers_the_framework(palier: Palier) -> None:
    counts = json.loads(palier("bank", "stats", "--json").stdout)
    assert counts["items"] >= 80
    assert len(counts["domains"]) == 5
    assert len(counts["competences"]) == 18
    assert len(counts["levels"]) == 6
    assert min(counts["competences"].values()) > 0
    assert min(counts["levels"].values()) > 0
    interactions = {"single_choice", "multiple_choice", "order", "match", "short_text", "numeric"}
    assert interactions <= set(counts["interactions"])
    assert set(counts) == {
        "items",
        "domains",
        "competences",
        "levels",
        "interactions",
        "professions",
        "stages",
        "languages",
        "statuses",
    }


def test_a_mistake_is_told_with_file_line_and_field(palier: Palier) -> None:
    folder = palier.content()
    file = folder / "items" / "D1C1.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("level: 2", "level: 9", 1), encoding="utf-8")
    result = palier("bank", "check", "--content", str(folder))
    assert result.exit_code == 1
    assert "items/D1C1.yaml:" in result.output
    assert "level" in result.output
    refused = palier("bank", "publish", "--content", str(folder))
    assert refused.exit_code == 1
    assert not (palier.folder / "palier.db").exists()


def test_a_blueprint_that_cannot_be_met_names_its_row(palier: Palier) -> None:
    folder = palier.content()
    file = folder / "designs" / "certification.yaml"
    text = file.read_text(encoding="utf-8")
    changed = text.replace("id: D1, minimum: 6, maximum: 8", "id: D1, minimum: 20, maximum: 25")
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    result = palier("bank", "check", "--content", str(folder))
    assert result.exit_code == 1
    assert "designs/certification.yaml" in result.output
    assert "D1" in result.output


def test_setting_up_twice_duplicates_nothing(palier: Palier) -> None:
    assert palier("migrate").exit_code == 0
    first = json.loads(palier("demo").stdout)
    again = json.loads(palier("demo").stdout)
    assert first == again
    assert set(first) == {"institution", "code", "api_key", "test_api_key", "owner", "password"}
    # the institution and its test mode, a key for each
    assert [palier.count(table) for table in (Institution, ApiKey, AccessCode, BankRelease)] == [2, 2, 1, 1]
    assert palier("bank", "publish").stdout.strip() == "release 1 is up to date"


def test_a_changed_item_makes_a_new_version_in_a_new_release(palier: Palier) -> None:
    palier("migrate")
    palier("bank", "publish")
    versions = palier.count(ItemVersion)
    folder = palier.content()
    file = folder / "items" / "D1C1.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("rationale: |\n", "rationale: |\n      Revu.\n", 1)
    )
    assert palier("bank", "publish", "--content", str(folder)).stdout.strip() == "release 2 published"
    assert palier.count(ItemVersion) == versions + 1


def test_simulate_prints_what_a_design_does(palier: Palier) -> None:
    result = palier("simulate", "practice", "--learners", "60", "--seed", "1", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["blueprint_violations"] == 0
    assert {
        "bias",
        "rmse",
        "mean_length",
        "classification_accuracy",
        "max_exposure",
        "blueprint_violations",
        "learners_per_second",
        "conditional",
    } <= set(facts)
    assert sum(row["n"] for row in facts["conditional"]) == 60
    timed = ("learners_per_second",)
    again = json.loads(palier("simulate", "practice", "--learners", "60", "--seed", "1", "--json").stdout)
    assert {k: v for k, v in again.items() if k not in timed} == {
        k: v for k, v in facts.items() if k not in timed
    }
    assert "bias" in palier("simulate", "practice", "--learners", "20").stdout


def test_simulate_refuses_an_unknown_design_or_profession(palier: Palier) -> None:
    assert palier("simulate", "nothing").exit_code == 2
    assert palier("simulate", "practice", "--profession", "pilote").exit_code == 2


def test_simulate_compares_with_the_incumbent_on_the_same_learners(palier: Palier) -> None:
    result = palier("simulate", "practice", "--learners", "40", "--against", "pix", "--json")
    facts = json.loads(result.stdout)
    assert len(facts["against"]) == 3
    assert all(rival["learners"] == 40 and rival["mean_length"] == 32 for rival in facts["against"].values())
    assert palier("simulate", "practice", "--against", "nobody").exit_code == 2


def test_fitting_exposure_control_stores_it_in_the_design(palier: Palier) -> None:
    folder = palier.content()
    arguments = (
        "practice",
        "--learners",
        "100",
        "--rounds",
        "2",
        "--target",
        "0.3",
        "--content",
        str(folder),
    )
    assert palier("design", "fit", *arguments).exit_code == 0
    text = (folder / "designs" / "practice.yaml").read_text(encoding="utf-8")
    assert text.count("\nexposure:\n  target: 0.3\n") == 1
    assert "stopping:" in text
    assert palier("design", "fit", *arguments).exit_code == 0
    again = (folder / "designs" / "practice.yaml").read_text(encoding="utf-8")
    assert again.count("\nexposure:\n") == 1
    assert palier("bank", "check", "--content", str(folder)).exit_code == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_replay_says_identical(
    client: httpx2.AsyncClient,
    published: Published,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner = Learner(client, published.authorization)
    await learner.walk("practice")
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings_module.settings.cache_clear()
    import anyio

    result = await anyio.to_thread.run_sync(lambda: CliRunner().invoke(app, ["replay", str(learner.id)]))
    assert result.exit_code == 0, result.output
    assert result.stdout.strip().endswith("identical")
    unknown = await anyio.to_thread.run_sync(lambda: CliRunner().invoke(app, ["replay", str(uuid.uuid4())]))
    assert unknown.exit_code == 2
    settings_module.settings.cache_clear()


def test_a_database_no_store_knows_is_refused(palier: Palier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    result = palier("demo")
    assert result.exit_code == 2
    assert "DATABASE_URL" in result.output


def test_sqlite_is_served_by_one_process(palier: Palier) -> None:
    assert palier("serve", "--workers", "2").exit_code == 2


def test_every_setting_says_what_it_is() -> None:
    silent = {"host", "port", "log_level", "max_body_bytes"}
    assert {name for name, field in Settings.model_fields.items() if not field.description} == silent
