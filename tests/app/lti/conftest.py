"""A platform beside the service, registered with the institution."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey

from app.delivery.context import Context
from app.settings import Settings
from app.worker import Worker, grade_sender_of
from tests.app.lti.platform import TOOL, LearningPlatform, registered, running_platform
from tests.conftest import Clock, Published, settings_for


@pytest.fixture(scope="session")
def platform_key() -> RSAKey:
    """The platform's key pair: one a run, it takes a while to find."""
    return RSAKey.generate_key(2048)


@pytest.fixture
def platform(platform_key: RSAKey) -> Iterator[LearningPlatform]:
    """A platform that listens."""
    with running_platform(platform_key) as listening:
        yield listening


class Following(Clock):
    """A little behind the time of this machine, which the platform's library knows alone: tests let some pass."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC) - timedelta(seconds=45))
        self._began = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now + (datetime.now(UTC) - self._began)


@pytest.fixture
def clock() -> Clock:
    """The time of this machine, less what tests let pass."""
    return Following()


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Platforms on loopback are admitted."""
    return settings_for(database_url).model_copy(update={"webhook_loopback": True, "base_url": TOOL})


@pytest.fixture
async def client(application: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser that talks to the service over https, or what passes for it: cookies of frames are Secure."""
    transport = httpx2.ASGITransport(app=application)
    async with httpx2.AsyncClient(transport=transport, base_url=TOOL) as opened:
        yield opened


@pytest.fixture
async def known(
    client: httpx2.AsyncClient, published: Published, platform: LearningPlatform
) -> LearningPlatform:
    """The platform, registered, and holding the tool's keys."""
    await registered(client, published.authorization, platform.platform_in())
    platform.tool_keys = (await client.get("/lti/jwks.json")).json()
    return platform


@pytest.fixture
async def worker(application: FastAPI) -> Worker:
    """The worker of this database, run by hand."""
    context: Context = application.state.context
    sender = grade_sender_of(context.database, context.settings, context.delivery, context.clock)
    return Worker(context.database, context.delivery, context.clock, grade_sender=sender)
