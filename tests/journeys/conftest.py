"""A real browser against a real server: Debian's Chromium, `palier serve`, a published SQLite database."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.conftest import Published, SqliteTemplates
from tests.faults.server import ServedDatabase

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1280, "height": 860}

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class ChromiumMissing(RuntimeError):
    """No browser on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "Chromium was not found. `make test` installs it when run as root; otherwise: apt-get install chromium"
        )


class Browsers:
    """Makes browser profiles: each one a person, with cookies and storage of their own.

    What pages complain about (console errors, uncaught exceptions, content security policy) is kept in `complaints`.
    A reply of 4xx is one in Chromium's console too: those a journey provokes are not complaints.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []
        self.may_lose_connection = False
        self.may_be_unavailable = False

    def profile(self, **options: Any) -> BrowserContext:
        """A new profile; `options` are those of Playwright."""
        context = self._browser.new_context(**{"viewport": DESK, "locale": "fr-FR", **options})
        context.set_default_timeout(30_000)
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(f"exception: {error.error}"))
        self._contexts.append(context)
        return context

    def page(self, **options: Any) -> Page:
        """A tab in a new profile."""
        return self.profile(**options).new_page()

    def close(self) -> None:
        """Close every profile."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        refused = message.text.startswith("Failed to load resource: the server responded with a status of 4")
        away = message.text.startswith("Failed to load resource: the server responded with a status of 503")
        lost = message.text.startswith("Failed to load resource: net::ERR_")
        expected = refused or (lost and self.may_lose_connection) or (away and self.may_be_unavailable)
        if not expected:
            self.complaints.append(f"{message.text} ({message.location.get('url')})")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a journey."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="module")
def chromium(sqlite_templates: SqliteTemplates) -> Iterator[Browser]:
    """One browser process for the tests of a file; an error, never a skip, where there is none."""
    # Playwright's event loop occupies this thread as long as it is open: what needs a loop of its own comes first.
    sqlite_templates.published()
    executable = shutil.which("chromium")
    if executable is None:
        raise ChromiumMissing
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def access(sqlite_templates: SqliteTemplates) -> Published:
    """The access code and API key that every copy of the template holds."""
    return sqlite_templates.published()[1]


Serve = Callable[[Path], ServedDatabase]


def _served(templates: SqliteTemplates, folder: Path) -> ServedDatabase:
    file = templates.copy(templates.published()[0], folder / "palier.db")
    return ServedDatabase(templates.url(file), folder)


@pytest.fixture(scope="module")
def server(
    sqlite_templates: SqliteTemplates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedDatabase]:
    """A server for the tests of a file, that none of them kills."""
    with _served(sqlite_templates, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def mortal(sqlite_templates: SqliteTemplates, tmp_path: Path) -> Iterator[ServedDatabase]:
    """A server of this test's own, to be killed."""
    with _served(sqlite_templates, tmp_path) as running:
        yield running


@pytest.fixture
def browsers(chromium: Browser) -> Iterator[Browsers]:
    """Browser profiles; no page of the test may have complained."""
    made = Browsers(chromium)
    yield made
    made.close()
    assert made.complaints == []
