"""Programs hidden in questions: authored or imported, shown by the application in a browser, none of them runs.

No security header stands in the way here: the pages are served without any, so that it is the rendering that is
tried and not the browser's second line of defence.
"""

from __future__ import annotations

import contextlib
import html
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Dialog, Error, Page, Route, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.routing import Route as Path_
from starlette.testclient import TestClient

from app.delivery import service, show
from app.web.render import StaticAssets, render
from app.web.views import CorrectionView, OptionFeedback, QuestionView
from item_bank import qti, sheets
from item_bank.errors import RefusedImport
from item_bank.item import Item
from item_bank.presentation import explain, present
from item_bank.scoring import parse
from tests.app.web import samples
from tests.item_bank.hostile import DEFAULTS

pytestmark = pytest.mark.journey

PAYLOADS = (
    (Path(__file__).with_name("payloads.txt")).read_text(encoding="utf-8").removesuffix("\n").split("\n")
)
ON_A_PAGE = 40
FIELDS = {name: value for name, value in DEFAULTS.items() if name != "why"}
ORIGIN = "http://palier.test"
PROVOKE = """() => {
  for (const node of document.querySelectorAll("*"))
    for (const kind of ["mouseover", "pointerenter", "focus", "toggle", "animationstart", "load", "error", "begin"])
      node.dispatchEvent(new Event(kind));
  for (const link of document.querySelectorAll("a[href^='javascript' i], [formaction^='javascript' i]"))
    link.click();
}"""


def zone_item(number: int, texts: list[str]) -> Item:
    """An item that holds each text wherever an author may write: stem, zones, fields, body, options, whys."""
    # a mark of a zone within a payload would only be a mistake in a mark
    a, b, c, *others = (text.replace("[[", "[ [").replace("]]", "] ]") for text in texts)
    return Item.from_dict(
        FIELDS
        | {
            "id": f"D1C1-{number:03}",
            "interaction": "zone",
            "stem": "\n\n".join(texts),
            "document": {
                "title": a[:190],
                "kind": "email",
                "fields": [[others[0][:90], b], [others[1][:90], f"[[a|{a}]]"]],
                "body": "\n\n".join([*others, f"[[b|{b}]]", f"- [[c|{c}]]"]).replace("[[x", "[x"),
            },
            "options": [
                {"id": name, "text": f"{name} {text}", "why": "\n".join(texts)[:1_900]}
                for name, text in zip("abc", texts, strict=False)
            ],
            "key": ["a"],
            "rationale": "\n\n".join(reversed(texts)),
            "sources": texts[:5],
        }
    )


def choice_item(number: int, texts: list[str]) -> Item:
    """The same in a multiple choice."""
    return Item.from_dict(
        FIELDS
        | {
            "id": f"D1C1-{number:03}",
            "interaction": "multiple_choice",
            "stem": "\n\n".join(texts),
            "options": [
                {"id": name, "text": text, "why": text}
                for name, text in zip("abcdef", texts[-6:], strict=True)
            ],
            "key": ["a", "b"],
            "rationale": "\n\n".join(texts),
            "sources": texts[:5],
        }
    )


def authored() -> list[Item]:
    """Every payload in two items of different interactions."""
    items: list[Item] = []
    for number in range(0, len(PAYLOADS), ON_A_PAGE):
        texts = PAYLOADS[number : number + ON_A_PAGE]
        texts += PAYLOADS[: 8 - len(texts)] if len(texts) < 8 else []
        items += [zone_item(100 + number, texts), choice_item(500 + number, texts)]
    return items


def imported(items: list[Item]) -> list[Item]:
    """The same items through a QTI package, and through a spreadsheet where it can hold them."""
    package = list(qti.read_package(qti.write_package(items).data).items)
    sheet = list(sheets.read_sheet(sheets.write_csv(items).data))
    assert package == sorted(items, key=lambda item: item.id)
    assert len(sheet) == len(items) // 2
    return package + sheet


def from_another_tool() -> list[Item]:
    """Payloads as elements of a foreign item, where they are well-formed, and as its text."""
    items: list[Item] = []
    for number, text in enumerate(PAYLOADS):
        for words in (html.escape(text), text):
            xml = (
                f'<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="p{number}" '
                'title="x" adaptive="false" time-dependent="false"><qti-response-declaration identifier="R" '
                'cardinality="single" base-type="identifier"><qti-correct-response><qti-value>a</qti-value>'
                "</qti-correct-response></qti-response-declaration>"
                f"<qti-item-body><p>mot {words}</p>"
                '<qti-choice-interaction response-identifier="R">'
                + "".join(
                    f'<qti-simple-choice identifier="{name}">{name} {words}</qti-simple-choice>'
                    for name in "abc"
                )
                + "</qti-choice-interaction></qti-item-body></qti-assessment-item>"
            )
            try:
                items += qti.read_package(xml.encode(), defaults=DEFAULTS).items
            except RefusedImport:
                assert words is text, f"the text {text!r} alone is no reason to refuse"
    return items


def question(item: Item) -> QuestionView:
    """An item as the learner's page."""
    shown = service.Question(1, UUID(int=1), present(item, seed=1), item.stem[:80], 0, 0)
    page = samples.PAGES["question-single"]
    assert isinstance(page, QuestionView)
    return replace(page, item=show._item(shown))


def correction(item: Item) -> CorrectionView:
    """An item as the page that explains it."""
    field = "zones" if item.document else "choices"
    explained = explain(item, parse(item, {field: ["a"]}), seed=1)
    page = samples.PAGES["correction"]
    assert isinstance(page, CorrectionView)
    return replace(
        page,
        stem_html=present(item, seed=1).stem_html,
        response=explained.given_answer,
        right_answer=explained.right_answer,
        options=[
            OptionFeedback(
                text_html=option.html,
                chosen=option.chosen,
                expected=option.right is True,
                given_label=option.given,
                expected_label=option.expected,
                why_html=option.why_html,
                id=option.id,
            )
            for option in explained.options
        ],
        rationale_html=explained.rationale_html,
        sources=explained.sources,
        document=show._document(present(item, seed=1)),
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    assert executable, "Chromium is missing: `make development` provides it"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


class Watched:
    """A tab that notes every sign of a payload that ran: a call, a dialog, a request elsewhere."""

    def __init__(self, page: Page, pages: dict[str, str], client: TestClient) -> None:
        self.page = page
        self.signs: list[str] = []
        self.where = ""

        def answer(route: Route) -> None:
            url = route.request.url
            path = url.removeprefix(ORIGIN)
            if not url.startswith(ORIGIN):
                if not url.startswith(("data:", "blob:")):
                    self.signs.append(f"{self.where}: asked for {url}")
                route.fulfill(status=404, body="")
            elif path in pages:
                route.fulfill(body=pages[path], content_type="text/html; charset=utf-8")
            else:
                found = client.get(path)
                route.fulfill(
                    status=found.status_code,
                    body=found.content,
                    content_type=found.headers.get("content-type"),
                )

        page.expose_function("hit", lambda: self.signs.append(f"{self.where}: ran"))
        page.on("dialog", self.dialog)
        page.route("**/*", answer)

    def dialog(self, shown: Dialog) -> None:
        self.signs.append(f"{self.where}: dialog")
        shown.dismiss()

    def visit(self, path: str) -> None:
        self.where = path
        self.page.goto(ORIGIN + path, wait_until="load")
        # a payload that does run may lead the page away under our feet
        with contextlib.suppress(Error):
            self.page.evaluate(PROVOKE)
        self.page.wait_for_timeout(40)


def serving() -> TestClient:
    return TestClient(Starlette(routes=[Mount("/static", StaticAssets())]))


def rendered(views: dict[str, QuestionView | CorrectionView]) -> dict[str, str]:
    async def page(request: Request) -> Response:
        return render(request, views[request.url.path])

    with TestClient(Starlette(routes=[Path_("/{path:path}", page)])) as client:
        return {path: client.get(path).text for path in views}


def test_the_corpus_runs_where_nothing_is_cleaned(browser: Browser) -> None:
    """Without this, a detector that sees nothing would pass for a page that runs nothing."""
    pages = {f"/raw/{number}": f"<!doctype html><body><p>{text}</p>" for number, text in enumerate(PAYLOADS)}
    with serving() as client:
        watched = Watched(browser.new_page(), pages, client)
        ran = 0
        for path in list(pages)[::4]:
            before = len(watched.signs)
            watched.page.set_default_timeout(3_000)
            watched.visit(path)
            ran += len(watched.signs) > before
        watched.page.close()
    assert len(PAYLOADS) >= 200
    assert ran > len(pages) / 4 * 0.4


@pytest.mark.parametrize("origin", ["authored", "imported", "from another tool"])
def test_no_payload_runs_in_the_pages_of_the_application(browser: Browser, origin: str) -> None:
    items = from_another_tool() if origin == "from another tool" else authored()
    if origin == "imported":
        items = imported(items)
    views: dict[str, QuestionView | CorrectionView] = {}
    if origin == "from another tool":
        # single choices: several stems on a page, as many as there were on the others
        assert len(items) > len(PAYLOADS)
        for number in range(0, len(items), ON_A_PAGE):
            group = items[number : number + ON_A_PAGE]
            first = question(group[0])
            options = [option for item in group for option in show._options(present(item, seed=1))]
            stems = "".join(present(item, seed=1).stem_html for item in group)
            views[f"/question/{number}"] = replace(
                first, item=replace(first.item, stem_html=stems, options=options)
            )
    else:
        for number, item in enumerate(items):
            views[f"/question/{number}"] = question(item)
            views[f"/correction/{number}"] = correction(item)
    pages = rendered(views)
    with serving() as client:
        watched = Watched(browser.new_page(), pages, client)
        for path in pages:
            watched.visit(path)
            assert watched.page.locator("h1").count() == 1
        watched.page.close()
    assert watched.signs == []
