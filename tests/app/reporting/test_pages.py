"""The pages of results: who sees what, what is held, what is withheld, files by hand."""

from pathlib import Path

import httpx2
import pytest
from sqlalchemy import update

from app.auth.permissions import Role
from app.db import Database
from app.delivery.tables import Sitting
from app.institutions.tables import Learner
from app.reporting import service
from app.reporting.making import make
from app.settings import Settings
from tests.app.office.people import person
from tests.app.reporting.group import make_group
from tests.conftest import START, Clock, Published

HTML = {"Accept": "text/html"}


async def read(client: httpx2.AsyncClient, path: str, status: int = 200) -> str:
    reply = await client.get(path, headers=HTML)
    assert reply.status_code == status, reply.text
    return str(reply.text)


async def test_the_home_page_says_what_runs_and_what_waits_to_be_published(
    client: httpx2.AsyncClient, database: Database, published: Published, clock: Clock
) -> None:
    (await person(database, published.institution_id)).use(client)
    assert "Aucune campagne pour l’instant" in await read(client, "/espace")
    await make_group(database, published.institution_id, 3, now=START, name="En route", idle=2)
    await make_group(database, published.institution_id, 3, now=START, name="Retenue", seed=2, held=True)
    page = await read(client, "/espace")
    assert "En route" in page
    assert "Se termine dans 3 jours" in page
    assert "attend sa publication" not in page
    clock.advance(4 * 86_400)
    (await person(database, published.institution_id, now=clock())).use(client)
    page = await read(client, "/espace")
    assert "1 campagne close attend sa publication" in page
    assert "3 résultats retenus" in page


async def test_a_role_without_campaigns_finds_a_home_page_all_the_same(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    await make_group(database, published.institution_id, 3, now=START, name="En route")
    (await person(database, published.institution_id, Role.AUTHOR)).use(client)
    assert "En route" not in await read(client, "/espace")


async def test_a_dashboard_shows_levels_groups_and_progress_and_names_nobody(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(
        database, published.institution_id, 60, now=START, idle=4, curricula=("IFSI", "IFAS")
    )
    few = list(group.learners.values())[:3]
    async with database.transaction() as db:
        await db.execute(update(Learner).where(Learner.id.in_(few)).values(curriculum="IBODE"))
    (await person(database, published.institution_id, Role.VIEWER)).use(client)
    page = await read(client, f"/espace/resultats/campagnes/{group.campaign_id}")
    assert "60" in page
    assert "Répartition de 60 apprenants" in page
    assert page.count("non montré</td>") == 2
    assert not any(str(id_) in page for id_ in group.learners.values())
    assert "Apprenant par apprenant" not in page
    whole = await read(client, f"/espace/resultats/cohortes/{group.cohort_id}")
    assert page.count("non montré</td>") == whole.count("non montré</td>")
    await read(client, f"/espace/resultats/campagnes/{group.campaign_id}/apprenants", 403)
    await read(client, f"/espace/resultats/apprenants/{few[0]}", 403)


async def test_held_results_appear_only_as_a_count(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(database, published.institution_id, 12, now=START, held=True)
    (await person(database, published.institution_id)).use(client)
    page = await read(client, f"/espace/resultats/campagnes/{group.campaign_id}")
    assert "Les résultats de cette campagne sont retenus" in page
    assert "Répartition" not in page
    listed = await read(client, f"/espace/resultats/campagnes/{group.campaign_id}/apprenants")
    assert "Aucun résultat publié" in listed
    learner = next(iter(group.learners.values()))
    own = await read(client, f"/espace/resultats/apprenants/{learner}")
    assert "1 résultat est retenu" in own
    assert "Niveau" not in own


async def test_a_group_under_ten_is_not_drawn(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(database, published.institution_id, 9, now=START)
    (await person(database, published.institution_id)).use(client)
    page = await read(client, f"/espace/resultats/campagnes/{group.campaign_id}")
    assert "moins de dix apprenants" in page
    assert '<svg class="columns' not in page


async def test_the_counts_are_given_as_json_too(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(database, published.institution_id, 5, now=START, idle=2)
    (await person(database, published.institution_id, Role.INVIGILATOR)).use(client)
    reply = await client.get(f"/espace/resultats/campagnes/{group.campaign_id}/avancement")
    assert reply.json() == {
        "learners": 7, "not_started": 2, "in_progress": 0, "finished": 5, "held": 0, "published": 5,
    }  # fmt: skip


async def test_learners_come_in_pages_and_each_leads_to_a_page_of_its_own(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(database, published.institution_id, 55, now=START)
    (await person(database, published.institution_id, Role.MANAGER)).use(client)
    address = f"/espace/resultats/campagnes/{group.campaign_id}/apprenants"
    first = await read(client, address)
    following = first.split('href="' + address + "?apres=")[1].split('"')[0]
    second = await read(client, f"{address}?apres={following}")
    shown = [id_ for id_ in group.learners.values() if f"/apprenants/{id_}" in first + second]
    assert len(shown) == 55
    assert first.count("/espace/resultats/apprenants/") == 50
    assert "Première page" in await read(client, f"{address}?apres=anything")
    page = await read(client, f"/espace/resultats/apprenants/{shown[0]}")
    assert "Résultat indicatif" in page


async def test_two_sittings_of_a_learner_are_told_apart_only_by_their_interval(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(database, published.institution_id, 4, now=START)
    one, two, *_ = group.learners.values()
    async with database.transaction() as db:
        await db.execute(update(Sitting).where(Sitting.learner_id == two).values(learner_id=one))
    (await person(database, published.institution_id)).use(client)
    page = await read(client, f"/espace/resultats/apprenants/{one}")
    assert page.count("Depuis le passage précédent") == 1
    assert "en progrès" in page or "en recul" in page or "non distingué" in page


@pytest.fixture
def settings(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(Settings, "state_folder", property(lambda _: tmp_path))
    return settings


async def test_a_file_is_asked_for_and_downloaded_by_hand(
    client: httpx2.AsyncClient, database: Database, published: Published, settings: Settings, clock: Clock
) -> None:
    group = await make_group(database, published.institution_id, 4, now=START)
    (await person(database, published.institution_id, Role.MANAGER)).use(client)
    page = await read(client, f"/espace/exports?de=campaign:{group.campaign_id}")
    assert f'value="campaign:{group.campaign_id}" selected' in page
    assert 'value="responses"' not in page  # a manager may not read responses
    form = {"what": "results", "format": "csv", "of": f"campaign:{group.campaign_id}", "bom": "oui"}
    reply = await client.post("/espace/exports", data=form, headers=HTML)
    assert (reply.status_code, reply.headers["location"]) == (303, "/espace/exports?demande=oui")
    async with database.transaction() as db:
        export_id = await service.claim(db, clock())
    assert export_id is not None
    await make(database, settings, export_id, clock)
    page = await read(client, "/espace/exports?demande=oui")
    assert "prêt" in page
    reply = await client.get(f"/espace/exports/{export_id}/fichier")
    assert reply.content.startswith(b"\xef\xbb\xbfsitting,")
    assert len(reply.text.splitlines()) == 5


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"what": "everything"}, 404),
        ({"format": "exe"}, 404),
        ({"of": "campaign:x"}, 404),
        ({"what": "responses"}, 403),
    ],
)
async def test_a_form_that_was_made_up_is_refused(
    client: httpx2.AsyncClient, database: Database, published: Published, change: dict[str, str], status: int
) -> None:
    (await person(database, published.institution_id, Role.MANAGER)).use(client)
    form = {"what": "results", "format": "csv", "of": "", **change}
    assert (await client.post("/espace/exports", data=form, headers=HTML)).status_code == status


async def test_another_institutions_pages_are_not_found(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    from app.institutions import service as institutions

    group = await make_group(database, published.institution_id, 3, now=START)
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
    (await person(database, other)).use(client)
    for path in (
        f"campagnes/{group.campaign_id}",
        f"campagnes/{group.campaign_id}/avancement",
        f"campagnes/{group.campaign_id}/apprenants",
        f"cohortes/{group.cohort_id}",
        f"cohortes/{group.cohort_id}/apprenants",
        f"apprenants/{next(iter(group.learners.values()))}",
    ):
        await read(client, f"/espace/resultats/{path}", 404)
