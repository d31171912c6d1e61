"""The composition root: `create_app()` builds the application from its rooms."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from app import docs_page, logs, site
from app.assessments.service import Assessments
from app.auth.service import KnownKeys
from app.campaigns import api as campaigns_api
from app.campaigns import entry as campaigns_entry
from app.campaigns import office_pages as campaigns_office_pages
from app.campaigns import pages as campaigns_pages
from app.db import Database
from app.delivery import api, pages
from app.delivery.context import Clock, Context
from app.delivery.postgres_store import PostgresStore
from app.delivery.service import Delivery
from app.delivery.sqlite_store import SqliteStore
from app.description import describe
from app.embedding import api as embedding_api
from app.embedding import pages as embedding_pages
from app.errors import (
    AppError,
    Forbidden,
    InvalidInput,
    NotFound,
    PayloadTooLarge,
    Unavailable,
    catalogue,
    problem,
)
from app.lti import api as lti_api
from app.lti import pages as lti_pages
from app.lti.platforms import Platforms
from app.middleware import BodyLimit, Envelope, SameSiteForms
from app.office import access, keys_api, look, oauth_api, sign_in
from app.office import api as office_api
from app.office import pages as office_pages
from app.privacy import api as privacy
from app.privacy import pages as privacy_pages
from app.reporting import api as reporting
from app.reporting import pages as reporting_pages
from app.reporting.apart import Apart
from app.sandbox import api as sandbox
from app.secrets import Sealer
from app.settings import Settings, settings
from app.throttle import Throttle
from app.web.render import StaticAssets, render
from app.web.views import MessageKind, MessageView
from app.web.views_office import OfficeMessage, OfficeMessageView
from app.webhooks import api as webhooks
from app.webhooks.addresses import Reach
from app.wire import framing
from app.wire.limits import CallLimits
from app.wire.members import LeadElsewhere
from app.worker import Worker, dispatcher_of, grade_sender_of, upkeep_of

log = structlog.get_logger(__name__)

API = "/v1"

# Addresses that take more than an answer: files of learners, many learners at once.
LARGER_BODIES = (
    (re.compile(r"/v1/learners/import|/espace/apprenants/importer"), 64 * 1024 * 1024),
    (re.compile(r"/v1/(cohorts/[^/]+/members|campaigns/[^/]+/invitations)"), 1024 * 1024),
)

# What the hot path's drivers and the engine raise when the database is stopped, restarting, full or out of reach.
DATABASE_AWAY: tuple[type[Exception], ...] = (
    PoolTimeout,
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    sqlite3.OperationalError,
)
DESCRIPTION = """
Adaptive tests of digital-health skills, under your institution's API key.

1. `POST /v1/sittings` creates a sitting; send the learner to its `launch_url`, or run it yourself:
2. `POST /v1/sittings/{id}/start` starts the clock and gives the first question;
3. `POST /v1/sittings/{id}/responses` answers it (with an `Idempotency-Key`) and gives the next one;
4. `GET /v1/sittings/{id}/result` gives the level, its probability and the profile.

Every refusal is an [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem with a stable `code`.
"""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What runs as long as the service does: the database, what is compiled, the worker."""
    config: Settings = app.state.settings
    clock: Clock = app.state.clock
    async with contextlib.AsyncExitStack() as stack:
        database = Database(config)
        stack.push_async_callback(database.close)
        store = SqliteStore(database) if database.is_sqlite else PostgresStore(database)
        stack.push_async_callback(store.aclose)
        assessments = Assessments(database)
        await assessments.load_current()
        delivery = Delivery(store, assessments, timedelta(seconds=config.grace_seconds))
        app.state.context = Context(
            settings=config,
            database=database,
            clock=clock,
            throttle=Throttle(),
            keys=KnownKeys(),
            limits=CallLimits(config.api_calls_per_minute),
            sealer=Sealer.of(config),
            delivery=delivery,
            campaigns=campaigns_entry,
        )
        app.state.platforms = Platforms(Reach(config.webhook_ports, config.webhook_loopback))
        stack.push_async_callback(app.state.platforms.aclose)
        if config.runs_worker:
            dispatcher = dispatcher_of(database, config, clock)
            log_kept = timedelta(days=config.webhook_log_days)
            worker = Worker(
                database,
                delivery,
                clock,
                dispatcher,
                log_kept=log_kept,
                upkeep=upkeep_of(database, config),
                apart=Apart(database, config, clock),
                grade_sender=grade_sender_of(database, config, delivery, clock),
            )
            await stack.enter_async_context(worker.running())
        app.state.ready = True
        yield
        app.state.ready = False


def create_app(config: Settings | None = None, clock: Clock = utc_now) -> FastAPI:
    """Build the application; `clock` is injected so that tests can travel in time."""
    config = config or settings()
    logs.configure(config.log_level)
    app = FastAPI(
        title="Palier",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
        dependencies=[Depends(refuse_cross_site)],
        middleware=[
            Middleware(Envelope, hsts=config.secure_cookies),
            Middleware(BodyLimit, limit=config.max_body_bytes, larger=LARGER_BODIES),
            Middleware(SameSiteForms),
        ],
        telemetry={"logs": False},
    )
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    app.state.settings = config
    app.state.clock = clock
    app.state.ready = False
    app.include_router(api.router)
    app.include_router(webhooks.router)
    app.include_router(campaigns_api.router)
    app.include_router(reporting.router)
    app.include_router(reporting_pages.router)
    app.include_router(privacy.router)
    app.include_router(privacy_pages.router)
    app.include_router(sandbox.router)
    app.include_router(lti_api.router)
    app.include_router(lti_pages.router)
    app.include_router(embedding_api.router)
    app.include_router(embedding_pages.router)
    app.include_router(pages.router)
    app.include_router(campaigns_pages.router)
    app.include_router(site.router)
    app.include_router(sign_in.router)
    app.include_router(office_api.router)
    app.include_router(office_pages.router)
    app.include_router(campaigns_office_pages.router)
    app.include_router(look.router)
    app.include_router(access.router)
    app.include_router(keys_api.router)
    app.include_router(oauth_api.router)
    app.include_router(docs_page.router)
    app.mount("/static", StaticAssets(), name="static")
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
    app.add_exception_handler(AppError, on_app_error)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(LeadElsewhere, on_lead_elsewhere)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    for trouble in (*DATABASE_AWAY, DBAPIError):
        app.add_exception_handler(trouble, on_database_trouble)
    app.add_exception_handler(Exception, on_unexpected)
    return app


async def refuse_cross_site(request: Request) -> None:
    """The verdict of `SameSiteForms`, raised where the error handlers can word it."""
    framing.recall(request, request.app.state.context.sealer)
    if request.scope.get("palier.cross_site"):
        raise Forbidden("This form was sent from another site.")


async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


async def readyz(request: Request) -> Response:
    """The process may be given traffic: database reachable, releases loaded."""
    ready = request.app.state.ready
    if ready:
        try:
            async with asyncio.timeout(2):
                await request.app.state.context.assessments.check()
        except Exception as error:
            if not isinstance(error, (TimeoutError, DBAPIError, *DATABASE_AWAY)):
                raise
            ready = False
    return JSONResponse({"status": "ready" if ready else "not ready"}, status_code=200 if ready else 503)


# How errors are said


MESSAGES: dict[int, MessageKind] = {
    400: "bad_request",
    401: "not_found",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    410: "expired",
    413: "too_large",
    422: "unreadable",
    429: "too_many",
    500: "failure",
    503: "unavailable",
}


OFFICE_MESSAGES: dict[int, OfficeMessage] = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "bad_request",
    409: "conflict",
    410: "expired",
    412: "conflict",
    413: "too_large",
    422: "unreadable",
    429: "too_many",
    503: "unavailable",
}


def wants_problem(request: Request) -> bool:
    """Programs get problems; people get pages."""
    path = request.url.path
    return (
        path.startswith(("/v1/", "/healthz", "/readyz", "/problems"))
        or path.endswith("/brouillon")
        or "text/html" not in request.headers.get("accept", "*/*").replace("*/*", "text/html")
    )


def say(request: Request, error: AppError) -> Response:
    """One refusal, as a problem or as a page."""
    headers: dict[str, str] = (
        {"Retry-After": str(error.extra["retry_after"])} if "retry_after" in error.extra else {}
    )
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if wants_problem(request):
        body = problem(error, request.url.path)
        return JSONResponse(body, error.status, headers, media_type="application/problem+json")
    kind = "ended" if error.code in ("sitting_closed", "time_over") else MESSAGES.get(error.status, "failure")
    if request.url.path.startswith("/espace"):
        reference = request.scope["state"]["request_id"]
        office = OfficeMessageView(kind=OFFICE_MESSAGES.get(error.status, "failure"), reference=reference)
        return render(request, office, status_code=error.status, headers=headers)
    sitting_id = request.path_params.get("sitting_id")
    href = f"/epreuve/{sitting_id}" if sitting_id and error.status not in (403, 404) else "/"
    view = MessageView(kind=kind, href=href, reference=request.scope["state"]["request_id"])
    return render(request, view, status_code=error.status, headers=headers)


async def on_app_error(request: Request, error: Exception) -> Response:
    """An expected refusal."""
    assert isinstance(error, AppError)  # noqa: S101
    return say(request, error)


async def on_lead_elsewhere(_request: Request, error: Exception) -> Response:
    """Another page comes first."""
    assert isinstance(error, LeadElsewhere)  # noqa: S101
    return RedirectResponse(error.location, 303, {"Cache-Control": "no-store"})


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Refusals of the framework itself, in our words."""
    assert isinstance(error, HTTPException)  # noqa: S101
    match error.status_code:
        case 404:
            refusal: AppError = NotFound("There is nothing at this address.")
        case 413:
            told = str(error.detail)
            limit = int(told) if told.isdigit() else request.app.state.context.settings.max_body_bytes
            refusal = PayloadTooLarge(f"The body is larger than {limit} bytes.", limit=limit)
        case status:
            refusal = _of_status(status, str(error.detail))
    response = say(request, refusal)
    for name, value in (error.headers or {}).items():
        response.headers.setdefault(name, value)
    return response


def _of_status(status: int, detail: str) -> AppError:
    known: type[AppError] | None = next(
        (kind for kind in catalogue().values() if kind.status == status and kind is not AppError), None
    )
    if known is not None:
        return known(detail)
    error = AppError(detail)
    error.status, error.code, error.title = status, f"http_{status}", detail  # type: ignore[misc]
    return error


async def on_invalid_request(request: Request, error: Exception) -> Response:
    """The shape of a request is wrong: every field is named, no value is echoed."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = [
        {"field": ".".join(str(part) for part in fault["loc"] if part != "body"), "expected": fault["msg"]}
        for fault in error.errors()
    ]
    if any(fault["type"] == "json_invalid" for fault in error.errors()):
        refusal: AppError = _of_status(400, "The body is not valid JSON.")
    elif any(fault["loc"][0] == "path" for fault in error.errors()):
        # an identifier of the wrong shape names nothing, like any other unknown one
        refusal = NotFound("There is nothing with this identifier.")
    else:
        refusal = InvalidInput("Some fields are wrong.", errors=faults)
    return say(request, refusal)


async def on_database_trouble(request: Request, error: Exception) -> Response:
    """The database is away or full: say so, invite a retry. A statement it refused is a defect of ours."""
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError):
        away = error.connection_invalidated or isinstance(error.orig, DATABASE_AWAY)
        if not away and not isinstance(getattr(error.orig, "__cause__", None), DATABASE_AWAY):
            return await on_unexpected(request, error)
    log.error("database trouble", error=type(error).__name__, path=request.url.path)
    return say(
        request, Unavailable("The service cannot answer now. Send the same request again.", retry_after=2)
    )


async def on_unexpected(request: Request, error: Exception) -> Response:
    """A bug: logged whole, said without detail."""
    log.error("unexpected error", path=request.url.path, exc_info=error)
    return say(request, AppError("Something went wrong on our side."))
