"""The wire forms of `/v1/sittings`. Inputs refuse unknown fields; outputs have no room for a scoring key."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.wire.schemas import Cursor, Wire


class SittingIn(Wire):
    """What to create."""

    design: Annotated[
        str | None,
        Field(
            description="key of a test design; needed without a campaign",
            max_length=64,
            examples=["certification"],
        ),
    ] = None
    campaign: Annotated[
        UUID | None,
        Field(
            description=(
                "a campaign of yours, in place of everything but the learner: its window and its rule on retakes hold"
            )
        ),
    ] = None
    learner: Annotated[
        str | None,
        Field(
            description="your own pseudonymous identifier of the learner; never a name or an e-mail address",
            min_length=1,
            max_length=128,
            examples=["etu-2026-0042"],
        ),
    ] = None
    profession: Annotated[
        str | None,
        Field(description="limits items to this profession and the transversal ones", examples=["ide"]),
    ] = None
    referentiel: Annotated[
        str | None,
        Field(
            description=(
                "runs the design's variant for this référentiel: `certification` with `social-bac` is "
                "`certification-social-bac`, with its items and its quotas"
            ),
            max_length=60,
            examples=["sante-post-bac"],
        ),
    ] = None
    language: Annotated[
        str | None,
        Field(
            description=(
                "language of the questions, one of the design's `languages`; a question without a version in it is "
                "shown in French. `null`: the learner chooses when they start, or the design's first"
            ),
            max_length=8,
            examples=["fr"],
        ),
    ] = None


class ResponseIn(Wire):
    """One response to the item being shown."""

    position: Annotated[int, Field(ge=1, le=1000, description="number of the question, from 1", examples=[1])]
    item: Annotated[UUID, Field(description="`question.item.id` of the question being shown")]
    response: Annotated[
        dict[str, Any] | None,
        Field(
            description=(
                'By interaction: `{"choice": "b"}`, `{"choices": ["a", "c"]}`, `{"order": ["c", "a", "b"]}`, '
                '`{"pairs": {"a": "x"}}`, `{"text": "MSSanté"}`, `{"number": "72,5"}`, `{"zones": ["a", "c"]}`. '
                "`null`: omitted, counted wrong."
            ),
            examples=[{"choice": "b"}],
        ),
    ]


class OptionOut(Wire):
    """An option, a step, an element or a category."""

    id: str
    html: str


class ZoneOut(Wire):
    """A zone of the document that may be chosen; in the document it is `<span data-zone="a">`."""

    id: str
    html: Annotated[str, Field(description="its name, for a list beside the document")]
    text: Annotated[str, Field(description="its words in the document, plain text")]


class DocumentOut(Wire):
    """The fictitious document of a testlet, or that of an item with zones."""

    title: str
    kind: str
    fields: list[tuple[str, str]]
    fields_html: Annotated[
        list[tuple[str, str]], Field(description="the same header lines, their values as HTML with zones")
    ]
    html: str


class ItemOut(Wire):
    """An item as a learner may see it."""

    id: UUID
    interaction: Literal[
        "single_choice", "multiple_choice", "order", "match", "short_text", "numeric", "zone"
    ]
    language: str
    stem_html: str
    hint: str
    options: list[OptionOut]
    categories: list[OptionOut]
    unit: str
    document: DocumentOut | None
    zones: Annotated[
        list[ZoneOut], Field(description="interaction `zone`: what may be chosen, in reading order")
    ]
    maximum: Annotated[
        int | None, Field(description="interaction `zone`: how many may be chosen; null: any number")
    ]
    maximum_score: Annotated[
        int, Field(description="credit of a wholly right response: more than 1 where part of it earns part")
    ]


class QuestionOut(Wire):
    """The question being shown."""

    position: int
    item: ItemOut


class DesignOut(Wire):
    """The test design this sitting runs."""

    key: str
    version: int
    purpose: Literal["practice", "certification"]
    title: str
    length: int
    minimum_responses: int
    time_limit_seconds: int
    languages: list[str]


class ReleaseOut(Wire):
    """The bank release this sitting pins."""

    number: int
    content_hash: str
    demonstration: bool


class SittingOut(Wire):
    """A sitting as it stands."""

    id: UUID
    status: Literal["created", "in_progress", "finished"]
    design: DesignOut
    release: ReleaseOut
    provisional: Annotated[
        bool, Field(description="true while item parameters are not calibrated: indicative")
    ]
    language: Annotated[str | None, Field(description="of the questions; null until it is chosen")]
    created_at: datetime
    started_at: datetime | None
    deadline_at: datetime | None
    finished_at: datetime | None
    finish_reason: str | None
    answered: int
    question: QuestionOut | None
    launch_url: Annotated[
        str | None, Field(description="opens the sitting in the learner's browser; told only at creation")
    ] = None


class SittingRowOut(Wire):
    """A sitting in a list, as it was last written down."""

    id: UUID
    learner: Annotated[
        str | None, Field(description="your identifier of the learner", examples=["etu-2026-0042"])
    ]
    campaign: UUID | None
    status: Literal["created", "in_progress", "finished"]
    design: Annotated[str, Field(examples=["certification"])]
    design_version: Annotated[int, Field(examples=[1])]
    answered: Annotated[int, Field(examples=[32])]
    created_at: datetime
    started_at: datetime | None
    deadline_at: datetime | None
    finished_at: datetime | None
    finish_reason: Annotated[str | None, Field(examples=["maximum_length"])]
    updated_at: Annotated[datetime, Field(description="of its last answer, its end or its publication")]


class SittingListOut(Wire):
    """A page of sittings, in the order they were created."""

    data: list[SittingRowOut]
    next: Cursor


class FeedbackOut(Wire):
    """Practice designs: what was expected, and why."""

    correct: Annotated[bool, Field(description="whether all the credit was earned")]
    score: Annotated[int, Field(description="credit, 0 to `maximum_score`")]
    maximum_score: int
    right_answer: str
    rationale_html: str
    sources: list[str]


class ReplyOut(Wire):
    """What follows from a response; the same for every retry."""

    position: int
    outcome: Literal["answered", "omitted"]
    finish_reason: str | None
    question: QuestionOut | None
    feedback: FeedbackOut | None = None


class LevelOut(Wire):
    """One level and its probabilities."""

    id: str
    label: str
    probability: float
    at_least: float


class MeasurementOut(Wire):
    """The estimate on the bank scale (logits) and on the reporting scale (0-1000)."""

    theta: Annotated[float, Field(description="expected a posteriori, logits")]
    se: Annotated[float, Field(description="posterior standard deviation, logits")]
    wle: Annotated[float, Field(description="Warm's weighted likelihood estimate, logits")]
    wle_se: float
    interval: Annotated[list[float], Field(description="90 % credible interval, logits")]
    points: Annotated[int, Field(description="reporting scale, cuts at 200, 400, 600, 800")]
    points_interval: list[int]
    level: str
    label: str
    levels: list[LevelOut]


class DomainOut(Wire):
    """One domain of the profile; the estimate is absent when it is not reliable enough to be shown."""

    id: str
    heading: str
    state: Literal["measured", "too_few", "not_distinguishable"]
    answers: int
    flag: Literal["", "strong", "weak"]
    theta: float | None
    interval: list[float] | None


class ResultOut(Wire):
    """The result of a finished sitting."""

    sitting: UUID
    provisional: bool
    ended: str
    answers: int
    duration_seconds: int
    measurement: Annotated[MeasurementOut | None, Field(description="null when there are too few responses")]
    domains: list[DomainOut]
