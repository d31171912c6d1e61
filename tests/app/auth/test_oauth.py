"""Access tokens: how a client proves who it is, what it is given, and how that ends."""

import base64
import hmac
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy import select

from app.audit import AuditEntry
from app.auth import service as auth
from app.db import Database
from app.institutions import service as institutions
from tests.conftest import START, Clock, Published

NOBODY = "01900000-0000-7000-8000-000000000000"

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRANT = {"grant_type": "client_credentials"}
SCOPES = ["sittings:read", "sittings:write", "keys:read"]
ISSUER = "http://127.0.0.1:8000"
ED25519 = OKPKey.generate_key("Ed25519")
P256 = ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)
only_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def basic(client: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()}


@pytest.fixture
def calls(client: httpx2.AsyncClient, published: Published) -> httpx2.AsyncClient:
    """A client of HTTP; the institution's key is at `published`."""
    return client


class Program:
    """An OAuth client under test."""

    def __init__(self, calls: httpx2.AsyncClient, made: dict[str, Any], clock: Clock) -> None:
        self.calls = calls
        self.id: str = made["id"]
        self.secret: str = made["secret"] or ""
        self.clock = clock

    async def token(self, **form: str) -> httpx2.Response:
        return await self.calls.post("/oauth/token", data=GRANT | form, headers=basic(self.id, self.secret))

    async def given(self, **form: str) -> str:
        reply = await self.token(**form)
        assert reply.status_code == 200, reply.text
        found: str = reply.json()["access_token"]
        return found

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(self.clock.now.timestamp())
        claims = {
            "iss": self.id,
            "sub": self.id,
            "aud": ISSUER,
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid4()),
        }
        return {name: value for name, value in (claims | changed).items() if value is not None}

    async def assert_by(self, assertion: str, **form: str) -> httpx2.Response:
        body = GRANT | {"client_assertion_type": ASSERTION, "client_assertion": assertion} | form
        return await self.calls.post("/oauth/token", data=body)


async def _made(calls: httpx2.AsyncClient, published: Published, clock: Clock, **changed: Any) -> Program:
    body = {"label": "SIS", "mode": "live", "scopes": SCOPES} | changed
    reply = await calls.post("/v1/clients", json=body, headers=published.authorization)
    assert reply.status_code == 201, reply.text
    return Program(calls, reply.json(), clock)


@pytest.fixture
async def program(calls: httpx2.AsyncClient, published: Published, clock: Clock) -> Program:
    """A client with a secret."""
    return await _made(calls, published, clock)


@pytest.fixture
async def signer(calls: httpx2.AsyncClient, published: Published, clock: Clock) -> Program:
    """A client with three public keys."""
    keys = [
        {**key.as_dict(private=False), "kid": kid}
        for kid, key in (("ed", ED25519), ("ec", P256), ("rsa", RSA))
    ]
    return await _made(calls, published, clock, jwks={"keys": keys})


def signed(claims: dict[str, Any], algorithm: str = "Ed25519", key: Any = ED25519, **header: Any) -> str:
    return jwt.encode({"alg": algorithm, **header}, claims, key, algorithms=[algorithm])


def unsigned(*parts: dict[str, Any]) -> str:
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    )


# Tokens


async def test_a_token_does_what_a_key_does_for_an_hour(program: Program, clock: Clock) -> None:
    reply = await program.token()
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    body = reply.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert body["access_token"].startswith("plt_")
    assert body["scope"].split() == sorted(SCOPES)
    own = bearer(body["access_token"])
    created = await program.calls.post("/v1/sittings", json={"design": "practice"}, headers=own)
    assert created.status_code == 201
    clock.advance(3599)
    read = await program.calls.get(f"/v1/sittings/{created.json()['id']}", headers=own)
    assert read.status_code == 200
    clock.advance(1)
    read = await program.calls.get(f"/v1/sittings/{created.json()['id']}", headers=own)
    assert (read.status_code, read.json()["code"]) == (401, "unauthorized")


@only_sqlite
async def test_a_token_can_be_asked_for_with_less(program: Program) -> None:
    token = await program.given(scope="sittings:read")
    reply = await program.calls.post("/v1/sittings", json={"design": "practice"}, headers=bearer(token))
    assert (reply.status_code, reply.json()["scope"]) == (403, "sittings:write")


@only_sqlite
@pytest.mark.parametrize(
    "scope", ["results:read", "sittings:read results:read", "*", "sittings:read  keys:read", "a\x00"]
)
async def test_a_token_cannot_be_asked_for_with_more(program: Program, scope: str) -> None:
    reply = await program.token(scope=scope)
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_scope")


@only_sqlite
async def test_the_secret_may_be_sent_in_the_form(program: Program) -> None:
    form = GRANT | {"client_id": program.id, "client_secret": program.secret}
    assert (await program.calls.post("/oauth/token", data=form)).status_code == 200
    quoted = basic(quote(program.id), quote(program.secret))
    assert (await program.calls.post("/oauth/token", data=GRANT, headers=quoted)).status_code == 200


@only_sqlite
@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"secret": "pls_x"}, 401, "invalid_client"),
        ({"secret": ""}, 401, "invalid_client"),
        ({"id": NOBODY}, 401, "invalid_client"),
        ({"id": "nobody"}, 401, "invalid_client"),
        ({"form": {"grant_type": "password"}}, 400, "unsupported_grant_type"),
        ({"form": {"grant_type": ""}}, 400, "invalid_request"),
        ({"form": {"client_secret": "pls_x"}}, 400, "invalid_request"),
        ({"form": {"client_id": NOBODY}}, 401, "invalid_client"),
        ({"header": {"Authorization": "Basic !"}}, 401, "invalid_client"),
        ({"header": {"Authorization": "Bearer x"}}, 400, "invalid_request"),
        ({"header": {"Content-Type": "application/json"}}, 400, "invalid_request"),
    ],
    ids=repr,
)
async def test_what_is_wrong_is_said_in_the_words_of_oauth(
    program: Program, change: dict[str, Any], status: int, error: str
) -> None:
    headers = basic(change.get("id", program.id), change.get("secret", program.secret))
    form = {**GRANT, **change.get("form", {})}
    reply = await program.calls.post(
        "/oauth/token",
        content="&".join(f"{name}={quote(value)}" for name, value in form.items()),
        headers={"Content-Type": "application/x-www-form-urlencoded"} | headers | change.get("header", {}),
    )
    assert (reply.status_code, reply.json()["error"]) == (status, error)
    assert set(reply.json()) == {"error", "error_description"}
    assert reply.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in reply.headers) == (status == 401)
    assert program.secret not in reply.text


@only_sqlite
async def test_a_parameter_that_is_given_twice_is_refused(program: Program) -> None:
    reply = await program.calls.post(
        "/oauth/token",
        content="grant_type=client_credentials&grant_type=client_credentials",
        headers={"Content-Type": "application/x-www-form-urlencoded"} | basic(program.id, program.secret),
    )
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")


# Assertions


@only_sqlite
@pytest.mark.parametrize(
    ("algorithm", "key", "kid"),
    [
        ("Ed25519", ED25519, "ed"),
        ("ES256", P256, "ec"),
        ("RS256", RSA, "rsa"),
        ("PS256", RSA, "rsa"),
        ("PS256", RSA, None),
    ],
    ids=["Ed25519", "ES256", "RS256", "PS256", "no kid"],
)
async def test_an_assertion_proves_a_client_once(
    signer: Program, algorithm: str, key: Any, kid: str | None
) -> None:
    header = {"kid": kid} if kid else {}
    assertion = signed(signer.claims(), algorithm, key, **header)
    assert (await signer.assert_by(assertion)).status_code == 200
    again = await signer.assert_by(assertion)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")


@only_sqlite
async def test_the_older_name_of_the_algorithm_is_understood(signer: Program) -> None:
    with pytest.warns(Warning, match="EdDSA"):
        assertion = signed(signer.claims(aud=[f"{ISSUER}/oauth/token"]), "EdDSA")
    assert (await signer.assert_by(assertion, client_id=signer.id)).status_code == 200


WRONG: dict[str, dict[str, Any]] = {
    "for another service": {"aud": "https://elsewhere.example.org"},
    "for nobody": {"aud": None},
    "expired": {"exp": int(START.timestamp()) - 31},
    "without an end": {"exp": None},
    "good for too long": {"exp": int(START.timestamp()) + 331},
    "an end that is no number": {"exp": "soon"},
    "an end that is true": {"exp": True},
    "an end out of reach": {"exp": 1e300},
    "not begun": {"nbf": int(START.timestamp()) + 31},
    "made tomorrow": {"iat": int(START.timestamp()) + 86_400},
    "without an identifier": {"jti": None},
    "an identifier that is no text": {"jti": 7},
    "from somebody else": {"iss": NOBODY},
    "about somebody else": {"sub": NOBODY},
    "about nobody": {"sub": None},
}


@only_sqlite
@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
async def test_an_assertion_that_does_not_hold_is_refused(signer: Program, claims: dict[str, Any]) -> None:
    reply = await signer.assert_by(signed(signer.claims(**claims)))
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client")


@only_sqlite
async def test_an_assertion_signed_otherwise_is_refused(signer: Program, program: Program) -> None:
    claims = signer.claims()
    stranger = OKPKey.generate_key("Ed25519")
    none, keyed = (unsigned({"alg": algorithm}, claims) for algorithm in ("none", "HS256"))
    # the public key, which is no secret, taken for one
    mac = hmac.digest(RSA.as_pem(private=False), keyed.encode(), "sha256")
    forged = [
        signed(claims, key=stranger),
        signed(claims, key=stranger, kid="ed"),
        signed(claims, kid="ec"),
        f"{none}.",
        f"{none}.{'A' * 86}",
        f"{keyed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}",
        signed(claims, "RS512", RSA),
        "a.b.c",
        "é",
        "",
    ]
    for assertion in forged:
        reply = await signer.assert_by(assertion)
        assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client"), assertion
    # a client with a secret proves nothing by an assertion, and the other way round
    assert (await signer.assert_by(signed(program.claims()))).status_code == 401
    reply = await signer.calls.post("/oauth/token", data=GRANT, headers=basic(signer.id, "pls_x"))
    assert reply.status_code == 401
    reply = await signer.assert_by(signed(signer.claims()), client_assertion_type="urn:x")
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")
    # and the claims were good
    assert (await signer.assert_by(signed(claims))).status_code == 200


@only_sqlite
@pytest.mark.parametrize(
    "key",
    [
        ED25519.as_dict(private=True),
        RSA.as_dict(private=True),
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(b"\xc3" * 128).decode().rstrip("=")},
        {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "OKP", "crv": "Ed25519", "x": "short"},
        {"kty": ["OKP"], "crv": "Ed25519"},
        {},
    ],
    ids=["private Ed25519", "private RSA", "secret", "weak RSA", "P-521", "X25519", "short", "odd", "empty"],
)  # fmt: skip
async def test_a_key_that_proves_nothing_is_not_taken(
    calls: httpx2.AsyncClient, published: Published, key: dict[str, Any]
) -> None:
    body = {"label": "SIS", "mode": "live", "scopes": SCOPES, "jwks": {"keys": [key]}}
    reply = await calls.post("/v1/clients", json=body, headers=published.authorization)
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "jwks.keys.0")


# The end of a token


async def test_a_revoked_token_is_refused_at_once(program: Program, published: Published) -> None:
    token, other = await program.given(), await program.given()
    own = basic(program.id, program.secret)
    for _ in range(2):
        reply = await program.calls.post("/oauth/revoke", data={"token": token}, headers=own)
        assert (reply.status_code, reply.content) == (200, b"")
    assert (await program.calls.get("/v1/keys", headers=bearer(token))).status_code == 401
    assert (await program.calls.get("/v1/keys", headers=bearer(other))).status_code == 200
    # an API key is no token, and nobody but its client ends a token
    await program.calls.post("/oauth/revoke", data={"token": published.api_key}, headers=own)
    assert (await program.calls.get("/v1/keys", headers=published.authorization)).status_code == 200


@only_sqlite
async def test_nobody_ends_or_sees_the_token_of_another(
    program: Program, calls: httpx2.AsyncClient, clock: Clock, database: Database
) -> None:
    token = await program.given(scope="keys:read")
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        secret = await auth.create_api_key(db, other, "tests", START)
    stranger = await _made(calls, Published(other, secret, "", 0), clock)
    theirs = basic(stranger.id, stranger.secret)
    assert (await calls.post("/oauth/revoke", data={"token": token}, headers=theirs)).status_code == 200
    assert (await calls.get("/v1/keys", headers=bearer(token))).status_code == 200
    reply = await calls.post("/oauth/introspect", data={"token": token}, headers=theirs)
    assert reply.json() == {"active": False}
    mine = basic(program.id, program.secret)
    reply = await calls.post("/oauth/introspect", data={"token": token}, headers=mine)
    now = int(clock.now.timestamp())
    assert reply.json() == {
        "active": True,
        "scope": "keys:read",
        "client_id": program.id,
        "sub": program.id,
        "token_type": "Bearer",
        "iss": ISSUER,
        "iat": now,
        "exp": now + 3600,
    }
    clock.advance(3600)
    reply = await calls.post("/oauth/introspect", data={"token": token}, headers=mine)
    assert reply.json() == {"active": False}
    reply = await calls.post("/oauth/introspect", data={"token": token})
    assert reply.status_code == 401
    reply = await calls.post("/oauth/introspect", data={}, headers=mine)
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")


async def test_a_client_that_ended_takes_its_tokens_with_it(program: Program, published: Published) -> None:
    token = await program.given()
    assert (await program.calls.get("/v1/keys", headers=bearer(token))).status_code == 200
    reply = await program.calls.delete(f"/v1/clients/{program.id}", headers=published.authorization)
    assert reply.status_code == 204
    assert (await program.calls.get("/v1/keys", headers=bearer(token))).status_code == 401
    assert (await program.token()).status_code == 401


# Clients


async def _rotated(program: Program, published: Published) -> dict[str, Any]:
    """The reply; the program goes on with the new secret."""
    reply = await program.calls.post(f"/v1/clients/{program.id}/rotate", headers=published.authorization)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    program.secret = told["secret"]
    return told


async def _refused(program: Program, secret: str) -> None:
    reply = await program.calls.post("/oauth/token", data=GRANT, headers=basic(program.id, secret))
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client")


async def _accepted(program: Program, secret: str) -> str:
    reply = await program.calls.post("/oauth/token", data=GRANT, headers=basic(program.id, secret))
    assert reply.status_code == 200, reply.text
    token: str = reply.json()["access_token"]
    return token


@only_sqlite
async def test_a_new_secret_is_told_once_and_ends_no_token(program: Program, published: Published) -> None:
    token = await program.given()
    await _rotated(program, published)
    assert (await program.token()).status_code == 200
    assert (await program.calls.get("/v1/keys", headers=bearer(token))).status_code == 200
    shown = await program.calls.get(f"/v1/clients/{program.id}", headers=published.authorization)
    assert program.secret not in shown.text
    assert shown.json()["last_used_at"] is not None


async def test_the_former_secret_is_good_for_a_day_and_no_longer(
    program: Program, published: Published, clock: Clock, database: Database
) -> None:
    former = program.secret
    before = await program.calls.get(f"/v1/clients/{program.id}", headers=published.authorization)
    assert before.json()["former_secret_until"] is None
    told = await _rotated(program, published)
    until = clock.now + timedelta(days=1)
    assert datetime.fromisoformat(told["former_secret_until"]) == until
    assert program.secret != former
    clock.advance(86_399)
    for secret in (former, program.secret):
        await _accepted(program, secret)
    clock.advance(1)
    await _refused(program, former)
    await _accepted(program, program.secret)
    async with database.reading() as db:
        acts = await db.execute(select(AuditEntry.facts).where(AuditEntry.act == "oauth_client.rotated"))
        assert [facts["former_until"] for facts in acts.scalars()] == [until.isoformat()]


async def test_rotating_twice_ends_the_secret_before_the_former_one(
    program: Program, published: Published
) -> None:
    leaked = program.secret
    await _rotated(program, published)
    former = program.secret
    await _rotated(program, published)
    await _refused(program, leaked)
    await _accepted(program, former)
    await _accepted(program, program.secret)


async def test_a_client_that_is_ended_has_no_good_secret(program: Program, published: Published) -> None:
    former = program.secret
    await _rotated(program, published)
    token = await _accepted(program, former)
    address = f"/v1/clients/{program.id}"
    assert (await program.calls.delete(address, headers=published.authorization)).status_code == 204
    for secret in (former, program.secret):
        await _refused(program, secret)
    assert (await program.calls.get("/v1/keys", headers=bearer(token))).status_code == 401


@only_sqlite
async def test_public_keys_are_changed_without_a_gap(signer: Program, published: Published) -> None:
    new = OKPKey.generate_key("Ed25519")
    address = f"/v1/clients/{signer.id}"
    before = await signer.calls.get(address, headers=published.authorization)
    both = [*before.json()["jwks"]["keys"], {**new.as_dict(private=False), "kid": "new"}]
    headers = published.authorization | {"If-Match": before.headers["etag"]}
    reply = await signer.calls.patch(address, json={"jwks": {"keys": both}}, headers=headers)
    assert reply.status_code == 200
    assert [key["kid"] for key in reply.json()["jwks"]["keys"]] == ["ed", "ec", "rsa", "new"]
    for key in (ED25519, new):
        assert (await signer.assert_by(signed(signer.claims(), key=key))).status_code == 200
    stale = await signer.calls.patch(address, json={"label": "x"}, headers=headers)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    reply = await signer.calls.post(f"{address}/rotate", headers=published.authorization)
    assert reply.status_code == 409


@only_sqlite
async def test_nobody_takes_the_place_of_a_stronger_client(
    program: Program, signer: Program, published: Published
) -> None:
    body = {"label": "small", "mode": "live", "scopes": ["keys:write", "keys:read"]}
    small = (await program.calls.post("/v1/keys", json=body, headers=published.authorization)).json()
    own = bearer(small["secret"])
    reply = await program.calls.post(f"/v1/clients/{program.id}/rotate", headers=own)
    assert reply.status_code == 403
    mine = {"keys": [OKPKey.generate_key("Ed25519").as_dict(private=False)]}
    reply = await program.calls.patch(f"/v1/clients/{signer.id}", json={"jwks": mine}, headers=own)
    assert reply.status_code == 403
    body = {"label": "SIS", "mode": "live", "scopes": ["results:read"]}
    assert (await program.calls.post("/v1/clients", json=body, headers=own)).status_code == 403


@only_sqlite
async def test_a_test_client_lives_in_test_mode(
    calls: httpx2.AsyncClient, published: Published, clock: Clock
) -> None:
    test = await _made(calls, published, clock, mode="test")
    live = await _made(calls, published, clock)
    in_test, in_live = bearer(await test.given()), bearer(await live.given())
    sitting = (await calls.post("/v1/sittings", json={"design": "practice"}, headers=in_test)).json()["id"]
    assert (await calls.get(f"/v1/sittings/{sitting}", headers=in_test)).status_code == 200
    assert (await calls.get(f"/v1/sittings/{sitting}", headers=in_live)).status_code == 404
    assert (await calls.get(f"/v1/clients/{live.id}", headers=published.authorization)).status_code == 200
    listed = (await calls.get("/v1/clients", headers=published.authorization)).json()["data"]
    assert [client["mode"] for client in listed] == ["test", "live"]


@only_sqlite
async def test_the_metadata_lead_to_the_doors(calls: httpx2.AsyncClient, published: Published) -> None:
    reply = await calls.get("/.well-known/oauth-authorization-server")
    told = reply.json()
    assert told["issuer"] == ISSUER
    for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        address = told[name].removeprefix(ISSUER)
        assert (await calls.post(address, data={})).status_code in (400, 401)
    assert "none" not in told["token_endpoint_auth_signing_alg_values_supported"]
    assert told["response_types_supported"] == []
    assert (await calls.get(told["service_documentation"].removeprefix(ISSUER))).status_code == 200
