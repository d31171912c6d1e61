"""A rehearsed launch, and simulated sittings that stand every check a real one stands."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import polars as pl
import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner, Result

from app import settings as settings_module
from app.calibration.exposure import refit
from app.calibration.rehearsal import Miss, drawn_truth, rehearse
from app.cli import app
from app.delivery.simulated import answers_of
from irt.ability import NormalPrior
from irt.simulate import population, simulate
from item_bank.blueprint import check, compile_design
from item_bank.design import Scope
from item_bank.release import Release
from item_bank.scoring import parse, score
from tests.conftest import ROOT, SqliteTemplates

Command = Callable[..., Result]


@pytest.fixture(scope="module")
def release() -> Release:
    found = check(ROOT / "item_bank" / "content").release
    assert found is not None
    return found


@pytest.fixture
def palier(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_templates: SqliteTemplates
) -> Iterator[Command]:
    """The command, on a database of its own with the shipped bank in it."""
    template, _ = sqlite_templates.published()
    path = sqlite_templates.copy(template, tmp_path / "palier.db")
    monkeypatch.setenv("DATABASE_URL", sqlite_templates.url(path))
    monkeypatch.chdir(tmp_path)
    settings_module.settings.cache_clear()
    yield lambda *arguments: CliRunner().invoke(app, [*map(str, arguments)])
    settings_module.settings.cache_clear()


def test_the_true_parameters_differ_from_the_experts_as_much_as_was_said(release: Release) -> None:
    truth = drawn_truth(release, miss=Miss(origin=0.5, level=0.0, item=0.4, slope=0.2), seed=3)
    shift = truth.parameter_set.parameters.b - release.parameter_set.parameters.b
    assert shift.mean() == pytest.approx(0.5, abs=0.1)
    assert shift.std() == pytest.approx(0.4, abs=0.08)
    assert np.log(truth.parameter_set.parameters.a).std() == pytest.approx(0.2, abs=0.05)


def test_every_item_has_a_response_of_every_score(release: Release) -> None:
    for index in range(len(release)):
        item = release.item(index)
        for credit, raw in answers_of(item).items():
            assert score(item, parse(item, raw)).score == credit


def test_the_launch_design_gives_every_item_300_responses_within_4000_learners(release: Release) -> None:
    compiled = compile_design(release, release.design("launch"))
    found = simulate(
        compiled.policy(release), population(4000, prior=NormalPrior(), seed=1), seed=1, warm=False
    )
    counts = np.bincount(found.sittings.items.ravel(), minlength=len(release))
    assert counts.sum() == 4000 * 32
    assert {
        release.item_ids[place]: count for place, count in enumerate(counts.tolist()) if count < 300
    } == {}


def test_the_launch_design_asks_for_nothing_that_the_certification_would_refuse(release: Release) -> None:
    launch, certification = release.design("launch"), release.design("certification")
    for domain in release.framework.domains:
        low, high = certification.bounds(Scope.DOMAIN, domain.id)
        least, most = launch.bounds(Scope.DOMAIN, domain.id)
        assert low <= least <= most <= high
    assert (launch.length, launch.time_limit) == (certification.length, certification.time_limit)
    assert launch.issues_certificates


def test_exposure_control_fitted_again_holds_where_the_former_lets_an_item_through(release: Release) -> None:
    truth = drawn_truth(release, miss=Miss(), seed=1)
    alone = replace(truth, designs=(truth.design("certification"), truth.design("launch")))
    said: list[tuple[str, int, int]] = []
    found = refit(alone, learners=600, rounds=4, progress=lambda *told: said.append(told))
    assert found.content_hash == truth.content_hash
    (only,) = found.designs
    assert only.design.id == "certification"
    assert only.after < 0.4 < 0.6 < only.before
    assert said == [("certification", done, 4) for done in (1, 2, 3, 4)]


@pytest.mark.slow
def test_calibration_takes_the_bias_away_that_the_experts_leave(release: Release) -> None:
    found = rehearse(release, learners=4000, seed=1)
    alone, _, held, after, known = found.rows
    assert found.run.converged
    assert abs(held.bias) < 0.05 < abs(alone.bias)
    assert known.levels - 0.02 < after.levels < alone.levels - 0.04
    assert found.short == {}
    assert found.recovery["calibrated"]["b_rmse"] < found.recovery["experts"]["b_rmse"] / 2


def test_simulated_sittings_replay_are_marked_in_the_export_and_refused_beside_real_ones(
    palier: Command, tmp_path: Path
) -> None:
    told = palier("sittings", "simulate", 12, "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["sittings"] == 12
    with create_engine(f"sqlite:///{tmp_path}/palier.db").connect() as db:
        ids = [UUID(row[0]) for row in db.execute(text("SELECT id FROM sitting ORDER BY seed"))]
    for sitting in (ids[0], ids[-1]):
        assert palier("replay", sitting).stdout.strip().endswith("identical")
    assert palier("responses", "export", "--out", "r.parquet").exit_code == 0
    assert pl.read_parquet("r.parquet")["simulated"].all()
    again = palier("sittings", "simulate", 12)
    assert (again.exit_code, "here already" in again.stderr) == (1, True)
    with create_engine(f"sqlite:///{tmp_path}/palier.db").begin() as db:
        db.execute(text("UPDATE institution SET slug = 'universite' WHERE slug = 'simulation'"))
    refused = palier("sittings", "simulate", 12, "--seed", 2)
    assert (refused.exit_code, "real institution" in refused.stderr) == (1, True)
