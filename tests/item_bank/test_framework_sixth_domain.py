"""A sixth domain is a file and its items: everything else goes on as it is."""

from __future__ import annotations

import numpy as np
import pytest

from irt.ability import NormalPrior
from irt.simulate import population, simulate
from item_bank.blueprint import Checked, check, compile_design
from item_bank.case import packages
from item_bank.release import Release
from tests.item_bank.six_domains import with_a_sixth_domain


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return check(with_a_sixth_domain(tmp_path_factory.mktemp("bank")))


@pytest.fixture(scope="module")
def release(checked: Checked) -> Release:
    assert checked.release is not None
    return checked.release


def test_the_bank_with_a_sixth_domain_has_no_problem_and_every_design_compiles(
    checked: Checked, release: Release
) -> None:
    assert [str(problem) for problem in checked.problems] == []
    assert [domain.id for domain in release.framework.domains][-1] == "D6"
    for design in release.designs:
        assert compile_design(release, design).rules.profile is not None


@pytest.mark.parametrize("key", ["practice", "certification", "certification-social-bac"])
def test_two_hundred_learners_keep_every_row_and_meet_the_new_domain_where_it_counts(
    release: Release, key: str
) -> None:
    compiled = compile_design(release, release.design(key))
    theta = population(200, prior=NormalPrior(), seed=2)
    found = simulate(compiled.policy(release), theta, seed=2, available=compiled.available, warm=False)
    assert found.blueprint_violations == 0
    sixth = np.flatnonzero(release.domain == 5)
    given = np.isin(found.sittings.items, sixth).sum(axis=1)
    if key == "practice":
        assert given.min() >= 2
    if key == "certification-social-bac":  # no weight there, no item
        assert given.max() == 0


def test_the_profile_counts_six_domains(release: Release) -> None:
    policy = compile_design(release, release.design("certification")).policy(release)
    profile = policy.score([0, 1, 2], [1, 0, 1]).profile
    assert profile is not None
    assert len(profile.theta) == 6


def test_the_new_domain_is_exchanged_with_the_others(release: Release) -> None:
    bodies = packages(release.framework, base_uri="https://exemple.test", creator="É")
    assert b"Imagerie et intelligence artificielle" in bodies["numerique-en-sante.json"]
    assert b"Imagerie" not in bodies["numerique-en-sante-social-bac.json"]
