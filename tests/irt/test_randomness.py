"""Counter-based draws: published values, no order, no correlation between streams."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from irt import randomness
from irt.randomness import Purpose


def test_the_mixer_is_splitmix64() -> None:
    # First outputs for seed 1234567 of the reference implementation, prng.di.unimi.it/splitmix64.c.
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    state = 1234567
    for value in published:
        state = (state + randomness.GAMMA) & randomness._MASK
        assert randomness._mix(state) == value


def test_the_vectorised_draws_are_the_scalar_ones() -> None:
    draws = randomness.bits(42, Purpose.ANSWER, np.arange(50))
    assert draws.tolist() == [randomness.derived_seed(42, Purpose.ANSWER, counter) for counter in range(50)]


def test_a_draw_does_not_depend_on_the_others() -> None:
    many = randomness.uniform(7, Purpose.ANSWER, np.arange(100))
    assert randomness.uniform(7, Purpose.ANSWER, 63) == many[63]
    assert np.array_equal(randomness.uniform(7, Purpose.ANSWER, [5, 3]), many[[5, 3]])


@pytest.mark.parametrize("seed", [0, 1, 2**63, 2**64 - 1, -5])
def test_every_64_bit_seed_gives_a_permutation(seed: int) -> None:
    assert sorted(randomness.order(seed, Purpose.TIE_ORDER, 500)) == list(range(500))


def test_draws_of_neighbouring_seeds_and_purposes_are_uniform_and_uncorrelated() -> None:
    rows = [
        randomness.uniform(seed, purpose, np.arange(2000))
        for seed in range(40)
        for purpose in (Purpose.ELIGIBILITY, Purpose.ANSWER)
    ]
    assert stats.kstest(np.concatenate(rows), "uniform").pvalue > 0.001
    correlation = np.asarray(np.corrcoef(rows))[np.triu_indices(len(rows), 1)]
    # 3,160 correlations of 2,000 pairs, sd 0.0224: the largest of so many normals is near 3.6 sd.
    assert np.abs(correlation).max() < 5 * 0.0224


def test_every_thing_comes_first_equally_often() -> None:
    firsts = [int(np.argmin(randomness.order(seed, Purpose.TIE_ORDER, 10))) for seed in range(5000)]
    assert stats.chisquare(np.bincount(firsts, minlength=10)).pvalue > 0.001


def test_orders_and_draws_of_many_seeds_are_those_of_each() -> None:
    seeds = randomness.derived_seeds(3, Purpose.PERSON, np.arange(40))
    orders = randomness.order_each(seeds, Purpose.TIE_ORDER, 300)
    counters = np.array([0, 5, 5, 7])
    draws = randomness.uniform_each(seeds[:, None], Purpose.ELIGIBILITY, counters)
    for row, seed in enumerate(seeds.tolist()):
        assert np.array_equal(orders[row], randomness.order(seed, Purpose.TIE_ORDER, 300))
        assert np.array_equal(draws[row], randomness.uniform(seed, Purpose.ELIGIBILITY, counters))
