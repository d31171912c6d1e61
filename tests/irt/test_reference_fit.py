"""Fit, fairness, person fit and linking agree with the reference programs; every difference has its named reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import reference_fit
from benchmarks.reference import Report
from benchmarks.reference_mml import DataSet, cases


def _report(folder: Path) -> Report:
    data, report = DataSet(folder), Report(folder.name)
    reference_fit.compare_fit(data, {f"{case.form}{case.model}": case for case in cases(data)}, report)
    return report


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("lsat7", set()),
        ("verbal_agg", {reference_fit.BOUNDED}),
        ("science4", {reference_fit.COLLAPSED, reference_fit.DERIVATIVE}),
        ("kb36", {reference_fit.BOUNDED, reference_fit.DERIVATIVE}),
        ("fims_aus_jpn", {reference_fit.BOUNDED, reference_fit.UNDERFLOW}),
    ],
)
def test_nothing_differs_but_for_the_named_reasons(
    reference_data: Path, name: str, reasons: set[str]
) -> None:
    if not (reference_data / name / "golden").is_dir():
        pytest.skip(f"no reference results of {name} here")
    report = _report(reference_data / name)
    assert report.failures == []
    assert set(report.explained) == reasons
    assert sum(quantity.compared for quantity in report.quantities.values()) > 80


def test_a_wrong_value_would_be_a_failure(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "golden"
    folder.mkdir(parents=True)
    (tmp_path / "made" / "published_x_formX.csv").write_text("a,b,c\n1,0,0.1\n1.2,0.5,0.1\n0.8,-0.5,0.1\n")
    (tmp_path / "made" / "published_x_formY.csv").write_text("a,b,c\n1,0.2,0.1\n1.2,0.7,0.1\n0.8,-0.3,0.1\n")
    (folder / "linking_X_to_Y.json").write_text(
        '{"note": "common items 1,2,...,3", "equateIRT 1 mean-mean D=1 GH61": [1.0, 0.2],'
        ' "equateIRT 1 mean-sigma D=1 GH61": [1.0, 0.4]}'
    )
    report = _report(tmp_path / "made")
    assert report.quantities["linking intercept"].compared == 2
    assert len(report.failures) == 1
    assert "mean-sigma" in report.failures[0]
