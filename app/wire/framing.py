"""Pages in somebody else's frame: who may frame them, and cookies that live there.

A page may be framed by this site alone unless something says otherwise. What lets a browser in through a frame (a
launch of a learning platform, an embedding link) remembers it in a sealed cookie that the browser keeps apart for
each framing site; the pages that follow find it there.
"""

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from app.middleware import in_frame
from app.secrets import Sealer

COOKIE: Final = "cadre"
WISHES: Final = "lancement"
LONGEST: Final = 3000


def frame_ancestors(request: Request, origins: Sequence[str]) -> None:
    """Let these origins frame the response, and let the cookies it sets live in their frame.

    `origins` are sources of a content policy, checked by whoever gives them.
    """
    request.scope["state"]["frame_ancestors"] = " ".join(origins)


def remember(response: Response, sealer: Sealer, origins: Sequence[str], *, age: int) -> None:
    """Have the pages that follow in this frame be framed by these origins too."""
    sealed = sealer.seal(json.dumps(list(origins)))
    if len(sealed) <= LONGEST:
        response.headers.append(
            "Set-Cookie", in_frame(f"{COOKIE}={sealed}; Max-Age={age}; Path=/; HttpOnly; SameSite=lax")
        )


def recall(request: Request, sealer: Sealer) -> None:
    """Let the response be framed by whoever framed the launch that let this browser in."""
    sealed = request.cookies.get(COOKIE)
    if sealed is None:
        return
    try:
        origins = json.loads(sealer.open(sealed))
    except ValueError:
        return
    frame_ancestors(request, origins)


def keep_wishes(
    response: Response,
    sealer: Sealer,
    sitting_id: UUID,
    *,
    return_url: str,
    accents: tuple[str, str] | None,
    **cookie: Any,
) -> None:
    """Have the pages of this sitting wear these accents, and the last one lead back there."""
    home = f"/epreuve/{sitting_id}"
    if not return_url and accents is None:
        response.delete_cookie(WISHES, path=home, httponly=True)
        return
    sealed = sealer.seal(json.dumps({"return_url": return_url, "accents": accents}))
    if len(sealed) <= LONGEST:
        response.set_cookie(WISHES, sealed, path=home, **cookie)


def follow_wishes(request: Request, sealer: Sealer, *, status: str, answered: int) -> None:
    """Tell the page what its launch asked for, and its frame how far the sitting is."""
    request.scope["palier.progress"] = (status, answered)
    sealed = request.cookies.get(WISHES)
    if sealed is None:
        return
    try:
        wishes = json.loads(sealer.open(sealed))
    except ValueError:
        return
    if status == "finished":
        request.scope["palier.return_url"] = wishes["return_url"]
    if wishes["accents"]:
        light, dark = wishes["accents"]
        request.scope["palier.accents"] = f"/cadre/accents/{light[1:]}-{dark[1:]}.css"
