"""Typography and words of probability."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Qu'est-ce que c'est ?", "Qu’est-ce que c’est\u00a0?"),
        (
            "Le mot « oui » : c'est non ; voilà !",
            "Le mot «\u00a0oui\u00a0»\u00a0: c’est non\u00a0; voilà\u00a0!",
        ),
        ("%(n)s min au plus", "%(n)s\u00a0min au plus"),
        ("moins de 10 %%", "moins de 10\u00a0%%"),
        ("entre %(low)s et %(high)s", "entre %(low)s et %(high)s"),
        ("vos réponses s'affichent", "vos réponses s’affichent"),
        ("RGAA 4.1 et WCAG", "RGAA 4.1 et WCAG"),
    ],
)
def test_a_sentence_typed_on_an_ordinary_keyboard_is_typeset(typed: str, shown: str) -> None:
    assert text.french(typed) == shown


@given(st.text(st.sampled_from("aé '«»:;!?%5 smin"), max_size=40))
def test_typesetting_twice_changes_nothing_more(sentence: str) -> None:
    once = text.french(sentence)
    assert text.french(once) == once


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_more_likely_event_never_gets_a_weaker_word(one: float, other: float) -> None:
    order = ("very_unlikely", "unlikely", "even", "likely", "very_likely", "almost_certain")
    low, high = sorted((one, other))
    assert order.index(text.likelihood(low)) <= order.index(text.likelihood(high))


@pytest.mark.parametrize(
    ("probability", "french", "english"),
    [
        (0.684, "68\u00a0%", "68%"),
        (0.999, "plus de 99\u00a0%", "over 99%"),
        (1.0, "plus de 99\u00a0%", "over 99%"),
        (0.0, "moins de 1\u00a0%", "under 1%"),
        (0.01, "1\u00a0%", "1%"),
    ],
)
def test_a_percentage_is_whole_and_never_claims_certainty(
    probability: float, french: str, english: str
) -> None:
    assert text.percent(probability, "fr") == french
    assert text.percent(probability, "en") == english


@pytest.mark.parametrize(
    ("seconds", "words", "digits"),
    [
        (0, "0\u00a0s", "00:00"),
        (-4, "0\u00a0s", "00:00"),
        (59, "59\u00a0s", "00:59"),
        (2472, "41\u00a0min\u00a012\u00a0s", "41:12"),
        (3600, "1\u00a0h", "1:00:00"),
        (3725, "1\u00a0h\u00a02\u00a0min", "1:02:05"),
    ],
)
def test_a_duration_is_said_in_words_and_shown_in_digits(seconds: float, words: str, digits: str) -> None:
    assert text.duration(seconds) == words
    assert text.clock(seconds) == digits
