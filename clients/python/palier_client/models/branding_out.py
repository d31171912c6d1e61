from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="BrandingOut")



@_attrs_define
class BrandingOut:
    """ What the pages of the learners wear; null: the look of the house.

        Attributes:
            accent (None | str): in the light theme
            accent_dark (None | str): in the dark theme
            logo_url (None | str): of the logo
     """

    accent: None | str
    accent_dark: None | str
    logo_url: None | str





    def to_dict(self) -> dict[str, Any]:
        accent: None | str
        accent = self.accent

        accent_dark: None | str
        accent_dark = self.accent_dark

        logo_url: None | str
        logo_url = self.logo_url


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "accent": accent,
            "accent_dark": accent_dark,
            "logo_url": logo_url,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_accent(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        accent = _parse_accent(d.pop("accent"))


        def _parse_accent_dark(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        accent_dark = _parse_accent_dark(d.pop("accent_dark"))


        def _parse_logo_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        logo_url = _parse_logo_url(d.pop("logo_url"))


        branding_out = cls(
            accent=accent,
            accent_dark=accent_dark,
            logo_url=logo_url,
        )

        return branding_out

