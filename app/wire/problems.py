"""How a route documents what it may refuse."""

from typing import Any

from app.wire.schemas import ProblemOut

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
WORDS = {
    400: "The body is not JSON",
    401: "No API key or access token, or an unknown one",
    403: "The key, token or role does not go so far: `insufficient_scope`",
    404: "Unknown, or another institution's",
    409: "The present state does not allow it",
    410: "It existed; its time has passed",
    412: "It has changed since the version named by `If-Match`",
    413: "The body is too large",
    422: "A field is wrong; `errors` names it",
    429: "Too many calls: try again after `Retry-After` seconds",
    503: "Try again after `Retry-After` seconds",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documented refusals, all RFC 9457."""
    return {
        status: {"description": WORDS[status], "content": PROBLEM, "model": ProblemOut} for status in statuses
    }


# What any call under a key may meet.
EVERYWHERE = problems(401, 403, 429, 503)
