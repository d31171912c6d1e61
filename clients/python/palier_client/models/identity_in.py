from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="IdentityIn")



@_attrs_define
class IdentityIn:
    """ Who a learner is, where you choose to say so; kept apart from responses.

        Attributes:
            family_name (str):
            given_name (str):
            email (None | str | Unset):
     """

    family_name: str
    given_name: str
    email: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        family_name = self.family_name

        given_name = self.given_name

        email: None | str | Unset
        if isinstance(self.email, Unset):
            email = UNSET
        else:
            email = self.email


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "family_name": family_name,
            "given_name": given_name,
        })
        if email is not UNSET:
            field_dict["email"] = email

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        family_name = d.pop("family_name")

        given_name = d.pop("given_name")

        def _parse_email(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        email = _parse_email(d.pop("email", UNSET))


        identity_in = cls(
            family_name=family_name,
            given_name=given_name,
            email=email,
        )

        return identity_in

