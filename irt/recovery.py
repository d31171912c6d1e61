r"""How well estimates recover known abilities: bias, standard error, RMSE and coverage, by true ability.

What a simulation knows and no sitting does is the truth. Here it meets what the estimates claim: an honest
standard error is as large as the error made, an honest 95 % interval holds the truth 95 times in a hundred.
Every figure comes with its own Monte Carlo error, so that nobody reads luck as a finding.

A credible interval keeps its promise *on average over the prior*, not at each ability: far from the middle it
leans with the posterior mean. An interval around Warm's estimate promises the same at every ability, as far as
the likelihood is normal.

References
----------
Morris, T. P., White, I. R. & Crowther, M. J. (2019). Using simulation studies to evaluate statistical methods.
*Statistics in Medicine* 38, 2074-2102 (table 6: the measures and their Monte Carlo errors).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from irt.errors import InvalidParameters
from irt.exposure import band_of
from irt.types import BoolArray, FloatArray, IntArray


class Recovery(NamedTuple):
    """Estimates beside the truth, one row per band of true ability; arrays of shape (n_bands,)."""

    theta: FloatArray  # mean true ability, logits
    n_persons: IntArray
    bias: FloatArray  # mean of estimate - truth, logits
    bias_error: FloatArray  # Monte Carlo standard error of the bias, logits; nan for one person
    se: FloatArray  # root mean square of the standard errors reported, logits
    rmse: FloatArray  # logits
    coverage: FloatArray  # share of the intervals that hold the truth
    coverage_low: FloatArray  # 95 % limits of that share (Wilson's)
    coverage_high: FloatArray


def recovery(
    truth: ArrayLike, estimates: ArrayLike, se: ArrayLike, covered: ArrayLike, *, edges: ArrayLike = ()
) -> Recovery:
    r"""Compare estimates with the truth.

    .. math:: \mathrm{bias} = \overline{\hat\theta - \theta},\quad
              \mathrm{rmse}^2 = \overline{(\hat\theta - \theta)^2},\quad
              \mathrm{bias\_error} = \mathrm{sd}(\hat\theta - \theta) / \sqrt n

    Parameters
    ----------
    truth, estimates, se : array_like, shape (n_persons,), logits
        Persons whose estimate is nan are left out.
    covered : array_like of bool, shape (n_persons,)
        Whether the interval of each person holds the truth: `inside_posterior` or `inside_normal`.
    edges : array_like, logits
        Edges of the bands of true ability, increasing; empty for one row with everybody. Bands without persons
        are left out.

    Returns
    -------
    Recovery

    Raises
    ------
    InvalidParameters
        Naming the array that has another length than `truth`.

    References
    ----------
    Morris et al. (2019), table 6.

    Examples
    --------
    >>> found = recovery([0.0, 0.0, 2.0], [0.1, -0.3, 1.8], [0.2, 0.2, 0.2], [True, False, True], edges=[1.0])
    >>> found.bias.round(3).tolist(), found.rmse.round(3).tolist(), found.coverage.tolist()
    ([-0.1, -0.2], [0.224, 0.2], [0.5, 1.0])
    """
    true = np.asarray(truth, dtype=np.float64)
    columns = []
    for name, values in (("estimates", estimates), ("se", se), ("covered", covered)):
        column = np.asarray(values, dtype=np.float64)
        if true.ndim != 1 or column.shape != true.shape:
            raise InvalidParameters(name, None, f"must be {len(true)} values, one per person")
        columns.append(column)
    known = ~np.isnan(columns[0])
    true, (found, reported, inside) = true[known], (column[known] for column in columns)
    limits = np.asarray(edges, dtype=np.float64)
    band = band_of(true, limits)
    bands = [rows for row in range(len(limits) + 1) if (rows := np.flatnonzero(band == row)).size]
    error = found - true

    def mean(values: FloatArray) -> FloatArray:
        return np.array([float(values[rows].mean()) for rows in bands])

    count = np.array([len(rows) for rows in bands], dtype=np.int64)
    spread = [float(error[rows].std(ddof=1)) if len(rows) > 1 else math.nan for rows in bands]
    coverage = mean(inside)
    low, high = _wilson(coverage, count)
    return Recovery(
        theta=mean(true),
        n_persons=count,
        bias=mean(error),
        bias_error=np.array(spread) / np.sqrt(count),
        se=np.sqrt(mean(reported**2)),
        rmse=np.sqrt(mean(error**2)),
        coverage=coverage,
        coverage_low=low,
        coverage_high=high,
    )


def inside_posterior(below: ArrayLike, probability: float) -> BoolArray:
    """Whether equal-tailed credible intervals hold the truth, shape (n_persons,).

    Parameters
    ----------
    below : array_like, shape (n_persons,)
        Posterior probability of lying below the true ability.
    probability : float
        Of the interval.

    Examples
    --------
    >>> inside_posterior([0.02, 0.03, 0.5, 0.98], 0.95).tolist()
    [False, True, True, False]
    """
    tail, share = (1 - probability) / 2, np.asarray(below, dtype=np.float64)
    return np.asarray((share >= tail) & (share <= 1 - tail))


def inside_normal(truth: ArrayLike, estimates: ArrayLike, se: ArrayLike, probability: float) -> BoolArray:
    r"""Whether the intervals :math:`\hat\theta \pm z\,se` hold the truth, shape (n_persons,).

    Parameters
    ----------
    truth, estimates, se : array_like, shape (n_persons,), logits
    probability : float
        Of the interval.

    Examples
    --------
    >>> inside_normal([0.0, 0.0], [0.19, 0.2], [0.1, 0.1], 0.95).tolist()
    [True, False]
    """
    away = np.abs(np.asarray(estimates, dtype=np.float64) - np.asarray(truth, dtype=np.float64))
    reach = float(ndtri(0.5 + probability / 2)) * np.asarray(se, dtype=np.float64)
    return np.asarray(away <= reach)


def _wilson(share: FloatArray, count: IntArray) -> tuple[FloatArray, FloatArray]:
    """Limits of a binomial probability at 95 % (Wilson's score interval: sound near 0 and 1)."""
    z = float(ndtri(0.975))
    shrink = 1 + z * z / count
    middle = (share + z * z / (2 * count)) / shrink
    half = z / shrink * np.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)
