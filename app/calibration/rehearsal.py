"""A launch, rehearsed: what opening on the experts' parameters alone would get wrong, before anybody sits.

Learners are drawn from N(0, 1) and answer by true parameters that the experts missed. They sit held sittings, whose
items are spread at random within the blueprint; the first calibration, a panel's cut scores and the scoring follow, as
at a real launch. The same learners with the same luck also sit the test of a launch without all this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from app.calibration import service
from app.calibration.estimation import calibrate
from app.calibration.exposure import controlled, refitted
from app.calibration.runs import Run
from irt import models
from irt.ability import NormalPrior
from irt.levels import level_of
from irt.policy import Policy
from irt.simulate import (
    Simulation,
    population,
    running_estimates,
    simulate,
)
from irt.types import FloatArray, IntArray, Parameters
from item_bank import promotion
from item_bank.blueprint import compile_design
from item_bank.design import Criterion, Design, Exposure, Selection
from item_bank.promotion import LEAST_RESPONSES
from item_bank.release import ParameterSet, Release, with_parameter_set

LAUNCH: Final = "launch"  # the design of held sittings

_GRID: Final = np.linspace(-4, 4, 801)
_JUDGES: Final = 12
_JUDGE_SD: Final = 0.2  # of a judge's own severity, logits
_RATING_SD: Final = 0.6  # of one rating around it, logits
_FITTED_ON: Final = 1000  # learners of a round of fitting
_FITTING_ROUNDS: Final = 5

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Miss:
    """How far the experts are off: every sd in logits, but that of log-discriminations."""

    origin: float = 0.3  # every item is harder than they think
    level: float = 0.25  # sd, of a level's items together
    item: float = 0.6  # sd, of one item beside its level
    slope: float = 0.3  # sd of the log-discrimination
    guessing: float = 0.04  # sd of the floor of an item that can be guessed


class Wrong(NamedTuple):
    """What one way of launching gives these learners."""

    name: str
    levels: float  # share of learners with another level than the true one
    by_two: float  # ... by two levels or more
    passed: float  # share that passes and should not
    failed: float  # share that fails and should not
    bias: float  # mean of estimate minus truth, logits
    rmse: float
    by_level: tuple[float, ...]  # bias of each true level, logits; nan where nobody is
    max_exposure: float
    items_used: int
    cuts: tuple[float, ...]

    @property
    def decisions(self) -> float:
        """Share of learners with the wrong pass decision."""
        return self.passed + self.failed


@dataclass(frozen=True)
class Rehearsal:
    """A launch from beginning to end."""

    learners: int
    seed: int
    design: str
    release: str
    miss: Miss
    level_labels: tuple[str, ...]
    true_cuts: tuple[float, ...]
    rows: tuple[Wrong, ...]
    run: Run = field(repr=False)
    short: dict[str, int]  # items with fewer than 300 responses, how many they have
    recovery: dict[
        str, dict[str, float]
    ]  # of b and of log a: correlation, mean difference, rmse; experts, calibrated
    cut_errors: tuple[float, ...]  # standard error of each cut, logits

    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "learners": self.learners,
            "seed": self.seed,
            "design": self.design,
            "release": self.release,
            "miss": vars(self.miss),
            "true_cuts": list(self.true_cuts),
            "launches": [
                one._asdict()
                | {"wrong_decisions": one.decisions, "by_level": [_plain(value) for value in one.by_level]}
                for one in self.rows
            ],
            "calibration": {
                "converged": self.run.converged,
                "cycles": self.run.facts["outcome"]["cycles"],
                "answers": self.run.facts["data"]["answers"],
                "recovery": self.recovery,
                "short": self.short,
            },
            "standard_error_of_cuts": list(self.cut_errors),
        }


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


def drawn_truth(release: Release, *, miss: Miss, seed: int) -> Release:
    """The release with true parameters that its experts missed: what simulated learners answer by.

    Examples
    --------
    >>> drawn_truth.__name__
    'drawn_truth'
    """
    rng = np.random.default_rng(seed)
    known = release.parameter_set
    levels, place = np.unique(release.level, return_inverse=True)
    shift = (
        miss.origin + rng.normal(0, miss.level, len(levels))[place] + rng.normal(0, miss.item, len(release))
    )
    slope = np.exp(rng.normal(0, miss.slope, len(release)))
    floor = np.clip(known.parameters.c + rng.normal(0, miss.guessing, len(release)), 0.0, 0.45)
    columns = known.to_dict() | {
        "discrimination": (known.parameters.a * slope).tolist(),
        "difficulty": (known.parameters.b + shift).tolist(),
        "guessing": np.where(known.parameters.c > 0, floor, 0.0).tolist(),
        "note": f"Drawn for a rehearsal, seed {seed}.",
    }
    columns["steps"] = {
        str(item): [one + shift[item] for one in steps] for item, steps in known.steps.items()
    }
    return _with(release, columns)


def _with(release: Release, columns: dict[str, Any]) -> Release:
    return with_parameter_set(release, ParameterSet.from_dict(columns))


def held_design(release: Release, design: Design) -> Design:
    """The test before its calibration: `launch`, or where the bank has none the same test with random items."""
    launch = [one for one in release.designs if one.id == LAUNCH and one.pool == design.pool]
    spread = Selection(criterion=Criterion.RANDOM, prefer_testlets=design.selection.prefer_testlets)
    return launch[0] if launch else replace(design, selection=spread, exposure=Exposure())


def responses_of(release: Release, items: IntArray, scores: IntArray) -> pl.DataFrame:
    """What simulated sittings leave, one row per answer, as `calibrate` reads it."""
    person, position = np.nonzero(items >= 0)
    index = items[person, position]
    return pl.DataFrame(
        {
            "person": [f"s{number}" for number in person.tolist()],
            "item": np.array(release.item_ids)[index],
            "score": scores[person, position],
            "item_version": np.array(release.item_hashes)[index],
            "simulated": np.ones(len(index), dtype=np.bool_),
        }
    )


def first_calibration(release: Release, frame: pl.DataFrame, *, seed: int) -> Run:
    """Calibrate as at a launch: b around its level, a lognormal, c by options; 2PL where nothing can be guessed,
    partial credit where an item has steps."""
    known = release.parameter_set
    options = [round(1 / c) if c > 0 else 0 for c in known.parameters.c.tolist()]
    rows = zip(release.item_ids, known.parameters.b.tolist(), release.level.tolist(), options, strict=True)
    guessed = np.where(known.parameters.c > 0, "3pl", "2pl")
    return calibrate(
        frame,
        "mixed",
        models={
            item: "gpcm" if index in known.steps else str(guessed[index])
            for index, item in enumerate(release.item_ids)
        },
        expected={item: (b, level, count) for item, b, level, count in rows},
        priors="launch",
        se="crossprod",
        seed=seed,
    )


def panel(truth: Parameters, cuts: FloatArray, *, seed: int) -> FloatArray:
    """Angoff ratings, shape (n_judges, n_cuts): the score each judge expects of the learner just at each cut."""
    rng = np.random.default_rng([seed, 1])
    severity = rng.normal(0, _JUDGE_SD, _JUDGES)
    found = np.empty((_JUDGES, len(cuts)))
    n_items = len(truth)
    for judge in range(_JUDGES):
        for number, cut in enumerate(cuts.tolist()):
            seen = cut + severity[judge] + rng.normal(0, _RATING_SD, n_items)
            expected = models.expected_score(truth, np.quantile(seen, np.linspace(0.02, 0.98, 25))).mean(
                axis=0
            )
            found[judge, number] = expected.sum()
    return found


def mapped(parameters: Parameters, expected: FloatArray) -> FloatArray:
    """Abilities at which a bank's expected score is what a panel expects, logits."""
    curve = models.expected_score(parameters, _GRID).sum(axis=1)
    return np.interp(expected, curve, _GRID)


def rehearse(
    release: Release,
    *,
    design: str = "certification",
    learners: int = 4000,
    seed: int = 1,
    miss: Miss | None = None,
    progress: Progress | None = None,
) -> Rehearsal:
    """Rehearse a launch.

    Parameters
    ----------
    release : Release
        With the experts' parameters.
    design : str
        The test that is launched.
    learners, seed : int
    miss : Miss, optional
        How far the experts are off.
    progress : callable, optional
        Told what is being done.

    Returns
    -------
    Rehearsal
    """
    say = progress or (lambda _: None)
    off = miss or Miss()
    truth = drawn_truth(release, miss=off, seed=seed)
    theta = population(learners, prior=NormalPrior(), seed=seed)
    compiled = compile_design(release, release.design(design))
    cuts = np.array(release.framework.cuts)
    available = release.available(pool=compiled.design.pool)
    limited = None if available.all() else available

    def sat(policy: Policy) -> Simulation:
        return simulate(policy, theta, seed=seed, truth=truth.parameters, available=limited, warm=False)

    say("a launch on the experts’ parameters")
    experts = compiled.policy(release)
    alone = sat(experts)
    say("held sittings")
    held_compiled = compile_design(release, held_design(release, release.design(design)))
    held = sat(held_compiled.policy(release))
    say("first calibration")
    items, scores = held.sittings.items, held.sittings.scores
    run = first_calibration(release, responses_of(release, items, scores), seed=seed)
    estimates = service.estimates_of(run, release)
    calibrated = promotion.with_estimates(
        release, estimates, run=run.content_hash, real=False, note="Calibrated in a rehearsal."
    )
    say("cut scores")
    ratings = panel(truth.parameters, cuts, seed=seed)
    # the panel judges the items that are scored, whatever their number
    by_experts = mapped(release.parameters, ratings.mean(axis=0))
    by_calibration = mapped(calibrated.parameters, ratings.mean(axis=0))
    each = np.stack([mapped(calibrated.parameters, one) for one in ratings])
    say("scoring and publication")
    published, _ = running_estimates(held_compiled.policy(calibrated), items, scores)
    say("exposure control fitted again")
    after = sat(_refitted(calibrated, compiled.design, seed))
    say("the test if the truth were known")
    known = sat(_refitted(truth, compiled.design, seed))

    def row(name: str, estimate: FloatArray, used: FloatArray, found: Simulation) -> Wrong:
        return _wrong(name, theta, estimate, cuts, used, found)

    rows = (
        row("experts alone, placeholder cuts", alone.sittings.theta, cuts, alone),
        row("experts alone, the panel’s cuts", alone.sittings.theta, by_experts, alone),
        row("held, calibrated, published", published[:, -1], by_calibration, held),
        row("the test after promotion", after.sittings.theta, by_calibration, after),
        row("parameters and cuts known", known.sittings.theta, cuts, known),
    )
    counts = np.bincount(items[items >= 0], minlength=len(release))
    return Rehearsal(
        learners=learners,
        seed=seed,
        design=design,
        release=release.content_hash,
        miss=off,
        level_labels=tuple(level.label for level in release.framework.certification_levels),
        true_cuts=tuple(cuts.tolist()),
        rows=rows,
        run=run,
        short={
            release.item_ids[index]: int(counts[index])
            for index in np.flatnonzero((counts < LEAST_RESPONSES) & available).tolist()
        },
        recovery={
            "experts": _recovery(release, truth, counts > 0),
            "calibrated": _recovery(calibrated, truth, counts > 0),
        },
        cut_errors=tuple((each.std(axis=0, ddof=1) / np.sqrt(len(each))).tolist()),
    )


def _refitted(release: Release, design: Design, seed: int) -> Policy:
    """The policy with its exposure control fitted to the parameters of the release, as a promotion does."""
    if design in controlled(release):
        design = refitted(release, design, learners=_FITTED_ON, rounds=_FITTING_ROUNDS, seed=seed)
    return compile_design(release, design).policy(release)


def _wrong(
    name: str,
    truth: FloatArray,
    estimate: FloatArray,
    true_cuts: FloatArray,
    cuts: FloatArray,
    found: Simulation,
) -> Wrong:
    true_level, level = level_of(truth, true_cuts), level_of(estimate, cuts)
    off = np.abs(level - true_level)
    error = estimate - truth
    by_level = [
        float(error[true_level == number].mean()) if (true_level == number).any() else float("nan")
        for number in range(len(true_cuts) + 1)
    ]
    rates = found.exposure.rates
    return Wrong(
        name=name,
        levels=float((off > 0).mean()),
        by_two=float((off > 1).mean()),
        passed=float(((level > 0) & (true_level == 0)).mean()),
        failed=float(((level == 0) & (true_level > 0)).mean()),
        bias=float(error.mean()),
        rmse=float(np.sqrt((error**2).mean())),
        by_level=tuple(by_level),
        max_exposure=float(rates.max()),
        items_used=int((rates > 0).sum()),
        cuts=tuple(np.asarray(cuts).tolist()),
    )


def _recovery(release: Release, truth: Release, seen: Any) -> dict[str, float]:
    own, real = release.parameter_set.parameters, truth.parameter_set.parameters
    b, log_a = (own.b - real.b)[seen], np.log(own.a / real.a)[seen]
    return {
        "b_correlation": float(np.corrcoef(own.b[seen], real.b[seen])[0, 1]),
        "b_bias": float(b.mean()),
        "b_rmse": float(np.sqrt((b**2).mean())),
        "log_a_rmse": float(np.sqrt((log_a**2).mean())),
    }
