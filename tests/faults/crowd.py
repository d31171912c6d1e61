"""Learners over the API who never give up: every request is sent again, with the same key, until it is answered."""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2

Json = dict[str, Any]
STATUSES = ("created", "in_progress", "finished")
# What a client may see of a server that dies or whose database is away; anything else is a fault.
AWAY = (502, 503, 504)
PATIENCE = 120.0


@dataclass(frozen=True)
class Acknowledged:
    """One answer the server confirmed."""

    sitting: UUID
    position: int
    key: str
    body: Json
    reply: bytes
    tries: int
    last_try: datetime


@dataclass
class Crowd:
    """Many learners and what they were told."""

    client: httpx2.AsyncClient
    seed: int
    design: str = "certification"
    acknowledged: list[Acknowledged] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    retries: int = 0
    longest_wait: tuple[float, int, str] = (0.0, 0, "")  # seconds, tries, what for
    leaving: asyncio.Event = field(default_factory=asyncio.Event)

    async def learners(self, count: int) -> None:
        """So many learners at once, each taking sittings until `leaving`, then finishing the one at hand."""
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(self._learner(number))

    async def _learner(self, number: int) -> None:
        rng = random.Random(self.seed * 1000 + number)
        taken = 0
        while not taken or not self.leaving.is_set():
            taken += 1
            await self._sitting(rng, f"learner {number} sitting {taken}")

    async def _sitting(self, rng: random.Random, name: str) -> None:
        created, _ = await self._insist("POST", "/v1/sittings", {"design": self.design}, name)
        sitting = UUID(created.json()["id"])
        path = f"/v1/sittings/{sitting}"
        started, _ = await self._insist("POST", f"{path}/start", None, None)
        standing = (1, 0)
        question = started.json()["question"]
        while question is not None:
            position = question["position"]
            key = f"{rng.getrandbits(64):016x}"
            body = {
                "position": position,
                "item": question["item"]["id"],
                "response": some_response(question["item"], rng),
            }
            sending = [self._insist("POST", f"{path}/responses", body, key)]
            if rng.random() < 0.1:  # a double click
                sending.append(self._insist("POST", f"{path}/responses", body, key))
            replies = await asyncio.gather(*sending)
            reply, tries = replies[0]
            if any(other.content != reply.content for other, _ in replies):
                self.faults.append(f"{sitting} {position}: a double click got two different replies")
            self.acknowledged.append(
                Acknowledged(sitting, position, key, body, reply.content, tries.count, tries.last)
            )
            if rng.random() < 0.1:
                read, _ = await self._insist("GET", path, None, None)
                now = STATUSES.index(read.json()["status"]), read.json()["answered"]
                if now < standing:
                    self.faults.append(f"{sitting} went back from {standing} to {now}")
                if now[1] != position:
                    self.faults.append(f"{sitting}: {position} acknowledged, {now[1]} counted")
                standing = now
            question = reply.json()["question"]

    async def _insist(
        self, method: str, path: str, body: Json | None, key: str | None
    ) -> tuple[httpx2.Response, "Tries"]:
        """Send until the server answers; a refusal other than “away” is a fault."""
        headers = {"Idempotency-Key": key} if key else {}
        began = time.monotonic()
        count = 0
        while True:
            count += 1
            last = datetime.now(UTC)
            try:
                reply = await self.client.request(method, path, json=body, headers=headers)
            except httpx2.TransportError:
                pass
            else:
                if reply.is_success:
                    waited = time.monotonic() - began, count, f"{method} {path.rsplit('/', 1)[-1]}"
                    self.longest_wait = max(self.longest_wait, waited)
                    self.retries += count - 1
                    return reply, Tries(count, last)
                if reply.status_code not in AWAY:
                    msg = f"{method} {path}: {reply.status_code} {reply.text}"
                    raise AssertionError(msg)
            if time.monotonic() - began > PATIENCE:
                msg = f"{method} {path}: no answer for {PATIENCE:.0f} s"
                raise AssertionError(msg)
            # thirty clients that hammer a dead port would keep the processor from starting the server again
            await asyncio.sleep(min(0.1 * 2**count, 0.8) * random.uniform(0.5, 1.0))

    async def ask_again(self, sample: int) -> int:
        """Send acknowledged answers once more: each must get the reply it got then, byte for byte."""
        chosen = random.Random(self.seed).sample(self.acknowledged, min(sample, len(self.acknowledged)))
        for one in chosen:
            reply, _ = await self._insist("POST", f"/v1/sittings/{one.sitting}/responses", one.body, one.key)
            if reply.content != one.reply:
                self.faults.append(f"{one.sitting} {one.position}: another reply to the same key")
        return len(chosen)


@dataclass(frozen=True)
class Tries:
    """How often something was sent, and when for the last time."""

    count: int
    last: datetime


def some_response(item: Mapping[str, Any], rng: random.Random) -> Json | None:
    """A response the item can take, or none."""
    options = [option["id"] for option in item["options"]]
    if rng.random() < 0.03:
        return None
    match item["interaction"]:
        case "single_choice":
            return {"choice": rng.choice(options)}
        case "multiple_choice":
            return {"choices": rng.sample(options, rng.randint(1, len(options)))}
        case "order":
            return {"order": rng.sample(options, len(options))}
        case "match":
            return {"pairs": {option: rng.choice(item["categories"])["id"] for option in options}}
        case "zone":
            return {"zones": [rng.choice(item["zones"])["id"]]}
        case "numeric":
            return {"number": str(rng.randint(0, 100))}
        case _:
            return {"text": rng.choice(["MSSanté", "DMP", "RPPS"])}
