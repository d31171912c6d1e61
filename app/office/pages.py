"""The institution's own pages: members and invitations, settings and look, account, journal."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from app import audit
from app.auth import accounts
from app.auth.permissions import Role, Scope
from app.delivery.context import Context, given_context
from app.errors import Conflict, InvalidInput, LastOwner, NotFound, TooMany
from app.institutions import service as institutions
from app.institutions import settings
from app.office.sign_in import HOME, address_of, go, keep_session
from app.web.render import render
from app.web.views_office import (
    AccountDone,
    AccountProblem,
    AccountView,
    EntryView,
    InvitationProblem,
    InvitationRow,
    InvitationView,
    JournalView,
    MemberRow,
    MembersDone,
    MembersProblem,
    MembersView,
    PlacesView,
    PlaceView,
    QuotaView,
    RecoveryCodesView,
    RemovalView,
    SettingsDone,
    SettingsProblem,
    SettingsView,
)
from app.wire.branding import brand_of, checked_accents
from app.wire.members import (
    COOKIE_PATH,
    SESSION_COOKIE,
    SIGN_IN,
    Member,
    any_member,
    frame_of,
    signed_in,
    signed_in_or_nobody,
)

router = APIRouter(prefix="/espace", include_in_schema=False, default_response_class=HTMLResponse)

ENTRIES: Final = 50
IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MEMBERS: Final = "/espace/membres"
SETTINGS: Final = "/espace/reglages"
ACCOUNT: Final = "/espace/compte"

Ctx = Annotated[Context, Depends(given_context)]
Anyone = Annotated[Member, Depends(any_member)]
SeesMembers = Annotated[Member, Depends(signed_in(Scope.MEMBERS_READ))]
ChangesMembers = Annotated[Member, Depends(signed_in(Scope.MEMBERS_WRITE))]
ChangesInstitution = Annotated[Member, Depends(signed_in(Scope.INSTITUTION_WRITE))]
SeesJournal = Annotated[Member, Depends(signed_in(Scope.AUDIT_READ))]
Word = Annotated[str, Form(max_length=400)]
Done = Annotated[str, Query(max_length=16)]


def _told(said: str, words: Any) -> Any:
    """A word of the address that the page knows, or nothing."""
    return said if said in get_args(words) else ""


# Members


@router.get("/membres")
async def members(request: Request, context: Ctx, member: SeesMembers, fait: Done = "") -> Response:
    """Who works here, and as what."""
    return render(request, await _members(context, member, done=_told(fait, MembersDone)))


@router.post("/membres/inviter")
async def invite(
    request: Request, context: Ctx, member: ChangesMembers, email: Word = "", role: Word = ""
) -> Response:
    """Make an invitation; the page shows its link, once."""
    problem: MembersProblem = ""
    try:
        async with context.database.transaction(tenant=member.home_id) as db:
            made, token = await accounts.invite(
                db,
                member.home_id,
                email=email,
                role=Role(role),
                actor=member.caller.actor,
                now=context.now(),
            )
    except ValueError:
        problem = "role"
    except InvalidInput:
        problem = "email"
    except Conflict:
        problem = "member"
    if problem:
        view = await _members(context, member, problem=problem, email=email)
        return render(request, view, status_code=409 if problem == "member" else 422)
    link = f"{context.settings.public_url}/espace/invitation/{token}"
    return render(request, await _members(context, member, link=link, invited=made.email))


@router.post("/membres/{membership_id}/role")
async def change_role(
    request: Request, context: Ctx, member: ChangesMembers, membership_id: UUID, role: Word = ""
) -> Response:
    """Give a member another role."""
    try:
        async with context.database.transaction(tenant=member.home_id) as db:
            await accounts.change_role(
                db, member.home_id, membership_id, Role(role), member.caller.actor, context.now()
            )
    except ValueError:
        return render(request, await _members(context, member, problem="role"), status_code=422)
    except LastOwner:
        return render(request, await _members(context, member, problem="last_owner"), status_code=409)
    return go(f"{MEMBERS}?fait=role")


@router.get("/membres/{membership_id}/retirer")
async def removal(request: Request, context: Ctx, member: ChangesMembers, membership_id: UUID) -> Response:
    """Are you sure?"""
    async with context.database.reading(tenant=member.home_id) as db:
        membership, account = await accounts.member(db, member.home_id, membership_id)
    row = MemberRow(
        str(membership.id),
        account.name,
        account.email,
        membership.role,
        membership.created_at,
        account.id == member.account_id,
        account.totp_confirmed_at is not None,
    )
    return render(request, RemovalView(frame=frame_of(member, "members"), member=row))


@router.post("/membres/{membership_id}/retirer")
async def remove(request: Request, context: Ctx, member: ChangesMembers, membership_id: UUID) -> Response:
    """End a membership; oneself's too."""
    try:
        async with context.database.transaction(tenant=member.home_id) as db:
            await accounts.remove_member(
                db, member.home_id, membership_id, member.caller.actor, context.now()
            )
    except LastOwner:
        return render(request, await _members(context, member, problem="last_owner"), status_code=409)
    return go(f"{MEMBERS}?fait=removed")


@router.post("/invitations/{invitation_id}/retirer")
async def withdraw(context: Ctx, member: ChangesMembers, invitation_id: UUID) -> Response:
    """Make an invitation's link lead nowhere."""
    async with context.database.transaction(tenant=member.home_id) as db:
        await accounts.withdraw_invitation(
            db, member.home_id, invitation_id, member.caller.actor, context.now()
        )
    return go(f"{MEMBERS}?fait=withdrawn")


async def _members(
    context: Context,
    member: Member,
    *,
    problem: MembersProblem = "",
    done: MembersDone = "",
    email: str = "",
    link: str = "",
    invited: str = "",
) -> MembersView:
    may_change = member.may(Scope.MEMBERS_WRITE)
    async with context.database.reading(tenant=member.home_id) as db:
        held = await accounts.members(db, member.home_id)
        waiting = await accounts.invitations(db, member.home_id, context.now()) if may_change else ()
    return MembersView(
        frame=frame_of(member, "members"),
        members=[
            MemberRow(
                str(membership.id),
                account.name,
                account.email,
                membership.role,
                membership.created_at,
                account.id == member.account_id,
                account.totp_confirmed_at is not None,
            )
            for membership, account in held
        ],
        invitations=[InvitationRow(str(one.id), one.email, one.role, one.expires_at) for one in waiting],
        roles=[str(role) for role in Role],
        may_change=may_change,
        problem=problem,
        done=done,
        email=email,
        link=link,
        invited=invited,
    )


# Accepting an invitation


@router.get("/invitation/{token}")
async def invitation(request: Request, context: Ctx, token: str) -> Response:
    """What a link invites to."""
    return render(request, await _invitation(request, context, token))


@router.post("/invitation/{token}")
async def accept(
    request: Request, context: Ctx, token: str, name: Word = "", password: Word = "", code: Word = ""
) -> Response:
    """Become a member, with a new account or with the one of the invited address."""
    view, now = await _invitation(request, context, token), context.now()
    problem: InvitationProblem
    account_id: UUID | None = None
    password_hash = ""
    if view.way == "new":
        problem = _new_account_problem(name, password, view.email)
        if problem:
            return _invitation_again(request, view, problem, name=name)
        password_hash = await accounts.hash_password(password)
    elif view.way == "signed_in":
        signed = await signed_in_or_nobody(request)
        account_id = signed.person.id if signed else None
    else:
        address = address_of(request)
        try:
            context.sign_ins.check(address, view.email, "password")
        except TooMany:
            return _invitation_again(request, view, "too_many")
        person = await accounts.check_password(context.database, view.email, password)
        proven = person is not None
        if person is not None and person.enrolled:
            async with context.database.transaction() as db:
                proven = await accounts.prove(db, person.id, code, context.sealer, now)
        if person is None or not proven:
            context.sign_ins.failed(address, view.email, "password")
            async with context.database.transaction() as db:
                await accounts.note_failed_sign_in(db, view.email, "invitation", now)
            return _invitation_again(request, view, "wrong")
        account_id = person.id
    async with context.database.transaction() as db:
        joined = await accounts.join(
            db, token, now, name=name, password_hash=password_hash, account_id=account_id
        )
        opened = await accounts.open_session(db, joined.account_id, now, joined.institution_id)
    response = go(HOME)
    if opened is not None:
        keep_session(context, response, opened)
    return response


def _new_account_problem(name: str, password: str, email: str) -> InvitationProblem:
    if not 2 <= len(name.strip()) <= 200:
        return "name"
    return accounts.weakness(password, email) or ""


def _invitation_again(
    request: Request, view: InvitationView, problem: InvitationProblem, name: str = ""
) -> Response:
    status = {"wrong": 401, "too_many": 429}.get(problem, 422)
    again = InvitationView(
        view.token, view.institution, view.role, view.email, view.way, view.asks_code, name, problem
    )
    return render(request, again, status_code=status)


async def _invitation(request: Request, context: Context, token: str) -> InvitationView:
    async with context.database.reading() as db:
        invited = await accounts.invited(db, token, context.now())
    signed = await signed_in_or_nobody(request)
    here = signed is not None and signed.person.email == invited.email
    return InvitationView(
        token=token,
        institution=invited.place.name,
        role=str(invited.place.role),
        email=invited.email,
        way="new" if invited.person is None else "signed_in" if here else "known",
        asks_code=invited.person is not None and invited.person.enrolled,
    )


# One's own account


@router.get("/compte")
async def account(request: Request, context: Ctx, member: Anyone, fait: Done = "") -> Response:
    """Password, one-time passwords, institutions."""
    return render(request, await _account(context, member, done=_told(fait, AccountDone)))


@router.post("/compte/mot-de-passe")
async def change_password(
    request: Request, context: Ctx, member: Anyone, password: Word = "", new_password: Word = ""
) -> Response:
    """Another password; every other browser is signed out."""
    now, address = context.now(), address_of(request)
    context.sign_ins.check(address, member.email, "password")
    problem: AccountProblem = accounts.weakness(new_password, member.email) or ""
    if not problem and await accounts.check_password(context.database, member.email, password) is None:
        context.sign_ins.failed(address, member.email, "password")
        problem = "wrong"
    if problem:
        status = 401 if problem == "wrong" else 422
        return render(request, await _account(context, member, problem=problem), status_code=status)
    password_hash = await accounts.hash_password(new_password)
    async with context.database.transaction() as db:
        await accounts.change_password(db, member.account_id, password_hash, now)
        token = await accounts.open_session(db, member.account_id, now, member.home_id)
    response = go(f"{ACCOUNT}?fait=password")
    if token is not None:
        keep_session(context, response, token)
    return response


@router.post("/compte/codes-de-secours")
async def renew_codes(request: Request, context: Ctx, member: Anyone, code: Word = "") -> Response:
    """Ten new recovery codes, for a one-time password."""
    now, address = context.now(), address_of(request)
    context.sign_ins.check(address, str(member.account_id), "code")
    async with context.database.transaction() as db:
        proven = await accounts.prove(db, member.account_id, code, context.sealer, now)
        codes = await accounts.renew_recovery_codes(db, member.account_id, now) if proven else None
    if codes is None:
        context.sign_ins.failed(address, str(member.account_id), "code")
        return render(request, await _account(context, member, problem="code"), status_code=401)
    return render(request, RecoveryCodesView(codes=codes))


@router.post("/compte/deconnexions")
async def sign_out_everywhere(context: Ctx, member: Anyone) -> Response:
    """End every session of the account, this one too."""
    async with context.database.transaction() as db:
        await accounts.close_sessions(db, member.account_id, context.now())
    response = go(f"{SIGN_IN}?fin=1")
    response.delete_cookie(SESSION_COOKIE, path=COOKIE_PATH)
    return response


@router.post("/compte/quitter")
async def leave(request: Request, context: Ctx, member: Anyone) -> Response:
    """Stop being a member of this institution."""
    try:
        async with context.database.transaction(tenant=member.home_id) as db:
            membership = await accounts.membership_of(db, member.home_id, member.account_id)
            await accounts.remove_member(
                db, member.home_id, membership.id, member.caller.actor, context.now()
            )
    except LastOwner:
        return render(request, await _account(context, member, problem="last_owner"), status_code=409)
    async with context.database.transaction() as db:
        token = await accounts.open_session(db, member.account_id, context.now())
    response = go(ACCOUNT if token else f"{SIGN_IN}?fin=1")
    if token:
        keep_session(context, response, token)
    return response


@router.get("/etablissements")
async def places(request: Request, context: Ctx, member: Anyone) -> Response:
    """Which institution to look at."""
    view = PlacesView(frame=frame_of(member, "account"), places=await _places(context, member))
    return render(request, view)


@router.post("/etablissements")
async def look_at(
    context: Ctx, member: Anyone, institution: Annotated[UUID, Form()], test: Word = ""
) -> Response:
    """Look at another institution, or at the test mode of one."""
    now = context.now()
    async with context.database.transaction() as db:
        wanted = institution
        if test and member.may(Scope.KEYS_WRITE) and institution == member.home_id:
            wanted = await institutions.ensure_twin(db, institution, now)
        await accounts.look_at(db, member.session_id, member.account_id, wanted)
    return go(HOME)


async def _places(context: Context, member: Member) -> list[PlaceView]:
    found = []
    async with context.database.reading() as db:
        for place in await accounts.places(db, member.account_id):
            twin = await institutions.twin_id(db, place.institution_id)
            found.append(
                PlaceView(
                    id=str(place.institution_id),
                    name=place.name,
                    role=str(place.role),
                    current=place.institution_id == member.caller.institution_id,
                    test_id=str(twin) if twin else "",
                    test_current=twin is not None and twin == member.caller.institution_id,
                )
            )
    return found


async def _account(
    context: Context, member: Member, *, problem: AccountProblem = "", done: AccountDone = ""
) -> AccountView:
    async with context.database.reading() as db:
        person = await accounts.person(db, member.account_id)
    if person is None:
        raise NotFound("This account is gone.")
    return AccountView(
        frame=frame_of(member, "account"),
        name=person.name,
        email=person.email,
        enrolled=person.enrolled,
        recovery_codes_left=person.recovery_codes_left,
        demonstration=member.demonstration,
        places=await _places(context, member),
        problem=problem,
        done=done,
    )


# Settings


@router.get("/reglages")
async def settings_page(
    request: Request, context: Ctx, member: ChangesInstitution, fait: Done = ""
) -> Response:
    """Name, colours, logo, who may frame the pages, quotas."""
    done = _told(fait, SettingsDone)
    return render(request, await _settings(context, member, done=done))


@router.post("/reglages/nom")
async def rename(request: Request, context: Ctx, member: ChangesInstitution, name: Word = "") -> Response:
    """Another name."""
    try:
        async with context.database.transaction(tenant=member.home_id) as db:
            await settings.change(db, member.home_id, actor=member.caller.actor, now=context.now(), name=name)
    except InvalidInput:
        return render(request, await _settings(context, member, problem="name"), status_code=422)
    context.brands.forget()
    return go(f"{SETTINGS}?fait=name")


@router.post("/reglages/couleur")
async def recolour(
    request: Request,
    context: Ctx,
    member: ChangesInstitution,
    accent: Word = "",
    accent_dark: Word = "",
    own_dark: Word = "",
    none: Word = "",
) -> Response:
    """Another accent, or the house's again."""
    try:
        accents = ("", "") if none else checked_accents(accent, accent_dark if own_dark else "")
    except InvalidInput as refused:
        view = await _settings(
            context,
            member,
            problem="contrast" if "nearest" in refused.extra else "colour",
            refused=accent_dark if refused.extra.get("theme") == "dark" else accent,
            contrast=refused.extra.get("contrast", 0.0),
            nearest=refused.extra.get("nearest", ""),
            theme=refused.extra.get("theme", ""),
        )
        return render(request, view, status_code=422)
    async with context.database.transaction(tenant=member.home_id) as db:
        await settings.change(
            db, member.home_id, actor=member.caller.actor, now=context.now(), accents=accents
        )
    context.brands.forget()
    return go(f"{SETTINGS}?fait=colour")


@router.post("/reglages/logo")
async def change_logo(
    request: Request,
    context: Ctx,
    member: ChangesInstitution,
    logo: Annotated[UploadFile | None, File()] = None,
    none: Word = "",
) -> Response:
    """Another picture, or none."""
    data = await logo.read(settings.LARGEST_LOGO + 1) if logo is not None and not none else None
    try:
        async with context.database.transaction(tenant=member.home_id) as db:
            if none:
                await settings.set_logo(
                    db, member.home_id, None, actor=member.caller.actor, now=context.now()
                )
            else:
                await settings.set_logo(
                    db, member.home_id, data or b"", actor=member.caller.actor, now=context.now()
                )
    except InvalidInput as refused:
        problem: Any = f"logo_{refused.extra['reason']}"
        return render(request, await _settings(context, member, problem=problem), status_code=422)
    context.brands.forget()
    return go(f"{SETTINGS}?fait=logo")


@router.post("/reglages/origines")
async def change_origins(
    request: Request,
    context: Ctx,
    member: ChangesInstitution,
    origins: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Who may show our pages in a frame."""
    try:
        async with context.database.transaction(tenant=member.home_id) as db:
            await settings.change(
                db,
                member.home_id,
                actor=member.caller.actor,
                now=context.now(),
                frame_ancestors=origins.split(),
            )
    except InvalidInput as refused:
        view = await _settings(
            context, member, problem="origin", refused=str(refused.extra.get("value", "")), origins=origins
        )
        return render(request, view, status_code=422)
    return go(f"{SETTINGS}?fait=origins")


async def _settings(
    context: Context,
    member: Member,
    *,
    problem: SettingsProblem = "",
    done: SettingsDone = "",
    origins: str | None = None,
    **refusal: Any,
) -> SettingsView:
    async with context.database.reading(tenant=member.home_id) as db:
        kept = await settings.of(db, member.home_id)
    brand = brand_of(kept)
    return SettingsView(
        frame=frame_of(member, "settings"),
        name=kept.name,
        accent=kept.accent,
        accent_dark=kept.accent_dark,
        logo=brand.logo if brand else "",
        stylesheet=brand.stylesheet if brand else "",
        origins="\n".join(kept.frame_ancestors) if origins is None else origins,
        quotas=[QuotaView(name, limit) for name, limit in kept.quotas.items()],
        demonstration=member.demonstration,
        problem=problem,
        done=done,
        **refusal,
    )


# Journal


@router.get("/journal")
async def journal(
    request: Request, context: Ctx, member: SeesJournal, avant: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """What was done here, newest first."""
    home = member.home_id
    async with context.database.reading(tenant=home) as db:
        twin = await institutions.twin_id(db, home)
        names = {f"account:{who.id}": who.name for _, who in await accounts.members(db, home)}
        found = await audit.of_institution(
            db, [home, *([twin] if twin else [])], list(names), avant, ENTRIES + 1
        )
    written = " ".join(f"{entry.actor} {entry.subject}" for entry in found)
    former = [UUID(one) for one in IDENTIFIER.findall(written)]
    async with context.database.reading() as db:  # also of those who are no longer members
        names |= {f"account:{one.id}": one.name for one in await accounts.people(db, former)}
    view = JournalView(
        frame=frame_of(member, "journal"),
        entries=[_entry(entry, names) for entry in found[:ENTRIES]],
        before=found[ENTRIES - 1].number if len(found) > ENTRIES else None,
        first_page=avant is None,
    )
    return render(request, view)


def _entry(entry: audit.AuditEntry, names: dict[str, str]) -> EntryView:
    person = names.get(entry.subject)
    return EntryView(
        number=entry.number,
        at=entry.at,
        actor=names.get(entry.actor.replace("member:", "account:"), _shortened(entry.actor)),
        act=entry.act,
        subject=person or _shortened(entry.subject),
        kind="person" if person else "institution" if entry.subject.startswith("institution:") else "other",
        facts=[(name, _said(value)) for name, value in sorted(entry.facts.items()) if name != "institution"],
    )


def _shortened(subject: str) -> str:
    """The end of an identifier is enough to tell two of them apart in a table."""
    return IDENTIFIER.sub(lambda found: f"…{found[0][-8:]}", subject)


def _said(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(part) for part in value)
    return str(value)
