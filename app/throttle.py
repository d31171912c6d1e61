"""Limits on guessing: failed access codes are counted per address, in this process's memory."""

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.errors import TooMany

PER_MINUTE = RateLimitItemPerMinute(20)
PER_HOUR = RateLimitItemPerHour(200)


class Throttle:
    """Refuses an address that has failed too often lately; successes are not counted.

    Generous enough for an exam room behind one address, far too slow to guess one of 2^60 codes.
    """

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, address: str) -> None:
        """Raise `TooMany` while the address must wait."""
        for limit in (PER_MINUTE, PER_HOUR):
            if not self._limiter.test(limit, "code", address):
                raise TooMany("Too many wrong codes from this address. Wait a minute.", retry_after=60)

    def failed(self, address: str) -> None:
        """Count one failure."""
        for limit in (PER_MINUTE, PER_HOUR):
            self._limiter.hit(limit, "code", address)
