from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="RetakeRule")



@_attrs_define
class RetakeRule:
    """ How often a learner may sit.

        Attributes:
            max_sittings (int | None | Unset): null: as often as they like
            wait_days (int | Unset): days after the end of one before the next Default: 0.
     """

    max_sittings: int | None | Unset = UNSET
    wait_days: int | Unset = 0





    def to_dict(self) -> dict[str, Any]:
        max_sittings: int | None | Unset
        if isinstance(self.max_sittings, Unset):
            max_sittings = UNSET
        else:
            max_sittings = self.max_sittings

        wait_days = self.wait_days


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if max_sittings is not UNSET:
            field_dict["max_sittings"] = max_sittings
        if wait_days is not UNSET:
            field_dict["wait_days"] = wait_days

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_max_sittings(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_sittings = _parse_max_sittings(d.pop("max_sittings", UNSET))


        wait_days = d.pop("wait_days", UNSET)

        retake_rule = cls(
            max_sittings=max_sittings,
            wait_days=wait_days,
        )

        return retake_rule

