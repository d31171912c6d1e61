"""What can go wrong, and how it is said: RFC 9457 problems for the API, a page in French for learners.

AppError
├── NotFound                404  unknown, or not yours
├── Unauthorized            401
├── Forbidden               403
│   └── InsufficientScope        the key or role does not go so far
├── Conflict                409  the state does not allow it
│   ├── AlreadyAnswered          another response stands for this question
│   ├── WrongItem                not the item being shown
│   ├── TimeOver                 the deadline has passed
│   ├── SittingClosed
│   ├── QuotaReached
│   ├── ResultHeld               the campaign is not published yet
│   ├── RetakeRefused            not yet, or no longer
│   ├── SittingOpen              finish that one first
│   └── LastOwner                an institution keeps one
├── Gone                    410  expired access code
├── PreconditionFailed      412  changed meanwhile
├── TooMany                 429
├── InvalidInput            422  shape only: names the field, says what was expected
└── Unavailable             503
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class AppError(Exception):
    """An expected refusal: stable `code` for programs, `detail` for people."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra: Mapping[str, Any] = extra


class NotFound(AppError):
    """Unknown, or belongs to somebody else: the caller cannot tell which."""

    status, code, title = 404, "not_found", "Not found"


class Unauthorized(AppError):
    """No credentials, or credentials nobody knows."""

    status, code, title = 401, "unauthorized", "Authentication required"


class Forbidden(AppError):
    """Known caller, forbidden act."""

    status, code, title = 403, "forbidden", "Forbidden"


class InsufficientScope(Forbidden):
    """The key, token or role is known but does not go so far; `scope` says what is missing."""

    code, title = "insufficient_scope", "Insufficient scope"


class Conflict(AppError):
    """The present state does not allow the request."""

    status, code, title = 409, "conflict", "Conflict with the present state"


class AlreadyAnswered(Conflict):
    """A different response already stands for this question."""

    code, title = "already_answered", "This question has already been answered"


class WrongItem(Conflict):
    """The response is for another item than the one shown."""

    code, title = "wrong_item", "Another item is being shown"


class TimeOver(Conflict):
    """The deadline has passed; the sitting is closed."""

    code, title = "time_over", "The time is over"


class SittingClosed(Conflict):
    """The sitting is finished."""

    code, title = "sitting_closed", "The sitting is finished"


class NotStarted(Conflict):
    """The sitting has not been started."""

    code, title = "not_started", "The sitting has not been started"


class NotFinished(Conflict):
    """The sitting has no result yet."""

    code, title = "not_finished", "The sitting is not finished"


class ResultHeld(Conflict):
    """The result is kept until those who are responsible for the campaign publish it."""

    code, title = "result_held", "The result is not published yet"


class RetakeRefused(Conflict):
    """The campaign does not allow another sitting: not yet (`allowed_at` says when), or no longer."""

    code, title = "retake_refused", "Another sitting is not allowed"


class SittingOpen(Conflict):
    """The learner has a sitting of this campaign that is not finished; `sitting` names it."""

    code, title = "sitting_open", "A sitting is under way"


class IdempotencyMismatch(Conflict):
    """The same idempotency key was used for another request."""

    code, title = "idempotency_mismatch", "Idempotency key used for another request"


class QuotaReached(Conflict):
    """The institution has used up what it may use."""

    code, title = "quota_reached", "Quota reached"


class LastOwner(Conflict):
    """An institution keeps at least one owner."""

    code, title = "last_owner", "The last owner stays"


class Gone(AppError):
    """It existed; its time has passed."""

    status, code, title = 410, "expired", "No longer valid"


class PreconditionFailed(AppError):
    """The resource has changed since the version named by `If-Match`."""

    status, code, title = 412, "precondition_failed", "Changed meanwhile"


class PayloadTooLarge(AppError):
    """The body exceeds the limit."""

    status, code, title = 413, "payload_too_large", "Request body too large"


class BadRequest(AppError):
    """The request could not be parsed."""

    status, code, title = 400, "bad_request", "Bad request"


class MethodNotAllowed(AppError):
    """This address does not know this method."""

    status, code, title = 405, "method_not_allowed", "Method not allowed"


class InvalidInput(AppError):
    """The request's shape is wrong; `errors` lists field and expectation."""

    status, code, title = 422, "invalid_input", "Invalid input"


class TooMany(AppError):
    """Slow down; `retry_after` seconds."""

    status, code, title = 429, "too_many_requests", "Too many requests"


class Unavailable(AppError):
    """The service cannot answer now; trying again later is right."""

    status, code, title = 503, "unavailable", "Temporarily unavailable"


def problem(error: AppError, instance: str) -> dict[str, Any]:
    """The RFC 9457 body of an expected refusal."""
    return {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "instance": instance,
        **error.extra,
    }


def catalogue() -> dict[str, type[AppError]]:
    """Every problem the service can answer with, by code."""
    found: dict[str, type[AppError]] = {}
    waiting = [AppError]
    while waiting:
        kind = waiting.pop()
        found[kind.code] = kind
        waiting.extend(kind.__subclasses__())
    return dict(sorted(found.items()))
