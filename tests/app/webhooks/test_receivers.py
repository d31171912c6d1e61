"""Receivers that know nothing of this service, as the guide shows them, verify what its own loop sends."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal

import httpx2
import pytest
from fastapi import FastAPI

from app.db import Database
from app.secrets import Sealer
from app.settings import Settings
from app.webhooks.addresses import Reach
from app.webhooks.dispatch import Dispatcher
from app.webhooks.sender import Answer, Sender
from tests.app.webhooks.institution import Institution
from tests.conftest import ROOT, Clock, Published

GUIDE = ROOT / "docs" / "guides" / "webhooks.md"
PACKAGES = Path(__file__).parent / "node" / "node_modules"
Language = Literal["python", "js"]
Alter = Callable[[Mapping[str, str], str], tuple[Mapping[str, str], str]]


@pytest.fixture(params=["sqlite"])
def backend(request: pytest.FixtureRequest) -> str:
    """What is sent does not depend on the database."""
    return str(request.param)


@pytest.fixture(params=["python", "js"])
def language(request: pytest.FixtureRequest) -> Language:
    chosen: Language = request.param
    return chosen


def from_the_guide(language: Language, folder: Path) -> list[str | Path]:
    """The command that runs the receiver which the guide shows in a language."""
    [code] = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    if language == "python":
        script = folder / "receiver.py"
        command: list[str | Path] = [sys.executable, script]
    else:
        assert (PACKAGES / "standardwebhooks").is_dir(), "run `make development`: npm fetches the library"
        script = folder / "receiver.mjs"
        command = ["node", script]
        if not (folder / "node_modules").exists():
            (folder / "node_modules").symlink_to(PACKAGES)
    script.write_text(code, encoding="utf-8")
    return command


@contextmanager
def listening(language: Language, secret: str, folder: Path) -> Iterator[str]:
    """A receiver that knows a secret; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "WEBHOOK_SECRET": secret, "PORT": str(port)}
    said = folder / f"{port}.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            from_the_guide(language, folder), env=environment, cwd=folder, stdout=log, stderr=log
        )
    try:
        for _ in range(400):
            assert process.poll() is None, said.read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


class Tampering(Sender):
    """The real sender, with somebody between it and the wire."""

    alter: Alter | None = None

    async def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        if self.alter is not None:
            headers, body = self.alter(headers, body)
        return await super().send(url, headers, body)


@pytest.fixture
async def sender() -> Tampering:
    return Tampering(Reach(loopback=True), 5)


@pytest.fixture
async def institution(
    client: httpx2.AsyncClient,
    published: Published,
    application: FastAPI,
    database: Database,
    settings: Settings,
    clock: Clock,
    sender: Tampering,
) -> Institution:
    dispatcher = Dispatcher(database, sender, Sealer.of(settings), clock, 5)
    return Institution(client, published, application, dispatcher)


async def answered(institution: Institution) -> int | None:
    """Send a test; what the receiver answered."""
    await institution.asks_for_a_test()
    while await institution.dispatcher.round():
        pass
    status: int | None = (await institution.log())[0]["attempts"][-1]["status"]
    return status


async def test_a_receiver_of_the_guide_takes_what_is_true_and_refuses_what_was_changed(
    institution: Institution, sender: Tampering, clock: Clock, language: Language, tmp_path: Path
) -> None:
    await institution.listens("http://127.0.0.1:9/", "sitting.started", "sitting.finished")
    path = f"/v1/webhooks/{institution.webhook['id']}"
    with listening(language, institution.webhook["secret"], tmp_path) as address:
        await institution.call("PATCH", path, json={"url": address})
        sitting = await institution.finishes_a_sitting()
        while await institution.worker.round():
            pass
        while await institution.dispatcher.round():
            pass
        log = await institution.log()
        assert [(row["event"], row["state"]) for row in log] == [
            ("sitting.finished", "delivered"),
            ("sitting.started", "delivered"),
        ]
        [said] = tmp_path.glob("*.log")
        assert said.read_text().count(sitting) == 2

        one_byte: dict[str, Alter] = {
            "the body's end": lambda headers, body: (headers, body[:-1] + "]"),
            "a letter": lambda headers, body: (headers, body.replace("ping", "pong")),
            "a space": lambda headers, body: (headers, body + " "),
            "the identifier": lambda headers, body: ({**headers, "webhook-id": "msg_0"}, body),
            "the moment": lambda headers, body: (
                {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)},
                body,
            ),
            "the signature": lambda headers, body: (
                {**headers, "webhook-signature": headers["webhook-signature"].swapcase().replace("V1", "v1")},
                body,
            ),
            "the version": lambda headers, body: (
                {**headers, "webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")},
                body,
            ),
        }
        for what, alter in one_byte.items():
            sender.alter = alter
            assert await answered(institution) == 400, what
        sender.alter = None
        assert await answered(institution) == 204
        present = clock.now
        for seconds in (-400, 400):
            clock.now = present + timedelta(seconds=seconds)
            assert await answered(institution) == 400, f"{seconds} s from the present"
        clock.now = present
    with listening(language, "whsec_" + "A" * 32, tmp_path) as address:
        await institution.call("PATCH", path, json={"url": address})
        assert await answered(institution) == 400, "signed for somebody else"


async def test_receivers_with_the_new_and_the_former_secret_both_take_a_message_for_a_day(
    institution: Institution, clock: Clock, language: Language, tmp_path: Path
) -> None:
    await institution.listens("http://127.0.0.1:9/")
    path = f"/v1/webhooks/{institution.webhook['id']}"
    present = clock.now
    clock.advance(-86_500)
    first = (await institution.call("POST", f"{path}/rotate-secret"))["secret"]
    with ExitStack() as stack:
        older, newer = (
            stack.enter_context(listening(language, secret, tmp_path))
            for secret in (institution.webhook["secret"], first)
        )

        async def takes(address: str) -> bool:
            await institution.call("PATCH", path, json={"url": address})
            return await answered(institution) == 204

        clock.now = present
        assert (await takes(older), await takes(newer)) == (False, True), "a day and more has passed"
        second = (await institution.call("POST", f"{path}/rotate-secret"))["secret"]
        newest = stack.enter_context(listening(language, second, tmp_path))
        assert [await takes(address) for address in (older, newer, newest)] == [False, True, True]
