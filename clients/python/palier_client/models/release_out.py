from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="ReleaseOut")



@_attrs_define
class ReleaseOut:
    """ The bank release this sitting pins.

        Attributes:
            content_hash (str):
            demonstration (bool):
            number (int):
     """

    content_hash: str
    demonstration: bool
    number: int





    def to_dict(self) -> dict[str, Any]:
        content_hash = self.content_hash

        demonstration = self.demonstration

        number = self.number


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "content_hash": content_hash,
            "demonstration": demonstration,
            "number": number,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        content_hash = d.pop("content_hash")

        demonstration = d.pop("demonstration")

        number = d.pop("number")

        release_out = cls(
            content_hash=content_hash,
            demonstration=demonstration,
            number=number,
        )

        return release_out

