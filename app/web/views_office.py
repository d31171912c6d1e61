"""What the pages of the back office need: the frame around each of them, and the office's own pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from app.web.views import View

Section = Literal[
    "home",
    "learners",
    "campaigns",
    "results",
    "members",
    "keys",
    "lti",
    "settings",
    "privacy",
    "journal",
    "account",
]

ADDRESSES: dict[Section, str] = {
    "home": "/espace",
    "learners": "/espace/apprenants",
    "campaigns": "/espace/campagnes",
    "results": "/espace/resultats",
    "members": "/espace/membres",
    "keys": "/espace/cles",
    "lti": "/espace/lti",
    "settings": "/espace/reglages",
    "privacy": "/espace/donnees",
    "journal": "/espace/journal",
    "account": "/espace/compte",
}


@dataclass(frozen=True)
class SectionView:
    """One entry of the navigation."""

    key: Section
    href: str


@dataclass(frozen=True)
class OfficeFrame:
    """What surrounds a page of the back office: whose it is, who reads it, where they may go, where they are."""

    institution: str
    member: str
    role: str
    mode: Literal["live", "test"]
    current: Section
    sections: Sequence[SectionView]


SignInProblem = Literal["", "empty", "wrong", "too_many", "nowhere", "late"]


@dataclass(frozen=True)
class SignInView(View):
    """The first page of signing in: address and password."""

    template: ClassVar[str] = "office/sign_in.html"
    email: str = ""
    following: str = ""  # the page one came for
    problem: SignInProblem = ""
    signed_out: bool = False


@dataclass(frozen=True)
class SecondStepView(View):
    """The second page of signing in: a one-time password, or a recovery code."""

    template: ClassVar[str] = "office/second_step.html"
    following: str = ""
    problem: SignInProblem = ""


@dataclass(frozen=True)
class QrCode:
    """A QR code as the data of an SVG path, in a square of `side` modules."""

    path: str
    side: int


@dataclass(frozen=True)
class EnrolmentView(View):
    """Setting up one-time passwords."""

    template: ClassVar[str] = "office/enrolment.html"
    qr_code: QrCode
    seed: str  # in groups of four, to be typed where no camera helps
    required: bool
    wrong: bool = False


@dataclass(frozen=True)
class RecoveryCodesView(View):
    """The codes that replace a lost telephone, shown once."""

    template: ClassVar[str] = "office/recovery_codes.html"
    codes: Sequence[str]


OfficeMessage = Literal[
    "bad_request",
    "forbidden",
    "not_found",
    "conflict",
    "expired",
    "unreadable",
    "too_many",
    "too_large",
    "failure",
    "unavailable",
]


@dataclass(frozen=True)
class OfficeMessageView(View):
    """One plain thing to say to a member, and where to go next."""

    template: ClassVar[str] = "office/message.html"
    kind: OfficeMessage
    href: str = "/espace"
    reference: str = ""


@dataclass(frozen=True)
class MemberRow:
    """A member of the institution."""

    id: str
    name: str
    email: str
    role: str
    since: datetime
    oneself: bool
    enrolled: bool


@dataclass(frozen=True)
class InvitationRow:
    """An invitation that can still be accepted."""

    id: str
    email: str
    role: str
    expires_at: datetime


MembersProblem = Literal["", "email", "role", "member", "last_owner"]
MembersDone = Literal["", "role", "removed", "withdrawn"]


@dataclass(frozen=True)
class MembersView(View):
    """Members, invitations, and what the roles may do."""

    template: ClassVar[str] = "office/members.html"
    frame: OfficeFrame
    members: Sequence[MemberRow]
    invitations: Sequence[InvitationRow]
    roles: Sequence[str]
    may_change: bool
    problem: MembersProblem = ""
    done: MembersDone = ""
    email: str = ""  # as it was typed
    link: str = ""  # of the invitation just made, shown once
    invited: str = ""  # the address it is for


@dataclass(frozen=True)
class RemovalView(View):
    """Are you sure?"""

    template: ClassVar[str] = "office/removal.html"
    frame: OfficeFrame
    member: MemberRow


InvitationProblem = Literal[
    "", "name", "short", "long", "common", "email", "wrong", "code", "other", "too_many"
]


@dataclass(frozen=True)
class InvitationView(View):
    """Accepting an invitation: with a new account, with the one that is signed in, or by signing in."""

    template: ClassVar[str] = "office/invitation.html"
    token: str
    institution: str
    role: str
    email: str
    way: Literal["new", "signed_in", "known"]
    asks_code: bool = False
    name: str = ""
    problem: InvitationProblem = ""


@dataclass(frozen=True)
class PlaceView:
    """An institution where one is a member."""

    id: str
    name: str
    role: str
    current: bool
    test_id: str = ""  # of its test mode, where there is one
    test_current: bool = False


AccountProblem = Literal["", "wrong", "short", "long", "common", "email", "last_owner", "code"]
AccountDone = Literal["", "password", "name"]


@dataclass(frozen=True)
class AccountView(View):
    """One's own account."""

    template: ClassVar[str] = "office/account.html"
    frame: OfficeFrame
    name: str
    email: str
    enrolled: bool
    recovery_codes_left: int
    demonstration: bool
    places: Sequence[PlaceView]
    problem: AccountProblem = ""
    done: AccountDone = ""


@dataclass(frozen=True)
class PlacesView(View):
    """Which institution to look at."""

    template: ClassVar[str] = "office/places.html"
    frame: OfficeFrame
    places: Sequence[PlaceView]


@dataclass(frozen=True)
class QuotaView:
    """How many of something the institution may use."""

    name: str
    limit: int


SettingsProblem = Literal[
    "", "name", "colour", "contrast", "logo_unknown", "logo_too_heavy", "logo_too_large", "origin"
]
SettingsDone = Literal["", "name", "colour", "logo", "origins"]


@dataclass(frozen=True)
class SettingsView(View):
    """What the institution decides about itself."""

    template: ClassVar[str] = "office/settings.html"
    frame: OfficeFrame
    name: str
    accent: str
    accent_dark: str
    logo: str  # its address
    stylesheet: str
    origins: str
    quotas: Sequence[QuotaView]
    demonstration: bool
    problem: SettingsProblem = ""
    done: SettingsDone = ""
    refused: str = ""  # the colour that cannot be read
    contrast: float = 0.0
    nearest: str = ""
    theme: Literal["", "light", "dark"] = ""


@dataclass(frozen=True)
class EntryView:
    """One act of the journal."""

    number: int
    at: datetime
    actor: str
    act: str
    subject: str
    kind: Literal["person", "institution", "other"]
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class JournalView(View):
    """What the members and programs of the institution did, newest first."""

    template: ClassVar[str] = "office/journal.html"
    frame: OfficeFrame
    entries: Sequence[EntryView]
    before: int | None  # the page that follows starts before this entry
    first_page: bool


@dataclass(frozen=True)
class KeyRow:
    """An API key in use."""

    id: str
    label: str
    mode: Literal["live", "test"]
    prefix: str
    scopes: Sequence[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True)
class WebhookRow:
    """An address that events are sent to."""

    id: str
    url: str
    events: Sequence[str]
    enabled: bool
    failures: int
    address: str  # of its log


AccessProblem = Literal["", "label", "scopes", "events", "address", "known"]
AccessDone = Literal["", "rotated", "revoked", "removed"]


@dataclass(frozen=True)
class AccessView(View):
    """Keys and webhooks."""

    template: ClassVar[str] = "office/access.html"
    frame: OfficeFrame
    keys: Sequence[KeyRow]
    webhooks: Sequence[WebhookRow]
    scopes: Sequence[str]  # that one may give to a key
    usual: Sequence[str]
    events: Sequence[str]
    may_change: bool
    problem: AccessProblem = ""
    done: AccessDone = ""
    secret: str = ""  # just made, shown once
    secret_of: str = ""
    url: str = ""  # as it was typed


@dataclass(frozen=True)
class DeliveryRow:
    """A message and what its last try brought."""

    event: str
    created_at: datetime
    state: str
    attempts: int
    status: int | None
    latency_ms: int | None
    error: str


@dataclass(frozen=True)
class DeliveriesView(View):
    """What was sent to one address lately."""

    template: ClassVar[str] = "office/deliveries.html"
    frame: OfficeFrame
    webhook: WebhookRow
    deliveries: Sequence[DeliveryRow]
    may_change: bool


@dataclass(frozen=True)
class PlatformRow:
    """A learning platform that is trusted."""

    id: str
    name: str
    issuer: str
    client_id: str
    enabled: bool
    since: datetime


LtiDone = Literal["", "removed"]


@dataclass(frozen=True)
class LtiView(View):
    """The learning platforms of the institution."""

    template: ClassVar[str] = "office/lti.html"
    frame: OfficeFrame
    platforms: Sequence[PlatformRow]
    addresses: Sequence[tuple[str, str]]
    may_change: bool
    done: LtiDone = ""
    link: str = ""  # for one registration, shown once
