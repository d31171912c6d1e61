"""The drawings of the result, as inline SVG styled by classes (the content policy allows no inline style).

A drawing never stands alone: the caller gives its text alternative, and a table says the same in figures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from markupsafe import Markup, escape

Shape = Literal["wide", "tall", "narrow"]


def place(theta: float, cuts: Sequence[float]) -> float:
    """Where theta stands along the levels, each of equal width, from 0 (left edge) to 1 (right edge).

    Linear between neighbouring cuts. The two open-ended levels start with the slope of their neighbour and
    flatten towards the edge without reaching it, so that even an extreme interval keeps a width.
    """
    levels = len(cuts) + 1
    reach = 0.92
    if theta < cuts[0]:
        width = cuts[1] - cuts[0] if len(cuts) > 1 else 1.0
        along = 1 - reach * (1 - math.exp((theta - cuts[0]) / (reach * width)))
    elif theta >= cuts[-1]:
        width = cuts[-1] - cuts[-2] if len(cuts) > 1 else 1.0
        along = levels - 1 + reach * (1 - math.exp((cuts[-1] - theta) / (reach * width)))
    else:
        below = max(index for index, cut in enumerate(cuts) if theta >= cut)
        along = below + 1 + (theta - cuts[below]) / (cuts[below + 1] - cuts[below])
    return along / levels


@dataclass(frozen=True)
class _Proportions:
    """The measures of one staircase, in SVG units."""

    width: float
    gap: float
    lowest: float
    rise: float
    radius: float
    head: float  # room above the highest step, for the learner's mark
    dot: float
    label_drop: float
    line_height: float
    font_size: float


_SHAPES: Final = {
    "wide": _Proportions(960, 8, 58, 48, 12, 46, 11, 34, 22, 18),
    "tall": _Proportions(600, 6, 62, 66, 10, 44, 10, 32, 20, 16.5),
    "narrow": _Proportions(360, 5, 56, 44, 9, 40, 9, 24, 16, 13.5),
}


def _lines(label: str, narrow: bool) -> list[str]:
    """Break a label of several words in two on a narrow drawing."""
    first, _, rest = label.partition(" ")
    return [first, rest] if narrow and rest else [label]


def staircase(
    labels: Sequence[str],
    alternative: str = "",
    *,
    level: int | None = None,
    at: float | None = None,
    low: float | None = None,
    high: float | None = None,
    shape: Shape = "wide",
) -> Markup:
    """The levels as steps; the learner's own step filled, the mark on it, the interval underneath.

    `at`, `low` and `high` are places from 0 to 1 (see `place`). Without `alternative` it is decorative.
    """
    form = _SHAPES[shape]
    steps = len(labels)
    step = (form.width + form.gap) / steps
    ground = form.head + form.lowest + form.rise * (steps - 1)
    banded = low is not None and high is not None
    height = ground + (38 if banded else 2)
    parts: list[str] = []
    for index, label in enumerate(labels):
        left = index * step
        right = left + step - form.gap
        top = ground - form.lowest - form.rise * index
        look = " here" if index == level else ""
        r = form.radius
        parts.append(
            f'<path class="step{look}" d="M{left:.1f} {ground:.1f}V{top + r:.1f}'
            f"q0-{r} {r}-{r}H{right - r:.1f}q{r} 0 {r} {r}V{ground:.1f}z"
            '"/>'
        )
        middle = (left + right) / 2
        words = "".join(
            f'<tspan x="{middle:.1f}" dy="{form.line_height if row else 0}">{escape(line)}</tspan>'
            for row, line in enumerate(_lines(label, shape == "narrow"))
        )
        parts.append(
            f'<text class="step-label{look}" font-size="{form.font_size:g}" y="{top + form.label_drop:.1f}">'
            f"{words}</text>"
        )
    if at is not None:
        x = at * form.width
        stands_on = min(steps - 1, int(at * steps))
        y = ground - form.lowest - form.rise * stands_on - form.dot - 9
        parts.append(f'<circle class="halo" cx="{x:.1f}" cy="{y:.1f}" r="{form.dot + 7}"/>')
        parts.append(f'<circle class="you" cx="{x:.1f}" cy="{y:.1f}" r="{form.dot}"/>')
    if low is not None and high is not None:
        y = ground + 22
        parts.append(f'<path class="range" d="M{low * form.width:.1f} {y:.1f}H{high * form.width:.1f}"/>')
        if at is not None:
            parts.append(f'<circle class="you" cx="{at * form.width:.1f}" cy="{y:.1f}" r="6"/>')
    role = f'role="img" aria-label="{escape(alternative)}"' if alternative else 'aria-hidden="true"'
    return Markup(  # noqa: S704 - every text above is escaped, the rest are numbers
        f'<svg class="stairs stairs-{shape}" viewBox="0 0 {form.width:g} {height:g}" {role}>{"".join(parts)}</svg>'
    )


def interval(levels: int, low: float, at: float, high: float, alternative: str) -> Markup:
    """One domain: the levels as boxes, the interval as a bar, the estimate as a dot. Places from 0 to 1."""
    width, height, gap = 400.0, 34.0, 3.0
    box = width / levels
    inner = f"h{box - gap:.1f}v{height - 8:g}h-{box - gap:.1f}z"
    boxes = "".join(
        f'<path class="box" d="M{index * box + gap / 2:.1f} 4{inner}"/>' for index in range(levels)
    )
    middle = height / 2
    return Markup(  # noqa: S704 - numbers, and one escaped text
        f'<svg class="interval" viewBox="0 0 {width:g} {height:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(alternative)}">{boxes}'
        f'<path class="range" d="M{low * width:.1f} {middle:g}H{high * width:.1f}"/>'
        f'<path class="point" d="M{at * width:.1f} {middle:g}h.01"/></svg>'
    )


@dataclass(frozen=True)
class Column:
    """One column of `columns`: a share from 0 to 1 with its interval; `others` in whole per cent beside it."""

    label: str
    value: str  # what stands above it
    share: float
    low: float
    high: float
    others: int | None = None


def columns(bars: Sequence[Column], alternative: str, *, shape: Literal["wide", "narrow"] = "wide") -> Markup:
    """Shares as columns on one ground line: whisker for the interval, a ring for the others.

    Heights are to a common scale, whose top is the highest end of an interval, rounded up to ten per cent.
    """
    narrow = shape == "narrow"
    width, plot = (360.0, 190.0) if narrow else (960.0, 250.0)
    font, gap, head, foot = (13.0, 6.0, 26.0, 44.0) if narrow else (17.0, 16.0, 30.0, 36.0)
    highest = max([0.1, *(max(bar.high, (bar.others or 0) / 100) for bar in bars)])
    top = min(1.0, math.ceil(highest * 10) / 10)
    ground = head + plot
    step = (width + gap) / max(1, len(bars))
    parts = []
    for tenth in range(0, round(top * 10) + 1, 2 if top > 0.5 else 1):
        y = ground - plot * tenth / 10 / top
        parts.append(f'<path class="rule" d="M0 {y:.1f}H{width:g}"/>')
    for index, bar in enumerate(bars):
        left, right = index * step, (index + 1) * step - gap
        middle = (left + right) / 2

        def height(share: float) -> float:
            return ground - plot * share / top

        if bar.share > 0:
            r = min(7.0, plot * bar.share / top)
            y = height(bar.share)
            parts.append(
                f'<path class="column" d="M{left:.1f} {ground:.1f}V{y + r:.1f}q0-{r:.1f} {r:.1f}-{r:.1f}'
                f'H{right - r:.1f}q{r:.1f} 0 {r:.1f} {r:.1f}V{ground:.1f}z"/>'
            )
        cap = 5 if narrow else 8
        parts.append(
            f'<path class="whisker" d="M{middle:.1f} {height(bar.low):.1f}V{height(bar.high):.1f}'
            f'm-{cap} 0h{2 * cap}M{middle - cap:.1f} {height(bar.low):.1f}h{2 * cap}"/>'
        )
        if bar.others is not None:
            x = right - (9 if narrow else 22)
            parts.append(
                f'<circle class="ring" cx="{x:.1f}" cy="{height(bar.others / 100):.1f}" r="{5 if narrow else 7}"/>'
            )
        parts.append(
            f'<text class="amount" font-size="{font:g}" x="{middle:.1f}" y="{height(bar.high) - 8:.1f}">'
            f"{escape(bar.value)}</text>"
        )
        words = "".join(
            f'<tspan x="{middle:.1f}" dy="{font * 1.15 if row else 0:.1f}">{escape(line)}</tspan>'
            for row, line in enumerate(_lines(bar.label, narrow))
        )
        parts.append(
            f'<text class="under" font-size="{font:g}" y="{ground + font * 1.45:.1f}">{words}</text>'
        )
    parts.append(f'<path class="ground" d="M0 {ground:.1f}H{width:g}"/>')
    return Markup(  # noqa: S704 - every text above is escaped, the rest are numbers
        f'<svg class="columns columns-{shape}" viewBox="0 0 {width:g} {ground + foot:g}" role="img" '
        f'aria-label="{escape(alternative)}">{"".join(parts)}</svg>'
    )


def deviation(low: float, at: float, high: float, reach: float, alternative: str) -> Markup:
    """A distance from 0 with its interval, on an axis from minus to plus `reach`."""
    width, height = 400.0, 34.0

    def x(value: float) -> float:
        return width / 2 * (1 + max(-1.0, min(1.0, value / reach)))

    middle = height / 2
    return Markup(  # noqa: S704 - numbers, and one escaped text
        f'<svg class="interval deviation" viewBox="0 0 {width:g} {height:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(alternative)}"><path class="box" d="M0 4h{width:g}v{height - 8:g}h-{width:g}z"/>'
        f'<path class="zero" d="M{width / 2:g} 0V{height:g}"/>'
        f'<path class="range" d="M{x(low):.1f} {middle:g}H{x(high):.1f}"/>'
        f'<path class="point" d="M{x(at):.1f} {middle:g}h.01"/></svg>'
    )


def stacked(parts: Sequence[tuple[str, int, float]], alternative: str = "") -> Markup:
    """Counts as one bar: class, count and height (0 to 1) of each part, so that parts differ by more than colour."""
    width, height, total = 600.0, 20.0, sum(count for _, count, _ in parts)
    drawn, left = [], 0.0
    for name, count, tall in parts:
        span = width * count / total if total else 0.0
        if span and tall:
            high = height * tall
            drawn.append(
                f'<path class="{escape(name)}" d="M{left:.1f} {height:g}v-{high:.1f}h{span:.1f}v{high:.1f}z"/>'
            )
        left += span
    role = f'role="img" aria-label="{escape(alternative)}"' if alternative else 'aria-hidden="true"'
    return Markup(  # noqa: S704 - numbers, and escaped texts
        f'<svg class="stacked" viewBox="0 0 {width:g} {height:g}" preserveAspectRatio="none" {role}>'
        f'<path class="whole" d="M0 0h{width:g}v{height:g}h-{width:g}z"/>{"".join(drawn)}</svg>'
    )
