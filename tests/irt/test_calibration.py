"""Calibration: the likelihood and its maximum against second implementations, every model, every option."""

from __future__ import annotations

import concurrent.futures
import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import distributed
import numpy as np
import pytest

from irt.calibration import Calibration, Cycle, calibrate, normal_weights, person_scores
from irt.errors import InvalidParameters, InvalidResponses, InvalidRules, NotReportable
from irt.estep import Part, Sums, Tables, add_up, estep, kernels, tables
from irt.mstep import (
    Beta,
    Family,
    LogNormal,
    Model,
    Normal,
    Priors,
    families,
    gradient,
    launch_priors,
    log_prior,
    log_probability,
    prior_terms,
    score_and_information,
)
from irt.responses import Responses
from irt.types import FloatArray, GradedParameters, ItemParameters, MixedParameters, NominalParameters
from tests.irt.calibration_world import all_patterns, answers, marginal, two_parameter_optimum

NODES = np.linspace(-6, 6, 61)
FREE = (
    Model.TWO_PL,
    Model.THREE_PL,
    Model.FOUR_PL,
    Model.GRADED,
    Model.GENERALIZED_PARTIAL_CREDIT,
    Model.NOMINAL,
)
EVERY_PRIOR = Priors(LogNormal(0.0, 0.5), Normal(0.2, 1.0), Beta(5, 17), Beta(17, 3))


def bank(n_items: int, seed: int = 1, c: float = 0.0) -> ItemParameters:
    rng = np.random.default_rng(seed)
    a, b = rng.lognormal(0.1, 0.3, n_items), rng.normal(0, 1, n_items)
    return ItemParameters(a, b, np.full(n_items, c), np.ones(n_items))


def sparse(n_persons: int = 3000, n_items: int = 60, seed: int = 2, **options: object) -> Responses:
    rng = np.random.default_rng(seed)
    return answers(bank(n_items), rng.normal(size=n_persons), seed=seed, share=0.2, **options)  # type: ignore[arg-type]


def family_of(model: Model, n_categories: int, seed: int, priors: Priors) -> tuple[Family, FloatArray]:
    rng = np.random.default_rng(seed)
    n, codes = 4, np.arange(4) * n_categories
    counts = rng.random(n * n_categories) * 100
    (family,) = families([model] * n, np.full(n, n_categories), codes, np.arange(n), {}, priors, counts)
    return family, family.start + rng.normal(0, 0.05, family.start.shape)


# The E-step


def test_the_e_step_is_what_a_loop_over_persons_gives() -> None:
    rng = np.random.default_rng(3)
    given = Responses.from_wide(
        np.where(rng.random((40, 6)) < 0.6, rng.integers(0, 3, (40, 6)), np.nan),
        n_categories=[3] * 6,
        weight=rng.integers(0, 3, 40),
        group=np.arange(40) % 2,
    )
    log_p = np.log(rng.dirichlet(np.ones(3), (6, 9)).transpose(0, 2, 1)).reshape(18, 9)
    log_w = np.log(rng.dirichlet(np.ones(9), 2))
    found = estep(given, tables(log_p, log_w, longest=6, largest_weight=2.0))
    counts, nodes, value = np.zeros((18, 9)), np.zeros((2, 9)), 0.0
    for person in range(40):
        own = given.codes[given.indptr[person] : given.indptr[person + 1]]
        if len(own):
            at = log_w[person % 2] + log_p[own].sum(axis=0)
            share = given.weight[person] * np.exp(at - np.logaddexp.reduce(at))
            value += given.weight[person] * np.logaddexp.reduce(at)
            nodes[person % 2] += share
            counts[own] += share
    np.testing.assert_allclose(found.counts(), counts, atol=1e-10)
    np.testing.assert_allclose(found.nodes(), nodes, atol=1e-10)
    assert found.value() == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize("share", [1.0, 0.7, 0.1])
def test_the_sums_are_the_same_bits_by_numba_and_by_numpy_and_for_any_chunks(share: float) -> None:
    assert kernels() is not None, "numba belongs to the development environment"
    whole = answers(bank(40), np.random.default_rng(1).normal(size=2500), seed=4, share=share)
    log_p = log_probability(*family_with(bank(40)), NODES).reshape(80, 61)
    given = tables(log_p, normal_weights(NODES, np.zeros(1), np.ones(1)), longest=40)
    first = estep(whole, given)
    for fast in (True, False):
        for count in (1, 2, 3, 7):
            again = add_up(estep(part, given._replace(fast=fast)) for part in whole.parts(count))
            assert np.array_equal(again.codes, first.codes)
            assert np.array_equal(again.groups, first.groups)
            assert again.log_likelihood == first.log_likelihood


def family_with(parameters: ItemParameters) -> tuple[Family, FloatArray]:
    n = len(parameters)
    codes = np.arange(n) * 2
    (family,) = families([Model.TWO_PL] * n, np.full(n, 2), codes, np.arange(n), {}, Priors(), np.ones(2 * n))
    return family, np.stack([parameters.a, -parameters.a * parameters.b], axis=1)


# The M-step


@pytest.mark.parametrize("model", FREE)
def test_gradients_are_the_slopes_of_the_log_probabilities_and_of_the_priors(model: Model) -> None:
    family, x = family_of(model, 2 if model.dichotomous else 4, 5, EVERY_PRIOR)
    slopes, (prior_slopes, _) = gradient(family, x, NODES), prior_terms(family, x)
    for j in range(x.shape[1]):
        h = np.zeros(x.shape[1])
        h[j] = 1e-6
        by_difference = (log_probability(family, x + h, NODES) - log_probability(family, x - h, NODES)) / 2e-6
        np.testing.assert_allclose(slopes[:, j], by_difference, atol=1e-6)
        prior_difference = (log_prior(family, x + h) - log_prior(family, x - h)) / 2e-6
        np.testing.assert_allclose(prior_slopes[:, j], prior_difference, atol=1e-5)


@pytest.mark.parametrize("model", FREE)
def test_probabilities_sum_to_one_and_the_information_is_that_of_the_score(model: Model) -> None:
    family, x = family_of(model, 2 if model.dichotomous else 5, 6, Priors())
    p = np.exp(log_probability(family, x, NODES))
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-12)
    slopes = gradient(family, x, NODES)
    np.testing.assert_allclose(np.einsum("nkq,npkq->npq", p, slopes), 0.0, atol=1e-12)
    counts = np.full((4, p.shape[1], 61), 3.0)
    score, information = score_and_information(family, x, counts, NODES)
    np.testing.assert_allclose(score, np.einsum("nkq,npkq->np", counts, slopes), rtol=1e-9, atol=1e-8)
    held = p * counts.sum(axis=1, keepdims=True)
    expected = np.einsum("nkq,npkq,nrkq->npr", held, slopes, slopes)
    np.testing.assert_allclose(information, expected, rtol=1e-8, atol=1e-10)


# The maximum


def test_the_2pl_reaches_the_maximum_that_a_general_optimiser_finds() -> None:
    table = np.random.default_rng(7).random((500, 6)) < 1 / (
        1 + np.exp(-np.random.default_rng(8).normal(size=(500, 1)) - np.linspace(-1, 1, 6))
    )
    found = calibrate(Responses.from_wide(table), "2pl", tolerance=1e-8).require()
    (a, d), value = two_parameter_optimum(table.astype(np.float64), found.nodes)
    assert found.log_likelihood >= value - 1e-7
    np.testing.assert_allclose(found.natural[0], np.stack([a, d], axis=1), atol=2e-4)


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("rasch", bank(8)),
        ("1pl", bank(8)),
        ("2pl", bank(8)),
        ("3pl", bank(8, c=0.2)),
        ("4pl", bank(8, c=0.2)),
        ("grm", GradedParameters(np.full(6, 1.4), np.tile([-1.2, 0.1, 1.0], (6, 1)))),
        ("pcm", NominalParameters.partial_credit(np.tile([-1.0, 0.3], (6, 1)))),
        ("gpcm", NominalParameters.partial_credit(np.tile([-1.0, 0.3], (6, 1)), np.linspace(0.7, 1.5, 6))),
        ("rsm", NominalParameters.rating_scale(np.linspace(-1, 1, 6), [-0.8, 0.1, 0.7])),
        ("nrm", NominalParameters(np.tile([0.0, 0.6, 1.8], (6, 1)), np.tile([0.0, 0.5, -0.3], (6, 1)))),
    ],
)
def test_every_model_ends_where_no_direction_leads_up(
    model: str, parameters: ItemParameters | GradedParameters | NominalParameters
) -> None:
    theta = np.random.default_rng(9).normal(0, 1.2, 400)
    given = answers(parameters, theta, seed=10, share=0.9)
    priors = Priors(c=Beta(5, 17), d=Beta(17, 3)) if model in ("3pl", "4pl") else None
    found = calibrate(given, model, tolerance=1e-7, priors=priors).require()
    assert found.log_likelihood == pytest.approx(marginal(found, given), abs=1e-6)
    assert found.trace[-1] >= found.trace[0]
    assert len(found.families) == 1
    family, x = found.families[0], found.natural[0]
    u, v = family.split(x)
    best = found.log_likelihood + log_prior(family, x).sum()

    def value(u_: FloatArray, v_: FloatArray) -> float:
        moved = family.natural(u_, v_)
        return marginal(found, given, [moved]) + float(log_prior(family, moved).sum())

    for size in (1e-2, -1e-2):
        for j in range(u.shape[1]):
            shift = np.zeros_like(u)
            shift[2, j] = size
            assert value(u + shift, v) < best + 1e-7
        for j in range(len(v)):
            assert value(u, v + size * np.eye(len(v))[j]) < best + 1e-7


def test_acceleration_ends_where_plain_em_does_and_sooner() -> None:
    given = sparse()
    slow = calibrate(given, "2pl", tolerance=1e-7, accelerate=False, max_cycles=2000).require()
    quick = calibrate(given, "2pl", tolerance=1e-7).require()
    assert len(quick.trace) < 0.7 * len(slow.trace)
    np.testing.assert_allclose(quick.natural[0], slow.natural[0], atol=1e-4)


def test_plain_em_never_goes_down() -> None:
    found = calibrate(sparse(800, 30), "3pl", accelerate=False, max_cycles=40, priors=Priors(c=Beta(5, 17)))
    assert (np.diff(found.trace) > -1e-7).all()


def test_numba_and_numpy_give_the_same_calibration_to_the_last_bit() -> None:
    given = sparse()
    one, two = (calibrate(given, "2pl", fast=fast) for fast in (True, False))
    assert np.array_equal(one.natural[0], two.natural[0])
    assert one.log_likelihood == two.log_likelihood


# Chunks and workers


def same(one: Calibration, two: Calibration) -> bool:
    pairs = zip(one.natural, two.natural, strict=True)
    return (
        all(np.array_equal(x, y) for x, y in pairs)
        and np.array_equal(one.trace, two.trace)
        and np.array_equal(one.ability.sd, two.ability.sd)
    )


def out_of_order(function: object, parts: Sequence[Part], given: Tables) -> Iterator[Sums]:
    for part in reversed(parts):
        yield function(part, given)  # type: ignore[operator]


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_one_two_and_four_chunks_in_any_order_give_the_same_bits(share: float) -> None:
    whole = answers(bank(30), np.random.default_rng(1).normal(size=1500), seed=4, share=share)
    once = calibrate(whole, "2pl")
    for count in (2, 4):
        assert same(once, calibrate(whole.parts(count), "2pl"))
        assert same(once, calibrate(whole.parts(count), "2pl", executor=out_of_order))


def test_threads_and_processes_give_the_same_bits() -> None:
    whole = sparse(1200)
    once = calibrate(whole, "rasch")
    for pool in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
        with pool(2) as workers:

            def spread(function: object, parts: Sequence[Part], given: Tables) -> Iterator[Sums]:
                return workers.map(functools.partial(apply, function, given), parts)

            assert same(once, calibrate(whole.parts(3), "rasch", executor=spread))


def apply(function: object, given: Tables, part: Part) -> Sums:
    return function(part, given)  # type: ignore[operator,no-any-return]


def test_a_local_dask_cluster_gives_the_same_bits() -> None:
    whole = sparse(1200)
    once = calibrate(whole, "2pl")
    local: Any = distributed  # its classes carry no types
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with local.LocalCluster(**options) as cluster, local.Client(cluster) as client:
        parts = client.scatter(list(whole.parts(4)))

        def spread(function: object, chunks: Sequence[Part], given: Tables) -> Iterator[Sums]:
            (argument,) = client.scatter([given], broadcast=True)
            futures = [client.submit(function, chunk, argument, pure=False) for chunk in chunks]
            return iter(client.gather(futures))

        assert same(once, calibrate(parts, "2pl", executor=spread))


def test_workers_may_read_their_own_chunks() -> None:
    whole = sparse(1200)
    first, second = whole.parts(2)
    assert same(calibrate(whole, "2pl"), calibrate([lambda: first, lambda: second], "2pl"))


def test_chunks_of_different_banks_are_refused() -> None:
    one = Responses.from_wide([[0, 1], [1, 0]])
    two = Responses.from_wide([[0, 1, 1], [1, 0, 0]])
    with pytest.raises(InvalidResponses, match="chunks must hold the same items"):
        calibrate([one, two], "2pl")


# Ability, groups, anchors, weights


def test_a_rasch_model_estimates_the_sd_and_a_1pl_the_slope_and_they_agree() -> None:
    theta = np.random.default_rng(1).normal(0, 1.5, 3000)
    given = answers(
        ItemParameters(np.ones(12), np.linspace(-2, 2, 12), np.zeros(12), np.ones(12)), theta, seed=2
    )
    rasch = calibrate(given, "rasch", tolerance=1e-7).require()
    common = calibrate(given, "1pl", tolerance=1e-7).require()
    assert rasch.ability.sd[0] == pytest.approx(1.5, abs=0.08)
    assert common.natural[0][0, 0] == pytest.approx(rasch.ability.sd[0], rel=2e-3)
    assert common.log_likelihood == pytest.approx(rasch.log_likelihood, abs=0.05)
    assert common.n_parameters == rasch.n_parameters == 13


def test_each_group_has_its_mean_and_sd_and_the_first_is_the_reference() -> None:
    rng = np.random.default_rng(5)
    theta = np.concatenate([rng.normal(0, 1, 3000), rng.normal(0.8, 1.3, 3000)])
    given = answers(bank(20), theta, seed=6, share=0.7, group=np.repeat([0, 1], 3000))
    found = calibrate(given, "2pl").require()
    assert found.ability.mean[0] == 0.0
    assert found.ability.sd[0] == 1.0
    assert found.ability.mean[1] == pytest.approx(0.8, abs=0.1)
    assert found.ability.sd[1] == pytest.approx(1.3, abs=0.1)
    assert found.n_parameters == 42


def test_fixed_items_carry_the_scale_and_new_ones_land_on_it() -> None:
    items = bank(30)
    given = answers(items, np.random.default_rng(3).normal(0.6, 1.2, 4000), seed=4, share=0.6)
    anchors = np.arange(20)
    found = calibrate(given, "2pl", fixed=items.take(anchors), fixed_items=anchors).require()
    assert found.ability.mean[0] == pytest.approx(0.6, abs=0.07)
    assert found.ability.sd[0] == pytest.approx(1.2, abs=0.07)
    assert isinstance(found.parameters, ItemParameters)
    np.testing.assert_array_equal(found.parameters.a[:20], items.a[:20])
    np.testing.assert_allclose(found.parameters.b[:20], items.b[:20], atol=1e-12)
    assert np.abs(found.parameters.b - items.b)[20:].max() < 0.25
    assert found.n_parameters == 22


def test_a_weight_of_two_is_the_same_person_twice() -> None:
    rng = np.random.default_rng(1)
    table = rng.random((300, 6)) < 1 / (1 + np.exp(-1.5 * rng.normal(size=(300, 1))))
    weight = rng.integers(1, 4, 300)
    weighted = calibrate(Responses.from_wide(table, weight=weight), "2pl", tolerance=1e-9)
    repeated = calibrate(Responses.from_wide(np.repeat(table, weight, axis=0)), "2pl", tolerance=1e-9)
    np.testing.assert_allclose(weighted.natural[0], repeated.natural[0], atol=1e-7)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, abs=1e-6)
    assert weighted.bic == pytest.approx(repeated.bic, abs=1e-6)


def test_a_histogram_fits_a_skewed_population_better_than_a_normal() -> None:
    rng = np.random.default_rng(4)
    theta = np.where(rng.random(6000) < 0.7, rng.normal(-0.8, 0.4, 6000), rng.normal(1.6, 0.4, 6000))
    theta = (theta - theta.mean()) / theta.std()
    items = bank(30, seed=8)
    given = answers(items, theta, seed=5)
    normal = calibrate(given, "2pl")
    free = calibrate(given, "2pl", latent="histogram", tolerance=1e-3)
    assert free.log_likelihood > normal.log_likelihood + 50
    share = np.exp(free.ability.log_weight[0])
    assert share @ free.nodes == pytest.approx(0.0, abs=1e-9)
    assert share @ free.nodes**2 == pytest.approx(1.0, abs=1e-9)
    assert isinstance(free.parameters, ItemParameters)
    assert isinstance(normal.parameters, ItemParameters)
    assert np.abs(free.parameters.b - items.b).mean() < np.abs(normal.parameters.b - items.b).mean()


def test_models_can_be_mixed_and_keep_the_order_of_the_bank() -> None:
    rng = np.random.default_rng(6)
    graded = GradedParameters([1.2, 0.9, 1.5], [[-1.0, 0.5], [0.0, 1.0], [-0.5, 0.2]])
    items = MixedParameters([bank(4), graded], [[0, 2, 4, 6], [1, 3, 5]])
    given = answers(items, rng.normal(size=4000), seed=7)
    models = ["2pl", "grm"] * 3 + ["3pl"]
    found = calibrate(given, models, priors=Priors(c=Beta(5, 17))).require()
    assert isinstance(found.parameters, MixedParameters)
    assert found.parameters.n_categories.tolist() == [2, 3] * 3 + [2]
    part = found.parameters.parts[1]
    assert isinstance(part, GradedParameters)
    np.testing.assert_allclose(part.a, graded.a, atol=0.2)


# Priors


def test_a_beta_prior_on_guessing_ends_at_the_maximum_of_likelihood_times_density() -> None:
    rng = np.random.default_rng(2)
    given = answers(bank(8, c=0.25), rng.normal(size=600), seed=3)
    prior = Priors(LogNormal(0.0, 0.3), Normal(0.0, 1.5), Beta(6, 16))
    found = calibrate(given, "3pl", priors=prior, tolerance=1e-8).require()
    family, x = found.families[0], found.natural[0]
    c = 1 / (1 + np.exp(-x[:, 2]))
    own = 5 * np.log(c) + 15 * np.log1p(-c) - math.log(math.gamma(6) * math.gamma(16) / math.gamma(22))
    a, b = x[:, 0], -x[:, 1] / x[:, 0]
    own += -0.5 * (np.log(a) / 0.3) ** 2 - np.log(a * 0.3 * math.sqrt(2 * math.pi))
    own += -0.5 * (b / 1.5) ** 2 - math.log(1.5 * math.sqrt(2 * math.pi))
    np.testing.assert_allclose(log_prior(family, x), own, atol=1e-10)
    assert found.log_prior == pytest.approx(own.sum(), abs=1e-9)
    best = found.log_likelihood + found.log_prior
    for column, size in ((2, 0.05), (2, -0.05), (0, 0.02), (0, -0.02)):
        moved = x.copy()
        moved[3, column] += size
        assert marginal(found, given, [moved]) + log_prior(family, moved).sum() < best


def test_a_tight_prior_holds_a_parameter_and_a_wide_one_lets_it_go() -> None:
    given = sparse(1500)
    tight = calibrate(given, "2pl", priors=Priors(a=Normal(1.0, 1e-3)))
    wide = calibrate(given, "2pl", priors=Priors(a=Normal(1.0, 1e3)))
    none = calibrate(given, "2pl")
    assert np.abs(tight.natural[0][:, 0] - 1).max() < 0.01
    np.testing.assert_allclose(wide.natural[0], none.natural[0], atol=1e-3)


def test_the_mean_of_a_level_is_estimated_and_pulls_its_items() -> None:
    rng = np.random.default_rng(3)
    level = np.repeat([0, 1, 2], 20)
    truth = np.array([-1.6, 0.2, 1.9])
    b = truth[level] + rng.normal(0, 0.3, 60)
    items = ItemParameters(np.ones(60), b, np.zeros(60), np.ones(60))
    given = answers(items, rng.normal(size=600), seed=4, share=0.1)
    expected = np.array([-1.0, 0.0, 1.0])[level]
    priors = launch_priors(expected, np.zeros(60), level, sd_b=0.4)
    found = calibrate(given, "2pl", priors=Priors(priors.a, priors.b, level=level, level_sd=1.0)).require()
    blind = calibrate(given, "2pl", priors=Priors(priors.a, priors.b)).require()
    np.testing.assert_allclose(found.level_means, truth, atol=0.3)
    assert isinstance(found.parameters, ItemParameters)
    assert isinstance(blind.parameters, ItemParameters)
    assert np.abs(found.parameters.b - b).mean() < np.abs(blind.parameters.b - b).mean()


# What cannot be estimated


def test_items_that_say_nothing_are_left_out_and_named() -> None:
    rng = np.random.default_rng(1)
    table = (rng.random((200, 6)) < 0.5).astype(np.float64)
    table[:, 1], table[:, 3] = 1.0, np.nan
    table[0] = np.nan
    given = Responses.from_wide(table, n_categories=[2, 2, 2, 2, 3, 2])
    found = calibrate(given, ["2pl"] * 4 + ["grm", "2pl"])
    assert found.items.tolist() == [0, 2, 5]
    assert [(one.kind, one.number) for one in found.exclusions] == [
        ("persons", 1),
        ("item", 1),
        ("item", 3),
        ("item", 4),
    ]
    reasons = [one.reason for one in found.exclusions]
    assert reasons[1] == "constant item: every answer has score 1"
    assert reasons[2] == "nobody answered it"
    assert reasons[3] == "score 2 never occurs: see Responses.recoded"
    rest = calibrate(Responses.from_wide(table[1:, [0, 2, 5]]), "2pl")
    np.testing.assert_array_equal(found.natural[0], rest.natural[0])


def test_a_person_without_an_answer_has_the_ability_of_the_group() -> None:
    table = np.random.default_rng(1).random((200, 4)).round()
    table[7] = np.nan
    found = calibrate(given := Responses.from_wide(table), "2pl")
    scores = person_scores(found, given)
    assert scores.theta[7] == pytest.approx(0.0, abs=1e-9)
    assert scores.se[7] == pytest.approx(1.0, abs=1e-6)
    assert found.n_persons == 199


def test_the_eap_is_the_mean_of_the_posterior() -> None:
    found = calibrate(given := sparse(500), "2pl")
    scores = person_scores(found, given)
    table = found.log_probability()
    for person in (0, 17, 499):
        own = given.codes[given.indptr[person] : given.indptr[person + 1]]
        at = found.ability.log_weight[0] + table[own].sum(axis=0)
        share = np.exp(at - np.logaddexp.reduce(at))
        mean = share @ found.nodes
        assert scores.theta[person] == pytest.approx(mean, abs=1e-8)
        assert scores.se[person] == pytest.approx(math.sqrt(share @ (found.nodes - mean) ** 2), abs=1e-8)


def test_a_calibration_that_stops_early_says_so_and_what_to_do() -> None:
    found = calibrate(sparse(600), "2pl", max_cycles=3)
    assert not found.converged
    assert "not converged" in found.advice
    assert "more cycles" in found.advice
    with pytest.raises(NotReportable, match="not converged"):
        found.require()


def test_an_item_keyed_the_wrong_way_is_flagged_and_kept_out_of_a_bank() -> None:
    rng = np.random.default_rng(1)
    table = (rng.random((1500, 8)) < 1 / (1 + np.exp(-1.5 * rng.normal(size=(1500, 1))))).astype(np.float64)
    table[:, 2] = 1 - table[:, 2]
    found = calibrate(Responses.from_wide(table), "2pl").require()
    assert [(flag.item, flag.problem.split(":")[1]) for flag in found.flags] == [(2, " is its key reversed?")]
    with pytest.raises(InvalidParameters, match=r"a\[2\]: must be greater than 0"):
        _ = found.parameters


def test_items_that_fit_badly_do_not_keep_the_estimation_swinging() -> None:
    rng = np.random.default_rng(2)
    theta = rng.normal(size=(600, 1))
    a, b = rng.lognormal(-0.2, 0.3, 20), rng.normal(0, 1.5, 20)
    p = 0.1 + 0.9 / (1 + np.exp(-a * (theta - b)))
    p[:, 4] = 0.05 + 0.2 / (1 + np.exp(-0.3 * theta[:, 0]))
    p[:, 9] = 1 / (1 + np.exp(0.3 * theta[:, 0] + 1.5))  # easier for the weaker
    p[:, 15] = np.clip(0.05 + 0.1 * theta[:, 0] ** 2, 0.01, 0.95)
    given = Responses.from_wide(rng.random(p.shape) < p)
    found = calibrate(given, "3pl", priors=Priors(c=Normal(-1.386, 0.5)), tolerance=1e-7, max_cycles=400)
    assert found.converged


def test_progress_is_told_after_each_e_step() -> None:
    told: list[Cycle] = []
    found = calibrate(sparse(400), "2pl", progress=told.append)
    assert [cycle.number for cycle in told] == sorted({cycle.number for cycle in told})
    assert told[-1].largest_change == found.largest_change
    assert found.trace[told[-1].number - 1 - found.coarse_cycles] == told[-1].objective


def test_a_warm_start_needs_fewer_cycles_and_ends_at_the_same_place() -> None:
    given = sparse()
    cold = calibrate(given, "2pl", tolerance=1e-6)
    warm = calibrate(given, "2pl", tolerance=1e-6, start=cold)
    assert len(warm.trace) < 4 < len(cold.trace)
    np.testing.assert_allclose(warm.natural[0], cold.natural[0], atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": "5pl"}, "models: unknown model"),
        ({"models": ["2pl"]}, "models: holds 1 models for 3 items"),
        ({"models": ["2pl", "2pl", "2pl"]}, "models: item 2 has 3 scores, 2pl is a model of right or wrong"),
        ({"n_quadrature": 3}, "n_quadrature: must be at least 5"),
        ({"bound": -1.0}, "bound: must be greater than 0"),
        ({"tolerance": 0.0}, "tolerance: must be greater than 0"),
        ({"max_cycles": 0}, "max_cycles: must be at least 1"),
        ({"latent": "skewed"}, "latent: must be auto, standard or histogram"),
        ({"fixed": bank(1)}, "fixed_items: must be given with fixed"),
        ({"fixed": bank(1), "fixed_items": [9]}, "fixed_items: unknown item"),
        ({"fixed": bank(2), "fixed_items": [0, 0]}, "fixed_items: must hold 2 different items"),
        (
            {"priors": Priors(a=LogNormal(0.0, -1.0))},
            "priors.a: must be finite, with a spread greater than 0",
        ),
        (
            {"priors": Priors(b=Normal([0.0, 1.0], 1.0))},
            "priors.b: must hold one number or one for each of 3 items",
        ),
        ({"priors": Priors(level=[0, 0, 1])}, "priors.b: must be given with priors.level"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(options: dict[str, object], message: str) -> None:
    given = Responses.from_wide([[0, 1, 2], [1, 0, 0], [0, 1, 1], [1, 1, 0]], n_categories=[2, 2, 3])
    with pytest.raises(InvalidRules, match=message):
        calibrate(given, **({"models": "grm"} | options))  # type: ignore[arg-type]


def test_anchors_of_another_number_of_scores_are_refused() -> None:
    given = Responses.from_wide([[0, 2], [1, 0], [0, 1]], n_categories=[2, 3])
    with pytest.raises(InvalidParameters, match=r"fixed\[0\]: has 2 scores, item 1 has 3"):
        calibrate(given, "grm", fixed=bank(1), fixed_items=[1])


def test_data_without_any_item_to_estimate_are_refused() -> None:
    with pytest.raises(InvalidResponses, match="no item can be estimated"):
        calibrate(Responses.from_wide([[1, 1], [1, 1]]), "2pl")


def test_information_criteria_count_every_free_parameter() -> None:
    found = calibrate(Responses.from_wide(all_patterns(5)), "2pl")
    assert found.n_parameters == 10
    assert found.aic == pytest.approx(-2 * found.log_likelihood + 20)
    assert found.bic == pytest.approx(-2 * found.log_likelihood + 10 * math.log(32))
    assert found.sabic == pytest.approx(-2 * found.log_likelihood + 10 * math.log(34 / 24))


def test_the_common_steps_of_a_rating_scale_are_recovered() -> None:
    items = NominalParameters.rating_scale(np.linspace(-1, 1, 10), [-1.0, 0.2, 0.8])
    given = answers(items, np.random.default_rng(2).normal(0, 1.2, 4000), seed=3)
    found = calibrate(given, "rsm").require()
    assert found.n_parameters == 13
    assert isinstance(found.parameters, NominalParameters)
    thresholds = -np.diff(found.parameters.intercepts, axis=1)
    np.testing.assert_allclose(
        thresholds - thresholds.mean(axis=1, keepdims=True), [[-1.0, 0.2, 0.8]] * 10, atol=0.1
    )
