from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="ChangeOut")



@_attrs_define
class ChangeOut:
    """ From the first to the last sitting of the same learners; counts are null under ten learners.

        Attributes:
            down (int | None):
            interval (list[float] | None):
            learners (int):
            mean_difference (float | None): logits
            not_distinct (int | None):
            up (int | None):
     """

    down: int | None
    interval: list[float] | None
    learners: int
    mean_difference: float | None
    not_distinct: int | None
    up: int | None





    def to_dict(self) -> dict[str, Any]:
        down: int | None
        down = self.down

        interval: list[float] | None
        if isinstance(self.interval, list):
            interval = self.interval


        else:
            interval = self.interval

        learners = self.learners

        mean_difference: float | None
        mean_difference = self.mean_difference

        not_distinct: int | None
        not_distinct = self.not_distinct

        up: int | None
        up = self.up


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "down": down,
            "interval": interval,
            "learners": learners,
            "mean_difference": mean_difference,
            "not_distinct": not_distinct,
            "up": up,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_down(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        down = _parse_down(d.pop("down"))


        def _parse_interval(data: object) -> list[float] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                interval_type_0 = cast(list[float], data)

                return interval_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[float] | None, data)

        interval = _parse_interval(d.pop("interval"))


        learners = d.pop("learners")

        def _parse_mean_difference(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        mean_difference = _parse_mean_difference(d.pop("mean_difference"))


        def _parse_not_distinct(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        not_distinct = _parse_not_distinct(d.pop("not_distinct"))


        def _parse_up(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        up = _parse_up(d.pop("up"))


        change_out = cls(
            down=down,
            interval=interval,
            learners=learners,
            mean_difference=mean_difference,
            not_distinct=not_distinct,
            up=up,
        )

        return change_out

