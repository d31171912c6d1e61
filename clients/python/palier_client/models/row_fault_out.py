from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="RowFaultOut")



@_attrs_define
class RowFaultOut:
    """ What is wrong in a cell. Row 1 holds the headings; row 0 stands for the whole file.

        Attributes:
            column (str):
            message (str): in the language of `Accept-Language`: en or fr
            row (int):
     """

    column: str
    message: str
    row: int





    def to_dict(self) -> dict[str, Any]:
        column = self.column

        message = self.message

        row = self.row


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "column": column,
            "message": message,
            "row": row,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        column = d.pop("column")

        message = d.pop("message")

        row = d.pop("row")

        row_fault_out = cls(
            column=column,
            message=message,
            row=row,
        )

        return row_fault_out

