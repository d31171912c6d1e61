from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.introspect_token_held_token_form import IntrospectTokenHeldTokenForm
from ...models.introspection_out import IntrospectionOut
from ...models.problem_out import ProblemOut
from ...models.token_error_out import TokenErrorOut
from typing import cast



def _get_kwargs(
    *,
    body: IntrospectTokenHeldTokenForm,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}


    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/oauth/introspect",
    }

    _kwargs["data"] = body.to_dict()
    headers["Content-Type"] = "application/x-www-form-urlencoded"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> IntrospectionOut | ProblemOut | TokenErrorOut | None:
    if response.status_code == 200:
        response_200 = IntrospectionOut.from_dict(response.json())



        return response_200

    if response.status_code == 400:
        response_400 = TokenErrorOut.from_dict(response.json())



        return response_400

    if response.status_code == 401:
        response_401 = TokenErrorOut.from_dict(response.json())



        return response_401

    if response.status_code == 403:
        response_403 = ProblemOut.from_dict(response.json())



        return response_403

    if response.status_code == 413:
        response_413 = ProblemOut.from_dict(response.json())



        return response_413

    if response.status_code == 429:
        response_429 = ProblemOut.from_dict(response.json())



        return response_429

    if response.status_code == 503:
        response_503 = ProblemOut.from_dict(response.json())



        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[IntrospectionOut | ProblemOut | TokenErrorOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: IntrospectTokenHeldTokenForm,

) -> Response[IntrospectionOut | ProblemOut | TokenErrorOut]:
    """ Look at an access token

     What a token of your institution is good for (RFC 7662).

    Args:
        body (IntrospectTokenHeldTokenForm): A token is looked at or ended; the client proves
            itself as for a token.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[IntrospectionOut | ProblemOut | TokenErrorOut]
     """


    kwargs = _get_kwargs(
        body=body,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient,
    body: IntrospectTokenHeldTokenForm,

) -> IntrospectionOut | ProblemOut | TokenErrorOut | None:
    """ Look at an access token

     What a token of your institution is good for (RFC 7662).

    Args:
        body (IntrospectTokenHeldTokenForm): A token is looked at or ended; the client proves
            itself as for a token.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        IntrospectionOut | ProblemOut | TokenErrorOut
     """


    return sync_detailed(
        client=client,
body=body,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: IntrospectTokenHeldTokenForm,

) -> Response[IntrospectionOut | ProblemOut | TokenErrorOut]:
    """ Look at an access token

     What a token of your institution is good for (RFC 7662).

    Args:
        body (IntrospectTokenHeldTokenForm): A token is looked at or ended; the client proves
            itself as for a token.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[IntrospectionOut | ProblemOut | TokenErrorOut]
     """


    kwargs = _get_kwargs(
        body=body,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient,
    body: IntrospectTokenHeldTokenForm,

) -> IntrospectionOut | ProblemOut | TokenErrorOut | None:
    """ Look at an access token

     What a token of your institution is good for (RFC 7662).

    Args:
        body (IntrospectTokenHeldTokenForm): A token is looked at or ended; the client proves
            itself as for a token.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        IntrospectionOut | ProblemOut | TokenErrorOut
     """


    return (await asyncio_detailed(
        client=client,
body=body,

    )).parsed
