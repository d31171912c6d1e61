from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="PlatformOut")



@_attrs_define
class PlatformOut:
    """ A platform.

        Attributes:
            authorization_url (str):
            client_id (str):
            created_at (datetime.datetime):
            deployments (list[str]):
            enabled (bool):
            frame_origins (list[str]):
            id (UUID):
            issuer (str):
            jwks_url (str):
            name (str):
            shows_names (bool):
            token_audience (None | str):
            token_url (str):
     """

    authorization_url: str
    client_id: str
    created_at: datetime.datetime
    deployments: list[str]
    enabled: bool
    frame_origins: list[str]
    id: UUID
    issuer: str
    jwks_url: str
    name: str
    shows_names: bool
    token_audience: None | str
    token_url: str





    def to_dict(self) -> dict[str, Any]:
        authorization_url = self.authorization_url

        client_id = self.client_id

        created_at = self.created_at.isoformat()

        deployments = self.deployments



        enabled = self.enabled

        frame_origins = self.frame_origins



        id = str(self.id)

        issuer = self.issuer

        jwks_url = self.jwks_url

        name = self.name

        shows_names = self.shows_names

        token_audience: None | str
        token_audience = self.token_audience

        token_url = self.token_url


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "authorization_url": authorization_url,
            "client_id": client_id,
            "created_at": created_at,
            "deployments": deployments,
            "enabled": enabled,
            "frame_origins": frame_origins,
            "id": id,
            "issuer": issuer,
            "jwks_url": jwks_url,
            "name": name,
            "shows_names": shows_names,
            "token_audience": token_audience,
            "token_url": token_url,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        authorization_url = d.pop("authorization_url")

        client_id = d.pop("client_id")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        deployments = cast(list[str], d.pop("deployments"))


        enabled = d.pop("enabled")

        frame_origins = cast(list[str], d.pop("frame_origins"))


        id = UUID(d.pop("id"))




        issuer = d.pop("issuer")

        jwks_url = d.pop("jwks_url")

        name = d.pop("name")

        shows_names = d.pop("shows_names")

        def _parse_token_audience(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        token_audience = _parse_token_audience(d.pop("token_audience"))


        token_url = d.pop("token_url")

        platform_out = cls(
            authorization_url=authorization_url,
            client_id=client_id,
            created_at=created_at,
            deployments=deployments,
            enabled=enabled,
            frame_origins=frame_origins,
            id=id,
            issuer=issuer,
            jwks_url=jwks_url,
            name=name,
            shows_names=shows_names,
            token_audience=token_audience,
            token_url=token_url,
        )

        return platform_out

