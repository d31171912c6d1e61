"""The list of an institution's sittings."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from app.auth import service as auth
from app.db import Database
from app.institutions import service as institutions
from tests.app.delivery.learner import Learner
from tests.conftest import START, Clock, Published


async def listed(client: httpx2.AsyncClient, published: Published, **asked: Any) -> list[dict[str, Any]]:
    reply = await client.get("/v1/sittings", params=asked, headers=published.authorization)
    assert reply.status_code == 200, reply.text
    data: list[dict[str, Any]] = reply.json()["data"]
    return data


async def test_sittings_are_found_by_what_is_asked_for(
    client: httpx2.AsyncClient, published: Published, clock: Clock, database: Database
) -> None:
    made = []
    for design, learner in (("practice", "etu-1"), ("certification", "etu-1"), ("practice", "etu-2")):
        reply = await client.post(
            "/v1/sittings", json={"design": design, "learner": learner}, headers=published.authorization
        )
        made.append(reply.json()["id"])
        clock.advance(60)
    await client.post(f"/v1/sittings/{made[0]}/start", headers=published.authorization)
    clock.advance(60)
    await client.post(f"/v1/sittings/{made[0]}/finish", headers=published.authorization)

    async def ids(**asked: Any) -> list[int]:
        return [made.index(row["id"]) for row in await listed(client, published, **asked)]

    assert await ids() == [0, 1, 2]
    assert await ids(design="practice") == [0, 2]
    assert await ids(design="nothing") == []
    assert await ids(learner="etu-1") == [0, 1]
    assert await ids(learner="etu-1", status="created") == [1]
    assert await ids(learner="nobody") == []
    assert await ids(status="finished") == [0]
    assert await ids(updated_since=(START + timedelta(seconds=60)).isoformat()) == [0, 1, 2]
    assert await ids(updated_since=(START + timedelta(seconds=61)).isoformat()) == [0, 2]
    assert await ids(updated_since=(START + timedelta(seconds=300)).isoformat()) == []
    first = (await listed(client, published))[0]
    assert (first["learner"], first["status"], first["design"], first["answered"]) == (
        "etu-1",
        "finished",
        "practice",
        0,
    )
    assert first["updated_at"] == first["finished_at"]
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        stranger = Published(other, await auth.create_api_key(db, other, "tests", START), "", 0)
    assert await listed(client, stranger) == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_pages_neither_repeat_nor_forget_while_sittings_come(
    client: httpx2.AsyncClient, published: Published
) -> None:
    made = []
    for _ in range(5):
        made.append((await Learner(client, published.authorization).create())["id"])
    found: list[str] = []
    address: str | None = "/v1/sittings?limit=2&status=created"
    while address:
        reply = await client.get(address, headers=published.authorization)
        found += [row["id"] for row in reply.json()["data"]]
        if len(found) == 2:
            made.append((await Learner(client, published.authorization).create())["id"])
        link = reply.headers.get("link")
        address = link[1 : link.index(">")] if link else None
    assert found == made


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "asked", [{"status": "lost"}, {"updated_since": "2027-01-11"}, {"limit": 201}, {"campaign": "x"}], ids=str
)
async def test_what_cannot_be_asked_is_refused(
    client: httpx2.AsyncClient, published: Published, asked: dict[str, Any]
) -> None:
    reply = await client.get("/v1/sittings", params=asked, headers=published.authorization)
    assert reply.status_code == 422
