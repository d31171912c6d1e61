"""Ways into a sitting: an access code, a resume code, a launch link, the demonstration, the API."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import service as auth
from app.auth.credentials import hashed, read_code
from app.delivery import service, sittings
from app.delivery.context import Context
from app.errors import IdempotencyMismatch, InvalidInput, NotFound
from app.institutions import learners
from app.institutions import service as institutions

DEMO_INSTITUTION = institutions.DEMONSTRATION


@dataclass(frozen=True)
class Entered:
    """A sitting, the token of the browser that now holds it, and the code that finds it again where it is known."""

    sitting_id: UUID
    holder: str
    resume_code: str | None


async def by_code(context: Context, typed: str, holder: str) -> Entered:
    """A new sitting for an access code, or an old one for its resume code.

    Raises
    ------
    NotFound, Gone
        No such code; or an access code outside its window.
    """
    code = read_code(typed)
    if code is None:
        raise NotFound("This code is unknown.")
    now = context.now()
    async with context.database.transaction() as db:
        found = await sittings.by_resume_hash(db, hashed(code))
        if found is not None:
            found.holder_hash = hashed(holder)
            return Entered(found.id, holder, code)
        access = await auth.redeem(db, code, now)
        design = await context.assessments.current(access.design_key)
        learner_id = await institutions.learner_for(db, access.institution_id, None, now)
        created = await service.create(
            db,
            design,
            institution_id=access.institution_id,
            learner_id=learner_id,
            access_code_id=access.id,
            profession=access.profession,
            holder=holder,
            now=now,
        )
        return Entered(created.id, holder, created.resume_code)


async def elsewhere(context: Context, typed: str) -> str | None:
    """Where a code leads that opens no sitting by itself: the page of a campaign."""
    async with context.database.reading() as db:
        return await context.campaigns.address_of(db, typed)


async def by_launch_link(context: Context, typed: str, holder: str) -> Entered | None:
    """The sitting of a launch link; None when a browser holds it already and the code must be typed."""
    code = read_code(typed)
    if code is None:
        raise NotFound("This link leads nowhere.")
    async with context.database.transaction() as db:
        found = await sittings.by_resume_hash(db, hashed(code))
        if found is None:
            raise NotFound("This link leads nowhere.")
        if found.holder_hash not in (None, hashed(holder)):
            return None
        found.holder_hash = hashed(holder)
        return Entered(found.id, holder, code)


async def demonstration(context: Context, design_key: str, holder: str) -> Entered:
    """A sitting for anybody who wants to try.

    Raises
    ------
    NotFound
        No such design, or no demonstration here.
    """
    now = context.now()
    design = await context.assessments.current(design_key)
    async with context.database.transaction() as db:
        institution_id = await institutions.institution_id(db, DEMO_INSTITUTION)
        if institution_id is None:
            raise NotFound("There is no demonstration on this server.")
        learner_id = await institutions.learner_for(db, institution_id, None, now)
        created = await service.create(
            db, design, institution_id=institution_id, learner_id=learner_id, holder=holder, now=now
        )
    return Entered(created.id, holder, created.resume_code)


async def by_api(
    context: Context,
    institution_id: UUID,
    *,
    design_key: str | None,
    campaign_id: UUID | None = None,
    external_id: str | None,
    profession: str | None,
    referentiel: str | None = None,
    language: str | None,
    idempotency_key: str | None,
    now: datetime,
) -> tuple[UUID, str | None]:
    """A sitting an institution asks for, and its resume code.

    The same idempotency key and request gives the same sitting again, without the code: it is told only once.

    Raises
    ------
    InvalidInput
        Unknown design, campaign, profession or référentiel; an identifier that is no pseudonym.
    IdempotencyMismatch
        The key was used for another request.
    Gone, RetakeRefused, SittingOpen
        The campaign does not allow a sitting now.
    QuotaReached
    """
    if external_id is not None:
        learners.require_pseudonym(external_id)
    if campaign_id is not None:
        return await _of_campaign(
            context, institution_id, campaign_id, external_id, (design_key, profession, referentiel, language),
            idempotency_key, now,
        )  # fmt: skip
    if design_key is None:
        raise InvalidInput(
            "There is nothing to sit.", errors=[{"field": "design", "expected": "a design, or a campaign"}]
        )
    try:
        design = await context.assessments.current(design_key)
    except NotFound:
        known = ", ".join(sorted(await context.assessments.keys()))
        raise InvalidInput(
            "There is no such design.", errors=[{"field": "design", "expected": f"one of: {known}"}]
        ) from None
    if referentiel is not None:
        design = await context.assessments.variant(design, referentiel)
    asked = [design.key, external_id, profession, *([language] if language else [])]
    request_hash = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
    async with context.database.transaction() as db:
        found_id = await _made_before(db, institution_id, idempotency_key, request_hash)
        if found_id is not None:
            return found_id, None
        if external_id is None:
            learner_id = await learners.nobody(db, institution_id, now)
        else:
            learner_id = (await learners.at_first_sight(db, institution_id, external_id, now)).id
        created = await service.create(
            db,
            design,
            institution_id=institution_id,
            learner_id=learner_id,
            profession=profession,
            language=language,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            now=now,
        )
    return created.id, created.resume_code


async def _made_before(
    db: AsyncSession, institution_id: UUID, idempotency_key: str | None, request_hash: str
) -> UUID | None:
    if idempotency_key is None:
        return None
    found = await sittings.by_idempotency_key(db, institution_id, idempotency_key)
    if found is None:
        return None
    if found.request_hash != request_hash:
        raise IdempotencyMismatch("This idempotency key was used for another sitting; use a new one.")
    return found.id


async def _of_campaign(
    context: Context,
    institution_id: UUID,
    campaign_id: UUID,
    external_id: str | None,
    chosen: tuple[str | None, ...],
    idempotency_key: str | None,
    now: datetime,
) -> tuple[UUID, str | None]:
    if external_id is None:
        raise InvalidInput(
            "A campaign is sat by somebody.",
            errors=[{"field": "learner", "expected": "your identifier of the learner"}],
        )
    if any(value is not None for value in chosen):
        raise InvalidInput(
            "The campaign has decided that.",
            errors=[
                {"field": "campaign", "expected": "no design, profession, referentiel or language beside it"}
            ],
        )
    request_hash = hashlib.sha256(json.dumps([str(campaign_id), external_id]).encode()).hexdigest()
    async with context.database.transaction() as db:
        found_id = await _made_before(db, institution_id, idempotency_key, request_hash)
        if found_id is not None:
            return found_id, None
        admission = await context.campaigns.admit(
            db, context.assessments, institution_id, campaign_id, external_id, now
        )
        created = await service.create(
            db,
            admission.design,
            institution_id=institution_id,
            learner_id=admission.learner_id,
            profession=admission.profession,
            language=admission.language,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            terms=admission.terms,
            now=now,
        )
    return created.id, created.resume_code
