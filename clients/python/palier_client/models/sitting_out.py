from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.sitting_out_status import SittingOutStatus
from ..types import UNSET, Unset
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
  from ..models.design_out import DesignOut
  from ..models.question_out import QuestionOut
  from ..models.release_out import ReleaseOut





T = TypeVar("T", bound="SittingOut")



@_attrs_define
class SittingOut:
    """ A sitting as it stands.

        Attributes:
            answered (int):
            created_at (datetime.datetime):
            deadline_at (datetime.datetime | None):
            design (DesignOut): The test design this sitting runs.
            finish_reason (None | str):
            finished_at (datetime.datetime | None):
            id (UUID):
            language (None | str): of the questions; null until it is chosen
            provisional (bool): true while item parameters are not calibrated: indicative
            question (None | QuestionOut):
            release (ReleaseOut): The bank release this sitting pins.
            started_at (datetime.datetime | None):
            status (SittingOutStatus):
            launch_url (None | str | Unset): opens the sitting in the learner's browser; told only at creation
     """

    answered: int
    created_at: datetime.datetime
    deadline_at: datetime.datetime | None
    design: DesignOut
    finish_reason: None | str
    finished_at: datetime.datetime | None
    id: UUID
    language: None | str
    provisional: bool
    question: None | QuestionOut
    release: ReleaseOut
    started_at: datetime.datetime | None
    status: SittingOutStatus
    launch_url: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.design_out import DesignOut # noqa: PLC0415
        from ..models.question_out import QuestionOut # noqa: PLC0415
        from ..models.release_out import ReleaseOut # noqa: PLC0415
        answered = self.answered

        created_at = self.created_at.isoformat()

        deadline_at: None | str
        if isinstance(self.deadline_at, datetime.datetime):
            deadline_at = self.deadline_at.isoformat()
        else:
            deadline_at = self.deadline_at

        design = self.design.to_dict()

        finish_reason: None | str
        finish_reason = self.finish_reason

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        id = str(self.id)

        language: None | str
        language = self.language

        provisional = self.provisional

        question: dict[str, Any] | None
        if isinstance(self.question, QuestionOut):
            question = self.question.to_dict()
        else:
            question = self.question

        release = self.release.to_dict()

        started_at: None | str
        if isinstance(self.started_at, datetime.datetime):
            started_at = self.started_at.isoformat()
        else:
            started_at = self.started_at

        status = self.status.value

        launch_url: None | str | Unset
        if isinstance(self.launch_url, Unset):
            launch_url = UNSET
        else:
            launch_url = self.launch_url


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "answered": answered,
            "created_at": created_at,
            "deadline_at": deadline_at,
            "design": design,
            "finish_reason": finish_reason,
            "finished_at": finished_at,
            "id": id,
            "language": language,
            "provisional": provisional,
            "question": question,
            "release": release,
            "started_at": started_at,
            "status": status,
        })
        if launch_url is not UNSET:
            field_dict["launch_url"] = launch_url

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.design_out import DesignOut # noqa: PLC0415
        from ..models.question_out import QuestionOut # noqa: PLC0415
        from ..models.release_out import ReleaseOut # noqa: PLC0415
        d = dict(src_dict)
        answered = d.pop("answered")

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


        design = DesignOut.from_dict(d.pop("design"))




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




        def _parse_language(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        language = _parse_language(d.pop("language"))


        provisional = d.pop("provisional")

        def _parse_question(data: object) -> None | QuestionOut:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                question_type_0 = QuestionOut.from_dict(data)



                return question_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QuestionOut, data)

        question = _parse_question(d.pop("question"))


        release = ReleaseOut.from_dict(d.pop("release"))




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


        status = SittingOutStatus(d.pop("status"))




        def _parse_launch_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        launch_url = _parse_launch_url(d.pop("launch_url", UNSET))


        sitting_out = cls(
            answered=answered,
            created_at=created_at,
            deadline_at=deadline_at,
            design=design,
            finish_reason=finish_reason,
            finished_at=finished_at,
            id=id,
            language=language,
            provisional=provisional,
            question=question,
            release=release,
            started_at=started_at,
            status=status,
            launch_url=launch_url,
        )

        return sitting_out

