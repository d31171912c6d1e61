r"""The policy of a test design: choose the next item or stop, and score. The only door to both.

Serving, simulation and replay all call `Policy.step` and `Policy.score`. Both are pure functions of the
compiled policy, the seed of the sitting, the responses in order and the mask of available items: no state, no
clock, nothing to persist but the responses.

One step
--------
1. The posterior of theta on the fixed grid, one prior, every answer counted once.
2. The stopping rules, in the order of the design, once the minima of the blueprint are met.
3. The gain of each item by the criterion of the design (`selection`): by default Fisher information averaged
   over the posterior.
4. The shadow test: the full-length test of the largest gain that contains the items given. Enemies and extra
   quotas are rows of it (`constraints`). A design without rows takes the best item straight away.
5. The item: the next one of a started testlet, else the new item of the shadow test with the largest gain;
   when a stopping rule already holds and only minima are missing, the largest among those that a minimum needs.

Ties
----
Items of a provisional bank share their parameters, so that equal gains are the rule and not the exception.
Gains are rounded to multiples of 2**-30 of the largest (coarser in pools where the whole numbers below
would not fit 53 bits) and equal ones are ordered by a random order of the items that belongs to the sitting.
Quantised gain, place in that order and eligibility are packed into one whole number per item, a *priority*:
its sums are exact in float64, no two are equal, and a replay on another processor makes the same choices.

Relaxation
----------
Withdrawn items and professional filters can make the blueprint impossible in the middle of a sitting. The
step then relaxes, says which rows (`Step.relaxed`) and goes on, in this order: the minimum of the row that
cannot be met is lowered to what is left; the test is shortened to what is left; all minima are dropped
(they contradict the answers already given); the maxima that the answers given already exceed are raised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from operator import index
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from irt import ability, levels, models, randomness, selection
from irt.ability import DEFAULT_GRID, Grid, NormalPrior, Posterior
from irt.constraints import Assembly, Constraints, absorb, assemble, kingsbury_zara, priority_index
from irt.errors import InfeasibleBlueprint, InvalidParameters, InvalidResponses, InvalidRules, NotReportable
from irt.exposure import Eligibility, SympsonHetter, band_of
from irt.profile import Profile, ProfileModel, domain_profile
from irt.randomness import Purpose
from irt.selection import Criterion, Selector, Shortlists
from irt.shadow import BlueprintTree, Layout, ShadowTest, prepare, shadow_test, tree_minima_met
from irt.stopping import (
    ChangeStop,
    ClassificationStop,
    InformationStop,
    IntervalStop,
    LevelStop,
    PrecisionStop,
    Prepared,
    Progress,
    RatioStop,
    Reason,
    StoppingRule,
    TimeStop,
    holds,
    prepare_rule,
)
from irt.types import (
    BoolArray,
    FloatArray,
    Indices,
    IntArray,
    ItemParameters,
    Parameters,
    frozen,
    read_only,
)

__all__ = [
    "ChangeStop",
    "ClassificationStop",
    "InformationStop",
    "IntervalStop",
    "LevelStop",
    "Outcome",
    "Policy",
    "PrecisionStop",
    "RatioStop",
    "Reason",
    "Rules",
    "Score",
    "Step",
    "StoppingRule",
    "TimeStop",
    "compile_policy",
]

INTERVAL: Final = 0.90  # probability of the credible interval in a score
_GAIN_BITS: Final = 30
_EXACT_BITS: Final = 53
_TINY: Final = 1e-250  # a posterior this small has lost digits to underflow
_RIGHT_WRONG: Final = frozenset((0, 1))
_SPARE: Final = 32  # items listed per cell of theta beyond those that a whole test can use up


class Method(Enum):
    """How the rows of the blueprint bear on the next item; the value is the name in a test design."""

    SHADOW = "shadow"  # a full test that meets every row is assembled before each item
    KINGSBURY_ZARA = "kingsbury_zara"  # the domain farthest below its share; nothing else is kept
    PRIORITY_INDEX = "priority_index"  # gains times the room left in each row; nothing is promised


class Outcome(Enum):
    """Whether a score may be reported; the value says what to do."""

    REPORTABLE = "the score may be reported"
    TOO_FEW_RESPONSES = "fewer responses than the design's minimum: report no level, offer another sitting"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rules:
    """What a test design adds to its blueprint.

    Parameters
    ----------
    length : int
        Full length, items; within the bounds of the root.
    minimum_length : int
        No stopping rule acts before this many answers, nor before the minima of all nodes below the root.
    cuts : ndarray, shape (n_levels - 1,), logits
        Cut scores, increasing.
    minimum_responses : int
        Below it a score is not reportable.
    stopping : tuple of StoppingRule
        Asked in order; empty for a test of fixed length.
    prior, grid
        Of ability, the same for every learner.
    criterion : Criterion
        What makes an item the best next one.
    acceleration : float
        Of `Criterion.PROGRESSIVE` and `PROPORTIONAL`: above 0, larger keeps the choice random for longer.
    n_strata, blocking : int, bool
        Of `Criterion.A_STRATIFIED`: number of strata, and whether each covers the whole range of difficulty.
    method : Method
        How the blueprint bears on the choice; the others are there to be compared with the shadow test.
    constraints : Constraints, optional
        Enemies and quotas beyond the tree; only with the shadow test.
    seconds : ndarray, shape (n_items,), seconds, optional
        Expected time of each item: gains are then gains per second.
    eligibility : Eligibility, optional
        Exposure control by draws before the sitting.
    sympson_hetter : SympsonHetter, optional
        Exposure control by draws at the choice of an item.
    randomesque : tuple of int
        At the first positions, draw among this many best new items of the shadow test (1: the best one).
    prefer_testlets : bool
        Fill the testlets that the blueprint allows with the most informative ones, whenever a test with them
        exists. Otherwise a testlet must be worth as much as the best single items, and its items, bound
        together, rarely are.
    profile : ProfileModel, optional
        Domains are the children of the root, in the order of their nodes.

    Raises
    ------
    InvalidRules
        Naming the argument.
    """

    length: int
    minimum_length: int
    cuts: FloatArray
    minimum_responses: int = 0
    stopping: tuple[StoppingRule, ...] = ()
    prior: NormalPrior = field(default_factory=NormalPrior)
    grid: Grid = DEFAULT_GRID
    criterion: Criterion = Criterion.MPWI
    acceleration: float = 1.0
    n_strata: int = 4
    blocking: bool = True
    method: Method = Method.SHADOW
    constraints: Constraints | None = None
    seconds: FloatArray | None = None
    eligibility: Eligibility | None = None
    sympson_hetter: SympsonHetter | None = None
    randomesque: tuple[int, ...] = ()
    prefer_testlets: bool = False
    profile: ProfileModel | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "cuts", levels.checked_cuts(self.cuts))
        object.__setattr__(self, "stopping", tuple(self.stopping))
        object.__setattr__(self, "randomesque", tuple(self.randomesque))
        if self.length < 1:
            raise InvalidRules("length", f"must be at least 1, is {self.length}")
        if not 0 <= self.minimum_length <= self.length:
            raise InvalidRules("minimum_length", f"must lie between 0 and length, is {self.minimum_length}")
        if not 0 <= self.minimum_responses <= self.length:
            problem = f"must lie between 0 and length, is {self.minimum_responses}"
            raise InvalidRules("minimum_responses", problem)
        if any(count < 1 for count in self.randomesque):
            raise InvalidRules("randomesque", "must be counts of at least 1")
        if self.constraints is not None and self.method is not Method.SHADOW:
            raise InvalidRules("constraints", f"cannot be kept by {self.method.value}")
        if not (math.isfinite(self.acceleration) and self.acceleration > 0):
            raise InvalidRules("acceleration", f"must be finite and greater than 0, is {self.acceleration}")


class Step(NamedTuple):
    """One decision: exactly one of `item` and `reason` is None."""

    theta: float  # posterior mean, logits
    se: float  # posterior sd, logits
    item: int | None  # to ask next
    reason: Reason | None  # to stop
    eligible: bool  # False: the item asked had been drawn ineligible, no other test was possible
    gain: float  # of the item by the design's criterion, 1/logit^2 by default; 0 when the test stops
    relaxed: tuple[int, ...]  # nodes whose row could not be met any more
    rejected: tuple[int, ...] = ()  # items that exposure control passed over at this choice
    proven: bool = True  # False: the search for the best test was cut short, and a good one served
    unmet: tuple[int, ...] = ()  # quotas of the constraints that no test could meet any more


class Score(NamedTuple):
    """The measure of one finished (or interrupted) sitting."""

    theta: float  # posterior mean (EAP), logits
    se: float  # posterior sd, logits
    wle: float | None  # Warm's estimate, logits; None without responses
    wle_se: float | None  # 1/sqrt(information), logits
    interval90: tuple[float, float]  # equal-tailed credible interval of theta, logits
    level: int  # 0..n_levels-1, from theta and the cut scores
    level_probabilities: FloatArray  # (n_levels,)
    at_least: FloatArray  # (n_levels,): probability of this level or a higher one
    points: float | None  # of theta on the reporting scale 0-1000; None without cut scores
    profile: Profile | None
    n_responses: int
    outcome: Outcome

    def require(self) -> Score:
        """Return the score itself, or raise NotReportable when its outcome forbids reporting."""
        if self.outcome is not Outcome.REPORTABLE:
            raise NotReportable(self.outcome.value)
        return self


class Measure(NamedTuple):
    """The part of a score that comes from the posterior alone."""

    level: int
    level_probabilities: FloatArray  # (n_levels,)
    at_least: FloatArray  # (n_levels,)


class Draws(NamedTuple):
    """What the seed of one sitting decides, once."""

    ranks: IntArray  # (n_items,): order of the items among ties
    eligibility: FloatArray | None  # (n_items,): uniform draw, common to the items of a testlet


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A compiled test design; immutable and shared by all sittings, threads and processes.

    Made by `compile_policy`. Public: `parameters`, `tree`, `rules`, `step`, `score`; the rest is shared with
    `irt.simulate`, which takes the same decisions for many persons at a time.
    """

    parameters: Parameters
    tree: BlueprintTree
    rules: Rules
    layout: Layout
    nodes: FloatArray  # (n_quadrature,)
    log_prior: FloatArray  # (n_quadrature,)
    powers: FloatArray  # (3, n_quadrature): 1, theta, theta^2
    kind: IntArray  # (n_items,): row of the tables, one per distinct set of parameters
    table: FloatArray  # (n_kinds, n_categories, n_quadrature), log-probability
    selector: Selector  # over kinds
    seconds: FloatArray | None  # (n_items,)
    shortlists: Shortlists | None  # of a design whose next item is simply the most informative one
    below: FloatArray  # (n_levels - 1, n_quadrature)
    stops: tuple[Prepared, ...]
    free: bool  # no row but the length: the best items are the shadow test
    rows: Constraints | None  # what the tree could not take in
    unit: IntArray  # (n_items,): first item of the testlet, the item itself when it stands alone
    path: IntArray  # (n_items, depth): nodes above the item, padded with the root
    domain: IntArray  # (n_items,): child of the root above the item, 0..n_domains-1; -1 at the root itself
    scale: levels.ReportingScale | None
    gain_bits: int
    tie_bits: int

    def step(
        self,
        items: Indices,
        scores: Indices,
        *,
        seed: int,
        available: BoolArray | None = None,
        seconds_left: float | None = None,
    ) -> Step:
        """Decide what comes after these responses.

        Parameters
        ----------
        items, scores : sequence of int, shape (n_responses,)
            Items answered, in order, and the scores.
        seed : int, 64 bits
            Of the sitting.
        available : ndarray of bool, shape (n_items,), optional
            False removes an item that has not been asked yet.
        seconds_left : float, optional
            For `TimeStop`; a fact to be stored with the answers if the sitting is to be replayed.

        Returns
        -------
        Step

        Raises
        ------
        InvalidResponses
            An unknown item, one twice, a score that the item does not have.
        InvalidParameters
            `available` has another shape or type.

        Notes
        -----
        Cost about 0.15 ms with 800 items and a blueprint, 0.02 ms for the most informative item of a bank
        without rows; nothing is cached between calls.
        """
        if self.shortlists is not None and available is None:
            quick = self._most_informative(self.shortlists, items, scores, seed)
            if quick is not None:
                return quick
        answered, credits = self.checked_responses(items, scores)
        now = self.posterior(answered, credits)
        reason, ripe = self.stop_reason(now, answered, credits, available, seconds_left)
        if reason is not None and ripe:
            return Step(now.theta, now.se, None, reason, True, 0.0, ())
        gain = self.gains(now.weights, len(answered))
        return self.choose(
            now.theta, now.se, gain, answered, seed, self.draws(seed), available, finishing=reason is not None
        )

    def score(self, items: Indices, scores: Indices) -> Score:
        """Measure the person from these responses, finished or not.

        Raises
        ------
        InvalidResponses
            As in `step`.

        Notes
        -----
        Cost about 2 ms, most of it Warm's estimate and the profile.
        """
        answered, credits = self.checked_responses(items, scores)
        now = self.posterior(answered, credits)
        measure = self.measure(now)
        rules, given = self.rules, None
        warm = traits = None
        if len(answered):
            given = self.parameters.take(answered)
            warm = ability.wle(given, credits)
        if rules.profile is not None and given is not None:
            domains = self.domain[answered]
            traits = domain_profile(given, domains, credits, prior=rules.prior, model=rules.profile)
        enough = len(answered) >= rules.minimum_responses
        return Score(
            theta=now.theta,
            se=now.se,
            wle=None if warm is None else warm.theta,
            wle_se=None if warm is None else warm.se,
            interval90=levels.interval(now, rules.grid, INTERVAL),
            level=measure.level,
            level_probabilities=measure.level_probabilities,
            at_least=measure.at_least,
            points=None if self.scale is None else float(levels.to_points(self.scale, now.theta)),
            profile=traits,
            n_responses=len(answered),
            outcome=Outcome.REPORTABLE if enough else Outcome.TOO_FEW_RESPONSES,
        )

    def checked_responses(self, items: Indices, scores: Indices) -> tuple[IntArray, IntArray]:
        """Return both as integer arrays, or raise InvalidResponses naming the position."""
        answered, credits = np.asarray(items), np.asarray(scores)
        if answered.ndim != 1 or credits.shape != answered.shape:
            raise InvalidResponses("scores", None, "must be one score per item")
        if len(answered) == 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        for name, values, count in (
            ("items", answered, len(self.parameters)),
            ("scores", credits, self.table.shape[1]),
        ):
            if not np.issubdtype(values.dtype, np.integer):
                raise InvalidResponses(name, None, "must be whole numbers")
            wrong = (values < 0) | (values >= count)
            if wrong.any():
                position = int(np.argmax(wrong))
                raise InvalidResponses(name, position, f"must lie in 0..{count - 1}, is {values[position]}")
        if self.table.shape[1] > 2 and (credits >= self.parameters.n_categories[answered]).any():
            position = int(np.argmax(credits >= self.parameters.n_categories[answered]))
            problem = f"item {answered[position]} has no score {credits[position]}"
            raise InvalidResponses("scores", position, problem)
        if len(set(answered.tolist())) < len(answered):
            position = next(k for k in range(1, len(answered)) if answered[k] in answered[:k])
            raise InvalidResponses("items", position, f"item {answered[position]} is there twice")
        return answered.astype(np.int64, copy=False), credits.astype(np.int64, copy=False)

    def posterior(self, items: IntArray, scores: IntArray) -> Posterior:
        """Posterior of theta after these responses."""
        log_density = ability.log_posterior(self.log_prior, self.table, self.kind[items], scores)
        return ability.posterior(log_density, self.nodes)

    def measure(self, now: Posterior) -> Measure:
        """Level and probabilities of the levels."""
        reached = levels.at_least(now, self.below)
        level = int(levels.level_of(now.theta, self.rules.cuts))
        return Measure(level, levels.level_probabilities(reached), reached)

    def gains(self, weights: FloatArray, position: int = 0) -> FloatArray:
        """Gain of each item by the criterion of the design after `position` answers, (n_items,), not negative."""
        gain: FloatArray = self.batch_gains(weights[None], np.array([weights @ self.nodes]), position)[0]
        return gain

    def batch_gains(self, weights: FloatArray, theta: FloatArray, position: int) -> FloatArray:
        """Gains for many persons: weights (n_persons, n_quadrature), theta (n_persons,) -> (n_persons, n_items)."""
        gain: FloatArray = self.selector.gains(weights, theta, position).take(self.kind, axis=1)
        if self.seconds is not None:
            return selection.per_second(gain, self.seconds)
        return gain

    def draws(self, seed: int) -> Draws:
        """Return what the seed decides for the whole sitting."""
        ranks = randomness.order(seed, Purpose.TIE_ORDER, len(self.parameters))
        if self.rules.eligibility is None:
            return Draws(ranks, None)
        return Draws(ranks, randomness.uniform(seed, Purpose.ELIGIBILITY, self.unit))

    def draws_each(self, people: randomness.Draws) -> Draws:
        """`draws` of many sittings, each array with one row per person."""
        ranks = randomness.order_each(people, Purpose.TIE_ORDER, len(self.parameters))
        if self.rules.eligibility is None:
            return Draws(ranks, None)
        return Draws(ranks, randomness.uniform_each(people[:, None], Purpose.ELIGIBILITY, self.unit))

    def ineligible(self, theta: ArrayLike, eligibility: FloatArray | None) -> BoolArray | None:
        """Items drawn ineligible in the band of theta, (..., n_items); None without exposure control."""
        if eligibility is None or self.rules.eligibility is None:
            return None
        band = band_of(theta, self.rules.eligibility.edges)
        return eligibility >= self.rules.eligibility.probabilities[band][..., self.unit]

    def priorities(self, gain: FloatArray, ranks: IntArray, ineligible: BoolArray | None) -> FloatArray:
        """Pack quantised gain, order among ties and eligibility into whole numbers, (..., n_items)."""
        exponent = np.frexp(gain.max(axis=-1, keepdims=True))[1]
        priority: FloatArray = np.ldexp(gain, self.gain_bits - exponent)
        np.rint(priority, out=priority)
        priority *= 2.0**self.tie_bits
        priority -= ranks
        if ineligible is not None:
            priority[ineligible] -= self.decisive
        if self.rules.prefer_testlets:
            priority[..., self.tree.testlet >= 0] += self.decisive
        return priority

    @property
    def decisive(self) -> float:
        """More priority than all the gain of a test."""
        return self.rules.length * 2.0 ** (self.gain_bits + self.tie_bits)

    def stop_reason(
        self,
        now: Posterior,
        answered: IntArray,
        scores: IntArray,
        available: BoolArray | None = None,
        seconds_left: float | None = None,
    ) -> tuple[Reason | None, bool]:
        """Ask the stopping rules: the first reason that holds, and whether the blueprint allows to stop."""
        rules = self.rules
        if len(answered) >= rules.length:
            return Reason.LENGTH, True
        if not self.stops or len(answered) < rules.minimum_length:
            return None, False

        def previous_theta() -> float:
            return self.posterior(answered[:-1], scores[:-1]).theta

        def most_information() -> float:
            left = np.ones(len(self.kind), dtype=np.bool_) if available is None else available.copy()
            left[answered] = False
            information = self.selector.information_at(np.array([now.theta]))[0][self.kind]
            return float(information[left].max(initial=0.0))

        seen = Progress(now, self.kind[answered], scores, previous_theta, most_information, seconds_left)
        for prepared in self.stops:
            if holds(prepared, seen):
                return prepared.reason, tree_minima_met(self.layout, answered, available=available)
        return None, False

    def choose(
        self,
        theta: float,
        se: float,
        gain: FloatArray,
        answered: IntArray,
        seed: int,
        draws: Draws,
        available: BoolArray | None,
        *,
        finishing: bool = False,
    ) -> Step:
        """Take the item from the shadow test of these gains; `finishing` once a stopping rule holds."""
        ineligible = self.ineligible(theta, draws.eligibility)
        priority = self.priorities(self.mixed(gain, seed, len(answered)), draws.ranks, ineligible)
        control, passed = self.rules.sympson_hetter, []
        if control is not None and self.free:
            passed = self._passed_over(control, priority, answered, seed, available)
            priority[passed] -= self.decisive
        step = self._one_choice(
            theta, se, gain, priority, answered, seed, ineligible, available, finishing=finishing
        )
        if control is None or finishing:
            return step
        while step.item is not None and step.item not in passed and not self._is_owed(step.item, answered):
            draw = float(randomness.uniform(seed, Purpose.ADMISSION, step.item))
            if draw < control.probabilities[step.item]:
                break
            passed.append(step.item)
            priority[self.unit == step.item] -= self.decisive
            step = self._one_choice(
                theta, se, gain, priority, answered, seed, ineligible, available, finishing=finishing
            )
        if step.item in passed:  # nothing else can be asked
            passed.remove(step.item)
            step = step._replace(eligible=False)
        return step._replace(rejected=tuple(passed))

    def _passed_over(
        self,
        control: SympsonHetter,
        priority: FloatArray,
        answered: IntArray,
        seed: int,
        available: BoolArray | None,
    ) -> list[int]:
        """Items left that are better than the best one that its draw admits, of a design without rows."""
        left = np.ones(len(priority), dtype=np.bool_) if available is None else available.copy()
        left[answered] = False
        admitted = left & (
            randomness.uniform(seed, Purpose.ADMISSION, np.arange(len(left))) < control.probabilities
        )
        if not admitted.any():
            return []
        better = np.flatnonzero(left & (priority > priority[admitted].max()))
        passed: list[int] = better[np.argsort(-priority[better])].tolist()
        return passed

    def _one_choice(
        self,
        theta: float,
        se: float,
        gain: FloatArray,
        priority: FloatArray,
        answered: IntArray,
        seed: int,
        ineligible: BoolArray | None,
        available: BoolArray | None,
        *,
        finishing: bool,
    ) -> Step:
        relaxed: tuple[int, ...] = ()
        assembly: Assembly | None = None
        if self.free:
            shadow, relaxed = self._best(priority, answered, available)
        elif self.rules.method is not Method.SHADOW:
            shadow = self._balanced(gain, priority, answered, available)
        elif self.rows is not None:
            assembly = assemble(
                self.layout, self.rows, priority, answered, self.rules.length, available=available
            )
            shadow = assembly.shadow
        else:
            shadow = shadow_test(self.layout, priority, answered, self.rules.length, available=available)
        if not shadow.feasible:
            shadow, relaxed = self._relaxed_shadow_test(shadow, priority, answered, available)
        step = self.taken_from(
            shadow, theta, se, gain, priority, answered, seed, ineligible, relaxed, finishing
        )
        if assembly is not None:
            step = step._replace(proven=assembly.proven, unmet=assembly.unmet)
        return step

    def taken_from(
        self,
        shadow: ShadowTest,
        theta: float,
        se: float,
        gain: FloatArray,
        priority: FloatArray,
        answered: IntArray,
        seed: int,
        ineligible: BoolArray | None,
        relaxed: tuple[int, ...],
        finishing: bool,
    ) -> Step:
        """Pick the next item of a shadow test: of a started testlet in its order, else the best new one."""
        position = len(answered)
        new = shadow.items[position:]
        if not len(new):
            return Step(theta, se, None, Reason.EXHAUSTED, True, 0.0, relaxed)
        item = int(new[0])
        if not self._is_owed(item, answered):
            if self.rules.prefer_testlets:
                # The preference puts testlets into the test, not in front of it.
                alone = priority[new] - self.decisive * (self.tree.testlet[new] >= 0)
                new = new[np.argsort(-alone)]
                item = int(new[0])
            if finishing:
                item = self._first_needed(new, answered)
            elif position < len(self.rules.randomesque):
                pool = min(self.rules.randomesque[position], len(new))
                draw = float(randomness.uniform(seed, Purpose.RANDOMESQUE, position))
                item = int(new[int(draw * pool)])
            item = int(self.unit[item])
        eligible = ineligible is None or not bool(ineligible[item])
        return Step(theta, se, item, None, eligible, float(gain[item]), relaxed)

    def taken_from_each(self, tests: IntArray, priority: FloatArray, taken: IntArray) -> IntArray:
        """`taken_from` for many persons whose sittings neither finish nor draw, shape (n_persons,).

        Parameters
        ----------
        tests : ndarray of int, shape (n_persons, length)
            Shadow tests: the items given, then the new ones.
        priority : ndarray, shape (n_persons, n_items)
        taken : ndarray of int, shape (n_persons, n_given)
        """
        new, testlet = tests[:, taken.shape[1] :], self.tree.testlet
        item = new[:, 0]
        owed = (testlet[item] >= 0) & (testlet[taken] == testlet[item][:, None]).any(axis=1)
        if self.rules.prefer_testlets:
            # The preference puts testlets into the test, not in front of it.
            alone = np.take_along_axis(priority, new, axis=1) - self.decisive * (testlet[new] >= 0)
            best = np.take_along_axis(new, alone.argmax(axis=1)[:, None], axis=1)[:, 0]
        else:
            best = item
        return np.where(owed, item, self.unit[best])

    def mixed(self, gain: FloatArray, seed: int, position: int) -> FloatArray:
        """Gains with the random part of the criteria that have one, shape of `gain`."""
        if self.rules.criterion not in selection.WITH_DRAWS:
            return gain
        n_items = len(gain)
        counters = np.arange(position * n_items, (position + 1) * n_items)
        draws = randomness.uniform(seed, Purpose.SELECTION, counters)[self.unit]
        return self.selector.mixed(gain, draws, position, self.rules.acceleration)

    def _best(
        self, priority: FloatArray, answered: IntArray, available: BoolArray | None
    ) -> tuple[ShadowTest, tuple[int, ...]]:
        """Return the shadow test of a design without rows: the best items left."""
        left = np.ones(len(priority), dtype=np.bool_) if available is None else available.copy()
        left[answered] = False
        places = np.flatnonzero(left)
        wanted = self.rules.length - len(answered)
        relaxed: tuple[int, ...] = (0,) if len(places) < wanted else ()
        if self.rules.randomesque:
            own = priority[places]
            if len(places) > wanted:
                best = np.argpartition(-own, wanted - 1)[:wanted]
                places, own = places[best], own[best]
            places = places[np.argsort(-own)]
        elif len(places):
            places = places[[int(np.argmax(priority[places]))]]
        return ShadowTest(True, np.concatenate([answered, places]), 0.0, None, None, None), relaxed

    def _balanced(
        self, gain: FloatArray, priority: FloatArray, answered: IntArray, available: BoolArray | None
    ) -> ShadowTest:
        """Order the items left by Kingsbury and Zara's method or the priority index; no test is assembled.

        Items above which a maximum is reached come last, and so does what exposure control bars.
        """
        tree = self.tree
        left = np.ones(len(priority), dtype=np.bool_) if available is None else available.copy()
        left[answered] = False
        counts = counts_below(tree, answered)
        full = counts >= tree.upper
        full[0] = False
        closed = full[self.path].any(axis=1)
        started = np.unique(tree.testlet[answered])
        owed = left & (tree.testlet >= 0) & np.isin(tree.testlet, started)
        if owed.any():
            items = np.flatnonzero(owed)
            items = items[np.argsort(tree.testlet_position[items])]
            return ShadowTest(True, np.concatenate([answered, items]), 0.0, None, None, None)
        if len(started[started >= 0]) >= tree.max_testlets:
            closed |= tree.testlet >= 0
        value = priority - priority.min() + 1.0
        if self.rules.method is Method.PRIORITY_INDEX:
            value = priority_index(value, self.path, tree.lower, tree.upper, counts)
        else:
            children = np.flatnonzero(tree.parent == 0)
            targets = (tree.lower + np.minimum(tree.upper, tree.upper[0]))[children] / 2
            area_left = (
                np.bincount(self.domain[left & ~closed & (self.domain >= 0)], minlength=len(children)) > 0
            )
            area = kingsbury_zara(np.maximum(targets, 1e-9), counts[children], area_left)
            if area is not None:
                value = np.where(self.domain == area, value + self.decisive * 4, value)
        value = np.where(closed, value - self.decisive * 16, value)
        places = np.flatnonzero(left)
        places = places[np.argsort(-value[places], kind="stable")][: self.rules.length - len(answered)]
        return ShadowTest(True, np.concatenate([answered, places]), 0.0, None, None, None)

    def _most_informative(self, lists: Shortlists, items: Indices, scores: Indices, seed: int) -> Step | None:
        """Decide as `step` would, with few array operations and few items of the bank.

        None where that is not certain: responses that need a closer look, the end of the test, a list that may
        not hold the best item.
        """
        try:
            given, credits = list(map(index, items)), list(map(index, scores))
        except TypeError:
            return None
        count, seen = len(given), set(given)
        if count >= self.rules.length or len(credits) != count or len(seen) != count:
            return None
        if given and (min(given) < 0 or max(given) >= len(self.kind)):
            return None
        if not _RIGHT_WRONG.issuperset(credits):
            return None
        places = [2 * item + credit for item, credit in zip(given, credits, strict=True)]
        places.append(2 * len(self.kind))
        rows = lists.log_density.take(places, 0)
        # `dot` is `@` without a microsecond of looking for a loop that fits.
        mass, first, second = self.powers.dot(np.exp(lists.ones[: count + 1].dot(rows))).tolist()
        if mass < _TINY:
            return None
        theta = first / mass
        se = math.sqrt(second / mass - theta * theta)
        cell = math.floor((theta - lists.low) * lists.per_logit)
        if not 0 <= cell <= lists.last:
            return None
        found = lists.best(cell, theta, seen, self.gain_bits)
        if found is None:
            return None
        tied, value = found
        chosen = tied[0]
        if len(tied) > 1:
            chosen = tied[int(np.argmin(randomness.places(seed, Purpose.TIE_ORDER, tied)))]
        return Step(theta, se, chosen, None, True, value, ())

    def most_informative_each(
        self, lists: Shortlists, theta: FloatArray, given: BoolArray, people: randomness.Draws
    ) -> IntArray:
        """Next item of many persons of a design that takes the most informative one, shape (n_persons,).

        Parameters
        ----------
        lists : Shortlists
        theta : ndarray, shape (n_persons,), logits
        given : ndarray of bool, shape (n_persons, n_items)
            At least one item of each person must be left.
        people : ndarray of uint64, shape (n_persons,)
            Seeds of the sittings.
        """
        cell, inside = lists.cells(theta)
        # As many as the answers given can have used up, and some more.
        listed = min(int(given.sum(axis=1).max()) + _SPARE // 2, lists.items.shape[1])
        items = lists.items[cell, :listed]
        rows = selection.Logistic(lists.plain, lists.rows[:, cell, :listed])
        gain = selection.logistic_information(rows, theta[:, None])
        highest = gain.max(axis=1)
        scale = self.gain_bits - np.frexp(highest)[1]
        gain *= np.ldexp(1.0, scale)[:, None]
        whole = np.rint(gain, out=gain)
        every = np.arange(len(theta))
        whole[given[every[:, None], items]] = -1.0
        best = whole.argmax(axis=1)
        top = whole[every, best]
        chosen: IntArray = items[every, best]
        outside = lists.bounds[cell, listed]
        sure = inside & (highest >= outside) & (top > np.ldexp(outside, scale) + 1)
        tied = sure & (np.count_nonzero(whole == top[:, None], axis=1) > 1)
        for row in np.flatnonzero(tied).tolist():
            equal = items[row][whole[row] == top[row]]
            chosen[row] = equal[np.argmin(randomness.places(int(people[row]), Purpose.TIE_ORDER, equal))]
        for row in np.flatnonzero(~sure).tolist():
            gains = self.batch_gains(np.zeros((1, 0)), theta[row : row + 1], 0)
            priority = self.priorities(gains[0], self.draws(int(people[row])).ranks, None)
            chosen[row] = int(np.argmax(np.where(given[row], -np.inf, priority)))
        return chosen

    @property
    def in_batch(self) -> bool:
        """Whether the shadow tests of many persons can be solved together."""
        rules = self.rules
        plain = self.rows is None and rules.method is Method.SHADOW and rules.sympson_hetter is None
        return plain and not self.free

    def _first_needed(self, new: IntArray, answered: IntArray) -> int:
        """Best of the new items that serve the most minima which the answers do not meet yet."""
        missing = self.tree.lower > counts_below(self.tree, answered)
        missing[0] = False
        return int(new[np.argmax(missing[self.path[new]].sum(axis=1))])

    def _is_owed(self, item: int, answered: IntArray) -> bool:
        testlet = self.tree.testlet[item]
        return bool(testlet >= 0 and (self.tree.testlet[answered] == testlet).any())

    def _relaxed_shadow_test(
        self, shadow: ShadowTest, priority: FloatArray, answered: IntArray, available: BoolArray | None
    ) -> tuple[ShadowTest, tuple[int, ...]]:
        """Relax the rows that cannot be met, in the order of the module's docstring."""
        tree, length = self.tree, self.rules.length
        lower, upper = tree.lower.copy(), tree.upper.copy()
        begun = np.unique(tree.testlet[answered][tree.testlet[answered] >= 0])
        usable = np.ones(len(priority), dtype=np.bool_) if available is None else available.copy()
        owed = np.isin(tree.testlet, begun) & usable
        owed[answered] = True
        usable[answered] = True
        given = counts_below(tree, np.flatnonzero(owed))
        had = _capacity(tree, usable, given)
        lower[0] = 0
        relaxed = np.flatnonzero(lower > had).tolist()
        lower = np.minimum(lower, had)
        if length > had[0]:
            relaxed.append(0)
            length = int(had[0])
        for _ in range(2 * len(lower) + 3):
            layout = _relaxed_layout(
                tree, lower.tobytes(), upper.tobytes(), max(tree.max_testlets, len(begun))
            )
            shadow = shadow_test(layout, priority, answered, length, available=available)
            if shadow.feasible or shadow.node is None:
                break
            node, count = shadow.node, int(shadow.available_count or 0)
            relaxed.append(node)
            if (given > upper).any():
                upper = np.maximum(upper, given)
                lower[:] = 0
                length = max(length, int(given[0]))
            elif node and lower[node] > count:
                lower[node] = count
            elif not node and length > max(count, given[0]):
                length = max(count, int(given[0]))
            else:
                lower[:] = 0
        if not shadow.feasible:
            shadow = ShadowTest(True, answered, 0.0, None, None, None)
        return shadow, tuple(dict.fromkeys(relaxed))


def compile_policy(parameters: Parameters, tree: BlueprintTree, rules: Rules) -> Policy:
    """Check that a design can be given, and precompute its tables.

    Parameters
    ----------
    parameters : Parameters, n_items
        Of any model, or a mixture.
    tree : BlueprintTree
        Over the same items.
    rules : Rules

    Returns
    -------
    Policy

    Raises
    ------
    InvalidParameters
        Another number of items than the tree has.
    InvalidRules
        A rule that does not fit the bank or the tree, naming it.
    InfeasibleBlueprint
        No test satisfies the tree, naming the node that cannot be met.

    Notes
    -----
    Tables hold one row per distinct set of parameters. Cost about 0.4 s for 10,000 distinct items.

    Examples
    --------
    >>> bank = ItemParameters(a=[1.0] * 6, b=[-2.0, -1.2, -0.4, 0.4, 1.2, 2.0], c=[0.0] * 6, d=[1.0] * 6)
    >>> tree = BlueprintTree(parent=[-1, 0, 0], lower=[3, 1, 1], upper=[3, 2, 2], leaf=[1, 2, 1, 2, 1, 2],
    ...                      testlet=[-1] * 6, testlet_position=[0] * 6, max_testlets=0)
    >>> policy = compile_policy(bank, tree, Rules(length=3, minimum_length=3, cuts=np.array([0.0])))
    >>> first = policy.step([], [], seed=5)
    >>> first.item, round(first.se, 6)
    (2, 1.0)
    >>> policy.step([2, 3, 5], [1, 1, 0], seed=5).reason
    <Reason.LENGTH: 'the full number of items has been answered'>
    """
    n_items = len(parameters)
    if len(tree.leaf) != n_items:
        raise InvalidParameters("a", None, f"holds {n_items} items, the tree {len(tree.leaf)}")
    if rules.eligibility is not None and rules.eligibility.probabilities.shape[1] != n_items:
        columns = rules.eligibility.probabilities.shape[1]
        raise InvalidRules("eligibility", f"holds {columns} items, the bank {n_items}")
    if rules.sympson_hetter is not None and len(rules.sympson_hetter.probabilities) != n_items:
        columns = len(rules.sympson_hetter.probabilities)
        raise InvalidRules("sympson_hetter", f"holds {columns} items, the bank {n_items}")
    seconds = None if rules.seconds is None else selection.checked_seconds(rules.seconds, n_items)
    if not tree.lower[0] <= rules.length <= tree.upper[0]:
        raise InvalidRules("length", f"must lie in {tree.lower[0]}..{tree.upper[0]}, the bounds of the root")
    domain = _domains(tree)
    if rules.profile is not None and int(domain.max()) + 1 != len(rules.profile.correlation):
        n_domains = len(rules.profile.correlation)
        raise InvalidRules("profile", f"has {n_domains} domains, the root {int(domain.max()) + 1} children")
    if rules.profile is not None and (domain < 0).any():
        raise InvalidRules("profile", f"item {int(np.argmax(domain < 0))} lies in no domain")

    rows = None
    if rules.constraints is not None:
        tree, rows = absorb(tree, rules.constraints)
    layout = prepare(tree)
    trial = shadow_test(layout, np.zeros(n_items), [], rules.length)
    if not trial.feasible:
        raise InfeasibleBlueprint(trial.node or 0, int(trial.needed or 0), int(trial.available_count or 0))
    if rows:
        unmet = assemble(layout, rows, np.zeros(n_items), [], rules.length).unmet
        if unmet:
            raise InvalidRules("constraints", f"no test meets quota {unmet[-1]} beside the rows before it")

    distinct, kind = _kinds(parameters)
    if rules.criterion is Criterion.A_STRATIFIED:  # strata count items, not kinds of items
        distinct, kind = parameters, np.arange(n_items)
    nodes = rules.grid.nodes()
    tables = models.tables(distinct, nodes)
    for table in tables:
        read_only(table)
    log_prior = frozen(rules.prior.log_density(nodes))
    selector = selection.compile_selector(
        rules.criterion,
        distinct,
        tables,
        nodes,
        log_prior,
        length=rules.length,
        cuts=rules.cuts,
        n_strata=rules.n_strata,
        blocking=rules.blocking,
    )
    stops = tuple(
        prepare_rule(
            rule,
            below=lambda points: levels.below_weights(points, rules.grid),
            cuts=rules.cuts,
            nodes=nodes,
            log_probability=tables.log_probability,
            log_probability_at=lambda theta: models.tables(distinct, theta).log_probability,
        )
        for rule in rules.stopping
    )
    free = len(tree.parent) == 1 and not (tree.testlet >= 0).any()
    lean = free and rules.criterion is Criterion.MFI and seconds is None and not rules.randomesque
    lean = lean and not rules.stopping
    lean = lean and rules.eligibility is None and rules.sympson_hetter is None
    lists = None
    if lean and isinstance(parameters, ItemParameters):
        lists = selection.shortlists(
            parameters, tables.log_probability[kind], log_prior, listed=rules.length + _SPARE
        )
    tie_bits = max(1, (n_items - 1).bit_length())
    # The largest sum of priorities is length * (length + 1) * 2**(gain_bits + tie_bits).
    room = _EXACT_BITS - tie_bits - (rules.length * (rules.length + 1)).bit_length()
    return Policy(
        parameters=parameters,
        tree=tree,
        rules=rules,
        layout=layout,
        nodes=nodes,
        log_prior=log_prior,
        powers=frozen(np.ascontiguousarray(np.vander(nodes, 3, increasing=True).T)),
        kind=kind,
        table=tables.log_probability,
        selector=selector,
        seconds=seconds,
        shortlists=lists,
        below=frozen(levels.below_weights(rules.cuts, rules.grid)),
        stops=stops,
        free=free,
        rows=rows or None,
        unit=_units(tree),
        path=_paths(tree),
        domain=domain,
        scale=levels.reporting_scale(rules.cuts) if len(rules.cuts) else None,
        gain_bits=min(_GAIN_BITS, room),
        tie_bits=tie_bits,
    )


def _kinds(parameters: Parameters) -> tuple[Parameters, IntArray]:
    """Return the distinct items of a bank, and which of them each item is."""
    if not isinstance(parameters, ItemParameters):
        return parameters, np.arange(len(parameters))
    columns = np.column_stack([parameters.a, parameters.b, parameters.c, parameters.d])
    rows, kind = np.unique(columns, axis=0, return_inverse=True)
    return ItemParameters(*rows.T), kind.reshape(-1).astype(np.int64)


def counts_below(tree: BlueprintTree, items: IntArray) -> IntArray:
    """Number of `items` below each node, shape (n_nodes,)."""
    counts = np.bincount(tree.leaf[items], minlength=len(tree.parent))
    for node in range(len(counts) - 1, 0, -1):
        counts[tree.parent[node]] += counts[node]
    return counts


def _capacity(tree: BlueprintTree, usable: BoolArray, given: IntArray) -> IntArray:
    """Most items that each node can hold, testlets taken apart; never less than it already holds."""
    capacity = np.bincount(tree.leaf[usable], minlength=len(tree.parent))
    for node in range(len(capacity) - 1, -1, -1):
        capacity[node] = max(min(int(capacity[node]), int(tree.upper[node])), int(given[node]))
        if node:
            capacity[tree.parent[node]] += capacity[node]
    return capacity


@lru_cache(maxsize=128)
def _relaxed_layout(tree: BlueprintTree, lower: bytes, upper: bytes, max_testlets: int) -> Layout:
    """Lay out a relaxed tree; one withdrawal relaxes the same rows for every sitting."""
    least, most = np.frombuffer(lower, dtype=np.int64), np.frombuffer(upper, dtype=np.int64)
    return prepare(
        BlueprintTree(tree.parent, least, most, tree.leaf, tree.testlet, tree.testlet_position, max_testlets)
    )


def _paths(tree: BlueprintTree) -> IntArray:
    """Nodes above each item, below the root: (n_items, depth), padded with 0, the root."""
    columns = []
    node = tree.leaf.copy()
    while (node > 0).any():
        columns.append(node)
        node = np.maximum(tree.parent[node], 0)
    return np.column_stack(columns) if columns else np.zeros((len(tree.leaf), 1), dtype=np.int64)


def _units(tree: BlueprintTree) -> IntArray:
    """First item of each item's testlet; the item itself when it stands alone."""
    unit = np.arange(len(tree.leaf))
    for testlet in np.unique(tree.testlet[tree.testlet >= 0]):
        members = np.flatnonzero(tree.testlet == testlet)
        unit[members] = members[np.argmin(tree.testlet_position[members])]
    return unit


def _domains(tree: BlueprintTree) -> IntArray:
    """Child of the root above each item, numbered in the order of the nodes; -1 for an item of the root."""
    branch = np.full(len(tree.parent), -1, dtype=np.int64)
    children = np.flatnonzero(tree.parent == 0)
    branch[children] = np.arange(len(children))
    for node in range(1, len(branch)):
        if tree.parent[node]:
            branch[node] = branch[tree.parent[node]]
    return branch[tree.leaf]
