r"""Conditional maximum likelihood: Rasch and partial credit without any assumption on ability.

Given a person's sum score r on the items presented, the answers do not depend on ability:

.. math:: P(x \mid r) = \frac{\prod_i \epsilon_{i x_i}}{\gamma_r}, \qquad
          \sum_r \gamma_r t^r = \prod_i \sum_k \epsilon_{ik} t^k, \qquad \epsilon_{ik} = e^{d_{ik}},\ d_{i0} = 0,

with d the intercepts of the partial credit model (of the Rasch model: d = -b). The polynomials are multiplied out item
by item, which adds positive numbers only and loses no digits; Newton's method uses the exact Hessian, from polynomials
with one and with two items left out.

References
----------
Andersen, E. B. (1972). The numerical solution of a set of conditional estimation equations. *JRSS B* 34, 42-54.
Fischer, G. H. (1981). On the existence and uniqueness of maximum-likelihood estimates in the Rasch model.
*Psychometrika* 46, 59-77. Verhelst, N. D., Glas, C. & van der Sluis, A. (1984). Estimation problems in the Rasch
model: the basic symmetric functions. *Computational Statistics Quarterly* 1, 245-262 (the sum algorithm).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from irt.errors import InvalidResponses, NotReportable
from irt.responses import Exclusion, Responses
from irt.types import BoolArray, FloatArray, IntArray, ItemParameters, NominalParameters, read_only

_LARGEST_STEP: Final = 2.0


@dataclass(frozen=True, eq=False)
class ConditionalCalibration:
    """Outcome of `calibrate_conditionally`.

    Attributes
    ----------
    items : ndarray of int
        Items that have parameters.
    intercepts : ndarray, shape (n_items_kept, max_categories - 1)
        d; NaN beyond the last score of an item. The mean threshold of all items is 0.
    covariance : ndarray
        Of the intercepts that are not NaN, row by row.
    log_likelihood : float
        Conditional log-likelihood.
    iterations : int
    converged : bool
    exclusions : tuple of Exclusion
    """

    items: IntArray
    intercepts: FloatArray
    covariance: FloatArray
    log_likelihood: float
    iterations: int
    converged: bool
    exclusions: tuple[Exclusion, ...]

    @property
    def se(self) -> FloatArray:
        """Standard error of each intercept, laid out as they are."""
        found = np.full(self.intercepts.shape, np.nan)
        found[~np.isnan(self.intercepts)] = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return found

    @property
    def parameters(self) -> ItemParameters | NominalParameters:
        """Parameters of `items` with slope 1."""
        if self.intercepts.shape[1] == 1:
            n = len(self.items)
            return ItemParameters(np.ones(n), -self.intercepts[:, 0], np.zeros(n), np.ones(n))
        padded = np.hstack([np.zeros((len(self.items), 1)), self.intercepts])
        slopes = np.where(np.isnan(padded), np.nan, np.arange(padded.shape[1], dtype=np.float64))
        return NominalParameters(slopes, padded)

    def require(self) -> ConditionalCalibration:
        """Return this calibration, or raise `NotReportable` if it has not converged."""
        if not self.converged:
            raise NotReportable(
                "conditional likelihood: not converged, some item separates all others by score"
            )
        return self


def calibrate_conditionally(
    responses: Responses, *, tolerance: float = 1e-9, max_iterations: int = 100
) -> ConditionalCalibration:
    """Estimate Rasch or partial credit difficulties by conditional maximum likelihood.

    Parameters
    ----------
    responses : Responses
        Complete, or in booklets: persons are grouped by the set of items they were given. The sets must not depend on
        the answers, as they do in an adaptive test.
    tolerance : float
        Converged when no intercept moves by as much.

    Raises
    ------
    InvalidResponses
        The booklets hang together by no common item, so that their difficulties cannot be compared.

    Notes
    -----
    Memory and time of the Hessian grow with the fourth power of the items in a booklet: a hundred take seconds.

    Examples
    --------
    >>> answers = Responses.from_wide([[1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1], [1, 1, 0]])
    >>> found = calibrate_conditionally(answers)
    >>> found.converged, found.parameters.b.round(2).tolist()
    (True, [-0.52, 0.0, 0.52])
    """
    kept, exclusions, answers = _kept(responses)
    counts = answers.n_categories[kept]
    most = int(counts.max())
    booklets = _booklets(answers, kept, most)
    _check_connected(booklets, len(kept))
    exists = np.arange(1, most) < counts[:, None]
    totals = np.zeros((len(kept), most - 1))
    weight = np.repeat(answers.weight, answers.counts)
    place = np.full(answers.n_items, -1)
    place[kept] = np.arange(len(kept))
    some = answers.score > 0
    np.add.at(totals, (place[answers.item[some]], answers.score[some] - 1), weight[some])
    free = np.flatnonzero(exists.ravel())
    # One direction is arbitrary: d_k + k c leaves every P(x | r) as it is.
    drift = np.broadcast_to(np.arange(1.0, most), exists.shape).ravel()[free]
    last = (np.arange(1, most) == (counts - 1)[:, None]).ravel()[free].astype(np.float64)
    share = np.log((totals + 0.5) / (answers.weight.sum() + 0.5))
    d = np.where(exists, share, np.nan).ravel()[free]
    d -= drift * ((last @ d) / (last @ drift))
    converged, value, information = False, -math.inf, np.zeros((len(d), len(d)))
    iterations = 0
    while iterations < max_iterations and not converged:
        iterations += 1
        value, gradient, information = _conditional(booklets, d, free, exists, totals)
        bordered = np.block([[information, last[:, None]], [last[None], np.zeros((1, 1))]])
        try:
            step = np.linalg.solve(bordered, np.append(gradient, 0.0))[:-1]
        except np.linalg.LinAlgError:
            break
        d = d + step * min(1.0, _LARGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        converged = float(np.abs(step).max()) < tolerance
    bordered = np.block([[information, last[:, None]], [last[None], np.zeros((1, 1))]])
    covariance = np.linalg.pinv(bordered)[:-1, :-1]
    table = np.full(exists.shape, np.nan).ravel()
    table[free] = d
    return ConditionalCalibration(
        kept, read_only(table.reshape(exists.shape)), covariance, value, iterations, converged, exclusions
    )


@dataclass(frozen=True)
class _Booklet:
    items: IntArray  # places among the kept items
    scores: FloatArray  # (n_scores,): weighted persons with each sum score


def _kept(responses: Responses) -> tuple[IntArray, tuple[Exclusion, ...], Responses]:
    """Without items and persons that the conditional likelihood says nothing about."""
    counts = np.bincount(responses.codes, minlength=responses.n_codes)
    exclusions, kept, dropped = [], [], []
    for item, start in enumerate(responses.offsets.tolist()):
        own = counts[start : start + responses.n_categories[item]]
        if (own > 0).sum() < 2 or (own == 0).any():
            reason = "nobody answered it" if not own.any() else "constant item, or a score that never occurs"
            exclusions.append(Exclusion("item", item, reason))
            dropped.append(item)
        else:
            kept.append(item)
    if len(kept) < 2:
        raise InvalidResponses("item", None, "at least two items with different answers are needed")
    without = int((responses.counts == 0).sum())
    if without:
        exclusions.append(Exclusion("persons", without, "persons without an answer"))
    answers = responses.without_items(dropped) if dropped else responses
    return np.array(kept, dtype=np.int64), tuple(exclusions), answers


def _booklets(answers: Responses, kept: IntArray, most: int) -> list[_Booklet]:
    place = np.full(answers.n_items, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    person = np.repeat(np.arange(answers.n_persons), answers.counts)
    given = np.zeros((answers.n_persons, len(kept)), dtype=np.bool_)
    given[person, place[answers.item]] = True
    packed, which = np.unique(np.packbits(given, axis=1), axis=0, return_inverse=True)
    sums = np.bincount(person, answers.score, minlength=answers.n_persons).astype(np.int64)
    found = []
    for number in range(len(packed)):
        own = np.flatnonzero(which.ravel() == number)
        items = np.flatnonzero(given[own[0]])
        if len(items):
            scores = np.bincount(sums[own], answers.weight[own], minlength=len(items) * (most - 1) + 1)
            found.append(_Booklet(items, scores.astype(np.float64)))
    return found


def _check_connected(booklets: list[_Booklet], n_items: int) -> None:
    rows = np.concatenate([np.full(len(one.items), number) for number, one in enumerate(booklets)])
    items = np.concatenate([one.items for one in booklets]) + len(booklets)
    size = len(booklets) + n_items
    graph = coo_array((np.ones(len(rows)), (rows, items)), shape=(size, size))
    parts, label = connected_components(graph, directed=False)
    if parts > 1:
        first = int(np.flatnonzero(label[len(booklets) :] != label[len(booklets)])[0])
        asked = f"no booklet connects the item in place {first} with the first: link them, or calibrate apart"
        raise InvalidResponses("item", None, asked)


def _conditional(
    booklets: list[_Booklet], d: FloatArray, free: IntArray, exists: BoolArray, totals: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Conditional log-likelihood, gradient and minus the Hessian."""
    n, most = exists.shape
    weights = np.zeros(n * most)
    weights[free] = np.exp(d)
    epsilon = np.hstack([np.ones((n, 1)), weights.reshape(n, most)])
    place = np.full(n * most, -1, dtype=np.int64)
    place[free] = np.arange(len(free))
    value = float(totals.ravel()[free] @ d)
    gradient = totals.ravel()[free].copy()
    information = np.zeros((len(d), len(d)))
    for booklet in booklets:
        own = epsilon[booklet.items]
        scores = booklet.scores
        whole = _product(own, ())
        used = scores > 0
        value -= float(scores[used] @ np.log(whole[used]))
        ratio = np.where(used, scores / np.where(whole > 0, whole, 1.0), 0.0)  # N_r / gamma_r
        m = len(booklet.items)
        index = place[(booklet.items[:, None] * most + np.arange(most))]
        alone = _left_out(own)  # (m, n_scores)
        first = np.zeros((m, most, len(scores)))  # P(x_i = k | r)
        for k in range(1, most + 1):
            first[:, k - 1, k:] = own[:, k, None] * alone[:, : len(scores) - k]
        expected = first @ ratio
        _add(gradient, index, -expected)
        share = first / np.where(whole > 0, whole, 1.0)
        flat = share.reshape(m * most, -1)
        both = -(flat * scores) @ flat.T  # minus the products of the means
        pairs = _pairs_left_out(own)  # (m, m, n_scores)
        for k in range(1, most + 1):
            for j in range(1, most + 1):
                shifted = pairs[:, :, : len(scores) - k - j] @ ratio[k + j :] if k + j < len(scores) else 0.0
                joint = own[:, k, None] * own[None, :, j] * shifted
                both.reshape(m, most, m, most)[:, k - 1, :, j - 1] += joint * (1 - np.eye(m))
        both.reshape(m * most, m * most)[np.diag_indices(m * most)] += expected.ravel()
        flat_index = index.ravel()
        real = flat_index >= 0
        information[np.ix_(flat_index[real], flat_index[real])] += both[np.ix_(real, real)]
    return value, gradient, information


def _add(target: FloatArray, index: IntArray, values: FloatArray) -> None:
    real = index >= 0
    np.add.at(target, index[real], values[real])


def _product(epsilon: FloatArray, skipped: tuple[int, ...]) -> FloatArray:
    found = np.zeros(len(epsilon) * (epsilon.shape[1] - 1) + 1)
    found[0] = 1.0
    for item, row in enumerate(epsilon):
        if item not in skipped:
            found = _times(found, row)
    return found


def _times(polynomials: FloatArray, factor: FloatArray) -> FloatArray:
    """Polynomials (..., n) times one, cut at degree n - 1, which no product exceeds."""
    made = polynomials * factor[0]
    for k in range(1, len(factor)):
        made[..., k:] += factor[k] * polynomials[..., :-k]
    return np.asarray(made)


def _left_out(epsilon: FloatArray) -> FloatArray:
    """Product of all but item i, for each i."""
    m, width = len(epsilon), len(epsilon) * (epsilon.shape[1] - 1) + 1
    found = np.zeros((m, width))
    found[:, 0] = 1.0
    for item, row in enumerate(epsilon):
        others = np.arange(m) != item
        found[others] = _times(found[others], row)
    return found


def _pairs_left_out(epsilon: FloatArray) -> FloatArray:
    """Product of all but items i and j, for each pair; of all but i where they are the same."""
    m, width = len(epsilon), len(epsilon) * (epsilon.shape[1] - 1) + 1
    found = np.zeros((m, m, width))
    found[:, :, 0] = 1.0
    for item, row in enumerate(epsilon):
        others = np.arange(m) != item
        keep = np.ix_(others, others)
        found[keep] = _times(found[keep], row)
    return found
