"""`/oauth/...`: where programs are given access tokens; refusals are those of RFC 6749, not problems."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from app.auth import oauth
from app.auth.oauth import ALGORITHMS, Known, Proof, TokenRefused
from app.auth.permissions import Scope
from app.delivery.context import Context, given_context
from app.office.keys_schemas import (
    HeldTokenForm,
    IntrospectionOut,
    MetadataOut,
    TokenErrorOut,
    TokenForm,
    TokenOut,
)
from app.wire.problems import problems

router = APIRouter(tags=["oauth"])

Ctx = Annotated[Context, Depends(given_context)]
FORM: Final = "application/x-www-form-urlencoded"
METHODS: Final = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
NOT_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": TokenErrorOut, "description": "The request is malformed or asks for what cannot be given"},
    401: {"model": TokenErrorOut, "description": "The client could not be authenticated"},
    **problems(403, 413, 429, 503),
}


def _form(form: type[BaseModel]) -> dict[str, Any]:
    """The body of a door that reads its form itself, to refuse it in the right words."""
    schema = form.model_json_schema()
    return {
        "requestBody": {"required": True, "content": {FORM: {"schema": schema}}},
        # a client may prove itself by the header; a body without proof is allowed
        "security": [{"clientBasic": []}, {}],
    }


@router.post(
    "/oauth/token",
    operation_id="createToken",
    summary="Get an access token",
    response_model=TokenOut,
    responses=REFUSALS,
    openapi_extra=_form(TokenForm),
)
async def token(request: Request, context: Ctx) -> Response:
    """Client credentials, for an hour. The token goes where an API key goes: `Authorization: Bearer`."""
    try:
        form = await _read(request)
        client = await _authenticated(request, context, form)
        if form.get("grant_type") is None:
            raise TokenRefused("invalid_request", "grant_type is missing.")
        if form["grant_type"] != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "Only client_credentials is given.")
        async with context.database.transaction() as db:
            issued = await oauth.issue(db, client, form.get("scope"), context.now())
    except TokenRefused as refusal:
        return _refused(request, refusal)
    scope = " ".join(sorted(issued.scopes))
    given = TokenOut(access_token=issued.token, token_type="Bearer", expires_in=issued.seconds, scope=scope)  # noqa: S106
    return JSONResponse(given.model_dump(), headers=NOT_KEPT)


@router.post(
    "/oauth/revoke",
    operation_id="revokeToken",
    summary="End an access token",
    response_class=Response,
    responses={200: {"description": "It has ended, or never was"}, **REFUSALS},
    openapi_extra=_form(HeldTokenForm),
)
async def revoke(request: Request, context: Ctx) -> Response:
    """It ends now (RFC 7009). A token of another client is left alone, with the same answer."""
    try:
        form = await _read(request)
        client = await _authenticated(request, context, form)
        held = _token(form)
        async with context.database.transaction() as db:
            await oauth.revoke(db, client, held, context.now())
    except TokenRefused as refusal:
        return _refused(request, refusal)
    context.keys.forget()
    return Response(headers=NOT_KEPT)


@router.post(
    "/oauth/introspect",
    operation_id="introspectToken",
    summary="Look at an access token",
    response_model=IntrospectionOut,
    responses=REFUSALS,
    openapi_extra=_form(HeldTokenForm),
)
async def introspect(request: Request, context: Ctx) -> Response:
    """What a token of your institution is good for (RFC 7662)."""
    try:
        form = await _read(request)
        client = await _authenticated(request, context, form)
        held = _token(form)
        async with context.database.reading() as db:
            found = await oauth.introspect(db, client, held, context.now())
    except TokenRefused as refusal:
        return _refused(request, refusal)
    told: dict[str, Any] = {"active": found is not None}
    if found is not None:
        told |= {**found, "token_type": "Bearer", "iss": context.settings.public_url}
    return JSONResponse(told, headers=NOT_KEPT)


@router.get(
    "/.well-known/oauth-authorization-server",
    operation_id="readAuthorizationServer",
    summary="Where and how tokens are given",
)
async def metadata(context: Ctx) -> MetadataOut:
    """Authorization server metadata (RFC 8414)."""
    issuer = context.settings.public_url
    algorithms = sorted({name for names in ALGORITHMS.values() for name in names})
    return MetadataOut(
        issuer=issuer,
        token_endpoint=f"{issuer}/oauth/token",
        revocation_endpoint=f"{issuer}/oauth/revoke",
        introspection_endpoint=f"{issuer}/oauth/introspect",
        grant_types_supported=["client_credentials"],
        response_types_supported=[],
        scopes_supported=[str(scope) for scope in Scope],
        token_endpoint_auth_methods_supported=METHODS,
        token_endpoint_auth_signing_alg_values_supported=algorithms,
        revocation_endpoint_auth_methods_supported=METHODS,
        revocation_endpoint_auth_signing_alg_values_supported=algorithms,
        introspection_endpoint_auth_methods_supported=METHODS,
        introspection_endpoint_auth_signing_alg_values_supported=algorithms,
        service_documentation=f"{issuer}/v1/docs",
    )


async def _read(request: Request) -> Mapping[str, str]:
    """The form, every parameter once."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise TokenRefused("invalid_request", f"Send the parameters as {FORM}.")
    try:
        pairs = parse_qsl(
            (await request.body()).decode(),
            keep_blank_values=False,  # RFC 6749 section 3.2: without a value, as if it were not there
            strict_parsing=False,
            errors="strict",
            max_num_fields=50,
        )
    except ValueError:
        raise TokenRefused("invalid_request", "The form cannot be read.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise TokenRefused("invalid_request", "A parameter is given twice.")
    return form


def _token(form: Mapping[str, str]) -> str:
    if "token" not in form:
        raise TokenRefused("invalid_request", "token is missing.")
    return form["token"]


async def _authenticated(request: Request, context: Context, form: Mapping[str, str]) -> Known:
    """The client, by the header or by the form; its calls are counted."""
    proof = _proof(request, form)
    issuer = context.settings.public_url
    audiences = frozenset({issuer, f"{issuer}/oauth/token", f"{issuer}{request.url.path}"})
    async with context.database.transaction() as db:
        client = await oauth.authenticate(db, proof, audiences, context.now())
    headers = request.scope["state"].setdefault("headers", {})
    context.limits.count("default", f"client:{client.id}", headers)
    return client


def _proof(request: Request, form: Mapping[str, str]) -> Proof:
    by_form = Proof(
        client_id=form.get("client_id"),
        secret=form.get("client_secret"),
        assertion_type=form.get("client_assertion_type"),
        assertion=form.get("client_assertion"),
    )
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return by_form
    if scheme.lower() != "basic" or by_form.secret is not None or by_form.assertion is not None:
        raise TokenRefused("invalid_request", "Use one way to authenticate: Basic, a secret or an assertion.")
    try:
        pair = base64.b64decode(sent.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise TokenRefused("invalid_client", "The header Authorization cannot be read.", 401) from None
    name, found, secret = pair.partition(":")
    client_id = unquote_plus(name)
    if not found or by_form.client_id not in (None, client_id):
        raise TokenRefused("invalid_client", "The header Authorization cannot be read.", 401)
    return Proof(client_id=client_id, secret=unquote_plus(secret))


def _refused(request: Request, refusal: TokenRefused) -> Response:
    headers = dict(NOT_KEPT)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="palier", charset="UTF-8"'
    body = {"error": refusal.error, "error_description": refusal.description}
    return JSONResponse(body, refusal.status, headers)
