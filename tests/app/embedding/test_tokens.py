"""The token of a launch link: it holds, and only as it was written."""

import random
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.embedding import tokens
from app.embedding.tokens import Launch, Unreadable
from app.secrets import Sealer, new_master_key

LAUNCH = Launch(
    family="l_family",
    sitting_id=UUID("019a1f0e-7d3c-7a51-b0a4-d5f6c7e8f901"),
    institution_id=UUID("019a1f0e-7d3c-7a51-b0a4-d5f6c7e8f902"),
    expires_at=datetime(2027, 1, 11, 10, 0, tzinfo=UTC),
    return_url="https://lms.example.org/course/12",
    theme="dark",
    lang="en",
    accents=("#8a1538", "#e5a0b5"),
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "


def test_what_a_token_was_given_it_gives_back() -> None:
    sealer = Sealer([new_master_key()])
    assert tokens.read(sealer, tokens.issue(sealer, LAUNCH)) == LAUNCH


def test_of_ten_thousand_mutations_none_is_read() -> None:
    sealer, rng = Sealer([new_master_key()]), random.Random(6)
    token = tokens.issue(sealer, LAUNCH)
    accepted = 0
    for _ in range(10_000):
        altered = list(token)
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(altered))
            match rng.randrange(4):
                case 0:
                    altered[place] = rng.choice(LETTERS)
                case 1:
                    altered.insert(place, rng.choice(LETTERS))
                case 2:
                    del altered[place]
                case _:
                    other = rng.randrange(len(altered))
                    altered[place], altered[other] = altered[other], altered[place]
        text = "".join(altered)
        if text == token:
            continue
        try:
            tokens.read(sealer, text)
            accepted += 1
        except Unreadable:
            pass
    assert accepted == 0


def test_every_form_of_the_last_letter_but_one_is_refused() -> None:
    sealer = Sealer([new_master_key()])
    token = tokens.issue(sealer, LAUNCH)
    read = []
    for letter in LETTERS:
        try:
            tokens.read(sealer, token[:-1] + letter)
            read.append(letter)
        except Unreadable:
            pass
    assert read == [token[-1]]


def test_a_token_is_read_while_its_master_key_is_known() -> None:
    former, present = new_master_key(), new_master_key()
    token = tokens.issue(Sealer([former]), LAUNCH)
    assert tokens.read(Sealer([present, former]), token) == LAUNCH
    with pytest.raises(Unreadable):
        tokens.read(Sealer([present]), token)
