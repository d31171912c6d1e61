"""An institution says where its events go: what it may ask, what it is refused, what it is told once."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from app.audit import AuditEntry
from app.auth import service as auth
from app.auth.permissions import Scope
from app.db import Database
from app.institutions import service as institutions
from app.settings import Settings
from app.webhooks.service import EVENTS, PING
from app.webhooks.tables import Webhook, WebhookDelivery
from tests.conftest import START, Clock, Published

URL = "https://lms.example.org/hook"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As an operator has them: this machine is no receiver."""
    return settings.model_copy(update={"webhook_loopback": False})


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


async def test_a_rotation_gives_another_secret(
    client: httpx2.AsyncClient, published: Published, clock: Clock
) -> None:
    created = await made(client, published)
    reply = await client.post(f"/v1/webhooks/{created['id']}/rotate-secret", headers=published.authorization)
    assert reply.status_code == 200
    assert reply.json()["secret"] != created["secret"]
    until = datetime.fromisoformat(reply.json()["former_secret_until"])
    assert until - clock() == timedelta(days=1)


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


async def test_a_version_that_has_changed_is_neither_changed_nor_deleted(
    client: httpx2.AsyncClient, published: Published
) -> None:
    path = f"/v1/webhooks/{(await made(client, published))['id']}"
    own = published.authorization
    first = await client.get(path, headers=own)
    seen = own | {"If-None-Match": first.headers["etag"]}
    same = await client.get(path, headers=seen)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    matched = own | {"If-Match": first.headers["etag"]}
    changed = await client.patch(path, json={"description": "Moodle"}, headers=matched)
    assert (changed.status_code, changed.json()["description"]) == (200, "Moodle")
    assert (await client.get(path, headers=seen)).status_code == 200
    for stale in (
        await client.patch(path, json={"description": "Canvas"}, headers=matched),
        await client.delete(path, headers=matched),
    ):
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    present = await client.get(path, headers=own)
    assert present.json()["description"] == "Moodle"
    gone = await client.delete(path, headers=own | {"If-Match": present.headers["etag"]})
    assert gone.status_code == 204
    assert (await client.get(path, headers=own)).status_code == 404


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
    assert (await client.get("/v1/webhooks", headers=stranger)).json() == {"data": [], "next": None}
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
    address = f"{path}/deliveries?limit=2"
    while True:
        reply = await client.get(address, headers=published.authorization)
        page = reply.json()
        read += [row["id"] for row in page["data"]]
        if page["next"] is None:
            assert "link" not in reply.headers
            break
        address = reply.headers["link"].removeprefix("<").removesuffix('>; rel="next"')
        assert page["next"] in address
    assert read == sorted(sent, reverse=True)
    assert (await client.delete(path, headers=published.authorization)).status_code == 204
    assert (await client.get(path, headers=published.authorization)).status_code == 404
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(WebhookDelivery))).scalar() == 0


async def test_webhooks_are_listed_page_by_page(client: httpx2.AsyncClient, published: Published) -> None:
    known = [(await made(client, published, url=f"{URL}/{number}"))["id"] for number in range(3)]
    first = await client.get("/v1/webhooks?limit=2", headers=published.authorization)
    second = await client.get(
        "/v1/webhooks",
        params={"limit": "2", "starting_after": first.json()["next"]},
        headers=published.authorization,
    )
    assert [row["id"] for row in first.json()["data"] + second.json()["data"]] == known
    assert second.json()["next"] is None
    for cursor in ("x", "WyIxIiwiMiJd", "WyJub3QtYW4taWRlbnRpZmllciJd"):
        refused = await client.get(
            "/v1/webhooks", params={"starting_after": cursor}, headers=published.authorization
        )
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "starting_after"


async def test_a_retried_request_has_one_effect_and_one_reply(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    headers = {**published.authorization, "Idempotency-Key": "first"}
    first = await client.post("/v1/webhooks", json={"url": URL}, headers=headers)
    again = await client.post("/v1/webhooks", json={"url": URL}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json(), "the secret, told once, is told again to the same request"
    assert again.headers["idempotency-replayed"] == "true"
    other = await client.post("/v1/webhooks", json={"url": f"{URL}/2"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    path = f"/v1/webhooks/{first.json()['id']}"
    for act in ("rotate-secret", "test"):
        keyed = {**published.authorization, "Idempotency-Key": act}
        replies = [await client.post(f"{path}/{act}", headers=keyed) for _ in range(3)]
        assert len({reply.text for reply in replies}) == 1
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Webhook))).scalar() == 1
        assert (await db.execute(select(func.count()).select_from(WebhookDelivery))).scalar() == 1


async def test_a_key_without_the_scope_reads_or_changes_nothing(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    created = await made(client, published)
    path = f"/v1/webhooks/{created['id']}"
    async with database.transaction() as db:
        keys = {
            scope: await auth.create_api_key(db, published.institution_id, "tests", START, scopes=[scope])
            for scope in (Scope.WEBHOOKS_READ, Scope.SITTINGS_WRITE)
        }
    reader, stranger = ({"Authorization": f"Bearer {key}"} for key in keys.values())
    assert (await client.get(path, headers=reader)).status_code == 200
    for headers, calls in (
        (reader, [("DELETE", path), ("POST", f"{path}/test"), ("POST", f"{path}/rotate-secret")]),
        (stranger, [("GET", path), ("GET", "/v1/webhooks"), ("GET", f"{path}/deliveries"), ("DELETE", path)]),
    ):
        for method, asked in calls:
            refused = await client.request(method, asked, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert (await client.get(path, headers=published.authorization)).json()["enabled"]


async def test_every_event_can_be_asked_for(client: httpx2.AsyncClient, published: Published) -> None:
    created = await made(client, published, events=[*EVENTS, *EVENTS])
    assert created["events"] == sorted(EVENTS)
    refused = await client.post(
        "/v1/webhooks", json={"url": URL, "events": [PING]}, headers=published.authorization
    )
    assert refused.status_code == 422


async def test_every_change_is_in_the_audit_log(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    created = await made(client, published)
    address = f"/v1/webhooks/{created['id']}"
    await client.patch(address, json={"description": "LMS"}, headers=published.authorization)
    await client.post(f"{address}/rotate-secret", headers=published.authorization)
    await client.delete(address, headers=published.authorization)
    async with database.reading() as db:
        query = select(AuditEntry).where(AuditEntry.subject == f"webhook:{created['id']}")
        entries = (await db.execute(query.order_by(AuditEntry.number))).scalars().all()
    assert [entry.act for entry in entries] == [
        "webhook.created",
        "webhook.changed",
        "webhook.secret_rotated",
        "webhook.removed",
    ]
    assert {entry.actor[:4] for entry in entries} == {"key:"}
    assert {entry.tenant_id for entry in entries} == {published.institution_id}
    assert created["secret"] not in str([vars(entry) for entry in entries])
