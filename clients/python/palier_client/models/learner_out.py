from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="LearnerOut")



@_attrs_define
class LearnerOut:
    """ A learner; who they are is a resource of its own.

        Attributes:
            cohorts (list[UUID]):
            created_at (datetime.datetime):
            curriculum (None | str):
            external_id (None | str): null: took a test without an identifier
            id (UUID):
            profession (None | str):
            updated_at (datetime.datetime):
            year (None | str):
     """

    cohorts: list[UUID]
    created_at: datetime.datetime
    curriculum: None | str
    external_id: None | str
    id: UUID
    profession: None | str
    updated_at: datetime.datetime
    year: None | str





    def to_dict(self) -> dict[str, Any]:
        cohorts = []
        for cohorts_item_data in self.cohorts:
            cohorts_item = str(cohorts_item_data)
            cohorts.append(cohorts_item)



        created_at = self.created_at.isoformat()

        curriculum: None | str
        curriculum = self.curriculum

        external_id: None | str
        external_id = self.external_id

        id = str(self.id)

        profession: None | str
        profession = self.profession

        updated_at = self.updated_at.isoformat()

        year: None | str
        year = self.year


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "cohorts": cohorts,
            "created_at": created_at,
            "curriculum": curriculum,
            "external_id": external_id,
            "id": id,
            "profession": profession,
            "updated_at": updated_at,
            "year": year,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        cohorts = []
        _cohorts = d.pop("cohorts")
        for cohorts_item_data in (_cohorts):
            cohorts_item = UUID(cohorts_item_data)



            cohorts.append(cohorts_item)


        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        def _parse_curriculum(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        curriculum = _parse_curriculum(d.pop("curriculum"))


        def _parse_external_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        external_id = _parse_external_id(d.pop("external_id"))


        id = UUID(d.pop("id"))




        def _parse_profession(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        profession = _parse_profession(d.pop("profession"))


        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))




        def _parse_year(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        year = _parse_year(d.pop("year"))


        learner_out = cls(
            cohorts=cohorts,
            created_at=created_at,
            curriculum=curriculum,
            external_id=external_id,
            id=id,
            profession=profession,
            updated_at=updated_at,
            year=year,
        )

        return learner_out

