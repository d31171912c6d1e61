"""Text files out: a content written as the folder that :func:`item_bank.files.read` reads back equal.

The layout is that of the shipped bank, the order that of the ids: the same content gives the same bytes, so
that two exports can be compared line by line. What an author added beside the fields (comments, order of
items within a file) is not content and is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from item_bank.files import Content
from item_bank.item import Item, Testlet

_NOT_WRITTEN = {"language": "fr"}  # the reader's own default
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_WIDTH = 90


class _Writer(yaml.SafeDumper):
    """YAML as the bank's reader wants it: quotes where a bare word would be read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(writer: yaml.SafeDumper, value: str) -> yaml.Node:
    if ("\n" in value or len(value) > _WIDTH) and not any(
        line != line.rstrip(" ") or "\t" in line for line in value.split("\n")
    ):
        return writer.represent_scalar("tag:yaml.org,2002:str", value, style="|")
    bare = re.fullmatch(r"[A-Za-zÀ-ÿ][\w\-.]*", value) and value.lower() not in _NOT_BARE
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style=None if bare else '"')


def _list(writer: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    short = all(isinstance(part, str | int | float) and len(str(part)) <= 24 for part in value)
    return writer.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=short)


_NOT_BARE = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}
_Writer.add_representer(str, _text)
_Writer.add_representer(list, _list)


def files_of(content: Content) -> dict[str, str]:
    """Return the text files of a content by their path within its folder.

    Raises
    ------
    ValueError
        If the content has no framework, which every folder needs.
    """
    if content.framework is None:
        raise ValueError("content has no framework")
    framework = content.framework.to_dict()
    domains = framework.pop("domains")
    files = {"framework.yaml": _yaml(framework)}
    files |= {f"domains/{_name(domain['id'])}.yaml": _yaml(domain) for domain in domains}
    files |= item_files(content.items, content.testlets)
    files |= {
        f"designs/{_name(design.id)}.yaml": _yaml(_plain(design.to_dict())) for design in content.designs
    }
    files |= _translation_files(content)
    return dict(sorted(files.items()))


def item_files(items: Iterable[Item], testlets: Iterable[Testlet] = (), suffix: str = "") -> dict[str, str]:
    """Return the text files of items and cases; `suffix` sets their names apart from those already there."""
    by_competence: dict[str, list[dict[str, Any]]] = {}
    of_case: dict[str, dict[str, dict[str, Any]]] = {}
    for item in sorted(items, key=lambda item: item.id):
        record = _record(item)
        if item.testlet:
            record.pop("testlet")
            of_case.setdefault(item.testlet, {})[item.id] = record
        else:
            record.pop("competence")
            by_competence.setdefault(item.competence, []).append(record)
    files = {
        f"items/{_name(competence)}{suffix}.yaml": _yaml({"competence": competence, "items": records})
        for competence, records in by_competence.items()
    }
    for case in testlets:
        record = case.to_dict()
        members = of_case.get(case.id, {})
        record["items"] = [members[item_id] for item_id in case.items if item_id in members]
        if not record["document"]["fields"]:
            del record["document"]["fields"]
        files[f"cases/{_name(case.id)}{suffix}.yaml"] = _yaml(record)
    return files


def _translation_files(content: Content) -> dict[str, str]:
    """One file a language and competence, or case; the words that share it are those of its items."""
    home = {item.id: (item.testlet or "", item.competence) for item in content.items}
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for case in content.testlet_translations:
        record = _plain(case.to_dict())
        record.pop("language")
        del record["id"]
        found[case.language, case.id, ""] = {"testlet": case.id, **record, "items": []}
    for version in content.translations:
        testlet, competence = home[version.id]
        place = (version.language, testlet, "" if testlet else competence)
        record = _plain(version.to_dict())
        record.pop("language")
        found.setdefault(place, {"competence": competence, "items": []})["items"].append(record)
    return {
        f"translations/{language}/{_name(testlet or competence)}.yaml": _yaml(data)
        for (language, testlet, competence), data in found.items()
    }


def _record(item: Item) -> dict[str, Any]:
    data = item.to_dict()
    data["recheck"] = item.recheck
    return {name: value for name, value in data.items() if _NOT_WRITTEN.get(name) != value}


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def _name(identifier: str) -> str:
    if not _FILE_NAME.fullmatch(identifier) or ".." in identifier:
        raise ValueError(f"{identifier!r} cannot name a file")
    return identifier


def _yaml(data: Mapping[str, Any]) -> str:
    return yaml.dump(data, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=1_000_000)
