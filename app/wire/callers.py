"""Who calls `/v1`: a bearer API key or access token, its scopes and its limits."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from fastapi import Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, OAuth2

from app.auth.permissions import Caller, Scope
from app.auth.service import KnownKeys
from app.db import Database
from app.errors import Unauthorized
from app.wire.limits import CallLimits

BEARER = HTTPBearer(
    scheme_name="apiKey",
    description="An API key of your institution: `plk_live_...` or `plk_test_...`",
    auto_error=False,
)
OAUTH2 = OAuth2(
    scheme_name="oauth2",
    description="An access token by client credentials (secret or `private_key_jwt`)",
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(
            tokenUrl="/oauth/token", scopes={str(scope): str(scope) for scope in Scope}
        )
    ),
    auto_error=False,
)


class Reach(Protocol):
    """What the context of a request must offer here."""

    @property
    def database(self) -> Database: ...
    @property
    def keys(self) -> KnownKeys: ...
    @property
    def limits(self) -> CallLimits: ...
    def now(self) -> datetime:
        """The moment of the request."""


def calling(
    scope: Scope, policy: Literal["default", "answers"] = "default", *, also: tuple[Scope, ...] = ()
) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """A dependency: the caller, who may do what `scope` says, and what `also` says.

    Raises
    ------
    Unauthorized, InsufficientScope, TooMany
    """

    async def caller(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
        _token: Annotated[str | None, Security(OAUTH2, scopes=[str(needed) for needed in (scope, *also)])],
    ) -> Caller:
        if credentials is None or not credentials.credentials:
            raise Unauthorized("Send `Authorization: Bearer <API key or access token>`.")
        context: Reach = request.app.state.context
        found = await context.keys.caller(context.database, credentials.credentials.strip(), context.now())
        headers = request.scope["state"].setdefault("headers", {})
        context.limits.count(policy, found.actor, headers)
        for needed in (scope, *also):
            found.require(needed)
        return found

    return caller
