"""Deep linking and the roster: what a teacher chooses and sees."""

import re

import httpx2
import pytest
from sqlalchemy import func, select

from app.assessments.service import Assessments
from app.db import Database
from app.delivery.tables import Sitting
from app.institutions.tables import Learner
from tests.app.lti.platform import LEARNER, TEACHER, LearningPlatform, registered
from tests.app.lti.test_launch import claims_of, told
from tests.app.lti.visitor import begin, from_platform, hidden, launch
from tests.conftest import Published

SAME = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"}


async def test_the_platform_takes_the_test_that_a_teacher_chose(
    client: httpx2.AsyncClient, known: LearningPlatform, database: Database
) -> None:
    page = await launch(client, known, role=TEACHER, choosing=True)
    assert page.status_code == 200
    offered = {design.key for design in await Assessments(database).offered()}
    assert set(re.findall(r'name="design"[^>]*value="([^"]+)"', page.text)) == offered
    assert "certification" in offered
    assert "launch" not in offered  # a launch is for campaigns
    body = {"ticket": hidden(page.text, "ticket"), "design": "certification", "grades": "1"}
    back = await client.post("/lti/choisir", data=body, headers=SAME)
    assert back.status_code == 200
    assert f'action="{known.url}/choose?course=1"' in back.text
    token = hidden(back.text, "JWT")
    (item,) = known.chosen(token)
    assert item["type"] == "ltiResourceLink"
    assert item["url"] == "https://testserver/lti/launch"
    assert item["custom"] == {"design": "certification"}
    assert item["lineItem"] == {
        "scoreMaximum": 1000,
        "label": item["title"],
        "resourceId": "certification",
        "tag": "palier",
    }
    said = claims_of(token)
    assert (said["iss"], said["aud"]) == ("tool-42", known.url)
    assert said["https://purl.imsglobal.org/spec/lti-dl/claim/data"] == "opaque é"
    assert said["https://purl.imsglobal.org/spec/lti/claim/deployment_id"] == "deployment-1"
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Sitting))).scalar() == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_the_chosen_test_opens_from_the_course(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    page = await launch(client, known, role=TEACHER, choosing=True)
    body = {"ticket": hidden(page.text, "ticket"), "design": "practice"}
    back = await client.post("/lti/choisir", data=body, headers=SAME)
    (item,) = known.chosen(hidden(back.text, "JWT"))
    assert "lineItem" not in item
    reply = await launch(client, known, custom=item["custom"], link="made")
    assert "Avant de commencer" in (await client.get(reply.headers["location"])).text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_choice_without_a_test_is_asked_again(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    page = await launch(client, known, role=TEACHER, choosing=True)
    again = await client.post("/lti/choisir", data={"ticket": hidden(page.text, "ticket")}, headers=SAME)
    assert again.status_code == 422
    assert "Choisissez un test dans la liste." in again.text
    unknown = {"ticket": hidden(again.text, "ticket"), "design": "nothing"}
    assert told(await client.post("/lti/choisir", data=unknown, headers=SAME)) == "no_test"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_learner_chooses_nothing(client: httpx2.AsyncClient, known: LearningPlatform) -> None:
    assert told(await launch(client, known, role=LEARNER, choosing=True)) == "role"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_platform_that_takes_no_resource_link_is_told_so(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    settings = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
    for changed in (
        {"accept_types": ["file"], "deep_link_return_url": "https://lms.example/"},
        {"accept_types": ["ltiResourceLink"], "deep_link_return_url": "javascript:alert(1)"},
        {"accept_types": ["ltiResourceLink"]},
        {"accept_types": ["ltiResourceLink"], "deep_link_return_url": "https://lms.example/", "data": {}},
    ):
        form = known.launch(await begin(client, known), role=TEACHER, choosing=True)
        said = {**claims_of(form["id_token"]), settings: changed}
        reply = await client.post("/lti/launch", data={**form, "id_token": known.sign(said)})
        assert told(reply) == "message"


async def test_a_teacher_sees_the_roster_page_after_page_and_names_only_where_allowed(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published, database: Database
) -> None:
    platform_id = await registered(client, published.authorization, platform.platform_in())
    platform.tool_keys = (await client.get("/lti/jwks.json")).json()
    platform.members = [
        {
            "user_id": f"user-{number}",
            "roles": [LEARNER],
            "name": f"Apprenante {number:02d}",
            "email": "x@y.z",
        }
        for number in range(1, 6)
    ] + [
        {"user_id": "teacher", "roles": [TEACHER], "name": "Madame Maître"},
        {"user_id": "gone", "roles": [LEARNER], "name": "Partie", "status": "Inactive"},
    ]
    await launch(client, platform, user="user-2")
    client.cookies.clear()
    page = await launch(client, platform, role=TEACHER, user="teacher")
    assert page.status_code == 200
    assert page.text.count('<th scope="row">') == 5
    assert page.text.count("Ouvert, pas commencé</td>") == 1
    assert page.text.count("Pas encore venu</td>") == 4
    assert "Apprenante" not in page.text
    await client.patch(
        f"/v1/lti/platforms/{platform_id}", json={"shows_names": True}, headers=published.authorization
    )
    page = await client.post("/lti/suivi", data={"ticket": hidden(page.text, "ticket")}, headers=SAME)
    assert all(f"Apprenante {number:02d}" in page.text for number in range(1, 6))
    for absent in ("Maître", "Partie", "x@y.z"):
        assert absent not in page.text
    async with database.reading() as db:
        stored = [str(vars(row)) for row in (await db.execute(select(Learner))).scalars()]
        assert (await db.execute(select(func.count()).select_from(Sitting))).scalar() == 1
    assert len(stored) == 1
    assert "Apprenante" not in stored[0]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_roster_that_cannot_be_read_leaves_those_who_came(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    await launch(client, known)
    known.forbids_roster = True
    page = await launch(client, known, role=TEACHER, user="teacher")
    assert "La liste du cours n’a pas pu être lue" in page.text
    assert page.text.count('<th scope="row">') == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_platform_without_a_roster_is_shown_without(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    page = await launch(client, known, role=TEACHER, roster=False)
    assert "Personne n’est encore venu par ce lien." in page.text
    assert not any(path == "/members" for _, path, _ in known.calls)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_names_from_a_roster_are_text(
    client: httpx2.AsyncClient, platform: LearningPlatform, published: Published
) -> None:
    await registered(client, published.authorization, platform.platform_in(shows_names=True))
    platform.tool_keys = (await client.get("/lti/jwks.json")).json()
    platform.members = [{"user_id": "u", "roles": [LEARNER], "name": "<script>alert(1)</script>"}]
    page = await launch(client, platform, role=TEACHER)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_form_of_ours_posted_from_another_site_is_refused(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    page = await launch(client, known, role=TEACHER)
    body = {"ticket": hidden(page.text, "ticket")}
    reply = await client.post("/lti/suivi", data=body, headers=from_platform(known))
    assert reply.status_code == 403
    assert "Suivi" not in reply.text
