"""What the pages of campaigns need: the learner's way in, what is held, the institution's learners and campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from app.web.views import View
from app.web.views_office import OfficeFrame, QrCode

JoinProblem = Literal[
    "",
    "required",  # the identifier is missing
    "unknown",  # nobody expected has this identifier
    "pseudonym",  # it looks like a name or an e-mail address
    "elsewhere",  # the sitting is open in another browser
    "retake_later",
    "retake_never",
    "not_open",
    "closed",
    "full",  # a quota of the institution
    "too_many",
]
CampaignPurpose = Literal["practice", "placement", "certification"]
CampaignState = Literal["planned", "open", "closed"]
Stage = Literal["not_started", "in_progress", "finished", "late"]


@dataclass(frozen=True)
class JoinView(View):
    """The learner's way into a campaign: by its code, or by a personal link."""

    template: ClassVar[str] = "campaigns/join.html"
    action: str
    campaign: str
    institution: str
    title: str  # of the design
    length: int
    minutes: int
    asks_identifier: bool
    resumes: bool = False
    closes_at: datetime | None = None
    opens_at: datetime | None = None
    held: bool = False
    identifier: str = ""
    problem: JoinProblem = ""
    allowed_at: datetime | None = None
    provisional: bool = False


@dataclass(frozen=True)
class HeldView(View):
    """In place of a result that is not published yet."""

    template: ClassVar[str] = "campaigns/held.html"
    title: str
    answers: int
    finished_at: datetime
    provisional: bool = False


@dataclass(frozen=True)
class LearnerRow:
    """A learner in a list."""

    id: str
    external_id: str
    name: str  # empty where it is not known
    profession: str
    curriculum: str
    year: str
    cohorts: Sequence[str]


@dataclass(frozen=True)
class Choice:
    """Something to choose in a form."""

    value: str
    label: str


@dataclass(frozen=True)
class LearnersView(View):
    """The learners of the institution."""

    template: ClassVar[str] = "campaigns/learners.html"
    frame: OfficeFrame
    learners: Sequence[LearnerRow]
    cohorts: Sequence[Choice]
    may_change: bool
    external_id: str = ""
    cohort: str = ""
    following: str = ""  # address of the next page
    first_page: bool = True
    problem: str = ""  # words for what was refused when a learner was added
    problem_field: str = ""
    done: Literal["", "added", "imported"] = ""
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    professions: Sequence[Choice] = ()
    entered: str = ""


@dataclass(frozen=True)
class CellFault:
    """A wrong cell of a file, in words."""

    row: int
    column: str
    words: str


@dataclass(frozen=True)
class ImportView(View):
    """A file of learners: chosen, then reported on, then confirmed."""

    template: ClassVar[str] = "campaigns/import.html"
    frame: OfficeFrame
    cohorts: Sequence[Choice]
    professions: Sequence[Choice]
    cohort: str = ""
    problem: Literal["", "missing", "quota", "gone"] = ""
    file_id: str = ""  # of a file without a fault, which waits
    file_name: str = ""
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: Sequence[CellFault] = ()
    n_faults: int = 0


@dataclass(frozen=True)
class CohortRow:
    """A cohort in a list."""

    id: str
    name: str
    curriculum: str
    year: str
    learners: int


@dataclass(frozen=True)
class CohortsView(View):
    """The cohorts of the institution."""

    template: ClassVar[str] = "campaigns/cohorts.html"
    frame: OfficeFrame
    cohorts: Sequence[CohortRow]
    may_change: bool
    following: str = ""
    problem: Literal["", "name", "taken", "used"] = ""
    done: Literal["", "made", "deleted"] = ""
    entered: str = ""


@dataclass(frozen=True)
class ProgressView:
    """Learners of a campaign by where they are."""

    expected: int
    invited: int
    not_started: int
    in_progress: int
    finished: int
    late: int
    held: int


@dataclass(frozen=True)
class CampaignRow:
    """A campaign in a list."""

    id: str
    name: str
    design: str
    purpose: CampaignPurpose
    state: CampaignState
    closes_at: datetime | None
    progress: ProgressView


@dataclass(frozen=True)
class CampaignsView(View):
    """The campaigns of the institution."""

    template: ClassVar[str] = "campaigns/campaigns.html"
    frame: OfficeFrame
    campaigns: Sequence[CampaignRow]
    may_change: bool
    following: str = ""
    first_page: bool = True
    deleted: bool = False


@dataclass(frozen=True)
class NewCampaignView(View):
    """A campaign to make."""

    template: ClassVar[str] = "campaigns/new_campaign.html"
    frame: OfficeFrame
    designs: Sequence[Choice]
    cohorts: Sequence[Choice]
    entered: dict[str, str]
    problems: dict[str, str]  # field: code


@dataclass(frozen=True)
class EnrolledRow:
    """A learner of a campaign."""

    id: str
    external_id: str
    stage: Stage
    time_percent: int
    invited_at: datetime | None
    sittings: int


@dataclass(frozen=True)
class LinkRow:
    """A personal link, shown once."""

    external_id: str
    url: str


@dataclass(frozen=True)
class CampaignView(View):
    """One campaign: how far it is, its code, its learners, its publication."""

    template: ClassVar[str] = "campaigns/campaign.html"
    frame: OfficeFrame
    id: str
    name: str
    design: str
    purpose: CampaignPurpose
    state: CampaignState
    held: bool
    published_at: datetime | None
    indicative: bool
    opens_at: datetime | None
    closes_at: datetime | None
    cohort: str
    join_code: str
    identifier: Literal["none", "known", "any"]
    max_sittings: int | None
    wait_days: int
    progress: ProgressView
    learners: Sequence[EnrolledRow]
    following: str
    may_change: bool
    may_publish: bool
    sees_learners: bool
    now: datetime
    closes_on: str = ""  # as a form writes it
    links: Sequence[LinkRow] = ()
    remaining: int = 0
    problem: Literal["", "unknown", "nobody", "sat", "window", "time"] = ""
    unknown: Sequence[str] = ()
    done: Literal["", "made", "published", "changed", "code", "time"] = ""
    published: int = 0


@dataclass(frozen=True)
class JoinCodeView(View):
    """A join code to print or to show on a wall."""

    template: ClassVar[str] = "campaigns/join_code.html"
    frame: OfficeFrame
    id: str
    name: str
    join_code: str
    home: str  # where the code is typed
    join_url: str
    qr_code: QrCode
    identifier: Literal["none", "known", "any"]
    closes_at: datetime | None


@dataclass(frozen=True)
class PublicationView(View):
    """Are you sure? Publishing cannot be undone."""

    template: ClassVar[str] = "campaigns/publication.html"
    frame: OfficeFrame
    id: str
    name: str
    held: int
    in_progress: int
    indicative: bool
