from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.erasure_out import ErasureOut
from ...models.problem_out import ProblemOut
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID



def _get_kwargs(
    learner_id: UUID,
    *,
    idempotency_key: None | str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/privacy/learners/{learner_id}/erasure".format(learner_id=quote(str(learner_id), safe=""),),
    }


    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErasureOut | ProblemOut | None:
    if response.status_code == 200:
        response_200 = ErasureOut.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ErasureOut | ProblemOut]:
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
    idempotency_key: None | str | Unset = UNSET,

) -> Response[ErasureOut | ProblemOut]:
    """ Erase learner

     Forget a learner for good (GDPR, article 17): identity, identifier, attributes, what they entered.

    Files that were exported before and may hold the learner are withdrawn.

    Args:
        learner_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErasureOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        learner_id=learner_id,
idempotency_key=idempotency_key,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    learner_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> ErasureOut | ProblemOut | None:
    """ Erase learner

     Forget a learner for good (GDPR, article 17): identity, identifier, attributes, what they entered.

    Files that were exported before and may hold the learner are withdrawn.

    Args:
        learner_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErasureOut | ProblemOut
     """


    return sync_detailed(
        learner_id=learner_id,
client=client,
idempotency_key=idempotency_key,

    ).parsed

async def asyncio_detailed(
    learner_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> Response[ErasureOut | ProblemOut]:
    """ Erase learner

     Forget a learner for good (GDPR, article 17): identity, identifier, attributes, what they entered.

    Files that were exported before and may hold the learner are withdrawn.

    Args:
        learner_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErasureOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        learner_id=learner_id,
idempotency_key=idempotency_key,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    learner_id: UUID,
    *,
    client: AuthenticatedClient,
    idempotency_key: None | str | Unset = UNSET,

) -> ErasureOut | ProblemOut | None:
    """ Erase learner

     Forget a learner for good (GDPR, article 17): identity, identifier, attributes, what they entered.

    Files that were exported before and may hold the learner are withdrawn.

    Args:
        learner_id (UUID):
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErasureOut | ProblemOut
     """


    return (await asyncio_detailed(
        learner_id=learner_id,
client=client,
idempotency_key=idempotency_key,

    )).parsed
