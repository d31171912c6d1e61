"""Signatures under mutation, and the claims that say who speaks."""

import random
import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import RSAKey

from app.lti import claims, tokens
from app.lti.errors import LtiRefused

NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
LETTERS = string.ascii_letters + string.digits + "-_"
CLAIMS = {
    "iss": "https://lms.example",
    "aud": "tool",
    "sub": "user-1",
    "iat": int(NOW.timestamp()),
    "exp": int((NOW + timedelta(minutes=5)).timestamp()),
    "nonce": "n-1",
}


@pytest.fixture(scope="module")
def signed(platform_key: RSAKey) -> tuple[list[str], Mapping[str, Any]]:
    """Two tokens of one platform, and its public key."""
    public = {**platform_key.as_dict(private=False), "kid": "k", "use": "sig", "alg": "RS256"}
    made = [
        jwt.encode({"alg": "RS256", "kid": "k"}, {**CLAIMS, "sub": user}, platform_key)
        for user in ("user-1", "user-2")
    ]
    return made, public


def mutated(whole: str, other: str, chance: random.Random) -> str:
    """A token changed in one of the ways that an attacker or a bad line changes it."""
    at = chance.randrange(len(whole))
    head, body, signature = whole.split(".")
    other_head, other_body, other_signature = other.split(".")
    match chance.randrange(10):
        case 0 | 1 | 2:
            return whole[:at] + chance.choice(LETTERS) + whole[at + 1 :]
        case 3:
            return whole[:at]
        case 4:
            return whole[:at] + whole[at + 1 :]
        case 5:
            return whole[:at] + chance.choice(LETTERS + ".=+/ \n") + whole[at:]
        case 6:
            return chance.choice(
                [
                    f"{head}.{other_body}.{signature}",
                    f"{head}.{body}.{other_signature}",
                    f"{body}.{head}.{signature}",
                ]
            )
        case 7:
            # the last letter of a part holds bits that decode to nothing
            part = chance.choice([head, body, signature])
            return whole.replace(part, part[:-1] + chance.choice(LETTERS), 1)
        case 8:
            return chance.choice(
                [f"{whole}=", f"{whole}.", f"{head}.{body}.", f"{other_head}.{body}", whole.upper()]
            )
        case _:
            swap = chance.randrange(len(whole))
            letters = list(whole)
            letters[at], letters[swap] = letters[swap], letters[at]
            return "".join(letters)


def accepted(count: int, seed: int, signed: tuple[list[str], Mapping[str, Any]]) -> list[str]:
    """The mutations that pass for signed, out of so many that differ from what was signed."""
    (first, second), key = signed
    chance = random.Random(seed)
    passed, tried = [], 0
    while tried < count:
        token = mutated(first, second, chance)
        if token in (first, second):
            continue
        tried += 1
        try:
            tokens.verified(token, key)
        except LtiRefused:
            continue
        passed.append(token)
    return passed


def test_of_2000_mutated_tokens_none_is_accepted(signed: tuple[list[str], Mapping[str, Any]]) -> None:
    assert [tokens.verified(token, signed[1])["sub"] for token in signed[0]] == ["user-1", "user-2"]
    assert accepted(2000, 1, signed) == []


@pytest.mark.slow
def test_of_10000_mutated_tokens_none_is_accepted(signed: tuple[list[str], Mapping[str, Any]]) -> None:
    assert accepted(10_000, 2, signed) == []


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ({"kid": "k", "kty": "RSA"}, True),
        ({"kid": "k", "kty": "RSA", "use": "sig", "alg": "RS256"}, True),
        ({"kid": "k", "kty": "RSA", "use": "enc"}, False),
        ({"kid": "k", "kty": "RSA", "alg": "RS512"}, False),
        ({"kid": "k", "kty": "EC"}, False),
        ({"kid": "K", "kty": "RSA"}, False),
        ({"kty": "RSA"}, False),
    ],
)
def test_only_an_rsa_signing_key_of_that_name_is_used(key: dict[str, str], found: bool) -> None:
    assert (tokens.find_key([key], "k") is not None) is found


def check(**changes: Any) -> datetime:
    said = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return tokens.check(said, issuer="https://lms.example", client_id="tool", nonce="n-1", now=NOW)


def test_a_message_is_valid_a_minute_beyond_its_hour_and_no_longer() -> None:
    def at(seconds: int) -> int:
        return int(NOW.timestamp()) + seconds

    assert check() == NOW + timedelta(minutes=5)
    assert check(aud=["tool", "other"], azp="tool") == check(aud=["tool"])
    assert check(iat=at(-200), exp=at(-59)) == NOW - timedelta(seconds=59)
    assert check(iat=at(60), exp=at(120)) == NOW + timedelta(seconds=120)
    for iat, exp in [(-200, -60), (61, 120), (-3601, 100), (10, 10)]:
        with pytest.raises(LtiRefused) as refused:
            check(iat=at(iat), exp=at(exp))
        assert refused.value.reason == "clock"


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ([], "learner"),
        (["Learner"], "learner"),
        (["Instructor"], "staff"),
        ([f"{claims.MEMBERSHIP}#Learner"], "learner"),
        ([f"{claims.MEMBERSHIP}/Learner#GuestLearner"], "learner"),
        ([f"{claims.MEMBERSHIP}#Instructor"], "staff"),
        ([f"{claims.MEMBERSHIP}/Instructor#TeachingAssistant"], "staff"),
        ([f"{claims.MEMBERSHIP}#ContentDeveloper"], "staff"),
        ([f"{claims.MEMBERSHIP}#Learner", f"{claims.INSTITUTION}Administrator"], "learner"),
        ([f"{claims.INSTITUTION}Administrator"], "staff"),
        ([f"{claims.SYSTEM}Administrator"], "staff"),
        ([f"{claims.INSTITUTION}Student"], "learner"),
        (["http://purl.imsglobal.org/vocab/lti/system/person#TestUser", "Learner"], "learner"),
        (["https://lms.example/roles#Instructor"], "learner"),
        ([f"{claims.MEMBERSHIP}#InstructorOfNothing"], "learner"),
    ],
)
def test_roles_of_the_vocabulary_are_read(roles: list[str], role: str) -> None:
    assert claims.role_of(roles) == role


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://lms.example/a?b", "https://lms.example"),
        ("https://LMS.example:8443", "https://lms.example:8443"),
        ("http://[::1]:80/x", "http://[::1]:80"),
        ("https://u:p@lms.example/", "https://lms.example"),
        ("javascript:alert(1)", None),
        ("https:///x", None),
        ("https://lms.example;script-src *", None),
        ("https://lms.example:port/", None),
        ("", None),
    ],
)
def test_an_origin_is_plain_or_none(url: str, origin: str | None) -> None:
    assert claims.origin_of(url) == origin


@given(st.text(max_size=80))
def test_no_text_makes_an_origin_that_says_more_than_an_origin(url: str) -> None:
    origin = claims.origin_of(url)
    assert origin is None or not set(origin) & set(" ;,'\"\n*")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["sub", claims.GRADES, claims.ROSTER, claims.DEEP_LINKING + "deep_linking_settings"]
    + [
        claims.LTI + name
        for name in ("version", "message_type", "roles", "resource_link", "custom", "deployment_id")
    ]
)


@given(st.dictionaries(NAMES, JSON))
def test_whatever_a_message_says_it_is_read_or_refused(said: dict[str, Any]) -> None:
    whole = {
        claims.LTI + "version": "1.3.0",
        claims.LTI + "message_type": "LtiResourceLinkRequest",
        "sub": "u",
    }
    try:
        outcome: str = claims.read({**whole, **said}).role
    except LtiRefused as refused:
        outcome = refused.reason
    assert outcome in ("learner", "staff", "message", "no_user", "role")
