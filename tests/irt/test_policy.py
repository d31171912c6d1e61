"""The one door: every step keeps the blueprint, replays, and never crashes a sitting."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from irt import (
    BlueprintTree,
    ClassificationStop,
    Eligibility,
    InfeasibleBlueprint,
    InvalidParameters,
    InvalidResponses,
    InvalidRules,
    ItemParameters,
    NotReportable,
    Outcome,
    PrecisionStop,
    ProfileModel,
    Reason,
    Rules,
    compile_policy,
    eap,
    levels,
    models,
    wle,
)
from irt.shadow import violations
from tests.irt.world import (
    CUTS,
    calibrated_bank,
    certification,
    certification_tree,
    flat_tree,
    provisional_bank,
    sit,
)

BANK = provisional_bank(180)
POLICY = certification(BANK)
ANSWERS = (np.random.default_rng(4).random(180) < 0.55).astype(int)
FREE: dict[str, Any] = {"length": 10, "minimum_length": 3, "cuts": CUTS}


def marginal(probabilities: np.ndarray) -> Eligibility:
    return Eligibility(probabilities[None, :], np.zeros(0))


class TestChoosing:
    @pytest.mark.parametrize("seed", range(8))
    def test_a_sitting_has_its_length_and_keeps_every_row(self, seed: int) -> None:
        items, _ = sit(POLICY, ANSWERS, seed=seed)
        assert len(items) == 32
        assert violations(POLICY.tree, items) == 0

    def test_a_replay_makes_the_same_choices(self) -> None:
        items, scores = sit(POLICY, ANSWERS, seed=77)
        again = certification(provisional_bank(180))
        for position, item in enumerate(items):
            assert again.step(items[:position], scores[:position], seed=77).item == item

    def test_a_step_is_the_same_in_every_thread_and_after_pickling(self) -> None:
        items, scores = sit(POLICY, ANSWERS, seed=3)
        thawed = pickle.loads(pickle.dumps(POLICY))
        calls = [(items[:k], scores[:k]) for k in range(33)]
        with ThreadPoolExecutor(4) as threads:
            parallel = list(threads.map(lambda call: POLICY.step(*call, seed=3), calls))
        assert parallel == [thawed.step(*call, seed=3) for call in calls]

    def test_without_rows_the_most_informative_item_is_asked(self) -> None:
        bank = calibrated_bank(60)
        policy = compile_policy(bank, flat_tree(60, 10, 10), Rules(**FREE | {"minimum_length": 10}))
        items, scores = sit(policy, ANSWERS, seed=1)
        nodes = policy.nodes
        for position, item in enumerate(items):
            p = models.probability(bank.take(items[:position]), nodes) if position else np.ones((161, 0))
            likelihood = np.where(np.array(scores[:position]) == 1, p, 1 - p).prod(axis=1)
            weights = likelihood * np.exp(-(nodes**2) / 2)
            gain = weights @ models.information(bank, nodes) / weights.sum()
            gain[items[:position]] = -1
            assert item == np.argmax(gain)

    def test_equal_items_are_spread_over_sittings_by_the_seed(self) -> None:
        bank = ItemParameters(np.ones(40), np.zeros(40), np.zeros(40), np.ones(40))
        policy = compile_policy(bank, flat_tree(40, 4, 4), Rules(length=4, minimum_length=4, cuts=CUTS))
        firsts = np.bincount([policy.step([], [], seed=seed).item or 0 for seed in range(2000)], minlength=40)
        # 50 expected each, sd 7.
        assert firsts.min() > 20
        assert firsts.max() < 85

    def test_rounding_noise_does_not_decide_between_equal_gains(self) -> None:
        gain = np.full(180, 0.2)
        noisy = gain * (1 + 1e-15 * np.arange(180))
        ranks = POLICY.draws(9).ranks
        assert np.array_equal(
            POLICY.priorities(gain, ranks, None),
            POLICY.priorities(np.minimum(noisy, 0.2 + 1e-12), ranks, None),
        )

    @pytest.mark.parametrize("n_items", [5, 300, 20_000])
    @pytest.mark.parametrize("length", [1, 12, 32, 60])
    def test_sums_of_priorities_are_exact(self, n_items: int, length: int) -> None:
        if length > n_items:
            length = n_items
        policy = compile_policy(
            provisional_bank(n_items),
            flat_tree(n_items, length, length),
            Rules(length=length, minimum_length=length, cuts=CUTS),
        )
        gain = np.random.default_rng(0).random(n_items)
        barred = np.arange(n_items) % 2 == 0
        priority = policy.priorities(gain, policy.draws(1).ranks, barred)
        assert np.array_equal(priority, np.rint(priority))
        assert len(np.unique(priority)) == n_items
        assert np.abs(priority).max() * length < 2**53
        assert priority[barred].max() < priority[~barred].min()
        assert policy.gain_bits >= 24

    def test_a_randomesque_start_draws_among_the_best_and_then_stops_drawing(self) -> None:
        bank = calibrated_bank(60)
        rules = Rules(**FREE | {"minimum_length": 10}, randomesque=(4, 1))
        policy = compile_policy(bank, flat_tree(60, 10, 10), rules)
        plain = compile_policy(bank, flat_tree(60, 10, 10), Rules(**FREE | {"minimum_length": 10}))
        firsts = {policy.step([], [], seed=seed).item for seed in range(200)}
        gains = plain.gains(np.exp(plain.log_prior) / np.exp(plain.log_prior).sum())
        assert firsts == set(np.argsort(-gains)[:4].tolist())
        assert policy.step([7], [1], seed=0).item == plain.step([7], [1], seed=0).item

    def test_the_gain_reported_is_the_expected_information(self) -> None:
        step = POLICY.step([], [], seed=2)
        assert step.item is not None
        weights = np.exp(-(POLICY.nodes**2) / 2)
        expected = weights @ models.information(BANK.take([step.item]), POLICY.nodes)[:, 0] / weights.sum()
        assert step.gain == pytest.approx(expected, rel=1e-12)


class TestTestlets:
    def test_a_testlet_is_asked_whole_in_its_order_without_a_break(self) -> None:
        policy = certification(BANK, testlets=8)
        begun = 0
        for seed in range(40):
            items, _ = sit(policy, ANSWERS, seed=seed)
            assert violations(policy.tree, items) == 0
            inside = [item for item in items if policy.tree.testlet[item] >= 0]
            for testlet in {int(policy.tree.testlet[item]) for item in inside}:
                first = next(k for k, item in enumerate(items) if policy.tree.testlet[item] == testlet)
                run = items[first : first + 3]
                assert policy.tree.testlet_position[run].tolist() == [0, 1, 2]
                assert set(policy.tree.testlet[run].tolist()) == {testlet}
                begun += 1
        assert begun > 5

    def test_preferred_testlets_fill_the_places_the_blueprint_has_for_them(self) -> None:
        policy = certification(BANK, testlets=8, prefer_testlets=True)
        first_places, chosen = [], set()
        for seed in range(12):
            items, _ = sit(policy, ANSWERS, seed=seed)
            assert violations(policy.tree, items) == 0
            begun = policy.tree.testlet[items]
            assert len(set(begun[begun >= 0].tolist())) == 2
            chosen |= set(begun[begun >= 0].tolist())
            first_places.append(int(np.argmax(begun >= 0)))
        assert len(chosen) > 3
        assert max(first_places) > 3  # the preference does not put testlets in front

    def test_preferred_testlets_give_way_when_they_are_withdrawn(self) -> None:
        policy = certification(BANK, testlets=8, prefer_testlets=True)
        available = policy.tree.testlet < 0
        items, _ = sit(policy, ANSWERS, seed=2, available=available)
        assert len(items) == 32
        assert violations(policy.tree, items) == 0

    def test_a_withdrawn_item_leaves_the_rest_of_its_testlet_to_be_finished(self) -> None:
        policy = certification(BANK, testlets=8)
        first, second, third = 1, 0, 2  # positions 0, 1, 2 of testlet 0
        assert policy.step([first], [1], seed=1).item == second
        available = np.ones(180, dtype=bool)
        available[second] = False
        assert policy.step([first], [1], seed=1, available=available).item == third

    def test_a_stopping_rule_waits_for_the_end_of_a_testlet(self) -> None:
        tree = BlueprintTree([-1], [1], [6], [0] * 6, [0, 0, 0, -1, -1, -1], [0, 1, 2, 0, 0, 0], 1)
        bank = ItemParameters([1.0] * 6, [0.0] * 6, [0.0] * 6, [1.0] * 6)
        rules = Rules(length=6, minimum_length=1, cuts=CUTS, stopping=(PrecisionStop(2.0),))
        policy = compile_policy(bank, tree, rules)
        assert policy.step([0], [1], seed=1).item == 1
        assert policy.step([0, 1], [1, 1], seed=1).item == 2
        assert policy.step([0, 1, 2], [1, 1, 1], seed=1).reason is Reason.PRECISION
        assert policy.step([3], [1], seed=1).reason is Reason.PRECISION


class TestStopping:
    def test_precision_stops_at_the_first_step_that_reaches_it(self) -> None:
        rules = Rules(**FREE | {"length": 30}, stopping=(PrecisionStop(0.5),))
        policy = compile_policy(BANK, flat_tree(180, 3, 30), rules)
        items, scores = sit(policy, ANSWERS, seed=5)
        assert 3 < len(items) < 30
        final, before = policy.step(items, scores, seed=5), policy.step(items[:-1], scores[:-1], seed=5)
        assert final.reason is Reason.PRECISION
        assert final.se <= 0.5 < before.se

    @pytest.mark.parametrize("score", [0, 1])
    def test_classification_stops_on_either_side_of_the_cut(self, score: int) -> None:
        rules = Rules(**FREE | {"length": 30}, stopping=(ClassificationStop(0.0, 0.95),))
        policy = compile_policy(BANK, flat_tree(180, 3, 30), rules)
        items, scores = sit(policy, np.full(180, score), seed=5)
        assert policy.step(items, scores, seed=5).reason is Reason.CLASSIFICATION
        assert len(items) < 12
        measured = policy.score(items, scores)
        assert (measured.theta > 0) == bool(score)

    def test_no_rule_acts_before_the_minimum_length(self) -> None:
        rules = Rules(**FREE | {"minimum_length": 7}, stopping=(PrecisionStop(5.0),))
        policy = compile_policy(BANK, flat_tree(180, 3, 10), rules)
        assert len(sit(policy, ANSWERS, seed=1)[0]) == 7

    def test_no_rule_acts_before_every_minimum_of_the_blueprint_is_met(self) -> None:
        tree = certification_tree(180)
        loose = BlueprintTree(
            tree.parent,
            np.where(tree.parent < 0, 18, tree.lower),
            tree.upper,
            tree.leaf,
            tree.testlet,
            tree.testlet_position,
            0,
        )
        rules = Rules(length=32, minimum_length=1, cuts=CUTS, stopping=(PrecisionStop(5.0),))
        policy = compile_policy(BANK, loose, rules)
        items, scores = sit(policy, ANSWERS, seed=1)
        assert policy.step(items, scores, seed=1).reason is Reason.PRECISION
        # Five domains need 6 + 5 + 5 + 6 + 5 items: once the rule holds, only what a minimum needs is asked.
        assert len(items) == 27
        assert violations(loose, items) == 0
        assert violations(loose, items[:-1]) > 0

    def test_a_full_test_ends_by_its_length_even_when_another_rule_would_fire(self) -> None:
        rules = Rules(**FREE, stopping=(PrecisionStop(0.01),))
        policy = compile_policy(BANK, flat_tree(180, 3, 10), rules)
        items, scores = sit(policy, ANSWERS, seed=1)
        assert policy.step(items, scores, seed=1).reason is Reason.LENGTH


class TestEligibility:
    def test_an_ineligible_item_is_not_asked_while_another_test_exists(self) -> None:
        chance = np.where(np.arange(180) < 90, 0.0, 1.0)  # one eligible item in every topic
        policy = certification(BANK, eligibility=marginal(chance))
        items, scores = sit(policy, ANSWERS, seed=1)
        assert min(items) >= 90
        assert policy.step(items[:5], scores[:5], seed=1).eligible

    def test_an_ineligible_item_is_asked_rather_than_break_the_blueprint(self) -> None:
        policy = certification(BANK, eligibility=marginal(np.zeros(180)))
        items, scores = sit(policy, ANSWERS, seed=1)
        assert len(items) == 32
        assert violations(policy.tree, items) == 0
        assert not policy.step(items[:5], scores[:5], seed=1).eligible

    def test_an_item_is_eligible_as_often_as_its_probability_says(self) -> None:
        policy = certification(BANK, eligibility=marginal(np.full(180, 0.3)))
        draws = [policy.ineligible(0.0, policy.draws(seed).eligibility) for seed in range(300)]
        # 54,000 draws: sd 0.002.
        assert 1 - np.mean([row for row in draws if row is not None]) == pytest.approx(0.3, abs=0.01)

    def test_the_band_of_the_estimate_decides_and_draws_are_common_to_the_bands(self) -> None:
        policy = certification(
            BANK, eligibility=Eligibility(np.repeat([[0.2], [0.7]], 180, axis=1), np.zeros(1))
        )
        drawn = policy.draws(1).eligibility
        low, high = policy.ineligible(-1.0, drawn), policy.ineligible(1.0, drawn)
        assert low is not None
        assert high is not None
        assert (high <= low).all()
        assert low.sum() > high.sum() > 0

    def test_items_of_one_testlet_share_their_draw(self) -> None:
        policy = certification(BANK, testlets=8, eligibility=marginal(np.full(180, 0.5)))
        barred = policy.ineligible(0.0, policy.draws(4).eligibility)
        assert barred is not None
        assert (barred[:24].reshape(8, 3).sum(axis=1) % 3 == 0).all()


class TestRelaxation:
    def test_the_minimum_of_an_emptied_row_is_given_up_and_named(self) -> None:
        competence = 6  # the first one
        topics = np.flatnonzero(POLICY.tree.parent == competence)
        available = ~np.isin(POLICY.tree.leaf, topics)
        step = POLICY.step([], [], seed=1, available=available)
        assert step.relaxed == (competence,)
        assert step.item is not None
        items, _ = sit(POLICY, ANSWERS, seed=1, available=available)
        assert len(items) == 32
        assert violations(POLICY.tree, items) == 1

    def test_a_test_is_shortened_when_too_few_items_are_left_and_no_maximum_is_broken(self) -> None:
        rng = np.random.default_rng(0)
        available = np.zeros(180, dtype=bool)
        available[rng.choice(180, 12, replace=False)] = True
        items, scores = sit(POLICY, ANSWERS, seed=1, available=available)
        assert 0 < len(items) <= 12
        assert available[items].all()
        final = POLICY.step(items, scores, seed=1, available=available)
        assert final.reason is Reason.EXHAUSTED
        assert 0 in final.relaxed
        topics = POLICY.tree.leaf[items]
        assert len(set(topics.tolist())) == len(items)

    def test_with_nothing_left_a_sitting_ends_instead_of_failing(self) -> None:
        nothing = np.zeros(180, dtype=bool)
        assert POLICY.step([], [], seed=1, available=nothing).reason is Reason.EXHAUSTED
        assert POLICY.step([4, 9], [1, 0], seed=1, available=nothing).reason is Reason.EXHAUSTED

    @pytest.mark.parametrize("seed", range(30))
    def test_a_sitting_under_random_withdrawals_always_ends(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        policy = certification(BANK, testlets=8)
        available = rng.random(180) < rng.choice([0.1, 0.3, 0.6])
        items: list[int] = []
        scores: list[int] = []
        while (step := policy.step(items, scores, seed=seed, available=available)).item is not None:
            items.append(step.item)
            scores.append(int(ANSWERS[step.item]))
            available = available & (rng.random(180) < 0.97)
        assert len(items) == len(set(items)) <= 32
        assert step.reason in {Reason.LENGTH, Reason.EXHAUSTED}

    def test_answers_that_already_break_a_maximum_do_not_stop_the_sitting(self) -> None:
        same_topic = np.flatnonzero(POLICY.tree.leaf == POLICY.tree.leaf[0]).tolist()
        assert len(same_topic) == 2
        step = POLICY.step(same_topic, [1, 1], seed=1)
        assert step.item is not None
        assert step.relaxed


class TestScoring:
    def test_a_score_agrees_with_the_estimators_it_is_made_of(self) -> None:
        items, scores = sit(POLICY, ANSWERS, seed=6)
        measured = POLICY.score(items, scores)
        given = BANK.take(items)
        mean, sd, _ = eap(given, scores, prior=POLICY.rules.prior)
        warm = wle(given, scores)
        assert (measured.theta, measured.se) == pytest.approx((mean, sd), abs=1e-12)
        assert (measured.wle, measured.wle_se) == (warm.theta, warm.se)
        assert measured.level == levels.level_of(measured.theta, CUTS)
        assert measured.level_probabilities.sum() == pytest.approx(1.0)
        assert measured.at_least[measured.level] > 0.4
        assert measured.interval90[0] < measured.theta < measured.interval90[1]
        assert measured.points is not None
        assert 200 * measured.level <= measured.points <= 200 * (measured.level + 1)
        assert (measured.n_responses, measured.outcome) == (32, Outcome.REPORTABLE)

    def test_the_theta_of_the_last_step_is_the_theta_of_the_score(self) -> None:
        items, scores = sit(POLICY, ANSWERS, seed=6)
        last, measured = POLICY.step(items, scores, seed=6), POLICY.score(items, scores)
        assert (last.theta, last.se) == (measured.theta, measured.se)

    def test_too_few_answers_are_an_outcome_that_forbids_reporting(self) -> None:
        items, scores = sit(POLICY, ANSWERS, seed=6)
        assert POLICY.score(items[:20], scores[:20]).require().outcome is Outcome.REPORTABLE
        short = POLICY.score(items[:19], scores[:19])
        assert short.outcome is Outcome.TOO_FEW_RESPONSES
        with pytest.raises(NotReportable, match="fewer responses"):
            short.require()

    def test_a_score_without_answers_is_the_prior(self) -> None:
        measured = POLICY.score([], [])
        assert (measured.theta, measured.se) == pytest.approx((0.0, 1.0), abs=1e-9)
        assert measured.wle is None
        assert measured.wle_se is None
        assert measured.profile is None

    def test_the_profile_groups_items_by_the_children_of_the_root(self) -> None:
        model = ProfileModel(np.where(np.eye(5) > 0, 1.0, 0.8))
        policy = certification(BANK, profile=model)
        items, scores = sit(policy, ANSWERS, seed=6)
        measured = policy.score(items, scores)
        assert measured.profile is not None
        assert measured.profile.n_responses.sum() == 32
        assert (np.abs(measured.profile.n_responses - np.array([7, 6, 6, 7, 6])) <= 1).all()


class TestMisuse:
    @pytest.mark.parametrize(
        ("items", "scores", "argument", "position"),
        [
            ([0, 180], [1, 1], "items", 1),
            ([-1], [1], "items", 0),
            ([3, 5, 3], [1, 1, 1], "items", 2),
            ([3], [2], "scores", 0),
            ([3], [], "scores", None),
            ([0.5], [1], "items", None),
        ],
    )
    def test_responses_of_no_sitting_are_refused(
        self, items: list[Any], scores: list[int], argument: str, position: int | None
    ) -> None:
        for call in (lambda: POLICY.step(items, scores, seed=1), lambda: POLICY.score(items, scores)):
            with pytest.raises(InvalidResponses) as caught:
                call()
            assert (caught.value.argument, caught.value.position) == (argument, position)

    def test_a_mask_of_another_shape_is_refused(self) -> None:
        with pytest.raises(InvalidParameters, match=r"^available"):
            POLICY.step([], [], seed=1, available=np.ones(3, dtype=bool))

    def test_an_infeasible_blueprint_is_refused_with_its_row(self) -> None:
        tree = certification_tree(180)
        upper = tree.upper.copy()
        upper[tree.parent == 6] = 0  # no topic of the first competence may be asked
        impossible = BlueprintTree(
            tree.parent, tree.lower, upper, tree.leaf, tree.testlet, tree.testlet_position, 0
        )
        with pytest.raises(InfeasibleBlueprint) as caught:
            compile_policy(BANK, impossible, Rules(length=32, minimum_length=32, cuts=CUTS))
        assert (caught.value.node, caught.value.needed, caught.value.available) == (6, 1, 0)

    @pytest.mark.parametrize(
        ("change", "argument"),
        [
            ({"length": 0}, "length"),
            ({"minimum_length": 11}, "minimum_length"),
            ({"minimum_responses": 11}, "minimum_responses"),
            ({"cuts": [1.0, 0.0]}, "cuts"),
            ({"randomesque": (0,)}, "randomesque"),
        ],
    )
    def test_rules_out_of_range_are_named(self, change: dict[str, Any], argument: str) -> None:
        with pytest.raises(InvalidRules) as caught:
            Rules(**FREE | change)
        assert caught.value.argument == argument

    def test_stopping_rules_out_of_range_are_named(self) -> None:
        for build in (
            lambda: PrecisionStop(0.0),
            lambda: ClassificationStop(np.nan, 0.9),
            lambda: ClassificationStop(0.0, 0.5),
        ):
            with pytest.raises(InvalidRules, match=r"^stopping"):
                build()

    def test_rules_that_do_not_fit_the_bank_or_the_tree_are_named(self) -> None:
        tree = flat_tree(180, 3, 10)
        for change, argument in (
            ({"length": 11}, "length"),
            ({"eligibility": marginal(np.ones(5))}, "eligibility"),
            ({"profile": ProfileModel(np.eye(5))}, "profile"),
        ):
            with pytest.raises(InvalidRules) as caught:
                compile_policy(BANK, tree, Rules(**FREE | change))
            assert caught.value.argument == argument
        with pytest.raises(InvalidParameters, match="180 items, the tree 10"):
            compile_policy(BANK, flat_tree(10, 3, 10), Rules(**FREE))
