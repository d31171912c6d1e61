"""What a group of results says, and how surely: levels, domain profile, progress. Pure functions of plain values."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import NormalDist
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.reporting.suppression import LEAST

CONFIDENCE: Final = 0.90
Z: Final = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


class DomainScore(NamedTuple):
    """One domain of one learner; `measured` when it passed both gates of reliability."""

    id: str
    heading: str
    theta: float
    deviation: float  # from the mean over this learner's domains, logits
    measured: bool


class Scored(NamedTuple):
    """One published result, as far as groups are concerned."""

    learner: UUID
    finished_at: datetime
    scale: str
    levels: tuple[str, ...]  # labels, lowest first
    level: int | None  # None: too few responses for a result
    theta: float
    se: float
    wle: float
    wle_se: float
    domains: tuple[DomainScore, ...]
    curriculum: str | None
    year: str | None
    provisional: bool


def scored(
    body: Mapping[str, Any],
    *,
    learner: UUID,
    finished_at: datetime,
    curriculum: str | None = None,
    year: str | None = None,
) -> Scored:
    """Read the stored body of a result."""
    measured = body["measurement"]
    return Scored(
        learner=learner,
        finished_at=finished_at,
        scale=scale_of(body),
        levels=tuple(level["label"] for level in body["levels"]),
        level=measured["level_index"] if measured else None,
        theta=measured["theta"] if measured else 0.0,
        se=measured["se"] if measured else 0.0,
        wle=measured["wle"] if measured else 0.0,
        wle_se=measured["wle_se"] if measured else 0.0,
        domains=tuple(domain_scores(body["domains"])) if measured else (),
        curriculum=curriculum,
        year=year,
        provisional=body["provisional"],
    )


def scale_of(body: Mapping[str, Any]) -> str:
    """The levels and cuts a result was given on, as a name: only results of one scale are counted together."""
    cuts = ",".join(f"{cut:.4g}" for cut in body["cuts"])
    return f"{len(body['levels'])}:{cuts}"[:64]


def domain_scores(rows: Sequence[Mapping[str, Any]]) -> list[DomainScore]:
    """The domains of a result whose profile was reached; none of them otherwise."""
    reached = [row for row in rows if "prmse" in row]
    if len(reached) != len(rows) or not rows:
        return []
    mean = sum(row["theta"] for row in reached) / len(reached)
    return [
        DomainScore(row["id"], row["heading"], row["theta"], row["theta"] - mean, row["state"] == "measured")
        for row in reached
    ]


# Levels


class Share(NamedTuple):
    """How many learners, their share of the whole, and the interval of that share."""

    learners: int
    share: float
    low: float
    high: float


def share(count: int, total: int) -> Share:
    """A share with its Wilson interval, which stays within 0 and 1 and keeps its width at the ends.

    Reference
    ---------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. *JASA* 22, 209-212.

    Examples
    --------
    >>> [round(value, 3) for value in share(30, 100)[1:]]
    [0.3, 0.23, 0.38]
    """
    if total == 0:
        return Share(0, 0.0, 0.0, 1.0)
    p, z2 = count / total, Z * Z
    middle = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z / (1 + z2 / total) * math.sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    return Share(count, p, min(p, max(0.0, middle - half)), max(p, min(1.0, middle + half)))


class LevelShares(NamedTuple):
    """How many learners stand on each level; nothing of a group that is too small."""

    learners: int  # with a level
    unmeasured: int  # with too few responses for one
    labels: tuple[str, ...]
    shares: tuple[Share, ...]  # empty when withheld

    @property
    def withheld(self) -> bool:
        """Whether the group is too small for its figures to be shown."""
        return not self.shares


def latest(results: Iterable[Scored]) -> list[Scored]:
    """The last result of each learner."""
    last: dict[UUID, Scored] = {}
    for result in results:
        known = last.get(result.learner)
        if known is None or result.finished_at >= known.finished_at:
            last[result.learner] = result
    return list(last.values())


def level_shares(results: Sequence[Scored], *, least: int = LEAST) -> LevelShares:
    """The levels of the learners of one scale, by the last result of each."""
    people = latest(results)
    reached = [result.level for result in people if result.level is not None]
    labels = people[0].levels if people else ()
    counts = [0] * len(labels)
    for level in reached:
        counts[level] += 1
    shown = len(reached) >= least
    return LevelShares(
        learners=len(reached),
        unmeasured=len(people) - len(reached),
        labels=labels,
        shares=tuple(share(count, len(reached)) for count in counts) if shown else (),
    )


# Profile


class DomainMean(NamedTuple):
    """One domain of a group: the mean deviation from the learners' own means."""

    id: str
    heading: str
    learners: int
    measured: bool
    mean: float  # logits; 0 unless measured
    low: float
    high: float

    @property
    def standing(self) -> str:
        """`strong` or `weak` when the interval excludes 0."""
        if not self.measured or self.low <= 0 <= self.high:
            return ""
        return "strong" if self.mean > 0 else "weak"


def domain_means(results: Sequence[Scored], *, least: int = LEAST) -> list[DomainMean]:
    """The profile of a group: where its learners stand above or below their own means, with the error of the mean.

    A domain is measured when at least half of the group's learners, and at least `least` of them, passed the gates
    of reliability in it. All learners count then, whether theirs was passed or not: the mean of a chosen part would
    be the mean of another group.

    Notes
    -----
    Deviations are shrunk towards 0 as each learner's augmented scores are: the mean understates a difference rather
    than making one. The interval is normal, from the spread between learners.
    """
    columns: dict[str, list[DomainScore]] = defaultdict(list)
    for result in latest(results):
        for domain in result.domains:
            columns[domain.id].append(domain)
    means = []
    for id_, column in columns.items():
        passed = sum(domain.measured for domain in column)
        measured = passed >= least and 2 * passed >= len(column)
        mean, error = mean_and_error([domain.deviation for domain in column]) if measured else (0.0, 0.0)
        means.append(
            DomainMean(
                id_, column[0].heading, len(column), measured, mean, mean - Z * error, mean + Z * error
            )
        )
    return means


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error."""
    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return mean, math.inf
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)


# Progress


class Change(NamedTuple):
    """From one sitting to a later one of the same learner, in logits."""

    difference: float
    se: float

    @property
    def low(self) -> float:
        """Lower end of the 90 % interval."""
        return self.difference - Z * self.se

    @property
    def high(self) -> float:
        """Upper end of the 90 % interval."""
        return self.difference + Z * self.se

    @property
    def verdict(self) -> str:
        """`up` or `down` when the interval excludes 0, else `not_distinct`."""
        if self.low > 0:
            return "up"
        return "down" if self.high < 0 else "not_distinct"


def change(before: Scored, after: Scored) -> Change | None:
    """How far a learner moved between two sittings; None when they cannot be compared.

    Notes
    -----
    The difference of the weighted likelihood estimates, which no prior draws together, over the root of the sum of
    their error variances: a learner who did not change is called changed in about one case in ten.

    Reference
    ---------
    Jacobson, N. S. & Truax, P. (1991). Clinical significance. *J. Consulting and Clinical Psychology* 59, 12-19
    (the reliable change index).
    """
    if before.level is None or after.level is None or before.scale != after.scale:
        return None
    return Change(after.wle - before.wle, math.hypot(before.wle_se, after.wle_se))


class GroupChange(NamedTuple):
    """Learners of a group with two results or more: from the first to the last."""

    learners: int
    up: int
    down: int
    not_distinct: int
    mean: float
    low: float
    high: float
    withheld: bool


def group_change(results: Sequence[Scored], *, least: int = LEAST) -> GroupChange:
    """How the learners of a group moved from their first result to their last; counts only from `least` on."""
    by_learner: dict[UUID, list[Scored]] = defaultdict(list)
    for result in results:
        if result.level is not None:
            by_learner[result.learner].append(result)
    changes = []
    for own in by_learner.values():
        if len(own) > 1:
            own.sort(key=lambda one: one.finished_at)
            moved = change(own[0], own[-1])
            if moved is not None:
                changes.append(moved)
    if len(changes) < least:
        return GroupChange(len(changes), 0, 0, 0, 0.0, 0.0, 0.0, withheld=True)
    verdicts = [moved.verdict for moved in changes]
    mean, error = mean_and_error([moved.difference for moved in changes])
    return GroupChange(
        learners=len(changes),
        up=verdicts.count("up"),
        down=verdicts.count("down"),
        not_distinct=verdicts.count("not_distinct"),
        mean=mean,
        low=mean - Z * error,
        high=mean + Z * error,
        withheld=False,
    )
