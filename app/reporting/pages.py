"""The pages of results: what runs now, dashboards of campaigns and cohorts, one learner, exports."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.auth.permissions import Scope
from app.db import instant_from_text, instant_to_text
from app.delivery.context import Context, given_context
from app.errors import NotFound, QuotaReached
from app.reporting import service, show
from app.reporting.api import file_response
from app.reporting.service import TooManyRowsForFormat, Wanted
from app.reporting.store import Selection
from app.web.render import render
from app.web.views_reporting import (
    CampaignLine,
    DashboardView,
    ExportProblem,
    ExportsView,
    HomeView,
    LearnersView,
    LearnerView,
    ResultsView,
)
from app.wire.members import Member, frame_of, signed_in

router = APIRouter(prefix="/espace", include_in_schema=False, default_response_class=HTMLResponse)

Ctx = Annotated[Context, Depends(given_context)]
Anybody = Annotated[Member, Depends(signed_in(Scope.INSTITUTION_READ))]
Sees = Annotated[Member, Depends(signed_in(Scope.RESULTS_READ))]
SeesCampaigns = Annotated[Member, Depends(signed_in(Scope.CAMPAIGNS_READ))]
Exports = Annotated[Member, Depends(signed_in(Scope.EXPORTS_WRITE))]

ROWS = 50
EXPORTS = "/espace/exports"


async def _lines(context: Context, member: Member, cohort_id: UUID | None = None) -> list[CampaignLine]:
    caller = member.caller
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.campaigns(db, caller.institution_id, cohort_id)
    now = caller.now(context.now())
    return [
        await show.campaign_line(context.assessments, campaign, counts, now) for campaign, counts in found
    ]


@router.get("")
async def home(request: Request, context: Ctx, member: Anybody) -> Response:
    """What runs now and what ends soon."""
    sees = member.may(Scope.CAMPAIGNS_READ)
    lines = await _lines(context, member) if sees else []
    running = [line for line in lines if line.state == "running"]
    return render(
        request,
        HomeView(
            frame=frame_of(member, "home"),
            sees_campaigns=sees,
            may_create=member.may(Scope.CAMPAIGNS_WRITE),
            running=sorted(running, key=_by_end),
            upcoming=sorted((line for line in lines if line.state == "upcoming"), key=_by_start),
            to_publish=[line for line in lines if line.to_publish and line.state == "closed"],
            finished_last=[line for line in lines if line.state == "closed" and not line.to_publish][:5],
        ),
    )


def _by_end(line: CampaignLine) -> tuple[bool, Any, str]:
    return line.closes_at is None, line.closes_at, line.name


def _by_start(line: CampaignLine) -> Any:
    return line.opens_at


@router.get("/resultats")
async def results(request: Request, context: Ctx, member: Sees) -> Response:
    """Campaigns and cohorts."""
    caller = member.caller
    async with context.database.reading(tenant=caller.institution_id) as db:
        cohorts = await service.cohorts(db, caller.institution_id)
    return render(
        request,
        ResultsView(
            frame=frame_of(member, "results"),
            campaigns=await _lines(context, member),
            cohorts=[show.cohort_line(cohort) for cohort in cohorts],
            may_export=member.may(Scope.EXPORTS_WRITE),
        ),
    )


@router.get("/resultats/campagnes/{campaign_id}")
async def campaign(request: Request, campaign_id: UUID, context: Ctx, member: Sees) -> Response:
    """One campaign in figures."""
    caller = member.caller
    now = caller.now(context.now())
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require_campaign(db, caller.institution_id, campaign_id)
        counts = await service.progress(db, caller.institution_id, found.id)
    groups = await service.group_figures(
        context.database,
        Selection(caller.institution_id, campaign_id=found.id),
        compared=caller.mode == "live",
    )
    return render(
        request,
        DashboardView(
            frame=frame_of(member, "results"),
            kind="campaign",
            id=str(found.id),
            name=found.name,
            design=await show.design_title(context.assessments, found.design_key),
            state=show.state_of(found, now),
            opens_at=found.opens_at,
            closes_at=found.closes_at,
            held=found.publication == "held" and found.published_at is None,
            progress=show.progress(counts, f"/espace/resultats/campagnes/{found.id}/avancement"),
            groups=[await show.group(context.assessments, one) for one in groups],
            learners=counts.learners,
            may_export=member.may(Scope.EXPORTS_WRITE),
            sees_learners=member.may(Scope.LEARNERS_READ),
        ),
    )


@router.get("/resultats/campagnes/{campaign_id}/avancement", response_class=JSONResponse)
async def advance(campaign_id: UUID, context: Ctx, member: SeesCampaigns) -> JSONResponse:
    """The counts of a campaign, for the script that keeps a page up to date."""
    caller = member.caller
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require_campaign(db, caller.institution_id, campaign_id)
        counts = await service.progress(db, caller.institution_id, found.id)
    return JSONResponse(counts._asdict(), headers={"Cache-Control": "no-store"})


@router.get("/resultats/cohortes/{cohort_id}")
async def cohort(request: Request, cohort_id: UUID, context: Ctx, member: Sees) -> Response:
    """One cohort in figures, over all its campaigns."""
    caller = member.caller
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require_cohort(db, caller.institution_id, cohort_id)
    groups = await service.group_figures(
        context.database,
        Selection(caller.institution_id, cohort_id=found.id),
        compared=caller.mode == "live",
    )
    return render(
        request,
        DashboardView(
            frame=frame_of(member, "results"),
            kind="cohort",
            id=str(found.id),
            name=found.name,
            design="",
            state="",
            opens_at=None,
            closes_at=None,
            held=False,
            progress=None,
            groups=[await show.group(context.assessments, one) for one in groups],
            learners=found.learners,
            may_export=member.may(Scope.EXPORTS_WRITE),
            sees_learners=member.may(Scope.LEARNERS_READ),
            campaigns=await _lines(context, member, found.id),
        ),
    )


@router.get("/resultats/campagnes/{campaign_id}/apprenants")
async def campaign_learners(
    request: Request, campaign_id: UUID, context: Ctx, member: Sees, apres: str = ""
) -> Response:
    """The published results of a campaign, learner by learner."""
    member.caller.require(Scope.LEARNERS_READ)
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        found = await service.require_campaign(db, member.caller.institution_id, campaign_id)
    chosen = Selection(member.caller.institution_id, campaign_id=found.id)
    return render(request, await _learners(context, member, "campaign", found.id, found.name, chosen, apres))


@router.get("/resultats/cohortes/{cohort_id}/apprenants")
async def cohort_learners(
    request: Request, cohort_id: UUID, context: Ctx, member: Sees, apres: str = ""
) -> Response:
    """The published results of a cohort, learner by learner."""
    member.caller.require(Scope.LEARNERS_READ)
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        found = await service.require_cohort(db, member.caller.institution_id, cohort_id)
    chosen = Selection(member.caller.institution_id, cohort_id=found.id)
    return render(request, await _learners(context, member, "cohort", found.id, found.name, chosen, apres))


async def _learners(
    context: Context, member: Member, kind: Any, id_: UUID, name: str, chosen: Selection, after: str
) -> LearnersView:
    async with context.database.reading(tenant=chosen.institution_id) as db:
        rows = await service.results(db, chosen, after=_place(after), limit=ROWS + 1)
    shown = rows[:ROWS]
    following = ""
    if len(rows) > ROWS:
        last = shown[-1]
        following = f"?apres={quote(instant_to_text(last.updated_at))}_{last.sitting_id.hex}"
    return LearnersView(
        frame=frame_of(member, "results"),
        kind=kind,
        id=str(id_),
        name=name,
        lines=[show.result_line(row) for row in shown],
        following=following,
        first_page=not after,
    )


def _place(after: str) -> tuple[datetime, UUID] | None:
    """The row that the page before ended with; the first page for anything else."""
    moment, _, sitting_id = after.partition("_")
    try:
        found = instant_from_text(moment), UUID(sitting_id)
    except ValueError:
        return None
    return found if found[0].tzinfo is not None else None


@router.get("/resultats/apprenants/{learner_id}")
async def learner(request: Request, learner_id: UUID, context: Ctx, member: Sees) -> Response:
    """One learner's published results."""
    caller = member.caller
    caller.require(Scope.LEARNERS_READ)
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require_learner(db, caller.institution_id, learner_id)
        rows = await service.results(
            db, Selection(caller.institution_id, learner_id=found.id), after=None, limit=200
        )
        held = await service.held_count(db, caller.institution_id, found.id)
        names = await service.names(db, caller.institution_id)
    return render(
        request,
        LearnerView(
            frame=frame_of(member, "results"),
            name=show.name_of(found.external_id, found.id),
            curriculum=found.curriculum or "",
            year=found.year or "",
            sittings=await show.sitting_lines(context.assessments, rows, names),
            held=held,
        ),
    )


@router.get("/exports")
async def exports(
    request: Request, context: Ctx, member: Exports, demande: str = "", de: str = ""
) -> Response:
    """Files, and the form to ask for one."""
    return render(request, await _exports(context, member, asked=demande == "oui", chosen=de))


@router.post("/exports")
async def ask(
    request: Request,
    context: Ctx,
    member: Exports,
    what: Annotated[str, Form(max_length=16)] = "",
    format_: Annotated[str, Form(alias="format", max_length=16)] = "",
    of: Annotated[str, Form(max_length=64)] = "",
    bom: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Have a file made."""
    kind, _, id_ = of.partition(":")
    if (
        what not in service.NEEDS
        or format_ not in service.EXTENSIONS
        or kind not in ("", "campaign", "cohort")
    ):
        raise NotFound("There is no such export.")
    try:
        chosen = UUID(id_) if kind else None
    except ValueError:
        raise NotFound("There is no such campaign or cohort.") from None
    wanted = Wanted(
        what=what,
        format=format_,
        campaign_id=chosen if kind == "campaign" else None,
        cohort_id=chosen if kind == "cohort" else None,
        bom=bool(bom) and format_ == "csv",
    )
    problem: ExportProblem
    try:
        async with context.database.transaction(tenant=member.caller.institution_id) as db:
            await service.ask(db, member.caller, wanted, context.now())
    except TooManyRowsForFormat:
        problem = "too_many_rows"
    except QuotaReached:
        problem = "waiting"
    else:
        return RedirectResponse(f"{EXPORTS}?demande=oui", status_code=303)
    return render(request, await _exports(context, member, problem=problem, chosen=of), status_code=409)


async def _exports(
    context: Context,
    member: Member,
    *,
    problem: ExportProblem = "",
    asked: bool = False,
    chosen: str = "",
) -> ExportsView:
    caller = member.caller
    async with context.database.reading(tenant=caller.institution_id) as db:
        rows = await service.exports(db, caller.institution_id, before=None, limit=ROWS)
        campaigns = await service.campaigns(db, caller.institution_id)
        cohorts = await service.cohorts(db, caller.institution_id)
        names = await service.names(db, caller.institution_id)
    return ExportsView(
        frame=frame_of(member, "results"),
        exports=[show.export_line(row, names, caller) for row in rows],
        kinds=[what for what, scope in service.NEEDS.items() if scope in caller.scopes],
        campaigns=[(str(found.id), found.name) for found, _ in campaigns],
        cohorts=[(str(found.id), found.name) for found in cohorts],
        problem=problem,
        asked=asked,
        chosen=chosen,
    )


@router.get("/exports/{export_id}/fichier")
async def download(export_id: UUID, context: Ctx, member: Exports) -> Response:
    """The file."""
    caller = member.caller
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require_export(db, caller.institution_id, export_id)
    path = service.file_of(found, caller, context.settings, context.now())
    return file_response(found, str(path))
