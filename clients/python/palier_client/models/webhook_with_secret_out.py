from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.webhook_with_secret_out_disabled_reason_type_0 import WebhookWithSecretOutDisabledReasonType0
from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="WebhookWithSecretOut")



@_attrs_define
class WebhookWithSecretOut:
    """ The same with the secret that signs, told in this reply and never again.

        Attributes:
            created_at (datetime.datetime):
            description (str):
            disabled_reason (None | WebhookWithSecretOutDisabledReasonType0): `gone`: the address answered 410
            enabled (bool):
            events (list[str]):
            former_secret_until (datetime.datetime | None): until then messages also carry the former secret's signature
            id (UUID):
            secret (str):
            url (str):
     """

    created_at: datetime.datetime
    description: str
    disabled_reason: None | WebhookWithSecretOutDisabledReasonType0
    enabled: bool
    events: list[str]
    former_secret_until: datetime.datetime | None
    id: UUID
    secret: str
    url: str





    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        description = self.description

        disabled_reason: None | str
        if isinstance(self.disabled_reason, WebhookWithSecretOutDisabledReasonType0):
            disabled_reason = self.disabled_reason.value
        else:
            disabled_reason = self.disabled_reason

        enabled = self.enabled

        events = self.events



        former_secret_until: None | str
        if isinstance(self.former_secret_until, datetime.datetime):
            former_secret_until = self.former_secret_until.isoformat()
        else:
            former_secret_until = self.former_secret_until

        id = str(self.id)

        secret = self.secret

        url = self.url


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "created_at": created_at,
            "description": description,
            "disabled_reason": disabled_reason,
            "enabled": enabled,
            "events": events,
            "former_secret_until": former_secret_until,
            "id": id,
            "secret": secret,
            "url": url,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        description = d.pop("description")

        def _parse_disabled_reason(data: object) -> None | WebhookWithSecretOutDisabledReasonType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_reason_type_0 = WebhookWithSecretOutDisabledReasonType0(data)



                return disabled_reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | WebhookWithSecretOutDisabledReasonType0, data)

        disabled_reason = _parse_disabled_reason(d.pop("disabled_reason"))


        enabled = d.pop("enabled")

        events = cast(list[str], d.pop("events"))


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




        secret = d.pop("secret")

        url = d.pop("url")

        webhook_with_secret_out = cls(
            created_at=created_at,
            description=description,
            disabled_reason=disabled_reason,
            enabled=enabled,
            events=events,
            former_secret_until=former_secret_until,
            id=id,
            secret=secret,
            url=url,
        )

        return webhook_with_secret_out

