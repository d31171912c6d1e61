"""The rules of launch links: what they may open, where they may lead back to, and which browser they let in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import service as auth
from app.auth.credentials import hashed
from app.db import Database
from app.delivery import service as delivery
from app.delivery.service import Delivery
from app.delivery.state import SittingState
from app.embedding import tokens
from app.embedding.tokens import Launch, Theme, Unreadable
from app.errors import InvalidInput, NotFound
from app.institutions import settings
from app.secrets import Sealer

LASTS: Final = timedelta(hours=1)
LONGEST_RETURN: Final = 1_000
# how long a spent family is remembered: longer than any link of it may last
TRACE: Final = LASTS + 2 * tokens.WINDOW_LASTS

Reason = Literal["expired", "used", "unknown"]


class LaunchRefused(Exception):
    """A link that opens nothing; `origins` are those that may frame the page that says so."""

    def __init__(self, reason: Reason, origins: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.origins = origins


@dataclass(frozen=True)
class Asked:
    """A link that was followed: what it opens, who may frame it, and whether this browser has the sitting already."""

    launch: Launch
    origins: tuple[str, ...]
    is_held: bool


async def origins_of(db: AsyncSession, institution_id: UUID) -> tuple[str, ...]:
    """Who may frame the pages of an institution and be returned to; test mode also has those of the live one."""
    own = await settings.of(db, institution_id)
    if own.test_of is None:
        return own.frame_ancestors
    live = await settings.of(db, own.test_of)
    return tuple(dict.fromkeys((*own.frame_ancestors, *live.frame_ancestors)))


def origin_of(address: str) -> str:
    """The origin of an address as browsers write it; empty for what has none."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return ""
    usual = port is None or port == {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{parts.hostname}{'' if usual else f':{port}'}"


def check_return(address: str, origins: Sequence[str]) -> None:
    """Refuse to lead a learner anywhere but back to the institution.

    Raises
    ------
    InvalidInput
    """
    plain = address.isascii() and address.isprintable() and not set(address) & set(' "<>\\^`{|}')
    known = {origin_of(origin) for origin in origins}
    if not plain or len(address) > LONGEST_RETURN or origin_of(address) not in known - {""}:
        raise InvalidInput(
            "A learner cannot be sent there.",
            errors=[
                {
                    "field": "return_url",
                    "expected": "an address at one of the institution's `frame_ancestors`",
                }
            ],
        )


async def sitting_of(delivery_: Delivery, institution_id: UUID, sitting_id: UUID) -> SittingState:
    """The institution's sitting; raises `InvalidInput` for any other."""
    try:
        sitting = await delivery.require(delivery_, sitting_id)
    except NotFound:
        sitting = None
    if sitting is None or sitting.institution_id != institution_id:
        raise InvalidInput(
            "There is no such sitting.", errors=[{"field": "sitting", "expected": "a sitting of yours"}]
        )
    return sitting


async def link(
    db: AsyncSession,
    sealer: Sealer,
    sitting: SittingState,
    *,
    lasts: timedelta,
    return_url: str,
    theme: Theme,
    lang: str,
    accents: tuple[str, str] | None,
    now: datetime,
) -> tuple[str, datetime]:
    """The token of a new link, and until when it is good.

    Raises
    ------
    InvalidInput
        The learner would be sent back to a stranger.
    """
    if return_url:
        check_return(return_url, await origins_of(db, sitting.institution_id))
    expires_at = (now + min(lasts, LASTS)).replace(microsecond=0)
    launch = Launch(
        family=tokens.new_family(),
        sitting_id=sitting.id,
        institution_id=sitting.institution_id,
        expires_at=expires_at,
        return_url=return_url,
        theme=theme,
        lang=lang,
        accents=accents,
    )
    return tokens.issue(sealer, launch), expires_at


async def follow(
    database: Database,
    delivery_: Delivery,
    sealer: Sealer,
    token: str,
    holder: str | None,
    now: datetime,
) -> Asked:
    """What a link opens. A browser that has the sitting already may follow it again, and after its time.

    Raises
    ------
    LaunchRefused
    """
    try:
        launch = tokens.read(sealer, token)
        sitting = await delivery.require(delivery_, launch.sitting_id)
    except (Unreadable, NotFound):
        raise LaunchRefused("unknown") from None
    if sitting.institution_id != launch.institution_id:
        raise LaunchRefused("unknown")
    async with database.reading() as db:
        origins = await origins_of(db, sitting.institution_id)
    is_held = holder is not None and sitting.holder_hash == hashed(holder)
    if not is_held and now >= launch.expires_at:
        raise LaunchRefused("expired", origins)
    return Asked(launch, origins, is_held)


async def let_in(database: Database, asked: Asked, holder: str, now: datetime) -> str | None:
    """Give the sitting to this browser and spend the link; the resume code, where a new one was drawn.

    Raises
    ------
    LaunchRefused
        Another browser came first.
    """
    launch = asked.launch
    async with database.transaction() as db:
        if not await auth.spend(db, tokens.PURPOSE, launch.family, now + TRACE, now):
            raise LaunchRefused("used", asked.origins)
        return await delivery.hold(db, launch.sitting_id, holder)


def for_a_window(sealer: Sealer, launch: Launch, now: datetime) -> str:
    """A fresh link in place of one whose frame keeps no cookie: of the two, the first that is used is the only one."""
    return tokens.issue(sealer, replace(launch, expires_at=now + tokens.WINDOW_LASTS))
