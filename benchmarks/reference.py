"""Agreement of `irt` with reference answers of catR, mirt and mirtCAT, whatever seed made them.

    python -m benchmarks.reference [DIR] [--only PART_OF_A_FILE_NAME] [--json]

DIR (that of the tests if absent) is recognised by its `versions.json`; its files may be plain or compressed
with xz. A folder of data sets, each with a folder `golden`, goes to `benchmarks.reference_mml`. For each file and each
quantity of it: how many cases the file holds, how many values were compared and to what tolerance, the largest error,
the failures. Exit status 1 on any failure.

A value on which the packages disagree is not a failure when the reason is known and *checked on that very
value*: each reason is listed below the table with its count. What is not covered is listed too.

Errors are |ours - theirs| / max(1, |theirs|); relative ones, for values that span many magnitudes, are
|ours - theirs| / |theirs|.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import lzma
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import brentq

from irt import ability, models, selection
from irt.ability import Grid, JeffreysPrior, NormalPrior, Posterior, Prior, UniformPrior
from irt.constraints import kingsbury_zara
from irt.profile import ProfileModel, domain_profile, profile_mean
from irt.stopping import IntervalStop, PrecisionStop, Progress, holds, prepare_rule
from irt.types import (
    BoolArray,
    FloatArray,
    GradedParameters,
    IntArray,
    ItemParameters,
    NominalParameters,
    Parameters,
)

Case: TypeAlias = dict[str, Any]

# Their root finder leaves up to 3e-5 in theta (6e-5 at worst), which the slope of the information multiplies.
ROOT_ERROR: Final = 3e-4
CLOSE_GAP: Final = 1e-4

LOCAL: Final = (
    "catR stopped at a lower stationary point of its own criterion: ours is the highest maximum on the interval "
    "(checked: theirs is stationary, or a bound, and the criterion is higher at ours)"
)
FLAT: Final = (
    "catR's robust estimate lies where no item has any weight left, so that every theta there solves its "
    "equation (checked: the sum of the weights is 0 there)"
)
NO_D: Final = (
    "catR leaves the factor D out of I', I'', J and J' in this standard error (checked: with D = 1 in these "
    "terms its value comes out to 1e-9; ours uses the derivatives of the model itself)"
)
EXACT_NO_D: Final = (
    "catR leaves the factor D out of its exact standard error (checked: with D = 1 its value comes out)"
)
ELSEWHERE: Final = (
    "catR's value rests on a lower stationary point of its criterion for some pattern (checked: its value comes "
    "out with other stationary points of the same criterion; ours uses the highest maximum of each)"
)
ANY: Final = (
    "so many patterns of the short test have several stationary points that many exact standard errors are "
    "possible, depending on where a root finder lands (checked: theirs lies between the smallest and the largest)"
)
TIED: Final = (
    "all items have the same discrimination, so that any stratum is right; catR puts every one in the same, we "
    "make strata of equal size"
)
JEFFREYS: Final = (
    "mirt's WLE is the mode under Jeffreys' prior; with guessing Warm's J/2I is not the slope of log sqrt(I) "
    "(checked: mirt's value is our mode under Jeffreys' prior; catR's WL agrees with our WLE)"
)
BOUNDED: Final = (
    "mirt stops its search near 20 where the likelihood still rises: the maximum is at infinity (checked: the "
    "score has the same sign at 20 and at 40)"
)
CLOSE: Final = (
    "two items are nearer to each other than the error of catR's provisional estimate (checked: its own values "
    "of the two differ by less than 1e-4)"
)


@dataclass
class Quantity:
    """What was compared under one name."""

    tolerance: float
    compared: int = 0
    worst: float = 0.0
    failures: list[str] = field(default_factory=list)


@dataclass
class Report:
    """Everything about one file."""

    file: str
    cases: int = 0
    quantities: dict[str, Quantity] = field(default_factory=dict)
    explained: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def compare(
        self,
        name: str,
        ours: float,
        theirs: float,
        tolerance: float,
        where: str,
        *,
        allowance: float = 0.0,
        relative: bool = False,
        explain: Callable[[], str | None] | None = None,
    ) -> bool:
        """Compare two numbers; `allowance` is the rounding error that theirs is known to carry."""
        quantity = self.quantities.setdefault(name, Quantity(tolerance))
        scale = abs(theirs) if relative else max(1.0, abs(theirs))
        gap = abs(ours - theirs)
        if ours == theirs or gap <= tolerance * scale:
            quantity.compared += 1
            quantity.worst = max(quantity.worst, gap / scale if gap else 0.0)
            return True
        if gap <= allowance:
            self.left_out["digits lost by cancellation in the reference, ours within its rounding error"] += 1
            return True
        reason = explain() if explain else None
        if reason is not None:
            self.explained[reason] += 1
            return False
        quantity.compared += 1
        quantity.worst = max(quantity.worst, gap / scale if math.isfinite(gap / scale) else math.inf)
        quantity.failures.append(f"{where}: {name} {ours!r}, reference {theirs!r}")
        return False

    def same(
        self,
        name: str,
        ours: object,
        theirs: object,
        where: str,
        explain: Callable[[], str | None] | None = None,
    ) -> bool:
        """Compare two things that are either the same or not."""
        quantity = self.quantities.setdefault(name, Quantity(0.0))
        reason = explain() if ours != theirs and explain else None
        if reason is not None:
            self.explained[reason] += 1
            return False
        quantity.compared += 1
        if ours != theirs:
            quantity.worst = math.inf
            quantity.failures.append(f"{where}: {name} {ours!r}, reference {theirs!r}")
        return ours == theirs

    @property
    def failures(self) -> list[str]:
        """Every disagreement that nothing explains."""
        return [line for quantity in self.quantities.values() for line in quantity.failures]


class Folder:
    """Reference files of one folder, plain or compressed; of the compared file, one case in `every`."""

    def __init__(self, path: Path, every: int = 1) -> None:
        self.path = path
        self.every = every
        if not self.has("versions.json") or "catR" not in self.json("versions.json"):
            raise SystemExit(f"error: {path} holds no versions.json that names catR")

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        return (self.path / name).exists() or (self.path / f"{name}.xz").exists()

    def text(self, name: str) -> str:
        """Its text."""
        plain = self.path / name
        if plain.exists():
            return plain.read_text()
        return lzma.decompress((self.path / f"{name}.xz").read_bytes()).decode()

    def json(self, name: str) -> Any:
        """A JSON file as it is."""
        return json.loads(self.text(name))

    def rows(self, name: str) -> list[dict[str, str]]:
        """Rows of a CSV file."""
        return [
            {key: value.strip() for key, value in row.items()}
            for row in csv.DictReader(io.StringIO(self.text(name)))
        ][:: self.every]

    def cases(self, name: str) -> list[Case]:
        """Cases of a JSON file that is a list."""
        cases: list[Case] = self.json(name)
        return cases[:: self.every]


def number(text: str | float | None) -> float:
    return math.nan if text is None or text in ("", "NA") else float(text)


def whole(text: str) -> IntArray:
    return np.array([int(part) for part in text.split(";")], dtype=np.int64)


def listed(values: Any) -> IntArray:
    """Integers of a list, which R writes as an object when it had names (or is empty)."""
    return np.array(list(values.values()) if isinstance(values, dict) else values, dtype=np.int64)


# Banks


@dataclass(frozen=True)
class Bank:
    """Item parameters on our scale, where the slope holds the factor D."""

    parameters: Parameters
    D: float

    @property
    def without_d(self) -> ItemParameters:
        """The same items with D = 1."""
        items = self.parameters
        assert isinstance(items, ItemParameters)
        return ItemParameters(items.a / self.D, items.b, items.c, items.d)


def catr_bank(bank: Case) -> Bank:
    table = np.array([[number(value) for value in row] for row in bank["items"]])
    factor = float(bank["D"])
    match bank["model"]:
        case "GRM":
            return Bank(GradedParameters(factor * table[:, 0], table[:, 1:]), factor)
        case "MGRM":
            return Bank(GradedParameters(factor * table[:, 0], table[:, 1:2] - table[:, 2:]), factor)
        case "PCM":
            return Bank(NominalParameters.partial_credit(table, np.full(len(table), factor)), factor)
        case "GPCM":
            return Bank(NominalParameters.partial_credit(table[:, 1:], factor * table[:, 0]), factor)
        case "RSM":
            slopes = np.full(len(table), factor)
            return Bank(NominalParameters.rating_scale(table[:, 0], table[0, 1:], slopes), factor)
        case "NRM":
            first = np.zeros((len(table), 1))
            return Bank(
                NominalParameters(
                    np.hstack([first, table[:, ::2]]) * factor, np.hstack([first, table[:, 1::2]]) * factor
                ),
                factor,
            )
    return Bank(ItemParameters(factor * table[:, 0], *table[:, 1:].T), factor)


def mirt_bank(bank: Case) -> Parameters | None:
    """Slope-intercept parameters of a one-dimensional bank; None with more dimensions."""
    if bank["factors"] > 1:
        return None
    table = np.array([[number(value) for value in row] for row in bank["items"]])
    slope = table[:, 0]
    match bank["itemtype"]:
        case "graded":
            return GradedParameters(slope, -table[:, 1:] / slope[:, None])
        case "gpcm":
            return NominalParameters(slope[:, None] * np.arange(table.shape[1] - 1), table[:, 1:])
    floor = table[:, 2] if bank["itemtype"] == "3PL" else np.zeros(len(table))
    return ItemParameters(slope, -table[:, 1] / slope, floor, np.ones(len(table)))


def catr_banks(folder: Folder, kind: str) -> dict[str, Bank]:
    banks = folder.json(f"{kind}_banks.json")
    return {bank["id"]: catr_bank(bank) for bank in (banks.values() if isinstance(banks, dict) else banks)}


# Item functions


def dichotomous_item_functions(folder: Folder, report: Report) -> None:
    banks, by_bank = catr_banks(folder, "dicho"), grouped(folder.rows(report.file))
    orders = {
        "P": 0,
        "dP": 1,
        "d2P": 2,
        "d3P": 3,
        "I": 2,
        "dI": 3,
        "d2I": 4,
        "J": 3,
        "dJ": 4,
        "OI0": 2,
        "OI1": 2,
    }
    for name, rows in by_bank.items():
        items = banks[name].parameters
        assert isinstance(items, ItemParameters)
        theta = sorted({float(row["theta"]) for row in rows})
        p = models.category_probability_derivatives(items, theta)
        info = models.information_terms(items, theta)
        observed = -models.category_terms(items, theta).curvature
        tables = {
            "P": p.probability[..., 1],
            "dP": p.first[..., 1],
            "d2P": p.second[..., 1],
            "d3P": p.third[..., 1],
            "I": info.information,
            "dI": info.first,
            "d2I": info.second,
            "J": info.j,
            "dJ": info.j_first,
            "OI0": observed[..., 0],
            "OI1": observed[..., 1],
        }
        nearest_edge = p.probability.min(axis=-1)
        for row in rows:
            report.cases += 1
            cell = theta.index(float(row["theta"])), int(row["item"]) - 1
            for quantity, table in tables.items():
                # They take 1 - P, which keeps eps / min(P, 1 - P) of its digits.
                lost = 16 * np.finfo(float).eps * items.a[cell[1]] ** orders[quantity] / nearest_edge[cell]
                report.compare(
                    quantity,
                    float(table[cell]),
                    number(row[quantity]),
                    1e-9,
                    f"{name} item {row['item']} theta {row['theta']}",
                    allowance=float(lost),
                    relative=True,
                )


def polytomous_item_functions(folder: Folder, report: Report) -> None:
    banks, by_bank = catr_banks(folder, "poly"), grouped(folder.rows(report.file))
    for name, rows in by_bank.items():
        items = banks[name].parameters
        theta = sorted({float(row["theta"]) for row in rows})
        p = models.category_probability_derivatives(items, theta)
        info = models.information_terms(items, theta)
        terms = models.category_terms(items, theta)
        steepest = np.abs(terms.slope).max(axis=-1).max(axis=0)
        for row in rows:
            report.cases += 1
            cell = theta.index(float(row["theta"])), int(row["item"]) - 1
            category = (*cell, int(row["category"]))
            chance = float(p.probability[category])
            ours = {
                "P": chance,
                "dP": p.first[category],
                "d2P": p.second[category],
                "item_info": info.information[cell],
                "item_dinfo": info.first[cell],
                "item_J": info.j[cell],
                "OI": -terms.curvature[category],
            }
            for quantity, value in ours.items():
                # Differences of cumulative curves, and P'/P: a few units in the last place of 1, over P for OI.
                lost = 64 * np.finfo(float).eps * max(1.0, float(steepest[cell[1]])) ** 3
                report.compare(
                    quantity,
                    float(value),
                    number(row[quantity]),
                    1e-9,
                    f"{name} item {row['item']} theta {row['theta']} category {row['category']}",
                    allowance=lost / chance if quantity == "OI" else lost,
                    relative=True,
                )


def mirt_item_functions(folder: Folder, report: Report) -> None:
    banks = {key: mirt_bank(bank) for key, bank in folder.json("mirt_banks.json").items()}
    for case in folder.cases(report.file):
        report.cases += 1
        parameters = banks[case["bank"]]
        if parameters is None:
            report.left_out["two dimensions"] += 1
            continue
        item, theta = parameters.take([case["item"] - 1]), [point[0] for point in case["theta"]]
        p, info = models.category_probability(item, theta)[:, 0], models.information(item, theta)[:, 0]
        for place, point in enumerate(theta):
            where = f"{case['bank']} item {case['item']} theta {point}"
            for category, theirs in enumerate(case["prob"][place]):
                report.compare("P", float(p[place, category]), theirs, 1e-9, where, relative=True)
            report.compare("I", float(info[place]), case["info"][place], 1e-9, where, relative=True)


def grouped(rows: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    by_bank: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_bank.setdefault(row["bank"], []).append(row)
    return by_bank


# Ability


def prior_of(row: Case) -> Prior:
    if row["prior"] == "Jeffreys":
        return JeffreysPrior()
    first, second = number(row["prior1"]), number(row["prior2"])
    return UniformPrior(first, second) if row["prior"] == "unif" else NormalPrior(first, second)


@dataclass(frozen=True)
class Equation:
    """What catR's estimator solves for one pattern: slope(theta) = 0 on [low, high]."""

    bank: Bank
    parameters: Parameters
    scores: IntArray
    row: Case
    low: float
    high: float

    def estimate(self, scores: IntArray | None = None) -> ability.Ability | ability.Mode:
        """Our estimate, of another pattern if given."""
        pattern = self.scores if scores is None else scores
        low, high = self.low, self.high
        match self.row["method"]:
            case "EAP":
                grid = Grid(low, high, int(self.row["nqp"]))
                return ability.eap(self.parameters, pattern, prior=prior_of(self.row), grid=grid)
            case "BM":
                prior = prior_of(self.row)
                return ability.posterior_mode(self.parameters, pattern, prior=prior, low=low, high=high)
            case "ML":
                return ability.mle(self.parameters, pattern, low=low, high=high)
            case "WL":
                return ability.wle(self.parameters, pattern, low=low, high=high)
        assert isinstance(self.parameters, ItemParameters)
        weight, tuning = self.robust()
        return ability.robust(self.parameters, pattern, weight=weight, tuning=tuning, low=low, high=high)

    def robust(self) -> Any:
        """Weight and tuning on our scale: catR's residual leaves D out."""
        return self.row["rob_weight"].lower(), number(self.row["rob_tuning"]) * self.bank.D

    def weights(self, theta: FloatArray) -> FloatArray:
        """Robust weights of the items, (n_theta, n_items), written out a second time."""
        items = self.parameters
        assert isinstance(items, ItemParameters)
        weight, tuning = self.robust()
        size = np.abs(items.a * (theta[:, None] - items.b)) / tuning
        if weight == "huber":
            return np.asarray(1 / np.maximum(size, 1.0))
        return np.where(size < 1, 1 - size**2, 0.0) ** 2

    def slope(self, theta: FloatArray) -> FloatArray:
        """Left side of the equation, shape of theta."""
        terms = models.response_terms(self.parameters, self.scores, theta)
        if self.row["method"] == "ROB":
            return np.asarray((self.weights(theta) * terms.slope).sum(axis=1))
        value = np.asarray(terms.slope.sum(axis=1))
        total = models.information_totals(self.parameters, theta)
        if self.row["method"] == "WL":
            return value + 0.5 * total.j / total.information
        if self.row["method"] == "BM" and self.row["prior"] == "Jeffreys":
            return value + 0.5 * total.first / total.information
        if self.row["method"] == "BM" and self.row["prior"] == "norm":
            return value - (theta - number(self.row["prior1"])) / number(self.row["prior2"]) ** 2
        return value

    def stationary(self) -> FloatArray:
        """Every stationary point on [low, high], and the bounds if the criterion is higher there."""
        nodes = np.linspace(self.low, self.high, 801)
        slope = self.slope(nodes)
        roots = [
            brentq(lambda point: float(self.slope(np.array([point]))[0]), nodes[at], nodes[at + 1])
            for at in np.flatnonzero(slope[:-1] * slope[1:] < 0)
        ]
        bounds = [self.low] * bool(slope[0] < 0) + [self.high] * bool(slope[-1] > 0)
        return np.array(roots + bounds)

    def rise(self, start: float, stop: float) -> float:
        """Criterion at `stop` minus criterion at `start`."""
        nodes, weights = np.polynomial.legendre.leggauss(40)
        edges = np.linspace(start, stop, 41)
        half = (edges[1:] - edges[:-1]) / 2
        theta = (edges[:-1] + half)[:, None] + half[:, None] * nodes
        return float((self.slope(theta.ravel()).reshape(theta.shape) @ weights) @ half)

    def explain(self, ours: float, theirs: float, *, exact: bool) -> str | None:
        """Whether theirs is a lower stationary point, or lies where a robust criterion is flat."""
        at = np.array([theirs])
        if self.row["method"] == "ROB" and not self.weights(at).any():
            return FLAT
        steepness = float(models.information_totals(self.parameters, at).information[0]) + 1.0
        stationary = abs(self.slope(at)[0]) < (1e-8 if exact else 1e-3) * steepness
        if (stationary or theirs in (self.low, self.high)) and self.rise(theirs, ours) > 0:
            return LOCAL
        return None


def ability_rows(folder: Folder, report: Report, kind: str) -> None:
    banks = catr_banks(folder, kind)
    for row in folder.rows(report.file):
        report.cases += 1
        bank = banks[row["bank"]]
        low, high = number(row["lower"]), number(row["upper"])
        scores, parameters = whole(row["responses"]), bank.parameters.take(whole(row["items"]) - 1)
        equation = Equation(bank, parameters, scores, row, low, high)
        where = " ".join([row["bank"], "pattern", row["pattern"], row["method"], row["prior"]])
        if row["method"] == "EAP":
            eap_row(equation, report, where)
        elif row["method"] == "ROB":
            robust_row(equation, report, where)
        else:
            mode_row(equation, report, where)
        if math.isfinite(number(row["se_exact"])):
            exact_row(equation, report, where)


def exact_row(equation: Equation, report: Report, where: str) -> None:
    row = equation.row
    theta, theirs, at_grid = number(row["theta"]), number(row["se_exact"]), row["method"] == "EAP"
    # Their patterns carry the error of their root finder, the EAP none.
    tolerance = 1e-9 if at_grid else 1e-4

    def exact(one: Equation) -> float:
        return ability.exact_standard_error(one.parameters, theta, lambda scores: one.estimate(scores).theta)

    def explain() -> str | None:
        bank = equation.bank
        plain = equation
        if bank.D != 1:
            items = bank.without_d.take(whole(row["items"]) - 1)
            plain = replace(equation, bank=Bank(bank.without_d, 1.0), parameters=items)
            if abs(exact(plain) - theirs) <= tolerance:
                return EXACT_NO_D
        reason = None if at_grid else any_standard_error(plain, theta, theirs)
        return EXACT_NO_D if reason and bank.D != 1 else reason

    name = "exact se (EAP)" if at_grid else "exact se"
    report.compare(name, exact(equation), theirs, tolerance, where, explain=explain)


def any_standard_error(equation: Equation, theta: float, theirs: float) -> str | None:
    """Whether some choice of a stationary point for each pattern gives their exact standard error."""
    counts = equation.parameters.n_categories
    patterns = np.stack([axis.ravel() for axis in np.indices(tuple(counts.tolist()))], axis=1)
    p = models.category_probability(equation.parameters, [theta])[0]
    chance = p[np.arange(len(counts)), patterns].prod(axis=1)
    places = [replace(equation, scores=pattern).stationary() for pattern in patterns]
    if math.prod(len(one) for one in places) <= 200_000:
        moments = np.zeros((1, 2))
        for share, points in zip(chance, places, strict=True):
            step = share * np.stack([points, points**2], axis=1)
            moments = (moments[:, None] + step).reshape(-1, 2)
        spread = np.sqrt(np.maximum(moments[:, 1] - moments[:, 0] ** 2, 0.0))
        return ELSEWHERE if (np.abs(spread - theirs) <= 1e-4).any() else None
    extremes = [extreme_spread(chance, places, sign) for sign in (-1.0, 1.0)]
    return ANY if extremes[0] < theirs < extremes[1] else None


def extreme_spread(chance: FloatArray, places: list[FloatArray], sign: float) -> float:
    """Smallest (sign -1) or largest (sign 1) standard error found by exchanging one pattern at a time."""
    values = np.array([points[0] for points in places])

    def spread() -> float:
        mean = chance @ values
        return math.sqrt(float(chance @ (values - mean) ** 2))

    best, moved = spread(), True
    while moved:
        moved = False
        for pattern, points in enumerate(places):
            for point in points:
                before, values[pattern] = values[pattern], point
                if sign * (spread() - best) > 1e-12:
                    best, moved = spread(), True
                else:
                    values[pattern] = before
    return best


def eap_row(equation: Equation, report: Report, where: str) -> None:
    row, ours = equation.row, equation.estimate()
    report.compare("EAP, same grid", ours.theta, number(row["theta"]), 1e-10, where)
    report.compare("EAP se, same grid", ours.se, number(row["se"]), 1e-10, where)
    if math.isfinite(number(row["eap_dense"])):
        dense = ability.eap(equation.parameters, equation.scores, prior=prior_of(row))
        report.compare("EAP, dense", dense.theta, number(row["eap_dense"]), 1e-8, where)
        report.compare("EAP sd, dense", dense.se, number(row["sd_dense"]), 1e-8, where)


def robust_row(equation: Equation, report: Report, where: str) -> None:
    row, ours = equation.row, equation.estimate()
    theta, items = number(row["theta"]), equation.parameters
    assert isinstance(items, ItemParameters)
    report.compare(
        "robust theta",
        ours.theta,
        theta,
        1e-4,
        where,
        explain=lambda: equation.explain(ours.theta, theta, exact=False),
    )
    weight, tuning = equation.robust()
    se = ability.robust_standard_error(items, theta, weight=weight, tuning=tuning)
    if math.isfinite(number(row["se"])):
        report.compare("robust se", se, number(row["se"]), 1e-9, where, relative=True)
    elif math.isfinite(se):
        report.same("robust se", se, math.inf, where)


def mode_row(equation: Equation, report: Report, where: str) -> None:
    row, ours = equation.row, equation.estimate()
    theta, refined, highest = (
        number(row["theta"]),
        number(row["theta_refined"]),
        number(row["theta_global_max"]),
    )
    if math.isfinite(refined):
        agreed = report.compare(
            "refined",
            ours.theta,
            refined,
            1e-8,
            where,
            explain=lambda: equation.explain(ours.theta, refined, exact=True),
        )
        if math.isfinite(highest):
            report.compare("highest maximum", ours.theta, highest, 1e-8, where)
    else:
        agreed = True
    if agreed:
        report.compare(
            "as printed",
            ours.theta,
            theta,
            1e-4,
            where,
            explain=lambda: equation.explain(ours.theta, theta, exact=False),
        )
    prior = prior_of(row) if row["method"] == "BM" else None
    warm = row["method"] == "WL"
    parameters = equation.parameters
    for name, kind in (("se", "classic"), ("se_new", "asymptotic")):
        theirs = number(row[name])
        if math.isfinite(theirs):
            value = ability.standard_error(parameters, theta, prior=prior, warm=warm, kind=kind)  # type: ignore[arg-type]
            report.compare(
                name,
                value,
                theirs,
                1e-9,
                where,
                relative=True,
                explain=lambda name=name, theirs=theirs: without_d(equation, theta, name, theirs),  # type: ignore[misc]
            )


def without_d(equation: Equation, theta: float, name: str, theirs: float) -> str | None:
    """Whether theirs is the standard error with the factor D left out of the derivatives."""
    bank, row = equation.bank, equation.row
    if bank.D == 1:
        return None
    items = bank.without_d.take(whole(row["items"]) - 1)
    info, first, second, j, j_first = (float(v[0]) for v in models.information_totals(items, [theta]))
    if row["method"] == "WL":
        pull = (j_first * info - j * first) / (2 * info**2)
    else:
        pull = (second * info - first**2) / (2 * info**2)
    full = float(models.information_totals(equation.parameters, [theta]).information[0])
    value = math.sqrt(full) / abs(full - pull) if name == "se_new" else abs(full - pull) ** -0.5
    return NO_D if abs(value - theirs) < 1e-9 * theirs else None


def mirt_scores(folder: Folder, report: Report) -> None:
    raw = folder.json("mirt_banks.json")
    banks = {key: mirt_bank(bank) for key, bank in raw.items()}
    for block in folder.cases(report.file):
        parameters, method = banks[block["bank"]], block["method"]
        for place, (pattern, (*theta, se)) in enumerate(
            zip(block["responses"], block["scores"], strict=True)
        ):
            report.cases += 1
            given = [item for item, score in enumerate(pattern) if score is not None]
            scores = [pattern[item] for item in given]
            where = f"{block['bank']} pattern {place + 1} {method}"
            if parameters is not None:
                mirt_score(report, parameters.take(given), scores, block, number(theta[0]), number(se), where)
            elif (two := mirt_domains(raw[block["bank"]], given)) is not None:
                mirt_profile(report, two, scores, block, place, where)
            else:
                report.left_out["an item measures two traits"] += 1


@dataclass(frozen=True)
class Domains:
    """Items of which each measures one of several correlated traits."""

    parameters: ItemParameters
    domain: IntArray
    model: ProfileModel


def mirt_domains(bank: Case, given: list[int]) -> Domains | None:
    """The items given as our domain profile knows them; None where one of them measures two traits."""
    table = np.array([[number(value) for value in bank["items"][item]] for item in given])
    count = bank["factors"]
    slopes = table[:, :count]
    if ((slopes != 0).sum(axis=1) != 1).any():
        return None
    slope = slopes.sum(axis=1)
    floor = table[:, count + 1] if bank["itemtype"] == "3PL" else np.zeros(len(table))
    items = ItemParameters(slope, -table[:, count] / slope, floor, np.ones(len(table)))
    return Domains(items, slopes.argmax(axis=1), ProfileModel(np.array(bank["latent_cov"])))


def mirt_profile(
    report: Report, bank: Domains, scores: list[int], block: Case, place: int, where: str
) -> None:
    """Our profile by quadrature and by its mode; mirt sums over 49 points per trait on [-6, 6]."""
    values, prior = block["scores"][place], NormalPrior()
    if block["method"] == "EAP":
        mean = profile_mean(bank.parameters, bank.domain, scores, prior=prior, model=bank.model)
        theta, se = mean.theta, mean.se
    else:
        mode = domain_profile(bank.parameters, bank.domain, scores, prior=prior, model=bank.model)
        theta, se = mode.theta, mode.se
    count = len(values) // 2
    for trait in range(count):
        name = f"{block['method']}, two traits"
        report.compare(f"{name}, theta", float(theta[trait]), values[trait], 1e-4, where)
        if block["method"] == "EAP" or not bank.parameters.c.any():
            report.compare(f"{name}, se", float(se[trait]), values[count + trait], 1e-3, where)


def mirt_score(
    report: Report, items: Parameters, scores: list[int], block: Case, theta: float, se: float, where: str
) -> None:
    prior = NormalPrior()
    match block["method"]:
        case "EAP":
            low, high = block["theta_lim"]
            nodes = Grid(low, high, block["quadpts"]).nodes()
            value, _, _ = models.log_likelihood_derivatives(items, scores, nodes)
            mean = ability.posterior(value + prior.log_density(nodes), nodes)
            report.compare("EAP, same grid", mean.theta, theta, 1e-10, where)
            report.compare("EAP se, same grid", mean.se, se, 1e-10, where)
            return
        case "ML":
            ours = ability.mle(items, scores)
            if math.isinf(ours.theta):
                ends = models.log_likelihood_derivatives(items, scores, [-40.0, -20.0, 20.0, 40.0])[1]
                still = bool((ends[2:] > 0).all()) if ours.theta > 0 else bool((ends[:2] < 0).all())
                theirs = theta if math.isfinite(theta) else ours.theta
                explain = lambda: BOUNDED if still and abs(abs(theta) - 20) < 0.01 else None  # noqa: E731
                report.same("ML infinite", ours.theta, theirs, where, explain)
                return
            used: Prior | None = None
        case "MAP":
            ours, used = ability.posterior_mode(items, scores, prior=prior), prior
        case _:
            ours, used = ability.wle(items, scores), JeffreysPrior()
    jeffreys = ability.posterior_mode(items, scores, prior=JeffreysPrior()).theta

    def explain_warm() -> str | None:
        return JEFFREYS if block["method"] == "WLE" and abs(jeffreys - theta) < 1e-4 else None

    # mirt's optimiser stops at about 1e-6 and its errors come from a numerical second derivative.
    report.compare(f"{block['method']} theta", ours.theta, theta, 1e-4, where, explain=explain_warm)
    error = ability.standard_error(items, theta, prior=used, kind="observed", scores=scores)
    report.compare(f"{block['method']} se", error, se, 1e-3, where)


# Choosing items


@dataclass(frozen=True)
class State:
    """One person in the middle of a test: what a rule chooses from."""

    bank: Bank
    theta: float
    taken: IntArray
    scores: IntArray
    nodes: FloatArray
    prior: Prior
    method: str = "EAP"
    info_type: str = "Fisher"

    @property
    def free(self) -> BoolArray:
        """Items not given yet."""
        left = np.ones(len(self.bank.parameters), dtype=np.bool_)
        left[self.taken] = False
        return left

    def likelihood(self) -> FloatArray:
        """At the nodes."""
        if not len(self.taken):
            return np.ones(len(self.nodes))
        items = self.bank.parameters.take(self.taken)
        return np.exp(models.log_likelihood_derivatives(items, self.scores, self.nodes)[0])

    def density(self) -> FloatArray:
        """Prior density with its constant: catR's criteria keep it."""
        match self.prior:
            case NormalPrior(sd=sd):
                return np.asarray(np.exp(self.prior.log_density(self.nodes)) / (sd * math.sqrt(2 * math.pi)))
            case UniformPrior(low=low, high=high):
                return np.asarray(np.exp(self.prior.log_density(self.nodes)) / (high - low))
        raise NotImplementedError(self.prior)

    def trapezoid(self) -> FloatArray:
        """Quadrature weights of the nodes."""
        weights = np.full(len(self.nodes), self.nodes[1] - self.nodes[0])
        weights[[0, -1]] /= 2
        return weights

    def estimate(self, taken: IntArray, scores: IntArray) -> ability.Ability | ability.Mode:
        """Provisional estimate by the method of the state."""
        items, low, high = self.bank.parameters.take(taken), float(self.nodes[0]), float(self.nodes[-1])
        match self.method:
            case "EAP":
                return ability.eap(items, scores, prior=self.prior, grid=Grid(low, high, len(self.nodes)))
            case "BM":
                return ability.posterior_mode(items, scores, prior=self.prior, low=low, high=high)
            case "WL":
                return ability.wle(items, scores, low=low, high=high)
        return ability.mle(items, scores, low=low, high=high)

    def gains(self, rule: str) -> FloatArray:
        """Value of `rule` for every item, larger better, shape (n_items,)."""
        parameters = self.bank.parameters
        match rule:
            case "MFI":
                return np.asarray(models.information(parameters, [self.theta])[0])
            case "bOpt" | "thOpt":
                assert isinstance(parameters, ItemParameters)
                places = parameters.b if rule == "bOpt" else selection.information_peak(parameters)
                return selection.nearest(self.theta, places)
            case "MEI":
                return self.expected_information()
        weights, table = self.likelihood(), models.tables(parameters, self.nodes)
        if rule in ("KLP", "MPWI", "GDIP", "MEPV"):
            weights = weights * self.density()
        p = np.exp(table.log_probability)
        match rule:
            case "MLWI" | "MPWI":
                return selection.weighted_information(table.information, weights * self.trapezoid())
            case "GDI" | "GDIP":
                return selection.global_discrimination(p, weights)
            case "MEPV":
                after = selection.predictions(p, weights * self.trapezoid(), self.nodes)
                return selection.expected_posterior_variance(self.chance(), after.variance)
            case "KL" | "KLP":
                with np.errstate(divide="ignore"):
                    log_chance = np.log(self.chance())
                return selection.kullback_leibler(
                    log_chance, table.log_probability, weights * self.trapezoid()
                )
        raise NotImplementedError(rule)

    def chance(self) -> FloatArray:
        """Probability of each answer to each item at the estimate."""
        return np.asarray(models.category_probability(self.bank.parameters, [self.theta])[0])

    def expected_bounds(self) -> tuple[FloatArray, FloatArray]:
        """Least and greatest information of each free item at the estimates that its answers would give."""
        parameters = self.bank.parameters
        bounds = np.full((2, len(parameters)), np.nan)
        for item in np.flatnonzero(self.free).tolist():
            own = parameters.take([item])
            theta = [
                self.estimate(np.append(self.taken, item), np.append(self.scores, score)).theta
                for score in range(int(own.n_categories[0]))
            ]
            known = models.information(own, theta)
            bounds[:, item] = known.min(), known.max()
        return bounds[0], bounds[1]

    def expected_information(self) -> FloatArray:
        """MEI of every free item, 0 for the others."""
        parameters, chance = self.bank.parameters, self.chance()
        after = np.zeros_like(chance)
        for item in np.flatnonzero(self.free).tolist():
            own = parameters.take([item])
            for score in range(int(own.n_categories[0])):
                theta = self.estimate(np.append(self.taken, item), np.append(self.scores, score)).theta
                if self.info_type == "observed":
                    after[item, score] = models.observed_information(own, [score], [theta])[0, 0]
                else:
                    after[item, score] = models.information(own, [theta])[0, 0]
        return selection.expected_information(chance, after)


def next_items(folder: Folder, report: Report, kind: str) -> None:
    banks = catr_banks(folder, kind)
    for case in folder.cases(report.file):
        report.cases += 1
        rule = case["criterion"]
        low, high, points = case["grid"]
        prior = prior_of(
            {"prior": case["prior"], **dict(zip(("prior1", "prior2"), case["prior_par"], strict=True))}
        )
        state = State(
            banks[case["bank"]],
            case["theta"],
            listed(case["administered"]) - 1,
            listed(case["responses"]),
            np.linspace(low, high, points),
            prior,
            case["method"],
            case["info_type"] or "Fisher",
        )
        gains = np.where(state.free, state.gains(rule), -np.inf)
        theirs = np.array([number(value) for value in case["all_values"]])
        smaller = rule in ("bOpt", "thOpt", "MEPV")
        where = f"{case['bank']} state {case['state']} {rule} {case['method']} {case['prior']}"
        rough = rule == "MEI" and case["method"] != "EAP"
        for item in np.flatnonzero(state.free):
            name = "value (their root finder)" if rough else "value"
            ours = -gains[item] if smaller else gains[item]
            report.compare(
                name,
                float(ours),
                float(theirs[item]),
                ROOT_ERROR if rough else 1e-9,
                f"{where} item {item + 1}",
                relative=not rough,
                allowance=1e-14,
                explain=lambda item=item: elsewhere(state, item, float(theirs[item])) if rough else None,  # type: ignore[misc]  # noqa: B023
            )
        chosen(report, int(np.argmax(gains)), case["next_item"] - 1, theirs, where, rough=rough, state=state)


def elsewhere(state: State, item: int, theirs: float) -> str | None:
    """Whether their expected information comes out with other stationary points of the provisional estimate."""
    values = possible(state, item)
    return ELSEWHERE if len(values) > 1 and (np.abs(values - theirs) <= ROOT_ERROR).any() else None


def possible(state: State, item: int) -> FloatArray:
    """Expected information of an item for every choice of stationary points as provisional estimates."""
    parameters = state.bank.parameters.take(np.append(state.taken, item))
    own, values = parameters.take([len(state.taken)]), np.zeros(1)
    assert isinstance(state.prior, NormalPrior)
    row = {"method": state.method, "prior": "norm", "prior1": state.prior.mean, "prior2": state.prior.sd}
    low, high = float(state.nodes[0]), float(state.nodes[-1])
    for score, chance in enumerate(state.chance()[item, : int(own.n_categories[0])]):
        scores = np.append(state.scores, score)
        points = Equation(state.bank, parameters, scores, row, low, high).stationary()
        if state.info_type == "observed":
            known = models.observed_information(own, [score], points)[:, 0]
        else:
            known = models.information(own, points)[:, 0]
        values = (values[:, None] + chance * known).ravel()
    return values


def chosen(
    report: Report,
    ours: int,
    theirs: int,
    values: FloatArray,
    where: str,
    *,
    rough: bool,
    state: State | None = None,
    rule: str = "MEI",
) -> None:
    """Compare the choice; any item tied with theirs (by their own values) is right."""
    gap = abs(values[ours] - values[theirs])
    if gap <= 1e-12 * abs(values[theirs]):
        report.same("next item" if ours == theirs else "next item (tied)", 1, 1, where)
        return

    def explain() -> str | None:
        if rough and gap <= CLOSE_GAP * max(1.0, abs(values[theirs])):
            return CLOSE
        if rough and rule == "MEI" and state is not None:
            mine, other = possible(state, ours), possible(state, theirs)
            if len(mine) + len(other) > 2 and other.max() >= mine.min() - CLOSE_GAP:
                return ELSEWHERE
        return None

    report.same("next item", ours + 1, theirs + 1, where, explain)


def trajectories(folder: Folder, report: Report) -> None:
    banks = catr_banks(folder, "dicho") | catr_banks(folder, "poly")
    for place, case in enumerate(folder.cases(report.file)):
        report.cases += 1
        where = f"test {place + 1} {case['bank']} {case['method']} {case['item_select']}"
        trajectory(banks[case["bank"]], case, report, where)


def trajectory(bank: Bank, case: Case, report: Report, where: str) -> None:
    given, answers = [item - 1 for item in case["items"]], case["responses_by_item"]
    exact, method = case["method"] == "EAP", case["method"]
    tolerance, note = (1e-10, "") if exact else (1e-4, " (their root finder)")
    nodes, prior = np.linspace(-4, 4, 33), NormalPrior(*case["prior_par"])
    row = {"method": method, "prior": "norm", "prior1": prior.mean, "prior2": prior.sd}
    theta = float(case["start"]["theta"])
    for place, item in enumerate(given):
        taken = np.array(given[:place], dtype=np.int64)
        scores = np.array([answers[one] for one in taken], dtype=np.int64)
        state = State(bank, theta, taken, scores, nodes, prior, method, case["info_type"])
        rule = case["item_select"] if place else "MFI"
        gains = np.where(state.free, state.gains(rule), -np.inf)
        ours = int(np.argmax(gains))
        chosen(
            report, ours, item, gains, f"{where} item {place + 1}", rough=not exact, state=state, rule=rule
        )
        taken, scores = np.append(taken, item), np.append(scores, answers[item])
        theirs = case["theta_prov"][place]
        equation = Equation(bank, bank.parameters.take(taken), scores, row, -4.0, 4.0)
        estimate = state.estimate(taken, scores)
        agreed = report.compare(
            f"theta{note}",
            estimate.theta,
            theirs,
            tolerance,
            f"{where} after {place + 1}",
            explain=lambda one=equation, us=estimate.theta, them=theirs: one.explain(us, them, exact=exact),  # type: ignore[misc]
        )
        theta = estimate.theta if agreed else theirs  # what follows, followed from theirs
        # Their error is evaluated at their own theta.
        se = estimate.se if exact else standard_error_at(state, taken, theirs)
        report.compare("se", se, case["se_prov"][place], 1e-9, where)
        stopped = stops(case["stop"], theirs, case["se_prov"][place], place + 1)
        report.same("stops", stopped, place == len(given) - 1, f"{where} after {place + 1}")
    report.compare(f"final theta{note}", theta, case["theta_final"], tolerance, where)


def standard_error_at(state: State, taken: IntArray, theta: float) -> float:
    prior = state.prior if state.method == "BM" else None
    return ability.standard_error(state.bank.parameters.take(taken), theta, prior=prior)


def stops(stop: Case, theta: float, se: float, count: int) -> bool:
    rules = [stop["rule"]] if isinstance(stop["rule"], str) else stop["rule"]
    limits = stop["thr"] if isinstance(stop["thr"], list) else [stop["thr"]]
    return any(
        stopping(rule, limit, theta, se, count, stop["alpha"])
        for rule, limit in zip(rules, limits, strict=True)
    )


def stopping(rule: str, limit: float, theta: float, se: float, count: int, alpha: float) -> bool:
    """Whether a rule stops here, by the rules of the package."""
    if rule == "length":
        return count >= limit
    one: PrecisionStop | IntervalStop
    one = PrecisionStop(limit) if rule == "precision" else IntervalStop(limit, 1 - alpha)
    nothing = np.zeros(0)
    prepared = prepare_rule(
        one,
        below=lambda cuts: cuts[:, None],
        cuts=nothing,
        nodes=nothing,
        log_probability=nothing,
        log_probability_at=lambda theta: theta,
    )
    none = np.zeros(0, dtype=np.int64)
    return holds(
        prepared, Progress(Posterior(nothing, theta, se), none, none, lambda: theta, lambda: 0.0, None)
    )


def stop_rules(folder: Folder, report: Report) -> None:
    for row in folder.rows(report.file):
        report.cases += 1
        for name in ("length", "precision", "classification"):
            limit = number(row["thr_class" if name == "classification" else f"thr_{name}"])
            state = number(row["theta"]), number(row["se"]), int(row["n"])
            ours = stopping(name, limit, *state, number(row["alpha"]))
            report.same(name, ours, row[f"stop_{name}"] == "TRUE", f"row {report.cases} {name}")


def a_stratified(folder: Folder, report: Report) -> None:
    banks = catr_banks(folder, "dicho")
    for name, case in folder.json(report.file).items():
        report.cases += 1
        items = banks[name].parameters
        assert isinstance(items, ItemParameters)
        ours = selection.strata(items.a, case["K"])
        for item, group in enumerate(case["group"]):
            tied = bool((items.a == items.a[0]).all())
            explain = lambda tied=tied: TIED if tied else None  # noqa: E731
            report.same("stratum", f"Group{ours[item] + 1}", group, f"{name} item {item + 1}", explain)


def content_balancing(folder: Folder, report: Report) -> None:
    banks = catr_banks(folder, "dicho")
    for number_, case in enumerate(folder.cases(report.file)):
        report.cases += 1
        bank, names = banks[case["bank"]], case["group_names"]
        group = np.array([names.index(one) for one in case["groups"]])
        taken = np.array(case["administered"], dtype=np.int64) - 1
        free = np.ones(len(group), dtype=np.bool_)
        free[taken] = False
        if case["available"] is not None:
            free &= np.array(case["available"]) == 1
        where = f"case {number_ + 1} {case['bank']}"
        counts = np.bincount(group[taken], minlength=len(names))
        left = np.bincount(group[free], minlength=len(names)) > 0
        wanted = kingsbury_zara(np.array(case["props"]), counts, left)
        report.same("group", names[wanted] if wanted is not None else None, case["next_group"], where)
        gains = models.information(bank.parameters, [case["theta"]])[0]
        gains = np.where(free & (group == wanted), gains, -np.inf)
        ours = int(np.argmax(gains))
        report.compare("value", float(gains[ours]), case["value"], 1e-9, where, relative=True)
        chosen(report, ours, case["next_item"] - 1, gains, where, rough=False)


IGNORES_ITEM: Final = (
    "mirtCAT's IKL and IKLP ignore the item (checked: their values fall with the item's number in every state, "
    "whatever the parameters)"
)
NO_MEAN: Final = (
    "mirtCAT's MEI is no expectation of information (checked in every state: for some item it is below the "
    "information at each of the provisional estimates, which bounds any expectation)"
)
START: Final = "mirtCAT's next item before the first answer is its start item, not a choice"


def mirtcat_criteria(folder: Folder, report: Report) -> None:
    banks = {key: mirt_bank(bank) for key, bank in folder.json("mirt_banks.json").items()}
    for case in folder.cases(report.file):
        report.cases += 1
        parameters, rule = banks[case["bank"]], case["criterion"]
        if parameters is None:
            report.left_out["two dimensions: D, T, A, E and W rules, with and without prior, and KL"] += 1
            continue
        taken, scores = listed(case["administered"]) - 1, listed(case["responses"])
        left = listed(case["remaining_items_in_order"]) - 1
        where = f"{case['bank']} after {len(taken)} {rule}"
        if rule in ("IKL", "IKLP"):
            values = [case["values"][item] for item in left] if case["values"] else []
            falling = all(first > second for first, second in pairwise(values))
            report.left_out[IGNORES_ITEM if falling else "IKL"] += 1
            continue
        theirs = np.array([number(value) for value in case["values"]])
        state = State(
            Bank(parameters, 1.0),
            case["theta"][0],
            taken,
            scores,
            np.linspace(-6, 6, 121),
            NormalPrior(),
            "BM",
        )
        if rule == "MEI":
            low, _ = state.expected_bounds()
            report.left_out[NO_MEAN if (theirs[left] < low[left] - 1e-9).any() else "MEI"] += 1
            continue
        gains = mirtcat_gains(state, rule)
        if not len(taken):  # its likelihood of no answers is a constant other than 1, which changes no choice
            report.left_out[START] += 1
            gains *= theirs[0] / gains[0]
        for item in left:
            at = f"{where} item {item + 1}"
            tolerance = 1e-6 if rule in ("MEPV", "MLWI") else 1e-9  # that of their quadrature
            report.compare(rule, float(gains[item]), float(theirs[item]), tolerance, at, relative=True)
        if len(taken):
            gains = np.where(state.free, gains, -np.inf)
            chosen(report, int(np.argmax(gains)), case["next_item"] - 1, gains, where, rough=False)


def mirtcat_gains(state: State, rule: str) -> FloatArray:
    parameters = state.bank.parameters
    if rule == "KL":
        ends = models.category_terms(parameters, [state.theta + 0.1, state.theta - 0.1]).log_probability
        return selection.pointwise_kullback_leibler(ends[0], ends[1])
    if rule in ("MLWI", "MPWI"):  # by adaptive quadrature there
        points, weights = np.polynomial.legendre.leggauss(200)
        fine = replace(state, nodes=6 * points)
        held = fine.likelihood() * (fine.density() if rule == "MPWI" else 1.0)
        information = models.information(parameters, fine.nodes)
        return selection.weighted_information(information, held * 6 * weights)
    if rule == "MEPV":  # plain sums there
        table = models.tables(parameters, state.nodes)
        p = np.exp(table.log_probability)
        after = selection.predictions(p, state.likelihood() * state.density(), state.nodes)
        return selection.expected_posterior_variance(state.chance(), after.variance)
    return state.gains("MFI")


# The command

OURS: Final = Path(__file__).parents[1] / "tests" / "reference" / "catr"
CHECKS: Final[dict[str, Callable[[Folder, Report], None]]] = {
    "dicho_item_functions.csv": dichotomous_item_functions,
    "dicho_ability.csv": lambda folder, report: ability_rows(folder, report, "dicho"),
    "dicho_next_item.json": lambda folder, report: next_items(folder, report, "dicho"),
    "poly_item_functions.csv": polytomous_item_functions,
    "poly_ability.csv": lambda folder, report: ability_rows(folder, report, "poly"),
    "poly_next_item.json": lambda folder, report: next_items(folder, report, "poly"),
    "content_balancing.json": content_balancing,
    "a_stratified.json": a_stratified,
    "stop_rules.csv": stop_rules,
    "cat_trajectories.json": trajectories,
    "mirt_item_functions.json": mirt_item_functions,
    "mirt_scores.json": mirt_scores,
    "mirtcat_criteria.json": mirtcat_criteria,
}


def check(path: Path, only: str = "", every: int = 1) -> Iterator[Report]:
    """Compare every file of the folder that we know, one report each."""
    from benchmarks import reference_mml  # builds on the reports of this module

    if reference_mml.is_mml(path):
        yield from reference_mml.check(path, only)
        return
    folder = Folder(path, every)
    for name, compare in CHECKS.items():
        if folder.has(name) and only in name:
            report = Report(name)
            compare(folder, report)
            yield report


def table_of(reports: list[Report]) -> Table:
    table = Table(title="Agreement with the reference answers", title_justify="left")
    for heading in ("file", "cases", "quantity", "compared", "tolerance", "maximum error", "failures"):
        table.add_column(heading, justify="left" if heading in ("file", "quantity") else "right")
    for report in reports:
        for place, (name, quantity) in enumerate(report.quantities.items()):
            table.add_row(
                report.file if not place else "",
                str(report.cases) if not place else "",
                name,
                str(quantity.compared),
                f"{quantity.tolerance:.0e}" if quantity.tolerance else "same",
                f"{quantity.worst:.1e}",
                str(len(quantity.failures)),
            )
        table.add_section()
    return table


def main(arguments: list[str] | None = None) -> int:
    """Print the table, the disagreements with their reasons and what is left out; 1 on any failure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path, nargs="?", default=OURS, help="default: the tests' own")
    parser.add_argument("--only", default="", help="files whose name holds this")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    reports = list(check(options.directory, options.only))
    failed = sum(len(report.failures) for report in reports)
    if options.json:
        print(json.dumps([as_json(report) for report in reports], indent=1))
        return int(failed > 0)
    console = Console(width=140)
    console.print(table_of(reports))
    for title, counts in (("Disagreements, each checked", "explained"), ("Not compared", "left_out")):
        console.print(f"\n{title}", style="bold")
        for report in reports:
            for reason, count in getattr(report, counts).items():
                console.print(f"  {report.file}: {count} values: {reason}")
    for report in reports:
        for line in report.failures[:20]:
            console.print(f"FAILURE {report.file}: {line}", markup=False)
    console.print(f"\n{failed} failures")
    return int(failed > 0)


def as_json(report: Report) -> Case:
    return {
        "file": report.file,
        "cases": report.cases,
        "quantities": {
            name: {
                "compared": quantity.compared,
                "tolerance": quantity.tolerance,
                "maximum_error": quantity.worst,
                "failures": len(quantity.failures),
            }
            for name, quantity in report.quantities.items()
        },
        "disagreements": dict(report.explained),
        "not_compared": dict(report.left_out),
    }


if __name__ == "__main__":
    sys.exit(main())
