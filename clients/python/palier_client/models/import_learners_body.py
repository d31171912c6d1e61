from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field
import json
from .. import types

from ..types import UNSET, Unset

from ..types import File, FileTypes
from ..types import UNSET, Unset
from io import BytesIO
from uuid import UUID






T = TypeVar("T", bound="ImportLearnersBody")



@_attrs_define
class ImportLearnersBody:
    """ 
        Attributes:
            file (File): CSV or XLSX; its first row names the columns
            cohort (UUID | Unset): where they go too
            dry_run (bool | Unset): write nothing Default: False.
     """

    file: File
    cohort: UUID | Unset = UNSET
    dry_run: bool | Unset = False
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        file = self.file.to_tuple()


        cohort: str | Unset = UNSET
        if not isinstance(self.cohort, Unset):
            cohort = str(self.cohort)

        dry_run = self.dry_run


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "file": file,
        })
        if cohort is not UNSET:
            field_dict["cohort"] = cohort
        if dry_run is not UNSET:
            field_dict["dry_run"] = dry_run

        return field_dict


    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("file", self.file.to_tuple()))



        if not isinstance(self.cohort, Unset):
            files.append(("cohort", (None, str(self.cohort), "text/plain")))



        if not isinstance(self.dry_run, Unset):
            files.append(("dry_run", (None, str(self.dry_run).encode(), "text/plain")))




        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))



        return files


    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        file = File(
             payload = BytesIO(d.pop("file"))
        )




        _cohort = d.pop("cohort", UNSET)
        cohort: UUID | Unset
        if isinstance(_cohort,  Unset):
            cohort = UNSET
        else:
            cohort = UUID(_cohort)




        dry_run = d.pop("dry_run", UNSET)

        import_learners_body = cls(
            file=file,
            cohort=cohort,
            dry_run=dry_run,
        )


        import_learners_body.additional_properties = d
        return import_learners_body

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
