"""What changed between two releases, in words: keys first, because results depend on them.

Items, testlets, language versions and designs are compared by their id, field by field, in the dictionary
form of the text files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from item_bank.errors import FieldPath, dotted
from item_bank.presentation import right_answer
from item_bank.release import Release

_KEY_FIELDS = ("key", "accepted", "edit_distance", "tolerance", "scoring", "maximum")
_NOT_TEXT = ("status", "parameters")
_SMALLEST_MOVE = 1e-9


class FieldChange(NamedTuple):
    """One field before and after; None where it was not written."""

    field: str
    before: Any
    after: Any


class PartChange(NamedTuple):
    """An item, a testlet, a language version or a design that both releases have, and what differs in it."""

    id: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of one kind: those that only the later release has, only the earlier one, and what differs."""

    added: tuple[str, ...]
    withdrawn: tuple[str, ...]
    changed: tuple[PartChange, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "added": list(self.added),
            "withdrawn": list(self.withdrawn),
            "changed": [_part_dict(change) for change in self.changed],
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two releases.

    `keys` are items whose scoring key, or whose right answer in words, is another; their other changes stand
    in `items` with those of the others. `parameters` names what moved.
    """

    before: str
    after: str
    keys: tuple[PartChange, ...]
    items: Parts
    statuses: tuple[PartChange, ...]
    parameters: tuple[PartChange, ...]
    testlets: Parts
    translations: Parts
    designs: Parts
    framework: tuple[FieldChange, ...]
    parameter_set: tuple[FieldChange, ...]

    def __bool__(self) -> bool:
        return self.before != self.after

    def to_dict(self) -> dict[str, Any]:
        return {
            "before": self.before,
            "after": self.after,
            "keys": [_part_dict(change) for change in self.keys],
            "items": self.items.to_dict(),
            "statuses": [_part_dict(change) for change in self.statuses],
            "parameters": [_part_dict(change) for change in self.parameters],
            "testlets": self.testlets.to_dict(),
            "translations": self.translations.to_dict(),
            "designs": self.designs.to_dict(),
            "framework": [change._asdict() for change in self.framework],
            "parameter_set": [change._asdict() for change in self.parameter_set],
        }


def _part_dict(change: PartChange) -> dict[str, Any]:
    return {"id": change.id, "fields": [field._asdict() for field in change.fields]}


def difference(before: Release, after: Release) -> Difference:
    """Return what differs between two releases, `after` being the later one."""
    both = [item_id for item_id in after.item_ids if item_id in before.index]
    return Difference(
        before=before.content_hash,
        after=after.content_hash,
        keys=_named((item_id, _key_changes(before, after, item_id)) for item_id in both),
        items=_parts(_texts(before), _texts(after)),
        statuses=_named(
            (item_id, _fields(_status(before, item_id), _status(after, item_id))) for item_id in both
        ),
        parameters=_moves(before, after),
        testlets=_parts(
            {testlet.id: testlet.to_dict() for testlet in before.testlets},
            {testlet.id: testlet.to_dict() for testlet in after.testlets},
        ),
        translations=_parts(_translations(before), _translations(after)),
        designs=_parts(
            {design.id: design.to_dict() for design in before.designs},
            {design.id: design.to_dict() for design in after.designs},
        ),
        framework=_fields(before.framework.to_dict(), after.framework.to_dict()),
        parameter_set=_fields(_about_parameters(before), _about_parameters(after)),
    )


def _texts(release: Release) -> dict[str, Mapping[str, Any]]:
    return {
        record["id"]: {name: value for name, value in record.items() if name not in _NOT_TEXT}
        for record in release.records
    }


def _status(release: Release, item_id: str) -> Mapping[str, Any]:
    return {"status": release.records[release.index[item_id]]["status"]}


def _about_parameters(release: Release) -> Mapping[str, Any]:
    return {"provisional": release.parameter_set.provisional, "note": release.parameter_set.note}


def _translations(release: Release) -> dict[str, Mapping[str, Any]]:
    items = {f"{version.id} ({version.language})": version.to_dict() for version in release.translations}
    return items | {
        f"{version.id} ({version.language})": version.to_dict() for version in release.testlet_translations
    }


def _key_changes(before: Release, after: Release, item_id: str) -> tuple[FieldChange, ...]:
    index, later = before.index[item_id], after.index[item_id]
    if before.item_hashes[index] == after.item_hashes[later]:
        return ()
    old, new = before.records[index], after.records[later]
    changes = _fields(
        {name: old[name] for name in _KEY_FIELDS if name in old},
        {name: new[name] for name in _KEY_FIELDS if name in new},
    )
    # The letter of the right option may stay while the text behind it becomes that of another.
    words = FieldChange("right answer", right_answer(before.item(index)), right_answer(after.item(later)))
    return changes if words.before == words.after else (*changes, words)


def _moves(before: Release, after: Release) -> tuple[PartChange, ...]:
    old, new = _columns(before), _columns(after)
    return _named(
        (
            item_id,
            tuple(
                FieldChange(name, was, now)
                for name in new
                if name in old
                for was, now in [(old[name][before.index[item_id]], new[name][after.index[item_id]])]
                if _moved(was, now)
            ),
        )
        for item_id in after.item_ids
        if item_id in before.index
    )


def _columns(release: Release) -> Mapping[str, Sequence[Any]]:
    """The parameters by name, each a column over the items; standard errors and their rule are left out."""
    return {
        name: column
        for name, column in release.parameter_set.to_dict().items()
        if isinstance(column, list) and len(column) == len(release) and not name.startswith(("se_", "rule"))
    }


def _moved(was: Any, now: Any) -> bool:
    if isinstance(was, int | float) and isinstance(now, int | float):
        return abs(was - now) > _SMALLEST_MOVE
    return bool(was != now)


def _parts(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Parts:
    return Parts(
        added=tuple(name for name in sorted(after) if name not in before),
        withdrawn=tuple(name for name in sorted(before) if name not in after),
        changed=_named(
            (name, _fields(before[name], after[name])) for name in sorted(after) if name in before
        ),
    )


def _named(changes: Iterable[tuple[str, tuple[FieldChange, ...]]]) -> tuple[PartChange, ...]:
    return tuple(PartChange(name, fields) for name, fields in changes if fields)


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    return tuple(_walk((), before, after)) if before != after else ()


def _walk(path: FieldPath, before: Any, after: Any) -> Iterator[FieldChange]:
    """Yield the leaves that differ; blocks of a list that have an id are compared by it."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _walk((*path, name), before.get(name), after.get(name))
        return
    if _are_blocks(before) and _are_blocks(after):
        old, new = ({block["id"]: block for block in blocks} for blocks in (before, after))
        for name in [*old, *(name for name in new if name not in old)]:
            yield from _walk((*path, name), old.get(name), new.get(name))
        common = [name for name in old if name in new]
        if common != [name for name in new if name in old]:
            yield FieldChange(f"{dotted(path)} (order)", list(old), list(new))
        return
    yield FieldChange(dotted(path), before, after)


def _are_blocks(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and len(value) > 0
        and all(isinstance(block, Mapping) and "id" in block for block in value)
        and max(Counter(block["id"] for block in value).values()) == 1
    )


# --- in words ----------------------------------------------------------------------------------------------


def in_words(found: Difference) -> str:
    """Return the difference as an editor reads it, the gravest first."""
    lines = [f"from {found.before[:12]} to {found.after[:12]}"]
    if not found:
        return f"{lines[0]}: nothing differs"
    if found.keys:
        lines += [
            "",
            f"!!! KEYS CHANGED: {len(found.keys)}",
            "    Whoever answered them may have to be scored again.",
        ]
        lines += _changed_lines(found.keys)
    lines += _part_lines("item", found.items)
    if found.statuses:
        lines += ["", f"{_count(len(found.statuses), 'status', 'statuses')} changed"]
        lines += [f"  {name}: {fields[0].before} to {fields[0].after}" for name, fields in found.statuses]
    lines += _parameter_lines(found)
    for kind, parts in (
        ("testlet", found.testlets),
        ("language version", found.translations),
        ("design", found.designs),
    ):
        lines += _part_lines(kind, parts)
    if found.framework:
        lines += ["", "framework changed", *_field_lines(found.framework, "  ")]
    return "\n".join(lines)


def _part_lines(kind: str, parts: Parts) -> list[str]:
    lines = []
    for verb, names in (("added", parts.added), ("withdrawn", parts.withdrawn)):
        if names:
            lines += ["", f"{_count(len(names), kind)} {verb}: {', '.join(names)}"]
    if parts.changed:
        lines += ["", f"{_count(len(parts.changed), kind)} changed", *_changed_lines(parts.changed)]
    return lines


def _changed_lines(changes: Sequence[PartChange]) -> list[str]:
    lines = []
    for change in changes:
        lines += [f"  {change.id}", *_field_lines(change.fields, "    ")]
    return lines


def _field_lines(changes: Sequence[FieldChange], indent: str) -> list[str]:
    lines = []
    for field, before, after in changes:
        texts = [_written(value) for value in (before, after)]
        if before is None or after is None:
            verb, text = ("added", texts[1]) if before is None else ("removed", texts[0])
            lines += [f"{indent}{field} {verb}: {text}"]
        elif max(len(text) for text in texts) <= 40 and not any("\n" in text for text in texts):
            lines += [f"{indent}{field}: {texts[0]} -> {texts[1]}"]
        else:
            lines += [f"{indent}{field}"]
            lines += [f"{indent}  - {line}" for line in texts[0].splitlines()]
            lines += [f"{indent}  + {line}" for line in texts[1].splitlines()]
    return lines


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value.strip() or "(empty)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_written(part)}" for name, part in value.items())
    if isinstance(value, Sequence):
        return ", ".join(_written(part) for part in value) or "(none)"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _parameter_lines(found: Difference) -> list[str]:
    lines = []
    if found.parameter_set:
        lines += ["", "parameter set", *_field_lines(found.parameter_set, "  ")]
    if found.parameters:
        lines += ["", f"parameters of {_count(len(found.parameters), 'item')} moved"]
        lines += [
            f"  {name}: "
            + "; ".join(f"{field} {_written(old)} -> {_written(new)}" for field, old, new in fields)
            for name, fields in found.parameters
        ]
    return lines


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
