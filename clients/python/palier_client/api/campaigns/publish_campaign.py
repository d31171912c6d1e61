from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem_out import ProblemOut
from ...models.published_out import PublishedOut
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID



def _get_kwargs(
    campaign_id: UUID,
    *,
    idempotency_key: None | str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/campaigns/{campaign_id}/publish".format(campaign_id=quote(str(campaign_id), safe=""),),
    }


    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ProblemOut | PublishedOut | None:
    if response.status_code == 200:
        response_200 = PublishedOut.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ProblemOut | PublishedOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    campaign_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> Response[ProblemOut | PublishedOut]:
    """ Publish held results

     Every held result at once; who is still sitting learns theirs at the end. It cannot be undone.

    Args:
        campaign_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemOut | PublishedOut]
     """


    kwargs = _get_kwargs(
        campaign_id=campaign_id,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    campaign_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> ProblemOut | PublishedOut | None:
    """ Publish held results

     Every held result at once; who is still sitting learns theirs at the end. It cannot be undone.

    Args:
        campaign_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemOut | PublishedOut
     """


    return sync_detailed(
        campaign_id=campaign_id,
client=client,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    campaign_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> Response[ProblemOut | PublishedOut]:
    """ Publish held results

     Every held result at once; who is still sitting learns theirs at the end. It cannot be undone.

    Args:
        campaign_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemOut | PublishedOut]
     """


    kwargs = _get_kwargs(
        campaign_id=campaign_id,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    campaign_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> ProblemOut | PublishedOut | None:
    """ Publish held results

     Every held result at once; who is still sitting learns theirs at the end. It cannot be undone.

    Args:
        campaign_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemOut | PublishedOut
     """


    return (await asyncio_detailed(
        campaign_id=campaign_id,
client=client,
idempotency_key=idempotency_key,

    )).parsed
