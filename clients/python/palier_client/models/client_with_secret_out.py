from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.client_with_secret_out_method import ClientWithSecretOutMethod
from ..models.client_with_secret_out_mode import ClientWithSecretOutMode
from ..models.scope import Scope
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
  from ..models.jwks_out import JwksOut





T = TypeVar("T", bound="ClientWithSecretOut")



@_attrs_define
class ClientWithSecretOut:
    """ The same with its secret, told in this reply and never again; null when it proves itself by its keys.

        Attributes:
            created_at (datetime.datetime):
            created_by (str):
            former_secret_until (datetime.datetime | None): the secret before its present one is good until then; null: it
                was never rotated
            id (UUID): its `client_id`
            jwks (JwksOut | None):
            label (str): by which people recognise it
            last_used_at (datetime.datetime | None):
            method (ClientWithSecretOutMethod): how it proves who it is
            mode (ClientWithSecretOutMode): what is made in test mode never meets what is live
            revoked_at (datetime.datetime | None):
            scopes (list[Scope]): what it may do, at most what you may do yourself
            secret (None | str):
     """

    created_at: datetime.datetime
    created_by: str
    former_secret_until: datetime.datetime | None
    id: UUID
    jwks: JwksOut | None
    label: str
    last_used_at: datetime.datetime | None
    method: ClientWithSecretOutMethod
    mode: ClientWithSecretOutMode
    revoked_at: datetime.datetime | None
    scopes: list[Scope]
    secret: None | str





    def to_dict(self) -> dict[str, Any]:
        from ..models.jwks_out import JwksOut # noqa: PLC0415
        created_at = self.created_at.isoformat()

        created_by = self.created_by

        former_secret_until: None | str
        if isinstance(self.former_secret_until, datetime.datetime):
            former_secret_until = self.former_secret_until.isoformat()
        else:
            former_secret_until = self.former_secret_until

        id = str(self.id)

        jwks: dict[str, Any] | None
        if isinstance(self.jwks, JwksOut):
            jwks = self.jwks.to_dict()
        else:
            jwks = self.jwks

        label = self.label

        last_used_at: None | str
        if isinstance(self.last_used_at, datetime.datetime):
            last_used_at = self.last_used_at.isoformat()
        else:
            last_used_at = self.last_used_at

        method = self.method.value

        mode = self.mode.value

        revoked_at: None | str
        if isinstance(self.revoked_at, datetime.datetime):
            revoked_at = self.revoked_at.isoformat()
        else:
            revoked_at = self.revoked_at

        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item = scopes_item_data.value
            scopes.append(scopes_item)



        secret: None | str
        secret = self.secret


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "created_at": created_at,
            "created_by": created_by,
            "former_secret_until": former_secret_until,
            "id": id,
            "jwks": jwks,
            "label": label,
            "last_used_at": last_used_at,
            "method": method,
            "mode": mode,
            "revoked_at": revoked_at,
            "scopes": scopes,
            "secret": secret,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.jwks_out import JwksOut # noqa: PLC0415
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        created_by = d.pop("created_by")

        def _parse_former_secret_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                former_secret_until_type_0 = datetime.datetime.fromisoformat(data)



                return former_secret_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        former_secret_until = _parse_former_secret_until(d.pop("former_secret_until"))


        id = UUID(d.pop("id"))




        def _parse_jwks(data: object) -> JwksOut | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                jwks_type_0 = JwksOut.from_dict(data)



                return jwks_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(JwksOut | None, data)

        jwks = _parse_jwks(d.pop("jwks"))


        label = d.pop("label")

        def _parse_last_used_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_used_at_type_0 = datetime.datetime.fromisoformat(data)



                return last_used_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_used_at = _parse_last_used_at(d.pop("last_used_at"))


        method = ClientWithSecretOutMethod(d.pop("method"))




        mode = ClientWithSecretOutMode(d.pop("mode"))




        def _parse_revoked_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                revoked_at_type_0 = datetime.datetime.fromisoformat(data)



                return revoked_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        revoked_at = _parse_revoked_at(d.pop("revoked_at"))


        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in (_scopes):
            scopes_item = Scope(scopes_item_data)



            scopes.append(scopes_item)


        def _parse_secret(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        secret = _parse_secret(d.pop("secret"))


        client_with_secret_out = cls(
            created_at=created_at,
            created_by=created_by,
            former_secret_until=former_secret_until,
            id=id,
            jwks=jwks,
            label=label,
            last_used_at=last_used_at,
            method=method,
            mode=mode,
            revoked_at=revoked_at,
            scopes=scopes,
            secret=secret,
        )

        return client_with_secret_out

