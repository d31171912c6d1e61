from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.delivery_out_state import DeliveryOutState
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
  from ..models.attempt_out import AttemptOut





T = TypeVar("T", bound="DeliveryOut")



@_attrs_define
class DeliveryOut:
    """ One message and the attempts to deliver it.

        Attributes:
            attempts (list[AttemptOut]):
            body (str): the body as signed
            created_at (datetime.datetime):
            due_at (datetime.datetime | None): when it is tried next
            event (str):
            finished_at (datetime.datetime | None):
            id (UUID):
            message_id (str): the `webhook-id` header, the same at every try: what has been seen before may be dropped
            state (DeliveryOutState):
            webhook (UUID):
     """

    attempts: list[AttemptOut]
    body: str
    created_at: datetime.datetime
    due_at: datetime.datetime | None
    event: str
    finished_at: datetime.datetime | None
    id: UUID
    message_id: str
    state: DeliveryOutState
    webhook: UUID





    def to_dict(self) -> dict[str, Any]:
        from ..models.attempt_out import AttemptOut # noqa: PLC0415
        attempts = []
        for attempts_item_data in self.attempts:
            attempts_item = attempts_item_data.to_dict()
            attempts.append(attempts_item)



        body = self.body

        created_at = self.created_at.isoformat()

        due_at: None | str
        if isinstance(self.due_at, datetime.datetime):
            due_at = self.due_at.isoformat()
        else:
            due_at = self.due_at

        event = self.event

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        id = str(self.id)

        message_id = self.message_id

        state = self.state.value

        webhook = str(self.webhook)


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "attempts": attempts,
            "body": body,
            "created_at": created_at,
            "due_at": due_at,
            "event": event,
            "finished_at": finished_at,
            "id": id,
            "message_id": message_id,
            "state": state,
            "webhook": webhook,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.attempt_out import AttemptOut # noqa: PLC0415
        d = dict(src_dict)
        attempts = []
        _attempts = d.pop("attempts")
        for attempts_item_data in (_attempts):
            attempts_item = AttemptOut.from_dict(attempts_item_data)



            attempts.append(attempts_item)


        body = d.pop("body")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        def _parse_due_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                due_at_type_0 = datetime.datetime.fromisoformat(data)



                return due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        due_at = _parse_due_at(d.pop("due_at"))


        event = d.pop("event")

        def _parse_finished_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)



                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        finished_at = _parse_finished_at(d.pop("finished_at"))


        id = UUID(d.pop("id"))




        message_id = d.pop("message_id")

        state = DeliveryOutState(d.pop("state"))




        webhook = UUID(d.pop("webhook"))




        delivery_out = cls(
            attempts=attempts,
            body=body,
            created_at=created_at,
            due_at=due_at,
            event=event,
            finished_at=finished_at,
            id=id,
            message_id=message_id,
            state=state,
            webhook=webhook,
        )

        return delivery_out

