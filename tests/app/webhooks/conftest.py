"""What tests of webhooks share: loopback is admitted, the present is the clock, a receiver, the loop that delivers."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from app.db import Database
from app.secrets import Sealer, new_master_key
from app.settings import Settings
from app.webhooks.addresses import Reach
from app.webhooks.dispatch import Dispatcher
from app.webhooks.sender import Sender
from tests.app.webhooks.receiver import Receiver, receiving
from tests.conftest import Clock, settings_for


@pytest.fixture
def settings(database_url: str) -> Settings:
    more = {"webhook_loopback": True, "master_keys": SecretStr(new_master_key())}
    return settings_for(database_url).model_copy(update=more)


@pytest.fixture
def clock() -> Clock:
    """The present, because the libraries refuse signatures of another time."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
async def dispatcher(database: Database, settings: Settings, clock: Clock) -> AsyncIterator[Dispatcher]:
    sender = Sender(Reach(loopback=True), 5)
    yield Dispatcher(database, sender, Sealer.of(settings), clock, 5)
    await sender.aclose()
