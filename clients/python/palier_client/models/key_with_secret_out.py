from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.key_with_secret_out_mode import KeyWithSecretOutMode
from ..models.scope import Scope
from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="KeyWithSecretOut")



@_attrs_define
class KeyWithSecretOut:
    """ The same with its secret, told in this reply and never again.

        Attributes:
            created_at (datetime.datetime):
            created_by (str):
            expires_at (datetime.datetime | None):
            id (UUID):
            label (str): by which people recognise it
            last_used_at (datetime.datetime | None): to the minute; null: never
            mode (KeyWithSecretOutMode): what is made in test mode never meets what is live
            prefix (str): how its secret begins
            revoked_at (datetime.datetime | None):
            scopes (list[Scope]): what it may do, at most what you may do yourself
            secret (str):
     """

    created_at: datetime.datetime
    created_by: str
    expires_at: datetime.datetime | None
    id: UUID
    label: str
    last_used_at: datetime.datetime | None
    mode: KeyWithSecretOutMode
    prefix: str
    revoked_at: datetime.datetime | None
    scopes: list[Scope]
    secret: str





    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        created_by = self.created_by

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        id = str(self.id)

        label = self.label

        last_used_at: None | str
        if isinstance(self.last_used_at, datetime.datetime):
            last_used_at = self.last_used_at.isoformat()
        else:
            last_used_at = self.last_used_at

        mode = self.mode.value

        prefix = self.prefix

        revoked_at: None | str
        if isinstance(self.revoked_at, datetime.datetime):
            revoked_at = self.revoked_at.isoformat()
        else:
            revoked_at = self.revoked_at

        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item = scopes_item_data.value
            scopes.append(scopes_item)



        secret = self.secret


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "created_at": created_at,
            "created_by": created_by,
            "expires_at": expires_at,
            "id": id,
            "label": label,
            "last_used_at": last_used_at,
            "mode": mode,
            "prefix": prefix,
            "revoked_at": revoked_at,
            "scopes": scopes,
            "secret": secret,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        created_by = d.pop("created_by")

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)



                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))


        id = UUID(d.pop("id"))




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


        mode = KeyWithSecretOutMode(d.pop("mode"))




        prefix = d.pop("prefix")

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


        secret = d.pop("secret")

        key_with_secret_out = cls(
            created_at=created_at,
            created_by=created_by,
            expires_at=expires_at,
            id=id,
            label=label,
            last_used_at=last_used_at,
            mode=mode,
            prefix=prefix,
            revoked_at=revoked_at,
            scopes=scopes,
            secret=secret,
        )

        return key_with_secret_out

