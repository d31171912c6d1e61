from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.webhook_out_disabled_reason_type_0 import WebhookOutDisabledReasonType0
from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="WebhookOut")



@_attrs_define
class WebhookOut:
    """ A webhook, without its secret.

        Attributes:
            created_at (datetime.datetime):
            description (str):
            disabled_reason (None | WebhookOutDisabledReasonType0): `gone`: the address answered 410
            enabled (bool):
            events (list[str]):
            id (UUID):
            url (str):
     """

    created_at: datetime.datetime
    description: str
    disabled_reason: None | WebhookOutDisabledReasonType0
    enabled: bool
    events: list[str]
    id: UUID
    url: str





    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        description = self.description

        disabled_reason: None | str
        if isinstance(self.disabled_reason, WebhookOutDisabledReasonType0):
            disabled_reason = self.disabled_reason.value
        else:
            disabled_reason = self.disabled_reason

        enabled = self.enabled

        events = self.events



        id = str(self.id)

        url = self.url


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "created_at": created_at,
            "description": description,
            "disabled_reason": disabled_reason,
            "enabled": enabled,
            "events": events,
            "id": id,
            "url": url,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        description = d.pop("description")

        def _parse_disabled_reason(data: object) -> None | WebhookOutDisabledReasonType0:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_reason_type_0 = WebhookOutDisabledReasonType0(data)



                return disabled_reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | WebhookOutDisabledReasonType0, data)

        disabled_reason = _parse_disabled_reason(d.pop("disabled_reason"))


        enabled = d.pop("enabled")

        events = cast(list[str], d.pop("events"))


        id = UUID(d.pop("id"))




        url = d.pop("url")

        webhook_out = cls(
            created_at=created_at,
            description=description,
            disabled_reason=disabled_reason,
            enabled=enabled,
            events=events,
            id=id,
            url=url,
        )

        return webhook_out

