"""An institution's accent: whatever is asked for, what is used can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import accents, palette

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(COLOURS, st.sampled_from(accents.THEMES))
def test_the_nearest_colour_can_be_read_wherever_it_is_used(colour: str, theme: accents.Theme) -> None:
    used = accents.accent(accents.nearest(colour, theme), theme)
    assert used is not None
    tokens = {name: pair[accents.THEMES.index(theme)] for name, pair in palette.tokens().items()}
    for ink, ground in (
        (used.brand, tokens["paper"]),
        (used.brand, tokens["surface"]),
        (used.brand, used.wash),
        (used.ink, used.brand),
        (tokens["ink"], used.wash),
        (tokens["ink-soft"], used.wash),
    ):
        assert palette.contrast(ink, ground) >= accents.REQUIRED


@given(COLOURS, st.sampled_from(accents.THEMES))
def test_a_colour_that_can_be_read_is_its_own_nearest(colour: str, theme: accents.Theme) -> None:
    if accents.accent(colour, theme) is not None:
        assert accents.nearest(colour, theme) == colour


def test_a_style_sheet_is_never_made_of_colours_that_cannot_be_read() -> None:
    with pytest.raises(ValueError, match="not readable"):
        accents.stylesheet("#ffe000", "#ffe000")
    assert "--brand: light-dark(#8a1538, #f08aa0)" in accents.stylesheet("#8a1538", "#f08aa0")
