"""An institution's own accent in place of the house's teal: only where it can be read, in both themes.

The three tokens that depend on it (`--brand`, what is written on it, its wash) are derived from one colour per theme.
"""

from dataclasses import dataclass
from typing import Final, Literal

from app.web import palette

Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
REQUIRED: Final = 4.5
# how much of the accent its wash takes, the strongest first
_WASHES: Final = {"light": (0.11, 0.08, 0.05, 0.03), "dark": (0.18, 0.14, 0.1, 0.06)}
_WRITTEN_ON: Final = {"light": ("#ffffff", "#17222b"), "dark": ("#06262c", "#000000")}
_STEPS: Final = 200


@dataclass(frozen=True)
class Accent:
    """The tokens of one theme."""

    brand: str
    ink: str
    wash: str


def accent(colour: str, theme: Theme) -> Accent | None:
    """The tokens that a colour gives in a theme, or None where some text would not be read.

    >>> accent("#0b5563", "light").ink
    '#ffffff'
    >>> accent("#ffe000", "light") is None
    True
    """
    if min(_contrast(colour, ground, theme) for ground in ("paper", "surface")) < REQUIRED:
        return None
    written = [ink for ink in _WRITTEN_ON[theme] if palette.contrast(ink, colour) >= REQUIRED]
    for part in _WASHES[theme]:
        wash = _mixed(colour, _token("surface", theme), part)
        readable = palette.contrast(colour, wash) >= REQUIRED and all(
            _contrast(wash, ink, theme) >= REQUIRED for ink in ("ink", "ink-soft")
        )
        if written and readable:
            return Accent(colour, written[0], wash)
    return None


def weakest_contrast(colour: str, theme: Theme) -> float:
    """The contrast of a colour with the ground it is hardest to read on."""
    return min(_contrast(colour, ground, theme) for ground in ("paper", "surface"))


def nearest(colour: str, theme: Theme) -> str:
    """The colour itself if it can be used in a theme, else the nearest of its hue: darker, or lighter at night.

    >>> nearest("#0b5563", "light")
    '#0b5563'
    """
    if accent(colour, theme) is not None:
        return colour
    lightness, a, b = _to_oklab(colour)
    end = 0.0 if theme == "light" else 1.0
    for step in range(1, _STEPS + 1):
        tried = _from_oklab(lightness + (end - lightness) * step / _STEPS, a, b)
        if accent(tried, theme) is not None:
            return tried
    return _token("brand", theme)


def stylesheet(light: str, dark: str) -> str:
    """The tokens of an institution, to be loaded after the house's.

    Raises
    ------
    ValueError
        A colour that cannot be used.
    """
    day, night = accent(light, "light"), accent(dark, "dark")
    if day is None or night is None:
        msg = f"not readable: {light} in the light, {dark} in the dark"
        raise ValueError(msg)
    tokens = [(f"--brand{end}", getattr(day, name), getattr(night, name)) for end, name in _TOKENS]
    both = " ".join(f"{name}: light-dark({one}, {other});" for name, one, other in tokens)
    plain = " ".join(f"{name}: {one};" for name, one, _ in tokens)
    return f":root {{ {both} }}\n@supports not (color: light-dark(#000, #fff)) {{ :root {{ {plain} }} }}\n"


_TOKENS: Final = (("", "brand"), ("-ink", "ink"), ("-wash", "wash"))


def _token(name: str, theme: Theme) -> str:
    return palette.tokens()[name][THEMES.index(theme)]


def _contrast(colour: str, token: str, theme: Theme) -> float:
    return palette.contrast(colour, _token(token, theme))


def _channels(colour: str) -> list[float]:
    return [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def _written(channels: list[float]) -> str:
    return "#" + "".join(f"{round(255 * min(max(channel, 0.0), 1.0)):02x}" for channel in channels)


def _mixed(colour: str, ground: str, part: float) -> str:
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return _written([part * one + (1 - part) * other for one, other in pairs])


# OKLab (Ottosson, 2020): equal steps look equal, so that "nearest" is what an eye would call so.


def _to_oklab(colour: str) -> tuple[float, float, float]:
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour))
    l_ = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m_ = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s_ = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l_ + 0.7936177850 * m_ - 0.0040720468 * s_,
        1.9779984951 * l_ - 2.4285922050 * m_ + 0.4505937099 * s_,
        0.0259040371 * l_ + 0.7827717662 * m_ - 0.8086757660 * s_,
    )


def _from_oklab(lightness: float, a: float, b: float) -> str:
    """The colour in sRGB, with as much of its chroma as fits there."""
    for kept in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0):
        channels = _linear(lightness, kept * a, kept * b)
        if all(-1e-4 <= channel <= 1 + 1e-4 for channel in channels):
            break
    held = [min(max(channel, 0.0), 1.0) for channel in channels]
    return _written([12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in held])


def _linear(lightness: float, a: float, b: float) -> list[float]:
    l_ = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_ = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_ = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return [
        4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_,
        -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_,
        -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_,
    ]
