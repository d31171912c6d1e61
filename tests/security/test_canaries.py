"""Canaries in every scoring key, rationale and parameter: no caller who is no psychometrician ever hears one."""

import asyncio
import json
import re
from typing import Any

import pytest
from sqlalchemy import select, update

from app.auth.permissions import ALL, GRANTS, Role, Scope
from app.bank.tables import BankRelease
from app.db import Database
from app.settings import Settings
from item_bank import files, release
from item_bank.item import version_hash
from tests.app.test_leaks import FORBIDDEN_NAMES, _rehashed
from tests.conftest import Clock, Published, settings_for
from tests.security.fuzz import invented, send
from tests.security.world import World, calls, running

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
CANARY = "canari7f3a"
DIGITS = "7319731"  # of every difficulty
HEARD = re.compile(f"{CANARY}|{DIGITS}", re.IGNORECASE)
WHO = [role for role in Role if role is not Role.PSYCHOMETRICIAN]


def plant(settings: Settings) -> int:
    """Put a canary into every rationale, reason, accepted text and difficulty of the release that is served."""
    content, problems = files.read(settings_for("sqlite+aiosqlite:///x").content_dir)
    assert not problems
    payload: dict[str, Any] = release.compile(content).to_payload()
    for record in payload["items"]:
        record["rationale"] = f"{record['rationale']} {CANARY}"
        for option in record.get("options", ()):
            option["why"] = f"{CANARY} {option.get('why', '')}"
        if "accepted" in record:
            record["accepted"] = [*record["accepted"], CANARY]
    for version in payload["translations"]:
        version["rationale"] = f"{version['rationale']} {CANARY}"
    payload["parameter_set"] = marked(payload["parameter_set"])
    payload["item_hashes"] = [version_hash(record) for record in payload["items"]]
    snapshot = _rehashed(payload)

    async def store() -> str:
        database = Database(settings)
        async with database.transaction() as db:
            await db.execute(
                update(BankRelease).values(payload=snapshot, content_hash=snapshot["content_hash"])
            )
            stored = (await db.execute(select(BankRelease.payload))).scalar_one()
        await database.close()
        return json.dumps(stored)

    return len(HEARD.findall(asyncio.run(store())))


def marked(values: Any) -> Any:
    """The same with telling digits after the point of every number that is not whole or one of a few."""
    if isinstance(values, dict):
        return {name: marked(part) if name != "rule" else part for name, part in values.items()}
    if isinstance(values, list):
        return [marked(part) for part in values]
    if isinstance(values, float) and values not in (0.0, 1.0):
        return float(f"{values:.2f}{DIGITS}")
    return values


def told(reply: Any) -> str:
    return "\n".join([reply.text, *(f"{name}: {value}" for name, value in reply.headers.items())])


def listened(world: World, callers: list[dict[str, str]], each: int) -> tuple[int, list[str]]:
    """How many calls each caller made, and those whose reply holds a canary."""
    heard, made = [], 0
    for path, method, _ in calls(world.spec):
        if method != "delete":
            made += 1
            for headers in callers:
                reply = world.call(path, method, headers)
                if HEARD.search(told(reply)) or FORBIDDEN_NAMES.search(reply.text):
                    heard.append(f"{method} {path}: {reply.text[:300]}")
    for name, run in invented(world, each):

        def one(case: Any, name: str = name) -> None:
            nonlocal made
            made += 1
            for headers in callers:
                reply = send(world.client, case, headers)
                if HEARD.search(told(reply)):
                    heard.append(f"{name}: {reply.text[:300]}")

        run(one)
    for public in ("/v1/openapi.json", "/v1/docs", "/problems", "/.well-known/oauth-authorization-server"):
        assert not HEARD.search(told(world.client.get(public)))
    return made, heard


def listen(
    settings: Settings,
    clock: Clock,
    published: Published,
    who: list[frozenset[Scope]],
    each: int,
    captured: pytest.CaptureFixture[str],
) -> int:
    assert plant(settings) > 1_000
    with running(settings.model_copy(update={"log_level": "DEBUG"}), clock) as (client, app):
        world = World(client, app, published.institution_id).fill("certification")
        made, heard = listened(world, [world.key(scopes) for scopes in who], each)
    assert heard == []
    logged = "".join(captured.readouterr())
    assert not HEARD.search(logged)
    return made


def test_no_role_but_the_psychometricians_hears_a_canary(
    settings: Settings, clock: Clock, published: Published, capfd: pytest.CaptureFixture[str]
) -> None:
    callers = [GRANTS[role] for role in WHO] + [ALL - {Scope.RESPONSES_READ}]
    assert len(callers) * listen(settings, clock, published, callers, 1, capfd) > 800


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", WHO)
def test_ten_thousand_calls_of_a_role_tell_nothing(
    settings: Settings, clock: Clock, published: Published, role: Role, capfd: pytest.CaptureFixture[str]
) -> None:
    assert listen(settings, clock, published, [GRANTS[role]], 160, capfd) >= 10_000
