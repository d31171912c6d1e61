"""A sitting in a real browser when the database is held, the browser closes, a second tab opens, the time runs out."""

import time
from uuid import UUID

import httpx2
from playwright.sync_api import Page, expect

from tests.conftest import Published
from tests.faults.facts import history
from tests.faults.server import ServedDatabase
from tests.journeys import database
from tests.journeys.candidate import (
    OFFLINE,
    QUESTION,
    RESULT,
    SAVED,
    Candidate,
    assert_kept,
    deadline_of,
    same,
)
from tests.journeys.conftest import Browsers

PATIENCE = 45.0


def begin(page: Page, server: ServedDatabase, code: str, seed: int) -> Candidate:
    """A candidate who stands before the first question."""
    candidate = Candidate(page, server.address, seed)
    candidate.enter(code)
    candidate.start()
    return candidate


# The database is held


def test_an_answer_waits_while_something_else_holds_the_database(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    browsers.may_be_unavailable = True
    candidate = begin(browsers.page(), server, access.access_code, seed=19)
    with database.held(server.url):
        candidate.given[1] = candidate.fill_in()
        candidate.send()
        expect(candidate.page.locator(OFFLINE)).to_be_visible(timeout=20_000)
        assert same(candidate.given[1], candidate.entered())
    candidate.page.wait_for_selector(f'{QUESTION}[data-position="2"]')
    assert_kept(candidate, server)


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
    old.page.bring_to_front()
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
    left.begin_with_the_pointer(access.access_code)
    right = Candidate(profile.new_page(), server.address, seed=13)
    for position in range(1, 6):
        right.page.goto(left.home)
        assert right.item == left.item
        left.page.bring_to_front()  # a tab behind another draws nothing, and Playwright waits for a drawing
        left.answer()
        right.page.bring_to_front()
        given = left.given[position]
        right.fill_in(next(other for other in iter(right.some_response, None) if not same(given, other)))
        with right.page.expect_navigation(wait_until="load") as followed:
            right.send()
        assert followed.value.status == 409
        expect(right.page.locator("h1")).to_have_text("Cette question a déjà une réponse")
        with right.page.expect_navigation(wait_until="load"):
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
        form = candidate.page.evaluate(f"""() => [...new FormData(document.querySelector("{QUESTION}"))]""")
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
    deadline = database.leave_time(server.url, candidate.sitting, 10)
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
    candidate.begin_with_the_pointer(access.access_code)
    candidate.answer()
    given = candidate.fill_in()
    database.leave_time(server.url, candidate.sitting, -10)
    with candidate.page.expect_navigation(wait_until="load") as followed:
        candidate.send()
    assert followed.value.status == 409
    expect(candidate.page.locator("h1")).to_have_text("Cette épreuve est terminée")
    candidate.page.locator("main .btn").click()
    expect(candidate.page.locator(RESULT)).to_be_visible()
    stored = history(server.url, candidate.sitting)
    assert (stored.sitting.status, stored.sitting.finish_reason) == ("finished", "time")
    assert [response.outcome for response in stored.responses] == ["answered", "late"], "kept, not scored"
    assert same(given, stored.responses[1].response)
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
