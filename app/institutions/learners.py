"""The learners of an institution: what they are called, what is known of them, many of them at once.

An identifier is a pseudonym: what looks like an e-mail address or a name is refused, because it would go with every
response. Who a learner is, where the institution wants to say so, stands in a table of its own.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Conflict, InvalidInput, NotFound, QuotaReached
from app.identifiers import new_id
from app.institutions import store
from app.institutions.facts import EXPECTED, LONGEST
from app.institutions.facts import LearnerFacts as LearnerFacts
from app.institutions.facts import faults as faults
from app.institutions.tables import Learner as Learner
from app.institutions.tables import LearnerIdentity as LearnerIdentity


@dataclass(frozen=True)
class Outcome:
    """What giving many learners at once does: how many are new, how many change, how many stay as they are."""

    created: int
    updated: int
    unchanged: int


def require_sound(facts: LearnerFacts, professions: frozenset[str]) -> None:
    """Raise `InvalidInput` naming every wrong field."""
    found = list(faults(facts, professions))
    if found:
        raise InvalidInput(
            "What is said of the learner cannot be kept.",
            errors=[{"field": name, "expected": _expected(name, code, professions)} for name, code in found],
        )


def require_pseudonym(external_id: str, field: str = "learner") -> None:
    """Raise `InvalidInput` for an identifier that may not go with responses."""
    for _, code in faults(LearnerFacts(external_id), frozenset()):
        raise InvalidInput(
            "This identifier cannot be kept.", errors=[{"field": field, "expected": EXPECTED[code]}]
        )


def _expected(name: str, code: str, professions: frozenset[str]) -> str:
    match code:
        case "profession":
            return f"one of: {', '.join(sorted(professions))}"
        case "too_long":
            return f"{LONGEST[name]} characters at most"
        case _:
            return EXPECTED[code]


async def make_room(
    db: AsyncSession, institution_id: UUID, quota: str, used: Callable[[], Awaitable[int]], more: int = 1
) -> None:
    """Raise `QuotaReached` unless so many more fit under a quota of the institution; without one anything fits.

    The institution's row is held until the transaction ends, so that two at once cannot both take the last place.
    """
    limit = await store.quota(db, institution_id, quota)
    if limit is not None and await used() + more > limit:
        raise QuotaReached(f"The quota of this institution is reached: {quota}.", quota=quota, limit=limit)


async def add(
    db: AsyncSession, institution_id: UUID, facts: LearnerFacts, now: datetime, professions: frozenset[str]
) -> Learner:
    """A new learner.

    Raises
    ------
    InvalidInput, QuotaReached
    Conflict
        The institution has a learner of this identifier.
    """
    require_sound(facts, professions)
    if await store.learner_by_external_id(db, institution_id, facts.external_id) is not None:
        raise Conflict("A learner with this identifier exists. Change that one.")
    await make_room(db, institution_id, "learners", lambda: store.count_learners(db, institution_id))
    learner = Learner(
        id=new_id(),
        institution_id=institution_id,
        external_id=facts.external_id,
        profession=facts.profession,
        curriculum=facts.curriculum,
        year=facts.year,
        created_at=now,
        updated_at=now,
    )
    db.add(learner)
    await db.flush()
    if facts.given_name is not None and facts.family_name is not None:
        await identify(
            db,
            learner,
            given_name=facts.given_name,
            family_name=facts.family_name,
            email=facts.email,
            now=now,
        )
    return learner


async def require(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> Learner:
    """The institution's learner; raises `NotFound`."""
    found = await store.learner(db, institution_id, learner_id)
    if found is None:
        raise NotFound("This learner is unknown.")
    return found


async def called(db: AsyncSession, institution_id: UUID, external_id: str) -> Learner | None:
    """The learner of this identifier."""
    return await store.learner_by_external_id(db, institution_id, external_id)


async def change(
    db: AsyncSession, learner: Learner, values: dict[str, Any], now: datetime, professions: frozenset[str]
) -> Learner:
    """Change what is given: `external_id`, `profession`, `curriculum`, `year`; raises as `add` does."""
    facts = LearnerFacts(
        external_id=values.get("external_id", learner.external_id) or "",
        profession=values.get("profession"),
        curriculum=values.get("curriculum"),
        year=values.get("year"),
    )
    if values.keys() & {"external_id"} or learner.external_id is not None:
        require_sound(facts, professions)
    renamed = values.get("external_id", learner.external_id)
    if renamed != learner.external_id and await called(db, learner.institution_id, renamed or ""):
        raise Conflict("Another learner has this identifier.")
    for name, value in values.items():
        setattr(learner, name, value)
    learner.updated_at = now
    await db.flush()
    return learner


async def remove(db: AsyncSession, learner: Learner) -> None:
    """Delete a learner of whom nothing else is kept; raises `Conflict` when something is."""
    await store.remove_learner(db, learner)


async def listed(
    db: AsyncSession,
    institution_id: UUID,
    *,
    external_id: str | None = None,
    curriculum: str | None = None,
    year: str | None = None,
    updated_since: datetime | None = None,
    among: Select[UUID] | None = None,
    after: tuple[datetime | None, UUID] | None = None,
    limit: int,
) -> Sequence[Learner]:
    """Learners in order of creation; with `updated_since` in order of change, so that a list can be kept up.

    `among` is a query of identifiers; `after` is the moment of change and the identifier of the last one seen.
    """
    return await store.learners(
        db,
        institution_id,
        external_id=external_id,
        curriculum=curriculum,
        year=year,
        updated_since=updated_since,
        among=among,
        after=after,
        limit=limit,
    )


async def by_id(db: AsyncSession, institution_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Learner]:
    """Learners of the institution among these."""
    return {found.id: found for found in await store.learners_of(db, institution_id, ids)}


async def identity(db: AsyncSession, learner: Learner) -> LearnerIdentity:
    """Who the learner is; raises `NotFound` when the institution has not said so."""
    found = await store.identity(db, learner.id)
    if found is None:
        raise NotFound("Nothing is known of who this learner is.")
    return found


async def identities(
    db: AsyncSession, institution_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, LearnerIdentity]:
    """Who these learners are, as far as it is known."""
    return {found.learner_id: found for found in await store.identities(db, institution_id, ids)}


async def identify(
    db: AsyncSession,
    learner: Learner,
    *,
    given_name: str,
    family_name: str,
    email: str | None,
    now: datetime,
) -> LearnerIdentity:
    """Say who a learner is, in place of what was said before; raises `InvalidInput`."""
    named = LearnerFacts("x", given_name=given_name, family_name=family_name, email=email)
    require_sound(named, frozenset())
    found = await store.identity(db, learner.id)
    if found is None:
        found = LearnerIdentity(learner_id=learner.id, institution_id=learner.institution_id)
        db.add(found)
    found.given_name, found.family_name, found.email, found.updated_at = given_name, family_name, email, now
    await db.flush()
    return found


async def forget_identity(db: AsyncSession, learner: Learner) -> None:
    """No longer know who a learner is; raises `NotFound` when nothing is known."""
    await db.delete(await identity(db, learner))
    await db.flush()


async def foreseen(db: AsyncSession, institution_id: UUID, rows: str, count: int) -> Outcome:
    """What `put` of these packed learners would do now."""
    known, changed = await store.known_among(db, institution_id, rows)
    return Outcome(count - known, changed, known - changed)


async def put(db: AsyncSession, institution_id: UUID, rows: str, outcome: Outcome, now: datetime) -> None:
    """Make or change many learners by their identifiers, in two statements however many they are.

    `rows` are packed learners, each sound and each identifier once; `outcome` is what was foreseen, so that the write
    itself looks nothing up. A value that is not given leaves what is known.

    Raises
    ------
    QuotaReached
    """
    if outcome.created:
        await make_room(
            db, institution_id, "learners", lambda: store.count_learners(db, institution_id), outcome.created
        )
    await store.put_learners(db, institution_id, rows, now)


def called_so(db: AsyncSession, institution_id: UUID, external_ids: Sequence[str]) -> Select[UUID]:
    """A query of the identifiers of learners with these external identifiers, however many."""
    return store.ids_called(db, institution_id, external_ids)


def named_in(db: AsyncSession, institution_id: UUID, rows: str) -> Select[UUID]:
    """A query of the identifiers of packed learners, once they are put."""
    return store.ids_packed(db, institution_id, rows)


async def chosen(db: AsyncSession, institution_id: UUID, ids: Select[UUID]) -> Sequence[Learner]:
    """The learners of a query of identifiers."""
    return await store.learners_among(db, institution_id, ids)


async def names_among(db: AsyncSession, institution_id: UUID, external_ids: Sequence[str]) -> set[str]:
    """Which of these external identifiers the institution's learners have."""
    return await store.names_called(db, called_so(db, institution_id, external_ids))


async def at_first_sight(db: AsyncSession, institution_id: UUID, external_id: str, now: datetime) -> Learner:
    """The learner of this identifier, made if there is none; raises `InvalidInput` and `QuotaReached`."""
    found = await called(db, institution_id, external_id)
    return found or await add(db, institution_id, LearnerFacts(external_id), now, frozenset())


async def nobody(db: AsyncSession, institution_id: UUID, now: datetime) -> UUID:
    """A new learner without an identifier."""
    learner = Learner(id=new_id(), institution_id=institution_id, created_at=now, updated_at=now)
    db.add(learner)
    await db.flush()
    return learner.id
