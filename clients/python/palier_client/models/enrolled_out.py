from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.enrolled_out_stage import EnrolledOutStage
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
  from ..models.sitting_of_learner_out import SittingOfLearnerOut





T = TypeVar("T", bound="EnrolledOut")



@_attrs_define
class EnrolledOut:
    """ A learner of a campaign.

        Attributes:
            external_id (None | str):
            invited_at (datetime.datetime | None):
            joined_at (datetime.datetime | None):
            learner (UUID):
            sittings (list[SittingOfLearnerOut]):
            stage (EnrolledOutStage):
            time_factor (float): 1, 1.33, 1.5 or 2 times the time; why is not asked
     """

    external_id: None | str
    invited_at: datetime.datetime | None
    joined_at: datetime.datetime | None
    learner: UUID
    sittings: list[SittingOfLearnerOut]
    stage: EnrolledOutStage
    time_factor: float





    def to_dict(self) -> dict[str, Any]:
        from ..models.sitting_of_learner_out import SittingOfLearnerOut # noqa: PLC0415
        external_id: None | str
        external_id = self.external_id

        invited_at: None | str
        if isinstance(self.invited_at, datetime.datetime):
            invited_at = self.invited_at.isoformat()
        else:
            invited_at = self.invited_at

        joined_at: None | str
        if isinstance(self.joined_at, datetime.datetime):
            joined_at = self.joined_at.isoformat()
        else:
            joined_at = self.joined_at

        learner = str(self.learner)

        sittings = []
        for sittings_item_data in self.sittings:
            sittings_item = sittings_item_data.to_dict()
            sittings.append(sittings_item)



        stage = self.stage.value

        time_factor = self.time_factor


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "external_id": external_id,
            "invited_at": invited_at,
            "joined_at": joined_at,
            "learner": learner,
            "sittings": sittings,
            "stage": stage,
            "time_factor": time_factor,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.sitting_of_learner_out import SittingOfLearnerOut # noqa: PLC0415
        d = dict(src_dict)
        def _parse_external_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        external_id = _parse_external_id(d.pop("external_id"))


        def _parse_invited_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                invited_at_type_0 = datetime.datetime.fromisoformat(data)



                return invited_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        invited_at = _parse_invited_at(d.pop("invited_at"))


        def _parse_joined_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                joined_at_type_0 = datetime.datetime.fromisoformat(data)



                return joined_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        joined_at = _parse_joined_at(d.pop("joined_at"))


        learner = UUID(d.pop("learner"))




        sittings = []
        _sittings = d.pop("sittings")
        for sittings_item_data in (_sittings):
            sittings_item = SittingOfLearnerOut.from_dict(sittings_item_data)



            sittings.append(sittings_item)


        stage = EnrolledOutStage(d.pop("stage"))




        time_factor = d.pop("time_factor")

        enrolled_out = cls(
            external_id=external_id,
            invited_at=invited_at,
            joined_at=joined_at,
            learner=learner,
            sittings=sittings,
            stage=stage,
            time_factor=time_factor,
        )

        return enrolled_out

