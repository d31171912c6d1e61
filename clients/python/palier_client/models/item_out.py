from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.item_out_interaction import ItemOutInteraction
from typing import cast
from uuid import UUID

if TYPE_CHECKING:
  from ..models.document_out import DocumentOut
  from ..models.option_out import OptionOut
  from ..models.zone_out import ZoneOut





T = TypeVar("T", bound="ItemOut")



@_attrs_define
class ItemOut:
    """ An item as a learner may see it.

        Attributes:
            categories (list[OptionOut]):
            document (DocumentOut | None):
            hint (str):
            id (UUID):
            interaction (ItemOutInteraction):
            language (str):
            maximum (int | None): interaction `zone`: how many may be chosen; null: any number
            maximum_score (int): credit of a wholly right response: more than 1 where part of it earns part
            options (list[OptionOut]):
            stem_html (str):
            unit (str):
            zones (list[ZoneOut]): interaction `zone`: what may be chosen, in reading order
     """

    categories: list[OptionOut]
    document: DocumentOut | None
    hint: str
    id: UUID
    interaction: ItemOutInteraction
    language: str
    maximum: int | None
    maximum_score: int
    options: list[OptionOut]
    stem_html: str
    unit: str
    zones: list[ZoneOut]





    def to_dict(self) -> dict[str, Any]:
        from ..models.document_out import DocumentOut # noqa: PLC0415
        from ..models.option_out import OptionOut # noqa: PLC0415
        from ..models.zone_out import ZoneOut # noqa: PLC0415
        categories = []
        for categories_item_data in self.categories:
            categories_item = categories_item_data.to_dict()
            categories.append(categories_item)



        document: dict[str, Any] | None
        if isinstance(self.document, DocumentOut):
            document = self.document.to_dict()
        else:
            document = self.document

        hint = self.hint

        id = str(self.id)

        interaction = self.interaction.value

        language = self.language

        maximum: int | None
        maximum = self.maximum

        maximum_score = self.maximum_score

        options = []
        for options_item_data in self.options:
            options_item = options_item_data.to_dict()
            options.append(options_item)



        stem_html = self.stem_html

        unit = self.unit

        zones = []
        for zones_item_data in self.zones:
            zones_item = zones_item_data.to_dict()
            zones.append(zones_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "categories": categories,
            "document": document,
            "hint": hint,
            "id": id,
            "interaction": interaction,
            "language": language,
            "maximum": maximum,
            "maximum_score": maximum_score,
            "options": options,
            "stem_html": stem_html,
            "unit": unit,
            "zones": zones,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.document_out import DocumentOut # noqa: PLC0415
        from ..models.option_out import OptionOut # noqa: PLC0415
        from ..models.zone_out import ZoneOut # noqa: PLC0415
        d = dict(src_dict)
        categories = []
        _categories = d.pop("categories")
        for categories_item_data in (_categories):
            categories_item = OptionOut.from_dict(categories_item_data)



            categories.append(categories_item)


        def _parse_document(data: object) -> DocumentOut | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                document_type_0 = DocumentOut.from_dict(data)



                return document_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DocumentOut | None, data)

        document = _parse_document(d.pop("document"))


        hint = d.pop("hint")

        id = UUID(d.pop("id"))




        interaction = ItemOutInteraction(d.pop("interaction"))




        language = d.pop("language")

        def _parse_maximum(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        maximum = _parse_maximum(d.pop("maximum"))


        maximum_score = d.pop("maximum_score")

        options = []
        _options = d.pop("options")
        for options_item_data in (_options):
            options_item = OptionOut.from_dict(options_item_data)



            options.append(options_item)


        stem_html = d.pop("stem_html")

        unit = d.pop("unit")

        zones = []
        _zones = d.pop("zones")
        for zones_item_data in (_zones):
            zones_item = ZoneOut.from_dict(zones_item_data)



            zones.append(zones_item)


        item_out = cls(
            categories=categories,
            document=document,
            hint=hint,
            id=id,
            interaction=interaction,
            language=language,
            maximum=maximum,
            maximum_score=maximum_score,
            options=options,
            stem_html=stem_html,
            unit=unit,
            zones=zones,
        )

        return item_out

