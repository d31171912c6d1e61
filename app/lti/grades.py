"""The rules of grades: what a platform is told of a participation, and when a telling is tried again.

One row a participation holds the newest only. A row is written in the transaction of its cause or in reaction to an
event, and sent by the worker until the platform takes it or three days have passed: at least once, newest wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.delivery import service as delivery
from app.delivery.service import Delivery
from app.delivery.state import SittingState
from app.lti import store
from app.lti.claims import LINE_ITEM_SCOPE, SCORE_SCOPE
from app.lti.tables import LtiGrade, LtiLink, LtiParticipation, LtiPlatform
from app.outbox import OutboxEvent

MAXIMUM: Final = 1000  # the reporting scale
TOPICS: Final = ("sitting.started", "sitting.finished", "result.published")
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(days=3)

Activity = Literal["Initialized", "InProgress", "Completed"]
Grading = Literal["NotReady", "PendingManual", "Failed", "FullyGraded"]
ACTIVITIES: Final[tuple[Activity, ...]] = ("Initialized", "InProgress", "Completed")


@dataclass(frozen=True)
class Due:
    """A grade taken to be sent: all that a call needs."""

    participation_id: UUID
    version: int
    institution_id: UUID
    platform: LtiPlatform
    link_id: UUID
    resource_link: str
    label: str
    line_item: str | None
    line_items: str | None
    subject_sealed: str
    activity: str
    grading: str
    points: int | None
    indicative: bool
    at: datetime


async def note(
    db: AsyncSession,
    participation: LtiParticipation,
    activity: Activity,
    grading: Grading,
    now: datetime,
    *,
    points: int | None = None,
    indicative: bool = False,
) -> None:
    """Write down what a platform should know; the same again changes nothing.

    A completed participation is not told to be under way when the test is taken anew: the score stands until the
    next one replaces it.
    """
    found = await store.grade(db, participation.id)
    told = (activity, grading, points, indicative)
    if found is None:
        db.add(
            LtiGrade(
                participation_id=participation.id,
                institution_id=participation.institution_id,
                version=1,
                activity=activity,
                grading=grading,
                points=points,
                indicative=indicative,
                at=now,
                state="pending",
                attempts=0,
                opened_at=now,
                due_at=now,
            )
        )
        await db.flush()
        return
    if (found.activity, found.grading, found.points, found.indicative) == told:
        return
    if ACTIVITIES.index(activity) < ACTIVITIES.index(activity_of(found)):
        return
    found.activity, found.grading, found.points, found.indicative = told
    found.version += 1
    # a platform refuses a moment that is not later than the last one
    found.at = max(now, found.at + timedelta(milliseconds=1))
    found.state, found.attempts, found.error = "pending", 0, None
    found.opened_at = found.due_at = now
    found.claimed_until = None
    await db.flush()


def activity_of(grade: LtiGrade) -> Activity:
    """How far the participation is."""
    return next(activity for activity in ACTIVITIES if activity == grade.activity)


async def react(database: Database, rules: Delivery, event: OutboxEvent, now: datetime) -> None:
    """Follow a sitting that started, ended or was published; one that no platform launched is passed over."""
    async with database.reading() as db:
        if not await store.participations_of_sitting(db, event.subject):
            return
    sitting = await delivery.require(rules, event.subject)
    if sitting.status == "created":
        return
    body: Mapping[str, Any] | None = None
    if sitting.status == "finished" and not sitting.result_held:
        body = await delivery.result(rules, sitting)
    async with database.transaction() as db:
        # a campaign may be linked twice in a course: both places are told
        for participation in await store.participations_of_sitting(db, event.subject, lock=True):
            await _follow(db, participation, sitting, body, now)


async def _follow(
    db: AsyncSession,
    participation: LtiParticipation,
    sitting: SittingState,
    body: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    if sitting.status == "in_progress":
        await note(db, participation, "InProgress", "NotReady", now)
    elif body is None:
        await note(db, participation, "Completed", "PendingManual", now)
    else:
        measured = body["measurement"]
        points = measured["points"] if measured else None
        await note(
            db,
            participation,
            "Completed",
            "FullyGraded" if measured else "Failed",
            now,
            points=None if points is None else min(max(points, 0), MAXIMUM),
            indicative=bool(body["provisional"]),
        )


async def claim(database: Database, now: datetime, hold: timedelta, limit: int) -> list[Due]:
    """Take due grades for as long as a call may last."""
    async with database.reading() as db:
        if not await store.any_grade_due(db, now):
            return []
    async with database.transaction() as db:
        taken = await store.claim_grades(db, now, now + hold, limit)
        return [_due(*one) for one in taken]


async def settle(
    database: Database, due: Due, now: datetime, *, error: str | None, lasting: bool = False
) -> None:
    """Write down what became of a telling; what was noted meanwhile waits for its own.

    `lasting`: no later try can do better.
    """
    async with database.transaction() as db:
        found = await store.grade(db, due.participation_id)
        if found is None or found.version != due.version or found.state != "pending":
            return
        found.claimed_until = None
        found.attempts += 1
        found.error = error[:300] if error else None
        if error is None:
            found.state = "sent"
        elif lasting or now >= found.opened_at + GIVEN_UP_AFTER:
            found.state = "failed"
        else:
            wait = min(FIRST_WAIT * (1 << min(found.attempts - 1, 20)), LONGEST_WAIT)
            found.due_at = min(now + wait, found.opened_at + GIVEN_UP_AFTER)


async def keep_line_item(database: Database, link_id: UUID, url: str) -> None:
    """Remember the line item that was found or made for a link."""
    async with database.transaction() as db:
        link = await store.link_by_id(db, link_id)
        if link is not None and len(url) <= 500:
            link.line_item_url = url


def _due(grade: LtiGrade, participation: LtiParticipation, link: LtiLink, platform: LtiPlatform) -> Due:
    scores = SCORE_SCOPE in link.grade_scopes
    return Due(
        participation_id=participation.id,
        version=grade.version,
        institution_id=grade.institution_id,
        platform=platform,
        link_id=link.id,
        resource_link=link.resource_link,
        label=link.design_key,
        line_item=link.line_item_url if scores else None,
        line_items=link.line_items_url if scores and LINE_ITEM_SCOPE in link.grade_scopes else None,
        subject_sealed=participation.subject_sealed,
        activity=grade.activity,
        grading=grade.grading,
        points=grade.points,
        indicative=grade.indicative,
        at=grade.at,
    )
