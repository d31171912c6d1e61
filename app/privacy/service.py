"""What is kept and for how long, what a learner may have and have erased.

The classes and their lengths are data (`CLASSES`); `purge` lets go of what is past its length, in batches that hold
the database for milliseconds; `erase` forgets one learner at once and for good, restored backups included (`log`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, outbox
from app.assessments.service import Assessments
from app.auth import service as auth
from app.campaigns import erasure as campaigns
from app.db import Database
from app.delivery import erasure, portability
from app.errors import InvalidInput, NotFound
from app.institutions import erasure as institutions
from app.lti import service as lti
from app.privacy import log, store
from app.privacy.log import Logged
from app.privacy.tables import Erasure, RetentionRule
from app.reporting import service as reporting
from app.wire import idempotency

BATCH = 200


class DataClass(StrEnum):
    """A kind of personal data with a length of its own, which institutions may set."""

    IDENTITY = "identity"
    PSEUDONYM = "pseudonym"
    ENTRIES = "entries"
    NEVER_STARTED = "never_started"


@dataclass(frozen=True)
class Retention:
    """How long a class is kept, in days, and between which bounds an institution may choose."""

    days: int
    least: int
    most: int
    what: str
    after: str


CLASSES: Mapping[DataClass, Retention] = {
    DataClass.IDENTITY: Retention(
        365, 1, 1826, "name, given name, e-mail address of a learner", "the learner's last sitting"
    ),
    DataClass.PSEUDONYM: Retention(
        1096,
        30,
        3653,
        "the institution's identifier of a learner, their attributes",
        "the learner's last sitting",
    ),
    DataClass.ENTRIES: Retention(
        1096, 30, 3653, "what was entered question by question, problem reports", "the end of the sitting"
    ),
    DataClass.NEVER_STARTED: Retention(90, 1, 366, "sittings never started", "their creation"),
}


async def retention(db: AsyncSession, institution_id: UUID) -> dict[DataClass, int]:
    """Days each class is kept by an institution."""
    own = {rule.data_class: rule.days for rule in await store.rules(db, institution_id)}
    return {name: own.get(name, default.days) for name, default in CLASSES.items()}


async def set_retention(
    db: AsyncSession, institution_id: UUID, days: Mapping[DataClass, int], *, actor: str, now: datetime
) -> dict[DataClass, int]:
    """Choose lengths for some classes; the others stay.

    Raises
    ------
    InvalidInput
        Outside the bounds of the class.
    """
    for name, chosen in days.items():
        bounds = CLASSES[name]
        if not bounds.least <= chosen <= bounds.most:
            raise InvalidInput(
                "This length is not allowed.",
                errors=[{"field": name.value, "expected": f"{bounds.least} to {bounds.most} days"}],
            )
    for name, chosen in days.items():
        rule = await store.rule(db, institution_id, name)
        if rule is None:
            rule = RetentionRule(institution_id=institution_id, data_class=name.value)
            db.add(rule)
        rule.days, rule.changed_by, rule.changed_at = chosen, actor, now
    await db.flush()
    await audit.record(
        db,
        actor=actor,
        act="retention.set",
        subject=str(institution_id),
        facts={name.value: chosen for name, chosen in days.items()},
        now=now,
    )
    return await retention(db, institution_id)


async def called(db: AsyncSession, institution_id: UUID, external_id: str) -> UUID | None:
    """The learner an institution calls so."""
    return await institutions.called(db, institution_id, external_id)


async def export(
    db: AsyncSession, assessments: Assessments, institution_id: UUID, learner_id: UUID
) -> dict[str, Any]:
    """Everything that is known of a learner; raises `NotFound`."""
    learner = await institutions.learner_facts(db, institution_id, learner_id)
    return {
        "learner": learner,
        **await campaigns.of_learner(db, institution_id, learner_id),
        "sittings": await portability.of_learner(db, assessments, institution_id, learner_id),
    }


@dataclass(frozen=True)
class Erased:
    """What an erasure did."""

    learner_id: UUID
    at: datetime
    sittings_kept: int
    sittings_removed: int
    exports_withdrawn: int


async def erase(
    db: AsyncSession,
    folder: Path,
    institution_id: UUID,
    learner_id: UUID,
    *,
    reason: str,
    actor: str,
    now: datetime,
) -> Erased:
    """Forget a learner: identity, identifier, attributes, memberships, what they entered.

    Scores stay without a name where at least five learners sat the same design (`app.delivery.erasure`). Files that
    were exported before and may hold the learner are withdrawn. Erasing twice changes nothing more. The log outside the
    database is written first.

    Raises
    ------
    NotFound
        No such learner of this institution.
    """
    if not await institutions.has_learner(db, institution_id, learner_id):
        raise NotFound("This learner is unknown.")
    log.append(folder, Logged(learner_id, institution_id, reason, actor, now))
    return await _erase(db, folder, Logged(learner_id, institution_id, reason, actor, now), now)


async def reapply(database: Database, folder: Path, path: Path, now: datetime) -> int:
    """Erase again whom a log names and this database still knows; returns how many.

    `folder` is that of this installation's state, where the files of exports are.

    Raises
    ------
    ValueError
        A line of the log cannot be read; nothing is erased.
    """
    done = 0
    for entry in list(log.read(path)):
        async with database.transaction() as db:
            if not await institutions.has_learner(db, entry.institution_id, entry.learner_id, erased=False):
                continue
            await _erase(db, folder, entry, now)
        done += 1
    return done


async def purge(database: Database, folder: Path, now: datetime) -> dict[str, int]:
    """Let go of everything past its length; returns how much of each class."""
    done: dict[str, int] = {}
    async with database.reading() as db:
        known = await institutions.every(db)
    for institution_id in known:
        async with database.reading() as db:
            kept = await retention(db, institution_id)
        before = {name: now - timedelta(days=days) for name, days in kept.items()}
        for name, count in (
            (
                DataClass.IDENTITY,
                await _forget_identities(database, institution_id, before[DataClass.IDENTITY]),
            ),
            (
                DataClass.PSEUDONYM,
                await _forget_learners(database, folder, institution_id, before[DataClass.PSEUDONYM], now),
            ),
            (DataClass.ENTRIES, await _forget_entries(database, institution_id, before[DataClass.ENTRIES])),
            (
                DataClass.NEVER_STARTED,
                await _drop_never_started(database, institution_id, before[DataClass.NEVER_STARTED]),
            ),
        ):
            done[name] = done.get(name, 0) + count
    async with database.transaction() as db:
        await erasure.remove_drafts(db, now)
        await auth.forget_expired(db, now)
        await idempotency.forget(db, now)
        await campaigns.forget_files(db, now)
    return done


async def _erase(db: AsyncSession, folder: Path, entry: Logged, now: datetime) -> Erased:
    withdrawn = 0
    # an export made after an erasure holds nobody: a second one leaves it alone
    if await institutions.has_learner(db, entry.institution_id, entry.learner_id, erased=False):
        withdrawn = await reporting.withdraw(
            db, folder, entry.institution_id, entry.learner_id, actor=entry.actor, now=now
        )
    await lti.forget_learner(db, entry.institution_id, entry.learner_id)
    await campaigns.forget_learner(db, entry.institution_id, entry.learner_id)
    kept, removed = await erasure.of_learner(db, entry.institution_id, entry.learner_id)
    await institutions.forget_learner(db, entry.institution_id, entry.learner_id, now)
    if await store.erasure(db, entry.learner_id) is None:
        db.add(
            Erasure(
                learner_id=entry.learner_id,
                institution_id=entry.institution_id,
                reason=entry.reason,
                actor=entry.actor,
                at=entry.at,
            )
        )
    await audit.record(
        db,
        actor=entry.actor,
        act="learner.erased",
        subject=str(entry.learner_id),
        facts={
            "reason": entry.reason,
            "sittings_kept": kept,
            "sittings_removed": removed,
            "exports_withdrawn": withdrawn,
        },
        now=now,
        tenant=entry.institution_id,
    )
    await outbox.record(
        db,
        entry.institution_id,
        "learner.erased",
        entry.learner_id,
        {"learner_id": str(entry.learner_id)},
        now,
    )
    return Erased(entry.learner_id, now, kept, removed, withdrawn)


async def _forget_identities(database: Database, institution_id: UUID, before: datetime) -> int:
    done = 0
    after: UUID | None = None
    while True:
        async with database.reading() as db:
            found = await institutions.identified(db, institution_id, before, after, BATCH)
            active = await erasure.last_activity(db, found)
        due = [learner for learner in found if active.get(learner, before) <= before]
        if due:
            async with database.transaction() as db:
                await institutions.forget_identities(db, institution_id, due)
        done += len(due)
        if len(found) < BATCH:
            return done
        after = found[-1]


async def _forget_learners(
    database: Database, folder: Path, institution_id: UUID, before: datetime, now: datetime
) -> int:
    done = 0
    after: UUID | None = None
    while True:
        async with database.reading() as db:
            found = await institutions.named_before(db, institution_id, before, after, BATCH)
            active = await erasure.last_activity(db, found)
        for learner in found:
            if active.get(learner, before) <= before:
                async with database.transaction() as db:
                    await erase(
                        db, folder, institution_id, learner, reason="retention", actor="worker", now=now
                    )
                done += 1
        if len(found) < BATCH:
            return done
        after = found[-1]


async def _forget_entries(database: Database, institution_id: UUID, before: datetime) -> int:
    return await _in_batches(
        database, lambda db: erasure.forget_entries_before(db, institution_id, before, BATCH)
    )


async def _drop_never_started(database: Database, institution_id: UUID, before: datetime) -> int:
    return await _in_batches(
        database, lambda db: erasure.remove_never_started(db, institution_id, before, BATCH)
    )


async def _in_batches(database: Database, some: Any) -> int:
    done = 0
    while True:
        async with database.transaction() as db:
            count: int = await some(db)
        done += count
        if count < BATCH:
            return done
