"""The back office in a browser: an owner comes in by invitation and sets the house up; every page is audited."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pyotp
import pytest
from playwright.sync_api import Page, expect

from app.auth import accounts
from app.auth import service as auth
from app.auth.permissions import Role
from app.db import Database
from app.institutions import service as institutions
from tests.app.office.pictures import png
from tests.conftest import settings_for
from tests.faults.server import ServedDatabase
from tests.journeys import audit
from tests.journeys.candidate import Candidate
from tests.journeys.conftest import Browsers

Made = TypeVar("Made")
PASSWORD = "quatre mots sans rapport"


def on(server: ServedDatabase, work: Callable[[Database], Coroutine[Any, Any, Made]]) -> Made:
    """Do something to the server's database, in a loop of its own."""

    async def run() -> Made:
        database = Database(settings_for(server.url))
        try:
            return await work(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


async def _institution(database: Database) -> tuple[str, str]:
    now = datetime.now(UTC)
    async with database.transaction() as db:
        institution_id, _ = await institutions.ensure_institution(db, "ifsi-lille", "IFSI de Lille", now)
        _, token = await accounts.invite(
            db, institution_id, email="anne.martin@ifsi-lille.example", role=Role.OWNER, actor="t", now=now
        )
        for number, role in enumerate((Role.MANAGER, Role.JURY, Role.VIEWER)):
            account = await accounts.add_account(
                db, f"{role}{number}@ifsi-lille.example", f"Dominique {role.capitalize()}", "x", now
            )
            await accounts.add_member(db, institution_id, account.id, role, "t", now)
        code = await auth.create_access_code(
            db, institution_id, label="Rentrée", design_key="certification", now=now
        )
    return code, token


class Code:
    """An authenticator application; each of its codes is typed once."""

    def __init__(self, seed: str) -> None:
        self._generator = pyotp.TOTP(seed.replace(" ", ""))
        self._steps = 0

    def next(self) -> str:
        """A code that was not used yet: the service takes those of the neighbouring half minutes."""
        self._steps += 1
        return self._generator.at(datetime.now(UTC) + timedelta(seconds=30 * (self._steps - 2)))


@pytest.mark.timeout(300)
def test_an_owner_comes_in_by_invitation_and_sets_the_house_up_by_keyboard(
    server: ServedDatabase, browsers: Browsers, tmp_path: Path
) -> None:
    access_code, token = on(server, _institution)
    page = browsers.page(reduced_motion="reduce")
    found: list[str] = []

    def look(name: str) -> None:
        found.extend(audit.faults(page, f"office {name}"))

    page.goto(f"{server.address}/espace/membres")
    expect(page).to_have_url(re.compile("/espace/connexion"))
    look("sign in")
    page.get_by_label("Adresse électronique").fill("anne.martin@ifsi-lille.example")
    page.get_by_label("Mot de passe").fill("n'importe quoi de faux")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("ne vont pas ensemble")
    look("sign in refused")

    page.goto(f"{server.address}/espace/invitation/{token}")
    look("invitation")
    page.get_by_label("Votre nom").fill("Anne Martin")
    page.get_by_label("Choisissez un mot de passe").fill("motdepasse1234")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("essaie en premier")
    look("invitation refused")
    page.get_by_label("Choisissez un mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Double vérification")).to_be_visible()
    look("enrolment")
    code = Code(page.locator(".seed code").inner_text())
    page.get_by_label("Code à six chiffres").fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    look("enrolment refused")
    page.get_by_label("Code à six chiffres").fill(code.next())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Vos codes de secours")).to_be_visible()
    recovery = page.locator(".recovery code").all_inner_texts()
    assert len(recovery) == 10
    look("recovery codes")

    page.goto(f"{server.address}/espace/membres")
    look("members")
    page.get_by_label("Adresse électronique").fill("paul@ifsi-lille.example")
    page.get_by_label("Psychométricien").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Créer le lien d’invitation").press("Enter")
    expect(page.locator("code.secret")).to_contain_text("/espace/invitation/")
    look("members invited")
    _remove_somebody(page, look)
    _set_the_look(page, tmp_path, look)
    learner = Candidate(browsers.page(reduced_motion="reduce"), server.address)
    learner.enter(access_code)
    expect(learner.page.get_by_role("img", name="IFSI de Lille")).to_be_visible()
    found.extend(audit.faults(learner.page, "office introduction"))
    learner.start()
    found.extend(audit.faults(learner.page, "office question"))

    page.goto(f"{server.address}/espace/cles")
    look("access empty")
    page.get_by_label("Nom du programme").fill("Moodle")
    page.keyboard.press("Enter")
    expect(page.locator("code.secret")).to_contain_text("plk_test_")
    page.get_by_text("Ajouter un webhook").press("Enter")
    page.get_by_label("Adresse").fill("https://lms.example.org/palier")
    page.keyboard.press("Enter")
    expect(page.locator("code.secret")).to_contain_text("whsec_")
    look("access")
    page.get_by_role("link", name="https://lms.example.org/palier").first.press("Enter")
    page.get_by_role("button", name="Envoyer un essai").press("Enter")
    expect(page.get_by_text("webhook.ping")).to_be_visible()
    look("webhook")
    page.goto(f"{server.address}/espace/lti")
    page.get_by_role("button", name="Créer un lien d’inscription").press("Enter")
    expect(page.locator("code.secret")).to_contain_text("/lti/register/")
    look("lti")
    for path, name in (("compte", "account"), ("etablissements", "places"), ("journal", "journal")):
        page.goto(f"{server.address}/espace/{path}")
        look(name)
    page.goto(f"{server.address}/espace/membres/nobody")
    look("not found")

    page.goto(f"{server.address}/espace/compte")
    page.get_by_role("button", name="Se déconnecter").first.press("Enter")
    expect(page.get_by_text("La session est fermée.")).to_be_visible()
    look("signed out")
    _sign_in(page)
    look("second step")
    page.get_by_label("Code à six chiffres").fill(code.next())
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Espace de l’établissement")).to_be_visible()
    page.goto(f"{server.address}/espace/compte")
    page.get_by_role("button", name="Se déconnecter partout").press("Enter")
    _sign_in(page)
    page.get_by_label("Code à six chiffres").fill(recovery[3].lower())
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Espace de l’établissement")).to_be_visible()
    assert found == []


def _sign_in(page: Page) -> None:
    page.get_by_label("Adresse électronique").fill("anne.martin@ifsi-lille.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Code de vérification")).to_be_visible()


def _remove_somebody(page: Page, look: Callable[[str], None]) -> None:
    page.get_by_role("link", name="Retirer Dominique Viewer").press("Enter")
    expect(page.get_by_role("heading", name="Retirer Dominique Viewer")).to_be_visible()
    look("removal")
    page.get_by_role("button", name="Retirer ce membre").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("plus membre")
    page.get_by_role("button", name="Retirer l’invitation de paul@ifsi-lille.example").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("retirée")


def _set_the_look(page: Page, folder: Path, look: Callable[[str], None]) -> None:
    page.get_by_role("link", name="Réglages").first.press("Enter")
    look("settings")
    page.get_by_label("Sur fond clair").fill("#ffd200")
    page.get_by_role("button", name="Enregistrer la couleur").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("ne se lit pas assez bien")
    look("settings refused")
    page.get_by_role("button", name="Prendre").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("enregistré")
    logo = folder / "logo.png"
    logo.write_bytes(png(180, 60))
    page.get_by_label("Image").set_input_files(logo)
    page.get_by_role("button", name="Enregistrer le logo").press("Enter")
    expect(page.get_by_role("img", name="Logo de IFSI de Lille")).to_be_visible()
    look("settings changed")
