r"""Classical statistics, and what must be known of a data set before any model is fitted to it.

References
----------
Lord, F. M. & Novick, M. R. (1968). *Statistical Theories of Mental Test Scores*, chapter 15.
Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. *Psychometrika* 16, 297-334.
Wright, B. D. & Stone, M. H. (1979). *Best Test Design* (a design must be connected to have one scale).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from irt.errors import InvalidResponses
from irt.responses import Responses
from irt.types import FloatArray, IntArray


class ItemStatistics(NamedTuple):
    """One row per item, each array (n_items,); NaN where it cannot be had."""

    n_answers: IntArray
    mean: FloatArray  # as a share of the maximum: the proportion right of an item scored 0 and 1
    sd: FloatArray  # of the score
    correlation: FloatArray  # with the measure of everything but the item
    alpha_without: FloatArray  # Cronbach's alpha of the other items; complete forms only


class FormStatistics(NamedTuple):
    """Statistics of a complete form."""

    n_persons: int  # with every item answered
    mean: float  # of the sum score
    sd: float
    alpha: float  # NaN without complete rows
    se_measurement: float  # sd * sqrt(1 - alpha)


class OptionStatistics(NamedTuple):
    """One row per option of one item, each array (n_options,)."""

    n_chosen: IntArray
    share: FloatArray
    mean_measure: FloatArray  # of those who chose it; NaN if nobody did
    correlation: FloatArray  # of choosing it with the measure: a distractor above 0 draws the able


def item_statistics(responses: Responses, measure: ArrayLike | None = None) -> ItemStatistics:
    """Difficulty and discrimination of each item, without a model.

    Parameters
    ----------
    responses : Responses
    measure : array_like, shape (n_persons,), optional
        An ability to correlate with where rows are incomplete, such as theta: it then contains the item itself. The
        sum of the other items if absent, over the persons who answered all of them.

    Raises
    ------
    InvalidResponses
        Not one number per person.

    Examples
    --------
    >>> table = [[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]
    >>> found = item_statistics(Responses.from_wide(table))
    >>> found.mean.tolist(), found.correlation.round(2).tolist()
    ([0.75, 0.5, 0.25], [0.52, 0.71, 0.52])
    """
    n_items = responses.n_items
    mean, sd, correlation, alpha_without = np.full((4, n_items), np.nan)
    n_answers = np.bincount(responses.item, minlength=n_items).astype(np.int64)
    table = _complete(responses)
    total = table.sum(axis=1)
    persons = np.repeat(np.arange(responses.n_persons), responses.counts)
    order = np.argsort(responses.item, kind="stable")
    rows = np.split(order, np.cumsum(n_answers)[:-1])
    place = None if measure is None else _measure(responses, measure)
    for item, own in enumerate(rows):
        if not len(own):
            continue
        score = responses.score[own].astype(np.float64)
        mean[item] = score.mean() / (responses.n_categories[item] - 1)
        sd[item] = score.std(ddof=1) if len(own) > 1 else np.nan
        if place is not None:
            correlation[item] = _correlation(score, place[persons[own]])
        elif len(table):
            correlation[item] = _correlation(table[:, item], total - table[:, item])
    if len(table) > 1 and n_items > 2:
        spread = table.var(axis=0, ddof=1)
        for item in range(n_items):
            alpha_without[item] = _alpha(np.delete(spread, item), total - table[:, item])
    return ItemStatistics(n_answers, mean, sd, correlation, alpha_without)


def form_statistics(responses: Responses) -> FormStatistics:
    """Mean, spread and reliability of the sum score of those who answered every item.

    Examples
    --------
    >>> table = [[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]
    >>> round(form_statistics(Responses.from_wide(table)).alpha, 3)
    0.75
    """
    table = _complete(responses)
    if len(table) < 2 or responses.n_items < 2:
        return FormStatistics(len(table), np.nan, np.nan, np.nan, np.nan)
    total = table.sum(axis=1)
    alpha, sd = _alpha(table.var(axis=0, ddof=1), total), float(total.std(ddof=1))
    error = sd * np.sqrt(max(1 - alpha, 0.0)) if np.isfinite(alpha) else np.nan
    return FormStatistics(len(table), float(total.mean()), sd, alpha, float(error))


def option_statistics(chosen: ArrayLike, measure: ArrayLike, n_options: int) -> OptionStatistics:
    """How often each option of an item was chosen, and by whom.

    Parameters
    ----------
    chosen : array_like of int, shape (n_answers,)
        Option of each answer, 0 to `n_options` - 1; anything below 0 for none.
    measure : array_like, shape (n_answers,)
        Ability of who answered, without this item where possible.
    n_options : int

    Examples
    --------
    >>> found = option_statistics([0, 0, 1, 2], [1.0, 0.6, -0.2, -1.0], 3)
    >>> found.share.tolist(), found.mean_measure.round(1).tolist()
    ([0.5, 0.25, 0.25], [0.8, -0.2, -1.0])
    """
    option, place = np.asarray(chosen, dtype=np.int64), np.asarray(measure, dtype=np.float64)
    if option.shape != place.shape or option.ndim != 1:
        raise InvalidResponses("chosen", None, "must hold one option for each number of measure")
    if (option >= n_options).any():
        at = int(np.argmax(option >= n_options))
        raise InvalidResponses("chosen", at, f"there are options 0 to {n_options - 1}, is {option[at]}")
    given = option >= 0
    count = np.bincount(option[given], minlength=n_options).astype(np.int64)
    total = np.bincount(option[given], place[given], n_options)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    correlation = np.array([_correlation((option == k).astype(np.float64), place) for k in range(n_options)])
    return OptionStatistics(count, count / max(len(option), 1), mean, correlation)


def components(responses: Responses) -> tuple[IntArray, ...]:
    """Groups of items that persons connect, largest first; items that nobody answered stand in none.

    More than one group: each has an origin of its own, and a calibration of them together means nothing unless the
    persons of each were drawn at random from the same population.

    Examples
    --------
    >>> answers = Responses.from_long([0, 0, 1, 1], [0, 1, 2, 3], [1, 0, 1, 0], n_items=5)
    >>> [group.tolist() for group in components(answers)]
    [[0, 1], [2, 3]]
    """
    persons = np.repeat(np.arange(responses.n_persons), responses.counts)
    size = responses.n_items + responses.n_persons
    edges = csr_array(
        (np.ones(len(persons), dtype=np.int8), (responses.item, responses.n_items + persons)),
        shape=(size, size),
    )
    _, label = connected_components(edges, directed=False)
    seen = np.bincount(responses.item, minlength=responses.n_items) > 0
    items = np.flatnonzero(seen)
    groups = [items[label[items] == number] for number in np.unique(label[items])]
    return tuple(sorted(groups, key=lambda group: (-len(group), int(group[0]))))


def _complete(responses: Responses) -> FloatArray:
    """Scores of the persons who answered every item, shape (n_complete, n_items)."""
    full = np.flatnonzero(responses.counts == responses.n_items)
    rows = responses.indptr[full][:, None] + np.arange(responses.n_items)
    table = np.zeros((len(full), responses.n_items))
    np.put_along_axis(table, responses.item[rows].astype(np.int64), responses.score[rows], axis=1)
    return table


def _measure(responses: Responses, measure: ArrayLike) -> FloatArray:
    place = np.asarray(measure, dtype=np.float64)
    if place.shape != (responses.n_persons,):
        raise InvalidResponses(
            "measure", None, f"must hold one number for each of {responses.n_persons} persons"
        )
    return place


def _correlation(x: FloatArray, y: FloatArray) -> float:
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < 2 or not (x.std() > 0 and y.std() > 0):
        return np.nan
    return float(np.corrcoef(x, y)[0, 1])


def _alpha(variances: FloatArray, total: FloatArray) -> float:
    count, spread = len(variances), total.var(ddof=1)
    return float(count / (count - 1) * (1 - variances.sum() / spread)) if spread > 0 and count > 1 else np.nan
