"""`/v1/campaigns` on both databases: windows, retakes, held results, invitations."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.audit import AuditEntry
from app.auth import service as auth
from app.db import Database
from app.delivery import exports
from app.delivery.tables import Sitting
from app.institutions import service as institutions
from app.outbox import OutboxEvent
from tests.app.campaigns.university import University, assert_problem
from tests.app.delivery.learner import Json
from tests.conftest import START, Clock, Published

DAY = 86_400


@pytest.fixture
def university(client: httpx2.AsyncClient, published: Published) -> University:
    return University(client, published.authorization)


@pytest.fixture
async def stranger(client: httpx2.AsyncClient, database: Database) -> University:
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre établissement", START)
        key = await auth.create_api_key(db, other, "tests", START)
    return University(client, {"Authorization": f"Bearer {key}"})


def at(days: float) -> str:
    """A moment so many days after the start of the tests."""
    return (START + timedelta(days=days)).isoformat().replace("+00:00", "Z")


async def progress(university: University, campaign: Json) -> Json:
    return await university.read(f"/campaigns/{campaign['id']}/progress")


async def test_a_campaign_is_made_read_and_changed(university: University) -> None:
    made = await university.campaign(
        join_code=True, closes_at=at(30), retake={"max_sittings": 2, "wait_days": 4}
    )
    assert len(made["join_code"]) == 14
    assert made["join_url"].endswith(f"/campagne/{made['join_code']}")
    assert (made["state"], made["indicative"], made["identifier"]) == ("open", True, "none")
    reply = await university.call("GET", f"/campaigns/{made['id']}")
    assert reply.json() == made
    path, tag = f"/campaigns/{made['id']}", reply.headers["etag"]
    reply = await university.call("PATCH", path, {"opens_at": at(1)}, **{"If-Match": tag})
    assert (reply.json()["state"], reply.json()["closes_at"]) == ("planned", made["closes_at"])
    assert_problem(
        await university.call("PATCH", path, {"name": "x"}, **{"If-Match": tag}), 412, "precondition_failed"
    )
    other = await university.made(f"{path}/join-code", None)
    assert other["join_code"] != made["join_code"]
    assert [one["id"] for one in (await university.read("/campaigns"))["data"]] == [made["id"]]
    assert (await university.call("DELETE", path)).status_code == 204


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"design": "practice", "purpose": "certification"}, "purpose"),
        ({"design": "certification", "purpose": "practice"}, "purpose"),
        ({"design": "practice", "purpose": "practice", "publication": "held"}, "publication"),
        ({"design": "unknown", "purpose": "practice"}, "design"),
        ({"design": "practice", "purpose": "practice", "opens_at": at(2), "closes_at": at(1)}, "closes_at"),
        ({"design": "practice", "purpose": "practice", "language": "de"}, "language"),
        ({"design": "practice", "purpose": "practice", "profession": "alchimiste"}, "profession"),
    ],
)
async def test_a_campaign_that_cannot_be_is_refused_by_field(
    university: University, body: Json, field: str
) -> None:
    problem = assert_problem(
        await university.call("POST", "/campaigns", {"name": "x", **body}), 422, "invalid_input"
    )
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_stranger_does_nothing_with_a_campaign(university: University, stranger: University) -> None:
    made = await university.campaign(publication="held")
    await university.learners("etu-1")
    path = f"/campaigns/{made['id']}"
    learner = (await university.read("/learners"))["data"][0]["id"]
    for method, more, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("GET", "/progress", None),
        ("GET", "/learners", None),
        ("POST", "/invitations", {"learners": [{"learner": "etu-1"}]}),
        ("PUT", f"/learners/{learner}", {"time_factor": 2}),
        ("POST", "/join-code", None),
        ("POST", "/publish", None),
    ):
        assert_problem(await stranger.call(method, f"{path}{more}", body), 404, "not_found")
    reply = await stranger.call("POST", "/sittings", {"campaign": made["id"], "learner": "etu-1"})
    assert assert_problem(reply, 422, "invalid_input")["errors"][0]["field"] == "campaign"
    cohort = await stranger.made("/cohorts", {"name": "x"})
    reply = await university.call(
        "POST",
        "/campaigns",
        {"name": "x", "design": "practice", "purpose": "practice", "cohort": cohort["id"]},
    )
    assert_problem(reply, 404, "not_found")


async def test_a_sitting_carries_its_campaign_and_what_it_decided(
    university: University, database: Database
) -> None:
    made = await university.campaign(closes_at=at(10), language="fr")
    sitting = await university.made("/sittings", {"campaign": made["id"], "learner": "etu-1"})
    assert (sitting["design"]["key"], sitting["language"]) == ("certification", "fr")
    async with database.reading() as db:
        stored = (await db.execute(select(Sitting))).scalar_one()
    assert (str(stored.campaign_id), stored.start_by, stored.held) == (
        made["id"],
        START + timedelta(days=10),
        False,
    )


async def test_a_sitting_of_a_campaign_is_for_somebody_and_decides_nothing_itself(
    university: University,
) -> None:
    made = await university.campaign()
    for body, field in (
        ({"campaign": made["id"]}, "learner"),
        ({"campaign": made["id"], "learner": "etu-1", "design": "practice"}, "campaign"),
        ({"learner": "etu-1"}, "design"),
    ):
        problem = assert_problem(await university.call("POST", "/sittings", body), 422, "invalid_input")
        assert problem["errors"][0]["field"] == field


async def test_before_and_after_its_window_a_campaign_is_closed(university: University, clock: Clock) -> None:
    made = await university.campaign(opens_at=at(1), closes_at=at(2))
    body = {"campaign": made["id"], "learner": "etu-1"}
    assert (
        assert_problem(await university.call("POST", "/sittings", body), 410, "expired")["reason"]
        == "not_open"
    )
    clock.advance(1.5 * DAY)
    sitting = await university.made("/sittings", body)
    clock.advance(DAY)
    reply = await university.call("POST", f"/sittings/{sitting['id']}/start")
    assert_problem(reply, 410, "expired")
    assert_problem(await university.call("POST", "/sittings", body), 410, "expired")
    counts = await progress(university, made)
    assert (counts["expected"], counts["finished"], counts["late"]) == (1, 0, 1)
    # a deadline put off lets a learner who waits start after all
    await university.call("PATCH", f"/campaigns/{made['id']}", {"closes_at": at(5)})
    assert (await university.made(f"/sittings/{sitting['id']}/start", None))["status"] == "in_progress"


async def test_who_has_started_keeps_their_time_when_the_campaign_closes(
    university: University, clock: Clock
) -> None:
    made = await university.campaign(closes_at=at(1))
    clock.advance(DAY - 60)
    sitting = await university.made("/sittings", {"campaign": made["id"], "learner": "etu-1"})
    await university.made(f"/sittings/{sitting['id']}/start", None)
    clock.advance(120)
    shown = await university.read(f"/sittings/{sitting['id']}")
    assert (shown["status"], (await progress(university, made))["late"]) == ("in_progress", 1)


async def test_a_retake_waits_and_is_counted(university: University, clock: Clock) -> None:
    made = await university.campaign(retake={"max_sittings": 2, "wait_days": 4})
    body = {"campaign": made["id"], "learner": "etu-1"}
    first = await university.made("/sittings", body)
    problem = assert_problem(await university.call("POST", "/sittings", body), 409, "sitting_open")
    assert problem["sitting"] == first["id"]
    await university.made(f"/sittings/{first['id']}/start", None)
    await university.made(f"/sittings/{first['id']}/finish", None)
    problem = assert_problem(await university.call("POST", "/sittings", body), 409, "retake_refused")
    assert problem["allowed_at"] == at(4)
    clock.advance(4 * DAY - 1)
    assert_problem(await university.call("POST", "/sittings", body), 409, "retake_refused")
    clock.advance(1)
    await university.sat(made, "etu-1", answers=0)
    clock.advance(30 * DAY)
    problem = assert_problem(await university.call("POST", "/sittings", body), 409, "retake_refused")
    assert problem["allowed_at"] is None
    await university.sat(made, "etu-2", answers=0)


async def test_a_retake_that_would_come_after_the_end_is_not_promised(
    university: University, clock: Clock
) -> None:
    made = await university.campaign(closes_at=at(3), retake={"wait_days": 4})
    await university.sat(made, "etu-1", answers=0)
    reply = await university.call("POST", "/sittings", {"campaign": made["id"], "learner": "etu-1"})
    assert assert_problem(reply, 409, "retake_refused")["allowed_at"] is None


async def test_a_held_result_is_told_to_nobody_until_it_is_published(
    university: University, database: Database, clock: Clock
) -> None:
    made = await university.campaign(publication="held")
    finished = [await university.sat(made, f"etu-{number}", answers=20) for number in range(2)]
    going_on = await university.made("/sittings", {"campaign": made["id"], "learner": "etu-9"})
    await university.made(f"/sittings/{going_on['id']}/start", None)
    for sitting in finished:
        assert_problem(await university.call("GET", f"/sittings/{sitting}/result"), 409, "result_held")
        assert "theta" not in str(await university.read(f"/sittings/{sitting}"))
    assert (await progress(university, made))["held"] == 2
    async with database.reading() as db:
        told = (
            (await db.execute(select(OutboxEvent).where(OutboxEvent.topic == "sitting.finished")))
            .scalars()
            .all()
        )
    assert [set(event.payload) for event in told] == [{"sitting_id", "campaign_id", "reason"}] * 2
    clock.advance(60)
    reply = await university.made(f"/campaigns/{made['id']}/publish", None)
    assert (reply["results"], reply["indicative"], reply["published_at"]) == (2, True, at(60 / DAY))
    for sitting in finished:
        body = await university.read(f"/sittings/{sitting}/result")
        assert (body["provisional"], body["sitting"]) == (True, sitting)
    async with database.reading() as db:
        told = (
            (await db.execute(select(OutboxEvent).where(OutboxEvent.topic == "result.published")))
            .scalars()
            .all()
        )
        acts = (
            (await db.execute(select(AuditEntry).where(AuditEntry.act == "campaign.published")))
            .scalars()
            .all()
        )
    assert sorted(str(event.subject) for event in told) == sorted(finished)
    assert {event.payload["campaign_id"] for event in told} == {made["id"]}
    assert [(act.subject, act.facts["results"]) for act in acts] == [(made["id"], 2)]
    # whoever was still sitting learns the result at the end, and so does whoever comes later
    await university.made(f"/sittings/{going_on['id']}/finish", None)
    await university.read(f"/sittings/{going_on['id']}/result")
    await university.read(f"/sittings/{await university.sat(made, 'etu-10', answers=0)}/result")
    assert_problem(await university.call("POST", f"/campaigns/{made['id']}/publish"), 409, "conflict")


async def test_what_is_not_held_is_not_published(university: University) -> None:
    made = await university.campaign()
    assert_problem(await university.call("POST", f"/campaigns/{made['id']}/publish"), 409, "conflict")


async def test_each_learner_gets_a_link_and_more_time_where_it_is_granted(
    university: University, database: Database
) -> None:
    await university.learners("etu-1", "etu-2")
    made = await university.campaign()
    path = f"/campaigns/{made['id']}/invitations"
    body = {"learners": [{"learner": "etu-1"}, {"learner": "etu-2", "time_factor": 1.33}]}
    invited = await university.made(path, body)
    assert [(one["learner"], one["time_factor"]) for one in invited["data"]] == [
        ("etu-1", 1.0),
        ("etu-2", 1.33),
    ]
    counts = await progress(university, made)
    assert (counts["expected"], counts["invited"], counts["not_started"]) == (2, 2, 2)
    usual = (await university.made("/sittings", {"campaign": made["id"], "learner": "etu-1"}))["design"]
    longer = (await university.made("/sittings", {"campaign": made["id"], "learner": "etu-2"}))["design"]
    assert longer["time_limit_seconds"] == usual["time_limit_seconds"] * 133 // 100
    again = await university.made(path, {"learners": [{"learner": "etu-2"}]})
    assert again["data"][0]["time_factor"] == 1.33
    assert again["data"][0]["url"] != invited["data"][1]["url"]
    rows = (await university.read(f"/campaigns/{made['id']}/learners"))["data"]
    assert [(row["external_id"], row["stage"]) for row in rows] == [
        ("etu-1", "not_started"),
        ("etu-2", "not_started"),
    ]


async def test_an_unknown_learner_is_named_and_nobody_is_invited(university: University) -> None:
    await university.learners("etu-1")
    made = await university.campaign()
    body = {"learners": [{"learner": "etu-1"}, {"learner": "etu-9"}]}
    reply = await university.call("POST", f"/campaigns/{made['id']}/invitations", body)
    assert "etu-9" in assert_problem(reply, 422, "invalid_input")["errors"][0]["expected"]
    assert (await progress(university, made))["invited"] == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"cohort": True, "learners": [{"learner": "etu-1"}]},
        {"learners": [{"learner": "etu-1", "time_factor": 3}]},
    ],
)
async def test_an_invitation_says_whom_and_a_factor_that_exists(university: University, body: Any) -> None:
    made = await university.campaign()
    assert_problem(
        await university.call("POST", f"/campaigns/{made['id']}/invitations", body), 422, "invalid_input"
    )


async def test_a_whole_cohort_is_invited_once(university: University) -> None:
    await university.learners("etu-1", "etu-2", "etu-3")
    cohort = await university.made("/cohorts", {"name": "IFSI"})
    await university.made(f"/cohorts/{cohort['id']}/members", {"add": ["etu-1", "etu-2"]})
    made = await university.campaign(cohort=cohort["id"])
    assert (await progress(university, made))["expected"] == 2
    path = f"/campaigns/{made['id']}/invitations"
    first = await university.made(path, {"cohort": True})
    assert ([one["learner"] for one in first["data"]], first["remaining"]) == (["etu-1", "etu-2"], 0)
    assert (await university.made(path, {"cohort": True}))["data"] == []
    other = await university.campaign()
    reply = await university.call("POST", f"/campaigns/{other['id']}/invitations", {"cohort": True})
    assert_problem(reply, 409, "conflict")
    assert_problem(await university.call("DELETE", f"/cohorts/{cohort['id']}"), 409, "conflict")


async def test_time_that_is_granted_later_holds_for_sittings_to_come(university: University) -> None:
    await university.learners("etu-1")
    made = await university.campaign()
    learner = (await university.read("/learners"))["data"][0]["id"]
    reply = await university.call("PUT", f"/campaigns/{made['id']}/learners/{learner}", {"time_factor": 1.5})
    assert (reply.status_code, reply.json()) == (200, {"time_factor": 1.5})
    sitting = await university.made("/sittings", {"campaign": made["id"], "learner": "etu-1"})
    plain = await university.made("/sittings", {"design": "certification", "learner": "etu-1"})
    assert sitting["design"]["time_limit_seconds"] * 2 == plain["design"]["time_limit_seconds"] * 3


async def test_a_campaign_that_somebody_has_sat_is_kept(university: University) -> None:
    made = await university.campaign()
    await university.made("/sittings", {"campaign": made["id"], "learner": "etu-1"})
    assert_problem(await university.call("DELETE", f"/campaigns/{made['id']}"), 409, "conflict")


async def test_calibration_gets_held_responses_and_none_of_test_mode(
    university: University,
    client: httpx2.AsyncClient,
    published: Published,
    database: Database,
    application: Any,
) -> None:
    async with database.transaction() as db:
        key = await auth.create_api_key(db, published.institution_id, "tests", START, mode="test")
    twin = University(client, {"Authorization": f"Bearer {key}"})
    await twin.sat(await twin.campaign(), "etu-1")
    await university.sat(await university.campaign(publication="held"), "etu-1", answers=4)
    found: list[Any] = []
    async with database.reading() as db:
        assessments = application.state.context.assessments
        async for batch in exports.responses(db, assessments, key=b"key"):
            found += batch
    assert len(found) == 4
