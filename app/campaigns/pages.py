"""The learner's way into a campaign: by its join code, or by a personal link."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.credentials import hashed, new_secret
from app.campaigns import service
from app.campaigns.entry import INVITATION, JOIN
from app.campaigns.tables import Campaign, Enrolment
from app.delivery.context import Context, given_context
from app.delivery.entry import Entered
from app.delivery.pages import HOLDER_COOKIE, opened
from app.errors import AppError, Gone, InvalidInput, NotFound, QuotaReached, RetakeRefused
from app.institutions import service as institutions
from app.web.render import render
from app.web.views_campaigns import JoinView

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Ctx = Annotated[Context, Depends(given_context)]
Typed = Annotated[str, Form(max_length=400)]


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


async def _now_for(context: Context, campaign: Campaign) -> datetime:
    """The moment for a campaign's learners: in test mode time travels."""
    return (await context.in_time_of(campaign.institution_id)).now()


async def _by_code(request: Request, context: Context, code: str) -> Campaign:
    address = _address(request)
    context.throttle.check(address)
    try:
        async with context.database.reading() as db:
            campaign = await service.by_join_code(db, code)
    except NotFound:
        context.throttle.failed(address)
        raise
    await _wear(request, context, campaign)
    return campaign


async def _wear(request: Request, context: Context, campaign: Campaign) -> None:
    """The look of the institution."""
    request.scope["palier.brand"] = await context.brands.of(context.database, campaign.institution_id)


async def _by_link(request: Request, context: Context, code: str) -> tuple[Campaign, Enrolment]:
    address = _address(request)
    context.throttle.check(address)
    try:
        async with context.database.reading() as db:
            found = await service.by_link(db, code)
    except NotFound:
        context.throttle.failed(address)
        raise
    await _wear(request, context, found[0])
    return found


async def _view(context: Context, campaign: Campaign, action: str, now: datetime) -> JoinView:
    design = await context.assessments.current(campaign.design_key)
    async with context.database.reading() as db:
        institution = await institutions.require(db, campaign.institution_id)
    state = service.state_of(campaign, now)
    return JoinView(
        action=action,
        campaign=campaign.name,
        institution=institution.name,
        title=design.title,
        length=design.length,
        minutes=design.time_limit_seconds // 60,
        asks_identifier=campaign.identifier != "none",
        closes_at=campaign.closes_at,
        opens_at=campaign.opens_at,
        held=campaign.publication == "held" and campaign.published_at is None,
        problem="" if state == "open" else "not_open" if state == "planned" else "closed",
        provisional=design.provisional,
    )


@router.get("/campagne/{code}")
async def join_page(request: Request, context: Ctx, code: str) -> Response:
    """What one joins, and the identifier if the campaign asks for one."""
    campaign = await _by_code(request, context, code)
    view = await _view(context, campaign, f"{JOIN}/{campaign.join_code}", await _now_for(context, campaign))
    return render(request, view)


@router.post("/campagne/{code}")
async def join(request: Request, context: Ctx, code: str, identifier: Typed = "") -> Response:
    """Open a sitting, or the one under way if this browser holds it."""
    campaign = await _by_code(request, context, code)
    now = await _now_for(context, campaign)
    view = await _view(context, campaign, f"{JOIN}/{campaign.join_code}", now)
    view = replace(view, identifier=identifier[:128])
    held = request.cookies.get(HOLDER_COOKIE)
    try:
        async with context.database.transaction() as db:
            learner_id = None
            if campaign.identifier == "none" and held is not None:
                learner_id = await service.learner_of_browser(db, campaign, held)
            if learner_id is None:
                learner_id = await service.learner_who_joins(db, campaign, identifier, now)
            going_on = await service.open_sitting(db, campaign, learner_id, now)
            mine = held is not None and going_on is not None and going_on.holder_hash == hashed(held)
            # an identifier is no secret: it opens nothing that another browser holds
            if going_on is not None and going_on.holder_hash is not None and not mine:
                return render(request, replace(view, problem="elsewhere"), status_code=409)
            seat = await _seat(context, db, campaign, learner_id, held, now)
    except (NotFound, InvalidInput, Gone, RetakeRefused, QuotaReached) as refusal:
        if isinstance(refusal, NotFound):
            context.throttle.failed(_address(request))
        return _refused(request, view, refusal)
    return opened(context, seat)


@router.get("/invitation/{code}")
async def invitation_page(request: Request, context: Ctx, code: str) -> Response:
    """What a personal link opens; nothing is made before the button, since links are also opened by machines."""
    campaign, enrolment = await _by_link(request, context, code)
    now = await _now_for(context, campaign)
    view = replace(await _view(context, campaign, f"{INVITATION}/{code}", now), asks_identifier=False)
    async with context.database.reading() as db:
        going_on = await service.open_sitting(db, campaign, enrolment.learner_id, now)
        if going_on is not None:
            started = going_on.status == "in_progress"
            view = replace(view, resumes=True, problem="" if started else view.problem)
        elif not view.problem:
            try:
                await service.require_retake(db, campaign, enrolment.learner_id, now)
            except RetakeRefused as refusal:
                return _refused(request, view, refusal, status_code=200)
    return render(request, view)


@router.post("/invitation/{code}")
async def invitation(request: Request, context: Ctx, code: str) -> Response:
    """Open the sitting of a personal link, here; whoever has the link is the learner."""
    campaign, enrolment = await _by_link(request, context, code)
    now = await _now_for(context, campaign)
    held = request.cookies.get(HOLDER_COOKIE)
    try:
        async with context.database.transaction() as db:
            seat = await _seat(context, db, campaign, enrolment.learner_id, held, now)
    except (Gone, RetakeRefused, QuotaReached) as refusal:
        view = await _view(context, campaign, f"{INVITATION}/{code}", now)
        return _refused(request, replace(view, asks_identifier=False), refusal)
    return opened(context, seat)


async def _seat(
    context: Context, db: AsyncSession, campaign: Campaign, learner_id: UUID, held: str | None, now: datetime
) -> Entered:
    design = await context.assessments.current(campaign.design_key)
    holder = held or new_secret("h")
    seat = await service.sit(db, campaign, design, learner_id, holder=holder, now=now)
    return Entered(seat.sitting_id, holder, seat.resume_code)


def _refused(
    request: Request, view: JoinView, refusal: Exception, *, status_code: int | None = None
) -> Response:
    match refusal:
        case RetakeRefused(extra={"allowed_at": str(allowed_at)}):
            shown = replace(view, problem="retake_later", allowed_at=datetime.fromisoformat(allowed_at))
        case RetakeRefused():
            shown = replace(view, problem="retake_never")
        case QuotaReached():
            shown = replace(view, problem="full")
        case Gone(extra={"reason": "not_open"}):
            shown = replace(view, problem="not_open")
        case Gone():
            shown = replace(view, problem="closed")
        case NotFound():
            shown = replace(view, problem="unknown")
        case _:
            shown = replace(view, problem="pseudonym" if view.identifier.strip() else "required")
    status = refusal.status if isinstance(refusal, AppError) else 422
    return render(request, shown, status_code=status_code or status)
