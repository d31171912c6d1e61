"""A host page on another site holds a test: by keyboard alone, with its events, its theme and its limits."""

import functools
import http.server
import json
import os
import re
import shutil
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page

from tests.conftest import ROOT, Published
from tests.faults.server import ServedDatabase
from tests.journeys.audit import VIEWS, _set_theme, violations
from tests.journeys.candidate import Candidate
from tests.journeys.conftest import ARGUMENTS, DESK, Browsers

SAMPLE = ROOT / "docs" / "examples" / "host.html"
PICTURES = os.environ.get("PALIER_SCREENSHOTS")
ADDRESS = "http://127.0.0.1:8000"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The folder of a host page, as `python -m http.server` serves it; its origin, on another site than the service."""
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=folder)
    ) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://localhost:{listening.server_address[1]}"
        listening.shutdown()
        thread.join()


def call(
    server: ServedDatabase, access: Published, method: str, path: str, body: dict[str, Any]
) -> dict[str, Any]:
    headers = access.authorization | {"Content-Type": "application/json"}
    request = urllib.request.Request(server.address + path, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as reply:
        found: dict[str, Any] = json.load(reply)
        return found


@pytest.fixture(scope="module")
def sample(server: ServedDatabase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample page of the guide, with the address of this test's service."""
    folder = tmp_path_factory.mktemp("host")
    page = SAMPLE.read_text(encoding="utf-8")
    assert ADDRESS in page
    (folder / "host.html").write_text(page.replace(ADDRESS, server.address), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def host(sample: Path) -> Iterator[str]:
    """The origin of the host."""
    with serving(sample) as origin:
        yield origin


@pytest.fixture(scope="module")
def allowed(server: ServedDatabase, access: Published, host: str) -> str:
    """The same, named by the institution."""
    body = {"frame_ancestors": [host]}
    call(server, access, "PATCH", f"/v1/institutions/{access.institution_id}", body)
    return host


def launch(server: ServedDatabase, access: Published, **body: Any) -> str:
    made: str = call(server, access, "POST", "/v1/launches", {"design": "certification"} | body)["launch_url"]
    return made


def inner(page: Page, url: str = "/epreuve/") -> Frame:
    """The frame of the test, once it is there."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('#events li')].some((li) => li.textContent === 'palier:ready')"
    )
    found = next(frame for frame in page.frames if frame is not page.main_frame)
    found.wait_for_load_state("load")
    assert url in found.url
    return found


def events(page: Page) -> list[str]:
    """What the frame told the host, heights apart."""
    told: list[str] = page.locator("#events li").all_text_contents()
    return [line for line in told if not line.startswith("palier:height")]


def heights(page: Page) -> list[int]:
    told: list[str] = page.locator("#events li").all_text_contents()
    return [int(line.split()[1]) for line in told if line.startswith("palier:height")]


class InFrame(Candidate):
    """A person whose test stands in a frame: the keyboard is the page's, what is read is the frame's."""

    def __init__(self, page: Page, frame: Frame) -> None:
        super().__init__(Framed(page, frame), "")  # type: ignore[arg-type]


class Framed:
    """The frame where a `Page` is expected."""

    def __init__(self, page: Page, frame: Frame) -> None:
        self._frame = frame
        self.keyboard = page.keyboard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._frame, name)


def opened_by_keyboard(page: Page, host: str, address: str, theme: str = "Sombre") -> Frame:
    page.goto(f"{host}/host.html")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(address)
    page.keyboard.press("Tab")
    page.keyboard.type(theme[0])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    return inner(page)


def settled(page: Page, frame: Frame) -> float:
    """The height of the frame once it is that of its page, which may still grow while fonts and scripts arrive."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        shown: float = page.evaluate("document.querySelector('iframe').getBoundingClientRect().height")
        if shown == frame.evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)"):
            return shown
        page.wait_for_timeout(50)
    pytest.fail(f"the frame is {shown} pixels high, and its page is not")


def faults(page: Page, frame: Frame, name: str) -> list[str]:
    """What axe holds against the frame and the page around it, in every view."""
    found = []
    for view in VIEWS:
        page.set_viewport_size({"width": view.width, "height": view.height})
        page.emulate_media(color_scheme=view.theme)
        page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", view.theme)
        _set_theme(frame, view.theme)  # type: ignore[arg-type]
        label = f"{name} {view.width} {view.theme}"
        found += [f"{label}: {violation}" for violation in violations(frame)]  # type: ignore[arg-type]
        found += [f"{label}, host: {violation}" for violation in violations(page)]
        if PICTURES:
            picture = re.sub(r"[^a-z0-9]+", "-", label.lower())
            page.screenshot(path=Path(PICTURES) / f"{picture}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 860})
    return found


def test_a_sitting_in_a_frame_by_keyboard_alone(
    browsers: Browsers, server: ServedDatabase, access: Published, allowed: str
) -> None:
    page = browsers.page()
    address = launch(server, access, return_url=f"{allowed}/host.html")
    frame = opened_by_keyboard(page, allowed, address)
    assert page.evaluate("document.activeElement.tagName") == "IFRAME"
    assert frame.evaluate("document.activeElement.matches('main, [data-heading]')")
    shown = page.locator("iframe")
    assert shown.get_attribute("title") == "Test de compétences numériques en santé"
    assert shown.get_attribute("allow") == ""
    assert frame.evaluate("document.documentElement.dataset.theme") == "dark"
    candidate = InFrame(page, frame)
    candidate.start()
    for position in (1, 2, 3):
        assert candidate.position == position
        candidate.answer_by_keyboard()
    page.locator("#events li", has_text="palier:answered 3").wait_for()  # messages arrive after the page
    assert events(page) == [
        "palier:ready",
        "palier:started",
        "palier:answered 1",
        "palier:answered 2",
        "palier:answered 3",
    ]
    candidate.tab_to("a[href$=terminer]")
    candidate.press_and_follow("Enter")
    candidate.tab_to("form[action$=terminer] button")
    candidate.press_and_follow("Enter")
    page.locator("#events li", has_text="palier:finished").wait_for()
    assert events(page)[-1] == "palier:finished"
    assert len(events(page)) == 6
    # the way back leaves the frame
    with page.expect_navigation(url=f"{allowed}/host.html"):
        candidate.tab_to("a[target=_top]")
        page.keyboard.press("Enter")
    assert candidate.focus_faults == []


def test_the_frame_is_as_high_as_its_page_and_no_higher_than_the_window(
    browsers: Browsers, server: ServedDatabase, access: Published, allowed: str
) -> None:
    page = browsers.page(viewport={"width": 1280, "height": 3000})
    frame = opened_by_keyboard(page, allowed, launch(server, access))
    height = "document.querySelector('iframe').getBoundingClientRect().height"
    first = settled(page, frame)
    with frame.expect_navigation(wait_until="load"):
        frame.locator("form[action$=commencer] button").click()
    page.wait_for_function(f"(h) => {height} !== h", arg=first)
    second = settled(page, frame)
    assert heights(page)[-1] == second
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight")
    page.set_viewport_size({"width": 390, "height": 600})
    page.wait_for_function(f"() => {height} === 600")
    # then the question scrolls in its frame, and its clock stays in sight
    frame.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert frame.evaluate("document.querySelector('[data-timer]').getBoundingClientRect().top >= 0")


def test_the_keyboard_comes_into_the_frame_when_it_is_asked_in_and_leaves_it_at_its_end(
    browsers: Browsers, server: ServedDatabase, access: Published, allowed: str
) -> None:
    page = browsers.page()
    page.goto(f"{allowed}/host.html")
    page.focus("input[name=launch]")
    page.evaluate(
        """(launch) => Palier.open("#test", { launch, onEvent({ type }) {
          document.querySelector("#events").append(Object.assign(document.createElement("li"), { textContent: type }));
        } })""",
        launch(server, access),
    )
    frame = inner(page)
    assert page.evaluate("document.activeElement.name") == "launch"
    assert not frame.evaluate("document.hasFocus()")
    for _ in range(3):  # theme, button, and in
        page.keyboard.press("Tab")
    assert frame.evaluate("document.hasFocus()")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "after":
            break
    assert page.evaluate("document.activeElement.id") == "after"
    page.keyboard.press("Shift+Tab")
    assert frame.evaluate("document.hasFocus()")


def test_a_theme_chosen_later_reaches_the_frame_and_the_pages_that_follow(
    browsers: Browsers, server: ServedDatabase, access: Published, allowed: str
) -> None:
    page = browsers.page()
    frame = opened_by_keyboard(page, allowed, launch(server, access), theme="Claire")
    theme = "document.documentElement.dataset.theme"
    assert frame.evaluate(theme) == "light"
    with page.expect_response("**/preferences"):
        page.select_option("[name=theme]", "dark")
    assert frame.evaluate(theme) == "dark"
    with frame.expect_navigation(wait_until="load"):
        frame.locator("form[action$=commencer] button").click()
    assert frame.evaluate(theme) == "dark"


def test_a_script_element_opens_a_test_where_it_stands(
    browsers: Browsers, server: ServedDatabase, access: Published, allowed: str, sample: Path
) -> None:
    tag = f'<script src="{server.address}/embed.js" data-launch="{launch(server, access)}" data-lang="en"></script>'
    hears = 'var told = []; addEventListener("palier:ready", () => told.push("ready"));'
    head = '<meta charset="utf-8"><title>Short</title><link rel="icon" href="data:,">'
    page_of_host = f'<!doctype html><html lang="en">{head}<script>{hears}</script><main>{tag}</main>'
    (sample / "short.html").write_text(page_of_host, encoding="utf-8")
    page = browsers.page()
    page.goto(f"{allowed}/short.html")
    page.wait_for_function("() => told.includes('ready')")
    frame = next(frame for frame in page.frames if frame is not page.main_frame)
    assert frame.evaluate("document.documentElement.lang") == "en"
    assert page.locator("main > div > iframe").get_attribute("title") == "Digital-health skills test"


def test_the_lines_of_the_guide_open_a_test(
    browsers: Browsers, server: ServedDatabase, access: Published, allowed: str, sample: Path
) -> None:
    guide = (ROOT / "docs" / "guides" / "integrate.md").read_text(encoding="utf-8")
    lines = guide.split("```html\n")[1].split("```")[0]
    lines = lines.replace("https://palier.example.org", server.address).replace("…", launch(server, access))
    head = '<meta charset="utf-8"><title>Guide</title><link rel="icon" href="data:,">'
    (sample / "guide.html").write_text(f'<!doctype html><html lang="en">{head}{lines}', encoding="utf-8")
    page = browsers.page()
    with page.expect_console_message(lambda message: message.text == "palier:ready"):
        page.goto(f"{allowed}/guide.html")


def test_a_host_that_is_not_named_is_refused_by_the_browser_and_spends_nothing(
    browsers: Browsers, server: ServedDatabase, access: Published, allowed: str, sample: Path
) -> None:
    address = launch(server, access)
    with serving(sample) as stranger:
        page = browsers.page()
        page.goto(f"{stranger}/host.html?launch={address}")
        page.get_by_role("button").click()
        page.locator("#events li", has_text="palier:error unreachable").wait_for()
    assert events(page) == ["palier:error unreachable"]
    assert any("frame-ancestors" in complaint for complaint in browsers.complaints)
    browsers.complaints.clear()
    other = browsers.page()
    other.goto(address)
    assert "/epreuve/" in other.url


def test_a_message_from_anybody_else_moves_nothing(
    browsers: Browsers, server: ServedDatabase, access: Published, allowed: str
) -> None:
    page = browsers.page()
    opened_by_keyboard(page, allowed, launch(server, access))
    before = page.locator("#events li").count()
    page.evaluate(
        "postMessage({ palier: 1, status: 'finished', answered: 32, height: 2000 }, location.origin)"
    )
    page.evaluate("new Promise((done) => setTimeout(done, 200))")
    assert page.locator("#events li").count() == before


def test_a_used_link_says_so_in_the_frame(
    browsers: Browsers, server: ServedDatabase, access: Published, allowed: str
) -> None:
    address = launch(server, access)
    browsers.page().goto(address)
    page = browsers.page(reduced_motion="reduce")
    page.goto(f"{allowed}/host.html?launch={address}")
    page.get_by_role("button").click()
    page.locator("#events li", has_text="palier:error used").wait_for()
    frame = next(frame for frame in page.frames if frame is not page.main_frame)
    assert frame.locator("h1").text_content() == "Ce lien a déjà servi"
    assert faults(page, frame, "embedded used") == []


def test_framed_pages_have_nothing_against_them(
    browsers: Browsers, server: ServedDatabase, access: Published, allowed: str
) -> None:
    page = browsers.page(reduced_motion="reduce")  # a colour on its way to another is no colour of ours
    address = launch(server, access, return_url=f"{allowed}/host.html", accent="#8a1538")
    frame = opened_by_keyboard(page, allowed, address, theme="Claire")
    found = faults(page, frame, "embedded introduction")
    with frame.expect_navigation(wait_until="load"):
        frame.locator("form[action$=commencer] button").click()
    found += faults(page, frame, "embedded question")
    frame.goto(frame.url + "/terminer")
    with frame.expect_navigation(wait_until="load"):
        frame.locator("form[action$=terminer] button").click()
    found += faults(page, frame, "embedded result")
    assert found == []


@pytest.mark.parametrize("blocked", ["third-party", "all in the frame"])
def test_where_cookies_are_refused_the_test_goes_on(
    chromium: Browser,
    server: ServedDatabase,
    access: Published,
    allowed: str,
    tmp_path: Path,
    blocked: str,
) -> None:
    """Third-party cookies blocked: those of the frame are partitioned, and kept. All refused: a window of its own."""
    profile: dict[str, Any] = {"block_third_party_cookies": True, "cookie_controls_mode": 1}
    if blocked == "all in the frame":
        pattern = f"{server.address},{allowed}"
        profile["content_settings"] = {"exceptions": {"cookies": {pattern: {"setting": 2}}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps({"profile": profile}))
    context = chromium.browser_type.launch_persistent_context(
        tmp_path,
        executable_path=shutil.which("chromium"),
        args=ARGUMENTS,
        viewport=DESK,  # type: ignore[arg-type]
        reduced_motion="reduce",
        locale="fr-FR",
    )
    try:
        page = context.new_page()
        page.goto(f"{allowed}/host.html?launch={launch(server, access)}")
        page.get_by_role("button").click()
        if blocked == "third-party":
            frame = inner(page)
            InFrame(page, frame).start()
            InFrame(page, frame).answer_by_keyboard()
            page.locator("#events li", has_text="palier:answered 1").wait_for()
            return
        page.locator("#events li", has_text="palier:error cookies").wait_for()
        frame = next(frame for frame in page.frames if frame is not page.main_frame)
        assert frame.locator("h1").text_content() == "Le test s’ouvre dans une fenêtre à lui"
        assert faults(page, frame, "embedded without cookies") == []
        with context.expect_page() as opening:
            frame.get_by_role("link", name="Ouvrir le test").click()
        window = opening.value
        window.wait_for_url("**/epreuve/*")
        candidate = Candidate(window, server.address)
        candidate.start()
        candidate.answer_by_keyboard()
        assert candidate.position == 2
    finally:
        context.close()
