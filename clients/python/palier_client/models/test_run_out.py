from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.test_run_out_status import TestRunOutStatus
from typing import cast
from uuid import UUID






T = TypeVar("T", bound="TestRunOut")



@_attrs_define
class TestRunOut:
    """ Where the sitting stands after the learner was at it.

        Attributes:
            answered (int):
            finish_reason (None | str):
            sitting (UUID):
            status (TestRunOutStatus):
     """

    answered: int
    finish_reason: None | str
    sitting: UUID
    status: TestRunOutStatus





    def to_dict(self) -> dict[str, Any]:
        answered = self.answered

        finish_reason: None | str
        finish_reason = self.finish_reason

        sitting = str(self.sitting)

        status = self.status.value


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "answered": answered,
            "finish_reason": finish_reason,
            "sitting": sitting,
            "status": status,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        answered = d.pop("answered")

        def _parse_finish_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        finish_reason = _parse_finish_reason(d.pop("finish_reason"))


        sitting = UUID(d.pop("sitting"))




        status = TestRunOutStatus(d.pop("status"))




        test_run_out = cls(
            answered=answered,
            finish_reason=finish_reason,
            sitting=sitting,
            status=status,
        )

        return test_run_out

