"""Personal data are kept as long as was said and no longer; who asks to be forgotten is, restored backups included."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select, text

from app import audit
from app.auth import service as auth
from app.auth.permissions import Scope
from app.campaigns.tables import Cohort, CohortMember
from app.db import Database
from app.delivery import replay
from app.delivery.tables import Draft, ProblemReport, Response, Sitting
from app.identifiers import new_id
from app.institutions import service as institutions
from app.institutions.tables import Learner, LearnerIdentity
from app.outbox import OutboxEvent
from app.privacy import log, service
from app.privacy.service import CLASSES, DataClass
from app.privacy.tables import Erasure
from app.settings import Settings
from tests.app.delivery.learner import Learner as Taker
from tests.conftest import START, Clock, Published, SqliteTemplates

NAME = "Ysaline"


async def took(
    client: httpx2.AsyncClient,
    published: Published,
    database: Database,
    external_id: str,
    answers: int = 4,
) -> tuple[UUID, UUID]:
    """A learner with a name, in a cohort, who took a test to its end and reported a problem; and their sitting."""
    taker = Taker(client, published.authorization)
    await taker.walk(learner=external_id, answers=answers)
    await taker.post(f"/v1/sittings/{taker.id}/finish")
    async with database.transaction() as db:
        sitting = (await db.execute(select(Sitting).where(Sitting.id == taker.id))).scalar_one()
        version = (
            (await db.execute(select(Response.item_version_id).where(Response.sitting_id == sitting.id)))
            .scalars()
            .first()
        )
        db.add(
            LearnerIdentity(
                learner_id=sitting.learner_id,
                institution_id=published.institution_id,
                given_name=NAME,
                family_name="Kermarrec",
                email="y@example.org",
                updated_at=START,
            )
        )
        cohort = Cohort(
            id=new_id(), institution_id=published.institution_id, name=f"L1 {external_id}", created_at=START
        )
        db.add(cohort)
        await db.flush()
        db.add(
            CohortMember(
                cohort_id=cohort.id,
                learner_id=sitting.learner_id,
                institution_id=published.institution_id,
                added_at=START,
            )
        )
        db.add(
            ProblemReport(
                id=new_id(),
                institution_id=published.institution_id,
                sitting_id=sitting.id,
                position=1,
                item_version_id=version,
                text=f"{NAME} ne comprend pas",
                created_at=START,
            )
        )
        return sitting.learner_id, sitting.id


async def everything(database: Database) -> str:
    """The whole database as text, except the shipped bank."""
    found: list[Any] = []
    async with database.reading() as db:
        for table in (
            "learner", "learner_identity", "cohort_member", "enrolment", "sitting", "response", "draft", "result",
            "problem_report", "outbox_event", "webhook_delivery", "audit_entry", "erasure", "idempotent_request",
        ):  # fmt: skip
            found += (await db.execute(text(f"SELECT * FROM {table}"))).all()
    return json.dumps(found, default=str, ensure_ascii=False)


async def test_the_export_tells_what_was_entered_and_no_key(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    learner, sitting = await took(client, published, database, "etu-1", answers=32)
    reply = await client.get(f"/v1/privacy/learners/{learner}/export", headers=published.authorization)
    assert reply.status_code == 200
    told = reply.json()
    assert told["learner"]["external_id"] == "etu-1"
    assert told["learner"]["identity"]["given_name"] == NAME
    assert [cohort["name"] for cohort in told["cohorts"]] == ["L1 etu-1"]
    assert [one["id"] for one in told["sittings"]] == [str(sitting)]
    assert len(told["sittings"][0]["responses"]) == 32
    assert told["sittings"][0]["results"][0]["measurement"]
    assert "score" not in told["sittings"][0]["responses"][0]
    assert told["sittings"][0]["reports"][0]["text"].startswith(NAME)


async def test_an_erased_learner_leaves_no_name_identifier_or_entry(
    client: httpx2.AsyncClient, published: Published, database: Database, settings: Settings
) -> None:
    learner, _ = await took(client, published, database, "etu-secret-77")
    headers = {**published.authorization, "Idempotency-Key": "efface-1"}
    address = f"/v1/privacy/learners/{learner}/erasure"
    reply = await client.post(address, headers=headers)
    assert reply.status_code == 200
    assert (reply.json()["sittings_kept"], reply.json()["sittings_removed"]) == (0, 1)
    left = await everything(database)
    for trace in (NAME, "Kermarrec", "y@example.org", "etu-secret-77"):
        assert trace not in left, trace
    again = await client.post(address, headers=headers)
    assert again.json() == reply.json()
    assert again.headers["idempotency-replayed"] == "true"
    async with database.reading() as db:
        assert (
            await db.execute(select(func.count()).select_from(Learner).where(Learner.id == learner))
        ).scalar() == 1
        erasures = (await db.execute(select(Erasure.reason))).scalars().all()
        topics = (
            (await db.execute(select(OutboxEvent.topic).where(OutboxEvent.subject == learner)))
            .scalars()
            .all()
        )
        assert await audit.first_broken_link(db) is None
    assert erasures == ["request"]
    assert topics == ["learner.erased"]
    assert [entry.learner_id for entry in log.read(settings.state_folder / log.FILE)] == [learner]


async def test_scores_stay_nameless_where_five_learners_are_alike(
    client: httpx2.AsyncClient, published: Published, database: Database, clock: Clock
) -> None:
    made = [await took(client, published, database, f"etu-{n}") for n in range(5)]
    learner, sitting = made[0]
    reply = await client.post(f"/v1/privacy/learners/{learner}/erasure", headers=published.authorization)
    assert (reply.json()["sittings_kept"], reply.json()["sittings_removed"]) == (1, 0)
    async with database.reading() as db:
        responses = (
            await db.execute(select(Response.response, Response.score).where(Response.sitting_id == sitting))
        ).all()
        assert len(responses) == 4
        assert {row.response for row in responses} == {None}
        assert {row.score for row in responses} <= {0, 1, 2, 3}
        reports = (
            await db.execute(select(ProblemReport.text).where(ProblemReport.sitting_id == sitting))
        ).scalars()
        assert reports.all() == ["[effacé]"]
        drafts = (await db.execute(select(Draft).where(Draft.sitting_id == sitting))).all()
        assert drafts == []
    delivery = client._transport.app.state.context.delivery  # type: ignore[attr-defined]
    assert (await replay.replay(delivery, sitting)).identical


async def test_another_institution_cannot_read_or_erase(
    client: httpx2.AsyncClient, published: Published, database: Database
) -> None:
    learner, _ = await took(client, published, database, "etu-1")
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        stranger = {"Authorization": f"Bearer {await auth.create_api_key(db, other, 'tests', START)}"}
        weak = await auth.create_api_key(
            db, published.institution_id, "faible", START, scopes={Scope.LEARNERS_WRITE}
        )
    for headers, status in ((stranger, 404), ({"Authorization": f"Bearer {weak}"}, 403)):
        assert (
            await client.get(f"/v1/privacy/learners/{learner}/export", headers=headers)
        ).status_code == status
        assert (
            await client.post(f"/v1/privacy/learners/{learner}/erasure", headers=headers)
        ).status_code == status
    async with database.reading() as db:
        assert (await db.get_one(Learner, learner)).external_id == "etu-1"


@pytest.mark.parametrize("name", list(DataClass))
async def test_a_day_after_its_length_nothing_of_a_class_is_left(
    name: DataClass,
    client: httpx2.AsyncClient,
    published: Published,
    database: Database,
    settings: Settings,
    clock: Clock,
) -> None:
    learner, _ = await took(client, published, database, "etu-1")
    await Taker(client, published.authorization).create(learner="etu-2")
    length = 40 if name is not DataClass.NEVER_STARTED else 30
    others = {other.value: CLASSES[other].most for other in DataClass if other is not name}
    changed = await client.patch(
        "/v1/privacy/retention", json={**others, name.value: length}, headers=published.authorization
    )
    assert changed.status_code == 200

    async def left() -> int:
        async with database.reading() as db:
            match name:
                case DataClass.IDENTITY:
                    query = select(func.count()).select_from(LearnerIdentity)
                case DataClass.PSEUDONYM:
                    query = select(func.count()).select_from(Learner).where(Learner.external_id == "etu-1")
                case DataClass.ENTRIES:
                    query = select(func.count()).select_from(Response).where(Response.response.is_not(None))
                case DataClass.NEVER_STARTED:
                    query = select(func.count()).select_from(Sitting).where(Sitting.status == "created")
            return (await db.execute(query)).scalar_one()

    await service.purge(database, settings.state_folder, clock.now + timedelta(days=length - 1))
    assert await left() > 0
    await service.purge(database, settings.state_folder, clock.now + timedelta(days=length + 1))
    assert await left() == 0
    async with database.reading() as db:
        assert await db.get(Learner, learner) is not None
        assert await audit.first_broken_link(db) is None


async def test_a_sitting_of_late_keeps_its_learner(
    client: httpx2.AsyncClient, published: Published, database: Database, settings: Settings, clock: Clock
) -> None:
    learner, _ = await took(client, published, database, "etu-1")
    clock.advance(300 * 86400)
    await Taker(client, published.authorization).create(learner="etu-1")
    await service.purge(database, settings.state_folder, clock.now + timedelta(days=80))
    async with database.reading() as db:
        assert await db.get(LearnerIdentity, learner) is not None


async def test_lengths_outside_their_bounds_are_refused_by_name(
    client: httpx2.AsyncClient, published: Published
) -> None:
    reply = await client.patch(
        "/v1/privacy/retention", json={"identity": 365, "entries": 7}, headers=published.authorization
    )
    assert reply.status_code == 422
    assert reply.json()["errors"] == [{"field": "entries", "expected": "30 to 3653 days"}]
    kept = (await client.get("/v1/privacy/retention", headers=published.authorization)).json()["data"]
    assert {row["data_class"]: row["days"] for row in kept} == {
        name.value: rule.days for name, rule in CLASSES.items()
    }


async def test_lengths_that_were_changed_meanwhile_are_not_overwritten(
    client: httpx2.AsyncClient, published: Published
) -> None:
    own, path = published.authorization, "/v1/privacy/retention"
    version = (await client.get(path, headers=own)).headers["etag"]
    assert (await client.get(path, headers=own | {"If-None-Match": version})).status_code == 304
    matched = own | {"If-Match": version}
    changed = await client.patch(path, json={"identity": 100}, headers=matched)
    assert changed.status_code == 200
    stale = await client.patch(path, json={"identity": 200}, headers=matched)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert (await client.get(path, headers=own)).json() == changed.json()


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_a_restored_backup_forgets_again(
    client: httpx2.AsyncClient,
    published: Published,
    database: Database,
    settings: Settings,
    tmp_path: Path,
) -> None:
    learner, _ = await took(client, published, database, "etu-1")
    async with database.transaction() as db:
        await db.execute(select(1))
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    backup = Path(shutil.copyfile(database.sqlite_path, tmp_path / "backup.db"))
    await client.post(f"/v1/privacy/learners/{learner}/erasure", headers=published.authorization)
    restored = Database(Settings(database_url=SqliteTemplates.url(backup)))
    try:
        assert NAME in await everything(restored)
        path = settings.state_folder / log.FILE
        assert await service.reapply(restored, settings.state_folder, path, START) == 1
        left = await everything(restored)
        assert NAME not in left
        assert '"etu-1"' not in left
        assert await service.reapply(restored, settings.state_folder, path, START) == 0
    finally:
        await restored.close()


def test_a_log_cut_short_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    entries = [log.Logged(new_id(), new_id(), "request", "key:x", START) for _ in range(3)]
    for entry in entries:
        log.append(tmp_path, entry)
    path = tmp_path / log.FILE
    assert list(log.read(path)) == entries
    assert path.stat().st_mode & 0o777 == 0o600
    whole = path.read_text()
    path.write_text(whole[:-40])
    assert list(log.read(path)) == entries[:2]
    path.write_text("rien\n" + whole)
    with pytest.raises(ValueError, match="line 1"):
        list(log.read(path))
