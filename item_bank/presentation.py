"""What a learner sees of an item, and what is explained afterwards.

:func:`present` builds a `Presented`, which has no room for a scoring key, a rationale or a parameter.
:func:`explain` builds the feedback of practice, once the item is answered.

The order of options in a sitting is a pure function of (seed, item id, option id): each option is ranked by a
keyed BLAKE2b digest, so nothing is stored and any processor finds the same order again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

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
class PresentedDocument:
    """The document of a testlet, ready for a page; labels and values of `fields` are plain text."""

    title: str
    kind: str
    fields: tuple[tuple[str, str], ...]
    html: str


@dataclass(frozen=True, slots=True)
class Presented:
    """All that a learner may see of an item before answering it, and nothing else."""

    item_id: str
    interaction: Interaction
    language: str
    stem_html: str
    hint: str
    options: tuple[PresentedOption, ...]
    categories: tuple[PresentedOption, ...]
    unit: str
    document: PresentedDocument | None


@dataclass(frozen=True, slots=True)
class ExplainedOption:
    """An option once the item is answered.

    `right` says whether it was to be chosen (choice items), or whether it was given its right place or
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
        document=None if testlet is None else present_document(testlet.document),
    )


def present_document(document: Document) -> PresentedDocument:
    """Return a document ready for a page."""
    return PresentedDocument(document.title, document.kind, document.fields, render(document.body))


def option_order(item: Item, seed: int) -> tuple[str, ...]:
    """Return the ids of the options in the order of one sitting.

    The author's order is kept where ``shuffle: false`` asks for it. The steps of an order item are never
    shown in their right order: the shuffle is drawn again until it differs.
    """
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
    """Return the French sentence that says how to answer."""
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
            return "Répondez par un mot, un sigle ou un nom court. Majuscules et accents ne comptent pas."
        case Interaction.NUMERIC:
            unit = f", en {item.unit}" if item.unit and item.unit[0].isalpha() else ""
            return f"Répondez par un nombre{unit}."


def explain(item: Item, response: Response, *, seed: int = 0) -> Explanation:
    """Return the feedback for a response, with the options in the order in which they were shown."""
    result = score(item, response)
    return Explanation(
        item_id=item.id,
        interaction=item.interaction,
        correct=result.score == result.maximum,
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
        case OrderKey():
            return _in_words(item, key.steps)
        case MatchKey():
            return _in_words(item, key.pairs)
        case ShortTextKey():
            return key.accepted[0]
        case NumericKey():
            return _with_unit(item, f"{key.value:f}".replace(".", ","))


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
        return "\n".join(
            f"{plain(item.option(element).text)}\u00a0: {labels[category]}" for element, category in value
        )
    if item.interaction is Interaction.ORDER:
        return "\n".join(
            f"{place}. {plain(item.option(step).text)}" for place, step in enumerate(value, start=1)
        )
    return "\n".join(plain(item.option(choice).text) for choice in value)


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
