"""Runs migrations on the database named by the settings, or on a connection handed over by a caller."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import JSON, Connection

from app.db import Database
from app.registry import metadata
from app.settings import Settings


def run(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        render_as_batch=is_sqlite,
        transaction_per_migration=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        if not is_sqlite:
            # a migration waits two seconds for a lock, then fails rather than stop the answers behind it
            context.execute("SET lock_timeout = '2s'")
        context.run_migrations()


def render_item(kind: str, obj: Any, autogen_context: Any) -> Any:
    if kind == "type" and isinstance(obj, JSON):
        autogen_context.imports.add("from app.db import Json")
        return "Json"
    if kind == "type" and type(obj).__module__ == "app.db":
        autogen_context.imports.add("from app.db import Instant")
        return "Instant()"
    return False


async def online() -> None:
    database = Database(Settings())
    try:
        async with database.engine.connect() as connection:
            connection = await connection.execution_options(palier_write=True)
            await connection.run_sync(run)
            await connection.commit()
    finally:
        await database.close()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(online())
