"""Limits on guessing: failed access codes and sign-ins are counted in this process's memory."""

import hashlib
from collections.abc import Iterator, Mapping

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
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


class SignInThrottle:
    """Refuses an address, or an account, for which sign-ins have failed too often lately.

    Ten wrong passwords in a quarter of an hour, or five wrong one-time passwords, close an account's door for that
    long, whether the account exists or not. Somebody else can so keep its owner out: that costs a wait, a guessed
    password more.
    """

    PER_ADDRESS = (RateLimitItemPerMinute(20), RateLimitItemPerHour(100))
    PER_ACCOUNT: Mapping[str, tuple[RateLimitItem, ...]] = {
        "password": (RateLimitItemPerMinute(10, 15), RateLimitItemPerHour(40, 24)),
        "code": (RateLimitItemPerMinute(5, 15), RateLimitItemPerHour(30, 24)),
    }
    WAIT = 60 * 15

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, address: str, account: str, step: str) -> None:
        """Raise `TooMany` while one of the two must wait; `step` is `password` or `code`."""
        for limit, *key in self._counted(address, account, step):
            if not self._limiter.test(limit, *key):
                raise TooMany("Too many failed sign-ins. Wait a quarter of an hour.", retry_after=self.WAIT)

    def failed(self, address: str, account: str, step: str) -> None:
        """Count one failure."""
        for limit, *key in self._counted(address, account, step):
            self._limiter.hit(limit, *key)

    def _counted(self, address: str, account: str, step: str) -> Iterator[tuple[RateLimitItem, str, str]]:
        whose = hashlib.sha256(account.encode()).hexdigest()
        yield from ((limit, "address", address) for limit in self.PER_ADDRESS)
        yield from ((limit, step, whose) for limit in self.PER_ACCOUNT[step])
