"""Governance of calibrations: who may put which parameters in force, one table of states, every promotion reversible.

A run is registered with what a promotion needs, so that its folder may be lost. A promotion makes a release; sittings
that run keep theirs. Two promotions at once cannot both count: each takes the next number, and a run is promoted only
over the set it was proposed against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import polars as pl
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.assessments.service import publish_designs
from app.bank import service as bank
from app.bank.service import PublishedRelease
from app.calibration import store
from app.calibration.parameters import DIVIDED, LOGISTIC
from app.calibration.runs import Run
from app.calibration.tables import CalibrationRun, CalibrationStep, Promotion
from app.errors import Conflict, InvalidInput, NotFound, Unavailable
from item_bank import promotion
from item_bank.lifecycle import same_person
from item_bank.promotion import LEAST_RESPONSES, Estimate, lacking, unfit
from item_bank.release import Release, with_designs

if TYPE_CHECKING:
    from app.calibration.exposure import Refit


class State(StrEnum):
    """Where a run stands."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    PROMOTED = "promoted"
    SUPERSEDED = "superseded"


class Transition(NamedTuple):
    """One move of the table: from where (None: not registered yet) to where, by what act, and what it means."""

    before: State | None
    after: State
    act: str
    meaning: str


TRANSITIONS: Final = (
    Transition(None, State.DRAFT, "propose", "registered: immutable, known by its hash"),
    Transition(State.DRAFT, State.PROPOSED, "propose", "put forward by its author"),
    Transition(State.PROPOSED, State.APPROVED, "approve", "approved by somebody who is not its author"),
    Transition(State.PROPOSED, State.DRAFT, "return", "sent back to its author"),
    Transition(State.APPROVED, State.DRAFT, "return", "approval taken back"),
    Transition(State.APPROVED, State.PROMOTED, "promote", "in force"),
    Transition(State.PROMOTED, State.SUPERSEDED, "promote", "another set is in force"),
    Transition(State.SUPERSEDED, State.PROMOTED, "rollback", "in force again"),
    Transition(State.PROMOTED, State.SUPERSEDED, "rollback", "taken out of force"),
)


class Refused(Conflict):
    """A run does not go where it was asked to; says why."""

    code, title = "calibration_refused", "The calibration cannot be moved so"


class Raced(Conflict):
    """Somebody else's decision came first."""

    code, title = "calibration_raced", "Another decision came first"


@dataclass(frozen=True)
class Step:
    """One step in the life of a run."""

    number: int
    before: State | None
    after: State
    by: str
    why: str
    promotions: int
    at: datetime


@dataclass(frozen=True)
class Registered:
    """A run and its life so far."""

    content_hash: str
    name: str
    author: str
    real: bool
    facts: Mapping[str, Any]
    steps: tuple[Step, ...]

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.steps[-1].after


@dataclass(frozen=True)
class Promoted:
    """A set that went into force."""

    number: int
    release_id: UUID
    release_number: int
    content_hash: str
    run: str | None
    rollback: bool
    by: str
    why: str
    at: datetime
    provisional: bool
    demonstration: bool
    lacking: Mapping[str, str]
    exposure: Mapping[str, tuple[float, float]]  # of each design fitted again: highest before and after


# What a run would put in force


def estimates_of(run: Run, release: Release) -> tuple[Estimate, ...]:
    """The parameters a run estimated, as a release takes them; anchors are left out: they keep what they have.

    Raises
    ------
    InvalidInput
        No standard errors, or a model that no sitting is served with; names the item.
    """
    versions = _versions(run)
    found = []
    for row in run.items.filter(pl.col("status") == "estimated").iter_rows(named=True):
        if row["model"] not in (*LOGISTIC, *DIVIDED):
            raise InvalidInput(
                f"{row['item']} is calibrated as {row['model']}: sittings are served with 1PL to 4PL and "
                "partial credit."
            )
        steps = tuple(row["thresholds"]) if len(row["thresholds"]) > 1 else ()
        # of a mean of steps, at most the mean of their errors
        errors = [value for value in row["se_thresholds"] if value is not None]
        se_b = row["se_b"] if row["se_b"] is not None else sum(errors) / len(errors) if errors else None
        # slopes of 1 are not estimated
        se_a = row["se_a"] if row["se_a"] is not None else 0.0 if row["model"] in ("rasch", "pcm") else None
        if se_a is None or se_b is None or not (isfinite(se_a) and isfinite(se_b)):
            raise InvalidInput(f"{row['item']} has no standard errors: calibrate with --se oakes.")
        index = release.index.get(row["item"])
        answered = versions.get(row["item"]) if versions is not None else None
        found.append(
            Estimate(
                item=row["item"],
                version=answered or ("" if index is None else release.item_hashes[index]),
                discrimination=row["a"],
                difficulty=row["b"] if row["b"] is not None else sum(steps) / len(steps),
                guessing=row["c"] or 0.0,
                upper_asymptote=row["d"] if row["d"] is not None else 1.0,
                se_discrimination=se_a,
                se_difficulty=se_b,
                se_guessing=row["se_c"] or 0.0,
                se_upper_asymptote=row["se_d"] or 0.0,
                steps=steps,
                responses=row["n_answers"],
            )
        )
    return tuple(found)


def _versions(run: Run) -> dict[str, str] | None:
    """The version of each item that was answered, `several` where it changed; None if the data do not say."""
    frame = _answers(run, "item_version")
    if frame is None:
        return None
    told = frame.group_by("item").agg(
        pl.col("item_version").n_unique().alias("many"), pl.col("item_version").first()
    )
    return {
        item: version if many == 1 else "several versions" for item, many, version in told.select(
            "item", "many", "item_version"
        ).iter_rows()
    }  # fmt: skip


def _simulated(run: Run) -> bool | None:
    """Whether any response was simulated; None if the data do not say."""
    frame = _answers(run, "simulated")
    return None if frame is None else bool(frame["simulated"].any())


def _answers(run: Run, column: str) -> pl.DataFrame | None:
    """Two columns of the responses of a run, if it holds them."""
    source = run.path / "responses.parquet" if run.path is not None else None
    if source is None or not source.exists():
        return None
    held = pl.scan_parquet(source)
    names = held.collect_schema().names()
    if column not in names or "item" not in names:
        return None
    return held.select("item", column).collect()


# Decisions


async def propose(
    db: AsyncSession, run: Run, *, by: str, why: str, real: bool | None = None, now: datetime
) -> Registered:
    """Register a run and put it forward.

    Parameters
    ----------
    run : Run
        Loaded from its folder, which checks every hash.
    by, why : str
        The author of the run, and what it is for.
    real : bool, optional
        Whether people gave the responses; needed when the data do not say, refused when they say otherwise.

    Raises
    ------
    Refused
        Not converged, not on the scale in force, or in a state from which it is not proposed.
    InvalidInput
        Its parameters cannot be served, or it is not said whether the responses are real.
    """
    _signed(by, why, "A proposal")
    if not run.converged:
        raise Refused(f"The run has not converged: {run.facts['outcome']['advice']}.")
    current = await _current(db)
    known = await store.run(db, run.content_hash)
    if known is None:
        estimates = estimates_of(run, current.snapshot)
        simulated = _simulated(run)
        if simulated is None and real is None:
            raise InvalidInput("The data do not say whether people answered: state --real or --simulated.")
        if simulated is not None and real is not None and real is simulated:
            told = "simulated" if simulated else "given by people"
            raise InvalidInput(f"The data say that the responses are {told}.")
        refused = unfit(current.snapshot, estimates)
        if refused:
            item, reason = next(iter(refused.items()))
            others = f", and {len(refused) - 1} more items" if len(refused) > 1 else ""
            raise InvalidInput(f"{item}: {reason}{others}.")
        if not any(found.item in current.snapshot.index for found in estimates):
            raise InvalidInput("The release in force holds none of the items of this run.")
        anchored = run.facts.get("kind") == "linking" or bool(run.facts["settings"].get("anchors"))
        if current.snapshot.parameter_set.evidence and not anchored:
            raise Refused(
                "The set in force is calibrated, and this run is on a scale of its own: calibrate with --anchors, or "
                "link it to the release first."
            )
        known = CalibrationRun(
            content_hash=run.content_hash,
            name=run.name,
            author=by,
            real=(not simulated) if simulated is not None else bool(real),
            facts={name: value for name, value in run.facts.items() if name != "files"},
            estimates=[list(found) for found in estimates],
            registered_at=now,
        )
        db.add(known)
        await _flush(db)
        await _step(db, known, None, State.DRAFT, by=by, why=why, now=now)
        before = State.DRAFT
    else:
        before = (await _registered(db, known)).state
        if not same_person(by, known.author):
            raise Refused(f"This run is {known.author}’s: its author proposes it again.")
    _allowed(before, State.PROPOSED, "propose")
    await _step(db, known, before, State.PROPOSED, by=by, why=why, now=now)
    await _log(
        db, "proposed", known, by=by, why=why, now=now, facts={"real": known.real, "author": known.author}
    )
    return await _registered(db, known)


async def approve(db: AsyncSession, which: str, *, by: str, why: str = "", now: datetime) -> Registered:
    """Approve a proposed run, in another name than its author's.

    Raises
    ------
    NotFound, Refused
    """
    _signed(by, "-", "An approval")
    known = await _find(db, which)
    before = (await _registered(db, known)).state
    _allowed(before, State.APPROVED, "approve")
    if same_person(by, known.author):
        raise Refused("The author of a run cannot approve it.")
    await _step(db, known, before, State.APPROVED, by=by, why=why, now=now)
    await _log(db, "approved", known, by=by, why=why, now=now)
    return await _registered(db, known)


async def send_back(db: AsyncSession, which: str, *, by: str, why: str, now: datetime) -> Registered:
    """Send a proposed or approved run back to its author, who may propose it again.

    Raises
    ------
    NotFound, Refused
    """
    _signed(by, why, "A run is sent back")
    known = await _find(db, which)
    before = (await _registered(db, known)).state
    _allowed(before, State.DRAFT, "return")
    await _step(db, known, before, State.DRAFT, by=by, why=why, now=now)
    await _log(db, "returned", known, by=by, why=why, now=now)
    return await _registered(db, known)


async def promotable(db: AsyncSession, which: str, *, by: str) -> Release:
    """What a promotion would put in force, without doing it: exposure control is fitted to this beforehand.

    Raises
    ------
    NotFound, Refused, Raced
        As `promote`.
    """
    return (await _to_promote(db, which, by)).snapshot


async def promote(
    db: AsyncSession, which: str, *, by: str, now: datetime, refit: Refit | None = None
) -> Promoted:
    """Put an approved run in force: a new release with its parameters, in the caller's transaction.

    Parameters
    ----------
    refit : Refit, optional
        Exposure control fitted to what `promotable` returned; without it the designs keep theirs, which was fitted
        to other parameters.

    Raises
    ------
    NotFound, Refused
    Raced
        Another promotion took place since the run was proposed, or at this very moment; or another release was
        published while exposure control was being fitted.
    """
    ready = await _to_promote(db, which, by)
    snapshot = ready.snapshot
    if refit is not None:
        if refit.content_hash != snapshot.content_hash:
            raise Raced(
                "Another release was published while exposure control was being fitted; promote again."
            )
        snapshot = with_designs(snapshot, [one.design for one in refit.designs])
    why = ready.registered.steps[-1].why
    return await _in_force(
        db,
        snapshot,
        ready.current,
        ready.number,
        ready.known,
        rollback=False,
        by=by,
        why=why,
        now=now,
        refit=refit,
    )


class _Ready(NamedTuple):
    known: CalibrationRun
    registered: Registered
    current: PublishedRelease
    snapshot: Release
    number: int


async def _to_promote(db: AsyncSession, which: str, by: str) -> _Ready:
    _signed(by, "-", "A promotion")
    known = await _find(db, which)
    registered = await _registered(db, known)
    _allowed(registered.state, State.PROMOTED, "promote")
    last = await store.last_promotion(db)
    compared = max(step.promotions for step in registered.steps if step.after is State.PROPOSED)
    if (last.number if last else 0) != compared:
        raise Raced(
            f"Promotion {last.number if last else 0}, by {last.actor if last else 'nobody'}, took place "
            "since this run was "
            "proposed: compare it with the set now in force, send it back and propose it again."
        )
    current = await _current(db)
    estimates = [Estimate._make([*row[:10], tuple(row[10]), row[11]]) for row in known.estimates]
    number = compared + 1
    note = (
        f"Calibration {known.content_hash[:12]} ({known.name}) by {known.author}, in force by promotion "
        f"{number}. Items it "
        "does not hold keep the parameters they had."
    )
    snapshot = promotion.with_estimates(
        current.snapshot, estimates, run=known.content_hash, real=known.real, note=note
    )
    return _Ready(known, registered, current, snapshot, number)


async def rollback(db: AsyncSession, *, by: str, why: str, now: datetime) -> Promoted:
    """Put the former set in force again: a promotion like any other, of today's items with its parameters.

    Raises
    ------
    Refused
        Nothing was ever promoted.
    Raced
        Another promotion takes place at this very moment.
    """
    _signed(by, why, "A rollback")
    last = await store.last_promotion(db)
    if last is None:
        raise Refused("Nothing was promoted yet: there is no former set.")
    current, former = await _current(db), await bank.load(db, last.former_release_id)
    number = last.number + 1
    was = former.snapshot.parameter_set.note
    note = f"The parameters of release {former.number}, in force again by promotion {number}: {was}"
    snapshot = promotion.with_parameters_of(current.snapshot, former.snapshot, note=note)
    snapshot = promotion.with_exposure_of(snapshot, former.snapshot)
    carried = next(
        (one.run_hash for one in await store.promotions(db) if one.release_id == last.former_release_id), None
    )
    # a release published after a promotion carries its set
    carried = carried or _most_recent_run(former.snapshot)
    known = await store.run(db, carried) if carried else None
    return await _in_force(db, snapshot, current, number, known, rollback=True, by=by, why=why, now=now)


def _most_recent_run(release: Release) -> str | None:
    runs = [found.run for found in release.parameter_set.evidence.values()]
    return max(set(runs), key=runs.count) if runs else None


async def _in_force(
    db: AsyncSession,
    snapshot: Release,
    current: PublishedRelease,
    number: int,
    known: CalibrationRun | None,
    *,
    rollback: bool,
    by: str,
    why: str,
    now: datetime,
    refit: Refit | None = None,
) -> Promoted:
    act = "rollback" if rollback else "promote"
    try:
        release_id, new = await bank.publish(db, snapshot, actor=by, now=now)
        if not new:
            raise Refused("These parameters are in force already.")
        db.add(
            Promotion(
                number=number,
                release_id=release_id,
                former_release_id=current.id,
                run_hash=known.content_hash if known else None,
                rollback=rollback,
                actor=by,
                why=why,
                at=now,
            )
        )
        await db.flush()
        for step in await store.in_state(db, State.PROMOTED):
            if known is None or step.run_hash != known.content_hash:
                other = await store.run(db, step.run_hash)
                if other is not None:
                    await _step(db, other, State.PROMOTED, State.SUPERSEDED, by=by, why=why, now=now)
        if known is not None:
            before = (await _registered(db, known)).state
            if before is not State.PROMOTED:
                _allowed(before, State.PROMOTED, act)
                await _step(db, known, before, State.PROMOTED, by=by, why=why, now=now)
        published = await bank.load(db, release_id)
        await publish_designs(db, published, now)
        missing = lacking(snapshot)
        await audit.record(
            db,
            actor=by,
            act=f"calibration.{'rolled_back' if rollback else 'promoted'}",
            subject=known.content_hash if known else str(release_id),
            facts={
                "promotion": number,
                "release": published.number,
                "content_hash": published.content_hash,
                "former_release": current.number,
                "provisional": snapshot.provisional,
                "lacking": len(missing),
                "exposure_refitted": [one.design.id for one in refit.designs] if refit else [],
                "why": why,
            },
            now=now,
        )
    except IntegrityError:
        raise Raced("Another release was published at this very moment; nothing was changed here.") from None
    return Promoted(
        number=number,
        release_id=release_id,
        release_number=published.number,
        content_hash=published.content_hash,
        run=known.content_hash if known else None,
        rollback=rollback,
        by=by,
        why=why,
        at=now,
        provisional=snapshot.provisional,
        demonstration=snapshot.demonstration,
        lacking=missing,
        exposure=_highest(refit),
    )


def _highest(refit: Refit | None) -> dict[str, tuple[float, float]]:
    return {one.design.id: (one.before, one.after) for one in refit.designs} if refit else {}


async def carried_over(db: AsyncSession, snapshot: Release) -> Release:
    """A content about to be published, with the parameters in force for item versions that did not change.

    With them comes the exposure control that was fitted to them, for designs that did not change either.
    """
    if await store.last_promotion(db) is None:
        return snapshot
    current = (await _current(db)).snapshot
    kept = promotion.with_parameters_of(
        snapshot, current, note=current.parameter_set.note, calibrated_only=True
    )
    return promotion.with_exposure_of(kept, current) if kept.parameter_set.evidence else kept


# What stands


async def registered(db: AsyncSession, which: str) -> Registered:
    """A run by its content hash or the beginning of it; raises `NotFound`."""
    return await _registered(db, await _find(db, which))


async def every_run(db: AsyncSession) -> list[Registered]:
    """Every registered run, oldest first."""
    return [await _registered(db, known) for known in await store.runs(db)]


async def promotions(db: AsyncSession) -> list[Promotion]:
    """Every promotion and rollback, oldest first."""
    return await store.promotions(db)


def told(missing: Mapping[str, str], most: int = 6) -> Iterable[str]:
    """What is lacking in words, by reason: so many items, some of them by name.

    >>> list(told({"a": "not calibrated", "b": "not calibrated", "c": "12 responses of 300"}))
    ['2 items not calibrated: a, b', '1 item with fewer than 300 responses: c (12)']
    """
    few = f" responses of {LEAST_RESPONSES}"
    by_reason: dict[str, list[str]] = {}
    for item, why in missing.items():
        short = why.endswith(few)
        reason = f"with fewer than {LEAST_RESPONSES} responses" if short else why
        by_reason.setdefault(reason, []).append(f"{item} ({why.removesuffix(few)})" if short else item)
    for reason, items in by_reason.items():
        more = ", …" if len(items) > most else ""
        yield f"{len(items)} item{'s' if len(items) > 1 else ''} {reason}: {', '.join(items[:most])}{more}"


async def _current(db: AsyncSession) -> PublishedRelease:
    release_id = await bank.latest(db)
    if release_id is None:
        raise Unavailable("No release is published. Run `palier bank publish`.")
    return await bank.load(db, release_id)


async def _find(db: AsyncSession, which: str) -> CalibrationRun:
    found = await store.runs_like(db, which.lower())
    if len(found) != 1:
        how_many = "several runs" if found else "no registered run"
        raise NotFound(
            f"There is {how_many} whose content hash begins with {which}. Run `palier propose` first."
        )
    return found[0]


async def _registered(db: AsyncSession, known: CalibrationRun) -> Registered:
    steps = tuple(
        Step(
            number=step.number,
            before=State(step.before) if step.before else None,
            after=State(step.after),
            by=step.actor,
            why=step.why,
            promotions=step.promotions,
            at=step.at,
        )
        for step in await store.steps(db, known.content_hash)
    )
    return Registered(known.content_hash, known.name, known.author, known.real, known.facts, steps)


def _allowed(before: State | None, after: State, act: str) -> None:
    if not any((move.before, move.after, move.act) == (before, after, act) for move in TRANSITIONS):
        acts = ", ".join(sorted({move.act for move in TRANSITIONS if move.before is before})) or "nothing"
        raise Refused(f"This run is {before}: it does not become {after} by {act}. From there: {acts}.")


def _signed(by: str, why: str, what: str) -> None:
    if not by.strip():
        raise InvalidInput(f"{what} is made in somebody’s name: --by.")
    if not why.strip():
        raise InvalidInput(f"{what} needs a reason: --why.")


async def _step(
    db: AsyncSession,
    known: CalibrationRun,
    before: State | None,
    after: State,
    *,
    by: str,
    why: str,
    now: datetime,
) -> None:
    steps = await store.steps(db, known.content_hash)
    last = await store.last_promotion(db)
    db.add(
        CalibrationStep(
            run_hash=known.content_hash,
            number=len(steps) + 1,
            before=before.value if before else None,
            after=after.value,
            actor=by,
            why=why,
            promotions=last.number if last else 0,
            at=now,
        )
    )
    await _flush(db)


async def _log(
    db: AsyncSession,
    act: str,
    known: CalibrationRun,
    *,
    by: str,
    why: str,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> None:
    try:
        await audit.record(
            db,
            actor=by,
            act=f"calibration.{act}",
            subject=known.content_hash,
            facts={"name": known.name, "why": why, **(facts or {})},
            now=now,
        )
    except IntegrityError:
        raise Raced("Another decision was recorded at this very moment; nothing was changed here.") from None


async def _flush(db: AsyncSession) -> None:
    try:
        await db.flush()
    except IntegrityError:
        raise Raced(
            "Somebody else decided about this run at this very moment; nothing was changed here."
        ) from None
