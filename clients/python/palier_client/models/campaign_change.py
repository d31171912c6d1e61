from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.campaign_change_identifier_type_0 import CampaignChangeIdentifierType0
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.retake_rule import RetakeRule





T = TypeVar("T", bound="CampaignChange")



@_attrs_define
class CampaignChange:
    """ What to change: design, purpose and publication are promises and stay.

        Attributes:
            closes_at (datetime.datetime | None | Unset):
            identifier (CampaignChangeIdentifierType0 | None | Unset):
            language (None | str | Unset):
            name (None | str | Unset):
            opens_at (datetime.datetime | None | Unset):
            profession (None | str | Unset): one of the framework's professions
            retake (None | RetakeRule | Unset):
     """

    closes_at: datetime.datetime | None | Unset = UNSET
    identifier: CampaignChangeIdentifierType0 | None | Unset = UNSET
    language: None | str | Unset = UNSET
    name: None | str | Unset = UNSET
    opens_at: datetime.datetime | None | Unset = UNSET
    profession: None | str | Unset = UNSET
    retake: None | RetakeRule | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.retake_rule import RetakeRule # noqa: PLC0415
        closes_at: None | str | Unset
        if isinstance(self.closes_at, Unset):
            closes_at = UNSET
        elif isinstance(self.closes_at, datetime.datetime):
            closes_at = self.closes_at.isoformat()
        else:
            closes_at = self.closes_at

        identifier: None | str | Unset
        if isinstance(self.identifier, Unset):
            identifier = UNSET
        elif isinstance(self.identifier, CampaignChangeIdentifierType0):
            identifier = self.identifier.value
        else:
            identifier = self.identifier

        language: None | str | Unset
        if isinstance(self.language, Unset):
            language = UNSET
        else:
            language = self.language

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

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

        retake: dict[str, Any] | None | Unset
        if isinstance(self.retake, Unset):
            retake = UNSET
        elif isinstance(self.retake, RetakeRule):
            retake = self.retake.to_dict()
        else:
            retake = self.retake


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if closes_at is not UNSET:
            field_dict["closes_at"] = closes_at
        if identifier is not UNSET:
            field_dict["identifier"] = identifier
        if language is not UNSET:
            field_dict["language"] = language
        if name is not UNSET:
            field_dict["name"] = name
        if opens_at is not UNSET:
            field_dict["opens_at"] = opens_at
        if profession is not UNSET:
            field_dict["profession"] = profession
        if retake is not UNSET:
            field_dict["retake"] = retake

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.retake_rule import RetakeRule # noqa: PLC0415
        d = dict(src_dict)
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


        def _parse_identifier(data: object) -> CampaignChangeIdentifierType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                identifier_type_0 = CampaignChangeIdentifierType0(data)



                return identifier_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CampaignChangeIdentifierType0 | None | Unset, data)

        identifier = _parse_identifier(d.pop("identifier", UNSET))


        def _parse_language(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        language = _parse_language(d.pop("language", UNSET))


        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))


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


        def _parse_retake(data: object) -> None | RetakeRule | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                retake_type_0 = RetakeRule.from_dict(data)



                return retake_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RetakeRule | Unset, data)

        retake = _parse_retake(d.pop("retake", UNSET))


        campaign_change = cls(
            closes_at=closes_at,
            identifier=identifier,
            language=language,
            name=name,
            opens_at=opens_at,
            profession=profession,
            retake=retake,
        )

        return campaign_change

