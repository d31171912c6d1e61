from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.sitting_of_learner_out_status import SittingOfLearnerOutStatus
from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="SittingOfLearnerOut")



@_attrs_define
class SittingOfLearnerOut:
    """ One sitting of a learner.

        Attributes:
            finished_at (datetime.datetime | None):
            held (bool):
            id (UUID):
            status (SittingOfLearnerOutStatus):
     """

    finished_at: datetime.datetime | None
    held: bool
    id: UUID
    status: SittingOfLearnerOutStatus





    def to_dict(self) -> dict[str, Any]:
        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        held = self.held

        id = str(self.id)

        status = self.status.value


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "finished_at": finished_at,
            "held": held,
            "id": id,
            "status": status,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_finished_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)



                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        finished_at = _parse_finished_at(d.pop("finished_at"))


        held = d.pop("held")

        id = UUID(d.pop("id"))




        status = SittingOfLearnerOutStatus(d.pop("status"))




        sitting_of_learner_out = cls(
            finished_at=finished_at,
            held=held,
            id=id,
            status=status,
        )

        return sitting_of_learner_out

