"""SQL of institutions and learners."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    delete,
    func,
    literal,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Instant
from app.errors import Conflict
from app.institutions.tables import Institution, InstitutionLogo, Learner, LearnerIdentity


async def by_slug(db: AsyncSession, slug: str) -> Institution | None:
    """The institution of this slug."""
    return (await db.execute(select(Institution).where(Institution.slug == slug))).scalar()


async def by_id(db: AsyncSession, institution_id: UUID) -> Institution | None:
    """The institution with this id."""
    return await db.get(Institution, institution_id)


async def twin_of(db: AsyncSession, institution_id: UUID) -> Institution | None:
    """The institution that holds the test mode of this one."""
    return (await db.execute(select(Institution).where(Institution.test_of == institution_id))).scalar()


async def twins(db: AsyncSession) -> Sequence[UUID]:
    """Every institution that holds a test mode."""
    return (await db.execute(select(Institution.id).where(Institution.test_of.is_not(None)))).scalars().all()


async def learner_by_external_id(db: AsyncSession, institution_id: UUID, external_id: str) -> Learner | None:
    """The learner an institution calls so."""
    query = select(Learner).where(
        Learner.institution_id == institution_id, Learner.external_id == external_id
    )
    return (await db.execute(query)).scalar()


async def learner(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> Learner | None:
    """A learner of the institution."""
    query = select(Learner).where(Learner.institution_id == institution_id, Learner.id == learner_id)
    return (await db.execute(query)).scalar()


async def learners_of(db: AsyncSession, institution_id: UUID, ids: Sequence[UUID]) -> Sequence[Learner]:
    """The institution's learners among these."""
    query = select(Learner).where(Learner.institution_id == institution_id, Learner.id.in_(ids))
    return (await db.execute(query)).scalars().all()


async def learners(
    db: AsyncSession,
    institution_id: UUID,
    *,
    external_id: str | None,
    curriculum: str | None,
    year: str | None,
    updated_since: datetime | None,
    among: Select[UUID] | None,
    after: tuple[datetime | None, UUID] | None,
    limit: int,
) -> Sequence[Learner]:
    """Learners by identifier, or by moment of change and identifier."""
    query = select(Learner).where(Learner.institution_id == institution_id, Learner.erased_at.is_(None))
    for column, value in (
        (Learner.external_id, external_id),
        (Learner.curriculum, curriculum),
        (Learner.year, year),
    ):
        if value is not None:
            query = query.where(column == value)
    if among is not None:
        query = query.where(Learner.id.in_(among))
    if updated_since is None:
        query = query.order_by(Learner.id)
        if after is not None:
            query = query.where(Learner.id > after[1])
    else:
        query = query.where(Learner.updated_at >= updated_since).order_by(Learner.updated_at, Learner.id)
        if after is not None and after[0] is not None:
            query = query.where(
                tuple_(Learner.updated_at, Learner.id)
                > tuple_(literal(after[0], Instant()), literal(after[1], Uuid()))
            )
    return (await db.execute(query.limit(limit))).scalars().all()


async def remove_learner(db: AsyncSession, learner: Learner) -> None:
    """Delete a learner; raises `Conflict` when something else refers to them."""
    try:
        async with db.begin_nested():
            await db.execute(delete(LearnerIdentity).where(LearnerIdentity.learner_id == learner.id))
            await db.delete(learner)
    except IntegrityError:
        raise Conflict("Something is kept that refers to this learner.") from None


async def count_learners(db: AsyncSession, institution_id: UUID) -> int:
    """Learners with an identifier: one who took a test without a name is nobody in particular."""
    query = select(func.count()).where(
        Learner.institution_id == institution_id,
        Learner.external_id.is_not(None),
        Learner.erased_at.is_(None),
    )
    return (await db.execute(query)).scalar_one()


async def quota(db: AsyncSession, institution_id: UUID, name: str) -> int | None:
    """How much of something the institution may use; the row is then held until the transaction ends."""
    found = (
        await db.execute(select(Institution.quotas).where(Institution.id == institution_id))
    ).scalar_one()
    if found.get(name) is None:
        return None
    # held in a way that other rows may go on referring to it
    await db.execute(
        select(Institution.id).where(Institution.id == institution_id).with_for_update(key_share=True)
    )
    return int(found[name])


async def identity(db: AsyncSession, learner_id: UUID) -> LearnerIdentity | None:
    """Who a learner is."""
    return await db.get(LearnerIdentity, learner_id)


async def identities(
    db: AsyncSession, institution_id: UUID, ids: Sequence[UUID]
) -> Sequence[LearnerIdentity]:
    """Who these learners are."""
    query = select(LearnerIdentity).where(
        LearnerIdentity.institution_id == institution_id, LearnerIdentity.learner_id.in_(ids)
    )
    return (await db.execute(query)).scalars().all()


# Many learners arrive as one JSON value: arrays of identifier, external identifier, profession, curriculum, year, given
# name, family name, e-mail. One statement then holds the write gate for as long as the database itself needs, and no
# longer. (CROSS JOIN: SQLite then reads what is given once and finds each learner by index, not the other way round.)
_GIVEN: Final = {
    "sqlite": """
        SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS external_id,
            json_extract(value, '$[2]') AS profession, json_extract(value, '$[3]') AS curriculum,
            json_extract(value, '$[4]') AS year, json_extract(value, '$[5]') AS given_name,
            json_extract(value, '$[6]') AS family_name, json_extract(value, '$[7]') AS email
        FROM json_each(:rows)""",
    "postgresql": """
        SELECT CAST(value->>0 AS uuid) AS id, value->>1 AS external_id, value->>2 AS profession,
            value->>3 AS curriculum, value->>4 AS year, value->>5 AS given_name, value->>6 AS family_name,
            value->>7 AS email
        FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS each(value)""",
}
_PUT_LEARNERS: Final = """
WITH given AS ({given})
INSERT INTO learner (id, institution_id, external_id, profession, curriculum, year, created_at, updated_at)
SELECT id, :institution_id, external_id, profession, curriculum, year, :now, :now FROM given WHERE true
ON CONFLICT (institution_id, external_id) DO UPDATE
SET (profession, curriculum, year, updated_at) = (
    coalesce(excluded.profession, learner.profession), coalesce(excluded.curriculum, learner.curriculum),
    coalesce(excluded.year, learner.year), excluded.updated_at)
WHERE (coalesce(excluded.profession, learner.profession), coalesce(excluded.curriculum, learner.curriculum),
        coalesce(excluded.year, learner.year))
    IS DISTINCT FROM (learner.profession, learner.curriculum, learner.year)
"""
_PUT_IDENTITIES: Final = """
WITH given AS ({given})
INSERT INTO learner_identity (learner_id, institution_id, given_name, family_name, email, updated_at)
SELECT learner.id, :institution_id, given.given_name, given.family_name, given.email, :now
FROM given CROSS JOIN learner
WHERE learner.institution_id = :institution_id AND learner.external_id = given.external_id
    AND given.given_name IS NOT NULL
ON CONFLICT (learner_id) DO UPDATE
SET (given_name, family_name, email, updated_at) =
    (excluded.given_name, excluded.family_name, coalesce(excluded.email, learner_identity.email), excluded.updated_at)
"""
_KNOWN: Final = """
WITH given AS ({given})
SELECT count(*), count(*) FILTER (WHERE
    (coalesce(given.profession, learner.profession), coalesce(given.curriculum, learner.curriculum),
     coalesce(given.year, learner.year))
    IS DISTINCT FROM (learner.profession, learner.curriculum, learner.year)
    OR given.given_name IS NOT NULL AND
    (given.given_name, given.family_name, coalesce(given.email, learner_identity.email))
    IS DISTINCT FROM (learner_identity.given_name, learner_identity.family_name, learner_identity.email))
FROM given CROSS JOIN learner LEFT JOIN learner_identity ON learner_identity.learner_id = learner.id
WHERE learner.institution_id = :institution_id AND learner.external_id = given.external_id
"""
_TYPES: Final = (bindparam("institution_id", type_=Uuid()), bindparam("rows", type_=Text()))


def _of_rows(db: AsyncSession, statement: str) -> str:
    return statement.format(given=_GIVEN[db.get_bind().dialect.name])


async def known_among(db: AsyncSession, institution_id: UUID, rows: str) -> tuple[int, int]:
    """How many of these learners the institution has, and of how many something would change."""
    query = text(_of_rows(db, _KNOWN)).bindparams(*_TYPES)
    known, changed = (await db.execute(query, {"institution_id": institution_id, "rows": rows})).one()
    return known, changed


async def put_learners(db: AsyncSession, institution_id: UUID, rows: str, now: datetime) -> None:
    """Make these learners, or change those that exist; and who they are, where it is said."""
    values = {"institution_id": institution_id, "rows": rows, "now": now}
    for statement in (_PUT_LEARNERS, _PUT_IDENTITIES):
        query = text(_of_rows(db, statement)).bindparams(*_TYPES, bindparam("now", type_=Instant()))
        await db.execute(query, values)


def ids_called(db: AsyncSession, institution_id: UUID, external_ids: Sequence[str]) -> Select[UUID]:
    """The identifiers of learners by their external ones, which travel as one JSON value."""
    if db.get_bind().dialect.name == "sqlite":
        names = func.json_each(json.dumps(list(external_ids))).table_valued("value")
    else:
        names = func.jsonb_array_elements_text(cast(list(external_ids), JSONB)).table_valued("value")
    return select(Learner.id).where(
        Learner.institution_id == institution_id, Learner.external_id.in_(select(names.c.value))
    )


def ids_packed(db: AsyncSession, institution_id: UUID, rows: str) -> Select[UUID]:
    """The identifiers of learners who came as one JSON value, by their external ones."""
    if db.get_bind().dialect.name == "sqlite":
        given = func.json_each(literal(rows, Text())).table_valued("value")
        names = select(func.json_extract(given.c.value, "$[1]"))
    else:
        given = func.jsonb_array_elements(cast(literal(rows, Text()), JSONB)).table_valued("value")
        names = select(given.c.value.op("->>")(literal_column("1")))
    return select(Learner.id).where(Learner.institution_id == institution_id, Learner.external_id.in_(names))


async def live(db: AsyncSession) -> Sequence[Institution]:
    """Every institution but the twins, by slug."""
    query = select(Institution).where(Institution.test_of.is_(None)).order_by(Institution.slug)
    return (await db.execute(query)).scalars().all()


async def logo(db: AsyncSession, institution_id: UUID) -> InstitutionLogo | None:
    """The picture of an institution."""
    return await db.get(InstitutionLogo, institution_id)


async def learners_among(db: AsyncSession, institution_id: UUID, ids: Select[UUID]) -> Sequence[Learner]:
    """The learners of a query of identifiers."""
    query = select(Learner).where(Learner.institution_id == institution_id, Learner.id.in_(ids))
    return (await db.execute(query.order_by(Learner.id))).scalars().all()


async def names_called(db: AsyncSession, ids: Select[UUID]) -> set[str]:
    """The external identifiers of learners of a query."""
    query = select(Learner.external_id).where(Learner.id.in_(ids))
    return {name for name in (await db.execute(query)).scalars() if name is not None}
