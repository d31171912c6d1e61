"""Every word of the interface exists in every language."""

import re
from collections.abc import Iterable

from babel.messages.catalog import Message

from app.web import catalogues

PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|\{\w+\}")


def variants(part: str | Iterable[str] | None) -> list[str]:
    """The forms of a message, one or as many as it has numbers."""
    return [part] if isinstance(part, str) else list(part or ())


def english() -> list[Message]:
    """The English messages, without the header."""
    return [message for message in catalogues.read_catalogue("en") if message.id]


def test_every_sentence_of_the_templates_is_in_english() -> None:
    known = {message.id for message in english() if all(variants(message.string))}
    missing = {message for message, _path, _line in catalogues.messages()} - known
    assert missing == set()


def test_no_english_sentence_has_lost_its_french_one() -> None:
    used = {message for message, _path, _line in catalogues.messages()}
    assert {message.id for message in english()} - used == set()


def test_translations_keep_the_same_placeholders() -> None:
    for message in english():
        expected = set(PLACEHOLDER.findall(variants(message.id)[-1]))
        for translated in variants(message.string):
            assert set(PLACEHOLDER.findall(translated)) == expected, message.id


def test_a_lone_percent_sign_never_reaches_the_formatting() -> None:
    for message in [*english(), *catalogues.read_catalogue("fr")]:
        for sentence in [*variants(message.id), *variants(message.string)]:
            assert re.search(r"%(?!\(\w+\)s|%)", sentence.replace("%%", "")) is None, sentence


def test_zero_is_singular_in_french_and_plural_in_english() -> None:
    one, many = "%(num)s réponse", "%(num)s réponses"
    assert catalogues.load("fr").ngettext(one, many, 0) == "%(num)s réponse"
    assert catalogues.load("fr").ngettext(one, many, 2) == "%(num)s réponses"
    assert catalogues.load("en").ngettext(one, many, 0) == "%(num)s answers"
    assert catalogues.load("en").ngettext(one, many, 1) == "%(num)s answer"


def test_every_number_has_its_french_plural() -> None:
    known = {message.id for message in catalogues.read_catalogue("fr") if message.id}
    assert {message for message, _path, _line in catalogues.messages() if isinstance(message, tuple)} == known
