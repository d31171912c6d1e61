from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.item_out import ItemOut





T = TypeVar("T", bound="QuestionOut")



@_attrs_define
class QuestionOut:
    """ The question being shown.

        Attributes:
            item (ItemOut): An item as a learner may see it.
            position (int):
     """

    item: ItemOut
    position: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.item_out import ItemOut # noqa: PLC0415
        item = self.item.to_dict()

        position = self.position


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "item": item,
            "position": position,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.item_out import ItemOut # noqa: PLC0415
        d = dict(src_dict)
        item = ItemOut.from_dict(d.pop("item"))




        position = d.pop("position")

        question_out = cls(
            item=item,
            position=position,
        )

        return question_out

