"""`/v1/learners` and `/v1/cohorts` on both databases."""

import httpx2
import pytest
from sqlalchemy import select, update

from app.auth import service as auth
from app.auth.permissions import Scope
from app.db import Database
from app.institutions import service as institutions
from app.institutions.tables import Institution, LearnerIdentity
from tests.app.campaigns.university import University, assert_problem, names
from tests.conftest import START, Clock, Published


@pytest.fixture
def university(client: httpx2.AsyncClient, published: Published) -> University:
    return University(client, published.authorization)


@pytest.fixture
async def stranger(client: httpx2.AsyncClient, database: Database) -> University:
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre établissement", START)
        key = await auth.create_api_key(db, other, "tests", START)
    return University(client, {"Authorization": f"Bearer {key}"})


async def test_a_learner_is_made_read_changed_and_deleted(university: University) -> None:
    made = await university.made(
        "/learners", {"external_id": "etu-1", "profession": "ide", "curriculum": "IFSI", "year": "2027"}
    )
    path = f"/learners/{made['id']}"
    reply = await university.call("GET", path)
    assert reply.json() == made
    tag = reply.headers["etag"]
    assert (await university.call("GET", path, **{"If-None-Match": tag})).status_code == 304
    reply = await university.call("PATCH", path, {"year": "2028", "curriculum": None}, **{"If-Match": tag})
    assert reply.status_code == 200, reply.text
    assert (reply.json()["year"], reply.json()["curriculum"], reply.json()["profession"]) == (
        "2028",
        None,
        "ide",
    )
    reply = await university.call("PATCH", path, {"year": "2029"}, **{"If-Match": tag})
    assert_problem(reply, 412, "precondition_failed")
    assert (await university.call("DELETE", path)).status_code == 204
    assert_problem(await university.call("GET", path), 404, "not_found")


async def test_nobody_else_sees_a_learner(university: University, stranger: University) -> None:
    made = await university.made("/learners", {"external_id": "etu-1"})
    path = f"/learners/{made['id']}"
    for method, body in (("GET", None), ("PATCH", {"year": "1"}), ("DELETE", None)):
        assert_problem(await stranger.call(method, path, body), 404, "not_found")
    assert names(await stranger.read("/learners")) == []
    assert await stranger.made("/learners", {"external_id": "etu-1"})
    assert names(await university.read("/learners")) == ["etu-1"]


async def test_two_learners_do_not_share_an_identifier(university: University) -> None:
    await university.learners("etu-1", "etu-2")
    assert_problem(await university.call("POST", "/learners", {"external_id": "etu-1"}), 409, "conflict")
    second = (await university.read("/learners?external_id=etu-2"))["data"][0]
    reply = await university.call("PATCH", f"/learners/{second['id']}", {"external_id": "etu-1"})
    assert_problem(reply, 409, "conflict")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"external_id": "jeanne.roux@example.org"}, "external_id", "e-mail address"),
        ({"external_id": "Jeanne Roux"}, "external_id", "looks like a name"),
        ({"external_id": "=1+1"}, "external_id", "spreadsheet"),
        ({"external_id": "a\u0000b"}, "external_id", "printed"),
        ({"external_id": "etu-1", "curriculum": "@SUM(A1)"}, "curriculum", "spreadsheet"),
        ({"external_id": "etu-1", "profession": "alchimiste"}, "profession", "one of"),
    ],
)
async def test_what_may_not_be_kept_is_refused_with_the_reason(
    university: University, body: dict[str, str], field: str, reason: str
) -> None:
    problem = assert_problem(await university.call("POST", "/learners", body), 422, "invalid_input")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert reason in problem["errors"][0]["expected"]
    assert names(await university.read("/learners")) == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_sitting_takes_no_name_for_an_identifier(university: University) -> None:
    reply = await university.call("POST", "/sittings", {"design": "practice", "learner": "Jeanne Roux"})
    problem = assert_problem(reply, 422, "invalid_input")
    assert problem["errors"][0]["field"] == "learner"


async def test_who_a_learner_is_stands_apart(university: University, database: Database) -> None:
    identity = {"given_name": "Jeanne", "family_name": "Roux", "email": "jeanne.roux@example.org"}
    made = await university.made("/learners", {"external_id": "etu-1", "identity": identity})
    assert "Jeanne" not in str(made)
    path = f"/learners/{made['id']}/identity"
    assert {**(await university.read(path)), "updated_at": ""} == {**identity, "updated_at": ""}
    reply = await university.call("PUT", path, {"given_name": "Jeanne", "family_name": "Roux-Petit"})
    assert reply.json()["family_name"] == "Roux-Petit"
    assert (await university.call("DELETE", path)).status_code == 204
    assert_problem(await university.call("GET", path), 404, "not_found")
    async with database.reading() as db:
        assert (await db.execute(select(LearnerIdentity))).all() == []


async def test_a_list_is_read_in_pages_without_a_gap(university: University) -> None:
    await university.learners(*(f"etu-{number}" for number in range(7)))
    found: list[str] = []
    path = "/learners?limit=3"
    while path:
        reply = await university.call("GET", path)
        found += names(reply.json())
        link = reply.headers.get("link", "")
        path = link[len("</v1") : link.index(">")] if link else ""
        assert (reply.json()["next"] is None) is (path == "")
    assert sorted(found) == [f"etu-{number}" for number in range(7)]
    assert len(found) == len(set(found))


async def test_a_copy_is_kept_up_by_what_changed_since(university: University, clock: Clock) -> None:
    await university.learners("etu-1", "etu-2", "etu-3")
    clock.advance(60)
    since = clock().isoformat().replace("+00:00", "Z")
    third = (await university.read("/learners?external_id=etu-3"))["data"][0]
    await university.call("PATCH", f"/learners/{third['id']}", {"year": "2028"})
    clock.advance(1)
    first = (await university.read("/learners?external_id=etu-1"))["data"][0]
    await university.call("PATCH", f"/learners/{first['id']}", {"year": "2028"})
    page = await university.read(f"/learners?updated_since={since}&limit=1")
    assert names(page) == ["etu-3"]
    page = await university.read(f"/learners?updated_since={since}&limit=1&starting_after={page['next']}")
    assert (names(page), page["next"]) == (["etu-1"], None)
    reply = await university.call("GET", f"/learners?updated_since={since}&starting_after=WyJ4Il0")
    assert_problem(reply, 422, "invalid_input")


async def test_a_learner_who_has_sat_is_not_deleted(university: University) -> None:
    await university.made("/sittings", {"design": "practice", "learner": "etu-1"})
    found = (await university.read("/learners"))["data"][0]
    problem = assert_problem(await university.call("DELETE", f"/learners/{found['id']}"), 409, "conflict")
    assert f"POST /v1/privacy/learners/{found['id']}/erasure" in problem["detail"]
    assert names(await university.read("/learners")) == ["etu-1"]


async def test_a_quota_of_learners_and_of_sittings_holds(
    university: University, published: Published, database: Database, clock: Clock
) -> None:
    async with database.transaction() as db:
        await db.execute(
            update(Institution)
            .where(Institution.id == published.institution_id)
            .values(quotas={"learners": 2, "sittings_per_year": 1})
        )
    await university.learners("etu-1")
    reply = await university.import_file("identifiant\netu-2\netu-3")
    problem = assert_problem(reply, 409, "quota_reached")
    assert (problem["quota"], problem["limit"]) == ("learners", 2)
    assert names(await university.read("/learners")) == ["etu-1"]
    await university.learners("etu-1", "etu-2")
    assert_problem(await university.call("POST", "/learners", {"external_id": "etu-3"}), 409, "quota_reached")
    reply = await university.call("POST", "/sittings", {"design": "practice", "learner": "etu-9"})
    assert_problem(reply, 409, "quota_reached")
    await university.made("/sittings", {"design": "practice", "learner": "etu-1"})
    reply = await university.call("POST", "/sittings", {"design": "practice", "learner": "etu-1"})
    assert assert_problem(reply, 409, "quota_reached")["quota"] == "sittings_per_year"
    clock.advance(366 * 86_400)
    await university.made("/sittings", {"design": "practice", "learner": "etu-1"})


async def test_a_retried_creation_makes_one_learner(university: University) -> None:
    key = {"Idempotency-Key": "k"}
    first = await university.call("POST", "/learners", {"external_id": "etu-1"}, **key)
    again = await university.call("POST", "/learners", {"external_id": "etu-1"}, **key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"


async def test_learners_go_into_a_cohort_and_out_again(university: University) -> None:
    await university.learners("etu-1", "etu-2", "etu-3")
    cohort = await university.made("/cohorts", {"name": "IFSI 2027", "curriculum": "IFSI", "year": "2027"})
    members = f"/cohorts/{cohort['id']}/members"
    body = {"add": ["etu-1", "etu-2", "etu-9"]}
    assert await university.made(members, body) == {"added": 2, "removed": 0, "unknown": ["etu-9"]}
    assert await university.made(members, {"add": ["etu-2", "etu-3"], "remove": ["etu-1"]}) == {
        "added": 1,
        "removed": 1,
        "unknown": [],
    }
    assert names(await university.read(f"/learners?cohort={cohort['id']}")) == ["etu-2", "etu-3"]
    assert (await university.read(f"/cohorts/{cohort['id']}"))["learners"] == 2
    assert (await university.read("/learners?external_id=etu-2"))["data"][0]["cohorts"] == [cohort["id"]]
    assert_problem(await university.call("POST", "/cohorts", {"name": "IFSI 2027"}), 409, "conflict")
    assert (await university.call("DELETE", f"/cohorts/{cohort['id']}")).status_code == 204
    assert len(names(await university.read("/learners"))) == 3


async def test_a_stranger_puts_nobody_into_a_cohort(university: University, stranger: University) -> None:
    await university.learners("etu-1")
    cohort = await university.made("/cohorts", {"name": "IFSI 2027"})
    for method, path, body in (
        ("GET", f"/cohorts/{cohort['id']}", None),
        ("PATCH", f"/cohorts/{cohort['id']}", {"name": "x"}),
        ("POST", f"/cohorts/{cohort['id']}/members", {"add": ["etu-1"]}),
        ("DELETE", f"/cohorts/{cohort['id']}", None),
        ("GET", f"/learners?cohort={cohort['id']}", None),
    ):
        assert_problem(await stranger.call(method, path, body), 404, "not_found")
    own = await stranger.made("/cohorts", {"name": "IFSI 2027"})
    body = await stranger.made(f"/cohorts/{own['id']}/members", {"add": ["etu-1"]})
    assert body == {"added": 0, "removed": 0, "unknown": ["etu-1"]}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_key_does_only_what_its_scopes_say(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    async with database.transaction() as db:
        key = await auth.create_api_key(
            db, published.institution_id, "reads", START, scopes={Scope.LEARNERS_READ, Scope.CAMPAIGNS_READ}
        )
    reader = University(client, {"Authorization": f"Bearer {key}"})
    await reader.read("/learners")
    await reader.read("/campaigns")
    for method, path, body in (
        ("POST", "/learners", {"external_id": "etu-1"}),
        ("POST", "/cohorts", {"name": "x"}),
        ("POST", "/campaigns", {"name": "x", "design": "practice", "purpose": "practice"}),
        ("POST", f"/campaigns/{published.institution_id}/publish", None),
    ):
        assert_problem(await reader.call(method, path, body), 403, "insufficient_scope")
