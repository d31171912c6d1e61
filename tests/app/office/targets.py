"""What pages of the office can be about: each maker gives the identifier of something new of an institution.

A slice whose pages have a parameter of another name adds a maker.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from uuid import UUID

import httpx2

from app.auth import accounts
from app.auth import service as auth
from app.auth.permissions import Role, Scope
from app.db import Database
from app.lti import registrations
from app.lti.registrations import PlatformFacts
from app.secrets import Sealer, new_master_key
from app.webhooks.addresses import Reach
from tests.app.campaigns.targets import waiting_file
from tests.app.office.people import NUMBERS, person
from tests.app.reporting import targets as reporting
from tests.conftest import START

Maker = Callable[[httpx2.AsyncClient, Database, UUID], Awaitable[str]]


async def _membership(_client: httpx2.AsyncClient, database: Database, home: UUID) -> str:
    return str((await person(database, home, Role.VIEWER)).membership_id)


async def _invitation(_client: httpx2.AsyncClient, database: Database, home: UUID) -> str:
    async with database.transaction() as db:
        email = f"invited-{next(NUMBERS)}@example.org"
        made, _ = await accounts.invite(db, home, email=email, role=Role.VIEWER, actor="tests", now=START)
    return str(made.id)


async def _key(_client: httpx2.AsyncClient, database: Database, home: UUID) -> str:
    async with database.transaction() as db:
        made, _ = await auth.add_api_key(
            db, home, "LMS", START, mode="live", scopes=[Scope.LEARNERS_READ], actor="tests"
        )
    return str(made.id)


async def _webhook(client: httpx2.AsyncClient, database: Database, home: UUID) -> str:
    async with database.transaction() as db:
        secret = await auth.create_api_key(db, home, "tests", START)
    headers = {"Authorization": f"Bearer {secret}"}
    for former in (await client.get("/v1/webhooks", headers=headers)).json()[
        "data"
    ]:  # there is room for twenty
        await client.delete(f"/v1/webhooks/{former['id']}", headers=headers)
    reply = await client.post(
        "/v1/webhooks", json={"url": f"https://lms.example.org/{next(NUMBERS)}"}, headers=headers
    )
    return str(reply.raise_for_status().json()["id"])


async def _platform(_client: httpx2.AsyncClient, database: Database, home: UUID) -> str:
    facts = PlatformFacts(
        name="Moodle",
        issuer="https://moodle.example.org",
        client_id=f"client-{next(NUMBERS)}",
        authorization_url="https://moodle.example.org/auth",
        token_url="https://moodle.example.org/token",
        jwks_url="https://moodle.example.org/jwks",
    )
    sealer, reach = Sealer([new_master_key()]), Reach(frozenset({443}), False)
    async with database.transaction() as db:
        made = await registrations.create(db, sealer, home, facts, reach, actor="tests", now=START)
    return str(made.id)


MAKERS: Final[Mapping[str, Maker]] = {
    "membership_id": _membership,
    "invitation_id": _invitation,
    "key_id": _key,
    "webhook_id": _webhook,
    "platform_id": _platform,
    "campaign_id": reporting.campaign,
    "cohort_id": reporting.cohort,
    "learner_id": reporting.learner,
    "export_id": reporting.export,
    "file_id": waiting_file,
}
