from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.level_probability_out import LevelProbabilityOut





T = TypeVar("T", bound="ReportingMeasurementOut")



@_attrs_define
class ReportingMeasurementOut:
    """ The estimate, with its error.

        Attributes:
            interval (list[float]): 90 % interval of theta
            level (str): identifier of the level
            level_index (int):
            levels (list[LevelProbabilityOut]):
            points (int | None): 0 to 1000; the cuts are at 200, 400, 600, 800
            points_interval (list[int] | None):
            se (float): posterior standard deviation, logits
            theta (float): logits; mean 0, sd 1 in the reference population
     """

    interval: list[float]
    level: str
    level_index: int
    levels: list[LevelProbabilityOut]
    points: int | None
    points_interval: list[int] | None
    se: float
    theta: float





    def to_dict(self) -> dict[str, Any]:
        from ..models.level_probability_out import LevelProbabilityOut # noqa: PLC0415
        interval = self.interval



        level = self.level

        level_index = self.level_index

        levels = []
        for levels_item_data in self.levels:
            levels_item = levels_item_data.to_dict()
            levels.append(levels_item)



        points: int | None
        points = self.points

        points_interval: list[int] | None
        if isinstance(self.points_interval, list):
            points_interval = self.points_interval


        else:
            points_interval = self.points_interval

        se = self.se

        theta = self.theta


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "interval": interval,
            "level": level,
            "level_index": level_index,
            "levels": levels,
            "points": points,
            "points_interval": points_interval,
            "se": se,
            "theta": theta,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.level_probability_out import LevelProbabilityOut # noqa: PLC0415
        d = dict(src_dict)
        interval = cast(list[float], d.pop("interval"))


        level = d.pop("level")

        level_index = d.pop("level_index")

        levels = []
        _levels = d.pop("levels")
        for levels_item_data in (_levels):
            levels_item = LevelProbabilityOut.from_dict(levels_item_data)



            levels.append(levels_item)


        def _parse_points(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        points = _parse_points(d.pop("points"))


        def _parse_points_interval(data: object) -> list[int] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                points_interval_type_0 = cast(list[int], data)

                return points_interval_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[int] | None, data)

        points_interval = _parse_points_interval(d.pop("points_interval"))


        se = d.pop("se")

        theta = d.pop("theta")

        reporting_measurement_out = cls(
            interval=interval,
            level=level,
            level_index=level_index,
            levels=levels,
            points=points,
            points_interval=points_interval,
            se=se,
            theta=theta,
        )

        return reporting_measurement_out

