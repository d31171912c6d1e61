"""What stands in an export: columns and rows, page after page of the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from app.db import Database
from app.reporting import store
from app.reporting.store import ResultRow, Selection
from app.reporting.writers import Cell, Column, Kind, Row

SITTINGS_A_PAGE: Final = 100
RESULTS_A_PAGE: Final = 500
LEARNERS_A_PAGE: Final = 2_000

LEARNERS: Final = (
    Column("learner"),
    Column("external_id"),
    Column("profession"),
    Column("curriculum"),
    Column("year"),
    Column("cohorts"),
    Column("created_at", Kind.MOMENT),
    Column("updated_at", Kind.MOMENT),
)
RESPONSES: Final = (
    Column("sitting"),
    Column("learner"),
    Column("external_id"),
    Column("campaign"),
    Column("design"),
    Column("language"),
    Column("position", Kind.INTEGER),
    Column("item"),
    Column("item_version", Kind.INTEGER),
    Column("outcome"),
    Column("score", Kind.INTEGER),
    Column("presented_at", Kind.MOMENT),
    Column("received_at", Kind.MOMENT),
    Column("seconds", Kind.NUMBER),
)
RESULTS: Final = (
    Column("sitting"),
    Column("number", Kind.INTEGER),
    Column("reason"),
    Column("learner"),
    Column("external_id"),
    Column("profession"),
    Column("curriculum"),
    Column("year"),
    Column("campaign"),
    Column("design"),
    Column("purpose"),
    Column("started_at", Kind.MOMENT),
    Column("finished_at", Kind.MOMENT),
    Column("updated_at", Kind.MOMENT),
    Column("provisional", Kind.BOOLEAN),
    Column("ended"),
    Column("answers", Kind.INTEGER),
    Column("duration_seconds", Kind.INTEGER),
    Column("level"),
    Column("level_index", Kind.INTEGER),
    Column("points", Kind.INTEGER),
    Column("theta", Kind.NUMBER),
    Column("se", Kind.NUMBER),
    Column("theta_low", Kind.NUMBER),
    Column("theta_high", Kind.NUMBER),
)

Pages = AsyncIterator[Sequence[Row]]


async def columns(database: Database, what: str, chosen: Selection) -> list[Column]:
    """The columns of an export; those of levels and domains follow from the results there are."""
    if what != "results":
        return list(LEARNERS if what == "learners" else RESPONSES)
    levels, domains = await _names(database, chosen)
    return [
        *RESULTS,
        *(Column(f"at_least_{level}", Kind.NUMBER) for level in levels),
        *(
            Column(f"{domain}_{name}", kind)
            for domain in domains
            for name, kind in (
                ("state", Kind.TEXT),
                ("flag", Kind.TEXT),
                ("theta", Kind.NUMBER),
                ("low", Kind.NUMBER),
                ("high", Kind.NUMBER),
            )
        ),
    ]


async def _names(database: Database, chosen: Selection) -> tuple[list[str], list[str]]:
    async with database.reading(tenant=chosen.institution_id) as db:
        bodies = await store.body_per_design(db, chosen)
    levels = dict.fromkeys(level["id"] for body in bodies for level in body["levels"])
    domains = dict.fromkeys(domain["id"] for body in bodies for domain in body["domains"])
    return list(levels), list(domains)


def pages(database: Database, what: str, chosen: Selection, header: Sequence[Column]) -> Pages:
    """The rows of an export. Each page is read by a short statement of its own, so that none holds up a writer."""
    match what:
        case "results":
            return _results(database, chosen, [column.name for column in header])
        case "responses":
            return _responses(database, chosen)
        case "learners":
            return _learners(database, chosen)
    raise ValueError(what)


async def _learners(database: Database, chosen: Selection) -> Pages:
    after: UUID | None = None
    while True:
        async with database.reading(tenant=chosen.institution_id) as db:
            rows = await store.learners(db, chosen, after=after, limit=LEARNERS_A_PAGE)
            cohorts = await store.cohort_names(db, [row.id for row in rows]) if rows else {}
        if not rows:
            return
        yield [
            (
                str(row.id),
                row.external_id,
                row.profession,
                row.curriculum,
                row.year,
                "; ".join(cohorts.get(row.id, [])),
                row.created_at,
                row.updated_at,
            )
            for row in rows
        ]
        after = rows[-1].id


async def _responses(database: Database, chosen: Selection) -> Pages:
    async with database.reading(tenant=chosen.institution_id) as db:
        items = await store.item_names(db)
    after: store.Place | None = None
    while True:
        async with database.reading(tenant=chosen.institution_id) as db:
            sittings = await store.published_sittings(db, chosen, after=after, limit=SITTINGS_A_PAGE)
            rows = await store.responses_of(db, [one.id for one in sittings]) if sittings else []
        if not sittings:
            return
        places: Mapping[UUID, tuple[Cell, ...]] = {
            one.id: (
                str(one.id),
                str(one.learner_id),
                one.external_id,
                str(one.campaign_id) if one.campaign_id else None,
                one.design,
                one.language,
            )
            for one in sittings
        }
        yield [
            (
                *places[sitting_id],
                position,
                *items[version],
                outcome,
                score,
                presented,
                received,
                round((received - presented).total_seconds(), 3),
            )
            for sitting_id, position, version, outcome, score, presented, received in rows
        ]
        after = sittings[-1].created_at, sittings[-1].id


async def _results(database: Database, chosen: Selection, header: Sequence[str]) -> Pages:
    after: store.Place | None = None
    while True:
        async with database.reading(tenant=chosen.institution_id) as db:
            rows = await store.results_by_sitting(db, chosen, after=after, limit=RESULTS_A_PAGE)
        if not rows:
            return
        yield [_in_order(_result(row), header) for row in rows]
        after = rows[-1].created_at, rows[-1].sitting_id


def _in_order(cells: Mapping[str, Cell], header: Sequence[str]) -> Row:
    return [cells.get(name) for name in header]


def _result(row: ResultRow) -> dict[str, Cell]:
    body = row.body
    cells: dict[str, Cell] = {
        "sitting": str(row.sitting_id),
        "number": row.number,
        "reason": row.reason,
        "learner": str(row.learner_id),
        "external_id": row.external_id,
        "profession": row.profession,
        "curriculum": row.curriculum,
        "year": row.year,
        "campaign": str(row.campaign_id) if row.campaign_id else None,
        "design": row.design,
        "purpose": row.purpose,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "updated_at": row.updated_at,
        "provisional": body["provisional"],
        "ended": body["ended"],
        "answers": body["answers"],
        "duration_seconds": body["duration_seconds"],
    }
    measured: Mapping[str, Any] | None = body["measurement"]
    if measured is None:
        return cells
    level = measured["level_index"]
    cells |= {
        "level": body["levels"][level]["id"],
        "level_index": level,
        "points": measured["points"],
        "theta": measured["theta"],
        "se": measured["se"],
        "theta_low": measured["interval"][0],
        "theta_high": measured["interval"][1],
    }
    for place, one in enumerate(body["levels"]):
        cells[f"at_least_{one['id']}"] = measured["at_least"][place]
    for domain in body["domains"]:
        cells[f"{domain['id']}_state"] = domain["state"]
        if domain["state"] == "measured":
            cells[f"{domain['id']}_flag"] = domain["flag"] or None
            cells[f"{domain['id']}_theta"] = domain["theta"]
            cells[f"{domain['id']}_low"], cells[f"{domain['id']}_high"] = domain["interval"]
    return cells
