from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.reporting_domain_out_flag_type_0 import ReportingDomainOutFlagType0
from ..models.reporting_domain_out_state import ReportingDomainOutState
from typing import cast






T = TypeVar("T", bound="ReportingDomainOut")



@_attrs_define
class ReportingDomainOut:
    """ One domain. Only a `measured` one has numbers of its own.

        Attributes:
            answers (int):
            flag (None | ReportingDomainOutFlagType0): its 90 % interval lies above or below the learner's own mean
            heading (str):
            id (str):
            interval (list[float] | None):
            level_index (int | None):
            state (ReportingDomainOutState):
            theta (float | None):
     """

    answers: int
    flag: None | ReportingDomainOutFlagType0
    heading: str
    id: str
    interval: list[float] | None
    level_index: int | None
    state: ReportingDomainOutState
    theta: float | None





    def to_dict(self) -> dict[str, Any]:
        answers = self.answers

        flag: None | str
        if isinstance(self.flag, ReportingDomainOutFlagType0):
            flag = self.flag.value
        else:
            flag = self.flag

        heading = self.heading

        id = self.id

        interval: list[float] | None
        if isinstance(self.interval, list):
            interval = self.interval


        else:
            interval = self.interval

        level_index: int | None
        level_index = self.level_index

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
            "level_index": level_index,
            "state": state,
            "theta": theta,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        answers = d.pop("answers")

        def _parse_flag(data: object) -> None | ReportingDomainOutFlagType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                flag_type_0 = ReportingDomainOutFlagType0(data)



                return flag_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReportingDomainOutFlagType0, data)

        flag = _parse_flag(d.pop("flag"))


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


        def _parse_level_index(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        level_index = _parse_level_index(d.pop("level_index"))


        state = ReportingDomainOutState(d.pop("state"))




        def _parse_theta(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        theta = _parse_theta(d.pop("theta"))


        reporting_domain_out = cls(
            answers=answers,
            flag=flag,
            heading=heading,
            id=id,
            interval=interval,
            level_index=level_index,
            state=state,
            theta=theta,
        )

        return reporting_domain_out

