from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID

if TYPE_CHECKING:
  from ..models.group_out import GroupOut
  from ..models.progress_out import ProgressOut





T = TypeVar("T", bound="StatisticsOut")



@_attrs_define
class StatisticsOut:
    """ A campaign in figures. A group under ten learners has no figures (k-anonymity).

        Attributes:
            campaign (UUID):
            groups (list[GroupOut]):
            progress (ProgressOut): Learners of the campaign, each counted once; held results are counted and nothing more.
     """

    campaign: UUID
    groups: list[GroupOut]
    progress: ProgressOut





    def to_dict(self) -> dict[str, Any]:
        from ..models.group_out import GroupOut # noqa: PLC0415
        from ..models.progress_out import ProgressOut # noqa: PLC0415
        campaign = str(self.campaign)

        groups = []
        for groups_item_data in self.groups:
            groups_item = groups_item_data.to_dict()
            groups.append(groups_item)



        progress = self.progress.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "campaign": campaign,
            "groups": groups,
            "progress": progress,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.group_out import GroupOut # noqa: PLC0415
        from ..models.progress_out import ProgressOut # noqa: PLC0415
        d = dict(src_dict)
        campaign = UUID(d.pop("campaign"))




        groups = []
        _groups = d.pop("groups")
        for groups_item_data in (_groups):
            groups_item = GroupOut.from_dict(groups_item_data)



            groups.append(groups_item)


        progress = ProgressOut.from_dict(d.pop("progress"))




        statistics_out = cls(
            campaign=campaign,
            groups=groups,
            progress=progress,
        )

        return statistics_out

