from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="LevelShareOut")



@_attrs_define
class LevelShareOut:
    """ Learners on one level.

        Attributes:
            interval (list[float]): 90 % interval of the share
            label (str):
            learners (int):
            share (float):
     """

    interval: list[float]
    label: str
    learners: int
    share: float





    def to_dict(self) -> dict[str, Any]:
        interval = self.interval



        label = self.label

        learners = self.learners

        share = self.share


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "interval": interval,
            "label": label,
            "learners": learners,
            "share": share,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        interval = cast(list[float], d.pop("interval"))


        label = d.pop("label")

        learners = d.pop("learners")

        share = d.pop("share")

        level_share_out = cls(
            interval=interval,
            label=label,
            learners=learners,
            share=share,
        )

        return level_share_out

