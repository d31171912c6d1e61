from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="DocumentOut")



@_attrs_define
class DocumentOut:
    """ The fictitious document of a testlet, or that of an item with zones.

        Attributes:
            fields (list[list[str]]):
            fields_html (list[list[str]]): the same header lines, their values as HTML with zones
            html (str):
            kind (str):
            title (str):
     """

    fields: list[list[str]]
    fields_html: list[list[str]]
    html: str
    kind: str
    title: str





    def to_dict(self) -> dict[str, Any]:
        fields = []
        for fields_item_data in self.fields:
            fields_item = []
            for fields_item_item_data in fields_item_data:
                fields_item_item: str
                fields_item_item = fields_item_item_data
                fields_item.append(fields_item_item)


            fields.append(fields_item)



        fields_html = []
        for fields_html_item_data in self.fields_html:
            fields_html_item = []
            for fields_html_item_item_data in fields_html_item_data:
                fields_html_item_item: str
                fields_html_item_item = fields_html_item_item_data
                fields_html_item.append(fields_html_item_item)


            fields_html.append(fields_html_item)



        html = self.html

        kind = self.kind

        title = self.title


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "fields": fields,
            "fields_html": fields_html,
            "html": html,
            "kind": kind,
            "title": title,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        fields = []
        _fields = d.pop("fields")
        for fields_item_data in (_fields):
            fields_item = []
            _fields_item = fields_item_data
            for fields_item_item_data in (_fields_item):
                def _parse_fields_item_item(data: object) -> str:
                    return cast(str, data)

                fields_item_item = _parse_fields_item_item(fields_item_item_data)

                fields_item.append(fields_item_item)

            fields.append(fields_item)


        fields_html = []
        _fields_html = d.pop("fields_html")
        for fields_html_item_data in (_fields_html):
            fields_html_item = []
            _fields_html_item = fields_html_item_data
            for fields_html_item_item_data in (_fields_html_item):
                def _parse_fields_html_item_item(data: object) -> str:
                    return cast(str, data)

                fields_html_item_item = _parse_fields_html_item_item(fields_html_item_item_data)

                fields_html_item.append(fields_html_item_item)

            fields_html.append(fields_html_item)


        html = d.pop("html")

        kind = d.pop("kind")

        title = d.pop("title")

        document_out = cls(
            fields=fields,
            fields_html=fields_html,
            html=html,
            kind=kind,
            title=title,
        )

        return document_out

