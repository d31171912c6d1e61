from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="PlatformIn")



@_attrs_define
class PlatformIn:
    """ A platform registered by hand: what it shows beside the tool, once the tool is made there.

        Attributes:
            authorization_url (str):
            client_id (str):
            issuer (str):
            jwks_url (str):
            name (str):
            token_url (str):
            deployments (list[str] | Unset): none: the first launch fixes it
            frame_origins (list[str] | Unset): where pages may be framed, beside the hosts of the platform
            shows_names (bool | Unset): show the names of the roster to teachers; they are never stored Default: False.
            token_audience (None | str | Unset): audience of token requests, where it is not `token_url`
     """

    authorization_url: str
    client_id: str
    issuer: str
    jwks_url: str
    name: str
    token_url: str
    deployments: list[str] | Unset = UNSET
    frame_origins: list[str] | Unset = UNSET
    shows_names: bool | Unset = False
    token_audience: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        authorization_url = self.authorization_url

        client_id = self.client_id

        issuer = self.issuer

        jwks_url = self.jwks_url

        name = self.name

        token_url = self.token_url

        deployments: list[str] | Unset = UNSET
        if not isinstance(self.deployments, Unset):
            deployments = self.deployments



        frame_origins: list[str] | Unset = UNSET
        if not isinstance(self.frame_origins, Unset):
            frame_origins = self.frame_origins



        shows_names = self.shows_names

        token_audience: None | str | Unset
        if isinstance(self.token_audience, Unset):
            token_audience = UNSET
        else:
            token_audience = self.token_audience


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "authorization_url": authorization_url,
            "client_id": client_id,
            "issuer": issuer,
            "jwks_url": jwks_url,
            "name": name,
            "token_url": token_url,
        })
        if deployments is not UNSET:
            field_dict["deployments"] = deployments
        if frame_origins is not UNSET:
            field_dict["frame_origins"] = frame_origins
        if shows_names is not UNSET:
            field_dict["shows_names"] = shows_names
        if token_audience is not UNSET:
            field_dict["token_audience"] = token_audience

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        authorization_url = d.pop("authorization_url")

        client_id = d.pop("client_id")

        issuer = d.pop("issuer")

        jwks_url = d.pop("jwks_url")

        name = d.pop("name")

        token_url = d.pop("token_url")

        deployments = cast(list[str], d.pop("deployments", UNSET))


        frame_origins = cast(list[str], d.pop("frame_origins", UNSET))


        shows_names = d.pop("shows_names", UNSET)

        def _parse_token_audience(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        token_audience = _parse_token_audience(d.pop("token_audience", UNSET))


        platform_in = cls(
            authorization_url=authorization_url,
            client_id=client_id,
            issuer=issuer,
            jwks_url=jwks_url,
            name=name,
            token_url=token_url,
            deployments=deployments,
            frame_origins=frame_origins,
            shows_names=shows_names,
            token_audience=token_audience,
        )

        return platform_in

