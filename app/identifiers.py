"""Identifiers of rows: UUID version 7, so that new rows sit together in indexes."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A new time-ordered identifier."""
    return uuid_utils.compat.uuid7()
