"""What a page is checked for: axe-core's rules in every view, no sideways scrolling at 320 pixels.

axe-core 4.14.1 is vendored (Mozilla Public License 2.0, see `axe/LICENSE`); it is a test's tool and is never served.
Set `PALIER_SCREENSHOTS` to a folder to keep a picture of every page in every view.
"""

import os
import re
from pathlib import Path
from typing import Any, Literal, NamedTuple

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
# WCAG 2.2 A and AA, and the French RGAA 4
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "RGAAv4"]
NARROW = 320
PICTURES = os.environ.get("PALIER_SCREENSHOTS")


class View(NamedTuple):
    """A window and a theme, and how the theme is asked for: by the device, or by the reader's choice."""

    width: int
    height: int
    theme: Literal["light", "dark"]
    chosen: bool


VIEWS = (
    View(1280, 860, "light", chosen=False),
    View(1280, 860, "dark", chosen=False),
    View(390, 844, "light", chosen=True),
    View(390, 844, "dark", chosen=True),
)

RUN = """async (tags) => {
  const found = await axe.run({ runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
  return found.violations.map(({ id, nodes }) => [id, nodes.map((node) => [node.html, node.failureSummary])]);
}"""
WIDER_THAN_WINDOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > width + 1)
    .slice(-3).map((node) => node.outerHTML.slice(0, 120));
}"""


def violations(page: Page) -> list[str]:
    """What axe-core holds against the page as it stands."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    found: list[tuple[str, list[Any]]] = page.evaluate(RUN, TAGS)
    return [f"{rule}: {html} – {summary}" for rule, nodes in found for html, summary in nodes]


def faults(page: Page, name: str) -> list[str]:
    """Everything wrong with a page in every view; it is left as it was found."""
    found = []
    size = page.viewport_size
    assert size is not None
    theme = page.evaluate("document.documentElement.dataset.theme ?? ''")
    for view in VIEWS:
        page.set_viewport_size({"width": view.width, "height": view.height})
        page.emulate_media(color_scheme="light" if view.chosen else view.theme)
        _set_theme(page, view.theme if view.chosen else "")
        label = f"{name} {view.width} {view.theme}"
        found += [f"{label}: {violation}" for violation in violations(page)]
        _picture(page, label)
    page.set_viewport_size({"width": NARROW, "height": 640})
    page.emulate_media(color_scheme="light")
    found += [f"{name} {NARROW}: wider than the window: {node}" for node in page.evaluate(WIDER_THAN_WINDOW)]
    _picture(page, f"{name} {NARROW}")
    page.set_viewport_size(size)
    _set_theme(page, theme)
    return found


def _set_theme(page: Page, theme: str) -> None:
    page.evaluate(
        "(t) => { if (t) document.documentElement.dataset.theme = t;"
        " else delete document.documentElement.dataset.theme; }",
        theme,
    )


def _picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(
            path=Path(PICTURES) / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.png", full_page=True
        )
