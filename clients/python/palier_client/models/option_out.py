from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="OptionOut")



@_attrs_define
class OptionOut:
    """ An option, a step, an element or a category.

        Attributes:
            html (str):
            id (str):
     """

    html: str
    id: str





    def to_dict(self) -> dict[str, Any]:
        html = self.html

        id = self.id


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "html": html,
            "id": id,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        html = d.pop("html")

        id = d.pop("id")

        option_out = cls(
            html=html,
            id=id,
        )

        return option_out

