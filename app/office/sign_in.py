"""Signing in and out of the back office: address and password, then a one-time password; setting those up."""

import json
import re
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.auth import accounts
from app.auth.accounts import Person, SignedIn
from app.delivery.context import Context, given_context
from app.errors import TooMany
from app.web.render import render
from app.web.views_office import (
    EnrolmentView,
    QrCode,
    RecoveryCodesView,
    SecondStepView,
    SignInProblem,
    SignInView,
)
from app.wire.members import COOKIE_PATH, SESSION_COOKIE, SIGN_IN, LeadElsewhere, signed_in_or_nobody

router = APIRouter(prefix="/espace", include_in_schema=False, default_response_class=HTMLResponse)

HOME: Final = "/espace"
STEP_COOKIE: Final = "espace-etape"
STEP_PATH: Final = "/espace/connexion"
STEP_LASTS: Final = timedelta(minutes=10)
_WITHIN = re.compile(r"/espace(?:[/?][\x21-\x5b\x5d-\x7e]*)?")

Ctx = Annotated[Context, Depends(given_context)]
Word = Annotated[str, Form(max_length=400)]


async def _open_session(request: Request) -> SignedIn:
    """Whoever is signed in, even before one-time passwords are set up."""
    signed = await signed_in_or_nobody(request)
    if signed is None:
        raise LeadElsewhere(SIGN_IN)
    return signed


Signed = Annotated[SignedIn, Depends(_open_session)]


def within(following: str) -> str:
    """A page of the back office to go on to; the first one for anything else."""
    return following if _WITHIN.fullmatch(following) and not following.startswith(SIGN_IN) else HOME


def address_of(request: Request) -> str:
    """Where a request comes from, for counting."""
    return request.client.host if request.client else "unknown"


def go(location: str) -> RedirectResponse:
    """Lead to a page after a form."""
    return RedirectResponse(location, status_code=303)


def keep_session(context: Context, response: Response, token: str) -> None:
    """Give the browser the token of its session."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(accounts.SESSION_LASTS.total_seconds()),
        path=COOKIE_PATH,
        httponly=True,
        samesite="lax",
        secure=context.settings.secure_cookies,
    )


@router.get("/connexion")
async def sign_in_page(
    request: Request,
    suite: Annotated[str, Query(max_length=400)] = "",
    fin: Annotated[str, Query(max_length=8)] = "",
) -> Response:
    """Address and password."""
    return render(request, SignInView(following=within(suite), signed_out=bool(fin)))


@router.post("/connexion")
async def sign_in(
    request: Request, context: Ctx, email: Word = "", password: Word = "", suite: Word = ""
) -> Response:
    """Check them; an unknown address and a wrong password get the same reply in the same time."""
    following, now, address = within(suite), context.now(), address_of(request)
    said = email.strip().casefold()

    def again(problem: SignInProblem, status: int) -> Response:
        return render(
            request, SignInView(email=email, following=following, problem=problem), status_code=status
        )

    if not email.strip() or not password:
        return again("empty", 422)
    try:
        context.sign_ins.check(address, said, "password")
    except TooMany:
        return again("too_many", 429)
    account = await accounts.check_password(context.database, email, password)
    if account is None:
        context.sign_ins.failed(address, said, "password")
        async with context.database.transaction() as db:
            await accounts.note_failed_sign_in(db, email, "password", now)
        return again("wrong", 401)
    if account.enrolled:
        response = go(f"{SIGN_IN}/code")
        response.set_cookie(
            STEP_COOKIE,
            _sealed_step(context, account, following, now),
            max_age=int(STEP_LASTS.total_seconds()),
            path=STEP_PATH,
            httponly=True,
            samesite="lax",
            secure=context.settings.secure_cookies,
        )
        return response
    entered = await _enter(context, account, following, now)
    return entered or again("nowhere", 403)


@router.get("/connexion/code")
async def second_step_page(request: Request, context: Ctx) -> Response:
    """A one-time password."""
    if await _step(request, context) is None:
        return go(SIGN_IN)
    return render(request, SecondStepView())


@router.post("/connexion/code")
async def second_step(request: Request, context: Ctx, code: Word = "") -> Response:
    """Check it, and sign in."""
    now, address = context.now(), address_of(request)
    found = await _step(request, context)
    if found is None:
        return render(request, SignInView(problem="late"), status_code=403)
    account, following = found
    if not code.strip():
        return render(request, SecondStepView(problem="empty"), status_code=422)
    try:
        context.sign_ins.check(address, str(account.id), "code")
    except TooMany:
        return render(request, SecondStepView(problem="too_many"), status_code=429)
    async with context.database.transaction() as db:
        proven = await accounts.prove(db, account.id, code, context.sealer, now)
        if not proven:
            await accounts.note_failed_sign_in(db, account.email, "code", now)
    if not proven:
        context.sign_ins.failed(address, str(account.id), "code")
        return render(request, SecondStepView(problem="wrong"), status_code=401)
    entered = await _enter(context, account, following, now)
    return entered or render(request, SignInView(problem="nowhere"), status_code=403)


@router.post("/deconnexion")
async def sign_out(request: Request, context: Ctx) -> Response:
    """End this browser's session."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        async with context.database.transaction() as db:
            await accounts.close_session(db, token)
    response = go(f"{SIGN_IN}?fin=1")
    response.delete_cookie(SESSION_COOKIE, path=COOKIE_PATH)
    return response


@router.get("/compte/double-verification")
async def enrolment_page(request: Request, context: Ctx, signed: Signed) -> Response:
    """A QR code for an authenticator application."""
    if signed.person.enrolled:
        return go("/espace/compte")
    return render(request, await _enrolment(context, signed, wrong=False))


@router.post("/compte/double-verification")
async def enrol(request: Request, context: Ctx, signed: Signed, code: Word = "") -> Response:
    """The first one-time password; shows the recovery codes, once."""
    now = context.now()
    context.sign_ins.check(address_of(request), str(signed.person.id), "code")
    async with context.database.transaction() as db:
        codes = await accounts.confirm_enrolment(db, signed.person.id, code, context.sealer, now)
        token = (
            None
            if codes is None
            else await accounts.open_session(db, signed.person.id, now, signed.institution_id)
        )
    if codes is None or token is None:
        context.sign_ins.failed(address_of(request), str(signed.person.id), "code")
        return render(request, await _enrolment(context, signed, wrong=True), status_code=422)
    response = render(request, RecoveryCodesView(codes=codes))
    keep_session(context, response, token)
    return response


async def _enrolment(context: Context, signed: SignedIn, *, wrong: bool) -> EnrolmentView:
    async with context.database.transaction() as db:
        seed = await accounts.start_enrolment(db, signed.person.id, context.sealer)
    return EnrolmentView(
        qr_code=qr_code(accounts.provisioning_uri(seed, signed.person.email)),
        seed=" ".join(seed[at : at + 4] for at in range(0, len(seed), 4)),
        required=signed.must_enrol,
        wrong=wrong,
    )


def qr_code(text: str) -> QrCode:
    """A QR code as a drawing, with the quiet border that readers need."""
    import segno  # not needed by any other page

    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    path = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                path.append(f"M{x} {y}h{end - x}v1h{x - end}z")
            x = end + 1
    return QrCode(path="".join(path), side=len(rows))


async def _enter(context: Context, account: Person, following: str, now: datetime) -> Response | None:
    """A session, and the page one came for; None for a member of nothing."""
    async with context.database.transaction() as db:
        token = await accounts.open_session(db, account.id, now)
        if token is None:
            return None
        await accounts.note_sign_in(db, token, now)
    response = go(following)
    keep_session(context, response, token)
    response.delete_cookie(STEP_COOKIE, path=STEP_PATH)
    return response


def _sealed_step(context: Context, account: Person, following: str, now: datetime) -> str:
    """What the browser keeps between the two pages: a right password was given for this account, lately."""
    return context.sealer.seal(
        json.dumps([str(account.id), account.password_mark, now.timestamp(), following])
    )


async def _step(request: Request, context: Context) -> tuple[Person, str] | None:
    """The account whose password was given in the last minutes, and where it wants to go."""
    try:
        account_id, password, at, following = json.loads(
            context.sealer.open(request.cookies.get(STEP_COOKIE, ""))
        )
    except ValueError:
        return None
    if context.now().timestamp() - at >= STEP_LASTS.total_seconds():
        return None
    async with context.database.reading() as db:
        account = await accounts.person(db, UUID(account_id))
    if account is None or account.disabled or account.password_mark != password:
        return None
    return account, within(following)
