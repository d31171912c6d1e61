"""The rule of every wire form, and the form of every refusal."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Wire(BaseModel):
    """Shared rule: what is not declared is refused."""

    model_config = ConfigDict(extra="forbid")


Cursor = Annotated[
    str | None,
    Field(
        description="give it as `starting_after` to read on; null at the end", examples=["WyIwMTlhMWYwZSJd"]
    ),
]


class FaultOut(BaseModel):
    """One wrong field."""

    field: str
    expected: str


class ProblemOut(BaseModel):
    """An RFC 9457 problem."""

    type: Annotated[str, Field(examples=["/problems/wrong_item"])]
    title: str
    status: int
    code: Annotated[str, Field(examples=["wrong_item"])]
    detail: str
    instance: str
    errors: Annotated[
        list[FaultOut], Field(description="wrong fields, when the problem is invalid_input")
    ] = []
