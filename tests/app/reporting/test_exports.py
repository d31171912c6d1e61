"""Exports: asked for, made by another process, downloaded by who may read what stands in them."""

import csv
import hashlib
import io
import json
import shutil
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import openpyxl
import polars
import pytest
from sqlalchemy import select, update

from app import audit
from app.audit import AuditEntry
from app.auth import service as auth
from app.auth.permissions import ALL, Scope
from app.db import Database
from app.identifiers import new_id
from app.institutions.tables import Learner
from app.outbox import OutboxEvent
from app.privacy import log
from app.privacy import service as privacy
from app.reporting import service
from app.reporting.apart import Apart
from app.reporting.tables import Export
from app.settings import Settings
from tests.app.reporting.group import make_group
from tests.conftest import START, Clock, Published, SqliteTemplates


@pytest.fixture
def settings(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Files below this test's folder on both databases."""
    monkeypatch.setattr(Settings, "state_folder", property(lambda _: tmp_path))
    return settings


@pytest.fixture
async def full_key(database: Database, published: Published) -> dict[str, str]:
    async with database.transaction() as db:
        key = await auth.create_api_key(db, published.institution_id, "all", START, scopes=ALL)
    return {"Authorization": f"Bearer {key}"}


async def asked(client: httpx2.AsyncClient, key: dict[str, str], **body: Any) -> str:
    reply = await client.post("/v1/exports", json=body, headers=key)
    assert reply.status_code == 202, reply.text
    assert reply.json()["status"] == "pending"
    return str(reply.json()["id"])


async def made_here(database: Database, settings: Settings, clock: Clock) -> None:
    """Make what is waiting in this process: what the other one does, without its start."""
    from app.reporting.making import make

    while True:
        async with database.transaction() as db:
            export_id = await service.claim(db, clock())
        if export_id is None:
            return
        await make(database, settings, export_id, clock)


async def file_of(client: httpx2.AsyncClient, key: dict[str, str], export_id: str) -> bytes:
    state = (await client.get(f"/v1/exports/{export_id}", headers=key)).json()
    assert state["status"] == "ready", state
    reply = await client.get(f"/v1/exports/{export_id}/file", headers=key)
    assert reply.status_code == 200
    assert hashlib.sha256(reply.content).hexdigest() == state["sha256"]
    assert len(reply.content) == state["bytes"]
    assert "attachment" in reply.headers["content-disposition"]
    return bytes(reply.content)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_another_process_makes_the_file_and_says_so(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    clock: Clock,
    full_key: dict[str, str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    settings = Settings(database_url=str(database.url), embedded_worker=False, log_level="ERROR")
    await make_group(database, published.institution_id, 12, now=START)
    export_id = await asked(client, full_key, what="results", format="csv")
    early = await client.get(f"/v1/exports/{export_id}/file", headers=full_key)
    assert (early.status_code, early.json()["code"]) == (409, "export_not_ready")
    assert await Apart(database, settings, clock).round() == 1
    rows = list(csv.DictReader(io.StringIO((await file_of(client, full_key, export_id)).decode())))
    assert len(rows) == 12
    files = list((tmp_path / "exports").iterdir())
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600]
    assert stat.S_IMODE((tmp_path / "exports").stat().st_mode) == 0o700
    async with database.reading() as db:
        events = (await db.execute(select(OutboxEvent).where(OutboxEvent.topic == "export.ready"))).scalars()
        assert [event.payload for event in events] == [{"export_id": export_id}]


async def test_every_format_holds_the_same_results(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
) -> None:
    await make_group(database, published.institution_id, 15, now=START)
    files = {}
    for form in ("csv", "json", "xlsx", "parquet"):
        files[form] = await asked(client, full_key, what="results", format=form)
    await made_here(database, settings, clock)
    found = {form: await file_of(client, full_key, id_) for form, id_ in files.items()}
    lines = [json.loads(line) for line in found["json"].splitlines()]
    table = polars.read_parquet(io.BytesIO(found["parquet"]))
    sheet = openpyxl.load_workbook(io.BytesIO(found["xlsx"]), read_only=True).active
    assert sheet is not None
    cells = list(sheet.iter_rows(values_only=True))
    rows = list(csv.DictReader(io.StringIO(found["csv"].decode())))
    assert len(lines) == len(rows) == table.height == len(cells) - 1 == 15
    assert list(lines[0]) == list(rows[0]) == table.columns == list(cells[0])
    theta = [line["theta"] for line in lines]
    assert any(value < 0 for value in theta)
    assert [float(row["theta"]) for row in rows] == theta == table["theta"].to_list()
    column = list(cells[0]).index("theta")
    assert [row[column] for row in cells[1:]] == pytest.approx(theta)
    assert {line["level"] for line in lines} == set(table["level"].to_list())


async def test_responses_hold_items_and_scores_and_nothing_that_measures(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
) -> None:
    group = await make_group(database, published.institution_id, 6, now=START)
    await make_group(database, published.institution_id, 5, now=START, seed=2, held=True)
    export_id = await asked(client, full_key, what="responses", format="json")
    await made_here(database, settings, clock)
    rows = [json.loads(line) for line in (await file_of(client, full_key, export_id)).splitlines()]
    assert {row["sitting"] for row in rows} == {str(id_) for id_ in group.sittings}
    assert set(rows[0]) == {
        "sitting", "learner", "external_id", "campaign", "design", "language", "position", "item",
        "item_version", "outcome", "score", "presented_at", "received_at", "seconds",
    }  # fmt: skip
    assert [row["position"] for row in rows if row["sitting"] == str(group.sittings[0])] == list(
        range(1, len([row for row in rows if row["sitting"] == str(group.sittings[0])]) + 1)
    )
    assert {row["score"] for row in rows} >= {0, 1}


async def test_what_stands_in_a_file_needs_its_own_scope_to_ask_and_to_download(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
) -> None:
    await make_group(database, published.institution_id, 3, now=START)
    usual = published.authorization  # everything but responses:read
    reply = await client.post("/v1/exports", json={"what": "responses", "format": "csv"}, headers=usual)
    assert (reply.status_code, reply.json()["scope"]) == (403, "responses:read")
    export_id = await asked(client, full_key, what="responses", format="csv")
    await made_here(database, settings, clock)
    reply = await client.get(f"/v1/exports/{export_id}/file", headers=usual)
    assert (reply.status_code, reply.json()["scope"]) == (403, "responses:read")
    async with database.transaction() as db:
        key = await auth.create_api_key(
            db, published.institution_id, "x", START, scopes={Scope.EXPORTS_WRITE, Scope.LEARNERS_READ}
        )
    narrow = {"Authorization": f"Bearer {key}"}
    reply = await client.post("/v1/exports", json={"what": "results", "format": "csv"}, headers=narrow)
    assert (reply.status_code, reply.json()["scope"]) == (403, "results:read")
    await asked(client, narrow, what="learners", format="parquet")


async def test_learners_leave_by_cohort_with_text_that_no_sheet_takes_for_a_formula(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
) -> None:
    group = await make_group(database, published.institution_id, 4, now=START, idle=2)
    async with database.transaction() as db:
        await db.execute(update(Learner).values(curriculum='=HYPERLINK("http://evil")'))
    export_id = await asked(
        client, full_key, what="learners", format="csv", cohort=str(group.cohort_id), bom=True
    )
    await made_here(database, settings, clock)
    text = (await file_of(client, full_key, export_id)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 6
    assert {row["curriculum"] for row in rows} == {'\'=HYPERLINK("http://evil")'}
    assert {row["cohorts"] for row in rows} == {"Promotion 1"}


async def test_an_export_takes_only_what_changed_since(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
) -> None:
    await make_group(database, published.institution_id, 4, now=START - timedelta(days=9), seed=3)
    await make_group(database, published.institution_id, 5, now=START, seed=4)
    since = (START - timedelta(days=2)).isoformat()
    wanted = await asked(client, full_key, what="results", format="json", updated_since=since)
    await made_here(database, settings, clock)
    assert len((await file_of(client, full_key, wanted)).splitlines()) == 5


async def test_an_export_may_ask_for_what_changed_since_long_ago(
    client: httpx2.AsyncClient, full_key: dict[str, str]
) -> None:
    wanted = await asked(
        client, full_key, what="results", format="json", updated_since="0002-01-01T00:00:00Z"
    )
    reply = await client.get(f"/v1/exports/{wanted}", headers=full_key)
    assert (reply.status_code, reply.json()["updated_since"]) == (200, "0002-01-01T00:00:00Z")


async def test_a_file_goes_after_seven_days(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
) -> None:
    export_id = await asked(client, full_key, what="learners", format="json")
    await made_here(database, settings, clock)
    assert await file_of(client, full_key, export_id) == b""
    clock.advance(7 * 86_400 - 1)
    assert await service.purge(database, settings, clock()) == 0
    clock.advance(1)
    reply = await client.get(f"/v1/exports/{export_id}/file", headers=full_key)
    assert reply.status_code == 410
    assert await service.purge(database, settings, clock()) == 1
    assert list(service.folder_of(settings).iterdir()) == []
    state = (await client.get(f"/v1/exports/{export_id}", headers=full_key)).json()
    assert state["status"] == "expired"


async def erased(client: httpx2.AsyncClient, key: dict[str, str], learner: UUID) -> dict[str, Any]:
    reply = await client.post(f"/v1/privacy/learners/{learner}/erasure", headers=key)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


async def state_of(client: httpx2.AsyncClient, key: dict[str, str], export_id: str) -> tuple[str, str | None]:
    state = (await client.get(f"/v1/exports/{export_id}", headers=key)).json()
    return state["status"], state["failure"]


async def test_an_erasure_withdraws_the_files_that_may_hold_the_learner_and_no_other(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
) -> None:
    theirs = await make_group(database, published.institution_id, 6, now=START)
    others = await make_group(database, published.institution_id, 5, now=START, seed=2)
    learner = next(iter(theirs.learners.values()))
    holding = [
        await asked(client, full_key, what="results", format="csv"),
        await asked(client, full_key, what="responses", format="parquet", campaign=str(theirs.campaign_id)),
        await asked(client, full_key, what="learners", format="json"),
        await asked(client, full_key, what="results", format="json", cohort=str(theirs.cohort_id)),
    ]
    apart = await asked(client, full_key, what="results", format="xlsx", campaign=str(others.campaign_id))
    await made_here(database, settings, clock)
    for export_id in holding[:3]:
        await file_of(client, full_key, export_id)
    waiting = await asked(client, full_key, what="results", format="json")
    told = await erased(client, full_key, learner)
    assert told["exports_withdrawn"] == 4
    for export_id in holding:
        assert await state_of(client, full_key, export_id) == ("expired", "learner_erased")
        reply = await client.get(f"/v1/exports/{export_id}/file", headers=full_key)
        assert (reply.status_code, reply.json()["reason"]) == (410, "learner_erased")
    kept = [file.stem for file in service.folder_of(settings).iterdir()]
    assert kept == [apart]
    await file_of(client, full_key, apart)
    # what waited is made without the learner, and a second erasure leaves it alone
    await made_here(database, settings, clock)
    rows = [json.loads(line) for line in (await file_of(client, full_key, waiting)).splitlines()]
    assert rows
    assert not {row["external_id"] for row in rows} & set(list(theirs.learners)[:1])
    assert (await erased(client, full_key, learner))["exports_withdrawn"] == 0
    await file_of(client, full_key, waiting)
    async with database.reading() as db:
        acts = await db.execute(
            select(AuditEntry.subject).where(
                AuditEntry.act == "export.withdrawn", AuditEntry.tenant_id == published.institution_id
            )
        )
        assert sorted(acts.scalars()) == sorted(holding)
        assert await audit.first_broken_link(db) is None


async def test_a_file_that_is_being_made_when_a_learner_is_erased_never_comes(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from app.reporting import making

    group = await make_group(database, published.institution_id, 4, now=START)
    learner = next(iter(group.learners.values()))
    export_id = await asked(client, full_key, what="results", format="json")
    async with database.transaction() as db:
        claimed = await service.claim(db, clock())
    assert claimed is not None
    writes = making._write

    async def write_then_erase(*given: Any) -> int:
        rows = await writes(*given)
        assert (await erased(client, full_key, learner))["exports_withdrawn"] == 1
        return rows

    monkeypatch.setattr(making, "_write", write_then_erase)
    await making.make(database, settings, claimed, clock)
    assert await state_of(client, full_key, export_id) == ("failed", "learner_erased")
    assert list(service.folder_of(settings).iterdir()) == []
    reply = await client.get(f"/v1/exports/{export_id}/file", headers=full_key)
    assert reply.status_code == 409


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_restored_backup_withdraws_its_files_again(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
    tmp_path: Path,
) -> None:
    group = await make_group(database, published.institution_id, 6, now=START)
    learner = next(iter(group.learners.values()))
    export_id = await asked(client, full_key, what="learners", format="json")
    await made_here(database, settings, clock)
    file = service.path_of(settings, UUID(export_id), "json")
    content = file.read_bytes()
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    backup = Path(shutil.copyfile(database.sqlite_path, tmp_path / "backup.db"))
    await erased(client, full_key, learner)
    file.write_bytes(content)  # the backup brought the file back
    restored = Database(Settings(database_url=SqliteTemplates.url(backup)))
    try:
        path = settings.state_folder / log.FILE
        assert await privacy.reapply(restored, settings.state_folder, path, clock()) == 1
        async with restored.reading() as db:
            found = await db.get_one(Export, UUID(export_id))
            assert (found.status, found.failure) == ("expired", "learner_erased")
        assert not file.exists()
    finally:
        await restored.close()


async def test_a_file_that_no_export_holds_is_removed(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
) -> None:
    await make_group(database, published.institution_id, 3, now=START)
    export_id = await asked(client, full_key, what="results", format="csv")
    await made_here(database, settings, clock)
    folder = service.folder_of(settings)
    stray = folder / f"{new_id()}.csv"
    for name in (stray, folder / "notes.txt"):
        name.write_text("x")
    await service.purge(database, settings, clock())
    assert {file.name for file in folder.iterdir()} == {f"{export_id}.csv", "notes.txt"}


async def test_another_institution_finds_no_export(
    client: httpx2.AsyncClient, database: Database, published: Published, full_key: dict[str, str]
) -> None:
    from app.institutions import service as institutions

    export_id = await asked(client, full_key, what="results", format="csv")
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        key = await auth.create_api_key(db, other, "x", START, scopes=ALL)
    theirs = {"Authorization": f"Bearer {key}"}
    for path in (f"/v1/exports/{export_id}", f"/v1/exports/{export_id}/file"):
        assert (await client.get(path, headers=theirs)).status_code == 404
    assert (await client.get("/v1/exports", headers=theirs)).json()["data"] == []
    for field in ("campaign", "cohort"):
        reply = await client.post(
            "/v1/exports",
            json={"what": "results", "format": "csv", field: str(new_id())},
            headers=theirs,
        )
        assert reply.status_code == 404


async def test_a_maker_that_died_is_replaced_and_after_three_the_export_fails(
    database: Database,
    published: Published,
    clock: Clock,
    client: httpx2.AsyncClient,
    full_key: dict[str, str],
) -> None:
    export_id = await asked(client, full_key, what="results", format="csv")
    for _ in range(service.MOST_TRIES):
        async with database.transaction() as db:
            assert str(await service.claim(db, clock())) == export_id
        async with database.transaction() as db:
            assert await service.claim(db, clock()) is None
        clock.advance(service.CLAIM.total_seconds())
    async with database.transaction() as db:
        assert await service.claim(db, clock()) is None
    state = (await client.get(f"/v1/exports/{export_id}", headers=full_key)).json()
    assert (state["status"], state["failure"]) == ("failed", "unfinished")


async def test_a_sheet_of_too_many_rows_is_refused_with_advice(
    client: httpx2.AsyncClient, published: Published, full_key: dict[str, str], monkeypatch: pytest.MonkeyPatch,
    database: Database, settings: Settings, clock: Clock,
) -> None:  # fmt: skip
    await make_group(database, published.institution_id, 3, now=START)
    monkeypatch.setattr(service, "XLSX_MOST_ROWS", 20)
    reply = await client.post("/v1/exports", json={"what": "responses", "format": "xlsx"}, headers=full_key)
    assert (reply.status_code, reply.json()["code"]) == (409, "too_many_rows")
    assert "parquet" in reply.json()["detail"]
    monkeypatch.setattr("app.reporting.writers.XLSX_MOST_ROWS", 20)
    monkeypatch.setattr(service, "XLSX_MOST_ROWS", 10_000)
    export_id = await asked(client, full_key, what="responses", format="xlsx")
    await made_here(database, settings, clock)
    state = (await client.get(f"/v1/exports/{export_id}", headers=full_key)).json()
    assert (state["status"], state["failure"]) == ("failed", "too_many_rows")
    assert list(service.folder_of(settings).iterdir()) == []


async def test_the_same_key_asks_once(
    client: httpx2.AsyncClient, database: Database, full_key: dict[str, str]
) -> None:
    headers = {**full_key, "Idempotency-Key": "k"}
    body = {"what": "results", "format": "csv"}
    one = await client.post("/v1/exports", json=body, headers=headers)
    two = await client.post("/v1/exports", json=body, headers=headers)
    assert one.json() == two.json()
    assert two.headers["idempotency-replayed"] == "true"
    async with database.reading() as db:
        assert len((await db.execute(select(Export.id))).all()) == 1


async def test_of_two_makers_of_one_export_the_first_file_stands(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    settings: Settings,
    clock: Clock,
    full_key: dict[str, str],
) -> None:
    from app.reporting.making import make

    await make_group(database, published.institution_id, 3, now=START)
    export_id = await asked(client, full_key, what="results", format="json")
    async with database.transaction() as db:
        claimed = await service.claim(db, clock())
    assert claimed is not None
    await make(database, settings, claimed, clock)
    first = await file_of(client, full_key, export_id)
    await make_group(database, published.institution_id, 3, now=START, seed=2)
    async with database.transaction() as db:
        assert not await service.finish(db, claimed, rows=6, size=1, sha256="0" * 64, now=clock())
    await make(database, settings, claimed, clock)
    assert await file_of(client, full_key, export_id) == first


async def test_what_a_dead_maker_left_goes_when_nothing_is_being_made(
    client: httpx2.AsyncClient, database: Database, settings: Settings, clock: Clock, full_key: dict[str, str]
) -> None:
    left = service.folder_of(settings) / f"{service.SCRATCH}x"
    left.mkdir(parents=True)
    (left / "export").write_text("half")
    await asked(client, full_key, what="learners", format="json")
    async with database.transaction() as db:
        assert await service.claim(db, clock()) is not None
    await service.purge(database, settings, clock())
    assert left.exists()
    async with database.transaction() as db:
        await db.execute(update(Export).values(status="failed"))
    await service.purge(database, settings, clock())
    assert not left.exists()
