"""The script in a real browser, against the sample pages: what it saves, when it waits, what the keyboard does."""

import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from app.web.render import StaticAssets, render
from app.web.views import QuestionView
from tests.app.web import samples

pytestmark = pytest.mark.journey

AXE = Path(__file__).parents[2] / "journeys" / "axe" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "RGAAv4", "best-practice"]
RUN_AXE = """async (tags) => {
  const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  return violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}"""
THEMES = ("light", "dark")
WIDTHS = (390, 1280)
# One page of each template and of each kind of field and message; all of them are run by the slow test.
REPRESENTATIVE = (
    "landing-error",
    "introduction",
    "tutorial-done",
    "question-document",
    "question-empty",
    "question-order",
    "question-match",
    "question-number",
    "question-zone",
    "correction",
    "correction-zone",
    "result",
    "message-conflict",
)

# polled, not awaited as a navigation: a second click may abort the first one and start it again
FINISHED = re.compile("/finish$")


@dataclass
class Site:
    """The sample pages behind a real server, and what was posted to it."""

    address: str = ""
    drafts: list[Any] = field(default_factory=list)
    answers: list[dict[str, str]] = field(default_factory=list)
    deadline: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(minutes=41))

    async def show(self, request: Request) -> Response:
        """A sample page; a timed question gets a deadline that runs."""
        view = samples.PAGES[request.path_params["name"]]
        now = datetime.now(UTC)
        if isinstance(view, QuestionView) and view.deadline:
            self.deadline = now + timedelta(seconds=float(request.query_params.get("left", "2460")))
            view = replace(view, now=now, deadline=self.deadline)
        return render(request, view)

    async def draft(self, request: Request) -> Response:
        """Keep a draft."""
        self.drafts.append(await request.json())
        now = datetime.now(UTC).isoformat()
        return JSONResponse({"saved_at": now, "now": now, "deadline": self.deadline.isoformat()})

    async def answer(self, request: Request) -> Response:
        """Take an answer and go on to another page."""
        self.answers.append({name: str(value) for name, value in (await request.form()).multi_items()})
        if request.headers["accept"] == "application/json":
            return JSONResponse({"next": "/page/finish"})
        return RedirectResponse("/page/finish", status_code=303)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The running site."""
    made = Site()
    sitting = "/epreuve/{sitting}"
    routes = [
        Route("/page/{name}", made.show),
        Route(sitting + "/brouillon", made.draft, methods=["POST"]),
        Route(sitting + "/repondre", made.answer, methods=["POST"]),
        Mount("/static", StaticAssets()),
    ]
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    made.address = f"http://127.0.0.1:{port}/page"
    yield made
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    executable = shutil.which("chromium")
    assert executable, "Chromium is missing: `make development` provides it"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A fresh profile, and nothing posted yet."""
    site.drafts.clear()
    site.answers.clear()
    made = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
    made.set_default_timeout(15_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab."""
    return context.new_page()


def test_the_question_has_the_focus_and_digits_choose_from_there(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-single")
    expect(page.locator("h1")).to_be_focused()
    page.keyboard.press("2")
    expect(page.locator("input[value=b]")).to_be_checked()
    expect(page.locator("input[value=b]")).to_be_focused()
    expect(page.locator("[data-saved]")).to_contain_text("Brouillon enregistré à")
    assert site.drafts == [{"position": 12, "item": "a1", "response": {"choice": "b"}}]
    page.keyboard.press("Enter")
    expect(page).to_have_url(FINISHED)
    assert [answer["choice"] for answer in site.answers] == ["b"]


def test_digits_outside_the_question_are_left_alone(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-single")
    page.locator("footer a").first.focus()
    page.keyboard.press("2")
    expect(page.locator("input[value=b]")).not_to_be_checked()


def test_a_double_click_sends_one_answer(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-single")
    page.keyboard.press("1")
    page.locator("[data-submit]").evaluate("(button) => { button.click(); button.click(); }")
    expect(page).to_have_url(FINISHED)
    assert len(site.answers) == 1


def test_an_answer_costs_one_request_however_short_the_wait_before_it(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-single")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url.rsplit('/', 1)[1]}"))
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page).to_have_url(FINISHED)
    assert [one for one in asked if not one.endswith(".svg")][:2] == ["POST repondre", "GET finish"]


def test_zones_are_checkboxes_in_their_document_and_enter_sends_them(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-zone")
    zones = page.locator("fieldset.zones input[type=checkbox]")
    assert zones.evaluate_all("(all) => all.map((one) => one.value)") == ["a", "b", "e", "c", "d"]
    expect(page.get_by_role("checkbox", name="Votre boîte sera suspendue")).not_to_be_checked()
    zones.nth(1).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(zones.nth(2)).to_be_focused()
    expect(page.locator("[data-saved]")).to_contain_text("enregistré à")
    assert site.drafts[-1]["response"] == {"zones": ["a", "b"]}
    page.keyboard.press("Enter")
    expect(page).to_have_url(FINISHED)
    assert [answer["zones"] for answer in site.answers] == ["b"]  # the last of the two fields called zones


def test_a_zone_is_a_target_of_24_pixels_whose_state_is_a_shape_and_shifts_nothing(
    page: Page, site: Site
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.address}/question-zone")
    look = """(node) => { const style = getComputedStyle(node), box = node.getBoundingClientRect();
      const tick = getComputedStyle(node.querySelector("input"), "::after").transform;
      return [box.width, box.height, style.borderStyle, tick]; }"""
    zone = page.locator(".zone").nth(1)
    before = zone.evaluate(look)
    height = page.evaluate("document.documentElement.scrollHeight")
    zone.click()
    after = zone.evaluate(look)
    assert min(before[:2]) >= 24
    assert after[:2] == before[:2]
    assert page.evaluate("document.documentElement.scrollHeight") == height
    assert (before[2], after[2]) == ("dashed", "solid")
    assert before[3] != after[3]


def test_a_single_zone_is_chosen_by_radio_buttons(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-zone-one")
    page.locator("input[value=c]").check()
    page.locator("input[value=d]").check()
    expect(page.locator("input[name=zones]:checked")).to_have_count(1)


def test_the_list_numbers_the_zones_of_the_document_and_digits_choose_from_it(
    page: Page, context: BrowserContext, site: Site
) -> None:
    context.add_cookies([{"name": "zones", "value": "list", "url": site.address}])
    page.goto(f"{site.address}/question-zone")
    expect(page.locator(".document input")).to_have_count(0)
    numbers = page.locator(".document .zone-number b").all_inner_texts()
    assert numbers == ["1", "2", "3", "4", "5"]
    assert page.locator("[data-options] label").nth(3).inner_text() == "4. La demande de mot de passe"
    page.keyboard.press("4")
    expect(page.locator("input[value=c]")).to_be_checked()


def test_steps_are_ordered_by_buttons_and_arrows_with_the_place_announced(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-order")
    expect(page.locator("[data-order] ~ p")).to_contain_text("pas encore répondu")
    down = page.get_by_role("button", name="Descendre : Déposer plainte")
    down.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(down).to_be_focused()
    expect(page.locator("[data-order] ~ p")).to_contain_text("Place 3 sur 4")
    page.locator("[data-submit]").click()
    expect(page).to_have_url(FINISHED)
    assert {name: site.answers[0][f"order-{name}"] for name in "abcd"} == {
        "b": "1",
        "c": "2",
        "a": "3",
        "d": "4",
    }


def test_an_untouched_order_is_sent_as_no_answer(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-order")
    page.locator("[data-submit]").click()
    expect(page).to_have_url(FINISHED)
    assert {site.answers[0][f"order-{name}"] for name in "abcd"} == {""}


def test_without_connection_the_answer_is_kept_and_sent_once_when_it_is_back(
    page: Page, context: BrowserContext, site: Site
) -> None:
    page.goto(f"{site.address}/question-number")
    page.fill("[name=number]", "72")
    context.set_offline(True)
    page.locator("[data-submit]").click()
    expect(page.locator("[data-offline]")).to_be_visible()
    expect(page.locator("[name=number]")).to_have_value("72")
    context.set_offline(False)
    expect(page).to_have_url(FINISHED)
    assert [(answer["number"], answer["idempotency_key"]) for answer in site.answers] == [("72", "5a0c")]


def test_what_never_reached_the_server_is_found_again_after_a_crash(
    page: Page, context: BrowserContext, site: Site
) -> None:
    page.goto(f"{site.address}/question-text")
    context.set_offline(True)
    page.fill("#texte", "identifiant national de santé")
    expect(page.locator("[data-saved]")).to_have_text("Gardé sur cet appareil")
    # The tab dies without another word, as when the computer is switched off.
    page.route("**/brouillon", lambda route: route.abort())
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(f"{site.address}/question-text")
    expect(again.locator("#texte")).to_have_value("identifiant national de santé")
    expect(again.locator("[data-saved]")).to_contain_text("enregistré à")


def test_a_draft_left_on_the_device_does_not_outlive_the_sitting(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-text")
    page.fill("#texte", "INS")
    expect(page.locator("[data-saved]")).to_contain_text("enregistré à")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('draft')).length") == 1
    page.goto(f"{site.address}/result")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('draft')).length") == 0


def test_at_the_deadline_what_is_entered_is_sent_by_itself(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-single?left=3")
    page.keyboard.press("3")
    expect(page).to_have_url(FINISHED)
    assert [(answer["choice"], answer["auto"]) for answer in site.answers] == [("c", "1")]


def test_the_countdown_is_the_servers_whatever_the_clock_of_the_computer(page: Page, site: Site) -> None:
    page.clock.set_system_time(datetime(2031, 1, 1, tzinfo=UTC))
    page.goto(f"{site.address}/question-single?left=1200")
    minutes, seconds = page.locator("[data-timer-digits]").inner_text().split(":")
    shown = 60 * int(minutes) + int(seconds)
    assert abs((site.deadline - datetime.now(UTC)).total_seconds() - shown) <= 2


def test_the_countdown_can_be_hidden_and_stays_hidden(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-single")
    page.get_by_role("button", name="Masquer le temps").click()
    expect(page.locator("[data-timer-shown]")).to_be_hidden()
    page.reload()
    expect(page.locator("[data-timer-shown]")).to_be_hidden()
    page.get_by_role("button", name="Afficher le temps").click()
    expect(page.locator("[data-timer-shown]")).to_be_visible()


def test_the_older_of_two_tabs_steps_aside(page: Page, context: BrowserContext, site: Site) -> None:
    page.goto(f"{site.address}/question-single")
    newer = context.new_page()
    newer.goto(f"{site.address}/question-single")
    expect(page.locator("[data-other-tab]")).to_be_visible()
    expect(newer.locator("[data-other-tab]")).to_be_hidden()
    page.bring_to_front()
    page.locator("[data-take-over]").click()
    expect(newer.locator("[data-other-tab]")).to_be_visible()


def test_an_error_has_the_focus(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/question-number")
    expect(page.locator("#probleme")).to_be_focused()
    page.goto(f"{site.address}/landing-error")
    expect(page.locator("#code")).to_be_focused()


def test_the_theme_changes_on_the_spot_without_losing_what_is_typed(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/landing")
    page.fill("#code", "K7QM")
    page.get_by_role("button", name="Sombre").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("#code")).to_have_value("K7QM")


def test_the_trial_question_ticks_the_gestures_one_made(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/tutorial")
    page.keyboard.press("1")
    page.keyboard.press("1")
    done = page.locator("[data-checklist] .done")
    expect(done).to_have_count(3)
    assert set(page.locator("[name=gestures]").input_value().split()) == {"choose", "key", "change"}


def test_without_script_every_field_can_be_filled_and_sent(browser: Browser, site: Site) -> None:
    site.answers.clear()
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{site.address}/question-order")
    for place, name in enumerate("bdca", start=1):
        page.locator(f"[name=order-{name}]").select_option(str(place))
    page.locator("[data-submit]").click()
    expect(page).to_have_url(FINISHED)
    assert site.answers[0]["order-b"] == "1"
    page.goto(f"{site.address}/question-single")
    expect(page.locator("[data-timer-toggle]")).to_be_hidden()
    plain.close()


@pytest.mark.parametrize(
    "name", ["question-document", "question-match", "question-zone", "correction-zone", "result", "landing"]
)
def test_at_four_hundred_per_cent_nothing_scrolls_sideways(browser: Browser, site: Site, name: str) -> None:
    small = browser.new_context(viewport={"width": 320, "height": 256})
    page = small.new_page()
    page.goto(f"{site.address}/{name}")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    small.close()


def violations(
    browser: Browser, site: Site, theme: str, width: int, names: tuple[str, ...]
) -> dict[str, Any]:
    """What axe finds, and any sideways scroll, page by page."""
    opened = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    page = opened.new_page()
    engine = AXE.read_text(encoding="utf-8")
    found: dict[str, Any] = {}
    for name in names:
        page.goto(f"{site.address}/{name}")
        page.evaluate(engine)
        wrong = page.evaluate(RUN_AXE, TAGS)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append("scrolls sideways")
        if wrong:
            found[name] = wrong
    opened.close()
    return found


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_on_the_representative_pages(
    browser: Browser, site: Site, theme: str, width: int
) -> None:
    assert violations(browser, site, theme, width, REPRESENTATIVE) == {}


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_on_any_page(browser: Browser, site: Site, theme: str, width: int) -> None:
    assert violations(browser, site, theme, width, tuple(samples.PAGES)) == {}
