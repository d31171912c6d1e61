"""What a request to this room can reach, composed once in `app.main`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from app.assessments.service import Assessments
from app.auth.service import KnownKeys
from app.db import Database
from app.delivery.service import Delivery
from app.settings import Settings
from app.throttle import Throttle

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Context:
    """Settings, database, clock, and the rules of delivery with their store."""

    settings: Settings
    database: Database
    clock: Clock
    throttle: Throttle
    keys: KnownKeys
    delivery: Delivery

    @property
    def assessments(self) -> Assessments:
        """The designs in use."""
        return self.delivery.assessments

    def now(self) -> datetime:
        """The moment this request is handled."""
        return self.clock()


def context_of(request: Request) -> Context:
    """The context of the application that serves this request."""
    found: Context = request.app.state.context
    return found


async def given_context(request: Request) -> Context:
    """The same, as a dependency: a coroutine, because a plain function would cost a trip through a thread."""
    return context_of(request)
