"""Who may do what: scopes that keys and tokens carry, and the roles of members as named sets of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from app.errors import Forbidden, InsufficientScope

Mode = Literal["live", "test"]


class Scope(StrEnum):
    """One thing a caller may do."""

    INSTITUTION_READ = "institution:read"
    INSTITUTION_WRITE = "institution:write"
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    LEARNERS_READ = "learners:read"
    LEARNERS_WRITE = "learners:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    SITTINGS_READ = "sittings:read"
    SITTINGS_WRITE = "sittings:write"
    RESULTS_READ = "results:read"
    RESULTS_PUBLISH = "results:publish"
    RESPONSES_READ = "responses:read"
    EXPORTS_WRITE = "exports:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    LTI_READ = "lti:read"
    LTI_WRITE = "lti:write"
    PRIVACY_WRITE = "privacy:write"
    AUDIT_READ = "audit:read"


ALL = frozenset(Scope)


class Role(StrEnum):
    """What a member is in an institution."""

    OWNER = "owner"
    MANAGER = "manager"
    AUTHOR = "author"
    REVIEWER = "reviewer"
    PSYCHOMETRICIAN = "psychometrician"
    INVIGILATOR = "invigilator"
    JURY = "jury"
    VIEWER = "viewer"


# The bank's own work (writing, reviewing, calibrating) happens on the command line, under the same role names.
GRANTS: Mapping[Role, frozenset[Scope]] = {
    Role.OWNER: ALL - {Scope.RESPONSES_READ},
    Role.MANAGER: frozenset(
        {
            Scope.INSTITUTION_READ,
            Scope.MEMBERS_READ,
            Scope.LEARNERS_READ,
            Scope.LEARNERS_WRITE,
            Scope.CAMPAIGNS_READ,
            Scope.CAMPAIGNS_WRITE,
            Scope.SITTINGS_READ,
            Scope.SITTINGS_WRITE,
            Scope.RESULTS_READ,
            Scope.EXPORTS_WRITE,
            Scope.WEBHOOKS_READ,
            Scope.LTI_READ,
        }
    ),
    Role.AUTHOR: frozenset({Scope.INSTITUTION_READ}),
    Role.REVIEWER: frozenset({Scope.INSTITUTION_READ}),
    Role.PSYCHOMETRICIAN: frozenset(
        {
            Scope.INSTITUTION_READ,
            Scope.CAMPAIGNS_READ,
            Scope.RESULTS_READ,
            Scope.RESPONSES_READ,
            Scope.EXPORTS_WRITE,
        }
    ),
    Role.INVIGILATOR: frozenset(
        {Scope.INSTITUTION_READ, Scope.LEARNERS_READ, Scope.CAMPAIGNS_READ, Scope.SITTINGS_READ}
    ),
    Role.JURY: frozenset(
        {
            Scope.INSTITUTION_READ,
            Scope.LEARNERS_READ,
            Scope.CAMPAIGNS_READ,
            Scope.SITTINGS_READ,
            Scope.RESULTS_READ,
            Scope.RESULTS_PUBLISH,
        }
    ),
    Role.VIEWER: frozenset({Scope.INSTITUTION_READ, Scope.CAMPAIGNS_READ, Scope.RESULTS_READ}),
}


@dataclass(frozen=True)
class Caller:
    """Who asks, for which institution, and what they may do.

    In test mode `institution_id` is the twin of the live institution, which holds everything made in test mode.
    """

    institution_id: UUID
    mode: Mode
    scopes: frozenset[Scope]
    actor: str
    credential_id: UUID
    clock_offset: timedelta = timedelta()

    def require(self, scope: Scope) -> None:
        """Raise `InsufficientScope` unless the caller may."""
        if scope not in self.scopes:
            raise InsufficientScope(f"This needs the scope `{scope}`.", scope=str(scope))

    def grant(self, scopes: frozenset[Scope], mode: Mode) -> None:
        """Raise unless the caller may give these scopes to a credential of this mode.

        Raises
        ------
        InsufficientScope
            Nobody grants what they do not have.
        Forbidden
            Test mode makes nothing live.
        """
        beyond = sorted(scopes - self.scopes)
        if beyond:
            raise InsufficientScope(
                f"You cannot grant what you do not have: {', '.join(beyond)}.", scope=beyond[0]
            )
        if self.mode == "test" and mode == "live":
            raise Forbidden("In test mode only test credentials can be managed.")

    def now(self, now: datetime) -> datetime:
        """The caller's time: test mode travels."""
        return now + self.clock_offset
