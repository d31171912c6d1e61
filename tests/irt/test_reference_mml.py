"""The comparison with reference calibrations finds agreement where there is some, and disagreement where there is."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from benchmarks import reference, reference_mml
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "reference" / "mml"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER / "simulated", tmp_path / "simulated")
    return tmp_path


def failed(folder: Path) -> set[str]:
    return {
        name
        for report in reference.check(folder)
        for name, quantity in report.quantities.items()
        if quantity.failures
    }


def test_calibration_agrees_with_a_general_purpose_optimiser() -> None:
    (report,) = reference.check(FOLDER)
    assert report.failures == []
    assert report.explained == {}
    compared = {name: quantity.compared for name, quantity in report.quantities.items()}
    assert compared["slope / tolerance"] == compared["intercept / tolerance"] == 16
    assert compared["SE oakes"] == 40
    assert compared["EAP"] == 1600
    assert max(quantity.worst for name, quantity in report.quantities.items() if "/ tolerance" in name) < 0.05


def rewrite(path: Path, column: str, change: float) -> None:
    rows = list(csv.DictReader(path.read_text().splitlines()))
    rows[2][column] = str(float(rows[2][column]) + change)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("name", "column", "change", "quantity"),
    [
        ("2PL_mirt_se.csv", "se", 0.02, "SE oakes"),
        ("2PL_mirt_scores.csv", "EAP", 0.01, "EAP"),
        ("2PL_mirt_scores.csv", "EAP_SE", -0.01, "EAP_SE"),
        ("2PL_mirt_irtpars.csv", "b", 0.02, "difficulty / tolerance"),
    ],
)
def test_a_wrong_reference_is_found(
    copied: Path, name: str, column: str, change: float, quantity: str
) -> None:
    rewrite(copied / "simulated" / "golden" / name, column, change)
    assert failed(copied) == {quantity}


def test_a_reference_with_a_better_likelihood_is_a_failure_and_one_with_a_worse_is_not(copied: Path) -> None:
    path = copied / "simulated" / "golden" / "2PL_mirt_fit.json"
    fit = json.loads(path.read_text())
    del fit["AIC"]
    for change, wanted in ((0.02, {"log-likelihood", "log-posterior"}), (-5.0, set())):
        path.write_text(json.dumps(fit | {"logLik": fit["logLik"] + change}))
        assert {name.partition(",")[0] for name in failed(copied)} == wanted


def test_estimates_below_our_maximum_are_told_as_such(copied: Path) -> None:
    rewrite(copied / "simulated" / "golden" / "2PL_mirt_slope_intercept.csv", "a1", 0.4)
    (report,) = reference.check(copied)
    assert report.failures == []
    assert dict(report.explained) == {reference_mml.HIGHER: 1}


def test_the_reference_files_are_what_their_script_writes(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.reference.mml import make

    monkeypatch.setattr(make, "HERE", copied / "again")
    make.main()
    (copied / "simulated").rename(copied / "before")
    for path in sorted((copied / "again").rglob("*.csv")):
        old = copied / "before" / path.relative_to(copied / "again")
        for one, two in zip(*(csv.reader(one.read_text().splitlines()) for one in (path, old)), strict=True):
            for left, right in zip(one, two, strict=True):
                try:
                    assert float(left) == pytest.approx(float(right), abs=1e-4)
                except ValueError:
                    assert left == right
