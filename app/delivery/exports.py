"""Responses on their way out, in batches: what calibration needs, and nothing that says who answered."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assessments.service import Assessments, DesignInUse
from app.delivery.tables import Response, Sitting
from app.institutions import service as institutions
from app.institutions.service import SIMULATION

BATCH = 5000


class ExportedResponse(NamedTuple):
    """One response as it leaves."""

    person: str  # of one sitting
    learner: str  # the same in every sitting of a learner
    item: str
    item_version: str
    position: int
    score: int | None
    maximum: int
    outcome: str
    response: str | None  # JSON, as it was entered
    seconds: float
    language: str | None
    profession: str | None
    release: str
    design: str
    design_number: int
    purpose: str
    theta_before: float
    se_before: float
    selected_next: bool
    simulated: bool


def pseudonym(key: bytes, identifier: UUID) -> str:
    """A name that cannot be traced back without the key, which is kept nowhere.

    Examples
    --------
    >>> pseudonym(b"key", UUID(int=1)) == pseudonym(b"key", UUID(int=1)) != pseudonym(b"other", UUID(int=1))
    True
    """
    return hmac.new(key, identifier.bytes, hashlib.sha256).hexdigest()[:24]


async def responses(
    db: AsyncSession,
    assessments: Assessments,
    *,
    key: bytes,
    design: str | None = None,
    release: str | None = None,
    since: datetime | None = None,
) -> AsyncIterator[Sequence[ExportedResponse]]:
    """Every response of the chosen sittings, sitting after sitting, through a cursor of the server.

    Sittings whose result is held are among them, those of test mode are not.

    Sittings are chosen whole: a response that selected the next item cannot be left out, for only then is what is
    missing missing at random.

    Parameters
    ----------
    db, assessments
    key : bytes
        Of the pseudonyms, drawn for this export.
    design, release : str, optional
        Key of a design; beginning of the content hash of a release.
    since : datetime, optional
        Only sittings created from then on.
    """
    query = (
        select(
            Response.sitting_id, Response.position, Response.item_index, Response.response, Response.outcome,
            Response.score, Response.presented_at, Response.received_at, Response.theta, Response.se,
            Response.next_item, Sitting.institution_id, Sitting.learner_id, Sitting.design_id, Sitting.language,
            Sitting.profession,
        )
        .join(Sitting, Sitting.id == Response.sitting_id)
        .order_by(Response.sitting_id, Response.position)
        .execution_options(yield_per=BATCH)
    )  # fmt: skip
    if since is not None:
        query = query.where(Sitting.created_at >= since)
    # what was made in test mode is nobody's response; what is held is, and calibration is why it is held
    twins = await institutions.twins(db)
    if twins:
        query = query.where(Sitting.institution_id.not_in(twins))
    simulation = await institutions.institution_id(db, SIMULATION)
    batch: list[ExportedResponse] = []
    last: tuple[UUID, float, float] | None = None
    starts: dict[UUID, tuple[float, float]] = {}
    async for row in await db.stream(query):
        used = await assessments.in_use(row.design_id)
        if design is not None and used.key != design:
            continue
        if release is not None and not used.release.content_hash.startswith(release.lower()):
            continue
        if last is None or last[0] != row.sitting_id:
            if row.design_id not in starts:
                first = used.step((), (), 0, None)
                starts[row.design_id] = (first.theta, first.se)
            last = (row.sitting_id, *starts[row.design_id])
        batch.append(_exported(row, used, key, last[1], last[2], simulated=row.institution_id == simulation))
        last = (row.sitting_id, row.theta, row.se)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _exported(
    row: Any, used: DesignInUse, key: bytes, theta: float, se: float, *, simulated: bool
) -> ExportedResponse:
    snapshot = used.release.snapshot
    index = row.item_index
    return ExportedResponse(
        person=pseudonym(key, row.sitting_id),
        learner=pseudonym(key, row.learner_id),
        item=snapshot.item_ids[index],
        item_version=snapshot.item_hashes[index],
        position=row.position,
        score=row.score,
        maximum=int(snapshot.parameters.n_categories[index]) - 1,
        outcome=row.outcome,
        response=None
        if row.response is None
        else json.dumps(row.response, ensure_ascii=False, sort_keys=True),
        seconds=(row.received_at - row.presented_at).total_seconds(),
        language=row.language,
        profession=row.profession,
        release=used.release.content_hash,
        design=used.key,
        design_number=used.number,
        purpose=used.purpose,
        theta_before=theta,
        se_before=se,
        selected_next=row.next_item is not None,
        simulated=simulated,
    )
