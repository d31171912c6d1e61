"""An institution with one of everything, made through the API itself by its documented examples."""

import base64
import copy
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import TestClient

from app.auth import service as auth
from app.auth.permissions import ALL, Mode, Scope
from app.db import Database
from app.description import SAMPLE_ID, operations
from app.institutions import service as institutions
from app.settings import Settings
from app.webhooks.tables import WebhookDelivery
from tests.app.delivery.learner import some_response
from tests.conftest import START, Clock, service_of

Json = dict[str, Any]
PLENTY = 10_000_000  # calls a minute
SHEET = b"external_id;profession\netu-2026-0100;ide\n"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@contextmanager
def running(settings: Settings, clock: Clock) -> Iterator[tuple[TestClient, FastAPI]]:
    """The service on this database, in this process, without a limit of calls."""
    app = service_of(settings.model_copy(update={"api_calls_per_minute": PLENTY}), clock)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client, app


def in_database(
    client: TestClient, app: FastAPI, act: Callable[[AsyncSession], Coroutine[Any, Any, Any]]
) -> Any:
    """Do something in the database of a running service."""

    async def inside() -> Any:
        database: Database = app.state.context.database
        async with database.transaction() as db:
            done = await act(db)
        app.state.context.keys.forget()
        return done

    assert client.portal is not None
    return client.portal.call(inside)


class World:
    """One institution, and the identifier of one of everything in it."""

    def __init__(self, client: TestClient, app: FastAPI, institution_id: UUID) -> None:
        self.client = client
        self.app = app
        self.institution_id = institution_id
        # a copy: tests change it, and the application is shared
        self.spec: Json = copy.deepcopy(app.openapi())
        self.ids: dict[str, str] = {}
        self.question: Json = {}
        self.headers = self.key(ALL)

    def key(self, scopes: Iterable[Scope], mode: Mode = "live") -> dict[str, str]:
        """The header of a new key of this institution."""

        async def make(db: AsyncSession) -> str:
            return await auth.create_api_key(
                db, self.institution_id, "tests", START, mode=mode, scopes=frozenset(scopes)
            )

        return {"Authorization": f"Bearer {in_database(self.client, self.app, make)}"}

    def call(
        self, path: str, method: str, headers: Mapping[str, str], body: Any = None, kind: str | None = None
    ) -> Any:
        """One call by the path of the description; parameters of the path are those of this institution."""
        address = re.sub(r"\{(\w+)\}", lambda found: self.ids[found[1]], path)
        sent = dict(headers)
        operation = self.spec["paths"][path][method]
        if any(
            parameter["name"] == "Idempotency-Key" and parameter["required"]
            for parameter in operation.get("parameters", ())
        ):
            sent["Idempotency-Key"] = "k"
        if body is None and "requestBody" in operation:
            kind, body = self.body(path, method)
        if kind is None or kind == "application/json":
            return self.client.request(method, address, headers=sent, json=body)
        if kind == "application/x-www-form-urlencoded":
            return self.client.request(method, address, headers=sent, data=body)
        if kind == "multipart/form-data":
            return self.client.request(method, address, headers=sent, files={"file": ("a.csv", SHEET)})
        if kind == "image/png":
            body = PIXEL
        return self.client.request(method, address, headers=sent | {"Content-Type": kind}, content=body)

    def body(self, path: str, method: str) -> tuple[str, Any]:
        """The documented example of a body, speaking of what is in this institution."""
        content = self.spec["paths"][path][method]["requestBody"]["content"]
        kind, media = next(iter(content.items()))
        shown = media.get("example")
        if shown is None:
            shown = next(iter(media["examples"].values()))["value"]
        return kind, self._here(path, copy.deepcopy(shown))

    def _here(self, path: str, shown: Any) -> Any:
        if path.endswith("/responses") and self.question:
            item = self.question["item"]
            return {
                "position": self.question["position"],
                "item": item["id"],
                "response": some_response(item),
            }
        if isinstance(shown, dict):
            here = {name: self._named(name, value) for name, value in shown.items()}
            return here | ({"mode": "live"} if "mode" in here else {})
        return shown

    def _named(self, name: str, value: Any) -> Any:
        if value == SAMPLE_ID:
            return self.ids.get(name if name.endswith("_id") else f"{name}_id", value)
        if value == [SAMPLE_ID]:
            return [self._named(name.removesuffix("s"), SAMPLE_ID)]
        return value

    def fill(self, design: str = "practice") -> "World":
        """Make one of everything that paths speak of."""
        started = self.client.post("/v1/sittings", json={"design": design}, headers=self.headers)
        self.ids["sitting_id"] = started.json()["id"]
        started = self.client.post(f"/v1/sittings/{self.ids['sitting_id']}/start", headers=self.headers)
        self.question = started.json()["question"]
        waiting = [
            path
            for path in sorted(
                self.spec["paths"], key=lambda path: (path.count("{"), "cohort" not in path, path)
            )
            if path.startswith("/v1/")
        ]
        for path in waiting:
            for found in re.finditer(r"^(.*?)/\{(\w+)\}", path):
                if found[2] not in self.ids:
                    self.ids[found[2]] = self._make(found[1], found[2])
        for path, method, _ in calls(self.spec):
            if method == "put" or (path == "/v1/institutions/{institution_id}" and method == "patch"):
                self.call(path, method, self.headers)
        return self

    def _make(self, collection: str, name: str) -> str:
        if name == "delivery_id":
            return self._delivered()
        known = self.spec["paths"].get(collection, {})
        if "post" in known:
            reply = self.call(collection, "post", self.headers)
            assert reply.status_code in (200, 201, 202), f"POST {collection} by its example: {reply.text}"
            return str(reply.json()["id"])
        if "get" in known:
            rows = self.call(collection, "get", self.headers).json()["data"]
            if rows:
                return str(rows[0]["id"])
        return SAMPLE_ID

    def _delivered(self) -> str:
        self.ids["webhook_id"] = self._make("/v1/webhooks", "webhook_id")
        reply = self.call("/v1/webhooks/{webhook_id}/test", "post", self.headers)

        async def deliver(db: AsyncSession) -> None:
            await db.execute(update(WebhookDelivery).values(state="delivered"))

        in_database(self.client, self.app, deliver)
        return str(reply.json()["id"])


def another(world: World, slug: str) -> World:
    """Another institution of the same service, still empty."""

    async def make(db: AsyncSession) -> UUID:
        return (await institutions.ensure_institution(db, slug, slug.capitalize(), START))[0]

    return World(world.client, world.app, in_database(world.client, world.app, make))


def calls(spec: Json) -> list[tuple[str, str, Json]]:
    """Every operation of `/v1`."""
    return [found for found in operations(spec) if found[0].startswith("/v1")]
