"""SQL of the credentials."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tables import AccessCode, ApiKey


async def key_by_hash(db: AsyncSession, secret_hash: str) -> ApiKey | None:
    """The key with this hash."""
    return (await db.execute(select(ApiKey).where(ApiKey.secret_hash == secret_hash))).scalar()


async def code_for_use(db: AsyncSession, code: str) -> AccessCode | None:
    """The access code, locked until the transaction ends."""
    return (await db.execute(select(AccessCode).where(AccessCode.code == code).with_for_update())).scalar()
