"""The commands of the guide, taken from the guide, lead from `make run` to a promoted release that serves."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from app import settings as settings_module
from app.cli import app
from app.main import create_app
from tests.app.delivery.learner import Learner
from tests.conftest import ROOT, SqliteTemplates, settings_for

GUIDE = ROOT / "docs" / "guides" / "calibrate.md"
PALIER = Path(sys.executable).with_name("palier")
PATIENCE = 120.0


def commands() -> list[list[str]]:
    """The command lines of the guide's section, as a shell would split them."""
    section = GUIDE.read_text(encoding="utf-8").split("\n## Six commands\n")[1].split("\n## ")[0]
    blocks = section.split("```sh\n")[1:]
    lines = [line for block in blocks for line in block.split("```")[0].splitlines() if line.strip()]
    return [shlex.split(line, comments=True) for line in lines]


def with_sittings(line: list[str], count: int) -> list[str]:
    """The same line, with another number of simulated sittings."""
    return [str(count) if word.isdigit() else word for word in line]


def test_the_guide_has_the_sittings_and_six_commands() -> None:
    found = commands()
    assert [line[:2] for line in found[:1]] == [["palier", "sittings"]]
    assert [line[1] for line in found[1:]] == [
        "responses",
        "calibrate",
        "fit",
        "propose",
        "approve",
        "promote",
    ]


@pytest.fixture
def prepared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_templates: SqliteTemplates
) -> Iterator[tuple[Path, str]]:
    """A folder with a database that holds the bank, and the key of an institution."""
    template, published = sqlite_templates.published()
    path = sqlite_templates.copy(template, tmp_path / "palier.db")
    monkeypatch.setenv("DATABASE_URL", sqlite_templates.url(path))
    monkeypatch.chdir(tmp_path)
    settings_module.settings.cache_clear()
    yield path, published.api_key
    settings_module.settings.cache_clear()


def test_few_sittings_lead_to_a_promoted_release_that_serves_a_new_sitting(
    prepared: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, key = prepared
    monkeypatch.setattr("app.calibration.exposure.LEARNERS", 20)
    monkeypatch.setattr("app.calibration.exposure.ROUNDS", 2)
    for line in commands():
        told = CliRunner().invoke(app, with_sittings(line[1:], 250))
        assert told.exit_code == 0, (line, told.output)
    assert "release 2" in told.stdout
    assert "provisional" in told.stdout
    assert "certification: at most" in told.stdout

    async def sit() -> int:
        service = create_app(settings_for(SqliteTemplates.url(path)))
        async with (
            service.router.lifespan_context(service),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=service), base_url="http://testserver"
            ) as client,
        ):
            return len(await Learner(client, {"Authorization": f"Bearer {key}"}).walk(answers=3))

    assert asyncio.run(sit()) == 3
    assert release_of_the_last_sitting(path) == 2


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_five_thousand_sittings_lead_to_a_promoted_release_beside_a_running_server(tmp_path: Path) -> None:
    with running(tmp_path) as (address, environment):
        began = time.monotonic()
        for line in commands():
            start = time.monotonic()
            told = subprocess.run(
                [PALIER, *line[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True
            )
            print(f"{time.monotonic() - start:6.1f} s  {shlex.join(line)}")  # noqa: T201 - with -s
            assert told.returncode == 0, (line, told.stdout, told.stderr)
        print(f"{(time.monotonic() - began) / 60:.1f} minutes\n{told.stdout}")  # noqa: T201 - with -s
        assert "release 2" in told.stdout
        key = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))["api_key"]
        time.sleep(6)  # a server looks for a newer release every five seconds

        async def sit() -> int:
            async with httpx2.AsyncClient(base_url=address, timeout=30) as client:
                return len(await Learner(client, {"Authorization": f"Bearer {key}"}).walk())

        assert asyncio.run(sit()) == 32
        assert release_of_the_last_sitting(tmp_path / "palier.db") == 2
        report = ["report", "runs/first", "--html", "report.html", "--learners", "300"]
        subprocess.run([PALIER, *report], cwd=tmp_path, env=environment, check=True, capture_output=True)
        again = subprocess.run(
            [PALIER, "bank", "publish"], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert again.stdout.strip() == "release 2 is up to date"


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """What `make run` starts, on a database of its own; its address and environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": SqliteTemplates.url(folder / "palier.db"),
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    address = f"http://127.0.0.1:{port}"
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen([PALIER, "run"], cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        began = time.monotonic()
        while not ready(address):
            assert server.poll() is None, (folder / "server.log").read_text(encoding="utf-8")
            assert time.monotonic() - began < PATIENCE
            time.sleep(0.2)
        yield address, environment
    finally:
        server.terminate()
        server.wait(30)


def ready(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def release_of_the_last_sitting(path: Path) -> int:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as db:
        found = db.execute(
            text(
                "SELECT r.number FROM sitting s JOIN bank_release r ON r.id = s.release_id "
                "ORDER BY s.created_at DESC LIMIT 1"
            )
        ).scalar_one()
    engine.dispose()
    return int(found)
