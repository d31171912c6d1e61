"""Pages of launches from a learning platform. Most of them are shown in a frame of the platform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from app.web.views import View


@dataclass(frozen=True)
class LtiRefusedView(View):
    """A message that cannot be accepted: what whoever administers the platform must check."""

    template: ClassVar[str] = "lti/refused.html"

    reason: str
    login_url: str
    launch_url: str
    jwks_url: str
    reference: str


@dataclass(frozen=True)
class LtiStorageView(View):
    """The platform keeps something for us, or gives it back: `put` before the login, `get` after it.

    The way on is an address for `put`, and a form with `fields` for `get`, whose field `binding` the script fills.
    """

    template: ClassVar[str] = "lti/storage.html"

    act: Literal["put", "get"]
    frame: str
    origin: str
    key: str
    value: str = ""
    address: str = ""
    fields: Mapping[str, str] | None = None
    # the login asked again, in a window of its own
    again: Mapping[str, str] | None = None


@dataclass(frozen=True)
class LtiReopenView(View):
    """The browser keeps no cookie in the frame: the login is begun again in a window of its own."""

    template: ClassVar[str] = "lti/reopen.html"

    fields: Mapping[str, str]


@dataclass(frozen=True)
class LtiOpenView(View):
    """A sitting waits for a window of its own; `ticket` opens it once."""

    template: ClassVar[str] = "lti/open.html"

    title: str
    ticket: str


@dataclass(frozen=True)
class LtiAgainView(View):
    """A practice test that is finished: its result, or another try."""

    template: ClassVar[str] = "lti/again.html"

    title: str
    sitting: str
    ticket: str


@dataclass(frozen=True)
class LtiRowView:
    """A learner of a course, as the staff sees them."""

    name: str
    pseudonym: str
    activity: Literal["absent", "Initialized", "InProgress", "Completed"]
    grading: str
    points: int | None


@dataclass(frozen=True)
class LtiProgressView(View):
    """What the learners of a course have done with a test."""

    template: ClassVar[str] = "lti/progress.html"

    title: str
    rows: Sequence[LtiRowView]
    roster: Literal["read", "unread", "none"]
    provisional: bool
    ticket: str
    maximum: int = 1000

    @property
    def counts(self) -> Mapping[str, int]:
        """How many learners are where."""
        return {
            state: sum(row.activity == state for row in self.rows)
            for state in ("absent", "Initialized", "InProgress", "Completed")
        }


@dataclass(frozen=True)
class LtiChoiceView:
    """A test that may be linked to."""

    key: str
    title: str
    purpose: str  # certification, practice or campaign
    length: int
    minutes: int


@dataclass(frozen=True)
class LtiChooseView(View):
    """A teacher chooses the test that a link of the course opens."""

    template: ClassVar[str] = "lti/choose.html"

    choices: Sequence[LtiChoiceView]
    grades: bool
    ticket: str
    chosen: str = ""
    problem: Literal["", "none"] = ""


@dataclass(frozen=True)
class LtiReturnView(View):
    """The signed choice goes back to the platform."""

    template: ClassVar[str] = "lti/return.html"

    return_url: str
    token: str


@dataclass(frozen=True)
class LtiRegisterView(View):
    """A platform asks to be registered: who it is, and with whom."""

    template: ClassVar[str] = "lti/register.html"

    institution: str
    issuer: str
    product: str
    action: str
    openid_configuration: str
    registration_token: str


@dataclass(frozen=True)
class LtiRegisteredView(View):
    """The platform is registered; the window may be closed, and the script asks for it."""

    template: ClassVar[str] = "lti/registered.html"

    name: str
    institution: str
