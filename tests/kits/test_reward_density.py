"""Weaning pays where hints mislead; where they are exact, it has nothing to repair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT, SEEDS = "reward_density", 8


def part(name: str) -> Any:
    """A function of the kit."""
    return functions(KIT)[name]


def test_weaning_transfers_better_than_constant_hints_if_some_hints_are_false() -> None:
    assert gap(KIT, ("gradual", "dense"), "new_success", SEEDS) > 0.15
    assert gap(KIT, ("gradual", "dense"), "misled", SEEDS) < -0.08
    assert abs(gap(KIT, ("gradual", "dense"), "new_success", SEEDS, misleading=0.0)) < 0.04
    assert abs(gap(KIT, ("gradual", "dense"), "new_success", SEEDS, misleading=0.75)) < 0.03


def test_the_verdict_turns_where_hints_are_exact() -> None:
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, misleading=0.0) is Verdict.REFUTED


def test_fading_and_stopping_transfer_much_alike() -> None:
    assert abs(gap(KIT, ("gradual", "abrupt"), "new_success", SEEDS)) < 0.1


def test_hints_save_learning_and_the_longer_the_episode_the_more() -> None:
    assert gap(KIT, ("dense", "sparse"), "learning_success", SEEDS, misleading=0.0) > 0.4
    assert gap(KIT, ("dense", "sparse"), "learning_success", SEEDS, misleading=0.0, stages=2) < 0.2


def test_a_learner_never_given_hints_adapts_best_once_it_has_learned() -> None:
    assert gap(KIT, ("sparse", "gradual"), "new_final", SEEDS) > 0.1
    assert average(KIT, "sparse", "misled", SEEDS) < 0.1


def test_a_schedule_that_stops_gives_as_many_hints_as_one_that_fades() -> None:
    totals = {arm: part("schedule")(arm, 100).sum() for arm in ("abrupt", "gradual", "dense")}
    assert totals["abrupt"] == pytest.approx(totals["gradual"], abs=1.0)
    assert totals["dense"] == 2 * totals["abrupt"]


def test_the_entropy_pull_is_the_slope_of_the_mean_entropy() -> None:
    chances, doubt = part("chances"), part("doubt")
    policy = np.random.default_rng(1).normal(size=(8, 4))

    def entropy(changed: Any) -> float:
        chance = chances(changed)
        return float(-(chance * np.log(chance)).sum(axis=1).mean())

    step = np.zeros((8, 4))
    step[2, 1] = 1e-5
    slope = (entropy(policy + step) - entropy(policy - step)) / 2e-5
    assert doubt(chances(policy))[2, 1] == pytest.approx(slope, rel=1e-4)
