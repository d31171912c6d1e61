"""The colours keep their promises."""

import re

import pytest

from app.web import palette


def test_black_on_white_has_the_contrast_the_standard_gives() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("pair", palette.contrasts(), ids=lambda pair: f"{pair.ink} on {pair.ground}")
def test_two_colours_that_meet_keep_their_contrast_in_both_themes(pair: palette.Contrast) -> None:
    assert pair.light >= pair.required
    assert pair.dark >= pair.required


def test_browsers_without_light_dark_get_the_light_theme() -> None:
    css = (palette.STATIC / "css/palier.css").read_text(encoding="utf-8")
    block = css.split("@supports not", 1)[1].split("}", 1)[0]
    fallback = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", block))
    long = {
        name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:])
        for name, value in fallback.items()
    }
    assert long == {name: light for name, (light, _dark) in palette.tokens().items()}


def test_every_colour_used_in_the_style_sheets_is_a_token() -> None:
    sheets = "\n".join(path.read_text(encoding="utf-8") for path in (palette.STATIC / "css").glob("*.css"))
    used = set(re.findall(r"var\(--([a-z-]+)\)", sheets))
    assert used - set(palette.tokens()) <= {"radius", "measure", "wide", "gutter", "shadow"}
