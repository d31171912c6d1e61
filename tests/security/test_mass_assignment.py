"""Nobody gives themselves a score, a role or another institution by a field that nobody asked for."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from app.settings import Settings
from tests.conftest import Clock, Published
from tests.security.world import World, calls, running

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
EXTRA: dict[str, Any] = {
    "id": str(UUID(int=1)),
    "institution_id": str(UUID(int=1)),
    "institution": str(UUID(int=1)),
    "score": 1,
    "theta": 4.0,
    "se": 0.01,
    "level": "referent",
    "answered": 32,
    "status": "finished",
    "finish_reason": "maximum_length",
    "deadline_at": "2099-01-01T00:00:00Z",
    "time_limit_seconds": 999_999,
    "seed": 1,
    "role": "owner",
    "scopes": ["responses:read"],
    "mode": "live",
    "secret": "plk_live_mine",
    "created_by": "command line",
    "published_at": "2026-01-01T00:00:00Z",
    "provisional": False,
    "test_of": None,
    "__class__": "Caller",
}


@pytest.fixture
def world(settings: Settings, clock: Clock, published: Published) -> Iterator[World]:
    """An institution with one of everything."""
    with running(settings, clock) as (client, app):
        yield World(client, app, published.institution_id).fill()


def schema_of(world: World, media: dict[str, Any]) -> dict[str, Any]:
    schema = media["schema"]
    for kind in (schema, *schema.get("anyOf", ())):
        if "$ref" in kind:
            found: dict[str, Any] = world.spec["components"]["schemas"][kind["$ref"].rsplit("/", 1)[1]]
            return found
    found = schema
    return found


def test_no_body_of_the_api_takes_a_field_that_it_does_not_declare(world: World) -> None:
    tried = 0
    for path, method, operation in calls(world.spec):
        media = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if media is None:
            continue
        declared = schema_of(world, media)
        assert declared.get("additionalProperties") is False, f"{method} {path}"
        _, body = world.body(path, method)
        for name, value in EXTRA.items():
            if name in declared["properties"]:
                continue
            reply = world.call(path, method, world.headers, {**(body or {}), name: value}, "application/json")
            assert reply.status_code == 422, f"{method} {path} {name}: {reply.status_code}"
            assert reply.json()["errors"][0]["field"].endswith(name), f"{method} {path} {name}"
            tried += 1
    assert tried > 200


def test_no_part_of_a_body_does_either(world: World) -> None:
    schemas = world.spec["components"]["schemas"]
    waiting = [
        schema_of(world, operation["requestBody"]["content"]["application/json"])
        for _, _, operation in calls(world.spec)
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    seen: set[str] = set()
    while waiting:
        for reference in references(waiting.pop()):
            if reference not in seen:
                seen.add(reference)
                part = schemas[reference]
                waiting.append(part)
                assert "enum" in part or part.get("additionalProperties") is False, reference
    assert seen


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rsplit("/", 1)[1]
        for part in schema.values():
            yield from references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from references(part)


def test_what_the_address_carries_besides_changes_nothing(world: World) -> None:
    before = world.call("/v1/sittings/{sitting_id}", "get", world.headers).json()
    address = f"/v1/sittings/{world.ids['sitting_id']}"
    query = {name: str(value) for name, value in EXTRA.items()}
    headers = world.headers | {f"X-{name.replace('_', '-')}": str(value) for name, value in EXTRA.items()}
    assert world.client.get(address, params=query, headers=headers).json() == before
    made = world.client.post("/v1/sittings", json={"design": "practice"}, params=query, headers=headers)
    assert made.status_code == 201
    assert made.json()["status"] == "created"
    assert made.json()["id"] != EXTRA["id"]
