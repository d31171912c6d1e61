"""The installation's own key pairs: made, sealed, published, rotated.

A new key is published a day before it signs, because platforms keep the key set they read; the former one stays
published for a week after, because what it signed may still be under way.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from joserfc.jwk import RSAKey
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Database
from app.lti import store
from app.lti.tables import LtiToolKey
from app.lti.tokens import ALGORITHM
from app.secrets import Sealer

BITS = 2048
PUBLISHED_BEFORE = timedelta(days=1)
PUBLISHED_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class SigningKey:
    """The key that signs now."""

    kid: str
    private: RSAKey


@dataclass(frozen=True)
class KeyState:
    """One published key, for an operator."""

    kid: str
    created_at: datetime
    signs_from: datetime
    published_until: datetime | None
    signs: bool


async def key_set(database: Database, sealer: Sealer, now: datetime) -> dict[str, Any]:
    """The public keys, as platforms read them; the first pair is made at first need."""
    async with database.reading() as db:
        published = await store.published_keys(db, now)
    if not published:
        await signing(database, sealer, now)
        async with database.reading() as db:
            published = await store.published_keys(db, now)
    return {"keys": [key.public_key for key in published]}


async def signing(database: Database, sealer: Sealer, now: datetime) -> SigningKey:
    """The pair that signs now, made at first need.

    Raises
    ------
    ValueError
        The master key that sealed it is missing.
    """
    async with database.reading() as db:
        current = _current(await store.published_keys(db, now), now)
    if current is None:
        made = await asyncio.to_thread(_made, sealer, now, now)
        async with database.transaction() as db:
            current = _current(await store.published_keys(db, now), now)
            if current is None:
                db.add(made)
                current = made
    return SigningKey(current.kid, _opened(sealer.open(current.private_sealed)))


@lru_cache(maxsize=4)
def _opened(jwk: str) -> RSAKey:
    """A private key, which is checked when it is read: too dear (0.05 s) for every grade that is signed."""
    key = RSAKey.import_key(json.loads(jwk))
    key.private_key  # noqa: B018 - read now
    return key


async def rotate(
    database: Database, sealer: Sealer, now: datetime, *, actor: str, at_once: bool = False
) -> KeyState:
    """Publish a new pair. It signs after a day; with `at_once` (a lost key) it signs now and the others go.

    The rotation is written in the audit log.
    """
    signs_from = now if at_once else now + PUBLISHED_BEFORE
    made = await asyncio.to_thread(_made, sealer, now, signs_from)
    async with database.transaction() as db:
        for key in await store.published_keys(db, now):
            last_day = now if at_once else signs_from + PUBLISHED_AFTER
            if key.published_until is None or key.published_until > last_day:
                key.published_until = last_day
        db.add(made)
        await db.flush()
        await audit.record(
            db,
            actor=actor,
            act="lti.keys_rotated",
            subject=made.kid,
            facts={"at_once": at_once},
            now=now,
        )
    return _state(made, made if at_once else None)


async def states(db: AsyncSession, now: datetime) -> list[KeyState]:
    """The published keys, newest first."""
    published = await store.published_keys(db, now)
    return [_state(key, _current(published, now)) for key in published]


def _state(key: LtiToolKey, current: LtiToolKey | None) -> KeyState:
    return KeyState(key.kid, key.created_at, key.signs_from, key.published_until, key is current)


def _current(published: list[LtiToolKey], now: datetime) -> LtiToolKey | None:
    ready = [key for key in published if key.signs_from <= now]
    return max(ready, key=lambda key: (key.signs_from, key.kid), default=None)


def _made(sealer: Sealer, now: datetime, signs_from: datetime) -> LtiToolKey:
    pair = RSAKey.generate_key(BITS)
    kid = pair.thumbprint()
    public = {**pair.as_dict(private=False), "kid": kid, "alg": ALGORITHM, "use": "sig"}
    return LtiToolKey(
        kid=kid,
        public_key=public,
        private_sealed=sealer.seal(json.dumps(pair.as_dict(private=True))),
        created_at=now,
        signs_from=signs_from,
        published_until=None,
    )
