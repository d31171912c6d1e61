"""Schemathesis over the whole API, as each role: no undocumented status or body, no failure of ours."""

from collections import Counter

import pytest

from app.auth.permissions import ALL, GRANTS, Role
from app.settings import Settings
from tests.conftest import Clock, Published
from tests.security.fuzz import faults, invented, send
from tests.security.world import World, running

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def explored(world: World, callers: list[dict[str, str]], each: int) -> tuple[Counter[str], Counter[int]]:
    wrong: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    for name, run in invented(world, each):

        def one(case: object, name: str = name) -> None:
            for headers in callers:
                reply = send(world.client, case, headers)
                statuses[reply.status_code] += 1
                for fault in faults(case, reply):
                    wrong[f"{name} {reply.status_code} {fault}"] += 1

        run(one)
    return wrong, statuses


def check(settings: Settings, clock: Clock, published: Published, whose: list[str], each: int) -> set[int]:
    with running(settings, clock) as (client, app):
        world = World(client, app, published.institution_id).fill()
        special = {"everything": world.headers, "test mode": world.key(ALL, "test")}
        callers = [special.get(name) or world.key(GRANTS[Role(name)]) for name in whose]
        wrong, statuses = explored(world, callers, each)
    assert not wrong, "\n".join(f"{times} x {fault}" for fault, times in wrong.most_common(40))
    return set(statuses)


def test_the_description_holds_for_a_key_that_may_do_everything(
    settings: Settings, clock: Clock, published: Published
) -> None:
    assert {200, 201, 404, 422} <= check(settings, clock, published, ["everything"], 8)


def test_the_description_holds_for_every_role_and_in_test_mode(
    settings: Settings, clock: Clock, published: Published
) -> None:
    assert {200, 403, 404, 422} <= check(settings, clock, published, [*Role, "test mode"], 2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("whose", ["everything", "test mode", *Role])
def test_the_description_holds_at_length(
    settings: Settings, clock: Clock, published: Published, whose: str
) -> None:
    check(settings, clock, published, [whose], 200 if whose in ("everything", "test mode") else 50)


def test_what_is_not_in_the_description_is_noticed(
    settings: Settings, clock: Clock, published: Published
) -> None:
    with running(settings, clock) as (client, app):
        world = World(client, app, published.institution_id)
        listing = world.spec["paths"]["/v1/keys"]["get"]
        del listing["responses"]["422"]
        listing["responses"]["200"]["content"]["application/json"]["schema"] = {
            "type": "object",
            "required": ["unheard_of"],
        }
        world.spec["paths"] = {"/v1/keys": {"get": listing}}
        wrong, _ = explored(world, [world.headers], 30)
    assert {fault.split(": ")[0] for fault in wrong} >= {
        "GET /v1/keys 422 UndefinedStatusCode",
        "GET /v1/keys 200 JsonSchemaError",
    }
