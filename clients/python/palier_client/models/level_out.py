from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="LevelOut")



@_attrs_define
class LevelOut:
    """ One level and its probabilities.

        Attributes:
            at_least (float):
            id (str):
            label (str):
            probability (float):
     """

    at_least: float
    id: str
    label: str
    probability: float





    def to_dict(self) -> dict[str, Any]:
        at_least = self.at_least

        id = self.id

        label = self.label

        probability = self.probability


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "at_least": at_least,
            "id": id,
            "label": label,
            "probability": probability,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at_least = d.pop("at_least")

        id = d.pop("id")

        label = d.pop("label")

        probability = d.pop("probability")

        level_out = cls(
            at_least=at_least,
            id=id,
            label=label,
            probability=probability,
        )

        return level_out

