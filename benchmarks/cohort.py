"""A cohort of 10,000 learners imported through the API: how long, against what floor, and what it holds up meanwhile.

    python -m benchmarks.cohort [--learners 10000] [--rounds 5] [--postgres]

The file is posted to the whole service over its own ASGI interface: parsed, checked, written, audited. The floor is
`executemany` of the same learners, their identities and memberships on the same database by the same driver, nothing
checked. `gate` is how long the embedded database's write gate was held by it: answers wait that long at most.

Then learners answer at a steady pace, by turns without an import and during one, as long each time. `stall` is the
longest time that the event loop ran nothing else in such a turn although this process had a processor, in the median
of the turns; `p99` is that of the answers of all turns. Both are given as ratios to the turns without, too, because
what else the machine does weighs on both.
"""

import argparse
import asyncio
import contextlib
import csv
import io
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import httpx2
import uvloop
import xlsxwriter
from sqlalchemy import insert

from app.auth import service as auth
from app.campaigns import service as campaigns
from app.campaigns.tables import CohortMember
from app.commands.bank import publish_content
from app.db import Database
from app.identifiers import new_id
from app.institutions import service as institutions
from app.institutions.tables import Learner, LearnerIdentity
from app.main import create_app
from benchmarks.answer import some_response
from tests.conftest import migrated, settings_for
from tests.postgres import running_server

BAR_SECONDS = 20
LEARNERS = 8
PAUSE_SECONDS = 0.05  # between two answers of a learner
HEADINGS = ["identifiant", "profession", "filière", "année", "prénom", "nom", "courriel"]


def rows(count: int, round_: int | str) -> list[list[str]]:
    """Learners nobody has imported yet."""
    return [
        [f"etu-{round_}-{number:06}", "ide", "IFSI", "2027", "Jeanne", "Roux", f"j{number}@example.org"]
        for number in range(count)
    ]


def as_csv(found: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows([HEADINGS, *found])
    return text.getvalue().encode()


def as_xlsx(found: list[list[str]]) -> bytes:
    binary = io.BytesIO()
    with xlsxwriter.Workbook(binary, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEADINGS, *found]):
            sheet.write_row(number, 0, row)
    return binary.getvalue()


class Stall:
    """The longest time the loop ran nothing else while this process had a processor: what others take counts not."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        last, taken = time.perf_counter(), time.process_time()
        while True:
            await asyncio.sleep(0.001)
            now, used = time.perf_counter(), time.process_time()
            self.longest = max(self.longest, min(now - last - 0.001, used - taken))
            last, taken = now, used


class Gate:
    """How long the write gate was held at a time."""

    def __init__(self, database: Database) -> None:
        self.longest = 0.0
        entered = database.gate.entered

        @contextlib.asynccontextmanager
        async def timed() -> AsyncIterator[None]:
            async with entered():
                start = time.perf_counter()
                yield
                self.longest = max(self.longest, time.perf_counter() - start)

        database.gate.entered = timed  # type: ignore[method-assign]


class Turn(NamedTuple):
    """What was seen in a turn: how long it was, the longest stall, every answer's time, all in seconds."""

    seconds: float
    stall: float
    answers: list[float]


class Crowd:
    """Learners who answer at a steady pace."""

    def __init__(self, client: httpx2.AsyncClient, key: dict[str, str]) -> None:
        self._client = client
        self._key = key
        self._times: list[float] = []
        self._waiting: dict[int, float] = {}  # by learner, since when

    async def learner(self, seed: int) -> None:
        """Sitting after sitting, until cancelled."""
        chance = random.Random(seed)
        while True:
            made = await self._client.post(
                "/v1/sittings", json={"design": "certification"}, headers=self._key
            )
            address = f"/v1/sittings/{made.json()['id']}"
            reply = await self._client.post(f"{address}/start", headers=self._key)
            while (question := reply.json()["question"]) is not None:
                await asyncio.sleep(PAUSE_SECONDS * chance.uniform(0.5, 1.5))
                body = {
                    "position": question["position"],
                    "item": question["item"]["id"],
                    "response": some_response(question["item"], chance),
                }
                began = self._waiting[seed] = time.perf_counter()
                reply = await self._client.post(
                    f"{address}/responses",
                    json=body,
                    headers={**self._key, "Idempotency-Key": f"k{question['position']}"},
                )
                reply.raise_for_status()
                self._times.append(time.perf_counter() - began)
                del self._waiting[seed]

    async def turn(self, meanwhile: Callable[[], Awaitable[object]]) -> Turn:
        """What the learners saw while something else was done, answers that it kept waiting included."""
        self._times.clear()
        stall = Stall()
        watching = asyncio.create_task(stall.watch())
        began = time.perf_counter()
        await meanwhile()
        ended = time.perf_counter()
        watching.cancel()
        while any(since < ended for since in self._waiting.values()):
            await asyncio.sleep(0.001)
        return Turn(ended - began, stall.longest, list(self._times))


def p99(turns: list[Turn]) -> float:
    times = sorted(time for turn in turns for time in turn.answers)
    return times[int(len(times) * 0.99)]


async def measure(url: str, count: int, rounds: int) -> None:
    """All figures on one database."""
    settings = settings_for(url).model_copy(update={"api_calls_per_minute": 1_000_000})
    app = create_app(settings, lambda: datetime.now(UTC))
    database = Database(settings)
    await publish_content(database, settings.content_dir, actor="benchmark")
    now = datetime.now(UTC)
    async with database.transaction() as db:
        home, _ = await institutions.ensure_institution(db, "benchmark", "Benchmark", now)
        secret = await auth.create_api_key(db, home, "benchmark", now)
        made = await campaigns.create_cohort(db, home, name="2027", curriculum=None, year=None, now=now)
        cohort = made.id
    key = {"Authorization": f"Bearer {secret}"}
    floor = statistics.median([await floor_of(database, home, cohort, count, n) for n in range(rounds)])
    print(f"  executemany, nothing checked: {floor:.2f} s")
    async with app.router.lifespan_context(app):
        gate = Gate(app.state.context.database)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://benchmark", timeout=120
        ) as client:

            async def post(name: str, content: bytes) -> None:
                reply = await client.post(
                    "/v1/learners/import",
                    headers=key,
                    data={"cohort": str(cohort)},
                    files={"file": (f"cohort.{name.lower()}", content)},
                )
                assert reply.json()["created"] == count, reply.text

            crowd = Crowd(client, key)
            for name, write in (("CSV", as_csv), ("XLSX", as_xlsx)):
                files = [await asyncio.to_thread(write, rows(count, f"{name}{n}")) for n in range(2 * rounds)]
                seconds, gates = [], []
                for content in files[:rounds]:
                    gate.longest = 0.0
                    start = time.perf_counter()
                    await post(name, content)
                    seconds.append(time.perf_counter() - start)
                    gates.append(gate.longest)
                median = statistics.median(seconds)
                held = f", gate {statistics.median(gates) * 1000:.0f} ms" if database.is_sqlite else ""
                print(
                    f"  {name} import: {median:.2f} s ({median / floor:.1f} x the floor){held}; "
                    f"bar {BAR_SECONDS} s: {'met' if median <= BAR_SECONDS else 'MISSED'}"
                )
                async with asyncio.TaskGroup() as group:
                    learners = [group.create_task(crowd.learner(seed)) for seed in range(LEARNERS)]
                    await asyncio.sleep(1)
                    without, during = [], []
                    for content in files[rounds:]:
                        during.append(await crowd.turn(partial(post, name, content)))
                        await asyncio.sleep(0.3)
                        without.append(await crowd.turn(partial(asyncio.sleep, during[-1].seconds)))
                    for one in learners:
                        one.cancel()
                stalls = [statistics.median(turn.stall for turn in turns) for turns in (during, without)]
                waits = [p99(turns) for turns in (during, without)]
                print(
                    f"    stall {stalls[0] * 1e3:.0f} ms, {stalls[0] / stalls[1]:.1f} x without; answers p99 "
                    f"{waits[0] * 1e3:.0f} ms, {waits[0] / waits[1]:.1f} x without "
                    f"({sum(len(turn.answers) for turn in during)} answers during {rounds} imports)"
                )
    await database.close()


async def floor_of(database: Database, home: UUID, cohort: UUID, count: int, round_: int) -> float:
    """Seconds to write the same rows without looking at them."""
    now, found = datetime.now(UTC), rows(count, round_)
    ids = [new_id() for _ in found]
    start = time.perf_counter()
    async with database.transaction() as db:
        await db.execute(
            insert(Learner),
            [
                {"id": one, "institution_id": home, "external_id": row[0], "profession": row[1],
                 "curriculum": row[2], "year": row[3], "created_at": now, "updated_at": now}
                for one, row in zip(ids, found, strict=True)
            ],
        )  # fmt: skip
        await db.execute(
            insert(LearnerIdentity),
            [
                {"learner_id": one, "institution_id": home, "given_name": row[4], "family_name": row[5],
                 "email": row[6], "updated_at": now}
                for one, row in zip(ids, found, strict=True)
            ],
        )  # fmt: skip
        await db.execute(
            insert(CohortMember),
            [
                {"cohort_id": cohort, "learner_id": one, "institution_id": home, "added_at": now}
                for one in ids
            ],
        )
    return time.perf_counter() - start


def main() -> None:
    """Measure on SQLite, and on PostgreSQL if asked."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--learners", type=int, default=10_000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--postgres", action="store_true")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'palier.db'}"
        migrated(url)
        print(f"SQLite, {options.learners} learners")
        uvloop.run(measure(url, options.learners, options.rounds))
    if options.postgres:
        with running_server() as server:
            url = server.create("benchmark")
            migrated(url)
            print(f"PostgreSQL, {options.learners} learners")
            uvloop.run(measure(url, options.learners, options.rounds))


if __name__ == "__main__":
    main()
