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
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.special import expit, ndtr, ndtri

from irt import ability, levels, models, randomness
from irt.ability import NormalPrior, Posterior
from irt.errors import InvalidParameters
from irt.exposure import (
    Eligibility,
    Exposure,
    SympsonHetter,
    adjusted,
    band_of,
    item_exposure,
    jointly_adjusted,
    sympson_hetter_round,
)
from irt.pix import PixPolicy
from irt.policy import INTERVAL, Draws, Policy, Reason, Rules, Step, compile_policy
from irt.randomness import Purpose
from irt.selection import WITH_DRAWS, Criterion
from irt.shadow import ShadowTest, ShadowTests, shadow_tests, violations_each
from irt.types import BoolArray, FloatArray, IntArray, ItemParameters, Parameters

_CHUNK: Final = 256
_WORTH_LOADING: Final = 1_000  # persons
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
    passed_over: FloatArray  # (n_items,): share of the persons from whom Sympson-Hetter kept the item


def population(n_persons: int, *, prior: NormalPrior, seed: int) -> FloatArray:
    """Draw the abilities of `n_persons` from a normal population, shape (n_persons,), logits.

    Examples
    --------
    >>> population(3, prior=NormalPrior(), seed=1).round(2).tolist()
    [2.37, 0.48, 1.25]
    """
    draws = randomness.uniform(seed, Purpose.ABILITY, np.arange(n_persons))
    return prior.mean + prior.sd * ndtri(draws + 2.0**-54)


def person_seeds(n_persons: int, *, seed: int) -> randomness.Draws:
    """Seed of each person of a simulation, uint64, shape (n_persons,): with it `Policy.step` makes the same choices.

    Parameters
    ----------
    n_persons : int
    seed : int
        Of the simulation.

    Examples
    --------
    >>> person_seeds(2, seed=1).dtype, len(person_seeds(2, seed=1))
    (dtype('uint64'), 2)
    """
    return randomness.derived_seeds(seed, Purpose.PERSON, np.arange(n_persons))


def running_estimates(policy: Policy, items: IntArray, scores: IntArray) -> tuple[FloatArray, FloatArray]:
    """Posterior mean and sd of each person before the first answer and after each, logits.

    Parameters
    ----------
    policy : Policy
        Whose parameters, prior and grid; they need not be those that chose the items.
    items, scores : ndarray of int, shape (n_persons, length)
        As in `Sittings`, padded with -1.

    Returns
    -------
    theta, se : ndarray, shape (n_persons, length + 1), logits
        After the last answer of a person both stay as they are.

    Notes
    -----
    256 persons at a time: length x n_quadrature values each.

    Examples
    --------
    >>> from irt.policy import Rules, compile_policy
    >>> from irt.shadow import BlueprintTree
    >>> from irt.types import ItemParameters
    >>> rules = Rules(length=1, minimum_length=1, cuts=np.array([0.0]))
    >>> tree = BlueprintTree([-1], [0], [1], [0], testlet=[-1], testlet_position=[0], max_testlets=0)
    >>> policy = compile_policy(ItemParameters([1.0], [0.0], [0.0], [1.0]), tree, rules)
    >>> theta, _ = running_estimates(policy, np.array([[0]]), np.array([[1]]))
    >>> bool(abs(theta[0, 1] - policy.score([0], [1]).theta) < 1e-9)
    True
    """
    n_persons, length = items.shape
    theta, se = np.empty((2, n_persons, length + 1))
    for start in range(0, n_persons, _CHUNK):
        own = slice(start, start + _CHUNK)
        asked = items[own] >= 0
        gained = np.where(asked[..., None], policy.table[policy.kind[items[own]], scores[own]], 0.0)
        climbed = np.concatenate([np.zeros_like(gained[:, :1]), np.cumsum(gained, axis=1)], axis=1)
        log_density = climbed + policy.log_prior
        weights = np.exp(log_density - log_density.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        mean = weights @ policy.nodes
        theta[own] = mean
        se[own] = np.sqrt((weights * (policy.nodes - mean[..., None]) ** 2).sum(axis=2))
    return theta, se


def simulate(
    policy: Policy | PixPolicy,
    theta: ArrayLike,
    *,
    seed: int,
    truth: Parameters | None = None,
    available: BoolArray | None = None,
    warm: bool = True,
    oracle: bool = False,
    band_edges: ArrayLike = (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5),
    processes: int = 1,
    compiled: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
    clock: Callable[[], float] | None = None,
) -> Simulation:
    """Take persons of known ability through the test and compare.

    Parameters
    ----------
    policy : Policy or PixPolicy
    theta : array_like, shape (n_persons,), logits
        True abilities.
    seed : int
        Of the whole simulation; person i has the seed derived from it and i.
    truth : Parameters, optional
        Parameters that generate the answers, when they are not the policy's.
    available : ndarray of bool, shape (n_items,), optional
        Items that may be asked.
    warm : bool
        Whether to compute Warm's estimates too, about 20 us a person; nan otherwise.
    oracle : bool
        Choose at the true ability instead of the running estimate: what no design can know. A yardstick
        and no bound: estimation can gain from items away from it (docs/guides/against-pix.md).
        Only with `Criterion.MFI` or `MPWI` without stopping rules; ignored for a `PixPolicy`.
    band_edges : array_like, logits
        Edges of the bands of true ability in the conditional table.
    processes : int
        Results are the same for any number.
    compiled : bool, optional
        Whether to use the machine code of `fast`, which makes the same choices; by default where numba is
        installed and there are so many persons that loading it, about a second, pays.
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
        Naming `theta`, `truth`, `processes`, or `compiled` when numba is not installed.

    Notes
    -----
    Every step solves the full shadow test: for 32 items of a bank of 300 about 1.3 ms a person, 0.45 ms compiled.
    Where the choice is one person's affair (enemies and quotas, Sympson-Hetter, Kingsbury-Zara, priority index)
    it is `Policy.choose` that takes each, 7 to 20 ms a person, compiled or not.
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
    if oracle and isinstance(policy, Policy):
        known = policy.rules.criterion in (Criterion.MFI, Criterion.MPWI)
        if not known or policy.stops or policy.seconds is not None:
            raise InvalidParameters("oracle", None, "needs information as the criterion and no stopping rule")
    installed = find_spec("numba") is not None
    if compiled and not installed:
        raise InvalidParameters("compiled", None, "needs numba: install palier[fast]")
    quick = installed and len(abilities) >= _WORTH_LOADING if compiled is None else compiled
    started = clock() if clock is not None else 0.0
    chunks: list[Sittings] = []
    passed_over = np.zeros(len(policy.parameters), dtype=np.int64)
    done = 0
    for chunk, rejected in _chunks(policy, truth, abilities, seed, available, processes, warm, oracle, quick):
        chunks.append(chunk)
        passed_over += rejected
        done += len(chunk.truth)
        if progress is not None:
            progress(done, len(abilities))
    sittings = Sittings(*(np.concatenate(columns) for columns in zip(*chunks, strict=True)))
    elapsed = clock() - started if clock is not None else 0.0
    speed = len(abilities) / elapsed if elapsed > 0 else None
    return summarise(policy, sittings, band_edges, speed)._replace(passed_over=passed_over / len(abilities))


def fit_eligibility(
    policy: Policy,
    theta: ArrayLike,
    *,
    target: float,
    seed: int,
    edges: ArrayLike = (),
    band_target: float | None = None,
    available: BoolArray | None = None,
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
        Highest exposure rate: over all persons when `band_target` is given, else in every band of theta.
    seed : int
    edges : array_like, logits
        Edges of the bands; empty for a marginal target.
    band_target : float, optional
        Highest exposure rate within each band, beside that over all persons.
    available : ndarray of bool, shape (n_items,), optional
        Items that may be asked.
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
    n_usable = len(policy.parameters) if available is None else int(np.sum(available))
    floor = policy.rules.length / max(n_usable, 1)
    for name, value in (("target", target), ("band_target", target if band_target is None else band_target)):
        if not floor < value <= 1:
            raise InvalidParameters(name, None, f"must lie above {floor:.3f}, length over bank, is {value}")
    abilities = np.asarray(theta, dtype=np.float64)
    bounds = np.asarray(edges, dtype=np.float64)
    band = band_of(abilities, bounds)
    n_bands, n_items = len(bounds) + 1, len(policy.parameters)
    shares = np.bincount(band, minlength=n_bands) / len(band)
    current = policy.rules.eligibility
    if current is None or len(current.probabilities) != n_bands:
        current = Eligibility(np.ones((n_bands, n_items)), bounds)
    kept: list[FloatArray] = []
    for number in range(rounds):
        trial = with_eligibility(policy, current)
        round_seed = randomness.derived_seed(seed, Purpose.FITTING_ROUND, number)
        result = simulate(
            trial, abilities, seed=round_seed, available=available, processes=processes, warm=False
        )
        given = result.sittings.items
        rates = np.full((n_bands, n_items), np.nan)
        for row in range(n_bands):
            members = given[band == row]
            if len(members):
                rates[row] = np.bincount(members[members >= 0], minlength=n_items) / len(members)
        if band_target is None:
            current = adjusted(current, rates, target)
        else:
            current = jointly_adjusted(current, rates, shares, target, band_target)
        if number >= rounds // 2:
            kept.append(current.probabilities)
        if progress is not None:
            progress(number + 1, rounds)
    return Eligibility(np.mean(kept, axis=0), bounds)


def fit_sympson_hetter(
    policy: Policy,
    theta: ArrayLike,
    *,
    target: float,
    seed: int,
    rounds: int = 12,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> SympsonHetter:
    """Calibrate Sympson-Hetter probabilities by simulation.

    Parameters
    ----------
    policy : Policy
    theta : array_like, shape (n_persons,), logits
        Population that the rates refer to.
    target : float
        Highest exposure rate.
    seed : int
    rounds : int
        Simulations of the whole population, with fresh answers each time.

    Returns
    -------
    SympsonHetter
        Of the round whose highest exposure was the lowest: the procedure does not settle, it wanders around
        the target.

    Raises
    ------
    InvalidParameters
        Naming `target` when it lies below what the length of the test makes unavoidable.

    References
    ----------
    Sympson & Hetter (1985); van der Linden, W. J. (2003). Some alternatives to Sympson-Hetter item-exposure
    control in computerized adaptive testing. *JEBS* 28, 249-265 (that it wanders).
    """
    n_items = len(policy.parameters)
    floor = policy.rules.length / n_items
    if not floor < target <= 1:
        raise InvalidParameters("target", None, f"must lie above {floor:.3f}, length over bank, is {target}")
    current = policy.rules.sympson_hetter or SympsonHetter(np.ones(n_items))
    lowest, best = np.inf, current
    for number in range(rounds):
        trial = replace(policy, rules=replace(policy.rules, sympson_hetter=current), shortlists=None)
        round_seed = randomness.derived_seed(seed, Purpose.FITTING_ROUND, number)
        result = simulate(trial, theta, seed=round_seed, processes=processes, warm=False)
        if result.max_exposure < lowest:
            lowest, best = result.max_exposure, current
        current = sympson_hetter_round(result.exposure.rates + result.passed_over, target)
        if progress is not None:
            progress(number + 1, rounds)
    return best


def with_eligibility(policy: Policy, eligibility: Eligibility | None) -> Policy:
    """Return the same policy under another exposure control."""
    rules: Rules = replace(policy.rules, eligibility=eligibility)
    if eligibility is not None and eligibility.probabilities.shape[1] != len(policy.parameters):
        return compile_policy(policy.parameters, policy.tree, rules)
    # The lean step knows no exposure control.
    lists = policy.shortlists if eligibility is None else None
    return replace(policy, rules=rules, shortlists=lists)


def summarise(
    policy: Policy | PixPolicy, sittings: Sittings, band_edges: ArrayLike, learners_per_second: float | None
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
        passed_over=np.zeros(len(policy.parameters)),
    )


def _chunks(
    policy: Policy | PixPolicy,
    truth: Parameters | None,
    theta: FloatArray,
    seed: int,
    available: BoolArray | None,
    processes: int,
    warm: bool,
    oracle: bool,
    compiled: bool,
) -> Iterator[tuple[Sittings, IntArray]]:
    starts = range(0, len(theta), _CHUNK)
    if processes == 1 or len(starts) == 1:
        for start in starts:
            some = theta[start : start + _CHUNK]
            yield _run(policy, truth, some, start, seed, available, warm, oracle, compiled)
        return
    # A fresh interpreter: forking a process that runs BLAS threads can deadlock.
    with ProcessPoolExecutor(min(processes, len(starts)), mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(_run, policy, truth, some, start, seed, available, warm, oracle, compiled)
            for start in starts
            for some in [theta[start : start + _CHUNK]]
        ]
        for job in jobs:
            yield job.result()


def _run(
    policy: Policy | PixPolicy,
    truth: Parameters | None,
    theta: FloatArray,
    first: int,
    seed: int,
    available: BoolArray | None,
    warm: bool,
    oracle: bool,
    compiled: bool,
) -> tuple[Sittings, IntArray]:
    """Take one chunk of persons through the test in lockstep; how many persons each item was kept from."""
    people = randomness.derived_seeds(seed, Purpose.PERSON, np.arange(first, first + len(theta)))
    if isinstance(policy, PixPolicy):
        return _incumbent(policy, truth, theta, people), np.zeros(len(policy.parameters), dtype=np.int64)
    ineligible: Callable[[Policy, FloatArray, FloatArray | None], BoolArray | None] = Policy.ineligible
    priorities: Callable[[Policy, FloatArray, IntArray, BoolArray | None], FloatArray] = Policy.priorities
    solve: Callable[..., ShadowTests] = shadow_tests
    if compiled:
        from irt import fast  # here, so that a process that only serves does not load numba

        found = None
        if available is None and not oracle:
            found = fast.most_informative_sittings(policy, truth or policy.parameters, theta, people)
        if found is not None:
            none, full = np.zeros(len(theta), dtype=np.int64), _REASONS.index(Reason.LENGTH)
            measured = _measured(policy, theta, *found, np.full_like(none, full), none, none, warm)
            return measured, np.zeros(len(policy.parameters), dtype=np.int64)
        ineligible, priorities = fast.ineligible, fast.priorities
        solve = fast.shadow_tests if fast.solves(policy.layout) else shadow_tests
    n_persons, n_items, longest = len(theta), len(policy.parameters), policy.rules.length
    seeds = people.tolist()
    bank = truth or policy.parameters
    lists = policy.shortlists if available is None and not oracle else None
    none = np.zeros((n_persons, 0), dtype=np.int64)
    ranks, eligibility = policy.draws_each(people) if lists is None else Draws(none, None)

    items = np.full((n_persons, longest), -1, dtype=np.int64)
    scores = np.full((n_persons, longest), -1, dtype=np.int64)
    reason = np.zeros(n_persons, dtype=np.int64)
    forced, relaxed = np.zeros(n_persons, dtype=np.int64), np.zeros(n_persons, dtype=np.int64)
    rejected = np.zeros(n_items, dtype=np.int64)
    passed_over: set[tuple[int, int]] = set()
    given = np.zeros((n_persons, n_items), dtype=np.bool_)
    chance = np.exp(policy.table)
    powers = np.vander(policy.nodes, 3, increasing=True)
    # Products of probabilities, scaled to sum to 1 at every answer, stand for the posterior while choosing.
    weights = np.tile(np.exp(policy.log_prior - policy.log_prior.max()), (n_persons, 1))
    running = np.arange(n_persons)
    for position in range(longest + 1):
        moments = weights @ powers
        weights /= moments[:, :1]
        mean = moments[:, 1] / moments[:, 0]
        se = np.sqrt(np.maximum(moments[:, 2] / moments[:, 0] - mean**2, 0.0))
        finishing = np.zeros(len(running), dtype=np.bool_)
        if position == longest:
            reason[running] = _REASONS.index(Reason.LENGTH)
            break
        if policy.stops:
            going = np.ones(len(running), dtype=np.bool_)
            for row, person in enumerate(running.tolist()):
                now = Posterior(weights[row], float(mean[row]), float(se[row]))
                ended, ripe = policy.stop_reason(
                    now, items[person, :position], scores[person, :position], available
                )
                finishing[row] = ended is not None
                if ended is not None and ripe:
                    going[row] = False
                    reason[person] = _REASONS.index(ended)
            running, weights, mean, se = running[going], weights[going], mean[going], se[going]
            finishing = finishing[going]
            if not len(running):
                break
        asked = np.full(len(running), -1, dtype=np.int64)
        if lists is not None and (n_items >= longest or position < n_items):
            asked = policy.most_informative_each(lists, mean, given[running], people[running])
        elif lists is None:
            taken = items[running, :position]
            if oracle:
                gain = policy.selector.information_at(theta[running])[:, policy.kind]
            else:
                gain = policy.batch_gains(weights, mean, position)
            barred = ineligible(policy, mean, None if eligibility is None else eligibility[running])
            wanted = gain
            if policy.rules.criterion in WITH_DRAWS:
                each = zip(gain, running.tolist(), strict=True)
                wanted = np.stack([policy.mixed(own, seeds[person], position) for own, person in each])
            priority = priorities(policy, wanted, ranks[running], barred)
            shadows = None
            if policy.in_batch:
                shadows = solve(policy.layout, priority, taken, longest, available=available)
            alone = np.ones(len(running), dtype=np.bool_)
            if shadows is not None and position >= len(policy.rules.randomesque):
                alone = finishing | ~shadows.feasible
                rows = np.flatnonzero(~alone)
                chosen = policy.taken_from_each(shadows.items[rows], priority[rows], taken[rows])
                asked[rows] = chosen
                if barred is not None:
                    forced[running[rows]] += barred[rows, chosen]
            for row in np.flatnonzero(alone).tolist():
                person = int(running[row])
                theta_now, se_now, own = float(mean[row]), float(se[row]), seeds[person]
                last = bool(finishing[row])
                step: Step
                if shadows is not None and shadows.feasible[row]:
                    shadow = ShadowTest(True, shadows.items[row], 0.0, None, None, None)
                    barred_row = None if barred is None else barred[row]
                    step = policy.taken_from(
                        shadow,
                        theta_now,
                        se_now,
                        gain[row],
                        priority[row],
                        taken[row],
                        own,
                        barred_row,
                        (),
                        last,
                    )
                else:
                    step = policy.choose(
                        theta_now,
                        se_now,
                        gain[row],
                        taken[row],
                        own,
                        Draws(ranks[person], None if eligibility is None else eligibility[person]),
                        available,
                        finishing=last,
                    )
                relaxed[person] += bool(step.relaxed)
                passed_over.update((person, item) for item in step.rejected)
                if step.item is None:
                    reason[person] = _REASONS.index(step.reason or Reason.EXHAUSTED)
                    continue
                asked[row] = step.item
                forced[person] += not step.eligible
        reason[running[asked < 0]] = _REASONS.index(Reason.EXHAUSTED)
        if (asked < 0).any():
            running, weights, asked = running[asked >= 0], weights[asked >= 0], asked[asked >= 0]
        items[running, position] = asked
        given[running, asked] = True
        luck = randomness.uniform_each(people[running], Purpose.ANSWER, asked)
        scores[running, position] = _answers(bank, asked, theta[running], luck)
        weights *= chance[policy.kind[asked], scores[running, position]]
    for _, item in passed_over:
        rejected[item] += 1
    return _measured(policy, theta, items, scores, reason, forced, relaxed, warm), rejected


def _incumbent(
    policy: PixPolicy, truth: Parameters | None, theta: FloatArray, people: randomness.Draws
) -> Sittings:
    """Sittings under the incumbent's algorithm, its error rate taken for the sd of a normal posterior."""
    bank = policy.parameters if truth is None else truth
    if not isinstance(bank, ItemParameters):
        raise InvalidParameters("truth", None, "must be items with two categories")
    paths = policy.run(theta, people, bank)
    n_persons, none = len(theta), np.zeros(len(theta), dtype=np.int64)
    length = (paths.items >= 0).sum(axis=1)
    full = length == policy.configuration.length
    level = levels.level_of(paths.theta, policy.cuts)
    observed = levels.rudner_levels(paths.theta, paths.se, policy.cuts)
    return Sittings(
        truth=theta,
        items=paths.items,
        scores=paths.scores,
        length=length,
        reason=np.where(full, _REASONS.index(Reason.LENGTH), _REASONS.index(Reason.EXHAUSTED)),
        theta=paths.theta,
        se=paths.se,
        wle=np.full(n_persons, np.nan),
        wle_se=np.full(n_persons, np.nan),
        below=ndtr((theta - paths.theta) / paths.se),
        level=level,
        true_level=levels.level_of(theta, policy.cuts),
        level_probability=observed[np.arange(n_persons), level],
        violations=none,
        forced=none,
        relaxed=none,
    )


def _answers(bank: Parameters, items: IntArray, theta: FloatArray, luck: FloatArray) -> IntArray:
    """Score of each person on the item asked: the quantile of the person's luck, shape (n_persons,)."""
    if isinstance(bank, ItemParameters):
        a, b, c, d = (values[items] for values in (bank.a, bank.b, bank.c, bank.d))
        return (luck < c + (d - c) * expit(a * (theta - b))).astype(np.int64)
    # Scores in descending order, so that luck below P(1) is a right answer in both branches.
    scores = np.zeros(len(items), dtype=np.int64)
    for item in np.unique(items):
        rows = np.flatnonzero(items == item)
        chance = models.category_probability(bank.take([item]), theta[rows])[:, 0]
        at_least = np.cumsum(chance[:, ::-1], axis=1)[:, ::-1]
        scores[rows] = (luck[rows, None] < at_least[:, 1:]).sum(axis=1)
    return scores


def _measured(
    policy: Policy,
    theta: FloatArray,
    items: IntArray,
    scores: IntArray,
    reason: IntArray,
    forced: IntArray,
    relaxed: IntArray,
    warm: bool,
) -> Sittings:
    """Score finished sittings as `Policy.score` does, without what a simulation has no use for."""
    n_persons = len(theta)
    asked = items >= 0
    length = asked.sum(axis=1)
    rows = (policy.kind[items] * policy.table.shape[1] + scores)[asked]
    ends = np.concatenate([[0], length.cumsum()])
    table = policy.table.reshape(-1, policy.table.shape[2])
    answers = csr_array((np.ones(len(rows)), rows, ends), shape=(n_persons, len(table)))
    log_density = answers @ table + policy.log_prior
    weights = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    mean = weights @ policy.nodes
    se = np.sqrt((weights * (policy.nodes - mean[:, None]) ** 2).sum(axis=1))
    reached = np.ones((n_persons, len(policy.below) + 1))
    reached[:, 1:] = np.minimum.accumulate(np.clip(1.0 - weights @ policy.below.T, 0.0, 1.0), axis=1)
    level = levels.level_of(mean, policy.rules.cuts)
    below = levels.below_each(theta, weights, policy.rules.grid)
    wle = ability.Modes(np.full(n_persons, np.nan), np.full(n_persons, np.nan))
    if warm:
        wle = ability.wle_each(policy.parameters, items, scores)
    broken = np.zeros(n_persons, dtype=np.int64) if policy.free else violations_each(policy.tree, items)
    return Sittings(
        truth=theta,
        items=items,
        scores=scores,
        length=length,
        reason=reason,
        theta=mean,
        se=se,
        wle=wle.theta,
        wle_se=wle.se,
        below=below,
        level=level,
        true_level=levels.level_of(theta, policy.rules.cuts),
        level_probability=levels.level_probabilities(reached)[np.arange(n_persons), level],
        violations=broken,
        forced=forced,
        relaxed=relaxed,
    )
