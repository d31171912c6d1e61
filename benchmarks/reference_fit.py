"""Agreement of fit, fairness, person fit and linking with mirt, TAM, difR, PerFit, equateIRT and plink.

Called by `python -m benchmarks.reference DIR` after the calibrations of a folder were compared (`reference_mml`). Item
statistics are compared at the reference's own item parameters and abilities, so that a difference is one of the
statistic. Files are told by their names: `..._mirt_itemfit.csv`, `..._mirt_Q3.csv`, M2 or C2 in `..._mirt_fit.json`,
`dif_COLUMN_difR.csv`, `dif_LRT_drop_mirt.csv`, `dif_lord_*.csv`, `2PL_PerFit_lz_*.csv`, `linking_X_to_Y.json`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.linalg import block_diag

from benchmarks.reference import Report
from irt.ability import NormalPrior
from irt.dif import logistic_regression, mantel_haenszel
from irt.dif_by_model import likelihood_ratio
from irt.drift import drift
from irt.fit import global_fit, local_dependence, residual_fit, score_fit
from irt.linking import Linking, LinkingMethod, Weights, link
from irt.models import category_probability
from irt.person_fit import Estimator, lz, lz_star
from irt.responses import Responses
from irt.types import FloatArray, GradedParameters, ItemParameters, NominalParameters, Parameters

if TYPE_CHECKING:
    from benchmarks.reference_mml import Case, DataSet, Table

ONE_PER_CENT: Final = 0.01
_THIN: Final = 0.02
MOST_PERSONS: Final = 1000  # of lz and lz*, one after the other
SEVERAL: Final = ("GRM", "graded", "GPCM", "PCM", "NRM")

COLLAPSED: Final = (
    "S-X2 of an item with several scores after another collapsing of thin cells (checked: the reference kept another "
    "number of cells, or its statistic lies between ours with minimal expected counts of 0 and 5)"
)
DERIVATIVE: Final = (
    "M2 of the 3PL or C2 of the generalised partial credit model (checked: ours comes out again when the model is "
    "written in other parameters, and degrees of freedom agree)"
)
UNDERFLOW: Final = (
    "gain of R2 where the likelihoods of a large sample underflow in difR (checked: theirs is 0, or ours without the "
    "largest value that Nagelkerke divides by; their chi-square agrees)"
)
BOUNDED: Final = (
    "infit, outfit and their z where the variance of a person is nearly 0, which the reference bounds, or z of "
    "incomplete rows (checked: the mean square agrees, or lies between ours and ours with variances of at least 0.02)"
)


def compare_fit(data: DataSet, every: Mapping[str, Case], report: Report) -> None:
    """Everything of one folder that is no calibration."""
    for case in every.values():
        _items(case, report)
    names = sorted({path.name.removesuffix(".gz") for path in data.golden.iterdir()})
    for name in names:
        if found := re.fullmatch(r"dif_(\w+)_difR\.csv", name):
            _difr(data, every, found[1], report)
        if found := re.fullmatch(r"(.+_)?2PL_PerFit_lz_(MAP|WLE)\.csv", name):
            _perfit(data, every, found[1] or "", found[2], report)
    _lord(data, report)
    _ratio(data, every, report)
    _linking(data, report)


def _number(text: str | None) -> float:
    return math.nan if text in (None, "", "NA", "NaN", "Inf", "-Inf") else float(text)


def _column(rows: Table, name: str) -> FloatArray:
    return np.array([_number(row.get(name)) for row in rows])


def _all(
    report: Report,
    name: str,
    ours: FloatArray,
    theirs: FloatArray,
    label: str,
    items: list[str],
    **settings: Any,
) -> None:
    """Compare what both know, relative to the larger of 1 and the value."""
    for own, other, item in zip(ours.tolist(), theirs.tolist(), items, strict=True):
        if math.isfinite(own) and math.isfinite(other):
            report.compare(name, own, other, ONE_PER_CENT, f"{label} {item}", **settings)
        elif math.isfinite(other):
            report.left_out[f"{name} that we do not give"] += 1


# Items


def _parameters(case: Case) -> Parameters | None:
    rows = case.file("irtpars.csv")
    if rows is None:
        return None
    by_name = {next(iter(row.values())): row for row in rows}
    own = [by_name[name] for name in case.names]
    if case.model in ("Rasch", "1PL", "2PL", "3PL", "4PL"):
        a = [_number(row["a"]) for row in own]
        if min(a) <= 0:
            return None
        return ItemParameters(a, *([_number(row[name]) for row in own] for name in ("b", "g", "u")))
    a = [_number(row["a"]) for row in own]
    steps = [
        [
            value
            for key, value in ((k, _number(v)) for k, v in row.items() if re.fullmatch(r"b\d*", k))
            if not math.isnan(value)
        ]
        for row in own
    ]
    if case.model in ("GRM", "graded"):
        return GradedParameters(a, steps)
    return NominalParameters.partial_credit(steps, a) if case.model in ("GPCM", "PCM") else None


def _grid(case: Case) -> Weights:
    group = case.fit.get("group_pars", {})
    mean, sd = float(group.get("MEAN_1", 0.0)), math.sqrt(float(group.get("COV_11", 1.0)))
    low, high = case.fit.get("theta_lim", [-6, 6])
    theta = np.linspace(low, high, int(case.fit.get("quadpts", 61)))
    weight = np.exp(-0.5 * ((theta - mean) / sd) ** 2)
    return Weights(theta, weight / weight.sum())


def _items(case: Case, report: Report) -> None:
    rows, q3, scores = case.file("itemfit.csv"), case.file("Q3.csv"), case.file("scores.csv")
    parameters = _parameters(case)
    if parameters is None or scores is None or len(scores) != case.responses.n_persons:
        return
    if not np.array_equal(parameters.n_categories, case.responses.n_categories):
        report.left_out["fit of items of which a score never occurs"] += 1
        return
    key = next(name for name in scores[0] if name.upper().startswith("EAP") or name == "F1")
    theta = _column(scores, key)
    answers, grid = case.responses, _grid(case)
    if rows is not None:
        order = {next(iter(row.values())): row for row in rows}
        own = [order[name] for name in case.names if name in order]
        if len(own) == len(case.names):
            _residuals(case, report, parameters, theta, own)
            if "S_X2" in own[0] and answers.complete:
                _score_fit(case, report, parameters, grid, own)
    if q3 is not None:
        theirs = np.array([[_number(row.get(name)) for name in case.names] for row in q3])
        ours = local_dependence(answers, parameters, theta, least=1)
        if theirs.shape == ours.shape:
            above = np.triu_indices(len(ours), 1)
            pairs = [f"{case.names[i]}-{case.names[j]}" for i, j in zip(*above, strict=True)]
            _all(report, "Q3", ours[above], theirs[above], case.label, pairs)
    stored = case.fit.get("M2")
    if isinstance(stored, dict) and stored.get("M2") is not None and answers.complete:
        _global(case, report, parameters, grid, stored)


def _residuals(case: Case, report: Report, parameters: Parameters, theta: FloatArray, rows: Table) -> None:
    found = residual_fit(case.responses, parameters, theta)
    known = np.isfinite(theta)
    p = category_probability(parameters, theta[known])
    scores = np.arange(p.shape[2])
    mean = p @ scores
    variance = p @ scores**2 - mean**2
    square = (case.table[known] - mean) ** 2
    given = np.where(np.isfinite(square), variance, np.nan)
    thick = np.maximum(given, _THIN)
    thin = np.any(variance < _THIN, axis=0).tolist() if case.responses.complete else [True] * len(case.names)
    bounded = {
        "infit": np.nansum(square, axis=0) / np.nansum(thick, axis=0),
        "outfit": np.nanmean(square / thick, axis=0),
    }
    for name, ours, z in (
        ("infit", found.infit, found.infit_z),
        ("outfit", found.outfit, found.outfit_z),
    ):
        if name not in rows[0]:
            continue
        for place, item in enumerate(case.names):
            own, other, limit = float(ours[place]), _number(rows[place][name]), float(bounded[name][place])
            if not (math.isfinite(own) and math.isfinite(other)):
                continue
            between = min(limit, own) <= other <= max(limit, own)
            same = abs(own - other) <= ONE_PER_CENT * max(1.0, abs(other))
            reason = BOUNDED if thin[place] and between else None
            reason_z = BOUNDED if thin[place] and (same or between) else None
            where = f"{case.label} {item}"
            _named(report, name, own, other, where, reason)
            _named(
                report, f"z.{name}", float(z[place]), _number(rows[place].get(f"z.{name}")), where, reason_z
            )


def _named(report: Report, name: str, ours: float, theirs: float, where: str, reason: str | None) -> None:
    if math.isfinite(ours) and math.isfinite(theirs):
        report.compare(name, ours, theirs, ONE_PER_CENT, where, explain=lambda: reason)


def _score_fit(case: Case, report: Report, parameters: Parameters, grid: Weights, rows: Table) -> None:
    # one slope for all, or slopes of 1: the reference subtracts two parameters of each item all the same
    free = None
    if case.model in ("Rasch", "1PL"):
        free = np.full(len(case.names), 2)
    elif case.model == "PCM":
        free = parameters.n_categories
    found = score_fit(case.responses, parameters, grid, free=free)
    loose, tight = (
        score_fit(case.responses, parameters, grid, free=free, least=least).statistic for least in (1e-9, 5.0)
    )
    statistic, degrees = _column(rows, "S_X2"), _column(rows, "df.S_X2")
    for place, item in enumerate(case.names):
        own, other = float(found.statistic[place]), float(statistic[place])
        if not (math.isfinite(own) and math.isfinite(other)):
            continue
        low, high = sorted((float(loose[place]), float(tight[place])))
        moved = found.degrees[place] != degrees[place] or low <= other <= high

        def explain(moved: bool = bool(moved)) -> str | None:
            return COLLAPSED if moved and case.model in SEVERAL else None

        where = f"{case.label} {item}"
        agreed = report.compare("S-X2", own, other, ONE_PER_CENT, where, relative=True, explain=explain)
        if agreed:
            report.compare(
                "S-X2 degrees",
                float(found.degrees[place]),
                float(degrees[place]),
                0.0,
                where,
                explain=explain,
            )


def _shared(parameters: Parameters, model: str) -> FloatArray | None:
    """Derivatives of the parameter vector where all items have one slope."""
    n = len(parameters)
    if isinstance(parameters, ItemParameters) and model in ("Rasch", "1PL"):
        turn = np.zeros((n, 4, n + 1))
        turn[:, 0, n] = 1
        turn[np.arange(n), 1, np.arange(n)] = 1
        return turn.reshape(4 * n, n + 1)
    return None


def _global(
    case: Case, report: Report, parameters: Parameters, grid: Weights, stored: Mapping[str, Any]
) -> None:
    if case.model == "PCM":
        report.left_out["C2 of the partial credit model, whose common slope the file does not say"] += 1
        return
    found = global_fit(case.responses, parameters, grid, estimated=_shared(parameters, case.model))
    if not math.isfinite(found.statistic):
        return

    def explain() -> str | None:
        if not (case.model == "3PL" or isinstance(parameters, NominalParameters)):
            return None
        again = global_fit(case.responses, parameters, grid, estimated=_numerical(parameters))
        same = math.isclose(again.statistic, found.statistic, rel_tol=1e-5)
        return DERIVATIVE if same and found.degrees == stored["df"] else None

    name = "C2" if case.model in SEVERAL else "M2"
    report.compare(
        name, found.statistic, float(stored["M2"]), ONE_PER_CENT, case.label, relative=True, explain=explain
    )
    report.compare(
        f"{name} degrees", float(found.degrees), float(stored["df"]), 0.0, case.label, explain=explain
    )
    pairs = (("RMSEA", found.rmsea), ("SRMSR", found.srmsr), ("TLI", found.tli), ("CFI", found.cfi))
    for what, own in pairs:
        if stored.get(what) is not None:
            report.compare(
                f"{name} {what}", own, float(stored[what]), ONE_PER_CENT, case.label, explain=explain
            )


def _numerical(parameters: Parameters) -> FloatArray:
    """Derivatives of the parameter vector in other parameters of the same model, by central differences.

    Slopes and intercepts of partial credit items in a and b; a, b, c of the 3PL in slope, intercept and logit c.
    """
    blocks = []
    if isinstance(parameters, ItemParameters):
        for a, b, c in zip(parameters.a, parameters.b, parameters.c, strict=True):
            blocks.append(_derivative(_of_slope, np.array([a, -a * b, math.log(c / (1 - c))])))
    elif isinstance(parameters, NominalParameters):
        for slopes, intercepts in zip(parameters.slopes, parameters.intercepts, strict=True):
            a, other = float(slopes[1] - slopes[0]), intercepts[~np.isnan(intercepts)]
            blocks.append(_derivative(_of_steps, np.array([a, *(-np.diff(other) / a)])))
    return np.asarray(block_diag(*blocks))


def _derivative(written: Callable[[FloatArray], FloatArray], x: FloatArray, h: float = 1e-6) -> FloatArray:
    return np.stack([(written(x + h * e) - written(x - h * e)) / (2 * h) for e in np.eye(len(x))], axis=1)


def _of_slope(x: FloatArray) -> FloatArray:
    return np.array([x[0], -x[1] / x[0], 1 / (1 + math.exp(-x[2])), 1.0])


def _of_steps(x: FloatArray) -> FloatArray:
    steps = np.concatenate([[0.0], np.cumsum(x[1:])])
    return np.concatenate([x[0] * np.arange(len(x)), -x[0] * steps])


# Fairness


def _difr(data: DataSet, every: Mapping[str, Case], column: str, report: Report) -> None:
    golden = data.table(f"dif_{column}_difR.csv")
    rows = data.responses("")
    name = next((one for one in rows[0] if one.lower() == column.lower()), None)
    if golden is None or name is None:
        return
    report.cases += 1
    items = [row["item"] for row in golden]
    table = np.array([[_number(row[item]) for item in items] for row in rows])
    values = [row[name] for row in rows]
    known = ~np.isnan(table).any(axis=1) & np.array([value not in ("", "NA") for value in values])
    levels = sorted({value for value, fine in zip(values, known, strict=True) if fine})
    if len(levels) != 2:
        report.left_out["DIF between other than two groups"] += 1
        return
    # the file does not say which group is the focal one: the one whose odds ratios are its own
    best: tuple[float, Responses] | None = None
    for focal in levels:
        group = np.array([int(value == focal) for value in values])[known]
        answers = Responses.from_wide(table[known], group=group)
        gap = float(np.nansum(np.abs(mantel_haenszel(answers).odds_ratio - _column(golden, "alphaMH"))))
        if best is None or gap < best[0]:
            best = gap, answers
    assert best is not None
    answers, label = best[1], f"{data.path.name} {column}"
    found, other = mantel_haenszel(answers), logistic_regression(answers)
    for what, own, key in (
        ("MH chi-square", found.chi_square, "MH"),
        ("MH odds ratio", found.odds_ratio, "alphaMH"),
        ("MH delta", found.delta, "deltaMH"),
        ("standardization", found.standardized, "std_pdif"),
        ("logistic chi-square", other.chi_square, "logistic_LRT"),
        ("logistic p", other.p_value, "logistic_p"),
    ):
        if key in golden[0]:
            _all(report, what, own, _column(golden, key), label, items)
    for place, item in enumerate(items):
        theirs = _number(golden[place].get("deltaR2"))
        if math.isfinite(theirs):
            right = answers.score[answers.item == place].mean()
            largest = 1 - (right**right * (1 - right) ** (1 - right)) ** 2
            without = float(other.effect[place]) * largest
            underflow = (theirs == 0 or abs(theirs - without) < 1e-3 * max(theirs, 0.01)) and math.isclose(
                other.chi_square[place], _number(golden[place].get("logistic_LRT")), rel_tol=ONE_PER_CENT
            )

            def explain(underflow: bool = underflow) -> str | None:
                return UNDERFLOW if underflow else None

            report.compare(
                "logistic R2", float(other.effect[place]), theirs, 1e-3, f"{label} {item}", explain=explain
            )


def _lord(data: DataSet, report: Report) -> None:
    pars, golden = data.table("dif_lord_itemParInit.csv"), data.table("dif_lord_raju_difR_ltm.csv")
    if pars is None or golden is None or len(pars) != 2 * len(golden):
        return
    report.cases += 1
    n = len(golden)
    sides = [_with_covariance(pars[:n]), _with_covariance(pars[n:])]
    if any(side is None for side in sides):
        report.left_out["Lord's test where a discrimination is negative"] += 1
        return
    (old, of_old), (new, of_new) = (side for side in sides if side is not None)
    # the equal means and sds of difficulties that difR rescales by, whatever the anchors
    line = link(new, old, method=LinkingMethod.MEAN_SIGMA)
    found = drift(new, old, line, new_covariance=of_new, old_covariance=of_old)
    items = [row["item"] for row in golden]
    theirs = _column(golden, "Lord")
    for own, other, item in zip(found.chi_square.tolist(), theirs.tolist(), items, strict=True):
        report.compare("Lord chi-square", own, other, ONE_PER_CENT, f"{data.path.name} {item}", relative=True)


def _with_covariance(rows: Table) -> tuple[ItemParameters, FloatArray] | None:
    n = len(rows)
    a, b = _column(rows, "a"), _column(rows, "b")
    if (a <= 0).any():
        return None
    covariance = np.zeros((4 * n, 4 * n))
    for place, row in enumerate(rows):
        at = 4 * place
        covariance[at, at] = _number(row["se(a)"]) ** 2
        covariance[at + 1, at + 1] = _number(row["se(b)"]) ** 2
        covariance[at, at + 1] = covariance[at + 1, at] = _number(row["cov(a,b)"])
    return ItemParameters(a, b, np.zeros(n), np.ones(n)), covariance


def _ratio(data: DataSet, every: Mapping[str, Case], report: Report) -> None:
    golden, case = data.table("dif_LRT_drop_mirt.csv"), every.get("2PL")
    if golden is None or case is None:
        return
    report.cases += 1
    rows = data.responses("")
    wanted = golden[0]["groups"].split(",")
    theirs = {next(iter(row.values())): _number(row["X2"]) for row in golden}
    places = [case.names.index(item) for item in theirs]
    best: tuple[float, Responses] | None = None
    for name in rows[0]:
        values = [row[name] for row in rows]
        if name in case.names or set(values) != set(wanted) or len(values) != case.responses.n_persons:
            continue
        answers = Responses.from_wide(case.table, group=[wanted.index(value) for value in values])
        gap = abs(
            float(likelihood_ratio(answers, items=places[:1]).chi_square[0]) - next(iter(theirs.values()))
        )
        if best is None or gap < best[0]:
            best = gap, answers
    if best is None:
        report.left_out["likelihood ratio of groups that no column names"] += 1
        return
    found = likelihood_ratio(best[1], items=places, tolerance=1e-5)
    for own, (item, other) in zip(found.chi_square.tolist(), theirs.items(), strict=True):
        report.compare("LRT chi-square", own, other, ONE_PER_CENT, f"{data.path.name} {item}")


# Persons


def _perfit(data: DataSet, every: Mapping[str, Case], form: str, kind: str, report: Report) -> None:
    golden, case = data.table(f"{form}2PL_PerFit_lz_{kind}.csv"), every.get(f"{form}2PL")
    parameters = None if case is None else _parameters(case)
    if golden is None or case is None or parameters is None or len(golden) != case.responses.n_persons:
        return
    report.cases += 1
    prior = NormalPrior() if kind == "MAP" else None
    counts, starts = case.responses.counts, case.responses.indptr
    label = f"{case.label} {kind}"
    for person in range(min(len(golden), MOST_PERSONS)):
        row, theta = golden[person], _number(golden[person]["theta"])
        if not math.isfinite(theta) or counts[person] < case.responses.n_items:
            continue
        own = slice(starts[person], starts[person + 1])
        scores = case.responses.score[own]
        known, star = _number(row["lz"]), _number(row["lzstar"])
        if math.isfinite(known):
            report.compare(
                "lz", lz(parameters, scores, theta).statistic, known, ONE_PER_CENT, f"{label} {person}"
            )
        if math.isfinite(star):
            found = lz_star(parameters, scores, theta, estimator=Estimator[kind], prior=prior)
            report.compare("lz*", found.statistic, star, ONE_PER_CENT, f"{label} {person}")


# Linking


def _linking(data: DataSet, report: Report) -> None:
    path = data.golden / "linking_X_to_Y.json"
    files = [sorted(data.path.glob(f"published_*form{form}.csv")) for form in "XY"]
    if not path.exists() or not all(files):
        return
    report.cases += 1
    golden = json.loads(path.read_text())
    said = re.search(r"common items (\d+),(\d+),\.\.\.,(\d+)", golden.get("note", ""))
    if said is None:
        report.left_out["links of which the common items are not said"] += 1
        return
    first, second, last = (int(one) for one in said.groups())
    common = np.arange(first, last + 1, second - first) - 1
    forms = [np.loadtxt(found[0], delimiter=",", skiprows=1)[common] for found in files]
    for key, value in golden.items():
        if found := re.fullmatch(r"equateIRT \S+ (\S+) D=(\S+) GH(\d+)", key):
            line = _line(forms, float(found[2]), found[1].lower(), None)
            _compare_line(report, line, value, f"{data.path.name} {key}")
        if (found := re.fullmatch(r"plink \S+ D=(\S+) default 40pt weights", key)) and isinstance(
            value, dict
        ):
            weights = Weights(np.linspace(-4, 4, 40), np.full(40, 1 / 40))
            for method, pair in value.items():
                name = method.lower().replace("/", "-")
                line = _line(forms, float(found[1]), name, weights)
                _compare_line(report, line, pair, f"{data.path.name} {key} {method}")


def _line(forms: list[FloatArray], scaling: float, method: str, weights: Weights | None) -> Linking:
    new, old = (
        ItemParameters(scaling * table[:, 0], table[:, 1], table[:, 2], np.ones(len(table)))
        for table in forms
    )
    return link(new, old, method=method, weights=weights)


def _compare_line(report: Report, line: Linking, theirs: list[float], where: str) -> None:
    report.compare("linking slope", line.slope, theirs[0], ONE_PER_CENT, where, relative=True)
    report.compare("linking intercept", line.intercept, theirs[1], ONE_PER_CENT, where)
