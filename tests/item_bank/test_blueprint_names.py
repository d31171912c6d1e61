"""Whatever a design names is done: each criterion, stopping rule, quota, pool and exposure control."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import item_bank
from irt.policy import Reason
from irt.simulate import simulate
from irt.types import BoolArray
from item_bank import files
from item_bank.blueprint import CompiledDesign, compile_design, professions_served
from item_bank.design import (
    Attribute,
    Criterion,
    Design,
    Exposure,
    Method,
    Pool,
    Purpose,
    Quota,
    Row,
    Scope,
    Selection,
    Stopping,
    StoppingRule,
    StopTest,
)
from item_bank.errors import BlueprintInfeasible, InvalidRelease, QuotaInfeasible
from item_bank.files import Content
from item_bank.item import TRANSVERSAL
from item_bank.release import Release
from item_bank.release import compile as compile_release

SHIPPED = Path(item_bank.__file__).parent / "content"


@pytest.fixture(scope="module")
def content() -> Content:
    return files.read(SHIPPED).content


@pytest.fixture(scope="module")
def release(content: Content) -> Release:
    return compile_release(content)


@pytest.fixture(scope="module")
def plain(release: Release) -> Design:
    """Ten items, two of each domain, one a topic; no case."""
    return dataclasses.replace(release.design("placement"), selection=Selection())


def sittings(release: Release, compiled: CompiledDesign, n: int = 12) -> list[list[int]]:
    theta = np.linspace(-2, 2, n)
    found = simulate(compiled.policy(release), theta, seed=7, available=compiled.available, warm=False)
    assert found.blueprint_violations == 0
    return [[item for item in row if item >= 0] for row in found.sittings.items.tolist()]


@pytest.mark.parametrize("criterion", list(Criterion))
def test_each_criterion_gives_whole_tests(release: Release, plain: Design, criterion: Criterion) -> None:
    design = dataclasses.replace(plain, selection=Selection(criterion=criterion, strata=2))
    compiled = compile_design(release, design)
    assert compiled.rules.criterion.value == criterion.value
    tests = sittings(release, compiled, 4)
    assert [len(set(items)) for items in tests] == [10] * 4


def test_criteria_with_parameters_of_their_own_get_them(release: Release, plain: Design) -> None:
    selection = Selection(criterion=Criterion.A_STRATIFIED, acceleration=2.5, strata=3, blocking=False)
    rules = compile_design(release, dataclasses.replace(plain, selection=selection)).rules
    assert (rules.acceleration, rules.n_strata, rules.blocking) == (2.5, 3, False)


@pytest.mark.parametrize(
    ("rule", "values", "reason"),
    [
        (StoppingRule.STANDARD_ERROR, {"standard_error": 0.7}, Reason.PRECISION),
        (StoppingRule.CLASSIFICATION, {"cut": 4.0, "confidence": 0.9}, Reason.CLASSIFICATION),
        (StoppingRule.INTERVAL, {"cut": 4.0, "confidence": 0.9}, Reason.CLASSIFICATION),
        (StoppingRule.LEVEL, {"confidence": 0.51}, Reason.LEVEL),
        (StoppingRule.INFORMATION, {"information": 10.0}, Reason.INFORMATION),
        (StoppingRule.CHANGE, {"change": 1.0}, Reason.CHANGE),
        (
            StoppingRule.RATIO,
            {"cut": 4.0, "half_width": 1.0, "alpha": 0.3, "beta": 0.3, "generalized": True},
            Reason.CLASSIFICATION,
        ),
    ],
)
def test_each_stopping_rule_stops_for_its_own_reason(
    release: Release, plain: Design, rule: StoppingRule, values: dict[str, float], reason: Reason
) -> None:
    design = dataclasses.replace(plain, stopping=Stopping(5, (StopTest(rule, tuple(values.items())),)))
    compiled = compile_design(release, design)
    found = simulate(compiled.policy(release), np.linspace(-1, 1, 20), seed=3, warm=False)
    assert found.reasons.get(reason, 0) > 0
    assert found.sittings.length.min() >= 5


def test_a_time_rule_stops_when_the_time_left_is_told(release: Release, plain: Design) -> None:
    stopping = Stopping(1, (StopTest(StoppingRule.TIME, (("seconds", 30.0),)),))
    rows = (Row(Scope.TOPIC, "*", 0, 1),)
    policy = compile_design(release, dataclasses.replace(plain, stopping=stopping, rows=rows)).policy(release)
    first = policy.step([], [], seed=1)
    assert first.item is not None
    assert policy.step([first.item], [1], seed=1, seconds_left=29.0).reason is Reason.TIME
    assert policy.step([first.item], [1], seed=1, seconds_left=31.0).item is not None


def test_several_rules_stop_at_the_first_that_holds(release: Release, plain: Design) -> None:
    rules = (
        StopTest(StoppingRule.STANDARD_ERROR, (("standard_error", 0.05),)),
        StopTest(StoppingRule.CHANGE, (("change", 1.0),)),
    )
    compiled = compile_design(release, dataclasses.replace(plain, stopping=Stopping(5, rules)))
    found = simulate(compiled.policy(release), np.zeros(5), seed=3, warm=False)
    assert found.reasons == {Reason.CHANGE: 5}


def test_quotas_on_levels_interactions_and_words_hold_in_every_sitting(
    release: Release, plain: Design
) -> None:
    quotas = (
        Quota(Attribute.LEVEL, "6", None, 1),
        Quota(Attribute.INTERACTION, "single_choice", 3, 5),
        Quota(Attribute.STAGE, "continue", 2, None),
        Quota(Attribute.PROFESSION, "medecin", None, 2),
        Quota(Attribute.LANGUAGE, "fr", 10, None),
        Quota(Attribute.WORDS, "", None, 650),
    )
    compiled = compile_design(release, dataclasses.replace(plain, quotas=quotas))
    for items in sittings(release, compiled, 4):
        records = [release.records[item] for item in items]
        assert sum(record["level"] == 6 for record in records) <= 1
        assert 3 <= sum(record["interaction"] == "single_choice" for record in records) <= 5
        assert sum(record["stage"] == "continue" for record in records) >= 2
        assert sum("medecin" in record["professions"] for record in records) <= 2
        assert int(release.words[items].sum()) <= 650


def test_a_quota_that_no_test_can_meet_is_named(content: Content, release: Release, plain: Design) -> None:
    quotas = (Quota(Attribute.LEVEL, "6", None, 3), Quota(Attribute.WORDS, "", None, 20))
    with pytest.raises(QuotaInfeasible, match=r"quota of words \(at most 20\)") as caught:
        compile_design(release, dataclasses.replace(plain, quotas=quotas))
    assert caught.value.node == "quotas[1]"
    assert isinstance(caught.value, BlueprintInfeasible)


def test_words_count_what_a_learner_reads(release: Release) -> None:
    index = release.index["D1C1-002"]
    item = release.item(index)
    texts = [item.stem, *(option.text for option in item.options), *(one.text for one in item.categories)]
    assert release.words[index] > len(" ".join(texts).split()) * 0.7
    assert release.words.min() > 3


def enemies_of(content: Content, first: str, second: str) -> Release:
    """The bank with two items of different topics declared enemies."""
    items = [
        dataclasses.replace(item, enemies=(second,)) if item.id == first else item for item in content.items
    ]
    return compile_release(dataclasses.replace(content, items=tuple(items)))


def test_enemies_of_different_topics_are_kept_apart_when_the_design_says_so(
    content: Content, release: Release, plain: Design
) -> None:
    """The pool holds little else, so that without the row the two meet."""
    pool = Pool(competences=("D1C1", "D1C2"), professions=(TRANSVERSAL,), lowest_level=3, highest_level=4)
    rows = (Row(Scope.TOPIC, "*", 0, 1), Row(Scope.TESTLET, "*", 0, 0))
    design = dataclasses.replace(
        plain, pool=pool, rows=rows, length=5, minimum_responses=2, stopping=Stopping(5)
    )
    tests = sittings(release, compile_design(release, design))
    pairs = {(a, b) for items in tests for a in items for b in items if a < b}
    first, second = max(
        sorted(pairs), key=lambda pair: sum(pair[0] in items and pair[1] in items for items in tests)
    )
    hostile = enemies_of(content, release.item_ids[first], release.item_ids[second])

    def together(apart: bool) -> int:
        compiled = compile_design(hostile, dataclasses.replace(design, enemies_apart=apart))
        return sum(first in items and second in items for items in sittings(hostile, compiled))

    assert together(apart=False) > 0
    assert together(apart=True) == 0


def test_sympson_hetter_probabilities_reach_the_policy(release: Release, plain: Design) -> None:
    exposure = Exposure(sympson_hetter=(("D1C1-001", 0.25), ("PARTI-1", 0.1)))
    rules = compile_design(release, dataclasses.replace(plain, exposure=exposure)).rules
    assert rules.sympson_hetter is not None
    assert rules.sympson_hetter.probabilities[release.index["D1C1-001"]] == 0.25
    assert (rules.sympson_hetter.probabilities < 1).sum() == 1


@pytest.mark.parametrize("method", [Method.KINGSBURY_ZARA, Method.PRIORITY_INDEX])
def test_methods_without_a_promise_serve_practice(release: Release, plain: Design, method: Method) -> None:
    compiled = compile_design(release, dataclasses.replace(plain, selection=Selection(method=method)))
    found = simulate(compiled.policy(release), np.zeros(3), seed=1, warm=False)
    assert found.sittings.length.tolist() == [10, 10, 10]


# Pools


def tags(release: Release, mask: BoolArray) -> set[str]:
    return {tag for index in np.flatnonzero(mask) for tag in release.records[index]["professions"]}


def test_a_referentiel_filters_topics_levels_and_professions(release: Release) -> None:
    referentiel = release.framework.referentiel("social-bac")
    mask = release.available(pool=Pool(referentiel="social-bac"))
    for index in np.flatnonzero(mask):
        record = release.records[index]
        assert record["competence"] not in referentiel.without
        assert referentiel.lowest_level <= record["level"] <= referentiel.highest_level
        assert {TRANSVERSAL, "medico_social"} & set(record["professions"])
    assert 0 < mask.sum() < len(release)


def test_a_profession_narrows_a_pool_to_its_own_items_and_those_for_everybody(release: Release) -> None:
    pool = Pool(referentiel="sante-post-bac")
    everybody, nurses = release.available(pool=pool), release.available("ide", pool=pool)
    assert not (nurses & ~everybody).any()
    assert nurses.sum() < everybody.sum()
    for index in np.flatnonzero(nurses):
        assert {TRANSVERSAL, "ide"} & set(release.records[index]["professions"])


def test_a_profession_outside_the_pool_is_refused(release: Release) -> None:
    with pytest.raises(
        InvalidRelease, match="there is no profession 'medecin'; known: transversal, medico_social"
    ):
        release.available("medecin", pool=Pool(referentiel="social-bac"))
    with pytest.raises(InvalidRelease, match="no référentiel 'autre'"):
        release.available(pool=Pool(referentiel="autre"))


def test_a_pool_for_everybody_serves_each_profession_with_the_same_items(release: Release) -> None:
    pool = Pool(professions=(TRANSVERSAL,), stages=("cycle1",))
    assert len(release.professions_of(pool)) == len(release.framework.professions)
    assert (release.available("kine", pool=pool) == release.available(pool=pool)).all()


def test_an_empty_pool_is_the_whole_bank(release: Release) -> None:
    assert (release.available(pool=Pool()) == release.available()).all()


@pytest.mark.parametrize(
    ("stages", "competences"), [(("cycle2",), ()), ((), ("D2C1", "D2C3")), (("cycle1",), ("D5C1",))]
)
def test_stages_and_competences_of_a_pool_both_hold(
    release: Release, stages: tuple[str, ...], competences: tuple[str, ...]
) -> None:
    mask = release.available(pool=Pool(stages=stages, competences=competences))
    cases = release.testlet >= 0
    for index, record in enumerate(release.records):
        wanted = (not stages or record["stage"] in stages) and (
            not competences or record["competence"] in competences
        )
        assert not mask[index] or wanted
        if not cases[index]:
            assert bool(mask[index]) == (wanted and record["status"] != "pretest")


# What is shipped


def test_each_shipped_design_serves_every_profession_that_may_be_named_for_it(release: Release) -> None:
    for design in release.designs:
        assert professions_served(release, design) == release.professions_of(design.pool), design.id


def test_there_is_a_certification_for_each_referentiel_with_quotas_from_its_weights(release: Release) -> None:
    by_referentiel = {
        design.pool.referentiel: design
        for design in release.designs
        if design.purpose is Purpose.CERTIFICATION and design.pool.referentiel
    }
    assert set(by_referentiel) == {referentiel.id for referentiel in release.framework.referentiels}
    compiled = compile_design(release, by_referentiel["social-bac"])
    bounds = [compiled.design.bounds(Scope.DOMAIN, domain.id) for domain in release.framework.domains]
    assert bounds == [(7, 9), (6, 8), (7, 9), (4, 6), (3, 5)]
    assert sum(low + high for low, high in bounds) == 2 * 32


def test_modules_are_practice_and_say_to_whom_they_speak(release: Release) -> None:
    modules = [design for design in release.designs if design.id.startswith("module-")]
    first = [design for design in modules if design.pool.stages == ("cycle1",)]
    assert len(first) == 5
    assert {design.pool.professions for design in first} == {(TRANSVERSAL,)}
    later = [design for design in modules if design not in first]
    assert len(later) >= 5
    for design in modules:
        assert design.purpose is Purpose.PRACTICE
        assert design.pool.stages
        assert design.pool.competences
