from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.level_share_out import LevelShareOut





T = TypeVar("T", bound="PartOut")



@_attrs_define
class PartOut:
    """ A curriculum or year; hidden (null) under ten learners, or where it would give another one away.

        Attributes:
            learners (int | None):
            levels (list[LevelShareOut] | None):
            name (None | str):
     """

    learners: int | None
    levels: list[LevelShareOut] | None
    name: None | str





    def to_dict(self) -> dict[str, Any]:
        from ..models.level_share_out import LevelShareOut # noqa: PLC0415
        learners: int | None
        learners = self.learners

        levels: list[dict[str, Any]] | None
        if isinstance(self.levels, list):
            levels = []
            for levels_type_0_item_data in self.levels:
                levels_type_0_item = levels_type_0_item_data.to_dict()
                levels.append(levels_type_0_item)


        else:
            levels = self.levels

        name: None | str
        name = self.name


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "learners": learners,
            "levels": levels,
            "name": name,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.level_share_out import LevelShareOut # noqa: PLC0415
        d = dict(src_dict)
        def _parse_learners(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        learners = _parse_learners(d.pop("learners"))


        def _parse_levels(data: object) -> list[LevelShareOut] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                levels_type_0 = []
                _levels_type_0 = data
                for levels_type_0_item_data in (_levels_type_0):
                    levels_type_0_item = LevelShareOut.from_dict(levels_type_0_item_data)



                    levels_type_0.append(levels_type_0_item)

                return levels_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[LevelShareOut] | None, data)

        levels = _parse_levels(d.pop("levels"))


        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))


        part_out = cls(
            learners=learners,
            levels=levels,
            name=name,
        )

        return part_out

