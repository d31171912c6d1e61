"""What signs is sealed: a copy of the database gives no secret away, and a migration changes none."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Connection, MetaData, select, text
from standardwebhooks import Webhook as Verifier

from app.db import Database
from app.secrets import Sealer, new_master_key
from app.settings import Settings
from app.webhooks.addresses import Reach
from app.webhooks.dispatch import Dispatcher
from app.webhooks.sender import Sender
from app.webhooks.service import new_signing_secret
from app.webhooks.tables import Webhook
from tests.app.webhooks.receiver import Receiver
from tests.conftest import Backend, Clock, Published, SqliteTemplates, migrated, settings_for
from tests.postgres import PostgresServer

WITH_WEBHOOKS, SEALED = "5d90e3b7a214", "a2d5e1b8f7c3"
ROW = "019a1f0e7d3c7a51b0a4d5f6c7e8f901"


def everything(connection: Connection) -> str:
    """All rows of all tables, as text."""
    found = MetaData()
    found.reflect(connection)
    return "\n".join(
        str(tuple(row)) for table in found.sorted_tables for row in connection.execute(select(table))
    )


async def dump(database: Database) -> str:
    async with database.engine.connect() as connection:
        said = await connection.run_sync(everything)
    if database.is_sqlite:
        for path in database.sqlite_path.parent.glob("palier.db*"):
            said += path.read_bytes().decode("latin-1")
    return said


async def test_a_dump_of_the_database_holds_no_secret(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    headers = {**published.authorization, "Idempotency-Key": "once"}
    asked = {"url": "https://lms.example.org/hook"}
    created = (await client.post("/v1/webhooks", json=asked, headers=headers)).json()
    path = f"/v1/webhooks/{created['id']}"
    rotated = (await client.post(f"{path}/rotate-secret", headers=headers | {"Idempotency-Key": "2"})).json()
    said = await dump(database)
    assert created["id"].replace("-", "") in said.replace("-", ""), "the dump holds the webhook"
    assert "whsec_" not in said
    for secret in (created["secret"], rotated["secret"]):
        assert secret.removeprefix("whsec_") not in said


async def test_without_its_master_key_one_webhook_is_not_signed_and_the_others_go_on(
    client: httpx2.AsyncClient,
    published: Published,
    database: Database,
    settings: Settings,
    dispatcher: Dispatcher,
    receiver: Receiver,
) -> None:
    lost, kept = [
        (
            await client.post(
                "/v1/webhooks", json={"url": f"{receiver.url}/{name}"}, headers=published.authorization
            )
        ).json()
        for name in ("lost", "kept")
    ]
    async with database.transaction() as db:
        stored = (await db.execute(select(Webhook).where(Webhook.url == f"{receiver.url}/lost"))).scalar_one()
        stored.sealed_secret = Sealer([new_master_key()]).seal(new_signing_secret())
    for webhook in (lost, kept):
        await client.post(f"/v1/webhooks/{webhook['id']}/test", headers=published.authorization)
    assert await dispatcher.round() == 2
    [arrival] = receiver.arrivals
    Verifier(kept["secret"]).verify(arrival.body, dict(arrival.headers))
    log = await client.get(f"/v1/webhooks/{lost['id']}/deliveries", headers=published.authorization)
    [row] = log.json()["data"]
    assert row["state"] == "pending"
    assert row["attempts"][0]["error"] == "the signing secret could not be opened"


async def test_a_new_master_key_signs_with_what_the_old_one_sealed(
    client: httpx2.AsyncClient,
    published: Published,
    database: Database,
    settings: Settings,
    receiver: Receiver,
    clock: Clock,
) -> None:
    created = (
        await client.post("/v1/webhooks", json={"url": receiver.url}, headers=published.authorization)
    ).json()
    await client.post(f"/v1/webhooks/{created['id']}/test", headers=published.authorization)
    assert settings.master_keys is not None
    keys = [new_master_key(), settings.master_keys.get_secret_value()]
    sender = Sender(Reach(loopback=True), 5)
    assert await Dispatcher(database, sender, Sealer(keys), clock, 5).round() == 1
    await sender.aclose()
    [arrival] = receiver.arrivals
    Verifier(created["secret"]).verify(arrival.body, dict(arrival.headers))


@pytest.fixture
def empty_url(backend: Backend, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database in which nothing has been made yet."""
    if backend == "sqlite":
        yield SqliteTemplates.url(tmp_path / "empty.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        yield server.create("secrets")
        server.drop("secrets")


def run(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements; the rows of the last."""

    async def act() -> list[tuple[object, ...]]:
        database = Database(settings_for(url))
        async with database.transaction() as db:
            for statement in statements:
                found = await db.execute(text(statement))
                rows = [tuple(row) for row in found] if statement.startswith("SELECT") else []
        await database.close()
        return rows

    return asyncio.run(act())


def test_the_migration_seals_what_there_is_and_opens_it_on_the_way_back(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret, former = new_master_key(), new_signing_secret(), new_signing_secret()
    monkeypatch.setenv("MASTER_KEYS", key)
    migrated(empty_url, WITH_WEBHOOKS)
    moment = "'2027-01-11T09:00:00.000000Z'"
    webhook = (
        "INSERT INTO webhook (id, institution_id, url, events, description, secret, former_secret, enabled, "
    )
    webhook += f"failures, created_at) VALUES ('{{}}', '{ROW}', '{{}}', '[]', '', '{secret}', {{}}, true, 0, {moment})"
    run(
        empty_url,
        f"INSERT INTO institution (id, slug, name, created_at) VALUES ('{ROW}', 'a', 'A', {moment})",
        webhook.format(ROW, "https://a.example.org/", f"'{former}'"),
        webhook.format(ROW[::-1], "https://b.example.org/", "NULL"),
    )
    before = "SELECT secret, former_secret FROM webhook ORDER BY url"
    told = run(empty_url, before)
    migrated(empty_url, SEALED)
    sealed = run(empty_url, "SELECT sealed_secret, sealed_former_secret FROM webhook ORDER BY url")
    assert secret not in str(sealed)
    opened = Sealer([key]).open
    assert [tuple(one and opened(str(one)) for one in row) for row in sealed] == told
    migrated(empty_url, "-1")
    assert run(empty_url, before) == told == [(secret, former), (secret, None)]
