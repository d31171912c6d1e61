"""A learning platform on another site: the test in a frame of a course, and every page of a launch."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from joserfc.jwk import RSAKey
from playwright.sync_api import Frame, Page, Route, expect

from tests.app.lti.platform import LEARNER, TEACHER, LearningPlatform, running_platform
from tests.conftest import Published, SqliteTemplates
from tests.faults.server import ServedDatabase
from tests.journeys import audit
from tests.journeys.candidate import QUESTION
from tests.journeys.conftest import Browsers

MOST_STOPS = 60
HEAR_CLOSING = """addEventListener("message", (event) => {
  if (event.data?.subject === "org.imsglobal.lti.close") window.closed_by = event.origin;
})"""
expect.set_options(timeout=20_000)


class Tool(ServedDatabase):
    """The service, which admits platforms of this machine."""

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "WEBHOOK_LOOPBACK": "true", "BASE_URL": self.address}


@pytest.fixture(scope="module")
def tool(sqlite_templates: SqliteTemplates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    """The service on 127.0.0.1, which for a browser is another site than localhost."""
    folder = tmp_path_factory.mktemp("lti")
    file = sqlite_templates.copy(sqlite_templates.published()[0], folder / "palier.db")
    with Tool(sqlite_templates.url(file), folder) as running:
        yield running


@pytest.fixture(scope="module")
def lms(tool: Tool, access: Published) -> Iterator[LearningPlatform]:
    """The platform on localhost, registered."""
    with running_platform(RSAKey.generate_key(2048), host="localhost") as listening:
        listening.tool = tool.address
        with httpx2.Client(base_url=tool.address, timeout=30) as client:
            reply = client.post(
                "/v1/lti/platforms",
                json=listening.platform_in(shows_names=True),
                headers=access.authorization,
            )
            assert reply.status_code == 201, reply.text
            listening.tool_keys = client.get("/lti/jwks.json").json()
        listening.members = [
            {"user_id": f"member-{number}", "roles": [LEARNER], "name": name}
            for number, name in enumerate(["Ada Lovelace", "Jeanne Villepreux", "Émilie du Châtelet"])
        ]
        yield listening


def course(lms: LearningPlatform, hint: str, user: str, storage: bool = False, **launch: Any) -> str:
    """A course of the platform whose frame launches the tool."""
    source = lms.login_url(user, hint) + ("&lti_storage_target=_parent" if storage else "")
    lms.courses[hint] = {"src": source.replace('"', "%22"), "launch": launch}
    return f"{lms.url}/course/{hint}"


def direct(lms: LearningPlatform, hint: str, user: str, **launch: Any) -> str:
    """A launch in the whole window."""
    course(lms, hint, user, **launch)
    return lms.login_url(user, hint)


def asked_by(lms: LearningPlatform) -> str:
    """What a platform adds to a registration link."""
    configuration = f"{lms.url}/.well-known/openid-configuration"
    return f"?openid_configuration={configuration}&registration_token=registration-token"


def framed(page: Page) -> Frame:
    """The frame with the tool."""
    frame = page.frame(name="tool")
    assert frame is not None
    return frame


def tab_to(page: Page, selector: str) -> None:
    """Walk with the tabulator to something in the frame."""
    for _ in range(MOST_STOPS):
        if framed(page).evaluate("(s) => document.activeElement?.matches(s) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_a_learner_takes_a_question_in_the_frame_of_a_course_by_keyboard(
    lms: LearningPlatform, browsers: Browsers
) -> None:
    page = browsers.page(reduced_motion="reduce")
    page.goto(course(lms, "learner", "ada", custom={"design": "certification"}))
    expect(page.frame_locator("iframe").get_by_role("heading", name="Les règles")).to_be_visible()
    address = framed(page).url
    tab_to(page, "form[action$='/commencer'] button")
    page.keyboard.press("Enter")
    expect(page.frame_locator("iframe").locator(QUESTION)).to_be_visible()
    first = framed(page).locator("[name=item]").get_attribute("value")
    # no answer, then the second button that confirms it: the keys are the same whatever the question is
    for button in ("[data-submit]", "button[name=confirm]"):
        expect(page.frame_locator("iframe").locator(button)).to_be_visible()
        tab_to(page, button)
        page.keyboard.press("Enter")
    item = page.frame_locator("iframe").locator("[name=item]")
    expect(item).not_to_have_attribute("value", str(first))
    second = str(item.get_attribute("value"))
    page.reload()  # the course is opened again: the same sitting, the same question
    expect(page.frame_locator("iframe").locator("[name=item]")).to_have_attribute("value", second)
    assert framed(page).url == address


def test_the_pages_of_a_sitting_are_framed_by_the_platform_alone(
    lms: LearningPlatform, browsers: Browsers
) -> None:
    page = browsers.page()
    replies = []
    page.on("response", lambda reply: replies.append(reply))
    page.goto(course(lms, "alone", "grace"))
    expect(page.frame_locator("iframe").get_by_role("heading", name="Les règles")).to_be_visible()
    policies = [
        reply.headers["content-security-policy"]
        for reply in replies
        if "/epreuve/" in reply.url and reply.status == 200
    ]
    assert policies
    assert all(f"frame-ancestors 'self' {lms.url};" in policy for policy in policies)
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["palier"]["sameSite"] == "None"
    assert cookies["palier"]["secure"]
    assert cookies["palier"]["httpOnly"]


def test_where_every_cookie_is_refused_the_test_opens_in_a_window_of_its_own(
    lms: LearningPlatform, browsers: Browsers
) -> None:
    page = browsers.page(reduced_motion="reduce")

    def forgetting(route: Route) -> None:
        page.context.clear_cookies()  # as a browser that kept none while it was at the platform
        route.continue_()

    page.route("**/lti/launch", forgetting)
    page.goto(course(lms, "refused", "sophie", storage=True))
    button = page.frame_locator("iframe").get_by_role("button", name="Ouvrir le test")
    expect(button).to_be_visible()
    assert found_in_frame(page, "open") == []
    with page.expect_popup() as opened:
        button.click()
    expect(opened.value.get_by_role("heading", name="Les règles")).to_be_visible()
    page.goto(course(lms, "asked-again", "sophie"))
    again = page.frame_locator("iframe").get_by_role("link", name="Ouvrir dans une nouvelle fenêtre")
    expect(again).to_be_visible()
    assert found_in_frame(page, "reopen") == []
    page.unroute("**/lti/launch")
    with page.expect_popup() as opened:
        again.click()
    expect(opened.value.get_by_role("heading", name="Les règles")).to_be_visible()


def test_a_teacher_chooses_a_test_without_script(lms: LearningPlatform, browsers: Browsers) -> None:
    page = browsers.page(java_script_enabled=False)
    page.goto(direct(lms, "no-script", "prof", role=TEACHER, choosing=True))
    page.get_by_role("button").click()  # the platform's own form, which a script sends
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Ajouter au cours").click()
    expect(page.get_by_role("heading", name="Retour au cours")).to_be_visible()
    token = page.locator("[name=JWT]").get_attribute("value")
    assert token is not None
    assert len(lms.chosen(token)) == 1


def test_pages_of_launches_have_no_fault_in_any_view(
    lms: LearningPlatform, tool: Tool, access: Published, browsers: Browsers
) -> None:
    page = browsers.page(reduced_motion="reduce")
    found = []
    page.goto(direct(lms, "axe-choose", "prof", role=TEACHER, choosing=True))
    expect(page.get_by_role("heading", name="Choisir un test")).to_be_visible()
    found += audit.faults(page, "lti choose")
    page.route(
        "**/choose?course=1",
        lambda route: route.fulfill(body="<title>Ajouté</title>", content_type="text/html"),
    )
    page.goto(direct(lms, "axe-member", "member-0"))
    expect(page.get_by_role("heading", name="Les règles")).to_be_visible()
    page.goto(direct(lms, "axe-member", "prof", role=TEACHER))
    expect(page.get_by_role("heading", name="Certification")).to_be_visible()
    assert "Ada Lovelace" in page.content()
    found += audit.faults(page, "lti progress")
    page.goto(direct(lms, "axe-none", "prof", role=TEACHER, custom={}))
    expect(page.get_by_role("heading", name="Le test n’a pas pu s’ouvrir")).to_be_visible()
    found += audit.faults(page, "lti refused")
    with httpx2.Client(base_url=tool.address, timeout=30) as client:
        link = client.post("/v1/lti/registrations", headers=access.authorization).json()["url"]
        known = client.get("/v1/lti/platforms", headers=access.authorization).json()["data"][0]["id"]
        page.goto(link + asked_by(lms))
        expect(page.get_by_role("heading", name="Relier une plateforme")).to_be_visible()
        found += audit.faults(page, "lti register")
        page.get_by_role("button", name="Relier cette plateforme").click()
        expect(
            page.get_by_role("heading", name="L’enregistrement n’a pas abouti")
        ).to_be_visible()  # it is known
        client.patch(f"/v1/lti/platforms/{known}", json={"enabled": False}, headers=access.authorization)
        page.goto(direct(lms, "axe-off", "prof", role=TEACHER))
        expect(page.get_by_text("L’établissement a suspendu cet enregistrement.")).to_be_visible()
        client.patch(f"/v1/lti/platforms/{known}", json={"enabled": True}, headers=access.authorization)
    practice = {"custom": {"design": "practice"}}
    page.goto(direct(lms, "axe-again", "member-1", **practice))
    page.locator("form[action$='/commencer'] button").click()
    page.goto(page.url + "/terminer")
    page.locator("form[action$='/terminer'] button").click()
    expect(page.locator("[data-finished]")).to_be_visible()
    page.goto(direct(lms, "axe-again", "member-1", **practice))
    expect(page.get_by_role("button", name="Recommencer")).to_be_visible()
    found += audit.faults(page, "lti again")
    assert found == []


def test_a_platform_that_registers_itself_is_told_to_close_the_window(
    lms: LearningPlatform, tool: Tool, access: Published, browsers: Browsers
) -> None:
    page = browsers.page(reduced_motion="reduce")
    with running_platform(RSAKey.generate_key(2048), host="localhost") as another:
        another.tool = tool.address
        with httpx2.Client(base_url=tool.address, timeout=30) as client:
            link = client.post("/v1/lti/registrations", headers=access.authorization).json()["url"]
        another.courses["register"] = {"src": link + asked_by(another), "launch": {}}
        page.goto(f"{another.url}/course/register")
        page.evaluate(HEAR_CLOSING)
        page.frame_locator("iframe").get_by_role("button", name="Relier cette plateforme").click()
        expect(page.frame_locator("iframe").get_by_role("heading", name="Plateforme reliée")).to_be_visible()
        page.wait_for_function("window.closed_by")
        assert page.evaluate("window.closed_by") == tool.address
        assert found_in_frame(page, "registered") == []
        assert len(another.registered) == 1


def found_in_frame(page: Page, name: str) -> list[str]:
    """What axe-core holds against the page in the frame, in four views."""
    found = []
    for view in audit.VIEWS:
        page.set_viewport_size({"width": view.width, "height": view.height})
        page.emulate_media(color_scheme=view.theme)
        frame = framed(page)
        frame.evaluate(audit.AXE)
        for rule, nodes in frame.evaluate(audit.RUN, audit.TAGS):
            found += [f"{name} {view.width} {view.theme} {rule}: {html}" for html, _ in nodes]
        audit._picture(page, f"lti {name} {view.width} {view.theme}")
    return found
