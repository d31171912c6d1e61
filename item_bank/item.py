"""Items, testlets and their documents: frozen, and valid once they exist.

The dictionary form (:meth:`Item.to_dict`) is the one of the text files and of the database.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from item_bank.errors import Fault, InvalidItem, InvalidTestlet, raise_if
from item_bank.fields import Fields, did_you_mean

ITEM_LEVELS = range(1, 7)
ITEM_ID = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")
TOPIC_ID = re.compile(r"[A-Z][A-Z0-9]*\.[a-z0-9_-]+")
LOCAL_ID = re.compile(r"[a-z][a-z0-9_]{0,15}")
TRANSVERSAL = "transversal"
LANGUAGES = ("fr", "en")
_MEAN_TOLERANCE = 1e-3
_NOT_CONTENT = frozenset({"status", "doubt", "parameters"})
_NO_DAY = datetime.date(1, 1, 1)


class Interaction(StrEnum):
    """What the learner does to answer."""

    SINGLE_CHOICE = "single_choice"
    MULTIPLE_CHOICE = "multiple_choice"
    ORDER = "order"
    MATCH = "match"
    SHORT_TEXT = "short_text"
    NUMERIC = "numeric"
    ZONE = "zone"

    @property
    def has_options(self) -> bool:
        """Whether the learner works on options written by the author."""
        return self in _OPTION_COUNTS


PARTIAL = "partial"
ALL_OR_NOTHING = "all_or_nothing"
_PARTIALLY_SCORED = frozenset(
    {Interaction.MULTIPLE_CHOICE, Interaction.ORDER, Interaction.MATCH, Interaction.ZONE}
)

_OPTION_COUNTS: dict[Interaction, tuple[int, int]] = {
    Interaction.SINGLE_CHOICE: (3, 5),
    Interaction.MULTIPLE_CHOICE: (4, 6),
    Interaction.ORDER: (3, 6),
    Interaction.MATCH: (3, 6),
    Interaction.ZONE: (3, 8),
}


class Status(StrEnum):
    """Where an item stands in its life."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PRETEST = "pretest"
    OPERATIONAL = "operational"
    SUSPENDED = "suspended"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Option:
    """A choice, a step, an element to classify or the name of a zone; `why` explains it after the answer."""

    id: str
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """One of the classes of a match item."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class SingleChoiceKey:
    """The one right option."""

    option: str

    def faults(self, item: Item) -> Iterator[Fault]:
        """Yield what is wrong with this key for `item`."""
        yield from _unknown_options(item, ("key",), (self.option,))

    def to_dict(self) -> dict[str, Any]:
        return {"key": self.option}


@dataclass(frozen=True, slots=True)
class MultipleChoiceKey:
    """All the right options, and they alone."""

    options: tuple[str, ...]

    def faults(self, item: Item) -> Iterator[Fault]:
        """Yield what is wrong with this key for `item`."""
        yield from _unknown_options(item, ("key",), self.options)
        yield from _repeated(("key",), self.options)
        if len(self.options) < 2:
            yield Fault(("key",), "has fewer than two right options.", "Use single_choice for a single one.")
        if item.options and set(self.options) >= {option.id for option in item.options}:
            yield Fault(("key",), "makes every option right.", "At least one option is wrong.")

    def to_dict(self) -> dict[str, Any]:
        return {"key": list(self.options)}


@dataclass(frozen=True, slots=True)
class OrderKey:
    """The steps in their right order."""

    steps: tuple[str, ...]

    def faults(self, item: Item) -> Iterator[Fault]:
        """Yield what is wrong with this key for `item`."""
        yield from _unknown_options(item, ("key",), self.steps)
        yield from _repeated(("key",), self.steps)
        missing = [option.id for option in item.options if option.id not in self.steps]
        if missing:
            yield Fault(("key",), f"leaves out {', '.join(missing)}.", "Give every step its place.")

    def to_dict(self) -> dict[str, Any]:
        return {"key": list(self.steps)}


@dataclass(frozen=True, slots=True)
class MatchKey:
    """The category of each option, in the order of the options."""

    pairs: tuple[tuple[str, str], ...]

    def faults(self, item: Item) -> Iterator[Fault]:
        """Yield what is wrong with this key for `item`."""
        elements = tuple(element for element, _ in self.pairs)
        yield from _unknown_options(item, ("key",), elements)
        yield from _repeated(("key",), elements)
        missing = [option.id for option in item.options if option.id not in elements]
        if missing:
            yield Fault(("key",), f"leaves out {', '.join(missing)}.", "Give every element its category.")
        categories = [category.id for category in item.categories]
        for element, category in self.pairs:
            if category not in categories:
                yield Fault(
                    ("key", element),
                    f'names no category: "{category}".',
                    f"The categories are {', '.join(categories) or 'not given'}.",
                )

    def to_dict(self) -> dict[str, Any]:
        return {"key": dict(self.pairs)}


_SENSITIVITIES = ("case_sensitive", "accent_sensitive", "punctuation_sensitive")


@dataclass(frozen=True, slots=True)
class ShortTextKey:
    """Accepted answers; `edit_distance` None leaves the number of forgiven typing errors to the rule.

    Case, accents and punctuation do not count, unless the author says so of one of them.
    """

    accepted: tuple[str, ...]
    edit_distance: int | None = None
    case_sensitive: bool = False
    accent_sensitive: bool = False
    punctuation_sensitive: bool = False

    def faults(self, item: Item) -> Iterator[Fault]:
        """Yield what is wrong with this key for `item`."""
        if not self.accepted:
            yield Fault(("accepted",), "is empty.", "List at least one accepted answer.")
        for index, answer in enumerate(self.accepted):
            if not any(letter.isalnum() for letter in answer):
                yield Fault(("accepted", index), "has neither letter nor digit.")
            if len(answer) > 100:
                yield Fault(("accepted", index), "is longer than 100 characters.", "A short answer is short.")

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"accepted": list(self.accepted)}
        if self.edit_distance is not None:
            data["edit_distance"] = self.edit_distance
        return data | {name: True for name in _SENSITIVITIES if getattr(self, name)}


@dataclass(frozen=True, slots=True)
class NumericKey:
    """The right number, and how far from it an answer is still right."""

    value: Decimal
    tolerance: Decimal = Decimal(0)

    def faults(self, item: Item) -> Iterator[Fault]:
        """Yield what is wrong with this key for `item`."""
        for name, number in (("key", self.value), ("tolerance", self.tolerance)):
            if not number.is_finite() or abs(number.adjusted()) > 12:
                yield Fault((name,), f"is {number}; a finite number of ordinary size is expected.")
        if self.tolerance.is_finite() and self.tolerance < 0:
            yield Fault(("tolerance",), f"is {self.tolerance}; it cannot be negative.")

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"key": _plain_number(self.value)}
        if self.tolerance:
            data["tolerance"] = _plain_number(self.tolerance)
        return data


@dataclass(frozen=True, slots=True)
class ZoneKey:
    """All the zones of the document to be found, and they alone."""

    zones: tuple[str, ...]

    def faults(self, item: Item) -> Iterator[Fault]:
        """Yield what is wrong with this key for `item`."""
        yield from _unknown_options(item, ("key",), self.zones)
        yield from _repeated(("key",), self.zones)
        if not self.zones:
            yield Fault(("key",), "names no zone.", "At least one zone is to be found.")
        if item.options and set(self.zones) >= {option.id for option in item.options}:
            yield Fault(("key",), "makes every zone right.", "At least one zone is not to be chosen.")
        if item.maximum is not None and len(self.zones) > item.maximum:
            yield Fault(
                ("maximum",),
                f"is {item.maximum}, and the key has {len(self.zones)} zones.",
                "Let the learner choose as many zones as are right, or leave `maximum` out.",
            )

    def to_dict(self) -> dict[str, Any]:
        return {"key": list(self.zones)}


ScoringKey = SingleChoiceKey | MultipleChoiceKey | OrderKey | MatchKey | ShortTextKey | NumericKey | ZoneKey

_KEY_TYPES: dict[Interaction, type[ScoringKey]] = {
    Interaction.SINGLE_CHOICE: SingleChoiceKey,
    Interaction.MULTIPLE_CHOICE: MultipleChoiceKey,
    Interaction.ORDER: OrderKey,
    Interaction.MATCH: MatchKey,
    Interaction.SHORT_TEXT: ShortTextKey,
    Interaction.NUMERIC: NumericKey,
    Interaction.ZONE: ZoneKey,
}


@dataclass(frozen=True, slots=True)
class StatedParameters:
    """Item parameters written in the file instead of those the level gives, with where they come from.

    `steps` are the thresholds of an item scored in part, in logits: at the k-th one, k - 1 points and k points
    are equally likely. Its difficulty is their mean.
    """

    discrimination: float
    difficulty: float
    guessing: float
    upper_asymptote: float
    source: str
    se_discrimination: float = 0.0
    se_difficulty: float = 0.0
    se_guessing: float = 0.0
    se_upper_asymptote: float = 0.0
    steps: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        data = {name: getattr(self, name) for name in self.__slots__ if name != "steps"}
        return data | ({"steps": list(self.steps)} if self.steps else {})

    @classmethod
    def read(cls, block: Fields) -> StatedParameters:
        """Read the optional ``parameters:`` block of an item."""
        guessing = block.number("guessing", 0.0, required=False, low=0, high=0.9)
        steps = block.numbers("steps", low=-8, high=8)
        parameters = cls(
            discrimination=block.number(
                "discrimination",
                1.0,
                low=0.05,
                high=10,
                why="A discrimination is positive: a better learner is more likely to be right.",
            ),
            difficulty=sum(steps) / len(steps)
            if steps and not block.has("difficulty")
            else block.number("difficulty", 0.0, low=-8, high=8),
            guessing=guessing,
            upper_asymptote=block.number("upper_asymptote", 1.0, required=False, low=0.1, high=1),
            source=block.text("source", longest=500),
            se_discrimination=block.number("se_discrimination", 0.0, required=False, low=0, high=10),
            se_difficulty=block.number("se_difficulty", 0.0, required=False, low=0, high=10),
            se_guessing=block.number("se_guessing", 0.0, required=False, low=0, high=1),
            se_upper_asymptote=block.number("se_upper_asymptote", 0.0, required=False, low=0, high=1),
            steps=steps,
        )
        if steps and abs(parameters.difficulty - sum(steps) / len(steps)) > _MEAN_TOLERANCE:
            block.fault("difficulty", "is not the mean of the steps.", "Leave it out: the steps give it.")
        if parameters.upper_asymptote <= guessing:
            block.fault("upper_asymptote", f"is not above guessing ({guessing:g}).")
        block.no_other()
        return parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question with its scoring key and all that an author says about it."""

    id: str
    competence: str
    topic: str
    level: int
    interaction: Interaction
    stem: str
    scoring_key: ScoringKey
    options: tuple[Option, ...] = ()
    categories: tuple[Category, ...] = ()
    unit: str = ""
    document: Document | None = None
    maximum: int | None = None
    partial: bool = False
    rationale: str
    sources: tuple[str, ...]
    facts: tuple[str, ...] = ()
    professions: tuple[str, ...]
    stage: str
    recheck: datetime.date
    status: Status
    author: str
    language: str = "fr"
    shuffle: bool = True
    enemies: tuple[str, ...] = ()
    doubt: str = ""
    testlet: str | None = None
    parameters: StatedParameters | None = None

    def __post_init__(self) -> None:
        raise_if(list(_item_faults(self)), InvalidItem, self.id)

    @property
    def guessing_floor(self) -> float:
        """The chance of a right answer at random, where the interaction has one worth modelling."""
        if self.partial:
            return 0.0
        one_of_them = self.interaction is Interaction.SINGLE_CHOICE or self.maximum == 1
        return 1 / len(self.options) if one_of_them else 0.0

    @property
    def maximum_score(self) -> int:
        """The credit of a wholly right response: 1, or more where a response can be right in part.

        So many right options, zones or elements, or pairs of steps that follow each other.
        """
        if not self.partial:
            return 1
        match self.scoring_key:
            case MultipleChoiceKey(options=right) | ZoneKey(zones=right):
                return len(right)
            case OrderKey(steps=steps):
                return len(steps) - 1
            case MatchKey(pairs=pairs):
                return len(pairs)
            case _:
                return 1

    def option(self, option_id: str) -> Option:
        """Return one of the options by its id."""
        return next(option for option in self.options if option.id == option_id)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; fields at their default are left out."""
        data: dict[str, Any] = {
            "id": self.id,
            "competence": self.competence,
            "topic": self.topic,
            "level": self.level,
            "interaction": str(self.interaction),
            "stem": self.stem,
        }
        if self.document:
            data["document"] = self.document.to_dict()
        if self.maximum is not None:
            data["maximum"] = self.maximum
        if self.categories:
            data["categories"] = [{"id": category.id, "text": category.text} for category in self.categories]
        if self.options:
            data["options"] = [
                {"id": option.id, "text": option.text} | ({"why": option.why} if option.why else {})
                for option in self.options
            ]
        data |= self.scoring_key.to_dict()
        if self.partial:
            data["scoring"] = PARTIAL
        if self.unit:
            data["unit"] = self.unit
        data |= {
            "rationale": self.rationale,
            "sources": list(self.sources),
            "professions": list(self.professions),
            "stage": self.stage,
            "recheck": self.recheck.isoformat(),
            "status": str(self.status),
            "author": self.author,
            "language": self.language,
        }
        if self.facts:
            data["facts"] = list(self.facts)
        if not self.shuffle:
            data["shuffle"] = False
        if self.enemies:
            data["enemies"] = list(self.enemies)
        if self.doubt:
            data["doubt"] = self.doubt
        if self.testlet:
            data["testlet"] = self.testlet
        if self.parameters:
            data["parameters"] = self.parameters.to_dict()
        return data

    @property
    def content_hash(self) -> str:
        """SHA-256 of the version's content: neither its status, its doubt nor its parameters belong to it."""
        return version_hash(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Item:
        """Read the JSON form back.

        Raises
        ------
        InvalidItem
            With every fault of the data.
        """
        item, faults = read_item(data)
        if item is None or faults:
            raise InvalidItem(subject_of(data), faults)
        return item


def subject_of(data: Any) -> str:
    """Return the id that a raw mapping gives itself, to name it in an error."""
    return str(data.get("id") or "") if isinstance(data, Mapping) else ""


def read_item(data: Any) -> tuple[Item | None, list[Fault]]:
    """Read an item from its dictionary form; the item is None when any fault was found."""
    fields = Fields(data)
    if not isinstance(data, Mapping):
        return None, fields.faults
    interaction = fields.one_of("interaction", tuple(Interaction), Interaction.SINGLE_CHOICE)
    known_interaction = not any(fault.path == ("interaction",) for fault in fields.faults)
    options: list[Option] = []
    categories: list[Category] = []
    if known_interaction and interaction.has_options:
        for block in fields.blocks("options"):
            options.append(
                Option(
                    block.text("id", "?", longest=16),
                    block.text("text", "?", longest=1_000),
                    block.text("why", required=interaction is not Interaction.ORDER, longest=2_000),
                )
            )
            block.no_other()
    if known_interaction and interaction is Interaction.MATCH:
        for block in fields.blocks("categories"):
            categories.append(
                Category(block.text("id", "?", longest=16), block.text("text", "?", longest=300))
            )
            block.no_other()
    document, maximum, partial = None, None, False
    if known_interaction and interaction in _PARTIALLY_SCORED and fields.has("scoring"):
        partial = fields.one_of("scoring", (ALL_OR_NOTHING, PARTIAL), ALL_OR_NOTHING) == PARTIAL
    if known_interaction and interaction is Interaction.ZONE:
        document = _read_document(fields)
        if fields.has("maximum"):
            maximum = fields.integer("maximum", 1, low=1, high=_OPTION_COUNTS[interaction][1])
        fields.skip("maximum")
    scoring_key = _read_key(fields, interaction) if known_interaction else None
    if not known_interaction:
        fields.skip(*_INTERACTION_FIELDS)
    parameters = fields.block("parameters")
    values: dict[str, Any] = {
        "id": fields.text("id", longest=60),
        "competence": fields.text("competence", longest=30),
        "topic": fields.text("topic", longest=60),
        "level": fields.integer("level", 1, low=ITEM_LEVELS[0], high=ITEM_LEVELS[-1]),
        "interaction": interaction,
        "stem": fields.text("stem", "?", longest=5_000),
        "options": tuple(options),
        "categories": tuple(categories),
        "unit": fields.text("unit", required=False, longest=30) if interaction is Interaction.NUMERIC else "",
        "document": document,
        "maximum": maximum,
        "partial": partial,
        "rationale": fields.text("rationale", longest=5_000),
        "sources": fields.texts("sources"),
        "facts": fields.texts("facts", required=False),
        "professions": fields.texts("professions"),
        "stage": fields.text("stage", longest=30),
        "recheck": fields.day("recheck", _NO_DAY),
        "status": fields.one_of("status", tuple(Status), Status.DRAFT),
        "author": fields.text("author", longest=200),
        "language": fields.text("language", "fr", required=False, longest=10),
        "shuffle": fields.boolean("shuffle", True),
        "enemies": fields.texts("enemies", required=False),
        "doubt": fields.text("doubt", required=False, longest=2_000),
        "testlet": fields.text("testlet", required=False, longest=60) or None,
        "parameters": StatedParameters.read(parameters) if parameters else None,
    }
    fields.no_other(() if known_interaction else _INTERACTION_FIELDS)
    if scoring_key is None:
        return None, fields.faults
    try:
        item = Item(scoring_key=scoring_key, **values)
    except InvalidItem as error:
        # A field already reported as missing or of a wrong type was read as a harmless value: say it once.
        reported = {fault.path[:1] for fault in fields.faults}
        fields.faults.extend(fault for fault in error.faults if fault.path[:1] not in reported)
        return None, fields.faults
    return (None if fields.faults else item), fields.faults


_INTERACTION_FIELDS = (
    *("options", "categories", "key", "accepted", "edit_distance", "tolerance", "unit"),
    *("document", "maximum", "scoring", *_SENSITIVITIES),
)


def _read_key(fields: Fields, interaction: Interaction) -> ScoringKey | None:
    before = len(fields.faults)
    key: ScoringKey
    match interaction:
        case Interaction.SINGLE_CHOICE:
            value = fields.value("key")
            if isinstance(value, list | tuple) and len(value) == 1:
                fields.fault(
                    "key", "is a list; the id of one option is expected.", f"Write `key: {value[0]}`."
                )
            elif isinstance(value, list | tuple):
                fields.fault(
                    "key",
                    "is a list of several options; the id of one option is expected.",
                    "Use the interaction multiple_choice when several options are right.",
                )
            single = value is not None and not isinstance(value, list | tuple)
            key = SingleChoiceKey(fields.text("key", longest=16) if single else "")
        case Interaction.MULTIPLE_CHOICE:
            key = MultipleChoiceKey(fields.texts("key"))
        case Interaction.ORDER:
            key = OrderKey(fields.texts("key"))
        case Interaction.MATCH:
            pairs = fields.value("key")
            if pairs is not None and not isinstance(pairs, Mapping):
                fields.fault("key", "the category of each element is expected.", "Write `key: {a: x, b: y}`.")
            block = (
                Fields(pairs, (*fields.path, "key"), fields.faults) if isinstance(pairs, Mapping) else None
            )
            key = MatchKey(
                tuple((str(name), block.text(name, longest=16)) for name in pairs) if block else ()
            )
        case Interaction.SHORT_TEXT:
            distance = None
            if fields.has("edit_distance"):
                distance = fields.integer("edit_distance", low=0, high=2)
            fields.skip("edit_distance")
            key = ShortTextKey(
                fields.texts("accepted"), distance, *(fields.boolean(name, False) for name in _SENSITIVITIES)
            )
        case Interaction.NUMERIC:
            key = NumericKey(
                _decimal(fields.number("key", low=-1e12, high=1e12)),
                _decimal(
                    fields.number(
                        "tolerance", required=False, low=0, high=1e12, why="A tolerance cannot be negative."
                    )
                ),
            )
        case Interaction.ZONE:
            key = ZoneKey(fields.texts("key"))
    return key if len(fields.faults) == before else None


def _decimal(number: float) -> Decimal:
    """Read a float as the number its author wrote: 0.1 is one tenth."""
    return Decimal(int(number)) if number.is_integer() else Decimal(repr(number))


def _plain_number(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _unknown_options(item: Item, path: tuple[str, ...], named: tuple[str, ...]) -> Iterator[Fault]:
    known = [option.id for option in item.options]
    for option_id in named:
        if option_id not in known:
            yield Fault(
                path,
                f'names no option: "{option_id}".',
                f"The options are {', '.join(known) or 'not given'}.",
            )


def _repeated(path: tuple[str, ...], named: tuple[str, ...]) -> Iterator[Fault]:
    for name, times in Counter(named).items():
        if times > 1:
            yield Fault(path, f'names "{name}" {times} times.', "Name it once.")


def _item_faults(item: Item) -> Iterator[Fault]:
    if not ITEM_ID.fullmatch(item.id):
        yield Fault(
            ("id",), f'"{item.id}" is not an item id.', "Write it like D2C3-001: capitals, digits, dashes."
        )
    if not item.topic.startswith(f"{item.competence}."):
        yield Fault(
            ("topic",),
            f'"{item.topic}" is not a topic of the competence {item.competence}.',
            f"A topic of this competence starts with {item.competence} and a dot.",
        )
    if item.level not in ITEM_LEVELS:
        yield Fault(("level",), f"is {item.level}; a whole number from 1 to 6 is expected.")
    if not item.stem.strip():
        yield Fault(("stem",), "is empty.", "Write the question.")
    of_options = [*_option_faults(item), *_zone_faults(item)]
    yield from of_options
    if not isinstance(item.scoring_key, _KEY_TYPES[item.interaction]):
        yield Fault(("key",), f"is not a key for the interaction {item.interaction}.")
    elif not of_options:
        yield from item.scoring_key.faults(item)
    if item.partial and item.interaction not in _PARTIALLY_SCORED:
        yield Fault(("scoring",), f"cannot be partial in the interaction {item.interaction}.", "Remove it.")
    elif item.partial and item.maximum_score < 2:
        yield Fault(("scoring",), "is partial, and nothing lies between wrong and right.", "Remove it.")
    if item.parameters is not None:
        yield from _step_faults(item, item.parameters)
    if not item.sources:
        yield Fault(("sources",), "is an empty list.", "Name the text on which the key rests.")
    if not item.professions:
        yield Fault(
            ("professions",), "is an empty list.", f"Write [{TRANSVERSAL}] or the professions concerned."
        )
    elif TRANSVERSAL in item.professions and len(item.professions) > 1:
        yield Fault(("professions",), f"says {TRANSVERSAL} and names professions.", "Keep one of the two.")
    yield from _repeated(("professions",), item.professions)
    if item.language not in LANGUAGES:
        yield Fault(
            ("language",), f'"{item.language}" is not a language of the bank.', did_you_mean("", LANGUAGES)
        )
    if item.id in item.enemies:
        yield Fault(("enemies",), "names the item itself.", "Remove it.")
    if item.status is Status.OPERATIONAL and item.doubt:
        yield Fault(
            ("doubt",), "is written on an operational item.", "Settle the doubt, or go back to draft."
        )


def _step_faults(item: Item, stated: StatedParameters) -> Iterator[Fault]:
    wanted = item.maximum_score if item.partial else 0
    if len(stated.steps) != wanted:
        yield Fault(
            ("parameters", "steps"),
            f"has {len(stated.steps)} steps; the item has {wanted}.",
            "An item scored in part has one step for each point, any other item none.",
        )
    if item.partial and (stated.guessing != 0 or stated.upper_asymptote != 1):
        yield Fault(
            ("parameters",),
            "has an asymptote, and an item scored in part has none.",
            "Leave guessing and upper_asymptote out.",
        )


def _option_faults(item: Item) -> Iterator[Fault]:
    if not item.interaction.has_options:
        if item.options:
            yield Fault(("options",), f"have no place in the interaction {item.interaction}.", "Remove them.")
    else:
        low, high = _OPTION_COUNTS[item.interaction]
        if not low <= len(item.options) <= high:
            yield Fault(
                ("options",),
                f"has {len(item.options)} options; {low} to {high} are expected for {item.interaction}.",
            )
    if item.interaction is Interaction.MATCH:
        if not 2 <= len(item.categories) <= 4:
            yield Fault(("categories",), f"has {len(item.categories)} categories; 2 to 4 are expected.")
    elif item.categories:
        yield Fault(("categories",), f"have no place in the interaction {item.interaction}.", "Remove them.")
    named_parts: tuple[tuple[str, Sequence[Option | Category]], ...] = (
        ("options", item.options),
        ("categories", item.categories),
    )
    for name, parts in named_parts:
        seen_ids: set[str] = set()
        seen_texts: set[str] = set()
        for index, part in enumerate(parts):
            if not LOCAL_ID.fullmatch(part.id):
                yield Fault(
                    (name, index, "id"), f'"{part.id}" is not an id.', "Use one small letter: a, b, c."
                )
            if part.id in seen_ids:
                yield Fault(
                    (name, index, "id"), f'"{part.id}" is already used in {name}.', "Use another letter."
                )
            if part.text in seen_texts:
                yield Fault(
                    (name, index, "text"), "repeats another one word for word.", "Write another text."
                )
            seen_ids.add(part.id)
            seen_texts.add(part.text)


def _zone_faults(item: Item) -> Iterator[Fault]:
    if item.interaction is not Interaction.ZONE:
        if item.document is not None:
            yield Fault(
                ("document",),
                f"has no place in the interaction {item.interaction}.",
                "A document with several questions is a case; zones to find in it are the interaction zone.",
            )
        if item.maximum is not None:
            yield Fault(("maximum",), f"has no place in the interaction {item.interaction}.", "Remove it.")
        return
    if item.testlet is not None:
        yield Fault(
            ("interaction",),
            "cannot stand in a case: it has a document of its own.",
            "Write it as a stand-alone item.",
        )
    if item.document is None:
        yield Fault(("document",), "is missing.", "Write the document in which zones are to be found.")
        return
    yield from _kind_faults(item.document)
    yield from _mark_faults(item.document)
    if item.maximum is not None and not 1 <= item.maximum <= len(item.options):
        yield Fault(("maximum",), f"is {item.maximum}; 1 to {len(item.options)} zones can be chosen.")
    marked = [zone for zone, _ in item.document.zones]
    named = [option.id for option in item.options]
    for index, option_id in enumerate(named):
        if option_id not in marked:
            yield Fault(
                ("options", index, "id"),
                f'"{option_id}" marks nothing in the document.',
                f"Mark its words in the document: [[{option_id}|the words]].",
            )
    for zone in dict.fromkeys(marked):
        if zone not in named:
            yield Fault(
                ("document",),
                f'marks a zone "{zone}" that no option names.',
                f"The options are {', '.join(named) or 'not given'}.",
            )


ZONE_MARK = re.compile(r"\[\[(?P<id>[^|\[\]]*)\|(?P<text>(?:(?!\[\[|\]\]).)*)\]\]", re.DOTALL)
LONGEST_ZONE = 300


@dataclass(frozen=True, slots=True)
class Document:
    """A fictitious document: header lines and a body in simple Markdown.

    That of a zone item marks its zones ``[[id|words]]``, in the values of the header lines and in the body.
    """

    title: str
    kind: str
    body: str
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def zones(self) -> tuple[tuple[str, str], ...]:
        """The id and the words of each marked zone, in reading order."""
        return tuple(
            (found["id"], " ".join(re.split(r"[ \t\n]+", found["text"].strip(" \t\n"))))
            for text in (*(value for _, value in self.fields), self.body)
            for found in ZONE_MARK.finditer(text)
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "kind": self.kind,
            "fields": [list(line) for line in self.fields],
            "body": self.body,
        }


DOCUMENT_KINDS = ("email", "log", "form", "letter", "page", "report")


@dataclass(frozen=True, slots=True)
class Testlet:
    """A document and the items asked about it, all or none of them, in this order."""

    __test__ = False  # pytest would take the name for a test class

    id: str
    title: str
    document: Document
    items: tuple[str, ...]

    def __post_init__(self) -> None:
        raise_if(list(_testlet_faults(self)), InvalidTestlet, self.id)

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "document": self.document.to_dict(),
            "items": list(self.items),
        }

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON form."""
        return canonical_hash(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Testlet:
        """Read the JSON form back.

        Raises
        ------
        InvalidTestlet
            With every fault of the data.
        """
        fields = Fields(data)
        testlet = read_testlet(fields, fields.texts("items"))
        fields.no_other()
        raise_if(fields.faults, InvalidTestlet, str(fields.data.get("id", "")))
        assert testlet is not None  # noqa: S101  (without faults there is a testlet)
        return testlet


def _testlet_faults(testlet: Testlet) -> Iterator[Fault]:
    if not ITEM_ID.fullmatch(testlet.id):
        yield Fault(("id",), f'"{testlet.id}" is not a testlet id.', "Write it like CAS-D2-1.")
    if len(testlet.items) < 2:
        yield Fault(("items",), "has fewer than two items.", "A single question is a stand-alone item.")
    yield from _repeated(("items",), testlet.items)
    yield from _kind_faults(testlet.document)
    if testlet.document.zones:
        yield Fault(
            ("document", "body"),
            "marks zones, and the document of a case has none.",
            "Zones stand in the own document of an item of the interaction zone.",
        )


def _kind_faults(document: Document) -> Iterator[Fault]:
    if document.kind not in DOCUMENT_KINDS:
        yield Fault(
            ("document", "kind"),
            f'"{document.kind}" is not a known kind.',
            f"Known: {', '.join(DOCUMENT_KINDS)}.",
        )


def _mark_faults(document: Document) -> Iterator[Fault]:
    values = [(("document", "fields", index), value) for index, (_, value) in enumerate(document.fields)]
    for path, text in (*values, (("document", "body"), document.body)):
        rest = ZONE_MARK.sub("", text)
        if "[[" in rest or "]]" in rest:
            yield Fault(path, "has a mark that is not whole.", "Write a zone as [[a|its words]].")
        if any(unicodedata.category(letter) == "Co" for letter in text):
            yield Fault(path, "holds a character for private use.", "Type the text again without it.")
        for found in ZONE_MARK.finditer(text):
            words = found["text"].strip()
            if not words:
                yield Fault(path, f'marks a zone "{found["id"]}" without words.', "Write [[a|its words]].")
            if len(words) > LONGEST_ZONE:
                yield Fault(path, f'marks a zone "{found["id"]}" of {len(words)} characters; 300 at most.')
            if "\n\n" in words:
                yield Fault(path, f'marks a zone "{found["id"]}" over two paragraphs.', "Mark one of them.")
    labels = [(("document", "fields", index), label) for index, (label, _) in enumerate(document.fields)]
    for path, text in ((("document", "title"), document.title), *labels):
        if "[[" in text:
            yield Fault(
                path, "has a mark where no zone can stand.", "Zones stand in the values and in the body."
            )
    for zone, times in Counter(zone for zone, _ in document.zones).items():
        if times > 1:
            yield Fault(("document",), f'marks the zone "{zone}" {times} times.', "Mark it once.")


def read_testlet(fields: Fields, items: tuple[str, ...]) -> Testlet | None:
    """Read a testlet whose item ids are already known; faults go to the reader."""
    testlet_id, title = fields.text("id", longest=60), fields.text("title", longest=200)
    document = _read_document(fields)
    if document is None:
        return None
    try:
        return Testlet(testlet_id, title, document, items)
    except InvalidTestlet as error:
        reported = {fault.path[:1] for fault in fields.faults}
        for fault in error.faults:
            if fault.path[:1] not in reported:
                fields.fault(fault.path, fault.message, fault.advice)
        return None


def _read_document(fields: Fields) -> Document | None:
    if fields.value("document") is None:
        return None
    block = fields.block("document")
    if block is None or not block.data:
        return None
    lines: list[tuple[str, str]] = []
    for index, line in enumerate(block.value("fields", required=False) or []):
        if isinstance(line, list | tuple) and len(line) == 2:
            pair = Fields({"label": line[0], "value": line[1]}, (*block.path, "fields", index), fields.faults)
            lines.append((pair.text("label", longest=100), pair.text("value", longest=1_000)))
        else:
            block.fault(
                ("fields", index), "a label and its value are expected.", "Write `- [Objet, Bonjour]`."
            )
    document = Document(
        title=block.text("title", longest=200),
        kind=block.text("kind", longest=30),
        body=block.text("body", longest=20_000),
        fields=tuple(lines),
    )
    block.no_other()
    return document


def version_hash(record: Mapping[str, Any]) -> str:
    """Return the content hash of an item version from its dictionary form."""
    return canonical_hash({name: value for name, value in record.items() if name not in _NOT_CONTENT})


def canonical_json(data: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no blank, UTF-8."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def canonical_hash(data: Any) -> str:
    """Return the SHA-256 of the canonical JSON text, in hexadecimal."""
    return hashlib.sha256(canonical_json(data).encode()).hexdigest()
