from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.role import Role
from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="MemberOut")



@_attrs_define
class MemberOut:
    """ Somebody who works for the institution.

        Attributes:
            created_at (datetime.datetime):
            email (str):
            id (UUID):
            name (str):
            role (Role): What a member is in an institution.
            verified_twice (bool): signs in with one-time passwords too
     """

    created_at: datetime.datetime
    email: str
    id: UUID
    name: str
    role: Role
    verified_twice: bool





    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        email = self.email

        id = str(self.id)

        name = self.name

        role = self.role.value

        verified_twice = self.verified_twice


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "created_at": created_at,
            "email": email,
            "id": id,
            "name": name,
            "role": role,
            "verified_twice": verified_twice,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        email = d.pop("email")

        id = UUID(d.pop("id"))




        name = d.pop("name")

        role = Role(d.pop("role"))




        verified_twice = d.pop("verified_twice")

        member_out = cls(
            created_at=created_at,
            email=email,
            id=id,
            name=name,
            role=role,
            verified_twice=verified_twice,
        )

        return member_out

