"""PostgreSQL itself keeps institutions apart, behind the application's own checks."""

from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.auth import service as auth
from app.auth.tables import ApiKey
from app.db import Database
from app.institutions import service as institutions
from app.institutions.tables import Institution, Learner
from app.registry import metadata
from tests.conftest import START, Published

pytestmark = pytest.mark.parametrize("backend", [pytest.param("postgres", marks=pytest.mark.postgres)])


@pytest.fixture
async def two(database: Database, published: Published) -> tuple[UUID, UUID]:
    """Two institutions with a learner each."""
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, "autre", "Autre", START)
        await institutions.learner_for(db, published.institution_id, "etu-1", START)
        await institutions.learner_for(db, other, "etu-2", START)
        await auth.create_api_key(db, other, "autre", START)
    return published.institution_id, other


async def test_a_tenant_sees_its_own_rows_and_no_others(database: Database, two: tuple[UUID, UUID]) -> None:
    for mine, theirs in (two, two[::-1]):
        async with database.reading(tenant=mine) as db:
            learners = (await db.execute(select(Learner.institution_id))).scalars().all()
            assert set(learners) == {mine}
            keys = (await db.execute(select(ApiKey.institution_id))).scalars().all()
            assert set(keys) == {mine}
            assert (await db.execute(select(Institution.id))).scalars().all() == [mine]
            assert await db.get(Institution, theirs) is None


async def test_a_tenant_changes_and_adds_nothing_elsewhere(
    database: Database, two: tuple[UUID, UUID]
) -> None:
    mine, theirs = two
    async with database.transaction(tenant=mine) as db:
        changed = await db.execute(
            update(Learner).where(Learner.institution_id == theirs).values(external_id="pris")
        )
        assert changed.rowcount == 0  # type: ignore[attr-defined]
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.transaction(tenant=mine) as db:
            await institutions.learner_for(db, theirs, "intrus", START)
    async with database.reading() as db:
        names = (
            await db.execute(select(Learner.external_id).where(Learner.institution_id == theirs))
        ).scalars()
        assert names.all() == ["etu-2"]


async def test_the_role_ends_with_the_transaction(database: Database, two: tuple[UUID, UUID]) -> None:
    for _ in range(12):  # more than the pool holds
        async with database.reading(tenant=two[0]) as db:
            await db.execute(select(Learner.id))
    async with database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Learner))).scalar_one() >= 2
        assert (await db.execute(text("SELECT current_setting('role')"))).scalar_one() == "none"


async def test_every_table_of_an_institution_is_under_a_policy(
    database: Database, two: tuple[UUID, UUID]
) -> None:
    async with database.reading() as db:
        bound = (
            await db.execute(
                text(
                    "SELECT tablename FROM pg_policies p JOIN pg_class c ON c.relname = p.tablename"
                    " WHERE policyname = 'tenant' AND roles = '{palier_tenant}' AND c.relrowsecurity"
                )
            )
        ).scalars()
        under_policy = set(bound.all())
    of_institutions = {table.name for table in metadata.sorted_tables if "institution_id" in table.columns}
    assert of_institutions - under_policy == set()
    assert {"institution", "account", "draft", "webhook_attempt"} <= under_policy


async def test_a_tenant_writes_no_table_of_the_bank(
    database: Database, two: tuple[UUID, UUID], client: httpx2.AsyncClient
) -> None:
    for statement in (
        "DELETE FROM item_version",
        "UPDATE bank_release SET number = 0",
        "DELETE FROM audit_entry",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.transaction(tenant=two[0]) as db:
                await db.execute(text(statement))
