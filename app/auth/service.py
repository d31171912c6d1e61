"""Who is asking: API keys and access tokens of institutions, access codes of learners, values good for one use."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import store
from app.auth.credentials import hashed, new_code, new_secret, read_code
from app.auth.permissions import ALL, Caller, Mode, Scope
from app.auth.tables import AccessCode, AccessToken, ApiKey, SpentToken
from app.db import Database
from app.errors import Gone, NotFound, Unauthorized
from app.identifiers import new_id
from app.institutions import service as institutions

TOKEN_PREFIX = "plt"  # noqa: S105
OVERLAP = timedelta(days=1)  # that a secret lives on once it is rotated: a key's or a client's
UNKNOWN = "The API key or access token is unknown, expired or revoked. Send `Authorization: Bearer <key>`."
DEFAULT_SCOPES = ALL - {Scope.RESPONSES_READ}


async def caller_of(db: AsyncSession, secret: str, now: datetime) -> Caller:
    """Whom an API key or an access token speaks for.

    Raises
    ------
    Unauthorized
        Unknown, expired or revoked; the three are not told apart.
    """
    return (await _caller(db, secret, now))[0]


async def _caller(db: AsyncSession, secret: str, now: datetime) -> tuple[Caller, datetime | None]:
    """The same, and until when."""
    secret_hash = hashed(secret)
    held: ApiKey | AccessToken | None
    if secret.startswith(f"{TOKEN_PREFIX}_"):
        found = await store.token_by_hash(db, secret_hash)
        held, actor = (found[0], f"client:{found[1].id}") if found else (None, "")
        if found is not None and found[1].revoked_at is not None:
            held = None
    else:
        held = await store.key_by_hash(db, secret_hash)
        actor = f"key:{held.id}" if held else ""
    if (
        held is None
        or held.revoked_at is not None
        or (held.expires_at is not None and now >= held.expires_at)
    ):
        raise Unauthorized(UNKNOWN)
    institution = await institutions.require(db, held.institution_id)
    caller = Caller(
        institution_id=institution.id,
        mode="live" if institution.test_of is None else "test",
        scopes=frozenset(Scope(name) for name in held.scopes),
        actor=actor,
        credential_id=held.id,
        clock_offset=timedelta(seconds=institution.clock_offset_seconds),
    )
    return caller, held.expires_at


class KnownKeys:
    """Callers seen lately by this process, so that an answer does not ask the database who is calling.

    A revoked key is honoured `SECONDS` longer at most; an unknown one is never remembered. The moment of a key's
    last use is written once a minute at most.
    """

    SECONDS = 5.0
    MOST = 10_000
    USE_IS_NOTED_EVERY = timedelta(minutes=1)

    def __init__(self) -> None:
        self._known: dict[str, tuple[Caller, datetime | None, float]] = {}

    async def caller(self, database: Database, secret: str, now: datetime) -> Caller:
        """Whom a key or token speaks for; raises `Unauthorized`."""
        key = hashed(secret)
        found = self._known.get(key)
        if found is not None and time.monotonic() < found[2] and (found[1] is None or now < found[1]):
            return found[0]
        async with database.reading() as db:
            caller, expires_at = await _caller(db, secret, now)
            noted = await store.last_use(db, caller.credential_id)
        if noted is None or now - noted >= self.USE_IS_NOTED_EVERY:
            async with database.transaction() as db:
                await store.note_use(db, caller.credential_id, now)
        if len(self._known) >= self.MOST:
            self._known.clear()
        self._known[key] = caller, expires_at, time.monotonic() + self.SECONDS
        return caller

    def forget(self) -> None:
        """Ask the database again at the next call: a key was revoked, rotated or re-scoped here."""
        self._known.clear()


async def create_api_key(
    db: AsyncSession,
    institution_id: UUID,
    label: str,
    now: datetime,
    *,
    mode: Mode = "live",
    scopes: Iterable[Scope] = DEFAULT_SCOPES,
    actor: str = "command line",
    expires_at: datetime | None = None,
) -> str:
    """Make a key; the secret is returned here and never again.

    A test key speaks for the twin of the institution, which is made at first need.
    """
    _, secret = await add_api_key(
        db, institution_id, label, now, mode=mode, scopes=scopes, actor=actor, expires_at=expires_at
    )
    return secret


async def add_api_key(
    db: AsyncSession,
    institution_id: UUID,
    label: str,
    now: datetime,
    *,
    mode: Mode,
    scopes: Iterable[Scope],
    actor: str,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """The same, with the row that was written."""
    owner = institution_id if mode == "live" else await institutions.ensure_twin(db, institution_id, now)
    secret = new_secret(f"plk_{mode}")
    key = ApiKey(
        id=new_id(),
        institution_id=owner,
        label=label,
        prefix=secret[:14],
        scopes=sorted(scopes),
        secret_hash=hashed(secret),
        created_by=actor,
        created_at=now,
        expires_at=expires_at,
    )
    db.add(key)
    await db.flush()
    return key, secret


async def spend(db: AsyncSession, purpose: str, value: str, expires_at: datetime, now: datetime) -> bool:
    """Use a value that is good once; False when it was used before.

    `expires_at` is when the value itself stops being valid: its trace is kept until then.
    """
    value_hash = hashed(value)
    if await store.spent(db, purpose, value_hash) is not None:
        return False
    try:
        async with db.begin_nested():
            db.add(SpentToken(purpose=purpose, value_hash=value_hash, expires_at=max(expires_at, now)))
    except IntegrityError:  # another request used it between the two statements
        return False
    return True


async def create_access_code(
    db: AsyncSession,
    institution_id: UUID,
    *,
    label: str,
    design_key: str,
    now: datetime,
    opens_at: datetime | None = None,
    expires_at: datetime | None = None,
    max_uses: int | None = None,
    profession: str | None = None,
) -> str:
    """Make a code for one design and return it."""
    access = AccessCode(
        id=new_id(),
        institution_id=institution_id,
        code=new_code(),
        label=label,
        design_key=design_key,
        profession=profession,
        opens_at=opens_at,
        expires_at=expires_at,
        max_uses=max_uses,
        uses=0,
        created_at=now,
    )
    db.add(access)
    return access.code


async def redeem(db: AsyncSession, typed: str, now: datetime) -> AccessCode:
    """Use an access code once.

    Raises
    ------
    NotFound
        No such code.
    Gone
        Not open yet, expired, or used up.
    """
    code = read_code(typed)
    access = await store.code_for_use(db, code) if code else None
    if access is None:
        raise NotFound("This access code is unknown.")
    if access.opens_at is not None and now < access.opens_at:
        raise Gone("This access code is not open yet.", reason="not_open")
    if access.expires_at is not None and now >= access.expires_at:
        raise Gone("This access code has expired.", reason="expired")
    if access.max_uses is not None and access.uses >= access.max_uses:
        raise Gone("This access code has been used up.", reason="used_up")
    access.uses += 1
    return access


async def forget_expired(db: AsyncSession, now: datetime) -> None:
    """Drop tokens, sessions and traces of one-time values that no longer open anything."""
    await store.forget_spent(db, now)
    await store.forget_sessions(db, now)
