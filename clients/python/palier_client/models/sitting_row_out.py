from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.sitting_row_out_status import SittingRowOutStatus
from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="SittingRowOut")



@_attrs_define
class SittingRowOut:
    """ A sitting in a list, as it was last written down.

        Attributes:
            answered (int):
            campaign (None | UUID):
            created_at (datetime.datetime):
            deadline_at (datetime.datetime | None):
            design (str):
            design_version (int):
            finish_reason (None | str):
            finished_at (datetime.datetime | None):
            id (UUID):
            learner (None | str): your identifier of the learner
            started_at (datetime.datetime | None):
            status (SittingRowOutStatus):
            updated_at (datetime.datetime): of its last answer, its end or its publication
     """

    answered: int
    campaign: None | UUID
    created_at: datetime.datetime
    deadline_at: datetime.datetime | None
    design: str
    design_version: int
    finish_reason: None | str
    finished_at: datetime.datetime | None
    id: UUID
    learner: None | str
    started_at: datetime.datetime | None
    status: SittingRowOutStatus
    updated_at: datetime.datetime





    def to_dict(self) -> dict[str, Any]:
        answered = self.answered

        campaign: None | str
        if isinstance(self.campaign, UUID):
            campaign = str(self.campaign)
        else:
            campaign = self.campaign

        created_at = self.created_at.isoformat()

        deadline_at: None | str
        if isinstance(self.deadline_at, datetime.datetime):
            deadline_at = self.deadline_at.isoformat()
        else:
            deadline_at = self.deadline_at

        design = self.design

        design_version = self.design_version

        finish_reason: None | str
        finish_reason = self.finish_reason

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        id = str(self.id)

        learner: None | str
        learner = self.learner

        started_at: None | str
        if isinstance(self.started_at, datetime.datetime):
            started_at = self.started_at.isoformat()
        else:
            started_at = self.started_at

        status = self.status.value

        updated_at = self.updated_at.isoformat()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "answered": answered,
            "campaign": campaign,
            "created_at": created_at,
            "deadline_at": deadline_at,
            "design": design,
            "design_version": design_version,
            "finish_reason": finish_reason,
            "finished_at": finished_at,
            "id": id,
            "learner": learner,
            "started_at": started_at,
            "status": status,
            "updated_at": updated_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        answered = d.pop("answered")

        def _parse_campaign(data: object) -> None | UUID:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                campaign_type_0 = UUID(data)



                return campaign_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UUID, data)

        campaign = _parse_campaign(d.pop("campaign"))


        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        def _parse_deadline_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                deadline_at_type_0 = datetime.datetime.fromisoformat(data)



                return deadline_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        deadline_at = _parse_deadline_at(d.pop("deadline_at"))


        design = d.pop("design")

        design_version = d.pop("design_version")

        def _parse_finish_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        finish_reason = _parse_finish_reason(d.pop("finish_reason"))


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


        id = UUID(d.pop("id"))




        def _parse_learner(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        learner = _parse_learner(d.pop("learner"))


        def _parse_started_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                started_at_type_0 = datetime.datetime.fromisoformat(data)



                return started_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        started_at = _parse_started_at(d.pop("started_at"))


        status = SittingRowOutStatus(d.pop("status"))




        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))




        sitting_row_out = cls(
            answered=answered,
            campaign=campaign,
            created_at=created_at,
            deadline_at=deadline_at,
            design=design,
            design_version=design_version,
            finish_reason=finish_reason,
            finished_at=finished_at,
            id=id,
            learner=learner,
            started_at=started_at,
            status=status,
            updated_at=updated_at,
        )

        return sitting_row_out

