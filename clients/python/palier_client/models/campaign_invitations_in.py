from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.campaign_invitation_in import CampaignInvitationIn





T = TypeVar("T", bound="CampaignInvitationsIn")



@_attrs_define
class CampaignInvitationsIn:
    """ Whom to invite: these learners, or those of the cohort who have no link yet.

        Attributes:
            cohort (bool | Unset): the campaign's cohort, 2,000 learners a call; ask again while some remain Default: False.
            learners (list[CampaignInvitationIn] | Unset):
     """

    cohort: bool | Unset = False
    learners: list[CampaignInvitationIn] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.campaign_invitation_in import CampaignInvitationIn # noqa: PLC0415
        cohort = self.cohort

        learners: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.learners, Unset):
            learners = []
            for learners_item_data in self.learners:
                learners_item = learners_item_data.to_dict()
                learners.append(learners_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if cohort is not UNSET:
            field_dict["cohort"] = cohort
        if learners is not UNSET:
            field_dict["learners"] = learners

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.campaign_invitation_in import CampaignInvitationIn # noqa: PLC0415
        d = dict(src_dict)
        cohort = d.pop("cohort", UNSET)

        _learners = d.pop("learners", UNSET)
        learners: list[CampaignInvitationIn] | Unset = UNSET
        if _learners is not UNSET:
            learners = []
            for learners_item_data in _learners:
                learners_item = CampaignInvitationIn.from_dict(learners_item_data)



                learners.append(learners_item)


        campaign_invitations_in = cls(
            cohort=cohort,
            learners=learners,
        )

        return campaign_invitations_in

