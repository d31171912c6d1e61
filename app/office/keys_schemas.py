"""The wire forms of `/v1/keys`, `/v1/clients` and the token doors."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from app.auth.permissions import Mode, Scope
from app.wire.schemas import Cursor, Wire

Label = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern="^[^\\x00]*$",
        description="by which people recognise it",
        examples=["Moodle, production"],
    ),
]
Scopes = Annotated[
    list[Scope],
    Field(
        min_length=1,
        max_length=len(Scope),
        description="what it may do, at most what you may do yourself",
        examples=[["learners:write", "sittings:write", "results:read"]],
    ),
]
InMode = Annotated[
    Mode, Field(description="what is made in test mode never meets what is live", examples=["test"])
]


class KeyIn(Wire):
    """What to make."""

    label: Label
    mode: InMode
    scopes: Scopes
    expires_at: Annotated[
        AwareDatetime | None,
        Field(description="null: until it is revoked", examples=["2099-09-01T00:00:00Z"]),
    ] = None


class KeyOut(Wire):
    """An API key, without its secret."""

    id: Annotated[UUID, Field(examples=["019a1f0e-7d3c-7a51-b0a4-d5f6c7e8f901"])]
    label: Label
    mode: InMode
    prefix: Annotated[str, Field(description="how its secret begins", examples=["plk_test_Zk3Qx"])]
    scopes: Scopes
    created_by: Annotated[str, Field(examples=["key:019a1f0e-1111-7a51-b0a4-d5f6c7e8f901"])]
    created_at: datetime
    last_used_at: Annotated[datetime | None, Field(description="to the minute; null: never")]
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyWithSecretOut(KeyOut):
    """The same with its secret, told in this reply and never again."""

    secret: Annotated[str, Field(examples=["plk_test_Zk3QxO0vJ3uYkV8n1pGmQ6r2WcXbT5eLhDfAaSsKiMo"])]


class RotatedKeyOut(KeyWithSecretOut):
    """The key that takes over, and when the former one ends."""

    former_id: UUID
    former_expires_at: datetime | None


class KeyListOut(Wire):
    """A page of the keys, oldest first."""

    data: list[KeyOut]
    next: Cursor


class JwksIn(Wire):
    """A JWK set (RFC 7517) of public keys: OKP Ed25519, EC P-256, or RSA of 2048 bits and more."""

    keys: Annotated[
        list[dict[str, Any]],
        Field(
            min_length=1,
            max_length=10,
            examples=[
                [
                    {
                        "kty": "OKP",
                        "crv": "Ed25519",
                        "kid": "2027-01",
                        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    }
                ]
            ],
        ),
    ]


class JwksOut(Wire):
    """The public keys of a client."""

    keys: list[dict[str, Any]]


class ClientIn(Wire):
    """What to make."""

    label: Label
    mode: InMode
    scopes: Scopes
    jwks: Annotated[
        JwksIn | None, Field(description="its public keys, for `private_key_jwt`; null: it is given a secret")
    ] = None


class ClientChange(Wire):
    """What to change; what is left out stays."""

    label: Label | None = None
    jwks: JwksIn | None = None


class ClientOut(Wire):
    """An OAuth 2 client, without its secret."""

    id: Annotated[
        UUID, Field(description="its `client_id`", examples=["019a1f0e-7d3c-7a51-b0a4-d5f6c7e8f901"])
    ]
    label: Label
    mode: InMode
    scopes: Scopes
    method: Annotated[Literal["secret", "private_key_jwt"], Field(description="how it proves who it is")]
    former_secret_until: Annotated[
        datetime | None,
        Field(description="the secret before its present one is good until then; null: it was never rotated"),
    ]
    jwks: JwksOut | None
    created_by: Annotated[str, Field(examples=["key:019a1f0e-1111-7a51-b0a4-d5f6c7e8f901"])]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class ClientWithSecretOut(ClientOut):
    """The same with its secret, told in this reply and never again; null when it proves itself by its keys."""

    secret: Annotated[str | None, Field(examples=["pls_Zk3QxO0vJ3uYkV8n1pGmQ6r2WcXbT5eLhDfAaSsKiMo"])]


class ClientListOut(Wire):
    """A page of the clients, oldest first."""

    data: list[ClientOut]
    next: Cursor


# The token doors: their forms are those of RFC 6749, 7009 and 7662


class TokenForm(BaseModel):
    """A token is asked for; the client proves itself here or by the header `Authorization: Basic`."""

    grant_type: Annotated[Literal["client_credentials"], Field(examples=["client_credentials"])]
    scope: Annotated[
        str | None,
        Field(
            description="separated by spaces; everything the client may do by default",
            examples=["results:read"],
        ),
    ] = None
    client_id: str | None = None
    client_secret: str | None = None
    client_assertion_type: Annotated[
        str | None, Field(examples=["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"])
    ] = None
    client_assertion: Annotated[
        str | None,
        Field(
            description="a JWT with `iss` = `sub` = the client's id, `aud` = the issuer or the token endpoint, `exp` "
            "within five minutes and a `jti` that is never used again"
        ),
    ] = None


class HeldTokenForm(BaseModel):
    """A token is looked at or ended; the client proves itself as for a token."""

    token: Annotated[str, Field(examples=["plt_Zk3QxO0vJ3uYkV8n1pGmQ6r2WcXbT5eLhDfAaSsKiMo"])]
    token_type_hint: Annotated[str | None, Field(examples=["access_token"])] = None
    client_id: str | None = None
    client_secret: str | None = None
    client_assertion_type: str | None = None
    client_assertion: str | None = None


class TokenOut(BaseModel):
    """An access token, told in this reply and never again."""

    access_token: Annotated[str, Field(examples=["plt_Zk3QxO0vJ3uYkV8n1pGmQ6r2WcXbT5eLhDfAaSsKiMo"])]
    token_type: Annotated[Literal["Bearer"], Field(examples=["Bearer"])]
    expires_in: Annotated[int, Field(description="seconds", examples=[3600])]
    scope: Annotated[str, Field(examples=["results:read sittings:write"])]


class TokenErrorOut(BaseModel):
    """A refusal, as RFC 6749 section 5.2 words it."""

    error: Annotated[
        Literal[
            "invalid_request",
            "invalid_client",
            "invalid_scope",
            "unsupported_grant_type",
            "unauthorized_client",
        ],
        Field(examples=["invalid_client"]),
    ]
    error_description: Annotated[
        str, Field(examples=["The client is unknown, or could not be authenticated."])
    ]


class IntrospectionOut(BaseModel):
    """What a token is good for; only `active: false` when it is good for nothing."""

    active: bool
    scope: Annotated[str | None, Field(examples=["results:read"])] = None
    client_id: str | None = None
    sub: str | None = None
    token_type: Annotated[str | None, Field(examples=["Bearer"])] = None
    iss: Annotated[str | None, Field(examples=["https://palier.example.org"])] = None
    exp: Annotated[int | None, Field(examples=[1799665200])] = None
    iat: Annotated[int | None, Field(examples=[1799661600])] = None


class MetadataOut(BaseModel):
    """What a program needs to know to ask for tokens (RFC 8414)."""

    issuer: Annotated[str, Field(examples=["https://palier.example.org"])]
    token_endpoint: str
    revocation_endpoint: str
    introspection_endpoint: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_signing_alg_values_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_signing_alg_values_supported: list[str]
    service_documentation: str
