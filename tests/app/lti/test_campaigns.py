"""A campaign behind a link: its rules hold, and a held result is told when it is published."""

from datetime import timedelta
from typing import Any

import httpx2

from app.worker import Worker
from tests.app.lti.platform import TEACHER, LearningPlatform
from tests.app.lti.test_grades import take, told
from tests.app.lti.test_launch import told as reason
from tests.app.lti.visitor import hidden, launch
from tests.conftest import Clock, Published


async def campaign(client: httpx2.AsyncClient, published: Published, **changes: Any) -> str:
    """A campaign of the institution; its identifier."""
    body = {"name": "Rentrée", "design": "certification", "purpose": "certification", **changes}
    reply = await client.post("/v1/campaigns", json=body, headers=published.authorization)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


async def test_a_held_score_waits_for_its_publication(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock, published: Published
) -> None:
    held = await campaign(client, published, publication="held")
    home = (await launch(client, known, custom={"campaign": held})).headers["location"]
    await take(client, home, clock, answers=20)
    assert (await told(worker, known))[-1] == ("Completed", "PendingManual", None)
    page = await launch(client, known, custom={"campaign": held}, role=TEACHER, user="teacher", roster=False)
    assert "Rentrée" in page.text
    assert "en attente de publication" in page.text
    clock.advance(1)
    reply = await client.post(f"/v1/campaigns/{held}/publish", headers=published.authorization)
    assert reply.status_code in (200, 201), reply.text
    (activity, grading, points) = (await told(worker, known))[-1]
    assert (activity, grading) == ("Completed", "FullyGraded")
    assert isinstance(points, int)


async def test_the_window_and_the_retakes_of_a_campaign_hold(
    client: httpx2.AsyncClient, known: LearningPlatform, clock: Clock, published: Published
) -> None:
    closes = (clock() + timedelta(hours=2)).isoformat()
    once = {
        "custom": {
            "campaign": await campaign(client, published, retake={"max_sittings": 1}, closes_at=closes)
        }
    }
    twice = {
        "custom": {"campaign": await campaign(client, published, retake={"max_sittings": 2})},
        "link": "link-2",
    }
    home = (await launch(client, known, **once)).headers["location"]
    assert (await launch(client, known, **once)).headers["location"] == home
    await take(client, home, clock)
    assert (await launch(client, known, **once)).headers["location"] == home  # its result
    other = (await launch(client, known, **twice)).headers["location"]
    await take(client, other, clock)
    page = await launch(client, known, **twice)
    again = await client.post("/lti/recommencer", data={"ticket": hidden(page.text, "ticket")})
    assert again.headers["location"] not in (home, other)


async def test_a_campaign_that_is_not_open_takes_nobody(
    client: httpx2.AsyncClient, known: LearningPlatform, clock: Clock, published: Published
) -> None:
    opens = (clock() + timedelta(hours=2)).isoformat()
    planned = await campaign(client, published, opens_at=opens)
    assert reason(await launch(client, known, custom={"campaign": planned})) == "closed"


async def test_a_campaign_of_another_institution_or_none_is_no_test(
    client: httpx2.AsyncClient, known: LearningPlatform
) -> None:
    for named in ("01a2005f-0000-7000-8000-000000000000", "rentrée"):
        assert reason(await launch(client, known, custom={"campaign": named})) == "no_test"


async def test_a_teacher_may_choose_a_campaign(
    client: httpx2.AsyncClient, known: LearningPlatform, published: Published
) -> None:
    made = await campaign(client, published)
    page = await launch(client, known, role=TEACHER, choosing=True)
    assert f'value="campaign:{made}"' in page.text
    body = {"ticket": hidden(page.text, "ticket"), "design": f"campaign:{made}", "grades": "1"}
    back = await client.post("/lti/choisir", data=body)
    (item,) = known.chosen(hidden(back.text, "JWT"))
    assert (item["title"], item["custom"]) == ("Rentrée", {"campaign": made})
    reply = await launch(client, known, custom=item["custom"])
    assert "Avant de commencer" in (await client.get(reply.headers["location"])).text
