"""Every route of the API against the scope it declares, other institutions and the other mode."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.auth.permissions import ALL, Scope
from app.description import scopes_of
from app.settings import Settings
from tests.conftest import Clock, Published
from tests.security.world import World, another, calls, running

MATRIX = tomllib.loads((Path(__file__).parents[1] / "app" / "authorization.toml").read_text(encoding="utf-8"))
API, INSTITUTION = MATRIX["api"], MATRIX["institution"]
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

# What is asked for decides what else it takes: nobody grants, or has put in a file, what they may not see themselves.
GRANTING = {
    "createKey", "createClient", "createInvitation", "rotateKey", "rotateClientSecret", "changeClient", "createExport",
    "downloadExport",
}  # fmt: skip


@pytest.fixture
def world(settings: Settings, clock: Clock, published: Published) -> Iterator[World]:
    """An institution with one of everything."""
    with running(settings, clock) as (client, app):
        yield World(client, app, published.institution_id).fill()


def named(path: str, method: str) -> str:
    return f"{method.upper()} {path}"


def test_every_route_declares_scopes_that_exist(world: World) -> None:
    for path, method, operation in calls(world.spec):
        scopes = scopes_of(operation)
        assert scopes, named(path, method)
        assert set(scopes) <= set(Scope)
        assert {"apiKey": []} in operation["security"], named(path, method)
        reads = method == "get"
        if scopes[0].endswith(":read"):
            assert reads, named(path, method)


def test_without_the_scope_nothing_is_done_and_with_it_alone_the_door_opens(world: World) -> None:
    test_key = world.key(ALL, "test")
    found: dict[str, int] = {}
    for scope in Scope:
        all_but = world.key(ALL - {scope})
        for path, method, operation in calls(world.spec):
            if scope not in scopes_of(operation):
                continue
            only = world.key(Scope(name) for name in scopes_of(operation))
            refused = world.call(path, method, all_but)
            assert refused.status_code == 403, named(path, method)
            assert refused.json()["code"] == "insufficient_scope", named(path, method)
            assert refused.json()["scope"] == scope, named(path, method)
            if path.startswith("/v1/test/"):
                # these doors are of test mode: a live key that may is refused for its mode
                assert world.call(path, method, only).status_code in (403, 404, 409), named(path, method)
                assert world.call(path, method, test_key).status_code != 403, named(path, method)
                continue
            if method == "delete":
                continue  # below, once everything else has been tried
            opened = world.call(path, method, only)
            found[named(path, method)] = opened.status_code
            if opened.status_code == 403:  # the door is open, but what is granted behind it goes too far
                assert operation["operationId"] in GRANTING, f"{named(path, method)}: {opened.text}"
                assert opened.json()["scope"] not in scopes_of(operation)
                continue
            assert opened.status_code not in (401, 403), f"{named(path, method)}: {opened.text}"
            assert opened.status_code < 500, named(path, method)

    assert {row: status for row, status in found.items() if row not in INSTITUTION} == {
        row: status for row, status in API.items() if not row.startswith("DELETE") and "/v1/test/" not in row
    }


def test_nobody_without_credentials_comes_in(world: World) -> None:
    for path, method, _ in calls(world.spec):
        for headers in ({}, {"Authorization": "Bearer plk_live_x"}, {"Authorization": "Bearer"}):
            reply = world.call(path, method, headers)
            assert reply.status_code == 401, named(path, method)


def test_what_belongs_to_another_institution_or_mode_does_not_exist(world: World) -> None:
    stranger = another(world, "autre")
    doors = [found for found in calls(world.spec) if "{" in found[0]]
    assert len(doors) > 20
    for headers in (stranger.headers, world.key(ALL, "test")):
        for path, method, _ in doors:
            if path.startswith("/v1/test/") and headers is stranger.headers:
                continue  # refused for its mode already
            reply = world.call(path, method, headers)
            assert reply.status_code == 404, f"{named(path, method)}: {reply.status_code} {reply.text}"
    # and it was not touched meanwhile
    for path, method, _ in doors:
        if method == "get" and path.count("{") == 1 and path.endswith("}"):
            assert world.call(path, method, world.headers).status_code == 200, named(path, method)


def test_deleting_needs_its_scope_and_happens_once(world: World) -> None:
    for path, method, operation in sorted(calls(world.spec), key=lambda found: -found[0].count("/")):
        if method == "delete":
            scopes = {Scope(name) for name in scopes_of(operation)}
            assert world.call(path, method, world.key(ALL - scopes)).status_code == 403
            done = world.call(path, method, world.key(scopes))
            row = named(path, method)
            assert done.status_code == {**API, **INSTITUTION}[row], f"{row}: {done.text}"
