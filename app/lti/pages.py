"""What browsers see of launches: each handler parses, delegates, and shows a page or leads on.

Most of these pages stand in a frame of the platform: they may be framed by that platform alone, work without
script, and carry what they need in sealed tickets, because a frame may be refused every cookie.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from app.auth.credentials import new_secret
from app.delivery.context import Context, given_context
from app.delivery.pages import HOLDER_AGE, HOLDER_COOKIE, RESUME_COOKIE
from app.lti import keys, registrations, service
from app.lti.claims import DEEP_LINKING_REQUEST, origin_of
from app.lti.errors import LtiRefused
from app.lti.platforms import Platforms
from app.lti.registrations import ToolAddresses
from app.lti.service import Asked, Entered, Message, Pending, Service
from app.middleware import in_frame
from app.web.render import PAGE_HEADERS, Page, render_text
from app.web.views import View
from app.web.views_lti import (
    LtiAgainView,
    LtiChoiceView,
    LtiChooseView,
    LtiOpenView,
    LtiProgressView,
    LtiRefusedView,
    LtiRegisteredView,
    LtiRegisterView,
    LtiReopenView,
    LtiReturnView,
    LtiRowView,
    LtiStorageView,
)
from app.webhooks.addresses import Reach
from app.wire import framing

log = structlog.get_logger(__name__)

LOGIN_AGE = int(service.LOGIN_LASTS.total_seconds())
LONGEST = 8000
JWKS_AGE = 3600


class LtiRoute(APIRoute):
    """A route whose refusals are told to whoever administers the platform."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            # a window that a platform opened must stay tied to it: it is spoken to when all is done
            request.scope["state"].setdefault("headers", {})["Cross-Origin-Opener-Policy"] = "unsafe-none"
            try:
                return await handle(request)
            except LtiRefused as refused:
                log.info("lti refused", reason=refused.reason, detail=refused.detail)
                return _refused(request, refused)

        return told


router = APIRouter(
    prefix="/lti", include_in_schema=False, default_response_class=HTMLResponse, route_class=LtiRoute
)
Ctx = Annotated[Context, Depends(given_context)]
Ticket = Annotated[str, Form(max_length=LONGEST)]


def reach_of(context: Context) -> Reach:
    """The machines that platforms may be on."""
    return Reach(context.settings.webhook_ports, context.settings.webhook_loopback)


def platforms_of(request: Request, context: Context) -> Platforms:
    """The calls to platforms of this application, with what it remembers of them."""
    held: Platforms | None = getattr(request.app.state, "platforms", None)
    if held is None:
        held = request.app.state.platforms = Platforms(reach_of(context))
    return held


def tool_of(context: Context) -> ToolAddresses:
    """Where platforms find this installation."""
    return ToolAddresses(context.settings.public_url)


async def given_service(request: Request, context: Ctx) -> Service:
    """What the rules need."""
    return Service(
        context.database,
        context.sealer,
        platforms_of(request, context),
        context.assessments,
        tool_of(context),
    )


Rules = Annotated[Service, Depends(given_service)]


@router.get("/jwks.json")
async def key_set(context: Ctx) -> JSONResponse:
    """The public keys by which platforms check what Palier signs."""
    body = await keys.key_set(context.database, context.sealer, context.now())
    return JSONResponse(body, headers={"Cache-Control": f"public, max-age={JWKS_AGE}"})


@router.get("/login")
@router.post("/login")
async def login(request: Request, context: Ctx, rules: Rules) -> Response:
    """A platform asks to begin a launch: the browser is sent to its authorization."""
    given = request.query_params if request.method == "GET" else await request.form()

    def text(name: str) -> str:
        value = given.get(name)
        return value if isinstance(value, str) and len(value) <= LONGEST else ""

    asked = Asked(
        issuer=text("iss"),
        login_hint=text("login_hint"),
        message_hint=text("lti_message_hint"),
        client_id=text("client_id"),
        deployment=text("lti_deployment_id"),
        target=text("target_link_uri"),
        storage=text("lti_storage_target"),
    )
    begun = await service.login(rules, asked, context.now())
    response: Response
    origin = origin_of(begun.address)
    if begun.storage and origin is not None:
        view = LtiStorageView("put", begun.storage, origin, begun.cookie, begun.secret, begun.address)
        response = _page(request, view, begun.origins)
    else:
        response = RedirectResponse(begun.address, status_code=303)
    cookie = f"{begun.cookie}={begun.secret}; Max-Age={LOGIN_AGE}; Path=/lti/; HttpOnly"
    # the platform posts from its own site, in a frame or not
    response.headers.append("Set-Cookie", in_frame(cookie))
    return response


@router.get("/launch")
async def relaunched() -> Response:
    """A reload, or an address that was typed."""
    raise LtiRefused("missing", "a launch comes from a platform")


@router.post("/launch")
async def launch(
    request: Request,
    context: Ctx,
    rules: Rules,
    state: Annotated[str, Form(max_length=LONGEST)] = "",
    id_token: Annotated[str, Form(max_length=LONGEST * 8)] = "",
    error: Annotated[str, Form(max_length=200)] = "",
    binding: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The platform says who comes, and to what."""
    now = context.now()
    if error:
        raise LtiRefused("platform_error", f"the platform answered {error[:60]!r}")
    if not state or not id_token:
        raise LtiRefused("missing", "state or id_token is missing")
    waiting = await service.pending(rules, state, now)
    kept = request.cookies.get(waiting.cookie)
    if kept is None and binding in ("", "none"):
        return await _without_cookie(request, rules, waiting, {"state": state, "id_token": id_token}, binding)
    if not service.is_same_browser(waiting, kept if kept is not None else binding):
        raise LtiRefused("other_browser", "the login was begun in another browser")
    message = await service.receive(rules, waiting, state, id_token, now)
    if message.launch.message == DEEP_LINKING_REQUEST:
        return await _choose(request, context, rules, service.choosing(rules, message, now))
    if message.launch.role == "staff":
        return await _progress(request, context, rules, await service.follow(rules, message, now))
    return await _enter(request, context, rules, message, has_cookie=kept is not None)


async def _without_cookie(
    request: Request, rules: Service, waiting: Pending, fields: dict[str, str], binding: str
) -> Response:
    """No cookie came back: ask the platform's storage, else begin again in a window of its own."""
    origins = await service.origins_of(rules, waiting.platform_id)
    if waiting.storage and not binding:
        origin = await service.storage_origin(rules, waiting.platform_id)
        view: View = LtiStorageView(
            "get", waiting.storage, origin, waiting.cookie, fields=fields, again=waiting.asked
        )
        return _page(request, view, origins)
    # a window of its own that keeps no cookie either would only lead to the next one
    if not waiting.asked or request.headers.get("sec-fetch-dest") == "document":
        raise LtiRefused("no_cookie", "the browser keeps no cookie")
    return _page(request, LtiReopenView(waiting.asked), origins)


async def _enter(
    request: Request, context: Context, rules: Service, message: Message, *, has_cookie: bool
) -> Response:
    holder = request.cookies.get(HOLDER_COOKIE) or new_secret("h")
    entered = await service.enter(rules, message, holder, context.now())
    if not has_cookie:
        view: View = LtiOpenView(entered.title, service.opening(rules, entered, context.now()))
        return _page(request, view, message.origins, locale=message.launch.locale)
    response: Response
    if entered.again is not None:
        view = LtiAgainView(entered.title, str(entered.sitting_id), entered.again)
        response = _page(request, view, message.origins, locale=message.launch.locale)
    else:
        response = RedirectResponse(f"/epreuve/{entered.sitting_id}", status_code=303)
    _hold(request, response, context, holder, entered, message)
    return response


@router.post("/ouvrir")
async def open_once(request: Request, context: Ctx, rules: Rules, ticket: Ticket) -> Response:
    """A sitting in a window of its own, where cookies are kept."""
    holder = request.cookies.get(HOLDER_COOKIE) or new_secret("h")
    entered = await service.open_once(rules, ticket, holder, context.now())
    response = RedirectResponse(f"/epreuve/{entered.sitting_id}", status_code=303)
    _hold(request, response, context, holder, entered, None)
    return response


@router.post("/recommencer")
async def again(request: Request, context: Ctx, rules: Rules, ticket: Ticket) -> Response:
    """A practice test once more."""
    holder = request.cookies.get(HOLDER_COOKIE) or new_secret("h")
    entered = await service.sit_again(rules, ticket, holder, context.now())
    response = RedirectResponse(f"/epreuve/{entered.sitting_id}", status_code=303)
    _hold(request, response, context, holder, entered, None)
    return response


@router.get("/suivi")
@router.get("/choisir")
@router.get("/ouvrir")
@router.get("/recommencer")
async def reloaded() -> Response:
    """A page shown in answer to a form was reloaded."""
    raise LtiRefused("missing", "a launch comes from a platform")


@router.post("/suivi")
async def progress(request: Request, context: Ctx, rules: Rules, ticket: Ticket) -> Response:
    """What the learners of a course have done."""
    return await _progress(request, context, rules, ticket)


async def _progress(request: Request, context: Context, rules: Service, ticket: str) -> Response:
    seen, origins = await service.progress(rules, ticket, context.now())
    rows = [LtiRowView(row.name, row.pseudonym, row.activity, row.grading, row.points) for row in seen.rows]
    rows.sort(key=lambda row: (row.name.casefold() or "\uffff", row.pseudonym))
    view = LtiProgressView(seen.title, rows, seen.roster, seen.provisional, ticket)
    return _page(request, view, origins)


@router.post("/choisir")
async def choose(
    request: Request,
    context: Ctx,
    rules: Rules,
    ticket: Ticket,
    design: Annotated[str, Form(max_length=64)] = "",
    grades: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """A teacher has chosen: the signed choice goes back to the platform."""
    if not design:
        return await _choose(request, context, rules, ticket, problem=True)
    chosen = await service.choose(rules, ticket, design, graded=bool(grades), now=context.now())
    _, _, origins = await service.choices(rules, ticket, context.now())
    # the platform may lead the form on to another of its hosts, which the browser counts as a target of the form
    target = "https:" if chosen.return_url.startswith("https:") else str(origin_of(chosen.return_url))
    return _page(request, LtiReturnView(chosen.return_url, chosen.token), origins, form_action=target)


async def _choose(
    request: Request, context: Context, rules: Service, ticket: str, *, problem: bool = False
) -> Response:
    offered, graded, origins = await service.choices(rules, ticket, context.now())
    tests = [
        LtiChoiceView(
            one.key,
            one.title,
            one.purpose,
            one.length,
            one.minutes,
        )
        for one in offered
    ]
    view = LtiChooseView(tests, graded, ticket, problem="none" if problem else "")
    return _page(request, view, origins, status=422 if problem else 200)


@router.get("/register/{secret}")
async def registration(
    request: Request,
    context: Ctx,
    rules: Rules,
    secret: str,
    openid_configuration: Annotated[str, Query(max_length=2000)] = "",
    registration_token: Annotated[str, Query(max_length=LONGEST)] = "",
) -> Response:
    """A platform asks to be registered: shown who it is, before anything happens."""
    asked = await registrations.offer(
        context.database,
        rules.platforms,
        secret,
        openid_configuration,
        registration_token or None,
        context.now(),
    )
    view = LtiRegisterView(
        institution=asked.institution,
        issuer=asked.issuer,
        product=asked.product,
        action=request.url.path,
        openid_configuration=openid_configuration,
        registration_token=registration_token,
    )
    return _page(request, view, _anywhere(context))


@router.post("/register/{secret}")
async def register(
    request: Request,
    context: Ctx,
    rules: Rules,
    secret: str,
    openid_configuration: Annotated[str, Form(max_length=2000)] = "",
    registration_token: Annotated[str, Form(max_length=LONGEST)] = "",
) -> Response:
    """Somebody agreed: the tool registers itself, and the platform is trusted from now on."""
    made, institution = await registrations.register(
        context.database,
        context.sealer,
        rules.platforms,
        rules.tool,
        secret,
        openid_configuration,
        registration_token or None,
        context.now(),
    )
    return _page(request, LtiRegisteredView(made.name, institution), _anywhere(context))


def _anywhere(context: Context) -> tuple[str, ...]:
    """Where a registration may be framed: the platform is not known yet, and the link is a secret of its own."""
    return (
        ("https:", "http://localhost:*", "http://127.0.0.1:*")
        if context.settings.webhook_loopback
        else ("https:",)
    )


def _page(
    request: Request,
    view: View,
    origins: Sequence[str],
    *,
    status: int = 200,
    form_action: str = "",
    locale: str = "",
) -> HTMLResponse:
    page = Page.of(request)
    if locale and "lang" not in request.cookies:
        page = replace(page, lang=_language(locale))
    if _is_framed(request):
        framing.frame_ancestors(request, origins)
    headers = {**PAGE_HEADERS, "Referrer-Policy": "origin"}
    if form_action:
        policy = PAGE_HEADERS["Content-Security-Policy"]
        headers["Content-Security-Policy"] = policy.replace(
            "form-action 'self'", f"form-action 'self' {form_action}"
        )
    return HTMLResponse(render_text(view, page), status, headers=headers)


def _refused(request: Request, refused: LtiRefused) -> Response:
    tool = tool_of(request.app.state.context)
    view = LtiRefusedView(
        reason=refused.reason,
        login_url=tool.login,
        launch_url=tool.launch,
        jwks_url=tool.jwks,
        reference=request.scope["state"]["request_id"],
    )
    # nothing on this page can be clicked to any effect, and it must be readable where the platform shows it
    return _page(request, view, ("https:", "http:"), status=refused.status)


def _language(locale: str) -> str:
    return "fr" if locale.lower().startswith("fr") else "en"


def _is_framed(request: Request) -> bool:
    """Whether the page stands in a frame; a browser that does not say so is taken to frame it."""
    return request.headers.get("sec-fetch-dest", "iframe") != "document"


def _hold(
    request: Request,
    response: Response,
    context: Context,
    holder: str,
    entered: Entered,
    message: Message | None,
) -> None:
    """Let the browser hold the sitting: in its frame, if it stands in one."""
    secure = context.settings.secure_cookies
    if message is not None and _is_framed(request):
        framing.frame_ancestors(request, message.origins)
        framing.remember(response, context.sealer, message.origins, age=HOLDER_AGE)
    shared: dict[str, Any] = {"max_age": HOLDER_AGE, "httponly": True, "samesite": "lax", "secure": secure}
    response.set_cookie(HOLDER_COOKIE, holder, **shared)
    if entered.resume_code:
        home = f"/epreuve/{entered.sitting_id}"
        response.set_cookie(RESUME_COOKIE, entered.resume_code, path=home, **shared)
    if message is not None and message.launch.locale and "lang" not in request.cookies:
        response.set_cookie("lang", _language(message.launch.locale), **shared)
