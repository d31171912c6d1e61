"""The loop that tells platforms of their learners: claims what is due, calls, writes down what became of it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from app.assessments.service import Assessments
from app.db import Database
from app.errors import NotFound
from app.lti import grades, keys
from app.lti.grades import MAXIMUM, Due
from app.lti.platforms import TIMEOUT, PlatformError, Platforms, Score
from app.lti.service import client_of
from app.secrets import Sealer

log = structlog.get_logger(__name__)

AT_ONCE = 8
PAUSE_SECONDS = 2.0
# a token, a line item found or made, a score, each once more after a 401
HOLD = timedelta(seconds=8 * TIMEOUT)
INDICATIVE = "Résultat indicatif / Indicative result"
HOPELESS = frozenset({400, 404, 405, 410, 422})


class GradeSender:
    """Sends grades of all institutions."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        platforms: Platforms,
        assessments: Assessments,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._platforms = platforms
        self._assessments = assessments
        self._clock = clock

    async def round(self) -> int:
        """Send what is due now, once; returns how many were tried."""
        claimed = await grades.claim(self._database, self._clock(), HOLD, AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for due in claimed:
                group.create_task(self._attempt(due))
        return len(claimed)

    async def run(self) -> None:
        """Round after round, until cancelled; a failure is logged and tried again."""
        try:
            while True:
                try:
                    tried = await self.round()
                except Exception:
                    log.exception("grades could not be sent")
                    tried = 0
                if not tried:
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await self._platforms.aclose()

    async def _attempt(self, due: Due) -> None:
        try:
            error, lasting = await self._told(due)
            await grades.settle(self._database, due, self._clock(), error=error, lasting=lasting)
        except Exception:
            # the claim expires and the grade is sent again
            log.exception("grade attempt failed", participation=str(due.participation_id))

    async def _told(self, due: Due) -> tuple[str | None, bool]:
        """What went wrong, if anything, and whether it always will."""
        now = self._clock()
        if due.line_item is None and due.line_items is None:
            return "the platform takes no grades for this link", True
        try:
            client = client_of(due.platform, await keys.signing(self._database, self._sealer, now))
            line_item = due.line_item
            if line_item is None and due.line_items is not None:
                line_item = await self._platforms.line_item(
                    client, due.line_items, due.resource_link, await self._label(due), MAXIMUM, now
                )
                await grades.keep_line_item(self._database, due.link_id, line_item)
            score = Score(
                subject=self._sealer.open(due.subject_sealed),
                activity=due.activity,
                grading=due.grading,
                points=due.points,
                maximum=MAXIMUM,
                comment=INDICATIVE if due.indicative and due.points is not None else "",
                at=due.at,
            )
            await self._platforms.send_score(client, line_item or "", score, now)
        except PlatformError as error:
            told = f"{error} ({error.status})" if error.status else str(error)
            return told, error.status in HOPELESS
        except ValueError:
            log.exception("a sealed secret cannot be opened", participation=str(due.participation_id))
            return "a secret of this service could not be opened", False
        return None, False

    async def _label(self, due: Due) -> str:
        try:
            return (await self._assessments.current(due.label)).title
        except NotFound:
            return due.label
