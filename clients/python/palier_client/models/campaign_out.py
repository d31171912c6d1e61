from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.campaign_out_identifier import CampaignOutIdentifier
from ..models.campaign_out_publication import CampaignOutPublication
from ..models.campaign_out_purpose import CampaignOutPurpose
from ..models.campaign_out_state import CampaignOutState
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
  from ..models.retake_rule import RetakeRule





T = TypeVar("T", bound="CampaignOut")



@_attrs_define
class CampaignOut:
    """ A campaign.

        Attributes:
            closes_at (datetime.datetime | None):
            cohort (None | UUID):
            created_at (datetime.datetime):
            design (str):
            id (UUID):
            identifier (CampaignOutIdentifier):
            indicative (bool): item parameters are not calibrated: results are indicative, no certificate
            join_code (None | str):
            join_url (None | str):
            language (None | str):
            name (str):
            opens_at (datetime.datetime | None):
            profession (None | str):
            publication (CampaignOutPublication):
            published_at (datetime.datetime | None):
            purpose (CampaignOutPurpose):
            retake (RetakeRule): How often a learner may sit.
            state (CampaignOutState):
     """

    closes_at: datetime.datetime | None
    cohort: None | UUID
    created_at: datetime.datetime
    design: str
    id: UUID
    identifier: CampaignOutIdentifier
    indicative: bool
    join_code: None | str
    join_url: None | str
    language: None | str
    name: str
    opens_at: datetime.datetime | None
    profession: None | str
    publication: CampaignOutPublication
    published_at: datetime.datetime | None
    purpose: CampaignOutPurpose
    retake: RetakeRule
    state: CampaignOutState





    def to_dict(self) -> dict[str, Any]:
        from ..models.retake_rule import RetakeRule # noqa: PLC0415
        closes_at: None | str
        if isinstance(self.closes_at, datetime.datetime):
            closes_at = self.closes_at.isoformat()
        else:
            closes_at = self.closes_at

        cohort: None | str
        if isinstance(self.cohort, UUID):
            cohort = str(self.cohort)
        else:
            cohort = self.cohort

        created_at = self.created_at.isoformat()

        design = self.design

        id = str(self.id)

        identifier = self.identifier.value

        indicative = self.indicative

        join_code: None | str
        join_code = self.join_code

        join_url: None | str
        join_url = self.join_url

        language: None | str
        language = self.language

        name = self.name

        opens_at: None | str
        if isinstance(self.opens_at, datetime.datetime):
            opens_at = self.opens_at.isoformat()
        else:
            opens_at = self.opens_at

        profession: None | str
        profession = self.profession

        publication = self.publication.value

        published_at: None | str
        if isinstance(self.published_at, datetime.datetime):
            published_at = self.published_at.isoformat()
        else:
            published_at = self.published_at

        purpose = self.purpose.value

        retake = self.retake.to_dict()

        state = self.state.value


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "closes_at": closes_at,
            "cohort": cohort,
            "created_at": created_at,
            "design": design,
            "id": id,
            "identifier": identifier,
            "indicative": indicative,
            "join_code": join_code,
            "join_url": join_url,
            "language": language,
            "name": name,
            "opens_at": opens_at,
            "profession": profession,
            "publication": publication,
            "published_at": published_at,
            "purpose": purpose,
            "retake": retake,
            "state": state,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.retake_rule import RetakeRule # noqa: PLC0415
        d = dict(src_dict)
        def _parse_closes_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closes_at_type_0 = datetime.datetime.fromisoformat(data)



                return closes_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        closes_at = _parse_closes_at(d.pop("closes_at"))


        def _parse_cohort(data: object) -> None | UUID:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                cohort_type_0 = UUID(data)



                return cohort_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UUID, data)

        cohort = _parse_cohort(d.pop("cohort"))


        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        design = d.pop("design")

        id = UUID(d.pop("id"))




        identifier = CampaignOutIdentifier(d.pop("identifier"))




        indicative = d.pop("indicative")

        def _parse_join_code(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        join_code = _parse_join_code(d.pop("join_code"))


        def _parse_join_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        join_url = _parse_join_url(d.pop("join_url"))


        def _parse_language(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        language = _parse_language(d.pop("language"))


        name = d.pop("name")

        def _parse_opens_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                opens_at_type_0 = datetime.datetime.fromisoformat(data)



                return opens_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        opens_at = _parse_opens_at(d.pop("opens_at"))


        def _parse_profession(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        profession = _parse_profession(d.pop("profession"))


        publication = CampaignOutPublication(d.pop("publication"))




        def _parse_published_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                published_at_type_0 = datetime.datetime.fromisoformat(data)



                return published_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        published_at = _parse_published_at(d.pop("published_at"))


        purpose = CampaignOutPurpose(d.pop("purpose"))




        retake = RetakeRule.from_dict(d.pop("retake"))




        state = CampaignOutState(d.pop("state"))




        campaign_out = cls(
            closes_at=closes_at,
            cohort=cohort,
            created_at=created_at,
            design=design,
            id=id,
            identifier=identifier,
            indicative=indicative,
            join_code=join_code,
            join_url=join_url,
            language=language,
            name=name,
            opens_at=opens_at,
            profession=profession,
            publication=publication,
            published_at=published_at,
            purpose=purpose,
            retake=retake,
            state=state,
        )

        return campaign_out

