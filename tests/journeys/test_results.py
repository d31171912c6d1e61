"""The pages of results in a browser: audited in four views, used by keyboard, kept up to date by their script."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select, update

from app.auth.permissions import Role
from app.campaigns.tables import Enrolment
from app.db import Database
from app.delivery.entry import DEMO_INSTITUTION
from app.delivery.tables import Result, Sitting
from app.institutions import service as institutions
from app.institutions.tables import Learner
from app.reporting import service
from tests.app.office.people import person
from tests.app.reporting.group import Group, make_group
from tests.conftest import settings_for
from tests.faults.server import ServedDatabase
from tests.journeys import audit
from tests.journeys.conftest import Browsers


@dataclass(frozen=True)
class World:
    """What the server's database holds."""

    owner: str
    group: Group
    held: Group
    small: Group
    learner: str


def made_for(server: ServedDatabase) -> World:
    """Fill the server's database, in a loop of its own: the browser's occupies this thread."""

    async def run() -> World:
        database = Database(settings_for(server.url))
        try:
            return await _world(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


async def _world(database: Database) -> World:
    now = datetime.now(UTC)
    async with database.transaction() as db:
        home = await institutions.institution_id(db, DEMO_INSTITUTION)
        assert home is not None
        others = [(await institutions.ensure_institution(db, slug, slug, now))[0] for slug in ("b", "c")]
    for seed, other in enumerate(others, 20):
        await make_group(database, other, 60, now=now - timedelta(days=2), seed=seed)
    group = await make_group(
        database, home, 120, now=now, idle=15, curricula=("IFSI", "IFAS", "Cadres"), years=("2025-2026", "2026-2027"),
        name="Certification de printemps",
    )  # fmt: skip
    again = await make_group(database, home, 30, now=now - timedelta(days=60), seed=2, name="Automne")
    held = await make_group(database, home, 12, now=now, seed=3, held=True, name="Rattrapage")
    small = await make_group(database, home, 5, now=now, seed=4, name="Pilote")
    learners = list(group.learners.values())
    async with database.transaction() as db:
        await db.execute(update(Learner).where(Learner.id.in_(learners[:4])).values(curriculum="IBODE"))
        for former, learner_id in zip(again.learners.values(), learners, strict=False):
            await db.execute(
                update(Sitting).where(Sitting.learner_id == former).values(learner_id=learner_id)
            )
        # domains that the gates let through, as a longer test would have them
        rows = await db.execute(select(Result).where(Result.sitting_id.in_(group.sittings)))
        for place, result in enumerate(rows.scalars()):
            body = {**result.body, "domains": [dict(domain) for domain in result.body["domains"]]}
            for number, domain in enumerate(body["domains"][:4]):
                domain["state"] = "measured"
                domain["theta"] += (0.4, -0.4, 0.0, 0.0)[number] + 0.02 * (place % 7)
            result.body = body
    await service.refresh_tallies(database, now)
    owner = await person(database, home, Role.OWNER, now=now)
    return World(owner.token, group, held, small, str(learners[0]))


@pytest.fixture(scope="module")
def world(server: ServedDatabase) -> World:
    return made_for(server)


def signed_in(browsers: Browsers, server: ServedDatabase, world: World, **options: object) -> BrowserContext:
    profile = browsers.profile(reduced_motion="reduce", **options)
    profile.add_cookies([{"name": "espace", "value": world.owner, "url": f"{server.address}/espace"}])
    return profile


@pytest.mark.timeout(300)
def test_every_page_of_results_is_accessible_in_every_view(
    server: ServedDatabase, browsers: Browsers, world: World
) -> None:
    page = signed_in(browsers, server, world).new_page()
    found: list[str] = []
    for name, path in {
        "home": "",
        "results": "/resultats",
        "campaign": f"/resultats/campagnes/{world.group.campaign_id}",
        "held campaign": f"/resultats/campagnes/{world.held.campaign_id}",
        "small campaign": f"/resultats/campagnes/{world.small.campaign_id}",
        "cohort": f"/resultats/cohortes/{world.group.cohort_id}",
        "learners": f"/resultats/campagnes/{world.group.campaign_id}/apprenants",
        "learner": f"/resultats/apprenants/{world.learner}",
        "exports": "/exports",
    }.items():
        reply = page.goto(f"{server.address}/espace{path}")
        assert reply is not None
        assert reply.status == 200, path
        for fold in page.locator("details.fold > summary").all():
            fold.click()
        found += audit.faults(page, f"reporting {name}")
    assert found == []


@pytest.mark.timeout(120)
def test_a_file_is_asked_for_made_and_downloaded_by_keyboard(
    server: ServedDatabase, browsers: Browsers, world: World
) -> None:
    page = signed_in(browsers, server, world).new_page()
    page.goto(f"{server.address}/espace/resultats/campagnes/{world.group.campaign_id}")
    page.get_by_role("link", name="Exporter").press("Enter")
    expect(page.get_by_label("De qui")).to_have_value(f"campaign:{world.group.campaign_id}")
    page.get_by_label("Format", exact=True).focus()
    page.keyboard.type("CSV")
    page.get_by_role("button", name="Préparer le fichier").press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    link = page.get_by_role("link", name="Télécharger")
    for _ in range(60):
        if link.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    with page.expect_download() as download:
        link.press("Enter")
    assert len(download.value.path().read_text(encoding="utf-8").splitlines()) == 121


@pytest.mark.timeout(120)
@pytest.mark.parametrize("javascript", [True, False])
def test_the_counts_of_a_running_campaign_follow_what_happens(
    server: ServedDatabase, browsers: Browsers, world: World, javascript: bool
) -> None:
    page = signed_in(browsers, server, world, java_script_enabled=javascript).new_page()
    if javascript:
        page.clock.install()
    page.goto(f"{server.address}/espace/resultats/campagnes/{world.small.campaign_id}")
    shown = page.locator("[data-count=learners]")
    before = int(shown.inner_text())

    async def enrol() -> None:
        database = Database(settings_for(server.url))
        async with database.transaction() as db:
            home = await institutions.institution_id(db, DEMO_INSTITUTION)
            assert home is not None
            learner = await institutions.learner_for(db, home, f"late-{javascript}", datetime.now(UTC))
            db.add(
                Enrolment(
                    campaign_id=world.small.campaign_id,
                    learner_id=learner,
                    institution_id=home,
                    time_percent=100,
                )
            )
        await database.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, enrol()).result()
    if javascript:
        page.clock.fast_forward(11_000)
    else:
        page.get_by_role("link", name="Actualiser").press("Enter")
    expect(shown).to_have_text(str(before + 1))
