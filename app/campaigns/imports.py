"""What a file of learners becomes once it is read: rows of the database, all of them or none, and an audit entry.

The whole file is written by two or three statements in one transaction: the database does in a fraction of a second
what ten thousand statements would do in many, and the write gate of the embedded database is held no longer.
"""

import zlib
from base64 import b64decode, b64encode
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.assessments.service import Assessments
from app.campaigns import store
from app.campaigns.tables import Cohort, LearnerFile
from app.errors import NotFound
from app.identifiers import new_id
from app.institutions import learners
from app.institutions.facts import renewed
from app.institutions.learners import Outcome
from app.secrets import Sealer
from item_bank.item import TRANSVERSAL

KEPT: Final = timedelta(days=1)


async def professions(assessments: Assessments) -> frozenset[str]:
    """The professions a learner may have: those of the framework in use."""
    keys = await assessments.keys()
    framework = (await assessments.current(keys[0])).release.framework
    return frozenset(audience.id for audience in framework.professions) - {TRANSVERSAL}


async def write(
    db: AsyncSession,
    institution_id: UUID,
    packed: str,
    outcome: Outcome,
    *,
    cohort: Cohort | None,
    actor: str,
    now: datetime,
) -> None:
    """Make or change learners, as it was foreseen, and put them into a cohort; raises `QuotaReached`."""
    await learners.put(db, institution_id, packed, outcome, now)
    if cohort is not None:
        await store.add_members(db, cohort, learners.named_in(db, institution_id, packed), now)
    facts = {**asdict(outcome), "cohort": str(cohort.id) if cohort else None}
    await note(db, institution_id, "learners.imported", str(institution_id), actor, now, **facts)


async def note(
    db: AsyncSession, institution_id: UUID, act: str, subject: str, actor: str, now: datetime, **facts: Any
) -> None:
    """Write an act on learners into the audit log; who they are stays out of it."""
    await audit.record(
        db,
        actor=actor,
        act=act,
        subject=subject,
        facts=facts,
        now=now,
        tenant=institution_id,
    )


# A file between its reading and its confirmation


async def keep(
    db: AsyncSession,
    institution_id: UUID,
    rows_sealed: str,
    count: int,
    *,
    name: str,
    cohort_id: UUID | None,
    actor: str,
    now: datetime,
) -> UUID:
    """Keep what was read for a day at most; files that nobody confirmed are forgotten."""
    await store.forget_files(db, now - KEPT)
    file_id = new_id()
    await store.add_file(
        db,
        {
            "id": file_id,
            "institution_id": institution_id,
            "cohort_id": cohort_id,
            "name": name[:200],
            "rows": count,
            "rows_sealed": rows_sealed,
            "read_by": actor,
            "read_at": now,
        },
    )
    return file_id


async def kept(db: AsyncSession, institution_id: UUID, file_id: UUID, now: datetime) -> LearnerFile:
    """The file that waits; raises `NotFound` once it is written or a day old."""
    found = await store.file(db, institution_id, file_id)
    if found is None or found.read_at < now - KEPT:
        raise NotFound("This file no longer waits. Choose it again.")
    return found


async def confirm(
    db: AsyncSession,
    found: LearnerFile,
    packed: str,
    outcome: Outcome,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Write a file that waited, and forget it; raises `QuotaReached`."""
    cohort = None
    if found.cohort_id is not None:
        cohort = await store.cohort(db, found.institution_id, found.cohort_id)
    await write(db, found.institution_id, packed, outcome, cohort=cohort, actor=actor, now=now)
    await db.delete(found)
    await db.flush()


def sealed(sealer: Sealer, packed: str) -> str:
    """Learners to keep for a while; fit for a thread."""
    return sealer.seal(b64encode(zlib.compress(packed.encode())).decode())


def opened(sealer: Sealer, rows_sealed: str) -> str:
    """The learners of a file that waits, under identifiers of the moment; fit for a thread."""
    return renewed(zlib.decompress(b64decode(sealer.open(rows_sealed))).decode())
