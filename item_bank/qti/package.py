"""QTI content packages: the bank as a zip file that other tools read, and theirs as items of the bank.

What QTI has no place for (competence, level, sources, status...) stands beside each item in a file of its own
vocabulary, ``palier/<id>.xml``. So does each field that QTI's own reading does not give back exactly, with
the hash of that reading: when another tool has changed the item since, the reading differs, and QTI wins.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

from lxml import etree

from item_bank.archive import Archive, open_archive, parse_xml
from item_bank.errors import Fault, ImportProblem, InvalidTestlet, RefusedImport
from item_bank.item import (
    ITEM_ID,
    Interaction,
    Item,
    NumericKey,
    ShortTextKey,
    Testlet,
    canonical_hash,
    read_item,
)
from item_bank.qti.markup import Element, local
from item_bank.qti.reading import NativeItem, modernised, read_document, read_native
from item_bank.qti.writing import TOOL, serialise, write_item, write_stimulus

MANIFEST = "imsmanifest.xml"
PACKAGING = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
METADATA = "http://www.imsglobal.org/xsd/imsqti_metadata_v3p0"
OWN = "urn:palier:item:1"
HASH_LENGTH = 16
MOST_ITEMS = 2_000

_ITEM_TYPE = re.compile(r"imsqti_(apip)?item_xmlv(2p[0-2]|3p0)(p\d)?")
_STIMULUS_TYPE = re.compile(r"imsqti_(apip)?(assessment)?stimulus_xmlv(2p[0-2]|3p0)(p\d)?")
_DATE = (1980, 1, 1, 0, 0, 0)  # of every member: the same bank gives the same bytes


class Note(NamedTuple):
    """Something that did not go over as it was: of which item, where, what became of it."""

    subject: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.place}: {self.message}"


class Exported(NamedTuple):
    """A package and what another tool will not find in it."""

    data: bytes
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Imported:
    """What a file from outside holds, all of it valid; `left_out` says why an item is not in it."""

    items: tuple[Item, ...]
    testlets: tuple[Testlet, ...] = ()
    notes: tuple[Note, ...] = ()
    left_out: tuple[Note, ...] = ()


# --- out -----------------------------------------------------------------------------------------------------


def write_package(items: Iterable[Item], testlets: Iterable[Testlet] = ()) -> Exported:
    """Return items and the documents of their testlets as a QTI 3.0 package.

    :func:`read_package` gives the same items and testlets back. The notes tell which fields other tools do not
    see and where their scoring differs. A testlet goes along when one of its items does.
    """
    chosen = sorted(items, key=lambda item: item.id)
    named = {item.testlet for item in chosen if item.testlet}
    cases = sorted((case for case in testlets if case.id in named), key=lambda case: case.id)
    known = {case.id for case in cases}
    files: dict[str, bytes] = {}
    resources: list[Element] = []
    notes: list[Note] = []
    for case in cases:
        language = next(item.language for item in chosen if item.testlet == case.id)
        href, own = f"stimuli/{case.id}.xml", f"palier/{case.id}.xml"
        files[href] = serialise(write_stimulus(case, language))
        native = _native_testlet(parse_xml(files[href], href))
        files[own] = _own(case.id, "testlet", case.to_dict(), native)
        resources.append(_resource(case.id, "imsqti_stimulus_xmlv3p0", (href, own)))
    for item in chosen:
        href, own = f"items/{item.id}.xml", f"palier/{item.id}.xml"
        stimulus = f"../stimuli/{item.testlet}.xml" if item.testlet in known else None
        files[href] = serialise(write_item(item, stimulus))
        found = read_native(parse_xml(files[href], href))
        files[own] = _own(item.id, "item", item.to_dict(), found.fields)
        dependency = str(item.testlet) if item.testlet in known else None
        resources.append(_resource(item.id, "imsqti_item_xmlv3p0", (href, own), _about(item), dependency))
        notes += _of_scoring(item)
        if item.testlet and item.testlet not in known:
            notes.append(Note(item.id, "testlet", f"{item.testlet} is not exported with it."))
    notes += _beside(chosen, files)
    manifest = _manifest(resources, canonical_hash([item.content_hash for item in chosen]))
    return Exported(_zipped({MANIFEST: serialise(manifest)} | files), tuple(notes))


def _own(identifier: str, kind: str, data: Mapping[str, Any], native: Mapping[str, Any]) -> bytes:
    root = etree.Element(f"{{{OWN}}}{kind}", {"id": identifier}, nsmap=_default(OWN))
    for name in sorted({*data, *native}):
        if data.get(name) != native.get(name):
            value = etree.SubElement(
                root, f"{{{OWN}}}field", {"name": name, "native": _hash(native.get(name))}
            )
            value.text = json.dumps(data.get(name), ensure_ascii=False)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _default(namespace: str) -> dict[str, str]:
    return cast("dict[str, str]", {None: namespace})


def _hash(value: Any) -> str:
    return canonical_hash(value)[:HASH_LENGTH]


def _about(item: Item) -> Element:
    interaction = {
        Interaction.SINGLE_CHOICE: "choiceInteraction",
        Interaction.MULTIPLE_CHOICE: "choiceInteraction",
        Interaction.ORDER: "orderInteraction",
        Interaction.MATCH: "matchInteraction",
        Interaction.SHORT_TEXT: "textEntryInteraction",
        Interaction.NUMERIC: "textEntryInteraction",
        Interaction.ZONE: "hottextInteraction",
    }[item.interaction]
    about = etree.Element(f"{{{METADATA}}}qtiMetadata", nsmap=_default(METADATA))
    for name, text in (
        ("timeDependent", "false"),
        ("interactionType", interaction),
        ("feedbackType", "nonadaptive"),
        ("solutionAvailable", "true"),
        ("toolName", TOOL),
    ):
        etree.SubElement(about, f"{{{METADATA}}}{name}").text = text
    return about


def _resource(
    identifier: str,
    kind: str,
    hrefs: tuple[str, ...],
    about: Element | None = None,
    dependency: str | None = None,
) -> Element:
    made = etree.Element(
        f"{{{PACKAGING}}}resource", {"identifier": identifier, "type": kind, "href": hrefs[0]}
    )
    if about is not None:
        etree.SubElement(made, f"{{{PACKAGING}}}metadata").append(about)
    for href in hrefs:
        etree.SubElement(made, f"{{{PACKAGING}}}file", {"href": href})
    if dependency:
        etree.SubElement(made, f"{{{PACKAGING}}}dependency", {"identifierref": dependency})
    return made


def _manifest(resources: Iterable[Element], content: str) -> Element:
    root = etree.Element(f"{{{PACKAGING}}}manifest", nsmap=_default(PACKAGING))
    root.set("identifier", f"PALIER-{content[:HASH_LENGTH]}")
    metadata = etree.SubElement(root, f"{{{PACKAGING}}}metadata")
    etree.SubElement(metadata, f"{{{PACKAGING}}}schema").text = "QTI Package"
    etree.SubElement(metadata, f"{{{PACKAGING}}}schemaversion").text = "3.0.0"
    etree.SubElement(root, f"{{{PACKAGING}}}organizations")
    listed = etree.SubElement(root, f"{{{PACKAGING}}}resources")
    listed.extend(resources)
    return root


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def _of_scoring(item: Item) -> list[Note]:
    key = item.scoring_key
    notes = []
    if isinstance(key, ShortTextKey):
        notes.append(
            Note(
                item.id,
                "scoring",
                "another player forgives capitals and missing accents, not articles or typing errors.",
            )
        )
    if isinstance(key, NumericKey):
        notes.append(Note(item.id, "scoring", "another player may want a decimal point, and no unit."))
    if item.partial and item.interaction is Interaction.ORDER:
        notes.append(Note(item.id, "scoring", "another player scores the order right or wrong, not in part."))
    return notes


def _beside(items: Iterable[Item], files: Mapping[str, bytes]) -> list[Note]:
    """Tell once per field, not once per item, what only this bank reads."""
    counts: Counter[str] = Counter()
    for item in items:
        for node in parse_xml(files[f"palier/{item.id}.xml"], item.id):
            counts[str(node.get("name"))] += 1
    counts.pop("id", None)
    return [
        Note(
            f"{count} item{'s' if count > 1 else ''}",
            name,
            "stands beside QTI in palier/*.xml: other tools leave it out or show it in another form.",
        )
        for name, count in sorted(counts.items())
    ]


# --- in ------------------------------------------------------------------------------------------------------


def read_package(
    data: bytes,
    *,
    place: str = "package",
    defaults: Mapping[str, Any] | None = None,
    leave_out: bool = False,
) -> Imported:
    """Read a QTI 3.0 or 2.x package, or the XML of a single item.

    `defaults` gives the fields of the bank that the package does not say (competence, topic, level...). With
    `leave_out`, items that the bank cannot ask are left out and told; without it they refuse the package.

    Raises
    ------
    RefusedImport
        With every problem of the package. Nothing of a refused package is returned.
    """
    if data[:4] != b"PK\x03\x04" and data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        archive = Archive({MANIFEST: b"", "item.xml": data})
        resources = [_Resource("item", "item", "item.xml", ("item.xml",), ())]
        notes: list[Note] = []
        base = ""
        place = f"{place}, "
    else:
        archive = open_archive(data, place)
        base = _base(archive, place)
        resources, notes = _resources(archive, base, place)
        place = ""
    reader = _PackageReader(archive, base, resources, dict(defaults or {}), leave_out, notes)
    return reader.read()


class _Resource(NamedTuple):
    identifier: str
    kind: str
    href: str
    files: tuple[str, ...]
    dependencies: tuple[str, ...]


def _base(archive: Archive, place: str) -> str:
    """Return the folder of the manifest: some tools zip the folder, not what it holds."""
    if MANIFEST in archive:
        return ""
    found = [name for name in archive.names if name.count("/") == 1 and name.endswith(f"/{MANIFEST}")]
    if len(found) != 1:
        problem = ImportProblem(place, f"has no {MANIFEST}.", "A QTI package has one at its top.")
        raise RefusedImport([problem])
    return found[0].removesuffix(MANIFEST)


def _resources(archive: Archive, base: str, place: str) -> tuple[list[_Resource], list[Note]]:
    root = parse_xml(archive.read(base + MANIFEST), MANIFEST)
    if local(root) != "manifest":
        raise RefusedImport([ImportProblem(MANIFEST, "is not the manifest of a content package.")])
    problems: list[ImportProblem] = []
    found: list[_Resource] = []
    notes: list[Note] = []
    named: set[str] = set()
    for node in root.iter():
        if node.get("{http://www.w3.org/XML/1998/namespace}base"):
            raise RefusedImport([ImportProblem(MANIFEST, "moves its files by xml:base, which is not read.")])
    for node in (each for each in root.iter() if local(each) == "resource"):
        kind, identifier = str(node.get("type") or ""), str(node.get("identifier") or "")
        files = tuple(str(each.get("href") or "") for each in node if local(each) == "file")
        dependencies = tuple(
            str(each.get("identifierref") or "") for each in node if local(each) == "dependency"
        )
        if identifier in named:
            problems.append(ImportProblem(MANIFEST, f'names the resource "{identifier[:60]}" twice.'))
        named.add(identifier)
        short = "item" if _ITEM_TYPE.fullmatch(kind) else "stimulus" if _STIMULUS_TYPE.fullmatch(kind) else ""
        if not short:
            notes.append(
                Note(MANIFEST, f'resource "{identifier[:60]}"', f'is of type "{kind[:60]}": not imported.')
            )
            continue
        href = str(node.get("href") or (files[0] if files else ""))
        hrefs = []
        for name in (href, *files):
            path = _path("", name)
            if path is None:
                problems.append(
                    ImportProblem(MANIFEST, f'names a file outside of the package: "{name[:80]}".')
                )
            elif base + path not in archive:
                problems.append(
                    ImportProblem(MANIFEST, f'names a file that is not in the package: "{name[:80]}".')
                )
            else:
                hrefs.append(path)
        if hrefs:
            found.append(_Resource(identifier, short, hrefs[0], tuple(hrefs[1:]), dependencies))
    if len(found) > MOST_ITEMS:
        problems.append(ImportProblem(place, f"has {len(found)} items and documents; {MOST_ITEMS} at most."))
    if not any(resource.kind == "item" for resource in found) and not problems:
        problems.append(ImportProblem(MANIFEST, "lists no QTI item.", "Export items, not only a test."))
    if problems:
        raise RefusedImport(problems)
    return found, notes


def _path(folder: str, href: str) -> str | None:
    """Resolve a reference within the package; None when it leads elsewhere."""
    name = unquote(href)
    if not name or "\\" in name or ":" in name or "?" in name or name.startswith("/"):
        return None
    parts = folder.split("/") if folder else []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


class _PackageReader:
    """One package being read; everything wrong with it is collected before anything is decided."""

    def __init__(
        self,
        archive: Archive,
        base: str,
        resources: list[_Resource],
        defaults: dict[str, Any],
        leave_out: bool,
        notes: list[Note],
    ) -> None:
        self.archive = archive
        self.base = base
        self.resources = resources
        self.defaults = defaults
        self.leave_out = leave_out
        self.notes = notes
        self.problems: list[ImportProblem] = []
        self.left_out: list[Note] = []
        self.stimuli = {resource.href: resource for resource in resources if resource.kind == "stimulus"}
        self.ids: set[str] = set()

    def read(self) -> Imported:
        records: list[tuple[_Resource, dict[str, Any], str | None, list[tuple[str, str]]]] = []
        for resource in self.resources:
            if resource.kind == "item":
                try:
                    record = self.item(resource)
                except RefusedImport as error:
                    self.problems += error.problems
                else:
                    if record is not None:
                        records.append((resource, *record))
        testlets = self.testlets(records)
        items = [item for record in records if (item := self.built(*record)) is not None]
        kept = self.whole(items, testlets)
        if not kept and not self.problems:
            self.problems.append(ImportProblem("package", "holds no item that the bank can ask."))
        if self.problems:
            raise RefusedImport(dict.fromkeys(self.problems))
        cases = [testlet for testlet in testlets.values() if any(item.testlet == testlet.id for item in kept)]
        return Imported(
            tuple(sorted(kept, key=lambda item: item.id)),
            tuple(sorted(cases, key=lambda testlet: testlet.id)),
            tuple(dict.fromkeys(self.notes)),
            tuple(self.left_out),
        )

    def xml(self, href: str) -> Element:
        return parse_xml(self.archive.read(self.base + href), href)

    def without(self, subject: str, reason: str) -> None:
        """Leave an item out, or refuse the package for it."""
        self.left_out.append(Note(subject, "item", reason))
        if not self.leave_out:
            self.problems.append(
                ImportProblem(
                    subject, reason, "Leave such items out on purpose, or take them out of the package."
                )
            )

    def item(self, resource: _Resource) -> tuple[dict[str, Any], str | None, list[tuple[str, str]]] | None:
        """Return the fields of an item and the document it refers to."""
        root = modernised(self.xml(resource.href))
        native = read_native(root)
        if native.unmapped:
            self.without(resource.href, f"{native.unmapped}.")
            return None
        given = str(root.get("identifier") or resource.identifier)
        own, name, own_notes = self.own(resource, native.fields, "item")
        fields: dict[str, Any] = {"id": given, **native.fields}
        if own is None:
            fields["id"] = self.bank_id(given)
            if fields["id"] != given:
                native.notes.append(
                    ("identifier", f"becomes {fields['id']}: ids of the bank are of another form.")
                )
            if fields.get("interaction") != "order":
                why = self.defaults.get("why")
                for option in fields.get("options", ()):
                    if why and "why" not in option:
                        option["why"] = why
            fields = {key: value for key, value in self.defaults.items() if key != "why"} | fields
        else:
            fields = _merged(fields, own, {"id": name} if name else {})
        native.notes += own_notes
        return fields, self.stimulus_of(resource, native), native.notes

    def bank_id(self, given: str) -> str:
        """Return an id of the bank for an item that comes with another one."""
        if ITEM_ID.fullmatch(given) and len(given) <= 60 and given not in self.ids:
            self.ids.add(given)
            return given
        words = re.sub(r"[^A-Z0-9]+", "-", given.upper()).strip("-")[:40].strip("-") or "ITEM"
        name, number = f"QTI-{words}", 2
        while name in self.ids:
            name, number = f"QTI-{words}-{number}", number + 1
        self.ids.add(name)
        return name

    def own(
        self, resource: _Resource, native: Mapping[str, Any], kind: str
    ) -> tuple[dict[str, Any] | None, str, list[tuple[str, str]]]:
        """Return the fields that stand beside QTI, those left aside because QTI changed since told apart."""
        href = next((name for name in resource.files if name.startswith("palier/")), None)
        if href is None:
            return None, "", []
        root = self.xml(href)
        if root.tag != f"{{{OWN}}}{kind}":
            raise RefusedImport([ImportProblem(href, f"is not the {kind} of a Palier package.")])
        fields: dict[str, Any] = {}
        notes: list[tuple[str, str]] = []
        for node in root:
            name = str(node.get("name") or "")
            try:
                value = json.loads(node.text or "null")
            except (ValueError, RecursionError) as error:
                problem = ImportProblem(
                    f"{href}, line {node.sourceline}", f'the field "{name[:40]}" cannot be read.'
                )
                raise RefusedImport([problem]) from error
            if name in fields:
                raise RefusedImport([ImportProblem(href, f'gives the field "{name[:40]}" twice.')])
            if node.get("native") == _hash(native.get(name)):
                fields[name] = value
            else:
                notes.append((name, "was changed since it was exported: what QTI says now is imported."))
        return fields, str(root.get("id") or ""), notes

    def stimulus_of(self, resource: _Resource, native: NativeItem) -> str | None:
        if native.stimulus is None:
            return None
        folder = resource.href.rpartition("/")[0]
        href = _path(folder, native.stimulus_href) if native.stimulus_href else None
        if href in self.stimuli:
            return href
        by_name = [one.href for one in self.stimuli.values() if one.identifier == native.stimulus]
        if by_name:
            return by_name[0]
        raise RefusedImport(
            [
                ImportProblem(
                    resource.href, f'refers to a document that the package has not: "{native.stimulus[:60]}".'
                )
            ]
        )

    def testlets(
        self, records: list[tuple[_Resource, dict[str, Any], str | None, list[tuple[str, str]]]]
    ) -> dict[str, Testlet]:
        """Make a testlet of each document with several items; that of a single item joins its stem."""
        made: dict[str, Testlet] = {}
        for href, resource in self.stimuli.items():
            members = [(fields, notes) for _, fields, used, notes in records if used == href]
            try:
                root = modernised(self.xml(href))
                found: list[tuple[str, str]] = []
                native = _native_testlet(root, found)
                own, name, own_notes = self.own(resource, native, "testlet")
            except RefusedImport as error:
                self.problems += error.problems
                continue
            if not members:
                self.notes.append(Note(href, "document", "no item asks about it: not imported."))
                continue
            if own is None and len(members) == 1:
                fields, _ = members[0]
                title = f"### {native['document']['title']}"
                words = (title, native["document"]["body"], str(fields.get("stem") or ""))
                fields["stem"] = "\n\n".join(part for part in words if part)
                self.notes.append(
                    Note(str(fields["id"]), "document", "has one item: it is joined to the stem.")
                )
                continue
            record = dict(native)
            if own is None:
                record["id"] = self.bank_id(str(native["id"]))
            else:
                record = _merged(record, own, {"id": name} if name else {})
            present = [str(fields["id"]) for fields, _ in members]
            listed = record.get("items")
            order = [str(one) for one in listed] if isinstance(listed, list) else []
            record["items"] = [one for one in order if one in present] + [
                one for one in present if one not in order
            ]
            missing = [one for one in order if one not in present]
            if missing:
                self.notes.append(
                    Note(str(record["id"]), "items", f"{', '.join(missing)[:200]} did not come along.")
                )
            self.notes += [Note(str(record["id"]), where, what) for where, what in (*found, *own_notes)]
            try:
                testlet = Testlet.from_dict(record)
            except InvalidTestlet as error:
                self.problems += [self.problem(href, fault) for fault in error.faults]
                continue
            if testlet.id in made:
                self.problems.append(ImportProblem(href, f'the document "{testlet.id}" comes twice.'))
            made[testlet.id] = testlet
            for fields, _ in members:
                fields["testlet"] = testlet.id
        return made

    def built(
        self, resource: _Resource, fields: dict[str, Any], stimulus: str | None, notes: list[tuple[str, str]]
    ) -> Item | None:
        if stimulus is None and fields.get("testlet"):
            # exported without its case: it stands alone from now on
            notes.append(("testlet", f"{fields['testlet']} did not come along: the item stands alone."))
            fields.pop("testlet")
        item, faults = read_item(fields)
        if item is None or faults:
            asked = [fault for fault in faults if fault.path[:1] not in _UNFIT]
            unfit = [fault for fault in faults if fault.path[:1] in _UNFIT]
            self.problems += [self.problem(resource.href, fault) for fault in asked]
            if unfit:
                self.without(resource.href, " ".join(f"{fault.field} {fault.message}" for fault in unfit))
            return None
        reference = stimulus and _written_reference(resource.href, stimulus)
        if serialise(write_item(item, reference)) != self.archive.read(self.base + resource.href):
            self.notes += [Note(item.id, where, what) for where, what in notes]
        return item

    def problem(self, href: str, fault: Fault) -> ImportProblem:
        if "missing" in fault.message and fault.field in _TO_SAY:
            return ImportProblem(
                href, f"does not say its {fault.field}.", f"Give one for the whole import: {fault.field}=..."
            )
        return ImportProblem(href, f"{fault.field}: {fault.message}", fault.advice)

    def whole(self, items: list[Item], testlets: dict[str, Testlet]) -> list[Item]:
        """Refuse ids that come twice, and cases that lost items they cannot do without."""
        for name, count in Counter(item.id for item in items).items():
            if count > 1:
                self.problems.append(ImportProblem("package", f'the item "{name}" comes {count} times.'))
        kept = list(items)
        names = {item.id for item in items}
        for case in list(testlets.values()):
            present = tuple(one for one in case.items if one in names)
            if len(present) < len(case.items) and not self.problems:
                kept = [item for item in kept if item.testlet != case.id]
                self.left_out += [
                    Note(one, "item", f"its case {case.id} lost another item.") for one in present
                ]
                del testlets[case.id]
        return kept


_UNFIT = {("options",), ("categories",), ("maximum",), ("document",), ("interaction",)}
_TO_SAY = {
    *(
        "competence",
        "topic",
        "level",
        "stage",
        "sources",
        "professions",
        "recheck",
        "rationale",
        "author",
        "status",
    ),
    "stem",
}


def _merged(native: dict[str, Any], own: Mapping[str, Any], always: Mapping[str, Any]) -> dict[str, Any]:
    merged = native | dict(own) | dict(always)
    return {name: value for name, value in merged.items() if value is not None}


def _native_testlet(root: Element, notes: list[tuple[str, str]] | None = None) -> dict[str, Any]:
    title = str(root.get("title") or root.get("identifier") or "?")
    document = read_document(root, [] if notes is None else notes)
    return {"id": str(root.get("identifier") or "?"), "title": title, "document": document}


def _written_reference(item_href: str, stimulus_href: str) -> str:
    """Return the reference from an item to its document as this bank writes it."""
    return "../" * item_href.count("/") + stimulus_href
