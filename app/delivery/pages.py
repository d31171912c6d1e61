"""The learner's pages: each handler parses, identifies, delegates and shows a view."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict

from app.auth.credentials import hashed, new_secret, read_code
from app.delivery import entry, service, show
from app.delivery.context import Context, context_of, given_context
from app.delivery.state import SittingState
from app.errors import AlreadyAnswered, Gone, InvalidInput, NotFound, TooMany
from app.web.forms import read_submission
from app.web.render import ZONES_COOKIE, render
from app.web.views import GESTURES, TutorialView
from app.wire import framing

HOLDER_COOKIE = "palier"
RESUME_COOKIE = "reprise"
HOLDER_AGE = 60 * 60 * 24 * 30
PREFERENCE_AGE = 60 * 60 * 24 * 365
EMPTY_CONFIRMED = "empty"

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def _holder(request: Request) -> str | None:
    return request.cookies.get(HOLDER_COOKIE)


async def as_left(sitting_id: UUID, request: Request) -> SittingState:
    """The sitting of the address as it was left, if this browser holds it; otherwise it does not exist."""
    context = context_of(request)
    sitting = await service.require(context.delivery, sitting_id)
    holder = _holder(request)
    if holder is None or sitting.holder_hash != hashed(holder):
        raise NotFound("This sitting is unknown, or is open in another browser.")
    request.scope["palier.brand"] = await context.brands.of(context.database, sitting.institution_id)
    framing.follow_wishes(request, context.sealer, status=sitting.status, answered=sitting.answered)
    return sitting


# An answer takes the sitting as it was left: one that comes too late is recorded as such, and closes it.
AsLeft = Annotated[SittingState, Depends(as_left)]


async def in_its_time(request: Request, sitting: AsLeft) -> Context:
    """The context, as late as it is for the sitting: one in test mode follows its institution's clock."""
    return await context_of(request).in_time_of(sitting.institution_id)


InItsTime = Annotated[Context, Depends(in_its_time)]


async def as_it_stands(context: InItsTime, sitting: AsLeft) -> SittingState:
    """The sitting, closed if its time has passed meanwhile."""
    return await service.settle(context.delivery, sitting, context.now())


Own = Annotated[SittingState, Depends(as_it_stands)]
Ctx = Annotated[Context, Depends(given_context)]


def _go(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303)


def _follow(request: Request, address: str) -> Response:
    """Where a form leads: a redirection, or its address for the player, which sends the form by itself."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"next": address}, headers={"Cache-Control": "no-store"})
    return _go(address)


def _home(sitting_id: UUID) -> str:
    return f"/epreuve/{sitting_id}"


@router.get("/")
async def landing(
    request: Request, context: Ctx, test: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """The first page; an advice leads to it with a test already chosen."""
    return render(request, await show.landing(context, chosen=test))


@router.post("/code")
async def enter_code(
    request: Request, context: Ctx, code: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """An access code starts a sitting; a resume code finds one again."""
    address = request.client.host if request.client else "unknown"
    try:
        context.throttle.check(address)
        if not code.strip():
            return render(request, await show.landing(context, code, "empty"), status_code=422)
        entered = await entry.by_code(context, code, _holder(request) or new_secret("h"))
    except TooMany:
        return render(request, await show.landing(context, code, "too_many"), status_code=429)
    except NotFound:
        campaign = await entry.elsewhere(context, code)
        if campaign is not None:
            return _go(campaign)
        context.throttle.failed(address)
        return render(request, await show.landing(context, code, "unknown"), status_code=404)
    except Gone:
        return render(request, await show.landing(context, code, "expired"), status_code=410)
    return opened(context, entered)


@router.get("/reprendre/{code}")
async def launch(request: Request, context: Ctx, code: str) -> Response:
    """The link an institution gives: opens a sitting nobody holds yet, else asks for the code."""
    address = request.client.host if request.client else "unknown"
    context.throttle.check(address)
    if read_code(code) is None:
        raise NotFound("This link leads nowhere.")
    try:
        entered = await entry.by_launch_link(context, code, _holder(request) or new_secret("h"))
    except NotFound:
        context.throttle.failed(address)
        raise
    if entered is None:
        return render(request, await show.landing(context, code))
    return opened(context, entered)


@router.post("/demo")
async def demo(request: Request, context: Ctx, design: Annotated[str, Form(max_length=64)]) -> Response:
    """A sitting of the demonstration institution, for anybody."""
    return opened(context, await entry.demonstration(context, design, _holder(request) or new_secret("h")))


def opened(context: Context, entered: entry.Entered) -> RedirectResponse:
    """Lead to a sitting, which this browser now holds."""
    response = _go(_home(entered.sitting_id))
    shared: dict[str, Any] = {
        "max_age": HOLDER_AGE,
        "httponly": True,
        "samesite": "lax",
        "secure": context.settings.secure_cookies,
    }
    response.set_cookie(HOLDER_COOKIE, entered.holder, **shared)
    if entered.resume_code is not None:
        response.set_cookie(RESUME_COOKIE, entered.resume_code, path=_home(entered.sitting_id), **shared)
    return response


@router.get("/epreuve/{sitting_id}")
async def sitting(request: Request, context: InItsTime, own: Own) -> Response:
    """Where the sitting stands: introduction, question or result."""
    match own.status:
        case "created":
            resume_code = request.cookies.get(RESUME_COOKIE, "")
            done = request.cookies.get("exercice") == "fait"
            return render(request, await show.introduction(context, own, resume_code, tutorial_done=done))
        case "in_progress":
            return render(request, await show.question(context, own))
        case "finished":
            return _go(f"{_home(own.id)}/resultat")


@router.post("/epreuve/{sitting_id}/commencer")
async def start(
    context: InItsTime, own: Own, language: Annotated[str | None, Form(max_length=8)] = None
) -> Response:
    """Start the clock, in the language chosen."""
    await service.start(context.delivery, own, context.now(), language=language)
    return _go(_home(own.id))


@router.get("/epreuve/{sitting_id}/exercice")
async def tutorial(request: Request, context: InItsTime, own: Own) -> Response:
    """A question for nothing."""
    design = await context.assessments.in_use(own.design_id)
    return render(request, TutorialView(sitting=str(own.id), title=design.title))


@router.post("/epreuve/{sitting_id}/exercice")
async def tutorial_answer(request: Request, context: InItsTime, own: Own) -> Response:
    """The gestures work; nothing is stored but a cookie that says so."""
    design = await context.assessments.in_use(own.design_id)
    form = await request.form()
    entered = read_submission("multiple_choice", form).entered
    made = {gesture for gesture in str(form.get("gestures", "")).split() if gesture in GESTURES}
    view = TutorialView(
        sitting=str(own.id),
        title=design.title,
        entered=entered,
        submitted=True,
        gestures=frozenset(made | {"submit"} | ({"choose"} if entered.choices else set())),
    )
    response = render(request, view)
    response.set_cookie("exercice", "fait", path=_home(own.id), samesite="lax", httponly=True)
    return response


@router.post("/epreuve/{sitting_id}/repondre")
async def answer(
    request: Request,
    context: InItsTime,
    own: AsLeft,
    position: Annotated[int, Form(ge=1, le=1000)],
    item: Annotated[UUID, Form()],
    idempotency_key: Annotated[str, Form(min_length=1, max_length=100)],
    confirm: Annotated[str, Form(max_length=16)] = "",
    auto: Annotated[str, Form(max_length=16)] = "",
) -> Response:
    """One response; what cannot be read, or is empty and not confirmed, is shown again.

    `auto` is sent by the player at the deadline: an empty or unreadable response then ends the sitting.
    """
    interaction = await show.interaction_of(context, own, item)
    entered = read_submission(interaction, await request.form())
    if auto and (entered.problem or entered.response is None):
        await service.end_if_time_is_up(context.delivery, own, context.now())
        return _follow(request, _home(own.id))
    unfinished = entered.problem or (entered.response is None and confirm != EMPTY_CONFIRMED)
    if unfinished:
        own = await service.settle(context.delivery, own, context.now())
    if unfinished and position == own.position and own.status == "in_progress":
        if entered.problem:
            view = await show.question(context, own, entered=entered.entered, problem=entered.problem)
            return render(request, view, status_code=422)
        view = await show.question(context, own, entered=entered.entered, problem="empty")
        return render(request, view, status_code=422)
    submission = service.Submission(position, item, entered.response, f"page:{idempotency_key}")
    try:
        reply = await service.answer(context.delivery, own, submission, context.now())
    except InvalidInput as error:
        if auto:
            await service.end_if_time_is_up(context.delivery, own, context.now())
            return _follow(request, _home(own.id))
        problem = show.response_problem(interaction, error)
        view = await show.question(context, own, entered=entered.entered, problem=problem)
        return render(request, view, status_code=422)
    design = await context.assessments.in_use(own.design_id)
    if service.explains(design, own):
        return _follow(request, f"{_home(own.id)}/correction/{reply.position}")
    return _follow(request, _home(own.id))


@router.post("/epreuve/{sitting_id}/presentation")
async def present_zones(
    request: Request,
    context: InItsTime,
    own: Own,
    position: Annotated[int, Form(ge=1, le=1000)],
    item: Annotated[UUID, Form()],
    zones_as: Annotated[Literal["document", "list"], Form()],
) -> Response:
    """Choose zones in the document or in a list beside it; what is ticked so far comes along as a draft."""
    if own.status == "in_progress":
        interaction = await show.interaction_of(context, own, item)
        entered = read_submission(interaction, await request.form())
        await service.save_draft(
            context.delivery, own, position=position, response=entered.response, now=context.now()
        )
    response = _follow(request, _home(own.id))
    response.set_cookie(
        ZONES_COOKIE,
        zones_as,
        max_age=PREFERENCE_AGE,
        httponly=True,
        samesite="lax",
        secure=context.settings.secure_cookies,
    )
    return response


@router.get("/epreuve/{sitting_id}/presentation")
@router.get("/epreuve/{sitting_id}/repondre")
@router.get("/epreuve/{sitting_id}/signaler")
async def reloaded(own: Own) -> Response:
    """A page shown in answer to a form was reloaded: back to where the sitting stands."""
    return _go(_home(own.id))


class DraftIn(BaseModel):
    """The player's autosave."""

    model_config = ConfigDict(extra="forbid")

    position: int
    item: UUID
    response: dict[str, Any] | None = None


@router.post("/epreuve/{sitting_id}/brouillon")
async def draft(context: InItsTime, own: Own, body: Annotated[DraftIn, Body()]) -> JSONResponse:
    """Keep the unsent response, and tell the time."""
    now = context.now()
    saved = await service.save_draft(
        context.delivery, own, position=body.position, response=body.response, now=now
    )
    if not saved:
        raise AlreadyAnswered("Another question is being shown.")
    deadline = own.deadline_at.isoformat() if own.deadline_at else None
    return JSONResponse(
        {"saved_at": now.isoformat(), "now": now.isoformat(), "deadline": deadline},
        headers={"Cache-Control": "no-store"},
    )


@router.post("/epreuve/{sitting_id}/signaler")
async def report_problem(
    request: Request,
    context: InItsTime,
    own: Own,
    position: Annotated[int, Form(ge=1, le=1000)],
    text: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Keep what a learner says is wrong with a question."""
    if text.strip():
        async with context.database.transaction() as db:
            await service.report_problem(
                db, context.delivery, own, position=position, text=text, now=context.now()
            )
    if own.status != "in_progress":
        return _go(_home(own.id))
    return render(request, await show.question(context, own, problem_reported=bool(text.strip())))


@router.get("/epreuve/{sitting_id}/correction/{position}")
async def correction(request: Request, context: InItsTime, own: Own, position: int) -> Response:
    """Practice: what was expected, and why."""
    return render(request, await show.correction(context, own, position))


@router.get("/epreuve/{sitting_id}/terminer")
async def finish_page(request: Request, context: InItsTime, own: Own) -> Response:
    """Are you sure?"""
    if own.status != "in_progress":
        return _go(_home(own.id))
    return render(request, await show.finish(context, own))


@router.post("/epreuve/{sitting_id}/terminer")
async def finish(context: InItsTime, own: Own) -> Response:
    """End the sitting at its learner's wish."""
    await service.finish(context.delivery, own, context.now())
    return _go(f"{_home(own.id)}/resultat")


@router.get("/epreuve/{sitting_id}/resultat")
async def result(request: Request, context: InItsTime, own: Own) -> Response:
    """The level and the profile; where the result is held, when it comes."""
    if own.status != "finished":
        return _go(_home(own.id))
    if own.result_held:
        return render(request, await show.held(context, own))
    return render(request, await show.result(context, own))
