from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="CohortMembersIn")



@_attrs_define
class CohortMembersIn:
    """ Learners to add and to remove, by your identifiers.

        Attributes:
            add (list[str] | Unset):
            remove (list[str] | Unset):
     """

    add: list[str] | Unset = UNSET
    remove: list[str] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        add: list[str] | Unset = UNSET
        if not isinstance(self.add, Unset):
            add = self.add



        remove: list[str] | Unset = UNSET
        if not isinstance(self.remove, Unset):
            remove = self.remove




        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if add is not UNSET:
            field_dict["add"] = add
        if remove is not UNSET:
            field_dict["remove"] = remove

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        add = cast(list[str], d.pop("add", UNSET))


        remove = cast(list[str], d.pop("remove", UNSET))


        cohort_members_in = cls(
            add=add,
            remove=remove,
        )

        return cohort_members_in

