"""Zones of a document and credit in part, in a real browser, on a bank that has both."""

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from playwright.sync_api import Page, expect

from app.commands.bank import publish_content
from app.db import Database
from tests.conftest import ROOT, Published, SqliteTemplates, settings_for
from tests.faults.facts import history
from tests.faults.server import ServedDatabase
from tests.journeys import audit, database
from tests.journeys.candidate import Candidate
from tests.journeys.conftest import Browsers

CONTENT = ROOT / "item_bank" / "content"
COMMON = """\
    rationale: Un seul de ces indices suffit. Signalez le message, sans cliquer.
    sources: [Un texte public]
    professions: [transversal]
    stage: cycle1
    recheck: 2027-12-31
    status: in_review
    author: rédaction
"""
ZONES = (
    """\
competence: D2C3
items:
  - id: D2C3-901
    topic: D2C3.hameconnage
    level: 3
    interaction: zone
    stem: Repérez dans ce courriel les éléments qui doivent alerter.
    document:
      title: Courriel reçu
      kind: email
      fields:
        - [De, "[[a|Support MSSanté <assistance@mssante-securite-nationale.example>]]"]
        - [À, "Camille Arnoult, infirmière coordinatrice"]
        - [Objet, "[[b|Votre boîte sera suspendue dans 24 h]]"]
        - [Date, "[[e|lundi 11 janvier 2027, 9 h 12]]"]
      body: |
        Bonjour,

        Suite à une mise à jour de sécurité, votre messagerie doit être réactivée. [[c|Cliquez ici pour
        confirmer votre identité, puis saisissez votre mot de passe et le code de votre e-CPS.]]

        | Service | Téléphone | Horaires |
        | --- | --- | --- |
        | [[d|Assistance nationale]] | 01 99 00 12 34 | 9 h – 18 h |

        - Le service d’assistance
        - [[f|Ministère fictif]]
    options:
      - {id: a, text: "L’adresse de l’expéditeur", why: "Ce domaine n’est pas celui d’un opérateur connu."}
      - {id: b, text: "L’objet", why: "L’urgence empêche de réfléchir."}
      - {id: c, text: "La demande de mot de passe", why: "Aucun service ne le demande par courriel."}
      - {id: d, text: "Le nom du service", why: "Un nom ne prouve rien."}
      - {id: e, text: "La date", why: "Un jour ouvré, à une heure ordinaire."}
      - {id: f, text: "La signature", why: "Elle ne prouve rien."}
    key: [a, b, c]
    scoring: partial
"""
    + COMMON
    + """\
  - id: D2C3-902
    topic: D2C3.hameconnage
    level: 2
    interaction: zone
    stem: Quel est l’indice le plus sûr ?
    document:
      title: SMS reçu
      kind: page
      body: |
        [[a|Colis en attente.]] Réglez 1,99 € sur [[b|la-poste-suivi.example]] avant [[c|ce soir]].
    options:
      - {id: a, text: "Le colis", why: "On peut en attendre un."}
      - {id: b, text: "L’adresse du site", why: "Ce n’est pas celle du transporteur."}
      - {id: c, text: "Le délai", why: "Il presse, sans prouver."}
    maximum: 1
    key: [b]
"""
    + COMMON
)


def _with_zones(folder: Path) -> Path:
    """The shipped bank with two items on zones, and its matches and orders scored in part."""
    content = Path(shutil.copytree(CONTENT, folder / "content"))
    (content / "items" / "D2C3-zones.yaml").write_text(ZONES, encoding="utf-8")
    for file in (content / "items").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        for interaction in ("match", "order"):
            text = text.replace(
                f"    interaction: {interaction}\n", f"    interaction: {interaction}\n    scoring: partial\n"
            )
        file.write_text(text, encoding="utf-8")
    return content


async def _publish(url: str, content: Path) -> None:
    opened = Database(settings_for(url))
    try:
        await publish_content(
            opened, content, actor="tests", records=ROOT / "item_bank" / "reviews", by="tests", why="zones"
        )
    finally:
        await opened.close()


@pytest.fixture(scope="module")
def server(
    sqlite_templates: SqliteTemplates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedDatabase]:
    """A server on that bank."""
    folder = tmp_path_factory.mktemp("zones")
    file = sqlite_templates.copy(sqlite_templates.published()[0], folder / "palier.db")
    url = sqlite_templates.url(file)
    with ThreadPoolExecutor(1) as own_thread:  # Playwright's event loop may occupy this one
        own_thread.submit(asyncio.run, _publish(url, _with_zones(folder))).result()
    with ServedDatabase(url, folder) as running:
        yield running


def index_of(server: ServedDatabase, item_id: str) -> int:
    return next(i for i, item in database.items(server.url).items() if item["id"] == item_id)


def at_zones(candidate: Candidate, server: ServedDatabase, item_id: str = "D2C3-901") -> Page:
    """The page of the running sitting, with this item on it."""
    database.show_item(server.url, candidate.sitting, index_of(server, item_id))
    candidate.page.goto(candidate.home)
    assert candidate.interaction == "zone"
    return candidate.page


def practising(server: ServedDatabase, browsers: Browsers, **options: Any) -> Candidate:
    """Somebody at the first question of a practice sitting."""
    made = Candidate(browsers.page(reduced_motion="reduce", **options), server.address)
    made.page.goto(server.address)
    for button in ("button[name=design][value=practice]", "form[action$=commencer] button"):
        with made.page.expect_navigation(wait_until="load"):
            made.page.locator(button).click()
    return made


def switch(page: Page, name: str) -> None:
    """From the document to the list, or back."""
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name=name).click()


def ticked(page: Page) -> list[str]:
    found: list[str] = page.locator("input[name=zones]:checked").evaluate_all("(a) => a.map((i) => i.value)")
    return found


def stored(server: ServedDatabase, candidate: Candidate) -> list[Any]:
    return [(r.response, r.score) for r in history(server.url, candidate.sitting).responses]


def test_zones_and_their_list_are_accessible_in_every_view(
    server: ServedDatabase, browsers: Browsers
) -> None:
    candidate = practising(server, browsers)
    found = []
    for item_id in ("D2C3-901", "D2C3-902"):
        page = at_zones(candidate, server, item_id)
        found += audit.faults(page, f"zone {item_id}")
        candidate.fill_in({"zones": ["b"]})
        found += audit.faults(page, f"zone {item_id} chosen")
        switch(page, "Répondre avec une liste")
        assert ticked(page) == ["b"]
        found += audit.faults(page, f"zone {item_id} list")
        switch(page, "Répondre dans le document")
        assert ticked(page) == ["b"]
    at_zones(candidate, server)
    candidate.answer({"zones": ["a", "c", "e"]})
    found += audit.faults(candidate.page, "correction zone partial")
    assert found == []


@pytest.mark.parametrize("seed", range(3))
def test_zones_are_chosen_and_sent_with_the_keyboard_alone(
    server: ServedDatabase, browsers: Browsers, seed: int
) -> None:
    candidate = practising(server, browsers)
    candidate.rng.seed(seed)
    at_zones(candidate, server, ("D2C3-901", "D2C3-902", "D2C3-901")[seed])
    candidate.answer_by_keyboard()
    assert candidate.focus_faults == []
    [(response, _)] = stored(server, candidate)
    given = candidate.given[1]
    assert given is not None
    assert sorted(response["zones"]) == sorted(given["zones"])


def test_zones_work_without_script_and_what_is_ticked_survives_the_change_to_the_list(
    server: ServedDatabase, browsers: Browsers
) -> None:
    candidate = practising(server, browsers, java_script_enabled=False)
    page = at_zones(candidate, server)
    page.locator("input[value=a]").check()
    switch(page, "Répondre avec une liste")
    assert ticked(page) == ["a"]
    expect(page.locator(".document input")).to_have_count(0)
    expect(page.locator(".document")).to_contain_text("1Support MSSanté")
    page.get_by_label("2. L’objet").check()
    candidate.send()
    expect(page.locator("h1")).to_have_text("C’est juste en partie")
    assert stored(server, candidate) == [({"zones": ["a", "b"]}, 2)]
    at_zones(candidate, server, "D2C3-902")
    expect(page.get_by_role("button", name="Répondre dans le document")).to_be_visible()
    page.locator("input[value=c]").check()
    page.locator("input[value=b]").check()
    candidate.send()
    expect(page.locator("h1")).to_have_text("C’est juste")
    assert stored(server, candidate)[1] == ({"zones": ["b"]}, 1)


def test_a_draft_of_zones_is_found_again(server: ServedDatabase, browsers: Browsers) -> None:
    candidate = practising(server, browsers)
    page = at_zones(candidate, server)
    candidate.fill_in({"zones": ["a", "d"]})
    expect(page.locator("[data-saved]")).to_contain_text("enregistré à")
    page.evaluate("localStorage.clear()")
    page.reload()
    assert sorted(ticked(page)) == ["a", "d"]


def test_the_correction_marks_each_zone_in_words_and_by_a_sign(
    server: ServedDatabase, browsers: Browsers
) -> None:
    candidate = practising(server, browsers)
    page = at_zones(candidate, server)
    candidate.answer({"zones": ["a", "c", "e"]})
    expect(page.locator(".outcome.partial")).to_contain_text("1 point sur 3")
    marks = page.locator(".zone-mark")
    assert [
        (
            mark.locator("b").inner_text(),
            [word.inner_text().strip() for word in mark.locator(".zone-word").all()],
        )
        for mark in marks.all()
    ] == [
        ("1", ["trouvé"]),
        ("2", ["manqué"]),
        ("3", ["choisi à tort"]),
        ("4", ["trouvé"]),
        ("5", []),
        ("6", []),
    ]
    assert page.locator(".zone-mark .zone-word svg").count() == 4
    expect(page.locator(".feedback li").nth(1)).to_contain_text("2. L’objet")


def test_more_zones_than_allowed_are_told_and_nothing_is_recorded(
    server: ServedDatabase, browsers: Browsers
) -> None:
    candidate = practising(server, browsers, java_script_enabled=False)
    page = at_zones(candidate, server, "D2C3-902")
    form = {
        str(field.get_attribute("name")): field.input_value()
        for field in page.locator("form[data-player] input[type=hidden]").all()
    }
    reply = page.request.post(
        f"{candidate.home}/repondre",
        data="&".join(f"{name}={value}" for name, value in form.items()) + "&zones=a&zones=b",
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "text/html",
            "Origin": server.address,
        },
    )
    assert reply.status == 422
    assert "Trop d’éléments sont cochés" in reply.text()
    assert stored(server, candidate) == []


def test_the_api_shows_the_document_and_its_zones_without_the_key(
    server: ServedDatabase, access: Published
) -> None:
    with httpx2.Client(base_url=server.address, headers=access.authorization, timeout=30) as client:
        sitting = client.post("/v1/sittings", json={"design": "practice"}).raise_for_status().json()
        path = f"/v1/sittings/{sitting['id']}"
        client.post(f"{path}/start").raise_for_status()
        database.show_item(server.url, UUID(sitting["id"]), index_of(server, "D2C3-901"))
        item = client.get(path).raise_for_status().json()["question"]["item"]
        assert item["options"] == []
        assert [(zone["id"], zone["html"]) for zone in item["zones"]][:2] == [
            ("a", "L’adresse de l’expéditeur"),
            ("b", "L’objet"),
        ]
        assert item["zones"][0]["text"].startswith("Support MSSanté <")
        assert item["document"]["fields"][0][1] == item["zones"][0]["text"]
        assert item["document"]["fields_html"][0][1].startswith('<span data-zone="a">Support MSSanté &lt;')
        assert item["document"]["html"].count("data-zone=") == 3
        assert (item["maximum"], item["maximum_score"]) == (None, 3)
        assert "Ce domaine n’est pas" not in str(item)
        body = {"position": 1, "item": item["id"], "response": {"zones": ["a", "c", "e"]}}
        reply = client.post(f"{path}/responses", json=body, headers={"Idempotency-Key": "1"})
        feedback = reply.raise_for_status().json()["feedback"]
        assert (feedback["correct"], feedback["score"], feedback["maximum_score"]) == (False, 1, 3)
