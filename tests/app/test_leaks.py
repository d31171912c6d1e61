"""No scoring key, rationale or parameter reaches a learner before the answer, anywhere in a reply or a log."""

import json
import re
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from app.bank.tables import BankRelease
from app.db import Database
from item_bank import files, release
from item_bank.design import Design
from item_bank.framework import Framework
from item_bank.item import Testlet, canonical_hash, version_hash
from tests.app.delivery.learner import Learner
from tests.app.delivery.test_pages import Browser, Form
from tests.conftest import Published, settings_for

CANARY = "CANARI-7F3A"
FORBIDDEN_NAMES = re.compile(
    r'"(scoring_key|accepted|why|rationale|discrimination|difficulty|guessing|level_b|tolerance|facts|a|b|c)"\s*:'
)


@pytest.fixture
async def canaries(database: Database, published: Published) -> str:
    """Every rationale and every reason of an option carries a canary in the release that is served."""
    content, problems = files.read(settings_for("sqlite+aiosqlite:///x").content_dir)
    assert not problems
    payload = release.compile(content).to_payload()
    for record in payload["items"]:
        record["rationale"] = f"{record['rationale']} {CANARY}"
        for option in record.get("options", ()):
            option["why"] = f"{CANARY} {option.get('why', '')}"
    for version in payload["translations"]:
        version["rationale"] = f"{version['rationale']} {CANARY}"
    payload["item_hashes"] = [version_hash(record) for record in payload["items"]]
    snapshot = _rehashed(payload)
    async with database.transaction() as db:
        await db.execute(update(BankRelease).values(payload=snapshot, content_hash=snapshot["content_hash"]))
        stored = (await db.execute(select(BankRelease.payload))).scalar_one()
    assert CANARY in json.dumps(stored)
    return CANARY


def _rehashed(payload: dict[str, Any]) -> dict[str, Any]:
    framework = Framework.from_dict(payload["framework"])
    versions = [*payload["translations"], *payload["testlet_translations"]]
    manifest = {
        "format": release.FORMAT,
        "framework": framework.content_hash,
        "designs": [[d["id"], Design.from_dict(d).content_hash] for d in payload["designs"]],
        "testlets": [[t["id"], Testlet.from_dict(t).content_hash] for t in payload["testlets"]],
        "items": [
            [record["id"], content_hash, record["status"]]
            for record, content_hash in zip(payload["items"], payload["item_hashes"], strict=True)
        ],
        "parameter_set": payload["parameter_set"],
    } | ({"translations": [canonical_hash(version) for version in versions]} if versions else {})
    return {**payload, "content_hash": canonical_hash(manifest)}


async def test_nothing_of_the_key_reaches_a_learner_over_the_api(
    canaries: str, client: httpx2.AsyncClient, published: Published, capfd: pytest.CaptureFixture[str]
) -> None:
    learner = Learner(client, published.authorization)
    replies = [json.dumps(reply) for reply in await learner.walk()]
    replies.append((await learner.get()).text)
    replies.append((await learner.get("/result")).text)
    for text in replies:
        assert canaries not in text
        assert not FORBIDDEN_NAMES.search(text), text[:500]
    out, err = capfd.readouterr()
    assert canaries not in out + err


async def test_nothing_of_the_key_reaches_a_learner_on_the_pages(
    canaries: str, client: httpx2.AsyncClient, published: Published
) -> None:
    browser = await Browser(client).begin()
    pages = [browser.page]
    for _ in range(32):
        hidden = {
            name: Form(browser.page).fields[name][0] for name in ("position", "item", "idempotency_key")
        }
        pages.append((await Browser(client).post(f"{browser.sitting}/repondre", hidden)).page)
        pages.append((await browser.answer()).page)
    assert browser.address.endswith("/resultat")
    assert not [page for page in pages if canaries in page]


async def test_practice_tells_only_after_the_answer(
    canaries: str, client: httpx2.AsyncClient, published: Published
) -> None:
    browser = await Browser(client).begin("practice")
    for _ in range(4):
        assert canaries not in browser.page
        await browser.answer()
        assert canaries in browser.page
        await browser.get(browser.sitting)


async def test_errors_echo_neither_the_input_nor_the_inside(
    client: httpx2.AsyncClient, published: Published
) -> None:
    learner = Learner(client, published.authorization)
    await learner.create()
    question = await learner.start()
    secret = "<script>alert(1)</script>"
    reply = await learner.answer(question, {"choice": secret, secret: 1})
    assert reply.status_code == 422
    reply = await learner.post("/v1/sittings", {"design": secret})
    assert secret not in reply.text
    assert "Traceback" not in reply.text
