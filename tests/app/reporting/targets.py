"""What pages of results can be about: a campaign, a cohort, a learner, an export, each new."""

from uuid import UUID

import httpx2

from app.campaigns.tables import Campaign, Cohort
from app.db import Database
from app.identifiers import new_id
from app.institutions import service as institutions
from app.reporting.tables import Export
from tests.app.office.people import NUMBERS
from tests.conftest import START


async def campaign(_client: httpx2.AsyncClient, database: Database, home: UUID) -> str:
    async with database.transaction() as db:
        made = Campaign(
            id=new_id(), institution_id=home, name="Campagne", design_key="practice", purpose="practice",
            publication="immediate", identifier="none", wait_days=0, created_by="tests", created_at=START,
        )  # fmt: skip
        db.add(made)
    return str(made.id)


async def cohort(_client: httpx2.AsyncClient, database: Database, home: UUID) -> str:
    async with database.transaction() as db:
        made = Cohort(id=new_id(), institution_id=home, name=f"Promotion {next(NUMBERS)}", created_at=START)
        db.add(made)
    return str(made.id)


async def learner(_client: httpx2.AsyncClient, database: Database, home: UUID) -> str:
    async with database.transaction() as db:
        return str(await institutions.learner_for(db, home, f"n{next(NUMBERS)}", START))


async def export(_client: httpx2.AsyncClient, database: Database, home: UUID) -> str:
    async with database.transaction() as db:
        made = Export(
            id=new_id(), institution_id=home, what="results", format="csv", bom=False, requested_by="tests",
            created_at=START, status="failed", attempts=3, failure="unfinished",
        )  # fmt: skip
        db.add(made)
    return str(made.id)
