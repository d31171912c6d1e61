"""From responses to a run: models, priors, anchors, the estimation with its checkpoints, errors, persons, tables."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import polars as pl

from app.calibration.executors import NoCluster, executor
from app.calibration.frames import Data, DataError, Source, read
from app.calibration.parameters import LOGISTIC, MODELS, NOMINAL, Bank
from app.calibration.runs import CHECKPOINT, FORMAT, Run, check_free, save, versions
from irt.calibration import Calibration, Cycle, LatentDistribution, PersonScores, person_scores
from irt.calibration import calibrate as estimate
from irt.classical import components, item_statistics
from irt.errors import IrtError
from irt.estep import Executor, kernels
from irt.mstep import Beta, Kind, LogNormal, Normal, Priors, launch_priors
from irt.responses import Responses
from irt.standard_errors import StandardErrors, standard_errors
from irt.types import FloatArray

Errors = Literal["oakes", "crossprod", "sandwich", "none"]
SETTINGS: Final = (
    "model", "models", "anchors", "group", "reference", "priors", "seed", "points", "bound", "tolerance",
    "max_cycles", "latent", "se", "omitted", "recode", "chunks",
)  # fmt: skip
MIXED: Final = "mixed"
_BETWEEN_CHECKPOINTS: Final = 100
_MOST_FULL: Final = 2500  # free parameters up to which the whole covariance is worth its time
_MOST_FULL_PLAIN: Final = 300  # the same without the extra `fast`


class CalibrationError(ValueError):
    """A calibration that cannot be made of these responses with these settings; says what to do."""


class DisconnectedDesign(CalibrationError):
    """Groups of items that no person connects have no scale in common."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self.groups = tuple(tuple(group) for group in groups)
        told = "; ".join(f"{_some(group)} ({len(group)} items)" for group in self.groups[:4])
        super().__init__(
            f"disconnected design: {len(self.groups)} groups of items share no person: {told}. Calibrate each alone, "
            "or give anchors in every group"
        )


class Spoken(NamedTuple):
    """What a progress bar is told."""

    stage: str
    cycle: int
    objective: float
    largest_change: float


@dataclass(frozen=True)
class Settings:
    """How to calibrate; what `run.json` repeats."""

    model: str = "2pl"
    models: str | None = None
    anchors: str | None = None
    group: str | None = None
    reference: str | None = None
    priors: str = "none"
    seed: int = 1
    points: int = 61
    bound: float = 6.0
    tolerance: float = 1e-4
    max_cycles: int = 2000
    latent: str = "auto"
    se: str = "oakes"
    omitted: str = "wrong"
    recode: bool = False
    chunks: int = 1


def calibrate(
    data: Data | Source,
    model: str = "2pl",
    *,
    models: Mapping[str, str] | str | Path | None = None,
    anchors: Bank | None = None,
    group: str | None = None,
    reference: str | None = None,
    priors: str | Path | Priors = "none",
    expected: Mapping[str, tuple[float, int, int]] | None = None,
    seed: int = 1,
    points: int = 61,
    bound: float = 6.0,
    tolerance: float = 1e-4,
    max_cycles: int = 2000,
    latent: str = "auto",
    se: Errors = "oakes",
    workers: int = 1,
    dask: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: Callable[[Spoken], None] | None = None,
    made: Mapping[str, Any] | None = None,
    **reading: Any,
) -> Run:
    """Calibrate.

    Parameters
    ----------
    data : Data, or what `read` takes (with its keywords in `reading`)
    model : str
        "rasch", "1pl", "2pl", "3pl", "4pl", "grm", "pcm", "gpcm", "rsm", "nrm"; two joined by + for items that are
        right or wrong and items with several scores, such as "3pl+gpcm"; "mixed" is "2pl+gpcm". What `models` says
        of an item goes before.
    models : mapping, or path of a CSV file with the columns item, model and, as far as wanted, categories, b, level,
        options (for the launch priors)
    anchors : Bank, optional
        Items whose parameters are kept; mean and sd of ability are then free.
    group, reference : str, optional
        Column of groups with an ability distribution of their own, and which is the reference.
    priors : "none", "launch", path of a JSON file, or Priors
        "launch": b around its level's mean, a lognormal, c by options; needs `expected` or the columns of `models`. A
        file says, for instance, ``{"a": {"lognormal": [0, 0.5]}, "c": {"beta": [5, 17]}}``.
    expected : mapping, optional
        Of each item: expected difficulty, declared level, number of options.
    seed : int
        Of what draws at random afterwards (simulated nulls of `fit`); the estimation draws nothing.
    se : {"oakes", "crossprod", "sandwich", "none"}
    workers, dask : int, str
        Processes, or the address of a Dask scheduler. The numbers are the same to the last bit.
    out : path, optional
        Folder of the run; without it nothing is written.
    resume : bool
        Go on from the checkpoint of an interrupted run in `out`.

    Returns
    -------
    Run
        Also when it has not converged: `run.converged`, `run.facts["outcome"]["advice"]`.

    Raises
    ------
    DataError, CalibrationError, RunError
    """
    folder = None if out is None else Path(out)
    if folder is not None:
        check_free(folder, resume=resume)
    table = _models_table(models)
    if not isinstance(data, Data):
        stated = {item: row.categories for item, row in table.items() if row.categories}
        reading = {"n_categories": stated or None, "group": group, "reference": reference, **reading}
        data = read(data, **reading)
    settings = Settings(
        model=model,
        models=None if models is None else "table" if isinstance(models, Mapping) else Path(models).name,
        anchors=None if anchors is None else anchors.name or "bank",
        group=group,
        reference=reference,
        priors=priors if isinstance(priors, str) and priors in ("none", "launch")
        else "given" if isinstance(priors, Priors) else Path(priors).name,
        seed=seed, points=points, bound=bound, tolerance=tolerance, max_cycles=max_cycles, latent=latent, se=se,
        omitted=str(reading.get("omitted", "wrong")), recode=bool(reading.get("recode", False)),
        chunks=len(data.parts) if data.chunked else 1,
    )  # fmt: skip
    if se not in ("oakes", "crossprod", "sandwich", "none"):
        raise CalibrationError(f"se must be oakes, crossprod, sandwich or none, is {se}")
    chosen = _chosen(data, model, table)
    held = _anchors(data, anchors)
    cut = data.cut(max(workers, 1)) if dask is None else data.cut(max(workers, 4))
    _check_connected(cut, {data.items[place] for place in held[1]} if held else set())
    own = _priors(priors, data, table, expected)
    try:
        with executor(cut.parts, workers=workers, dask=dask) as run_on:
            found, trace = _estimated(
                cut, chosen, own, held, settings, run_on, folder, resume, progress or _silent
            )
        if progress is not None:
            progress(Spoken("standard errors", len(trace), found.log_likelihood, found.largest_change))
        errors = _errors(found, cut, se)
        if progress is not None:
            progress(Spoken("persons", len(trace), found.log_likelihood, found.largest_change))
        scores = [person_scores(found, _loaded(part)) for part in cut.parts]
    except IrtError as error:
        raise CalibrationError(named(str(error), data.items)) from None
    except NoCluster as error:
        raise CalibrationError(str(error)) from None
    theta = PersonScores(
        np.concatenate([one.theta for one in scores]), np.concatenate([one.se for one in scores])
    )
    run = _run(
        data,
        cut,
        settings,
        chosen,
        set(held[1]) if held else set(),
        found,
        errors,
        theta,
        trace,
        anchors,
        reading,
    )
    if folder is None:
        from app.calibration.runs import canonical_hash

        return replace(run, facts={**run.facts, "content_hash": canonical_hash(run.facts)})
    return save(run, folder, made=made or {})


def _silent(_: Spoken) -> None:
    return None


def named(text: str, items: Sequence[str]) -> str:
    """A message of the mathematics with the items' names in place of their numbers.

    Examples
    --------
    >>> named("item 1 has 3 scores", ["first", "second"])
    'item second has 3 scores'
    """

    def replaced(found: re.Match[str]) -> str:
        numbers = [int(one) for one in found[2].split(", ")]
        if max(numbers) >= len(items):
            return found[0]
        return found[1] + ", ".join(items[number] for number in numbers)

    return re.sub(r"(\bitems? )(\d+(?:, \d+)*)\b", replaced, text)


def _some(names: Iterable[str], most: int = 3) -> str:
    every = list(names)
    return ", ".join(every[:most]) + (", …" if len(every) > most else "")


# What to estimate


class _Row(NamedTuple):
    model: str
    categories: int | None
    expected: tuple[float, int, int] | None


def _models_table(models: Mapping[str, str] | str | Path | None) -> dict[str, _Row]:
    if models is None:
        return {}
    if isinstance(models, Mapping):
        return {item: _Row(_known(model, None), None, None) for item, model in models.items()}
    path = Path(models)
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    text = path.read_text(encoding="utf-8-sig")
    separator = max(";\t,", key=text.split("\n", 1)[0].count)
    rows = {}
    for number, cells in enumerate(csv.DictReader(text.splitlines(), delimiter=separator), start=2):
        item = (cells.get("item") or "").strip()
        if not item:
            raise DataError("an item has no name", row=number, column="item")
        try:
            categories = int(cells["categories"]) if (cells.get("categories") or "").strip() else None
            expected = None
            if (cells.get("b") or "").strip():
                expected = (
                    float(str(cells["b"]).replace(",", ".")),
                    int(cells.get("level") or 0),
                    int(cells.get("options") or 0),
                )
        except ValueError:
            raise DataError(
                "categories, level and options are whole numbers, b is a number", row=number
            ) from None
        rows[item] = _Row(_known((cells.get("model") or "").strip().lower(), number), categories, expected)
    return rows


def _known(model: str, row: int | None) -> str:
    if model and model not in MODELS:
        raise DataError(f"unknown model {model}; there are {', '.join(MODELS)}", row=row, column="model")
    return model


def _chosen(data: Data, model: str, table: Mapping[str, _Row]) -> list[str]:
    names = {MIXED: "2pl+gpcm"}.get(model, model).split("+")
    unknown = [name for name in names if name not in MODELS]
    if unknown or len(names) > 2 or (len(names) == 2 and (names[0] not in LOGISTIC or names[1] in LOGISTIC)):
        raise CalibrationError(
            f"unknown model {model}; there are {', '.join(MODELS)}, mixed, and one for right or wrong with one for "
            "several scores, such as 3pl+gpcm"
        )
    chosen = []
    for item, count in zip(data.items, data.n_categories, strict=True):
        own = table[item].model if item in table else ""
        name = own or names[-1 if count > 2 else 0]
        if name in LOGISTIC and count > 2:
            raise CalibrationError(
                f"item {item} has {count} scores, {name} is a model of right or wrong: say {name}+gpcm or {name}+grm, "
                "or give a file of models"
            )
        chosen.append(name)
    return chosen


def _anchors(data: Data, anchors: Bank | None) -> tuple[Bank, list[int]] | None:
    if anchors is None:
        return None
    place = {item: number for number, item in enumerate(data.items)}
    common = [item for item in anchors.items if item in place]
    if not common:
        raise CalibrationError(f"none of the {len(anchors.items)} anchors is in the data")
    bank = anchors.take(common)
    for row in bank.rows:
        if row.n_categories != data.n_categories[place[row.item]]:
            raise CalibrationError(
                f"anchor {row.item} has {row.n_categories} scores, {data.n_categories[place[row.item]]} in the data"
            )
    return bank, [place[item] for item in common]


def _check_connected(data: Data, anchored: set[str]) -> None:
    """Groups of items over all parts; each with an anchor is on the anchors' scale."""
    root = list(range(len(data.items)))

    def top(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    seen: set[int] = set()
    for part in data.parts:
        for group in components(_loaded(part)):
            own = group.tolist()
            seen.update(own)
            for item in own[1:]:
                root[top(item)] = top(own[0])
    groups: dict[int, list[str]] = {}
    for place in sorted(seen):
        groups.setdefault(top(place), []).append(data.items[place])
    loose = [group for group in groups.values() if not anchored.intersection(group)]
    if len(groups) > 1 and loose:
        raise DisconnectedDesign(sorted(groups.values(), key=len, reverse=True))


def _loaded(part: Any) -> Responses:
    return part if isinstance(part, Responses) else part()


def _priors(
    priors: str | Path | Priors,
    data: Data,
    table: Mapping[str, _Row],
    expected: Mapping[str, tuple[float, int, int]] | None,
) -> Priors | None:
    if isinstance(priors, Priors):
        return priors
    if priors == "none":
        return None
    if priors == "launch":
        known = {item: row.expected for item, row in table.items() if row.expected} | dict(expected or {})
        lacking = [item for item in data.items if item not in known]
        if lacking:
            raise CalibrationError(
                f"launch priors need the expected difficulty of every item; {_some(lacking)} has none in the bank or "
                "in the file of models (columns b, level, options)"
            )
        rows = [known[item] for item in data.items]
        levels = sorted({row[1] for row in rows})
        return launch_priors(
            [row[0] for row in rows], [row[2] for row in rows], [levels.index(row[1]) for row in rows]
        )
    path = Path(priors)
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        return Priors(**{name: _density(name, value) for name, value in stated.items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CalibrationError(f"priors {path}: {error}") from None


def _density(name: str, value: Mapping[str, Sequence[float]]) -> Any:
    ((kind, numbers),) = value.items()
    made = {"normal": Normal, "lognormal": LogNormal, "beta": Beta}.get(kind)
    if name not in ("a", "b", "c", "d") or made is None or len(numbers) != 2:
        raise ValueError(f"{name}: expected a, b, c or d with normal, lognormal or beta and two numbers")
    return made(float(numbers[0]), float(numbers[1]))


# The estimation, in stretches between checkpoints


def _estimated(
    data: Data,
    chosen: Sequence[str],
    priors: Priors | None,
    held: tuple[Bank, list[int]] | None,
    settings: Settings,
    run_on: Executor,
    folder: Path | None,
    resume: bool,
    progress: Callable[[Spoken], None],
) -> tuple[Calibration, FloatArray]:
    key = f"{data.content_hash}{settings}"
    trace: list[float] = []

    def stretch(cycles: int, start: Calibration | None) -> Calibration:
        done = len(trace)

        def told(cycle: Cycle) -> None:
            progress(Spoken("estimation", done + cycle.number, cycle.objective, cycle.largest_change))

        return estimate(
            data.parts,
            list(chosen),
            priors=priors,
            fixed=None if held is None else held[0].parameters,
            fixed_items=None if held is None else held[1],
            latent=settings.latent,  # type: ignore[arg-type]
            n_quadrature=settings.points,
            bound=settings.bound,
            tolerance=settings.tolerance,
            max_cycles=cycles,
            start=start,
            executor=run_on,
            progress=told,
        )

    found: Calibration | None = None
    if folder is not None and resume and (folder / CHECKPOINT).exists():
        found, earlier = _restored(folder / CHECKPOINT, key, stretch(1, None))
        trace += earlier
    while found is None or not (found.converged or len(trace) >= settings.max_cycles):
        found = stretch(min(_BETWEEN_CHECKPOINTS, settings.max_cycles - len(trace)), found)
        trace += found.trace.tolist()
        if folder is not None and not found.converged:
            _store(folder / CHECKPOINT, key, found, trace)
    return found, np.array(trace)


def _store(path: Path, key: str, found: Calibration, trace: Sequence[float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {f"natural_{number}": x for number, x in enumerate(found.natural)}
    temporary = path.with_suffix(".part.npz")
    np.savez(
        temporary,
        key=np.array(key),
        trace=np.array(trace),
        mean=found.ability.mean,
        sd=found.ability.sd,
        **arrays,
    )
    temporary.rename(path)


def _restored(path: Path, key: str, blank: Calibration) -> tuple[Calibration, list[float]]:
    with np.load(path) as stored:
        if str(stored["key"]) != key:
            raise CalibrationError("the unfinished run had other data or settings: name another folder")
        natural = tuple(stored[f"natural_{number}"] for number in range(len(blank.natural)))
        ability = LatentDistribution(stored["mean"], stored["sd"], blank.ability.log_weight)
        return replace(blank, natural=natural, ability=ability, converged=False), stored["trace"].tolist()


def _errors(found: Calibration, data: Data, kind: Errors) -> StandardErrors:
    if kind == "none":
        blocks = tuple(np.zeros((len(x), x.shape[1], x.shape[1])) for x in found.natural)
        return StandardErrors(found, "oakes", None, blocks, np.zeros(0), True)
    most = _MOST_FULL if kernels() is not None else _MOST_FULL_PLAIN
    return standard_errors(found, data.parts, kind, full=found.n_parameters <= most)


# The run


def _run(
    data: Data,
    cut: Data,
    settings: Settings,
    chosen: Sequence[str],
    fixed: set[int],
    found: Calibration,
    errors: StandardErrors,
    theta: PersonScores,
    trace: FloatArray,
    anchors: Bank | None,
    reading: Mapping[str, Any],
) -> Run:
    models = list(chosen)
    if anchors is not None:
        given = {row.item: row.model for row in anchors.rows}
        models = [given[item] if place in fixed else models[place] for place, item in enumerate(data.items)]
    items = _item_table(data, models, fixed, found, errors, theta)
    status = dict(zip(items["item"].to_list(), items["status"].to_list(), strict=True))
    blocks = _vector_blocks(found, errors) if settings.se != "none" else {}
    counts = np.concatenate([_loaded(part).counts for part in cut.parts])
    group = np.concatenate([_loaded(part).group for part in cut.parts])
    weight = np.concatenate([_loaded(part).weight for part in cut.parts])
    persons = pl.DataFrame(
        {
            "person": list(data.persons),
            "group": [data.groups[number] for number in group.tolist()]
            if data.groups
            else [None] * len(group),
            "n_answers": counts,
            "weight": weight,
            "theta": theta.theta,
            "se": theta.se,
        },
        schema_overrides={"group": pl.String},
    )
    means = list(errors.ability) if len(errors.ability) else []
    ability = []
    for number, name in enumerate(data.groups or ("",)):
        free_mean, free_sd = bool(found.free_mean[number]), bool(found.free_sd[number])
        place_mean = sum(found.free_mean[:number])
        place_sd = sum(found.free_mean) + sum(found.free_sd[:number])
        ability.append(
            {
                "group": name or None,
                "persons": float(weight[group == number].sum()),
                "mean": float(found.ability.mean[number]),
                "sd": float(found.ability.sd[number]),
                "se_mean": _plain(means[place_mean]) if means and free_mean else None,
                "se_sd": _plain(means[place_sd]) if means and free_sd else None,
            }
        )
    reliability = float(1 - np.mean(theta.se**2) / (np.var(theta.theta) + np.mean(theta.se**2)))
    advice = named(found.advice, data.items)
    facts = {
        "format": FORMAT,
        "kind": "calibration",
        "data": {
            "source": data.source,
            "hash": data.content_hash,
            "persons": len(counts),
            "items": list(data.items),
            "answers": int(counts.sum()),
            "n_categories": list(data.n_categories),
            "groups": list(data.groups),
            "columns": dict(reading.get("columns") or {}) if data.chunked else {},
            "omitted": settings.omitted,
            "metadata": dict(data.metadata),
        },
        "settings": {name: getattr(settings, name) for name in SETTINGS},
        "versions": versions(),
        "outcome": {
            "converged": found.converged,
            "advice": advice,
            "cycles": len(trace),
            "largest_change": found.largest_change,
            "standard_errors": None if settings.se == "none" else "full" if errors.covariance is not None else "blocks",
            "information_positive_definite": errors.positive_definite,
            "exclusions": [
                *({"reason": left.reason, "count": left.count, "items": list(left.items)} for left in data.left),
                *(
                    {"reason": one.reason, "count": 1, "items": [data.items[one.number]]}
                    if one.kind == "item"
                    else {"reason": one.reason, "count": one.number, "items": []}
                    for one in found.exclusions
                ),
            ],
            "flags": [{"item": data.items[flag.item], "problem": flag.problem} for flag in found.flags],
        },
        "fit": {
            "log_likelihood": found.log_likelihood,
            "log_prior": found.log_prior,
            "parameters": found.n_parameters,
            "aic": found.aic,
            "bic": found.bic,
            "sabic": found.sabic,
            "reliability": reliability,
        },
        "ability": ability,
        "level_means": found.level_means.tolist(),
        "items": dict(Counter(status.values())),
    }  # fmt: skip
    return Run(
        facts=facts,
        items=items,
        persons=persons,
        trace=trace,
        blocks={
            data.items[place]: block
            for place, block in blocks.items()
            if status[data.items[place]] != "reversed"
        },
        covariance=errors.covariance,
        nodes=found.nodes,
        log_weight=found.ability.log_weight,
        own_data=data,
    )


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _item_table(
    data: Data,
    models: Sequence[str],
    fixed: set[int],
    found: Calibration,
    errors: StandardErrors,
    theta: PersonScores,
) -> pl.DataFrame:
    traditional: dict[int, dict[str, tuple[float, float]]] = {}
    for one in errors.parameter_rows():
        traditional.setdefault(one.item, {})[one.name] = (one.value, one.se)
    natural: dict[int, list[tuple[str, float, float]]] = {}
    for one in errors.rows():
        natural.setdefault(one.item, []).append((one.name, one.value, one.se))
    reasons = {one.number: one.reason for one in found.exclusions if one.kind == "item"}
    flags: dict[int, list[str]] = {}
    for flag in found.flags:
        flags.setdefault(flag.item, []).append(flag.problem)
    counts, means, correlations = _classical(data, theta)
    rows = []
    for place, item in enumerate(data.items):
        own = traditional.get(place, {})
        values = {name: pair[0] for name, pair in own.items()}
        spread = {name: pair[1] for name, pair in own.items()}
        status = "excluded" if place in reasons or not own else "fixed" if place in fixed else "estimated"
        model = models[place]
        if status == "estimated" and model != NOMINAL and not values["a"] > 0:
            status = "reversed"
        steps = [name for name in values if re.fullmatch(r"b\d+", name)]
        slopes = [values[name] for name in values if re.fullmatch(r"s\d+", name)]
        intercepts = [values[name] for name in values if re.fullmatch(r"d\d+", name)]
        nominal = model == NOMINAL and bool(own)
        in_form = natural.get(place, [])
        rows.append(
            {
                "item": item,
                "model": model,
                "status": status,
                "reason": reasons.get(place),
                "flags": flags.get(place, []),
                "n_categories": data.n_categories[place],
                "n_answers": int(counts[place]),
                "mean": _plain(means[place]),
                "correlation": _plain(correlations[place]),
                "a": _plain(values.get("a", np.nan)),
                "se_a": _plain(spread.get("a", np.nan)),
                "b": _plain(
                    values.get("b", float(np.mean([values[name] for name in steps])) if steps else np.nan)
                ),
                "se_b": _plain(spread.get("b", np.nan)),
                "c": _plain(values.get("c", 0.0 if model in LOGISTIC and own else np.nan)),
                "se_c": _plain(spread.get("c", np.nan)),
                "d": _plain(values.get("d", 1.0 if model in LOGISTIC and own else np.nan)),
                "se_d": _plain(spread.get("d", np.nan)),
                "thresholds": [values[name] for name in steps],
                "se_thresholds": [_plain(spread[name]) for name in steps],
                "slopes": [0.0, *slopes] if nominal else [],
                "intercepts": [0.0, *intercepts] if nominal else [],
                "names": [name for name, _, _ in in_form],
                "estimates": [value for _, value, _ in in_form],
                "standard_errors": [_plain(error) for _, _, error in in_form],
            }
        )
    listed = {
        name: pl.List(pl.Float64)
        for name in ("thresholds", "se_thresholds", "slopes", "intercepts", "estimates", "standard_errors")
    }
    numbers = dict.fromkeys(
        ("mean", "correlation", "a", "se_a", "b", "se_b", "c", "se_c", "d", "se_d"), pl.Float64
    )
    texts: dict[str, Any] = {
        "item": pl.String,
        "model": pl.String,
        "status": pl.String,
        "reason": pl.String,
        "flags": pl.List(pl.String),
        "names": pl.List(pl.String),
    }
    return pl.DataFrame(rows, schema_overrides={**listed, **numbers, **texts})


def _classical(data: Data, theta: PersonScores) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Answers, mean as a share of the maximum, and correlation with the rest score (with theta on incomplete rows)."""
    if not data.chunked:
        answers = data.responses
        found = item_statistics(answers, None if answers.complete else theta.theta)
        return found.n_answers.astype(np.float64), found.mean, found.correlation
    n_items, complete, first = len(data.items), True, 0
    counts, totals, squares = np.zeros((3, n_items))
    sums = np.zeros((2, 3, n_items))  # of theta and of the rest score; its square, its product with the score
    centre = (float(np.nanmean(theta.theta)), 0.0)
    for part in data.parts:
        answers = _loaded(part)
        score, item = answers.score.astype(np.float64), answers.item
        persons = np.repeat(np.arange(answers.n_persons), answers.counts)
        whole = np.bincount(persons, score, answers.n_persons)
        complete = complete and answers.complete
        if not first:
            centre = (centre[0], float(whole.mean()))  # near the mean, so that squares lose no digits
        counts += np.bincount(item, minlength=n_items)
        totals += np.bincount(item, score, n_items)
        squares += np.bincount(item, score**2, n_items)
        for own, other in enumerate((theta.theta[first:][persons], whole[persons] - score)):
            away = other - centre[own]
            for row, value in enumerate((away, away**2, away * score)):
                sums[own, row] += np.bincount(item, value, n_items)
        first += answers.n_persons
    most = np.array(data.n_categories) - 1.0
    linear, square, product = sums[int(complete)]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = totals / counts
        spread = np.sqrt((squares / counts - mean**2) * (square / counts - (linear / counts) ** 2))
        correlation = np.where(spread > 1e-12, (product / counts - mean * linear / counts) / spread, np.nan)
        return counts, mean / most, correlation


def _vector_blocks(found: Calibration, errors: StandardErrors) -> dict[int, FloatArray]:
    """Covariance of each item in the order of `irt.linking.parameter_vector`; zeros for what was not estimated."""
    usual = errors.item_covariances()
    blocks: dict[int, FloatArray] = {}
    for family, own in zip(found.families, errors.blocks, strict=True):
        count = family.n_categories
        for row, item in enumerate(family.items.tolist()):
            if family.kind is Kind.LOGISTIC:
                block = np.zeros((4, 4))
                size = len(usual[item])
                block[:size, :size] = usual[item]
            elif family.kind is Kind.GRADED:
                block = usual[item]
            else:
                turn = np.zeros((2 * count, own.shape[1]))
                if family.kind is Kind.DIVIDED:
                    turn[:count, 0] = np.arange(count)
                    turn[count + 1 :, 1:] = np.eye(count - 1)
                else:
                    turn[1:count, : count - 1] = np.eye(count - 1)
                    turn[count + 1 :, count - 1 :] = np.eye(count - 1)
                block = turn @ own[row] @ turn.T
            blocks[item] = block
    return blocks
