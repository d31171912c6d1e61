from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.retention_out_data_class import RetentionOutDataClass






T = TypeVar("T", bound="RetentionOut")



@_attrs_define
class RetentionOut:
    """ Days each class of personal data is kept, and what the institution may choose.

        Attributes:
            after (str): from when the days count
            data_class (RetentionOutDataClass):
            days (int):
            least (int):
            most (int):
            what (str):
     """

    after: str
    data_class: RetentionOutDataClass
    days: int
    least: int
    most: int
    what: str





    def to_dict(self) -> dict[str, Any]:
        after = self.after

        data_class = self.data_class.value

        days = self.days

        least = self.least

        most = self.most

        what = self.what


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "after": after,
            "data_class": data_class,
            "days": days,
            "least": least,
            "most": most,
            "what": what,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        after = d.pop("after")

        data_class = RetentionOutDataClass(d.pop("data_class"))




        days = d.pop("days")

        least = d.pop("least")

        most = d.pop("most")

        what = d.pop("what")

        retention_out = cls(
            after=after,
            data_class=data_class,
            days=days,
            least=least,
            most=most,
            what=what,
        )

        return retention_out

