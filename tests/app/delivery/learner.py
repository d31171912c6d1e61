"""Learners who talk to the API: what they can answer, and how they walk through a sitting."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx2

from item_bank.item import (
    Item,
    MatchKey,
    MultipleChoiceKey,
    NumericKey,
    OrderKey,
    ShortTextKey,
    SingleChoiceKey,
    ZoneKey,
)

Json = dict[str, Any]


def some_response(item: Mapping[str, Any]) -> Json:
    """A valid response to an item as the API shows it, right or wrong."""
    options = [option["id"] for option in item["options"]]
    match item["interaction"]:
        case "single_choice":
            return {"choice": options[0]}
        case "multiple_choice":
            return {"choices": options[:2]}
        case "order":
            return {"order": options}
        case "match":
            return {"pairs": dict.fromkeys(options, item["categories"][0]["id"])}
        case "numeric":
            return {"number": "72"}
        case "zone":
            zones = [zone["id"] for zone in item.get("zones") or item["options"]]
            return {"zones": zones[:1]}
        case _:
            return {"text": "MSSanté"}


def right_response(item: Item) -> Json:
    """The response that earns full credit."""
    match item.scoring_key:
        case SingleChoiceKey(option):
            return {"choice": option}
        case MultipleChoiceKey(options):
            return {"choices": list(options)}
        case OrderKey(steps):
            return {"order": list(steps)}
        case MatchKey(pairs):
            return {"pairs": dict(pairs)}
        case ShortTextKey(accepted):
            return {"text": accepted[0]}
        case NumericKey(value):
            return {"number": str(value)}
        case ZoneKey(zones):
            return {"zones": list(zones)}


class Learner:
    """One sitting, walked over the API of one institution."""

    def __init__(self, client: httpx2.AsyncClient, authorization: Mapping[str, str]) -> None:
        self.client = client
        self.authorization = dict(authorization)
        self.sitting: Json = {}

    @property
    def id(self) -> UUID:
        return UUID(self.sitting["id"])

    async def post(self, path: str, body: Json | None = None, **headers: str) -> httpx2.Response:
        return await self.client.post(path, json=body, headers={**self.authorization, **headers})

    async def get(self, path: str = "") -> httpx2.Response:
        return await self.client.get(f"/v1/sittings/{self.sitting['id']}{path}", headers=self.authorization)

    async def create(self, design: str = "certification", **asked: Any) -> Json:
        reply = await self.post("/v1/sittings", {"design": design, **asked})
        assert reply.status_code == 201, reply.text
        self.sitting = reply.json()
        return self.sitting

    async def start(self) -> Json:
        reply = await self.post(f"/v1/sittings/{self.sitting['id']}/start")
        assert reply.status_code == 200, reply.text
        question: Json = reply.json()["question"]
        return question

    async def answer(
        self, question: Json, response: Json | None = None, *, key: str | None = None, **changes: Any
    ) -> httpx2.Response:
        body = {
            "position": question["position"],
            "item": question["item"]["id"],
            "response": some_response(question["item"]) if response is None else response,
            **changes,
        }
        key = key or f"key-{question['position']}"
        return await self.post(
            f"/v1/sittings/{self.sitting['id']}/responses", body, **{"Idempotency-Key": key}
        )

    async def walk(self, design: str = "certification", answers: int = 1000, **asked: Any) -> list[Json]:
        """Create, start, and answer until the end or so many times; the replies."""
        await self.create(design, **asked)
        question: Json | None = await self.start()
        replies: list[Json] = []
        while question is not None and len(replies) < answers:
            reply = await self.answer(question)
            assert reply.status_code == 200, reply.text
            replies.append(reply.json())
            question = replies[-1]["question"]
        return replies
