"""`/v1/sittings` on both databases: anonymous, stranger, valid, conflict; status, body and what was written."""

import asyncio
import uuid

import httpx2
import pytest
from sqlalchemy import func, select

from app.auth import service as auth
from app.db import Database
from app.delivery.tables import Response, Result, Sitting
from app.institutions import service as institutions
from app.outbox import OutboxEvent
from tests.app.delivery.learner import Json, Learner
from tests.conftest import START, Clock, Published


@pytest.fixture
def learner(client: httpx2.AsyncClient, published: Published) -> Learner:
    return Learner(client, published.authorization)


@pytest.fixture
async def stranger(client: httpx2.AsyncClient, database: Database) -> Learner:
    """Another institution's caller."""
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre établissement", START)
        key = await auth.create_api_key(db, other, "tests", START)
    return Learner(client, {"Authorization": f"Bearer {key}"})


async def rows(database: Database, table: type, *where: object) -> int:
    async with database.reading() as db:
        return (await db.execute(select(func.count()).select_from(table).where(*where))).scalar_one()  # type: ignore[arg-type]


def assert_problem(reply: httpx2.Response, status: int, code: str) -> None:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    body = reply.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"/problems/{code}"
    assert body["detail"]


class TestCreate:
    async def test_without_a_key_nobody_creates(self, client: httpx2.AsyncClient, database: Database) -> None:
        reply = await client.post("/v1/sittings", json={"design": "certification"})
        assert_problem(reply, 401, "unauthorized")
        assert reply.headers["www-authenticate"] == "Bearer"
        assert await rows(database, Sitting) == 0

    async def test_an_unknown_key_is_refused(self, client: httpx2.AsyncClient) -> None:
        caller = Learner(client, {"Authorization": "Bearer plk_unknown"})
        assert_problem(await caller.post("/v1/sittings", {"design": "certification"}), 401, "unauthorized")

    async def test_a_sitting_is_created_and_waits(self, learner: Learner, database: Database) -> None:
        reply = await learner.post("/v1/sittings", {"design": "certification", "learner": "etu-1"})
        assert reply.status_code == 201
        body = reply.json()
        assert body["status"] == "created"
        assert body["question"] is None
        assert body["provisional"] is True
        assert body["design"]["length"] == 32
        assert body["launch_url"].startswith("http")
        async with database.reading() as db:
            stored = await db.get_one(Sitting, uuid.UUID(body["id"]))
        assert (stored.status, stored.answered, stored.started_at) == ("created", 0, None)

    async def test_the_same_key_gives_the_same_sitting(self, learner: Learner, database: Database) -> None:
        body = {"design": "practice", "learner": "etu-1"}
        first = await learner.post("/v1/sittings", body, **{"Idempotency-Key": "one"})
        again = await learner.post("/v1/sittings", body, **{"Idempotency-Key": "one"})
        assert first.json()["id"] == again.json()["id"]
        assert await rows(database, Sitting) == 1

    async def test_the_same_key_for_another_request_is_a_conflict(self, learner: Learner) -> None:
        await learner.post("/v1/sittings", {"design": "practice"}, **{"Idempotency-Key": "one"})
        reply = await learner.post("/v1/sittings", {"design": "certification"}, **{"Idempotency-Key": "one"})
        assert_problem(reply, 409, "idempotency_mismatch")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"design": "nothing"}, "design"),
            ({"design": "certification", "profession": "pilote"}, "profession"),
            ({}, "design"),
            ({"design": 3}, "design"),
            ({"design": "certification", "theta": 3}, "theta"),
            ({"design": "certification", "learner": ""}, "learner"),
        ],
    )
    async def test_a_wrong_field_is_named(
        self, learner: Learner, database: Database, body: dict[str, object], field: str
    ) -> None:
        reply = await learner.post("/v1/sittings", body)
        assert_problem(reply, 422, "invalid_input")
        assert field in [error["field"] for error in reply.json()["errors"]]
        assert await rows(database, Sitting) == 0

    async def test_broken_json_is_told_plainly(self, learner: Learner) -> None:
        reply = await learner.client.post(
            "/v1/sittings",
            content=b'{"design": ',
            headers={**learner.authorization, "Content-Type": "application/json"},
        )
        assert_problem(reply, 400, "bad_request")


class TestAnswer:
    async def test_a_whole_certification_gives_a_level(self, learner: Learner, database: Database) -> None:
        replies = await learner.walk()
        assert [reply["position"] for reply in replies] == list(range(1, 33))
        assert replies[-1]["finish_reason"] == "length"
        assert all(reply["feedback"] is None for reply in replies)
        sitting = (await learner.get()).json()
        assert (sitting["status"], sitting["answered"], sitting["question"]) == ("finished", 32, None)
        result = (await learner.get("/result")).json()
        assert result["provisional"] is True
        assert result["answers"] == 32
        levels = result["measurement"]["levels"]
        assert sum(level["probability"] for level in levels) == pytest.approx(1)
        assert [level["at_least"] for level in levels] == sorted(
            (level["at_least"] for level in levels), reverse=True
        )
        assert len(result["domains"]) == 5
        assert await rows(database, Response) == 32
        assert await rows(database, Result) == 1
        assert await rows(database, OutboxEvent, OutboxEvent.topic == "sitting.finished") == 1

    async def test_practice_explains_each_answer(self, learner: Learner) -> None:
        replies = await learner.walk("practice", answers=3)
        assert all(reply["feedback"]["rationale_html"] for reply in replies)
        assert all(reply["feedback"]["sources"] for reply in replies)

    async def test_the_same_key_gives_the_same_reply_for_ever(
        self, learner: Learner, database: Database
    ) -> None:
        await learner.create()
        question = await learner.start()
        first = (await learner.answer(question, key="k")).json()
        await learner.answer(first["question"], key="k2")
        again = await learner.answer(question, key="k")
        assert again.status_code == 200
        assert again.json() == first
        assert await rows(database, Response) == 2

    async def test_ten_copies_at_once_are_one_answer(self, learner: Learner, database: Database) -> None:
        await learner.create()
        question = await learner.start()
        replies = await asyncio.gather(*(learner.answer(question, key="k") for _ in range(10)))
        assert {reply.status_code for reply in replies} == {200}
        assert len({reply.text for reply in replies}) == 1
        assert await rows(database, Response) == 1

    async def test_of_two_different_answers_at_once_one_stands(
        self, learner: Learner, database: Database
    ) -> None:
        await learner.create()
        question = await learner.start()
        replies = await asyncio.gather(
            *(learner.answer(question, {} if number % 2 else None, key=f"k{number}") for number in range(10))
        )
        statuses = sorted(reply.status_code for reply in replies)
        assert statuses == [200] * 5 + [409] * 5
        assert await rows(database, Response) == 1

    async def test_another_answer_to_an_answered_question_is_refused(self, learner: Learner) -> None:
        await learner.create()
        question = await learner.start()
        await learner.answer(question, key="k1")
        reply = await learner.answer(question, {}, key="k2")
        assert_problem(reply, 409, "already_answered")

    async def test_a_key_of_another_question_is_refused(self, learner: Learner) -> None:
        await learner.create()
        question = await learner.start()
        first = (await learner.answer(question, key="k")).json()
        assert_problem(await learner.answer(first["question"], key="k"), 409, "idempotency_mismatch")

    async def test_another_item_than_the_one_shown_is_refused(
        self, learner: Learner, database: Database
    ) -> None:
        await learner.create()
        question = await learner.start()
        reply = await learner.answer(question, item=str(uuid.uuid4()))
        assert_problem(reply, 409, "wrong_item")
        assert reply.json()["shown_position"] == 1
        assert_problem(await learner.answer(question, position=2), 409, "wrong_item")
        assert await rows(database, Response) == 0

    async def test_an_option_that_does_not_exist_is_named(self, learner: Learner, database: Database) -> None:
        await learner.create()
        question = await learner.start()
        wrong: dict[str, Json] = {
            "single_choice": {"choice": "zz"},
            "multiple_choice": {"choices": ["zz"]},
            "order": {"order": ["zz"]},
            "match": {"pairs": {"zz": "zz"}},
            "short_text": {"text": "x" * 501},
            "numeric": {"number": "beaucoup"},
            "zone": {"zones": ["zz"]},
        }
        reply = await learner.answer(question, wrong[question["item"]["interaction"]])
        assert_problem(reply, 422, "invalid_input")
        assert reply.json()["errors"][0]["field"].startswith("response.")
        assert reply.json()["errors"][0]["expected"]
        assert await rows(database, Response) == 0
        assert (await learner.answer(question)).status_code == 200

    async def test_an_omitted_answer_counts_as_wrong(self, learner: Learner, database: Database) -> None:
        await learner.create()
        question = await learner.start()
        reply = await learner.answer(question, {})
        assert reply.json()["outcome"] == "omitted"
        async with database.reading() as db:
            stored = (await db.execute(select(Response))).scalar_one()
        assert (stored.outcome, stored.score) == ("omitted", 0)

    async def test_the_key_is_required(self, learner: Learner) -> None:
        await learner.create()
        question = await learner.start()
        reply = await learner.post(
            f"/v1/sittings/{learner.id}/responses",
            {"position": 1, "item": question["item"]["id"], "response": None},
        )
        assert_problem(reply, 422, "invalid_input")
        assert reply.json()["errors"][0]["field"] == "header.Idempotency-Key"

    async def test_two_megabytes_are_refused_and_nothing_is_written(
        self, learner: Learner, database: Database
    ) -> None:
        await learner.create()
        question = await learner.start()
        reply = await learner.answer(question, {"text": "x" * 2_000_000})
        assert_problem(reply, 413, "payload_too_large")
        assert await rows(database, Response) == 0

    async def test_before_the_start_nothing_can_be_answered(self, learner: Learner) -> None:
        await learner.create()
        body = {"position": 1, "item": str(uuid.uuid4()), "response": None}
        reply = await learner.post(f"/v1/sittings/{learner.id}/responses", body, **{"Idempotency-Key": "k"})
        assert_problem(reply, 409, "not_started")

    async def test_starting_twice_shows_the_same_question(self, learner: Learner, clock: Clock) -> None:
        await learner.create()
        first = await learner.start()
        deadline = (await learner.get()).json()["deadline_at"]
        clock.advance(30)
        assert await learner.start() == first
        assert (await learner.get()).json()["deadline_at"] == deadline

    async def test_a_start_that_is_asked_for_again_gives_the_same_reply(
        self, learner: Learner, clock: Clock
    ) -> None:
        await learner.create()
        first = await learner.post(f"/v1/sittings/{learner.id}/start")
        clock.advance(30)
        again = await learner.post(f"/v1/sittings/{learner.id}/start")
        assert first.status_code == 200
        assert (again.status_code, again.json()) == (first.status_code, first.json())

    async def test_a_finished_sitting_takes_no_more_answers(self, learner: Learner) -> None:
        replies = await learner.walk(answers=2)
        await learner.post(f"/v1/sittings/{learner.id}/finish")
        assert_problem(await learner.answer(replies[-1]["question"]), 409, "sitting_closed")


class TestTime:
    async def test_an_answer_at_the_deadline_is_scored_and_ends_the_sitting(
        self, learner: Learner, clock: Clock, database: Database
    ) -> None:
        await learner.create()
        question = await learner.start()
        clock.advance(3600)
        reply = await learner.answer(question)
        assert reply.json()["finish_reason"] == "time"
        assert await rows(database, Response, Response.outcome == "answered") == 1

    async def test_an_answer_within_the_grace_is_scored(self, learner: Learner, clock: Clock) -> None:
        await learner.create()
        question = await learner.start()
        clock.advance(3605)
        assert (await learner.answer(question)).status_code == 200

    async def test_a_late_answer_is_kept_unscored_and_closes_the_sitting(
        self, learner: Learner, clock: Clock, database: Database
    ) -> None:
        await learner.create()
        question = await learner.start()
        clock.advance(3605.001)
        assert_problem(await learner.answer(question), 409, "time_over")
        assert_problem(await learner.answer(question), 409, "time_over")
        assert await rows(database, Response, Response.outcome == "late") == 1
        sitting = (await learner.get()).json()
        assert (sitting["status"], sitting["finish_reason"]) == ("finished", "time")
        assert await rows(database, Response, Response.score.is_not(None)) == 0

    async def test_a_sitting_left_alone_is_closed_when_looked_at(
        self, learner: Learner, clock: Clock
    ) -> None:
        await learner.walk(answers=3)
        clock.advance(4000)
        sitting = (await learner.get()).json()
        assert (sitting["status"], sitting["finish_reason"]) == ("finished", "time")
        result = (await learner.get("/result")).json()
        assert result["measurement"] is None
        assert result["answers"] == 3
        assert result["duration_seconds"] == 3600

    async def test_a_clock_set_back_gives_no_more_time(self, learner: Learner, clock: Clock) -> None:
        await learner.create()
        await learner.start()
        deadline = (await learner.get()).json()["deadline_at"]
        clock.advance(-3600)
        assert (await learner.get()).json()["deadline_at"] == deadline


class TestFinish:
    async def test_ending_early_keeps_the_answers(self, learner: Learner) -> None:
        await learner.walk(answers=21)
        reply = await learner.post(f"/v1/sittings/{learner.id}/finish")
        assert (reply.json()["status"], reply.json()["finish_reason"]) == ("finished", "learner")
        assert (await learner.get("/result")).json()["measurement"] is not None

    async def test_ending_twice_changes_nothing(
        self, learner: Learner, database: Database, clock: Clock
    ) -> None:
        await learner.walk(answers=1)
        first = await learner.post(f"/v1/sittings/{learner.id}/finish")
        clock.advance(30)
        again = await learner.post(f"/v1/sittings/{learner.id}/finish")
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json() == again.json()
        assert await rows(database, Result) == 1

    async def test_no_result_before_the_end(self, learner: Learner) -> None:
        await learner.walk(answers=1)
        assert_problem(await learner.get("/result"), 409, "not_finished")


class TestStranger:
    async def test_another_institution_sees_nothing(self, learner: Learner, stranger: Learner) -> None:
        question = (await learner.walk(answers=1))[-1]["question"]
        stranger.sitting = learner.sitting
        assert_problem(await stranger.get(), 404, "not_found")
        assert_problem(await stranger.get("/result"), 404, "not_found")
        assert_problem(await stranger.answer(question), 404, "not_found")
        assert_problem(await stranger.post(f"/v1/sittings/{learner.id}/start"), 404, "not_found")
        assert_problem(await stranger.post(f"/v1/sittings/{learner.id}/finish"), 404, "not_found")

    async def test_an_unknown_sitting_reads_the_same(self, learner: Learner) -> None:
        for unknown in (str(uuid.uuid4()), "not-an-identifier"):
            reply = await learner.client.get(f"/v1/sittings/{unknown}", headers=learner.authorization)
            assert_problem(reply, 404, "not_found")
