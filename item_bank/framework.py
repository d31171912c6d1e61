"""The framework: domains, competences, topics, levels of items and of the certification, audiences.

Data only. A further domain is a further file; nothing here knows how many there are.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from item_bank.errors import Fault, InvalidFramework, raise_if
from item_bank.fields import Fields, did_you_mean
from item_bank.item import ITEM_LEVELS, TOPIC_ID, TRANSVERSAL, canonical_hash


@dataclass(frozen=True, slots=True)
class Topic:
    """The narrowest subject; a test asks at most one item about it."""

    id: str
    heading: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next to get better at a competence."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Competence:
    """A competence; `reference` is its number in the national text, the heading is our own."""

    id: str
    heading: str
    reference: str
    advice: Advice
    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """One of the large subjects a result is reported on."""

    id: str
    heading: str
    summary: str
    competences: tuple[Competence, ...]


@dataclass(frozen=True, slots=True)
class ItemLevel:
    """A level of the authors' scale and the difficulty it stands for until items are calibrated."""

    number: int
    label: str
    difficulty: float


@dataclass(frozen=True, slots=True)
class CertificationLevel:
    """A level a learner can reach; `cut` is its lower bound on theta (None for the lowest)."""

    id: str
    label: str
    meaning: str
    next_step: str
    cut: float | None


@dataclass(frozen=True, slots=True)
class Audience:
    """A profession or a stage of training, by which items are tagged."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Referentiel:
    """What one family of trades must master: a selection over the domains, a range of levels, weights.

    `weights` are those of the domains that count; the quotas of its designs follow them. `without` are
    competences and topics left out. `professions` are the tags it takes beside those for everybody;
    `audience` says in words whom it concerns.
    """

    id: str
    title: str
    audience: str
    professions: tuple[str, ...]
    lowest_level: int
    highest_level: int
    weights: tuple[tuple[str, float], ...]
    without: tuple[str, ...] = ()

    def takes(self, domain: str, competence: str, topic: str, level: int) -> bool:
        """Say whether an item of this place and level belongs to the selection."""
        return (
            self.lowest_level <= level <= self.highest_level
            and any(name == domain for name, _ in self.weights)
            and competence not in self.without
            and topic not in self.without
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, which is also the one of the text file."""
        return {
            "id": self.id,
            "title": self.title,
            "audience": self.audience,
            "professions": list(self.professions),
            "levels": {"lowest": self.lowest_level, "highest": self.highest_level},
            "weights": dict(self.weights),
        } | ({"without": list(self.without)} if self.without else {})


@dataclass(frozen=True)
class Framework:
    """Everything items and designs refer to.

    `domain_correlation` is the correlation between the abilities of any two domains that the profile assumes
    until it is calibrated. `revised` is the day of its last change, for those it is exchanged with.

    Raises
    ------
    InvalidFramework
        With every fault: duplicate ids, cuts out of order, a missing item level...
    """

    id: str
    title: str
    language: str
    item_levels: tuple[ItemLevel, ...]
    certification_levels: tuple[CertificationLevel, ...]
    cuts_are_placeholders: bool
    professions: tuple[Audience, ...]
    stages: tuple[Audience, ...]
    domain_correlation: float
    domains: tuple[Domain, ...]
    referentiels: tuple[Referentiel, ...] = ()
    revised: datetime.date | None = None

    def __post_init__(self) -> None:
        raise_if(list(_framework_faults(self)), InvalidFramework, self.id)

    @cached_property
    def competences(self) -> Mapping[str, Competence]:
        """Every competence by id, in the order of the framework."""
        return {competence.id: competence for domain in self.domains for competence in domain.competences}

    @cached_property
    def topics(self) -> Mapping[str, Topic]:
        """Every topic by id, in the order of the framework."""
        return {topic.id: topic for competence in self.competences.values() for topic in competence.topics}

    @cached_property
    def domain_of(self) -> Mapping[str, Domain]:
        """The domain of each competence id and of each topic id."""
        found: dict[str, Domain] = {}
        for domain in self.domains:
            for competence in domain.competences:
                found[competence.id] = domain
                found.update((topic.id, domain) for topic in competence.topics)
        return found

    @cached_property
    def competence_of(self) -> Mapping[str, Competence]:
        """The competence of each topic id."""
        return {
            topic.id: competence for competence in self.competences.values() for topic in competence.topics
        }

    @property
    def cuts(self) -> tuple[float, ...]:
        """The cut scores on theta, ascending: one fewer than the certification levels."""
        return tuple(level.cut for level in self.certification_levels if level.cut is not None)

    def referentiel(self, referentiel_id: str) -> Referentiel:
        """Return a référentiel by its id; raises KeyError."""
        for referentiel in self.referentiels:
            if referentiel.id == referentiel_id:
                return referentiel
        raise KeyError(referentiel_id)

    def difficulty(self, level: int) -> float:
        """Return the provisional difficulty of an item level."""
        return next(item_level.difficulty for item_level in self.item_levels if item_level.number == level)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: the framework file with its domains inside."""
        return {
            "id": self.id,
            "title": self.title,
            "language": self.language,
            "item_levels": [
                {"number": level.number, "label": level.label, "difficulty": level.difficulty}
                for level in self.item_levels
            ],
            "certification": {
                "cuts_are_placeholders": self.cuts_are_placeholders,
                "levels": [
                    {"id": level.id, "label": level.label, "meaning": level.meaning}
                    | ({"next_step": level.next_step} if level.next_step else {})
                    | ({} if level.cut is None else {"cut": level.cut})
                    for level in self.certification_levels
                ],
            },
            "professions": [{"id": audience.id, "label": audience.label} for audience in self.professions],
            "stages": [{"id": audience.id, "label": audience.label} for audience in self.stages],
            "domain_correlation": self.domain_correlation,
            "domains": [
                {
                    "id": domain.id,
                    "heading": domain.heading,
                    "summary": domain.summary,
                    "competences": [
                        {
                            "id": competence.id,
                            "heading": competence.heading,
                            "reference": competence.reference,
                            "advice": {
                                "title": competence.advice.title,
                                "text": competence.advice.text,
                            },
                            "topics": [
                                {"id": topic.id, "heading": topic.heading} for topic in competence.topics
                            ],
                        }
                        for competence in domain.competences
                    ],
                }
                for domain in self.domains
            ],
            # A framework without them keeps the hash it had before they existed.
            **(
                {"referentiels": [referentiel.to_dict() for referentiel in self.referentiels]}
                if self.referentiels
                else {}
            ),
            **({} if self.revised is None else {"revised": self.revised.isoformat()}),
        }

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON form."""
        return canonical_hash(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Framework:
        """Read the JSON form back.

        Raises
        ------
        InvalidFramework
            With every fault of the data.
        """
        fields = Fields(data)
        domains = [read_domain(block) for block in fields.blocks("domains")]
        framework = read_framework(fields, [domain for domain in domains if domain is not None])
        raise_if(fields.faults, InvalidFramework, str(fields.data.get("id", "")))
        assert framework is not None  # noqa: S101  (without faults there is a framework)
        return framework


def read_domain(fields: Fields) -> Domain | None:
    """Read one domain; None when it could not be (the faults say why)."""
    before = len(fields.faults)
    competences: list[Competence] = []
    domain_id, heading = fields.text("id", longest=20), fields.text("heading", longest=120)
    summary = fields.text("summary", longest=400)
    for block in fields.blocks("competences"):
        advice = block.block("advice")
        if advice is None:
            block.fault("advice", "is missing.", "Write `advice:` with a title and a text.")
        topics = []
        for topic in block.blocks("topics"):
            topics.append(Topic(topic.text("id", longest=60), topic.text("heading", longest=120)))
            topic.no_other()
        competences.append(
            Competence(
                id=block.text("id", longest=30),
                heading=block.text("heading", longest=160),
                reference=block.text("reference", required=False, longest=20),
                advice=Advice(advice.text("title", longest=60), advice.text("text", longest=160))
                if advice
                else Advice("", ""),
                topics=tuple(topics),
            )
        )
        if advice:
            advice.no_other()
        block.no_other()
    fields.no_other()
    if len(fields.faults) > before:
        return None
    domain = Domain(domain_id, heading, summary, tuple(competences))
    for fault in _domain_faults(domain):
        fields.fault(fault.path, fault.message, fault.advice)
    return domain if len(fields.faults) == before else None


def read_framework(fields: Fields, domains: Sequence[Domain]) -> Framework | None:
    """Read what is not a domain, and put the domains into it in the order of their ids."""
    before = len(fields.faults)
    fields.skip("domains")
    item_levels = []
    for block in fields.blocks("item_levels"):
        item_levels.append(
            ItemLevel(
                block.integer("number", low=ITEM_LEVELS[0], high=ITEM_LEVELS[-1]),
                block.text("label", longest=80),
                block.number("difficulty", low=-6, high=6),
            )
        )
        block.no_other()
    levels: list[CertificationLevel] = []
    placeholders = True
    certification = fields.block("certification")
    if certification is None:
        fields.fault("certification", "is missing.", "Write the levels of the certification.")
    else:
        placeholders = certification.boolean("cuts_are_placeholders", True)
        for index, block in enumerate(certification.blocks("levels")):
            levels.append(
                CertificationLevel(
                    id=block.text("id", longest=30),
                    label=block.text("label", longest=40),
                    meaning=block.text("meaning", longest=300),
                    next_step=block.text("next_step", required=False, longest=300),
                    cut=block.number("cut", low=-5, high=5) if index or block.has("cut") else None,
                )
            )
            block.skip("cut")
            block.no_other()
        certification.no_other()
    audiences: dict[str, list[Audience]] = {"professions": [], "stages": []}
    for name, members in audiences.items():
        for block in fields.blocks(name):
            members.append(Audience(block.text("id", longest=30), block.text("label", longest=80)))
            block.no_other()
    correlation = fields.number("domain_correlation", low=0, high=0.99)
    referentiels = tuple(_read_referentiel(block) for block in fields.blocks("referentiels", required=False))
    revised = fields.day("revised", datetime.date.min) if fields.has("revised") else None
    fields.skip("revised")
    identity = {name: fields.text(name, longest=200) for name in ("id", "title", "language")}
    fields.no_other()
    if len(fields.faults) > before:
        return None
    try:
        return Framework(
            **identity,
            item_levels=tuple(item_levels),
            certification_levels=tuple(levels),
            cuts_are_placeholders=placeholders,
            professions=tuple(audiences["professions"]),
            stages=tuple(audiences["stages"]),
            domain_correlation=correlation,
            domains=tuple(sorted(domains, key=lambda domain: (len(domain.id), domain.id))),
            referentiels=referentiels,
            revised=revised,
        )
    except InvalidFramework as error:
        for fault in error.faults:
            fields.fault(fault.path, fault.message, fault.advice)
        return None


def _read_referentiel(block: Fields) -> Referentiel:
    weights: list[tuple[str, float]] = []
    shares = block.block("weights")
    if shares is None:
        block.fault("weights", "is missing.", "Write the weight of each domain: {D1: 7, D2: 6}.")
    else:
        weights = [(name, shares.number(name, 1.0, low=0.01, high=1_000)) for name in shares.data]
        if not weights:
            block.fault("weights", "names no domain.", "Write the weight of each domain: {D1: 7, D2: 6}.")
    lowest, highest = ITEM_LEVELS[0], ITEM_LEVELS[-1]
    levels = block.block("levels")
    if levels is not None:
        lowest = levels.integer("lowest", lowest, low=ITEM_LEVELS[0], high=ITEM_LEVELS[-1])
        highest = levels.integer("highest", highest, low=ITEM_LEVELS[0], high=ITEM_LEVELS[-1])
        levels.no_other()
    referentiel = Referentiel(
        id=block.text("id", longest=60),
        title=block.text("title", longest=120),
        audience=block.text("audience", longest=400),
        professions=block.texts("professions", required=False),
        lowest_level=lowest,
        highest_level=highest,
        weights=tuple(weights),
        without=block.texts("without", required=False),
    )
    block.no_other()
    return referentiel


def _duplicates(ids: Sequence[str], what: str, path: tuple[str, ...]) -> Iterator[Fault]:
    for name, times in Counter(ids).items():
        if times > 1:
            yield Fault(path, f'the {what} "{name}" is declared {times} times.', "Ids are unique.")


def _domain_faults(domain: Domain) -> Iterator[Fault]:
    for index, competence in enumerate(domain.competences):
        for position, topic in enumerate(competence.topics):
            if not TOPIC_ID.fullmatch(topic.id) or not topic.id.startswith(f"{competence.id}."):
                yield Fault(
                    ("competences", index, "topics", position, "id"),
                    f'"{topic.id}" is not a topic id of {competence.id}.',
                    f"Write {competence.id}, a dot and a word in small letters.",
                )


def _framework_faults(framework: Framework) -> Iterator[Fault]:
    levels = framework.certification_levels
    yield from _duplicates([domain.id for domain in framework.domains], "domain", ("domains",))
    competences = [competence for domain in framework.domains for competence in domain.competences]
    yield from _duplicates([competence.id for competence in competences], "competence", ("domains",))
    yield from _duplicates(
        [topic.id for competence in competences for topic in competence.topics], "topic", ("domains",)
    )
    if [level.number for level in framework.item_levels] != list(ITEM_LEVELS):
        yield Fault(("item_levels",), "do not run from 1 to 6 in order.")
    difficulties = [level.difficulty for level in framework.item_levels]
    if any(later <= earlier for earlier, later in pairwise(difficulties)):
        yield Fault(("item_levels",), "have difficulties that do not increase.")
    path = ("certification", "levels")
    yield from _duplicates([level.id for level in levels], "certification level", path)
    if len(levels) < 2:
        yield Fault(path, "are fewer than two.", "A certification separates at least two levels.")
    elif levels[0].cut is not None:
        yield Fault(
            (*path, 0, "cut"), "is given for the lowest level, which has no lower bound.", "Remove it."
        )
    cuts = framework.cuts
    if any(later <= earlier for earlier, later in pairwise(cuts)):
        yield Fault(
            path, "have cuts that do not increase.", "Write the levels from the lowest to the highest."
        )
    yield from _duplicates(
        [audience.id for audience in framework.professions], "profession", ("professions",)
    )
    yield from _duplicates([audience.id for audience in framework.stages], "stage", ("stages",))
    if framework.professions and TRANSVERSAL not in {audience.id for audience in framework.professions}:
        yield Fault(("professions",), f'do not hold "{TRANSVERSAL}".', "Items for everybody carry this tag.")
    yield from _referentiel_faults(framework)


def _referentiel_faults(framework: Framework) -> Iterator[Fault]:
    yield from _duplicates(
        [referentiel.id for referentiel in framework.referentiels], "référentiel", ("referentiels",)
    )
    professions = {audience.id for audience in framework.professions}
    domains = {domain.id for domain in framework.domains}
    for index, referentiel in enumerate(framework.referentiels):
        path = ("referentiels", index)
        if referentiel.lowest_level > referentiel.highest_level:
            yield Fault((*path, "levels"), "have their lowest above their highest.")
        for name, _ in referentiel.weights:
            # Without domains (a broken domain file has its own problem) nothing can be said of them.
            if domains and name not in domains:
                yield Fault(
                    (*path, "weights", name),
                    f'"{name}" is not a domain of the framework.',
                    did_you_mean(name, domains),
                )
        for name in referentiel.professions:
            if name not in professions or name == TRANSVERSAL:
                yield Fault(
                    (*path, "professions"),
                    f'"{name}" is not a profession that can be named here.',
                    did_you_mean(name, professions - {TRANSVERSAL}),
                )
        for name in referentiel.without:
            if domains and name not in framework.competences and name not in framework.topics:
                yield Fault(
                    (*path, "without"),
                    f'"{name}" is neither a competence nor a topic of the framework.',
                    did_you_mean(name, [*framework.competences, *framework.topics]),
                )
