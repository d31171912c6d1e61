"""The reference of the API as pages: its operations, and its refusals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from app.web.views import View


@dataclass(frozen=True)
class ParameterRow:
    """A parameter of an operation."""

    name: str
    where: str  # path, query, header
    kind: str
    required: bool
    description_html: str


@dataclass(frozen=True)
class BodyRow:
    """A field of a body; those of its parts are named `part.field`."""

    name: str
    kind: str
    required: bool
    description_html: str


@dataclass(frozen=True)
class ReplyRow:
    """One status that an operation may answer with."""

    status: str
    description_html: str
    schema: str
    fields: Sequence[BodyRow]


@dataclass(frozen=True)
class OperationView:
    """One operation, with an example of its call and of its reply."""

    id: str
    method: str
    path: str
    summary: str
    description_html: str
    scopes: Sequence[str]
    parameters: Sequence[ParameterRow]
    body_type: str
    body: Sequence[BodyRow]
    replies: Sequence[ReplyRow]
    curl: str
    python: str
    sample_reply: str


@dataclass(frozen=True)
class SectionView:
    """The operations of one kind of thing."""

    id: str
    name: str
    description: str
    operations: Sequence[OperationView]


@dataclass(frozen=True)
class ReferenceView(View):
    """The whole reference."""

    template: ClassVar[str] = "reference/api.html"
    title: str
    version: str
    origin: str
    sections: Sequence[SectionView]


@dataclass(frozen=True)
class ProblemRow:
    """A refusal: its stable code, and what it means."""

    code: str
    status: int
    title: str
    description: str
    description_html: str


@dataclass(frozen=True)
class ProblemListView(View):
    """Every refusal."""

    template: ClassVar[str] = "reference/problems.html"
    problems: Sequence[ProblemRow]


@dataclass(frozen=True)
class ProblemView(View):
    """One refusal."""

    template: ClassVar[str] = "reference/problem.html"
    problem: ProblemRow
