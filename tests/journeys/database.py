"""What a journey changes behind the server's back: the product has no test hook, its database is open to its owner."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.auth.credentials import new_code
from app.db import instant_to_text
from app.identifiers import new_id


@contextmanager
def opened(url: str) -> Iterator[sqlite3.Connection]:
    """The file, for one change."""
    with closing(sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"), timeout=10)) as db, db:
        yield db


@contextmanager
def held(url: str) -> Iterator[None]:
    """Nobody else can write for as long as the block lasts."""
    with opened(url) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.rollback()


def items(url: str) -> dict[int, dict[str, Any]]:
    """The items of the latest release as their authors wrote them, by index."""
    query = (
        "SELECT item_index, body FROM release_item JOIN item_version ON item_version.id = item_version_id"
        " WHERE release_id = (SELECT id FROM bank_release ORDER BY number DESC LIMIT 1) ORDER BY item_index"
    )
    with opened(url) as db:
        return {index: json.loads(body) for index, body in db.execute(query)}


def show_item(url: str, sitting: UUID, index: int) -> None:
    """Let a sitting in progress show this item; it can no longer be replayed."""
    with opened(url) as db:
        db.execute("UPDATE sitting SET current_item = ? WHERE id = ?", (index, sitting.hex))
        db.execute("DELETE FROM draft WHERE sitting_id = ?", (sitting.hex,))


def set_seed(url: str, sitting: UUID, seed: int) -> None:
    """Give a sitting not yet started another seed."""
    with opened(url) as db:
        db.execute("UPDATE sitting SET seed = ? WHERE id = ? AND status = 'created'", (seed, sitting.hex))


def leave_time(url: str, sitting: UUID, seconds: float) -> datetime:
    """Move the start of a sitting back so that this much time is left from now; returns the deadline."""
    with opened(url) as db:
        (limit,) = db.execute(
            "SELECT time_limit_seconds FROM sitting WHERE id = ?", (sitting.hex,)
        ).fetchone()
        deadline = datetime.now(UTC) + timedelta(seconds=seconds)
        started = instant_to_text(deadline - timedelta(seconds=limit))
        db.execute(
            "UPDATE sitting SET created_at = ?, started_at = ?, deadline_at = ? WHERE id = ?",
            (started, started, instant_to_text(deadline), sitting.hex),
        )
    return deadline


def add_expired_code(url: str) -> str:
    """An access code whose window closed yesterday."""
    code = new_code()
    yesterday = instant_to_text(datetime.now(UTC) - timedelta(days=1))
    with opened(url) as db:
        db.execute(
            "INSERT INTO access_code (id, institution_id, code, label, design_key, expires_at, uses, created_at)"
            " SELECT ?, institution_id, ?, 'expired', design_key, ?, 0, created_at FROM access_code LIMIT 1",
            (new_id().hex, code, yesterday),
        )
    return code


def versions(url: str) -> dict[UUID, int]:
    """The index of each item version of the latest release."""
    query = (
        "SELECT item_version_id, item_index FROM release_item"
        " WHERE release_id = (SELECT id FROM bank_release ORDER BY number DESC LIMIT 1)"
    )
    with opened(url) as db:
        return {UUID(version): index for version, index in db.execute(query)}


def reports(url: str, sitting: UUID) -> list[str]:
    """What a learner said was wrong, oldest first."""
    with opened(url) as db:
        query = "SELECT text FROM problem_report WHERE sitting_id = ? ORDER BY created_at"
        return [text for (text,) in db.execute(query, (sitting.hex,))]
