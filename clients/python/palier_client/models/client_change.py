from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.jwks_in import JwksIn





T = TypeVar("T", bound="ClientChange")



@_attrs_define
class ClientChange:
    """ What to change; what is left out stays.

        Attributes:
            jwks (JwksIn | None | Unset):
            label (None | str | Unset):
     """

    jwks: JwksIn | None | Unset = UNSET
    label: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.jwks_in import JwksIn # noqa: PLC0415
        jwks: dict[str, Any] | None | Unset
        if isinstance(self.jwks, Unset):
            jwks = UNSET
        elif isinstance(self.jwks, JwksIn):
            jwks = self.jwks.to_dict()
        else:
            jwks = self.jwks

        label: None | str | Unset
        if isinstance(self.label, Unset):
            label = UNSET
        else:
            label = self.label


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if jwks is not UNSET:
            field_dict["jwks"] = jwks
        if label is not UNSET:
            field_dict["label"] = label

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.jwks_in import JwksIn # noqa: PLC0415
        d = dict(src_dict)
        def _parse_jwks(data: object) -> JwksIn | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                jwks_type_0 = JwksIn.from_dict(data)



                return jwks_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(JwksIn | None | Unset, data)

        jwks = _parse_jwks(d.pop("jwks", UNSET))


        def _parse_label(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        label = _parse_label(d.pop("label", UNSET))


        client_change = cls(
            jwks=jwks,
            label=label,
        )

        return client_change

