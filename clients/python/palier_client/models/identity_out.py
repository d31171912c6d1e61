from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime






T = TypeVar("T", bound="IdentityOut")



@_attrs_define
class IdentityOut:
    """ Who a learner is.

        Attributes:
            family_name (str):
            given_name (str):
            updated_at (datetime.datetime):
            email (None | str | Unset):
     """

    family_name: str
    given_name: str
    updated_at: datetime.datetime
    email: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        family_name = self.family_name

        given_name = self.given_name

        updated_at = self.updated_at.isoformat()

        email: None | str | Unset
        if isinstance(self.email, Unset):
            email = UNSET
        else:
            email = self.email


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "family_name": family_name,
            "given_name": given_name,
            "updated_at": updated_at,
        })
        if email is not UNSET:
            field_dict["email"] = email

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        family_name = d.pop("family_name")

        given_name = d.pop("given_name")

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))




        def _parse_email(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        email = _parse_email(d.pop("email", UNSET))


        identity_out = cls(
            family_name=family_name,
            given_name=given_name,
            updated_at=updated_at,
            email=email,
        )

        return identity_out

