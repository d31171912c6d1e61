"""Linking and drift: the line is found again, its standard errors are true, and what moved is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irt.drift import drift, false_discovery, purified_link
from irt.errors import InvalidParameters, InvalidRules, NotReportable
from irt.linking import (
    LinkingMethod,
    Weights,
    item_covariances,
    link,
    normal_weights,
    parameter_vector,
    rescale,
)
from irt.models import category_probability
from irt.types import GradedParameters, ItemParameters, MixedParameters, NominalParameters, Parameters

THREE = ItemParameters(
    [0.8, 1.3, 1.0, 1.7], [-1.2, 0.1, 0.6, 1.5], [0.2, 0.1, 0.0, 0.25], [1.0, 0.95, 1.0, 1.0]
)
GRADED = GradedParameters([0.9, 1.6], [[-1.0, 0.2, 1.1], [-0.3, 0.8]])
NOMINAL = NominalParameters([[0.0, 0.8, 1.5], [0.0, 1.1, 0.4]], [[0.0, 0.4, -0.6], [0.0, -0.5, 0.3]])
MIXED = MixedParameters([THREE, GRADED, NOMINAL], [[0, 2, 4, 6], [1, 3], [5, 7]])
BANKS = {"logistic": THREE, "graded": GRADED, "nominal": NOMINAL, "mixed": MIXED}
CURVES = (LinkingMethod.HAEBARA, LinkingMethod.STOCKING_LORD)


@pytest.mark.parametrize("bank", BANKS.values(), ids=BANKS)
@given(slope=st.floats(0.3, 3.0), intercept=st.floats(-2.0, 2.0))
def test_a_change_of_scale_leaves_every_probability(bank: Parameters, slope: float, intercept: float) -> None:
    theta = np.linspace(-3, 3, 7)
    there = category_probability(rescale(bank, slope, intercept), slope * theta + intercept)
    np.testing.assert_allclose(there, category_probability(bank, theta), atol=1e-11)


@pytest.mark.parametrize("method", LinkingMethod)
@pytest.mark.parametrize("bank", [THREE, GRADED, MixedParameters([THREE, GRADED])])
@given(slope=st.floats(0.6, 1.6), intercept=st.floats(-1.0, 1.0))
def test_every_method_finds_an_exact_line_again(
    bank: Parameters, method: LinkingMethod, slope: float, intercept: float
) -> None:
    new = rescale(bank, 1 / slope, -intercept / slope)
    found = link(new, bank, method=method)
    assert found.outcome == "converged"
    assert (found.slope, found.intercept) == pytest.approx((slope, intercept), abs=1e-6)


@pytest.mark.parametrize("method", CURVES)
@pytest.mark.parametrize("symmetric", [False, True])
def test_curves_link_nominal_and_mixed_items_too(method: LinkingMethod, symmetric: bool) -> None:
    for bank in (NOMINAL, MIXED):
        found = link(rescale(bank, 1 / 1.2, -0.3 / 1.2), bank, method=method, symmetric=symmetric)
        assert (found.slope, found.intercept) == pytest.approx((1.2, 0.3), abs=1e-6)


def test_moments_cannot_link_nominal_items() -> None:
    with pytest.raises(InvalidRules, match="haebara or stocking-lord"):
        link(NOMINAL, NOMINAL, method="mean-sigma")


@pytest.mark.parametrize("method", LinkingMethod)
def test_standard_errors_are_those_of_repeated_calibrations(method: LinkingMethod) -> None:
    rng = np.random.default_rng(5)
    old = ItemParameters(rng.lognormal(0, 0.2, 12), np.linspace(-1.8, 1.8, 12), np.full(12, 0.2), np.ones(12))
    sd = np.tile([0.06, 0.05, 0.0, 0.0], 12)
    line = link(old, old, method=method, new_covariance=np.diag(sd**2), old_covariance=np.diag(sd**2))
    lines = []
    for _ in range(250):
        pair = [
            ItemParameters(*(parameter_vector(old) + rng.normal(size=48) * sd).reshape(-1, 4).T)
            for _ in range(2)
        ]
        found = link(pair[0], pair[1], method=method)
        lines.append((found.slope, found.intercept))
    np.testing.assert_allclose(line.se, np.std(lines, axis=0), rtol=0.15)


def test_only_the_anchors_decide_and_only_their_covariances_are_used() -> None:
    old = MIXED
    new = rescale(old, 1 / 1.3, 0.2)
    spoiled = MixedParameters(
        [ItemParameters([5.0, *THREE.a[1:]], [3.0, *THREE.b[1:]], THREE.c, THREE.d), GRADED, NOMINAL],
        MIXED.positions,
    )
    anchors = [3, 2, 5, 6]
    size = len(parameter_vector(old))
    cover = np.diag(np.arange(1.0, size + 1) * 1e-4)
    good = link(new, old, anchors=anchors, new_covariance=cover)
    other = link(new, spoiled, anchors=anchors, new_covariance=cover)
    assert good.se == other.se
    assert good.slope == pytest.approx(other.slope)
    blocks = item_covariances(old, anchors, cover)
    by_hand = {tuple(np.diag(block)) for block in blocks}
    assert len(by_hand) == len(anchors)
    assert [len(block) for block in blocks] == [3, 4, 6, 4]


def test_weights_move_the_line_where_the_curves_cross() -> None:
    old = ItemParameters([1.0, 1.0, 1.2], [-1.0, 0.0, 1.0], [0.0] * 3, [1.0] * 3)
    new = ItemParameters([1.1, 0.9, 1.2], [-1.1, 0.1, 1.2], [0.0] * 3, [1.0] * 3)
    low = link(new, old, weights=normal_weights(41, -1.5, 0.5))
    high = link(new, old, weights=Weights(np.linspace(0.5, 2.5, 21), np.full(21, 1 / 21)))
    assert low.intercept != pytest.approx(high.intercept, abs=1e-3)


def test_a_link_that_cannot_be_had_is_an_outcome_with_advice() -> None:
    flat = ItemParameters([1.0, 1.0], [0.5, 0.5], [0.0, 0.0], [1.0, 1.0])
    found = link(flat, flat, method="mean-sigma")
    assert "anchors" in found.outcome
    with pytest.raises(NotReportable):
        found.require()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"anchors": [1]}, InvalidRules, "at least 2"),
        ({"anchors": [1, 1]}, InvalidRules, "different"),
        ({"anchors": [0, 9]}, InvalidRules, "between 0 and 3"),
        ({"method": "median"}, InvalidRules, "stocking-lord"),
        ({"new_covariance": np.eye(3)}, InvalidParameters, "shape"),
    ],
)
def test_bad_input_is_named_at_the_door(
    arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        link(THREE, THREE, **arguments)  # type: ignore[arg-type]


def test_calibrations_of_other_items_are_refused() -> None:
    with pytest.raises(InvalidParameters, match="GradedParameters"):
        link(GRADED, THREE)
    with pytest.raises(InvalidParameters, match="items"):
        link(THREE.take([0, 1]), THREE)
    with pytest.raises(InvalidParameters, match="categories"):
        link(GRADED.take([1, 0]), GRADED)
    with pytest.raises(InvalidRules, match="greater than 0"):
        rescale(THREE, 0.0, 1.0)


def _drifting(shift: float, item: int = 7) -> tuple[ItemParameters, ItemParameters, np.ndarray]:
    rng = np.random.default_rng(11)
    old = ItemParameters(rng.lognormal(0, 0.2, 20), np.linspace(-2, 2, 20), np.zeros(20), np.ones(20))
    error = rng.normal(size=(2, 20)) * [[0.04], [0.05]]
    b = old.b + error[1]
    b[item] += shift
    new = rescale(ItemParameters(old.a + error[0], b, old.c, old.d), 1 / 1.1, 0.3)
    assert isinstance(new, ItemParameters)
    return new, old, np.diag(np.tile([0.02, 0.025, 0.0, 0.0], 20) ** 2) * 2


def test_the_anchor_that_moved_is_flagged_by_every_view_and_taken_out() -> None:
    new, old, cover = _drifting(0.6)
    without = purified_link(new, old)
    within = purified_link(new, old, new_covariance=cover, old_covariance=cover)
    for found in (without, within):
        assert found.removed == (7,)
        assert found.outcome == "converged"
        assert found.drift.flagged.tolist() == [item == 7 for item in range(20)]
        assert found.drift.delta_b[7] == pytest.approx(0.6, abs=0.12)
        assert np.argmax(found.drift.d2) == 7
        assert found.line.slope == pytest.approx(1.1, abs=0.04)
    assert np.isnan(without.drift.chi_square).all()
    assert within.drift.degrees.tolist() == [2] * 20


def test_the_false_discovery_rate_holds_when_nothing_moves() -> None:
    flags = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        old = ItemParameters(np.ones(15), np.linspace(-2, 2, 15), np.zeros(15), np.ones(15))
        sd = np.tile([0.05, 0.05, 0.0, 0.0], 15)
        pair = [
            ItemParameters(*(parameter_vector(old) + rng.normal(size=60) * sd).reshape(-1, 4).T)
            for _ in range(2)
        ]
        line = link(pair[0], pair[1], method="haebara")
        cover = np.diag(sd**2)
        flags += bool(drift(pair[0], pair[1], line, new_covariance=cover, old_covariance=cover).flagged.any())
    assert flags <= 8


def test_a_significant_but_small_drift_can_be_kept() -> None:
    new, old, cover = _drifting(0.6)
    kept = purified_link(new, old, new_covariance=cover, old_covariance=cover, least_d2=0.1)
    assert kept.removed == ()
    assert kept.drift.flagged[7]


def test_when_too_many_anchors_move_the_outcome_says_so() -> None:
    new, old, cover = _drifting(0.0)
    b = new.b.copy()
    b[::2] += 1.0
    found = purified_link(
        ItemParameters(new.a, b, new.c, new.d), old, new_covariance=cover, old_covariance=cover
    )
    assert "before linking" in found.outcome


def test_graded_and_nominal_anchors_drift_too() -> None:
    line = link(MIXED, MIXED)
    cover = np.eye(len(parameter_vector(MIXED))) * 1e-4
    moved = MixedParameters(
        [THREE, GradedParameters(GRADED.a, GRADED.thresholds + np.array([[0.5], [0.0]])), NOMINAL],
        MIXED.positions,
    )
    found = drift(moved, MIXED, line, new_covariance=cover, old_covariance=cover)
    assert found.flagged.tolist() == [item == 1 for item in range(8)]
    assert np.isnan(found.delta_b[5])
    assert found.degrees.tolist() == [4, 4, 4, 3, 4, 6, 4, 6]


def test_q_values_are_ordered_as_p_values_and_leave_unknowns_out() -> None:
    q = false_discovery([0.001, np.nan, 0.2, 0.01])
    assert np.isnan(q[1])
    assert q[[0, 3, 2]].tolist() == pytest.approx([0.003, 0.015, 0.2])


def test_drift_needs_three_anchors_and_a_rate() -> None:
    line = link(THREE, THREE)
    with pytest.raises(InvalidRules, match="at least 3"):
        drift(THREE, THREE, line, anchors=[0, 1])
    with pytest.raises(InvalidRules, match="discovery_rate"):
        drift(THREE, THREE, line, discovery_rate=1.0)
