from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="ProgressOut")



@_attrs_define
class ProgressOut:
    """ Learners of the campaign, each counted once; held results are counted and nothing more.

        Attributes:
            finished (int):
            held (int):
            in_progress (int):
            learners (int):
            not_started (int):
            published (int):
     """

    finished: int
    held: int
    in_progress: int
    learners: int
    not_started: int
    published: int





    def to_dict(self) -> dict[str, Any]:
        finished = self.finished

        held = self.held

        in_progress = self.in_progress

        learners = self.learners

        not_started = self.not_started

        published = self.published


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "finished": finished,
            "held": held,
            "in_progress": in_progress,
            "learners": learners,
            "not_started": not_started,
            "published": published,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        finished = d.pop("finished")

        held = d.pop("held")

        in_progress = d.pop("in_progress")

        learners = d.pop("learners")

        not_started = d.pop("not_started")

        published = d.pop("published")

        progress_out = cls(
            finished=finished,
            held=held,
            in_progress=in_progress,
            learners=learners,
            not_started=not_started,
            published=published,
        )

        return progress_out

