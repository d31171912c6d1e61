"""How many calls a key may make, and how it is told: the IETF draft's `RateLimit` fields on every reply.

Counted in this process's memory: behind several workers the limit is that many times higher.
"""

import math
import time
from collections.abc import MutableMapping
from typing import Any, Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from app.errors import TooMany

# What a learner's browser would do by itself, when a program does it for them: one call an answer.
ANSWERS_TIMES: Final = 20


class CallLimits:
    """Counts calls by policy and credential."""

    def __init__(self, per_minute: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._policies: dict[str, RateLimitItem] = {
            "default": RateLimitItemPerMinute(per_minute),
            "answers": RateLimitItemPerMinute(per_minute * ANSWERS_TIMES),
        }

    def count(self, policy: str, credential: str, headers: MutableMapping[str, Any]) -> None:
        """Count one call and write the limit into the reply's headers; raise `TooMany` beyond it."""
        item = self._policies[policy]
        within = self._limiter.hit(item, policy, credential)
        window = self._limiter.get_window_stats(item, policy, credential)
        seconds = max(1, math.ceil(window.reset_time - time.time()))
        headers["RateLimit-Policy"] = f'"{policy}";q={item.amount};w={item.get_expiry()}'
        headers["RateLimit"] = f'"{policy}";r={window.remaining};t={seconds}'
        if not within:
            raise TooMany(f"More than {item.amount} calls a minute under this key.", retry_after=seconds)
