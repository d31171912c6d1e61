"""The walk of one sitting: create, start, answer, resume, finish. Rules only; plain arguments; `now` is one of them.

A retry, a double click and a second tab are harmless by construction: the store advances a sitting only from the
position the caller saw, and whoever loses that race reads what won and is answered accordingly.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.assessments.service import Assessments, DesignInUse
from app.auth.credentials import hashed, new_code, new_seed
from app.bank import service as bank
from app.delivery import results, sittings, withdrawals
from app.delivery.state import (
    CampaignSitting,
    Closure,
    DraftState,
    Ending,
    Move,
    SittingState,
    Start,
    Status,
    StoredResponse,
    Tally,
    told_of,
)
from app.delivery.store import DeliveryStore
from app.delivery.tables import ProblemReport, Sitting, WithdrawalEntry
from app.delivery.withdrawals import WithdrawalLists
from app.errors import (
    AlreadyAnswered,
    Conflict,
    Gone,
    IdempotencyMismatch,
    InvalidInput,
    NotFinished,
    NotFound,
    NotStarted,
    ResultHeld,
    SittingClosed,
    TimeOver,
    Unavailable,
    WrongItem,
)
from app.identifiers import new_id
from app.institutions import learners
from item_bank import scoring
from item_bank.errors import InvalidResponse
from item_bank.presentation import Explanation, Presented, explain, present


@dataclass(frozen=True)
class Delivery:
    """What the rules need from outside: the store, the designs in use, the network grace after a deadline."""

    store: DeliveryStore
    assessments: Assessments
    grace: timedelta
    withdrawal_lists: WithdrawalLists = field(default_factory=WithdrawalLists)


@dataclass(frozen=True)
class NewSitting:
    """A sitting just created, with the code that finds it again."""

    id: UUID
    resume_code: str


@dataclass(frozen=True)
class Terms:
    """What a campaign makes of a sitting."""

    campaign_id: UUID
    held: bool = False
    start_by: datetime | None = None
    time_percent: int = 100


@dataclass(frozen=True)
class Submission:
    """One response as it arrived."""

    position: int
    item_token: UUID
    response: Mapping[str, Any] | None
    idempotency_key: str


@dataclass(frozen=True)
class Reply:
    """What follows from one response; the same for every retry of it."""

    position: int
    outcome: str
    next_position: int | None
    next_item: int | None
    finish_reason: str | None


@dataclass(frozen=True)
class Question:
    """The question being shown, as the learner may see it."""

    position: int
    token: UUID
    presented: Presented
    domain: str
    document_question: int
    document_questions: int


async def create(
    db: AsyncSession,
    design: DesignInUse,
    *,
    institution_id: UUID,
    learner_id: UUID,
    now: datetime,
    holder: str | None = None,
    access_code_id: UUID | None = None,
    profession: str | None = None,
    language: str | None = None,
    idempotency_key: str | None = None,
    request_hash: str | None = None,
    terms: Terms | None = None,
) -> NewSitting:
    """Write a sitting that waits for its start.

    Raises
    ------
    InvalidInput
        A profession or language that the design does not serve.
    QuotaReached
        The institution's sittings of this year.
    """
    if profession is not None:
        design.check_profession(profession)
    if language is not None:
        design.check_language(language)
    await learners.make_room(
        db, institution_id, "sittings_per_year", lambda: sittings.count_of_year(db, institution_id, now)
    )
    resume_code = new_code()
    sitting = Sitting(
        id=new_id(),
        institution_id=institution_id,
        learner_id=learner_id,
        access_code_id=access_code_id,
        release_id=design.release.id,
        design_id=design.id,
        profession=profession,
        language=language,
        seed=new_seed(),
        holder_hash=hashed(holder) if holder else None,
        resume_hash=hashed(resume_code),
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        created_at=now,
        campaign_id=terms.campaign_id if terms else None,
        held=terms is not None and terms.held,
        start_by=terms.start_by if terms else None,
        time_limit_seconds=design.time_limit_seconds * (terms.time_percent if terms else 100) // 100,
        status="created",
        answered=0,
    )
    db.add(sitting)
    return NewSitting(sitting.id, resume_code)


async def hand_over(db: AsyncSession, institution_id: UUID, sitting_id: UUID, holder: str) -> str:
    """Let one browser hold a sitting from now on, and no other; gives the sitting's status. Raises `NotFound`."""
    found = await sittings.of_institution(db, institution_id, sitting_id)
    if found is None:
        raise NotFound("This sitting is unknown.")
    found.holder_hash = hashed(holder)
    return found.status


@dataclass(frozen=True)
class Listed:
    """A sitting in a list, as it was last written down."""

    id: UUID
    learner: str | None
    campaign_id: UUID | None
    status: Status
    design: DesignInUse
    answered: int
    created_at: datetime
    started_at: datetime | None
    deadline_at: datetime | None
    finished_at: datetime | None
    finish_reason: str | None
    updated_at: datetime


async def listed(
    db: AsyncSession,
    delivery: Delivery,
    institution_id: UUID,
    *,
    status: Status | None = None,
    design: str | None = None,
    learner: str | None = None,
    campaign_id: UUID | None = None,
    updated_since: datetime | None = None,
    after: UUID | None = None,
    limit: int,
) -> Sequence[Listed]:
    """An institution's sittings in the order they were created: all of them, or those that are asked for."""
    designs = None if design is None else await delivery.assessments.versions(db, design)
    learner_id = None
    if learner is not None:
        known = await learners.called(db, institution_id, learner)
        if known is None:
            return ()
        learner_id = known.id
    rows = await sittings.listed(
        db,
        institution_id,
        status=status,
        designs=designs,
        learner_id=learner_id,
        campaign_id=campaign_id,
        updated_since=updated_since,
        after=after,
        limit=limit,
    )
    names = await learners.by_id(db, institution_id, [row.learner_id for row, _ in rows])
    return [
        Listed(
            id=row.id,
            learner=names[row.learner_id].external_id if row.learner_id in names else None,
            campaign_id=row.campaign_id,
            status=cast("Status", row.status),
            design=await delivery.assessments.in_use(row.design_id),
            answered=row.answered,
            created_at=row.created_at,
            started_at=row.started_at,
            deadline_at=row.deadline_at,
            finished_at=row.finished_at,
            finish_reason=row.finish_reason,
            updated_at=moment,
        )
        for row, moment in rows
    ]


async def reseed(db: AsyncSession, sitting_id: UUID) -> None:
    """Give a sitting that waits the seed of its learner and design (test mode): the same questions every time."""
    await sittings.reseed(db, sitting_id)


async def require(delivery: Delivery, sitting_id: UUID) -> SittingState:
    """The sitting, or `NotFound`."""
    sitting = await delivery.store.load(sitting_id)
    if sitting is None:
        raise NotFound("This sitting is unknown.")
    return sitting


async def start(
    delivery: Delivery, sitting: SittingState, now: datetime, *, language: str | None = None
) -> SittingState:
    """Start the clock and choose the first item; starting twice changes nothing.

    The language of the questions is fixed from here on: the one the sitting was created with, else the one
    the learner chooses now, if the design offers it.

    Raises
    ------
    Gone
        Its campaign is closed.
    """
    if sitting.status != "created":
        return sitting
    if sitting.start_by is not None and now >= sitting.start_by:
        raise Gone("The time to start this sitting is over.", reason="closed")
    design = await delivery.assessments.in_use(sitting.design_id)
    if sitting.language is None and language not in design.languages:
        language = None
    withdrawn = await delivery.withdrawal_lists.at(sitting.latest_withdrawal_list, delivery.store)
    step = design.step((), (), sitting.seed, sitting.profession, withdrawn)
    if step.item is None:
        raise Unavailable("No item of the bank fits this design.")
    started = await delivery.store.start(
        Start(
            sitting_id=sitting.id,
            now=now,
            deadline=now + timedelta(seconds=sitting.time_limit_seconds),
            item=step.item,
            theta=step.theta,
            se=step.se,
            language=sitting.language or language or design.languages[0],
            withdrawal_list=sitting.latest_withdrawal_list,
            campaign_id=sitting.campaign_id,
        )
    )
    again = await require(delivery, sitting.id)
    if not started and again.latest_withdrawal_list != sitting.latest_withdrawal_list:
        return await start(delivery, again, now, language=language)
    return again


def language_of(design: DesignInUse, sitting: SittingState) -> str:
    """The language of a sitting's questions, where they have a version in it."""
    return sitting.language or design.languages[0]


async def answer(delivery: Delivery, sitting: SittingState, submission: Submission, now: datetime) -> Reply:
    """Record one response and decide what follows.

    Raises
    ------
    NotStarted, SittingClosed, TimeOver, WrongItem, AlreadyAnswered, IdempotencyMismatch
        The sitting's state does not allow this response.
    InvalidInput
        The response names an option that does not exist, or cannot be read; nothing is recorded.
    """
    design = await delivery.assessments.in_use(sitting.design_id)
    fingerprint = _fingerprint(submission)
    if submission.position <= sitting.answered:
        return await _answered_before(delivery, sitting, submission, fingerprint)
    _guard_open(sitting)
    item_index = sitting.current_item
    if item_index is None or submission.position != sitting.position:
        raise WrongItem(
            f"Question {sitting.position} is being shown; the response is for question {submission.position}.",
            shown_position=sitting.position,
        )
    if submission.item_token != design.release.item_version_ids[item_index]:
        raise WrongItem(
            "The response is for another item than the one shown.", shown_position=sitting.position
        )
    if _is_late(delivery, sitting, now):
        await _record_late(delivery, design, sitting, submission, fingerprint, now)
        raise TimeOver("The time is over; this response came too late and is not scored.")

    item, _ = design.release.shown(item_index, language_of(design, sitting))
    try:
        response = scoring.parse(item, submission.response)
    except InvalidResponse as error:
        raise InvalidInput(
            "The response cannot be read.",
            errors=[{"field": f"response.{error.field}", "expected": error.expected}],
        ) from None
    scored = scoring.score(item, response)
    items, scores = (*sitting.items, item_index), (*sitting.scores, scored.score)
    withdrawn = await delivery.withdrawal_lists.at(sitting.latest_withdrawal_list, delivery.store)
    step = design.step(items, scores, sitting.seed, sitting.profession, withdrawn)
    reason = step.reason.name.lower() if step.reason is not None else None
    if reason is None and sitting.deadline_at is not None and now >= sitting.deadline_at:
        reason = "time"
    move = Move(
        sitting_id=sitting.id,
        institution_id=sitting.institution_id,
        position=submission.position,
        item_index=item_index,
        item_version_id=submission.item_token,
        response=response.to_dict(),
        response_hash=fingerprint,
        outcome=scored.outcome.value,
        score=scored.score,
        presented_at=sitting.presented_at or now,
        now=now,
        idempotency_key=submission.idempotency_key,
        theta=step.theta,
        se=step.se,
        next_item=step.item if reason is None else None,
        ending=_ending(design, sitting, items, scores, reason, now) if reason is not None else None,
        withdrawal_list=sitting.latest_withdrawal_list,
    )
    if await delivery.store.record(move):
        return Reply(
            position=move.position,
            outcome=move.outcome,
            next_position=move.position + 1 if reason is None else None,
            next_item=move.next_item,
            finish_reason=reason,
        )
    again = await require(delivery, sitting.id)
    if (
        again.answered == sitting.answered and again.latest_withdrawal_list != sitting.latest_withdrawal_list
    ):  # an item was withdrawn between the reading and the writing: nothing is written, what follows is decided anew
        return await answer(delivery, again, submission, now)
    return await _answered_before(delivery, again, submission, fingerprint)


async def _answered_before(
    delivery: Delivery, sitting: SittingState, submission: Submission, fingerprint: str
) -> Reply:
    """The stored reply of a repeated response, or why this response cannot stand."""
    by_key = await delivery.store.response_by_key(sitting.id, submission.idempotency_key)
    if by_key is not None and (by_key.position, by_key.response_hash) != (submission.position, fingerprint):
        if by_key.position == submission.position:
            raise AlreadyAnswered("Another response already stands for this question; it is kept.")
        raise IdempotencyMismatch(
            f"This idempotency key was used for question {by_key.position}; use a new one."
        )
    stored = by_key or await delivery.store.response(sitting.id, submission.position)
    if stored is None:
        _guard_open(sitting)
        raise WrongItem("Another question is being shown.", shown_position=sitting.position)
    if stored.response_hash != fingerprint:
        raise AlreadyAnswered("Another response already stands for this question; it is kept.")
    if stored.outcome == "late":
        raise TimeOver("The time is over; this response came too late and is not scored.")
    return Reply(
        position=stored.position,
        outcome=stored.outcome,
        next_position=stored.position + 1 if stored.finish_reason is None else None,
        next_item=stored.next_item,
        finish_reason=stored.finish_reason,
    )


def _guard_open(sitting: SittingState) -> None:
    if sitting.status == "created":
        raise NotStarted("The sitting has not been started.")
    if sitting.status == "finished":
        if sitting.finish_reason == "time":
            raise TimeOver("The time is over; the sitting is closed.")
        raise SittingClosed("The sitting is finished.")


def _is_late(delivery: Delivery, sitting: SittingState, now: datetime) -> bool:
    return sitting.deadline_at is not None and now > sitting.deadline_at + delivery.grace


async def _record_late(
    delivery: Delivery,
    design: DesignInUse,
    sitting: SittingState,
    submission: Submission,
    fingerprint: str,
    now: datetime,
) -> None:
    """Keep a late response, unscored, and close the sitting: what was sent is never thrown away."""
    item_index = sitting.current_item
    if item_index is None or sitting.theta is None or sitting.se is None:
        return
    try:
        item, _ = design.release.shown(item_index, language_of(design, sitting))
        response: Mapping[str, Any] | None = scoring.parse(item, submission.response).to_dict()
    except InvalidResponse:
        response = None
    await delivery.store.record(
        Move(
            sitting_id=sitting.id,
            institution_id=sitting.institution_id,
            position=sitting.position,
            item_index=item_index,
            item_version_id=submission.item_token,
            response=response,
            response_hash=fingerprint,
            outcome="late",
            score=None,
            presented_at=sitting.presented_at or now,
            now=now,
            idempotency_key=submission.idempotency_key,
            theta=sitting.theta,
            se=sitting.se,
            next_item=None,
            ending=_ending(design, sitting, sitting.items, sitting.scores, "time", now),
            withdrawal_list=sitting.latest_withdrawal_list,
        )
    )


async def settle(delivery: Delivery, sitting: SittingState, now: datetime) -> SittingState:
    """The sitting as it stands now: closed if its time has passed while nobody looked."""
    if sitting.status == "in_progress" and _is_late(delivery, sitting, now):
        return await _close(delivery, sitting, "time", now)
    return sitting


async def overdue(
    db: AsyncSession, delivery: Delivery, now: datetime, limit: int, *, institution_id: UUID | None = None
) -> list[UUID]:
    """Sittings in progress, of one institution or all, whose time and grace have passed while nobody looked."""
    return await sittings.overdue(db, now - delivery.grace, limit, institution_id)


async def end_if_time_is_up(delivery: Delivery, sitting: SittingState, now: datetime) -> SittingState:
    """End the sitting at its deadline, without waiting for the grace: its page has nothing more to send."""
    if sitting.status == "in_progress" and sitting.deadline_at is not None and now >= sitting.deadline_at:
        return await _close(delivery, sitting, "time", now)
    return sitting


async def finish(delivery: Delivery, sitting: SittingState, now: datetime) -> SittingState:
    """End the sitting at its learner's wish; ending twice changes nothing."""
    if sitting.status == "finished":
        return sitting
    _guard_open(sitting)
    return await _close(delivery, sitting, "time" if _is_late(delivery, sitting, now) else "learner", now)


async def _close(delivery: Delivery, sitting: SittingState, reason: str, now: datetime) -> SittingState:
    design = await delivery.assessments.in_use(sitting.design_id)
    await delivery.store.close_sitting(
        Closure(
            sitting_id=sitting.id,
            institution_id=sitting.institution_id,
            answered=sitting.answered,
            now=now,
            ending=_ending(design, sitting, sitting.items, sitting.scores, reason, now),
        )
    )
    return await require(delivery, sitting.id)


def _ending(
    design: DesignInUse,
    sitting: SittingState,
    items: tuple[int, ...],
    scores: tuple[int, ...],
    reason: str,
    now: datetime,
) -> Ending:
    ended_at = min(now, sitting.deadline_at) if reason == "time" and sitting.deadline_at else now
    started_at = sitting.started_at or now
    return Ending(
        reason=reason,
        result=results.assemble(design, items, scores, reason, started_at=started_at, ended_at=ended_at),
        event=told_of(sitting.id, sitting.campaign_id, reason=reason),
    )


async def question(delivery: Delivery, sitting: SittingState) -> Question:
    """The question being shown.

    Raises
    ------
    NotStarted, SittingClosed, TimeOver
        There is none.
    """
    _guard_open(sitting)
    if sitting.current_item is None:
        raise SittingClosed("The sitting is finished.")
    design = await delivery.assessments.in_use(sitting.design_id)
    return question_at(design, sitting, sitting.position, sitting.current_item)


def question_at(design: DesignInUse, sitting: SittingState, position: int, item_index: int) -> Question:
    """An item as this sitting shows it: in its language, its options in the order drawn from its seed."""
    release, seed = design.release, sitting.seed
    item, testlet = release.shown(item_index, language_of(design, sitting))
    return Question(
        position=position,
        token=release.item_version_ids[item_index],
        presented=present(item, seed=seed, testlet=testlet),
        domain=release.domain_of(item_index).heading,
        document_question=testlet.items.index(item.id) + 1 if testlet else 0,
        document_questions=len(testlet.items) if testlet else 0,
    )


async def correction(
    delivery: Delivery, sitting: SittingState, position: int
) -> tuple[StoredResponse, Explanation, Question]:
    """What was answered, what was expected and why: practice designs only, answered questions only."""
    design = await delivery.assessments.in_use(sitting.design_id)
    stored = await delivery.store.response(sitting.id, position)
    if stored is None or not explains(design, sitting):
        raise NotFound("There is no correction for this question.")
    shown = question_at(design, sitting, position, stored.item_index)
    item, _ = design.release.shown(stored.item_index, language_of(design, sitting))
    return stored, explain(item, scoring.parse(item, stored.response), seed=sitting.seed), shown


async def save_draft(
    delivery: Delivery,
    sitting: SittingState,
    *,
    position: int,
    response: Mapping[str, Any] | None,
    now: datetime,
) -> bool:
    """Keep an unsent response; False when its question is no longer the one shown."""
    _guard_open(sitting)
    if position != sitting.position or _is_late(delivery, sitting, now):
        return False
    if response is not None and len(json.dumps(response)) > 4_000:
        raise InvalidInput(
            "The draft is too long.", errors=[{"field": "response", "expected": "4,000 characters at most"}]
        )
    return await delivery.store.save_draft(sitting.id, DraftState(position, response, now))


async def draft(delivery: Delivery, sitting: SittingState) -> DraftState | None:
    """The unsent response of the question being shown."""
    found = await delivery.store.draft(sitting.id)
    return found if found is not None and found.position == sitting.position else None


def explains(design: DesignInUse, sitting: SittingState) -> bool:
    """Whether each answer of this sitting is followed by its correction: a held result is not told item by item."""
    return design.explains_each_item and not sitting.result_held


async def result(delivery: Delivery, sitting: SittingState) -> Mapping[str, Any]:
    """The latest result of a finished sitting.

    Raises
    ------
    NotFinished
    ResultHeld
        Its campaign is not published yet.
    """
    if sitting.status != "finished":
        raise NotFinished("The sitting is not finished; it has no result yet.")
    if sitting.result_held:
        raise ResultHeld("The result is kept until the campaign is published.")
    body = await delivery.store.result(sitting.id)
    if body is None:
        raise NotFound("This sitting has no result.")
    return body


async def of_learner(db: AsyncSession, campaign_id: UUID, learner_id: UUID) -> list[CampaignSitting]:
    """A learner's sittings of a campaign, oldest first."""
    return await sittings.of_learner(db, campaign_id, learner_id)


async def of_holder(db: AsyncSession, campaign_id: UUID, holder: str) -> UUID | None:
    """The learner whose sitting of a campaign a browser holds."""
    return await sittings.of_holder(db, campaign_id, hashed(holder))


async def hold(db: AsyncSession, sitting_id: UUID, holder: str) -> str | None:
    """Let a browser have a sitting; before it starts a new resume code is drawn, because the first was told once."""
    found = await sittings.by_id(db, sitting_id)
    if found is None:
        raise NotFound("This sitting is unknown.")
    found.holder_hash = hashed(holder)
    if found.status != "created":
        return None
    resume_code = new_code()
    found.resume_hash = hashed(resume_code)
    return resume_code


async def tally(db: AsyncSession, campaign_ids: Sequence[UUID]) -> Mapping[UUID, Tally]:
    """How far the learners of campaigns are."""
    return await sittings.tally(db, campaign_ids)


async def states(
    db: AsyncSession, campaign_id: UUID, learner_ids: Sequence[UUID]
) -> Mapping[UUID, list[CampaignSitting]]:
    """The sittings of these learners in a campaign, oldest first."""
    return await sittings.states(db, campaign_id, learner_ids)


async def reschedule(db: AsyncSession, campaign_id: UUID, start_by: datetime | None) -> None:
    """Move the last moment to start, for the sittings of a campaign that wait for it."""
    await sittings.reschedule(db, campaign_id, start_by)


async def publish(db: AsyncSession, institution_id: UUID, campaign_id: UUID, now: datetime) -> int:
    """Let the held results of a campaign be known, all at once; returns how many were finished.

    A sitting that is still under way is no longer held either: its result is known when it ends.
    """
    return await sittings.publish(db, institution_id, campaign_id, now)


async def has_sittings(
    db: AsyncSession, *, campaign_id: UUID | None = None, learner_id: UUID | None = None
) -> bool:
    """Whether a campaign, or a learner, has any."""
    return await sittings.any_of(db, campaign_id=campaign_id, learner_id=learner_id)


async def report_problem(
    db: AsyncSession, delivery: Delivery, sitting: SittingState, *, position: int, text: str, now: datetime
) -> None:
    """Keep what a learner says is wrong with a question they have seen."""
    text = text.strip()
    if not text:
        raise InvalidInput(
            "Say what is wrong.", errors=[{"field": "text", "expected": "1 to 1,000 characters"}]
        )
    design = await delivery.assessments.in_use(sitting.design_id)
    if position == sitting.position and sitting.current_item is not None:
        item_index = sitting.current_item
    else:
        stored = await delivery.store.response(sitting.id, position)
        if stored is None:
            raise NotFound("This question has not been shown.")
        item_index = stored.item_index
    db.add(
        ProblemReport(
            id=new_id(),
            institution_id=sitting.institution_id,
            sitting_id=sitting.id,
            position=position,
            item_version_id=design.release.item_version_ids[item_index],
            text=text[:1000],
            created_at=now,
        )
    )


async def withdraw(db: AsyncSession, item_id: str, *, by: str, why: str, now: datetime) -> int:
    """Show an item to nobody from now on: no answer recorded after this commits is followed by it.

    Sittings that show it at this moment keep it until it is answered. Its testlet goes with it, except in a sitting
    that has begun the testlet, which finishes it without the item. Returns the number of the list.

    Raises
    ------
    NotFound, Conflict, InvalidInput
        There is no such item; it is withdrawn already; the name or the reason is missing.
    """
    return await _list_anew(db, item_id, withdrawn=True, by=by, why=why, now=now)


async def restore(db: AsyncSession, item_id: str, *, by: str, why: str, now: datetime) -> int:
    """Take an item off the withdrawal list; raises as `withdraw` does."""
    return await _list_anew(db, item_id, withdrawn=False, by=by, why=why, now=now)


async def withdrawn_items(db: AsyncSession) -> list[WithdrawalEntry]:
    """The items nobody is shown now, each with the act that withdrew it."""
    return await withdrawals.in_force(db)


async def _list_anew(
    db: AsyncSession, item_id: str, *, withdrawn: bool, by: str, why: str, now: datetime
) -> int:
    for name, value in (("by", by), ("why", why)):
        if not value.strip():
            raise InvalidInput(
                "A withdrawal is made in somebody's name and for a reason.",
                errors=[{"field": name, "expected": "a few words"}],
            )
    if not await bank.has_item(db, item_id):
        raise NotFound(f"There is no item {item_id} in the database.")
    listed = item_id in {entry.item_key for entry in await withdrawals.in_force(db)}
    if listed is withdrawn:
        raise Conflict(f"{item_id} is {'already' if listed else 'not'} on the withdrawal list.")
    number = await withdrawals.append(db, item_id, withdrawn=withdrawn, actor=by, why=why, now=now)
    await audit.record(
        db,
        actor=by,
        act="item.withdrawn" if withdrawn else "item.restored",
        subject=item_id,
        facts={"list": number, "why": why},
        now=now,
    )
    return number


def _fingerprint(submission: Submission) -> str:
    body = json.dumps(
        [str(submission.item_token), submission.response or None],
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(body.encode()).hexdigest()
