from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.identity_in import IdentityIn





T = TypeVar("T", bound="LearnerIn")



@_attrs_define
class LearnerIn:
    """ A learner to make.

        Attributes:
            external_id (str): your own pseudonymous identifier; never a name or an e-mail address
            curriculum (None | str | Unset):
            identity (IdentityIn | None | Unset):
            profession (None | str | Unset): one of the framework's professions
            year (None | str | Unset):
     """

    external_id: str
    curriculum: None | str | Unset = UNSET
    identity: IdentityIn | None | Unset = UNSET
    profession: None | str | Unset = UNSET
    year: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.identity_in import IdentityIn # noqa: PLC0415
        external_id = self.external_id

        curriculum: None | str | Unset
        if isinstance(self.curriculum, Unset):
            curriculum = UNSET
        else:
            curriculum = self.curriculum

        identity: dict[str, Any] | None | Unset
        if isinstance(self.identity, Unset):
            identity = UNSET
        elif isinstance(self.identity, IdentityIn):
            identity = self.identity.to_dict()
        else:
            identity = self.identity

        profession: None | str | Unset
        if isinstance(self.profession, Unset):
            profession = UNSET
        else:
            profession = self.profession

        year: None | str | Unset
        if isinstance(self.year, Unset):
            year = UNSET
        else:
            year = self.year


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "external_id": external_id,
        })
        if curriculum is not UNSET:
            field_dict["curriculum"] = curriculum
        if identity is not UNSET:
            field_dict["identity"] = identity
        if profession is not UNSET:
            field_dict["profession"] = profession
        if year is not UNSET:
            field_dict["year"] = year

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.identity_in import IdentityIn # noqa: PLC0415
        d = dict(src_dict)
        external_id = d.pop("external_id")

        def _parse_curriculum(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        curriculum = _parse_curriculum(d.pop("curriculum", UNSET))


        def _parse_identity(data: object) -> IdentityIn | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                identity_type_0 = IdentityIn.from_dict(data)



                return identity_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(IdentityIn | None | Unset, data)

        identity = _parse_identity(d.pop("identity", UNSET))


        def _parse_profession(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        profession = _parse_profession(d.pop("profession", UNSET))


        def _parse_year(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        year = _parse_year(d.pop("year", UNSET))


        learner_in = cls(
            external_id=external_id,
            curriculum=curriculum,
            identity=identity,
            profession=profession,
            year=year,
        )

        return learner_in

