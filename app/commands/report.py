"""The report of a simulation: one HTML file in Palier's look that needs nothing else, not even a network.

The same command on the same content writes the same file: no clock, no speed, no machine.
"""

from __future__ import annotations

import base64
import math
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy
from markupsafe import Markup, escape
from numpy.typing import ArrayLike

from app.commands.plots import Cells, Level, Series, Span, bars, figure, lines, matrix, number, spans, table
from app.web.palette import STATIC
from irt.models import information
from irt.policy import Policy
from irt.recovery import Recovery, inside_normal, inside_posterior, recovery
from irt.simulate import Simulation, Sittings, summarise
from irt.types import BoolArray, FloatArray
from item_bank.blueprint import CompiledDesign
from item_bank.design import Scope
from item_bank.release import Release

_THETA: Final = np.linspace(-4, 4, 81)
_EDGES: Final = np.arange(-2.75, 3.0, 0.5)
_COVERAGE: Final = 0.90
CONFIDENCE: Final = 0.95  # of the intervals by which the design is judged


@dataclass(frozen=True, eq=False)
class Run:
    """What was simulated, and what came out."""

    release: Release
    compiled: CompiledDesign
    policy: Policy
    result: Simulation
    seed: int
    mean: float  # of true theta
    sd: float
    profession: str | None
    available: BoolArray | None
    against: Mapping[str, Simulation]  # other policies, same learners and luck


def page(run: Run) -> str:
    """The whole file."""
    design = run.compiled.design
    title = f"{design.id}, {len(run.result.sittings.truth):,} simulated learners"
    sections = Markup("\n").join(
        [
            _bank(run),
            _error(run),
            _precision(run),
            _coverage(run),
            _levels(run),
            _length(run),
            _exposure(run),
            _blueprint(run),
            *([_against(run)] if run.against else []),
            _settings(run),
        ]
    )
    return document(title, "simulation report", _summary(run), sections)


def document(title: str, kind: str, summary: Markup, sections: Markup) -> str:
    """A whole page that needs nothing else: bar, title, summary, sections."""
    mark = (
        '<svg viewBox="0 0 28 28" aria-hidden="true"><path class="mark-stairs" d="M2 25V19.5h8V13h8V6.5h8"/>'
        '<circle class="mark-dot" cx="22" cy="2.9" r="2.6"/></svg>'
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Palier: {escape(title)}</title><style>{_style()}</style></head><body>"
        f'<header class="bar"><div class="line"><span class="mark">{mark} Palier</span>'
        f'<span class="soft">{escape(kind)}</span></div></header>'
        f'<main class="sheet"><section><h1>{escape(title)}</h1>{summary}</section>\n{sections}</main>'
        f"</body></html>\n"
    )


def _style() -> str:
    """The style sheet of every page with its upright font inside, and the report's own rules."""
    sheet = (STATIC / "css" / "palier.css").read_text(encoding="utf-8")
    font = STATIC / "fonts" / "atkinson-hyperlegible-next-latin-wght-normal.woff2"
    inside = f"url(data:font/woff2;base64,{base64.b64encode(font.read_bytes()).decode()})"
    sheet = re.sub(r"url\(\S*-normal\.woff2\)", inside, sheet)
    sheet = re.sub(r"@font-face \{[^}]*url\(\.\.[^}]*\}\n?", "", sheet)
    return sheet + (Path(__file__).parent / "report.css").read_text(encoding="utf-8")


def _summary(run: Run) -> Markup:
    result = run.result
    facts = (
        ("RMSE", f"{number(result.rmse)} logit"),
        ("Bias", f"{number(result.bias)} logit"),
        ("Mean standard error", f"{number(result.mean_se)} logit"),
        (f"Inside the {_COVERAGE:.0%} interval", f"{result.coverage:.1%}"),
        ("Exact level", f"{result.classification_accuracy:.1%}"),
        ("Level or its neighbour", f"{result.adjacent_accuracy:.1%}"),
        ("Items, mean", number(result.mean_length, 1)),
        ("Highest exposure", f"{result.max_exposure:.1%}"),
        ("Broken rows", str(result.blueprint_violations)),
    )
    entries = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return Markup(f'<dl class="figures">{entries}</dl>')  # noqa: S704 - texts are escaped


def _items(run: Run) -> BoolArray:
    return np.ones(len(run.release), dtype=np.bool_) if run.available is None else run.available


def _bank(run: Run) -> Markup:
    total: FloatArray = information(run.policy.parameters, _THETA)[:, _items(run)].sum(axis=1)
    se = 1 / np.sqrt(total)
    x_label = "true ability, logits"
    about = f"All {int(_items(run).sum())} items that may be asked, together."
    shown = range(0, len(_THETA), 5)
    plot = lines(
        _THETA.tolist(),
        [Series("information", total.tolist())],
        x_label=x_label,
        y_label="information",
        alternative=f"Information of the bank, highest near {_THETA[int(total.argmax())]:.1f} logits.",
        floor=0.0,
        marks=False,
    )
    other = lines(
        _THETA.tolist(),
        [Series("standard error", se.tolist())],
        x_label=x_label,
        y_label="standard error, logits",
        alternative=f"Standard error if every item were answered, from {se.min():.2f} to {se.max():.2f} logit.",
        floor=0.0,
        marks=False,
    )
    return figure(
        "Information of the bank",
        f"{about} A test sees a few of them only.",
        plot,
        Cells(
            ("ability", "information"), [(number(_THETA[k], 1), number(float(total[k]), 2)) for k in shown]
        ),
    ) + figure(
        "Standard error of the bank",
        "One over the root of the information: what answering every item would give, without a prior.",
        other,
        Cells(("ability", "standard error"), [(number(_THETA[k], 1), number(float(se[k]))) for k in shown]),
    )


def _by_ability(run: Run) -> tuple[list[float], list[int], Simulation]:
    """Conditional results in bands of half a logit."""
    fine = summarise(run.policy, run.result.sittings, _EDGES, None)
    return fine.conditional.theta.tolist(), fine.conditional.n_persons.tolist(), fine


_BANDS: Final = "in bands of half a logit of true ability; the first and the last band are open"


def _conditional(
    run: Run,
    title: str,
    words: str,
    y_label: str,
    columns: Mapping[str, str],
    *,
    levels: tuple[Level, ...] = (),
    floor: float | None = None,
    ceiling: float | None = None,
) -> Markup:
    """A figure of some conditional results: `columns` names the fields of `Conditional`."""
    theta, persons, fine = _by_ability(run)
    series = [Series(label, getattr(fine.conditional, field).tolist()) for field, label in columns.items()]
    rows = [
        (number(own, 2), f"{count:,}", *(number(one.values[place]) for one in series))
        for place, (own, count) in enumerate(zip(theta, persons, strict=True))
    ]
    plot = lines(
        theta if len(theta) > 1 else [theta[0] - 0.5, theta[0] + 0.5],
        series if len(theta) > 1 else [Series(one.label, [one.values[0]] * 2) for one in series],
        x_label="true ability, logits",
        y_label=y_label,
        alternative=f"{title} {_BANDS}; the table below holds the values.",
        levels=levels,
        floor=floor,
        ceiling=ceiling,
    )
    heads = ("true ability, mean", "learners", *(one.label for one in series))
    return figure(title, f"{words} Shown {_BANDS}.", plot, Cells(heads, rows))


def _error(run: Run) -> Markup:
    return _conditional(
        run,
        "Bias by ability",
        "Mean of estimate minus truth. The posterior mean (EAP) leans towards the middle of the prior; Warm's "
        "weighted likelihood estimate (WLE) leans less, at the price of a larger spread.",
        "bias, logits",
        {"bias": "EAP", "wle_bias": "WLE"},
        levels=(Level(0.0, "no bias"),),
    )


def _precision(run: Run) -> Markup:
    return _conditional(
        run,
        "Standard error and RMSE by ability",
        "The standard error is what a result claims (posterior standard deviation), the RMSE what happened.",
        "logits",
        {"se": "standard error", "rmse": "RMSE, EAP", "wle_rmse": "RMSE, WLE"},
        floor=0.0,
    )


def recoveries(sittings: Sittings, edges: ArrayLike = _EDGES) -> dict[str, Recovery]:
    """EAP and WLE beside the truth with their 95 % intervals: by ability, and all together (`edges` empty)."""
    truth = sittings.truth
    by_posterior = inside_posterior(sittings.below, CONFIDENCE)
    by_likelihood = inside_normal(truth, sittings.wle, sittings.wle_se, CONFIDENCE)
    return {
        "eap": recovery(truth, sittings.theta, sittings.se, by_posterior, edges=edges),
        "wle": recovery(truth, sittings.wle, sittings.wle_se, by_likelihood, edges=edges),
    }


def recovery_facts(sittings: Sittings) -> dict[str, Any]:
    """The same for a program: each estimator's figures for everybody and by true ability."""
    everybody, by_ability = recoveries(sittings, ()), recoveries(sittings)
    return {"interval": CONFIDENCE} | {
        name: {"all": next(iter(_rows(everybody[name])), None), "by_theta": _rows(own)}
        for name, own in by_ability.items()
    }


def _rows(found: Recovery) -> list[dict[str, float | int | None]]:
    columns = [column.tolist() for column in found]
    return [
        {
            name: value if isinstance(value, int) or math.isfinite(value) else None
            for name, value in zip(found._fields, row, strict=True)
        }
        for row in zip(*columns, strict=True)
    ]


def _coverage(run: Run) -> Markup:
    sat = run.result.sittings
    theta, _, fine = _by_ability(run)
    by_ability, everybody = recoveries(sat), recoveries(sat, ())
    # Persons without answers have no WLE; its bands are then fewer than those of the EAP.
    own = {
        name: dict(zip(found.theta.tolist(), found.coverage.tolist(), strict=True))
        for name, found in by_ability.items()
    }
    series = [Series("EAP, 90 %", fine.conditional.coverage.tolist())]
    series += [
        Series(f"{name.upper()}, 95 %", [shares.get(place, math.nan) for place in theta])
        for name, shares in own.items()
    ]
    heads = ["estimate", "true ability, mean", "learners", "bias", "± (95 %)", "standard error", "RMSE"]
    heads += ["inside the 95 % interval", "from", "to"]
    rows = [
        _recovery_row(name, row, all_abilities=found is everybody[name])
        for name in by_ability
        for found in (by_ability[name], everybody[name])
        for row in zip(*(column.tolist() for column in found), strict=True)
    ]
    shares = " and ".join(
        f"{name.upper()} {found.coverage[0]:.1%}" for name, found in everybody.items() if len(found.coverage)
    )
    prior = run.policy.rules.prior
    drawn = (
        "the prior" if (run.mean, run.sd) == (prior.mean, prior.sd) else "another population than the prior"
    )
    return figure(
        "Coverage by ability",
        "Share of learners whose true ability lies inside their interval: the credible interval of the EAP, and "
        f"Warm's estimate plus or minus its standard errors. At 95 %, over all learners, drawn from {drawn}: "
        f"{shares}. A credible interval is right on average over the prior, not at each ability: far from the "
        f"middle it leans as the EAP does. Shown {_BANDS}; in the table, the standard error is the root mean "
        "square of those reported.",
        lines(
            theta if len(theta) > 1 else [theta[0] - 0.5, theta[0] + 0.5],
            series if len(theta) > 1 else [Series(one.label, [one.values[0]] * 2) for one in series],
            x_label="true ability, logits",
            y_label="share",
            alternative=f"Coverage of three intervals {_BANDS}; the table below holds the values.",
            levels=(Level(_COVERAGE, "90 %"), Level(CONFIDENCE, "95 %")),
            floor=min(0.8, *(value for one in series for value in one.values if math.isfinite(value))),
            ceiling=1.01,
        ),
        Cells(heads, rows),
    )


def _recovery_row(name: str, row: Sequence[float], *, all_abilities: bool) -> list[str]:
    theta, persons, bias, bias_error, se, rmse, coverage, low, high = row
    place = "all" if all_abilities else number(theta, 2)
    figures = [number(value) for value in (bias, 1.96 * bias_error, se, rmse)]
    return [
        name.upper(),
        place,
        f"{persons:,}",
        *figures,
        *(f"{share:.1%}" for share in (coverage, low, high)),
    ]


def _levels(run: Run) -> Markup:
    names = [level.label for level in run.release.framework.certification_levels]
    sat, count = run.result.sittings, len(names)
    counts = np.zeros((count, count), dtype=np.int64)
    np.add.at(counts, (sat.true_level, sat.level), 1)
    people = counts.sum(axis=1, keepdims=True)
    shares = np.where(people > 0, counts / np.maximum(people, 1), np.nan)
    result = run.result
    return figure(
        "Level given and true level",
        f"The exact level is given to {result.classification_accuracy:.1%} of the learners, it or a neighbour to "
        f"{result.adjacent_accuracy:.1%}; the right side of the first cut to {result.pass_accuracy:.1%}. The "
        f"posteriors themselves claim {result.expected_accuracy:.1%} for the exact level.",
        matrix(
            names,
            shares.tolist(),
            across="level given",
            down="true level",
            alternative="Shares of each true level that were given each level; the table below holds the counts.",
        ),
        Cells(
            ("true level", *(f"given {name}" for name in names), "learners"),
            [
                (name, *(f"{one:,}" for one in own), f"{sum(own):,}")
                for name, own in zip(names, counts.tolist(), strict=True)
            ],
        ),
    )


def _length(run: Run) -> Markup:
    length = run.result.sittings.length
    least, most = int(length.min()), int(length.max())
    counts = np.bincount(length, minlength=most + 1)[least:]
    places = list(range(least, most + 1))
    shares = (counts / len(length)).tolist()
    stopped = ", ".join(f"{number:,} by {reason.value}" for reason, number in run.result.reasons.items())
    return figure(
        "Length",
        f"{number(run.result.mean_length, 1)} items on average. Stopped: {stopped}.",
        bars(
            places,
            shares,
            x_label="items",
            y_label="share of learners",
            alternative=f"Lengths from {least} to {most} items.",
        ),
        Cells(
            ("items", "learners", "share"),
            [
                (place, f"{count:,}", f"{share:.1%}")
                for place, count, share in zip(places, counts.tolist(), shares, strict=True)
            ],
        ),
    )


def _exposure(run: Run) -> Markup:
    used = run.result.exposure
    order = np.argsort(-used.rates, kind="stable")
    rates = used.rates[order].tolist()
    target = run.compiled.design.exposure.target
    levels = [Level(used.floor, f"mean {used.floor:.1%}")]
    if run.compiled.design.exposure.eligibility:
        levels.append(Level(target, f"target {target:.0%}"))
    return figure(
        "Exposure of the items",
        f"Share of the learners who were given each item, from the most used on. Highest {used.highest:.1%}; "
        f"{used.unused} of {len(rates)} items were never given; two learners share {used.overlap:.1%} of their items.",
        lines(
            [float(place + 1) for place in range(len(rates))],
            [Series("rate", rates)],
            x_label="items, from the most used to the least",
            y_label="exposure rate",
            alternative=f"Sorted exposure rates of {len(rates)} items, from {rates[0]:.1%} to {rates[-1]:.1%}.",
            levels=levels,
            floor=0.0,
            marks=False,
        ),
        Cells(
            ("item", "rate"),
            [
                (run.release.item_ids[item], f"{rate:.1%}")
                for item, rate in zip(order.tolist(), rates, strict=True)
            ],
        ),
    )


def _blueprint(run: Run) -> Markup:
    release, given = run.release, run.result.sittings.items
    asked = given >= 0
    people = np.nonzero(asked)[0]
    rows: list[Span] = []
    names: list[str] = []
    parts = (
        (Scope.DOMAIN, release.domain, [(one.id, one.heading) for one in release.framework.domains]),
        (
            Scope.COMPETENCE,
            release.competence,
            [(one.id, one.heading) for domain in release.framework.domains for one in domain.competences],
        ),
    )
    for scope, place, nodes in parts:
        counts = np.zeros((len(given), len(nodes)), dtype=np.int64)
        np.add.at(counts, (people, place[given[asked]]), 1)
        for column, (node, heading) in enumerate(nodes):
            own = counts[:, column]
            low, high = run.compiled.design.bounds(scope, node)
            rows.append(Span(node, float(own.mean()), int(own.min()), int(own.max()), low, high))
            names.append(f"{node} {heading}")
    broken, relaxed = run.result.blueprint_violations, run.result.relaxed
    return figure(
        "Blueprint",
        f"Items of each domain and competence in a test: the mean, the least and the most seen, and the bounds of the "
        f"design as a pale band. {broken:,} broken rows, {relaxed:,} steps with a relaxed row.",
        spans(rows, alternative="Items per domain and competence; the table below holds the values."),
        Cells(
            ("part", "mean", "least", "most", "minimum", "maximum"),
            [
                (name, number(row.mean, 2), row.least, row.most, row.low, row.high)
                for name, row in zip(names, rows, strict=True)
            ],
        ),
    )


def _against(run: Run) -> Markup:
    policies = {run.compiled.design.id: run.result, **run.against}
    rows = [
        (
            name,
            number(one.rmse),
            number(one.bias),
            number(one.mean_se),
            number(one.mean_length, 1),
            f"{one.classification_accuracy:.1%}",
            f"{one.max_exposure:.1%}",
            f"{one.exposure.overlap:.1%}",
        )
        for name, one in policies.items()
    ]
    heads = (
        "policy",
        "RMSE",
        "bias",
        "standard error",
        "items",
        "exact level",
        "highest exposure",
        "overlap",
    )
    words = "The same bank, the same learners, the same answer of a learner to an item under every policy."
    return Markup("<section><h2>Other policies</h2><p class=soft>{}</p>{}</section>").format(
        words, table(Cells(heads, rows), "Policies")
    )


def _settings(run: Run) -> Markup:
    design, release = run.compiled.design, run.release
    stopping = design.stopping
    rule = "full length"
    if stopping.tests:
        reasons = " or ".join(
            f"{test.rule} ({', '.join(f'{name.replace(chr(95), chr(32))} {value:g}' for name, value in test.values)})"
            for test in stopping.tests
        )
        rule = f"{reasons}, from {stopping.minimum_length} items on"
    exposure = design.exposure
    source = "provisional parameters (expert judgement)" if release.provisional else "calibrated parameters"
    command = f"palier simulate {design.id} --learners {len(run.result.sittings.truth)} --seed {run.seed}"
    command += f" --mean {run.mean:g} --sd {run.sd:g}"
    command += f" --profession {run.profession}" if run.profession else ""
    command += " --against pix" if run.against else ""
    cuts = ", ".join(number(cut, 2) for cut in release.framework.cuts)
    rows = [
        ("command", command),
        ("learners", f"{len(run.result.sittings.truth):,}, true ability N({run.mean:g}, {run.sd:g})"),
        ("seed", run.seed),
        ("profession", run.profession or "all"),
        ("length", design.length),
        ("stopping", rule),
        ("criterion", run.policy.rules.criterion.value),
        ("prior", f"N({run.policy.rules.prior.mean:g}, {run.policy.rules.prior.sd:g})"),
        (
            "randomesque",
            ", ".join(map(str, design.selection.randomesque)) if design.selection.randomesque else "none",
        ),
        ("testlets", "preferred" if design.selection.prefer_testlets else "by their information"),
        ("exposure control", f"eligibility, target {exposure.target:g}" if exposure.eligibility else "none"),
        ("cut scores", cuts + (" (placeholders)" if release.framework.cuts_are_placeholders else "")),
        ("bank", f"{len(release)} items, {int(_items(run).sum())} may be asked, {source}"),
        ("bank content hash", release.content_hash),
        ("Palier", version("palier")),
        ("Python", platform.python_version()),
        ("numpy", np.__version__),
        ("scipy", scipy.__version__),
    ]
    return Markup("<section><h2>Settings</h2>{}</section>").format(
        table(Cells(("setting", "value"), rows), "What was simulated", figures=False)
    )
