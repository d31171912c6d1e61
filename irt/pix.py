r"""The published certification algorithm of the Pix platform, to be compared with in the same simulator.

Written from its formulas and constants; it is a yardstick and serves nobody. In short: two-parameter items,
a Gaussian prior of variance 1.5 that is centred anew on the last estimate at every answer while the
likelihood of all answers is kept, an estimate that may not move by more than a share of itself, the five most
informative items that its content rules leave, one of them by a geometric draw, 32 items.

Content rules, in their order: one item per topic; while a competence has never been asked, only items of such
competences; then none of the competences of the last answers, unless nothing would be left.

References
----------
The public repository of the platform, `1024pix/pix`: the certification's assessment algorithm, its rules and
its configuration per certification version, 2022 to 2026.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import expit

from irt import levels, randomness
from irt.errors import InvalidParameters, InvalidRules
from irt.randomness import Draws, Purpose
from irt.types import BoolArray, FloatArray, IntArray, ItemParameters, frozen

_LOW: Final = -9.0
_STEP: Final = 18 / 80
_POINTS: Final = 81
_PRIOR_VARIANCE: Final = 1.5
_SHORTLIST: Final = 5
_ERROR_STEP: Final = 9 / 80  # of its correction for grouping: half of the step of its own grid
_ERROR_BEFORE: Final = 5.0  # reported before any answer


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a certification version of the platform sets.

    Parameters
    ----------
    variation : float
        Largest move of the estimate: this share of its absolute value, at least this many logits when the
        absolute value is below it.
    pick : float
        Probability of taking the best item left of the five, the next one otherwise, and so on.
    start : float, logits
        Estimate before any answer.
    length : int
    apart : int
        Number of last answers whose competences are avoided.
    """

    variation: float = 0.5
    pick: float = 0.51
    start: float = -3.0
    length: int = 32
    apart: int = 2

    def __post_init__(self) -> None:
        if not (math.isfinite(self.variation) and self.variation > 0):
            raise InvalidRules("variation", f"must be finite and greater than 0, is {self.variation}")
        if not 0 < self.pick <= 1:
            raise InvalidRules("pick", f"must lie above 0 and at most at 1, is {self.pick}")
        if not math.isfinite(self.start):
            raise InvalidRules("start", f"must be finite, is {self.start}")
        if self.length < 1:
            raise InvalidRules("length", f"must be at least 1, is {self.length}")
        if self.apart < 0:
            raise InvalidRules("apart", f"must be at least 0, is {self.apart}")


CONFIGURATIONS: Final = {
    "variation 0.5, pick 51": Configuration(),
    "variation 0.3, pick 100": Configuration(variation=0.3, pick=1.0),
    "draft default": Configuration(variation=1.0, start=0.0, apart=0),
}


class Paths(NamedTuple):
    """What happened to each person; arrays of n_persons rows."""

    items: IntArray  # (n_persons, length), padded with -1
    scores: IntArray  # (n_persons, length), padded with -1
    theta: FloatArray  # (n_persons,): last estimate, logits
    se: FloatArray  # (n_persons,): the error rate that goes with it, logits


@dataclass(frozen=True, slots=True, eq=False)
class PixPolicy:
    """A bank under the algorithm.

    Parameters
    ----------
    parameters : ItemParameters, n_items
        Only a and b are used: the algorithm knows no asymptotes.
    competence, topic : ndarray of int, shape (n_items,)
        Numbers from 0; a topic lies in one competence.
    configuration : Configuration
    cuts : ndarray, shape (n_levels - 1,), logits
        To compare levels with; its own scale has other bounds.

    Raises
    ------
    InvalidParameters
        Naming `competence` or `topic`.
    """

    parameters: ItemParameters
    competence: IntArray
    topic: IntArray
    configuration: Configuration
    cuts: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "cuts", levels.checked_cuts(self.cuts))
        for name in ("competence", "topic"):
            values = np.array(getattr(self, name))
            if values.shape != (len(self.parameters),) or not np.issubdtype(values.dtype, np.integer):
                raise InvalidParameters(name, None, f"must be {len(self.parameters)} whole numbers")
            if (values < 0).any():
                raise InvalidParameters(name, int(np.argmax(values < 0)), "must be at least 0")
            object.__setattr__(self, name, values.astype(np.int64))

    def run(self, theta: FloatArray, people: Draws, truth: ItemParameters) -> Paths:
        """Take persons of known ability through the test, together.

        Parameters
        ----------
        theta : ndarray, shape (n_persons,), logits
        people : ndarray of uint64, shape (n_persons,)
            Seeds of the sittings; an answer is decided by the same draw as in `irt.simulate`.
        truth : ItemParameters, n_items
            That generate the answers.
        """
        bank, plan = self.parameters, self.configuration
        n_persons, n_items = len(theta), len(bank)
        every = np.arange(n_persons)
        grid = frozen(_LOW + _STEP * np.arange(_POINTS))
        z = bank.a[:, None] * (grid - bank.b[:, None])
        log_chance = np.stack([-np.logaddexp(0.0, z), -np.logaddexp(0.0, -z)], axis=1)
        members = np.eye(int(self.competence.max()) + 1, dtype=np.bool_)[:, self.competence]

        items = np.full((n_persons, plan.length), -1, dtype=np.int64)
        scores = np.full((n_persons, plan.length), -1, dtype=np.int64)
        estimate = np.full(n_persons, plan.start)
        error = np.full(n_persons, _ERROR_BEFORE)
        log_likelihood = np.zeros((n_persons, _POINTS))
        asked_topics = np.zeros((n_persons, int(self.topic.max()) + 1), dtype=np.bool_)
        asked_competences = np.zeros((n_persons, len(members)), dtype=np.bool_)
        given = np.zeros((n_persons, n_items), dtype=np.bool_)
        for position in range(plan.length):
            allowed = ~given & ~asked_topics[:, self.topic]
            missing = ~asked_competences & members.any(axis=1)
            unseen = ~given & missing[:, self.competence]
            allowed = np.where(missing.any(axis=1, keepdims=True), unseen, allowed)
            recent = np.zeros((n_persons, len(members)), dtype=np.bool_)
            for back in range(1, min(plan.apart, position) + 1):
                last = items[:, position - back]
                asked = np.flatnonzero(last >= 0)
                recent[asked, self.competence[last[asked]]] = True
            apart = allowed & ~recent[:, self.competence]
            allowed = np.where(apart.any(axis=1, keepdims=True), apart, allowed)
            chosen = self._pick(estimate, allowed, people, position)
            rows = np.flatnonzero(chosen >= 0)
            if not len(rows):
                break
            item, person = chosen[rows], every[rows]
            luck = randomness.uniform_each(people[rows], Purpose.ANSWER, item)
            chance = truth.c[item] + (truth.d[item] - truth.c[item]) * expit(
                truth.a[item] * (theta[rows] - truth.b[item])
            )
            score = (luck < chance).astype(np.int64)
            items[rows, position], scores[rows, position] = item, score
            given[person, item] = True
            asked_topics[person, self.topic[item]] = True
            asked_competences[person, self.competence[item]] = True
            log_likelihood[rows] += log_chance[item, score]
            estimate[rows], error[rows] = self._estimate(log_likelihood[rows], estimate[rows], grid)
        return Paths(items, scores, estimate, error)

    def _pick(self, estimate: FloatArray, allowed: BoolArray, people: Draws, position: int) -> IntArray:
        """One of the five most informative items allowed, by the geometric draw; -1 where there is none."""
        bank = self.parameters
        chance = expit(bank.a * (estimate[:, None] - bank.b))
        information = np.where(allowed, bank.a**2 * chance * (1 - chance), -1.0)
        width = min(_SHORTLIST, information.shape[1])
        best = np.argpartition(-information, width - 1, axis=1)[:, :width]
        held = np.take_along_axis(information, best, axis=1)
        order = np.lexsort((best, -held), axis=1)
        best, held = np.take_along_axis(best, order, axis=1), np.take_along_axis(held, order, axis=1)
        count = (held >= 0).sum(axis=1)
        draw = randomness.uniform_each(people, Purpose.RANDOMESQUE, np.full(len(people), position))
        rank = np.zeros(len(people), dtype=np.int64)
        if self.configuration.pick < 1:
            rank = np.floor(np.log1p(-draw) / math.log1p(-self.configuration.pick)).astype(np.int64)
        rank = np.clip(rank, 0, np.maximum(count - 1, 0))
        return np.where(count > 0, best[np.arange(len(best)), rank], -1)

    def _estimate(
        self, log_likelihood: FloatArray, before: FloatArray, grid: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """New estimates and error rates."""
        log_density = log_likelihood - (grid - before[:, None]) ** 2 / (2 * _PRIOR_VARIANCE)
        density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
        density /= density.sum(axis=1, keepdims=True)
        share = self.configuration.variation
        reach = np.where(np.abs(before) < share, share, np.abs(before) * share)
        estimate = np.clip(density @ grid, before - reach, before + reach)
        spread = (density * (grid - estimate[:, None]) ** 2).sum(axis=1)
        return estimate, np.sqrt(np.maximum(spread - _ERROR_STEP**2 / 12, 0.0))
