from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.cohort_out import CohortOut
from ...models.problem_out import ProblemOut
from typing import cast
from uuid import UUID



def _get_kwargs(
    cohort_id: UUID,

) -> dict[str, Any]:
    

    

    

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/cohorts/{cohort_id}".format(cohort_id=quote(str(cohort_id), safe=""),),
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | CohortOut | ProblemOut | None:
    if response.status_code == 200:
        response_200 = CohortOut.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | CohortOut | ProblemOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    cohort_id: UUID,
    *,
    client: AuthenticatedClient,

) -> Response[Any | CohortOut | ProblemOut]:
    """ Read a cohort

     One cohort, with an `ETag`; its learners are `GET /v1/learners?cohort=...`.

    Args:
        cohort_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | CohortOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        cohort_id=cohort_id,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    cohort_id: UUID,
    *,
    client: AuthenticatedClient,

) -> Any | CohortOut | ProblemOut | None:
    """ Read a cohort

     One cohort, with an `ETag`; its learners are `GET /v1/learners?cohort=...`.

    Args:
        cohort_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | CohortOut | ProblemOut
     """


    return sync_detailed(
        cohort_id=cohort_id,
client=client,

    ).parsed

async def asyncio_detailed(
    cohort_id: UUID,
    *,
    client: AuthenticatedClient,

) -> Response[Any | CohortOut | ProblemOut]:
    """ Read a cohort

     One cohort, with an `ETag`; its learners are `GET /v1/learners?cohort=...`.

    Args:
        cohort_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | CohortOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        cohort_id=cohort_id,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    cohort_id: UUID,
    *,
    client: AuthenticatedClient,

) -> Any | CohortOut | ProblemOut | None:
    """ Read a cohort

     One cohort, with an `ETag`; its learners are `GET /v1/learners?cohort=...`.

    Args:
        cohort_id (UUID):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | CohortOut | ProblemOut
     """


    return (await asyncio_detailed(
        cohort_id=cohort_id,
client=client,

    )).parsed
