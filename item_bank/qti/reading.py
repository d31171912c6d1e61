"""QTI 3.0 and 2.x XML as the fields of the bank, and a note for everything that found no place there.

An item is read natively: from what QTI says, wherever it comes from. What a reader understood is struck off;
whatever is left standing in the file at the end is reported, so that nothing is lost in silence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from item_bank.item import DOCUMENT_KINDS, LOCAL_ID, Interaction
from item_bank.qti.markup import (
    QTI,
    Element,
    append,
    element,
    local,
    to_inline_markdown,
    to_markdown,
)
from item_bank.qti.writing import ANSWER, DOCUMENT, FIELDS, HINT, RATIONALE, STEM, XML_LANG
from item_bank.scoring import content_words

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
_QTI2 = re.compile(r"http://www\.imsglobal\.org/xsd/(imsqti_v2p[0-2]|apip/|imsqti_item_v2p)")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MATCH_CORRECT = re.compile(r"/(match_correct|map_response)(\.xml)?$")

# Attributes that change nothing in what is asked or how it is scored.
_HARMLESS = {
    *("identifier", "title", "label", "lang", "class", "id", "style", "dir", "role", "schemaLocation"),
    *("adaptive", "time-dependent", "tool-name", "tool-version", "base-type", "cardinality", "shuffle"),
    *("response-identifier", "outcome-identifier", "show-hide", "max-choices", "min-choices", "match-max"),
    *("match-min", "max-associations", "min-associations", "fixed", "expected-length", "scope", "start"),
    *("orientation", "href", "type", "map-key", "mapped-value", "default-value", "case-sensitive", "alt"),
    *("interpretation", "template", "xmlns", "data-stimulus-idref", "rowspan", "colspan", "lower-bound"),
    *("tolerance", "tolerance-mode", "base", "expected-lines", "format", "external-identifier", "view"),
}
_HTML = {
    *(
        "p",
        "div",
        "span",
        "br",
        "hr",
        "strong",
        "b",
        "em",
        "i",
        "ul",
        "ol",
        "li",
        "code",
        "pre",
        "table",
        "tbody",
    ),
    *(
        "thead",
        "tfoot",
        "tr",
        "td",
        "th",
        "caption",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "section",
    ),
    *("article", "header", "footer", "small", "abbr", "q", "cite", "dl", "dt", "dd", "label", "figure"),
    *("figcaption", "u", "aside"),
}


@dataclass
class NativeItem:
    """What QTI says of an item: fields of the bank's dictionary form, and what could not be read.

    `unmapped` says why the item has no place in the bank at all; empty when it has one.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    stimulus: str | None = None
    stimulus_href: str = ""
    notes: list[tuple[str, str]] = field(default_factory=list)
    unmapped: str = ""


class Unmapped(Exception):
    """An item asks something that no interaction of the bank can ask."""


def modernised(root: Element) -> Element:
    """Return a tree in the names of QTI 3, whichever of 2.0 to 3.0 it was written in."""
    if not _QTI2.match(etree.QName(root).namespace or ""):
        return root
    for node in root.iter():
        name = etree.QName(node)
        if not _QTI2.match(name.namespace or ""):
            continue
        if name.localname in _HTML:
            node.tag = f"{{{QTI}}}{name.localname}"
            continue
        node.tag = (
            f"{{{QTI}}}{_kebab('qti-' + name.localname) if name.localname not in _PLAIN else name.localname}"
        )
        for key in list(node.attrib):
            plain = etree.QName(str(key))
            if plain.namespace is None and plain.localname != _kebab(plain.localname):
                node.set(_kebab(plain.localname), str(node.attrib.pop(key)))
    return root


_PLAIN = {"img", "object", "a", "sub", "sup", "script", "style", "video", "audio", "math", "param", "kbd"}


def _kebab(name: str) -> str:
    return _CAPITAL.sub(r"-\1", name).lower()


def read_native(root: Element) -> NativeItem:
    """Read one assessment item, in the names of QTI 3; never raises on what it holds."""
    found = NativeItem()
    reader = _ItemReader(root, found)
    try:
        reader.read()
    except Unmapped as error:
        found.unmapped = str(error)
    return found


def read_document(root: Element, notes: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the document of an assessment stimulus as the bank's dictionary form."""
    skipped = _Skipped(notes)
    body = next((child for child in root if local(child) == "qti-stimulus-body"), root)
    return _document(body, str(root.get("title") or root.get("identifier") or "?"), skipped)


class _Skipped:
    """Collects what was dropped from a text, for the report."""

    def __init__(self, notes: list[tuple[str, str]]) -> None:
        self.notes = notes

    def __call__(self, node: Element) -> None:
        name = local(node)
        what = {
            "img": "is a picture: only its alternative text is kept.",
            "a": "is a link: only its words are kept.",
        }.get(name, "has no place in the bank's texts: only its words are kept.")
        self.notes.append((f"{name}, line {node.sourceline}", what))


def _has_class(node: Element, name: str) -> bool:
    return name in str(node.get("class") or "").split()


def _document(body: Element, title: str, skipped: _Skipped) -> dict[str, Any]:
    """Read a document; one that the bank wrote has its title, kind and header lines in known places."""
    own = next((node for node in body.iter() if _has_class(node, DOCUMENT)), None)
    kind, lines, parts = "page", [], list(body)
    text = body.text
    if own is not None:
        kinds = [name.removeprefix("palier-") for name in str(own.get("class")).split()]
        kind = next((name for name in kinds if name in DOCUMENT_KINDS), kind)
        parts, text = list(own), own.text
        if parts and local(parts[0]) == "h2":
            title = _text(parts.pop(0))
        if parts and _has_class(parts[0], FIELDS):
            for row in parts.pop(0).iter(f"{{{QTI}}}tr"):
                cells = list(row)
                if len(cells) == 2:
                    lines.append([_text(cells[0]), _plain_with_zones(cells[1])])
    content = element("div")
    append(content, [text] if text else [])
    content.extend(parts)
    document = {"title": title, "kind": kind, "fields": lines, "body": to_markdown(content, skipped)}
    return document


def _text(node: Element) -> str:
    return " ".join("".join(str(text) for text in node.itertext()).split(" ")).strip(" \t\n")


def _plain_with_zones(cell: Element) -> str:
    """Header lines are plain text: their words are not Markdown."""
    text = cell.text or ""
    for child in cell:
        words = "".join(str(part) for part in child.itertext())
        text += f"[[{child.get('identifier')}|{words}]]" if local(child) == "qti-hottext" else words
        text += child.tail or ""
    return text.strip(" \t\n")


_INTERACTIONS = {
    "qti-choice-interaction",
    "qti-inline-choice-interaction",
    "qti-order-interaction",
    "qti-match-interaction",
    "qti-text-entry-interaction",
    "qti-hottext-interaction",
}


class _ItemReader:
    """One item being read."""

    def __init__(self, root: Element, found: NativeItem) -> None:
        self.root = root
        self.found = found
        self.fields = found.fields
        self.skipped = _Skipped(found.notes)
        self.ids: dict[str, str] = {}

    def note(self, place: str, message: str) -> None:
        if (place, message) not in self.found.notes:
            self.found.notes.append((place, message))

    def all(self, name: str) -> list[Element]:
        return list(self.root.iter(f"{{{QTI}}}{name}"))

    def read(self) -> None:
        if local(self.root) != "qti-assessment-item" or etree.QName(self.root).namespace != QTI:
            raise Unmapped("is not a QTI assessment item")
        language = str(self.root.get(XML_LANG) or "").split("-")[0].lower()
        if language:
            self.fields["language"] = language
        body = next(iter(self.all("qti-item-body")), None)
        if body is None:
            raise Unmapped("has no item body")
        interactions = [node for node in body.iter() if local(node).endswith("-interaction")]
        if len(interactions) != 1:
            count = len(interactions) or "no"
            raise Unmapped(f"has {count} interactions; an item of the bank has one")
        interaction = interactions[0]
        if local(interaction) not in _INTERACTIONS:
            raise Unmapped(f"uses {local(interaction)}, which the bank cannot ask")
        stimuli = self.all("qti-assessment-stimulus-ref")
        if stimuli:
            self.found.stimulus = str(stimuli[0].get("identifier") or "")
            self.found.stimulus_href = str(stimuli[0].get("href") or "")
        for other in stimuli[1:]:
            self.note(f"line {other.sourceline}", "a second stimulus is not read: an item has one document.")
        declaration = self.declaration(interaction)
        stem = self.stem(body, interaction)
        getattr(self, "_" + local(interaction).removeprefix("qti-").replace("-", "_"))(
            interaction, declaration
        )
        if stem:
            self.fields["stem"] = stem
        self.feedback()
        self.report_the_rest(interaction)

    # --- the parts ---------------------------------------------------------------------------------------

    def declaration(self, interaction: Element) -> Element:
        wanted = interaction.get("response-identifier")
        for node in self.all("qti-response-declaration"):
            if node.get("identifier") == wanted:
                return node
        raise Unmapped("declares no response for its interaction")

    def correct(self, declaration: Element) -> list[str]:
        values = [
            _text(value)
            for part in declaration
            if local(part) == "qti-correct-response"
            for value in part
            if local(value) == "qti-value"
        ]
        if not values:
            values = [key for key, credit in self.mapping(declaration) if credit > 0]
            if values:
                self.note("qti-mapping", "the key is taken from it: every answer with credit.")
        if not values:
            raise Unmapped("does not say which answer is right")
        return values

    def mapping(self, declaration: Element) -> list[tuple[str, float]]:
        entries = []
        for node in declaration.iter(f"{{{QTI}}}qti-map-entry"):
            try:
                entries.append((str(node.get("map-key") or ""), float(str(node.get("mapped-value")))))
            except ValueError:
                self.note(f"line {node.sourceline}", "the credit of a mapping is no number.")
        return entries

    def stem(self, body: Element, interaction: Element) -> str:
        """Return the words around the interaction, and its prompt."""
        copy = element("div")
        append(copy, [body.text] if body.text else [])
        for child in body:
            if child is interaction:
                if child.tail:
                    append(copy, [child.tail])
            elif _has_class(child, ANSWER) or child.get("data-stimulus-idref") is not None:
                continue
            elif _has_class(child, STEM):
                append(copy, [child.text] if child.text else [])
                copy.extend(deepcopy(child))
            else:
                copied = deepcopy(child)
                self.cut(copied, local(interaction))
                copy.append(copied)
        text = to_markdown(copy, self.skipped)
        prompt = next((child for child in interaction if local(child) == "qti-prompt"), None)
        if prompt is not None and not _has_class(prompt, HINT):
            asked = to_markdown(prompt, self.skipped)
            text = "\n\n".join(part for part in (text, asked) if part)
        return text

    def cut(self, copied: Element, name: str) -> None:
        """Take the interaction out of the words around it; a gap within a sentence stays visible."""
        for node in list(copied.iter(f"{{{QTI}}}{name}")):
            parent = node.getparent()
            if parent is None:
                continue
            tail = node.tail or ""
            inline = name in ("qti-text-entry-interaction", "qti-inline-choice-interaction")
            words = f" …… {tail}" if inline and tail.strip(" \n\t.:") else tail
            before = node.getprevious()
            if before is not None:
                before.tail = (before.tail or "") + words
            else:
                parent.text = (parent.text or "") + words
            parent.remove(node)

    def local_ids(self, nodes: Sequence[Element], what: str) -> dict[str, str]:
        """Give each choice an id of the bank: its own where it is one, else a letter."""
        given = [str(node.get("identifier") or "") for node in nodes]
        if any(count > 1 for count in Counter(given).values()):
            raise Unmapped(f"has two {what} with the same identifier")
        if all(LOCAL_ID.fullmatch(name) for name in given):
            return {name: name for name in given}
        lowered = [name.lower().replace("-", "_") for name in given]
        if len(set(lowered)) == len(lowered) and all(LOCAL_ID.fullmatch(name) for name in lowered):
            return dict(zip(given, lowered, strict=True))
        if len(given) > len(_LETTERS):
            raise Unmapped(f"has {len(given)} {what}")
        return dict(zip(given, _LETTERS, strict=False))

    def options(self, nodes: Sequence[Element]) -> dict[str, str]:
        self.ids = ids = self.local_ids(nodes, "choices")
        self.fields["options"] = [
            {
                "id": ids[str(node.get("identifier") or "")],
                "text": to_inline_markdown(_without_feedback(node), self.skipped),
            }
            for node in nodes
        ]
        return ids

    def renamed(self, values: Sequence[str], ids: dict[str, str]) -> list[str]:
        unknown = [value for value in values if value not in ids]
        if unknown:
            raise Unmapped(f'has the key "{unknown[0][:40]}", which is no choice')
        return [ids[value] for value in values]

    def shuffled(self, interaction: Element) -> None:
        if str(interaction.get("shuffle") or "false") != "true":
            self.fields["shuffle"] = False

    # --- the interactions --------------------------------------------------------------------------------

    def _choice_interaction(self, interaction: Element, declaration: Element) -> None:
        ids = self.options([node for node in interaction if local(node) == "qti-simple-choice"])
        key = self.renamed(self.correct(declaration), ids)
        single = declaration.get("cardinality") == "single"
        self.fields["interaction"] = str(Interaction.SINGLE_CHOICE if single else Interaction.MULTIPLE_CHOICE)
        self.fields["key"] = key[0] if single else key
        self.shuffled(interaction)

    def _inline_choice_interaction(self, interaction: Element, declaration: Element) -> None:
        ids = self.options([node for node in interaction if local(node) == "qti-inline-choice"])
        self.fields["interaction"] = str(Interaction.SINGLE_CHOICE)
        self.fields["key"] = self.renamed(self.correct(declaration), ids)[0]
        self.shuffled(interaction)

    def _order_interaction(self, interaction: Element, declaration: Element) -> None:
        ids = self.options([node for node in interaction if local(node) == "qti-simple-choice"])
        self.fields["interaction"] = str(Interaction.ORDER)
        self.fields["key"] = self.renamed(self.correct(declaration), ids)
        self.shuffled(interaction)

    def _match_interaction(self, interaction: Element, declaration: Element) -> None:
        sets = [node for node in interaction if local(node) == "qti-simple-match-set"]
        if len(sets) != 2:
            raise Unmapped(f"has {len(sets)} sets to match; two are expected")
        pairs = [tuple(value.split()) for value in self.correct(declaration)]
        if any(len(pair) != 2 for pair in pairs):
            raise Unmapped("has a key that is not made of pairs")
        sources, targets = (list(part) for part in sets)
        if len({source for source, _ in pairs}) < len(pairs) or len(pairs) < len(sources):
            # the elements to classify may stand in the second set
            sources, targets = targets, sources
            pairs = [(target, source) for source, target in pairs]
        ids = self.options(sources)
        categories = self.local_ids(targets, "categories")
        self.fields["categories"] = [
            {
                "id": categories[str(node.get("identifier") or "")],
                "text": to_inline_markdown(node, self.skipped),
            }
            for node in targets
        ]
        elements = self.renamed([source for source, _ in pairs], ids)
        if len(set(elements)) < len(elements):
            raise Unmapped("gives an element several categories")
        classes = self.renamed([target for _, target in pairs], categories)
        self.fields["interaction"] = str(Interaction.MATCH)
        self.fields["key"] = dict(zip(elements, classes, strict=True))
        self.shuffled(interaction)

    def _text_entry_interaction(self, interaction: Element, declaration: Element) -> None:
        if declaration.get("base-type") in ("float", "integer"):
            self.number(interaction, declaration)
            return
        if declaration.get("base-type") != "string":
            raise Unmapped(f"asks for a {declaration.get('base-type')}, which the bank cannot ask")
        self.fields["interaction"] = str(Interaction.SHORT_TEXT)
        mapping = self.mapping(declaration)
        accepted = [key for key, credit in mapping if credit > 0]
        first = [_text(value) for value in declaration.iter(f"{{{QTI}}}qti-value")]
        ordered = dict.fromkeys([*first, *accepted])
        # a spelling without accents is the same answer here
        known: set[tuple[str, ...]] = set()
        kept = []
        for answer in ordered:
            words = content_words(answer)
            if words not in known:
                known.add(words)
                kept.append(answer)
        if not kept:
            raise Unmapped("does not say which answer is right")
        if len({credit for _, credit in mapping if credit > 0}) > 1:
            self.note("qti-mapping", "its unequal credits are not kept: every accepted answer counts one.")
        self.fields["accepted"] = kept

    def number(self, interaction: Element, declaration: Element) -> None:
        self.fields["interaction"] = str(Interaction.NUMERIC)
        values = self.correct(declaration)
        try:
            value = Decimal(values[0].replace(",", "."))
        except InvalidOperation:
            raise Unmapped(f'has the key "{values[0][:40]}", which is no number') from None
        if not value.is_finite() or abs(value.adjusted()) > 12:
            raise Unmapped("has a key that is no ordinary number")
        self.fields["key"] = _number(value)
        tolerance = self.tolerance(value)
        if tolerance:
            self.fields["tolerance"] = _number(tolerance)
        answer = interaction.getparent()
        if answer is not None and _has_class(answer, ANSWER) and (interaction.tail or "").strip():
            self.fields["unit"] = (interaction.tail or "").strip("\u00a0 \n\t")

    def tolerance(self, value: Decimal) -> Decimal:
        for node in self.all("qti-equal"):
            mode = node.get("tolerance-mode", "exact")
            if mode == "exact":
                return Decimal(0)
            try:
                bounds = [Decimal(part) for part in str(node.get("tolerance") or "").split()]
            except InvalidOperation:
                bounds = []
            if not bounds or any(not bound.is_finite() or bound < 0 for bound in bounds):
                self.note("qti-equal", "its tolerance is not kept: it is no number.")
                return Decimal(0)
            if len(set(bounds)) > 1:
                self.note("qti-equal", "its two tolerances differ: the larger one is kept on both sides.")
            bound = max(bounds)
            return bound if mode == "absolute" else abs(value) * bound / 100
        return self.reach(value)

    def reach(self, value: Decimal) -> Decimal:
        """Return how far from the key the comparisons of a range let an answer be."""
        bounds = []
        for node in (*self.all("qti-gte"), *self.all("qti-lte")):
            for part in node.iter(f"{{{QTI}}}qti-base-value"):
                try:
                    bounds.append(Decimal(_text(part)))
                except InvalidOperation:
                    self.note(local(node), "its bound is not kept: it is no number.")
        if len(bounds) != 2 or not all(bound.is_finite() and abs(bound.adjusted()) <= 12 for bound in bounds):
            return Decimal(0)
        distances = {abs(value - bound) for bound in bounds}
        if len(distances) > 1:
            self.note(
                "qti-response-processing", "its range is not centred on the key: the larger side is kept."
            )
        return max(distances)

    def _hottext_interaction(self, interaction: Element, declaration: Element) -> None:
        marks = list(interaction.iter(f"{{{QTI}}}qti-hottext"))
        self.ids = ids = self.local_ids(marks, "hottexts")
        for node in marks:
            node.set("identifier", ids[str(node.get("identifier") or "")])
        copy = element("div")
        append(copy, [interaction.text] if interaction.text else [])
        for child in interaction:
            if local(child) == "qti-prompt":
                append(copy, [child.tail] if child.tail else [])
            else:
                copy.append(deepcopy(child))
        self.fields["interaction"] = str(Interaction.ZONE)
        self.fields["document"] = _document(copy, str(self.root.get("title") or "?"), self.skipped)
        words = {node: _text(node) for node in marks}
        repeated = Counter(words.values())
        self.fields["options"] = [
            {
                "id": str(node.get("identifier")),
                "text": text if repeated[text] == 1 else f"{text} ({place})",
            }
            for place, (node, text) in enumerate(words.items(), start=1)
        ]
        self.fields["key"] = self.renamed(self.correct(declaration), ids)
        most = str(interaction.get("max-choices") or "1")
        if most.isascii() and most.isdigit() and len(most) < 3 and int(most):
            self.fields["maximum"] = int(most)

    # --- what is said after the answer -------------------------------------------------------------------

    def feedback(self) -> None:
        """Read what is said of a choice as its explanation, and the rest as the rationale."""
        whys: dict[str, str] = {}
        general: list[str] = []
        for node in self.all("qti-modal-feedback"):
            name = str(node.get("identifier") or "")
            content = next((child for child in node if local(child) == "qti-content-body"), node)
            if name in self.ids and node.get("show-hide", "show") == "show":
                whys.setdefault(name, self.said(content))
                continue
            general.append(to_markdown(content, self.skipped))
            if name != RATIONALE:
                self.note(f'qti-modal-feedback "{name[:40]}"', "joins the rationale, shown after any answer.")
        for node in (*self.all("qti-feedback-inline"), *self.all("qti-feedback-block")):
            name = str(node.get("identifier") or "")
            if name in self.ids:
                whys.setdefault(name, self.said(node))
            else:
                general.append(to_markdown(node, self.skipped))
                self.note(f'{local(node)} "{name[:40]}"', "joins the rationale, shown after any answer.")
        of_option = {self.ids[name]: why for name, why in whys.items() if why}
        for option in self.fields.get("options", ()):
            if option["id"] in of_option:
                option["why"] = of_option[option["id"]]
        if any(general):
            self.fields["rationale"] = "\n\n".join(text for text in general if text)

    def said(self, content: Element) -> str:
        parts = list(content)
        one = len(parts) == 1 and local(parts[0]) == "p" and not (content.text or "").strip()
        return to_inline_markdown(parts[0] if one else content, self.skipped)

    # --- what is left ------------------------------------------------------------------------------------

    def report_the_rest(self, interaction: Element) -> None:
        """Name every part of the file that no rule above reads."""
        for node in self.root:
            name = local(node)
            if name not in _READ_AT_THE_TOP:
                self.note(f"{name}, line {node.sourceline}", "is not imported.")
        for node in self.root.iter():
            if etree.QName(node).namespace not in (QTI, None) and node is not self.root:
                self.note(
                    f"{local(node)}, line {node.sourceline}", "is of another vocabulary and is not imported."
                )
            for key in node.attrib:
                attribute = etree.QName(str(key)).localname
                if attribute not in _HARMLESS and not attribute.startswith(("aria-", "data-")):
                    self.note(f"{local(node)}, line {node.sourceline}", f'its "{attribute}" is not imported.')
        for name in ("qti-rubric-block", "qti-template-block", "qti-printed-variable", "qti-info-control"):
            for node in self.all(name):
                self.note(f"{name}, line {node.sourceline}", "is not imported as what it is.")
        if len(self.all("qti-response-declaration")) > 1:
            self.note("qti-response-declaration", "only that of the interaction is imported.")
        least = interaction.get("min-choices")
        if least not in (None, "0", "1"):
            self.note(local(interaction), f"its least number of choices ({least}) is not kept.")
        most = str(interaction.get("max-choices") or "0")
        if local(interaction) == "qti-choice-interaction" and most not in ("0", "1"):
            self.note(local(interaction), f"its largest number of choices ({most[:10]}) is not kept.")
        processing = next(iter(self.all("qti-response-processing")), None)
        if processing is not None:
            self.scoring(processing)

    def scoring(self, processing: Element) -> None:
        template = str(processing.get("template") or "")
        if template:
            known = _MATCH_CORRECT.search(template)
            if known is None:
                self.note(
                    "qti-response-processing",
                    f"its template {template[:80]} is not known: the key alone counts.",
                )
            elif known[1] == "map_response" and self.fields["interaction"] != str(Interaction.SHORT_TEXT):
                self.note("qti-mapping", "its credits are not kept: the item is scored right or wrong.")
            return
        used = Counter(local(node) for node in processing.iter())
        if set(used) - _PLAIN_PROCESSING:
            others = ", ".join(sorted(set(used) - _PLAIN_PROCESSING)[:6])
            self.note(
                "qti-response-processing",
                f"its rules are not imported ({others}): the item is scored right or wrong by its key.",
            )
        elif used["qti-map-response"] and self.fields["interaction"] != str(Interaction.SHORT_TEXT):
            self.note("qti-mapping", "its credits are not kept: the item is scored right or wrong.")


_READ_AT_THE_TOP = {
    *("qti-response-declaration", "qti-outcome-declaration", "qti-assessment-stimulus-ref", "qti-item-body"),
    *("qti-response-processing", "qti-modal-feedback"),
}
_PLAIN_PROCESSING = {
    *(
        "qti-response-processing",
        "qti-response-condition",
        "qti-response-if",
        "qti-response-else",
        "qti-match",
    ),
    *(
        "qti-variable",
        "qti-correct",
        "qti-set-outcome-value",
        "qti-base-value",
        "qti-map-response",
        "qti-equal",
    ),
    *("qti-multiple", "qti-is-null", "qti-and", "qti-gte", "qti-lte"),
}


def _without_feedback(choice: Element) -> Element:
    """Return a choice without the feedback inside it, which is read apart."""
    copy = deepcopy(choice)
    copy.tail = None
    for node in list(copy.iter(f"{{{QTI}}}qti-feedback-inline", f"{{{QTI}}}qti-feedback-block")):
        parent = node.getparent()
        if parent is not None:
            if node.tail:
                before = node.getprevious()
                if before is not None:
                    before.tail = (before.tail or "") + node.tail
                else:
                    parent.text = (parent.text or "") + node.tail
            parent.remove(node)
    return copy


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
