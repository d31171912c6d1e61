from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.delivery_domain_out_flag import DeliveryDomainOutFlag
from ..models.delivery_domain_out_state import DeliveryDomainOutState
from typing import cast






T = TypeVar("T", bound="DeliveryDomainOut")



@_attrs_define
class DeliveryDomainOut:
    """ One domain of the profile; the estimate is absent when it is not reliable enough to be shown.

        Attributes:
            answers (int):
            flag (DeliveryDomainOutFlag):
            heading (str):
            id (str):
            interval (list[float] | None):
            state (DeliveryDomainOutState):
            theta (float | None):
     """

    answers: int
    flag: DeliveryDomainOutFlag
    heading: str
    id: str
    interval: list[float] | None
    state: DeliveryDomainOutState
    theta: float | None





    def to_dict(self) -> dict[str, Any]:
        answers = self.answers

        flag = self.flag.value

        heading = self.heading

        id = self.id

        interval: list[float] | None
        if isinstance(self.interval, list):
            interval = self.interval


        else:
            interval = self.interval

        state = self.state.value

        theta: float | None
        theta = self.theta


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "answers": answers,
            "flag": flag,
            "heading": heading,
            "id": id,
            "interval": interval,
            "state": state,
            "theta": theta,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        answers = d.pop("answers")

        flag = DeliveryDomainOutFlag(d.pop("flag"))




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


        state = DeliveryDomainOutState(d.pop("state"))




        def _parse_theta(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        theta = _parse_theta(d.pop("theta"))


        delivery_domain_out = cls(
            answers=answers,
            flag=flag,
            heading=heading,
            id=id,
            interval=interval,
            state=state,
            theta=theta,
        )

        return delivery_domain_out

