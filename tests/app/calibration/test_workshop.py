"""Fit, fairness, drift, linking and differences say what was built into the data, and nothing else."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import app.calibration
from app.calibration import CalibrationError, DataError, Run, calibrate, dif, diff, drift, fit, link, load
from app.calibration.runs import RunError
from irt.models import category_probability
from tests.app.calibration.world import long, right_or_wrong, wide

GROUP = np.repeat([0, 1], 900)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Item 4 is 0.9 harder for the focal group."""
    table = wide(right_or_wrong(1800, 12, shift={4: 0.9}, group=GROUP))
    named = table.with_columns(pl.Series("sex", np.where(GROUP == 1, "F", "M")))
    return calibrate(named, "2pl", keep=["sex"], out=tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def sparse() -> Run:
    """Two thirds of the answers, item 4 harder for group B."""
    table = right_or_wrong(3000, 15, shift={4: 1.0}, group=np.repeat([0, 1], 1500), seed=4)
    seen = np.random.default_rng(5).random(table.shape) < 0.66
    rows, _ = np.nonzero(seen)
    named = long(table, seen).with_columns(pl.Series("form", np.where(rows < 1500, "A", "B")))
    return calibrate(named, "2pl")


def test_the_example_of_the_package_runs_as_a_notebook_would_show_it() -> None:
    found = doctest.testmod(app.calibration)
    assert found.attempted > 8
    assert found.failed == 0


def test_a_model_that_holds_fits(run: Run) -> None:
    clean = calibrate(wide(right_or_wrong(1500, 10, seed=7)), "2pl")
    found = fit(clean)
    assert (found.items["s_x2_q"] > 0.01).all()
    assert found.items["infit"].is_between(0.7, 1.1).all()  # at EAP, residuals are smaller than at the truth
    assert found.model["name"] == "M2"
    assert found.model["p"] > 0.001
    assert not found.pairs["flagged"].any()


def test_two_items_that_repeat_each_other_are_locally_dependent() -> None:
    table = right_or_wrong(1500, 10, seed=9)
    table[:, 7] = np.where(np.random.default_rng(1).random(1500) < 0.4, table[:, 6], table[:, 7])
    pairs = fit(calibrate(wide(table), "2pl")).pairs
    assert pairs.row(0)[:2] == ("i06", "i07")
    assert pairs["flagged"].to_list()[:2] == [True, False]


def test_the_fit_of_incomplete_rows_is_sequential(sparse: Run) -> None:
    found = fit(sparse, draws=99)
    assert found.items["s_x2"].null_count() == 15
    assert found.items["x2_p"].null_count() == 0
    assert "persons answered every item: read x2" in found.model["outcome"]


def test_the_degrees_of_freedom_of_a_common_slope_count_it_once() -> None:
    table = wide(right_or_wrong(800, 6, seed=3))
    two, one = (fit(calibrate(table, model)).model["degrees"] for model in ("2pl", "rasch"))
    assert one - two == 5


def test_partial_credit_and_rating_scale_count_what_they_share() -> None:
    table = right_or_wrong(900, 12, seed=3)
    several = pl.DataFrame(table[:, :6] + table[:, 6:], schema=[f"g{k}" for k in range(6)], orient="row")
    degrees = {model: fit(calibrate(several, model)).model["degrees"] for model in ("gpcm", "pcm", "rsm")}
    assert degrees["pcm"] - degrees["gpcm"] == 5
    assert degrees["rsm"] - degrees["pcm"] == 5


@pytest.mark.parametrize("method", ["mh", "logistic", "lord", "lrt"])
def test_each_method_finds_the_item_that_is_harder_for_one_group(run: Run, method: str) -> None:
    table = dif(run, "sex", focal="F", methods=(method,))  # type: ignore[arg-type]
    assert table.filter(pl.col("flagged"))["item"].to_list() == ["i04"]


def test_sides_of_dif_are_those_that_were_named(run: Run) -> None:
    one, other = dif(run, "sex", focal="F"), dif(run, "sex", focal="M")
    assert one["delta"][4] < -1.5
    assert other["delta"][4] == pytest.approx(-one["delta"][4])
    assert one["ets"][4] == "C"


def test_incomplete_rows_are_matched_on_theta_scored_again_without_guilty_items(sparse: Run) -> None:
    table = dif(sparse, "form")
    assert table.filter(pl.col("flagged"))["item"].to_list() == ["i04"]
    plain = dif(sparse, "form", purify=False)
    assert abs(plain["delta"].to_numpy()[np.arange(15) != 4].mean()) > abs(
        table["delta"].to_numpy()[np.arange(15) != 4].mean()
    )


def test_what_dif_cannot_do_is_named(run: Run) -> None:
    with pytest.raises(DataError, match="column age: there is no such column; there are: sex"):
        dif(run, "age")
    with pytest.raises(DataError, match="holds no X, but F, M"):
        dif(run, "sex", focal="X")
    with pytest.raises(CalibrationError, match="unknown method"):
        dif(run, "sex", methods=("anova",))  # type: ignore[arg-type]


def test_one_group_of_a_run_calibrated_by_groups_can_be_compared_by_its_column() -> None:
    table = wide(right_or_wrong(1200, 8)).with_columns(pl.Series("g", ["A", "B"] * 600))
    found = dif(calibrate(table, "rasch", group="g"), "g")
    assert not found["flagged"].any()


def test_drift_finds_the_item_that_moved_and_the_link_does_without_it() -> None:
    old = calibrate(wide(right_or_wrong(2500, 12, seed=1)), "2pl")
    moved = right_or_wrong(2500, 12, seed=2, mean=0.5, shift={3: 0.8}, group=np.ones(2500, dtype=np.int64))
    new = calibrate(wide(moved), "2pl")
    found = drift(new, old)
    assert found.items.filter(pl.col("flagged"))["item"].to_list() == ["i03"]
    assert found.removed == ("i03",)
    assert abs(found.line.intercept - 0.5) < 0.15
    assert abs(found.line.slope - 1.0) < 0.1


@pytest.mark.parametrize("model", ["2pl", "3pl", "grm", "gpcm", "nrm"])
def test_a_linked_run_has_the_same_curves_on_the_other_scale(tmp_path: Path, model: str) -> None:
    table = right_or_wrong(1500, 12, seed=6)
    several = pl.DataFrame(table[:, :6] + table[:, 6:], schema=[f"g{k}" for k in range(6)], orient="row")
    responses = wide(table) if model in ("2pl", "3pl") else several
    priors = {"c": {"beta": [5, 17]}, "a": {"lognormal": [0, 0.5]}}
    if model == "3pl":
        (tmp_path / "priors.json").write_text(str(priors).replace("'", '"'))
    run = calibrate(responses, model, priors=tmp_path / "priors.json" if model == "3pl" else "none")
    target = calibrate(
        responses.head(1200), model, priors=tmp_path / "priors.json" if model == "3pl" else "none"
    )
    if model == "nrm":
        linked = link(run, target, method="haebara", out=tmp_path / "linked")
    else:
        linked = link(run, target, out=tmp_path / "linked")
    line = linked.facts["link"]
    theta = np.linspace(-2, 2, 9)
    before = category_probability(run.bank.parameters, theta)
    after = category_probability(
        load(tmp_path / "linked").bank.parameters, line["slope"] * theta + line["intercept"]
    )
    assert np.abs(before - after).max() < 1e-10
    assert line["se_slope"] > 0
    row, moved = run.items.row(0, named=True), linked.items.row(0, named=True)
    if model != "nrm":
        assert moved["estimates"][0] == pytest.approx(moved["a"])
        steps = (
            np.diff([0.0, *moved["estimates"][1:3]]) if model == "gpcm" else np.array(moved["estimates"][1:3])
        )
        expected = moved["thresholds"] or [moved["b"]]
        assert -steps[: len(expected)] / moved["a"] == pytest.approx(expected)
        assert moved["se_a"] == pytest.approx(row["se_a"] / line["slope"])
    assert linked.persons["theta"][0] == pytest.approx(
        line["slope"] * run.persons["theta"][0] + line["intercept"]
    )
    with pytest.raises(RunError, match="holds no responses"):
        _ = load(tmp_path / "linked").data


def test_covariances_of_a_linked_run_are_those_of_the_scale_it_is_on(run: Run) -> None:
    other = calibrate(wide(right_or_wrong(1500, 12, seed=11, mean=0.6)), "2pl")
    linked = link(other, run)
    variance = np.diag(linked.blocks["i05"])
    row = linked.items.filter(pl.col("item") == "i05").to_dicts()[0]
    assert np.sqrt(variance[:2]) == pytest.approx([row["se_a"], row["se_b"]])


def test_runs_without_common_items_cannot_be_linked(run: Run) -> None:
    table = wide(right_or_wrong(300, 6))
    other = calibrate(table.rename({name: f"x{name}" for name in table.columns}), "rasch")
    with pytest.raises(CalibrationError, match="0 items in common"):
        link(other, run)


def test_differences_name_what_came_went_and_moved(run: Run) -> None:
    table = wide(right_or_wrong(1500, 13, seed=12)).drop("i00")
    found = diff(calibrate(table, "2pl"), run)
    changes = dict(found.select("item", "change").iter_rows())
    assert (changes["i00"], changes["i12"], changes["i05"]) == ("removed", "added", "moved")
    assert set(diff(run, run)["change"]) == {"same"}


def test_dropping_the_responses_that_selected_items_biases_the_others() -> None:
    """Five routing items choose an easy or a hard module; without them the modules look alike in ability."""
    table = right_or_wrong(6000, 20, seed=21)
    truth = np.linspace(-1.5, 1.5, 20)
    routing, easy, hard = [7, 8, 9, 10, 11], list(range(12)), list(range(8, 20))
    able = table[:, routing].sum(axis=1) >= 3
    seen = np.zeros(table.shape, dtype=np.bool_)
    seen[np.ix_(able, hard)] = True
    seen[np.ix_(~able, easy)] = True
    seen[:, routing] = True
    kept = calibrate(long(table, seen), "2pl")
    seen[:, [8, 10, 11]] = False
    seen[:, 7] &= ~able
    seen[:, 9] &= True
    dropped = calibrate(long(table, seen), "2pl")

    def slope(run: Run) -> float:
        """Of estimated on true difficulty over the items of the modules: 1 without bias."""
        rows = run.items.filter(pl.col("item").is_in([f"i{k:02d}" for k in (*range(7), *range(12, 20))]))
        own = np.array([truth[int(name[1:])] for name in rows["item"]])
        return float(np.polyfit(own, rows["b"].to_numpy(), 1)[0])

    assert abs(slope(kept) - 1) < 0.08
    assert slope(dropped) < 0.85
