"""Who reads the back office: a member of an institution, signed in with a browser.

member: Annotated[Member, Depends(signed_in(Scope.CAMPAIGNS_READ))]
...
render(request, CampaignsView(frame=frame_of(member, "campaigns"), ...))
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request

from app.auth import accounts
from app.auth.accounts import SignedIn
from app.auth.permissions import GRANTS, Caller, Mode, Role, Scope
from app.web.views_office import ADDRESSES, OfficeFrame, Section, SectionView
from app.wire.callers import Reach

SESSION_COOKIE = "espace"
COOKIE_PATH = "/espace"
SIGN_IN = "/espace/connexion"
ENROLMENT = "/espace/compte/double-verification"

# What each section needs at least; one that a role may not open is not shown to it.
NEEDED: dict[Section, Scope] = {
    "home": Scope.INSTITUTION_READ,
    "learners": Scope.LEARNERS_READ,
    "campaigns": Scope.CAMPAIGNS_READ,
    "results": Scope.RESULTS_READ,
    "members": Scope.MEMBERS_READ,
    "keys": Scope.KEYS_READ,
    "lti": Scope.LTI_READ,
    "settings": Scope.INSTITUTION_WRITE,
    "privacy": Scope.PRIVACY_WRITE,
    "journal": Scope.AUDIT_READ,
}


class LeadElsewhere(Exception):
    """This page is not for now: sign in, or set one-time passwords up, first."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


@dataclass(frozen=True)
class Member:
    """Who is signed in, what they may do and for which institution.

    `caller.institution_id` is what they look at: the institution, or its twin in test mode. `home_id` is where their
    membership stands; members, keys and branding are always those of `home_id`.
    """

    caller: Caller
    account_id: UUID
    name: str
    email: str
    role: Role
    institution_name: str
    home_id: UUID
    session_id: UUID
    demonstration: bool

    @property
    def mode(self) -> Mode:
        """Live, or test."""
        return self.caller.mode

    def may(self, scope: Scope) -> bool:
        """Whether a page should offer what needs this scope."""
        return scope in self.caller.scopes


def frame_of(member: Member, current: Section) -> OfficeFrame:
    """What surrounds a page: the navigation shows only what the member's role may open."""
    sections = [SectionView(key, ADDRESSES[key]) for key, needed in NEEDED.items() if member.may(needed)]
    return OfficeFrame(
        institution=member.institution_name,
        member=member.name,
        role=str(member.role),
        mode=member.mode,
        current=current,
        sections=sections,
    )


def signed_in(scope: Scope) -> Callable[..., Coroutine[Any, Any, Member]]:
    """A dependency: the member, whose role may do what `scope` says.

    Raises
    ------
    LeadElsewhere
        Nobody is signed in, or one-time passwords must be set up first.
    InsufficientScope
        The role does not go so far.
    """

    async def member(request: Request) -> Member:
        found = await any_member(request)
        found.caller.require(scope)
        return found

    return member


async def any_member(request: Request) -> Member:
    """The member of any role; leads to the sign-in when there is none."""
    signed = await signed_in_or_nobody(request)
    if signed is None:
        raise LeadElsewhere(_sign_in_then(request))
    if signed.must_enrol:
        raise LeadElsewhere(ENROLMENT)
    return member_of(signed)


async def signed_in_or_nobody(request: Request) -> SignedIn | None:
    """The open session of this browser, even one in which nothing else may be done yet."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    context: Reach = request.app.state.context
    now = context.now()
    async with context.database.reading() as db:
        found = await accounts.signed_in(db, token, now)
    if found is None:
        return None
    signed, to_note = found
    if to_note:
        async with context.database.transaction() as db:
            await accounts.note_seen(db, signed.session_id, now)
    return signed


def member_of(signed: SignedIn) -> Member:
    """A session as pages know it."""
    return Member(
        caller=Caller(
            institution_id=signed.institution_id,
            mode="test" if signed.is_twin else "live",
            scopes=GRANTS[signed.role],
            actor=accounts.actor_of(signed.person.id),
            credential_id=signed.person.id,
            clock_offset=signed.clock_offset,
        ),
        account_id=signed.person.id,
        name=signed.person.name,
        email=signed.person.email,
        role=signed.role,
        institution_name=signed.institution_name,
        home_id=signed.home_id,
        session_id=signed.session_id,
        demonstration=signed.demonstration,
    )


def _sign_in_then(request: Request) -> str:
    """The sign-in page, which leads back here; a form that was sent is not sent again."""
    if request.method != "GET":
        return SIGN_IN
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{SIGN_IN}?{urlencode({'suite': asked})}"
