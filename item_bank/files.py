"""Text files in: a folder of YAML becomes a `Content`, every mistake a `Problem` with file, line and field.

The files are composed into YAML nodes, not loaded: nodes know their lines. Bare words are read by stricter
rules than YAML 1.1's: no octal or base-60 number, no merge key, no alias, no tag.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml

from item_bank.design import Design, read_design, unknown_nodes
from item_bank.errors import Fault, FieldPath, dotted
from item_bank.fields import Fields, did_you_mean
from item_bank.framework import Domain, Framework, read_domain, read_framework
from item_bank.item import LANGUAGES, Item, Status, Testlet, read_item, read_testlet, subject_of
from item_bank.translation import (
    ItemTranslation,
    TestletTranslation,
    read_item_translation,
    read_testlet_translation,
    words_hash,
)

LARGEST_FILE = 1 << 20
DEEPEST = 24
_FOLDERS = ("domains", "items", "cases", "designs")
_OUTSIDE = (Status.DRAFT, Status.SUSPENDED, Status.RETIRED)

AnyTranslation = TypeVar("AnyTranslation", ItemTranslation, TestletTranslation)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a bank file, told to its author.

    One that is not `blocking` keeps a language version out and lets the bank go on without it.
    """

    file: str
    line: int
    field: str
    message: str
    advice: str = ""
    subject: str = ""
    blocking: bool = True

    def __str__(self) -> str:
        subject = f"{self.subject}: " if self.subject else ""
        name = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}: {subject}{name}{self.message}" + (
            f" {self.advice}" if self.advice else ""
        )


class Origin(NamedTuple):
    """Where something was declared."""

    file: str
    line: int


def row_name(design_id: str, index: int) -> str:
    """Name a row of a blueprint as ``Content.origins`` does."""
    return f"{design_id}.blueprint[{index}]"


def version_name(source_id: str, language: str) -> str:
    """Name the language version of an item or a testlet as ``Content.origins`` does."""
    return f"{source_id} ({language})"


@dataclass(frozen=True)
class Content:
    """What a folder holds, as far as it could be read; items and testlets in the order of their ids.

    Language versions are in the order of their languages, then of their ids; none of them is stale.
    """

    framework: Framework | None
    items: tuple[Item, ...] = ()
    testlets: tuple[Testlet, ...] = ()
    designs: tuple[Design, ...] = ()
    translations: tuple[ItemTranslation, ...] = ()
    testlet_translations: tuple[TestletTranslation, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False)

    def item(self, item_id: str) -> Item:
        """Return an item by its id."""
        return next(item for item in self.items if item.id == item_id)


class Reading(NamedTuple):
    """The content of a folder, and all that is wrong with its files."""

    content: Content
    problems: tuple[Problem, ...]


def read(folder: Path | str) -> Reading:
    """Read a content folder. Never raises on what the files hold: all their mistakes are returned at once."""
    root = Path(folder)
    reader = _Reader(root)
    documents = {name: list(reader.documents(name)) for name in _FOLDERS}
    framework = reader.framework(documents["domains"])
    known = _Known.of(framework, [document.data for document in documents["domains"]])
    items, testlets = reader.items(documents["items"], documents["cases"])
    reader.cross_check(items, testlets, known)
    translations, testlet_translations = reader.translations(items, testlets)
    designs = reader.designs(documents["designs"], framework if not reader.domains_are_broken else None)
    content = Content(
        framework=framework,
        items=tuple(sorted(items.values(), key=lambda item: item.id)),
        testlets=tuple(sorted(testlets.values(), key=lambda testlet: testlet.id)),
        designs=tuple(sorted(designs.values(), key=lambda design: design.id)),
        translations=tuple(sorted(translations, key=lambda version: (version.language, version.id))),
        testlet_translations=tuple(
            sorted(testlet_translations, key=lambda version: (version.language, version.id))
        ),
        origins=reader.origins,
    )
    return Reading(content, tuple(sorted(set(reader.problems))))


@dataclass(frozen=True)
class _Document:
    """One parsed file: plain data, and the line of every path in it."""

    file: str
    data: dict[str, Any]
    lines: dict[FieldPath, int]

    def line(self, path: FieldPath) -> int:
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


@dataclass(frozen=True)
class _Known:
    """Ids that items may refer to, those of domain files with a mistake (reported there) included."""

    topics_of: Mapping[str, frozenset[str]]
    professions: tuple[str, ...] | None
    stages: tuple[str, ...] | None

    @classmethod
    def of(cls, framework: Framework | None, domains: Iterable[Mapping[str, Any]]) -> _Known:
        topics_of: dict[str, frozenset[str]] = {}
        for domain in domains:
            for competence in _mappings(domain.get("competences")):
                topics = frozenset(str(topic.get("id")) for topic in _mappings(competence.get("topics")))
                topics_of[str(competence.get("id"))] = topics
        return cls(
            topics_of,
            None if framework is None else tuple(audience.id for audience in framework.professions),
            None if framework is None else tuple(audience.id for audience in framework.stages),
        )


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (element for element in value if isinstance(element, Mapping))


class _Reader:
    """The folder being read, and the problems found so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.origins: dict[str, Origin] = {}
        self.documents_of: dict[str, tuple[_Document, FieldPath]] = {}
        self.domains_are_broken = False

    def report(
        self,
        document: _Document,
        fault: Fault,
        prefix: FieldPath = (),
        subject: str = "",
        *,
        blocking: bool = True,
    ) -> None:
        path = fault.path if fault.path[: len(prefix)] == prefix else (*prefix, *fault.path)
        self.problems.append(
            Problem(
                document.file,
                document.line(path),
                dotted(path[len(prefix) :]),
                fault.message,
                fault.advice,
                subject,
                blocking,
            )
        )

    # --- files to data ---------------------------------------------------------------------------------

    def documents(self, name: str) -> Iterator[_Document]:
        folder = self.root / name
        if not folder.is_dir():
            return
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.suffix in {".md", ".txt"}:
                continue
            if path.suffix != ".yaml":
                self.problems.append(
                    Problem(
                        f"{name}/{path.name}",
                        1,
                        "",
                        "is not a .yaml file and is not read.",
                        "Rename it with the ending .yaml, or move it out.",
                    )
                )
                continue
            document = self.document(path)
            if document is not None:
                yield document
            elif name == "domains":
                self.domains_are_broken = True

    def document(self, path: Path) -> _Document | None:
        file = path.relative_to(self.root).as_posix()
        text = self.text(path, file)
        if text is None:
            return None
        parsed = _parse(text, file)
        self.problems.extend(parsed.problems)
        if parsed.broken:
            return None
        if not isinstance(parsed.data, dict):
            self.problems.append(
                Problem(file, 1, "", "does not hold a block of fields.", "Start with `id:` or `competence:`.")
            )
            return None
        return _Document(file, parsed.data, parsed.lines)

    def text(self, path: Path, file: str) -> str | None:
        try:
            if path.stat().st_size > LARGEST_FILE:
                self.problems.append(
                    Problem(
                        file, 1, "", "is larger than 1 MB and is not read.", "Split it into several files."
                    )
                )
                return None
            content = path.read_bytes()
        except OSError as error:
            self.problems.append(
                Problem(file, 1, "", f"cannot be read: {error.strerror}.", "Check its permissions.")
            )
            return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.problems.append(
                Problem(file, line, "", "is not in UTF-8.", "Save the file again with the encoding UTF-8.")
            )
            return None

    # --- data to content -------------------------------------------------------------------------------

    def declare(self, name: str, what: str, document: _Document, path: FieldPath) -> bool:
        """Note where an id is declared; report it when it already was."""
        line = document.line((*path, "id"))
        first = self.origins.get(name)
        if first is None:
            self.origins[name] = Origin(document.file, line)
            self.documents_of[name] = (document, path)
            return True
        self.problems.append(
            Problem(
                document.file,
                line,
                "id",
                f'the {what} id "{name}" is already used in {first.file}, line {first.line}.',
                "Ids are unique and never reused: take the next free one.",
                name,
            )
        )
        return False

    def framework(self, documents: list[_Document]) -> Framework | None:
        domains: list[Domain] = []
        for document in documents:
            fields = Fields(document.data)
            domain = read_domain(fields)
            for fault in fields.faults:
                self.report(document, fault)
            if domain is None:
                self.domains_are_broken = True
            elif self.declare(domain.id, "domain", document, ()) and self.declare_parts(domain, document):
                domains.append(domain)
        path = self.root / "framework.yaml"
        if not path.is_file():
            self.problems.append(
                Problem("framework.yaml", 1, "", "is missing.", "A bank has one framework.yaml at its top.")
            )
            return None
        found = self.document(path)
        if found is None:
            return None
        fields = Fields(found.data)
        framework = read_framework(fields, domains)
        for fault in fields.faults:
            self.report(found, fault)
        return framework

    def declare_parts(self, domain: Domain, document: _Document) -> bool:
        unique = True
        for index, competence in enumerate(domain.competences):
            path: FieldPath = ("competences", index)
            unique &= self.declare(competence.id, "competence", document, path)
            for position, topic in enumerate(competence.topics):
                unique &= self.declare(topic.id, "topic", document, (*path, "topics", position))
        self.domains_are_broken |= not unique
        return unique

    def items(
        self, stand_alone: list[_Document], cases: list[_Document]
    ) -> tuple[dict[str, Item], dict[str, Testlet]]:
        items: dict[str, Item] = {}
        testlets: dict[str, Testlet] = {}
        for document in stand_alone:
            fields = Fields(document.data)
            competence = fields.text("competence", longest=30)
            entries = self.entries(fields)
            fields.no_other()
            for fault in fields.faults:
                self.report(document, fault)
            for index, entry in entries:
                self.item(document, index, {"competence": competence, **entry}, items)
        for document in cases:
            fields = Fields(document.data)
            entries = self.entries(fields)
            ids = tuple(subject_of(entry) for _, entry in entries)
            testlet = read_testlet(fields, ids)
            fields.no_other()
            for fault in fields.faults:
                self.report(document, fault)
            name = subject_of(document.data)
            read_all = [
                self.item(document, index, {**entry, "testlet": name}, items) for index, entry in entries
            ]
            if testlet is not None and self.declare(testlet.id, "testlet", document, ()) and all(read_all):
                testlets[testlet.id] = testlet
            else:
                for item_id in ids:
                    items.pop(item_id, None)
        return items, testlets

    def entries(self, fields: Fields) -> list[tuple[int, dict[str, Any]]]:
        entries = fields.value("items")
        if entries is None:
            return []
        if not isinstance(entries, list):
            fields.fault("items", "a list of items is expected.", "Start each item with `- id:`.")
            return []
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                fields.fault(("items", index), "is not an item.", "Start each item with `- id:`.")
        return [(index, entry) for index, entry in enumerate(entries) if isinstance(entry, dict)]

    def item(self, document: _Document, index: int, entry: dict[str, Any], items: dict[str, Item]) -> bool:
        path: FieldPath = ("items", index)
        name = subject_of(entry)
        item, faults = read_item(entry)
        for fault in faults:
            self.report(document, fault, path, name)
        unique = not name or self.declare(name, "item", document, path)
        if item is None or not unique:
            return False
        items[item.id] = item
        return True

    def designs(self, documents: list[_Document], framework: Framework | None) -> dict[str, Design]:
        designs: dict[str, Design] = {}
        for document in documents:
            fields = Fields(document.data)
            design = read_design(fields)
            faults = list(fields.faults)
            if design is not None and framework is not None:
                faults += unknown_nodes(design, framework)
            for fault in faults:
                self.report(document, fault, subject=subject_of(document.data))
            if design is not None and not faults and self.declare(design.id, "design", document, ()):
                designs[design.id] = design
                for index in range(len(design.rows)):
                    line = document.line(("blueprint", index))
                    self.origins[row_name(design.id, index)] = Origin(document.file, line)
        return designs

    # --- between files ---------------------------------------------------------------------------------

    def cross_check(self, items: dict[str, Item], testlets: dict[str, Testlet], known: _Known) -> None:
        """Report references to what does not exist, and drop the items at fault."""
        for item in list(items.values()):
            faults = list(_unknown_references(item, known, self.origins))
            if faults:
                document, path = self.documents_of[item.id]
                for fault in faults:
                    self.report(document, fault, path, item.id)
                del items[item.id]
        for testlet in list(testlets.values()):
            members = [items[item_id] for item_id in testlet.items if item_id in items]
            document, _ = self.documents_of[testlet.id]
            topics = [item.topic for item in members]
            for position, item in enumerate(members):
                if item.topic in topics[:position]:
                    self.report(
                        document,
                        Fault(
                            ("topic",),
                            f'"{item.topic}" is the topic of another item of this case.',
                            "A test asks one item per topic: give each item of a case its own.",
                        ),
                        self.documents_of[item.id][1],
                        item.id,
                    )
            if len(members) < len(testlet.items):
                for item in members:
                    del items[item.id]
                del testlets[testlet.id]

    # --- language versions -----------------------------------------------------------------------------

    def translations(
        self, items: Mapping[str, Item], testlets: Mapping[str, Testlet]
    ) -> tuple[list[ItemTranslation], list[TestletTranslation]]:
        """Read the language versions; those that do not fit or are stale are reported and left out."""
        of_items: list[ItemTranslation] = []
        of_testlets: list[TestletTranslation] = []
        folder = self.root / "translations"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name.startswith(".") or path.suffix in {".md", ".txt"}:
                continue
            if not path.is_dir() or path.name not in LANGUAGES:
                self.problems.append(
                    Problem(
                        f"translations/{path.name}",
                        1,
                        "",
                        "is not the folder of a language and is not read.",
                        f"One folder a language: {', '.join(LANGUAGES)}.",
                    )
                )
                continue
            for document in self.documents(f"translations/{path.name}"):
                self.versions(document, path.name, items, testlets, of_items, of_testlets)
        self.report_parts_of_testlets(items, testlets, of_items, of_testlets)
        return of_items, of_testlets

    def versions(
        self,
        document: _Document,
        language: str,
        items: Mapping[str, Item],
        testlets: Mapping[str, Testlet],
        of_items: list[ItemTranslation],
        of_testlets: list[TestletTranslation],
    ) -> None:
        fields = Fields(document.data)
        name = fields.text("testlet", required=False, longest=60)
        competence = fields.text("competence", required=not name, longest=30)
        shared = {field: document.data[field] for field in ("translator", "status") if fields.has(field)} | {
            "language": language
        }
        fields.skip("translator", "status", *(("of", "title", "document") if name else ()))
        entries = self.entries(fields)
        fields.no_other()
        for fault in fields.faults:
            self.report(document, fault)
        if name:
            data = {field: document.data.get(field) for field in ("of", "title", "document")}
            found, faults = read_testlet_translation({**data, **shared, "id": name})
            for fault in faults:
                self.report(document, fault, (), version_name(name, language))
            source = testlets.get(name)
            if self.is_version(document, (), "testlet", name, language, source) and found and source:
                of_testlets.extend(self.fitting(document, (), found, source))
        for index, entry in entries:
            path: FieldPath = ("items", index)
            item_id = subject_of(entry)
            version, faults = read_item_translation({**shared, **entry, "language": language})
            for fault in faults:
                self.report(document, fault, path, version_name(item_id, language))
            item = items.get(item_id)
            if (
                not self.is_version(document, path, "item", item_id, language, item)
                or not version
                or not item
            ):
                continue
            misplaced = (name and item.testlet != name) or (competence and item.competence != competence)
            if misplaced:
                home = item.testlet or item.competence
                fault = Fault(("id",), f'"{item_id}" is an item of {home}.', "Move it to the file of that.")
                self.report(document, fault, path, version_name(item_id, language))
                continue
            of_items.extend(self.fitting(document, path, version, item))

    def is_version(
        self,
        document: _Document,
        path: FieldPath,
        what: str,
        name: str,
        language: str,
        source: Item | Testlet | None,
    ) -> bool:
        """Say whether this is the one version of something of the bank; report it when it is not."""
        if not name:
            return False
        if source is None:
            if name not in self.origins:  # else its own file says what is wrong with it
                known = [known for known in self.origins if known.startswith(name[:2])]
                fault = Fault(
                    ("id" if path else "testlet",),
                    f'"{name}" is not {"an" if what == "item" else "a"} {what} of the bank.',
                    did_you_mean(name, known),
                )
                self.report(document, fault, path, version_name(name, language))
            return False
        return self.declare(version_name(name, language), "version", document, path)

    def fitting(
        self, document: _Document, path: FieldPath, version: AnyTranslation, source: Any
    ) -> Iterator[AnyTranslation]:
        """Yield the version when it fits what it translates."""
        name = version_name(version.id, version.language)
        faults = list(version.faults(source))
        for fault in faults:
            self.report(document, fault, path, name)
        if not faults and version.is_stale(source):
            fault = Fault(
                ("of",),
                f"is stale: the words translated had the hash {version.of}, those of today have "
                f"{words_hash(source)}.",
                f'Compare the two, then write `of: "{words_hash(source)}"`.',
            )
            self.report(document, fault, path, name, blocking=False)
        elif not faults:
            yield version

    def report_parts_of_testlets(
        self,
        items: Mapping[str, Item],
        testlets: Mapping[str, Testlet],
        of_items: Iterable[ItemTranslation],
        of_testlets: Iterable[TestletTranslation],
    ) -> None:
        """Report the testlets of which only a part has a version: they are shown as written, whole."""
        documents = {(version.language, version.id) for version in of_testlets}
        translated = {(version.language, version.id) for version in of_items}
        for testlet in testlets.values():
            members = [item_id for item_id in testlet.items if items[item_id].status not in _OUTSIDE]
            for language in LANGUAGES:
                missing = [item_id for item_id in members if (language, item_id) not in translated]
                if (language, testlet.id) not in documents:
                    missing.append(testlet.id)
                if 0 < len(missing) <= len(members):
                    first = next(
                        name
                        for name in (version_name(part, language) for part in (testlet.id, *testlet.items))
                        if name in self.documents_of
                    )
                    document, path = self.documents_of[first]
                    fault = Fault(
                        (),
                        f"only a part of the testlet {testlet.id} has a current version: "
                        f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.",
                        "A testlet is shown in a language whole or not at all.",
                    )
                    self.report(document, fault, path, version_name(testlet.id, language), blocking=False)


def _unknown_references(item: Item, known: _Known, declared: Mapping[str, Origin]) -> Iterator[Fault]:
    topics = known.topics_of.get(item.competence)
    if topics is None:
        yield Fault(
            ("competence",),
            f'"{item.competence}" is not a competence of the framework.',
            did_you_mean(item.competence, known.topics_of),
        )
    elif item.topic not in topics:
        yield Fault(
            ("topic",),
            f'"{item.topic}" is not a topic of the competence {item.competence}.',
            did_you_mean(item.topic, topics),
        )
    if known.professions is not None:
        for index, profession in enumerate(item.professions):
            if profession not in known.professions:
                yield Fault(
                    ("professions", index),
                    f'"{profession}" is not a profession of the framework.',
                    did_you_mean(profession, known.professions),
                )
    if known.stages is not None and item.stage not in known.stages:
        yield Fault(
            ("stage",),
            f'"{item.stage}" is not a stage of the framework.',
            did_you_mean(item.stage, known.stages),
        )
    for index, enemy in enumerate(item.enemies):
        if enemy not in declared:
            yield Fault(("enemies", index), f'"{enemy}" is not an item of the bank.', "Correct or remove it.")


# --- YAML --------------------------------------------------------------------------------------------------


@dataclass
class _Parsed:
    """Plain data with its lines; `broken` when the text is not YAML at all."""

    file: str
    data: Any = None
    lines: dict[FieldPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: bool = False

    def report(self, line: int, path: FieldPath, message: str, advice: str = "") -> None:
        self.problems.append(Problem(self.file, line, dotted(path), message, advice))

    def break_off(self, line: int, message: str, advice: str = "") -> None:
        self.broken = True
        self.report(line, (), message, advice)

    def break_off_syntax(self, line: int, what: str) -> None:
        advice = next((advice for sign, advice in _SYNTAX_ADVICE if sign in what), "")
        self.break_off(line, f"is not valid YAML: {what}.", advice)


_SYNTAX_ADVICE = (
    ("a tab stands", "Indent with spaces: YAML accepts no tab there."),
    ("mapping values are not allowed", "Put in quotes a value that holds a colon followed by a space."),
    ("expected <block end>", "Check the indentation, and the quotes of the lines above."),
    ("expected key", "Check the indentation, and the quotes of the lines above."),
    ("unexpected end of stream", "A quote or a bracket is opened and never closed."),
    ("cannot start any token", "Put in quotes a value that starts with one of @ ` % & * ! | > { [."),
    ("control characters are not allowed", "Remove the invisible character."),
    ("undefined alias", "Put in quotes a value that starts with *."),
    ("found another document", "One document per file: remove the line `---`."),
)


def _parse(text: str, file: str) -> _Parsed:
    parsed = _Parsed(file)
    try:
        line = _too_deep(text)
        if line is not None:
            parsed.break_off(line, f"is nested more than {DEEPEST} levels deep.", "A bank file needs six.")
            return parsed
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = str(error.problem or error.context)
        if mark is not None and [*text.split("\n"), ""][mark.line][mark.column :].startswith("\t"):
            what = "a tab stands in the indentation"
        parsed.break_off_syntax(mark.line + 1 if mark else 1, what)
        return parsed
    except yaml.reader.ReaderError as error:
        parsed.break_off_syntax(text.count("\n", 0, error.position or 0) + 1, str(error.reason))
        return parsed
    parsed.data = None if node is None else _plain(node, (), parsed, set())
    return parsed


def _too_deep(text: str) -> int | None:
    """Return the line where the text nests too deep: the composer is recursive and could overflow."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                return int(event.start_mark.line) + 1  # type: ignore[union-attr]
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_INTEGER = re.compile(r"-?(?:0|[1-9]\d*)")
_FLOAT = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?")
_SPECIAL = {".nan": float("nan"), ".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf")}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _plain(node: yaml.Node, path: FieldPath, parsed: _Parsed, seen: set[int]) -> Any:
    line = node.start_mark.line + 1
    parsed.lines.setdefault(path, line)
    if id(node) in seen:
        advice = "Write the value again, or quote a text starting with *."
        parsed.report(line, path, "uses a YAML alias.", advice)
        return None
    seen.add(id(node))
    if not str(node.tag).startswith("tag:yaml.org,2002:") or "python" in str(node.tag):
        parsed.report(line, path, f"uses the YAML tag {node.tag}.", "Quote a text that starts with `!`.")
        return None
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.style else _bare_word(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, index), parsed, seen) for index, child in enumerate(node.value)]
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key_line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            parsed.report(key_line, path, "has a field whose name is not a word.", "Write `name: value`.")
            continue
        key = key_node.value
        if key in data:
            first = parsed.lines[(*path, key)]
            parsed.report(
                key_line, (*path, key), f"is given twice, first at line {first}.", "Keep one of the two."
            )
            continue
        parsed.lines[(*path, key)] = key_line
        data[key] = _plain(value_node, (*path, key), parsed, seen)
    return data


def _bare_word(word: str) -> Any:
    if word in ("", "~", "null"):
        return None
    if word.lower() in _BOOLEANS:
        return _BOOLEANS[word.lower()]
    if _INTEGER.fullmatch(word) and len(word) <= 18:
        return int(word)
    if word.lower() in _SPECIAL:
        return _SPECIAL[word.lower()]
    if _FLOAT.fullmatch(word):
        return float(word)
    if _DAY.fullmatch(word):
        try:
            return datetime.date.fromisoformat(word)
        except ValueError:
            return word
    return word
