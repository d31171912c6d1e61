"""The authorization matrix holds: every route has a row, every caller gets what the row says."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import update
from starlette.routing import Mount, Route

from app.auth import service as auth
from app.db import Database
from app.identifiers import new_id
from app.institutions import service as institutions
from app.webhooks.tables import WebhookDelivery
from tests.app.delivery.learner import Learner, some_response
from tests.app.delivery.test_pages import Browser, Form
from tests.conftest import START, Published

MATRIX: dict[str, dict[str, int]] = tomllib.loads(
    (Path(__file__).parent / "authorization.toml").read_text(encoding="utf-8")
)
LEARNER, INSTITUTION, PUBLIC = MATRIX["learner"], MATRIX["institution"], MATRIX["public"]


def routes(app: FastAPI) -> Iterator[str]:
    """Every method and path the application answers."""
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, Mount):
            yield f"GET {route.path}"
        elif isinstance(route, APIRoute | Route):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield f"{method} {route.path}"
        else:  # a router that was included
            waiting.extend(route.original_router.routes)  # type: ignore[attr-defined]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_every_route_has_a_row_and_every_row_a_route(application: FastAPI) -> None:
    # the office's: tests/app/office/test_matrix.py; the rest of the API's: tests/security/test_scopes.py
    known = {*LEARNER, *INSTITUTION, *PUBLIC, *MATRIX["office"], *MATRIX["api"]}
    assert set(routes(application)) == known


def platform(client_id: str) -> dict[str, str]:
    """A learning platform that an institution trusts."""
    addresses = ("issuer", "authorization_url", "token_url", "jwks_url")
    return {"name": "LMS", "client_id": client_id, **dict.fromkeys(addresses, "https://lms.example.org/")}


class Callers:
    """The five callers, and one sitting in progress that two of them own."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.cookies: Mapping[str, str] = {}
        self.other_cookies: Mapping[str, str] = {}
        self.learners_sitting = ""
        self.form: dict[str, Any] = {}
        self.key: Mapping[str, str] = {}
        self.other_key: Mapping[str, str] = {}
        self.question: dict[str, Any] = {}
        self.institutions_sitting = ""
        self.webhook = ""
        self.webhook_delivery = ""
        self.platform = ""

    async def call(
        self, row: str, *, cookies: Mapping[str, str], headers: Mapping[str, str]
    ) -> httpx2.Response:
        method, path = row.split(" ", 1)
        of_api = path.startswith("/v1")
        path = path.replace("{sitting_id}", self.institutions_sitting if of_api else self.learners_sitting)
        path = path.replace("{webhook_id}", self.webhook).replace("{delivery_id}", self.webhook_delivery)
        path = path.replace("{platform_id}", self.platform)
        path = path.replace("{position}", "1").replace("{code}", "not_found")
        self.client.cookies.clear()
        for name, value in cookies.items():
            self.client.cookies.set(name, value)
        given: dict[str, Any] = {"headers": {"Accept": "text/html", **headers}}
        if path.endswith("/repondre"):
            given["data"] = self.form
        elif path.endswith("/presentation"):
            given["data"] = {**self.form, "zones_as": "list"}
        elif path.endswith("/brouillon"):
            given["json"] = {"position": 1, "item": self.form["item"], "response": None}
        elif path.endswith("/signaler"):
            given["data"] = {"position": "1", "text": "ambigu"}
        elif path == "/demo":
            given["data"] = {"design": "practice"}
        elif path == "/code":
            given["data"] = {"code": "AAAA-BBBB-CCCC"}
        elif path.endswith("/responses"):
            given["json"] = {
                "position": 1,
                "item": self.question["item"]["id"],
                "response": some_response(self.question["item"]),
            }
            given["headers"] |= {"Idempotency-Key": "k"}
        elif path == "/v1/webhooks" and method == "POST":
            # another address at each call: one address is one webhook
            given["json"] = {"url": f"https://lms.example.org/{new_id()}"}
        elif path == "/v1/lti/platforms" and method == "POST":
            given["json"] = platform(str(new_id()))
        elif path.startswith("/v1/lti/platforms") and method == "PATCH":
            given["json"] = {"name": "changed"}
        elif path.startswith("/v1/webhooks") and method == "PATCH":
            given["json"] = {"description": "changed"}
        elif path == "/v1/sittings":
            given["json"] = {"design": "practice"}
        return await self.client.request(method, path, follow_redirects=False, **given)


@pytest.fixture
async def callers(client: httpx2.AsyncClient, published: Published, database: Database) -> Callers:
    made = Callers(client)
    await Browser(client).begin("practice")
    made.other_cookies = {"palier": client.cookies["palier"]}
    client.cookies.clear()
    browser = await Browser(client).begin()
    made.cookies = {"palier": client.cookies["palier"]}
    made.learners_sitting = browser.sitting.rsplit("/", 1)[1]
    made.form = Form(browser.page).filled()
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        made.other_key = {"Authorization": f"Bearer {await auth.create_api_key(db, other, 'tests', START)}"}
    made.key = published.authorization
    learner = Learner(client, published.authorization)
    await learner.create()
    made.question = await learner.start()
    made.institutions_sitting = str(learner.id)
    reply = await client.post(
        "/v1/webhooks", json={"url": "https://lms.example.org/hook"}, headers=dict(made.key)
    )
    made.webhook = reply.json()["id"]
    reply = await client.post("/v1/lti/platforms", json=platform("tool"), headers=dict(made.key))
    made.platform = reply.json()["id"]
    reply = await client.post(f"/v1/webhooks/{made.webhook}/test", headers=dict(made.key))
    made.webhook_delivery = reply.json()["id"]
    async with database.transaction() as db:
        await db.execute(update(WebhookDelivery).values(state="delivered"))
    return made


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("row", PUBLIC)
async def test_public_routes_answer_everybody(callers: Callers, row: str) -> None:
    for cookies, headers in (({}, {}), (callers.cookies, {}), ({}, callers.key)):
        assert (await callers.call(row, cookies=cookies, headers=headers)).status_code == PUBLIC[row]


@pytest.mark.parametrize("row", LEARNER)
async def test_learner_routes_answer_only_who_holds_the_sitting(callers: Callers, row: str) -> None:
    for cookies, headers in (({}, {}), (callers.other_cookies, {}), ({}, callers.key), ({"palier": "x"}, {})):
        assert (await callers.call(row, cookies=cookies, headers=headers)).status_code == 404
    assert (await callers.call(row, cookies=callers.cookies, headers={})).status_code == LEARNER[row]


@pytest.mark.parametrize("row", INSTITUTION)
async def test_institution_routes_answer_only_the_sittings_institution(callers: Callers, row: str) -> None:
    expected = INSTITUTION[row]
    elsewhere = 404 if "{" in row else expected
    for cookies, headers, status in (
        ({}, {}, 401),
        (callers.cookies, {}, 401),
        ({}, {"Authorization": "Bearer plk_x"}, 401),
        ({}, {"Authorization": "Basic cGxrOng="}, 401),
        ({}, callers.other_key, elsewhere),
        ({}, callers.key, expected),
    ):
        assert (await callers.call(row, cookies=cookies, headers=headers)).status_code == status


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_no_mutation_of_a_key_is_accepted(callers: Callers) -> None:
    key = callers.key["Authorization"]
    for place in range(len("Bearer "), len(key)):
        changed = "A" if key[place] != "A" else "B"
        headers = {"Authorization": key[:place] + changed + key[place + 1 :]}
        reply = await callers.call("GET /v1/sittings/{sitting_id}", cookies={}, headers=headers)
        assert reply.status_code == 401


def test_paths_are_written_as_the_application_writes_them() -> None:
    for row in (*PUBLIC, *LEARNER, *INSTITUTION):
        assert re.fullmatch(r"(GET|POST|PUT|PATCH|DELETE) /\S*", row)
