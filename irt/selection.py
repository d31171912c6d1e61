r"""Criteria for choosing the next item: the gain of each item of a bank, given what is known of one person.

One function per rule, arrays in, arrays out: item tables on a grid of nodes, weights of the nodes (a
likelihood or a posterior, with the quadrature weights of whatever rule the caller integrates by), an
estimate. Larger is always better: variances and distances come out negative. `Selector` does the same for a
compiled bank and returns gains that a shadow test may add up: not negative.

The categories of an item that it does not have carry log-probability minus infinity and probability 0.

Cost for 1,000 items on 161 nodes: one product of a table with a vector (KL, MPWI, GDI) or with three (MEPV,
MEI); below 1 ms each (`benchmarks/selection.py`).

References
----------
van der Linden, W. J. (1998). Bayesian item selection criteria for adaptive testing. *Psychometrika* 63,
201-216 (MPWI, MEI, MEPV).
Veerkamp, W. J. J. & Berger, M. P. F. (1997). Some new item selection criteria for adaptive testing. *Journal
of Educational and Behavioral Statistics* 22, 203-226 (MLWI).
Chang, H.-H. & Ying, Z. (1996). A global information approach to computerized adaptive testing. *Applied
Psychological Measurement* 20, 213-229 (KL, KLP).
Kaplan, M., de la Torre, J. & Barrada, J. R. (2015). New item selection methods for cognitive diagnosis
computerized adaptive testing. *APM* 39, 167-188 (GDI).
Magis, D. (2013). A note on the item information function of the four-parameter logistic model. *APM* 37,
304-315 (the theta of greatest information).
Revuelta, J. & Ponsoda, V. (1998). A comparison of item exposure control methods. *Journal of Educational
Measurement* 35, 311-327 (progressive).
Barrada, J. R., Olea, J., Ponsoda, V. & Abad, F. J. (2010). A method for the comparison of item selection
rules. *APM* 34, 438-452 (acceleration; proportional).
Chang, H.-H., Qian, J. & Ying, Z. (2001). a-stratified multistage computerized adaptive testing with b
blocking. *APM* 25, 333-341.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from irt import models
from irt.errors import InvalidParameters, InvalidRules
from irt.types import BoolArray, FloatArray, IntArray, ItemParameters, Parameters, frozen, read_only

_BISECTIONS: Final = 60
_NEGLIGIBLE: Final = 1e-18


class Criterion(Enum):
    """What makes an item the best next one; the value is the name in a test design."""

    MFI = "mfi"  # Fisher information at the estimate
    MLWI = "mlwi"  # ... averaged over the likelihood
    MPWI = "mpwi"  # ... averaged over the posterior
    MEI = "mei"  # information expected after the answer, at the estimate it will give
    MEPV = "mepv"  # expected reduction of the posterior variance
    KL = "kl"  # Kullback-Leibler divergence from the estimate, weighted by the likelihood
    KLP = "klp"  # ... by the posterior
    GDI = "gdi"  # variance of the probability of an answer under the likelihood
    GDIP = "gdip"  # ... under the posterior
    B_OPT = "b_opt"  # difficulty nearest to the estimate
    TH_OPT = "th_opt"  # theta of greatest information nearest to the estimate
    PROGRESSIVE = "progressive"  # a random part that gives way to information
    PROPORTIONAL = "proportional"  # at random, in proportion to a growing power of information
    RANDOM = "random"
    A_STRATIFIED = "a_stratified"  # low discriminations first, difficulty nearest to the estimate
    CUT = "cut"  # Fisher information at the cut score nearest to the estimate


WITH_DRAWS: Final = frozenset({Criterion.PROGRESSIVE, Criterion.PROPORTIONAL, Criterion.RANDOM})


class Prediction(NamedTuple):
    """What the posterior would be after each answer to each item; arrays (..., n_items, n_categories)."""

    mass: FloatArray  # sum of the weights: the predictive probability when the weights sum to 1
    theta: FloatArray  # posterior mean, logits; of a category that does not exist: the mean before
    variance: FloatArray  # posterior variance, logits^2


def weighted_information(information: FloatArray, weights: FloatArray) -> FloatArray:
    r"""Information integrated over theta: MLWI with a likelihood, MPWI with a posterior.

    .. math:: \int I_j(\theta) W(\theta)\, d\theta

    Parameters
    ----------
    information : ndarray, shape (n_quadrature, n_items), 1/logit^2
    weights : ndarray, shape (..., n_quadrature)

    Returns
    -------
    ndarray, shape (..., n_items)

    Examples
    --------
    >>> weighted_information(np.array([[0.2, 0.1], [0.3, 0.5]]), np.array([0.5, 0.5])).round(3).tolist()
    [0.25, 0.3]
    """
    return np.asarray(weights @ information)


def predictions(probability: FloatArray, weights: FloatArray, nodes: FloatArray) -> Prediction:
    """Posterior mass, mean and variance after each possible answer, by one product with three vectors.

    Parameters
    ----------
    probability : ndarray, shape (n_items, n_categories, n_quadrature)
    weights : ndarray, shape (n_quadrature,)
        Posterior so far, times the quadrature weights.
    nodes : ndarray, shape (n_quadrature,), logits

    Notes
    -----
    Moments are taken about the present mean, so that the difference that gives the variance loses at most
    the digits of (shift of the mean)^2 over variance, a few units in the last place.
    """
    total = float(weights.sum())
    centre = float(weights @ nodes) / total
    distance = nodes - centre
    moments = np.stack([weights, weights * distance, weights * distance * distance], axis=1)
    summed = probability.reshape(-1, len(nodes)) @ moments
    mass, first, second = summed.T.reshape(3, *probability.shape[:-1])
    safe = np.where(mass > 0, mass, 1.0)
    shift = first / safe
    return Prediction(mass, centre + shift, np.maximum(second / safe - shift * shift, 0.0))


def expected_posterior_variance(chance: FloatArray, variance: FloatArray) -> FloatArray:
    r"""Minus the posterior variance expected after the answer (MEPV).

    .. math:: -\sum_t P_{jt}\,\mathrm{Var}(\theta \mid x, x_j = t)

    Parameters
    ----------
    chance : ndarray, shape (n_items, n_categories)
        Probability of each answer: at the estimate, or predictive.
    variance : ndarray, shape (n_items, n_categories)
        From `predictions`.
    """
    return np.asarray(-(chance * variance).sum(axis=-1))


def expected_information(chance: FloatArray, information: FloatArray) -> FloatArray:
    r"""Information expected after the answer (MEI), :math:`\sum_t P_{jt} I_j(\hat\theta_{x, t})`.

    Parameters
    ----------
    chance : ndarray, shape (n_items, n_categories)
    information : ndarray, shape (n_items, n_categories), 1/logit^2
        Fisher or observed information of the item at the estimate that this answer would give.
    """
    return np.asarray((chance * information).sum(axis=-1))


def kullback_leibler(log_chance: FloatArray, log_probability: FloatArray, weights: FloatArray) -> FloatArray:
    r"""Kullback-Leibler divergence from the estimate, weighted: KL with a likelihood, KLP with a posterior.

    .. math:: \int W(\theta) \sum_t P_{jt}(\hat\theta)\log\frac{P_{jt}(\hat\theta)}{P_{jt}(\theta)}\,d\theta

    Parameters
    ----------
    log_chance : ndarray, shape (n_items, n_categories)
        Log-probability of each answer at the estimate.
    log_probability : ndarray, shape (n_items, n_categories, n_quadrature)
    weights : ndarray, shape (n_quadrature,)
    """
    absent = np.isneginf(log_chance)
    if absent.any():
        log_probability = np.where(absent[..., None], 0.0, log_probability)
    mean_log = log_probability.reshape(-1, log_probability.shape[-1]) @ weights
    known = np.where(absent, 0.0, log_chance)
    gap = float(weights.sum()) * known - mean_log.reshape(known.shape)
    return np.asarray((np.exp(log_chance) * gap).sum(axis=-1))


def pointwise_kullback_leibler(log_upper: FloatArray, log_lower: FloatArray) -> FloatArray:
    r"""Divergence between two abilities, :math:`\sum_t P_t(\theta_1)\log(P_t(\theta_1)/P_t(\theta_0))`.

    Parameters
    ----------
    log_upper, log_lower : ndarray, shape (n_items, n_categories)
        Log-probabilities at the two ends of an indifference region.
    """
    absent = np.isneginf(log_upper)
    gap = np.where(absent, 0.0, log_upper) - np.where(absent, 0.0, log_lower)
    return np.asarray((np.exp(log_upper) * gap).sum(axis=-1))


def global_discrimination(probability: FloatArray, weights: FloatArray) -> FloatArray:
    r"""Variance over theta of the probability of each answer, summed (GDI, GDIP); 0/1 items: of P.

    .. math:: \tfrac12\sum_t \sum_q w_q (P_{jt}(\theta_q) - \bar P_{jt})^2,\qquad \sum_q w_q = 1

    Parameters
    ----------
    probability : ndarray, shape (n_items, n_categories, n_quadrature)
    weights : ndarray, shape (n_quadrature,)
        Normalised here. The source sums over the nodes without a quadrature rule.

    Notes
    -----
    With two categories both terms are the variance of P, hence the half.
    """
    share = weights / weights.sum()
    mean = probability @ share
    # The mean is taken off first: the difference of two raw moments would lose the small variances.
    spread = probability - mean[..., None]
    return np.asarray(0.5 * np.einsum("ijq,ijq,q->i", spread, spread, share, optimize=False))


def nearest(theta: ArrayLike, places: FloatArray) -> FloatArray:
    """Minus the distance of theta to each place: bOpt with difficulties, thOpt with `information_peak`.

    Examples
    --------
    >>> nearest(0.5, np.array([-1.0, 0.75])).tolist()
    [-1.5, -0.25]
    """
    return -np.abs(np.asarray(theta, dtype=np.float64)[..., None] - places)


def information_peak(parameters: ItemParameters) -> FloatArray:
    r"""Theta at which each item informs most, logits, shape (n_items,).

    The root of the derivative of :math:`\log I` in :math:`z = a(\theta - b)`,

    .. math:: 2(1 - 2s)\,PQ - (d - c)\,s(1 - s)(1 - 2P) = 0,\qquad s = \sigma(z),\; P = c + (d - c)s

    Notes
    -----
    Bisection in z on all items at once (there is one maximum, Magis 2013): no case distinction between the
    models, and exact to the last bits. With c = 0 and d = 1 it is b itself.
    """
    c, d = parameters.c, parameters.d
    low, high = np.full(len(parameters), -40.0), np.full(len(parameters), 40.0)
    for _ in range(_BISECTIONS):
        z = (low + high) / 2
        up, down = expit(z), expit(-z)
        p, q = c + (d - c) * up, (1 - d) + (d - c) * down
        rising = 2 * (down - up) - (d - c) * up * down * (q - p) / (p * q) > 0
        low, high = np.where(rising, z, low), np.where(rising, high, z)
    z = np.where((c == 0) & (d == 1), 0.0, (low + high) / 2)
    return np.asarray(parameters.b + z / parameters.a)


def progress(position: int, length: int, acceleration: float = 1.0) -> float:
    r"""Weight of information in `progressive`: 0 before the first item, 1 before the last.

    .. math:: W = \sum_{k=1}^{q} (k - 1)^t \Big/ \sum_{k=1}^{M} (k - 1)^t

    with q the place of the item to be chosen, M the length and t the acceleration.

    Examples
    --------
    >>> progress(0, 10), progress(9, 10), round(progress(4, 10), 3)
    (0.0, 1.0, 0.222)
    """
    if length <= 1:
        return 1.0
    steps = np.arange(length, dtype=np.float64) ** acceleration
    steps[0] = 0.0
    return float(steps[: position + 1].sum() / steps.sum())


def progressive(information: FloatArray, draws: FloatArray, weight: float) -> FloatArray:
    r"""Mix a random and an informative part, :math:`(1 - W) R_j + W I_j`, R uniform below the largest I.

    Parameters
    ----------
    information : ndarray, shape (n_items,), 1/logit^2
    draws : ndarray, shape (n_items,)
        Uniform in [0, 1).
    weight : float
        From `progress`.
    """
    return np.asarray((1 - weight) * draws * information.max(axis=-1, keepdims=True) + weight * information)


def proportional(information: FloatArray, draws: FloatArray, weight: float, length: int) -> FloatArray:
    r"""Order items at random with chances in proportion to :math:`I_j^{H}`; the largest is the one drawn.

    Parameters
    ----------
    information : ndarray, shape (n_items,), 1/logit^2
    draws : ndarray, shape (n_items,)
        Uniform in [0, 1).
    weight : float
        From `progress`; H = `length` times it, 0 (every item alike) at the beginning.
    Returns
    -------
    ndarray, shape (n_items,)
        In [0, 1]: :math:`u_j^{1 / p_j}`.

    Notes
    -----
    The largest of :math:`u^{1/p}` is item j with probability :math:`p_j / \sum p` (Efraimidis & Spirakis
    2006), so that a random draw becomes a gain like any other, and works inside a shadow test.
    """
    power = length * weight
    highest = information.max(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):  # information 0 is a chance of 0
        log_chance = power * (np.log(information) - np.log(highest))
        order = np.log(draws) * np.exp(-np.maximum(log_chance, -600.0))
    return np.asarray(np.exp(np.maximum(order, -700.0)))


def strata(a: ArrayLike, count: int, *, blocks_of: ArrayLike | None = None) -> IntArray:
    """Stratum of each item by discrimination, 0 (the lowest) to `count` - 1, shape (n_items,).

    Parameters
    ----------
    a : array_like, shape (n_items,)
        Discrimination.
    count : int
        Number of strata, of equal size; the last one holds the remainder.
    blocks_of : array_like, shape (n_items,), optional
        Difficulty: items are first sorted by it into blocks of `count`, and each block gives one item to each
        stratum (b-blocking), so that every stratum covers the whole range of difficulty.

    Raises
    ------
    InvalidRules
        When there are fewer items than strata.

    Notes
    -----
    Equal discriminations fall in the order of the bank.

    Examples
    --------
    >>> strata([0.5, 2.0, 1.0, 1.5], 2).tolist()
    [0, 1, 0, 1]
    >>> strata([0.5, 2.0, 1.0, 1.5], 2, blocks_of=[-1.0, 1.0, -0.9, 1.1]).tolist()
    [0, 1, 1, 0]
    """
    values = np.asarray(a, dtype=np.float64)
    if not 1 <= count <= len(values):
        raise InvalidRules("strata", f"must lie between 1 and the number of items, is {count}")
    if blocks_of is None:
        place = np.empty(len(values), dtype=np.int64)
        place[np.argsort(values, kind="stable")] = np.arange(len(values))
        return np.minimum(place // (len(values) // count), count - 1)
    by_difficulty = np.argsort(np.asarray(blocks_of, dtype=np.float64), kind="stable")
    stratum = np.empty(len(values), dtype=np.int64)
    for start in range(0, len(values), count):
        block = by_difficulty[start : start + count]
        stratum[block[np.argsort(values[block], kind="stable")]] = np.arange(len(block))
    return stratum


def nearest_cut(theta: ArrayLike, cuts: FloatArray) -> IntArray:
    """Place of the cut score nearest to theta, the lower one of two equally near."""
    return np.asarray(np.abs(np.asarray(theta, dtype=np.float64)[..., None] - cuts).argmin(axis=-1))


def per_second(gain: FloatArray, seconds: FloatArray) -> FloatArray:
    """Gain per expected second, shape of `gain`; `seconds` (n_items,), > 0.

    Notes
    -----
    Fan, Wang, Chang & Douglas (2012), *JEBS* 37, 655-670: the most information in a given time.
    """
    return np.asarray(gain / seconds)


class Logistic(NamedTuple):
    """Dichotomous items in the form in which their information is cheapest."""

    plain: bool  # no asymptotes
    rows: FloatArray  # plain: a, a b, a^2; otherwise a, a b, a^2, c, 1 - d, d - c; (n_rows, ..., n_items)


def logistic(parameters: ItemParameters) -> Logistic:
    """Precompute what `logistic_information` reads."""
    a, b, c, d = parameters.a, parameters.b, parameters.c, parameters.d
    plain = bool((c == 0).all() and (d == 1).all())
    rows = [a, a * b, a * a] if plain else [a, a * b, a * a, c, 1 - d, d - c]
    return Logistic(plain, np.stack(rows))


def logistic_information(items: Logistic, theta: ArrayLike) -> FloatArray:
    r"""Fisher information of dichotomous items without logarithms, `theta` broadcast against the items.

    .. math:: I = \frac{a^2 (d - c)^2 s^2 (1 - s)^2}{P Q},\qquad s = \sigma(a\theta - ab)

    Notes
    -----
    Sums of positive terms: exact to a few units in the last place of a theta. Nothing overflows; beyond
    |a (theta - b)| = 300 an item has long reached its asymptotes and its information stays at that value,
    below 1e-130.
    """
    rows = items.rows
    z = rows[0] * theta
    z -= rows[1]
    if items.plain:
        np.abs(z, out=z)
        np.negative(z, out=z)
        np.exp(z, out=z)
        down = z + 1.0
        down *= down
        z /= down
        z *= rows[2]
        return np.asarray(z)
    np.clip(z, -300.0, 300.0, out=z)
    np.negative(z, out=z)
    np.exp(z, out=z)  # (1 - s) / s
    up = 1.0 / (1.0 + z)
    z *= up  # 1 - s
    slope = up * z
    slope *= rows[5]
    up *= rows[5]
    up += rows[3]  # P
    z *= rows[5]
    z += rows[4]  # Q
    slope *= slope
    slope /= up
    slope /= z
    slope *= rows[2]
    return np.asarray(slope)


@dataclass(frozen=True, slots=True, eq=False)
class Selector:
    """The tables that one criterion needs, for the items of a bank; made by `compile_selector`.

    It knows nothing of what has been answered.
    """

    criterion: Criterion
    parameters: Parameters
    nodes: FloatArray  # (n_quadrature,)
    log_prior: FloatArray  # (n_quadrature,)
    information: FloatArray  # (n_quadrature, n_items)
    log_probability: FloatArray  # (n_items, n_categories, n_quadrature), 0 where there is no such score
    probability: FloatArray  # (n_items, n_categories, n_quadrature)
    logistic: Logistic | None  # of a dichotomous bank
    places: FloatArray  # (n_items,): difficulties or peaks, logits
    stratum: IntArray  # (n_items,)
    n_strata: int
    length: int
    cuts: FloatArray
    cut_information: FloatArray  # (n_cuts, n_items)

    def gains(self, weights: FloatArray, theta: FloatArray, position: int) -> FloatArray:
        """Gain of every item for every person, shape (n_persons, n_items), not negative.

        Parameters
        ----------
        weights : ndarray, shape (n_persons, n_quadrature)
            Posterior of each person on the nodes, summing to 1.
        theta : ndarray, shape (n_persons,), logits
            Estimates (posterior means).
        position : int
            Number of items answered.

        Notes
        -----
        Of the criteria in `WITH_DRAWS` it is the information that they mix with draws, which belong to the
        sitting: `mixed` does that.
        """
        rule = self.criterion
        if rule in (Criterion.MFI, Criterion.PROGRESSIVE, Criterion.PROPORTIONAL):
            return self.information_at(theta)
        if rule is Criterion.RANDOM:
            return np.ones((len(theta), self.information.shape[1]))
        if rule is Criterion.CUT:
            return self.cut_information[nearest_cut(theta, self.cuts)]
        if rule in (Criterion.B_OPT, Criterion.TH_OPT, Criterion.A_STRATIFIED):
            return self._by_distance(theta, position)
        if rule in (Criterion.MLWI, Criterion.KL, Criterion.GDI):
            weights = self._likelihood(weights)
        if rule in (Criterion.MPWI, Criterion.MLWI):
            return self._weighted(weights)
        return np.stack([self._one(row, float(now)) for row, now in zip(weights, theta, strict=True)])

    def mixed(self, gain: FloatArray, draws: FloatArray, position: int, acceleration: float) -> FloatArray:
        """Gains of one of `WITH_DRAWS` from the information and the draws of the sitting, same shape."""
        if self.criterion is Criterion.RANDOM:
            return draws
        weight = progress(position, self.length, acceleration)
        if self.criterion is Criterion.PROGRESSIVE:
            return progressive(gain, draws, weight)
        return proportional(gain, draws, weight, self.length)

    def information_at(self, theta: FloatArray) -> FloatArray:
        """Fisher information of every item at each theta, shape (n_theta, n_items)."""
        if self.logistic is not None:
            return logistic_information(self.logistic, theta[:, None])
        return models.information(self.parameters, theta)

    def _weighted(self, weights: FloatArray) -> FloatArray:
        if len(weights) > 1:
            return weighted_information(self.information, weights)
        # Only the nodes that hold any weight are read: a third of the table after a few answers.
        window = held(weights[0])
        return weighted_information(self.information[window], weights[:, window])

    def _one(self, weights: FloatArray, theta: float) -> FloatArray:
        rule = self.criterion
        window = held(weights)
        weights, nodes = weights[window], self.nodes[window]
        if rule in (Criterion.KL, Criterion.KLP):
            log_chance = models.tables(self.parameters, [theta]).log_probability[:, :, 0]
            return np.maximum(kullback_leibler(log_chance, self.log_probability[..., window], weights), 0.0)
        probability = self.probability[..., window]
        if rule in (Criterion.GDI, Criterion.GDIP):
            return global_discrimination(probability, weights)
        after = predictions(probability, weights, nodes)
        if rule is Criterion.MEI:
            return expected_information(after.mass, self._own_information(after.theta))
        variance = float(weights @ (nodes - theta) ** 2)
        return np.maximum(variance + expected_posterior_variance(after.mass, after.variance), 0.0)

    def _own_information(self, theta: FloatArray) -> FloatArray:
        """Fisher information of each item at thetas of its own, (n_items, n_categories)."""
        if self.logistic is not None:
            return logistic_information(Logistic(self.logistic.plain, self.logistic.rows[..., None]), theta)
        # Cubic between the nodes: of other models only the table is cheap; the error is below 1e-4 relative.
        step = self.nodes[1] - self.nodes[0]
        place = np.clip((theta - self.nodes[0]) / step, 1.0, len(self.nodes) - 2.000001)
        first = place.astype(np.int64) - 1
        t = place - first - 1
        items = np.arange(len(theta))[:, None]
        coefficients = (
            -t * (t - 1) * (t - 2) / 6,
            (t + 1) * (t - 1) * (t - 2) / 2,
            -(t + 1) * t * (t - 2) / 2,
            (t + 1) * t * (t - 1) / 6,
        )
        terms = [part * self.information[first + k, items] for k, part in enumerate(coefficients)]
        return np.asarray(np.maximum(np.sum(terms, axis=0), 0.0))

    def _likelihood(self, weights: FloatArray) -> FloatArray:
        """Posterior over prior, scaled to sum to 1."""
        with np.errstate(divide="ignore"):  # a weight of 0 stays 0
            log_density = np.log(weights) - self.log_prior
        density = np.exp(log_density - log_density.max(axis=-1, keepdims=True))
        return np.asarray(density / density.sum(axis=-1, keepdims=True))

    def _by_distance(self, theta: FloatArray, position: int) -> FloatArray:
        gain: FloatArray = 1.0 / (1.0 - nearest(theta, self.places))
        if len(self.stratum):
            current = min(position * self.n_strata // max(self.length, 1), self.n_strata - 1)
            gain = np.where(self.stratum == current, 1.0 + gain, gain)
        return gain


def held(weights: FloatArray) -> slice:
    """Nodes that hold any weight."""
    places = np.flatnonzero(weights > _NEGLIGIBLE * weights.max())
    return slice(int(places[0]), int(places[-1]) + 1)


def compile_selector(
    criterion: Criterion,
    parameters: Parameters,
    tables: models.Tables,
    nodes: FloatArray,
    log_prior: FloatArray,
    *,
    length: int,
    cuts: FloatArray,
    n_strata: int = 4,
    blocking: bool = True,
) -> Selector:
    """Precompute what the criterion reads.

    Parameters
    ----------
    criterion : Criterion
    parameters : Parameters, n_items
    tables : models.Tables
        Of these parameters on `nodes`.
    length : int
        Of the test, for the criteria that change with the position.
    cuts : ndarray, logits
        For `Criterion.CUT`.
    n_strata, blocking
        For `Criterion.A_STRATIFIED`.

    Raises
    ------
    InvalidRules
        A criterion that the bank or the design has nothing for: difficulties of items with more than two
        categories, cut scores.
    """
    dichotomous = parameters if isinstance(parameters, ItemParameters) else None
    places = cut_information = probability = log_probability = np.zeros(0)
    stratum = np.zeros(0, dtype=np.int64)
    if criterion in (Criterion.B_OPT, Criterion.TH_OPT, Criterion.A_STRATIFIED):
        if dichotomous is None:
            raise InvalidRules("criterion", f"{criterion.value} needs items with two categories")
        places = information_peak(dichotomous) if criterion is Criterion.TH_OPT else dichotomous.b
        if criterion is Criterion.A_STRATIFIED:
            stratum = strata(dichotomous.a, n_strata, blocks_of=dichotomous.b if blocking else None)
    if criterion is Criterion.CUT:
        if not len(cuts):
            raise InvalidRules("criterion", "cut needs a design with cut scores")
        cut_information = models.information(parameters, cuts)
    if criterion in (Criterion.MEI, Criterion.MEPV, Criterion.GDI, Criterion.GDIP):
        probability = np.exp(tables.log_probability)
    if criterion in (Criterion.KL, Criterion.KLP):
        table = tables.log_probability
        log_probability = np.where(np.isneginf(table), 0.0, table) if np.isneginf(table).any() else table
    return Selector(
        criterion=criterion,
        parameters=parameters,
        nodes=nodes,
        log_prior=log_prior,
        information=tables.information,
        log_probability=log_probability,
        probability=probability,
        logistic=None if dichotomous is None else logistic(dichotomous),
        places=places,
        stratum=stratum,
        n_strata=n_strata,
        length=length,
        cuts=cuts,
        cut_information=cut_information,
    )


# item, bound, and the rows of `Logistic`
_Listed: TypeAlias = tuple[int, float, float, float, float, float, float, float]


class Shortlists(NamedTuple):
    """The most informative items by cell of theta: finds the best item without looking at the whole bank."""

    low: float  # lower end of the first cell, logits
    per_logit: float  # cells per logit
    last: int  # number of the last cell
    plain: bool  # no asymptotes
    items: IntArray  # (n_cells, n_listed): by decreasing bound
    bounds: FloatArray  # (n_cells, n_listed + 1): at least the information that the item has in the cell
    rows: FloatArray  # (n_rows, n_cells, n_listed): of `Logistic`
    listing: tuple[tuple[_Listed, ...], ...]  # the same once more, cell by cell, as plain numbers
    log_density: FloatArray  # (2 n_items + 1, n_quadrature): log-probability of each answer; the log-prior
    ones: FloatArray  # (n_listed + 1,)

    def cells(self, theta: FloatArray) -> tuple[IntArray, BoolArray]:
        """Cell of each theta, and whether it lies inside the range of the lists."""
        place = np.floor((theta - self.low) * self.per_logit)
        inside = (place >= 0) & (place <= self.last)
        return np.clip(place, 0, self.last).astype(np.int64), inside

    def best(self, cell: int, theta: float, given: set[int], bits: int) -> tuple[list[int], float] | None:
        """Items left whose information is the largest in units of 2**-`bits`, and that information.

        None where an item outside the list could be it. Plain arithmetic: a dozen items are read before the
        bound of the next one is too small, less work than one array operation for all of them.
        """
        best = highest = outside = -1.0
        largest = self.bounds.item(cell, 0)
        slack = largest * 2.0 ** (1 - bits)
        # The unit depends on the exponent alone: once this is reached, no item left can change it.
        least = math.ldexp(0.5, math.frexp(largest)[1])
        near: list[tuple[int, float]] = []
        for item, bound, a, ab, aa, c, miss, spread in self.listing[cell]:
            if bound < best - slack:
                break
            if highest >= least and item in given:
                continue
            ratio = math.exp(-abs(a * theta - ab))
            if self.plain:
                value = aa * ratio / ((1.0 + ratio) * (1.0 + ratio))
            else:
                # sigma and 1 - sigma, the larger one being 1 / (1 + ratio)
                up, down = 1.0 / (1.0 + ratio), ratio / (1.0 + ratio)
                if a * theta < ab:
                    up, down = down, up
                slope = up * down * spread
                value = aa * slope * slope / ((c + spread * up) * (miss + spread * down))
            if value > highest:
                highest = value
            if value > best - slack and item not in given:
                near.append((item, value))
                if value > best:
                    best = value
        else:
            outside = self.bounds.item(cell, -1)
        if best <= 0:
            return None
        quantum = math.ldexp(1.0, math.frexp(highest)[1] - bits)
        top = round(best / quantum)
        # Items outside the list must not reach the quantum of the best one, nor set a larger unit.
        if outside > 0 and (highest < outside or top <= outside / quantum + 1):
            return None
        return [item for item, value in near if round(value / quantum) == top], best


def shortlists(
    parameters: ItemParameters,
    log_probability: FloatArray,
    log_prior: FloatArray,
    *,
    low: float = -8.0,
    high: float = 8.0,
    per_logit: int = 16,
    listed: int = 64,
) -> Shortlists:
    """List the items that can be the most informative in each cell of theta.

    Parameters
    ----------
    parameters : ItemParameters, n_items
    log_probability, log_prior : ndarray
        (n_items, 2, n_quadrature) and (n_quadrature,), kept beside the lists in one table.
    low, high : float
        Range of theta, logits.
    per_logit : int
        Cells per logit.
    listed : int
        Items per cell.

    Notes
    -----
    The information of an item rises before its peak and falls after it, so that its bound in a cell is its
    value at an edge, or at the peak when that lies inside. A choice among the first m items listed is a
    choice from the whole bank whenever its information is at least the bound of the next one; otherwise the
    reader searches the bank.
    """
    items = logistic(parameters)
    peak = information_peak(parameters)
    at_peak = logistic_information(items, peak)
    n_items, n_cells = len(parameters), round((high - low) * per_logit)
    listed = min(listed, n_items)
    kept = np.empty((n_cells, listed), dtype=np.int64)
    bounds = np.full((n_cells, listed + 1), -np.inf)
    edges = low + np.arange(n_cells + 1) / per_logit
    before = logistic_information(items, edges[0])
    for cell in range(n_cells):
        after = logistic_information(items, edges[cell + 1])
        inside = (peak > edges[cell]) & (peak < edges[cell + 1])
        bound = np.where(inside, at_peak, np.maximum(before, after))
        best = np.arange(n_items)
        if listed < n_items:
            part = np.argpartition(-bound, listed)
            bounds[cell, -1] = bound[part[listed]]
            best = part[:listed]
        kept[cell] = best[np.argsort(-bound[best], kind="stable")]
        bounds[cell, :-1] = bound[kept[cell]]
        before = after
    # A hair above, so that a rounding error never hides the best item.
    bounds *= 1 + 1e-9
    rows = np.ascontiguousarray(items.rows[:, kept])
    columns = items.rows if not items.plain else np.concatenate([items.rows, np.zeros((3, n_items))])
    listing = tuple(
        tuple(zip(own.tolist(), bound.tolist(), *columns[:, own].tolist(), strict=False))
        for own, bound in zip(kept, bounds, strict=True)
    )
    log_density = np.concatenate([log_probability.reshape(2 * n_items, -1), log_prior[None]])
    return Shortlists(
        low=low,
        per_logit=float(per_logit),
        last=n_cells - 1,
        plain=items.plain,
        items=kept,
        bounds=bounds,
        rows=rows,
        listing=listing,
        log_density=read_only(log_density),
        ones=np.ones(listed + 1),
    )


def checked_seconds(seconds: ArrayLike, n_items: int) -> FloatArray:
    """Return expected seconds as a frozen array (n_items,), or raise InvalidParameters."""
    values = frozen(seconds)
    if values.shape != (n_items,):
        raise InvalidParameters("seconds", None, f"must hold {n_items} values, one per item")
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        index = int(np.argmax(wrong))
        raise InvalidParameters("seconds", index, f"must be finite and greater than 0, is {values[index]}")
    return values
