"""Comparison with other institutions: counts only, of yesterday, never of few, never of test mode."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from app.auth import service as auth
from app.db import Database
from app.institutions import service as institutions
from app.institutions.service import SIMULATION
from app.reporting import service
from app.reporting.tables import ComparisonTally
from tests.app.reporting.group import Group, make_group
from tests.conftest import START, Clock, Published


async def elsewhere(database: Database, slug: str, count: int, seed: int) -> UUID:
    """Another institution, whose learners finished the day before."""
    async with database.transaction() as db:
        other, _ = await institutions.ensure_institution(db, slug, slug, START)
    await make_group(database, other, count, now=START - timedelta(days=1), seed=seed)
    return other


async def compared(client: httpx2.AsyncClient, published: Published, group: Group) -> Any:
    reply = await client.get(f"/v1/campaigns/{group.campaign_id}/statistics", headers=published.authorization)
    [figures] = reply.json()["groups"]
    return figures["comparison"]


async def test_others_are_compared_with_when_they_are_two_and_ten(
    client: httpx2.AsyncClient, database: Database, published: Published, clock: Clock
) -> None:
    own = await make_group(database, published.institution_id, 30, now=START - timedelta(days=1))
    await elsewhere(database, "b", 40, 2)
    await service.refresh_tallies(database, clock())
    assert await compared(client, published, own) is None  # one other institution is that institution
    await elsewhere(database, "c", 30, 3)
    await service.refresh_tallies(database, clock())
    found = await compared(client, published, own)
    assert (found["learners"], found["institutions"]) == (70, 2)
    assert len(found["shares_percent"]) == 5
    assert all(share is None or isinstance(share, int) for share in found["shares_percent"])


async def test_what_happened_today_does_not_count_yet(
    database: Database, published: Published, clock: Clock
) -> None:
    await make_group(database, published.institution_id, 12, now=START)
    assert await service.refresh_tallies(database, clock()) == 0
    clock.advance(86_400)
    assert await service.tallies_due(database, clock()) is False  # nobody to compare with
    await elsewhere(database, "b", 3, 2)
    assert await service.tallies_due(database, clock()) is True
    assert await service.refresh_tallies(database, clock()) == 2
    assert await service.tallies_due(database, clock()) is False


async def test_test_mode_and_simulated_learners_are_counted_nowhere_and_compared_with_nobody(
    client: httpx2.AsyncClient, database: Database, published: Published, clock: Clock
) -> None:
    async with database.transaction() as db:
        twin = await institutions.ensure_twin(db, published.institution_id, START)
        simulation, _ = await institutions.ensure_institution(db, SIMULATION, "Simulation", START)
        key = await auth.create_api_key(db, published.institution_id, "test", START, mode="test")
    group = await make_group(database, twin, 12, now=START - timedelta(days=1), seed=5)
    await make_group(database, simulation, 12, now=START - timedelta(days=1), seed=6)
    await elsewhere(database, "b", 15, 7)
    await elsewhere(database, "c", 15, 8)
    await service.refresh_tallies(database, clock())
    async with database.reading() as db:
        counted = set((await db.execute(select(ComparisonTally.institution_id))).scalars())
    assert not counted & {twin, simulation}
    reply = await client.get(
        f"/v1/campaigns/{group.campaign_id}/statistics", headers={"Authorization": f"Bearer {key}"}
    )
    [figures] = reply.json()["groups"]
    assert figures["levels"]["learners"] == 12
    assert figures["comparison"] is None


def tally(*levels: int, **domains: Any) -> ComparisonTally:
    return ComparisonTally(institution_id=UUID(int=len(levels)), levels=list(levels), domains=domains)


@pytest.mark.parametrize(
    ("rows", "shares"),
    [
        ([tally(30, 30, 30), tally(10, 10, 10)], (33, 33, 33)),
        # the middle one comes from one institution only: it goes, and its neighbour with it
        ([tally(30, 30, 30), tally(10, 0, 10)], (None, None, 36)),
        # seven learners on the last level, and the one beside it that would give them away
        ([tally(30, 30, 4), tally(10, 10, 3)], (46, None, None)),
    ],
)
def test_a_level_of_few_learners_or_of_one_institution_is_hidden_with_its_neighbour(
    rows: list[ComparisonTally], shares: tuple[int | None, ...]
) -> None:
    found = service.compare(rows)
    assert found is not None
    assert found.shares == shares


def test_nine_learners_elsewhere_are_no_comparison() -> None:
    assert service.compare([tally(4, 0, 0), tally(0, 5, 0)]) is None
    assert service.compare([]) is None
