"""What the pages of results need: home, dashboards of campaigns and cohorts, one learner, exports."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar, Literal

from app.web.views import View
from app.web.views_office import OfficeFrame


@dataclass(frozen=True)
class ProgressView:
    """Learners of a campaign, each counted once; `address` gives the same counts as JSON."""

    learners: int
    finished: int
    in_progress: int
    not_started: int
    held: int
    published: int
    address: str = ""


CampaignState = Literal["upcoming", "running", "closed"]


@dataclass(frozen=True)
class CampaignLine:
    """A campaign in a list."""

    id: str
    name: str
    design: str
    state: CampaignState
    opens_at: datetime | None
    closes_at: datetime | None
    days_left: int | None  # until it closes, when that is soon
    progress: ProgressView
    to_publish: bool  # held results wait for somebody's decision


@dataclass(frozen=True)
class CohortLine:
    """A cohort in a list."""

    id: str
    name: str
    curriculum: str
    year: str
    learners: int


@dataclass(frozen=True)
class HomeView(View):
    """What runs now, what ends soon, what waits for a decision."""

    template: ClassVar[str] = "reporting/home.html"
    frame: OfficeFrame
    sees_campaigns: bool
    may_create: bool
    running: Sequence[CampaignLine]
    upcoming: Sequence[CampaignLine]
    to_publish: Sequence[CampaignLine]
    finished_last: Sequence[CampaignLine]


@dataclass(frozen=True)
class ResultsView(View):
    """Campaigns and cohorts that have results, or will."""

    template: ClassVar[str] = "reporting/results.html"
    frame: OfficeFrame
    campaigns: Sequence[CampaignLine]
    cohorts: Sequence[CohortLine]
    may_export: bool


@dataclass(frozen=True)
class LevelBar:
    """Learners on one level; shares from 0 to 1."""

    label: str
    learners: int
    share: float
    low: float
    high: float
    others: int | None = None  # whole per cent of the other institutions; None: not shown


@dataclass(frozen=True)
class DomainBar:
    """How far a group stands from its own mean in one domain, in logits."""

    heading: str
    measured: bool
    standing: Literal["", "strong", "weak"]
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class PartLine:
    """One curriculum or year; hidden when `learners` is None."""

    name: str
    learners: int | None
    levels: Sequence[LevelBar]


@dataclass(frozen=True)
class ChangeFigures:
    """From the first to the last sitting; only the number of learners when `withheld`."""

    learners: int
    up: int
    not_distinct: int
    down: int
    mean: float
    low: float
    high: float
    withheld: bool


@dataclass(frozen=True)
class GroupFigures:
    """The figures of one design on one scale."""

    design: str
    learners: int
    without_level: int
    provisional: bool
    withheld: bool
    levels: Sequence[LevelBar]
    domains: Sequence[DomainBar]
    by_curriculum: Sequence[PartLine]
    by_year: Sequence[PartLine]
    change: ChangeFigures
    others: int | None  # learners of other institutions, rounded down to ten
    other_institutions: int


@dataclass(frozen=True)
class DashboardView(View):
    """One campaign or one cohort in figures."""

    template: ClassVar[str] = "reporting/dashboard.html"
    frame: OfficeFrame
    kind: Literal["campaign", "cohort"]
    id: str
    name: str
    design: str
    state: CampaignState | Literal[""]
    opens_at: datetime | None
    closes_at: datetime | None
    held: bool  # results are held until the campaign is published
    progress: ProgressView | None
    groups: Sequence[GroupFigures]
    learners: int
    may_export: bool
    sees_learners: bool
    campaigns: Sequence[CampaignLine] = ()


@dataclass(frozen=True)
class ResultLine:
    """One published result in a list of learners."""

    learner: str
    name: str  # the identifier the institution gave
    curriculum: str
    year: str
    finished_at: datetime
    level: str  # "" when there were too few responses
    at_least: float  # probability of this level or a higher one; 0 on the lowest, which everybody reaches
    points: int | None


@dataclass(frozen=True)
class LearnersView(View):
    """The published results of a campaign or cohort, learner by learner."""

    template: ClassVar[str] = "reporting/learners.html"
    frame: OfficeFrame
    kind: Literal["campaign", "cohort"]
    id: str
    name: str
    lines: Sequence[ResultLine]
    following: str  # address of the next page
    first_page: bool


@dataclass(frozen=True)
class DomainLine:
    """One domain of one result."""

    heading: str
    measured: bool
    theta: float = 0.0
    low: float = 0.0
    high: float = 0.0
    level: str = ""
    flag: str = ""


@dataclass(frozen=True)
class SittingLine:
    """One published result of a learner."""

    design: str
    campaign: str
    finished_at: datetime
    provisional: bool
    answers: int
    labels: Sequence[str]
    cuts: Sequence[float]
    level: int | None
    theta: float
    low: float
    high: float
    at_least: float
    points: int | None
    domains: Sequence[DomainLine]
    change: Literal["", "up", "down", "not_distinct"] = ""  # since the one before on the same scale
    difference: float = 0.0  # logits
    difference_low: float = 0.0
    difference_high: float = 0.0


@dataclass(frozen=True)
class LearnerView(View):
    """One learner's published results, newest first."""

    template: ClassVar[str] = "reporting/learner.html"
    frame: OfficeFrame
    name: str
    curriculum: str
    year: str
    sittings: Sequence[SittingLine]
    held: int  # sittings whose result is held


ExportProblem = Literal["", "too_many_rows", "waiting"]


@dataclass(frozen=True)
class ExportLine:
    """One export."""

    id: str
    what: Literal["results", "responses", "learners"]
    format: str
    of: str  # name of the campaign or cohort; "" for everything
    status: Literal["pending", "running", "ready", "failed", "expired"]
    failure: str
    rows: int | None
    bytes: int | None
    created_at: datetime
    expires_on: date | None
    may_download: bool


@dataclass(frozen=True)
class ExportsView(View):
    """Files that were asked for, and the form to ask for one."""

    template: ClassVar[str] = "reporting/exports.html"
    frame: OfficeFrame
    exports: Sequence[ExportLine]
    kinds: Sequence[str]  # of what this member may read
    campaigns: Sequence[tuple[str, str]] = field(default_factory=tuple)
    cohorts: Sequence[tuple[str, str]] = field(default_factory=tuple)
    problem: ExportProblem = ""
    asked: bool = False
    chosen: str = ""  # the campaign or cohort one came from
