from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="CampaignProgressOut")



@_attrs_define
class CampaignProgressOut:
    """ Learners of a campaign, each counted once where they are; held results are counted, never told.

        Attributes:
            expected (int): enrolled, or in the cohort
            finished (int):
            held (int): finished sittings whose result waits for `publish`
            in_progress (int):
            invited (int):
            late (int): not finished when the campaign closed
            not_started (int):
     """

    expected: int
    finished: int
    held: int
    in_progress: int
    invited: int
    late: int
    not_started: int





    def to_dict(self) -> dict[str, Any]:
        expected = self.expected

        finished = self.finished

        held = self.held

        in_progress = self.in_progress

        invited = self.invited

        late = self.late

        not_started = self.not_started


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "expected": expected,
            "finished": finished,
            "held": held,
            "in_progress": in_progress,
            "invited": invited,
            "late": late,
            "not_started": not_started,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        expected = d.pop("expected")

        finished = d.pop("finished")

        held = d.pop("held")

        in_progress = d.pop("in_progress")

        invited = d.pop("invited")

        late = d.pop("late")

        not_started = d.pop("not_started")

        campaign_progress_out = cls(
            expected=expected,
            finished=finished,
            held=held,
            in_progress=in_progress,
            invited=invited,
            late=late,
            not_started=not_started,
        )

        return campaign_progress_out

