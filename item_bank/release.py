"""Releases: immutable, content-hashed snapshots that sittings pin.

A release holds the JSON form of its items, in the order of their ids, and the arrays the mathematics works
on; items become objects when someone looks at them. The content hash depends on what the content says, never
on how the files are laid out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from irt.errors import InvalidParameters
from irt.types import BoolArray, FloatArray, IntArray, ItemParameters, frozen
from item_bank.design import Design
from item_bank.errors import BankError, InvalidRelease
from item_bank.files import Content
from item_bank.framework import Framework
from item_bank.item import TRANSVERSAL, Item, Status, Testlet, canonical_hash, version_hash

FORMAT = "palier-release/1"
ENTERING = frozenset({Status.IN_REVIEW, Status.APPROVED, Status.PRETEST, Status.OPERATIONAL})

LEVEL_RULE = "level"
STATED_RULE = "stated"
RULE_NOTE = (
    "Provisional parameters, one rule for every item: difficulty from the level its author gave it, "
    "discrimination 1, guessing 1/options for single choice and 0 otherwise, upper asymptote 1. The standard "
    "errors are declared, not estimated: .8 logit for a difficulty, what remains of a spread of 1.24 logits "
    "(the six levels over a whole bank) when judged and true difficulty correlate .76, an optimistic figure "
    "for a panel of experts; .3 for a discrimination and .05 for a guessing floor, assumed spreads of "
    "calibrated multiple-choice items."
)
_SE_DISCRIMINATION, _SE_DIFFICULTY, _SE_GUESSING = 0.3, 0.8, 0.05
_COLUMNS = ("discrimination", "difficulty", "guessing", "upper_asymptote")

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class ParameterSet:
    """Item parameters with their standard errors, each shape (n_items,), and where they come from.

    `rule` says for each item whether its level or its file (``parameters:``) gave them. A `provisional` set
    can give an indicative result, never a certificate.
    """

    parameters: ItemParameters
    se_discrimination: FloatArray
    se_difficulty: FloatArray
    se_guessing: FloatArray
    se_upper_asymptote: FloatArray
    rule: tuple[str, ...]
    provisional: bool
    note: str

    def to_dict(self) -> dict[str, Any]:
        columns: dict[str, Any] = dict(zip(_COLUMNS, self._values(), strict=True))
        columns |= {f"se_{name}": getattr(self, f"se_{name}").tolist() for name in _COLUMNS}
        return {"provisional": self.provisional, "note": self.note, "rule": list(self.rule), **columns}

    def _values(self) -> tuple[list[float], ...]:
        known = self.parameters
        return tuple(array.tolist() for array in (known.a, known.b, known.c, known.d))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ParameterSet:
        """Read the JSON form back."""
        return cls(
            parameters=ItemParameters(*(data[name] for name in _COLUMNS)),
            **{f"se_{name}": frozen(data[f"se_{name}"]) for name in _COLUMNS},
            rule=tuple(data["rule"]),
            provisional=bool(data["provisional"]),
            note=str(data["note"]),
        )


@dataclass(frozen=True, eq=False)
class Release:
    """An immutable snapshot of a bank: framework, items by index, testlets, parameters and designs.

    Equal content hashes mean equal content.
    """

    content_hash: str
    framework: Framework
    item_ids: tuple[str, ...]
    item_hashes: tuple[str, ...]
    records: tuple[Mapping[str, Any], ...]
    testlets: tuple[Testlet, ...]
    designs: tuple[Design, ...]
    parameter_set: ParameterSet
    _items: dict[int, Item] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.item_ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Release) and self.content_hash == other.content_hash

    def __hash__(self) -> int:
        return hash(self.content_hash)

    @property
    def parameters(self) -> ItemParameters:
        """The parameters the mathematics works on, by item index."""
        return self.parameter_set.parameters

    @property
    def provisional(self) -> bool:
        return self.parameter_set.provisional

    @cached_property
    def demonstration(self) -> bool:
        """Whether any item is not operational: such a release shows how the test works, and says so."""
        return any(record["status"] != Status.OPERATIONAL for record in self.records)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """The index of each item id."""
        return {item_id: index for index, item_id in enumerate(self.item_ids)}

    def item(self, which: int | str) -> Item:
        """Return an item by its index or id.

        Raises
        ------
        InvalidRelease
            If there is no such item.
        """
        position = self.index.get(which, -1) if isinstance(which, str) else which
        if not 0 <= position < len(self):
            raise InvalidRelease(f"release {self.content_hash[:12]} has no item {which!r}")
        item = self._items.get(position)
        if item is None:
            item = self._items[position] = Item.from_dict(self.records[position])
        return item

    def design(self, design_id: str) -> Design:
        """Return a design by its id."""
        for design in self.designs:
            if design.id == design_id:
                return design
        known = ", ".join(design.id for design in self.designs)
        raise InvalidRelease(f"there is no design {design_id!r}; the release has {known or 'none'}")

    def testlet_of(self, which: int | str) -> Testlet | None:
        """Return the testlet of an item, by index or id; None when it stands alone."""
        position = self.index[which] if isinstance(which, str) else which
        number = int(self.testlet[position])
        return None if number < 0 else self.testlets[number]

    @cached_property
    def domain(self) -> IntArray:
        """Index of each item's domain in ``framework.domains``, shape (n_items,)."""
        order = {domain.id: index for index, domain in enumerate(self.framework.domains)}
        domain_of = self.framework.domain_of
        return _frozen_indices([order[domain_of[record["topic"]].id] for record in self.records])

    @cached_property
    def competence(self) -> IntArray:
        """Index of each item's competence in ``framework.competences``, shape (n_items,)."""
        order = {competence: index for index, competence in enumerate(self.framework.competences)}
        return _frozen_indices([order[record["competence"]] for record in self.records])

    @cached_property
    def topic(self) -> IntArray:
        """Index of each item's topic in ``framework.topics``, shape (n_items,)."""
        order = {topic: index for index, topic in enumerate(self.framework.topics)}
        return _frozen_indices([order[record["topic"]] for record in self.records])

    @cached_property
    def level(self) -> IntArray:
        """Level of each item, 1 to 6, shape (n_items,)."""
        return _frozen_indices([record["level"] for record in self.records])

    @cached_property
    def testlet(self) -> IntArray:
        """Index of each item's testlet in ``testlets``, -1 when it stands alone, shape (n_items,)."""
        return self._testlets[0]

    @cached_property
    def testlet_position(self) -> IntArray:
        """Place of each item in its testlet, from 0, shape (n_items,); 0 for an item that stands alone."""
        return self._testlets[1]

    @cached_property
    def _testlets(self) -> tuple[IntArray, IntArray]:
        testlet = np.full(len(self), -1, dtype=np.int64)
        position = np.zeros(len(self), dtype=np.int64)
        for number, members in enumerate(self.testlets):
            for place, item_id in enumerate(members.items):
                testlet[self.index[item_id]] = number
                position[self.index[item_id]] = place
        testlet.setflags(write=False)
        position.setflags(write=False)
        return testlet, position

    @cached_property
    def enemies(self) -> tuple[tuple[int, ...], ...]:
        """The indices of the enemies of each item, declared by either of the two."""
        enemies: list[set[int]] = [set() for _ in self.item_ids]
        for position, record in enumerate(self.records):
            for name in record.get("enemies", ()):
                other = self.index.get(name)
                if other is not None:
                    enemies[position].add(other)
                    enemies[other].add(position)
        return tuple(tuple(sorted(members)) for members in enemies)

    def available(self, profession: str | None = None, withdrawn: Iterable[str] = ()) -> BoolArray:
        """Return the items that may be asked: for everybody or for this profession, and not withdrawn.

        A testlet is asked whole, so one of its items missing takes the others away. Items in pretest wait for
        unscored positions: they are released, and not asked.

        Raises
        ------
        InvalidRelease
            If the framework has no such profession.
        """
        if profession is not None:
            known = [audience.id for audience in self.framework.professions]
            if profession not in known:
                raise InvalidRelease(f"there is no profession {profession!r}; known: {', '.join(known)}")
        wanted = {TRANSVERSAL, profession}
        mask = np.array(
            [
                record["status"] != Status.PRETEST
                and (profession is None or not wanted.isdisjoint(record["professions"]))
                for record in self.records
            ],
            dtype=np.bool_,
        )
        for item_id in withdrawn:
            if item_id in self.index:
                mask[self.index[item_id]] = False
        for number in np.unique(self.testlet[~mask & (self.testlet >= 0)]):
            mask[self.testlet == number] = False
        mask.setflags(write=False)
        return mask

    def to_payload(self) -> dict[str, Any]:
        """Return the JSON form that is stored and from which the release comes back whole."""
        return {
            "format": FORMAT,
            "content_hash": self.content_hash,
            "framework": self.framework.to_dict(),
            "designs": [design.to_dict() for design in self.designs],
            "testlets": [testlet.to_dict() for testlet in self.testlets],
            "parameter_set": self.parameter_set.to_dict(),
            "item_hashes": list(self.item_hashes),
            "items": [dict(record) for record in self.records],
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Release:
        """Read the stored form back.

        The whole is checked against its content hash, and each item version against its own.

        Raises
        ------
        InvalidRelease
            If the payload is malformed or was changed since it was published.
        """
        if payload.get("format") != FORMAT:
            raise InvalidRelease(f"the payload is not in the format {FORMAT}")
        try:
            records = tuple(payload["items"])
            release = cls(
                content_hash=str(payload["content_hash"]),
                framework=Framework.from_dict(payload["framework"]),
                item_ids=tuple(record["id"] for record in records),
                item_hashes=tuple(payload["item_hashes"]),
                records=records,
                testlets=tuple(Testlet.from_dict(testlet) for testlet in payload["testlets"]),
                designs=tuple(Design.from_dict(design) for design in payload["designs"]),
                parameter_set=ParameterSet.from_dict(payload["parameter_set"]),
            )
            expected = _content_hash(
                release.framework,
                records,
                release.item_hashes,
                release.testlets,
                release.designs,
                release.parameter_set,
            )
            changed = [
                item_id
                for item_id, record, known in zip(release.item_ids, records, release.item_hashes, strict=True)
                if version_hash(record) != known
            ]
        except (KeyError, TypeError, ValueError, AttributeError, BankError, InvalidParameters) as error:
            raise InvalidRelease(f"the payload cannot be read: {error}") from error
        if changed:
            raise InvalidRelease(f"item {changed[0]} is not the version that was released")
        if expected != release.content_hash:
            raise InvalidRelease("the payload is not what was published: its content hash differs")
        return release


def compile(content: Content, *, provisional: bool = True) -> Release:
    """Compile a content into a release.

    Items in review, approved, in pretest or operational enter, in the order of their ids; drafts, suspended
    and retired ones do not (:func:`left_out` lists them). Parameters come from the level of each item, or
    from its ``parameters:`` block; they are `provisional` unless whoever promotes a calibration says so.

    Raises
    ------
    InvalidRelease
        If there is no framework or no item to release.
    """
    if content.framework is None:
        raise InvalidRelease("the content has no framework")
    outside = left_out(content)
    items = sorted((item for item in content.items if item.id not in outside), key=lambda item: item.id)
    if not items:
        raise InvalidRelease("the content has no item to release: all are drafts, suspended or retired")
    testlets = tuple(sorted(_entering_testlets(content, outside), key=lambda testlet: testlet.id))
    designs = tuple(sorted(content.designs, key=lambda design: design.id))
    parameter_set = _parameter_set(items, content.framework, provisional=provisional)
    records = tuple(item.to_dict() for item in items)
    hashes = tuple(item.content_hash for item in items)
    return Release(
        content_hash=_content_hash(content.framework, records, hashes, testlets, designs, parameter_set),
        framework=content.framework,
        item_ids=tuple(item.id for item in items),
        item_hashes=hashes,
        records=records,
        testlets=testlets,
        designs=designs,
        parameter_set=parameter_set,
        _items=dict(enumerate(items)),
    )


def left_out(content: Content) -> dict[str, str]:
    """Return why each item that a release would not hold is left out.

    A testlet goes on with its remaining items as long as two of them enter.
    """
    outside = {
        item.id: f"its status is {item.status}" for item in content.items if item.status not in ENTERING
    }
    for testlet in content.testlets:
        remaining = [item_id for item_id in testlet.items if item_id not in outside]
        if len(remaining) == 1:
            outside[remaining[0]] = f"it would be alone in the testlet {testlet.id}"
    return outside


def stats(content: Content) -> dict[str, Any]:
    """Count the items of a content: in all, and by each of their attributes."""
    counts: dict[str, dict[str, int]] = {
        name: {}
        for name in (
            "domains",
            "competences",
            "levels",
            "interactions",
            "professions",
            "stages",
            "languages",
            "statuses",
        )
    }
    framework = content.framework
    if framework is not None:
        counts["domains"] = {domain.id: 0 for domain in framework.domains}
        counts["competences"] = dict.fromkeys(framework.competences, 0)
        counts["levels"] = {str(level.number): 0 for level in framework.item_levels}
        counts["professions"] = {audience.id: 0 for audience in framework.professions}
        counts["stages"] = {audience.id: 0 for audience in framework.stages}

    def count(name: str, value: str) -> None:
        counts[name][value] = counts[name].get(value, 0) + 1

    for item in content.items:
        if framework is not None and item.topic in framework.domain_of:
            count("domains", framework.domain_of[item.topic].id)
        count("competences", item.competence)
        count("levels", str(item.level))
        count("interactions", str(item.interaction))
        for profession in item.professions:
            count("professions", profession)
        count("stages", item.stage)
        count("languages", item.language)
        count("statuses", str(item.status))
    return {"items": len(content.items), **counts}


def _entering_testlets(content: Content, outside: Mapping[str, str]) -> Iterable[Testlet]:
    for testlet in content.testlets:
        members = tuple(item_id for item_id in testlet.items if item_id not in outside)
        if members:
            yield Testlet(testlet.id, testlet.title, testlet.document, members)


def _parameter_set(items: Sequence[Item], framework: Framework, *, provisional: bool) -> ParameterSet:
    difficulty_of = {level.number: level.difficulty for level in framework.item_levels}
    rows = [_parameters(item, difficulty_of) for item in items]
    columns = [frozen(column) for column in zip(*(row[1] for row in rows), strict=True)]
    return ParameterSet(
        parameters=ItemParameters(*columns[:4]),
        se_discrimination=columns[4],
        se_difficulty=columns[5],
        se_guessing=columns[6],
        se_upper_asymptote=columns[7],
        rule=tuple(row[0] for row in rows),
        provisional=provisional,
        note=RULE_NOTE if any(row[0] == LEVEL_RULE for row in rows) else "Parameters stated in the files.",
    )


def _parameters(item: Item, difficulty_of: Mapping[int, float]) -> tuple[str, tuple[float, ...]]:
    stated = item.parameters
    if stated is not None:
        values = tuple(float(getattr(stated, name)) for name in _COLUMNS)
        errors = tuple(float(getattr(stated, f"se_{name}")) for name in _COLUMNS)
        return STATED_RULE, (*values, *errors)
    floor = item.guessing_floor
    return LEVEL_RULE, (
        *(1.0, difficulty_of[item.level], floor, 1.0),
        *(_SE_DISCRIMINATION, _SE_DIFFICULTY, _SE_GUESSING if floor else 0.0, 0.0),
    )


def _content_hash(
    framework: Framework,
    records: Sequence[Mapping[str, Any]],
    hashes: Sequence[str],
    testlets: Sequence[Testlet],
    designs: Sequence[Design],
    parameter_set: ParameterSet,
) -> str:
    manifest = {
        "format": FORMAT,
        "framework": framework.content_hash,
        "designs": [[design.id, design.content_hash] for design in designs],
        "testlets": [[testlet.id, testlet.content_hash] for testlet in testlets],
        "items": [
            [record["id"], content_hash, record["status"]]
            for record, content_hash in zip(records, hashes, strict=True)
        ],
        "parameter_set": parameter_set.to_dict(),
    }
    return canonical_hash(manifest)


def _frozen_indices(values: Sequence[int]) -> IntArray:
    array = np.array(values, dtype=np.int64)
    array.setflags(write=False)
    return array
