from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.published_result_out_purpose import PublishedResultOutPurpose
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
  from ..models.reporting_domain_out import ReportingDomainOut
  from ..models.reporting_measurement_out import ReportingMeasurementOut





T = TypeVar("T", bound="PublishedResultOut")



@_attrs_define
class PublishedResultOut:
    """ One published result; a held one is not here until its campaign is published.

        Attributes:
            answers (int):
            campaign (None | UUID):
            curriculum (None | str):
            design (str):
            domains (list[ReportingDomainOut]):
            duration_seconds (int):
            ended (str): length, precision, time or learner
            external_id (None | str):
            finished_at (datetime.datetime):
            learner (UUID):
            measurement (None | ReportingMeasurementOut):
            number (int): 1, and one more for each re-scoring
            profession (None | str):
            provisional (bool): indicative only: the parameters are not calibrated
            purpose (PublishedResultOutPurpose):
            reason (str):
            sitting (UUID):
            started_at (datetime.datetime):
            updated_at (datetime.datetime): when it was given, re-scored or published
            year (None | str):
     """

    answers: int
    campaign: None | UUID
    curriculum: None | str
    design: str
    domains: list[ReportingDomainOut]
    duration_seconds: int
    ended: str
    external_id: None | str
    finished_at: datetime.datetime
    learner: UUID
    measurement: None | ReportingMeasurementOut
    number: int
    profession: None | str
    provisional: bool
    purpose: PublishedResultOutPurpose
    reason: str
    sitting: UUID
    started_at: datetime.datetime
    updated_at: datetime.datetime
    year: None | str





    def to_dict(self) -> dict[str, Any]:
        from ..models.reporting_domain_out import ReportingDomainOut # noqa: PLC0415
        from ..models.reporting_measurement_out import ReportingMeasurementOut # noqa: PLC0415
        answers = self.answers

        campaign: None | str
        if isinstance(self.campaign, UUID):
            campaign = str(self.campaign)
        else:
            campaign = self.campaign

        curriculum: None | str
        curriculum = self.curriculum

        design = self.design

        domains = []
        for domains_item_data in self.domains:
            domains_item = domains_item_data.to_dict()
            domains.append(domains_item)



        duration_seconds = self.duration_seconds

        ended = self.ended

        external_id: None | str
        external_id = self.external_id

        finished_at = self.finished_at.isoformat()

        learner = str(self.learner)

        measurement: dict[str, Any] | None
        if isinstance(self.measurement, ReportingMeasurementOut):
            measurement = self.measurement.to_dict()
        else:
            measurement = self.measurement

        number = self.number

        profession: None | str
        profession = self.profession

        provisional = self.provisional

        purpose = self.purpose.value

        reason = self.reason

        sitting = str(self.sitting)

        started_at = self.started_at.isoformat()

        updated_at = self.updated_at.isoformat()

        year: None | str
        year = self.year


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "answers": answers,
            "campaign": campaign,
            "curriculum": curriculum,
            "design": design,
            "domains": domains,
            "duration_seconds": duration_seconds,
            "ended": ended,
            "external_id": external_id,
            "finished_at": finished_at,
            "learner": learner,
            "measurement": measurement,
            "number": number,
            "profession": profession,
            "provisional": provisional,
            "purpose": purpose,
            "reason": reason,
            "sitting": sitting,
            "started_at": started_at,
            "updated_at": updated_at,
            "year": year,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reporting_domain_out import ReportingDomainOut # noqa: PLC0415
        from ..models.reporting_measurement_out import ReportingMeasurementOut # noqa: PLC0415
        d = dict(src_dict)
        answers = d.pop("answers")

        def _parse_campaign(data: object) -> None | UUID:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                campaign_type_0 = UUID(data)



                return campaign_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UUID, data)

        campaign = _parse_campaign(d.pop("campaign"))


        def _parse_curriculum(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        curriculum = _parse_curriculum(d.pop("curriculum"))


        design = d.pop("design")

        domains = []
        _domains = d.pop("domains")
        for domains_item_data in (_domains):
            domains_item = ReportingDomainOut.from_dict(domains_item_data)



            domains.append(domains_item)


        duration_seconds = d.pop("duration_seconds")

        ended = d.pop("ended")

        def _parse_external_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        external_id = _parse_external_id(d.pop("external_id"))


        finished_at = datetime.datetime.fromisoformat(d.pop("finished_at"))




        learner = UUID(d.pop("learner"))




        def _parse_measurement(data: object) -> None | ReportingMeasurementOut:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                measurement_type_0 = ReportingMeasurementOut.from_dict(data)



                return measurement_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReportingMeasurementOut, data)

        measurement = _parse_measurement(d.pop("measurement"))


        number = d.pop("number")

        def _parse_profession(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        profession = _parse_profession(d.pop("profession"))


        provisional = d.pop("provisional")

        purpose = PublishedResultOutPurpose(d.pop("purpose"))




        reason = d.pop("reason")

        sitting = UUID(d.pop("sitting"))




        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))




        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))




        def _parse_year(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        year = _parse_year(d.pop("year"))


        published_result_out = cls(
            answers=answers,
            campaign=campaign,
            curriculum=curriculum,
            design=design,
            domains=domains,
            duration_seconds=duration_seconds,
            ended=ended,
            external_id=external_id,
            finished_at=finished_at,
            learner=learner,
            measurement=measurement,
            number=number,
            profession=profession,
            provisional=provisional,
            purpose=purpose,
            reason=reason,
            sitting=sitting,
            started_at=started_at,
            updated_at=updated_at,
            year=year,
        )

        return published_result_out

