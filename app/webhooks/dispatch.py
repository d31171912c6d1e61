"""The loop that delivers: claims what is due, calls, records; a bounded number of calls at once."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from app.db import Database
from app.webhooks import service
from app.webhooks.sender import Sender, signed
from app.webhooks.service import Message

log = structlog.get_logger(__name__)

AT_ONCE = 16
AT_ONCE_PER_WEBHOOK = 4
PAUSE_SECONDS = 1.0
RECORDING = timedelta(seconds=2)


class Dispatcher:
    """Delivers messages of all institutions; one that does not answer holds up nobody else."""

    def __init__(
        self, database: Database, sender: Sender, clock: Callable[[], datetime], timeout_seconds: float
    ) -> None:
        self._database = database
        self._sender = sender
        self._clock = clock
        self._hold = timedelta(seconds=timeout_seconds) + RECORDING

    async def round(self) -> int:
        """Deliver what is due now, once; returns how many calls were made."""
        claimed = await self._claim(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for message in claimed:
                group.create_task(self._attempt(message))
        return len(claimed)

    async def run(self) -> None:
        """Deliver until cancelled; as one call ends the next begins."""
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                claimed: list[Message] = []
                if len(under_way) < AT_ONCE:
                    try:
                        claimed = await self._claim(AT_ONCE - len(under_way))
                    except Exception:
                        log.exception("webhooks could not be claimed")
                under_way |= {asyncio.create_task(self._attempt(message)) for message in claimed}
                if claimed:
                    continue
                if under_way:
                    _, under_way = await asyncio.wait(
                        under_way, timeout=PAUSE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                    )
                else:
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await self._sender.aclose()

    async def _claim(self, limit: int) -> list[Message]:
        return await service.claim(
            self._database, self._clock(), self._hold, limit=limit, of_one_webhook=AT_ONCE_PER_WEBHOOK
        )

    async def _attempt(self, message: Message) -> None:
        try:
            headers = signed(message.secrets, message.message_id, self._clock(), message.body)
            answer = await self._sender.send(message.url, headers, message.body)
            await service.record(self._database, message, answer, self._clock())
        except Exception:
            # the claim expires and the message is sent again
            log.exception("webhook attempt failed", delivery=str(message.id))
