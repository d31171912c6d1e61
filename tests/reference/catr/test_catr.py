"""The package agrees with catR, mirt and mirtCAT, and where it does not, the reason is checked."""

from __future__ import annotations

import lzma
import shutil
from pathlib import Path

import pytest

from benchmarks import reference

HERE = Path(__file__).parent
# One case in so many, so that the whole stays short; the slow test takes all of them.
EVERY = {
    "dicho_item_functions.csv": 3,
    "dicho_ability.csv": 11,
    "dicho_next_item.json": 7,
    "poly_item_functions.csv": 3,
    "poly_ability.csv": 5,
    "poly_next_item.json": 5,
    "cat_trajectories.json": 7,
    "mirt_scores.json": 1,
}


@pytest.mark.parametrize("file", reference.CHECKS)
def test_a_sample_of_every_file_agrees(file: str) -> None:
    (report,) = reference.check(HERE, only=file, every=EVERY.get(file, 1))
    assert report.cases > 0
    assert sum(quantity.compared for quantity in report.quantities.values()) > 0
    assert report.failures == []


@pytest.mark.slow
@pytest.mark.parametrize("file", reference.CHECKS)
def test_every_case_of_every_file_agrees(file: str) -> None:
    (report,) = reference.check(HERE, only=file)
    assert report.failures == []


def test_disagreements_stay_rare_among_the_maxima() -> None:
    (report,) = reference.check(HERE, only="poly_ability.csv", every=5)
    assert not report.explained
    (report,) = reference.check(HERE, only="dicho_ability.csv", every=11)
    compared = report.quantities["refined"].compared
    assert report.explained[reference.LOCAL] < 0.05 * compared


def test_a_changed_answer_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("versions.json", "poly_banks.json", "poly_ability.csv"):
        shutil.copy(HERE / f"{name}.xz", tmp_path / f"{name}.xz")
    packed = tmp_path / "poly_ability.csv.xz"
    text = lzma.decompress(packed.read_bytes()).decode()
    changed = text.replace('"0.114731255978862"', '"0.114731256978862"', 1)
    assert changed != text
    packed.unlink()
    (tmp_path / "poly_ability.csv").write_text("\n".join(changed.split("\n")[:14]))
    assert reference.main([str(tmp_path)]) == 1
    assert "pGRM pattern 1 EAP norm" in capsys.readouterr().out


def test_an_unchanged_folder_passes_whether_compressed_or_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(HERE / "versions.json.xz", tmp_path / "versions.json.xz")
    (tmp_path / "stop_rules.csv").write_bytes(lzma.decompress((HERE / "stop_rules.csv.xz").read_bytes()))
    assert reference.main([str(tmp_path)]) == 0
    assert "0 failures" in capsys.readouterr().out


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="versions"):
        reference.main([str(tmp_path)])
