"""Plots as inline SVG for a page that stands alone: every figure carries its numbers in a table.

Colours are the classes of `report.CSS`, which follow light and dark. A value that is not finite (a band without
persons) breaks a line and is a dash in the table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 720.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 14.0, 46.0


class Series(NamedTuple):
    """One line: its name and its values, one for each x."""

    label: str
    values: Sequence[float]


class Level(NamedTuple):
    """A horizontal line to compare with."""

    value: float
    label: str


class Span(NamedTuple):
    """A row of `spans`: mean, least and most seen, and the bounds."""

    label: str
    mean: float
    least: int
    most: int
    low: int
    high: int


class Point(NamedTuple):
    """A point of `scatter`; a marked one is a diamond with its label."""

    x: float
    y: float
    label: str
    marked: bool = False


class Cells(NamedTuple):
    """A table: heads, and rows whose first cell is their head."""

    heads: Sequence[str]
    rows: Sequence[Sequence[object]]


def number(value: float, digits: int = 3) -> str:
    """A number as the tables write it; a dash where there is none."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not float(text.replace(",", "")) else text.replace("-", "\N{MINUS SIGN}")


def ticks(low: float, high: float, count: int = 6) -> list[float]:
    """About `count` round values from `low` to `high`.

    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (high - low) / max(count - 1, 1)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


class _Frame(NamedTuple):
    """The rectangle of a plot and its two scales."""

    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, value: float) -> float:
        return _LEFT + (value - self.x[0]) / (self.x[1] - self.x[0]) * (_WIDTH - _LEFT - _RIGHT)

    def up(self, value: float) -> float:
        low, high = self.y
        return _HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    def axes(self, x_label: str, y_label: str, x_ticks: Sequence[float] | None = None) -> list[str]:
        parts = []
        for value in ticks(*self.y):
            y = self.up(value)
            parts.append(f'<path class="grid" d="M{_LEFT:g} {y:.1f}H{_WIDTH - _RIGHT:g}"/>')
            parts.append(f'<text class="tick end" x="{_LEFT - 8:g}" y="{y + 4.5:.1f}">{_tick(value)}</text>')
        for value in ticks(*self.x, 9) if x_ticks is None else x_ticks:
            x = self.across(value)
            parts.append(
                f'<text class="tick middle" x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18:g}">{_tick(value)}</text>'
            )
        floor = _HEIGHT - _BOTTOM
        parts.append(f'<path class="axis" d="M{_LEFT:g} {floor:g}H{_WIDTH - _RIGHT:g}"/>')
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        parts.append(
            f'<text class="label middle" x="{middle:g}" y="{_HEIGHT - 8:g}">{escape(x_label)}</text>'
        )
        y = (_TOP + floor) / 2
        parts.append(
            f'<text class="label middle" x="14" y="{y:g}" transform="rotate(-90 14 {y:g})">{escape(y_label)}</text>'
        )
        return parts

    def level(self, level: Level) -> list[str]:
        y = self.up(level.value)
        return [
            f'<path class="reference" d="M{_LEFT:g} {y:.1f}H{_WIDTH - _RIGHT:g}"/>',
            f'<text class="tick end named" x="{_WIDTH - _RIGHT:g}" y="{y - 6:.1f}">{escape(level.label)}</text>',
        ]


def _tick(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _range(
    values: Sequence[float], levels: Sequence[Level], floor: float | None = None
) -> tuple[float, float]:
    """Range of an axis that holds every value and level, with some room."""
    finite = [value for value in values if math.isfinite(value)] + [level.value for level in levels]
    low = min(finite, default=0.0) if floor is None else floor
    high = max(finite, default=1.0)
    room = (high - low) * 0.08 or 0.1
    return (low - room if floor is None else floor), high + room


def _svg(parts: Sequence[str], alternative: str, height: float = _HEIGHT) -> Markup:
    return Markup(  # noqa: S704 - every text in the parts is escaped, the rest are numbers
        f'<svg class="plot" viewBox="0 0 {_WIDTH:g} {height:g}" role="img" aria-label="{escape(alternative)}">'
        f"{''.join(parts)}</svg>"
    )


def lines(
    x: Sequence[float],
    series: Sequence[Series],
    *,
    x_label: str,
    y_label: str,
    alternative: str,
    levels: Sequence[Level] = (),
    floor: float | None = None,
    ceiling: float | None = None,
    marks: bool = True,
) -> Markup:
    """Lines over a common x; `marks` puts a dot on each value."""
    values = [value for one in series for value in one.values]
    low, high = _range(values, levels, floor)
    frame = _Frame((min(x), max(x)), (low, high if ceiling is None else ceiling))
    whole = all(isinstance(value, int) for value in x)
    shown = [value for value in ticks(min(x), max(x), 9) if value == int(value)] if whole else None
    parts = frame.axes(x_label, y_label, shown)
    for place, one in enumerate(series):
        points = [
            (frame.across(a), frame.up(b)) if math.isfinite(b) else None
            for a, b in zip(x, one.values, strict=True)
        ]
        path = ""
        for drawn, run in groupby(points, lambda point: point is not None):
            if drawn:
                path += "M" + "L".join(f"{point[0]:.1f} {point[1]:.1f}" for point in run if point is not None)
        parts.append(f'<path class="line line-{place}" d="{path}"/>')
        if marks:
            parts += [
                f'<circle class="dot dot-{place}" cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="4"/>'
                for point in points
                if point is not None
            ]
    for level in levels:
        parts += frame.level(level)
    return legend([one.label for one in series]) + _svg(parts, alternative)


def bars(
    x: Sequence[int], heights: Sequence[float], *, x_label: str, y_label: str, alternative: str
) -> Markup:
    """One bar for each whole x."""
    frame = _Frame((min(x) - 0.6, max(x) + 0.6), (0.0, _range(heights, (), 0.0)[1]))
    every = max(1, math.ceil(len(x) / 16))
    parts = frame.axes(x_label, y_label, x[::every])
    for place, height in zip(x, heights, strict=True):
        left, right = frame.across(place - 0.4), frame.across(place + 0.4)
        wide = min(right - left, 60.0)
        left = (left + right - wide) / 2
        top, ground = frame.up(height), frame.up(0.0)
        parts.append(f'<path class="bar-0" d="M{left:.1f} {ground:.1f}V{top:.1f}h{wide:.1f}V{ground:.1f}z"/>')
    return _svg(parts, alternative)


_MOST_LABELS = 14  # more than these would cover each other


def scatter(
    points: Sequence[Point],
    *,
    x_label: str,
    y_label: str,
    alternative: str,
    levels: Sequence[Level] = (),
    identity: bool = False,
) -> Markup:
    """Points, marked ones on top; `identity` draws the line where both coordinates are equal."""
    known = [point for point in points if math.isfinite(point.x) and math.isfinite(point.y)]
    across, up = _range([point.x for point in known], ()), _range([point.y for point in known], levels)
    if identity:
        across = up = (min(across[0], up[0]), max(across[1], up[1]))
    frame = _Frame(across, up)
    parts = frame.axes(x_label, y_label)
    if identity:
        ends = [f"{frame.across(value):.1f} {frame.up(value):.1f}" for value in across]
        parts.append(f'<path class="reference" d="M{ends[0]}L{ends[1]}"/>')
    for level in levels:
        parts += frame.level(level)
    marked = [point for point in known if point.marked]
    for point in [one for one in known if not one.marked]:
        parts.append(
            f'<circle class="dot dot-0" cx="{frame.across(point.x):.1f}" cy="{frame.up(point.y):.1f}" r="3.5"/>'
        )
    for point in marked:
        x, y = frame.across(point.x), frame.up(point.y)
        parts.append(f'<path class="dot dot-1" d="M{x:.1f} {y - 6:.1f}l6 6-6 6-6-6z"/>')
        if len(marked) <= _MOST_LABELS:
            side = ' end" x="' + f"{x - 9:.1f}" if x > _WIDTH * 0.75 else f'" x="{x + 9:.1f}'
            parts.append(f'<text class="tick named{side}" y="{y + 4.5:.1f}">{escape(point.label)}</text>')
    return _svg(parts, alternative)


def histogram(
    edges: Sequence[float],
    heights: Sequence[float],
    *,
    x_label: str,
    y_label: str,
    alternative: str,
    curve: Sequence[float] = (),
) -> Markup:
    """Bars between edges, with a line of expected heights over their middles if there is one."""
    frame = _Frame((edges[0], edges[-1]), (0.0, _range([*heights, *curve], (), 0.0)[1]))
    parts = frame.axes(x_label, y_label)
    ground = frame.up(0.0)
    for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
        x, wide = frame.across(left) + 1, frame.across(right) - frame.across(left) - 2
        parts.append(
            f'<path class="bar-0" d="M{x:.1f} {ground:.1f}V{frame.up(height):.1f}h{wide:.1f}V{ground:.1f}z"/>'
        )
    if curve:
        middles = [(left + right) / 2 for left, right in pairwise(edges)]
        places = [f"{frame.across(x):.1f} {frame.up(y):.1f}" for x, y in zip(middles, curve, strict=True)]
        parts.append(f'<path class="line line-1" d="M{"L".join(places)}"/>')
    return _svg(parts, alternative)


def matrix(
    names: Sequence[str], shares: Sequence[Sequence[float]], *, across: str, down: str, alternative: str
) -> Markup:
    """Shares of each row as squares, darker where larger; every square says its percentage."""
    count = len(names)
    left, top, width = 150.0, 58.0, (_WIDTH - 160.0) / count
    height = 46.0
    parts = [
        f'<text class="label middle" x="{left + width * count / 2:g}" y="16">{escape(across)}</text>',
        f'<text class="label" x="0" y="{top - 12:g}">{escape(down)}</text>',
    ]
    for place, name in enumerate(names):
        x = left + width * (place + 0.5)
        head = f'<text class="tick middle" x="{x:.1f}" y="{top - 12:g}" lang="fr">'
        parts.append(f"{head}{escape(name)}</text>")
        y = top + height * (place + 0.5) + 5
        parts.append(f'<text class="tick end" x="{left - 12:g}" y="{y:.1f}" lang="fr">{escape(name)}</text>')
    for row, own in enumerate(shares):
        for column, share in enumerate(own):
            x, y = left + width * column, top + height * row
            shade = "" if not math.isfinite(share) else f' style="--share:{share:.3f}"'
            side = f"h{width - 3:.1f}v{height - 3:.1f}h-{width - 3:.1f}z"
            parts.append(f'<path class="cell"{shade} d="M{x + 1.5:.1f} {y + 1.5:.1f}{side}"/>')
            text = "–" if not math.isfinite(share) else f"{share:.0%}"
            strong = " here" if share > 0.5 else ""
            head = f'<text class="tick middle share{strong}" x="{x + width / 2:.1f}"'
            parts.append(f'{head} y="{y + height / 2 + 5:.1f}">{text}</text>')
    return _svg(parts, alternative, top + height * count + 4)


def spans(rows: Sequence[Span], *, alternative: str) -> Markup:
    """Rows of item counts: the bounds as a band, the range seen as a bar, the mean as a dot."""
    left, row_height, top = 110.0, 26.0, 8.0
    most = max([row.most for row in rows] + [min(row.high, row.most + 1) for row in rows]) + 0.5
    scale = (_WIDTH - left - 20) / most
    ground = top + row_height * len(rows)
    parts = []
    for value in ticks(0, most, 10):
        if value == int(value):
            x = left + value * scale
            parts.append(f'<path class="grid" d="M{x:.1f} {top:g}V{ground:g}"/>')
            parts.append(f'<text class="tick middle" x="{x:.1f}" y="{ground + 18:g}">{value:g}</text>')
    for place, row in enumerate(rows):
        y = top + row_height * (place + 0.5)
        low, high = left + row.low * scale, left + min(row.high, most) * scale
        parts.append(f'<text class="tick end" x="{left - 12:g}" y="{y + 4.5:.1f}">{escape(row.label)}</text>')
        parts.append(f'<path class="bounds" d="M{low:.1f} {y:.1f}H{high:.1f}"/>')
        parts.append(
            f'<path class="seen" d="M{left + row.least * scale:.1f} {y:.1f}H{left + row.most * scale:.1f}"/>'
        )
        parts.append(f'<circle class="dot dot-1" cx="{left + row.mean * scale:.1f}" cy="{y:.1f}" r="5"/>')
    parts.append(
        f'<text class="label middle" x="{(left + _WIDTH) / 2:g}" y="{ground + 40:g}">items per test</text>'
    )
    return _svg(parts, alternative, ground + 48)


def legend(labels: Sequence[str]) -> Markup:
    """The lines' names beside a sample of each; nothing for a single line."""
    if len(labels) < 2:
        return Markup()
    entries = "".join(
        f'<li><svg class="sample" viewBox="0 0 34 12" aria-hidden="true"><path class="line line-{place}" d="M1 6H33"/>'
        f'<circle class="dot dot-{place}" cx="17" cy="6" r="4"/></svg> {escape(label)}</li>'
        for place, label in enumerate(labels)
    )
    return Markup(f'<ul class="legend">{entries}</ul>')  # noqa: S704 - labels are escaped


def table(cells: Cells, caption: str, *, figures: bool = True) -> Markup:
    """A table with heads for columns and rows; `figures` sets numbers to the right."""
    style = Markup(' class="figure"') if figures else ""
    heads = "".join(
        f'<th scope="col"{style if place else ""}>{escape(head)}</th>'
        for place, head in enumerate(cells.heads)
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td{style}>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in cells.rows
    )
    return Markup(  # noqa: S704 - cells are escaped
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}, table"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def figure(title: str, words: str, plot: Markup, cells: Cells) -> Markup:
    """A section: its title, what it says in words, the plot, and the same numbers in a table."""
    return Markup(  # noqa: S704 - texts are escaped, plots and tables are this module's
        f'<section><h2>{escape(title)}</h2><p class="soft">{escape(words)}</p><figure>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title)}, drawing">{plot}</div>'
        f"<figcaption><details><summary>{escape(title)}: the numbers</summary>{table(cells, title)}</details>"
        f"</figcaption></figure></section>"
    )
