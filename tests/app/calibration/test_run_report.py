"""The report of a calibration: every section, with the run's own numbers, in a file that stands alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from lxml import html
from typer.testing import CliRunner

from app import settings as settings_module
from app.calibration import Run, calibrate, load, service
from app.calibration.runs import save
from app.calibration.service import estimates_of
from app.calibration.workshop import told
from app.cli import app
from app.commands import run_report
from app.commands.plots import number
from app.commands.psychometrics import gathered
from app.commands.run_report import Report
from app.db import Database
from app.settings import settings
from item_bank import promotion
from tests.app.calibration.reported import Planted, page_of, partial_credit, planted, report_of
from tests.app.calibration.world import right_or_wrong
from tests.conftest import SqliteTemplates

SECTIONS = (
    "What promoting would change",
    "Items to look at",
    "Wright map",
    "Information of the bank",
    "Standard error of the bank",
    "Parameters",
    "Response curves with observed points",
    "Fit of the items",
    "Local dependence",
    "Fit of the persons",
    "Differential item functioning",
    "Drift against the last set",
    "Classical statistics",
    "Convergence",
    "Settings",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return planted(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def report(made: Planted) -> Report:
    return report_of(made)


@pytest.fixture(scope="module")
def page(report: Report) -> html.HtmlElement:
    return html.fromstring(run_report.page(report))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return partial_credit(tmp_path_factory.mktemp("graded"))


@pytest.fixture(scope="module")
def graded_page(graded: Run) -> html.HtmlElement:
    return html.fromstring(page_of(graded, "sex"))


def section(page: html.HtmlElement, title: str) -> html.HtmlElement:
    (found,) = [one for one in page.iter("section") if one.findtext("h2") == title]
    return found


def rows(page: html.HtmlElement, title: str, place: int = 0) -> dict[str, list[str]]:
    """The cells of a table of a section by the head of their row."""
    found = section(page, title).findall(".//table")[place]
    return {
        row.find("th").text_content(): [cell.text_content() for cell in row.findall("td")]
        for row in found.findall("tbody/tr")
    }


@pytest.mark.parametrize("which", ["page", "graded_page"])
def test_a_report_has_every_section_in_order_and_each_is_in_the_contents(
    request: pytest.FixtureRequest, which: str
) -> None:
    found = request.getfixturevalue(which)
    assert tuple(one.text for one in found.iter("h2")) == SECTIONS
    links = found.findall(".//nav//a")
    assert tuple(link.text for link in links) == SECTIONS
    for link in links:
        (place,) = found.xpath(f"//*[@id='{link.get('href')[1:]}']")
        assert place.findtext("h2") == link.text


@pytest.mark.parametrize("which", ["page", "graded_page"])
def test_a_report_is_a_document_that_says_its_language_its_title_and_its_drawings_in_words(
    request: pytest.FixtureRequest, which: str
) -> None:
    found = request.getfixturevalue(which)
    assert found.get("lang") == "en"
    assert len(found.findtext("head/title")) > 15
    depths = [int(one.tag[1]) for one in found.iter("h1", "h2", "h3")]
    assert depths[0] == 1
    assert depths.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(depths))
    drawings = [one for one in found.iter("svg") if one.get("aria-hidden") != "true"]
    assert len(drawings) > 10
    assert all(one.get("role") == "img" and len(one.get("aria-label")) > 20 for one in drawings)
    plots = [one for one in drawings if one.get("class") == "plot"]
    assert all(one.xpath("ancestor::figure//table") for one in plots)
    names = found.xpath("//@id")
    assert len(names) == len(set(names))


def test_a_report_needs_nothing_else(report: Report) -> None:
    text = run_report.page(report)
    assert re.findall(r"<(?:script|link|img|iframe|object)\b|\bsrc=|@import|https?:", text) == []
    assert all(one.startswith("#") for one in re.findall(r'href="([^"]*)"', text))
    assert set(re.findall(r"url\(([a-z]+):", text)) == {"data"}
    body = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    assert re.findall(r"\b(?:nan|inf|None|True|False)\b", body) == []


def test_settings_name_the_data_the_versions_the_seed_and_the_hash(
    report: Report, page: html.HtmlElement
) -> None:
    facts, told_there = report.run.facts, rows(page, "Settings")
    assert told_there["run"] == [report.run.content_hash]
    assert told_there["data"] == [f"{facts['data']['source']}, {facts['data']['hash']}"]
    for name, version in facts["versions"].items():
        assert told_there[f"version of {name}"] == [version]
    assert told_there["seed"] == [str(facts["settings"]["seed"])]
    assert told_there["model"] == ["3pl+gpcm"]
    assert told_there["priors"] == ["launch"]
    assert told_there["log-likelihood"] == [number(facts["fit"]["log_likelihood"], 2)]


def test_parameters_classical_statistics_and_convergence_are_those_of_the_run(
    report: Report, page: html.HtmlElement
) -> None:
    parameters, classical = rows(page, "Parameters"), rows(page, "Classical statistics")
    estimated = report.run.items.filter(pl.col("status") == "estimated")
    assert set(parameters) == set(estimated["item"])
    for row in estimated.iter_rows(named=True):
        assert parameters[row["item"]][2:8] == [
            number(row[name], 2) if row[name] is not None else "–"
            for name in ("a", "se_a", "b", "se_b", "c", "se_c")
        ]
        assert classical[row["item"]][:3] == [
            f"{row['n_answers']:,}", number(row["mean"]), number(row["correlation"])
        ]  # fmt: skip
    left = report.run.items.filter(pl.col("status") == "excluded")
    assert [classical[item][-1] for item in left["item"]] == left["reason"].to_list()
    last = str(len(report.run.trace))
    assert rows(page, "Convergence")[last] == [number(float(report.run.trace[-1]), 3)]


def test_fit_dependence_and_persons_are_what_palier_fit_says(report: Report, page: html.HtmlElement) -> None:
    assert report.fit is not None
    fitted = rows(page, "Fit of the items")
    for row in report.fit.items.iter_rows(named=True):
        assert fitted[row["item"]][1] == number(row["infit"], 2)
        assert fitted[row["item"]][3] == number(row["outfit"], 2)
    pairs = rows(page, "Local dependence")
    for row in report.fit.pairs.head(25).iter_rows(named=True):
        own = pairs[f"{row['first']}, {row['second']}"]
        assert own[:2] == [f"{row['shared']:,}", number(row["q3"])]
    words = section(page, "Fit of the persons").findtext("p")
    assert words.startswith(told(report.fit.patterns).replace("-", "−"))
    assert report.fit.patterns["statistic"] == "lz_sequential"
    shares = [float(cells[0].rstrip("%")) for cells in rows(page, "Fit of the persons").values()]
    assert sum(shares) == pytest.approx(100, abs=1.5)
    assert "p00001" not in html.tostring(page, encoding="unicode")  # a report is passed on: nobody is in it


def test_what_was_planted_is_found_flagged_drawn_and_shown_with_its_text(
    made: Planted, report: Report, page: html.HtmlElement
) -> None:
    assert report.dif is not None
    assert report.drift is not None
    assert report.dif.filter(pl.col("flagged"))["item"].to_list() == [made.unfair]
    assert report.drift.items.filter(pl.col("flagged"))["item"].to_list() == [made.moved]
    for title, item in (
        ("Differential item functioning", made.unfair),
        ("Drift against the last set", made.moved),
    ):
        table = rows(page, title)
        assert next(iter(table)) == item
        assert table[item][-1] == "yes"
        assert [cells[-1] for cells in table.values()].count("yes") == 1
        (mark,) = section(page, title).xpath(
            ".//*[local-name()='text'][contains(@class, 'named') and text()]"
        )
        assert mark.text == item
    unfair = report.dif.filter(pl.col("item") == made.unfair).row(0, named=True)
    assert rows(page, "Differential item functioning")[made.unfair][2] == number(unfair["delta"], 2)
    assert rows(page, "Differential item functioning")[made.unfair][5] == unfair["ets"]
    cards = {card.findtext("h3"): card for card in section(page, "Items to look at").findall(".//article")}
    assert {made.unfair, made.moved} <= set(cards)
    stem = str(made.release.records[made.release.index[made.unfair]]["stem"])
    card = cards[made.unfair].find("p")
    assert card.get("lang") == "fr"
    assert card.text[:20] == " ".join(stem.replace("**", "").split())[:20]
    assert re.search(
        r"(harder for en than for fr|easier for fr than for en) ", cards[made.unfair].text_content()
    )


def test_the_impact_of_promoting_adds_up(report: Report, page: html.HtmlElement) -> None:
    assert report.impact is not None
    levels = rows(page, "What promoting would change", 1)
    counts = np.array([[int(cell.replace(",", "")) for cell in cells] for cells in levels.values()])
    assert counts.sum() == 100
    figures = rows(page, "What promoting would change")
    assert figures["levels that change on the same answers"][0] == f"{1 - np.trace(counts) / 100:.1%}"
    assert 0 < 1 - np.trace(counts) / 100 < 0.6
    assert report.impact.before[:12] in section(page, "What promoting would change").findtext("p")


def test_items_with_several_scores_show_every_step_with_its_error(
    graded: Run, graded_page: html.HtmlElement
) -> None:
    table = rows(graded_page, "Parameters")
    for row in graded.items.iter_rows(named=True):
        assert table[row["item"]][-1] == ", ".join(
            f"{number(value, 2)} ({number(se, 2)})"
            for value, se in zip(row["thresholds"], row["se_thresholds"], strict=True)
        )
    (dots,) = section(graded_page, "Parameters").xpath(".//*[contains(@class, 'points')]")
    assert dots.get("d").count("M") == 20
    (bars,) = section(graded_page, "Parameters").xpath(".//*[contains(@class, 'interval')]")
    assert bars.get("d").count("M") == 20
    assert "C2 = " in section(graded_page, "Fit of the items").findtext("p")
    assert "lz* below" in section(graded_page, "Fit of the persons").findtext("p")
    assert len(section(graded_page, "Response curves with observed points").findall(".//figure")) == 10
    dif = rows(graded_page, "Differential item functioning")
    assert {cells[5] for cells in dif.values()} == {"A"}


def test_where_no_bank_is_installed_the_report_says_so_and_gives_the_rest(
    graded_page: html.HtmlElement,
) -> None:
    assert "No release" in section(graded_page, "What promoting would change").findtext("p")
    assert "--against" in section(graded_page, "Drift against the last set").findtext("p")


def test_nominal_items_are_in_the_table_though_they_have_no_difficulty(tmp_path: Path) -> None:
    table = right_or_wrong(700, 12, seed=6)
    several = pl.DataFrame(table[:, :6] + table[:, 6:], schema=[f"g{k}" for k in range(6)], orient="row")
    run = calibrate(several, "nrm", out=tmp_path / "nominal")
    found = html.fromstring(run_report.page(gathered(run, current=None)))
    parameters = rows(found, "Parameters")
    assert len(parameters) == 6
    assert all(cells[-1].startswith("slopes 0.00, ") for cells in parameters.values())


def test_a_run_without_responses_is_reported_without_what_needs_them(made: Planted) -> None:
    from app.calibration import link

    linked = link(load(made.late), load(made.early))
    found = html.fromstring(run_report.page(gathered(linked, current=None)))
    assert "holds no responses" in section(found, "Fit of the items").findtext("p")
    assert len(rows(found, "Parameters")) == len(linked.bank.items)


# In force


def test_a_run_in_force_is_compared_with_the_set_it_superseded(made: Planted) -> None:
    run = load(made.early)
    promoted = promotion.with_estimates(
        made.release, estimates_of(run, made.release), run=run.content_hash, real=False, note=""
    )
    with_itself = gathered(run, current=promoted, design="practice", learners=100)
    assert "there is nothing to compare it with" in run_report.page(with_itself)
    found = gathered(run, current=promoted, former=made.release, design="practice", learners=100)
    assert found.impact is not None
    assert np.trace(found.impact.given) < 100
    words = section(html.fromstring(run_report.page(found)), "What promoting would change").findtext("p")
    assert words.startswith(
        f"This run is the set in force; compared with the one it superseded, release {made.release.content_hash[:12]}."
    )
    assert run_report.in_force(run, promoted)
    assert not run_report.in_force(load(made.late), promoted)


@pytest.fixture
def installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_templates: SqliteTemplates
) -> Iterator[None]:
    path = sqlite_templates.copy(sqlite_templates.published()[0], tmp_path / "palier.db")
    monkeypatch.setenv("DATABASE_URL", sqlite_templates.url(path))
    settings_module.settings.cache_clear()
    yield
    settings_module.settings.cache_clear()


@pytest.mark.usefixtures("installed")
def test_the_command_finds_the_superseded_set_in_the_database(made: Planted, tmp_path: Path) -> None:
    run = load(made.early)

    async def promoted() -> None:
        database, now = Database(settings()), datetime.now(UTC)
        async with database.transaction() as db:
            await service.propose(db, run, by="A", why="first", real=False, now=now)
            await service.approve(db, run.content_hash, by="B", now=now)
            await service.promote(db, run.content_hash, by="B", now=now)
        await database.close()

    before = (
        "report",
        str(made.early),
        "--html",
        str(tmp_path / "a.html"),
        "--design",
        "practice",
        "--learners",
        "100",
    )
    assert CliRunner().invoke(app, before).exit_code == 0
    assert "in force; compared" not in (tmp_path / "a.html").read_text(encoding="utf-8")
    asyncio.run(promoted())
    done = CliRunner().invoke(app, before)
    assert done.exit_code == 0, done.output
    words = section(html.parse(tmp_path / "a.html").getroot(), "What promoting would change").findtext("p")
    assert words.startswith("This run is the set in force; compared with the one it superseded, release ")


def test_a_foreign_run_is_reported_where_there_is_no_database(
    graded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'none.db'}")
    settings_module.settings.cache_clear()
    assert graded.path is not None
    done = CliRunner().invoke(
        app, ["report", str(graded.path), "--html", str(tmp_path / "r.html"), "--group", "sex"]
    )
    settings_module.settings.cache_clear()
    assert done.exit_code == 0, done.output
    assert "items to look at" in done.output


def test_what_cannot_be_had_is_named_with_its_reason(graded: Run, tmp_path: Path) -> None:
    copy = save(graded, tmp_path / "copy", made={})
    found = gathered(copy, current=None, group="height")
    words = section(html.fromstring(run_report.page(found)), "Differential item functioning").findtext("p")
    assert words == "Not computed: column height: there is no such column; there are: sex."
