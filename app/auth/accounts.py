"""People who work for institutions: passwords, one-time passwords, sessions, memberships, invitations.

Hashing a password takes a tenth of a second: it happens in threads of its own, never inside a transaction.
"""

import asyncio
import hmac
import re
import unicodedata
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final, Literal
from uuid import UUID

import pyotp
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.auth import store
from app.auth.credentials import hashed, new_code, new_secret, read_code
from app.auth.permissions import GRANTS, Role
from app.auth.tables import Account, AccountSession, Invitation, Membership
from app.db import Database
from app.errors import Conflict, Gone, InvalidInput, LastOwner, NotFound
from app.identifiers import new_id
from app.institutions import service as institutions
from app.secrets import Sealer

SESSION_LASTS: Final = timedelta(hours=12)
SESSION_IDLES: Final = timedelta(minutes=60)
SEEN_IS_NOTED_EVERY: Final = timedelta(minutes=1)
INVITATION_LASTS: Final = timedelta(days=7)
RECOVERY_CODES: Final = 10
STEP: Final = 30  # seconds a one-time password lasts
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 128
ISSUER: Final = "Palier"

# Roles that can change something must prove who they are twice.
PROVEN_TWICE: Final = frozenset(
    role for role, scopes in GRANTS.items() if any(not scope.endswith(":read") for scope in scopes)
)

_EMAIL = re.compile(r"[^@\s<>()\[\],;:\\\"]{1,64}@[^@\s<>()\[\],;:\\\"]{1,185}\.[^@\s.<>()\[\],;:\\\"]{2,63}")
_PASSWORDS = PasswordHash((Argon2Hasher(),))
_HASHING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")

Weakness = Literal["short", "long", "common", "email"]


@dataclass(frozen=True)
class Person:
    """An account, as the rooms above know it. `password_mark` changes with the password and tells nothing of it."""

    id: UUID
    email: str
    name: str
    enrolled: bool  # one-time passwords are set up
    recovery_codes_left: int
    password_mark: str
    disabled: bool

    @classmethod
    def of(cls, account: Account) -> "Person":
        """From its row."""
        return cls(
            account.id,
            account.email,
            account.name,
            account.totp_confirmed_at is not None,
            len(account.recovery_hashes),
            hashed(account.password_hash),
            account.disabled_at is not None,
        )


@dataclass(frozen=True)
class Place:
    """An institution where somebody is a member, or is invited to be one."""

    institution_id: UUID
    name: str
    role: Role


@dataclass(frozen=True)
class SignedIn:
    """An open session: whose, and which institution it shows; `home_id` is where the role is held.

    While somebody looks at the test mode of their institution, `institution_id` is its twin and `home_id` the live
    one.
    """

    session_id: UUID
    person: Person
    institution_id: UUID
    institution_name: str
    is_twin: bool
    clock_offset: timedelta
    demonstration: bool
    home_id: UUID
    role: Role

    @property
    def must_enrol(self) -> bool:
        """Whether one-time passwords must be set up before anything else; the demonstration never asks for them."""
        return self.role in PROVEN_TWICE and not self.person.enrolled and not self.demonstration


# Addresses and passwords


def casefolded(email: str) -> str:
    """An e-mail address as it is stored and compared.

    Raises
    ------
    InvalidInput
        It cannot be one.
    """
    written = unicodedata.normalize("NFKC", email).strip().casefold()
    if len(written) > 254 or not _EMAIL.fullmatch(written):
        raise InvalidInput(
            "This is not an e-mail address.", errors=[{"field": "email", "expected": "name@example.org"}]
        )
    return written


# What most lists of stolen passwords begin with, in French and English, and what surrounds it.
_COMMON_WORDS: Final = (
    "motdepasse",
    "password",
    "passwort",
    "bonjour",
    "azertyuiop",
    "azerty",
    "qwertyuiop",
    "qwerty",
    "qsdfghjklm",
    "asdfghjkl",
    "wxcvbn",
    "zxcvbnm",
    "administrateur",
    "administrator",
    "admin",
    "bienvenue",
    "welcome",
    "letmein",
    "soleil",
    "doudou",
    "chouchou",
    "loulou",
    "marseille",
    "palier",
    "sante",
    "hopital",
    "universite",
    "faculte",
    "infirmier",
    "infirmiere",
    "medecin",
    "jetaime",
    "iloveyou",
    "football",
    "superman",
    "princess",
    "dragon",
    "monkey",
    "secret",
    "changeme",
    "default",
    "test",
)
_RUNS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "azertyuiop",
    "qsdfghjklm",
    "qwertyuiop",
    "asdfghjkl",
)
_LEET: Final = str.maketrans("4@31!05$7", "aaeiiosst")


def weakness(password: str, email: str) -> Weakness | None:
    """Why a password is refused, or None: too short, too common, or the address itself.

    No rule of composition: a long sentence is welcome.
    """
    if len(password) < SHORTEST_PASSWORD:
        return "short"
    if len(password) > LONGEST_PASSWORD:
        return "long"
    plain = _unadorned(password)
    local, _, domain = email.partition("@")
    own = [_unadorned(part) for part in (email, local, domain.rsplit(".", 1)[0]) if len(part) >= 3]
    spelled = plain.translate(_LEET)
    if len(set(password)) < 5 or _repeats(plain):
        return "common"
    if min(_left_without(plain, _COMMON_WORDS), _left_without(spelled, _COMMON_WORDS)) < 6:
        return "common"
    return "email" if _left_without(plain, own) < 6 else None


def _unadorned(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum() or letter in "@!$")


def _left_without(password: str, words: Sequence[str]) -> int:
    """How many letters are left, a figure counting half, without known words and runs of the alphabet or keyboard."""
    for word in sorted(words, key=len, reverse=True):
        password = password.replace(word, " ")
    for run in _RUNS:
        for direction in (run, run[::-1]):
            for start in range(len(direction) - 3):
                for length in range(len(direction) - start, 3, -1):
                    password = password.replace(direction[start : start + length], " ")
    return sum(map(str.isalpha, password)) + sum(map(str.isdigit, password)) // 2


def _repeats(password: str) -> bool:
    """Whether it is one short piece over and over."""
    return any(
        (password[:size] * (len(password) // size + 1)).startswith(password)
        for size in range(1, len(password) // 2 + 1)
    )


async def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return await asyncio.get_running_loop().run_in_executor(_HASHING, _PASSWORDS.hash, password)


@cache
def _nobodys_hash() -> str:
    return _PASSWORDS.hash("verified when there is no such account, so that a reply takes as long")


async def _verify(account: Account | None, password: str) -> bool:
    """Whether this is the account's password; takes as long where there is no account."""

    def compare() -> bool:
        right = _PASSWORDS.verify(password, account.password_hash if account else _nobodys_hash())
        return right and account is not None and account.disabled_at is None

    return await asyncio.get_running_loop().run_in_executor(_HASHING, compare)


async def check_password(database: Database, email: str, password: str) -> Person | None:
    """The account of this address, if this is its password."""
    try:
        written = casefolded(email)
    except InvalidInput:
        written = ""
    async with database.reading() as db:
        found = await store.account_by_email(db, written)
    right = await _verify(found, password[: LONGEST_PASSWORD + 1])
    return Person.of(found) if right and found is not None else None


async def person(db: AsyncSession, account_id: UUID) -> Person | None:
    """The account with this id."""
    found = await store.account(db, account_id)
    return Person.of(found) if found else None


async def people(db: AsyncSession, account_ids: Collection[UUID]) -> list[Person]:
    """The accounts with these ids."""
    return [Person.of(found) for found in await store.accounts(db, account_ids)]


# One-time passwords


def new_seed(sealer: Sealer) -> str:
    """A seed for one-time passwords, sealed."""
    return sealer.seal(pyotp.random_base32())


def provisioning_uri(seed: str, email: str) -> str:
    """What an authenticator application reads from a QR code."""
    return pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name=ISSUER)


def _step_of(seed: str, typed: str, now: datetime) -> int | None:
    """The step of time whose password was typed: the present one, or a neighbour (clocks differ)."""
    generator = pyotp.TOTP(seed)
    present = int(now.timestamp()) // STEP
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(generator.generate_otp(step).encode(), typed.encode()):
            return step
    return None


def _digits(typed: str) -> str:
    return re.sub(r"[\s-]", "", typed)


async def prove(db: AsyncSession, account_id: UUID, typed: str, sealer: Sealer, now: datetime) -> bool:
    """Whether a one-time password or a recovery code is right; either is good once."""
    account = await store.account(db, account_id, locked=True)
    if account is None or account.totp_sealed is None or account.totp_confirmed_at is None:
        return False
    step = _step_of(sealer.open(account.totp_sealed), _digits(typed), now)
    if step is not None:
        if account.totp_last_step is not None and step <= account.totp_last_step:
            return False
        account.totp_last_step = step
        return True
    code = read_code(typed)
    if code is None or hashed(code) not in account.recovery_hashes:
        return False
    account.recovery_hashes = [kept for kept in account.recovery_hashes if kept != hashed(code)]
    await _noted(db, account, "account.recovery_code_used", now, left=len(account.recovery_hashes))
    return True


async def start_enrolment(db: AsyncSession, account_id: UUID, sealer: Sealer) -> str:
    """The seed to set up one-time passwords with; the same one until they are confirmed.

    Raises
    ------
    Conflict
        They are set up already.
    """
    account = await _locked(db, account_id)
    if account.totp_confirmed_at is not None:
        raise Conflict("One-time passwords are set up already.")
    if account.totp_sealed is None:
        account.totp_sealed = new_seed(sealer)
    return sealer.open(account.totp_sealed)


async def confirm_enrolment(
    db: AsyncSession, account_id: UUID, typed: str, sealer: Sealer, now: datetime
) -> list[str] | None:
    """Set one-time passwords up with a first one; the recovery codes, shown once, or None when it is wrong.

    Every session of the account ends: those that are open were opened with a password alone.
    """
    account = await _locked(db, account_id)
    if account.totp_sealed is None or account.totp_confirmed_at is not None:
        return None
    step = _step_of(sealer.open(account.totp_sealed), _digits(typed), now)
    if step is None:
        return None
    account.totp_confirmed_at, account.totp_last_step = now, step
    codes = _new_recovery_codes(account)
    await store.drop_sessions(db, account.id)
    await _noted(db, account, "account.one_time_passwords_set_up", now)
    return codes


async def renew_recovery_codes(db: AsyncSession, account_id: UUID, now: datetime) -> list[str]:
    """Ten new recovery codes; the former ones are good for nothing."""
    account = await _locked(db, account_id)
    codes = _new_recovery_codes(account)
    await _noted(db, account, "account.recovery_codes_renewed", now)
    return codes


async def reset_access(db: AsyncSession, email: str, password_hash: str, actor: str, now: datetime) -> None:
    """Give an account another password; one-time passwords are to be set up again, and every session ends.

    Raises
    ------
    NotFound
    """
    account = await store.account_by_email(db, casefolded(email), locked=True)
    if account is None:
        raise NotFound("There is no account with this address.")
    account.password_hash = password_hash
    account.totp_sealed = account.totp_confirmed_at = account.totp_last_step = None
    account.recovery_hashes = []
    await store.drop_sessions(db, account.id)
    await _noted(db, account, "account.access_reset", now, actor=actor)


def _new_recovery_codes(account: Account) -> list[str]:
    codes = [new_code() for _ in range(RECOVERY_CODES)]
    account.recovery_hashes = [hashed(code) for code in codes]
    return codes


async def _locked(db: AsyncSession, account_id: UUID) -> Account:
    account = await store.account(db, account_id, locked=True)
    if account is None:
        raise NotFound("There is no such account.")
    return account


# Sessions


async def signed_in(db: AsyncSession, token: str, now: datetime) -> tuple[SignedIn, bool] | None:
    """The open session behind a browser's token, and whether the moment should be noted; None when there is none."""
    found = await store.session_by_hash(db, hashed(token))
    if found is None:
        return None
    session, account = found
    if now >= session.expires_at or now >= session.last_seen_at + SESSION_IDLES or account.disabled_at:
        return None
    institution = await institutions.require(db, session.institution_id)
    membership = await store.membership_of(db, institution.id, account.id)
    if membership is None and institution.test_of is not None:
        membership = await store.membership_of(db, institution.test_of, account.id)
    if membership is None:
        return None
    signed = SignedIn(
        session_id=session.id,
        person=Person.of(account),
        institution_id=institution.id,
        institution_name=institution.name,
        is_twin=institution.test_of is not None,
        clock_offset=timedelta(seconds=institution.clock_offset_seconds),
        demonstration=institutions.is_demonstration(institution),
        home_id=membership.institution_id,
        role=Role(membership.role),
    )
    return signed, now - session.last_seen_at >= SEEN_IS_NOTED_EVERY


async def note_seen(db: AsyncSession, session_id: UUID, now: datetime) -> None:
    """Keep a session from idling away."""
    await store.note_seen(db, session_id, now)


async def open_session(
    db: AsyncSession, account_id: UUID, now: datetime, institution_id: UUID | None = None
) -> str | None:
    """Sign a browser in; its token, or None for somebody who is a member nowhere.

    It shows `institution_id`, or the institution joined first.
    """
    held = await store.memberships(db, account_id)
    if not held:
        return None
    if institution_id is None or institution_id not in {membership.institution_id for membership in held}:
        institution_id = held[0].institution_id
    token = new_secret("pls")
    db.add(
        AccountSession(
            id=new_id(),
            account_id=account_id,
            institution_id=institution_id,
            token_hash=hashed(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LASTS,
        )
    )
    await db.flush()
    return token


async def close_session(db: AsyncSession, token: str) -> None:
    """Sign one browser out."""
    await store.drop_session(db, hashed(token))


async def close_sessions(db: AsyncSession, account_id: UUID, now: datetime) -> None:
    """Sign an account out everywhere."""
    account = await _locked(db, account_id)
    await store.drop_sessions(db, account_id)
    await _noted(db, account, "account.signed_out_everywhere", now)


async def look_at(db: AsyncSession, session_id: UUID, account_id: UUID, institution_id: UUID) -> None:
    """Show another institution of the account in a session, or the test mode of one.

    Raises
    ------
    NotFound
        The account is no member there.
    """
    wanted = await institutions.require(db, institution_id)
    held = {membership.institution_id for membership in await store.memberships(db, account_id)}
    if wanted.id not in held and wanted.test_of not in held:
        raise NotFound("This institution is unknown.")
    await store.look_at(db, session_id, wanted.id)


async def change_password(db: AsyncSession, account_id: UUID, password_hash: str, now: datetime) -> None:
    """Replace a password; every session ends."""
    account = await _locked(db, account_id)
    account.password_hash = password_hash
    await store.drop_sessions(db, account_id)
    await _noted(db, account, "account.password_changed", now)


async def note_sign_in(db: AsyncSession, token: str, now: datetime) -> None:
    """Write down that somebody signed in."""
    found = await store.session_by_hash(db, hashed(token))
    if found is not None:
        session, account = found
        await audit.record(
            db,
            actor=actor_of(account.id),
            act="account.signed_in",
            subject=f"account:{account.id}",
            facts={},
            now=now,
            tenant=session.institution_id,
        )


async def note_failed_sign_in(db: AsyncSession, email: str, step: str, now: datetime) -> None:
    """Write down that somebody could not; an address that nobody has is not written."""
    found = await store.account_by_email(db, email.strip().casefold())
    await audit.record(
        db,
        actor="anonymous",
        act="account.sign_in_failed",
        subject=f"account:{found.id}" if found else "account:unknown",
        facts={"step": step},
        now=now,
    )


async def _noted(
    db: AsyncSession, account: Account, act: str, now: datetime, *, actor: str = "", **facts: int
) -> None:
    subject = f"account:{account.id}"
    await audit.record(
        db, actor=actor or actor_of(account.id), act=act, subject=subject, facts=dict(facts), now=now
    )


def actor_of(account_id: UUID) -> str:
    """How the audit log calls a member."""
    return f"member:{account_id}"


# Members and invitations


async def places(db: AsyncSession, account_id: UUID) -> list[Place]:
    """Where an account is a member, and what it is there."""
    found = []
    for membership in await store.memberships(db, account_id):
        institution = await institutions.require(db, membership.institution_id)
        found.append(Place(institution.id, institution.name, Role(membership.role)))
    return found


async def members(
    db: AsyncSession, institution_id: UUID, after: tuple[str, UUID] | None = None, limit: int = 1000
) -> Sequence[tuple[Membership, Account]]:
    """The members of an institution, by address."""
    return await store.members(db, institution_id, after, limit)


async def member(db: AsyncSession, institution_id: UUID, membership_id: UUID) -> tuple[Membership, Account]:
    """One member, or `NotFound`."""
    found = await store.member(db, institution_id, membership_id)
    if found is None:
        raise NotFound("This member is unknown.")
    return found


async def membership_of(db: AsyncSession, institution_id: UUID, account_id: UUID) -> Membership:
    """The membership of an account in an institution, or `NotFound`."""
    found = await store.membership_of(db, institution_id, account_id)
    if found is None:
        raise NotFound("This account is no member here.")
    return found


async def add_member(
    db: AsyncSession, institution_id: UUID, account_id: UUID, role: Role, actor: str, now: datetime
) -> Membership:
    """Make an account a member.

    Raises
    ------
    Conflict
        It is one already.
    """
    if await store.membership_of(db, institution_id, account_id) is not None:
        raise Conflict("This account is a member already.")
    membership = Membership(
        id=new_id(), institution_id=institution_id, account_id=account_id, role=role, created_at=now
    )
    db.add(membership)
    await db.flush()
    await audit.record(
        db,
        actor=actor,
        act="member.added",
        subject=f"account:{account_id}",
        facts={"role": str(role)},
        now=now,
        tenant=institution_id,
    )
    return membership


async def change_role(
    db: AsyncSession, institution_id: UUID, membership_id: UUID, role: Role, actor: str, now: datetime
) -> None:
    """Give a member another role.

    Raises
    ------
    NotFound, LastOwner
    """
    owners = await store.locked_with_role(db, institution_id, Role.OWNER)
    membership, _ = await member(db, institution_id, membership_id)
    former = membership.role
    if former == role:
        return
    if former == Role.OWNER and len(owners) == 1:
        raise LastOwner("Name another owner first.")
    membership.role = role
    await audit.record(
        db,
        actor=actor,
        act="member.role_changed",
        subject=f"account:{membership.account_id}",
        facts={"from": former, "to": str(role)},
        now=now,
        tenant=institution_id,
    )


async def remove_member(
    db: AsyncSession, institution_id: UUID, membership_id: UUID, actor: str, now: datetime
) -> None:
    """End a membership, and the sessions that show this institution.

    Raises
    ------
    NotFound, LastOwner
    """
    owners = await store.locked_with_role(db, institution_id, Role.OWNER)
    membership, _ = await member(db, institution_id, membership_id)
    if membership.role == Role.OWNER and len(owners) == 1:
        raise LastOwner("Name another owner first.")
    twin = await institutions.twin_id(db, institution_id)
    await store.drop_sessions(db, membership.account_id, [institution_id, *([twin] if twin else [])])
    await db.delete(membership)
    await audit.record(
        db,
        actor=actor,
        act="member.removed",
        subject=f"account:{membership.account_id}",
        facts={"role": membership.role},
        now=now,
        tenant=institution_id,
    )


async def invite(
    db: AsyncSession, institution_id: UUID, *, email: str, role: Role, actor: str, now: datetime
) -> tuple[Invitation, str]:
    """A link that makes whoever holds it a member, once, within seven days; its secret is told here only.

    An earlier invitation of the same address is withdrawn.

    Raises
    ------
    InvalidInput
        Not an address.
    Conflict
        A member has this address.
    """
    written = casefolded(email)
    known = await store.account_by_email(db, written)
    if known is not None and await store.membership_of(db, institution_id, known.id) is not None:
        raise Conflict("A member has this address already.")
    for open_one in await store.invitations(db, institution_id, now, None, 1000):
        if open_one.email == written:
            open_one.revoked_at = now
    token = new_secret("pli")
    invitation = Invitation(
        id=new_id(),
        institution_id=institution_id,
        email=written,
        role=role,
        token_hash=hashed(token),
        invited_by=actor,
        created_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    db.add(invitation)
    await db.flush()
    await audit.record(
        db,
        actor=actor,
        act="member.invited",
        subject=f"invitation:{invitation.id}",
        facts={"role": str(role)},
        now=now,
        tenant=institution_id,
    )
    return invitation, token


async def invitations(
    db: AsyncSession, institution_id: UUID, now: datetime, after: UUID | None = None, limit: int = 1000
) -> Sequence[Invitation]:
    """The invitations that can still be accepted, newest first."""
    return await store.invitations(db, institution_id, now, after, limit)


async def withdraw_invitation(
    db: AsyncSession, institution_id: UUID, invitation_id: UUID, actor: str, now: datetime
) -> None:
    """Make an invitation's link lead nowhere; once accepted or withdrawn, nothing happens.

    Raises
    ------
    NotFound
    """
    invitation = await store.invitation(db, institution_id, invitation_id)
    if invitation is None:
        raise NotFound("This invitation is unknown.")
    if invitation.revoked_at is not None or invitation.accepted_at is not None:
        return
    invitation.revoked_at = now
    await audit.record(
        db,
        actor=actor,
        act="invitation.withdrawn",
        subject=f"invitation:{invitation.id}",
        facts={},
        now=now,
        tenant=institution_id,
    )


@dataclass(frozen=True)
class Invited:
    """Who holds a link is invited so; `person` when the address has an account already."""

    email: str
    place: Place
    person: Person | None


async def invited(db: AsyncSession, token: str, now: datetime) -> Invited:
    """What a link invites to.

    Raises
    ------
    Gone
        Unknown, accepted, withdrawn or too old; the four are not told apart.
    """
    invitation = await _open_invitation(db, token, now)
    institution = await institutions.require(db, invitation.institution_id)
    account = await store.account_by_email(db, invitation.email)
    place = Place(institution.id, institution.name, Role(invitation.role))
    return Invited(invitation.email, place, Person.of(account) if account else None)


async def _open_invitation(
    db: AsyncSession, token: str, now: datetime, *, locked: bool = False
) -> Invitation:
    found = await store.invitation_by_hash(db, hashed(token), locked=locked)
    if (
        found is None
        or found.accepted_at is not None
        or found.revoked_at is not None
        or now >= found.expires_at
    ):
        raise Gone("This invitation is no longer valid.")
    return found


async def join(
    db: AsyncSession,
    token: str,
    now: datetime,
    *,
    name: str = "",
    password_hash: str = "",
    account_id: UUID | None = None,
) -> Membership:
    """Accept an invitation with the account of its address, or with a new one.

    Raises
    ------
    Gone
        The link leads nowhere (any more).
    Conflict
        The address got an account, or the account another institution's role, meanwhile.
    """
    invitation = await _open_invitation(db, token, now, locked=True)
    account = await store.account_by_email(db, invitation.email)
    if account_id is None:
        if account is not None:
            raise Conflict("This address has an account already.")
        account = await add_account(db, invitation.email, name, password_hash, now)
    elif account is None or account.id != account_id:
        raise Conflict("This invitation is for another address.")
    invitation.accepted_at = now
    role = Role(invitation.role)
    return await add_member(db, invitation.institution_id, account.id, role, actor_of(account.id), now)


async def add_account(db: AsyncSession, email: str, name: str, password_hash: str, now: datetime) -> Account:
    """A new account.

    Raises
    ------
    Conflict
        The address has one.
    """
    account = Account(
        id=new_id(),
        email=casefolded(email),
        name=" ".join(name.split()),
        password_hash=password_hash,
        recovery_hashes=[],
        created_at=now,
    )
    try:
        async with db.begin_nested():
            db.add(account)
    except IntegrityError:
        raise Conflict("This address has an account already.") from None
    await _noted(db, account, "account.created", now)
    return account


async def ensure_owner(
    db: AsyncSession,
    institution_id: UUID,
    email: str,
    name: str,
    password_hash: str,
    actor: str,
    now: datetime,
) -> None:
    """An owner with this password, made if there is none."""
    account = await store.account_by_email(db, casefolded(email))
    if account is None:
        account = await add_account(db, email, name, password_hash, now)
    else:
        await reset_access(db, email, password_hash, actor, now)
    if await store.membership_of(db, institution_id, account.id) is None:
        await add_member(db, institution_id, account.id, Role.OWNER, actor, now)
