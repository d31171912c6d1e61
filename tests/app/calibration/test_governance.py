"""Who may put which parameters in force, on both databases; and that nothing about it can be undone silently."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import polars as pl
import pytest
from sqlalchemy import select

from app import audit
from app.assessments.service import Assessments, publish_designs
from app.bank import service as bank
from app.bank.service import PublishedRelease
from app.calibration import service
from app.calibration.exposure import Refit, Refitted, refitted
from app.calibration.frames import read
from app.calibration.runs import Run, RunError, load, save
from app.calibration.service import TRANSITIONS, Raced, Refused, State
from app.commands.bank import publish_content
from app.db import Database
from app.delivery.results import NotCertifiable, require_certifiable
from app.delivery.tables import Sitting
from app.errors import InvalidInput, NotFound
from app.settings import Settings
from item_bank import release as releases
from item_bank.item import Status
from item_bank.promotion import lacking
from item_bank.release import Release
from tests.app.delivery.learner import Learner
from tests.conftest import START, Published

AUTHOR, APPROVER = "Dr A. Dupont", "Pr B. Martin"

MakeRun = Callable[..., Run]


async def current(database: Database) -> PublishedRelease:
    async with database.reading() as db:
        release_id = await bank.latest(db)
        assert release_id is not None
        return await bank.load(db, release_id)


def items_of(release: Release, shift: float, responses: int) -> pl.DataFrame:
    """What a 3PL calibration of every item writes, all difficulties shifted."""
    known = release.parameter_set.parameters
    rows: list[dict[str, Any]] = [
        {
            "item": item, "model": "3pl", "status": "estimated", "n_answers": responses,
            "a": float(known.a[place]), "se_a": 0.1, "b": float(known.b[place]) + shift, "se_b": 0.12,
            "c": float(known.c[place]), "se_c": 0.02, "d": 1.0, "se_d": None,
            "thresholds": [], "se_thresholds": [], "slopes": [], "intercepts": [],
        }
        for place, item in enumerate(release.item_ids)
    ]  # fmt: skip
    numbers = dict.fromkeys(("a", "se_a", "b", "se_b", "c", "se_c", "d", "se_d"), pl.Float64)
    lists = dict.fromkeys(("thresholds", "se_thresholds", "slopes", "intercepts"), pl.List(pl.Float64))
    return pl.DataFrame(rows, schema_overrides={**numbers, **lists})


def data_of(release: Release, **facts: object) -> pl.DataFrame:
    """A few answers to every item, with the version of each and whatever else is told of them."""
    items = [*release.item_ids] * 2
    return pl.DataFrame(
        {
            "person": ["p"] * len(release) + ["q"] * len(release),
            "item": items,
            "score": [0] * len(release) + [1] * len(release),
        }
    ).with_columns(
        pl.Series("item_version", [*release.item_hashes] * 2),
        *(pl.lit(value).alias(name) for name, value in facts.items())
    )  # fmt: skip


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """A saved run about a release, as calibration leaves it."""

    def made(
        release: Release,
        *,
        shift: float = 0.4,
        responses: int = 400,
        converged: bool = True,
        anchors: str | None = None,
        data: pl.DataFrame | None = None,
        items: pl.DataFrame | None = None,
    ) -> Run:
        run = Run(
            facts={
                "format": "palier-run/1",
                "kind": "calibration",
                "data": {"persons": 2},
                "settings": {"model": "3pl", "anchors": anchors},
                "outcome": {"converged": converged, "advice": "" if converged else "allow more cycles"},
            },
            items=items if items is not None else items_of(release, shift, responses),
            persons=pl.DataFrame({"person": ["p", "q"]}),
            trace=np.array([-2.0, -1.0]),
            blocks={},
            covariance=None,
            nodes=np.linspace(-6, 6, 3),
            log_weight=np.log(np.full((1, 3), 1 / 3)),
            own_data=read(data) if data is not None else None,
        )
        return save(run, tmp_path / f"run-{len(list(tmp_path.glob('run-*')))}", made={"at": "now"})

    return made


async def propose(
    database: Database, run: Run, *, by: str = AUTHOR, real: bool | None = True
) -> service.Registered:
    async with database.transaction() as db:
        return await service.propose(db, run, by=by, why="première calibration", real=real, now=START)


async def approve(database: Database, run: Run, *, by: str = APPROVER) -> service.Registered:
    async with database.transaction() as db:
        return await service.approve(db, run.content_hash, by=by, why="ajustement lu", now=START)


async def promote(database: Database, run: Run, refit: Refit | None = None) -> service.Promoted:
    async with database.transaction() as db:
        return await service.promote(db, run.content_hash[:12], by=APPROVER, now=START, refit=refit)


async def rollback(database: Database) -> service.Promoted:
    async with database.transaction() as db:
        return await service.rollback(db, by=APPROVER, why="dérive", now=START)


async def promoted(database: Database, run: Run, *, real: bool | None = True) -> service.Promoted:
    await propose(database, run, real=real)
    await approve(database, run)
    return await promote(database, run)


def difficulties(release: PublishedRelease) -> list[float]:
    found: list[float] = release.snapshot.parameter_set.parameters.b.tolist()
    return found


async def test_a_promotion_is_a_new_release_with_the_runs_parameters_their_errors_and_the_run(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    before = await current(database)
    run = make_run(before.snapshot)
    done = await promoted(database, run)
    after = await current(database)
    assert (after.number, after.content_hash) == (before.number + 1, done.content_hash)
    assert difficulties(after) == pytest.approx(np.array(difficulties(before)) + 0.4)
    values = after.snapshot.parameter_set
    assert values.se_difficulty.tolist() == [0.12] * len(before.snapshot)
    assert {found.run for found in values.evidence.values()} == {run.content_hash}
    assert not values.provisional
    assert done.lacking == {}
    async with database.reading() as db:
        states = [step.after for step in (await service.registered(db, run.content_hash)).steps]
        assert await audit.first_broken_link(db) is None
        acts = (
            (await db.execute(select(audit.AuditEntry.act).order_by(audit.AuditEntry.number))).scalars().all()
        )
    assert states == [State.DRAFT, State.PROPOSED, State.APPROVED, State.PROMOTED]
    assert list(acts[-4:]) == [
        "calibration.proposed", "calibration.approved", "release.published", "calibration.promoted",
    ]  # fmt: skip


async def test_running_sittings_keep_their_release_and_new_ones_take_the_promoted_one(
    client: httpx2.AsyncClient,
    database: Database,
    published: Published,
    make_run: MakeRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.assessments.service.REFRESH_SECONDS", -1.0)
    running = Learner(client, published.authorization)
    await running.create()
    first = await running.start()
    before = await current(database)
    await promoted(database, make_run(before.snapshot))
    later = Learner(client, published.authorization)
    await later.create()
    reply = await running.answer(first)
    assert reply.status_code == 200, reply.text
    async with database.reading() as db:
        rows = {row.id: row.release_id for row in (await db.execute(select(Sitting))).scalars()}
    assert rows[running.id] == before.id
    assert rows[later.id] == (await current(database)).id


async def test_the_author_of_a_run_cannot_approve_it_however_the_name_is_written(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    run = make_run((await current(database)).snapshot)
    await propose(database, run)
    with pytest.raises(Refused, match="author of a run cannot approve"):
        await approve(database, run, by="dr a.  DUPONT")


async def test_every_move_that_the_table_does_not_hold_is_refused(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    run = make_run((await current(database)).snapshot)
    with pytest.raises(NotFound, match="no registered run"):
        await approve(database, run)
    await propose(database, run)
    with pytest.raises(Refused, match="This run is proposed"):
        await promote(database, run)
    with pytest.raises(Refused, match="From there: approve, return"):
        await propose(database, run)
    await approve(database, run)
    await promote(database, run)
    for act in (promote, approve, propose):
        with pytest.raises(Refused, match="This run is promoted"):
            await act(database, run)


def test_every_state_can_be_reached_and_none_but_a_set_in_force_or_a_former_one_is_an_end() -> None:
    reached: set[State | None] = {None}
    waiting = {move.after for move in TRANSITIONS if move.before is None}
    while waiting:
        reached |= waiting
        waiting = {move.after for move in TRANSITIONS if move.before in reached} - reached
    assert reached == {None, *State}
    assert all(any(move.before is state for move in TRANSITIONS) for state in State)


async def test_a_run_sent_back_is_proposed_again_by_its_author_alone(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    run = make_run((await current(database)).snapshot)
    await propose(database, run)
    async with database.transaction() as db:
        await service.send_back(db, run.content_hash, by=APPROVER, why="DIF non traité", now=START)
    with pytest.raises(Refused, match="its author proposes it again"):
        await propose(database, run, by="Mme C. Petit")
    assert (await propose(database, run)).state is State.PROPOSED


async def test_of_two_promotions_at_once_one_wins_and_the_other_changes_nothing(
    database: Database, published: Published, make_run: MakeRun, settings: Settings
) -> None:
    before = await current(database)
    runs = [make_run(before.snapshot, shift=shift) for shift in (0.2, 0.6)]
    for run in runs:
        await propose(database, run)
        await approve(database, run)
    other = Database(settings)
    try:
        outcomes = await asyncio.gather(
            promote(database, runs[0]), promote(other, runs[1]), return_exceptions=True
        )
    finally:
        await other.close()
    won = [found for found in outcomes if isinstance(found, service.Promoted)]
    lost = [found for found in outcomes if isinstance(found, Raced)]
    assert (len(won), len(lost)) == (1, 1), outcomes
    after = await current(database)
    assert (after.number, after.content_hash) == (before.number + 1, won[0].content_hash)
    async with database.reading() as db:
        assert [one.number for one in await service.promotions(db)] == [1]
        assert await audit.first_broken_link(db) is None


async def test_a_rollback_puts_the_former_set_in_force_by_a_new_release_and_can_be_undone(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    with pytest.raises(Refused, match="Nothing was promoted yet"):
        await rollback(database)
    experts = await current(database)
    run = make_run(experts.snapshot)
    await promoted(database, run)
    back = await rollback(database)
    after = await current(database)
    assert (after.number, back.provisional) == (experts.number + 2, True)
    assert difficulties(after) == difficulties(experts)
    async with database.reading() as db:
        assert (await service.registered(db, run.content_hash)).state is State.SUPERSEDED
    forth = await rollback(database)
    assert forth.run == run.content_hash
    assert not forth.provisional
    assert difficulties(await current(database)) == pytest.approx(np.array(difficulties(experts)) + 0.4)
    async with database.reading() as db:
        assert (await service.registered(db, run.content_hash)).state is State.PROMOTED


async def test_a_promotion_takes_the_exposure_control_fitted_to_its_parameters_and_a_rollback_the_former(
    database: Database, published: Published, make_run: MakeRun, settings: Settings
) -> None:
    before = (await current(database)).snapshot
    run = make_run(before, shift=1.0)
    await propose(database, run)
    await approve(database, run)
    async with database.reading() as db:
        ready = await service.promotable(db, run.content_hash, by=APPROVER)
    fitted = refitted(ready, ready.design("certification"), learners=60, rounds=2)
    refit = Refit(ready.content_hash, (Refitted(fitted, 0.8, 0.3),))
    done = await promote(database, run, refit)
    after = (await current(database)).snapshot
    assert after.design("certification") == fitted
    assert fitted.exposure.target == before.design("certification").exposure.target
    assert fitted.exposure.eligibility != before.design("certification").exposure.eligibility
    assert after.design("certification-social-bac") == before.design("certification-social-bac")
    assert done.exposure == {"certification": (0.8, 0.3)}
    in_use = await Assessments(database).current("certification")
    assert in_use.design == fitted
    number, new = await publish_content(database, settings.content_dir, actor="tests")
    assert (number, new) == (done.release_number, False)
    await rollback(database)
    assert (await current(database)).snapshot.designs == before.designs


async def test_exposure_control_fitted_to_another_release_is_not_promoted(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    before = await current(database)
    run = make_run(before.snapshot)
    await propose(database, run)
    await approve(database, run)
    with pytest.raises(Raced, match="while exposure control was being fitted"):
        await promote(database, run, Refit(before.content_hash, ()))
    assert (await current(database)).id == before.id


async def test_a_second_calibration_is_promoted_only_on_the_scale_in_force(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    first = make_run((await current(database)).snapshot)
    await promoted(database, first)
    snapshot = (await current(database)).snapshot
    with pytest.raises(Refused, match="scale of its own"):
        await propose(database, make_run(snapshot, shift=0.1))
    await promoted(database, make_run(snapshot, shift=0.1, anchors="release 2"))
    async with database.reading() as db:
        assert (await service.registered(db, first.content_hash)).state is State.SUPERSEDED


@pytest.mark.parametrize(
    ("responses", "real", "reason"),
    [(299, True, "299 responses of 300"), (400, False, "calibrated on simulated responses")],
)
async def test_too_few_or_simulated_responses_leave_the_set_provisional_and_say_which_items_lack(
    database: Database, published: Published, make_run: MakeRun, responses: int, real: bool, reason: str
) -> None:
    snapshot = (await current(database)).snapshot
    done = await promoted(database, make_run(snapshot, responses=responses), real=real)
    assert done.provisional
    assert done.lacking == dict.fromkeys(snapshot.item_ids, reason)


async def test_an_item_that_the_run_does_not_hold_keeps_its_parameters_and_is_named(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    before = await current(database)
    some = items_of(before.snapshot, 0.4, 400).head(len(before.snapshot) - 1)
    done = await promoted(database, make_run(before.snapshot, items=some))
    last = before.snapshot.item_ids[-1]
    assert done.lacking == {last: "not calibrated"}
    assert difficulties(await current(database))[-1] == difficulties(before)[-1]


async def test_the_data_say_whether_people_answered_and_nobody_can_say_otherwise(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    snapshot = (await current(database)).snapshot
    told = make_run(snapshot, data=data_of(snapshot, simulated=True))
    with pytest.raises(InvalidInput, match="The data say that the responses are simulated"):
        await propose(database, told, real=True)
    assert not (await propose(database, told, real=None)).real
    silent = make_run(snapshot, shift=0.3)
    with pytest.raises(InvalidInput, match="state --real or --simulated"):
        await propose(database, silent, real=None)


async def test_parameters_of_another_version_of_an_item_are_refused_by_name(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    snapshot = (await current(database)).snapshot
    first = snapshot.item_ids[0]
    old = data_of(snapshot, simulated=False).with_columns(
        pl.when(pl.col("item") == first)
        .then(pl.lit("f" * 64))
        .otherwise(pl.col("item_version"))
        .alias("item_version")
    )
    with pytest.raises(InvalidInput, match=f"{first}: another version of the item was answered"):
        await propose(database, make_run(snapshot, data=old), real=None)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"model": "grm"}, "served with 1PL to 4PL"),
        ({"se_b": None}, "no standard errors"),
        ({"a": 11.0}, "discrimination of 11"),
        ({"b": -21.0}, "difficulty of -21"),
        ({"thresholds": [0.0, 1.0]}, "scored 0 to 1"),
    ],
)
async def test_parameters_that_cannot_be_served_are_refused_by_name(
    database: Database, published: Published, make_run: MakeRun, change: Mapping[str, Any], problem: str
) -> None:
    snapshot = (await current(database)).snapshot
    rows = items_of(snapshot, 0.4, 400).to_dicts()
    rows[3] |= change
    broken = make_run(snapshot, items=pl.DataFrame(rows, schema=items_of(snapshot, 0.4, 400).schema))
    with pytest.raises(InvalidInput, match=problem) as refused:
        await propose(database, broken)
    assert snapshot.item_ids[3] in str(refused.value)


async def test_a_run_that_has_not_converged_or_was_changed_is_not_proposed(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    snapshot = (await current(database)).snapshot
    with pytest.raises(Refused, match="not converged: allow more cycles"):
        await propose(database, make_run(snapshot, converged=False))
    run = make_run(snapshot)
    assert run.path is not None
    items = run.path / "items.parquet"
    items.chmod(0o644)
    run.items.with_columns(pl.col("b") + 1).write_parquet(items)
    with pytest.raises(RunError, match=r"items\.parquet was changed"):
        load(run.path)


async def test_publishing_the_files_again_keeps_the_calibrated_parameters_in_force(
    database: Database, published: Published, make_run: MakeRun, settings: Settings
) -> None:
    done = await promoted(database, make_run((await current(database)).snapshot))
    number, new = await publish_content(database, settings.content_dir, actor="tests")
    assert (number, new) == (done.release_number, False)
    await rollback(database)
    number, new = await publish_content(database, settings.content_dir, actor="tests")
    assert (number, new) == (done.release_number + 1, False)


async def test_no_certificate_rests_on_a_provisional_set(
    database: Database, published: Published, make_run: MakeRun
) -> None:
    snapshot = (await current(database)).snapshot
    operational = replace(
        snapshot, records=tuple({**record, "status": Status.OPERATIONAL.value} for record in snapshot.records)
    )
    operational = releases.with_parameter_set(operational, snapshot.parameter_set)
    async with database.transaction() as db:
        await bank.publish(db, operational, actor="tests", now=START)
        release_id = await bank.latest(db)
        assert release_id is not None
        await publish_designs(db, await bank.load(db, release_id), START)
    assert lacking(operational)
    body = {"provisional": False, "measurement": {"theta": 0.3}}
    with pytest.raises(NotCertifiable, match="provisional"):
        require_certifiable(await Assessments(database).current("certification"), body)
    await promoted(database, make_run(operational))
    in_use = await Assessments(database).current("certification")
    require_certifiable(in_use, body)
    with pytest.raises(NotCertifiable, match="provisional"):
        require_certifiable(in_use, body | {"provisional": True})
    with pytest.raises(NotCertifiable, match="too few"):
        require_certifiable(in_use, body | {"measurement": None})
    with pytest.raises(NotCertifiable, match="practice"):
        require_certifiable(await Assessments(database).current("practice"), body)
