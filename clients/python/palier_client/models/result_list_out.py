from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.published_result_out import PublishedResultOut





T = TypeVar("T", bound="ResultListOut")



@_attrs_define
class ResultListOut:
    """ A page of results, those that changed least recently first.

        Attributes:
            data (list[PublishedResultOut]):
            next_ (None | str):
     """

    data: list[PublishedResultOut]
    next_: None | str





    def to_dict(self) -> dict[str, Any]:
        from ..models.published_result_out import PublishedResultOut # noqa: PLC0415
        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)



        next_: None | str
        next_ = self.next_


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "data": data,
            "next": next_,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.published_result_out import PublishedResultOut # noqa: PLC0415
        d = dict(src_dict)
        data = []
        _data = d.pop("data")
        for data_item_data in (_data):
            data_item = PublishedResultOut.from_dict(data_item_data)



            data.append(data_item)


        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))


        result_list_out = cls(
            data=data,
            next_=next_,
        )

        return result_list_out

