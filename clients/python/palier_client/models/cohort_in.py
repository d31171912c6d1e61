from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="CohortIn")



@_attrs_define
class CohortIn:
    """ A cohort to make.

        Attributes:
            name (str):
            curriculum (None | str | Unset):
            year (None | str | Unset):
     """

    name: str
    curriculum: None | str | Unset = UNSET
    year: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        name = self.name

        curriculum: None | str | Unset
        if isinstance(self.curriculum, Unset):
            curriculum = UNSET
        else:
            curriculum = self.curriculum

        year: None | str | Unset
        if isinstance(self.year, Unset):
            year = UNSET
        else:
            year = self.year


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "name": name,
        })
        if curriculum is not UNSET:
            field_dict["curriculum"] = curriculum
        if year is not UNSET:
            field_dict["year"] = year

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        def _parse_curriculum(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        curriculum = _parse_curriculum(d.pop("curriculum", UNSET))


        def _parse_year(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        year = _parse_year(d.pop("year", UNSET))


        cohort_in = cls(
            name=name,
            curriculum=curriculum,
            year=year,
        )

        return cohort_in

