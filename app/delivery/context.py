"""What a request to this room can reach, composed once in `app.main`."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.assessments.service import Assessments, DesignInUse
from app.auth.service import KnownKeys
from app.db import Database
from app.delivery.service import Delivery, Terms
from app.institutions.service import KnownClocks
from app.secrets import Sealer
from app.settings import Settings
from app.throttle import SignInThrottle, Throttle
from app.wire.branding import KnownBrands
from app.wire.limits import CallLimits

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Admission:
    """On what terms a learner sits a campaign."""

    design: DesignInUse
    learner_id: UUID
    profession: str | None
    language: str | None
    terms: Terms


class Campaigns(Protocol):
    """What this room asks of campaigns, which stand above it."""

    async def address_of(self, db: AsyncSession, typed: str) -> str | None:
        """The page of the campaign that is joined by a code; None when there is none."""

    async def admit(
        self,
        db: AsyncSession,
        assessments: Assessments,
        institution_id: UUID,
        campaign_id: UUID,
        external_id: str,
        now: datetime,
    ) -> Admission:
        """On what terms a learner may sit a campaign now."""


@dataclass(frozen=True)
class Context:
    """Settings, database, clock, and the rules of delivery with their store."""

    settings: Settings
    database: Database
    clock: Clock
    throttle: Throttle
    keys: KnownKeys
    limits: CallLimits
    sealer: Sealer
    delivery: Delivery
    campaigns: Campaigns
    sign_ins: SignInThrottle = field(default_factory=SignInThrottle)
    brands: KnownBrands = field(default_factory=KnownBrands)
    clocks: KnownClocks = field(default_factory=KnownClocks)

    @property
    def assessments(self) -> Assessments:
        """The designs in use."""
        return self.delivery.assessments

    def now(self) -> datetime:
        """The moment this request is handled."""
        return self.clock()

    async def in_time_of(self, institution_id: UUID) -> "Context":
        """The same, where it is as late as for an institution: in test mode time travels."""
        ahead = await self.clocks.ahead(self.database, institution_id)
        return replace(self, clock=lambda: self.clock() + ahead) if ahead else self


def context_of(request: Request) -> Context:
    """The context of the application that serves this request."""
    found: Context = request.app.state.context
    return found


async def given_context(request: Request) -> Context:
    """The same, as a dependency: a coroutine, because a plain function would cost a trip through a thread."""
    return context_of(request)
