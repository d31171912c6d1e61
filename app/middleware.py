"""What every request passes through: an identifier, a body limit, a same-site check for forms, security headers."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.identifiers import new_id

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# learning platforms post these forms from their own sites; what they carry is signed and bound to the browser
FROM_PLATFORMS = frozenset({"/lti/login", "/lti/launch"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
    ),
    "Cache-Control": "no-store",
}


class Envelope:
    """Gives each request an identifier and each response the security headers it does not already carry."""

    def __init__(self, app: ASGIApp, *, hsts: bool) -> None:
        self.app = app
        self.headers = {**HEADERS, "Strict-Transport-Security": "max-age=31536000"} if hsts else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in scope["state"].get("headers", {}).items():
                    headers[name] = value  # what the request met on its way: limits, versions, the next page
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if "frame_ancestors" in scope["state"]:
                    _in_frame(headers, scope["state"]["frame_ancestors"])
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _in_frame(headers: MutableHeaders, origins: str) -> None:
    """A response that others may frame: they are named, and its cookies live in their frame (`wire.framing`)."""
    policy = headers["Content-Security-Policy"]
    headers["Content-Security-Policy"] = policy.replace("ancestors 'self'", f"ancestors 'self' {origins}")
    cookies = headers.getlist("Set-Cookie")
    if cookies:
        del headers["Set-Cookie"]
        for cookie in cookies:
            headers.append("Set-Cookie", in_frame(cookie))


def in_frame(cookie: str) -> str:
    """A `Set-Cookie` value for a frame: another site's page holds it, over https, apart for each such site."""
    attributes = [part.strip() for part in cookie.split(";")]
    rewritten = ("samesite", "secure", "partitioned")
    kept = [part for part in attributes if part.partition("=")[0].lower() not in rewritten]
    return "; ".join([*kept, "SameSite=None", "Secure", "Partitioned"])


def is_cross_site(headers: Headers) -> bool:
    """Whether a form was sent from another site.

    `Sec-Fetch-Site` decides where the browser sends it, else `Origin` compared with `Host`; a client with neither is
    not a browser that another site can drive.
    """
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


class BodyLimit:
    """Refuses a body larger than the limit, declared or not, where the error handlers can word it.

    (The framework's own limit answers in plain text, before any handler.)
    """

    def __init__(
        self, app: ASGIApp, *, limit: int, larger: Sequence[tuple[re.Pattern[str], int]] = ()
    ) -> None:
        self.app = app
        self.limit = limit
        self.larger = larger  # limits of addresses that take more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = next((more for address, more in self.larger if address.fullmatch(scope["path"])), self.limit)
        declared = Headers(scope=scope).get("content-length", "")
        read = int(declared) if declared.isdigit() else 0

        async def counted() -> Message:
            nonlocal read
            if read > limit:
                raise HTTPException(413, str(limit))
            message = await receive()
            if not declared:
                read += len(message.get("body", b""))
                if read > limit:
                    raise HTTPException(413, str(limit))
            return message

        await self.app(scope, counted, send)


class SameSiteForms:
    """Refuses a form posted from another site; the API is exempt, its keys are never sent by a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and not scope["path"].startswith("/v1/")
            and scope["path"] not in FROM_PLATFORMS
            and is_cross_site(Headers(scope=scope))
        ):
            scope["palier.cross_site"] = True
        await self.app(scope, receive, send)
