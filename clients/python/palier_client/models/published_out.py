from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="PublishedOut")



@_attrs_define
class PublishedOut:
    """ What was published.

        Attributes:
            campaign (UUID):
            indicative (bool):
            published_at (datetime.datetime):
            results (int): results known from now on
     """

    campaign: UUID
    indicative: bool
    published_at: datetime.datetime
    results: int





    def to_dict(self) -> dict[str, Any]:
        campaign = str(self.campaign)

        indicative = self.indicative

        published_at = self.published_at.isoformat()

        results = self.results


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "campaign": campaign,
            "indicative": indicative,
            "published_at": published_at,
            "results": results,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        campaign = UUID(d.pop("campaign"))




        indicative = d.pop("indicative")

        published_at = datetime.datetime.fromisoformat(d.pop("published_at"))




        results = d.pop("results")

        published_out = cls(
            campaign=campaign,
            indicative=indicative,
            published_at=published_at,
            results=results,
        )

        return published_out

