from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem_out import ProblemOut
from ...models.result_list_out import ResultListOut
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID
import datetime



def _get_kwargs(
    *,
    campaign: None | Unset | UUID = UNSET,
    cohort: None | Unset | UUID = UNSET,
    learner: None | Unset | UUID = UNSET,
    design: None | str | Unset = UNSET,
    updated_since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> dict[str, Any]:
    

    

    params: dict[str, Any] = {}

    json_campaign: None | str | Unset
    if isinstance(campaign, Unset):
        json_campaign = UNSET
    elif isinstance(campaign, UUID):
        json_campaign = str(campaign)
    else:
        json_campaign = campaign
    params["campaign"] = json_campaign

    json_cohort: None | str | Unset
    if isinstance(cohort, Unset):
        json_cohort = UNSET
    elif isinstance(cohort, UUID):
        json_cohort = str(cohort)
    else:
        json_cohort = cohort
    params["cohort"] = json_cohort

    json_learner: None | str | Unset
    if isinstance(learner, Unset):
        json_learner = UNSET
    elif isinstance(learner, UUID):
        json_learner = str(learner)
    else:
        json_learner = learner
    params["learner"] = json_learner

    json_design: None | str | Unset
    if isinstance(design, Unset):
        json_design = UNSET
    else:
        json_design = design
    params["design"] = json_design

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
        "url": "/v1/results",
        "params": params,
    }


    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ProblemOut | ResultListOut | None:
    if response.status_code == 200:
        response_200 = ResultListOut.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ProblemOut | ResultListOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    campaign: None | Unset | UUID = UNSET,
    cohort: None | Unset | UUID = UNSET,
    learner: None | Unset | UUID = UNSET,
    design: None | str | Unset = UNSET,
    updated_since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> Response[ProblemOut | ResultListOut]:
    """ List results

     Published results, those that changed least recently first.

    To follow what is new, ask again with `updated_since` a minute before the `updated_at` of the last
    row: what was
    being written meanwhile comes too, and a row that comes twice has the same `sitting` and `number`.

    Args:
        campaign (None | Unset | UUID):
        cohort (None | Unset | UUID):
        learner (None | Unset | UUID):
        design (None | str | Unset):
        updated_since (datetime.datetime | None | Unset):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemOut | ResultListOut]
     """


    kwargs = _get_kwargs(
        campaign=campaign,
cohort=cohort,
learner=learner,
design=design,
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
    campaign: None | Unset | UUID = UNSET,
    cohort: None | Unset | UUID = UNSET,
    learner: None | Unset | UUID = UNSET,
    design: None | str | Unset = UNSET,
    updated_since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> ProblemOut | ResultListOut | None:
    """ List results

     Published results, those that changed least recently first.

    To follow what is new, ask again with `updated_since` a minute before the `updated_at` of the last
    row: what was
    being written meanwhile comes too, and a row that comes twice has the same `sitting` and `number`.

    Args:
        campaign (None | Unset | UUID):
        cohort (None | Unset | UUID):
        learner (None | Unset | UUID):
        design (None | str | Unset):
        updated_since (datetime.datetime | None | Unset):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemOut | ResultListOut
     """


    return sync_detailed(
        client=client,
campaign=campaign,
cohort=cohort,
learner=learner,
design=design,
updated_since=updated_since,
limit=limit,
starting_after=starting_after,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    campaign: None | Unset | UUID = UNSET,
    cohort: None | Unset | UUID = UNSET,
    learner: None | Unset | UUID = UNSET,
    design: None | str | Unset = UNSET,
    updated_since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> Response[ProblemOut | ResultListOut]:
    """ List results

     Published results, those that changed least recently first.

    To follow what is new, ask again with `updated_since` a minute before the `updated_at` of the last
    row: what was
    being written meanwhile comes too, and a row that comes twice has the same `sitting` and `number`.

    Args:
        campaign (None | Unset | UUID):
        cohort (None | Unset | UUID):
        learner (None | Unset | UUID):
        design (None | str | Unset):
        updated_since (datetime.datetime | None | Unset):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ProblemOut | ResultListOut]
     """


    kwargs = _get_kwargs(
        campaign=campaign,
cohort=cohort,
learner=learner,
design=design,
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
    campaign: None | Unset | UUID = UNSET,
    cohort: None | Unset | UUID = UNSET,
    learner: None | Unset | UUID = UNSET,
    design: None | str | Unset = UNSET,
    updated_since: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    starting_after: None | str | Unset = UNSET,

) -> ProblemOut | ResultListOut | None:
    """ List results

     Published results, those that changed least recently first.

    To follow what is new, ask again with `updated_since` a minute before the `updated_at` of the last
    row: what was
    being written meanwhile comes too, and a row that comes twice has the same `sitting` and `number`.

    Args:
        campaign (None | Unset | UUID):
        cohort (None | Unset | UUID):
        learner (None | Unset | UUID):
        design (None | str | Unset):
        updated_since (datetime.datetime | None | Unset):
        limit (int | Unset): rows at most Default: 50.
        starting_after (None | str | Unset): `next` of the page before

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ProblemOut | ResultListOut
     """


    return (await asyncio_detailed(
        client=client,
campaign=campaign,
cohort=cohort,
learner=learner,
design=design,
updated_since=updated_since,
limit=limit,
starting_after=starting_after,

    )).parsed
