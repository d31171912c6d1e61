"""Where things stand in the drawings."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import charts

CUTS = (-0.8, 0.0, 0.8, 1.6)
LABELS = ("Non délivré", "Socle", "Autonome", "Confirmé", "Référent")


@given(st.floats(-12, 12), st.floats(-12, 12))
def test_a_higher_ability_never_stands_further_left(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert charts.place(low, CUTS) <= charts.place(high, CUTS)


@given(st.floats(-12, 12))
def test_the_mark_stands_on_the_step_of_its_level_and_inside_the_drawing(theta: float) -> None:
    place = charts.place(theta, CUTS)
    level = sum(theta >= cut for cut in CUTS)
    assert 0 < place < 1
    assert level / 5 - 1e-9 <= place <= (level + 1) / 5 + 1e-9


@given(st.floats(-6, 6))
def test_an_interval_keeps_a_width_even_at_the_ends(theta: float) -> None:
    assert charts.place(theta + 0.5, CUTS) > charts.place(theta - 0.5, CUTS)


def test_each_cut_stands_at_the_edge_between_two_steps() -> None:
    assert [charts.place(cut, CUTS) for cut in CUTS] == pytest.approx([0.2, 0.4, 0.6, 0.8])


def test_two_levels_parted_by_one_cut_can_be_drawn() -> None:
    places = [charts.place(theta, (-0.8,)) for theta in (-3.0, -0.8, 0.0, 3.0)]
    assert all(low < high for low, high in pairwise(places))
    assert places[1] == pytest.approx(0.5)


@pytest.mark.parametrize("shape", ["wide", "tall", "narrow"])
@pytest.mark.parametrize("level", range(5))
def test_a_staircase_is_well_formed_fills_one_step_and_keeps_the_mark_in_view(
    shape: charts.Shape, level: int
) -> None:
    at = (level + 0.5) / 5
    drawing = charts.staircase(
        LABELS, "Votre palier", level=level, at=at, low=at - 0.05, high=at + 0.05, shape=shape
    )
    root = ElementTree.fromstring(str(drawing))
    assert root.attrib["aria-label"] == "Votre palier"
    steps = [node for node in root if node.attrib.get("class", "").startswith("step") and node.tag == "path"]
    assert [node.attrib["class"] == "step here" for node in steps] == [index == level for index in range(5)]
    height = float(root.attrib["viewBox"].split()[3])
    for circle in root.iter("circle"):
        assert float(circle.attrib["cy"]) - float(circle.attrib["r"]) >= 0
        assert float(circle.attrib["cy"]) + float(circle.attrib["r"]) <= height


def test_labels_and_alternatives_cannot_break_out_of_the_drawing() -> None:
    hostile = '<script>"&'
    for drawing in (
        charts.staircase([hostile] * 3, hostile, level=0, at=0.1),
        charts.interval(3, 0.1, 0.2, 0.3, hostile),
    ):
        assert "<script" not in drawing
        ElementTree.fromstring(str(drawing))


def test_drawings_carry_no_inline_style() -> None:
    drawings = charts.staircase(LABELS, level=1, at=0.3, low=0.2, high=0.4) + charts.interval(
        5, 0.1, 0.2, 0.3, "x"
    )
    assert re.search(r"\bstyle=", drawings) is None
