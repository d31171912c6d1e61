from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.row_fault_out import RowFaultOut





T = TypeVar("T", bound="ImportOut")



@_attrs_define
class ImportOut:
    """ What an import did; with `dry_run`, what it would do.

        Attributes:
            created (int):
            dry_run (bool):
            errors (int): wrong cells; with any, an import writes nothing at all
            faults (list[RowFaultOut]): the first 200 of them
            rows (int):
            unchanged (int):
            updated (int):
     """

    created: int
    dry_run: bool
    errors: int
    faults: list[RowFaultOut]
    rows: int
    unchanged: int
    updated: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.row_fault_out import RowFaultOut # noqa: PLC0415
        created = self.created

        dry_run = self.dry_run

        errors = self.errors

        faults = []
        for faults_item_data in self.faults:
            faults_item = faults_item_data.to_dict()
            faults.append(faults_item)



        rows = self.rows

        unchanged = self.unchanged

        updated = self.updated


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "created": created,
            "dry_run": dry_run,
            "errors": errors,
            "faults": faults,
            "rows": rows,
            "unchanged": unchanged,
            "updated": updated,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.row_fault_out import RowFaultOut # noqa: PLC0415
        d = dict(src_dict)
        created = d.pop("created")

        dry_run = d.pop("dry_run")

        errors = d.pop("errors")

        faults = []
        _faults = d.pop("faults")
        for faults_item_data in (_faults):
            faults_item = RowFaultOut.from_dict(faults_item_data)



            faults.append(faults_item)


        rows = d.pop("rows")

        unchanged = d.pop("unchanged")

        updated = d.pop("updated")

        import_out = cls(
            created=created,
            dry_run=dry_run,
            errors=errors,
            faults=faults,
            rows=rows,
            unchanged=unchanged,
            updated=updated,
        )

        return import_out

