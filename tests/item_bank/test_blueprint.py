"""A design meets its bank: the tree, the rules, and the row that cannot be met."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from irt.policy import ClassificationStop, PrecisionStop
from irt.shadow import violations
from item_bank.blueprint import compile_design, professions_served
from item_bank.design import (
    EVERY,
    Design,
    Exposure,
    Feedback,
    Purpose,
    Row,
    Scope,
    Stopping,
    StoppingRule,
    StopTest,
)
from item_bank.errors import BlueprintInfeasible, InvalidDesign
from item_bank.release import Release
from item_bank.release import compile as compile_release

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder

DESIGN = "designs/certification.yaml"


@pytest.fixture
def release(bank: BankFolder) -> Release:
    return compile_release(bank.content())


def test_the_tree_follows_the_framework_and_carries_the_bounds(release: Release) -> None:
    compiled = compile_design(release, release.design("certification"))
    assert [node.id for node in compiled.nodes] == [
        "test",
        *("D1", "D1C1", "D1C1.sigles", "D1C1.gestes", "D1C1.regles"),
        *("D2", "D2C1", "D2C1.sigles", "D2C1.gestes", "D2C1.regles"),
    ]
    assert compiled.tree.parent.tolist() == [-1, 0, 1, 2, 2, 2, 0, 6, 7, 7, 7]
    assert compiled.tree.lower.tolist() == [4, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert compiled.tree.upper.tolist() == [4, 3, 4, 1, 1, 1, 3, 4, 1, 1, 1]
    assert compiled.tree.leaf.tolist() == [9, 10, 3, 4, 5, 8]
    assert compiled.tree.max_testlets == 1
    assert compiled.rules.cuts.tolist() == [0.0]
    assert (compiled.rules.length, compiled.rules.minimum_length, compiled.rules.minimum_responses) == (
        4,
        4,
        3,
    )
    assert compiled.rules.profile is not None
    assert compiled.rules.profile.correlation.tolist() == [[1.0, 0.8], [0.8, 1.0]]


def test_a_sitting_of_the_policy_keeps_the_blueprint(release: Release) -> None:
    compiled = compile_design(release, release.design("certification"))
    policy = compiled.policy(release)
    for seed in range(20):
        items: list[int] = []
        while (
            step := policy.step(items, [1] * len(items), seed=seed, available=compiled.available)
        ).item is not None:
            items.append(step.item)
        assert violations(compiled.tree, np.array(items)) == 0
        assert len(items) == 4


@pytest.mark.parametrize(
    ("old", "new", "row", "words"),
    [
        (
            "id: D1, minimum: 1, maximum: 3",
            "id: D1, minimum: 4, maximum: 4",
            "blueprint[0]",
            "the row of the domain D1 (Domaine 1) cannot be met: it needs 4 and can have 3.",
        ),
        (
            '{scope: topic, id: "*", maximum: 1}',
            '{scope: topic, id: "*", minimum: 2, maximum: 2}',
            "blueprint[2]",
            "the row of the topic D1C1.sigles (Sigles) cannot be met: it needs 2 and can have 1.",
        ),
        ("length: 4", "length: 7", "length", "the row of the whole test (7 items) cannot be met"),
    ],
)
def test_an_infeasible_blueprint_names_its_row_in_the_file(
    bank: BankFolder, old: str, new: str, row: str, words: str
) -> None:
    line = bank.replace(DESIGN, old, new)
    problem = bank.check().problems[0]
    assert (problem.file, problem.field, problem.subject) == (DESIGN, row, "certification")
    assert words in problem.message
    assert problem.line == (line if row.startswith("blueprint") else 1)


def test_an_infeasible_blueprint_is_an_error_with_the_node(release: Release) -> None:
    design = dataclasses.replace(
        release.design("certification"),
        rows=(Row(Scope.COMPETENCE, "D2C1", 4, 4), Row(Scope.TESTLET, EVERY, 0, 0)),
    )
    with pytest.raises(BlueprintInfeasible) as caught:
        compile_design(release, design)
    assert (caught.value.design, caught.value.node) == ("certification", "D2C1")
    assert (caught.value.needed, caught.value.available) == (4, 1)
    assert "the competence D2C1 (Première compétence)" in str(caught.value)


def test_a_row_about_something_unknown_is_refused(release: Release) -> None:
    design = dataclasses.replace(release.design("certification"), rows=(Row(Scope.DOMAIN, "D7", 1, 2),))
    with pytest.raises(InvalidDesign, match='"D7" is not a domain'):
        compile_design(release, design)


def test_a_profession_without_enough_items_is_told_and_the_others_are_served(bank: BankFolder) -> None:
    bank.replace(DESIGN, "id: D1, minimum: 1", "id: D1, minimum: 3")
    release = compile_release(bank.content())
    design = release.design("certification")
    assert professions_served(release, design) == ("ide",)
    with pytest.raises(BlueprintInfeasible, match="the domain D1"):
        compile_design(release, design, profession="kine")
    assert compile_design(release, design, profession="ide").available.all()


def test_withdrawn_items_can_make_a_blueprint_infeasible(release: Release) -> None:
    with pytest.raises(BlueprintInfeasible):
        compile_design(
            release, release.design("certification"), withdrawn=["D1C1-001", "D1C1-002", "D1C1-003"]
        )


def make_design(**changes: object) -> Design:
    values: dict[str, object] = {
        "id": "essai",
        "title": "Essai",
        "summary": "",
        "purpose": Purpose.PRACTICE,
        "length": 4,
        "minimum_responses": 2,
        "time_limit": 5,
        "feedback": Feedback.EACH_ITEM,
        "stopping": Stopping(4),
        "rows": (Row(Scope.DOMAIN, EVERY, 1, 3),),
        **changes,
    }
    return Design(**values)  # type: ignore[arg-type]


def test_stopping_rules_reach_the_policy(release: Release) -> None:
    by_error = make_design(
        stopping=Stopping(2, (StopTest(StoppingRule.STANDARD_ERROR, (("standard_error", 0.6),)),))
    )
    compiled = compile_design(release, by_error)
    assert compiled.rules.stopping == (PrecisionStop(0.6),)
    assert compiled.tree.lower[0] == 2
    by_class = make_design(
        stopping=Stopping(3, (StopTest(StoppingRule.CLASSIFICATION, (("cut", -0.8), ("confidence", 0.95))),))
    )
    assert compile_design(release, by_class).rules.stopping == (ClassificationStop(-0.8, 0.95),)


def test_fitted_eligibility_reaches_the_policy_and_survives_the_files(release: Release) -> None:
    exposure = Exposure(0.3, 0.6, (0.0,), (("D1C1-001", (0.4, 0.9)), ("PARTI-1", (0.1, 0.1))))
    design = make_design(exposure=exposure)
    assert Design.from_dict(design.to_dict()) == design
    eligibility = compile_design(release, design).rules.eligibility
    assert eligibility is not None
    assert eligibility.probabilities.shape == (2, 6)
    assert eligibility.probabilities[:, release.index["D1C1-001"]].tolist() == [0.4, 0.9]
    assert np.delete(eligibility.probabilities, release.index["D1C1-001"], axis=1).min() == 1.0


def test_a_row_for_one_node_wins_over_the_row_for_every_node() -> None:
    design = make_design(rows=(Row(Scope.DOMAIN, EVERY, 1, 2), Row(Scope.DOMAIN, "D2", 0, None)))
    assert design.bounds(Scope.DOMAIN, "D1") == (1, 2)
    assert design.bounds(Scope.DOMAIN, "D2") == (0, 4)
    assert design.bounds(Scope.TOPIC, "D1C1.sigles") == (0, 4)
