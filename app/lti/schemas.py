"""The wire form of `/v1/lti`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.wire.schemas import Wire

Address = Annotated[str, Field(min_length=1, max_length=500)]
Deployment = Annotated[str, Field(min_length=1, max_length=255)]
Origin = Annotated[str, Field(min_length=1, max_length=255)]
PlatformName = Annotated[str, Field(min_length=1, max_length=200)]


class ToolOut(Wire):
    """What a platform must be told of this tool."""

    login_url: Annotated[str, Field(examples=["https://palier.example/lti/login"])]
    launch_url: Annotated[
        str, Field(description="redirection, target link and deep linking address, all the same")
    ]
    jwks_url: str
    custom_parameters: Annotated[
        dict[str, str], Field(description="what a link carries that was not made by deep linking")
    ]


class RegistrationLinkOut(Wire):
    """A link good for one dynamic registration."""

    url: Annotated[str, Field(description="told only once; give it to the platform as it is")]
    expires_at: datetime


class PlatformIn(Wire):
    """A platform registered by hand: what it shows beside the tool, once the tool is made there."""

    name: Annotated[PlatformName, Field(examples=["Moodle de la faculté"])]
    issuer: Annotated[Address, Field(examples=["https://moodle.example"])]
    client_id: Annotated[str, Field(min_length=1, max_length=255, examples=["x4hJ2kd9Qf3"])]
    authorization_url: Annotated[Address, Field(examples=["https://moodle.example/mod/lti/auth.php"])]
    token_url: Annotated[Address, Field(examples=["https://moodle.example/mod/lti/token.php"])]
    jwks_url: Annotated[Address, Field(examples=["https://moodle.example/mod/lti/certs.php"])]
    token_audience: Annotated[
        Address | None, Field(description="audience of token requests, where it is not `token_url`")
    ] = None
    deployments: Annotated[
        list[Deployment],
        Field(
            default_factory=list,
            max_length=200,
            description="none: the first launch fixes it",
            examples=[["1"]],
        ),
    ]
    frame_origins: Annotated[
        list[Origin],
        Field(
            default_factory=list,
            max_length=20,
            description="where pages may be framed, beside the hosts of the platform",
        ),
    ]
    shows_names: Annotated[
        bool, Field(description="show the names of the roster to teachers; they are never stored")
    ] = False


class PlatformChange(Wire):
    """What may change of a platform; what is not given stays."""

    name: PlatformName | None = None
    authorization_url: Address | None = None
    token_url: Address | None = None
    jwks_url: Address | None = None
    token_audience: Address | None = None
    deployments: Annotated[list[Deployment] | None, Field(max_length=200)] = None
    frame_origins: Annotated[list[Origin] | None, Field(max_length=20)] = None
    shows_names: bool | None = None
    enabled: bool | None = None


class PlatformOut(Wire):
    """A platform."""

    id: UUID
    name: str
    issuer: str
    client_id: str
    authorization_url: str
    token_url: str
    jwks_url: str
    token_audience: str | None
    deployments: list[str]
    frame_origins: list[str]
    shows_names: bool
    enabled: bool
    created_at: datetime


class PlatformListOut(Wire):
    """Platforms, oldest first."""

    data: list[PlatformOut]
    next: Annotated[str | None, Field(description="`starting_after` of the next page")]
