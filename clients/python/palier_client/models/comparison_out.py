from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="ComparisonOut")



@_attrs_define
class ComparisonOut:
    """ The learners of at least two other institutions in the same design, counted until last midnight.

        Attributes:
            institutions (int):
            learners (int): rounded down to ten
            shares_percent (list[int | None]): per level; null where too few
     """

    institutions: int
    learners: int
    shares_percent: list[int | None]





    def to_dict(self) -> dict[str, Any]:
        institutions = self.institutions

        learners = self.learners

        shares_percent = []
        for shares_percent_item_data in self.shares_percent:
            shares_percent_item: int | None
            shares_percent_item = shares_percent_item_data
            shares_percent.append(shares_percent_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "institutions": institutions,
            "learners": learners,
            "shares_percent": shares_percent,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        institutions = d.pop("institutions")

        learners = d.pop("learners")

        shares_percent = []
        _shares_percent = d.pop("shares_percent")
        for shares_percent_item_data in (_shares_percent):
            def _parse_shares_percent_item(data: object) -> int | None:
                if data is None:
                    return data
                return cast(int | None, data)

            shares_percent_item = _parse_shares_percent_item(shares_percent_item_data)

            shares_percent.append(shares_percent_item)


        comparison_out = cls(
            institutions=institutions,
            learners=learners,
            shares_percent=shares_percent,
        )

        return comparison_out

