"""Practice in a real browser: each answer explained, an early stop, every question again at the end."""

from typing import Any
from uuid import UUID

import httpx2
from playwright.sync_api import expect

from tests.conftest import Published
from tests.faults.server import ServedDatabase
from tests.journeys import database
from tests.journeys.candidate import RESULT, Candidate, Given, assert_kept, right_response, wrong_response
from tests.journeys.conftest import Browsers

LENGTH = 12
SEEDS = 60


def pattern(item: dict[str, Any], position: int) -> Given:
    """Right, wrong, right, wrong: somebody in the middle of the scale, whose level is soon known."""
    return right_response(item) if position % 2 else wrong_response(item)


def seed_that_stops_early(
    server: ServedDatabase, access: Published, items: dict[UUID, dict[str, Any]]
) -> int:
    """A seed with which this pattern of answers ends before the last question, found by trying over the API."""
    with httpx2.Client(base_url=server.address, headers=access.authorization, timeout=30) as client:
        for seed in range(1, SEEDS):
            sitting = client.post("/v1/sittings", json={"design": "practice"}).raise_for_status().json()["id"]
            database.set_seed(server.url, UUID(sitting), seed)
            path = f"/v1/sittings/{sitting}"
            reply = client.post(f"{path}/start").raise_for_status().json()
            while (question := reply["question"]) is not None:
                position, item = question["position"], question["item"]["id"]
                body = {"position": position, "item": item, "response": pattern(items[UUID(item)], position)}
                headers = {"Idempotency-Key": f"{position}"}
                reply = client.post(f"{path}/responses", json=body, headers=headers).raise_for_status().json()
            if reply["position"] < LENGTH:
                return seed
    raise AssertionError(f"practice never stopped early with {SEEDS} seeds")


def test_practice_explains_each_answer_stops_early_and_lists_every_question(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    by_index = database.items(server.url)
    items = {version: by_index[index] for version, index in database.versions(server.url).items()}
    seed = seed_that_stops_early(server, access, items)
    candidate = Candidate(browsers.page(), server.address)
    page = candidate.page
    candidate.choose_practice()
    database.set_seed(server.url, candidate.sitting, seed)
    candidate.start()
    while (position := candidate.position) is not None:
        item = items[UUID(candidate.item)]
        candidate.answer(pattern(item, position))
        assert page.url.endswith(f"/correction/{position}")
        expect(page.locator("h1")).to_have_text(
            "C’est juste" if position % 2 else "Ce n’est pas la réponse attendue"
        )
        expect(page.locator(".rationale")).to_be_visible()
        assert len(page.locator(".rationale").inner_text()) > 40
        expect(page.locator(".sources li")).to_have_count(len(item["sources"]))
        with page.expect_navigation(wait_until="load"):
            page.locator("[data-next]").click()
    expect(page.locator(RESULT)).to_be_visible()
    assert len(candidate.given) < LENGTH
    expect(page.locator("footer.meta")).to_contain_text("la mesure était assez précise")
    lines = page.locator("ol.lines li")
    expect(lines).to_have_count(len(candidate.given))
    assert [line.locator(".verdict.right").count() for line in lines.all()] == [
        position % 2 for position in sorted(candidate.given)
    ]
    assert_kept(candidate, server)
    lines.nth(1).locator("a").click()
    expect(page.locator("h1")).to_have_text("Ce n’est pas la réponse attendue")


def test_a_certification_never_shows_a_correction(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = Candidate(browsers.page(), server.address, seed=23)
    candidate.enter(access.access_code)
    candidate.start()
    candidate.answer()
    assert candidate.position == 2
    reply = candidate.page.goto(f"{candidate.home}/correction/1")
    assert reply is not None
    assert reply.status == 404
