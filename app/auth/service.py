"""Who is asking: API keys of institutions, access codes of learners."""

import time
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import store
from app.auth.credentials import hashed, new_code, new_secret, read_code
from app.auth.tables import AccessCode, ApiKey
from app.db import Database
from app.errors import Gone, NotFound, Unauthorized
from app.identifiers import new_id


async def institution_of_key(db: AsyncSession, secret: str) -> UUID:
    """The institution an API key speaks for.

    Raises
    ------
    Unauthorized
        Unknown or revoked key; the two are not told apart.
    """
    key = await store.key_by_hash(db, hashed(secret))
    if key is None or key.revoked_at is not None:
        raise Unauthorized("The API key is unknown or revoked. Send `Authorization: Bearer <key>`.")
    return key.institution_id


class KnownKeys:
    """API keys seen lately by this process, so that an answer does not ask the database who is calling.

    A revoked key is honoured `SECONDS` longer at most; an unknown one is never remembered.
    """

    SECONDS = 5.0
    MOST = 10_000

    def __init__(self) -> None:
        self._known: dict[str, tuple[UUID, float]] = {}

    async def institution(self, database: Database, secret: str) -> UUID:
        """The institution a key speaks for; raises `Unauthorized`."""
        key = hashed(secret)
        found = self._known.get(key)
        if found is not None and time.monotonic() < found[1]:
            return found[0]
        async with database.reading() as db:
            institution_id = await institution_of_key(db, secret)
        if len(self._known) >= self.MOST:
            self._known.clear()
        self._known[key] = institution_id, time.monotonic() + self.SECONDS
        return institution_id


async def create_api_key(db: AsyncSession, institution_id: UUID, label: str, now: datetime) -> str:
    """Make a key; the secret is returned here and never again."""
    secret = new_secret("plk")
    key = ApiKey(
        id=new_id(), institution_id=institution_id, label=label, secret_hash=hashed(secret), created_at=now
    )
    db.add(key)
    return secret


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
