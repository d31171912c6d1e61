"""A cohort of 10,000 learners imported through the API: how long, against what floor, and what it holds up meanwhile.

    python -m benchmarks.cohort [--learners 10000] [--postgres]

The file is posted to the whole service over its own ASGI interface: parsed, checked, written, audited. The floor is
`executemany` of the same learners, their identities and memberships on the same database by the same driver, nothing
checked. `stall` is the longest time the event loop did not run anything else while the import was under way; `gate` is
how long the embedded database's write gate was held by it: answers wait that long at most.
"""

import argparse
import asyncio
import contextlib
import csv
import io
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx2
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
from tests.conftest import migrated, settings_for
from tests.postgres import running_server

BAR_SECONDS = 20
ROUNDS = 3
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
    """The longest time the loop ran nothing else."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            self.longest = max(self.longest, now - last - 0.001)
            last = now


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


async def measure(url: str, count: int) -> None:
    """All figures on one database."""
    settings = settings_for(url)
    app = create_app(settings, lambda: datetime.now(UTC))
    database = Database(settings)
    await publish_content(database, settings.content_dir, actor="benchmark")
    now = datetime.now(UTC)
    async with database.transaction() as db:
        home, _ = await institutions.ensure_institution(db, "benchmark", "Benchmark", now)
        key = await auth.create_api_key(db, home, "benchmark", now)
        made = await campaigns.create_cohort(db, home, name="2027", curriculum=None, year=None, now=now)
        cohort = made.id
    floor = statistics.median([await floor_of(database, home, cohort, count, n) for n in range(ROUNDS)])
    print(f"  executemany, nothing checked: {floor:.2f} s")
    async with app.router.lifespan_context(app):
        gate = Gate(app.state.context.database)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://benchmark", timeout=120
        ) as client:
            for name, write in (("CSV", as_csv), ("XLSX", as_xlsx)):
                seconds, stalls, gates = [], [], []
                for n in range(ROUNDS):
                    content = await asyncio.to_thread(write, rows(count, f"{name}{n}"))
                    stall, gate.longest = Stall(), 0.0
                    watching = asyncio.create_task(stall.watch())
                    start = time.perf_counter()
                    reply = await client.post(
                        "/v1/learners/import",
                        headers={"Authorization": f"Bearer {key}"},
                        data={"cohort": str(cohort)},
                        files={"file": (f"cohort.{name.lower()}", content)},
                    )
                    seconds.append(time.perf_counter() - start)
                    watching.cancel()
                    assert reply.json()["created"] == count, reply.text
                    stalls.append(stall.longest)
                    gates.append(gate.longest)
                median = statistics.median(seconds)
                held = f", gate {statistics.median(gates) * 1000:.0f} ms" if database.is_sqlite else ""
                print(
                    f"  {name} import: {median:.2f} s ({median / floor:.1f} x the floor), "
                    f"stall {statistics.median(stalls) * 1000:.0f} ms{held}; bar {BAR_SECONDS} s: "
                    f"{'met' if median <= BAR_SECONDS else 'MISSED'}"
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
    asked.add_argument("--postgres", action="store_true")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'palier.db'}"
        migrated(url)
        print(f"SQLite, {options.learners} learners")
        asyncio.run(measure(url, options.learners))
    if options.postgres:
        with running_server() as server:
            url = server.create("benchmark")
            migrated(url)
            print(f"PostgreSQL, {options.learners} learners")
            asyncio.run(measure(url, options.learners))


if __name__ == "__main__":
    main()
