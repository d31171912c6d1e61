"""Designs name what the engine can do, keep their hashes, and explain what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import irt.policy
import irt.selection
import item_bank
from item_bank import files
from item_bank.design import (
    Attribute,
    Criterion,
    Design,
    Method,
    Scope,
    StoppingRule,
    shares,
    unknown_nodes,
    with_shares,
)
from item_bank.errors import InvalidDesign
from item_bank.framework import Framework
from item_bank.item import canonical_hash

SHIPPED = Path(item_bank.__file__).parent / "content"

PLAIN: dict[str, Any] = {
    "id": "essai",
    "title": "Essai",
    "summary": "",
    "purpose": "practice",
    "length": 12,
    "minimum_responses": 4,
    "time_limit": 20,
    "feedback": "none",
    "stopping": {"rule": "length", "minimum_length": 12},
    "blueprint": [{"scope": "domain", "id": "*", "minimum": 1, "maximum": 4}],
    "selection": {"randomesque": [3, 2], "prefer_testlets": False},
    "exposure": {"target": 1.0, "band_target": 1.0},
}
STOPS: Mapping[str, Mapping[str, Any]] = {
    "standard_error": {"standard_error": 0.4},
    "classification": {"cut": -0.8, "confidence": 0.95},
    "interval": {"cut": 0.0, "confidence": 0.9},
    "level": {"confidence": 0.9},
    "information": {"information": 0.05},
    "change": {"change": 0.02},
    "ratio": {"cut": 0.0, "half_width": 0.3, "alpha": 0.05, "beta": 0.1},
    "time": {"seconds": 45.0},
}
RICH: dict[str, Any] = PLAIN | {
    "stopping": {"minimum_length": 6, "any": [{"rule": name, **values} for name, values in STOPS.items()]},
    "selection": {
        "randomesque": [],
        "prefer_testlets": True,
        "criterion": "progressive",
        "acceleration": 2.0,
        "strata": 3,
        "blocking": False,
    },
    "exposure": {"target": 0.3, "band_target": 0.6, "edges": [0.0], "sympson_hetter": {"D1C1-001": 0.5}},
    "pool": {
        "referentiel": "soins",
        "professions": ["ide"],
        "stages": ["cycle1"],
        "competences": ["D1C1"],
        "levels": {"lowest": 2, "highest": 5},
    },
    "quotas": [
        {"attribute": "words", "maximum": 900},
        {"attribute": "level", "value": "6", "minimum": 1, "maximum": 3},
    ],
    "enemies_apart": True,
    "precision": {"standard_error": 0.4, "lowest": -1.0, "highest": 2.0, "by_profession": 0.45},
}


@pytest.fixture(scope="module")
def framework() -> Framework:
    found = files.read(SHIPPED).content.framework
    assert found is not None
    return found


def faults(data: Mapping[str, Any]) -> list[str]:
    try:
        Design.from_dict(data)
    except InvalidDesign as error:
        return [str(fault) for fault in error.faults]
    return []


def test_the_names_of_a_design_are_those_of_the_engine() -> None:
    assert {one.value for one in Criterion} == {one.value for one in irt.selection.Criterion}
    assert {one.value for one in Method} == {one.value for one in irt.policy.Method}
    assert set(STOPS) == {one.value for one in StoppingRule} - {"length"}


@pytest.mark.parametrize("data", [PLAIN, RICH], ids=["plain", "rich"])
def test_a_design_comes_back_whole_from_its_json_form(data: Mapping[str, Any]) -> None:
    design = Design.from_dict(data)
    assert design.to_dict() == data
    assert Design.from_dict(design.to_dict()) == design


@pytest.mark.parametrize("name", STOPS)
def test_a_single_rule_is_written_as_it_always_was(name: str) -> None:
    stopping = {"rule": name, "minimum_length": 5, **STOPS[name]}
    assert Design.from_dict(PLAIN | {"stopping": stopping}).to_dict()["stopping"] == stopping


def test_what_a_design_does_not_use_is_not_written_so_that_its_content_hash_stays() -> None:
    assert set(Design.from_dict(PLAIN).to_dict()) == set(PLAIN)
    assert Design.from_dict(PLAIN).content_hash == canonical_hash(PLAIN)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stopping": {"rule": "level", "minimum_length": 3}}, "stopping.confidence: is missing."),
        ({"stopping": {"rule": "nivau", "minimum_length": 3}}, '"nivau" is not a known rule.'),
        ({"stopping": {"any": [{"rule": "length"}], "minimum_length": 3}}, "stops nothing"),
        ({"stopping": {"any": [{"rule": "time", "seconds": 9}]}}, "stopping.minimum_length: is missing."),
        (
            {"stopping": {"rule": "ratio", "cut": 0, "half_width": 0, "minimum_length": 3}},
            "stopping.half_width: is 0; a number from 0.01",
        ),
        ({"selection": {"criterion": "mpvi"}}, 'Did you mean "mpwi"?'),
        (
            {"selection": {"method": "priority_index"}, "enemies_apart": True},
            "cannot keep quotas or enemies apart",
        ),
        (
            {"selection": {"method": "kingsbury_zara"}, "purpose": "certification"},
            "does not promise to keep the blueprint",
        ),
        ({"quotas": [{"attribute": "level", "maximum": 3}]}, "quotas[0].value: is missing."),
        ({"quotas": [{"attribute": "words"}]}, "quotas[0]: bounds nothing."),
        (
            {"quotas": [{"attribute": "words", "minimum": 9, "maximum": 3}]},
            "quotas[0].minimum: is 9, above the maximum (3).",
        ),
        ({"pool": {"levels": {"lowest": 5, "highest": 2}}}, "pool.levels: have their lowest above"),
        ({"pool": {"niveaux": 3}}, "pool.niveaux: is not a field"),
        ({"precision": {"standard_error": 0.4, "lowest": 1, "highest": 0}}, "not below `highest`"),
        (
            {"blueprint": [{"scope": "domain", "id": "*", "share_margin": 1}]},
            "blueprint[0].share_margin: needs a référentiel",
        ),
        (
            {"blueprint": [{"scope": "topic", "id": "*", "share_margin": 1}], "pool": {"referentiel": "r"}},
            "belongs to the row of every domain",
        ),
        (
            {
                "blueprint": [{"scope": "domain", "id": "*", "share_margin": 1, "maximum": 3}],
                "pool": {"referentiel": "r"},
            },
            "stands beside bounds that it computes",
        ),
        (
            {"exposure": {"sympson_hetter": {"A-1": 0.4}, "eligibility": {"A-1": [0.5]}}},
            "stands beside eligibility",
        ),
    ],
)
def test_each_mistake_is_told_with_its_field_and_what_to_do(change: dict[str, Any], words: str) -> None:
    told = faults(PLAIN | change)
    assert any(words in line for line in told), told


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        ({"referentiel": "sante-postbac"}, 'Did you mean "sante-post-bac"?'),
        ({"professions": ["infirmier"]}, '"infirmier" is not one of the professions'),
        ({"stages": ["cycle9"]}, '"cycle9" is not one of the stages'),
        ({"competences": ["D9C1"]}, '"D9C1" is not one of the competences'),
    ],
)
def test_a_pool_that_names_what_the_framework_does_not_have_is_refused(
    framework: Framework, pool: dict[str, Any], words: str
) -> None:
    told = [str(fault) for fault in unknown_nodes(Design.from_dict(PLAIN | {"pool": pool}), framework)]
    assert len(told) == 1
    assert words in told[0]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("level", "7"), ("interaction", "single"), ("stage", "cycle9"), ("profession", "x"), ("language", "xx")],
)
def test_a_quota_on_a_value_that_no_item_can_have_is_refused(
    framework: Framework, attribute: str, value: str
) -> None:
    quota = {"attribute": attribute, "value": value, "maximum": 2}
    told = [str(fault) for fault in unknown_nodes(Design.from_dict(PLAIN | {"quotas": [quota]}), framework)]
    assert len(told) == 1
    assert f'quotas[0].value: "{value}" is not a known {attribute}.' in told[0]


@given(
    st.integers(1, 200),
    st.dictionaries(st.sampled_from("ABCDEFG"), st.floats(0.01, 100), min_size=1),
)
def test_shares_add_up_to_the_length_and_are_within_one_of_what_the_weights_ask(
    length: int, weights: dict[str, float]
) -> None:
    given_items = shares(length, weights)
    total = sum(weights.values())
    assert sum(given_items.values()) == length
    for name, items in given_items.items():
        assert abs(items - length * weights[name] / total) < 1 + 1e-9


def test_the_weights_of_a_referentiel_become_rows_with_its_margin(framework: Framework) -> None:
    data = PLAIN | {
        "length": 32,
        "minimum_responses": 20,
        "stopping": {"rule": "length", "minimum_length": 32},
        "pool": {"referentiel": "social-post-bac"},
        "blueprint": [
            {"scope": "domain", "id": "D5", "minimum": 2, "maximum": 9},
            {"scope": "domain", "id": "*", "minimum": 0, "share_margin": 1},
        ],
    }
    design = with_shares(Design.from_dict(data), framework)
    rows = {row.id: (row.minimum, row.maximum) for row in design.rows if row.scope is Scope.DOMAIN}
    assert rows.pop("D5") == (2, 9)
    # 8, 6, 8, 6, 4 of 32 items, one more or less.
    assert rows == {"D1": (7, 9), "D2": (5, 7), "D3": (7, 9), "D4": (5, 7)}
    assert with_shares(design, framework) == design


def test_every_attribute_of_a_quota_is_one_an_item_has() -> None:
    content = files.read(SHIPPED).content
    record = content.items[0].to_dict()
    for attribute in Attribute:
        if attribute not in (Attribute.WORDS, Attribute.PROFESSION):
            assert str(attribute) in record
