"""The guide to integration is executed: every command in it, in order, against the service that `make run` starts."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT
from tests.postgres import free_port

GUIDE = (ROOT / "docs" / "guides" / "integrate.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(GUIDE)
COMMANDS = [text for language, text in BLOCKS if language == "sh"]
PORTS = ("8000", "8900", "8901")
PATIENCE = 300


def in_a_fresh_folder(folder: Path) -> Path:
    """The repository as a new user has it: with its environment, which takes a while to make, and no database."""
    for entry in ROOT.iterdir():
        if entry.name not in ("var", ".env", ".git", ".pytest_cache"):
            (folder / entry.name).symlink_to(entry)
    return folder


def environment(ports: dict[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {"PORT": ports["8000"], "LANG": "C.UTF-8"}


@contextmanager
def running(command: str, folder: Path, ports: dict[str, str]) -> Iterator[None]:
    """The first terminal: a command that goes on, ended with all it started."""
    with (folder / "serving.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=folder,
            env=environment(ports),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + PATIENCE
        while not answers(f"http://127.0.0.1:{ports['8000']}/readyz"):
            said = (folder / "serving.log").read_text(encoding="utf-8")
            assert process.poll() is None, said
            assert time.monotonic() < until, said
            time.sleep(0.2)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def test_the_blocks_are_commands_but_for_one_of_html() -> None:
    assert [language for language, _ in BLOCKS if language != "sh"] == ["html"]
    assert COMMANDS[0].strip().endswith("make run")
    assert len(COMMANDS) > 12


def test_every_command_of_the_guide_works_in_its_order(tmp_path: Path) -> None:
    ports = {port: str(free_port()) for port in PORTS}
    commands = [re.sub("|".join(PORTS), lambda found: ports[found[0]], text) for text in COMMANDS]
    folder = in_a_fresh_folder(tmp_path)
    began = time.monotonic()
    # these tests run in the environment that `make` would bring up to date, from another folder than its own
    serve = commands[0].replace("make run", "make -o .venv/.ready run")
    assert serve != commands[0]
    with running(serve, folder, ports):
        served = time.monotonic() - began
        # one terminal, that stops at the first command that fails; after each block, how far it is
        script = "set -eo pipefail\n" + "".join(
            f'{text}\necho "@@ {number} $SECONDS" \n' for number, text in enumerate(commands[1:], 2)
        )
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=environment(ports),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        took = time.monotonic() - began
        assert ran.returncode == 0, ran.stdout + ran.stderr
        said = ran.stdout
        seconds = re.findall(r"@@ (\d+) (\d+)", said)
        assert [int(number) for number, _ in seconds] == list(range(2, len(commands) + 1))
        verified = next(
            second for second, text in zip(seconds, commands[1:], strict=True) if "until grep" in text
        )
        times = served, served + int(verified[1]), took
        print("\nserved after %.0f s, webhook verified after %.0f s, all %.0f s" % times)  # noqa: T201, UP031
        # what the commands said is what the guide says they say
        sitting = re.search(r"verified: sitting\.finished \{'sitting_id': '([0-9a-f-]{36})'", said)
        assert sitting is not None, said
        result = next(
            json.loads(line)
            for line in said.splitlines()
            if line.startswith('{"sitting":"') and '"ended":' in line
        )
        assert result["sitting"] == sitting[1]
        assert result["measurement"]["level"] == result["measurement"]["levels"][-1]["id"]
        assert '"code":"invalid_input"' in said
        assert len(re.findall(r"^HTTP/1.1 201", said, re.MULTILINE)) == 2
        assert re.findall(r"^idempotency-replayed: true", said, re.MULTILINE | re.IGNORECASE) == [
            "idempotency-replayed: true"
        ]
        assert re.search(r"^link: <.*>; rel=\"next\"", said, re.MULTILINE | re.IGNORECASE)
        assert re.search(r"^ratelimit: ", said, re.MULTILINE | re.IGNORECASE)
        # the page that is printed last is gone with its server; the link it was given opens the test
        address = re.search(rf"http://localhost:{ports['8901']}/host\.html\?launch=(\S+)", said)
        assert address is not None
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(address[1], timeout=30) as page:
            assert "/epreuve/" in page.url
    assert took < 600
