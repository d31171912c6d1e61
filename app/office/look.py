"""What the pages of an institution's learners load: its logo and its colours. Public, like what they show."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.delivery.context import Context, given_context
from app.errors import NotFound
from app.institutions import settings
from app.web import accents
from app.wire.branding import brand_of

router = APIRouter(prefix="/institutions", include_in_schema=False)

Ctx = Annotated[Context, Depends(given_context)]

# The logo on a plate of its own: one drawn for paper is read on a dark page too.
PLATE = (
    ".house { font-weight: 600; } .house img { display: block; max-height: 2rem; max-width: 7rem; background: #fff;"
    " border-radius: 6px; padding: .15rem .3rem; }\n"
    "@media (max-width: 40rem) { .house img { max-height: 1.6rem; max-width: 4.2rem; } }\n"
)
# The address changes with the content; whoever asks for the bare one asks again soon.
KEPT = {"Cache-Control": "public, max-age=86400", "Content-Security-Policy": "default-src 'none'; sandbox"}


@router.get("/{institution_id}/logo")
async def logo(context: Ctx, institution_id: UUID) -> Response:
    """The picture."""
    async with context.database.reading() as db:
        media_type, data = await settings.logo(db, institution_id)
    return Response(data, media_type=media_type, headers={**KEPT, "Content-Disposition": "inline"})


@router.get("/{institution_id}/theme.css")
async def theme(context: Ctx, institution_id: UUID) -> Response:
    """The tokens of its accent, and the place of its logo."""
    async with context.database.reading() as db:
        kept = await settings.of(db, institution_id)
    if brand_of(kept) is None:
        raise NotFound("This institution wears the look of the house.")
    tokens = accents.stylesheet(kept.accent, kept.accent_dark) if kept.accent else ""
    return Response(tokens + PLATE, media_type="text/css", headers=KEPT)
