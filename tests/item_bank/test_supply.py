"""What a bank can give to a design: bounds that hold, thin places that are thin, advice that helps."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import item_bank
from irt.ability import NormalPrior
from irt.simulate import population, simulate
from irt.types import ItemParameters
from item_bank import files
from item_bank.blueprint import compile_design
from item_bank.design import Design, Exposure, Pool, Precision, Row, Scope, Stopping
from item_bank.files import Content
from item_bank.item import Item
from item_bank.release import Release
from item_bank.release import compile as compile_release
from item_bank.supply import Supply, Writing, diagnose, supply

SHIPPED = Path(item_bank.__file__).parent / "content"


@pytest.fixture(scope="module")
def content() -> Content:
    return files.read(SHIPPED).content


@pytest.fixture(scope="module")
def release(content: Content) -> Release:
    return compile_release(content)


@pytest.fixture(scope="module")
def design(release: Release) -> Design:
    """Ten items, two of each domain, without exposure control."""
    return dataclasses.replace(release.design("placement"), precision=Precision(0.6, -1.5, 1.5))


def for_everybody(release: Release, design: Design) -> Supply:
    return supply(release, compile_design(release, design))


def test_the_bound_lies_below_what_a_simulated_sitting_reaches(release: Release, design: Design) -> None:
    theta = population(400, prior=NormalPrior(), seed=3)
    found = simulate(compile_design(release, design).policy(release), theta, seed=3, warm=False)
    inside = np.abs(theta) <= 1.5
    offer = for_everybody(release, design)
    assert offer.standard_error < found.sittings.se[inside].mean()
    assert offer.expected == pytest.approx(found.sittings.se[inside].mean(), abs=0.03)


def test_the_bound_is_that_of_the_best_items_when_there_is_one_row(release: Release) -> None:
    """Ten items, no row, no exposure limit: at each ability the ten most informative ones."""
    design = dataclasses.replace(
        release.design("placement"), rows=(), exposure=Exposure(), precision=Precision(0.9, -1.0, 1.0)
    )
    task_theta = np.arange(-1.0, 1.01, 0.5)
    steps = np.linspace(-2.5, 2.5, 11)
    weight = np.exp(-(steps**2) / 2) / np.exp(-(steps**2) / 2).sum()
    known = release.parameter_set.parameters
    assert isinstance(known, ItemParameters)
    best = []
    for theta in task_theta:
        p = known.c + (1 - known.c) / (1 + np.exp(-(theta + 0.35 * steps[:, None] - known.b)))
        slope = (p - known.c) * (1 - p) / (1 - known.c)
        information = weight @ (slope**2 / (p * (1 - p)))
        best.append(np.sort(information)[-10:].sum())
    errors = 1 / np.sqrt(1 + np.array(best))
    density = np.exp(-(task_theta**2) / 2)
    assert for_everybody(release, design).standard_error == pytest.approx(
        float(errors @ density / density.sum()), abs=2e-3
    )


def test_exposure_targets_and_fewer_items_can_only_widen_the_bound(release: Release, design: Design) -> None:
    free = for_everybody(release, design)
    limited = for_everybody(release, dataclasses.replace(design, exposure=Exposure(0.1, 0.2, (0.0,))))
    narrow = for_everybody(release, dataclasses.replace(design, pool=Pool(stages=("cycle1",))))
    assert free.standard_error < limited.standard_error
    assert free.standard_error < narrow.standard_error
    assert limited.items_needed == 100


def written(content: Content, advice: tuple[Writing, ...]) -> Release:
    """The bank with the advised items written: free of guessing, for everybody, each on a topic of its own."""
    items: list[Item] = list(content.items)
    model = next(item for item in items if item.guessing_floor == 0 and item.testlet is None)
    number = 900
    for one in advice:
        for _ in range(one.items):
            items.append(
                dataclasses.replace(
                    model,
                    id=f"{one.competence}-{number}",
                    competence=one.competence,
                    topic=one.topic,
                    level=one.level,
                    professions=("transversal",),
                    enemies=(),
                )
            )
            number += 1
    return compile_release(dataclasses.replace(content, items=tuple(sorted(items, key=lambda item: item.id))))


def test_writing_what_is_advised_makes_a_thin_bank_thick_enough(content: Content, release: Release) -> None:
    design = dataclasses.replace(
        release.design("placement"),
        pool=Pool(referentiel="sante-bac"),
        rows=(Row(Scope.DOMAIN, "*", 0, None, 1), Row(Scope.TOPIC, "*", 0, 1), Row(Scope.TESTLET, "*", 0, 0)),
        length=20,
        minimum_responses=10,
        stopping=Stopping(20),
        exposure=Exposure(0.3, 0.6, (-0.5, 0.5)),
        precision=Precision(0.441, 0.0, 1.0),
    )
    before = for_everybody(release, design)
    assert before.thin
    assert before.writing
    assert before.enough
    assert {one.level for one in before.writing} <= {3, 4}
    after = for_everybody(written(content, before.writing), design)
    assert after.standard_error < before.standard_error
    assert not after.thin


def test_a_precision_beyond_the_levels_of_a_design_is_said_to_be_out_of_reach(release: Release) -> None:
    """Twenty items of level 4 at most cannot tell abilities near 1 apart that finely, however many are written."""
    design = dataclasses.replace(
        release.design("placement"),
        pool=Pool(referentiel="sante-bac"),
        rows=(Row(Scope.DOMAIN, "*", 0, None, 1),),
        length=20,
        minimum_responses=10,
        stopping=Stopping(20),
        precision=Precision(0.40, 0.0, 1.0),
    )
    offer = for_everybody(release, design)
    assert offer.thin
    assert not offer.enough


def test_a_pool_too_small_for_its_exposure_target_is_thin_and_told_how_many_items_it_needs(
    release: Release, design: Design
) -> None:
    small = dataclasses.replace(
        design, pool=Pool(stages=("continue",)), exposure=Exposure(0.1, 0.2), precision=None
    )
    offer = for_everybody(release, small)
    assert offer.items < offer.items_needed == 100
    assert offer.thin
    assert sum(one.items for one in offer.writing) >= offer.items_needed - offer.items
    assert any(part.thin for part in offer.competences)


def test_a_design_that_has_what_it_needs_is_told_only_what_would_help_most(
    release: Release, design: Design
) -> None:
    offer = for_everybody(release, dataclasses.replace(design, precision=Precision(0.9, -1.0, 1.0)))
    assert not offer.thin
    assert not any(cell.thin for cell in offer.cells)
    assert len(offer.writing) <= len(release.framework.domains)


def test_cells_name_the_domains_and_bands_in_which_items_inform_too_little(release: Release) -> None:
    """Nobody wrote hard items for the trades of the first levels: their test is thin above their range."""
    design = dataclasses.replace(
        release.design("certification-sante-bac"), precision=Precision(0.36, -1.5, 2.0)
    )
    offer = for_everybody(release, design)
    thin = [cell for cell in offer.cells if cell.thin]
    worst = min(thin, key=lambda cell: cell.information / cell.needed)
    assert (worst.low, worst.high) == (0.5, 3.0)
    assert {cell.domain for cell in thin if cell.low == 0.5} == {"D1", "D2", "D3", "D4", "D5"}
    assert all(cell.information < cell.needed for cell in thin)


def test_a_row_that_cannot_be_met_is_named_for_the_profession_that_cannot_meet_it(release: Release) -> None:
    design = dataclasses.replace(
        release.design("placement"),
        pool=Pool(competences=("D1C1", "D1C2", "D1C3", "D1C4")),
        rows=(Row(Scope.COMPETENCE, "D1C2", 12, 12),),
        length=14,
        minimum_responses=8,
        stopping=Stopping(14),
    )
    found = diagnose(release, design)
    by_profession = {row.profession: row for row in found.infeasible}
    assert None not in by_profession
    told = by_profession["transversal"]
    here = release.available("transversal") & (release.competence == 1)
    assert (told.node, told.needed, told.available) == ("D1C2", 12, int(here.sum()))
    assert "D1C2 (Qualifier" in told.label
    assert {one.profession for one in found.supplies}.isdisjoint(by_profession)


def test_professions_that_are_asked_what_everybody_is_are_not_told_twice(release: Release) -> None:
    found = diagnose(release, release.design("module-donnees"))
    assert [one.profession for one in found.supplies] == [None]
    assert len(diagnose(release, release.design("certification"), professions=False).supplies) == 1
