"""People of the back office, signed in without passing by the door: what most tests of pages need."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from uuid import UUID

import httpx2

from app.auth import accounts
from app.auth.permissions import Role
from app.db import Database
from app.wire.members import COOKIE_PATH, SESSION_COOKIE
from tests.conftest import START

NUMBERS = count(1)


@dataclass(frozen=True)
class Person:
    """A member, and the cookie of a browser in which they are signed in."""

    account_id: UUID
    membership_id: UUID
    email: str
    token: str

    @property
    def cookies(self) -> dict[str, str]:
        """What their browser sends."""
        return {SESSION_COOKIE: self.token}

    def use(self, client: httpx2.AsyncClient) -> None:
        """Let this client be their browser."""
        client.cookies.clear()
        client.cookies.set(SESSION_COOKIE, self.token, domain="testserver.local", path=COOKIE_PATH)


async def person(
    database: Database,
    institution_id: UUID,
    role: Role = Role.OWNER,
    *,
    now: datetime = START,
    proven_twice: bool = True,
) -> Person:
    """A new member with this role, signed in; with one-time passwords already set up, unless told otherwise."""
    number = next(NUMBERS)
    async with database.transaction() as db:
        account = await accounts.add_account(
            db, f"{role}-{number}@example.org", f"Camille {role.capitalize()}", "no password opens this", now
        )
        if proven_twice:
            account.totp_confirmed_at = now
        membership = await accounts.add_member(db, institution_id, account.id, role, "tests", now)
        token = await accounts.open_session(db, account.id, now, institution_id)
    assert token is not None
    return Person(account.id, membership.id, account.email, token)
