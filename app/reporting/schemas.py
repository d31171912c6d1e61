"""Wire forms of results, statistics and exports."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.wire.schemas import Wire

SITTING = "0193a5c2-7b1e-7c40-9a55-2f6c1d0e8b11"


class LevelProbabilityOut(Wire):
    """One level, and how probable it is that this learner reaches it."""

    id: Annotated[str, Field(examples=["autonome"])]
    label: Annotated[str, Field(examples=["Autonome"])]
    probability: Annotated[float, Field(description="that this is the learner's level", examples=[0.71])]
    at_least: Annotated[float, Field(description="that it is this one or a higher one", examples=[0.93])]


class MeasurementOut(Wire):
    """The estimate, with its error."""

    level: Annotated[str, Field(description="identifier of the level", examples=["autonome"])]
    level_index: Annotated[int, Field(examples=[2])]
    levels: list[LevelProbabilityOut]
    theta: Annotated[
        float, Field(description="logits; mean 0, sd 1 in the reference population", examples=[0.41])
    ]
    se: Annotated[float, Field(description="posterior standard deviation, logits", examples=[0.32])]
    interval: Annotated[list[float], Field(description="90 % interval of theta", examples=[[-0.11, 0.94]])]
    points: Annotated[int | None, Field(description="0 to 1000; the cuts are at 200, 400, 600, 800")]
    points_interval: list[int] | None


class DomainOut(Wire):
    """One domain. Only a `measured` one has numbers of its own."""

    id: Annotated[str, Field(examples=["security"])]
    heading: Annotated[str, Field(examples=["Cybersécurité en santé"])]
    state: Literal["measured", "not_distinguishable", "too_few"]
    answers: int
    theta: float | None
    interval: list[float] | None
    level_index: int | None
    flag: Annotated[
        Literal["strong", "weak"] | None,
        Field(description="its 90 % interval lies above or below the learner's own mean"),
    ]


class PublishedResultOut(Wire):
    """One published result; a held one is not here until its campaign is published."""

    sitting: Annotated[UUID, Field(examples=[SITTING])]
    number: Annotated[int, Field(description="1, and one more for each re-scoring", examples=[1])]
    reason: Annotated[str, Field(examples=["first"])]
    updated_at: Annotated[datetime, Field(description="when it was given, re-scored or published")]
    learner: UUID
    external_id: str | None
    profession: str | None
    curriculum: str | None
    year: str | None
    campaign: UUID | None
    design: Annotated[str, Field(examples=["certification"])]
    purpose: Literal["practice", "certification"]
    started_at: datetime
    finished_at: datetime
    ended: Annotated[str, Field(description="length, precision, time or learner", examples=["length"])]
    answers: int
    duration_seconds: int
    provisional: Annotated[bool, Field(description="indicative only: the parameters are not calibrated")]
    measurement: MeasurementOut | None
    domains: list[DomainOut]


class ResultListOut(Wire):
    """A page of results, those that changed least recently first."""

    data: list[PublishedResultOut]
    next: str | None


class ProgressOut(Wire):
    """Learners of the campaign, each counted once; held results are counted and nothing more."""

    learners: Annotated[int, Field(examples=[312])]
    not_started: int
    in_progress: int
    finished: int
    held: int
    published: int


class LevelShareOut(Wire):
    """Learners on one level."""

    label: Annotated[str, Field(examples=["Autonome"])]
    learners: Annotated[int, Field(examples=[87])]
    share: Annotated[float, Field(examples=[0.29])]
    interval: Annotated[list[float], Field(description="90 % interval of the share", examples=[[0.25, 0.33]])]


class LevelsOut(Wire):
    """The levels of a group by the last result of each learner; `levels` is null under ten learners."""

    learners: int
    without_level: Annotated[int, Field(description="learners who gave too few responses")]
    levels: list[LevelShareOut] | None


class DomainMeanOut(Wire):
    """How far the group stands from its own mean in one domain; null where it is not measured well enough."""

    id: str
    heading: str
    learners: int
    mean_deviation: Annotated[float | None, Field(description="logits", examples=[-0.21])]
    interval: list[float] | None
    standing: Literal["strong", "weak"] | None


class PartOut(Wire):
    """A curriculum or year; hidden (null) under ten learners, or where it would give another one away."""

    name: str | None
    learners: int | None
    levels: list[LevelShareOut] | None


class ChangeOut(Wire):
    """From the first to the last sitting of the same learners; counts are null under ten learners."""

    learners: int
    up: int | None
    not_distinct: int | None
    down: int | None
    mean_difference: Annotated[float | None, Field(description="logits", examples=[0.18])]
    interval: list[float] | None


class ComparisonOut(Wire):
    """The learners of at least two other institutions in the same design, counted until last midnight."""

    learners: Annotated[int, Field(description="rounded down to ten", examples=[4210])]
    institutions: int
    shares_percent: Annotated[list[int | None], Field(description="per level; null where too few")]


class GroupOut(Wire):
    """The figures of one design on one scale."""

    design: str
    results: int
    provisional: Annotated[int, Field(description="learners whose last result is indicative")]
    levels: LevelsOut
    domains: list[DomainMeanOut]
    by_curriculum: list[PartOut]
    by_year: list[PartOut]
    change: ChangeOut
    comparison: ComparisonOut | None


class StatisticsOut(Wire):
    """A campaign in figures. A group under ten learners has no figures (k-anonymity)."""

    campaign: UUID
    progress: ProgressOut
    groups: list[GroupOut]


class ExportIn(Wire):
    """What is asked for."""

    what: Annotated[
        Literal["results", "responses", "learners"],
        Field(description="needs `results:read`, `responses:read` or `learners:read` beside `exports:write`"),
    ]
    format: Annotated[
        Literal["json", "csv", "xlsx", "parquet"],
        Field(description="`json` is one object a line; `xlsx` holds a million rows at most"),
    ]
    campaign: UUID | None = None
    cohort: UUID | None = None
    updated_since: Annotated[
        AwareDatetime | None,
        Field(description="only what changed from then on", examples=["2027-01-11T00:00:00Z"]),
    ] = None
    bom: Annotated[bool, Field(description="start CSV with a byte order mark, for older spreadsheets")] = (
        False
    )


class ExportOut(Wire):
    """An export and its state; its file is at `/v1/exports/{id}/file` for seven days.

    It `expired` before them when a learner who may stand in it was erased: `failure` says so, a new one can be made.
    """

    id: UUID
    what: Literal["results", "responses", "learners"]
    format: Literal["json", "csv", "xlsx", "parquet"]
    campaign: UUID | None
    cohort: UUID | None
    updated_since: datetime | None
    bom: bool
    status: Literal["pending", "running", "ready", "failed", "expired"]
    failure: Annotated[
        str | None,
        Field(
            description="`too_many_rows`, `unfinished`, or `learner_erased`: the file was withdrawn, or not "
            "finished, because a learner who may stand in it was erased"
        ),
    ]
    rows: int | None
    bytes: int | None
    sha256: str | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


class ExportListOut(Wire):
    """A page of exports, newest first."""

    data: list[ExportOut]
    next: str | None
