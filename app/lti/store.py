"""SQL of the LTI slice."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.lti.tables import (
    LtiGrade,
    LtiLink,
    LtiParticipation,
    LtiPlatform,
    LtiRegistrationLink,
    LtiToolKey,
)


async def published_keys(db: AsyncSession, now: datetime) -> list[LtiToolKey]:
    """The tool's keys that platforms may see, newest first."""
    query = (
        select(LtiToolKey)
        .where(or_(LtiToolKey.published_until.is_(None), LtiToolKey.published_until > now))
        .order_by(LtiToolKey.created_at.desc(), LtiToolKey.kid)
    )
    return list((await db.execute(query)).scalars())


async def platforms_of(
    db: AsyncSession, institution_id: UUID, after: UUID | None, limit: int
) -> Sequence[LtiPlatform]:
    """An institution's platforms, oldest first."""
    query = select(LtiPlatform).where(LtiPlatform.institution_id == institution_id)
    if after is not None:
        query = query.where(LtiPlatform.id > after)
    return (await db.execute(query.order_by(LtiPlatform.id).limit(limit))).scalars().all()


async def platform(db: AsyncSession, institution_id: UUID, platform_id: UUID) -> LtiPlatform | None:
    """One of an institution's platforms."""
    query = select(LtiPlatform).where(
        LtiPlatform.institution_id == institution_id, LtiPlatform.id == platform_id
    )
    return (await db.execute(query)).scalar()


async def platform_by_id(db: AsyncSession, platform_id: UUID) -> LtiPlatform | None:
    """A platform, whosever it is."""
    return await db.get(LtiPlatform, platform_id)


async def platforms_by_issuer(db: AsyncSession, issuer: str, client_id: str | None) -> list[LtiPlatform]:
    """The registrations of an issuer, or the one of a client."""
    query = select(LtiPlatform).where(LtiPlatform.issuer == issuer)
    if client_id:
        query = query.where(LtiPlatform.client_id == client_id)
    return list((await db.execute(query.limit(2))).scalars())


async def sealed_pseudonym_key(db: AsyncSession, institution_id: UUID, issuer: str) -> str | None:
    """The key of the pseudonyms of an issuer's learners, if the institution has a registration already."""
    query = select(LtiPlatform.pseudonym_key_sealed).where(
        LtiPlatform.institution_id == institution_id, LtiPlatform.issuer == issuer
    )
    return (await db.execute(query.limit(1))).scalar()


async def remove_platform(db: AsyncSession, platform_id: UUID) -> None:
    """Delete a platform with its links and what waits for them; sittings stay."""
    await db.execute(delete(LtiPlatform).where(LtiPlatform.id == platform_id))


async def registration_link(db: AsyncSession, secret_hash: str) -> LtiRegistrationLink | None:
    """The registration link of this secret, locked."""
    query = select(LtiRegistrationLink).where(LtiRegistrationLink.secret_hash == secret_hash)
    return (await db.execute(query.with_for_update())).scalar()


async def link(db: AsyncSession, platform_id: UUID, deployment: str, resource_link: str) -> LtiLink | None:
    """A resource link, locked, so that two first launches at once make one sitting."""
    query = select(LtiLink).where(
        LtiLink.platform_id == platform_id,
        LtiLink.deployment == deployment,
        LtiLink.resource_link == resource_link,
    )
    return (await db.execute(query.with_for_update())).scalar()


async def link_by_id(db: AsyncSession, link_id: UUID) -> LtiLink | None:
    """A resource link."""
    return await db.get(LtiLink, link_id)


async def participation(db: AsyncSession, link_id: UUID, learner_id: UUID) -> LtiParticipation | None:
    """A learner at a link, locked."""
    query = select(LtiParticipation).where(
        LtiParticipation.link_id == link_id, LtiParticipation.learner_id == learner_id
    )
    return (await db.execute(query.with_for_update())).scalar()


async def participations_of_sitting(
    db: AsyncSession, sitting_id: UUID, *, lock: bool = False
) -> Sequence[LtiParticipation]:
    """The participations whose latest sitting this is."""
    query = select(LtiParticipation).where(LtiParticipation.sitting_id == sitting_id)
    return (await db.execute(query.with_for_update() if lock else query)).scalars().all()


async def participations(
    db: AsyncSession, link_id: UUID
) -> Sequence[tuple[LtiParticipation, LtiGrade | None]]:
    """Everybody who came through a link, with what is told of them."""
    query = (
        select(LtiParticipation, LtiGrade)
        .outerjoin(LtiGrade, LtiGrade.participation_id == LtiParticipation.id)
        .where(LtiParticipation.link_id == link_id)
        .order_by(LtiParticipation.id)
    )
    return [(row[0], row[1]) for row in await db.execute(query)]


async def grade(db: AsyncSession, participation_id: UUID) -> LtiGrade | None:
    """What is told of a participation, locked."""
    query = select(LtiGrade).where(LtiGrade.participation_id == participation_id).with_for_update()
    return (await db.execute(query)).scalar()


async def claim_grades(
    db: AsyncSession, now: datetime, until: datetime, limit: int
) -> list[tuple[LtiGrade, LtiParticipation, LtiLink, LtiPlatform]]:
    """Take grades that are due for as long as a call may last; another worker passes them by."""
    query = (
        select(LtiGrade, LtiParticipation, LtiLink, LtiPlatform)
        .join(LtiParticipation, LtiParticipation.id == LtiGrade.participation_id)
        .join(LtiLink, LtiLink.id == LtiParticipation.link_id)
        .join(LtiPlatform, LtiPlatform.id == LtiLink.platform_id)
        .where(
            LtiGrade.state == "pending",
            LtiGrade.due_at <= now,
            or_(LtiGrade.claimed_until.is_(None), LtiGrade.claimed_until <= now),
            LtiPlatform.enabled.is_(True),
        )
        .order_by(LtiGrade.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=LtiGrade)
    )
    taken = [(row[0], row[1], row[2], row[3]) for row in await db.execute(query)]
    if taken:
        ids = [found.participation_id for found, _, _, _ in taken]
        await db.execute(
            update(LtiGrade).where(LtiGrade.participation_id.in_(ids)).values(claimed_until=until)
        )
    return taken


async def any_grade_due(db: AsyncSession, now: datetime) -> bool:
    """Whether a claim would find something: asked without the right to write."""
    query = select(LtiGrade.participation_id).where(
        LtiGrade.state == "pending",
        LtiGrade.due_at <= now,
        or_(LtiGrade.claimed_until.is_(None), LtiGrade.claimed_until <= now),
    )
    return (await db.execute(query.limit(1))).first() is not None


async def remove_participations(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> None:
    """Delete a learner's participations; the grades that wait go with them."""
    await db.execute(
        delete(LtiParticipation).where(
            LtiParticipation.institution_id == institution_id, LtiParticipation.learner_id == learner_id
        )
    )
