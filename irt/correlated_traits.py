r"""Correlated traits: one ability for each domain, their correlations estimated with the items.

Every item measures the ability of its own domain, and the abilities are normal with correlation R,

.. math:: L_p = \int \prod_d L_{pd}(\theta_d)\, N(\theta; \mu, \Sigma)\, d\theta, \qquad
          L_{pd}(\theta_d) = \prod_{c \in p,\, d(c) = d} P_c(\theta_d),

so that all answers of a person stay in one likelihood: what an adaptive test skipped is ignorable here, and would
not be domain by domain. The integral over five dimensions is done by expectation propagation: each :math:`L_{pd}` is
replaced by the normal factor that gives the right mean and variance of its domain beside the others' factors, on a
one-dimensional grid. EM alternates it with the M-step of `irt.mstep` and the moments of the abilities; after each, the
scale of every ability is set to mean 0 and sd 1 and handed to the items (parameter expansion), or kept free where the
items are fixed.

References
----------
Adams, R. J., Wilson, M. & Wang, W. (1997). The multidimensional random coefficients multinomial logit model. *Applied
Psychological Measurement* 21, 1-23 (between-item dimensionality). Minka, T. (2001). Expectation propagation for
approximate Bayesian inference. *UAI* 17, 362-369, sec. 3. Liu, C., Rubin, D. & Wu, Y. N. (1998). Parameter expansion
to accelerate EM: the PX-EM algorithm. *Biometrika* 85, 755-770.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from irt import mstep
from irt.calibration import Calibration, Cycle, calibrate
from irt.errors import InvalidRules, NotReportable
from irt.estep import Tables, Walk, tables, walk
from irt.mstep import Family, Kind, Model, Priors
from irt.responses import BLOCK, Exclusion, Responses
from irt.types import FloatArray, read_only

_SWEEPS: Final = 2  # of expectation propagation in each cycle; the factors are kept from cycle to cycle
_FIRST_SWEEPS: Final = 6
_DAMPING: Final = 0.7
_LEAST_PRECISION: Final = 1e-6


@dataclass(frozen=True, eq=False)
class TraitCalibration:
    """Outcome of `calibrate_traits`.

    Attributes
    ----------
    correlation, se : ndarray, shape (n_domains, n_domains)
        Of the domain abilities, with standard errors that take the items as known.
    mean, sd : ndarray, shape (n_domains,), logits
        0 and 1 where the items are estimated.
    families, natural : tuple
        Items by model with their slope-intercept parameters on the scale of their domain.
    log_likelihood : float
        Approximate.
    cycles : int
    converged : bool
    exclusions : tuple of Exclusion
    """

    correlation: FloatArray
    se: FloatArray
    mean: FloatArray
    sd: FloatArray
    families: tuple[Family, ...]
    natural: tuple[FloatArray, ...]
    log_likelihood: float
    cycles: int
    largest_change: float
    converged: bool
    exclusions: tuple[Exclusion, ...]

    def require(self) -> TraitCalibration:
        """Return this calibration, or raise `NotReportable` with advice if it has not converged."""
        if not self.converged:
            change = f"the last cycle still moved a correlation by {self.largest_change:.1e}"
            raise NotReportable(f"not converged: {change}; allow more cycles")
        return self


def calibrate_traits(
    responses: Responses,
    domains: ArrayLike,
    models: Model | str | Sequence[Model | str] = Model.TWO_PL,
    *,
    priors: Priors | None = None,
    fixed: Calibration | None = None,
    tolerance: float = 1e-3,
    max_cycles: int = 200,
    fast: bool = True,
    progress: Callable[[Cycle], None] | None = None,
) -> TraitCalibration:
    """Estimate the correlations of the domain abilities, with the items or with items that are fixed.

    Parameters
    ----------
    responses : Responses
        One group.
    domains : array_like of int, shape (n_items,)
        Domain of each item, 0 to n_domains - 1.
    models, priors
        As in `calibrate`, from whose estimates the items start.
    fixed : Calibration, optional
        Items to keep; the mean and the sd of each domain are then estimated.
    tolerance : float
        Converged when a cycle moves no correlation, mean or sd by a tenth of it, and no item parameter by 10 times it.

    Raises
    ------
    InvalidRules
        A domain without an item, several groups.

    Notes
    -----
    The error of expectation propagation here is below 0.01 in a correlation with six answers in each domain, well
    below the standard error of some thousand persons. Standard errors take the items as known; with fewer than some
    hundred answers for each item the true ones are about half as large again.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> theta = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 1500)
    >>> z = theta[:, [0] * 8 + [1] * 8] - np.tile(np.linspace(-1, 1, 8), 2)
    >>> answers = Responses.from_wide(rng.random((1500, 16)) < 1 / (1 + np.exp(-1.3 * z)))
    >>> found = calibrate_traits(answers, [0] * 8 + [1] * 8).require()
    >>> bool(abs(found.correlation[0, 1] - 0.7) < 3 * found.se[0, 1])
    True
    """
    domain = np.asarray(domains, dtype=np.int64)
    if domain.shape != (responses.n_items,) or (domain < 0).any():
        raise InvalidRules("domains", f"must hold a domain from 0 for each of {responses.n_items} items")
    n_domains = int(domain.max()) + 1
    if responses.n_groups != 1:
        raise InvalidRules("responses", "must be of one group")
    whole = fixed or calibrate(responses, models, priors=priors, fast=fast)
    if (empty := np.setdiff1d(np.arange(n_domains), domain[whole.items])).size:
        raise InvalidRules("domains", f"domain {int(empty[0])} has no item that can be estimated")
    nodes = whole.nodes
    own = tuple(
        responses.without_items(
            np.setdiff1d(np.arange(responses.n_items), whole.items[domain[whole.items] == d])
        )
        for d in range(n_domains)
    )
    answered = np.add.reduce([part.counts for part in own]) > 0
    weight = np.where(answered, responses.weight, 0.0)
    natural = tuple(whole.natural)
    mean, covariance = np.zeros(n_domains), np.full((n_domains, n_domains), 0.7)
    np.fill_diagonal(covariance, 1.0)
    sites = np.zeros((2, responses.n_persons, n_domains))
    change, value, cycle = np.inf, -np.inf, 0
    moments = _Moments(np.zeros(n_domains), covariance, np.zeros((0, 0)), np.zeros((0, 0)), 0.0)
    while cycle < max_cycles:
        cycle += 1
        given = tables(
            _table(whole, natural),
            np.zeros((1, len(nodes))),
            longest=whole.longest,
            largest_weight=1.0,
            fast=fast,
        )
        ways = [walk(part, given) for part in own]
        sweeps = _FIRST_SWEEPS if cycle == 1 else _SWEEPS
        moments = _propagated(ways, given, nodes, weight, mean, covariance, sites, sweeps)
        value = moments.log_likelihood
        before = (mean, covariance, natural)
        mean, covariance = moments.mean, moments.covariance
        moved = 0.0
        if fixed is None:
            natural = _items(whole.families, natural, moments.counts, nodes)
            natural = tuple(
                _rescaled(
                    family, x, mean[domain[family.items]], np.sqrt(np.diag(covariance))[domain[family.items]]
                )
                for family, x in zip(whole.families, natural, strict=True)
            )
            scale = np.sqrt(np.diag(covariance))
            sites[0] *= scale**2
            sites[1] = (sites[1] - sites[0] / scale**2 * mean) * scale
            mean, covariance = np.zeros(n_domains), covariance / np.outer(scale, scale)
            moved = max(
                float(np.abs(x - y).max(initial=0.0)) for x, y in zip(natural, before[2], strict=True)
            )
        change = max(float(np.abs(covariance - before[1]).max()), float(np.abs(mean - before[0]).max()))
        if progress is not None:
            progress(Cycle(cycle, value, change))
        if change < 0.1 * tolerance and moved < 10 * tolerance:
            break
    sd = np.sqrt(np.diag(covariance))
    return TraitCalibration(
        correlation=read_only(covariance / np.outer(sd, sd)),
        se=read_only(_errors(covariance, moments.scores)),
        mean=read_only(mean),
        sd=read_only(sd),
        families=whole.families,
        natural=natural,
        log_likelihood=value,
        cycles=cycle,
        largest_change=change,
        converged=change < 0.1 * tolerance,
        exclusions=whole.exclusions,
    )


class _Moments(NamedTuple):
    mean: FloatArray
    covariance: FloatArray
    counts: FloatArray  # (n_codes, n_quadrature)
    scores: FloatArray  # cross-product of the persons' scores in mean and covariance
    log_likelihood: float


def _table(whole: Calibration, natural: Sequence[FloatArray]) -> FloatArray:
    table = np.zeros((whole.n_codes, len(whole.nodes)))
    for family, x in zip(whole.families, natural, strict=True):
        table[family.codes] = mstep.log_probability(family, x, whole.nodes)
    return table


def _propagated(
    ways: Sequence[Walk],
    given: Tables,
    nodes: FloatArray,
    weight: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
    sites: FloatArray,
    sweeps: int,
) -> _Moments:
    """One E-step; `sites` (precision and shift of each factor) are improved in place."""
    n_persons, n_domains = sites.shape[1:]
    precision = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
    first, second = np.zeros(n_domains), np.zeros((n_domains, n_domains))
    pairs = np.tril_indices(n_domains)
    scores = np.zeros((n_domains + len(pairs[0]),) * 2)
    held = [np.zeros(way.table.shape) for way in ways]
    counts = np.zeros(given.log_probability.shape)
    value = 0.0
    for start in range(0, n_persons, BLOCK):
        stop = min(start + BLOCK, n_persons)
        own = weight[start:stop]
        likelihood = np.stack([way.log_density(start, stop) for way in ways], axis=1)  # (n, n_domains, q)
        tau, nu = sites[0, start:stop], sites[1, start:stop]
        for sweep in range(sweeps + 1):
            v, m = _normal(precision, mean, tau, nu)
            variance = np.einsum("ndd->nd", v)
            cavity = 1 / np.maximum(1 / variance - tau, _LEAST_PRECISION)
            centre = cavity * (m / variance - nu)
            density = likelihood - 0.5 * (nodes - centre[:, :, None]) ** 2 / cavity[:, :, None]
            top = density.max(axis=2)
            density = np.exp(density - top[:, :, None])
            total = density.sum(axis=2)
            density /= total[:, :, None]
            if sweep == sweeps:
                break
            tilted = density @ nodes
            spread = np.maximum(density @ nodes**2 - tilted**2, 1e-4)
            new = np.maximum(1 / spread - 1 / cavity, 0.0)
            tau += _DAMPING * (new - tau)
            nu += _DAMPING * (np.where(new > 0, tilted * (new + 1 / cavity) - centre / cavity, 0.0) - nu)
        value += float(
            own @ _log_normaliser(precision, mean, tau, nu, v, m, cavity, centre, top, total, nodes)
        )
        gap = m - mean
        squares = v + gap[:, :, None] * gap[:, None, :]
        first += own @ m
        second += np.einsum("n,nij->ij", own, squares)
        by_mean = gap @ precision
        by_covariance = precision @ (squares - covariance) @ precision
        factor = np.where(pairs[0] == pairs[1], 0.5, 1.0)
        gradient = np.hstack([by_mean, by_covariance[:, pairs[0], pairs[1]] * factor])
        scores += (gradient * own[:, None]).T @ gradient
        for d, way in enumerate(ways):
            way.scatter(start, stop, np.rint(density[:, d] * own[:, None] * 2.0**36), held[d])
    for way, sums in zip(ways, held, strict=True):
        counts += way.unpacked(sums) / 2.0**36
    n = float(weight.sum())
    center = first / n
    gap = center - mean
    return _Moments(center, second / n - np.outer(gap, gap), counts, scores, value)


def _normal(
    precision: FloatArray, mean: FloatArray, tau: FloatArray, nu: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Covariance (n, d, d) and mean (n, d) of the product of the factors with the normal prior."""
    matrix = precision + tau[:, :, None] * np.eye(len(mean))
    v = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    m = np.einsum("nij,nj->ni", v, precision @ mean + nu)
    return v, m


def _log_normaliser(
    precision: FloatArray,
    mean: FloatArray,
    tau: FloatArray,
    nu: FloatArray,
    v: FloatArray,
    m: FloatArray,
    cavity: FloatArray,
    centre: FloatArray,
    top: FloatArray,
    total: FloatArray,
    nodes: FloatArray,
) -> FloatArray:
    """Approximate log-likelihood of each person."""
    step = nodes[1] - nodes[0]
    tilted = top + np.log(total * step) - 0.5 * np.log(2 * np.pi * cavity)
    narrow = 1 / (1 / cavity + tau)
    middle = narrow * (centre / cavity + nu)
    normal = 0.5 * (np.log(narrow / cavity) + middle**2 / narrow - centre**2 / cavity)
    whole = 0.5 * (np.linalg.slogdet(v)[1] + np.linalg.slogdet(precision)[1])
    whole = whole + 0.5 * (np.einsum("ni,ni->n", m, precision @ mean + nu) - mean @ precision @ mean)
    return np.asarray((tilted - normal).sum(axis=1) + whole)


def _items(
    families: Sequence[Family], natural: Sequence[FloatArray], counts: FloatArray, nodes: FloatArray
) -> tuple[FloatArray, ...]:
    found = []
    for family, x in zip(families, natural, strict=True):
        if family.free and not family.shared.shape[1] and family.local.shape[0] == family.local.shape[1]:
            u, v = family.split(x)
            u, v = mstep.maximise(family, u, v, counts, nodes, steps=2, least=1e-6)
            found.append(family.natural(u, v))
        else:
            found.append(x)
    return tuple(found)


def _rescaled(family: Family, x: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Natural parameters when ability is (theta - mean) / sd, each item with the mean and sd of its domain."""
    moved, k = x.copy(), family.n_categories
    if family.kind is Kind.NOMINAL:
        moved[:, k - 1 :] += x[:, : k - 1] * mean[:, None]
        moved[:, : k - 1] *= sd[:, None]
        return moved
    scores = np.arange(1, k) if family.kind is Kind.DIVIDED else np.ones(k - 1)
    moved[:, 1:k] += x[:, :1] * scores * mean[:, None]
    moved[:, 0] *= sd
    return moved


def _errors(covariance: FloatArray, scores: FloatArray) -> FloatArray:
    """Standard errors of the correlations by the delta method, from the cross-product information."""
    n = len(covariance)
    inverse = np.linalg.pinv(scores)[n:, n:]
    places: dict[tuple[int, int], int] = {
        (int(i), int(j)): k for k, (i, j) in enumerate(zip(*np.tril_indices(n), strict=True))
    }
    found = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            r = covariance[i, j] / np.sqrt(covariance[i, i] * covariance[j, j])
            slope = np.zeros(len(inverse))
            slope[places[i, j]] = r / covariance[i, j]
            slope[places[i, i]] = -0.5 * r / covariance[i, i]
            slope[places[j, j]] = -0.5 * r / covariance[j, j]
            found[i, j] = found[j, i] = np.sqrt(slope @ inverse @ slope)
    return found
