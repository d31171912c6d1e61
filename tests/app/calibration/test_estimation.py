"""A run: estimates near the truth, the same numbers wherever they were computed, a folder that nobody changes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from app.calibration import (
    Bank,
    CalibrationError,
    DisconnectedDesign,
    Run,
    RunError,
    calibrate,
    load,
    read,
)
from app.calibration.estimation import Spoken
from app.calibration.parameters import OneItem
from app.calibration.runs import CHECKPOINT
from app.cli import app
from irt.mstep import Model
from tests.app.calibration.world import long, right_or_wrong, wide

TABLE = right_or_wrong(1500, 10)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    table = wide(TABLE).with_columns(pl.Series("form", ["A", "B", "C"] * 500))
    return calibrate(table, "2pl", keep=["form"], out=tmp_path_factory.mktemp("runs") / "first")


def test_estimates_lie_within_their_standard_errors_of_the_truth(run: Run) -> None:
    truth = np.linspace(-1.5, 1.5, 10)
    z = (run.items["b"].to_numpy() - truth) / run.items["se_b"].to_numpy()
    assert run.converged
    assert np.abs(z).max() < 3.5
    assert 0.5 < z.std() < 1.6


def test_a_run_read_back_is_the_run(run: Run) -> None:
    assert run.path is not None
    again = load(run.path)
    assert again.facts == run.facts
    assert again.items.equals(run.items)
    assert again.data.content_hash == run.facts["data"]["hash"]
    assert np.array_equal(again.data.responses.codes, run.data.responses.codes)
    assert again.data.of_persons("form")[:3] == ["A", "B", "C"]
    assert again.bank.rows == run.bank.rows
    assert again.covariance is not None
    assert run.covariance is not None
    assert np.array_equal(again.covariance, run.covariance)


def test_a_second_run_into_the_same_folder_is_refused(run: Run) -> None:
    with pytest.raises(RunError, match="never changed"):
        calibrate(wide(TABLE), "2pl", out=run.path)


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="not empty"):
        calibrate(wide(TABLE), "2pl", out=tmp_path)


@pytest.mark.parametrize("name", ["items.parquet", "run.json", "responses.parquet"])
def test_a_changed_file_is_named(tmp_path: Path, name: str) -> None:
    made = calibrate(wide(TABLE[:300]), "rasch", out=tmp_path / "run")
    assert made.path is not None
    file = made.path / name
    file.chmod(0o644)
    if name == "run.json":
        facts = json.loads(file.read_text())
        facts["outcome"]["converged"] = False
        file.write_text(json.dumps(facts))
    else:
        file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(RunError, match=f"{name} was changed"):
        load(made.path)


def test_the_same_data_and_settings_make_the_same_run_to_the_last_bit(run: Run, tmp_path: Path) -> None:
    table = wide(TABLE).with_columns(pl.Series("form", ["A", "B", "C"] * 500))
    again = calibrate(table, "2pl", keep=["form"], out=tmp_path / "again", made={"at": "another day"})
    assert again.content_hash == run.content_hash


@pytest.mark.slow
def test_processes_and_a_dask_cluster_in_this_process_make_the_same_run_to_the_last_bit(
    tmp_path: Path,
) -> None:
    distributed = pytest.importorskip("distributed")
    data = read(wide(right_or_wrong(5000, 8)))
    here = calibrate(data, "2pl", out=tmp_path / "here")
    two = calibrate(data, "2pl", workers=2, out=tmp_path / "two")
    # without a port for its pages, the scheduler takes 8787 and warns where somebody else has it
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
    ) as cluster:
        away = calibrate(data, "2pl", dask=cluster.scheduler_address, out=tmp_path / "away")
    assert here.content_hash == two.content_hash == away.content_hash


@contextmanager
def dask_processes(folder: Path, workers: int) -> Iterator[str]:
    """A scheduler and workers as an operator starts them; the address of the scheduler."""
    dask = Path(sys.executable).with_name("dask")
    known = folder / "scheduler.json"
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
    worker = [
        "worker",
        "--host",
        "127.0.0.1",
        "--nthreads",
        "1",
        "--no-dashboard",
        "--local-directory",
        str(folder),
    ]
    with (folder / "dask.log").open("wb") as log, ExitStack() as started:
        for arguments in [scheduler] + [worker] * workers:
            own = [str(dask), *arguments, "--scheduler-file", str(known)]
            process = subprocess.Popen(own, cwd=folder, stdout=log, stderr=log)
            started.callback(process.wait, 60)
            started.callback(process.terminate)
        began = time.monotonic()
        while not known.exists() or not known.read_text(encoding="utf-8").rstrip().endswith("}"):
            assert time.monotonic() - began < 120, (folder / "dask.log").read_text(encoding="utf-8")
            time.sleep(0.1)
        yield json.loads(known.read_text(encoding="utf-8"))["address"]


@pytest.mark.slow
def test_the_command_on_a_dask_cluster_of_other_processes_makes_the_same_run_to_the_last_bit(
    tmp_path: Path,
) -> None:
    pytest.importorskip("distributed")
    table = right_or_wrong(5000, 12)
    long(table, np.random.default_rng(5).random(table.shape) < 0.6).write_parquet(tmp_path / "data.parquet")
    arguments = ["calibrate", str(tmp_path / "data.parquet"), "--se", "sandwich"]
    hashes = []
    with dask_processes(tmp_path, 2) as address:
        for name, more in (("here", []), ("away", ["--dask", address])):
            told = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / name), *more])
            assert told.exit_code == 0, (told.output, (tmp_path / "dask.log").read_text(encoding="utf-8"))
            hashes.append(load(tmp_path / name).content_hash)
    assert hashes[0] == hashes[1]


def test_a_dask_address_where_nobody_answers_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("app.calibration.executors._PATIENCE", 0.5)
    with pytest.raises(CalibrationError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1:"):
        calibrate(wide(TABLE[:200]), "rasch", dask="tcp://127.0.0.1:1")


def test_chunks_of_a_file_give_the_estimates_of_the_whole_to_the_last_bit(tmp_path: Path) -> None:
    table = right_or_wrong(3000, 8)
    seen = np.random.default_rng(3).random(table.shape) < 0.6
    long(table, seen).write_parquet(tmp_path / "long.parquet")
    whole = calibrate(tmp_path / "long.parquet", "2pl")
    cut = calibrate(tmp_path / "long.parquet", "2pl", chunks=3, out=tmp_path / "run")
    columns = ["item", "a", "se_a", "b", "se_b", "n_answers"]
    assert cut.items.select(columns).equals(whole.items.select(columns))
    assert cut.persons.select("person", "theta").equals(whole.persons.select("person", "theta"))
    assert load(tmp_path / "run").data.responses.n_responses == int(cut.facts["data"]["answers"])


class Stopped(Exception):
    """Somebody pulled the plug."""


def test_an_interrupted_run_goes_on_and_ends_in_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.calibration.estimation._BETWEEN_CHECKPOINTS", 4)
    data = read(wide(TABLE))
    whole = calibrate(data, "2pl", out=tmp_path / "whole")

    def stop(spoken: Spoken) -> None:
        if spoken.cycle > 9:
            raise Stopped

    with pytest.raises(Stopped):
        calibrate(data, "2pl", out=tmp_path / "half", progress=stop)
    with pytest.raises(RunError, match="--resume"):
        calibrate(data, "2pl", out=tmp_path / "half")
    with pytest.raises(CalibrationError, match="other data or settings"):
        calibrate(data, "rasch", out=tmp_path / "half", resume=True)
    resumed = calibrate(data, "2pl", out=tmp_path / "half", resume=True)
    assert resumed.content_hash == whole.content_hash
    assert not (tmp_path / "half" / CHECKPOINT).exists()


def test_not_converged_is_an_outcome_with_advice() -> None:
    found = calibrate(wide(TABLE), "2pl", max_cycles=4, se="none")
    assert not found.converged
    assert "not converged" in found.facts["outcome"]["advice"]


def test_a_disconnected_design_is_refused_by_name() -> None:
    table = right_or_wrong(600, 8)
    seen = np.ones(table.shape, dtype=np.bool_)
    seen[:300, 4:] = False
    seen[300:, :4] = False
    with pytest.raises(DisconnectedDesign, match=r"i00, i01, i02, … \(4 items\); i04") as told:
        calibrate(long(table, seen), "rasch")
    assert [len(group) for group in told.value.groups] == [4, 4]


def test_anchors_in_every_part_of_a_disconnected_design_are_a_scale() -> None:
    table = right_or_wrong(1200, 8)
    seen = np.ones(table.shape, dtype=np.bool_)
    seen[:600, 4:] = False
    seen[600:, :4] = False
    b = np.linspace(-1.5, 1.5, 8)
    anchors = Bank.of(
        [OneItem(f"i{place:02d}", "2pl", (0.8, 1.2, 1.6)[place % 3], (b[place],)) for place in (0, 1, 5, 6)]
    )
    found = calibrate(long(table, seen), "2pl", anchors=anchors)
    assert found.items.filter(pl.col("status") == "fixed")["item"].to_list() == ["i00", "i01", "i05", "i06"]
    assert abs(found.items.filter(pl.col("item") == "i07")["b"][0] - 1.5) < 0.4


def test_anchors_carry_the_scale_to_another_population(run: Run) -> None:
    table = wide(right_or_wrong(1500, 10, seed=8, mean=0.7))
    anchors = run.bank.take(["i01", "i03", "i05", "i07", "i09"])
    found = calibrate(table, "2pl", anchors=anchors)
    ability = found.facts["ability"][0]
    assert abs(ability["mean"] - 0.7) < 3.5 * ability["se_mean"] + 0.1
    kept = found.items.filter(pl.col("item") == "i03")
    assert kept["status"][0] == "fixed"
    assert kept["b"][0] == pytest.approx(run.items.filter(pl.col("item") == "i03")["b"][0], abs=1e-12)


def test_groups_have_an_ability_of_their_own() -> None:
    table = np.vstack([right_or_wrong(800, 8, seed=1), right_or_wrong(800, 8, seed=2, mean=0.8)])
    found = calibrate(wide(table).with_columns(pl.Series("g", ["A"] * 800 + ["B"] * 800)), "2pl", group="g")
    assert found.facts["ability"][0]["mean"] == 0
    assert abs(found.facts["ability"][1]["mean"] - 0.8) < 0.25


def test_constant_items_are_left_out_by_name() -> None:
    table = wide(TABLE[:300]).with_columns(pl.lit(1).alias("easy"))
    found = calibrate(table, "rasch")
    row = found.items.filter(pl.col("item") == "easy").to_dicts()[0]
    assert (row["status"], row["a"]) == ("excluded", None)
    assert any(one["items"] == ["easy"] for one in found.facts["outcome"]["exclusions"])


def test_an_item_keyed_the_wrong_way_round_is_flagged_and_has_no_parameters() -> None:
    table = wide(np.hstack([TABLE, 1 - TABLE[:, 4:5]]))
    found = calibrate(table, "2pl")
    assert found.items["status"].to_list() == ["estimated"] * 10 + ["reversed"]
    assert found.items["flags"].to_list()[-1]
    assert "i10" not in found.bank.items


def test_every_model_makes_a_run_whose_bank_has_its_curves() -> None:
    scores = np.minimum(TABLE[:, :4] + TABLE[:, 4:8], 2)
    several = pl.DataFrame(scores, schema=["g0", "g1", "g2", "g3"], orient="row")
    for model in ("grm", "pcm", "gpcm", "rsm", "nrm"):
        found = calibrate(several, model)
        assert found.bank.parameters.n_categories.tolist() == [3] * 4, model
        assert found.bank.joint_covariance() is not None
    both = pl.concat([wide(TABLE[:, 8:]), several], how="horizontal")
    assert set(calibrate(both, "mixed").items["model"]) == {"2pl", "gpcm"}
    assert set(calibrate(both, "2pl+grm").items["model"]) == {"2pl", "grm"}
    with pytest.raises(CalibrationError, match="item g0 has 3 scores"):
        calibrate(both, "2pl")
    assert {model.value for model in Model} >= set(found.items["model"])


def test_models_and_launch_priors_come_from_a_file(tmp_path: Path) -> None:
    with (tmp_path / "models.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["item", "model", "b", "level", "options"])
        rows.writerows(
            [f"i{place:02d}", "3pl", f"{value:.2f}", 1 + place // 5, 4]
            for place, value in enumerate(np.linspace(-1.5, 1.5, 10))
        )
    found = calibrate(wide(TABLE), "2pl", models=tmp_path / "models.csv", priors="launch")
    assert set(found.items["model"]) == {"3pl"}
    assert len(found.facts["level_means"]) == 2
    with pytest.raises(
        CalibrationError, match="expected difficulty of every item; i00, i01, i02, … has none"
    ):
        calibrate(wide(TABLE), "2pl", priors="launch")


def test_priors_come_from_a_file_and_are_used(tmp_path: Path) -> None:
    (tmp_path / "priors.json").write_text('{"a": {"lognormal": [0, 0.1]}}')
    held = calibrate(wide(TABLE[:400]), "2pl", priors=tmp_path / "priors.json")
    free = calibrate(wide(TABLE[:400]), "2pl")
    assert held.items["a"].to_numpy().std() < 0.5 * free.items["a"].to_numpy().std()
    (tmp_path / "priors.json").write_text('{"a": {"gamma": [0, 0.1]}}')
    with pytest.raises(CalibrationError, match="lognormal or beta"):
        calibrate(wide(TABLE), "2pl", priors=tmp_path / "priors.json")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": "5pl"}, "unknown model 5pl"),
        ({"model": "2pl+3pl"}, "unknown model 2pl"),
        ({"se": "bootstrap"}, "se must be"),
        ({"points": 3}, "n_quadrature"),
        ({"anchors": Bank.of([OneItem("x", "2pl", 1.0, (0.0,))])}, "none of the 1 anchors"),
    ],
)
def test_a_setting_that_cannot_be_is_named(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(CalibrationError, match=said):
        calibrate(wide(TABLE), **settings)
