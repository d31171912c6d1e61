"""A campaign in a browser, by keyboard: a cohort imported, a campaign opened, sat by a learner, published by a jury."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from app.auth.permissions import Role
from app.db import Database
from app.institutions import service as institutions
from tests.app.office.people import Person, person
from tests.faults.server import ServedDatabase
from tests.journeys import audit
from tests.journeys.conftest import Browsers
from tests.journeys.test_office import on


async def _staff(database: Database) -> tuple[Person, Person]:
    now = datetime.now(UTC)
    async with database.transaction() as db:
        home: UUID
        home, _ = await institutions.ensure_institution(db, "ifsi-lille", "IFSI de Lille", now)
    return (
        await person(database, home, Role.MANAGER, now=now),
        await person(database, home, Role.JURY, now=now),
    )


def _be(page: Page, server: ServedDatabase, who: Person) -> None:
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": f"{server.address}/espace"}
            for name, value in who.cookies.items()
        ]
    )


@pytest.mark.timeout(300)
def test_a_cohort_is_imported_and_sits_a_held_campaign_until_the_jury_publishes_it(
    server: ServedDatabase, browsers: Browsers, tmp_path: Path
) -> None:
    manager, jury = on(server, _staff)
    page = browsers.page(reduced_motion="reduce")
    found: list[str] = []

    def look(name: str, shown: Page = page) -> None:
        found.extend(audit.faults(shown, f"campaigns {name}"))

    _be(page, server, manager)
    page.goto(f"{server.address}/espace/cohortes")
    look("cohorts empty")
    page.get_by_label("Nom", exact=True).fill("IFSI de Lille, promotion 2027")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("créée")
    look("cohorts")
    _import(page, tmp_path, look)

    page.goto(f"{server.address}/espace/campagnes")
    look("none yet")
    page.get_by_role("link", name="Créer une campagne").first.press("Enter")
    look("new campaign")
    page.get_by_role("button", name="Créer la campagne").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("1 point est à corriger")
    look("new campaign refused")
    page.get_by_label("Nom, tel que").fill("Session de juin")
    page.get_by_label("Différés").check()
    page.get_by_label("Créer un code").check()
    page.get_by_label("Dernier moment").fill("2099-06-30T18:00")
    page.get_by_role("button", name="Créer la campagne").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("La campagne est créée")
    campaign = page.url.partition("?")[0]
    page.get_by_label("Identifiants, un par ligne").fill("etu-1\netu-2")
    page.get_by_role("button", name="Créer leurs liens personnels").press("Enter")
    expect(page.locator("code.secret").first).to_contain_text("/invitation/")
    link = page.locator("code.secret").first.inner_text()
    look("links")
    page.get_by_label("Temps de etu-2").select_option("150")
    page.get_by_role("button", name="ce temps à etu-2").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("temps accordé")
    page.get_by_role("link", name="Afficher en grand").press("Enter")
    look("join code")
    code = page.locator(".join-code").inner_text()

    learner = browsers.page(reduced_motion="reduce")
    learner.goto(server.address)
    learner.get_by_label("Code d’accès ou code de reprise").fill(code.lower())
    learner.keyboard.press("Enter")
    expect(learner.get_by_role("heading", name="Session de juin")).to_be_visible()
    look("join", learner)
    learner.get_by_label("Votre identifiant").fill("etu-99")
    learner.keyboard.press("Enter")
    expect(learner.get_by_text("n’est pas attendu ici")).to_be_visible()
    look("join refused", learner)
    learner.goto(link)
    look("personal link", learner)
    learner.get_by_role("button", name="Ouvrir mon épreuve").press("Enter")
    learner.get_by_role("button", name="Commencer, le temps part").press("Enter")
    sitting = learner.url
    learner.goto(f"{sitting}/terminer")
    learner.locator("form[action$='/terminer'] button").press("Enter")
    expect(learner.get_by_role("heading", name="Votre épreuve est terminée")).to_be_visible()
    look("held", learner)

    _be(page, server, jury)
    page.goto(campaign)
    look("campaign")
    page.get_by_role("link", name="Publier les résultats").press("Enter")
    look("publication")
    page.get_by_role("button", name="Publier maintenant").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("1 résultat est publié")
    page.goto(f"{server.address}/espace/campagnes")
    look("campaigns")
    learner.reload()
    expect(learner.get_by_role("heading", name="Votre épreuve est terminée")).to_have_count(0)
    assert found == []


def _import(page: Page, folder: Path, look: Callable[[str], None]) -> None:
    page.goto(page.url.partition("/espace")[0] + "/espace/apprenants")
    look("learners empty")
    page.get_by_role("link", name="Importer un fichier").first.press("Enter")
    look("import")
    file = folder / "promotion.csv"
    file.write_text(
        "identifiant;profession;nom\nJeanne Roux;ide;\netu-2;alchimiste;Petit\n", encoding="utf-8"
    )
    page.get_by_label("Fichier CSV ou XLSX").set_input_files(file)
    page.get_by_role("button", name="Vérifier le fichier").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("3 cases à corriger")
    look("import refused")
    rows = "\n".join(f"etu-{number};ide;IFSI;2027" for number in range(1, 61))
    file.write_text(f"identifiant;profession;filière;année\n{rows}\n", encoding="utf-8")
    page.get_by_label("Fichier CSV ou XLSX").set_input_files(file)
    page.get_by_label("Mettre ces apprenants").select_option(label="IFSI de Lille, promotion 2027")
    page.get_by_role("button", name="Vérifier le fichier").press("Enter")
    expect(page.get_by_role("heading", name="rien à corriger")).to_be_visible()
    look("import report")
    page.get_by_role("button", name="Importer ces 60 apprenants").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("60 nouveaux apprenants")
    look("learners")
    page.get_by_label("Identifiant", exact=True).fill("jeanne@example.org")
    page.get_by_role("button", name="Ajouter l’apprenant").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("adresse électronique")
    look("learner refused")
