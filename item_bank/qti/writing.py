"""One item, or the document of a testlet, as QTI 3.0 XML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from decimal import Decimal
from typing import cast

from anyascii import anyascii
from lxml import etree

from item_bank.item import (
    Document,
    Interaction,
    Item,
    MatchKey,
    MultipleChoiceKey,
    NumericKey,
    OrderKey,
    ShortTextKey,
    SingleChoiceKey,
    Testlet,
    ZoneKey,
)
from item_bank.presentation import hint, plain, present_document
from item_bank.qti.markup import QTI, Element, blocks, element, from_html, inline

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0p1_v1p0.xsd"
STIMULUS_SCHEMA = "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_stimulusv3p0p1_v1p0.xsd"
TOOL = "Palier"
RATIONALE = "RATIONALE"  # capitals: no option has such an id

# The classes by which the reader knows again what the writer wrote.
STEM, HINT, ANSWER, DOCUMENT, FIELDS = (
    *("palier-stem", "palier-hint", "palier-answer", "palier-document", "palier-fields"),
)


def write_item(item: Item, stimulus_href: str | None = None) -> Element:
    """Return an item as ``qti-assessment-item``; `stimulus_href` leads from it to its testlet's document."""
    root = _root("qti-assessment-item", item.id, _title(item), item.language, SCHEMA)
    root.set("adaptive", "false")
    root.set("time-dependent", "false")
    root.set("tool-name", TOOL)
    root.append(_response_declaration(item))
    maximum = str(_maximum(item))
    root.append(_outcome("SCORE", "single", "float", "0"))
    root.append(_outcome("MAXSCORE", "single", "float", maximum))
    root.append(_outcome("FEEDBACK", "multiple", "identifier"))
    stem = element("div", {"class": STEM}, *blocks(item.stem))
    body = element("qti-item-body")
    if item.testlet and stimulus_href:
        reference = {"identifier": item.testlet, "href": stimulus_href}
        root.append(element("qti-assessment-stimulus-ref", reference))
        place = {"class": "qti-shared-stimulus", "data-stimulus-idref": item.testlet}
        body.append(element("div", place))
    body.append(stem)
    body.append(_interaction(item))
    root.append(body)
    root.append(_processing(item))
    for option in item.options:
        if option.why:
            root.append(_modal_feedback(option.id, element("p", None, *inline(option.why))))
    root.append(_modal_feedback(RATIONALE, *blocks(item.rationale)))
    return root


def write_stimulus(testlet: Testlet, language: str) -> Element:
    """Return the document of a testlet as ``qti-assessment-stimulus``."""
    root = _root("qti-assessment-stimulus", testlet.id, testlet.title, language, STIMULUS_SCHEMA)
    root.set("tool-name", TOOL)
    root.append(element("qti-stimulus-body", None, _document(testlet.document)))
    return root


def serialise(root: Element) -> bytes:
    """Return the bytes of an XML file; the same tree gives the same bytes."""
    etree.cleanup_namespaces(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _root(name: str, identifier: str, title: str, language: str, schema: str) -> Element:
    root = etree.Element(f"{{{QTI}}}{name}", nsmap=cast("dict[str, str]", {None: QTI, "xsi": XSI}))
    root.set(f"{{{XSI}}}schemaLocation", f"{QTI} {schema}")
    root.set("identifier", identifier)
    root.set("title", title)
    root.set(XML_LANG, language)
    return root


def _title(item: Item) -> str:
    return textwrap.shorten(plain(item.stem), 80, placeholder="…") or item.id


def _maximum(item: Item) -> int:
    return 1 if isinstance(item.scoring_key, OrderKey) else item.maximum_score


# --- declarations --------------------------------------------------------------------------------------------


def _outcome(identifier: str, cardinality: str, base_type: str, default: str | None = None) -> Element:
    made = element(
        "qti-outcome-declaration",
        {"identifier": identifier, "cardinality": cardinality, "base-type": base_type},
    )
    if default is not None:
        made.append(element("qti-default-value", None, element("qti-value", None, default)))
    return made


def _response_declaration(item: Item) -> Element:
    key = item.scoring_key
    mapping: Element | None = None
    match key:
        case SingleChoiceKey():
            kind, values = ("single", "identifier"), [key.option]
        case MultipleChoiceKey():
            kind, values = ("multiple", "identifier"), list(key.options)
        case ZoneKey():
            kind, values = ("single" if item.maximum == 1 else "multiple", "identifier"), list(key.zones)
        case OrderKey():
            kind, values = ("ordered", "identifier"), list(key.steps)
        case MatchKey():
            ids = _category_ids(item)
            pairs = [f"{option} {ids[category]}" for option, category in key.pairs]
            kind, values = ("multiple", "directedPair"), pairs
        case ShortTextKey():
            kind, values = ("single", "string"), [key.accepted[0]]
            mapping = _mapping(dict.fromkeys(_spellings(key.accepted), "1"), "0", {"case-sensitive": "false"})
        case NumericKey():
            kind, values = ("single", "float"), [_decimal(key.value)]
    if item.partial:
        if isinstance(key, MatchKey):
            mapping = _mapping(dict.fromkeys(values, "1"), "0")
        elif isinstance(key, MultipleChoiceKey | ZoneKey):
            # every option is named: not every player knows the default value
            credit = {option.id: "1" if option.id in values else "-1" for option in item.options}
            mapping = _mapping(credit, "0", bounds={"lower-bound": "0"})
    made = element(
        "qti-response-declaration",
        {"identifier": "RESPONSE", "cardinality": kind[0], "base-type": kind[1]},
        element("qti-correct-response", None, *(element("qti-value", None, value) for value in values)),
    )
    if mapping is not None:
        made.append(mapping)
    return made


def _mapping(
    credits_of: dict[str, str],
    otherwise: str,
    of_entry: dict[str, str] | None = None,
    bounds: dict[str, str] | None = None,
) -> Element:
    entries = (
        element("qti-map-entry", {"map-key": key, "mapped-value": credit} | (of_entry or {}))
        for key, credit in credits_of.items()
    )
    return element("qti-mapping", {"default-value": otherwise} | (bounds or {}), *entries)


def _spellings(accepted: tuple[str, ...]) -> Iterator[str]:
    """Yield the accepted answers, then the spellings without accents that a player could not fold by itself."""
    yield from accepted
    known = {answer.casefold() for answer in accepted}
    for answer in accepted:
        bare = anyascii(answer)
        if bare.casefold() not in known:
            known.add(bare.casefold())
            yield bare


def _decimal(number: Decimal) -> str:
    return f"{number:f}"


# --- body ----------------------------------------------------------------------------------------------------


def _interaction(item: Item) -> Element:
    answers = {"response-identifier": "RESPONSE"}
    shuffle = {"shuffle": "true" if item.shuffle else "false"}
    prompt = element("qti-prompt", {"class": HINT}, hint(item))
    match item.interaction:
        case Interaction.SINGLE_CHOICE | Interaction.MULTIPLE_CHOICE:
            most = "1" if item.interaction is Interaction.SINGLE_CHOICE else "0"
            return element(
                "qti-choice-interaction", answers | {"max-choices": most} | shuffle, prompt, *_choices(item)
            )
        case Interaction.ORDER:
            return element("qti-order-interaction", answers | shuffle, prompt, *_choices(item))
        case Interaction.MATCH:
            elements = (
                _associable(option.id, option.text, {"match-max": "1", "match-min": "0"})
                for option in item.options
            )
            ids = _category_ids(item)
            categories = (
                _associable(ids[category.id], category.text, {"match-max": "0", "fixed": "true"})
                for category in item.categories
            )
            return element(
                "qti-match-interaction",
                answers
                | shuffle
                | {
                    "class": "qti-match-tabular",
                    "max-associations": str(len(item.options)),
                    "min-associations": "0",
                },
                prompt,
                element("qti-simple-match-set", None, *elements),
                element("qti-simple-match-set", None, *categories),
            )
        case Interaction.ZONE:
            most = str(item.maximum or 0)
            assert item.document is not None  # noqa: S101  (a zone item is not valid without one)
            return element(
                "qti-hottext-interaction", answers | {"max-choices": most}, prompt, _document(item.document)
            )
        case Interaction.SHORT_TEXT | Interaction.NUMERIC:
            length = "10" if item.interaction is Interaction.NUMERIC else "30"
            entry = element("qti-text-entry-interaction", answers | {"expected-length": length})
            unit = [f"\u00a0{item.unit}"] if item.unit else []
            return element("p", {"class": ANSWER}, entry, *unit)


def _category_ids(item: Item) -> dict[str, str]:
    """Return the id of each category in QTI, where elements and categories share one set of ids."""
    taken = {option.id for option in item.options} | {category.id for category in item.categories}
    ids: dict[str, str] = {}
    for category in item.categories:
        name = category.id
        if any(option.id == name for option in item.options):
            name = next(
                f"{name[:10]}_{number}" for number in range(2, 99) if f"{name[:10]}_{number}" not in taken
            )
            taken.add(name)
        ids[category.id] = name
    return ids


def _choices(item: Item) -> Iterator[Element]:
    for option in item.options:
        yield element("qti-simple-choice", {"identifier": option.id}, *inline(option.text))


def _associable(identifier: str, text: str, matches: dict[str, str]) -> Element:
    return element("qti-simple-associable-choice", {"identifier": identifier} | matches, *inline(text))


def _document(document: Document) -> Element:
    presented = present_document(document)
    made = element("div", {"class": f"{DOCUMENT} palier-{document.kind}"})
    made.append(element("h2", None, document.title))
    if presented.fields:
        rows = (
            element(
                "tr", None, element("th", {"scope": "row"}, label), element("td", None, *from_html(value))
            )
            for label, value in presented.fields_html
        )
        made.append(element("table", {"class": FIELDS}, element("tbody", None, *rows)))
    made.append(element("div", None, *from_html(presented.html)))
    return made


# --- scoring and feedback ------------------------------------------------------------------------------------


def _variable(identifier: str) -> Element:
    return element("qti-variable", {"identifier": identifier})


def _set(identifier: str, value: Element) -> Element:
    return element("qti-set-outcome-value", {"identifier": identifier}, value)


def _identifier(value: str) -> Element:
    return element("qti-base-value", {"base-type": "identifier"}, value)


def _within(key: NumericKey) -> Element:
    """Return the test of a number: two comparisons, since not every player knows a tolerance."""
    if not key.tolerance:
        correct = element("qti-correct", {"identifier": "RESPONSE"})
        return element("qti-equal", {"tolerance-mode": "exact"}, _variable("RESPONSE"), correct)
    lowest, highest = key.value - key.tolerance, key.value + key.tolerance
    return element(
        "qti-and",
        None,
        element("qti-gte", None, _variable("RESPONSE"), _float(_decimal(lowest))),
        element("qti-lte", None, _variable("RESPONSE"), _float(_decimal(highest))),
    )


def _float(value: str) -> Element:
    return element("qti-base-value", {"base-type": "float"}, value)


def _processing(item: Item) -> Element:
    key = item.scoring_key
    mapped = isinstance(key, ShortTextKey) or (item.partial and not isinstance(key, OrderKey))
    if mapped:
        # the default value of a mapping is not for a response left out, and players differ there
        rule = [
            element(
                "qti-response-condition",
                None,
                element(
                    "qti-response-if",
                    None,
                    element("qti-is-null", None, _variable("RESPONSE")),
                    _set("SCORE", _float("0")),
                ),
                element(
                    "qti-response-else",
                    None,
                    _set("SCORE", element("qti-map-response", {"identifier": "RESPONSE"})),
                ),
            )
        ]
    else:
        compared = (_variable("RESPONSE"), element("qti-correct", {"identifier": "RESPONSE"}))
        if isinstance(key, NumericKey):
            test = _within(key)
        else:
            test = element("qti-match", None, *compared)
        rule = [
            element(
                "qti-response-condition",
                None,
                element("qti-response-if", None, test, _set("SCORE", _float("1"))),
                element("qti-response-else", None, _set("SCORE", _float("0"))),
            )
        ]
    return element("qti-response-processing", None, *rule, _set("FEEDBACK", _shown(item)))


def _shown(item: Item) -> Element:
    """Return the feedback to show: of what was chosen where one chooses, of everything elsewhere."""
    key = item.scoring_key
    shown = [_identifier(RATIONALE)]
    if isinstance(key, SingleChoiceKey | MultipleChoiceKey | ZoneKey):
        shown.append(_variable("RESPONSE"))
    else:
        shown += [_identifier(option.id) for option in item.options if option.why]
    return element("qti-multiple", None, *shown)


def _modal_feedback(identifier: str, *content: str | Element) -> Element:
    return element(
        "qti-modal-feedback",
        {"outcome-identifier": "FEEDBACK", "identifier": identifier, "show-hide": "show"},
        element("qti-content-body", None, *content),
    )
