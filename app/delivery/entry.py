"""Ways into a sitting: an access code, a resume code, a launch link, the demonstration, the API."""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from app.auth import service as auth
from app.auth.credentials import hashed, read_code
from app.delivery import service, sittings
from app.delivery.context import Context
from app.errors import IdempotencyMismatch, InvalidInput, NotFound
from app.institutions import service as institutions

DEMO_INSTITUTION = "demonstration"


@dataclass(frozen=True)
class Entered:
    """A sitting, the token of the browser that now holds it, and the code that finds it again."""

    sitting_id: UUID
    holder: str
    resume_code: str


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
    design_key: str,
    external_id: str | None,
    profession: str | None,
    referentiel: str | None = None,
    language: str | None,
    idempotency_key: str | None,
) -> tuple[UUID, str | None]:
    """A sitting an institution asks for, and its resume code.

    The same idempotency key and request gives the same sitting again, without the code: it is told only once.

    Raises
    ------
    InvalidInput
        Unknown design, profession or référentiel.
    IdempotencyMismatch
        The key was used for another request.
    """
    now = context.now()
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
        if idempotency_key is not None:
            found = await sittings.by_idempotency_key(db, institution_id, idempotency_key)
            if found is not None:
                if found.request_hash != request_hash:
                    raise IdempotencyMismatch(
                        "This idempotency key was used for another sitting; use a new one."
                    )
                return found.id, None
        learner_id = await institutions.learner_for(db, institution_id, external_id, now)
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
