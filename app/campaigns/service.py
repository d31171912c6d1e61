"""The rules of cohorts and campaigns: who may sit what, from when until when, how often, and who learns it when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.assessments.service import DesignInUse
from app.auth.credentials import hashed, new_code, read_code
from app.campaigns import store
from app.campaigns.tables import Campaign, Cohort, Enrolment
from app.delivery import service as delivery
from app.delivery.service import Terms
from app.delivery.state import CampaignSitting, Tally
from app.errors import Conflict, Gone, InvalidInput, NotFound, RetakeRefused
from app.identifiers import new_id
from app.institutions import learners
from app.institutions.learners import Learner

Purpose = Literal["practice", "placement", "certification"]
Publication = Literal["immediate", "held"]
Identifier = Literal["none", "known", "any"]
State = Literal["planned", "open", "closed"]
Stage = Literal["not_started", "in_progress", "finished", "late"]

MOST_INVITED: Final = 2_000  # in one call, whose write then stays well under 50 ms
TIME_PERCENTS: Final = (100, 133, 150, 200)
UNKNOWN_SHOWN: Final = 100


@dataclass(frozen=True)
class Plan:
    """What an institution decides of a campaign."""

    name: str
    design: DesignInUse
    purpose: Purpose
    publication: Publication
    cohort_id: UUID | None = None
    joined_by_code: bool = False
    identifier: Identifier = "none"
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    max_sittings: int | None = None
    wait_days: int = 0
    language: str | None = None
    profession: str | None = None


@dataclass(frozen=True)
class Progress:
    """Learners of a campaign by where they are; finished sittings whose result is held."""

    expected: int
    invited: int
    not_started: int
    in_progress: int
    finished: int
    late: int
    held: int


@dataclass(frozen=True)
class Invited:
    """A learner with the personal code of a campaign, for the one reply that tells it."""

    learner: Learner
    code: str
    time_percent: int


@dataclass(frozen=True)
class Seat:
    """A sitting a learner may now be led to; the resume code where one was drawn."""

    sitting_id: UUID
    resume_code: str | None
    resumed: bool


@dataclass(frozen=True)
class EnrolledLearner:
    """A learner of a campaign and how far they are."""

    learner: Learner
    time_percent: int
    invited_at: datetime | None
    joined_at: datetime | None
    stage: Stage
    sittings: Sequence[CampaignSitting]


# Cohorts


async def create_cohort(
    db: AsyncSession,
    institution_id: UUID,
    *,
    name: str,
    curriculum: str | None,
    year: str | None,
    now: datetime,
) -> Cohort:
    """A new cohort, empty; raises `Conflict` when the name is taken."""
    await _free_name(db, institution_id, name)
    made = Cohort(
        id=new_id(),
        institution_id=institution_id,
        name=name,
        curriculum=curriculum,
        year=year,
        created_at=now,
    )
    db.add(made)
    await db.flush()
    return made


async def _free_name(db: AsyncSession, institution_id: UUID, name: str) -> None:
    if await store.cohort_by_name(db, institution_id, name) is not None:
        raise Conflict("A cohort of this name exists.")


async def require_cohort(db: AsyncSession, institution_id: UUID, cohort_id: UUID) -> Cohort:
    """The institution's cohort; raises `NotFound`."""
    found = await store.cohort(db, institution_id, cohort_id)
    if found is None:
        raise NotFound("This cohort is unknown.")
    return found


async def cohorts(
    db: AsyncSession, institution_id: UUID, after: UUID | None, limit: int
) -> list[tuple[Cohort, int]]:
    """Cohorts with how many learners each has, oldest first."""
    found = await store.cohorts(db, institution_id, after, limit)
    counts = await store.member_counts(db, [one.id for one in found])
    return [(one, counts.get(one.id, 0)) for one in found]


async def size(db: AsyncSession, cohort: Cohort) -> int:
    """How many learners a cohort has."""
    return (await store.member_counts(db, [cohort.id])).get(cohort.id, 0)


async def change_cohort(db: AsyncSession, cohort: Cohort, values: Mapping[str, Any]) -> Cohort:
    """Change what is given: `name`, `curriculum`, `year`; raises `Conflict` when the name is taken."""
    if values.get("name", cohort.name) != cohort.name:
        await _free_name(db, cohort.institution_id, values["name"])
    for name, value in values.items():
        setattr(cohort, name, value)
    await db.flush()
    return cohort


async def remove_cohort(db: AsyncSession, cohort: Cohort) -> None:
    """Delete a cohort; its learners stay. Raises `Conflict` when a campaign is for it."""
    if await store.campaigns(db, cohort.institution_id, None, cohort.id, 1):
        raise Conflict("A campaign is for this cohort.")
    await db.delete(cohort)
    await db.flush()


async def change_members(
    db: AsyncSession, cohort: Cohort, *, add: Sequence[str], remove: Sequence[str], now: datetime
) -> tuple[int, int, list[str]]:
    """Add and remove learners by their external identifiers; returns both counts and the first unknown ones."""
    added = removed = 0
    if add:
        ids = learners.called_so(db, cohort.institution_id, add)
        added = await store.add_members(db, cohort, ids, now)
    if remove:
        ids = learners.called_so(db, cohort.institution_id, remove)
        removed = await store.remove_members(db, cohort.id, ids)
    known = await learners.names_among(db, cohort.institution_id, [*add, *remove])
    unknown = sorted({*add, *remove} - known)
    return added, removed, unknown[:UNKNOWN_SHOWN]


def members_of(cohort: Cohort) -> Select[UUID]:
    """A query of the learners of a cohort."""
    return store.members(cohort.id)


async def cohorts_of(db: AsyncSession, learner_ids: Sequence[UUID]) -> Mapping[UUID, list[UUID]]:
    """The cohorts that each of these learners is in."""
    return await store.cohorts_of_learners(db, learner_ids)


# Campaigns


async def create(
    db: AsyncSession, institution_id: UUID, plan: Plan, *, actor: str, now: datetime
) -> Campaign:
    """A new campaign.

    Raises
    ------
    InvalidInput
        The design does not fit the purpose, the publication, the language or the profession; the window is empty.
    NotFound
        No such cohort.
    """
    _check(plan)
    if plan.cohort_id is not None:
        await require_cohort(db, institution_id, plan.cohort_id)
    made = Campaign(
        id=new_id(),
        institution_id=institution_id,
        name=plan.name,
        design_key=plan.design.key,
        purpose=plan.purpose,
        publication=plan.publication,
        cohort_id=plan.cohort_id,
        join_code=new_code() if plan.joined_by_code else None,
        identifier=plan.identifier,
        opens_at=plan.opens_at,
        closes_at=plan.closes_at,
        max_sittings=plan.max_sittings,
        wait_days=plan.wait_days,
        language=plan.language,
        profession=plan.profession,
        created_by=actor,
        created_at=now,
    )
    db.add(made)
    await db.flush()
    await _note(
        db, made, "campaign.created", actor, now, design=made.design_key, publication=made.publication
    )
    return made


def _check(plan: Plan) -> None:
    faults = []
    if plan.purpose != "placement" and plan.purpose != plan.design.purpose:
        faults.append(("purpose", f"{plan.design.purpose} or placement, as the design is made for"))
    if plan.publication == "held" and plan.design.explains_each_item:
        faults.append(("publication", "immediate: this design explains each answer at once"))
    if plan.opens_at is not None and plan.closes_at is not None and plan.opens_at >= plan.closes_at:
        faults.append(("closes_at", "a moment after opens_at"))
    if plan.cohort_id is not None and plan.joined_by_code and plan.identifier == "any":
        faults.append(("identifier", "none or known: the campaign is for a cohort"))
    if faults:
        raise InvalidInput(
            "The campaign cannot be made so.",
            errors=[{"field": field, "expected": expected} for field, expected in faults],
        )
    if plan.language is not None:
        plan.design.check_language(plan.language)
    if plan.profession is not None:
        plan.design.check_profession(plan.profession)


async def require(
    db: AsyncSession, institution_id: UUID, campaign_id: UUID, *, held: bool = False
) -> Campaign:
    """The institution's campaign, `held` against a change if asked; raises `NotFound`."""
    found = await store.campaign(db, institution_id, campaign_id, held=held)
    if found is None:
        raise NotFound("This campaign is unknown.")
    return found


async def listed(
    db: AsyncSession, institution_id: UUID, before: UUID | None, limit: int
) -> Sequence[Campaign]:
    """Campaigns, newest first."""
    return await store.campaigns(db, institution_id, before, None, limit)


async def change(
    db: AsyncSession,
    campaign: Campaign,
    design: DesignInUse,
    values: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
) -> Campaign:
    """Change what is given; what a learner was promised (design, purpose, publication) never changes.

    A new deadline also holds for sittings that wait for their start. Raises `InvalidInput` as `create` does.
    """
    for name, value in values.items():
        setattr(campaign, name, value)
    _check(plan_of(campaign, design))
    await db.flush()
    if "closes_at" in values:
        await delivery.reschedule(db, campaign.id, campaign.closes_at)
    await _note(db, campaign, "campaign.changed", actor, now, fields=sorted(values))
    return campaign


def plan_of(campaign: Campaign, design: DesignInUse) -> Plan:
    """What was decided of a campaign."""
    return Plan(
        name=campaign.name,
        design=design,
        purpose=campaign.purpose,  # type: ignore[arg-type]
        publication=campaign.publication,  # type: ignore[arg-type]
        cohort_id=campaign.cohort_id,
        joined_by_code=campaign.join_code is not None,
        identifier=campaign.identifier,  # type: ignore[arg-type]
        opens_at=campaign.opens_at,
        closes_at=campaign.closes_at,
        max_sittings=campaign.max_sittings,
        wait_days=campaign.wait_days,
        language=campaign.language,
        profession=campaign.profession,
    )


async def remove(db: AsyncSession, campaign: Campaign, *, actor: str, now: datetime) -> None:
    """Delete a campaign that nobody has sat; raises `Conflict` when somebody has."""
    if await delivery.has_sittings(db, campaign_id=campaign.id):
        raise Conflict("There are sittings of this campaign. Close it instead.")
    await _note(db, campaign, "campaign.deleted", actor, now)
    await db.delete(campaign)
    await db.flush()


async def draw_join_code(db: AsyncSession, campaign: Campaign, *, actor: str, now: datetime) -> Campaign:
    """Give a campaign a new join code; the former one stops working."""
    campaign.join_code = new_code()
    await db.flush()
    await _note(db, campaign, "campaign.join_code", actor, now)
    return campaign


def state_of(campaign: Campaign, now: datetime) -> State:
    """Where a campaign is in its window."""
    if campaign.opens_at is not None and now < campaign.opens_at:
        return "planned"
    if campaign.closes_at is not None and now >= campaign.closes_at:
        return "closed"
    return "open"


async def progress(db: AsyncSession, campaigns: Sequence[Campaign], now: datetime) -> dict[UUID, Progress]:
    """How far the learners of campaigns are."""
    tallies = await delivery.tally(db, [campaign.id for campaign in campaigns])
    found = {}
    for campaign in campaigns:
        expected, invited = await store.expected(db, campaign)
        tally = tallies.get(campaign.id, Tally())
        waiting = max(0, expected - tally.in_progress - tally.finished)
        found[campaign.id] = Progress(
            expected=expected,
            invited=invited,
            not_started=waiting,
            in_progress=tally.in_progress,
            finished=tally.finished,
            late=max(0, expected - tally.finished) if state_of(campaign, now) == "closed" else 0,
            held=tally.held,
        )
    return found


async def publish(db: AsyncSession, campaign: Campaign, *, actor: str, now: datetime) -> int:
    """Let every held result be known at once; returns how many. `campaign` is held against a change.

    Raises
    ------
    Conflict
        Results of this campaign are not held, or all are published.
    """
    if campaign.publication != "held":
        raise Conflict("The results of this campaign are known as they come.")
    tally = (await delivery.tally(db, [campaign.id])).get(campaign.id, Tally())
    if campaign.published_at is not None and not tally.held:
        raise Conflict("The results of this campaign are published.")
    campaign.published_at, campaign.published_by = now, actor
    await db.flush()
    published = await delivery.publish(db, campaign.institution_id, campaign.id, now)
    await _note(db, campaign, "campaign.published", actor, now, results=published)
    return published


async def _note(
    db: AsyncSession, campaign: Campaign, act: str, actor: str, now: datetime, **facts: Any
) -> None:
    await audit.record(
        db,
        actor=actor,
        act=act,
        subject=str(campaign.id),
        facts={"name": campaign.name, **facts},
        now=now,
        tenant=campaign.institution_id,
    )


# Learners of a campaign


async def invite(
    db: AsyncSession,
    campaign: Campaign,
    asked: Mapping[str, int | None],
    now: datetime,
) -> list[Invited]:
    """Give learners, by external identifier and percentage of the time (None: as it is), a personal link each.

    Raises
    ------
    InvalidInput
        Naming the learners that are unknown.
    """
    ids = learners.called_so(db, campaign.institution_id, list(asked))
    found = await learners.chosen(db, campaign.institution_id, ids)
    unknown = sorted(asked.keys() - {one.external_id for one in found})
    if unknown:
        raise InvalidInput(
            "Some of these learners are unknown.",
            errors=[
                {"field": "learners", "expected": f"learners of the institution; not {name}"}
                for name in unknown[:UNKNOWN_SHOWN]
            ],
        )
    return await _invite(db, campaign, found, asked, now)


async def invite_cohort(
    db: AsyncSession, campaign: Campaign, now: datetime, most: int = MOST_INVITED
) -> tuple[list[Invited], int]:
    """Give those of the campaign's cohort who have none a personal link; returns them and how many still wait."""
    if campaign.cohort_id is None:
        raise Conflict("This campaign is not for a cohort. Name the learners.")
    ids, count = await store.not_invited(db, campaign, campaign.cohort_id, most)
    found = list((await learners.by_id(db, campaign.institution_id, ids)).values())
    return await _invite(db, campaign, found, {}, now), count - len(ids)


async def _invite(
    db: AsyncSession,
    campaign: Campaign,
    found: Sequence[Learner],
    percents: Mapping[str, int | None],
    now: datetime,
) -> list[Invited]:
    rows = [(one, new_code(), percents.get(one.external_id or "")) for one in found]
    await store.invite(db, campaign, [(one.id, hashed(code), percent) for one, code, percent in rows], now)
    granted = {
        enrolment.learner_id: enrolment.time_percent
        for enrolment in await store.enrolments_of(db, campaign.id, [one.id for one in found])
    }
    return [Invited(one, code, granted[one.id]) for one, code, _ in rows]


async def adjust(
    db: AsyncSession, campaign: Campaign, learner_id: UUID, time_percent: int, *, actor: str, now: datetime
) -> Enrolment:
    """Grant a learner more time in sittings to come. The effect is kept, the reason is not asked."""
    await learners.require(db, campaign.institution_id, learner_id)
    enrolment = await store.enrol(db, campaign, learner_id)
    enrolment.time_percent = time_percent
    await db.flush()
    await _note(db, campaign, "campaign.time", actor, now, learner=str(learner_id), percent=time_percent)
    return enrolment


async def enrolled(
    db: AsyncSession, campaign: Campaign, after: UUID | None, limit: int, now: datetime
) -> list[EnrolledLearner]:
    """Who was invited or joined, with how far each is."""
    rows = await store.enrolments(db, campaign.id, after, limit)
    ids = [row.learner_id for row in rows]
    known = await learners.by_id(db, campaign.institution_id, ids)
    sat = await delivery.states(db, campaign.id, ids)
    closed = state_of(campaign, now) == "closed"
    return [
        EnrolledLearner(
            learner=known[row.learner_id],
            time_percent=row.time_percent,
            invited_at=row.invited_at,
            joined_at=row.joined_at,
            stage=_stage(sat.get(row.learner_id, ()), closed=closed),
            sittings=sat.get(row.learner_id, ()),
        )
        for row in rows
        if row.learner_id in known
    ]


def _stage(sittings: Sequence[CampaignSitting], *, closed: bool) -> Stage:
    reached = {sitting.status for sitting in sittings}
    if "finished" in reached:
        return "finished"
    if closed:
        return "late"
    return "in_progress" if "in_progress" in reached else "not_started"


# To sit


async def by_join_code(db: AsyncSession, typed: str) -> Campaign:
    """The campaign of a join code; raises `NotFound`."""
    code = read_code(typed)
    found = await store.by_join_code(db, code) if code else None
    if found is None:
        raise NotFound("This code is unknown.")
    return found


async def by_link(db: AsyncSession, typed: str) -> tuple[Campaign, Enrolment]:
    """The campaign and the learner of a personal link; raises `NotFound`."""
    code = read_code(typed)
    enrolment = await store.enrolment_by_link(db, hashed(code)) if code else None
    if enrolment is None:
        raise NotFound("This link leads nowhere.")
    return await require(db, enrolment.institution_id, enrolment.campaign_id), enrolment


async def learner_who_joins(db: AsyncSession, campaign: Campaign, external_id: str, now: datetime) -> UUID:
    """Whom a campaign is joined by, from the identifier that was typed where it asks for one.

    Raises
    ------
    NotFound
        It asks for a learner it knows and this is none.
    InvalidInput
        The identifier is missing, or is not a pseudonym.
    """
    institution_id = campaign.institution_id
    if campaign.identifier == "none":
        return await learners.nobody(db, institution_id, now)
    typed = external_id.strip()
    if not typed:
        raise InvalidInput(
            "An identifier is needed.", errors=[{"field": "identifier", "expected": "a value"}]
        )
    if campaign.identifier == "any":
        learners.require_pseudonym(typed, "identifier")
        return (await learners.at_first_sight(db, institution_id, typed, now)).id
    found = await learners.called(db, institution_id, typed)
    if found is None or not await _is_expected(db, campaign, found.id):
        raise NotFound("This identifier is unknown here.")
    return found.id


async def _is_expected(db: AsyncSession, campaign: Campaign, learner_id: UUID) -> bool:
    if campaign.cohort_id is None or await store.is_member(db, campaign.cohort_id, learner_id):
        return True
    return await store.enrolment(db, campaign.id, learner_id) is not None


def require_open(campaign: Campaign, now: datetime) -> None:
    """Raise `Gone` outside the campaign's window."""
    match state_of(campaign, now):
        case "planned":
            raise Gone("This campaign is not open yet.", reason="not_open")
        case "closed":
            raise Gone("This campaign is closed.", reason="expired")


async def open_sitting(
    db: AsyncSession, campaign: Campaign, learner_id: UUID, now: datetime
) -> CampaignSitting | None:
    """The sitting that a learner has not finished and may still go on with."""
    for sitting in await delivery.of_learner(db, campaign.id, learner_id):
        missed = sitting.status == "created" and sitting.start_by is not None and now >= sitting.start_by
        if sitting.status != "finished" and not missed:
            return sitting
    return None


def require_allowed(campaign: Campaign, sittings: Sequence[CampaignSitting], now: datetime) -> None:
    """Raise `RetakeRefused` unless another sitting is allowed now; it says from when, or that none is left."""
    ended = [sitting.finished_at for sitting in sittings if sitting.finished_at is not None]
    if campaign.max_sittings is not None and len(ended) >= campaign.max_sittings:
        raise RetakeRefused("Every sitting that this campaign allows has been used.", allowed_at=None)
    if not ended:
        return
    allowed_at = max(ended) + timedelta(days=campaign.wait_days)
    if now < allowed_at:
        if campaign.closes_at is not None and allowed_at >= campaign.closes_at:
            raise RetakeRefused("Another sitting would come after the end of this campaign.", allowed_at=None)
        raise RetakeRefused(
            "Another sitting is allowed later.", allowed_at=allowed_at.isoformat().replace("+00:00", "Z")
        )


async def require_retake(db: AsyncSession, campaign: Campaign, learner_id: UUID, now: datetime) -> None:
    """Raise `RetakeRefused` unless the learner may sit the campaign now, or once more."""
    require_allowed(campaign, await delivery.of_learner(db, campaign.id, learner_id), now)


async def learner_of_browser(db: AsyncSession, campaign: Campaign, holder: str) -> UUID | None:
    """Who sat a campaign without an identifier in this browser: its rule on retakes holds for them."""
    return await delivery.of_holder(db, campaign.id, holder)


async def terms(db: AsyncSession, campaign: Campaign, learner_id: UUID, now: datetime) -> Terms:
    """What the campaign makes of a new sitting of this learner, who is enrolled by it.

    Nobody publishes the campaign and no other sitting of the learner is made before the transaction ends.

    Raises
    ------
    Gone
        Outside the campaign's window.
    RetakeRefused
    """
    current = await store.campaign_to_sit(db, campaign.id)
    if current is None:
        raise NotFound("This campaign is unknown.")
    require_open(current, now)
    enrolment = await store.enrol(db, current, learner_id)
    require_allowed(current, await delivery.of_learner(db, current.id, learner_id), now)
    if enrolment.joined_at is None:
        enrolment.joined_at = now
    return Terms(
        campaign_id=current.id,
        held=current.publication == "held" and current.published_at is None,
        start_by=current.closes_at,
        time_percent=enrolment.time_percent,
    )


async def sit(
    db: AsyncSession,
    campaign: Campaign,
    design: DesignInUse,
    learner_id: UUID,
    *,
    holder: str | None,
    now: datetime,
) -> Seat:
    """The sitting that a learner goes on with, given to this browser, or a new one.

    Raises
    ------
    Gone, RetakeRefused, QuotaReached
    """
    await store.enrol(db, campaign, learner_id)
    going_on = await open_sitting(db, campaign, learner_id, now)
    if going_on is not None:
        resume_code = None if holder is None else await delivery.hold(db, going_on.id, holder)
        return Seat(going_on.id, resume_code, resumed=True)
    granted = await terms(db, campaign, learner_id, now)
    learner = await learners.require(db, campaign.institution_id, learner_id)
    made = await delivery.create(
        db,
        design,
        institution_id=campaign.institution_id,
        learner_id=learner_id,
        profession=profession_of(campaign, design, learner),
        language=campaign.language if campaign.language in design.languages else None,
        holder=holder,
        terms=granted,
        now=now,
    )
    return Seat(made.id, made.resume_code, resumed=False)


def profession_of(campaign: Campaign, design: DesignInUse, learner: Learner) -> str | None:
    """The profession whose items a sitting is limited to: the campaign's, else the learner's, where it is served."""
    for profession in (campaign.profession, learner.profession):
        if profession is not None and profession in design.professions:
            return profession
    return None
