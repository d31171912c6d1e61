"""Personal data in a browser: an owner finds a learner, hands out what is known, erases; every page is audited."""

import json
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from app.db import Database
from app.institutions import service as institutions
from app.wire.members import SESSION_COOKIE
from tests.app.office.people import person
from tests.faults.server import ServedDatabase
from tests.journeys import audit
from tests.journeys.conftest import Browsers
from tests.journeys.test_office import on


async def _prepared(database: Database) -> str:
    now = datetime.now(UTC)
    async with database.transaction() as db:
        institution_id, _ = await institutions.ensure_institution(db, "ifsi-brest", "IFSI de Brest", now)
        await institutions.learner_for(db, institution_id, "etu-2027-014", now)
    return (await person(database, institution_id, now=now)).token


@pytest.mark.timeout(180)
def test_a_learner_is_found_handed_out_and_erased_by_keyboard(
    server: ServedDatabase, browsers: Browsers
) -> None:
    token = on(server, _prepared)
    page = browsers.page(reduced_motion="reduce")
    page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": f"{server.address}/espace"}])
    found: list[str] = []
    page.goto(f"{server.address}/espace/donnees")
    found += audit.faults(page, "personal data")
    page.get_by_label("Son identifiant").fill("inconnu-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    found += audit.faults(page, "personal data unknown")
    page.get_by_label("Son identifiant").fill("etu-2027-014")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="etu-2027-014")).to_be_visible()
    found += audit.faults(page, "personal data learner")
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Télécharger")).press("Enter")
    known = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert known["learner"]["external_id"] == "etu-2027-014"
    page.get_by_label("J’ai vérifié").press("Space")
    page.get_by_role("button", name="Effacer cet apprenant").press("Enter")
    expect(page.get_by_role("heading", name="Cet apprenant est effacé")).to_be_visible()
    found += audit.faults(page, "personal data erased")
    assert found == []
