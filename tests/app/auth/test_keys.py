"""Keys: what they may do, who may make them, how they are rotated and end."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app import audit
from app.audit import AuditEntry
from app.auth import service as auth
from app.auth.permissions import Scope
from app.auth.tables import ApiKey
from app.db import Database
from app.institutions import service as institutions
from tests.conftest import START, Clock, Published

BODY = {"label": "Moodle", "mode": "live", "scopes": ["sittings:read", "sittings:write"]}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def calls(client: httpx2.AsyncClient, published: Published) -> httpx2.AsyncClient:
    """A client that sends the institution's key."""
    client.headers.update(published.authorization)
    return client


async def made(client: httpx2.AsyncClient, **changed: Any) -> dict[str, Any]:
    reply = await client.post("/v1/keys", json=BODY | changed)
    assert reply.status_code == 201, reply.text
    body: dict[str, Any] = reply.json()
    return body


async def test_a_new_key_does_what_it_was_given_and_nothing_else(calls: httpx2.AsyncClient) -> None:
    key = await made(calls)
    assert key["secret"].startswith("plk_live_")
    assert key["secret"].startswith(key["prefix"])
    own = bearer(key["secret"])
    assert (await calls.post("/v1/sittings", json={"design": "practice"}, headers=own)).status_code == 201
    reply = await calls.get("/v1/keys", headers=own)
    assert reply.status_code == 403
    assert reply.json()["code"] == "insufficient_scope"
    assert reply.json()["scope"] == "keys:read"


async def test_the_secret_is_told_once_and_kept_as_a_hash(
    calls: httpx2.AsyncClient, database: Database
) -> None:
    key = await made(calls)
    secret = key.pop("secret")
    reply = await calls.get(f"/v1/keys/{key['id']}")
    assert reply.json() == key
    assert secret not in (await calls.get("/v1/keys")).text
    async with database.reading() as db:
        stored = (await db.execute(select(ApiKey).where(ApiKey.id == UUID(key["id"])))).scalar_one()
    assert secret not in str(vars(stored))


async def test_nobody_grants_a_scope_that_they_do_not_have(
    calls: httpx2.AsyncClient, database: Database
) -> None:
    small = await made(calls, scopes=["keys:write", "keys:read"])
    reply = await calls.post(
        "/v1/keys", json=BODY | {"scopes": ["keys:write", "results:read"]}, headers=bearer(small["secret"])
    )
    assert reply.status_code == 403
    assert reply.json()["scope"] == "results:read"
    # nor does a key made on the command line give what only the command line gives
    reply = await calls.post("/v1/keys", json=BODY | {"scopes": ["responses:read"]})
    assert reply.status_code == 403
    async with database.reading() as db:
        assert len((await db.execute(select(ApiKey))).all()) == 2


async def test_rotation_is_not_a_way_to_a_stronger_key(
    calls: httpx2.AsyncClient, published: Published
) -> None:
    small = await made(calls, scopes=["keys:write"])
    strong = (await calls.get("/v1/keys")).json()["data"][0]["id"]
    reply = await calls.post(f"/v1/keys/{strong}/rotate", headers=bearer(small["secret"]))
    assert reply.status_code == 403
    assert (await calls.get("/v1/keys")).status_code == 200


async def test_a_rotated_key_lives_on_for_a_day(calls: httpx2.AsyncClient, clock: Clock) -> None:
    key = await made(calls, scopes=["sittings:read", "sittings:write"])
    reply = await calls.post(f"/v1/keys/{key['id']}/rotate")
    assert reply.status_code == 200
    new = reply.json()
    assert new["former_id"] == key["id"]
    assert new["id"] != key["id"]
    assert new["scopes"] == key["scopes"]
    assert new["expires_at"] is None
    clock.advance(24 * 3600 - 1)
    for secret in (key["secret"], new["secret"]):
        reply = await calls.post("/v1/sittings", json={"design": "practice"}, headers=bearer(secret))
        assert reply.status_code == 201
    clock.advance(1)
    statuses = [
        (await calls.post("/v1/sittings", json={"design": "practice"}, headers=bearer(secret))).status_code
        for secret in (key["secret"], new["secret"])
    ]
    assert statuses == [401, 201]
    assert (await calls.post(f"/v1/keys/{key['id']}/rotate")).status_code == 409


async def test_rotation_keeps_the_length_of_a_keys_life(calls: httpx2.AsyncClient, clock: Clock) -> None:
    ends = (clock.now + timedelta(hours=10)).isoformat()
    key = await made(calls, expires_at=ends)
    clock.advance(3600)
    new = (await calls.post(f"/v1/keys/{key['id']}/rotate")).json()
    assert new["former_expires_at"] == key["expires_at"]  # sooner than the day
    assert new["expires_at"] == (START + timedelta(hours=11)).isoformat().replace("+00:00", "Z")


async def test_a_key_ends_when_it_was_said_to(calls: httpx2.AsyncClient, clock: Clock) -> None:
    key = await made(calls, expires_at=(clock.now + timedelta(seconds=60)).isoformat(), scopes=["keys:read"])
    assert (await calls.get("/v1/keys", headers=bearer(key["secret"]))).status_code == 200
    clock.advance(60)
    assert (await calls.get("/v1/keys", headers=bearer(key["secret"]))).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2099-01-01T00:00:00"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"mode": "both"},
        {"label": ""},
        {"label": "a\x00"},
        {"secret": "plk_live_mine"},
        {"institution_id": str(UUID(int=1))},
    ],
    ids=repr,
)
async def test_a_key_that_makes_no_sense_is_refused(calls: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    reply = await calls.post("/v1/keys", json=BODY | body)
    assert reply.status_code == 422
    assert reply.json()["errors"]
    assert len((await calls.get("/v1/keys")).json()["data"]) == 1


async def test_a_revoked_key_is_refused_at_once_and_revoking_twice_changes_nothing(
    calls: httpx2.AsyncClient, clock: Clock
) -> None:
    key = await made(calls, scopes=["keys:read"])
    assert (await calls.get("/v1/keys", headers=bearer(key["secret"]))).status_code == 200
    for _ in range(2):
        assert (await calls.delete(f"/v1/keys/{key['id']}")).status_code == 204
        clock.advance(1)
    assert (await calls.get("/v1/keys", headers=bearer(key["secret"]))).status_code == 401
    shown = (await calls.get(f"/v1/keys/{key['id']}")).json()
    assert shown["revoked_at"] == START.isoformat().replace("+00:00", "Z")


async def test_the_last_use_of_a_key_is_shown(calls: httpx2.AsyncClient, clock: Clock) -> None:
    key = await made(calls, scopes=["keys:read"])
    assert key["last_used_at"] is None
    clock.advance(90)
    shown = (await calls.get(f"/v1/keys/{key['id']}", headers=bearer(key["secret"]))).json()
    assert shown["last_used_at"] == (START + timedelta(seconds=90)).isoformat().replace("+00:00", "Z")


async def test_a_test_key_sees_and_makes_test_keys_only(calls: httpx2.AsyncClient) -> None:
    test = await made(calls, mode="test", scopes=["keys:read", "keys:write"])
    assert test["secret"].startswith("plk_test_")
    own = bearer(test["secret"])
    reply = await calls.post("/v1/keys", json=BODY | {"scopes": ["keys:read"]}, headers=own)
    assert reply.status_code == 403
    reply = await calls.post("/v1/keys", json=BODY | {"mode": "test", "scopes": ["keys:read"]}, headers=own)
    assert reply.status_code == 201
    made_there = reply.json()["id"]
    listed = (await calls.get("/v1/keys", headers=own)).json()["data"]
    assert [key["id"] for key in listed] == [test["id"], made_there]
    everything = (await calls.get("/v1/keys")).json()["data"]
    assert [key["mode"] for key in everything] == ["live", "test", "test"]
    live = everything[0]["id"]
    for call in (
        calls.get(f"/v1/keys/{live}", headers=own),
        calls.delete(f"/v1/keys/{live}", headers=own),
        calls.post(f"/v1/keys/{live}/rotate", headers=own),
    ):
        assert (await call).status_code == 404
    rotated = (await calls.post(f"/v1/keys/{made_there}/rotate", headers=own)).json()
    assert (rotated["mode"], rotated["secret"][:9]) == ("test", "plk_test_")
    assert (await calls.get("/v1/keys", headers=bearer(rotated["secret"]))).status_code == 200


async def test_another_institution_sees_none_of_it(calls: httpx2.AsyncClient, database: Database) -> None:
    key = await made(calls)
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        secret = await auth.create_api_key(db, other, "tests", START)
    for call in (
        calls.get(f"/v1/keys/{key['id']}", headers=bearer(secret)),
        calls.delete(f"/v1/keys/{key['id']}", headers=bearer(secret)),
        calls.post(f"/v1/keys/{key['id']}/rotate", headers=bearer(secret)),
    ):
        assert (await call).status_code == 404
    assert len((await calls.get("/v1/keys", headers=bearer(secret))).json()["data"]) == 1


async def test_every_act_is_in_the_audit_log(calls: httpx2.AsyncClient, database: Database) -> None:
    key = await made(calls)
    rotated = (await calls.post(f"/v1/keys/{key['id']}/rotate")).json()
    await calls.delete(f"/v1/keys/{key['id']}")
    async with database.reading() as db:
        entries = (await db.execute(select(AuditEntry).order_by(AuditEntry.number))).scalars().all()
        assert await audit.first_broken_link(db) is None
    acts = [(entry.act, entry.subject) for entry in entries if entry.act.startswith("api_key")]
    assert acts == [
        ("api_key.created", f"api_key:{key['id']}"),
        ("api_key.rotated", f"api_key:{rotated['id']}"),
        ("api_key.revoked", f"api_key:{key['id']}"),
    ]
    assert key["secret"] not in str([entry.facts for entry in entries])


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_the_list_comes_in_pages_and_a_key_has_a_version(calls: httpx2.AsyncClient) -> None:
    ids = [(await calls.get("/v1/keys")).json()["data"][0]["id"]]
    ids += [(await made(calls))["id"] for _ in range(4)]
    found: list[str] = []
    address: str | None = "/v1/keys?limit=2"
    while address:
        reply = await calls.get(address)
        found += [key["id"] for key in reply.json()["data"]]
        link = reply.headers.get("link")
        address = link.partition(">")[0].removeprefix("<") if link else None
        assert (reply.json()["next"] is None) == (address is None)
    assert found == ids
    first = await calls.get(f"/v1/keys/{ids[1]}")
    again = await calls.get(f"/v1/keys/{ids[1]}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await calls.delete(f"/v1/keys/{ids[1]}")
    changed = await calls.get(f"/v1/keys/{ids[1]}", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_there_is_an_end_to_the_number_of_keys(
    calls: httpx2.AsyncClient, database: Database, published: Published
) -> None:
    async with database.transaction() as db:
        for _ in range(99):
            await auth.create_api_key(db, published.institution_id, "tests", START, scopes={Scope.KEYS_READ})
    reply = await calls.post("/v1/keys", json=BODY)
    assert reply.status_code == 409
    assert reply.json()["code"] == "quota_reached"
    listed = (await calls.get("/v1/keys?limit=200")).json()["data"]
    await calls.delete(f"/v1/keys/{listed[-1]['id']}")
    assert (await calls.post("/v1/keys", json=BODY)).status_code == 201


async def test_an_unknown_key_is_unknown(calls: httpx2.AsyncClient, application: FastAPI) -> None:
    assert (await calls.get(f"/v1/keys/{uuid4()}")).status_code == 404
    assert (await calls.get("/v1/keys/nothing")).status_code == 404
    assert (await calls.delete(f"/v1/keys/{uuid4()}")).status_code == 404
