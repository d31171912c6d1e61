from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="ErasureOut")



@_attrs_define
class ErasureOut:
    """ What an erasure did.

        Attributes:
            erased_at (datetime.datetime):
            exports_withdrawn (int): files exported before that might hold the learner, and are gone
            learner (UUID):
            sittings_kept (int): scores that stay without a name, because at least five learners are alike
            sittings_removed (int):
     """

    erased_at: datetime.datetime
    exports_withdrawn: int
    learner: UUID
    sittings_kept: int
    sittings_removed: int





    def to_dict(self) -> dict[str, Any]:
        erased_at = self.erased_at.isoformat()

        exports_withdrawn = self.exports_withdrawn

        learner = str(self.learner)

        sittings_kept = self.sittings_kept

        sittings_removed = self.sittings_removed


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "erased_at": erased_at,
            "exports_withdrawn": exports_withdrawn,
            "learner": learner,
            "sittings_kept": sittings_kept,
            "sittings_removed": sittings_removed,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        erased_at = datetime.datetime.fromisoformat(d.pop("erased_at"))




        exports_withdrawn = d.pop("exports_withdrawn")

        learner = UUID(d.pop("learner"))




        sittings_kept = d.pop("sittings_kept")

        sittings_removed = d.pop("sittings_removed")

        erasure_out = cls(
            erased_at=erased_at,
            exports_withdrawn=exports_withdrawn,
            learner=learner,
            sittings_kept=sittings_kept,
            sittings_removed=sittings_removed,
        )

        return erasure_out

