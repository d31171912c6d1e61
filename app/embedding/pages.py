"""What browsers see of launch links, and the script of whoever frames them."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.auth.credentials import new_secret
from app.delivery.context import Context, given_context
from app.delivery.pages import HOLDER_AGE, HOLDER_COOKIE, RESUME_COOKIE
from app.embedding import service
from app.embedding.service import Asked, LaunchRefused
from app.errors import NotFound
from app.web import accents
from app.web.catalogues import LANGUAGES
from app.web.render import PAGE_HEADERS, STATIC, THEMES, Page, render_text
from app.web.views import View
from app.web.views_embedding import LaunchRefusedView, LaunchWindowView
from app.wire import framing

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
Ctx = Annotated[Context, Depends(given_context)]
Wish = Annotated[str, Query(max_length=8)]

STATUS: Final = {"expired": 410, "used": 410, "unknown": 404}
COLOURS: Final = re.compile(r"([0-9a-f]{6})-([0-9a-f]{6})")


@router.get("/lancement/{token}")
async def launch(
    request: Request, context: Ctx, token: str, theme: Wish = "", lang: Wish = "", essai: Wish = ""
) -> Response:
    """A launch link: first a cookie is tried, then, if the browser kept it, the link is spent.

    What follows links without keeping cookies (a preview, a scanner of messages) spends nothing.
    """
    now = context.now()
    holder = request.cookies.get(HOLDER_COOKIE)
    try:
        asked = await service.follow(context.database, context.delivery, context.sealer, token, holder, now)
        theme, lang = theme or asked.launch.theme, lang or asked.launch.lang
        _allow(request, context, asked.origins)
        if _is_of_a_stranger(request, asked.origins):
            raise LaunchRefused("unknown", asked.origins)
        if holder is None:
            if not essai:
                return _try_a_cookie(request, context, asked, theme, lang)
            return _page(request, _window(request, context, asked), theme, lang)
        resume_code = None
        if not asked.is_held:
            resume_code = await service.let_in(context.database, asked, holder, now)
    except LaunchRefused as refused:
        _allow(request, context, refused.origins)
        return _page(request, LaunchRefusedView(refused.reason), theme, lang, status=STATUS[refused.reason])
    return _arrive(request, context, asked, resume_code, theme, lang)


def _allow(request: Request, context: Context, origins: Sequence[str]) -> None:
    if origins and _is_framed(request, context):
        framing.frame_ancestors(request, origins)


def _is_framed(request: Request, context: Context) -> bool:
    """Whether the page stands in a frame. Old browsers do not say; without https no frame could keep a cookie."""
    said = request.headers.get("sec-fetch-dest")
    return context.settings.secure_cookies if said is None else said in ("iframe", "frame")


def _is_of_a_stranger(request: Request, origins: Sequence[str]) -> bool:
    """Whether the page around this one may not frame it: the browser will not show it, so nothing is spent."""
    if request.headers.get("sec-fetch-dest") not in ("iframe", "frame"):
        return False
    around = service.origin_of(request.headers.get("referer", ""))
    known = {service.origin_of(origin) for origin in origins}
    return bool(around) and around not in known and request.headers.get("sec-fetch-site") != "same-origin"


def _try_a_cookie(
    request: Request, context: Context, asked: Asked, theme: str, lang: str
) -> RedirectResponse:
    wishes = {"essai": "1", "theme": theme, "lang": lang}
    query = urlencode({name: value for name, value in wishes.items() if value})
    response = RedirectResponse(f"{request.url.path}?{query}", status_code=303)
    response.set_cookie(HOLDER_COOKIE, new_secret("h"), **_kept(context))
    return response


def _window(request: Request, context: Context, asked: Asked) -> LaunchWindowView:
    if not _is_framed(request, context):
        return LaunchWindowView()
    token = service.for_a_window(context.sealer, asked.launch, context.now())
    return LaunchWindowView(f"/lancement/{token}")


def _arrive(
    request: Request, context: Context, asked: Asked, resume_code: str | None, theme: str, lang: str
) -> RedirectResponse:
    launch, kept = asked.launch, _kept(context)
    home = f"/epreuve/{launch.sitting_id}"
    response = RedirectResponse(home, status_code=303)
    if "frame_ancestors" in request.scope["state"]:
        framing.remember(response, context.sealer, asked.origins, age=HOLDER_AGE)
    framing.keep_wishes(
        response,
        context.sealer,
        launch.sitting_id,
        return_url=launch.return_url,
        accents=launch.accents,
        **kept,
    )
    if resume_code is not None:
        response.set_cookie(RESUME_COOKIE, resume_code, path=home, **kept)
    if theme in (*THEMES, "auto"):
        response.set_cookie("theme", theme if theme in THEMES else "", **kept)
    if lang in LANGUAGES:
        response.set_cookie("lang", lang, **kept)
    return response


def _kept(context: Context) -> dict[str, Any]:
    secure = context.settings.secure_cookies
    return {"max_age": HOLDER_AGE, "httponly": True, "samesite": "lax", "secure": secure}


def _page(request: Request, view: View, theme: str, lang: str, *, status: int = 200) -> HTMLResponse:
    page = Page.of(request)
    if lang in LANGUAGES:
        page = replace(page, lang=lang)
    if theme in THEMES:
        page = replace(page, theme=theme)
    return HTMLResponse(render_text(view, page), status, headers=dict(PAGE_HEADERS))


@router.get("/cadre/accents/{colours}.css")
async def accents_of_a_launch(colours: str) -> Response:
    """The tokens of the colours a launch asked for: those of the light theme, then those of the dark one."""
    found = COLOURS.fullmatch(colours)
    try:
        sheet = accents.stylesheet(f"#{found[1]}", f"#{found[2]}") if found else ""
    except ValueError:
        sheet = ""
    if not sheet:
        raise NotFound("These colours cannot be worn.")
    return Response(sheet, media_type="text/css", headers={"Cache-Control": "public, max-age=86400"})


@cache
def _script() -> tuple[str, str]:
    text = (STATIC / "js" / "embed.js").read_text(encoding="utf-8")
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


@router.get("/embed.js")
@router.get("/embed/v1.js")
async def script(request: Request) -> Response:
    """The host's script. `/embed/v1.js` keeps its messages for ever; `/embed.js` is the newest version."""
    text, tag = _script()
    headers = {
        "Cache-Control": "public, max-age=3600",
        "ETag": tag,
        # a page of another site loads it, with or without the attribute `crossorigin`
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="text/javascript", headers=headers)
