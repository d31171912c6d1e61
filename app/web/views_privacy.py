"""What the pages about personal data need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from app.web.views import View
from app.web.views_office import OfficeFrame


@dataclass(frozen=True)
class LengthView:
    """How long one class is kept, and what may be chosen."""

    key: Literal["identity", "pseudonym", "entries", "never_started"]
    days: int
    least: int
    most: int
    wrong: bool = False


@dataclass(frozen=True)
class DataView(View):
    """Lengths, and the way to one learner."""

    template: ClassVar[str] = "privacy/data.html"
    frame: OfficeFrame
    lengths: Sequence[LengthView]
    sought: str = ""
    problem: Literal["", "unknown", "length"] = ""
    done: Literal["", "lengths"] = ""


@dataclass(frozen=True)
class KnownLearnerView(View):
    """What is known of one learner, before it is handed out or erased."""

    template: ClassVar[str] = "privacy/learner.html"
    frame: OfficeFrame
    id: str
    external_id: str
    identified: bool
    attributes: Sequence[str]
    cohorts: int
    campaigns: int
    sittings: int
    entries: int
    reports: int
    since: datetime


@dataclass(frozen=True)
class ErasedView(View):
    """What an erasure did."""

    template: ClassVar[str] = "privacy/erased.html"
    frame: OfficeFrame
    kept: int
    removed: int
    withdrawn: int  # files of exports
