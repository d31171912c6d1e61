"""Test mode answers by itself, travels in time, and never meets what is live."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.auth import service as auth
from app.db import Database
from app.delivery import exports, replay
from app.delivery.tables import Response, Sitting
from tests.app.delivery.learner import Learner
from tests.app.delivery.test_pages import Browser
from tests.conftest import START, Clock, Published


@pytest.fixture
async def test_key(database: Database, published: Published) -> dict[str, str]:
    """The header of a test key of the published institution."""
    async with database.transaction() as db:
        secret = await auth.create_api_key(db, published.institution_id, "essai", START, mode="test")
    assert secret.startswith("plk_test_")
    return {"Authorization": f"Bearer {secret}"}


async def ran(client: httpx2.AsyncClient, key: dict[str, str], name: str, **behaviour: Any) -> dict[str, Any]:
    """The result of a test learner's sitting."""
    learner = Learner(client, key)
    await learner.create(learner=name)
    reply = await learner.post(f"/v1/test/sittings/{learner.id}/run", behaviour)
    assert reply.status_code == 200, reply.text
    assert reply.json()["status"] == "finished"
    result = await learner.get("/result")
    assert result.status_code == 200, result.text
    return {**result.json(), "run": reply.json()}


async def test_each_behaviour_ends_where_it_should(
    client: httpx2.AsyncClient, test_key: dict[str, str], application: FastAPI
) -> None:
    right = await ran(client, test_key, "a", behaviour="all_right")
    wrong = await ran(client, test_key, "b", behaviour="all_wrong")
    late = await ran(client, test_key, "c", behaviour="times_out")
    levels = [level["id"] for level in right["measurement"]["levels"]]
    assert right["measurement"]["level"] == levels[-1]
    assert wrong["measurement"]["level"] == levels[0]
    assert late["run"]["finish_reason"] == "time"
    assert late["answers"] == 16
    context = application.state.context
    for result in (right, wrong, late):
        assert (await replay.replay(context.delivery, UUID(result["sitting"]))).identical


async def test_a_learner_of_a_known_ability_is_measured_near_it_and_the_same_every_time(
    client: httpx2.AsyncClient, test_key: dict[str, str]
) -> None:
    for theta in (-1.0, 0.8):
        first = await ran(client, test_key, f"theta{theta}", behaviour="theta", theta=theta)
        again = await ran(client, test_key, f"theta{theta}", behaviour="theta", theta=theta)
        assert first["measurement"] == again["measurement"]
        assert abs(first["measurement"]["theta"] - theta) < 3 * first["measurement"]["se"]


async def test_a_run_stops_after_so_many_answers_and_goes_on(
    client: httpx2.AsyncClient, test_key: dict[str, str]
) -> None:
    learner = Learner(client, test_key)
    await learner.create()
    address = f"/v1/test/sittings/{learner.id}/run"
    reply = await learner.post(address, {"behaviour": "all_right", "answers": 5})
    assert (reply.json()["answered"], reply.json()["status"]) == (5, "in_progress")
    reply = await learner.post(address, {"behaviour": "all_wrong"})
    assert (reply.json()["answered"], reply.json()["status"]) == (32, "finished")


async def test_a_run_that_is_asked_for_again_answers_nothing_more(
    client: httpx2.AsyncClient, test_key: dict[str, str], database: Database
) -> None:
    learner = Learner(client, test_key)
    await learner.create()
    address = f"/v1/test/sittings/{learner.id}/run"

    async def stored() -> int:
        async with database.reading() as db:
            counted = select(func.count()).select_from(Response).where(Response.sitting_id == learner.id)
            return (await db.execute(counted)).scalar_one()

    for body, answered in (
        ({"behaviour": "all_wrong", "answers": 0}, 0),
        ({"behaviour": "all_right", "answers": 5}, 5),
        ({"behaviour": "all_right", "answers": 9}, 9),
        ({"behaviour": "times_out"}, 16),
    ):
        first = await learner.post(address, body)
        again = await learner.post(address, body)
        assert first.status_code == again.status_code == 200, first.text
        assert first.json() == again.json()
        assert (first.json()["answered"], await stored()) == (answered, answered)
    assert first.json()["finish_reason"] == "time"
    fewer = await learner.post(address, {"behaviour": "all_right", "answers": 3})
    assert fewer.json() == first.json()


async def test_a_run_that_is_asked_for_twice_at_once_answers_no_more_than_once(
    client: httpx2.AsyncClient, test_key: dict[str, str]
) -> None:
    learner = Learner(client, test_key)
    await learner.create()
    address, body = f"/v1/test/sittings/{learner.id}/run", {"behaviour": "all_right", "answers": 6}
    both = await asyncio.gather(learner.post(address, body), learner.post(address, body))
    assert [reply.status_code for reply in both] == [200, 200]
    assert [reply.json()["answered"] for reply in both] == [6, 6]
    assert (await learner.get()).json()["answered"] == 6


async def test_time_moves_for_test_keys_alone(
    client: httpx2.AsyncClient, test_key: dict[str, str], published: Published, clock: Clock
) -> None:
    tried, live = Learner(client, test_key), Learner(client, published.authorization)
    for learner in (tried, live):
        await learner.create()
        await learner.start()
    keyed = {"Idempotency-Key": "demain"}
    moved = await tried.post("/v1/test/clock", {"advance_seconds": 86_400}, **keyed)
    again = await tried.post("/v1/test/clock", {"advance_seconds": 86_400}, **keyed)
    assert moved.json() == again.json()
    assert moved.json()["offset_seconds"] == 86_400
    assert (await client.get("/v1/test/clock", headers=test_key)).json() == moved.json()
    assert (await tried.get()).json()["finish_reason"] == "time"
    assert (await live.get()).json()["status"] == "in_progress"
    back = await tried.post("/v1/test/clock", {"advance_seconds": -1})
    assert back.status_code == 422


async def test_the_pages_of_a_sitting_travel_with_its_institution(
    client: httpx2.AsyncClient, test_key: dict[str, str], clock: Clock
) -> None:
    tried = Learner(client, test_key)
    await tried.post("/v1/test/clock", {"advance_seconds": 86_400})
    made = await tried.create()
    browser = Browser(client)
    await browser.get(urlsplit(made["launch_url"]).path)
    home = browser.address
    await browser.post(f"{home}/commencer")
    assert browser.number == 1
    told = (await tried.get()).json()
    assert told["status"] == "in_progress"
    begun, deadline = (datetime.fromisoformat(told[name]) for name in ("started_at", "deadline_at"))
    assert begun == clock() + timedelta(days=1)
    await tried.post("/v1/test/clock", {"advance_seconds": int((deadline - begun).total_seconds()) - 60})
    assert (await browser.get(home)).number == 1
    clock.advance(60 * 60)
    assert (await browser.get(home)).address == f"{home}/resultat"
    assert (await tried.get()).json()["finish_reason"] == "time"


async def test_a_live_key_can_neither_run_nor_travel(
    client: httpx2.AsyncClient, published: Published
) -> None:
    learner = Learner(client, published.authorization)
    await learner.create()
    for path, body in (
        (f"/v1/test/sittings/{learner.id}/run", {"behaviour": "all_right"}),
        ("/v1/test/clock", {"advance_seconds": 60}),
    ):
        assert (await learner.post(path, body)).status_code == 403
    assert (await client.get("/v1/test/clock", headers=published.authorization)).status_code == 403
    assert (await learner.get()).json()["status"] == "created"


async def test_live_and_test_never_meet(
    client: httpx2.AsyncClient,
    test_key: dict[str, str],
    published: Published,
    database: Database,
    application: FastAPI,
) -> None:
    result = await ran(client, test_key, "etu-1", behaviour="all_right")
    seen = await client.get(f"/v1/sittings/{result['sitting']}", headers=published.authorization)
    assert seen.status_code == 404
    live = Learner(client, published.authorization)
    await live.create(learner="etu-1")
    assert (await client.get(f"/v1/sittings/{live.id}", headers=test_key)).status_code == 404
    async with database.reading() as db:
        learners = (await db.execute(select(Sitting.learner_id))).scalars().all()
        assert len(set(learners)) == 2
        batches = [
            batch async for batch in exports.responses(db, application.state.context.assessments, key=b"k")
        ]
    assert batches == []


async def test_a_behaviour_that_makes_no_sense_is_refused_by_name(
    client: httpx2.AsyncClient, test_key: dict[str, str]
) -> None:
    learner = Learner(client, test_key)
    await learner.create()
    for body in ({"behaviour": "theta"}, {"behaviour": "all_right", "theta": 1.0}):
        reply = await learner.post(f"/v1/test/sittings/{learner.id}/run", body)
        assert reply.status_code == 422
        assert reply.json()["errors"][0]["field"] == "theta"
    assert (await learner.get()).json()["status"] == "created"
