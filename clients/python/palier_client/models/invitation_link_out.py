from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="InvitationLinkOut")



@_attrs_define
class InvitationLinkOut:
    """ A personal link, told once. A new invitation replaces it.

        Attributes:
            learner (None | str):
            time_factor (float): 1, 1.33, 1.5 or 2 times the time; why is not asked
            url (str):
     """

    learner: None | str
    time_factor: float
    url: str





    def to_dict(self) -> dict[str, Any]:
        learner: None | str
        learner = self.learner

        time_factor = self.time_factor

        url = self.url


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "learner": learner,
            "time_factor": time_factor,
            "url": url,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_learner(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        learner = _parse_learner(d.pop("learner"))


        time_factor = d.pop("time_factor")

        url = d.pop("url")

        invitation_link_out = cls(
            learner=learner,
            time_factor=time_factor,
            url=url,
        )

        return invitation_link_out

