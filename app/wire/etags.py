"""Versions of a resource: `ETag`, `If-None-Match` (304) and `If-Match` (412)."""

import hashlib
from typing import Annotated, Any, TypeVar

from fastapi import Header, Request
from fastapi.responses import Response
from pydantic import BaseModel

from app.errors import PreconditionFailed

Model = TypeVar("Model", bound=BaseModel)

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description="change only the version with this `ETag`; another answers 412",
        examples=['"5d41402abc4b2a76"'],
    ),
]


# What a GET that is answered by `conditional` documents besides.
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "It is still the version you have"}}


def etag(shown: BaseModel) -> str:
    """The version of what is shown."""
    return f'"{hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:32]}"'


def conditional(request: Request, shown: Model) -> Model | Response:
    """What to answer to a GET: the resource with its `ETag`, or 304 when the caller has it already."""
    version = etag(shown)
    request.scope["state"].setdefault("headers", {})["ETag"] = version
    asked = request.headers.get("if-none-match", "")
    if asked == "*" or version in (tag.strip().removeprefix("W/") for tag in asked.split(",")):
        return Response(status_code=304)
    return shown


def require_match(if_match: str | None, shown: BaseModel) -> None:
    """Raise `PreconditionFailed` when the caller saw another version than the present one."""
    if if_match is None or if_match.strip() == "*":
        return
    if etag(shown) not in (tag.strip() for tag in if_match.split(",")):
        raise PreconditionFailed("It has changed since. Read it again, then change it.")
