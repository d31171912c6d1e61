from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.learner_list_out import LearnerListOut
from ...models.problem_out import ProblemOut
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID
import datetime



def _get_kwargs(
    *,
    external_id: None | str | Unset = UNSET,
    curriculum: None | str | Unset = UNSET,
    year: None | str | Unset = UNSET,
    cohort: None | Unset | UUID = UNSET,
    updated_since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_external_id: None | str | Unset
    if isinstance(external_id, Unset):
        json_external_id = UNSET
    else:
        json_external_id = external_id
    params["external_id"] = json_external_id

    json_curriculum: None | str | Unset
    if isinstance(curriculum, Unset):
        json_curriculum = UNSET
    else:
        json_curriculum = curriculum
    params["curriculum"] = json_curriculum

    json_year: None | str | Unset
    if isinstance(year, Unset):
        json_year = UNSET
    else:
        json_year = year
    params["year"] = json_year

    json_cohort: None | str | Unset
    if isinstance(cohort, Unset):
        json_cohort = UNSET
    elif isinstance(cohort, UUID):
        json_cohort = str(cohort)
    else:
        json_cohort = cohort
    params["cohort"] = json_cohort

    json_updated_since: None | str | Unset
    if isinstance(updated_since, Unset):
        json_updated_since = UNSET
    elif isinstance(updated_since, datetime.datetime):
        json_updated_since = updated_since.isoformat()
    else:
        json_updated_since = updated_since
    params["updated_since"] = json_updated_since

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
        "url": "/v1/learners",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> LearnerListOut | ProblemOut | None:
    if response.status_code == 200:
        response_200 = LearnerListOut.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[LearnerListOut | ProblemOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    external_id: None | str | Unset = UNSET,
    curriculum: None | str | Unset = UNSET,
    year: None | str | Unset = UNSET,
    cohort: None | Unset | UUID = UNSET,
    updated_since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> Response[LearnerListOut | ProblemOut]:
    """ List learners

     Learners by age; with `updated_since`, by last change, so that a copy can be kept up to date.

    Args:
        external_id (None | str | Unset):
        curriculum (None | str | Unset):
        year (None | str | Unset):
        cohort (None | Unset | UUID):
        updated_since (datetime.datetime | None | Unset):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[LearnerListOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        external_id=external_id,
curriculum=curriculum,
year=year,
cohort=cohort,
updated_since=updated_since,
limit=limit,
starting_after=starting_after,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient,
    external_id: None | str | Unset = UNSET,
    curriculum: None | str | Unset = UNSET,
    year: None | str | Unset = UNSET,
    cohort: None | Unset | UUID = UNSET,
    updated_since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> LearnerListOut | ProblemOut | None:
    """ List learners

     Learners by age; with `updated_since`, by last change, so that a copy can be kept up to date.

    Args:
        external_id (None | str | Unset):
        curriculum (None | str | Unset):
        year (None | str | Unset):
        cohort (None | Unset | UUID):
        updated_since (datetime.datetime | None | Unset):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        LearnerListOut | ProblemOut
     """


    return sync_detailed(
        client=client,
external_id=external_id,
curriculum=curriculum,
year=year,
cohort=cohort,
updated_since=updated_since,
limit=limit,
starting_after=starting_after,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    external_id: None | str | Unset = UNSET,
    curriculum: None | str | Unset = UNSET,
    year: None | str | Unset = UNSET,
    cohort: None | Unset | UUID = UNSET,
    updated_since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> Response[LearnerListOut | ProblemOut]:
    """ List learners

     Learners by age; with `updated_since`, by last change, so that a copy can be kept up to date.

    Args:
        external_id (None | str | Unset):
        curriculum (None | str | Unset):
        year (None | str | Unset):
        cohort (None | Unset | UUID):
        updated_since (datetime.datetime | None | Unset):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[LearnerListOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        external_id=external_id,
curriculum=curriculum,
year=year,
cohort=cohort,
updated_since=updated_since,
limit=limit,
starting_after=starting_after,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient,
    external_id: None | str | Unset = UNSET,
    curriculum: None | str | Unset = UNSET,
    year: None | str | Unset = UNSET,
    cohort: None | Unset | UUID = UNSET,
    updated_since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> LearnerListOut | ProblemOut | None:
    """ List learners

     Learners by age; with `updated_since`, by last change, so that a copy can be kept up to date.

    Args:
        external_id (None | str | Unset):
        curriculum (None | str | Unset):
        year (None | str | Unset):
        cohort (None | Unset | UUID):
        updated_since (datetime.datetime | None | Unset):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        LearnerListOut | ProblemOut
     """


    return (await asyncio_detailed(
        client=client,
external_id=external_id,
curriculum=curriculum,
year=year,
cohort=cohort,
updated_since=updated_since,
limit=limit,
starting_after=starting_after,

    )).parsed
