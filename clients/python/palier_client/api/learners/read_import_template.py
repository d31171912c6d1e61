from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem_out import ProblemOut
from ...models.read_import_template_format import ReadImportTemplateFormat
from ...types import File, FileTypes
from ...types import UNSET, Unset
from io import BytesIO
from typing import cast



def _get_kwargs(
    *,
    format_: ReadImportTemplateFormat | Unset = ReadImportTemplateFormat.CSV,
    accept_language: None | str | Unset = UNSET,

) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(accept_language, Unset):
        headers["Accept-Language"] = accept_language



    

    params: dict[str, Any] = {}

    json_format_: str | Unset = UNSET
    if not isinstance(format_, Unset):
        json_format_ = format_.value

    params["format"] = json_format_


    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}


    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/learners/import/template",
        "params": params,
    }


    _kwargs["headers"] = headers
    return _kwargs



def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> File | ProblemOut | None:
    if response.status_code == 200:
        response_200 = File(
             payload = BytesIO(response.text)
        )



        return response_200

    if response.status_code == 401:
        response_401 = ProblemOut.from_dict(response.json())



        return response_401

    if response.status_code == 403:
        response_403 = ProblemOut.from_dict(response.json())



        return response_403

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[File | ProblemOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    format_: ReadImportTemplateFormat | Unset = ReadImportTemplateFormat.CSV,
    accept_language: None | str | Unset = UNSET,

) -> Response[File | ProblemOut]:
    """ Download a file to fill in

     The columns an import knows, with one example.

    Args:
        format_ (ReadImportTemplateFormat | Unset):  Default: ReadImportTemplateFormat.CSV.
        accept_language (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[File | ProblemOut]
     """


    kwargs = _get_kwargs(
        format_=format_,
accept_language=accept_language,

    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)

def sync(
    *,
    client: AuthenticatedClient,
    format_: ReadImportTemplateFormat | Unset = ReadImportTemplateFormat.CSV,
    accept_language: None | str | Unset = UNSET,

) -> File | ProblemOut | None:
    """ Download a file to fill in

     The columns an import knows, with one example.

    Args:
        format_ (ReadImportTemplateFormat | Unset):  Default: ReadImportTemplateFormat.CSV.
        accept_language (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        File | ProblemOut
     """


    return sync_detailed(
        client=client,
format_=format_,
accept_language=accept_language,

    ).parsed

async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    format_: ReadImportTemplateFormat | Unset = ReadImportTemplateFormat.CSV,
    accept_language: None | str | Unset = UNSET,

) -> Response[File | ProblemOut]:
    """ Download a file to fill in

     The columns an import knows, with one example.

    Args:
        format_ (ReadImportTemplateFormat | Unset):  Default: ReadImportTemplateFormat.CSV.
        accept_language (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[File | ProblemOut]
     """


    kwargs = _get_kwargs(
        format_=format_,
accept_language=accept_language,

    )

    response = await client.get_async_httpx_client().request(
        **kwargs
    )

    return _build_response(client=client, response=response)

async def asyncio(
    *,
    client: AuthenticatedClient,
    format_: ReadImportTemplateFormat | Unset = ReadImportTemplateFormat.CSV,
    accept_language: None | str | Unset = UNSET,

) -> File | ProblemOut | None:
    """ Download a file to fill in

     The columns an import knows, with one example.

    Args:
        format_ (ReadImportTemplateFormat | Unset):  Default: ReadImportTemplateFormat.CSV.
        accept_language (None | str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        File | ProblemOut
     """


    return (await asyncio_detailed(
        client=client,
format_=format_,
accept_language=accept_language,

    )).parsed
