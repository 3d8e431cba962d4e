"""Shared principles against local models: who is wrong where, and when it turns."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kits import playing
from tests.kits.playing import average, gap, verdict

NAME = "invariant_values"
ARMS = ("invariant", "nearest")


def test_agreement_pays_where_shared_custom_turns_and_costs_where_it_does_not() -> None:
    assert verdict(NAME, 24) == "supported"
    assert verdict(NAME, 24, shift=0.0) == "refuted"
    assert gap(NAME, ARMS, "new_error") < -0.03
    assert gap(NAME, ARMS, "new_error", shift=0.0) > 0.02


def test_local_models_judge_better_at_home_and_lose_more_when_customs_drift() -> None:
    assert gap(NAME, ARMS, "home_error") > 0.08
    assert gap(NAME, ARMS, "drifted_error") > 0.02
    assert gap(NAME, ARMS, "drifted_error", drift=1.0) < -0.01
    assert gap(NAME, ARMS, "drifted_error", drift=0.0) == gap(NAME, ARMS, "home_error", drift=0.0)


def test_customs_that_all_neighbours_share_pass_for_principles() -> None:
    assert average(NAME, "invariant", "custom_reliance", locality=0.0) > 0.4
    assert average(NAME, "invariant", "custom_reliance", locality=1.0) < 0.12
    assert abs(gap(NAME, ("invariant", "pooled"), "new_error", locality=0.0)) < 0.02


def test_too_few_ratings_leave_the_test_of_agreement_blind() -> None:
    few = average(NAME, "invariant", "custom_reliance", ratings=20)
    assert few > average(NAME, "invariant", "custom_reliance", ratings=1000) + 0.15


def test_enough_ratings_of_its_own_make_a_community_need_no_other() -> None:
    assert gap(NAME, ("alone", "invariant"), "new_error", new_ratings=2) > 0.05
    assert gap(NAME, ("alone", "invariant"), "new_error", new_ratings=200) < -0.1


def test_without_agreed_principles_there_is_nothing_to_keep() -> None:
    assert gap(NAME, ARMS, "new_error", dissent=1.0) > 0.05


def test_weighing_agreement_beats_testing_for_it_at_home_and_among_neighbours() -> None:
    assert gap(NAME, ("shrunken", "invariant"), "home_error") < -0.08
    assert gap(NAME, ("shrunken", "invariant"), "new_error", shift=0.0) < -0.04
    assert gap(NAME, ("shrunken", "invariant"), "new_error", shift=1.0) > 0.01


def test_shrinking_knows_the_true_weights_and_spread_when_ratings_abound() -> None:
    kit, rng = playing.functions(NAME), np.random.default_rng(3)
    known, new, _ = kit["societies"](rng, 60, 0.5, 0.0, 0.0, 0.0)
    each = [kit["fit"](*kit["rate"](rng, weights, 3000)) for weights in known]
    mean, _, _, true = kit["agreement"](each)
    # a score is twice the weights
    assert mean == pytest.approx(2 * known.mean(axis=0), abs=0.15)
    assert np.sqrt(true) == pytest.approx(2 * known.std(axis=0), abs=0.25)
    assert kit["error"](rng.normal(size=(500, kit["TRAITS"])), new, new) == 0.0


def test_the_test_of_agreement_errs_as_seldom_as_it_says_when_ratings_abound() -> None:
    kit, rng = playing.functions(NAME), np.random.default_rng(4)
    worlds = [kit["societies"](rng, 8, 0.5, 0.0, 0.0, 0.0)[0] for _ in range(12)]
    each = [[kit["fit"](*kit["rate"](rng, own, 1000)) for own in known] for known in worlds]
    kept = np.mean([kit["agreeing"](fits) for fits in each], axis=0)
    assert kept[: kit["PRINCIPLES"]].mean() > 0.85
    assert kept[kit["PRINCIPLES"] :].mean() < 0.05
