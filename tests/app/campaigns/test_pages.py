"""Pages of campaigns: learners come in by a code or a link; members import, open campaigns, publish."""

import re
from typing import Any

import httpx2
import pytest

from app.auth.permissions import Role
from app.db import Database
from tests.app.campaigns.university import University, names
from tests.app.office.people import person
from tests.conftest import Clock, Published

DAY = 86_400


@pytest.fixture
def university(client: httpx2.AsyncClient, published: Published) -> University:
    return University(client, published.authorization)


async def post(client: httpx2.AsyncClient, path: str, data: dict[str, Any] | None = None) -> httpx2.Response:
    return await client.post(path, data=data or {}, headers={"Accept": "text/html"})


def path_of(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


async def finish(client: httpx2.AsyncClient, sitting: str) -> None:
    assert (await post(client, f"{sitting}/commencer")).status_code == 303
    assert (await post(client, f"{sitting}/terminer")).status_code == 303


async def test_the_first_page_leads_from_a_join_code_to_its_campaign(
    university: University, client: httpx2.AsyncClient
) -> None:
    made = await university.campaign(join_code=True)
    reply = await post(client, "/code", {"code": made["join_code"].lower().replace("-", "")})
    assert (reply.status_code, reply.headers["location"]) == (303, f"/campagne/{made['join_code']}")
    page = await client.get(reply.headers["location"])
    assert (page.status_code, "Promotion 2027" in page.text, "Votre identifiant" in page.text) == (
        200,
        True,
        False,
    )
    assert (await client.get("/campagne/AAAA-BBBB-CCCC")).status_code == 404


async def test_who_joins_without_an_identifier_finds_their_sitting_again_and_keeps_to_the_rule(
    university: University, client: httpx2.AsyncClient, clock: Clock
) -> None:
    made = await university.campaign(join_code=True, retake={"wait_days": 4})
    join = f"/campagne/{made['join_code']}"
    first = (await post(client, join)).headers["location"]
    assert (await post(client, join)).headers["location"] == first
    await finish(client, first)
    reply = await post(client, join)
    assert reply.status_code == 409
    assert "Vous pourrez recommencer à partir du 15\u00a0janv.\u00a02027" in reply.text
    clock.advance(4 * DAY)
    assert (await post(client, join)).headers["location"] != first


async def test_an_identifier_must_be_one_that_is_expected(
    university: University, client: httpx2.AsyncClient
) -> None:
    await university.learners("etu-1", "etu-2")
    cohort = await university.made("/cohorts", {"name": "IFSI"})
    await university.made(f"/cohorts/{cohort['id']}/members", {"add": ["etu-1"]})
    made = await university.campaign(join_code=True, cohort=cohort["id"])
    join = f"/campagne/{made['join_code']}"
    assert "Votre identifiant" in (await client.get(join)).text
    for identifier, status, words in (
        ("", 422, "Saisissez l’identifiant"),
        ("etu-2", 404, "n’est pas attendu ici"),
        ("etu-9", 404, "n’est pas attendu ici"),
    ):
        reply = await post(client, join, {"identifier": identifier})
        assert (reply.status_code, words in reply.text) == (status, True), reply.text
    assert (await post(client, join, {"identifier": " etu-1 "})).status_code == 303


async def test_any_identifier_may_be_a_new_one_but_never_a_name(
    university: University, client: httpx2.AsyncClient
) -> None:
    made = await university.campaign(join_code=True, identifier="any")
    join = f"/campagne/{made['join_code']}"
    reply = await post(client, join, {"identifier": "Jeanne Roux"})
    assert (reply.status_code, "ressemble à un nom" in reply.text) == (422, True)
    assert (await post(client, join, {"identifier": "etu-7"})).status_code == 303
    assert names(await university.read("/learners")) == ["etu-7"]


async def test_an_identifier_opens_nothing_that_another_browser_holds(
    university: University, client: httpx2.AsyncClient
) -> None:
    await university.learners("etu-1")
    made = await university.campaign(join_code=True, identifier="known")
    join, given = f"/campagne/{made['join_code']}", {"identifier": "etu-1"}
    sitting = (await post(client, join, given)).headers["location"]
    held = client.cookies["palier"]
    client.cookies.clear()
    reply = await post(client, join, given)
    assert (reply.status_code, "code de reprise" in reply.text) == (409, True)
    assert (await client.get(sitting)).status_code == 404
    client.cookies.set("palier", held)
    assert (await post(client, join, given)).headers["location"] == sitting


async def test_outside_its_window_a_campaign_says_so(
    university: University, client: httpx2.AsyncClient, clock: Clock
) -> None:
    made = await university.campaign(
        join_code=True, opens_at="2027-01-12T09:00:00Z", closes_at="2027-01-13T09:00:00Z"
    )
    join = f"/campagne/{made['join_code']}"
    page = await client.get(join)
    assert "Pas encore ouvert" in page.text
    assert "Ouvrir mon épreuve" not in page.text
    assert (await post(client, join)).status_code == 410
    clock.advance(1.5 * DAY)
    sitting = (await post(client, join)).headers["location"]
    clock.advance(DAY)
    assert "est close" in (await client.get(join)).text
    assert (await post(client, join)).status_code == 410
    assert (await post(client, f"{sitting}/commencer")).status_code == 410


async def test_a_personal_link_opens_resumes_and_starts_again(
    university: University, client: httpx2.AsyncClient, clock: Clock
) -> None:
    await university.learners("etu-1")
    made = await university.campaign(retake={"max_sittings": 2, "wait_days": 4})
    invited = await university.made(
        f"/campaigns/{made['id']}/invitations", {"learners": [{"learner": "etu-1"}]}
    )
    link = path_of(invited["data"][0]["url"])
    assert "Ouvrir mon épreuve" in (await client.get(link)).text
    assert (await university.read(f"/campaigns/{made['id']}/progress"))["not_started"] == 1
    sitting = (await post(client, link)).headers["location"]
    await post(client, f"{sitting}/commencer")
    client.cookies.clear()
    assert "Reprendre mon épreuve" in (await client.get(link)).text
    assert (await post(client, link)).headers["location"] == sitting
    assert (await client.get(sitting)).status_code == 200
    await post(client, f"{sitting}/terminer")
    page = await client.get(link)
    assert "Vous pourrez recommencer à partir du" in page.text
    assert (await post(client, link)).status_code == 409
    clock.advance(4 * DAY)
    second = (await post(client, link)).headers["location"]
    assert second != sitting
    await finish(client, second)
    assert "ne permet pas de le repasser" in (await client.get(link)).text
    again = await university.made(
        f"/campaigns/{made['id']}/invitations", {"learners": [{"learner": "etu-1"}]}
    )
    assert (await client.get(link)).status_code == 404
    assert (await client.get(path_of(again["data"][0]["url"]))).status_code == 200


async def test_a_learner_reads_that_the_result_is_held_then_reads_it(
    university: University, client: httpx2.AsyncClient
) -> None:
    made = await university.campaign(join_code=True, publication="held")
    page = await client.get(f"/campagne/{made['join_code']}")
    assert "Un résultat différé" in page.text
    sitting = (await post(client, f"/campagne/{made['join_code']}")).headers["location"]
    await finish(client, sitting)
    page = await client.get(f"{sitting}/resultat")
    assert (page.status_code, "Votre épreuve est terminée" in page.text) == (200, True)
    await university.made(f"/campaigns/{made['id']}/publish", None)
    page = await client.get(f"{sitting}/resultat")
    assert "Votre épreuve est terminée" not in page.text


async def test_a_member_imports_a_file_in_two_steps(
    client: httpx2.AsyncClient, published: Published, database: Database, university: University
) -> None:
    (await person(database, published.institution_id, Role.MANAGER)).use(client)

    async def choose(content: str) -> httpx2.Response:
        return await client.post(
            "/espace/apprenants/importer", files={"file": ("promotion.csv", content.encode())}
        )

    refused = await choose("identifiant;profession\nJeanne Roux;ide\n")
    assert refused.status_code == 422
    assert "ressemble à un nom" in refused.text
    report = await choose("identifiant;profession\netu-1;ide\netu-2;ide\n")
    assert (report.status_code, "Rien n’est encore écrit" in report.text) == (200, True)
    assert names(await university.read("/learners")) == []
    [action] = re.findall(r'action="(/espace/apprenants/importer/[^"]+)"', report.text)
    done = await post(client, action)
    assert done.status_code == 303
    assert names(await university.read("/learners")) == ["etu-1", "etu-2"]
    page = await client.get(done.headers["location"])
    assert "2 nouveaux apprenants" in page.text.replace("\u00a0", " ")
    assert (await post(client, action)).status_code == 404


async def test_a_member_opens_a_campaign_invites_grants_time_and_the_jury_publishes(
    client: httpx2.AsyncClient, published: Published, database: Database, university: University
) -> None:
    await university.learners("etu-1")
    manager = await person(database, published.institution_id, Role.MANAGER)
    manager.use(client)
    form = {
        "name": "Session de juin",
        "design": "certification",
        "purpose": "certification",
        "publication": "held",
        "join_code": "yes",
        "identifier": "known",
        "closes_at": "2027-06-30T18:00",
        "wait_days": "4",
    }
    wrong = await post(client, "/espace/campagnes/nouvelle", {**form, "name": "", "wait_days": "x"})
    assert (wrong.status_code, wrong.text.count('class="error"')) == (422, 2)
    made = await post(client, "/espace/campagnes/nouvelle", form)
    assert made.status_code == 303
    campaign = path_of(made.headers["location"]).partition("?")[0]
    shown = (await university.read("/campaigns"))["data"][0]
    assert (shown["publication"], shown["closes_at"]) == ("held", "2027-06-30T16:00:00Z")
    assert shown["join_code"] in (await client.get(f"{campaign}/affiche")).text
    unknown = await post(client, f"{campaign}/inviter", {"learners": "etu-1\netu-8"})
    assert (unknown.status_code, "etu-8" in unknown.text) == (422, True)
    invited = await post(client, f"{campaign}/inviter", {"learners": "etu-1"})
    [link] = re.findall(r"/invitation/[0-9A-Z-]+", invited.text)
    learner = (await university.read(f"{campaign.replace('/espace/campagnes', '/campaigns')}/learners"))[
        "data"
    ][0]
    await post(client, f"{campaign}/temps/{learner['learner']}", {"percent": "150"})
    sitting = (await post(client, link)).headers["location"]
    await finish(client, sitting)
    manager.use(client)
    page = await client.get(campaign)
    assert "Terminée" in page.text
    assert "Publier les résultats" not in page.text
    assert (await post(client, f"{campaign}/publier")).status_code == 403
    (await person(database, published.institution_id, Role.JURY)).use(client)
    assert "Publier les résultats" in (await client.get(campaign)).text
    assert "1 résultat" in (await client.get(f"{campaign}/publier")).text.replace("\u00a0", " ")
    done = await post(client, f"{campaign}/publier")
    assert "1 résultat est publié" in (await client.get(done.headers["location"])).text.replace("\u00a0", " ")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_every_page_is_in_english_too(
    client: httpx2.AsyncClient, published: Published, database: Database, university: University
) -> None:
    made = await university.campaign(join_code=True)
    (await person(database, published.institution_id, Role.OWNER)).use(client)
    client.cookies.set("lang", "en")
    for path, words in (
        ("/espace/apprenants", "Import a file"),
        ("/espace/apprenants/importer", "The columns"),
        ("/espace/cohortes", "No cohort yet"),
        ("/espace/campagnes", "To be started before"),
        ("/espace/campagnes/nouvelle", "Last moment to start"),
        (f"/espace/campagnes/{made['id']}", "Learners of the campaign"),
        (f"/espace/campagnes/{made['id']}/affiche", "Enter the code"),
        (f"/campagne/{made['join_code']}", "Open my test"),
    ):
        page = await client.get(path)
        assert (page.status_code, words in page.text) == (200, True), path
