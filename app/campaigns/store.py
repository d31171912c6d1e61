"""SQL of cohorts, campaigns, enrolments and files that wait."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, delete, func, insert, literal, select, union
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.tables import Campaign, Cohort, CohortMember, Enrolment, LearnerFile
from app.db import Instant


def _insert(db: AsyncSession, table: Any) -> Any:
    """An INSERT that may say what to do on a conflict; both databases write it alike."""
    made = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    return made(table)


# Cohorts


async def cohort(db: AsyncSession, institution_id: UUID, cohort_id: UUID) -> Cohort | None:
    """A cohort of the institution."""
    query = select(Cohort).where(Cohort.institution_id == institution_id, Cohort.id == cohort_id)
    return (await db.execute(query)).scalar()


async def cohort_by_name(db: AsyncSession, institution_id: UUID, name: str) -> Cohort | None:
    """The cohort of this name."""
    query = select(Cohort).where(Cohort.institution_id == institution_id, Cohort.name == name)
    return (await db.execute(query)).scalar()


async def cohorts(db: AsyncSession, institution_id: UUID, after: UUID | None, limit: int) -> Sequence[Cohort]:
    """Cohorts, oldest first."""
    query = select(Cohort).where(Cohort.institution_id == institution_id).order_by(Cohort.id).limit(limit)
    if after is not None:
        query = query.where(Cohort.id > after)
    return (await db.execute(query)).scalars().all()


async def member_counts(db: AsyncSession, cohort_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Learners of each cohort that has any."""
    query = (
        select(CohortMember.cohort_id, func.count())
        .where(CohortMember.cohort_id.in_(cohort_ids))
        .group_by(CohortMember.cohort_id)
    )
    return {row[0]: row[1] for row in await db.execute(query)}


async def cohorts_of_learners(db: AsyncSession, learner_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The cohorts that each of these learners is in."""
    query = (
        select(CohortMember.learner_id, CohortMember.cohort_id)
        .where(CohortMember.learner_id.in_(learner_ids))
        .order_by(CohortMember.cohort_id)
    )
    found: dict[UUID, list[UUID]] = {}
    for learner_id, cohort_id in await db.execute(query):
        found.setdefault(learner_id, []).append(cohort_id)
    return found


def members(cohort_id: UUID) -> Select[UUID]:
    """A query of the learners of a cohort."""
    return select(CohortMember.learner_id).where(CohortMember.cohort_id == cohort_id)


async def is_member(db: AsyncSession, cohort_id: UUID, learner_id: UUID) -> bool:
    """Whether a learner is in a cohort."""
    return await db.get(CohortMember, (cohort_id, learner_id)) is not None


async def add_members(db: AsyncSession, cohort: Cohort, ids: Select[UUID], now: datetime) -> int:
    """Add the learners of a query; returns how many were not in the cohort yet."""
    chosen = ids.subquery()
    query = select(
        literal(cohort.id, Uuid()),
        chosen.c.id,
        literal(cohort.institution_id, Uuid()),
        literal(now, Instant()),
    ).where(chosen.c.id.is_not(None))
    added = await db.execute(
        _insert(db, CohortMember)
        .from_select(["cohort_id", "learner_id", "institution_id", "added_at"], query)
        .on_conflict_do_nothing()
    )
    return int(added.rowcount)  # type: ignore[attr-defined]


async def remove_members(db: AsyncSession, cohort_id: UUID, ids: Select[UUID]) -> int:
    """Take the learners of a query out of a cohort; returns how many were in it."""
    removed = await db.execute(
        delete(CohortMember)
        .where(CohortMember.cohort_id == cohort_id, CohortMember.learner_id.in_(ids))
        .execution_options(synchronize_session=False)
    )
    return int(removed.rowcount)  # type: ignore[attr-defined]


# Campaigns


async def campaign(
    db: AsyncSession, institution_id: UUID, campaign_id: UUID, *, held: bool = False
) -> Campaign | None:
    """A campaign of the institution; `held` against a change until the transaction ends."""
    query = select(Campaign).where(Campaign.institution_id == institution_id, Campaign.id == campaign_id)
    return (await db.execute(query.with_for_update(key_share=True) if held else query)).scalar()


async def campaign_to_sit(db: AsyncSession, campaign_id: UUID) -> Campaign | None:
    """A campaign, which nobody publishes before the transaction ends; others may sit it meanwhile."""
    query = select(Campaign).where(Campaign.id == campaign_id).with_for_update(read=True)
    return (await db.execute(query.execution_options(populate_existing=True))).scalar()


async def by_join_code(db: AsyncSession, code: str) -> Campaign | None:
    """The campaign that is joined by this code."""
    return (await db.execute(select(Campaign).where(Campaign.join_code == code))).scalar()


async def campaigns(
    db: AsyncSession, institution_id: UUID, before: UUID | None, cohort_id: UUID | None, limit: int
) -> Sequence[Campaign]:
    """Campaigns, newest first."""
    query = select(Campaign).where(Campaign.institution_id == institution_id)
    if before is not None:
        query = query.where(Campaign.id < before)
    if cohort_id is not None:
        query = query.where(Campaign.cohort_id == cohort_id)
    return (await db.execute(query.order_by(Campaign.id.desc()).limit(limit))).scalars().all()


# Enrolments


async def enrol(db: AsyncSession, campaign: Campaign, learner_id: UUID) -> Enrolment:
    """The enrolment of a learner, made if there is none, locked until the transaction ends."""
    await db.execute(
        _insert(db, Enrolment)
        .values(campaign_id=campaign.id, learner_id=learner_id, institution_id=campaign.institution_id)
        .on_conflict_do_nothing()
    )
    query = select(Enrolment).where(Enrolment.campaign_id == campaign.id, Enrolment.learner_id == learner_id)
    return (await db.execute(query.with_for_update())).scalar_one()


async def enrolment(db: AsyncSession, campaign_id: UUID, learner_id: UUID) -> Enrolment | None:
    """The enrolment of a learner."""
    return await db.get(Enrolment, (campaign_id, learner_id))


async def enrolment_by_link(db: AsyncSession, link_hash: str) -> Enrolment | None:
    """The enrolment of a personal link."""
    return (await db.execute(select(Enrolment).where(Enrolment.link_hash == link_hash))).scalar()


async def enrolments_of(
    db: AsyncSession, campaign_id: UUID, learner_ids: Sequence[UUID]
) -> Sequence[Enrolment]:
    """The enrolments of these learners."""
    query = select(Enrolment).where(
        Enrolment.campaign_id == campaign_id, Enrolment.learner_id.in_(learner_ids)
    )
    found = await db.execute(query.execution_options(populate_existing=True))
    return found.scalars().all()


async def enrolments(
    db: AsyncSession, campaign_id: UUID, after: UUID | None, limit: int
) -> Sequence[Enrolment]:
    """Enrolments of a campaign by learner."""
    query = select(Enrolment).where(Enrolment.campaign_id == campaign_id)
    if after is not None:
        query = query.where(Enrolment.learner_id > after)
    return (await db.execute(query.order_by(Enrolment.learner_id).limit(limit))).scalars().all()


async def invite(
    db: AsyncSession, campaign: Campaign, rows: Sequence[tuple[UUID, str, int | None]], now: datetime
) -> None:
    """Give learners a link each, and more time where it is said; a former link stops working."""
    if not rows:
        return
    values = [
        {"learner": learner_id, "link": link_hash, "percent": percent}
        for learner_id, link_hash, percent in rows
    ]
    adding = _insert(db, Enrolment).values(
        campaign_id=campaign.id,
        learner_id=bindparam("learner", type_=Uuid()),
        institution_id=campaign.institution_id,
        time_percent=func.coalesce(bindparam("percent"), 100),
        link_hash=bindparam("link"),
        invited_at=now,
    )
    adding = adding.on_conflict_do_update(
        index_elements=["campaign_id", "learner_id"],
        set_={
            "time_percent": func.coalesce(bindparam("percent"), Enrolment.time_percent),
            "link_hash": adding.excluded.link_hash,
            "invited_at": func.coalesce(Enrolment.invited_at, adding.excluded.invited_at),
        },
    )
    connection = await db.connection()
    await connection.execute(adding, values)


async def not_invited(
    db: AsyncSession, campaign: Campaign, cohort_id: UUID, limit: int
) -> tuple[Sequence[UUID], int]:
    """Learners of a cohort without a link, at most so many, and how many there are."""
    query = select(CohortMember.learner_id).where(
        CohortMember.cohort_id == cohort_id,
        CohortMember.learner_id.not_in(
            select(Enrolment.learner_id).where(
                Enrolment.campaign_id == campaign.id, Enrolment.invited_at.is_not(None)
            )
        ),
    )
    count = (await db.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
    chosen = await db.execute(query.order_by(CohortMember.learner_id).limit(limit))
    return chosen.scalars().all(), count


async def expected(db: AsyncSession, campaign: Campaign) -> tuple[int, int]:
    """Learners who are expected (enrolled, or in the cohort), and those of them who were invited."""
    enrolled = select(Enrolment.learner_id).where(Enrolment.campaign_id == campaign.id)
    invited = enrolled.where(Enrolment.invited_at.is_not(None))
    everybody = enrolled if campaign.cohort_id is None else union(enrolled, members(campaign.cohort_id))
    query = select(
        select(func.count()).select_from(everybody.subquery()).scalar_subquery(),
        select(func.count()).select_from(invited.subquery()).scalar_subquery(),
    )
    row = (await db.execute(query)).one()
    return row[0], row[1]


# Files that wait for a confirmation


async def file(db: AsyncSession, institution_id: UUID, file_id: UUID) -> LearnerFile | None:
    """A file of the institution."""
    query = select(LearnerFile).where(LearnerFile.institution_id == institution_id, LearnerFile.id == file_id)
    return (await db.execute(query)).scalar()


async def forget_files(db: AsyncSession, before: datetime) -> None:
    """Delete files that nobody confirmed."""
    await db.execute(delete(LearnerFile).where(LearnerFile.read_at < before))


async def add_file(db: AsyncSession, values: dict[str, Any]) -> None:
    """Keep a file."""
    await db.execute(insert(LearnerFile).values(values))
