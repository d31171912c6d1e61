from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.branding_change import BrandingChange





T = TypeVar("T", bound="InstitutionChange")



@_attrs_define
class InstitutionChange:
    """ What to change; what is absent stays.

        Attributes:
            branding (BrandingChange | None | Unset):
            frame_ancestors (list[str] | None | Unset):
            name (None | str | Unset):
     """

    branding: BrandingChange | None | Unset = UNSET
    frame_ancestors: list[str] | None | Unset = UNSET
    name: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.branding_change import BrandingChange # noqa: PLC0415
        branding: dict[str, Any] | None | Unset
        if isinstance(self.branding, Unset):
            branding = UNSET
        elif isinstance(self.branding, BrandingChange):
            branding = self.branding.to_dict()
        else:
            branding = self.branding

        frame_ancestors: list[str] | None | Unset
        if isinstance(self.frame_ancestors, Unset):
            frame_ancestors = UNSET
        elif isinstance(self.frame_ancestors, list):
            frame_ancestors = self.frame_ancestors


        else:
            frame_ancestors = self.frame_ancestors

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if branding is not UNSET:
            field_dict["branding"] = branding
        if frame_ancestors is not UNSET:
            field_dict["frame_ancestors"] = frame_ancestors
        if name is not UNSET:
            field_dict["name"] = name

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.branding_change import BrandingChange # noqa: PLC0415
        d = dict(src_dict)
        def _parse_branding(data: object) -> BrandingChange | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                branding_type_0 = BrandingChange.from_dict(data)



                return branding_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BrandingChange | None | Unset, data)

        branding = _parse_branding(d.pop("branding", UNSET))


        def _parse_frame_ancestors(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                frame_ancestors_type_0 = cast(list[str], data)

                return frame_ancestors_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        frame_ancestors = _parse_frame_ancestors(d.pop("frame_ancestors", UNSET))


        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))


        institution_change = cls(
            branding=branding,
            frame_ancestors=frame_ancestors,
            name=name,
        )

        return institution_change

