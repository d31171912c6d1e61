"""The export holds every response that selected an item, under pseudonyms, and calibration reads it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import polars as pl
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from app.assessments.service import Assessments
from app.calibration import read
from app.calibration.exports import MISSING_AT_RANDOM, export
from app.calibration.frames import METADATA
from app.db import Database
from app.delivery import exports
from app.delivery.tables import Response, Sitting
from tests.app.delivery.learner import Learner
from tests.conftest import START, Clock, Published

KEY = b"k" * 32


@pytest.fixture
async def walked(client: httpx2.AsyncClient, published: Published, clock: Clock) -> list[Learner]:
    """A certification to its end, a practice begun, and one an hour later."""
    found = []
    for design, answers in (("certification", 1000), ("practice", 4), ("practice", 2)):
        learner = Learner(client, published.authorization)
        await learner.walk(design, answers)
        found.append(learner)
        clock.advance(3600)
    return found


async def exported(database: Database, path: Path, **filters: Any) -> tuple[dict[str, int], pl.DataFrame]:
    async with database.reading() as db:
        counts = await export(db, Assessments(database), path, key=KEY, now=START, **filters)
    return counts, pl.read_parquet(path)


async def test_every_response_is_there_with_what_was_known_before_it(
    walked: list[Learner], database: Database, tmp_path: Path
) -> None:
    counts, table = await exported(database, tmp_path / "all.parquet")
    async with database.reading() as db:
        stored = (
            (await db.execute(select(Response).order_by(Response.sitting_id, Response.position)))
            .scalars()
            .all()
        )
    assert counts == {"persons": 3, "responses": len(stored)}
    assert table["score"].to_list() == [one.score for one in stored]
    assert table["position"].to_list() == [one.position for one in stored]
    assert [json.loads(one) for one in table["response"]] == [one.response for one in stored]
    for before, after, row, following in zip(
        stored, stored[1:], table.rows(named=True), table.rows(named=True)[1:], strict=False
    ):
        if before.sitting_id == after.sitting_id:
            assert following["theta_before"] == before.theta
        else:
            assert following["position"] == 1
            assert following["theta_before"] == table["theta_before"][0]
        assert row["person"] == exports.pseudonym(KEY, before.sitting_id)
    assert (table["maximum"] >= 1).all()
    assert (table["score"] <= table["maximum"]).all()
    assert set(table["selected_next"].to_list()) == {True, False}


async def test_nobody_can_be_recognised_and_another_key_gives_other_names(
    walked: list[Learner], database: Database, tmp_path: Path
) -> None:
    await exported(database, tmp_path / "one.parquet")
    raw = (tmp_path / "one.parquet").read_bytes()
    async with database.reading() as db:
        sittings = (await db.execute(select(Sitting))).scalars().all()
    for sitting in sittings:
        for identifier in (sitting.id, sitting.learner_id, sitting.institution_id):
            assert str(identifier).encode() not in raw
            assert identifier.bytes not in raw
    assert KEY not in raw
    assert exports.pseudonym(KEY, sittings[0].id) != exports.pseudonym(b"another", sittings[0].id)


async def test_the_file_says_what_it_is_and_why_nothing_may_be_dropped(
    walked: list[Learner], database: Database, tmp_path: Path
) -> None:
    await exported(database, tmp_path / "all.parquet", design="certification")
    about = json.loads(pq.read_schema(tmp_path / "all.parquet").metadata[METADATA])
    assert about["missing_at_random"] == MISSING_AT_RANDOM
    assert about["design"] == "certification"
    data = read(tmp_path / "all.parquet")
    assert data.metadata == about
    assert data.responses.counts.tolist() == [32]


async def test_filters_choose_whole_sittings(
    walked: list[Learner], database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "some.parquet"
    assert (await exported(database, path, design="practice"))[0] == {"persons": 2, "responses": 6}
    assert (await exported(database, path, since=START + timedelta(minutes=90)))[0] == {
        "persons": 1,
        "responses": 2,
    }
    counts, table = await exported(database, path)
    release = table["release"][0]
    assert (await exported(database, path, release=release[:10]))[0] == counts
    nobody, empty = await exported(database, path, release="0000")
    assert nobody == {"persons": 0, "responses": 0}
    assert empty.columns == table.columns


async def test_batches_are_cut_without_losing_the_thread(
    walked: list[Learner], database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, whole = await exported(database, tmp_path / "whole.parquet")
    monkeypatch.setattr(exports, "BATCH", 5)
    _, cut = await exported(database, tmp_path / "cut.parquet")
    assert cut.equals(whole)
