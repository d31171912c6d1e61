"""What an LTI message is refused for: reasons that a page words for whoever administers the platform."""

from typing import Literal

from app.errors import AppError

Reason = Literal[
    "missing",  # the message lacks a parameter
    "unknown_platform",  # no registration with this issuer and client identifier
    "several_platforms",  # the issuer has several registrations and did not say which client
    "disabled",
    "state",  # the login that this answers is unknown, altered or too old
    "other_browser",  # the login was begun in another browser
    "no_cookie",  # the browser keeps no cookie here
    "replayed",
    "platform_error",  # the platform answered the login with an error
    "key_set",  # the platform's keys could not be read
    "signature",
    "issuer",
    "audience",
    "deployment",
    "clock",
    "nonce",
    "message",  # a type or version that is not spoken here, or a claim of the wrong shape
    "no_user",
    "role",
    "no_test",
    "closed",  # the campaign is not open now
    "no_retake",  # the campaign allows no other sitting, or not yet
    "quota",  # the institution has used up its sittings
    "full",  # the institution has as many learners as it may have, and this one is new
    "link",  # the registration link is unknown, used or expired
    "configuration",  # the platform's configuration cannot be read or contradicts itself
    "registration",  # the platform refused to register the tool
]


class LtiRefused(AppError):
    """A message of a learning platform that cannot be accepted; `reason` says what to check."""

    status, code, title = 403, "lti_refused", "The message of the learning platform is refused"

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason: Reason = reason
