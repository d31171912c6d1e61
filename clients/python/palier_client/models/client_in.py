from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.client_in_mode import ClientInMode
from ..models.scope import Scope
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.jwks_in import JwksIn





T = TypeVar("T", bound="ClientIn")



@_attrs_define
class ClientIn:
    """ What to make.

        Attributes:
            label (str): by which people recognise it
            mode (ClientInMode): what is made in test mode never meets what is live
            scopes (list[Scope]): what it may do, at most what you may do yourself
            jwks (JwksIn | None | Unset): its public keys, for `private_key_jwt`; null: it is given a secret
     """

    label: str
    mode: ClientInMode
    scopes: list[Scope]
    jwks: JwksIn | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.jwks_in import JwksIn # noqa: PLC0415
        label = self.label

        mode = self.mode.value

        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item = scopes_item_data.value
            scopes.append(scopes_item)



        jwks: dict[str, Any] | None | Unset
        if isinstance(self.jwks, Unset):
            jwks = UNSET
        elif isinstance(self.jwks, JwksIn):
            jwks = self.jwks.to_dict()
        else:
            jwks = self.jwks


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "label": label,
            "mode": mode,
            "scopes": scopes,
        })
        if jwks is not UNSET:
            field_dict["jwks"] = jwks

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.jwks_in import JwksIn # noqa: PLC0415
        d = dict(src_dict)
        label = d.pop("label")

        mode = ClientInMode(d.pop("mode"))




        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in (_scopes):
            scopes_item = Scope(scopes_item_data)



            scopes.append(scopes_item)


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


        client_in = cls(
            label=label,
            mode=mode,
            scopes=scopes,
            jwks=jwks,
        )

        return client_in

