"""Every page and every state of it, light and dark, on a desk and on a phone: no axe violation, no sideways scroll."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Published
from tests.faults.server import ServedDatabase
from tests.journeys import audit, database
from tests.journeys.candidate import QUESTION, Candidate, Given, right_response, wrong_response
from tests.journeys.conftest import Browsers

INTERACTIONS = ("single_choice", "multiple_choice", "order", "match", "short_text", "numeric", "zone")
Items = dict[int, dict[str, Any]]


@pytest.fixture(scope="module")
def items(server: ServedDatabase) -> Items:
    """The items of the published bank."""
    return database.items(server.url)


def longest(items: Items, wanted: Callable[[dict[str, Any]], bool]) -> int:
    """The wordiest item of a kind: the hardest to lay out."""
    return max((i for i, item in items.items() if wanted(item)), key=lambda i: len(str(items[i])))


def of_interaction(interaction: str) -> Callable[[dict[str, Any]], bool]:
    """Items of one interaction, outside testlets."""
    return lambda item: item["interaction"] == interaction and not item.get("testlet")


@pytest.fixture
def candidate(server: ServedDatabase, access: Published, browsers: Browsers) -> Candidate:
    """Somebody before the first question of a certification."""
    made = Candidate(browsers.page(reduced_motion="reduce"), server.address)
    made.enter(access.access_code)
    made.start()
    return made


def at_item(candidate: Candidate, server: ServedDatabase, index: int) -> Page:
    """The same question page, with another item on it."""
    database.show_item(server.url, candidate.sitting, index)
    candidate.page.goto(candidate.home)
    return candidate.page


class Office:
    """An institution that takes sittings over the API and looks at them in a browser."""

    def __init__(self, server: ServedDatabase, access: Published, items: Items) -> None:
        self.client = httpx2.Client(base_url=server.address, headers=access.authorization, timeout=30)
        versions = database.versions(server.url)
        self._item = {version: items[index] for version, index in versions.items()}

    def taken(
        self, design: str, answer: Callable[[dict[str, Any], int], Given | None], most: int = 99
    ) -> str:
        """The launch link of a finished sitting."""
        sitting = self.client.post("/v1/sittings", json={"design": design}).raise_for_status().json()
        path = f"/v1/sittings/{sitting['id']}"
        question = self.client.post(f"{path}/start").raise_for_status().json()["question"]
        while question is not None and question["position"] <= most:
            position = question["position"]
            body = {
                "position": position,
                "item": question["item"]["id"],
                "response": answer(self._item[UUID(question["item"]["id"])], position),
            }
            reply = self.client.post(
                f"{path}/responses", json=body, headers={"Idempotency-Key": str(position)}
            )
            question = reply.raise_for_status().json()["question"]
        self.client.post(f"{path}/finish").raise_for_status()
        return str(sitting["launch_url"])


@pytest.fixture
def office(server: ServedDatabase, access: Published, items: Items) -> Iterator[Office]:
    """The API's side of the server."""
    made = Office(server, access, items)
    yield made
    made.client.close()


def test_the_checker_finds_what_is_planted(browsers: Browsers) -> None:
    page = browsers.page()
    small = "display: inline-block; font-size: 6px; line-height: 6px"
    page.set_content(
        "<html><body><img src='data:,'><p style='color: #ccc; background: #fff'>pale</p>"
        f"<ul><li><a href='#a' style='{small}'>a</a><br><a href='#b' style='{small}'>b</a></ul>"
        "<input><div style='width: 2000px'>wide</div></body></html>"
    )
    rules = {violation.split(":")[0] for violation in audit.violations(page)}
    assert {"image-alt", "label", "color-contrast", "html-has-lang", "document-title", "target-size"} <= rules
    assert any("wider than the window" in fault for fault in audit.faults(page, "planted"))


def test_public_pages(server: ServedDatabase, browsers: Browsers) -> None:
    page = browsers.page(reduced_motion="reduce")
    found = []
    for path in (
        "",
        "comment-ca-marche",
        "accessibilite",
        "confidentialite",
        "styleguide",
        "v1/docs",
        "problems",
        "problems/not_found",
    ):
        reply = page.goto(f"{server.address}/{path}")
        assert reply is not None
        assert reply.ok
        found += audit.faults(page, path or "landing")
    assert found == []


def test_public_pages_in_english(server: ServedDatabase, browsers: Browsers) -> None:
    profile = browsers.profile(reduced_motion="reduce")
    profile.add_cookies([{"name": "lang", "value": "en", "url": server.address}])
    page = profile.new_page()
    found = []
    for path in ("", "comment-ca-marche", "accessibilite", "confidentialite"):
        page.goto(f"{server.address}/{path}")
        assert page.get_attribute("html", "lang") == "en"
        found += audit.faults(page, f"en {path or 'landing'}")
    assert found == []


def test_messages_of_the_first_page(server: ServedDatabase, browsers: Browsers) -> None:
    page = browsers.page(reduced_motion="reduce")
    expired = database.add_expired_code(server.url)
    found = []
    for name, code, status in (
        ("empty", "", 422),
        ("unknown", "AAAA-AAAA-AAAA", 404),
        ("expired", expired, 410),
    ):
        page.goto(server.address)
        page.fill("input[name=code]", code)
        with page.expect_navigation(wait_until="load") as followed:
            page.press("input[name=code]", "Enter")
        assert followed.value.status == status
        found += audit.faults(page, f"landing {name}")
    assert found == []


def test_pages_that_refuse(candidate: Candidate, server: ServedDatabase) -> None:
    page = candidate.page
    home, form = candidate.home, page.evaluate(f"[...new FormData(document.querySelector('{QUESTION}'))]")
    candidate.answer()

    def post(path: str, fields: list[list[str]]) -> int:
        with page.expect_navigation(wait_until="load") as followed:
            page.evaluate(
                """([action, fields]) => {
                  const form = document.body.appendChild(document.createElement("form"));
                  Object.assign(form, { method: "post", action, hidden: true });
                  for (const [name, value] of fields)
                    form.appendChild(Object.assign(document.createElement("input"), { name, value }));
                  form.submit();
                }""",
                [f"{home}/{path}", fields],
            )
        return int(followed.value.status)

    found = []
    reply = page.goto(f"{server.address}/nulle-part")
    assert reply is not None
    assert reply.status == 404
    found += audit.faults(page, "message 404")
    reply = page.goto(f"{server.address}/code")
    assert reply is not None
    assert reply.status == 405
    found += audit.faults(page, "message 405")
    page.goto(home)
    assert post("repondre", [*form, ["choice", "a"], ["number", "1"], ["text", "a"]]) == 409
    found += audit.faults(page, "message 409 answered")
    assert page.get_attribute("main .btn", "href") == f"/epreuve/{candidate.sitting}"
    page.goto(home)
    assert post("repondre", [["position", "un"]]) == 422
    found += audit.faults(page, "message 422")
    assert page.get_attribute("main .btn", "href") == f"/epreuve/{candidate.sitting}"
    page.goto(home)
    assert post("repondre", [["position", "1"], ["text", "a" * 100_000]]) == 413
    found += audit.faults(page, "message 413")
    database.leave_time(server.url, candidate.sitting, -10)
    assert (
        post(
            "repondre",
            [["position" if n == "position" else n, "2" if n == "position" else v] for n, v in form],
        )
        == 409
    )
    found += audit.faults(page, "message 409 ended")
    assert found == []


def test_before_the_start(server: ServedDatabase, access: Published, browsers: Browsers) -> None:
    candidate = Candidate(browsers.page(reduced_motion="reduce"), server.address)
    page, found = candidate.page, []
    candidate.enter(access.access_code)
    expect(page.locator("[data-check-network]")).to_be_visible()
    found += audit.faults(page, "introduction certification")
    page.goto(f"{candidate.home}/exercice")
    found += audit.faults(page, "tutorial")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.good")).to_be_visible()
    found += audit.faults(page, "tutorial done")
    candidate.choose_practice()
    found += audit.faults(page, "introduction practice")
    assert found == []


@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_questions(candidate: Candidate, server: ServedDatabase, items: Items, interaction: str) -> None:
    page = at_item(candidate, server, longest(items, of_interaction(interaction)))
    assert candidate.interaction == interaction
    found = audit.faults(page, f"question {interaction}")
    candidate.fill_in()
    found += audit.faults(page, f"question {interaction} filled in")
    assert found == []


def test_questions_beside_a_document(candidate: Candidate, server: ServedDatabase, items: Items) -> None:
    found = []
    for index in (
        longest(items, lambda item: bool(item.get("testlet")) and item["interaction"] == "match"),
        longest(items, lambda item: bool(item.get("testlet")) and item["interaction"] != "match"),
    ):
        page = at_item(candidate, server, index)
        expect(page.locator(".document")).to_be_visible()
        found += audit.faults(page, f"document {candidate.interaction}")
    assert found == []


def test_a_question_with_something_to_mend(
    candidate: Candidate, server: ServedDatabase, items: Items
) -> None:
    found = []
    page = at_item(candidate, server, longest(items, of_interaction("single_choice")))
    candidate.send()
    expect(page.locator("[name=confirm]")).to_be_visible()
    found += audit.faults(page, "problem empty")
    page = at_item(candidate, server, longest(items, of_interaction("numeric")))
    page.fill("input[name=number]", "beaucoup")
    candidate.send()
    expect(page.locator("#probleme")).to_be_visible()
    found += audit.faults(page, "problem number")
    page = at_item(candidate, server, longest(items, of_interaction("match")))
    page.locator("[name^=match-]").first.check()
    candidate.send()
    expect(page.locator("#probleme")).to_be_visible()
    found += audit.faults(page, "problem match")
    page.locator("details.report summary").click()
    found += audit.faults(page, "report open")
    page.fill("#signalement", "La consigne n’est pas claire.")
    page.locator("details.report button").click()
    expect(page.locator(".notice.good")).to_be_visible()
    found += audit.faults(page, "reported")
    page.goto(f"{candidate.home}/terminer")
    found += audit.faults(page, "finish")
    assert found == []


def test_a_question_whose_script_did_not_arrive(
    candidate: Candidate, server: ServedDatabase, items: Items, browsers: Browsers
) -> None:
    browsers.may_lose_connection = True
    candidate.page.context.route("**/*.js", lambda route: route.abort())
    page = at_item(candidate, server, longest(items, of_interaction("order")))
    found = audit.faults(page, "question order without script")
    for row in page.locator(".step-row select").all():
        row.select_option("1")
    candidate.send()
    expect(page.locator("#probleme")).to_be_visible()
    found += audit.faults(page, "problem order")
    assert found == []


def test_what_the_player_says_about_the_connection_and_the_other_tab(
    candidate: Candidate, browsers: Browsers
) -> None:
    browsers.may_lose_connection = True
    page = candidate.page
    candidate.fill_in()
    page.context.set_offline(True)
    expect(page.locator("[data-offline]")).to_be_visible()
    found = audit.faults(page, "offline")
    page.context.set_offline(False)
    other = page.context.new_page()
    other.goto(candidate.home)
    page.bring_to_front()
    expect(page.locator("[data-other-tab]")).to_be_visible()
    found += audit.faults(page, "other tab")
    page.locator("[data-timer-toggle]").click()
    found += audit.faults(page, "timer hidden")
    assert found == []


def test_corrections(server: ServedDatabase, items: Items, browsers: Browsers) -> None:
    candidate = Candidate(browsers.page(reduced_motion="reduce"), server.address)
    page, found = candidate.page, []
    candidate.choose_practice()
    candidate.start()
    seen: set[str] = set()  # the practice design asks one item of a competence at most
    for interaction in INTERACTIONS:
        wanted = of_interaction(interaction)
        index = longest(items, lambda item, wanted=wanted: wanted(item) and item["competence"] not in seen)  # type: ignore[misc]
        seen.add(items[index]["competence"])
        at_item(candidate, server, index)
        candidate.answer(wrong_response(items[index]))
        expect(page.locator(".outcome.wrong")).to_be_visible()
        found += audit.faults(page, f"correction {interaction} wrong")
        page.goto(candidate.home)
    index = longest(items, lambda item: not item.get("testlet") and item["competence"] not in seen)
    at_item(candidate, server, index)
    candidate.answer(right_response(items[index]))
    expect(page.locator(".outcome.right")).to_be_visible()
    found += audit.faults(page, "correction right")
    page.locator("[data-next]").click()
    candidate.send()
    page.locator("[name=confirm]").click()
    expect(page.locator(".outcome.omitted")).to_be_visible()
    found += audit.faults(page, "correction omitted")
    assert found == []


def test_results(office: Office, browsers: Browsers) -> None:
    page, found = browsers.page(reduced_motion="reduce"), []
    for name, design, most, answer in (
        ("mixed", "certification", 99, lambda item, n: (right_response if n % 2 else wrong_response)(item)),
        ("lowest", "certification", 99, lambda item, n: wrong_response(item)),
        ("highest", "certification", 99, lambda item, n: right_response(item)),
        ("too few", "certification", 3, lambda item, n: right_response(item)),
        (
            "practice",
            "practice",
            99,
            lambda item, n: None if n == 4 else (right_response if n % 2 else wrong_response)(item),
        ),
    ):
        page.goto(office.taken(design, answer, most))
        assert page.url.endswith("/resultat")
        for fold in page.locator("details").all():
            fold.locator("summary").click()
        found += audit.faults(page, f"result {name}")
    assert found == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_item_of_the_bank(candidate: Candidate, server: ServedDatabase, items: Items) -> None:
    found = []
    page = candidate.page
    for index, item in items.items():
        at_item(candidate, server, index)
        page.set_viewport_size({"width": 390, "height": 844})
        found += [f"{item['id']}: {violation}" for violation in audit.violations(page)]
        page.set_viewport_size({"width": audit.NARROW, "height": 640})
        found += [f"{item['id']}: wider than the window: {n}" for n in page.evaluate(audit.WIDER_THAN_WINDOW)]
    assert found == []
