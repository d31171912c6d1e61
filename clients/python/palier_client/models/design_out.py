from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.design_out_purpose import DesignOutPurpose
from typing import cast






T = TypeVar("T", bound="DesignOut")



@_attrs_define
class DesignOut:
    """ The test design this sitting runs.

        Attributes:
            key (str):
            languages (list[str]):
            length (int):
            minimum_responses (int):
            purpose (DesignOutPurpose):
            time_limit_seconds (int):
            title (str):
            version (int):
     """

    key: str
    languages: list[str]
    length: int
    minimum_responses: int
    purpose: DesignOutPurpose
    time_limit_seconds: int
    title: str
    version: int





    def to_dict(self) -> dict[str, Any]:
        key = self.key

        languages = self.languages



        length = self.length

        minimum_responses = self.minimum_responses

        purpose = self.purpose.value

        time_limit_seconds = self.time_limit_seconds

        title = self.title

        version = self.version


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "key": key,
            "languages": languages,
            "length": length,
            "minimum_responses": minimum_responses,
            "purpose": purpose,
            "time_limit_seconds": time_limit_seconds,
            "title": title,
            "version": version,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        key = d.pop("key")

        languages = cast(list[str], d.pop("languages"))


        length = d.pop("length")

        minimum_responses = d.pop("minimum_responses")

        purpose = DesignOutPurpose(d.pop("purpose"))




        time_limit_seconds = d.pop("time_limit_seconds")

        title = d.pop("title")

        version = d.pop("version")

        design_out = cls(
            key=key,
            languages=languages,
            length=length,
            minimum_responses=minimum_responses,
            purpose=purpose,
            time_limit_seconds=time_limit_seconds,
            title=title,
            version=version,
        )

        return design_out

