"""Accounts: passwords, one-time passwords, sessions, memberships, invitations; on both databases."""

from datetime import timedelta
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select

from app import audit
from app.auth import accounts
from app.auth.permissions import Role
from app.auth.tables import Account
from app.db import Database
from app.errors import Conflict, Gone, InvalidInput, LastOwner, NotFound
from app.institutions import service as institutions
from app.secrets import Sealer, new_master_key
from tests.app.office.people import person
from tests.conftest import START

SEALER = Sealer([new_master_key()])
HOUR = timedelta(hours=1)


@pytest.fixture
async def home(database: Database) -> UUID:
    async with database.transaction() as db:
        institution_id, _ = await institutions.ensure_institution(db, "ifsi", "IFSI", START)
    return institution_id


# Addresses and passwords


@pytest.mark.parametrize("typed", ["Anne@Example.org", " anne@EXAMPLE.org ", "ａnne@example.org"])
def test_an_address_is_stored_in_one_form(typed: str) -> None:
    assert accounts.casefolded(typed) == "anne@example.org"


@pytest.mark.parametrize("typed", ["", "anne", "anne@", "@example.org", "a b@example.org", "a@b", "<a@b.fr>"])
def test_what_cannot_be_an_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        accounts.casefolded(typed)


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("court", "short"),
        ("x" * 129, "long"),
        ("password1234", "common"),
        ("MotDePasse2027!", "common"),
        ("azertyuiop123", "common"),
        ("p4ssw0rd!2026", "common"),
        ("123456789012", "common"),
        ("abcdefghijkl", "common"),
        ("aaaaaaaaaaaa", "common"),
        ("hophophophop", "common"),
        ("Bienvenue2026", "common"),
        ("anne.martin@chu.fr", "email"),
        ("anne.martin1985", "email"),
        ("quatre mots sans rapport", None),
        ("girafe-vélo-nuage", None),
        ("kT9#vQ2!mZ7x", None),
    ],
)
def test_a_password_that_is_tried_first_is_refused_and_a_sentence_is_not(
    password: str, expected: str | None
) -> None:
    assert accounts.weakness(password, "anne.martin@chu.fr") == expected


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_password_opens_the_account_of_its_address_only(database: Database) -> None:
    password_hash = await accounts.hash_password("quatre mots sans rapport")
    assert password_hash.startswith("$argon2id$")
    async with database.transaction() as db:
        await accounts.add_account(db, "anne@example.org", "Anne", password_hash, START)
    found = await accounts.check_password(database, "ANNE@example.org", "quatre mots sans rapport")
    assert found is not None
    assert found.email == "anne@example.org"
    for email, password in (
        ("anne@example.org", "quatre mots sans rappor"),
        ("paul@example.org", "quatre mots sans rapport"),
        ("not an address", "quatre mots sans rapport"),
    ):
        assert await accounts.check_password(database, email, password) is None
    async with database.transaction() as db:
        (await db.execute(select(Account))).scalar_one().disabled_at = START
    assert await accounts.check_password(database, "anne@example.org", "quatre mots sans rapport") is None


# One-time passwords


async def enrolled(database: Database, home: UUID) -> tuple[UUID, pyotp.TOTP, list[str]]:
    who = await person(database, home, proven_twice=False)
    async with database.transaction() as db:
        seed = await accounts.start_enrolment(db, who.account_id, SEALER)
    code = pyotp.TOTP(seed).at(START)
    async with database.transaction() as db:
        codes = await accounts.confirm_enrolment(db, who.account_id, code, SEALER, START)
    assert codes is not None
    return who.account_id, pyotp.TOTP(seed), codes


async def test_a_one_time_password_is_good_once_and_in_its_time(database: Database, home: UUID) -> None:
    account_id, generator, _ = await enrolled(database, home)

    async def proves(code: str, seconds: int) -> bool:
        async with database.transaction() as db:
            now = START + timedelta(seconds=seconds)
            return await accounts.prove(db, account_id, code, SEALER, now)

    at = [generator.at(START + timedelta(seconds=30 * step)) for step in range(10)]
    assert not await proves(at[0], 0)  # the one that confirmed the enrolment
    assert await proves(at[1], 30)
    assert not await proves(at[1], 31)
    assert await proves(f"{at[3][:3]} {at[3][3:]}", 60)  # a clock half a minute ahead
    assert not await proves(at[2], 60)  # older than the last one used
    assert not await proves(at[5], 6 * 30 + 30)
    assert await proves(at[6], 7 * 30)
    assert not await proves("", 300)


async def test_a_recovery_code_is_good_once_and_none_is_stored_in_clear(
    database: Database, home: UUID
) -> None:
    account_id, _, codes = await enrolled(database, home)
    assert len(set(codes)) == accounts.RECOVERY_CODES
    for expected in (True, False):
        async with database.transaction() as db:
            assert await accounts.prove(db, account_id, codes[4].lower(), SEALER, START) is expected
    async with database.reading() as db:
        kept = (await db.execute(select(Account).where(Account.id == account_id))).scalar_one()
        stored = f"{kept.recovery_hashes} {kept.totp_sealed}"
        assert len(kept.recovery_hashes) == accounts.RECOVERY_CODES - 1
    assert not [code for code in codes if code in stored]
    async with database.transaction() as db:
        renewed = await accounts.renew_recovery_codes(db, account_id, START)
    assert not set(renewed) & set(codes)


async def test_an_enrolment_that_is_not_confirmed_changes_nothing(database: Database, home: UUID) -> None:
    who = await person(database, home, proven_twice=False)
    async with database.transaction() as db:
        seed = await accounts.start_enrolment(db, who.account_id, SEALER)
        assert await accounts.start_enrolment(db, who.account_id, SEALER) == seed
        assert await accounts.confirm_enrolment(db, who.account_id, "000000", SEALER, START) is None
        assert not await accounts.prove(db, who.account_id, pyotp.TOTP(seed).at(START), SEALER, START)
        found = await accounts.signed_in(db, who.token, START)
    assert found is not None
    assert found[0].must_enrol


async def test_confirming_an_enrolment_ends_the_sessions_opened_with_a_password_alone(
    database: Database, home: UUID
) -> None:
    who = await person(database, home, proven_twice=False)
    async with database.transaction() as db:
        seed = await accounts.start_enrolment(db, who.account_id, SEALER)
        await accounts.confirm_enrolment(db, who.account_id, pyotp.TOTP(seed).at(START), SEALER, START)
        assert await accounts.signed_in(db, who.token, START) is None
        with pytest.raises(Conflict):
            await accounts.start_enrolment(db, who.account_id, SEALER)


@pytest.mark.parametrize(
    ("role", "must"),
    [
        (Role.OWNER, True),
        (Role.MANAGER, True),
        (Role.PSYCHOMETRICIAN, True),
        (Role.JURY, True),
        (Role.AUTHOR, False),
        (Role.REVIEWER, False),
        (Role.INVIGILATOR, False),
        (Role.VIEWER, False),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_roles_that_can_change_something_need_one_time_passwords(
    database: Database, home: UUID, role: Role, must: bool
) -> None:
    who = await person(database, home, role, proven_twice=False)
    async with database.reading() as db:
        found = await accounts.signed_in(db, who.token, START)
    assert found is not None
    assert found[0].must_enrol is must


# Sessions


async def test_a_session_ends_after_an_hour_of_nothing_and_after_twelve_hours_of_work(
    database: Database, home: UUID
) -> None:
    who = await person(database, home)
    async with database.transaction() as db:
        now = START
        for _ in range(13):
            now += timedelta(minutes=55)
            found = await accounts.signed_in(db, who.token, now)
            assert found is not None
            assert found[1]
            await accounts.note_seen(db, found[0].session_id, now)
        assert await accounts.signed_in(db, who.token, START + accounts.SESSION_LASTS) is None
    other = await person(database, home)
    async with database.reading() as db:
        assert await accounts.signed_in(db, other.token, START + HOUR - timedelta(seconds=1)) is not None
        assert await accounts.signed_in(db, other.token, START + HOUR) is None


async def test_a_changed_password_and_signing_out_everywhere_end_every_session(
    database: Database, home: UUID
) -> None:
    who = await person(database, home)
    async with database.transaction() as db:
        second = await accounts.open_session(db, who.account_id, START)
        assert second is not None
        await accounts.change_password(db, who.account_id, "another hash", START)
        assert await accounts.signed_in(db, who.token, START) is None
        assert await accounts.signed_in(db, second, START) is None
        third = await accounts.open_session(db, who.account_id, START)
        assert third is not None
        await accounts.close_sessions(db, who.account_id, START)
        assert await accounts.signed_in(db, third, START) is None


async def test_a_session_shows_an_institution_of_its_account_or_its_test_mode_only(
    database: Database, home: UUID
) -> None:
    who = await person(database, home)
    async with database.transaction() as db:
        elsewhere, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        twin = await institutions.ensure_twin(db, home, START)
        foreign_twin = await institutions.ensure_twin(db, elsewhere, START)
        found = await accounts.signed_in(db, who.token, START)
        assert found is not None
        for forbidden in (elsewhere, foreign_twin):
            with pytest.raises(NotFound):
                await accounts.look_at(db, found[0].session_id, who.account_id, forbidden)
        await accounts.look_at(db, found[0].session_id, who.account_id, twin)
        seen = await accounts.signed_in(db, who.token, START)
    assert seen is not None
    assert (seen[0].institution_id, seen[0].home_id, seen[0].is_twin) == (twin, home, True)


# Members and invitations


async def test_the_last_owner_stays(database: Database, home: UUID) -> None:
    owner = await person(database, home)
    async with database.transaction() as db:
        with pytest.raises(LastOwner):
            await accounts.change_role(db, home, owner.membership_id, Role.VIEWER, "t", START)
        with pytest.raises(LastOwner):
            await accounts.remove_member(db, home, owner.membership_id, "t", START)
    second = await person(database, home)
    async with database.transaction() as db:
        await accounts.change_role(db, home, owner.membership_id, Role.VIEWER, "t", START)
        with pytest.raises(LastOwner):
            await accounts.remove_member(db, home, second.membership_id, "t", START)


async def test_a_removed_member_is_signed_out_there_and_stays_elsewhere(
    database: Database, home: UUID
) -> None:
    await person(database, home)
    who = await person(database, home, Role.MANAGER)
    async with database.transaction() as db:
        elsewhere, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        await accounts.add_member(db, elsewhere, who.account_id, Role.VIEWER, "t", START)
        other = await accounts.open_session(db, who.account_id, START, elsewhere)
        assert other is not None
        await accounts.remove_member(db, home, who.membership_id, "t", START)
        assert await accounts.signed_in(db, who.token, START) is None
        found = await accounts.signed_in(db, other, START)
    assert found is not None
    assert found[0].role is Role.VIEWER


async def test_an_invitation_is_good_once_for_seven_days_unless_withdrawn(
    database: Database, home: UUID
) -> None:
    async def invited(email: str) -> tuple[UUID, str]:
        async with database.transaction() as db:
            made, token = await accounts.invite(db, home, email=email, role=Role.JURY, actor="t", now=START)
        return made.id, token

    _, token = await invited("anne@example.org")
    async with database.transaction() as db:
        joined = await accounts.join(db, token, START, name="Anne", password_hash="x")
        assert joined.role == Role.JURY
        with pytest.raises(Gone):
            await accounts.join(db, token, START, name="Anne", password_hash="x")
        with pytest.raises(Conflict):
            await accounts.invite(db, home, email="Anne@example.org", role=Role.JURY, actor="t", now=START)
    _, late = await invited("paul@example.org")
    async with database.reading() as db:
        with pytest.raises(Gone):
            await accounts.invited(db, late, START + accounts.INVITATION_LASTS)
        with pytest.raises(Gone):
            await accounts.invited(db, late + "x", START)
    _, again = await invited("paul@example.org")
    async with database.transaction() as db:
        with pytest.raises(Gone):  # a second invitation of an address withdraws the first
            await accounts.invited(db, late, START)
        assert [one.email for one in await accounts.invitations(db, home, START)] == ["paul@example.org"]
        elsewhere, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        [one] = await accounts.invitations(db, home, START)
        with pytest.raises(NotFound):
            await accounts.withdraw_invitation(db, elsewhere, one.id, "t", START)
        await accounts.withdraw_invitation(db, home, one.id, "t", START)
        with pytest.raises(Gone):
            await accounts.invited(db, again, START)


async def test_an_invitation_is_accepted_by_the_account_of_its_address_only(
    database: Database, home: UUID
) -> None:
    stranger, known = await person(database, home), await person(database, home)
    async with database.transaction() as db:
        elsewhere, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        _, token = await accounts.invite(
            db, elsewhere, email=known.email, role=Role.VIEWER, actor="t", now=START
        )
    async with database.transaction() as db:
        with pytest.raises(Conflict):
            await accounts.join(db, token, START, account_id=stranger.account_id)
        with pytest.raises(Conflict):
            await accounts.join(db, token, START, name="Nobody", password_hash="x")
        joined = await accounts.join(db, token, START, account_id=known.account_id)
    assert joined.institution_id == elsewhere


async def test_every_act_is_in_the_journal_of_its_institution_and_the_chain_holds(
    database: Database, home: UUID
) -> None:
    owner = await person(database, home)
    viewer = await person(database, home, Role.VIEWER)
    async with database.transaction() as db:
        elsewhere, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
    await person(database, elsewhere)
    async with database.transaction(tenant=home) as db:
        await accounts.change_role(db, home, viewer.membership_id, Role.JURY, "member:x", START)
        await accounts.invite(db, home, email="new@example.org", role=Role.JURY, actor="member:x", now=START)
    async with database.transaction() as db:
        await accounts.note_failed_sign_in(db, owner.email.upper(), "password", START)
        await accounts.note_failed_sign_in(db, "nobody@example.org", "password", START)
    async with database.reading() as db:
        subjects = [f"account:{owner.account_id}", f"account:{viewer.account_id}"]
        found = await audit.of_institution(db, [home], subjects, None, 50)
        assert [entry.act for entry in found] == [
            "account.sign_in_failed",
            "member.invited",
            "member.role_changed",
            "member.added",
            "account.created",
            "member.added",
            "account.created",
        ]
        assert "nobody" not in str([entry.facts for entry in found])
        page = await audit.of_institution(db, [home], subjects, found[2].number, 2)
        assert [entry.number for entry in page] == [found[3].number, found[4].number]
        assert await audit.first_broken_link(db) is None
    async with database.transaction() as db:
        entry = await db.get(audit.AuditEntry, found[1].number)
        assert entry is not None
        entry.tenant_id = elsewhere  # moved into another institution's journal
    async with database.reading() as db:
        assert await audit.first_broken_link(db) == found[1].number
