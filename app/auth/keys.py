"""API keys as an institution manages them: made, listed, rotated, revoked. Every act is in the audit log.

A live caller manages the keys of both modes, a test caller those of test mode.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.auth import store
from app.auth.permissions import Caller, Mode, Scope
from app.auth.service import OVERLAP, add_api_key
from app.auth.tables import ApiKey
from app.errors import Conflict, InvalidInput, NotFound, QuotaReached
from app.institutions import service as institutions

MOST: Final = 100  # that an institution may use at a time, both modes together


@dataclass(frozen=True)
class Key:
    """A key as it is shown: everything but its secret."""

    id: UUID
    label: str
    mode: Mode
    prefix: str
    scopes: tuple[Scope, ...]
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Rotated:
    """What a rotation made, and how long the former secret is still good."""

    key: Key
    secret: str
    former: Key


async def listed(db: AsyncSession, caller: Caller, after: UUID | None, limit: int) -> Sequence[Key]:
    """The keys the caller manages, oldest first, those that ended too."""
    managed = await institutions.managed(db, caller.institution_id)
    return [_shown(row, managed) for row in await store.keys(db, list(managed), after, limit)]


async def require(db: AsyncSession, caller: Caller, key_id: UUID) -> Key:
    """One of them, or `NotFound`."""
    managed = await institutions.managed(db, caller.institution_id)
    return _shown(await _row(db, managed, key_id), managed)


async def create(
    db: AsyncSession,
    caller: Caller,
    *,
    label: str,
    mode: Mode,
    scopes: frozenset[Scope],
    expires_at: datetime | None,
    now: datetime,
) -> tuple[Key, str]:
    """A new key and its secret, which is told here and never again.

    Raises
    ------
    InsufficientScope, Forbidden
        The caller would grant more than it has.
    InvalidInput
        The key would have expired already.
    QuotaReached
    """
    caller.grant(scopes, mode)
    if expires_at is not None and expires_at <= now:
        raise InvalidInput(
            "The key would have expired already.",
            errors=[{"field": "expires_at", "expected": "a moment to come"}],
        )
    await _room_for_one(db, caller, now)
    row, secret = await add_api_key(
        db,
        caller.institution_id,
        label,
        now,
        mode=mode,
        scopes=scopes,
        actor=caller.actor,
        expires_at=expires_at,
    )
    key = _shown(row, {row.institution_id: mode})
    await _note(db, caller, "api_key.created", key, now, scopes=list(key.scopes))
    return key, secret


async def rotate(db: AsyncSession, caller: Caller, key_id: UUID, now: datetime) -> Rotated:
    """A key like this one with a new secret, for as long as this one was made for; this one ends in a day.

    Raises
    ------
    NotFound
    InsufficientScope
        The key goes further than the caller, who would be told its secret.
    Conflict
        It has ended, or is about to because it was rotated before.
    """
    managed = await institutions.managed(db, caller.institution_id)
    former = await _row(db, managed, key_id)
    mode = managed[former.institution_id]
    scopes = frozenset(Scope(name) for name in former.scopes)
    caller.grant(scopes, mode)
    if former.revoked_at is not None or (former.expires_at is not None and former.expires_at <= now):
        raise Conflict("This key has ended; make a new one.")
    await _room_for_one(db, caller, now)
    made, secret = await add_api_key(
        db,
        former.institution_id,
        former.label,
        now,
        mode=mode,
        scopes=scopes,
        actor=caller.actor,
        expires_at=None if former.expires_at is None else now + (former.expires_at - former.created_at),
    )
    ends = now + OVERLAP
    former.expires_at = ends if former.expires_at is None else min(former.expires_at, ends)
    await db.flush()
    key = _shown(made, managed)
    await _note(db, caller, "api_key.rotated", key, now, former=str(former.id))
    return Rotated(key, secret, _shown(former, managed))


async def revoke(db: AsyncSession, caller: Caller, key_id: UUID, now: datetime) -> None:
    """End a key now; ending it twice changes nothing."""
    managed = await institutions.managed(db, caller.institution_id)
    row = await _row(db, managed, key_id)
    if row.revoked_at is None:
        row.revoked_at = now
        await db.flush()
        await _note(db, caller, "api_key.revoked", _shown(row, managed), now)


async def _row(db: AsyncSession, managed: Mapping[UUID, Mode], key_id: UUID) -> ApiKey:
    found = await store.key(db, list(managed), key_id)
    if found is None:
        raise NotFound("This key is unknown.")
    return found


async def _room_for_one(db: AsyncSession, caller: Caller, now: datetime) -> None:
    managed = await institutions.managed(db, caller.institution_id)
    if await store.count_keys(db, list(managed), now) >= MOST:
        raise QuotaReached(f"An institution has {MOST} keys at most; revoke one that is not used.")


async def _note(db: AsyncSession, caller: Caller, act: str, key: Key, now: datetime, **facts: object) -> None:
    await audit.record(
        db,
        actor=caller.actor,
        act=act,
        subject=f"api_key:{key.id}",
        facts={"label": key.label, "mode": key.mode, **facts},
        now=now,
        tenant=caller.institution_id,
    )


def _shown(row: ApiKey, managed: Mapping[UUID, Mode]) -> Key:
    return Key(
        id=row.id,
        label=row.label,
        mode=managed[row.institution_id],
        prefix=row.prefix,
        scopes=tuple(Scope(name) for name in row.scopes),
        created_by=row.created_by,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
