"""Facts that travel through a browser and come back: sealed, for one purpose, for a while.

A login, a page of the staff, a choice under way: nothing of it need be stored, so nobody can fill the database by
asking for logins.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.secrets import Sealer


def issue(sealer: Sealer, purpose: str, facts: Mapping[str, Any], now: datetime, lasts: timedelta) -> str:
    """A ticket: facts that only this installation can write and read."""
    body = {"for": purpose, "until": (now + lasts).timestamp(), "facts": dict(facts)}
    return sealer.seal(json.dumps(body, separators=(",", ":")))


def read(sealer: Sealer, purpose: str, ticket: str, now: datetime) -> dict[str, Any] | None:
    """The facts of a ticket; None when it is altered, too old, or was issued for something else."""
    try:
        # decoders of base64 are lenient: of all texts with the same bytes one is a ticket, or it could be spent twice
        if base64.urlsafe_b64encode(base64.urlsafe_b64decode(ticket)).decode() != ticket:
            return None
        body = json.loads(sealer.open(ticket))
    except ValueError:
        return None
    if body["for"] != purpose or now.timestamp() >= body["until"]:
        return None
    facts: dict[str, Any] = body["facts"]
    return facts
