"""The shipped content is whole, feasible, and keeps the promises of its designs."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import item_bank
from item_bank.blueprint import Checked, check, compile_design, professions_served
from item_bank.item import Interaction
from item_bank.lint import lint
from item_bank.presentation import explain, option_order, present
from item_bank.release import Release, stats
from item_bank.scoring import FIELD_OF, parse, score

CONTENT = Path(item_bank.__file__).parent / "content"


@pytest.fixture(scope="module")
def checked() -> Checked:
    return check(CONTENT)


@pytest.fixture(scope="module")
def release(checked: Checked) -> Release:
    assert checked.release is not None
    return checked.release


def test_the_shipped_content_has_no_problem(checked: Checked) -> None:
    assert [str(problem) for problem in checked.problems] == []


def test_the_shipped_content_covers_the_framework(checked: Checked) -> None:
    counts = stats(checked.content)
    assert counts["items"] >= 80
    assert len(counts["domains"]) == 5
    assert len(counts["competences"]) == 18
    assert min(counts["competences"].values()) >= 1
    assert set(counts["levels"]) == {"1", "2", "3", "4", "5", "6"}
    assert len(counts["interactions"]) == 7
    assert len(checked.content.testlets) >= 2


def test_the_shipped_release_is_a_demonstration_with_provisional_parameters(release: Release) -> None:
    assert release.demonstration
    assert release.provisional
    assert release.framework.cuts == (-0.8, 0.0, 0.8, 1.6)
    assert release.framework.cuts_are_placeholders


def test_the_shipped_release_comes_back_whole_from_its_payload(release: Release) -> None:
    back = Release.from_payload(release.to_payload())
    assert back == release
    assert [back.item(index) for index in range(len(back))] == [
        release.item(index) for index in range(len(back))
    ]


def test_the_certification_can_be_given_to_everybody(release: Release) -> None:
    design = release.design("certification")
    assert (design.length, design.time_limit, design.minimum_responses) == (32, 60, 20)
    compiled = compile_design(release, design)
    lower = dict(zip((node.id for node in compiled.nodes), compiled.tree.lower.tolist(), strict=True))
    upper = dict(zip((node.id for node in compiled.nodes), compiled.tree.upper.tolist(), strict=True))
    assert [(lower[f"D{n}"], upper[f"D{n}"]) for n in range(1, 6)] == [(6, 8), (5, 7), (5, 7), (6, 8), (5, 7)]
    assert compiled.tree.max_testlets == 2


def test_the_designs_for_everybody_can_be_given_to_each_profession(release: Release) -> None:
    professions = tuple(audience.id for audience in release.framework.professions)
    for design in (design for design in release.designs if not design.pool):
        assert professions_served(release, design) == professions


def test_the_practice_design_asks_two_items_of_each_domain_before_it_stops(release: Release) -> None:
    design = release.design("practice")
    assert not design.issues_certificates
    compiled = compile_design(release, design)
    policy = compiled.policy(release)
    for seed, answer in ((1, 1), (2, 0)):
        items: list[int] = []
        while (
            step := policy.step(items, [answer] * len(items), seed=seed, available=compiled.available)
        ).item is not None:
            items.append(step.item)
        domains = release.domain[items].tolist()
        assert 10 <= len(items) <= 12
        assert all(2 <= domains.count(domain) <= 3 for domain in range(5))


def test_the_right_answer_of_every_shipped_item_scores_and_is_explained(release: Release) -> None:
    for index in range(len(release)):
        item = release.item(index)
        key = item.scoring_key.to_dict()
        entered = key.get("key", key.get("accepted", [""])[-1])
        if item.interaction is Interaction.NUMERIC:
            entered = f"{entered} {item.unit}".replace(".", ",")
        response = parse(item, {FIELD_OF[item.interaction]: entered})
        assert score(item, response).score == 1, item.id
        assert explain(item, response, seed=index).correct
        shown = present(item, seed=index, testlet=release.testlet_of(index))
        assert tuple(option.id for option in shown.options) == option_order(item, index)
        assert shown.stem_html
        assert "\ufffd" not in shown.stem_html


def test_the_shipped_content_gives_no_key_away_by_length_and_holds_nothing_real(checked: Checked) -> None:
    report = lint(checked.content, datetime.date(2026, 11, 21))
    assert report.figures["key_longest_share"] <= 0.30
    assert report.errors == ()
    found = report.figures["warnings_by_rule"]
    for rule in (
        "key_longest",
        "key_position",
        "catch_all",
        "real_nir",
        "real_address",
        "real_phone",
        "recheck",
    ):
        assert rule not in found
