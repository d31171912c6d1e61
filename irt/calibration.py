r"""Marginal maximum likelihood and marginal MAP: the parameters of a bank from sparse responses.

The likelihood of a person is integrated over ability on a fixed grid,

.. math:: L_p = \sum_q w_{g(p)q} \prod_{c \in p} P_c(\theta_q),

and :math:`\sum_p \log L_p + \log prior` is raised by EM: the E-step of `irt.estep`, the M-step of `irt.mstep`, both
accelerated by SQUAREM, which steps along the direction of three consecutive iterates and falls back to the last of them
where that would lower the objective. The trace of the objective is kept.

The distribution of ability is N(0, 1) in the reference group unless something else fixes the scale: slopes of 1 (then
its sd is free) or items whose parameters are given (then mean and sd are free in every group: fixed-parameter
calibration by multiple weights updating and multiple EM cycles). Other groups always have their own mean and sd. A
histogram may stand for the normal.

References
----------
Bock, R. D. & Aitkin, M. (1981). *Psychometrika* 46, 443-459. Mislevy, R. J. (1984). Estimating latent distributions.
*Psychometrika* 49, 359-381. Bock, R. D. & Zimowski, M. F. (1997). Multiple group IRT. In *Handbook of Modern Item
Response Theory*, 433-448. Kim, S. (2006). A comparative study of IRT fixed parameter calibration methods. *Journal of
Educational Measurement* 43, 355-381 (MWU-MEM). Varadhan, R. & Roland, C. (2008). Simple and globally convergent
methods for accelerating the convergence of any EM algorithm. *Scandinavian Journal of Statistics* 35, 335-353, eq. 7
and scheme S3.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from irt import mstep
from irt.errors import InvalidParameters, InvalidResponses, InvalidRules, NotReportable
from irt.estep import Executor, Part, Sums, Tables, add_up, blocks, estep, serial, tables
from irt.mstep import Family, Kind, Model, Normal, Priors
from irt.responses import Exclusion, Responses
from irt.types import FloatArray, IntArray, ItemParameters, MixedParameters, OneModel, Parameters, read_only

Latent = Literal["auto", "standard", "histogram"]

_INNER_STEPS: Final = 3
_COMPILED_FROM: Final = 100_000  # answers from which loading compiled code pays; the numbers are the same
_FINE: Final = 41  # points from which the first cycles do with half of them
_COARSE_FROM: Final = 20  # cycles allowed
_COARSE_TOLERANCE: Final = 1e-3
_LEAST_SD: Final = 0.05
_STEEP: Final = 6.0
_FAR: Final = 6.0


class LatentDistribution(NamedTuple):
    """Distribution of ability in each group."""

    mean: FloatArray  # (n_groups,), logits
    sd: FloatArray  # (n_groups,), logits
    log_weight: FloatArray  # (n_groups, n_quadrature), sums to 1


class Cycle(NamedTuple):
    """What a progress bar is told after each E-step."""

    number: int
    objective: float
    largest_change: float


class Flag(NamedTuple):
    """An estimate that a psychometrician should look at."""

    item: int
    problem: str


class Row(NamedTuple):
    """One estimate, in slope-intercept form."""

    item: int
    name: str  # a, d, d1..., logit_c, logit_u, s1...
    value: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """Outcome of `calibrate`.

    Attributes
    ----------
    families : tuple of Family
        Items by model; `natural` has their slope-intercept parameters, one array (n, P) each.
    nodes : ndarray, shape (n_quadrature,), logits
    ability : LatentDistribution
    log_likelihood, log_prior : float
        At the estimates, from a last E-step.
    trace : ndarray
        Log-likelihood plus log-prior of each E-step in turn.
    coarse_cycles : int
        E-steps on every second node before those of the trace: a start.
    converged : bool
        Whether the last EM step moved no parameter by the tolerance.
    n_persons : float
        Persons with an answer, weighted.
    n_parameters : int
        Free parameters, those of ability included.
    level_means : ndarray
        Estimated mean difficulty of each declared level; empty without `Priors.level`.
    exclusions, flags : tuple
        What was left out, what should be looked at.
    sums : Sums
        Expected counts of the last E-step.
    """

    families: tuple[Family, ...]
    natural: tuple[FloatArray, ...]
    shared: tuple[FloatArray, ...]
    nodes: FloatArray
    ability: LatentDistribution
    free_mean: tuple[bool, ...]
    free_sd: tuple[bool, ...]
    histogram: bool
    log_likelihood: float
    log_prior: float
    trace: FloatArray
    coarse_cycles: int
    converged: bool
    largest_change: float
    n_persons: float
    n_parameters: int
    n_codes: int
    longest: int
    largest_weight: float
    level_means: FloatArray
    exclusions: tuple[Exclusion, ...]
    flags: tuple[Flag, ...]
    sums: Sums

    @property
    def advice(self) -> str:
        """What to do about an estimation that has not converged; empty if it has."""
        if self.converged:
            return ""
        steep = sorted({flag.item for flag in self.flags if "discrimination above" in flag.problem})
        words = f"not converged: the last step still moved a parameter by {self.largest_change:.1e}"
        if steep:
            some = ", ".join(map(str, steep[:5]))
            return f"{words}; discrimination runs away for item {some}: give a prior on a, or leave it out"
        return f"{words}; allow more cycles, or give priors where items have few answers"

    def require(self) -> Calibration:
        """Return this calibration, or raise `NotReportable` with the advice if it has not converged."""
        if not self.converged:
            raise NotReportable(self.advice)
        return self

    @property
    def items(self) -> IntArray:
        """Items that have parameters, in rising order."""
        return np.sort(np.concatenate([family.items for family in self.families]))

    @property
    def parameters(self) -> Parameters:
        """Parameters of `items`, in that order.

        Raises
        ------
        InvalidParameters
            A discrimination is not greater than 0: key the item the other way round or leave it out.
        """
        order = {item: place for place, item in enumerate(self.items.tolist())}
        for family, x in zip(self.families, self.natural, strict=True):
            a = family.discrimination(x)
            if (a <= 0).any():
                at = int(np.argmax(a <= 0))
                asked = f"must be greater than 0, is {a[at]:.3f}: is its key reversed?"
                raise InvalidParameters("a", int(family.items[at]), asked)
        parts: list[OneModel] = []
        places = []
        dichotomous = [place for place, family in enumerate(self.families) if family.kind is Kind.LOGISTIC]
        if dichotomous:
            own = [mstep.as_parameters(self.families[place], self.natural[place]) for place in dichotomous]
            columns = [(one.a, one.b, one.c, one.d) for one in own if isinstance(one, ItemParameters)]
            parts.append(ItemParameters(*(np.concatenate(column) for column in zip(*columns, strict=True))))
            places.append(
                [order[item] for place in dichotomous for item in self.families[place].items.tolist()]
            )
        for family, x in zip(self.families, self.natural, strict=True):
            if family.kind is not Kind.LOGISTIC:
                parts.append(mstep.as_parameters(family, x))
                places.append([order[item] for item in family.items.tolist()])
        mixed = MixedParameters(parts, places)
        if len(parts) > 1:
            return mixed
        return parts[0].take(np.argsort(places[0]))

    def rows(self) -> list[Row]:
        """Every estimate in slope-intercept form, item by item."""
        return sorted(
            (
                Row(item, name, value)
                for family, x in zip(self.families, self.natural, strict=True)
                for item, values in zip(family.items.tolist(), x.tolist(), strict=True)
                for name, value in zip(family.names, values, strict=True)
            ),
            key=lambda row: row.item,
        )

    @property
    def aic(self) -> float:
        """Akaike's criterion, smaller is better."""
        return -2 * self.log_likelihood + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, of the persons."""
        return -2 * self.log_likelihood + self.n_parameters * math.log(self.n_persons)

    @property
    def sabic(self) -> float:
        """Schwarz's criterion with Sclove's adjusted sample size."""
        return -2 * self.log_likelihood + self.n_parameters * math.log((self.n_persons + 2) / 24)

    def log_probability(self) -> FloatArray:
        """Log-probability of each answer at each node, (n_codes, n_quadrature); 0 for items left out."""
        return _table(self.families, self.natural, self.nodes, self.n_codes)

    def tables(self, *, fast: bool = True) -> Tables:
        """What an E-step at the estimates reads."""
        return tables(
            self.log_probability(),
            self.ability.log_weight,
            longest=self.longest,
            largest_weight=self.largest_weight,
            fast=fast,
        )


def calibrate(
    responses: Responses | Sequence[Part],
    models: Model | str | Sequence[Model | str] = Model.TWO_PL,
    *,
    priors: Priors | None = None,
    fixed: Parameters | Calibration | None = None,
    fixed_items: ArrayLike | None = None,
    latent: Latent = "auto",
    n_quadrature: int = 61,
    bound: float = 6.0,
    tolerance: float = 1e-4,
    max_cycles: int = 1000,
    start: Calibration | None = None,
    accelerate: bool = True,
    fast: bool = True,
    executor: Executor = serial,
    progress: Callable[[Cycle], None] | None = None,
) -> Calibration:
    """Estimate item parameters and the distribution of ability.

    Parameters
    ----------
    responses : Responses, or a sequence of chunks
        A chunk is `Responses` of some persons, or a function without arguments that returns them, for a worker that
        reads its own. All chunks have the same items.
    models : Model, str, or one of them for each item
        "rasch", "1pl", "2pl", "3pl", "4pl", "grm", "pcm", "gpcm", "rsm", "nrm".
    priors : Priors, optional
    fixed, fixed_items : Parameters and array_like of int, optional
        Parameters that are not estimated and the items they belong to, in the same order. Or an earlier calibration,
        of which all items are held fixed, or those named.
    latent : {"auto", "standard", "histogram"}
        Distribution of ability: normal with the free means and sds that identification leaves; N(0, 1) in every
        group; a free histogram on the nodes, with mean 0 and sd 1 in the reference group unless items are fixed.
    n_quadrature, bound : int, float
        Equally spaced points on [-bound, bound], logits.
    tolerance : float
        Converged when an EM step moves no parameter by as much.
    max_cycles : int
        At most so many E-steps.
    start : Calibration, optional
        Estimates to start from, of the same items and models.
    accelerate : bool
        SQUAREM; plain EM without.
    fast : bool
        Use numba where it is there. The numbers are the same.
    executor : callable
        `executor(function, chunks, argument)` yields `function(chunk, argument)` of each chunk, in any order: a
        process pool, a cluster. The numbers are the same to the last bit.
    progress : callable, optional
        Told about each E-step.

    Returns
    -------
    Calibration
        An outcome also when it has not converged; `require()` insists.

    Raises
    ------
    InvalidRules
        A setting out of range, a model that cannot have an item's scores.
    InvalidResponses
        No item is left to estimate, chunks of different items.

    Notes
    -----
    Time and memory grow with the answers; the posteriors of 1,024 persons are held at once. Items that nobody
    answered, that everybody answered alike or of which a score never occurs are left out and named.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> theta = rng.normal(size=2000)
    >>> b = np.linspace(-1.5, 1.5, 10)
    >>> answers = Responses.from_wide(rng.random((2000, 10)) < 1 / (1 + np.exp(b - theta[:, None])))
    >>> found = calibrate(answers, "2pl").require()
    >>> bool(np.abs(found.parameters.b - b).max() < 0.4), found.exclusions
    (True, ())
    """
    parts = (responses,) if isinstance(responses, Responses) else tuple(responses)
    if not parts:
        raise InvalidResponses("responses", None, "must hold at least one chunk")
    _check_settings(n_quadrature, bound, tolerance, max_cycles, latent)
    found = _survey(parts, executor)
    chosen = _chosen(models, found.n_categories)
    anchors = _anchors(fixed, fixed_items, found.n_categories)
    kept, exclusions, parts = _exclude(found, parts, anchors)
    own_priors = priors or Priors()
    free = np.array([item for item in kept.tolist() if item not in anchors], dtype=np.int64)
    _check_models(chosen, found.n_categories, free)
    offsets = np.concatenate([[0], np.cumsum(found.n_categories)[:-1]]).astype(np.int64)
    made = mstep.families(chosen, found.n_categories, offsets, kept, anchors, own_priors, found.counts)
    nodes = np.linspace(-bound, bound, n_quadrature)
    unit = any(family.model is not None and family.model.unit_slope for family in made)
    problem = _Problem(
        parts=parts,
        executor=executor,
        nodes=nodes,
        n_codes=int(found.n_categories.sum()),
        longest=found.longest,
        largest_weight=found.largest_weight,
        fast=fast and float(found.counts.sum()) >= _COMPILED_FROM,
        free_mean=_free(latent, found.n_groups, bool(anchors)),
        free_sd=_free(latent, found.n_groups, bool(anchors) or unit),
        histogram=latent == "histogram",
        level=_levels(own_priors, len(found.n_categories)),
        level_expected=_expected_levels(own_priors, len(found.n_categories)),
        level_sd=own_priors.level_sd,
        tolerance=tolerance,
    )
    state = _first_state(problem, made, found.n_groups, start)
    trace: list[float] = []
    if accelerate and start is None and max_cycles >= _COARSE_FROM and problem.can_be_coarse:
        coarse = problem.coarser()
        state, _, _ = _climb(coarse, coarse.weighted(state), trace, max_cycles // 2, True, progress)
        state = problem.weighted(state)
    many = len(trace)
    state, sums, change = _climb(problem, state, trace, max_cycles - many, accelerate, progress)
    return _finished(problem, state, sums, trace[many:], many, change, found, anchors, exclusions)


# What is checked before anything is estimated


class _Survey(NamedTuple):
    n_categories: IntArray
    counts: FloatArray  # (n_codes,), weighted
    longest: int
    largest_weight: float
    n_persons: float  # with an answer, weighted
    without: int  # persons without an answer
    n_groups: int
    in_group: FloatArray


def _survey_part(part: Part, _: None) -> _Survey:
    answers = part if isinstance(part, Responses) else part()
    counts = answers.counts
    some = counts > 0
    own = np.where(some, answers.weight, 0.0)
    even = bool((answers.weight == answers.weight[:1]).all())
    weights = None if even else np.repeat(answers.weight, counts)
    tally = np.bincount(answers.codes, weights, minlength=answers.n_codes).astype(np.float64)
    return _Survey(
        answers.n_categories,
        tally * float(answers.weight[0]) if even and answers.n_persons else tally,
        int(counts.max(initial=0)),
        float(answers.weight.max(initial=0.0)),
        float(own.sum()),
        int((~some).sum()),
        answers.n_groups,
        np.bincount(answers.group, own, minlength=answers.n_groups).astype(np.float64),
    )


def _survey(parts: Sequence[Part], executor: Executor) -> _Survey:
    """What every chunk together holds."""
    every: list[_Survey] = list(executor(_survey_part, parts, None))  # type: ignore[arg-type]
    first = every[0]
    for one in every[1:]:
        if not np.array_equal(one.n_categories, first.n_categories):
            raise InvalidResponses("responses", None, "chunks must hold the same items with the same scores")
    n_groups = max(one.n_groups for one in every)
    in_group = np.zeros(n_groups)
    for one in every:
        in_group[: one.n_groups] += one.in_group
    if (in_group <= 0).any():
        raise InvalidResponses("group", None, f"nobody of group {int(np.argmin(in_group))} has an answer")
    return _Survey(
        first.n_categories,
        sum((one.counts for one in every[1:]), first.counts.copy()),
        max(one.longest for one in every),
        max(one.largest_weight for one in every),
        sum(one.n_persons for one in every),
        sum(one.without for one in every),
        n_groups,
        in_group,
    )


def _check_settings(n_quadrature: int, bound: float, tolerance: float, max_cycles: int, latent: str) -> None:
    if n_quadrature < 5:
        raise InvalidRules("n_quadrature", f"must be at least 5, is {n_quadrature}")
    if not (bound > 0 and math.isfinite(bound)):
        raise InvalidRules("bound", f"must be greater than 0, is {bound}")
    if not tolerance > 0:
        raise InvalidRules("tolerance", f"must be greater than 0, is {tolerance}")
    if max_cycles < 1:
        raise InvalidRules("max_cycles", f"must be at least 1, is {max_cycles}")
    if latent not in ("auto", "standard", "histogram"):
        raise InvalidRules("latent", f"must be auto, standard or histogram, is {latent}")


def _chosen(models: Model | str | Sequence[Model | str], n_categories: IntArray) -> list[Model]:
    one_for_all = isinstance(models, (Model, str))
    names: list[Model | str] = (
        [models] * len(n_categories) if isinstance(models, (Model, str)) else list(models)
    )
    if len(names) != len(n_categories):
        raise InvalidRules("models", f"holds {len(names)} models for {len(n_categories)} items")
    try:
        chosen = [Model(name) for name in names]
    except ValueError as error:
        known = ", ".join(model.value for model in Model)
        raise InvalidRules("models", f"unknown model among {names[:3]}; known: {known}") from error
    if one_for_all and chosen and chosen[0] is Model.ONE_PL and (n_categories > 2).any():
        item = int(np.argmax(n_categories > 2))
        raise InvalidRules(
            "models", f"item {item} has {n_categories[item]} scores, 1pl is a model of right or wrong"
        )
    return chosen


def _check_models(models: Sequence[Model], n_categories: IntArray, items: IntArray) -> None:
    for item in items.tolist():
        if models[item].dichotomous and n_categories[item] > 2:
            asked = f"item {item} has {n_categories[item]} scores, {models[item].value} is a model of right or wrong"
            raise InvalidRules("models", asked)


def _anchors(
    fixed: Parameters | Calibration | None, fixed_items: ArrayLike | None, n_categories: IntArray
) -> dict[int, tuple[Kind, FloatArray]]:
    if fixed is None:
        if fixed_items is not None:
            raise InvalidRules("fixed", "must be given with fixed_items: their parameters")
        return {}
    if isinstance(fixed, Calibration):
        known = {
            item: (family.kind, row)
            for family, x in zip(fixed.families, fixed.natural, strict=True)
            for item, row in zip(family.items.tolist(), x, strict=True)
        }
        items = fixed.items if fixed_items is None else np.asarray(fixed_items, dtype=np.int64)
        _check_anchors(items, len(items), n_categories)
        if absent := [item for item in items.tolist() if item not in known]:
            raise InvalidRules(
                "fixed_items", f"the earlier calibration has no parameters of item {absent[0]}"
            )
        held = [known[item] for item in items.tolist()]
    else:
        if fixed_items is None:
            raise InvalidRules("fixed_items", "must be given with fixed: the items of its parameters")
        items = np.asarray(fixed_items, dtype=np.int64)
        _check_anchors(items, len(fixed), n_categories)
        held = mstep.natural_parameters(fixed)
    for place, (item, (kind, row)) in enumerate(zip(items.tolist(), held, strict=True)):
        many = mstep.scores_of(kind, len(row))
        if many != n_categories[item]:
            asked = f"has {many} scores, item {item} has {n_categories[item]}"
            raise InvalidParameters("fixed", place, asked)
    return dict(zip(items.tolist(), held, strict=True))


def _check_anchors(items: IntArray, size: int, n_categories: IntArray) -> None:
    if items.ndim != 1 or len(items) != size or len(np.unique(items)) != len(items):
        raise InvalidRules("fixed_items", f"must hold {size} different items")
    if len(items) and (items.min() < 0 or items.max() >= len(n_categories)):
        raise InvalidRules("fixed_items", f"unknown item, items are 0 to {len(n_categories) - 1}")


def _exclude(
    found: _Survey, parts: tuple[Part, ...], anchors: dict[int, tuple[Kind, FloatArray]]
) -> tuple[IntArray, tuple[Exclusion, ...], tuple[Part, ...]]:
    """Items that cannot be estimated, named with their reason, and the chunks without them."""
    exclusions = []
    if found.without:
        exclusions.append(Exclusion("persons", found.without, "persons without an answer"))
    starts = np.concatenate([[0], np.cumsum(found.n_categories)])
    kept, dropped = [], []
    for item in range(len(found.n_categories)):
        own = found.counts[starts[item] : starts[item + 1]]
        reason = ""
        if item not in anchors:
            if not own.any():
                reason = "nobody answered it"
            elif (own > 0).sum() == 1:
                reason = f"constant item: every answer has score {int(np.argmax(own > 0))}"
            elif (own == 0).any():
                reason = f"score {int(np.argmax(own == 0))} never occurs: see Responses.recoded"
        elif not own.any():
            continue  # an anchor nobody saw says nothing and takes nothing
        if reason:
            exclusions.append(Exclusion("item", item, reason))
            if own.any():
                dropped.append(item)
        else:
            kept.append(item)
    if not kept:
        raise InvalidResponses(
            "item", None, "no item can be estimated: each is constant or has a score that never occurs"
        )
    if dropped:
        parts = tuple(
            part.without_items(dropped)
            if isinstance(part, Responses)
            else functools.partial(_reduced, part, dropped)
            for part in parts
        )
    return np.array(kept, dtype=np.int64), tuple(exclusions), parts


def _reduced(load: Callable[[], Responses], dropped: list[int]) -> Responses:
    return load().without_items(dropped)


def _free(latent: Latent, n_groups: int, reference: bool) -> tuple[bool, ...]:
    if latent == "standard":
        return (False,) * n_groups
    return (reference, *(True,) * (n_groups - 1))


def _levels(priors: Priors, n_items: int) -> IntArray | None:
    if priors.level is None:
        return None
    level = np.asarray(priors.level, dtype=np.int64)
    if level.shape != (n_items,) or (level < 0).any():
        raise InvalidRules("priors.level", f"must hold a level from 0 for each of {n_items} items")
    if priors.b is None:
        raise InvalidRules("priors.b", "must be given with priors.level: where levels are expected")
    return level


def _expected_levels(priors: Priors, n_items: int) -> FloatArray:
    """Where each level was expected: the mean of its items' prior means."""
    level = _levels(priors, n_items)
    if level is None or priors.b is None:
        return np.zeros(0)
    mean = np.broadcast_to(np.asarray(priors.b.mean, dtype=np.float64), (n_items,))
    counts = np.bincount(level)
    return np.bincount(level, mean) / np.maximum(counts, 1)


# EM


class _State(NamedTuple):
    """A point of the parameter space."""

    families: tuple[Family, ...]  # changes with the levels' means only
    u: tuple[FloatArray, ...]
    v: tuple[FloatArray, ...]
    mean: FloatArray
    sd: FloatArray
    log_weight: FloatArray
    levels: FloatArray


@dataclass(frozen=True)
class _Problem:
    parts: tuple[Part, ...]
    executor: Executor
    nodes: FloatArray
    n_codes: int
    longest: int
    largest_weight: float
    fast: bool
    free_mean: tuple[bool, ...]
    free_sd: tuple[bool, ...]
    histogram: bool
    level: IntArray | None
    level_expected: FloatArray
    level_sd: float
    tolerance: float

    def expectation(self, state: _State) -> tuple[Sums, float]:
        """Sums and objective (log-likelihood plus log-prior) at a state."""
        natural = tuple(
            family.natural(u, v) for family, u, v in zip(state.families, state.u, state.v, strict=True)
        )
        given = tables(
            _table(state.families, natural, self.nodes, self.n_codes),
            state.log_weight,
            longest=self.longest,
            largest_weight=self.largest_weight,
            fast=self.fast,
        )
        sums = add_up(self.executor(estep, self.parts, given))
        return sums, sums.value() + self.log_prior(state)

    @property
    def can_be_coarse(self) -> bool:
        """Whether every second node makes a grid of its own, from end to end and not too wide."""
        return not self.histogram and len(self.nodes) % 2 == 1 and len(self.nodes) >= _FINE

    def coarser(self) -> _Problem:
        """On every second node, to a tolerance that suits a start."""
        return replace(self, nodes=self.nodes[::2].copy(), tolerance=max(self.tolerance, _COARSE_TOLERANCE))

    def weighted(self, state: _State) -> _State:
        """With the weights of ability on these nodes."""
        return state._replace(log_weight=normal_weights(self.nodes, state.mean, state.sd))

    def log_prior(self, state: _State) -> float:
        """Log-prior of the items and of the levels' means."""
        value = sum(
            float(mstep.log_prior(family, family.natural(u, v)).sum())
            for family, u, v in zip(state.families, state.u, state.v, strict=True)
            if mstep.has_prior(family)
        )
        if self.level is not None:
            value += float((-0.5 * ((state.levels - self.level_expected) / self.level_sd) ** 2).sum())
        return value

    def maximisation(self, state: _State, sums: Sums) -> _State:
        """Next point of EM."""
        counts = sums.counts()
        u, v = [], []
        for family, own, shared in zip(state.families, state.u, state.v, strict=True):
            if family.free:
                least = 0.01 * self.tolerance
                own, shared = mstep.maximise(
                    family, own, shared, counts, self.nodes, steps=_INNER_STEPS, least=least
                )
            u.append(own)
            v.append(shared)
        moved = state._replace(u=tuple(u), v=tuple(v))
        return self._levelled(self._peopled(moved, sums.nodes()))

    def _peopled(self, state: _State, held: FloatArray) -> _State:
        """With the distribution of ability that the posteriors show."""
        share = held / held.sum(axis=1, keepdims=True)
        mean = share @ self.nodes
        if self.histogram:
            with np.errstate(divide="ignore"):
                log_weight = np.maximum(np.log(share), -700.0)
            sd = np.sqrt((share * (self.nodes - mean[:, None]) ** 2).sum(axis=1))
            return state._replace(mean=mean, sd=sd, log_weight=log_weight)
        if not any(self.free_mean) and not any(self.free_sd):
            return state
        mean = np.where(self.free_mean, mean, state.mean)
        sd = np.sqrt((share * (self.nodes - mean[:, None]) ** 2).sum(axis=1))
        sd = np.where(self.free_sd, np.maximum(sd, _LEAST_SD), state.sd)
        return state._replace(mean=mean, sd=sd, log_weight=normal_weights(self.nodes, mean, sd))

    def _levelled(self, state: _State) -> _State:
        """With the mean difficulty of each declared level that its items show."""
        if self.level is None:
            return state
        total = self.level_expected / self.level_sd**2
        weight = np.full(len(total), 1 / self.level_sd**2)
        for family, u, v in zip(state.families, state.u, state.v, strict=True):
            if family.free and family.prior_b is not None:
                x = family.natural(u, v)
                b = family.location(x)
                precision = 1 / family.prior_b.two**2
                np.add.at(total, self.level[family.items], b * precision)
                np.add.at(weight, self.level[family.items], precision)
        levels = total / weight
        return state._replace(families=self.placed(state.families, levels), levels=levels)

    def placed(self, families: tuple[Family, ...], levels: FloatArray) -> tuple[Family, ...]:
        """Families whose prior of b is centred at the levels' means."""
        if self.level is None:
            return families
        return tuple(
            replace(family, prior_b=family.prior_b._replace(one=levels[self.level[family.items]]))
            if family.prior_b is not None
            else family
            for family in families
        )

    def vector(self, state: _State) -> FloatArray:
        """What SQUAREM extrapolates: item parameters, means and log-sds of ability, the levels."""
        loose = (
            [] if self.histogram else [state.mean[list(self.free_mean)], np.log(state.sd[list(self.free_sd)])]
        )
        own = [
            values.ravel()
            for family, u, v in zip(state.families, state.u, state.v, strict=True)
            if family.free
            for values in (u, v)
        ]
        return np.concatenate([*own, *loose, state.levels])

    def at(self, vector: FloatArray, state: _State) -> _State | None:
        """State of a vector, or nothing where it is outside of the parameter space."""
        u, v, place = [], [], 0
        for family, own, shared in zip(state.families, state.u, state.v, strict=True):
            if family.free:
                own_new = vector[place : place + own.size].reshape(own.shape)
                place += own.size
                shared_new = vector[place : place + shared.size]
                place += shared.size
                bad = ~mstep.feasible(family, family.natural(own_new, shared_new))
                if bad.any():
                    if len(shared):
                        return None
                    own_new = np.where(bad[:, None], own, own_new)
                own, shared = own_new, shared_new
            u.append(own)
            v.append(shared)
        mean, sd, log_weight = state.mean.copy(), state.sd.copy(), state.log_weight
        if not self.histogram:
            many = sum(self.free_mean)
            mean[list(self.free_mean)] = vector[place : place + many]
            place += many
            many = sum(self.free_sd)
            sd[list(self.free_sd)] = np.exp(np.clip(vector[place : place + many], -3.0, 3.0))
            place += many
            log_weight = normal_weights(self.nodes, mean, sd)
        levels = vector[place:]
        return _State(self.placed(state.families, levels), tuple(u), tuple(v), mean, sd, log_weight, levels)


def normal_weights(nodes: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Logarithm of normal weights on the nodes, each group's sum 1, shape (n_groups, n_quadrature)."""
    value = -0.5 * ((nodes - mean[:, None]) / sd[:, None]) ** 2
    value -= np.log(np.exp(value).sum(axis=1, keepdims=True))
    return value


def _table(
    families: Sequence[Family], natural: Sequence[FloatArray], nodes: FloatArray, n_codes: int
) -> FloatArray:
    table = np.zeros((n_codes, len(nodes)))
    for family, x in zip(families, natural, strict=True):
        table[family.codes] = mstep.log_probability(family, x, nodes)
    return table


def _first_state(
    problem: _Problem, families: tuple[Family, ...], n_groups: int, start: Calibration | None
) -> _State:
    families = problem.placed(families, problem.level_expected)
    u, v = [], []
    for family in families:
        x = family.start
        if start is not None and family.free:
            x = _started(family, start)
        own, shared = family.split(x)
        u.append(own)
        v.append(shared)
    mean, sd = np.zeros(n_groups), np.ones(n_groups)
    if start is not None and len(start.ability.mean) == n_groups:
        mean = np.where(problem.free_mean, start.ability.mean, mean)
        sd = np.where(problem.free_sd, start.ability.sd, sd)
    log_weight = normal_weights(problem.nodes, mean, sd)
    return _State(families, tuple(u), tuple(v), mean, sd, log_weight, problem.level_expected)


def _started(family: Family, start: Calibration) -> FloatArray:
    """Start values of the family's items from an earlier calibration, where it had them."""
    x = family.start.copy()
    for other, values in zip(start.families, start.natural, strict=True):
        if other.kind is family.kind and other.names == family.names:
            own = {item: row for row, item in enumerate(other.items.tolist())}
            for row, item in enumerate(family.items.tolist()):
                if item in own and np.isfinite(values[own[item]]).all():
                    x[row] = values[own[item]]
    return x


def _climb(
    problem: _Problem,
    state: _State,
    trace: list[float],
    max_cycles: int,
    accelerate: bool,
    progress: Callable[[Cycle], None] | None,
) -> tuple[_State, Sums, float]:
    """EM with SQUAREM until an EM step changes nothing; the last E-step is at the state returned."""
    change, last = math.inf, len(trace) + max_cycles
    plain = 2 if not trace else 0  # far from the maximum, three points are no line
    safe: tuple[_State, float] | None = None  # where to go back to, and the objective to beat
    stretch = 4.0
    while len(trace) < last:
        sums, value = problem.expectation(state)
        if safe is not None:
            back, least = safe
            safe = None
            if not value >= least - 1e-8 * abs(least):
                state, stretch = back, max(stretch / 4, 1.0)
                trace.append(value)
                continue
        trace.append(value)
        first = problem.maximisation(state, sums)
        x0, x1 = problem.vector(state), problem.vector(first)
        change = float(np.abs(x1 - x0).max(initial=0.0))
        if progress is not None:
            progress(Cycle(len(trace), value, change))
        if change < problem.tolerance:
            break
        if not accelerate or len(trace) <= plain:
            state = first
            continue
        if len(trace) >= last:
            break
        sums, value = problem.expectation(first)
        trace.append(value)
        second = problem.maximisation(first, sums)
        x2 = problem.vector(second)
        change = float(np.abs(x2 - x1).max(initial=0.0))
        if progress is not None:
            progress(Cycle(len(trace), value, change))
        if change < problem.tolerance:
            state = first
            break
        r = x1 - x0
        bend = (x2 - x1) - r
        length = float(np.sqrt((r @ r) / max(float(bend @ bend), 1e-300)))
        if length <= 1.0:
            state = second
            continue
        step = min(length, stretch)
        if step == stretch:
            stretch *= 4
        reached = problem.at(x0 + 2 * step * r + step * step * bend, second)
        if reached is None:
            state = second
            continue
        safe, state = (second, value), reached
    else:
        sums, value = problem.expectation(state)
        if safe is not None and value < safe[1]:
            state = safe[0]
            sums, value = problem.expectation(state)
        trace.append(value)
    return state, sums, change


def _finished(
    problem: _Problem,
    state: _State,
    sums: Sums,
    trace: list[float],
    coarse: int,
    change: float,
    found: _Survey,
    anchors: dict[int, tuple[Kind, FloatArray]],
    exclusions: tuple[Exclusion, ...],
) -> Calibration:
    natural = tuple(
        read_only(family.natural(u, v)) for family, u, v in zip(state.families, state.u, state.v, strict=True)
    )
    nodes, mean, sd = problem.nodes, state.mean, state.sd
    if problem.histogram and not anchors:
        scale = 1.0 if problem.free_sd[0] else float(sd[0])
        natural = tuple(
            _moved(family, x, float(mean[0]), scale)
            for family, x in zip(state.families, natural, strict=True)
        )
        nodes, mean, sd = (nodes - mean[0]) / scale, (mean - mean[0]) / scale, sd / scale
    many = sum(
        u.size + v.size for family, u, v in zip(state.families, state.u, state.v, strict=True) if family.free
    )
    if problem.histogram:
        groups = len(mean) * (len(nodes) - 1) - (0 if anchors else 2 - problem.free_sd[0])
    else:
        groups = sum(problem.free_mean) + sum(problem.free_sd)
    return Calibration(
        families=state.families,
        natural=natural,
        shared=state.v,
        nodes=read_only(nodes),
        ability=LatentDistribution(read_only(mean), read_only(sd), read_only(state.log_weight)),
        free_mean=problem.free_mean,
        free_sd=problem.free_sd,
        histogram=problem.histogram,
        log_likelihood=sums.value(),
        log_prior=problem.log_prior(state),
        trace=read_only(np.array(trace)),
        coarse_cycles=coarse,
        converged=change < problem.tolerance,
        largest_change=change,
        n_persons=found.n_persons,
        n_parameters=many + groups,
        n_codes=problem.n_codes,
        longest=problem.longest,
        largest_weight=problem.largest_weight,
        level_means=read_only(state.levels.copy()),
        exclusions=exclusions,
        flags=_flags(state.families, natural),
        sums=sums,
    )


def _moved(family: Family, x: FloatArray, mean: float, sd: float) -> FloatArray:
    """Natural parameters on the scale (theta - mean) / sd."""
    moved = x.copy()
    k = family.n_categories
    if family.kind is Kind.NOMINAL:
        moved[:, k - 1 :] += x[:, : k - 1] * mean
        moved[:, : k - 1] *= sd
        return read_only(moved)
    scores = np.arange(1, k) if family.kind is Kind.DIVIDED else np.ones(k - 1)
    moved[:, 1:k] += x[:, :1] * scores * mean
    moved[:, 0] *= sd
    return read_only(moved)


def _flags(families: Sequence[Family], natural: Sequence[FloatArray]) -> tuple[Flag, ...]:
    flags = []
    for family, x in zip(families, natural, strict=True):
        if not family.free:
            continue
        a, b = family.discrimination(x), family.location(x)
        for item, slope, place in zip(family.items.tolist(), a.tolist(), b.tolist(), strict=True):
            if slope <= 0:
                flags.append(Flag(item, f"discrimination {slope:.2f}: is its key reversed?"))
            elif slope > _STEEP:
                flags.append(Flag(item, f"discrimination above {_STEEP:g}: {slope:.2f}"))
            elif abs(place) > _FAR:
                flags.append(Flag(item, f"difficulty {place:.2f}, where nobody is"))
    return tuple(sorted(flags))


# Ability of each person


class PersonScores(NamedTuple):
    """EAP of each person and its posterior sd, logits, shape (n_persons,)."""

    theta: FloatArray
    se: FloatArray


def person_scores(calibration: Calibration, responses: Responses, *, fast: bool = True) -> PersonScores:
    """EAP and posterior sd of every person, under the distribution of ability of the person's group.

    A person without an answer has the mean and the sd of the group.

    Examples
    --------
    >>> answers = Responses.from_wide([[1, 0], [1, 1], [0, 0], [0, 1]] * 20)
    >>> found = person_scores(calibrate(answers, "rasch"), answers)
    >>> found.theta[1:3].round(2).tolist(), found.se.shape
    ([0.03, -0.03], (80,))
    """
    theta, se = np.empty((2, responses.n_persons))
    given = calibration.tables(fast=fast and responses.n_responses >= _COMPILED_FROM)
    for block in blocks(responses, given):
        own = slice(block.start, block.start + len(block.total))
        held = block.posterior
        theta[own] = held @ calibration.nodes
        se[own] = np.sqrt(np.maximum(held @ calibration.nodes**2 - theta[own] ** 2, 0.0))
    return PersonScores(theta, se)


__all__ = [
    "Calibration",
    "Cycle",
    "Exclusion",
    "Flag",
    "LatentDistribution",
    "Model",
    "Normal",
    "PersonScores",
    "Priors",
    "Row",
    "calibrate",
    "normal_weights",
    "person_scores",
]
