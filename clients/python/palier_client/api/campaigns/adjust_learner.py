from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.adjustment_in import AdjustmentIn
from ...models.problem_out import ProblemOut
from typing import cast
from uuid import UUID



def _get_kwargs(
    campaign_id: UUID,
    learner_id: UUID,
    *,
    body: AdjustmentIn,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}


    

    

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/campaigns/{campaign_id}/learners/{learner_id}".format(campaign_id=quote(str(campaign_id), safe=""),learner_id=quote(str(learner_id), safe=""),),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> AdjustmentIn | ProblemOut | None:
    if response.status_code == 200:
        response_200 = AdjustmentIn.from_dict(response.json())



        return response_200

    if response.status_code == 400:
        response_400 = ProblemOut.from_dict(response.json())



        return response_400

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

    if response.status_code == 413:
        response_413 = ProblemOut.from_dict(response.json())



        return response_413

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[AdjustmentIn | ProblemOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    campaign_id: UUID,
    learner_id: UUID,
    *,
    client: AuthenticatedClient,
    body: AdjustmentIn,

) -> Response[AdjustmentIn | ProblemOut]:
    """ Grant a learner more time

     In sittings to come: one that exists keeps its time.

    Args:
        campaign_id (UUID):
        learner_id (UUID):
        body (AdjustmentIn): More time for a learner, in sittings to come.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AdjustmentIn | ProblemOut]
     """


    kwargs = _get_kwargs(
        campaign_id=campaign_id,
learner_id=learner_id,
body=body,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    campaign_id: UUID,
    learner_id: UUID,
    *,
    client: AuthenticatedClient,
    body: AdjustmentIn,

) -> AdjustmentIn | ProblemOut | None:
    """ Grant a learner more time

     In sittings to come: one that exists keeps its time.

    Args:
        campaign_id (UUID):
        learner_id (UUID):
        body (AdjustmentIn): More time for a learner, in sittings to come.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AdjustmentIn | ProblemOut
     """


    return sync_detailed(
        campaign_id=campaign_id,
learner_id=learner_id,
client=client,
body=body,

    ).parsed

async def asyncio_detailed(
    campaign_id: UUID,
    learner_id: UUID,
    *,
    client: AuthenticatedClient,
    body: AdjustmentIn,

) -> Response[AdjustmentIn | ProblemOut]:
    """ Grant a learner more time

     In sittings to come: one that exists keeps its time.

    Args:
        campaign_id (UUID):
        learner_id (UUID):
        body (AdjustmentIn): More time for a learner, in sittings to come.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AdjustmentIn | ProblemOut]
     """


    kwargs = _get_kwargs(
        campaign_id=campaign_id,
learner_id=learner_id,
body=body,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    campaign_id: UUID,
    learner_id: UUID,
    *,
    client: AuthenticatedClient,
    body: AdjustmentIn,

) -> AdjustmentIn | ProblemOut | None:
    """ Grant a learner more time

     In sittings to come: one that exists keeps its time.

    Args:
        campaign_id (UUID):
        learner_id (UUID):
        body (AdjustmentIn): More time for a learner, in sittings to come.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AdjustmentIn | ProblemOut
     """


    return (await asyncio_detailed(
        campaign_id=campaign_id,
learner_id=learner_id,
client=client,
body=body,

    )).parsed
