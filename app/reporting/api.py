"""`/v1/results`, `/v1/campaigns/{id}/statistics` and `/v1/exports`."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, Response
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Caller, Scope
from app.db import instant_from_text, instant_to_text
from app.delivery.context import Context, given_context
from app.errors import InvalidInput
from app.reporting import service
from app.reporting.figures import LevelShares
from app.reporting.schemas import (
    ChangeOut,
    ComparisonOut,
    DomainMeanOut,
    DomainOut,
    ExportIn,
    ExportListOut,
    ExportOut,
    GroupOut,
    LevelProbabilityOut,
    LevelShareOut,
    LevelsOut,
    MeasurementOut,
    PartOut,
    ProgressOut,
    PublishedResultOut,
    ResultListOut,
    StatisticsOut,
)
from app.reporting.service import Figures, Part, Wanted
from app.reporting.store import ResultRow, Selection
from app.reporting.tables import Export
from app.wire.callers import calling
from app.wire.etags import NOT_MODIFIED, conditional
from app.wire.idempotency import IdempotencyKey, once
from app.wire.paging import PageIn, Paging, page_of
from app.wire.problems import EVERYWHERE, problems

router = APIRouter(prefix="/v1", tags=["results"], responses=EVERYWHERE)

Ctx = Annotated[Context, Depends(given_context)]
CanReadResults = Annotated[Caller, Depends(calling(Scope.RESULTS_READ))]
CanExport = Annotated[Caller, Depends(calling(Scope.EXPORTS_WRITE))]

MEDIA_TYPES = {
    "json": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


@router.get("/results", operation_id="listResults", responses=problems(404, 422))
async def results(
    request: Request,
    context: Ctx,
    caller: CanReadResults,
    paging: Paging,
    campaign: UUID | None = None,
    cohort: UUID | None = None,
    learner: UUID | None = None,
    design: Annotated[str | None, Query(max_length=64)] = None,
    updated_since: AwareDatetime | None = None,
) -> ResultListOut:
    """Published results, those that changed least recently first.

    To follow what is new, ask again with `updated_since` a minute before the `updated_at` of the last row: what was
    being written meanwhile comes too, and a row that comes twice has the same `sitting` and `number`.
    """
    chosen = Selection(
        caller.institution_id,
        campaign_id=campaign,
        cohort_id=cohort,
        learner_id=learner,
        design=design,
        updated_since=updated_since,
    )
    async with context.database.reading(tenant=caller.institution_id) as db:
        rows = await service.results(db, chosen, after=_place(paging), limit=paging.limit + 1)
    shown, following = page_of(
        request, paging, rows, lambda row: (instant_to_text(row.updated_at), row.sitting_id.hex)
    )
    return ResultListOut(data=[result_out(row) for row in shown], next=following)


@router.get(
    "/campaigns/{campaign_id}/statistics", operation_id="readCampaignStatistics", responses=problems(404, 422)
)
async def statistics(campaign_id: UUID, context: Ctx, caller: CanReadResults) -> StatisticsOut:
    """A campaign in figures: progress, levels, profile of domains, by curriculum and year, beside others."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require_campaign(db, caller.institution_id, campaign_id)
        progress = await service.progress(db, caller.institution_id, found.id)
    groups = await service.group_figures(
        context.database,
        Selection(caller.institution_id, campaign_id=found.id),
        compared=caller.mode == "live",
    )
    return StatisticsOut(
        campaign=found.id,
        progress=ProgressOut(
            learners=progress.learners,
            not_started=progress.not_started,
            in_progress=progress.in_progress,
            finished=progress.finished,
            held=progress.held,
            published=progress.published,
        ),
        groups=[_group(one) for one in groups],
    )


@router.post(
    "/exports",
    status_code=202,
    operation_id="createExport",
    response_model=ExportOut,
    responses=problems(400, 404, 409, 413, 422),
    tags=["exports"],
)
async def ask(
    request: Request, body: ExportIn, context: Ctx, caller: CanExport, idempotency_key: IdempotencyKey = None
) -> Response:
    """Have a file made; it is ready when `status` says so, or the webhook `export.ready`."""
    wanted = Wanted(
        what=body.what,
        format=body.format,
        campaign_id=body.campaign,
        cohort_id=body.cohort,
        updated_since=body.updated_since,
        bom=body.bom,
    )

    async def effect(db: AsyncSession) -> ExportOut:
        return _export(await service.ask(db, caller, wanted, context.now()))

    return await once(request, caller, idempotency_key, effect, status=202)


@router.get("/exports", operation_id="listExports", responses=problems(422), tags=["exports"])
async def exports(request: Request, context: Ctx, caller: CanExport, paging: Paging) -> ExportListOut:
    """The institution's exports, newest first."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        rows = await service.exports(
            db, caller.institution_id, before=_before(paging), limit=paging.limit + 1
        )
    shown, following = page_of(request, paging, rows, lambda row: (row.id.hex,))
    return ExportListOut(data=[_export(row) for row in shown], next=following)


@router.get(
    "/exports/{export_id}",
    operation_id="readExport",
    response_model=ExportOut,
    responses=NOT_MODIFIED | problems(404),
    tags=["exports"],
)
async def read(request: Request, export_id: UUID, context: Ctx, caller: CanExport) -> ExportOut | Response:
    """One export: its status, rows and SHA-256."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require_export(db, caller.institution_id, export_id)
    return conditional(request, _export(found))


@router.get(
    "/exports/{export_id}/file",
    operation_id="downloadExport",
    response_class=Response,
    responses={
        200: {
            "description": "The file",
            "content": {kind.split(";")[0]: {} for kind in MEDIA_TYPES.values()},
        },
        **problems(404, 409, 410),
    },
    tags=["exports"],
)
async def download(export_id: UUID, context: Ctx, caller: CanExport) -> Response:
    """The file, streamed. Needs the read scope of what stands in it as well."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        found = await service.require_export(db, caller.institution_id, export_id)
    path = service.file_of(found, caller, context.settings, context.now())
    return file_response(found, str(path))


def file_response(export: Export, path: str) -> Response:
    """A file on its way out, with its digest (RFC 9530)."""
    digest = base64.b64encode(bytes.fromhex(export.sha256 or "")).decode()
    return FileResponse(
        path,
        media_type=MEDIA_TYPES[export.format],
        filename=service.file_name(export),
        headers={
            "Repr-Digest": f"sha-256=:{digest}:",
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


CURSOR = {"field": "starting_after", "expected": "`next` of the page before, unchanged"}


def _place(paging: PageIn) -> tuple[datetime, UUID] | None:
    if paging.after is None:
        return None
    try:
        moment, sitting_id = paging.after
        place = instant_from_text(moment), UUID(sitting_id)
        if place[0].tzinfo is None:
            raise ValueError
    except ValueError:
        raise InvalidInput("The cursor cannot be read.", errors=[CURSOR]) from None
    return place


def _before(paging: PageIn) -> UUID | None:
    if paging.after is None:
        return None
    try:
        [last] = map(UUID, paging.after)
    except ValueError:
        raise InvalidInput("The cursor cannot be read.", errors=[CURSOR]) from None
    return last


def result_out(row: ResultRow) -> PublishedResultOut:
    """The stored body in wire form: no number where the reliability gate allows none."""
    body = row.body
    return PublishedResultOut.model_validate(
        {
            "sitting": row.sitting_id,
            "number": row.number,
            "reason": row.reason,
            "updated_at": row.updated_at,
            "learner": row.learner_id,
            "external_id": row.external_id,
            "profession": row.profession,
            "curriculum": row.curriculum,
            "year": row.year,
            "campaign": row.campaign_id,
            "design": row.design,
            "purpose": row.purpose,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "ended": body["ended"],
            "answers": body["answers"],
            "duration_seconds": body["duration_seconds"],
            "provisional": body["provisional"],
            "measurement": _measurement(body) if body["measurement"] else None,
            "domains": [_domain(domain) for domain in body["domains"]],
        }
    )


def _measurement(body: Any) -> MeasurementOut:
    measured = body["measurement"]
    return MeasurementOut(
        level=body["levels"][measured["level_index"]]["id"],
        level_index=measured["level_index"],
        levels=[
            LevelProbabilityOut(
                id=level["id"],
                label=level["label"],
                probability=measured["level_probabilities"][place],
                at_least=measured["at_least"][place],
            )
            for place, level in enumerate(body["levels"])
        ],
        theta=measured["theta"],
        se=measured["se"],
        interval=measured["interval"],
        points=measured["points"],
        points_interval=measured["points_interval"],
    )


def _domain(domain: Any) -> DomainOut:
    measured = domain["state"] == "measured"
    return DomainOut(
        id=domain["id"],
        heading=domain["heading"],
        state=domain["state"],
        answers=domain["answers"],
        theta=domain["theta"] if measured else None,
        interval=domain["interval"] if measured else None,
        level_index=domain["level_index"] if measured else None,
        flag=(domain["flag"] or None) if measured else None,
    )


def _group(one: Figures) -> GroupOut:
    change, comparison = one.change, one.comparison
    return GroupOut(
        design=one.design,
        results=one.results,
        provisional=one.provisional,
        levels=LevelsOut(
            learners=one.levels.learners,
            without_level=one.levels.unmeasured,
            levels=_levels(one.levels),
        ),
        domains=[
            DomainMeanOut.model_validate(
                {
                    "id": domain.id,
                    "heading": domain.heading,
                    "learners": domain.learners,
                    "mean_deviation": domain.mean if domain.measured else None,
                    "interval": [domain.low, domain.high] if domain.measured else None,
                    "standing": domain.standing or None,
                }
            )
            for domain in one.domains
        ],
        by_curriculum=_parts(one.by_curriculum),
        by_year=_parts(one.by_year),
        change=ChangeOut(
            learners=change.learners,
            up=None,
            not_distinct=None,
            down=None,
            mean_difference=None,
            interval=None,
        )
        if change.withheld
        else ChangeOut(
            learners=change.learners,
            up=change.up,
            not_distinct=change.not_distinct,
            down=change.down,
            mean_difference=change.mean,
            interval=[change.low, change.high],
        ),
        comparison=ComparisonOut(
            learners=comparison.learners,
            institutions=comparison.institutions,
            shares_percent=list(comparison.shares),
        )
        if comparison
        else None,
    )


def _levels(levels: LevelShares | None) -> list[LevelShareOut] | None:
    if levels is None or levels.withheld:
        return None
    return [
        LevelShareOut(label=label, learners=one.learners, share=one.share, interval=[one.low, one.high])
        for label, one in zip(levels.labels, levels.shares, strict=True)
    ]


def _parts(parts: Sequence[Part]) -> list[PartOut]:
    return [PartOut(name=one.name, learners=one.learners, levels=_levels(one.levels)) for one in parts]


def _export(found: Export) -> ExportOut:
    return ExportOut.model_validate(
        {
            "id": found.id,
            "what": found.what,
            "format": found.format,
            "campaign": found.campaign_id,
            "cohort": found.cohort_id,
            "updated_since": found.updated_since,
            "bom": found.bom,
            "status": found.status,
            "failure": found.failure,
            "rows": found.rows,
            "bytes": found.bytes,
            "sha256": found.sha256,
            "created_at": found.created_at,
            "finished_at": found.finished_at,
            "expires_at": found.expires_at,
        }
    )
