"""Whether a language version is a fair copy of its item: no cue added, none taken away, typeset for its language.

A translated test measures the same thing only if nothing helps or hinders in one of the languages alone. These
checks look for the cheap giveaways; whether the items work alike is for a study of DIF between languages to say.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from item_bank.files import Content, version_name
from item_bank.item import Interaction, Item, SingleChoiceKey
from item_bank.presentation import plain
from item_bank.translation import TestletTranslation

SHORT_OPTION = 25
LEAST_RATIO, LARGEST_RATIO = 0.6, 1.67


class Disparity(NamedTuple):
    """Something a translator should look at; `rule` is its stable name, `subject` a name of `Content.origins`."""

    subject: str
    rule: str
    message: str


class Comparison(NamedTuple):
    """Figures of the versions by language, what should be looked at, and every text with its subject and field."""

    figures: dict[str, Any]
    disparities: tuple[Disparity, ...]
    texts: tuple[tuple[str, str, str], ...]


def compare(content: Content) -> Comparison:
    """Compare each language version with its item."""
    item_of = {item.id: item for item in content.items}
    figures: dict[str, Any] = {}
    found: list[Disparity] = []
    texts: list[tuple[str, str, str]] = []
    for language in sorted({version.language for version in content.translations}):
        pairs = [
            (item_of[version.id], version.apply(item_of[version.id]))
            for version in content.translations
            if version.language == language
        ]
        figures[language], of_keys = _figures(language, pairs)
        found += of_keys
        for source, shown in pairs:
            subject = version_name(source.id, language)
            found += [Disparity(subject, *what) for what in _of_item(source, shown)]
            texts += [(subject, name, text) for name, _, text in _pairs(source, shown)]
        for document in content.testlet_translations:
            if document.language == language:
                subject = version_name(document.id, language)
                named = list(_document_texts(document))
                found += [Disparity(subject, *what) for what in _of_texts(language, named)]
                texts += [(subject, name, text) for name, text in named]
    return Comparison(figures, tuple(sorted(found)), tuple(texts))


def _document_texts(version: TestletTranslation) -> Iterator[tuple[str, str]]:
    yield "title", version.title
    yield "document.title", version.document.title
    for index, (_, value) in enumerate(version.document.fields):
        yield f"document.fields[{index}]", value
    yield "document.body", version.document.body


def _figures(language: str, pairs: Sequence[tuple[Item, Item]]) -> tuple[dict[str, Any], list[Disparity]]:
    longest, shortest = [0, 0], [0, 0]
    single = 0
    ratios: list[float] = []
    for source, shown in pairs:
        ratios.append(_length(shown) / _length(source))
        if isinstance(source.scoring_key, SingleChoiceKey):
            single += 1
            for index, item in enumerate((source, shown)):
                key, others = _lengths(item, source.scoring_key.option)
                longest[index] += key > max(others)
                shortest[index] += key < min(others)
    figures = {
        "items": len(pairs),
        "single_choice_items": single,
        "key_longest": longest[1],
        "key_longest_in_source": longest[0],
        "key_shortest": shortest[1],
        "key_shortest_in_source": shortest[0],
        "length_ratio": round(statistics.median(ratios), 3),
    }
    if longest[1] <= longest[0]:
        return figures, []
    message = (
        f"In {language} the right option is strictly the longest in {longest[1]} of {single} single-choice items, "
        f"in their source in {longest[0]}: the translation added a cue."
    )
    return figures, [Disparity("", "translated_key_longest", message)]


def _length(item: Item) -> int:
    return len(item.stem) + sum(len(option.text) for option in item.options)


def _lengths(item: Item, key: str) -> tuple[int, list[int]]:
    lengths = {option.id: len(plain(option.text)) for option in item.options}
    return lengths.pop(key), list(lengths.values())


def _of_item(source: Item, shown: Item) -> Iterator[tuple[str, str]]:
    ratio = _length(shown) / _length(source)
    choices = (Interaction.SINGLE_CHOICE, Interaction.MULTIPLE_CHOICE)
    options = zip(source.options, shown.options, strict=True) if source.interaction in choices else ()
    for was, now in options:
        relative = len(now.text) / len(was.text) / ratio
        if len(was.text) > SHORT_OPTION and not LEAST_RATIO <= relative <= LARGEST_RATIO:
            yield (
                "option_proportion",
                f"Option {now.id} is {relative:.1f} times as long beside the others as in the source.",
            )
    for name, was_text, now_text in _pairs(source, shown):
        if ("**" in was_text) != ("**" in now_text):
            yield "emphasis", f"{name}: one of the two has words in bold, the other has none."
        if len(was_text.split()) > 3 and was_text == now_text:
            yield "untranslated", f"{name}: is still the text of the source."
    yield from _of_texts(shown.language, [(name, text) for name, _, text in _pairs(source, shown)])


def _pairs(source: Item, shown: Item) -> Iterator[tuple[str, str, str]]:
    yield "stem", source.stem, shown.stem
    for was, now in zip(source.options, shown.options, strict=True):
        yield f"options.{now.id}.text", was.text, now.text
        yield f"options.{now.id}.why", was.why, now.why
    for before, after in zip(source.categories, shown.categories, strict=True):
        yield f"categories.{after.id}", before.text, after.text
    if source.document and shown.document:
        yield "document.title", source.document.title, shown.document.title
        lines = zip(source.document.fields, shown.document.fields, strict=True)
        for index, (before_line, after_line) in enumerate(lines):
            yield f"document.fields[{index}]", before_line[1], after_line[1]
        yield "document.body", source.document.body, shown.document.body
    yield "rationale", source.rationale, shown.rationale


_CODE = re.compile(r"`[^`]*`|https?://\S+|<[^>]*>|\[\[[a-z0-9_]*\||\]\]")
_ENGLISH = (
    (re.compile(r"\w'\w"), "a straight apostrophe: use ’"),
    (re.compile(r'"'), "straight quotes: use “ ”"),
    (re.compile(r"[«»]"), "French quotes: use “ ”"),
    (re.compile(r"[\s\u00a0\u202f][;:!?](?=\s|$)"), "a space before ; : ! ?: English has none"),
    (re.compile(r"[^\W\d_] {2,}[^\W\d_]"), "two spaces"),
    (re.compile(r"\.\.\."), "three points: use …"),
    (re.compile(r"\d[ \u00a0]%"), "a space before %: English has none"),
    (
        re.compile(
            r"\b(?:organiz|recogniz|authoriz|analyz|anonymiz|digitiz|minimiz|center|color|behavior|fulfill|"
            r"program(?:s)?\b(?! of)|toward\b|gotten)\w*",
            re.IGNORECASE,
        ),
        "American spelling: write British English",
    ),
)


def _of_texts(language: str, texts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    if language != "en":
        return
    for name, text in texts:
        visible = _CODE.sub("x", text)
        for pattern, message in _ENGLISH:
            found = pattern.search(visible)
            if found:
                around = visible[max(found.start() - 12, 0) : found.end() + 12].replace("\n", " ")
                yield "typography", f"{name}: {message} (…{around}…)."
        if name == "stem" and (negation := _unmarked_negation(text)):
            yield "negation", f"The question is negative and not marked: **{negation}**."


_NEGATION = re.compile(r"\b(not|never|no longer|except|incorrect|wrong|cannot|untrue)\b", re.IGNORECASE)


def _unmarked_negation(stem: str) -> str:
    """Return the negation of the question itself, when it is not in bold."""
    question = re.split(r"(?<=[.!?])\s+|\n", plain(stem).strip())[-1]
    found = _NEGATION.search(question)
    if found is None or not question.endswith("?"):
        return ""
    return "" if found[0] in " ".join(re.findall(r"\*\*(.+?)\*\*", stem)) else found[0]
