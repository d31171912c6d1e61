from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.delivery_list_out import DeliveryListOut
from ...models.problem_out import ProblemOut
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID



def _get_kwargs(
    webhook_id: UUID,
    *,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    params["limit"] = limit

    json_starting_after: None | str | Unset
    if isinstance(starting_after, Unset):
        json_starting_after = UNSET
    else:
        json_starting_after = starting_after
    params["starting_after"] = json_starting_after


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/webhooks/{webhook_id}/deliveries".format(webhook_id=quote(str(webhook_id), safe=""),),
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> DeliveryListOut | ProblemOut | None:
    if response.status_code == 200:
        response_200 = DeliveryListOut.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[DeliveryListOut | ProblemOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    webhook_id: UUID,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> Response[DeliveryListOut | ProblemOut]:
    """ List deliveries

     The delivery log, newest first.

    Args:
        webhook_id (UUID):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeliveryListOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        webhook_id=webhook_id,
limit=limit,
starting_after=starting_after,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    webhook_id: UUID,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> DeliveryListOut | ProblemOut | None:
    """ List deliveries

     The delivery log, newest first.

    Args:
        webhook_id (UUID):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeliveryListOut | ProblemOut
     """


    return sync_detailed(
        webhook_id=webhook_id,
client=client,
limit=limit,
starting_after=starting_after,

    ).parsed

async def asyncio_detailed(
    webhook_id: UUID,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> Response[DeliveryListOut | ProblemOut]:
    """ List deliveries

     The delivery log, newest first.

    Args:
        webhook_id (UUID):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeliveryListOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        webhook_id=webhook_id,
limit=limit,
starting_after=starting_after,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    webhook_id: UUID,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> DeliveryListOut | ProblemOut | None:
    """ List deliveries

     The delivery log, newest first.

    Args:
        webhook_id (UUID):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeliveryListOut | ProblemOut
     """


    return (await asyncio_detailed(
        webhook_id=webhook_id,
client=client,
limit=limit,
starting_after=starting_after,

    )).parsed
