"""The server and its database are killed while thirty learners answer; nothing acknowledged is lost or doubled."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import httpx2
import pytest

from tests.conftest import PostgresTemplates, Published
from tests.faults import facts
from tests.faults.crowd import Crowd
from tests.faults.server import ServedDatabase

LEARNERS = 30
KILLS = [3, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]

Blow = Callable[[], Awaitable[None]]


async def under_fire(
    server: ServedDatabase, published: Published, blows: Sequence[Blow], rng: random.Random
) -> Crowd:
    """Let the learners work while blow after blow falls; returns them once they have finished."""
    limits = httpx2.Limits(max_connections=2 * LEARNERS)
    async with httpx2.AsyncClient(
        base_url=server.address, headers=published.authorization, limits=limits, timeout=15
    ) as client:
        crowd = Crowd(client, seed=rng.randrange(1000))
        async with asyncio.TaskGroup() as group:
            group.create_task(crowd.learners(LEARNERS))
            for blow in blows:
                await asyncio.sleep(rng.uniform(0.3, 1.2))
                await blow()
            await asyncio.sleep(0.3)
            crowd.leaving.set()
        asked = await crowd.ask_again(300)
    print(  # noqa: T201
        f"\n{len(blows)} blows: {len(crowd.acknowledged)} answers acknowledged, {crowd.retries} requests sent"
        f" again, {asked} asked once more, longest wait {crowd.longest_wait}"
    )
    return crowd


def assert_nothing_lost_or_doubled(server: ServedDatabase, crowd: Crowd) -> None:
    """The invariants, from the database itself."""
    stored = facts.histories(server.url)
    answers = {(r.sitting_id, r.position): r for one in stored.values() for r in one.responses}
    lost = [one for one in crowd.acknowledged if (one.sitting, one.position) not in answers]
    other = [
        one
        for one in crowd.acknowledged
        if (found := answers.get((one.sitting, one.position)))
        and (found.idempotency_key != f"api:{one.key}" or str(found.item_version_id) != one.body["item"])
    ]
    committed_before = sum(
        1
        for one in crowd.acknowledged
        if one.tries > 1
        and (found := answers.get((one.sitting, one.position)))
        and found.received_at < one.last_try
    )
    print(  # noqa: T201
        f"{len(answers)} stored, {len(lost)} lost, {committed_before} saved from being doubled by their key"
    )
    assert lost == []
    assert other == []
    assert len(answers) == len(crowd.acknowledged), "every stored answer was acknowledged in the end"
    assert facts.faults(stored.values()) == []
    assert crowd.faults == []
    assert facts.replay_differences(server.url, stored) == []


@pytest.mark.parametrize("kills", KILLS)
async def test_answers_survive_the_server_being_killed(
    server: ServedDatabase, published: Published, kills: int
) -> None:
    async def kill() -> None:
        await asyncio.to_thread(server.restart)

    crowd = await under_fire(server, published, [kill] * kills, random.Random(kills))
    assert server.kills == kills
    assert_nothing_lost_or_doubled(server, crowd)


class TestPostgres:
    """Blows to the database itself."""

    @pytest.fixture(params=[pytest.param("postgres", marks=pytest.mark.postgres)])
    def backend(self, request: pytest.FixtureRequest) -> str:
        """Only PostgreSQL has processes of its own."""
        return str(request.param)

    @pytest.mark.parametrize(
        ("backends", "clusters"),
        [(1, 1), pytest.param(12, 10, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])],
    )
    async def test_answers_survive_postgresql_being_killed(
        self,
        server: ServedDatabase,
        published: Published,
        postgres_templates: PostgresTemplates,
        backends: int,
        clusters: int,
    ) -> None:
        rng = random.Random(backends)

        async def kill_backend() -> None:
            connection = await asyncpg.connect(server.url.replace("+asyncpg", ""), ssl=False)
            try:
                pids = await connection.fetch(
                    "SELECT pid FROM pg_stat_activity WHERE application_name = 'palier'"
                    " AND datname = current_database()"
                )
            finally:
                await connection.close()
            os.kill(rng.choice(pids)["pid"], signal.SIGKILL)
            await asyncio.sleep(2)

        async def restart_cluster() -> None:
            await asyncio.to_thread(postgres_templates.server.stop, "immediate")
            await asyncio.sleep(rng.uniform(0.0, 1.0))
            await asyncio.to_thread(postgres_templates.server.start)
            await asyncio.sleep(1)

        blows = [kill_backend] * backends + [restart_cluster] * clusters
        crowd = await under_fire(server, published, blows, rng)
        assert_nothing_lost_or_doubled(server, crowd)
