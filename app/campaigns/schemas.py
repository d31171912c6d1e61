"""The wire forms of `/v1/learners`, `/v1/cohorts` and `/v1/campaigns`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.wire.schemas import Cursor, Wire

ExternalId = Annotated[
    str,
    Field(
        description="your own pseudonymous identifier; never a name or an e-mail address",
        min_length=1,
        max_length=128,
        examples=["etu-2026-0042"],
    ),
]
Profession = Annotated[
    str | None,
    Field(description="one of the framework's professions", max_length=32, examples=["ide"]),
]
Curriculum = Annotated[str | None, Field(min_length=1, max_length=100, examples=["IFSI"])]
Year = Annotated[str | None, Field(min_length=1, max_length=32, examples=["2026"])]
Name = Annotated[str, Field(min_length=1, max_length=200, examples=["IFSI de Bourges, promotion 2026"])]
# 1.33 is a third more time: the factors that adjustments of examinations use
TimeFactor = Annotated[
    float,
    Field(
        description="1, 1.33, 1.5 or 2 times the time; why is not asked",
        examples=[1.33],
        json_schema_extra={"enum": [1, 1.33, 1.5, 2]},
    ),
]
Learners = Annotated[list[ExternalId], Field(max_length=5000)]


class IdentityIn(Wire):
    """Who a learner is, where you choose to say so; kept apart from responses."""

    given_name: Annotated[str, Field(min_length=1, max_length=100, examples=["Jeanne"])]
    family_name: Annotated[str, Field(min_length=1, max_length=100, examples=["Roux"])]
    email: Annotated[str | None, Field(max_length=254, examples=["jeanne.roux@example.org"])] = None


class IdentityOut(IdentityIn):
    """Who a learner is."""

    updated_at: datetime


class LearnerIn(Wire):
    """A learner to make."""

    external_id: ExternalId
    profession: Profession = None
    curriculum: Curriculum = None
    year: Year = None
    identity: IdentityIn | None = None


class LearnerChange(Wire):
    """What to change; what is not given stays, null empties."""

    external_id: ExternalId | None = None
    profession: Profession = None
    curriculum: Curriculum = None
    year: Year = None


class LearnerOut(Wire):
    """A learner; who they are is a resource of its own."""

    id: UUID
    external_id: Annotated[str | None, Field(description="null: took a test without an identifier")]
    profession: str | None
    curriculum: str | None
    year: str | None
    cohorts: list[UUID]
    created_at: datetime
    updated_at: datetime


class LearnerListOut(Wire):
    """Learners, in pages."""

    data: list[LearnerOut]
    next: Cursor


class RowFaultOut(Wire):
    """What is wrong in a cell. Row 1 holds the headings; row 0 stands for the whole file."""

    row: int
    column: str
    message: Annotated[str, Field(description="in the language of `Accept-Language`: en or fr")]


class ImportOut(Wire):
    """What an import did; with `dry_run`, what it would do."""

    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    errors: Annotated[int, Field(description="wrong cells; with any, an import writes nothing at all")]
    faults: Annotated[list[RowFaultOut], Field(description="the first 200 of them")]


class CohortIn(Wire):
    """A cohort to make."""

    name: Name
    curriculum: Curriculum = None
    year: Year = None


class CohortChange(Wire):
    """What to change."""

    name: Name | None = None
    curriculum: Curriculum = None
    year: Year = None


class CohortOut(Wire):
    """A cohort."""

    id: UUID
    name: str
    curriculum: str | None
    year: str | None
    learners: Annotated[int, Field(description="how many")]
    created_at: datetime


class CohortListOut(Wire):
    """Cohorts, in pages."""

    data: list[CohortOut]
    next: Cursor


class CohortMembersIn(Wire):
    """Learners to add and to remove, by your identifiers."""

    add: Annotated[Learners, Field(examples=[["etu-2026-0042"]])] = Field(default_factory=list)
    remove: Learners = Field(default_factory=list)


class CohortMembersOut(Wire):
    """What changed. Learners who were in the cohort already, or were not, count for nothing."""

    added: int
    removed: int
    unknown: Annotated[list[str], Field(description="the first 100 identifiers that no learner has")]


class RetakeRule(Wire):
    """How often a learner may sit."""

    max_sittings: Annotated[
        int | None, Field(ge=1, le=1000, description="null: as often as they like", examples=[3])
    ] = None
    wait_days: Annotated[
        int, Field(ge=0, le=366, description="days after the end of one before the next", examples=[4])
    ] = 0


class CampaignIn(Wire):
    """A campaign to make."""

    name: Name
    design: Annotated[str, Field(max_length=64, examples=["certification"])]
    purpose: Annotated[Literal["practice", "placement", "certification"], Field(examples=["certification"])]
    publication: Annotated[
        Literal["immediate", "held"],
        Field(description="held: nobody learns a result before `publish`"),
    ] = "immediate"
    cohort: Annotated[UUID | None, Field(description="whose learners are expected")] = None
    join_code: Annotated[bool, Field(description="whether learners may join by a code")] = False
    identifier: Annotated[
        Literal["none", "known", "any"] | None,
        Field(
            description=(
                "what who joins by the code must give: `none`; `known`, the identifier of a learner of the cohort or "
                "of the institution; `any` identifier. By default `known` with a cohort, else `none`"
            )
        ),
    ] = None
    opens_at: AwareDatetime | None = None
    closes_at: Annotated[
        AwareDatetime | None, Field(description="last moment to start; who has started keeps their time")
    ] = None
    retake: RetakeRule = RetakeRule()
    language: Annotated[str | None, Field(max_length=8, examples=["fr"])] = None
    profession: Profession = None


class CampaignChange(Wire):
    """What to change: design, purpose and publication are promises and stay."""

    name: Name | None = None
    identifier: Literal["none", "known", "any"] | None = None
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    retake: RetakeRule | None = None
    language: Annotated[str | None, Field(max_length=8, examples=["fr"])] = None
    profession: Profession = None


class CampaignOut(Wire):
    """A campaign."""

    id: UUID
    name: str
    design: str
    purpose: Literal["practice", "placement", "certification"]
    publication: Literal["immediate", "held"]
    published_at: datetime | None
    indicative: Annotated[
        bool, Field(description="item parameters are not calibrated: results are indicative, no certificate")
    ]
    state: Literal["planned", "open", "closed"]
    cohort: UUID | None
    join_code: str | None
    join_url: str | None
    identifier: Literal["none", "known", "any"]
    opens_at: datetime | None
    closes_at: datetime | None
    retake: RetakeRule
    language: str | None
    profession: str | None
    created_at: datetime


class CampaignListOut(Wire):
    """Campaigns, in pages."""

    data: list[CampaignOut]
    next: Cursor


class CampaignProgressOut(Wire):
    """Learners of a campaign, each counted once where they are; held results are counted, never told."""

    expected: Annotated[int, Field(description="enrolled, or in the cohort")]
    invited: int
    not_started: int
    in_progress: int
    finished: int
    late: Annotated[int, Field(description="not finished when the campaign closed")]
    held: Annotated[int, Field(description="finished sittings whose result waits for `publish`")]


class PublishedOut(Wire):
    """What was published."""

    campaign: UUID
    published_at: datetime
    results: Annotated[int, Field(description="results known from now on")]
    indicative: bool


class CampaignInvitationIn(Wire):
    """A learner to invite."""

    learner: ExternalId
    time_factor: TimeFactor | None = None


class CampaignInvitationsIn(Wire):
    """Whom to invite: these learners, or those of the cohort who have no link yet."""

    learners: Annotated[
        list[CampaignInvitationIn], Field(max_length=2000, examples=[[{"learner": "etu-2026-0042"}]])
    ] = Field(default_factory=list)
    cohort: Annotated[
        bool, Field(description="the campaign's cohort, 2,000 learners a call; ask again while some remain")
    ] = False


class InvitationLinkOut(Wire):
    """A personal link, told once. A new invitation replaces it."""

    learner: str | None
    time_factor: TimeFactor
    url: str


class CampaignInvitationsOut(Wire):
    """The links."""

    data: list[InvitationLinkOut]
    remaining: Annotated[int, Field(description="learners of the cohort who have no link yet")]


class SittingOfLearnerOut(Wire):
    """One sitting of a learner."""

    id: UUID
    status: Literal["created", "in_progress", "finished"]
    finished_at: datetime | None
    held: bool


class EnrolledOut(Wire):
    """A learner of a campaign."""

    learner: UUID
    external_id: str | None
    stage: Literal["not_started", "in_progress", "finished", "late"]
    time_factor: TimeFactor
    invited_at: datetime | None
    joined_at: datetime | None
    sittings: list[SittingOfLearnerOut]


class EnrolledListOut(Wire):
    """Learners of a campaign, in pages."""

    data: list[EnrolledOut]
    next: Cursor


class AdjustmentIn(Wire):
    """More time for a learner, in sittings to come."""

    time_factor: TimeFactor
