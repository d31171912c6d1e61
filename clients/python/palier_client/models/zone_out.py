from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="ZoneOut")



@_attrs_define
class ZoneOut:
    """ A zone of the document that may be chosen; in the document it is `<span data-zone="a">`.

        Attributes:
            html (str): its name, for a list beside the document
            id (str):
            text (str): its words in the document, plain text
     """

    html: str
    id: str
    text: str





    def to_dict(self) -> dict[str, Any]:
        html = self.html

        id = self.id

        text = self.text


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "html": html,
            "id": id,
            "text": text,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        html = d.pop("html")

        id = d.pop("id")

        text = d.pop("text")

        zone_out = cls(
            html=html,
            id=id,
            text=text,
        )

        return zone_out

