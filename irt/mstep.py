r"""The M-step: item parameters from expected counts, vectorised over the items of one model.

Every model is written in slope-intercept form, in which it is smooth and nearly independent of the others:

====================  ==============================  =================================================
model                 natural parameters x             log-odds
====================  ==============================  =================================================
1PL to 4PL            a, d, logit c, logit u           z = a theta + d; P = c + (u - c) sigma(z)
graded                a, d_1 > ... > d_m               P(X >= k) = sigma(a theta + d_k)
PCM, GPCM, RSM        a, d_1, ..., d_m                 P(X = k) in proportion to exp(k a theta + d_k)
nominal               s_1..s_m, d_1..d_m               P(X = k) in proportion to exp(s_k theta + d_k)
====================  ==============================  =================================================

A model restricts x by a linear map x = offset + local u + shared v: u belongs to one item, v to all items of the
family (the common slope of the 1PL, the steps of the rating scale). With R the expected counts of the E-step, a step
of Fisher scoring solves (F + prior) step = score, where

.. math:: s = \sum_{kq} R_{kq} \partial \log P_k(\theta_q), \qquad
          F = \sum_{kq} N_q P_k\, \partial \log P_k\, \partial \log P_k^T,

and is halved where the expected log-likelihood would fall; shared parameters by elimination of the local ones.

References
----------
Bock & Aitkin (1981), *Psychometrika* 46, eq. 19-24. Muraki, E. (1992). A generalized partial credit model.
*Applied Psychological Measurement* 16, 159-176. Samejima (1969), *Psychometrika* Monograph 17. Bock (1972),
*Psychometrika* 37. Andrich (1978), *Psychometrika* 43. Mislevy, R. J. (1986). Bayes modal estimation in item
response models. *Psychometrika* 51, 177-195 (priors).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, expit, log_expit, logit

from irt.errors import InvalidRules
from irt.types import (
    BoolArray,
    FloatArray,
    GradedParameters,
    IntArray,
    ItemParameters,
    MixedParameters,
    NominalParameters,
    OneModel,
    Parameters,
)

_LARGEST_STEP: Final = 1.5
_NO_VARIANCE: Final = 1e-200  # of an answer that is as good as certain
_TURNED: Final = 0.3  # of the slope at the start of a step, with the sign changed
_LEAST_GAP: Final = 1e-3  # between the intercepts of a graded item
_ASYMPTOTE_RANGE: Final = 9.0  # of logit c and logit u: a guessing of 1e-4 is none
_CELLS: Final = 1 << 20  # numbers in one intermediate array: 8 MB
_ITEMS: Final = 1 << 10  # items at a time: small enough for one thread of BLAS
_LOG_TWO_PI: Final = float(np.log(2 * np.pi))


class Model(Enum):
    """Item response model of an item, by the name that commands and files use."""

    RASCH = "rasch"  # a = 1, the sd of ability is estimated
    ONE_PL = "1pl"  # one slope for all, the sd of ability is 1
    TWO_PL = "2pl"
    THREE_PL = "3pl"
    FOUR_PL = "4pl"
    GRADED = "grm"
    PARTIAL_CREDIT = "pcm"  # a = 1, the sd of ability is estimated
    GENERALIZED_PARTIAL_CREDIT = "gpcm"
    RATING_SCALE = "rsm"  # a = 1 and common steps, the sd of ability is estimated
    NOMINAL = "nrm"

    @property
    def dichotomous(self) -> bool:
        """Whether the model is one of right or wrong."""
        return self in _DICHOTOMOUS

    @property
    def unit_slope(self) -> bool:
        """Whether slopes are 1 and the sd of ability carries the scale."""
        return self in (Model.RASCH, Model.PARTIAL_CREDIT, Model.RATING_SCALE)


_DICHOTOMOUS: Final = (Model.RASCH, Model.ONE_PL, Model.TWO_PL, Model.THREE_PL, Model.FOUR_PL)


# Priors


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal density; one number for every item or one per item. On c and d it is a density of the logit."""

    mean: ArrayLike
    sd: ArrayLike


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Normal density of the logarithm: of a discrimination. `mean` and `sd` are those of log a."""

    mean: ArrayLike
    sd: ArrayLike


@dataclass(frozen=True, slots=True)
class Beta:
    """Beta density of an asymptote, the density of c itself (and so is its maximum)."""

    alpha: ArrayLike
    beta: ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class Priors:
    r"""Prior densities of item parameters; what is not named has none.

    Parameters
    ----------
    a : LogNormal or Normal, optional
        Discrimination, 1/logit.
    b : Normal, optional
        Difficulty; of an item with several scores its location, the mean of its thresholds, logits.
    c, d : Beta or Normal, optional
        Guessing and upper asymptote; `Normal` is one of logit c or logit d.
    level : array_like of int, shape (n_items,), optional
        Declared level of each item. The mean of b is then that of the item's level and is estimated: `b.mean` is
        where the level was expected and `level_sd` how far off that may be.
    level_sd : float
        Sd of a level's mean around its expected place, logits.

    Notes
    -----
    A maximum depends on what the density is a density of. Here it is one of (a, b, c, d), the parameters one reports,
    whatever the algorithm works with: with :math:`\gamma` = logit c the beta prior
    :math:`(\alpha - 1) \log c + (\beta - 1) \log(1 - c)` has the gradient
    :math:`(\alpha - 1)(1 - c) - (\beta - 1) c` in :math:`\gamma`: the factor c (1 - c) of the chain rule belongs
    to it.

    Examples
    --------
    >>> guessing = launch_priors(level_b=[-1.0, 1.0], options=[4, 0]).c
    >>> np.asarray(guessing.alpha).round(2).tolist(), np.asarray(guessing.beta).round(2).tolist()
    ([6.0, 2.0], [16.0, 100.0])
    """

    a: LogNormal | Normal | None = None
    b: Normal | None = None
    c: Beta | Normal | None = None
    d: Beta | Normal | None = None
    level: ArrayLike | None = None
    level_sd: float = 0.5


def launch_priors(
    level_b: ArrayLike, options: ArrayLike, level: ArrayLike | None = None, *, sd_b: float = 0.7
) -> Priors:
    """Priors of a first calibration: b around its level's mean, a lognormal, c by the number of options.

    Parameters
    ----------
    level_b : array_like, shape (n_items,)
        Difficulty that the experts expected of each item, logits.
    options : array_like of int, shape (n_items,)
        Options of a choice item; 0 where nothing can be guessed.
    level : array_like of int, shape (n_items,), optional
        Declared level; its mean difficulty is then estimated with the items.
    sd_b : float
        Sd of b within a level, logits.

    Notes
    -----
    c of an item with m options has its mode at 1/m and the weight of 20 answers of persons who know nothing; of an item
    without options the mode is at 0.01.
    """
    count = np.asarray(options, dtype=np.float64)
    choice = count >= 2
    mode = 1 / np.where(choice, count, 2.0)
    alpha = np.where(choice, 1 + 20 * mode, 2.0)
    beta = np.where(choice, 1 + 20 * (1 - mode), 100.0)
    mean = np.array(level_b, dtype=np.float64)
    return Priors(LogNormal(0.0, 0.4), Normal(mean, sd_b), Beta(alpha, beta), Beta(100.0, 2.0), level)


class _Side(NamedTuple):
    """One prior, spread over the items of a family."""

    kind: str
    one: FloatArray
    two: FloatArray


def _spread(
    prior: Normal | LogNormal | Beta | None, name: str, items: IntArray, n_items: int
) -> _Side | None:
    if prior is None:
        return None
    if isinstance(prior, Beta):
        kind, given = "beta", (prior.alpha, prior.beta)
    else:
        kind, given = ("lognormal" if isinstance(prior, LogNormal) else "normal"), (prior.mean, prior.sd)
    try:
        one, two = (np.broadcast_to(np.asarray(values, dtype=np.float64), (n_items,)) for values in given)
    except ValueError as error:
        raise InvalidRules(
            f"priors.{name}", f"must hold one number or one for each of {n_items} items"
        ) from error
    if not (np.isfinite(one).all() and (two > 0).all() and (kind != "beta" or (one > 0).all())):
        raise InvalidRules(f"priors.{name}", "must be finite, with a spread greater than 0")
    return _Side(kind, one[items], two[items])


# Families


class Kind(Enum):
    """Form of the response function, whatever restricts its parameters."""

    LOGISTIC = 0
    GRADED = 1
    DIVIDED = 2  # partial credit
    NOMINAL = 3


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Items of one model and one number of scores, estimated together."""

    model: Model | None  # none: parameters are fixed
    kind: Kind
    items: IntArray  # (n,)
    codes: IntArray  # (n, n_categories): row of each score in the tables of an E-step
    names: tuple[str, ...]  # of the natural parameters, P of them
    offset: FloatArray  # (P,)
    local: FloatArray  # (P, n_local)
    shared: FloatArray  # (P, n_shared)
    slope: FloatArray  # (P,): discrimination is slope @ x
    intercept: FloatArray  # (P,): location is -(intercept @ x) / (slope @ x)
    start: FloatArray  # (n, P); of fixed items, the parameters
    prior_a: _Side | None = None
    prior_b: _Side | None = None
    prior_c: _Side | None = None
    prior_d: _Side | None = None

    @property
    def free(self) -> bool:
        """Whether anything is estimated."""
        return self.model is not None

    @property
    def n_categories(self) -> int:
        """Number of scores."""
        return int(self.codes.shape[1])

    def discrimination(self, x: FloatArray) -> FloatArray:
        """Discrimination of each item, shape (n,); of a nominal item the mean slope per score."""
        return _finite(x) @ self.slope

    def location(self, x: FloatArray) -> FloatArray:
        """Difficulty of each item, shape (n,); of an item with several scores the mean of its thresholds."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return -(_finite(x) @ self.intercept) / self.discrimination(x)

    def natural(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """Natural parameters x = offset + local u + shared v, shape (n, P)."""
        if not self.free:
            return self.start
        return self.offset + u @ self.local.T + self.shared @ v

    def split(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Nearest (u, v) of natural parameters: where an estimation starts."""
        rest = x - self.offset
        if self.shared.shape[1]:
            both = np.hstack([self.local, self.shared])
            found = np.linalg.lstsq(both, rest.T, rcond=None)[0].T
            v = found[:, self.local.shape[1] :].mean(axis=0)
            rest = rest - self.shared @ v
        else:
            v = np.zeros(0)
        u = np.linalg.lstsq(self.local, rest.T, rcond=None)[0].T if self.local.shape[1] else rest[:, :0]
        return np.ascontiguousarray(u), v


def _finite(x: FloatArray) -> FloatArray:
    """Without the infinite logits of the asymptotes that a fixed item does not have."""
    return np.where(np.isfinite(x), x, 0.0)


def families(
    models: Sequence[Model],
    n_categories: IntArray,
    offsets: IntArray,
    items: IntArray,
    fixed: dict[int, tuple[Kind, FloatArray]],
    priors: Priors,
    counts: FloatArray,
) -> tuple[Family, ...]:
    """Group `items` by model and number of scores; those in `fixed` by form.

    Parameters
    ----------
    counts : ndarray, shape (n_codes,)
        Answers of each kind, from which the start values come.
    """
    n_items = len(n_categories)
    made = []
    groups: dict[tuple[Model | Kind, int, int], list[int]] = {}
    for item in items.tolist():
        what: Model | Kind = fixed[item][0] if item in fixed else models[item]
        width = len(fixed[item][1]) if item in fixed else 0
        groups.setdefault((what, int(n_categories[item]), width), []).append(item)
    for (what, k, _), members in groups.items():
        own = np.array(members, dtype=np.int64)
        codes = offsets[own][:, None] + np.arange(k)
        if isinstance(what, Kind):
            start = np.stack([fixed[item][1] for item in members])
            made.append(_family(None, what, own, codes, k, start, priors, n_items))
        else:
            kind = _kind(what)
            start = _start(what, kind, counts[codes])
            made.append(_family(what, kind, own, codes, k, start, priors, n_items))
    return tuple(made)


def _kind(model: Model) -> Kind:
    if model.dichotomous:
        return Kind.LOGISTIC
    return {Model.GRADED: Kind.GRADED, Model.NOMINAL: Kind.NOMINAL}.get(model, Kind.DIVIDED)


def _family(
    model: Model | None,
    kind: Kind,
    items: IntArray,
    codes: IntArray,
    k: int,
    start: FloatArray,
    priors: Priors,
    n_items: int,
) -> Family:
    size = start.shape[1]
    eye, nothing = np.eye(size), np.zeros((size, 0))
    offset, local, shared = np.zeros(size), eye, nothing
    if kind is Kind.LOGISTIC:
        names: tuple[str, ...] = ("a", "d", "logit_c", "logit_u")[:size]
        slope, intercept = eye[0], eye[1]
    elif kind is Kind.GRADED:
        names = ("a", *(f"d{j}" for j in range(1, k)))
        slope, intercept = eye[0], eye[1:].mean(axis=0)
    elif kind is Kind.DIVIDED:
        names = ("a", *(f"d{j}" for j in range(1, k)))
        slope, intercept = eye[0], eye[-1] / (k - 1)
    else:
        names = (*(f"s{j}" for j in range(1, k)), *(f"d{j}" for j in range(1, k)))
        slope, intercept = eye[k - 2] / (k - 1), eye[-1] / (k - 1)
    if model is not None and model.unit_slope:
        offset, local = eye[0].copy(), eye[:, 1:]
    if model is Model.ONE_PL:
        local, shared = eye[:, 1:], eye[:, :1]
    if model is Model.RATING_SCALE:
        local = np.concatenate([[0.0], -np.arange(1.0, k)])[:, None]
        shared = np.vstack([np.zeros((1, k - 2)), -np.eye(k - 2), np.zeros((1, k - 2))])
    return Family(
        model,
        kind,
        items,
        codes,
        names,
        offset,
        local,
        shared,
        slope,
        intercept,
        start,
        _spread(priors.a, "a", items, n_items),
        _spread(priors.b, "b", items, n_items),
        _spread(priors.c, "c", items, n_items) if size > 2 and kind is Kind.LOGISTIC else None,
        _spread(priors.d, "d", items, n_items) if size > 3 and kind is Kind.LOGISTIC else None,
    )


def _start(model: Model, kind: Kind, counts: FloatArray) -> FloatArray:
    """Slope 1 and the intercepts that give the observed shares to an average person."""
    share = (counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True)
    n, k = share.shape
    stretch = np.sqrt(1 + 1 / 2.89)  # a slope of 1 flattens the mean curve by this factor
    if kind is Kind.LOGISTIC:
        right = share[:, 1]
        if model in (Model.THREE_PL, Model.FOUR_PL):
            right = np.clip((right - 0.15) / 0.85, 0.05, 0.98)
        columns = [np.ones(n), stretch * logit(right)]
        columns += [np.full(n, -1.7)] if model in (Model.THREE_PL, Model.FOUR_PL) else []
        columns += [np.full(n, 3.0)] if model is Model.FOUR_PL else []
        return np.stack(columns, axis=1)
    if kind is Kind.GRADED:
        above = np.cumsum(share[:, ::-1], axis=1)[:, ::-1][:, 1:]
        return np.hstack([np.ones((n, 1)), stretch * logit(above)])
    # Partial credit sees a slope of a between neighbours: half of that keeps the whole curve about as steep.
    ratios = np.log(share[:, 1:] / share[:, :1])
    if kind is Kind.DIVIDED:
        return np.hstack([np.full((n, 1), 1.0 if model.unit_slope else 2 / k), ratios])
    return np.hstack([np.tile(2 / k * np.arange(1.0, k), (n, 1)), ratios])


def natural_parameters(parameters: Parameters) -> list[tuple[Kind, FloatArray]]:
    """Form and natural parameters of each item of a bank, to be held fixed."""
    if isinstance(parameters, MixedParameters):
        found: list[tuple[Kind, FloatArray] | None] = [None] * len(parameters)
        for part, place in zip(parameters.parts, parameters.positions, strict=True):
            for item, one in zip(place.tolist(), natural_parameters(part), strict=True):
                found[item] = one
        return [one for one in found if one is not None]
    if isinstance(parameters, ItemParameters):
        with np.errstate(divide="ignore"):
            rows = np.stack(
                [parameters.a, -parameters.a * parameters.b, logit(parameters.c), logit(parameters.d)], axis=1
            )
        return [(Kind.LOGISTIC, row) for row in rows]
    if isinstance(parameters, GradedParameters):
        return [
            (Kind.GRADED, np.concatenate([[a], -a * row[~np.isnan(row)]]))
            for a, row in zip(parameters.a, parameters.thresholds, strict=True)
        ]
    made = []
    for slopes, intercepts in zip(parameters.slopes, parameters.intercepts, strict=True):
        own = ~np.isnan(slopes)
        s, d = slopes[own] - slopes[0], intercepts[own] - intercepts[0]
        made.append((Kind.NOMINAL, np.concatenate([s[1:], d[1:]])))
    return made


def scores_of(kind: Kind, n_parameters: int) -> int:
    """Number of scores of an item with so many natural parameters."""
    if kind is Kind.LOGISTIC:
        return 2
    return n_parameters // 2 + 1 if kind is Kind.NOMINAL else n_parameters


def as_parameters(family: Family, x: FloatArray) -> OneModel:
    """Parameters of the family's items as the rest of the package has them."""
    k = family.n_categories
    if family.kind is Kind.LOGISTIC:
        a, d = x[:, 0], x[:, 1]
        c = expit(x[:, 2]) if x.shape[1] > 2 else np.zeros(len(x))
        u = expit(x[:, 3]) if x.shape[1] > 3 else np.ones(len(x))
        return ItemParameters(a, -d / a, c, u)
    if family.kind is Kind.GRADED:
        return GradedParameters(x[:, 0], -x[:, 1:] / x[:, :1])
    zero = np.zeros((len(x), 1))
    if family.kind is Kind.DIVIDED:
        return NominalParameters(x[:, :1] * np.arange(k), np.hstack([zero, x[:, 1:]]))
    return NominalParameters(np.hstack([zero, x[:, : k - 1]]), np.hstack([zero, x[:, k - 1 :]]))


# Response functions


def log_probability(family: Family, x: FloatArray, nodes: FloatArray) -> FloatArray:
    """Log-probability of each score, shape (n, n_categories, n_quadrature)."""
    if family.kind is Kind.LOGISTIC:
        z = x[:, :1] * nodes + x[:, 1:2]
        if x.shape[1] == 2:
            right = np.minimum(z, 0.0) - np.log1p(np.exp(-np.abs(z)))
            return np.stack([right - z, right], axis=1)
        p, q = _logistic(x, nodes)
        with np.errstate(divide="ignore"):
            return np.stack([np.log(q), np.log(p)], axis=1)
    if family.kind is Kind.GRADED:
        return _graded(x, nodes)[0]
    return _divided(family, x, nodes)


def gradient(family: Family, x: FloatArray, nodes: FloatArray) -> FloatArray:
    """Derivative of each log-probability in each natural parameter, (n, P, n_categories, n_quadrature)."""
    if family.kind is Kind.LOGISTIC:
        if x.shape[1] == 2:  # P'/P without a quotient of two vanishing numbers
            up, down, _ = _sigmoids(x[:, :1] * nodes + x[:, 1:])
            return np.stack([np.stack([-up * nodes, down * nodes], 1), np.stack([-up, down], 1)], axis=1)
        inner, p, q = _logistic_slopes(x, nodes)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            made = np.stack([np.stack([-one / q, one / p], axis=1) for one in inner], axis=1)
        return np.where(np.isfinite(made), made, 0.0)
    if family.kind is Kind.GRADED:
        _, below, above = _graded(x, nodes)
        n, k, n_nodes = below.shape
        made = np.zeros((n, k, k, n_nodes))
        made[:, 0] = nodes * (below + above)
        for score in range(k):
            if score > 0:
                made[:, score, score] += below[:, score]
            if score < k - 1:
                made[:, score + 1, score] += above[:, score]
        return made
    p = np.exp(_divided(family, x, nodes))
    n, k, n_nodes = p.shape
    each = -np.repeat(p[:, 1:, None, :], k, axis=2)  # (n, parameter, score, node): 1[k = j] - P_j
    places = np.arange(1, k)
    each[:, places - 1, places] += 1.0
    if family.kind is Kind.DIVIDED:
        scores = np.arange(k)[:, None]
        mean = (p * scores).sum(axis=1, keepdims=True)
        return np.concatenate([((scores - mean) * nodes)[:, None], each], axis=1)
    return np.concatenate([each * nodes, each], axis=1)


def _sigmoids(z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """sigma(z), sigma(-z) and log sigma(z), from one exponential that cannot overflow."""
    small = np.exp(-np.abs(z))
    large = 1 / (1 + small)
    rest = small * large
    right = z >= 0
    return np.where(right, large, rest), np.where(right, rest, large), np.minimum(z, 0.0) - np.log1p(small)


def _logistic(x: FloatArray, nodes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """P and 1 - P."""
    up, down, _ = _sigmoids(x[:, :1] * nodes + x[:, 1:2])
    c, top = _asymptotes(x)
    spread = 1 - top - c
    return c + spread * up, top + spread * down


def _asymptotes(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """c and 1 - u, shape (n, 1)."""
    c = expit(x[:, 2:3]) if x.shape[1] > 2 else np.zeros((len(x), 1))
    top = expit(-x[:, 3:4]) if x.shape[1] > 3 else np.zeros((len(x), 1))
    return c, top


def _logistic_slopes(x: FloatArray, nodes: FloatArray) -> tuple[list[FloatArray], FloatArray, FloatArray]:
    """Derivatives of P in each natural parameter, P and 1 - P."""
    up, down, _ = _sigmoids(x[:, :1] * nodes + x[:, 1:2])
    c, top = _asymptotes(x)
    spread = 1 - top - c
    steep = spread * up * down
    inner = [steep * nodes, steep]
    if x.shape[1] > 2:
        inner.append(c * (1 - c) * down)
    if x.shape[1] > 3:
        inner.append(top * (1 - top) * up)
    return inner, c + spread * up, top + spread * down


def _graded(x: FloatArray, nodes: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log-probability, and its derivative in the intercept below and above each score, (n, k, n_nodes)."""
    z = x[:, :1, None] * nodes + x[:, 1:, None]
    n, m, n_nodes = z.shape
    with np.errstate(over="ignore"):
        width = 1 - np.exp(x[:, 2:] - x[:, 1:-1])[:, :, None]  # of the inner scores
    value, below, above = (
        np.empty((n, m + 1, n_nodes)),
        np.zeros((n, m + 1, n_nodes)),
        np.zeros((n, m + 1, n_nodes)),
    )
    up, down, log_up = _sigmoids(z)
    value[:, 0] = log_up[:, 0] - z[:, 0]
    value[:, m] = log_up[:, m - 1]
    value[:, 1:m] = log_up[:, :-1] + (log_up - z)[:, 1:] + np.log(width)
    below[:, m] = down[:, m - 1]
    above[:, 0] = -up[:, 0]
    below[:, 1:m] = down[:, :-1] / (down[:, 1:] * width)
    above[:, 1:m] = -up[:, 1:] / (up[:, :-1] * width)
    return value, below, above


def _divided(family: Family, x: FloatArray, nodes: FloatArray) -> FloatArray:
    """Log-probability of divide-by-total models, (n, k, n_nodes)."""
    k = family.n_categories
    slopes = x[:, :1] * np.arange(1, k) if family.kind is Kind.DIVIDED else x[:, : k - 1]
    weight = np.zeros((len(x), k, len(nodes)))
    weight[:, 1:] = slopes[:, :, None] * nodes + x[:, -(k - 1) :, None]
    weight -= weight.max(axis=1, keepdims=True)
    weight -= np.log(np.exp(weight).sum(axis=1, keepdims=True))
    return weight


def score_and_information(
    family: Family, x: FloatArray, counts: FloatArray, nodes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient (n, P) of the expected log-likelihood and expected information (n, P, P).

    Parameters
    ----------
    counts : ndarray, shape (n, n_categories, n_quadrature)
        R of the E-step.
    """
    score, information = np.empty(x.shape), np.empty((*x.shape, x.shape[1]))
    if family.kind is Kind.LOGISTIC and x.shape[1] == 2:
        powers = np.stack([nodes * nodes, nodes, np.ones_like(nodes)], axis=1)
        for start in range(0, len(x), _ITEMS):
            own = slice(start, start + _ITEMS)
            z = x[own, :1] * nodes + x[own, 1:2]
            p = 1 / (1 + np.exp(-np.clip(z, -700, 700)))
            total = counts[own, 0] + counts[own, 1]
            rest = counts[own, 1] - total * p
            squares = (total * p * (1 - p)) @ powers
            score[own] = rest @ powers[:, 1:]
            information[own] = squares[:, [[0, 1], [1, 2]]]
        return score, information
    if family.kind is Kind.LOGISTIC:
        for start in range(0, len(x), _ITEMS):
            own = slice(start, start + _ITEMS)
            inner, p, q = _logistic_slopes(x[own], nodes)
            variance = p * q
            spread = np.where(variance > _NO_VARIANCE, 1 / np.maximum(variance, _NO_VARIANCE), 0.0)
            total = counts[own, 0] + counts[own, 1]
            rest = (counts[own, 1] - total * p) * spread
            spread *= total
            for j, one in enumerate(inner):
                score[own, j] = np.einsum("nq,nq->n", rest, one)
                weighted = spread * one
                for k in range(j + 1):
                    value = np.einsum("nq,nq->n", weighted, inner[k])
                    information[own, j, k] = information[own, k, j] = value
        return score, information
    size = max(1, _CELLS // (x.shape[1] * family.n_categories * len(nodes)))
    for start in range(0, len(x), size):
        own = slice(start, start + size)
        slopes = gradient(family, x[own], nodes)
        n, width = slopes.shape[:2]
        flat = slopes.reshape(n, width, -1)
        score[own] = (flat @ counts[own].reshape(n, -1, 1))[:, :, 0]
        held = counts[own].sum(axis=1, keepdims=True) * np.exp(log_probability(family, x[own], nodes))
        flat = flat * np.sqrt(held).reshape(n, 1, -1)
        information[own] = flat @ flat.transpose(0, 2, 1)
    return score, information


def expected_value(family: Family, x: FloatArray, counts: FloatArray, nodes: FloatArray) -> FloatArray:
    """Expected log-likelihood of each item, shape (n,)."""
    with np.errstate(invalid="ignore"):
        terms = np.maximum(log_probability(family, x, nodes), -1e6) * counts
    value: FloatArray = terms.sum(axis=(1, 2))
    return value


# Priors of natural parameters


def log_prior(family: Family, x: FloatArray) -> FloatArray:
    """Log-density of the prior of each item, normalised, shape (n,)."""
    value = np.zeros(len(x))
    a = x @ family.slope
    if family.prior_a is not None and _has_slope(family):
        kind, mean, sd = family.prior_a
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.log(a) if kind == "lognormal" else a
            own = (
                -0.5 * ((at - mean) / sd) ** 2
                - np.log(sd)
                - _LOG_TWO_PI / 2
                - (at if kind == "lognormal" else 0)
            )
        value += np.where(np.isnan(own), -np.inf, own)
    if family.prior_b is not None:
        _, mean, sd = family.prior_b
        value += -0.5 * ((-(x @ family.intercept) / a - mean) / sd) ** 2 - np.log(sd) - _LOG_TWO_PI / 2
    for column, side in ((2, family.prior_c), (3, family.prior_d)):
        if side is not None:
            kind, one, two = side
            if kind == "beta":
                own = (
                    (one - 1) * log_expit(x[:, column])
                    + (two - 1) * log_expit(-x[:, column])
                    - betaln(one, two)
                )
            else:
                own = -0.5 * ((x[:, column] - one) / two) ** 2 - np.log(two) - _LOG_TWO_PI / 2
            value += own
    return value


def prior_terms(family: Family, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradient (n, P) of the log-prior and a positive matrix (n, P, P) that stands for minus its curvature."""
    score, curvature = np.zeros(x.shape), np.zeros((*x.shape, x.shape[1]))
    a = x @ family.slope
    if family.prior_a is not None and _has_slope(family):
        kind, mean, sd = family.prior_a
        if kind == "lognormal":
            first = -1 / a - (np.log(a) - mean) / (sd**2 * a)
            second = 1 / (sd * a) ** 2  # leaves out what may be negative
        else:
            first, second = -(a - mean) / sd**2, 1 / sd**2
        score += first[:, None] * family.slope
        curvature += second[:, None, None] * np.outer(family.slope, family.slope)
    if family.prior_b is not None:
        _, mean, sd = family.prior_b
        b = -(x @ family.intercept) / a
        slope = -(family.intercept + b[:, None] * family.slope) / a[:, None]  # db/dx
        score += (-(b - mean) / sd**2)[:, None] * slope
        curvature += (1 / sd**2)[:, None, None] * slope[:, :, None] * slope[:, None, :]
    for column, side in ((2, family.prior_c), (3, family.prior_d)):
        if side is not None:
            kind, one, two = side
            if kind == "beta":
                c = expit(x[:, column])
                score[:, column] += (one - 1) * (1 - c) - (two - 1) * c
                curvature[:, column, column] += np.maximum(one + two - 2, 0.0) * c * (1 - c)
            else:
                score[:, column] += -(x[:, column] - one) / two**2
                curvature[:, column, column] += 1 / two**2
    return score, curvature


def _has_slope(family: Family) -> bool:
    return family.model is not None and not family.model.unit_slope


def has_prior(family: Family) -> bool:
    """Whether any prior applies to the family."""
    sides = (family.prior_a, family.prior_b, family.prior_c, family.prior_d)
    return family.free and any(side is not None for side in sides)


# Fisher scoring


def maximise(
    family: Family,
    u: FloatArray,
    v: FloatArray,
    counts: FloatArray,
    nodes: FloatArray,
    *,
    steps: int,
    least: float,
) -> tuple[FloatArray, FloatArray]:
    """Raise the expected log-posterior of a family by a few guarded steps of Fisher scoring.

    Parameters
    ----------
    u, v : ndarray, shapes (n, n_local), (n_shared,)
    counts : ndarray, shape (n_codes, n_quadrature)
        R of the E-step, of the whole bank.
    steps : int
        At most so many; fewer once no parameter moves by `least`.
    """
    own = counts[family.codes]
    if family.kind is Kind.LOGISTIC and len(family.names) == 2 and not has_prior(family):
        return _scored(family, u, v, own, nodes, steps, least, None)  # concave: Newton's own steps
    before = _objective(family, u, v, own, nodes)
    found = _scored(family, u, v, own, nodes, steps, least, None)
    after = _objective(family, *found, own, nodes)
    slack = 1e-10 * np.abs(before)
    fell = after.sum() < before.sum() - slack.sum() if len(v) else (after < before - slack).any()
    if not fell:
        return found
    return _scored(family, u, v, own, nodes, steps, least, before)


def _scored(
    family: Family,
    u: FloatArray,
    v: FloatArray,
    counts: FloatArray,
    nodes: FloatArray,
    steps: int,
    least: float,
    value: FloatArray | None,
) -> tuple[FloatArray, FloatArray]:
    """Steps of Fisher scoring; each proved to lead up where the objective at the start is given.

    Where a model does not fit, the expected information may be far below the observed one, and its steps swing to and
    fro: a step after which the slope along it has turned is cut back to where the slope is 0, by the secant.
    """
    edge = _ASYMPTOTE_RANGE - 0.01
    last: tuple[FloatArray, FloatArray] | None = (
        None  # the step before, and the slope along it where it began
    )
    for _ in range(steps):
        x = family.natural(u, v)
        score, information = score_and_information(family, x, counts, nodes)
        if has_prior(family):
            more, curvature = prior_terms(family, x)
            score += more
            information += curvature
        du, dv = _solved(family, score, information)
        local = score @ family.local
        if last is not None and not len(v):
            turned = (local * last[0]).sum(axis=1)
            back = turned < -_TURNED * last[1]
            share = last[1] / np.maximum(last[1] - turned, 1e-300) - 1
            du = np.where(back[:, None], share[:, None] * last[0], du)
        du *= np.minimum(1.0, _LARGEST_STEP / np.maximum(np.abs(du).max(axis=1, initial=0.0), 1e-300))[
            :, None
        ]
        dv *= min(1.0, _LARGEST_STEP / max(_largest(dv), 1e-300))
        if family.kind is Kind.LOGISTIC and family.local.shape[1] > 2:
            # An asymptote at its edge must not hold up the slope and the intercept.
            du[:, 2:] = np.clip(u[:, 2:] + du[:, 2:], -edge, edge) - u[:, 2:]
        if value is not None:
            du, dv, value = _halved(family, u, v, du, dv, value, counts, nodes)
        elif not feasible(family, family.natural(u + du, v + dv)).all():
            value = _objective(family, u, v, counts, nodes)
            du, dv, value = _halved(family, u, v, du, dv, value, counts, nodes)
        last = (du, (local * du).sum(axis=1))
        u, v = u + du, v + dv
        if max(_largest(du), _largest(dv)) < least:
            break
    return u, v


def _largest(values: FloatArray) -> float:
    return float(np.abs(values).max(initial=0.0))


def _solved(family: Family, score: FloatArray, information: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Step in u and v; the local parameters are eliminated from the equations of the shared ones."""
    local, shared = family.local, family.shared
    square = local.shape[0] == local.shape[1]
    g = score if square else score @ local
    f = information if square else local.T @ information @ local
    diagonal = np.einsum("ijj->ij", f)
    diagonal += 1e-9 * diagonal + 1e-10
    if not shared.shape[1]:
        return _solve(f, g[:, :, None])[:, :, 0], np.zeros(0)
    cross = local.T @ information @ shared  # (n, n_local, n_shared)
    both = _solve(f, np.concatenate([g[:, :, None], cross], axis=2))
    rest = (score @ shared).sum(axis=0) - np.einsum("ils,il->s", cross, both[:, :, 0])
    matrix = (shared.T @ information @ shared).sum(axis=0) - np.einsum("ils,ilt->st", cross, both[:, :, 1:])
    dv = np.linalg.solve(matrix + 1e-10 * np.eye(len(matrix)), rest)
    return both[:, :, 0] - both[:, :, 1:] @ dv, dv


def _solve(matrix: FloatArray, right: FloatArray) -> FloatArray:
    if matrix.shape[1] == 2 and right.shape[2] == 1:
        determinant = matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] ** 2
        one = (matrix[:, 1, 1] * right[:, 0, 0] - matrix[:, 0, 1] * right[:, 1, 0]) / determinant
        two = (matrix[:, 0, 0] * right[:, 1, 0] - matrix[:, 0, 1] * right[:, 0, 0]) / determinant
        return np.stack([one, two], axis=1)[:, :, None]
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def _objective(
    family: Family, u: FloatArray, v: FloatArray, counts: FloatArray, nodes: FloatArray
) -> FloatArray:
    x = family.natural(u, v)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = expected_value(family, x, counts, nodes)
        value = np.where(np.isnan(value), -np.inf, value)
    if has_prior(family):
        value = value + log_prior(family, x)
    return np.where(feasible(family, x), value, -np.inf)


def feasible(family: Family, x: FloatArray) -> BoolArray:
    """Whether the natural parameters of each item make a response function, shape (n,)."""
    fine = np.asarray(np.isfinite(x).all(axis=1))
    if family.kind is Kind.GRADED:
        fine &= (np.diff(x[:, 1:], axis=1) < -_LEAST_GAP).all(axis=1)
    if family.kind is Kind.LOGISTIC and x.shape[1] > 2:
        fine &= (np.abs(x[:, 2:]) < _ASYMPTOTE_RANGE).all(axis=1)
        if x.shape[1] > 3:
            fine &= expit(x[:, 2]) + 0.05 < expit(x[:, 3])
    if family.prior_a is not None and family.prior_a.kind == "lognormal" and _has_slope(family):
        fine &= x @ family.slope > 1e-3
    if family.prior_b is not None:
        fine &= np.abs(x @ family.slope) > 1e-3
    return fine


def _halved(
    family: Family,
    u: FloatArray,
    v: FloatArray,
    du: FloatArray,
    dv: FloatArray,
    value: FloatArray,
    counts: FloatArray,
    nodes: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Halve the steps of the items whose objective would fall; of all together where a parameter is shared."""
    slack = 1e-11 * np.abs(value) + 1e-11
    for _ in range(6):
        reached = _objective(family, u + du, v + dv, counts, nodes)
        if len(v):
            if reached.sum() >= value.sum() - slack.sum():
                return du, dv, reached
            du, dv = du / 2, dv / 2
            continue
        worse = reached < value - slack
        if not worse.any():
            return du, dv, reached
        du = np.where(worse[:, None], du / 2, du)
    reached = _objective(family, u + du, v + dv, counts, nodes)
    if len(v):
        return (du, dv, reached) if reached.sum() >= value.sum() else (0 * du, 0 * dv, value)
    worse = reached < value
    return np.where(worse[:, None], 0.0, du), dv, np.where(worse, value, reached)
