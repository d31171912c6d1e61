"""The wire forms of `/v1/privacy`."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.wire.schemas import Wire

Days = Annotated[int | None, Field(ge=1, le=4000, examples=[365])]


class RetentionOut(Wire):
    """Days each class of personal data is kept, and what the institution may choose."""

    data_class: Literal["identity", "pseudonym", "entries", "never_started"]
    what: Annotated[str, Field(examples=["name, given name, e-mail address of a learner"])]
    after: Annotated[
        str, Field(description="from when the days count", examples=["the learner's last sitting"])
    ]
    days: Annotated[int, Field(examples=[365])]
    least: int
    most: int


class RetentionListOut(Wire):
    """Every class."""

    data: list[RetentionOut]


class RetentionChange(Wire):
    """Days for some classes; what is left out stays."""

    identity: Days = None
    pseudonym: Days = None
    entries: Days = None
    never_started: Days = None


class LearnerExportOut(Wire):
    """Everything that is known of a learner."""

    learner: dict[str, Any]
    cohorts: list[dict[str, Any]]
    campaigns: list[dict[str, Any]]
    sittings: list[dict[str, Any]]


class ErasureOut(Wire):
    """What an erasure did."""

    learner: UUID
    erased_at: datetime
    sittings_kept: Annotated[
        int, Field(description="scores that stay without a name, because at least five learners are alike")
    ]
    sittings_removed: int
    exports_withdrawn: Annotated[
        int, Field(description="files exported before that might hold the learner, and are gone")
    ]
