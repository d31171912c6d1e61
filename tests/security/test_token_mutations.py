"""Keys, access tokens and assertions that were changed: none is accepted."""

import base64
import json
import random
import string
from collections.abc import Iterator
from datetime import UTC
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from app.auth.permissions import ALL
from app.settings import Settings
from tests.conftest import Clock, Published
from tests.security.world import World, another, running

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALPHABET = string.ascii_letters + string.digits + "-_"
ODD = "\u00a0\u00df\u0130\u0131\u212a\uff50\u200b\ufeff"


@pytest.fixture
def world(settings: Settings, clock: Clock, published: Published) -> Iterator[World]:
    """An institution."""
    with running(settings, clock) as (client, app):
        yield World(client, app, published.institution_id)


def mutations(secret: str, others: list[str], rng: random.Random) -> Iterator[str]:
    """For ever, something that is nearly the secret."""
    raw = secret.encode()
    while True:
        match rng.randrange(11):
            case 0:  # one bit
                place = rng.randrange(len(raw))
                changed = bytearray(raw)
                changed[place] ^= 1 << rng.randrange(7)
                yield changed.decode("latin-1")
            case 1:  # one letter
                place = rng.randrange(len(secret))
                yield secret[:place] + rng.choice(ALPHABET) + secret[place + 1 :]
            case 2:  # cut short
                yield secret[: rng.randrange(len(secret))]
            case 3:  # more
                yield secret + "".join(rng.choices(ALPHABET, k=rng.randrange(1, 20)))
            case 4:  # another case
                place = rng.randrange(len(secret))
                yield secret[:place] + secret[place:].swapcase()
            case 5:  # two letters exchanged
                one, two = sorted(rng.sample(range(len(secret)), 2))
                yield secret[:one] + secret[two] + secret[one + 1 : two] + secret[one] + secret[two + 1 :]
            case 6:  # the head of one, the tail of another
                other = rng.choice(others)
                place = rng.randrange(1, min(len(secret), len(other)))
                yield other[:place] + secret[place:]
            case 7:  # what looks alike, or cannot be seen
                place = rng.randrange(len(secret))
                yield secret[:place] + rng.choice(ODD) + secret[place + rng.randrange(2) :]
            case 8:  # another kind
                yield rng.choice(["plk_live_", "plk_test_", "plt_", "pls_", ""]) + secret.split("_", 1)[1]
            case 9:  # taken twice, backwards, or hashed as it is stored
                yield rng.choice([secret * 2, secret[::-1], secret.upper(), secret.lower()])
            case _:  # something else altogether
                yield "".join(rng.choices(ALPHABET, k=rng.randrange(1, 80)))


def accepted(world: World, secret: str, others: list[str], times: int, seed: int) -> list[str]:
    """The mutations of a secret that open a door."""
    known = {secret, *others}
    found, tried = [], 0
    for mutation in mutations(secret, others, random.Random(seed)):
        if mutation.strip() in known:
            continue
        header = b"Bearer " + mutation.encode("utf-8")
        reply = world.client.get("/v1/keys", headers=[(b"authorization", header)])
        if reply.status_code != 401:
            found.append(f"{reply.status_code} {mutation!r}")
        tried += 1
        if tried == times:
            return found
    raise AssertionError


def secrets_of(world: World) -> list[str]:
    """A live key, a test key, another institution's key, an access token, a client's secret."""
    stranger = another(world, "autre")
    body = {"label": "SIS", "mode": "live", "scopes": ["keys:read"]}
    client = world.client.post("/v1/clients", json=body, headers=world.headers).json()
    form = {"grant_type": "client_credentials", "client_id": client["id"], "client_secret": client["secret"]}
    token = world.client.post("/oauth/token", data=form).json()["access_token"]
    bearers = [
        headers["Authorization"].split()[1]
        for headers in (world.headers, world.key(ALL, "test"), stranger.headers)
    ]
    for bearer in (*bearers, token):
        reply = world.client.get("/v1/keys", headers={"Authorization": f"Bearer {bearer}"})
        assert reply.status_code == 200
    return [*bearers, token, client["secret"]]


def attack(world: World, times: int, seed: int) -> None:
    secrets = secrets_of(world)
    for index in range(4):
        others = secrets[:index] + secrets[index + 1 :]
        assert accepted(world, secrets[index], others, times // 4, seed + index) == []


def test_no_mutation_of_a_key_or_token_is_accepted(world: World) -> None:
    attack(world, 2_000, 7)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_mutation_of_ten_thousand_is_accepted(world: World) -> None:
    attack(world, 10_000, 1_000)


def parts(assertion: str) -> list[dict[str, Any]]:
    return [
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        for part in assertion.split(".")[:2]
    ]


def packed(*values: dict[str, Any]) -> str:
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=") for value in values
    )


def forged(assertion: str, rng: random.Random) -> str:
    """An assertion that nobody signed so."""
    head, body, signature = assertion.split(".")
    header, claims = parts(assertion)
    match rng.randrange(6):
        case 0:
            header["alg"] = rng.choice(
                ["none", "None", "NONE", "", "HS256", "HS512", "RS256", "EdDSA\u0000", None]
            )
            return packed(header, claims) + rng.choice(["", "."]) + rng.choice(["", signature])
        case 1:
            name = rng.choice(["exp", "nbf", "iat", "jti", "sub", "iss", "aud", "scope"])
            claims[name] = rng.choice([0, 10**10, "x", None, [], {}, str(uuid4()), True])
            return f"{packed(header, claims)}.{signature}"
        case 2:  # one bit of what was signed, or of the signature's own bytes
            raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
            return f"{head}.{body}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"
        case 3:
            header |= rng.choice(
                [
                    {"jwk": OKPKey.generate_key("Ed25519").as_dict(private=False)},
                    {"jku": "https://attacker.example.org/jwks"},
                    {"x5u": "https://attacker.example.org/c"},
                    {"kid": "../../dev/null"},
                    {"crit": ["b64"], "b64": False},
                    {"zip": "DEF"},
                ]
            )
            return f"{packed(header, claims)}.{signature}"
        case 4:
            return assertion[: rng.randrange(len(assertion) - 1)]
        case _:
            return f"{body}.{head}.{signature}"


def test_no_forged_assertion_is_accepted(world: World, clock: Clock) -> None:
    key = OKPKey.generate_key("Ed25519")
    body = {
        "label": "SIS",
        "mode": "live",
        "scopes": ["keys:read"],
        "jwks": {"keys": [key.as_dict(private=False)]},
    }
    client = world.client.post("/v1/clients", json=body, headers=world.headers).json()["id"]
    now = int(clock.now.astimezone(UTC).timestamp())
    claims = {"iss": client, "sub": client, "aud": "http://127.0.0.1:8000", "iat": now, "exp": now + 60}

    def status(assertion: str) -> int:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion,
        }
        found: int = world.client.post("/oauth/token", data=form).status_code
        return found

    rng = random.Random(11)
    for _ in range(400):
        good = jwt.encode({"alg": "Ed25519"}, claims | {"jti": str(uuid4())}, key, algorithms=["Ed25519"])
        assert status(forged(good, rng)) in (400, 401)
    assert status(good) == 200
