from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.domain_mean_out_standing_type_0 import DomainMeanOutStandingType0
from typing import cast






T = TypeVar("T", bound="DomainMeanOut")



@_attrs_define
class DomainMeanOut:
    """ How far the group stands from its own mean in one domain; null where it is not measured well enough.

        Attributes:
            heading (str):
            id (str):
            interval (list[float] | None):
            learners (int):
            mean_deviation (float | None): logits
            standing (DomainMeanOutStandingType0 | None):
     """

    heading: str
    id: str
    interval: list[float] | None
    learners: int
    mean_deviation: float | None
    standing: DomainMeanOutStandingType0 | None





    def to_dict(self) -> dict[str, Any]:
        heading = self.heading

        id = self.id

        interval: list[float] | None
        if isinstance(self.interval, list):
            interval = self.interval


        else:
            interval = self.interval

        learners = self.learners

        mean_deviation: float | None
        mean_deviation = self.mean_deviation

        standing: None | str
        if isinstance(self.standing, DomainMeanOutStandingType0):
            standing = self.standing.value
        else:
            standing = self.standing


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "heading": heading,
            "id": id,
            "interval": interval,
            "learners": learners,
            "mean_deviation": mean_deviation,
            "standing": standing,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        heading = d.pop("heading")

        id = d.pop("id")

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

        def _parse_mean_deviation(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        mean_deviation = _parse_mean_deviation(d.pop("mean_deviation"))


        def _parse_standing(data: object) -> DomainMeanOutStandingType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                standing_type_0 = DomainMeanOutStandingType0(data)



                return standing_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DomainMeanOutStandingType0 | None, data)

        standing = _parse_standing(d.pop("standing"))


        domain_mean_out = cls(
            heading=heading,
            id=id,
            interval=interval,
            learners=learners,
            mean_deviation=mean_deviation,
            standing=standing,
        )

        return domain_mean_out

