from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.cohort_out import CohortOut





T = TypeVar("T", bound="CohortListOut")



@_attrs_define
class CohortListOut:
    """ Cohorts, in pages.

        Attributes:
            data (list[CohortOut]):
            next_ (None | str): give it as `starting_after` to read on; null at the end
     """

    data: list[CohortOut]
    next_: None | str





    def to_dict(self) -> dict[str, Any]:
        from ..models.cohort_out import CohortOut # noqa: PLC0415
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
        from ..models.cohort_out import CohortOut # noqa: PLC0415
        d = dict(src_dict)
        data = []
        _data = d.pop("data")
        for data_item_data in (_data):
            data_item = CohortOut.from_dict(data_item_data)



            data.append(data_item)


        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))


        cohort_list_out = cls(
            data=data,
            next_=next_,
        )

        return cohort_list_out

