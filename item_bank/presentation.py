"""What a learner sees of an item, and what is explained afterwards.

:func:`present` builds a `Presented`, which has no room for a scoring key, a rationale or a parameter.
:func:`explain` builds the feedback of practice, once the item is answered.

The order of options in a sitting is a pure function of (seed, item id, option id): each option is ranked by a
keyed BLAKE2b digest, so nothing is stored and any processor finds the same order again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from item_bank.item import (
    ZONE_MARK,
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
from item_bank.scoring import Outcome, Response, score

NO_BREAK_SPACE = "\u00a0"
_TAGS = {
    *("p", "br", "strong", "em", "ul", "ol", "li", "code", "pre", "hr", "h3", "blockquote"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_INLINE_TAGS = {"strong", "em", "code", "br"}
_NOT_FOR_AUTHORS = ["link", "image", "autolink", "html_inline", "html_block", "reference", "lheading", "code"]


@dataclass(frozen=True, slots=True)
class PresentedOption:
    """An option or a category, ready for a page."""

    id: str
    html: str


@dataclass(frozen=True, slots=True)
class Zone:
    """The words that a zone of a document takes up, as plain text."""

    id: str
    text: str


Piece = str | Zone
"""A document with zones is a sequence of safe HTML and zones; the HTML is whole only with all its pieces."""


@dataclass(frozen=True, slots=True)
class PresentedDocument:
    """A document ready for a page; labels and values of `fields` are plain text.

    `field_pieces` (the values of the fields, in order) and `body_pieces` say where its zones are, and are
    empty when it has none. In `html` a zone is ``<span data-zone="a">``.
    """

    title: str
    kind: str
    fields: tuple[tuple[str, str], ...]
    html: str
    field_pieces: tuple[tuple[Piece, ...], ...] = ()
    body_pieces: tuple[Piece, ...] = ()

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The zones in reading order."""
        return tuple(
            piece
            for pieces in (*self.field_pieces, self.body_pieces)
            for piece in pieces
            if isinstance(piece, Zone)
        )

    @property
    def fields_html(self) -> tuple[tuple[str, str], ...]:
        """The fields with their values as safe HTML, zones marked as in `html`."""
        if not self.field_pieces:
            return tuple((label, escape(value)) for label, value in self.fields)
        return tuple(
            (label, joined(pieces)) for (label, _), pieces in zip(self.fields, self.field_pieces, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Presented:
    """All that a learner may see of an item before answering it, and nothing else.

    The options of a zone item are the names of its zones, in reading order; `maximum` of them may be chosen.
    """

    item_id: str
    interaction: Interaction
    language: str
    stem_html: str
    hint: str
    options: tuple[PresentedOption, ...]
    categories: tuple[PresentedOption, ...]
    unit: str
    document: PresentedDocument | None
    maximum: int | None = None
    maximum_score: int = 1
    counted_spelling: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainedOption:
    """An option once the item is answered.

    `right` says whether it was to be chosen (choice and zone items), or whether it was given its right place or
    category (order, match; None when omitted). `expected` and `given` are words: a rank, a category, or
    empty.
    """

    id: str
    html: str
    why_html: str
    right: bool | None
    chosen: bool
    expected: str
    given: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The feedback of practice: was it right, what was the answer, and why."""

    item_id: str
    interaction: Interaction
    correct: bool
    score: int
    maximum: int
    omitted: bool
    right_answer: str
    given_answer: str
    options: tuple[ExplainedOption, ...]
    rationale_html: str
    sources: tuple[str, ...]


def present(item: Item, *, seed: int, testlet: Testlet | None = None) -> Presented:
    """Return what a learner sees of `item` in the sitting whose seed is given."""
    return Presented(
        item_id=item.id,
        interaction=item.interaction,
        language=item.language,
        stem_html=render(item.stem),
        hint=hint(item),
        options=tuple(
            PresentedOption(option_id, render_inline(item.option(option_id).text))
            for option_id in option_order(item, seed)
        ),
        categories=tuple(
            PresentedOption(category.id, render_inline(category.text)) for category in item.categories
        ),
        unit=item.unit,
        document=_document(item, testlet),
        maximum=item.maximum,
        maximum_score=item.maximum_score,
        counted_spelling=counted_spelling(item),
    )


def _document(item: Item, testlet: Testlet | None) -> PresentedDocument | None:
    document = item.document or (testlet.document if testlet is not None else None)
    return None if document is None else present_document(document)


def present_document(document: Document) -> PresentedDocument:
    """Return a document ready for a page."""
    if not document.zones:
        return PresentedDocument(document.title, document.kind, document.fields, render(document.body))
    body = _pieces(document.body, render)
    return PresentedDocument(
        title=document.title,
        kind=document.kind,
        fields=tuple((label, ZONE_MARK.sub(_words, value)) for label, value in document.fields),
        html=joined(body),
        field_pieces=tuple(_pieces(value, escape) for _, value in document.fields),
        body_pieces=body,
    )


# What stands for a zone while Markdown is rendered: no author can write it, and no rule of Markdown sees it.
_STAND_IN = "\ue000{}\ue001"
_STOOD_IN = re.compile("\ue000(\\d+)\ue001")


def _words(found: re.Match[str]) -> str:
    return " ".join(re.split(r"[ \t\n]+", found["text"].strip(" \t\n")))


def _pieces(text: str, to_html: Callable[[str], str]) -> tuple[Piece, ...]:
    zones = [Zone(found["id"], _words(found)) for found in ZONE_MARK.finditer(text)]
    places = iter(range(len(zones)))
    html = to_html(ZONE_MARK.sub(lambda _: _STAND_IN.format(next(places)), text))
    parts = _STOOD_IN.split(html)
    pieces = [zones[int(part)] if index % 2 else part for index, part in enumerate(parts)]
    return tuple(piece for piece in pieces if piece)


def joined(pieces: Sequence[Piece]) -> str:
    """Return the pieces of a document as HTML, each zone ``<span data-zone="a">``."""
    return "".join(
        f'<span data-zone="{escape(piece.id)}">{escape(piece.text)}</span>'
        if isinstance(piece, Zone)
        else piece
        for piece in pieces
    )


def option_order(item: Item, seed: int) -> tuple[str, ...]:
    """Return the ids of the options in the order of one sitting.

    The author's order is kept where ``shuffle: false`` asks for it; zones keep that of the document. The
    steps of an order item are never shown in their right order: the shuffle is drawn again until it differs.
    """
    if item.document is not None:
        return tuple(zone for zone, _ in item.document.zones)
    ids = tuple(option.id for option in item.options)
    solution = item.scoring_key.steps if isinstance(item.scoring_key, OrderKey) else None
    order, draw = (_shuffled(item.id, ids, seed, 0), 1) if item.shuffle else (ids, 0)
    while solution is not None and order == solution:
        order, draw = _shuffled(item.id, ids, seed, draw), draw + 1
    return order


def _shuffled(item_id: str, ids: Sequence[str], seed: int, draw: int) -> tuple[str, ...]:
    def rank(option_id: str) -> bytes:
        message = f"option order\0{seed}\0{item_id}\0{draw}\0{option_id}"
        return hashlib.blake2b(message.encode(), digest_size=16).digest()

    return tuple(sorted(ids, key=rank))


def hint(item: Item) -> str:
    """Return the sentences that say how to answer, and what counts, in the language of the item."""
    if item.language == "en":
        return " ".join((_english_hint(item), *_english_rules(item)))
    return " ".join((_french_hint(item), *_french_rules(item)))


def counted_spelling(item: Item) -> tuple[str, ...]:
    """Return what counts in a short answer beside its letters: ``case``, ``accents``, ``punctuation``."""
    key = item.scoring_key
    if not isinstance(key, ShortTextKey):
        return ()
    counts = (key.case_sensitive, key.accent_sensitive, key.punctuation_sensitive)
    return tuple(
        name for name, counted in zip(("case", "accents", "punctuation"), counts, strict=True) if counted
    )


def _french_rules(item: Item) -> tuple[str, ...]:
    if item.interaction is Interaction.SHORT_TEXT:
        rules = {
            "case": "Les majuscules comptent.",
            "accents": "Les accents comptent.",
            "punctuation": "La ponctuation compte.",
        }
        counted = tuple(rules[name] for name in counted_spelling(item))
        return counted or ("Majuscules et accents ne comptent pas.",)
    if not item.partial:
        return ()
    loss = "\u00a0; un choix faux en retire." if chooses_several(item) else "."
    return (f"Une réponse en partie juste rapporte une partie des points{loss}",)


def _english_rules(item: Item) -> tuple[str, ...]:
    if item.interaction is Interaction.SHORT_TEXT:
        rules = {
            "case": "Capitals matter.",
            "accents": "Accents matter.",
            "punctuation": "Punctuation matters.",
        }
        counted = tuple(rules[name] for name in counted_spelling(item))
        return counted or ("Capitals and accents do not matter.",)
    if not item.partial:
        return ()
    loss = "; a wrong choice takes some away." if chooses_several(item) else "."
    return (f"A partly right answer earns part of the points{loss}",)


def chooses_several(item: Item) -> bool:
    """Whether right and wrong ones are chosen among several."""
    return item.interaction in (Interaction.MULTIPLE_CHOICE, Interaction.ZONE)


def _french_hint(item: Item) -> str:
    match item.interaction:
        case Interaction.SINGLE_CHOICE:
            return "Une seule réponse est juste."
        case Interaction.MULTIPLE_CHOICE:
            return "Plusieurs réponses sont justes\u00a0: cochez-les toutes, et elles seules."
        case Interaction.ORDER:
            return "Mettez les étapes dans l’ordre, de la première à la dernière."
        case Interaction.MATCH:
            return "Associez chaque élément à une catégorie."
        case Interaction.SHORT_TEXT:
            return "Répondez par un mot, un sigle ou un nom court."
        case Interaction.NUMERIC:
            unit = f", en {item.unit}" if item.unit and item.unit[0].isalpha() else ""
            return f"Répondez par un nombre{unit}."
        case Interaction.ZONE:
            if item.maximum == 1:
                return "Choisissez un seul élément du document."
            most = f", {item.maximum} au plus" if item.maximum else ""
            return f"Cochez tous les éléments du document qui conviennent{most}, et eux seuls."


def _english_hint(item: Item) -> str:
    match item.interaction:
        case Interaction.SINGLE_CHOICE:
            return "Only one answer is right."
        case Interaction.MULTIPLE_CHOICE:
            return "Several answers are right: tick all of them, and only those."
        case Interaction.ORDER:
            return "Put the steps in order, from first to last."
        case Interaction.MATCH:
            return "Match each element with a category."
        case Interaction.SHORT_TEXT:
            return "Answer with a word, an acronym or a short name."
        case Interaction.NUMERIC:
            unit = f", in {item.unit}" if item.unit and item.unit[0].isalpha() else ""
            return f"Answer with a number{unit}."
        case Interaction.ZONE:
            if item.maximum == 1:
                return "Choose one element of the document."
            most = f", {item.maximum} at most" if item.maximum else ""
            return f"Tick all the elements of the document that apply{most}, and only those."


def explain(item: Item, response: Response, *, seed: int = 0) -> Explanation:
    """Return the feedback for a response, with the options in the order in which they were shown."""
    result = score(item, response)
    return Explanation(
        item_id=item.id,
        interaction=item.interaction,
        correct=result.score == result.maximum,
        score=result.score,
        maximum=result.maximum,
        omitted=result.outcome is Outcome.OMITTED,
        right_answer=right_answer(item),
        given_answer=given_answer(item, response),
        options=tuple(_explained(item, response, option_id) for option_id in option_order(item, seed)),
        rationale_html=render(item.rationale),
        sources=item.sources,
    )


def right_answer(item: Item) -> str:
    """Return the right answer in words (plain text)."""
    key = item.scoring_key
    match key:
        case SingleChoiceKey():
            return _in_words(item, key.option)
        case MultipleChoiceKey():
            return _in_words(item, tuple(option.id for option in item.options if option.id in key.options))
        case ZoneKey():
            return _in_words(item, key.zones)
        case OrderKey():
            return _in_words(item, key.steps)
        case MatchKey():
            return _in_words(item, key.pairs)
        case ShortTextKey():
            return key.accepted[0]
        case NumericKey():
            return _with_unit(item, f"{key.value:f}".replace(".", "." if item.language == "en" else ","))


def given_answer(item: Item, response: Response) -> str:
    """Return a response in words (plain text); empty when it was omitted."""
    return "" if response.value is None else _in_words(item, response.value)


def _in_words(item: Item, value: Any) -> str:
    if isinstance(value, str):
        if item.interaction is Interaction.SINGLE_CHOICE:
            return plain(item.option(value).text)
        return _with_unit(item, value) if item.interaction is Interaction.NUMERIC else value
    if item.interaction is Interaction.MATCH:
        labels = {category.id: plain(category.text) for category in item.categories}
        colon = ":" if item.language == "en" else "\u00a0:"
        return "\n".join(
            f"{plain(item.option(element).text)}{colon} {labels[category]}" for element, category in value
        )
    if item.interaction is Interaction.ORDER:
        return "\n".join(
            f"{place}. {plain(item.option(step).text)}" for place, step in enumerate(value, start=1)
        )
    reading_order = option_order(item, 0) if item.document else value
    return "\n".join(plain(item.option(choice).text) for choice in reading_order if choice in value)


def _with_unit(item: Item, number: str) -> str:
    if not item.unit or any(letter.isalpha() or letter in "%€" for letter in number):
        return number
    return f"{number}{NO_BREAK_SPACE}{item.unit}"


def _explained(item: Item, response: Response, option_id: str) -> ExplainedOption:
    key, value = item.scoring_key, response.value
    right: bool | None = None
    chosen, expected, given = False, "", ""
    match key:
        case SingleChoiceKey():
            right, chosen = option_id == key.option, option_id == value
        case MultipleChoiceKey():
            right, chosen = option_id in key.options, option_id in (value or ())
        case ZoneKey():
            right, chosen = option_id in key.zones, option_id in (value or ())
        case OrderKey():
            expected = str(key.steps.index(option_id) + 1)
            if isinstance(value, tuple):
                given, chosen = str([str(step) for step in value].index(option_id) + 1), True
                right = given == expected
        case MatchKey():
            labels = {category.id: plain(category.text) for category in item.categories}
            expected = labels[dict(key.pairs)[option_id]]
            if isinstance(value, tuple):
                chosen_category = next(str(pair[1]) for pair in value if pair[0] == option_id)
                given, chosen = labels[chosen_category], True
                right = given == expected
        case ShortTextKey() | NumericKey():
            pass
    option = item.option(option_id)
    return ExplainedOption(
        id=option_id,
        html=render_inline(option.text),
        why_html=render_inline(option.why),
        right=right,
        chosen=chosen,
        expected=expected,
        given=given,
    )


_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table").disable(_NOT_FOR_AUTHORS)


@lru_cache(maxsize=16_384)
def render(text: str) -> str:
    """Return simple Markdown as safe HTML: paragraphs, lists, tables, emphasis; no link, no raw HTML."""
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3"
    return _safe(tokens)


def _safe(tokens: Sequence[Token]) -> str:
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return _clean(html, _TAGS, {"ol": {"start"}})


def _clean(html: str, tags: set[str], attributes: dict[str, set[str]]) -> str:
    # The character itself rather than the entity, which only HTML knows.
    return (
        nh3.clean(html, tags=tags, attributes=attributes, link_rel=None).strip().replace("&nbsp;", "\u00a0")
    )


@lru_cache(maxsize=65_536)
def render_inline(text: str) -> str:
    """Return a short Markdown text as safe inline HTML."""
    return _clean(_PARSER.renderInline(text), _INLINE_TAGS, {})


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Return a short Markdown text without its marks."""
    parts: list[str] = []
    for token in _PARSER.parseInline(text):
        parts.extend(
            "\n" if child.type in ("softbreak", "hardbreak") else child.content
            for child in token.children or ()
        )
    return "".join(parts)
