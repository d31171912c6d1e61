"""A certification in a real browser while its server is killed with SIGKILL: no answer lost, none counted twice."""

import threading
import time

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.conftest import Published
from tests.faults.server import ServedDatabase
from tests.journeys.candidate import OFFLINE, RESULT, SAVED, Candidate, assert_kept, deadline_of, same
from tests.journeys.conftest import Browsers

ERROR_PAGE = "chrome-error:"
PATIENCE = 45.0


class Unlucky(Candidate):
    """A candidate whose server is killed: before the answer is sent, while it is, or between two questions."""

    def __init__(self, page: Page, server: ServedDatabase, seed: int) -> None:
        super().__init__(page, server.address, seed)
        self.server = server
        self.error_pages = 0

    def lose_the_server_before_sending(self) -> None:
        """The banner shows, the answer waits on this device and leaves by itself once the server is back."""
        position = self._standing()
        if self.rng.random() < 0.5:
            self.given[position] = self.fill_in()
            self.server.kill()
        else:
            self.server.kill()
            self.given[position] = self.fill_in()
        self.send()
        expect(self.page.locator(OFFLINE)).to_be_visible(timeout=15_000)
        assert same(self.given[position], self.entered())
        self.server.start()
        self._come_through(position)

    def lose_the_server_while_sending(self) -> None:
        """Wherever the blow falls, the answer is stored, or on its way, or found again in the form."""
        position = self._standing()
        self.given[position] = self.fill_in()
        if self.rng.random() < 0.5:
            expect(self.page.locator(SAVED)).to_have_attribute("data-state", "saved")
        blow = threading.Timer(self.rng.uniform(0.0, 0.12), self.server.kill)
        blow.start()
        self.page.locator("[data-submit]").click(no_wait_after=True)
        blow.join()
        self.server.start()
        self._come_through(position)

    def lose_the_server_between_two_questions(self) -> None:
        """The same question and the same draft."""
        position, item = self._standing(), self.item
        draft = self.given[position] = self.fill_in()
        expect(self.page.locator(SAVED)).to_have_attribute("data-state", "saved")
        self.server.restart()
        self.page.reload()
        assert (self.position, self.item) == (position, item)
        assert same(draft, self.entered())
        self.send()
        self._come_through(position)

    def _standing(self) -> int:
        position = self.position
        assert position is not None
        if self.page.locator("[data-timer-toggle]").is_hidden():
            self.page.reload()  # the page arrived, its script died with the server
        return position

    def _come_through(self, position: int) -> None:
        """Wait for the next page; at the browser's own error page do what a person does: load it again."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            try:
                if self.page.url.startswith(ERROR_PAGE):
                    self.error_pages += 1
                    self.page.reload()
                    if self.position == position:
                        assert same(self.given[position], self.entered())
                        self.send()
                if self.page.query_selector(RESULT) or self.position not in (None, position):
                    self.page.wait_for_load_state()
                    return
            except PlaywrightError:
                pass  # the page changed while it was read
            time.sleep(0.05)
        raise AssertionError(f"question {position} is still being shown {PATIENCE:.0f} s after the restart")


def test_a_certification_survives_its_server_being_killed_again_and_again(
    mortal: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    browsers.may_lose_connection = True
    candidate = Unlucky(browsers.page(), mortal, seed=5)
    candidate.enter(access.access_code)
    candidate.start()
    sitting, deadline = candidate.sitting, deadline_of(mortal, candidate)
    blows = [
        candidate.lose_the_server_before_sending,
        candidate.lose_the_server_while_sending,
        candidate.lose_the_server_between_two_questions,
    ] * 2
    candidate.rng.shuffle(blows)
    struck = dict(zip(sorted(candidate.rng.sample(range(2, 32), len(blows))), blows, strict=True))
    while (position := candidate.position) is not None:
        if position in struck:
            struck[position]()
            if candidate.position is not None:
                assert candidate.countdown_error(deadline) <= 1
        else:
            candidate.answer()
    print(f"kills {mortal.kills}, browser error pages {candidate.error_pages}")  # noqa: T201
    assert mortal.kills == len(blows)
    assert sorted(candidate.given) == list(range(1, 33))
    assert candidate.sitting == sitting
    assert deadline_of(mortal, candidate) == deadline
    assert_kept(candidate, mortal)
