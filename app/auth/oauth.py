"""OAuth 2 for programs: clients, how they prove who they are, and the access tokens they are given.

Client credentials only (RFC 6749 section 4.4). A client proves itself by a secret or by a signed assertion
(`private_key_jwt`, RFC 7523); tokens are opaque, live an hour, can be revoked (RFC 7009) and looked at (RFC 7662).
"""

import base64
import json
import secrets
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.auth import store
from app.auth.credentials import hashed, new_secret
from app.auth.permissions import Caller, Mode, Scope
from app.auth.service import OVERLAP, TOKEN_PREFIX, spend
from app.auth.tables import AccessToken, OAuthClient
from app.errors import Conflict, InvalidInput, NotFound, QuotaReached
from app.identifiers import new_id
from app.institutions import service as institutions

SECRET_PREFIX: Final = "pls"  # noqa: S105
LIFETIME: Final = timedelta(hours=1)
MOST: Final = 100  # clients that an institution may have at a time, both modes together
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME: Final = timedelta(minutes=5)
SKEW: Final = timedelta(seconds=30)  # by which clocks may differ
ALGORITHMS: Final[Mapping[str, tuple[str, ...]]] = {
    "OKP": ("EdDSA", "Ed25519"),
    "EC": ("ES256",),
    "RSA": ("RS256", "PS256"),
}
RSA_BITS: Final = (2048, 8192)

Method = Literal["secret", "private_key_jwt"]
PublicKey = OKPKey | ECKey | RSAKey


class TokenRefused(Exception):
    """A refusal in the words of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True)
class Client:
    """A client as it is shown: everything but its secret."""

    id: UUID
    label: str
    mode: Mode
    scopes: tuple[Scope, ...]
    method: Method
    former_until: datetime | None
    jwks: Mapping[str, Any] | None
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Proof:
    """What a program presents to be taken for a client: an identifier with a secret, or an assertion."""

    client_id: str | None = None
    secret: str | None = None
    assertion_type: str | None = None
    assertion: str | None = None


@dataclass(frozen=True)
class Known:
    """A client that has proved who it is."""

    id: UUID
    institution_id: UUID
    scopes: frozenset[Scope]


@dataclass(frozen=True)
class Issued:
    """An access token, told here and never again."""

    token: str
    scopes: frozenset[Scope]
    seconds: int


# What an institution does with its clients


async def listed(db: AsyncSession, caller: Caller, after: UUID | None, limit: int) -> Sequence[Client]:
    """The clients the caller manages, oldest first, those that ended too."""
    managed = await institutions.managed(db, caller.institution_id)
    return [_shown(row, managed) for row in await store.clients(db, list(managed), after, limit)]


async def require(db: AsyncSession, caller: Caller, client_id: UUID) -> Client:
    """One of them, or `NotFound`."""
    managed = await institutions.managed(db, caller.institution_id)
    return _shown(await _row(db, managed, client_id), managed)


async def create(
    db: AsyncSession,
    caller: Caller,
    *,
    label: str,
    mode: Mode,
    scopes: frozenset[Scope],
    jwks: Mapping[str, Any] | None,
    now: datetime,
) -> tuple[Client, str | None]:
    """A new client; without public keys it is given a secret, told here and never again.

    Raises
    ------
    InsufficientScope, Forbidden
        The caller would grant more than it has.
    InvalidInput
        A key of `jwks` is private, too weak, or of a kind that is not accepted.
    QuotaReached
    """
    caller.grant(scopes, mode)
    public = None if jwks is None else public_keys(jwks)
    managed = await institutions.managed(db, caller.institution_id)
    if await store.count_clients(db, list(managed)) >= MOST:
        raise QuotaReached(f"An institution has {MOST} clients at most; delete one that is not used.")
    owner = (
        caller.institution_id
        if mode == caller.mode
        else await institutions.ensure_twin(db, caller.institution_id, now)
    )
    secret = new_secret(SECRET_PREFIX) if public is None else None
    row = OAuthClient(
        id=new_id(),
        institution_id=owner,
        label=label,
        scopes=sorted(scopes),
        secret_hash=None if secret is None else hashed(secret),
        created_by=caller.actor,
        created_at=now,
    )
    if public is not None:  # a None that is set would be stored as JSON's null, which is a value
        row.jwks = public
    db.add(row)
    await db.flush()
    client = _shown(row, {owner: mode})
    await _note(db, caller, "oauth_client.created", client, now, scopes=list(client.scopes))
    return client, secret


async def change(
    db: AsyncSession,
    caller: Caller,
    client_id: UUID,
    *,
    label: str | None,
    jwks: Mapping[str, Any] | None,
    now: datetime,
) -> Client:
    """Another label, or other public keys: to change keys without a gap, give the old and the new one for a while.

    Raises
    ------
    NotFound, InsufficientScope, InvalidInput
    Conflict
        The client has ended, or proves itself by a secret and public keys are given.
    """
    managed, row = await _in_reach(db, caller, client_id)
    if jwks is not None:
        if row.jwks is None:
            raise Conflict("This client proves itself by a secret. Make another one for public keys.")
        row.jwks = public_keys(jwks)
    if label is not None:
        row.label = label
    await db.flush()
    client = _shown(row, managed)
    await _note(db, caller, "oauth_client.changed", client, now, keys=jwks is not None)
    return client


async def rotate(db: AsyncSession, caller: Caller, client_id: UUID, now: datetime) -> tuple[Client, str]:
    """A new secret; for a day the former one is good too, as with API keys, and one older than that ends now.

    A secret that leaked is therefore ended by rotating twice. Tokens already given live out their hour.

    Raises
    ------
    NotFound, InsufficientScope
    Conflict
        The client has ended, or proves itself by public keys.
    """
    managed, row = await _in_reach(db, caller, client_id)
    if row.secret_hash is None:
        raise Conflict("This client has no secret: it proves itself by its public keys.")
    secret = new_secret(SECRET_PREFIX)
    row.former_secret_hash, row.former_until = row.secret_hash, now + OVERLAP
    row.secret_hash = hashed(secret)
    await db.flush()
    client = _shown(row, managed)
    await _note(db, caller, "oauth_client.rotated", client, now, former_until=row.former_until.isoformat())
    return client, secret


async def revoke_client(db: AsyncSession, caller: Caller, client_id: UUID, now: datetime) -> None:
    """End a client, its secrets and its tokens now; ending it twice changes nothing."""
    managed = await institutions.managed(db, caller.institution_id)
    row = await _row(db, managed, client_id)
    if row.revoked_at is None:
        row.revoked_at = now
        await db.flush()
        await store.revoke_tokens(db, row.id, now)
        await _note(db, caller, "oauth_client.revoked", _shown(row, managed), now)


async def _in_reach(
    db: AsyncSession, caller: Caller, client_id: UUID
) -> tuple[Mapping[UUID, Mode], OAuthClient]:
    """A client that goes no further than the caller, who could take its place by what is about to change."""
    managed = await institutions.managed(db, caller.institution_id)
    row = await _row(db, managed, client_id)
    caller.grant(frozenset(Scope(name) for name in row.scopes), managed[row.institution_id])
    if row.revoked_at is not None:
        raise Conflict("This client has ended; make a new one.")
    return managed, row


async def _row(db: AsyncSession, managed: Mapping[UUID, Mode], client_id: UUID) -> OAuthClient:
    found = await store.client(db, list(managed), client_id)
    if found is None:
        raise NotFound("This client is unknown.")
    return found


async def _note(
    db: AsyncSession, caller: Caller, act: str, client: Client, now: datetime, **facts: object
) -> None:
    await audit.record(
        db,
        actor=caller.actor,
        act=act,
        subject=f"oauth_client:{client.id}",
        facts={"label": client.label, "mode": client.mode, **facts},
        now=now,
        tenant=caller.institution_id,
    )


def _shown(row: OAuthClient, managed: Mapping[UUID, Mode]) -> Client:
    return Client(
        id=row.id,
        label=row.label,
        mode=managed[row.institution_id],
        scopes=tuple(Scope(name) for name in row.scopes),
        method="secret" if row.jwks is None else "private_key_jwt",
        former_until=row.former_until,
        jwks=row.jwks,
        created_by=row.created_by,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


def public_keys(jwks: Mapping[str, Any]) -> dict[str, Any]:
    """The public keys of a JWK set, nothing else of it.

    Raises
    ------
    InvalidInput
        A key is private, too weak, or of a kind that is not accepted.
    """
    return {"keys": [_public(number, found) for number, found in enumerate(jwks["keys"])]}


def _public(number: int, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if "d" in given or "k" in given:
            raise ValueError
        key = _imported(given)
    except (JoseError, ValueError, TypeError, KeyError, OverflowError):
        raise InvalidInput(
            "A public key cannot be used.",
            errors=[
                {
                    "field": f"jwks.keys.{number}",
                    "expected": "a public key, without its private part: OKP Ed25519, EC P-256, or RSA of "
                    f"{RSA_BITS[0]} to {RSA_BITS[1]} bits",
                }
            ],
        ) from None
    public = dict(key.as_dict(private=False))
    public["kid"] = str(given["kid"]) if given.get("kid") else key.thumbprint()
    return {name: public[name] for name in ("kty", "kid", "crv", "x", "y", "n", "e") if name in public}


def _imported(given: Mapping[str, Any]) -> PublicKey:
    plain: dict[str, str | list[str]] = {
        name: str(value) for name, value in given.items() if name in ("kty", "crv", "x", "y", "n", "e")
    }
    match plain.get("kty"), plain.get("crv"):
        case "OKP", "Ed25519":
            okp = OKPKey.import_key(plain)
            okp.public_key  # noqa: B018 - the key is read here, so that a wrong one is refused here
            return okp
        case "EC", "P-256":
            ec = ECKey.import_key(plain)
            ec.public_key  # noqa: B018
            return ec
        case "RSA", None:
            with warnings.catch_warnings():  # about its size, which is judged here
                warnings.simplefilter("ignore", SecurityWarning)
                rsa = RSAKey.import_key(plain)
            if RSA_BITS[0] <= rsa.public_key.key_size <= RSA_BITS[1]:
                return rsa
    raise ValueError


# What a client does with its tokens


async def authenticate(db: AsyncSession, proof: Proof, audiences: frozenset[str], now: datetime) -> Known:
    """Which client this is.

    Parameters
    ----------
    audiences : frozenset of str
        Addresses of this service that an assertion may be made out to.

    Raises
    ------
    TokenRefused
        `invalid_client`, whatever is wrong with the proof; `invalid_request` for two proofs at once.
    """
    if proof.secret is not None and proof.assertion is not None:
        raise TokenRefused("invalid_request", "Use one way to authenticate, not two.")
    if proof.assertion is not None:
        row = await _by_assertion(db, proof, audiences, now)
    elif proof.secret is not None:
        row = await _by_secret(db, proof, now)
    else:
        raise _unknown()
    return Known(row.id, row.institution_id, frozenset(Scope(name) for name in row.scopes))


def _unknown() -> TokenRefused:
    return TokenRefused("invalid_client", "The client is unknown, or could not be authenticated.", 401)


async def _client(db: AsyncSession, client_id: object) -> OAuthClient:
    try:
        found = await store.client_by_id(db, UUID(str(client_id)))
    except ValueError:
        found = None
    if found is None or found.revoked_at is not None or str(found.id) != client_id:
        raise _unknown()
    return found


async def _by_secret(db: AsyncSession, proof: Proof, now: datetime) -> OAuthClient:
    row = await _client(db, proof.client_id)
    good = [row.secret_hash]
    if row.former_until is not None and now < row.former_until:
        good.append(row.former_secret_hash)
    sent = hashed(proof.secret or "")
    if not any(one is not None and secrets.compare_digest(one, sent) for one in good):
        raise _unknown()
    return row


async def _by_assertion(
    db: AsyncSession, proof: Proof, audiences: frozenset[str], now: datetime
) -> OAuthClient:
    if proof.assertion_type != ASSERTION_TYPE:
        raise TokenRefused("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}.")
    assertion = proof.assertion or ""
    # whom it claims to come from is read before it is proved: the keys to check it with are that client's
    claimed = _claimed(assertion)
    row = await _client(db, claimed)
    if row.jwks is None or proof.client_id not in (None, claimed):
        raise _unknown()
    claims = _verified(assertion, row.jwks)
    if claims is None or claims.get("iss") != claimed or claims.get("sub") != claimed:
        raise _unknown()
    named = claims.get("aud")
    aimed_at = named if isinstance(named, list) else [named]
    if not any(isinstance(audience, str) and audience in audiences for audience in aimed_at):
        raise _unknown()
    ends, begins, made = (_moment(claims.get(name)) for name in ("exp", "nbf", "iat"))
    if ends is None or not now - SKEW < ends <= now + ASSERTION_LIFETIME + SKEW:
        raise _unknown()
    if any(
        name in claims and (moment is None or moment > now + SKEW)
        for name, moment in (("nbf", begins), ("iat", made))
    ):
        raise _unknown()
    identifier = claims.get("jti")
    if not isinstance(identifier, str) or not 1 <= len(identifier) <= 200:
        raise _unknown()
    if not await spend(db, "client_assertion", f"{row.id}:{identifier}", ends + SKEW, now):
        raise _unknown()
    return row


def _claimed(assertion: str) -> object:
    """The issuer that an assertion names, unproved."""
    try:
        body = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, IndexError, RecursionError):
        return None
    return claims.get("sub") if isinstance(claims, dict) else None


def _verified(assertion: str, jwks: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The claims, when one of the keys signed them under an algorithm of its kind."""
    for public in jwks["keys"]:
        try:
            with warnings.catch_warnings():
                # `EdDSA` has a newer name (RFC 9864); programs go on using the old one
                warnings.simplefilter("ignore", SecurityWarning)
                token = jwt.decode(assertion, _imported(public), algorithms=list(ALGORITHMS[public["kty"]]))
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
        if token.header.get("kid") in (None, public["kid"]) and isinstance(token.claims, dict):
            return token.claims
    return None


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


async def issue(db: AsyncSession, client: Known, scope: str | None, now: datetime) -> Issued:
    """A token for all that the client may do, or for the part of it that is asked for.

    Raises
    ------
    TokenRefused
        `invalid_scope`.
    """
    scopes = client.scopes
    if scope is not None:
        try:
            scopes = frozenset(Scope(name) for name in scope.split(" "))
        except ValueError:
            raise TokenRefused("invalid_scope", "A scope is unknown or malformed.") from None
        if not scopes <= client.scopes:
            raise TokenRefused("invalid_scope", "The client may not have all of these scopes.")
    token = new_secret(TOKEN_PREFIX)
    db.add(
        AccessToken(
            id=new_id(),
            institution_id=client.institution_id,
            client_id=client.id,
            token_hash=hashed(token),
            scopes=sorted(scopes),
            issued_at=now,
            expires_at=now + LIFETIME,
        )
    )
    await db.flush()
    return Issued(token, scopes, int(LIFETIME.total_seconds()))


async def revoke(db: AsyncSession, client: Known, token: str, now: datetime) -> None:
    """End a token of this client now; another's, or one that is unknown, is left alone."""
    found = await store.token_by_hash(db, hashed(token))
    if found is not None and found[0].client_id == client.id and found[0].revoked_at is None:
        found[0].revoked_at = now
        await db.flush()


async def introspect(
    db: AsyncSession, client: Known, token: str, now: datetime
) -> Mapping[str, object] | None:
    """What a token of the client's institution is good for; None when it is good for nothing, or another's."""
    found = await store.token_by_hash(db, hashed(token))
    if found is None or found[0].institution_id != client.institution_id:
        return None
    held, owner = found
    if held.revoked_at is not None or owner.revoked_at is not None or now >= held.expires_at:
        return None
    return {
        "scope": " ".join(held.scopes),
        "client_id": str(owner.id),
        "sub": str(owner.id),
        "exp": int(held.expires_at.timestamp()),
        "iat": int(held.issued_at.timestamp()),
    }
