"""`Idempotency-Key`: the reply of a POST is stored in the transaction of its effect, and given again to a retry.

Kept a day, sealed, because a reply may hold a secret that is told only once.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import ForeignKey, String, Text, delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.permissions import Caller
from app.db import Base, Database, Instant
from app.errors import IdempotencyMismatch
from app.secrets import Sealer

KEPT = timedelta(days=1)

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        description="the same key and request within a day give the same reply, and nothing happens twice",
        examples=["5b0f3a52-1c86-4c38-9f3e-6f1d8f2c7a10"],
    ),
]


class IdempotentRequest(Base):
    """A request that had its effect, and the reply it was given."""

    __tablename__ = "idempotent_request"

    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    reply_sealed: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


Effect = Callable[[AsyncSession], Awaitable[BaseModel | None]]


async def once(
    request: Request,
    caller: Caller,
    key: str | None,
    effect: Effect,
    *,
    status: int = 201,
    confined: bool = True,
    content: bytes | None = None,
) -> Response:
    """Let `effect` happen in one transaction, once per key, and answer with what it returns.

    `request.app.state.context` lends the database, the clock and the sealer. The transaction is held to the
    caller's institution, unless what happens concerns its twin too (`confined=False`). Where the body of the same
    request differs from try to try, as a form's with its boundary does, `content` is what tells requests apart.

    Raises
    ------
    IdempotencyMismatch
        The key was used for another request, or by another caller: what the first one was told stays between us.
    """
    context = request.app.state.context
    database: Database = context.database
    tenant = caller.institution_id if confined else None
    if key is None:
        async with database.transaction(tenant=tenant) as db:
            return _reply(await effect(db), status)
    fingerprint = _fingerprint(caller, request, await request.body() if content is None else content)
    now: datetime = context.now()
    try:
        async with database.transaction(tenant=tenant) as db:
            await db.execute(
                delete(IdempotentRequest).where(
                    IdempotentRequest.institution_id == caller.institution_id,
                    IdempotentRequest.key == key,
                    IdempotentRequest.expires_at <= now,
                )
            )
            stored = await db.get(IdempotentRequest, (caller.institution_id, key))
            if stored is not None:
                return _again(stored, fingerprint, context.sealer)
            # The key is taken before the effect: whoever comes at the same moment waits here, has no effect and is
            # given this reply, rather than a refusal that only the effect itself explains.
            stored = IdempotentRequest(
                institution_id=caller.institution_id,
                key=key,
                request_hash=fingerprint,
                status=status,
                reply_sealed="",
                expires_at=now + KEPT,
            )
            db.add(stored)
            await db.flush()
            response = _reply(await effect(db), status)
            stored.reply_sealed = context.sealer.seal(bytes(response.body).decode())
            await db.flush()
            return response
    except IntegrityError:
        # the same key at the same moment: the other request had the effect, this one had none
        async with database.reading(tenant=tenant) as db:
            stored = await db.get(IdempotentRequest, (caller.institution_id, key))
        if stored is None:
            raise
        return _again(stored, fingerprint, context.sealer)


def _fingerprint(caller: Caller, request: Request, body: bytes) -> str:
    asked = [caller.actor, request.method, request.url.path, request.url.query]
    return hashlib.sha256(json.dumps(asked).encode() + body).hexdigest()


async def forget(db: AsyncSession, now: datetime) -> None:
    """Drop the replies whose day is over."""
    await db.execute(delete(IdempotentRequest).where(IdempotentRequest.expires_at <= now))


def _again(stored: IdempotentRequest, fingerprint: str, sealer: Sealer) -> Response:
    if stored.request_hash != fingerprint:
        raise IdempotencyMismatch("This idempotency key was used for another request; use a new one.")
    return _json(sealer.open(stored.reply_sealed), stored.status, {"Idempotency-Replayed": "true"})


def _reply(made: BaseModel | None, status: int) -> Response:
    return _json("" if made is None else made.model_dump_json(), status, {})


def _json(body: str, status: int, headers: dict[str, Any]) -> Response:
    return Response(body, status, headers, media_type="application/json" if body else None)
