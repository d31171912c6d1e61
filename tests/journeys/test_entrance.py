"""The first pages in a real browser: codes, language, theme, the tutorial, the way out."""

from playwright.sync_api import expect

from tests.conftest import Published
from tests.faults.facts import history
from tests.faults.server import ServedDatabase
from tests.journeys import database
from tests.journeys.candidate import RESULT, Candidate
from tests.journeys.conftest import Browsers


def test_a_wrong_code_is_explained_and_may_be_mended(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    page = browsers.page()
    page.goto(server.address)
    field = page.locator("input[name=code]")
    for code, words in (
        ("", "Saisissez votre code"),
        ("bonjour", "Ce code n’existe pas"),
        ("AAAA-AAAA-AAAA", "Ce code n’existe pas"),
        (database.add_expired_code(server.url), "Ce code n’est plus valable"),
        ("<script>alert(1)</script>", "Ce code n’existe pas"),
    ):
        field.fill(code)
        with page.expect_navigation(wait_until="load"):
            field.press("Enter")
        expect(page.locator("#code-probleme")).to_contain_text(words)
        expect(field).to_have_value(code)
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
    field.fill(access.access_code.lower().replace("-", " "))
    field.press("Enter")
    expect(page.locator("form[action$=commencer]")).to_be_visible()


def test_guessing_codes_is_stopped(mortal: ServedDatabase, access: Published, browsers: Browsers) -> None:
    page = browsers.page()
    page.goto(mortal.address)
    statuses = []
    for _ in range(21):
        page.fill("input[name=code]", "AAAA-AAAA-AAAA")
        with page.expect_navigation(wait_until="load") as followed:
            page.press("input[name=code]", "Enter")
        statuses.append(followed.value.status)
    assert statuses == [404] * 20 + [429]
    expect(page.locator("#code-probleme")).to_contain_text("Attendez une minute")


def test_the_language_switch_turns_every_page_to_english_and_leaves_items_in_french(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = Candidate(browsers.page(), server.address)
    page = candidate.page
    page.goto(server.address)
    page.locator("button[name=lang][value=en]").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    candidate.enter(access.access_code)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    candidate.start()
    expect(page.locator("[data-submit]")).to_contain_text("Submit")
    expect(page.locator("#enonce")).to_have_attribute("lang", "fr")
    page.locator("button[name=lang][value=fr]").click()
    expect(page.locator("[data-submit]")).to_contain_text("Valider")
    assert candidate.position == 1


def test_the_chosen_theme_stays(server: ServedDatabase, browsers: Browsers) -> None:
    profile = browsers.profile(color_scheme="light")
    page = profile.new_page()
    page.goto(server.address)
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    with page.expect_response("**/preferences"):
        page.locator("button[name=theme][value=dark]").click()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark
    other = profile.new_page()
    other.goto(f"{server.address}/confidentialite")
    assert other.evaluate(paper) == dark
    expect(other.locator("button[name=theme][value=dark]")).to_have_attribute("aria-pressed", "true")
    with other.expect_response("**/preferences"):
        other.locator("button[name=theme][value=auto]").click()
    other.reload()
    assert other.evaluate(paper) == light


def test_theme_and_language_work_without_script(server: ServedDatabase, browsers: Browsers) -> None:
    page = browsers.page(java_script_enabled=False)
    page.goto(f"{server.address}/confidentialite")
    page.locator("button[name=theme][value=dark]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.locator("button[name=lang][value=en]").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url == f"{server.address}/confidentialite"


def test_the_tutorial_ticks_each_gesture_and_stores_nothing(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = Candidate(browsers.page(), server.address)
    page = candidate.page
    candidate.enter(access.access_code)
    with page.expect_navigation(wait_until="load"):
        page.locator("a[href$=exercice]").click()
    page.keyboard.press("2")
    page.keyboard.press("2")
    for gesture in ("choose", "key", "change"):
        expect(page.locator(f"[data-gesture={gesture}]")).to_have_class("done")
    page.keyboard.press("Enter")
    for gesture in ("choose", "key", "change", "submit"):
        expect(page.locator(f"[data-gesture={gesture}]")).to_have_class("done")
    page.locator(".notice .btn").click()
    expect(page.locator(".launch")).to_contain_text("Exercice d’essai : fait".replace(" :", "\u00a0:"))
    stored = history(server.url, candidate.sitting)
    assert (stored.sitting.status, stored.responses) == ("created", ())


def test_one_may_stop_before_the_end_and_is_told_what_it_costs(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = Candidate(browsers.page(), server.address, seed=20)
    page = candidate.page
    candidate.enter(access.access_code)
    candidate.start()
    candidate.answer()
    page.locator("a[href$=terminer]").click()
    expect(page.locator("main")).to_contain_text("Il en faut au moins 20")
    with page.expect_navigation(wait_until="load"):
        page.locator("main a.btn").click()
    assert candidate.position == 2
    page.locator("a[href$=terminer]").click()
    page.locator("button[name=confirm]").click()
    expect(page.locator(RESULT)).to_be_visible()
    expect(page.locator("h1")).to_have_text("Trop peu de réponses pour un résultat")
    stored = history(server.url, candidate.sitting)
    assert stored.sitting.finish_reason == "learner"
    assert stored.faults() == []
    assert server.replay(candidate.sitting) == "identical"
    page.goto(candidate.home)
    assert page.url.endswith("/resultat")


def test_a_problem_with_a_question_is_reported_without_losing_the_answer_being_written(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = Candidate(browsers.page(), server.address, seed=21)
    page = candidate.page
    candidate.enter(access.access_code)
    candidate.start()
    given = candidate.fill_in()
    page.locator("details.report summary").click()
    page.fill("#signalement", "Deux réponses me semblent justes.")
    page.locator("details.report button").click()
    expect(page.locator(".notice.good")).to_contain_text("Votre signalement est enregistré")
    assert candidate.position == 1
    assert candidate.entered() == given
    assert database.reports(server.url, candidate.sitting) == ["Deux réponses me semblent justes."]


def test_a_hidden_countdown_stays_hidden(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = Candidate(browsers.page(), server.address, seed=22)
    candidate.enter(access.access_code)
    candidate.start()
    expect(candidate.page.locator("[data-timer-shown]")).to_be_visible()
    candidate.page.locator("[data-timer-toggle]").click()
    expect(candidate.page.locator("[data-timer-shown]")).to_be_hidden()
    candidate.answer()
    expect(candidate.page.locator("[data-timer-shown]")).to_be_hidden()
    candidate.page.locator("[data-timer-toggle]").click()
    expect(candidate.page.locator("[data-timer-shown]")).to_be_visible()
