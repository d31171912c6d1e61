r"""Response times: the lognormal model of van der Linden, speed, residuals, rapid guesses.

.. math:: \log T_{ij} \sim N(\beta_i - \tau_j,\ \alpha_i^{-2})

beta is the time intensity of the item (log-seconds), alpha its discrimination (1/log-seconds), tau the speed of
the person (log-seconds; 0 in the reference population). Everything about one person is closed-form normal.

References
----------
van der Linden, W. J. (2006). A lognormal model for response times on test items. *J. Educational and Behavioral
Statistics* 31, 181-204.
van der Linden, W. J. & Guo, F. (2008). Bayesian procedures for identifying aberrant response-time patterns in
adaptive testing. *Psychometrika* 73, 365-384 (residuals against the other answers' times).
Wise, S. L. & Kong, X. (2005). Response time effort. *Applied Measurement in Education* 18, 163-183.
Wise, S. L. & Ma, L. (2012). Setting response time thresholds for a CAT item pool: the normative threshold
method. NCME (10 % of the mean time, at most 10 s).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from irt.ability import NormalPrior
from irt.errors import InvalidParameters, InvalidResponses, InvalidRules
from irt.types import BoolArray, FloatArray, Indices, frozen

_MOST_STEPS: Final = 500
_CONVERGED: Final = 1e-9
_LEAST_VARIANCE: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class TimeParameters:
    """Lognormal time parameters of items.

    Parameters
    ----------
    alpha : array_like, shape (n_items,), 1/log-second
        Time discrimination, > 0: 1/alpha is the sd of log-seconds of one person on this item.
    beta : array_like, shape (n_items,), log-second
        Time intensity: log of the median seconds at speed 0.

    Raises
    ------
    InvalidParameters
        Naming the argument and the index of the first item at fault.

    Examples
    --------
    >>> TimeParameters(alpha=[2.0, 1.5], beta=np.log([30.0, 45.0])).take([1]).alpha.tolist()
    [1.5]
    """

    alpha: FloatArray
    beta: FloatArray

    def __init__(self, alpha: ArrayLike, beta: ArrayLike) -> None:
        for name, values in (("alpha", alpha), ("beta", beta)):
            try:
                array = frozen(values)
            except (TypeError, ValueError) as error:
                raise InvalidParameters(name, None, "must be numbers") from error
            object.__setattr__(self, name, array)
            if array.ndim != 1 or not len(array) or len(array) != len(self.alpha):
                raise InvalidParameters(name, None, "must hold one number per item, the same items in both")
            wrong = ~np.isfinite(array) | ((array <= 0) if name == "alpha" else False)
            if wrong.any():
                index = int(np.argmax(wrong))
                rule = "must be finite and greater than 0" if name == "alpha" else "must be finite"
                raise InvalidParameters(name, index, f"{rule}, is {float(array[index])}")

    def __len__(self) -> int:
        return len(self.alpha)

    def take(self, items: Indices) -> TimeParameters:
        """Return the parameters of `items`, in that order."""
        index = np.asarray(items, dtype=np.int64)
        return TimeParameters(self.alpha[index], self.beta[index])


class Speed(NamedTuple):
    """Speed of a person in log-seconds: 0.7 is twice as fast as the reference."""

    tau: float
    se: float  # posterior sd with a prior, standard error without
    n_times: int


class RapidGuesses(NamedTuple):
    """Answers too fast to have been thought about, each array (n_items,)."""

    rapid: BoolArray
    residual: (
        FloatArray  # against the times of the other, not rapid answers; N(0, 1) under the model; NaN untimed
    )
    p_value: FloatArray  # chance of a time this short, NaN untimed
    speed: Speed  # without the rapid answers
    effort: float  # share of the timed answers that are not rapid (Wise & Kong's RTE)


class Calibration(NamedTuple):
    """Time parameters estimated from a table of times."""

    parameters: TimeParameters
    speed_sd: float  # of the persons, log-seconds; their mean is 0
    converged: bool


def expected_seconds(parameters: TimeParameters, tau: float = 0.0) -> FloatArray:
    r"""Mean time at speed tau, :math:`e^{\beta - \tau + 1/(2\alpha^2)}`, shape (n_items,), seconds.

    Examples
    --------
    >>> expected_seconds(TimeParameters([2.0], [np.log(30.0)])).round(1).tolist()
    [34.0]
    """
    return np.asarray(np.exp(parameters.beta - tau + 0.5 / parameters.alpha**2))


def speed(parameters: TimeParameters, seconds: ArrayLike, *, prior: NormalPrior | None = None) -> Speed:
    r"""Speed of one person from the times of the answers.

    .. math:: \hat\tau = \frac{\mu/\sigma^2 + \sum_i\alpha_i^2(\beta_i - \log t_i)}{1/\sigma^2 + \sum_i\alpha_i^2}

    Parameters
    ----------
    parameters : TimeParameters, n_items
    seconds : array_like, shape (n_items,), seconds
        > 0; NaN where the time is unknown.
    prior : NormalPrior, optional
        Of speed; maximum likelihood without it.

    Returns
    -------
    Speed
        tau is NaN and its se infinite without a prior and without a time.

    Raises
    ------
    InvalidResponses

    References
    ----------
    van der Linden (2006).

    Examples
    --------
    >>> bank = TimeParameters([2.0, 2.0], np.log([30.0, 60.0]))
    >>> estimate = speed(bank, [15.0, 30.0])
    >>> round(estimate.tau, 3), round(estimate.se, 3)
    (0.693, 0.354)
    """
    return _speed(parameters, _checked_log(parameters, seconds), prior)


def residuals(parameters: TimeParameters, seconds: ArrayLike, *, prior: NormalPrior) -> FloatArray:
    r"""Standardised log-time residual of each answer given the times of the others, shape (n_items,).

    .. math:: z_i = \frac{\log t_i - (\beta_i - \hat\tau_{(i)})}{\sqrt{\alpha_i^{-2} + \mathrm{se}^2_{(i)}}}

    Parameters
    ----------
    parameters : TimeParameters, n_items
    seconds : array_like, shape (n_items,), seconds
    prior : NormalPrior
        Of speed.

    Returns
    -------
    ndarray
        Exactly N(0, 1) under the model, negative for fast answers; NaN where there is no time.

    Raises
    ------
    InvalidResponses

    References
    ----------
    van der Linden & Guo (2008).
    """
    log_time = _checked_log(parameters, seconds)
    return _residuals(parameters, log_time, prior, np.zeros(len(parameters), dtype=np.bool_))


def rapid_guesses(
    parameters: TimeParameters,
    seconds: ArrayLike,
    *,
    prior: NormalPrior,
    significance: float = 0.001,
    share: float = 0.10,
    longest: float = 10.0,
) -> RapidGuesses:
    """Flag answers that came too fast, in time and for this person.

    An answer is flagged when it is unlikely at this person's speed (residual below the `significance`
    quantile) *and* faster than the normative threshold of its item (`share` of the mean time at speed 0, at most
    `longest` seconds), so that neither a fast person nor a short item is suspected. Speed is estimated without
    the answers flagged; the worst one is taken out first and the rest looked at again.

    Parameters
    ----------
    parameters : TimeParameters, n_items
    seconds : array_like, shape (n_items,), seconds
        NaN where the time is unknown.
    prior : NormalPrior
        Of speed.
    significance : float
        One-sided.
    share, longest : float
        Of the normative threshold.

    Raises
    ------
    InvalidResponses, InvalidRules

    References
    ----------
    Wise & Ma (2012); van der Linden & Guo (2008).

    Examples
    --------
    >>> bank = TimeParameters([2.0] * 5, np.log([30.0] * 5))
    >>> found = rapid_guesses(bank, [28.0, 1.0, 40.0, 25.0, 33.0], prior=NormalPrior(0.0, 0.3))
    >>> found.rapid.tolist(), round(found.effort, 2)
    ([False, True, False, False, False], 0.8)
    """
    if not 0 < significance < 1:
        raise InvalidRules("significance", f"must lie between 0 and 1, is {significance}")
    if not (0 < share <= 1 and longest > 0):
        raise InvalidRules("share, longest", "must be 0 < share <= 1 and longest > 0")
    log_time = _checked_log(parameters, seconds)
    threshold = np.log(np.minimum(share * expected_seconds(parameters), longest))
    limit = float(ndtri(significance))
    rapid = np.zeros(len(parameters), dtype=np.bool_)
    while True:
        z = _residuals(parameters, log_time, prior, rapid)
        with np.errstate(invalid="ignore"):
            suspect = ~rapid & (z < limit) & (log_time < threshold)
        if not suspect.any():
            break
        rapid[int(np.argmin(np.where(suspect, z, np.inf)))] = True
    timed = ~np.isnan(log_time)
    kept = np.where(rapid, np.nan, log_time)
    effort = 1 - rapid.sum() / timed.sum() if timed.any() else math.nan
    return RapidGuesses(rapid, z, ndtr(z), _speed(parameters, kept, prior), float(effort))


def calibrate_times(seconds: ArrayLike) -> Calibration:
    r"""Maximum marginal likelihood of alpha and beta from a table of times, with speed N(0, sd^2).

    Parameters
    ----------
    seconds : array_like, shape (n_persons, n_items), seconds
        NaN where a person did not answer the item; adaptive rows may be used as they are.

    Raises
    ------
    InvalidResponses
        A time that is not greater than 0, or an item with fewer than two times.

    Notes
    -----
    EM with closed-form steps; about 50 of them, each one pass over the table.

    References
    ----------
    van der Linden (2006), section on estimation (there by Gibbs sampling); here the same model by EM.
    """
    table = np.array(seconds, dtype=np.float64)
    if table.ndim != 2:
        raise InvalidResponses("seconds", None, f"must have two dimensions, has {table.ndim}")
    if (np.isinf(table) | (table <= 0)).any():
        raise InvalidResponses("seconds", None, "must be finite and greater than 0, or NaN")
    known = ~np.isnan(table)
    count = known.sum(axis=0)
    if (count < 2).any():
        raise InvalidResponses("seconds", int(np.argmax(count < 2)), "needs at least two times for each item")
    log_time = np.log(np.where(known, table, 1.0))
    beta = (log_time * known).sum(axis=0) / count
    variance = ((log_time - beta) ** 2 * known).sum(axis=0) / count + _LEAST_VARIANCE
    speed_variance, converged = 0.1, False
    for _ in range(_MOST_STEPS):
        precision = 1 / speed_variance + (known / variance).sum(axis=1)
        tau = ((beta - log_time) * known / variance).sum(axis=1) / precision
        tau -= tau.mean()  # the mean of speed belongs to beta: a parameter-expanded step, many times faster
        before = np.concatenate([beta, variance, [speed_variance]])
        speed_variance = max(float((tau**2 + 1 / precision).mean()), _LEAST_VARIANCE)
        beta = ((log_time + tau[:, None]) * known).sum(axis=0) / count
        square = (log_time + tau[:, None] - beta) ** 2 + (1 / precision)[:, None]
        variance = np.maximum((square * known).sum(axis=0) / count, _LEAST_VARIANCE)
        after = np.concatenate([beta, variance, [speed_variance]])
        if np.abs(after - before).max() < _CONVERGED:
            converged = True
            break
    return Calibration(TimeParameters(variance**-0.5, beta), math.sqrt(speed_variance), converged)


def _checked_log(parameters: TimeParameters, seconds: ArrayLike) -> FloatArray:
    try:
        values = np.array(seconds, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidResponses("seconds", None, "must be numbers") from error
    if values.shape != (len(parameters),):
        raise InvalidResponses("seconds", None, f"must be {len(parameters)} times, one per item answered")
    wrong = np.isinf(values) | (values <= 0)
    if wrong.any():
        position = int(np.argmax(wrong))
        raise InvalidResponses(
            "seconds", position, f"must be finite and greater than 0, is {values[position]}"
        )
    return np.asarray(np.log(values))


def _speed(parameters: TimeParameters, log_time: FloatArray, prior: NormalPrior | None) -> Speed:
    timed = ~np.isnan(log_time)
    weight = np.where(timed, parameters.alpha**2, 0.0)
    total = float(weight @ np.where(timed, parameters.beta - log_time, 0.0))
    precision = float(weight.sum())
    if prior is not None:
        total, precision = total + prior.mean / prior.sd**2, precision + prior.sd**-2
    if precision == 0:
        return Speed(math.nan, math.inf, 0)
    return Speed(total / precision, precision**-0.5, int(timed.sum()))


def _residuals(
    parameters: TimeParameters, log_time: FloatArray, prior: NormalPrior, left_out: BoolArray
) -> FloatArray:
    """Residual of every timed answer against the others that are not left out."""
    used = ~np.isnan(log_time) & ~left_out
    weight = np.where(used, parameters.alpha**2, 0.0)
    pull = weight * np.where(used, parameters.beta - log_time, 0.0)
    precision = weight.sum() - weight + prior.sd**-2
    tau = (pull.sum() - pull + prior.mean / prior.sd**2) / precision
    return np.asarray((log_time - parameters.beta + tau) / np.sqrt(parameters.alpha**-2.0 + 1 / precision))
