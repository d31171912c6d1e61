"""The commands: what they print, where they write, and how they end."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from app import settings as settings_module
from app.cli import app
from tests.app.calibration.world import right_or_wrong, wide
from tests.conftest import SqliteTemplates

Command = Callable[..., Result]


@pytest.fixture
def palier(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_templates: SqliteTemplates
) -> Iterator[Command]:
    template, _ = sqlite_templates.published()
    path = sqlite_templates.copy(template, tmp_path / "palier.db")
    monkeypatch.setenv("DATABASE_URL", sqlite_templates.url(path))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    settings_module.settings.cache_clear()
    yield lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])
    settings_module.settings.cache_clear()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    table = wide(right_or_wrong(900, 8)).with_columns(pl.Series("sex", ["F", "M"] * 450))
    table.write_csv(tmp_path / "data.csv")
    return tmp_path / "data.csv"


def test_the_workshop_from_a_file_to_a_linked_run(palier: Command, data: Path, tmp_path: Path) -> None:
    made = palier("calibrate", data, "--keep", "sex", "--out", "first")
    assert made.exit_code == 0, made.output
    assert "converged after" in made.output
    facts = json.loads(
        palier("calibrate", data, "--keep", "sex", "--out", "second", "--model", "rasch", "--json").stdout
    )
    assert facts["outcome"]["converged"]
    assert facts["settings"]["model"] == "rasch"
    fitted = palier("fit", "first")
    assert fitted.exit_code == 0
    assert "M2 =" in fitted.output
    assert pl.read_parquet(tmp_path / "first.fit.parquet").height == 8
    assert pl.read_parquet(tmp_path / "first.pairs.parquet").height == 28
    fair = palier("dif", "first", "--group", "sex")
    assert fair.exit_code == 0
    assert "reference F, focal M" in fair.output
    assert pl.read_parquet(tmp_path / "first.dif.parquet").height == 8
    drifted = palier("drift", "first", "--against", "second")
    assert drifted.exit_code == 0
    assert pl.read_parquet(tmp_path / "first.drift.parquet").height == 8
    linked = palier("link", "first", "--to", "second", "--out", "linked", "--json")
    assert json.loads(linked.stdout)["kind"] == "linking"
    changed = palier("diff", "linked", "first", "--json")
    assert json.loads(changed.stdout)["same_data"]


def test_a_table_for_mirt_comes_back_as_the_same_anchors(palier: Command, data: Path) -> None:
    assert palier("calibrate", data, "--keep", "sex", "--out", "first").exit_code == 0
    written = palier("parameters", "first", "--format", "mirt", "--scaling", "1.702", "--out", "coef.csv")
    assert written.exit_code == 0
    anchored = palier(
        "calibrate", data, "--keep", "sex", "--out", "second", "--anchors", "coef.csv", "--format", "mirt",
        "--scaling", "1.702",
    )  # fmt: skip
    assert anchored.exit_code == 0
    before, after = (pl.read_parquet(f"{name}/items.parquet") for name in ("first", "second"))
    assert after["status"].to_list() == ["fixed"] * 8
    assert np.abs(before["b"].to_numpy() - after["b"].to_numpy()).max() < 1e-9


def test_exit_codes_tell_bad_input_from_no_convergence(palier: Command, data: Path) -> None:
    bad = palier("calibrate", data, "--out", "bad")
    assert bad.exit_code == 1
    assert "row 2, column sex" in bad.output
    assert not Path("bad").exists()
    short = palier("calibrate", data, "--keep", "sex", "--out", "short", "--max-cycles", "3")
    assert short.exit_code == 2
    assert "NOT CONVERGED" in short.output
    assert Path("short/run.json").exists()
    again = palier("calibrate", data, "--keep", "sex", "--out", "short")
    assert again.exit_code == 1
    assert "never changed" in again.output
    assert palier("fit", "nowhere").exit_code == 1
    assert palier("drift", "short", "--against", "no-such-release").exit_code == 1


def test_long_names_codes_and_items_of_a_foreign_file_are_mapped(palier: Command, tmp_path: Path) -> None:
    rows = ["id;question;points"] + [
        f"p{person};q{place};{'99' if (person + place) % 7 == 0 else (person * (place + 3)) % 2}"
        for person in range(200)
        for place in range(4)
    ]
    (tmp_path / "foreign.csv").write_text("\n".join(rows))
    (tmp_path / "items.txt").write_text("q0\nq1\nq2\nq3\n")
    mapped = ("--column", "person=id", "--column", "item=question", "--column", "score=points")
    made = palier(
        "calibrate",
        "foreign.csv",
        "--out",
        "run",
        "--model",
        "rasch",
        *mapped,
        "--na",
        "99",
        "--items",
        "items.txt",
    )
    assert made.exit_code == 0, made.output
    (tmp_path / "items.txt").write_text("q0\nq1\nq2\n")
    strange = palier(
        "calibrate", "foreign.csv", "--out", "other", *mapped, "--na", "99", "--items", "items.txt"
    )
    assert strange.exit_code == 1
    assert "row 5, column question: unknown item q3" in strange.output


def test_an_empty_database_exports_an_empty_file_that_calibration_refuses(palier: Command) -> None:
    told = palier("responses", "export", "--out", "all.parquet", "--json")
    assert json.loads(told.stdout)["responses"] == 0
    refused = palier("calibrate", "all.parquet", "--out", "run")
    assert refused.exit_code == 1
    assert "there is no answer in it" in refused.output


def test_a_release_is_what_a_run_drifts_from(palier: Command, tmp_path: Path) -> None:
    from item_bank import files, release
    from tests.conftest import ROOT

    snapshot = release.compile(files.read(ROOT / "item_bank" / "content")[0])
    whole = [
        item for place, item in enumerate(snapshot.item_ids) if place not in snapshot.parameter_set.steps
    ][:12]
    table = wide(right_or_wrong(900, 12))
    table.rename(dict(zip(table.columns, whole, strict=True))).write_csv(tmp_path / "real.csv")
    assert palier("calibrate", "real.csv", "--out", "run").exit_code == 0
    with sqlite3.connect(tmp_path / "palier.db") as db:
        (published,) = db.execute("SELECT content_hash FROM bank_release").fetchone()
    told = palier("drift", "run", "--against", published[:12], "--json")
    assert told.exit_code == 0, told.output
    assert len(json.loads(told.stdout)["items"]) == 12


def test_launch_priors_come_from_the_bank(palier: Command, tmp_path: Path) -> None:
    from item_bank import files, release
    from tests.conftest import ROOT

    snapshot = release.compile(files.read(ROOT / "item_bank" / "content")[0])
    table = wide(right_or_wrong(600, 10))
    names = [
        item for place, item in enumerate(snapshot.item_ids) if place not in snapshot.parameter_set.steps
    ][:10]
    table.rename(dict(zip(table.columns, names, strict=True))).write_csv(tmp_path / "real.csv")
    made = palier("calibrate", "real.csv", "--out", "run", "--model", "3pl+gpcm", "--priors", "launch")
    assert made.exit_code == 0, made.output
    guessing = pl.read_parquet("run/items.parquet")["c"]
    assert guessing.is_between(0.001, 0.5).all()
