from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID

if TYPE_CHECKING:
  from ..models.delivery_domain_out import DeliveryDomainOut
  from ..models.delivery_measurement_out import DeliveryMeasurementOut





T = TypeVar("T", bound="ResultOut")



@_attrs_define
class ResultOut:
    """ The result of a finished sitting.

        Attributes:
            answers (int):
            domains (list[DeliveryDomainOut]):
            duration_seconds (int):
            ended (str):
            measurement (DeliveryMeasurementOut | None): null when there are too few responses
            provisional (bool):
            sitting (UUID):
     """

    answers: int
    domains: list[DeliveryDomainOut]
    duration_seconds: int
    ended: str
    measurement: DeliveryMeasurementOut | None
    provisional: bool
    sitting: UUID





    def to_dict(self) -> dict[str, Any]:
        from ..models.delivery_domain_out import DeliveryDomainOut # noqa: PLC0415
        from ..models.delivery_measurement_out import DeliveryMeasurementOut # noqa: PLC0415
        answers = self.answers

        domains = []
        for domains_item_data in self.domains:
            domains_item = domains_item_data.to_dict()
            domains.append(domains_item)



        duration_seconds = self.duration_seconds

        ended = self.ended

        measurement: dict[str, Any] | None
        if isinstance(self.measurement, DeliveryMeasurementOut):
            measurement = self.measurement.to_dict()
        else:
            measurement = self.measurement

        provisional = self.provisional

        sitting = str(self.sitting)


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "answers": answers,
            "domains": domains,
            "duration_seconds": duration_seconds,
            "ended": ended,
            "measurement": measurement,
            "provisional": provisional,
            "sitting": sitting,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.delivery_domain_out import DeliveryDomainOut # noqa: PLC0415
        from ..models.delivery_measurement_out import DeliveryMeasurementOut # noqa: PLC0415
        d = dict(src_dict)
        answers = d.pop("answers")

        domains = []
        _domains = d.pop("domains")
        for domains_item_data in (_domains):
            domains_item = DeliveryDomainOut.from_dict(domains_item_data)



            domains.append(domains_item)


        duration_seconds = d.pop("duration_seconds")

        ended = d.pop("ended")

        def _parse_measurement(data: object) -> DeliveryMeasurementOut | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                measurement_type_0 = DeliveryMeasurementOut.from_dict(data)



                return measurement_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DeliveryMeasurementOut | None, data)

        measurement = _parse_measurement(d.pop("measurement"))


        provisional = d.pop("provisional")

        sitting = UUID(d.pop("sitting"))




        result_out = cls(
            answers=answers,
            domains=domains,
            duration_seconds=duration_seconds,
            ended=ended,
            measurement=measurement,
            provisional=provisional,
            sitting=sitting,
        )

        return result_out

