"""The token of a launch link: which sitting it opens, for how long, and how its pages should look. Nobody is named.

Signed with a key derived from the master key, so that nothing is stored until it is used; good for one browser.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from app.auth.credentials import new_secret
from app.secrets import Sealer

ALGORITHM: Final = "HS256"
PURPOSE: Final = "launch"
AUDIENCE: Final = "palier:launch"
# a link that opens a window of its own, when a frame keeps no cookie
WINDOW_LASTS: Final = timedelta(minutes=10)
LONGEST: Final = 4_000

Theme = Literal["", "light", "dark", "auto"]


@dataclass(frozen=True)
class Launch:
    """What a link opens. Links of one `family` are good once between them."""

    family: str
    sitting_id: UUID
    institution_id: UUID
    expires_at: datetime
    return_url: str = ""
    theme: Theme = ""
    lang: str = ""
    accents: tuple[str, str] | None = None


class Unreadable(Exception):
    """This installation did not write the token."""


def new_family() -> str:
    """A name for a link and those made in its place."""
    return new_secret("l")


def issue(sealer: Sealer, launch: Launch) -> str:
    """The token of a launch."""
    claims: dict[str, Any] = {
        "aud": AUDIENCE,
        "jti": launch.family,
        "sub": str(launch.sitting_id),
        "iss": str(launch.institution_id),
        "exp": int(launch.expires_at.timestamp()),
    }
    look = {
        "return_url": launch.return_url,
        "theme": launch.theme,
        "lang": launch.lang,
        "accents": launch.accents,
    }
    claims |= {name: value for name, value in look.items() if value}
    key = OctKey.import_key(sealer.derived(PURPOSE)[0])
    return jwt.encode({"alg": ALGORITHM}, claims, key, algorithms=[ALGORITHM])


def read(sealer: Sealer, token: str) -> Launch:
    """The launch of a token, which may have expired: whoever asks decides what that means.

    Raises
    ------
    Unreadable
    """
    if len(token) > LONGEST or not all(_is_canonical(part) for part in token.split(".")):
        raise Unreadable
    for key in sealer.derived(PURPOSE):
        try:
            claims = jwt.decode(token, OctKey.import_key(key), algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            continue
        if claims.get("aud") == AUDIENCE:
            accents = claims.get("accents")
            return Launch(
                family=claims["jti"],
                sitting_id=UUID(claims["sub"]),
                institution_id=UUID(claims["iss"]),
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
                return_url=claims.get("return_url", ""),
                theme=claims.get("theme", ""),
                lang=claims.get("lang", ""),
                accents=(accents[0], accents[1]) if accents else None,
            )
    raise Unreadable


def _is_canonical(part: str) -> bool:
    """Whether this is the one text of its bytes: decoders are lenient, and a token must not have two forms."""
    try:
        decoded = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    return base64.urlsafe_b64encode(decoded).decode().rstrip("=") == part
