"""The office's part of the authorization matrix: every page of members, every role, every stranger."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from app.auth import accounts
from app.auth.permissions import GRANTS, Role, Scope
from app.db import Database
from app.institutions import service as institutions
from tests.app.office.people import Person, person
from tests.app.office.targets import MAKERS
from tests.conftest import START, Published

MATRIX = Path(__file__).parents[1] / "authorization.toml"
OFFICE: dict[str, dict[str, Any]] = tomllib.loads(MATRIX.read_text(encoding="utf-8"))["office"]


class Office:
    """An institution with a member of each role, another one, and what pages can be about."""

    def __init__(self, client: httpx2.AsyncClient, database: Database, home: UUID, elsewhere: UUID) -> None:
        self.client, self.database, self.home, self.elsewhere = client, database, home, elsewhere
        self.people: dict[Role, Person] = {}
        self.strangers: list[Person] = []

    async def call(self, row: str, who: Person | None, headers: Mapping[str, str] | None = None) -> int:
        """What somebody gets; the page is about something new of the first institution."""
        method, path = row.split(" ", 1)
        for name, make in MAKERS.items():
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", await make(self.client, self.database, self.home))
        if who is None:
            self.client.cookies.clear()
        else:
            who.use(self.client)
        form = {key: value.replace("{home}", str(self.home)) for key, value in self._form(row).items()}
        given: dict[str, Any] = {"data": form} if method == "POST" else {}
        given["headers"] = {"Accept": "text/html", **(headers or {})}
        reply = await self.client.request(method, path, follow_redirects=False, **given)
        if reply.status_code == 303 and "/connexion" in reply.headers["location"] and who is None:
            return 401
        return reply.status_code

    @staticmethod
    def _form(row: str) -> Mapping[str, str]:
        found: Mapping[str, str] = OFFICE[row].get("form", {})
        return found

    async def staff(self) -> None:
        """New people in every role, here and elsewhere: what they do may end their session or their membership."""
        self.people = {role: await person(self.database, self.home, role) for role in (*Role, Role.OWNER)}
        self.strangers = [await person(self.database, self.elsewhere) for _ in range(2)]


@pytest.fixture
async def office(client: httpx2.AsyncClient, published: Published, database: Database) -> Office:
    async with database.transaction() as db:
        elsewhere, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
    made = Office(client, database, published.institution_id, elsewhere)
    await made.staff()
    return made


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_office_routes_answer_only_the_roles_that_are_granted_them(
    office: Office, published: Published
) -> None:
    for row, expected in OFFICE.items():
        needs, status = expected["needs"], expected["status"]
        scopes = {Scope(scope) for scope in needs.split()}
        await office.staff()
        assert await office.call(row, None) == 401, row
        assert await office.call(row, None, headers=published.authorization) == 401, row
        assert await office.call(row, None, headers={"Cookie": "palier=h_x; espace=pls_x"}) == 401, row
        of_this_institution = "{" in row or "{home}" in str(expected.get("form"))
        got = await office.call(row, office.strangers[0])
        assert got == (404 if of_this_institution else status), row
        denied = [role for role in Role if not scopes <= GRANTS[role]]
        granted = [role for role in Role if role not in denied]
        assert granted, row
        for role in [*denied, *granted]:
            got = await office.call(row, office.people[role])
            assert got == (403 if role in denied else status), (row, role)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_role_that_was_changed_counts_from_the_next_page_on(office: Office) -> None:
    viewer = office.people[Role.VIEWER]
    assert await office.call("GET /espace/membres", viewer) == 403
    async with office.database.transaction() as db:
        await accounts.change_role(db, office.home, viewer.membership_id, Role.MANAGER, "tests", START)
    assert await office.call("GET /espace/membres", viewer) == 200
    async with office.database.transaction() as db:
        await accounts.remove_member(db, office.home, viewer.membership_id, "tests", START)
    viewer.use(office.client)
    reply = await office.client.get("/espace/membres")
    assert (reply.status_code, reply.headers["location"]) == (
        303,
        "/espace/connexion?suite=%2Fespace%2Fmembres",
    )


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_form_sent_from_another_site_is_refused_on_every_office_page(office: Office) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    owner = office.people[Role.OWNER]
    for row in OFFICE:
        if row.startswith("POST "):
            assert await office.call(row, owner, elsewhere) == 403, row
