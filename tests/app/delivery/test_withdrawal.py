"""A leaked item is shown to nobody from the next question on, and every sitting can still be replayed."""

from collections.abc import AsyncIterator

import httpx2
import numpy as np
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app import audit
from app.assessments.service import Assessments, DesignInUse
from app.db import Database
from app.delivery import service
from app.delivery.context import Context
from app.delivery.postgres_store import PostgresStore
from app.delivery.replay import replay
from app.delivery.service import Delivery, Submission
from app.delivery.sqlite_store import SqliteStore
from app.delivery.state import SittingState
from app.delivery.tables import Response, Sitting, WithdrawalEntry
from app.errors import Conflict, InvalidInput, NotFound
from app.settings import Settings
from item_bank import scoring
from tests.app.delivery.learner import Json, Learner, some_response
from tests.conftest import START, Published


@pytest.fixture
async def learner(client: httpx2.AsyncClient, published: Published) -> Learner:
    return Learner(client, published.authorization)


@pytest.fixture
def context(application: FastAPI) -> Context:
    found: Context = application.state.context
    return found


@pytest.fixture
async def elsewhere(settings: Settings, context: Context) -> AsyncIterator[Delivery]:
    """The rules in another process: another pool, another store, caches of its own."""
    database = Database(settings)
    store = SqliteStore(database) if database.is_sqlite else PostgresStore(database)
    yield Delivery(store, Assessments(database), context.delivery.grace)
    await store.aclose()
    await database.close()


async def withdraw(database: Database, *items: str) -> int:
    number = 0
    for item in items:
        async with database.transaction() as db:
            number = await service.withdraw(db, item, by="Ana", why="published on a forum", now=START)
    return number


async def design_of(learner: Learner, delivery: Delivery) -> tuple[DesignInUse, SittingState]:
    sitting = await service.require(delivery, learner.id)
    return await delivery.assessments.in_use(sitting.design_id), sitting


def id_of(design: DesignInUse, index: int | None) -> str:
    assert index is not None
    return design.release.item(index).id


def scored(design: DesignInUse, sitting: SittingState, question: Json) -> int:
    """The score of the response that `Learner.answer` gives to a question."""
    item, _ = design.release.shown(sitting.current_item or 0, service.language_of(design, sitting))
    return scoring.score(item, scoring.parse(item, some_response(question["item"]))).score


async def coming(learner: Learner, delivery: Delivery, question: Json) -> str:
    """The item that would follow the answer to a question if nothing were withdrawn meanwhile."""
    design, sitting = await design_of(learner, delivery)
    given = (*sitting.items, sitting.current_item or 0)
    scores = (*sitting.scores, scored(design, sitting, question))
    withdrawn = await delivery.withdrawal_lists.at(sitting.latest_withdrawal_list, delivery.store)
    return id_of(design, design.step(given, scores, sitting.seed, sitting.profession, withdrawn).item)


async def shown(learner: Learner, delivery: Delivery) -> str:
    design, sitting = await design_of(learner, delivery)
    return id_of(design, sitting.current_item)


async def walk_on(learner: Learner, question: Json | None) -> int:
    """Answer until the end; how many answers that took."""
    answers = 0
    while question is not None:
        reply = await learner.answer(question)
        assert reply.status_code == 200, reply.text
        question = reply.json()["question"]
        answers += 1
    return answers


async def items_shown(learner: Learner, delivery: Delivery) -> list[str]:
    design, _ = await design_of(learner, delivery)
    return [id_of(design, row.item_index) for row in await delivery.store.responses(learner.id)]


@pytest.mark.parametrize("kind", ["certification", "practice"])
async def test_the_next_item_is_never_one_that_was_withdrawn_and_the_replay_is_identical(
    learner: Learner, context: Context, database: Database, kind: str
) -> None:
    question = (await learner.walk(kind, answers=3))[-1]["question"]
    withdrawn = []
    for _ in range(4):
        leaked = await coming(learner, context.delivery, question)
        await withdraw(database, leaked)
        withdrawn.append(leaked)
        question = (await learner.answer(question)).json()["question"]
        assert await shown(learner, context.delivery) != leaked
    await walk_on(learner, question)
    assert set(withdrawn).isdisjoint(await items_shown(learner, context.delivery))
    found = await replay(context.delivery, learner.id)
    assert found.difference is None


async def test_the_replay_knows_what_was_withdrawn_at_each_step_and_not_what_is_now(
    learner: Learner, context: Context, elsewhere: Delivery, database: Database
) -> None:
    question = (await learner.walk("practice", answers=2))[-1]["question"]
    await withdraw(database, await coming(learner, context.delivery, question))
    await walk_on(learner, question)
    await withdraw(database, *(await items_shown(learner, context.delivery))[-3:])
    async with database.transaction() as db:
        entry = (await service.withdrawn_items(db))[0]
        await service.restore(db, entry.item_key, by="Ana", why="rewritten", now=START)
    for delivery in (context.delivery, elsewhere):
        assert (await replay(delivery, learner.id)).difference is None


async def test_a_replay_under_another_list_would_differ(
    learner: Learner, context: Context, database: Database
) -> None:
    question = (await learner.walk("practice", answers=2))[-1]["question"]
    await withdraw(database, await coming(learner, context.delivery, question))
    await learner.answer(question)
    async with database.transaction() as db:
        last = (await db.execute(select(Response).where(Response.position == 3))).scalar_one()
        assert last.withdrawal_list == 1
        last.withdrawal_list = 0
    assert "position 3: item" in str((await replay(context.delivery, learner.id)).difference)


async def test_a_process_that_has_read_the_sitting_before_the_withdrawal_decides_anew(
    learner: Learner, context: Context, elsewhere: Delivery, database: Database
) -> None:
    question = (await learner.walk("practice", answers=2))[-1]["question"]
    leaked = await coming(learner, context.delivery, question)
    before = await service.require(elsewhere, learner.id)
    number = await withdraw(database, leaked)
    design, _ = await design_of(learner, elsewhere)
    token = design.release.item_version_ids[before.current_item or 0]
    submission = Submission(before.position, token, some_response(question["item"]), "k3")
    reply = await service.answer(elsewhere, before, submission, START)
    assert id_of(design, reply.next_item) != leaked
    assert (await service.answer(elsewhere, before, submission, START)) == reply
    async with database.reading() as db:
        lists = (await db.execute(select(Response.withdrawal_list).order_by(Response.position))).scalars()
        assert list(lists) == [0, 0, number]
    assert (await replay(context.delivery, learner.id)).difference is None


async def test_a_sitting_starts_with_an_item_that_is_not_withdrawn_even_if_read_before(
    learner: Learner, context: Context, elsewhere: Delivery, database: Database
) -> None:
    await learner.create("practice")
    design, sitting = await design_of(learner, elsewhere)
    leaked = id_of(design, design.step((), (), sitting.seed, None).item)
    await withdraw(database, leaked)
    started = await service.start(elsewhere, sitting, START)
    assert started.status == "in_progress"
    assert id_of(design, started.current_item) != leaked
    assert started.withdrawal_list == 1
    assert (await replay(context.delivery, learner.id)).difference is None


async def test_the_item_on_the_screen_can_still_be_answered(
    learner: Learner, context: Context, database: Database
) -> None:
    question = (await learner.walk("practice", answers=1))[-1]["question"]
    await withdraw(database, await shown(learner, context.delivery))
    assert (await learner.answer(question)).status_code == 200


async def begun_case(learner: Learner, delivery: Delivery) -> tuple[Json, list[str], list[str]]:
    """Answer until the second item of a case of three or more is shown: the question, the case, what is left."""
    question: Json = (await learner.walk(answers=1))[-1]["question"]
    while True:
        design, sitting = await design_of(learner, delivery)
        testlet = design.release.testlet_of(sitting.current_item or 0)
        given = [id_of(design, index) for index in sitting.items]
        if testlet is not None and len(testlet.items) >= 3 and given[-1:] == [testlet.items[0]]:
            return question, list(testlet.items), list(testlet.items[2:])
        reply = (await learner.answer(question)).json()
        question = reply["question"]


async def test_a_case_that_was_begun_is_finished_without_its_withdrawn_item(
    learner: Learner, context: Context, database: Database
) -> None:
    question, case, left = await begun_case(learner, context.delivery)
    leaked, *rest = left
    await withdraw(database, leaked)
    await walk_on(learner, question)
    asked = await items_shown(learner, context.delivery)
    assert leaked not in asked
    assert set(case[:2]) <= set(asked)
    assert set(rest) <= set(asked)
    assert len(asked) == 32
    assert (await replay(context.delivery, learner.id)).difference is None


async def test_a_case_that_was_not_begun_goes_with_its_withdrawn_item(
    learner: Learner, context: Context, database: Database
) -> None:
    await learner.create()
    design, _ = await design_of(learner, context.delivery)
    leaked = [testlet.items[-1] for testlet in design.release.snapshot.testlets]
    await withdraw(database, *leaked)
    await walk_on(learner, await learner.start())
    asked = await items_shown(learner, context.delivery)
    in_cases = {item for testlet in design.release.snapshot.testlets for item in testlet.items}
    assert in_cases.isdisjoint(asked)
    assert len(asked) == 32
    assert (await replay(context.delivery, learner.id)).difference is None


async def test_items_in_pretest_are_not_asked_whatever_the_profession(
    learner: Learner, context: Context
) -> None:
    await learner.create("practice")
    design, sitting = await design_of(learner, context.delivery)
    snapshot = design.release.snapshot
    chosen = design.step((), (), sitting.seed, None).item
    assert chosen is not None
    records = list(snapshot.records)
    records[chosen] = {**records[chosen], "status": "pretest"}
    object.__setattr__(snapshot, "records", tuple(records))
    design._available.clear()
    assert design.step((), (), sitting.seed, None).item != chosen


async def test_a_sitting_goes_on_when_a_whole_competence_is_withdrawn(
    learner: Learner, context: Context, database: Database
) -> None:
    question = (await learner.walk(answers=5))[-1]["question"]
    design, sitting = await design_of(learner, context.delivery)
    snapshot = design.release.snapshot
    competences = snapshot.competence
    given = competences[[*sitting.items, sitting.current_item or 0]]
    gone = next(number for number in np.unique(competences) if number not in given)
    await withdraw(database, *(snapshot.item_ids[index] for index in np.flatnonzero(competences == gone)))
    await walk_on(learner, question)
    assert all(snapshot.item(name).competence for name in await items_shown(learner, context.delivery))
    assert gone not in {
        int(competences[snapshot.index[name]]) for name in await items_shown(learner, context.delivery)
    }
    assert (await replay(context.delivery, learner.id)).difference is None


async def test_a_withdrawal_and_its_end_are_acts_in_the_audit_log(
    database: Database, published: Published
) -> None:
    await withdraw(database, "D1C1-002")
    async with database.transaction() as db:
        assert [entry.item_key for entry in await service.withdrawn_items(db)] == ["D1C1-002"]
        assert await service.restore(db, "D1C1-002", by="Ben", why="rewritten", now=START) == 2
        assert await service.withdrawn_items(db) == []
    async with database.reading() as db:
        query = select(audit.AuditEntry).where(audit.AuditEntry.subject == "D1C1-002")
        entries = (await db.execute(query.order_by(audit.AuditEntry.number))).scalars().all()
        assert [(entry.act, entry.actor, entry.facts["list"]) for entry in entries] == [
            ("item.withdrawn", "Ana", 1),
            ("item.restored", "Ben", 2),
        ]
        assert await audit.first_broken_link(db) is None


@pytest.mark.parametrize(
    ("item", "by", "why", "error"),
    [
        ("D9C9-999", "Ana", "leaked", NotFound),
        ("D1C1-002", "Ana", " ", InvalidInput),
        ("D1C1-002", "", "leaked", InvalidInput),
        ("D1C1-003", "Ana", "leaked", Conflict),
    ],
)
async def test_a_withdrawal_that_cannot_be_is_refused_and_writes_nothing(
    database: Database, published: Published, item: str, by: str, why: str, error: type[Exception]
) -> None:
    await withdraw(database, "D1C1-003")
    with pytest.raises(error):
        async with database.transaction() as db:
            await service.withdraw(db, item, by=by, why=why, now=START)
    with pytest.raises(Conflict):
        async with database.transaction() as db:
            await service.restore(db, "D1C1-002", by="Ana", why="was not", now=START)
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(WithdrawalEntry))).scalar_one() == 1


async def test_sittings_that_saw_no_withdrawal_store_the_empty_list(
    learner: Learner, database: Database
) -> None:
    await learner.walk("practice")
    async with database.reading() as db:
        assert set((await db.execute(select(Response.withdrawal_list))).scalars()) == {0}
        assert (await db.execute(select(Sitting.withdrawal_list))).scalar_one() == 0
