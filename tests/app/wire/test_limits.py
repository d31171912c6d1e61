"""How many calls a key may make, and how it is told."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx2
import pytest

from app.auth import service as auth
from app.auth.permissions import Scope
from app.db import Database
from app.settings import Settings
from tests.conftest import START, Clock, Published, service_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
POLICY = '"default";q=5;w=60'


@pytest.fixture
async def few(settings: Settings, clock: Clock, published: Published) -> AsyncIterator[httpx2.AsyncClient]:
    """A service that allows five calls a minute."""
    app = service_of(settings.model_copy(update={"api_calls_per_minute": 5}), clock)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx2.ASGITransport(app=app)
        yield await stack.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url="http://testserver")
        )


def left(reply: httpx2.Response) -> int:
    found = re.fullmatch(r'"default";r=(\d+);t=(\d+)', reply.headers["ratelimit"])
    assert found is not None
    assert 1 <= int(found[2]) <= 60
    return int(found[1])


async def test_every_reply_tells_what_is_left_and_the_last_one_when_to_come_back(
    few: httpx2.AsyncClient, published: Published
) -> None:
    calls = [
        few.get("/v1/keys", headers=published.authorization),
        few.get("/v1/keys/nothing", headers=published.authorization),
        few.get("/v1/keys?limit=0", headers=published.authorization),
        few.post("/v1/sittings", json={"design": "nothing"}, headers=published.authorization),
        few.get("/v1/keys", headers=published.authorization),
        few.get("/v1/keys", headers=published.authorization),
    ]
    replies = [await call for call in calls]
    assert [reply.status_code for reply in replies] == [200, 404, 422, 422, 200, 429]
    assert [left(reply) for reply in replies] == [4, 3, 2, 1, 0, 0]
    assert {reply.headers["ratelimit-policy"] for reply in replies} == {POLICY}
    refused = replies[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert int(refused.headers["retry-after"]) == refused.json()["retry_after"]


async def test_keys_are_counted_apart_and_a_missing_scope_counts_too(
    few: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    async with database.transaction() as db:
        other = await auth.create_api_key(
            db, published.institution_id, "tests", START, scopes={Scope.LTI_READ}
        )
    headers = {"Authorization": f"Bearer {other}"}
    replies = [await few.get("/v1/keys", headers=headers) for _ in range(6)]
    assert [reply.status_code for reply in replies] == [403] * 5 + [429]
    assert (await few.get("/v1/keys", headers=published.authorization)).status_code == 200


async def test_the_tokens_of_a_client_share_its_limit(few: httpx2.AsyncClient, published: Published) -> None:
    body = {"label": "SIS", "mode": "live", "scopes": ["keys:read"]}
    made = (await few.post("/v1/clients", json=body, headers=published.authorization)).json()
    form = {"grant_type": "client_credentials", "client_id": made["id"], "client_secret": made["secret"]}
    statuses = []
    for _ in range(3):
        reply = await few.post("/oauth/token", data=form)
        statuses.append(reply.status_code)
        if reply.status_code == 200:
            token = {"Authorization": f"Bearer {reply.json()['access_token']}"}
            statuses.append((await few.get("/v1/keys", headers=token)).status_code)
    assert statuses == [200, 200, 200, 200, 200, 429]


async def test_who_is_unknown_is_told_how_to_authenticate_and_no_limit(few: httpx2.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Bearer plk_live_x"}, {"Authorization": "Basic eDp5"}):
        reply = await few.get("/v1/keys", headers=headers)
        assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
        assert "ratelimit" not in reply.headers
