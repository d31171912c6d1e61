"""Two players written by others: load an exported item, answer it by its own widgets, read its score."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Locator, Page, Route

from item_bank.item import Item

HERE = Path(__file__).parent
AMP_UP = HERE / "amp-up"
CITOLAB = HERE / "node_modules" / "@citolab" / "qti-components" / "cdn" / "index.global.js"
ORIGIN = "http://player.test"


class Player(Protocol):
    """What the tests ask of a player."""

    page: Page

    def load(self, item: Item) -> None:
        """Open an item of the package."""

    def choose(self, option: str) -> None:
        """Choose an option or a zone."""

    def write(self, text: str) -> None:
        """Fill the field of a text entry."""

    def classify(self, item: Item, option: str, category: str) -> None:
        """Tick the cell of an element and a category."""

    def arrange(self, item: Item, steps: tuple[str, ...]) -> None:
        """Put the steps in this order."""

    def score(self) -> tuple[float, float]:
        """End the attempt: SCORE and MAXSCORE."""


def serve(page: Page, package: bytes, more: Mapping[str, bytes]) -> None:
    """Answer every request of the page from memory: the package, the player, and nothing else."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        files = {f"/{name}": archive.read(name) for name in archive.namelist()}
    files |= more

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
        content = files.get(path)
        if not route.request.url.startswith(ORIGIN) or content is None:
            route.fulfill(status=404, body="")
            return
        kind = "text/javascript" if path.endswith(".js") else "application/xml"
        route.fulfill(body=content, content_type="text/html" if path == "/" else kind)

    page.route("**/*", answer)


def _page(body: str) -> bytes:
    return f'<!doctype html><html lang="fr"><meta charset="utf-8"><body>{body}</body></html>'.encode()


def _drag(page: Page, what: Locator, where: Locator) -> None:
    """Drag by the mouse in small steps, as the libraries of drag and drop expect."""
    what.scroll_into_view_if_needed()
    start, end = what.bounding_box(), where.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + start["width"] / 2 + 8, start["y"] + start["height"] / 2 + 8, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=12)
    page.mouse.up()


class AmpUp:
    """qti3-item-player, in Vue 2."""

    def __init__(self, page: Page, package: bytes) -> None:
        self.page = page
        # its cells have a size in its style sheet only, which is not needed otherwise
        start = """<style>.control-cell { width: 24px; height: 24px }</style>
          <div id="app"></div><script src="/vue.js"></script><script src="/player.js"></script><script>
          console.log = () => {};
          new Vue({render: (h) => h(qti3Player, {on: {
            notifyQti3PlayerReady: (player) => { window.player = player; },
            notifyQti3ItemReady: () => { window.ready = true; },
            notifyQti3EndAttemptCompleted: (ended) => { window.ended = ended; },
          }})}).$mount("#app");</script>"""
        more = {
            "/": _page(start),
            "/vue.js": (AMP_UP / "vue.min.js").read_bytes(),
            "/player.js": (AMP_UP / "qti3Player.umd.min.js").read_bytes(),
        }
        serve(page, package, more)

    def load(self, item: Item) -> None:
        self.page.goto(ORIGIN + "/")
        self.page.wait_for_function("() => window.player")
        self.page.evaluate(
            """async (url) => {
              const xml = await (await fetch(url)).text();
              window.player.loadItemFromXml(xml, {guid: "1", status: "interacting",
                sessionControl: {max_attempts: 0, show_feedback: true, validate_responses: false}});
            }""",
            f"/items/{item.id}.xml",
        )
        self.page.wait_for_function("() => window.ready")

    def choose(self, option: str) -> None:
        self.page.locator(f"[id$=_{option}]").click()

    def write(self, text: str) -> None:
        self.page.locator("input.text-entry-default").fill(text)

    def classify(self, item: Item, option: str, category: str) -> None:
        self.page.locator(f"[data-pair='{option} {category}']").click()

    def arrange(self, item: Item, steps: tuple[str, ...]) -> None:
        for place, step in enumerate(steps):
            for _ in range(len(steps)):
                shown = self.shown()
                if shown.index(step) == place:
                    break
                _drag(
                    self.page,
                    self.page.locator(f"[id$=_{step}]"),
                    self.page.locator(f"[id$=_{shown[place]}]"),
                )
                self.page.wait_for_timeout(250)
        assert self.shown() == list(steps)

    def shown(self) -> list[str]:
        found = self.page.locator("li.qti-simple-choice").evaluate_all(
            "(nodes) => nodes.map((node) => node.dataset.identifier || node.id.split('_').pop())"
        )
        return [str(name) for name in found]

    def score(self) -> tuple[float, float]:
        self.page.evaluate("() => { window.ended = null; window.player.endAttempt('score'); }")
        self.page.wait_for_function("() => window.ended")
        values = self.page.evaluate(
            "() => Object.fromEntries(window.ended.state.outcomeVariables.map((one) => [one.identifier, one.value]))"
        )
        return float(values["SCORE"] or 0), float(values["MAXSCORE"])


class Citolab:
    """@citolab/qti-components, web components."""

    def __init__(self, page: Page, package: bytes) -> None:
        self.page = page
        start = '<qti-item><item-container></item-container></qti-item><script src="/player.js"></script>'
        serve(page, package, {"/": _page(start), "/player.js": CITOLAB.read_bytes()})

    def load(self, item: Item) -> None:
        self.page.goto(ORIGIN + "/")
        self.page.locator("item-container").evaluate(
            "(container, url) => { container.itemURL = url; }", f"/items/{item.id}.xml"
        )
        self.page.locator("qti-item-body").wait_for()
        # the interaction is registered with the item once it was drawn
        self.page.wait_for_timeout(300)

    def choose(self, option: str) -> None:
        self.page.locator(f"qti-simple-choice[identifier={option}], qti-hottext[identifier={option}]").click()

    def write(self, text: str) -> None:
        field = self.page.locator("qti-text-entry-interaction input")
        field.press_sequentially(text)
        field.blur()

    def classify(self, item: Item, option: str, category: str) -> None:
        row = self.page.locator("qti-match-interaction tr").filter(has_text=item.option(option).text)
        headings = self.page.locator("qti-match-interaction th").all_inner_texts()
        wanted = next(one.text for one in item.categories if one.id == category)
        names = [name.strip() for name in headings if name.strip() in {one.text for one in item.categories}]
        row.locator("input").nth(names.index(wanted)).click(force=True)

    def arrange(self, item: Item, steps: tuple[str, ...]) -> None:
        for place, step in enumerate(steps):
            target = self.page.locator(f"drop-list[identifier=droplist{place}]")
            # as a hand does: a drag that missed is done again
            for _ in range(4):
                if target.locator(f"[identifier={step}]").count():
                    break
                _drag(self.page, self.page.locator(f"qti-simple-choice[identifier={step}]").first, target)
                self.page.wait_for_timeout(300)

    def score(self) -> tuple[float, float]:
        found = self.page.locator("qti-assessment-item").evaluate(
            """(item) => {
              item.processResponse();
              return [item.getOutcome("SCORE").value, item.getOutcome("MAXSCORE").value];
            }"""
        )
        return float(found[0] or 0), float(found[1])
