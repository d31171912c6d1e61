from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.export_out_format import ExportOutFormat
from ..models.export_out_status import ExportOutStatus
from ..models.export_out_what import ExportOutWhat
from typing import cast
from uuid import UUID
import datetime






T = TypeVar("T", bound="ExportOut")



@_attrs_define
class ExportOut:
    """ An export and its state; its file is at `/v1/exports/{id}/file` for seven days.

    It `expired` before them when a learner who may stand in it was erased: `failure` says so, a new one can be made.

        Attributes:
            bom (bool):
            bytes_ (int | None):
            campaign (None | UUID):
            cohort (None | UUID):
            created_at (datetime.datetime):
            expires_at (datetime.datetime | None):
            failure (None | str): `too_many_rows`, `unfinished`, or `learner_erased`: the file was withdrawn, or not
                finished, because a learner who may stand in it was erased
            finished_at (datetime.datetime | None):
            format_ (ExportOutFormat):
            id (UUID):
            rows (int | None):
            sha256 (None | str):
            status (ExportOutStatus):
            updated_since (datetime.datetime | None):
            what (ExportOutWhat):
     """

    bom: bool
    bytes_: int | None
    campaign: None | UUID
    cohort: None | UUID
    created_at: datetime.datetime
    expires_at: datetime.datetime | None
    failure: None | str
    finished_at: datetime.datetime | None
    format_: ExportOutFormat
    id: UUID
    rows: int | None
    sha256: None | str
    status: ExportOutStatus
    updated_since: datetime.datetime | None
    what: ExportOutWhat





    def to_dict(self) -> dict[str, Any]:
        bom = self.bom

        bytes_: int | None
        bytes_ = self.bytes_

        campaign: None | str
        if isinstance(self.campaign, UUID):
            campaign = str(self.campaign)
        else:
            campaign = self.campaign

        cohort: None | str
        if isinstance(self.cohort, UUID):
            cohort = str(self.cohort)
        else:
            cohort = self.cohort

        created_at = self.created_at.isoformat()

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        failure: None | str
        failure = self.failure

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        format_ = self.format_.value

        id = str(self.id)

        rows: int | None
        rows = self.rows

        sha256: None | str
        sha256 = self.sha256

        status = self.status.value

        updated_since: None | str
        if isinstance(self.updated_since, datetime.datetime):
            updated_since = self.updated_since.isoformat()
        else:
            updated_since = self.updated_since

        what = self.what.value


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "bom": bom,
            "bytes": bytes_,
            "campaign": campaign,
            "cohort": cohort,
            "created_at": created_at,
            "expires_at": expires_at,
            "failure": failure,
            "finished_at": finished_at,
            "format": format_,
            "id": id,
            "rows": rows,
            "sha256": sha256,
            "status": status,
            "updated_since": updated_since,
            "what": what,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bom = d.pop("bom")

        def _parse_bytes_(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        bytes_ = _parse_bytes_(d.pop("bytes"))


        def _parse_campaign(data: object) -> None | UUID:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                campaign_type_0 = UUID(data)



                return campaign_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UUID, data)

        campaign = _parse_campaign(d.pop("campaign"))


        def _parse_cohort(data: object) -> None | UUID:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                cohort_type_0 = UUID(data)



                return cohort_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UUID, data)

        cohort = _parse_cohort(d.pop("cohort"))


        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




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


        def _parse_failure(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        failure = _parse_failure(d.pop("failure"))


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


        format_ = ExportOutFormat(d.pop("format"))




        id = UUID(d.pop("id"))




        def _parse_rows(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rows = _parse_rows(d.pop("rows"))


        def _parse_sha256(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        sha256 = _parse_sha256(d.pop("sha256"))


        status = ExportOutStatus(d.pop("status"))




        def _parse_updated_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                updated_since_type_0 = datetime.datetime.fromisoformat(data)



                return updated_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        updated_since = _parse_updated_since(d.pop("updated_since"))


        what = ExportOutWhat(d.pop("what"))




        export_out = cls(
            bom=bom,
            bytes_=bytes_,
            campaign=campaign,
            cohort=cohort,
            created_at=created_at,
            expires_at=expires_at,
            failure=failure,
            finished_at=finished_at,
            format_=format_,
            id=id,
            rows=rows,
            sha256=sha256,
            status=status,
            updated_since=updated_since,
            what=what,
        )

        return export_out

