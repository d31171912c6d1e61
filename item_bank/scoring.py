"""From what a learner entered to a score.

:func:`parse` reads the canonical form of a response and refuses what cannot be an answer to the item, so that
the learner can mend it. :func:`score` compares with the scoring key. Both are pure.

Canonical forms (an omitted response is None, ``{}`` or the form with nothing in it)::

    single_choice    {"choice": "b"}
    multiple_choice  {"choices": ["a", "c"]}
    order            {"order": ["c", "a", "b"]}
    match            {"pairs": {"a": "x", "b": "y"}}
    short_text       {"text": "MSSanté"}
    numeric          {"number": "72,5"}
    zone             {"zones": ["a", "c"]}
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple, cast

from anyascii import anyascii
from rapidfuzz.distance import DamerauLevenshtein

from item_bank.errors import InvalidResponse
from item_bank.item import (
    Interaction,
    Item,
    MatchKey,
    MultipleChoiceKey,
    NumericKey,
    OrderKey,
    ShortTextKey,
    SingleChoiceKey,
    ZoneKey,
)

LONGEST_TEXT = 500
MOST_DIGITS = 20

ResponseValue = str | tuple[str, ...] | tuple[tuple[str, str], ...] | None


class Outcome(StrEnum):
    """Whether there was anything to score. (Not reached and not presented are facts of a sitting.)"""

    ANSWERED = "answered"
    OMITTED = "omitted"


@dataclass(frozen=True, slots=True)
class Response:
    """A response that can be scored; `value` is None when it was omitted."""

    interaction: Interaction
    value: ResponseValue

    @property
    def omitted(self) -> bool:
        return self.value is None

    def to_dict(self) -> dict[str, Any]:
        """Return the canonical JSON form, which :func:`parse` reads back as the same response."""
        if self.value is None:
            return {}
        field = FIELD_OF[self.interaction]
        if self.interaction is Interaction.MATCH:
            return {field: dict(cast("tuple[tuple[str, str], ...]", self.value))}
        return {field: self.value if isinstance(self.value, str) else list(self.value)}


@dataclass(frozen=True, slots=True)
class ItemScore:
    """Credit from 0 to `maximum`, and whether the item was answered or omitted."""

    score: int
    maximum: int
    outcome: Outcome


FIELD_OF = {
    Interaction.SINGLE_CHOICE: "choice",
    Interaction.MULTIPLE_CHOICE: "choices",
    Interaction.ORDER: "order",
    Interaction.MATCH: "pairs",
    Interaction.SHORT_TEXT: "text",
    Interaction.NUMERIC: "number",
    Interaction.ZONE: "zones",
}


def parse(item: Item, raw: Mapping[str, Any] | None) -> Response:
    """Read the canonical form of a response to `item`.

    Raises
    ------
    InvalidResponse
        If it cannot be an answer to this item: unknown field, an option that does not exist, a step missing
        or placed twice, a text that is too long, something that is not a number.
    """
    field = FIELD_OF[item.interaction]
    if raw is None:
        return Response(item.interaction, None)
    if not isinstance(raw, Mapping):
        raise InvalidResponse(field, "Une réponse est attendue sous la forme d’un objet.")
    for name in raw:
        if name != field:
            raise InvalidResponse(str(name)[:60], f"Le seul champ attendu est «\u00a0{field}\u00a0».")
    entered = raw.get(field)
    if entered is None:
        return Response(item.interaction, None)
    return Response(item.interaction, _PARSERS[item.interaction](item, entered))


def score(item: Item, response: Response) -> ItemScore:
    """Score a response: all or nothing, unless the item is scored in part, and nothing for an omitted one.

    In part, from 0 to ``item.maximum_score``:

    - multiple_choice, zone: right ones chosen minus wrong ones chosen, never below 0, so that choosing
      everything gains nothing;
    - match: elements in their category;
    - order: steps that follow each other as they should. A step out of place costs its neighbours and not all
      that comes after it; and every number of points can be reached, which is not so of the steps in their
      place, since nobody misplaces a single one.

    Raises
    ------
    InvalidResponse
        If the response was read for another interaction.
    """
    if response.interaction is not item.interaction:
        raise InvalidResponse(FIELD_OF[item.interaction], "Cette réponse est celle d’une autre question.")
    if response.value is None:
        return ItemScore(0, item.maximum_score, Outcome.OMITTED)
    if item.partial:
        return ItemScore(_credit(item, response.value), item.maximum_score, Outcome.ANSWERED)
    return ItemScore(int(_is_right(item, response.value)), 1, Outcome.ANSWERED)


def _credit(item: Item, value: Any) -> int:
    key = item.scoring_key
    match key:
        case MultipleChoiceKey(options=right) | ZoneKey(zones=right):
            chosen = set(value)
            return max(0, len(chosen & set(right)) - len(chosen - set(right)))
        case OrderKey():
            following = set(pairwise(key.steps))
            return sum(pair in following for pair in pairwise(value))
        case MatchKey():
            given = dict(value)
            return sum(given.get(element) == category for element, category in key.pairs)
        case _:
            return int(_is_right(item, value))


_ENGLISH_ARTICLE = re.compile(r"^\s*(?:the|an?)\s+(?=\w)", re.IGNORECASE)


def _without_article(item: Item, text: str) -> str:
    return _ENGLISH_ARTICLE.sub("", text, count=1) if item.language == "en" else text


def _is_right(item: Item, value: Any) -> bool:
    key = item.scoring_key
    match key:
        case SingleChoiceKey():
            return bool(value == key.option)
        case MultipleChoiceKey():
            return set(value) == set(key.options)
        case OrderKey():
            return tuple(value) == key.steps
        case MatchKey():
            return dict(value) == dict(key.pairs)
        case ShortTextKey():
            return matches_text(
                _without_article(item, value),
                key.accepted,
                key.edit_distance,
                Spelling(key.case_sensitive, key.accent_sensitive, key.punctuation_sensitive),
            )
        case NumericKey():
            return abs(read_number(value, item.unit, item.language) - key.value) <= key.tolerance
        case ZoneKey():
            return set(value) == set(key.zones)


# --- reading -----------------------------------------------------------------------------------------------


def _option_id(item: Item, field: str, value: Any) -> str:
    if not isinstance(value, str) or all(option.id != value for option in item.options):
        raise InvalidResponse(field, "Choisissez parmi les réponses proposées.")
    return value


def _listed(item: Item, field: str, value: Any) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise InvalidResponse(field, "Une liste de réponses est attendue.")
    if len(value) > len(item.options):
        raise InvalidResponse(field, "Chaque proposition ne peut être donnée qu’une fois.")
    ids = [_option_id(item, field, element) for element in value]
    if len(set(ids)) < len(ids):
        raise InvalidResponse(field, "Chaque proposition ne peut être donnée qu’une fois.")
    return ids


def _parse_single(item: Item, value: Any) -> ResponseValue:
    return None if value == "" else _option_id(item, "choice", value)


def _parse_multiple(item: Item, value: Any) -> ResponseValue:
    chosen = set(_listed(item, "choices", value))
    return tuple(option.id for option in item.options if option.id in chosen) or None


def _parse_zones(item: Item, value: Any) -> ResponseValue:
    chosen = set(_listed(item, "zones", value))
    if item.maximum is not None and len(chosen) > item.maximum:
        most = "un seul élément" if item.maximum == 1 else f"{item.maximum} éléments au plus"
        raise InvalidResponse("zones", f"Choisissez {most}.")
    return tuple(option.id for option in item.options if option.id in chosen) or None


def _parse_order(item: Item, value: Any) -> ResponseValue:
    steps = _listed(item, "order", value)
    if steps and len(steps) < len(item.options):
        raise InvalidResponse("order", "Donnez une place à chaque étape.")
    return tuple(steps) or None


def _parse_match(item: Item, value: Any) -> ResponseValue:
    if not isinstance(value, Mapping):
        raise InvalidResponse("pairs", "Une catégorie est attendue pour chaque élément.")
    given = {element: category for element, category in value.items() if category not in (None, "")}
    categories = {category.id for category in item.categories}
    for element, category in given.items():
        _option_id(item, "pairs", element)
        if not isinstance(category, str) or category not in categories:
            raise InvalidResponse("pairs", "Choisissez parmi les catégories proposées.")
    if given and len(given) < len(item.options):
        raise InvalidResponse("pairs", "Associez chaque élément à une catégorie.")
    return tuple((option.id, given[option.id]) for option in item.options) if given else None


def _entered_text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidResponse(field, "Un texte est attendu.")
    if len(value) > LONGEST_TEXT:
        raise InvalidResponse(field, f"La réponse ne peut pas dépasser {LONGEST_TEXT} caractères.")
    # Controls, surrogates and invisible marks: no database or page should ever have to carry them.
    visible = "".join(" " if letter in "\t\r\n" else letter for letter in value)
    visible = "".join(
        letter for letter in visible if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co"}
    )
    return unicodedata.normalize("NFC", visible).strip()


def _parse_text(item: Item, value: Any) -> ResponseValue:
    return _entered_text("text", value) or None


def _parse_number(item: Item, value: Any) -> ResponseValue:
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        raise InvalidResponse("number", _NOT_A_NUMBER)
    if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
        raise InvalidResponse("number", _TOO_LONG)
    if isinstance(value, int | float):
        value = f"{Decimal(repr(value)):f}"
    text = _entered_text("number", value)
    if text:
        read_number(text, item.unit, item.language)
    return text or None


_PARSERS = {
    Interaction.SINGLE_CHOICE: _parse_single,
    Interaction.MULTIPLE_CHOICE: _parse_multiple,
    Interaction.ORDER: _parse_order,
    Interaction.MATCH: _parse_match,
    Interaction.SHORT_TEXT: _parse_text,
    Interaction.NUMERIC: _parse_number,
    Interaction.ZONE: _parse_zones,
}


# --- short text --------------------------------------------------------------------------------------------

_ELISION = re.compile(r"\b(?:[ldjnmts]|qu)'(?=\w)", re.IGNORECASE)
_ARTICLES = {"le", "la", "les", "un", "une", "des", "du", "de", "au", "aux"}
_RUNS = re.compile(r"\d+|\D+")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"})
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "′": "'"})


class Spelling(NamedTuple):
    """What counts in a short answer beside its letters and digits."""

    case: bool = False
    accents: bool = False
    punctuation: bool = False


ORDINARY = Spelling()


def content_words(text: str, spelling: Spelling = ORDINARY) -> tuple[str, ...]:
    """Return the words that count in a short answer: letters and digits, without case, accents or articles.

    NFKC, case folded, transliterated to ASCII; elided and plain articles go, unless nothing else is left.
    """
    words = _words(text, spelling)
    return tuple(word for word in words if word.casefold() not in _ARTICLES) or words


def _words(text: str, spelling: Spelling = ORDINARY) -> tuple[str, ...]:
    compatible = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    # An emoji is no word, and would become several: its name.
    counted = "".join(letter for letter in compatible if unicodedata.category(letter) != "So")
    if not spelling.case:
        counted = counted.casefold()
    counted = unicodedata.normalize("NFC", counted)
    if spelling.accents:
        counted = counted.translate(_LIGATURES)
    else:
        counted = anyascii(counted) if spelling.case else anyascii(counted).lower()
    pattern = r"\S+" if spelling.punctuation else r"[^\W_]+"
    return tuple(re.findall(pattern, _ELISION.sub("", counted)))


# Accepted answers only: what learners type has no bound.
_accepted_words = lru_cache(maxsize=8_192)(content_words)
_accepted_letters = lru_cache(maxsize=8_192)(lambda answer: "".join(_words(answer)))


def normalise(text: str) -> str:
    """Return the content words of a short answer in one piece: spaces and punctuation do not count."""
    return "".join(content_words(text))


def forgiven_errors(word: str, edit_distance: int | None) -> int:
    """Return how many typing errors are forgiven in one word of an accepted answer.

    None below five characters, whatever the author asks (one letter makes another acronym); by default one
    from five on; two only where the author asks for them and the word has eight or more.
    """
    if len(word) < 5:
        return 0
    wanted = 1 if edit_distance is None else edit_distance
    return min(wanted, 2 if len(word) >= 8 else 1)


def matches_text(
    entered: str,
    accepted: Sequence[str],
    edit_distance: int | None = None,
    spelling: Spelling = ORDINARY,
) -> bool:
    """Say whether a short answer is one of the accepted ones, typing errors forgiven within bounds.

    Errors are forgiven in long words, word by word, as many in the whole answer as in its longest word. Digits
    are never forgiven: the runs of digits are the same and stand at the same places. Nor is a wrong accent,
    capital or sign where `spelling` says that it counts: it is not a typing error.
    """
    given, letters = content_words(entered), "".join(_words(entered))
    return bool(given) and any(
        (letters == _accepted_letters(answer) or _close(given, _accepted_words(answer), edit_distance))
        and (spelling == ORDINARY or _spelt_alike(entered, answer, spelling))
        for answer in accepted
    )


def _spelt_alike(entered: str, answer: str, spelling: Spelling) -> bool:
    """Whether what counts here adds no error to those that the letters have anyhow."""
    strict, loose = (
        DamerauLevenshtein.distance(
            "".join(content_words(entered, counted)), "".join(_accepted_words(answer, counted))
        )
        for counted in (spelling, ORDINARY)
    )
    return strict == loose


def _close(given: tuple[str, ...], answer: tuple[str, ...], edit_distance: int | None) -> bool:
    if "".join(given) == "".join(answer):
        return True
    if len(answer) == 1:
        given = ("".join(given),)
    if len(given) != len(answer):
        return False
    limit = max(forgiven_errors(word, edit_distance) for word in answer)
    total = 0
    for given_word, answer_word in zip(given, answer, strict=True):
        errors = _errors(given_word, answer_word, edit_distance)
        if errors is None:
            return False
        total += errors
    return total <= limit


def _errors(given: str, answer: str, edit_distance: int | None) -> int | None:
    """Count the typing errors between two words; None when they are more than may be forgiven."""
    if given == answer:
        return 0
    # The guard looks at the shorter of the two: a typing error must not make a word of an acronym.
    limit = min(forgiven_errors(answer, edit_distance), forgiven_errors(given, edit_distance))
    given_runs, answer_runs = _RUNS.findall(given), _RUNS.findall(answer)
    if limit == 0 or len(given_runs) != len(answer_runs):
        return None
    errors = 0
    for given_run, answer_run in zip(given_runs, answer_runs, strict=True):
        if given_run[0].isdigit() or answer_run[0].isdigit():
            if given_run != answer_run:
                return None
        else:
            errors += DamerauLevenshtein.distance(given_run, answer_run, score_cutoff=limit)
    return errors if errors <= limit else None


# --- numbers -----------------------------------------------------------------------------------------------

_NOT_A_NUMBER = "Écrivez un nombre, par exemple 72 ou 72,5."
_TOO_LONG = "Ce nombre a trop de chiffres."
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<whole>\d{1,3}(?: \d{3})+|\d*)(?:[.,](?P<decimals>\d+))?"
    r"\s*(?P<unit>[^\d\s+\-.,].*)?",
    re.DOTALL,
)
_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?![\d,])")
_UNITS = (
    ("h", "heure", "heures", "hour", "hours"),
    ("min", "mn", "minute", "minutes"),
    ("s", "sec", "seconde", "secondes", "second", "seconds"),
    ("j", "jour", "jours", "day", "days"),
    ("sem", "semaine", "semaines", "week", "weeks"),
    ("mois", "month", "months"),
    ("a", "an", "ans", "annee", "annees", "year", "years"),
    ("%", "pourcent", "pour cent", "pourcents", "percent", "per cent"),
    ("eur", "euro", "euros"),
    ("caractere", "caracteres", "character", "characters"),
    ("octet", "octets", "o", "byte", "bytes"),
    ("ko", "kilooctet", "kilooctets", "kb", "kilobyte", "kilobytes"),
    ("mo", "megaoctet", "megaoctets", "mb", "megabyte", "megabytes"),
    ("go", "gigaoctet", "gigaoctets", "gb", "gigabyte", "gigabytes"),
    ("km", "kilometre", "kilometres"),
    ("m", "metre", "metres"),
    ("chiffre", "chiffres", "digit", "digits"),
    ("fois", "time", "times"),
)
_UNIT_OF = {name: names[0] for names in _UNITS for name in names}


def read_number(text: str, unit: str = "", language: str = "fr") -> Decimal:
    """Read a number as people write it in France.

    Decimal comma or point, thousands parted by any kind of space, a sign; the item's own unit may follow. To a
    question in English, thousands may also be parted by commas: 1,500 is fifteen hundred there.

    Raises
    ------
    InvalidResponse
        If the text is not one number, or carries another unit than the item's.
    """
    ordinary = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()
    ordinary = ordinary.replace("−", "-").replace("–", "-")
    if language == "en":
        ordinary = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), ordinary)
    found = _NUMBER.fullmatch(ordinary)
    if found is None or not (found["whole"] or found["decimals"]):
        raise InvalidResponse("number", _NOT_A_NUMBER)
    if found["unit"] and _unit(found["unit"]) != _unit(unit):
        if unit:
            raise InvalidResponse(
                "number", f"Le nombre est attendu en {unit}\u00a0: écrivez-le sans autre unité."
            )
        raise InvalidResponse("number", "Écrivez seulement un nombre, sans unité ni autre mot.")
    whole, decimals = found["whole"].replace(" ", ""), found["decimals"] or ""
    if len(whole) + len(decimals) > MOST_DIGITS:
        raise InvalidResponse("number", _TOO_LONG)
    return Decimal(f"{found['sign']}{_western(whole) or '0'}.{_western(decimals) or '0'}")


def _western(digits: str) -> str:
    return "".join(str(unicodedata.decimal(digit)) for digit in digits)


def _unit(text: str) -> str:
    name = text.strip().rstrip(".").casefold().replace("€", "eur")
    name = name if name == "%" else anyascii(name).lower().strip()
    return _UNIT_OF.get(name, name)
