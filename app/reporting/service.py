"""The rules of results, figures and exports: plain arguments, `now` given, refusals raised."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, outbox
from app.auth.permissions import Caller, Scope
from app.db import Database
from app.errors import Conflict, Gone, InvalidInput, NotFound, QuotaReached
from app.identifiers import new_id
from app.institutions.service import SIMULATION
from app.reporting import figures, store
from app.reporting.figures import (
    DomainMean,
    GroupChange,
    LevelShares,
    Scored,
    domain_means,
    group_change,
    latest,
    level_shares,
    scored,
)
from app.reporting.store import CampaignRow, CohortRow, GroupRow, LearnerRow, Progress, ResultRow, Selection
from app.reporting.suppression import LEAST, rounded_share, shown_cells, shown_groups
from app.reporting.tables import ComparisonTally, Export
from app.reporting.writers import XLSX_MOST_ROWS
from app.settings import Settings

KEPT: Final = timedelta(days=7)
CLAIM: Final = timedelta(minutes=2)
MOST_TRIES: Final = 3
MOST_WAITING: Final = 20
FILES: Final = "exports"  # below the state folder
SCRATCH: Final = "making-"
ERASED: Final = "learner_erased"
NEEDS: Final[Mapping[str, Scope]] = {
    "results": Scope.RESULTS_READ,
    "responses": Scope.RESPONSES_READ,
    "learners": Scope.LEARNERS_READ,
}
EXTENSIONS: Final = {"json": "jsonl", "csv": "csv", "xlsx": "xlsx", "parquet": "parquet"}


class TooManyRowsForFormat(Conflict):
    """A sheet cannot hold that many rows; another format, or a part of them, can."""

    code, title = "too_many_rows", "Too many rows for this format"


class ExportNotReady(Conflict):
    """The file is still being made, or could not be made."""

    code, title = "export_not_ready", "The export has no file"


# Results


async def results(
    db: AsyncSession, chosen: Selection, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[ResultRow]:
    """Published results; those that changed least recently first, so that a later page holds what is newer."""
    return await store.results(db, chosen, after=after, limit=limit)


async def require_campaign(db: AsyncSession, institution_id: UUID, campaign_id: UUID) -> CampaignRow:
    """A campaign of the institution, or `NotFound`."""
    found = await store.campaign(db, institution_id, campaign_id)
    if found is None:
        raise NotFound("There is no such campaign.")
    return found


async def require_cohort(db: AsyncSession, institution_id: UUID, cohort_id: UUID) -> CohortRow:
    """A cohort of the institution, or `NotFound`."""
    found = await store.cohort(db, institution_id, cohort_id)
    if found is None:
        raise NotFound("There is no such cohort.")
    return found


async def require_learner(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> LearnerRow:
    """A learner of the institution, or `NotFound`."""
    found = await store.learner(db, institution_id, learner_id)
    if found is None:
        raise NotFound("There is no such learner.")
    return found


async def progress(db: AsyncSession, institution_id: UUID, campaign_id: UUID) -> Progress:
    """Where the learners of a campaign are now."""
    return (await store.progress(db, institution_id, [campaign_id]))[campaign_id]


async def campaigns(
    db: AsyncSession, institution_id: UUID, cohort_id: UUID | None = None
) -> list[tuple[CampaignRow, Progress]]:
    """The campaigns of an institution, or those of a cohort, newest first, each with its progress."""
    found = await store.campaigns(db, institution_id, cohort_id=cohort_id)
    counts = await store.progress(db, institution_id, [one.id for one in found])
    return [(one, counts[one.id]) for one in found]


async def cohorts(db: AsyncSession, institution_id: UUID) -> list[CohortRow]:
    """The cohorts of an institution, newest first."""
    return await store.cohorts(db, institution_id)


async def names(db: AsyncSession, institution_id: UUID) -> dict[UUID, str]:
    """What campaigns and cohorts are called."""
    return {
        **{one.id: one.name for one in await store.campaigns(db, institution_id, limit=1000)},
        **{one.id: one.name for one in await store.cohorts(db, institution_id, limit=1000)},
    }


async def held_count(db: AsyncSession, institution_id: UUID, learner_id: UUID) -> int:
    """Finished sittings of a learner whose result is held."""
    return await store.held_count(db, institution_id, learner_id)


# Figures of a group


class Part(NamedTuple):
    """One curriculum or year of a group; without figures where they would tell about too few."""

    name: str | None  # None: not given
    learners: int | None  # None: hidden
    levels: LevelShares | None


class Comparison(NamedTuple):
    """A group beside the learners of other institutions in the same design, counted yesterday or before."""

    learners: int  # of others, rounded down to ten
    institutions: int
    shares: tuple[int | None, ...]  # whole per cent; None: hidden
    domains: tuple[tuple[str, str, float, float, float], ...]  # id, heading, mean, low, high


class Figures(NamedTuple):
    """What a group of results says."""

    design: str
    scale: str
    results: int
    provisional: int
    levels: LevelShares
    domains: tuple[DomainMean, ...]
    change: GroupChange
    by_curriculum: tuple[Part, ...]
    by_year: tuple[Part, ...]
    comparison: Comparison | None

    @property
    def withheld(self) -> bool:
        """Whether the group is too small for figures."""
        return self.levels.withheld


async def group_figures(database: Database, chosen: Selection, *, compared: bool) -> list[Figures]:
    """The figures of a group, one for each design and scale in it, the most frequent first.

    `compared` puts those of other institutions beside them; test mode has nobody to be compared with.

    Rows are parsed and counted in a thread: a large group does not hold up the answers of the same process.
    """
    async with database.reading(tenant=chosen.institution_id) as db:
        rows = await store.group_rows(db, chosen)
        before = (
            await store.histories(db, chosen.institution_id, chosen.campaign_id)
            if chosen.campaign_id is not None and rows
            else []
        )
    made = await asyncio.to_thread(_figures, rows, before)
    if compared and any(not one.withheld for one in made):
        # tallies hold counts only; no tenant, because the rows of other institutions are added up
        async with database.reading() as db:
            made = [await _compared(db, chosen.institution_id, one) for one in made]
    return made


def _figures(rows: Sequence[GroupRow], before: Sequence[GroupRow] = ()) -> list[Figures]:
    groups = _by_scale(rows)
    histories = _by_scale(before)
    made = [
        _figures_of(design, scale, found, histories.get((design, scale), []))
        for (design, scale), found in groups.items()
    ]
    return sorted(made, key=lambda one: (-one.results, one.design, one.scale))


def _by_scale(rows: Sequence[GroupRow]) -> dict[tuple[str, str], list[Scored]]:
    groups: dict[tuple[str, str], list[Scored]] = defaultdict(list)
    for row in rows:
        one = _scored(row)
        groups[row.design, one.scale].append(one)
    return groups


def _scored(row: GroupRow) -> Scored:
    body = {
        "provisional": row.provisional,
        "cuts": json.loads(row.cuts),
        "levels": json.loads(row.levels),
        "measurement": json.loads(row.measurement) if row.measurement else None,
        "domains": json.loads(row.domains),
    }
    return scored(
        body,
        learner=row.learner_id,
        finished_at=row.finished_at,
        curriculum=row.curriculum,
        year=row.year,
    )


def _figures_of(design: str, scale: str, found: Sequence[Scored], before: Sequence[Scored]) -> Figures:
    levels = level_shares(found)
    people = latest(found)
    return Figures(
        design=design,
        scale=scale,
        results=len(found),
        provisional=sum(one.provisional for one in people),
        levels=levels,
        domains=() if levels.withheld else tuple(domain_means(found)),
        change=group_change([*before, *found]),
        by_curriculum=() if levels.withheld else parts(people, lambda one: one.curriculum),
        by_year=() if levels.withheld else parts(people, lambda one: one.year),
        comparison=None,
    )


def parts(people: Sequence[Scored], name_of: Any) -> tuple[Part, ...]:
    """A group by curriculum or year: small parts hidden, and with them what would give them away."""
    by_name: dict[str | None, list[Scored]] = defaultdict(list)
    for one in people:
        if one.level is not None:
            by_name[name_of(one)].append(one)
    if len(by_name) < 2:
        return ()
    shown = shown_groups({name: len(found) for name, found in by_name.items()})
    ordered = sorted(by_name, key=lambda name: (name is None, name or ""))
    return tuple(
        Part(name, len(by_name[name]), level_shares(by_name[name]))
        if name in shown
        else Part(name, None, None)
        for name in ordered
    )


async def _compared(db: AsyncSession, institution_id: UUID, one: Figures) -> Figures:
    if one.withheld:
        return one
    rows = await store.tallies(db, one.design, one.scale)
    return one._replace(comparison=compare([row for row in rows if row.institution_id != institution_id]))


def compare(others: Iterable[ComparisonTally]) -> Comparison | None:
    """The other institutions together; None when they are fewer than two or their learners fewer than ten."""
    rows = [row for row in others if sum(row.levels) > 0]
    counts = [sum(column) for column in zip(*(row.levels for row in rows), strict=True)]
    contributors = [
        sum(value > 0 for value in column) for column in zip(*(row.levels for row in rows), strict=True)
    ]
    if len(rows) < 2 or sum(counts) < LEAST:
        return None
    visible = shown_cells(counts, contributors=contributors)
    return Comparison(
        learners=sum(counts) // 10 * 10,
        institutions=len(rows),
        shares=tuple(
            rounded_share(count, sum(counts)) if shown else None
            for count, shown in zip(counts, visible, strict=True)
        ),
        domains=tuple(_pooled(rows)),
    )


def _pooled(rows: Sequence[ComparisonTally]) -> Iterable[tuple[str, str, float, float, float]]:
    ids = dict.fromkeys(id_ for row in rows for id_ in row.domains)
    for id_ in ids:
        own = [row.domains[id_] for row in rows if id_ in row.domains]
        n = sum(one["n"] for one in own)
        passed = sum(one["measured"] for one in own)
        if len(own) < 2 or passed < LEAST or 2 * passed < n:
            continue
        mean = sum(one["sum"] for one in own) / n
        spread = max(0.0, sum(one["squares"] for one in own) - n * mean * mean) / (n - 1)
        half = figures.Z * (spread / n) ** 0.5
        yield id_, own[0]["heading"], mean, mean - half, mean + half


# Tallies for comparisons


async def tallies_due(database: Database, now: datetime) -> bool:
    """Whether there is somebody to compare with, and the tallies are not of today."""
    async with database.reading() as db:
        if len(await store.live_institutions(db, [SIMULATION])) < 2:
            return False
        last = await store.last_tally(db)
    return last is None or last < now.date()


async def refresh_tallies(database: Database, now: datetime) -> int:
    """Count what each institution's learners reached until last midnight; returns how many tallies were written.

    Once a day, so that two looks at a comparison cannot tell what one learner did in between.
    """
    day = now.date()
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=now.tzinfo)
    async with database.reading() as db:
        institutions = await store.live_institutions(db, [SIMULATION])
    made: list[ComparisonTally] = []
    for institution_id in institutions:
        async with database.reading(tenant=institution_id) as db:
            rows = await store.group_rows(db, Selection(institution_id))
        made.extend(_tallied(day, institution_id, [row for row in rows if row.finished_at < midnight]))
    async with database.transaction() as db:
        await store.replace_tallies(db, day, made)
    return len(made)


def _tallied(day: Any, institution_id: UUID, rows: Sequence[GroupRow]) -> Iterable[ComparisonTally]:
    for (design, scale), found in _by_scale(rows).items():
        people = [one for one in latest(found) if one.level is not None]
        if not people:
            continue
        levels = [0] * len(people[0].levels)
        domains: dict[str, dict[str, Any]] = {}
        for one in people:
            levels[one.level or 0] += 1
            for domain in one.domains:
                kept = domains.setdefault(
                    domain.id,
                    {"heading": domain.heading, "n": 0, "measured": 0, "sum": 0.0, "squares": 0.0},
                )
                kept["n"] += 1
                kept["measured"] += domain.measured
                kept["sum"] += domain.deviation
                kept["squares"] += domain.deviation**2
        yield ComparisonTally(
            day=day,
            design_key=design,
            scale=scale,
            institution_id=institution_id,
            levels=levels,
            domains=domains,
        )


# Exports


@dataclass(frozen=True)
class Wanted:
    """An export somebody asks for."""

    what: str
    format: str
    campaign_id: UUID | None = None
    cohort_id: UUID | None = None
    updated_since: datetime | None = None
    bom: bool = False


async def ask(db: AsyncSession, caller: Caller, wanted: Wanted, now: datetime) -> Export:
    """Have a file made by another process.

    Raises
    ------
    InsufficientScope
        What stands in the file may not be read by this caller.
    NotFound
        No such campaign or cohort.
    TooManyRowsForFormat, QuotaReached, InvalidInput
    """
    caller.require(Scope.EXPORTS_WRITE)
    caller.require(NEEDS[wanted.what])
    if wanted.bom and wanted.format != "csv":
        raise InvalidInput(
            "Only CSV has a byte order mark.",
            errors=[{"field": "bom", "expected": "false unless format is csv"}],
        )
    if wanted.campaign_id is not None:
        await require_campaign(db, caller.institution_id, wanted.campaign_id)
    if wanted.cohort_id is not None:
        await require_cohort(db, caller.institution_id, wanted.cohort_id)
    if await store.unfinished(db, caller.institution_id) >= MOST_WAITING:
        raise QuotaReached(f"{MOST_WAITING} exports are waiting already; wait until one is ready.")
    if wanted.format == "xlsx":
        rows = await _count(db, selection_of(caller.institution_id, wanted), wanted.what)
        if rows > XLSX_MOST_ROWS:
            raise TooManyRowsForFormat(_advice(rows), rows=rows, most=XLSX_MOST_ROWS)
    made = Export(
        id=new_id(),
        institution_id=caller.institution_id,
        what=wanted.what,
        format=wanted.format,
        campaign_id=wanted.campaign_id,
        cohort_id=wanted.cohort_id,
        updated_since=wanted.updated_since,
        bom=wanted.bom,
        requested_by=caller.actor,
        created_at=now,
        status="pending",
        attempts=0,
    )
    db.add(made)
    await audit.record(
        db,
        actor=caller.actor,
        act="export.requested",
        subject=str(made.id),
        facts={
            "institution": str(caller.institution_id),
            "what": wanted.what,
            "format": wanted.format,
            "campaign": str(wanted.campaign_id) if wanted.campaign_id else None,
            "cohort": str(wanted.cohort_id) if wanted.cohort_id else None,
        },
        now=now,
    )
    return made


def _advice(rows: int) -> str:
    return (
        f"There are {rows} rows and a sheet holds {XLSX_MOST_ROWS}. Ask for csv or parquet, or for one campaign, "
        "one cohort, or what changed since a moment."
    )


async def _count(db: AsyncSession, chosen: Selection, what: str) -> int:
    match what:
        case "responses":
            return await store.responses_count(db, chosen)
        case "results":
            return await store.results_count(db, chosen)
    return await store.learners_count(db, chosen)


def selection_of(institution_id: UUID, wanted: Wanted | Export) -> Selection:
    """Which rows an export takes."""
    return Selection(
        institution_id,
        campaign_id=wanted.campaign_id,
        cohort_id=wanted.cohort_id,
        updated_since=wanted.updated_since,
    )


async def require_export(db: AsyncSession, institution_id: UUID, export_id: UUID) -> Export:
    """An export of the institution, or `NotFound`."""
    found = await store.export(db, institution_id, export_id)
    if found is None:
        raise NotFound("There is no such export.")
    return found


async def exports(
    db: AsyncSession, institution_id: UUID, *, before: UUID | None, limit: int
) -> Sequence[Export]:
    """The exports of an institution, newest first."""
    return await store.exports(db, institution_id, before=before, limit=limit)


def file_of(export: Export, caller: Caller, settings: Settings, now: datetime) -> Path:
    """The file of an export, for somebody who may read what stands in it.

    Raises
    ------
    InsufficientScope
    ExportNotReady
        It is being made, or failed.
    Gone
        Its seven days are over, or a learner who may stand in it was erased.
    """
    caller.require(NEEDS[export.what])
    if export.status == "expired" and export.failure == ERASED:
        raise Gone(
            "The file was withdrawn: a learner who may stand in it was erased. Ask for a new export.",
            reason=ERASED,
        )
    if export.status == "expired" or (export.expires_at is not None and now >= export.expires_at):
        raise Gone("The file was kept for seven days; ask for a new export.")
    path = path_of(settings, export.id, export.format)
    if export.status != "ready":
        raise ExportNotReady(
            "The export failed; ask for a new one."
            if export.status == "failed"
            else "The export is not ready yet; read its status, or wait for `export.ready`.",
            state=export.status,
        )
    if not path.is_file():
        raise Gone("The file is no longer there; ask for a new export.")
    return path


def folder_of(settings: Settings) -> Path:
    """Where the files are, readable by the service alone."""
    return settings.state_folder / FILES


def path_of(settings: Settings, export_id: UUID, format_: str) -> Path:
    """The file of one export."""
    return folder_of(settings) / _stored_name(export_id, format_)


def _stored_name(export_id: UUID, format_: str) -> str:
    return f"{export_id}.{EXTENSIONS[format_]}"


def file_name(export: Export) -> str:
    """The name a browser gives the file."""
    return (
        f"palier-{export.what}-{export.created_at:%Y-%m-%d}-{export.id.hex[-6:]}.{EXTENSIONS[export.format]}"
    )


async def waiting(db: AsyncSession, now: datetime) -> bool:
    """Whether an export waits to be made."""
    return await store.next_waiting(db, now) is not None


async def claim(db: AsyncSession, now: datetime) -> UUID | None:
    """Take the next export to be made; one that could not be made three times is given up.

    The claim runs out unless it is renewed, so that a maker that died is replaced.
    """
    found = await store.next_waiting(db, now)
    if found is None:
        return None
    if found.attempts >= MOST_TRIES:
        _fail(found, "unfinished", now)
        return None
    found.status, found.attempts, found.claimed_until = "running", found.attempts + 1, now + CLAIM
    return found.id


async def renew(db: AsyncSession, export_id: UUID, now: datetime) -> None:
    """Keep a claim while the file grows."""
    await store.renew(db, export_id, now + CLAIM)


async def finish(
    db: AsyncSession, export_id: UUID, *, rows: int, size: int, sha256: str, now: datetime
) -> bool:
    """The file stands: say so, to webhooks too. False when it does already, or is not wanted any more."""
    found = await store.by_id(db, export_id)
    if found is None or found.status != "running":
        return False
    found.status, found.rows, found.bytes, found.sha256 = "ready", rows, size, sha256
    found.finished_at, found.expires_at, found.claimed_until = now, now + KEPT, None
    await outbox.record(db, found.institution_id, "export.ready", found.id, {"export_id": str(found.id)}, now)
    return True


async def give_up(db: AsyncSession, export_id: UUID, failure: str, now: datetime) -> None:
    """The file cannot be made; `failure` says why in one word."""
    found = await store.by_id(db, export_id)
    if found is not None and found.status == "running":
        _fail(found, failure, now)


def _fail(export: Export, failure: str, now: datetime) -> None:
    export.status, export.failure, export.finished_at, export.claimed_until = "failed", failure, now, None


async def let_go(db: AsyncSession, export_id: UUID) -> None:
    """Its maker ended without a word: somebody may try again."""
    found = await store.by_id(db, export_id)
    if found is not None and found.status == "running":
        found.status, found.claimed_until = "pending", None


async def withdraw(
    db: AsyncSession, state_folder: Path, institution_id: UUID, learner_id: UUID, *, actor: str, now: datetime
) -> int:
    """Withdraw every file that may hold a learner who is about to be erased; returns how many.

    A file goes at once, one that is being made never comes, one that waits is made without the learner. Called
    before the learner is forgotten: afterwards nothing tells where they were.
    """
    withdrawn = 0
    for found in await store.may_hold(db, institution_id, learner_id):
        match found.status:
            case "ready":
                # before the commit: should that fail, a missing file is told as one that is no longer there
                (state_folder / FILES / _stored_name(found.id, found.format)).unlink(missing_ok=True)
                found.status, found.failure, found.expires_at = "expired", ERASED, now
            case "running":
                _fail(found, ERASED, now)
            case _:
                continue
        withdrawn += 1
        await audit.record(
            db,
            actor=actor,
            act="export.withdrawn",
            subject=str(found.id),
            facts={"institution": str(institution_id), "what": found.what, "reason": ERASED},
            now=now,
            tenant=institution_id,  # the worker erases too, in nobody's transaction
        )
    await db.flush()
    return withdrawn


async def purge(database: Database, settings: Settings, now: datetime) -> int:
    """Remove the files whose seven days are over, and what makers that died left; returns how many exports expired.

    A file that no export holds goes too: a restored backup may have brought it back.
    """
    async with database.transaction() as db:
        gone = await store.expired(db, now)
        for one in gone:
            path_of(settings, one.id, one.format).unlink(missing_ok=True)
            one.status = "expired"
        being_made = await store.running(db)
        await _remove_strays(db, folder_of(settings))
    if not being_made:
        for left in folder_of(settings).glob(f"{SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)
    return len(gone)


async def _remove_strays(db: AsyncSession, folder: Path) -> None:
    files = {}
    for path in folder.glob("*.*"):
        with suppress(ValueError):
            files[UUID(path.stem)] = path
    for begin in range(0, len(files), 500):
        some = list(files)[begin : begin + 500]
        held = await store.with_file(db, some)
        for export_id in some:
            if export_id not in held:
                files[export_id].unlink(missing_ok=True)
