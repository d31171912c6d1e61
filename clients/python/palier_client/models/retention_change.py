from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="RetentionChange")



@_attrs_define
class RetentionChange:
    """ Days for some classes; what is left out stays.

        Attributes:
            entries (int | None | Unset):
            identity (int | None | Unset):
            never_started (int | None | Unset):
            pseudonym (int | None | Unset):
     """

    entries: int | None | Unset = UNSET
    identity: int | None | Unset = UNSET
    never_started: int | None | Unset = UNSET
    pseudonym: int | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        entries: int | None | Unset
        if isinstance(self.entries, Unset):
            entries = UNSET
        else:
            entries = self.entries

        identity: int | None | Unset
        if isinstance(self.identity, Unset):
            identity = UNSET
        else:
            identity = self.identity

        never_started: int | None | Unset
        if isinstance(self.never_started, Unset):
            never_started = UNSET
        else:
            never_started = self.never_started

        pseudonym: int | None | Unset
        if isinstance(self.pseudonym, Unset):
            pseudonym = UNSET
        else:
            pseudonym = self.pseudonym


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if entries is not UNSET:
            field_dict["entries"] = entries
        if identity is not UNSET:
            field_dict["identity"] = identity
        if never_started is not UNSET:
            field_dict["never_started"] = never_started
        if pseudonym is not UNSET:
            field_dict["pseudonym"] = pseudonym

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_entries(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        entries = _parse_entries(d.pop("entries", UNSET))


        def _parse_identity(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        identity = _parse_identity(d.pop("identity", UNSET))


        def _parse_never_started(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        never_started = _parse_never_started(d.pop("never_started", UNSET))


        def _parse_pseudonym(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        pseudonym = _parse_pseudonym(d.pop("pseudonym", UNSET))


        retention_change = cls(
            entries=entries,
            identity=identity,
            never_started=never_started,
            pseudonym=pseudonym,
        )

        return retention_change

