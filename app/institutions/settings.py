"""What an institution decides about itself (name, look, who may frame its pages), and what it may use."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.errors import InvalidInput, NotFound
from app.institutions import service, store
from app.institutions.tables import Institution, InstitutionLogo

Quota = Literal["sittings_per_year", "learners", "webhooks"]
QUOTAS: Final[tuple[Quota, ...]] = ("sittings_per_year", "learners", "webhooks")

LARGEST_LOGO: Final = 50_000
WIDEST_LOGO: Final = 2_000
MOST_ORIGINS: Final = 20
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_HOST: Final = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


@dataclass(frozen=True)
class Settings:
    """An institution as it describes itself; `logo` is the mark of the present picture, `''` for none."""

    id: UUID
    slug: str
    name: str
    test_of: UUID | None
    mode: Literal["live", "test"]
    accent: str
    accent_dark: str
    logo: str
    frame_ancestors: tuple[str, ...]
    quotas: Mapping[str, int]
    created_at: datetime


def _of(institution: Institution) -> Settings:
    branding: Mapping[str, Any] = institution.branding
    return Settings(
        id=institution.id,
        slug=institution.slug,
        name=institution.name,
        test_of=institution.test_of,
        mode="live" if institution.test_of is None else "test",
        accent=branding.get("accent", ""),
        accent_dark=branding.get("accent_dark", ""),
        logo=branding.get("logo", ""),
        frame_ancestors=tuple(institution.frame_ancestors),
        quotas={name: institution.quotas[name] for name in QUOTAS if name in institution.quotas},
        created_at=institution.created_at,
    )


def is_colour(text: str) -> bool:
    """Whether a text is `#rrggbb`."""
    return _COLOUR.fullmatch(text) is not None


async def of(db: AsyncSession, institution_id: UUID) -> Settings:
    """What an institution says about itself, or `NotFound`."""
    return _of(await service.require(db, institution_id))


async def every(db: AsyncSession) -> list[Settings]:
    """Every institution but the twins, by slug."""
    return [_of(institution) for institution in await store.live(db)]


async def change(
    db: AsyncSession,
    institution_id: UUID,
    *,
    actor: str,
    now: datetime,
    name: str | None = None,
    accents: tuple[str, str] | None = None,
    frame_ancestors: Sequence[str] | None = None,
) -> Settings:
    """Change what is given; `accents` are the colours of the light and of the dark theme, empty for the house's.

    Whether a colour can be read is for the caller to have checked (`app.wire.branding`).

    Raises
    ------
    InvalidInput
        A name, colour or origin that cannot be one.
    """
    institution = await service.require(db, institution_id)
    facts: dict[str, Any] = {}
    if name is not None:
        institution.name = facts["name"] = _name(name)
    if accents is not None:
        for field, colour in zip(("accent", "accent_dark"), accents, strict=True):
            if colour and not is_colour(colour):
                raise InvalidInput("This is not a colour.", errors=[{"field": field, "expected": "#rrggbb"}])
        given = {"accent": accents[0], "accent_dark": accents[1]} if accents[0] else {}
        logo = {"logo": institution.branding["logo"]} if "logo" in institution.branding else {}
        institution.branding = {**given, **logo}
        facts["accent"], facts["accent_dark"] = accents
    if frame_ancestors is not None:
        institution.frame_ancestors = facts["frame_ancestors"] = origins(frame_ancestors)
    if facts:
        await _noted(db, institution, "institution.changed", facts, actor, now)
    return _of(institution)


def _name(name: str) -> str:
    written = " ".join(name.split())
    if not 2 <= len(written) <= 200:
        raise InvalidInput(
            "The name is too short or too long.", errors=[{"field": "name", "expected": "2 to 200"}]
        )
    return written


def origins(given: Sequence[str]) -> list[str]:
    """Origins that may frame pages, as browsers write them: `https://host[:port]`, or http on this very machine.

    Raises
    ------
    InvalidInput
    """
    written: dict[str, None] = {}
    for text in given:
        try:
            parts = urlsplit(text.strip().lower())
            port = f":{parts.port}" if parts.port is not None else ""
        except ValueError:
            raise _no_origin(text) from None
        host = parts.hostname or ""
        local = host in ("localhost", "127.0.0.1")
        if (
            parts.scheme not in (("https", "http") if local else ("https",))
            or not _HOST.fullmatch(host)
            or parts.path not in ("", "/")
            or parts.query
            or parts.fragment
            or "@" in parts.netloc
        ):
            raise _no_origin(text)
        written[f"{parts.scheme}://{host}{port}"] = None
    if len(written) > MOST_ORIGINS:
        raise InvalidInput(
            "There are too many origins.",
            errors=[{"field": "frame_ancestors", "expected": f"{MOST_ORIGINS} at most"}],
        )
    return list(written)


def _no_origin(text: str) -> InvalidInput:
    return InvalidInput(
        "This is not an origin.",
        errors=[{"field": "frame_ancestors", "expected": "https://host or https://host:port"}],
        value=text[:100],
    )


# The logo


def picture_type(data: bytes) -> str:
    """What a picture is, by its bytes.

    Raises
    ------
    InvalidInput
        Neither PNG nor JPEG, cut short, or too large.
    """
    size = _png_size(data) or _jpeg_size(data)
    if len(data) > LARGEST_LOGO:
        raise _no_logo("too_heavy")
    if size is None:
        raise _no_logo("unknown")
    if not all(0 < side <= WIDEST_LOGO for side in size):
        raise _no_logo("too_large")
    return "image/png" if data[0] == 0x89 else "image/jpeg"


def _no_logo(reason: str) -> InvalidInput:
    expected = f"PNG or JPEG, at most {LARGEST_LOGO // 1000} kB and {WIDEST_LOGO} pixels wide or high"
    return InvalidInput(
        "This picture cannot be a logo.", errors=[{"field": "logo", "expected": expected}], reason=reason
    )


def _png_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR") or not data.endswith(b"IEND\xaeB`\x82"):
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"\xff\xd8\xff") or not data.endswith(b"\xff\xd9"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + length
    return None


async def set_logo(
    db: AsyncSession, institution_id: UUID, data: bytes | None, *, actor: str, now: datetime
) -> Settings:
    """Show a picture to the learners, or none.

    Raises
    ------
    InvalidInput
    """
    institution = await service.require(db, institution_id)
    kept = await store.logo(db, institution_id)
    others = {key: value for key, value in institution.branding.items() if key != "logo"}
    if data is None:
        if kept is not None:
            await db.delete(kept)
        institution.branding = others
    else:
        media_type = picture_type(data)
        if kept is None:
            kept = InstitutionLogo(institution_id=institution_id)
            db.add(kept)
        kept.media_type, kept.data, kept.updated_at = media_type, data, now
        institution.branding = {**others, "logo": hashlib.sha256(data).hexdigest()[:12]}
    await db.flush()
    await _noted(db, institution, "institution.logo_changed", {"bytes": len(data or b"")}, actor, now)
    return _of(institution)


async def logo(db: AsyncSession, institution_id: UUID) -> tuple[str, bytes]:
    """The picture and what it is; its twin's learners see that of the live institution.

    Raises
    ------
    NotFound
    """
    found = await store.logo(db, institution_id)
    if found is None:
        raise NotFound("There is no such picture.")
    return found.media_type, found.data


# What an institution may use


async def set_quotas(
    db: AsyncSession, institution_id: UUID, quotas: Mapping[Quota, int | None], *, actor: str, now: datetime
) -> Settings:
    """Set what is given; None lifts a limit."""
    institution = await service.require(db, institution_id)
    given: dict[str, int | None] = {str(name): limit for name, limit in quotas.items()}
    kept = {**institution.quotas, **given}
    institution.quotas = {name: limit for name, limit in kept.items() if limit is not None}
    await _noted(db, institution, "institution.quotas_set", given, actor, now)
    return _of(institution)


async def _noted(
    db: AsyncSession, institution: Institution, act: str, facts: dict[str, Any], actor: str, now: datetime
) -> None:
    await audit.record(
        db,
        actor=actor,
        act=act,
        subject=f"institution:{institution.id}",
        facts=facts,
        now=now,
        tenant=institution.id,
    )
