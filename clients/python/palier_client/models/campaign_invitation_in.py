from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="CampaignInvitationIn")



@_attrs_define
class CampaignInvitationIn:
    """ A learner to invite.

        Attributes:
            learner (str): your own pseudonymous identifier; never a name or an e-mail address
            time_factor (float | None | Unset):
     """

    learner: str
    time_factor: float | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        learner = self.learner

        time_factor: float | None | Unset
        if isinstance(self.time_factor, Unset):
            time_factor = UNSET
        else:
            time_factor = self.time_factor


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "learner": learner,
        })
        if time_factor is not UNSET:
            field_dict["time_factor"] = time_factor

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        learner = d.pop("learner")

        def _parse_time_factor(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        time_factor = _parse_time_factor(d.pop("time_factor", UNSET))


        campaign_invitation_in = cls(
            learner=learner,
            time_factor=time_factor,
        )

        return campaign_invitation_in

