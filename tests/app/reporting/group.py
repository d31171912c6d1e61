"""A campaign with simulated learners in it, through the real tables, at the speed of one statement each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import insert, select, update

from app.assessments.service import Assessments, DesignInUse
from app.auth.credentials import hashed
from app.campaigns.tables import Campaign, Cohort, CohortMember, Enrolment
from app.db import Database
from app.delivery import simulated
from app.delivery.simulated import SimulatedSitting
from app.delivery.tables import Sitting
from app.identifiers import new_id
from app.institutions.tables import Learner
from irt.ability import NormalPrior
from irt.simulate import population, running_estimates, simulate


@dataclass(frozen=True)
class Group:
    """What was made."""

    campaign_id: UUID
    cohort_id: UUID
    learners: dict[str, UUID]
    sittings: list[UUID]


@cache
def _paths(design: DesignInUse, count: int, seed: int, mean: float) -> Any:
    theta = population(count, prior=NormalPrior(mean, 1.0), seed=seed)
    found = simulate(design.policy, theta, seed=seed, warm=False).sittings
    return found, running_estimates(design.policy, found.items, found.scores)


def sittings_of(
    design: DesignInUse, count: int, *, seed: int, now: datetime, mean: float = 0.0
) -> list[SimulatedSitting]:
    """What so many learners do, ended one after the other before `now`."""
    found, (theta, se) = _paths(design, count, seed, mean)
    made = []
    for number in range(count):
        length = int(found.length[number])
        start = now - timedelta(seconds=3600 + 40 * (count - number))
        key = f"{seed}-{number}"
        made.append(
            SimulatedSitting(
                id=new_id(),
                key=key,
                resume_hash=hashed(f"{key}-{new_id()}"),
                seed=number,
                items=found.items[number, :length].tolist(),
                scores=found.scores[number, :length].tolist(),
                theta=theta[number, : length + 1].tolist(),
                se=se[number, : length + 1].tolist(),
                reason="length",
                moments=tuple(start + timedelta(seconds=45.0 * place) for place in range(length + 1)),
            )
        )
    return made


async def make_group(
    database: Database,
    institution_id: UUID,
    count: int,
    *,
    now: datetime,
    design_key: str = "certification",
    seed: int = 1,
    mean: float = 0.0,
    curricula: Sequence[str] = ("IFSI",),
    years: Sequence[str] = ("2026-2027",),
    name: str = "Certification de printemps",
    held: bool = False,
    idle: int = 0,
) -> Group:
    """A cohort and its campaign; `count` learners have finished, `idle` more are enrolled and have not begun."""
    design = await Assessments(database).current(design_key)
    made = sittings_of(design, count, seed=seed, now=now, mean=mean)
    chance = np.random.default_rng(seed)
    campaign_id, cohort_id = new_id(), new_id()
    waiting = {f"{seed}-w{number}": new_id() for number in range(idle)}
    async with database.transaction() as db:
        db.add(Cohort(id=cohort_id, institution_id=institution_id, name=f"Promotion {seed}", created_at=now))
        await db.flush()
        db.add(
            Campaign(
                id=campaign_id,
                institution_id=institution_id,
                name=name,
                design_key=design_key,
                purpose="certification",
                publication="held" if held else "immediate",
                cohort_id=cohort_id,
                identifier="none",
                opens_at=now - timedelta(days=2),
                closes_at=now + timedelta(days=3),
                wait_days=0,
                created_by="tests",
                created_at=now - timedelta(days=3),
            )
        )
        await db.flush()
        await simulated.store(db, design, institution_id, made)
        known = await db.execute(
            select(Learner.external_id, Learner.id).where(
                Learner.institution_id == institution_id,
                Learner.external_id.in_([one.key for one in made]),
            )
        )
        learners = {key: id_ for key, id_ in known.all() if key is not None}
        if waiting:
            await db.execute(
                insert(Learner),
                [
                    {
                        "id": id_,
                        "institution_id": institution_id,
                        "external_id": key,
                        "created_at": now,
                        "updated_at": now,
                    }
                    for key, id_ in waiting.items()
                ],
            )
        await db.execute(
            update(Sitting)
            .where(Sitting.id.in_([one.id for one in made]))
            .values(campaign_id=campaign_id, held=held)
        )
        for id_ in [*learners.values(), *waiting.values()]:
            curriculum = curricula[int(chance.integers(len(curricula)))]
            year = years[int(chance.integers(len(years)))]
            await db.execute(
                update(Learner).where(Learner.id == id_).values(curriculum=curriculum, year=year)
            )
        everybody = [*learners.values(), *waiting.values()]
        common = {"institution_id": institution_id}
        await db.execute(
            insert(CohortMember),
            [{**common, "cohort_id": cohort_id, "learner_id": id_, "added_at": now} for id_ in everybody],
        )
        await db.execute(
            insert(Enrolment),
            [
                {**common, "campaign_id": campaign_id, "learner_id": id_, "time_percent": 100}
                for id_ in everybody
            ],
        )
    return Group(campaign_id, cohort_id, learners, [one.id for one in made])
