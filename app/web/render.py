"""From a view to a page: templates, languages, themes, static files and the headers every page carries."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.web import catalogues, charts, palette, text
from app.web.views import Brand, View

STATIC: Final = palette.STATIC
THEMES: Final = ("light", "dark")
ZONES_COOKIE: Final = "zones"
ZONES_AS_LIST: Final = "list"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
)
PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Page:
    """What the layout knows of the request: language, theme ('' follows the device), path, and how to show zones."""

    lang: str
    theme: str
    path: str
    content_lang: str = "fr"  # items and framework are content, in the language of the bank
    zones_as_list: bool = False  # the zones of a document as a list beside it
    brand: Brand | None = None  # of the institution whose sitting this is
    accents: str = ""  # stylesheet of the colours that a launch asked for
    return_url: str = ""  # where a finished sitting leads back to
    frame: str = ""  # origins that may frame this page
    progress: tuple[str, int] = ("", 0)  # of the sitting: its status, and how many questions were answered

    @property
    def return_host(self) -> str:
        """The name of the machine one is led back to."""
        return urlsplit(self.return_url).hostname or ""

    @classmethod
    def of(cls, request: Request) -> "Page":
        """Read the cookies `lang`, `theme` and `zones`; French and the device's theme by default."""
        lang = request.cookies.get("lang", "")
        theme = request.cookies.get("theme", "")
        return cls(
            lang=lang if lang in catalogues.LANGUAGES else catalogues.LANGUAGES[0],
            theme=theme if theme in THEMES else "",
            path=request.url.path,
            zones_as_list=request.cookies.get(ZONES_COOKIE) == ZONES_AS_LIST,
            brand=request.scope.get("palier.brand"),
            accents=request.scope.get("palier.accents", ""),
            return_url=request.scope.get("palier.return_url", ""),
            frame=request.scope.get("state", {}).get("frame_ancestors", ""),
            progress=request.scope.get("palier.progress", ("", 0)),
        )


@cache
def static_version() -> str:
    """A hash of every static file: it changes their addresses, so that browsers may keep them for ever."""
    digest = hashlib.sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(path.relative_to(STATIC).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def static(path: str) -> str:
    """The address of a static file. Raises FileNotFoundError for one that does not exist."""
    if not (STATIC / path).is_file():
        raise FileNotFoundError(path)
    return f"/static/{static_version()}/{path}"


class StaticAssets(StaticFiles):
    """The static files under `/static/<version>/`; an address of another version still answers, uncached."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def get_path(self, scope: Scope) -> str:
        """Drop the version from the path."""
        version, _, path = super().get_path(scope).partition(os.sep)
        scope["static_version"] = version
        return path

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Serve a file, for ever when its address is that of this version."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        current = scope.get("static_version") == static_version()
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


@cache
def environment(lang: str) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=FileSystemLoader(catalogues.TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(catalogues.load(lang), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        static=static,
        staircase=charts.staircase,
        interval=charts.interval,
        columns=charts.columns,
        column=charts.Column,
        deviation=charts.deviation,
        stacked=charts.stacked,
        place=charts.place,
        palette_tokens=palette.tokens,
        palette_contrasts=palette.contrasts,
    )
    made.filters.update(
        typeset=text.french,
        percent=lambda probability: text.percent(probability, lang),
        likelihood=text.likelihood,
        duration=text.duration,
        clock=text.clock,
        longdate=lambda day: _long_date(day, lang),
        moment=lambda at: text.moment(at, lang),
        milliseconds=lambda moment: round(moment.timestamp() * 1000),
        compact_json=lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    )
    return made


def _long_date(day: date, lang: str) -> str:
    written: str = format_date(day.date() if isinstance(day, datetime) else day, format="long", locale=lang)
    return written.replace(" ", text.NO_BREAK)


def render_text(view: View, page: Page) -> str:
    """The page as text."""
    values = {entry.name: getattr(view, entry.name) for entry in fields(view)}  # type: ignore[arg-type]
    return environment(page.lang).get_template(view.template).render(values, view=view, page=page)


def render(
    request: Request, view: View, *, status_code: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """The response that shows a view, in the reader's language and theme."""
    content = render_text(view, Page.of(request))
    return HTMLResponse(content, status_code, headers={**PAGE_HEADERS, **(headers or {})})
