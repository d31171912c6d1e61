from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.institution_out_mode import InstitutionOutMode
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
  from ..models.branding_out import BrandingOut
  from ..models.institution_out_quotas import InstitutionOutQuotas





T = TypeVar("T", bound="InstitutionOut")



@_attrs_define
class InstitutionOut:
    """ An institution, or its twin of test mode.

        Attributes:
            branding (BrandingOut): What the pages of the learners wear; null: the look of the house.
            created_at (datetime.datetime):
            frame_ancestors (list[str]): origins whose pages may frame those of your learners
            id (UUID):
            mode (InstitutionOutMode):
            name (str): as learners and members read it
            quotas (InstitutionOutQuotas): `sittings_per_year`, `learners`, `webhooks`, set by the operator; absent: no
                limit
            slug (str):
     """

    branding: BrandingOut
    created_at: datetime.datetime
    frame_ancestors: list[str]
    id: UUID
    mode: InstitutionOutMode
    name: str
    quotas: InstitutionOutQuotas
    slug: str





    def to_dict(self) -> dict[str, Any]:
        from ..models.branding_out import BrandingOut # noqa: PLC0415
        from ..models.institution_out_quotas import InstitutionOutQuotas # noqa: PLC0415
        branding = self.branding.to_dict()

        created_at = self.created_at.isoformat()

        frame_ancestors = self.frame_ancestors



        id = str(self.id)

        mode = self.mode.value

        name = self.name

        quotas = self.quotas.to_dict()

        slug = self.slug


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "branding": branding,
            "created_at": created_at,
            "frame_ancestors": frame_ancestors,
            "id": id,
            "mode": mode,
            "name": name,
            "quotas": quotas,
            "slug": slug,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.branding_out import BrandingOut # noqa: PLC0415
        from ..models.institution_out_quotas import InstitutionOutQuotas # noqa: PLC0415
        d = dict(src_dict)
        branding = BrandingOut.from_dict(d.pop("branding"))




        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        frame_ancestors = cast(list[str], d.pop("frame_ancestors"))


        id = UUID(d.pop("id"))




        mode = InstitutionOutMode(d.pop("mode"))




        name = d.pop("name")

        quotas = InstitutionOutQuotas.from_dict(d.pop("quotas"))




        slug = d.pop("slug")

        institution_out = cls(
            branding=branding,
            created_at=created_at,
            frame_ancestors=frame_ancestors,
            id=id,
            mode=mode,
            name=name,
            quotas=quotas,
            slug=slug,
        )

        return institution_out

