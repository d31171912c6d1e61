from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.role import Role






T = TypeVar("T", bound="InvitationIn")



@_attrs_define
class InvitationIn:
    """ Whom to invite, and as what; a key invites to roles that do not go further than itself.

        Attributes:
            email (str):
            role (Role): What a member is in an institution.
     """

    email: str
    role: Role





    def to_dict(self) -> dict[str, Any]:
        email = self.email

        role = self.role.value


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "email": email,
            "role": role,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        email = d.pop("email")

        role = Role(d.pop("role"))




        invitation_in = cls(
            email=email,
            role=role,
        )

        return invitation_in

