"""An institution with a webhook, and the service's worker and loop, moved by hand."""

from typing import Any

import httpx2
from fastapi import FastAPI

from app.delivery.context import Context
from app.webhooks.dispatch import Dispatcher
from app.worker import Worker
from tests.app.delivery.learner import Learner
from tests.conftest import Published


class Institution:
    """Calls the API with its key; `webhook` is the one it made last."""

    def __init__(
        self, client: httpx2.AsyncClient, published: Published, application: FastAPI, dispatcher: Dispatcher
    ) -> None:
        self.client, self.published, self.dispatcher = client, published, dispatcher
        context: Context = application.state.context
        self.worker = Worker(context.database, context.delivery, context.clock)
        self.webhook: dict[str, Any] = {}

    async def call(self, method: str, path: str, **given: Any) -> Any:
        reply = await self.client.request(method, path, headers=self.published.authorization, **given)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    async def listens(self, url: str, *events: str) -> None:
        asked = {"events": list(events)} if events else {}
        self.webhook = await self.call("POST", "/v1/webhooks", json={"url": url, **asked})

    async def asks_for_a_test(self) -> None:
        await self.call("POST", f"/v1/webhooks/{self.webhook['id']}/test")

    async def finishes_a_sitting(self) -> str:
        learner = Learner(self.client, self.published.authorization)
        await learner.create("practice")
        await learner.start()
        await self.call("POST", f"/v1/sittings/{learner.id}/finish")
        return str(learner.id)

    async def log(self) -> list[dict[str, Any]]:
        found = await self.call("GET", f"/v1/webhooks/{self.webhook['id']}/deliveries")
        rows: list[dict[str, Any]] = found["data"]
        return rows
