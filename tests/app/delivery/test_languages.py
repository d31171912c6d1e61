"""A sitting has one language, a stored fact: its questions are shown, scored, explained and replayed in it."""

import re
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.assessments.service import DesignInUse
from app.db import Database
from app.delivery.context import Context
from app.delivery.replay import replay
from app.delivery.tables import Response, Sitting
from item_bank.item import ZoneKey
from tests.app.delivery.learner import Json, Learner, right_response
from tests.app.delivery.test_pages import Browser
from tests.conftest import Published


@pytest.fixture
def context(application: FastAPI) -> Context:
    found: Context = application.state.context
    return found


@pytest.fixture
async def learner(client: httpx2.AsyncClient, published: Published) -> Learner:
    return Learner(client, published.authorization)


@pytest.fixture
async def design(context: Context) -> DesignInUse:
    return await context.assessments.current("practice")


async def created(learner: Learner, **fields: Any) -> Json:
    reply = await learner.post("/v1/sittings", {"design": "practice", **fields})
    assert reply.status_code == 201, reply.text
    learner.sitting = reply.json()
    return learner.sitting


async def walked(learner: Learner, design: DesignInUse, language: str) -> tuple[list[Json], list[Json]]:
    """Answer every question rightly in the language of the sitting; the questions shown, and the replies."""
    question: Json | None = await learner.start()
    questions, replies = [], []
    while question is not None:
        index = design.release.index_of(UUID(question["item"]["id"]))
        assert index is not None
        item, _ = design.release.shown(index, language)
        key = item.scoring_key
        right = {"zones": list(key.zones)} if isinstance(key, ZoneKey) else right_response(item)
        questions.append(question)
        reply = await learner.answer(question, right)
        assert reply.status_code == 200, reply.text
        replies.append(reply.json())
        question = replies[-1]["question"]
    return questions, replies


async def test_an_english_sitting_is_shown_scored_explained_and_replayed_in_english(
    learner: Learner, context: Context, design: DesignInUse, database: Database
) -> None:
    shown: set[str] = set()
    for _ in range(3):
        sitting = await created(learner, language="en")
        assert sitting["language"] == "en"
        assert sitting["design"]["languages"] == ["fr", "en"]
        questions, replies = await walked(learner, design, "en")
        for question, reply in zip(questions, replies, strict=True):
            index = design.release.index_of(UUID(question["item"]["id"]))
            assert index is not None
            item, _ = design.release.shown(index, "en")
            assert question["item"]["language"] == item.language
            assert reply["feedback"]["correct"]
            shown.add(item.language)
        assert (await replay(context.delivery, learner.id)).difference is None
    assert shown == {"fr", "en"}
    async with database.reading() as db:
        scores = (await db.scalars(select(Response.score))).all()
    assert set(scores) == {1}


async def test_without_a_choice_the_design_decides(learner: Learner, design: DesignInUse) -> None:
    sitting = await created(learner)
    assert sitting["language"] is None
    questions, _ = await walked(learner, design, "fr")
    assert {question["item"]["language"] for question in questions} == {"fr"}
    assert (await learner.get()).json()["language"] == "fr"


async def test_a_language_that_the_design_does_not_offer_is_refused(learner: Learner) -> None:
    reply = await learner.post("/v1/sittings", {"design": "certification", "language": "en"})
    assert reply.status_code == 422
    assert reply.json()["errors"] == [{"field": "language", "expected": "one of: fr"}]


async def test_the_same_key_with_another_language_is_another_request(learner: Learner) -> None:
    body = {"design": "practice", "language": "en"}
    first = await learner.post("/v1/sittings", body, **{"Idempotency-Key": "enrol-1"})
    again = await learner.post("/v1/sittings", body, **{"Idempotency-Key": "enrol-1"})
    other = await learner.post("/v1/sittings", body | {"language": "fr"}, **{"Idempotency-Key": "enrol-1"})
    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 409


async def test_a_sitting_of_before_languages_goes_on_in_the_language_of_the_bank(
    learner: Learner, context: Context, database: Database
) -> None:
    await created(learner)
    question = await learner.start()
    async with database.transaction() as db:
        row = await db.get(Sitting, learner.id)
        assert row is not None
        row.language = None
    reply = await learner.answer(question)
    assert reply.status_code == 200
    assert reply.json()["question"]["item"]["language"] == "fr"
    assert (await replay(context.delivery, learner.id)).identical


# --- pages -------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(client: httpx2.AsyncClient, published: Published) -> Browser:
    return Browser(client)


async def language_of_latest(database: Database) -> str | None:
    async with database.reading() as db:
        found: str | None = await db.scalar(
            select(Sitting.language).order_by(Sitting.created_at.desc(), Sitting.id.desc()).limit(1)
        )
    return found


def chosen(page: str) -> str:
    found = re.search(r'name="language" value="(\w+)" checked', page)
    assert found, page
    return found[1]


async def test_the_introduction_offers_the_languages_with_that_of_the_page_chosen(
    browser: Browser, client: httpx2.AsyncClient, database: Database
) -> None:
    await browser.post("/demo", {"design": "practice"})
    assert chosen(browser.page) == "fr"
    client.cookies.set("lang", "en")
    await browser.get(browser.address)
    assert chosen(browser.page) == "en"
    await browser.post(f"{browser.address}/commencer", {"language": "en"})
    assert browser.status == 200
    assert await language_of_latest(database) == "en"


async def test_a_page_marks_the_language_of_what_it_shows(
    browser: Browser, client: httpx2.AsyncClient
) -> None:
    client.cookies.set("lang", "en")
    for _ in range(4):
        await browser.post("/demo", {"design": "practice"})
        browser.sitting = browser.address
        await browser.post(f"{browser.sitting}/commencer", {"language": "en"})
        found = re.search(r'id="enonce" lang="(\w+)">(.*?)</div>', browser.page, re.DOTALL)
        assert found
        assert ("«" in found[2]) <= (found[1] == "fr")
        await browser.answer()
        correction = re.search(r'<div lang="(\w+)" class="stack loose">', browser.page)
        assert correction
        assert correction[1] == found[1]
        assert '<html lang="en"' in browser.page


@pytest.mark.parametrize("language", ["de", ""])
async def test_a_language_made_up_in_the_form_falls_back_on_the_first(
    browser: Browser, database: Database, language: str
) -> None:
    await browser.post("/demo", {"design": "practice"})
    await browser.post(f"{browser.address}/commencer", {"language": language})
    assert browser.status == 200
    assert await language_of_latest(database) == "fr"


async def test_a_certification_offers_no_choice_and_stays_in_french(
    browser: Browser, database: Database
) -> None:
    await browser.post("/demo", {"design": "certification"})
    assert 'name="language"' not in browser.page
    await browser.post(f"{browser.address}/commencer", {"language": "en"})
    assert await language_of_latest(database) == "fr"
