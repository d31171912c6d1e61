"""The generated clients: what is committed is what the description says, and both walk a sitting of a real server."""

import filecmp
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import ROOT, Published, SqliteTemplates
from tests.faults.server import ServedDatabase

TYPESCRIPT = ROOT / "clients" / "typescript"


class NodeMissing(RuntimeError):
    """Nothing runs the TypeScript client here: an error, never a skip."""


@pytest.fixture(scope="module")
def server(
    sqlite_templates: SqliteTemplates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedDatabase]:
    """A real server on loopback."""
    folder = tmp_path_factory.mktemp("server")
    file = sqlite_templates.copy(sqlite_templates.published()[0], folder / "palier.db")
    with ServedDatabase(sqlite_templates.url(file), folder) as running:
        yield running


@pytest.fixture(scope="module")
def access(sqlite_templates: SqliteTemplates) -> Published:
    """The API key in it."""
    return sqlite_templates.published()[1]


def differences(one: Path, other: Path) -> list[str]:
    """Files that are not the same in two folders, or only in one."""
    waiting, found = [filecmp.dircmp(one, other, ignore=["__pycache__"])], []
    while waiting:
        pair = waiting.pop()
        found += [f"{pair.left}/{name}" for name in (*pair.left_only, *pair.right_only, *pair.diff_files)]
        waiting += pair.subdirs.values()
    return found


def generated(kind: str, folder: Path) -> Path:
    subprocess.run([ROOT / "scripts" / "clients", kind, folder], check=True, capture_output=True, timeout=240)
    return folder


def test_the_python_client_is_what_the_description_says(tmp_path: Path) -> None:
    fresh = generated("python", tmp_path / "palier_client")
    assert differences(ROOT / "clients" / "python" / "palier_client", fresh) == [], "run `make clients`"


def test_the_typescript_client_is_what_the_description_says(tmp_path: Path) -> None:
    node()
    fresh = generated("typescript", tmp_path / "src")
    assert differences(TYPESCRIPT / "src", fresh) == [], "run `make clients`"


@pytest.fixture
def palier_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package as a program would import it."""
    monkeypatch.syspath_prepend(str(ROOT / "clients" / "python"))
    import palier_client  # type: ignore[import-not-found]

    yield palier_client
    for name in [name for name in sys.modules if name.split(".")[0] == "palier_client"]:
        del sys.modules[name]


def test_the_python_client_walks_a_sitting(
    palier_client: Any, server: ServedDatabase, access: Published
) -> None:
    from palier_client.api.sittings import (  # type: ignore[import-not-found]
        answer_question,
        create_sitting,
        finish_sitting,
        read_sitting,
        start_sitting,
    )
    from palier_client.models import (  # type: ignore[import-not-found]
        ProblemOut,
        ResponseIn,
        SittingIn,
    )

    with palier_client.AuthenticatedClient(server.address, token=access.api_key) as client:
        body = SittingIn(design="practice", learner="etu-py")
        made = create_sitting.sync(client=client, body=body, idempotency_key="py-1")
        assert create_sitting.sync(client=client, body=body, idempotency_key="py-1").id == made.id
        question = start_sitting.sync(made.id, client=client).question
        answer = ResponseIn(position=question.position, item=question.item.id, response=None)
        reply = answer_question.sync(made.id, client=client, body=answer, idempotency_key="py-2")
        assert (reply.outcome, reply.question.position) == ("omitted", 2)
        shown = read_sitting.sync(made.id, client=client)
        assert (shown.answered, shown.status, shown.question.position) == (1, "in_progress", 2)
        assert finish_sitting.sync(made.id, client=client).status == "finished"
        refused = read_sitting.sync_detailed(uuid4(), client=client)
        assert isinstance(refused.parsed, ProblemOut)
        assert refused.parsed.code == "not_found"
        assert isinstance(made.id, UUID)


def node() -> str:
    found = shutil.which("node")
    if found is None or not (TYPESCRIPT / "node_modules").is_dir():
        msg = "node or the packages of clients/typescript are missing: `make development` provides both"
        raise NodeMissing(msg)
    return found


def test_the_typescript_client_walks_a_sitting(
    server: ServedDatabase, access: Published, tmp_path: Path
) -> None:
    interpreter = node()
    compiler = TYPESCRIPT / "node_modules" / "typescript" / "bin" / "tsc"
    built = subprocess.run(
        [interpreter, compiler, "--project", TYPESCRIPT, "--outDir", tmp_path],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert built.returncode == 0, built.stdout
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    walk = Path(__file__).parent / "walk.mjs"
    ran = subprocess.run(
        [interpreter, walk, tmp_path, server.address, access.api_key],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "created": 201,
        "outcome": "omitted",
        "next": 2,
        "answered": 1,
        "status": "in_progress",
        "refused": "not_found",
    }
