"""What a group of results says: shares, profile, progress."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from app.identifiers import new_id
from app.reporting import figures
from app.reporting.figures import DomainScore, Scored
from tests.conftest import START


@dataclass(frozen=True)
class Defaults:
    labels: tuple[str, ...] = ("Non délivré", "Socle", "Autonome")


def result(**changes: Any) -> Scored:
    made = Scored(
        learner=new_id(), finished_at=START, scale="3:0,1", levels=Defaults.labels, level=1, theta=0.5, se=0.3,
        wle=0.5, wle_se=0.3, domains=(), curriculum=None, year=None, provisional=False,
    )  # fmt: skip
    return made._replace(**changes)


def test_the_interval_of_a_share_contains_the_true_share_nine_times_in_ten() -> None:
    rng = np.random.default_rng(7)
    held = [
        one.low <= 0.3 <= one.high
        for one in (figures.share(int(count), 80) for count in rng.binomial(80, 0.3, 3000))
    ]
    assert 0.88 < np.mean(held) < 0.93


@pytest.mark.parametrize(("count", "total"), [(0, 12), (12, 12), (0, 0), (1, 10)])
def test_a_share_stays_within_0_and_1_and_keeps_a_width(count: int, total: int) -> None:
    one = figures.share(count, total)
    assert 0 <= one.low <= one.share <= one.high <= 1
    assert one.high > one.low


def test_a_learner_counts_once_by_the_last_result() -> None:
    first = [result(level=0) for _ in range(12)]
    again = [one._replace(level=2, finished_at=START + timedelta(days=1)) for one in first[:5]]
    shares = figures.level_shares([*again, *first])
    assert [one.learners for one in shares.shares] == [7, 0, 5]
    assert shares.learners == 12


def test_who_answered_too_little_is_named_apart() -> None:
    shares = figures.level_shares([result(), *(result() for _ in range(9)), result(level=None)])
    assert (shares.learners, shares.unmeasured) == (10, 1)


def test_nine_learners_have_no_shares() -> None:
    assert figures.level_shares([result() for _ in range(9)]).withheld


def domains(first: float, *, measured: bool = True) -> tuple[DomainScore, ...]:
    return (
        DomainScore("D1", "Données", 0.0, first, measured),
        DomainScore("D2", "Cybersécurité", 0.0, -first, False),
    )


def test_a_domain_is_shown_where_at_least_half_of_the_learners_and_ten_pass_the_gate() -> None:
    rng = np.random.default_rng(1)
    group = [result(domains=domains(float(value))) for value in rng.normal(0.4, 0.2, 30)]
    one, two = figures.domain_means(group)
    assert one.measured
    assert not two.measured
    assert one.low < 0.4 < one.high
    assert (one.standing, two.standing) == ("strong", "")
    few = [result(domains=domains(0.4, measured=place < 14)) for place in range(30)]
    assert not figures.domain_means(few)[0].measured
    nine = [result(domains=domains(0.4)) for _ in range(9)]
    assert not figures.domain_means(nine)[0].measured


def test_a_domain_whose_interval_holds_0_is_neither_strong_nor_weak() -> None:
    rng = np.random.default_rng(2)
    group = [result(domains=domains(float(value))) for value in rng.normal(0.0, 0.5, 40)]
    assert figures.domain_means(group)[0].standing == ""


def test_learners_who_did_not_change_are_called_changed_in_one_case_in_ten() -> None:
    rng = np.random.default_rng(3)
    verdicts = []
    for theta in rng.normal(0, 1, 4000):
        before, after = (result(wle=theta + error, wle_se=0.35) for error in rng.normal(0, 0.35, 2))
        found = figures.change(before, after)
        assert found is not None
        verdicts.append(found.verdict != "not_distinct")
    assert 0.085 < np.mean(verdicts) < 0.115


def test_sittings_on_two_scales_are_not_compared() -> None:
    assert figures.change(result(), result(scale="5:0,1,2,3")) is None
    assert figures.change(result(), result(level=None)) is None


def test_a_group_moves_from_the_first_to_the_last_result_and_only_from_ten_learners_on() -> None:
    first = [result(wle=0.0) for _ in range(10)]
    last = [one._replace(wle=2.0, finished_at=START + timedelta(days=9)) for one in first]
    middle = [one._replace(wle=-2.0, finished_at=START + timedelta(days=1)) for one in first]
    moved = figures.group_change([*last, *first, *middle])
    assert (moved.up, moved.down, moved.not_distinct, moved.learners) == (10, 0, 0, 10)
    assert moved.mean == pytest.approx(2.0)
    fewer = figures.group_change([*last[1:], *first, *middle[1:]])
    assert fewer.withheld
    assert (fewer.learners, fewer.up) == (9, 0)
