"""The report of a simulation: one file, complete without a network, with every plot in numbers too."""

import json
import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from app import settings as settings_module
from app.cli import app
from app.commands.plots import Cells, Series, figure, lines, number, ticks
from tests.journeys import audit
from tests.journeys.conftest import ARGUMENTS, Browsers

TITLES = (
    "Information of the bank",
    "Standard error of the bank",
    "Bias by ability",
    "Standard error and RMSE by ability",
    "Coverage by ability",
    "Level given and true level",
    "Length",
    "Exposure of the items",
    "Blueprint",
)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    settings_module.settings.cache_clear()
    yield
    settings_module.settings.cache_clear()


def simulate(file: Path, *arguments: str) -> str:
    """Run the command; what it printed."""
    result = CliRunner().invoke(app, ["simulate", "practice", "--html", str(file), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def without_style(page: str) -> str:
    """The file without its style sheet, in which the letters of the font could spell anything."""
    return re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("learners", ["60", "1"])
def test_a_report_has_every_figure_with_its_table_and_no_missing_number(
    tmp_path: Path, learners: str
) -> None:
    simulate(tmp_path / "report.html", "--learners", learners)
    body = without_style((tmp_path / "report.html").read_text(encoding="utf-8"))
    figures = re.findall(r"<figure>.*?</figure>", body, flags=re.DOTALL)
    assert re.findall(r"<section><h2>([^<]+)</h2>.*?<figure>", body, flags=re.DOTALL) == list(TITLES)
    for one in figures:
        assert re.search(r'<svg class="plot"[^>]* role="img" aria-label="[^"]{20,}">', one)
        assert one.count("<table>") == 1
        assert one.count('<th scope="row">') >= 1
    assert re.findall(r"\b(?:nan|inf)\b", body, re.IGNORECASE) == []


def test_a_report_stands_alone(tmp_path: Path) -> None:
    simulate(tmp_path / "report.html", "--learners", "20")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"<(?:script|link|img|iframe|object)\b|\bsrc=|\bhref=|@import|https?:", page) == []
    assert set(re.findall(r"url\(([a-z]+):", page)) == {"data"}
    assert page.count("url(") == 1


def test_a_report_says_what_the_command_prints_and_how_to_repeat_it(tmp_path: Path) -> None:
    arguments = ("--learners", "40", "--seed", "9", "--profession", "ide", "--against", "pix")
    facts = json.loads(simulate(tmp_path / "one.html", *arguments, "--json"))
    body = without_style((tmp_path / "one.html").read_text(encoding="utf-8"))
    assert f"<dt>RMSE</dt><dd>{number(facts['rmse'])} logit</dd>" in body
    assert f"<dt>Exact level</dt><dd>{facts['classification_accuracy']:.1%}</dd>" in body
    for name, rival in facts["against"].items():
        assert re.search(
            rf'<th scope="row">{re.escape(name)}</th><td[^>]*>{number(rival["rmse"])}</td>', body
        )
    command = re.search(r"<td>palier (simulate [^<]+)</td>", body)
    assert command is not None
    again = CliRunner().invoke(app, [*command.group(1).split(), "--html", str(tmp_path / "two.html")])
    assert again.exit_code == 0, again.output
    assert (tmp_path / "two.html").read_bytes() == (tmp_path / "one.html").read_bytes()


def test_the_coverage_table_holds_both_estimates_as_the_command_gives_them(tmp_path: Path) -> None:
    facts = json.loads(simulate(tmp_path / "report.html", "--learners", "90", "--json"))["recovery"]
    body = without_style((tmp_path / "report.html").read_text(encoding="utf-8"))
    table = re.search(r"<h2>Coverage by ability</h2>.*?<tbody>(.*?)</tbody>", body, flags=re.DOTALL)
    assert table is not None
    rows = [
        re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row)
        for row in re.findall(r"<tr>(.*?)</tr>", table.group(1), flags=re.DOTALL)
    ]
    for name in ("eap", "wle"):
        own = [row for row in rows if row[0] == name.upper()]
        assert [row[1] for row in own][-1] == "all"
        expected = [*facts[name]["by_theta"], facts[name]["all"]]
        assert sum(one["n_persons"] for one in expected[:-1]) == expected[-1]["n_persons"] == 90
        for row, one in zip(own, expected, strict=True):
            assert row[2:4] == [f"{one['n_persons']:,}", number(one["bias"])]
            assert row[5:8] == [number(one["se"]), number(one["rmse"]), f"{one['coverage']:.1%}"]


def test_a_missing_value_breaks_the_line_and_is_a_dash_in_the_table() -> None:
    values = [0.1, float("nan"), 0.3, 0.4]
    plot = lines(
        [0.0, 1.0, 2.0, 3.0], [Series("bias", values)], x_label="x", y_label="y", alternative="Four values."
    )
    path = re.search(r'class="line line-0" d="([^"]+)"', plot)
    assert path is not None
    assert path.group(1).count("M") == 2
    assert plot.count("<circle") == 3
    drawn = figure("Bias", "Words.", plot, Cells(("x", "bias"), [(1, number(values[1]))]))
    assert '<td class="figure">–</td>' in drawn


def test_text_from_the_bank_cannot_become_markup() -> None:
    drawn = figure(
        "A < B",
        "a & b",
        lines([0.0, 1.0], [], x_label="<x>", y_label='"', alternative='"><b>'),
        Cells(("<i>",), [("<script>",)]),
    )
    assert not re.search(r"<(?:i|b|x|script)>", drawn)
    assert "A &lt; B" in drawn


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-4.0, 4.0), (0.0, 0.27), (-0.43, 0.82), (0.5, 302.0)])
def test_ticks_are_round_evenly_spaced_and_inside(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 3 <= len(found) <= 9
    assert low - 1e-9 <= found[0]
    assert found[-1] <= high + 1e-9
    steps = {round(two - one, 9) for one, two in pairwise(found)}
    assert len(steps) == 1
    assert f"{steps.pop():.0e}"[0] in "125"


@pytest.mark.journey
def test_a_report_opens_in_a_browser_without_complaint_and_without_an_accessibility_fault(
    tmp_path: Path,
) -> None:
    simulate(tmp_path / "report.html", "--learners", "60", "--against", "pix")
    executable = shutil.which("chromium")
    assert executable is not None, "Chromium was not found; `make test` installs it when run as root"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        people = Browsers(browser)
        page = people.page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "report.html").as_uri())
        found = audit.faults(page, "report")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found += audit.faults(page, "report with its tables")
        widths = page.eval_on_selector_all(
            ".plot", "nodes => nodes.map(n => n.getBoundingClientRect().width)"
        )
        people.close()
        browser.close()
    assert found == []
    assert people.complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert len(widths) == len(TITLES)
    assert min(widths) > 500
