"""`/v1/institutions`, `/v1/members`, `/v1/invitations`: status, body and what is in the database, on both."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx2
import pytest

from app.auth import accounts
from app.auth import service as auth
from app.auth.permissions import ALL, Role, Scope
from app.db import Database
from app.institutions import service as institutions
from tests.app.office.people import person
from tests.app.office.pictures import png
from tests.conftest import START, Published


async def key_of(database: Database, institution_id: UUID, **given: Any) -> dict[str, str]:
    async with database.transaction() as db:
        return {
            "Authorization": f"Bearer {await auth.create_api_key(db, institution_id, 'k', START, **given)}"
        }


@pytest.fixture
async def own(published: Published) -> str:
    return f"/v1/institutions/{published.institution_id}"


async def test_a_live_key_sees_its_institution_and_its_twin_and_a_test_key_the_twin_alone(
    client: httpx2.AsyncClient, published: Published, database: Database, own: str
) -> None:
    key = published.authorization
    [alone] = (await client.get("/v1/institutions", headers=key)).json()["data"]
    assert (alone["id"], alone["mode"]) == (str(published.institution_id), "live")
    test_key = await key_of(database, published.institution_id, mode="test")
    both = (await client.get("/v1/institutions", headers=key)).json()["data"]
    assert {one["mode"] for one in both} == {"live", "test"}
    [twin] = (await client.get("/v1/institutions", headers=test_key)).json()["data"]
    assert twin["mode"] == "test"
    assert (await client.get(own, headers=test_key)).status_code == 404
    assert (await client.get(f"/v1/institutions/{twin['id']}", headers=key)).status_code == 200
    page = (await client.get("/v1/institutions?limit=1", headers=key)).json()
    rest = await client.get(f"/v1/institutions?starting_after={page['next']}", headers=key)
    assert [*page["data"], *rest.json()["data"]] == both


async def test_an_institution_is_changed_by_those_who_saw_its_present_version(
    client: httpx2.AsyncClient, published: Published, own: str
) -> None:
    key = published.authorization
    first = await client.get(own, headers=key)
    version = first.headers["ETag"]
    assert (await client.get(own, headers={**key, "If-None-Match": version})).status_code == 304
    change = {"name": "IFSI de Lille", "frame_ancestors": ["https://Moodle.example.org/"]}
    reply = await client.patch(own, json=change, headers={**key, "If-Match": version})
    assert reply.status_code == 200
    assert reply.json()["name"] == "IFSI de Lille"
    assert reply.json()["frame_ancestors"] == ["https://moodle.example.org"]
    stale = await client.patch(own, json={"name": "Autre"}, headers={**key, "If-Match": version})
    assert stale.status_code == 412
    assert (await client.get(own, headers=key)).json()["name"] == "IFSI de Lille"


async def test_a_colour_that_cannot_be_read_is_refused_with_the_nearest_that_can(
    client: httpx2.AsyncClient, published: Published, own: str
) -> None:
    key = published.authorization
    reply = await client.patch(own, json={"branding": {"accent": "#FFD200"}}, headers=key)
    assert reply.status_code == 422
    problem = reply.json()
    assert (problem["theme"], problem["errors"][0]["field"]) == ("light", "accent")
    again = {"branding": {"accent": problem["nearest"]}}
    branding = (await client.patch(own, json=again, headers=key)).json()["branding"]
    assert branding["accent"] == problem["nearest"]
    dark = {"branding": {"accent": problem["nearest"], "accent_dark": "#000000"}}
    assert (await client.patch(own, json=dark, headers=key)).json()["theme"] == "dark"
    sheet = await client.get(f"/institutions/{published.institution_id}/theme.css")
    assert f"--brand: light-dark({branding['accent']}, {branding['accent_dark']})" in sheet.text
    assert sheet.headers["content-type"].startswith("text/css")
    none = await client.patch(own, json={"branding": {"accent": None}}, headers=key)
    assert none.json()["branding"] == {"accent": None, "accent_dark": None, "logo_url": None}
    assert (await client.get(f"/institutions/{published.institution_id}/theme.css")).status_code == 404


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_logo_is_a_png_or_jpeg_by_its_bytes_and_is_worn_by_the_sittings(
    client: httpx2.AsyncClient, published: Published, own: str
) -> None:
    key = published.authorization
    picture = png(90, 30)
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    for refused in (svg, b"", picture[:-4], picture + b"<script>", png(2001, 1), b"GIF89a" + b"\x00" * 20):
        assert (await client.put(f"{own}/logo", content=refused, headers=key)).status_code == 422
    reply = await client.put(f"{own}/logo", content=picture, headers=key)
    assert reply.status_code == 200
    address = reply.json()["branding"]["logo_url"].removeprefix("http://127.0.0.1:8000")
    shown = await client.get(address)
    assert (shown.content, shown.headers["content-type"]) == (picture, "image/png")
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    await client.post("/code", data={"code": published.access_code})
    sitting = await client.post("/v1/sittings", json={"design": "practice"}, headers=key)
    page = await client.get(sitting.json()["launch_url"], follow_redirects=True)
    assert f'src="{address}"' in page.text
    assert 'alt="Établissement de démonstration"' in page.text
    assert (await client.delete(f"{own}/logo", headers=key)).json()["branding"]["logo_url"] is None
    assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"frame_ancestors": ["*"]},
        {"frame_ancestors": ["http://lms.example.org"]},
        {"frame_ancestors": ["https://lms.example.org/course"]},
        {"frame_ancestors": ["https://a@lms.example.org"]},
        {"frame_ancestors": ["https://lms.example.org; script-src *"]},
        {"frame_ancestors": [f"https://{number}.example.org" for number in range(21)]},
        {"branding": {"accent": "red"}},
        {"branding": {}},
        {"name": " x "},
        {"quotas": {"learners": 1}},
        {"slug": "x"},
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_what_an_institution_cannot_be_is_refused(
    client: httpx2.AsyncClient, published: Published, own: str, wrong: Mapping[str, Any]
) -> None:
    before = (await client.get(own, headers=published.authorization)).json()
    reply = await client.patch(own, json=wrong, headers=published.authorization)
    assert reply.status_code == 422
    assert (await client.get(own, headers=published.authorization)).json() == before


async def test_members_are_listed_by_address_in_pages(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    people = [await person(database, published.institution_id, role) for role in (Role.OWNER, Role.JURY)]
    people.append(await person(database, published.institution_id, Role.VIEWER, proven_twice=False))
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
    await person(database, other)
    seen, address = [], "/v1/members?limit=1"
    while address:
        reply = await client.get(address, headers=published.authorization)
        seen += reply.json()["data"]
        address = reply.headers.get("Link", "").partition(">")[0].lstrip("<")
    assert [one["email"] for one in seen] == sorted(who.email for who in people)
    assert {one["role"]: one["verified_twice"] for one in seen} == {
        "owner": True,
        "jury": True,
        "viewer": False,
    }
    wrong = await client.get("/v1/members?starting_after=WyJ4Il0", headers=published.authorization)
    assert wrong.status_code == 422


async def test_an_invitation_by_api_is_told_once_and_leads_in(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    key = published.authorization
    body = {"email": "Paul@example.org", "role": "viewer"}
    made = await client.post("/v1/invitations", json=body, headers={**key, "Idempotency-Key": "paul"})
    assert made.status_code == 201
    again = await client.post("/v1/invitations", json=body, headers={**key, "Idempotency-Key": "paul"})
    assert again.json() == made.json()
    [listed] = (await client.get("/v1/invitations", headers=key)).json()["data"]
    assert "link" not in listed
    assert listed["email"] == "paul@example.org"
    link = made.json()["link"].removeprefix("http://127.0.0.1:8000")
    reply = await client.post(link, data={"name": "Paul Roux", "password": "quatre mots sans rapport"})
    assert reply.status_code == 303
    assert (await client.get("/v1/invitations", headers=key)).json()["data"] == []
    assert (await client.post("/v1/invitations", json=body, headers=key)).status_code == 409
    other = await client.post("/v1/invitations", json={**body, "email": "lea@example.org"}, headers=key)
    withdrawn = await client.delete(f"/v1/invitations/{other.json()['id']}", headers=key)
    assert withdrawn.status_code == 204
    gone = other.json()["link"].removeprefix("http://127.0.0.1:8000")
    assert (await client.get(gone)).status_code == 410


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_key_invites_to_no_role_that_goes_further_than_itself(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    narrow = await key_of(database, published.institution_id, scopes={Scope.MEMBERS_WRITE})
    for role in Role:
        body = {"email": f"{role}@example.org", "role": role}
        assert (await client.post("/v1/invitations", json=body, headers=narrow)).status_code == 403
    wide = await key_of(database, published.institution_id, scopes=ALL)
    for role in Role:
        body = {"email": f"{role}@example.org", "role": role}
        assert (await client.post("/v1/invitations", json=body, headers=wide)).status_code == 201


async def test_who_is_invited_with_a_test_key_sees_test_mode_alone(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    test_key = await key_of(database, published.institution_id, mode="test")
    body = {"email": "paul@example.org", "role": "owner"}
    link = (await client.post("/v1/invitations", json=body, headers=test_key)).json()["link"]
    reply = await client.post(
        link.removeprefix("http://127.0.0.1:8000"),
        data={"name": "Paul Roux", "password": "quatre mots sans rapport"},
    )
    assert reply.status_code == 303
    assert "Mode test" in (await client.get("/espace/compte")).text
    live = {"institution": str(published.institution_id)}
    assert (await client.post("/espace/etablissements", data=live)).status_code == 404
    async with database.reading() as db:
        assert await accounts.members(db, published.institution_id) == []
