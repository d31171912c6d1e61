"""SQL across the rooms: results with their learner, campaign and design; exports; tallies.

Reporting only reads what other rooms write, and reads much of it at once: it joins their tables here, in one place,
rather than asking each room for every row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.assessments.tables import TestDesign
from app.bank.tables import ItemVersion
from app.campaigns.tables import Campaign, Cohort, CohortMember, Enrolment
from app.delivery.tables import Response, Result, Sitting
from app.institutions.tables import Institution, Learner
from app.reporting.tables import ComparisonTally, Export

# a statement whose columns do not matter where it is narrowed
Query = Any


@dataclass(frozen=True)
class Selection:
    """Which results of an institution: everything that is given must hold."""

    institution_id: UUID
    campaign_id: UUID | None = None
    cohort_id: UUID | None = None
    learner_id: UUID | None = None
    design: str | None = None
    updated_since: datetime | None = None


class ResultRow(NamedTuple):
    """One published result, its latest number, with what places it."""

    sitting_id: UUID
    number: int
    reason: str
    body: Mapping[str, Any]
    updated_at: datetime
    learner_id: UUID
    external_id: str | None
    profession: str | None
    curriculum: str | None
    year: str | None
    campaign_id: UUID | None
    design: str
    purpose: str
    started_at: datetime
    finished_at: datetime
    created_at: datetime


# A result is there for the institution once it is there for the learner.
is_published: ColumnElement[bool] = and_(
    Sitting.status == "finished", or_(Sitting.held.is_(False), Sitting.published_at.is_not(None))
)
# It changes when it is re-scored and when it is published.
changed_at = case((Sitting.published_at > Result.created_at, Sitting.published_at), else_=Result.created_at)


def _latest_number() -> ColumnElement[bool]:
    later = Result.__table__.alias("later")
    return ~(
        select(later.c.number)
        .where(later.c.sitting_id == Result.sitting_id, later.c.number > Result.number)
        .exists()
    )


def _chosen(query: Query, chosen: Selection) -> Query:
    query = (
        query.select_from(Sitting)
        .join(Result, Result.sitting_id == Sitting.id)
        .join(Learner, Learner.id == Sitting.learner_id)
        .join(TestDesign, TestDesign.id == Sitting.design_id)
        .where(Sitting.institution_id == chosen.institution_id, is_published, _latest_number())
    )
    if chosen.campaign_id is not None:
        query = query.where(Sitting.campaign_id == chosen.campaign_id)
    if chosen.cohort_id is not None:
        query = query.where(_in_cohort(chosen.cohort_id, Sitting.learner_id))
    if chosen.learner_id is not None:
        query = query.where(Sitting.learner_id == chosen.learner_id)
    if chosen.design is not None:
        query = query.where(TestDesign.design_key == chosen.design)
    if chosen.updated_since is not None:
        query = query.where(changed_at >= chosen.updated_since)
    return query


def _in_cohort(cohort_id: UUID, learner_id: Any) -> ColumnElement[bool]:
    return (
        select(CohortMember.learner_id)
        .where(CohortMember.cohort_id == cohort_id, CohortMember.learner_id == learner_id)
        .exists()
    )


_RESULT_COLUMNS: tuple[Any, ...] = (
    Sitting.id,
    Result.number,
    Result.reason,
    Result.body,
    changed_at.label("updated_at"),
    Sitting.learner_id,
    Learner.external_id,
    func.coalesce(Sitting.profession, Learner.profession).label("profession"),
    Learner.curriculum,
    Learner.year,
    Sitting.campaign_id,
    TestDesign.design_key,
    TestDesign.purpose,
    Sitting.started_at,
    Sitting.finished_at,
    Sitting.created_at,
)


async def results(
    db: AsyncSession, chosen: Selection, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[ResultRow]:
    """Published results, those that changed least recently first, from a place on."""
    keys = _chosen(select(Sitting.id.label("id"), changed_at.label("updated_at")), chosen)
    if after is not None:
        moment, sitting_id = after
        keys = keys.where(or_(changed_at > moment, and_(changed_at == moment, Sitting.id > sitting_id)))
    # the bodies are large: they are read for the rows of the page, not sorted with all of them
    page = keys.order_by(changed_at, Sitting.id).limit(limit).subquery()
    query = (
        select(*_RESULT_COLUMNS)
        .select_from(page)
        .join(Sitting, Sitting.id == page.c.id)
        .join(Result, Result.sitting_id == Sitting.id)
        .join(Learner, Learner.id == Sitting.learner_id)
        .join(TestDesign, TestDesign.id == Sitting.design_id)
        .where(_latest_number())
        .order_by(page.c.updated_at, page.c.id)
    )
    return [ResultRow(*row) for row in (await db.execute(query)).all()]


Place = tuple[datetime, UUID]


def _by_creation(query: Query, after: Place | None, limit: int) -> Query:
    """A page in the order in which sittings were created, which an index of the institution's sittings serves."""
    if after is not None:
        moment, sitting_id = after
        query = query.where(
            Sitting.created_at >= moment, or_(Sitting.created_at > moment, Sitting.id > sitting_id)
        )
    return query.order_by(Sitting.created_at, Sitting.id).limit(limit)


async def results_by_sitting(
    db: AsyncSession, chosen: Selection, *, after: Place | None, limit: int
) -> list[ResultRow]:
    """The same in the order of exports."""
    rows = await db.execute(_by_creation(_chosen(select(*_RESULT_COLUMNS), chosen), after, limit))
    return [ResultRow(*row) for row in rows.all()]


class PublishedSitting(NamedTuple):
    """A sitting whose responses may be exported."""

    id: UUID
    learner_id: UUID
    external_id: str | None
    campaign_id: UUID | None
    design: str
    language: str | None
    created_at: datetime


async def published_sittings(
    db: AsyncSession, chosen: Selection, *, after: Place | None, limit: int
) -> list[PublishedSitting]:
    """Sittings with a published result, in the order of exports."""
    query = _chosen(
        select(
            Sitting.id,
            Sitting.learner_id,
            Learner.external_id,
            Sitting.campaign_id,
            TestDesign.design_key,
            Sitting.language,
            Sitting.created_at,
        ),
        chosen,
    )
    rows = await db.execute(_by_creation(query, after, limit))
    return [PublishedSitting(*row) for row in rows.all()]


async def responses_of(db: AsyncSession, sittings: Sequence[UUID]) -> Sequence[Any]:
    """Responses of some sittings, in order; what was entered and what was estimated stay here."""
    query = (
        select(
            Response.sitting_id,
            Response.position,
            Response.item_version_id,
            Response.outcome,
            Response.score,
            Response.presented_at,
            Response.received_at,
        )
        .where(Response.sitting_id.in_(sittings))
        .order_by(Response.sitting_id, Response.position)
    )
    return (await db.execute(query)).all()


async def responses_count(db: AsyncSession, chosen: Selection) -> int:
    """How many responses an export would hold."""
    query = _chosen(select(func.coalesce(func.sum(Sitting.answered), 0)), chosen)
    return int((await db.execute(query)).scalar_one())


async def results_count(db: AsyncSession, chosen: Selection) -> int:
    """How many results an export would hold."""
    return int((await db.execute(_chosen(select(func.count()), chosen))).scalar_one())


async def item_names(db: AsyncSession) -> Mapping[UUID, tuple[str, int]]:
    """Identifier and version number of every item version."""
    rows = await db.execute(select(ItemVersion.id, ItemVersion.item_key, ItemVersion.number))
    return {row[0]: (row[1], row[2]) for row in rows.all()}


async def body_per_design(db: AsyncSession, chosen: Selection) -> list[Mapping[str, Any]]:
    """One result of each version of a design among the chosen ones: it tells the domains and levels in use."""
    first = _chosen(select(func.min(cast(Sitting.id, Text))), chosen).group_by(Sitting.design_id)
    ids = [UUID(value) for (value,) in (await db.execute(first)).all()]
    query = select(Result.body).where(Result.sitting_id.in_(ids), _latest_number())
    return list((await db.execute(query.order_by(Result.sitting_id))).scalars())


# Figures of groups


class GroupRow(NamedTuple):
    """What figures need of one result; `measurement` and `domains` are JSON as text, read outside the event loop."""

    learner_id: UUID
    finished_at: datetime
    design: str
    curriculum: str | None
    year: str | None
    provisional: bool
    cuts: str
    levels: str
    measurement: str | None
    domains: str


async def group_rows(db: AsyncSession, chosen: Selection) -> list[GroupRow]:
    """The published results of a group."""
    query = _chosen(select(*_group_columns()), chosen)
    return [GroupRow(*row) for row in (await db.execute(query)).all()]


async def histories(db: AsyncSession, institution_id: UUID, campaign_id: UUID) -> list[GroupRow]:
    """What the learners of a campaign had before it: their published results outside it."""
    own = Sitting.__table__.alias("own")
    in_campaign = (
        select(own.c.id)
        .where(own.c.campaign_id == campaign_id, own.c.learner_id == Sitting.learner_id)
        .exists()
    )
    query = _chosen(select(*_group_columns()), Selection(institution_id)).where(
        in_campaign, or_(Sitting.campaign_id.is_(None), Sitting.campaign_id != campaign_id)
    )
    return [GroupRow(*row) for row in (await db.execute(query)).all()]


def _group_columns() -> tuple[Any, ...]:
    return (
        Sitting.learner_id,
        Sitting.finished_at,
        TestDesign.design_key,
        Learner.curriculum,
        Learner.year,
        Result.body["provisional"].as_boolean(),
        cast(Result.body["cuts"], Text),
        cast(Result.body["levels"], Text),
        cast(Result.body["measurement"], Text),
        cast(Result.body["domains"], Text),
    )


async def live_institutions(db: AsyncSession, but_slugs: Sequence[str]) -> list[UUID]:
    """Institutions that count in comparisons: no twin of test mode, none of simulated learners."""
    query = select(Institution.id).where(
        Institution.test_of.is_(None), Institution.slug.not_in(list(but_slugs))
    )
    return list((await db.execute(query.order_by(Institution.id))).scalars())


class Progress(NamedTuple):
    """Where the learners of a campaign are; each is counted once, by the furthest of their sittings."""

    learners: int
    not_started: int
    in_progress: int
    finished: int
    held: int
    published: int


class CampaignRow(NamedTuple):
    """A campaign in a list."""

    id: UUID
    name: str
    design_key: str
    purpose: str
    publication: str
    cohort_id: UUID | None
    opens_at: datetime | None
    closes_at: datetime | None
    published_at: datetime | None
    created_at: datetime


_CAMPAIGN_COLUMNS: tuple[Any, ...] = (
    Campaign.id,
    Campaign.name,
    Campaign.design_key,
    Campaign.purpose,
    Campaign.publication,
    Campaign.cohort_id,
    Campaign.opens_at,
    Campaign.closes_at,
    Campaign.published_at,
    Campaign.created_at,
)


async def campaigns(
    db: AsyncSession, institution_id: UUID, *, cohort_id: UUID | None = None, limit: int = 200
) -> list[CampaignRow]:
    """The campaigns of an institution, newest first."""
    query = select(*_CAMPAIGN_COLUMNS).where(Campaign.institution_id == institution_id)
    if cohort_id is not None:
        query = query.where(Campaign.cohort_id == cohort_id)
    rows = await db.execute(query.order_by(Campaign.id.desc()).limit(limit))
    return [CampaignRow(*row) for row in rows.all()]


async def campaign(db: AsyncSession, institution_id: UUID, campaign_id: UUID) -> CampaignRow | None:
    """One of them."""
    query = select(*_CAMPAIGN_COLUMNS).where(
        Campaign.institution_id == institution_id, Campaign.id == campaign_id
    )
    row = (await db.execute(query)).first()
    return CampaignRow(*row) if row else None


class CohortRow(NamedTuple):
    """A cohort and how many learners are in it."""

    id: UUID
    name: str
    curriculum: str | None
    year: str | None
    learners: int


def _cohorts(institution_id: UUID) -> Query:
    size = (
        select(func.count())
        .select_from(CohortMember)
        .where(CohortMember.cohort_id == Cohort.id)
        .scalar_subquery()
    )
    return select(Cohort.id, Cohort.name, Cohort.curriculum, Cohort.year, size).where(
        Cohort.institution_id == institution_id
    )


async def cohorts(db: AsyncSession, institution_id: UUID, limit: int = 200) -> list[CohortRow]:
    """The cohorts of an institution, newest first."""
    rows = await db.execute(_cohorts(institution_id).order_by(Cohort.id.desc()).limit(limit))
    return [CohortRow(*row) for row in rows.all()]


async def cohort(db: AsyncSession, institution_id: UUID, cohort_id: UUID) -> CohortRow | None:
    """One of them."""
    row = (await db.execute(_cohorts(institution_id).where(Cohort.id == cohort_id))).first()
    return CohortRow(*row) if row else None


async def progress(db: AsyncSession, institution_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """The progress of some campaigns, in two statements however many they are."""
    if not ids:
        return {}
    enrolled = await db.execute(
        select(Enrolment.campaign_id, func.count())
        .where(Enrolment.institution_id == institution_id, Enrolment.campaign_id.in_(ids))
        .group_by(Enrolment.campaign_id)
    )
    registered = {row[0]: row[1] for row in enrolled.all()}
    reached = case((Sitting.status == "finished", 2), (Sitting.status == "in_progress", 1), else_=0)
    each = (
        select(
            Sitting.campaign_id.label("campaign_id"),
            Sitting.learner_id.label("learner_id"),
            func.max(reached).label("reached"),
            func.max(case((and_(Sitting.status == "finished", ~is_published), 1), else_=0)).label("held"),
            func.max(case((is_published, 1), else_=0)).label("published"),
        )
        .where(Sitting.institution_id == institution_id, Sitting.campaign_id.in_(ids))
        .group_by(Sitting.campaign_id, Sitting.learner_id)
        .subquery()
    )
    counted = await db.execute(
        select(
            each.c.campaign_id,
            func.count(),
            func.sum(case((each.c.reached == 1, 1), else_=0)),
            func.sum(case((each.c.reached == 2, 1), else_=0)),
            func.sum(each.c.held),
            func.sum(each.c.published),
        ).group_by(each.c.campaign_id)
    )
    found = {row[0]: tuple(int(value) for value in row[1:]) for row in counted.all()}
    made = {}
    for campaign_id in ids:
        seen, running, done, held, published = found.get(campaign_id, (0, 0, 0, 0, 0))
        # who came by another way than an enrolment counts too
        people = max(registered.get(campaign_id, 0), seen)
        made[campaign_id] = Progress(people, people - running - done, running, done, held, published)
    return made


async def held_count(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> int:
    """Finished sittings of a learner whose result is held."""
    query = (
        select(func.count())
        .select_from(Sitting)
        .where(
            Sitting.institution_id == institution_id,
            Sitting.learner_id == learner_id,
            Sitting.status == "finished",
            ~is_published,
        )
    )
    return (await db.execute(query)).scalar_one()


class LearnerRow(NamedTuple):
    """A learner, as far as exports and pages say."""

    id: UUID
    external_id: str | None
    profession: str | None
    curriculum: str | None
    year: str | None
    created_at: datetime
    updated_at: datetime


_LEARNER_COLUMNS: tuple[Any, ...] = (
    Learner.id,
    Learner.external_id,
    Learner.profession,
    Learner.curriculum,
    Learner.year,
    Learner.created_at,
    Learner.updated_at,
)


def _learners(query: Query, chosen: Selection) -> Query:
    query = query.where(Learner.institution_id == chosen.institution_id, Learner.erased_at.is_(None))
    if chosen.cohort_id is not None:
        query = query.where(_in_cohort(chosen.cohort_id, Learner.id))
    if chosen.campaign_id is not None:
        enrolled = select(Enrolment.learner_id).where(
            Enrolment.campaign_id == chosen.campaign_id, Enrolment.learner_id == Learner.id
        )
        query = query.where(enrolled.exists())
    if chosen.updated_since is not None:
        query = query.where(Learner.updated_at >= chosen.updated_since)
    return query


async def learners(
    db: AsyncSession, chosen: Selection, *, after: UUID | None, limit: int
) -> list[LearnerRow]:
    """Learners in the order of their ids."""
    query = _learners(select(*_LEARNER_COLUMNS), chosen)
    if after is not None:
        query = query.where(Learner.id > after)
    rows = await db.execute(query.order_by(Learner.id).limit(limit))
    return [LearnerRow(*row) for row in rows.all()]


async def learners_count(db: AsyncSession, chosen: Selection) -> int:
    """How many learners an export would hold."""
    return int((await db.execute(_learners(select(func.count()).select_from(Learner), chosen))).scalar_one())


async def learner(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> LearnerRow | None:
    """One learner."""
    chosen = Selection(institution_id)
    row = (
        await db.execute(_learners(select(*_LEARNER_COLUMNS), chosen).where(Learner.id == learner_id))
    ).first()
    return LearnerRow(*row) if row else None


async def cohort_names(db: AsyncSession, learners: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The cohorts each of some learners is in."""
    query = (
        select(CohortMember.learner_id, Cohort.name)
        .join(Cohort, Cohort.id == CohortMember.cohort_id)
        .where(CohortMember.learner_id.in_(learners))
        .order_by(CohortMember.learner_id, Cohort.name)
    )
    names: dict[UUID, list[str]] = {}
    for learner_id, name in (await db.execute(query)).all():
        names.setdefault(learner_id, []).append(name)
    return names


# Exports


async def export(db: AsyncSession, institution_id: UUID, export_id: UUID) -> Export | None:
    """One export of an institution."""
    query = select(Export).where(Export.institution_id == institution_id, Export.id == export_id)
    return (await db.execute(query)).scalar()


async def exports(
    db: AsyncSession, institution_id: UUID, *, before: UUID | None, limit: int
) -> Sequence[Export]:
    """The exports of an institution, newest first."""
    query = select(Export).where(Export.institution_id == institution_id)
    if before is not None:
        query = query.where(Export.id < before)
    return (await db.execute(query.order_by(Export.id.desc()).limit(limit))).scalars().all()


async def unfinished(db: AsyncSession, institution_id: UUID) -> int:
    """How many exports of an institution are waiting or being made."""
    query = (
        select(func.count())
        .select_from(Export)
        .where(Export.institution_id == institution_id, Export.status.in_(("pending", "running")))
    )
    return (await db.execute(query)).scalar_one()


async def next_waiting(db: AsyncSession, now: datetime) -> Export | None:
    """The oldest export that nobody is making, locked; one whose maker died counts again."""
    query = (
        select(Export)
        .where(
            or_(
                Export.status == "pending",
                and_(Export.status == "running", Export.claimed_until <= now),
            )
        )
        .order_by(Export.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await db.execute(query)).scalar()


async def running(db: AsyncSession) -> int:
    """How many exports are being made."""
    query = select(func.count()).select_from(Export).where(Export.status == "running")
    return (await db.execute(query)).scalar_one()


async def by_id(db: AsyncSession, export_id: UUID) -> Export | None:
    """An export, whoever asked for it."""
    return (await db.execute(select(Export).where(Export.id == export_id).with_for_update())).scalar()


async def renew(db: AsyncSession, export_id: UUID, until: datetime) -> None:
    """Keep an export claimed while its rows are being written."""
    await db.execute(
        update(Export).where(Export.id == export_id, Export.status == "running").values(claimed_until=until)
    )


async def may_hold(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> Sequence[Export]:
    """Exports that are made, being made or waiting and may hold a learner, locked.

    Results and responses hold who has a published sitting, of the campaign if it is one's; who was in a cohort or
    enrolled when the file was made is not known any more, and counts as in it.
    """
    published = select(Sitting.id).where(
        Sitting.institution_id == institution_id,
        Sitting.learner_id == learner_id,
        is_published,
        or_(Export.campaign_id.is_(None), Sitting.campaign_id == Export.campaign_id),
    )
    query = (
        select(Export)
        .where(
            Export.institution_id == institution_id,
            Export.status.in_(("pending", "running", "ready")),
            or_(Export.what == "learners", published.correlate(Export).exists()),
        )
        .order_by(Export.id)
        .with_for_update()
    )
    return (await db.execute(query)).scalars().all()


async def with_file(db: AsyncSession, export_ids: Sequence[UUID]) -> set[UUID]:
    """Those of some exports that have a file, or will have one."""
    query = select(Export.id).where(
        Export.id.in_(export_ids), Export.status.in_(("pending", "running", "ready"))
    )
    return set((await db.execute(query)).scalars())


async def expired(db: AsyncSession, now: datetime) -> Sequence[Export]:
    """Exports whose file may go."""
    query = select(Export).where(Export.status == "ready", Export.expires_at <= now).order_by(Export.id)
    return (await db.execute(query.limit(200))).scalars().all()


# Tallies


async def last_tally(db: AsyncSession) -> date | None:
    """The day of the newest tallies."""
    return (await db.execute(select(func.max(ComparisonTally.day)))).scalar()


async def replace_tallies(db: AsyncSession, day: date, rows: Sequence[ComparisonTally]) -> None:
    """Write the tallies of a day; older ones go."""
    await db.execute(delete(ComparisonTally))
    db.add_all(rows)


async def tallies(db: AsyncSession, design: str, scale: str) -> Sequence[ComparisonTally]:
    """What every institution reached in a design on a scale."""
    query = select(ComparisonTally).where(
        ComparisonTally.design_key == design, ComparisonTally.scale == scale
    )
    return (await db.execute(query.order_by(ComparisonTally.institution_id))).scalars().all()
