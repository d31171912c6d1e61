"""Routes that will go: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and where to read about it."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from fastapi import Request


def deprecated(
    since: datetime, sunset: datetime, link: str
) -> Callable[[Request], Coroutine[Any, Any, None]]:
    """A dependency of a route that is deprecated since a moment and goes at another; both in UTC."""
    headers = {
        "Deprecation": f"@{int(since.timestamp())}",
        "Sunset": format_datetime(sunset, usegmt=True),
        "Link": f'<{link}>; rel="deprecation"; type="text/html"',
    }

    async def announce(request: Request) -> None:
        request.scope["state"].setdefault("headers", {}).update(headers)

    return announce
