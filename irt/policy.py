r"""The policy of a test design: choose the next item or stop, and score. The only door to both.

Serving, simulation and replay all call `Policy.step` and `Policy.score`. Both are pure functions of the
compiled policy, the seed of the sitting, the responses in order and the mask of available items: no state, no
clock, nothing to persist but the responses.

One step
--------
1. The posterior of theta on the fixed grid, one prior, every answer counted once.
2. The stopping rules, in the order of the design, once the minima of the blueprint are met.
3. The gain of each item: Fisher information averaged over the posterior.
4. The shadow test: the full-length test of the largest gain that contains the items given.
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
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from irt import ability, levels, models, randomness
from irt.ability import DEFAULT_GRID, Grid, NormalPrior, Posterior
from irt.errors import InfeasibleBlueprint, InvalidParameters, InvalidResponses, InvalidRules, NotReportable
from irt.exposure import Eligibility, band_of
from irt.profile import Profile, ProfileModel, domain_profile
from irt.randomness import Purpose
from irt.shadow import BlueprintTree, Layout, ShadowTest, prepare, shadow_test, tree_minima_met
from irt.types import BoolArray, FloatArray, Indices, IntArray, ItemParameters, frozen, read_only

INTERVAL: Final = 0.90  # probability of the credible interval in a score
_TOLERANCE: Final = levels.TOLERANCE
_GAIN_BITS: Final = 30
_EXACT_BITS: Final = 53
_NEGLIGIBLE: Final = 1e-18


class Reason(Enum):
    """Why a sitting ends; the value is the sentence for a log or a report."""

    LENGTH = "the full number of items has been answered"
    PRECISION = "the standard error has reached its target"
    CLASSIFICATION = "the side of the cut score is sure enough"
    EXHAUSTED = "no item is left that may be asked"


class Outcome(Enum):
    """Whether a score may be reported; the value says what to do."""

    REPORTABLE = "the score may be reported"
    TOO_FEW_RESPONSES = "fewer responses than the design's minimum: report no level, offer another sitting"


@dataclass(frozen=True, slots=True)
class PrecisionStop:
    """Stop when the posterior sd is at most `se` logits."""

    se: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.se) and self.se > 0):
            raise InvalidRules("stopping.se", f"must be finite and greater than 0, is {self.se}")


@dataclass(frozen=True, slots=True)
class ClassificationStop:
    """Stop when the posterior probability of one side of `cut` is at least `probability`."""

    cut: float
    probability: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.cut):
            raise InvalidRules("stopping.cut", f"must be finite, is {self.cut}")
        if not 0.5 < self.probability < 1:
            raise InvalidRules("stopping.probability", f"must lie between 0.5 and 1, is {self.probability}")


StoppingRule: TypeAlias = PrecisionStop | ClassificationStop


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
    eligibility : Eligibility, optional
        Exposure control.
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
    eligibility: Eligibility | None = None
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


class Step(NamedTuple):
    """One decision: exactly one of `item` and `reason` is None."""

    theta: float  # posterior mean, logits
    se: float  # posterior sd, logits
    item: int | None  # to ask next
    reason: Reason | None  # to stop
    eligible: bool  # False: the item asked had been drawn ineligible, no other test was possible
    gain: float  # information expected from the item, 1/logit^2; 0 when the test stops
    relaxed: tuple[int, ...]  # nodes whose row could not be met any more


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

    parameters: ItemParameters
    tree: BlueprintTree
    rules: Rules
    layout: Layout
    nodes: FloatArray  # (n_quadrature,)
    log_prior: FloatArray  # (n_quadrature,)
    kind: IntArray  # (n_items,): row of the tables, one per distinct set of parameters
    table: FloatArray  # (n_kinds, n_categories, n_quadrature), log-probability
    information: FloatArray  # (n_quadrature, n_kinds)
    below: FloatArray  # (n_levels - 1, n_quadrature)
    stop_below: FloatArray  # (n_rules, n_quadrature), zeros for rules without a cut score
    unit: IntArray  # (n_items,): first item of the testlet, the item itself when it stands alone
    path: IntArray  # (n_items, depth): nodes above the item, padded with the root
    domain: IntArray  # (n_items,): child of the root above the item, 0..n_domains-1; -1 at the root itself
    scale: levels.ReportingScale | None
    gain_bits: int
    tie_bits: int

    def step(self, items: Indices, scores: Indices, *, seed: int, available: BoolArray | None = None) -> Step:
        """Decide what comes after these responses.

        Parameters
        ----------
        items, scores : sequence of int, shape (n_responses,)
            Items answered, in order, and the scores.
        seed : int, 64 bits
            Of the sitting.
        available : ndarray of bool, shape (n_items,), optional
            False removes an item that has not been asked yet.

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
        Cost about 0.15 ms with 800 items; nothing is cached between calls.
        """
        answered, credits = self.checked_responses(items, scores)
        now = self.posterior(answered, credits)
        reason, ripe = self.stop_reason(now, answered, available)
        if reason is not None and ripe:
            return Step(now.theta, now.se, None, reason, True, 0.0, ())
        gain = self.gains(now.weights)
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
        seen: set[int] = set()
        for position, item in enumerate(answered.tolist()):
            if item in seen:
                raise InvalidResponses("items", position, f"item {item} is there twice")
            seen.add(item)
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

    def gains(self, weights: FloatArray) -> FloatArray:
        """Fisher information of each item averaged over the posterior, shape (n_items,)."""
        # Only the nodes that hold any weight are read: a third of the table after a few answers.
        held = np.flatnonzero(weights > _NEGLIGIBLE)
        window = slice(int(held[0]), int(held[-1]) + 1)
        return (weights[window] @ self.information[window])[self.kind]

    def draws(self, seed: int) -> Draws:
        """Return what the seed decides for the whole sitting."""
        ranks = randomness.order(seed, Purpose.TIE_ORDER, len(self.parameters))
        if self.rules.eligibility is None:
            return Draws(ranks, None)
        return Draws(ranks, randomness.uniform(seed, Purpose.ELIGIBILITY, self.unit))

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
            priority[ineligible] -= self._decisive
        if self.rules.prefer_testlets:
            priority[..., self.tree.testlet >= 0] += self._decisive
        return priority

    @property
    def _decisive(self) -> float:
        """More priority than all the gain of a test."""
        return self.rules.length * 2.0 ** (self.gain_bits + self.tie_bits)

    def stop_reason(
        self, now: Posterior, answered: IntArray, available: BoolArray | None = None
    ) -> tuple[Reason | None, bool]:
        """Ask the stopping rules: the first reason that holds, and whether the blueprint allows to stop."""
        rules = self.rules
        if len(answered) >= rules.length:
            return Reason.LENGTH, True
        if not rules.stopping or len(answered) < rules.minimum_length:
            return None, False
        for rule, below in zip(rules.stopping, self.stop_below, strict=True):
            if isinstance(rule, PrecisionStop):
                reason, holds = Reason.PRECISION, now.se <= rule.se + _TOLERANCE
            else:
                lower_side = float(below @ now.weights)
                sure = max(lower_side, 1 - lower_side)
                reason, holds = Reason.CLASSIFICATION, sure >= rule.probability - _TOLERANCE
            if holds:
                return reason, tree_minima_met(self.layout, answered, available=available)
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
        priority = self.priorities(gain, draws.ranks, ineligible)
        shadow = shadow_test(self.layout, priority, answered, self.rules.length, available=available)
        relaxed: tuple[int, ...] = ()
        if not shadow.feasible:
            shadow, relaxed = self._relaxed_shadow_test(shadow, priority, answered, available)
        return self.taken_from(
            shadow, theta, se, gain, priority, answered, seed, ineligible, relaxed, finishing
        )

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
                alone = priority[new] - self._decisive * (self.tree.testlet[new] >= 0)
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


def compile_policy(parameters: ItemParameters, tree: BlueprintTree, rules: Rules) -> Policy:
    """Check that a design can be given, and precompute its tables.

    Parameters
    ----------
    parameters : ItemParameters, n_items
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
    if not tree.lower[0] <= rules.length <= tree.upper[0]:
        raise InvalidRules("length", f"must lie in {tree.lower[0]}..{tree.upper[0]}, the bounds of the root")
    domain = _domains(tree)
    if rules.profile is not None and int(domain.max()) + 1 != len(rules.profile.correlation):
        n_domains = len(rules.profile.correlation)
        raise InvalidRules("profile", f"has {n_domains} domains, the root {int(domain.max()) + 1} children")
    if rules.profile is not None and (domain < 0).any():
        raise InvalidRules("profile", f"item {int(np.argmax(domain < 0))} lies in no domain")

    layout = prepare(tree)
    trial = shadow_test(layout, np.zeros(n_items), [], rules.length)
    if not trial.feasible:
        raise InfeasibleBlueprint(trial.node or 0, int(trial.needed or 0), int(trial.available_count or 0))

    rows, kind = np.unique(
        np.column_stack([parameters.a, parameters.b, parameters.c, parameters.d]), axis=0, return_inverse=True
    )
    distinct = ItemParameters(*rows.T)
    nodes = rules.grid.nodes()
    tables = models.tables(distinct, nodes)
    stop_below = np.zeros((len(rules.stopping), rules.grid.points))
    for row, rule in zip(stop_below, rules.stopping, strict=True):
        if isinstance(rule, ClassificationStop):
            row[:] = levels.below_weights([rule.cut], rules.grid)[0]
    tie_bits = max(1, (n_items - 1).bit_length())
    # The largest sum of priorities is length * (length + 1) * 2**(gain_bits + tie_bits).
    room = _EXACT_BITS - tie_bits - (rules.length * (rules.length + 1)).bit_length()
    return Policy(
        parameters=parameters,
        tree=tree,
        rules=rules,
        layout=layout,
        nodes=nodes,
        log_prior=frozen(rules.prior.log_density(nodes)),
        kind=kind.reshape(-1).astype(np.int64),
        table=read_only(tables.log_probability),
        information=read_only(tables.information),
        below=frozen(levels.below_weights(rules.cuts, rules.grid)),
        stop_below=frozen(stop_below),
        unit=_units(tree),
        path=_paths(tree),
        domain=domain,
        scale=levels.reporting_scale(rules.cuts) if len(rules.cuts) else None,
        gain_bits=min(_GAIN_BITS, room),
        tie_bits=tie_bits,
    )


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
