"""Learners of test mode: they answer from the scoring keys, through the same rules as everybody.

Nothing here is random: a learner of ability theta earns, on each item, the credit that a number drawn from the
sitting's and the item's identity falls on.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.assessments.service import DesignInUse
from app.auth.permissions import Caller
from app.db import Database
from app.delivery import service
from app.delivery.service import Delivery, Submission
from app.delivery.simulated import answers_of
from app.delivery.state import SittingState
from app.errors import Forbidden, InvalidInput
from app.institutions import service as institutions
from irt import models

Behaviour = Literal["all_right", "all_wrong", "theta", "times_out"]
AT_ONCE = 500


def require_test_mode(caller: Caller) -> None:
    """Raise `Forbidden` for a live key: nothing that counts is ever answered by the service itself."""
    if caller.mode != "test":
        raise Forbidden("This works in test mode only: use a key that begins with `plk_test_`.")


async def run(
    database: Database,
    delivery: Delivery,
    sitting: SittingState,
    behaviour: Behaviour,
    now: datetime,
    *,
    theta: float | None = None,
    answers: int | None = None,
) -> SittingState:
    """Start the sitting if it waits, and answer it to its end, or until it has `answers` answers in all.

    What is asked for is a state, not a step: asked again, it is there already, and nothing is answered twice.

    A sitting that waits gets the seed of its learner first: the same learner meets the same questions.

    Raises
    ------
    InvalidInput
        `theta` without an ability, or an ability without it.
    """
    if (behaviour == "theta") != (theta is not None):
        raise InvalidInput(
            "This behaviour and this ability do not go together.",
            errors=[
                {"field": "theta", "expected": "an ability from -4 to 4 with `theta`, nothing with others"}
            ],
        )
    if sitting.status == "created":
        async with database.transaction(tenant=sitting.institution_id) as db:
            await service.reseed(db, sitting.id)
        sitting = await service.require(delivery, sitting.id)
    sitting = await service.start(delivery, sitting, now)
    design = await delivery.assessments.in_use(sitting.design_id)
    if behaviour == "times_out" and answers is None:
        answers = design.length // 2
    enough = design.length if answers is None else answers
    while sitting.answered < enough and sitting.status == "in_progress" and sitting.current_item is not None:
        item = sitting.current_item
        entered = answers_of(design.release.item(item))[_credit(design, sitting, item, behaviour, theta)]
        submission = Submission(
            position=sitting.position,
            item_token=design.release.item_version_ids[item],
            response=entered,
            idempotency_key=f"test:{sitting.position}",
        )
        await service.answer(delivery, sitting, submission, now)
        sitting = await service.require(delivery, sitting.id)
    if behaviour == "times_out" and sitting.deadline_at is not None:
        return await service.settle(
            delivery, sitting, sitting.deadline_at + delivery.grace + timedelta(seconds=1)
        )
    return sitting


async def advance(db: AsyncSession, caller: Caller, seconds: int) -> int:
    """Move the twin's time forward; how far ahead it is then, in seconds."""
    twin = await institutions.require(db, caller.institution_id)
    twin.clock_offset_seconds += seconds
    await db.flush()
    return twin.clock_offset_seconds


async def close_overdue(database: Database, delivery: Delivery, caller: Caller, now: datetime) -> None:
    """Close the twin's sittings whose time has run out in its own time."""
    while True:
        async with database.reading(tenant=caller.institution_id) as db:
            twin = await institutions.require(db, caller.institution_id)
            moved = now + timedelta(seconds=twin.clock_offset_seconds)
            due = await service.overdue(db, delivery, moved, AT_ONCE, institution_id=caller.institution_id)
        for sitting_id in due:
            await service.settle(delivery, await service.require(delivery, sitting_id), moved)
        if len(due) < AT_ONCE:
            return


def _credit(
    design: DesignInUse, sitting: SittingState, item: int, behaviour: Behaviour, theta: float | None
) -> int:
    highest = design.release.item(item).maximum_score
    match behaviour:
        case "all_wrong":
            return 0
        case "theta" if theta is not None:
            probabilities = models.category_probability(design.release.snapshot.parameters, [theta])
            drawn = int.from_bytes(_digest(str(sitting.seed), str(item))[:8], "big") / 2**64
            cumulative = np.cumsum(probabilities[0, item, : highest + 1])
            return min(int(np.searchsorted(cumulative, drawn, side="right")), highest)
        case _:
            return highest


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()
