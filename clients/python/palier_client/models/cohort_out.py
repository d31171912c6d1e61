from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="CohortOut")



@_attrs_define
class CohortOut:
    """ A cohort.

        Attributes:
            created_at (datetime.datetime):
            curriculum (None | str):
            id (UUID):
            learners (int): how many
            name (str):
            year (None | str):
     """

    created_at: datetime.datetime
    curriculum: None | str
    id: UUID
    learners: int
    name: str
    year: None | str





    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        curriculum: None | str
        curriculum = self.curriculum

        id = str(self.id)

        learners = self.learners

        name = self.name

        year: None | str
        year = self.year


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "created_at": created_at,
            "curriculum": curriculum,
            "id": id,
            "learners": learners,
            "name": name,
            "year": year,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        def _parse_curriculum(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        curriculum = _parse_curriculum(d.pop("curriculum"))


        id = UUID(d.pop("id"))




        learners = d.pop("learners")

        name = d.pop("name")

        def _parse_year(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        year = _parse_year(d.pop("year"))


        cohort_out = cls(
            created_at=created_at,
            curriculum=curriculum,
            id=id,
            learners=learners,
            name=name,
            year=year,
        )

        return cohort_out

