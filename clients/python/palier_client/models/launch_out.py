from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="LaunchOut")



@_attrs_define
class LaunchOut:
    """ A link for one learner's browser: it opens the sitting in the first one that follows it.

        Attributes:
            expires_at (datetime.datetime):
            launch_url (str): told to nobody else: whoever follows it first has the sitting
            sitting (UUID):
     """

    expires_at: datetime.datetime
    launch_url: str
    sitting: UUID





    def to_dict(self) -> dict[str, Any]:
        expires_at = self.expires_at.isoformat()

        launch_url = self.launch_url

        sitting = str(self.sitting)


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "expires_at": expires_at,
            "launch_url": launch_url,
            "sitting": sitting,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))




        launch_url = d.pop("launch_url")

        sitting = UUID(d.pop("sitting"))




        launch_out = cls(
            expires_at=expires_at,
            launch_url=launch_url,
            sitting=sitting,
        )

        return launch_out

