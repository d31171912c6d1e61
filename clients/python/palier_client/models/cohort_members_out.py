from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="CohortMembersOut")



@_attrs_define
class CohortMembersOut:
    """ What changed. Learners who were in the cohort already, or were not, count for nothing.

        Attributes:
            added (int):
            removed (int):
            unknown (list[str]): the first 100 identifiers that no learner has
     """

    added: int
    removed: int
    unknown: list[str]





    def to_dict(self) -> dict[str, Any]:
        added = self.added

        removed = self.removed

        unknown = self.unknown




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "added": added,
            "removed": removed,
            "unknown": unknown,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        added = d.pop("added")

        removed = d.pop("removed")

        unknown = cast(list[str], d.pop("unknown"))


        cohort_members_out = cls(
            added=added,
            removed=removed,
            unknown=unknown,
        )

        return cohort_members_out

