from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.campaign_in_identifier_type_0 import CampaignInIdentifierType0
from ..models.campaign_in_publication import CampaignInPublication
from ..models.campaign_in_purpose import CampaignInPurpose
from ..types import UNSET, Unset
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
  from ..models.retake_rule import RetakeRule





T = TypeVar("T", bound="CampaignIn")



@_attrs_define
class CampaignIn:
    """ A campaign to make.

        Attributes:
            design (str):
            name (str):
            purpose (CampaignInPurpose):
            closes_at (datetime.datetime | None | Unset): last moment to start; who has started keeps their time
            cohort (None | Unset | UUID): whose learners are expected
            identifier (CampaignInIdentifierType0 | None | Unset): what who joins by the code must give: `none`; `known`,
                the identifier of a learner of the cohort or of the institution; `any` identifier. By default `known` with a
                cohort, else `none`
            join_code (bool | Unset): whether learners may join by a code Default: False.
            language (None | str | Unset):
            opens_at (datetime.datetime | None | Unset):
            profession (None | str | Unset): one of the framework's professions
            publication (CampaignInPublication | Unset): held: nobody learns a result before `publish` Default:
                CampaignInPublication.IMMEDIATE.
            retake (RetakeRule | Unset): How often a learner may sit.
     """

    design: str
    name: str
    purpose: CampaignInPurpose
    closes_at: datetime.datetime | None | Unset = UNSET
    cohort: None | Unset | UUID = UNSET
    identifier: CampaignInIdentifierType0 | None | Unset = UNSET
    join_code: bool | Unset = False
    language: None | str | Unset = UNSET
    opens_at: datetime.datetime | None | Unset = UNSET
    profession: None | str | Unset = UNSET
    publication: CampaignInPublication | Unset = CampaignInPublication.IMMEDIATE
    retake: RetakeRule | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.retake_rule import RetakeRule # noqa: PLC0415
        design = self.design

        name = self.name

        purpose = self.purpose.value

        closes_at: None | str | Unset
        if isinstance(self.closes_at, Unset):
            closes_at = UNSET
        elif isinstance(self.closes_at, datetime.datetime):
            closes_at = self.closes_at.isoformat()
        else:
            closes_at = self.closes_at

        cohort: None | str | Unset
        if isinstance(self.cohort, Unset):
            cohort = UNSET
        elif isinstance(self.cohort, UUID):
            cohort = str(self.cohort)
        else:
            cohort = self.cohort

        identifier: None | str | Unset
        if isinstance(self.identifier, Unset):
            identifier = UNSET
        elif isinstance(self.identifier, CampaignInIdentifierType0):
            identifier = self.identifier.value
        else:
            identifier = self.identifier

        join_code = self.join_code

        language: None | str | Unset
        if isinstance(self.language, Unset):
            language = UNSET
        else:
            language = self.language

        opens_at: None | str | Unset
        if isinstance(self.opens_at, Unset):
            opens_at = UNSET
        elif isinstance(self.opens_at, datetime.datetime):
            opens_at = self.opens_at.isoformat()
        else:
            opens_at = self.opens_at

        profession: None | str | Unset
        if isinstance(self.profession, Unset):
            profession = UNSET
        else:
            profession = self.profession

        publication: str | Unset = UNSET
        if not isinstance(self.publication, Unset):
            publication = self.publication.value


        retake: dict[str, Any] | Unset = UNSET
        if not isinstance(self.retake, Unset):
            retake = self.retake.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "design": design,
            "name": name,
            "purpose": purpose,
        })
        if closes_at is not UNSET:
            field_dict["closes_at"] = closes_at
        if cohort is not UNSET:
            field_dict["cohort"] = cohort
        if identifier is not UNSET:
            field_dict["identifier"] = identifier
        if join_code is not UNSET:
            field_dict["join_code"] = join_code
        if language is not UNSET:
            field_dict["language"] = language
        if opens_at is not UNSET:
            field_dict["opens_at"] = opens_at
        if profession is not UNSET:
            field_dict["profession"] = profession
        if publication is not UNSET:
            field_dict["publication"] = publication
        if retake is not UNSET:
            field_dict["retake"] = retake

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.retake_rule import RetakeRule # noqa: PLC0415
        d = dict(src_dict)
        design = d.pop("design")

        name = d.pop("name")

        purpose = CampaignInPurpose(d.pop("purpose"))




        def _parse_closes_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closes_at_type_0 = datetime.datetime.fromisoformat(data)



                return closes_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        closes_at = _parse_closes_at(d.pop("closes_at", UNSET))


        def _parse_cohort(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                cohort_type_0 = UUID(data)



                return cohort_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        cohort = _parse_cohort(d.pop("cohort", UNSET))


        def _parse_identifier(data: object) -> CampaignInIdentifierType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                identifier_type_0 = CampaignInIdentifierType0(data)



                return identifier_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CampaignInIdentifierType0 | None | Unset, data)

        identifier = _parse_identifier(d.pop("identifier", UNSET))


        join_code = d.pop("join_code", UNSET)

        def _parse_language(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        language = _parse_language(d.pop("language", UNSET))


        def _parse_opens_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                opens_at_type_0 = datetime.datetime.fromisoformat(data)



                return opens_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        opens_at = _parse_opens_at(d.pop("opens_at", UNSET))


        def _parse_profession(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        profession = _parse_profession(d.pop("profession", UNSET))


        _publication = d.pop("publication", UNSET)
        publication: CampaignInPublication | Unset
        if isinstance(_publication,  Unset):
            publication = UNSET
        else:
            publication = CampaignInPublication(_publication)




        _retake = d.pop("retake", UNSET)
        retake: RetakeRule | Unset
        if isinstance(_retake,  Unset):
            retake = UNSET
        else:
            retake = RetakeRule.from_dict(_retake)




        campaign_in = cls(
            design=design,
            name=name,
            purpose=purpose,
            closes_at=closes_at,
            cohort=cohort,
            identifier=identifier,
            join_code=join_code,
            language=language,
            opens_at=opens_at,
            profession=profession,
            publication=publication,
            retake=retake,
        )

        return campaign_in

