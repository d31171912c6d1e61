"""Runs worth a report: sittings of the shipped bank with what a report must find planted in them; partial credit."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from typer.testing import CliRunner

from app.calibration import Run, calibrate, load
from app.cli import app
from app.commands import run_report
from app.commands.psychometrics import gathered
from app.commands.run_report import Report
from irt.ability import NormalPrior
from irt.models import category_probability
from irt.simulate import Sittings, population, simulate
from irt.types import FloatArray, GradedParameters, ItemParameters
from item_bank import files, release
from item_bank.blueprint import compile_design
from item_bank.release import Release
from tests.conftest import ROOT

CONTENT = ROOT / "item_bank" / "content"
HARDER, MOVED = 2.0, 1.6  # logits: for the focal group; since the earlier set


class Planted(NamedTuple):
    """Two calibrations of one bank, with an item that is harder for a group and one that moved in between."""

    release: Release
    early: Path
    late: Path
    unfair: str
    moved: str


def planted(folder: Path) -> Planted:
    """Sittings of `certification` before and after; languages fr and en in the later ones."""
    snapshot = release.compile(files.read(CONTENT)[0])
    known = snapshot.parameters
    assert isinstance(known, ItemParameters)
    tried = _sat(snapshot, 300, known, seed=2)
    often = np.argsort(-np.bincount(tried.items[tried.items >= 0], minlength=len(snapshot)), kind="stable")
    unfair, moved = (int(place) for place in often[[3, 5]])
    truth = known.b + np.random.default_rng(9).normal(0, 0.3, len(snapshot))
    later = truth + MOVED * (np.arange(len(snapshot)) == moved)
    focal = later + HARDER * (np.arange(len(snapshot)) == unfair)

    def bank(b: FloatArray) -> ItemParameters:
        return ItemParameters(known.a, b, known.c, known.d)

    early = _rows(snapshot, _sat(snapshot, 900, bank(truth), seed=3), "fr", 0)
    late = pl.concat(
        [
            _rows(snapshot, _sat(snapshot, 800, bank(later), seed=4), "fr", 0),
            _rows(snapshot, _sat(snapshot, 600, bank(focal), seed=5), "en", 9000),
        ]
    )
    for name, rows in (("early", early), ("late", late)):
        rows.write_parquet(folder / f"{name}.parquet")
        made = CliRunner().invoke(
            app,
            ["calibrate", str(folder / f"{name}.parquet"), "--model", "3pl+gpcm", "--priors", "launch", "--content",
             str(CONTENT), "--out", str(folder / name)],
        )  # fmt: skip
        assert made.exit_code == 0, made.output
    return Planted(
        snapshot, folder / "early", folder / "late", snapshot.item_ids[unfair], snapshot.item_ids[moved]
    )


def report_of(made: Planted) -> Report:
    """Everything `palier report` tells of the later run."""
    found = gathered(
        load(made.late), current=made.release, against=str(made.early), group="language", learners=100
    )
    assert isinstance(found, Report)
    return found


def partial_credit(folder: Path) -> Run:
    """A complete form of ten items with scores 0 to 2, and two groups that differ in nothing."""
    rng = np.random.default_rng(11)
    a, middle = np.linspace(0.9, 1.9, 10), np.linspace(-1.2, 1.2, 10)
    bank = GradedParameters(a, np.stack([middle - 0.6, middle + 0.6], axis=1))
    p = category_probability(bank, rng.normal(size=700))
    scores = (rng.random((700, 10, 1)) > np.cumsum(p, axis=2)[..., :-1]).sum(axis=2)
    table = pl.DataFrame(scores, schema=[f"g{place}" for place in range(10)], orient="row")
    return calibrate(
        table.with_columns(pl.Series("sex", ["F", "M"] * 350)), "grm", keep=["sex"], out=folder / "graded"
    )


def page_of(run: Run, group: str) -> str:
    """The report of a run where no bank is installed."""
    return run_report.page(gathered(run, current=None, group=group))


def _sat(snapshot: Release, learners: int, truth: ItemParameters, *, seed: int) -> Sittings:
    compiled = compile_design(snapshot, snapshot.design("certification"))
    available = snapshot.available(pool=compiled.design.pool)
    return simulate(
        compiled.policy(snapshot), population(learners, prior=NormalPrior(), seed=seed), seed=seed, truth=truth,
        available=None if available.all() else available, warm=False,
    ).sittings  # fmt: skip


def _rows(snapshot: Release, sat: Sittings, language: str, first: int) -> pl.DataFrame:
    person, position = np.nonzero(sat.items >= 0)
    return pl.DataFrame(
        {
            "person": [f"p{first + place:05d}" for place in person.tolist()],
            "item": [snapshot.item_ids[place] for place in sat.items[person, position].tolist()],
            "score": sat.scores[person, position],
            "position": position + 1,
            "language": language,
        }
    )
