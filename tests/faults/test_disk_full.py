"""The disk fills up while learners answer: refused at once, readable all along, well again when there is space."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from tests.conftest import SqliteTemplates
from tests.faults import facts
from tests.faults.server import ServedDatabase

ROOM = 2_000_000  # bytes beside the database


@pytest.fixture
def small_disk(tmp_path: Path, sqlite_templates: SqliteTemplates) -> Iterator[Path]:
    """A file system with little room beside a published database."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    size = sqlite_templates.published()[0].stat().st_size + ROOM
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Take all the room there is left."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            pass


def test_a_full_disk_refuses_answers_loses_none_and_heals(
    small_disk: Path, tmp_path: Path, sqlite_templates: SqliteTemplates
) -> None:
    template, published = sqlite_templates.published()
    url = sqlite_templates.url(sqlite_templates.copy(template, small_disk / "palier.db"))
    ballast = small_disk / "ballast"
    acknowledged: dict[int, str] = {}
    with (
        ServedDatabase(url, tmp_path) as server,
        httpx2.Client(base_url=server.address, headers=published.authorization, timeout=10) as client,
    ):
        sitting = client.post("/v1/sittings", json={"design": "certification"}).raise_for_status().json()
        path = f"/v1/sittings/{sitting['id']}"
        question = client.post(f"{path}/start").raise_for_status().json()["question"]

        def answer() -> httpx2.Response:
            position = question["position"]
            body = {"position": position, "item": question["item"]["id"], "response": None}
            return client.post(f"{path}/responses", json=body, headers={"Idempotency-Key": f"k{position}"})

        for _ in range(3):
            reply = answer().raise_for_status()
            acknowledged[question["position"]] = reply.text
            question = reply.json()["question"]

        fill(ballast)
        refused = None
        for _ in range(500):  # the log already allocated takes a few more
            reply = answer()
            if not reply.is_success:
                refused = reply
                break
            acknowledged[question["position"]] = reply.text
            question = reply.json()["question"]
            if question is None:
                break
        assert refused is not None
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        assert refused.elapsed.total_seconds() < 1
        assert refused.json()["code"] == "unavailable"

        standing = client.get(path).raise_for_status().json()
        assert standing["question"] == question
        assert standing["answered"] == len(acknowledged)
        assert client.get("/").is_success
        assert client.post("/v1/sittings", json={"design": "certification"}).status_code == 503

        ballast.unlink()
        while question is not None:
            reply = answer().raise_for_status()
            acknowledged[question["position"]] = reply.text
            question = reply.json()["question"]

    stored = facts.history(url, UUID(sitting["id"]))
    assert [response.position for response in stored.responses] == sorted(acknowledged) == list(range(1, 33))
    assert stored.faults() == []
    assert facts.replay_differences(url, [stored.sitting.id]) == []
