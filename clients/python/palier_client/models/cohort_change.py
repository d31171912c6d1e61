from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="CohortChange")



@_attrs_define
class CohortChange:
    """ What to change.

        Attributes:
            curriculum (None | str | Unset):
            name (None | str | Unset):
            year (None | str | Unset):
     """

    curriculum: None | str | Unset = UNSET
    name: None | str | Unset = UNSET
    year: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        curriculum: None | str | Unset
        if isinstance(self.curriculum, Unset):
            curriculum = UNSET
        else:
            curriculum = self.curriculum

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        year: None | str | Unset
        if isinstance(self.year, Unset):
            year = UNSET
        else:
            year = self.year


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if curriculum is not UNSET:
            field_dict["curriculum"] = curriculum
        if name is not UNSET:
            field_dict["name"] = name
        if year is not UNSET:
            field_dict["year"] = year

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_curriculum(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        curriculum = _parse_curriculum(d.pop("curriculum", UNSET))


        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))


        def _parse_year(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        year = _parse_year(d.pop("year", UNSET))


        cohort_change = cls(
            curriculum=curriculum,
            name=name,
            year=year,
        )

        return cohort_change

