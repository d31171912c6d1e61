"""The wire forms of `/v1/webhooks` and `/v1/deliveries`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.wire.schemas import Wire

Event = Literal["sitting.started", "sitting.finished", "result.published", "learner.erased", "export.ready"]
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        description="https, a public name, port 443",
        examples=["https://lms.example.org/palier/webhook"],
    ),
]
Events = Annotated[
    list[Event], Field(min_length=1, max_length=20, examples=[["sitting.finished", "result.published"]])
]
USUAL: list[Event] = ["sitting.finished"]
Description = Annotated[str, Field(max_length=200, pattern="^[^\\x00]*$", examples=["Moodle, production"])]


Cursor = Annotated[
    str | None, Field(description="give it as `starting_after` to read on; null at the end", examples=[None])
]


class WebhookIn(Wire):
    """What to create."""

    url: Url
    events: Events = USUAL
    description: Description = ""


class WebhookChange(Wire):
    """What to change; what is left out stays."""

    url: Url | None = None
    events: Events | None = None
    description: Description | None = None
    enabled: Annotated[bool | None, Field(examples=[True])] = None


class WebhookOut(Wire):
    """A webhook, without its secret."""

    id: UUID
    url: Annotated[str, Field(examples=["https://lms.example.org/palier/webhook"])]
    events: Annotated[list[str], Field(examples=[["sitting.finished"]])]
    description: str
    enabled: bool
    disabled_reason: Annotated[
        Literal["institution", "gone"] | None, Field(description="`gone`: the address answered 410")
    ]
    created_at: datetime


class WebhookWithSecretOut(WebhookOut):
    """The same with the secret that signs, told in this reply and never again."""

    secret: Annotated[str, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]
    former_secret_until: Annotated[
        datetime | None, Field(description="until then messages also carry the former secret's signature")
    ]


class WebhookListOut(Wire):
    """A page of the institution's webhooks, oldest first."""

    data: list[WebhookOut]
    next: Cursor


class AttemptOut(Wire):
    """One call and what came back."""

    at: datetime
    status: Annotated[int | None, Field(examples=[204])]
    latency_ms: Annotated[int, Field(examples=[87])]
    excerpt: Annotated[str, Field(description="first kilobyte of the response")]
    error: Annotated[str | None, Field(description="why nothing came back")]


class DeliveryOut(Wire):
    """One message and the attempts to deliver it."""

    id: UUID
    webhook: UUID
    message_id: Annotated[
        str,
        Field(
            description="the `webhook-id` header, the same at every try: what has been seen before may be dropped",
            examples=["msg_019a1f0e7d3c7a51b0a4d5f6c7e8f901"],
        ),
    ]
    event: Annotated[str, Field(examples=["sitting.finished"])]
    body: Annotated[
        str,
        Field(
            description="the body as signed",
            examples=[
                '{"type":"sitting.finished","timestamp":"2027-01-11T09:40:00.000000Z",'
                '"data":{"sitting_id":"019a1f0e-7d3c-7a51-b0a4-d5f6c7e8f901","reason":"maximum_length"}}'
            ],
        ),
    ]
    state: Literal["pending", "delivered", "failed"]
    created_at: datetime
    due_at: Annotated[datetime | None, Field(description="when it is tried next")]
    finished_at: datetime | None
    attempts: list[AttemptOut]


class DeliveryListOut(Wire):
    """A page of the log, newest first."""

    data: list[DeliveryOut]
    next: Cursor
