"""Words and figures as a reader of French or English expects to see them."""

import re
import zoneinfo
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Final, Literal

from babel.dates import format_datetime

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
ZONE: Final = "Europe/Paris"

_APOSTROPHE = re.compile(r"(?<=\w)'(?=[\w«])")
_BEFORE_PUNCTUATION = re.compile(r" (?=[:;!?»]|%(?!\())")
_AFTER_OPENING_QUOTE = re.compile(r"« ")
_BEFORE_UNIT = re.compile(r"(?:(?<=\d)|(?<=\)s)) (?=(?:minutes?|min|h|s|Ko)\b)")

Likelihood = Literal["almost_certain", "very_likely", "likely", "even", "unlikely", "very_unlikely"]


def french(sentence: str) -> str:
    """Typeset a sentence typed on an ordinary keyboard: apostrophes and no-break spaces.

    >>> french("Qu'est-ce que c'est ?")
    'Qu’est-ce que c’est\\xa0?'
    """
    sentence = _APOSTROPHE.sub("’", sentence)
    sentence = _BEFORE_PUNCTUATION.sub(NO_BREAK, sentence)
    sentence = _AFTER_OPENING_QUOTE.sub("«" + NO_BREAK, sentence)
    return _BEFORE_UNIT.sub(NO_BREAK, sentence)


def english(sentence: str) -> str:
    """Typeset an English sentence: apostrophes only."""
    return _APOSTROPHE.sub("’", sentence)


def percent(probability: float, lang: str) -> str:
    """A probability as a whole percentage that never claims certainty.

    >>> percent(0.9991, "fr"), percent(0.684, "en")
    ('plus de 99\\xa0%', '68%')
    """
    sign = f"{NO_BREAK}%" if lang == "fr" else "%"
    if probability > 0.99:
        return f"plus de 99{sign}" if lang == "fr" else f"over 99{sign}"
    if probability < 0.01:
        return f"moins de 1{sign}" if lang == "fr" else f"under 1{sign}"
    return f"{round(100 * probability)}{sign}"


def likelihood(probability: float) -> Likelihood:
    """The word that a probability deserves; the template says it in the reader's language."""
    steps: Sequence[tuple[float, Likelihood]] = (
        (0.99, "almost_certain"),
        (0.90, "very_likely"),
        (0.65, "likely"),
        (0.35, "even"),
        (0.10, "unlikely"),
    )
    for floor, word in steps:
        if probability >= floor:
            return word
    return "very_unlikely"


def duration(seconds: float) -> str:
    """A duration in hours, minutes and seconds; the same abbreviations serve French and English.

    >>> duration(2472)
    '41\\xa0min\\xa012\\xa0s'
    """
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (left, "s")]
    shown = [f"{number}{NO_BREAK}{unit}" for number, unit in parts if number]
    return NO_BREAK.join(shown[:2]) or f"0{NO_BREAK}s"


def clock(seconds: float) -> str:
    """A countdown, `41:12` or `1:02:05`."""
    whole = max(0, int(seconds))
    minutes, left = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes:02}:{left:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{left:02}"


@cache
def _zone() -> tuple[tzinfo, str]:
    """Where the readers are, and what must be said of it: nothing, unless this machine knows no time zones."""
    try:
        return zoneinfo.ZoneInfo(ZONE), ""
    except zoneinfo.ZoneInfoNotFoundError:
        return UTC, " UTC"


def zone() -> tzinfo:
    """What a day and an hour that a reader types mean."""
    return _zone()[0]


def moment(at: datetime, lang: str) -> str:
    """A day and an hour, in Paris.

    >>> moment(datetime(2027, 1, 11, 9, 5, tzinfo=UTC), "fr")
    '11\\xa0janv.\\xa02027 à\\xa010:05'
    """
    zone, said = _zone()
    pattern = "d MMM y" if lang == "fr" else "MMM d, y"
    day = format_datetime(at, pattern, tzinfo=zone, locale=lang).replace(" ", NO_BREAK)
    hour = format_datetime(at, "HH:mm", tzinfo=zone, locale=lang)
    return f"{day} à{NO_BREAK}{hour}{said}" if lang == "fr" else f"{day}, {hour}{said}"
