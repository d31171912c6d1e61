from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.create_token_token_form import CreateTokenTokenForm
from ...models.problem_out import ProblemOut
from ...models.token_error_out import TokenErrorOut
from ...models.token_out import TokenOut
from typing import cast



def _get_kwargs(
    *,
    body: CreateTokenTokenForm,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}


    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/oauth/token",
    }

    _kwargs["data"] = body.to_dict()
    headers["Content-Type"] = "application/x-www-form-urlencoded"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ProblemOut | TokenErrorOut | TokenOut | None:
    if response.status_code == 200:
        response_200 = TokenOut.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ProblemOut | TokenErrorOut | TokenOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateTokenTokenForm,

) -> Response[ProblemOut | TokenErrorOut | TokenOut]:
    """ Get an access token

     Client credentials, for an hour. The token goes where an API key goes: `Authorization: Bearer`.

    Args:
        body (CreateTokenTokenForm): A token is asked for; the client proves itself here or by the
            header `Authorization: Basic`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemOut | TokenErrorOut | TokenOut]
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
    body: CreateTokenTokenForm,

) -> ProblemOut | TokenErrorOut | TokenOut | None:
    """ Get an access token

     Client credentials, for an hour. The token goes where an API key goes: `Authorization: Bearer`.

    Args:
        body (CreateTokenTokenForm): A token is asked for; the client proves itself here or by the
            header `Authorization: Basic`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemOut | TokenErrorOut | TokenOut
     """


    return sync_detailed(
        client=client,
body=body,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateTokenTokenForm,

) -> Response[ProblemOut | TokenErrorOut | TokenOut]:
    """ Get an access token

     Client credentials, for an hour. The token goes where an API key goes: `Authorization: Bearer`.

    Args:
        body (CreateTokenTokenForm): A token is asked for; the client proves itself here or by the
            header `Authorization: Basic`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemOut | TokenErrorOut | TokenOut]
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
    body: CreateTokenTokenForm,

) -> ProblemOut | TokenErrorOut | TokenOut | None:
    """ Get an access token

     Client credentials, for an hour. The token goes where an API key goes: `Authorization: Bearer`.

    Args:
        body (CreateTokenTokenForm): A token is asked for; the client proves itself here or by the
            header `Authorization: Basic`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemOut | TokenErrorOut | TokenOut
     """


    return (await asyncio_detailed(
        client=client,
body=body,

    )).parsed
