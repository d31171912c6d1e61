from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.export_in_format import ExportInFormat
from ..models.export_in_what import ExportInWhat
from ..types import UNSET, Unset
from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="ExportIn")



@_attrs_define
class ExportIn:
    """ What is asked for.

        Attributes:
            format_ (ExportInFormat): `json` is one object a line; `xlsx` holds a million rows at most
            what (ExportInWhat): needs `results:read`, `responses:read` or `learners:read` beside `exports:write`
            bom (bool | Unset): start CSV with a byte order mark, for older spreadsheets Default: False.
            campaign (None | Unset | UUID):
            cohort (None | Unset | UUID):
            updated_since (datetime.datetime | None | Unset): only what changed from then on
     """

    format_: ExportInFormat
    what: ExportInWhat
    bom: bool | Unset = False
    campaign: None | Unset | UUID = UNSET
    cohort: None | Unset | UUID = UNSET
    updated_since: datetime.datetime | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        format_ = self.format_.value

        what = self.what.value

        bom = self.bom

        campaign: None | str | Unset
        if isinstance(self.campaign, Unset):
            campaign = UNSET
        elif isinstance(self.campaign, UUID):
            campaign = str(self.campaign)
        else:
            campaign = self.campaign

        cohort: None | str | Unset
        if isinstance(self.cohort, Unset):
            cohort = UNSET
        elif isinstance(self.cohort, UUID):
            cohort = str(self.cohort)
        else:
            cohort = self.cohort

        updated_since: None | str | Unset
        if isinstance(self.updated_since, Unset):
            updated_since = UNSET
        elif isinstance(self.updated_since, datetime.datetime):
            updated_since = self.updated_since.isoformat()
        else:
            updated_since = self.updated_since


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "format": format_,
            "what": what,
        })
        if bom is not UNSET:
            field_dict["bom"] = bom
        if campaign is not UNSET:
            field_dict["campaign"] = campaign
        if cohort is not UNSET:
            field_dict["cohort"] = cohort
        if updated_since is not UNSET:
            field_dict["updated_since"] = updated_since

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        format_ = ExportInFormat(d.pop("format"))




        what = ExportInWhat(d.pop("what"))




        bom = d.pop("bom", UNSET)

        def _parse_campaign(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                campaign_type_0 = UUID(data)



                return campaign_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        campaign = _parse_campaign(d.pop("campaign", UNSET))


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


        def _parse_updated_since(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                updated_since_type_0 = datetime.datetime.fromisoformat(data)



                return updated_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        updated_since = _parse_updated_since(d.pop("updated_since", UNSET))


        export_in = cls(
            format_=format_,
            what=what,
            bom=bom,
            campaign=campaign,
            cohort=cohort,
            updated_since=updated_since,
        )

        return export_in

