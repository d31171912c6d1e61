"""The look of an institution: its colours where they can be read, and what a page needs to wear it."""

import time
from uuid import UUID

from app.db import Database
from app.errors import InvalidInput, NotFound
from app.institutions import settings
from app.web import accents
from app.web.views import Brand


def checked_accents(accent: str, accent_dark: str = "") -> tuple[str, str]:
    """The colours of the light and of the dark theme; the second one is derived when it is not chosen.

    Raises
    ------
    InvalidInput
        Not a colour, or not readable; `nearest` is the one of the same hue that is.
    """
    chosen = accent.strip().lower(), accent_dark.strip().lower()
    if not chosen[0]:
        return "", ""
    for field, colour in zip(("accent", "accent_dark"), chosen, strict=True):
        if colour and not settings.is_colour(colour):
            raise InvalidInput("This is not a colour.", errors=[{"field": field, "expected": "#rrggbb"}])
    for field, colour, theme in zip(("accent", "accent_dark"), chosen, accents.THEMES, strict=True):
        if colour and accents.accent(colour, theme) is None:
            nearest, ratio = accents.nearest(colour, theme), accents.weakest_contrast(colour, theme)
            raise InvalidInput(
                f"{colour} cannot be read in the {theme} theme.",
                errors=[
                    {
                        "field": field,
                        "expected": f"a contrast of {accents.REQUIRED} with text and ground; nearest: {nearest}",
                    }
                ],
                theme=theme,
                contrast=round(ratio, 2),
                nearest=nearest,
            )
    return chosen[0], chosen[1] or accents.nearest(chosen[0], "dark")


def brand_of(kept: settings.Settings) -> Brand | None:
    """What the pages of an institution wear, or None for the house's own look."""
    if not kept.accent and not kept.logo:
        return None
    address = f"/institutions/{kept.id}"
    return Brand(
        name=kept.name,
        logo=f"{address}/logo?v={kept.logo}" if kept.logo else "",
        stylesheet=f"{address}/theme.css?v={kept.accent[1:]}{kept.accent_dark[1:]}",
    )


class KnownBrands:
    """The looks of institutions seen lately by this process: a change is seen elsewhere `SECONDS` later at most."""

    SECONDS = 60.0
    MOST = 10_000

    def __init__(self) -> None:
        self._known: dict[UUID, tuple[Brand | None, float]] = {}

    async def of(self, database: Database, institution_id: UUID) -> Brand | None:
        """What the pages of an institution wear; its twin wears the same."""
        found = self._known.get(institution_id)
        if found is not None and time.monotonic() < found[1]:
            return found[0]
        async with database.reading() as db:
            try:
                kept = await settings.of(db, institution_id)
                brand = brand_of(kept if kept.test_of is None else await settings.of(db, kept.test_of))
            except NotFound:
                brand = None
        if len(self._known) >= self.MOST:
            self._known.clear()
        self._known[institution_id] = brand, time.monotonic() + self.SECONDS
        return brand

    def forget(self) -> None:
        """Ask the database again: a look was changed here."""
        self._known.clear()
