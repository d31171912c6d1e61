"""`/v1/results` and statistics: published results only, in order of change, with no number a gate forbids."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from app.auth import service as auth
from app.auth.permissions import Scope
from app.db import Database, instant_from_text
from app.delivery.tables import Sitting
from app.institutions import service as institutions
from tests.app.reporting.group import make_group
from tests.conftest import START, Clock, Published


async def pages(client: httpx2.AsyncClient, key: dict[str, str], address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        reply = await client.get(address, headers=key)
        assert reply.status_code == 200, reply.text
        found.extend(reply.json()["data"])
        if reply.json()["next"] is None:
            return found
        address = reply.headers["link"].split(">")[0].lstrip("<")


async def test_results_come_in_pages_oldest_change_first_and_none_twice(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(database, published.institution_id, 23, now=START)
    found = await pages(client, published.authorization, "/v1/results?limit=5")
    assert {one["sitting"] for one in found} == {str(id_) for id_ in group.sittings}
    assert len(found) == 23
    moments = [instant_from_text(one["updated_at"]) for one in found]
    assert moments == sorted(moments)
    since = found[20]["updated_at"]
    newer = await pages(client, published.authorization, f"/v1/results?updated_since={since}")
    assert [one["sitting"] for one in newer] == [one["sitting"] for one in found[20:]]


async def test_a_result_says_level_probabilities_and_only_measured_domains(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(database, published.institution_id, 12, now=START)
    reply = await client.get(f"/v1/results?campaign={group.campaign_id}", headers=published.authorization)
    for one in reply.json()["data"]:
        measured = one["measurement"]
        assert one["provisional"] is True
        assert sum(level["probability"] for level in measured["levels"]) == pytest.approx(1)
        assert measured["levels"][measured["level_index"]]["id"] == measured["level"]
        assert measured["interval"][0] < measured["theta"] < measured["interval"][1]
        for domain in one["domains"]:
            assert (domain["theta"] is None) == (domain["state"] != "measured")
            assert (domain["interval"] is None) == (domain["state"] != "measured")


async def test_results_are_chosen_by_campaign_cohort_learner_and_design(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    one = await make_group(database, published.institution_id, 4, now=START, seed=1)
    two = await make_group(database, published.institution_id, 3, now=START, seed=2, design_key="placement")
    key = published.authorization
    assert len(await pages(client, key, "/v1/results")) == 7
    assert len(await pages(client, key, f"/v1/results?campaign={one.campaign_id}")) == 4
    assert len(await pages(client, key, f"/v1/results?cohort={two.cohort_id}")) == 3
    learner = next(iter(one.learners.values()))
    assert [row["learner"] for row in await pages(client, key, f"/v1/results?learner={learner}")] == [
        str(learner)
    ]
    assert len(await pages(client, key, "/v1/results?design=certification")) == 4


async def test_held_results_are_absent_until_published_and_then_count_as_changed(
    client: httpx2.AsyncClient, database: Database, published: Published, clock: Clock
) -> None:
    group = await make_group(database, published.institution_id, 11, now=START, held=True)
    key = published.authorization
    assert await pages(client, key, "/v1/results") == []
    reply = await client.get(f"/v1/campaigns/{group.campaign_id}/statistics", headers=key)
    assert reply.json()["progress"] == {
        "learners": 11, "not_started": 0, "in_progress": 0, "finished": 11, "held": 11, "published": 0,
    }  # fmt: skip
    assert reply.json()["groups"] == []
    async with database.transaction() as db:
        await db.execute(update(Sitting).values(published_at=START + timedelta(days=1)))
    found = await pages(client, key, f"/v1/results?updated_since={START.isoformat().replace('+00:00', 'Z')}")
    assert len(found) == 11
    assert {instant_from_text(one["updated_at"]) for one in found} == {START + timedelta(days=1)}


async def test_another_institution_and_another_scope_see_nothing(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(database, published.institution_id, 10, now=START)
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        stranger = await auth.create_api_key(db, other, "x", START)
        narrow = await auth.create_api_key(
            db, published.institution_id, "x", START, scopes={Scope.LEARNERS_READ}
        )
    theirs = {"Authorization": f"Bearer {stranger}"}
    assert await pages(client, theirs, "/v1/results") == []
    assert await pages(client, theirs, f"/v1/results?campaign={group.campaign_id}") == []
    address = f"/v1/campaigns/{group.campaign_id}/statistics"
    assert (await client.get(address, headers=theirs)).status_code == 404
    for path in ("/v1/results", address, "/v1/exports"):
        reply = await client.get(path, headers={"Authorization": f"Bearer {narrow}"})
        assert (reply.status_code, reply.json()["code"]) == (403, "insufficient_scope")
        assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIiwiYiJd", "WyIyMDI3LTAxLTAxIiwiYSJd"])
async def test_a_cursor_that_is_not_ours_is_a_422(
    client: httpx2.AsyncClient, published: Published, cursor: str
) -> None:
    reply = await client.get(f"/v1/results?starting_after={cursor}", headers=published.authorization)
    assert reply.status_code == 422


async def test_statistics_of_a_campaign_say_levels_with_intervals_and_what_stands_beside(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(
        database, published.institution_id, 60, now=START, idle=7, curricula=("IFSI", "IFAS")
    )
    reply = await client.get(f"/v1/campaigns/{group.campaign_id}/statistics", headers=published.authorization)
    body = reply.json()
    assert body["progress"] == {
        "learners": 67, "not_started": 7, "in_progress": 0, "finished": 60, "held": 0, "published": 60,
    }  # fmt: skip
    [figures] = body["groups"]
    levels = figures["levels"]["levels"]
    assert sum(level["learners"] for level in levels) == 60
    for level in levels:
        assert level["interval"][0] <= level["share"] <= level["interval"][1]
    assert {part["name"] for part in figures["by_curriculum"]} == {"IFSI", "IFAS"}
    assert figures["by_year"] == []  # one year only says nothing of its own
    assert figures["comparison"] is None


async def test_a_group_under_ten_learners_has_no_figures(
    client: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    group = await make_group(database, published.institution_id, 9, now=START)
    reply = await client.get(f"/v1/campaigns/{group.campaign_id}/statistics", headers=published.authorization)
    [figures] = reply.json()["groups"]
    assert figures["levels"] == {"learners": 9, "without_level": 0, "levels": None}
    assert figures["domains"] == []
