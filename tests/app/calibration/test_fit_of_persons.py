"""Fit of persons and dependence of items: the null holds on fixed and adaptive rows, and what is planted is found."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from app.calibration import calibrate, fit, workshop
from app.calibration.workshop import LOCAL, Fit
from app.cli import app
from irt.ability import NormalPrior
from irt.fit import sequential_person_fit
from irt.linking import normal_weights
from irt.person_fit import lz_each
from irt.responses import Responses
from irt.types import ItemParameters
from tests.app.calibration.world import long, right_or_wrong, wide


def share(found: Fit) -> tuple[float, float, float]:
    """Flagged, expected, and how far chance may bring the first from the second."""
    return found.patterns["share"], found.patterns["expected"], found.patterns["se"]


def test_the_sentence_about_persons_is_the_example() -> None:
    found = doctest.testmod(workshop)
    assert (found.failed, found.attempted) == (0, 1)


def test_on_a_complete_form_as_many_patterns_are_flagged_as_the_model_expects() -> None:
    found = fit(calibrate(wide(right_or_wrong(1500, 20, seed=31)), "2pl"))
    flagged, expected, se = share(found)
    assert found.patterns["statistic"] == "lz_star"
    assert abs(flagged - expected) < 4 * se
    assert 0.03 < expected < 0.08
    assert found.persons["p"].is_sorted()
    assert found.persons["flagged"].sum() == found.patterns["flagged"]
    assert found.persons["lz_sequential"].null_count() == 1500


def test_persons_with_the_easy_items_wrong_and_the_hard_ones_right_are_the_least_likely_patterns() -> None:
    table = right_or_wrong(1500, 24, seed=32)
    table[:60] = np.arange(24) >= 12
    found = fit(calibrate(wide(table), "2pl"))
    worst = {int(person) for person in found.persons.head(60)["person"]}
    assert len(worst & set(range(1, 61))) >= 55
    assert found.persons.head(60)["flagged"].all()


def adaptive(n_persons: int, rng: np.random.Generator) -> tuple[ItemParameters, Responses]:
    """Twenty of sixty items, the next the one nearest to a running estimate."""
    bank = ItemParameters(np.full(60, 1.6), np.linspace(-3, 3, 60), np.zeros(60), np.ones(60))
    rows = []
    for person, theta in enumerate(rng.normal(size=n_persons).tolist()):
        estimate, left = 0.0, list(range(60))
        for step in range(20):
            item = min(left, key=lambda place: abs(bank.b[place] - estimate))
            left.remove(item)
            score = int(rng.random() < 1 / (1 + np.exp(-1.6 * (theta - bank.b[item]))))
            estimate += (1.2 if score else -1.2) / (1 + 0.4 * step)
            rows.append((person, item, score))
    table = np.array(rows)
    return bank, Responses.from_long(table[:, 0], table[:, 1], table[:, 2], n_categories=[2] * 60)


def test_on_adaptive_rows_lz_is_not_normal_and_the_sequential_statistic_is() -> None:
    bank, answers = adaptive(1500, np.random.default_rng(5))
    found = sequential_person_fit(answers, bank, normal_weights(), rng=np.random.default_rng(1))
    assert abs(found.statistic.mean()) < 4 / np.sqrt(1500)
    assert found.statistic.std() == pytest.approx(1, abs=0.08)
    expected = (found.null < -1.645).mean()
    assert abs((found.statistic < -1.645).mean() - expected) < 4 * np.sqrt(expected / 1500)
    assert lz_each(answers, bank, prior=NormalPrior()).lz.std() < 0.85


def test_thin_pairs_are_not_flagged_for_what_chance_makes_of_them_and_dependent_ones_are() -> None:
    table = right_or_wrong(2500, 40, seed=33)
    table[:, 21] = table[:, 20]
    seen = np.random.default_rng(7).random(table.shape) < 0.15
    pairs = fit(calibrate(long(table, seen), "rasch")).pairs
    assert (pairs["shared"] >= 30).all()
    assert pairs.filter(pl.col("above_mean") > LOCAL).height > 5  # what size alone would have flagged
    flagged = pairs.filter(pl.col("flagged"))
    assert flagged.select("first", "second").rows() == [("i20", "i21")]
    both = int((seen[:, 20] & seen[:, 21]).sum())
    assert flagged["shared"].to_list() == [both]


def test_the_command_tells_persons_and_pairs_and_writes_their_files(tmp_path: Path) -> None:
    table = right_or_wrong(600, 10, seed=34)
    table[:400, 6] = table[:400, 5]
    calibrate(wide(table), "rasch", out=tmp_path / "run")
    said = CliRunner().invoke(app, ["fit", str(tmp_path / "run")])
    assert said.exit_code == 0, said.output
    assert "1 of 45 pairs of items locally dependent" in said.output
    facts = json.loads(CliRunner().invoke(app, ["fit", str(tmp_path / "run"), "--json"]).stdout)
    assert workshop.told(facts["patterns"]) in " ".join(said.output.split())
    assert len(facts["persons"]) == 600
    assert facts["pairs"][0]["flagged"]
    assert facts["pairs"][0]["shared"] == 600
    written = pl.read_parquet(tmp_path / "run.patterns.parquet")
    assert written.columns == [
        "person",
        "n_answers",
        "theta",
        "lz",
        "lz_star",
        "lz_sequential",
        "p",
        "flagged",
    ]
    assert written.height == 600


def test_an_item_so_steep_that_answers_are_certain_has_no_infit_and_the_others_have() -> None:
    table = right_or_wrong(600, 10, seed=34)
    table[:, 6] = table[:, 5]
    run = calibrate(wide(table), "2pl")
    steep = run.items.filter(pl.col("a") > 20)["item"].to_list()
    assert steep == ["i05", "i06"]
    infit = dict(fit(run).items.select("item", "infit").iter_rows())
    assert [item for item, value in infit.items() if value is None] == steep


@pytest.mark.parametrize("answered", [1.0, 0.7])
def test_chunks_of_a_file_give_the_correlations_of_the_whole(tmp_path: Path, answered: float) -> None:
    table = right_or_wrong(9000, 8, seed=35)
    seen = np.random.default_rng(1).random(table.shape) < answered
    long(table, seen).write_parquet(tmp_path / "long.parquet")
    whole = calibrate(tmp_path / "long.parquet", "rasch")
    cut = calibrate(tmp_path / "long.parquet", "rasch", chunks=3)
    assert cut.facts["settings"]["chunks"] == 3
    for column in ("mean", "correlation"):
        assert np.abs(cut.items[column].to_numpy() - whole.items[column].to_numpy()).max() < 1e-12
