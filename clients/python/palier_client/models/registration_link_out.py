from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="RegistrationLinkOut")



@_attrs_define
class RegistrationLinkOut:
    """ A link good for one dynamic registration.

        Attributes:
            expires_at (datetime.datetime):
            url (str): told only once; give it to the platform as it is
     """

    expires_at: datetime.datetime
    url: str





    def to_dict(self) -> dict[str, Any]:
        expires_at = self.expires_at.isoformat()

        url = self.url


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "expires_at": expires_at,
            "url": url,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))




        url = d.pop("url")

        registration_link_out = cls(
            expires_at=expires_at,
            url=url,
        )

        return registration_link_out

