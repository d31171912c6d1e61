"""SQL of the credentials."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tables import (
    AccessCode,
    AccessToken,
    Account,
    AccountSession,
    ApiKey,
    Invitation,
    Membership,
    OAuthClient,
    SpentToken,
)


async def key_by_hash(db: AsyncSession, secret_hash: str) -> ApiKey | None:
    """The key with this hash."""
    return (await db.execute(select(ApiKey).where(ApiKey.secret_hash == secret_hash))).scalar()


async def key(db: AsyncSession, institutions: Sequence[UUID], key_id: UUID) -> ApiKey | None:
    """A key of one of these institutions (the live one and its twin)."""
    query = select(ApiKey).where(ApiKey.institution_id.in_(institutions), ApiKey.id == key_id)
    return (await db.execute(query)).scalar()


async def keys(
    db: AsyncSession, institutions: Sequence[UUID], after: UUID | None = None, limit: int | None = None
) -> Sequence[ApiKey]:
    """The keys of these institutions made after one of them, oldest first."""
    query = select(ApiKey).where(ApiKey.institution_id.in_(institutions)).order_by(ApiKey.id).limit(limit)
    if after is not None:
        query = query.where(ApiKey.id > after)
    return (await db.execute(query)).scalars().all()


async def count_keys(db: AsyncSession, institutions: Sequence[UUID], now: datetime) -> int:
    """How many keys of these institutions can be used."""
    query = select(func.count()).where(
        ApiKey.institution_id.in_(institutions),
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
    )
    return (await db.execute(query)).scalar_one()


async def client(db: AsyncSession, institutions: Sequence[UUID], client_id: UUID) -> OAuthClient | None:
    """An OAuth client of one of these institutions."""
    query = select(OAuthClient).where(
        OAuthClient.institution_id.in_(institutions), OAuthClient.id == client_id
    )
    return (await db.execute(query)).scalar()


async def client_by_id(db: AsyncSession, client_id: UUID) -> OAuthClient | None:
    """The OAuth client that says it is this one; nothing is proved yet."""
    return await db.get(OAuthClient, client_id)


async def clients(
    db: AsyncSession, institutions: Sequence[UUID], after: UUID | None, limit: int
) -> Sequence[OAuthClient]:
    """The OAuth clients of these institutions made after one of them, oldest first."""
    query = (
        select(OAuthClient)
        .where(OAuthClient.institution_id.in_(institutions))
        .order_by(OAuthClient.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(OAuthClient.id > after)
    return (await db.execute(query)).scalars().all()


async def count_clients(db: AsyncSession, institutions: Sequence[UUID]) -> int:
    """How many OAuth clients of these institutions can ask for tokens."""
    query = select(func.count()).where(
        OAuthClient.institution_id.in_(institutions), OAuthClient.revoked_at.is_(None)
    )
    return (await db.execute(query)).scalar_one()


async def revoke_tokens(db: AsyncSession, client_id: UUID, now: datetime) -> None:
    """End every token a client holds."""
    await db.execute(
        update(AccessToken)
        .where(AccessToken.client_id == client_id, AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


async def token_by_hash(db: AsyncSession, token_hash: str) -> tuple[AccessToken, OAuthClient] | None:
    """The access token with this hash, and the client it was given to."""
    query = (
        select(AccessToken, OAuthClient)
        .join(OAuthClient, OAuthClient.id == AccessToken.client_id)
        .where(AccessToken.token_hash == token_hash)
    )
    row = (await db.execute(query)).first()
    return (row[0], row[1]) if row else None


async def last_use(db: AsyncSession, credential_id: UUID) -> datetime | None:
    """When a key was last used; for a token, when its client last was."""
    of_key = await db.get(ApiKey, credential_id)
    if of_key is not None:
        return of_key.last_used_at
    query = (
        select(OAuthClient.last_used_at)
        .join(AccessToken, AccessToken.client_id == OAuthClient.id)
        .where(AccessToken.id == credential_id)
    )
    return (await db.execute(query)).scalar()


async def note_use(db: AsyncSession, credential_id: UUID, now: datetime) -> None:
    """Write down that a key, or the client of a token, was used now."""
    await db.execute(update(ApiKey).where(ApiKey.id == credential_id).values(last_used_at=now))
    clients = select(AccessToken.client_id).where(AccessToken.id == credential_id)
    await db.execute(update(OAuthClient).where(OAuthClient.id.in_(clients)).values(last_used_at=now))


async def code_for_use(db: AsyncSession, code: str) -> AccessCode | None:
    """The access code, locked until the transaction ends."""
    return (await db.execute(select(AccessCode).where(AccessCode.code == code).with_for_update())).scalar()


async def spent(db: AsyncSession, purpose: str, value_hash: str) -> SpentToken | None:
    """The trace of a value that has been used."""
    return await db.get(SpentToken, (purpose, value_hash))


async def forget_spent(db: AsyncSession, now: datetime) -> None:
    """Drop the traces of values that can no longer be used anyway."""
    await db.execute(delete(SpentToken).where(SpentToken.expires_at < now))
    await db.execute(delete(AccessToken).where(AccessToken.expires_at < now))


async def account_by_email(db: AsyncSession, email: str, *, locked: bool = False) -> Account | None:
    """The account with this address, as `accounts.casefolded` writes it."""
    query = select(Account).where(Account.email == email)
    return (await db.execute(query.with_for_update() if locked else query)).scalar()


async def account(db: AsyncSession, account_id: UUID, *, locked: bool = False) -> Account | None:
    """The account with this id."""
    query = select(Account).where(Account.id == account_id)
    return (await db.execute(query.with_for_update() if locked else query)).scalar()


async def accounts(db: AsyncSession, account_ids: Collection[UUID]) -> Sequence[Account]:
    """The accounts with these ids."""
    return (await db.execute(select(Account).where(Account.id.in_(account_ids)))).scalars().all()


async def session_by_hash(db: AsyncSession, token_hash: str) -> tuple[AccountSession, Account] | None:
    """The session whose token has this hash, and whose it is."""
    query = (
        select(AccountSession, Account)
        .join(Account, Account.id == AccountSession.account_id)
        .where(AccountSession.token_hash == token_hash)
    )
    row = (await db.execute(query)).first()
    return (row[0], row[1]) if row else None


async def note_seen(db: AsyncSession, session_id: UUID, now: datetime) -> None:
    """Write down that somebody used a session now."""
    await db.execute(update(AccountSession).where(AccountSession.id == session_id).values(last_seen_at=now))


async def look_at(db: AsyncSession, session_id: UUID, institution_id: UUID) -> None:
    """Let a session show another institution."""
    await db.execute(
        update(AccountSession).where(AccountSession.id == session_id).values(institution_id=institution_id)
    )


async def drop_session(db: AsyncSession, token_hash: str) -> None:
    """Sign one browser out."""
    await db.execute(delete(AccountSession).where(AccountSession.token_hash == token_hash))


async def drop_sessions(
    db: AsyncSession, account_id: UUID, institutions: Sequence[UUID] | None = None
) -> None:
    """Sign an account out everywhere, or wherever it looks at one of these institutions."""
    query = delete(AccountSession).where(AccountSession.account_id == account_id)
    if institutions is not None:
        query = query.where(AccountSession.institution_id.in_(institutions))
    await db.execute(query)


async def forget_sessions(db: AsyncSession, now: datetime) -> None:
    """Drop the sessions that are over."""
    await db.execute(delete(AccountSession).where(AccountSession.expires_at <= now))


async def membership_of(db: AsyncSession, institution_id: UUID, account_id: UUID) -> Membership | None:
    """The membership of an account in an institution."""
    query = select(Membership).where(
        Membership.institution_id == institution_id, Membership.account_id == account_id
    )
    return (await db.execute(query)).scalar()


async def memberships(db: AsyncSession, account_id: UUID) -> Sequence[Membership]:
    """Every membership of an account, oldest first."""
    query = select(Membership).where(Membership.account_id == account_id).order_by(Membership.id)
    return (await db.execute(query)).scalars().all()


async def members(
    db: AsyncSession, institution_id: UUID, after: tuple[str, UUID] | None, limit: int
) -> Sequence[tuple[Membership, Account]]:
    """Members of an institution by address, those that come after (address, id)."""
    query = (
        select(Membership, Account)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.institution_id == institution_id)
        .order_by(Account.email, Membership.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Account.email, Membership.id) > after)
    return [(row[0], row[1]) for row in await db.execute(query)]


async def member(
    db: AsyncSession, institution_id: UUID, membership_id: UUID
) -> tuple[Membership, Account] | None:
    """One member of an institution."""
    query = (
        select(Membership, Account)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.institution_id == institution_id, Membership.id == membership_id)
    )
    row = (await db.execute(query)).first()
    return (row[0], row[1]) if row else None


async def locked_with_role(db: AsyncSession, institution_id: UUID, role: str) -> Sequence[Membership]:
    """The members of an institution that have a role, locked until the transaction ends."""
    query = (
        select(Membership)
        .where(Membership.institution_id == institution_id, Membership.role == role)
        .order_by(Membership.id)
        .with_for_update()
    )
    return (await db.execute(query)).scalars().all()


async def invitations(
    db: AsyncSession, institution_id: UUID, now: datetime, after: UUID | None, limit: int
) -> Sequence[Invitation]:
    """The invitations that can still be accepted, newest first, those made before `after`."""
    query = (
        select(Invitation)
        .where(
            Invitation.institution_id == institution_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
        .order_by(Invitation.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(Invitation.id < after)
    return (await db.execute(query)).scalars().all()


async def invitation(db: AsyncSession, institution_id: UUID, invitation_id: UUID) -> Invitation | None:
    """One invitation of an institution."""
    query = select(Invitation).where(
        Invitation.institution_id == institution_id, Invitation.id == invitation_id
    )
    return (await db.execute(query)).scalar()


async def invitation_by_hash(db: AsyncSession, token_hash: str, *, locked: bool = False) -> Invitation | None:
    """The invitation whose link has this hash."""
    query = select(Invitation).where(Invitation.token_hash == token_hash)
    return (await db.execute(query.with_for_update() if locked else query)).scalar()
