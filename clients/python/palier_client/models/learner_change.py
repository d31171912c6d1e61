from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="LearnerChange")



@_attrs_define
class LearnerChange:
    """ What to change; what is not given stays, null empties.

        Attributes:
            curriculum (None | str | Unset):
            external_id (None | str | Unset):
            profession (None | str | Unset): one of the framework's professions
            year (None | str | Unset):
     """

    curriculum: None | str | Unset = UNSET
    external_id: None | str | Unset = UNSET
    profession: None | str | Unset = UNSET
    year: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        curriculum: None | str | Unset
        if isinstance(self.curriculum, Unset):
            curriculum = UNSET
        else:
            curriculum = self.curriculum

        external_id: None | str | Unset
        if isinstance(self.external_id, Unset):
            external_id = UNSET
        else:
            external_id = self.external_id

        profession: None | str | Unset
        if isinstance(self.profession, Unset):
            profession = UNSET
        else:
            profession = self.profession

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
        if external_id is not UNSET:
            field_dict["external_id"] = external_id
        if profession is not UNSET:
            field_dict["profession"] = profession
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


        def _parse_external_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        external_id = _parse_external_id(d.pop("external_id", UNSET))


        def _parse_profession(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        profession = _parse_profession(d.pop("profession", UNSET))


        def _parse_year(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        year = _parse_year(d.pop("year", UNSET))


        learner_change = cls(
            curriculum=curriculum,
            external_id=external_id,
            profession=profession,
            year=year,
        )

        return learner_change

