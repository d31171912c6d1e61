"""A sixth domain is served, scored, reported and replayed without a line of code."""

from pathlib import Path

import httpx2
import pytest

from app.commands.bank import publish_content
from app.db import Database
from app.delivery.replay import replay
from app.settings import Settings
from tests.app.delivery.learner import Learner
from tests.conftest import Clock, Published, service_of
from tests.item_bank.six_domains import with_a_sixth_domain


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_sitting_of_a_bank_with_six_domains_goes_from_start_to_replay(
    published: Published, settings: Settings, database: Database, clock: Clock, tmp_path: Path
) -> None:
    await publish_content(database, with_a_sixth_domain(tmp_path), actor="tests")
    app = service_of(settings, clock)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
            learner = Learner(client, published.authorization)
            await learner.walk("practice")
            result = (await learner.get("/result")).json()
            found = await replay(app.state.context.delivery, learner.id)
    assert found.identical, found.difference
    assert [domain["id"] for domain in result["domains"]][-1] == "D6"
    asked = [step.item for step in found.steps if step.item.startswith("D6")]
    assert len(asked) >= 2
