"""The loop that delivers: claims what is due, calls, records; a bounded number of calls at once."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from app.db import Database
from app.secrets import Sealer
from app.webhooks import service
from app.webhooks.sender import Answer, Sender, signed
from app.webhooks.service import Message

log = structlog.get_logger(__name__)

AT_ONCE = 16
AT_ONCE_PER_WEBHOOK = 4
PAUSE_SECONDS = 1.0
RECORDING = timedelta(seconds=2)


class Dispatcher:
    """Delivers messages of all institutions; one that does not answer holds up nobody else."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        sealer: Sealer,
        clock: Callable[[], datetime],
        timeout_seconds: float,
    ) -> None:
        self._database = database
        self._sender = sender
        self._sealer = sealer
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
            answer = await self._call(message)
            await service.record(self._database, message, answer, self._clock())
        except Exception:
            # the claim expires and the message is sent again
            log.exception("webhook attempt failed", delivery=str(message.id))

    async def _call(self, message: Message) -> Answer:
        try:
            secrets = [self._sealer.open(sealed) for sealed in message.sealed_secrets]
        except ValueError:
            # the operator's affair, told in the log; the institution sees why nothing came
            log.exception("a webhook cannot be signed", delivery=str(message.id))
            return Answer(None, 0, error="the signing secret could not be opened")
        headers = signed(secrets, message.message_id, self._clock(), message.body)
        return await self._sender.send(message.url, headers, message.body)
