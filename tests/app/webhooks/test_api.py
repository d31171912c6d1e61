"""An institution says where its events go: what it may ask, what it is refused, what it is told once."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from app.auth import service as auth
from app.db import Database
from app.institutions import service as institutions
from app.webhooks.tables import Webhook, WebhookDelivery
from tests.conftest import START, Published

URL = "https://lms.example.org/hook"


async def made(client: httpx2.AsyncClient, published: Published, **body: Any) -> dict[str, Any]:
    reply = await client.post("/v1/webhooks", json={"url": URL, **body}, headers=published.authorization)
    assert reply.status_code == 201, reply.text
    shown: dict[str, Any] = reply.json()
    return shown


async def test_the_secret_is_told_once(client: httpx2.AsyncClient, published: Published) -> None:
    created = await made(client, published, description="Moodle")
    assert created["secret"].startswith("whsec_")
    assert (created["events"], created["enabled"], created["description"]) == (
        ["sitting.finished"],
        True,
        "Moodle",
    )
    for path in ("/v1/webhooks", f"/v1/webhooks/{created['id']}"):
        reply = await client.get(path, headers=published.authorization)
        assert reply.status_code == 200
        assert created["id"] in reply.text
        assert created["secret"] not in reply.text


async def test_a_rotation_gives_another_secret(client: httpx2.AsyncClient, published: Published) -> None:
    created = await made(client, published)
    reply = await client.post(f"/v1/webhooks/{created['id']}/rotate-secret", headers=published.authorization)
    assert reply.status_code == 200
    assert reply.json()["secret"] != created["secret"]
    assert reply.json()["former_secret_until"].startswith("2027-01-12T09:00:00")


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://lms.example.org/"},
        {"url": "https://127.0.0.1/"},
        {"url": "https://user@lms.example.org/"},
        {"url": "https://lms.example.org:22/"},
        {},
        {"url": URL, "events": []},
        {"url": URL, "events": ["everything"]},
        {"url": URL, "secret": "whsec_bWluZQ=="},
        {"url": URL, "institution_id": "x"},
        {"url": URL, "description": "a\x00b"},
    ],
)
async def test_a_wrong_form_is_refused_and_named(
    client: httpx2.AsyncClient, published: Published, database: Database, body: dict[str, Any]
) -> None:
    reply = await client.post("/v1/webhooks", json=body, headers=published.authorization)
    assert reply.status_code == 422
    assert reply.json()["code"] == "invalid_input"
    assert reply.json()["errors"]
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Webhook))).scalar() == 0


async def test_one_address_is_one_webhook_and_there_are_at_most_twenty(
    client: httpx2.AsyncClient, published: Published
) -> None:
    first = await made(client, published)
    again = await client.post("/v1/webhooks", json={"url": URL}, headers=published.authorization)
    assert again.status_code == 409
    for number in range(19):
        other = await made(client, published, url=f"{URL}/{number}")
    full = await client.post("/v1/webhooks", json={"url": f"{URL}/x"}, headers=published.authorization)
    assert full.status_code == 409
    taken = await client.patch(
        f"/v1/webhooks/{other['id']}", json={"url": first["url"]}, headers=published.authorization
    )
    assert taken.status_code == 409


async def test_a_change_leaves_the_rest(client: httpx2.AsyncClient, published: Published) -> None:
    created = await made(client, published, description="Moodle")
    path = f"/v1/webhooks/{created['id']}"
    reply = await client.patch(path, json={"enabled": False}, headers=published.authorization)
    assert reply.status_code == 200
    shown = reply.json()
    assert (shown["url"], shown["description"]) == (URL, "Moodle")
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "institution")
    ping = await client.post(f"{path}/test", headers=published.authorization)
    assert ping.status_code == 409
    for wrong in ({"url": "https://10.0.0.1/"}, {"secret": "x"}, {"failures": 0}):
        refused = await client.patch(path, json=wrong, headers=published.authorization)
        assert refused.status_code == 422


async def test_another_institution_finds_nothing(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    created = await made(client, published)
    ping = await client.post(f"/v1/webhooks/{created['id']}/test", headers=published.authorization)
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        stranger = {"Authorization": f"Bearer {await auth.create_api_key(db, other, 'tests', START)}"}
    path = f"/v1/webhooks/{created['id']}"
    asked = [
        await client.get(path, headers=stranger),
        await client.patch(path, json={"enabled": False}, headers=stranger),
        await client.delete(path, headers=stranger),
        await client.post(f"{path}/rotate-secret", headers=stranger),
        await client.post(f"{path}/test", headers=stranger),
        await client.get(f"{path}/deliveries", headers=stranger),
        await client.post(f"/v1/deliveries/{ping.json()['id']}/replay", headers=stranger),
        await client.get("/v1/webhooks/not-an-identifier", headers=published.authorization),
        await client.post("/v1/deliveries/not-an-identifier/replay", headers=published.authorization),
    ]
    assert [reply.status_code for reply in asked] == [404] * len(asked)
    assert (await client.get("/v1/webhooks", headers=stranger)).json() == {"data": []}
    assert (await client.get(path, headers=published.authorization)).json()["enabled"]


async def test_the_log_is_read_page_by_page_and_goes_with_its_webhook(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    created = await made(client, published)
    path = f"/v1/webhooks/{created['id']}"
    sent = [
        (await client.post(f"{path}/test", headers=published.authorization)).json()["id"] for _ in range(5)
    ]
    pending = await client.post(f"/v1/deliveries/{sent[0]}/replay", headers=published.authorization)
    assert pending.status_code == 409
    read: list[str] = []
    before: dict[str, str] = {}
    while True:
        reply = await client.get(
            f"{path}/deliveries", params={"limit": "2", **before}, headers=published.authorization
        )
        page = reply.json()
        read += [row["id"] for row in page["data"]]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert read == sorted(sent, reverse=True)
    assert (await client.delete(path, headers=published.authorization)).status_code == 204
    assert (await client.get(path, headers=published.authorization)).status_code == 404
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(WebhookDelivery))).scalar() == 0
