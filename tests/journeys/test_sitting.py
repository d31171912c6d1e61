"""Whole certifications in a real browser: by keyboard, and without script."""

from playwright.sync_api import Page

from tests.conftest import Published
from tests.faults.server import ServedDatabase
from tests.journeys.candidate import RESULT, Candidate, assert_kept
from tests.journeys.conftest import Browsers


def assert_level_shown(page: Page) -> None:
    """The result page tells a level."""
    assert page.url.endswith("/resultat")
    assert page.locator(RESULT).is_visible()
    assert "Palier" in page.locator("h1").inner_text()


def test_a_whole_certification_is_taken_with_the_keyboard_alone(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    candidate = Candidate(browsers.page(), server.address, seed=3)
    candidate.enter(access.access_code)
    candidate.start()
    while candidate.position is not None:
        candidate.answer_by_keyboard()
    assert sorted(candidate.given) == list(range(1, 33))
    assert_level_shown(candidate.page)
    assert_kept(candidate, server)
    assert candidate.focus_faults == []


def test_a_whole_certification_is_taken_without_script(
    server: ServedDatabase, access: Published, browsers: Browsers
) -> None:
    page = browsers.page(java_script_enabled=False)
    candidate = Candidate(page, server.address, seed=4)
    candidate.begin_with_the_pointer(access.access_code)
    while candidate.position is not None:
        candidate.answer()
    assert sorted(candidate.given) == list(range(1, 33))
    assert_level_shown(page)
    assert_kept(candidate, server)
