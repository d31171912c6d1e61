"""A sitting in a real browser when the server dies, the browser closes, a second tab opens, the time runs out."""

import threading
import time
from datetime import datetime
from uuid import UUID

import httpx2
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.conftest import Published
from tests.faults.facts import history
from tests.faults.server import ServedDatabase
from tests.journeys import database
from tests.journeys.candidate import QUESTION, RESULT, Candidate, assert_kept, same
from tests.journeys.conftest import Browsers

OFFLINE = "[data-offline]"
SAVED = "[data-saved]"
ERROR_PAGE = "chrome-error:"
PATIENCE = 45.0


def deadline_of(server: ServedDatabase, candidate: Candidate) -> datetime:
    """The deadline as stored."""
    deadline = history(server.url, candidate.sitting).sitting.deadline_at
    assert deadline is not None
    return deadline


def begin(page: Page, server: ServedDatabase, code: str, seed: int) -> Candidate:
    """A candidate who stands before the first question."""
    candidate = Candidate(page, server.address, seed)
    candidate.enter(code)
    candidate.start()
    return candidate


# The server dies


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
    print(f"kills {mortal.kills}, browser error pages {candidate.error_pages}")
    assert mortal.kills == len(blows)
    assert sorted(candidate.given) == list(range(1, 33))
    assert candidate.sitting == sitting
    assert deadline_of(mortal, candidate) == deadline
    assert_kept(candidate, mortal)


# The browser closes


def test_a_resume_code_finds_the_same_question_draft_and_time_in_another_browser(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    first = Candidate(browsers.page(), server.address, seed=6)
    first.enter(access.access_code)
    resume_code = first.page.locator(".code-shown").inner_text()
    first.start()
    for _ in range(3):
        first.answer()
    sitting, item, deadline = first.sitting, first.item, deadline_of(server, first)
    draft = first.fill_in()
    expect(first.page.locator(SAVED)).to_have_attribute("data-state", "saved")

    first.page.reload()
    assert (first.position, first.item) == (4, item)
    assert same(draft, first.entered())
    assert first.countdown_error(deadline) <= 1
    first.page.context.close()

    second = Candidate(browsers.page(), server.address, seed=7)
    second.enter(resume_code)
    assert (second.sitting, second.position, second.item) == (sitting, 4, item)
    assert same(draft, second.entered())
    assert second.countdown_error(deadline) <= 1
    assert deadline_of(server, second) == deadline
    second.given = {**first.given, 4: draft}
    with second.page.expect_navigation(wait_until="load"):
        second.send()
    assert second.position == 5
    assert_kept(second, server)


def test_an_answer_typed_while_the_server_was_away_is_found_again_after_reload(
    mortal: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    browsers.may_lose_connection = True
    candidate = begin(browsers.page(), mortal, access.access_code, seed=8)
    mortal.kill()
    given = candidate.fill_in()
    expect(candidate.page.locator(SAVED)).to_have_attribute("data-state", "kept")
    mortal.start()
    candidate.page.reload()
    assert same(given, candidate.entered())
    expect(candidate.page.locator(SAVED)).to_have_attribute("data-state", "saved")


def test_the_browser_that_held_the_sitting_no_longer_does_once_it_is_resumed_elsewhere(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    first = Candidate(browsers.page(), server.address, seed=9)
    first.enter(access.access_code)
    resume_code = first.page.locator(".code-shown").inner_text()
    first.start()
    second = Candidate(browsers.page(), server.address, seed=9)
    second.enter(resume_code)
    reply = first.page.reload()
    assert reply is not None
    assert reply.status == 404
    assert second.position == 1


# Two tabs


def test_two_tabs_show_one_question_and_the_older_one_steps_back(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    old = begin(browsers.page(), server, access.access_code, seed=10)
    new = Candidate(old.page.context.new_page(), server.address, seed=11)
    new.page.goto(old.home)
    assert (new.position, new.item) == (old.position, old.item) == (1, old.item)
    expect(old.page.locator("[data-other-tab]")).to_be_visible()

    new.answer()
    old.fill_in()
    old.page.focus("[data-submit]")
    old.page.keyboard.press("Enter")
    old.page.wait_for_timeout(300)
    assert old.position == 1, "the older tab sends nothing"
    with old.page.expect_navigation(wait_until="load"):
        old.page.locator("[data-take-over]").click()
    assert (old.position, old.item) == (2, new.item)
    expect(new.page.locator("[data-other-tab]")).to_be_visible()
    old.answer()
    old.given = {**new.given, **old.given}
    assert_kept(old, server)


def test_of_two_answers_to_one_question_from_two_tabs_the_second_is_refused_politely(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    profile = browsers.profile(java_script_enabled=False)
    left = Candidate(profile.new_page(), server.address, seed=12)
    left.page.goto(server.address)
    left.page.fill("input[name=code]", access.access_code)
    left.page.press("input[name=code]", "Enter")
    left.page.locator("form[action$=commencer] button").click()
    right = Candidate(profile.new_page(), server.address, seed=13)
    for position in range(1, 6):
        right.page.goto(left.home)
        assert right.item == left.item
        left.answer()
        given = left.given[position]
        while same(given, right.fill_in()):
            right.page.reload()
        with right.page.expect_navigation(wait_until="load") as followed:
            right.send()
        assert followed.value.status == 409
        expect(right.page.locator("h1")).to_have_text("Cette question a déjà une réponse")
        right.page.locator("main .btn").click()
        assert (right.position, right.item) == (position + 1, left.item)
    assert_kept(left, server)


def test_the_same_answer_sent_by_two_tabs_at_once_counts_once(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = begin(browsers.page(), server, access.access_code, seed=14)
    for _ in range(8):
        position = candidate.position
        assert position is not None
        candidate.given[position] = candidate.fill_in()
        form = candidate.page.evaluate(
            f"""() => [...new FormData(document.querySelector("{QUESTION}"))]"""
        )
        replies = candidate.page.evaluate(
            """(form) => Promise.all([1, 2, 3].map(() => fetch(location.href + "/repondre", {
                 method: "POST", body: new URLSearchParams(form) }).then((reply) => reply.status)))""",
            form,
        )
        assert replies == [200, 200, 200]
        candidate.page.goto(candidate.home)
        assert candidate.position == position + 1
    assert_kept(candidate, server)


# The time runs out


def test_at_the_deadline_the_draft_is_sent_and_the_sitting_ends(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = begin(browsers.page(), server, access.access_code, seed=15)
    candidate.answer()
    deadline = database.leave_time(server.url, candidate.sitting, 6)
    candidate.page.reload()
    assert candidate.countdown_error(deadline) <= 1
    candidate.given[2] = candidate.fill_in()
    candidate.page.wait_for_selector(RESULT, timeout=30_000)
    assert "fin du temps" in candidate.page.locator("footer.meta").inner_text()
    stored = history(server.url, candidate.sitting)
    assert stored.sitting.finish_reason == "time"
    assert [response.outcome for response in stored.responses] == ["answered", "answered"]
    assert abs((stored.responses[1].received_at - deadline).total_seconds()) < 5
    assert_kept(candidate, server)


def test_at_the_deadline_an_empty_question_ends_the_sitting_without_an_answer(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = begin(browsers.page(), server, access.access_code, seed=16)
    candidate.answer()
    database.leave_time(server.url, candidate.sitting, 3)
    candidate.page.reload()
    candidate.page.wait_for_selector(RESULT, timeout=30_000)
    assert history(server.url, candidate.sitting).sitting.finish_reason == "time"
    assert_kept(candidate, server)


def test_an_answer_after_the_deadline_and_its_grace_is_refused_and_the_sitting_is_over(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    profile = browsers.profile(java_script_enabled=False)
    candidate = Candidate(profile.new_page(), server.address, seed=17)
    candidate.page.goto(server.address)
    candidate.page.fill("input[name=code]", access.access_code)
    candidate.page.press("input[name=code]", "Enter")
    candidate.page.locator("form[action$=commencer] button").click()
    candidate.answer()
    candidate.fill_in()
    database.leave_time(server.url, candidate.sitting, -10)
    with candidate.page.expect_navigation(wait_until="load") as followed:
        candidate.send()
    assert followed.value.status == 409
    expect(candidate.page.locator("h1")).to_have_text("Cette épreuve est terminée")
    candidate.page.locator("main .btn").click()
    expect(candidate.page.locator(RESULT)).to_be_visible()
    stored = history(server.url, candidate.sitting)
    assert (stored.sitting.status, stored.sitting.finish_reason) == ("finished", "time")
    assert [r.position for r in stored.responses if r.score is not None] == [1]
    assert server.replay(candidate.sitting) == "identical"


def test_an_overdue_sitting_nobody_looks_at_is_closed(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = begin(browsers.page(), server, access.access_code, seed=18)
    candidate.answer()
    sitting = candidate.sitting
    candidate.page.close()
    database.leave_time(server.url, sitting, -10)
    began = time.monotonic()
    while history(server.url, sitting).sitting.status != "finished":
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.2)
    stored = history(server.url, sitting)
    assert stored.sitting.finish_reason == "time"
    assert stored.faults() == []


def test_the_api_refuses_an_answer_after_the_deadline(server: ServedDatabase, access: Published) -> None:
    with httpx2.Client(base_url=server.address, headers=access.authorization, timeout=30) as client:
        sitting = client.post("/v1/sittings", json={"design": "practice"}).json()
        started = client.post(f"/v1/sittings/{sitting['id']}/start").json()
        item = started["question"]["item"]
        database.leave_time(server.url, UUID(started["id"]), -10)
        reply = client.post(
            f"/v1/sittings/{sitting['id']}/responses",
            json={"position": 1, "item": item["id"], "response": None},
            headers={"Idempotency-Key": "late"},
        )
        assert (reply.status_code, reply.json()["code"]) == (409, "time_over")
        assert client.get(f"/v1/sittings/{sitting['id']}").json()["status"] == "finished"
