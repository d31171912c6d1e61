"""`/v1/keys` and `/v1/clients`: an institution makes, changes and ends the credentials of its programs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import keys, oauth
from app.auth.permissions import Caller, Scope
from app.delivery.context import Context, given_context
from app.office.keys_schemas import (
    ClientChange,
    ClientIn,
    ClientListOut,
    ClientOut,
    ClientWithSecretOut,
    JwksOut,
    KeyIn,
    KeyListOut,
    KeyOut,
    KeyWithSecretOut,
    RotatedKeyOut,
)
from app.wire.callers import calling
from app.wire.etags import NOT_MODIFIED, IfMatch, conditional, require_match
from app.wire.idempotency import IdempotencyKey, once
from app.wire.paging import Paging, after_id, page_of
from app.wire.problems import EVERYWHERE, problems

router = APIRouter(prefix="/v1", tags=["keys"], responses=EVERYWHERE)

Ctx = Annotated[Context, Depends(given_context)]
CanRead = Annotated[Caller, Depends(calling(Scope.KEYS_READ))]
CanWrite = Annotated[Caller, Depends(calling(Scope.KEYS_WRITE))]


@router.post(
    "/keys",
    status_code=201,
    operation_id="createKey",
    summary="Make an API key",
    response_model=KeyWithSecretOut,
    responses=problems(400, 409, 413, 422),
)
async def create_key(
    request: Request, body: KeyIn, context: Ctx, caller: CanWrite, idempotency_key: IdempotencyKey = None
) -> Response:
    """The reply holds the secret, told only once. Nobody grants a scope that they do not have."""

    async def effect(db: AsyncSession) -> KeyWithSecretOut:
        made, secret = await keys.create(
            db,
            caller,
            label=body.label,
            mode=body.mode,
            scopes=frozenset(body.scopes),
            expires_at=body.expires_at,
            now=context.now(),
        )
        return KeyWithSecretOut(**_key(made).model_dump(), secret=secret)

    return await once(request, caller, idempotency_key, effect, confined=False)


@router.get("/keys", operation_id="listKeys", summary="List the API keys", responses=problems(422))
async def list_keys(request: Request, context: Ctx, caller: CanRead, paging: Paging) -> KeyListOut:
    """Oldest first, those that ended too; a live key sees those of test mode, a test key only those."""
    async with context.database.reading() as db:
        rows = await keys.listed(db, caller, after_id(paging), paging.limit + 1)
    shown, following = page_of(request, paging, rows, lambda key: (str(key.id),))
    return KeyListOut(data=[_key(key) for key in shown], next=following)


@router.get(
    "/keys/{key_id}",
    operation_id="readKey",
    summary="Read an API key",
    response_model=KeyOut,
    responses=NOT_MODIFIED | problems(404),
)
async def read_key(request: Request, key_id: UUID, context: Ctx, caller: CanRead) -> KeyOut | Response:
    """Everything but its secret, which nobody can read again."""
    async with context.database.reading() as db:
        return conditional(request, _key(await keys.require(db, caller, key_id)))


@router.post(
    "/keys/{key_id}/rotate",
    operation_id="rotateKey",
    summary="Rotate an API key",
    response_model=RotatedKeyOut,
    responses=problems(404, 409, 422),
)
async def rotate_key(
    request: Request, key_id: UUID, context: Ctx, caller: CanWrite, idempotency_key: IdempotencyKey = None
) -> Response:
    """A key with a new secret and the same scopes; the former one lives for another day, then ends by itself."""

    async def effect(db: AsyncSession) -> RotatedKeyOut:
        made = await keys.rotate(db, caller, key_id, context.now())
        return RotatedKeyOut(
            **_key(made.key).model_dump(),
            secret=made.secret,
            former_id=made.former.id,
            former_expires_at=made.former.expires_at,
        )

    reply = await once(request, caller, idempotency_key, effect, status=200, confined=False)
    context.keys.forget()
    return reply


@router.delete(
    "/keys/{key_id}",
    status_code=204,
    operation_id="revokeKey",
    summary="Revoke an API key",
    responses=problems(404),
)
async def revoke_key(key_id: UUID, context: Ctx, caller: CanWrite) -> None:
    """It ends now. Other servers of the same installation honour it five seconds longer at most."""
    async with context.database.transaction() as db:
        await keys.revoke(db, caller, key_id, context.now())
    context.keys.forget()


@router.post(
    "/clients",
    status_code=201,
    operation_id="createClient",
    summary="Make an OAuth 2 client",
    response_model=ClientWithSecretOut,
    responses=problems(400, 409, 413, 422),
)
async def create_client(
    request: Request, body: ClientIn, context: Ctx, caller: CanWrite, idempotency_key: IdempotencyKey = None
) -> Response:
    """With `jwks` it proves itself by signed assertions; without, by a secret, told in this reply only."""

    async def effect(db: AsyncSession) -> ClientWithSecretOut:
        made, secret = await oauth.create(
            db,
            caller,
            label=body.label,
            mode=body.mode,
            scopes=frozenset(body.scopes),
            jwks=None if body.jwks is None else body.jwks.model_dump(),
            now=context.now(),
        )
        return ClientWithSecretOut(**_client(made).model_dump(), secret=secret)

    return await once(request, caller, idempotency_key, effect, confined=False)


@router.get(
    "/clients", operation_id="listClients", summary="List the OAuth 2 clients", responses=problems(422)
)
async def list_clients(request: Request, context: Ctx, caller: CanRead, paging: Paging) -> ClientListOut:
    """Oldest first, those that ended too; a live key sees those of test mode, a test key only those."""
    async with context.database.reading() as db:
        rows = await oauth.listed(db, caller, after_id(paging), paging.limit + 1)
    shown, following = page_of(request, paging, rows, lambda client: (str(client.id),))
    return ClientListOut(data=[_client(client) for client in shown], next=following)


@router.get(
    "/clients/{client_id}",
    operation_id="readClient",
    summary="Read an OAuth 2 client",
    response_model=ClientOut,
    responses=NOT_MODIFIED | problems(404),
)
async def read_client(
    request: Request, client_id: UUID, context: Ctx, caller: CanRead
) -> ClientOut | Response:
    """Everything but its secret; its public keys if it has some."""
    async with context.database.reading() as db:
        return conditional(request, _client(await oauth.require(db, caller, client_id)))


@router.patch(
    "/clients/{client_id}",
    operation_id="changeClient",
    summary="Change an OAuth 2 client",
    responses=problems(400, 404, 409, 412, 413, 422),
)
async def change_client(
    client_id: UUID, body: ClientChange, context: Ctx, caller: CanWrite, if_match: IfMatch = None
) -> ClientOut:
    """Its label, or its public keys: to change keys without a gap, give the old and the new one for a while."""
    async with context.database.transaction() as db:
        require_match(if_match, _client(await oauth.require(db, caller, client_id)))
        changed = await oauth.change(
            db,
            caller,
            client_id,
            label=body.label,
            jwks=None if body.jwks is None else body.jwks.model_dump(),
            now=context.now(),
        )
    return _client(changed)


@router.post(
    "/clients/{client_id}/rotate",
    operation_id="rotateClientSecret",
    summary="Draw a new secret for an OAuth 2 client",
    response_model=ClientWithSecretOut,
    responses=problems(404, 409, 422),
)
async def rotate_client(
    request: Request, client_id: UUID, context: Ctx, caller: CanWrite, idempotency_key: IdempotencyKey = None
) -> Response:
    """The former secret is good for another day, an older one ends now; tokens already given live out their hour."""

    async def effect(db: AsyncSession) -> ClientWithSecretOut:
        changed, secret = await oauth.rotate(db, caller, client_id, context.now())
        return ClientWithSecretOut(**_client(changed).model_dump(), secret=secret)

    return await once(request, caller, idempotency_key, effect, status=200, confined=False)


@router.delete(
    "/clients/{client_id}",
    status_code=204,
    operation_id="revokeClient",
    summary="End an OAuth 2 client",
    responses=problems(404),
)
async def revoke_client(client_id: UUID, context: Ctx, caller: CanWrite) -> None:
    """It ends now, with its secrets and every token it was given."""
    async with context.database.transaction() as db:
        await oauth.revoke_client(db, caller, client_id, context.now())
    context.keys.forget()


def _key(key: keys.Key) -> KeyOut:
    return KeyOut(
        id=key.id,
        label=key.label,
        mode=key.mode,
        prefix=key.prefix,
        scopes=list(key.scopes),
        created_by=key.created_by,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


def _client(client: oauth.Client) -> ClientOut:
    return ClientOut(
        id=client.id,
        label=client.label,
        mode=client.mode,
        scopes=list(client.scopes),
        method=client.method,
        former_secret_until=client.former_until,
        jwks=None if client.jwks is None else JwksOut.model_validate(client.jwks),
        created_by=client.created_by,
        created_at=client.created_at,
        last_used_at=client.last_used_at,
        revoked_at=client.revoked_at,
    )
