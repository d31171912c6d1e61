"""`/v1/learners`, `/v1/cohorts` and `/v1/campaigns`: whom an institution has, and what it assigns to them."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from app.auth.permissions import Caller, Scope
from app.campaigns import apart, imports, service, sheets
from app.campaigns.entry import INVITATION, JOIN
from app.campaigns.reading import Report
from app.campaigns.schemas import (
    AdjustmentIn,
    CampaignChange,
    CampaignIn,
    CampaignInvitationsIn,
    CampaignInvitationsOut,
    CampaignListOut,
    CampaignOut,
    CampaignProgressOut,
    CohortChange,
    CohortIn,
    CohortListOut,
    CohortMembersIn,
    CohortMembersOut,
    CohortOut,
    EnrolledListOut,
    EnrolledOut,
    IdentityIn,
    IdentityOut,
    ImportOut,
    InvitationLinkOut,
    LearnerChange,
    LearnerIn,
    LearnerListOut,
    LearnerOut,
    PublishedOut,
    RetakeRule,
    RowFaultOut,
    SittingOfLearnerOut,
)
from app.campaigns.tables import Campaign, Cohort
from app.db import instant_from_text, instant_to_text
from app.delivery import service as delivery
from app.delivery.context import Context, given_context
from app.errors import Conflict, InvalidInput, NotFound
from app.institutions import learners
from app.institutions.learners import Learner, LearnerFacts, LearnerIdentity
from app.wire.callers import calling
from app.wire.etags import NOT_MODIFIED, IfMatch, conditional, require_match
from app.wire.idempotency import IdempotencyKey, once
from app.wire.paging import PageIn, Paging, after_id, page_of
from app.wire.problems import EVERYWHERE, problems

router = APIRouter(prefix="/v1", responses=EVERYWHERE)

Ctx = Annotated[Context, Depends(given_context)]
ReadsLearners = Annotated[Caller, Depends(calling(Scope.LEARNERS_READ))]
WritesLearners = Annotated[Caller, Depends(calling(Scope.LEARNERS_WRITE))]
ReadsCampaigns = Annotated[Caller, Depends(calling(Scope.CAMPAIGNS_READ))]
ReadsWhoTakesPart = Annotated[Caller, Depends(calling(Scope.CAMPAIGNS_READ, also=(Scope.LEARNERS_READ,)))]
WritesCampaigns = Annotated[Caller, Depends(calling(Scope.CAMPAIGNS_WRITE))]
Publishes = Annotated[Caller, Depends(calling(Scope.RESULTS_PUBLISH))]
Language = Annotated[str | None, Header(alias="Accept-Language", max_length=200, examples=["fr"])]
Text = Annotated[str | None, Query(max_length=128)]

FACTORS = {1.0: 100, 1.33: 133, 1.5: 150, 2.0: 200}
FAULTS_SHOWN = 200
OF_LEARNERS: dict[str, Any] = {"tags": ["learners"]}
OF_CAMPAIGNS: dict[str, Any] = {"tags": ["campaigns"]}
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "CSV or XLSX; its first row names the columns",
                        },
                        "dry_run": {"type": "boolean", "default": False, "description": "write nothing"},
                        "cohort": {"type": "string", "format": "uuid", "description": "where they go too"},
                    },
                }
            }
        },
    }
}


# Learners


@router.post(
    "/learners",
    status_code=201,
    operation_id="createLearner",
    summary="Create a learner",
    response_model=LearnerOut,
    responses=problems(400, 409, 413, 422),
    **OF_LEARNERS,
)
async def create_learner(
    request: Request,
    body: LearnerIn,
    context: Ctx,
    caller: WritesLearners,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make a learner."""
    professions = await imports.professions(context.assessments)
    identity = body.identity

    async def effect(db: AsyncSession) -> LearnerOut:
        facts = LearnerFacts(
            body.external_id,
            body.profession,
            body.curriculum,
            body.year,
            identity.given_name if identity else None,
            identity.family_name if identity else None,
            identity.email if identity else None,
        )
        made = await learners.add(db, caller.institution_id, facts, caller.now(context.now()), professions)
        return _learner(made, ())

    return await once(request, caller, idempotency_key, effect)


@router.get(
    "/learners",
    operation_id="listLearners",
    summary="List learners",
    responses=problems(404, 422),
    **OF_LEARNERS,
)
async def list_learners(
    request: Request,
    context: Ctx,
    caller: ReadsLearners,
    paging: Paging,
    external_id: Text = None,
    curriculum: Text = None,
    year: Text = None,
    cohort: UUID | None = None,
    updated_since: AwareDatetime | None = None,
) -> LearnerListOut:
    """Learners by age; with `updated_since`, by last change, so that a copy can be kept up to date."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        among = None
        if cohort is not None:
            among = service.members_of(await service.require_cohort(db, caller.institution_id, cohort))
        rows = await learners.listed(
            db,
            caller.institution_id,
            external_id=external_id,
            curriculum=curriculum,
            year=year,
            updated_since=updated_since,
            among=among,
            after=_after_change(paging) if updated_since is not None else _after(paging),
            limit=paging.limit + 1,
        )
        cohorts = await service.cohorts_of(db, [row.id for row in rows])

    def key(row: Learner) -> tuple[str, ...]:
        return (str(row.id),) if updated_since is None else (instant_to_text(row.updated_at), str(row.id))

    shown, following = page_of(request, paging, rows, key)
    return LearnerListOut(data=[_learner(row, cohorts.get(row.id, ())) for row in shown], next=following)


def _after(paging: PageIn) -> tuple[datetime | None, UUID] | None:
    last = after_id(paging)
    return None if last is None else (None, last)


def _after_change(paging: PageIn) -> tuple[datetime | None, UUID] | None:
    if paging.after is None:
        return None
    try:
        moment, last = paging.after
        return instant_from_text(moment), UUID(last)
    except ValueError:
        raise InvalidInput(
            "The cursor cannot be read.",
            errors=[{"field": "starting_after", "expected": "`next` of the page before, unchanged"}],
        ) from None


@router.get(
    "/learners/import/template",
    operation_id="readImportTemplate",
    summary="Download a file to fill in",
    response_class=Response,
    responses={
        200: {
            "content": {
                media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA_TYPES.values()
            }
        },
        **problems(422),
    },
    **OF_LEARNERS,
)
async def import_template(
    caller: WritesLearners, format: Literal["csv", "xlsx"] = "csv", accept_language: Language = None
) -> Response:
    """The columns an import knows, with one example."""
    content = await asyncio.to_thread(sheets.template, format, language_of(accept_language))
    return Response(
        content,
        media_type=MEDIA_TYPES[format],
        headers={"Content-Disposition": f'attachment; filename="learners.{format}"'},
    )


@router.post(
    "/learners/import",
    operation_id="importLearners",
    summary="Import learners from a CSV or XLSX file",
    response_model=ImportOut,
    responses=problems(400, 404, 409, 413, 422),
    openapi_extra=FORM,
    **OF_LEARNERS,
)
async def import_learners(
    request: Request,
    context: Ctx,
    caller: WritesLearners,
    idempotency_key: IdempotencyKey = None,
    accept_language: Language = None,
) -> Response:
    """Make learners, or change those whose identifier is known; an empty cell leaves what is known.

    Every row is written or none is: with a wrong cell the reply is 422 and names each. `dry_run=true` tells what would
    happen, wrong cells included, and writes nothing.
    """
    lang = language_of(accept_language)
    content, name, dry_run, cohort_id = await _uploaded(request)
    sheet = await apart.read(content, await imports.professions(context.assessments), name)
    if sheet.faults and not dry_run:
        wrong = sheet.faults[:FAULTS_SHOWN]
        cells = "1 cell is" if sheet.n_faults == 1 else f"{sheet.n_faults} cells are"
        whole = all(fault.row == 0 for fault in wrong)
        raise InvalidInput(
            f"{'The file cannot be used' if whole else f'{cells} wrong'}: nothing was written.",
            errors=[{"field": _place(fault, lang), "expected": fault.words(lang)} for fault in wrong],
        )
    now = caller.now(context.now())
    async with context.database.reading(tenant=caller.institution_id) as db:
        if cohort_id is not None:
            await service.require_cohort(db, caller.institution_id, cohort_id)
        foreseen = await learners.foreseen(db, caller.institution_id, sheet.packed, sheet.learners)

    async def effect(db: AsyncSession) -> ImportOut:
        cohort = None
        if cohort_id is not None:
            cohort = await service.require_cohort(db, caller.institution_id, cohort_id)
        await imports.write(
            db,
            caller.institution_id,
            sheet.packed,
            foreseen,
            cohort=cohort,
            actor=caller.actor,
            now=now,
        )
        return _imported(sheet, foreseen, lang, dry_run=False)

    if dry_run:
        return Response(
            _imported(sheet, foreseen, lang, dry_run=True).model_dump_json(), media_type="application/json"
        )
    digest = await asyncio.to_thread(hashlib.sha256, content)
    told = digest.digest() + str(cohort_id).encode()
    return await once(request, caller, idempotency_key, effect, status=200, content=told)


async def _uploaded(request: Request) -> tuple[bytes, str, bool, UUID | None]:
    async with request.form(max_files=1, max_fields=5) as form:
        file, dry_run, cohort = form.get("file"), form.get("dry_run", "false"), form.get("cohort", "")
        faults = []
        if not isinstance(file, UploadFile):
            faults.append({"field": "file", "expected": "a CSV or XLSX file"})
        if dry_run not in ("true", "false"):
            faults.append({"field": "dry_run", "expected": "true or false"})
        cohort_id = None
        if cohort:
            try:
                cohort_id = UUID(str(cohort))
            except ValueError:
                faults.append({"field": "cohort", "expected": "the identifier of a cohort"})
        if faults or not isinstance(file, UploadFile):
            raise InvalidInput("The form cannot be read.", errors=faults)
        return await file.read(), (file.filename or "")[:200], dry_run == "true", cohort_id


def _place(fault: sheets.Fault, lang: sheets.Lang) -> str:
    """Where a fault is: a cell, a row, or the whole file."""
    if not fault.row:
        return "file"
    column = fault.column_name(lang)
    return f"row {fault.row}, {column}" if column else f"row {fault.row}"


def _imported(sheet: Report, outcome: learners.Outcome, lang: sheets.Lang, *, dry_run: bool) -> ImportOut:
    return ImportOut(
        dry_run=dry_run,
        rows=sheet.rows,
        created=outcome.created,
        updated=outcome.updated,
        unchanged=outcome.unchanged,
        errors=sheet.n_faults,
        faults=[
            RowFaultOut(row=fault.row, column=fault.column_name(lang), message=fault.words(lang))
            for fault in sheet.faults[:FAULTS_SHOWN]
        ],
    )


def language_of(accepted: str | None) -> sheets.Lang:
    """French where it is preferred to English, else English."""
    weights = {"fr": 0.0, "en": 0.0}
    for part in (accepted or "").lower().split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        primary = tag.partition("-")[0]
        if primary in weights:
            weights[primary] = max(weights[primary], weight)
    return "fr" if weights["fr"] > weights["en"] else "en"


@router.get(
    "/learners/{learner_id}",
    operation_id="readLearner",
    summary="Read a learner",
    response_model=LearnerOut,
    responses=NOT_MODIFIED | problems(404, 422),
    **OF_LEARNERS,
)
async def read_learner(request: Request, learner_id: UUID, context: Ctx, caller: ReadsLearners) -> Any:
    """One learner, with an `ETag`."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        return conditional(request, await _shown(db, caller, learner_id))


async def _shown(db: AsyncSession, caller: Caller, learner_id: UUID) -> LearnerOut:
    found = await learners.require(db, caller.institution_id, learner_id)
    return _learner(found, (await service.cohorts_of(db, [found.id])).get(found.id, ()))


@router.patch(
    "/learners/{learner_id}",
    operation_id="changeLearner",
    summary="Change a learner",
    responses=problems(400, 404, 409, 412, 413, 422),
    **OF_LEARNERS,
)
async def change_learner(
    learner_id: UUID, body: LearnerChange, context: Ctx, caller: WritesLearners, if_match: IfMatch = None
) -> LearnerOut:
    """Change what is given."""
    given = body.model_dump(exclude_unset=True)
    if given.get("external_id", "given") is None:
        raise InvalidInput(
            "A learner keeps an identifier.", errors=[{"field": "external_id", "expected": "an identifier"}]
        )
    professions = await imports.professions(context.assessments)
    async with context.database.transaction(tenant=caller.institution_id) as db:
        require_match(if_match, await _shown(db, caller, learner_id))
        found = await learners.require(db, caller.institution_id, learner_id)
        await learners.change(db, found, given, caller.now(context.now()), professions)
        return await _shown(db, caller, learner_id)


@router.delete(
    "/learners/{learner_id}",
    status_code=204,
    operation_id="deleteLearner",
    summary="Delete a learner without sittings",
    responses=problems(404, 409, 422),
    **OF_LEARNERS,
)
async def delete_learner(learner_id: UUID, context: Ctx, caller: WritesLearners) -> None:
    """Delete a learner without sittings; one who has sat is erased: `POST /v1/privacy/learners/{id}/erasure`."""
    async with context.database.transaction(tenant=caller.institution_id) as db:
        found = await learners.require(db, caller.institution_id, learner_id)
        if await delivery.has_sittings(db, learner_id=found.id):
            raise Conflict(
                f"The learner has sittings. Erase them instead: POST /v1/privacy/learners/{found.id}/erasure.",
            )
        await learners.remove(db, found)
        await imports.note(
            db,
            caller.institution_id,
            "learner.deleted",
            str(learner_id),
            caller.actor,
            caller.now(context.now()),
        )


@router.get(
    "/learners/{learner_id}/identity",
    operation_id="readIdentity",
    summary="Read who a learner is",
    response_model=IdentityOut,
    responses=NOT_MODIFIED | problems(404, 422),
    **OF_LEARNERS,
)
async def read_identity(request: Request, learner_id: UUID, context: Ctx, caller: ReadsLearners) -> Any:
    """Given name, family name and e-mail address, where you have said so."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await learners.require(db, caller.institution_id, learner_id)
        return conditional(request, _identity(await learners.identity(db, found)))


@router.put(
    "/learners/{learner_id}/identity",
    operation_id="writeIdentity",
    summary="Say who a learner is",
    responses=problems(400, 404, 412, 413, 422),
    **OF_LEARNERS,
)
async def write_identity(
    learner_id: UUID, body: IdentityIn, context: Ctx, caller: WritesLearners, if_match: IfMatch = None
) -> IdentityOut:
    """In place of what was said before."""
    async with context.database.transaction(tenant=caller.institution_id) as db:
        found = await learners.require(db, caller.institution_id, learner_id)
        if if_match is not None:
            require_match(if_match, _identity(await learners.identity(db, found)))
        said = await learners.identify(
            db,
            found,
            given_name=body.given_name,
            family_name=body.family_name,
            email=body.email,
            now=caller.now(context.now()),
        )
        return _identity(said)


@router.delete(
    "/learners/{learner_id}/identity",
    status_code=204,
    operation_id="deleteIdentity",
    summary="Forget who a learner is",
    responses=problems(404, 422),
    **OF_LEARNERS,
)
async def delete_identity(learner_id: UUID, context: Ctx, caller: WritesLearners) -> None:
    """The learner stays, under the pseudonym."""
    async with context.database.transaction(tenant=caller.institution_id) as db:
        await learners.forget_identity(db, await learners.require(db, caller.institution_id, learner_id))


def _learner(found: Learner, cohorts: Sequence[UUID]) -> LearnerOut:
    return LearnerOut(
        id=found.id,
        external_id=found.external_id,
        profession=found.profession,
        curriculum=found.curriculum,
        year=found.year,
        cohorts=list(cohorts),
        created_at=found.created_at,
        updated_at=found.updated_at,
    )


def _identity(found: LearnerIdentity) -> IdentityOut:
    return IdentityOut(
        given_name=found.given_name,
        family_name=found.family_name,
        email=found.email,
        updated_at=found.updated_at,
    )


# Cohorts


@router.post(
    "/cohorts",
    status_code=201,
    operation_id="createCohort",
    summary="Create a cohort",
    response_model=CohortOut,
    responses=problems(400, 409, 413, 422),
    **OF_LEARNERS,
)
async def create_cohort(
    request: Request,
    body: CohortIn,
    context: Ctx,
    caller: WritesLearners,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make a cohort, empty."""

    async def effect(db: AsyncSession) -> CohortOut:
        made = await service.create_cohort(
            db,
            caller.institution_id,
            name=body.name,
            curriculum=body.curriculum,
            year=body.year,
            now=caller.now(context.now()),
        )
        return _cohort(made, 0)

    return await once(request, caller, idempotency_key, effect)


@router.get(
    "/cohorts", operation_id="listCohorts", summary="List cohorts", responses=problems(422), **OF_LEARNERS
)
async def list_cohorts(
    request: Request, context: Ctx, caller: ReadsLearners, paging: Paging
) -> CohortListOut:
    """Cohorts, oldest first."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        rows = await service.cohorts(db, caller.institution_id, after_id(paging), paging.limit + 1)
    shown, following = page_of(request, paging, rows, lambda row: (str(row[0].id),))
    return CohortListOut(data=[_cohort(*row) for row in shown], next=following)


@router.get(
    "/cohorts/{cohort_id}",
    operation_id="readCohort",
    summary="Read a cohort",
    response_model=CohortOut,
    responses=NOT_MODIFIED | problems(404, 422),
    **OF_LEARNERS,
)
async def read_cohort(request: Request, cohort_id: UUID, context: Ctx, caller: ReadsLearners) -> Any:
    """One cohort, with an `ETag`; its learners are `GET /v1/learners?cohort=...`."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require_cohort(db, caller.institution_id, cohort_id)
        return conditional(request, _cohort(found, await service.size(db, found)))


@router.patch(
    "/cohorts/{cohort_id}",
    operation_id="changeCohort",
    summary="Change a cohort",
    responses=problems(400, 404, 409, 412, 413, 422),
    **OF_LEARNERS,
)
async def change_cohort(
    cohort_id: UUID, body: CohortChange, context: Ctx, caller: WritesLearners, if_match: IfMatch = None
) -> CohortOut:
    """Change what is given."""
    given = body.model_dump(exclude_unset=True)
    if given.get("name", "given") is None:
        raise InvalidInput("A cohort has a name.", errors=[{"field": "name", "expected": "a name"}])
    async with context.database.transaction(tenant=caller.institution_id) as db:
        found = await service.require_cohort(db, caller.institution_id, cohort_id)
        learners_in_it = await service.size(db, found)
        require_match(if_match, _cohort(found, learners_in_it))
        return _cohort(await service.change_cohort(db, found, given), learners_in_it)


@router.delete(
    "/cohorts/{cohort_id}",
    status_code=204,
    operation_id="deleteCohort",
    summary="Delete a cohort",
    responses=problems(404, 409, 422),
    **OF_LEARNERS,
)
async def delete_cohort(cohort_id: UUID, context: Ctx, caller: WritesLearners) -> None:
    """Its learners stay. A cohort that a campaign is for is kept."""
    async with context.database.transaction(tenant=caller.institution_id) as db:
        await service.remove_cohort(db, await service.require_cohort(db, caller.institution_id, cohort_id))


@router.post(
    "/cohorts/{cohort_id}/members",
    operation_id="changeCohortMembers",
    summary="Add and remove learners",
    response_model=CohortMembersOut,
    responses=problems(400, 404, 409, 413, 422),
    **OF_LEARNERS,
)
async def change_members(
    request: Request,
    cohort_id: UUID,
    body: CohortMembersIn,
    context: Ctx,
    caller: WritesLearners,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Many at once, by your identifiers."""

    async def effect(db: AsyncSession) -> CohortMembersOut:
        found = await service.require_cohort(db, caller.institution_id, cohort_id)
        added, removed, unknown = await service.change_members(
            db, found, add=body.add, remove=body.remove, now=caller.now(context.now())
        )
        return CohortMembersOut(added=added, removed=removed, unknown=unknown)

    return await once(request, caller, idempotency_key, effect, status=200)


def _cohort(found: Cohort, count: int) -> CohortOut:
    return CohortOut(
        id=found.id,
        name=found.name,
        curriculum=found.curriculum,
        year=found.year,
        learners=count,
        created_at=found.created_at,
    )


# Campaigns


@router.post(
    "/campaigns",
    status_code=201,
    operation_id="createCampaign",
    summary="Create a campaign",
    response_model=CampaignOut,
    responses=problems(400, 404, 409, 413, 422),
    **OF_CAMPAIGNS,
)
async def create_campaign(
    request: Request,
    body: CampaignIn,
    context: Ctx,
    caller: WritesCampaigns,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Assign a design to learners."""
    now = caller.now(context.now())
    try:
        design = await context.assessments.current(body.design)
    except NotFound:
        known = ", ".join(await context.assessments.keys())
        raise InvalidInput(
            "There is no such design.", errors=[{"field": "design", "expected": f"one of: {known}"}]
        ) from None
    plan = service.Plan(
        name=body.name,
        design=design,
        purpose=body.purpose,
        publication=body.publication,
        cohort_id=body.cohort,
        joined_by_code=body.join_code,
        identifier=body.identifier or ("known" if body.cohort else "none"),
        opens_at=body.opens_at,
        closes_at=body.closes_at,
        max_sittings=body.retake.max_sittings,
        wait_days=body.retake.wait_days,
        language=body.language,
        profession=body.profession,
    )

    async def effect(db: AsyncSession) -> CampaignOut:
        made = await service.create(db, caller.institution_id, plan, actor=caller.actor, now=now)
        return await _campaign(context, made, now)

    return await once(request, caller, idempotency_key, effect)


@router.get(
    "/campaigns",
    operation_id="listCampaigns",
    summary="List campaigns",
    responses=problems(422),
    **OF_CAMPAIGNS,
)
async def list_campaigns(
    request: Request, context: Ctx, caller: ReadsCampaigns, paging: Paging
) -> CampaignListOut:
    """Campaigns, newest first."""
    now = caller.now(context.now())
    async with context.database.reading(tenant=caller.institution_id) as db:
        rows = await service.listed(db, caller.institution_id, after_id(paging), paging.limit + 1)
    shown, following = page_of(request, paging, rows, lambda row: (str(row.id),))
    return CampaignListOut(data=[await _campaign(context, row, now) for row in shown], next=following)


@router.get(
    "/campaigns/{campaign_id}",
    operation_id="readCampaign",
    summary="Read a campaign",
    response_model=CampaignOut,
    responses=NOT_MODIFIED | problems(404, 422),
    **OF_CAMPAIGNS,
)
async def read_campaign(request: Request, campaign_id: UUID, context: Ctx, caller: ReadsCampaigns) -> Any:
    """One campaign, with an `ETag`."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require(db, caller.institution_id, campaign_id)
    return conditional(request, await _campaign(context, found, caller.now(context.now())))


@router.patch(
    "/campaigns/{campaign_id}",
    operation_id="changeCampaign",
    summary="Change a campaign",
    responses=problems(400, 404, 409, 412, 413, 422),
    **OF_CAMPAIGNS,
)
async def change_campaign(
    campaign_id: UUID, body: CampaignChange, context: Ctx, caller: WritesCampaigns, if_match: IfMatch = None
) -> CampaignOut:
    """Change what is given. A new deadline also holds for learners who have not started."""
    given = body.model_dump(exclude_unset=True)
    for name in ("name", "identifier", "retake"):
        if given.get(name, "given") is None:
            raise InvalidInput("This cannot be emptied.", errors=[{"field": name, "expected": "a value"}])
    given.update(given.pop("retake", {}))
    now = caller.now(context.now())
    async with context.database.transaction(tenant=caller.institution_id) as db:
        found = await service.require(db, caller.institution_id, campaign_id, held=True)
        require_match(if_match, await _campaign(context, found, now))
        design = await context.assessments.current(found.design_key)
        await service.change(db, found, design, given, actor=caller.actor, now=now)
        return await _campaign(context, found, now)


@router.delete(
    "/campaigns/{campaign_id}",
    status_code=204,
    operation_id="deleteCampaign",
    summary="Delete a campaign that nobody has sat",
    responses=problems(404, 409, 422),
    **OF_CAMPAIGNS,
)
async def delete_campaign(campaign_id: UUID, context: Ctx, caller: WritesCampaigns) -> None:
    """One that somebody has sat is kept: close it with `closes_at`."""
    async with context.database.transaction(tenant=caller.institution_id) as db:
        found = await service.require(db, caller.institution_id, campaign_id, held=True)
        await service.remove(db, found, actor=caller.actor, now=caller.now(context.now()))


@router.get(
    "/campaigns/{campaign_id}/progress",
    operation_id="readCampaignProgress",
    summary="Read how far a campaign is",
    responses=problems(404, 422),
    **OF_CAMPAIGNS,
)
async def campaign_progress(campaign_id: UUID, context: Ctx, caller: ReadsCampaigns) -> CampaignProgressOut:
    """Counts, as of now."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require(db, caller.institution_id, campaign_id)
        counts = (await service.progress(db, [found], caller.now(context.now())))[found.id]
    return CampaignProgressOut.model_validate(vars(counts))


@router.get(
    "/campaigns/{campaign_id}/learners",
    operation_id="listCampaignLearners",
    summary="List the learners of a campaign",
    responses=problems(404, 422),
    **OF_CAMPAIGNS,
)
async def campaign_learners(
    request: Request, campaign_id: UUID, context: Ctx, caller: ReadsWhoTakesPart, paging: Paging
) -> EnrolledListOut:
    """Who was invited or joined, and how far each is."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require(db, caller.institution_id, campaign_id)
        rows = await service.enrolled(
            db, found, after_id(paging), paging.limit + 1, caller.now(context.now())
        )
    shown, following = page_of(request, paging, rows, lambda row: (str(row.learner.id),))
    return EnrolledListOut(data=[_enrolled(row) for row in shown], next=following)


@router.post(
    "/campaigns/{campaign_id}/invitations",
    status_code=201,
    operation_id="inviteLearners",
    summary="Create personal links",
    response_model=CampaignInvitationsOut,
    responses=problems(400, 404, 409, 413, 422),
    **OF_CAMPAIGNS,
)
async def invite(
    request: Request,
    campaign_id: UUID,
    body: CampaignInvitationsIn,
    context: Ctx,
    caller: WritesCampaigns,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A link a learner, told once: it opens the sitting, finds it again, starts the next one where retakes allow."""
    percents = {one.learner: _percent(one.time_factor) for one in body.learners}
    if body.cohort == bool(body.learners):
        raise InvalidInput(
            "Whom to invite is not said.",
            errors=[{"field": "learners", "expected": "learners, or cohort: true without learners"}],
        )

    async def effect(db: AsyncSession) -> CampaignInvitationsOut:
        found = await service.require(db, caller.institution_id, campaign_id, held=True)
        now, remaining = caller.now(context.now()), 0
        if body.cohort:
            invited, remaining = await service.invite_cohort(db, found, now)
        else:
            invited = await service.invite(db, found, percents, now)
        return CampaignInvitationsOut(
            data=[
                InvitationLinkOut(
                    learner=one.learner.external_id,
                    time_factor=one.time_percent / 100,
                    url=f"{context.settings.public_url}{INVITATION}/{one.code}",
                )
                for one in invited
            ],
            remaining=remaining,
        )

    return await once(request, caller, idempotency_key, effect)


@router.put(
    "/campaigns/{campaign_id}/learners/{learner_id}",
    operation_id="adjustLearner",
    summary="Grant a learner more time",
    responses=problems(400, 404, 409, 413, 422),
    **OF_CAMPAIGNS,
)
async def adjust(
    campaign_id: UUID, learner_id: UUID, body: AdjustmentIn, context: Ctx, caller: WritesCampaigns
) -> AdjustmentIn:
    """In sittings to come: one that exists keeps its time."""
    percent = _percent(body.time_factor) or 100
    async with context.database.transaction(tenant=caller.institution_id) as db:
        found = await service.require(db, caller.institution_id, campaign_id)
        await service.adjust(
            db, found, learner_id, percent, actor=caller.actor, now=caller.now(context.now())
        )
    return body


@router.post(
    "/campaigns/{campaign_id}/join-code",
    operation_id="drawJoinCode",
    summary="Draw a new join code",
    response_model=CampaignOut,
    responses=problems(404, 409, 422),
    **OF_CAMPAIGNS,
)
async def draw_join_code(
    request: Request,
    campaign_id: UUID,
    context: Ctx,
    caller: WritesCampaigns,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The former code stops working."""
    now = caller.now(context.now())

    async def effect(db: AsyncSession) -> CampaignOut:
        found = await service.require(db, caller.institution_id, campaign_id, held=True)
        await service.draw_join_code(db, found, actor=caller.actor, now=now)
        return await _campaign(context, found, now)

    return await once(request, caller, idempotency_key, effect, status=200)


@router.post(
    "/campaigns/{campaign_id}/publish",
    operation_id="publishCampaign",
    summary="Publish held results",
    response_model=PublishedOut,
    responses=problems(404, 409, 422),
    **OF_CAMPAIGNS,
)
async def publish(
    request: Request,
    campaign_id: UUID,
    context: Ctx,
    caller: Publishes,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Every held result at once; who is still sitting learns theirs at the end. It cannot be undone."""
    now = caller.now(context.now())

    async def effect(db: AsyncSession) -> PublishedOut:
        found = await service.require(db, caller.institution_id, campaign_id, held=True)
        published = await service.publish(db, found, actor=caller.actor, now=now)
        design = await context.assessments.current(found.design_key)
        return PublishedOut(
            campaign=found.id, published_at=now, results=published, indicative=design.provisional
        )

    return await once(request, caller, idempotency_key, effect, status=200)


def _percent(factor: float | None) -> int | None:
    if factor is None:
        return None
    if factor not in FACTORS:
        raise InvalidInput(
            "This factor is not granted.",
            errors=[{"field": "time_factor", "expected": "1, 1.33, 1.5 or 2"}],
        )
    return FACTORS[factor]


def _enrolled(row: service.EnrolledLearner) -> EnrolledOut:
    return EnrolledOut(
        learner=row.learner.id,
        external_id=row.learner.external_id,
        stage=row.stage,
        time_factor=row.time_percent / 100,
        invited_at=row.invited_at,
        joined_at=row.joined_at,
        sittings=[
            SittingOfLearnerOut(
                id=one.id, status=one.status, finished_at=one.finished_at, held=one.result_held
            )
            for one in row.sittings
        ],
    )


async def _campaign(context: Context, found: Campaign, now: datetime) -> CampaignOut:
    design = await context.assessments.current(found.design_key)
    code = found.join_code
    return CampaignOut.model_validate(
        {
            "id": found.id,
            "name": found.name,
            "design": found.design_key,
            "purpose": found.purpose,
            "publication": found.publication,
            "published_at": found.published_at,
            "indicative": design.provisional,
            "state": service.state_of(found, now),
            "cohort": found.cohort_id,
            "join_code": code,
            "join_url": f"{context.settings.public_url}{JOIN}/{code}" if code else None,
            "identifier": found.identifier,
            "opens_at": found.opens_at,
            "closes_at": found.closes_at,
            "retake": RetakeRule(max_sittings=found.max_sittings, wait_days=found.wait_days),
            "language": found.language,
            "profession": found.profession,
            "created_at": found.created_at,
        }
    )
