"""Pages about Palier itself: how it works, accessibility, privacy, the style guide, preferences."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.delivery import show
from app.delivery.context import Context, given_context
from app.web.catalogues import LANGUAGES
from app.web.render import THEMES, render
from app.web.views import AccessibilityView, ExplanationView, PrivacyView, StyleguideView

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
Ctx = Annotated[Context, Depends(given_context)]

PREFERENCE_AGE = 60 * 60 * 24 * 365
REFERENCE_DESIGN = "certification"


@router.get("/comment-ca-marche")
async def explanation(request: Request, context: Ctx) -> Response:
    """How a level is measured, in words."""
    design = await context.assessments.current(REFERENCE_DESIGN)
    view = ExplanationView(
        levels=show.levels(design.release.framework),
        length=design.length,
        minutes=design.time_limit_seconds // 60,
        minimum_answers=design.minimum_responses,
        provisional=design.provisional,
    )
    return render(request, view)


@router.get("/accessibilite")
async def accessibility(request: Request, context: Ctx) -> Response:
    """The accessibility statement."""
    settings = context.settings
    return render(request, AccessibilityView(publisher=settings.publisher, contact=settings.contact))


@router.get("/confidentialite")
async def privacy(request: Request, context: Ctx) -> Response:
    """What is recorded, why, and for how long."""
    settings = context.settings
    return render(request, PrivacyView(publisher=settings.publisher, contact=settings.contact))


@router.get("/styleguide")
async def styleguide(request: Request) -> Response:
    """Every token and component, in every state."""
    return render(request, StyleguideView())


@router.post("/preferences")
async def preferences(
    request: Request,
    context: Ctx,
    theme: Annotated[str | None, Form(max_length=8)] = None,
    lang: Annotated[str | None, Form(max_length=8)] = None,
) -> Response:
    """Remember a theme or a language, and go back to the page one was on."""
    back = urlsplit(request.headers.get("referer", ""))
    same_site = back.netloc == request.headers.get("host")
    response = RedirectResponse((same_site and back.path) or "/", status_code=303)
    secure = context.settings.secure_cookies
    if theme is not None:
        value = theme if theme in THEMES else ""
        response.set_cookie(
            "theme", value, max_age=PREFERENCE_AGE, samesite="lax", secure=secure, httponly=True
        )
    if lang in LANGUAGES:
        response.set_cookie(
            "lang", lang, max_age=PREFERENCE_AGE, samesite="lax", secure=secure, httponly=True
        )
    return response
