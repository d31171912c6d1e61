r"""Exposure of items: eligibility drawn per sitting, how its probabilities are fitted, exposure statistics.

At the start of a sitting every item is drawn eligible or not with its stored probability; an ineligible item
loses more gain than any test is worth, but stays in the pool, so that exposure control can never make a
test infeasible. Probabilities may differ between bands of theta; the draw of an item is the same in all
bands, so that an item does not flicker when the estimate crosses an edge.

References
----------
van der Linden, W. J. & Veldkamp, B. P. (2004). Constraining item exposure in computerized adaptive testing
with shadow tests. *J. Educational and Behavioral Statistics* 29, 273-291, equation (13).
van der Linden, W. J. & Veldkamp, B. P. (2007). Conditional item-exposure control in adaptive testing using
item-ineligibility probabilities. *JEBS* 32, 398-418.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from irt.errors import InvalidRules
from irt.types import FloatArray, IntArray, frozen

_BESIDE: Final = 0.25  # how much of a band's excess its neighbours take on at a round
_LEAST: Final = 0.01  # a probability of 0 could never rise again in a later round of the fit


@dataclass(frozen=True, slots=True, eq=False)
class Eligibility:
    """Probability that an item is eligible in a sitting, per band of theta.

    Parameters
    ----------
    probabilities : ndarray, shape (n_bands, n_items)
        In [0, 1]. Items of one testlet share the draw and should share the probability of the first.
    edges : ndarray, shape (n_bands - 1,), logits
        Bounds between the bands, increasing; empty for one marginal band.
    """

    probabilities: FloatArray
    edges: FloatArray

    def __post_init__(self) -> None:
        probabilities, edges = frozen(self.probabilities), frozen(self.edges)
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "edges", edges)
        if probabilities.ndim != 2 or edges.ndim != 1 or len(probabilities) != len(edges) + 1:
            raise InvalidRules(
                "eligibility", "needs one row of probabilities per band and an edge between bands"
            )
        if not ((probabilities >= 0) & (probabilities <= 1)).all():
            raise InvalidRules("eligibility.probabilities", "must lie between 0 and 1")
        if not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
            raise InvalidRules("eligibility.edges", "must be finite and increase strictly")


@dataclass(frozen=True, slots=True, eq=False)
class SympsonHetter:
    """Probability that an item is given once it has been chosen; otherwise the next best is tried.

    Parameters
    ----------
    probabilities : ndarray, shape (n_items,)
        In (0, 1]. Items of one testlet share the draw, which belongs to the sitting: an item passed over is
        passed over for the rest of it, as in the source.

    References
    ----------
    Sympson, J. B. & Hetter, R. D. (1985). Controlling item-exposure rates in computerized adaptive testing.
    *Proceedings of the 27th annual meeting of the Military Testing Association*, 973-977.
    """

    probabilities: FloatArray

    def __post_init__(self) -> None:
        probabilities = frozen(self.probabilities)
        object.__setattr__(self, "probabilities", probabilities)
        if probabilities.ndim != 1 or not ((probabilities > 0) & (probabilities <= 1)).all():
            raise InvalidRules("sympson_hetter.probabilities", "must lie above 0 and at most at 1, per item")


class Exposure(NamedTuple):
    """How often items were used over a set of finished tests."""

    rates: FloatArray  # (n_items,): share of the persons who were given the item
    highest: float
    floor: float  # mean rate: no design of this length can have a lower maximum
    overlap: float  # mean share of common items between the tests of two persons
    unused: int  # items nobody was given


def band_of(theta: ArrayLike, edges: FloatArray) -> IntArray:
    """Band of theta, 0..n_edges, shape of `theta`.

    Examples
    --------
    >>> band_of([-2.0, 0.1, 5.0], np.array([-1.0, 1.0])).tolist()
    [0, 1, 2]
    """
    return np.searchsorted(edges, np.asarray(theta, dtype=np.float64) + 1e-9, side="right").astype(np.int64)


def item_exposure(given: IntArray, n_items: int) -> Exposure:
    r"""Exposure and overlap statistics.

    Parameters
    ----------
    given : ndarray of int, shape (n_persons, longest)
        Items of each person, padded with -1.
    n_items : int

    Notes
    -----
    Overlap is the expected number of common items of two persons drawn without replacement, over the mean
    length: :math:`\sum_i m_i (m_i - 1) / (N (N-1) \bar L)`, m_i the number of uses of item i.

    Examples
    --------
    >>> item_exposure(np.array([[0, 1], [0, 2]]), 4)
    Exposure(rates=array([1. , 0.5, 0.5, 0. ]), highest=1.0, floor=0.5, overlap=0.5, unused=1)
    """
    n_persons = len(given)
    used = given[given >= 0]
    counts = np.bincount(used, minlength=n_items)
    rates = counts / max(n_persons, 1)
    pairs = n_persons * (n_persons - 1)
    mean_length = len(used) / max(n_persons, 1)
    overlap = float((counts * (counts - 1)).sum() / (pairs * mean_length)) if pairs and len(used) else 0.0
    return Exposure(rates, float(rates.max()), float(rates.mean()), overlap, int((counts == 0).sum()))


def adjusted(eligibility: Eligibility, rates: FloatArray, target: float) -> Eligibility:
    r"""One round of the fit: probabilities that would have brought every item to its target.

    .. math:: P(E_i) \leftarrow \min\{1,\; r_{max} P(E_i) / P(A_i)\}

    Parameters
    ----------
    eligibility : Eligibility
        With which the rates were observed.
    rates : ndarray, shape (n_bands, n_items)
        Share of the persons of each band who were given the item; nan in a band without persons, which is
        then left as it is.
    target : float
        Highest exposure rate wanted, in every band.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # never given: the ratio is inf, capped at 1
        wanted = np.minimum(1.0, target * eligibility.probabilities / rates)
    keep = np.isnan(rates)
    wanted = np.maximum(wanted, _LEAST)
    wanted = np.where(keep, eligibility.probabilities, np.where(rates > 0, wanted, 1.0))
    return Eligibility(wanted, eligibility.edges)


def jointly_adjusted(
    eligibility: Eligibility, rates: FloatArray, shares: FloatArray, target: float, band_target: float
) -> Eligibility:
    r"""One round of the fit with two targets: one over all persons, one within each band.

    .. math::

        P(E_{ik}) \leftarrow \min\Bigl\{1,\; P(E_{ik})\,\min\bigl(\tfrac{r_{max}}{P(A_i)},\;
        \tfrac{r_{band}}{P(A_{ik})},\; (\tfrac{r_{band}}{P(A_{i,k \pm 1})})^{1/4}\bigr)\Bigr\}

    Parameters
    ----------
    eligibility : Eligibility
        With which the rates were observed.
    rates : ndarray, shape (n_bands, n_items)
        As in `adjusted`; nan in a band without persons.
    shares : ndarray, shape (n_bands,)
        Share of the persons in each band.
    target, band_target : float
        Highest exposure rate over all persons, and within a band.

    Notes
    -----
    Each factor is that of `adjusted`, so that where the round changes nothing both targets are met. The last
    one lets the bands next to one that is above its target give way too: persons are counted in the band of
    their ability, and were given some of their items while the estimate still lay in the next one.
    """
    keep = np.isnan(rates)
    known = np.where(keep, 0.0, rates)
    with np.errstate(divide="ignore", over="ignore"):  # (almost) never given: nothing limits it
        over_all = target / (shares @ known)
        within = band_target / known
    beside = np.full_like(within, np.inf)
    beside[1:] = within[:-1]
    beside[:-1] = np.minimum(beside[:-1], within[1:])
    factor = np.minimum(np.minimum(over_all, within), beside**_BESIDE)
    probability = np.clip(eligibility.probabilities * factor, _LEAST, 1.0)
    return Eligibility(np.where(keep, eligibility.probabilities, probability), eligibility.edges)


def sympson_hetter_round(chosen: FloatArray, target: float) -> SympsonHetter:
    r"""One round of the Sympson-Hetter calibration: :math:`K_i = \min(1, r_{max} / P(S_i))`.

    Parameters
    ----------
    chosen : ndarray, shape (n_items,)
        Share of the persons for whom the item was chosen, given or passed over.
    target : float
        Highest exposure rate wanted.
    """
    with np.errstate(divide="ignore"):  # never chosen: no control needed
        return SympsonHetter(np.clip(target / chosen, _LEAST, 1.0))
