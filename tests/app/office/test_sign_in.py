"""Signing in over HTTP: two pages, uniform refusals, limits, cookies, enrolment, sign-out."""

import re
from uuid import UUID

import httpx2
import pyotp
import pytest

from app.auth import accounts
from app.auth.permissions import Role
from app.db import Database
from app.institutions import service as institutions
from app.office.sign_in import within
from tests.app.office.people import person
from tests.conftest import START, Clock, Published

EMAIL, PASSWORD = "anne@example.org", "quatre mots sans rapport"
SIGN_IN = "/espace/connexion"

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
async def home(database: Database, published: Published) -> UUID:
    """An institution that is not the demonstration, with one owner who has a password and nothing else."""
    async with database.transaction() as db:
        institution_id, _ = await institutions.ensure_institution(db, "ifsi", "IFSI", START)
        account = await accounts.add_account(
            db, EMAIL, "Anne Martin", await accounts.hash_password(PASSWORD), START
        )
        await accounts.add_member(db, institution_id, account.id, Role.OWNER, "t", START)
    return institution_id


async def enrol(client: httpx2.AsyncClient, clock: Clock) -> tuple[pyotp.TOTP, list[str]]:
    page = (await client.get("/espace/compte/double-verification")).text
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found is not None
    generator = pyotp.TOTP(found[1].replace(" ", ""))
    reply = await client.post("/espace/compte/double-verification", data={"code": generator.at(clock.now)})
    assert reply.status_code == 200
    return generator, re.findall(r"<li><code>([0-9A-Z-]+)</code>", reply.text)


async def test_an_owner_enrols_before_anything_else_then_needs_both(
    client: httpx2.AsyncClient, home: UUID, clock: Clock
) -> None:
    reply = await client.get("/espace/membres")
    assert (reply.status_code, reply.headers["location"]) == (303, f"{SIGN_IN}?suite=%2Fespace%2Fmembres")
    form = {"email": "Anne@Example.org", "password": PASSWORD, "suite": "/espace/membres"}
    reply = await client.post(SIGN_IN, data=form)
    assert (reply.status_code, reply.headers["location"]) == (303, "/espace/membres")
    for page in ("membres", "compte", "reglages"):
        reply = await client.get(f"/espace/{page}")
        assert (reply.status_code, reply.headers["location"]) == (303, "/espace/compte/double-verification")
    generator, codes = await enrol(client, clock)
    assert len(codes) == 10
    assert (await client.get("/espace/membres")).status_code == 200

    former = client.cookies["espace"]
    await client.post("/espace/deconnexion")
    client.cookies.set("espace", former)
    assert (await client.get("/espace/membres")).status_code == 303
    client.cookies.clear()
    clock.advance(30)
    reply = await client.post(SIGN_IN, data=form)
    assert (reply.status_code, reply.headers["location"]) == (303, f"{SIGN_IN}/code")
    assert (await client.get("/espace/membres")).status_code == 303  # a right password alone opens nothing
    assert (await client.post(f"{SIGN_IN}/code", data={"code": "000000"})).status_code == 401
    code = generator.at(clock.now)
    reply = await client.post(f"{SIGN_IN}/code", data={"code": code})
    assert (reply.status_code, reply.headers["location"]) == (303, "/espace/membres")
    assert (await client.get("/espace/membres")).status_code == 200

    client.cookies.clear()
    await client.post(SIGN_IN, data=form)
    assert (await client.post(f"{SIGN_IN}/code", data={"code": code})).status_code == 401  # used
    assert (await client.post(f"{SIGN_IN}/code", data={"code": codes[0].lower()})).status_code == 303


async def test_an_unknown_address_and_a_wrong_password_get_the_same_page(
    client: httpx2.AsyncClient, home: UUID
) -> None:
    pages = []
    for email in (EMAIL, "nobody@example.org"):
        reply = await client.post(SIGN_IN, data={"email": email, "password": "not the password"})
        assert reply.status_code == 401
        assert "set-cookie" not in reply.headers
        pages.append(reply.text.replace(email, ""))
    assert pages[0] == pages[1]
    assert (await client.post(SIGN_IN, data={"email": EMAIL, "password": ""})).status_code == 422


async def test_wrong_passwords_close_the_door_of_an_account_known_or_not(
    client: httpx2.AsyncClient, home: UUID
) -> None:
    for email in (EMAIL, "nobody@example.org"):
        statuses = [
            (await client.post(SIGN_IN, data={"email": email, "password": "wrong"})).status_code
            for _ in range(11 if email == EMAIL else 10)
        ]
        assert statuses[:10] == [401] * 10
    reply = await client.post(SIGN_IN, data={"email": EMAIL.upper(), "password": PASSWORD})
    assert reply.status_code == 429
    assert "quart d’heure" in reply.text


async def test_the_second_page_wants_a_password_given_less_than_ten_minutes_ago(
    client: httpx2.AsyncClient, home: UUID, clock: Clock, database: Database
) -> None:
    assert (await client.post(f"{SIGN_IN}/code", data={"code": "000000"})).status_code == 403
    form = {"email": EMAIL, "password": PASSWORD}
    await client.post(SIGN_IN, data=form)
    generator, _ = await enrol(client, clock)
    client.cookies.clear()
    await client.post(SIGN_IN, data=form)
    clock.advance(601)
    assert (await client.post(f"{SIGN_IN}/code", data={"code": generator.at(clock.now)})).status_code == 403
    await client.post(SIGN_IN, data=form)
    found = await accounts.check_password(database, EMAIL, PASSWORD)
    assert found is not None
    async with database.transaction() as db:
        await accounts.change_password(db, found.id, await accounts.hash_password("another one here"), START)
    assert (await client.post(f"{SIGN_IN}/code", data={"code": generator.at(clock.now)})).status_code == 403
    client.cookies.set("espace-etape", "forged", path=f"{SIGN_IN}")
    assert (await client.post(f"{SIGN_IN}/code", data={"code": generator.at(clock.now)})).status_code == 403


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(
    client: httpx2.AsyncClient, home: UUID
) -> None:
    reply = await client.post(SIGN_IN, data={"email": EMAIL, "password": PASSWORD})
    cookie = next(line for line in reply.headers.get_list("set-cookie") if line.startswith("espace="))
    assert {"HttpOnly", "Path=/espace", "SameSite=lax", "Max-Age=43200"} <= set(cookie.split("; "))


async def test_the_demonstration_asks_for_no_one_time_password(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    who = await person(database, published.institution_id, proven_twice=False)
    who.use(client)
    page = await client.get("/espace/compte")
    assert page.status_code == 200
    assert "démonstration ne la demande pas" in page.text


async def test_a_member_of_nothing_is_told_so(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    async with database.transaction() as db:
        await accounts.add_account(db, EMAIL, "Anne", await accounts.hash_password(PASSWORD), START)
    reply = await client.post(SIGN_IN, data={"email": EMAIL, "password": PASSWORD})
    assert reply.status_code == 403
    assert "aucun établissement" in reply.text


async def test_a_changed_password_signs_other_browsers_out_and_keeps_this_one(
    client: httpx2.AsyncClient, published: Published, database: Database, clock: Clock
) -> None:
    async with database.transaction() as db:
        account = await accounts.add_account(db, EMAIL, "Anne", await accounts.hash_password(PASSWORD), START)
        await accounts.add_member(db, published.institution_id, account.id, Role.OWNER, "t", START)
        other = await accounts.open_session(db, account.id, START)
    assert other is not None
    await client.post(SIGN_IN, data={"email": EMAIL, "password": PASSWORD})
    former = client.cookies["espace"]
    change = "/espace/compte/mot-de-passe"
    wrong = {"password": "wrong one", "new_password": "trois mots sans lien"}
    assert (await client.post(change, data=wrong)).status_code == 401
    weak = {"password": PASSWORD, "new_password": "motdepasse123"}
    assert (await client.post(change, data=weak)).status_code == 422
    good = {"password": PASSWORD, "new_password": "trois mots sans lien"}
    assert (await client.post(change, data=good)).status_code == 303
    assert client.cookies["espace"] not in (former, other)
    assert (await client.get("/espace/compte")).status_code == 200
    for token in (former, other):
        client.cookies.clear()
        client.cookies.set("espace", token)
        assert (await client.get("/espace/compte")).status_code == 303


async def test_an_invitation_makes_an_account_or_takes_the_password_of_the_one_there_is(
    client: httpx2.AsyncClient, home: UUID, published: Published, database: Database, clock: Clock
) -> None:
    async def invited(email: str) -> str:
        async with database.transaction() as db:
            _, token = await accounts.invite(
                db, published.institution_id, email=email, role=Role.VIEWER, actor="t", now=START
            )
        return f"/espace/invitation/{token}"

    link = await invited("paul@example.org")
    assert (await client.post(link, data={"name": "", "password": PASSWORD})).status_code == 422
    assert (await client.post(link, data={"name": "Paul", "password": "short"})).status_code == 422
    assert (await client.post(link, data={"name": "Paul Roux", "password": PASSWORD})).status_code == 303
    assert "Paul Roux" in (await client.get("/espace/compte")).text
    assert (await client.get(link)).status_code == 410

    client.cookies.clear()
    link = await invited(EMAIL)
    assert 'autocomplete="current-password"' in (await client.get(link)).text
    assert (await client.post(link, data={"password": "wrong"})).status_code == 401
    assert (await client.post(link, data={"password": PASSWORD})).status_code == 303
    places = (await client.get("/espace/etablissements")).text
    assert "IFSI" in places
    assert "Établissement de démonstration" in places


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/espace/membres?x=1", "/espace/membres?x=1"),
        ("/espace", "/espace"),
        ("/espaces", "/espace"),
        ("//evil.example", "/espace"),
        ("https://evil.example/espace", "/espace"),
        ("/espace/\\evil.example", "/espace"),
        ("/espace/a\r\nX: y", "/espace"),
        ("/espace/connexion", "/espace"),
        ("", "/espace"),
    ],
)
def test_the_page_one_came_for_is_one_of_ours(backend: str, asked: str, led: str) -> None:
    assert within(asked) == led
