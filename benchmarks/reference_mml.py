"""Agreement of calibration with reference calibrations of mirt, TAM, ltm, eRm and dexter on the same responses.

    python -m benchmarks.reference DIR

where DIR holds one folder for each data set, its responses in `responses.csv` (or `.csv.gz`; other forms of the test
in files of their own) and what other programs made of them in `golden/`, whatever the data. Files are told by their
names: `[FORM_]MODEL_mirt_slope_intercept.csv` with `..._fit.json`, `..._se.csv`, `..._scores.csv`,
`..._irtpars.csv`; `Rasch_TAM*`, `2PL_TAM*`, `2PL_ltm.csv`, `Rasch_CML_eRm.csv`, `ENORM_CML_dexter.csv`,
`multigroup_mirt.json`, `FIPC_mirt.json`. Settings (points, bounds, prior, kind of standard error) are read from
`..._fit.json`.

Errors of parameters are in units of their tolerance, max(0.005, 0.02 SE) (0.05 SE with guessing). A log-likelihood may
be better than the reference by any amount and worse by 0.01.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.reference import Report
from benchmarks.reference_fit import compare_fit
from irt.calibration import Calibration, calibrate, person_scores
from irt.conditional import calibrate_conditionally
from irt.estep import estep
from irt.mstep import Normal, Priors, log_prior
from irt.responses import Responses
from irt.standard_errors import Information, standard_errors
from irt.types import FloatArray

MODELS: Final = {
    "Rasch": "rasch",
    "1PL": "rasch",
    "2PL": "2pl",
    "3PL": "3pl",
    "4PL": "4pl",
    "GRM": "grm",
    "graded": "grm",
    "GPCM": "gpcm",
    "PCM": "pcm",
    "NRM": "nrm",
}
NAMED: Final = re.compile(r"(?P<form>.+_)?(?P<model>[^_]+)_mirt_slope_intercept\.csv")
PRIOR: Final = re.compile(r"logit\(guessing\) ~ Normal\((-?[\d.]+), ([\d.]+)\)")
TOLERANCE: Final = 1e-7
MOST_CYCLES: Final = 5000
TINY: Final = 0.005

HIGHER: Final = (
    "the reference stopped below the maximum (checked: at its estimates the log-posterior, on its own points and under "
    "its own prior, is lower than at ours by more than 1e-4)"
)
WEAK: Final = "b of an item whose standard error of b is 0.5 or more: any b fits"

Table = list[dict[str, str]]


class DataSet:
    """One folder: responses in some forms, and the reference results."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.golden = path / "golden"

    def table(self, name: str) -> Table | None:
        """A CSV file of the reference, plain or compressed; nothing if it is not there."""
        return _csv(self.golden / name)

    def json(self, name: str) -> dict[str, Any] | None:
        """A JSON file of the reference."""
        path = self.golden / name
        return json.loads(path.read_text()) if path.exists() else None

    def responses(self, form: str) -> Table:
        """Rows of the responses of a form of the test."""
        for name in (f"{form.rstrip('_')}.csv", f"{form}responses.csv", "responses.csv"):
            if (found := _csv(self.path / name)) is not None:
                return found
        raise SystemExit(f"error: {self.path} holds no responses.csv")


def _csv(path: Path) -> Table | None:
    if path.exists():
        with path.open(newline="") as stream:
            return list(csv.DictReader(stream))
    packed = path.with_name(path.name + ".gz")
    if packed.exists():
        with gzip.open(packed, "rt", newline="") as stream:
            return list(csv.DictReader(stream))
    return None


def number(text: str | None) -> float:
    """A number, NaN for what is missing."""
    return math.nan if text in (None, "", "NA", "NaN") else float(str(text))


def column(rows: Table, name: str) -> FloatArray:
    """One column as numbers."""
    return np.array([number(row.get(name)) for row in rows])


def matrix(rows: Table, names: list[str]) -> FloatArray:
    """Responses as a matrix; each item's scores closed up to 0, 1, 2..., as the reference programs do."""
    table = np.array([[number(row[name]) for name in names] for row in rows])
    for place in range(table.shape[1]):
        own = table[:, place]
        seen = np.unique(own[~np.isnan(own)])
        table[:, place] = np.where(np.isnan(own), np.nan, np.searchsorted(seen, own))
    return table


def named(rows: Table) -> dict[str, dict[str, str]]:
    """Rows by the name in their first column."""
    return {row.get("item") or row.get("") or next(iter(row.values())): row for row in rows}


@dataclass
class Case:
    """One calibration of the reference and ours of the same data under the same settings."""

    data: DataSet
    form: str
    model: str
    names: list[str]
    fit: dict[str, Any]
    table: FloatArray

    @property
    def label(self) -> str:
        """Short name of the case."""
        return f"{self.data.path.name} {self.form}{self.model}"

    @cached_property
    def responses(self) -> Responses:
        """The responses of this form."""
        return Responses.from_wide(self.table)

    @cached_property
    def models(self) -> str | list[str]:
        """The model of every item: that of the file's name, or what the columns of each item say."""
        known = MODELS.get(self.model)
        many = self.responses.n_categories > 2
        dichotomous = known in ("rasch", "2pl", "3pl", "4pl")
        if known is not None and not (dichotomous and many.any()):
            return known
        rows = named(self.file("slope_intercept.csv") or [])
        unit = all(number(row.get("a1")) == 1.0 for row in rows.values())
        return [_inferred(rows[name], bool(more), unit) for name, more in zip(self.names, many, strict=True)]

    @cached_property
    def priors(self) -> Priors:
        """The prior that the reference used."""
        found = PRIOR.search(str(self.fit.get("prior", "none")))
        return Priors(c=Normal(float(found.group(1)), float(found.group(2)))) if found else Priors()

    @cached_property
    def calibration(self) -> Calibration:
        """Our calibration."""
        return calibrate(
            self.responses,
            self.models,
            priors=self.priors,
            n_quadrature=int(self.fit.get("quadpts", 61)),
            bound=float(self.fit.get("theta_lim", [-6, 6])[1]),
            tolerance=TOLERANCE,
            max_cycles=MOST_CYCLES,
        )

    @cached_property
    def ours(self) -> dict[tuple[str, str], float]:
        """Our estimates in the names of mirt."""
        return {(self.names[row.item], _mirt_name(row.name)): row.value for row in self.calibration.rows()}

    def file(self, kind: str) -> Table | None:
        """A file of this case."""
        return self.data.table(f"{self.form}{self.model}_mirt_{kind}")


def _inferred(row: dict[str, str], many: bool, unit: bool) -> str:
    """Model of one item by the parameters that mirt gives it."""
    if not many:
        g, u = number(row.get("g")), number(row.get("u"))
        if unit:
            return "rasch"
        return "4pl" if u < 1 else "3pl" if g > 0 else "2pl"
    steps = [number(value) for name, value in row.items() if re.fullmatch(r"ak\d+", name)]
    held = [value for value in steps if not math.isnan(value)]
    if not held:
        return "grm"
    if held != list(map(float, range(len(held)))):
        return "nrm"
    return "pcm" if unit else "gpcm"


def _mirt_name(name: str) -> str:
    return {"a": "a1", "logit_c": "logit(g)", "logit_u": "logit(u)"}.get(name, name)


def cases(data: DataSet, report: Report | None = None) -> Iterator[Case]:
    """Every calibration by mirt in a folder whose settings we can read; the report counts the others."""
    report = report or Report(data.path.name)
    for path in sorted(data.golden.iterdir()):
        found = NAMED.fullmatch(path.name)
        if found is None:
            continue
        form, model = found["form"] or "", found["model"]
        fit = data.json(f"{form}{model}_mirt_fit.json")
        rows = data.table(path.name)
        if fit is None or rows is None:
            continue
        names = [next(iter(row.values())) for row in rows]
        responses = data.responses(form)
        prior = str(fit.get("prior") or "none")
        low, high = fit.get("theta_lim", [-6, 6])
        table = matrix(responses, names) if set(names) <= set(responses[0]) else np.zeros((0, 0))
        some, complete = ~np.isnan(table).all(axis=1), ~np.isnan(table).any(axis=1)
        rules = (np.ones(len(table), dtype=np.bool_), some, complete)
        kept = next((rule for rule in rules if rule.sum() == fit["N"]), None)
        if not table.size:
            report.left_out[f"{form}{model}: its items are no columns of the responses"] += 1
        elif prior != "none" and not PRIOR.search(prior):
            report.left_out[f"{form}{model}: a prior that we cannot read, {prior}"] += 1
        elif low != -high:
            report.left_out[f"{form}{model}: bounds that are not symmetric"] += 1
        elif kept is None:
            report.left_out[
                f"{form}{model}: {fit['N']} of {len(table)} persons, and no rule that says which"
            ] += 1
        else:
            yield Case(data, form, model, names, fit, table[kept])


# mirt


def compare_mirt(case: Case, report: Report) -> None:
    """Likelihood, parameters, standard errors and abilities of one calibration."""
    report.cases += 1
    found, fit = case.calibration, case.fit
    report.same("converged", found.converged, True, case.label)
    for name, own, other in (
        ("log-likelihood, short of the reference by", found.log_likelihood, fit["logLik"]),
        (
            "log-posterior, short of the reference by",
            found.log_likelihood + found.log_prior,
            fit["logLik"] + float(fit.get("logPrior") or 0.0),
        ),
    ):
        report.compare(name, max(0.0, other - own), 0.0, 1e-2, case.label)
    for name, own in (("AIC", found.aic), ("BIC", found.bic), ("SABIC", found.sabic)):
        if fit.get(name) is not None:
            report.compare(
                f"{name} at the same likelihood",
                own + 2 * (found.log_likelihood - fit["logLik"]),
                fit[name],
                1e-6,
                case.label,
            )
    slope_rows = case.file("slope_intercept.csv") or []
    errors = _errors(case)
    higher = _reference_is_lower(case, slope_rows)
    guessing = case.model in ("3PL", "4PL")
    for row in slope_rows:
        item = next(iter(row.values()))
        for name, own, other in _estimates(case, item, row):
            se = errors.get((item, name), math.nan)
            if math.isnan(se):
                se = 0.0
            unit = max(TINY, (0.05 if guessing else 0.02) * se)
            what = (
                "slope" if name.startswith(("a", "s")) else "guessing (logit)" if "(" in name else "intercept"
            )
            where = f"{case.label} {item} {name}: {own:.5f}, reference {other:.5f}"
            explain = lambda: HIGHER if higher else None  # noqa: E731
            report.compare(f"{what} / tolerance", (own - other) / unit, 0.0, 1.0, where, explain=explain)
    variance = fit.get("group_pars", {}).get("COV_11")
    if variance is not None:
        report.compare(
            "variance of ability", float(found.ability.sd[0] ** 2), float(variance), TINY, case.label
        )
    _difficulties(case, report, higher)
    _standard_errors(case, report, errors, higher)
    scores = case.file("scores.csv")
    if scores is not None and len(scores) == case.responses.n_persons:
        ours = person_scores(found, case.responses)
        for name, values in (("EAP", ours.theta), ("EAP_SE", ours.se)):
            _abilities(report, name, values, column(scores, name), case.label)


def _abilities(report: Report, name: str, ours: FloatArray, theirs: FloatArray, label: str) -> None:
    """Compare the estimates of all persons by the one that is farthest off."""
    at = int(np.nanargmax(np.abs(ours - theirs)))
    report.compare(name, float(ours[at]), float(theirs[at]), 0.005, f"{label} person {at}")
    report.quantities[name].compared += len(ours) - 1


def _estimates(case: Case, item: str, row: dict[str, str]) -> Iterator[tuple[str, float, float]]:
    """Parameters of one item: the name in mirt, ours, theirs."""
    ours = case.ours
    if (item, "s1") in ours:
        k = 1 + max(int(name[1:]) for owner, name in ours if owner == item and name.startswith("s"))
        top = ours[item, f"s{k - 1}"]
        yield "a1", top / (k - 1), number(row["a1"])
        for j in range(1, k - 1):
            yield f"ak{j}", ours[item, f"s{j}"] * (k - 1) / top, number(row[f"ak{j}"])
        for j in range(1, k):
            yield f"d{j}", ours[item, f"d{j}"], number(row[f"d{j}"])
        return
    for (owner, name), value in ours.items():
        if owner == item:
            if name in ("logit(g)", "logit(u)"):
                asymptote = number(row["g" if name == "logit(g)" else "u"])
                yield name, value, math.log(asymptote / (1 - asymptote))
            elif not math.isnan(other := number(row.get(name))):
                yield name, value, other
            elif name == "d1" and not math.isnan(other := number(row.get("d"))):  # an item of two scores
                yield "d", value, other


def _errors(case: Case) -> dict[tuple[str, str], float]:
    """Standard errors of the reference, by item and parameter."""
    rows = case.file("se.csv") or []
    return {(row["item"], row["par"]): number(row["se"]) for row in rows if not math.isnan(number(row["se"]))}


def _reference_is_lower(case: Case, rows: Table) -> bool:
    """Whether our objective is lower at the reference's estimates than at ours."""
    found, theirs = case.calibration, named(rows)
    natural = []
    for family, x in zip(found.families, found.natural, strict=True):
        moved = x.copy()
        for place, item in enumerate(family.items.tolist()):
            for column_, name in enumerate(family.names):
                if (value := _natural(theirs[case.names[item]], name)) is not None:
                    moved[place, column_] = value
        natural.append(moved)
    there = replace(found, natural=tuple(natural))
    prior = sum(float(log_prior(family, x).sum()) for family, x in zip(there.families, natural, strict=True))
    return (
        found.log_likelihood + found.log_prior > estep(case.responses, there.tables()).value() + prior + 1e-4
    )


def _natural(row: dict[str, str], name: str) -> float | None:
    """One of our parameters from a row of mirt's."""
    if name.startswith("s"):
        return number(row["a1"]) * number(row[f"ak{name[1:]}"])
    if name in ("logit_c", "logit_u"):
        asymptote = number(row["g" if name == "logit_c" else "u"])
        return math.log(asymptote / (1 - asymptote))
    value = number(row.get(_mirt_name(name)))
    if name == "d1" and math.isnan(value):
        value = number(row.get("d"))
    return None if math.isnan(value) else value


def _difficulties(case: Case, report: Report, higher: bool) -> None:
    rows = case.file("irtpars.csv")
    if rows is None:
        return
    own = {
        (case.names[row.item], row.name): row
        for row in standard_errors(case.calibration, case.responses).parameter_rows()
    }
    for item, row in named(rows).items():
        for name in [key for key in row if re.fullmatch(r"b\d*", key)]:
            ours = own.get((item, name)) or own.get((item, f"{name}1"))
            if ours is None or math.isnan(number(row[name])):
                continue
            if not ours.se < 0.5:
                report.left_out[WEAK] += 1
                continue
            unit = max(TINY, (0.05 if case.model in ("3PL", "4PL") else 0.02) * ours.se)
            where = f"{case.label} {item} {name}: {ours.value:.5f}, reference {row[name]}"
            explain = lambda: HIGHER if higher else None  # noqa: E731
            gap = (ours.value - number(row[name])) / unit
            report.compare("difficulty / tolerance", gap, 0.0, 1.0, where, explain=explain)


def _standard_errors(case: Case, report: Report, theirs: dict[tuple[str, str], float], higher: bool) -> None:
    if not theirs:
        return
    kinds: dict[str, Information] = {
        "oakes": "oakes",
        "crossprod": "crossprod",
        "sandwich": "sandwich",
        "louis": "oakes",
    }
    kind = kinds.get(str(case.fit.get("SE.type", "Oakes")).lower())
    if kind is None:
        report.left_out[f"standard errors of kind {case.fit.get('SE.type')}"] += len(theirs)
        return
    found = standard_errors(case.calibration, case.responses, kind)
    ours = {(case.names[row.item], _mirt_name(row.name)): row.se for row in found.rows()}
    ours |= _nominal_errors(case, found.blocks)
    for (item, name), other in theirs.items():
        own = ours.get((item, name), ours.get((item, "d1"), math.nan) if name == "d" else math.nan)
        if name.startswith(("MEAN", "COV")):
            continue
        where = f"{case.label} {item} {name}"
        explain = lambda: HIGHER if higher else None  # noqa: E731
        report.compare(f"SE {kind}", own, other, 0.03, where, relative=True, explain=explain)


def _nominal_errors(case: Case, blocks: tuple[FloatArray, ...]) -> dict[tuple[str, str], float]:
    """Standard errors of a1, ak and d from those of the slopes, by the delta method."""
    found = {}
    for family, x, covariance in zip(
        case.calibration.families, case.calibration.natural, blocks, strict=True
    ):
        k = family.n_categories
        if not family.names[0].startswith("s"):
            continue
        for item, values, own in zip(family.items.tolist(), x, covariance, strict=True):
            top, slope = values[k - 2], np.zeros(len(values))
            slope[k - 2] = 1 / (k - 1)
            found[case.names[item], "a1"] = math.sqrt(slope @ own @ slope)
            for j in range(1, k - 1):
                slope = np.zeros(len(values))
                slope[j - 1], slope[k - 2] = (k - 1) / top, -(k - 1) * values[j - 1] / top**2
                found[case.names[item], f"ak{j}"] = math.sqrt(slope @ own @ slope)
            for j in range(1, k):
                found[case.names[item], f"d{j}"] = math.sqrt(own[k - 2 + j, k - 2 + j])
    return found


# TAM, ltm, eRm, dexter


def compare_others(data: DataSet, every: dict[str, Case], report: Report) -> None:
    """What other programs than mirt made of the same data."""
    forms = sorted(
        {name.removesuffix("Rasch_TAM.csv") for name in _names(data) if name.endswith("Rasch_TAM.csv")}
    )
    for form in forms:
        rasch_tam(data, form, every, report)
    for name in _names(data):
        if name.endswith("2PL_TAM.csv"):
            two_tam(data, name.removesuffix("2PL_TAM.csv"), every, report)
        elif name.endswith("2PL_ltm.csv"):
            ltm(data, name.removesuffix("2PL_ltm.csv"), every, report)
        elif name.endswith("Rasch_CML_eRm.csv"):
            conditional(data, name.removesuffix("Rasch_CML_eRm.csv"), report)
        elif name == "ENORM_CML_dexter.csv":
            dexter(data, report)
        elif name == "multigroup_mirt.json":
            groups(data, every, report)
        elif name == "FIPC_mirt.json":
            anchored(data, report)


def _names(data: DataSet) -> list[str]:
    return sorted(path.name for path in data.golden.iterdir())


def rasch_tam(data: DataSet, form: str, every: dict[str, Case], report: Report) -> None:
    rows, fit = data.table(f"{form}Rasch_TAM.csv"), data.json(f"{form}Rasch_TAM.json")
    case = every.get(f"{form}Rasch")
    if rows is None or fit is None:
        return
    names = [row["item"] for row in rows]
    if not set(names) <= set(data.responses(form)[0]):
        report.left_out["TAM's items are no columns of the responses"] += len(names)
        return
    case = case or _plain(data, form, "Rasch", names)
    report.cases += 1
    found = case.calibration
    report.compare(
        "TAM deviance, ours above by",
        max(0.0, -2 * found.log_likelihood - fit["deviance"]),
        0.0,
        2e-2,
        case.label,
    )
    report.compare("TAM variance", float(found.ability.sd[0] ** 2), fit["variance"], TINY, case.label)
    for row in rows:
        report.compare(
            "TAM difficulty",
            -case.ours[row["item"], "d"],
            number(row["xsi"]),
            TINY,
            f"{case.label} {row['item']}",
        )
    scores = data.table(f"{form}Rasch_TAM_scores.csv")
    if scores is not None and len(scores) == case.responses.n_persons:
        ours = person_scores(found, case.responses)
        for name, own in (("EAP", ours.theta), ("SD", ours.se)):
            _abilities(report, f"TAM {name}", own, column(scores, name), case.label)


def two_tam(data: DataSet, form: str, every: dict[str, Case], report: Report) -> None:
    rows, fit = data.table(f"{form}2PL_TAM.csv"), data.json(f"{form}2PL_TAM.json")
    if rows is None or fit is None:
        return
    case = every.get(f"{form}2PL") or _plain(data, form, "2PL", [row["item"] for row in rows])
    report.cases += 1
    found = case.calibration
    report.compare(
        "TAM deviance, ours above by",
        max(0.0, -2 * found.log_likelihood - fit["deviance"]),
        0.0,
        2e-2,
        case.label,
    )
    for row in rows:
        for name, theirs in (("a1", number(row["a"])), ("d", -number(row["b_times_a"]))):
            own = case.ours[row["item"], name]
            report.compare(f"TAM {name}", own, theirs, TINY, f"{case.label} {row['item']}")


def ltm(data: DataSet, form: str, every: dict[str, Case], report: Report) -> None:
    rows, fit = data.table(f"{form}2PL_ltm.csv"), data.json(f"{form}2PL_ltm.json")
    case = every.get(f"{form}2PL")
    if rows is None or fit is None or case is None:
        return
    report.cases += 1
    found = case.calibration
    report.compare("ltm log-likelihood", found.log_likelihood, fit["logLik"], 1e-2, case.label)
    own = {
        (case.names[row.item], row.name): row
        for row in standard_errors(found, case.responses).parameter_rows()
    }
    for row in rows:
        kind, _, item = next(iter(row.values())).partition(".")
        ours = own.get((item, "a" if kind == "Dscrmn" else "b"))
        if ours is None:
            report.left_out["parameters of ltm under names we cannot read"] += 1
            continue
        if not ours.se < 0.5:
            report.left_out[WEAK] += 1
            continue
        unit = max(TINY, 0.02 * ours.se)
        where = f"{case.label} {item} {ours.name}"
        report.compare(
            "ltm parameter / tolerance", (ours.value - number(row["value"])) / unit, 0.0, 1.0, where
        )
        report.compare("ltm SE", ours.se, number(row["std.err"]), 0.03, where, relative=True)


def conditional(data: DataSet, form: str, report: Report) -> None:
    rows, fit = data.table(f"{form}Rasch_CML_eRm.csv"), data.json(f"{form}Rasch_CML_eRm.json")
    if rows is None or fit is None:
        return
    report.cases += 1
    names = [next(iter(row.values())).removeprefix("beta ") for row in rows]
    found = calibrate_conditionally(Responses.from_wide(matrix(data.responses(form), names))).require()
    label = f"{data.path.name} {form}Rasch CML"
    report.compare("CML log-likelihood", found.log_likelihood, fit["condLogLik"], 1e-2, label)
    for row, own, se in zip(rows, found.intercepts[:, 0].tolist(), found.se[:, 0].tolist(), strict=True):
        theirs = number(row["se"])
        unit = max(TINY, 0.02 * theirs)
        report.compare(
            "CML easiness / tolerance",
            (own - number(row["easiness"])) / unit,
            0.0,
            1.0,
            f"{label} {row['par']}",
        )
        report.compare("CML SE", se, theirs, 0.03, f"{label} {row['par']}", relative=True)


def dexter(data: DataSet, report: Report) -> None:
    rows = data.table("ENORM_CML_dexter.csv")
    if rows is None:
        return
    report.cases += 1
    names = list(dict.fromkeys(row["item_id"] for row in rows))
    found = calibrate_conditionally(Responses.from_wide(matrix(data.responses(""), names))).require()
    thresholds = -np.diff(found.intercepts, axis=1, prepend=0.0)
    for row in rows:
        own = thresholds[names.index(row["item_id"]), int(row["item_score"]) - 1]
        unit = max(TINY, 0.02 * number(row["SE_beta"]))
        where = f"{data.path.name} ENORM {row['item_id']} {row['item_score']}"
        report.compare("CML threshold / tolerance", (own - number(row["beta"])) / unit, 0.0, 1.0, where)


def _plain(data: DataSet, form: str, model: str, names: list[str]) -> Case:
    fit = {"logLik": -math.inf, "N": 0}
    return Case(data, form, model, names, fit, matrix(data.responses(form), names))


def groups(data: DataSet, every: dict[str, Case], report: Report) -> None:
    """Two groups with the same items; the file does not say by which column, so that each possible one is tried."""
    fit, case = data.json("multigroup_mirt.json"), every.get("2PL")
    if fit is None or case is None:
        return
    report.cases += 1
    rows = data.responses("")
    pars = fit["pars"]
    reference = [name for name, one in pars.items() if one["mean"] == 0 and one["cov"] == 1]
    wanted = [*reference, *(str(name) for name in fit["groups"] if str(name) not in reference)]
    label = f"{data.path.name} two groups"
    best: Calibration | None = None
    for name in rows[0]:
        values = [row[name] for row in rows]
        if name in case.names or set(values) != set(wanted):
            continue
        group = np.array([wanted.index(value) for value in values])
        given = Responses.from_wide(case.table, group=group)
        found = calibrate(given, "2pl", tolerance=TOLERANCE, max_cycles=MOST_CYCLES)
        if best is None or abs(found.log_likelihood - fit["logLik"]) < abs(
            best.log_likelihood - fit["logLik"]
        ):
            best = found
    if best is None:
        report.left_out["two groups, of which no column of the responses has the names"] += 1
        return
    report.compare(
        "log-likelihood, short of the reference by",
        max(0.0, fit["logLik"] - best.log_likelihood),
        0.0,
        1e-2,
        label,
    )
    for place, name in enumerate(wanted):
        if (theirs := pars.get(name)) is not None:
            report.compare(
                "mean of a group", float(best.ability.mean[place]), theirs["mean"], TINY, f"{label} {name}"
            )
            report.compare(
                "variance of a group",
                float(best.ability.sd[place] ** 2),
                theirs["cov"],
                2 * TINY,
                f"{label} {name}",
            )


def anchored(data: DataSet, report: Report) -> None:
    """Fixed-parameter calibration of pilot items, operational ones at the reference's estimates."""
    fit = data.json("FIPC_mirt.json")
    old = [row for name in _names(data) if "FIPC_step1" in name for row in data.table(name) or []]
    new = [row for name in _names(data) if "FIPC_step2" in name for row in data.table(name) or []]
    if fit is None or not old or not new:
        return
    report.cases += 1
    label = f"{data.path.name} FIPC"
    first, second = ([next(iter(row.values())) for row in rows] for rows in (old, new))
    table = matrix(data.responses(""), first + second)
    alone = Responses.from_wide(table[:, : len(first)])
    found = calibrate(alone, "2pl", tolerance=TOLERANCE, max_cycles=MOST_CYCLES)
    report.compare(
        "log-likelihood, short of the reference by",
        max(0.0, fit["logLik_step1"] - found.log_likelihood),
        0.0,
        1e-2,
        label,
    )
    estimates = {(first[row.item], row.name): row.value for row in found.rows()}
    for row, item in zip(old, first, strict=True):
        for name, theirs in (("a", number(row["a1"])), ("d", number(row["d"]))):
            report.compare(f"anchor {name}", estimates[item, name], theirs, TINY, f"{label} {item}")
    given = Responses.from_wide(table)
    found = calibrate(given, "2pl", fixed=found, tolerance=TOLERANCE, max_cycles=MOST_CYCLES)
    short = max(0.0, fit["logLik_step2"] - found.log_likelihood)
    report.compare("log-likelihood, short of the reference by", short, 0.0, 1e-2, label)
    names = first + second
    ours = {(names[row.item], row.name): row.value for row in found.rows()}
    errors = {
        (names[row.item], row.name): row.se for row in standard_errors(found, given, "crossprod").rows()
    }
    for row, item in zip(new, second, strict=True):
        for name, theirs in (("a", number(row["a1"])), ("d", number(row["d"]))):
            unit = max(TINY, 0.02 * errors[item, name])
            where = f"{label} {item} {name}: {ours[item, name]:.5f}, reference {theirs:.5f}"
            report.compare(
                "slope / tolerance" if name == "a" else "intercept / tolerance",
                (ours[item, name] - theirs) / unit,
                0.0,
                1.0,
                where,
            )
    group = fit.get("group", {})
    if group:
        report.compare("mean of a group", float(found.ability.mean[0]), group["MEAN_1"], TINY, label)
        report.compare(
            "variance of a group", float(found.ability.sd[0] ** 2), group["COV_11"], 2 * TINY, label
        )
    scores = next((data.table(name) for name in _names(data) if name.startswith("FIPC_EAP")), None)
    if scores is not None and len(scores) == given.n_persons:
        own = person_scores(found, given)
        _abilities(report, "EAP", own.theta, column(scores, "F1"), label)
        _abilities(report, "EAP_SE", own.se, column(scores, "SE_F1"), label)


# The command


def is_mml(path: Path) -> bool:
    """Whether a folder holds data sets with reference calibrations."""
    return any(path.glob("*/golden"))


def check(path: Path, only: str = "") -> Iterator[Report]:
    """Compare every data set, one report each."""
    for folder in sorted(path.glob("*/golden")):
        data = DataSet(folder.parent)
        if only not in data.path.name:
            continue
        report = Report(data.path.name)
        every = {}
        for case in cases(data, report):
            every[f"{case.form}{case.model}"] = case
            compare_mirt(case, report)
        compare_others(data, every, report)
        compare_fit(data, every, report)
        yield report
