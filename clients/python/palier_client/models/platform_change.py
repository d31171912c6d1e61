from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="PlatformChange")



@_attrs_define
class PlatformChange:
    """ What may change of a platform; what is not given stays.

        Attributes:
            authorization_url (None | str | Unset):
            deployments (list[str] | None | Unset):
            enabled (bool | None | Unset):
            frame_origins (list[str] | None | Unset):
            jwks_url (None | str | Unset):
            name (None | str | Unset):
            shows_names (bool | None | Unset):
            token_audience (None | str | Unset):
            token_url (None | str | Unset):
     """

    authorization_url: None | str | Unset = UNSET
    deployments: list[str] | None | Unset = UNSET
    enabled: bool | None | Unset = UNSET
    frame_origins: list[str] | None | Unset = UNSET
    jwks_url: None | str | Unset = UNSET
    name: None | str | Unset = UNSET
    shows_names: bool | None | Unset = UNSET
    token_audience: None | str | Unset = UNSET
    token_url: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        authorization_url: None | str | Unset
        if isinstance(self.authorization_url, Unset):
            authorization_url = UNSET
        else:
            authorization_url = self.authorization_url

        deployments: list[str] | None | Unset
        if isinstance(self.deployments, Unset):
            deployments = UNSET
        elif isinstance(self.deployments, list):
            deployments = self.deployments


        else:
            deployments = self.deployments

        enabled: bool | None | Unset
        if isinstance(self.enabled, Unset):
            enabled = UNSET
        else:
            enabled = self.enabled

        frame_origins: list[str] | None | Unset
        if isinstance(self.frame_origins, Unset):
            frame_origins = UNSET
        elif isinstance(self.frame_origins, list):
            frame_origins = self.frame_origins


        else:
            frame_origins = self.frame_origins

        jwks_url: None | str | Unset
        if isinstance(self.jwks_url, Unset):
            jwks_url = UNSET
        else:
            jwks_url = self.jwks_url

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        shows_names: bool | None | Unset
        if isinstance(self.shows_names, Unset):
            shows_names = UNSET
        else:
            shows_names = self.shows_names

        token_audience: None | str | Unset
        if isinstance(self.token_audience, Unset):
            token_audience = UNSET
        else:
            token_audience = self.token_audience

        token_url: None | str | Unset
        if isinstance(self.token_url, Unset):
            token_url = UNSET
        else:
            token_url = self.token_url


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if authorization_url is not UNSET:
            field_dict["authorization_url"] = authorization_url
        if deployments is not UNSET:
            field_dict["deployments"] = deployments
        if enabled is not UNSET:
            field_dict["enabled"] = enabled
        if frame_origins is not UNSET:
            field_dict["frame_origins"] = frame_origins
        if jwks_url is not UNSET:
            field_dict["jwks_url"] = jwks_url
        if name is not UNSET:
            field_dict["name"] = name
        if shows_names is not UNSET:
            field_dict["shows_names"] = shows_names
        if token_audience is not UNSET:
            field_dict["token_audience"] = token_audience
        if token_url is not UNSET:
            field_dict["token_url"] = token_url

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_authorization_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        authorization_url = _parse_authorization_url(d.pop("authorization_url", UNSET))


        def _parse_deployments(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                deployments_type_0 = cast(list[str], data)

                return deployments_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        deployments = _parse_deployments(d.pop("deployments", UNSET))


        def _parse_enabled(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        enabled = _parse_enabled(d.pop("enabled", UNSET))


        def _parse_frame_origins(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                frame_origins_type_0 = cast(list[str], data)

                return frame_origins_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        frame_origins = _parse_frame_origins(d.pop("frame_origins", UNSET))


        def _parse_jwks_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        jwks_url = _parse_jwks_url(d.pop("jwks_url", UNSET))


        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))


        def _parse_shows_names(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        shows_names = _parse_shows_names(d.pop("shows_names", UNSET))


        def _parse_token_audience(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        token_audience = _parse_token_audience(d.pop("token_audience", UNSET))


        def _parse_token_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        token_url = _parse_token_url(d.pop("token_url", UNSET))


        platform_change = cls(
            authorization_url=authorization_url,
            deployments=deployments,
            enabled=enabled,
            frame_origins=frame_origins,
            jwks_url=jwks_url,
            name=name,
            shows_names=shows_names,
            token_audience=token_audience,
            token_url=token_url,
        )

        return platform_change

