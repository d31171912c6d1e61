"""Test designs: what a test is made of, how long it lasts, when it stops and what it tells.

A design is data (``content/designs/*.yaml``); :mod:`item_bank.blueprint` compiles one against a release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from item_bank.errors import Fault, InvalidDesign, raise_if
from item_bank.fields import Fields, did_you_mean
from item_bank.framework import Framework
from item_bank.item import canonical_hash

EVERY = "*"


class Purpose(StrEnum):
    """What a result is good for: only a certification can lead to a certificate."""

    PRACTICE = "practice"
    CERTIFICATION = "certification"


class Scope(StrEnum):
    """What a row of the blueprint counts."""

    DOMAIN = "domain"
    COMPETENCE = "competence"
    TOPIC = "topic"
    TESTLET = "testlet"


class Feedback(StrEnum):
    """When a learner is told what was right."""

    NONE = "none"
    EACH_ITEM = "each_item"


class StoppingRule(StrEnum):
    """What ends a test, once the minima of its blueprint are met."""

    LENGTH = "length"
    STANDARD_ERROR = "standard_error"
    CLASSIFICATION = "classification"


@dataclass(frozen=True, slots=True)
class Row:
    """Between `minimum` and `maximum` items (for the scope testlet: testlets) of one node, or of every."""

    scope: Scope
    id: str
    minimum: int
    maximum: int | None


@dataclass(frozen=True, slots=True)
class Stopping:
    """When a test may end before its full length.

    `standard_error` for the rule of that name; `cut` (a cut score on theta) and `confidence` (posterior
    probability of one side) for classification. `minimum_length` always holds.
    """

    rule: StoppingRule
    minimum_length: int
    standard_error: float | None = None
    cut: float | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """How the next item is chosen among those of the shadow test.

    At the first positions it is drawn among as many of the best as `randomesque` says, one count a position.
    `prefer_testlets` fills the places for testlets although their items, bound together, inform a little less.
    """

    randomesque: tuple[int, ...] = ()
    prefer_testlets: bool = False


@dataclass(frozen=True, slots=True)
class Exposure:
    """Item eligibility: the largest share of sittings that may see an item, in all and in any band of theta.

    `eligibility` holds the fitted probabilities of the items that are not always eligible, one per band of
    theta; `edges` are the bounds between the bands (none: one band).
    """

    target: float = 1.0
    band_target: float = 1.0
    edges: tuple[float, ...] = ()
    eligibility: tuple[tuple[str, tuple[float, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """One test design: blueprint, selection, exposure, stopping, timing and feedback.

    Raises
    ------
    InvalidDesign
        With every fault of its own; whether a bank can meet it is known by compiling it.
    """

    id: str
    title: str
    summary: str
    purpose: Purpose
    length: int
    minimum_responses: int
    time_limit: int
    feedback: Feedback
    stopping: Stopping
    rows: tuple[Row, ...]
    selection: Selection = Selection()
    exposure: Exposure = Exposure()

    def __post_init__(self) -> None:
        raise_if(list(_design_faults(self)), InvalidDesign, self.id)

    @property
    def max_testlets(self) -> int:
        """The largest number of testlets in one test (no row: as many as fit)."""
        limits = [row.maximum for row in self.rows if row.scope is Scope.TESTLET and row.maximum is not None]
        return min(limits, default=self.length)

    @property
    def issues_certificates(self) -> bool:
        return self.purpose is Purpose.CERTIFICATION

    def bounds(self, scope: Scope, node: str) -> tuple[int, int]:
        """Return the bounds of one node: its own row, else the row for every node, else none."""
        for wanted in (node, EVERY):
            for row in self.rows:
                if row.scope is scope and row.id == wanted:
                    return row.minimum, self.length if row.maximum is None else row.maximum
        return 0, self.length

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, which is also the one of the text files."""
        stopping: dict[str, Any] = {
            "rule": str(self.stopping.rule),
            "minimum_length": self.stopping.minimum_length,
        }
        for name in ("standard_error", "cut", "confidence"):
            if getattr(self.stopping, name) is not None:
                stopping[name] = getattr(self.stopping, name)
        data: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "summary": self.summary,
            "purpose": str(self.purpose),
            "length": self.length,
            "minimum_responses": self.minimum_responses,
            "time_limit": self.time_limit,
            "feedback": str(self.feedback),
            "stopping": stopping,
            "blueprint": [
                {"scope": str(row.scope), "id": row.id, "minimum": row.minimum}
                | ({} if row.maximum is None else {"maximum": row.maximum})
                for row in self.rows
            ],
            "selection": {
                "randomesque": list(self.selection.randomesque),
                "prefer_testlets": self.selection.prefer_testlets,
            },
            "exposure": {"target": self.exposure.target, "band_target": self.exposure.band_target},
        }
        if self.exposure.eligibility:
            data["exposure"] |= {
                "edges": list(self.exposure.edges),
                "eligibility": {name: list(bands) for name, bands in self.exposure.eligibility},
            }
        return data

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON form."""
        return canonical_hash(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Design:
        """Read the JSON form back.

        Raises
        ------
        InvalidDesign
            With every fault of the data.
        """
        fields = Fields(data)
        design = read_design(fields)
        raise_if(fields.faults, InvalidDesign, str(fields.data.get("id", "")))
        assert design is not None  # noqa: S101  (without faults there is a design)
        return design


def read_design(fields: Fields) -> Design | None:
    """Read a design; None when it could not be (the faults say why)."""
    before = len(fields.faults)
    length = fields.integer("length", 1, low=1, high=200)
    values: dict[str, Any] = {
        "id": fields.text("id", longest=60),
        "title": fields.text("title", longest=120),
        "summary": fields.text("summary", required=False, longest=400),
        "purpose": fields.one_of("purpose", tuple(Purpose), Purpose.PRACTICE),
        "length": length,
        "minimum_responses": fields.integer("minimum_responses", low=1, high=200),
        "time_limit": fields.integer("time_limit", 1, low=1, high=24 * 60),
        "feedback": fields.one_of("feedback", tuple(Feedback), Feedback.NONE),
        "stopping": _read_stopping(fields, length),
        "rows": tuple(_read_row(block) for block in fields.blocks("blueprint", required=False)),
        "selection": _read_selection(fields),
        "exposure": _read_exposure(fields),
    }
    fields.no_other()
    if len(fields.faults) > before:
        return None
    try:
        return Design(**values)
    except InvalidDesign as error:
        for fault in error.faults:
            fields.fault(fault.path, fault.message, fault.advice)
        return None


def unknown_nodes(design: Design, framework: Framework) -> Iterator[Fault]:
    """Yield each row that names a domain, competence or topic that the framework does not have."""
    known: dict[Scope, list[str]] = {
        Scope.DOMAIN: [domain.id for domain in framework.domains],
        Scope.COMPETENCE: list(framework.competences),
        Scope.TOPIC: list(framework.topics),
    }
    for index, row in enumerate(design.rows):
        if row.scope in known and row.id != EVERY and row.id not in known[row.scope]:
            yield Fault(
                ("blueprint", index, "id"),
                f'"{row.id}" is not a {row.scope} of the framework.',
                did_you_mean(row.id, known[row.scope]),
            )


def _read_stopping(fields: Fields, length: int) -> Stopping:
    block = fields.block("stopping")
    if block is None:
        return Stopping(StoppingRule.LENGTH, length)
    rule = block.one_of("rule", tuple(StoppingRule), StoppingRule.LENGTH)
    by_error, by_class = rule is StoppingRule.STANDARD_ERROR, rule is StoppingRule.CLASSIFICATION
    stopping = Stopping(
        rule=rule,
        minimum_length=block.integer(
            "minimum_length", length, required=rule is not StoppingRule.LENGTH, low=1, high=200
        ),
        standard_error=block.number("standard_error", low=0.05, high=2) if by_error else None,
        cut=block.number("cut", low=-5, high=5) if by_class else None,
        confidence=block.number("confidence", low=0.5, high=0.9999) if by_class else None,
    )
    block.no_other()
    return stopping


def _read_row(block: Fields) -> Row:
    maximum = block.integer("maximum", low=0, high=1_000) if block.has("maximum") else None
    block.skip("maximum")
    row = Row(
        scope=block.one_of("scope", tuple(Scope), Scope.DOMAIN),
        id=block.text("id", longest=60),
        minimum=block.integer("minimum", 0, required=False, low=0, high=1_000),
        maximum=maximum,
    )
    block.no_other()
    return row


def _read_selection(fields: Fields) -> Selection:
    block = fields.block("selection")
    if block is None:
        return Selection()
    selection = Selection(
        tuple(int(count) for count in block.numbers("randomesque", low=1, high=50, whole=True)),
        block.boolean("prefer_testlets", False),
    )
    block.no_other()
    return selection


def _read_exposure(fields: Fields) -> Exposure:
    block = fields.block("exposure")
    if block is None:
        return Exposure()
    edges = block.numbers("edges", low=-6, high=6)
    if any(later <= earlier for earlier, later in pairwise(edges)):
        block.fault("edges", "do not increase.", "Write the bounds of the bands from low to high.")
    probabilities = block.block("eligibility")
    eligibility: list[tuple[str, tuple[float, ...]]] = []
    for item_id in sorted(probabilities.data) if probabilities is not None else ():
        assert probabilities is not None  # noqa: S101  (the loop is empty otherwise)
        bands = probabilities.numbers(item_id, low=0, high=1)
        if len(bands) != len(edges) + 1:
            probabilities.fault(item_id, f"has {len(bands)} probabilities for {len(edges) + 1} bands.")
        eligibility.append((item_id, bands))
    exposure = Exposure(
        target=block.number("target", 1.0, required=False, low=0.01, high=1),
        band_target=block.number("band_target", 1.0, required=False, low=0.01, high=1),
        edges=edges,
        eligibility=tuple(eligibility),
    )
    block.no_other()
    return exposure


def _design_faults(design: Design) -> Iterator[Fault]:
    if not 1 <= design.minimum_responses <= design.length:
        yield Fault(
            ("minimum_responses",),
            f"is {design.minimum_responses}; it lies between 1 and the length ({design.length}).",
        )
    if design.stopping.minimum_length > design.length:
        yield Fault(
            ("stopping", "minimum_length"),
            f"is {design.stopping.minimum_length}, more than the length ({design.length}).",
        )
    if design.purpose is Purpose.CERTIFICATION and design.feedback is not Feedback.NONE:
        yield Fault(("feedback",), "gives answers away during a certification.", "Write `feedback: none`.")
    seen: set[tuple[Scope, str]] = set()
    for index, row in enumerate(design.rows):
        if row.maximum is not None and row.minimum > row.maximum:
            yield Fault(
                ("blueprint", index, "minimum"), f"is {row.minimum}, above the maximum ({row.maximum})."
            )
        if (row.scope, row.id) in seen:
            yield Fault(("blueprint", index, "id"), f"has two rows for {row.scope} {row.id}.", "Keep one.")
        if row.scope is Scope.TESTLET and (row.id != EVERY or row.minimum):
            yield Fault(
                ("blueprint", index),
                "asks for given testlets; only a maximum over all of them is possible.",
                'Write `{scope: testlet, id: "*", maximum: 2}`.',
            )
        seen.add((row.scope, row.id))
