"""Releases: immutable, content-hashed snapshots that sittings pin.

A release holds the JSON form of its items, in the order of their ids, and the arrays the mathematics works
on; items become objects when someone looks at them. The content hash depends on what the content says, never
on how the files are laid out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np

from irt.errors import InvalidParameters
from irt.types import (
    BoolArray,
    FloatArray,
    IntArray,
    ItemParameters,
    MixedParameters,
    NominalParameters,
    Parameters,
    frozen,
)
from item_bank.design import Design, Pool
from item_bank.errors import BankError, Fault, InvalidRelease
from item_bank.files import Content
from item_bank.framework import Framework, Referentiel
from item_bank.item import TRANSVERSAL, Item, Status, Testlet, canonical_hash, version_hash
from item_bank.translation import (
    ItemTranslation,
    TestletTranslation,
    read_item_translation,
    read_testlet_translation,
)

FORMAT = "palier-release/1"
ENTERING = frozenset({Status.IN_REVIEW, Status.APPROVED, Status.PRETEST, Status.OPERATIONAL})

LEVEL_RULE = "level"
STATED_RULE = "stated"
CALIBRATED_RULE = "calibrated"
RULE_NOTE = (
    "Provisional parameters, one rule for every item: difficulty from the level its author gave it, "
    "discrimination 1, guessing 1/options for single choice and 0 otherwise, upper asymptote 1. The standard "
    "errors are declared, not estimated: .8 logit for a difficulty, what remains of a spread of 1.24 logits "
    "(the six levels over a whole bank) when judged and true difficulty correlate .76, an optimistic figure "
    "for a panel of experts; .3 for a discrimination and .05 for a guessing floor, assumed spreads of "
    "calibrated multiple-choice items."
)
PARTIAL_NOTE = (
    " An item scored in part follows the generalised partial credit model: steps .8 logit apart, as far as two "
    "levels are, around the difficulty of its level, and discrimination 1/m for m points, so that until it is "
    "calibrated a wholly right response weighs what a right one to any other item does."
)
_BETWEEN_STEPS = 0.8
_SE_DISCRIMINATION, _SE_DIFFICULTY, _SE_GUESSING = 0.3, 0.8, 0.05
_COLUMNS = ("discrimination", "difficulty", "guessing", "upper_asymptote")

_WORD = re.compile(r"[\w’'\-]*\w[\w’'\-]*")

T = TypeVar("T")


class Evidence(NamedTuple):
    """What an item's calibrated parameters rest on: the run's content hash, its responses, whether people gave them."""

    run: str
    responses: int
    real: bool


@dataclass(frozen=True, eq=False)
class ParameterSet:
    """Item parameters with their standard errors, each shape (n_items,), and where they come from.

    `parameters` are those of the items that are right or wrong. Of an item scored in part they hold the
    discrimination and, as difficulty, the mean of the thresholds that `steps` holds by index. `rule` says for
    each item whether its level, its file (``parameters:``) or a calibration gave them; `evidence` holds, by index,
    what a calibration rests on. A `provisional` set can give an indicative result, never a certificate.
    """

    parameters: ItemParameters
    se_discrimination: FloatArray
    se_difficulty: FloatArray
    se_guessing: FloatArray
    se_upper_asymptote: FloatArray
    rule: tuple[str, ...]
    provisional: bool
    note: str
    steps: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    evidence: Mapping[int, Evidence] = field(default_factory=dict)

    @cached_property
    def model(self) -> Parameters:
        """The parameters the mathematics works on, by item index: of one model, or of two."""
        if not self.steps:
            return self.parameters
        partial = sorted(self.steps)
        whole = [index for index in range(len(self.parameters)) if index not in self.steps]
        parts = NominalParameters.partial_credit(
            [self.steps[index] for index in partial], self.parameters.a[partial]
        )
        if not whole:
            return parts
        return MixedParameters([self.parameters.take(whole), parts], [whole, partial])

    def to_dict(self) -> dict[str, Any]:
        columns: dict[str, Any] = dict(zip(_COLUMNS, self._values(), strict=True))
        columns |= {f"se_{name}": getattr(self, f"se_{name}").tolist() for name in _COLUMNS}
        if self.steps:
            columns["steps"] = {str(index): list(steps) for index, steps in sorted(self.steps.items())}
        if self.evidence:
            columns["evidence"] = {str(index): list(found) for index, found in sorted(self.evidence.items())}
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
            steps={int(index): tuple(steps) for index, steps in data.get("steps", {}).items()},
            evidence={
                int(index): Evidence(str(run), int(responses), bool(real))
                for index, (run, responses, real) in data.get("evidence", {}).items()
            },
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
    translations: tuple[ItemTranslation, ...] = ()
    testlet_translations: tuple[TestletTranslation, ...] = ()
    _items: dict[int, Item] = field(default_factory=dict, repr=False)
    _shown: dict[tuple[int, str], tuple[Item, Testlet | None]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.item_ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Release) and self.content_hash == other.content_hash

    def __hash__(self) -> int:
        return hash(self.content_hash)

    @property
    def parameters(self) -> Parameters:
        """The parameters the mathematics works on, by item index."""
        return self.parameter_set.model

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

    def shown(self, which: int | str, language: str) -> tuple[Item, Testlet | None]:
        """Return an item and its testlet as a sitting in `language` shows, scores and explains them.

        That is their version in this language, or, where the release has none, the item as it was written;
        `Item.language` says which. A testlet of the release has a version of all its parts or of none.

        Raises
        ------
        InvalidRelease
            If there is no such item.
        """
        item = self.item(which)
        position = self.index[item.id]
        found = self._shown.get((position, language))
        if found is None:
            found = self._shown[position, language] = self._in_language(item, language)
        return found

    def _in_language(self, item: Item, language: str) -> tuple[Item, Testlet | None]:
        testlet = self.testlet_of(item.id)
        version = self._versions.get((language, item.id))
        if version is None:
            return item, testlet
        if testlet is not None:
            testlet = self._testlet_versions[language, testlet.id].apply(testlet)
        return version.apply(item), testlet

    @cached_property
    def _versions(self) -> Mapping[tuple[str, str], ItemTranslation]:
        return {(version.language, version.id): version for version in self.translations}

    @cached_property
    def _testlet_versions(self) -> Mapping[tuple[str, str], TestletTranslation]:
        return {(version.language, version.id): version for version in self.testlet_translations}

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

    def available(
        self,
        profession: str | None = None,
        withdrawn: Iterable[str] = (),
        *,
        pool: Pool | None = None,
    ) -> BoolArray:
        """Return the items that may be asked: in the pool of the design, for this profession, not withdrawn.

        A testlet is asked whole, so one of its items missing takes the others away. Items in pretest wait for
        unscored positions: they are released, and not asked.

        Raises
        ------
        InvalidRelease
            If the framework has no such profession or référentiel, or the pool does not serve the profession.
        """
        pool = pool or Pool()
        if profession is not None:
            known = self.professions_of(pool)
            if profession not in known:
                raise InvalidRelease(f"there is no profession {profession!r}; known: {', '.join(known)}")
        tags = self._tags(pool)
        if profession is not None:
            named = {TRANSVERSAL, profession}
            tags = named if tags is None else tags & named
        mask = np.array(
            [
                record["status"] != Status.PRETEST
                and (tags is None or not tags.isdisjoint(record["professions"]))
                for record in self.records
            ],
            dtype=np.bool_,
        )
        if pool:
            mask &= self._selected(pool)
        for item_id in withdrawn:
            if item_id in self.index:
                mask[self.index[item_id]] = False
        for number in np.unique(self.testlet[~mask & (self.testlet >= 0)]):
            mask[self.testlet == number] = False
        mask.setflags(write=False)
        return mask

    def professions_of(self, pool: Pool) -> tuple[str, ...]:
        """Return the professions that a sitting on this pool may name.

        A pool of items for everybody (`professions: [transversal]`) serves each of them with the same items.
        """
        common = pool.professions == (TRANSVERSAL,)
        tags = self._tags(replace(pool, professions=()) if common else pool)
        known = (audience.id for audience in self.framework.professions)
        return tuple(name for name in known if tags is None or name in tags)

    def _tags(self, pool: Pool) -> set[str] | None:
        """The professions whose items a pool takes; None when it takes all."""
        tags: set[str] | None = None
        if pool.referentiel is not None:
            tags = {TRANSVERSAL, *self._referentiel(pool.referentiel).professions}
        if pool.professions:
            named = {TRANSVERSAL, *pool.professions}
            tags = named if tags is None else tags & named
        return tags

    def _referentiel(self, referentiel_id: str) -> Referentiel:
        try:
            return self.framework.referentiel(referentiel_id)
        except KeyError:
            known = ", ".join(referentiel.id for referentiel in self.framework.referentiels)
            raise InvalidRelease(
                f"there is no référentiel {referentiel_id!r}; known: {known or 'none'}"
            ) from None

    def _selected(self, pool: Pool) -> BoolArray:
        """Items in the topics, stages and levels of a pool, shape (n_items,)."""
        referentiel = None if pool.referentiel is None else self._referentiel(pool.referentiel)
        domain_of = self.framework.domain_of
        return np.array(
            [
                (not pool.stages or record["stage"] in pool.stages)
                and (not pool.competences or record["competence"] in pool.competences)
                and (pool.lowest_level is None or record["level"] >= pool.lowest_level)
                and (pool.highest_level is None or record["level"] <= pool.highest_level)
                and (
                    referentiel is None
                    or referentiel.takes(
                        domain_of[record["topic"]].id,
                        record["competence"],
                        record["topic"],
                        record["level"],
                    )
                )
                for record in self.records
            ],
            dtype=np.bool_,
        )

    @cached_property
    def words(self) -> IntArray:
        """Words a learner reads in each item, its document not counted, shape (n_items,)."""
        return _frozen_indices([_words(record) for record in self.records])

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
            "translations": [version.to_dict() for version in self.translations],
            "testlet_translations": [version.to_dict() for version in self.testlet_translations],
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
                translations=_read_all(payload.get("translations", ()), read_item_translation),
                testlet_translations=_read_all(
                    payload.get("testlet_translations", ()), read_testlet_translation
                ),
            )
            expected = _content_hash(
                release.framework,
                records,
                release.item_hashes,
                release.testlets,
                release.designs,
                release.parameter_set,
                (*release.translations, *release.testlet_translations),
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
    versions, testlet_versions = _entering_translations(content, items, testlets)
    return Release(
        content_hash=_content_hash(
            content.framework,
            records,
            hashes,
            testlets,
            designs,
            parameter_set,
            (*versions, *testlet_versions),
        ),
        framework=content.framework,
        item_ids=tuple(item.id for item in items),
        item_hashes=hashes,
        records=records,
        testlets=testlets,
        designs=designs,
        parameter_set=parameter_set,
        translations=versions,
        testlet_translations=testlet_versions,
        _items=dict(enumerate(items)),
    )


def with_parameter_set(release: Release, parameter_set: ParameterSet) -> Release:
    """Return the same items, designs and language versions with other parameters: another release.

    Raises
    ------
    InvalidRelease
        If the set is not one of as many items.
    """
    if len(parameter_set.parameters) != len(release):
        raise InvalidRelease(
            f"the parameter set holds {len(parameter_set.parameters)} items, the release {len(release)}"
        )
    return _hashed_again(replace(release, parameter_set=parameter_set, _items={}, _shown={}))


def with_designs(release: Release, designs: Iterable[Design]) -> Release:
    """Return the same items and parameters with these versions of some designs: another release.

    Raises
    ------
    InvalidRelease
        If the release has no design of that id.
    """
    own = {release.design(design.id).id: design for design in designs}
    changed = tuple(own.get(design.id, design) for design in release.designs)
    return _hashed_again(replace(release, designs=changed, _items={}, _shown={}))


def _hashed_again(release: Release) -> Release:
    content_hash = _content_hash(
        release.framework,
        release.records,
        release.item_hashes,
        release.testlets,
        release.designs,
        release.parameter_set,
        (*release.translations, *release.testlet_translations),
    )
    return replace(release, content_hash=content_hash)


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
    for version in content.translations:
        count("languages", version.language)
    return {"items": len(content.items), **counts}


def _entering_testlets(content: Content, outside: Mapping[str, str]) -> Iterable[Testlet]:
    for testlet in content.testlets:
        members = tuple(item_id for item_id in testlet.items if item_id not in outside)
        if members:
            yield Testlet(testlet.id, testlet.title, testlet.document, members)


def _entering_translations(
    content: Content, items: Sequence[Item], testlets: Sequence[Testlet]
) -> tuple[tuple[ItemTranslation, ...], tuple[TestletTranslation, ...]]:
    """Return the current versions of what is released; of a testlet, all its parts or none."""
    item_of = {item.id: item for item in items}
    testlet_of = {testlet.id: testlet for testlet in testlets}
    versions = {
        (version.language, version.id): version
        for version in content.translations
        if version.status in ENTERING and version.id in item_of and not version.is_stale(item_of[version.id])
    }
    documents = {
        (version.language, version.id): version
        for version in content.testlet_translations
        if version.status in ENTERING
        and version.id in testlet_of
        and not version.is_stale(testlet_of[version.id])
        and all((version.language, item_id) in versions for item_id in testlet_of[version.id].items)
    }
    home = {item_id: testlet.id for testlet in testlets for item_id in testlet.items}
    entering = (
        version
        for (language, item_id), version in versions.items()
        if item_id not in home or (language, home[item_id]) in documents
    )
    return (
        tuple(sorted(entering, key=lambda version: (version.language, version.id))),
        tuple(documents[name] for name in sorted(documents)),
    )


def _read_all(data: Iterable[Any], read: Callable[[Any], tuple[T | None, list[Fault]]]) -> tuple[T, ...]:
    found = []
    for entry in data:
        value, faults = read(entry)
        if value is None:
            raise InvalidRelease("; ".join(str(fault) for fault in faults))
        found.append(value)
    return tuple(found)


def _parameter_set(items: Sequence[Item], framework: Framework, *, provisional: bool) -> ParameterSet:
    difficulty_of = {level.number: level.difficulty for level in framework.item_levels}
    rows = [_parameters(item, difficulty_of) for item in items]
    columns = [frozen(column) for column in zip(*(row[1] for row in rows), strict=True)]
    by_level = [item for item, row in zip(items, rows, strict=True) if row[0] == LEVEL_RULE]
    note = RULE_NOTE if by_level else "Parameters stated in the files."
    return ParameterSet(
        parameters=ItemParameters(*columns[:4]),
        se_discrimination=columns[4],
        se_difficulty=columns[5],
        se_guessing=columns[6],
        se_upper_asymptote=columns[7],
        rule=tuple(row[0] for row in rows),
        provisional=provisional,
        note=note + PARTIAL_NOTE if any(item.partial for item in by_level) else note,
        steps={
            index: _steps(item, difficulty_of[item.level]) for index, item in enumerate(items) if item.partial
        },
    )


def _steps(item: Item, difficulty: float) -> tuple[float, ...]:
    if item.parameters is not None:
        return item.parameters.steps
    middle = (item.maximum_score - 1) / 2
    return tuple(
        round(difficulty + _BETWEEN_STEPS * (step - middle), 6) for step in range(item.maximum_score)
    )


def _parameters(item: Item, difficulty_of: Mapping[int, float]) -> tuple[str, tuple[float, ...]]:
    stated = item.parameters
    if stated is not None:
        values = tuple(float(getattr(stated, name)) for name in _COLUMNS)
        errors = tuple(float(getattr(stated, f"se_{name}")) for name in _COLUMNS)
        return STATED_RULE, (*values, *errors)
    floor = item.guessing_floor
    return LEVEL_RULE, (
        *(1 / item.maximum_score, difficulty_of[item.level], floor, 1.0),
        *(_SE_DISCRIMINATION, _SE_DIFFICULTY, _SE_GUESSING if floor else 0.0, 0.0),
    )


def _content_hash(
    framework: Framework,
    records: Sequence[Mapping[str, Any]],
    hashes: Sequence[str],
    testlets: Sequence[Testlet],
    designs: Sequence[Design],
    parameter_set: ParameterSet,
    translations: Sequence[ItemTranslation | TestletTranslation] = (),
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
    if translations:  # a release from before language versions keeps its hash
        manifest["translations"] = [canonical_hash(version.to_dict()) for version in translations]
    return canonical_hash(manifest)


def _words(record: Mapping[str, Any]) -> int:
    texts = [record["stem"]]
    for name in ("options", "categories"):
        texts += [part["text"] for part in record.get(name, ())]
    return sum(len(_WORD.findall(text)) for text in texts)


def _frozen_indices(values: Sequence[int]) -> IntArray:
    array = np.array(values, dtype=np.int64)
    array.setflags(write=False)
    return array
