r"""Differential item functioning by likelihood ratio: does an item need parameters of its own in the focal group?

All items are estimated with the same parameters in both groups, whose abilities have distributions of their own. Then
one item is split in two, the answers of the reference group and those of the focal group, and everything is estimated
again:

.. math:: G^2 = 2(\log L_{split} - \log L_{same}),

chi-square with as many degrees of freedom as the item has parameters. All other items are the anchor.

References
----------
Thissen, D., Steinberg, L. & Wainer, H. (1993). Detection of differential item functioning using the parameters of item
response models. In *Differential Item Functioning*, 67-113.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from irt.calibration import Calibration, calibrate
from irt.drift import false_discovery
from irt.errors import InvalidResponses
from irt.estep import Executor, serial
from irt.mstep import Model, Priors
from irt.responses import Responses
from irt.types import BoolArray, FloatArray, IntArray

_TOLERANCE: Final = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class LikelihoodRatio:
    """One row per tested item, each array (n_tested,); NaN where a group leaves nothing to estimate."""

    item: IntArray
    chi_square: FloatArray
    degrees: IntArray
    p_value: FloatArray
    q_value: FloatArray  # Benjamini-Hochberg over the tested items
    delta_a: FloatArray  # discrimination, focal minus reference, 1/logit
    delta_b: FloatArray  # difficulty, focal minus reference; of thresholds, their mean, logits
    converged: BoolArray
    same: Calibration  # every item the same in both groups


def likelihood_ratio(
    responses: Responses,
    models: Model | str | Sequence[Model | str] = Model.TWO_PL,
    *,
    items: ArrayLike | None = None,
    priors: Priors | None = None,
    n_quadrature: int = 61,
    tolerance: float = _TOLERANCE,
    executor: Executor = serial,
    progress: Callable[[int, int], None] | None = None,
) -> LikelihoodRatio:
    """Free one item after the other for the focal group.

    Parameters
    ----------
    responses : Responses
        With two groups: 0 the reference, 1 the focal group.
    models : Model, str, or one of them for each item
    items : array_like of int, optional
        Items to test; all if absent.
    priors : Priors, optional
        With one number for every item: a split item has the prior of both.
    n_quadrature, tolerance, executor
        As of :func:`irt.calibration.calibrate`.
    progress : callable, optional
        Told after each item: how many are done, of how many.

    Raises
    ------
    InvalidResponses
        Not two groups.

    Notes
    -----
    As many calibrations as items, each started where all items are the same.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> group = np.repeat([0, 1], 800)
    >>> b = np.linspace(-1, 1, 6) + 1.0 * group[:, None] * (np.arange(6) == 2)
    >>> right = rng.random((1600, 6)) < 1 / (1 + np.exp(b - rng.normal(size=(1600, 1))))
    >>> found = likelihood_ratio(Responses.from_wide(right, group=group), items=[1, 2])
    >>> (found.p_value < 0.001).tolist(), found.degrees.tolist()
    ([False, True], [2, 2])
    """
    if responses.n_groups != 2:
        raise InvalidResponses("group", None, f"must hold two groups, holds {responses.n_groups}")
    every = [models] * responses.n_items if isinstance(models, (Model, str)) else list(models)
    same = calibrate(
        responses, every, priors=priors, n_quadrature=n_quadrature, tolerance=tolerance, executor=executor
    )
    tested = np.arange(responses.n_items) if items is None else np.asarray(items, dtype=np.int64)
    chi_square, delta_a, delta_b = np.full((3, len(tested)), np.nan)
    degrees = np.zeros(len(tested), dtype=np.int64)
    converged = np.zeros(len(tested), dtype=np.bool_)
    out = {one.number for one in same.exclusions if one.kind == "item"}
    for place, item in enumerate(tested.tolist()):
        if item not in out:
            free = calibrate(
                _split(responses, item),
                [*every, every[item]],
                priors=priors,
                n_quadrature=n_quadrature,
                tolerance=tolerance,
                start=same,
                executor=executor,
            )
            lost = {one.number for one in free.exclusions if one.kind == "item"}
            if not lost.intersection((item, responses.n_items)):
                chi_square[place] = max(2 * (free.log_likelihood - same.log_likelihood), 0.0)
                degrees[place] = free.n_parameters - same.n_parameters
                (own_a, own_b), (other_a, other_b) = (
                    _summary(free, number) for number in (item, responses.n_items)
                )
                delta_a[place], delta_b[place] = other_a - own_a, other_b - own_b
                converged[place] = free.converged and same.converged
        if progress is not None:
            progress(place + 1, len(tested))
    p_value = np.where(degrees > 0, chdtrc(np.maximum(degrees, 1), chi_square), np.nan)
    return LikelihoodRatio(
        tested, chi_square, degrees, p_value, false_discovery(p_value), delta_a, delta_b, converged, same
    )


def _split(responses: Responses, item: int) -> Responses:
    """The answers of the focal group to one item as answers to a new item, the last."""
    persons = np.repeat(np.arange(responses.n_persons), responses.counts)
    focal = (responses.item == item) & (responses.group[persons] == 1)
    return Responses.from_long(
        persons,
        np.where(focal, responses.n_items, responses.item),
        responses.score,
        n_categories=np.append(responses.n_categories, responses.n_categories[item]),
        n_persons=responses.n_persons,
        weight=responses.weight,
        group=responses.group,
    )


def _summary(calibration: Calibration, item: int) -> tuple[float, float]:
    for family, x in zip(calibration.families, calibration.natural, strict=True):
        row = np.flatnonzero(family.items == item)
        if len(row):
            return float(family.discrimination(x)[row[0]]), float(family.location(x)[row[0]])
    return np.nan, np.nan
