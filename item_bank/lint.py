"""Warnings, errors and figures about a content that can be read: giveaways, load, typography, fiction, enemies.

Figures are shares and counts over the whole bank; warnings and errors name one place each. Errors are what may
not be released: the number, address or telephone of somebody who may exist, and enemies that a design asks together.
"""

from __future__ import annotations

import datetime
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from rapidfuzz import fuzz, process

from item_bank import parity
from item_bank.design import Design, Scope
from item_bank.files import Content, Origin
from item_bank.item import Document, Interaction, Item, OrderKey, SingleChoiceKey, Testlet
from item_bank.presentation import plain
from item_bank.release import ENTERING

LONGEST_KEY_SHARE = 0.30
STEM_WORDS, OPTION_WORDS, DOCUMENT_WORDS = 80, 25, 220
SIMILAR_STEMS = 92.0
SECONDS_PER_WORD = 0.3
SHORTEST_ECHO = 6
ERRORS = frozenset({"real_nir", "real_phone", "real_address", "enemies_together"})


@dataclass(frozen=True, slots=True, order=True)
class Warning:
    """Something an author should look at; `rule` is its stable name."""

    file: str
    line: int
    subject: str
    rule: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        subject = f"{self.subject}: " if self.subject else ""
        return f"{place}{subject}{self.message} [{self.rule}]"


class Report(NamedTuple):
    """What the linter found; errors have the form of warnings, and are to be mended before a release."""

    figures: Mapping[str, Any]
    warnings: tuple[Warning, ...]
    errors: tuple[Warning, ...] = ()


class _Text(NamedTuple):
    """A text of an item and the field it stands in."""

    field: str
    text: str


class _Finding(NamedTuple):
    subject: str
    rule: str
    message: str


def lint(content: Content, today: datetime.date) -> Report:
    """Return the figures of a content, and what an author should look at again."""
    items = [item for item in content.items if item.status in ENTERING]
    figures: dict[str, Any] = {"items": len(items), "testlets": len(content.testlets)}
    findings: list[_Finding] = []
    for part, found in (
        _key_lengths(items),
        _key_positions(items),
        _absolute_words(items),
        _echoes(items),
        _negations(items),
        _reading_load(items, content.testlets),
    ):
        figures |= part
        findings += found
    for item in items:
        findings += _item_findings(item, today)
    for testlet in content.testlets:
        findings += _testlet_findings(testlet)
    findings += _thin_topics(content, items)
    findings += _similar_stems(items)
    findings += _enemies_together(content, items)
    compared = parity.compare(content)
    figures["translations"] = compared.figures
    findings += [_Finding(*disparity) for disparity in compared.disparities]
    for subject, name, text in compared.texts:
        # The typography of each language is looked at by `parity`.
        of_text = _text_findings(subject, _Text(name, text))
        findings += [finding for finding in of_text if finding.rule != "typography"]
    figures["warnings_by_rule"] = dict(sorted(Counter(finding.rule for finding in findings).items()))
    placed = sorted(_placed(finding, content.origins) for finding in findings)
    return Report(
        figures,
        warnings=tuple(warning for warning in placed if warning.rule not in ERRORS),
        errors=tuple(warning for warning in placed if warning.rule in ERRORS),
    )


def _placed(finding: _Finding, origins: Mapping[str, Origin]) -> Warning:
    origin = origins.get(finding.subject, Origin("", 0))
    return Warning(origin.file, origin.line, finding.subject, finding.rule, finding.message)


# --- giveaways ---------------------------------------------------------------------------------------------


def _single_choices(items: list[Item]) -> Iterator[tuple[Item, str]]:
    for item in items:
        if isinstance(item.scoring_key, SingleChoiceKey):
            yield item, item.scoring_key.option


def _key_lengths(items: list[Item]) -> tuple[dict[str, Any], list[_Finding]]:
    longest: list[str] = []
    shortest = count = 0
    for item, key in _single_choices(items):
        lengths = {option.id: len(plain(option.text)) for option in item.options}
        others = [length for option_id, length in lengths.items() if option_id != key]
        count += 1
        if lengths[key] > max(others):
            longest.append(item.id)
        shortest += lengths[key] < min(others)
    share = len(longest) / count if count else 0.0
    figures = {
        "single_choice_items": count,
        "key_longest_share": round(share, 4),
        "key_longest_items": longest,
        "key_shortest_share": round(shortest / count, 4) if count else 0.0,
    }
    if share <= LONGEST_KEY_SHARE:
        return figures, []
    message = f"The right option is strictly the longest in {share:.0%} of single-choice items; 30% at most."
    return figures, [_Finding("", "key_longest", message)]


def _key_positions(items: list[Item]) -> tuple[dict[str, Any], list[_Finding]]:
    places = Counter(
        [option.id for option in item.options].index(key) + 1
        for item, key in _single_choices(items)
        if len(item.options) == 4
    )
    count = sum(places.values())
    figures = {"key_positions": {str(place): places[place] for place in range(1, 5)}}
    findings = [
        _Finding(
            "",
            "key_position",
            f"The right option stands at place {place} in {places[place] / count:.0%} of four-option items; "
            "about a quarter is expected.",
        )
        for place in range(1, 5)
        if count >= 40 and not 0.15 <= places[place] / count <= 0.35
    ]
    return figures, findings


_ABSOLUTE = re.compile(
    r"\b(?:toujours|jamais|uniquement|seulement|exclusivement|systématiquement|automatiquement|obligatoirement|"
    r"aucune?|tous|toutes|toute|tout)\b",
    re.IGNORECASE,
)


def _absolute_words(items: list[Item]) -> tuple[dict[str, Any], list[_Finding]]:
    keys = distractors = with_in_keys = with_in_distractors = 0
    only_in_distractors = []
    for item, key in _single_choices(items):
        with_one = {option.id for option in item.options if _ABSOLUTE.search(option.text)}
        if with_one and key not in with_one:
            only_in_distractors.append(item.id)
        for option in item.options:
            absolute = bool(_ABSOLUTE.search(option.text))
            if option.id == key:
                keys += 1
                with_in_keys += absolute
            else:
                distractors += 1
                with_in_distractors += absolute
    in_keys = with_in_keys / keys if keys else 0.0
    in_distractors = with_in_distractors / distractors if distractors else 0.0
    figures = {
        "absolute_words_in_keys": round(in_keys, 4),
        "absolute_words_in_distractors": round(in_distractors, 4),
        "absolute_words_only_in_distractors": only_in_distractors,
    }
    if in_distractors <= max(2 * in_keys, in_keys + 0.05):
        return figures, []
    message = (
        f"Absolute words (toujours, jamais, tout...) stand in {in_distractors:.0%} of the distractors and "
        f"{in_keys:.0%} of the keys: a hint."
    )
    return figures, [_Finding("", "absolute_words", message)]


_WORD = re.compile(r"[^\W\d_]+")


def _echoes(items: list[Item]) -> tuple[dict[str, Any], list[_Finding]]:
    """Words of the stem that come back in one option alone: in the key more often than by chance, a hint."""
    counted = in_key = 0
    chance = 0.0
    echoing: list[str] = []
    for item, key in _single_choices(items):
        stem = _roots(item.stem)
        roots = {option.id: _roots(option.text) & stem for option in item.options}
        alone = [
            option_id
            for option_id, own in roots.items()
            if own - set().union(*(other for name, other in roots.items() if name != option_id))
        ]
        if len(alone) == 1:
            counted += 1
            chance += 1 / len(item.options)
            if alone == [key]:
                in_key += 1
                echoing.append(item.id)
    expected = chance / counted if counted else 0.0
    share = in_key / counted if counted else 0.0
    figures = {
        "echo_items": counted,
        "echo_in_key_share": round(share, 4),
        "echo_in_key_expected": round(expected, 4),
        "echo_in_key_items": echoing,
    }
    # Two standard deviations of a binomial around chance, from thirty items on: fewer say nothing.
    if counted < 30 or share <= expected + 2 * (expected * (1 - expected) / counted) ** 0.5:
        return figures, []
    message = (
        f"Where a word of the stem comes back in one option alone, it is the right one in {share:.0%} of "
        f"{counted} items, and {expected:.0%} by chance: a hint."
    )
    return figures, [_Finding("", "echo", message)]


def _roots(text: str) -> set[str]:
    """The long words of a text, by their first letters, so that a plural or a verb's ending is the same word."""
    return {
        word[:SHORTEST_ECHO].casefold() for word in _WORD.findall(plain(text)) if len(word) >= SHORTEST_ECHO
    }


_CATCH_ALL = re.compile(
    r"\b(?:toutes?|aucune)\s+(?:de\s+)?(?:ces|les|des|ses)\s+(?:autres\s+)?(?:réponses|propositions|affirmations)",
    re.IGNORECASE,
)


# --- load --------------------------------------------------------------------------------------------------


def words(text: str) -> int:
    """Count the words of a text."""
    return len(re.findall(r"[\w’'\-]*\w[\w’'\-]*", text))


def _reading_load(items: list[Item], testlets: tuple[Testlet, ...]) -> tuple[dict[str, Any], list[_Finding]]:
    stems = [words(plain(item.stem)) for item in items]
    totals = [
        stem
        + sum(words(plain(option.text)) for option in item.options)
        + sum(words(plain(category.text)) for category in item.categories)
        for stem, item in zip(stems, items, strict=True)
    ]
    figures: dict[str, Any] = {}
    for name, values in (("stem_words", stems), ("item_words", totals)):
        if values:
            figures[name] = {
                "median": statistics.median(values),
                "ninth_decile": sorted(values)[int(0.9 * (len(values) - 1))],
                "largest": max(values),
            }
    if totals:
        figures["reading_seconds"] = round(statistics.fmean(totals) * SECONDS_PER_WORD, 1)
    findings = [
        _Finding(item.id, "long_stem", f"The stem has {count} words; {STEM_WORDS} at most.")
        for count, item in zip(stems, items, strict=True)
        if count > STEM_WORDS
    ]
    for item in items:
        findings += [
            _Finding(
                item.id,
                "long_option",
                f"Option {option.id} has {words(option.text)} words; {OPTION_WORDS} at most.",
            )
            for option in item.options
            if words(option.text) > OPTION_WORDS
        ]
    documents = [(testlet.id, testlet.document) for testlet in testlets]
    documents += [(item.id, item.document) for item in items if item.document is not None]
    for subject, document in documents:
        count = sum(words(text.text) for text in _document_texts(document) if text.field != "document.title")
        if count > DOCUMENT_WORDS:
            message = f"The document has {count} words; {DOCUMENT_WORDS} at most."
            findings.append(_Finding(subject, "long_document", message))
    return figures, findings


# --- one item, one testlet ---------------------------------------------------------------------------------


def _texts(item: Item) -> Iterator[_Text]:
    yield _Text("stem", item.stem)
    for index, option in enumerate(item.options):
        yield _Text(f"options[{index}].text", option.text)
        yield _Text(f"options[{index}].why", option.why)
    for index, category in enumerate(item.categories):
        yield _Text(f"categories[{index}].text", category.text)
    yield _Text("rationale", item.rationale)
    for index, source in enumerate(item.sources):
        yield _Text(f"sources[{index}]", source)
    if item.document is not None:
        yield from _document_texts(item.document)


_ZONE = re.compile(r"\[\[\w+\|(.*?)\]\]", re.DOTALL)


def _document_texts(document: Document) -> Iterator[_Text]:
    """The texts of a document, without the marks of its zones."""
    yield _Text("document.body", _ZONE.sub(r"\1", document.body))
    yield _Text("document.title", document.title)
    for index, (_, value) in enumerate(document.fields):
        yield _Text(f"document.fields[{index}]", _ZONE.sub(r"\1", value))


def _item_findings(item: Item, today: datetime.date) -> Iterator[_Finding]:
    for text in _texts(item):
        yield from _text_findings(item.id, text)
    for option in item.options:
        if _CATCH_ALL.search(option.text):
            yield _Finding(item.id, "catch_all", f"Option {option.id} stands for all or none of the others.")
    negation = _unmarked_negation(item.stem)
    if negation:
        yield _Finding(item.id, "negation", f"The question is negative and not marked: **{negation}**.")
    if item.recheck < today:
        yield _Finding(item.id, "recheck", f"Was to be checked again by {item.recheck.isoformat()}.")
    key = item.scoring_key
    if isinstance(key, OrderKey) and list(key.steps) == sorted(key.steps):
        message = "The ids of the steps spell the right order, and pages show them: mix the letters."
        yield _Finding(item.id, "order_ids", message)
    if item.interaction is Interaction.MATCH:
        used = {category for _, category in getattr(key, "pairs", ())}
        if len(used) == 1:
            yield _Finding(item.id, "one_category", "Every element goes to the same category.")


def _testlet_findings(testlet: Testlet) -> Iterator[_Finding]:
    for text in _document_texts(testlet.document):
        yield from _text_findings(testlet.id, text)


_NEGATION = re.compile(
    r"\b(?:ne\s|n’|n')[^?.;:]*?\b(pas|jamais|aucune?)\b|\b(sauf|excepté|incorrecte?s?|inexacte?s?)\b"
)


def _negation_of(stem: str) -> str:
    """Return the word that makes the question itself negative; empty when none does."""
    question = re.split(r"(?<=[.!?])\s+|\n", plain(stem).strip())[-1]
    found = _NEGATION.search(question)
    if found is None or not question.endswith("?"):
        return ""
    return next(group for group in found.groups() if group)


def _unmarked_negation(stem: str) -> str:
    word = _negation_of(stem)
    bold = " ".join(re.findall(r"\*\*(.+?)\*\*", stem))
    return "" if word in bold else word


def _negations(items: list[Item]) -> tuple[dict[str, Any], list[_Finding]]:
    negative = [item for item in items if _negation_of(item.stem)]
    unmarked = sum(bool(_unmarked_negation(item.stem)) for item in negative)
    return {"negative_questions": len(negative), "negative_questions_unmarked": unmarked}, []


# --- texts -------------------------------------------------------------------------------------------------

_CODE = re.compile(r"`[^`]*`|https?://\S+|<[^>]*>")
_TYPOGRAPHY = (
    (re.compile(r"\w'\w"), "a straight apostrophe: use ’"),
    (re.compile(r'"'), "straight quotes: use « »"),
    (re.compile(r"\S [;:!?»](?=\s|$|[.,)*_])"), "an ordinary space before ; : ! ? »: use a no-break space"),
    (re.compile(r"« "), "an ordinary space after «: use a no-break space"),
    (re.compile(r"[^\W\d_](?:[;!?](?=\s|$)|: )"), "no space before ; : ! ?: put a no-break space"),
    (re.compile(r"«[^\W_]|[^\W_]»"), "no space inside « »: put a no-break space"),
    (re.compile(r"\.\.\."), "three points: use …"),
)
_LINK = re.compile(r"\]\(|!\[|</?[a-z][^>@]*>")
_EMAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
# RFC 2606 and 6761: names that belong to nobody.
_FICTION = (".example", ".invalid", ".test", ".localhost")
_EXAMPLE_DOMAINS = ("example.com", "example.net", "example.org")
_NIR = re.compile(
    r"(?<!\d)([1278])\s?(\d{2})\s?(\d{2})\s?(\d{2}|2[AB])\s?(\d{3})\s?(\d{3})\s?(?:(?:clé|\(clé\)|-|/)\s?)?(\d{2})(?!\d)"
)
_PHONE = re.compile(r"(?<![\d+])(?:\+\s?33\s?(?:\(0\)\s?)?|0)([1-79](?:[\s.\-]?\d{2}){4})(?!\d)")
# The ranges that the French regulator keeps for fiction.
_FICTION_PHONES = ("019900", "026191", "035301", "046571", "053649", "063998")


def _text_findings(subject: str, text: _Text) -> Iterator[_Finding]:
    visible = _CODE.sub("", text.text)
    for pattern, message in _TYPOGRAPHY:
        found = pattern.search(visible)
        if found:
            around = visible[max(found.start() - 12, 0) : found.end() + 12].replace("\n", " ")
            yield _Finding(subject, "typography", f"{text.field}: {message} (…{around}…).")
    if _LINK.search(re.sub(r"`[^`]*`", "", text.text)):
        message = f"{text.field}: links, images and HTML are shown as they are typed."
        yield _Finding(subject, "markup", message)
    for domain in _EMAIL.findall(text.text):
        name = domain.lower()
        if not name.endswith(_FICTION) and not f".{name}".endswith(
            tuple(f".{one}" for one in _EXAMPLE_DOMAINS)
        ):
            message = f"{text.field}: the e-mail domain {domain} is not fictitious (.example)."
            yield _Finding(subject, "real_address", message)
    for found in _NIR.finditer(text.text):
        if _is_valid_nir(found):
            message = f"{text.field}: {found[0]} is a valid NIR: change its key."
            yield _Finding(subject, "real_nir", message)
    for found in _PHONE.finditer(text.text):
        digits = "0" + re.sub(r"\D", "", found[1])
        if not digits.startswith(_FICTION_PHONES):
            message = f"{text.field}: {found[0]} is not in a range kept for fiction (01 99 00, 06 39 98...)."
            yield _Finding(subject, "real_phone", message)


def _is_valid_nir(found: re.Match[str]) -> bool:
    department = found[4].replace("2A", "19").replace("2B", "18")
    number = int(found[1] + found[2] + found[3] + department + found[5] + found[6])
    return 97 - number % 97 == int(found[7])


# --- between items -----------------------------------------------------------------------------------------


def _thin_topics(content: Content, items: list[Item]) -> Iterator[_Finding]:
    if content.framework is None:
        return
    counts = Counter(item.topic for item in items)
    for topic in content.framework.topics:
        if counts[topic] < 2:
            count = "no item" if counts[topic] == 0 else "one item"
            yield _Finding(topic, "thin_topic", f"The topic has {count}.")


def _similar_stems(items: list[Item]) -> Iterator[_Finding]:
    """Yield pairs whose stems, in any two competences, are nearly the same text, and that may be asked together."""
    scores = process.cdist(
        [item.stem for item in items],
        [item.stem for item in items],
        scorer=fuzz.ratio,
        score_cutoff=SIMILAR_STEMS,
    )
    for later, earlier in zip(*scores.nonzero(), strict=True):
        item, other = items[later], items[earlier]
        if later > earlier and other.id not in item.enemies and item.id not in other.enemies:
            message = f"The stem is close to that of {other.id}: rewrite it or declare them enemies."
            yield _Finding(item.id, "similar_stems", message)


def _enemies_together(content: Content, items: list[Item]) -> Iterator[_Finding]:
    """Yield the enemies that one test may hold: of one case, or apart in no row of some design."""
    by_id = {item.id: item for item in items}
    for item in items:
        for other in (by_id[enemy] for enemy in item.enemies if enemy in by_id):
            if item.id in other.enemies and other.id < item.id:
                continue
            if item.testlet is not None and item.testlet == other.testlet:
                message = f"Its enemy {other.id} belongs to the same case, which is asked whole."
                yield _Finding(item.id, "enemies_together", message)
                continue
            designs = [design.id for design in content.designs if not _keeps_apart(design, item, other)]
            if designs:
                message = (
                    f"Its enemy {other.id} may be asked in the same test by {', '.join(designs)}: put them in one "
                    "topic of which a test asks one item, or write `enemies_apart: true` there."
                )
                yield _Finding(item.id, "enemies_together", message)


def _keeps_apart(design: Design, one: Item, other: Item) -> bool:
    return (
        design.enemies_apart
        or (one.topic == other.topic and design.bounds(Scope.TOPIC, one.topic)[1] <= 1)
        or (one.competence == other.competence and design.bounds(Scope.COMPETENCE, one.competence)[1] <= 1)
    )
