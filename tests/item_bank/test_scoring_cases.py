"""The table of what is accepted and refused, case by case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from item_bank.errors import InvalidResponse
from item_bank.item import Item
from item_bank.scoring import FIELD_OF, Outcome, parse, score
from tests.item_bank.test_scoring import make_item

GROUPS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("scoring_cases.yaml").read_text(encoding="utf-8")
)


def built(described: dict[str, Any]) -> Item:
    """The item of a group: its options, categories and zones are named by their ids alone."""
    described = dict(described)
    interaction = described.pop("interaction")
    ids = described.pop("options", [])
    if ids:
        described["options"] = [{"id": one, "text": f"Choix {one}", "why": "Parce que."} for one in ids]
    if "categories" in described:
        described["categories"] = [{"id": one, "text": f"Classe {one}"} for one in described["categories"]]
    if interaction == "zone":
        body = " ".join(f"[[{one}|mots {one}]]" for one in ids)
        described["document"] = {"title": "Courriel", "kind": "email", "body": body}
    return make_item(interaction, **described)


def entered(value: Any) -> Any:
    """The value of a response's field."""
    if isinstance(value, dict) and value.keys() == {"repeat", "times"}:
        return value["repeat"] * value["times"]
    return value


def cases() -> Iterator[Any]:
    """One parameter set a line of the table."""
    for group in GROUPS:
        for value, expected, why in group["cases"]:
            name = f"{group['item']['interaction']}: {why}"
            yield pytest.param(group["item"], entered(value), expected, id=name)


@pytest.mark.parametrize(("described", "value", "expected"), list(cases()))
def test_the_response_gets_what_the_table_says(
    described: dict[str, Any], value: Any, expected: int | str
) -> None:
    item = built(described)
    raw = {FIELD_OF[item.interaction]: value}
    if expected == "refused":
        with pytest.raises(InvalidResponse) as refusal:
            parse(item, raw)
        assert refusal.value.field == FIELD_OF[item.interaction]
        return
    result = score(item, parse(item, raw))
    assert result.maximum == item.maximum_score
    if expected == "omitted":
        assert (result.outcome, result.score) == (Outcome.OMITTED, 0)
    else:
        assert (result.outcome, result.score) == (Outcome.ANSWERED, expected)


def test_the_table_holds_300_cases_and_every_interaction_accepted_refused_and_omitted() -> None:
    assert sum(len(group["cases"]) for group in GROUPS) >= 300
    seen: dict[str, set[str]] = {}
    for group in GROUPS:
        outcomes = {str(expected) for _, expected, _ in group["cases"]}
        seen.setdefault(group["item"]["interaction"], set()).update(outcomes)
    assert seen.keys() == {str(interaction) for interaction in FIELD_OF}
    assert all({"0", "1", "refused", "omitted"} <= outcomes for outcomes in seen.values())
