"""From figures to views: identifiers become names, moments become states, nothing hidden is passed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from app.assessments.service import Assessments
from app.auth.permissions import Caller
from app.errors import NotFound
from app.reporting import figures, service
from app.reporting.figures import LevelShares, Scored
from app.reporting.service import Figures, Part
from app.reporting.store import CampaignRow, CohortRow, Progress, ResultRow
from app.reporting.tables import Export
from app.web.views_reporting import (
    CampaignLine,
    CampaignState,
    ChangeFigures,
    CohortLine,
    DomainBar,
    DomainLine,
    ExportLine,
    GroupFigures,
    LevelBar,
    PartLine,
    ProgressView,
    ResultLine,
    SittingLine,
)

SOON: Final = timedelta(days=7)


async def design_title(assessments: Assessments, key: str) -> str:
    """What a design is called; its key when no release offers it any more."""
    try:
        return (await assessments.current(key)).title
    except NotFound:
        return key


def progress(counts: Progress, address: str = "") -> ProgressView:
    """Counts for a page."""
    return ProgressView(
        learners=counts.learners,
        finished=counts.finished,
        in_progress=counts.in_progress,
        not_started=counts.not_started,
        held=counts.held,
        published=counts.published,
        address=address,
    )


def state_of(campaign: CampaignRow, now: datetime) -> CampaignState:
    """Where a campaign is in its time."""
    if campaign.opens_at is not None and now < campaign.opens_at:
        return "upcoming"
    if campaign.closes_at is not None and now >= campaign.closes_at:
        return "closed"
    return "running"


async def campaign_line(
    assessments: Assessments, campaign: CampaignRow, counts: Progress, now: datetime
) -> CampaignLine:
    """A campaign in a list."""
    state = state_of(campaign, now)
    left = campaign.closes_at - now if campaign.closes_at is not None and state == "running" else None
    return CampaignLine(
        id=str(campaign.id),
        name=campaign.name,
        design=await design_title(assessments, campaign.design_key),
        state=state,
        opens_at=campaign.opens_at,
        closes_at=campaign.closes_at,
        days_left=left.days if left is not None and left <= SOON else None,
        progress=progress(counts),
        to_publish=counts.held > 0 and campaign.published_at is None,
    )


def cohort_line(cohort: CohortRow) -> CohortLine:
    """A cohort in a list."""
    return CohortLine(
        str(cohort.id), cohort.name, cohort.curriculum or "", cohort.year or "", cohort.learners
    )


async def group(assessments: Assessments, one: Figures) -> GroupFigures:
    """The figures of one design."""
    comparison = one.comparison
    return GroupFigures(
        design=await design_title(assessments, one.design),
        learners=one.levels.learners,
        without_level=one.levels.unmeasured,
        provisional=one.provisional > 0,
        withheld=one.withheld,
        levels=level_bars(one.levels, comparison.shares if comparison else ()),
        domains=[
            DomainBar(
                heading=domain.heading,
                measured=domain.measured,
                standing=cast("Any", domain.standing),
                mean=domain.mean,
                low=domain.low,
                high=domain.high,
            )
            for domain in one.domains
        ],
        by_curriculum=parts(one.by_curriculum),
        by_year=parts(one.by_year),
        change=ChangeFigures(**one.change._asdict()),
        others=comparison.learners if comparison else None,
        other_institutions=comparison.institutions if comparison else 0,
    )


def level_bars(levels: LevelShares, others: Sequence[int | None] = ()) -> list[LevelBar]:
    """The levels of a group, lowest first; none when they are withheld."""
    beside = list(others) or [None] * len(levels.shares)
    return (
        [
            LevelBar(label, one.learners, one.share, one.low, one.high, other)
            for label, one, other in zip(levels.labels, levels.shares, beside, strict=True)
        ]
        if not levels.withheld
        else []
    )


def parts(found: Sequence[Part]) -> list[PartLine]:
    """Curricula or years."""
    return [
        PartLine(part.name or "", part.learners, level_bars(part.levels) if part.levels else [])
        for part in found
    ]


def name_of(external_id: str | None, learner_id: UUID) -> str:
    """What a learner is called here: the institution's identifier, else the end of ours."""
    return external_id or f"…{learner_id.hex[-6:]}"


def result_line(row: ResultRow) -> ResultLine:
    """One result in a list."""
    measured = row.body["measurement"]
    level = measured["level_index"] if measured else None
    return ResultLine(
        learner=str(row.learner_id),
        name=name_of(row.external_id, row.learner_id),
        curriculum=row.curriculum or "",
        year=row.year or "",
        finished_at=row.finished_at,
        level=row.body["levels"][level]["label"] if level is not None else "",
        at_least=measured["at_least"][level] if level else 0.0,
        points=measured["points"] if measured else None,
    )


async def sitting_lines(
    assessments: Assessments, rows: Sequence[ResultRow], campaigns: Mapping[UUID, str]
) -> list[SittingLine]:
    """A learner's results, newest first, each with the change since the one before on the same scale."""
    lines = []
    before: dict[str, Scored] = {}
    for row in sorted(rows, key=lambda one: (one.finished_at, one.sitting_id)):
        one = figures.scored(row.body, learner=row.learner_id, finished_at=row.finished_at)
        change = figures.change(before[one.scale], one) if one.scale in before else None
        if one.level is not None:
            before[one.scale] = one
        measured: Mapping[str, Any] | None = row.body["measurement"]
        lines.append(
            SittingLine(
                design=await design_title(assessments, row.design),
                campaign=campaigns.get(row.campaign_id, "") if row.campaign_id else "",
                finished_at=row.finished_at,
                provisional=one.provisional,
                answers=row.body["answers"],
                labels=one.levels,
                cuts=row.body["cuts"],
                level=one.level,
                theta=one.theta,
                low=measured["interval"][0] if measured else 0.0,
                high=measured["interval"][1] if measured else 0.0,
                at_least=measured["at_least"][one.level] if measured else 0.0,
                points=measured["points"] if measured else None,
                domains=[
                    DomainLine(
                        heading=domain["heading"],
                        measured=domain["state"] == "measured",
                        theta=domain["theta"],
                        low=domain["interval"][0],
                        high=domain["interval"][1],
                        level=one.levels[domain["level_index"]],
                        flag=domain["flag"],
                    )
                    for domain in row.body["domains"]
                ],
                change=cast("Any", change.verdict) if change else "",
                difference=change.difference if change else 0.0,
                difference_low=change.low if change else 0.0,
                difference_high=change.high if change else 0.0,
            )
        )
    return lines[::-1]


def export_line(export: Export, names: Mapping[UUID, str], caller: Caller) -> ExportLine:
    """An export in the list; one whose content this member may not read cannot be downloaded."""
    of = [names.get(id_, "") for id_ in (export.campaign_id, export.cohort_id) if id_ is not None]
    return ExportLine(
        id=str(export.id),
        what=cast("Any", export.what),
        format=export.format,
        of=", ".join(name for name in of if name),
        status=cast("Any", export.status),
        failure=export.failure or "",
        rows=export.rows,
        bytes=export.bytes,
        created_at=export.created_at,
        expires_on=export.expires_at.date() if export.expires_at else None,
        may_download=export.status == "ready" and service.NEEDS[export.what] in caller.scopes,
    )
