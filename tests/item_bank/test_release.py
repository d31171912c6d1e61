"""A release is immutable, complete, and the same whatever the layout of the files."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from irt.models import category_probability
from item_bank.blueprint import compile_design
from item_bank.errors import InvalidRelease
from item_bank.release import Release, left_out, stats
from item_bank.release import compile as compile_release

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder

ITEMS = "items/D1C1.yaml"


def through_json(release: Release) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(json.dumps(release.to_payload()))
    return payload


def test_items_are_in_the_order_of_their_ids_with_their_places_in_the_framework(bank: BankFolder) -> None:
    release = compile_release(bank.content())
    assert release.item_ids == ("CAS-D2-1-1", "CAS-D2-1-2", "D1C1-001", "D1C1-002", "D1C1-003", "D2C1-001")
    assert release.domain.tolist() == [1, 1, 0, 0, 0, 1]
    assert release.competence.tolist() == [1, 1, 0, 0, 0, 1]
    assert release.topic.tolist() == [4, 5, 0, 1, 2, 3]
    assert release.level.tolist() == [5, 6, 2, 3, 4, 1]
    assert release.testlet.tolist() == [0, 0, -1, -1, -1, -1]
    assert release.testlet_position.tolist() == [0, 1, 0, 0, 0, 0]
    testlet = release.testlet_of("CAS-D2-1-2")
    assert testlet is not None
    assert testlet.id == "CAS-D2-1"
    assert release.testlet_of(3) is None


def test_provisional_parameters_follow_one_rule(bank: BankFolder) -> None:
    release = compile_release(bank.content())
    assert release.provisional
    assert release.parameter_set.parameters.a.tolist() == [1.0] * 6
    assert release.parameter_set.parameters.b.tolist() == [1.2, 2.0, -1.2, -0.4, 0.4, -2.0]
    assert release.parameter_set.parameters.c.tolist() == [0.0, 0.0, 0.25, 0.0, 0.0, 0.0]
    assert release.parameter_set.parameters.d.tolist() == [1.0] * 6
    assert release.parameter_set.se_difficulty.tolist() == [0.8] * 6
    assert release.parameter_set.se_discrimination.tolist() == [0.3] * 6
    assert "declared, not estimated" in release.parameter_set.note


def test_stated_parameters_replace_the_rule_for_their_item(bank: BankFolder) -> None:
    block = (
        "parameters: {discrimination: 1.4, difficulty: 0.7, guessing: 0.1, se_difficulty: 0.2, source: essai}"
    )
    bank.replace(ITEMS, "facts: [F1.01]", block)
    release = compile_release(bank.content())
    index = release.index["D1C1-001"]
    stated = release.parameter_set.parameters
    assert [stated.a[index], stated.b[index], stated.c[index]] == [1.4, 0.7, 0.1]
    assert release.parameter_set.se_difficulty[index] == 0.2
    assert release.parameter_set.rule[index] == "stated"
    assert release.provisional


def test_the_payload_is_lossless_through_json(bank: BankFolder) -> None:
    release = compile_release(bank.content())
    back = Release.from_payload(through_json(release))
    assert back == release
    assert through_json(back) == through_json(release)
    assert [back.item(index) for index in range(len(back))] == [
        release.item(index) for index in range(len(release))
    ]
    assert back.testlets == release.testlets
    assert back.designs == release.designs
    assert back.framework == release.framework
    assert np.array_equal(back.parameter_set.parameters.b, release.parameter_set.parameters.b)


def test_the_hash_does_not_depend_on_files_order_comments_or_layout(bank: BankFolder) -> None:
    reference = compile_release(bank.content()).content_hash
    first, second, third = bank.text(ITEMS).removeprefix("competence: D1C1\nitems:\n").split("  - id: ")[1:]
    head = "# A comment\nitems:\n"
    bank.write("items/zz.yaml", f"{head}  - id: {third}\n\n  - id: {first}\ncompetence: 'D1C1'\n")
    bank.write(ITEMS, f"competence: D1C1   # another\nitems:\n  - id: {second}")
    bank.replace("items/zz.yaml", 'text: "Premier choix."', "text:   Premier choix.")
    bank.replace("items/zz.yaml", "      Quel est le bon geste ?\n", "      Quel est le bon geste ?\n\n\n")
    assert compile_release(bank.content()).content_hash == reference


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (ITEMS, "Deuxième choix.", "Deuxième choix !"),
        (ITEMS, "key: b", "key: c"),
        (ITEMS, "status: in_review", "status: approved"),
        (ITEMS, "level: 2", "level: 3"),
        ("framework.yaml", "cut: 0.0", "cut: 0.1"),
        ("domains/D1.yaml", "heading: Gestes", "heading: Gestes sûrs"),
        ("designs/certification.yaml", "time_limit: 10", "time_limit: 11"),
        ("cases/D2-cas.yaml", "title: Un cas", "title: Un autre cas"),
    ],
)
def test_the_hash_changes_with_any_content(bank: BankFolder, file: str, old: str, new: str) -> None:
    reference = compile_release(bank.content()).content_hash
    bank.replace(file, old, new)
    assert compile_release(bank.content()).content_hash != reference


def test_a_payload_changed_after_publication_is_refused(bank: BankFolder) -> None:
    payload = through_json(compile_release(bank.content()))

    def spoil(change: Any) -> dict[str, Any]:
        spoiled = copy.deepcopy(payload)
        change(spoiled)
        return spoiled

    changes: list[Any] = [
        lambda data: data["parameter_set"]["difficulty"].__setitem__(0, 0.5),
        lambda data: data["framework"]["certification"]["levels"][1].__setitem__("cut", 0.5),
        lambda data: data["designs"][0].__setitem__("time_limit", 99),
        lambda data: data["items"][0].__setitem__("status", "operational"),
        lambda data: data["item_hashes"].__setitem__(0, "0" * 64),
        lambda data: data["items"].pop(),
        lambda data: data.pop("framework"),
        lambda data: data.__setitem__("format", "autre"),
        lambda data: data.__setitem__("items", 3),
    ]
    for change in changes:
        with pytest.raises(InvalidRelease):
            Release.from_payload(spoil(change))


def test_an_item_changed_after_publication_is_named(bank: BankFolder) -> None:
    for change in ({"key": "c"}, {"topic": "D1C1.regles"}, {"level": 5}, {"professions": ["ide"]}):
        payload = through_json(compile_release(bank.content()))
        payload["items"][2] |= change
        with pytest.raises(InvalidRelease, match="D1C1-001 is not the version that was released"):
            Release.from_payload(payload)


@pytest.mark.parametrize(
    ("status", "enters"),
    [
        ("draft", False),
        ("in_review", True),
        ("approved", True),
        ("pretest", True),
        ("operational", True),
        ("suspended", False),
        ("retired", False),
    ],
)
def test_only_the_statuses_of_a_release_enter(bank: BankFolder, status: str, enters: bool) -> None:
    bank.replace(ITEMS, "status: in_review", f"status: {status}")
    content = bank.content()
    assert ("D1C1-001" in compile_release(content).item_ids) == enters
    assert ("D1C1-001" in left_out(content)) != enters


def test_an_item_in_pretest_is_released_and_not_asked(bank: BankFolder) -> None:
    bank.replace(ITEMS, "status: in_review", "status: pretest")
    release = compile_release(bank.content())
    assert not release.available()[release.index["D1C1-001"]]
    assert release.available().sum() == 5


def test_a_testlet_left_with_one_item_is_left_out_whole(bank: BankFolder) -> None:
    bank.replace("cases/D2-cas.yaml", "status: in_review", "status: draft")
    content = bank.content()
    assert left_out(content) == {
        "CAS-D2-1-1": "its status is draft",
        "CAS-D2-1-2": "it would be alone in the testlet CAS-D2-1",
    }
    release = compile_release(content)
    assert release.testlets == ()
    assert len(release) == 4


def test_a_release_is_a_demonstration_until_every_item_is_operational(bank: BankFolder) -> None:
    assert compile_release(bank.content()).demonstration
    for file in (ITEMS, "items/D2C1.yaml", "cases/D2-cas.yaml"):
        bank.write(file, bank.text(file).replace("status: in_review", "status: operational"))
    assert not compile_release(bank.content()).demonstration


def test_parameters_are_provisional_until_someone_says_otherwise(bank: BankFolder) -> None:
    assert compile_release(bank.content()).provisional
    calibrated = compile_release(bank.content(), provisional=False)
    assert not calibrated.provisional
    assert not Release.from_payload(through_json(calibrated)).provisional


def test_a_profession_gets_its_items_and_everybodys(bank: BankFolder) -> None:
    release = compile_release(bank.content())
    index = release.index["D1C1-002"]
    assert release.available("ide")[index]
    assert not release.available("kine")[index]
    assert release.available()[index]
    with pytest.raises(InvalidRelease, match="known: transversal, ide, kine"):
        release.available("plombier")


def test_a_withdrawn_item_takes_its_testlet_along(bank: BankFolder) -> None:
    release = compile_release(bank.content())
    available = release.available(withdrawn=["CAS-D2-1-2", "D1C1-001", "INCONNU-1"])
    assert [release.item_ids[index] for index in np.flatnonzero(available)] == [
        "D1C1-002",
        "D1C1-003",
        "D2C1-001",
    ]


def test_enemies_are_known_from_both_sides(bank: BankFolder) -> None:
    bank.replace(ITEMS, "facts: [F1.01]", "enemies: [D2C1-001]")
    release = compile_release(bank.content())
    one, other = release.index["D1C1-001"], release.index["D2C1-001"]
    assert release.enemies[one] == (other,)
    assert release.enemies[other] == (one,)


def test_what_is_not_in_a_release_is_refused_by_name(bank: BankFolder) -> None:
    release = compile_release(bank.content())
    for wrong in ("INCONNU-1", 6, -1):
        with pytest.raises(InvalidRelease):
            release.item(wrong)
    with pytest.raises(InvalidRelease, match="the release has certification"):
        release.design("autre")


def test_arrays_of_a_release_cannot_be_written(bank: BankFolder) -> None:
    release = compile_release(bank.content())
    known = release.parameter_set.parameters
    for array in (release.topic, release.level, release.testlet, known.b, release.available()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_content_without_any_item_cannot_be_released(bank: BankFolder) -> None:
    for file in ("items/D1C1.yaml", "items/D2C1.yaml", "cases/D2-cas.yaml"):
        (bank.root / file).unlink()
    with pytest.raises(InvalidRelease, match="no item to release"):
        compile_release(bank.content())
    assert bank.check().release is None
    assert any("no item to release" in problem.message for problem in bank.check().problems)


def test_stats_count_items_by_each_attribute(bank: BankFolder) -> None:
    assert stats(bank.content()) == {
        "items": 6,
        "domains": {"D1": 3, "D2": 3},
        "competences": {"D1C1": 3, "D2C1": 3},
        "levels": {str(level): 1 for level in range(1, 7)},
        "interactions": {
            "order": 1,
            "match": 1,
            "single_choice": 1,
            "numeric": 1,
            "short_text": 1,
            "multiple_choice": 1,
        },
        "professions": {"transversal": 5, "ide": 1, "kine": 0},
        "stages": {"cycle1": 6},
        "languages": {"fr": 6},
        "statuses": {"in_review": 6},
    }


def test_an_item_scored_in_part_gets_steps_around_its_level_and_the_policy_runs_on_them(
    bank: BankFolder,
) -> None:
    bank.replace("items/D2C1.yaml", "key: [a, c]", "key: [a, c]\n    scoring: partial")
    bank.replace(
        "cases/D2-cas.yaml", "key: {a: x, b: y, c: x}", "key: {a: x, b: y, c: x}\n    scoring: partial"
    )
    release = compile_release(bank.content())
    multiple, match = release.index["D2C1-001"], release.index["CAS-D2-1-2"]
    assert release.parameter_set.steps == {multiple: (-2.4, -1.6), match: (1.2, 2.0, 2.8)}
    assert release.parameter_set.parameters.a[[multiple, match]] == pytest.approx([1 / 2, 1 / 3])
    assert release.parameters.n_categories.tolist() == [
        release.item(index).maximum_score + 1 for index in range(len(release))
    ]
    assert Release.from_payload(release.to_payload()) == release
    policy = compile_design(release, release.design("certification")).policy(release)
    items: list[int] = []
    while (
        step := policy.step(items, [release.item(i).maximum_score for i in items], seed=3)
    ).item is not None:
        items.append(step.item)
    best = policy.score(items, [release.item(index).maximum_score for index in items])
    assert best.theta > policy.score(items, [0] * len(items)).theta


def test_until_calibrated_a_wholly_right_response_weighs_what_a_right_one_does(bank: BankFolder) -> None:
    bank.replace("items/D2C1.yaml", "key: [a, c]", "key: [a, c]\n    scoring: partial")
    release = compile_release(bank.content())
    theta = np.array([-1.0, 1.0])
    chance = category_probability(release.parameters, theta)
    for item_id in ("D2C1-001", "D1C1-002"):
        index = release.index[item_id]
        full = release.item(index).maximum_score
        gained = np.diff(np.log(chance[:, index, full] / chance[:, index, 0]))
        assert gained == pytest.approx(2.0)  # log-odds of full against no credit, over 2 logits
