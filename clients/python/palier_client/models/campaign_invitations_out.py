from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.invitation_link_out import InvitationLinkOut





T = TypeVar("T", bound="CampaignInvitationsOut")



@_attrs_define
class CampaignInvitationsOut:
    """ The links.

        Attributes:
            data (list[InvitationLinkOut]):
            remaining (int): learners of the cohort who have no link yet
     """

    data: list[InvitationLinkOut]
    remaining: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.invitation_link_out import InvitationLinkOut # noqa: PLC0415
        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)



        remaining = self.remaining


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "data": data,
            "remaining": remaining,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invitation_link_out import InvitationLinkOut # noqa: PLC0415
        d = dict(src_dict)
        data = []
        _data = d.pop("data")
        for data_item_data in (_data):
            data_item = InvitationLinkOut.from_dict(data_item_data)



            data.append(data_item)


        remaining = d.pop("remaining")

        campaign_invitations_out = cls(
            data=data,
            remaining=remaining,
        )

        return campaign_invitations_out

