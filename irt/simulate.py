r"""Simulate a test design with the very policy that serves its sittings.

Persons are taken through the test in lockstep, in chunks: posteriors and gains of a chunk are matrix
products, shadow tests are solved together, and every decision is `Policy`'s own. Each person's answers are a
pure function of (seed, person, item), so that results do not depend on the number of processes, and two
designs simulated with one seed meet the same persons with the same luck (common random numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from irt import ability, levels, models, randomness
from irt.ability import NormalPrior, Posterior
from irt.errors import InvalidParameters
from irt.exposure import Eligibility, Exposure, adjusted, band_of, item_exposure
from irt.policy import INTERVAL, Policy, Reason, Rules, Step, compile_policy
from irt.randomness import Purpose
from irt.shadow import ShadowTest, shadow_tests, violations
from irt.types import BoolArray, FloatArray, IntArray, ItemParameters

_CHUNK: Final = 256
_REASONS: Final = tuple(Reason)


class Sittings(NamedTuple):
    """What happened to each simulated person; arrays of n_persons rows."""

    truth: FloatArray  # (n_persons,), logits
    items: IntArray  # (n_persons, length), padded with -1
    scores: IntArray  # (n_persons, length), padded with -1
    length: IntArray  # (n_persons,), items
    reason: IntArray  # (n_persons,), place in `Reason`
    theta: FloatArray  # (n_persons,), EAP, logits
    se: FloatArray  # posterior sd, logits
    wle: FloatArray  # logits
    wle_se: FloatArray  # 1/sqrt(information), logits
    below: FloatArray  # posterior probability of lying below the true theta
    level: IntArray  # given
    true_level: IntArray
    level_probability: FloatArray  # of the level given
    violations: IntArray  # broken rows of the blueprint
    forced: IntArray  # items asked although drawn ineligible
    relaxed: IntArray  # steps in which a row had to be relaxed


class Conditional(NamedTuple):
    """Results by true ability, one row per band; arrays of shape (n_bands,)."""

    theta: FloatArray  # mean true theta of the band, logits
    n_persons: IntArray
    bias: FloatArray  # of the EAP
    wle_bias: FloatArray
    se: FloatArray  # mean posterior sd
    rmse: FloatArray  # of the EAP
    wle_rmse: FloatArray
    coverage: FloatArray  # share of persons inside the 90 % credible interval
    length: FloatArray  # mean
    classification_accuracy: FloatArray


class Simulation(NamedTuple):
    """Results of one simulation."""

    bias: float  # mean of EAP - theta, logits
    wle_bias: float
    rmse: float  # of the EAP
    wle_rmse: float
    mean_se: float
    mean_length: float
    coverage: float  # of the 90 % credible interval
    classification_accuracy: float  # exact level
    adjacent_accuracy: float  # exact level or its neighbour
    pass_accuracy: float  # the right side of the first cut score
    expected_accuracy: float  # what the posteriors themselves claim for the exact level
    max_exposure: float
    exposure: Exposure
    blueprint_violations: int
    forced: int
    relaxed: int
    reasons: dict[Reason, int]
    conditional: Conditional
    learners_per_second: float | None
    sittings: Sittings


def population(n_persons: int, *, prior: NormalPrior, seed: int) -> FloatArray:
    """Draw the abilities of `n_persons` from a normal population, shape (n_persons,), logits.

    Examples
    --------
    >>> population(3, prior=NormalPrior(), seed=1).round(2).tolist()
    [2.37, 0.48, 1.25]
    """
    draws = randomness.uniform(seed, Purpose.ABILITY, np.arange(n_persons))
    return prior.mean + prior.sd * ndtri(draws + 2.0**-54)


def simulate(
    policy: Policy,
    theta: ArrayLike,
    *,
    seed: int,
    truth: ItemParameters | None = None,
    available: BoolArray | None = None,
    band_edges: ArrayLike = (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5),
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
    clock: Callable[[], float] | None = None,
) -> Simulation:
    """Take persons of known ability through the test and compare.

    Parameters
    ----------
    policy : Policy
    theta : array_like, shape (n_persons,), logits
        True abilities.
    seed : int
        Of the whole simulation; person i has the seed derived from it and i.
    truth : ItemParameters, optional
        Parameters that generate the answers, when they are not the policy's.
    available : ndarray of bool, shape (n_items,), optional
        Items that may be asked.
    band_edges : array_like, logits
        Edges of the bands of true ability in the conditional table.
    processes : int
        Results are the same for any number.
    progress : callable, optional
        Called with (persons done, persons) after each chunk.
    clock : callable, optional
        Seconds, such as `time.perf_counter`; only for `learners_per_second`.

    Returns
    -------
    Simulation

    Raises
    ------
    InvalidParameters
        Naming `theta`, `truth` or `processes`.

    Notes
    -----
    Every step solves the full shadow test; about 2 ms per person for 32 items of a bank of 300.
    """
    abilities = np.asarray(theta, dtype=np.float64)
    if abilities.ndim != 1 or not len(abilities):
        raise InvalidParameters("theta", None, "must be a list of at least one ability")
    if not np.isfinite(abilities).all():
        raise InvalidParameters("theta", int(np.argmin(np.isfinite(abilities))), "must be finite")
    if truth is not None and len(truth) != len(policy.parameters):
        raise InvalidParameters("truth", None, f"holds {len(truth)} items, the bank {len(policy.parameters)}")
    if processes < 1:
        raise InvalidParameters("processes", None, f"must be at least 1, is {processes}")
    started = clock() if clock is not None else 0.0
    chunks: list[Sittings] = []
    done = 0
    for chunk in _chunks(policy, truth, abilities, seed, available, processes):
        chunks.append(chunk)
        done += len(chunk.truth)
        if progress is not None:
            progress(done, len(abilities))
    sittings = Sittings(*(np.concatenate(columns) for columns in zip(*chunks, strict=True)))
    elapsed = clock() - started if clock is not None else 0.0
    return summarise(policy, sittings, band_edges, len(abilities) / elapsed if elapsed > 0 else None)


def fit_eligibility(
    policy: Policy,
    theta: ArrayLike,
    *,
    target: float,
    seed: int,
    edges: ArrayLike = (),
    rounds: int = 8,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Eligibility:
    """Fit eligibility probabilities by simulation until no item is used more often than `target`.

    Parameters
    ----------
    policy : Policy
        Its own eligibility, if any, is where the fit starts.
    theta : array_like, shape (n_persons,), logits
        Population that the rates refer to.
    target : float
        Highest exposure rate, in every band of theta.
    seed : int
    edges : array_like, logits
        Edges of the bands; empty for a marginal target.
    rounds : int
        Simulations of the whole population, with fresh answers each time.

    Returns
    -------
    Eligibility
        To be stored in the rules of the design.

    Raises
    ------
    InvalidParameters
        Naming `target` when it lies below what the length of the test makes unavoidable.

    Notes
    -----
    The probabilities of the last rounds are averaged: each round alone is as noisy as its simulation. Bands
    are those of the true theta here and those of the running estimate in a sitting, as in the source, so a
    conditional target is met approximately. Blueprint rows can keep an item above its target.

    References
    ----------
    van der Linden & Veldkamp (2004), (2007).
    """
    floor = policy.rules.length / len(policy.parameters)
    if not floor < target <= 1:
        raise InvalidParameters("target", None, f"must lie above {floor:.3f}, length over bank, is {target}")
    abilities = np.asarray(theta, dtype=np.float64)
    bounds = np.asarray(edges, dtype=np.float64)
    band = band_of(abilities, bounds)
    n_bands, n_items = len(bounds) + 1, len(policy.parameters)
    current = policy.rules.eligibility
    if current is None or len(current.probabilities) != n_bands:
        current = Eligibility(np.ones((n_bands, n_items)), bounds)
    kept: list[FloatArray] = []
    for number in range(rounds):
        trial = with_eligibility(policy, current)
        round_seed = randomness.derived_seed(seed, Purpose.FITTING_ROUND, number)
        result = simulate(trial, abilities, seed=round_seed, processes=processes)
        given = result.sittings.items
        rates = np.full((n_bands, n_items), np.nan)
        for row in range(n_bands):
            members = given[band == row]
            if len(members):
                rates[row] = np.bincount(members[members >= 0], minlength=n_items) / len(members)
        current = adjusted(current, rates, target)
        if number >= rounds // 2:
            kept.append(current.probabilities)
        if progress is not None:
            progress(number + 1, rounds)
    return Eligibility(np.mean(kept, axis=0), bounds)


def with_eligibility(policy: Policy, eligibility: Eligibility | None) -> Policy:
    """Return the same policy under another exposure control."""
    rules: Rules = replace(policy.rules, eligibility=eligibility)
    if eligibility is not None and eligibility.probabilities.shape[1] != len(policy.parameters):
        return compile_policy(policy.parameters, policy.tree, rules)
    return replace(policy, rules=rules)


def summarise(
    policy: Policy, sittings: Sittings, band_edges: ArrayLike, learners_per_second: float | None
) -> Simulation:
    """Reduce sittings to the figures of a simulation; `band_edges` in logits of true theta."""
    error, wle_error = sittings.theta - sittings.truth, sittings.wle - sittings.truth
    tail = (1 - INTERVAL) / 2
    covered = (sittings.below >= tail) & (sittings.below <= 1 - tail)
    off = np.abs(sittings.level - sittings.true_level)
    used = item_exposure(sittings.items, len(policy.parameters))
    band = band_of(sittings.truth, np.asarray(band_edges, dtype=np.float64))
    members = [band == row for row in range(len(np.atleast_1d(band_edges)) + 1)]
    members = [rows for rows in members if rows.any()]

    def by_band(values: FloatArray | BoolArray | IntArray) -> FloatArray:
        return np.array([float(values[rows].mean()) for rows in members])

    conditional = Conditional(
        theta=by_band(sittings.truth),
        n_persons=np.array([int(rows.sum()) for rows in members]),
        bias=by_band(error),
        wle_bias=by_band(wle_error),
        se=by_band(sittings.se),
        rmse=np.sqrt(by_band(error**2)),
        wle_rmse=np.sqrt(by_band(wle_error**2)),
        coverage=by_band(covered),
        length=by_band(sittings.length),
        classification_accuracy=by_band(off == 0),
    )
    counts = np.bincount(sittings.reason, minlength=len(_REASONS))
    return Simulation(
        bias=float(error.mean()),
        wle_bias=float(wle_error.mean()),
        rmse=float(np.sqrt((error**2).mean())),
        wle_rmse=float(np.sqrt((wle_error**2).mean())),
        mean_se=float(sittings.se.mean()),
        mean_length=float(sittings.length.mean()),
        coverage=float(covered.mean()),
        classification_accuracy=float((off == 0).mean()),
        adjacent_accuracy=float((off <= 1).mean()),
        pass_accuracy=float(((sittings.level > 0) == (sittings.true_level > 0)).mean()),
        expected_accuracy=float(sittings.level_probability.mean()),
        max_exposure=used.highest,
        exposure=used,
        blueprint_violations=int(sittings.violations.sum()),
        forced=int(sittings.forced.sum()),
        relaxed=int(sittings.relaxed.sum()),
        reasons={reason: int(count) for reason, count in zip(_REASONS, counts, strict=True) if count},
        conditional=conditional,
        learners_per_second=learners_per_second,
        sittings=sittings,
    )


def _chunks(
    policy: Policy,
    truth: ItemParameters | None,
    theta: FloatArray,
    seed: int,
    available: BoolArray | None,
    processes: int,
) -> Iterator[Sittings]:
    starts = range(0, len(theta), _CHUNK)
    if processes == 1 or len(starts) == 1:
        for start in starts:
            yield _run(policy, truth, theta[start : start + _CHUNK], start, seed, available)
        return
    # A fresh interpreter: forking a process that runs BLAS threads can deadlock.
    with ProcessPoolExecutor(min(processes, len(starts)), mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(_run, policy, truth, theta[start : start + _CHUNK], start, seed, available)
            for start in starts
        ]
        for job in jobs:
            yield job.result()


def _run(
    policy: Policy,
    truth: ItemParameters | None,
    theta: FloatArray,
    first: int,
    seed: int,
    available: BoolArray | None,
) -> Sittings:
    """Take one chunk of persons through the test in lockstep."""
    n_persons, n_items, longest = len(theta), len(policy.parameters), policy.rules.length
    seeds = [randomness.derived_seed(seed, Purpose.PERSON, first + person) for person in range(n_persons)]
    everything = np.arange(n_items)
    luck = np.array([randomness.uniform(own, Purpose.ANSWER, everything) for own in seeds])
    answers = (luck < models.probability(truth or policy.parameters, theta)).astype(np.int64)
    draws = [policy.draws(own) for own in seeds]
    ranks = np.array([drawn.ranks for drawn in draws])
    eligibility = None
    if policy.rules.eligibility is not None:
        eligibility = np.array([drawn.eligibility for drawn in draws])

    items = np.full((n_persons, longest), -1, dtype=np.int64)
    scores = np.full((n_persons, longest), -1, dtype=np.int64)
    reason = np.zeros(n_persons, dtype=np.int64)
    forced, relaxed = np.zeros(n_persons, dtype=np.int64), np.zeros(n_persons, dtype=np.int64)
    log_density = np.tile(policy.log_prior, (n_persons, 1))
    running = np.arange(n_persons)
    for position in range(longest + 1):
        weights = np.exp(log_density[running] - log_density[running].max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        mean = weights @ policy.nodes
        se = np.sqrt((weights * (policy.nodes - mean[:, None]) ** 2).sum(axis=1))
        going = np.ones(len(running), dtype=np.bool_)
        finishing = np.zeros(len(running), dtype=np.bool_)
        if position == longest or policy.rules.stopping:
            for row, person in enumerate(running.tolist()):
                now = Posterior(weights[row], float(mean[row]), float(se[row]))
                ended, ripe = policy.stop_reason(now, items[person, :position], available)
                finishing[row] = ended is not None
                if ended is not None and ripe:
                    going[row] = False
                    reason[person] = _REASONS.index(ended)
        running, weights, mean, se = running[going], weights[going], mean[going], se[going]
        finishing = finishing[going]
        if not len(running):
            break
        gain = (weights @ policy.information)[:, policy.kind]
        barred = policy.ineligible(mean, None if eligibility is None else eligibility[running])
        priority = policy.priorities(gain, ranks[running], barred)
        taken = items[running, :position]
        shadows = shadow_tests(policy.layout, priority, taken, longest, available=available)
        asked = np.full(len(running), -1, dtype=np.int64)
        for row, person in enumerate(running.tolist()):
            theta_now, se_now, own = float(mean[row]), float(se[row]), seeds[person]
            step: Step
            last = bool(finishing[row])
            if shadows.feasible[row]:
                shadow = ShadowTest(True, shadows.items[row], 0.0, None, None, None)
                barred_row = None if barred is None else barred[row]
                step = policy.taken_from(
                    shadow, theta_now, se_now, gain[row], priority[row], taken[row], own, barred_row, (), last
                )
            else:
                step = policy.choose(
                    theta_now, se_now, gain[row], taken[row], own, draws[person], available, finishing=last
                )
            relaxed[person] += bool(step.relaxed)
            if step.item is None:
                reason[person] = _REASONS.index(step.reason or Reason.EXHAUSTED)
                continue
            asked[row] = step.item
            forced[person] += not step.eligible
        running, asked = running[asked >= 0], asked[asked >= 0]
        items[running, position] = asked
        scores[running, position] = answers[running, asked]
        log_density[running] += policy.table[policy.kind[asked], scores[running, position]]
    return _measured(policy, theta, items, scores, reason, forced, relaxed)


def _measured(
    policy: Policy,
    theta: FloatArray,
    items: IntArray,
    scores: IntArray,
    reason: IntArray,
    forced: IntArray,
    relaxed: IntArray,
) -> Sittings:
    """Score finished sittings as `Policy.score` does, without what a simulation has no use for."""
    n_persons = len(theta)
    length = (items >= 0).sum(axis=1)
    estimates = np.zeros((6, n_persons))
    level, broken = np.zeros(n_persons, dtype=np.int64), np.zeros(n_persons, dtype=np.int64)
    below_truth = levels.below_weights(theta, policy.rules.grid)
    for person in range(n_persons):
        given = items[person, : length[person]]
        credits = scores[person, : length[person]]
        now = policy.posterior(given, credits)
        measure = policy.measure(now)
        warm = ability.wle(policy.parameters.take(given), credits)
        below = float(below_truth[person] @ now.weights)
        probability = float(measure.level_probabilities[measure.level])
        estimates[:, person] = now.theta, now.se, warm.theta, warm.se, below, probability
        level[person] = measure.level
        broken[person] = violations(policy.tree, given)
    return Sittings(
        truth=theta,
        items=items,
        scores=scores,
        length=length,
        reason=reason,
        theta=estimates[0],
        se=estimates[1],
        wle=estimates[2],
        wle_se=estimates[3],
        below=estimates[4],
        level=level,
        true_level=levels.level_of(theta, policy.rules.cuts),
        level_probability=estimates[5],
        violations=broken,
        forced=forced,
        relaxed=relaxed,
    )
