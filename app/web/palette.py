"""The colours of the style sheet, read from it, with the contrast they really have."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"

_TOKEN = re.compile(r"--([a-z-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")

# ink, ground, and the ratio WCAG 2.2 asks for: 4.5 for text, 3 for the parts of a drawing or a control
PAIRS: Final = (
    ("ink", "paper", 4.5),
    ("ink", "surface", 4.5),
    ("ink", "sunk", 4.5),
    ("ink", "brand-wash", 4.5),
    ("ink-soft", "paper", 4.5),
    ("ink-soft", "surface", 4.5),
    ("ink-soft", "sunk", 4.5),
    ("ink-soft", "brand-wash", 4.5),
    ("brand", "paper", 4.5),
    ("brand", "surface", 4.5),
    ("brand", "brand-wash", 4.5),
    ("brand-ink", "brand", 4.5),
    ("good", "surface", 4.5),
    ("good", "good-wash", 4.5),
    ("bad", "surface", 4.5),
    ("bad", "bad-wash", 4.5),
    ("warn", "surface", 4.5),
    ("warn", "warn-wash", 4.5),
    ("ink", "good-wash", 4.5),
    ("ink", "bad-wash", 4.5),
    ("ink", "warn-wash", 4.5),
    ("accent", "paper", 3.0),
    ("accent", "surface", 3.0),
    ("line-strong", "paper", 3.0),
    ("line-strong", "surface", 3.0),
    ("focus", "paper", 3.0),
)


@dataclass(frozen=True)
class Contrast:
    """Two colours that meet on a page."""

    ink: str
    ground: str
    required: float
    light: float
    dark: float


@cache
def tokens() -> dict[str, tuple[str, str]]:
    """Name -> (light, dark), from the style sheet."""
    css = (STATIC / "css/palier.css").read_text(encoding="utf-8")
    return {name: (light, dark) for name, light, dark in _TOKEN.findall(css)}


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def contrasts() -> list[Contrast]:
    """Every pair in use, measured."""
    colours = tokens()
    return [
        Contrast(ink, ground, required, *(contrast(colours[ink][t], colours[ground][t]) for t in (0, 1)))
        for ink, ground, required in PAIRS
    ]
