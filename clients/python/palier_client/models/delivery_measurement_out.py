from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.level_out import LevelOut





T = TypeVar("T", bound="DeliveryMeasurementOut")



@_attrs_define
class DeliveryMeasurementOut:
    """ The estimate on the bank scale (logits) and on the reporting scale (0-1000).

        Attributes:
            interval (list[float]): 90 % credible interval, logits
            label (str):
            level (str):
            levels (list[LevelOut]):
            points (int): reporting scale, cuts at 200, 400, 600, 800
            points_interval (list[int]):
            se (float): posterior standard deviation, logits
            theta (float): expected a posteriori, logits
            wle (float): Warm's weighted likelihood estimate, logits
            wle_se (float):
     """

    interval: list[float]
    label: str
    level: str
    levels: list[LevelOut]
    points: int
    points_interval: list[int]
    se: float
    theta: float
    wle: float
    wle_se: float





    def to_dict(self) -> dict[str, Any]:
        from ..models.level_out import LevelOut # noqa: PLC0415
        interval = self.interval



        label = self.label

        level = self.level

        levels = []
        for levels_item_data in self.levels:
            levels_item = levels_item_data.to_dict()
            levels.append(levels_item)



        points = self.points

        points_interval = self.points_interval



        se = self.se

        theta = self.theta

        wle = self.wle

        wle_se = self.wle_se


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "interval": interval,
            "label": label,
            "level": level,
            "levels": levels,
            "points": points,
            "points_interval": points_interval,
            "se": se,
            "theta": theta,
            "wle": wle,
            "wle_se": wle_se,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.level_out import LevelOut # noqa: PLC0415
        d = dict(src_dict)
        interval = cast(list[float], d.pop("interval"))


        label = d.pop("label")

        level = d.pop("level")

        levels = []
        _levels = d.pop("levels")
        for levels_item_data in (_levels):
            levels_item = LevelOut.from_dict(levels_item_data)



            levels.append(levels_item)


        points = d.pop("points")

        points_interval = cast(list[int], d.pop("points_interval"))


        se = d.pop("se")

        theta = d.pop("theta")

        wle = d.pop("wle")

        wle_se = d.pop("wle_se")

        delivery_measurement_out = cls(
            interval=interval,
            label=label,
            level=level,
            levels=levels,
            points=points,
            points_interval=points_interval,
            se=se,
            theta=theta,
            wle=wle,
            wle_se=wle_se,
        )

        return delivery_measurement_out

