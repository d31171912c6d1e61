"""`palier design` and `palier framework`: what they say, what they write, how they exit."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import item_bank
from app.cli import app
from item_bank import files
from item_bank.blueprint import check
from item_bank.case import packages

SHIPPED = Path(item_bank.__file__).parent / "content"


def palier(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    shutil.copytree(SHIPPED, folder)
    return folder


def change(content: Path, design: str, old: str, new: str) -> None:
    file = content / "designs" / f"{design}.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_design_that_has_what_it_needs_exits_with_0_and_says_what_would_help_most() -> None:
    code, output = palier("design", "check", "certification", "--everybody")
    assert code == 0, output
    assert "would help most for everybody" in output


def test_a_row_that_cannot_be_met_is_named_and_exits_with_1(content: Path) -> None:
    change(
        content,
        "placement",
        '{scope: topic, id: "*", maximum: 1}',
        "{scope: topic, id: D1C1.insi, minimum: 9, maximum: 9}",
    )
    code, output = palier("design", "check", "placement", "--content", str(content))
    assert code == 1
    assert "infeasible: the row of the topic D1C1.insi" in output
    assert "needs 9 items" in output


def test_a_thin_design_exits_with_3_and_says_what_to_write_next(content: Path) -> None:
    change(content, "certification", "standard_error: 0.36", "standard_error: 0.35")
    code, output = palier(
        "design", "check", "certification", "--everybody", "--content", str(content), "--json"
    )
    assert code == 3
    facts = json.loads(output)
    everybody = facts["supplies"][0]
    assert facts["thin"]
    assert everybody["standard_error"]["wanted"] == 0.35
    assert everybody["standard_error"]["expected"] > 0.35
    for item in everybody["write"]:
        assert item["topic"].startswith(f"{item['competence']}.")
        assert item["items"] >= 1
        assert 1 <= item["level"] <= 6


def test_an_unknown_design_exits_with_2() -> None:
    assert palier("design", "check", "nothing")[0] == 2
    assert palier("design", "fit", "nothing")[0] == 2
    assert palier("design", "fit")[0] == 2
    assert palier("design", "fit", "practice", "--all")[0] == 2


def test_fit_all_keeps_the_targets_of_each_certification_and_writes_the_same_file_again(
    content: Path,
) -> None:
    for file in (content / "designs").glob("certification-*.yaml"):
        if file.stem != "certification-social-bac":
            file.unlink()
    arguments = ("--all", "--learners", "100", "--rounds", "2", "--content", str(content))
    code, output = palier("design", "fit", *arguments)
    assert code == 0, output
    assert output.count("items limited") == 2
    file = content / "designs" / "certification.yaml"
    first = file.read_text(encoding="utf-8")
    assert palier("design", "fit", *arguments)[0] == 0
    assert file.read_text(encoding="utf-8") == first
    release = check(content).release
    assert release is not None
    for key in ("certification", "certification-social-bac"):
        before = next(design for design in files.read(SHIPPED).content.designs if design.id == key).exposure
        after = release.design(key).exposure
        assert (after.target, after.band_target, after.edges) == (
            before.target,
            before.band_target,
            before.edges,
        )
        assert after.eligibility


def test_a_target_below_length_over_pool_is_refused_with_a_sentence(content: Path) -> None:
    code, output = palier(
        "design",
        "fit",
        "certification-social-bac",
        "--target",
        "0.1",
        "--learners",
        "100",
        "--content",
        str(content),
    )
    assert code == 2
    assert "target" in output
    assert "length over bank" in output


def test_the_framework_is_written_as_case_packages(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    code, output = palier(
        "framework", "case", str(folder), "--base-uri", "https://exemple.test", "--creator", "É"
    )
    assert code == 0, output
    framework = files.read(SHIPPED).content.framework
    assert framework is not None
    expected = packages(framework, base_uri="https://exemple.test", creator="É")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == expected
    assert len(expected) == 1 + len(framework.referentiels)


def test_a_framework_that_cannot_be_read_or_has_no_day_is_refused(content: Path, tmp_path: Path) -> None:
    file = content / "framework.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("revised: 2026-11-21", "# no day:"), encoding="utf-8")
    code, output = palier("framework", "case", str(tmp_path / "out"), "--content", str(content))
    assert code == 1
    assert "revised: is missing" in output
    file.unlink()
    assert palier("framework", "case", str(tmp_path / "out"), "--content", str(content))[0] == 1
