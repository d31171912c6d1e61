"""The report of a calibration in a real browser: light and dark, on a desk and on a phone, no axe violation."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands import run_report
from tests.app.calibration.reported import page_of, partial_credit, planted, report_of
from tests.journeys import audit
from tests.journeys.conftest import Browsers

SECTIONS = 15


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One report of adaptive sittings with DIF, drift and impact; one of partial credit where no bank is installed."""
    folder = tmp_path_factory.mktemp("reports")
    texts = {
        "calibration of a bank": run_report.page(report_of(planted(folder))),
        "calibration of partial credit": page_of(partial_credit(folder), "sex"),
    }
    found = {}
    for name, text in texts.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(text, encoding="utf-8")
    return found


@pytest.mark.parametrize("name", ["calibration of a bank", "calibration of partial credit"])
def test_a_report_opens_without_complaint_request_or_accessibility_fault(
    pages: dict[str, Path], browsers: Browsers, name: str
) -> None:
    page = browsers.page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages[name].as_uri())
    found = audit.faults(page, name)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found += audit.faults(page, f"{name} with its tables")
    assert found == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    widths = page.eval_on_selector_all(".plot", "nodes => nodes.map(n => n.getBoundingClientRect().width)")
    assert min(widths) > 500
    links = page.locator("nav[aria-label=Contents] a")
    assert links.count() == SECTIONS
    links.last.click()
    assert page.evaluate("document.querySelector(location.hash).getBoundingClientRect().top") < 900
