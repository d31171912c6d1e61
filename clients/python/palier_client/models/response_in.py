from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID

if TYPE_CHECKING:
  from ..models.response_in_response_type_0 import ResponseInResponseType0





T = TypeVar("T", bound="ResponseIn")



@_attrs_define
class ResponseIn:
    """ One response to the item being shown.

        Attributes:
            item (UUID): `question.item.id` of the question being shown
            position (int): number of the question, from 1
            response (None | ResponseInResponseType0): By interaction: `{"choice": "b"}`, `{"choices": ["a", "c"]}`,
                `{"order": ["c", "a", "b"]}`, `{"pairs": {"a": "x"}}`, `{"text": "MSSanté"}`, `{"number": "72,5"}`, `{"zones":
                ["a", "c"]}`. `null`: omitted, counted wrong.
     """

    item: UUID
    position: int
    response: None | ResponseInResponseType0





    def to_dict(self) -> dict[str, Any]:
        from ..models.response_in_response_type_0 import ResponseInResponseType0 # noqa: PLC0415
        item = str(self.item)

        position = self.position

        response: dict[str, Any] | None
        if isinstance(self.response, ResponseInResponseType0):
            response = self.response.to_dict()
        else:
            response = self.response


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "item": item,
            "position": position,
            "response": response,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.response_in_response_type_0 import ResponseInResponseType0 # noqa: PLC0415
        d = dict(src_dict)
        item = UUID(d.pop("item"))




        position = d.pop("position")

        def _parse_response(data: object) -> None | ResponseInResponseType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_type_0 = ResponseInResponseType0.from_dict(data)



                return response_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ResponseInResponseType0, data)

        response = _parse_response(d.pop("response"))


        response_in = cls(
            item=item,
            position=position,
            response=response,
        )

        return response_in

