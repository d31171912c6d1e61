from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="BrandingChange")



@_attrs_define
class BrandingChange:
    """ Both colours at once: without `accent_dark` it is derived; null as `accent` is the house's again.

        Attributes:
            accent (None | str):
            accent_dark (None | str | Unset):
     """

    accent: None | str
    accent_dark: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        accent: None | str
        accent = self.accent

        accent_dark: None | str | Unset
        if isinstance(self.accent_dark, Unset):
            accent_dark = UNSET
        else:
            accent_dark = self.accent_dark


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "accent": accent,
        })
        if accent_dark is not UNSET:
            field_dict["accent_dark"] = accent_dark

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_accent(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        accent = _parse_accent(d.pop("accent"))


        def _parse_accent_dark(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        accent_dark = _parse_accent_dark(d.pop("accent_dark", UNSET))


        branding_change = cls(
            accent=accent,
            accent_dark=accent_dark,
        )

        return branding_change

