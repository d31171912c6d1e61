"""Lists in pages: by the sort key of the last row seen, never by an offset, so that rows may come and go meanwhile."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request

from app.errors import InvalidInput

Row = TypeVar("Row")


@dataclass(frozen=True)
class PageIn:
    """What was asked: how many rows at most, after which sort key."""

    limit: int
    after: tuple[str, ...] | None


async def page_in(
    limit: Annotated[int, Query(ge=1, le=200, description="rows at most", examples=[50])] = 50,
    starting_after: Annotated[
        str | None,
        Query(max_length=500, description="`next` of the page before", examples=["WyIwMTlhMWYwZSJd"]),
    ] = None,
) -> PageIn:
    """Read the page that is asked for."""
    return PageIn(limit, None if starting_after is None else _read(starting_after))


Paging = Annotated[PageIn, Depends(page_in)]


def page_of(
    request: Request, asked: PageIn, rows: Sequence[Row], key: Callable[[Row], tuple[str, ...]]
) -> tuple[Sequence[Row], str | None]:
    """The rows to show and the cursor of the next page, from one row more than was asked for.

    The address of the next page is also told in the `Link` header.
    """
    shown = rows[: asked.limit]
    if len(rows) <= asked.limit:
        return shown, None
    cursor = _write(key(shown[-1]))
    following = request.url.include_query_params(starting_after=cursor)
    address = following.path + (f"?{following.query}" if following.query else "")
    request.scope["state"].setdefault("headers", {})["Link"] = f'<{address}>; rel="next"'
    return shown, cursor


def after_id(asked: PageIn) -> UUID | None:
    """The identifier that the cursor holds, for lists sorted by it."""
    if asked.after is None:
        return None
    try:
        [last] = map(UUID, asked.after)
    except ValueError:
        raise _unreadable() from None
    return last


def _unreadable() -> InvalidInput:
    return InvalidInput(
        "The cursor cannot be read.",
        errors=[{"field": "starting_after", "expected": "`next` of the page before, unchanged"}],
    )


def _write(key: tuple[str, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[str, ...]:
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(key, list) or not key or not all(isinstance(part, str) for part in key):
            raise ValueError
    except (ValueError, binascii.Error, UnicodeDecodeError, RecursionError):
        raise _unreadable() from None
    return tuple(key)
