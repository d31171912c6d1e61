"""What an export of a million responses costs: memory of the process that makes it, and latency of answers meanwhile.

`python -m benchmarks.exports [--database URL] [--responses 1000000] [--format csv] [--answers 3000]` fills a scratch
database with simulated sittings of one institution, serves it, walks API sittings over 16 connections without and
with an export running, and prints rows and seconds of the export, the highest memory of its process (from /proc), and
p50 and p99 of answers in both halves. On SQLite the server starts the process; on PostgreSQL `palier work` does.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import insert

from app import registry
from app.assessments.service import Assessments
from app.auth import service as auth
from app.auth.permissions import ALL
from app.commands.bank import publish_content
from app.db import Database
from app.delivery import simulated
from app.delivery.tables import Response, Result, Sitting
from app.identifiers import new_id
from app.institutions import service as institutions
from app.settings import Settings
from benchmarks.answer import free_port, learner
from irt.ability import NormalPrior
from irt.simulate import population, running_estimates, simulate

CONNECTIONS = 16
PATTERNS = 200  # different sittings; the others repeat them
BATCH = 250
LIMIT_MB = 300.0
WITHIN = 2.0


async def fill(url: str, responses: int) -> str:
    """Sittings of so many responses, and a key that may export them."""
    settings = Settings(database_url=url)
    database = Database(settings)
    now = datetime.now(UTC)
    try:
        await publish_content(database, settings.content_dir, actor="benchmark")
        design = await Assessments(database).current("certification")
        theta = population(PATTERNS, prior=NormalPrior(), seed=1)
        found = simulate(design.policy, theta, seed=1, warm=False).sittings
        estimates, errors = running_estimates(design.policy, found.items, found.scores)
        patterns = []
        for number in range(PATTERNS):
            length = int(found.length[number])
            start = now - timedelta(days=30)
            patterns.append(
                simulated.SimulatedSitting(
                    id=new_id(),
                    key="",
                    resume_hash="",
                    seed=number,
                    items=found.items[number, :length].tolist(),
                    scores=found.scores[number, :length].tolist(),
                    theta=estimates[number, : length + 1].tolist(),
                    se=errors[number, : length + 1].tolist(),
                    reason="length",
                    moments=tuple(start + timedelta(seconds=40.0 * place) for place in range(length + 1)),
                )
            )
        async with database.transaction() as db:
            institution_id, _ = await institutions.ensure_institution(db, "benchmark", "Benchmark", now)
            key = await auth.create_api_key(db, institution_id, "benchmark", now, scopes=ALL)
        written = number = 0
        while written < responses:
            sittings: list[dict[str, Any]] = []
            answers: list[dict[str, Any]] = []
            results: list[dict[str, Any]] = []
            async with database.transaction() as db:
                ids = await institutions.add_learners(
                    db, institution_id, [(f"b{number + place}", now) for place in range(BATCH)]
                )
                for place in range(BATCH):
                    key_of = f"b{number + place}"
                    pattern = patterns[(number + place) % PATTERNS]
                    later = timedelta(seconds=10 * (number + place))
                    one = pattern._replace(
                        id=new_id(),
                        key=key_of,
                        resume_hash=f"{number + place:064d}",
                        moments=tuple(moment + later for moment in pattern.moments),
                    )
                    sittings.append(simulated._sitting(design, institution_id, ids[key_of], one))
                    answers.extend(simulated._responses(design, institution_id, one))
                    results.append(
                        {
                            "sitting_id": one.id,
                            "number": 1,
                            "institution_id": institution_id,
                            "reason": "first",
                            "body": {"measurement": None, "domains": [], "levels": [], "cuts": []},
                            "created_at": now,
                        }
                    )
                await db.execute(insert(Sitting), sittings)
                await db.execute(insert(Response), answers)
                await db.execute(insert(Result), results)
            number += BATCH
            written += len(answers)
        return key
    finally:
        await database.close()


def peak_mb(pid: int) -> float:
    """The highest resident memory of a process so far; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def makers(parent: int) -> list[int]:
    """Processes below `parent` that make an export."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().split(b"\0")
                above = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if above == parent and b"app.reporting.making" in command:
                found.append(int(folder.name))
    return found


async def walk(client: httpx2.AsyncClient, key: dict[str, str], answers: int) -> list[float]:
    times: list[float] = []
    await asyncio.gather(*(learner(client, key, answers // CONNECTIONS, times) for _ in range(CONNECTIONS)))
    return sorted(times)


async def walk_until(
    client: httpx2.AsyncClient, key: dict[str, str], least: int, done: asyncio.Event
) -> list[float]:
    times: list[float] = []

    async def one() -> None:
        while not done.is_set():
            await learner(client, key, 32, times)

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    assert len(times) >= least // 4, "the export ended before enough answers were timed"
    return sorted(times)


async def ready(client: httpx2.AsyncClient) -> None:
    for _ in range(600):
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        await asyncio.sleep(0.2)
    raise RuntimeError("the server did not start")


def p99(times: list[float]) -> float:
    return times[int(len(times) * 0.99)] * 1e3


async def measure(database: str | None, responses: int, form: str, answers: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        url = database or f"sqlite+aiosqlite:///{folder}/palier.db"
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "API_CALLS_PER_MINUTE": "1000000",
            "LOG_LEVEL": "ERROR",
        }
        palier = str(Path(sys.executable).with_name("palier"))
        subprocess.run([palier, "migrate"], env=environment, check=True, cwd=folder)
        began = time.perf_counter()
        secret = await fill(url, responses)
        print(f"filled               {time.perf_counter() - began:8.0f} s")
        key = {"Authorization": f"Bearer {secret}"}
        port = free_port()
        environment["PORT"] = str(port)
        processes = [subprocess.Popen([palier, "serve"], env=environment, cwd=folder)]
        if database:
            processes.append(subprocess.Popen([palier, "work"], env=environment, cwd=folder))
        try:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                await ready(client)
                await walk(client, key, 320)
                alone = await walk(client, key, answers)
                made, beside = await exported(client, key, form, answers, processes[-1].pid)
        finally:
            for process in processes:
                process.terminate()
                process.wait()
    print(f"rows                 {made['rows']:8d}   {made['bytes'] / 1e6:.0f} MB of {form}")
    print(
        f"export               {made['seconds']:8.1f} s, {made['rows'] / made['seconds']:.0f} rows a second"
    )
    print(f"memory at most       {made['peak']:8.0f} MB (limit {LIMIT_MB:.0f})")
    print(f"answers alone        p50 {statistics.median(alone) * 1e3:6.1f}  p99 {p99(alone):6.1f} ms")
    print(f"answers beside it    p50 {statistics.median(beside) * 1e3:6.1f}  p99 {p99(beside):6.1f} ms")
    print(f"ratio of p99         {p99(beside) / p99(alone):8.2f}   (limit {WITHIN})")
    return bool(made["peak"] <= LIMIT_MB and p99(beside) <= WITHIN * p99(alone))


async def exported(
    client: httpx2.AsyncClient, key: dict[str, str], form: str, answers: int, parent: int
) -> tuple[dict[str, Any], list[float]]:
    reply = await client.post("/v1/exports", json={"what": "responses", "format": form}, headers=key)
    reply.raise_for_status()
    address = f"/v1/exports/{reply.json()['id']}"
    done = asyncio.Event()
    facts: dict[str, Any] = {"peak": 0.0}

    async def watch() -> None:
        began, pids = None, list[int]()
        while True:
            if not pids:
                pids = await asyncio.to_thread(makers, parent)
                began = time.perf_counter() if pids else None
            facts["peak"] = max([facts["peak"], *map(peak_mb, pids)])
            state = (await client.get(address, headers=key)).json()
            if state["status"] in ("ready", "failed"):
                assert state["status"] == "ready", json.dumps(state)
                facts.update(state, seconds=time.perf_counter() - (began or time.perf_counter()))
                done.set()
                return
            await asyncio.sleep(0.5)

    _, beside = await asyncio.gather(watch(), walk_until(client, key, answers, done))
    return facts, beside


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--database", help="postgresql+asyncpg://... (empty); SQLite in a scratch folder by default"
    )
    parser.add_argument("--responses", type=int, default=1_000_000)
    parser.add_argument("--format", default="csv", choices=("csv", "json", "parquet", "xlsx"))
    parser.add_argument("--answers", type=int, default=3_000)
    given = parser.parse_args()
    random.seed(1)
    assert registry.metadata.tables  # every table is known before the first row is written
    if not asyncio.run(measure(given.database, given.responses, given.format, given.answers)):
        sys.exit("a limit was passed")
