"""CPU per answer of the served application against a bare echo of the same framework, in the same run.

`python -m benchmarks.answer [--database URL] [--answers 2000]` starts the service on a free port with a scratch
database, walks API sittings over 16 connections, and prints CPU microseconds per request of the server process
(from /proc), answers a second, latency percentiles and the ratio to the echo. Ratios compare machines; seconds do not.
"""

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2

CONNECTIONS = 16
ECHO = """
from fastapi import FastAPI
from pydantic import BaseModel
class Body(BaseModel):
    position: int
    item: str
    response: dict
app = FastAPI()
@app.post("/echo")
async def echo(body: Body) -> Body:
    return body
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ready(client: httpx2.AsyncClient, path: str) -> None:
    for _ in range(200):
        try:
            if (await client.get(path)).status_code < 500:
                return
        except httpx2.TransportError:
            await asyncio.sleep(0.1)
    raise RuntimeError("the server did not start")


def some_response(item: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    options = [option["id"] for option in item["options"]]
    match item["interaction"]:
        case "single_choice":
            return {"choice": chance.choice(options)}
        case "multiple_choice":
            return {"choices": chance.sample(options, 2)}
        case "order":
            return {"order": chance.sample(options, len(options))}
        case "match":
            return {"pairs": dict.fromkeys(options, item["categories"][0]["id"])}
        case "zone":
            return {"zones": [item["zones"][0]["id"]]}
        case "numeric":
            return {"number": "72"}
        case _:
            return {"text": "MSSanté"}


async def learner(client: httpx2.AsyncClient, key: dict[str, str], answers: int, times: list[float]) -> None:
    chance = random.Random(answers)
    while answers > 0:
        sitting = (await client.post("/v1/sittings", json={"design": "certification"}, headers=key)).json()
        address = f"/v1/sittings/{sitting['id']}"
        question = (await client.post(f"{address}/start", headers=key)).json()["question"]
        while question is not None and answers > 0:
            body = {
                "position": question["position"],
                "item": question["item"]["id"],
                "response": some_response(question["item"], chance),
            }
            began = time.perf_counter()
            reply = await client.post(
                f"{address}/responses",
                json=body,
                headers={**key, "Idempotency-Key": f"k{question['position']}"},
            )
            times.append(time.perf_counter() - began)
            reply.raise_for_status()
            question = reply.json()["question"]
            answers -= 1


async def measure(answers: int, database: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "DATABASE_URL": database or f"sqlite+aiosqlite:///{folder}/palier.db",
            "EMBEDDED_WORKER": "false",
        }
        palier = str(Path(sys.executable).with_name("palier"))
        subprocess.run([palier, "migrate"], env=environment, check=True)
        facts = subprocess.run([palier, "demo"], env=environment, check=True, capture_output=True, cwd=folder)
        import json

        key = {"Authorization": f"Bearer {json.loads(facts.stdout)['api_key']}"}
        echo_us = await echo(answers, folder)
        port = free_port()
        server = subprocess.Popen([palier, "serve"], env={**environment, "PORT": str(port)})
        try:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                await ready(client, "/readyz")
                await learner(client, key, 64, [])
                times: list[float] = []
                cpu, began = cpu_seconds(server), time.perf_counter()
                await asyncio.gather(
                    *(learner(client, key, answers // CONNECTIONS, times) for _ in range(CONNECTIONS))
                )
                cpu, wall = cpu_seconds(server) - cpu, time.perf_counter() - began
        finally:
            server.terminate()
            server.wait()
    times.sort()
    us = cpu / len(times) * 1e6
    print(f"echo                 {echo_us:8.0f} us CPU a request")
    print(f"answer               {us:8.0f} us CPU an answer (sittings and starts included)")
    print(f"ratio                {us / echo_us:8.1f}")
    print(f"answers a second     {len(times) / wall:8.0f} seen")
    print(
        f"latency p50 / p99    {statistics.median(times) * 1e3:8.1f} / {times[int(len(times) * 0.99)] * 1e3:.1f} ms"
    )


async def echo(requests: int, folder: str) -> float:
    Path(folder, "bare_echo.py").write_text(ECHO)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "bare_echo:app", "--port", str(port), "--log-level", "error"],
        cwd=folder,
    )
    body = {"position": 1, "item": "x" * 36, "response": {"choice": "b"}}
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            await ready(client, "/docs")

            async def post(count: int) -> None:
                for _ in range(count):
                    (await client.post("/echo", json=body)).raise_for_status()

            await post(100)
            cpu = cpu_seconds(server)
            await asyncio.gather(*(post(requests // CONNECTIONS) for _ in range(CONNECTIONS)))
            return (cpu_seconds(server) - cpu) / requests * 1e6
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=2000)
    parser.add_argument("--database", help="postgresql+asyncpg://... ; SQLite in a scratch folder by default")
    given = parser.parse_args()
    asyncio.run(measure(given.answers, given.database))
