"""The same key and request: one effect, one reply."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from app.auth import service as auth
from app.auth.tables import ApiKey
from app.db import Database
from app.institutions import service as institutions
from app.wire import idempotency
from app.wire.idempotency import IdempotentRequest
from tests.conftest import START, Clock, Published

BODY = {"label": "Moodle", "mode": "live", "scopes": ["results:read"]}
HOOK = {"url": "https://lms.example.org/hook"}


@pytest.fixture
def calls(client: httpx2.AsyncClient, published: Published) -> httpx2.AsyncClient:
    """A client that sends the institution's key."""
    client.headers.update(published.authorization)
    return client


async def post(
    calls: httpx2.AsyncClient, key: str, body: Any = BODY, path: str = "/v1/keys"
) -> httpx2.Response:
    return await calls.post(path, json=body, headers={"Idempotency-Key": key})


async def keys(database: Database) -> int:
    async with database.reading() as db:
        return (await db.execute(select(func.count()).select_from(ApiKey))).scalar_one()


async def test_ten_at_the_same_moment_have_one_effect_and_one_reply(
    calls: httpx2.AsyncClient, database: Database
) -> None:
    replies = await asyncio.gather(*(post(calls, "ten") for _ in range(10)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.text for reply in replies}) == 1
    assert [reply.headers.get("idempotency-replayed") for reply in replies].count(None) == 1
    assert await keys(database) == 2


async def test_ten_at_the_same_moment_are_told_of_success_where_the_effect_is_good_once(
    calls: httpx2.AsyncClient,
) -> None:
    # an address is one webhook: without the key nine of these would be conflicts
    replies = await asyncio.gather(*(post(calls, "hook", HOOK, "/v1/webhooks") for _ in range(10)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert (await calls.post("/v1/webhooks", json=HOOK)).status_code == 409


async def test_a_replayed_reply_holds_its_secret_which_is_stored_sealed(
    calls: httpx2.AsyncClient, database: Database
) -> None:
    first, again = await post(calls, "one"), await post(calls, "one")
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    secret = first.json()["secret"]
    async with database.reading() as db:
        [stored] = (await db.execute(select(IdempotentRequest))).scalars()
    assert secret not in json.dumps([stored.reply_sealed, stored.request_hash])


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_another_request_under_the_key_is_refused(
    calls: httpx2.AsyncClient, database: Database
) -> None:
    first = await post(calls, "one")
    assert first.status_code == 201
    for path, body in (
        ("/v1/keys", BODY | {"label": "Brightspace"}),
        ("/v1/webhooks", HOOK),
        (f"/v1/keys/{first.json()['id']}/rotate", None),
    ):
        reply = await post(calls, "one", body, path)
        assert (reply.status_code, reply.json()["code"]) == (409, "idempotency_mismatch")
    assert await keys(database) == 2


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_what_one_caller_was_told_is_not_told_to_another(
    calls: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    secret = (await post(calls, "one")).json()["secret"]
    async with database.transaction() as db:
        colleague = await auth.create_api_key(db, published.institution_id, "tests", START)
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        stranger = await auth.create_api_key(db, other, "tests", START)
    for bearer, status in ((colleague, 409), (stranger, 201)):
        reply = await calls.post(
            "/v1/keys",
            json=BODY,
            headers={"Idempotency-Key": "one", "Authorization": f"Bearer {bearer}"},
        )
        assert reply.status_code == status
        assert secret not in reply.text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_refusal_is_not_kept(calls: httpx2.AsyncClient) -> None:
    assert (await post(calls, "one", BODY | {"scopes": ["responses:read"]})).status_code == 403
    assert (await post(calls, "one")).status_code == 201


async def test_a_key_is_forgotten_after_a_day(
    calls: httpx2.AsyncClient, database: Database, clock: Clock
) -> None:
    first = await post(calls, "one")
    clock.advance(24 * 3600 - 1)
    assert (await post(calls, "one")).json() == first.json()
    clock.advance(1)
    again = await post(calls, "one")
    assert again.status_code == 201
    assert again.json()["id"] != first.json()["id"]
    async with database.transaction() as db:
        await idempotency.forget(db, clock.now + timedelta(days=1))
    async with database.reading() as db:
        assert (await db.execute(select(IdempotentRequest))).first() is None


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("key", ["", "x" * 101])
async def test_a_key_has_a_reasonable_length(calls: httpx2.AsyncClient, key: str) -> None:
    reply = await post(calls, key)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == "header.Idempotency-Key"
