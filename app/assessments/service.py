"""Test designs in use: compiled once per process, immutable, at hand for every answer."""

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal
from uuid import UUID

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assessments import store
from app.assessments.tables import TestDesign
from app.bank import service as bank
from app.bank.service import PublishedRelease
from app.db import Database
from app.errors import InvalidInput, NotFound, Unavailable
from app.identifiers import new_id
from irt import models
from irt.levels import level_of
from irt.policy import Policy, Step
from irt.types import BoolArray, FloatArray
from item_bank.blueprint import compile_design
from item_bank.design import Design, Feedback, Scope
from item_bank.release import Release

Purpose = Literal["certification", "practice"]

REFRESH_SECONDS = 5.0


@dataclass(frozen=True, eq=False)
class DesignInUse:
    """One version of a design on its release, with the policy that serves, simulates and replays it."""

    id: UUID
    number: int
    design: Design
    release: PublishedRelease
    policy: Policy
    _available: dict[tuple[str | None, frozenset[str]], BoolArray] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name institutions know it by."""
        return self.design.id

    @property
    def title(self) -> str:
        """The name learners know it by."""
        return self.design.title

    @property
    def purpose(self) -> Purpose:
        """Practice or certification."""
        return self.design.purpose.value

    @property
    def length(self) -> int:
        """Questions at most."""
        return self.design.length

    @property
    def minimum_responses(self) -> int:
        """Responses below which there is no result."""
        return self.design.minimum_responses

    @property
    def time_limit_seconds(self) -> int:
        """Time granted without adjustment."""
        return self.design.time_limit * 60

    @property
    def explains_each_item(self) -> bool:
        """Whether each answer is followed by its correction."""
        return self.design.feedback is Feedback.EACH_ITEM

    @property
    def provisional(self) -> bool:
        """Whether results are indicative only."""
        return self.release.snapshot.provisional or self.release.demonstration

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages a learner may choose among; without a choice, the first."""
        return self.design.languages

    def check_language(self, language: str) -> None:
        """Raise `InvalidInput` for a language that the design does not offer."""
        if language not in self.languages:
            expected = f"one of: {', '.join(self.languages)}"
            raise InvalidInput(
                "This design is not offered in that language.",
                errors=[{"field": "language", "expected": expected}],
            )

    @cached_property
    def professions(self) -> frozenset[str]:
        """Professions a sitting may be limited to: those that the pool of the design serves."""
        return frozenset(self.release.snapshot.professions_of(self.design.pool))

    def check_profession(self, profession: str) -> None:
        """Raise `InvalidInput` for a profession that the design does not serve."""
        if profession not in self.professions:
            expected = f"one of: {', '.join(sorted(self.professions))}"
            raise InvalidInput(
                "There is no such profession.", errors=[{"field": "profession", "expected": expected}]
            )

    def step(
        self,
        items: Sequence[int],
        scores: Sequence[int],
        seed: int,
        profession: str | None,
        withdrawn: frozenset[str] = frozenset(),
    ) -> Step:
        """One decision of the policy, among the items this profession may be asked and nobody has withdrawn."""
        return self.policy.step(items, scores, seed=seed, available=self._mask(profession, withdrawn, items))

    def _mask(
        self, profession: str | None, withdrawn: frozenset[str], items: Sequence[int]
    ) -> BoolArray | None:
        mask = self._base(profession, withdrawn)
        testlet = self.release.snapshot.testlet
        begun = {int(testlet[index]) for index in items} - {-1} if withdrawn else set()
        if begun:
            # A learner who has the document of a case in hand finishes it, without the item withdrawn.
            mine = np.isin(testlet, list(begun)) & self._base(profession, frozenset())
            mine[
                [self.release.snapshot.index[name] for name in withdrawn & self.release.snapshot.index.keys()]
            ] = False
            mask = mask | mine
        return None if mask.all() else mask

    def _base(self, profession: str | None, withdrawn: frozenset[str]) -> BoolArray:
        key = (profession, withdrawn)
        if key not in self._available:
            snapshot = self.release.snapshot
            self._available[key] = snapshot.available(profession, withdrawn, pool=self.design.pool)
        return self._available[key]

    def level_of(self, theta: float) -> int:
        """The level an ability reaches."""
        return int(level_of(theta, self.policy.rules.cuts))

    def expected_scores(self, theta: float) -> FloatArray:
        """Expected score on each item at an ability, shape (n_items,)."""
        scores: FloatArray = models.expected_score(self.policy.parameters, [theta])[0]
        return scores

    def most_per_domain(self, domain_id: str) -> int:
        """Questions at most in a domain."""
        return self.design.bounds(Scope.DOMAIN, domain_id)[1]


class Assessments:
    """The designs of this process, read and compiled on first use.

    Designs and releases never change, so nothing here is ever invalidated; new sittings learn of a newer release
    within `REFRESH_SECONDS`, running ones keep theirs.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._designs: dict[UUID, DesignInUse] = {}
        self._releases: dict[UUID, PublishedRelease] = {}
        self._current: dict[str, UUID] = {}
        self._release_id: UUID | None = None
        self._looked_at = -math.inf
        self._loading = asyncio.Lock()

    async def load_current(self) -> None:
        """Compile the designs of the latest release; without a release there is nothing to serve."""
        async with self._database.reading() as db:
            release_id = await bank.latest(db)
            if release_id is None:
                raise Unavailable("No release is published. Run `palier bank publish`.")
            self._looked_at = time.monotonic()
            if release_id == self._release_id:
                return
            rows = await store.of_release(db, release_id)
        for row in rows:
            await self.in_use(row.id)
        self._current = {row.design_key: row.id for row in rows}
        self._release_id = release_id

    async def check(self) -> None:
        """Raise what the database raises when it cannot be reached."""
        async with self._database.reading() as db:
            await db.execute(text("SELECT 1"))

    async def keys(self) -> list[str]:
        """The designs a new sitting may run."""
        await self._look_for_newer()
        return sorted(self._current)

    async def offered(self) -> list[DesignInUse]:
        """The designs that may be chosen one by one: a launch spreads items for calibration and is for campaigns."""
        found = [await self.current(key) for key in await self.keys()]
        return [design for design in found if not design.design.spreads_items]

    async def versions(self, db: AsyncSession, key: str) -> list[UUID]:
        """Every version of a design that sittings may have pinned; none when there is no such design."""
        return await store.versions(db, key)

    async def current(self, key: str) -> DesignInUse:
        """The design a new sitting of this key runs; raises `NotFound`."""
        await self._look_for_newer()
        design_id = self._current.get(key)
        if design_id is None:
            raise NotFound("There is no such test design.")
        return self._designs[design_id]

    async def variant(self, design: DesignInUse, referentiel: str) -> DesignInUse:
        """The design of the same family whose pool is this référentiel; raises `InvalidInput`."""
        family = [design, *(self._designs[self._current[key]] for key in await self.keys())]
        variants = {
            one.design.pool.referentiel: one
            for one in family
            if one.design.pool.referentiel and (one is design or one.key.startswith(f"{design.key}-"))
        }
        if referentiel not in variants:
            known = ", ".join(sorted(variants))
            expected = f"one of: {known}" if known else "nothing: the design has none"
            raise InvalidInput(
                "The design has no variant for that référentiel.",
                errors=[{"field": "referentiel", "expected": expected}],
            )
        return variants[referentiel]

    async def _look_for_newer(self) -> None:
        if time.monotonic() - self._looked_at > REFRESH_SECONDS:
            await self.load_current()

    async def in_use(self, design_id: UUID) -> DesignInUse:
        """The design a sitting pinned, whatever has been published since."""
        found = self._designs.get(design_id)
        if found is not None:
            return found
        async with self._loading:
            if design_id not in self._designs:
                self._designs[design_id] = await self._load(design_id)
            return self._designs[design_id]

    async def _load(self, design_id: UUID) -> DesignInUse:
        async with self._database.reading() as db:
            row = await store.by_id(db, design_id)
            if row is None:
                raise NotFound("This test design is unknown.")
            release = self._releases.get(row.release_id)
            if release is None:
                release = await bank.load(db, row.release_id)
                self._releases[row.release_id] = release
        design, policy = await asyncio.to_thread(_compiled, release.snapshot, Design.from_dict(row.body))
        return DesignInUse(row.id, row.number, design, release, policy)


def _compiled(snapshot: Release, design: Design) -> tuple[Design, Policy]:
    """The design with its rows written out, and its policy."""
    compiled = compile_design(snapshot, design)
    return compiled.design, compiled.policy(snapshot)


async def publish_designs(db: AsyncSession, release: PublishedRelease, now: datetime) -> list[str]:
    """Store the designs of a release that are not stored yet; each is compiled first, so none can be infeasible.

    Raises
    ------
    BlueprintInfeasible
        Naming the row that cannot be met.
    """
    known = {row.design_key: row.content_hash for row in await store.of_release(db, release.id)}
    added = []
    for design in release.snapshot.designs:
        if known.get(design.id) == design.content_hash:
            continue
        compile_design(release.snapshot, design)
        db.add(
            TestDesign(
                id=new_id(),
                design_key=design.id,
                number=await store.next_number(db, design.id),
                release_id=release.id,
                content_hash=design.content_hash,
                purpose=design.purpose.value,
                body=design.to_dict(),
                created_at=now,
            )
        )
        await db.flush()
        added.append(design.id)
    return added
