from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.identity_out import IdentityOut
from ...models.problem_out import ProblemOut
from typing import cast
from uuid import UUID



def _get_kwargs(
    learner_id: UUID,

) -> dict[str, Any]:
    

    

    

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/learners/{learner_id}/identity".format(learner_id=quote(str(learner_id), safe=""),),
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | IdentityOut | ProblemOut | None:
    if response.status_code == 200:
        response_200 = IdentityOut.from_dict(response.json())



        return response_200

    if response.status_code == 304:
        response_304 = cast(Any, None)
        return response_304

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | IdentityOut | ProblemOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    learner_id: UUID,
    *,
    client: AuthenticatedClient,

) -> Response[Any | IdentityOut | ProblemOut]:
    """ Read who a learner is

     Given name, family name and e-mail address, where you have said so.

    Args:
        learner_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | IdentityOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        learner_id=learner_id,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    learner_id: UUID,
    *,
    client: AuthenticatedClient,

) -> Any | IdentityOut | ProblemOut | None:
    """ Read who a learner is

     Given name, family name and e-mail address, where you have said so.

    Args:
        learner_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | IdentityOut | ProblemOut
     """


    return sync_detailed(
        learner_id=learner_id,
client=client,

    ).parsed

async def asyncio_detailed(
    learner_id: UUID,
    *,
    client: AuthenticatedClient,

) -> Response[Any | IdentityOut | ProblemOut]:
    """ Read who a learner is

     Given name, family name and e-mail address, where you have said so.

    Args:
        learner_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | IdentityOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        learner_id=learner_id,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    learner_id: UUID,
    *,
    client: AuthenticatedClient,

) -> Any | IdentityOut | ProblemOut | None:
    """ Read who a learner is

     Given name, family name and e-mail address, where you have said so.

    Args:
        learner_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | IdentityOut | ProblemOut
     """


    return (await asyncio_detailed(
        learner_id=learner_id,
client=client,

    )).parsed
