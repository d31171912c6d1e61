"""What is asked of a run: fit, fairness, drift, the link to another scale, what changed. Tables in polars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
import polars as pl
from scipy.sparse import csr_array
from scipy.special import ndtri

from app.calibration.estimation import CalibrationError, calibrate, named
from app.calibration.frames import Data, DataError
from app.calibration.parameters import DIVIDED, GRADED, LOGISTIC, NOMINAL, Bank, OneItem, read_parameters
from app.calibration.runs import FACTS, WITH_PARAMETERS, Run, canonical_hash, check_free, load, save, versions
from irt.ability import NormalPrior
from irt.dif import LogisticTest, Matching, logistic_regression, mantel_haenszel
from irt.dif_by_model import likelihood_ratio
from irt.drift import Drift, PurifiedLinking, false_discovery, purified_link
from irt.errors import IrtError
from irt.fit import (
    global_fit,
    local_dependence,
    residual_fit,
    score_fit,
    sequential_fit,
    sequential_person_fit,
)
from irt.linking import Linking, LinkingMethod, Weights
from irt.models import category_probability, category_terms
from irt.person_fit import lz_each
from irt.responses import Responses
from irt.types import BoolArray, FloatArray, IntArray, Parameters

Method: TypeAlias = Literal["mh", "logistic", "lord", "lrt"]
METHODS: Final = ("mh", "logistic", "lord", "lrt")
Reference: TypeAlias = "Run | Bank | str | Path"

UNIT_SLOPE: Final = ("rasch", "1pl", "pcm", "rsm")
LOCAL: Final = 0.2  # of Q3 above its mean: Christensen, Makransky & Horton (2017)
CHANCE: Final = 0.05  # that one pair at least of a table is flagged where no two items depend on each other
UNLIKELY: Final = 0.05  # of answer patterns: the share of those below, where the model holds
MODERATE: Final = 0.035  # of Nagelkerke's R2: Jodoin & Gierl (2001)
_MOST_CELLS: Final = 20_000_000  # persons times items of the dense residuals
_MOST_ANSWERS: Final = 2_000_000  # of sequential fit and of the fit of persons
_NULL_ANSWERS: Final = 200_000  # simulated for the expectation of lz*
_LEAST_FULL: Final = 0.5  # share of complete rows: those of fewer persons are no sample of all
_LEAST_PAIRS: Final = 30
_LEAST_ANCHORS: Final = 3


class Fit(NamedTuple):
    """Fit of a run."""

    items: pl.DataFrame
    pairs: pl.DataFrame  # of items, the least likely by chance first
    model: dict[str, Any]  # M2 or C2, or why there is none
    persons: pl.DataFrame  # answer patterns, the least likely first
    patterns: dict[str, Any]  # how many were flagged, and how many the model expects


@dataclass(frozen=True, eq=False)
class Drifted:
    """The anchors of two calibrations, and the line between the scales."""

    items: pl.DataFrame
    line: Linking
    removed: tuple[str, ...]
    outcome: str


def bank_of(reference: Reference) -> Bank:
    """Parameters of a run, of its folder, or of a table.

    Raises
    ------
    DataError, RunError
    """
    if isinstance(reference, Bank):
        return reference
    if isinstance(reference, Run):
        return reference.bank
    path = Path(reference)
    return load(path).bank if path.is_dir() or path.name == FACTS else read_parameters(path)


# Fit


def fit(run: Run, *, draws: int = 499) -> Fit:
    """Infit and outfit, S-X2 or the sequential chi-square of adaptive rows, Q3, M2 or C2, lz and lz* of persons.

    Parameters
    ----------
    run : Run
        With its responses.
    draws : int
        Simulated nulls of the sequential chi-square, drawn from the run's seed.

    Notes
    -----
    S-X2 and M2 need persons who answered every item; where fewer than half did, each answer is compared with its
    prediction from the answers before it (`x2`), which adaptive selection cannot bias. The tables of pairs, of
    sequential fit and of persons use persons drawn at random where all would not fit into memory.

    A pair of items is flagged where Q3 lies 0.2 above the mean of all pairs *and* further above it than chance would
    bring any pair of so many once in twenty such tables, given the persons who answered both (`shared`): Fisher's
    transformation, Bonferroni's bound. Size alone would flag hundreds of the thin pairs of an adaptive test.

    A pattern of answers is flagged where it is among the least likely 5 %: by lz* on complete forms; on adaptive rows,
    where lz and lz* are not normal, by `lz_sequential`, which predicts each answer from those before it. `patterns`
    holds the share flagged beside the share of simulated patterns that the same rule flags.
    """
    bank, responses, theta = _measured(run)
    parameters, grid = bank.parameters, run.grid
    rng = np.random.default_rng(int(run.facts["settings"]["seed"]))
    residual = residual_fit(responses, parameters, theta)
    columns: dict[str, Any] = {
        "item": list(bank.items),
        "n_answers": residual.n_answers,
        "infit": residual.infit,
        "infit_z": residual.infit_z,
        "outfit": residual.outfit,
        "outfit_z": residual.outfit_z,
    }
    full = int((responses.counts == responses.n_items).sum())
    complete = full >= _LEAST_FULL * responses.n_persons
    nothing = np.full(responses.n_items, np.nan)
    if complete:
        found = score_fit(responses, parameters, grid, free=_estimated(run, bank))
        columns |= {"s_x2": found.statistic, "s_x2_df": found.degrees, "s_x2_p": found.p_value}
        columns |= {"s_x2_q": false_discovery(found.p_value), "rmsea": found.rmsea}
    else:
        columns |= {"s_x2": nothing, "s_x2_df": np.zeros(responses.n_items, dtype=np.int64)}
        columns |= dict.fromkeys(("s_x2_p", "s_x2_q", "rmsea"), nothing)
    if responses.complete:
        columns |= dict.fromkeys(("x2", "x2_p", "x2_q", "bias"), nothing)
    else:
        some, _ = _sample(responses, _MOST_ANSWERS / max(responses.n_responses, 1), rng)
        other = sequential_fit(some, parameters, grid, draws=draws, rng=rng)
        columns |= {"x2": other.statistic, "x2_p": other.p_value, "x2_q": false_discovery(other.p_value)}
        columns |= {"bias": other.bias}
    items = pl.DataFrame(columns).fill_nan(None)
    model: dict[str, Any]
    if complete:
        whole = global_fit(responses, parameters, grid, estimated=_directions(run, bank))
        model = {
            "statistic": whole.statistic,
            "name": "M2" if all(row.model in LOGISTIC for row in bank.rows) else "C2",
            "degrees": whole.degrees,
            "p": whole.p_value,
            "rmsea": whole.rmsea,
            "rmsea_low": whole.rmsea_interval[0],
            "rmsea_high": whole.rmsea_interval[1],
            "srmsr": whole.srmsr,
            "tli": whole.tli,
            "cfi": whole.cfi,
            "persons": whole.n_persons,
            "outcome": str(whole.outcome),
        }
        model = {
            name: None if isinstance(value, float) and np.isnan(value) else value
            for name, value in model.items()
        }
    else:
        model = {
            "outcome": f"{full} of {responses.n_persons} persons answered every item: read x2 of each item"
        }
    pairs = _pairs(bank, responses, theta, rng)
    return Fit(items, pairs, model, *_persons(run, bank, responses, complete))


def told(patterns: Mapping[str, Any]) -> str:
    """The fit of persons in a sentence.

    >>> told({"statistic": "lz_star", "below": -1.64, "persons": 900, "of": 900, "share": 0.06, "flagged": 54,
    ...       "expected": 0.048, "se": 0.007})
    '54 of 900 answer patterns are unlikely (lz* below -1.64): 6.0%, where the model expects 4.8% ± 1.4%.'
    """
    name = "lz*" if patterns["statistic"] == "lz_star" else "sequential lz"
    some = f", drawn from {patterns['of']:,}" if patterns["persons"] < patterns["of"] else ""
    return (
        f"{patterns['flagged']:,} of {patterns['persons']:,} answer patterns{some} are unlikely ({name} below "
        f"{patterns['below']:.2f}): {patterns['share']:.1%}, where the model expects {patterns['expected']:.1%} ± "
        f"{1.96 * patterns['se']:.1%}."
    )


def _measured(run: Run) -> tuple[Bank, Responses, FloatArray]:
    """Items with parameters, the responses to them alone, and the persons' EAP."""
    bank, data = run.bank, run.data
    return bank, _selected(data, bank.items), run.persons["theta"].to_numpy()


def _selected(data: Data, items: Sequence[str], group: Sequence[int] | None = None) -> Responses:
    """Responses to some items, which are numbered anew; persons keep their places."""
    answers = data.responses
    place = np.full(len(data.items), -1, dtype=np.int64)
    own = {item: number for number, item in enumerate(items)}
    for number, item in enumerate(data.items):
        place[number] = own.get(item, -1)
    new = place[answers.item]
    kept = new >= 0
    persons = np.repeat(np.arange(answers.n_persons), answers.counts)
    counts = np.zeros(len(items), dtype=np.int64)
    counts[place[place >= 0]] = answers.n_categories[place >= 0]
    return Responses.from_long(
        persons[kept],
        new[kept],
        answers.score[kept],
        n_categories=counts,
        n_persons=answers.n_persons,
        weight=answers.weight,
        group=group,
    )


def _sample(responses: Responses, share: float, rng: np.random.Generator) -> tuple[Responses, IntArray]:
    """Some persons, drawn at random, and their places; all if there is room for them."""
    if share >= 1:
        return responses, np.arange(responses.n_persons)
    kept = rng.random(responses.n_persons) < share
    rows = np.repeat(kept, responses.counts)
    persons = np.repeat(np.cumsum(kept) - 1, responses.counts)[rows]
    found = Responses.from_long(
        persons,
        responses.item[rows],
        responses.score[rows],
        n_categories=responses.n_categories,
        n_persons=int(kept.sum()),
    )
    return found, np.flatnonzero(kept)


def _pairs(bank: Bank, responses: Responses, theta: FloatArray, rng: np.random.Generator) -> pl.DataFrame:
    some, kept = _sample(responses, _MOST_CELLS / (responses.n_persons * responses.n_items), rng)
    q3 = local_dependence(some, bank.parameters, theta[kept], least=_LEAST_PAIRS)
    seen = csr_array(
        (np.ones(some.n_responses), some.item, some.indptr), shape=(some.n_persons, some.n_items)
    )
    first, second = np.triu_indices(len(q3), 1)
    values = q3[first, second]
    known = np.isfinite(values)
    first, second, values = first[known], second[known], values[known]
    shared = (seen.T @ seen).toarray()[first, second].astype(np.int64)
    mean = float(values.mean()) if len(values) else 0.0
    sure = 1 - 1e-12
    deviate = (np.arctanh(np.clip(values, -sure, sure)) - np.arctanh(mean)) * np.sqrt(shared - 3.0)
    least = float(ndtri(1 - CHANCE / max(len(values), 1)))
    table = pl.DataFrame(
        {
            "first": [bank.items[place] for place in first.tolist()],
            "second": [bank.items[place] for place in second.tolist()],
            "shared": shared,
            "q3": values,
            "above_mean": values - mean,
            "deviate": deviate,
            "flagged": (values - mean > LOCAL) & (deviate > least),
        },
        schema_overrides={"first": pl.String, "second": pl.String},
    )
    return table.sort("flagged", "deviate", descending=True, maintain_order=True)


def _persons(
    run: Run, bank: Bank, responses: Responses, complete: bool
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Fit of answer patterns, and the share of unlikely ones beside what the model expects."""
    rng = np.random.default_rng([int(run.facts["settings"]["seed"]), 1])
    some, kept = _sample(responses, _MOST_ANSWERS / max(responses.n_responses, 1), rng)
    grid, parameters = run.grid, bank.parameters
    mean = float(grid.weight @ grid.theta)
    prior = NormalPrior(mean, float(np.sqrt(grid.weight @ (grid.theta - mean) ** 2)))
    found = lz_each(some, parameters, prior=prior)
    limit = float(ndtri(UNLIKELY))
    columns: dict[str, Any] = {
        "person": np.array(run.data.persons)[kept],
        "n_answers": some.counts,
        "theta": found.theta,
        "lz": found.lz,
        "lz_star": found.lz_star,
    }
    if complete:
        p_value, judged = found.p_value, found.lz_star
        simulated = lz_each(_simulated(some, parameters, grid, rng), parameters, prior=prior).lz_star[None]
        columns["lz_sequential"] = np.full(some.n_persons, np.nan)
    else:
        other = sequential_person_fit(some, parameters, grid, rng=rng)
        p_value, judged, simulated = other.p_value, other.statistic, other.null
        columns["lz_sequential"] = judged
    known = np.isfinite(judged)
    flagged = known & (judged < limit)
    table = pl.DataFrame({**columns, "p": p_value, "flagged": flagged}).fill_nan(None)
    share = float(flagged.sum() / max(known.sum(), 1))
    expected = float((simulated[np.isfinite(simulated)] < limit).mean()) if known.any() else UNLIKELY
    return table.sort("p", nulls_last=True, maintain_order=True), {
        "statistic": "lz_star" if complete else "lz_sequential",
        "below": limit,
        "persons": int(known.sum()),
        "of": responses.n_persons,
        "flagged": int(flagged.sum()),
        "share": share,
        "expected": expected,
        "se": float(np.sqrt(max(expected * (1 - expected), 1e-12) / max(known.sum(), 1))),
    }


def _simulated(
    responses: Responses, parameters: Parameters, grid: Weights, rng: np.random.Generator
) -> Responses:
    """Answers of simulated persons to the same items, as many as there is time for."""
    some, _ = _sample(responses, _NULL_ANSWERS / max(responses.n_responses, 1), rng)
    theta = rng.choice(grid.theta, some.n_persons, p=grid.weight)
    persons = np.repeat(np.arange(some.n_persons), some.counts)
    score, luck = some.score.copy(), rng.random(some.n_responses)
    order = np.argsort(some.item, kind="stable")
    ends = np.cumsum(np.bincount(some.item, minlength=some.n_items))[:-1]
    for item, rows in enumerate(np.split(order, ends)):
        chance = category_probability(parameters.take([item]), theta[persons[rows]])[:, 0]
        score[rows] = (luck[rows, None] > np.cumsum(chance, axis=1)[:, :-1]).sum(axis=1)
    return Responses.from_long(
        persons, some.item, score, n_categories=some.n_categories, n_persons=some.n_persons
    )


def _estimated(run: Run, bank: Bank) -> list[int]:
    """Parameters of each item that were estimated."""
    fixed = set(run.items.filter(pl.col("status") == "fixed")["item"].to_list())
    counts = []
    for row in bank.rows:
        steps = row.n_categories - 1
        own = {
            "rasch": 1, "1pl": 1, "2pl": 2, "3pl": 3, "4pl": 4, GRADED: 1 + steps, "pcm": steps, "gpcm": 1 + steps,
            "rsm": 1, NOMINAL: 2 * steps,
        }[row.model]  # fmt: skip
        counts.append(0 if row.item in fixed else own)
    return counts


def _directions(run: Run, bank: Bank) -> FloatArray:
    """Derivatives of the parameter vector in what was estimated, a common slope or common steps included."""
    fixed = set(run.items.filter(pl.col("status") == "fixed")["item"].to_list())
    ordered = [
        row for kinds in (LOGISTIC, (GRADED,), (*DIVIDED, NOMINAL)) for row in bank.rows if row.model in kinds
    ]
    sizes = [_size(row) for row in ordered]
    total = sum(sizes)
    columns: list[FloatArray] = []
    shared: dict[str, FloatArray] = {}
    start = 0
    for row, size in zip(ordered, sizes, strict=True):
        own = slice(start, start + size)
        start += size
        if row.item in fixed:
            continue
        for key, direction in _own_directions(row):
            if key:
                shared.setdefault(key, np.zeros(total))[own] = direction
            else:
                column = np.zeros(total)
                column[own] = direction
                columns.append(column)
    every = [*columns, *shared.values()]
    return np.stack(every, axis=1) if every else np.zeros((total, 0))


def _size(row: OneItem) -> int:
    if row.model in LOGISTIC:
        return 4
    return row.n_categories if row.model == GRADED else 2 * row.n_categories


def _own_directions(row: OneItem) -> list[tuple[str, FloatArray]]:
    """Directions of one item's vector; with a name where other items move along."""
    unit = np.eye(_size(row))
    if row.model in LOGISTIC:
        many = {"rasch": 2, "1pl": 2, "2pl": 2, "3pl": 3, "4pl": 4}[row.model]
        return [
            ("slope" if place == 0 and row.model in UNIT_SLOPE else "", unit[place]) for place in range(many)
        ]
    if row.model == GRADED:
        return [("", one) for one in unit]
    count = row.n_categories
    scores = np.arange(count, dtype=np.float64)
    slope = np.concatenate([scores, np.zeros(count)])
    if row.model == NOMINAL:
        return [("", one) for place, one in enumerate(unit) if place not in (0, count)]
    own: list[tuple[str, FloatArray]] = [("slope" if row.model in UNIT_SLOPE else "", slope)]
    if row.model == "rsm":
        own.append(("", np.concatenate([np.zeros(count), scores])))
        return own + [(f"step {place}", unit[count + place]) for place in range(1, count - 1)]
    return own + [("", unit[count + place]) for place in range(1, count)]


# Fairness


def dif(
    run: Run,
    group: str,
    *,
    focal: str | None = None,
    methods: Sequence[Method] = ("mh", "logistic"),
    purify: bool = True,
    significance: float = 0.05,
    progress: Callable[[str, int, int], None] | None = None,
) -> pl.DataFrame:
    """Differential item functioning between two groups of a run's persons.

    Parameters
    ----------
    run : Run
        With its responses.
    group : str
        Column with one value for each person. Persons without one are left out.
    focal : str, optional
        Which value is the focal group; all others are the reference. Needed when there are more than two values; the
        second in alphabetical order if absent.
    methods : sequence of {"mh", "logistic", "lord", "lrt"}
        Mantel-Haenszel, logistic regression, Lord's chi-square of two calibrations, likelihood ratio.
    purify : bool
        Match on a measure without the items found guilty. On complete forms that is the sum score, on adaptive rows
        theta, scored again without them; for Lord, flagged items do not carry the link.
    significance : float
        Of flags, as a rate of false discoveries.

    Raises
    ------
    DataError, CalibrationError
        No such column, one group only.
    """
    if unknown := [name for name in methods if name not in METHODS]:
        raise CalibrationError(f"unknown method {unknown[0]}; there are {', '.join(METHODS)}")
    bank, data = run.bank, run.data
    names, member = _two_groups(run, group, focal)
    known = np.array([value >= 0 for value in member])
    responses = _of_persons(_selected(data, bank.items, [max(value, 0) for value in member]), known)
    counts = [
        np.bincount(
            responses.item[np.repeat(responses.group == side, responses.counts)], minlength=len(bank.items)
        )
        for side in (0, 1)
    ]
    table: dict[str, Any] = {
        "item": list(bank.items),
        "reference": [names[0]] * len(bank.items),
        "focal": [names[1]] * len(bank.items),
        "n_reference": counts[0],
        "n_focal": counts[1],
    }
    matching = None if responses.complete else _theta_matching(responses, bank.parameters, run.grid)
    flagged = np.zeros(len(bank.items), dtype=np.bool_)
    try:
        if "mh" in methods:
            found = mantel_haenszel(responses, matching=matching, purify=purify, significance=significance)
            table |= {
                "mh_chi2": found.chi_square, "mh_p": found.p_value, "mh_q": found.q_value,
                "odds_ratio": found.odds_ratio, "delta": found.delta, "se_delta": found.se_delta,
                "standardized": found.standardized, "ets": [str(one) for one in found.category],
            }  # fmt: skip
            flagged |= (found.q_value < significance) & np.isin(found.category, ["B", "C"])
        if "logistic" in methods:
            other = logistic_regression(
                responses, matching=matching, test=LogisticTest.BOTH, purify=purify, significance=significance
            )
            table |= {
                "logistic_chi2": other.chi_square, "logistic_p": other.p_value, "logistic_q": other.q_value,
                "logistic_r2": other.effect, "logistic_shift": other.shift,
            }  # fmt: skip
            flagged |= (other.q_value < significance) & (other.effect >= MODERATE)
        if "lrt" in methods:
            ratio = likelihood_ratio(
                responses,
                [row.model for row in bank.rows],
                n_quadrature=int(run.facts["settings"]["points"]),
                progress=None
                if progress is None
                else lambda done, of: progress("likelihood ratio", done, of),
            )
            table |= {
                "lrt_chi2": ratio.chi_square, "lrt_df": ratio.degrees, "lrt_p": ratio.p_value,
                "lrt_q": ratio.q_value, "lrt_delta_a": ratio.delta_a, "lrt_delta_b": ratio.delta_b,
            }  # fmt: skip
            flagged |= ratio.q_value < significance
    except IrtError as error:
        raise CalibrationError(named(str(error), bank.items)) from None
    if "lord" in methods:
        lord = _lord(run, bank, responses, names, purify, significance)
        for name in ("lord_chi2", "lord_p", "lord_q", "lord_delta_a", "lord_delta_b"):
            table[name] = [lord.get(item, {}).get(name) for item in bank.items]
        flagged |= np.array(
            [(value if value is not None else 1.0) < significance for value in table["lord_q"]]
        )
    table["flagged"] = flagged
    return pl.DataFrame(table, infer_schema_length=None).fill_nan(None)


def _two_groups(run: Run, column: str, focal: str | None) -> tuple[tuple[str, str], list[int]]:
    data = run.data
    own = "group" if column == run.facts["settings"]["group"] and data.groups else column
    values = data.of_persons(own)
    found = sorted({value for value in values if value is not None})
    if len(found) < 2:
        raise DataError(f"holds one group only: {', '.join(found) or 'nobody'}", column=column)
    if focal is None and len(found) > 2:
        raise DataError(f"holds {', '.join(found[:6])}: say which is the focal group", column=column)
    chosen = found[1] if focal is None else focal
    if chosen not in found:
        raise DataError(f"holds no {chosen}, but {', '.join(found[:6])}", column=column)
    others = [value for value in found if value != chosen]
    member = [-1 if value is None else int(value == chosen) for value in values]
    return (" + ".join(others), chosen), member


def _of_persons(responses: Responses, kept: BoolArray) -> Responses:
    """Without some persons, and without those who answered nothing."""
    kept = kept & (responses.counts > 0)
    rows = np.repeat(kept, responses.counts)
    return Responses.from_long(
        np.repeat(np.cumsum(kept) - 1, responses.counts)[rows],
        responses.item[rows],
        responses.score[rows],
        n_categories=responses.n_categories,
        n_persons=int(kept.sum()),
        weight=responses.weight[kept],
        group=responses.group[kept],
    )


def _theta_matching(responses: Responses, parameters: Parameters, grid: Weights) -> Matching:
    """EAP of every person without some items, under one prior for both groups."""
    logs = category_terms(parameters, grid.theta).log_probability
    by_code = np.concatenate(
        [logs[:, item, :count].T for item, count in enumerate(responses.n_categories.tolist())]
    )
    with np.errstate(divide="ignore"):
        prior = np.maximum(np.log(grid.weight), -700.0)

    def matching(kept: BoolArray) -> FloatArray:
        used = kept[responses.item].astype(np.float64)
        shape = (responses.n_persons, len(by_code))
        density = csr_array((used, responses.codes, responses.indptr), shape=shape) @ by_code + prior
        density -= density.max(axis=1, keepdims=True)
        weight = np.exp(density)
        return np.asarray((weight @ grid.theta) / weight.sum(axis=1))

    return matching


def _lord(
    run: Run, bank: Bank, responses: Responses, names: tuple[str, str], purify: bool, significance: float
) -> dict[str, dict[str, float]]:
    settings = run.facts["settings"]
    models = {row.item: row.model for row in bank.rows}
    both = []
    for side in (0, 1):
        own = _of_persons(_in_one_group(responses), responses.group == side)
        data = Data(
            bank.items, (), tuple(own.n_categories.tolist()), (own,), (), f"{run.content_hash}-{side}", names[side],
            None, tuple(str(number) for number in range(own.n_persons)),
        )  # fmt: skip
        both.append(calibrate(data, "mixed", models=models, points=settings["points"], seed=settings["seed"]))
    found = _compared(both[1].bank, both[0].bank, "mean-sigma", None, purify, significance)
    rows = found.items.to_dicts()
    return {
        row["item"]: {
            "lord_chi2": row["chi2"], "lord_p": row["p"], "lord_q": row["q"], "lord_delta_a": row["delta_a"],
            "lord_delta_b": row["delta_b"],
        }
        for row in rows
    }  # fmt: skip


def _in_one_group(responses: Responses) -> Responses:
    """The same persons in one group."""
    return Responses.from_long(
        np.repeat(np.arange(responses.n_persons), responses.counts),
        responses.item,
        responses.score,
        n_categories=responses.n_categories,
        n_persons=responses.n_persons,
        weight=responses.weight,
    )


# Drift and linking


def drift(
    run: Run,
    against: Reference,
    *,
    anchors: Sequence[str] | None = None,
    method: LinkingMethod | str = LinkingMethod.STOCKING_LORD,
    purify: bool = True,
    significance: float = 0.05,
) -> Drifted:
    """Which items no longer measure what they measured: robust z, D2, Lord's chi-square after linking.

    Parameters
    ----------
    run : Run
    against : Run, Bank, or path of a run or of a table
    anchors : sequence of str, optional
        Items that carry the link; all common ones if absent.
    method : LinkingMethod
    purify : bool
        Take drifting anchors out of the link, the worst first.
    significance : float
        Rate of false discoveries.

    Raises
    ------
    CalibrationError
        Fewer than three common items.
    """
    return _compared(run.bank, bank_of(against), method, anchors, purify, significance)


def _common(new: Bank, old: Bank, anchors: Sequence[str] | None) -> tuple[Bank, Bank]:
    theirs = {row.item: row for row in old.rows}
    common = [
        row.item
        for row in new.rows
        if row.item in theirs
        and _family(theirs[row.item]) == _family(row)
        and theirs[row.item].n_categories == row.n_categories
    ]
    if anchors is not None:
        if absent := [item for item in anchors if item not in common]:
            raise CalibrationError(f"anchor {absent[0]} has no parameters of the same kind in both")
        common = list(anchors)
    if len(common) < _LEAST_ANCHORS:
        raise CalibrationError(
            f"{new.name or 'the run'} and {old.name or 'the other'} have {len(common)} items in common with parameters "
            f"of the same kind; a link needs {_LEAST_ANCHORS}"
        )
    return new.take(common), old.take(common)


def _family(row: OneItem) -> str:
    return "logistic" if row.model in LOGISTIC else GRADED if row.model == GRADED else NOMINAL


def _compared(
    new: Bank,
    old: Bank,
    method: LinkingMethod | str,
    anchors: Sequence[str] | None,
    purify: bool,
    significance: float,
) -> Drifted:
    own, other = _common(new, old, anchors)
    try:
        found: PurifiedLinking = purified_link(
            own.parameters,
            other.parameters,
            method=method,
            new_covariance=own.joint_covariance(),
            old_covariance=other.joint_covariance(),
            discovery_rate=significance,
            most_removed=0.3 if purify else 0.0,
        )
    except IrtError as error:
        raise CalibrationError(named(str(error), own.items)) from None
    removed = tuple(own.items[place] for place in found.removed)
    outcome = found.outcome if purify or found.line.outcome != "converged" else found.line.outcome
    return Drifted(_drift_table(own.items, found.drift, removed), found.line, removed, outcome)


def _drift_table(items: Sequence[str], found: Drift, removed: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item": list(items),
            "delta_a": found.delta_a,
            "delta_b": found.delta_b,
            "robust_z": found.robust_z,
            "d2": found.d2,
            "chi2": found.chi_square,
            "df": found.degrees,
            "p": found.p_value,
            "q": found.q_value,
            "anchor": [item not in removed for item in items],
            "flagged": found.flagged,
        }
    ).fill_nan(None)


def link(
    run: Run,
    to: Reference,
    *,
    out: str | Path | None = None,
    anchors: Sequence[str] | None = None,
    method: LinkingMethod | str = LinkingMethod.STOCKING_LORD,
    purify: bool = True,
    significance: float = 0.05,
    made: Mapping[str, Any] | None = None,
) -> Run:
    """The run on the scale of another calibration: a new run, without responses.

    Standard errors of its items do not hold the error of the link, which stands in `facts["link"]`.

    Parameters
    ----------
    See :func:`drift`; `out` is the folder of the new run.

    Raises
    ------
    CalibrationError
        Too few common items, or a link that was not found.
    """
    if out is not None:
        check_free(Path(out))
    target = bank_of(to)
    found = _compared(run.bank, target, method, anchors, purify, significance)
    if found.line.outcome != "converged":
        raise CalibrationError(found.line.outcome)
    slope, intercept = found.line.slope, found.line.intercept
    se_slope, se_intercept = found.line.se
    ability = [
        {
            **group,
            "mean": slope * group["mean"] + intercept,
            "sd": slope * group["sd"],
            "se_mean": None if group["se_mean"] is None else slope * group["se_mean"],
            "se_sd": None if group["se_sd"] is None else slope * group["se_sd"],
        }
        for group in run.facts["ability"]
    ]
    facts = {
        **{name: value for name, value in run.facts.items() if name not in ("files", "content_hash", "made")},
        "kind": "linking",
        "ability": ability,
        "versions": versions(),
        "link": {
            "to": target.name,
            "to_hash": to.content_hash if isinstance(to, Run) else None,
            "from": run.name,
            "from_hash": run.content_hash,
            "method": str(LinkingMethod(method)),
            "slope": slope,
            "intercept": intercept,
            "se_slope": None if np.isnan(se_slope) else se_slope,
            "se_intercept": None if np.isnan(se_intercept) else se_intercept,
            "anchors": found.items.filter(pl.col("anchor"))["item"].to_list(),
            "removed": list(found.removed),
            "outcome": found.outcome,
        },
    }
    models = dict(zip(run.items["item"].to_list(), run.items["model"].to_list(), strict=True))
    linked = Run(
        facts=facts,
        items=_moved_items(run.items, slope, intercept),
        persons=run.persons.with_columns(pl.col("theta") * slope + intercept, pl.col("se") * slope),
        trace=run.trace,
        blocks={
            item: _moved_block(models[item], block, slope, intercept) for item, block in run.blocks.items()
        },
        covariance=None,
        nodes=run.nodes * slope + intercept,
        log_weight=run.log_weight,
    )
    if out is None:
        return replace(linked, facts={**facts, "content_hash": canonical_hash(facts)})
    return save(linked, Path(out), made=made or {})


def _moved_items(items: pl.DataFrame, slope: float, intercept: float) -> pl.DataFrame:
    """The table of items on the scale slope * theta + intercept."""
    rows = []
    for row in items.iter_rows(named=True):
        if row["status"] in (*WITH_PARAMETERS, "reversed"):
            row = _moved_row(row, slope, intercept)
        rows.append(row)
    return pl.DataFrame(rows, schema=items.schema)


def _moved_row(row: dict[str, Any], slope: float, intercept: float) -> dict[str, Any]:
    def times(value: float | None, factor: float) -> float | None:
        return None if value is None else value * factor

    estimates, errors = list(row["estimates"]), list(row["standard_errors"])
    moved = dict(row)
    if row["model"] == NOMINAL:
        many = len(row["slopes"]) - 1
        moved["slopes"] = [value / slope for value in row["slopes"]]
        moved["intercepts"] = [
            value - s * intercept / slope for value, s in zip(row["intercepts"], row["slopes"], strict=True)
        ]
        moved["estimates"] = [*moved["slopes"][1:], *moved["intercepts"][1:]]
        moved["standard_errors"] = [*(times(value, 1 / slope) for value in errors[:many]), *([None] * many)]
        return moved
    many = row["n_categories"] - 1
    scores = range(1, many + 1) if row["model"] in DIVIDED else [1] * many
    moved["a"], moved["se_a"] = times(row["a"], 1 / slope), times(row["se_a"], 1 / slope)
    moved["b"] = None if row["b"] is None else slope * row["b"] + intercept
    moved["se_b"] = times(row["se_b"], slope)
    moved["thresholds"] = [slope * value + intercept for value in row["thresholds"]]
    moved["se_thresholds"] = [times(value, slope) for value in row["se_thresholds"]]
    steps = [
        value - k * estimates[0] * intercept / slope
        for value, k in zip(estimates[1 : many + 1], scores, strict=True)
    ]
    moved["estimates"] = [estimates[0] / slope, *steps, *estimates[many + 1 :]]
    # the error of an intercept depends on its covariance with the slope, which is kept in the blocks alone
    moved["standard_errors"] = [times(errors[0], 1 / slope), *([None] * many), *errors[many + 1 :]]
    return moved


def _moved_block(model: str, block: FloatArray, slope: float, intercept: float) -> FloatArray:
    if model in LOGISTIC:
        turn = np.diag([1 / slope, slope, 1.0, 1.0])
    elif model == GRADED:
        turn = np.diag([1 / slope, *[slope] * (len(block) - 1)])
    else:
        count = len(block) // 2
        turn = np.eye(len(block))
        turn[:count, :count] /= slope
        turn[count:, :count] = -np.eye(count) * intercept / slope
    return np.asarray(turn @ block @ turn.T)


# What changed


def diff(run: Run, other: Run) -> pl.DataFrame:
    """Items of two runs side by side: what came, what went, how far parameters moved. No linking is done.

    Returns
    -------
    polars.DataFrame
        item, change ("same", "moved", "added", "removed", "model"), parameters of both, the difference of b in its
        standard errors (`z_b`, of independent data).
    """
    columns = ["item", "model", "status", "n_answers", "a", "b", "se_b", "c"]
    both = other.items.select(columns).join(
        run.items.select(columns),
        on="item",
        how="full",
        suffix="_new",
        coalesce=True,
        maintain_order="right_left",
    )
    gone = pl.col("status_new").is_null() | ~pl.col("status_new").is_in(WITH_PARAMETERS)
    absent = pl.col("status").is_null() | ~pl.col("status").is_in(WITH_PARAMETERS)
    spread = (pl.col("se_b") ** 2 + pl.col("se_b_new") ** 2).sqrt()
    moved = ((pl.col("a_new") - pl.col("a")).abs() > 1e-12) | ((pl.col("b_new") - pl.col("b")).abs() > 1e-12)
    return both.with_columns(
        (pl.col("a_new") - pl.col("a")).alias("delta_a"),
        (pl.col("b_new") - pl.col("b")).alias("delta_b"),
        ((pl.col("b_new") - pl.col("b")) / spread).alias("z_b"),
        pl.when(gone & absent)
        .then(pl.lit("without parameters"))
        .when(gone)
        .then(pl.lit("removed"))
        .when(absent)
        .then(pl.lit("added"))
        .when(pl.col("model") != pl.col("model_new"))
        .then(pl.lit("model"))
        .when(moved.fill_null(True))
        .then(pl.lit("moved"))
        .otherwise(pl.lit("same"))
        .alias("change"),
    )
