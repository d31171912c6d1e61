from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.client_with_secret_out import ClientWithSecretOut
from ...models.problem_out import ProblemOut
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID



def _get_kwargs(
    client_id: UUID,
    *,
    idempotency_key: None | str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/clients/{client_id}/rotate".format(client_id=quote(str(client_id), safe=""),),
    }


    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ClientWithSecretOut | ProblemOut | None:
    if response.status_code == 200:
        response_200 = ClientWithSecretOut.from_dict(response.json())



        return response_200

    if response.status_code == 401:
        response_401 = ProblemOut.from_dict(response.json())



        return response_401

    if response.status_code == 403:
        response_403 = ProblemOut.from_dict(response.json())



        return response_403

    if response.status_code == 404:
        response_404 = ProblemOut.from_dict(response.json())



        return response_404

    if response.status_code == 409:
        response_409 = ProblemOut.from_dict(response.json())



        return response_409

    if response.status_code == 422:
        response_422 = ProblemOut.from_dict(response.json())



        return response_422

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ClientWithSecretOut | ProblemOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    client_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> Response[ClientWithSecretOut | ProblemOut]:
    """ Draw a new secret for an OAuth 2 client

     The former secret is good for another day, an older one ends now; tokens already given live out
    their hour.

    Args:
        client_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ClientWithSecretOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        client_id=client_id,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    client_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> ClientWithSecretOut | ProblemOut | None:
    """ Draw a new secret for an OAuth 2 client

     The former secret is good for another day, an older one ends now; tokens already given live out
    their hour.

    Args:
        client_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ClientWithSecretOut | ProblemOut
     """


    return sync_detailed(
        client_id=client_id,
client=client,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    client_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> Response[ClientWithSecretOut | ProblemOut]:
    """ Draw a new secret for an OAuth 2 client

     The former secret is good for another day, an older one ends now; tokens already given live out
    their hour.

    Args:
        client_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ClientWithSecretOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        client_id=client_id,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    client_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> ClientWithSecretOut | ProblemOut | None:
    """ Draw a new secret for an OAuth 2 client

     The former secret is good for another day, an older one ends now; tokens already given live out
    their hour.

    Args:
        client_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ClientWithSecretOut | ProblemOut
     """


    return (await asyncio_detailed(
        client_id=client_id,
client=client,
idempotency_key=idempotency_key,

    )).parsed
