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
