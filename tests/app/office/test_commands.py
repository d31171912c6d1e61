"""`palier institution` and `palier new-key`, as an operator uses them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner, Result

from app import settings as settings_module
from app.auth import accounts
from app.cli import app
from app.db import Database
from app.institutions import service as institutions
from app.institutions import settings as kept
from app.main import utc_now
from tests.conftest import START, Published, SqliteTemplates, settings_for


class Palier:
    """Runs commands in this process, on a migrated database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def palier(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_templates: SqliteTemplates
) -> Iterator[Palier]:
    url = sqlite_templates.url(sqlite_templates.copy(sqlite_templates.migrated(), tmp_path / "palier.db"))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    settings_module.settings.cache_clear()
    yield Palier(url)
    settings_module.settings.cache_clear()


def test_a_new_institution_prints_the_link_of_its_first_owner(palier: Palier) -> None:
    made = palier("institution", "create", "ifsi", "IFSI de Lille", "--owner", "Anne@example.org")
    assert made.exit_code == 0
    link = made.stdout.strip().splitlines()[-1]

    async def invited() -> accounts.Invited:
        database = Database(settings_for(palier.url))
        try:
            async with database.reading() as db:
                return await accounts.invited(db, link.rsplit("/", 1)[1], utc_now())
        finally:
            await database.close()

    found = asyncio.run(invited())
    assert (found.email, found.place.name, found.place.role) == ("anne@example.org", "IFSI de Lille", "owner")
    assert palier("institution", "create", "ifsi", "Autre", "--owner", "a@example.org").exit_code == 1
    assert palier("institution", "create", "Not a slug", "X", "--owner", "a@example.org").exit_code == 2
    assert "IFSI de Lille" in palier("institution", "list").stdout
    assert palier("institution", "invite", "ifsi", "b@example.org", "--role", "king").exit_code == 2
    assert "/espace/invitation/pli_" in palier("institution", "invite", "ifsi", "b@example.org").stdout


def test_quotas_are_set_shown_and_lifted(palier: Palier) -> None:
    palier("institution", "create", "ifsi", "IFSI", "--owner", "a@example.org")
    quota = ("institution", "quota", "ifsi")
    assert palier(*quota).stdout == "no quota\n"
    assert palier(*quota, "--learners", "500", "--webhooks", "2").stdout == "learners 500\nwebhooks 2\n"
    assert palier(*quota, "--lift", "learners", "--sittings-per-year", "0").stdout == (
        "sittings_per_year 0\nwebhooks 2\n"
    )
    assert palier("institution", "quota", "nobody").exit_code == 1
    assert palier("institution", "reset-access", "nobody@example.org").exit_code == 1


def test_a_new_master_key_is_one(palier: Palier) -> None:
    Fernet(palier("new-key").stdout.strip())


async def test_reset_access_gives_a_password_and_asks_for_a_new_second_step(database: Database) -> None:
    async with database.transaction() as db:
        home, _ = await institutions.ensure_institution(db, "ifsi", "IFSI", START)
        await accounts.ensure_owner(db, home, "anne@example.org", "Anne", "lost", "t", START)
        await accounts.ensure_owner(db, home, "anne@example.org", "Anne", "lost again", "t", START)
        assert len(await accounts.members(db, home)) == 1
    password_hash = await accounts.hash_password("trois mots sans lien")
    async with database.transaction() as db:
        await accounts.reset_access(db, "Anne@example.org", password_hash, "command line", START)
    found = await accounts.check_password(database, "anne@example.org", "trois mots sans lien")
    assert found is not None
    assert not found.enrolled


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_webhook_beyond_the_quota_is_refused(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    async with database.transaction() as db:
        await kept.set_quotas(db, published.institution_id, {"webhooks": 1}, actor="t", now=START)
    statuses = []
    for number in range(2):
        reply = await client.post(
            "/v1/webhooks",
            json={"url": f"https://lms.example.org/{number}"},
            headers=published.authorization,
        )
        statuses.append((reply.status_code, reply.json().get("code")))
    assert statuses == [(201, None), (409, "quota_reached")]
