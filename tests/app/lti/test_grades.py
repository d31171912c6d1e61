"""Grades: what the platform is told, when, and what happens when it does not listen."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
from sqlalchemy import select

from app.db import Database
from app.lti import grades
from app.lti.tables import LtiGrade
from app.worker import Worker
from tests.app.lti.platform import LearningPlatform
from tests.app.lti.visitor import hidden, launch
from tests.conftest import Clock


async def told(worker: Worker, platform: LearningPlatform) -> list[tuple[str, str, Any]]:
    """What the platform has, once the worker has done everything due."""
    while await worker.round():
        pass
    while await worker.send_grades():
        pass
    return [
        (score["activityProgress"], score["gradingProgress"], score.get("scoreGiven"))
        for _, score in platform.scores
    ]


async def take(client: httpx2.AsyncClient, home: str, clock: Clock, answers: int = 0) -> None:
    """Start a sitting, omit some questions, end it."""
    await client.post(f"{home}/commencer")
    for position in range(1, answers + 1):
        page = await client.get(home)
        item = page.text.split('name="item" value="')[1].split('"')[0]
        clock.advance(1)
        reply = await client.post(
            f"{home}/repondre",
            data={
                "position": str(position),
                "item": item,
                "idempotency_key": f"k{position}",
                "confirm": "empty",
            },
        )
        assert reply.status_code == 303, reply.text
    clock.advance(2)
    await client.post(f"{home}/terminer")


async def test_the_platform_hears_of_the_launch_the_start_and_the_score(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock
) -> None:
    home = (await launch(client, known)).headers["location"]
    assert known.scores == []  # nothing is sent while somebody waits for a page
    assert await told(worker, known) == [("Initialized", "NotReady", None)]
    clock.advance(5)
    await client.post(f"{home}/commencer")
    assert (await told(worker, known))[1:] == [("InProgress", "NotReady", None)]
    await take(client, home, clock, answers=20)
    (activity, grading, points) = (await told(worker, known))[-1]
    assert (activity, grading) == ("Completed", "FullyGraded")
    assert isinstance(points, int)
    assert 0 <= points <= 1000
    line_item, score = known.scores[-1]
    assert line_item == "1"
    assert score["userId"] == "user-1"
    assert score["scoreMaximum"] == 1000
    assert "indicatif" in score["comment"]
    moments = [datetime.fromisoformat(score["timestamp"]) for _, score in known.scores]
    assert moments == sorted(set(moments))
    assert ("POST", "/lineitems/1/scores", "application/vnd.ims.lis.v1.score+json") in known.calls
    assert await told(worker, known) == await told(worker, known)


async def test_too_few_responses_give_no_score(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock
) -> None:
    home = (await launch(client, known)).headers["location"]
    await take(client, home, clock, answers=1)
    assert (await told(worker, known))[-1] == ("Completed", "Failed", None)


async def test_the_newest_is_told_and_what_it_replaced_is_not(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock
) -> None:
    home = (await launch(client, known)).headers["location"]
    await take(client, home, clock)
    assert await told(worker, known) == [("Completed", "Failed", None)]


async def test_a_score_is_sent_until_it_is_taken(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock, database: Database
) -> None:
    await launch(client, known)
    known.broken = 3
    for waited in (0, 5, 10):
        clock.advance(waited)
        assert await told(worker, known) == []
    async with database.reading() as db:
        grade = (await db.execute(select(LtiGrade))).scalar_one()
    assert (grade.state, grade.attempts) == ("pending", 3)
    assert grade.error is not None
    assert "403" in grade.error
    clock.advance(20)
    assert await told(worker, known) == [("Initialized", "NotReady", None)]


async def test_after_three_days_a_score_is_given_up(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock, database: Database
) -> None:
    await launch(client, known)
    known.broken = 10_000
    for _ in range(40):
        await told(worker, known)
        clock.advance(timedelta(hours=6).total_seconds())
    async with database.reading() as db:
        grade = (await db.execute(select(LtiGrade))).scalar_one()
    assert grade.state == "failed"
    known.broken = 0
    assert await told(worker, known) == []


async def test_a_score_that_changes_while_the_old_one_is_under_way_is_told_too(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock, database: Database
) -> None:
    home = (await launch(client, known)).headers["location"]
    (due,) = await grades.claim(database, clock(), timedelta(seconds=5), 8)
    await take(client, home, clock)
    while await worker.round():
        pass
    await grades.settle(database, due, clock(), error=None)
    clock.advance(6)
    assert (await told(worker, known))[-1] == ("Completed", "Failed", None)


async def test_without_a_column_one_is_found_or_made_once(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock
) -> None:
    home = (await launch(client, known, own_line_item=False)).headers["location"]
    await told(worker, known)
    (column,) = known.line_items
    assert (column["scoreMaximum"], column["resourceLinkId"], column["tag"]) == (1000, "link-1", "palier")
    await take(client, home, clock)
    await told(worker, known)
    assert len(known.line_items) == 1
    assert {line_item for line_item, _ in known.scores} == {"7"}
    client.cookies.clear()
    await launch(client, known, own_line_item=False, user="user-2")
    await told(worker, known)
    assert len(known.line_items) == 1


async def test_a_link_without_grades_is_left_alone(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, database: Database
) -> None:
    await launch(client, known, grades=False)
    assert await told(worker, known) == []
    async with database.reading() as db:
        assert (await db.execute(select(LtiGrade.state))).scalar_one() == "failed"
    assert not any(path == "/token" for _, path, _ in known.calls)


async def test_one_access_token_serves_many_scores(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock
) -> None:
    for user in range(3):
        client.cookies.clear()
        await launch(client, known, user=f"user-{user}")
    await told(worker, known)
    clock.advance(10)
    client.cookies.clear()
    await launch(client, known, user="user-3")
    await told(worker, known)
    assert len(known.scores) == 4
    assert sum(path == "/token" for _, path, _ in known.calls) <= 3


async def test_a_tool_key_that_the_platform_does_not_know_is_refused_by_it(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker
) -> None:
    known.tool_keys = {"keys": [{**known.tool_keys["keys"][0], "kid": "another"}]}
    await launch(client, known)
    assert await told(worker, known) == []


async def test_taking_a_practice_again_does_not_take_the_score_back(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock
) -> None:
    practice = {"custom": {"design": "practice"}}
    home = (await launch(client, known, **practice)).headers["location"]
    await take(client, home, clock)
    before = await told(worker, known)
    page = await launch(client, known, **practice)
    again = (await client.post("/lti/recommencer", data={"ticket": hidden(page.text, "ticket")})).headers[
        "location"
    ]
    await client.post(f"{again}/commencer")
    assert await told(worker, known) == before


async def test_a_sitting_that_no_platform_launched_is_nobodys_business(
    client: httpx2.AsyncClient, known: LearningPlatform, worker: Worker, clock: Clock
) -> None:
    reply = await client.post("/demo", data={"design": "practice"})
    await take(client, reply.headers["location"], clock)
    assert await told(worker, known) == []
