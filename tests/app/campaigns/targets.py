"""What pages of learners can be about: a file that was read and waits for its confirmation."""

from uuid import UUID

import httpx2

from app.campaigns import imports
from app.db import Database
from app.institutions.facts import LearnerFacts, packed
from app.secrets import Sealer
from tests.app.office.people import NUMBERS
from tests.conftest import START, settings_for


async def waiting_file(_client: httpx2.AsyncClient, database: Database, home: UUID) -> str:
    rows = packed([LearnerFacts(f"file-{next(NUMBERS)}")])
    sealed = imports.sealed(Sealer.of(settings_for(str(database.url))), rows)
    async with database.transaction() as db:
        made = await imports.keep(
            db, home, sealed, 1, name="promotion.csv", cohort_id=None, actor="tests", now=START
        )
    return str(made)
