r"""Rules that end an adaptive test before its full length.

Each rule is a frozen value; `holds` asks one of them. What they may see is a `Progress`: the posterior, the
answers, the gain of what could still be asked. That a test may end only when the minima of its blueprint are
met is the policy's business, not theirs.

References
----------
Wald, A. (1947). *Sequential Analysis*. Wiley (SPRT). Reckase, M. D. (1983), in Weiss (ed.), *New Horizons in
Testing*, 237-255 (SPRT over items).
Bartroff, J., Finkelman, M. & Lai, T. L. (2008). Modern sequential analysis and its applications to
computerized adaptive testing. *Psychometrika* 73, 473-486 (GLR). Thompson, N. A. (2011). Termination criteria
for computerized classification testing. *PARE* 16(4).
Babcock, B. & Weiss, D. J. (2012). Termination criteria in computerized adaptive tests. *J. of Computerized
Adaptive Testing* 1, 1-18 (minimum information, change in theta).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from scipy.special import ndtri

from irt import levels
from irt.ability import Posterior
from irt.errors import InvalidRules
from irt.types import FloatArray, IntArray

_TOLERANCE: Final = levels.TOLERANCE


class Reason(Enum):
    """Why a sitting ends; the value is the sentence for a log or a report."""

    LENGTH = "the full number of items has been answered"
    PRECISION = "the standard error has reached its target"
    CLASSIFICATION = "the side of the cut score is sure enough"
    EXHAUSTED = "no item is left that may be asked"
    INFORMATION = "no item left would add enough information"
    CHANGE = "the estimate no longer moves"
    LEVEL = "the level is sure enough"
    TIME = "the time left does not suffice for another item"


class _Range(NamedTuple):
    """Open interval that an argument must lie in."""

    low: float
    high: float
    words: str


_ANY: Final = _Range(-math.inf, math.inf, "be finite")
_POSITIVE: Final = _Range(0.0, math.inf, "be finite and greater than 0")
_ERROR_RATE: Final = _Range(0.0, 0.5, "lie between 0 and 0.5")
_RANGES: Final = {  # `cut` may be any number
    "probability": _Range(0.5, 1.0, "lie between 0.5 and 1"),
    "alpha": _ERROR_RATE,
    "beta": _ERROR_RATE,
    "se": _POSITIVE,
    "minimum": _POSITIVE,
    "delta": _POSITIVE,
    "half_width": _POSITIVE,
    "seconds": _POSITIVE,
}


class _Rule:
    """What every rule shares: an argument means the same, and has the same range, wherever it occurs."""

    __slots__: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.__slots__:
            low, high, words = _RANGES.get(name, _ANY)
            value = getattr(self, name)
            if not low < value < high:
                raise InvalidRules(f"stopping.{name}", f"must {words}, is {value}")


@dataclass(frozen=True, slots=True)
class PrecisionStop(_Rule):
    """Stop when the posterior sd is at most `se` logits."""

    se: float


@dataclass(frozen=True, slots=True)
class ClassificationStop(_Rule):
    """Stop when the posterior probability of one side of `cut` is at least `probability`."""

    cut: float
    probability: float


@dataclass(frozen=True, slots=True)
class IntervalStop(_Rule):
    r"""Stop when the normal interval :math:`\hat\theta \pm z_{1-\alpha/2}\,se` does not hold `cut`.

    `probability` is that of the interval, 1 - alpha.
    """

    cut: float
    probability: float


@dataclass(frozen=True, slots=True)
class LevelStop(_Rule):
    """Stop when the posterior probability of one level is at least `probability`."""

    probability: float


@dataclass(frozen=True, slots=True)
class InformationStop(_Rule):
    """Stop when every item left has less Fisher information than `minimum` at the estimate, 1/logit^2."""

    minimum: float


@dataclass(frozen=True, slots=True)
class ChangeStop(_Rule):
    """Stop when the last answer moved the estimate by at most `delta` logits."""

    delta: float


@dataclass(frozen=True, slots=True)
class RatioStop(_Rule):
    r"""Stop by Wald's sequential probability ratio test of :math:`cut - \delta` against :math:`cut + \delta`.

    Parameters
    ----------
    cut, half_width : float, logits
        Middle and half width of the indifference region.
    alpha, beta : float
        Error rates wanted: a fail taken for a pass, a pass for a fail.
    generalized : bool
        GLR: the largest likelihood beyond each end of the region instead of the one at that end.

    Notes
    -----
    Stops when the log ratio is at least log((1 - beta) / alpha) or at most log(beta / (1 - alpha)). Prior
    free; the level itself is still read from the posterior.
    """

    cut: float
    half_width: float
    alpha: float = 0.05
    beta: float = 0.05
    generalized: bool = False

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound of the log ratio."""
        return math.log(self.beta / (1 - self.alpha)), math.log((1 - self.beta) / self.alpha)


@dataclass(frozen=True, slots=True)
class TimeStop(_Rule):
    """Stop when fewer than `seconds` are left; asks nothing of a sitting whose time is not given."""

    seconds: float


StoppingRule: TypeAlias = (
    PrecisionStop
    | ClassificationStop
    | IntervalStop
    | LevelStop
    | InformationStop
    | ChangeStop
    | RatioStop
    | TimeStop
)


class Progress(NamedTuple):
    """What the rules may look at; what costs something is asked for only by the rule that needs it."""

    posterior: Posterior
    items: IntArray  # (n_responses,): rows of the tables
    scores: IntArray
    previous_theta: Callable[[], float]  # estimate before the last answer, logits
    most_information: Callable[[], float]  # of an item that may still be asked, at the estimate, 1/logit^2
    seconds_left: float | None


class Prepared(NamedTuple):
    """A rule with what can be computed once for a bank and a grid."""

    rule: StoppingRule
    reason: Reason
    below: FloatArray  # (n_cuts, n_quadrature): weights of P(theta < cut)
    table: FloatArray  # (n_items, n_categories, n_nodes): log-probability at the nodes of a ratio test
    side: FloatArray  # (n_nodes,): their theta
    cut: float


_REASONS: Final[dict[type, Reason]] = {
    PrecisionStop: Reason.PRECISION,
    ClassificationStop: Reason.CLASSIFICATION,
    IntervalStop: Reason.CLASSIFICATION,
    LevelStop: Reason.LEVEL,
    InformationStop: Reason.INFORMATION,
    ChangeStop: Reason.CHANGE,
    RatioStop: Reason.CLASSIFICATION,
    TimeStop: Reason.TIME,
}


def prepare_rule(
    rule: StoppingRule,
    *,
    below: Callable[[FloatArray], FloatArray],
    cuts: FloatArray,
    nodes: FloatArray,
    log_probability: FloatArray,
    log_probability_at: Callable[[FloatArray], FloatArray],
) -> Prepared:
    """Compute what the rule needs once.

    Parameters
    ----------
    rule : StoppingRule
    below : callable
        (n_points,) -> (n_points, n_quadrature), from `levels.below_weights`.
    cuts : ndarray, shape (n_levels - 1,), logits
    nodes, log_probability : ndarray
        The grid, and the table (n_items, n_categories, n_quadrature) on it.
    log_probability_at : callable
        (n_theta,) -> (n_items, n_categories, n_theta).

    Raises
    ------
    InvalidRules
        A level rule in a design without cut scores.
    """
    reason, nothing = _REASONS[type(rule)], np.zeros(0)
    if isinstance(rule, ClassificationStop):
        return Prepared(rule, reason, below(np.array([rule.cut])), nothing, nothing, rule.cut)
    if isinstance(rule, LevelStop):
        if not len(cuts):
            raise InvalidRules("stopping", "a level is sure only in a design with cut scores")
        return Prepared(rule, reason, below(cuts), nothing, nothing, 0.0)
    if isinstance(rule, RatioStop):
        ends = np.array([rule.cut - rule.half_width, rule.cut + rule.half_width])
        if not rule.generalized:
            return Prepared(rule, reason, nothing, log_probability_at(ends), ends, rule.cut)
        beyond = (nodes < ends[0]) | (nodes > ends[1])
        side = np.sort(np.concatenate([nodes[beyond], ends]))
        table = np.concatenate([log_probability[..., beyond], log_probability_at(ends)], axis=-1)
        table = table[..., np.argsort(np.concatenate([nodes[beyond], ends]), kind="stable")]
        return Prepared(rule, reason, nothing, table, side, rule.cut)
    return Prepared(rule, reason, nothing, nothing, nothing, 0.0)


def holds(prepared: Prepared, seen: Progress) -> bool:
    """Whether the rule wants to stop here.

    Notes
    -----
    Comparisons allow 1e-9, so that a replay on another processor stops at the same answer.
    """
    rule, now = prepared.rule, seen.posterior
    match rule:
        case PrecisionStop():
            return now.se <= rule.se + _TOLERANCE
        case ClassificationStop():
            lower = float(prepared.below[0] @ now.weights)
            return max(lower, 1 - lower) >= rule.probability - _TOLERANCE
        case IntervalStop():
            reach = float(ndtri(0.5 + rule.probability / 2)) * now.se
            return abs(now.theta - rule.cut) > reach - _TOLERANCE
        case LevelStop():
            probabilities = levels.level_probabilities(levels.at_least(now, prepared.below))
            return float(probabilities.max()) >= rule.probability - _TOLERANCE
        case InformationStop():
            return seen.most_information() < rule.minimum - _TOLERANCE
        case ChangeStop():
            return len(seen.items) > 1 and abs(now.theta - seen.previous_theta()) <= rule.delta + _TOLERANCE
        case RatioStop():
            ratio = log_ratio(prepared, seen.items, seen.scores)
            low, high = rule.bounds
            return ratio >= high - _TOLERANCE or ratio <= low + _TOLERANCE
        case TimeStop():
            return seen.seconds_left is not None and seen.seconds_left < rule.seconds


def log_ratio(prepared: Prepared, items: IntArray, scores: IntArray) -> float:
    """Log-likelihood ratio of a `RatioStop`: above the indifference region over below it.

    Notes
    -----
    The largest likelihood beyond an end (GLR) is read from the grid and sharpened by the parabola through its
    three best nodes; the end itself is always a candidate.
    """
    log_likelihood = prepared.table[items, scores].sum(axis=0)
    below = prepared.side < prepared.cut
    low = _peak(prepared.side[below], log_likelihood[below])
    return _peak(prepared.side[~below], log_likelihood[~below]) - low


def _peak(theta: FloatArray, value: FloatArray) -> float:
    best = int(value.argmax())
    top = float(value[best])
    if not 0 < best < len(theta) - 1:
        return top
    left, right = theta[best] - theta[best - 1], theta[best + 1] - theta[best]
    fall_left, fall_right = top - float(value[best - 1]), top - float(value[best + 1])
    # The parabola through three nodes, highest at its vertex: unequal steps at the end of the region.
    slope = (fall_left * right / left - fall_right * left / right) / (left + right)
    curvature = (fall_left / left + fall_right / right) / (left + right)
    return top + slope * slope / (4 * curvature) if curvature > 0 else top
