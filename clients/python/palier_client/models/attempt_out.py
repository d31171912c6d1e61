from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="AttemptOut")



@_attrs_define
class AttemptOut:
    """ One call and what came back.

        Attributes:
            at (datetime.datetime):
            error (None | str): why nothing came back
            excerpt (str): first kilobyte of the response
            latency_ms (int):
            status (int | None):
     """

    at: datetime.datetime
    error: None | str
    excerpt: str
    latency_ms: int
    status: int | None





    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        error: None | str
        error = self.error

        excerpt = self.excerpt

        latency_ms = self.latency_ms

        status: int | None
        status = self.status


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "at": at,
            "error": error,
            "excerpt": excerpt,
            "latency_ms": latency_ms,
            "status": status,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))




        def _parse_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        error = _parse_error(d.pop("error"))


        excerpt = d.pop("excerpt")

        latency_ms = d.pop("latency_ms")

        def _parse_status(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        status = _parse_status(d.pop("status"))


        attempt_out = cls(
            at=at,
            error=error,
            excerpt=excerpt,
            latency_ms=latency_ms,
            status=status,
        )

        return attempt_out

