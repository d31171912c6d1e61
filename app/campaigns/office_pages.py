"""The institution's pages of learners, cohorts and campaigns: parse, identify, delegate, show a view."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import urlencode
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Scope
from app.campaigns import apart, imports, service, sheets
from app.campaigns.entry import INVITATION, JOIN
from app.campaigns.tables import Campaign
from app.delivery.context import Context, given_context
from app.errors import Conflict, InvalidInput, NotFound, QuotaReached
from app.institutions import learners
from app.institutions.learners import LearnerFacts
from app.web.render import Page, render
from app.web.text import zone
from app.web.views_campaigns import (
    CampaignRow,
    CampaignsView,
    CampaignView,
    CellFault,
    Choice,
    CohortRow,
    CohortsView,
    EnrolledRow,
    ImportView,
    JoinCodeView,
    LearnerRow,
    LearnersView,
    LinkRow,
    NewCampaignView,
    ProgressView,
    PublicationView,
)
from app.web.views_office import QrCode
from app.wire.members import Member, frame_of, signed_in
from item_bank.item import TRANSVERSAL

router = APIRouter(prefix="/espace", include_in_schema=False, default_response_class=HTMLResponse)

SHOWN: Final = 50
FAULTS_SHOWN: Final = 100
LEARNERS: Final = "/espace/apprenants"
COHORTS: Final = "/espace/cohortes"
CAMPAIGNS: Final = "/espace/campagnes"

Ctx = Annotated[Context, Depends(given_context)]
SeesLearners = Annotated[Member, Depends(signed_in(Scope.LEARNERS_READ))]
ChangesLearners = Annotated[Member, Depends(signed_in(Scope.LEARNERS_WRITE))]
SeesCampaigns = Annotated[Member, Depends(signed_in(Scope.CAMPAIGNS_READ))]
ChangesCampaigns = Annotated[Member, Depends(signed_in(Scope.CAMPAIGNS_WRITE))]
Publishes = Annotated[Member, Depends(signed_in(Scope.RESULTS_PUBLISH))]
Word = Annotated[str, Form(max_length=400)]
Text = Annotated[str, Form(max_length=200_000)]
Asked = Annotated[str, Query(max_length=200)]


def _go(address: str, **said: Any) -> RedirectResponse:
    return RedirectResponse(f"{address}?{urlencode(said)}" if said else address, status_code=303)


def _now(context: Context, member: Member) -> datetime:
    return member.caller.now(context.now())


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _number(typed: str) -> int:
    return int(typed) if typed.isdecimal() and len(typed) < 10 else 0


async def _cohort_choices(db: AsyncSession, member: Member) -> list[Choice]:
    rows = await service.cohorts(db, member.caller.institution_id, None, 500)
    return [Choice(str(cohort.id), cohort.name) for cohort, _ in rows]


async def _profession_choices(context: Context) -> list[Choice]:
    keys = await context.assessments.keys()
    framework = (await context.assessments.current(keys[0])).release.framework
    return [
        Choice(audience.id, audience.label)
        for audience in framework.professions
        if audience.id != TRANSVERSAL
    ]


# Learners


@router.get("/apprenants")
async def show_learners(
    request: Request,
    context: Ctx,
    member: SeesLearners,
    identifiant: Asked = "",
    cohorte: Asked = "",
    apres: Asked = "",
    fait: Asked = "",
    nouveaux: Asked = "",
    changes: Asked = "",
    inchanges: Asked = "",
) -> Response:
    """Whom the institution has."""
    view = await _learners(context, member, identifiant.strip(), cohorte, apres)
    if fait in ("added", "imported"):
        view = replace(
            view,
            done=cast("Literal['added', 'imported']", fait),
            created=_number(nouveaux),
            updated=_number(changes),
            unchanged=_number(inchanges),
        )
    return render(request, view)


async def _learners(
    context: Context, member: Member, external_id: str = "", cohort: str = "", after: str = ""
) -> LearnersView:
    institution_id = member.caller.institution_id
    cohort_id, last = _uuid(cohort), _uuid(after)
    async with context.database.reading(tenant=institution_id) as db:
        choices = await _cohort_choices(db, member)
        among = None
        if cohort_id is not None:
            among = service.members_of(await service.require_cohort(db, institution_id, cohort_id))
        rows = await learners.listed(
            db,
            institution_id,
            external_id=external_id or None,
            among=among,
            after=None if last is None else (None, last),
            limit=SHOWN + 1,
        )
        shown = rows[:SHOWN]
        ids = [row.id for row in shown]
        cohorts = await service.cohorts_of(db, ids)
        names = await learners.identities(db, institution_id, ids)
    labels = {choice.value: choice.label for choice in choices}
    known = await _profession_choices(context)
    professions = {choice.value: choice.label for choice in known}
    following = ""
    if len(rows) > SHOWN:
        kept = {"identifiant": external_id, "cohorte": cohort, "apres": str(shown[-1].id)}
        following = f"{LEARNERS}?{urlencode({name: value for name, value in kept.items() if value})}"
    return LearnersView(
        frame=frame_of(member, "learners"),
        learners=[
            LearnerRow(
                id=str(row.id),
                external_id=row.external_id or "",
                name=f"{who.given_name} {who.family_name}" if (who := names.get(row.id)) else "",
                profession=professions.get(row.profession or "", row.profession or ""),
                curriculum=row.curriculum or "",
                year=row.year or "",
                cohorts=[labels[str(one)] for one in cohorts.get(row.id, ()) if str(one) in labels],
            )
            for row in shown
        ],
        cohorts=choices,
        may_change=member.may(Scope.LEARNERS_WRITE),
        external_id=external_id,
        cohort=cohort if cohort_id else "",
        following=following,
        first_page=last is None,
        professions=known,
    )


@router.post("/apprenants")
async def add_learner(
    request: Request,
    context: Ctx,
    member: ChangesLearners,
    identifier: Word = "",
    profession: Word = "",
    curriculum: Word = "",
    year: Word = "",
) -> Response:
    """One learner, by hand."""
    typed = identifier.strip()
    facts = LearnerFacts(typed, profession.strip() or None, curriculum.strip() or None, year.strip() or None)
    known = await imports.professions(context.assessments)
    try:
        async with context.database.transaction(tenant=member.caller.institution_id) as db:
            await learners.add(db, member.caller.institution_id, facts, _now(context, member), known)
    except (InvalidInput, Conflict) as refusal:
        lang = _lang(request)
        if isinstance(refusal, InvalidInput):
            field, code = next(learners.faults(facts, known))
            words = sheets.Fault(0, field, code, sheets.facts_of(field, code, known)).words(lang)
        else:
            field = "external_id"
            code = "quota" if isinstance(refusal, QuotaReached) else "taken"
            words = sheets.Fault(0, field, code).words(lang)
        view = replace(
            await _learners(context, member), problem=words, problem_field=field, entered=typed[:128]
        )
        return render(request, view, status_code=refusal.status)
    return _go(LEARNERS, fait="added", identifiant=typed)


def _lang(request: Request) -> sheets.Lang:
    return "en" if Page.of(request).lang == "en" else "fr"


@router.get("/apprenants/modele")
async def template(
    request: Request, member: ChangesLearners, format: Literal["csv", "xlsx"] = "csv"
) -> Response:
    """A file to fill in."""
    media = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    content = await asyncio.to_thread(sheets.template, format, _lang(request))
    return Response(
        content,
        media_type=media[format],
        headers={"Content-Disposition": f'attachment; filename="apprenants.{format}"'},
    )


@router.get("/apprenants/importer")
async def import_page(
    request: Request, context: Ctx, member: ChangesLearners, cohorte: Asked = ""
) -> Response:
    """Choose a file."""
    return render(request, await _import(context, member, cohorte))


async def _import(context: Context, member: Member, cohort: str = "") -> ImportView:
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        cohorts = await _cohort_choices(db, member)
    return ImportView(
        frame=frame_of(member, "learners"),
        cohorts=cohorts,
        professions=await _profession_choices(context),
        cohort=cohort,
    )


@router.post("/apprenants/importer")
async def import_report(
    request: Request,
    context: Ctx,
    member: ChangesLearners,
    file: Annotated[UploadFile | None, File()] = None,
    cohort: Word = "",
) -> Response:
    """What the file says, what is wrong with it, what it would do; nothing is written to learners yet."""
    institution_id, now = member.caller.institution_id, _now(context, member)
    view = await _import(context, member, cohort)
    content = await file.read() if file is not None else b""
    if file is None or not content:
        return render(request, replace(view, problem="missing"), status_code=422)
    cohort_id = _uuid(cohort)
    lang, name = _lang(request), (file.filename or "")[:200]
    sheet = await apart.read(content, await imports.professions(context.assessments), name)
    if sheet.faults:
        view = replace(
            view,
            file_name=name,
            rows=sheet.rows,
            n_faults=sheet.n_faults,
            faults=[
                CellFault(fault.row, fault.column_name(lang), fault.words(lang))
                for fault in sheet.faults[:FAULTS_SHOWN]
            ],
        )
        return render(request, view, status_code=422)
    sealed = await asyncio.to_thread(imports.sealed, context.sealer, sheet.packed)
    async with context.database.reading(tenant=institution_id) as db:
        if cohort_id is not None:
            await service.require_cohort(db, institution_id, cohort_id)
        outcome = await learners.foreseen(db, institution_id, sheet.packed, sheet.learners)
    async with context.database.transaction(tenant=institution_id) as db:
        file_id = await imports.keep(
            db,
            institution_id,
            sealed,
            sheet.learners,
            name=name,
            cohort_id=cohort_id,
            actor=member.caller.actor,
            now=now,
        )
    view = replace(
        view,
        file_id=str(file_id),
        file_name=name,
        rows=sheet.rows,
        created=outcome.created,
        updated=outcome.updated,
        unchanged=outcome.unchanged,
    )
    return render(request, view)


@router.post("/apprenants/importer/{file_id}")
async def import_confirmed(
    request: Request, context: Ctx, member: ChangesLearners, file_id: UUID
) -> Response:
    """Write the file that was reported on."""
    institution_id, now = member.caller.institution_id, _now(context, member)
    try:
        async with context.database.reading(tenant=institution_id) as db:
            waiting = await imports.kept(db, institution_id, file_id, now)
        packed = await asyncio.to_thread(imports.opened, context.sealer, waiting.rows_sealed)
        async with context.database.reading(tenant=institution_id) as db:
            outcome = await learners.foreseen(db, institution_id, packed, waiting.rows)
        async with context.database.transaction(tenant=institution_id) as db:
            waiting = await imports.kept(db, institution_id, file_id, now)
            await imports.confirm(db, waiting, packed, outcome, actor=member.caller.actor, now=now)
    except NotFound:
        return render(request, replace(await _import(context, member), problem="gone"), status_code=404)
    except QuotaReached:
        return render(request, replace(await _import(context, member), problem="quota"), status_code=409)
    return _go(
        LEARNERS,
        fait="imported",
        nouveaux=outcome.created,
        changes=outcome.updated,
        inchanges=outcome.unchanged,
    )


# Cohorts


@router.get("/cohortes")
async def show_cohorts(
    request: Request, context: Ctx, member: SeesLearners, apres: Asked = "", fait: Asked = ""
) -> Response:
    """The cohorts, and a form for another."""
    view = await _cohorts(context, member, _uuid(apres))
    if fait in ("made", "deleted"):
        view = replace(view, done=cast("Literal['made', 'deleted']", fait))
    return render(request, view)


async def _cohorts(context: Context, member: Member, after: UUID | None = None) -> CohortsView:
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        rows = await service.cohorts(db, member.caller.institution_id, after, SHOWN + 1)
    shown = rows[:SHOWN]
    return CohortsView(
        frame=frame_of(member, "learners"),
        cohorts=[
            CohortRow(str(one.id), one.name, one.curriculum or "", one.year or "", count)
            for one, count in shown
        ],
        may_change=member.may(Scope.LEARNERS_WRITE),
        following=f"{COHORTS}?apres={shown[-1][0].id}" if len(rows) > SHOWN else "",
    )


@router.post("/cohortes")
async def add_cohort(
    request: Request,
    context: Ctx,
    member: ChangesLearners,
    name: Word = "",
    curriculum: Word = "",
    year: Word = "",
) -> Response:
    """A new cohort."""
    named = name.strip()[:200]
    problem: Literal["", "name", "taken"] = "" if named else "name"
    if named:
        try:
            async with context.database.transaction(tenant=member.caller.institution_id) as db:
                await service.create_cohort(
                    db,
                    member.caller.institution_id,
                    name=named,
                    curriculum=curriculum.strip()[:100] or None,
                    year=year.strip()[:32] or None,
                    now=_now(context, member),
                )
        except Conflict:
            problem = "taken"
    if problem:
        view = replace(await _cohorts(context, member), problem=problem, entered=named)
        return render(request, view, status_code=409 if problem == "taken" else 422)
    return _go(COHORTS, fait="made")


@router.post("/cohortes/{cohort_id}/supprimer")
async def remove_cohort(request: Request, context: Ctx, member: ChangesLearners, cohort_id: UUID) -> Response:
    """Delete a cohort that no campaign is for; its learners stay."""
    try:
        async with context.database.transaction(tenant=member.caller.institution_id) as db:
            found = await service.require_cohort(db, member.caller.institution_id, cohort_id)
            await service.remove_cohort(db, found)
    except Conflict:
        return render(request, replace(await _cohorts(context, member), problem="used"), status_code=409)
    return _go(COHORTS, fait="deleted")


# Campaigns


@router.get("/campagnes")
async def show_campaigns(
    request: Request, context: Ctx, member: SeesCampaigns, apres: Asked = "", fait: Asked = ""
) -> Response:
    """The campaigns, newest first, with how far each is."""
    institution_id, now, after = member.caller.institution_id, _now(context, member), _uuid(apres)
    async with context.database.reading(tenant=institution_id) as db:
        rows = await service.listed(db, institution_id, after, SHOWN + 1)
        shown = rows[:SHOWN]
        counts = await service.progress(db, shown, now)
    view = CampaignsView(
        frame=frame_of(member, "campaigns"),
        campaigns=[
            CampaignRow(
                id=str(row.id),
                name=row.name,
                design=(await context.assessments.current(row.design_key)).title,
                purpose=cast("service.Purpose", row.purpose),
                state=service.state_of(row, now),
                closes_at=row.closes_at,
                progress=_progress(counts[row.id]),
            )
            for row in shown
        ],
        may_change=member.may(Scope.CAMPAIGNS_WRITE),
        following=f"{CAMPAIGNS}?apres={shown[-1].id}" if len(rows) > SHOWN else "",
        first_page=after is None,
        deleted=fait == "deleted",
    )
    return render(request, view)


def _progress(counts: service.Progress) -> ProgressView:
    return ProgressView(**vars(counts))


@router.get("/campagnes/nouvelle")
async def new_campaign(request: Request, context: Ctx, member: ChangesCampaigns) -> Response:
    """A form for a campaign."""
    return render(request, await _new_campaign(context, member, {}, {}))


async def _new_campaign(
    context: Context, member: Member, entered: dict[str, str], problems: dict[str, str]
) -> NewCampaignView:
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        cohorts = await _cohort_choices(db, member)
    designs = [await context.assessments.current(key) for key in await context.assessments.keys()]
    return NewCampaignView(
        frame=frame_of(member, "campaigns"),
        designs=[Choice(design.key, design.title) for design in designs],
        cohorts=cohorts,
        entered=entered,
        problems=problems,
    )


@router.post("/campagnes/nouvelle")
async def create_campaign(request: Request, context: Ctx, member: ChangesCampaigns) -> Response:
    """Make a campaign from the form; what is wrong is said beside its field."""
    form = await request.form()
    entered = {name: str(value)[:400] for name, value in form.items() if isinstance(value, str)}
    problems: dict[str, str] = {}
    now = _now(context, member)
    name = entered.get("name", "").strip()[:200]
    if not name:
        problems["name"] = "required"
    moments = {}
    for field in ("opens_at", "closes_at"):
        try:
            moments[field] = _moment(entered.get(field, ""))
        except ValueError:
            problems[field] = "moment"
            moments[field] = None
    wait_days, sittings = entered.get("wait_days", "").strip() or "0", entered.get("max_sittings", "").strip()
    if not wait_days.isdecimal() or _number(wait_days) > 366:
        problems["wait_days"] = "number"
    if sittings and not 1 <= _number(sittings) <= 1000:
        problems["max_sittings"] = "number"
    purpose, publication = entered.get("purpose", ""), entered.get("publication", "immediate")
    identifier = entered.get("identifier", "known")
    if purpose not in ("practice", "placement", "certification"):
        problems["purpose"] = "required"
    if publication not in ("immediate", "held") or identifier not in ("none", "known", "any"):
        problems["publication"] = "required"
    cohort = _uuid(entered.get("cohort", ""))
    made: Campaign | None = None
    try:
        design = await context.assessments.current(entered.get("design", ""))
        if not problems:
            plan = service.Plan(
                name=name,
                design=design,
                purpose=cast("service.Purpose", purpose),
                publication=cast("service.Publication", publication),
                cohort_id=cohort,
                joined_by_code=entered.get("join_code") == "yes",
                identifier=cast("service.Identifier", identifier),
                opens_at=moments["opens_at"],
                closes_at=moments["closes_at"],
                max_sittings=_number(sittings) or None,
                wait_days=_number(wait_days),
            )
            async with context.database.transaction(tenant=member.caller.institution_id) as db:
                made = await service.create(
                    db, member.caller.institution_id, plan, actor=member.caller.actor, now=now
                )
    except NotFound:
        problems["design"] = "required"
    except InvalidInput as refusal:
        problems |= {str(error["field"]): "refused" for error in refusal.extra.get("errors", ())}
    if made is None:
        view = await _new_campaign(context, member, entered, problems)
        return render(request, view, status_code=422)
    return _go(f"{CAMPAIGNS}/{made.id}", fait="made")


def _moment(typed: str) -> datetime | None:
    """A moment as a form writes it, in the time of the house; raises ValueError."""
    typed = typed.strip()
    return datetime.fromisoformat(typed).replace(tzinfo=zone()) if typed else None


@router.get("/campagnes/{campaign_id}")
async def show_campaign(
    request: Request,
    context: Ctx,
    member: SeesCampaigns,
    campaign_id: UUID,
    apres: Asked = "",
    fait: Asked = "",
    publies: Asked = "",
) -> Response:
    """One campaign, as of now."""
    view = await _campaign(context, member, campaign_id, _uuid(apres))
    if fait in ("made", "published", "changed", "code", "time"):
        done = cast("Literal['made', 'published', 'changed', 'code', 'time']", fait)
        view = replace(view, done=done, published=_number(publies))
    return render(request, view)


async def _campaign(
    context: Context, member: Member, campaign_id: UUID, after: UUID | None = None
) -> CampaignView:
    institution_id, now = member.caller.institution_id, _now(context, member)
    sees_learners = member.may(Scope.LEARNERS_READ)
    async with context.database.reading(tenant=institution_id) as db:
        found = await service.require(db, institution_id, campaign_id)
        counts = (await service.progress(db, [found], now))[found.id]
        rows: Sequence[service.EnrolledLearner] = ()
        if sees_learners:
            rows = await service.enrolled(db, found, after, SHOWN + 1, now)
        cohort = ""
        if found.cohort_id is not None:
            cohort = (await service.require_cohort(db, institution_id, found.cohort_id)).name
    design = await context.assessments.current(found.design_key)
    shown = rows[:SHOWN]
    return CampaignView(
        frame=frame_of(member, "campaigns"),
        id=str(found.id),
        name=found.name,
        design=design.title,
        purpose=cast("service.Purpose", found.purpose),
        state=service.state_of(found, now),
        held=found.publication == "held",
        published_at=found.published_at,
        indicative=design.provisional,
        opens_at=found.opens_at,
        closes_at=found.closes_at,
        cohort=cohort,
        join_code=found.join_code or "",
        identifier=cast("service.Identifier", found.identifier),
        max_sittings=found.max_sittings,
        wait_days=found.wait_days,
        progress=_progress(counts),
        learners=[
            EnrolledRow(
                id=str(row.learner.id),
                external_id=row.learner.external_id or "",
                stage=row.stage,
                time_percent=row.time_percent,
                invited_at=row.invited_at,
                sittings=len(row.sittings),
            )
            for row in shown
        ],
        following=f"{CAMPAIGNS}/{found.id}?apres={shown[-1].learner.id}" if len(rows) > SHOWN else "",
        may_change=member.may(Scope.CAMPAIGNS_WRITE),
        may_publish=member.may(Scope.RESULTS_PUBLISH),
        sees_learners=sees_learners,
        now=now,
        closes_on=found.closes_at.astimezone(zone()).strftime("%Y-%m-%dT%H:%M") if found.closes_at else "",
    )


@router.post("/campagnes/{campaign_id}/inviter")
async def invite(
    request: Request,
    context: Ctx,
    member: ChangesCampaigns,
    campaign_id: UUID,
    learners_typed: Annotated[str, Form(alias="learners", max_length=60_000)] = "",
    cohort: Word = "",
) -> Response:
    """Personal links, shown once: for the identifiers typed, or for those of the cohort who have none."""
    asked: dict[str, int | None] = dict.fromkeys(
        learners_typed.replace(",", " ").replace(";", " ").split()[:500]
    )
    now, remaining = _now(context, member), 0
    unknown: tuple[str, ...] = ()
    invited: list[service.Invited] = []
    problem: Literal["", "unknown", "nobody"] = ""
    try:
        async with context.database.transaction(tenant=member.caller.institution_id) as db:
            found = await service.require(db, member.caller.institution_id, campaign_id, held=True)
            if cohort:
                invited, remaining = await service.invite_cohort(db, found, now)
            elif asked:
                invited = await service.invite(db, found, asked, now)
    except InvalidInput as refusal:
        problem = "unknown"
        unknown = tuple(
            str(error["expected"]).rpartition("not ")[2] for error in refusal.extra.get("errors", ())
        )
    except Conflict:
        problem = "nobody"
    if not invited and not problem:
        problem = "nobody"
    view = replace(
        await _campaign(context, member, campaign_id),
        links=[
            LinkRow(one.learner.external_id or "", f"{context.settings.public_url}{INVITATION}/{one.code}")
            for one in invited
        ],
        remaining=remaining,
        problem=problem,
        unknown=unknown,
    )
    return render(request, view, status_code=422 if problem else 200)


@router.post("/campagnes/{campaign_id}/temps/{learner_id}")
async def adjust(
    request: Request,
    context: Ctx,
    member: ChangesCampaigns,
    campaign_id: UUID,
    learner_id: UUID,
    percent: Word = "",
) -> Response:
    """More time for a learner, in sittings to come."""
    if _number(percent) not in service.TIME_PERCENTS:
        view = replace(await _campaign(context, member, campaign_id), problem="time")
        return render(request, view, status_code=422)
    async with context.database.transaction(tenant=member.caller.institution_id) as db:
        found = await service.require(db, member.caller.institution_id, campaign_id)
        await service.adjust(
            db, found, learner_id, _number(percent), actor=member.caller.actor, now=_now(context, member)
        )
    return _go(f"{CAMPAIGNS}/{campaign_id}", fait="time")


@router.post("/campagnes/{campaign_id}/fin")
async def reschedule(
    request: Request, context: Ctx, member: ChangesCampaigns, campaign_id: UUID, closes_at: Word = ""
) -> Response:
    """Another last moment to start."""
    try:
        moment = _moment(closes_at)
        async with context.database.transaction(tenant=member.caller.institution_id) as db:
            found = await service.require(db, member.caller.institution_id, campaign_id, held=True)
            design = await context.assessments.current(found.design_key)
            await service.change(
                db,
                found,
                design,
                {"closes_at": moment},
                actor=member.caller.actor,
                now=_now(context, member),
            )
    except (ValueError, InvalidInput):
        view = replace(await _campaign(context, member, campaign_id), problem="window")
        return render(request, view, status_code=422)
    return _go(f"{CAMPAIGNS}/{campaign_id}", fait="changed")


@router.post("/campagnes/{campaign_id}/code")
async def new_code(context: Ctx, member: ChangesCampaigns, campaign_id: UUID) -> Response:
    """A new join code; the former one stops working."""
    async with context.database.transaction(tenant=member.caller.institution_id) as db:
        found = await service.require(db, member.caller.institution_id, campaign_id, held=True)
        await service.draw_join_code(db, found, actor=member.caller.actor, now=_now(context, member))
    return _go(f"{CAMPAIGNS}/{campaign_id}", fait="code")


@router.get("/campagnes/{campaign_id}/affiche")
async def join_code(request: Request, context: Ctx, member: SeesCampaigns, campaign_id: UUID) -> Response:
    """The join code, large: on a wall, or printed."""
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        found = await service.require(db, member.caller.institution_id, campaign_id)
    if found.join_code is None:
        return _go(f"{CAMPAIGNS}/{found.id}")
    address = f"{context.settings.public_url}{JOIN}/{found.join_code}"
    return render(
        request,
        JoinCodeView(
            frame=frame_of(member, "campaigns"),
            id=str(found.id),
            name=found.name,
            join_code=found.join_code,
            home=context.settings.public_url.removeprefix("https://").removeprefix("http://"),
            join_url=address,
            qr_code=_qr_code(address),
            identifier=cast("service.Identifier", found.identifier),
            closes_at=found.closes_at,
        ),
    )


def _qr_code(address: str) -> QrCode:
    rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix_iter(border=4)]
    path = "".join(
        f"M{column} {number}h1v1h-1z"
        for number, row in enumerate(rows)
        for column, dark in enumerate(row)
        if dark
    )
    return QrCode(path, len(rows))


@router.get("/campagnes/{campaign_id}/publier")
async def publication(request: Request, context: Ctx, member: Publishes, campaign_id: UUID) -> Response:
    """Are you sure?"""
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        found = await service.require(db, member.caller.institution_id, campaign_id)
        counts = (await service.progress(db, [found], _now(context, member)))[found.id]
    if found.publication != "held":
        return _go(f"{CAMPAIGNS}/{found.id}")
    design = await context.assessments.current(found.design_key)
    view = PublicationView(
        frame=frame_of(member, "campaigns"),
        id=str(found.id),
        name=found.name,
        held=counts.held,
        in_progress=counts.in_progress,
        indicative=design.provisional,
    )
    return render(request, view)


@router.post("/campagnes/{campaign_id}/publier")
async def publish(context: Ctx, member: Publishes, campaign_id: UUID) -> Response:
    """Let every held result be known."""
    async with context.database.transaction(tenant=member.caller.institution_id) as db:
        found = await service.require(db, member.caller.institution_id, campaign_id, held=True)
        count = await service.publish(db, found, actor=member.caller.actor, now=_now(context, member))
    return _go(f"{CAMPAIGNS}/{campaign_id}", fait="published", publies=count)


@router.post("/campagnes/{campaign_id}/supprimer")
async def remove(request: Request, context: Ctx, member: ChangesCampaigns, campaign_id: UUID) -> Response:
    """Delete a campaign that nobody has sat."""
    try:
        async with context.database.transaction(tenant=member.caller.institution_id) as db:
            found = await service.require(db, member.caller.institution_id, campaign_id, held=True)
            await service.remove(db, found, actor=member.caller.actor, now=_now(context, member))
    except Conflict:
        view = replace(await _campaign(context, member, campaign_id), problem="sat")
        return render(request, view, status_code=409)
    return _go(CAMPAIGNS, fait="deleted")
