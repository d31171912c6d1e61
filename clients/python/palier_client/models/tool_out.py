from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.tool_out_custom_parameters import ToolOutCustomParameters





T = TypeVar("T", bound="ToolOut")



@_attrs_define
class ToolOut:
    """ What a platform must be told of this tool.

        Attributes:
            custom_parameters (ToolOutCustomParameters): what a link carries that was not made by deep linking
            jwks_url (str):
            launch_url (str): redirection, target link and deep linking address, all the same
            login_url (str):
     """

    custom_parameters: ToolOutCustomParameters
    jwks_url: str
    launch_url: str
    login_url: str





    def to_dict(self) -> dict[str, Any]:
        from ..models.tool_out_custom_parameters import ToolOutCustomParameters # noqa: PLC0415
        custom_parameters = self.custom_parameters.to_dict()

        jwks_url = self.jwks_url

        launch_url = self.launch_url

        login_url = self.login_url


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "custom_parameters": custom_parameters,
            "jwks_url": jwks_url,
            "launch_url": launch_url,
            "login_url": login_url,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.tool_out_custom_parameters import ToolOutCustomParameters # noqa: PLC0415
        d = dict(src_dict)
        custom_parameters = ToolOutCustomParameters.from_dict(d.pop("custom_parameters"))




        jwks_url = d.pop("jwks_url")

        launch_url = d.pop("launch_url")

        login_url = d.pop("login_url")

        tool_out = cls(
            custom_parameters=custom_parameters,
            jwks_url=jwks_url,
            launch_url=launch_url,
            login_url=login_url,
        )

        return tool_out

