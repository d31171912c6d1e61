r"""Standard errors of a calibration: how far its estimates may be off.

With :math:`S_p(\theta)` the gradient of the complete-data log-likelihood of person p (of the answers and of ability's
density) and expectations over the person's posterior, the observed information of the marginal likelihood is, exactly,

.. math:: I = \sum_p w_p E_p(-\nabla S_p) - \sum_p w_p Cov_p(S_p) - \nabla^2 \log prior,

which is what Oakes' identity differentiates its way to; the cross-product information is
:math:`J = \sum_p w_p E_p(S_p) E_p(S_p)^T` (plus the prior's curvature), the sandwich :math:`I^{-1} J I^{-1}`.

*Blocks* keep for each item the covariance of its own parameters only: one pass over the answers, for banks of any
size. What they leave out is what the other items' errors add through the persons' posteriors, so that they are a little
too small; with slopes of 1 and a free sd of ability they miss that sd's error too.

References
----------
Louis, T. A. (1982). Finding the observed information matrix when using the EM algorithm. *JRSS B* 44, 226-233, eq. 3.1.
Oakes, D. (1999). Direct calculation of the information matrix via the EM algorithm. *JRSS B* 61, 479-482, eq. 6.
Yuan, K.-H., Cheng, Y. & Patton, J. (2014). Information matrices and standard errors for MLEs of item parameters in IRT.
*Psychometrika* 79, 232-254.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.sparse import csr_array
from scipy.special import expit, logit, ndtri

from irt import mstep
from irt.calibration import Calibration
from irt.errors import InvalidRules
from irt.estep import Block, Part, Tables, blocks, kernels
from irt.mstep import Family, Kind
from irt.responses import BLOCK, Responses
from irt.types import FloatArray, IntArray

Information = Literal["oakes", "crossprod", "sandwich"]

_STEP: Final = 1e-5
_NEGLIGIBLE: Final = 1e-9
_CELLS: Final = 1 << 12
_DENSE: Final = 0.25  # share of filled places from which BLAS multiplies faster than sparse rows
_IDLE: Final = ("crossprod", "oakes")  # kinds that do without the covariance, without the products


class ParameterError(NamedTuple):
    """One estimate with its standard error; NaN where nothing was estimated."""

    item: int  # -1: ability
    name: str
    value: float
    se: float


def interval(row: ParameterError, probability: float = 0.95) -> tuple[float, float]:
    """Interval of an estimate that stays in the range of its parameter.

    Symmetric for a difficulty or a slope-intercept parameter, in the logarithm for a discrimination, in the logit for
    an asymptote; NaN without a standard error.

    Examples
    --------
    >>> [round(end, 2) for end in interval(ParameterError(0, "a", 1.0, 0.3))]
    [0.56, 1.8]
    """
    reach = float(ndtri(0.5 + probability / 2)) * row.se
    if row.name == "a" and row.value > 0:
        factor = math.exp(reach / row.value)
        return row.value / factor, row.value * factor
    if row.name in ("c", "d") and 0 < row.value < 1:
        centre, spread = float(logit(row.value)), reach / (row.value * (1 - row.value))
        return float(expit(centre - spread)), float(expit(centre + spread))
    return row.value - reach, row.value + reach


@dataclass(frozen=True, eq=False)
class StandardErrors:
    """Covariance of the estimates.

    Attributes
    ----------
    calibration : Calibration
    kind : {"oakes", "crossprod", "sandwich"}
    covariance : ndarray or None
        Of all free parameters, in the order items by model, shared parameters, mean and sd of ability; None of blocks.
    blocks : tuple of ndarray
        Covariance of the slope-intercept parameters of each item, one array (n, P, P) for each family; 0 for a
        parameter that is not estimated.
    ability : ndarray
        Standard errors of the free means, then of the free sds of ability; empty with blocks.
    positive_definite : bool
        Whether the information could be inverted as it stands; if not, the estimates are no maximum, or the data do not
        identify some parameter, and the errors are NaN.
    """

    calibration: Calibration
    kind: Information
    covariance: FloatArray | None
    blocks: tuple[FloatArray, ...]
    ability: FloatArray
    positive_definite: bool

    def rows(self) -> list[ParameterError]:
        """Slope-intercept parameters, item by item."""
        return _rows(self.calibration, self.blocks, traditional=False)

    def parameter_rows(self) -> list[ParameterError]:
        """a, b, c, d and thresholds, item by item, by the delta method."""
        return _rows(self.calibration, self.blocks, traditional=True)

    def item_covariances(self) -> dict[int, FloatArray]:
        """Covariance of (a, b, ...) of each item: what linking, drift and Lord's test of DIF need."""
        found: dict[int, FloatArray] = {}
        for family, x, own in zip(
            self.calibration.families, self.calibration.natural, self.blocks, strict=True
        ):
            _, slopes = _traditional(family, x)
            moved = slopes @ own @ slopes.transpose(0, 2, 1)
            found.update(zip(family.items.tolist(), moved, strict=True))
        return found


def standard_errors(
    calibration: Calibration,
    responses: Responses | Sequence[Part],
    kind: Information = "oakes",
    *,
    full: bool = True,
    fast: bool = True,
) -> StandardErrors:
    """Standard errors from the responses that a calibration was made of.

    Parameters
    ----------
    calibration : Calibration
    responses : Responses, or a sequence of chunks
    kind : {"oakes", "crossprod", "sandwich"}
        Observed information, cross-product of the persons' scores, or the robust combination of both.
    full : bool
        The whole matrix, or blocks by item.
    fast : bool
        Use numba where it is there; without it the full matrix of sparse data takes minutes.

    Raises
    ------
    InvalidRules
        An unknown kind.

    Notes
    -----
    The full matrix of m parameters needs 8 m**2 bytes, and time in proportion to the squared number of answers of each
    person; blocks take one more E-step. The same numbers to the last bit for any chunks. Fixed items add no error of
    their own. The weights of a histogram count as known.

    Examples
    --------
    >>> from irt.calibration import calibrate
    >>> answers = Responses.from_wide([[1, 0, 1], [1, 1, 0], [0, 0, 1], [0, 1, 0], [1, 1, 1], [0, 0, 0]] * 30)
    >>> errors = standard_errors(calibrate(answers, "rasch", tolerance=1e-8), answers)
    >>> [(row.name, round(row.se, 1)) for row in errors.rows() if row.item == 0]
    [('a', nan), ('d', 0.2)]
    """
    if kind not in ("oakes", "crossprod", "sandwich"):
        raise InvalidRules("kind", f"must be oakes, crossprod or sandwich, is {kind}")
    parts = (responses,) if isinstance(responses, Responses) else tuple(responses)
    layout = _layout(calibration)
    given = calibration.tables(fast=fast)
    dropped = [one.number for one in calibration.exclusions if one.kind == "item"]
    if full:
        return _full(calibration, layout, parts, given, dropped, kind)
    return _by_block(calibration, layout, parts, given, dropped, kind)


@dataclass(frozen=True, eq=False)
class _Layout:
    """Where each free parameter stands, and the gradients of every answer in them."""

    local: tuple[IntArray, ...]  # index of u of each family, (n, n_local)
    shared: tuple[IntArray, ...]
    mean: IntArray  # (n_groups,), -1 where not free
    sd: IntArray
    size: int
    scores: FloatArray  # (n_codes + n_groups, width, n_quadrature)
    index: IntArray  # (n_codes + n_groups, width)


def _layout(calibration: Calibration) -> _Layout:
    local, shared, size = [], [], 0
    for family in calibration.families:
        many = family.local.shape[1] if family.free else 0
        n = len(family.items)
        local.append(size + np.arange(n * many, dtype=np.int64).reshape(n, many))
        size += n * many
    for family in calibration.families:
        many = family.shared.shape[1] if family.free else 0
        shared.append(size + np.arange(many, dtype=np.int64))
        size += many
    places = []
    for free in (calibration.free_mean, calibration.free_sd):
        loose = np.array(free) & (not calibration.histogram)
        place = np.where(loose, size + np.cumsum(loose) - 1, -1)
        size += int(loose.sum())
        places.append(place.astype(np.int64))
    n_groups = len(places[0])
    widths = [f.local.shape[1] + f.shared.shape[1] for f in calibration.families if f.free]
    width = max([2, *widths])
    scores = np.zeros((calibration.n_codes + n_groups, width, len(calibration.nodes)))
    index = np.full((calibration.n_codes + n_groups, width), -1, dtype=np.int64)
    for family, x, own, common in zip(calibration.families, calibration.natural, local, shared, strict=True):
        if not family.free:
            continue
        slopes = mstep.gradient(family, x, calibration.nodes)  # (n, P, k, q)
        both = np.hstack([family.local, family.shared])
        many = both.shape[1]
        scores[family.codes, :many] = both.T @ slopes.transpose(0, 2, 1, 3)
        index[family.codes, : own.shape[1]] = own[:, None, :]
        index[family.codes, own.shape[1] : many] = common
    slopes = _ability_slopes(calibration.nodes, calibration.ability.mean, calibration.ability.sd)
    scores[calibration.n_codes :, :2] = slopes
    index[calibration.n_codes :, 0] = places[0]
    index[calibration.n_codes :, 1] = places[1]
    return _Layout(tuple(local), tuple(shared), places[0], places[1], size, scores, index)


def _ability_slopes(nodes: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Gradient of the log-weights in mean and sd, (n_groups, 2, n_quadrature)."""
    z = (nodes - mean[:, None]) / sd[:, None]
    weight = np.exp(-0.5 * z * z)
    weight /= weight.sum(axis=1, keepdims=True)
    raw = np.stack([z / sd[:, None], z * z / sd[:, None]], axis=1)
    centred: FloatArray = raw - (raw * weight[:, None]).sum(axis=2, keepdims=True)
    return centred


def _answers(part: Part, dropped: list[int]) -> Responses:
    found = part if isinstance(part, Responses) else part()
    return found.without_items(dropped) if dropped else found


def _complete(
    calibration: Calibration, counts: FloatArray
) -> tuple[tuple[FloatArray, ...], tuple[FloatArray, ...]]:
    """Minus the second derivative of the expected log-likelihood and of the log-prior, (n, P, P) by family."""
    information, priors = [], []
    for family, x in zip(calibration.families, calibration.natural, strict=True):
        shape = (*x.shape, x.shape[1])
        if not family.free:
            information.append(np.zeros(shape))
            priors.append(np.zeros(shape))
            continue
        own = counts[family.codes]
        if family.kind is Kind.LOGISTIC and x.shape[1] == 2:
            information.append(mstep.score_and_information(family, x, own, calibration.nodes)[1])
        else:
            information.append(_differences(x, partial(_expected_score, family, own, calibration.nodes)))
        if mstep.has_prior(family):
            priors.append(_differences(x, partial(_prior_score, family)))
        else:
            priors.append(np.zeros(shape))
    return tuple(information), tuple(priors)


def _expected_score(family: Family, counts: FloatArray, nodes: FloatArray, x: FloatArray) -> FloatArray:
    return mstep.score_and_information(family, x, counts, nodes)[0]


def _prior_score(family: Family, x: FloatArray) -> FloatArray:
    return mstep.prior_terms(family, x)[0]


def _differences(x: FloatArray, slope: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Minus the derivative of a gradient by central differences, symmetric, (n, P, P)."""
    found = np.empty((*x.shape, x.shape[1]))
    for j in range(x.shape[1]):
        h = np.zeros_like(x)
        h[:, j] = _STEP * np.maximum(1.0, np.abs(x[:, j]))
        found[:, :, j] = -(slope(x + h) - slope(x - h)) / (2 * h[:, j : j + 1])
    return (found + found.transpose(0, 2, 1)) / 2


# The whole matrix


def _full(
    calibration: Calibration,
    layout: _Layout,
    parts: Sequence[Part],
    given: Tables,
    dropped: list[int],
    kind: Information,
) -> StandardErrors:
    size = layout.size
    covariance, cross = (
        np.zeros(((size + 1) // 2, size, 2) if kind != idle else (0, 0, 2)) for idle in _IDLE
    )
    wanted = {"oakes": 1, "crossprod": 2, "sandwich": 3}[kind]
    every = (block for part in parts for block in blocks(_answers(part, dropped), given))
    compiled = kernels() is not None and given.fast
    for block in every if compiled else _realigned(every):
        _add_products(calibration, layout, block, wanted, covariance, cross, given.fast)
    likelihood, prior = _complete(calibration, calibration.sums.counts())
    curvature = np.zeros((size, size))
    _place(curvature, calibration, layout, prior)
    inverse, sound = curvature, True
    if kind != "crossprod":
        observed = curvature - _mirrored(covariance)
        _place(observed, calibration, layout, likelihood)
        _place_ability(observed, calibration, layout, calibration.sums.nodes())
        inverse, sound = _inverse(observed)
    if kind == "crossprod":
        inverse, sound = _inverse(curvature + _mirrored(cross))
    elif kind == "sandwich":
        inverse = inverse @ _mirrored(cross) @ inverse
    found = []
    for family, own, shared in zip(calibration.families, layout.local, layout.shared, strict=True):
        if not family.free:
            found.append(np.zeros((len(family.items), len(family.names), len(family.names))))
            continue
        both = np.hstack([family.local, family.shared])
        index = np.hstack([own, np.broadcast_to(shared, (len(own), len(shared)))])
        found.append(both @ inverse[index[:, :, None], index[:, None, :]] @ both.T)
    loose = np.concatenate([layout.mean[layout.mean >= 0], layout.sd[layout.sd >= 0]])
    ability = np.sqrt(np.diag(inverse)[loose])
    return StandardErrors(calibration, kind, inverse, tuple(found), ability, sound)


def _place(
    matrix: FloatArray, calibration: Calibration, layout: _Layout, blocks_: Sequence[FloatArray]
) -> None:
    """Add (n, P, P) blocks of natural parameters to the matrix of the free ones."""
    for family, own, shared, block in zip(
        calibration.families, layout.local, layout.shared, blocks_, strict=True
    ):
        if family.free:
            both = np.hstack([family.local, family.shared])
            index = np.hstack([own, np.broadcast_to(shared, (len(own), len(shared)))])
            np.add.at(matrix, (index[:, :, None], index[:, None, :]), both.T @ block @ both)


def _place_ability(matrix: FloatArray, calibration: Calibration, layout: _Layout, held: FloatArray) -> None:
    """Add minus the second derivatives of the log-weights, summed over the persons of each group."""
    mean, sd = calibration.ability.mean, calibration.ability.sd

    def slope(m: FloatArray, s: FloatArray) -> FloatArray:
        total: FloatArray = (_ability_slopes(calibration.nodes, m, s) * held[:, None]).sum(axis=2)
        return total

    by_mean = -(slope(mean + _STEP, sd) - slope(mean - _STEP, sd)) / (2 * _STEP)
    by_sd = -(slope(mean, sd + _STEP) - slope(mean, sd - _STEP)) / (2 * _STEP)
    both = np.stack([by_mean, by_sd], axis=2)
    for group, (one, two) in enumerate(zip(layout.mean.tolist(), layout.sd.tolist(), strict=True)):
        place = [(0, one), (1, two)]
        for row, i in place:
            for column, j in place:
                if i >= 0 and j >= 0:
                    matrix[i, j] += (both[group, row, column] + both[group, column, row]) / 2


def _add_products(
    calibration: Calibration,
    layout: _Layout,
    block: Block,
    wanted: int,
    covariance: FloatArray,
    cross: FloatArray,
    fast: bool,
) -> None:
    """Add a block's sums of covariances and of products to lower triangles."""
    posterior = block.posterior
    extra = calibration.n_codes + block.group
    compiled = kernels() if fast else None
    if compiled is not None:
        rows = (block.indptr, block.codes, extra, layout.scores, layout.index)
        compiled.score_products(*rows, posterior, block.weight, wanted, covariance, cross)
        return
    posterior = _trimmed(posterior)
    counts = np.diff(block.indptr)
    person = np.concatenate([np.repeat(np.arange(len(counts)), counts), np.arange(len(counts))])
    code = np.concatenate([block.codes, extra])
    index = layout.index[code]
    used = index >= 0
    rows = np.broadcast_to(person[:, None], index.shape)[used]
    places = index[used]
    scores = layout.scores[code][used]  # (n, n_quadrature)
    shape = (len(counts), layout.size)
    dense = len(places) > _DENSE * len(counts) * layout.size
    mean = np.einsum("nq,nq->n", scores, posterior[rows])
    scores -= mean[:, None]

    def squared(values: FloatArray) -> FloatArray:
        matrix = csr_array((values, (rows, places)), shape=shape)
        if dense:
            full = matrix.toarray()
            product: FloatArray = full.T @ full
            return product
        return (matrix.T @ matrix).toarray()

    root = np.sqrt(block.weight)
    if wanted & 1:
        for q in np.flatnonzero(posterior.max(axis=0)).tolist():
            share = root * np.sqrt(posterior[:, q])
            _add_pairs(covariance, squared(scores[:, q] * share[rows]))
    if wanted & 2:
        _add_pairs(cross, squared(mean * root[rows]))


def _realigned(every: Iterable[Block]) -> Iterator[Block]:
    """The same persons in blocks of 1,024 however they were cut, so that sums by block are the same to the last bit."""
    held: Block | None = None
    for block in every:
        held = block if held is None else _together(held, block)
        while len(held.total) >= BLOCK:
            yield _persons(held, 0, BLOCK)
            held = _persons(held, BLOCK, len(held.total))
    if held is not None and len(held.total):
        yield held


def _together(one: Block, two: Block) -> Block:
    density, total, likelihood, weight, group, codes = (
        np.concatenate([getattr(one, name), getattr(two, name)])
        for name in ("density", "total", "log_likelihood", "weight", "group", "codes")
    )
    indptr = np.concatenate([one.indptr, one.indptr[-1] + two.indptr[1:]])
    return Block(one.start, density, total, likelihood, weight, group, indptr, codes)


def _persons(block: Block, start: int, stop: int) -> Block:
    low, high = block.indptr[start], block.indptr[stop]
    own = slice(start, stop)
    return Block(
        block.start + start,
        block.density[own],
        block.total[own],
        block.log_likelihood[own],
        block.weight[own],
        block.group[own],
        block.indptr[start : stop + 1] - low,
        block.codes[low:high],
    )


def _trimmed(posterior: FloatArray) -> FloatArray:
    """Without the points at both ends that have no weight to speak of, as the compiled walks do."""
    seen = posterior >= _NEGLIGIBLE
    inside = np.logical_or.accumulate(seen, axis=1) & np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    held = np.where(inside, posterior, 0.0)
    return np.asarray(held / held.sum(axis=1, keepdims=True))


def _add_pairs(target: FloatArray, matrix: FloatArray) -> None:
    """Add a matrix to one whose rows lie in pairs."""
    target[:, :, 0] += matrix[0::2]
    target[: len(matrix) // 2, :, 1] += matrix[1::2]


def _mirrored(pairs: FloatArray) -> FloatArray:
    """Symmetric matrix of a lower triangle whose rows lie in pairs."""
    lower = np.tril(pairs.transpose(0, 2, 1).reshape(-1, pairs.shape[1])[: pairs.shape[1]])
    whole: FloatArray = lower + np.tril(lower, -1).T
    return whole


def _inverse(matrix: FloatArray) -> tuple[FloatArray, bool]:
    factor, failed = dpotrf(matrix, lower=1, clean=1)
    if failed or not len(matrix):
        return np.full(matrix.shape, np.nan), not failed
    lower, _ = dpotri(factor, lower=1)
    inverse: FloatArray = np.tril(lower) + np.tril(lower, -1).T
    return inverse, True


# Blocks


def _by_block(
    calibration: Calibration,
    layout: _Layout,
    parts: Sequence[Part],
    given: Tables,
    dropped: list[int],
    kind: Information,
) -> StandardErrors:
    width = layout.scores.shape[1]
    cross = np.zeros((calibration.n_codes, width, width))
    for part in parts:
        answers = _answers(part, dropped)
        for block in blocks(answers, given):
            _add_blocks(layout, block, cross, given.fast)
    cross += np.triu(cross.transpose(0, 2, 1), 1)
    counts = calibration.sums.counts()
    likelihood, priors = _complete(calibration, counts)
    found, sound = [], True
    for family, complete, prior in zip(calibration.families, likelihood, priors, strict=True):
        n, names = len(family.items), len(family.names)
        if not family.free:
            found.append(np.zeros((n, names, names)))
            continue
        many = family.local.shape[1]
        products = cross[family.codes][:, :, :many, :many].sum(axis=1)
        own = counts[family.codes]
        scores = layout.scores[family.codes][:, :, :many]
        weighted = scores * own[:, :, None]
        spread = (weighted @ scores.transpose(0, 1, 3, 2)).sum(axis=1) - products
        curvature = family.local.T @ prior @ family.local
        observed = family.local.T @ complete @ family.local + curvature - spread
        used = products + curvature if kind == "crossprod" else observed
        inverse, fine = _inverses(used)
        sound &= fine
        if kind == "sandwich":
            inverse = inverse @ products @ inverse
        found.append(family.local @ inverse @ family.local.T)
    return StandardErrors(calibration, kind, None, tuple(found), np.zeros(0), sound)


def _add_blocks(layout: _Layout, block: Block, cross: FloatArray, fast: bool) -> None:
    """Add the products of the mean scores of each answer to lower triangles."""
    compiled = kernels() if fast else None
    if compiled is not None:
        answered = (block.indptr, block.codes, layout.scores)
        compiled.block_products(*answered, block.density, block.total, block.weight, cross)
        return
    posterior = _trimmed(block.posterior)
    person = np.repeat(np.arange(len(block.total)), np.diff(block.indptr))
    for start in range(0, len(person), _CELLS):
        rows, codes = person[start : start + _CELLS], block.codes[start : start + _CELLS]
        mean = np.einsum("njq,nq->nj", layout.scores[codes], posterior[rows])
        products = block.weight[rows, None, None] * mean[:, :, None] * mean[:, None, :]
        np.add.at(cross, codes, np.tril(products))


def _inverses(matrices: FloatArray) -> tuple[FloatArray, bool]:
    """Inverse of each positive definite matrix, NaN of the others."""
    least = np.linalg.eigvalsh(matrices)[:, 0]
    fine = least > 0
    found = np.full(matrices.shape, np.nan)
    found[fine] = np.linalg.inv(matrices[fine])
    return found, bool(fine.all())


# Tables


def _traditional(family: Family, x: FloatArray) -> tuple[dict[str, FloatArray], FloatArray]:
    """a, b, c, d or thresholds of each item, and their derivatives in x, (n, n_names, P)."""
    n, size = x.shape
    k = family.n_categories
    if family.kind is Kind.NOMINAL:
        return dict(zip(family.names, x.T, strict=True)), np.broadcast_to(np.eye(size), (n, size, size))
    a, d = x[:, 0], x[:, 1:k]
    values, slopes = {"a": a}, [np.tile(np.eye(size)[0], (n, 1))]
    steps = np.diff(d, axis=1, prepend=0.0) if family.kind is Kind.DIVIDED else d
    for j in range(k - 1):
        slope = np.zeros((n, size))
        slope[:, 0] = steps[:, j] / a**2
        slope[:, 1 + j] = -1 / a
        if family.kind is Kind.DIVIDED and j:
            slope[:, j] = 1 / a
        values["b" if family.kind is Kind.LOGISTIC else f"b{j + 1}"] = -steps[:, j] / a
        slopes.append(slope)
    for column, name in ((2, "c"), (3, "d")):
        if family.kind is Kind.LOGISTIC and size > column:
            values[name] = expit(x[:, column])
            slope = np.zeros((n, size))
            slope[:, column] = values[name] * (1 - values[name])
            slopes.append(slope)
    return values, np.stack(slopes, axis=1)


def _rows(
    calibration: Calibration, found: Sequence[FloatArray], *, traditional: bool
) -> list[ParameterError]:
    rows = []
    for family, x, own in zip(calibration.families, calibration.natural, found, strict=True):
        if traditional:
            values, slopes = _traditional(family, x)
            own = slopes @ own @ slopes.transpose(0, 2, 1)
        else:
            values = dict(zip(family.names, x.T, strict=True))
        variance = np.einsum("njj->nj", own)
        se = np.where(variance == 0, np.nan, np.sqrt(np.maximum(variance, 0.0)))
        for row, item in enumerate(family.items.tolist()):
            for column, (name, value) in enumerate(values.items()):
                rows.append(ParameterError(item, name, float(value[row]), float(se[row, column])))
    return sorted(rows, key=lambda row: row.item)
