"""The wire forms of `/v1/test`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.wire.schemas import Wire


class TestLearnerIn(Wire):
    """How the learner behaves."""

    behaviour: Annotated[
        Literal["all_right", "all_wrong", "theta", "times_out"],
        Field(
            description="the same behaviour on the same sitting gives the same result", examples=["all_right"]
        ),
    ]
    theta: Annotated[
        float | None,
        Field(ge=-4, le=4, description="ability in logits, for `theta`", examples=[0.5]),
    ] = None
    answers: Annotated[
        int | None,
        Field(
            ge=0,
            le=200,
            description="stop when the sitting has so many answers in all, and leave it open; one that has them, "
            "or more, stays as it is",
            examples=[10],
        ),
    ] = None


class TestRunOut(Wire):
    """Where the sitting stands after the learner was at it."""

    sitting: UUID
    status: Literal["created", "in_progress", "finished"]
    answered: int
    finish_reason: str | None


class ClockIn(Wire):
    """How far to move time forward."""

    advance_seconds: Annotated[int, Field(ge=0, le=366 * 86_400, examples=[5400])]


class ClockOut(Wire):
    """The time in test mode."""

    now: datetime
    offset_seconds: Annotated[int, Field(description="ahead of real time")]
