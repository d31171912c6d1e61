"""What happens to a sitting in a real browser when the server dies, the browser closes, a second tab opens, time runs out."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import Error as PlaywrightError

from tests.conftest import Published
from tests.faults.facts import History, history
from tests.faults.server import ServedDatabase
from tests.journeys import database
from tests.journeys.candidate import RESULT, Candidate, assert_kept, same
from tests.journeys.conftest import Browsers

OFFLINE = "[data-offline]"
SAVED = "[data-saved]"


def deadline_of(stored: History):  # noqa: ANN201
    return stored.sitting.deadline_at


class Interrupted(Candidate):
    """A candidate whose server dies: before the answer is sent, while it is, or after."""

    def __init__(self, page: Page, server: ServedDatabase, seed: int) -> None:
        super().__init__(page, server.address, seed)
        self.server = server
        self.clock_errors: list[float] = []
        self.own_error_pages = 0

    def answer_and_lose_the_server_before_sending(self) -> None:
        """The banner shows, the answer waits on this device and leaves by itself once the server is back."""
        position = self.position
        assert position is not None
        if self.rng.random() < 0.5:
            self.given[position] = self.fill_in()
            self.server.kill()
        else:
            self.server.kill()
            self.given[position] = self.fill_in()
        self.send()
        expect(self.page.locator(OFFLINE)).to_be_visible(timeout=15_000)
        assert same(self.given[position], self.entered())
        with self.page.expect_navigation(wait_until="load", timeout=60_000):
            self.server.start()
        self._moved_on_from(position)

    def answer_while_the_server_dies(self) -> None:
        """Wherever the blow falls, the answer is either stored or still in the form."""
        position = self.position
        assert position is not None
        self.given[position] = self.fill_in()
        blow = threading.Timer(self.rng.uniform(0.0, 0.25), self.server.kill)
        blow.start()
        self.send()
        blow.join()
        self.server.start()
        self._come_through(position)

    def lose_the_server_between_two_questions(self) -> None:
        """The same question, the same draft, the same remaining time."""
        position, item = self.position, self.item
        assert position is not None
        draft = self.fill_in()
        expect(self.page.locator(SAVED)).to_have_attribute("data-state", "saved")
        self.server.restart()
        self.page.reload()
        assert (self.position, self.item) == (position, item)
        assert same(draft, self.entered())
        self.given[position] = draft
        with self.page.expect_navigation(wait_until="load"):
            self.send()
        self._moved_on_from(position)

    def _come_through(self, position: int) -> None:
        """After the server came back: wait for the page, or come back as a person would who sees a dead page."""
        began = time.monotonic()
        while time.monotonic() - began < 45:
            try:
                if self.page.url.startswith("chrome-error:"):
                    self.own_error_pages += 1
                    self.page.goto(self.last_home)
                if self.page.query_selector(RESULT) or self.position not in (None, position):
                    break
                if self.position == position and not self.page.locator(OFFLINE).is_visible():
                    ...
            except PlaywrightError:
                pass
            self.page.wait_for_timeout(50)
