r"""Ability of one person, for every model and mixture: EAP, MAP, ML, Warm's WLE, robust; standard errors.

The posterior lives on a fixed uniform grid: the trapezoid rule converges exponentially for smooth densities
that vanish at both ends, and a fixed grid lets an answer cost one addition of a precomputed row.

The other estimators solve :math:`\ell'(\theta) + g(\theta) = 0`, with g = 0 (ML), the slope of the log-prior
(MAP), Warm's :math:`J/2I` (WLE); with weights on the terms of :math:`\ell'` (robust). All local maxima are
bracketed on a scan of the whole line, the highest is the estimate and the others are reported. Patterns
without a maximum (all right, all wrong) are outcomes: an infinite estimate, or the bound asked for.

References
----------
Bock, R. D. & Mislevy, R. J. (1982). Adaptive EAP estimation. *Applied Psychological Measurement* 6, 431-444.
Warm, T. A. (1989). Weighted likelihood estimation of ability. *Psychometrika* 54, 427-450.
Schuster, C. & Yuan, K.-H. (2011). Robust estimation of latent ability in item response models.
*J. Educational and Behavioral Statistics* 36, 720-735.
Magis, D. (2016). Efficient standard error formulas of ability estimators. *Psychometrika* 81, 184-200.
Trefethen, L. N. & Weideman, J. A. C. (2014). The exponentially convergent trapezoidal rule. *SIAM Review* 56.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal, NamedTuple, TypeAlias, assert_never

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.special import expit

from irt import models
from irt.errors import InvalidParameters, InvalidResponses, InvalidRules
from irt.types import (
    BoolArray,
    FloatArray,
    GradedParameters,
    Indices,
    IntArray,
    ItemParameters,
    NominalParameters,
    ParameterDraws,
    Parameters,
    frozen,
)


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """Normal prior of ability: mean and sd in logits, the same for every learner of a design."""

    mean: float = 0.0
    sd: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean):
            raise InvalidRules("prior.mean", f"must be finite, is {self.mean}")
        if not (math.isfinite(self.sd) and self.sd > 0):
            raise InvalidRules("prior.sd", f"must be finite and greater than 0, is {self.sd}")

    def log_density(self, nodes: FloatArray) -> FloatArray:
        """Logarithm of the density at `nodes`, up to a constant, same shape."""
        return -0.5 * ((nodes - self.mean) / self.sd) ** 2


@dataclass(frozen=True, slots=True)
class UniformPrior:
    """Uniform prior of ability from `low` to `high`, logits."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InvalidRules("prior", f"needs finite low < high, is {self.low}, {self.high}")

    def log_density(self, nodes: FloatArray) -> FloatArray:
        """0 inside, minus infinity outside, same shape as `nodes`."""
        return np.where((nodes >= self.low) & (nodes <= self.high), 0.0, -np.inf)


@dataclass(frozen=True, slots=True)
class JeffreysPrior:
    """Jeffreys' prior of the items answered: the square root of their Fisher information."""


Prior: TypeAlias = NormalPrior | UniformPrior | JeffreysPrior


def log_prior_density(prior: Prior, parameters: Parameters, nodes: FloatArray) -> FloatArray:
    """Logarithm of a prior at `nodes`, up to a constant, same shape."""
    if isinstance(prior, JeffreysPrior):
        with np.errstate(divide="ignore"):  # far from every item the information underflows to 0
            return 0.5 * np.log(models.information_totals(parameters, nodes).information)
    return prior.log_density(nodes)


@dataclass(frozen=True, slots=True)
class Grid:
    """Uniform grid of `points` nodes from `low` to `high`, logits.

    Notes
    -----
    The default, 161 nodes on [-10, 10] (step 1/8), keeps the EAP of 32 items within 1e-9 of dense quadrature
    on [-15, 15], for difficulties within +-4, discriminations up to 2.5 and any pattern, all-right included
    (`tests/irt/test_ability.py`). The range matters more than the step: the trapezoid rule errs by about
    exp(-2 pi^2 sd^2 / step^2), 1e-7 at a posterior sd of 0.11, whereas on [-8, 8] an all-right pattern on
    hard items is already off by 3e-6.
    """

    low: float = -10.0
    high: float = 10.0
    points: int = 161

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InvalidRules("grid", f"needs finite low < high, is {self.low}, {self.high}")
        if self.points < 2:
            raise InvalidRules("grid.points", f"must be at least 2, is {self.points}")

    @property
    def step(self) -> float:
        """Distance between two nodes."""
        return (self.high - self.low) / (self.points - 1)

    def nodes(self) -> FloatArray:
        """Return the nodes, shape (n_quadrature,), read-only."""
        return frozen(np.linspace(self.low, self.high, self.points))


DEFAULT_GRID: Final = Grid()
_MOST_PATTERNS: Final = 1 << 16
_MOST_REFINEMENTS: Final = 12
_MOST_STEPS: Final = 100  # of a root finder that halves its bracket at least every other step
_MOST_TABLED: Final = 2_000  # items of a bank whose table is kept
_NARROW: Final = 1.2  # steps per posterior sd below which the trapezoid rule errs by more than 1e-12


class Maximum(IntEnum):
    """Where the criterion of an estimate has its maximum."""

    INSIDE = 0
    AT_LOW = -1  # at the lower bound, or minus infinity: nothing but wrong answers, for instance
    AT_HIGH = 1


class Ability(NamedTuple):
    """An estimate of theta in logits with its standard error."""

    theta: float
    se: float
    other_maxima: tuple[float, ...] = ()  # lower local maxima of the criterion, possible in 3PL and 4PL only


class Mode(NamedTuple):
    """An estimate of theta in logits as the maximum of a criterion; `se` is infinite where theta is."""

    theta: float
    se: float
    other_maxima: tuple[float, ...]  # lower local maxima of the criterion, bounds of the interval included
    maximum: Maximum


class Posterior(NamedTuple):
    """Posterior on the grid of its policy."""

    weights: FloatArray  # shape (n_quadrature,), sums to 1
    theta: float  # posterior mean (EAP), logits
    se: float  # posterior sd, logits


def log_posterior(log_prior: FloatArray, table: FloatArray, items: Indices, scores: Indices) -> FloatArray:
    """Unnormalised log-posterior on the grid, shape (n_quadrature,).

    Parameters
    ----------
    log_prior : ndarray, shape (n_quadrature,)
    table : ndarray, shape (n_items, n_categories, n_quadrature)
        From `models.tables`.
    items, scores : array_like of int, shape (n_responses,)

    Notes
    -----
    Rows are added in the order of the answers, the prior first: adding the row of a new answer to the stored
    sum gives the same bits as summing everything again.
    """
    rows = np.empty((len(items) + 1, len(log_prior)))
    rows[0] = log_prior
    rows[1:] = table[items, scores]
    total: FloatArray = np.add.reduce(rows, axis=0)
    return total


def posterior(log_density: FloatArray, nodes: FloatArray) -> Posterior:
    """Normalise a log-posterior; cost about 5 us for 161 nodes."""
    weights = np.exp(log_density - log_density.max())
    weights /= weights.sum()
    theta = float(weights @ nodes)
    return Posterior(weights, theta, math.sqrt(float(weights @ (nodes - theta) ** 2)))


def eap(
    parameters: Parameters,
    scores: ArrayLike,
    *,
    prior: Prior,
    grid: Grid | None = None,
    draws: ParameterDraws | None = None,
) -> Ability:
    """Expected a posteriori estimate and posterior sd, by the trapezoid rule.

    Parameters
    ----------
    parameters : Parameters, n_items
        Of the items answered, in the order of the answers.
    scores : array_like of int, shape (n_items,)
    prior
        `NormalPrior`, `UniformPrior` or `JeffreysPrior`.
    grid : Grid, optional
        `DEFAULT_GRID` if absent, made finer around the mean while the posterior is too narrow for it (some hundred
        answers); a grid that is given is used as it is.
    draws : ParameterDraws, optional
        What calibration leaves possible for these items: theta and se then allow for it
        (`models.expected_tables`).

    Raises
    ------
    InvalidResponses
        A score that the item does not have, or another number of scores than of items.
    InvalidRules
        A uniform prior that holds no node of the grid.

    Examples
    --------
    >>> bank = ItemParameters([1.0, 1.0], [-0.5, 0.5], [0.0, 0.0], [1.0, 1.0])
    >>> ability = eap(bank, [1, 0], prior=NormalPrior())
    >>> round(ability.theta + 0.0, 6), round(ability.se, 4)
    (0.0, 0.8409)
    """
    checked = checked_scores(parameters, scores)
    if draws is not None:
        _checked_draws(parameters, draws)

    def mean_on(nodes: FloatArray) -> Ability:
        if draws is None:
            likelihood, _, _ = models.log_likelihood_derivatives(parameters, checked, nodes)
        else:
            table = models.expected_tables(draws, nodes).log_probability
            likelihood = table[np.arange(len(checked)), checked].sum(axis=0)
        return _mean_on_grid(likelihood + log_prior_density(prior, parameters, nodes), nodes)

    if grid is not None:
        return mean_on(grid.nodes())
    step, estimate = DEFAULT_GRID.step, mean_on(DEFAULT_GRID.nodes())
    for _ in range(_MOST_REFINEMENTS):
        if estimate.se > _NARROW * step:
            break
        # The mean of a posterior between two nodes is off by less than a step: 13 of them leave 10 sd at least.
        nodes = np.linspace(estimate.theta - 13 * step, estimate.theta + 13 * step, DEFAULT_GRID.points)
        step, estimate = float(nodes[1] - nodes[0]), mean_on(nodes)
    return estimate


def _mean_on_grid(log_density: FloatArray, nodes: FloatArray) -> Ability:
    ends = np.zeros(len(nodes))
    ends[[0, -1]] = -math.log(2)
    if np.isneginf(log_density).all():
        raise InvalidRules("prior", "is 0 at every node of the grid")
    _, theta, se = posterior(log_density + ends, nodes)
    return Ability(theta, se)


def mle(parameters: Parameters, scores: ArrayLike, *, low: float = -math.inf, high: float = math.inf) -> Mode:
    r"""Maximum likelihood estimate: the global maximum on [low, high].

    Parameters
    ----------
    parameters : Parameters, n_items
    scores : array_like of int, shape (n_items,)
    low, high : float, logits
        Infinite by default: then a pattern without a maximum, such as all right, has an infinite estimate.

    Returns
    -------
    Mode
        theta and 1/sqrt(I(theta)). `other_maxima` are the lower local maxima, which models with asymptotes can
        have and at one of which a root finder may stop.

    Raises
    ------
    InvalidResponses, InvalidRules

    Examples
    --------
    >>> bank = ItemParameters([1.0, 1.0, 1.0], [-1.0, 0.0, 1.0], [0.0] * 3, [1.0] * 3)
    >>> round(mle(bank, [1, 1, 0]).theta, 4)
    0.8029
    >>> mle(bank, [1, 1, 1])
    Mode(theta=inf, se=inf, other_maxima=(), maximum=<Maximum.AT_HIGH: 1>)
    """
    observed = checked_scores(parameters, scores)

    def height(theta: FloatArray) -> FloatArray:
        return models.log_likelihood_derivatives(parameters, observed, theta)[0]

    def slope(theta: FloatArray) -> FloatArray:
        return models.log_likelihood_derivatives(parameters, observed, theta)[1]

    best, others, maximum = _maximum(parameters, slope, low, high, height)
    return Mode(best, standard_error(parameters, best), others, maximum)


def posterior_mode(
    parameters: Parameters,
    scores: ArrayLike,
    *,
    prior: Prior,
    low: float = -math.inf,
    high: float = math.inf,
) -> Mode:
    """Bayes modal estimate (MAP): the highest mode of the posterior on [low, high].

    Parameters
    ----------
    parameters : Parameters, n_items
    scores : array_like of int, shape (n_items,)
    prior
        `NormalPrior`, `UniformPrior` (the search is then bounded by it) or `JeffreysPrior`.
    low, high : float, logits

    Returns
    -------
    Mode
        The mode and its classic standard error (`standard_error`).

    Raises
    ------
    InvalidResponses, InvalidRules

    Examples
    --------
    >>> bank = ItemParameters([1.0, 1.0], [-0.5, 0.5], [0.0, 0.0], [1.0, 1.0])
    >>> round(posterior_mode(bank, [1, 1], prior=NormalPrior()).theta, 4)
    0.6871
    """
    observed = checked_scores(parameters, scores)
    if isinstance(prior, UniformPrior):
        low, high = max(low, prior.low), min(high, prior.high)

    def height(theta: FloatArray) -> FloatArray:
        value = models.log_likelihood_derivatives(parameters, observed, theta)[0]
        return value + log_prior_density(prior, parameters, theta)

    def slope(theta: FloatArray) -> FloatArray:
        value = models.log_likelihood_derivatives(parameters, observed, theta)[1]
        match prior:
            case NormalPrior(mean=mean, sd=sd):
                return value - (theta - mean) / sd**2
            case UniformPrior():
                return value
            case JeffreysPrior():
                total = models.information_totals(parameters, theta)
                return value + 0.5 * total.first / total.information
            case _:
                assert_never(prior)

    best, others, maximum = _maximum(parameters, slope, low, high, height)
    return Mode(best, standard_error(parameters, best, prior=prior), others, maximum)


def wle(parameters: Parameters, scores: ArrayLike, *, low: float = -math.inf, high: float = math.inf) -> Mode:
    r"""Warm's weighted likelihood estimate: bias of order 1/n removed, finite for every pattern.

    Solves Warm's equation (7) with his general bias term,

    .. math:: \ell'(\theta) + \frac{J(\theta)}{2 I(\theta)} = 0,\qquad
              J = \sum_i \sum_k \frac{P_{ik}' P_{ik}''}{P_{ik}}

    at the global maximum of the criterion whose derivative stands on the left.

    Parameters
    ----------
    parameters : Parameters, n_items
        Of the items answered.
    scores : array_like of int, shape (n_items,)
    low, high : float, logits
        Infinite by default: Warm's estimate is finite without them.

    Returns
    -------
    Mode
        theta and 1/sqrt(I(theta)) in logits, and the lower local maxima if there are any.

    Raises
    ------
    InvalidResponses
        A score that the item does not have, or another number of scores than of items.
    InvalidRules
        Not low < high.

    Notes
    -----
    In models without asymptotes (1PL, 2PL, graded, PCM, GPCM, nominal) J/2I is the derivative of log sqrt(I),
    Jeffreys' prior; with guessing or a ceiling the two estimators differ and this is Warm's. Far below all
    difficulties the left side is positive, far above negative, so the search is closed and all-right and
    all-wrong need no special case.

    References
    ----------
    Warm (1989), equations (6)-(8) and (14)-(17). Wang, S. & Wang, T. (2001), *Applied Psychological
    Measurement* 25, for polytomous items.

    Examples
    --------
    >>> bank = ItemParameters([1.0, 1.0, 1.0], [-1.0, 0.0, 1.0], [0.0] * 3, [1.0] * 3)
    >>> all_right = wle(bank, [1, 1, 1])
    >>> round(all_right.theta, 3), round(all_right.se, 3)
    (2.295, 1.868)
    """
    observed = checked_scores(parameters, scores)
    right = observed == 1

    def slope(theta: FloatArray) -> FloatArray:
        if isinstance(parameters, ItemParameters):
            return _warm_score(parameters, right, theta)
        total = models.information_totals(parameters, theta)
        value = models.log_likelihood_derivatives(parameters, observed, theta)[1]
        return value + 0.5 * total.j / total.information

    best, others, maximum = _maximum(parameters, slope, low, high)
    return Mode(best, standard_error(parameters, best), others, maximum)


class Modes(NamedTuple):
    """Estimates of many persons; nan for a person without answers."""

    theta: FloatArray  # (n_persons,), logits
    se: FloatArray  # (n_persons,), logits


def wle_each(parameters: Parameters, items: IntArray, scores: IntArray) -> Modes:
    """`wle` of many persons who answered items of one bank.

    Parameters
    ----------
    parameters : Parameters, n_items
        Of the bank.
    items, scores : ndarray of int, shape (n_persons, longest)
        Padded with -1.

    Returns
    -------
    Modes
        Those of `wle`, within 1e-9.

    Raises
    ------
    InvalidResponses
        An unknown item or a score that an item does not have.

    Notes
    -----
    Of dichotomous items the scan for maxima adds rows of one table, whose nodes serve the whole bank, and the
    roots are refined together (Chandrupatla's method): some 40 us a person, against 700. A person with more
    than one maximum, and banks of other models, go through `wle` itself.

    References
    ----------
    Warm (1989). Chandrupatla, T. R. (1997). A new hybrid quadratic/bisection algorithm for finding the zero of
    a nonlinear function without using derivatives. *Advances in Engineering Software* 28, 145-149.

    Examples
    --------
    >>> bank = ItemParameters([1.0, 1.0, 1.0], [-1.0, 0.0, 1.0], [0.0] * 3, [1.0] * 3)
    >>> wle_each(bank, np.array([[0, 1, 2], [2, -1, -1]]), np.array([[1, 1, 1], [0, -1, -1]])).theta.round(3).tolist()
    [2.295, -0.099]
    """
    given = items >= 0
    if items.ndim != 2 or scores.shape != items.shape or (items >= len(parameters)).any():
        raise InvalidResponses(
            "items", None, "must be items of the bank, with one score each, one row a person"
        )
    most = parameters.n_categories[items] - 1
    if (given & ((scores < 0) | (scores > most))).any():
        person = int(np.argmax((given & ((scores < 0) | (scores > most))).any(axis=1)))
        raise InvalidResponses("scores", None, f"person {person} has a score that the item does not have")
    found = Modes(np.full(len(items), np.nan), np.full(len(items), np.nan))
    left = given.any(axis=1)
    if isinstance(parameters, ItemParameters) and left.any():
        start, stop, single = _warm_brackets(parameters, items, scores)
        who = np.flatnonzero(left & single)
        found.theta[who], found.se[who] = _warm_roots(
            parameters, items[who], scores[who], start[who], stop[who]
        )
        left &= ~single
    for person in np.flatnonzero(left).tolist():
        own = given[person]
        one = wle(parameters.take(items[person, own]), scores[person, own])
        found.theta[person], found.se[person] = one.theta, one.se
    return found


def robust(
    parameters: ItemParameters,
    scores: ArrayLike,
    *,
    weight: Literal["huber", "tukey"] = "huber",
    tuning: float | None = None,
    low: float = -4.0,
    high: float = 4.0,
) -> Mode:
    r"""Robust estimate of ability: answers to items far from theta count less, lucky and careless ones too.

    .. math:: \sum_i w(r_i)\,\frac{\partial \log P_{i x_i}}{\partial\theta} = 0,\quad r_i = a_i(\theta - b_i),

    Huber: w = 1 for \|r\| <= H, else H/\|r\|. Tukey: w = (1 - (r/B)^2)^2 for \|r\| <= B, else 0.

    Parameters
    ----------
    parameters : ItemParameters, n_items
        Dichotomous: the residual r has no agreed meaning with more categories.
    scores : array_like of 0 and 1, shape (n_items,)
    weight : {"huber", "tukey"}
    tuning : float, optional
        H (default 1) or B (default 4).
    low, high : float, logits
        Finite: the criterion is flat far from every item.

    Returns
    -------
    Mode
        theta and sqrt(sum w^2 I) / sum w I; infinite where every item has lost its weight.

    Raises
    ------
    InvalidResponses, InvalidRules

    References
    ----------
    Schuster & Yuan (2011). Magis, D. (2014). On the asymptotic standard error of a class
    of robust estimators of ability. *British J. Mathematical and Statistical Psychology* 67, 430-450.

    Examples
    --------
    >>> bank = ItemParameters([1.0] * 5, [-2.0, -1.0, 0.0, 1.0, 2.0], [0.0] * 5, [1.0] * 5)
    >>> lucky = [1, 0, 0, 0, 1]
    >>> round(mle(bank, lucky).theta, 3), round(robust(bank, lucky, weight="huber", tuning=1.0).theta, 3)
    (-0.591, -1.308)
    """
    observed = checked_scores(parameters, scores)
    limit = _checked_tuning(weight, tuning)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InvalidRules("low, high", "must be finite for a robust estimate")

    def slope(theta: FloatArray) -> FloatArray:
        held = _robust_weights(parameters, theta, weight, limit)
        return np.asarray((held * models.response_terms(parameters, observed, theta).slope).sum(axis=1))

    best, others, maximum = _maximum(parameters, slope, low, high)
    se = robust_standard_error(parameters, best, weight=weight, tuning=limit)
    return Mode(best, se, others, maximum)


def robust_standard_error(
    parameters: ItemParameters,
    theta: float,
    *,
    weight: Literal["huber", "tukey"] = "huber",
    tuning: float | None = None,
) -> float:
    r"""Standard error of a robust estimate, :math:`\sqrt{\sum w^2 I} / \sum w I`; infinite without weight.

    References
    ----------
    Magis, D. (2014). On the asymptotic standard error of a class of robust estimators of ability. *British
    J. Mathematical and Statistical Psychology* 67, 430-450.
    """
    at = np.array([theta])
    own = _robust_weights(parameters, at, weight, _checked_tuning(weight, tuning))[0]
    expected = models.information(parameters, at)[0]
    total = float(own @ expected)
    return math.sqrt(float(own**2 @ expected)) / total if total > 0 else math.inf


def _checked_tuning(weight: str, tuning: float | None) -> float:
    if weight not in ("huber", "tukey"):
        raise InvalidRules("weight", f"must be huber or tukey, is {weight}")
    limit = (1.0 if weight == "huber" else 4.0) if tuning is None else tuning
    if not (math.isfinite(limit) and limit > 0):
        raise InvalidRules("tuning", f"must be finite and greater than 0, is {limit}")
    return limit


def _robust_weights(parameters: ItemParameters, theta: FloatArray, weight: str, limit: float) -> FloatArray:
    """Weight of each item at each theta, (n_theta, n_items)."""
    size = np.abs(parameters.a * (theta[:, None] - parameters.b))
    if weight == "huber":
        return limit / np.maximum(size, limit)
    return (1 - np.minimum(size / limit, 1.0) ** 2) ** 2


def standard_error(
    parameters: Parameters,
    theta: float,
    *,
    prior: Prior | None = None,
    warm: bool = False,
    kind: Literal["classic", "asymptotic", "observed"] = "classic",
    scores: ArrayLike | None = None,
) -> float:
    r"""Standard error of an estimate that solves :math:`\ell' + g = 0`.

    - *classic*: :math:`1/\sqrt{I - g'}` with a prior (normal: :math:`1/\sqrt{I + 1/\sigma^2}`), and
      :math:`1/\sqrt{I}` for ML and Warm's estimate;
    - *asymptotic*: :math:`\sqrt{I} / |I - g'|`, the sampling sd by the delta method: it leaves out what
      a prior knows and holds for Warm's g too;
    - *observed*: classic with the observed information :math:`-\ell''` in the place of I; needs `scores`.

    Parameters
    ----------
    parameters : Parameters, n_items
        Of the items answered.
    theta : float, logits
    prior : optional
        Of a posterior mode.
    warm : bool
        The estimate is Warm's: g = J/2I.
    kind, scores

    Returns
    -------
    float
        In logits; infinite where there is no information.

    Raises
    ------
    InvalidRules
        Both a prior and `warm`, or an observed error without scores.

    References
    ----------
    Magis (2016).

    Examples
    --------
    >>> bank = ItemParameters([1.0] * 4, [0.0] * 4, [0.0] * 4, [1.0] * 4)
    >>> standard_error(bank, 0.0), standard_error(bank, 0.0, prior=NormalPrior(0, 1), kind="asymptotic")
    (1.0, 0.5)
    """
    if prior is not None and warm:
        raise InvalidRules("warm", "cannot go with a prior")
    if kind == "observed" and scores is None:
        raise InvalidRules("scores", "are needed for the observed information")
    if not math.isfinite(theta):
        return math.inf
    info, first, second, j, j_first = (
        float(value[0]) for value in models.information_totals(parameters, [theta])
    )
    if info <= 0:
        return math.inf
    pull = 0.0
    if isinstance(prior, NormalPrior):
        pull = -1 / prior.sd**2
    elif isinstance(prior, JeffreysPrior):
        pull = (second * info - first**2) / (2 * info**2)
    elif warm and kind == "asymptotic":
        pull = (j_first * info - j * first) / (2 * info**2)
    if kind == "asymptotic":
        return math.sqrt(info) / abs(info - pull) if info != pull else math.inf
    if kind == "observed":
        checked = checked_scores(parameters, scores)  # type: ignore[arg-type]
        info = -float(models.log_likelihood_derivatives(parameters, checked, [theta])[2][0])
    return (info - pull) ** -0.5 if info > pull else math.inf


def with_parameter_error(
    parameters: Parameters,
    scores: ArrayLike,
    estimate: Ability | Mode,
    draws: ParameterDraws,
    *,
    prior: Prior | None = None,
) -> Ability:
    r"""Estimate of `mle`, `posterior_mode` or `wle` with the error of calibration carried into theta and se.

    .. math:: \theta^* = \hat\theta + \frac{\sum_i (E_m s_{im} - s_i)}{I - g'},\qquad
              \mathrm{se}^{*2} = \mathrm{se}^2 + \frac{\sum_i \mathrm{Var}_m(s_{im})}{(I - g')^2}

    with :math:`s_{im}` the slope of the log-probability of answer i at :math:`\hat\theta` under draw m.

    Parameters
    ----------
    parameters : Parameters, n_items
        Of the items answered.
    scores : array_like of int, shape (n_items,)
    estimate : Ability or Mode
    draws : ParameterDraws, n_items
    prior : Prior, optional
        Of a posterior mode.

    Returns
    -------
    Ability
        The estimate unchanged where it is infinite.

    Notes
    -----
    First order, errors independent between items. For the EAP hand the draws to `eap`, which is exact.

    References
    ----------
    Hoshino, T. & Shigemasu, K. (2008). Standard errors of estimated latent variable scores with estimated
    structural parameters. *Applied Psychological Measurement* 32, 181-189.
    """
    observed = checked_scores(parameters, scores)
    if not math.isfinite(estimate.theta):
        return Ability(estimate.theta, estimate.se, estimate.other_maxima)
    at = [estimate.theta]
    own = models.response_terms(parameters, observed, at).slope[0]
    slopes = np.array(
        [
            models.response_terms(draw, observed, at).slope[0]
            for draw in _checked_draws(parameters, draws).draws
        ]
    )
    mean = draws.weights @ slopes
    variance = float((draws.weights @ (slopes - mean) ** 2).sum())
    total = float(models.information_totals(parameters, at).information[0])
    if isinstance(prior, NormalPrior):
        total += prior.sd**-2
    if total <= 0:
        return Ability(estimate.theta, math.inf, estimate.other_maxima)
    moved = estimate.theta + float((mean - own).sum()) / total
    return Ability(moved, math.sqrt(estimate.se**2 + variance / total**2), estimate.other_maxima)


def _checked_draws(parameters: Parameters, draws: ParameterDraws) -> ParameterDraws:
    if not np.array_equal(parameters.n_categories, draws.draws[0].n_categories):
        raise InvalidParameters("draws", None, "must be of the items answered, in their order")
    return draws


def exact_standard_error(
    parameters: Parameters, theta: float, estimate: Callable[[IntArray], float]
) -> float:
    r"""Exact standard error of an estimator for a short test: its sd over every pattern at `theta`.

    .. math:: \mathrm{SE}^2 = \sum_x P(x|\theta)\,(\hat\theta(x) - \bar\theta)^2

    Parameters
    ----------
    parameters : Parameters, n_items
    theta : float, logits
    estimate : callable
        Scores (n_items,) to theta; finite for every pattern (bounded where needed).

    Raises
    ------
    InvalidRules
        More than 65,536 patterns.

    References
    ----------
    Magis (2016), of which the asymptotic errors are compared with these.

    Examples
    --------
    >>> bank = ItemParameters([1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0])
    >>> round(exact_standard_error(bank, 0.0, lambda x: eap(bank, x, prior=NormalPrior()).theta), 4)
    0.498
    """
    counts = parameters.n_categories
    if math.prod(int(count) for count in counts) > _MOST_PATTERNS:
        raise InvalidRules("parameters", f"make more than {_MOST_PATTERNS} patterns")
    patterns = np.stack([axis.ravel() for axis in np.indices(tuple(counts))], axis=1)
    p = models.category_probability(parameters, [theta])[0]
    chance = p[np.arange(len(counts)), patterns].prod(axis=1)
    values = np.array([estimate(pattern) for pattern in patterns])
    mean = chance @ values
    return math.sqrt(float(chance @ (values - mean) ** 2))


def checked_scores(parameters: Parameters, scores: ArrayLike) -> IntArray:
    """Return `scores` as integers, or raise InvalidResponses naming the first that its item does not have."""
    values = np.asarray(scores)
    if values.shape != (len(parameters),):
        raise InvalidResponses("scores", None, f"must be {len(parameters)} scores, one per item answered")
    most = parameters.n_categories - 1
    if values.dtype.kind not in "biuf":
        raise InvalidResponses("scores", None, "must be numbers")
    wrong = ~((values >= 0) & (values <= most) & (values == np.floor(values)))
    if wrong.any():
        position = int(np.argmax(wrong))
        rule = "0 or 1" if most[position] == 1 else f"0 to {most[position]}"
        raise InvalidResponses("scores", position, f"must be {rule}, is {values[position]}")
    return values.astype(np.int64)


def _warm_score(parameters: ItemParameters, right: BoolArray, theta: FloatArray) -> FloatArray:
    """Left side of Warm's equation, shape of `theta`.

    Sums of positive terms instead of logarithms, three times faster and as exact: beyond |z| = 300 an item
    has reached its asymptotes to 130 digits, so the clip changes no digit and nothing underflows.
    """
    a, c, d = parameters.a, parameters.c, parameters.d
    z = np.clip(a * (theta[:, None] - parameters.b), -300.0, 300.0)
    up, down = expit(z), expit(-z)
    p, q = c + (d - c) * up, (1 - d) + (d - c) * down
    slope = a * (d - c) * up * down
    information = slope * slope / (p * q)
    bias = (information * a * (down - up)).sum(axis=1) / information.sum(axis=1)
    first = (slope / np.where(right, p, -q)).sum(axis=1)
    left: FloatArray = first + 0.5 * bias
    return left


class _WarmTable(NamedTuple):
    """What each answer adds to the three sums of Warm's equation, at the nodes of a scan."""

    nodes: FloatArray  # (n_nodes,)
    row: IntArray  # (n_items,): of a wrong answer; that of a right one follows. Equal items share their rows
    terms: FloatArray  # (2 n_kinds, 3 n_nodes): slope, J and I


@lru_cache(maxsize=2)
def _warm_table(parameters: ItemParameters) -> _WarmTable:
    columns = np.column_stack([parameters.a, parameters.b, parameters.c, parameters.d])
    distinct, kind = np.unique(columns, axis=0, return_inverse=True)
    nodes = _scan(parameters, -math.inf, math.inf)
    terms = np.empty((len(distinct), 2, 3, len(nodes)))
    terms[:, 1, 0], terms[:, 0, 0], bias, information = _warm_terms(
        distinct[:, :1], distinct[:, 1:2], distinct[:, 2:3], distinct[:, 3:], nodes
    )
    terms[:, :, 1], terms[:, :, 2] = bias[:, None], information[:, None]
    return _WarmTable(nodes, 2 * kind.reshape(-1).astype(np.int64), terms.reshape(2 * len(distinct), -1))


def _warm_terms(
    a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray, theta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Slope of the log-probability of a right and of a wrong answer, J and I; as in `_warm_score`."""
    z = np.clip(a * (theta - b), -300.0, 300.0)
    ratio = np.exp(-z)
    up = 1.0 / (1.0 + ratio)
    down = ratio * up
    p, q = c + (d - c) * up, (1 - d) + (d - c) * down
    slope = a * (d - c) * up * down
    information = slope * slope / (p * q)
    return slope / p, -slope / q, information * a * (down - up), information


def _warm_brackets(
    parameters: ItemParameters, items: IntArray, scores: IntArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Nodes around the maximum of each person, and whether it is known to be the only one."""
    given = items >= 0
    if len(parameters) > _MOST_TABLED:
        used, places = np.unique(items[given], return_inverse=True)
        parameters, items = parameters.take(used), items.copy()
        items[given] = places
    table = _warm_table(parameters)
    n_nodes = len(table.nodes)
    rows = (table.row[items] + scores)[given]
    ends = np.concatenate([[0], given.sum(axis=1).cumsum()])
    answers = csr_array((np.ones(len(rows)), rows, ends), shape=(len(items), len(table.terms)))
    slope, bias, information = np.split(answers @ table.terms, [n_nodes, 2 * n_nodes], axis=1)
    with np.errstate(invalid="ignore"):  # nothing answered
        left = slope + 0.5 * bias / information
    falls = (left[:, :-1] > 0) & (left[:, 1:] < 0)
    single = (left[:, 0] > 0) & (left[:, -1] < 0) & (left != 0).all(axis=1) & (falls.sum(axis=1) == 1)
    place = falls.argmax(axis=1)
    return table.nodes[place], table.nodes[place + 1], single


def _warm_roots(
    parameters: ItemParameters, items: IntArray, scores: IntArray, start: FloatArray, stop: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Root of Warm's equation between `start` and `stop`, and 1/sqrt(I) there, for many persons."""
    given, right = items >= 0, scores == 1
    a, b, c, d = (values[items] for values in (parameters.a, parameters.b, parameters.c, parameters.d))

    def left(theta: FloatArray, who: IntArray) -> tuple[FloatArray, FloatArray]:
        up, down, bias, information = _warm_terms(a[who], b[who], c[who], d[who], theta[:, None])
        mine = given[who]
        total = (information * mine).sum(axis=1)
        first = (np.where(right[who], up, down) * mine).sum(axis=1)
        return first + 0.5 * (bias * mine).sum(axis=1) / total, total

    every = np.arange(len(items))
    # Chandrupatla: x1 the newest point, x2 the other end of the bracket, x3 the point before.
    x1, x2 = start.copy(), stop.copy()
    (f1, _), (f2, _) = left(x1, every), left(x2, every)
    x3, f3, share = x2.copy(), f2.copy(), np.full(len(items), 0.5)
    running = every
    for _ in range(_MOST_STEPS):
        at = x1[running] + share[running] * (x2[running] - x1[running])
        value, _ = left(at, running)
        same = np.sign(value) == np.sign(f1[running])
        x3[running] = np.where(same, x1[running], x2[running])
        f3[running] = np.where(same, f1[running], f2[running])
        x2[running] = np.where(same, x2[running], x1[running])
        f2[running] = np.where(same, f2[running], f1[running])
        x1[running], f1[running] = at, value
        width = np.abs(x2[running] - x1[running])
        least = np.where(np.abs(f1[running]) < np.abs(f2[running]), x1[running], x2[running])
        tolerance = 0.5 * (2e-14 * np.abs(least) + 1e-13) / width
        running, tolerance = (values[(tolerance < 0.5) & (value != 0)] for values in (running, tolerance))
        if not len(running):
            break
        xi = (x1[running] - x2[running]) / (x3[running] - x2[running])
        phi = (f1[running] - f2[running]) / (f3[running] - f2[running])
        inside = (phi * phi < xi) & ((1 - phi) * (1 - phi) < 1 - xi)
        with np.errstate(divide="ignore", invalid="ignore"):  # where bisection takes over
            curved = f1[running] / (f2[running] - f1[running]) * f3[running] / (f2[running] - f3[running]) + (
                x3[running] - x1[running]
            ) / (x2[running] - x1[running]) * f1[running] / (f3[running] - f1[running]) * f2[running] / (
                f3[running] - f2[running]
            )
        step = np.where(inside, curved, 0.5)
        share[running] = np.clip(step, tolerance, 1 - tolerance)
    theta = np.where(np.abs(f1) < np.abs(f2), x1, x2)
    return theta, left(theta, every)[1] ** -0.5


def _maximum(
    parameters: Parameters,
    slope: Callable[[FloatArray], FloatArray],
    low: float,
    high: float,
    height: Callable[[FloatArray], FloatArray] | None = None,
) -> tuple[float, tuple[float, ...], Maximum]:
    """Highest maximum of a criterion on [low, high], the lower ones, and where the highest is.

    Parameters
    ----------
    slope : callable
        Derivative of the criterion.
    height : callable, optional
        The criterion; integrated from its slope when it has no closed form.
    """
    if not low < high:
        raise InvalidRules("low, high", f"must be low < high, are {low}, {high}")
    nodes = _scan(parameters, low, high)
    left = slope(nodes)
    moving = np.flatnonzero(left)  # a robust criterion is flat where no item has any weight
    if not len(moving):
        return float(nodes[len(nodes) // 2]), (), Maximum.INSIDE
    first, last = moving[0], moving[-1]
    falls, rises = bool(left[first] < 0), bool(left[last] > 0)
    candidates: list[float] = []
    if falls:
        candidates.append(_plateau(slope, float(nodes[max(first - 1, 0)]), float(nodes[first])))
    brackets = np.flatnonzero((left[moving[:-1]] > 0) & (left[moving[1:]] < 0))
    candidates += [_root(slope, nodes[moving[at]], nodes[moving[at + 1]]) for at in brackets]
    if rises:
        candidates.append(_plateau(slope, float(nodes[min(last + 1, len(nodes) - 1)]), float(nodes[last])))
    if len(candidates) == 1:
        best = 0
    elif height is None:
        best = _highest(slope, candidates)
    else:
        best = int(np.argmax(height(np.array(candidates))))
    where = [Maximum.INSIDE] * len(candidates)
    if falls:
        where[0] = Maximum.AT_LOW
        candidates[0] = low if first == 0 else candidates[0]
    if rises:
        where[-1] = Maximum.AT_HIGH
        candidates[-1] = high if last == len(nodes) - 1 else candidates[-1]
    return candidates[best], tuple(candidates[:best] + candidates[best + 1 :]), where[best]


def _plateau(slope: Callable[[FloatArray], FloatArray], flat: float, moving: float) -> float:
    """Edge of the flat stretch between a node where the slope is 0 and one where it is not."""
    if flat == moving:
        return flat
    while abs(moving - flat) > 1e-12 * max(1.0, abs(flat)):
        middle = (flat + moving) / 2
        if slope(np.array([middle]))[0] == 0:
            flat = middle
        else:
            moving = middle
    return flat


def _root(slope: Callable[[FloatArray], FloatArray], start: float, stop: float) -> float:
    return float(
        brentq(lambda point: float(slope(np.array([point]))[0]), start, stop, xtol=1e-13, rtol=1e-14)
    )


def _scan(parameters: Parameters, low: float, high: float) -> FloatArray:
    """Nodes dense enough to see every maximum, from `low` (or where nothing changes any more) to `high`.

    Among the items four nodes per 1/max(a): two maxima of a logistic criterion are never nearer than that.
    Outside, what still changes changes with the distance, and so does the step.
    """
    first, last, flattest, steepest = _extent(parameters)
    step = 0.25 / steepest
    reach = (math.log(2.0 * len(parameters) * int(parameters.n_categories.max())) + 30.0) / flattest
    tail = [step]
    while tail[-1] < reach:
        tail.append(tail[-1] + max(step, 0.05 * tail[-1]))
    outside = np.array(tail)
    inside = np.linspace(first, last, max(2, math.ceil((last - first) / step) + 1))
    nodes = np.concatenate([first - outside[::-1], inside, last + outside])
    nodes = nodes[(nodes > low) & (nodes < high)]
    ends = [[low] if math.isfinite(low) else [], [high] if math.isfinite(high) else []]
    return np.concatenate([ends[0], nodes, ends[1]])


def _extent(parameters: Parameters) -> tuple[float, float, float, float]:
    """Lowest and highest location, smallest and largest slope of the items."""
    match parameters:
        case ItemParameters(a=a, b=b):
            return float(b.min()), float(b.max()), float(a.min()), float(a.max())
        case GradedParameters(a=a, thresholds=b):
            return float(np.nanmin(b)), float(np.nanmax(b)), float(a.min()), float(a.max())
        case NominalParameters(slopes=slopes, intercepts=intercepts):
            return _nominal_extent(slopes, intercepts)
    extents = np.array([_extent(part) for part in parameters.parts])
    return (
        float(extents[:, 0].min()),
        float(extents[:, 1].max()),
        float(extents[:, 2].min()),
        float(extents[:, 3].max()),
    )


def _nominal_extent(slopes: FloatArray, intercepts: FloatArray) -> tuple[float, float, float, float]:
    """Where the first and last categories give way to another, and how fast."""
    first, last, flattest, steepest = math.inf, -math.inf, math.inf, 0.0
    for own_slopes, own_intercepts in zip(slopes, intercepts, strict=True):
        for outer in (int(np.nanargmin(own_slopes)), int(np.nanargmax(own_slopes))):
            gap = own_slopes - own_slopes[outer]
            other = ~np.isnan(gap) & (gap != 0)
            crossing = -(own_intercepts - own_intercepts[outer])[other] / gap[other]
            first, last = min(first, float(crossing.min())), max(last, float(crossing.max()))
            flattest = min(flattest, float(np.abs(gap[other]).min()))
            steepest = max(steepest, float(np.abs(gap[other]).max()))
    return first, last, flattest, steepest


def _highest(slope: Callable[[FloatArray], FloatArray], maxima: list[float]) -> int:
    """Which of several maxima is the highest: the slope integrated from each to the next."""
    nodes, weights = np.polynomial.legendre.leggauss(64)
    heights = [0.0]
    for start, stop in pairwise(maxima):
        half = (stop - start) / 2
        rise = half * weights @ slope(start + half * (nodes + 1))
        heights.append(heights[-1] + float(rise))
    return int(np.argmax(heights))
