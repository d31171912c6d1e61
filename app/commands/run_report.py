"""The report of a calibration: one HTML file in Palier's look, complete without a network or a script.

Most important first: what promoting would change, which items want a look and why, then the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from markupsafe import Markup, escape
from scipy.special import ndtr

from app.calibration.parameters import NOMINAL, OneItem
from app.calibration.runs import Run
from app.calibration.workshop import UNLIKELY, Drifted, Fit, told
from app.commands.plots import (
    Cells,
    Level,
    Point,
    Series,
    figure,
    histogram,
    lines,
    number,
    scatter,
    table,
)
from app.commands.report import document
from irt.fit import empirical_curve
from irt.models import expected_score, information
from irt.simulate import Simulation
from irt.types import FloatArray
from item_bank.promotion import LEAST_RESPONSES
from item_bank.release import Release

_THETA: Final = np.linspace(-4, 4, 81)
_COARSE: Final = np.linspace(-4, 4, 33)
_WIDTH: Final = 720.0
_MOST_CARDS: Final = 80
_MOST_REASONS: Final = 3
_FEW_ANSWERS: Final = 30  # below this an item has no curve to look at

ADVICE: Final = {
    "left out": "Nothing was estimated. Read the reason; a constant item says nothing about ability.",
    "reversed": "The better the learner, the worse the answer: check the scoring key before anything else.",
    "low discrimination": "It hardly tells strong from weak. Read the stem and the distractors; rewrite or retire.",
    "steep": "Suspiciously steep: few answers, a hint shared by a group, or two items that depend on each other.",
    "few answers": "Keep collecting: below 300 responses its set stays provisional.",
    "imprecise": "The difficulty is not known well enough to choose by. Keep collecting, near its difficulty.",
    "misfit": "The curve does not describe the answers: look at its points, then at key, distractors and wording.",
    "noisy": "More unexpected answers than chance allows: guessing, a second right answer, or an unclear stem.",
    "dependent": "Answers depend on those to another item beyond ability: keep the two apart, or ask them as one case.",
    "drift": "It no longer measures what it did: leak, changed rule, or changed text. Do not anchor on it.",
    "DIF": "Two groups of equal ability answer differently: an expert reads it before it is scored.",
    "estimation": "The estimation itself asks for a look.",
}


IN_FORCE: Final = "This run is the set in force"


class Flagged(NamedTuple):
    """An item that wants a look: why, in the field's words, and what to do."""

    item: str
    kind: str
    why: str
    gravity: float


@dataclass(frozen=True, eq=False)
class Impact:
    """What promoting would change for learners, simulated: the new parameters are the truth."""

    design: str
    before: str  # content hash of the release it is compared with
    learners: int
    seed: int
    labels: tuple[str, ...]
    given: FloatArray  # (n_levels, n_levels): learners by level under the old and under the new parameters
    old: Simulation
    new: Simulation
    old_rmse: float
    old_bias: float
    exposure: tuple[FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class Report:
    """Everything that is told about a run."""

    run: Run
    fit: Fit | None
    dif: pl.DataFrame | None
    dif_column: str | None
    drift: Drifted | None
    against: str | None
    impact: Impact | None
    release: Release | None
    without: Mapping[str, str]  # what could not be computed, and why
    in_force: bool = False


def in_force(run: Run, release: Release) -> bool:
    """Whether the parameters of a release are those of this run, wherever the run has any."""
    evidence = release.parameter_set.evidence
    held = [
        evidence.get(release.index[item])
        for item in run.items.filter(pl.col("status") == "estimated")["item"]
        if item in release.index
    ]
    return bool(held) and all(one is not None and one.run == run.content_hash for one in held)


def page(report: Report) -> str:
    """The whole file."""
    run = report.run
    facts = run.facts
    title = f"Calibration {run.name}"
    flagged = flags(report)
    sections = [
        _impact(report),
        _flagged(report, flagged),
        _ability(report),
        _information(report),
        _parameters(report),
        _curves(report, flagged),
        _fit(report),
        _dependence(report),
        _persons(report),
        _dif(report),
        _drift(report),
        _classical(report),
        _convergence(report),
        _settings(report),
    ]
    ability = facts["ability"][0]
    summary = (
        ("Learners", f"{facts['data']['persons']:,}"),
        ("Items", f"{len(facts['data']['items']):,}"),
        ("Answers", f"{facts['data']['answers']:,}"),
        ("Converged", "yes" if run.converged else "NO"),
        ("Reliability", number(facts["fit"]["reliability"], 2)),
        ("Ability, mean and sd", f"{number(ability['mean'], 2)}, {number(ability['sd'], 2)}"),
        ("Items to look at", f"{len({one.item for one in flagged}):,}"),
        ("Run", run.content_hash[:12]),
    )
    entries = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in summary
    )
    advice = (
        f"<p><strong>{escape(facts['outcome']['advice'])}</strong></p>" if facts["outcome"]["advice"] else ""
    )
    head = Markup(f'<dl class="figures">{entries}</dl>{advice}')  # noqa: S704 - texts are escaped
    places, body = _with_places(Markup("\n").join(sections))
    return document(title, "calibration report", head + places, body)


def _with_places(sections: Markup) -> tuple[Markup, Markup]:
    """A list of contents, and the sections with the places it points to."""
    titles = re.findall(r"<section><h2>([^<]+)</h2>", sections)
    body = str(sections)
    entries = ""
    for title in titles:
        place = re.sub(r"[^a-z]+", "-", title.lower())
        body = body.replace(f"<section><h2>{title}<", f'<section id="{place}"><h2>{title}<', 1)
        entries += f'<li><a href="#{place}">{title}</a></li>'
    contents = f'<nav class="contents" aria-label="Contents"><ul>{entries}</ul></nav>'
    return Markup(contents), Markup(body)  # noqa: S704 - titles come from escaped sections


def flags(report: Report) -> list[Flagged]:
    """The items that want a look, the gravest first."""
    found: list[Flagged] = []
    for row in report.run.items.iter_rows(named=True):
        item, status = row["item"], row["status"]
        if status == "excluded":
            found.append(Flagged(item, "left out", row["reason"] or "no parameters", 90))
            continue
        if status == "reversed":
            found.append(Flagged(item, "reversed", f"correlation {_n(row['correlation'])}", 100))
        if row["a"] is not None and status == "estimated":
            if 0 < row["a"] < 0.4:
                found.append(Flagged(item, "low discrimination", f"a = {_n(row['a'], 2)}", 60))
            if row["a"] > 3.5:
                found.append(Flagged(item, "steep", f"a = {_n(row['a'], 2)}", 50))
        if row["se_b"] is not None and row["se_b"] > 0.5:
            found.append(
                Flagged(item, "imprecise", f"b = {_n(row['b'], 2)} ± {_n(1.96 * row['se_b'], 2)}", 20)
            )
        if row["n_answers"] < LEAST_RESPONSES:
            found.append(Flagged(item, "few answers", f"{row['n_answers']} answers", 10))
        found += [Flagged(item, "estimation", text, 40) for text in row["flags"]]
    if report.fit is not None:
        for row in report.fit.items.iter_rows(named=True):
            q = row["s_x2_q"] if row["s_x2_q"] is not None else row["x2_q"]
            if q is not None and q < 0.05:
                found.append(Flagged(row["item"], "misfit", f"chi-square, q = {_n(q, 4)}", 70))
            if (
                row["outfit"] is not None
                and row["outfit"] > 1.3
                and row["outfit_z"] is not None
                and row["outfit_z"] > 3
            ):
                found.append(Flagged(row["item"], "noisy", f"outfit {_n(row['outfit'], 2)}", 55))
        for row in report.fit.pairs.filter(pl.col("flagged")).head(60).iter_rows(named=True):
            for one, other in ((row["first"], row["second"]), (row["second"], row["first"])):
                found.append(Flagged(one, "dependent", f"on {other}, Q3 {_n(row['q3'], 2)}", 45))
    if report.drift is not None:
        for row in report.drift.items.filter(pl.col("flagged")).iter_rows(named=True):
            found.append(Flagged(row["item"], "drift", f"b moved by {_n(row['delta_b'], 2)}", 75))
    if report.dif is not None:
        for row in report.dif.filter(pl.col("flagged")).iter_rows(named=True):
            found.append(Flagged(row["item"], "DIF", _dif_words(row), 80))
    return sorted(found, key=lambda one: (-one.gravity, one.item))


def _dif_words(row: Mapping[str, Any]) -> str:
    """For whom an item is easier, and by how much."""
    size = row["delta"] if row["delta"] is not None else row["standardized"]
    if size is None:
        return f"{row['focal']} against {row['reference']}"
    by = f"delta {_n(row['delta'], 2)}" if row["delta"] is not None else f"mean score {_n(size, 2)}"
    return (
        f"{'easier' if size > 0 else 'harder'} for {row['focal']} than for {row['reference']} of equal ability, "
        f"class {row['ets']}, {by}"
    )


def _p(value: float | None) -> str:
    return "–" if value is None else "<0.0001" if value < 0.0001 else number(value, 4)


def _truth(value: bool) -> str:
    return "yes" if value else "no"


def _n(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else number(value, digits)


def _soft(text: str) -> Markup:
    return Markup('<p class="soft">{}</p>').format(text)


def _section(title: str, *parts: Markup) -> Markup:
    return Markup("<section><h2>{}</h2>{}</section>").format(title, Markup("").join(parts))


def _missing(report: Report, name: str, title: str) -> Markup:
    return _section(title, _soft(report.without.get(name, "Not asked for.")))


def _svg(
    parts: Sequence[str], alternative: str, height: float, width: float = _WIDTH, kind: str = "plot"
) -> Markup:
    return Markup(  # noqa: S704 - every text in the parts is escaped, the rest are numbers
        f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(alternative)}">'
        f"{''.join(parts)}</svg>"
    )


def _impact(report: Report) -> Markup:
    title = "What promoting would change"
    found = report.impact
    if found is None:
        return _missing(report, "impact", title)
    people = found.given.sum()
    same = float(np.trace(found.given) / people)
    up = float(np.triu(found.given, 1).sum() / people)
    down = float(np.tril(found.given, -1).sum() / people)
    passed = float(found.given[0, 1:].sum() / people), float(found.given[1:, 0].sum() / people)
    old, new = found.exposure
    rows = [
        ("levels that change on the same answers", f"{1 - same:.1%}", f"{up:.1%} up, {down:.1%} down"),
        ("pass decisions that change", f"{sum(passed):.1%}", f"{passed[0]:.1%} pass, {passed[1]:.1%} fail"),
        (
            "RMSE of the test, logits",
            f"{number(found.old_rmse)} → {number(found.new.rmse)}",
            "old, new parameters",
        ),
        (
            "bias of the test, logits",
            f"{number(found.old_bias)} → {number(found.new.bias)}",
            "old, new parameters",
        ),
        (
            "exact level",
            f"{found.old.classification_accuracy:.1%} → {found.new.classification_accuracy:.1%}",
            "old, new parameters",
        ),
        (
            "highest exposure",
            f"{old.max():.1%} → {new.max():.1%}",
            "after, with the control fitted again as promoting does",
        ),
        ("items used", f"{int((old > 0).sum())} → {int((new > 0).sum())}", f"of {len(old)}"),
    ]
    matrix = [
        (label, *(f"{int(count):,}" for count in own))
        for label, own in zip(found.labels, found.given, strict=True)
    ]
    return _section(
        title,
        _soft(
            (
                f"{IN_FORCE}; compared with the one it superseded, release {found.before[:12]}. "
                if report.in_force
                else f"Compared with release {found.before[:12]}, in force. "
            )
            + f"{found.learners:,} simulated learners take {found.design} (seed {found.seed}); the new parameters "
            "generate their answers. The same answers are then scored with the old and with the new parameters, and "
            "the learners sit again under the new ones."
        ),
        table(Cells(("", "figure", "remark"), rows), "Promotion, before and after", figures=False),
        table(
            Cells(("old \\ new", *found.labels), matrix), "Level under the old and under the new parameters"
        ),
    )


def _flagged(report: Report, flagged: Sequence[Flagged]) -> Markup:
    title = "Items to look at"
    if not flagged:
        return _section(title, _soft("None: no flag was raised."))
    texts = {}
    if report.release is not None:
        texts = {
            item: str(record["stem"])
            for item, record in zip(report.release.item_ids, report.release.records, strict=True)
        }
    by_item: dict[str, list[Flagged]] = {}
    for one in flagged:
        by_item.setdefault(one.item, []).append(one)
    serious = {item: own for item, own in by_item.items() if own[0].gravity > 20}
    light = [item for item in by_item if item not in serious]
    cards = []
    for item, own in list(serious.items())[:_MOST_CARDS]:
        text = " ".join(texts.get(item, "").replace("**", "").split())
        stem = f'<p lang="fr">{escape(text[:220] + ("…" if len(text) > 220 else ""))}</p>' if text else ""
        by_kind: dict[str, list[str]] = {}
        for one in own:
            if one.why not in by_kind.setdefault(one.kind, []):
                by_kind[one.kind].append(one.why)
        reasons = "".join(
            f"<li><strong>{escape(kind)}</strong>: {escape('; '.join(whys[:_MOST_REASONS]))}"
            f"{f'; {len(whys) - _MOST_REASONS} more' if len(whys) > _MOST_REASONS else ''}</li>"
            for kind, whys in by_kind.items()
        )
        cards.append(
            f'<article class="flag"><h3 id="flag-{escape(item)}">{escape(item)}</h3>{stem}<ul>{reasons}</ul></article>'
        )
    kinds: dict[str, set[str]] = {}
    for one in flagged:
        kinds.setdefault(one.kind, set()).add(one.item)
    advice = "".join(
        f"<dt>{escape(kind)}, {len(items)} item{'s' if len(items) > 1 else ''}</dt><dd>{escape(ADVICE[kind])}</dd>"
        for kind, items in kinds.items()
    )
    more = (
        f" {len(serious) - _MOST_CARDS} more are in the tables below." if len(serious) > _MOST_CARDS else ""
    )
    rest = (
        f'<p class="soft">Only few answers or an imprecise difficulty, {len(light)} items: '
        f"{escape(', '.join(light[:60]))}{'…' if len(light) > 60 else ''}.</p>"
        if light
        else ""
    )
    body = Markup(  # noqa: S704 - texts are escaped
        f'<dl class="advice">{advice}</dl><div class="flags">{"".join(cards)}</div>{rest}'
    )
    return _section(title, _soft(f"What each flag asks for, then the items, the gravest first.{more}"), body)


def _difficulties(run: Run) -> FloatArray:
    known = run.items.filter(pl.col("b").is_not_null())
    return np.array(
        [
            value
            for b, steps in known.select("b", "thresholds").iter_rows()
            for value in (steps if len(steps) > 1 else [b])
        ]
    )


def _ability(report: Report) -> Markup:
    """A Wright map: learners above, items below, on one scale; of an item with several scores every step."""
    theta = report.run.persons["theta"].drop_nulls().to_numpy()
    b = _difficulties(report.run)
    edges = np.linspace(-4, 4, 33)
    people = np.histogram(np.clip(theta, -4, 4), edges)[0] / max(len(theta), 1)
    items = np.histogram(np.clip(b, -4, 4), edges)[0] / max(len(b), 1)
    most = max(people.max(), items.max(), 1e-9)
    middle, reach = 150.0, 118.0

    def across(value: float) -> float:
        return 20 + (value + 4) / 8 * (_WIDTH - 40)

    parts = []
    for left, right, share, other in zip(edges[:-1], edges[1:], people, items, strict=True):
        x, wide = across(left) + 1, across(right) - across(left) - 2
        tall, deep = share / most * reach, other / most * reach
        parts.append(f'<path class="bar-0" d="M{x:.1f} {middle - 12:g}v{-tall:.1f}h{wide:.1f}v{tall:.1f}z"/>')
        parts.append(f'<path class="bar-1" d="M{x:.1f} {middle + 12:g}v{deep:.1f}h{wide:.1f}v{-deep:.1f}z"/>')
    parts += [
        f'<text class="tick middle" x="{across(value):.1f}" y="{middle + 4.5:g}">{str(value).replace("-", "−")}</text>'
        for value in range(-4, 5)
    ]
    parts.append('<text class="label" x="20" y="14">learners</text>')
    parts.append('<text class="label" x="20" y="298">items</text>')
    if not len(b):
        b = np.zeros(1)
    words = (
        f"Learners’ abilities (mean {number(float(theta.mean()), 2)}, sd {number(float(theta.std()), 2)}) "
        "above, items’ "
        f"difficulties (mean {number(float(b.mean()), 2)}, sd {number(float(b.std()), 2)}) below, on one "
        "scale of logits; the outer bars hold what lies beyond."
    )
    rows = [
        (f"{number(left, 2)} to {number(right, 2)}", f"{share:.1%}", f"{other:.1%}")
        for left, right, share, other in zip(edges[:-1], edges[1:], people, items, strict=True)
    ]
    return figure("Wright map", words, _svg(parts, words, 306), Cells(("logits", "learners", "items"), rows))


def _information(report: Report) -> Markup:
    total: FloatArray = information(report.run.bank.parameters, _THETA).sum(axis=1)
    se = 1 / np.sqrt(np.maximum(total, 1e-12))
    best = float(_THETA[int(total.argmax())])
    rows = [(number(_THETA[k], 1), number(float(total[k]), 1), number(float(se[k]))) for k in range(0, 81, 5)]
    curve = lines(
        _THETA.tolist(), [Series("information", total.tolist())], x_label="ability, logits", y_label="information",
        alternative=f"Information of all calibrated items together, highest near {best:.1f} logits.",
        floor=0.0, marks=False,
    )  # fmt: skip
    other = lines(
        _THETA.tolist(), [Series("standard error", se.tolist())], x_label="ability, logits", y_label="logits",
        alternative=f"Standard error if all were answered, from {se.min():.2f} to {se.max():.2f} logits.",
        floor=0.0, marks=False,
    )  # fmt: skip
    heads = ("ability", "information", "standard error")
    return figure(
        "Information of the bank",
        "All calibrated items together; a test sees a few of them only.",
        curve,
        Cells(heads, rows),
    ) + figure(
        "Standard error of the bank", "One over the root of the information.", other, Cells(heads, rows)
    )


def _parameters(report: Report) -> Markup:
    """Every difficulty with its interval, in order, and all parameters in a table."""
    own = report.run.items.filter(pl.col("status").is_in(["estimated", "fixed", "reversed"]))
    rows = [row for row in own.sort("b", nulls_last=True).iter_rows(named=True) if row["b"] is not None]
    low, high, height, top = -4.0, 4.0, 4.0 if len(rows) > 60 else 9.0, 10.0
    tall = top + height * len(rows) + 34

    def across(value: float) -> float:
        return 20 + (min(max(value, low), high) - low) / (high - low) * (_WIDTH - 40)

    parts = []
    for value in range(-4, 5):
        parts.append(f'<path class="grid" d="M{across(value):.1f} {top:g}V{tall - 30:g}"/>')
        parts.append(
            f'<text class="tick middle" x="{across(value):.1f}" y="{tall - 14:g}">{str(value).replace("-", "−")}</text>'
        )
    spread, dots = "", ""
    for place, row in enumerate(rows):
        y = top + height * (place + 0.5)
        steps = list(zip(row["thresholds"], row["se_thresholds"], strict=True))
        for value, se in steps if len(steps) > 1 else [(row["b"], row["se_b"])]:
            dots += f"M{across(value):.1f} {y:.1f}h0"
            if se is not None:
                spread += f"M{across(value - 1.96 * se):.1f} {y:.1f}H{across(value + 1.96 * se):.1f}"
    parts.append(f'<path class="interval" d="{spread}"/><path class="points" d="{dots}"/>')
    parts.append(f'<text class="label middle" x="{_WIDTH / 2:g}" y="{tall - 2:g}">difficulty, logits</text>')
    cells = [
        (
            row["item"], row["model"], row["status"], _n(row["a"], 2), _n(row["se_a"], 2), _n(row["b"], 2),
            _n(row["se_b"], 2), _n(row["c"], 2), _n(row["se_c"], 2), _steps(row),
        )
        for row in own.sort("b", nulls_last=True).iter_rows(named=True)
    ]  # fmt: skip
    heads = ("item", "model", "status", "a", "se", "b", "se", "c", "se", "steps (se)")
    several = sum(len(row["thresholds"]) > 1 for row in rows)
    words = (
        f"Difficulties of {len(rows)} items with their 95% intervals, the easiest first. D = 1."
        + (f" Of {several} items with several scores, every step." if several else "")
        + (
            f" {own.height - len(rows)} nominal items are in the table only."
            if own.height > len(rows)
            else ""
        )
    )
    return figure("Parameters", words, _svg(parts, words, tall), Cells(heads, cells))


def _steps(row: Mapping[str, Any]) -> str:
    """Thresholds with their errors, or slopes and intercepts of the nominal model."""
    if row["slopes"]:
        return " ".join(
            f"{name} {', '.join(number(value, 2) for value in row[which])}"
            for name, which in (("slopes", "slopes"), ("intercepts", "intercepts"))
        )
    if len(row["thresholds"]) < 2:
        return "–"
    return ", ".join(
        f"{number(value, 2)} ({_n(se, 2)})"
        for value, se in zip(row["thresholds"], row["se_thresholds"], strict=True)
    )


def _curves(report: Report, flagged: Sequence[Flagged]) -> Markup:
    """Small multiples: every item's curve with what was observed; flagged items first."""
    run, title = report.run, "Response curves with observed points"
    try:
        bank, answers = run.bank, run.data.responses
    except ValueError as error:
        return _section(title, _soft(f"{error}."))
    column = {item: place for place, item in enumerate(run.data.items)}
    kept = _only(answers, [column[item] for item in bank.items])
    theta = run.persons["theta"].to_numpy()
    order = {one.item: place for place, one in enumerate(reversed(flagged))}
    places = sorted(
        range(len(bank.items)), key=lambda place: (-order.get(bank.items[place], -1), bank.items[place])
    )
    expected = expected_score(bank.parameters, _COARSE) / np.maximum(bank.parameters.n_categories - 1, 1)
    marks = {one.item for one in flagged if one.gravity > 20}
    drawn = []
    for place in places:
        item = bank.items[place]
        points = empirical_curve(kept, bank.parameters, theta, place, bins=8)
        drawn.append(_small(item, expected[:, place], points, item in marks, bank.rows[place]))
    body = Markup('<div class="multiples">{}</div>').format(Markup("").join(drawn))
    return _section(
        title,
        _soft(
            "One drawing per item, those to look at first (marked). The line is the calibrated curve, the "
            "dots are eight "
            "groups of learners of similar estimated ability with a bar of 1.96 standard errors. Across: "
            "ability from −4 to "
            "4; up: mean score from 0 to 1."
        ),
        body,
    )


def _only(answers: Any, columns: Sequence[int]) -> Any:
    from irt.responses import Responses

    place = np.full(answers.n_items, -1)
    place[np.asarray(columns)] = np.arange(len(columns))
    person = np.repeat(np.arange(answers.n_persons), answers.counts)
    mine = place[answers.item] >= 0
    return Responses.from_long(
        person[mine], place[answers.item[mine]], answers.score[mine],
        n_categories=answers.n_categories[np.asarray(columns)], n_persons=answers.n_persons,
    )  # fmt: skip


def _small(item: str, curve: FloatArray, points: Any, marked: bool, row: OneItem) -> Markup:
    def at(x: float, y: float) -> str:
        return f"{4 + (min(max(x, -4), 4) + 4) / 8 * 112:.1f} {64 - min(max(y, 0), 1) * 60:.1f}"

    path = "M" + "L".join(at(x, y) for x, y in zip(_COARSE.tolist(), curve.tolist(), strict=True))
    dots, bars, worst = "", "", 0.0
    if points.n_answers.sum() >= _FEW_ANSWERS:
        for x, y, e, se in zip(points.theta, points.observed, points.expected, points.se, strict=True):
            dots += f"M{at(x, y)}h0"
            bars += f"M{at(x, y - 1.96 * se)}L{at(x, y + 1.96 * se)}"
            worst = max(worst, abs(y - e))
    how = "nominal" if row.model == NOMINAL else f"a {row.a:.2f}, b {np.mean(row.b):.2f}".replace("-", "−")
    words = f"{item}: {how}; observed points at most {worst:.2f} from the curve."
    style = "small marked" if marked else "small"
    frame = '<path class="grid" d="M4 64H116M60 4V64M4 34H116"/>'
    inner = f'{frame}<path class="spread" d="{bars}"/><path class="line line-0" d="{path}"/>'
    inner += f'<path class="seen-points" d="{dots}"/>'
    svg = _svg([inner], words, 68, 120, "tiny")
    return Markup('<figure class="{}">{}<figcaption>{}{}</figcaption></figure>').format(
        style, svg, Markup("<strong>{}</strong> ").format(item), how
    )


def _fit(report: Report) -> Markup:
    title = "Fit of the items"
    if report.fit is None:
        return _missing(report, "fit", title)
    model = report.fit.model
    if "statistic" in model:
        whole = (
            f"{model['name']} = {_n(model['statistic'], 1)} on {model['degrees']} degrees of freedom, p "
            f"{_p(model['p'])}; RMSEA "
            f"{_n(model['rmsea'])} ({_n(model['rmsea_low'])} to {_n(model['rmsea_high'])}), SRMSR "
            f"{_n(model['srmsr'])}, CFI "
            f"{_n(model['cfi'])}."
        )
    else:
        whole = f"No M2: {model['outcome']}."
    items = report.fit.items
    items = items.with_columns(
        pl.coalesce("s_x2_p", "x2_p").alias("p"), pl.coalesce("s_x2_q", "x2_q").alias("q")
    )
    rows = [
        (
            row["item"], f"{row['n_answers']:,}", _n(row["infit"], 2), _n(row["infit_z"], 1), _n(row["outfit"], 2),
            _n(row["outfit_z"], 1), _n(row["s_x2"] if row["s_x2"] is not None else row["x2"], 1), _p(row["p"]),
            _p(row["q"]),
        )
        for row in items.sort("p", nulls_last=True).iter_rows(named=True)
    ]  # fmt: skip
    bad = items.filter(pl.col("q") < 0.05).height
    heads = ("item", "answers", "infit", "z", "outfit", "z", "chi-square", "p", "q")
    infit = items["infit"].drop_nulls().to_numpy()
    words = (
        f"{whole} {bad} items misfit at a false discovery rate of 5%. The chi-square is S-X2 on complete "
        "rows and, on adaptive "
        "ones, that of each answer against its prediction from the answers before it, with a simulated "
        "null. The drawing "
        "counts items by infit."
    )
    edges = np.round(np.arange(0.6, 1.425, 0.05), 2)
    counts = np.histogram(np.clip(infit, 0.6, 1.4 - 1e-9), edges)[0]
    drawing = histogram(
        edges.tolist(), counts.astype(float).tolist(), x_label="infit", y_label="items",
        alternative=f"Infit of {int(((infit > 0.8) & (infit < 1.2)).sum())} of {len(infit)} items lies in 0.8 to 1.2.",
    )  # fmt: skip
    return figure(title, words, drawing, Cells(heads, rows))


def _dependence(report: Report) -> Markup:
    title = "Local dependence"
    if report.fit is None:
        return _missing(report, "fit", title)
    pairs = report.fit.pairs
    flagged = pairs.filter(pl.col("flagged")).height
    rows = [
        (
            f"{row['first']}, {row['second']}", f"{row['shared']:,}", _n(row["q3"], 3), _n(row["above_mean"], 3),
            _n(row["deviate"], 1), "yes" if row["flagged"] else "no",
        )
        for row in pairs.head(25).iter_rows(named=True)
    ]  # fmt: skip
    return _section(
        title,
        _soft(
            f"Yen’s Q3 of {len(pairs):,} pairs with enough answers in common; {flagged} are flagged: 0.2 above the "
            "mean, and beyond what chance makes of so many pairs. The 25 least likely:"
        ),
        table(
            Cells(("pair", "learners", "Q3", "above the mean", "deviate", "flagged"), rows),
            "Pairs that stand out by Q3",
        ),
    )


def _persons(report: Report) -> Markup:
    title = "Fit of the persons"
    if report.fit is None:
        return _missing(report, "fit", title)
    persons, about = report.fit.persons, report.fit.patterns
    values = persons[about["statistic"]].drop_nulls().to_numpy()
    if not len(values):
        return _section(title, _soft("Nobody’s answers could be judged: every one was certain."))
    name = "lz*" if about["statistic"] == "lz_star" else "sequential lz"
    edges = np.arange(-5.0, 5.5, 0.5)
    clipped = np.clip(values, -5 + 1e-9, 5 - 1e-9)
    shares = np.histogram(clipped, edges)[0] / len(values)
    normal = np.diff(ndtr(np.concatenate([[-np.inf], edges[1:-1], [np.inf]])))
    how = (
        "lz* is the log-likelihood of the answers, standardised at the posterior mode of ability."
        if about["statistic"] == "lz_star"
        else "Each answer is compared with its prediction from the answers before it, which adaptive selection cannot "
        "bias; lz and lz*, which take the items as given, are not normal on such rows."
    )
    words = (
        f"{told(about).replace('-', '−')} {how} The expectation is the share of simulated patterns below the same "
        f"value; it would be {UNLIKELY:.0%} if the statistic were exactly normal (dashed). Who they are "
        "stands in the file of patterns that palier fit writes, not here."
    )
    drawing = histogram(
        edges.tolist(), shares.tolist(), x_label=name, y_label="share of persons", curve=normal.tolist(),
        alternative=f"Distribution of {name}: mean {values.mean():.2f}, standard deviation {values.std():.2f}; "
        "a standard normal has 0 and 1.",
    )  # fmt: skip
    rows = [
        (f"{number(left, 1)} to {number(right, 1)}", f"{share:.1%}", f"{other:.1%}")
        for left, right, share, other in zip(edges[:-1], edges[1:], shares, normal, strict=True)
    ]
    return figure(title, words, drawing, Cells((name, "persons", "standard normal"), rows))


def _dif(report: Report) -> Markup:
    title = "Differential item functioning"
    found = report.dif
    if found is None:
        return _missing(report, "dif", title)
    flagged = found.filter(pl.col("flagged")).height
    first = found.row(0, named=True)
    words = (
        f"{report.dif_column}: {first['focal']} (focal) against {first['reference']} (reference), matched on ability; "
        f"{flagged} of {found.height} items are flagged. Up is easier for {first['focal']}: delta of Mantel-Haenszel, "
        "beyond ±1 moderate (class B), beyond ±1.5 large (C); of items with several scores, twenty times the "
        "difference of mean scores, on which the same bounds apply. Flagged items are named."
    )
    known = dict(report.run.items.select("item", "b").iter_rows())
    size = {
        row["item"]: row["delta"] if row["delta"] is not None else (row["standardized"] or 0.0) * 20
        for row in found.iter_rows(named=True)
    }
    points = [
        Point(known[item], size[item], item, marked)
        for item, marked in found.select("item", "flagged").iter_rows()
        if known[item] is not None
    ]  # fmt: skip
    drawing = scatter(
        points, x_label="difficulty, logits", y_label="delta",
        levels=[Level(1.5, ""), Level(1.0, ""), Level(-1.0, ""), Level(-1.5, "")],
        alternative=f"Delta of {found.height} items by difficulty; {flagged} flagged, the table holds the values.",
    )  # fmt: skip
    rows = [
        (
            row["item"], f"{row['n_reference']:,}", f"{row['n_focal']:,}", _n(row["delta"], 2), _n(row["se_delta"], 2),
            _n(row["standardized"], 3), row["ets"], _p(row["mh_q"]), _n(row["logistic_r2"], 3),
            _p(row["logistic_q"]), _truth(row["flagged"]),
        )
        for row in found.sort("flagged", "mh_p", descending=[True, False], nulls_last=True).iter_rows(named=True)
    ]  # fmt: skip
    heads = (
        "item", f"answers, {first['reference']}", f"answers, {first['focal']}", "delta", "se", "mean score", "class",
        "q", "R2", "q of R2", "flagged",
    )  # fmt: skip
    return figure(title, words, drawing, Cells(heads, rows))


def _drift(report: Report) -> Markup:
    title = "Drift against the last set"
    if report.drift is None:
        return _missing(report, "drift", title)
    line, found = report.drift.line, report.drift.items
    flagged = found.filter(pl.col("flagged")).height
    removed = len(report.drift.removed)
    words = (
        f"Against {report.against}: {found.height} common items, {flagged} of which drift. The scales are linked by "
        f"slope {number(line.slope)} and intercept {number(line.intercept)}, {removed} drifting "
        f"item{'s' * (removed != 1)} left out of the link ({report.drift.outcome}). Drawn: difficulties then and now "
        "on the scale of then; on the line nothing moved. Drifting items are named."
    )
    now = dict(report.run.items.select("item", "b").iter_rows())
    points = []
    for row in found.iter_rows(named=True):
        if now[row["item"]] is not None and row["delta_b"] is not None:
            here = line.slope * now[row["item"]] + line.intercept
            points.append(Point(here - row["delta_b"], here, row["item"], row["flagged"]))
    rows = [
        (
            row["item"], _n(row["delta_a"], 2), _n(row["delta_b"], 2), _n(row["robust_z"], 2), _n(row["d2"], 4),
            _n(row["chi2"], 1), str(row["df"]), _p(row["p"]), _p(row["q"]), _truth(row["anchor"]),
            _truth(row["flagged"]),
        )
        for row in found.sort("flagged", "p", descending=[True, False], nulls_last=True).iter_rows(named=True)
    ]  # fmt: skip
    cells = Cells(
        (
            "item",
            "change of a",
            "change of b",
            "robust z",
            "D2",
            "chi-square",
            "df",
            "p",
            "q",
            "anchor",
            "flagged",
        ),
        rows,
    )
    if not points:
        return _section(title, _soft(words), table(cells, title))
    drawing = scatter(
        points, x_label="difficulty then, logits", y_label="difficulty now, logits", identity=True,
        alternative=f"Difficulties of {len(points)} items in both sets; {flagged} drift, the table holds the values.",
    )  # fmt: skip
    return figure(title, words, drawing, cells)


def _classical(report: Report) -> Markup:
    rows = [
        (
            row["item"],
            f"{row['n_answers']:,}",
            _n(row["mean"], 3),
            _n(row["correlation"], 3),
            row["reason"] or ", ".join(row["flags"]) or "–",
        )
        for row in report.run.items.sort("mean", nulls_last=True).iter_rows(named=True)
    ]
    body = table(
        Cells(("item", "answers", "mean score", "correlation", "remark"), rows),
        "Classical statistics, the hardest first",
    )
    return _section(
        "Classical statistics",
        _soft(
            "Mean score as a share of the maximum; correlation with the rest score, or with ability where learners saw "
            "different items. On adaptive rows a mean score says who was asked more than how hard the item is."
        ),
        Markup("<details><summary>All items</summary>{}</details>").format(body),
    )


def _convergence(report: Report) -> Markup:
    trace = report.run.trace
    gap = np.maximum(trace.max() - trace, 1e-9) if len(trace) else np.array([1.0])
    places = list(range(1, len(gap) + 1))
    some = places if len(places) <= 30 else sorted({1, *np.linspace(1, len(places), 30).astype(int).tolist()})
    values = np.log10(gap).tolist()
    outcome = report.run.facts["outcome"]
    words = (
        f"{'Converged' if outcome['converged'] else 'Not converged'} after {outcome['cycles']} passes; the "
        "last moved a parameter "
        f"by {outcome['largest_change']:.1e}. Drawn: how far each pass was below the best, in powers of ten."
    )
    return figure(
        "Convergence",
        words,
        lines(
            places if len(places) > 1 else [1, 2],
            [Series("below the best", values if len(places) > 1 else values * 2)],
            x_label="pass over the data",
            y_label="log10 of log-likelihood",
            alternative=words,
            marks=len(places) <= 60,
        ),
        Cells(("pass", "log-likelihood plus log-prior"), [(k, number(float(trace[k - 1]), 3)) for k in some]),
    )


def _settings(report: Report) -> Markup:
    facts = report.run.facts
    upper = {
        "aic": "AIC",
        "bic": "BIC",
        "sabic": "SABIC",
        "se": "standard errors",
        "log_likelihood": "log-likelihood",
    }

    def value_of(value: object) -> str:
        if value is None:
            return "–"
        return _truth(value) if isinstance(value, bool) else str(value)

    rows: list[tuple[str, str]] = [
        ("run", report.run.content_hash),
        ("made", str((facts.get("made") or {}).get("at", "–"))),
        ("data", f"{facts['data']['source']}, {facts['data']['hash']}"),
        *(
            (upper.get(name, name.replace("_", " ")), value_of(value))
            for name, value in facts["settings"].items()
        ),
        *((f"version of {name}", str(value)) for name, value in facts["versions"].items()),
        *(
            (
                upper.get(name, name.replace("_", " ")),
                number(value, 2) if isinstance(value, float) else str(value),
            )
            for name, value in facts["fit"].items()
        ),
        *(
            (
                "ability" if group["group"] is None else f"ability of {group['group']}",
                f"mean {number(group['mean'], 3)} ({_n(group['se_mean'])}), sd {number(group['sd'], 3)} "
                f"({_n(group['se_sd'])}), {group['persons']:,.0f} learners",
            )
            for group in facts["ability"]
        ),
        *(
            ("left out or changed", f"{left['count']}: {left['reason']}")
            for left in facts["outcome"]["exclusions"]
        ),
    ]
    return _section(
        "Settings", table(Cells(("setting", "value"), rows), "What was calibrated, with what", figures=False)
    )
