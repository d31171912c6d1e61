"""Every model as a strategy of banks, with what the laws need to know of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from irt.types import GradedParameters, ItemParameters, MixedParameters, NominalParameters, Parameters

DISCRIMINATION = st.floats(0.1, 4.0)
DIFFICULTY = st.floats(-6.0, 6.0)
GUESSING = st.floats(0.0, 0.5)
CEILING = st.floats(0.6, 1.0)
ONE, ZERO = st.just(1.0), st.just(0.0)
STEP = st.floats(0.01, 2.0)
THETA = st.floats(-40.0, 40.0)
NEAR = st.floats(-6.0, 6.0)

LOGISTIC = {
    "1PL": st.tuples(ONE, DIFFICULTY, ZERO, ONE),
    "2PL": st.tuples(DISCRIMINATION, DIFFICULTY, ZERO, ONE),
    "3PL": st.tuples(DISCRIMINATION, DIFFICULTY, GUESSING, ONE),
    "4PL": st.tuples(DISCRIMINATION, DIFFICULTY, GUESSING, CEILING),
}


def logistic(draw: st.DrawFn, model: str, count: int) -> ItemParameters:
    """`count` items of a dichotomous model."""
    return ItemParameters(*zip(*[draw(LOGISTIC[model]) for _ in range(count)], strict=True))


def graded(draw: st.DrawFn, count: int) -> GradedParameters:
    """`count` graded items of two to five categories."""
    rows = [np.cumsum([draw(DIFFICULTY), *draw(st.lists(STEP, max_size=3))]).tolist() for _ in range(count)]
    return GradedParameters([draw(DISCRIMINATION) for _ in range(count)], rows)


def credit(draw: st.DrawFn, count: int, slope: st.SearchStrategy[float]) -> NominalParameters:
    """`count` partial-credit items of two to five categories, steps in any order."""
    rows = [draw(st.lists(DIFFICULTY, min_size=1, max_size=4)) for _ in range(count)]
    return NominalParameters.partial_credit(rows, [draw(slope) for _ in range(count)])


def rating(draw: st.DrawFn, count: int) -> NominalParameters:
    """`count` rating-scale items with steps in common."""
    steps = draw(st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=4))
    return NominalParameters.rating_scale([draw(DIFFICULTY) for _ in range(count)], steps)


def nominal(draw: st.DrawFn, count: int) -> NominalParameters:
    """`count` nominal items of two to five categories, slopes in any order."""
    slopes, intercepts = [], []
    for _ in range(count):
        size = draw(st.integers(2, 5))
        order = draw(st.permutations([0.7 * place for place in range(size)]))
        slopes.append([value + draw(st.floats(0.0, 0.5)) for value in order])
        intercepts.append([draw(st.floats(-4.0, 4.0)) for _ in range(size)])
    return NominalParameters(slopes, intercepts)


def mixed(draw: st.DrawFn, count: int) -> Parameters:
    """`count` items of several models, shuffled."""
    makers: list[Callable[[], Any]] = [
        lambda: logistic(draw, draw(st.sampled_from(list(LOGISTIC))), 1),
        lambda: graded(draw, 1),
        lambda: nominal(draw, 1),
    ]
    parts = [draw(st.sampled_from(makers))() for _ in range(count)]
    return MixedParameters(parts).take(draw(st.permutations(range(count))))


MAKERS: dict[str, Callable[[st.DrawFn, int], Parameters]] = {
    **{model: lambda draw, count, model=model: logistic(draw, model, count) for model in LOGISTIC},  # type: ignore[misc]
    "GRM": graded,
    "PCM": lambda draw, count: credit(draw, count, ONE),
    "GPCM": lambda draw, count: credit(draw, count, DISCRIMINATION),
    "RSM": rating,
    "NRM": nominal,
    "mixed": mixed,
}
every_model = pytest.mark.parametrize("model", MAKERS)
every_logistic = pytest.mark.parametrize("model", LOGISTIC)


@st.composite
def banks(draw: st.DrawFn, model: str, smallest: int = 1, largest: int = 1) -> Parameters:
    """Between `smallest` and `largest` items of a model."""
    return MAKERS[model](draw, draw(st.integers(smallest, largest)))


@st.composite
def patterns(draw: st.DrawFn, model: str, largest: int = 20) -> tuple[Parameters, list[int]]:
    """Between 1 and `largest` items of the model and a score for each."""
    items = draw(banks(model, 1, largest))
    return items, [draw(st.integers(0, int(count) - 1)) for count in items.n_categories]


def rescaled(parameters: Parameters, slope: float, shift: float) -> Parameters:
    """The same items on the scale slope * theta + shift."""
    match parameters:
        case ItemParameters(a=a, b=b, c=c, d=d):
            return ItemParameters(a / slope, slope * b + shift, c, d)
        case GradedParameters(a=a, thresholds=thresholds):
            return GradedParameters(a / slope, slope * thresholds + shift)
        case NominalParameters(slopes=slopes, intercepts=intercepts):
            return NominalParameters(slopes / slope, intercepts - slopes * shift / slope)
    parts = [rescaled(part, slope, shift) for part in parameters.parts]
    return MixedParameters(parts, parameters.positions)  # type: ignore[arg-type]
