"""Signed messages: one algorithm, one way to write them, and what makes one acceptable.

RS256 alone, as the 1EdTech Security Framework 1.0 asks (section 5.1.1); a token that names another algorithm is not
looked at further. Decoders of base64 are lenient, so a token must be written exactly as its bytes would be: of all
texts that decode to one message, a single one is accepted.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from app.lti.errors import LtiRefused

ALGORITHM = "RS256"
SMALLEST_KEY = 2048
LEEWAY = timedelta(seconds=60)
OLDEST = timedelta(hours=1)
# a platform whose clock is slow would find a message of this very second too young
BACKDATED = timedelta(seconds=5)
WRITTEN = re.compile(r"[A-Za-z0-9_-]{1,4096}\.[A-Za-z0-9_-]{1,65536}\.[A-Za-z0-9_-]{1,2048}")

KeySet = Sequence[Mapping[str, Any]]


def key_named(token: str) -> str:
    """The key a token says it is signed by.

    Raises
    ------
    LtiRefused
        It is not a token, is signed otherwise than by RS256, or names no key.
    """
    if not WRITTEN.fullmatch(token):
        raise LtiRefused("signature", "this is not a signed token")
    try:
        parts = token.split(".")
        exact = all(_encoded(_decoded(part)) == part for part in parts)
        header = json.loads(_decoded(parts[0]))
    except (ValueError, binascii.Error, RecursionError):
        raise LtiRefused("signature", "the token cannot be decoded") from None
    if not exact or not isinstance(header, dict):
        raise LtiRefused("signature", "the token is not written as its bytes are")
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(kid, str) or not kid:
        raise LtiRefused("signature", "the token is not signed by RS256 with a named key")
    return kid


def find_key(keys: KeySet, kid: str) -> Mapping[str, Any] | None:
    """The RSA signing key of this name."""
    for key in keys:
        if key.get("kid") == kid and key.get("kty") == "RSA" and key.get("use", "sig") == "sig":
            return key if key.get("alg", ALGORITHM) == ALGORITHM else None
    return None


def verified(token: str, key: Mapping[str, Any]) -> Mapping[str, Any]:
    """The claims of a token that this key signed.

    Raises
    ------
    LtiRefused
        The signature does not hold, or the key is too small.
    """
    key_named(token)
    try:
        if int.from_bytes(_decoded(key["n"])).bit_length() < SMALLEST_KEY:
            raise LtiRefused("signature", "the key of the platform is smaller than 2,048 bits")
        # the public members alone: a platform that publishes more than it should is not helped to sign here
        public = RSAKey.import_key({name: key[name] for name in ("kty", "n", "e")})
        decoded = jwt.decode(token, public, algorithms=[ALGORITHM])
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        raise LtiRefused("signature", "the signature does not hold") from None
    return decoded.claims


def check(claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: datetime) -> datetime:
    """Check who speaks, to whom, when and in answer to what; gives the moment the message stops being valid.

    Raises
    ------
    LtiRefused
        `issuer`, `audience`, `clock` or `nonce`.
    """
    if claims.get("iss") != issuer:
        raise LtiRefused("issuer", "the issuer is not the one registered")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if client_id not in named or not all(isinstance(one, str) for one in named):
        raise LtiRefused("audience", "the audience is another client")
    # OpenID Connect Core 3.1.3.7: with several audiences the authorized party is needed, and is always checked
    party = claims.get("azp")
    if (party is None and len(named) > 1) or (party is not None and party != client_id):
        raise LtiRefused("audience", "the authorized party is another client")
    issued, expires = _moment(claims, "iat", now), _moment(claims, "exp", now)
    if now >= expires + LEEWAY or issued > now + LEEWAY or issued < now - OLDEST or expires <= issued:
        raise LtiRefused("clock", "the message is not valid now")
    if not nonce or claims.get("nonce") != nonce:
        raise LtiRefused("nonce", "the message answers another login")
    return expires


def signed(claims: Mapping[str, Any], kid: str, private_key: RSAKey) -> str:
    """A token of ours."""
    return jwt.encode({"alg": ALGORITHM, "kid": kid}, dict(claims), private_key)


def _moment(claims: Mapping[str, Any], name: str, now: datetime) -> datetime:
    seconds = claims.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise LtiRefused("clock", f"the message does not say {name}")
    try:
        return datetime.fromtimestamp(seconds, tz=now.tzinfo)
    except (OverflowError, ValueError, OSError):
        raise LtiRefused("clock", f"{name} is no moment") from None


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
