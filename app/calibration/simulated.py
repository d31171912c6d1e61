"""Finished sittings of simulated learners, through the real tables: to try calibration and promotion early.

They belong to an institution of their own, which the export of responses marks, so that what is calibrated on them
never decides a certificate. Each is replayable: its seed, choices, scores and estimates are those the policy made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np

from app import audit
from app.assessments.service import Assessments, DesignInUse
from app.auth.credentials import hashed
from app.calibration.rehearsal import Miss, drawn_truth
from app.db import Database
from app.delivery import simulated
from app.delivery.entry import DEMO_INSTITUTION
from app.delivery.simulated import SimulatedSitting
from app.errors import Conflict
from app.identifiers import new_id
from app.institutions import service as institutions
from app.institutions.service import SIMULATION
from irt.ability import NormalPrior
from irt.policy import Reason
from irt.simulate import person_seeds, population, running_estimates, simulate

_BATCH: Final = 250  # sittings a transaction
_REASONS: Final = tuple(Reason)


async def fill(
    database: Database,
    assessments: Assessments,
    design_key: str,
    count: int,
    *,
    seed: int,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Mapping[str, Any]:
    """Simulate so many sittings of a design and store them as finished; answers by parameters the experts missed.

    Raises
    ------
    Conflict
        A real institution has sittings here, or these very sittings are here already.
    """
    design = await assessments.current(design_key)
    async with database.transaction() as db:
        own, _ = await institutions.ensure_institution(db, SIMULATION, "Apprenants simulés", now)
        demonstration = await institutions.institution_id(db, DEMO_INSTITUTION)
        if await simulated.others_sat(db, {own, demonstration or own}):
            raise Conflict(
                "A real institution has sittings in this database: simulated ones are refused here. Use a "
                "database of their own."
            )
        if await simulated.known(db, own, _key(seed, 0)):
            raise Conflict(f"The sittings of seed {seed} are here already: say another --seed.")
    made = _made(design, count, seed)
    responses = 0
    for start in range(0, count, _BATCH):
        batch = [made(number, now) for number in range(start, min(start + _BATCH, count))]
        responses += sum(len(one.items) for one in batch)
        async with database.transaction() as db:
            await simulated.store(db, design, own, batch)
        progress(start + len(batch))
    async with database.transaction() as db:
        await audit.record(
            db,
            actor="command line",
            act="sittings.simulated",
            subject=str(own),
            facts={"design": design.key, "sittings": count, "seed": seed},
            now=now,
        )
    return {
        "sittings": count,
        "responses": responses,
        "institution": SIMULATION,
        "design": design.key,
        "seed": seed,
    }


def _key(seed: int, number: int) -> str:
    return f"simulated-{seed}-{number}"


def _made(design: DesignInUse, count: int, seed: int) -> Callable[[int, datetime], SimulatedSitting]:
    """What each learner did."""
    policy, snapshot = design.policy, design.release.snapshot
    truth = drawn_truth(snapshot, miss=Miss(), seed=seed)
    available = snapshot.available(pool=design.design.pool)
    found = simulate(
        policy,
        population(count, prior=NormalPrior(), seed=seed),
        seed=seed,
        truth=truth.parameters,
        available=None if available.all() else available,
        warm=False,
    ).sittings
    theta, se = running_estimates(policy, found.items, found.scores)
    # a signed column: the generator reads the same 64 bits
    seeds = person_seeds(count, seed=seed).view(np.int64)
    rng = np.random.default_rng([seed, 2])
    seconds = np.exp(rng.normal(3.3, 0.5, found.items.shape))
    since = rng.uniform(0, 30 * 86_400, count)

    def one(number: int, now: datetime) -> SimulatedSitting:
        length = int(found.length[number])
        start = now - timedelta(days=31) + timedelta(seconds=float(since[number]))
        spent = np.concatenate([[0.0], np.cumsum(seconds[number, :length])]).tolist()
        return SimulatedSitting(
            id=new_id(),
            key=_key(seed, number),
            resume_hash=hashed(f"{_key(seed, number)}-{UUID(int=int(seeds[number]) & ((1 << 64) - 1))}"),
            seed=int(seeds[number]),
            items=found.items[number, :length].tolist(),
            scores=found.scores[number, :length].tolist(),
            theta=theta[number, : length + 1].tolist(),
            se=se[number, : length + 1].tolist(),
            reason=_REASONS[found.reason[number]].name.lower(),
            moments=tuple(start + timedelta(seconds=value) for value in spent),
        )

    return one
