from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="AdjustmentIn")



@_attrs_define
class AdjustmentIn:
    """ More time for a learner, in sittings to come.

        Attributes:
            time_factor (float): 1, 1.33, 1.5 or 2 times the time; why is not asked
     """

    time_factor: float





    def to_dict(self) -> dict[str, Any]:
        time_factor = self.time_factor


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "time_factor": time_factor,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        time_factor = d.pop("time_factor")

        adjustment_in = cls(
            time_factor=time_factor,
        )

        return adjustment_in

