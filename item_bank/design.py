"""Test designs: what a test is made of, how long it lasts, when it stops and what it tells.

A design is data (``content/designs/*.yaml``); :mod:`item_bank.blueprint` compiles one against a release. It
may name whatever ``irt`` can do: the names below are those of ``irt``, and a test holds the two lists equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from item_bank.errors import Fault, InvalidDesign, raise_if
from item_bank.fields import Fields, did_you_mean
from item_bank.framework import Framework
from item_bank.item import ITEM_LEVELS, LANGUAGES, Interaction, canonical_hash

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
    """What may end a test before its full length, once the minima of its blueprint are met."""

    LENGTH = "length"  # nothing does
    STANDARD_ERROR = "standard_error"  # the posterior sd is small enough
    CLASSIFICATION = "classification"  # the side of a cut score is sure enough
    INTERVAL = "interval"  # the interval no longer holds the cut score
    LEVEL = "level"  # one level is sure enough
    INFORMATION = "information"  # no item left would add enough
    CHANGE = "change"  # the estimate no longer moves
    RATIO = "ratio"  # Wald's sequential test, or its generalized form, at a cut score
    TIME = "time"  # too few seconds are left


class Criterion(StrEnum):
    """What makes an item the best next one; ``irt.selection`` says how each is computed."""

    MFI = "mfi"
    MLWI = "mlwi"
    MPWI = "mpwi"
    MEI = "mei"
    MEPV = "mepv"
    KL = "kl"
    KLP = "klp"
    GDI = "gdi"
    GDIP = "gdip"
    B_OPT = "b_opt"
    TH_OPT = "th_opt"
    PROGRESSIVE = "progressive"
    PROPORTIONAL = "proportional"
    RANDOM = "random"
    A_STRATIFIED = "a_stratified"
    CUT = "cut"


class Method(StrEnum):
    """How the blueprint bears on the choice; only the shadow test promises to keep it."""

    SHADOW = "shadow"
    KINGSBURY_ZARA = "kingsbury_zara"
    PRIORITY_INDEX = "priority_index"


class Attribute(StrEnum):
    """What a quota beside the tree counts: items with a value, or the words to be read."""

    LEVEL = "level"
    INTERACTION = "interaction"
    STAGE = "stage"
    PROFESSION = "profession"
    LANGUAGE = "language"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Row:
    """Between `minimum` and `maximum` items (for the scope testlet: testlets) of one node, or of every.

    With `share_margin` the bounds are not written but computed: each domain gets its share of the length by
    the weights of the design's référentiel, give or take that margin.
    """

    scope: Scope
    id: str
    minimum: int
    maximum: int | None
    share_margin: int | None = None


@dataclass(frozen=True, slots=True)
class StopTest:
    """One reason to stop early: a rule and its values, by their names in the text file."""

    rule: StoppingRule
    values: tuple[tuple[str, float], ...]

    def value(self, name: str) -> float:
        """Return one value; KeyError when the rule has none of that name."""
        return dict(self.values)[name]


@dataclass(frozen=True, slots=True)
class Stopping:
    """When a test may end before its full length: any of the tests, never before `minimum_length`."""

    minimum_length: int
    tests: tuple[StopTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Pool:
    """The items a design may ask: filters, all of which hold; empty means no limit.

    A référentiel brings its topics, levels and professions. `professions` are tags beside those for
    everybody; a sitting that names a profession narrows them to that one.
    """

    referentiel: str | None = None
    professions: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    competences: tuple[str, ...] = ()
    lowest_level: int | None = None
    highest_level: int | None = None

    def __bool__(self) -> bool:
        return self != Pool()


@dataclass(frozen=True, slots=True)
class Quota:
    """Bounds on the items of a test with one value of an attribute, or on its words; beside the tree."""

    attribute: Attribute
    value: str
    minimum: int | None
    maximum: int | None


@dataclass(frozen=True, slots=True)
class Precision:
    """What a result should reach: this standard error on average between two abilities (logits).

    `by_profession` is the one for sittings limited to a profession, whose items are fewer. It stops nothing;
    ``palier design check`` says whether the bank can give it.
    """

    standard_error: float
    lowest: float
    highest: float
    by_profession: float | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """How the next item is chosen among those of the shadow test.

    At the first positions it is drawn among as many of the best as `randomesque` says, one count a position.
    `prefer_testlets` fills the places for testlets although their items, bound together, inform a little less.
    `acceleration` belongs to progressive and proportional, `strata` and `blocking` to a_stratified.
    """

    randomesque: tuple[int, ...] = ()
    prefer_testlets: bool = False
    criterion: Criterion = Criterion.MPWI
    acceleration: float = 1.0
    strata: int = 4
    blocking: bool = True
    method: Method = Method.SHADOW


@dataclass(frozen=True, slots=True)
class Exposure:
    """The largest share of sittings that may see an item, in all and in any band of theta.

    `eligibility` holds the fitted probabilities of the items that are not always eligible, one per band of
    theta; `edges` are the bounds between the bands (none: one band). `sympson_hetter` holds the probabilities
    of the other control, by draws at the choice of an item.
    """

    target: float = 1.0
    band_target: float = 1.0
    edges: tuple[float, ...] = ()
    eligibility: tuple[tuple[str, tuple[float, ...]], ...] = ()
    sympson_hetter: tuple[tuple[str, float], ...] = ()


# Of each stopping rule: its values, their bounds, and the default of those that have one.
_STOP_VALUES: Final[Mapping[StoppingRule, Mapping[str, tuple[float, float, float | None]]]] = {
    StoppingRule.STANDARD_ERROR: {"standard_error": (0.05, 2, None)},
    StoppingRule.CLASSIFICATION: {"cut": (-5, 5, None), "confidence": (0.501, 0.9999, None)},
    StoppingRule.INTERVAL: {"cut": (-5, 5, None), "confidence": (0.501, 0.9999, None)},
    StoppingRule.LEVEL: {"confidence": (0.501, 0.9999, None)},
    StoppingRule.INFORMATION: {"information": (0.001, 10, None)},
    StoppingRule.CHANGE: {"change": (0.0001, 1, None)},
    StoppingRule.RATIO: {
        "cut": (-5, 5, None),
        "half_width": (0.01, 2, None),
        "alpha": (0.0001, 0.4999, 0.05),
        "beta": (0.0001, 0.4999, 0.05),
    },
    StoppingRule.TIME: {"seconds": (1, 3600, None)},
}


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
    languages: tuple[str, ...] = LANGUAGES[:1]
    pool: Pool = Pool()
    quotas: tuple[Quota, ...] = ()
    enemies_apart: bool = False
    precision: Precision | None = None

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

    @property
    def spreads_items(self) -> bool:
        """Whether items are drawn at random within the blueprint, so that no exposure is left to control."""
        return self.selection.criterion is Criterion.RANDOM

    def bounds(self, scope: Scope, node: str) -> tuple[int, int]:
        """Return the bounds of one node: its own row, else the row for every node, else none."""
        for wanted in (node, EVERY):
            for row in self.rows:
                if row.scope is scope and row.id == wanted:
                    return row.minimum, self.length if row.maximum is None else row.maximum
        return 0, self.length

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, which is also the one of the text files."""
        selection: dict[str, Any] = {
            "randomesque": list(self.selection.randomesque),
            "prefer_testlets": self.selection.prefer_testlets,
        }
        plain = Selection()
        for name in ("criterion", "acceleration", "strata", "blocking", "method"):
            if getattr(self.selection, name) != getattr(plain, name):
                chosen = getattr(self.selection, name)
                selection[name] = chosen.value if isinstance(chosen, StrEnum) else chosen
        exposure: dict[str, Any] = {
            "target": self.exposure.target,
            "band_target": self.exposure.band_target,
        }
        if self.exposure.edges:
            exposure["edges"] = list(self.exposure.edges)
        if self.exposure.eligibility:
            exposure |= {
                "edges": list(self.exposure.edges),
                "eligibility": {name: list(bands) for name, bands in self.exposure.eligibility},
            }
        if self.exposure.sympson_hetter:
            exposure["sympson_hetter"] = dict(self.exposure.sympson_hetter)
        data: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "summary": self.summary,
            "purpose": str(self.purpose),
            "length": self.length,
            "minimum_responses": self.minimum_responses,
            "time_limit": self.time_limit,
            "feedback": str(self.feedback),
            "stopping": _stopping_dict(self.stopping),
            "blueprint": [_row_dict(row) for row in self.rows],
            "selection": selection,
            "exposure": exposure,
        }
        # What a design does not use is not written: its content hash is the one it had before that existed.
        if self.languages != LANGUAGES[:1]:
            data["languages"] = list(self.languages)
        if self.pool:
            data["pool"] = _pool_dict(self.pool)
        if self.quotas:
            data["quotas"] = [_quota_dict(quota) for quota in self.quotas]
        if self.enemies_apart:
            data["enemies_apart"] = True
        if self.precision is not None:
            data["precision"] = {
                "standard_error": self.precision.standard_error,
                "lowest": self.precision.lowest,
                "highest": self.precision.highest,
            } | (
                {}
                if self.precision.by_profession is None
                else {"by_profession": self.precision.by_profession}
            )
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
        "languages": fields.texts("languages", required=False) or LANGUAGES[:1],
        "pool": _read_pool(fields),
        "quotas": tuple(_read_quota(block) for block in fields.blocks("quotas", required=False)),
        "enemies_apart": fields.boolean("enemies_apart", False),
        "precision": _read_precision(fields),
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
    """Yield each name in a design that the framework does not have: nodes, référentiel, professions, stages."""
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
    pool = design.pool
    referentiels = [referentiel.id for referentiel in framework.referentiels]
    if pool.referentiel is not None and pool.referentiel not in referentiels:
        yield Fault(
            ("pool", "referentiel"),
            f'"{pool.referentiel}" is not a référentiel of the framework.',
            did_you_mean(pool.referentiel, referentiels),
        )
    for name, values, ids in (
        ("professions", pool.professions, [audience.id for audience in framework.professions]),
        ("stages", pool.stages, [audience.id for audience in framework.stages]),
        ("competences", pool.competences, list(framework.competences)),
    ):
        for index, value in enumerate(values):
            if value not in ids:
                yield Fault(
                    ("pool", name, index),
                    f'"{value}" is not one of the {name} of the framework.',
                    did_you_mean(value, ids),
                )
    values_of: dict[Attribute, list[str]] = {
        Attribute.LEVEL: [str(level.number) for level in framework.item_levels],
        Attribute.INTERACTION: [str(interaction) for interaction in Interaction],
        Attribute.STAGE: [audience.id for audience in framework.stages],
        Attribute.PROFESSION: [audience.id for audience in framework.professions],
        Attribute.LANGUAGE: list(LANGUAGES),
    }
    for index, quota in enumerate(design.quotas):
        ids = values_of.get(quota.attribute, [quota.value])
        if quota.value not in ids:
            yield Fault(
                ("quotas", index, "value"),
                f'"{quota.value}" is not a known {quota.attribute}.',
                did_you_mean(quota.value, ids),
            )


def shares(length: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Share a length among domains by their weights: whole items, largest remainders first.

    Equal remainders go to the domains written first.
    """
    total = sum(weights.values())
    exact = {name: length * weight / total for name, weight in weights.items()}
    given = {name: int(value) for name, value in exact.items()}
    order = sorted(exact, key=lambda name: given[name] - exact[name])
    for name in order[: length - sum(given.values())]:
        given[name] += 1
    return given


def with_shares(design: Design, framework: Framework) -> Design:
    """Return the design with the rows that its référentiel's weights stand for written out.

    A domain without weight gets no item. Written rows of single domains go first and stay as they are.
    """
    margins = [row.share_margin for row in design.rows if row.share_margin is not None]
    if not margins or design.pool.referentiel is None:
        return design
    given = shares(design.length, dict(framework.referentiel(design.pool.referentiel).weights))
    written = {row.id for row in design.rows if row.scope is Scope.DOMAIN}
    rows = [row for row in design.rows if row.share_margin is None]
    for domain in framework.domains:
        if domain.id not in written:
            items = given.get(domain.id, 0)
            low, high = (items - margins[0], items + margins[0]) if items else (0, 0)
            rows.append(Row(Scope.DOMAIN, domain.id, max(low, 0), min(high, design.length)))
    return replace(design, rows=tuple(rows))


def _stopping_dict(stopping: Stopping) -> dict[str, Any]:
    tests = [{"rule": str(test.rule)} | dict(test.values) for test in stopping.tests]
    if len(tests) > 1:
        return {"minimum_length": stopping.minimum_length, "any": tests}
    first: dict[str, Any] = tests[0] if tests else {"rule": str(StoppingRule.LENGTH)}
    return {"rule": first.pop("rule"), "minimum_length": stopping.minimum_length, **first}


def _row_dict(row: Row) -> dict[str, Any]:
    data: dict[str, Any] = {"scope": str(row.scope), "id": row.id, "minimum": row.minimum}
    if row.maximum is not None:
        data["maximum"] = row.maximum
    if row.share_margin is not None:
        data["share_margin"] = row.share_margin
    return data


def _pool_dict(pool: Pool) -> dict[str, Any]:
    data: dict[str, Any] = {} if pool.referentiel is None else {"referentiel": pool.referentiel}
    for name in ("professions", "stages", "competences"):
        if getattr(pool, name):
            data[name] = list(getattr(pool, name))
    levels = {"lowest": pool.lowest_level, "highest": pool.highest_level}
    known = {name: level for name, level in levels.items() if level is not None}
    return data | ({"levels": known} if known else {})


def _quota_dict(quota: Quota) -> dict[str, Any]:
    data: dict[str, Any] = {"attribute": str(quota.attribute)}
    if quota.value:
        data["value"] = quota.value
    for name in ("minimum", "maximum"):
        if getattr(quota, name) is not None:
            data[name] = getattr(quota, name)
    return data


def _read_stopping(fields: Fields, length: int) -> Stopping:
    block = fields.block("stopping")
    if block is None:
        return Stopping(length)
    several = block.has("any")
    tests: list[StopTest] = []
    if several:
        for one in block.blocks("any"):
            test = _read_stop_test(one)
            if test is None:
                one.fault("rule", "stops nothing.", "Leave it out of the list.")
            else:
                tests.append(test)
            one.no_other()
    else:
        test = _read_stop_test(block)
        tests = [] if test is None else [test]
    stopping = Stopping(
        block.integer("minimum_length", length, required=several or bool(tests), low=1, high=200),
        tuple(tests),
    )
    block.skip("any")
    block.no_other()
    return stopping


def _read_stop_test(block: Fields) -> StopTest | None:
    rule = block.one_of("rule", tuple(StoppingRule), StoppingRule.LENGTH)
    if rule is StoppingRule.LENGTH:
        return None
    values: list[tuple[str, float]] = []
    for name, (low, high, default) in _STOP_VALUES[rule].items():
        value = block.number(name, default or 0.0, required=default is None, low=low, high=high)
        values.append((name, value))
    if rule is StoppingRule.RATIO and block.boolean("generalized", False):
        values.append(("generalized", True))
    return StopTest(rule, tuple(values))


def _read_pool(fields: Fields) -> Pool:
    block = fields.block("pool")
    if block is None:
        return Pool()
    bounds: dict[str, int | None] = {"lowest": None, "highest": None}
    levels = block.block("levels")
    if levels is not None:
        for name in bounds:
            if levels.has(name):
                bounds[name] = levels.integer(name, low=ITEM_LEVELS[0], high=ITEM_LEVELS[-1])
        levels.skip(*bounds)
        levels.no_other()
    pool = Pool(
        referentiel=block.text("referentiel", required=False, longest=60) or None,
        professions=block.texts("professions", required=False),
        stages=block.texts("stages", required=False),
        competences=block.texts("competences", required=False),
        lowest_level=bounds["lowest"],
        highest_level=bounds["highest"],
    )
    block.no_other()
    return pool


def _read_quota(block: Fields) -> Quota:
    attribute = block.one_of("attribute", tuple(Attribute), Attribute.LEVEL)
    bounds: dict[str, int | None] = {"minimum": None, "maximum": None}
    for name in bounds:
        if block.has(name):
            bounds[name] = block.integer(name, low=0, high=1_000_000)
    block.skip(*bounds)
    quota = Quota(
        attribute,
        block.text("value", required=attribute is not Attribute.WORDS, longest=60),
        bounds["minimum"],
        bounds["maximum"],
    )
    block.no_other()
    return quota


def _read_precision(fields: Fields) -> Precision | None:
    block = fields.block("precision")
    if block is None:
        return None
    precision = Precision(
        block.number("standard_error", 1.0, low=0.05, high=2),
        block.number("lowest", -1.5, required=False, low=-6, high=6),
        block.number("highest", 1.5, required=False, low=-6, high=6),
        block.number("by_profession", 1.0, low=0.05, high=2) if block.has("by_profession") else None,
    )
    block.skip("by_profession")
    if precision.lowest >= precision.highest:
        block.fault("lowest", f"is {precision.lowest:g}, not below `highest` ({precision.highest:g}).")
    block.no_other()
    return precision


def _read_row(block: Fields) -> Row:
    maximum = block.integer("maximum", low=0, high=1_000) if block.has("maximum") else None
    block.skip("maximum")
    margin = block.integer("share_margin", low=0, high=20) if block.has("share_margin") else None
    block.skip("share_margin")
    row = Row(
        scope=block.one_of("scope", tuple(Scope), Scope.DOMAIN),
        id=block.text("id", longest=60),
        minimum=block.integer("minimum", 0, required=False, low=0, high=1_000),
        maximum=maximum,
        share_margin=margin,
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
        block.one_of("criterion", tuple(Criterion), Criterion.MPWI)
        if block.has("criterion")
        else Criterion.MPWI,
        block.number("acceleration", 1.0, required=False, low=0.01, high=100),
        block.integer("strata", 4, required=False, low=1, high=50),
        block.boolean("blocking", True),
        block.one_of("method", tuple(Method), Method.SHADOW) if block.has("method") else Method.SHADOW,
    )
    block.skip("criterion", "method")
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
    chances = block.block("sympson_hetter")
    sympson_hetter = tuple(
        (item_id, chances.number(item_id, 1.0, low=0.0001, high=1))
        for item_id in (sorted(chances.data) if chances is not None else ())
        if chances is not None
    )
    exposure = Exposure(
        target=block.number("target", 1.0, required=False, low=0.01, high=1),
        band_target=block.number("band_target", 1.0, required=False, low=0.01, high=1),
        edges=edges,
        eligibility=tuple(eligibility),
        sympson_hetter=sympson_hetter,
    )
    block.no_other()
    return exposure


def _design_faults(design: Design) -> Iterator[Fault]:
    for index, language in enumerate(design.languages):
        if language not in LANGUAGES:
            advice = f"Known: {', '.join(LANGUAGES)}."
            yield Fault(("languages", index), f'"{language}" is not a language of the bank.', advice)
        if language in design.languages[:index]:
            yield Fault(("languages", index), f'names "{language}" again.', "Name it once.")
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
        if row.share_margin is not None:
            yield from _share_faults(design, index, row)
    yield from _selection_faults(design)
    pool = design.pool
    if pool.lowest_level and pool.highest_level and pool.lowest_level > pool.highest_level:
        yield Fault(("pool", "levels"), "have their lowest above their highest.")
    for index, quota in enumerate(design.quotas):
        if quota.minimum is None and quota.maximum is None:
            yield Fault(("quotas", index), "bounds nothing.", "Write a minimum, a maximum, or both.")
        elif quota.minimum is not None and quota.maximum is not None and quota.minimum > quota.maximum:
            yield Fault(
                ("quotas", index, "minimum"), f"is {quota.minimum}, above the maximum ({quota.maximum})."
            )


def _share_faults(design: Design, index: int, row: Row) -> Iterator[Fault]:
    path = ("blueprint", index, "share_margin")
    if row.scope is not Scope.DOMAIN or row.id != EVERY:
        yield Fault(path, "belongs to the row of every domain.", 'Write `{scope: domain, id: "*"}` there.')
    if design.pool.referentiel is None:
        yield Fault(
            path, "needs a référentiel, whose weights it shares.", "Write `pool: {referentiel: ...}`."
        )
    if row.minimum or row.maximum is not None:
        yield Fault(path, "stands beside bounds that it computes.", "Remove minimum and maximum.")


def _selection_faults(design: Design) -> Iterator[Fault]:
    method = design.selection.method
    if method is not Method.SHADOW:
        if design.purpose is Purpose.CERTIFICATION:
            yield Fault(
                ("selection", "method"),
                f'is "{method}", which does not promise to keep the blueprint.',
                "Write `method: shadow`, or leave it out.",
            )
        if design.quotas or design.enemies_apart:
            yield Fault(("selection", "method"), f'is "{method}", which cannot keep quotas or enemies apart.')
    if design.exposure.eligibility and design.exposure.sympson_hetter:
        yield Fault(("exposure", "sympson_hetter"), "stands beside eligibility.", "Keep one of the two.")
