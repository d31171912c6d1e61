from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.import_learners_body import ImportLearnersBody
from ...models.import_out import ImportOut
from ...models.problem_out import ProblemOut
from ...types import UNSET, Unset
from typing import cast



def _get_kwargs(
    *,
    body: ImportLearnersBody,
    idempotency_key: None | str | Unset = UNSET,
    accept_language: None | str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    if not isinstance(accept_language, Unset):
        headers["Accept-Language"] = accept_language



    

    

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/learners/import",
    }

    _kwargs["files"] = body.to_multipart()

    headers["Content-Type"] = "multipart/form-data; boundary=+++"

    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ImportOut | ProblemOut | None:
    if response.status_code == 200:
        response_200 = ImportOut.from_dict(response.json())



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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ImportOut | ProblemOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: ImportLearnersBody,
    idempotency_key: None | str | Unset = UNSET,
    accept_language: None | str | Unset = UNSET,

) -> Response[ImportOut | ProblemOut]:
    """ Import learners from a CSV or XLSX file

     Make learners, or change those whose identifier is known; an empty cell leaves what is known.

    Every row is written or none is: with a wrong cell the reply is 422 and names each. `dry_run=true`
    tells what would
    happen, wrong cells included, and writes nothing.

    Args:
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice
        accept_language (None | str | Unset):
        body (ImportLearnersBody):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ImportOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        body=body,
idempotency_key=idempotency_key,
accept_language=accept_language,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient,
    body: ImportLearnersBody,
    idempotency_key: None | str | Unset = UNSET,
    accept_language: None | str | Unset = UNSET,

) -> ImportOut | ProblemOut | None:
    """ Import learners from a CSV or XLSX file

     Make learners, or change those whose identifier is known; an empty cell leaves what is known.

    Every row is written or none is: with a wrong cell the reply is 422 and names each. `dry_run=true`
    tells what would
    happen, wrong cells included, and writes nothing.

    Args:
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice
        accept_language (None | str | Unset):
        body (ImportLearnersBody):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ImportOut | ProblemOut
     """


    return sync_detailed(
        client=client,
body=body,
idempotency_key=idempotency_key,
accept_language=accept_language,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: ImportLearnersBody,
    idempotency_key: None | str | Unset = UNSET,
    accept_language: None | str | Unset = UNSET,

) -> Response[ImportOut | ProblemOut]:
    """ Import learners from a CSV or XLSX file

     Make learners, or change those whose identifier is known; an empty cell leaves what is known.

    Every row is written or none is: with a wrong cell the reply is 422 and names each. `dry_run=true`
    tells what would
    happen, wrong cells included, and writes nothing.

    Args:
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice
        accept_language (None | str | Unset):
        body (ImportLearnersBody):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ImportOut | ProblemOut]
     """


    kwargs = _get_kwargs(
        body=body,
idempotency_key=idempotency_key,
accept_language=accept_language,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient,
    body: ImportLearnersBody,
    idempotency_key: None | str | Unset = UNSET,
    accept_language: None | str | Unset = UNSET,

) -> ImportOut | ProblemOut | None:
    """ Import learners from a CSV or XLSX file

     Make learners, or change those whose identifier is known; an empty cell leaves what is known.

    Every row is written or none is: with a wrong cell the reply is 422 and names each. `dry_run=true`
    tells what would
    happen, wrong cells included, and writes nothing.

    Args:
        idempotency_key (None | str | Unset): the same key and request within a day give the same
            reply, and nothing happens twice
        accept_language (None | str | Unset):
        body (ImportLearnersBody):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ImportOut | ProblemOut
     """


    return (await asyncio_detailed(
        client=client,
body=body,
idempotency_key=idempotency_key,
accept_language=accept_language,

    )).parsed
