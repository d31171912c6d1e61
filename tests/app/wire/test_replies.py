"""What every reply carries, and what a route that will go says of itself."""

import re
from datetime import UTC, datetime
from uuid import UUID

import httpx2
import pytest
from fastapi import Depends, FastAPI

from app.errors import catalogue
from app.wire.lifecycle import deprecated
from tests.conftest import Published

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def test_a_route_that_will_go_says_when_and_what_to_read(
    application: FastAPI, client: httpx2.AsyncClient
) -> None:
    announce = deprecated(
        datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 7, 1, 12, tzinfo=UTC), "/v1/docs#listSittings"
    )

    @application.get("/v1/old", dependencies=[Depends(announce)])
    async def old() -> dict[str, str]:
        return {}

    reply = await client.get("/v1/old")
    assert reply.headers["deprecation"] == "@1798761600"
    assert reply.headers["sunset"] == "Thu, 01 Jul 2027 12:00:00 GMT"
    assert reply.headers["link"] == '</v1/docs#listSittings>; rel="deprecation"; type="text/html"'
    assert "deprecation" not in (await client.get("/v1/openapi.json")).headers


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("my-request-42", True),
        ("a" * 64, True),
        ("short", False),
        ("a" * 65, False),
        ("with space", False),
        ("line\\nbreak", False),
        ("<script>alert(1)</script>", False),
    ],
)
async def test_a_request_keeps_its_name_or_is_given_one(
    client: httpx2.AsyncClient, sent: str, kept: bool
) -> None:
    for path in ("/v1/keys", "/nothing", "/v1/openapi.json", "/"):
        reply = await client.get(path, headers={"X-Request-Id": sent})
        assert (reply.headers["x-request-id"] == sent) == kept
        if not kept:
            UUID(reply.headers["x-request-id"])


async def test_every_reply_carries_the_headers_of_safety(
    client: httpx2.AsyncClient, published: Published
) -> None:
    for call in (
        client.get("/v1/keys", headers=published.authorization),
        client.get("/v1/keys"),
        client.get("/v1/nothing"),
        client.post("/v1/keys", content=b"{", headers=published.authorization),
        client.post("/oauth/token"),
        client.get("/v1/docs"),
        client.get("/problems"),
    ):
        headers = (await call).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


async def test_every_problem_has_its_page_and_its_facts(
    client: httpx2.AsyncClient, published: Published
) -> None:
    page = (await client.get("/problems", headers={"Accept": "text/html"})).text
    for code, kind in catalogue().items():
        assert f'href="/problems/{code}"' in page
        told = await client.get(f"/problems/{code}", headers={"Accept": "text/html"})
        assert told.status_code == 200
        assert kind.title in told.text
        facts = (await client.get(f"/problems/{code}")).json()
        assert (facts["code"], facts["status"], facts["title"]) == (code, kind.status, kind.title)
    assert (await client.get("/problems/nothing")).status_code == 404


async def test_the_type_of_a_problem_leads_to_its_page(
    client: httpx2.AsyncClient, published: Published
) -> None:
    for call in (
        client.get("/v1/keys"),
        client.get("/v1/keys/nothing", headers=published.authorization),
        client.get("/v1/keys?limit=x", headers=published.authorization),
        client.get("/v1/keys?starting_after=x", headers=published.authorization),
        client.post("/v1/keys", content=b"{", headers=published.authorization),
        client.put("/v1/keys", headers=published.authorization),
    ):
        reply = await call
        problem = reply.json()
        assert reply.headers["content-type"] == "application/problem+json"
        assert problem["status"] == reply.status_code
        assert re.fullmatch(r"/problems/[a-z_]+", problem["type"])
        assert (await client.get(problem["type"])).status_code == 200


async def test_a_cursor_that_was_changed_is_refused_in_words(
    client: httpx2.AsyncClient, published: Published
) -> None:
    for cursor in ("x", "WyJ4Il0", "W10", "WzFd", "bnVsbA", "é", "W" * 500):
        reply = await client.get(
            "/v1/keys", params={"starting_after": cursor}, headers=published.authorization
        )
        assert reply.status_code == 422
        assert reply.json()["errors"][0]["field"] == "starting_after"
